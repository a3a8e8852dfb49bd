/* SPDX-License-Identifier: MIT
 *
 * Single values are read by the table's reader of values, so that a number in a list is what it is alone.
 */
#include "scale_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/values.h"

#define TWICE "each of them once"

static const char *fewer(size_t room)
{
	static char expected[48];
	snprintf(expected, sizeof expected, "%zu of them at most", room);
	return expected;
}

const char *ls_list_next(const char *list, char item[LS_LIST_ITEM])
{
	size_t length = strcspn(list, ",");
	snprintf(item, LS_LIST_ITEM, "%.*s", (int)(length < LS_LIST_ITEM ? length : LS_LIST_ITEM - 1), list);
	return list[length] ? list + length + 1 : NULL;
}

static int read_integer(const char *text, uint32_t max, uint32_t *value)
{
	static const struct ls_option option = {.kind = LS_OPTION_U32};
	return !ls_value_store(&option, text, value) && *value >= 1 && *value <= max;
}

static int read_real(const char *text, double *value)
{
	static const struct ls_option option = {.kind = LS_OPTION_REAL};
	return !ls_value_store(&option, text, value) && *value > 0;
}

/* "4", or "1-4". */
static int read_range(char *item, uint32_t max, uint32_t *first, uint32_t *last)
{
	char *dash = strchr(item, '-');
	if (dash)
		*dash = '\0';
	if (!read_integer(item, max, first))
		return 0;
	*last = *first;
	return !dash || (read_integer(dash + 1, max, last) && *last >= *first);
}

static int is_among(const uint32_t *values, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		if (values[i] == value)
			return 1;
	return 0;
}

static const char *add_range(uint32_t first, uint32_t last, uint32_t *values, size_t room, size_t *n)
{
	for (uint64_t value = first; value <= last; value++) {
		if (*n == room)
			return fewer(room);
		if (is_among(values, *n, (uint32_t)value))
			return TWICE;
		values[(*n)++] = (uint32_t)value;
	}
	return NULL;
}

static const char *refuse_integers(uint32_t max)
{
	static char expected[112];
	snprintf(expected, sizeof expected,
	         "integers from 1 to %u, or ranges that rise such as 1-4, with commas between", max);
	return expected;
}

const char *ls_list_integers(const char *list, uint32_t max, uint32_t *values, size_t room, size_t *n)
{
	char item[LS_LIST_ITEM];
	*n = 0;
	while (list) {
		uint32_t first, last;
		list = ls_list_next(list, item);
		if (!read_range(item, max, &first, &last))
			return refuse_integers(max);
		const char *wrong = add_range(first, last, values, room, n);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

const char *ls_list_sorted(const char *list, uint32_t max, uint32_t *values, size_t room, size_t *n)
{
	const char *wrong = ls_list_integers(list, max, values, room, n);
	if (!wrong)
		qsort(values, *n, sizeof *values, compare);
	return wrong;
}

const char *ls_list_reals(const char *list, double *values, size_t room, size_t *n)
{
	char item[LS_LIST_ITEM];
	*n = 0;
	while (list) {
		double value;
		list = ls_list_next(list, item);
		if (!read_real(item, &value))
			return "numbers above 0, with commas between";
		for (size_t i = 0; i < *n; i++)
			if (values[i] == value)
				return TWICE;
		if (*n == room)
			return fewer(room);
		values[(*n)++] = value;
	}
	return NULL;
}

const char *ls_list_words(const char *list, int (*parse)(const char *word), const char *allowed, int *values,
                          size_t room, size_t *n)
{
	char item[LS_LIST_ITEM];
	*n = 0;
	while (list) {
		list = ls_list_next(list, item);
		int value = parse(item);
		if (value < 0)
			return allowed;
		for (size_t i = 0; i < *n; i++)
			if (values[i] == value)
				return TWICE;
		if (*n == room)
			return fewer(room);
		values[(*n)++] = value;
	}
	return NULL;
}

const char *ls_list_time(const char *text, double *seconds)
{
	static const char expected[] = "a number above 0 with its unit: 90s, 15m or 1.5h";
	char number[LS_LIST_ITEM];
	size_t length = strlen(text);
	char unit = 0;
	if (length > 0)
		unit = text[length - 1];
	double scale = unit == 'm' ? 60 : unit == 'h' ? 3600 : 1;
	double value;
	if ((unit != 's' && unit != 'm' && unit != 'h') || length > sizeof number)
		return expected;
	snprintf(number, sizeof number, "%.*s", (int)length - 1, text);
	if (!read_real(number, &value))
		return expected;
	*seconds = scale * value;
	return NULL;
}
