/* SPDX-License-Identifier: MIT
 *
 * Curves by their formulas, and two sets of published points.
 */
#include "scaling_curves.h"

#include <criterion/criterion.h>
#include <math.h>

const double sdm_workers[] = {1, 18, 36, 72, 108, 144, 216};
const double sdm[] = {64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2};
const double ray_workers[] = {1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64};
const double ray[] = {20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310};

void expect_close(double x, double exact, double tolerance, const char *what)
{
	cr_assert(fabs(x - exact) <= tolerance * fabs(exact), "%s: %.17g, not %.17g", what, x, exact);
}

struct lockstep_scaling_curve fit(enum lockstep_scaling_model model, const double *workers, const double *throughput,
                                  size_t n)
{
	struct lockstep_scaling_curve curve;
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status status = lockstep_scaling_fit(&curve, model, workers, throughput, n, &error);
	cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
	return curve;
}

double value(const struct lockstep_scaling_curve *curve, size_t i)
{
	return curve->parameters[i].value;
}

double sum_of_squares(const struct lockstep_scaling_curve *curve)
{
	return curve->residual_error * curve->residual_error * (double)curve->degrees_of_freedom;
}

double curve_at(enum lockstep_scaling_model model, const double *p, double n)
{
	if (model == LOCKSTEP_SCALING_GUSTAFSON)
		return p[GAMMA] * (n - p[SERIAL] * (n - 1));
	return p[GAMMA] * n / (1 + p[SERIAL] * (n - 1) + (model == LOCKSTEP_SCALING_USL ? p[BETA] * n * (n - 1) : 0));
}
