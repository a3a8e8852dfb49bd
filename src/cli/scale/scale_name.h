/* SPDX-License-Identifier: MIT
 *
 * What series are called by.
 */
#ifndef LS_CLI_SCALE_NAME_H
#define LS_CLI_SCALE_NAME_H

#include "lockstep/scaling_study.h"

/* What tells a series from the others of a study: "bind spread, split owners"; empty where there is one alone. */
#define LS_SCALE_SERIES_NAME 160
const char *ls_scale_series_name(const struct lockstep_scaling_study_options *options, size_t series,
                                 char text[LS_SCALE_SERIES_NAME]);

#endif
