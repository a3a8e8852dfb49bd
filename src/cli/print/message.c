/* SPDX-License-Identifier: MIT
 *
 * Each message is one fprintf-built line, so that lines of several processes
 * on one terminal do not mix.
 */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stream.h"

/* A word of the command line may hold a newline; it is quoted on one line. */
static void print_line(const char *command, const char *format, va_list arguments)
{
	char text[1024];
	vsnprintf(text, sizeof text, format, arguments);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	fprintf(stderr, "lockstep%s%s: %s\n", command ? " " : "", command ? command : "", text);
}

void ls_message_note(const char *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line(command, format, arguments);
	va_end(arguments);
}

int ls_message_failed(const char *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line(command, format, arguments);
	va_end(arguments);
	return LS_EXIT_FAILED;
}

static int try_help(const char *command)
{
	fprintf(stderr, "Try 'lockstep %s%s--help'\n", command ? command : "", command ? " " : "");
	return LS_EXIT_USAGE;
}

int ls_message_usage(const char *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	print_line(command, format, arguments);
	va_end(arguments);
	return try_help(command);
}

int ls_message_error(const char *command, const lockstep_error *error)
{
	ls_message_note(command, "%s", error->message);
	if (error->status == LOCKSTEP_ERROR_ARGUMENT)
		return try_help(command);
	return error->status == LOCKSTEP_DIVERGED ? LS_EXIT_DIVERGED : LS_EXIT_FAILED;
}

int ls_message_finish(const char *command, int status)
{
	int failed = ferror(stdout);
	errno = 0;
	failed |= fflush(stdout);
	if (!failed)
		return status;
	int error = ls_stream_stdout_error() ? ls_stream_stdout_error() : errno;
	const char *cause = error ? strerror(error) : "write error";
	ls_message_note(command, "standard output: %s", cause);
	return status ? status : LS_EXIT_FAILED;
}
