/* SPDX-License-Identifier: MIT
 *
 * Verification. What is cheap to compare comes first: data, the file's own
 * options, the start; then the job runs, and ends at the first epoch whose
 * fingerprint is not the recorded one. So a changed option shows on the way, a
 * changed weight only at the end, where all that led to it was right.
 */
#include "lockstep/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "job/job.h"
#include "job/options.h"
#include "trainer.h"

struct verifying {
	const lockstep_network *network; /* to be verified */
	const lockstep_record *record;   /* its own */
	const lockstep_dataset *dataset;
	const struct lockstep_verify_options *options;
	struct lockstep_verification *result;
	lockstep_trainer *trainer; /* of the same job, on another network */
	int is_decided;            /* nothing more needs to be trained */
};

static void find(struct verifying *verifying, enum lockstep_finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct verifying *verifying, enum lockstep_finding finding, const char *format, ...)
{
	struct lockstep_verification *result = verifying->result;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(result->message, sizeof result->message, format, arguments);
	va_end(arguments);
	result->finding = finding;
	verifying->is_decided = 1;
}

/* ---- Before the first step ------------------------------------------- */

static void compare_data(struct verifying *verifying)
{
	char digest[65];
	lockstep_dataset_digest(verifying->dataset, LOCKSTEP_TRAIN, digest);
	if (strcmp(digest, lockstep_record_data(verifying->record)) != 0)
		find(verifying, LOCKSTEP_OTHER_DATA, "the data have digest %.16s..., the record names %.16s...", digest,
		     lockstep_record_data(verifying->record));
}

/* The file says its options twice: where predictions need them, and in the job. */
static void compare_options(struct verifying *verifying)
{
	const struct lockstep_network_options *file = &verifying->network->options;
	const struct lockstep_network_options *job = &verifying->record->job.network;
	char layers[LS_MODEL_LAYERS_TEXT];
	struct ls_model_shape shape;
	const char *what = NULL;
	ls_model_get_shape(&shape, verifying->network);
	ls_model_write_layers(layers, &shape);
	if (strcmp(layers, lockstep_record_layers(verifying->record)) != 0)
		what = "layers";
	else if (file->hidden != job->hidden || file->leaky_slope < job->leaky_slope ||
	         file->leaky_slope > job->leaky_slope)
		what = "hidden or leaky_slope";
	else if (file->loss != job->loss)
		what = "loss";
	else if (file->init != job->init || file->seed != job->seed)
		what = "init or seed";
	if (what)
		find(verifying, LOCKSTEP_OTHER_JOB, "%s: the network has another than its job", what);
}

static void compare_epoch(struct verifying *verifying, uint32_t epoch, const char *found)
{
	const char *recorded = lockstep_record_fingerprint(verifying->record, epoch);
	if (!recorded)
		return;
	if (!strcmp(found, recorded)) {
		verifying->result->epoch = epoch;
		return;
	}
	if (epoch == 0)
		find(verifying, LOCKSTEP_OTHER_JOB,
		     "start: init and seed give %.16s..., the record has %.16s...: one of them was changed, or the "
		     "training began from other parameters",
		     found, recorded);
	else
		find(verifying, LOCKSTEP_OTHER_JOB,
		     "epoch %u: the job gives %.16s..., the record has %.16s...: an option was changed", epoch, found,
		     recorded);
}

/* What the checkpoint says of the epochs before it, and its own parameters. */
static void compare_checkpoint(struct verifying *verifying)
{
	const lockstep_checkpoint *from = verifying->options->from;
	const struct ls_history *history = &from->record.history;
	uint64_t n_steps = verifying->trainer->steps.steps_per_epoch;
	char fingerprint[65];
	for (uint32_t i = 0; i < history->n && !verifying->is_decided; i++)
		compare_epoch(verifying, i * history->every, history->fingerprints[i]);
	if (verifying->is_decided || from->standing.step % n_steps)
		return;
	lockstep_checkpoint_fingerprint(from, fingerprint);
	compare_epoch(verifying, (uint32_t)(from->standing.step / n_steps), fingerprint);
}

