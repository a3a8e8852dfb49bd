/* SPDX-License-Identifier: MIT
 *
 * Statements are put together from the tables' columns, so that a column stands
 * in one place, and once in the schema.
 */
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct ls_table_text ls_tables[LS_N_TABLES] = {
    [LS_TABLE_MACHINE] = {"machine", "id,digest,cpu,cores,topology", "id"},
    [LS_TABLE_STUDY] = {"study",
                        "id,name,description,spec,spec_sha256,method,sampler,scheduler,metric,maximize,aggregate,"
                        "seed,created",
                        "id"},
    [LS_TABLE_PARAMETER] = {"parameter", "study,number,name", "study,number"},
    [LS_TABLE_SEED] = {"seed", "study,number,seed", "study,number"},
    [LS_TABLE_DATA] = {"data", "study,number,name,part,digest", "study,number"},
    [LS_TABLE_SESSION] = {"session",
                          "id,study,machine,started,ended,outcome,version,commit_id,compiler,isa,command,cpu_quota",
                          "id"},
    [LS_TABLE_TRIAL] = {"trial", "id,study,number,state,objective,epochs,message", "id"},
    [LS_TABLE_POINT] = {"point", "trial,parameter,kind,value,draw", "trial,parameter"},
    [LS_TABLE_JOB] = {"job",
                      "id,sha256,record,command,seed,session,state,epoch,step,message,fingerprint,workers,cores,"
                      "started,ended,seconds,exit_status",
                      "id"},
    [LS_TABLE_RUN] = {"run", "trial,number,job,objective", "trial,number"},
    [LS_TABLE_EPOCH] =
	{"epoch",
         "job,epoch,loss,validation_loss,validation_accuracy,validation_label_accuracy,test_loss,test_accuracy,test_label_accuracy,learning_rate,"
         "fingerprint,train_seconds,samples_per_second",
         "job,epoch"},
    [LS_TABLE_METRIC] = {"metric", "job,epoch,name,value", "job,epoch,name"},
    [LS_TABLE_ITEM] = {"item", "study,number,action,trial,bracket,rung,until,reported,told,ended", "study,number"},
    [LS_TABLE_TOLD] = {"told", "study,item,epoch,objective", "study,item,epoch"},
    [LS_TABLE_SCALING] = {"scaling", "id,name,type,created,document", "id"},
};

/* What follows "SELECT columns FROM table". */
static const struct {
	enum ls_table table;
	const char *rest;
} selects[] = {
#define SELECT(which, table, rest) [(which)-LS_N_TABLES] = {table, rest}
    SELECT(LS_GET_MACHINE, LS_TABLE_MACHINE, "WHERE id=?1"),
    SELECT(LS_FIND_MACHINE, LS_TABLE_MACHINE, "WHERE digest=?1"),
    SELECT(LS_GET_STUDIES, LS_TABLE_STUDY, "ORDER BY id"),
    SELECT(LS_FIND_STUDY, LS_TABLE_STUDY, "WHERE name=?1"),
    SELECT(LS_GET_PARAMETERS, LS_TABLE_PARAMETER, "WHERE study=?1 ORDER BY number"),
    SELECT(LS_GET_SEEDS, LS_TABLE_SEED, "WHERE study=?1 ORDER BY number"),
    SELECT(LS_GET_DATA, LS_TABLE_DATA, "WHERE study=?1 ORDER BY number"),
    SELECT(LS_GET_SESSIONS, LS_TABLE_SESSION, "WHERE study=?1 ORDER BY id"),
    SELECT(LS_GET_TRIALS, LS_TABLE_TRIAL, "WHERE study=?1 ORDER BY number"),
    SELECT(LS_GET_SESSION, LS_TABLE_SESSION, "WHERE id=?1"),
    SELECT(LS_FIND_TRIAL, LS_TABLE_TRIAL, "WHERE study=?1 AND number=?2"),
    SELECT(LS_GET_POINT, LS_TABLE_POINT, "WHERE trial=?1 ORDER BY parameter"),
    SELECT(LS_GET_JOB, LS_TABLE_JOB, "WHERE id=?1"),
    SELECT(LS_FIND_JOB, LS_TABLE_JOB, "WHERE sha256=?1"),
    SELECT(LS_FIND_RUNNING_JOB, LS_TABLE_JOB, "WHERE state='running' LIMIT 1"),
    SELECT(LS_GET_RUNS, LS_TABLE_RUN, "WHERE trial=?1 ORDER BY number"),
    SELECT(LS_FIND_RUN, LS_TABLE_RUN, "WHERE trial=?1 AND number=?2"),
    SELECT(LS_GET_EPOCHS, LS_TABLE_EPOCH, "WHERE job=?1 ORDER BY epoch"),
    SELECT(LS_GET_METRICS, LS_TABLE_METRIC, "WHERE job=?1 AND epoch=?2 ORDER BY name"),
    SELECT(LS_DELETE_METRICS, LS_TABLE_METRIC, "WHERE job=?1 AND epoch=?2"),
    SELECT(LS_GET_ITEMS, LS_TABLE_ITEM, "WHERE study=?1 ORDER BY number"),
    SELECT(LS_FIND_ITEM, LS_TABLE_ITEM, "WHERE study=?1 AND number=?2"),
    SELECT(LS_GET_TOLD, LS_TABLE_TOLD, "WHERE study=?1 AND item=?2 ORDER BY epoch"),
    SELECT(LS_GET_SCALINGS, LS_TABLE_SCALING, "ORDER BY id"),
    SELECT(LS_FIND_SCALING, LS_TABLE_SCALING, "WHERE name=?1"),
};

enum ls_table ls_statement_table(enum ls_statement which)
{
	return (int)which < LS_N_TABLES ? (enum ls_table)which : selects[which - LS_N_TABLES].table;
}

struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...);

static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	assert(n >= 0 && (size_t)n < text->left);
	text->at += n;
	text->left -= (size_t)n;
}

/* Is the column one of a list? */
static int is_in(const char *list, const char *column, size_t length)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		if (n == length && memcmp(list, column, n) == 0)
			return 1;
		list += n + (list[n] == ',');
	}
	return 0;
}

/* The key is not set again: SQLite would look through all rows that refer to it, which are a
 * job's epochs at each of them. */
static void put_sql(const struct ls_table_text *table, struct text *text)
{
	add(text, "INSERT INTO %s(%s,sum) VALUES(?", table->name, table->columns);
	for (const char *at = table->columns; *at; at++)
		if (*at == ',')
			add(text, ",?");
	add(text, ",?) ON CONFLICT(%s) DO UPDATE SET ", table->key);
	for (const char *at = table->columns; *at;) {
		int length = (int)strcspn(at, ",");
		if (!is_in(table->key, at, (size_t)length))
			add(text, "%.*s=excluded.%.*s,", length, at, length, at);
		at += length + (at[length] == ',');
	}
	add(text, "sum=excluded.sum");
}

void ls_statement_sql(enum ls_statement which, char sql[LS_SQL_MAX])
{
	struct text text = {sql, LS_SQL_MAX};
	const struct ls_table_text *table = &ls_tables[ls_statement_table(which)];
	if ((int)which < LS_N_TABLES)
		put_sql(table, &text);
	else if (which == LS_DELETE_METRICS)
		add(&text, "DELETE FROM %s %s", table->name, selects[which - LS_N_TABLES].rest);
	else
		add(&text, "SELECT %s,sum FROM %s %s", table->columns, table->name, selects[which - LS_N_TABLES].rest);
}
