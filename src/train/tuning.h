/* SPDX-License-Identifier: MIT
 *
 * Which way of running the steps is the fastest here: how many workers, and
 * what they split. No way changes a bit, so the trainer tries them in the first
 * steps of a job, keeps the fastest, and tries again when its speed changes or
 * some time has passed. Pure decisions over measured times; no clock, no
 * threads.
 *
 * A round tries every way twice, in turns, but leaves out the second time what
 * was far behind in the first. A trial runs steps until they have taken some
 * milliseconds; its first step warms the caches up and does not count.
 */
#ifndef LS_TRAIN_TUNING_H
#define LS_TRAIN_TUNING_H

#include <stdint.h>

#include "lockstep/train.h"

#define LS_WAYS_MAX 64

struct ls_way {
	uint32_t n_workers;
	enum lockstep_split split; /* not auto */
};

struct ls_tuning {
	uint32_t n_ways; /* 1: there is nothing to choose */
	struct ls_way ways[LS_WAYS_MAX];
	double rates[LS_WAYS_MAX]; /* rows a second, the best trial of the last round; 0: not tried */
	uint32_t i_way;            /* the way to run now */

	/* The rest is the decision's own. */
	uint32_t i_turn;      /* of the round; twice n_ways when a way is kept */
	uint64_t n_steps;     /* of the running trial, or since the last look at the speed */
	double seconds, rows; /* that count in it */
	double round_seconds; /* that the round has taken, then seconds since it ended */
	double round_cost;    /* seconds that the last round took, up to the first step of its choice */
	uint32_t n_off;       /* looks in a row that found another speed than the round's */
};

/* Adds a way, unless there is no more room. The first is run first. */
void ls_tuning_add(struct ls_tuning *tuning, struct ls_way way);

/* Steps to run now, at least 1, with tuning->i_way. */
uint64_t ls_tuning_steps(const struct ls_tuning *tuning);

/* What it took to make the workers of tuning->i_way: the round's cost, no part of
 * the way's speed. */
void ls_tuning_charge(struct ls_tuning *tuning, double seconds);

/* What the steps took. Returns 1 when a round has ended with it. */
int ls_tuning_record(struct ls_tuning *tuning, uint64_t n_steps, uint64_t n_rows, double seconds);

#endif
