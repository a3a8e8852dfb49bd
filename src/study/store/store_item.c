/* SPDX-License-Identifier: MIT
 *
 * Items and trials: what a study does next, and what came of it.
 */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "records.h"
#include "writer.h"

lockstep_status ls_writer_find_trial(struct ls_store *store, int64_t study, uint64_t number,
                                     struct ls_trial_record *record, lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_TRIAL, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, study);
	ls_row_key(&row, (int64_t)number);
	status = ls_row_next(&row, &is_there, error);
	if (!status && !is_there)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: the study has no trial %llu",
		                      store->database->path, (unsigned long long)number);
	if (!status)
		status = ls_trial_read(&row, record, error);
	if (!status)
		ls_row_end(&row);
	return status;
}

/* ---- Items ----------------------------------------------------------------- */

static void put_value(struct ls_row *row, const struct ls_value *value)
{
	ls_row_put_text(row, ls_kind_names[value->kind]);
	switch (value->kind) {
	case LS_VALUE_NULL:
		ls_row_put_null(row);
		break;
	case LS_VALUE_BOOLEAN:
	case LS_VALUE_INTEGER:
		ls_row_put_integer(row, value->integer);
		break;
	case LS_VALUE_REAL:
		ls_row_put_real(row, value->real);
		break;
	case LS_VALUE_TEXT:
		ls_row_put_text(row, value->text);
		break;
	}
}

static lockstep_status add_point(struct ls_store *store, int64_t trial, const struct ls_store_value *values, size_t n,
                                 lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < n; i++) {
		status = ls_row_begin(&row, store->database, LS_TABLE_POINT, error);
		if (status)
			break;
		ls_row_put_integer(&row, trial);
		ls_row_put_unsigned(&row, values[i].parameter);
		put_value(&row, &values[i].value);
		ls_row_put_real(&row, values[i].draw);
		status = ls_row_write(&row, error);
	}
	return status;
}

static lockstep_status start_trial(struct ls_store *store, int64_t study, uint64_t number,
                                   const struct ls_store_value *values, size_t n, lockstep_error *error)
{
	const struct ls_trial_record trial = {
	    .id = ls_writer_new_id(store, LS_TABLE_TRIAL), .study = study, .number = number, .objective = NAN};
	lockstep_status status = ls_trial_write(store->database, &trial, error);
	return status ? status : add_point(store, trial.id, values, n, error);
}

static lockstep_status promote_trial(struct ls_store *store, int64_t study, uint64_t number, lockstep_error *error)
{
	struct ls_trial_record trial;
	lockstep_status status = ls_writer_find_trial(store, study, number, &trial, error);
	if (status)
		return status;
	trial.state = LOCKSTEP_TRIAL_RUNNING;
	return ls_trial_write(store->database, &trial, error);
}

static lockstep_status find_item(struct ls_store *store, int64_t study, uint64_t number, struct ls_item_record *record,
                                 int *is_there, lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_ITEM, NULL, error);
	if (status)
		return status;
	ls_row_key(&row, study);
	ls_row_key(&row, (int64_t)number);
	status = ls_row_next(&row, is_there, error);
	if (status || !*is_there)
		return status;
	status = ls_item_read(&row, record, error);
	if (!status)
		ls_row_end(&row);
	return status;
}

/* Is this the number that follows? */
static lockstep_status check_order(struct ls_store *store, int64_t study, uint64_t number, lockstep_error *error)
{
	struct ls_item_record record;
	int is_there = 0, has_before = 1;
	lockstep_status status = find_item(store, study, number, &record, &is_there, error);
	if (!status && number > 0)
		status = find_item(store, study, number - 1, &record, &has_before, error);
	if (!status && (is_there || !has_before))
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: item %llu is out of order",
		                      store->database->path, (unsigned long long)number);
	return status;
}

lockstep_status ls_store_add_item(struct ls_store *store, int64_t study, const struct ls_item *item,
                                  const struct ls_store_value *values, size_t n, lockstep_error *error)
{
	const struct ls_item_record record = {study, {.item = *item, .told = NAN}};
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = check_order(store, study, item->number, error);
	if (!status)
		status = ls_item_write(store->database, &record, error);
	if (!status && item->action == LS_ACTION_START)
		status = start_trial(store, study, item->trial, values, n, error);
	if (!status && item->action == LS_ACTION_PROMOTE)
		status = promote_trial(store, study, item->trial, error);
	return ls_writer_leave(store, status, error);
}

/* ---- Reports --------------------------------------------------------------- */

static lockstep_status add_told(struct ls_store *store, int64_t study, const struct ls_store_report *report,
                                lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < report->n_epochs; i++) {
		status = ls_row_begin(&row, store->database, LS_TABLE_TOLD, error);
		if (status)
			break;
		ls_row_put_integer(&row, study);
		ls_row_put_unsigned(&row, report->item);
		ls_row_put_integer(&row, report->epochs[i].epoch);
		ls_row_put_real(&row, report->epochs[i].objective);
		status = ls_row_write(&row, error);
	}
	return status;
}

