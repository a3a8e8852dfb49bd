/* SPDX-License-Identifier: MIT
 *
 * Curves through levels: from points to parameters with their intervals, and on to predictions.
 */
#include "lockstep/scaling.h"

#include <assert.h>
#include <math.h>

#include "base/error.h"
#include "curve.h"
#include "minimum.h"
#include "study/functions/student.h"
#include "uncertainty.h"

#define LEVEL 0.975 /* both tails together leave 5 % */

static const char *const names[LOCKSTEP_N_SCALING_MODELS][LOCKSTEP_SCALING_PARAMETERS] = {
    {"gamma", "s", NULL}, {"gamma", "s", NULL}, {"gamma", "alpha", "beta"}};

const char *lockstep_scaling_parameter_name(enum lockstep_scaling_model model, size_t i)
{
	if ((unsigned int)model >= LOCKSTEP_N_SCALING_MODELS || i >= LOCKSTEP_SCALING_PARAMETERS)
		return NULL;
	return names[model][i];
}

/* ---- Fitting --------------------------------------------------------------- */

/* Values in the unit of y, and which of them are at a bound: that is where a coefficient is 0. */
static void set_values(struct lockstep_scaling_curve *curve, const struct ls_curve_points *points, const double *t)
{
	double values[LOCKSTEP_SCALING_PARAMETERS] = {0};
	ls_curve_parameters(points, t, values);
	for (size_t i = 0; i < LOCKSTEP_SCALING_PARAMETERS; i++)
		curve->parameters[i] = (struct lockstep_scaling_parameter){values[i], 0, NAN, NAN, NAN};
	int *is_at_bound = &curve->parameters[LOCKSTEP_SCALING_SERIAL].is_at_bound;
	if (curve->model == LOCKSTEP_SCALING_USL) {
		*is_at_bound = !(t[1] > 0);
		curve->parameters[LOCKSTEP_SCALING_BETA].is_at_bound = !(t[2] > 0);
	} else {
		*is_at_bound = !(t[0] > 0 && t[1] > 0);
	}
	curve->degrees_of_freedom = points->n;
	for (size_t i = 0; i < curve->n_parameters; i++)
		curve->degrees_of_freedom -= !curve->parameters[i].is_at_bound;
}

static double mean_of(const struct ls_curve_points *points)
{
	double sum = 0;
	for (size_t i = 0; i < points->n; i++)
		sum += points->point[i].y;
	return sum / (double)points->n;
}

/* The residual error comes out in the unit of y. */
static void set_residuals(struct lockstep_scaling_curve *curve, const struct ls_curve_points *points, const double *t)
{
	double squares = 0, about_mean = 0, mean = mean_of(points);
	int is_constant = 1;
	for (size_t i = 0; i < points->n; i++) {
		double y = points->point[i].y, residual = ls_curve_at(points, &points->point[i], t) - y;
		squares += residual * residual;
		about_mean += (y - mean) * (y - mean);
		is_constant &= y == points->point[0].y;
	}
	curve->residual_error = sqrt(squares / (double)curve->degrees_of_freedom);
	curve->r_squared = is_constant || !(about_mean > 0) ? NAN : 1 - squares / about_mean;
}

static void set_peak(struct lockstep_scaling_curve *curve)
{
	const struct lockstep_scaling_parameter *alpha = &curve->parameters[LOCKSTEP_SCALING_SERIAL];
	const struct lockstep_scaling_parameter *beta = &curve->parameters[LOCKSTEP_SCALING_BETA];
	curve->peak = NAN;
	if (curve->model == LOCKSTEP_SCALING_USL && !beta->is_at_bound)
		curve->peak = alpha->value < 1 ? sqrt((1 - alpha->value) / beta->value) : 0;
}

/* From the units of y and of gamma to those of throughput. */
static void set_units(struct lockstep_scaling_curve *curve, int exponent)
{
	struct lockstep_scaling_parameter *gamma = &curve->parameters[LOCKSTEP_SCALING_GAMMA];
	gamma->value = ldexp(gamma->value, exponent);
	gamma->standard_error *= gamma->value;
	curve->residual_error = ldexp(curve->residual_error, exponent);
}

static void set_intervals(struct lockstep_scaling_curve *curve)
{
	double quantile = ls_student_quantile(LEVEL, (double)curve->degrees_of_freedom);
	for (size_t i = 0; i < curve->n_parameters; i++) {
		struct lockstep_scaling_parameter *parameter = &curve->parameters[i];
		if (parameter->is_at_bound)
			continue;
		double half = quantile * parameter->standard_error;
		int is_fraction = curve->model != LOCKSTEP_SCALING_USL && i == LOCKSTEP_SCALING_SERIAL;
		parameter->low = fmax(parameter->value - half, 0);
		parameter->high = fmin(parameter->value + half, is_fraction ? 1 : HUGE_VAL);
	}
}

