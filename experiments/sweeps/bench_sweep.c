/* SPDX-License-Identifier: MIT
 *
 * What a sweep's coordinator takes of a trial when there is nothing to train: points
 * from the sampler, items from the scheduler, and everything written to the database,
 * in the runner's order and its transactions, eight trials at once. The objective is a
 * test function of eight parameters, reported as a job's one epoch.
 *
 *	bench_sweep [TRIALS [FOLDER]]    (1000, $TMPDIR or /tmp)
 *
 * peers/optuna_sweep.py does the same with Optuna, and prints the same columns.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "study/schedule/scheduler.h"
#include "study/search/sampler.h"
#include "study/spec/spec.h"
#include "study/store/store.h"

#define WINDOW 8
#define LAST 21 /* trials whose median is the time at the end */
#define N_PARAMETERS 8

static const char space_text[] = "metric: {name: loss}\n"
				 "parameters:\n"
				 "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1}\n"
				 "  momentum: {min: 0.0, max: 0.99}\n"
				 "  l2: {distribution: log_uniform_values, min: 1e-6, max: 0.01}\n"
				 "  dropout: {distribution: q_uniform, min: 0.0, max: 0.5, q: 0.1}\n"
				 "  batch: {min: 8, max: 128}\n"
				 "  layers: {min: 1, max: 4}\n"
				 "  hidden: {values: [sigmoid, tanh, relu, leaky-relu]}\n"
				 "  init: {values: [normal, glorot, he]}\n";

/* One study on its way. */
struct study {
	struct ls_spec *spec;
	struct ls_sampler *sampler;
	struct ls_scheduler *scheduler;
	struct ls_store *store;
	int64_t id;
	uint64_t n_trials;
	double (*points)[N_PARAMETERS]; /* [n_trials] */
	double *objectives;             /* [n_trials]; NaN: not yet */
	uint64_t *items;                /* [n_trials] */
	double *seconds;                /* [n_trials]: that each trial took of the coordinator */
	int64_t *jobs;                  /* [n_trials] */
	double best;
};

static void must(lockstep_status status, const lockstep_error *error)
{
	if (!status)
		return;
	fprintf(stderr, "bench_sweep: %s\n", error->message);
	exit(1);
}

static void *allocate(size_t n, size_t size)
{
	void *block = calloc(n, size);
	if (!block) {
		fputs("bench_sweep: out of memory\n", stderr);
		exit(1);
	}
	return block;
}

static double square(double x)
{
	return x * x;
}

/* Smallest, 0, next to rate 0.1, momentum 0.9, decay 1e-4, dropout 0.2, 32 rows and 2 layers, with relu and he. */
static double objective(const double *x)
{
	double sum = square(log10(x[0]) + 1) + 4 * square(x[1] - 0.9) + square(log10(x[2]) + 4) / 4;
	sum += 10 * square(x[3] - 0.2) + square((x[4] - 32) / 64) + square(x[5] - 2) / 4;
	return sum + (x[6] == 2 ? 0 : 0.3) + (x[7] == 2 ? 0 : 0.2);
}

/* ---- As the runner does -------------------------------------------------------- */

static void propose(struct study *study, const struct ls_item *item)
{
	lockstep_error error;
	uint64_t seen = ls_scheduler_seen(study->scheduler, item->number);
	struct ls_observation *observations = allocate(item->trial + 1, sizeof *observations);
	for (uint64_t k = 0; k < item->trial; k++) {
		int is_seen = study->items[k] < seen;
		observations[k] = (struct ls_observation){study->points[k], LS_OBSERVED_PENDING, NAN, 0};
		if (is_seen)
			observations[k] =
			    (struct ls_observation){study->points[k], LS_OBSERVED_DONE, study->objectives[k], 1};
	}
	must(ls_sampler_propose(study->sampler, item->trial, observations, study->points[item->trial], &error), &error);
	free(observations);
}

static void write_item(struct study *study, const struct ls_item *item)
{
	struct ls_store_value values[N_PARAMETERS];
	const struct ls_space *space = &study->spec->space;
	lockstep_error error;
	for (size_t i = 0; i < N_PARAMETERS; i++) {
		values[i].parameter = i;
		values[i].draw = study->points[item->trial][i];
		must(
		    ls_distribution_value(&space->parameters[i].distribution, values[i].draw, &values[i].value, &error),
		    &error);
	}
	must(ls_store_add_item(study->store, study->id, item, values, N_PARAMETERS, &error), &error);
	for (size_t i = 0; i < N_PARAMETERS; i++)
		ls_value_fini(&values[i].value);
}

