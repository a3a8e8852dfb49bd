/* SPDX-License-Identifier: MIT
 *
 * The specification of a scaling study, over the reader of the sweeps': the top level, the job's options, and the
 * block lockstep.scaling. All that the result points to is in one arena.
 */
#include "lockstep/scaling_spec.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "study/spec/reader.h"
#include "study/store/arena.h"

#define OPTIONS_MAX 256
#define NAME_MAX_LENGTH 128
#define LIST_MAX LOCKSTEP_SCALING_SPEC_LIST_MAX

/* Keys of the block. */
enum field {
	TYPE,
	WORKERS,
	BIND,
	ENGINE,
	SPLIT,
	BATCH,
	SLICES,
	STEPS,
	WARMUP_STEPS,
	RUN_SECONDS,
	BLOCKS,
	PRECISION,
	SECONDS,
	SEED,
	TARGET_LOSS,
	TARGET_PART,
	LEARNING_RATES,
	MAX_EPOCHS,
	PREDICT,
	N_FIELDS
};
static const char *const keys[N_FIELDS] = {"type",        "workers",        "bind",       "engine",       "split",
                                           "batch",       "slices",         "steps",      "warmup_steps", "run_seconds",
                                           "blocks",      "precision",      "seconds",    "seed",         "target_loss",
                                           "target_part", "learning_rates", "max_epochs", "predict"};

struct spec {
	struct lockstep_scaling_spec public; /* first: destroy is given its address */
	struct ls_arena arena;
	struct ls_place places[N_FIELDS];        /* of values; line 0: not said */
	struct lockstep_scaling_option *options; /* public.options, with room for `room` */
	size_t room;
};

/* What every function here reads with. */
struct reading {
	struct ls_reader reader;
	struct spec *spec;
};

/* ---- Memory ---------------------------------------------------------- */

static void *allocate(struct reading *reading, size_t n, size_t size)
{
	void *block = reading->reader.status ? NULL : ls_arena_allocate(&reading->spec->arena, n, size);
	if (!block && !reading->reader.status)
		reading->reader.status = ls_error_memory(reading->reader.error, reading->reader.file);
	return block;
}

static const char *copy(struct reading *reading, const char *text)
{
	char *block = allocate(reading, strlen(text) + 1, 1);
	return block ? strcpy(block, text) : NULL;
}

static void read_text(struct reading *reading, const struct ls_node *node, const char **out)
{
	char *text = NULL;
	ls_read_text(&reading->reader, node, &text);
	if (text)
		*out = copy(reading, text);
	ls_memory_free(text);
}

/* ---- Numbers --------------------------------------------------------- */

static void read_integer(struct reading *reading, const struct ls_node *node, uint64_t least, uint64_t most,
                         uint64_t *out)
{
	double x = -1;
	char what[80];
	if (!node || reading->reader.status)
		return;
	if (ls_read_is_integer(&reading->reader, node))
		ls_read_real(&reading->reader, node, &x);
	if (x >= (double)least && x <= (double)most) {
		ls_read_u64(&reading->reader, node, least, out);
		return;
	}
	snprintf(what, sizeof what, "an integer from %llu to %llu", (unsigned long long)least,
	         (unsigned long long)most);
	ls_reader_expected(&reading->reader, node, what);
}

static void read_u32(struct reading *reading, const struct ls_node *node, uint32_t most, uint32_t *out)
{
	uint64_t value = *out;
	read_integer(reading, node, 1, most, &value);
	*out = (uint32_t)value;
}

/* All of 64 bits, where a value of a file has 63. */
static void read_seed(struct reading *reading, const struct ls_node *node, uint64_t *out)
{
	if (!node || reading->reader.status)
		return;
	if (node->kind == LS_NODE_SCALAR && node->is_plain && *node->text &&
	    !node->text[strspn(node->text, "0123456789")]) {
		errno = 0;
		unsigned long long seed = strtoull(node->text, NULL, 10);
		if (!errno && seed <= UINT64_MAX) {
			*out = seed;
			return;
		}
	}
	ls_read_u64(&reading->reader, node, 0, out);
}

