/* SPDX-License-Identifier: MIT
 *
 * The log of one run, read line by line: every line has to be an event, but for the last one, which a crash
 * may have cut off, or the run has not yet ended.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "report.h"

#define COMMAND LS_REPORT_COMMAND

struct reading {
	const char *path;
	struct ls_report_log *log;
	size_t line, room;
};

static int add_event(struct reading *reading, json_t *event)
{
	struct ls_report_log *log = reading->log;
	if (log->n == reading->room) {
		size_t room = reading->room ? 2 * reading->room : 64;
		char **events = realloc(log->events, room * sizeof *events);
		if (!events)
			return ls_message_failed(COMMAND, "out of memory for %s", reading->path);
		log->events = events;
		reading->room = room;
	}
	char *text = json_dumps(event, JSON_COMPACT);
	if (!text)
		return ls_message_failed(COMMAND, "out of memory for %s", reading->path);
	log->events[log->n++] = text;
	return LS_EXIT_DONE;
}

/* The event's name, or NULL: that is no event. */
static const char *event_name(const json_t *event)
{
	return json_string_value(json_object_get(event, "event"));
}

static int read_line(struct reading *reading, const char *line, int is_last)
{
	json_error_t cause;
	if (line[strspn(line, " \t\r")] == '\0')
		return LS_EXIT_DONE;
	json_t *event = json_loads(line, JSON_REJECT_DUPLICATES, &cause);
	if (!event && is_last) {
		reading->log->is_cut = 1;
		return LS_EXIT_DONE;
	}
	if (!event)
		return ls_message_failed(COMMAND, "%s:%zu:%d: is no JSON: %s", reading->path, reading->line,
		                         cause.column, cause.text);
	const char *name = event_name(event);
	int status =
	    name ? add_event(reading, event)
		 : ls_message_failed(COMMAND, "%s:%zu: is no event of a training run", reading->path, reading->line);
	reading->log->n_epochs += name && strcmp(name, "epoch") == 0;
	json_decref(event);
	return status;
}

static int read_lines(struct reading *reading, FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = LS_EXIT_DONE;
	errno = 0;
	while (!status && (length = getline(&line, &size, file)) >= 0) {
		int is_whole = length > 0 && line[length - 1] == '\n';
		reading->line++;
		if (is_whole)
			line[--length] = '\0';
		if ((size_t)length != strlen(line))
			status = ls_message_failed(COMMAND, "%s:%zu: is no text", reading->path, reading->line);
		else
			status = read_line(reading, line, !is_whole);
	}
	if (!status && !feof(file))
		status = ls_message_failed(COMMAND, "%s: %s", reading->path, strerror(errno ? errno : EIO));
	free(line);
	return status;
}

int ls_report_log_open(struct ls_report_log *log, const char *path)
{
	struct reading reading = {.path = path, .log = log};
	FILE *file = fopen(path, "rb");
	if (!file)
		return ls_message_failed(COMMAND, "%s: %s", path, strerror(errno));
	int status = read_lines(&reading, file);
	fclose(file);
	if (!status && log->n == 0)
		status = ls_message_failed(COMMAND, "%s: has no whole event", path);
	if (status)
		ls_report_log_close(log);
	return status;
}

void ls_report_log_write(const struct ls_report_log *log, struct ls_json *json)
{
	ls_json_key(json, "cut");
	ls_json_boolean(json, log->is_cut);
	ls_json_key(json, "events");
	ls_json_open(json, '[');
	for (size_t i = 0; i < log->n; i++)
		ls_json_value(json, log->events[i]);
	ls_json_close(json, ']');
}

void ls_report_log_close(struct ls_report_log *log)
{
	for (size_t i = 0; i < log->n; i++)
		free(log->events[i]);
	free(log->events);
	*log = (struct ls_report_log){.n = 0};
}
