/* SPDX-License-Identifier: MIT
 *
 * Parameters: nested ones flattened, the distribution inferred where it is not
 * given, and members checked against a table of what each distribution takes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith/functions64.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "base/nearest.h"
#include "reader.h"

#define NAME_MAX_LENGTH 128

enum field {
	VALUE,
	VALUES,
	PROBABILITIES,
	MIN,
	MAX,
	Q,
	MU,
	SIGMA,
	A,
	B,
	DISTRIBUTION,
	PARAMETERS,
	N_FIELDS,
	N_MEMBERS = DISTRIBUTION /* those that belong to a distribution */
};

static const char *const names[N_FIELDS] = {"value", "values", "probabilities", "min",       "max", "q", "mu", "sigma",
                                            "a",     "b",      "distribution",  "parameters"};

#define BIT(field) (1u << (field))
#define BOUNDS (BIT(MIN) | BIT(MAX))
#define NORMAL (BIT(MU) | BIT(SIGMA))
#define BETA (BIT(A) | BIT(B))

/* Of each distribution: what it must have, and what it may have besides. */
static const struct {
	unsigned required, optional;
} members[LS_N_DISTRIBUTIONS] = {
    [LS_CONSTANT] = {BIT(VALUE), 0},
    [LS_CATEGORICAL] = {BIT(VALUES), 0},
    [LS_CATEGORICAL_W_PROBABILITIES] = {BIT(VALUES) | BIT(PROBABILITIES), 0},
    [LS_INT_UNIFORM] = {BOUNDS, 0},
    [LS_UNIFORM] = {BOUNDS, 0},
    [LS_Q_UNIFORM] = {BOUNDS, BIT(Q)},
    [LS_LOG_UNIFORM] = {BOUNDS, 0},
    [LS_LOG_UNIFORM_VALUES] = {BOUNDS, 0},
    [LS_Q_LOG_UNIFORM] = {BOUNDS, BIT(Q)},
    [LS_Q_LOG_UNIFORM_VALUES] = {BOUNDS, BIT(Q)},
    [LS_INV_LOG_UNIFORM] = {BOUNDS, 0},
    [LS_INV_LOG_UNIFORM_VALUES] = {BOUNDS, 0},
    [LS_NORMAL] = {0, NORMAL},
    [LS_Q_NORMAL] = {0, NORMAL | BIT(Q)},
    [LS_LOG_NORMAL] = {0, NORMAL},
    [LS_Q_LOG_NORMAL] = {0, NORMAL | BIT(Q)},
    [LS_BETA] = {0, BETA},
    [LS_Q_BETA] = {0, BETA | BIT(Q)},
};

/* A parameter that is being read. */
struct draft {
	struct ls_parameter parameter;
	struct ls_parameter_places places;
	const struct ls_node *fields[N_FIELDS];
};

/* ---- Distributions ---------------------------------------------------------- */

static void refuse_distribution(struct ls_reader *reader, const struct ls_node *node)
{
	struct ls_nearest nearest;
	if (node->kind != LS_NODE_SCALAR) {
		ls_reader_expected(reader, node, "the name of a distribution");
		return;
	}
	ls_nearest_init(&nearest, node->text);
	for (int kind = 0; kind < LS_N_DISTRIBUTIONS; kind++)
		ls_nearest_consider(&nearest, ls_distribution_name((enum ls_distribution_kind)kind));
	if (nearest.name)
		ls_reader_refuse(reader, node->place, "unknown distribution '%.64s': did you mean '%s'?", node->text,
		                 nearest.name);
	else
		ls_reader_refuse(
		    reader, node->place,
		    "unknown distribution '%.64s': expected uniform, log_uniform_values, normal or another "
		    "of the schema",
		    node->text);
}

