/* SPDX-License-Identifier: MIT
 *
 * The job is written by walking the option tables, so that no option can be
 * forgotten; its keys are the options' names.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/print/message.h"
#include "lockstep/version.h"

#define EVENT_MAX 65536

/* A line that a crash cut off is ended, so that the next is one of its own. */
static int end_last_line(int descriptor)
{
	char last = '\n';
	if (lseek(descriptor, -1, SEEK_END) >= 0 && read(descriptor, &last, 1) < 0)
		return -1;
	lseek(descriptor, 0, SEEK_END);
	return last == '\n' || write(descriptor, "\n", 1) == 1 ? 0 : -1;
}

static FILE *open_stream(struct ls_log *log, int appends)
{
	int flags = appends ? O_RDWR : O_WRONLY | O_TRUNC;
	int descriptor = open(log->path, flags | O_CREAT | O_CLOEXEC, 0666);
	if (descriptor < 0)
		return NULL;
	FILE *file = appends && end_last_line(descriptor) ? NULL : ls_stream_open(&log->stream, descriptor);
	int cause = errno;
	if (!file)
		close(descriptor);
	errno = cause;
	return file;
}

int ls_log_open(struct ls_log *log, const char *path, int appends, const char *command)
{
	*log = (struct ls_log){.path = path};
	if (!path)
		return LS_EXIT_DONE;
	log->file = open_stream(log, appends);
	if (!log->file)
		return ls_message_failed(command, "%s: %s", path, strerror(errno));
	setvbuf(log->file, NULL, _IOFBF, EVENT_MAX); /* an event is one write */
	return LS_EXIT_DONE;
}

/* Writes the event as one line; takes its reference. NULL: memory was short. */
static void write_event(struct ls_log *log, json_t *event)
{
	errno = 0;
	int failed =
	    !event || json_dumpf(event, log->file, JSON_COMPACT) || putc('\n', log->file) == EOF || fflush(log->file);
	if (failed && !log->failed)
		log->failed = !event ? ENOMEM : errno ? errno : -1;
	json_decref(event);
}

/* JSON has no infinity and no NaN. */
static json_t *real(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* JSON's integers end at 2^63 - 1 in this writer; a larger seed is a string. */
static json_t *unsigned64(uint64_t value)
{
	char digits[24];
	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
	return json_string(digits);
}

static json_t *option_value(const struct ls_option *option, const void *target)
{
	const void *value = (const char *)target + option->offset;
	char word[LS_WORD_MAX];
	switch (option->kind) {
	case LS_OPTION_FLAG:
		return json_boolean(*(const int *)value);
	case LS_OPTION_TEXT:
		return text_or_null(*(const char *const *)value);
	case LS_OPTION_U32:
	case LS_OPTION_WORKERS:
		return json_integer(*(const uint32_t *)value);
	case LS_OPTION_U64:
		return unsigned64(*(const uint64_t *)value);
	case LS_OPTION_SIZE:
		return unsigned64(*(const size_t *)value);
	case LS_OPTION_REAL:
	case LS_OPTION_ROWS:
		return real(*(const double *)value);
	case LS_OPTION_CHOICE:
		return text_or_null(ls_options_word(option, target, word));
	case LS_OPTION_TEXTS: /* no job has them */
	case LS_OPTION_INTERVAL:
		break;
	}
	return json_null();
}

static void add_options(json_t *object, const struct ls_option *options, const void *target)
{
	for (; options->name; options++)
		json_object_set_new(object, options->name, option_value(options, target));
}

static json_t *job_object(const struct ls_job_options *job)
{
	json_t *object = json_object();
	add_options(object, ls_data_option_table, &job->data);
	add_options(object, ls_network_option_table, job);
	add_options(object, ls_training_option_table, job);
	return object;
}

static char *text_of(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

char *ls_log_job_text(const struct ls_job_options *job)
{
	return text_of(job_object(job));
}

char *ls_log_data_text(const struct ls_data_options *data)
{
	json_t *object = json_object();
	add_options(object, ls_data_option_table, data);
	return text_of(object);
}

static json_t *part_object(const lockstep_dataset *dataset, enum lockstep_part part)
{
	char digest[65];
	size_t n_rows = lockstep_dataset_rows(dataset, part);
	if (n_rows == 0)
		return json_null();
	lockstep_dataset_digest(dataset, part, digest);
	return json_pack("{s:I, s:s}", "rows", (json_int_t)n_rows, "digest", digest);
}

static json_t *machine_object(const struct lockstep_topology_summary *machine)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}", "cpu", text_or_null(machine->cpu_model), "packages",
	                 (json_int_t)machine->packages, "numa_nodes", (json_int_t)machine->numa_nodes, "cores",
	                 (json_int_t)machine->cores, "pus", (json_int_t)machine->pus, "cpu_quota",
	                 machine->cpu_quota > 0 ? real(machine->cpu_quota) : json_null());
}

