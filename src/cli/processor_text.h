/* SPDX-License-Identifier: MIT
 *
 * Which CPU a machine has, beside its name: what is not known is left out.
 */
#ifndef LS_CLI_PROCESSOR_TEXT_H
#define LS_CLI_PROCESSOR_TEXT_H

#include <jansson.h>

#include "lockstep/topology.h"

/* "AuthenticAMD, family 26, model 2, stepping 1, L1d 48 KiB, L2 1 MiB, L3 32 MiB"; empty: nothing is known. */
#define LS_PROCESSOR_TEXT 192
void ls_processor_text(const struct lockstep_processor *processor, char text[LS_PROCESSOR_TEXT]);

/* An object with the struct's members by their names; NULL when memory is short. */
json_t *ls_processor_object(const struct lockstep_processor *processor);

#endif
