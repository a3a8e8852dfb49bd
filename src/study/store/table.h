/* SPDX-License-Identifier: MIT
 *
 * The tables, and every statement that is made of them. A row is always written
 * and read whole, in the order of its columns, the last of which is its checksum
 * (row.h).
 */
#ifndef LS_STUDY_TABLE_H
#define LS_STUDY_TABLE_H

struct ls_database;

enum ls_table {
	LS_TABLE_MACHINE = 0,
	LS_TABLE_STUDY,
	LS_TABLE_PARAMETER,
	LS_TABLE_SEED,
	LS_TABLE_DATA,
	LS_TABLE_SESSION,
	LS_TABLE_TRIAL,
	LS_TABLE_POINT,
	LS_TABLE_JOB,
	LS_TABLE_RUN,
	LS_TABLE_EPOCH,
	LS_TABLE_METRIC,
	LS_TABLE_ITEM,
	LS_TABLE_TOLD,
	LS_TABLE_SCALING,
	LS_N_TABLES
};

/* The first LS_N_TABLES write a row of their table, over the one with its key. */
enum ls_statement {
	LS_GET_MACHINE = LS_N_TABLES, /* by id */
	LS_FIND_MACHINE,              /* by digest */
	LS_GET_STUDIES,               /* all */
	LS_FIND_STUDY,                /* by name */
	LS_GET_PARAMETERS,            /* of a study, as the next four */
	LS_GET_SEEDS,
	LS_GET_DATA,
	LS_GET_SESSIONS,
	LS_GET_TRIALS,
	LS_GET_SESSION, /* by id */
	LS_FIND_TRIAL,  /* by study and number */
	LS_GET_POINT,   /* of a trial */
	LS_GET_JOB,     /* by id */
	LS_FIND_JOB,    /* by SHA-256 */
	LS_FIND_RUNNING_JOB,
	LS_GET_RUNS,       /* of a trial */
	LS_FIND_RUN,       /* by trial and number */
	LS_GET_EPOCHS,     /* of a job */
	LS_GET_METRICS,    /* of a job's epoch */
	LS_DELETE_METRICS, /* of a job's epoch */
	LS_GET_ITEMS,      /* of a study */
	LS_FIND_ITEM,      /* by study and number */
	LS_GET_TOLD,       /* of an item */
	LS_GET_SCALINGS,   /* all */
	LS_FIND_SCALING,   /* by name */
	LS_N_STATEMENTS
};

struct ls_table_text {
	const char *name, *columns; /* the checksum is not among them */
	const char *key;            /* of a row that is written over */
};

extern const struct ls_table_text ls_tables[LS_N_TABLES];

/* The table of a statement. */
enum ls_table ls_statement_table(enum ls_statement which);

#define LS_SQL_MAX 1024
void ls_statement_sql(enum ls_statement which, char sql[LS_SQL_MAX]);

#endif
