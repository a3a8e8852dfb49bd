/* SPDX-License-Identifier: MIT
 *
 * Which parameters made the difference in a study: what the best tenth of its trials
 * has in common that the others have not (PED-ANOVA; Watanabe, Bansal, Hutter,
 * IJCAI 2023, arXiv 2304.10255). And on which scale a parameter is best shown.
 *
 * A function of the study alone, with the same bits everywhere.
 */
#ifndef LOCKSTEP_IMPORTANCE_H
#define LOCKSTEP_IMPORTANCE_H

#include <stddef.h>

#include "lockstep/runs.h"
#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lockstep_axis_scale {
	LOCKSTEP_AXIS_LISTED = 0, /* values side by side, in the order of the specification */
	LOCKSTEP_AXIS_LINEAR,
	LOCKSTEP_AXIS_LOG
};

/* Texts are the importance's own, or static. */
struct lockstep_importance_parameter {
	const char *distribution; /* of the specification; NULL: it does not say */
	const char *follows;      /* zipped: the parameter that it goes with; NULL: none */
	enum lockstep_axis_scale scale;
	double low, high; /* between which values are drawn, or were; NaN: of listed ones, and without an end */
	size_t n_values;  /* of listed ones */
	const char *const *values; /* [n_values], texts as in struct lockstep_runs_value */
	size_t n_trials;           /* of those compared: in how many it is active */
	double divergence;         /* how far its values in the best trials are from those in all, 0 and more; NaN: no
				      comparison, it has one value only, or it follows another */
	double share;              /* of the sum of divergences; NaN with it, and where there is a reason */
	double chance; /* what 95 of 100 shares would not exceed if the best had been chosen at random: a share
			  below it says nothing; NaN with it */
};

struct lockstep_importance {
	size_t n_trials;    /* done, with an objective: those that are compared */
	size_t n_best;      /* of them: the best tenth, and those that are as good as its last */
	const char *reason; /* why there are no shares, as a sentence without its full stop; NULL: there are */
	size_t n_parameters;
	const struct lockstep_importance_parameter *parameters; /* [n_parameters], in the order of the study */
};

/* With fewer there is no importance: the best tenth would be less than five trials. */
#define LOCKSTEP_IMPORTANCE_MIN 41

/* LOCKSTEP_ERROR_MEMORY only: a specification that cannot be read is one that says nothing, and
 * parameters are taken for what their values look like. Caller owns *out, which does not need the study. */
LOCKSTEP_API lockstep_status lockstep_importance_create(struct lockstep_importance **out,
                                                        const struct lockstep_runs_study *study, lockstep_error *error);
/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_importance_destroy(struct lockstep_importance *importance);

#ifdef __cplusplus
}
#endif

#endif