/* Above 0; most INFINITY: any. */
static void read_positive(struct reading *reading, const struct ls_node *node, double most, double *out)
{
	double x = 0;
	char what[80] = "a number above 0";
	if (!node || reading->reader.status)
		return;
	ls_read_real(&reading->reader, node, &x);
	if (x > 0 && x <= most) {
		*out = x;
		return;
	}
	if (isfinite(most))
		snprintf(what, sizeof what, "a number above 0, up to %.0f", most);
	ls_reader_expected(&reading->reader, node, what);
}

/* Above 0 and below 1. */
static void read_fraction(struct reading *reading, const struct ls_node *node, double *out)
{
	double x = 0;
	if (!node || reading->reader.status)
		return;
	ls_read_real(&reading->reader, node, &x);
	if (x > 0 && x < 1)
		*out = x;
	else
		ls_reader_expected(&reading->reader, node, "a number above 0 and below 1");
}

/* ---- Lists ----------------------------------------------------------- */

/* How many items a list has, of which *first is the first; a scalar is a list of one. 0: none or a failure. */
static size_t count_items(struct reading *reading, const struct ls_node *node, const char *what, size_t most,
                          const struct ls_node **first)
{
	if (!node || reading->reader.status)
		return 0;
	*first = node;
	if (node->kind == LS_NODE_SCALAR)
		return 1;
	if (!ls_read_is_list(&reading->reader, node, what))
		return 0;
	*first = node->first;
	if (node->n <= most)
		return node->n;
	ls_reader_refuse(&reading->reader, node->place, "%zu %s: expected %zu at most", node->n, what, most);
	return 0;
}

static void refuse_twice(struct reading *reading, const struct ls_node *item)
{
	ls_reader_refuse(&reading->reader, item->place, "'%.64s' is there already", item->text);
}

struct limits {
	size_t items;
	uint32_t value;
};

static uint32_t *read_u32s(struct reading *reading, const struct ls_node *node, const char *what, struct limits most,
                           size_t *n)
{
	const struct ls_node *item = NULL;
	size_t n_items = count_items(reading, node, what, most.items, &item);
	uint32_t *list = n_items ? allocate(reading, n_items, sizeof *list) : NULL;
	for (size_t i = 0; list && i < n_items && !reading->reader.status; i++, item = item->next) {
		read_u32(reading, item, most.value, &list[i]);
		for (size_t k = 0; k < i; k++)
			if (list[k] == list[i])
				refuse_twice(reading, item);
	}
	*n = list ? n_items : 0;
	return list;
}

static const double *read_reals(struct reading *reading, const struct ls_node *node, const char *what, size_t *n)
{
	const struct ls_node *item = NULL;
	size_t n_items = count_items(reading, node, what, LIST_MAX, &item);
	double *list = n_items ? allocate(reading, n_items, sizeof *list) : NULL;
	for (size_t i = 0; list && i < n_items && !reading->reader.status; i++, item = item->next) {
		read_positive(reading, item, INFINITY, &list[i]);
		for (size_t k = 0; k < i; k++)
			if (list[k] == list[i])
				refuse_twice(reading, item);
	}
	*n = list ? n_items : 0;
	return list;
}

/* Places among `words`, counted from `first`. */
static int *read_choices(struct reading *reading, const struct ls_node *node, const char *what,
                         const char *const *words, int n_words, size_t *n)
{
	const struct ls_node *item = NULL;
	size_t n_items = count_items(reading, node, what, (size_t)n_words, &item);
	int *list = n_items ? allocate(reading, n_items, sizeof *list) : NULL;
	for (size_t i = 0; list && i < n_items && !reading->reader.status; i++, item = item->next) {
		ls_read_choice(&reading->reader, item, words, (size_t)n_words, &list[i]);
		for (size_t k = 0; k < i; k++)
			if (list[k] == list[i])
				refuse_twice(reading, item);
	}
	*n = list ? n_items : 0;
	return list;
}

