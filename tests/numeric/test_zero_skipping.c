/* SPDX-License-Identifier: MIT
 *
 * Leaving out the columns in which a mini-batch holds only zeros changes no
 * bit: kernels with the columns in use against all of them, and whole jobs
 * against the reference trainer, which leaves nothing out.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"
#include "data/input.h"
#include "lockstep/train.h"
#include "reference.h"

#define ROWS 23
#define FEATURES 307 /* a prime above one chunk of columns */
#define LD 320
#define WIDTH_MAX 64

static const struct ls_arith *tables[ARITH_TABLES_MAX];
static size_t n_tables;

static void find_tables(void)
{
	n_tables = arith_tables(tables);
}

TestSuite(zero_skipping, .init = find_tables);

static int is_blank(size_t column)
{
	return column % 3 == 1 || column % 64 > 50;
}

/* Rows full of zeros of both signs and subnormals; blank columns hold zeros
 * alone. */
static void fill_values(float *values, size_t n_rows, size_t n_features, uint64_t seed)
{
	fill_sparse(values, n_rows * n_features, seed);
	for (size_t i = 0; i < n_rows * n_features; i++)
		if (is_blank(i % n_features))
			values[i] = values[i] < 0 || i % 5 == 0 ? -0.0f : 0.0f;
}

/* ---- Kernels --------------------------------------------------------- */

static float values[ROWS * FEATURES], dense[ROWS * LD], gathered[ROWS * LD + LS_ROW_ALIGNMENT];
static uint32_t rows[ROWS], column_index[FEATURES + LS_ROW_ALIGNMENT], column_starts[FEATURES + 1];
static uint64_t column_bits[LS_BIT_WORDS(FEATURES)];
static struct ls_used_columns columns = {.bits = column_bits, .index = column_index, .starts = column_starts};

static void gather_both(const struct ls_arith *table)
{
	struct ls_table rows_table = {.n_rows = ROWS, .n_features = FEATURES, .floats = values};
	struct ls_scaling scaling = {.kind = LOCKSTEP_SCALE_NONE};
	struct ls_source source = {&rows_table, &scaling, table};
	fill_values(values, ROWS, FEATURES, 11);
	for (uint32_t r = 0; r < ROWS; r++)
		rows[r] = (r * 7 + 3) % ROWS;
	ls_source_columns(&source, rows, ROWS, &columns);
	ls_source_gather(&source, rows, ROWS, NULL, &columns, gathered, LD);
	ls_source_gather(&source, rows, ROWS, NULL, NULL, dense, LD);
}

Test(zero_skipping, columns_in_use_are_those_with_another_value_than_zero)
{
	for (size_t t = 0; t < n_tables; t++) {
		size_t next = 0;
		gather_both(tables[t]);
		cr_assert(0 < columns.n && columns.n < FEATURES * 3 / 4);
		for (uint32_t k = 0; k < FEATURES; k++) {
			int in_use = 0;
			for (size_t r = 0; r < ROWS; r++)
				in_use |= values[r * FEATURES + k] != 0;
			if (!in_use)
				continue;
			cr_assert_eq(columns.index[next], k);
			for (size_t r = 0; r < ROWS; r++) {
				cr_assert_eq(bits_of_float(gathered[r * LD + next]), bits_of_float(dense[r * LD + k]));
				cr_assert_eq(bits_of_float(dense[r * LD + k]),
				             bits_of_float(values[rows[r] * FEATURES + k]));
			}
			next++;
		}
		cr_assert_eq(next, columns.n);
	}
}

static float panel[FEATURES * WIDTH_MAX], start[WIDTH_MAX];

Test(zero_skipping, product_over_columns_in_use_is_the_product)
{
	static float skipped[ROWS * WIDTH_MAX], whole[ROWS * WIDTH_MAX];
	fill_sparse(panel, FEATURES * WIDTH_MAX, 12);
	fill_sparse(start, WIDTH_MAX, 13);
	for (size_t t = 0; t < n_tables; t++) {
		gather_both(tables[t]);
		struct ls_product p = {.n_rows = ROWS,
		                       .n_k = FEATURES,
		                       .in = dense,
		                       .ld_in = LD,
		                       .panel = panel,
		                       .start = start,
		                       .width = tables[t]->panel,
		                       .out = whole,
		                       .ld_out = tables[t]->panel};
		tables[t]->product(&p);
		p.in = gathered;
		p.n_k = columns.n;
		p.index = columns.index;
		p.out = skipped;
		tables[t]->product(&p);
		cr_assert_eq(first_difference(skipped, whole, ROWS * p.width), ROWS * p.width, "%s", tables[t]->name);
	}
}

