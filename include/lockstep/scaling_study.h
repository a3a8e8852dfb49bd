/* SPDX-License-Identifier: MIT
 *
 * Scaling studies: one job, measured with different numbers of workers. What the measurements mean is
 * lockstep/scaling.h's and doc/scaling.md's; here they are taken.
 *
 * A study has series, each a way of running the job (placement, engine, split, mini-batch), and a series has levels,
 * numbers of workers. A run is one level measured once: a new network and a new trainer, some steps to warm up, then
 * the steps that count. A block is one run of every level of every series, in an order of its own; blocks are
 * added until the medians are known well enough. Where time goes and what the machine could do is measured
 * afterwards, in runs that count for nothing else.
 *
 * Levels of several series may be one and the same run: one worker has nothing to split, and two placements may come to
 * the same places. Such a level is measured once and stands in each of the series, so that their speed-ups have one
 * baseline and not several that differ by chance.
 *
 * Every run of a series has the same bits to compute, and has to end with the same fingerprint: the study fails
 * where one does not. So do the series that have mini-batch and slices in common. In a weak study the job is
 * another one at every level, and each level agrees with itself in all blocks and series.
 */
#ifndef LOCKSTEP_SCALING_STUDY_H
#define LOCKSTEP_SCALING_STUDY_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/scaling.h"
#include "lockstep/status.h"
#include "lockstep/topology.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is measured ------------------------------------------------------ */

/* Strong: every level has the same mini-batch. Weak: k workers have a mini-batch of k times the rows, and so many
 * slices more that they stay about as long: the least power of two that is not below k times those of one worker, or
 * where that is above 65536, or above the rows of the mini-batch, the largest one that is not. */
enum lockstep_scaling_kind { LOCKSTEP_SCALING_STRONG = 0, LOCKSTEP_SCALING_WEAK };

/* "strong", "weak"; static text. */
LOCKSTEP_API const char *lockstep_scaling_kind_name(enum lockstep_scaling_kind kind);
/* -2: unknown. */
LOCKSTEP_API int lockstep_scaling_kind_parse(const char *name);

/* The job; the strings and the data set are borrowed for the call. Of the training options those that a setting has,
 * workers, epochs, drop_last, checkpoints and callbacks are the study's: every step has all rows. */
struct lockstep_scaling_job {
	const lockstep_dataset *dataset;
	const char *layers;
	struct lockstep_network_options network;
	struct lockstep_train_options train;
};

/* One way of running it; a series. */
struct lockstep_scaling_setting {
	const char *bind; /* as in the options of a training */
	enum lockstep_engine engine;
	enum lockstep_split split; /* auto: rows */
	uint32_t batch;            /* rows of a mini-batch, 1 and more; in a weak study of one worker's */
	uint32_t slices;           /* 0: the default rule; else a power of two, in a weak study of one worker */
};

/* Where the study stands: before every run, and at its end. */
enum lockstep_scaling_stage {
	LOCKSTEP_SCALING_CALIBRATION = 0, /* how long a step takes */
	LOCKSTEP_SCALING_BLOCKS,
	LOCKSTEP_SCALING_PHASES, /* where the time goes */
	LOCKSTEP_SCALING_LIMITS, /* what the machine could do */
	LOCKSTEP_N_SCALING_STAGES
};
struct lockstep_scaling_progress {
	enum lockstep_scaling_stage stage;
	size_t series;              /* of the run */
	uint32_t workers;           /* of the run */
	uint32_t block;             /* from 1; 0 outside of blocks */
	size_t n_runs, n_runs_max;  /* of the stage, done, and at most */
	size_t n_precise, n_levels; /* levels that are known well enough, and all */
	double seconds;             /* since the study began */
};

