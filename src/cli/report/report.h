/* SPDX-License-Identifier: MIT
 *
 * What the parts of `lockstep report` share. A page is a frame (page/report.html) with places for the
 * style, for d3, for the data as JSON, and for the scripts that draw them.
 */
#ifndef LS_CLI_REPORT_H
#define LS_CLI_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "cli/options/options.h"
#include "cli/print/json.h"
#include "lockstep/runs.h"

#define LS_REPORT_COMMAND "report"
#define LS_REPORT_SCHEMA 1

struct ls_report {
	const char *input, *output, *d3;
	struct ls_option_texts names; /* of studies; none: all */
};

/* ---- Studies ------------------------------------------------------------------ */

/* A database with those studies that the report is about. */
struct ls_report_studies {
	lockstep_runs *runs;
	size_t *chosen; /* [n], their places in the database */
	size_t n;
	size_t *scalings; /* [n_scalings], those of scaling studies likewise */
	char **texts;     /* [n_scalings], owned: their documents, each in one line of JSON */
	size_t n_scalings;
	size_t n_trials; /* written so far */
};

/* Returns the exit status; on failure nothing is open. */
int ls_report_studies_open(struct ls_report_studies *studies, const struct ls_report *report);
/* The members "studies" and "scalings", the latter documents of doc/scaling.md. */
int ls_report_studies_write(struct ls_report_studies *studies, struct ls_json *json);
void ls_report_studies_close(struct ls_report_studies *studies);

/* ---- The log of one run --------------------------------------------------------- */

struct ls_report_log {
	char **events; /* [n], owned: a line of JSON each */
	size_t n, n_epochs;
	int is_cut; /* the last line was no whole event */
};

int ls_report_log_open(struct ls_report_log *log, const char *path);
/* The members "events" and "cut". */
void ls_report_log_write(const struct ls_report_log *log, struct ls_json *json);
void ls_report_log_close(struct ls_report_log *log);

/* ---- A scaling study ------------------------------------------------------------ */

struct ls_report_scaling {
	char *text; /* the document in one line of JSON, owned */
	size_t n_series;
};

/* Is this a scaling study's document, whole or broken, rather than a log? Leaves the file anywhere. */
int ls_report_scaling_is(FILE *file);
int ls_report_scaling_open(struct ls_report_scaling *scaling, const char *path);
/* The same of the database `path`: *text is the caller's, untouched on failure. */
int ls_report_scaling_take(char **text, const struct lockstep_runs_scaling *scaling, const char *path);
/* The member "scalings", an array of one. */
void ls_report_scaling_write(const struct ls_report_scaling *scaling, struct ls_json *json);
void ls_report_scaling_close(struct ls_report_scaling *scaling);

/* ---- The page ------------------------------------------------------------------- */

/* The text of d3, from a file; `path` NULL: where this machine may have it. Caller
 * owns *text. Returns the exit status. */
int ls_report_d3_load(char **text, const char *path);

/* Writes the page; `write_data` writes the data when their place has come. */
struct ls_report_page {
	const char *d3;
	int (*write_data)(void *context, FILE *file);
	void *context;
};
int ls_report_page_write(const struct ls_report_page *page, FILE *file);

/* Is the file one that ls_report_page_write() made? */
int ls_report_page_is(const char *path);

/* The page's own files, which the build puts into report_files.c; NULL ends them. */
struct ls_report_file {
	const char *name;
	const unsigned char *bytes; /* [n] */
	size_t n;
};
extern const struct ls_report_file ls_report_files[];

#endif
