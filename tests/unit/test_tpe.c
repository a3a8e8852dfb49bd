/* SPDX-License-Identifier: MIT
 *
 * TPE and its densities: what a density must sum to, kernels by hand, which trials count as what, exact bits,
 * and failing allocations. tests/study compares densities with Optuna's, and the search with a random one.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith/functions64.h"
#include "base/memory.h"
#include "study/search/parzen.h"
#include "study/search/sampler.h"
#include "search_space.h"

TestSuite(tpe);

#define N(list) (sizeof(list) / sizeof(list)[0])
#define SPACE(list, constraint) test_space(list, N(list), constraint)

/* ---- Axes and densities ---------------------------------------------------- */

/* An observation at the draw of each u. */
static struct ls_parzen density_of(const struct ls_axis *axis, const double *us, size_t n)
{
	static struct ls_table64 table;
	struct ls_parzen parzen;
	ls_table64_fill(&table);
	cr_assert_eq(ls_parzen_init(&parzen, axis, 1, n, NULL), LOCKSTEP_OK);
	for (size_t k = 0; k < n; k++) {
		double draw = ls_distribution_quantile(axis->distribution, us[k]);
		parzen.coordinates[k] = axis->kind == LS_AXIS_CHOICE ? draw : ls_axis_cell(axis, draw).middle;
	}
	cr_assert_eq(ls_parzen_fit(&parzen, &table, NULL), LOCKSTEP_OK);
	return parzen;
}

static double density_at(struct ls_parzen *parzen, const struct ls_cell *cell)
{
	double scratch[64];
	return ls_exp64(ls_parzen_log_density(parzen, cell, scratch));
}

/* Sum over the cells of a discrete axis, which must be those between its bounds without gaps. */
static double sum_of_cells(const struct ls_axis *axis, struct ls_parzen *parzen)
{
	const struct ls_distribution *distribution = axis->distribution;
	double step = ls_distribution_has_q(distribution) ? distribution->q : 1, sum = 0, end = axis->low;
	double draw = ls_distribution_quantile(distribution, 0x1p-53), last = NAN;
	for (; draw != last && end < axis->high - 1e-15;
	     last = draw, draw = ls_distribution_nearest(distribution, draw + step)) {
		struct ls_cell cell = ls_axis_cell(axis, draw);
		cr_assert(fabs(cell.lower - end) <= 1e-12 && cell.lower <= cell.middle && cell.middle <= cell.upper,
		          "cell of %g: %g to %g after %g", draw, cell.lower, cell.upper, end);
		if (cell.upper - cell.lower > 1e-12)
			cr_assert(ls_axis_draw(axis, cell.middle) == draw, "the middle of %g", draw);
		end = cell.upper;
		sum += density_at(parzen, &cell);
	}
	cr_assert(fabs(axis->high - end) <= 1e-12);
	return sum;
}

/* Simpson's rule. */
static double integral(const struct ls_axis *axis, struct ls_parzen *parzen)
{
	enum { n = 4000 };
	double sum = 0, width = (axis->high - axis->low) / n;
	for (int i = 0; i <= n; i++) {
		double x = axis->low + i * width;
		struct ls_cell cell = {x, x, x};
		sum += density_at(parzen, &cell) * (i == 0 || i == n ? 1 : i % 2 ? 4 : 2);
	}
	return sum * width / 3;
}

static double sum_of_choices(const struct ls_axis *axis, struct ls_parzen *parzen)
{
	double sum = 0;
	for (size_t i = 0; i < axis->distribution->n_values; i++)
		sum += density_at(parzen, &(struct ls_cell){0, (double)i, 0});
	return sum;
}