/* As long as a job's record is. */
static void claim(struct study *study, uint64_t trial)
{
	char record[1024];
	const struct ls_store_job job = {.record = record, .seed = 1};
	struct ls_store_claim claimed;
	lockstep_error error;
	size_t n = (size_t)snprintf(record, sizeof record, "{\"arithmetic\":1,\"data\":\"%064llu\"",
	                            (unsigned long long)trial);
	for (size_t i = 0; i < 3 * N_PARAMETERS; i++)
		n += (size_t)snprintf(record + n, sizeof record - n, ",\"%s_%zu\":%.17g",
		                      study->spec->space.parameters[i % N_PARAMETERS].name, i,
		                      study->points[trial][i % N_PARAMETERS]);
	snprintf(record + n, sizeof record - n, "}");
	must(ls_store_claim_job(study->store, study->id, trial, 0, &job, &claimed, &error), &error);
	study->jobs[trial] = claimed.job;
}

static void write_job(struct study *study, uint64_t trial, enum lockstep_job_state state, const char *started,
                      const struct ls_store_epoch *epoch)
{
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	lockstep_error error;
	progress.state = state;
	progress.epoch = epoch || state == LOCKSTEP_JOB_DONE;
	progress.workers = 1;
	progress.cores = "0";
	progress.started = started;
	progress.seconds = 0.5;
	must(ls_store_begin(study->store, &error), &error);
	if (epoch)
		must(ls_store_add_epoch(study->store, study->jobs[trial], epoch, &error), &error);
	must(ls_store_update_job(study->store, study->jobs[trial], &progress, &error), &error);
	must(ls_store_commit(study->store, &error), &error);
}

static void start(struct study *study, const struct ls_item *item)
{
	char now[LS_STORE_TIME_MAX];
	propose(study, item);
	write_item(study, item);
	claim(study, item->trial);
	ls_store_now(now);
	write_job(study, item->trial, LOCKSTEP_JOB_RUNNING, now, NULL);
	study->items[item->trial] = item->number;
}

static void report(struct study *study, uint64_t trial, double value)
{
	char now[LS_STORE_TIME_MAX];
	lockstep_error error;
	struct ls_store_epoch epoch = LS_STORE_EPOCH_INIT;
	const struct ls_store_report made = {.item = study->items[trial],
	                                     .told = value,
	                                     .ended = 1,
	                                     .state = LOCKSTEP_TRIAL_DONE,
	                                     .objective = value,
	                                     .epochs_done = 1,
	                                     .runs = &value,
	                                     .n_runs = 1};
	epoch.epoch = 1;
	epoch.loss = value;
	epoch.learning_rate = 0.1;
	ls_store_now(now);
	write_job(study, trial, LOCKSTEP_JOB_RUNNING, now, &epoch);
	write_job(study, trial, LOCKSTEP_JOB_DONE, now, NULL);
	must(ls_store_report(study->store, study->id, &made, &error), &error);
	must(ls_scheduler_report(study->scheduler, study->items[trial], value, 1, &error), &error);
	study->objectives[trial] = value;
}

/* The oldest of those that run ends first; the function itself is not timed. */
static void run(struct study *study)
{
	uint64_t n_started = 0, n_reported = 0;
	struct ls_item item;
	lockstep_error error;
	while (n_reported < study->n_trials) {
		double begin = ls_clock_seconds();
		if (n_started < study->n_trials && ls_scheduler_is_ready(study->scheduler)) {
			must(ls_scheduler_next(study->scheduler, &item, &error), &error);
			start(study, &item);
			study->seconds[n_started++] = ls_clock_seconds() - begin;
			continue;
		}
		double value = objective(study->points[n_reported]);
		begin = ls_clock_seconds();
		report(study, n_reported, value);
		study->best = fmin(study->best, value);
		study->seconds[n_reported++] += ls_clock_seconds() - begin;
	}
}

/* ---- A study ------------------------------------------------------------------- */

