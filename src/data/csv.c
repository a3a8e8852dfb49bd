/* SPDX-License-Identifier: MIT
 *
 * Rows are appended one record at a time, classes numbered as they first come
 * and put in order at the end. Whether a first line of numbers with a word as
 * its class is a header shows only then: until then it counts as a row.
 */
#include "csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "number.h"

#define FIRST_ROWS 4

struct reader {
	struct ls_csv *csv;
	struct ls_records records;
	struct ls_table table;
	size_t capacity;            /* rows that the table's arrays hold */
	enum ls_first_record first; /* LS_FIRST_IS_OPEN: row 0 may be the header */
	const char *path;
	lockstep_error *error;
};

lockstep_status ls_csv_init(struct ls_csv *csv, const struct lockstep_dataset_options *options, lockstep_error *error)
{
	uint32_t index;

	*csv = (struct ls_csv){.classes_fixed = options->label_names != NULL};
	for (size_t i = 0; options->label_names && i < options->n_label_names; i++) {
		lockstep_status status = ls_names_add(&csv->classes, options->label_names[i], &index, error);
		if (!status && index != i)
			status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "label names %u and %zu are the same",
			                      index + 1, i + 1);
		if (status) {
			ls_csv_fini(csv);
			return status;
		}
	}
	return LOCKSTEP_OK;
}

void ls_csv_fini(struct ls_csv *csv)
{
	ls_columns_fini(&csv->columns);
	ls_names_fini(&csv->classes);
}

/* "FILE: line 3, column 2 ('width'): 'abc' CAUSE" */
static lockstep_status bad_cell(const struct reader *reader, size_t column, const char *cause)
{
	char shown[LS_SHOWN_BYTES], name[LS_SHOWN_BYTES], place[LS_SHOWN_BYTES + 4] = "";

	if (reader->csv->columns.names && reader->first == LS_FIRST_IS_HEADER)
		snprintf(place, sizeof place, " (%s)", ls_text_show(reader->csv->columns.names[column], name));
	return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT, "%s: line %" PRIu64 ", column %zu%s: %s %s",
	                    reader->path, reader->records.line, column + 1, place,
	                    ls_text_show(ls_records_cell(&reader->records, column), shown), cause);
}

static int grow(void **block, size_t old_rows, size_t n_rows, size_t row_bytes)
{
	void *grown = ls_memory_grow(*block, old_rows * row_bytes, n_rows, row_bytes);
	if (grown)
		*block = grown;
	return grown != NULL;
}

/* Gives the table's arrays room for exactly `n_rows` rows. */
static lockstep_status resize(struct reader *reader, size_t n_rows)
{
	struct ls_table *table = &reader->table;
	void *floats = table->floats, *classes = table->classes, *flags = table->flags;
	size_t old_rows = reader->capacity < n_rows ? reader->capacity : n_rows;

	int ok = grow(&floats, old_rows, n_rows, table->n_features * sizeof(float));
	if (table->label_kind == LOCKSTEP_LABELS_CLASS)
		ok = ok && grow(&classes, old_rows, n_rows, sizeof(uint32_t));
	if (table->label_kind == LOCKSTEP_LABELS_MULTI)
		ok = ok && grow(&flags, old_rows, n_rows, table->n_labels);
	table->floats = floats;
	table->classes = classes;
	table->flags = flags;
	if (!ok)
		return ls_error_memory(reader->error, "the rows of a text file");
	reader->capacity = n_rows;
	return LOCKSTEP_OK;
}

static lockstep_status read_feature(const struct reader *reader, size_t column, float *value)
{
	switch (ls_number_parse(ls_records_cell(&reader->records, column), value)) {
	case LS_NUMBER_FINITE:
		return LOCKSTEP_OK;
	case LS_NUMBER_NOT_FINITE:
		return bad_cell(reader, column, "is not finite in fp32");
	case LS_NUMBER_EMPTY:
	case LS_NUMBER_WORD:
		break;
	}
	return bad_cell(reader, column, "is not a number");
}

static lockstep_status read_flag(const struct reader *reader, size_t column, uint8_t *flag)
{
	float value;
	if (ls_number_parse(ls_records_cell(&reader->records, column), &value) != LS_NUMBER_FINITE ||
	    (value != 0.0f && value != 1.0f))
		return bad_cell(reader, column, "is not a flag: 0 or 1");
	*flag = value == 1.0f;
	return LOCKSTEP_OK;
}

