/* SPDX-License-Identifier: MIT
 *
 * A first line is a header when it cannot be a row: a word stands where a
 * number must. Empty cells, nan and inf do not make a header, so that a
 * damaged first row is reported and not dropped.
 */
#include "columns.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "number.h"
#include "table.h"

#define COLUMN_DIGITS 7

static const char *file_of(const struct ls_records *records)
{
	return ls_bytes_path(records->stream);
}

/* A number from 1, or 0 when the text is none. */
static size_t column_number(const char *text)
{
	size_t number = 0, n = strlen(text);
	if (!n || n > COLUMN_DIGITS || strspn(text, "0123456789") < n)
		return 0;
	for (; *text; text++)
		number = number * 10 + (size_t)(*text - '0');
	return number;
}

static lockstep_status find_by_name(const struct ls_records *first, const char *name, size_t *column,
                                    lockstep_error *error)
{
	char shown[LS_SHOWN_BYTES];
	size_t n_found = 0;

	for (size_t i = first->n_cells; i-- > 0;)
		if (strcmp(ls_records_cell(first, i), name) == 0) {
			*column = i;
			n_found++;
		}
	if (n_found == 1)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: line %" PRIu64 ": %s column is called %s",
	                    file_of(first), first->line, n_found ? "more than one" : "no", ls_text_show(name, shown));
}

/* Makes the column of that name or number the next label. */
static lockstep_status add_label(struct ls_columns *columns, const struct ls_records *first, const char *text,
                                 lockstep_error *error)
{
	size_t number = column_number(text), column = number - 1;

	if (!number) {
		lockstep_status status = find_by_name(first, text, &column, error);
		if (status)
			return status;
		columns->named = 1;
	}
	if (column >= columns->n)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: label column %zu of %zu columns",
		                    file_of(first), number, columns->n);
	if (columns->label[column] != LS_COLUMN_FEATURE)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: column %zu is named twice as a label",
		                    file_of(first), column + 1);
	columns->label[column] = (int32_t)columns->n_labels++;
	return LOCKSTEP_OK;
}

/* Splits the option's list at its commas. */
static lockstep_status add_labels(struct ls_columns *columns, const struct ls_records *first, const char *list,
                                  lockstep_error *error)
{
	char *copy = ls_memory_copy_text(list), *rest = copy;
	lockstep_status status = copy ? LOCKSTEP_OK : ls_error_memory(error, "the label columns");

	while (!status && rest) {
		char *text = strsep(&rest, ",");
		status = add_label(columns, first, text, error);
	}
	ls_memory_free(copy);
	return status;
}

lockstep_status ls_columns_resolve(struct ls_columns *columns, const struct ls_records *first,
                                   const struct lockstep_dataset_options *options, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;

	columns->label = ls_memory_allocate(first->n_cells, sizeof *columns->label);
	if (!columns->label)
		return ls_error_memory(error, "the columns of a text file");
	columns->n = first->n_cells;
	for (size_t i = 0; i < columns->n; i++)
		columns->label[i] = LS_COLUMN_FEATURE;
	if (options->label)
		status = add_labels(columns, first, options->label, error);
	else if (!options->unlabelled)
		columns->label[columns->n - 1] = (int32_t)columns->n_labels++;
	if (status)
		return status;

	if (columns->n == columns->n_labels)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: line %" PRIu64 ": no column is left for features", file_of(first),
		                    first->line);
	if (columns->n - columns->n_labels > LS_FEATURES_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: line %" PRIu64 ": more than %d feature columns",
		                    file_of(first), first->line, LS_FEATURES_MAX);
	return LOCKSTEP_OK;
}

static int has_these_names(const struct ls_columns *columns, const struct ls_records *first)
{
	for (size_t i = 0; i < columns->n; i++)
		if (!columns->names || strcmp(columns->names[i], ls_records_cell(first, i)) != 0)
			return 0;
	return 1;
}

enum ls_first_record ls_columns_judge(const struct ls_columns *columns, const struct ls_records *first)
{
	enum ls_first_record verdict = LS_FIRST_IS_ROW;
	float value;

	if ((columns->named && !columns->names) || has_these_names(columns, first))
		return LS_FIRST_IS_HEADER;
	for (size_t i = 0; i < columns->n; i++) {
		if (ls_number_parse(ls_records_cell(first, i), &value) != LS_NUMBER_WORD)
			continue;
		if (columns->label[i] == LS_COLUMN_FEATURE || columns->n_labels > 1)
			return LS_FIRST_IS_HEADER;
		verdict = LS_FIRST_IS_OPEN;
	}
	return verdict;
}

static lockstep_status check_names(const struct ls_columns *columns, const struct ls_records *header,
                                   lockstep_error *error)
{
	char here[LS_SHOWN_BYTES], there[LS_SHOWN_BYTES];

	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->names[i], ls_records_cell(header, i)) != 0)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: line %" PRIu64 ": column %zu is called %s, in the training file %s",
			                    file_of(header), header->line, i + 1,
			                    ls_text_show(ls_records_cell(header, i), here),
			                    ls_text_show(columns->names[i], there));
	return LOCKSTEP_OK;
}

lockstep_status ls_columns_take_names(struct ls_columns *columns, const struct ls_records *header,
                                      lockstep_error *error)
{
	if (columns->names)
		return check_names(columns, header, error);
	columns->names = ls_memory_allocate(columns->n, sizeof *columns->names);
	if (!columns->names)
		return ls_error_memory(error, "the names of columns");
	for (size_t i = 0; i < columns->n; i++) {
		columns->names[i] = ls_memory_copy_text(ls_records_cell(header, i));
		if (!columns->names[i])
			return ls_error_memory(error, "the names of columns");
	}
	return LOCKSTEP_OK;
}

void ls_columns_drop_names(struct ls_columns *columns)
{
	for (size_t i = 0; columns->names && i < columns->n; i++)
		ls_memory_free(columns->names[i]);
	ls_memory_free(columns->names);
	columns->names = NULL;
}

size_t ls_columns_of_label(const struct ls_columns *columns, size_t i_label)
{
	size_t column = 0;
	while (columns->label[column] != (int32_t)i_label)
		column++;
	return column;
}

void ls_columns_fini(struct ls_columns *columns)
{
	ls_columns_drop_names(columns);
	ls_memory_free(columns->label);
	*columns = (struct ls_columns){0};
}