static const char *const *read_texts(struct reading *reading, const struct ls_node *node, const char *what, size_t *n)
{
	const struct ls_node *item = NULL;
	size_t n_items = count_items(reading, node, what, LIST_MAX, &item);
	const char **list = n_items ? allocate(reading, n_items, sizeof *list) : NULL;
	for (size_t i = 0; list && i < n_items && !reading->reader.status; i++, item = item->next) {
		read_text(reading, item, &list[i]);
		for (size_t k = 0; k < i && !reading->reader.status; k++)
			if (strcmp(list[k], list[i]) == 0)
				refuse_twice(reading, item);
	}
	*n = list ? n_items : 0;
	return list;
}

/* ---- The job's options ------------------------------------------------ */

static int name_equals(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '_' || *a == '-') && (*b == '_' || *b == '-')))
			return 0;
	return *a == *b;
}

static const struct lockstep_scaling_option *find_option(const struct lockstep_scaling_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_options; i++)
		if (name_equals(spec->options[i].name, name))
			return &spec->options[i];
	return NULL;
}

static void check_name(struct reading *reading, const struct ls_node *key)
{
	static const char taken[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t length = strlen(key->text);
	if (!length || *key->text == '-' || strspn(key->text, taken) != length || length > NAME_MAX_LENGTH)
		ls_reader_refuse(&reading->reader, key->place,
		                 "parameter '%.64s': expected the name of an option of train, without dashes before it",
		                 key->text);
	const struct lockstep_scaling_option *same = find_option(&reading->spec->public, key->text);
	if (same)
		ls_reader_refuse(&reading->reader, key->place, "the parameter '%.64s' is there already, as '%.64s'",
		                 key->text, same->name);
	if (reading->spec->public.n_options == OPTIONS_MAX)
		ls_reader_refuse(&reading->reader, key->place, "too many parameters: expected %d at most", OPTIONS_MAX);
}

/* The scalar itself, or that under `value`. */
static const struct ls_node *value_node(struct reading *reading, const struct ls_node *node)
{
	static const char *const names[] = {"value"};
	const struct ls_node *value = node;
	if (node->kind != LS_NODE_MAPPING)
		return node;
	ls_read_fields(&reading->reader, node, names, 1, &value);
	if (!reading->reader.status && !value)
		ls_reader_refuse(&reading->reader, node->place, "value is missing: expected one value");
	return value;
}

static void add_option(struct reading *reading, const struct ls_node *node)
{
	struct spec *spec = reading->spec;
	struct ls_value value = {.kind = LS_VALUE_NULL};
	check_name(reading, node->key);
	const struct ls_node *at = value_node(reading, node);
	ls_read_value(&reading->reader, at, &value);
	if (!reading->reader.status && value.kind == LS_VALUE_NULL)
		ls_reader_expected(&reading->reader, at, "a number, a text, true or false");
	struct lockstep_scaling_option *options = NULL;
	if (!reading->reader.status) {
		options =
		    ls_arena_grow(&spec->arena, spec->options, spec->public.n_options, &spec->room, sizeof *options);
		if (!options)
			reading->reader.status = ls_error_memory(reading->reader.error, reading->reader.file);
	}
	if (options) {
		spec->public.options = spec->options = options;
		struct lockstep_scaling_option option = {
		    .name = copy(reading, node->key->text),
		    .text = copy(reading, value.text),
		    .line = node->key->place.line,
		    .column = node->key->place.column,
		    .value_line = at->place.line,
		    .value_column = at->place.column,
		};
		options[spec->public.n_options] = option;
		spec->public.n_options += !reading->reader.status;
	}
	ls_value_fini(&value);
}

static void read_options(struct reading *reading, const struct ls_node *node)
{
	if (!node || reading->reader.status)
		return;
	if (node->kind != LS_NODE_MAPPING) {
		ls_reader_expected(&reading->reader, node, "a mapping of names");
		return;
	}
	for (const struct ls_node *child = node->first; child && !reading->reader.status; child = child->next)
		add_option(reading, child);
}

/* ---- The block -------------------------------------------------------- */

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void read_workers(struct reading *reading, const struct ls_node *node)
{
	static const struct limits most = {LOCKSTEP_SCALING_SPEC_LEVELS_MAX, LOCKSTEP_SCALING_SPEC_WORKERS_MAX};
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	if (!node || reading->reader.status)
		return;
	if (node->kind == LS_NODE_SCALAR && !ls_read_is_integer(&reading->reader, node)) {
		spec->all_workers = strcmp(node->text, "all") == 0;
		if (!spec->all_workers)
			ls_reader_expected(&reading->reader, node, "all, or a list of numbers of workers");
		return;
	}
	uint32_t *workers = read_u32s(reading, node, "numbers of workers", most, &spec->n_workers);
	if (workers)
		qsort(workers, spec->n_workers, sizeof *workers, compare_u32);
	spec->workers = workers;
}

static void read_binds(struct reading *reading, const struct ls_node *node)
{
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	const struct ls_node *item = NULL;
	size_t n = count_items(reading, node, "placements", LOCKSTEP_SCALING_SPEC_BINDS_MAX, &item);
	for (size_t i = 0; i < n; i++, item = item->next)
		if (item->kind != LS_NODE_SCALAR || (strcmp(item->text, "close") && strcmp(item->text, "spread") &&
		                                     strcmp(item->text, "none") && strncmp(item->text, "list:", 5)))
			ls_reader_expected(&reading->reader, item, "close, spread, none or list: with numbers of PUs");
	spec->binds = read_texts(reading, node, "placements", &spec->n_binds);
}

static void read_engines(struct reading *reading, const struct ls_node *node)
{
	const char *words[LOCKSTEP_SERIAL + 1];
	size_t n = 0;
	for (int i = 0; i <= LOCKSTEP_SERIAL; i++)
		words[i] = lockstep_engine_name((enum lockstep_engine)i);
	const int *list = read_choices(reading, node, "engines", words, LOCKSTEP_SERIAL + 1, &n);
	enum lockstep_engine *engines = n ? allocate(reading, n, sizeof *engines) : NULL;
	for (size_t i = 0; engines && i < n; i++)
		engines[i] = (enum lockstep_engine)list[i];
	reading->spec->public.engines = engines;
	reading->spec->public.n_engines = engines ? n : 0;
}

/* auto is left out: what is measured has to be known. */
static void read_splits(struct reading *reading, const struct ls_node *node)
{
	const char *words[LOCKSTEP_SPLIT_UNITS];
	size_t n = 0;
	for (int i = 0; i < LOCKSTEP_SPLIT_UNITS; i++)
		words[i] = lockstep_split_name((enum lockstep_split)(i + LOCKSTEP_SPLIT_ROWS));
	const int *list = read_choices(reading, node, "splits", words, LOCKSTEP_SPLIT_UNITS, &n);
	enum lockstep_split *splits = n ? allocate(reading, n, sizeof *splits) : NULL;
	for (size_t i = 0; splits && i < n; i++)
		splits[i] = (enum lockstep_split)(list[i] + LOCKSTEP_SPLIT_ROWS);
	reading->spec->public.splits = splits;
	reading->spec->public.n_splits = splits ? n : 0;
}

static void read_blocks(struct reading *reading, const struct ls_node *node)
{
	enum { LEAST, MOST, N_ENDS };
	static const char *const ends[] = {"min", "max"};
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	const struct ls_node *fields[N_ENDS];
	if (!node || reading->reader.status)
		return;
	ls_read_fields(&reading->reader, node, ends, N_ENDS, fields);
	read_u32(reading, fields[LEAST], LOCKSTEP_SCALING_SPEC_BLOCKS_MAX, &spec->blocks_min);
	read_u32(reading, fields[MOST], LOCKSTEP_SCALING_SPEC_BLOCKS_MAX, &spec->blocks_max);
	if (spec->blocks_max && spec->blocks_max < spec->blocks_min)
		ls_reader_refuse(&reading->reader, fields[MOST]->place, "max %u: expected at least the min, %u",
		                 spec->blocks_max, spec->blocks_min);
}

static void read_slices(struct reading *reading, const struct ls_node *node)
{
	uint32_t *slices = &reading->spec->public.slices;
	read_u32(reading, node, 65536, slices);
	if (*slices & (*slices - 1))
		ls_reader_expected(&reading->reader, node, "a power of two");
}

static void read_counts(struct reading *reading, const struct ls_node *const *fields)
{
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	read_slices(reading, fields[SLICES]);
	read_integer(reading, fields[STEPS], 0, LOCKSTEP_SCALING_SPEC_STEPS_MAX, &spec->steps);
	read_integer(reading, fields[WARMUP_STEPS], 0, LOCKSTEP_SCALING_SPEC_STEPS_MAX, &spec->warmup_steps);
	spec->has_warmup_steps = fields[WARMUP_STEPS] != NULL;
	read_seed(reading, fields[SEED], &spec->seed);
	spec->has_seed = fields[SEED] != NULL;
	read_positive(reading, fields[RUN_SECONDS], LOCKSTEP_SCALING_SPEC_RUN_SECONDS_MAX, &spec->run_seconds);
	read_blocks(reading, fields[BLOCKS]);
	read_fraction(reading, fields[PRECISION], &spec->precision);
	read_positive(reading, fields[SECONDS], INFINITY, &spec->seconds);
}

static void read_target(struct reading *reading, const struct ls_node *const *fields)
{
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	const char *words[LOCKSTEP_N_TARGET_PARTS];
	for (int i = 0; i < LOCKSTEP_N_TARGET_PARTS; i++)
		words[i] = lockstep_target_part_name((enum lockstep_target_part)i);
	read_positive(reading, fields[TARGET_LOSS], INFINITY, &spec->target_loss);
	ls_read_choice(&reading->reader, fields[TARGET_PART], words, LOCKSTEP_N_TARGET_PARTS, &spec->target_part);
	spec->learning_rates = read_reals(reading, fields[LEARNING_RATES], "learning rates", &spec->n_learning_rates);
	read_positive(reading, fields[MAX_EPOCHS], LOCKSTEP_SCALING_SPEC_EPOCHS_MAX, &spec->max_epochs);
}

/* What the study varies can be said in one place only. */
static void check_said_once(struct reading *reading, const struct ls_node *const *fields)
{
	for (int i = WORKERS; i <= SLICES; i++)
		if (fields[i] && find_option(&reading->spec->public, keys[i]))
			ls_reader_refuse(&reading->reader, fields[i]->key->place,
			                 "%s is a parameter as well: expected one of the two", keys[i]);
}

static void read_batches(struct reading *reading, const struct ls_node *node)
{
	static const struct limits most = {LIST_MAX, LOCKSTEP_SCALING_SPEC_BATCH_MAX};
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	spec->batches = read_u32s(reading, node, "mini-batches", most, &spec->n_batches);
}

static void exclude(struct reading *reading, const struct ls_node *node, const char *other, const char *why)
{
	if (node)
		ls_reader_refuse(&reading->reader, node->key->place, "%s and %s exclude each other%s", node->key->text,
		                 other, why);
}

/* What needs another key, or cannot be beside it. */
static void check_company(struct reading *reading, const struct ls_node *const *fields)
{
	const struct lockstep_scaling_spec *spec = &reading->spec->public;
	if (spec->steps)
		exclude(reading, fields[RUN_SECONDS], "steps", "");
	for (int i = TARGET_PART; i <= MAX_EPOCHS; i++)
		if (fields[i] && !fields[TARGET_LOSS])
			ls_reader_refuse(&reading->reader, fields[i]->key->place, "%s needs target_loss", keys[i]);
	if (spec->kind != LOCKSTEP_SCALING_WEAK)
		return;
	exclude(reading, fields[PREDICT], "type weak", ": a model is of one mini-batch");
	exclude(reading, fields[TARGET_LOSS], "type weak", ": a weak level is a job of its own");
}

static void read_scaling(struct reading *reading, const struct ls_node *node)
{
	static const char *const kinds[] = {"strong", "weak"};
	struct lockstep_scaling_spec *spec = &reading->spec->public;
	const struct ls_node *fields[N_FIELDS];
	if (!node || reading->reader.status)
		return;
	ls_read_fields(&reading->reader, node, keys, N_FIELDS, fields);
	check_said_once(reading, fields);
	ls_read_choice(&reading->reader, fields[TYPE], kinds, 2, &spec->kind);
	read_workers(reading, fields[WORKERS]);
	read_binds(reading, fields[BIND]);
	read_engines(reading, fields[ENGINE]);
	read_splits(reading, fields[SPLIT]);
	read_batches(reading, fields[BATCH]);
	read_counts(reading, fields);
	read_target(reading, fields);
	spec->predict = read_texts(reading, fields[PREDICT], "machines", &spec->n_predict);
	check_company(reading, fields);
	for (int i = 0; i < N_FIELDS; i++)
		if (fields[i])
			reading->spec->places[i] = fields[i]->place;
}

static void read_top(struct reading *reading, const struct ls_node *root)
{
	enum { NAME, DESCRIPTION, PARAMETERS, LOCKSTEP, N_TOP };
	static const char *const top[] = {"name", "description", "parameters", "lockstep"};
	static const char *const block[] = {"scaling"};
	const struct ls_node *fields[N_TOP], *scaling = NULL;
	ls_read_fields(&reading->reader, root, top, N_TOP, fields);
	read_text(reading, fields[NAME], &reading->spec->public.name);
	read_text(reading, fields[DESCRIPTION], &reading->spec->public.description);
	read_options(reading, fields[PARAMETERS]);
	if (fields[LOCKSTEP])
		ls_read_fields(&reading->reader, fields[LOCKSTEP], block, 1, &scaling);
	read_scaling(reading, scaling);
}

/* ---- ------------------------------------------------------------------ */

lockstep_status lockstep_scaling_spec_parse(struct lockstep_scaling_spec **out, const char *bytes, size_t n_bytes,
                                            const char *name, lockstep_error *error)
{
	struct ls_node *root = NULL;
	lockstep_status status = ls_document_parse(&root, bytes, n_bytes, name, error);
	if (status)
		return status;
	struct spec *spec = ls_memory_allocate(1, sizeof *spec);
	struct reading reading = {.reader = {.file = name, .error = error}, .spec = spec};
	if (spec) {
		spec->public.kind = spec->public.target_part = -1;
		spec->public.file = copy(&reading, name);
		read_top(&reading, root);
		status = reading.reader.status;
	} else {
		status = ls_error_memory(error, name);
	}
	ls_document_destroy(root);
	if (status)
		lockstep_scaling_spec_destroy(spec ? &spec->public : NULL);
	else
		*out = &spec->public;
	return status;
}

lockstep_status lockstep_scaling_spec_load(struct lockstep_scaling_spec **out, const char *path, lockstep_error *error)
{
	char *text = NULL;
	size_t n_bytes = 0;
	lockstep_status status = ls_document_read(&text, &n_bytes, path, error);
	if (!status)
		status = lockstep_scaling_spec_parse(out, text, n_bytes, path, error);
	ls_memory_free(text);
	return status;
}

int lockstep_scaling_spec_find(const struct lockstep_scaling_spec *public, const char *key, uint32_t *line,
                               uint32_t *column)
{
	const struct spec *spec = (const struct spec *)(const void *)public;
	const struct lockstep_scaling_option *option = find_option(public, key);
	if (option) {
		*line = option->value_line;
		*column = option->value_column;
		return 1;
	}
	for (int i = 0; i < N_FIELDS; i++)
		if (spec->places[i].line && name_equals(keys[i], key)) {
			*line = spec->places[i].line;
			*column = spec->places[i].column;
			return 1;
		}
	return 0;
}

void lockstep_scaling_spec_destroy(struct lockstep_scaling_spec *public)
{
	struct spec *spec = (struct spec *)(void *)public;
	if (!spec)
		return;
	ls_arena_fini(&spec->arena);
	ls_memory_free(spec);
}
