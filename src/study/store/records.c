/* SPDX-License-Identifier: MIT
 *
 * The order of columns is that of table.c, in each pair of functions.
 */
#include "records.h"

#define N(array) (sizeof(array) / sizeof *(array))

static const char *const trial_states[LOCKSTEP_N_TRIAL_STATES] = {"running", "paused",   "done",
                                                                  "pruned",  "diverged", "failed"};
static const char *const job_states[LOCKSTEP_N_JOB_STATES] = {"pending",  "running", "paused",     "done",
                                                              "diverged", "failed",  "interrupted"};
static const char *const actions[] = {"start", "promote", "idle", "end"};

const char *const ls_kind_names[LS_N_KINDS] = {"null", "boolean", "integer", "real", "text"};

const char *lockstep_trial_state_name(enum lockstep_trial_state state)
{
	return (unsigned)state < LOCKSTEP_N_TRIAL_STATES ? trial_states[state] : "?";
}

const char *lockstep_job_state_name(enum lockstep_job_state state)
{
	return (unsigned)state < LOCKSTEP_N_JOB_STATES ? job_states[state] : "?";
}

/* ---- Studies and sessions -------------------------------------------------- */

lockstep_status ls_study_read(struct ls_row *row, struct ls_study_record *record, lockstep_error *error)
{
	record->id = ls_row_integer(row);
	record->name = ls_row_text(row);
	record->description = ls_row_text_or_null(row);
	record->spec = ls_row_text(row);
	record->spec_sha256 = ls_row_text(row);
	record->method = ls_row_text(row);
	record->sampler = ls_row_text(row);
	record->scheduler = ls_row_text(row);
	record->metric = ls_row_text(row);
	record->maximize = ls_row_flag(row);
	record->aggregate = ls_row_text(row);
	record->seed = ls_row_unsigned(row);
	record->created = ls_row_text(row);
	return ls_row_check(row, error);
}

lockstep_status ls_study_write(struct ls_database *database, const struct ls_study_record *record,
                               lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_STUDY, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->id);
	ls_row_put_text(&row, record->name);
	ls_row_put_text(&row, record->description);
	ls_row_put_text(&row, record->spec);
	ls_row_put_text(&row, record->spec_sha256);
	ls_row_put_text(&row, record->method);
	ls_row_put_text(&row, record->sampler);
	ls_row_put_text(&row, record->scheduler);
	ls_row_put_text(&row, record->metric);
	ls_row_put_integer(&row, record->maximize != 0);
	ls_row_put_text(&row, record->aggregate);
	ls_row_put_unsigned(&row, record->seed);
	ls_row_put_text(&row, record->created);
	return ls_row_write(&row, error);
}

lockstep_status ls_session_read(struct ls_row *row, struct ls_session_record *record, lockstep_error *error)
{
	struct lockstep_runs_session *session = &record->session;
	record->id = ls_row_integer(row);
	record->study = ls_row_integer(row);
	record->machine = ls_row_integer(row);
	session->started = ls_row_text(row);
	session->ended = ls_row_text_or_null(row);
	session->outcome = ls_row_text_or_null(row);
	session->version = ls_row_text(row);
	session->commit = ls_row_text_or_null(row);
	session->compiler = ls_row_text(row);
	session->isa = ls_row_text(row);
	session->command = ls_row_text(row);
	session->cpu_quota = ls_row_real(row);
	return ls_row_check(row, error);
}

lockstep_status ls_session_write(struct ls_database *database, const struct ls_session_record *record,
                                 lockstep_error *error)
{
	const struct lockstep_runs_session *session = &record->session;
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_SESSION, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->id);
	ls_row_put_integer(&row, record->study);
	ls_row_put_integer(&row, record->machine);
	ls_row_put_text(&row, session->started);
	ls_row_put_text(&row, session->ended);
	ls_row_put_text(&row, session->outcome);
	ls_row_put_text(&row, session->version);
	ls_row_put_text(&row, session->commit);
	ls_row_put_text(&row, session->compiler);
	ls_row_put_text(&row, session->isa);
	ls_row_put_text(&row, session->command);
	ls_row_put_real(&row, session->cpu_quota);
	return ls_row_write(&row, error);
}

