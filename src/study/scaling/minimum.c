/* SPDX-License-Identifier: MIT
 *
 * Newton's method with the exact Hessian, damped as by Levenberg and Marquardt as long as a step does not lead down,
 * within t >= 0: a coefficient is held at 0 while the gradient pushes it there, and a step that would cross 0 ends
 * there, with the others made anew for it. It is run from all points of a grid that are the lowest around,
 * since there may be more than one valley; no random number is needed. The last steps are undamped: sums of
 * squares no longer tell which point is better when the gradient still does.
 */
#include "minimum.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define STEPS_MAX 300
#define DAMPING_FIRST 1e-3
#define DAMPING_MAX 1e15
#define POLISH_MAX 12
#define POLISH_NEAR 1e-2   /* relative step from which undamped ones are tried */
#define SETTLED 1e-6       /* relative step below which a minimum has been reached */
#define ROUNDING 1e-26     /* half a sum of squares that may be nothing but rounding of y, which are below 1 */
#define NEGLIGIBLE 0x1p-36 /* share of a curve below which a term is 0: no measurement is as good as that */

/* ---- Steps ----------------------------------------------------------------- */

/* Solves the equations of the k rows `which` by Cholesky's decomposition; 0 when the matrix is not positive definite. */
static int solve(const double a[LS_CURVE_TERMS][LS_CURVE_TERMS], const size_t *which, size_t k, double *x)
{
	double l[LS_CURVE_TERMS][LS_CURVE_TERMS];
	for (size_t i = 0; i < k; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = a[which[i]][which[j]];
			for (size_t m = 0; m < j; m++)
				sum -= l[i][m] * l[j][m];
			if (i == j && !(sum > 0))
				return 0;
			l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
		}
		for (size_t m = 0; m < i; m++)
			x[i] -= l[i][m] * x[m];
		x[i] /= l[i][i];
	}
	for (size_t i = k; i-- > 0;) {
		for (size_t m = i + 1; m < k; m++)
			x[i] -= l[m][i] * x[m];
		x[i] /= l[i][i];
	}
	return 1;
}

/* The step of the coefficients that are free; the others' is given, and counts in. */
static int free_step(const struct ls_curve_sums *sums, const double a[LS_CURVE_TERMS][LS_CURVE_TERMS],
                     const int *is_free, double *step)
{
	size_t which[LS_CURVE_TERMS], k = 0;
	double x[LS_CURVE_TERMS] = {0};
	for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
		if (!is_free[i])
			continue;
		which[k] = i;
		x[k] = -sums->gradient[i];
		for (size_t j = 0; j < LS_CURVE_TERMS; j++)
			if (!is_free[j])
				x[k] -= a[i][j] * step[j];
		k++;
	}
	if (!solve(a, which, k, x))
		return 0;
	for (size_t i = 0; i < k; i++)
		step[which[i]] = x[i];
	return 1;
}

/* A step to a minimum of the quadratic model that stays within t >= 0. */
static int bounded_step(const struct ls_curve_sums *sums, const double *t, double damping, double *step)
{
	double a[LS_CURVE_TERMS][LS_CURVE_TERMS];
	int is_free[LS_CURVE_TERMS], n_held = 0, was_held;
	memcpy(a, sums->hessian, sizeof a);
	for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
		a[i][i] += damping * sums->squares[i];
		step[i] = 0;
		is_free[i] = t[i] > 0 || sums->gradient[i] < 0;
		n_held += !is_free[i];
	}
	do {
		if (n_held == LS_CURVE_TERMS)
			return 1;
		if (!free_step(sums, a, is_free, step))
			return 0;
		was_held = n_held;
		for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
			if (is_free[i] && t[i] + step[i] < 0) {
				is_free[i] = 0;
				step[i] = -t[i];
				n_held++;
			}
		}
	} while (n_held > was_held);
	return 1;
}

/* Longest of the steps, each relative to its coefficient. */
static double longest(const double *t, const double *step)
{
	double most = 0;
	for (size_t i = 0; i < LS_CURVE_TERMS; i++)
		if (step[i] != 0)
			most = fmax(most, t[i] > 0 ? fabs(step[i]) / t[i] : HUGE_VAL);
	return most;
}

/* ---- One valley ------------------------------------------------------------ */

static void move(const double *t, const double *step, double *next)
{
	for (size_t i = 0; i < LS_CURVE_TERMS; i++)
		next[i] = fmax(t[i] + step[i], 0);
}

/* Down, from t, as far as sums of squares tell. */
static void descend(const struct ls_curve_points *points, double *t, struct ls_curve_sums *sums)
{
	double damping = DAMPING_FIRST;
	ls_curve_add_up(points, t, sums);
	for (int i = 0; i < STEPS_MAX && damping < DAMPING_MAX; i++) {
		double step[LS_CURVE_TERMS], next[LS_CURVE_TERMS];
		struct ls_curve_sums found = {.half_squares = HUGE_VAL};
		if (bounded_step(sums, t, damping, step)) {
			move(t, step, next);
			ls_curve_add_up(points, next, &found);
		}
		if (!(found.half_squares < sums->half_squares)) {
			damping *= 10;
			continue;
		}
		memcpy(t, next, LS_CURVE_TERMS * sizeof *t);
		*sums = found;
		damping = fmax(damping * 0.1, 1e-15);
		if (longest(t, step) < 1e-14)
			break;
	}
}

/* The undamped step of what is not at its bound; NaN where there is none. */
static double polish_step(const struct ls_curve_points *points, const double *t, double *step)
{
	struct ls_curve_sums sums;
	int is_free[LS_CURVE_TERMS];
	ls_curve_add_up(points, t, &sums);
	for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
		is_free[i] = t[i] > 0;
		step[i] = 0;
	}
	if (!free_step(&sums, (const double(*)[LS_CURVE_TERMS])sums.hessian, is_free, step))
		return NAN;
	return longest(t, step);
}

