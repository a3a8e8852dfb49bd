/* SPDX-License-Identifier: MIT
 *
 * A study read whole, into one arena. Numbers that must be there without a gap
 * (trials, parameters, runs) are looked at, since a row that is not there has no
 * checksum.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "reader.h"

struct lockstep_runs_study *ls_reading_study(const struct ls_reading_context *context)
{
	return &context->reading->study;
}

lockstep_status ls_reading_select(const struct ls_reading_context *context, struct ls_row *row, enum ls_statement which,
                                  int64_t id)
{
	lockstep_status status = ls_row_select(row, context->database, which, &context->reading->arena, context->error);
	if (!status)
		ls_row_key(row, id);
	return status;
}

/* ---- Lists ------------------------------------------------------------------- */

/* A row of one of the lists below: its number was looked at, the rest is read into
 * place `n`. Returns 0 when memory is short. */
typedef int take_row(const struct ls_reading_context *context, struct ls_row *row, size_t n, size_t *room);

static int take_parameter(const struct ls_reading_context *context, struct ls_row *row, size_t n, size_t *room)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	const char **names =
	    ls_arena_grow(&context->reading->arena, context->reading->parameters, n, room, sizeof *names);
	const char *name = ls_row_text(row);
	if (names)
		names[n] = name;
	study->parameters = context->reading->parameters = names;
	study->n_parameters = n + 1;
	return names != NULL;
}

static int take_seed(const struct ls_reading_context *context, struct ls_row *row, size_t n, size_t *room)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	uint64_t *seeds = ls_arena_grow(&context->reading->arena, context->reading->seeds, n, room, sizeof *seeds);
	uint64_t seed = ls_row_unsigned(row);
	if (seeds)
		seeds[n] = seed;
	study->seeds = context->reading->seeds = seeds;
	study->n_seeds = n + 1;
	return seeds != NULL;
}

static int take_data(const struct ls_reading_context *context, struct ls_row *row, size_t n, size_t *room)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct lockstep_runs_data *data =
	    ls_arena_grow(&context->reading->arena, context->reading->data, n, room, sizeof *data);
	const char *name = ls_row_text(row), *part = ls_row_text(row), *digest = ls_row_text(row);
	if (data)
		data[n] = (struct lockstep_runs_data){name, part, digest};
	study->data = context->reading->data = data;
	study->n_data = n + 1;
	return data != NULL;
}

static lockstep_status read_list(const struct ls_reading_context *context, enum ls_statement which, take_row *take,
                                 const char *what)
{
	struct ls_row row;
	size_t n = 0, room = 0;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, which, ls_reading_study(context)->id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		(void)ls_row_integer(&row);
		uint64_t number = ls_row_unsigned(&row);
		if (!take(context, &row, n, &room)) {
			ls_row_end(&row);
			return ls_reading_memory(context);
		}
		status = ls_row_check(&row, context->error);
		if (status)
			return status;
		if (number != n++) {
			ls_row_end(&row);
			return ls_reading_missing(context, what, n - 1);
		}
	}
	return status;
}

/* ---- Sessions ---------------------------------------------------------------- */

static lockstep_status read_machine(const struct ls_reading_context *context, int64_t id,
                                    struct lockstep_runs_session *session)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_MACHINE, id);
	if (!status)
		status = ls_row_next(&row, &is_there, context->error);
	if (status)
		return status;
	if (!is_there)
		return ls_reading_missing(context, "machine", (size_t)id);
	(void)ls_row_integer(&row);
	(void)ls_row_text(&row);
	session->cpu = ls_row_text(&row);
	session->cores = ls_row_u32(&row);
	session->topology = ls_row_text(&row);
	status = ls_row_check(&row, context->error);
	if (!status)
		ls_row_end(&row);
	return status;
}

static lockstep_status read_sessions(const struct ls_reading_context *context)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct lockstep_runs_session *sessions = NULL;
	struct ls_session_record record;
	struct ls_row row;
	size_t n = 0, room = 0;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_SESSIONS, study->id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		status = ls_session_read(&row, &record, context->error);
		if (status)
			return status;
		sessions = ls_arena_grow(&context->reading->arena, sessions, n, &room, sizeof *sessions);
		status = sessions ? read_machine(context, record.machine, &record.session) : ls_reading_memory(context);
		if (status) {
			ls_row_end(&row);
			return status;
		}
		sessions[n++] = record.session;
	}
	study->sessions = sessions;
	study->n_sessions = n;
	return status;
}

/* ---- Which metrics there are ------------------------------------------------- */

#define JOBS_OF_STUDY "SELECT run.job FROM trial JOIN run ON run.trial=trial.id WHERE trial.study=%lld"

static lockstep_status add_metric(const struct ls_reading_context *context, const char *name, size_t *room)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	for (size_t i = 0; i < study->n_metrics; i++)
		if (strcmp(study->metrics[i], name) == 0)
			return LOCKSTEP_OK;
	const char **names =
	    ls_arena_grow(&context->reading->arena, context->reading->metrics, study->n_metrics, room, sizeof *names);
	char *copy = ls_arena_copy(&context->reading->arena, name, strlen(name));
	if (!names || !copy)
		return ls_reading_memory(context);
	names[study->n_metrics++] = copy;
	study->metrics = context->reading->metrics = names;
	return LOCKSTEP_OK;
}

