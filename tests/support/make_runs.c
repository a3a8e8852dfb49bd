/* SPDX-License-Identifier: MIT
 *
 * Databases for the tests of `lockstep runs`, made through the store's interface.
 *
 *	make_runs FILE demo [N]     three studies; N makes other times
 *	make_runs FILE running      a study in the middle: two trials run
 *	make_runs FILE write        adds trials to study `w` for ever, a line on stdout
 *	                            after each that was committed
 *	make_runs FILE check        is study `w` whole? prints how many trials it has
 *	make_runs FILE hold         writes `open` and keeps the lock until stdin ends
 *	make_runs FILE speed N      N trials of 10 epochs: the writer's time a trial
 *	make_runs FILE forge N      gives the N-th epoch of the first job that has it another
 *	                            fingerprint, with the checksum that goes with it
 *	make_runs FILE wide         a study with a parameter of a long text, and many
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "made_study.h"

static const uint64_t one_seed[] = {1};
static const uint64_t seven_seeds[] = {1, 2, 3, 4, 5, 6, UINT64_MAX};

static int fail(const lockstep_error *error)
{
	fprintf(stderr, "make_runs: %s\n", error->message);
	return 1;
}

static int demo(struct ls_store *store, int times, lockstep_error *error)
{
	const struct made_study studies[] = {{"plain", 12, one_seed, 1, 0, 0, times},
	                                     {"seeds", 8, seven_seeds, 7, 0, 1, times},
	                                     {"foreign", 4, one_seed, 1, 1, 0, times}};
	int64_t id;
	for (size_t i = 0; i < sizeof studies / sizeof *studies; i++)
		if (made_write(store, &studies[i], &id, error))
			return fail(error);
	return 0;
}

static int running(struct ls_store *store, lockstep_error *error)
{
	const struct made_study study = {"half", 3, one_seed, 1, 0, 0, 0};
	int64_t id, job;
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	if (made_write(store, &study, &id, error) || made_start(store, id, &study, 3, &job, error) ||
	    made_train(store, &study, 3, &job, error) || made_start(store, id, &study, 4, &job, error))
		return fail(error);
	progress.state = LOCKSTEP_JOB_RUNNING;
	progress.epoch = 1;
	return ls_store_update_job(store, job, &progress, error) ? fail(error) : 0;
}

/* ---- A study that is killed in the middle ------------------------------------- */

static const struct made_study endless = {"w", 0, one_seed, 1, 0, 0, 0};

/* The trials from `first` on; whatever the last process left undone is done first. */
static int write_trials(struct ls_store *store, int64_t id, const struct ls_store_items *items, lockstep_error *error)
{
	int64_t job;
	uint64_t first = items->n;
	if (first && !items->items[first - 1].is_reported) {
		struct ls_store_claim claim;
		char record[128];
		const struct ls_store_job last = {record, NULL, 1};
		snprintf(record, sizeof record, "{\"study\":\"w\",\"trial\":%llu,\"seed\":1}",
		         (unsigned long long)first - 1);
		if (ls_store_claim_job(store, id, first - 1, 0, &last, &claim, error) || claim.is_new ||
		    made_train(store, &endless, first - 1, &claim.job, error) ||
		    made_finish(store, id, &endless, first - 1, &claim.job, error))
			return fail(error);
	}
	for (uint64_t trial = first;; trial++) {
		if (made_start(store, id, &endless, trial, &job, error) ||
		    made_train(store, &endless, trial, &job, error) ||
		    made_finish(store, id, &endless, trial, &job, error))
			return fail(error);
		printf("%llu\n", (unsigned long long)trial + 1);
		fflush(stdout);
	}
}

static int write_endlessly(struct ls_store *store, lockstep_error *error)
{
	char digest[65];
	int64_t id;
	struct ls_store_items *items;
	if (ls_store_find_study(store, "w", &id, digest, error) ||
	    (!id && made_add_study(store, &endless, &id, error)) || ls_store_read_items(store, id, &items, error))
		return fail(error);
	int status = write_trials(store, id, items, error);
	ls_store_items_destroy(items);
	return status;
}

/* Is trial k whole, or the last, and not yet reported? */
static int is_whole(lockstep_runs *runs, const struct lockstep_runs_study *study, uint64_t k, int is_reported)
{
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	const struct lockstep_runs_trial *trial = &study->trials[k];
	if (trial->n_jobs != 1 || lockstep_runs_read_epochs(runs, study, &trial->jobs[0], &epochs, &error))
		return 0;
	int whole = trial->values[0].real == 0.1 / (double)(k + 1) && epochs->n <= MADE_EPOCHS;
	for (size_t i = 0; i < epochs->n; i++)
		whole &= epochs->epochs[i].epoch == i + 1 &&
		         epochs->epochs[i].metrics[0] == made_loss(k, 1, (uint32_t)i + 1);
	if (is_reported)
		whole &= epochs->n == MADE_EPOCHS && trial->state != LOCKSTEP_TRIAL_RUNNING &&
		         (trial->state == LOCKSTEP_TRIAL_DIVERGED || trial->objective == made_objective(k, 1)) &&
		         trial->jobs[0].state != LOCKSTEP_JOB_PENDING;
	else
		whole &= k + 1 == study->n_trials && trial->state == LOCKSTEP_TRIAL_RUNNING &&
		         trial->jobs[0].state == LOCKSTEP_JOB_PENDING;
	lockstep_runs_epochs_destroy(epochs);
	return whole;
}

