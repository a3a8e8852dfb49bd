/* SPDX-License-Identifier: MIT
 *
 * Outside of texts JSON has none of the characters that are escaped for the page, so that a value that was
 * written by others is made safe without being read.
 */
#include "json.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "lockstep/runs.h"

static void begin_value(struct ls_json *json)
{
	if (json->is_behind)
		putc(',', json->file);
	json->is_behind = 1;
}

void ls_json_open(struct ls_json *json, char bracket)
{
	begin_value(json);
	putc(bracket, json->file);
	json->is_behind = 0;
}

void ls_json_close(struct ls_json *json, char bracket)
{
	putc(bracket, json->file);
	json->is_behind = 1;
}

/* ---- Texts ------------------------------------------------------------------ */

/* Of the character that begins here, 1 .. 4 bytes; 0: these are no UTF-8 (RFC 3629). */
static size_t character_length(const unsigned char *at)
{
	static const struct {
		unsigned char first, last, second_min, second_max;
		size_t length;
	} forms[] = {
	    {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (*at < forms[i].first || *at > forms[i].last)
			continue;
		if (forms[i].length > 1 && (at[1] < forms[i].second_min || at[1] > forms[i].second_max))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* Is it U+2028 or U+2029? */
static int is_line_end(const unsigned char *at)
{
	return at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8;
}

static int is_special(unsigned char c)
{
	return c < ' ' || c == '<' || c == '>' || c == '&' || c == 127;
}

/* Writes one character, escaped where a page would misread it; returns its length. */
static size_t put_character(FILE *file, const unsigned char *at)
{
	size_t length = character_length(at);
	if (length == 0)
		fputs("\\ufffd", file);
	else if (length == 3 && is_line_end(at))
		fprintf(file, "\\u202%c", at[2] & 1 ? '9' : '8');
	else if (length == 1 && is_special(*at))
		fprintf(file, "\\u%04x", *at);
	else
		fwrite(at, 1, length, file);
	return length ? length : 1;
}

static void put_text(FILE *file, const char *text)
{
	putc('"', file);
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		if (*at == '"' || *at == '\\')
			putc('\\', file);
		at += put_character(file, at);
	}
	putc('"', file);
}

void ls_json_key(struct ls_json *json, const char *key)
{
	begin_value(json);
	put_text(json->file, key);
	putc(':', json->file);
	json->is_behind = 0;
}

void ls_json_text(struct ls_json *json, const char *text)
{
	begin_value(json);
	if (text)
		put_text(json->file, text);
	else
		fputs("null", json->file);
}

void ls_json_value(struct ls_json *json, const char *text)
{
	begin_value(json);
	for (const unsigned char *at = (const unsigned char *)text; *at;)
		at += put_character(json->file, at);
}

/* ---- Numbers ---------------------------------------------------------------- */

void ls_json_integer(struct ls_json *json, uint64_t value)
{
	begin_value(json);
	fprintf(json->file, "%llu", (unsigned long long)value);
}

void ls_json_boolean(struct ls_json *json, int value)
{
	begin_value(json);
	fputs(value ? "true" : "false", json->file);
}

void ls_json_real(struct ls_json *json, double value)
{
	char text[LOCKSTEP_NUMBER_MAX];
	begin_value(json);
	fputs(isfinite(value) ? lockstep_number_text(value, text) : "null", json->file);
}

void ls_json_short(struct ls_json *json, double value)
{
	begin_value(json);
	if (isfinite(value))
		fprintf(json->file, "%.6g", value);
	else
		fputs("null", json->file);
}

/* ---- Members ---------------------------------------------------------------- */

void ls_json_put_text(struct ls_json *json, const char *key, const char *text)
{
	ls_json_key(json, key);
	ls_json_text(json, text);
}

void ls_json_put_integer(struct ls_json *json, const char *key, uint64_t value)
{
	ls_json_key(json, key);
	ls_json_integer(json, value);
}

void ls_json_put_boolean(struct ls_json *json, const char *key, int value)
{
	ls_json_key(json, key);
	ls_json_boolean(json, value);
}

void ls_json_put_real(struct ls_json *json, const char *key, double value)
{
	ls_json_key(json, key);
	ls_json_real(json, value);
}

void ls_json_put_filled(struct ls_json *json, const char *key, const char *text)
{
	ls_json_put_text(json, key, text && *text ? text : NULL);
}

void ls_json_put_positive(struct ls_json *json, const char *key, double value)
{
	ls_json_put_real(json, key, value > 0 ? value : (double)NAN);
}