static lockstep_status read_class(const struct reader *reader, size_t column, uint32_t *class)
{
	const char *text = ls_records_cell(&reader->records, column);
	struct ls_names *classes = &reader->csv->classes;

	if (!*text)
		return bad_cell(reader, column, "is no class");
	if (ls_names_find(classes, text, class))
		return LOCKSTEP_OK;
	if (reader->csv->classes_fixed)
		return bad_cell(reader, column, "is none of the known classes");
	if (classes->n == LS_LABELS_MAX)
		return bad_cell(reader, column, "is one class more than the 1,048,576 possible");
	return ls_names_add(classes, text, class, reader->error);
}

static lockstep_status read_row(struct reader *reader)
{
	struct ls_table *table = &reader->table;
	const struct ls_columns *columns = &reader->csv->columns;
	float *features = table->floats + table->n_rows * table->n_features;
	lockstep_status status = LOCKSTEP_OK;

	for (size_t i = 0; !status && i < columns->n; i++) {
		int32_t label = columns->label[i];
		if (label == LS_COLUMN_FEATURE)
			status = read_feature(reader, i, features++);
		else if (table->label_kind == LOCKSTEP_LABELS_CLASS)
			status = read_class(reader, i, &table->classes[table->n_rows]);
		else
			status = read_flag(reader, i, &table->flags[table->n_rows * table->n_labels + (size_t)label]);
	}
	return status;
}

static lockstep_status append_row(struct reader *reader)
{
	struct ls_table *table = &reader->table;
	lockstep_status status = LOCKSTEP_OK;

	if (reader->records.n_cells != reader->csv->columns.n)
		return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: line %" PRIu64 " has %zu columns, not %zu", reader->path, reader->records.line,
		                    reader->records.n_cells, reader->csv->columns.n);
	if (table->n_rows == LS_ROWS_MAX)
		return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT, "%s: more than %u rows", reader->path,
		                    LS_ROWS_MAX);
	if (table->n_rows == reader->capacity)
		status = resize(reader, reader->capacity ? reader->capacity * 2 : FIRST_ROWS);
	if (!status)
		status = read_row(reader);
	if (!status)
		table->n_rows++;
	return status;
}

/* With classes fixed, an unknown word over numbers only is a header's. */
static void settle_open_first(struct reader *reader)
{
	const struct ls_csv *csv = reader->csv;
	uint32_t class;

	if (reader->first != LS_FIRST_IS_OPEN || !csv->classes_fixed)
		return;
	const char *text = ls_records_cell(&reader->records, ls_columns_of_label(&csv->columns, 0));
	int is_header = !ls_names_find(&csv->classes, text, &class) && ls_names_are_numbers(&csv->classes, 0);
	reader->first = is_header ? LS_FIRST_IS_HEADER : LS_FIRST_IS_ROW;
}

/* The names in a header of flags must be those that the caller expects. */
static lockstep_status check_flag_names(const struct reader *reader)
{
	const struct ls_csv *csv = reader->csv;
	size_t n = csv->columns.n_labels;

	if (!csv->classes_fixed || n < 2)
		return LOCKSTEP_OK;
	if (csv->classes.n != n)
		return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: %zu label columns, where %zu are expected", reader->path, n, csv->classes.n);
	for (size_t i = 0; csv->columns.names && i < n; i++) {
		size_t column = ls_columns_of_label(&csv->columns, i);
		if (strcmp(csv->columns.names[column], csv->classes.texts[i]) != 0)
			return bad_cell(reader, column, "is not the label expected in this place");
	}
	return LOCKSTEP_OK;
}

static void shape_table(struct reader *reader)
{
	const struct ls_columns *columns = &reader->csv->columns;
	struct ls_table *table = &reader->table;

	table->n_features = columns->n - columns->n_labels;
	table->label_kind = columns->n_labels == 0   ? LOCKSTEP_LABELS_NONE
	                    : columns->n_labels == 1 ? LOCKSTEP_LABELS_CLASS
	                                             : LOCKSTEP_LABELS_MULTI;
	table->n_labels = columns->n_labels; /* of classes: set at the end */
}

/* The first record fixes the columns, or is checked against them. */
static lockstep_status read_first(struct reader *reader, const struct lockstep_dataset_options *options)
{
	struct ls_columns *columns = &reader->csv->columns;
	lockstep_status status = LOCKSTEP_OK;

	if (!columns->n)
		status = ls_columns_resolve(columns, &reader->records, options, reader->error);
	else if (reader->records.n_cells != columns->n)
		status = ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: line %" PRIu64 " has %zu columns, the training file %zu", reader->path,
		                      reader->records.line, reader->records.n_cells, columns->n);
	if (status)
		return status;

	shape_table(reader);
	reader->first = ls_columns_judge(columns, &reader->records);
	settle_open_first(reader);
	if (reader->first != LS_FIRST_IS_ROW)
		status = ls_columns_take_names(columns, &reader->records, reader->error);
	if (!status)
		status = check_flag_names(reader);
	if (!status && reader->first != LS_FIRST_IS_HEADER)
		status = append_row(reader);
	return status;
}