static const struct test_parameter all_kinds[] = {
    {.name = "a", .kind = LS_CATEGORICAL, .values = "x y z"},
    {.name = "b", .kind = LS_CATEGORICAL_W_PROBABILITIES, .values = "x y z u v"},
    {.name = "c", .kind = LS_INT_UNIFORM, .min = -3, .max = 40},
    {.name = "d", .kind = LS_UNIFORM, .min = -3, .max = 40},
    {.name = "e", .kind = LS_Q_UNIFORM, .min = 0.03, .max = 0.97, .q = 0.1},
    {.name = "f", .kind = LS_LOG_UNIFORM, .min = -9, .max = 2},
    {.name = "g", .kind = LS_LOG_UNIFORM_VALUES, .min = 1e-5, .max = 0.1},
    {.name = "h", .kind = LS_Q_LOG_UNIFORM, .min = -1, .max = 5, .q = 1},
    {.name = "i", .kind = LS_Q_LOG_UNIFORM_VALUES, .min = 1, .max = 512, .q = 8},
    {.name = "j", .kind = LS_INV_LOG_UNIFORM, .min = -9, .max = 2},
    {.name = "k", .kind = LS_INV_LOG_UNIFORM_VALUES, .min = 1e-5, .max = 0.1},
    {.name = "l", .kind = LS_NORMAL, .min = 3, .max = 2},
    {.name = "m", .kind = LS_Q_NORMAL, .min = 3, .max = 2, .q = 0.5},
    {.name = "n", .kind = LS_LOG_NORMAL, .min = -2, .max = 1.5},
    {.name = "o", .kind = LS_Q_LOG_NORMAL, .min = 1, .max = 0.5, .q = 1},
    {.name = "p", .kind = LS_BETA, .min = 5, .max = 1.5},
    {.name = "q", .kind = LS_Q_BETA, .min = 2, .max = 2, .q = 0.1},
};
_Static_assert(N(all_kinds) == LS_N_DISTRIBUTIONS - 1, "each but constant");

Test(tpe, densities_sum_to_1)
{
	static const double us[] = {0.5, 0.1, 0.7, 0.75, 0.72, 0.999};
	struct ls_space space = SPACE(all_kinds, NULL);
	for (size_t i = 0; i < space.n; i++)
		for (size_t n = 0; n <= N(us); n += 3) {
			const struct ls_distribution *distribution = &space.parameters[i].distribution;
			struct ls_axis axis = ls_axis(distribution);
			struct ls_parzen parzen = density_of(&axis, us, n);
			int is_discrete = distribution->kind == LS_INT_UNIFORM || ls_distribution_has_q(distribution);
			double sum = axis.kind == LS_AXIS_CHOICE ? sum_of_choices(&axis, &parzen)
			             : is_discrete               ? sum_of_cells(&axis, &parzen)
			                                         : integral(&axis, &parzen);
			cr_assert(fabs(sum - 1) <= 1e-9, "%s, %zu observations: %.17g",
			          ls_distribution_name(distribution->kind), n, sum);
			ls_parzen_fini(&parzen);
		}
	ls_space_fini(&space);
}

Test(tpe, coordinates_and_draws_are_inverse)
{
	struct ls_space space = SPACE(all_kinds, NULL);
	for (size_t i = 0; i < space.n; i++) {
		struct ls_axis axis = ls_axis(&space.parameters[i].distribution);
		cr_assert(!ls_axis_is_single(&axis));
		for (double u = 0x1p-10; u < 1 && axis.kind != LS_AXIS_CHOICE; u += 0x1p-6) {
			double draw = ls_distribution_quantile(axis.distribution, u),
			       middle = ls_axis_cell(&axis, draw).middle;
			double back = ls_axis_draw(&axis, middle);
			cr_assert(middle >= axis.low && middle <= axis.high);
			cr_assert(fabs(back - draw) <= 1e-11 * fabs(draw), "%zu at %g: %.17g, not %.17g", i, u, back,
			          draw);
		}
	}
	ls_space_fini(&space);
}

