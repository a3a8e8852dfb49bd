/* SPDX-License-Identifier: MIT
 *
 * Elapsed time.
 */
#ifndef LS_BASE_CLOCK_H
#define LS_BASE_CLOCK_H

/* Seconds on a clock that never goes back, for differences of two readings by
 * one thread; its zero has no meaning. */
double ls_clock_seconds(void);

#endif
