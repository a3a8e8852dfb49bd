/* SPDX-License-Identifier: MIT
 *
 * A reading of the environment in documents of measurements.
 */
#ifndef LS_CLI_ENVIRONMENT_JSON_H
#define LS_CLI_ENVIRONMENT_JSON_H

#include "json.h"
#include "lockstep/environment.h"

/* An object with the struct's members by their names, null where the system does not tell. */
void ls_json_put_environment(struct ls_json *json, const char *key, const struct lockstep_environment *environment);

#endif