Test(tpe, single_values_are_nothing_to_search)
{
	static const struct test_parameter single[] = {
	    {.name = "a", .kind = LS_CONSTANT, .values = "x"},
	    {.name = "b", .kind = LS_CATEGORICAL, .values = "x"},
	    {.name = "c", .kind = LS_INT_UNIFORM, .min = 4, .max = 4},
	    {.name = "d", .kind = LS_LOG_UNIFORM_VALUES, .min = 0.1, .max = 0.1},
	    {.name = "e", .kind = LS_Q_UNIFORM, .min = 1, .max = 1.5, .q = 1},
	    {.name = "f", .kind = LS_Q_NORMAL, .min = 8, .max = 1e-3, .q = 1},
	};
	struct ls_space space = SPACE(single, NULL);
	struct ls_sampler *sampler;
	struct ls_sampler_options options = {.kind = LS_SAMPLER_TPE, .seed = 1, .startup = 0};
	double point[N(single)];
	cr_assert_eq(ls_sampler_create(&sampler, &space, &options, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_sampler_propose(sampler, 0, NULL, point, NULL), LOCKSTEP_OK);
	cr_assert(point[0] == 0 && point[1] == 0 && point[2] == 4 && point[3] == 0.1 && point[4] == 1 && point[5] == 8);
	ls_sampler_destroy(sampler);
	ls_space_fini(&space);
}

/* One axis [0, 1], one observation at 1/4: the bandwidth is max(0.2, 1 / 3), weights are a half each. P(-3/4 < X < 9/4)
 * = 0.761148... and P(-1/2 < X < 1/2) = 0.382924...; at 1/2 the kernels' densities are 3 phi(3/4) and phi(0). */
Test(tpe, kernels_by_hand)
{
	static const struct test_parameter one[] = {{.name = "x", .kind = LS_UNIFORM, .min = 0, .max = 1}};
	struct ls_space space = SPACE(one, NULL);
	struct ls_axis axis = ls_axis(&space.parameters[0].distribution);
	struct ls_parzen parzen = density_of(&axis, (const double[]){0.25}, 1);
	double kernel = 3 * 0.301137432154804405 / 0.761148174968087098,
	       prior = 0.39894228040143268 / 0.382924922548026207;
	double density = density_at(&parzen, &(struct ls_cell){0.5, 0.5, 0.5});
	cr_assert(fabs(density - (kernel + prior) / 2) <= 1e-14, "%.17g, not %.17g", density, (kernel + prior) / 2);
	cr_assert(ls_parzen_component(&parzen, 0.49) == 0 && ls_parzen_component(&parzen, 0.51) == 1);
	cr_assert(fabs(ls_parzen_draw(&parzen, 1, 0, 0.5) - 0.5) <= 1e-15);
	ls_parzen_fini(&parzen);
	ls_space_fini(&space);
}

/* Of 3 choices and one observation, of the second: 1/2 each from the prior over 1 + 3/2. */
Test(tpe, choices_by_hand)
{
	static const struct test_parameter one[] = {{.name = "x", .kind = LS_CATEGORICAL, .values = "a b c"}};
	struct ls_space space = SPACE(one, NULL);
	struct ls_axis axis = ls_axis(&space.parameters[0].distribution);
	struct ls_parzen parzen = density_of(&axis, (const double[]){0.5}, 1);
	double other = density_at(&parzen, &(struct ls_cell){0, 0, 0}),
	       same = density_at(&parzen, &(struct ls_cell){0, 1, 0});
	cr_assert(fabs(other - (0.2 + 1.0 / 3) / 2) <= 1e-15 && fabs(same - (0.6 + 1.0 / 3) / 2) <= 1e-15);
	cr_assert(ls_parzen_draw(&parzen, 0, 0, 0.19) == 0 && ls_parzen_draw(&parzen, 0, 0, 0.21) == 1);
	cr_assert(ls_parzen_draw(&parzen, 0, 0, 0.81) == 2 && ls_parzen_draw(&parzen, 1, 0, 0.3) == 0);
	ls_parzen_fini(&parzen);
	ls_space_fini(&space);
}

/* ---- Proposals -------------------------------------------------------------- */

static const struct test_parameter mixed[] = {
    {.name = "lr", .kind = LS_LOG_UNIFORM_VALUES, .min = 1e-5, .max = 0.1},
    {.name = "batch", .kind = LS_Q_LOG_UNIFORM_VALUES, .min = 8, .max = 512, .q = 8},
    {.name = "hidden", .kind = LS_INT_UNIFORM, .min = 10, .max = 200},
    {.name = "act", .kind = LS_CATEGORICAL, .values = "relu tanh sigmoid"},
    {.name = "init", .kind = LS_CATEGORICAL, .values = "he glorot normal", .follows_plus = 4},
    {.name = "momentum", .kind = LS_BETA, .min = 5, .max = 1.5, .when = "act == relu"},
    {.name = "l2", .kind = LS_LOG_NORMAL, .min = -9, .max = 2, .when = "act == relu"},
    {.name = "seed", .kind = LS_CONSTANT, .values = "7"},
};
#define TENTH "hidden % 2 == 0 and batch < 64 and lr < 0.01"
#define N_TRIALS 60

struct sweep {
	struct ls_space space;
	struct ls_sampler *sampler;
	double points[N_TRIALS][N(mixed)];
	struct ls_observation trials[N_TRIALS];
};

static void begin(struct sweep *sweep, const char *constraint, uint64_t seed)
{
	struct ls_sampler_options options = {.kind = LS_SAMPLER_TPE, .seed = seed, .startup = 10};
	sweep->space = SPACE(mixed, constraint);
	cr_assert_eq(ls_sampler_create(&sweep->sampler, &sweep->space, &options, NULL), LOCKSTEP_OK);
}

static void end(struct sweep *sweep)
{
	ls_sampler_destroy(sweep->sampler);
	ls_space_fini(&sweep->space);
}

static void propose(const struct sweep *sweep, size_t k, double *point)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_sampler_propose(sweep->sampler, k, sweep->trials, point, &error), LOCKSTEP_OK, "%s",
	             error.message);
}