/* Integers min and max make int_uniform; 0 and 1 are rarely meant so. */
static enum ls_distribution_kind kind_of_bounds(struct ls_reader *reader, const struct draft *draft,
                                                const struct ls_node *min, const struct ls_node *max)
{
	if (!ls_read_is_integer(reader, min) || !ls_read_is_integer(reader, max))
		return LS_UNIFORM;
	if (strcmp(min->text, "0") == 0 && strcmp(max->text, "1") == 0)
		ls_reader_warn(reader, min->place,
		               "%.64s: integers 0 and 1, since both bounds are written as integers; 0.0 and 1.0 make "
		               "it uniform",
		               draft->parameter.name);
	return LS_INT_UNIFORM;
}

/* As W&B does it. */
static void infer_distribution(struct ls_reader *reader, const struct ls_node *node, struct draft *draft)
{
	const struct ls_node **fields = draft->fields;
	enum ls_distribution_kind *kind = &draft->parameter.distribution.kind;
	if (fields[VALUE])
		*kind = LS_CONSTANT;
	else if (fields[VALUES])
		*kind = fields[PROBABILITIES] ? LS_CATEGORICAL_W_PROBABILITIES : LS_CATEGORICAL;
	else if (fields[MIN] && fields[MAX])
		*kind = kind_of_bounds(reader, draft, fields[MIN], fields[MAX]);
	else if (fields[MIN] || fields[MAX])
		ls_reader_refuse(reader, node->key->place, "%.64s: %s is missing", draft->parameter.name,
		                 fields[MIN] ? "max" : "min");
	else
		ls_reader_refuse(reader, node->key->place,
		                 "%.64s: expected value, values, min and max, parameters, or distribution",
		                 draft->parameter.name);
}

static void settle_kind(struct ls_reader *reader, const struct ls_node *node, struct draft *draft)
{
	const struct ls_node *name = draft->fields[DISTRIBUTION];
	if (reader->status)
		return;
	if (!name) {
		infer_distribution(reader, node, draft);
		return;
	}
	int kind = name->kind == LS_NODE_SCALAR ? ls_distribution_parse(name->text) : -2;
	draft->places.distribution = name->place;
	if (kind < 0)
		refuse_distribution(reader, name);
	else
		draft->parameter.distribution.kind = (enum ls_distribution_kind)kind;
}

/* "min, max or q". */
static void list_members(unsigned set, char *text, size_t size)
{
	size_t at = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < N_MEMBERS && at < size; i++)
		if (set & BIT(i))
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", names[i]);
}

static void check_members(struct ls_reader *reader, const struct ls_node *node, const struct draft *draft)
{
	enum ls_distribution_kind kind = draft->parameter.distribution.kind;
	unsigned required = members[kind].required, taken = required | members[kind].optional;
	char list[64];
	if (reader->status)
		return;
	list_members(taken, list, sizeof list);
	for (unsigned i = 0; i < N_MEMBERS; i++) {
		if (draft->fields[i] && !(taken & BIT(i)))
			ls_reader_refuse(reader, draft->fields[i]->key->place,
			                 "%.64s: %s has no meaning for %s: expected %s", draft->parameter.name,
			                 names[i], ls_distribution_name(kind), list);
		if (!draft->fields[i] && (required & BIT(i)))
			ls_reader_refuse(reader, node->key->place, "%.64s: %s is missing: %s needs it",
			                 draft->parameter.name, names[i], ls_distribution_name(kind));
	}
}

/* ---- Values ----------------------------------------------------------------- */

/* What a parser of YAML 1.1, as W&B has it, would not read as we do. */
static void warn_of_other_reading(struct ls_reader *reader, const struct ls_node *node, const struct ls_value *value)
{
	static const char *const words[] = {"yes", "Yes", "YES", "no",  "No",  "NO",
	                                    "on",  "On",  "ON",  "off", "Off", "OFF"};
	const char *digits = node->text + (*node->text == '-' || *node->text == '+');
	size_t n = strlen(digits);
	if (reader->status || !node->is_plain)
		return;
	if (value->kind == LS_VALUE_TEXT && ls_name_find(node->text, words, sizeof words / sizeof *words) >= 0)
		ls_reader_warn(reader, node->place, "'%s' is a text here, and a boolean to parsers of YAML 1.1",
		               node->text);
	if (value->kind == LS_VALUE_INTEGER && n > 1 && digits[0] == '0' && strspn(digits, "01234567") == n)
		ls_reader_warn(reader, node->place, "'%.64s' is decimal here, and octal to parsers of YAML 1.1",
		               node->text);
	if (value->kind == LS_VALUE_TEXT && strchr(digits, '_') && strspn(digits, "0123456789_.") == n &&
	    *digits >= '0' && *digits <= '9')
		ls_reader_warn(reader, node->place, "'%.64s' is a text here, and a number to parsers of YAML 1.1",
		               node->text);
}

