/* SPDX-License-Identifier: MIT
 *
 * Spaces for the tests of samplers.
 */
#include "search_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define VALUES_MAX 64
#define PARAMETERS_MAX 256

static void require(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "test_space: %s\n", what);
	abort();
}

static struct ls_value value_of(const char *text)
{
	char *end;
	struct ls_value value = {.kind = LS_VALUE_TEXT, .text = ls_memory_copy_text(text)};
	value.real = strtod(text, &end);
	if (*end)
		return value;
	value.integer = (int64_t)value.real;
	value.kind = strpbrk(text, ".e") ? LS_VALUE_REAL : LS_VALUE_INTEGER;
	return value;
}

static void list_values(struct ls_distribution *distribution, const char *values)
{
	char words[1024], *rest = NULL;
	require(strlen(values) < sizeof words, "values too long");
	strcpy(words, values);
	distribution->values = ls_memory_allocate(VALUES_MAX, sizeof *distribution->values);
	distribution->probabilities = ls_memory_allocate(VALUES_MAX, sizeof(double));
	require(distribution->values && distribution->probabilities, "memory");
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		distribution->values[distribution->n_values++] = value_of(word);
	for (size_t i = 0; i < distribution->n_values; i++)
		distribution->probabilities[i] = 1.0 / (double)distribution->n_values;
}

static void set_parameter(struct ls_parameter *parameter, const struct test_parameter *from)
{
	*parameter = (struct ls_parameter){
	    .name = ls_memory_copy_text(from->name),
	    .distribution = {.kind = from->kind,
	                     .min = from->min,
	                     .max = from->max,
	                     .q = from->q,
	                     .mu = from->min,
	                     .sigma = from->max,
	                     .a = from->min,
	                     .b = from->max},
	    .follows = from->follows_plus ? from->follows_plus - 1 : LS_LEADS,
	};
	if (from->values)
		list_values(&parameter->distribution, from->values);
	lockstep_error error = {LOCKSTEP_OK, ""};
	require(ls_distribution_check(&parameter->distribution, &error) == LOCKSTEP_OK, error.message);
}

struct ls_space test_space(const struct test_parameter *parameters, size_t n, const char *constraint)
{
	const char *names[PARAMETERS_MAX];
	require(n <= PARAMETERS_MAX, "too many parameters");
	struct ls_space space = {.parameters = ls_memory_allocate(n, sizeof *space.parameters), .n = n};
	require(space.parameters != NULL, "memory");
	for (size_t i = 0; i < n; i++) {
		set_parameter(&space.parameters[i], &parameters[i]);
		names[i] = parameters[i].name;
	}
	lockstep_error error = {LOCKSTEP_OK, ""};
	for (size_t i = 0; i < n; i++)
		if (parameters[i].when)
			require(ls_expression_create(&space.parameters[i].when, parameters[i].when, names, n, &error) ==
			            LOCKSTEP_OK,
			        error.message);
	if (constraint) {
		space.constraints = ls_memory_allocate(1, sizeof *space.constraints);
		require(space.constraints != NULL, "memory");
		require(ls_expression_create(&space.constraints[0], constraint, names, n, &error) == LOCKSTEP_OK,
		        error.message);
		space.n_constraints = 1;
	}
	require(ls_space_finish(&space, &error) == LOCKSTEP_OK, error.message);
	return space;
}