static float delta[ROWS * WIDTH_MAX];
static float weight[2][FEATURES * WIDTH_MAX], velocity[2][FEATURES * WIDTH_MAX];

/* Updates copy i of the parameters. */
static void update(const struct ls_arith *table, const struct ls_update *options, int i, const float *in, size_t n_k,
                   const uint32_t *index)
{
	static const uint32_t slices[] = {0, 6, 12, 18, 23};
	struct ls_gradient g = {.n_k = n_k,
	                        .in = in,
	                        .ld_in = LD,
	                        .delta = delta,
	                        .ld_delta = WIDTH_MAX,
	                        .width = table->panel,
	                        .slices = slices,
	                        .n_slices = 4,
	                        .target = {weight[i], options->momentum != 0 ? velocity[i] : NULL, index},
	                        .update = options};
	cr_assert_eq(table->gradient(&g), 0);
}

/* The columns that hold only zeros. */
static size_t find_rest(uint32_t *rest)
{
	size_t n = 0, used = 0;
	for (uint32_t k = 0; k < FEATURES; k++)
		if (used < columns.n && columns.index[used] == k)
			used++;
		else
			rest[n++] = k;
	return n;
}

static void update_rest(const struct ls_arith *table, const struct ls_update *options, int i)
{
	uint32_t rest[FEATURES];
	struct ls_reduction r = {.n_k = find_rest(rest),
	                         .width = table->panel,
	                         .target = {weight[i], options->momentum != 0 ? velocity[i] : NULL, rest},
	                         .update = options};
	cr_assert_eq(table->reduce(&r), 0);
}

static void expect_same_update(const struct ls_arith *table, const struct ls_update *options)
{
	size_t n = FEATURES * table->panel;
	for (int i = 0; i < 2; i++) {
		fill_sparse(weight[i], n, 14);
		fill_sparse(velocity[i], n, 15);
	}
	fill_sparse(delta, ROWS * WIDTH_MAX, 16);
	gather_both(table);
	update(table, options, 0, dense, FEATURES, NULL);
	update(table, options, 1, gathered, columns.n, columns.index);
	if (options->momentum != 0 || options->l2 != 0)
		update_rest(table, options, 1);
	cr_assert_eq(first_difference(weight[0], weight[1], n), n, "%s, momentum %g, l2 %g", table->name,
	             (double)options->momentum, (double)options->l2);
	cr_assert_eq(first_difference(velocity[0], velocity[1], n), n, "%s, momentum %g, l2 %g", table->name,
	             (double)options->momentum, (double)options->l2);
}

Test(zero_skipping, update_over_columns_in_use_and_the_rest_is_the_update)
{
	for (size_t t = 0; t < n_tables; t++)
		for (int i = 0; i < 6; i++)
			expect_same_update(tables[t], &(struct ls_update){.scale = 1.0f / ROWS,
			                                                  .rate = 0.3f,
			                                                  .momentum = i % 3 ? 0.9f : 0,
			                                                  .l2 = i / 3 ? 0.01f : 0,
			                                                  .nesterov = i % 3 == 2});
}

/* ---- Whole jobs ------------------------------------------------------ */

#define JOB_ROWS 71
#define JOB_FEATURES 37
#define JOB_LABELS 5

static float job_values[JOB_ROWS * JOB_FEATURES];
static uint32_t job_classes[JOB_ROWS];

static void fill_job_data(void)
{
	fill_values(job_values, JOB_ROWS, JOB_FEATURES, 17);
	for (size_t r = 0; r < JOB_ROWS; r++)
		job_classes[r] = (uint32_t)(r * r % JOB_LABELS);
	/* Rows without a single value, so that whole mini-batches are blank. */
	for (size_t r = 0; r < JOB_ROWS; r += 2)
		for (size_t k = 0; k < JOB_FEATURES; k++)
			job_values[r * JOB_FEATURES + k] = k % 2 ? -0.0f : 0.0f;
}

struct job {
	double momentum, l2;
	int nesterov;
	uint32_t batch;
	enum lockstep_activation hidden;
};