static int check(const char *path)
{
	lockstep_runs *runs = NULL;
	struct lockstep_runs_study *study = NULL;
	lockstep_error error;
	if (lockstep_runs_open(&runs, path, &error))
		return fail(&error);
	if (!lockstep_runs_n_studies(runs)) {
		puts("0");
		lockstep_runs_close(runs);
		return 0;
	}
	if (lockstep_runs_read_study(runs, 0, &study, &error)) {
		lockstep_runs_close(runs);
		return fail(&error);
	}
	int whole = study->n_items == study->n_trials && study->n_trials - study->n_reported <= 1;
	for (uint64_t k = 0; whole && k < study->n_trials; k++)
		whole = is_whole(runs, study, k, k < study->n_reported);
	printf("%llu\n", (unsigned long long)study->n_reported);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
	return !whole;
}

/* ---- Speed ------------------------------------------------------------------- */

static int speed(struct ls_store *store, size_t n, lockstep_error *error)
{
	const struct made_study study = {"speed", n, one_seed, 1, 0, 0, 0};
	int64_t id, job;
	double most = 0;
	if (made_add_study(store, &study, &id, error))
		return fail(error);
	const double start = ls_clock_seconds();
	for (uint64_t k = 0; k < n; k++) {
		const double begin = ls_clock_seconds();
		if (made_start(store, id, &study, k, &job, error))
			return fail(error);
		for (uint32_t epoch = 1; epoch <= 10; epoch++) {
			const double loss = made_loss(k, 1, epoch);
			struct ls_store_epoch made = LS_STORE_EPOCH_INIT;
			made.epoch = epoch;
			made.loss = made.validation_loss = made.validation_accuracy = loss;
			made.test_loss = made.test_accuracy = loss;
			made.learning_rate = 0.1;
			made.train_seconds = 0.5;
			made.samples_per_second = 1000;
			if (ls_store_add_epoch(store, job, &made, error))
				return fail(error);
		}
		if (made_finish(store, id, &study, k, &job, error))
			return fail(error);
		most = fmax(most, ls_clock_seconds() - begin);
	}
	printf("%zu trials of 10 epochs: %.3f ms a trial, %.3f at most\n", n,
	       (ls_clock_seconds() - start) * 1e3 / (double)n, most * 1e3);
	return 0;
}

/* ---- The whole --------------------------------------------------------------- */

static int wide(struct ls_store *store, lockstep_error *error)
{
	enum { N = 30 };
	char names[N][32], text[200];
	const char *pointers[N];
	struct ls_store_value values[N];
	int64_t id;
	const struct ls_item item = {.action = LS_ACTION_START};
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < N; i++) {
		snprintf(names[i], sizeof names[i], "parameter.number.%zu", i);
		pointers[i] = names[i];
		values[i] = (struct ls_store_value){i, {LS_VALUE_TEXT, 0, 0, text}, 0};
	}
	const struct ls_store_study made = {.name = "wide",
	                                    .spec = "",
	                                    .method = "grid",
	                                    .sampler = "grid",
	                                    .scheduler = "none",
	                                    .metric = "loss",
	                                    .aggregate = "mean",
	                                    .seeds = one_seed,
	                                    .n_seeds = 1,
	                                    .parameters = pointers,
	                                    .n_parameters = N};
	return ls_store_add_study(store, &made, &id, error) || ls_store_add_item(store, id, &item, values, N, error)
	           ? fail(error)
	           : 0;
}

/* ---- Another fingerprint ------------------------------------------------------ */

struct forging {
	uint32_t wanted;
	int found;
	struct ls_store_epoch epoch;
	char fingerprint[65];
};

static void take_epoch(void *context, const struct ls_store_epoch *epoch)
{
	struct forging *forging = context;
	if (epoch->epoch != forging->wanted || !epoch->fingerprint)
		return;
	forging->found = 1;
	forging->epoch = *epoch;
	snprintf(forging->fingerprint, sizeof forging->fingerprint, "%s", epoch->fingerprint);
	forging->fingerprint[0] = forging->fingerprint[0] == '0' ? '1' : '0';
	forging->epoch.fingerprint = forging->fingerprint;
	forging->epoch.metrics = NULL;
	forging->epoch.n_metrics = 0;
}

static int forge(struct ls_store *store, uint32_t epoch, lockstep_error *error)
{
	for (int64_t job = 1;; job++) {
		struct forging forging = {.wanted = epoch};
		if (ls_store_read_epochs(store, job, take_epoch, &forging, error))
			return fail(error);
		if (forging.found)
			return ls_store_add_epoch(store, job, &forging.epoch, error) ? fail(error) : 0;
		if (job == 1000)
			return 1;
	}
}

static int hold(void)
{
	puts("open");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static int run(struct ls_store *store, const char *what, const char *number, lockstep_error *error)
{
	if (strcmp(what, "demo") == 0)
		return demo(store, number ? atoi(number) : 0, error);
	if (strcmp(what, "running") == 0)
		return running(store, error);
	if (strcmp(what, "write") == 0)
		return write_endlessly(store, error);
	if (strcmp(what, "hold") == 0)
		return hold();
	if (strcmp(what, "wide") == 0)
		return wide(store, error);
	if (strcmp(what, "forge") == 0 && number)
		return forge(store, (uint32_t)atoi(number), error);
	if (strcmp(what, "speed") == 0 && number)
		return speed(store, (size_t)atoi(number), error);
	return strcmp(what, "empty") != 0;
}

int main(int argc, char **argv)
{
	struct ls_store *store;
	lockstep_error error;
	if (argc < 3)
		return 2;
	if (strcmp(argv[2], "check") == 0)
		return check(argv[1]);
	if (ls_store_open(&store, argv[1], &error))
		return fail(&error);
	int status = run(store, argv[2], argv[3], &error);
	ls_store_close(store);
	return status;
}