static int same(const double *a, const double *b)
{
	return memcmp(a, b, N(mixed) * sizeof *a) == 0;
}

/* Smallest about lr = 0.003 and 100 hidden ones, and for the first choice. */
static double objective(const double *point)
{
	double lr = ls_log64(point[0] / 0.003), hidden = (point[2] - 100) / 50;
	return lr * lr + hidden * hidden + point[3];
}

static void run(struct sweep *sweep)
{
	for (size_t k = 0; k < N_TRIALS; k++) {
		propose(sweep, k, sweep->points[k]);
		sweep->trials[k] =
		    (struct ls_observation){.point = sweep->points[k], .objective = objective(sweep->points[k])};
	}
}

Test(tpe, points_are_settled_and_constraints_hold)
{
	static struct sweep sweep;
	begin(&sweep, TENTH, 3);
	run(&sweep);
	size_t n_relu = 0;
	for (size_t k = 0; k < N_TRIALS; k++) {
		const double *p = sweep.points[k];
		cr_assert(p[0] >= 1e-5 && p[0] < 0.01 && p[1] >= 8 && p[1] < 64 && fmod(p[1], 8) == 0);
		cr_assert(p[2] >= 10 && p[2] <= 200 && fmod(p[2], 2) == 0 && p[3] == p[4] && p[3] <= 2);
		cr_assert(p[3] == 0 ? p[5] >= 0 && p[5] <= 1 && p[6] > 0 : isnan(p[5]) && isnan(p[6]));
		cr_assert_eq(p[7], 0);
		n_relu += p[3] == 0;
	}
	cr_assert(n_relu > N_TRIALS / 2 && n_relu < N_TRIALS, "%zu", n_relu);
	end(&sweep);
}

Test(tpe, the_first_trials_are_random)
{
	static struct sweep sweep;
	begin(&sweep, TENTH, 3);
	run(&sweep);
	struct ls_sampler_options options = {.kind = LS_SAMPLER_RANDOM, .seed = 3};
	struct ls_sampler *sampler;
	cr_assert_eq(ls_sampler_create(&sampler, &sweep.space, &options, NULL), LOCKSTEP_OK);
	for (size_t k = 0; k < 11; k++) {
		double point[N(mixed)];
		cr_assert_eq(ls_sampler_propose(sampler, k, NULL, point, NULL), LOCKSTEP_OK);
		cr_assert_eq(same(point, sweep.points[k]), k < 10, "trial %zu", k);
	}
	/* Pending and failed ones are no objectives. */
	double point[N(mixed)], random[N(mixed)];
	sweep.trials[3].state = LS_OBSERVED_PENDING;
	sweep.trials[4].state = LS_OBSERVED_FAILED;
	propose(&sweep, 11, point);
	cr_assert_eq(ls_sampler_propose(sampler, 11, NULL, random, NULL), LOCKSTEP_OK);
	cr_assert(same(point, random));
	propose(&sweep, 12, point);
	cr_assert_eq(ls_sampler_propose(sampler, 12, NULL, random, NULL), LOCKSTEP_OK);
	cr_assert(!same(point, random));
	ls_sampler_destroy(sampler);
	end(&sweep);
}

