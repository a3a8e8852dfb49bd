/* SPDX-License-Identifier: MIT
 *
 * The environment of a measurement as text, what is not known left out, or as JSON.
 */
#ifndef LS_CLI_ENVIRONMENT_TEXT_H
#define LS_CLI_ENVIRONMENT_TEXT_H

#include <jansson.h>

#include "lockstep/environment.h"

void ls_environment_print(const struct lockstep_environment *environment);

/* An object with the struct's members by their names; NULL when memory is short. */
json_t *ls_environment_object(const struct lockstep_environment *environment);

#endif
