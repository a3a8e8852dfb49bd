/* SPDX-License-Identifier: MIT
 *
 * Where a study stands: a line of stderr that is redrawn, or elsewhere than on a terminal a plain line now and then.
 */
#ifndef LS_CLI_SCALE_WATCH_H
#define LS_CLI_SCALE_WATCH_H

#include "lockstep/scaling_study.h"
#include "lockstep/time_to_loss.h"

struct ls_scale_watch {
	const struct lockstep_scaling_study_options *options;
	int quiet, live, is_drawn;
	int stage;       /* the last one seen; -1: none */
	double stage_at; /* seconds of the study at which it began */
	double said_at;  /* seconds of the clock at the last plain line */
};

void ls_scale_watch_init(struct ls_scale_watch *watch, const struct lockstep_scaling_study_options *options, int quiet);
void ls_scale_watch_study(struct ls_scale_watch *watch, const struct lockstep_scaling_progress *progress);
void ls_scale_watch_loss(struct ls_scale_watch *watch, const struct lockstep_time_to_loss_progress *progress);
void ls_scale_watch_say(struct ls_scale_watch *watch, const char *text);

/* The line is gone, before another is printed. */
void ls_scale_watch_clear(struct ls_scale_watch *watch);

/* Has a signal asked for the end? */
int ls_scale_watch_is_stopped(void);

#endif
