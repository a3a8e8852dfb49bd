/* SPDX-License-Identifier: MIT
 *
 * Training: the options of a job, one call that runs it, and a trainer object
 * for programs that drive single steps.
 *
 * The first group of options decides the bits of the result; the second never
 * does (doc/numerics.md is the contract).
 */
#ifndef LOCKSTEP_TRAIN_H
#define LOCKSTEP_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lockstep_scale {
	LOCKSTEP_SCALE_AUTO = -1, /* unit for uint8 data, none for floats */
	LOCKSTEP_SCALE_NONE = 0,
	LOCKSTEP_SCALE_UNIT,       /* uint8: x / 255; floats: the column's range to [0, 1] */
	LOCKSTEP_SCALE_STANDARDISE /* every column to mean 0, standard deviation 1 */
};

enum lockstep_schedule {
	LOCKSTEP_SCHEDULE_CONSTANT = 0,
	LOCKSTEP_SCHEDULE_STEP,        /* times gamma after every `period` epochs */
	LOCKSTEP_SCHEDULE_EXPONENTIAL, /* the same, spread smoothly over the steps */
	LOCKSTEP_SCHEDULE_COSINE       /* half a cosine from the rate to 0 over `period` epochs, then again */
};

enum lockstep_monitor { LOCKSTEP_MONITOR_LOSS = 0, LOCKSTEP_MONITOR_ACCURACY };

/* What a step splits over the workers. Rows of the mini-batch, whose gradients
 * are summed over the workers; or rows up to the deltas, and then parameters:
 * each worker owns some and computes their gradients over all rows, which pays
 * where moving gradients between cores is slow; or the first layer's units,
 * which pays in small networks. */
enum lockstep_split { LOCKSTEP_SPLIT_AUTO = 0, LOCKSTEP_SPLIT_ROWS, LOCKSTEP_SPLIT_OWNERS, LOCKSTEP_SPLIT_UNITS };

enum lockstep_engine { LOCKSTEP_PTHREADS = 0, LOCKSTEP_OPENMP, LOCKSTEP_SERIAL };

LOCKSTEP_API const char *lockstep_scale_name(enum lockstep_scale scale);
LOCKSTEP_API const char *lockstep_schedule_name(enum lockstep_schedule schedule);
LOCKSTEP_API const char *lockstep_monitor_name(enum lockstep_monitor monitor);
LOCKSTEP_API const char *lockstep_engine_name(enum lockstep_engine engine);
LOCKSTEP_API const char *lockstep_split_name(enum lockstep_split split);
/* Value of a name; -2 when it is unknown. */
LOCKSTEP_API int lockstep_scale_parse(const char *name);
LOCKSTEP_API int lockstep_schedule_parse(const char *name);
LOCKSTEP_API int lockstep_monitor_parse(const char *name);
LOCKSTEP_API int lockstep_engine_parse(const char *name);
LOCKSTEP_API int lockstep_split_parse(const char *name);

/* What an epoch came to. Metrics of a part that does not exist have n_rows 0. */
struct lockstep_epoch {
	uint32_t epoch; /* 1 .. n_epochs */
	uint32_t n_epochs;
	uint64_t n_steps; /* steps done since the job began */
	double loss;      /* mean training loss over the epoch's rows, as the steps saw them */
	struct lockstep_metrics validation;
	struct lockstep_metrics test;
	double learning_rate;      /* of the epoch's last step */
	double train_seconds;      /* the steps alone */
	double samples_per_second; /* over train_seconds */
	int best;                  /* non-zero: the monitored metric improved */
	const char *fingerprint;   /* of the parameters after it; the trainer's, until its next epoch */
};

/* Where a running epoch stands; sent at most ten times a second. */
struct lockstep_progress {
	uint32_t epoch, n_epochs;
	uint64_t step, n_steps;    /* in this epoch */
	double samples_per_second; /* since the epoch began */
	double seconds_left;       /* of the whole job, estimated from the steps so far */
};

/* One way of running the steps, and how fast it was. */
struct lockstep_trial {
	uint32_t workers;
	enum lockstep_split split; /* not auto */
	double samples_per_second; /* 0: not tried */
};

enum lockstep_unit { LOCKSTEP_STEPS = 0, LOCKSTEP_EPOCHS, LOCKSTEP_SECONDS };

struct lockstep_interval {
	uint64_t n; /* 1 and more */
	enum lockstep_unit unit;
};

