/* SPDX-License-Identifier: MIT
 *
 * Nine significant digits give every float back exactly. Write errors stay in
 * the FILE, for whoever closes it.
 */
#include "prediction.h"

#include <jansson.h>
#include <string.h>

#define LABEL_MAX 24 /* of a number */

static const char *label_name(const struct ls_prediction *prediction, size_t i, char number[LABEL_MAX])
{
	const char *name = lockstep_network_label_name(prediction->network, i);
	if (name)
		return name;
	snprintf(number, LABEL_MAX, "%zu", i);
	return number;
}

static int is_multilabel(const struct ls_prediction *prediction)
{
	return lockstep_network_label_kind(prediction->network) == LOCKSTEP_LABELS_MULTI;
}

/* The first of the largest, as everywhere. */
static size_t best_label(const float *row, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (row[i] > row[best])
			best = i;
	return best;
}

static int needs_quotes(const char *text)
{
	return strpbrk(text, ",\"\r\n") != NULL || *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
}

static void put_quoted(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			putc('"', file);
		putc(*text, file);
	}
}

static void put_field(FILE *file, const char *text)
{
	int quotes = needs_quotes(text);
	if (!quotes) {
		fputs(text, file);
		return;
	}
	putc('"', file);
	put_quoted(file, text);
	putc('"', file);
}

/* The names of all flags above 0.5 as one field; quoted always, since any of
 * them may need it. */
static void put_flags(const struct ls_prediction *prediction, const float *row, FILE *file)
{
	char number[LABEL_MAX];
	const char *between = "";
	putc('"', file);
	for (size_t i = 0; i < prediction->n_labels; i++) {
		if (!(row[i] > 0.5f))
			continue;
		fputs(between, file);
		put_quoted(file, label_name(prediction, i, number));
		between = "+";
	}
	putc('"', file);
}

int ls_prediction_write_csv(const struct ls_prediction *prediction, FILE *file)
{
	char number[LABEL_MAX];
	int multilabel = is_multilabel(prediction);
	size_t n = prediction->n_labels;
	for (size_t i = 0; i < n; i++) {
		put_field(file, label_name(prediction, i, number));
		putc(',', file);
	}
	fputs("prediction\n", file);
	for (size_t i = 0; i < prediction->n_rows; i++) {
		const float *row = prediction->probabilities + i * n;
		for (size_t j = 0; j < n; j++)
			fprintf(file, "%.9g,", (double)row[j]);
		if (multilabel)
			put_flags(prediction, row, file);
		else
			put_field(file, label_name(prediction, best_label(row, n), number));
		putc('\n', file);
	}
	return 0;
}

static json_t *predicted_flags(const struct ls_prediction *prediction, const float *row)
{
	char number[LABEL_MAX];
	json_t *flags = json_array();
	for (size_t i = 0; i < prediction->n_labels; i++)
		if (row[i] > 0.5f)
			json_array_append_new(flags, json_string(label_name(prediction, i, number)));
	return flags;
}

static json_t *row_object(const struct ls_prediction *prediction, size_t i_row)
{
	char number[LABEL_MAX];
	const float *row = prediction->probabilities + i_row * prediction->n_labels;
	json_t *probabilities = json_object();
	for (size_t i = 0; i < prediction->n_labels; i++)
		json_object_set_new(probabilities, label_name(prediction, i, number), json_real((double)row[i]));
	json_t *label = is_multilabel(prediction)
	                    ? predicted_flags(prediction, row)
	                    : json_string(label_name(prediction, best_label(row, prediction->n_labels), number));
	return json_pack("{s:I, s:o, s:o}", "row", (json_int_t)i_row, "probabilities", probabilities, "prediction",
	                 label);
}

int ls_prediction_write_json(const struct ls_prediction *prediction, FILE *file)
{
	fputs("[", file);
	for (size_t i = 0; i < prediction->n_rows; i++) {
		json_t *row = row_object(prediction, i);
		if (!row)
			return -1;
		fputs(i ? ",\n" : "\n", file);
		json_dumpf(row, file, JSON_COMPACT | JSON_REAL_PRECISION(9));
		json_decref(row);
	}
	fputs("\n]\n", file);
	return 0;
}
