/* SPDX-License-Identifier: MIT
 *
 * A private copy of a database with its journal, for one that a writer left
 * where nothing can be written: SQLite reads such a journal only with an index
 * beside it.
 */
#ifndef LS_STUDY_SNAPSHOT_H
#define LS_STUDY_SNAPSHOT_H

#include "lockstep/status.h"

/* Copies PATH and PATH-wal into a new folder below $TMPDIR. *folder and *copy are
 * from ls_memory_allocate(), the caller's. */
lockstep_status ls_snapshot_create(const char *path, char **folder, char **copy, lockstep_error *error);

/* Removes the folder. */
void ls_snapshot_remove(const char *folder);

#endif
