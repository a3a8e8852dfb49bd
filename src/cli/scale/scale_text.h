/* SPDX-License-Identifier: MIT
 *
 * The parts of the result for people, on stdout, 80 columns wide.
 */
#ifndef LS_CLI_SCALE_TEXT_H
#define LS_CLI_SCALE_TEXT_H

#include "scale_result.h"

#define LS_SCALE_LABEL 12 /* columns of the words that lines begin with */

/* A line that begins with `label`; what does not fit goes on below its text. */
void ls_scale_print_line(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Seconds in a unit that suits them. */
#define LS_SCALE_TIME 32
const char *ls_scale_time(double seconds, char text[LS_SCALE_TIME]);

/* "345 (340 to 351)", without an interval "345"; of values divided by `unit`. */
#define LS_SCALE_INTERVAL 96
const char *ls_scale_interval(const struct lockstep_scaling_interval *interval, double unit,
                              char text[LS_SCALE_INTERVAL]);

/* The first series with the same runs at all its levels: its own place where there is none before it. */
size_t ls_scale_original(const struct lockstep_scaling_study *study, size_t i_series);

/* One series with all its tables. */
void ls_scale_print_series(const struct ls_scale_result *result, size_t i_series);

#endif
