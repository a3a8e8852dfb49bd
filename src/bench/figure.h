/* SPDX-License-Identifier: MIT
 *
 * How everything is measured: blocks of repetitions long enough for the clock,
 * and the median block with the extremes beside it. The median, because other
 * work on the machine only ever slows a block down, now and then by a lot.
 */
#ifndef LS_BENCH_FIGURE_H
#define LS_BENCH_FIGURE_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/bench.h"

#define LS_BENCH_BLOCKS 9

/* Repeats the work n times; *seconds is what it took. */
typedef lockstep_status ls_bench_repeat(void *context, uint64_t n, double *seconds, lockstep_error *error);

/* options->seconds must be in its range. */
lockstep_status ls_bench_check(const struct lockstep_bench_options *options, lockstep_error *error);

/* Finds an n for which the work takes at least `seconds`; the trials warm the
 * caches and the processor up. */
lockstep_status ls_bench_calibrate(ls_bench_repeat *repeat, void *context, double seconds, uint64_t *n,
                                   lockstep_error *error);

/* Seconds of one repetition, from LS_BENCH_BLOCKS blocks that take `seconds`
 * together, after the calibration. */
lockstep_status ls_bench_measure(ls_bench_repeat *repeat, void *context, double seconds,
                                 struct lockstep_bench_figure *figure, lockstep_error *error);

/* Of n values (1 and more), which are sorted in place; of an even number the
 * upper one of the middle. */
struct lockstep_bench_figure ls_bench_figure(double *values, size_t n);

/* From seconds of one repetition to `amount` of them a second. */
struct lockstep_bench_figure ls_bench_rate(struct lockstep_bench_figure seconds, double amount);

#endif