static lockstep_status report_item(struct ls_store *store, int64_t study, const struct ls_store_report *report,
                                   struct ls_item_record *record, lockstep_error *error)
{
	int is_there = 0;
	lockstep_status status = find_item(store, study, report->item, record, &is_there, error);
	if (status)
		return status;
	const enum ls_action action = is_there ? record->item.item.action : LS_ACTION_END;
	if ((action != LS_ACTION_START && action != LS_ACTION_PROMOTE) || record->item.is_reported)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: item %llu is not one to report",
		                    store->database->path, (unsigned long long)report->item);
	record->item.is_reported = 1;
	record->item.told = report->told;
	record->item.ended = report->ended;
	status = ls_item_write(store->database, record, error);
	return status ? status : add_told(store, study, report, error);
}

lockstep_status ls_writer_find_run(struct ls_store *store, int64_t trial, uint32_t number, struct ls_run_record *record,
                                   int *is_there, lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_RUN, NULL, error);
	if (status)
		return status;
	ls_row_key(&row, trial);
	ls_row_key(&row, number);
	status = ls_row_next(&row, is_there, error);
	if (status || !*is_there)
		return status;
	status = ls_run_read(&row, record, error);
	if (!status)
		ls_row_end(&row);
	return status;
}

static lockstep_status report_runs(struct ls_store *store, int64_t trial, const struct ls_store_report *report,
                                   lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < report->n_runs; i++) {
		struct ls_run_record run;
		int is_there = 0;
		status = ls_writer_find_run(store, trial, (uint32_t)i, &run, &is_there, error);
		if (!status && !is_there)
			status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: run %zu of a trial was not claimed",
			                      store->database->path, i);
		if (status)
			break;
		run.objective = report->runs[i];
		status = ls_run_write(store->database, &run, error);
	}
	return status;
}

static lockstep_status report_trial(struct ls_store *store, int64_t study, uint64_t number,
                                    const struct ls_store_report *report, lockstep_error *error)
{
	struct ls_trial_record trial;
	lockstep_status status = ls_writer_find_trial(store, study, number, &trial, error);
	if (status)
		return status;
	trial.state = report->state;
	trial.objective = report->objective;
	trial.epochs = report->epochs_done;
	trial.message = report->message;
	status = ls_trial_write(store->database, &trial, error);
	return status ? status : report_runs(store, trial.id, report, error);
}

lockstep_status ls_store_report(struct ls_store *store, int64_t study, const struct ls_store_report *report,
                                lockstep_error *error)
{
	struct ls_item_record record;
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = report_item(store, study, report, &record, error);
	if (!status)
		status = report_trial(store, study, record.item.item.trial, report, error);
	return ls_writer_leave(store, status, error);
}

/* ---- To replay ------------------------------------------------------------- */

/* What ls_store_read_items() hands out, which owns all of it. */
struct items {
	struct ls_store_items items;
	struct ls_arena arena;
};

static lockstep_status read_told(struct ls_store *store, int64_t study, struct ls_store_item *item,
                                 struct ls_arena *arena, lockstep_error *error)
{
	struct ls_row row;
	struct ls_store_told *told = NULL;
	size_t n = 0, room = 0;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_TOLD, arena, error);
	if (status)
		return status;
	ls_row_key(&row, study);
	ls_row_key(&row, (int64_t)item->item.number);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		told = ls_arena_grow(arena, told, n, &room, sizeof *told);
		if (!told) {
			ls_row_end(&row);
			return ls_error_memory(error, "an item's epochs");
		}
		(void)ls_row_integer(&row);
		(void)ls_row_integer(&row);
		told[n].epoch = ls_row_u32(&row);
		told[n++].objective = ls_row_real(&row);
		status = ls_row_check(&row, error);
		if (status)
			return status;
	}
	item->epochs = told;
	item->n_epochs = n;
	return status;
}

static lockstep_status read_items(struct ls_store *store, int64_t study, struct items *items, lockstep_error *error)
{
	struct ls_row row;
	struct ls_item_record record;
	struct ls_store_item *all = NULL;
	size_t n = 0, room = 0;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_ITEMS, &items->arena, error);
	if (status)
		return status;
	ls_row_key(&row, study);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		record = (struct ls_item_record){0};
		status = ls_item_read(&row, &record, error);
		if (status)
			return status;
		all = ls_arena_grow(&items->arena, all, n, &room, sizeof *all);
		if (all && record.item.item.number == n) {
			all[n++] = record.item;
			continue;
		}
		ls_row_end(&row);
		return all ? ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: item %zu of a study is missing",
		                          store->database->path, n)
		           : ls_error_memory(error, "a study's items");
	}
	for (size_t i = 0; !status && i < n; i++)
		status = read_told(store, study, &all[i], &items->arena, error);
	items->items.items = all;
	items->items.n = n;
	return status;
}

lockstep_status ls_store_read_items(struct ls_store *store, int64_t study, struct ls_store_items **out,
                                    lockstep_error *error)
{
	struct items *items = ls_memory_allocate(1, sizeof *items);
	if (!items)
		return ls_error_memory(error, "a study's items");
	lockstep_status status = read_items(store, study, items, error);
	if (status)
		ls_store_items_destroy(&items->items);
	else
		*out = &items->items;
	return status;
}

void ls_store_items_destroy(struct ls_store_items *items)
{
	struct items *whole = (struct items *)items; /* its first member */
	if (!whole)
		return;
	ls_arena_fini(&whole->arena);
	ls_memory_free(whole);
}
