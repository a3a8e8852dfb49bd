/* SPDX-License-Identifier: MIT
 *
 * Folders of trials.
 */
#ifndef LS_STUDY_FOLDER_H
#define LS_STUDY_FOLDER_H

#include "lockstep/status.h"
#include "text.h"

/* One that is there is as good. */
lockstep_status ls_folder_make(const char *path, lockstep_error *error);
/* What is at the path goes out of the way, to PATH.old1 and so on. */
lockstep_status ls_folder_clear(const char *path, lockstep_error *error);
/* A name as part of a path, with '_' for all but ASCII letters, digits, '_', '-' and '.'. */
void ls_folder_add_name(struct ls_text *text, const char *name);
/* Both texts in one, from ls_memory_allocate(); NULL when memory is short. */
char *ls_folder_join(const char *first, const char *second);

#endif
