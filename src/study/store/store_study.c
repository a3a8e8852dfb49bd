/* SPDX-License-Identifier: MIT
 *
 * Studies and the sessions in which they run. A machine is a row of its own, since
 * its topology is long and seldom another.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/sha256.h"
#include "records.h"
#include "writer.h"

/* ---- Studies --------------------------------------------------------------- */

/* *is_there 0: no study has that name. */
static lockstep_status find_study(struct ls_store *store, const char *name, struct ls_study_record *record,
                                  int *is_there, lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_STUDY, &store->scratch, error);
	if (status)
		return status;
	ls_row_key_text(&row, name);
	status = ls_row_next(&row, is_there, error);
	if (status || !*is_there)
		return status;
	status = ls_study_read(&row, record, error);
	if (!status)
		ls_row_end(&row);
	return status;
}

lockstep_status ls_store_find_study(struct ls_store *store, const char *name, int64_t *id, char digest[65],
                                    lockstep_error *error)
{
	struct ls_study_record record;
	int is_there = 0;
	lockstep_status status = find_study(store, name, &record, &is_there, error);
	if (!status && is_there)
		snprintf(digest, 65, "%s", record.spec_sha256);
	if (!status)
		*id = is_there ? record.id : 0;
	ls_arena_fini(&store->scratch);
	return status;
}

static lockstep_status find_scaling(struct ls_store *store, const char *name, int *is_there, lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_SCALING, &store->scratch, error);
	if (status)
		return status;
	ls_row_key_text(&row, name);
	status = ls_row_next(&row, is_there, error);
	if (!status && *is_there)
		ls_row_end(&row);
	return status;
}

lockstep_status ls_writer_check_name(struct ls_store *store, const char *name, lockstep_error *error)
{
	struct ls_study_record record;
	int is_study = 0, is_scaling = 0;
	lockstep_status status = find_study(store, name, &record, &is_study, error);
	if (!status && !is_study)
		status = find_scaling(store, name, &is_scaling, error);
	if (!status && (is_study || is_scaling))
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: there is a %sstudy '%s' already",
		                      store->database->path, is_scaling ? "scaling " : "", name);
	return status;
}

lockstep_status ls_store_check_name(struct ls_store *store, const char *name, lockstep_error *error)
{
	lockstep_status status = ls_writer_check_name(store, name, error);
	ls_arena_fini(&store->scratch);
	return status;
}

static lockstep_status add_names(struct ls_store *store, int64_t id, const struct ls_store_study *study,
                                 lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < study->n_parameters; i++) {
		status = ls_row_begin(&row, store->database, LS_TABLE_PARAMETER, error);
		if (status)
			break;
		ls_row_put_integer(&row, id);
		ls_row_put_unsigned(&row, i);
		ls_row_put_text(&row, study->parameters[i]);
		status = ls_row_write(&row, error);
	}
	return status;
}

static lockstep_status add_seeds(struct ls_store *store, int64_t id, const struct ls_store_study *study,
                                 lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < study->n_seeds; i++) {
		status = ls_row_begin(&row, store->database, LS_TABLE_SEED, error);
		if (status)
			break;
		ls_row_put_integer(&row, id);
		ls_row_put_unsigned(&row, i);
		ls_row_put_unsigned(&row, study->seeds[i]);
		status = ls_row_write(&row, error);
	}
	return status;
}

/* *n: how many data the study has; *is_there: `data` is one of them. */
static lockstep_status find_data(struct ls_store *store, int64_t study, const struct lockstep_runs_data *data,
                                 uint64_t *n, int *is_there, lockstep_error *error)
{
	struct ls_row row;
	int is_row = 0;
	*n = 0;
	*is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_DATA, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, study);
	while (!(status = ls_row_next(&row, &is_row, error)) && is_row) {
		(void)ls_row_integer(&row);
		(void)ls_row_unsigned(&row);
		const char *name = ls_row_text(&row), *part = ls_row_text(&row), *digest = ls_row_text(&row);
		status = ls_row_check(&row, error);
		if (status)
			return status;
		++*n;
		*is_there |= !strcmp(name, data->name) && !strcmp(part, data->part) && !strcmp(digest, data->digest);
	}
	return status;
}

static lockstep_status add_data(struct ls_store *store, int64_t study, const struct lockstep_runs_data *data,
                                lockstep_error *error)
{
	struct ls_row row;
	uint64_t n;
	int is_there;
	lockstep_status status = find_data(store, study, data, &n, &is_there, error);
	if (status || is_there)
		return status;
	status = ls_row_begin(&row, store->database, LS_TABLE_DATA, error);
	if (status)
		return status;
	ls_row_put_integer(&row, study);
	ls_row_put_unsigned(&row, n);
	ls_row_put_text(&row, data->name);
	ls_row_put_text(&row, data->part);
	ls_row_put_text(&row, data->digest);
	return ls_row_write(&row, error);
}

lockstep_status ls_store_add_data(struct ls_store *store, int64_t study, const struct lockstep_runs_data *data,
                                  lockstep_error *error)
{
	lockstep_status status = ls_writer_enter(store, error);
	return status ? status : ls_writer_leave(store, add_data(store, study, data, error), error);
}