static void reference_run(const struct job *job, char fingerprint[REFERENCE_HEX])
{
	struct reference_job reference = {.n_sizes = 3,
	                                  .sizes = {JOB_FEATURES, 71, JOB_LABELS},
	                                  .hidden = (enum reference_hidden)job->hidden,
	                                  .slope = 0.01,
	                                  .loss = REFERENCE_SOFTMAX,
	                                  .seed = 1,
	                                  .scale = REFERENCE_NONE,
	                                  .epochs = 3,
	                                  .batch = job->batch,
	                                  .lr = 0.1,
	                                  .momentum = job->momentum,
	                                  .nesterov = job->nesterov,
	                                  .l2 = job->l2,
	                                  .gamma = 0.1};
	struct reference_data data = {.n_rows = JOB_ROWS,
	                              .n_features = JOB_FEATURES,
	                              .n_labels = JOB_LABELS,
	                              .floats = job_values,
	                              .classes = job_classes};
	struct reference_result result;
	reference_train(&reference, &data, &result);
	memcpy(fingerprint, result.fingerprint, REFERENCE_HEX);
	reference_result_free(&result);
}

static void library_run(const struct job *job, const char *isa, uint32_t workers, char fingerprint[REFERENCE_HEX])
{
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_rows train = {.n_rows = JOB_ROWS,
	                              .n_features = JOB_FEATURES,
	                              .n_labels = JOB_LABELS,
	                              .floats = job_values,
	                              .classes = job_classes};
	lockstep_network *network = NULL;
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	shape.hidden = job->hidden;
	options.scale = LOCKSTEP_SCALE_NONE;
	options.epochs = 3;
	options.batch = job->batch;
	options.learning_rate = 0.1;
	options.momentum = job->momentum;
	options.nesterov = job->nesterov;
	options.l2 = job->l2;
	options.isa = isa;
	options.workers = workers;
	options.engine = LOCKSTEP_SERIAL;
	cr_assert_eq(lockstep_network_create(&network, "37-71-5", &shape, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, &train, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_train(network, dataset, &options, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_network_fingerprint(network, fingerprint);
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
}

static void expect_job(const struct job *job)
{
	char expected[REFERENCE_HEX], found[REFERENCE_HEX];
	reference_run(job, expected);
	cr_assert_eq(strlen(expected), 64, "the job diverges");
	for (size_t t = 0; t < n_tables; t++)
		for (uint32_t workers = 1; workers <= (job->batch < 4 ? 1u : 2u); workers++) {
			library_run(job, tables[t]->name, workers, found);
			cr_assert_str_eq(found, expected, "%s, %u workers, momentum %g, l2 %g, batch %u",
			                 tables[t]->name, workers, job->momentum, job->l2, job->batch);
		}
}

Test(zero_skipping, job_on_zeros_and_subnormals_is_the_job_without_skipping)
{
	fill_job_data();
	expect_job(&(struct job){.batch = 1, .hidden = LOCKSTEP_TANH});
	expect_job(&(struct job){.batch = 1, .momentum = 0.9, .hidden = LOCKSTEP_RELU});
	expect_job(&(struct job){.batch = 2, .momentum = 0.9, .nesterov = 1, .hidden = LOCKSTEP_SIGMOID});
	expect_job(&(struct job){.batch = 4, .l2 = 0.01, .hidden = LOCKSTEP_LEAKY_RELU});
	expect_job(&(struct job){.batch = 10, .momentum = 0.5, .l2 = 0.001, .hidden = LOCKSTEP_SIGMOID});
	expect_job(&(struct job){.batch = 33, .momentum = 0.9, .nesterov = 1, .l2 = 0.01, .hidden = LOCKSTEP_TANH});
	/* Many rows a slice: lists of every row group and every tile. */
	expect_job(&(struct job){.batch = 64, .hidden = LOCKSTEP_RELU});
	expect_job(&(struct job){.batch = 70, .momentum = 0.9, .l2 = 0.01, .hidden = LOCKSTEP_SIGMOID});
}

Test(zero_skipping, job_on_zeros_alone_is_the_job_without_skipping)
{
	for (size_t i = 0; i < JOB_ROWS * JOB_FEATURES; i++)
		job_values[i] = i % 3 ? 0.0f : -0.0f;
	expect_job(&(struct job){.batch = 10, .hidden = LOCKSTEP_RELU});
	expect_job(&(struct job){.batch = 10, .momentum = 0.9, .l2 = 0.01, .hidden = LOCKSTEP_TANH});
}
