/* SPDX-License-Identifier: MIT
 *
 * A trial's model. The database has none, but the record of each job, and the same job
 * gives the same bits: it is trained again, compared with the database epoch by epoch,
 * and written when all was equal.
 *
 * A trial that was ended before its job gives the job of its own epochs, which is the
 * same up to there: schedules do not depend on how many are to come, since a record has
 * their period as a number.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/print/output.h"
#include "cli/train/progress.h"
#include "cli/train/stop_signals.h"
#include "lockstep/record.h"
#include "lockstep/train.h"
#include "runs_data.h"
#include "runs_verbs.h"

struct saving {
	const struct ls_runs *runs;
	const struct lockstep_runs_study *study;
	const struct lockstep_runs_trial *trial;
	const struct lockstep_runs_job *job;
	struct lockstep_runs_epochs *known; /* what the database has of the job */
	struct lockstep_train_options options;
	lockstep_dataset *dataset;
	lockstep_network *network;
	struct ls_progress progress;
	uint32_t epoch, best; /* done; the last that improved, 0: none */
	int is_whole;         /* the trial ended as its job did */
	char differs[65];     /* what epoch `epoch` gives, where the database has another */
};

static int no_model(const struct saving *saving, const char *why)
{
	return ls_message_failed(LS_RUNS_COMMAND, "trial %llu of '%s' %s", (unsigned long long)saving->trial->number,
	                         saving->study->name, why);
}

/* ---- Which run --------------------------------------------------------------------- */

static int check_trial(const struct saving *saving)
{
	const struct lockstep_runs_trial *trial = saving->trial;
	if (trial->state == LOCKSTEP_TRIAL_DIVERGED)
		return no_model(saving, "diverged: it has no model");
	if (trial->state == LOCKSTEP_TRIAL_FAILED)
		return no_model(saving, "failed: it has no model");
	if (trial->n_jobs == 0 || trial->epochs == 0 || isnan(trial->objective))
		return no_model(saving, "has no result yet");
	return LS_EXIT_DONE;
}

static int find_seed(struct saving *saving, const char *seed)
{
	const struct lockstep_runs_trial *trial = saving->trial;
	char text[24];
	for (size_t i = 0; i < trial->n_jobs; i++) {
		snprintf(text, sizeof text, "%llu", (unsigned long long)trial->jobs[i].seed);
		if (strcmp(text, seed) == 0) {
			saving->job = &trial->jobs[i];
			return LS_EXIT_DONE;
		}
	}
	return ls_message_failed(LS_RUNS_COMMAND, "--seed '%.40s': trial %llu of '%s' has no such run", seed,
	                         (unsigned long long)trial->number, saving->study->name);
}

/* The run nearest to what they come to together: with a median of an odd number of
 * seeds, the median. */
static void find_typical(struct saving *saving)
{
	const struct lockstep_runs_trial *trial = saving->trial;
	double least = INFINITY;
	saving->job = &trial->jobs[0];
	for (size_t i = 0; i < trial->n_jobs; i++) {
		double distance = fabs(trial->jobs[i].objective - trial->objective);
		if (distance < least) {
			least = distance;
			saving->job = &trial->jobs[i];
		}
	}
}

static int find_job(struct saving *saving)
{
	int status = check_trial(saving);
	if (!status && saving->runs->seed)
		status = find_seed(saving, saving->runs->seed);
	else if (!status)
		find_typical(saving);
	if (!status && saving->job && saving->job->command)
		return no_model(saving, "is of a command: only the built-in trainer has models");
	return status;
}

/* ---- What to train ----------------------------------------------------------------- */