/* ---- Callbacks of the job -------------------------------------------- */

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct verifying *verifying = context;
	const struct lockstep_verify_options *options = verifying->options;
	const struct ls_history *recorded = &verifying->record->history;
	const char *found = ls_history_get(&verifying->trainer->history, epoch->epoch);
	if (found)
		compare_epoch(verifying, epoch->epoch, found);
	if (!verifying->is_decided && epoch->epoch >= ls_history_last(recorded) + recorded->every)
		find(verifying, LOCKSTEP_OTHER_JOB, "epoch %u: the record ends before it: an option was changed",
		     epoch->epoch);
	if (verifying->is_decided)
		return 1;
	int stops = options->train.on_epoch && options->train.on_epoch(epoch, options->train.context);
	verifying->is_decided = options->until && epoch->epoch >= options->until;
	return stops || verifying->is_decided;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	const struct lockstep_train_options *train = &((struct verifying *)context)->options->train;
	return train->on_progress(progress, train->context);
}

static void on_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	const struct lockstep_train_options *train = &((struct verifying *)context)->options->train;
	if (train->on_choice)
		train->on_choice(trials, n, i_chosen, train->context);
}

static void on_warning(const char *message, void *context)
{
	const struct lockstep_train_options *train = &((struct verifying *)context)->options->train;
	if (train->on_warning)
		train->on_warning(message, train->context);
}

/* ---- After the last step --------------------------------------------- */

static int same_values(const float *a, const float *b, size_t n)
{
	return a && b ? !memcmp(a, b, n * sizeof *a) : a == b;
}

static void compare_scaling(struct verifying *verifying, const struct ls_scaling *made)
{
	const struct ls_scaling *scaling = &verifying->network->scaling;
	if (scaling->kind != made->kind || !same_values(scaling->shift, made->shift, made->n) ||
	    !same_values(scaling->scale, made->scale, made->n))
		find(verifying, LOCKSTEP_OTHER_PARAMETERS, "input scaling: the file's is not what the data give");
}

/* Parameters of another epoch are the work of an option that chooses it. */
static void compare_parameters(struct verifying *verifying, const lockstep_network *made)
{
	char is[65], expected[65];
	const struct ls_history *history = &verifying->record->history;
	lockstep_network_fingerprint(verifying->network, is);
	lockstep_network_fingerprint(made, expected);
	if (!strcmp(is, expected))
		return;
	for (uint32_t i = 0; i < history->n; i++)
		if (!strcmp(is, history->fingerprints[i])) {
			find(
			    verifying, LOCKSTEP_OTHER_JOB,
			    "the parameters are those after epoch %u, but the job keeps %.16s...: an option was changed",
			    i * history->every, expected);
			return;
		}
	find(verifying, LOCKSTEP_OTHER_PARAMETERS,
	     "all epochs are as recorded, and end in %.16s..., but the parameters are %.16s...: a weight was changed",
	     expected, is);
}

static void compare_end(struct verifying *verifying, const lockstep_network *made)
{
	uint64_t n_epochs = verifying->trainer->next_step / verifying->trainer->steps.steps_per_epoch;
	uint32_t last = lockstep_record_last_epoch(verifying->record);
	if (last > n_epochs) {
		find(verifying, LOCKSTEP_OTHER_JOB,
		     "the job ends after epoch %llu, the record after %u: an option was changed",
		     (unsigned long long)n_epochs, last);
		return;
	}
	compare_scaling(verifying, &made->scaling);
	if (!verifying->is_decided)
		compare_parameters(verifying, made);
}

/* ---- The whole ------------------------------------------------------- */

