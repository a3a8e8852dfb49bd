/* SPDX-License-Identifier: MIT
 *
 * What a parameter is drawn from: the distributions of the W&B sweep schema
 * (docs.wandb.ai, "Sweep configuration options"). Each is given by its quantile
 * function alone, so that one uniform number a parameter is all that a search
 * has to draw, and by the contract's functions, so that it has the same bits
 * everywhere.
 *
 * A draw is a double: the number itself, or for LS_CONSTANT and the categorical
 * ones the place of the value in `values`.
 */
#ifndef LS_STUDY_DISTRIBUTION_H
#define LS_STUDY_DISTRIBUTION_H

#include <stddef.h>

#include "lockstep/status.h"
#include "value.h"

enum ls_distribution_kind {
	LS_CONSTANT = 0,
	LS_CATEGORICAL,
	LS_CATEGORICAL_W_PROBABILITIES,
	LS_INT_UNIFORM,        /* integers min .. max */
	LS_UNIFORM,            /* [min, max] */
	LS_Q_UNIFORM,          /* round(X / q) * q, X uniform in [min, max]; so for every q_ one */
	LS_LOG_UNIFORM,        /* exp(X), X uniform in [min, max]: bounds are exponents of e */
	LS_LOG_UNIFORM_VALUES, /* log(X) uniform; bounds are values, above 0 */
	LS_Q_LOG_UNIFORM,
	LS_Q_LOG_UNIFORM_VALUES,
	LS_INV_LOG_UNIFORM,        /* exp(-X), X uniform in [min, max] */
	LS_INV_LOG_UNIFORM_VALUES, /* 1 / X of LS_LOG_UNIFORM_VALUES in [1 / max, 1 / min]: log(1 / X) uniform */
	LS_NORMAL,                 /* mean mu, standard deviation sigma */
	LS_Q_NORMAL,
	LS_LOG_NORMAL, /* exp of the normal one */
	LS_Q_LOG_NORMAL,
	LS_BETA, /* shapes a, b: in [0, 1] */
	LS_Q_BETA,
	LS_N_DISTRIBUTIONS
};

struct ls_distribution {
	enum ls_distribution_kind kind;
	struct ls_value *values; /* [n_values], owned; of LS_CONSTANT one */
	double *probabilities;   /* [n_values], sum 1, owned; of LS_CATEGORICAL_W_PROBABILITIES only */
	size_t n_values;
	double min, max;  /* as written */
	double q;         /* of the q_ ones, above 0; default 1 */
	double mu, sigma; /* of the normal ones; default 0, 1 */
	double a, b;      /* of the beta ones; default 1, 1 */
};

/* "q_log_uniform_values" and so on. */
const char *ls_distribution_name(enum ls_distribution_kind kind);
/* enum ls_distribution_kind of a name; -2 when there is none. */
int ls_distribution_parse(const char *name);

/* Are its values listed? (constant and categorical) */
int ls_distribution_is_listed(const struct ls_distribution *distribution);

/* Is it one of the q_ ones? */
int ls_distribution_has_q(const struct ls_distribution *distribution);
/* Between which numbers draws are; 0, and nothing set, of listed and normal ones. */
int ls_distribution_bounds(const struct ls_distribution *distribution, double *min, double *max);
/* The draw next to a number x, of those that are numbers. */
double ls_distribution_nearest(const struct ls_distribution *distribution, double x);
#define LS_EXPONENT_MAX 708 /* exponents of e are between this and its negative; log_normal's are held there */

/* LOCKSTEP_ERROR_ARGUMENT with one clause that says what is wrong with the
 * numbers, such as "min 2 is above max 1". */
lockstep_status ls_distribution_check(const struct ls_distribution *distribution, lockstep_error *error);

/* The draw at u, 0 < u < 1; rises with u, but for the inv_ ones. A bounded one never
 * leaves its bounds, whatever the rounding; a q_ one of them takes the nearest multiple
 * of q inside, where there is one, and multiples are those of multiple.h: of the decimal that q is written as. */
double ls_distribution_quantile(const struct ls_distribution *distribution, double u);

/* What a draw stands for. Caller owns out->text (ls_value_fini()); out is
 * untouched on failure, which is of memory only. */
lockstep_status ls_distribution_value(const struct ls_distribution *distribution, double draw, struct ls_value *out,
                                      lockstep_error *error);

/* Points of a grid: of listed ones every value, of int_uniform every integer, of
 * q_uniform every multiple of q; 0: none, or more than 2^31. */
size_t ls_distribution_n_grid(const struct ls_distribution *distribution);
double ls_distribution_grid(const struct ls_distribution *distribution, size_t i);

void ls_distribution_fini(struct ls_distribution *distribution);

#endif
