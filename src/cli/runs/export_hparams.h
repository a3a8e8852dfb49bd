/* SPDX-License-Identifier: MIT
 *
 * The messages of TensorBoard's HParams plugin: one that says which parameters and metrics
 * there are, and two for each session, which is a run of a trial: its parameters and its
 * end. Each is a Summary without data, whose metadata hold it.
 */
#ifndef LS_CLI_EXPORT_HPARAMS_H
#define LS_CLI_EXPORT_HPARAMS_H

#include "export.h"
#include "protobuf.h"

#define LS_OBJECTIVE_TAG "objective" /* a scalar of each run beside its metrics */

enum ls_hparam_type { LS_HPARAM_NONE = 0, LS_HPARAM_STRING, LS_HPARAM_BOOLEAN, LS_HPARAM_NUMBER };

/* A parameter's type is that of all its values in all studies; else it is a text. */
struct ls_hparam {
	const char *name; /* borrowed from the export */
	enum ls_hparam_type type;
	double low, high; /* of numbers */
};

/* Caller frees *out [export->parameters.n]. Returns the exit status. */
int ls_hparams_create(struct ls_hparam **out, const struct ls_export *export);

/* Caller owns what the messages hold. */
struct ls_protobuf ls_hparams_experiment(const struct ls_export *export, const struct ls_hparam *hparams,
                                         double created);
/* `group` holds a trial's runs together. */
struct ls_protobuf ls_hparams_start(const struct ls_export *export, const struct ls_hparam *hparams,
                                    const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                                    const char *group, double started);
struct ls_protobuf ls_hparams_end(enum lockstep_trial_state state, double ended);

#endif
