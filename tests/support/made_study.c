/* SPDX-License-Identifier: MIT
 *
 * Objectives with all their bits in use: quotients by 7 and 11.
 */
#include "made_study.h"

#include <math.h>
#include <stdio.h>

#define SEEDS_MAX 64

static const char *const parameters[MADE_PARAMETERS] = {"lr", "batch", "hidden", "momentum"};
static const struct lockstep_runs_data data[] = {{"a set", "train", "aaaa"}, {"a set", "test", "bbbb"}};

double made_objective(uint64_t trial, uint64_t seed)
{
	return 0.25 + (double)((trial * 7 + seed * 5) % 23) / 77;
}

double made_loss(uint64_t trial, uint64_t seed, uint32_t epoch)
{
	return made_objective(trial, seed) + 1.0 / (7.0 * epoch);
}

size_t made_point(uint64_t trial, struct ls_store_value values[MADE_PARAMETERS])
{
	static char names[][5] = {"relu", "tanh"};
	const double lr = 0.1 / (double)(trial + 1), momentum = (double)(trial % 10) / 10;
	const int64_t batch = INT64_C(8) << trial % 4;
	values[0] = (struct ls_store_value){0, {LS_VALUE_REAL, 0, lr, NULL}, lr};
	values[1] = (struct ls_store_value){1, {LS_VALUE_INTEGER, batch, (double)batch, NULL}, (double)(trial % 4)};
	values[2] = (struct ls_store_value){2, {LS_VALUE_TEXT, 0, 0, names[trial % 2]}, (double)(trial % 2)};
	values[3] = (struct ls_store_value){3, {LS_VALUE_REAL, 0, momentum, NULL}, momentum};
	return trial % 2 ? 3 : 4;
}

lockstep_status made_add_study(struct ls_store *store, const struct made_study *study, int64_t *id,
                               lockstep_error *error)
{
	char created[LS_STORE_TIME_MAX];
	snprintf(created, sizeof created, "2026-11-2%dT10:00:00.000Z", study->times);
	const struct ls_store_study made = {.name = study->name,
	                                    .description = study->is_foreign ? "of a command, \"quoted\"" : NULL,
	                                    .spec = "method: random\n",
	                                    .method = "random",
	                                    .sampler = "random",
	                                    .scheduler = "none",
	                                    .metric = study->is_foreign ? "score, final" : "test_loss",
	                                    .aggregate = "median",
	                                    .created = created,
	                                    .maximize = study->maximize,
	                                    .seed = UINT64_MAX,
	                                    .seeds = study->seeds,
	                                    .n_seeds = study->n_seeds,
	                                    .parameters = parameters,
	                                    .n_parameters = MADE_PARAMETERS};
	const struct lockstep_runs_session session = {.started = created,
	                                              .version = "0.1.0",
	                                              .compiler = "gcc 12.2.0",
	                                              .isa = "avx2",
	                                              .command = "lockstep sweep spec.yaml",
	                                              .cpu = "A CPU",
	                                              .cores = 4,
	                                              .cpu_quota = 2.5,
	                                              .topology = "<topology/>"};
	lockstep_status status = ls_store_add_study(store, &made, id, error);
	for (size_t i = 0; !status && i < sizeof data / sizeof *data; i++)
		status = ls_store_add_data(store, *id, &data[i], error);
	return status ? status : ls_store_add_session(store, *id, &session, error);
}

static lockstep_status claim(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                             uint32_t run, int64_t *out, lockstep_error *error)
{
	char record[128];
	struct ls_store_claim found;
	const uint64_t seed = study->seeds[run];
	const struct ls_store_job job = {record, study->is_foreign ? "./train --lr 0.1" : NULL, seed};
	snprintf(record, sizeof record, "{\"study\":\"%s\",\"trial\":%llu,\"seed\":%llu}", study->name,
	         (unsigned long long)trial, (unsigned long long)seed);
	lockstep_status status = ls_store_claim_job(store, id, trial, run, &job, &found, error);
	if (!status)
		*out = found.job;
	return status;
}

lockstep_status made_start(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                           int64_t jobs[], lockstep_error *error)
{
	struct ls_store_value values[MADE_PARAMETERS];
	const struct ls_item item = {.number = trial, .action = LS_ACTION_START, .trial = trial, .until = MADE_EPOCHS};
	size_t n = made_point(trial, values);
	lockstep_status status = ls_store_begin(store, error);
	if (status)
		return status;
	status = ls_store_add_item(store, id, &item, values, n, error);
	for (uint32_t i = 0; !status && i < study->n_seeds; i++)
		status = claim(store, id, study, trial, i, &jobs[i], error);
	if (!status)
		return ls_store_commit(store, error);
	ls_store_rollback(store);
	return status;
}