static lockstep_status add_study(struct ls_store *store, const struct ls_store_study *study, int64_t *id,
                                 lockstep_error *error)
{
	struct ls_study_record record;
	char now[LS_STORE_TIME_MAX], digest[LS_SHA256_DIGITS + 1];
	lockstep_status status = ls_writer_check_name(store, study->name, error);
	if (status)
		return status;
	ls_store_now(now);
	ls_sha256(study->spec, strlen(study->spec), digest);
	record = (struct ls_study_record){
	    .id = ls_writer_new_id(store, LS_TABLE_STUDY),
	    .name = study->name,
	    .description = study->description,
	    .spec = study->spec,
	    .spec_sha256 = digest,
	    .method = study->method,
	    .sampler = study->sampler,
	    .scheduler = study->scheduler,
	    .metric = study->metric,
	    .maximize = study->maximize,
	    .aggregate = study->aggregate,
	    .seed = study->seed,
	    .created = study->created ? study->created : now,
	};
	*id = record.id;
	return ls_study_write(store->database, &record, error);
}

lockstep_status ls_store_add_study(struct ls_store *store, const struct ls_store_study *study, int64_t *id,
                                   lockstep_error *error)
{
	int64_t new_id = 0;
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = add_study(store, study, &new_id, error);
	if (!status)
		status = add_names(store, new_id, study, error);
	if (!status)
		status = add_seeds(store, new_id, study, error);
	status = ls_writer_leave(store, status, error);
	if (!status)
		*id = new_id;
	return status;
}

/* ---- Sessions -------------------------------------------------------------- */

static lockstep_status machine_digest(const struct lockstep_runs_session *session, char digest[LS_SHA256_DIGITS + 1],
                                      lockstep_error *error)
{
	char cores[16];
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		return ls_error_memory(error, "a digest");
	int n = snprintf(cores, sizeof cores, "%u", session->cores);
	ls_sha256_add(hash, session->cpu, strlen(session->cpu) + 1);
	ls_sha256_add(hash, cores, (size_t)n + 1);
	ls_sha256_add(hash, session->topology, strlen(session->topology));
	ls_sha256_finish(hash, digest);
	return LOCKSTEP_OK;
}

static lockstep_status find_machine(struct ls_store *store, const char *digest, int64_t *id, lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_MACHINE, &store->scratch, error);
	if (status)
		return status;
	ls_row_key_text(&row, digest);
	status = ls_row_next(&row, &is_there, error);
	if (status || !is_there)
		return status;
	int64_t found = ls_row_integer(&row);
	ls_row_text(&row);
	ls_row_text(&row);
	ls_row_u32(&row);
	ls_row_text(&row);
	status = ls_row_check(&row, error);
	if (status)
		return status;
	ls_row_end(&row);
	*id = found;
	return LOCKSTEP_OK;
}

/* *id: the machine that is there, or a new one. */
static lockstep_status add_machine(struct ls_store *store, const struct lockstep_runs_session *session, int64_t *id,
                                   lockstep_error *error)
{
	char digest[LS_SHA256_DIGITS + 1];
	struct ls_row row;
	lockstep_status status = machine_digest(session, digest, error);
	*id = 0;
	if (!status)
		status = find_machine(store, digest, id, error);
	if (status || *id)
		return status;
	status = ls_row_begin(&row, store->database, LS_TABLE_MACHINE, error);
	if (status)
		return status;
	*id = ls_writer_new_id(store, LS_TABLE_MACHINE);
	ls_row_put_integer(&row, *id);
	ls_row_put_text(&row, digest);
	ls_row_put_text(&row, session->cpu);
	ls_row_put_integer(&row, session->cores);
	ls_row_put_text(&row, session->topology);
	return ls_row_write(&row, error);
}

lockstep_status ls_store_add_session(struct ls_store *store, int64_t study, const struct lockstep_runs_session *session,
                                     lockstep_error *error)
{
	char now[LS_STORE_TIME_MAX];
	struct ls_session_record record = {.study = study, .session = *session};
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = add_machine(store, session, &record.machine, error);
	ls_store_now(now);
	record.id = ls_writer_new_id(store, LS_TABLE_SESSION);
	record.session.ended = record.session.outcome = NULL;
	if (!session->started)
		record.session.started = now;
	if (!status)
		status = ls_session_write(store->database, &record, error);
	status = ls_writer_leave(store, status, error);
	if (!status)
		store->session = record.id;
	return status;
}

static lockstep_status end_session(struct ls_store *store, const char *outcome, lockstep_error *error)
{
	char now[LS_STORE_TIME_MAX];
	struct ls_session_record record;
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_SESSION, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, store->session);
	status = ls_row_next(&row, &is_there, error);
	if (!status && !is_there)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: there is no session to end",
		                      store->database->path);
	if (!status)
		status = ls_session_read(&row, &record, error);
	if (status)
		return status;
	ls_row_end(&row);
	ls_store_now(now);
	record.session.ended = now;
	record.session.outcome = outcome;
	return ls_session_write(store->database, &record, error);
}

lockstep_status ls_store_end_session(struct ls_store *store, const char *outcome, lockstep_error *error)
{
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = ls_writer_leave(store, end_session(store, outcome, error), error);
	if (!status)
		store->session = 0;
	return status;
}
