/* SPDX-License-Identifier: MIT
 *
 * Lists on the command line, "1,2,8": read strictly, item by item.
 */
#ifndef LS_CLI_SCALE_LISTS_H
#define LS_CLI_SCALE_LISTS_H

#include <stddef.h>
#include <stdint.h>

#define LS_LIST_ITEM 64

/* The next item of a list, of LS_LIST_ITEM - 1 characters at most. Returns what follows its comma, NULL after the
 * last. */
const char *ls_list_next(const char *list, char item[LS_LIST_ITEM]);

/* Each returns NULL, or what would have been allowed: a phrase that follows "expected", until the next call. At most
 * `room` values are taken, none of them twice. */

/* Integers from 1 to `max`, and ranges of them, "1-4". */
const char *ls_list_integers(const char *list, uint32_t max, uint32_t *values, size_t room, size_t *n);

/* The same, which are sorted. */
const char *ls_list_sorted(const char *list, uint32_t max, uint32_t *values, size_t room, size_t *n);

/* Finite numbers above 0. */
const char *ls_list_reals(const char *list, double *values, size_t room, size_t *n);

/* Values that `parse` has for the words, -2 for one that it does not know; the first `n_values` numbers are words.
 * `allowed` names them. */
const char *ls_list_words(const char *list, int (*parse)(const char *word), const char *allowed, int *values,
                          size_t room, size_t *n);

/* Seconds: a number above 0 and its unit, s, m or h. */
const char *ls_list_time(const char *text, double *seconds);

#endif
