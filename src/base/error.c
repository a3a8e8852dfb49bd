/* SPDX-License-Identifier: MIT
 *
 * Error text: formatted once, where the failure is seen. What it quotes may hold
 * anything, so it is made one line here, for all.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Newlines, and what else would move a terminal's cursor. */
static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

lockstep_status(ls_error_set)(lockstep_error *error, lockstep_status status, const char *format, ...)
{
	if (!error)
		return status;

	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof error->message)
		memcpy(error->message + sizeof error->message - 4, "...", 4);
	replace_controls(error->message);
	error->status = status;
	return status;
}

lockstep_status(ls_error_memory)(lockstep_error *error, const char *what)
{
	return ls_error_set(error, LOCKSTEP_ERROR_MEMORY, "out of memory for %s", what);
}

const char *lockstep_status_name(lockstep_status status)
{
	switch (status) {
	case LOCKSTEP_OK:
		return "success";
	case LOCKSTEP_ERROR_ARGUMENT:
		return "argument error";
	case LOCKSTEP_ERROR_MEMORY:
		return "out of memory";
	case LOCKSTEP_ERROR_IO:
		return "input/output error";
	case LOCKSTEP_ERROR_FORMAT:
		return "format error";
	case LOCKSTEP_ERROR_SYSTEM:
		return "system error";
	case LOCKSTEP_ERROR_UNSUPPORTED:
		return "not supported here";
	case LOCKSTEP_DIVERGED:
		return "diverged";
	case LOCKSTEP_STOPPED:
		return "stopped";
	}
	return "unknown status";
}
