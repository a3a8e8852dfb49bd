/* SPDX-License-Identifier: MIT
 *
 * Importance: the shares that PedAnovaImportanceEvaluator of Optuna 5.0.0 (target quantile 0.1, all trials as the
 * region, normalised) has of the same trials, which both sides make from the same numbers; densities against
 * sums worked by hand; and what has no importance.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lockstep/importance.h"
#include "study/importance/density.h"

TestSuite(importance);

enum { LR, MOMENTUM, BATCH, HIDDEN, UNITS, DECAY, N_PARAMETERS };
#define N_TRIALS_MAX 500

static const char *const names[N_PARAMETERS] = {"lr", "momentum", "batch", "hidden", "units", "decay"};
static const char *const activations[] = {"sigmoid", "tanh", "relu"};
static const char spec_text[] = "method: random\n"
				"parameters:\n"
				"  lr: {distribution: log_uniform_values, min: 0.0009765625, max: 1}\n"
				"  momentum: {min: 0.0, max: 1.0}\n"
				"  batch: {values: [8, 16, 32, 64]}\n"
				"  hidden: {values: [sigmoid, tanh, relu]}\n"
				"  units: {min: 10, max: 30}\n"
				"  decay: {min: 0.0, max: 1.0}\n"
				"lockstep:\n"
				"  when: {decay: hidden == tanh}\n";

/* A study of which nothing is there but what importance looks at. */
struct history {
	struct lockstep_runs_study study;
	struct lockstep_runs_trial trials[N_TRIALS_MAX];
	struct lockstep_runs_value values[N_TRIALS_MAX][N_PARAMETERS];
	char texts[N_TRIALS_MAX][N_PARAMETERS][LOCKSTEP_NUMBER_MAX];
};
static struct history history;

/* splitmix64 */
static double draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

static void set_number(size_t trial, size_t i, enum lockstep_value_kind kind, double x, double drawn)
{
	char *text = history.texts[trial][i];
	lockstep_number_text(x, text);
	history.values[trial][i] = (struct lockstep_runs_value){kind, (int64_t)x, x, text, drawn};
}

static double objective(int which, double lr, double momentum, double batch, int hidden, double units, double decay)
{
	switch (which) {
	case 0:
		return (lr - 0.25) * (lr - 0.25) + 0.01 * momentum;
	case 1:
		return fabs(momentum - 0.7) + (hidden == 2 ? 0.2 : 0) + 0.001 * units;
	case 2:
		return (units - 20) * (units - 20) / 100 + batch / 640;
	default:
		return (hidden == 1 ? 0.5 * decay : 0.6) + 0.3 * fabs(lr - 0.5);
	}
}

static void make_trial(size_t i, int which, uint64_t *state)
{
	double u[6];
	for (size_t k = 0; k < 6; k++)
		u[k] = draw(state);
	double lr = ldexp(1 + fmod(u[0] * 10, 1), -10 + (int)(u[0] * 10));
	int batch = (int)(u[2] * 4), hidden = (int)(u[3] * 3), units = 10 + (int)(u[4] * 21);
	set_number(i, LR, LOCKSTEP_VALUE_REAL, lr, lr);
	set_number(i, MOMENTUM, LOCKSTEP_VALUE_REAL, u[1], u[1]);
	set_number(i, BATCH, LOCKSTEP_VALUE_INTEGER, 8 << batch, batch);
	history.values[i][HIDDEN] =
	    (struct lockstep_runs_value){LOCKSTEP_VALUE_TEXT, 0, NAN, activations[hidden], hidden};
	set_number(i, UNITS, LOCKSTEP_VALUE_INTEGER, units, units);
	set_number(i, DECAY, LOCKSTEP_VALUE_REAL, u[5], u[5]);
	if (hidden != 1)
		history.values[i][DECAY] = (struct lockstep_runs_value){LOCKSTEP_VALUE_ABSENT, 0, NAN, "", NAN};
	double y = objective(which, lr, u[1], 8 << batch, hidden, units, u[5]);
	history.trials[i] = (struct lockstep_runs_trial){.number = i,
	                                                 .state = LOCKSTEP_TRIAL_DONE,
	                                                 .objective = history.study.maximize ? -y : y,
	                                                 .values = history.values[i]};
}

static void make_history(int which, size_t n, int maximize)
{
	uint64_t state = 1000 + (uint64_t)which;
	history.study = (struct lockstep_runs_study){.name = "made",
	                                             .spec = spec_text,
	                                             .maximize = maximize,
	                                             .parameters = names,
	                                             .n_parameters = N_PARAMETERS,
	                                             .trials = history.trials,
	                                             .n_trials = n};
	for (size_t i = 0; i < n; i++)
		make_trial(i, which, &state);
}

