/* SPDX-License-Identifier: MIT
 *
 * What holds among parameters: when, constraints and zip of the block.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "reader.h"

static const char **names_of(struct ls_reader *reader)
{
	const struct ls_space *space = &reader->spec->space;
	const char **names = ls_reader_allocate(reader, space->n, sizeof *names);
	for (size_t i = 0; names && i < space->n; i++)
		names[i] = space->parameters[i].name;
	return names;
}

static struct ls_expression *read_condition(struct ls_reader *reader, const struct ls_node *node,
                                            const char *const *names)
{
	struct ls_expression *condition = NULL;
	lockstep_error error;
	if (node->kind != LS_NODE_SCALAR) {
		ls_reader_expected(reader, node, "a condition, such as a == b");
		return NULL;
	}
	lockstep_status status = ls_expression_create(&condition, node->text, names, reader->spec->space.n, &error);
	if (status == LOCKSTEP_ERROR_MEMORY)
		reader->status = ls_error_memory(reader->error, "a condition");
	else if (status)
		ls_reader_refuse(reader, node->place, "'%.96s', %s", node->text, error.message);
	return condition;
}

static void read_when(struct ls_reader *reader, const struct ls_node *node, const char *const *names)
{
	struct ls_spec *spec = reader->spec;
	if (node && node->kind != LS_NODE_MAPPING)
		ls_reader_expected(reader, node, "a mapping of parameters to conditions");
	for (const struct ls_node *child = node ? node->first : NULL; child && !reader->status; child = child->next) {
		size_t i = ls_read_parameter_name(reader, child->key, child->key->text);
		if (reader->status)
			return;
		spec->space.parameters[i].when = read_condition(reader, child, names);
	}
}

static void read_constraints(struct ls_reader *reader, const struct ls_node *node, const char *const *names)
{
	struct ls_space *space = &reader->spec->space;
	if (reader->status || !node || !ls_read_is_list(reader, node, "conditions"))
		return;
	space->constraints = ls_reader_allocate(reader, node->n, sizeof(struct ls_expression *));
	for (const struct ls_node *item = node->first; item && !reader->status; item = item->next) {
		struct ls_expression *condition = read_condition(reader, item, names);
		if (condition)
			space->constraints[space->n_constraints++] = condition;
	}
}

/* ---- zip -------------------------------------------------------------------- */

static void check_zipped(struct ls_reader *reader, const struct ls_node *item, size_t i, const char *is_zipped)
{
	const struct ls_parameter *parameter = &reader->spec->space.parameters[i];
	if (is_zipped[i])
		ls_reader_refuse(reader, item->place, "'%.64s' is zipped already", parameter->name);
	else if (!ls_distribution_is_listed(&parameter->distribution))
		ls_reader_refuse(reader, item->place, "'%.64s' is %s: expected a parameter with values to zip",
		                 parameter->name, ls_distribution_name(parameter->distribution.kind));
	else if (parameter->distribution.kind == LS_CATEGORICAL_W_PROBABILITIES)
		ls_reader_refuse(reader, item->place, "'%.64s' has probabilities: expected values alone to zip",
		                 parameter->name);
}

/* The first of the group in the space leads: a follower comes later. */
static void join_zipped(struct ls_reader *reader, const struct ls_node *item, size_t i, size_t *leader)
{
	struct ls_parameter *parameters = reader->spec->space.parameters;
	if (*leader == LS_LEADS) {
		*leader = i;
		return;
	}
	size_t first = *leader < i ? *leader : i, n_first = parameters[*leader].distribution.n_values;
	if (parameters[i].distribution.n_values != n_first) {
		ls_reader_refuse(reader, item->place, "'%.64s' has %zu values: expected %zu, as many as '%.64s' has",
		                 parameters[i].name, parameters[i].distribution.n_values, n_first,
		                 parameters[*leader].name);
		return;
	}
	for (size_t k = 0; first != *leader && k < reader->spec->space.n; k++)
		if (parameters[k].follows == *leader)
			parameters[k].follows = first;
	parameters[first == i ? *leader : i].follows = first;
	*leader = first;
}

static void read_group(struct ls_reader *reader, const struct ls_node *group, char *is_zipped)
{
	size_t leader = LS_LEADS;
	if (!ls_read_is_list(reader, group, "parameters to zip"))
		return;
	if (group->n < 2)
		ls_reader_refuse(reader, group->place, "one parameter: expected two or more to zip");
	for (const struct ls_node *item = group->first; item && !reader->status; item = item->next) {
		if (item->kind != LS_NODE_SCALAR) {
			ls_reader_expected(reader, item, "a parameter");
			return;
		}
		size_t i = ls_read_parameter_name(reader, item, item->text);
		if (reader->status)
			return;
		check_zipped(reader, item, i, is_zipped);
		if (!reader->status)
			join_zipped(reader, item, i, &leader);
		is_zipped[i] = 1;
	}
}

/* Zipped values may come twice, when those beside them differ. */
static void warn_of_doubles(struct ls_reader *reader, size_t i)
{
	const struct ls_distribution *distribution = &reader->spec->space.parameters[i].distribution;
	const struct ls_place *places = reader->spec->places[i].values;
	for (size_t later = 1; later < distribution->n_values; later++)
		for (size_t k = 0; k < later; k++) {
			const struct ls_value *value = &distribution->values[later];
			if (!ls_value_equal(value, &distribution->values[k]))
				continue;
			ls_reader_warn(reader, places[later], "%.64s: the value %.64s is there already",
			               reader->spec->space.parameters[i].name, value->text);
			break;
		}
}

static void read_zip(struct ls_reader *reader, const struct ls_node *node)
{
	if (reader->status || (node && !ls_read_is_list(reader, node, "groups, such as [[a, b]]")))
		return;
	char *is_zipped = ls_reader_allocate(reader, reader->spec->space.n, 1);
	for (const struct ls_node *group = node ? node->first : NULL; group && !reader->status; group = group->next)
		read_group(reader, group, is_zipped);
	for (size_t i = 0; i < reader->spec->space.n && !reader->status; i++)
		if (!is_zipped[i])
			warn_of_doubles(reader, i);
	ls_memory_free(is_zipped);
}

/* ---- ------------------------------------------------------------------------ */

static void finish_space(struct ls_reader *reader, const struct ls_node *when)
{
	lockstep_error error;
	if (reader->status)
		return;
	lockstep_status status = ls_space_finish(&reader->spec->space, &error);
	if (status == LOCKSTEP_ERROR_MEMORY)
		reader->status = ls_error_memory(reader->error, "the order of parameters");
	else if (status)
		ls_reader_refuse(reader, when ? when->place : (struct ls_place){0}, "%s", error.message);
}

void ls_read_conditions(struct ls_reader *reader, const struct ls_node *when, const struct ls_node *constraints,
                        const struct ls_node *zip)
{
	const char **names = names_of(reader);
	if (names) {
		read_when(reader, when, names);
		read_constraints(reader, constraints, names);
	}
	ls_memory_free(names);
	read_zip(reader, zip);
	finish_space(reader, when);
}
