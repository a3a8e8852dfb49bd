/* SPDX-License-Identifier: MIT
 *
 * Leaving out zeros changes no bit: kernels with the columns in use against all
 * of them, and whole jobs against the reference trainer, which leaves nothing
 * out. Lists of zeros are used where they pay, and the jobs do use them.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"
#include "data/input.h"
#include "lockstep/train.h"
#include "lockstep/version.h"
#include "net/zeros.h"
#include "reference.h"
#include "train/trainer.h"

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
	ls_source_gather(&source, (struct ls_row_list){rows, ROWS}, NULL, &columns, gathered, LD);
	ls_source_gather(&source, (struct ls_row_list){rows, ROWS}, NULL, NULL, dense, LD);
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

/* ---- Lists ----------------------------------------------------------- */

#define LIST_ROWS 80
#define LIST_COLUMNS 93 /* no multiple of a vector or of a tile */
#define LIST_LD 96

static float listed[LIST_ROWS][LIST_LD];
static uint32_t list_numbers[LIST_LD];
static struct ls_zeros *zeros;

/* n of the numbers in n_rows rows are not 0, every second one of them subnormal;
 * the others are zeros of both signs. What lies behind the columns is not 0. */
static void fill_listed(size_t n_rows, size_t n)
{
	size_t n_numbers = n_rows * LIST_COLUMNS;
	for (size_t i = 0; i < n_numbers; i++) {
		size_t at = i * 7 % n_numbers; /* 7 divides none of the sizes here */
		float zero = i % 3 ? -0.0f : 0.0f;
		listed[at / LIST_COLUMNS][at % LIST_COLUMNS] = i >= n ? zero : i % 2 ? -0x1p-149f : 0.5f;
	}
	for (size_t r = 0; r < LIST_ROWS; r++)
		for (size_t k = LIST_COLUMNS; k < LIST_LD; k++)
			listed[r][k] = 1;
}

static void find_zeros(const struct ls_arith *table, size_t n_outputs, uint32_t n_rows, uint32_t n_slices)
{
	uint32_t slices[LIST_ROWS + 1] = {0};
	struct ls_zeros_shape shape = {.arith = table,
	                               .max_rows = LIST_ROWS,
	                               .max_columns = LIST_COLUMNS,
	                               .max_slices = LIST_ROWS,
	                               .n_outputs = n_outputs,
	                               .wanted = LS_ZEROS_FOR_PRODUCT | LS_ZEROS_FOR_GRADIENT};
	for (uint32_t i = 0; i < n_slices; i++)
		slices[i + 1] = ls_slice_rows(n_rows, n_slices, i).end;
	ls_zeros_destroy(zeros);
	cr_assert_eq(ls_zeros_create(&zeros, &shape, NULL), LOCKSTEP_OK);
	for (uint32_t k = 0; k < LIST_COLUMNS; k++)
		list_numbers[k] = 3 * k + 1;
	ls_zeros_find(zeros, &(struct ls_zeros_input){.in = listed[0],
	                                              .ld = LIST_LD,
	                                              .n_rows = n_rows,
	                                              .n_columns = LIST_COLUMNS,
	                                              .columns = n_slices % 2 ? list_numbers : NULL,
	                                              .slices = slices,
	                                              .n_slices = n_slices});
}

static void expect_use(int for_product, int for_gradient)
{
	cr_assert_eq(zeros->for_product, for_product);
	cr_assert_eq(zeros->for_gradient, for_gradient);
	ls_zeros_destroy(zeros);
	zeros = NULL;
}

Test(zero_skipping, lists_are_used_while_half_of_the_numbers_or_more_are_zeros)
{
	static const size_t n[] = {0, 1, 8 * LIST_COLUMNS, 8 * LIST_COLUMNS + 1, 16 * LIST_COLUMNS};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
			fill_listed(16, n[i]);
			find_zeros(tables[t], tables[t]->panel, 16, 2);
			expect_use(i < 3, i < 3);
		}
}

Test(zero_skipping, lists_are_used_from_8_rows_for_products_and_from_8_a_slice_for_gradients)
{
	static const struct {
		uint32_t rows, slices;
		int for_product, for_gradient;
	} cases[] = {{24, 3, 1, 1}, {23, 3, 1, 0}, {16, 2, 1, 1}, {16, 3, 1, 0}, {15, 2, 1, 0},
	             {15, 1, 1, 1}, {8, 1, 1, 1},  {8, 2, 1, 0},  {7, 1, 0, 0},  {1, 1, 0, 0}};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			fill_listed(cases[i].rows, cases[i].rows);
			find_zeros(tables[t], tables[t]->panel, cases[i].rows, cases[i].slices);
			expect_use(cases[i].for_product, cases[i].for_gradient);
		}
}

