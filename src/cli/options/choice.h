/* SPDX-License-Identifier: MIT
 *
 * What is said of the way that a job goes on with when it may choose.
 */
#ifndef LS_CLI_CHOICE_H
#define LS_CLI_CHOICE_H

#include <stddef.h>

#include "lockstep/train.h"

/* "2 workers, split units" */
#define LS_CHOICE_TEXT 64
void ls_choice_way(const struct lockstep_trial *trial, char text[LS_CHOICE_TEXT]);

/* One line on stderr: the way chosen of n, and how fast each was. */
void ls_choice_note(const char *command, const struct lockstep_trial *trials, size_t n, size_t i_chosen);

#endif