static void add_study(struct study *study, const char *method)
{
	const char *names[N_PARAMETERS];
	static const uint64_t seeds[1];
	lockstep_error error;
	for (size_t i = 0; i < N_PARAMETERS; i++)
		names[i] = study->spec->space.parameters[i].name;
	const struct ls_store_study made = {.name = method,
	                                    .spec = study->spec->text,
	                                    .method = method,
	                                    .sampler = method,
	                                    .scheduler = "none",
	                                    .metric = "loss",
	                                    .aggregate = "median",
	                                    .seed = study->spec->sampler.seed,
	                                    .seeds = seeds,
	                                    .n_seeds = 1,
	                                    .parameters = names,
	                                    .n_parameters = N_PARAMETERS};
	const struct lockstep_runs_session session = {.version = "",
	                                              .compiler = "",
	                                              .isa = "",
	                                              .command = "bench_sweep",
	                                              .cpu = "",
	                                              .cpu_quota = NAN,
	                                              .topology = ""};
	must(ls_store_add_study(study->store, &made, &study->id, &error), &error);
	must(ls_store_add_session(study->store, study->id, &session, &error), &error);
}

static void open_study(struct study *study, const char *method, uint64_t n_trials, const char *path)
{
	char text[1024];
	lockstep_error error;
	int n = snprintf(text, sizeof text, "name: %s\nmethod: %s\n%slockstep: {budget: {trials: %llu}, window: %d}\n",
	                 method, strcmp(method, "tpe") ? method : "bayes", space_text, (unsigned long long)n_trials,
	                 WINDOW);
	must(ls_spec_parse(&study->spec, text, (size_t)n, "space", &error), &error);
	must(ls_sampler_create(&study->sampler, &study->spec->space, &study->spec->sampler, &error), &error);
	must(ls_scheduler_create(&study->scheduler, &study->spec->scheduler, &error), &error);
	must(ls_store_open(&study->store, path, &error), &error);
	study->n_trials = n_trials;
	study->points = allocate(n_trials, sizeof *study->points);
	study->objectives = allocate(n_trials, sizeof *study->objectives);
	study->items = allocate(n_trials, sizeof *study->items);
	study->seconds = allocate(n_trials, sizeof *study->seconds);
	study->jobs = allocate(n_trials, sizeof *study->jobs);
	study->best = HUGE_VAL;
	add_study(study, method);
}

static void close_study(struct study *study)
{
	ls_store_close(study->store);
	ls_scheduler_destroy(study->scheduler);
	ls_sampler_destroy(study->sampler);
	ls_spec_destroy(study->spec);
	free(study->jobs);
	free(study->seconds);
	free(study->items);
	free(study->objectives);
	free(study->points);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Of the values [n], which are sorted: the one that `share` of them do not exceed. */
static double quantile(double *values, size_t n, double share)
{
	qsort(values, n, sizeof *values, compare);
	size_t i = (size_t)ceil(share * (double)n);
	return values[i > 0 ? i - 1 : 0];
}

static void print(const struct study *study, const char *method, const char *path)
{
	struct stat file = {.st_size = 0};
	double last[LAST];
	size_t n_last = study->n_trials < LAST ? study->n_trials : LAST;
	memcpy(last, study->seconds + study->n_trials - n_last, n_last * sizeof *last);
	stat(path, &file);
	printf("%-24s %8llu %10.3f %10.3f %10.3f %10.4f %8.0f\n", method, (unsigned long long)study->n_trials,
	       1e3 * quantile(study->seconds, study->n_trials, 0.5),
	       1e3 * quantile(study->seconds, study->n_trials, 0.99), 1e3 * quantile(last, n_last, 0.5), study->best,
	       (double)file.st_size / 1024);
}

static void bench(const char *method, uint64_t n_trials, const char *folder)
{
	char path[4096];
	struct study study = {.id = 0};
	snprintf(path, sizeof path, "%.4000s/bench_sweep_%ld_%s.db", folder, (long)getpid(), method);
	open_study(&study, method, n_trials, path);
	run(&study);
	ls_store_close(study.store);
	study.store = NULL;
	print(&study, method, path);
	close_study(&study);
	unlink(path);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 2 ? argv[2] : getenv("TMPDIR");
	uint64_t n_trials = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
	if (n_trials < 1 || n_trials > 1000000 || argc > 3) {
		fprintf(stderr, "usage: bench_sweep [TRIALS [FOLDER]]\n");
		return 2;
	}
	printf("ms a trial               %8s %10s %10s %10s %10s %8s\n", "trials", "median", "p99", "at the end",
	       "best", "KiB");
	bench("random", n_trials, folder ? folder : "/tmp");
	bench("tpe", n_trials, folder ? folder : "/tmp");
	return 0;
}
