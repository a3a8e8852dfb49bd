/* SPDX-License-Identifier: MIT
 *
 * Names of the values of an enumeration, as options and files spell them.
 */
#ifndef LS_BASE_NAME_H
#define LS_BASE_NAME_H

#include <stddef.h>

/* Index of `name` among n names; -1 when it is none of them. */
int ls_name_find(const char *name, const char *const *names, size_t n);

#endif
