/* SPDX-License-Identifier: MIT
 *
 * What a lockstep_trainer is made of: the coordinator's side of a job.
 */
#ifndef LS_TRAIN_TRAINER_H
#define LS_TRAIN_TRAINER_H

#include "data/order.h"
#include "evaluate.h"
#include "job/checkpoint.h"
#include "lockstep/train.h"
#include "step.h"
#include "tuning.h"

/* Room for what a checkpoint holds in the file's layout; made when the first
 * one is written. */
struct ls_snapshot {
	lockstep_network *parameters, *velocity;
};

struct lockstep_trainer {
	lockstep_network *network;             /* borrowed */
	const lockstep_dataset *dataset;       /* borrowed */
	struct lockstep_train_options options; /* scale resolved */
	const struct ls_arith *arith;
	struct ls_scaling scaling;
	struct ls_split split;
	uint32_t *order; /* [split.n_train] of the running epoch */
	struct ls_packed *packed;
	struct ls_blocks blocks;
	struct ls_team *team;
	struct ls_worker **workers; /* [n_workers] */
	uint32_t n_workers;
	struct ls_tuning tuning; /* which way the steps run */
	uint32_t way_made;       /* that the workers were made for */
	struct ls_evaluator *evaluator;
	struct ls_steps steps;
	double *slice_losses; /* two arrays of the job's slices */
	uint64_t next_step;   /* of the job, from 0 */
	struct ls_best best;  /* the trainer's, so that a job that was stopped goes on as if it had not been */
	lockstep_network *best_network; /* parameters after the best epoch; NULL: the last ones count, or nothing ran */
	struct ls_history history;
	char fingerprint[65]; /* of the last whole epoch's parameters, or those at the start */
	struct ls_snapshot snapshot;
	uint32_t order_epoch; /* the epoch that `order` is of, + 1; 0: none yet */
	_Atomic int stop_request;
	int ended; /* non-zero once the job diverged */
};

/* Inputs of a step's mini-batch as the first layer reads them, for gradient
 * checks: *n_rows rows, at most the batch, into inputs [batch][features] and
 * their indices in the file into rows [batch]. */
void ls_trainer_batch_inputs(struct lockstep_trainer *trainer, uint64_t step, uint32_t *n_rows, float *inputs,
                             uint32_t *rows);

/* Makes trainer->order the epoch's, when it is not. */
void ls_trainer_draw_order(struct lockstep_trainer *trainer, uint32_t epoch);

/* Puts the fingerprint into the history when an epoch has just ended. */
lockstep_status ls_trainer_record_epoch(struct lockstep_trainer *trainer, lockstep_error *error);

/* Runs up to n_steps steps of the current epoch; loss and rows are in
 * trainer->steps.account afterwards. */
lockstep_status ls_trainer_advance(struct lockstep_trainer *trainer, uint64_t n_steps, lockstep_error *error);

uint64_t ls_trainer_job_steps(const struct lockstep_trainer *trainer);

/* Loss and accuracy of the current parameters, on the team: over the rows that are trained on, those that are kept
 * for validation, or the test part. n_rows is 0 where there are none. */
enum ls_job_rows { LS_ROWS_TRAINED = 0, LS_ROWS_VALIDATION, LS_ROWS_TEST };
lockstep_status ls_trainer_evaluate(struct lockstep_trainer *trainer, enum ls_job_rows rows,
                                    struct lockstep_metrics *metrics, lockstep_error *error);

/* No parameters of a job that diverged are ever handed out. */
lockstep_status ls_trainer_check_not_ended(const struct lockstep_trainer *trainer, lockstep_error *error);

#endif