static struct lockstep_importance *importance_of(const struct lockstep_runs_study *study)
{
	struct lockstep_importance *importance = NULL;
	lockstep_error error;
	cr_assert_eq(lockstep_importance_create(&importance, study, &error), LOCKSTEP_OK);
	cr_assert_eq(importance->n_parameters, study->n_parameters);
	return importance;
}

/* Optuna's cells of a conditional parameter and of an integer are ours; its normal probabilities are
 * sums of the same terms, in another order. */
#define TOLERANCE 1e-10

static const struct {
	int which;
	size_t n;
	int maximize;
	double shares[N_PARAMETERS];
} golden[] = {
    {0,
     100,
     0,
     {0.93549064344331, 0.0424924430639331, 0.00889686074440112, 0.00373809155245127, 0.00763544423106738,
      0.00174651696483713}},
    {1,
     200,
     0,
     {0.0130591466993756, 0.876953666683526, 0.00503828193809144, 0.0423066328536107, 0.0110465966995287,
      0.051595675125867}},
    {2,
     60,
     1,
     {0.0239821668890464, 0.0360485310583219, 0.0557998996713388, 0.0051101307549219, 0.848892201788864,
      0.0301670698375069}},
    {3,
     500,
     0,
     {0.00485323905128928, 0.00148573168079506, 0.00119544377030407, 0.0495887725624995, 0.00464094236386132,
      0.938235870571251}},
    {3,
     41,
     1,
     {0.0307442822536873, 0.0150171539659197, 0.0295242898828129, 0.0906767714724756, 0.0187072646842799,
      0.815330237740825}},
};

Test(importance, is_that_of_optuna)
{
	for (size_t k = 0; k < sizeof golden / sizeof *golden; k++) {
		make_history(golden[k].which, golden[k].n, golden[k].maximize);
		struct lockstep_importance *importance = importance_of(&history.study);
		double sum = 0;
		cr_assert_null(importance->reason);
		cr_assert_eq(importance->n_trials, golden[k].n);
		for (size_t i = 0; i < N_PARAMETERS; i++) {
			double share = importance->parameters[i].share;
			cr_assert(fabs(share - golden[k].shares[i]) <= TOLERANCE, "history %zu, %s: %.15g, not %.15g",
			          k, names[i], share, golden[k].shares[i]);
			sum += share;
		}
		cr_assert(fabs(sum - 1) <= 1e-14);
		lockstep_importance_destroy(importance);
	}
}

/* Of histories 0 and 1 the objective is what one or two parameters make of it, and noise for the others; 95 of 100 of
 * these stay below what chance allows. */
Test(importance, tells_what_matters_from_chance)
{
	size_t n_above = 0, n_noise = 0;
	for (int k = 0; k < 3; k++) {
		static const size_t matters[] = {LR, MOMENTUM, UNITS};
		make_history(k, 500, 0);
		struct lockstep_importance *importance = importance_of(&history.study);
		for (size_t i = 0; i < N_PARAMETERS; i++) {
			const struct lockstep_importance_parameter *parameter = &importance->parameters[i];
			cr_assert(parameter->chance > 0 && parameter->chance < 1);
			if (i == matters[k])
				cr_assert_gt(parameter->share, 4 * parameter->chance);
			else if (k == 0 && i != MOMENTUM) {
				n_above += parameter->share > parameter->chance;
				n_noise++;
			}
		}
		lockstep_importance_destroy(importance);
	}
	cr_assert_eq(n_noise, 4);
	cr_assert_leq(n_above, 1);
}

Test(importance, is_the_same_each_time)
{
	make_history(3, 200, 0);
	struct lockstep_importance *first = importance_of(&history.study), *second = importance_of(&history.study);
	for (size_t i = 0; i < N_PARAMETERS; i++) {
		cr_assert_eq(first->parameters[i].share, second->parameters[i].share);
		cr_assert_eq(first->parameters[i].chance, second->parameters[i].chance);
	}
	lockstep_importance_destroy(first);
	lockstep_importance_destroy(second);
}