static void read_one_value(struct ls_reader *reader, const struct ls_node *node, struct draft *draft, size_t i)
{
	struct ls_distribution *distribution = &draft->parameter.distribution;
	struct ls_value value = {.kind = LS_VALUE_NULL};
	ls_read_value(reader, node, &value);
	if (reader->status)
		return;
	draft->places.values[i] = node->place;
	distribution->values[i] = value;
	distribution->n_values = i + 1;
	warn_of_other_reading(reader, node, &value);
}

static void read_values(struct ls_reader *reader, struct draft *draft)
{
	const struct ls_node *node = draft->fields[draft->fields[VALUES] ? VALUES : VALUE];
	const struct ls_node *first = draft->fields[VALUE];
	if (reader->status || !node)
		return;
	if (draft->fields[VALUES]) {
		if (!ls_read_is_list(reader, node, "values"))
			return;
		first = node->first;
	}
	size_t n = draft->fields[VALUES] ? node->n : 1;
	if (n > LS_VALUES_MAX) {
		ls_reader_refuse(reader, node->place, "%zu values: expected %d at most", n, LS_VALUES_MAX);
		return;
	}
	draft->parameter.distribution.values = ls_reader_allocate(reader, n, sizeof(struct ls_value));
	draft->places.values = ls_reader_allocate(reader, n, sizeof *draft->places.values);
	for (size_t i = 0; i < n && !reader->status; i++, first = first->next)
		read_one_value(reader, first, draft, i);
}

static void read_probabilities(struct ls_reader *reader, struct draft *draft)
{
	const struct ls_node *node = draft->fields[PROBABILITIES];
	struct ls_distribution *distribution = &draft->parameter.distribution;
	if (reader->status || !node || !ls_read_is_list(reader, node, "probabilities"))
		return;
	if (node->n != distribution->n_values) {
		ls_reader_refuse(reader, node->place, "%zu probabilities: expected as many as values, %zu", node->n,
		                 distribution->n_values);
		return;
	}
	distribution->probabilities = ls_reader_allocate(reader, node->n, sizeof *distribution->probabilities);
	size_t i = 0;
	for (const struct ls_node *item = node->first; item && !reader->status; item = item->next, i++) {
		ls_read_real(reader, item, &distribution->probabilities[i]);
		if (!reader->status && !(distribution->probabilities[i] >= 0))
			ls_reader_expected(reader, item, "a probability of 0 and more");
	}
}

/* ---- Numbers ---------------------------------------------------------------- */

static void read_bound(struct ls_reader *reader, const struct ls_node *node, int is_integer, double *out)
{
	ls_read_real(reader, node, out);
	if (reader->status || !node || !is_integer)
		return;
	if (!ls_read_is_integer(reader, node) || fabs(*out) > 0x1p53)
		ls_reader_expected(reader, node, "an integer, of int_uniform");
}