static lockstep_status read_records(struct reader *reader, const struct lockstep_dataset_options *options)
{
	int more;
	lockstep_status status = ls_records_next(&reader->records, &more, reader->error);
	if (!status && !more)
		return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT, "%s: is empty", reader->path);
	if (!status)
		status = read_first(reader, options);
	while (!status && more) {
		status = ls_records_next(&reader->records, &more, reader->error);
		if (!status && more)
			status = append_row(reader);
	}
	return status;
}

/* Row 0 has the one class that is no number: it was the header. */
static int first_row_was_header(const struct reader *reader)
{
	const struct ls_table *table = &reader->table;

	for (size_t i = 1; i < table->n_rows; i++)
		if (table->classes[i] == 0)
			return 0;
	return table->n_rows > 1 && ls_names_are_numbers(&reader->csv->classes, 1);
}

static void drop_first_row(struct reader *reader)
{
	struct ls_table *table = &reader->table;

	table->n_rows--;
	memmove(table->floats, table->floats + table->n_features, table->n_rows * table->n_features * sizeof(float));
	for (size_t i = 0; i < table->n_rows; i++)
		table->classes[i] = table->classes[i + 1] - 1;
	ls_names_drop_first(&reader->csv->classes);
}

static lockstep_status sort_classes(struct reader *reader)
{
	struct ls_names *classes = &reader->csv->classes;
	uint32_t *new_index = ls_memory_allocate(classes->n, sizeof *new_index);
	if (!new_index)
		return ls_error_memory(reader->error, "sorting the classes");

	lockstep_status status = ls_names_sort(classes, new_index, reader->error);
	for (size_t i = 0; !status && i < reader->table.n_rows; i++)
		reader->table.classes[i] = new_index[reader->table.classes[i]];
	ls_memory_free(new_index);
	return status;
}

static lockstep_status finish(struct reader *reader)
{
	struct ls_csv *csv = reader->csv;
	lockstep_status status = LOCKSTEP_OK;

	if (reader->first == LS_FIRST_IS_OPEN && first_row_was_header(reader))
		drop_first_row(reader);
	else if (reader->first == LS_FIRST_IS_OPEN)
		ls_columns_drop_names(&csv->columns);
	if (!reader->table.n_rows)
		return ls_error_set(reader->error, LOCKSTEP_ERROR_FORMAT, "%s: has a header and no rows", reader->path);
	if (reader->table.label_kind == LOCKSTEP_LABELS_CLASS) {
		if (!csv->classes_fixed)
			status = sort_classes(reader);
		csv->classes_fixed = 1;
		reader->table.n_labels = csv->classes.n;
	}
	return status ? status : resize(reader, reader->table.n_rows);
}

lockstep_status ls_csv_read(struct ls_table *out, struct ls_csv *csv, struct ls_bytes *stream,
                            const struct lockstep_dataset_options *options, lockstep_error *error)
{
	struct reader reader = {.csv = csv, .path = ls_bytes_path(stream), .error = error};
	lockstep_status status = ls_records_init(&reader.records, stream, error);
	if (!status)
		status = read_records(&reader, options);
	if (!status)
		status = finish(&reader);
	ls_records_fini(&reader.records);
	if (status) {
		ls_table_fini(&reader.table);
		return status;
	}
	*out = reader.table;
	return LOCKSTEP_OK;
}

/* The i-th label's name: a class as text, or the name of a flag's column. */
static const char *label_name(const struct ls_csv *csv, const struct ls_table *table, size_t i)
{
	if (table->label_kind == LOCKSTEP_LABELS_CLASS)
		return csv->classes.texts[i];
	return csv->columns.names[ls_columns_of_label(&csv->columns, i)];
}

lockstep_status ls_csv_copy_label_names(char ***names, const struct ls_csv *csv, const struct ls_table *table,
                                        lockstep_error *error)
{
	*names = NULL;
	if (table->label_kind == LOCKSTEP_LABELS_NONE ||
	    (table->label_kind == LOCKSTEP_LABELS_MULTI && !csv->columns.names))
		return LOCKSTEP_OK;
	char **copies = ls_memory_allocate(table->n_labels, sizeof *copies);
	for (size_t i = 0; copies && i < table->n_labels; i++) {
		copies[i] = ls_memory_copy_text(label_name(csv, table, i));
		if (copies[i])
			continue;
		while (i-- > 0)
			ls_memory_free(copies[i]);
		ls_memory_free(copies);
		copies = NULL;
		break;
	}
	*names = copies;
	return copies ? LOCKSTEP_OK : ls_error_memory(error, "the names of labels");
}
