/* SPDX-License-Identifier: MIT
 *
 * JSON as it is written, value by value, for results too large to be put together first. It
 * may stand between the tags of a page: '<', '>' and '&' are escaped, and what JavaScript takes for the end of a
 * line. Bytes that are no UTF-8 become U+FFFD. Write errors stay in the FILE.
 */
#ifndef LS_CLI_JSON_H
#define LS_CLI_JSON_H

#include <stdint.h>
#include <stdio.h>

struct ls_json {
	FILE *file;
	int is_behind; /* a value: a comma comes before the next */
};

/* An object's or array's first and last character. */
void ls_json_open(struct ls_json *json, char bracket);
void ls_json_close(struct ls_json *json, char bracket);

/* The name of the next value, in an object. */
void ls_json_key(struct ls_json *json, const char *key);

void ls_json_text(struct ls_json *json, const char *text); /* NULL: null */
void ls_json_integer(struct ls_json *json, uint64_t value);
void ls_json_boolean(struct ls_json *json, int value);
void ls_json_real(struct ls_json *json, double value);  /* reads back as the same; null when it is not finite */
void ls_json_short(struct ls_json *json, double value); /* with six digits */

/* A value that is JSON already, of one line. */
void ls_json_value(struct ls_json *json, const char *text);

/* A member of an object: its name and its value. */
void ls_json_put_text(struct ls_json *json, const char *key, const char *text);
void ls_json_put_integer(struct ls_json *json, const char *key, uint64_t value);
void ls_json_put_boolean(struct ls_json *json, const char *key, int value);
void ls_json_put_real(struct ls_json *json, const char *key, double value);

/* The same of what may not be known: an empty text (or NULL) and a number that is not above 0 are null. */
void ls_json_put_filled(struct ls_json *json, const char *key, const char *text);
void ls_json_put_positive(struct ls_json *json, const char *key, double value);

#endif
