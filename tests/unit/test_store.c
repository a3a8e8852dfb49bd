/* SPDX-License-Identifier: MIT
 *
 * The database of studies: what is written is read, whole or not at all, by one
 * writer and any reader; and nothing that the file may hold does harm.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/made_study.h"
#include "../support/signed_file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "lockstep/scaling_store.h"
#include "lockstep/study.h"
#include "study/store/database.h"
#include "study/store/interval.h"
#include "study/store/row.h"
#include "study/store/schema.h"
#include "study/store/store.h"
#include "study/store/table.h"

static const char *folder;
static char path[512];
static lockstep_error error;

static const uint64_t one_seed[] = {1};
static const uint64_t three_seeds[] = {1, 2, UINT64_MAX};
static const struct made_study plain = {"plain", 8, one_seed, 1, 0, 0, 0};

#define HEAD "{\"schema\":1,\"name\":\"s\",\"created\":\"2026-01-31T12:00:00Z\","
#define NEWER "{\"schema\":2,\"name\":\"s\",\"created\":\"now\",\"kind\":\"scaling\",\"study\":{\"type\":\"weak\"}}"
static const char scaling_document[] = HEAD "\"kind\":\"scaling\",\"study\":{\"type\":\"weak\"},\"more\":[1.5]}\n";

static void setup(void)
{
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/runs.db", folder);
}

static void teardown(void)
{
	test_remove_folder(folder);
}

TestSuite(store, .init = setup, .fini = teardown, .timeout = 300);

static struct ls_store *open_store(void)
{
	struct ls_store *store = NULL;
	cr_assert_eq(ls_store_open(&store, path, &error), LOCKSTEP_OK, "%s", error.message);
	return store;
}

static lockstep_runs *open_runs(void)
{
	lockstep_runs *runs = NULL;
	cr_assert_eq(lockstep_runs_open(&runs, path, &error), LOCKSTEP_OK, "%s", error.message);
	return runs;
}

static struct lockstep_runs_study *read_study(lockstep_runs *runs, size_t i)
{
	struct lockstep_runs_study *study = NULL;
	cr_assert_eq(lockstep_runs_read_study(runs, i, &study, &error), LOCKSTEP_OK, "%s", error.message);
	return study;
}

static int64_t write_study(const struct made_study *study)
{
	int64_t id = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_write(store, study, &id, &error), LOCKSTEP_OK, "%s", error.message);
	ls_store_close(store);
	return id;
}

static void expect_open_error(lockstep_status status, const char *text)
{
	lockstep_runs *runs = NULL;
	error = (lockstep_error){0};
	cr_assert_eq(lockstep_runs_open(&runs, path, &error), status, "%d: %s", error.status, error.message);
	cr_assert_null(runs);
	cr_assert(strstr(error.message, text), "no '%s' in '%s'", text, error.message);
	cr_assert(strstr(error.message, path), "no path in '%s'", error.message);
}

static void expect_writer_error(lockstep_status status, const char *text)
{
	struct ls_store *store = NULL;
	error = (lockstep_error){0};
	cr_assert_eq(ls_store_open(&store, path, &error), status, "%d: %s", error.status, error.message);
	cr_assert_null(store);
	cr_assert(strstr(error.message, text), "no '%s' in '%s'", text, error.message);
	cr_assert(strstr(error.message, path), "no path in '%s'", error.message);
}

/* With SQLite alone, as another program. */
static void run_sql(const char *sql)
{
	sqlite3 *handle = NULL;
	char *message = NULL;
	cr_assert_eq(sqlite3_open(path, &handle), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(handle, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
	sqlite3_close(handle);
}

/* ---- Written and read -------------------------------------------------------------- */

static int same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static void expect_trial(const struct made_study *made, const struct lockstep_runs_study *study, uint64_t k)
{
	struct ls_store_value values[MADE_PARAMETERS];
	const struct lockstep_runs_trial *trial = &study->trials[k];
	size_t n = made_point(k, values);
	cr_assert_eq(trial->number, k);
	cr_assert_eq(trial->epochs, MADE_EPOCHS);
	cr_assert_eq(trial->n_jobs, made->n_seeds);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq((int)trial->values[i].kind, (int)values[i].value.kind + 1);
		cr_assert(same_bits(trial->values[i].real, values[i].value.real));
		cr_assert_eq(trial->values[i].integer, values[i].value.integer);
		cr_assert(same_bits(trial->values[i].draw, values[i].draw));
	}
	for (size_t i = n; i < MADE_PARAMETERS; i++)
		cr_assert_eq(trial->values[i].kind, LOCKSTEP_VALUE_ABSENT);
	cr_assert_str_eq(trial->values[2].text, k % 2 ? "tanh" : "relu");
	if (trial->state == LOCKSTEP_TRIAL_DIVERGED) {
		cr_assert(isnan(trial->objective));
		cr_assert_str_eq(trial->message, "diverged at step 17");
		cr_assert_eq(trial->jobs[0].step, 17);
		return;
	}
	cr_assert_null(trial->message);
	for (size_t i = 0; i < made->n_seeds; i++)
		cr_assert(same_bits(trial->jobs[i].objective, made_objective(k, made->seeds[i])));
}

Test(store, gives_back_what_was_written)
{
	const struct made_study made = {"three", 8, three_seeds, 3, 0, 1, 0};
	write_study(&made);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_studies(runs), 1);
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_str_eq(study->name, "three");
	cr_assert_null(study->description);
	char digest[65];
	ls_sha256(study->spec, strlen(study->spec), digest);
	cr_assert_str_eq(study->spec_sha256, digest);
	cr_assert_eq(study->seed, UINT64_MAX);
	cr_assert_eq(study->n_seeds, 3);
	cr_assert_eq(study->seeds[2], UINT64_MAX);
	cr_assert_eq(study->n_parameters, MADE_PARAMETERS);
	cr_assert_str_eq(study->parameters[3], "momentum");
	cr_assert_eq(study->n_data, 2);
	cr_assert_str_eq(study->data[1].name, "a set");
	cr_assert_str_eq(study->data[1].part, "test");
	cr_assert_str_eq(study->data[1].digest, "bbbb");
	cr_assert_eq(study->n_sessions, 1);
	cr_assert_str_eq(study->sessions[0].outcome, "done");
	cr_assert_str_eq(study->sessions[0].topology, "<topology/>");
	cr_assert_eq(study->sessions[0].cpu_quota, 2.5);
	cr_assert_null(study->sessions[0].commit);
	cr_assert_eq(study->n_trials, 8);
	cr_assert_eq(study->n_items, 8);
	cr_assert_eq(study->n_reported, 8);
	for (uint64_t k = 0; k < 8; k++)
		expect_trial(&made, study, k);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
	cr_assert_eq(test_count_entries(folder), 1, "journal and lock are gone");
}

