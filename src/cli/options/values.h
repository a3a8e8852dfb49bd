/* SPDX-License-Identifier: MIT
 *
 * The text of one option's value, read strictly.
 */
#ifndef LS_CLI_VALUES_H
#define LS_CLI_VALUES_H

#include "options.h"

/* Stores the value of `text` (ignored for a flag) in the target. Returns NULL,
 * or what would have been allowed: a phrase that follows "expected". */
const char *ls_value_store(const struct ls_option *option, const char *text, void *target);

#endif
