/* SPDX-License-Identifier: MIT
 *
 * Speed: what this machine can do, what the kernels and the team make of it,
 * and what whole training steps come to. Every call takes one measurement and
 * fills a plain struct; nothing is printed.
 *
 * A figure is the median of nine blocks, each of which repeats the work for a
 * ninth of the wanted seconds, after a warm-up of about as much again. Other
 * programs on the same cores show in it. Rates are in units of 10^9 a second
 * (GFLOP/s, GB/s), times in ns and us.
 *
 * Calls must come from one thread at a time; with a `bind` other than none the
 * caller's thread is bound while a call runs.
 */
#ifndef LOCKSTEP_BENCH_H
#define LOCKSTEP_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/status.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How to measure; the strings are borrowed for the call. */
struct lockstep_bench_options {
	double seconds; /* of one figure, above 0 up to 3600 */
	enum lockstep_engine engine;
	const char *isa;  /* NULL: auto */
	const char *bind; /* as in struct lockstep_train_options; NULL: none */
	int smt;          /* likewise: non-zero: hardware threads count as places of their own */
	/* One line about something that is not an error, such as a worker that
	 * could not be bound. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
	void *context;
};
#define LOCKSTEP_BENCH_OPTIONS_INIT                                                                                    \
	{                                                                                                              \
		.seconds = 1                                                                                           \
	}

/* The median block with the lowest and the highest one. */
struct lockstep_bench_figure {
	double median, low, high;
};

/* ---- The machine ------------------------------------------------------ */

/* Fused multiply-adds on registers alone, by n_workers (1 and more) at once:
 * *gflops is the best block of a fifth of a second or less. */
LOCKSTEP_API lockstep_status lockstep_bench_peak(uint32_t n_workers, const struct lockstep_bench_options *options,
                                                 double *gflops, lockstep_error *error);

/* Streams through arrays beyond the caches, each worker's own and first
 * touched by it. Bytes count as the program reads and writes them; what the
 * processor reads on its own before it writes is left out. */
struct lockstep_bench_memory {
	uint32_t workers;                   /* that ran */
	size_t worker_bytes;                /* of one worker's arrays */
	struct lockstep_bench_figure read;  /* GB/s: sums one array */
	struct lockstep_bench_figure triad; /* GB/s: a[i] = b[i] + s c[i], two reads and one write */
};
LOCKSTEP_API lockstep_status lockstep_bench_memory(uint32_t n_workers, const struct lockstep_bench_options *options,
                                                   struct lockstep_bench_memory *memory, lockstep_error *error);

/* ---- The team --------------------------------------------------------- */

/* ns of one barrier of n_workers. The serial engine has none
 * (LOCKSTEP_ERROR_ARGUMENT). */
struct lockstep_bench_barrier {
	uint32_t workers; /* that ran: OpenMP may deliver fewer */
	struct lockstep_bench_figure ns;
};
LOCKSTEP_API lockstep_status lockstep_bench_barrier(uint32_t n_workers, const struct lockstep_bench_options *options,
                                                    struct lockstep_bench_barrier *barrier, lockstep_error *error);

/* ns from one worker's publishing of a counter to another's seeing it: half a
 * round trip between workers 0 and 1. Not for the serial engine. */
LOCKSTEP_API lockstep_status lockstep_bench_handover(const struct lockstep_bench_options *options,
                                                     struct lockstep_bench_figure *ns, lockstep_error *error);

/* ---- Networks --------------------------------------------------------- */

/* A benchmark network and its job, on MNIST. The last four follow from the
 * others. */
struct lockstep_bench_network {
	const char *layers; /* "784-30-10"; static text */
	enum lockstep_activation hidden;
	uint32_t batch;
	double learning_rate;
	size_t n_layers;
	uint32_t slices;      /* by the default rule: the most workers */
	uint32_t unit_groups; /* the most workers that its first layer's units can be split over */
	double flops_per_row; /* of a step's products, zeros not left out */
};

#define LOCKSTEP_BENCH_N_NETWORKS 4

/* Network 0 .. LOCKSTEP_BENCH_N_NETWORKS - 1, from small to large. */
LOCKSTEP_API void lockstep_bench_network_get(size_t i_network, struct lockstep_bench_network *network);

/* What the first of some workers has of a mini-batch by rows, in the default
 * slices; of one worker it is all. */
struct lockstep_bench_shard {
	uint32_t workers; /* 1 .. network->slices */
	uint32_t rows, slices;
};
LOCKSTEP_API void lockstep_bench_shard_get(const struct lockstep_bench_network *network, uint32_t workers,
                                           struct lockstep_bench_shard *shard);

/* The kernels of one layer (0 .. n_layers - 1) on one core, over the first of
 * n_workers shards (1 .. network->slices), data without zeros. All in GFLOP/s. */
struct lockstep_bench_kernel {
	size_t n_in, n_out;
	struct lockstep_bench_shard shard;
	struct lockstep_bench_figure product;  /* forward */
	struct lockstep_bench_figure backward; /* deltas of the layer below; 0 of the first layer, which has none */
	struct lockstep_bench_figure gradient; /* summed by the tree, every subtree of the shard, and stored */
	/* The same, and the weights updated instead; 0 of several workers, who
	 * update when they have all stored their sums. */
	struct lockstep_bench_figure update;
};
LOCKSTEP_API lockstep_status lockstep_bench_kernel(const struct lockstep_bench_network *network, size_t i_layer,
                                                   uint32_t n_workers, const struct lockstep_bench_options *options,
                                                   struct lockstep_bench_kernel *kernel, lockstep_error *error);

/* ---- Training --------------------------------------------------------- */

/* A network's job on a data set that fits it; both are borrowed for the call. */
struct lockstep_bench_job {
	const struct lockstep_bench_network *network;
	const lockstep_dataset *dataset;
	enum lockstep_scale scale;
	/* 1 .. network->slices; or 0: auto, as in struct lockstep_train_options, which
	 * lockstep_bench_epoch() alone takes: the others compare like with like. */
	uint32_t workers;
	enum lockstep_split split; /* auto: rows, or with workers 0 the fastest */
};

struct lockstep_bench_step {
	struct lockstep_bench_figure samples_per_second;
	double us;     /* of one step, at the median */
	double gflops; /* at the median; every product counts as if it were dense */
};
LOCKSTEP_API lockstep_status lockstep_bench_step(const struct lockstep_bench_job *job,
                                                 const struct lockstep_bench_options *options,
                                                 struct lockstep_bench_step *step, lockstep_error *error);

/* us of a step by phase, worker 0's and the mean of all, from one block of a
 * quarter of the wanted seconds. All are 0 with the serial engine on several
 * workers. */
struct lockstep_bench_phases {
	double us_first[LOCKSTEP_N_PHASES];
	double us_mean[LOCKSTEP_N_PHASES];
};
LOCKSTEP_API lockstep_status lockstep_bench_phases(const struct lockstep_bench_job *job,
                                                   const struct lockstep_bench_options *options,
                                                   struct lockstep_bench_phases *phases, lockstep_error *error);
/* "gather", "forward", ...; static text. */
LOCKSTEP_API const char *lockstep_bench_phase_name(enum lockstep_phase phase);

/* Whole epochs with an evaluation of the test part after each, as a training
 * job runs them: until options->seconds have passed, 1 to 64 of them, with no
 * warm-up before, so that the trials of a job of workers 0 count in the first. */
struct lockstep_bench_epoch {
	uint32_t n_epochs;
	/* That ran, and what they split; of workers 0 what was chosen last, which is
	 * 0 and auto where the epochs were too short for a choice. */
	uint32_t workers;
	enum lockstep_split split;
	struct lockstep_bench_figure train_seconds;      /* an epoch's steps */
	struct lockstep_bench_figure evaluation_seconds; /* of the test part; next to 0 without one */
};
LOCKSTEP_API lockstep_status lockstep_bench_epoch(const struct lockstep_bench_job *job,
                                                  const struct lockstep_bench_options *options,
                                                  struct lockstep_bench_epoch *epoch, lockstep_error *error);

/* The cost of exactness: the job as it is, against the same kernels with one
 * slice a worker, which another number of workers would sum in another order.
 * Blocks of the two alternate; `ratio` is over the nine pairs of blocks.
 *
 * The free job has its slices under every split: by owners and units a worker
 * sums all rows of a weight, but its forward pass has a shard, or the options
 * want a slice for every worker. Where both have the same number they are one
 * job; nothing is measured, and all figures are 0. */
struct lockstep_bench_exactness {
	uint32_t slices;                                    /* of the job */
	uint32_t free_slices;                               /* the smallest power of two not below the workers */
	struct lockstep_bench_figure ratio;                 /* time of a step: the job's / the free one's */
	double samples_per_second, free_samples_per_second; /* medians */
};
LOCKSTEP_API lockstep_status lockstep_bench_exactness(const struct lockstep_bench_job *job,
                                                      const struct lockstep_bench_options *options,
                                                      struct lockstep_bench_exactness *exactness,
                                                      lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
