/* SPDX-License-Identifier: MIT
 *
 * What `runs export` writes, a function a form, over studies that are read. The forms
 * share which epochs are a trial's, and when it ran.
 */
#ifndef LS_CLI_EXPORT_H
#define LS_CLI_EXPORT_H

#include <stdio.h>

#include "runs_verbs.h"

struct ls_names {
	const char **names; /* [n], borrowed from the studies */
	size_t n;
};

struct ls_export {
	const struct ls_runs *runs;
	struct lockstep_runs_study **studies; /* [n_studies], owned */
	size_t n_studies;
	struct ls_names parameters, metrics; /* of all studies, each where it comes first */
};

/* Each returns the exit status; write errors stay in the FILE. */
int ls_export_rows(const struct ls_export *export, FILE *file);
int ls_export_optuna(const struct ls_export *export, FILE *file);

/* To the folder that the user names. */
int ls_export_tensorboard(const struct ls_export *export);

/* The trial's earliest start and its latest end; NULL: none. */
const char *ls_export_started(const struct lockstep_runs_trial *trial);
const char *ls_export_ended(const struct lockstep_runs_trial *trial);
/* That all its runs took; NaN: not known. */
double ls_export_seconds(const struct lockstep_runs_trial *trial);
/* What another trial made of the same job later is not this one's. */
int ls_export_is_of_trial(const struct lockstep_runs_trial *trial, const struct lockstep_runs_epoch *epoch);

#endif
