/* SPDX-License-Identifier: MIT
 *
 * Job and history, read from the texts of a network or a file.
 */
#include "record.h"

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/network.h"
#include "options.h"

lockstep_status ls_record_init(struct lockstep_record *record, const char *job, const char *history, const char *path,
                               lockstep_error *error)
{
	*record = (struct lockstep_record){0};
	lockstep_status status = ls_job_read(&record->job, job, path, error);
	if (!status && history)
		status = ls_history_read(&record->history, history, path, error);
	if (!status && history && ls_history_last(&record->history) > record->job.train.epochs)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: metadata 'history': it has %u epochs, but the job has only %u", path,
		                      ls_history_last(&record->history), record->job.train.epochs);
	if (!status && !(record->text = ls_memory_copy_text(job)))
		status = ls_error_memory(error, "a record");
	if (status)
		ls_record_fini(record);
	return status;
}

void ls_record_fini(struct lockstep_record *record)
{
	ls_history_fini(&record->history);
	ls_memory_free(record->text);
	*record = (struct lockstep_record){0};
}

static lockstep_status create(lockstep_record **out, const char *job, const char *history, lockstep_error *error)
{
	lockstep_record *record = ls_memory_allocate(1, sizeof *record);
	if (!record)
		return ls_error_memory(error, "a record");
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are read rounded to nearest */
	lockstep_status status = ls_record_init(record, job, history, "the record", error);
	ls_fpcontrol_leave(saved);
	if (status)
		ls_memory_free(record);
	else
		*out = record;
	return status;
}

lockstep_status lockstep_record_create(lockstep_record **out, const lockstep_network *network, lockstep_error *error)
{
	if (!network->job || !network->history)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "the network has no record of a training");
	return create(out, network->job, network->history, error);
}

lockstep_status lockstep_record_parse(lockstep_record **out, const char *job, lockstep_error *error)
{
	return create(out, job, NULL, error);
}

void lockstep_record_destroy(lockstep_record *record)
{
	if (!record)
		return;
	ls_record_fini(record);
	ls_memory_free(record);
}

const char *lockstep_record_job(const lockstep_record *record)
{
	return record->text;
}

const char *lockstep_record_layers(const lockstep_record *record)
{
	return record->job.layers;
}

const char *lockstep_record_data(const lockstep_record *record)
{
	return record->job.data;
}

void lockstep_record_get_network_options(const lockstep_record *record, struct lockstep_network_options *options)
{
	*options = record->job.network;
}

void lockstep_record_get_train_options(const lockstep_record *record, struct lockstep_train_options *options)
{
	ls_train_copy_deciding(options, &record->job.train);
}

uint32_t lockstep_record_last_epoch(const lockstep_record *record)
{
	return record->history.n ? ls_history_last(&record->history) : 0;
}

const char *lockstep_record_fingerprint(const lockstep_record *record, uint32_t epoch)
{
	return record->history.n ? ls_history_get(&record->history, epoch) : NULL;
}