Test(importance, knows_the_scales_of_a_specification)
{
	make_history(0, 60, 0);
	struct lockstep_importance *importance = importance_of(&history.study);
	const struct lockstep_importance_parameter *parameters = importance->parameters;
	cr_assert_eq(parameters[LR].scale, LOCKSTEP_AXIS_LOG);
	cr_assert_eq(parameters[LR].low, 0x1p-10);
	cr_assert_eq(parameters[LR].high, 1);
	cr_assert_str_eq(parameters[LR].distribution, "log_uniform_values");
	cr_assert_eq(parameters[MOMENTUM].scale, LOCKSTEP_AXIS_LINEAR);
	cr_assert_eq(parameters[HIDDEN].scale, LOCKSTEP_AXIS_LISTED);
	cr_assert_eq(parameters[HIDDEN].n_values, 3);
	cr_assert_str_eq(parameters[HIDDEN].values[2], "relu");
	cr_assert(isnan(parameters[HIDDEN].low));
	cr_assert(parameters[DECAY].n_trials > 0 && parameters[DECAY].n_trials < 60);
	lockstep_importance_destroy(importance);
}

Test(importance, takes_values_for_what_they_look_like_without_a_specification)
{
	make_history(0, 60, 0);
	history.study.spec = "method: [not read\n";
	struct lockstep_importance *importance = importance_of(&history.study);
	const struct lockstep_importance_parameter *parameters = importance->parameters;
	cr_assert_eq(parameters[LR].scale, LOCKSTEP_AXIS_LOG);
	cr_assert_eq(parameters[MOMENTUM].scale, LOCKSTEP_AXIS_LINEAR);
	cr_assert_eq(parameters[BATCH].scale, LOCKSTEP_AXIS_LISTED);
	cr_assert_eq(parameters[BATCH].n_values, 4);
	cr_assert_str_eq(parameters[BATCH].values[0], "8");
	cr_assert_str_eq(parameters[BATCH].values[3], "64");
	cr_assert_str_eq(parameters[HIDDEN].values[0], "relu");
	cr_assert_null(parameters[LR].distribution);
	cr_assert(parameters[LR].share > 0.8);
	lockstep_importance_destroy(importance);
}

/* What is not done, or has no objective, changes nothing. */
Test(importance, compares_what_is_done)
{
	make_history(1, 100, 0);
	struct lockstep_importance *alone = importance_of(&history.study);
	make_history(1, 140, 0);
	for (size_t i = 100; i < 140; i++) {
		history.trials[i].state = i % 2 ? LOCKSTEP_TRIAL_PRUNED : LOCKSTEP_TRIAL_DIVERGED;
		history.trials[i].objective = i % 2 ? -1 : NAN;
	}
	struct lockstep_importance *with = importance_of(&history.study);
	cr_assert_eq(with->n_trials, 100);
	cr_assert_eq(with->n_best, 10);
	for (size_t i = 0; i < N_PARAMETERS; i++)
		cr_assert_eq(with->parameters[i].share, alone->parameters[i].share);
	lockstep_importance_destroy(alone);
	lockstep_importance_destroy(with);
}

static void expect_reason(const char *reason)
{
	struct lockstep_importance *importance = importance_of(&history.study);
	cr_assert_not_null(importance->reason);
	cr_assert_str_eq(importance->reason, reason);
	for (size_t i = 0; i < importance->n_parameters; i++)
		cr_assert(isnan(importance->parameters[i].share) && isnan(importance->parameters[i].chance));
	lockstep_importance_destroy(importance);
}

Test(importance, says_why_there_is_none)
{
	make_history(0, 40, 0);
	expect_reason("40 of 40 trials are done; 41 are needed, so that the best tenth is five");
	make_history(0, 60, 0);
	for (size_t i = 20; i < 60; i++)
		history.trials[i].state = LOCKSTEP_TRIAL_PRUNED;
	expect_reason("20 of 60 trials are done; 41 are needed, so that the best tenth is five");
	make_history(0, 60, 0);
	for (size_t i = 0; i < 60; i++)
		history.trials[i].objective = 1;
	expect_reason("60 of 60 trials are equally good: there is no best tenth");
	make_history(0, 60, 0);
	history.study.spec = "method: random\nparameters: {lr: {value: 1}}\n";
	history.study.n_parameters = 1;
	for (size_t i = 0; i < 60; i++)
		set_number(i, LR, LOCKSTEP_VALUE_INTEGER, 1, 0);
	expect_reason("no parameter has more than one value");
	make_history(0, 0, 0);
	expect_reason("0 of 0 trials are done; 41 are needed, so that the best tenth is five");
}

