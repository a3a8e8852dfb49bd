/* SPDX-License-Identifier: MIT
 *
 * Scaling studies in the database that sweeps write to as well; lockstep/runs.h reads both. A scaling
 * study is kept as its document, one JSON object (doc/scaling.md): the form in which it is read, drawn and exported.
 *
 *	open, before anything is measured -> measure -> add -> close
 */
#ifndef LOCKSTEP_SCALING_STORE_H
#define LOCKSTEP_SCALING_STORE_H

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_scaling_store lockstep_scaling_store;

/* Opens a database for writing, which is created where there is none, to add a study of that name, so that nothing
 * is in the way when it has been measured. LOCKSTEP_ERROR_ARGUMENT when a study has that name, of whatever kind,
 * or the name is empty or no UTF-8; LOCKSTEP_ERROR_SYSTEM when another process writes to the database, to
 * which it is this one's until close; LOCKSTEP_ERROR_FORMAT when the file is no database of Lockstep,
 * damaged, or of a newer version. An older version becomes one of today. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_scaling_store_open(lockstep_scaling_store **out, const char *path,
                                                         const char *name, lockstep_error *error);

/* Adds the study, in one transaction. `document` is a JSON object of one line, a line's end behind it or not, whose
 * members `kind` ("scaling"), `schema` (1), `name`, `created` and `study.type` ("strong", "weak") are looked at;
 * LOCKSTEP_ERROR_ARGUMENT when it is none, or of another name than was opened, or was added before. */
LOCKSTEP_API lockstep_status lockstep_scaling_store_add(lockstep_scaling_store *store, const char *document,
                                                        lockstep_error *error);

/* A database that was created and to which nothing was added is removed. NULL is allowed. */
LOCKSTEP_API void lockstep_scaling_store_close(lockstep_scaling_store *store);

#ifdef __cplusplus
}
#endif

#endif