struct lockstep_scaling_study_options {
	enum lockstep_scaling_kind kind;
	const struct lockstep_scaling_setting *settings; /* [n_settings], 1 and more */
	size_t n_settings;
	const uint32_t *workers; /* [n_workers], 1 and more, rising; the first is the baseline */
	size_t n_workers;
	uint64_t seed;         /* of the blocks' orders; not the job's */
	uint64_t steps;        /* that count, of a run; 0: as many as take the baseline run_seconds */
	uint64_t warmup_steps; /* before them; 0: a tenth, and 2 at least */
	double run_seconds;    /* above 0 up to 3600 */
	uint32_t blocks_min;   /* 1 and more; below 6 there are no intervals (lockstep/scaling.h) */
	uint32_t blocks_max;   /* not below blocks_min */
	double precision;      /* above 0: a level is precise when its median's interval is within so much of it */
	double seconds;        /* no block after the first begins later than this; 0: no limit */
	int skip_phases, skip_limits; /* non-zero: not measured */
	void *context;
	/* A return value other than 0 ends the study with what there is. NULL: silence. */
	int (*on_progress)(const struct lockstep_scaling_progress *progress, void *context);
	/* One line about something that is not an error. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
};
#define LOCKSTEP_SCALING_STUDY_OPTIONS_INIT                                                                            \
	{                                                                                                              \
		.seed = 1, .run_seconds = 1, .blocks_min = 10, .blocks_max = 50, .precision = 0.02                     \
	}

/* ---- What came out --------------------------------------------------------- */

/* A level's place under the roofs of the machine (Williams, Waterman, Patterson, "Roofline", Comm. ACM 52(4), 2009).
 * Both roofs are measured with as many workers in the same places.
 *
 * Operations count as if no zero were skipped, two a multiply-add, so a job whose zeros are skipped may be above the
 * roof. Bytes are those between memory and caches: the inputs, as the data set has them; and where what a step keeps
 * (parameters, velocity, activations and deltas) is more than the last-level caches of the workers hold, or these
 * are not known, weights read forward and backward, read and written in the update, and activations and deltas written and
 * read once. */
struct lockstep_scaling_roofline {
	double flops;          /* of a step */
	double bytes;          /* of a step, to and from memory */
	double gflops;         /* made of them, 10^9 a second */
	double peak_gflops;    /* multiply-adds on registers */
	double gigabytes;      /* 10^9 bytes a second */
	double peak_gigabytes; /* triad through memory */
	double kept_bytes;     /* that a step keeps, for itself and for the next */
	double cache_bytes;    /* last-level caches of the workers, be they L3 or lower; 0: not known */
};

struct lockstep_scaling_phases {
	double mean[LOCKSTEP_N_PHASES];   /* seconds of a step, over the workers */
	double compute_mean, compute_max; /* all phases but waiting: over the workers, and of the busiest one */
	double balance;                   /* compute_mean / compute_max */
};

struct lockstep_scaling_level {
	uint32_t workers, batch, slices;
	const char *excluded; /* why it was not measured, one line; NULL: it was. All that follows is 0 then */
	size_t measured_in;   /* the series it was measured in: its own, or an earlier one with the same run */
	size_t n;
	const double *seconds;                /* [n] of a step, block by block */
	struct lockstep_scaling_summary step; /* seconds of a step */
	int is_precise;
	double samples_per_second;             /* at the median */
	struct lockstep_scaling_summary ratio; /* baseline's time / its own, in pairs */
	struct lockstep_scaling_figures figures;
	char fingerprint[65];
	const struct lockstep_place *places; /* [workers] */
	int has_phases;                      /* 0: left out, or the serial engine with several workers */
	struct lockstep_scaling_phases phases;
	int has_roofline;
	struct lockstep_scaling_roofline roofline;
};

/* What keeps the level with most workers, of those that had a place each, from being as much faster as it has more
 * workers than the baseline. A place is a core, with SMT a hardware thread, in a list of CPUs one of them. */
enum lockstep_scaling_obstacle {
	LOCKSTEP_SCALING_NOTHING = 0, /* as fast as it could be, within 5 % or the interval; or no such level */
	LOCKSTEP_SCALING_UNKNOWN,     /* the phases were not measured, or do not show it */
	LOCKSTEP_SCALING_IMBALANCE,   /* a worker that has longer to compute: shards of different length, a slow core */
	LOCKSTEP_SCALING_WAITING,     /* for each other, beyond that */
	LOCKSTEP_SCALING_REDUCTION,   /* sums and updates of parameters */
	LOCKSTEP_SCALING_MEMORY,      /* its bandwidth */
	LOCKSTEP_SCALING_CLOCK,       /* all cores at once are slower than one: heat, shared units, neighbours */
	LOCKSTEP_SCALING_COMPUTE,     /* shards too short for the kernels, shared caches, work done by every worker */
	LOCKSTEP_N_SCALING_OBSTACLES
};
/* What forbids one worker more. */
enum lockstep_scaling_end {
	LOCKSTEP_SCALING_OPEN = 0, /* nothing */
	LOCKSTEP_SCALING_SLICES,   /* it would have no rows */
	LOCKSTEP_SCALING_ROWS,     /* a weak study's mini-batch would have more rows than there are */
	LOCKSTEP_SCALING_CORES,    /* it would have no place of its own */
	LOCKSTEP_SCALING_QUOTA,    /* the control group grants no more */
	LOCKSTEP_N_SCALING_ENDS
};
struct lockstep_scaling_limit {
	enum lockstep_scaling_obstacle obstacle;
	enum lockstep_scaling_end end;
	double lost;    /* part of the workers' time beyond the baseline's: 1 - efficiency, not below 0 */
	double share;   /* of it, what the obstacle takes; 0 without one */
	char text[640]; /* all that as a sentence or two */
};
/* "nothing", "imbalance", ...; "open", "slices", ...; static text. */
LOCKSTEP_API const char *lockstep_scaling_obstacle_name(enum lockstep_scaling_obstacle obstacle);
LOCKSTEP_API const char *lockstep_scaling_end_name(enum lockstep_scaling_end end);

struct lockstep_scaling_series {
	struct lockstep_scaling_setting setting; /* its split is not auto; `bind` is the study's own */
	uint64_t warmup_steps, steps;
	size_t n;
	struct lockstep_scaling_level *levels; /* [n], one a number of workers, in their order */
	/* Curves through (workers, samples a second at the median): Amdahl's, in a weak study Gustafson's,
	 * then the USL's. None: `refusal` says why. */
	size_t n_curves;
	struct lockstep_scaling_curve curves[2];
	const char *refusal;    /* NULL: not refused */
	size_t fastest, enough; /* levels: the one with the largest speed-up, and the first within 5 % of it */
	struct lockstep_scaling_limit limit;
};

/* Why no block came after the last one. */
enum lockstep_scaling_outcome {
	LOCKSTEP_SCALING_PRECISE = 0, /* all levels are */
	LOCKSTEP_SCALING_BLOCKS_UP,   /* blocks_max */
	LOCKSTEP_SCALING_TIME_UP,     /* seconds */
	LOCKSTEP_SCALING_STOPPED      /* on_progress */
};
LOCKSTEP_API const char *lockstep_scaling_outcome_name(enum lockstep_scaling_outcome outcome);

struct lockstep_scaling_study {
	enum lockstep_scaling_kind kind;
	enum lockstep_scaling_outcome outcome;
	uint32_t n_blocks;         /* whole ones: those that count */
	double seconds;            /* that it took */
	const char *isa;           /* static text */
	enum lockstep_scale scale; /* with auto resolved */
	size_t n;
	struct lockstep_scaling_series *series; /* [n], one a setting */
};

/* Can a level of so many workers (1 and more) be in a study of that kind? Makes its trainer and does a step; measures
 * nothing. LOCKSTEP_ERROR_ARGUMENT: it cannot, with the reason. As a study's baseline it would be that study's error,
 * as any other level it would be left out. */
LOCKSTEP_API lockstep_status lockstep_scaling_level_check(const struct lockstep_scaling_job *job,
                                                          enum lockstep_scaling_kind kind,
                                                          const struct lockstep_scaling_setting *setting,
                                                          uint32_t workers, lockstep_error *error);

/* Measures. Caller owns *out, with all that it points to. LOCKSTEP_STOPPED: on_progress ended it before one block
 * was whole. A level that ends with another fingerprint than the others ends the study with LOCKSTEP_ERROR_SYSTEM
 * and a line that names it; so does the job when it diverges, with LOCKSTEP_DIVERGED. Calls must come from one thread
 * at a time; with a `bind` other than "none" the caller's thread is bound while a call runs. */
LOCKSTEP_API lockstep_status lockstep_scaling_study_run(struct lockstep_scaling_study **out,
                                                        const struct lockstep_scaling_job *job,
                                                        const struct lockstep_scaling_study_options *options,
                                                        lockstep_error *error);
/* NULL is allowed. */
LOCKSTEP_API void lockstep_scaling_study_destroy(struct lockstep_scaling_study *study);

#ifdef __cplusplus
}
#endif

#endif