/* A checkpoint that was written, or could not be. */
struct lockstep_saved {
	const char *path;
	uint64_t step;       /* steps done */
	uint32_t epochs;     /* whole epochs done */
	double seconds;      /* that it took */
	const char *failure; /* one line; NULL: it was written */
};

struct lockstep_train_options {
	/* What decides the bits. */
	enum lockstep_scale scale;
	uint32_t epochs; /* 1 and more */
	uint32_t batch;  /* rows of a mini-batch, 1 and more; with fewer training rows each epoch is one short one */
	uint32_t slices; /* 0: the default rule; else a power of two, not above batch */
	double learning_rate; /* above 0 */
	double momentum;      /* [0, 1) */
	int nesterov;         /* needs momentum */
	double l2;            /* 0 and more: added to the gradient as l2 * weight, not for biases */
	double dropout;       /* [0, 1): probability of dropping a hidden unit */
	enum lockstep_schedule schedule;
	double schedule_gamma;  /* (0, 1]; of step and exponential */
	double schedule_period; /* in epochs, above 0; 0: 10 for step, 1 for exponential, all epochs for cosine */
	double warmup;          /* epochs over which the rate rises linearly; 0: none */
	double validation;      /* 0: none; below 1: that fraction of the rows; else that many rows */
	uint32_t patience;      /* epochs without improvement before stopping; 0: never; needs validation */
	enum lockstep_monitor monitor; /* what improvement means: lower validation loss, or higher accuracy */
	int keep_last;                 /* non-zero: keep the last weights, not those of the best epoch */
	int drop_last;                 /* non-zero: leave out the short mini-batch at an epoch's end */
	uint64_t seed;                 /* of shuffle, split and dropout */