/* A zipped parameter would count what its leader counts. */
Test(importance, leaves_out_followers)
{
	make_history(0, 60, 0);
	history.study.spec = "method: random\n"
			     "parameters:\n"
			     "  lr: {values: [0.1, 0.2]}\n"
			     "  momentum: {values: [0.5, 0.9]}\n"
			     "lockstep:\n"
			     "  zip: [[lr, momentum]]\n";
	history.study.n_parameters = 2;
	for (size_t i = 0; i < 60; i++) {
		set_number(i, LR, LOCKSTEP_VALUE_REAL, i % 2 ? 0.2 : 0.1, (double)(i % 2));
		set_number(i, MOMENTUM, LOCKSTEP_VALUE_REAL, i % 2 ? 0.9 : 0.5, (double)(i % 2));
	}
	struct lockstep_importance *importance = importance_of(&history.study);
	cr_assert_null(importance->reason);
	cr_assert_str_eq(importance->parameters[1].follows, "lr");
	cr_assert(isnan(importance->parameters[1].share));
	cr_assert_eq(importance->parameters[0].share, 1);
	lockstep_importance_destroy(importance);
}

Test(importance, survives_values_that_do_not_fit_the_specification)
{
	make_history(0, 60, 0);
	set_number(3, BATCH, LOCKSTEP_VALUE_INTEGER, 7, 99);
	set_number(4, BATCH, LOCKSTEP_VALUE_INTEGER, 7, NAN);
	set_number(5, LR, LOCKSTEP_VALUE_REAL, 1e300, 1e300);
	set_number(6, LR, LOCKSTEP_VALUE_REAL, -1, -1);
	history.values[7][LR].real = INFINITY;
	history.values[8][LR] = history.values[8][HIDDEN];
	struct lockstep_importance *importance = importance_of(&history.study);
	cr_assert_eq(importance->parameters[BATCH].n_trials, 58);
	cr_assert_eq(importance->parameters[LR].n_trials, 58);
	cr_assert(isfinite(importance->parameters[LR].share));
	lockstep_importance_destroy(importance);
}

Test(importance, fails_with_each_allocation)
{
	struct lockstep_importance *importance = NULL;
	lockstep_error error;
	long n = 1;
	make_history(0, 60, 0);
	for (;; n++) {
		cr_assert_lt(n, 10000);
		ls_memory_fail_at(n);
		lockstep_status status = lockstep_importance_create(&importance, &history.study, &error);
		ls_memory_fail_at(0);
		if (!status)
			break;
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
		cr_assert_null(importance);
	}
	cr_assert_gt(n, 10);
	lockstep_importance_destroy(importance);
}

/* ---- Densities --------------------------------------------------------------- */

/* Two trials on the first of three choices, one on the last: kernels are (1 + 1/3, 1/3, 1/3) / 2 and so on. */
Test(importance, density_of_choices)
{
	const uint32_t counts[] = {2, 0, 1};
	const double expected[] = {(2 * 4.0 / 6 + 1.0 / 6 + 1.0 / 3) / 4, (2 * 1.0 / 6 + 1.0 / 6 + 1.0 / 3) / 4,
	                           (2 * 1.0 / 6 + 4.0 / 6 + 1.0 / 3) / 4};
	double density[3];
	ls_density_of_choices(counts, 3, density);
	for (size_t i = 0; i < 3; i++)
		cr_assert(fabs(density[i] - expected[i]) <= 1e-15, "%zu: %.17g", i, density[i]);
}

Test(importance, densities_of_numbers_are_whole_and_even_where_trials_are)
{
	uint32_t counts[LS_CELLS_MAX] = {0};
	double density[LS_CELLS_MAX], sum = 0;
	counts[10] = counts[39] = 3;
	ls_density_of_numbers(counts, LS_CELLS_MAX, density);
	for (size_t i = 0; i < LS_CELLS_MAX; i++) {
		sum += density[i];
		cr_assert(fabs(density[i] - density[LS_CELLS_MAX - 1 - i]) <= 1e-14);
	}
	cr_assert(fabs(sum - 1) <= 1e-13);
	cr_assert(density[10] > density[25] && density[10] > density[0]);
	counts[10] = counts[39] = 0;
	ls_density_of_numbers(counts, LS_CELLS_MAX, density);
	cr_assert(density[0] > 0.8 / LS_CELLS_MAX && density[25] < 1.2 / LS_CELLS_MAX);
}

Test(importance, divergence)
{
	const double p[] = {0.5, 0.5}, q[] = {0.25, 0.75};
	/* 1/4 * 1 + 3/4 * 1/9 */
	cr_assert(fabs(ls_density_divergence(p, q, 2) - 1.0 / 3) <= 1e-10);
	cr_assert_eq(ls_density_divergence(q, q, 2), 0);
}
