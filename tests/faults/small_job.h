/* SPDX-License-Identifier: MIT
 *
 * A job of milliseconds for the tests of the trainer: 59 rows of 7 floats in 3
 * classes, with a test part of 11, on a 7-9-5-3 network.
 */
#ifndef SMALL_JOB_H
#define SMALL_JOB_H

#include "lockstep.h"

#define SMALL_ROWS 59
#define SMALL_TEST_ROWS 11
#define SMALL_FEATURES 7
#define SMALL_CLASSES 3

/* Caller owns what these return. */
lockstep_dataset *small_data(void);
/* The same rows with 3 flags each. */
lockstep_dataset *small_multilabel_data(void);
lockstep_network *small_network(void);

/* Four epochs of mini-batches of 8 rows in 4 slices, in one thread. */
struct lockstep_train_options small_options(void);
/* The same with momentum, dropout, l2, a schedule, validation and patience. */
struct lockstep_train_options full_options(void);

/* Runs the job on a new network and writes its fingerprint. */
void small_train(const struct lockstep_train_options *options, char fingerprint[65]);

#endif