	/* What never does. */
	uint32_t workers; /* 0: auto, the fastest number up to one a core, not above the slices */
	/* auto: the fastest. The serial engine splits rows only; units needs a
	 * group of 16 units, of which the last may be smaller, for every worker in
	 * the first of at least two layers. */
	enum lockstep_split split;
	enum lockstep_engine engine;
	const char *isa;  /* NULL: auto */
	const char *bind; /* "close", "spread", "none", "list:0,2,4-7"; NULL: none */
	int smt;          /* non-zero: hardware threads count as places of their own */
	/* A file that checkpoints go to (lockstep/checkpoint.h): every so often,
	 * when the job is stopped and when it is done; NULL: none. One that cannot
	 * be written does not end the job. */
	const char *checkpoint;
	struct lockstep_interval checkpoint_every; /* n 0: every 60 seconds */
	int time_phases; /* non-zero: keep lockstep_trainer_phases(), for about 0.2 us a step and worker */
	void *context;   /* handed to the callbacks */
	/* Called in the coordinator's thread, which is the caller's. A return
	 * value other than 0 ends the job with LOCKSTEP_STOPPED. */
	int (*on_epoch)(const struct lockstep_epoch *epoch, void *context);
	int (*on_progress)(const struct lockstep_progress *progress, void *context);
	/* With workers or split auto: which of the n trials the steps go on with,
	 * each time that they have been tried. NULL: silence. */
	void (*on_choice)(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context);
	/* After every checkpoint. NULL: silence, but failures go to on_warning. */
	void (*on_checkpoint)(const struct lockstep_saved *saved, void *context);
	/* One line about something that is not an error, such as workers that
	 * could not be bound. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
};
#define LOCKSTEP_TRAIN_OPTIONS_INIT                                                                                    \
	{                                                                                                              \
		.scale = LOCKSTEP_SCALE_AUTO, .epochs = 30, .batch = 10, .learning_rate = 0.5, .schedule_gamma = 0.1,  \
		.seed = 1                                                                                              \
	}

/* Are the options inside their ranges, as far as that is told without data, network
 * and machine? LOCKSTEP_ERROR_ARGUMENT with lockstep_train()'s message otherwise. */
LOCKSTEP_API lockstep_status lockstep_train_check(const struct lockstep_train_options *options, lockstep_error *error);

/* Trains `network` on the training part of `dataset`, and evaluates it after
 * every epoch on the validation rows and the test part, where there are any.
 *
 * LOCKSTEP_OK: the network holds the job's result. LOCKSTEP_STOPPED: it holds
 * the parameters of the last step done. LOCKSTEP_DIVERGED: it holds what it
 * held before the call, and the message names the step. Any other status: the
 * network is untouched. */
LOCKSTEP_API lockstep_status lockstep_train(lockstep_network *network, const lockstep_dataset *dataset,
                                            const struct lockstep_train_options *options, lockstep_error *error);

/* What a job's options come to on this machine, without training. */
struct lockstep_plan {
	uint32_t slices;
	uint32_t workers;
	uint64_t steps_per_epoch;
	size_t train_rows, validation_rows;
	enum lockstep_scale scale; /* with auto resolved */
	const char *isa;           /* name of the instruction set that will run */
};

/* ---- Single steps ---------------------------------------------------- */

typedef struct lockstep_trainer lockstep_trainer;

/* A trainer over borrowed network, data set and option strings, which must
 * live until it is destroyed. The network's parameters are written back by
 * lockstep_trainer_run() and lockstep_trainer_sync() alone. Caller owns *out.
 * With several workers that are threads it belongs to the process: a forked
 * child may destroy it, and gets LOCKSTEP_ERROR_SYSTEM for steps and runs. */
LOCKSTEP_API lockstep_status lockstep_trainer_create(lockstep_trainer **out, lockstep_network *network,
                                                     const lockstep_dataset *dataset,
                                                     const struct lockstep_train_options *options,
                                                     lockstep_error *error);
LOCKSTEP_API void lockstep_trainer_destroy(lockstep_trainer *trainer);
LOCKSTEP_API void lockstep_trainer_plan(const lockstep_trainer *trainer, struct lockstep_plan *plan);

/* Gives the trainer other workers, between steps and runs (not from a callback):
 * `workers` and `bind` as in the options, `bind` borrowed until the trainer is
 * destroyed or gets others. The job goes on with the same bits. When the call
 * fails the trainer has its old workers, or, where memory ran short on the way,
 * none, and the next call that needs them makes them. */
LOCKSTEP_API lockstep_status lockstep_trainer_set_workers(lockstep_trainer *trainer, uint32_t workers, const char *bind,
                                                          lockstep_error *error);

/* Runs the next `n_steps` steps, across epochs. *loss (may be NULL) becomes
 * the mean loss over their rows. */
LOCKSTEP_API lockstep_status lockstep_trainer_step(lockstep_trainer *trainer, uint64_t n_steps, double *loss,
                                                   lockstep_error *error);

/* What a worker's time in the steps goes to. */
enum lockstep_phase {
	LOCKSTEP_PHASE_GATHER = 0, /* finding the columns in use, converting the rows */
	LOCKSTEP_PHASE_FORWARD,    /* with losses */
	LOCKSTEP_PHASE_BACKWARD,   /* deltas of all layers */
	LOCKSTEP_PHASE_GRADIENT,   /* of the parameters; of a lone worker with their update */
	LOCKSTEP_PHASE_UPDATE,     /* reduction and update */
	LOCKSTEP_PHASE_WAIT,       /* for other workers */
	LOCKSTEP_N_PHASES
};

/* Seconds that one worker (0 .. plan.workers - 1) has spent in each phase
 * since the trainer got its workers, which it gets anew when it tries another
 * way; zeros without options.time_phases, and
 * with the serial engine on several workers. */
LOCKSTEP_API void lockstep_trainer_phases(const lockstep_trainer *trainer, uint32_t worker,
                                          double seconds[LOCKSTEP_N_PHASES]);

/* Copies the current parameters into the network; those of a job that
 * diverged are not handed out (LOCKSTEP_DIVERGED). */
LOCKSTEP_API lockstep_status lockstep_trainer_sync(lockstep_trainer *trainer, lockstep_error *error);

/* The gradient that the next step would apply (mean over its mini-batch, l2
 * left out) of one tensor by its name in the model file; changes nothing.
 * `n` must be the tensor's number of elements. */
LOCKSTEP_API lockstep_status lockstep_trainer_gradient(lockstep_trainer *trainer, const char *name, float *values,
                                                       size_t n, lockstep_error *error);

/* Asks the job to end after the current step; callable from any thread and
 * from a signal handler. The request is kept until a call with more to do has
 * ended with LOCKSTEP_STOPPED; the job can go on after that, here or from a
 * checkpoint. */
LOCKSTEP_API void lockstep_trainer_stop(lockstep_trainer *trainer);

/* Runs the whole job, as lockstep_train() does. */
LOCKSTEP_API lockstep_status lockstep_trainer_run(lockstep_trainer *trainer, lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