Test(store, epochs_and_last_values)
{
	write_study(&plain);
	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	struct lockstep_runs_epochs *epochs = NULL;
	cr_assert_eq(study->n_metrics, 4, "those without a value are left out");
	cr_assert_str_eq(study->metrics[0], "loss");
	cr_assert_str_eq(study->metrics[1], "test_loss");
	const struct lockstep_runs_job *job = &study->trials[2].jobs[0];
	cr_assert_eq(lockstep_runs_read_epochs(runs, study, job, &epochs, &error), LOCKSTEP_OK);
	cr_assert_eq(epochs->n, MADE_EPOCHS);
	for (uint32_t i = 0; i < MADE_EPOCHS; i++) {
		cr_assert_eq(epochs->epochs[i].epoch, i + 1);
		cr_assert(same_bits(epochs->epochs[i].metrics[0], made_loss(2, 1, i + 1)));
	}
	cr_assert(same_bits(job->last[0], made_loss(2, 1, MADE_EPOCHS)));
	cr_assert_eq(job->samples_per_second, 1000);
	cr_assert_eq(job->seconds, 2.5);
	lockstep_runs_epochs_destroy(epochs);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

Test(store, metrics_of_a_command)
{
	const struct made_study made = {"foreign", 3, one_seed, 1, 1, 0, 0};
	write_study(&made);
	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_eq(study->n_metrics, 2);
	cr_assert_str_eq(study->metrics[0], "a \"word\"");
	cr_assert_str_eq(study->metrics[1], "score, final");
	cr_assert_eq(study->trials[0].last[0], MADE_EPOCHS);
	cr_assert_str_eq(study->trials[0].jobs[0].command, "./train --lr 0.1");
	cr_assert_eq(study->trials[0].jobs[0].exit_status, 0);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

/* The same part again is no other one; another digest of it is. */
Test(store, data_are_there_once)
{
	static const struct lockstep_runs_data used[] = {{"a set", "train", "aaaa"},
	                                                 {"other", "train", "aaaa"},
	                                                 {"a set", "train", "cccc"},
	                                                 {"other", "train", "aaaa"}};
	int64_t id = write_study(&plain);
	struct ls_store *store = open_store();
	for (size_t i = 0; i < sizeof used / sizeof *used; i++)
		cr_assert_eq(ls_store_add_data(store, id, &used[i], &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_store_add_data(store, id + 1, &used[0], &error), LOCKSTEP_ERROR_ARGUMENT, "no such study");
	ls_store_close(store);
	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_eq(study->n_data, 4);
	cr_assert_str_eq(study->data[2].name, "other");
	cr_assert_str_eq(study->data[3].digest, "cccc");
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

Test(store, every_metric_of_an_epoch)
{
	static const char *const names[] = {
	    "loss",      "validation_loss", "validation_accuracy", "validation_label_accuracy",
	    "test_loss", "test_accuracy",   "test_label_accuracy", "learning_rate"};
	int64_t id = 0, job;
	struct ls_store *store = open_store();
	struct ls_store_epoch made = LS_STORE_EPOCH_INIT;
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	cr_assert_eq(made_start(store, id, &plain, 0, &job, &error), LOCKSTEP_OK);
	made.epoch = 1;
	made.loss = 0.5;
	made.validation_loss = 1.5;
	made.validation_accuracy = 2.5;
	made.validation_label_accuracy = 3.5;
	made.test_loss = 4.5;
	made.test_accuracy = 5.5;
	made.test_label_accuracy = 6.5;
	made.learning_rate = 7.5;
	cr_assert_eq(ls_store_add_epoch(store, job, &made, &error), LOCKSTEP_OK, "%s", error.message);
	ls_store_close(store);
	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	struct lockstep_runs_epochs *epochs = NULL;
	cr_assert_eq(study->n_metrics, 8);
	cr_assert_eq(lockstep_runs_read_epochs(runs, study, study->trials[0].jobs, &epochs, &error), LOCKSTEP_OK);
	for (size_t i = 0; i < 8; i++) {
		cr_assert_str_eq(study->metrics[i], names[i]);
		cr_assert_eq(epochs->epochs[0].metrics[i], (double)i + 0.5, "%s", names[i]);
	}
	lockstep_runs_epochs_destroy(epochs);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

/* Several orders of one set of trials come out the same. */
Test(store, ranks_the_best_first)
{
	write_study(&plain);
	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	size_t order[8];
	size_t n = lockstep_runs_rank(study, order);
	cr_assert_eq(n, 6, "1 and 6 diverged; found %zu", n);
	for (size_t i = 1; i < n; i++) {
		double a = study->trials[order[i - 1]].objective, b = study->trials[order[i]].objective;
		cr_assert(a < b || (a == b && order[i - 1] < order[i]));
	}
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->best, order[0]);
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_in_state[LOCKSTEP_TRIAL_DONE], 6);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

/* ---- Jobs and items ------------------------------------------------------------------ */

static struct ls_store_claim claim(struct ls_store *store, int64_t study, uint64_t trial, uint32_t run,
                                   const char *record)
{
	struct ls_store_claim claimed;
	const struct ls_store_job job = {record, NULL, 1};
	cr_assert_eq(ls_store_claim_job(store, study, trial, run, &job, &claimed, &error), LOCKSTEP_OK, "%s",
	             error.message);
	return claimed;
}

static void add_item(struct ls_store *store, int64_t study, const struct ls_item *item)
{
	struct ls_store_value values[MADE_PARAMETERS];
	size_t n = made_point(item->trial, values);
	cr_assert_eq(ls_store_add_item(store, study, item, values, n, &error), LOCKSTEP_OK, "%s", error.message);
}

static void report(struct ls_store *store, int64_t study, const struct ls_store_report *made)
{
	cr_assert_eq(ls_store_report(store, study, made, &error), LOCKSTEP_OK, "%s", error.message);
}

Test(store, the_same_job_is_there_once)
{
	int64_t first = 0, second = 0;
	struct ls_store *store = open_store();
	struct made_study other = plain;
	other.name = "other";
	cr_assert_eq(made_add_study(store, &plain, &first, &error), LOCKSTEP_OK);
	cr_assert_eq(made_add_study(store, &other, &second, &error), LOCKSTEP_OK);
	for (uint64_t k = 0; k < 2; k++)
		add_item(store, first, &(struct ls_item){.number = k, .trial = k});
	add_item(store, second, &(struct ls_item){.number = 0, .trial = 0});

	struct ls_store_claim new = claim(store, first, 0, 0, "{\"a\":1}");
	cr_assert(new.is_new &&new.state == LOCKSTEP_JOB_PENDING &&new.epoch == 0);
	char digest[65];
	ls_sha256("{\"a\":1}", 7, digest);
	cr_assert_str_eq(new.sha256, digest);
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	progress.state = LOCKSTEP_JOB_PAUSED;
	progress.epoch = 3;
	cr_assert_eq(ls_store_update_job(store, new.job, &progress, &error), LOCKSTEP_OK);

	struct ls_store_claim again = claim(store, first, 0, 0, "{\"a\":1}"),
			      sister = claim(store, first, 1, 0, "{\"a\":1}"),
			      cousin = claim(store, second, 0, 0, "{\"a\":1}"),
			      stranger = claim(store, second, 0, 1, "{\"a\":2}");
	cr_assert(again.job == new.job && !again.is_new &&again.state == LOCKSTEP_JOB_PAUSED &&again.epoch == 3);
	cr_assert(sister.job == new.job && !sister.is_new &&sister.epoch == 3);
	cr_assert(cousin.job == new.job && !cousin.is_new);
	cr_assert(stranger.job != new.job &&stranger.is_new);

	const struct ls_store_job changed = {"{\"a\":3}", NULL, 1};
	cr_assert_eq(ls_store_claim_job(store, first, 0, 0, &changed, &again, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "another job"), "%s", error.message);
	cr_assert_eq(ls_store_claim_job(store, first, 0, 2, &changed, &again, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "out of order"), "%s", error.message);
	ls_store_close(store);
}

/* Another trial takes a job further; the results of this one stay what they were. */
Test(store, a_trial_ends_with_its_own_epochs)
{
	int64_t id = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	for (uint64_t k = 0; k < 2; k++)
		add_item(store, id, &(struct ls_item){.number = k, .trial = k, .until = k ? 4 : 2});
	struct ls_store_claim job = claim(store, id, 0, 0, "{}");
	(void)claim(store, id, 1, 0, "{}");
	for (uint32_t epoch = 1; epoch <= 4; epoch++) {
		struct ls_store_epoch made = LS_STORE_EPOCH_INIT;
		made.epoch = epoch;
		made.loss = 1.0 / epoch;
		made.train_seconds = 1;
		made.samples_per_second = 10 * epoch;
		made.fingerprint = epoch == 2 ? "two" : NULL;
		cr_assert_eq(ls_store_add_epoch(store, job.job, &made, &error), LOCKSTEP_OK);
	}
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	progress.state = LOCKSTEP_JOB_DONE;
	progress.epoch = 4;
	progress.fingerprint = "four";
	cr_assert_eq(ls_store_update_job(store, job.job, &progress, &error), LOCKSTEP_OK);
	for (uint64_t k = 0; k < 2; k++)
		report(
		    store, id,
		    &(struct ls_store_report){
			.item = k, .told = 1, .state = LOCKSTEP_TRIAL_DONE, .objective = 1, .epochs_done = k ? 4 : 2});
	ls_store_close(store);

	lockstep_runs *runs = open_runs();
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_eq(study->trials[0].last[0], 0.5);
	cr_assert_eq(study->trials[1].last[0], 0.25);
	cr_assert_str_eq(study->trials[0].jobs[0].fingerprint, "two");
	cr_assert_str_eq(study->trials[1].jobs[0].fingerprint, "four");
	cr_assert_eq(study->trials[0].jobs[0].samples_per_second, 25);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

static struct ls_store_items *read_items(struct ls_store *store, int64_t id)
{
	struct ls_store_items *items = NULL;
	cr_assert_eq(ls_store_read_items(store, id, &items, &error), LOCKSTEP_OK, "%s", error.message);
	return items;
}

/* Start, promotion, a wait, and reports out of order, with the numbers that are easy
 * to lose: -0, an infinity, the smallest, a NaN. */
Test(store, items_replay_in_order_with_all_bits)
{
	int64_t id = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	const struct ls_item items[] = {{0, LS_ACTION_START, 0, 0, 0, 1},
	                                {1, LS_ACTION_START, 1, 0, 0, 1},
	                                {2, LS_ACTION_IDLE, 0, 0, 0, 0},
	                                {3, LS_ACTION_PROMOTE, 1, 2, 1, 3},
	                                {4, LS_ACTION_START, 2, 3, 0, 9}};
	const double told[] = {-0.0, 0x1p-1074, 0, INFINITY};
	const struct ls_store_told epochs[] = {{1, -0.0}, {2, 1.0 / 3}, {3, NAN}};
	for (size_t i = 0; i < 5; i++)
		add_item(store, id, &items[i]);
	const size_t order[] = {1, 0, 3};
	for (size_t i = 0; i < 3; i++)
		report(store, id,
		       &(struct ls_store_report){.item = order[i],
		                                 .told = told[order[i]],
		                                 .ended = order[i] == 3,
		                                 .epochs = epochs,
		                                 .n_epochs = order[i],
		                                 .state = LOCKSTEP_TRIAL_PAUSED,
		                                 .objective = told[order[i]],
		                                 .epochs_done = 1});
	ls_store_close(store);

	store = open_store();
	struct ls_store_items *found = read_items(store, id);
	cr_assert_eq(found->n, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct ls_store_item *item = &found->items[i];
		cr_assert_eq(item->item.number, i);
		cr_assert_eq(item->item.action, items[i].action);
		cr_assert_eq(item->item.trial, items[i].trial);
		cr_assert_eq(item->item.bracket, items[i].bracket);
		cr_assert_eq(item->item.rung, items[i].rung);
		cr_assert_eq(item->item.until, items[i].until);
		cr_assert_eq(item->is_reported, i == 0 || i == 1 || i == 3);
		if (!item->is_reported) {
			cr_assert(isnan(item->told) && item->n_epochs == 0);
			continue;
		}
		cr_assert(same_bits(item->told, told[i]));
		cr_assert_eq(item->ended, i == 3);
		cr_assert_eq(item->n_epochs, i);
		for (size_t j = 0; j < i; j++)
			cr_assert(item->epochs[j].epoch == j + 1 &&
			          (same_bits(item->epochs[j].objective, epochs[j].objective) ||
			           (j == 2 && isnan(item->epochs[j].objective))));
	}
	ls_store_items_destroy(found);
	ls_store_close(store);
}

Test(store, refuses_what_does_not_fit)
{
	int64_t id = 0, other = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	cr_assert_eq(made_add_study(store, &plain, &other, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "'plain' already"), "%s", error.message);
	cr_assert_eq(other, 0);
	const struct ls_item second = {.number = 1};
	cr_assert_eq(ls_store_add_item(store, id, &second, NULL, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	const struct ls_store_report nothing = {.item = 0, .state = LOCKSTEP_TRIAL_DONE};
	cr_assert_eq(ls_store_report(store, id, &nothing, &error), LOCKSTEP_ERROR_ARGUMENT);
	add_item(store, id, &(struct ls_item){.number = 0});
	cr_assert_eq(ls_store_add_item(store, id, &(struct ls_item){.number = 0}, NULL, 0, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	report(store, id, &nothing);
	cr_assert_eq(ls_store_report(store, id, &nothing, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(ls_store_add_item(store, id,
	                               &(struct ls_item){.number = 1, .action = LS_ACTION_PROMOTE, .trial = 7}, NULL, 0,
	                               &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(ls_store_add_item(store, 99, &(struct ls_item){.number = 0}, NULL, 0, &error),
	             LOCKSTEP_ERROR_ARGUMENT, "no such study");
	struct ls_store_items *items = read_items(store, id);
	cr_assert_eq(items->n, 1, "nothing of what was refused is there");
	ls_store_items_destroy(items);
	const struct ls_store_progress progress = {.message = "\xff"};
	struct ls_store_claim job = claim(store, id, 0, 0, "{}");
	cr_assert_eq(ls_store_update_job(store, job.job, &progress, &error), LOCKSTEP_ERROR_ARGUMENT, "not UTF-8");
	char digest[65];
	cr_assert_eq(ls_store_find_study(store, "none", &other, digest, &error), LOCKSTEP_OK);
	cr_assert_eq(other, 0);
	cr_assert_eq(ls_store_find_study(store, "plain", &other, digest, &error), LOCKSTEP_OK);
	cr_assert_eq(other, id);
	ls_store_close(store);
}

/* ---- Transactions and processes ------------------------------------------------------- */

Test(store, a_group_is_seen_whole_or_not_at_all)
{
	int64_t id = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_OK);
	add_item(store, id, &(struct ls_item){.number = 0});
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, 0, "not before the commit");
	lockstep_runs_close(runs);
	ls_store_rollback(store);

	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_OK);
	add_item(store, id, &(struct ls_item){.number = 0});
	cr_assert_eq(ls_store_add_item(store, id, &(struct ls_item){.number = 5}, NULL, 0, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(ls_store_add_item(store, id, &(struct ls_item){.number = 1}, NULL, 0, &error),
	             LOCKSTEP_ERROR_ARGUMENT, "the group has failed");
	cr_assert_eq(ls_store_commit(store, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "item 5"), "%s", error.message);

	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_OK);
	add_item(store, id, &(struct ls_item){.number = 0});
	runs = open_runs();
	cr_assert_eq(ls_store_commit(store, &error), LOCKSTEP_OK, "a reader does not hinder: %s", error.message);
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, 0);
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_eq(study->n_trials, 0, "a handle sees one moment");
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
	runs = open_runs();
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, 1);
	lockstep_runs_close(runs);
	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_OK);
	add_item(store, id, &(struct ls_item){.number = 1, .trial = 1});
	ls_store_close(store);
	runs = open_runs();
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, 1, "an open group is rolled back by close");
	lockstep_runs_close(runs);
}

/* Or each write of a job would look through all its epochs, and n points take n * n. */
Test(store, keys_are_not_set_again)
{
	char sql[LS_SQL_MAX], key[64];
	for (int table = 0; table < LS_N_TABLES; table++) {
		ls_statement_sql((enum ls_statement)table, sql);
		const char *columns = ls_tables[table].key, *set = strstr(sql, " DO UPDATE SET ");
		cr_assert_not_null(set);
		for (; *columns;
		     columns += columns[strcspn(columns, ",")] ? strcspn(columns, ",") + 1 : strlen(columns)) {
			snprintf(key, sizeof key, "=excluded.%.*s,", (int)strcspn(columns, ","), columns);
			cr_expect_null(strstr(set, key), "%s", sql);
		}
	}
}

Test(store, a_second_writer_is_refused)
{
	char link[sizeof path + 8];
	struct ls_store *store = open_store();
	expect_writer_error(LOCKSTEP_ERROR_SYSTEM, "another process (");
	pid_t child = fork();
	if (child == 0) {
		struct ls_store *second = NULL;
		_exit(ls_store_open(&second, path, &error) == LOCKSTEP_ERROR_SYSTEM ? 0 : 1);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	snprintf(link, sizeof link, "%s-link", path);
	cr_assert(!symlink(path, link));
	struct ls_store *second = NULL;
	cr_assert_eq(ls_store_open(&second, link, &error), LOCKSTEP_ERROR_SYSTEM, "by another name");
	ls_store_close(store);
	ls_store_close(open_store());
	cr_assert_eq(ls_store_open(&second, link, &error), LOCKSTEP_OK, "%s", error.message);
	ls_store_close(second);
}

Test(store, a_file_without_its_name_is_not_written_to)
{
	int64_t id;
	char other[sizeof path + 8];
	snprintf(other, sizeof other, "%s-moved", path);
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	cr_assert(!rename(path, other));
	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_ERROR_IO);
	cr_assert_not_null(strstr(error.message, "was removed, renamed or replaced"));
	cr_assert_eq(ls_store_end_session(store, "done", &error), LOCKSTEP_ERROR_IO);
	cr_assert(!rename(other, path));
	cr_assert_eq(ls_store_begin(store, &error), LOCKSTEP_OK);
	ls_store_rollback(store);
	ls_store_close(store);
}

/* Writes for ever, in a process of its own; returns once it has committed n trials. */
static pid_t write_in_child(int n)
{
	int ends[2];
	char byte;
	cr_assert(!pipe(ends));
	pid_t child = fork();
	if (child == 0) {
		int64_t id, job;
		struct ls_store *store = NULL;
		if (ls_store_open(&store, path, &error) || made_add_study(store, &plain, &id, &error))
			_exit(1);
		for (uint64_t k = 0;; k++)
			if (made_start(store, id, &plain, k, &job, &error) || write(ends[1], "x", 1) != 1)
				_exit(1);
	}
	close(ends[1]);
	for (int i = 0; i < n; i++)
		cr_assert_eq(read(ends[0], &byte, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	return child;
}

Test(store, a_killed_writer_leaves_its_commits_and_no_lock)
{
	write_in_child(20);
	lockstep_runs *runs = open_runs();
	cr_assert_geq(lockstep_runs_get_summary(runs, 0)->n_trials, 20);
	lockstep_runs_close(runs);
	struct ls_store *store = open_store();
	ls_store_close(store);
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(store, running_jobs_of_a_dead_process_are_interrupted)
{
	int64_t id = 0;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	add_item(store, id, &(struct ls_item){.number = 0});
	struct ls_store_claim job = claim(store, id, 0, 0, "{}"), found;
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	progress.state = LOCKSTEP_JOB_RUNNING;
	progress.epoch = 2;
	cr_assert_eq(ls_store_update_job(store, job.job, &progress, &error), LOCKSTEP_OK);
	ls_store_close(store);
	store = open_store();
	found = claim(store, id, 0, 0, "{}");
	cr_assert_eq(found.state, LOCKSTEP_JOB_INTERRUPTED);
	cr_assert_eq(found.epoch, 2);
	ls_store_close(store);
}

/* ---- Where nothing can be written ------------------------------------------------------ */

/* Root may write everywhere: the process gives that up. */
static int drop_rights(void)
{
	cr_assert(!chmod(folder, 0555) && !chmod(path, 0444));
	return !geteuid() && !seteuid(65534);
}

static void take_rights(int was_root)
{
	cr_assert(!was_root || !seteuid(0));
	cr_assert(!chmod(folder, 0755) && !chmod(path, 0644));
}

static void expect_readable(size_t n_trials)
{
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, n_trials);
	struct lockstep_runs_study *study = read_study(runs, 0);
	cr_assert_eq(study->n_trials, n_trials);
	lockstep_runs_study_destroy(study);
	lockstep_runs_close(runs);
}

Test(store, reads_in_a_read_only_folder)
{
	write_study(&plain);
	int was_root = drop_rights();
	expect_readable(8);
	expect_writer_error(LOCKSTEP_ERROR_IO, "Permission denied");
	take_rights(was_root);
	cr_assert_eq(test_count_entries(folder), 1);
}

Test(store, reads_beside_a_writer_without_the_right_to_write)
{
	int64_t id = 0, job;
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	cr_assert_eq(made_start(store, id, &plain, 0, &job, &error), LOCKSTEP_OK);
	cr_assert(!chmod(folder, 0755));
	pid_t child = fork();
	if (child == 0) {
		int was_root = drop_rights();
		lockstep_runs *runs = NULL;
		int failed =
		    lockstep_runs_open(&runs, path, &error) || lockstep_runs_get_summary(runs, 0)->n_trials != 1;
		if (failed)
			fprintf(stderr, "%s\n", error.message);
		(void)was_root;
		_exit(failed);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	cr_assert(!chmod(folder, 0755) && !chmod(path, 0644));
	ls_store_close(store);
}

Test(store, reads_what_a_killed_writer_left_where_nothing_can_be_written)
{
	char index[sizeof path + 8];
	write_in_child(5);
	snprintf(index, sizeof index, "%s-shm", path);
	cr_assert(!unlink(index));
	cr_assert(!setenv("TMPDIR", "/tmp", 1));
	int was_root = drop_rights();
	lockstep_runs *runs = open_runs();
	cr_assert_geq(lockstep_runs_get_summary(runs, 0)->n_trials, 5);
	lockstep_runs_close(runs);
	take_rights(was_root);
	unlink(index);
}

/* ---- Other files -------------------------------------------------------------------------- */

static struct test_bytes content(void)
{
	return test_read_file(path);
}

/* Neither a reader nor a writer takes it, and it stays as it is. */
static void expect_refused(const char *text)
{
	struct test_bytes before = content();
	expect_open_error(LOCKSTEP_ERROR_FORMAT, text);
	expect_writer_error(LOCKSTEP_ERROR_FORMAT, text);
	struct test_bytes after = content();
	cr_assert(before.n == after.n && memcmp(before.data, after.data, before.n) == 0, "the file was changed");
	free(before.data);
	free(after.data);
}

Test(store, refuses_other_files_and_leaves_them_alone)
{
	unsigned char text[] = "a,b\n1,2\n";
	test_write_file(path, (struct test_bytes){text, sizeof text - 1});
	expect_refused("is no database of Lockstep");
	cr_assert(!unlink(path));
	run_sql("CREATE TABLE recipe(name)");
	expect_refused("is no database of Lockstep");
	run_sql("PRAGMA application_id=77; DROP TABLE recipe");
	expect_refused("is no database of Lockstep");
	run_sql("PRAGMA journal_mode=WAL");
	expect_refused("is no database of Lockstep");
}

Test(store, refuses_a_newer_version)
{
	write_study(&plain);
	run_sql("PRAGMA user_version=7");
	expect_refused("is of version 7, from a newer Lockstep; this one reads up to 2");
}

Test(store, says_what_is_wrong_with_a_path)
{
	expect_open_error(LOCKSTEP_ERROR_IO, "No such file");
	cr_assert(!mkfifo(path, 0600));
	expect_open_error(LOCKSTEP_ERROR_IO, "no regular file");
	expect_writer_error(LOCKSTEP_ERROR_IO, "no regular file");
	cr_assert(!unlink(path));
	cr_assert(!mkdir(path, 0700));
	expect_open_error(LOCKSTEP_ERROR_IO, "Is a directory");
	cr_assert(!rmdir(path));
	unsigned char none[1];
	test_write_file(path, (struct test_bytes){none, 0});
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "is empty");
	ls_store_close(open_store());
	snprintf(path, sizeof path, "%s/missing/runs.db", folder);
	expect_writer_error(LOCKSTEP_ERROR_IO, "No such file");
	snprintf(path, sizeof path, "%s/a b?c#d%%41.db", folder);
	write_study(&plain);
	cr_assert(!access(path, F_OK), "a name is taken as it is");
	expect_readable(8);
}

Test(store, a_full_disk_is_an_error_and_rolls_back)
{
	int64_t id = 0, job;
	const struct rlimit limit = {1 << 18, 1 << 18};
	struct ls_store *store = open_store();
	cr_assert_eq(made_add_study(store, &plain, &id, &error), LOCKSTEP_OK);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(!setrlimit(RLIMIT_FSIZE, &limit));
	uint64_t k = 0;
	while (k < 100000 && !made_start(store, id, &plain, k, &job, &error))
		k++;
	cr_assert_eq(error.status, LOCKSTEP_ERROR_IO, "%s", error.message);
	cr_assert(strstr(error.message, path), "%s", error.message);
	ls_store_close(store);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_get_summary(runs, 0)->n_trials, k);
	lockstep_runs_close(runs);
}

/* ---- Migration ------------------------------------------------------------------------------ */

/* A step that fails in its middle leaves nothing of it, nor of the step before. */
Test(store, a_migration_is_done_whole_or_not_at_all)
{
	const char *const create[] = {"CREATE TABLE later(a)", NULL};
	const char *const fill[] = {"INSERT INTO later VALUES(1)", NULL};
	const char *const fail[] = {"INSERT INTO later VALUES(1)", "INSERT INTO nowhere VALUES(1)", NULL};
	const char *const *const good[] = {ls_schema_steps[0], ls_schema_steps[1], create, fill};
	const char *const *const bad[] = {ls_schema_steps[0], ls_schema_steps[1], create, fail};
	struct ls_database *database = NULL;
	int64_t n = -1;
	write_study(&plain);
	struct test_bytes before = content();
	cr_assert_eq(ls_database_open_to_write(&database, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_neq(ls_schema_migrate(database, bad, 2, 4, &error), LOCKSTEP_OK);
	cr_assert(strstr(error.message, "nowhere"), "%s", error.message);
	cr_assert_eq(ls_database_integer(database, "PRAGMA user_version", &n, &error), LOCKSTEP_OK);
	cr_assert_eq(n, 2);
	cr_assert_neq(ls_database_integer(database, "SELECT count(*) FROM later", &n, NULL), LOCKSTEP_OK);
	ls_database_close(database);
	struct test_bytes after = content();
	cr_assert(before.n == after.n && memcmp(before.data, after.data, before.n) == 0);
	expect_readable(8);

	database = NULL;
	cr_assert_eq(ls_database_open_to_write(&database, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_schema_migrate(database, good, 2, 4, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_database_integer(database, "SELECT count(*) FROM later", &n, &error), LOCKSTEP_OK);
	cr_assert_eq(n, 1);
	ls_database_close(database);
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "is of version 4");
	free(before.data);
	free(after.data);
}

/* What version 1 left: the same tables but for that of scaling studies. */
static void make_version_1(void)
{
	write_study(&plain);
	run_sql("DROP TABLE scaling; PRAGMA user_version=1; PRAGMA wal_checkpoint(TRUNCATE)");
}

Test(store, an_older_version_is_read_as_it_is)
{
	make_version_1();
	struct test_bytes before = content();
	expect_readable(8);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_scalings(runs), 0);
	lockstep_runs_close(runs);
	struct test_bytes after = content();
	cr_assert(before.n == after.n && memcmp(before.data, after.data, before.n) == 0, "the file was changed");
	free(before.data);
	free(after.data);
	run_sql("CREATE TABLE scaling(a)");
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "its tables are not those of version 1");
}

/* A study of version 1 goes on in version 2, and a scaling study comes beside it. */
Test(store, an_older_version_is_migrated_by_a_writer)
{
	struct ls_database *database = NULL;
	int64_t n = 0, id = 0, job;
	char digest[65];
	make_version_1();
	struct ls_store *store = open_store();
	cr_assert_eq(ls_store_find_study(store, "plain", &id, digest, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_neq(id, 0);
	cr_assert_eq(made_start(store, id, &plain, 8, &job, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_store_add_scaling(store, "s", scaling_document, &error), LOCKSTEP_OK, "%s", error.message);
	ls_store_close(store);
	expect_readable(9);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_scalings(runs), 1);
	lockstep_runs_close(runs);
	cr_assert_eq(ls_database_open_to_read(&database, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_database_integer(database, "PRAGMA user_version", &n, &error), LOCKSTEP_OK);
	cr_assert_eq(n, 2);
	ls_database_close(database);
}

/* ---- Scaling studies ------------------------------------------------------------------------ */

static lockstep_scaling_store *open_scaling(const char *name)
{
	lockstep_scaling_store *store = NULL;
	cr_assert_eq(lockstep_scaling_store_open(&store, path, name, &error), LOCKSTEP_OK, "%s", error.message);
	return store;
}

static void expect_no_scaling_store(const char *name, lockstep_status status, const char *text)
{
	lockstep_scaling_store *store = NULL;
	error = (lockstep_error){0};
	cr_assert_eq(lockstep_scaling_store_open(&store, path, name, &error), status, "%d: %s", error.status,
	             error.message);
	cr_assert_null(store);
	cr_assert(strstr(error.message, text) && strstr(error.message, path), "%s", error.message);
}

Test(store, a_scaling_study_is_read_as_it_was_written)
{
	write_study(&plain);
	lockstep_scaling_store *store = open_scaling("s");
	expect_writer_error(LOCKSTEP_ERROR_SYSTEM, "another process (");
	cr_assert_eq(lockstep_scaling_store_add(store, scaling_document, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_scaling_store_close(store);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_studies(runs), 1);
	cr_assert_eq(lockstep_runs_n_scalings(runs), 1);
	const struct lockstep_runs_scaling *scaling = lockstep_runs_get_scaling(runs, 0);
	cr_assert_str_eq(scaling->name, "s");
	cr_assert_str_eq(scaling->type, "weak");
	cr_assert_str_eq(scaling->created, "2026-01-31T12:00:00Z");
	const size_t n = strlen(scaling_document) - 1; /* but for the line's end */
	cr_assert(strlen(scaling->document) == n && memcmp(scaling->document, scaling_document, n) == 0);
	lockstep_runs_close(runs);
	expect_readable(8);
}

Test(store, names_are_unique_among_all_studies)
{
	int64_t id = 0;
	write_study(&plain);
	expect_no_scaling_store("plain", LOCKSTEP_ERROR_ARGUMENT, "there is a study 'plain' already");
	expect_no_scaling_store("", LOCKSTEP_ERROR_ARGUMENT, "the name of a study is empty");
	expect_no_scaling_store("\xff", LOCKSTEP_ERROR_ARGUMENT, "the name of a study is no UTF-8");
	lockstep_scaling_store *store = open_scaling("s");
	expect_no_scaling_store("s", LOCKSTEP_ERROR_SYSTEM, "another process (");
	cr_assert_eq(lockstep_scaling_store_add(store, scaling_document, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_scaling_store_add(store, scaling_document, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "there is a scaling study 's' already"), "%s", error.message);
	lockstep_scaling_store_close(store);
	expect_no_scaling_store("s", LOCKSTEP_ERROR_ARGUMENT, "there is a scaling study 's' already");
	struct made_study same = plain;
	same.name = "s";
	struct ls_store *other = open_store();
	cr_assert_eq(made_add_study(other, &same, &id, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "there is a scaling study 's' already"), "%s", error.message);
	ls_store_close(other);
}

/* What was there is kept, and so is what was added. */
Test(store, a_database_to_which_nothing_came_is_removed)
{
	const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
	char name[sizeof path + 8];
	lockstep_scaling_store_close(open_scaling("s"));
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		cr_assert(access(name, F_OK), "%s is there", name);
	}
	lockstep_scaling_store *store = open_scaling("s");
	cr_assert_eq(lockstep_scaling_store_add(store, scaling_document, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_scaling_store_close(store);
	lockstep_scaling_store_close(open_scaling("t"));
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_scalings(runs), 1);
	lockstep_runs_close(runs);
}

Test(store, a_document_that_is_none_is_refused)
{
	static const char *const texts[][2] = {
	    {"", "byte"},
	    {"{\"kind\":\"scaling\"", "byte"},
	    {"[]", "is none"},
	    {"{}", "is none"},
	    {HEAD "\"kind\":\"sweep\",\"study\":{\"type\":\"weak\"}}", "is none"},
	    {HEAD "\"kind\":\"scaling\",\"study\":{\"type\":\"mild\"}}", "is none"},
	    {NEWER, "the document of a scaling study 's': schema: is 2, and this Lockstep reads 1"},
	    {HEAD "\"kind\":\"scaling\",\"kind\":\"scaling\",\"study\":{\"type\":\"weak\"}}", "duplicate"},
	    {HEAD "\n\"kind\":\"scaling\",\"study\":{\"type\":\"weak\"}}", "control character"},
	};
	write_study(&plain);
	lockstep_scaling_store *store = open_scaling("s");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		error = (lockstep_error){0};
		cr_assert_eq(lockstep_scaling_store_add(store, texts[i][0], &error), LOCKSTEP_ERROR_ARGUMENT, "%s",
		             texts[i][0]);
		cr_assert(strstr(error.message, texts[i][1]) && strstr(error.message, path), "%s", error.message);
	}
	lockstep_scaling_store_close(store);
	store = open_scaling("other");
	cr_assert_eq(lockstep_scaling_store_add(store, scaling_document, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "is of scaling study 's', not 'other'"), "%s", error.message);
	lockstep_scaling_store_close(store);
	lockstep_runs *runs = open_runs();
	cr_assert_eq(lockstep_runs_n_scalings(runs), 0);
	lockstep_runs_close(runs);
}

/* With the checksum that goes with it. */
static void write_scaling_row(const char *name, const char *type, const char *document)
{
	struct ls_row row;
	struct ls_database *database = NULL;
	cr_assert_eq(ls_database_open_to_write(&database, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_row_begin(&row, database, LS_TABLE_SCALING, &error), LOCKSTEP_OK);
	ls_row_put_integer(&row, 1);
	ls_row_put_text(&row, name);
	ls_row_put_text(&row, type);
	ls_row_put_text(&row, "2026-01-31T12:00:00Z");
	ls_row_put_text(&row, document);
	cr_assert_eq(ls_row_write(&row, &error), LOCKSTEP_OK, "%s", error.message);
	ls_database_close(database);
}

Test(store, a_scaling_study_that_was_changed_is_refused)
{
	const char *const whole = HEAD "\"kind\":\"scaling\",\"study\":{\"type\":\"weak\"}}";
	write_scaling_row("s", "weak", whole);
	lockstep_runs_close(open_runs());
	write_scaling_row("s", "weak", "{\"schema\":1");
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "the document of a scaling study: byte");
	write_scaling_row("t", "weak", whole);
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "is not that of 't'");
	write_scaling_row("s", "strong", whole);
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "is not that of 's'");
	run_sql("UPDATE scaling SET type='weak'");
	expect_open_error(LOCKSTEP_ERROR_FORMAT, "table scaling: a row does not match its checksum");
}

Test(store, a_scaling_study_is_added_whole_or_not_at_all_when_memory_is_short)
{
	lockstep_scaling_store *store = NULL;
	lockstep_runs *runs = NULL;
	long n = 1;
	for (lockstep_status status = LOCKSTEP_ERROR_MEMORY; status; n++) {
		(void)ls_memory_fail_at(n);
		status = lockstep_scaling_store_open(&store, path, "s", &error);
		cr_assert(!status || (status == LOCKSTEP_ERROR_MEMORY && !store), "%s", error.message);
	}
	cr_assert_gt(n, 3);
	n = 1;
	for (lockstep_status status = LOCKSTEP_ERROR_MEMORY; status; n++) {
		(void)ls_memory_fail_at(n);
		status = lockstep_scaling_store_add(store, scaling_document, &error);
		cr_assert(!status || status == LOCKSTEP_ERROR_MEMORY, "%s", error.message);
	}
	cr_assert_gt(n, 1);
	(void)ls_memory_fail_at(0);
	lockstep_scaling_store_close(store);
	n = 1;
	for (lockstep_status status = LOCKSTEP_ERROR_MEMORY; status; n++) {
		(void)ls_memory_fail_at(n);
		status = lockstep_runs_open(&runs, path, &error);
		cr_assert(!status || (status == LOCKSTEP_ERROR_MEMORY && !runs), "%s", error.message);
	}
	(void)ls_memory_fail_at(0);
	cr_assert_eq(lockstep_runs_n_scalings(runs), 1);
	lockstep_runs_close(runs);
}

/* ---- Damage --------------------------------------------------------------------------------- */

Test(store, rows_that_another_program_changed_are_refused)
{
	static const struct {
		const char *sql, *text;
	} changes[] = {
	    {"UPDATE trial SET objective=0.1 WHERE number=2", "table trial: a row does not match its checksum"},
	    {"UPDATE trial SET state='ready' WHERE number=2", "table trial: a row has a value that it cannot have"},
	    {"UPDATE point SET value='x' WHERE parameter=0", "table point: a row has a value that it cannot have"},
	    {"UPDATE epoch SET loss=0.5 WHERE epoch=2", "table epoch: a row does not match its checksum"},
	    {"UPDATE job SET epoch=-1", "table job: a row has a value that it cannot have"},
	    {"UPDATE study SET spec='x'", "table study: a row does not match its checksum"},
	    {"UPDATE item SET until=9", "table item: a row does not match its checksum"},
	    {"PRAGMA foreign_keys=ON; DELETE FROM trial WHERE number=3", "trial 3 is missing"},
	    {"PRAGMA foreign_keys=OFF; DELETE FROM trial WHERE number=3", "a row of table run belongs to nothing"},
	    {"PRAGMA foreign_keys=OFF; DELETE FROM job WHERE id=2", "belongs to nothing"},
	    {"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql=replace(sql,'sum INTEGER NOT NULL','sum ANY') "
	     "WHERE name='run'",
	     "its tables are not those of version 2"},
	    {"CREATE TABLE more(a)", "its tables are not those of version 2"},
	    {"DROP INDEX run_job", "its tables are not those of version 2"},
	};
	write_study(&plain);
	struct test_bytes good = content();
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		lockstep_runs *runs = NULL;
		struct lockstep_runs_study *study = NULL;
		error = (lockstep_error){0};
		test_write_file(path, good);
		run_sql(changes[i].sql);
		lockstep_status status = lockstep_runs_open(&runs, path, &error);
		if (!status)
			status = lockstep_runs_read_study(runs, 0, &study, &error);
		cr_assert_eq(status, LOCKSTEP_ERROR_FORMAT, "%s: %s", changes[i].sql, error.message);
		cr_assert(strstr(error.message, changes[i].text), "%s: %s", changes[i].sql, error.message);
		cr_assert(strstr(error.message, path), "%s", error.message);
		lockstep_runs_close(runs);
	}
	free(good.data);
}

/* Another program may look, also at what a killed writer left, and delete a study. */
Test(store, other_programs_may_read_and_delete)
{
	write_in_child(5);
	run_sql("SELECT * FROM trial");
	lockstep_runs *runs = open_runs();
	cr_assert_geq(lockstep_runs_get_summary(runs, 0)->n_trials, 5);
	lockstep_runs_close(runs);
	write_study(&(struct made_study){"second", 4, one_seed, 1, 0, 0, 0});
	run_sql("PRAGMA foreign_keys=ON; DELETE FROM study WHERE name='plain'");
	expect_readable(4);
	ls_store_close(open_store());
}

/* Everything that can be read of all studies, as one digest; on failure none. */
static lockstep_status digest_of(char digest[65])
{
	lockstep_runs *runs = NULL;
	struct ls_sha256 *hash = ls_sha256_create();
	lockstep_status status = lockstep_runs_open(&runs, path, &error);
	for (size_t i = 0; !status && i < lockstep_runs_n_studies(runs); i++) {
		struct lockstep_runs_study *study = NULL;
		status = lockstep_runs_read_study(runs, i, &study, &error);
		for (size_t k = 0; !status && k < study->n_trials; k++) {
			const struct lockstep_runs_trial *trial = &study->trials[k];
			ls_sha256_add(hash, &trial->objective, sizeof trial->objective);
			ls_sha256_add(hash, &trial->state, sizeof trial->state);
			for (size_t p = 0; p < study->n_parameters; p++)
				ls_sha256_add(hash, trial->values[p].text, strlen(trial->values[p].text));
			for (size_t j = 0; !status && j < trial->n_jobs; j++) {
				struct lockstep_runs_epochs *epochs = NULL;
				ls_sha256_add(hash, trial->jobs[j].record, strlen(trial->jobs[j].record));
				status = lockstep_runs_read_epochs(runs, study, &trial->jobs[j], &epochs, &error);
				for (size_t e = 0; !status && e < epochs->n; e++)
					ls_sha256_add(hash, epochs->epochs[e].metrics,
					              study->n_metrics * sizeof(double));
				lockstep_runs_epochs_destroy(epochs);
			}
		}
		if (study)
			ls_sha256_add(hash, study->spec, strlen(study->spec));
		lockstep_runs_study_destroy(study);
	}
	lockstep_runs_close(runs);
	ls_sha256_finish(hash, digest);
	return status;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* More with LOCKSTEP_LONG. */
static int n_flips(int n)
{
	return getenv("LOCKSTEP_LONG") ? 20 * n : n;
}

/* One to three bits of a copy, 500 times: an error of one line that names the file,
 * or the data as they are. A writer, which goes on with such a file, sees the same. */
Test(store, flipped_bits_are_an_error_or_change_nothing)
{
	char good_digest[65], digest[65];
	uint32_t state = 1;
	int n_errors = 0;
	write_study(&plain);
	write_study(&(struct made_study){"foreign", 3, three_seeds, 3, 1, 0, 0});
	cr_assert_eq(digest_of(good_digest), LOCKSTEP_OK, "%s", error.message);
	struct test_bytes good = content();
	struct test_bytes flipped = {malloc(good.n), good.n};
	for (int i = 0; i < n_flips(500); i++) {
		memcpy(flipped.data, good.data, good.n);
		for (uint32_t n = 1 + next_random(&state) % 3; n > 0; n--)
			flipped.data[next_random(&state) % good.n] ^= (unsigned char)(1u << next_random(&state) % 8);
		if (i % 2) /* where the structure is dense: the header, and the pages' own */
			flipped.data[next_random(&state) % (good.n / 4096) * 4096 + next_random(&state) % 100] ^= 0x11;
		test_write_file(path, flipped);
		error = (lockstep_error){0};
		lockstep_status status = digest_of(digest);
		if (status) {
			n_errors++;
			cr_assert(strstr(error.message, path), "%d: %s", i, error.message);
		} else {
			cr_assert_str_eq(digest, good_digest, "%d: other data, and no error", i);
		}
		struct ls_store *store = NULL;
		test_write_file(path, flipped);
		status = ls_store_open(&store, path, &error);
		cr_assert(status || store);
		ls_store_close(store);
	}
	cr_assert_gt(n_errors, 100);
	free(good.data);
	free(flipped.data);
}

/* A journal with a damaged commit ends before it: an earlier moment is seen, whole. */
Test(store, flipped_bits_of_a_journal_take_commits_away)
{
	char journal[sizeof path + 8], index[sizeof path + 8];
	uint32_t state = 7;
	size_t fewest = SIZE_MAX;
	write_in_child(20);
	snprintf(journal, sizeof journal, "%s-wal", path);
	snprintf(index, sizeof index, "%s-shm", path);
	struct test_bytes good = content(), good_journal = test_read_file(journal);
	struct test_bytes flipped = {malloc(good_journal.n), good_journal.n};
	for (int i = 0; i < n_flips(100); i++) {
		lockstep_runs *runs = NULL;
		memcpy(flipped.data, good_journal.data, flipped.n);
		flipped.data[next_random(&state) % flipped.n] ^= (unsigned char)(1u << next_random(&state) % 8);
		unlink(index);
		test_write_file(path, good);
		test_write_file(journal, flipped);
		if (lockstep_runs_open(&runs, path, &error)) {
			cr_assert(strstr(error.message, path), "%d: %s", i, error.message);
			continue;
		}
		for (size_t k = 0; k < lockstep_runs_n_studies(runs); k++) {
			struct lockstep_runs_study *study = read_study(runs, k);
			cr_assert_eq(study->n_trials, study->n_items);
			for (size_t trial = 0; trial < study->n_trials; trial++)
				cr_assert_eq(study->trials[trial].n_jobs, 1, "%d: half a trial", i);
			if (study->n_trials < fewest)
				fewest = study->n_trials;
			lockstep_runs_study_destroy(study);
		}
		lockstep_runs_close(runs);
	}
	cr_assert_lt(fewest, 20, "the flips were seen");
	free(good.data);
	free(good_journal.data);
	free(flipped.data);
}

/* ---- A study that goes on ----------------------------------------------------------------------- */

static lockstep_status no_job(const struct lockstep_study_trial *trial, struct lockstep_study_job *job, void *context,
                              lockstep_error *cause)
{
	(void)trial, (void)job, (void)context;
	cause->status = LOCKSTEP_ERROR_ARGUMENT;
	strcpy(cause->message, "no job");
	return cause->status;
}

static lockstep_status run_study(struct lockstep_study_progress *last)
{
	static const char spec[] = "name: s\nmethod: random\nmetric: {name: loss}\n"
				   "parameters: {lr: {min: 0.0, max: 1.0}}\nlockstep: {budget: {trials: 3}}\n";
	const struct lockstep_study_options options = {.database = path, .bind = "none", .prepare = no_job};
	lockstep_sweep *sweep = NULL;
	cr_assert_eq(lockstep_sweep_parse(&sweep, spec, strlen(spec), "spec", &error), LOCKSTEP_OK, "%s",
	             error.message);
	lockstep_status status = lockstep_study_run(sweep, &options, last, &error);
	lockstep_sweep_destroy(sweep);
	return status;
}

/* As a sampler of another version would have drawn trial 1, with the checksum that belongs to it. */
static void move_point(void)
{
	struct ls_database *database = NULL;
	struct ls_row row;
	cr_assert_eq(ls_database_open_to_write(&database, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_row_begin(&row, database, LS_TABLE_POINT, &error), LOCKSTEP_OK);
	ls_row_put_integer(&row, 2);
	ls_row_put_integer(&row, 0);
	ls_row_put_text(&row, "real");
	ls_row_put_real(&row, 0.25);
	ls_row_put_real(&row, 0.25);
	cr_assert_eq(ls_row_write(&row, &error), LOCKSTEP_OK, "%s", error.message);
	ls_database_close(database);
}

Test(store, a_study_with_other_points_does_not_go_on)
{
	struct lockstep_study_progress last;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(run_study(&last), LOCKSTEP_OK, "%s", error.message);
		cr_assert_eq(last.n_in_state[LOCKSTEP_TRIAL_FAILED], 3);
	}
	move_point();
	cr_assert_eq(run_study(&last), LOCKSTEP_ERROR_FORMAT, "%s", error.message);
	cr_assert(strstr(error.message, "trial 1 of the study in the database has another lr"), "%s", error.message);
}

/* ---- Memory ----------------------------------------------------------------------------------- */

/* Each allocation of a write fails in turn: the write is an error, and done when it is
 * made again. */
Test(store, writes_survive_a_lack_of_memory)
{
	for (long n = 1;; n++) {
		int64_t id = 0;
		struct ls_store *store = NULL;
		ls_memory_fail_at(n);
		lockstep_status status = ls_store_open(&store, path, &error);
		if (!status)
			status = made_write(store, &plain, &id, &error);
		const long used = ls_memory_fail_at(0);
		ls_store_close(store);
		if (!status) {
			cr_assert_lt(used, n);
			cr_assert_gt(n, 10);
			break;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "%ld: %s", n, error.message);
		if (!access(path, F_OK))
			cr_assert(!unlink(path));
	}
	expect_readable(8);
}

Test(store, reads_survive_a_lack_of_memory)
{
	write_study(&plain);
	for (long n = 1;; n++) {
		char digest[65];
		ls_memory_fail_at(n);
		lockstep_status status = digest_of(digest);
		ls_memory_fail_at(0);
		if (!status) {
			cr_assert_gt(n, 20);
			break;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "%ld: %s", n, error.message);
	}
}

/* ---- Seeds together ---------------------------------------------------------------------------- */

Test(store, aggregates)
{
	double values[] = {3, NAN, 1, 2, 10};
	cr_assert_eq(ls_aggregate_values("mean", values, 5), 4);
	cr_assert_eq(ls_aggregate_values("median", (double[]){3, NAN, 1, 2, 10}, 5), 2.5);
	cr_assert_eq(ls_aggregate_values("min", (double[]){3, NAN, 1}, 3), 1);
	cr_assert_eq(ls_aggregate_values("max", (double[]){3, NAN, 10}, 3), 10);
	cr_assert(isnan(ls_aggregate_values("median", (double[]){NAN}, 1)));
}

static void expect_interval(const char *aggregate, const double *from, size_t n, double low, double high)
{
	double values[16], found_low, found_high;
	memcpy(values, from, n * sizeof *from);
	ls_aggregate_interval(aggregate, values, n, &found_low, &found_high);
	cr_assert(isnan(low) ? isnan(found_low) && isnan(found_high)
	                     : fabs(found_low - low) <= 1e-12 && fabs(found_high - high) <= 1e-12,
	          "%s of %zu: %.17g, %.17g", aggregate, n, found_low, found_high);
}

/* Means by hand: 3 and 5 have mean 4 and standard error 1, 1 to 5 have 3 and sqrt(1/2). */
Test(store, intervals)
{
	static const double values[] = {5, 3, 1, 2, 4, 6};
	expect_interval("median", values, 6, 1, 6);
	expect_interval("median", values, 5, NAN, NAN);
	expect_interval("mean", values, 2, 4 - 12.706204736174694, 4 + 12.706204736174694);
	expect_interval("mean", values, 5, 3 - 2.7764451051977935 * sqrt(0.5), 3 + 2.7764451051977935 * sqrt(0.5));
	expect_interval("mean", values, 1, NAN, NAN);
	expect_interval("mean", values, 0, NAN, NAN);
	expect_interval("mean", (double[]){2, 2, 2}, 3, 2, 2);
	expect_interval("mean", (double[]){2, NAN, 2}, 3, NAN, NAN);
	expect_interval("mean", (double[]){2, INFINITY, 2}, 3, NAN, NAN);
	expect_interval("min", values, 6, NAN, NAN);
	expect_interval("max", values, 6, NAN, NAN);
}

Test(store, numbers_are_the_shortest_that_read_back)
{
	char text[LOCKSTEP_NUMBER_MAX];
	cr_assert_str_eq(lockstep_number_text(0.1, text), "0.1");
	cr_assert_str_eq(lockstep_number_text(1.0 / 3, text), "0.3333333333333333");
	cr_assert_str_eq(lockstep_number_text(-0.0, text), "-0");
	cr_assert_str_eq(lockstep_number_text(NAN, text), "nan");
	cr_assert_str_eq(lockstep_number_text(-INFINITY, text), "-inf");
}