static lockstep_status resume(struct verifying *verifying, lockstep_error *error)
{
	const struct lockstep_verify_options *options = verifying->options;
	lockstep_status status = lockstep_trainer_resume(verifying->trainer, options->from, error);
	if (status)
		return status;
	uint64_t n_epochs = options->from->standing.step / verifying->trainer->steps.steps_per_epoch;
	if (options->until && n_epochs >= options->until)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "until %u: the checkpoint has %llu epochs behind it already", options->until,
		                    (unsigned long long)n_epochs);
	return LOCKSTEP_OK;
}

static lockstep_status run(struct verifying *verifying, const lockstep_network *made, lockstep_error *error)
{
	const lockstep_checkpoint *from = verifying->options->from;
	compare_epoch(verifying, 0, verifying->trainer->history.fingerprints[0]);
	if (verifying->is_decided)
		return LOCKSTEP_OK;
	if (from) {
		lockstep_status status = resume(verifying, error);
		if (status)
			return status;
		compare_checkpoint(verifying);
	}
	if (verifying->is_decided)
		return LOCKSTEP_OK;
	lockstep_status status = lockstep_trainer_run(verifying->trainer, error);
	if (status == LOCKSTEP_STOPPED && verifying->is_decided)
		return LOCKSTEP_OK;
	if (!status && !verifying->is_decided)
		compare_end(verifying, made);
	return status;
}

static lockstep_status train_again(struct verifying *verifying, lockstep_error *error)
{
	const struct lockstep_verify_options *options = verifying->options;
	struct lockstep_network_options network_options;
	struct lockstep_train_options train = options->train;
	lockstep_network *made = NULL;

	lockstep_record_get_network_options(verifying->record, &network_options);
	lockstep_record_get_train_options(verifying->record, &train);
	train.checkpoint = NULL;
	train.context = verifying;
	train.on_epoch = on_epoch;
	train.on_progress = options->train.on_progress ? on_progress : NULL;
	train.on_choice = on_choice;
	train.on_warning = on_warning;
	lockstep_status status =
	    lockstep_network_create(&made, lockstep_record_layers(verifying->record), &network_options, error);
	if (!status)
		status = lockstep_trainer_create(&verifying->trainer, made, verifying->dataset, &train, error);
	if (!status)
		status = run(verifying, made, error);
	lockstep_trainer_destroy(verifying->trainer);
	lockstep_network_destroy(made);
	return status;
}

static lockstep_status check_checkpoint(const struct verifying *verifying, lockstep_error *error)
{
	const lockstep_checkpoint *from = verifying->options->from;
	return from ? ls_job_compare(from->record.text, lockstep_record_job(verifying->record),
	                             "the checkpoint is of another job: ", error)
	            : LOCKSTEP_OK;
}

static lockstep_status compare_all(struct verifying *verifying, lockstep_error *error)
{
	lockstep_status status = check_checkpoint(verifying, error);
	if (status)
		return status;
	compare_data(verifying);
	if (!verifying->is_decided)
		compare_options(verifying);
	return verifying->is_decided ? LOCKSTEP_OK : train_again(verifying, error);
}

lockstep_status lockstep_verify(const lockstep_network *network, const lockstep_dataset *dataset,
                                const struct lockstep_verify_options *options, struct lockstep_verification *result,
                                lockstep_error *error)
{
	static const struct lockstep_verify_options defaults = LOCKSTEP_VERIFY_OPTIONS_INIT;
	struct lockstep_verification found = {.finding = LOCKSTEP_VERIFIED};
	lockstep_record *record = NULL;
	lockstep_status status = lockstep_record_create(&record, network, error);
	if (status)
		return status;

	struct verifying verifying = {
	    .network = network,
	    .record = record,
	    .dataset = dataset,
	    .options = options ? options : &defaults,
	    .result = &found,
	};
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are read rounded to nearest */
	status = compare_all(&verifying, error);
	ls_fpcontrol_leave(saved);
	lockstep_record_destroy(record);
	if (!status)
		*result = found;
	return status;
}