Test(zero_skipping, lists_are_used_only_with_a_full_panel_of_outputs)
{
	for (size_t t = 0; t < n_tables; t++) {
		fill_listed(24, 100);
		find_zeros(tables[t], tables[t]->panel - 1, 24, 2);
		expect_use(0, 0);
	}
}

static int has_value(struct ls_range down, struct ls_range across)
{
	for (uint32_t r = down.begin; r < down.end; r++)
		for (uint32_t k = across.begin; k < across.end && k < LIST_COLUMNS; k++)
			if (listed[r][k] != 0)
				return 1;
	return 0;
}

static void expect_columns(size_t i_group, uint32_t n_rows, int with_numbers)
{
	struct ls_range group = ls_zeros_group(zeros, n_rows, i_group);
	size_t next = i_group * LIST_COLUMNS, end = next + zeros->n_positions[i_group];
	for (uint32_t k = 0; k < LIST_COLUMNS; k++)
		if (has_value(group, (struct ls_range){k, k + 1})) {
			cr_assert(next < end && zeros->positions[next] == k);
			cr_assert_eq(zeros->index[next++], with_numbers ? list_numbers[k] : k);
		}
	cr_assert_eq(next, end);
}

static void expect_rows(uint32_t i_tile, uint32_t tile, uint32_t i_slice, struct ls_range slice)
{
	const uint32_t *slices = zeros->slices + i_tile * zeros->tile_stride + i_slice;
	uint32_t next = slices[0];
	for (uint32_t r = slice.begin; r < slice.end; r++)
		if (has_value((struct ls_range){r, r + 1}, (struct ls_range){i_tile * tile, (i_tile + 1) * tile}))
			cr_assert(next < slices[1] && zeros->rows[next++] == r);
	cr_assert_eq(next, slices[1]);
}

static void expect_names(const struct ls_arith *table, uint32_t n_rows, uint32_t n_slices)
{
	uint32_t tile = (uint32_t)table->tile;
	fill_listed(n_rows, 3 * n_rows);
	find_zeros(table, table->panel, n_rows, n_slices);
	for (size_t i = 0; i < zeros->n_groups; i++)
		expect_columns(i, n_rows, n_slices % 2);
	for (uint32_t i = 0; i * tile < LIST_COLUMNS; i++)
		for (uint32_t k = 0; k < n_slices; k++)
			expect_rows(i, tile, k, ls_slice_rows(n_rows, n_slices, k));
	expect_use(1, 1);
}

/* Rows are marked in words of 32: groups and slices lie in one or several. */
Test(zero_skipping, lists_name_what_is_neither_zero_nor_negative_zero)
{
	static const struct {
		uint32_t rows, slices;
	} cases[] = {{16, 1}, {23, 2}, {32, 4}, {33, 1}, {64, 8}, {65, 2}, {71, 8}, {79, 1}, {80, 2}};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
			expect_names(tables[t], cases[i].rows, cases[i].slices);
}

/* ---- Whole jobs ------------------------------------------------------ */

/* Four workers that share out units have full panels each, and others full
 * tiles of the columns in use. */
#define JOB_ROWS 71
#define JOB_FEATURES 79
#define JOB_UNITS 263
#define JOB_LABELS 5
#define JOB_LAYERS "79-263-5"

static float job_values[JOB_ROWS * JOB_FEATURES];
static uint32_t job_classes[JOB_ROWS];

static void fill_job_classes(void)
{
	for (size_t r = 0; r < JOB_ROWS; r++)
		job_classes[r] = (uint32_t)(r * r % JOB_LABELS);
}

