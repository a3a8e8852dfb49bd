/* SPDX-License-Identifier: MIT
 *
 * (J^T J)^-1 = R^-1 R^-T by J = Q R (modified Gram-Schmidt, whose R is as good as Householder's), from columns of
 * length 1: forming J^T J would square the error. Derivatives with respect to gamma are taken by its
 * logarithm, so that nothing leaves the range of double.
 */
#include "uncertainty.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define TERMS LOCKSTEP_SCALING_PARAMETERS

/* Below, a column is a combination of those before it, for all that double can tell. */
#define APART_MIN 0x1p-22

struct columns {
	size_t n, k;             /* rows, columns */
	double *column[TERMS];   /* [k][n], orthonormal in the end */
	size_t parameter[TERMS]; /* whose it is */
	double length[TERMS];    /* it had */
	double r[TERMS][TERMS];
};

static lockstep_status fill(struct columns *columns, const struct lockstep_scaling_curve *curve,
                            const struct ls_curve_points *points, const double *t, lockstep_error *error)
{
	double values[TERMS] = {0}, g[TERMS], *memory;
	columns->n = points->n;
	memory = ls_memory_allocate(columns->n * TERMS, sizeof *memory);
	if (!memory)
		return ls_error_memory(error, "the derivatives of a fit");
	for (size_t i = 0; i < curve->n_parameters; i++) {
		values[i] = curve->parameters[i].value;
		columns->column[i] = memory + i * columns->n;
		if (!curve->parameters[i].is_at_bound)
			columns->parameter[columns->k++] = i;
	}
	for (size_t row = 0; row < columns->n; row++) {
		double f = ls_curve_at(points, &points->point[row], t);
		ls_curve_shape(curve->model, values, points->point[row].workers, g);
		for (size_t i = 0; i < columns->k; i++)
			columns->column[i][row] = f * g[columns->parameter[i]];
	}
	return LOCKSTEP_OK;
}

static double dot(const double *x, const double *y, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* Divides x by its length, which is returned; 0 stays. By the largest first: squares of small ones are 0. */
static double normalise(double *x, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(x[i]));
	if (!(most > 0 && isfinite(most)))
		return 0;
	for (size_t i = 0; i < n; i++)
		x[i] /= most;
	double length = sqrt(dot(x, x, n));
	for (size_t i = 0; i < n; i++)
		x[i] /= length;
	return length * most;
}

/* Makes R; 0 when a column is not apart from those before it. */
static int decompose(struct columns *columns)
{
	for (size_t j = 0; j < columns->k; j++) {
		columns->length[j] = normalise(columns->column[j], columns->n);
		for (size_t i = 0; i < j; i++) {
			columns->r[i][j] = dot(columns->column[i], columns->column[j], columns->n);
			for (size_t row = 0; row < columns->n; row++)
				columns->column[j][row] -= columns->r[i][j] * columns->column[i][row];
		}
		columns->r[j][j] = normalise(columns->column[j], columns->n);
		if (!(columns->length[j] > 0 && columns->r[j][j] >= APART_MIN))
			return 0;
	}
	return 1;
}

static void invert(const struct columns *columns, double inverse[TERMS][TERMS])
{
	for (size_t j = 0; j < columns->k; j++) {
		inverse[j][j] = 1 / columns->r[j][j];
		for (size_t i = j; i-- > 0;) {
			double sum = 0;
			for (size_t m = i + 1; m <= j; m++)
				sum += columns->r[i][m] * inverse[m][j];
			inverse[i][j] = -sum / columns->r[i][i];
		}
	}
}

static void set_covariance(struct lockstep_scaling_curve *curve, const struct columns *columns, double residual_error)
{
	double inverse[TERMS][TERMS] = {{0}}, deviation[TERMS];
	invert(columns, inverse);
	for (size_t i = 0; i < columns->k; i++) {
		size_t p = columns->parameter[i];
		deviation[i] = sqrt(dot(inverse[i], inverse[i], TERMS));
		curve->parameters[p].standard_error = residual_error * deviation[i] / columns->length[i];
		for (size_t j = 0; j < i; j++) {
			size_t q = columns->parameter[j];
			double both = dot(inverse[i], inverse[j], TERMS) / (deviation[i] * deviation[j]);
			curve->correlation[p][q] = curve->correlation[q][p] = both;
		}
		curve->correlation[p][p] = 1;
	}
}

lockstep_status ls_curve_uncertainty(struct lockstep_scaling_curve *curve, const struct ls_curve_points *points,
                                     const double *t, double residual_error, lockstep_error *error)
{
	struct columns columns = {.n = 0};
	memset(curve->correlation, 0, sizeof curve->correlation);
	lockstep_status status = fill(&columns, curve, points, t, error);
	if (status)
		return status;
	if (decompose(&columns))
		set_covariance(curve, &columns, residual_error);
	else
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                      "a fit: the levels are too close together to tell the parameters apart");
	ls_memory_free(columns.column[0]);
	return status;
}
