/* SPDX-License-Identifier: MIT
 *
 * Does a study depend on timing? Every letter that a job sends its coordinator is held
 * back for a time drawn at random, so that jobs come to their epochs in another order
 * each time; with 1, 2 and 4 cores the tables must be the same for every sampler and
 * scheduler. That orders did differ is looked at too.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lockstep/runs.h"
#include "lockstep/study.h"
#include "team/mailbox.h"

TestSuite(delays, .timeout = 300);

#define N_ROWS 60
#define N_FEATURES 3
#define TABLE_SIZE 65536
#define ORDER_SIZE 8192

/* ---- Delays ------------------------------------------------------------------ */

static atomic_uint next_delay;

void __real_ls_mailbox_put(struct ls_mailbox *mailbox, struct ls_letter *letter);
void __wrap_ls_mailbox_put(struct ls_mailbox *mailbox, struct ls_letter *letter);

/* In the sender's thread: up to 4 ms, by a linear congruence over all letters. */
void __wrap_ls_mailbox_put(struct ls_mailbox *mailbox, struct ls_letter *letter)
{
	unsigned draw = atomic_fetch_add(&next_delay, 1) * 1664525u + 1013904223u;
	const struct timespec time = {0, (long)(draw >> 16) % 4000 * 1000};
	nanosleep(&time, NULL);
	__real_ls_mailbox_put(mailbox, letter);
}

/* ---- A study ------------------------------------------------------------------ */

struct fixture {
	lockstep_dataset *dataset;
	char order[ORDER_SIZE]; /* of epochs, as they were heard of */
	size_t n_order;
};

static lockstep_dataset *make_rows(void)
{
	float values[N_ROWS * N_FEATURES];
	uint32_t classes[N_ROWS];
	lockstep_dataset *dataset;
	lockstep_error error;
	for (uint32_t i = 0; i < N_ROWS; i++) {
		classes[i] = i % 3;
		for (uint32_t j = 0; j < N_FEATURES; j++)
			values[i * N_FEATURES + j] = (float)((i * 7 + j * 5) % 11) / 11 + (i % 3 == j ? 1.0f : 0.0f);
	}
	const struct lockstep_rows rows = {N_ROWS, N_FEATURES, 3, NULL, values, classes, NULL};
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	return dataset;
}

static lockstep_status prepare(const struct lockstep_study_trial *trial, struct lockstep_study_job *job, void *context,
                               lockstep_error *error)
{
	const struct fixture *fixture = context;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	options.epochs = trial->epochs ? trial->epochs : 9;
	options.batch = 8;
	options.slices = 4;
	options.validation = 12;
	options.seed = trial->has_seed ? trial->seed : 1;
	for (size_t i = 0; i < trial->n; i++) {
		if (strcmp(trial->names[i], "lr") == 0)
			options.learning_rate = strtod(trial->texts[i], NULL);
		else
			options.momentum = strtod(trial->texts[i], NULL);
	}
	job->dataset = fixture->dataset;
	job->options = options;
	return lockstep_network_create(&job->network, "3-4-3", NULL, error);
}

static int on_progress(const struct lockstep_study_progress *progress, void *context)
{
	struct fixture *fixture = context;
	if (progress->change == LOCKSTEP_STUDY_EPOCH && fixture->n_order + 1 < ORDER_SIZE)
		fixture->order[fixture->n_order++] = (char)('0' + progress->trial % 64);
	return 0;
}

static void run(const char *spec, uint32_t cores, const char *path, struct fixture *fixture)
{
	lockstep_sweep *sweep;
	lockstep_error error;
	cr_assert_eq(lockstep_sweep_parse(&sweep, spec, strlen(spec), "spec", &error), LOCKSTEP_OK, "%s",
	             error.message);
	const struct lockstep_study_options options = {
	    .database = path,
	    .bind = "none",
	    .cores = cores,
	    .context = fixture,
	    .prepare = prepare,
	    .on_progress = on_progress,
	};
	cr_assert_eq(lockstep_study_run(sweep, &options, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_sweep_destroy(sweep);
}

/* All that may not depend on timing, as text. */
static void write_table(const char *path, char table[TABLE_SIZE])
{
	lockstep_runs *runs;
	struct lockstep_runs_study *study;
	lockstep_error error;
	size_t used = 0;
	cr_assert_eq(lockstep_runs_open(&runs, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_runs_read_study(runs, 0, &study, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(study->n_trials, 24);
	for (size_t i = 0; i < study->n_trials; i++) {
		const struct lockstep_runs_trial *trial = &study->trials[i];
		used += (size_t)snprintf(table + used, TABLE_SIZE - used, "%zu %s %u %a", i,
		                         lockstep_trial_state_name(trial->state), trial->epochs, trial->objective);
		for (size_t p = 0; p < study->n_parameters; p++)
			used += (size_t)snprintf(table + used, TABLE_SIZE - used, " %s", trial->values[p].text);
		for (size_t j = 0; j < trial->n_jobs; j++)
			used += (size_t)snprintf(table + used, TABLE_SIZE - used, " %s",
			                         trial->jobs[j].fingerprint ? trial->jobs[j].fingerprint : "-");
		used += (size_t)snprintf(table + used, TABLE_SIZE - used, "\n");
		cr_assert_lt(used, TABLE_SIZE);
	}
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

static void check(const char *method, const char *block)
{
	static char tables[2][TABLE_SIZE], orders[2][ORDER_SIZE];
	static const uint32_t cores[] = {1, 4, 2, 4};
	const size_t n = getenv("LOCKSTEP_SHORT") ? 2 : sizeof cores / sizeof *cores;
	char spec[1024], folder[] = "/tmp/lockstep-delays-XXXXXX", path[64];
	int orders_differ = 0;
	struct fixture fixture = {.dataset = make_rows()};
	cr_assert(mkdtemp(folder));
	snprintf(spec, sizeof spec,
	         "method: %s\nmetric: {name: validation_loss}\nparameters:\n"
	         "  lr: {distribution: log_uniform_values, min: 0.01, max: 100.0}\n"
	         "  momentum: {min: 0.0, max: 0.9}\n"
	         "lockstep:\n  sampler: {seed: 3}\n  budget: {trials: 24}\n  window: 5\n"
	         "  cores: {concurrent: 4}\n%s",
	         method, block);
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%zu.db", folder, i);
		fixture.n_order = 0;
		run(spec, cores[i], path, &fixture);
		fixture.order[fixture.n_order] = '\0';
		write_table(path, tables[i > 0]);
		memcpy(orders[i > 0], fixture.order, sizeof fixture.order);
		if (i == 0)
			continue;
		cr_expect_str_eq(tables[1], tables[0], "%s %s: %u cores", method, block, cores[i]);
		orders_differ |= strcmp(orders[1], orders[0]) != 0;
	}
	cr_expect(orders_differ, "the delays changed nothing: this test would not see anything");
	lockstep_dataset_destroy(fixture.dataset);
	snprintf(spec, sizeof spec, "rm -rf %s", folder);
	cr_assert_eq(system(spec), 0);
}

Test(delays, random)
{
	check("random", "");
}

Test(delays, tpe)
{
	check("bayes", "");
}

Test(delays, median_with_repeats)
{
	check("bayes", "  scheduler: {type: median}\n  repeats: {seeds: [1, 2, 3]}\n");
}

Test(delays, halving)
{
	check("bayes", "  scheduler: {type: successive-halving, min: 1, max: 9, eta: 3}\n");
}

Test(delays, hyperband)
{
	check("random", "  scheduler: {type: hyperband, min: 1, max: 9, eta: 3}\n");
}
