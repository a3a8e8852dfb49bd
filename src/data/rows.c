/* SPDX-License-Identifier: MIT
 *
 * Data sets from a caller's memory: the same checks as for files, since a
 * caller may be as wrong as a file.
 */
#include <math.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "lockstep/dataset.h"
#include "table.h"

static lockstep_status check_shape(const struct lockstep_rows *rows, const char *part, lockstep_error *error)
{
	if (!rows->n_rows || rows->n_rows > LS_ROWS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: %zu of them, must be 1 to %u", part,
		                    rows->n_rows, LS_ROWS_MAX);
	if (!rows->n_features || rows->n_features > LS_FEATURES_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: %zu features, must be 1 to %d", part,
		                    rows->n_features, LS_FEATURES_MAX);
	if (!rows->bytes == !rows->floats)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s rows: exactly one of bytes and floats must be given", part);
	if (rows->classes && rows->flags)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: both classes and flags are given", part);
	int labelled = rows->classes || rows->flags;
	if (labelled ? !rows->n_labels || rows->n_labels > LS_LABELS_MAX : rows->n_labels != 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: %zu labels, must be %s", part,
		                    rows->n_labels, labelled ? "1 to 1,048,576" : "0 without classes or flags");
	return LOCKSTEP_OK;
}

static lockstep_status check_values(const struct lockstep_rows *rows, const char *part, lockstep_error *error)
{
	for (size_t i = 0; rows->floats && i < rows->n_rows * rows->n_features; i++)
		if (!isfinite(rows->floats[i]))
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "%s rows: row %zu, feature %zu is not finite", part,
			                    i / rows->n_features + 1, i % rows->n_features + 1);
	for (size_t i = 0; rows->classes && i < rows->n_rows; i++)
		if (rows->classes[i] >= rows->n_labels)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: row %zu: class %u of %zu classes",
			                    part, i + 1, rows->classes[i], rows->n_labels);
	for (size_t i = 0; rows->flags && i < rows->n_rows * rows->n_labels; i++)
		if (rows->flags[i] > 1)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s rows: row %zu: flag %u, must be 0 or 1",
			                    part, i / rows->n_labels + 1, rows->flags[i]);
	return LOCKSTEP_OK;
}

/* A copy of `count` x `size` bytes; NULL for NULL, which is no failure. */
static void *copy_of(const void *block, size_t count, size_t size, int *failed)
{
	void *copy = block ? ls_memory_allocate(count, size) : NULL;
	if (copy)
		memcpy(copy, block, count * size);
	*failed |= block && !copy;
	return copy;
}

/* What it has made so far stays in the table on failure. */
static lockstep_status copy_rows(struct ls_table *table, const struct lockstep_rows *rows, const char *part,
                                 lockstep_error *error)
{
	int failed = 0;
	lockstep_status status = check_shape(rows, part, error);
	if (!status)
		status = check_values(rows, part, error);
	if (status)
		return status;

	table->n_rows = rows->n_rows;
	table->n_features = rows->n_features;
	table->n_labels = rows->n_labels;
	table->label_kind = rows->classes ? LOCKSTEP_LABELS_CLASS
	                    : rows->flags ? LOCKSTEP_LABELS_MULTI
	                                  : LOCKSTEP_LABELS_NONE;
	table->bytes = copy_of(rows->bytes, rows->n_rows * rows->n_features, 1, &failed);
	table->floats = copy_of(rows->floats, rows->n_rows * rows->n_features, sizeof(float), &failed);
	table->classes = copy_of(rows->classes, rows->n_rows, sizeof(uint32_t), &failed);
	table->flags = copy_of(rows->flags, rows->n_rows * rows->n_labels, 1, &failed);
	return failed ? ls_error_memory(error, "a data set") : LOCKSTEP_OK;
}

static lockstep_status copy_parts(lockstep_dataset **out, const struct lockstep_rows *train,
                                  const struct lockstep_rows *test, lockstep_error *error)
{
	lockstep_dataset *dataset = ls_memory_allocate(1, sizeof *dataset);
	if (!dataset)
		return ls_error_memory(error, "a data set");

	struct ls_table *parts = dataset->parts;
	lockstep_status status = copy_rows(&parts[LOCKSTEP_TRAIN], train, "training", error);
	if (!status && test)
		status = copy_rows(&parts[LOCKSTEP_TEST], test, "test", error);
	if (!status && test)
		status = ls_table_match(&parts[LOCKSTEP_TEST], &parts[LOCKSTEP_TRAIN], "test rows", error);
	if (!status)
		status = ls_table_digest(&parts[LOCKSTEP_TRAIN], dataset->digests[LOCKSTEP_TRAIN], error);
	if (!status)
		status = ls_table_digest(&parts[LOCKSTEP_TEST], dataset->digests[LOCKSTEP_TEST], error);
	if (status) {
		lockstep_dataset_destroy(dataset);
		return status;
	}
	*out = dataset;
	return LOCKSTEP_OK;
}

/* Values are compared, which must not trap in a host that wants traps. */
lockstep_status lockstep_dataset_from_rows(lockstep_dataset **out, const struct lockstep_rows *train,
                                           const struct lockstep_rows *test, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = copy_parts(out, train, test, error);
	ls_fpcontrol_leave(saved);
	return status;
}