static void fill_job_data(void)
{
	fill_values(job_values, JOB_ROWS, JOB_FEATURES, 17);
	fill_job_classes();
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
	                                  .sizes = {JOB_FEATURES, JOB_UNITS, JOB_LABELS},
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

/* ---- Ways ------------------------------------------------------------ */

struct way {
	const char *isa;
	enum lockstep_engine engine;
	enum lockstep_split split;
	uint32_t workers;
};

typedef void way_test(const struct job *job, const struct way *way);

static void with_workers(const struct job *job, way_test *test, struct way way)
{
	uint32_t slices = job->batch < 4 ? 1 : job->batch < 32 ? 2 : 4; /* the default rule */
	for (way.workers = 1; way.workers <= slices; way.workers++)
		test(job, &way);
}

/* Calls the test with every instruction set, engine, split and number of workers
 * that the job can have. */
static void with_every_way(const struct job *job, way_test *test)
{
	for (size_t t = 0; t < n_tables; t++) {
		const char *isa = tables[t]->name;
		with_workers(job, test, (struct way){isa, LOCKSTEP_SERIAL, LOCKSTEP_SPLIT_ROWS, 0});
		for (int split = LOCKSTEP_SPLIT_ROWS; split <= LOCKSTEP_SPLIT_UNITS; split++) {
			with_workers(job, test, (struct way){isa, LOCKSTEP_PTHREADS, (enum lockstep_split)split, 0});
			if (lockstep_has_openmp())
				with_workers(job, test,
				             (struct way){isa, LOCKSTEP_OPENMP, (enum lockstep_split)split, 0});
		}
	}
}

static lockstep_network *network;
static lockstep_dataset *dataset;
static lockstep_trainer *trainer;

static void open_job(const struct job *job, const struct way *way)
{
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_rows train = {.n_rows = JOB_ROWS,
	                              .n_features = JOB_FEATURES,
	                              .n_labels = JOB_LABELS,
	                              .floats = job_values,
	                              .classes = job_classes};
	lockstep_error error;
	shape.hidden = job->hidden;
	options.scale = LOCKSTEP_SCALE_NONE;
	options.epochs = 3;
	options.batch = job->batch;
	options.learning_rate = 0.1;
	options.momentum = job->momentum;
	options.nesterov = job->nesterov;
	options.l2 = job->l2;
	options.isa = way->isa;
	options.workers = way->workers;
	options.engine = way->engine;
	options.split = way->split;
	cr_assert_eq(lockstep_network_create(&network, JOB_LAYERS, &shape, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, &train, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_trainer_create(&trainer, network, dataset, &options, &error), LOCKSTEP_OK, "%s",
	             error.message);
}

static void close_job(void)
{
	lockstep_trainer_destroy(trainer);
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
}

#define WAY_FORMAT "%s, %s, %s, %u workers, batch %u"
#define WAY_TEXT(job, way)                                                                                             \
	(way)->isa, lockstep_engine_name((way)->engine), lockstep_split_name((way)->split), (way)->workers, (job)->batch

static char expected[REFERENCE_HEX];

static void expect_same_job(const struct job *job, const struct way *way)
{
	char found[REFERENCE_HEX];
	lockstep_error error;
	open_job(job, way);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_network_fingerprint(network, found);
	cr_assert_str_eq(found, expected, WAY_FORMAT ", momentum %g, l2 %g", WAY_TEXT(job, way), job->momentum,
	                 job->l2);
	close_job();
}

static void expect_job(const struct job *job)
{
	reference_run(job, expected);
	cr_assert_eq(strlen(expected), 64, "the job diverges");
	with_every_way(job, expect_same_job);
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

/* Does every worker use lists in the job's first step, for products and for
 * gradients? */
static int uses_lists;

static void expect_lists(const struct job *job, const struct way *way)
{
	lockstep_error error;
	open_job(job, way);
	cr_assert_eq(lockstep_trainer_step(trainer, 1, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(trainer->n_workers, way->workers);
	for (uint32_t i = 0; i < trainer->n_workers; i++) {
		const struct ls_worker *worker = trainer->workers[i];
		const struct ls_zeros *owned = worker->owned_zeros;
		cr_assert_eq(owned != NULL, way->split == LOCKSTEP_SPLIT_OWNERS && way->workers > 1);
		cr_assert_eq(worker->zeros->for_product, uses_lists, WAY_FORMAT, WAY_TEXT(job, way));
		cr_assert_eq((owned ? owned : worker->zeros)->for_gradient, uses_lists, WAY_FORMAT, WAY_TEXT(job, way));
	}
	close_job();
}

Test(zero_skipping, jobs_use_lists_where_half_or_more_is_zeros)
{
	fill_job_data();
	uses_lists = 1;
	with_every_way(&(struct job){.batch = 64, .hidden = LOCKSTEP_RELU}, expect_lists);
	with_every_way(&(struct job){.batch = 70, .hidden = LOCKSTEP_SIGMOID}, expect_lists);
}

Test(zero_skipping, jobs_use_no_lists_where_nothing_is_zero)
{
	fill_ordinary(job_values, JOB_ROWS * JOB_FEATURES, 18);
	fill_job_classes();
	uses_lists = 0;
	with_every_way(&(struct job){.batch = 64, .hidden = LOCKSTEP_RELU}, expect_lists);
	expect_job(&(struct job){.batch = 64, .hidden = LOCKSTEP_RELU});
}

Test(zero_skipping, job_on_zeros_alone_is_the_job_without_skipping)
{
	for (size_t i = 0; i < JOB_ROWS * JOB_FEATURES; i++)
		job_values[i] = i % 3 ? 0.0f : -0.0f;
	expect_job(&(struct job){.batch = 10, .hidden = LOCKSTEP_RELU});
	expect_job(&(struct job){.batch = 10, .momentum = 0.9, .l2 = 0.01, .hidden = LOCKSTEP_TANH});
}
