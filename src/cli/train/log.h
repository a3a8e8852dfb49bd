/* SPDX-License-Identifier: MIT
 *
 * The log of a training run: JSON Lines, one event a line, flushed at once so
 * that a reader may follow it. A log that is not open takes events and drops
 * them. A failed write is remembered and reported once, when the log is
 * closed: it does not end the training.
 */
#ifndef LS_CLI_LOG_H
#define LS_CLI_LOG_H

#include <stdio.h>

#include "cli/options/job_options.h"
#include "cli/print/stream.h"
#include "lockstep/topology.h"
#include "lockstep/train.h"

#define LS_LOG_SCHEMA 1

struct ls_log {
	FILE *file; /* NULL: no log */
	struct ls_stream stream;
	const char *path;
	int multilabel; /* metrics have accuracies of labels too */
	int failed;     /* errno of the first failed write, or -1 */
};

/* What the first event tells. `job` is the whole job, nothing left open. */
struct ls_log_start {
	const struct ls_job_options *job;
	const lockstep_dataset *dataset;
	const lockstep_network *network;
	const struct lockstep_plan *plan;
	const struct lockstep_topology_summary *machine;
	const char *resumed; /* checkpoint that the job goes on from, or NULL */
	uint64_t resumed_step;
};

/* Creates the file, or, when it `appends`, goes on where it ends; `path` NULL
 * opens no log. Returns the exit status. */
int ls_log_open(struct ls_log *log, const char *path, int appends, const char *command);

void ls_log_start(struct ls_log *log, const struct ls_log_start *start);
/* The way that automatic workers go on with, of n tried. */
void ls_log_choice(struct ls_log *log, const struct lockstep_trial *trials, size_t n, size_t i_chosen);
void ls_log_epoch(struct ls_log *log, const struct lockstep_epoch *epoch);
void ls_log_checkpoint(struct ls_log *log, const struct lockstep_saved *saved);

/* `outcome` is "done", "stopped", "diverged" or "failed"; `fingerprint` and
 * `message` may be NULL. */
void ls_log_end(struct ls_log *log, const char *outcome, const char *fingerprint, const char *message, double seconds);

/* The options of a job that decide its result, or those of its data alone, as a line of
 * JSON; to be freed. NULL: there is no memory. */
char *ls_log_job_text(const struct ls_job_options *job);
char *ls_log_data_text(const struct ls_data_options *data);

/* Returns `status`, or LS_EXIT_FAILED with a line on stderr when the log is
 * not complete. */
int ls_log_close(struct ls_log *log, const char *command, int status);

#endif
