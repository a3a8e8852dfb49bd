/* SPDX-License-Identifier: MIT
 *
 * lockstep report: studies, one run's log, or a scaling study, as a page that needs no network. Which of
 * them a file is, its content says.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/command.h"
#include "cli/print/message.h"
#include "cli/print/output.h"
#include "cli/print/paths.h"
#include "lockstep/version.h"

#define COMMAND LS_REPORT_COMMAND
#define AT(field) offsetof(struct ls_report, field)
#define DEFAULT_INPUT "runs.db"
#define DEFAULT_OUTPUT "report.html"

static const struct ls_option own_options[] = {
    {0, "study", "NAME", LS_OPTION_TEXTS, AT(names), NULL,
     "only this study of a database; may be given several times (default: all, to choose from in the page)"},
    {'o', "output", "FILE", LS_OPTION_TEXT, AT(output), NULL,
     "write to this file, whole or not at all; - is standard output (default: report.html, which is replaced if it is "
     "a report)"},
    {0, "d3", "FILE", LS_OPTION_TEXT, AT(d3), NULL,
     "d3.min.js of d3 5, which becomes a part of the page (default: that of the package node-d3)"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "[FILE]",
    .summary = "Writes one page for any browser, which needs no network: of the studies in a database, of one run, "
	       "from the log of 'train --log', or of a scaling study, from the file of 'scale --json'. FILE is any of "
	       "them (default: runs.db). A study may run meanwhile.",
    .closing = "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

/* What the page is made of. */
struct source {
	const struct ls_report *report;
	enum content { STUDIES, LOG, SCALING } content;
	struct ls_report_studies studies;
	struct ls_report_log log;
	struct ls_report_scaling scaling;
	char *d3;
};

/* ---- Data --------------------------------------------------------------------- */

static void write_now(struct ls_json *json)
{
	char text[32];
	time_t now = time(NULL);
	struct tm utc;
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	ls_json_text(json, text);
}

static int write_data(void *context, FILE *file)
{
	struct source *source = context;
	static const char *const kinds[] = {[STUDIES] = "studies", [LOG] = "run", [SCALING] = "scaling"};
	struct ls_json json = {.file = file};
	int status = LS_EXIT_DONE;
	const char *slash = strrchr(source->report->input, '/');
	ls_json_open(&json, '{');
	ls_json_key(&json, "schema");
	ls_json_integer(&json, LS_REPORT_SCHEMA);
	ls_json_key(&json, "kind");
	ls_json_text(&json, kinds[source->content]);
	ls_json_key(&json, "version");
	ls_json_text(&json, lockstep_version());
	ls_json_key(&json, "file");
	ls_json_text(&json, slash ? slash + 1 : source->report->input);
	ls_json_key(&json, "made");
	write_now(&json);
	if (source->content == LOG)
		ls_report_log_write(&source->log, &json);
	else if (source->content == SCALING)
		ls_report_scaling_write(&source->scaling, &json);
	else
		status = ls_report_studies_write(&source->studies, &json);
	ls_json_close(&json, '}');
	return status;
}

/* ---- Input -------------------------------------------------------------------- */

/* Files are read more than once: for what they are, and then for good. */
static int check_input(const char *path)
{
	struct stat status;
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return ls_message_failed(COMMAND, "%s: must be a regular file, since it is read more than once", path);
	return LS_EXIT_DONE;
}

/* Whatever is no text is left to the database's reader, which has the better words. */
static int find_content(struct source *source, FILE *file)
{
	static const char database[] = "SQLite format 3", mark[] = "\xef\xbb\xbf";
	char start[64] = "";
	size_t n = fread(start, 1, sizeof start - 1, file);
	if (ferror(file))
		return ls_message_failed(COMMAND, "%s: %s", source->report->input, strerror(errno));
	rewind(file);
	if (strncmp(start, mark, sizeof mark - 1) == 0)
		return ls_message_failed(COMMAND, "%s: begins with a byte order mark, which no JSON has",
		                         source->report->input);
	if (start[strspn(start, " \t\r\n")] == '{')
		source->content = ls_report_scaling_is(file) ? SCALING : LOG;
	else if (n > 0 && strcmp(start, database) != 0)
		return ls_message_failed(
		    COMMAND, "%s: is neither a database of studies nor the log of a run nor a scaling study",
		    source->report->input);
	return LS_EXIT_DONE;
}

