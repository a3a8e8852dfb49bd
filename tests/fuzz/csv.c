/* SPDX-License-Identifier: MIT
 *
 * CSV files: a training file and, behind a mark, a test file that must follow
 * it. What was read is written again in one plain form and read back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/bytes.h"
#include "data/csv.h"
#include "data/table.h"
#include "fuzz.h"

#define MARK "\x1e" /* between the two files */

static const char *const known_names[] = {"0", "1", "red", "tan"};

/* The first byte of an input chooses the options. */
static void choose_options(struct lockstep_dataset_options *options, uint8_t choice)
{
	static const char *const labels[] = {NULL, "1", "1,2", "kind", "rain,wind", "2,1", "3,4,5", "a"};
	*options = (struct lockstep_dataset_options){.label = labels[choice & 7]};
	options->unlabelled = (choice & 0x18) == 0x08 && !options->label;
	if ((choice & 0x18) == 0x10) {
		options->label_names = known_names;
		options->n_label_names = sizeof known_names / sizeof *known_names;
	}
}

static void check_table(const struct ls_table *table, const struct ls_csv *csv)
{
	size_t n_labels = csv->columns.n_labels;

	ls_fuzz_check(table->n_rows && table->n_features, "a table has rows and features");
	ls_fuzz_check(!table->bytes && table->floats, "a text file's values are floats");
	ls_fuzz_check(table->n_features + n_labels == csv->columns.n, "every column is a feature or a label");
	for (size_t i = 0; i < table->n_rows * table->n_features; i++)
		ls_fuzz_check(isfinite(table->floats[i]), "values are finite");
	ls_fuzz_check((n_labels == 1) == !!table->classes && (n_labels > 1) == !!table->flags,
	              "one label column holds classes, several hold flags");
	for (size_t i = 0; table->classes && i < table->n_rows; i++)
		ls_fuzz_check(table->classes[i] < table->n_labels, "classes are below their number");
	for (size_t i = 0; table->flags && i < table->n_rows * table->n_labels; i++)
		ls_fuzz_check(table->flags[i] <= 1, "flags are 0 or 1");
	ls_fuzz_check(table->label_kind == (table->classes ? LOCKSTEP_LABELS_CLASS
	                                    : table->flags ? LOCKSTEP_LABELS_MULTI
	                                                   : LOCKSTEP_LABELS_NONE),
	              "the kind of label is that of the arrays");
}

/* 0 when the file was read. */
static int read_file(struct ls_table *table, struct ls_csv *csv, const char *path,
                     const struct lockstep_dataset_options *options)
{
	struct ls_bytes *stream = NULL;
	lockstep_error error = {0};

	lockstep_status status = ls_bytes_open(&stream, path, &error);
	if (!status)
		status = ls_csv_read(table, csv, stream, options, &error);
	ls_bytes_close(stream);
	if (status)
		ls_fuzz_check_failure(status, &error, table->floats);
	else
		check_table(table, csv);
	return status != LOCKSTEP_OK;
}

/* ---- Written again ------------------------------------------------------- */

static void write_quoted(FILE *file, const char *text)
{
	putc('"', file);
	for (; *text; text++)
		fprintf(file, "%s%c", *text == '"' ? "\"" : "", *text);
	putc('"', file);
}

/* Features, then labels; without a header. */
static void write_table(const char *path, const struct ls_table *table, char *const *classes)
{
	FILE *file = fopen(path, "w");
	ls_fuzz_check(file != NULL, "a scratch file can be written");
	for (size_t i = 0; i < table->n_rows; i++) {
		for (size_t j = 0; j < table->n_features; j++)
			fprintf(file, "%s%.9g", j ? "," : "", (double)table->floats[i * table->n_features + j]);
		for (size_t j = 0; table->flags && j < table->n_labels; j++)
			fprintf(file, ",%d", table->flags[i * table->n_labels + j]);
		if (table->classes) {
			putc(',', file);
			write_quoted(file, classes[table->classes[i]]);
		}
		putc('\n', file);
	}
	fclose(file);
}

static void name_label_columns(char *text, size_t size, const struct ls_table *table)
{
	size_t n = 0;
	for (size_t j = 0; table->flags && j < table->n_labels; j++)
		n += (size_t)snprintf(text + n, size - n, "%s%zu", j ? "," : "", table->n_features + j + 1);
}

static void check_again(const struct ls_table *table, const struct ls_csv *csv)
{
	char path[LS_FUZZ_PATH], columns[64] = "";
	struct lockstep_dataset_options options = {.unlabelled = table->label_kind == LOCKSTEP_LABELS_NONE};
	struct ls_csv csv_again;
	struct ls_table again = {0};
	lockstep_error error = {0};
	size_t n_values = table->n_rows * table->n_features;

	ls_fuzz_path(path, "again.csv");
	write_table(path, table, csv->classes.texts);
	name_label_columns(columns, sizeof columns, table);
	options.label = *columns ? columns : NULL;
	if (table->classes) {
		options.label_names = (const char *const *)csv->classes.texts;
		options.n_label_names = csv->classes.n;
	}
	ls_fuzz_check(!ls_csv_init(&csv_again, &options, &error), "names of classes differ");
	ls_fuzz_check(!read_file(&again, &csv_again, path, &options), "what was written again can be read");
	ls_fuzz_check(again.n_rows == table->n_rows && again.n_features == table->n_features &&
	                  again.n_labels == table->n_labels && again.label_kind == table->label_kind,
	              "the shape is as before");
	ls_fuzz_check(!memcmp(again.floats, table->floats, n_values * sizeof *again.floats),
	              "values are as before, bit by bit");
	ls_fuzz_check(!table->classes || !memcmp(again.classes, table->classes, again.n_rows * sizeof(uint32_t)),
	              "classes are as before");
	ls_fuzz_check(!table->flags || !memcmp(again.flags, table->flags, again.n_rows * again.n_labels),
	              "flags are as before");
	ls_table_fini(&again);
	ls_csv_fini(&csv_again);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char train_path[LS_FUZZ_PATH], test_path[LS_FUZZ_PATH];
	struct ls_fuzz_input input = {bytes, bytes + n};
	struct lockstep_dataset_options options;
	struct ls_table train = {0}, test = {0};
	struct ls_csv csv;
	lockstep_error error = {0};

	ls_fuzz_path(train_path, "train.csv");
	ls_fuzz_path(test_path, "test.csv");
	choose_options(&options, ls_fuzz_take_byte(&input));
	struct ls_fuzz_input part = ls_fuzz_take_part(&input, MARK);
	ls_fuzz_write(train_path, part.at, ls_fuzz_left(&part));
	ls_fuzz_check(!ls_csv_init(&csv, &options, &error), "the known names differ");
	if (!read_file(&train, &csv, train_path, &options)) {
		check_again(&train, &csv);
		ls_fuzz_write(test_path, input.at, ls_fuzz_left(&input));
		if (!read_file(&test, &csv, test_path, &options))
			ls_fuzz_check(test.n_features == train.n_features && test.label_kind == train.label_kind,
			              "a test file follows its training file");
	}
	ls_table_fini(&test);
	ls_table_fini(&train);
	ls_csv_fini(&csv);
	return 0;
}