/* ---- Trials and items ------------------------------------------------------ */

lockstep_status ls_trial_read(struct ls_row *row, struct ls_trial_record *record, lockstep_error *error)
{
	record->id = ls_row_integer(row);
	record->study = ls_row_integer(row);
	record->number = ls_row_unsigned(row);
	record->state = (enum lockstep_trial_state)ls_row_word(row, trial_states, N(trial_states));
	record->objective = ls_row_real(row);
	record->epochs = ls_row_u32(row);
	record->message = ls_row_text_or_null(row);
	return ls_row_check(row, error);
}

lockstep_status ls_trial_write(struct ls_database *database, const struct ls_trial_record *record,
                               lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_TRIAL, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->id);
	ls_row_put_integer(&row, record->study);
	ls_row_put_unsigned(&row, record->number);
	ls_row_put_text(&row, lockstep_trial_state_name(record->state));
	ls_row_put_real(&row, record->objective);
	ls_row_put_integer(&row, record->epochs);
	ls_row_put_text(&row, record->message);
	return ls_row_write(&row, error);
}

static int has_trial(enum ls_action action)
{
	return action == LS_ACTION_START || action == LS_ACTION_PROMOTE;
}

lockstep_status ls_item_read(struct ls_row *row, struct ls_item_record *record, lockstep_error *error)
{
	struct ls_item *item = &record->item.item;
	record->study = ls_row_integer(row);
	item->number = ls_row_unsigned(row);
	item->action = (enum ls_action)ls_row_word(row, actions, N(actions));
	if (has_trial(item->action))
		item->trial = ls_row_unsigned(row);
	else
		ls_row_null(row);
	item->bracket = ls_row_u32(row);
	item->rung = ls_row_u32(row);
	item->until = ls_row_u32(row);
	record->item.is_reported = ls_row_flag(row);
	record->item.told = ls_row_real(row);
	record->item.ended = ls_row_flag(row);
	return ls_row_check(row, error);
}

lockstep_status ls_item_write(struct ls_database *database, const struct ls_item_record *record, lockstep_error *error)
{
	const struct ls_item *item = &record->item.item;
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_ITEM, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->study);
	ls_row_put_unsigned(&row, item->number);
	ls_row_put_text(&row, actions[item->action]);
	if (has_trial(item->action))
		ls_row_put_unsigned(&row, item->trial);
	else
		ls_row_put_null(&row);
	ls_row_put_integer(&row, item->bracket);
	ls_row_put_integer(&row, item->rung);
	ls_row_put_integer(&row, item->until);
	ls_row_put_integer(&row, record->item.is_reported);
	ls_row_put_real(&row, record->item.told);
	ls_row_put_integer(&row, record->item.ended != 0);
	return ls_row_write(&row, error);
}

/* ---- Jobs, runs, epochs ---------------------------------------------------- */

lockstep_status ls_job_read_row(struct ls_row *row, struct ls_job_record *record, lockstep_error *error)
{
	struct ls_store_progress *progress = &record->progress;
	record->id = ls_row_integer(row);
	record->sha256 = ls_row_text(row);
	record->job.record = ls_row_text(row);
	record->job.command = ls_row_text_or_null(row);
	record->job.seed = ls_row_unsigned(row);
	record->session = ls_row_integer(row);
	progress->state = (enum lockstep_job_state)ls_row_word(row, job_states, N(job_states));
	progress->epoch = ls_row_u32(row);
	progress->step = ls_row_unsigned(row);
	progress->message = ls_row_text_or_null(row);
	progress->fingerprint = ls_row_text_or_null(row);
	progress->workers = ls_row_u32(row);
	progress->cores = ls_row_text_or_null(row);
	progress->started = ls_row_text_or_null(row);
	progress->ended = ls_row_text_or_null(row);
	progress->seconds = ls_row_real(row);
	progress->exit_status = (int)ls_row_integer(row);
	return ls_row_check(row, error);
}