/* Steps as long as each is less than half of the one before. Returns the length of the one not taken. */
static double polish(const struct ls_curve_points *points, double *t)
{
	double step[LS_CURVE_TERMS], last = 2 * POLISH_NEAR, length = NAN;
	for (int i = 0; i < POLISH_MAX; i++) {
		length = polish_step(points, t, step);
		if (!(length < last / 2))
			break;
		move(t, step, t);
		last = length;
	}
	return length;
}

/* Sets to 0 what is but the rounding of a 0. */
static int drop_negligible(const struct ls_curve_points *points, double *t)
{
	int n_dropped = 0;
	for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
		double share = 0;
		for (size_t k = 0; k < points->n; k++) {
			const struct ls_curve_point *point = &points->point[k];
			double f = ls_curve_at(points, point, t);
			double all = points->model == LOCKSTEP_SCALING_GUSTAFSON ? f : point->u / f;
			share = fmax(share, t[i] * point->d[i] / all);
		}
		if (t[i] > 0 && share < NEGLIGIBLE) {
			t[i] = 0;
			n_dropped++;
		}
	}
	return n_dropped;
}

/* From t to a minimum; its half sum of squares, and whether it is one. */
static double settle(const struct ls_curve_points *points, double *t, int *is_settled)
{
	struct ls_curve_sums sums;
	descend(points, t, &sums);
	double length = polish(points, t);
	if (drop_negligible(points, t))
		length = polish(points, t);
	ls_curve_add_up(points, t, &sums);
	*is_settled = length < SETTLED && isfinite(sums.half_squares);
	return sums.half_squares;
}

/* ---- Where to begin -------------------------------------------------------- */

/* Part of the squares of y that the curve t leaves, when it is multiplied by what fits best, which is set. */
static double mismatch(const struct ls_curve_points *points, const double *t, double *factor)
{
	double ff = 0, fy = 0, yy = 0;
	for (size_t i = 0; i < points->n; i++) {
		double f = ls_curve_at(points, &points->point[i], t), y = points->point[i].y;
		ff += f * f;
		fy += f * y;
		yy += y * y;
	}
	*factor = fy / ff;
	return yy - fy * (fy / ff);
}

/* Number i of 0, 2^-12, 2^-10, ...; of the USL t1 and t2 are with respect to t0. */
static double grid_value(size_t i)
{
	return i ? ldexp(1, 2 * (int)i - 14) : 0;
}

#define GRID_1 28 /* values of t1: up to 2^10 M, with M = 2^31 at most */
#define GRID_2 44 /* of t2: up to 2^10 M^2 */

struct grid {
	size_t n1, n2;
	double mismatch[GRID_1][GRID_2];
};

static void fill_grid(const struct ls_curve_points *points, struct grid *grid)
{
	size_t e = (size_t)points->unit_exponent;
	grid->n1 = (e + 24) / 2 + 1;
	grid->n2 = points->model == LOCKSTEP_SCALING_USL ? (2 * e + 24) / 2 + 1 : 1;
	assert(grid->n1 <= GRID_1 && grid->n2 <= GRID_2);
	for (size_t i = 0; i < grid->n1; i++)
		for (size_t j = 0; j < grid->n2; j++) {
			double t[LS_CURVE_TERMS] = {1, grid_value(i), grid_value(j)}, factor;
			grid->mismatch[i][j] = mismatch(points, t, &factor);
		}
}

/* Lowest among its neighbours, of equal ones the first: there is such a place in every valley that is wider
 * than the grid's steps. Inside and sides, where t1 or t2 is 0, have valleys of their own. */
static int is_lowest(const struct grid *grid, size_t i, size_t j)
{
	size_t i_end = i ? i + 1 : 0, j_end = j ? j + 1 : 0;
	for (size_t k = i > 1 ? i - 1 : i; k <= i_end && k < grid->n1; k++)
		for (size_t m = j > 1 ? j - 1 : j; m <= j_end && m < grid->n2; m++) {
			int is_before = k < i || (k == i && m < j);
			double other = grid->mismatch[k][m];
			if (other < grid->mismatch[i][j] || (is_before && other <= grid->mismatch[i][j]))
				return 0;
		}
	return 1;
}

static double settle_from(const struct ls_curve_points *points, size_t i, size_t j, double *t, int *is_settled)
{
	double start[LS_CURVE_TERMS] = {1, grid_value(i), grid_value(j)}, factor;
	(void)mismatch(points, start, &factor);
	for (size_t k = 0; k < LS_CURVE_TERMS; k++)
		t[k] = points->model == LOCKSTEP_SCALING_GUSTAFSON ? start[k] * factor : start[k] / factor;
	return settle(points, t, is_settled);
}

int ls_curve_minimise(const struct ls_curve_points *points, double *t)
{
	struct grid grid;
	double least = HUGE_VAL, least_unsettled = HUGE_VAL;
	fill_grid(points, &grid);
	for (size_t i = 0; i < grid.n1; i++)
		for (size_t j = 0; j < grid.n2; j++) {
			double found[LS_CURVE_TERMS];
			int is_settled = 0;
			double half_squares =
			    is_lowest(&grid, i, j) ? settle_from(points, i, j, found, &is_settled) : HUGE_VAL;
			if (!is_settled && half_squares < least_unsettled)
				least_unsettled = half_squares;
			if (!is_settled || !(half_squares < least))
				continue;
			least = half_squares;
			memcpy(t, found, LS_CURVE_TERMS * sizeof *t);
		}
	return least < HUGE_VAL && !(least_unsettled < least * (1 - SETTLED) - ROUNDING);
}
