/* SPDX-License-Identifier: MIT
 *
 * The document of a scaling study, as far as the database looks into it: who hands it on need not check it again.
 */
#ifndef LS_STUDY_SCALING_H
#define LS_STUDY_SCALING_H

#include <stddef.h>

#include "arena.h"
#include "lockstep/runs.h"
#include "lockstep/status.h"

/* Is the text [n] a document of schema 1? What it says of itself is copied into the arena, but for `document`, which is
 * left alone. `path` is for errors: LOCKSTEP_ERROR_FORMAT or LOCKSTEP_ERROR_MEMORY. */
lockstep_status ls_scaling_look(const char *path, const char *text, size_t n, struct ls_arena *arena,
                                struct lockstep_runs_scaling *scaling, lockstep_error *error);

#endif