lockstep_status ls_job_write_row(struct ls_database *database, const struct ls_job_record *record,
                                 lockstep_error *error)
{
	const struct ls_store_progress *progress = &record->progress;
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_JOB, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->id);
	ls_row_put_text(&row, record->sha256);
	ls_row_put_text(&row, record->job.record);
	ls_row_put_text(&row, record->job.command);
	ls_row_put_unsigned(&row, record->job.seed);
	ls_row_put_integer(&row, record->session);
	ls_row_put_text(&row, lockstep_job_state_name(progress->state));
	ls_row_put_integer(&row, progress->epoch);
	ls_row_put_unsigned(&row, progress->step);
	ls_row_put_text(&row, progress->message);
	ls_row_put_text(&row, progress->fingerprint);
	ls_row_put_integer(&row, progress->workers);
	ls_row_put_text(&row, progress->cores);
	ls_row_put_text(&row, progress->started);
	ls_row_put_text(&row, progress->ended);
	ls_row_put_real(&row, progress->seconds);
	ls_row_put_integer(&row, progress->exit_status);
	return ls_row_write(&row, error);
}

lockstep_status ls_run_read(struct ls_row *row, struct ls_run_record *record, lockstep_error *error)
{
	record->trial = ls_row_integer(row);
	record->number = ls_row_u32(row);
	record->job = ls_row_integer(row);
	record->objective = ls_row_real(row);
	return ls_row_check(row, error);
}

lockstep_status ls_run_write(struct ls_database *database, const struct ls_run_record *record, lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_RUN, error);
	if (status)
		return status;
	ls_row_put_integer(&row, record->trial);
	ls_row_put_integer(&row, record->number);
	ls_row_put_integer(&row, record->job);
	ls_row_put_real(&row, record->objective);
	return ls_row_write(&row, error);
}

lockstep_status ls_epoch_read(struct ls_row *row, int64_t *job, struct ls_store_epoch *epoch, lockstep_error *error)
{
	*job = ls_row_integer(row);
	epoch->epoch = ls_row_u32(row);
	epoch->loss = ls_row_real(row);
	epoch->validation_loss = ls_row_real(row);
	epoch->validation_accuracy = ls_row_real(row);
	epoch->validation_label_accuracy = ls_row_real(row);
	epoch->test_loss = ls_row_real(row);
	epoch->test_accuracy = ls_row_real(row);
	epoch->test_label_accuracy = ls_row_real(row);
	epoch->learning_rate = ls_row_real(row);
	epoch->fingerprint = ls_row_text_or_null(row);
	epoch->train_seconds = ls_row_real(row);
	epoch->samples_per_second = ls_row_real(row);
	return ls_row_check(row, error);
}

lockstep_status ls_epoch_write(struct ls_database *database, int64_t job, const struct ls_store_epoch *epoch,
                               lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, database, LS_TABLE_EPOCH, error);
	if (status)
		return status;
	ls_row_put_integer(&row, job);
	ls_row_put_integer(&row, epoch->epoch);
	ls_row_put_real(&row, epoch->loss);
	ls_row_put_real(&row, epoch->validation_loss);
	ls_row_put_real(&row, epoch->validation_accuracy);
	ls_row_put_real(&row, epoch->validation_label_accuracy);
	ls_row_put_real(&row, epoch->test_loss);
	ls_row_put_real(&row, epoch->test_accuracy);
	ls_row_put_real(&row, epoch->test_label_accuracy);
	ls_row_put_real(&row, epoch->learning_rate);
	ls_row_put_text(&row, epoch->fingerprint);
	ls_row_put_real(&row, epoch->train_seconds);
	ls_row_put_real(&row, epoch->samples_per_second);
	return ls_row_write(&row, error);
}