/* As computed by gcc 12 on x86-64; the operations are correctly rounded, so all others must agree. */
Test(tpe, points_have_their_bits)
{
	static const size_t ks[] = {10, 11, 35, 59};
	static const double exact[][N(mixed)] = {
	    {0x1.77a553a3e4bd4p-5, 0x1.1p+7, 0x1.48p+5, 0x1p+0, 0x1p+0, NAN, NAN, 0x0p+0},
	    {0x1.3fbd2a00f8472p-7, 0x1.ap+8, 0x1.a8p+6, 0x1p+0, 0x1p+0, NAN, NAN, 0x0p+0},
	    {0x1.36a5d928a6ac6p-7, 0x1.cp+8, 0x1.b8p+6, 0x0p+0, 0x0p+0, 0x1.a32785783e333p-1, 0x1.01d6f0963077dp-8,
	     0x0p+0},
	    {0x1.0854fa11c3a92p-8, 0x1.2p+6, 0x1.24p+7, 0x0p+0, 0x0p+0, 0x1.3c28aa89e166ap-2, 0x1.45bf723b9f262p-10,
	     0x0p+0},
	};
	static struct sweep sweep;
	begin(&sweep, NULL, 20240229);
	run(&sweep);
	for (size_t j = 0; j < N(ks); j++)
		for (size_t i = 0; i < N(mixed); i++) {
			double x = sweep.points[ks[j]][i], y = exact[j][i];
			cr_assert(x == y || (isnan(x) && isnan(y)), "trial %zu, parameter %zu: %a", ks[j], i, x);
		}
	end(&sweep);
}

/* Does a change to the history change proposal 40? */
static int changes(struct sweep *sweep, size_t k, struct ls_observation trial)
{
	double before[N(mixed)], after[N(mixed)];
	struct ls_observation kept = sweep->trials[k];
	propose(sweep, 40, before);
	trial.point = kept.point;
	propose(sweep, 40, after);
	cr_assert(same(before, after));
	sweep->trials[k] = trial;
	propose(sweep, 40, after);
	sweep->trials[k] = kept;
	return !same(before, after);
}

static size_t best_trial(const struct sweep *sweep, size_t rank)
{
	for (size_t k = 0;; k++) {
		size_t n_better = 0;
		for (size_t i = 0; i < 40; i++)
			n_better += sweep->trials[i].objective < sweep->trials[k].objective;
		if (n_better == rank)
			return k;
	}
}

/* Four of 40 are the better part. What is in which part matters; the order within does not. */
Test(tpe, trials_are_ordered)
{
	static struct sweep sweep;
	begin(&sweep, NULL, 8);
	run(&sweep);
	size_t first = best_trial(&sweep, 0), fourth = best_trial(&sweep, 3), fifth = best_trial(&sweep, 4),
	       last = best_trial(&sweep, 39);
	double least = sweep.trials[first].objective;
	cr_assert(!changes(&sweep, first, (struct ls_observation){.objective = least - 1}));
	cr_assert(changes(&sweep, last, (struct ls_observation){.objective = least - 1}));
	cr_assert(changes(&sweep, first, (struct ls_observation){.objective = 1e9}));
	/* The last of the better part and the first of the other. */
	cr_assert(changes(&sweep, fifth, (struct ls_observation){.objective = sweep.trials[fourth].objective - 1e-9}));
	cr_assert(!changes(&sweep, fifth,
	                   (struct ls_observation){.objective = nextafter(sweep.trials[fourth].objective, HUGE_VAL)}));
	/* Pruned ones come after complete ones, whatever they had. */
	cr_assert(!changes(&sweep, last,
	                   (struct ls_observation){.state = LS_OBSERVED_PRUNED, .objective = -1e9, .resource = 99}));
	cr_assert(changes(&sweep, first,
	                  (struct ls_observation){.state = LS_OBSERVED_PRUNED, .objective = -1e9, .resource = 99}));
	/* Pending, failed, and not a number are the worse part. */
	cr_assert(changes(&sweep, first, (struct ls_observation){.state = LS_OBSERVED_PENDING}));
	double failed[N(mixed)], pending[N(mixed)], none[N(mixed)];
	struct ls_observation kept = sweep.trials[first];
	sweep.trials[first].state = LS_OBSERVED_PENDING;
	propose(&sweep, 40, pending);
	sweep.trials[first].state = LS_OBSERVED_FAILED;
	propose(&sweep, 40, failed);
	sweep.trials[first] = (struct ls_observation){.point = kept.point, .objective = NAN};
	propose(&sweep, 40, none);
	cr_assert(same(pending, failed) && same(failed, none));
	end(&sweep);
}

