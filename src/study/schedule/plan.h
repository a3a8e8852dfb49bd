/* SPDX-License-Identifier: MIT
 *
 * Rungs and brackets as numbers, in integers alone.
 */
#ifndef LS_STUDY_PLAN_H
#define LS_STUDY_PLAN_H

#include "scheduler.h"

/* The largest s with base^s <= x; base 2 and more, x 1 and more. */
uint32_t ls_floor_log(uint64_t x, uint32_t base);

/* base^s, which the caller knows to be below 2^64. */
uint64_t ls_power(uint32_t base, uint32_t s);

/* LOCKSTEP_ERROR_ARGUMENT when an option that the kind uses is outside its range. */
lockstep_status ls_scheduler_check(const struct ls_scheduler_options *options, lockstep_error *error);

/* ls_scheduler_plan() of options that were checked. */
void ls_plan_bracket(struct ls_plan *out, const struct ls_scheduler_options *options, uint64_t bracket);

#endif