static int check_data(const struct saving *saving, const lockstep_record *record)
{
	char digest[65];
	lockstep_dataset_digest(saving->dataset, LOCKSTEP_TRAIN, digest);
	if (strcmp(digest, lockstep_record_data(record)) == 0)
		return LS_EXIT_DONE;
	return ls_message_failed(LS_RUNS_COMMAND,
	                         "the data have digest %.16s..., but the trial was trained on %.16s...: --data says "
	                         "where those are",
	                         digest, lockstep_record_data(record));
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The job as far as the trial's objective goes. */
static int settle_epochs(struct saving *saving)
{
	const uint32_t epochs = least(saving->trial->epochs, saving->job->epoch);
	saving->is_whole = saving->job->state == LOCKSTEP_JOB_DONE && saving->job->epoch <= saving->trial->epochs;
	if (!saving->is_whole && epochs < saving->options.epochs) {
		saving->options.epochs = epochs;
		if (saving->options.warmup > epochs)
			return no_model(saving, "ended in its warm-up: no job of train ends there");
	}
	return LS_EXIT_DONE;
}

static int report_data(const struct saving *saving, const lockstep_error *error)
{
	if (saving->runs->job.data.data || error->status != LOCKSTEP_ERROR_IO)
		return ls_message_error(LS_RUNS_COMMAND, error);
	return ls_message_failed(LS_RUNS_COMMAND, "%s; --data says where the data are now", error->message);
}

static int open_job(struct saving *saving, const lockstep_record *record)
{
	struct lockstep_network_options network;
	lockstep_error error;
	saving->options = saving->runs->job.train;
	lockstep_record_get_network_options(record, &network);
	lockstep_record_get_train_options(record, &saving->options);
	int status = settle_epochs(saving);
	if (status)
		return status;
	if (ls_runs_open_data(&saving->dataset, &saving->runs->job.data, saving->study, saving->trial, &error))
		return report_data(saving, &error);
	if (lockstep_network_create(&saving->network, lockstep_record_layers(record), &network, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	return check_data(saving, record);
}

/* After it the database is no longer needed. */
static int prepare(struct saving *saving)
{
	lockstep_record *record = NULL;
	lockstep_error error;
	int status = find_job(saving);
	if (status)
		return status;
	if (lockstep_runs_read_epochs(saving->runs->runs, saving->study, saving->job, &saving->known, &error) ||
	    lockstep_record_parse(&record, saving->job->record, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	status = open_job(saving, record);
	lockstep_record_destroy(record);
	return status ? status : ls_output_check(saving->runs->save, LS_RUNS_COMMAND);
}

/* ---- While it trains --------------------------------------------------------------- */

/* What the database has of an epoch; NULL: nothing. */
static const char *known_fingerprint(const struct saving *saving, uint32_t epoch)
{
	for (size_t i = 0; i < saving->known->n; i++)
		if (saving->known->epochs[i].epoch == epoch)
			return saving->known->epochs[i].fingerprint;
	return NULL;
}

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct saving *saving = context;
	const char *known = known_fingerprint(saving, epoch->epoch);
	ls_progress_clear(&saving->progress);
	saving->epoch = epoch->epoch;
	if (epoch->best)
		saving->best = epoch->epoch;
	if (!known || strcmp(known, epoch->fingerprint) == 0)
		return 0;
	snprintf(saving->differs, sizeof saving->differs, "%s", epoch->fingerprint);
	return 1;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	struct saving *saving = context;
	ls_progress_draw(&saving->progress, progress, NULL);
	return 0;
}

static void on_warning(const char *message, void *context)
{
	struct saving *saving = context;
	ls_progress_clear(&saving->progress);
	ls_message_note(LS_RUNS_COMMAND, "%s", message);
}

static int report_difference(const struct saving *saving)
{
	return ls_message_failed(
	    LS_RUNS_COMMAND, "epoch %u: training again gives %s, the database has %s: %s is not written", saving->epoch,
	    saving->differs, known_fingerprint(saving, saving->epoch), saving->runs->save);
}

static int report_failure(const struct saving *saving, const lockstep_error *error, int signal_number)
{
	if (*saving->differs)
		return report_difference(saving);
	if (error->status != LOCKSTEP_STOPPED)
		return ls_message_error(LS_RUNS_COMMAND, error);
	ls_message_note(LS_RUNS_COMMAND, "interrupted after %u epochs: %s is not written", saving->epoch,
	                saving->runs->save);
	return signal_number ? LS_EXIT_SIGNAL + signal_number : LS_EXIT_FAILED;
}

static int train(struct saving *saving)
{
	lockstep_trainer *trainer;
	lockstep_error error;
	saving->options.context = saving;
	saving->options.on_epoch = on_epoch;
	saving->options.on_progress = on_progress;
	saving->options.on_warning = on_warning;
	ls_progress_init(&saving->progress, saving->runs->quiet);
	if (lockstep_trainer_create(&trainer, saving->network, saving->dataset, &saving->options, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	ls_stop_signals_begin(trainer);
	lockstep_status status = lockstep_trainer_run(trainer, &error);
	int signal_number = ls_stop_signals_end();
	ls_progress_clear(&saving->progress);
	lockstep_trainer_destroy(trainer);
	/* A job's last epoch ends it, whatever on_epoch() says of it. */
	return status || *saving->differs ? report_failure(saving, &error, signal_number) : LS_EXIT_DONE;
}

/* ---- What came of it --------------------------------------------------------------- */

static uint32_t kept_epoch(const struct saving *saving)
{
	const int keeps_best = saving->options.patience && !saving->options.keep_last;
	return keeps_best && saving->best ? saving->best : saving->epoch;
}

/* The fingerprint of the end by the job itself, where the trial ended with it. */
static int compare_end(const struct saving *saving, const char *fingerprint)
{
	const char *known = saving->is_whole ? saving->job->fingerprint : NULL;
	if (!known)
		known = known_fingerprint(saving, kept_epoch(saving));
	if (!known)
		return no_model(saving, "has no fingerprint in the database to compare with");
	if (strcmp(fingerprint, known) == 0)
		return LS_EXIT_DONE;
	return ls_message_failed(LS_RUNS_COMMAND, "training again gives %s, the database has %s: %s is not written",
	                         fingerprint, known, saving->runs->save);
}

static void print_result(const struct saving *saving, const char *fingerprint)
{
	if (!saving->runs->quiet) {
		printf("study       %s\n", saving->study->name);
		printf("trial       %llu\n", (unsigned long long)saving->trial->number);
		printf("seed        %llu\n", (unsigned long long)saving->job->seed);
		printf("objective   %.9g of %s\n", saving->job->objective, saving->study->metric);
		printf("epochs      %u, all as in the database\n", saving->epoch);
		if (kept_epoch(saving) != saving->epoch)
			printf("kept        epoch %u\n", kept_epoch(saving));
		printf("saved       %s\n", saving->runs->save);
	}
	printf("fingerprint %s\n", fingerprint);
}

static int save(const struct saving *saving)
{
	char fingerprint[65];
	lockstep_error error;
	lockstep_network_fingerprint(saving->network, fingerprint);
	int status = compare_end(saving, fingerprint);
	if (!status && lockstep_network_save(saving->network, saving->runs->save, &error))
		status = ls_message_error(LS_RUNS_COMMAND, &error);
	if (!status)
		print_result(saving, fingerprint);
	return status;
}

static void explain(const struct saving *saving)
{
	char seed[64] = "";
	if (saving->trial->n_jobs > 1)
		snprintf(seed, sizeof seed, " with seed %llu", (unsigned long long)saving->job->seed);
	if (!saving->runs->quiet)
		ls_message_note(LS_RUNS_COMMAND, "trial %llu of '%s'%s is trained again, at most %u epochs",
		                (unsigned long long)saving->trial->number, saving->study->name, seed,
		                saving->options.epochs);
}

int ls_runs_save(struct ls_runs *runs, const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial)
{
	struct saving saving = {.runs = runs, .study = study, .trial = trial};
	int status = prepare(&saving);
	lockstep_runs_close(runs->runs);
	runs->runs = NULL;
	if (!status) {
		explain(&saving);
		status = train(&saving);
	}
	if (!status)
		status = save(&saving);
	lockstep_network_destroy(saving.network);
	lockstep_dataset_destroy(saving.dataset);
	lockstep_runs_epochs_destroy(saving.known);
	return status;
}
