/* SPDX-License-Identifier: MIT
 *
 * What the peers in C share: their command line, MNIST by zlib, shuffled
 * mini-batches, and the stopwatch. Each peer is one source file, so everything
 * here is static. What goes wrong ends the program.
 */
#ifndef STEPS_H
#define STEPS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define MAX_LAYERS 8
#define N_PIXELS 784
#define N_CLASSES 10
#define N_BLOCKS 9

struct job {
	int sizes[MAX_LAYERS + 1]; /* inputs, hidden layers, outputs */
	int n_layers;              /* of weights */
	int batch, relu, threads;
	double rate, seconds;
	const char *folder;
};

struct rows {
	int n;
	uint8_t *pixels, *labels;
};

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "%s\n", message);
	exit(1);
}

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);
	if (!memory)
		fail("out of memory");
	return memory;
}

static struct job read_job(int argc, char **argv)
{
	struct job job = {0};
	if (argc != 8)
		fail("usage: PEER LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER");
	for (char *at = argv[1]; *at && job.n_layers <= MAX_LAYERS; at += *at == '-')
		job.sizes[job.n_layers++] = (int)strtol(at, &at, 10);
	job.n_layers--;
	job.batch = atoi(argv[2]);
	job.relu = !strcmp(argv[3], "relu");
	job.rate = atof(argv[4]);
	job.threads = atoi(argv[5]);
	job.seconds = atof(argv[6]);
	job.folder = argv[7];
	if (job.n_layers < 1 || job.sizes[0] != N_PIXELS || job.sizes[job.n_layers] != N_CLASSES)
		fail("LAYERS must be 784-...-10");
	if (!job.relu && strcmp(argv[3], "sigmoid"))
		fail("HIDDEN must be sigmoid or relu");
	if (job.batch < 1 || job.batch > 10000 || job.threads < 1 || !(job.seconds > 0))
		fail("BATCH must be from 1 to 10000, THREADS 1 or more, SECONDS above 0");
	return job;
}

/* The bytes after the header of a gzip IDX file of n rows. */
static uint8_t *read_idx(const char *folder, const char *name, unsigned header, size_t size)
{
	char path[4096];
	uint8_t skipped[16], *bytes = allocate(size, 1);
	snprintf(path, sizeof path, "%s/%s.gz", folder, name);
	gzFile file = gzopen(path, "rb");
	if (!file || gzread(file, skipped, header) != (int)header || gzread(file, bytes, (unsigned)size) != (int)size)
		fail("DATA_FOLDER lacks one of MNIST's four files, or it is too short");
	gzclose(file);
	return bytes;
}

static struct rows read_train(const char *folder)
{
	return (struct rows){60000, read_idx(folder, "train-images-idx3-ubyte", 16, 60000 * N_PIXELS),
	                     read_idx(folder, "train-labels-idx1-ubyte", 8, 60000)};
}

static struct rows read_test(const char *folder)
{
	return (struct rows){10000, read_idx(folder, "t10k-images-idx3-ubyte", 16, 10000 * N_PIXELS),
	                     read_idx(folder, "t10k-labels-idx1-ubyte", 8, 10000)};
}

/* Numbers from a xorshift generator, in [0, 1). */
static double draw(void)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) * 0x1p-53;
}

/* Rows in an order that is new in each epoch, full mini-batches only. */
struct shuffle {
	int n, at;
	int *order;
};

static struct shuffle start_shuffle(int n)
{
	struct shuffle shuffle = {n, n, allocate((size_t)n, sizeof *shuffle.order)};
	for (int i = 0; i < n; i++)
		shuffle.order[i] = i;
	return shuffle;
}

static const int *next_batch(struct shuffle *shuffle, int batch)
{
	if (shuffle->at + batch > shuffle->n) {
		for (int i = shuffle->n - 1; i > 0; i--) {
			int j = (int)(draw() * (i + 1)), kept = shuffle->order[i];
			shuffle->order[i] = shuffle->order[j];
			shuffle->order[j] = kept;
		}
		shuffle->at = 0;
	}
	shuffle->at += batch;
	return shuffle->order + shuffle->at - batch;
}

typedef void take_steps(void *trainer, long n_steps);

static double time_steps(take_steps *run, void *trainer, long n_steps)
{
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	run(trainer, n_steps);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

static double quicker_of_two(take_steps *run, void *trainer, long n_steps)
{
	double first = time_steps(run, trainer, n_steps), second = time_steps(run, trainer, n_steps);
	return first < second ? first : second;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Samples/s of the median block; the blocks are chosen as in steps.py. */
static double measure(take_steps *run, void *trainer, const struct job *job)
{
	double share = job->seconds / N_BLOCKS, blocks[N_BLOCKS];
	long n_steps = 1;
	double block = quicker_of_two(run, trainer, 1);
	while (block < share) {
		double factor = share / block;
		n_steps = (long)((double)n_steps * (factor < 1000 ? factor : 1000)) + 1;
		block = quicker_of_two(run, trainer, n_steps);
	}
	int n = (int)(2 * job->seconds / block);
	n = n < 1 ? 1 : n > N_BLOCKS ? N_BLOCKS : n;
	for (int i = 0; i < n; i++)
		blocks[i] = time_steps(run, trainer, n_steps);
	qsort(blocks, (size_t)n, sizeof *blocks, compare_doubles);
	return (double)n_steps * job->batch / ((blocks[n / 2] + blocks[(n - 1) / 2]) / 2);
}

static int largest(const float *values, int n)
{
	int best = 0;
	for (int i = 1; i < n; i++)
		best = values[i] > values[best] ? i : best;
	return best;
}

/* The figure on stdout; on stderr whether the network has learnt. */
static void report(double samples_per_second, double accuracy)
{
	printf("%.1f\n", samples_per_second);
	fprintf(stderr, "test accuracy %.2f %%\n", 100 * accuracy);
}

#endif