static lockstep_status add_own_metrics(const struct ls_reading_context *context, sqlite3_stmt *statement, size_t *room)
{
	lockstep_status status = LOCKSTEP_OK;
	int rc = sqlite3_step(statement);
	if (rc != SQLITE_ROW)
		return ls_database_error(context->database, rc, context->error);
	for (int i = 0; !status && i < LS_N_METRICS; i++)
		if (sqlite3_column_int64(statement, i) > 0)
			status = add_metric(context, ls_metric_names[i], room);
	return status;
}

static lockstep_status add_other_metrics(const struct ls_reading_context *context, sqlite3_stmt *statement,
                                         size_t *room)
{
	lockstep_status status = LOCKSTEP_OK;
	int rc = SQLITE_DONE;
	while (!status && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);
		status = name ? add_metric(context, name, room) : ls_reading_memory(context);
	}
	if (!status && rc != SQLITE_DONE)
		status = ls_database_error(context->database, rc, context->error);
	return status;
}

/* Runs a query about the jobs of the study and hands it to `take`. */
static lockstep_status ask(const struct ls_reading_context *context, const char *format,
                           lockstep_status (*take)(const struct ls_reading_context *, sqlite3_stmt *, size_t *),
                           size_t *room)
{
	char sql[512];
	sqlite3_stmt *statement = NULL;
	sqlite3_snprintf(sizeof sql, sql, format, (long long)ls_reading_study(context)->id);
	int rc = sqlite3_prepare_v2(context->database->handle, sql, -1, &statement, NULL);
	lockstep_status status =
	    rc == SQLITE_OK ? take(context, statement, room) : ls_database_error(context->database, rc, context->error);
	sqlite3_finalize(statement);
	return status;
}

/* Those that all jobs may have in their order, then the others by name. */
static lockstep_status find_metrics(const struct ls_reading_context *context)
{
	static const char own[] =
	    "SELECT count(loss),count(validation_loss),count(validation_accuracy),count(validation_label_accuracy),"
	    "count(test_loss),count(test_accuracy),count(test_label_accuracy),count(learning_rate) "
	    "FROM epoch WHERE job IN (" JOBS_OF_STUDY ")";
	static const char others[] = "SELECT DISTINCT name FROM metric WHERE job IN (" JOBS_OF_STUDY ") ORDER BY name";
	size_t room = 0;
	lockstep_status status = ask(context, own, add_own_metrics, &room);
	return status ? status : ask(context, others, add_other_metrics, &room);
}

/* ---- Items ------------------------------------------------------------------- */

static lockstep_status count_items(const struct ls_reading_context *context)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct ls_item_record record;
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_ITEMS, study->id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		status = ls_item_read(&row, &record, context->error);
		if (status)
			return status;
		study->n_items++;
		study->n_reported += (uint64_t)record.item.is_reported;
	}
	return status;
}

/* ---- The whole --------------------------------------------------------------- */

/* The texts of the record live in the handle: a copy each. */
static lockstep_status copy_record(const struct ls_reading_context *context, const struct ls_study_record *record)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	const struct {
		const char **to;
		const char *from;
	} texts[] = {{&study->name, record->name},           {&study->description, record->description},
	             {&study->spec, record->spec},           {&study->spec_sha256, record->spec_sha256},
	             {&study->method, record->method},       {&study->sampler, record->sampler},
	             {&study->scheduler, record->scheduler}, {&study->metric, record->metric},
	             {&study->aggregate, record->aggregate}, {&study->created, record->created}};
	study->id = record->id;
	study->maximize = record->maximize;
	study->seed = record->seed;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!texts[i].from)
			continue;
		*texts[i].to = ls_arena_copy(&context->reading->arena, texts[i].from, strlen(texts[i].from));
		if (!*texts[i].to)
			return ls_reading_memory(context);
	}
	return LOCKSTEP_OK;
}

static lockstep_status read_study(const struct ls_reading_context *context, const struct ls_study_record *record)
{
	lockstep_status status = copy_record(context, record);
	if (!status)
		status = read_list(context, LS_GET_PARAMETERS, take_parameter, "parameter");
	if (!status)
		status = read_list(context, LS_GET_SEEDS, take_seed, "seed");
	if (!status)
		status = read_list(context, LS_GET_DATA, take_data, "data set");
	if (!status)
		status = read_sessions(context);
	if (!status)
		status = find_metrics(context);
	if (!status)
		status = ls_reader_trials(context);
	return status ? status : count_items(context);
}

lockstep_status lockstep_runs_read_study(lockstep_runs *runs, size_t i, struct lockstep_runs_study **out,
                                         lockstep_error *error)
{
	struct ls_reading *reading = ls_memory_allocate(1, sizeof *reading);
	if (!reading)
		return ls_error_memory(error, "a study");
	const struct ls_reading_context context = {runs->database, reading, error};
	lockstep_status status = read_study(&context, &runs->studies[i]);
	if (status)
		lockstep_runs_study_destroy(&reading->study);
	else
		*out = &reading->study;
	return status;
}

void lockstep_runs_study_destroy(struct lockstep_runs_study *study)
{
	struct ls_reading *reading = (struct ls_reading *)study;
	if (!reading)
		return;
	ls_arena_fini(&reading->arena);
	ls_memory_free(reading);
}
