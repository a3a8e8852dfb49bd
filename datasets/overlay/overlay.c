/* SPDX-License-Identifier: MIT
 *
 * Makes a multi-label set from one of single digits: each image is the
 * pixelwise maximum of two digits of the same part, and both are its labels.
 *
 *     overlay [--seed N] [--train ROWS] [--test ROWS] SOURCE_FOLDER TARGET_FOLDER
 *
 * Row i is digit i over another row of its part, any but i itself, drawn from
 * splitmix64 with the seed (1). The same arguments give the same bytes. Files
 * appear whole or not at all: IDX, uncompressed, images of 28 x 28 pixels and
 * labels of rank 2, one byte a class.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lockstep.h"

#define SIDE 28
#define PIXELS (SIDE * SIDE)
#define LABELS_MAX 4096
#define PATH_BYTES 4096
#define ALL_ROWS UINT64_MAX
#define USAGE "usage: overlay [--seed N] [--train ROWS] [--test ROWS] SOURCE_FOLDER TARGET_FOLDER\n"

struct plan {
	uint64_t seed;
	uint64_t n_rows[2]; /* by enum lockstep_part; ALL_ROWS: as many as the source has */
	const char *source, *target;
};

static const char *const part_names[2] = {"train", "t10k"};

/* splitmix64 (Steele, Lea, Flood 2014): the next of a sequence of 64-bit words. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* floor(word * n / 2^64), word by 32-bit halves; n is below 2^32. */
static uint64_t below(uint64_t word, uint64_t n)
{
	return ((word >> 32) * n + ((word & 0xffffffffu) * n >> 32)) >> 32;
}

/* A row of the part other than i_row, which has more than one. */
static size_t draw_partner(uint64_t *state, size_t i_row, size_t n_rows)
{
	size_t partner = (size_t)below(next_word(state), n_rows - 1);
	return partner + (partner >= i_row);
}

static int put_sizes(FILE *file, uint8_t rank, const size_t *sizes)
{
	uint8_t bytes[4] = {0, 0, 0x08, rank};
	int ok = fwrite(bytes, 1, 4, file) == 4;

	for (uint8_t i = 0; i < rank; i++) {
		for (int j = 0; j < 4; j++)
			bytes[j] = (uint8_t)(sizes[i] >> (24 - 8 * j));
		ok = ok && fwrite(bytes, 1, 4, file) == 4;
	}
	return ok;
}

static int put_image(FILE *file, const struct lockstep_rows *rows, size_t a, size_t b)
{
	uint8_t pixels[PIXELS];
	for (size_t i = 0; i < PIXELS; i++) {
		uint8_t left = rows->bytes[a * PIXELS + i], right = rows->bytes[b * PIXELS + i];
		pixels[i] = left > right ? left : right;
	}
	return fwrite(pixels, 1, PIXELS, file) == PIXELS;
}

static int put_flags(FILE *file, const struct lockstep_rows *rows, size_t a, size_t b)
{
	uint8_t flags[LABELS_MAX] = {0};
	flags[rows->classes[a]] = flags[rows->classes[b]] = 1;
	return fwrite(flags, 1, rows->n_labels, file) == rows->n_labels;
}

/* The rows of one file, images or flags, from the start of the part's sequence. */
static int put_rows(FILE *file, const struct plan *plan, enum lockstep_part part, const struct lockstep_rows *rows,
                    int images)
{
	uint64_t state = 2 * plan->seed + (uint64_t)part;
	size_t n = (size_t)plan->n_rows[part];
	int ok =
	    images ? put_sizes(file, 3, (size_t[]){n, SIDE, SIDE}) : put_sizes(file, 2, (size_t[]){n, rows->n_labels});

	for (size_t i = 0; ok && i < n; i++) {
		size_t partner = draw_partner(&state, i, rows->n_rows);
		ok = images ? put_image(file, rows, i, partner) : put_flags(file, rows, i, partner);
	}
	return ok;
}

static int fail_file(const char *path, const char *what)
{
	fprintf(stderr, "overlay: %s: %s: %s\n", path, what, strerror(errno));
	return 0;
}