static lockstep_status add_epoch(struct ls_store *store, const struct made_study *study, uint64_t trial, uint32_t run,
                                 uint32_t epoch, int64_t job, lockstep_error *error)
{
	const double loss = made_loss(trial, study->seeds[run], epoch);
	const struct ls_store_metric metrics[] = {{"score, final", loss}, {"a \"word\"", epoch}};
	struct ls_store_epoch made = LS_STORE_EPOCH_INIT;
	made.epoch = epoch;
	if (study->is_foreign) {
		made.metrics = metrics;
		made.n_metrics = 2;
		return ls_store_add_epoch(store, job, &made, error);
	}
	made.loss = loss;
	made.test_loss = loss / 3;
	made.test_accuracy = 1 - loss / 7;
	made.learning_rate = 0.1;
	made.train_seconds = 0.5 + study->times;
	made.samples_per_second = 1000;
	return ls_store_add_epoch(store, job, &made, error);
}

lockstep_status made_train(struct ls_store *store, const struct made_study *study, uint64_t trial, const int64_t jobs[],
                           lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (uint32_t run = 0; !status && run < study->n_seeds; run++)
		for (uint32_t epoch = 1; !status && epoch <= MADE_EPOCHS; epoch++)
			status = add_epoch(store, study, trial, run, epoch, jobs[run], error);
	return status;
}

static enum lockstep_trial_state state_of(uint64_t trial)
{
	return trial % 5 == 1 ? LOCKSTEP_TRIAL_DIVERGED : trial % 7 == 6 ? LOCKSTEP_TRIAL_PRUNED : LOCKSTEP_TRIAL_DONE;
}

static lockstep_status end_job(struct ls_store *store, const struct made_study *study, uint64_t trial, uint32_t run,
                               int64_t job, lockstep_error *error)
{
	char fingerprint[65], started[LS_STORE_TIME_MAX];
	const int diverged = state_of(trial) == LOCKSTEP_TRIAL_DIVERGED;
	snprintf(fingerprint, sizeof fingerprint, "%064llx", (unsigned long long)(trial * 1000 + study->seeds[run]));
	snprintf(started, sizeof started, "2026-11-2%dT10:00:01.000Z", study->times);
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	progress.state = diverged ? LOCKSTEP_JOB_DIVERGED : LOCKSTEP_JOB_DONE;
	progress.epoch = MADE_EPOCHS;
	progress.step = diverged ? 17 : 0;
	progress.message = diverged ? "the loss is not finite at step 17" : NULL;
	progress.fingerprint = diverged || study->is_foreign ? NULL : fingerprint;
	progress.workers = 1 + (uint32_t)study->times;
	progress.cores = "0-1";
	progress.started = started;
	progress.ended = "2026-11-27T10:01:00.000Z";
	progress.seconds = 2.5 + study->times;
	progress.exit_status = study->is_foreign ? 0 : -1;
	return ls_store_update_job(store, job, &progress, error);
}

static int compare(const double *values, size_t n, size_t i)
{
	size_t below = 0;
	for (size_t j = 0; j < n; j++)
		below += values[j] < values[i] || (values[j] == values[i] && j < i);
	return below == (n - 1) / 2;
}

/* The lower median, which is a value itself. */
static double median(const double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (compare(values, n, i))
			return values[i];
	return NAN;
}

static lockstep_status report(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                              lockstep_error *error)
{
	double runs[SEEDS_MAX];
	struct ls_store_told told[MADE_EPOCHS];
	const int diverged = state_of(trial) == LOCKSTEP_TRIAL_DIVERGED;
	for (size_t i = 0; i < study->n_seeds; i++)
		runs[i] = diverged ? NAN : made_objective(trial, study->seeds[i]);
	const double objective = median(runs, study->n_seeds);
	for (uint32_t i = 0; i < MADE_EPOCHS; i++)
		told[i] = (struct ls_store_told){i + 1, made_loss(trial, 1, i + 1)};
	const struct ls_store_report made = {.item = trial,
	                                     .told = study->maximize ? -objective : objective,
	                                     .ended = state_of(trial) != LOCKSTEP_TRIAL_DONE,
	                                     .epochs = told,
	                                     .n_epochs = MADE_EPOCHS,
	                                     .state = state_of(trial),
	                                     .objective = objective,
	                                     .epochs_done = MADE_EPOCHS,
	                                     .message = diverged ? "diverged at step 17" : NULL,
	                                     .runs = runs,
	                                     .n_runs = study->n_seeds};
	return ls_store_report(store, id, &made, error);
}

lockstep_status made_finish(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                            const int64_t jobs[], lockstep_error *error)
{
	lockstep_status status = ls_store_begin(store, error);
	if (status)
		return status;
	for (uint32_t run = 0; !status && run < study->n_seeds; run++)
		status = end_job(store, study, trial, run, jobs[run], error);
	if (!status)
		status = report(store, id, study, trial, error);
	if (!status)
		return ls_store_commit(store, error);
	ls_store_rollback(store);
	return status;
}

lockstep_status made_write(struct ls_store *store, const struct made_study *study, int64_t *id, lockstep_error *error)
{
	int64_t jobs[SEEDS_MAX];
	lockstep_status status = made_add_study(store, study, id, error);
	for (uint64_t trial = 0; !status && trial < study->n_trials; trial++) {
		status = made_start(store, *id, study, trial, jobs, error);
		if (!status)
			status = made_train(store, study, trial, jobs, error);
		if (!status)
			status = made_finish(store, *id, study, trial, jobs, error);
	}
	return status ? status : ls_store_end_session(store, "done", error);
}
