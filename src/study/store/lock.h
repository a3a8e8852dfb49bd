/* SPDX-License-Identifier: MIT
 *
 * One writer a database. SQLite's own locks last for a transaction, a study for
 * days; so the writer locks a file of its own beside the database. The kernel
 * takes the lock away with the process, however that ends.
 */
#ifndef LS_STUDY_LOCK_H
#define LS_STUDY_LOCK_H

#include "lockstep/status.h"

struct ls_lock {
	int descriptor; /* -1: none */
	char *path;     /* owned */
};

/* Locks PATH-lock; LOCKSTEP_ERROR_SYSTEM when another one holds it, this process
 * included. A symbolic link is followed, so that both names have one lock. */
lockstep_status ls_lock_take(struct ls_lock *lock, const char *path, lockstep_error *error);

/* Removes the file. Nothing to do for {-1, NULL}. */
void ls_lock_release(struct ls_lock *lock);

#endif
