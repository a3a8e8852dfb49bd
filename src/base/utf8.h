/* SPDX-License-Identifier: MIT
 *
 * Is a text UTF-8? Names go into JSON, which can hold nothing else.
 */
#ifndef LS_BASE_UTF8_H
#define LS_BASE_UTF8_H

#include <stddef.h>

/* Whether the n bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no
 * surrogates, nothing above U+10FFFF. NULs are allowed. */
int ls_utf8_check(const char *text, size_t n);

#endif
