/* SPDX-License-Identifier: MIT
 *
 * Tables from arrays, and the rules that a table and its test part keep.
 */
#include "table.h"

#include <string.h>

#include "array.h"
#include "base/error.h"
#include "base/memory.h"

lockstep_status ls_table_take_features(struct ls_table *table, struct ls_array *array, const char *path,
                                       lockstep_error *error)
{
	if (array->rank < 2)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: has one dimension, features need two or more (is it a file of labels?)", path);
	table->n_rows = array->n_rows;
	table->n_features = array->n_columns;
	table->bytes = array->bytes;
	table->floats = array->floats;
	array->bytes = NULL;
	array->floats = NULL;
	return LOCKSTEP_OK;
}

/* The i-th label; -1 when it is negative or not below `limit`. Exact: every
 * integer below 2^24 is an fp32 number. */
static int32_t label_at(const struct ls_array *array, size_t i, int32_t limit)
{
	float value = array->bytes ? (float)array->bytes[i] : array->floats[i];
	return value >= 0.0f && value < (float)limit ? (int32_t)value : -1;
}

static lockstep_status bad_label(const struct ls_array *array, size_t i, const char *path, const char *range,
                                 lockstep_error *error)
{
	float value = array->bytes ? (float)array->bytes[i] : array->floats[i];
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: row %zu: label %.0f, must be %s", path,
	                    i / array->n_columns + 1, (double)value, range);
}

static lockstep_status add_classes(struct ls_table *table, const struct ls_array *array, const char *path,
                                   lockstep_error *error)
{
	uint32_t largest = 0;
	uint32_t *classes = ls_memory_allocate(array->n_rows, sizeof *classes);
	if (!classes)
		return ls_error_memory(error, "the labels of a data file");

	for (size_t i = 0; i < array->n_rows; i++) {
		int32_t class = label_at(array, i, LS_LABELS_MAX);
		if (class < 0) {
			ls_memory_free(classes);
			return bad_label(array, i, path, "0 to 1,048,575", error);
		}
		classes[i] = (uint32_t) class;
		largest = classes[i] > largest ? classes[i] : largest;
	}
	table->label_kind = LOCKSTEP_LABELS_CLASS;
	table->n_labels = (size_t)largest + 1;
	table->classes = classes;
	return LOCKSTEP_OK;
}

static lockstep_status add_flags(struct ls_table *table, const struct ls_array *array, const char *path,
                                 lockstep_error *error)
{
	size_t n = array->n_rows * array->n_columns;
	uint8_t *flags = ls_memory_allocate(n, 1);
	if (!flags)
		return ls_error_memory(error, "the labels of a data file");

	for (size_t i = 0; i < n; i++) {
		int32_t flag = label_at(array, i, 2);
		if (flag < 0) {
			ls_memory_free(flags);
			return bad_label(array, i, path, "0 or 1", error);
		}
		flags[i] = (uint8_t)flag;
	}
	table->label_kind = LOCKSTEP_LABELS_MULTI;
	table->n_labels = array->n_columns;
	table->flags = flags;
	return LOCKSTEP_OK;
}

lockstep_status ls_table_add_labels(struct ls_table *table, const struct ls_array *array, const char *path,
                                    lockstep_error *error)
{
	if (array->element >= LS_ELEMENT_F16)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: labels must be integers, these are floats",
		                    path);
	if (array->rank > 2)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: has %u dimensions, labels have one (classes) or two (flags)", path,
		                    array->rank);
	if (array->n_rows != table->n_rows)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %zu rows of labels for %zu rows of features",
		                    path, array->n_rows, table->n_rows);
	return array->rank == 1 ? add_classes(table, array, path, error) : add_flags(table, array, path, error);
}

static const char *kind_text(enum lockstep_label_kind kind)
{
	switch (kind) {
	case LOCKSTEP_LABELS_CLASS:
		return "classes as labels";
	case LOCKSTEP_LABELS_MULTI:
		return "flags as labels";
	case LOCKSTEP_LABELS_NONE:
		break;
	}
	return "no labels";
}

static lockstep_status check_classes(const struct ls_table *test, const struct ls_table *train, const char *path,
                                     lockstep_error *error)
{
	for (size_t i = 0; i < test->n_rows; i++)
		if (test->classes[i] >= train->n_labels)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: row %zu: class %u, the training part has %zu classes", path, i + 1,
			                    test->classes[i], train->n_labels);
	return LOCKSTEP_OK;
}

lockstep_status ls_table_match(struct ls_table *test, const struct ls_table *train, const char *path,
                               lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;

	if (test->n_features != train->n_features)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %zu features, the training part has %zu", path,
		                    test->n_features, train->n_features);
	if (!test->bytes != !train->bytes)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: has values of %s, the training part of %s", path,
		                    test->bytes ? "uint8" : "fp32", train->bytes ? "uint8" : "fp32");
	if (test->label_kind != train->label_kind)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: has %s, the training part %s", path,
		                    kind_text(test->label_kind), kind_text(train->label_kind));
	if (test->label_kind == LOCKSTEP_LABELS_MULTI && test->n_labels != train->n_labels)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %zu flags, the training part has %zu", path,
		                    test->n_labels, train->n_labels);
	if (test->label_kind == LOCKSTEP_LABELS_CLASS)
		status = check_classes(test, train, path, error);
	if (!status)
		test->n_labels = train->n_labels;
	return status;
}

void ls_table_fini(struct ls_table *table)
{
	ls_memory_free(table->bytes);
	ls_memory_free(table->floats);
	ls_memory_free(table->classes);
	ls_memory_free(table->flags);
	*table = (struct ls_table){0};
}