static void format_now(char text[32])
{
	time_t now = time(NULL);
	struct tm utc;
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* Every value is JSON's own or was made by one of the functions above. */
static void add_run(json_t *event, const struct ls_log_start *start)
{
	const struct lockstep_train_options *train = &start->job->train;
	json_object_set_new(event, "workers", json_integer(start->plan->workers));
	json_object_set_new(event, "split", text_or_null(lockstep_split_name(train->split)));
	json_object_set_new(event, "engine", text_or_null(lockstep_engine_name(train->engine)));
	json_object_set_new(event, "isa", text_or_null(start->plan->isa));
	json_object_set_new(event, "bind", text_or_null(train->bind));
	json_object_set_new(event, "smt", json_boolean(train->smt));
}

void ls_log_start(struct ls_log *log, const struct ls_log_start *start)
{
	char now[32];
	if (!log->file)
		return;
	format_now(now);
	json_t *event = json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:o}", "event", "start", "schema", LS_LOG_SCHEMA,
	                          "version", lockstep_version(), "arithmetic", LOCKSTEP_ARITHMETIC, "compiler",
	                          lockstep_compiler(), "time", now, "job", job_object(start->job));
	json_object_set_new(event, "data",
	                    json_pack("{s:o, s:o}", "train", part_object(start->dataset, LOCKSTEP_TRAIN), "test",
	                              part_object(start->dataset, LOCKSTEP_TEST)));
	json_object_set_new(event, "parameters", unsigned64(lockstep_network_n_parameters(start->network)));
	json_object_set_new(event, "train_rows", unsigned64(start->plan->train_rows));
	json_object_set_new(event, "validation_rows", unsigned64(start->plan->validation_rows));
	json_object_set_new(event, "steps_per_epoch", unsigned64(start->plan->steps_per_epoch));
	json_object_set_new(event, "machine", machine_object(start->machine));
	add_run(event, start);
	json_object_set_new(
	    event, "resumed",
	    start->resumed ? json_pack("{s:s, s:o}", "file", start->resumed, "step", unsigned64(start->resumed_step))
			   : json_null());
	write_event(log, event);
}

static json_t *trial_object(const struct lockstep_trial *trial)
{
	return json_pack("{s:I, s:s, s:o}", "workers", (json_int_t)trial->workers, "split",
	                 lockstep_split_name(trial->split), "samples_per_second", real(trial->samples_per_second));
}

void ls_log_choice(struct ls_log *log, const struct lockstep_trial *trials, size_t n, size_t i_chosen)
{
	if (!log->file)
		return;
	json_t *event = json_pack("{s:s, s:o}", "event", "choice", "chosen", trial_object(&trials[i_chosen]));
	json_t *tried = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(tried, trial_object(&trials[i]));
	json_object_set_new(event, "tried", tried);
	write_event(log, event);
}

void ls_log_checkpoint(struct ls_log *log, const struct lockstep_saved *saved)
{
	if (log->file)
		write_event(log, json_pack("{s:s, s:s, s:o, s:I, s:o, s:o}", "event", "checkpoint", "file", saved->path,
		                           "step", unsigned64(saved->step), "epochs", (json_int_t)saved->epochs,
		                           "seconds", real(saved->seconds), "failure", text_or_null(saved->failure)));
}

static json_t *metrics_object(const struct ls_log *log, const struct lockstep_metrics *metrics)
{
	if (metrics->n_rows == 0)
		return json_null();
	json_t *object = json_pack("{s:I, s:o, s:o}", "rows", (json_int_t)metrics->n_rows, "loss", real(metrics->loss),
	                           "accuracy", real(metrics->accuracy));
	if (log->multilabel)
		json_object_set_new(object, "label_accuracy", real(metrics->label_accuracy));
	return object;
}

void ls_log_epoch(struct ls_log *log, const struct lockstep_epoch *epoch)
{
	if (!log->file)
		return;
	const struct lockstep_metrics *metrics = epoch->test.n_rows ? &epoch->test : &epoch->validation;
	json_t *accuracy = metrics->n_rows ? real(metrics->accuracy) : json_null();
	write_event(log,
	            json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "event", "epoch", "epoch",
	                      (json_int_t)epoch->epoch, "steps", (json_int_t)epoch->n_steps, "loss", real(epoch->loss),
	                      "accuracy", accuracy, "validation", metrics_object(log, &epoch->validation), "test",
	                      metrics_object(log, &epoch->test), "train_seconds", real(epoch->train_seconds),
	                      "samples_per_second", real(epoch->samples_per_second), "learning_rate",
	                      real(epoch->learning_rate), "best", epoch->best));
}

void ls_log_end(struct ls_log *log, const char *outcome, const char *fingerprint, const char *message, double seconds)
{
	if (log->file)
		write_event(log, json_pack("{s:s, s:s, s:o, s:o, s:o}", "event", "end", "status", outcome,
		                           "fingerprint", text_or_null(fingerprint), "message", text_or_null(message),
		                           "seconds", real(seconds)));
}

int ls_log_close(struct ls_log *log, const char *command, int status)
{
	if (!log->file)
		return status;
	errno = 0;
	if (fclose(log->file) && !log->failed)
		log->failed = errno ? errno : -1;
	log->file = NULL;
	if (!log->failed)
		return status;
	ls_message_note(command, "%s: %s", log->path, log->failed > 0 ? strerror(log->failed) : "write error");
	return status ? status : LS_EXIT_FAILED;
}