static int is_in_range(const struct lockstep_scaling_curve *curve)
{
	for (size_t i = 0; i < curve->n_parameters; i++) {
		const struct lockstep_scaling_parameter *parameter = &curve->parameters[i];
		if (!isfinite(parameter->value) || (!parameter->is_at_bound && !isfinite(parameter->high)))
			return 0;
	}
	return curve->parameters[LOCKSTEP_SCALING_GAMMA].value > 0 && isfinite(curve->residual_error);
}

static lockstep_status fit_points(struct lockstep_scaling_curve *curve, const struct ls_curve_points *points,
                                  lockstep_error *error)
{
	double t[LS_CURVE_TERMS] = {0};
	if (!ls_curve_minimise(points, t))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a fit: the points do not determine the parameters");
	if (curve->model == LOCKSTEP_SCALING_USL && !(t[0] > 0))
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "a fit: no finite throughput of one worker fits, so fast does it fall from %g workers on: fewer workers "
		    "have to be measured as well",
		    points->point[0].workers);
	set_values(curve, points, t);
	set_residuals(curve, points, t);
	lockstep_status status = ls_curve_uncertainty(curve, points, t, curve->residual_error, error);
	if (status)
		return status;
	set_units(curve, points->exponent);
	set_intervals(curve);
	set_peak(curve);
	if (!is_in_range(curve))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a fit: the throughput of one worker leaves the range of numbers");
	return LOCKSTEP_OK;
}

lockstep_status lockstep_scaling_fit(struct lockstep_scaling_curve *out, enum lockstep_scaling_model model,
                                     const double *workers, const double *throughput, size_t n, lockstep_error *error)
{
	struct ls_curve_points points;
	assert((unsigned int)model < LOCKSTEP_N_SCALING_MODELS);
	lockstep_status status = ls_curve_points_init(&points, model, workers, throughput, n, error);
	if (status)
		return status;
	struct lockstep_scaling_curve made = {
	    .model = model, .n_points = n, .n_parameters = model == LOCKSTEP_SCALING_USL ? 3 : 2};
	status = fit_points(&made, &points, error);
	if (!status)
		*out = made;
	ls_curve_points_fini(&points);
	return status;
}

/* ---- Predicting ------------------------------------------------------------ */

/* Standard error of X at a place, relative to X; g as of ls_curve_shape(). */
static double relative_error(const struct lockstep_scaling_curve *curve, const double *g)
{
	double part[LOCKSTEP_SCALING_PARAMETERS] = {0}, sum = 0;
	for (size_t i = 0; i < curve->n_parameters; i++)
		if (!curve->parameters[i].is_at_bound)
			part[i] = g[i] * curve->parameters[i].standard_error;
	part[LOCKSTEP_SCALING_GAMMA] /= curve->parameters[LOCKSTEP_SCALING_GAMMA].value;
	for (size_t i = 0; i < curve->n_parameters; i++)
		for (size_t j = 0; j < curve->n_parameters; j++)
			sum += part[i] * part[j] * curve->correlation[i][j];
	return sqrt(fmax(sum, 0));
}

lockstep_status lockstep_scaling_predict(const struct lockstep_scaling_curve *curve, double workers,
                                         struct lockstep_scaling_interval *out, lockstep_error *error)
{
	double values[LOCKSTEP_SCALING_PARAMETERS], g[LOCKSTEP_SCALING_PARAMETERS];
	if (!(workers >= 1 && workers <= LOCKSTEP_SCALING_WORKERS_MAX))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a prediction for %g workers: numbers of workers are between 1 and 2^30", workers);
	for (size_t i = 0; i < LOCKSTEP_SCALING_PARAMETERS; i++)
		values[i] = curve->parameters[i].value;
	double x = values[LOCKSTEP_SCALING_GAMMA] * ls_curve_shape(curve->model, values, workers, g);
	double half = ls_student_quantile(LEVEL, (double)curve->degrees_of_freedom) * relative_error(curve, g);
	if (!isfinite(x * (1 + half)))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a prediction for %g workers leaves the range of numbers", workers);
	*out = (struct lockstep_scaling_interval){x, fmax(x * (1 - half), 0), x * (1 + half)};
	return LOCKSTEP_OK;
}
