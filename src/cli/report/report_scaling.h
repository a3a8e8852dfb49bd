/* SPDX-License-Identifier: MIT
 *
 * The document of a scaling study, between its reader and its checker, which see jansson.
 */
#ifndef LS_CLI_REPORT_SCALING_H
#define LS_CLI_REPORT_SCALING_H

#include <jansson.h>

#include "report.h"

#define LS_REPORT_SCALING_SCHEMA 1

/* Says what is wrong, and where, in one line. Returns the exit status. */
int ls_report_scaling_check(const json_t *root, const char *path);

#endif