/* Bounds of log_uniform are exponents; people write values. */
static void warn_of_exponents(struct ls_reader *reader, const struct draft *draft)
{
	const struct ls_distribution *distribution = &draft->parameter.distribution;
	enum ls_distribution_kind kind = distribution->kind;
	char low[LS_VALUE_TEXT_MAX], high[LS_VALUE_TEXT_MAX];
	if (reader->status || (kind != LS_LOG_UNIFORM && kind != LS_Q_LOG_UNIFORM && kind != LS_INV_LOG_UNIFORM))
		return;
	if (!(distribution->min > 0 && (distribution->min < 1 || distribution->max > 20)))
		return;
	ls_value_format(distribution->min, low);
	ls_value_format(distribution->max, high);
	ls_reader_warn(reader, draft->fields[MIN]->place,
	               "%.64s: the bounds of %s are exponents of e: exp(%s) to exp(%s); for values take %s_values",
	               draft->parameter.name, ls_distribution_name(kind), low, high, ls_distribution_name(kind));
}

static void read_numbers(struct ls_reader *reader, struct draft *draft)
{
	struct ls_distribution *distribution = &draft->parameter.distribution;
	const struct ls_node **fields = draft->fields;
	int is_integer = distribution->kind == LS_INT_UNIFORM;
	distribution->q = distribution->sigma = distribution->a = distribution->b = 1;
	read_bound(reader, fields[MIN], is_integer, &distribution->min);
	read_bound(reader, fields[MAX], is_integer, &distribution->max);
	ls_read_real(reader, fields[Q], &distribution->q);
	ls_read_real(reader, fields[MU], &distribution->mu);
	ls_read_real(reader, fields[SIGMA], &distribution->sigma);
	ls_read_real(reader, fields[A], &distribution->a);
	ls_read_real(reader, fields[B], &distribution->b);
	if (fields[MIN])
		draft->places.min = fields[MIN]->place;
	if (fields[MAX])
		draft->places.max = fields[MAX]->place;
}

static void check_distribution(struct ls_reader *reader, const struct ls_node *node, const struct draft *draft)
{
	lockstep_error error;
	if (reader->status)
		return;
	lockstep_status status = ls_distribution_check(&draft->parameter.distribution, &error);
	const struct ls_node *place = draft->fields[PROBABILITIES] ? draft->fields[PROBABILITIES] : node->key;
	if (status == LOCKSTEP_ERROR_MEMORY)
		reader->status = ls_error_memory(reader->error, reader->file);
	else if (status)
		ls_reader_refuse(reader, place->place, "%.64s: %s", draft->parameter.name, error.message);
}

/* ---- Parameters ------------------------------------------------------------- */

static int name_equals(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '_' || *a == '-') && (*b == '_' || *b == '-')))
			return 0;
	return *a == *b;
}

static size_t find_parameter(const struct ls_space *space, const char *name)
{
	size_t i = 0;
	while (i < space->n && !name_equals(space->parameters[i].name, name))
		i++;
	return i;
}

static int grow(struct ls_reader *reader)
{
	struct ls_space *space = &reader->spec->space;
	if (space->n & (space->n - 1))
		return 1; /* there is room up to the next power of two */
	size_t n = space->n ? 2 * space->n : 1, size = sizeof *space->parameters;
	struct ls_parameter *parameters = ls_memory_grow(space->parameters, space->n * size, n, size);
	if (parameters)
		space->parameters = parameters;
	size = sizeof *reader->spec->places;
	struct ls_parameter_places *places =
	    parameters ? ls_memory_grow(reader->spec->places, space->n * size, n, size) : NULL;
	if (places)
		reader->spec->places = places;
	else
		reader->status = ls_error_memory(reader->error, "parameters");
	return places != NULL;
}

void ls_reader_add_parameter(struct ls_reader *reader, struct ls_parameter *parameter,
                             struct ls_parameter_places *places)
{
	struct ls_space *space = &reader->spec->space;
	if (reader->status)
		return;
	size_t same = find_parameter(space, parameter->name);
	if (same < space->n)
		ls_reader_refuse(reader, places->name, "the parameter '%.64s' is there already, as '%.64s'",
		                 parameter->name, space->parameters[same].name);
	else if (space->n == LS_PARAMETERS_MAX)
		ls_reader_refuse(reader, places->name, "too many parameters: expected %d at most", LS_PARAMETERS_MAX);
	if (reader->status || !grow(reader))
		return;
	reader->spec->places[space->n] = *places;
	space->parameters[space->n++] = *parameter;
	*parameter = (struct ls_parameter){.name = NULL};
	places->values = NULL;
}

