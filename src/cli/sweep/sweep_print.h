/* SPDX-License-Identifier: MIT
 *
 * What a sweep would do, on stdout.
 */
#ifndef LS_CLI_SWEEP_PRINT_H
#define LS_CLI_SWEEP_PRINT_H

#include "lockstep/sweep.h"

/* For people. */
void ls_sweep_print(const lockstep_sweep *sweep);

/* As one JSON object on one line; returns the exit status. */
int ls_sweep_print_json(const lockstep_sweep *sweep);

#endif