/* All pruned: the farthest first, then by objective. */
Test(tpe, pruned_trials_are_ordered)
{
	static struct sweep sweep;
	begin(&sweep, NULL, 8);
	run(&sweep);
	for (size_t k = 0; k < 40; k++) {
		sweep.trials[k].state = LS_OBSERVED_PRUNED;
		sweep.trials[k].resource = 3;
	}
	size_t first = best_trial(&sweep, 0), last = best_trial(&sweep, 39);
	struct ls_observation trial = sweep.trials[last];
	trial.resource = 4;
	cr_assert(changes(&sweep, last, trial));
	trial.resource = 2;
	cr_assert(!changes(&sweep, last, trial));
	trial = sweep.trials[first];
	trial.resource = 2;
	cr_assert(changes(&sweep, first, trial));
	trial.resource = 3;
	trial.objective = 1e9;
	cr_assert(changes(&sweep, first, trial));
	end(&sweep);
}

/* A trial without them says nothing of conditional parameters: moving its other ones does not
 * move them, and what they are drawn from is the trials that had them. */
Test(tpe, groups_are_apart)
{
	static const struct test_parameter parameters[] = {
	    {.name = "kind", .kind = LS_CATEGORICAL, .values = "a b"},
	    {.name = "x", .kind = LS_UNIFORM, .min = 0, .max = 1, .when = "kind == a"},
	    {.name = "y", .kind = LS_UNIFORM, .min = 0, .max = 1, .when = "kind == b"},
	};
	struct ls_space space = SPACE(parameters, NULL);
	struct ls_sampler_options options = {.kind = LS_SAMPLER_TPE, .seed = 5, .startup = 10};
	struct ls_sampler *sampler;
	cr_assert_eq(ls_sampler_create(&sampler, &space, &options, NULL), LOCKSTEP_OK);
	double points[200][3], sum[2] = {0, 0};
	struct ls_observation trials[200];
	size_t n[2] = {0, 0};
	for (size_t k = 0; k < N(points); k++) {
		cr_assert_eq(ls_sampler_propose(sampler, k, trials, points[k], NULL), LOCKSTEP_OK);
		int is_b = points[k][0] == 1;
		cr_assert(isnan(points[k][1 + !is_b]) && points[k][1 + is_b] >= 0 && points[k][1 + is_b] <= 1);
		/* Both are good at their own place: x at 0.2, y at 0.9. */
		double off = points[k][1 + is_b] - (is_b ? 0.9 : 0.2);
		trials[k] = (struct ls_observation){.point = points[k], .objective = off * off};
		if (k >= 100) {
			sum[is_b] += points[k][1 + is_b];
			n[is_b]++;
		}
	}
	cr_assert(n[0] > 10 && n[1] > 10, "%zu and %zu", n[0], n[1]);
	cr_assert(fabs(sum[0] / (double)n[0] - 0.2) < 0.1 && fabs(sum[1] / (double)n[1] - 0.9) < 0.2, "%g and %g",
	          sum[0] / (double)n[0], sum[1] / (double)n[1]);
	ls_sampler_destroy(sampler);
	ls_space_fini(&space);
}

Test(tpe, constraints_that_cannot_be_met_are_an_error)
{
	static struct sweep sweep;
	begin(&sweep, NULL, 8);
	run(&sweep);
	ls_sampler_destroy(sweep.sampler);
	ls_space_fini(&sweep.space);
	begin(&sweep, "lr > 1", 8);
	double point[N(mixed)] = {-1};
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_sampler_propose(sweep.sampler, 40, sweep.trials, point, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "no point of 10000 met the constraints");
	cr_assert_eq(point[0], -1);
	end(&sweep);
}

Test(tpe, every_allocation_may_fail)
{
	static struct sweep sweep;
	begin(&sweep, TENTH, 3);
	run(&sweep);
	struct ls_sampler_options options = {.kind = LS_SAMPLER_TPE, .seed = 3, .startup = 10};
	for (long n = 1;; n++) {
		struct ls_sampler *sampler = NULL;
		double point[N(mixed)] = {-7};
		ls_memory_fail_at(n);
		lockstep_status status = ls_sampler_create(&sampler, &sweep.space, &options, NULL);
		if (status == LOCKSTEP_OK)
			status = ls_sampler_propose(sampler, 40, sweep.trials, point, NULL);
		long n_made = ls_memory_fail_at(0);
		ls_sampler_destroy(sampler);
		if (status == LOCKSTEP_OK) {
			cr_assert(n_made < n && n > 20 && same(point, sweep.points[40]), "%ld allocations", n);
			break;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
		cr_assert_eq(point[0], -7);
	}
	end(&sweep);
}
