/* SPDX-License-Identifier: MIT
 *
 * What JSON does not know is put into strings before it is parsed, which a mark tells
 * from the program's own: strings of one kind of character that no name of a metric has.
 */
#include "point.h"

#include <math.h>
#include <string.h>

#include "model/json_text.h"

#define DEPTH_MAX 8
#define VALUES_MAX 4096 /* of a line */
#define NAME_MAX_SIZE 256
#define MARK '\x7f'

/* Each with a string of the same meaning, which is not longer. */
static const struct {
	const char *word, *string;
} words[] = {{"NaN", "\"\x7f\""}, {"Infinity", "\"\x7f+\""}, {"-Infinity", "\"\x7f-\""}};
#define N_WORDS (sizeof words / sizeof *words)

/* The word at the beginning of the text, or NULL. */
static const char *find_word(const char *text, size_t n, size_t *length)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		*length = strlen(words[i].word);
		if (n >= *length && memcmp(text, words[i].word, *length) == 0)
			return words[i].string;
	}
	return NULL;
}

/* The line as JSON, with blanks for the tabs between values. */
static void translate(struct ls_text *out, const char *line, size_t length)
{
	int in_string = 0;
	size_t from = 0;
	out->n = 0;
	for (size_t i = 0; i < length; i++) {
		size_t n = 0;
		if (line[i] == '"')
			in_string = !in_string;
		if (in_string && line[i] == '\\')
			i++;
		if (in_string || !strchr("NI-\t", line[i]))
			continue;
		const char *other = line[i] == '\t' ? " " : find_word(line + i, length - i, &n);
		if (!other)
			continue;
		ls_text_add_bytes(out, line + from, i - from);
		ls_text_add(out, other);
		from = i + (n ? n : 1);
		i = from - 1;
	}
	ls_text_add_bytes(out, line + from, length - from);
}

static int number_of(const json_t *json, double *value)
{
	if (json_is_number(json)) {
		*value = json_number_value(json);
		return 1;
	}
	const char *text = json_string_value(json);
	if (!text || text[0] != MARK)
		return 0;
	*value = text[1] == '+' ? INFINITY : text[1] == '-' ? -INFINITY : NAN;
	return 1;
}

static int is_there(const struct ls_point *point, const char *name)
{
	size_t i = 0;
	while (i < point->n_numbers && strcmp(ls_point_name(point, i), name) != 0)
		i++;
	return i < point->n_numbers;
}

static void keep(struct ls_point *point, const char *name, double value)
{
	if (point->n_numbers == LS_POINT_NUMBERS_MAX || is_there(point, name))
		return;
	size_t begin = point->names.n;
	ls_text_add_bytes(&point->names, name, strlen(name) + 1);
	if (!point->names.has_failed)
		point->numbers[point->n_numbers++] = (struct ls_point_number){begin, value};
}

struct visiting {
	struct ls_point *point;
	const char *metric;
	int has_metric, has_step;
};

/* Members of an object whose name, with a '.', is the first `n` bytes of `name`. */
static void visit(struct visiting *visiting, json_t *object, char name[NAME_MAX_SIZE], size_t n, int depth)
{
	const char *key;
	json_t *member;
	json_object_foreach(object, key, member)
	{
		double value;
		size_t length = strlen(key);
		if (n + length + 2 > NAME_MAX_SIZE)
			continue;
		memcpy(name + n, key, length + 1);
		if (json_is_object(member) && depth < DEPTH_MAX) {
			name[n + length] = '.';
			visit(visiting, member, name, n + length + 1, depth + 1);
			continue;
		}
		if (!length || !number_of(member, &value))
			continue;
		if (!visiting->has_metric && strcmp(name, visiting->metric) == 0) {
			visiting->has_metric = 1;
			visiting->point->value = value;
		}
		ls_point_note_key(&visiting->point->key, &visiting->has_step, name, value);
		keep(visiting->point, name, value);
	}
}

void ls_point_note_key(double *key, int *has_step, const char *name, double value)
{
	if (strcmp(name, "step") == 0) {
		*key = value;
		*has_step = 1;
	} else if (!*has_step && strcmp(name, "epoch") == 0) {
		*key = value;
	}
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

enum ls_point_kind ls_point_read(struct ls_point *point, const char *line, size_t length, const char *metric)
{
	char name[NAME_MAX_SIZE];
	lockstep_error error;
	json_t *json;
	while (length && is_blank(line[length - 1]))
		length--;
	while (length && is_blank(*line)) {
		line++;
		length--;
	}
	if (!length || line[0] != '{' || line[length - 1] != '}')
		return LS_POINT_NONE;
	translate(&point->scratch, line, length);
	if (point->scratch.has_failed)
		return LS_POINT_NO_MEMORY;
	const struct ls_json_source source = {"stdout",         "a line",   point->scratch.bytes,
	                                      point->scratch.n, VALUES_MAX, 1};
	lockstep_status status = ls_json_parse(&json, &source, &error);
	if (status)
		return status == LOCKSTEP_ERROR_MEMORY ? LS_POINT_NO_MEMORY : LS_POINT_NONE;
	struct visiting visiting = {point, metric, 0, 0};
	point->n_numbers = 0;
	point->names.n = 0;
	point->key = NAN;
	visit(&visiting, json, name, 0, 0);
	json_decref(json);
	if (point->names.has_failed)
		return LS_POINT_NO_MEMORY;
	return visiting.has_metric ? LS_POINT_READ : LS_POINT_NONE;
}

const char *ls_point_name(const struct ls_point *point, size_t i)
{
	return point->names.bytes + point->numbers[i].name;
}

void ls_point_fini(struct ls_point *point)
{
	ls_text_fini(&point->names);
	ls_text_fini(&point->scratch);
}
