/* SPDX-License-Identifier: MIT
 *
 * The schema: what makes a file a database of studies, and how an older one
 * becomes one of today.
 */
#ifndef LS_STUDY_SCHEMA_H
#define LS_STUDY_SCHEMA_H

#include <stddef.h>

#include "database.h"

#define LS_APPLICATION_ID 0x4C6B7374 /* "Lkst" */

/* Step i takes version i to i + 1, by its statements, which a NULL ends; version 0 is an
 * empty file. */
extern const char *const *const ls_schema_steps[];
extern const size_t ls_schema_version;

/* Runs the steps from `version` to n, all or none, with the number of the version
 * and the mark of the application. */
lockstep_status ls_schema_migrate(struct ls_database *database, const char *const *const *steps, size_t version,
                                  size_t n, lockstep_error *error);

/* *version: of a database of ours; 0: of an empty one. LOCKSTEP_ERROR_FORMAT for
 * any other file and for a newer version. Reads only. */
lockstep_status ls_schema_identify(struct ls_database *database, size_t *version, lockstep_error *error);

/* Are tables and indices those of the database's version, and no others? */
lockstep_status ls_schema_check(struct ls_database *database, lockstep_error *error);

#endif
