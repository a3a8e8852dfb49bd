/* SPDX-License-Identifier: MIT
 *
 * Numbers are checked character by character before strtod() or strtoull()
 * sees them, because those also take spaces, signs, hexadecimal, "inf" and
 * "nan". The command never calls setlocale(), so the point is a point.
 */
#include "values.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lockstep/train.h"

static const char *skip_digits(const char *text)
{
	return text + strspn(text, "0123456789");
}

/* [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static int is_decimal(const char *text)
{
	if (*text == '+' || *text == '-')
		text++;
	const char *end = skip_digits(text);
	size_t n_digits = (size_t)(end - text);
	if (*end == '.') {
		text = end + 1;
		end = skip_digits(text);
		n_digits += (size_t)(end - text);
	}
	if (n_digits == 0)
		return 0;
	if (*end == 'e' || *end == 'E') {
		text = end + 1;
		if (*text == '+' || *text == '-')
			text++;
		end = skip_digits(text);
		if (end == text)
			return 0;
	}
	return *end == '\0';
}

static int parse_real(const char *text, double *value)
{
	if (!is_decimal(text))
		return 0;
	double parsed = strtod(text, NULL);
	if (!isfinite(parsed))
		return 0;
	*value = parsed;
	return 1;
}

static int parse_integer(const char *text, uint64_t max, uint64_t *value)
{
	if (*text == '\0' || *skip_digits(text) != '\0')
		return 0;
	errno = 0;
	unsigned long long parsed = strtoull(text, NULL, 10);
	if (errno || parsed > max)
		return 0;
	*value = parsed;
	return 1;
}

static const char *store_u32(const char *text, uint32_t *value)
{
	uint64_t parsed;
	if (!parse_integer(text, UINT32_MAX, &parsed))
		return "an integer from 0 to 4294967295";
	*value = (uint32_t)parsed;
	return NULL;
}

static const char *store_u64(const char *text, uint64_t *value)
{
	return parse_integer(text, UINT64_MAX, value) ? NULL : "an integer from 0 to 18446744073709551615";
}

static const char *store_size(const char *text, size_t *value)
{
	uint64_t parsed;
	if (!parse_integer(text, SIZE_MAX, &parsed))
		return "an integer of 0 and more";
	*value = (size_t)parsed;
	return NULL;
}

static const char *store_real(const char *text, double *value)
{
	return parse_real(text, value) ? NULL : "a decimal number";
}

static const char *store_workers(const char *text, uint32_t *value)
{
	uint64_t parsed = 0;
	if (strcmp(text, "auto") != 0 && (!parse_integer(text, UINT32_MAX, &parsed) || parsed == 0))
		return "auto, or an integer of 1 and more";
	*value = (uint32_t)parsed;
	return NULL;
}

static const char *store_rows(const char *text, double *value)
{
	static const char allowed[] = "a number of rows, or a fraction below 1 such as 0.1";
	double parsed;
	uint64_t n_rows;
	if (parse_integer(text, UINT64_C(1) << 53, &n_rows))
		parsed = (double)n_rows;
	else if (!strpbrk(text, ".eE") || !parse_real(text, &parsed) || !(parsed >= 0 && parsed < 1))
		return allowed;
	*value = parsed;
	return NULL;
}

/* The unit may be short: "1epoch", "30s". */
static int parse_unit(const char *text, enum lockstep_unit *unit)
{
	static const char *const names[] = {
	    [LOCKSTEP_STEPS] = "steps", [LOCKSTEP_EPOCHS] = "epochs", [LOCKSTEP_SECONDS] = "seconds"};
	size_t length = strlen(text);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (length + 1 >= strlen(names[i]) && strncmp(text, names[i], length) == 0) {
			*unit = (enum lockstep_unit)i;
			return 1;
		}
	*unit = LOCKSTEP_SECONDS;
	return strcmp(text, "s") == 0;
}

static const char *store_interval(const char *text, struct lockstep_interval *interval)
{
	char digits[24] = "";
	size_t n = strspn(text, "0123456789");
	struct lockstep_interval parsed;
	if (n < sizeof digits)
		memcpy(digits, text, n);
	if (!parse_integer(digits, UINT64_MAX, &parsed.n) || parsed.n == 0 || !parse_unit(text + n, &parsed.unit))
		return "a number of 1 and more with its unit: 500steps, 2epochs or 60seconds";
	*interval = parsed;
	return NULL;
}

static const char *store_text(const char *text, struct ls_option_texts *texts)
{
	if (texts->n == LS_OPTION_TEXTS_MAX)
		return "64 of them at most";
	texts->texts[texts->n++] = text;
	return *text ? NULL : "a text that is not empty";
}

static const char *store_choice(const struct ls_option *option, const char *text, int *value)
{
	size_t length = strlen(text);
	int position = 0;
	for (const char *word = option->argument; length > 0; position++) {
		size_t n = strcspn(word, "|");
		if (n == length && memcmp(word, text, n) == 0) {
			*value = option->choice ? option->choice(text) : position;
			return NULL;
		}
		if (word[n] == '\0')
			break;
		word += n + 1;
	}
	return option->argument;
}

const char *ls_value_store(const struct ls_option *option, const char *text, void *target)
{
	void *value = (char *)target + option->offset;
	switch (option->kind) {
	case LS_OPTION_FLAG:
		*(int *)value = 1;
		return NULL;
	case LS_OPTION_TEXT:
		*(const char **)value = text;
		return *text ? NULL : "a text that is not empty";
	case LS_OPTION_TEXTS:
		return store_text(text, value);
	case LS_OPTION_U32:
		return store_u32(text, value);
	case LS_OPTION_U64:
		return store_u64(text, value);
	case LS_OPTION_SIZE:
		return store_size(text, value);
	case LS_OPTION_REAL:
		return store_real(text, value);
	case LS_OPTION_CHOICE:
		return store_choice(option, text, value);
	case LS_OPTION_WORKERS:
		return store_workers(text, value);
	case LS_OPTION_ROWS:
		return store_rows(text, value);
	case LS_OPTION_INTERVAL:
		return store_interval(text, value);
	}
	return "another value";
}
