/* SPDX-License-Identifier: MIT
 *
 * The mathematics of scaling studies: what repeated measurements of a level come to, in what order
 * levels are measured, what a speed-up says, and curves through the levels. Nothing here
 * measures, and nothing is random but an order, which comes from a seed.
 *
 * A level is a number of workers. A strong study gives every level the same work, a weak one gives k times as many
 * workers k times the work. A block is one run of every level, in an order of its own.
 *
 * The rules are Hoefler & Belli's, "Scientific benchmarking of parallel computing systems", SC'15.
 * doc/scaling.md tells what the figures mean and when not to believe them. All functions may be called
 * from any thread.
 */
#ifndef LOCKSTEP_SCALING_H
#define LOCKSTEP_SCALING_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A figure and its 95 % interval; low and high are NaN where it has none. */
struct lockstep_scaling_interval {
	double value, low, high;
};

/* ---- Repeated measurements ------------------------------------------------- */

/* The median of n measurements, and its interval by exact binomial ranks: of the values in order those of ranks r and
 * n + 1 - r, r the largest with 2 P(X < r) <= 0.05, X binomial of n and 1/2 (Hoefler & Belli, SC'15, rule 5;
 * n = 6: ranks 1 and 6; 10: 2 and 9; 30: 10 and 21). It asks of the measurements only that they are independent and
 * alike. Up to 5 measurements there is no such interval, as even the smallest and the largest lie on the same side of
 * the median too often: low, high and half_width are NaN. */
struct lockstep_scaling_summary {
	size_t n;
	double median, low, high;
	double half_width; /* max(median - low, high - median) / median */
};

/* Of values [n], 1 and more, finite and above 0; LOCKSTEP_ERROR_ARGUMENT else. They keep their order. */
LOCKSTEP_API lockstep_status lockstep_scaling_summarise(const double *values, size_t n,
                                                        struct lockstep_scaling_summary *out, lockstep_error *error);

/* The rule by which a level has been measured often enough: the whole interval is within
 * `relative` (0.02: 2 %) of the median. Never so without an interval. */
LOCKSTEP_API int lockstep_scaling_is_within(const struct lockstep_scaling_summary *summary, double relative);

/* The paired ratio of a level to the baseline: the median over the blocks of base[b] / times[b], which are
 * both of block b, and its interval. What slows down a whole block, such as another program, is in both
 * times and leaves their ratio alone. Times [n] as above; a block that has not both is to be left out
 * of both. */
LOCKSTEP_API lockstep_status lockstep_scaling_compare(const double *base, const double *times, size_t n,
                                                      struct lockstep_scaling_summary *out, lockstep_error *error);

/* The order in which block `block` measures its levels 0 .. n_levels - 1: every order is as likely as any
 * other, and the same seed gives the same ones again (doc/numerics.md, section 13). order [n_levels]. */
LOCKSTEP_API void lockstep_scaling_order(uint64_t seed, uint32_t block, uint32_t n_levels, uint32_t *order);

/* ---- Speed-up, efficiency, serial fraction --------------------------------- */

/* With k = workers / base workers and S the speed-up. Intervals are those of the ratio, carried over, since
 * each figure only rises or only falls with it.
 *
 *	                  strong                            weak
 *	speedup           S = t_base / t                    S = k t_base / t, Gustafson's scaled speed-up
 *	efficiency        S / k                             S / k = t_base / t
 *	serial_fraction   (1 / S - 1 / k) / (1 - 1 / k)     (k - S) / (k - 1)
 *
 * The strong serial fraction is the experimentally determined one of Karp & Flatt, "Measuring parallel processor
 * performance", Comm. ACM 33(5), 1990: of the baseline's time the part that would be serial, had Amdahl's law made
 * the speed-up. The weak one is Gustafson's, "Reevaluating Amdahl's law", Comm. ACM 31(5), 1988: of the
 * level's own time. Below 0 they say that more was gained than workers came in. For k = 1 there is none: NaN. */
struct lockstep_scaling_figures {
	struct lockstep_scaling_interval speedup, efficiency, serial_fraction;
};

/* `ratio` is lockstep_scaling_compare()'s. LOCKSTEP_ERROR_ARGUMENT if a number of workers is not between 1 and
 * LOCKSTEP_SCALING_WORKERS_MAX, or the ratio or an end of its interval not between 2^-900 and 2^900. */
LOCKSTEP_API lockstep_status lockstep_scaling_strong(const struct lockstep_scaling_summary *ratio, double base_workers,
                                                     double workers, struct lockstep_scaling_figures *out,
                                                     lockstep_error *error);
LOCKSTEP_API lockstep_status lockstep_scaling_weak(const struct lockstep_scaling_summary *ratio, double base_workers,
                                                   double workers, struct lockstep_scaling_figures *out,
                                                   lockstep_error *error);