/* Writes a temporary file beside the target, syncs it and renames it. */
static int write_file(const struct plan *plan, enum lockstep_part part, const struct lockstep_rows *rows, int images)
{
	char path[PATH_BYTES], temporary[PATH_BYTES + 8];
	const char *kind = images ? "images-idx3-ubyte" : "labels-idx2-ubyte";

	if (snprintf(path, sizeof path, "%s/%s-%s", plan->target, part_names[part], kind) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return fail_file(plan->target, "cannot write into it");
	}
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	FILE *file = fopen(temporary, "wb");
	if (!file)
		return fail_file(temporary, "cannot create");
	int ok = put_rows(file, plan, part, rows, images) && fflush(file) == 0 && fsync(fileno(file)) == 0;
	ok = fclose(file) == 0 && ok;
	if (ok && rename(temporary, path) == 0)
		return 1;
	fail_file(path, "cannot write");
	unlink(temporary);
	return 0;
}

static int refuse(const struct plan *plan, enum lockstep_part part, const char *cause)
{
	fprintf(stderr, "overlay: %s: %s part: %s\n", plan->source, part_names[part], cause);
	return 0;
}

/* Settles how many rows of a part are made: 0 when the source has no such part. */
static int plan_rows(struct plan *plan, enum lockstep_part part, const struct lockstep_rows *rows)
{
	if (plan->n_rows[part] == ALL_ROWS)
		plan->n_rows[part] = rows->n_rows;
	if (plan->n_rows[part] > rows->n_rows)
		return refuse(plan, part, "has fewer rows than asked for");
	if (!plan->n_rows[part])
		return 1;
	if (rows->n_rows < 2)
		return refuse(plan, part, "one row has no other to go with");
	if (!rows->bytes || rows->n_features != PIXELS)
		return refuse(plan, part, "no images of 28 x 28 bytes");
	if (!rows->classes || rows->n_labels > LABELS_MAX)
		return refuse(plan, part, "no classes as labels, or too many");
	return 1;
}

static int make_part(struct plan *plan, enum lockstep_part part, const lockstep_dataset *source)
{
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(source, part, &rows);
	if (!plan_rows(plan, part, &rows))
		return 0;
	return !plan->n_rows[part] || (write_file(plan, part, &rows, 1) && write_file(plan, part, &rows, 0));
}

static int make_set(struct plan *plan)
{
	lockstep_dataset *source = NULL;
	lockstep_error error;

	if (lockstep_dataset_open(&source, plan->source, &error)) {
		fprintf(stderr, "overlay: %s\n", error.message);
		return 0;
	}
	int ok = mkdir(plan->target, 0777) == 0 || errno == EEXIST || fail_file(plan->target, "cannot create");
	ok = ok && make_part(plan, LOCKSTEP_TRAIN, source) && make_part(plan, LOCKSTEP_TEST, source);
	lockstep_dataset_destroy(source);
	return ok;
}

/* A decimal number and nothing else, at least `least`. */
static int parse_number(const char *text, uint64_t least, uint64_t *value)
{
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= least;
}

static int parse_arguments(struct plan *plan, int argc, char **argv)
{
	static const struct option options[] = {
	    {"seed", required_argument, NULL, 's'},
	    {"train", required_argument, NULL, 'a'},
	    {"test", required_argument, NULL, 'e'},
	    {NULL, 0, NULL, 0},
	};
	int option, ok = 1;

	while (ok && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 's')
			ok = parse_number(optarg, 0, &plan->seed);
		else
			ok = option != '?' && parse_number(optarg, 1, &plan->n_rows[option == 'e']);
	if (!ok || argc - optind != 2)
		return 0;
	plan->source = argv[optind];
	plan->target = argv[optind + 1];
	return 1;
}

int main(int argc, char **argv)
{
	struct plan plan = {.seed = 1, .n_rows = {ALL_ROWS, ALL_ROWS}};

	if (!parse_arguments(&plan, argc, argv)) {
		fputs(USAGE, stderr);
		return 2;
	}
	return make_set(&plan) ? 0 : 1;
}
