/* SPDX-License-Identifier: MIT
 *
 * The one helper that fills a lockstep_error and returns its status.
 */
#ifndef LS_BASE_ERROR_H
#define LS_BASE_ERROR_H

#include "lockstep/status.h"

/* Writes the formatted line into `error` (which may be NULL) and returns
 * `status`, so that a failing path reads `return ls_error_set(...)`. A message
 * too long for the buffer ends in "..."; a control character becomes '?'. */
lockstep_status ls_error_set(lockstep_error *error, lockstep_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The error of an allocation that failed; `what` names what it was for. */
lockstep_status ls_error_memory(lockstep_error *error, const char *what);

/* What an analyzer, which reads one file at a time, cannot see of them. Their
 * definitions have the names in parentheses, which keeps macros off. */
#ifdef __clang_analyzer__
#define ls_error_set(error, status, ...) (ls_error_set(error, status, __VA_ARGS__), (status))
#define ls_error_memory(error, what) (ls_error_memory(error, what), LOCKSTEP_ERROR_MEMORY)
#endif

#endif
