/* SPDX-License-Identifier: MIT
 *
 * What the fixed order of sums costs. The free job runs the same code with one
 * slice a worker, so that a worker sums its rows in one chain and only whole
 * shards are combined: the least that data parallelism needs. With as many slices
 * as that it is the job itself, and says nothing.
 *
 * Speeds of a machine drift by more than the difference sought, so blocks of
 * the two jobs take turns, each first in every other pair.
 */
#include "figure.h"
#include "job.h"

struct pair {
	struct ls_bench_training exact, free;
	uint64_t n; /* steps of a block */
	double exact_seconds[LS_BENCH_BLOCKS], free_seconds[LS_BENCH_BLOCKS], ratios[LS_BENCH_BLOCKS];
};

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t power = 1;
	while (power < n)
		power *= 2;
	return power;
}

/* In reverse order: the caller's binding is that from before the first one. */
static void pair_fini(struct pair *pair)
{
	ls_bench_training_fini(&pair->free);
	ls_bench_training_fini(&pair->exact);
}

static lockstep_status pair_init(struct pair *pair, const struct lockstep_bench_job *job,
                                 const struct lockstep_bench_options *options, lockstep_error *error)
{
	struct lockstep_train_options train = ls_bench_train_options(job, options);
	lockstep_status status = ls_bench_training_init(&pair->exact, job, options, &train, error);
	if (status)
		return status;
	train.slices = power_of_two_from(job->workers);
	status = ls_bench_training_init(&pair->free, job, options, &train, error);
	if (status)
		pair_fini(pair);
	return status;
}

static lockstep_status time_pair(struct pair *pair, int i, lockstep_error *error)
{
	double *exact = &pair->exact_seconds[i], *other = &pair->free_seconds[i];
	lockstep_status status = LOCKSTEP_OK;
	for (int turn = 0; turn < 2 && !status; turn++)
		if ((i + turn) % 2 == 0)
			status = ls_bench_training_repeat(&pair->exact, pair->n, exact, error);
		else
			status = ls_bench_training_repeat(&pair->free, pair->n, other, error);
	if (!status)
		pair->ratios[i] = *exact / *other;
	return status;
}

static void summarise(struct pair *pair, uint32_t batch, struct lockstep_bench_exactness *result)
{
	double n_rows = (double)pair->n * batch;
	result->ratio = ls_bench_figure(pair->ratios, LS_BENCH_BLOCKS);
	result->samples_per_second = n_rows / ls_bench_figure(pair->exact_seconds, LS_BENCH_BLOCKS).median;
	result->free_samples_per_second = n_rows / ls_bench_figure(pair->free_seconds, LS_BENCH_BLOCKS).median;
}

static lockstep_status measure(struct pair *pair, double seconds, lockstep_error *error)
{
	uint64_t n_free;
	double block = seconds / (2 * LS_BENCH_BLOCKS);
	lockstep_status status = ls_bench_calibrate(ls_bench_training_repeat, &pair->free, block, &n_free, error);
	if (!status)
		status = ls_bench_calibrate(ls_bench_training_repeat, &pair->exact, block, &pair->n, error);
	for (int i = 0; i < LS_BENCH_BLOCKS && !status; i++)
		status = time_pair(pair, i, error);
	return status;
}

lockstep_status lockstep_bench_exactness(const struct lockstep_bench_job *job,
                                         const struct lockstep_bench_options *options,
                                         struct lockstep_bench_exactness *exactness, lockstep_error *error)
{
	struct pair pair;
	struct lockstep_bench_exactness result = {.slices = job->network->slices,
	                                          .free_slices = power_of_two_from(job->workers)};
	lockstep_status status = pair_init(&pair, job, options, error);
	if (status)
		return status;
	if (result.free_slices < result.slices) {
		status = measure(&pair, options->seconds, error);
		if (!status)
			summarise(&pair, job->network->batch, &result);
	}
	if (!status)
		*exactness = result;
	pair_fini(&pair);
	return status;
}
