/* SPDX-License-Identifier: MIT
 *
 * Which distribution has which numbers, is a table; what a draw stands for; the points of
 * a grid. Quantiles are in quantile.c.
 */
#include "distribution.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "study/functions/beta.h"
#include "study/space/multiple.h"

#define EXACT 0x1p53 /* up to here every integer is a double */
#define GRID_MAX 0x1p31
#define SUM_TOLERANCE 1e-9 /* of probabilities that are written as decimals */

enum numbers { LISTED, INTEGERS, BOUNDS, VALUES_ABOVE_0, EXPONENTS, NORMAL, LOG_NORMAL, BETA };

static const struct {
	const char *name;
	enum numbers numbers;
	int has_q;
} kinds[LS_N_DISTRIBUTIONS] = {
    [LS_CONSTANT] = {"constant", LISTED, 0},
    [LS_CATEGORICAL] = {"categorical", LISTED, 0},
    [LS_CATEGORICAL_W_PROBABILITIES] = {"categorical_w_probabilities", LISTED, 0},
    [LS_INT_UNIFORM] = {"int_uniform", INTEGERS, 0},
    [LS_UNIFORM] = {"uniform", BOUNDS, 0},
    [LS_Q_UNIFORM] = {"q_uniform", BOUNDS, 1},
    [LS_LOG_UNIFORM] = {"log_uniform", EXPONENTS, 0},
    [LS_LOG_UNIFORM_VALUES] = {"log_uniform_values", VALUES_ABOVE_0, 0},
    [LS_Q_LOG_UNIFORM] = {"q_log_uniform", EXPONENTS, 1},
    [LS_Q_LOG_UNIFORM_VALUES] = {"q_log_uniform_values", VALUES_ABOVE_0, 1},
    [LS_INV_LOG_UNIFORM] = {"inv_log_uniform", EXPONENTS, 0},
    [LS_INV_LOG_UNIFORM_VALUES] = {"inv_log_uniform_values", VALUES_ABOVE_0, 0},
    [LS_NORMAL] = {"normal", NORMAL, 0},
    [LS_Q_NORMAL] = {"q_normal", NORMAL, 1},
    [LS_LOG_NORMAL] = {"log_normal", LOG_NORMAL, 0},
    [LS_Q_LOG_NORMAL] = {"q_log_normal", LOG_NORMAL, 1},
    [LS_BETA] = {"beta", BETA, 0},
    [LS_Q_BETA] = {"q_beta", BETA, 1},
};

const char *ls_distribution_name(enum ls_distribution_kind kind)
{
	return kinds[kind].name;
}

int ls_distribution_parse(const char *name)
{
	for (int kind = 0; kind < LS_N_DISTRIBUTIONS; kind++)
		if (strcmp(kinds[kind].name, name) == 0)
			return kind;
	return -2;
}

int ls_distribution_is_listed(const struct ls_distribution *distribution)
{
	return kinds[distribution->kind].numbers == LISTED;
}

int ls_distribution_has_q(const struct ls_distribution *distribution)
{
	return kinds[distribution->kind].has_q;
}

/* ---- Checks ---------------------------------------------------------------- */

static lockstep_status complain(lockstep_error *error, const char *before, double x, const char *after)
{
	char text[LS_VALUE_TEXT_MAX] = "not a finite number";
	if (isfinite(x))
		ls_value_format(x, text);
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s %s%s", before, text, after);
}

static lockstep_status check_probabilities(const struct ls_distribution *d, lockstep_error *error)
{
	double sum = 0;
	for (size_t i = 0; i < d->n_values; i++) {
		if (!(d->probabilities[i] >= 0 && d->probabilities[i] <= 1))
			return complain(error, "probability", d->probabilities[i], " is not between 0 and 1");
		sum += d->probabilities[i];
	}
	if (!(fabs(sum - 1) <= SUM_TOLERANCE))
		return complain(error, "probabilities sum to", sum, ", not 1");
	return LOCKSTEP_OK;
}

static lockstep_status check_listed(const struct ls_distribution *d, lockstep_error *error)
{
	if (d->n_values == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "no values");
	if (d->kind == LS_CONSTANT && d->n_values != 1)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%zu values instead of one", d->n_values);
	return d->kind == LS_CATEGORICAL_W_PROBABILITIES ? check_probabilities(d, error) : LOCKSTEP_OK;
}

/* What each kind of bound must be, besides finite. */
static const char *fault_of_bound(enum numbers numbers, double bound)
{
	if (numbers == INTEGERS && (bound != floor(bound) || fabs(bound) > EXACT))
		return " is no integer of at most 2^53";
	if (numbers == VALUES_ABOVE_0 && !(bound >= 0x1p-1022))
		return " is not above 0";
	if (numbers == EXPONENTS && fabs(bound) > LS_EXPONENT_MAX)
		return " as an exponent of e is not between -708 and 708";
	return NULL;
}

