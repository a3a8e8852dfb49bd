/* SPDX-License-Identifier: MIT
 *
 * The jobs whose results are checked in as tests/golden.txt, in the words of
 * `lockstep train`'s options, and the reader of that file. It depends on no
 * implementation: the reference trainer and the library run the same table.
 */
#ifndef GOLDEN_JOBS_H
#define GOLDEN_JOBS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum golden_data {
	GOLDEN_MNIST,   /* datasets/mnist */
	GOLDEN_OVERLAY, /* the folder that datasets/overlay/overlay writes */
	GOLDEN_FLOATS,  /* golden_rows_fill() */
	GOLDEN_FLAGS    /* the same with golden_rows_fill_flags(), a flag for every output */
};

/* An option that is 0 or NULL is not given: it has its default. */
struct golden_job {
	const char *name;
	enum golden_data data;
	size_t rows; /* the training part's first rows; 0: all of them */
	const char *layers, *hidden;
	double leaky_slope;
	const char *loss, *init, *scale;
	uint64_t seed;
	uint32_t epochs, batch, slices;
	double lr, momentum;
	int nesterov;
	double l2, dropout;
	const char *schedule;
	double schedule_gamma, schedule_period, warmup;
	double validation;
	uint32_t patience;
	const char *monitor;
	int keep_last, drop_last;
	int slow; /* non-zero: tens of seconds in the reference trainer */
};

extern const struct golden_job golden_jobs[];
extern const size_t n_golden_jobs;

#define GOLDEN_MAX_EPOCHS 8

/* What a job must come to. A line of tests/golden.txt is
 *
 *	NAME FINGERPRINT LOSS... [validation LOSS...]
 *
 * with a training loss (and a validation loss, where the job has validation
 * rows) for every epoch that ran, as C's hexadecimal doubles. A job that
 * diverges has `diverged@STEP` for a fingerprint, STEP counted from 1. */
struct golden_result {
	char fingerprint[65];   /* empty when it diverged */
	uint64_t diverged_step; /* 0: it did not */
	uint32_t n_epochs;
	double losses[GOLDEN_MAX_EPOCHS];
	int has_validation;
	double validation[GOLDEN_MAX_EPOCHS];
};

/* Writes the line of a job, with its newline. */
void golden_result_print(FILE *file, const char *name, const struct golden_result *result);
/* Reads the line of the job `name` from the file at `path`; -1 when there is
 * no such line or it is not what it should be. */
int golden_result_read(const char *path, const char *name, struct golden_result *result);
/* Non-zero when both are the same in every bit. */
int golden_result_equal(const struct golden_result *a, const struct golden_result *b);

#endif
