/* SPDX-License-Identifier: MIT
 *
 * A model of a job's step on machines that are not there: calibrated with one worker's work and a few meetings on this
 * machine, it predicts the time of a step for any number of workers on any topology. doc/scaling.md has its formulas and
 * its assumptions; it is a model, and a measurement is worth more.
 *
 * It knows split rows, and the engines whose workers are threads.
 */
#ifndef LOCKSTEP_MACHINE_MODEL_H
#define LOCKSTEP_MACHINE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/scaling_study.h"
#include "lockstep/status.h"
#include "lockstep/topology.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One worker's shard of so many rows in so many slices: seconds of a step's phases without meeting anybody. The
 * gradient of all slices is that of a lone worker, which updates the parameters on the way. */
struct lockstep_machine_shard {
	uint32_t rows, slices;
	double gather, forward, backward, gradient;
};

/* What this machine was found to be, for one job and setting. Seconds, bytes, and 10^9 bytes a second; of several
 * measurements always the one that was disturbed least. */
struct lockstep_machine_model {
	uint32_t batch, slices;
	int smt; /* the job's: hardware threads count as places of their own */
	size_t n_shards;
	/* [n_shards], owned: slices / 256, or one, and its doubles up to all. */
	struct lockstep_machine_shard *shards;
	double update; /* reduction and update of all parameters by one core that has two sums of each in its caches */
	double sum;    /* of every further sum */

	double parameter_bytes; /* all of them, once */
	double read_bytes;      /* weights that every worker reads in a step: forward, and again where deltas go back */
	double update_bytes;    /* read and written by the update of all */
	double row_bytes;       /* what a row of a shard touches: input, activations, deltas */
	double ring_bytes;      /* of a worker's private gradient buffers */
	uint32_t n_blocks;      /* that the parameters are cut into */

	double core_gigabytes; /* triad of one core, and of all that share the memory of a NUMA node */
	double node_gigabytes;
	/* Of the last-level cache (of data, the highest above a core: L3, or L2 where that is the last), for topologies
	 * that name none; 0: not known, and no limit. */
	double cache_bytes;
	uint32_t n_all;   /* cores of a NUMA node */
	double barrier_2; /* a barrier of two workers side by side, and of n_all */
	double barrier_all;
	double handover; /* until one core sees what its neighbour has written */
	double line;     /* more for a cache line (64 bytes) of many that a neighbour wrote, than for an own one */

	/* How many times as long hand-over, barrier and line take between cores that do not share the last-level
	 * cache, between NUMA nodes (where the system tells distances, far_cache times their ratio) and between
	 * packages. Assumed, not measured. */
	double far_cache, far_node, far_package;
};

/* What a predicted step is made of, in seconds. */
struct lockstep_machine_step {
	uint32_t workers;
	double seconds; /* the sum of: */
	double compute; /* of the busiest worker */
	double reduction;
	double meeting;
	int is_memory_bound; /* bandwidth decides about compute */
};

/* Calibrates, with two cores and with all of a NUMA node where a figure needs them; with the hardware threads of one
 * core where the process has no other and the job's `smt` is set. Caller owns what *model points to: fini. Takes some
 * seconds. `job` as of lockstep_scaling_study_run(), `setting` of a strong study's series.
 * LOCKSTEP_ERROR_ARGUMENT: the serial engine, another split than rows, or fewer than two places for this process. Calls
 * must come from one thread at a time; the caller's thread is bound while a call runs. */
LOCKSTEP_API lockstep_status lockstep_machine_model_calibrate(struct lockstep_machine_model *model,
                                                              const struct lockstep_scaling_job *job,
                                                              const struct lockstep_scaling_setting *setting,
                                                              lockstep_error *error);
/* Would a calibration refuse the setting, or this machine (a topology of NULL, to which the process and its control
 * group belong)? `smt` is the job's. Measures nothing: LOCKSTEP_ERROR_ARGUMENT, with what a calibration would say. */
LOCKSTEP_API lockstep_status lockstep_machine_model_check(const struct lockstep_scaling_setting *setting,
                                                          const lockstep_topology *topology, int smt,
                                                          lockstep_error *error);
/* Frees what the model owns and zeroes it. */
LOCKSTEP_API void lockstep_machine_model_fini(struct lockstep_machine_model *model);

/* A step of `workers` workers placed on `topology`, with the model's `smt`: a pure function of its arguments. `bind` as
 * in the options of a training; those that are not bound ("none", NULL) are taken to be spread. LOCKSTEP_ERROR_ARGUMENT:
 * more workers than slices, than the topology has hardware threads, or than 256. */
LOCKSTEP_API lockstep_status lockstep_machine_model_predict(const struct lockstep_machine_model *model,
                                                            const lockstep_topology *topology, uint32_t workers,
                                                            const char *bind, struct lockstep_machine_step *step,
                                                            lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