static lockstep_status check_bounds(const struct ls_distribution *d, enum numbers numbers, lockstep_error *error)
{
	if (!isfinite(d->min))
		return complain(error, "min is", d->min, "");
	if (!isfinite(d->max))
		return complain(error, "max is", d->max, "");
	if (d->min > d->max) {
		char max[LS_VALUE_TEXT_MAX + 16] = " is above max ";
		ls_value_format(d->max, max + strlen(max));
		return complain(error, "min", d->min, max);
	}
	const char *fault = fault_of_bound(numbers, d->min);
	if (fault)
		return complain(error, "min", d->min, fault);
	fault = fault_of_bound(numbers, d->max);
	return fault ? complain(error, "max", d->max, fault) : LOCKSTEP_OK;
}

static lockstep_status check_normal(const struct ls_distribution *d, lockstep_error *error)
{
	if (!isfinite(d->mu))
		return complain(error, "mu is", d->mu, "");
	if (!isfinite(d->sigma) || !(d->sigma > 0))
		return complain(error, "sigma", d->sigma, " is not above 0");
	return LOCKSTEP_OK;
}

static lockstep_status check_shape(const char *name, double shape, lockstep_error *error)
{
	if (shape >= LS_BETA_SHAPE_MIN && shape <= LS_BETA_SHAPE_MAX)
		return LOCKSTEP_OK;
	return complain(error, name, shape, " is not between 1 / 1024 and 1048576");
}

lockstep_status ls_distribution_check(const struct ls_distribution *distribution, lockstep_error *error)
{
	enum numbers numbers = kinds[distribution->kind].numbers;
	if (numbers == LISTED)
		return check_listed(distribution, error);
	double q = distribution->q;
	if (kinds[distribution->kind].has_q && !(isfinite(q) && q >= 0x1p-1022))
		return complain(error, "q", q, " is not above 0");
	if (numbers == NORMAL || numbers == LOG_NORMAL)
		return check_normal(distribution, error);
	if (numbers != BETA)
		return check_bounds(distribution, numbers, error);
	lockstep_status status = check_shape("a", distribution->a, error);
	return status ? status : check_shape("b", distribution->b, error);
}

/* ---- Values ---------------------------------------------------------------- */

static struct ls_value number(const struct ls_distribution *distribution, double draw, char text[LS_VALUE_TEXT_MAX])
{
	ls_value_format(draw, text);
	struct ls_value value = {.kind = LS_VALUE_REAL, .real = draw, .text = text};
	if (kinds[distribution->kind].numbers == INTEGERS) {
		value.kind = LS_VALUE_INTEGER;
		value.integer = (int64_t)draw;
	}
	return value;
}

lockstep_status ls_distribution_value(const struct ls_distribution *distribution, double draw, struct ls_value *out,
                                      lockstep_error *error)
{
	char text[LS_VALUE_TEXT_MAX];
	struct ls_value value;
	if (ls_distribution_is_listed(distribution))
		value = distribution->values[(size_t)draw];
	else
		value = number(distribution, draw, text);
	value.text = value.text ? ls_memory_copy_text(value.text) : ls_memory_copy_text("");
	if (!value.text)
		return ls_error_memory(error, "a parameter's value");
	*out = value;
	return LOCKSTEP_OK;
}

/* ---- Grids ----------------------------------------------------------------- */

size_t ls_distribution_n_grid(const struct ls_distribution *distribution)
{
	if (ls_distribution_is_listed(distribution))
		return distribution->n_values;
	double n = 0;
	if (distribution->kind == LS_INT_UNIFORM)
		n = distribution->max - distribution->min + 1;
	if (distribution->kind == LS_Q_UNIFORM) {
		struct ls_multiples multiples =
		    ls_multiples_within(distribution->q, distribution->min, distribution->max);
		n = multiples.last - multiples.first + 1;
	}
	return n >= 1 && n <= GRID_MAX ? (size_t)n : 0;
}

double ls_distribution_grid(const struct ls_distribution *distribution, size_t i)
{
	if (ls_distribution_is_listed(distribution))
		return (double)i;
	if (distribution->kind == LS_INT_UNIFORM)
		return distribution->min + (double)i;
	struct ls_multiples multiples = ls_multiples_within(distribution->q, distribution->min, distribution->max);
	return ls_multiple(distribution->q, multiples.first + (double)i);
}

void ls_distribution_fini(struct ls_distribution *distribution)
{
	for (size_t i = 0; i < distribution->n_values; i++)
		ls_value_fini(&distribution->values[i]);
	ls_memory_free(distribution->values);
	ls_memory_free(distribution->probabilities);
	*distribution = (struct ls_distribution){.n_values = 0};
}