size_t ls_read_parameter_name(struct ls_reader *reader, const struct ls_node *node, const char *name)
{
	const struct ls_space *space = &reader->spec->space;
	struct ls_nearest nearest;
	size_t i = 0;
	while (i < space->n && strcmp(space->parameters[i].name, name) != 0)
		i++;
	if (i < space->n || reader->status)
		return i;
	ls_nearest_init(&nearest, name);
	for (size_t k = 0; k < space->n; k++)
		ls_nearest_consider(&nearest, space->parameters[k].name);
	if (nearest.name)
		ls_reader_refuse(reader, node->place, "'%.64s' is no parameter: did you mean '%.64s'?", name,
		                 nearest.name);
	else
		ls_reader_refuse(reader, node->place, "'%.64s' is no parameter", name);
	return i;
}

/* The whole name, "model.layers". */
static char *join_name(struct ls_reader *reader, const char *prefix, const struct ls_node *key)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char other[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
	size_t length = strlen(key->text), n = strlen(prefix) + length + 2;
	if (!length || !strchr(first, *key->text) || strspn(key->text, other) != length) {
		ls_reader_refuse(reader, key->place,
		                 "parameter '%.64s': expected a name of letters, digits, _ . and -, the first a letter "
		                 "or _",
		                 key->text);
		return NULL;
	}
	if (n > NAME_MAX_LENGTH) {
		ls_reader_refuse(reader, key->place, "parameter '%.64s': expected a name of %d bytes at most",
		                 key->text, NAME_MAX_LENGTH - 2);
		return NULL;
	}
	char *name = ls_reader_allocate(reader, n, 1);
	if (name)
		snprintf(name, n, "%s%s%s", prefix, *prefix ? "." : "", key->text);
	return name;
}

static void read_list(struct ls_reader *reader, const struct ls_node *node, const char *prefix);

static void read_nested(struct ls_reader *reader, const struct draft *draft)
{
	for (int i = 0; i < PARAMETERS; i++)
		if (draft->fields[i])
			ls_reader_refuse(reader, draft->fields[i]->key->place,
			                 "%.64s: %s has no meaning beside parameters", draft->parameter.name, names[i]);
	read_list(reader, draft->fields[PARAMETERS], draft->parameter.name);
}

static void read_parameter(struct ls_reader *reader, const struct ls_node *node, const char *prefix)
{
	struct draft draft = {.parameter = {.name = join_name(reader, prefix, node->key), .follows = LS_LEADS},
	                      .places = {.name = node->key->place}};
	ls_read_fields(reader, node, names, N_FIELDS, draft.fields);
	if (!reader->status && draft.fields[PARAMETERS]) {
		read_nested(reader, &draft);
	} else {
		settle_kind(reader, node, &draft);
		check_members(reader, node, &draft);
		read_values(reader, &draft);
		read_probabilities(reader, &draft);
		read_numbers(reader, &draft);
		check_distribution(reader, node, &draft);
		warn_of_exponents(reader, &draft);
		ls_reader_add_parameter(reader, &draft.parameter, &draft.places);
	}
	ls_memory_free(draft.parameter.name);
	ls_distribution_fini(&draft.parameter.distribution);
	ls_memory_free(draft.places.values);
}

static void read_list(struct ls_reader *reader, const struct ls_node *node, const char *prefix)
{
	if (reader->status)
		return;
	if (node->kind != LS_NODE_MAPPING || !node->n) {
		ls_reader_expected(reader, node, "a mapping of names, with one parameter at least");
		return;
	}
	for (const struct ls_node *child = node->first; child && !reader->status; child = child->next)
		read_parameter(reader, child, prefix);
}

void ls_read_parameters(struct ls_reader *reader, const struct ls_node *node)
{
	read_list(reader, node, "");
}