static int find_kind(struct source *source)
{
	if (check_input(source->report->input))
		return LS_EXIT_FAILED;
	FILE *file = fopen(source->report->input, "rb");
	if (!file)
		return ls_message_failed(COMMAND, "%s: %s", source->report->input, strerror(errno));
	int status = find_content(source, file);
	fclose(file);
	return status;
}

static int open_source(struct source *source)
{
	int status = find_kind(source);
	if (status)
		return status;
	if (source->content == STUDIES)
		return ls_report_studies_open(&source->studies, source->report);
	if (source->report->names.n)
		return ls_message_usage(COMMAND, "--study belongs to a database; %s is %s", source->report->input,
		                        source->content == LOG ? "the log of a run" : "one scaling study");
	return source->content == LOG ? ls_report_log_open(&source->log, source->report->input)
	                              : ls_report_scaling_open(&source->scaling, source->report->input);
}

static void close_source(struct source *source)
{
	ls_report_studies_close(&source->studies);
	ls_report_log_close(&source->log);
	ls_report_scaling_close(&source->scaling);
	free(source->d3);
}

/* ---- Output ------------------------------------------------------------------- */

/* What was named is replaced, as everywhere; the name that nobody gave is not to cost anybody a file. */
static int check_output(const struct ls_report *report, const char *path)
{
	struct stat status;
	if (!path)
		return LS_EXIT_DONE;
	if (ls_paths_are_same(path, report->input))
		return ls_message_usage(COMMAND, "%s: is what the report is of", path);
	if (report->d3 && ls_paths_are_same(path, report->d3))
		return ls_message_usage(COMMAND, "%s: is the file of --d3, which is read", path);
	if (!report->output && stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    !ls_report_page_is(path))
		return ls_message_failed(COMMAND, "%s: is there and is no report: name the output with -o", path);
	return ls_output_check(path, COMMAND);
}

static void print_studies(const struct ls_report_studies *studies, const char *path)
{
	const size_t n = studies->n + studies->n_scalings;
	printf("%s: %zu %s, %zu trials", path, n, n == 1 ? "study" : "studies", studies->n_trials);
	if (studies->n_scalings)
		printf(", %zu of scaling", studies->n_scalings);
	putchar('\n');
}

static void print_result(const struct source *source, const char *path)
{
	if (source->content == LOG)
		printf("%s: %zu epochs of a run\n", path, source->log.n_epochs);
	else if (source->content == SCALING)
		printf("%s: a scaling study of %zu series\n", path, source->scaling.n_series);
	else
		print_studies(&source->studies, path);
}

static int write_report(struct source *source, const char *path)
{
	struct ls_output output;
	const struct ls_report_page page = {source->d3, write_data, source};
	int status = ls_output_open(&output, path, COMMAND);
	if (status)
		return status;
	status = ls_report_page_write(&page, output.file);
	if (status) {
		ls_output_abandon(&output);
		return status;
	}
	status = ls_output_commit(&output, COMMAND);
	if (!status && path)
		print_result(source, path);
	return status;
}

static const char *output_path(const struct ls_report *report)
{
	if (!report->output)
		return DEFAULT_OUTPUT;
	return strcmp(report->output, "-") == 0 ? NULL : report->output;
}

int ls_command_report(int argc, char **argv)
{
	struct ls_report report = {.input = DEFAULT_INPUT};
	const struct ls_option_group groups[] = {{"Options", own_options, &report}, {0}};
	const char *operands[LS_OPERANDS_MAX] = {NULL};
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	if (status != LS_OPTIONS_PARSED)
		return status;
	if (operands[0])
		report.input = operands[0];
	struct source source = {.report = &report};
	status = open_source(&source);
	if (!status)
		status = check_output(&report, output_path(&report));
	if (!status)
		status = ls_report_d3_load(&source.d3, report.d3);
	if (!status)
		status = write_report(&source, output_path(&report));
	close_source(&source);
	return status;
}