#define LOCKSTEP_SCALING_WORKERS_MAX 0x1p30

/* ---- Curves ---------------------------------------------------------------- */

/* Throughput X (work done in a unit of time) of N workers. gamma is that of one worker, which is
 * fitted like the others and not taken from the measurement of N = 1.
 *
 *	AMDAHL      X = gamma N / (1 + s (N - 1)), 0 <= s <= 1
 *	            Amdahl, "Validity of the single processor approach", AFIPS 1967; strong studies
 *	GUSTAFSON   X = gamma (N - s (N - 1)), 0 <= s <= 1
 *	            Gustafson, "Reevaluating Amdahl's law", Comm. ACM 31(5), 1988; weak studies
 *	USL         X = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), alpha, beta >= 0
 *	            Gunther, "Guerrilla Capacity Planning", 2007, the universal scalability law; both
 */
enum lockstep_scaling_model {
	LOCKSTEP_SCALING_AMDAHL = 0,
	LOCKSTEP_SCALING_GUSTAFSON,
	LOCKSTEP_SCALING_USL,
	LOCKSTEP_N_SCALING_MODELS
};

enum {
	LOCKSTEP_SCALING_GAMMA = 0,
	LOCKSTEP_SCALING_SERIAL, /* s, or alpha of the USL: what waits in a queue */
	LOCKSTEP_SCALING_BETA,   /* of the USL: what every worker has to settle with every other */
	LOCKSTEP_SCALING_PARAMETERS
};

struct lockstep_scaling_parameter {
	double value;
	int is_at_bound; /* it would leave its range if it could: the data say no more of it, and the rest is NaN */
	double standard_error;
	double low, high; /* 95 %, by Student's t; cut where the parameter's range ends */
};

struct lockstep_scaling_curve {
	enum lockstep_scaling_model model;
	size_t n_points;
	size_t n_parameters;                                                       /* 2, of the USL 3 */
	struct lockstep_scaling_parameter parameters[LOCKSTEP_SCALING_PARAMETERS]; /* [n_parameters] */
	/* Of the estimates; 0 where a parameter is at its bound. */
	double correlation[LOCKSTEP_SCALING_PARAMETERS][LOCKSTEP_SCALING_PARAMETERS];
	size_t degrees_of_freedom; /* points less parameters that are not at a bound */
	double residual_error;     /* sqrt(sum of squares / degrees of freedom), in the throughput's unit */
	double r_squared;          /* 1 - sum of squares / that about the mean; NaN: all X are equal */
	/* USL: N where X is highest, sqrt((1 - alpha) / beta); 0 when alpha is 1 or more, and X falls throughout.
	 * NaN: undefined, as beta is at its bound, and of the other models. */
	double peak;
};

/* "gamma"; "s" or "alpha"; "beta". Static text; NULL for a parameter that the model has not. */
LOCKSTEP_API const char *lockstep_scaling_parameter_name(enum lockstep_scaling_model model, size_t i);

/* Fits a curve to n points (workers[i], throughput[i]) in any order, which changes no bit of the result; a number of
 * workers may occur more than once. Minimised is the sum over the points of (X(workers) - throughput)^2, absolute and
 * unweighted, over all parameters within their ranges. R's package usl minimises the same with nls(algorithm =
 * "port"), and ends with the same parameters but for the digits after which that one stops.
 *
 * Standard errors are of the covariance s^2 (J^T J)^-1, s the residual error and J the derivatives of X with respect
 * to the parameters that are not at a bound.
 *
 * LOCKSTEP_ERROR_ARGUMENT with fewer than LOCKSTEP_SCALING_LEVELS_MIN different numbers of workers, or with all of them
 * within 1/256 of each other; if one of them is not between 1 and LOCKSTEP_SCALING_WORKERS_MAX, or a throughput not
 * finite and above 0; and when the points do not determine the parameters, which then are not made up. */
LOCKSTEP_API lockstep_status lockstep_scaling_fit(struct lockstep_scaling_curve *out, enum lockstep_scaling_model model,
                                                  const double *workers, const double *throughput, size_t n,
                                                  lockstep_error *error);
#define LOCKSTEP_SCALING_LEVELS_MIN 6

/* X at `workers`, and the 95 % band of the curve there by the delta method: X +- t sqrt(g^T C g), g the derivatives of
 * X with respect to the parameters, C their covariance, t Student's; not below 0. It is the band of the curve and
 * not of one more measurement, supposes that the model is right, and knows nothing of parameters at
 * their bounds. `workers` as above. */
LOCKSTEP_API lockstep_status lockstep_scaling_predict(const struct lockstep_scaling_curve *curve, double workers,
                                                      struct lockstep_scaling_interval *out, lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
