/* SPDX-License-Identifier: MIT
 *
 * The reference trainer against oracles that are not of its making: published
 * known answers, libm in double, cases worked by hand, and finite differences
 * of a network written in double.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden_rows.h"
#include "reference.h"

/* ---- Philox and what is drawn from it --------------------------------- */

static void expect_words(const uint32_t counter[4], const uint32_t key[2], const uint32_t expected[4])
{
	uint32_t words[4];
	reference_philox4x32(counter, key, words);
	cr_assert_arr_eq(words, expected, sizeof words);
}

Test(reference, philox_gives_its_known_answers)
{
	expect_words((const uint32_t[]){0, 0, 0, 0}, (const uint32_t[]){0, 0},
	             (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
	expect_words((const uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	             (const uint32_t[]){0xffffffff, 0xffffffff},
	             (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
	expect_words((const uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	             (const uint32_t[]){0xa4093822, 0x299f31d0},
	             (const uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

Test(reference, philox_counter_is_laid_out_by_purpose)
{
	uint32_t words[4], expected[4];
	reference_philox(0x299f31d0a4093822u, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x0370, 0x7344, words);
	reference_philox4x32((const uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	                     (const uint32_t[]){0xa4093822, 0x299f31d0}, expected);
	cr_assert_arr_eq(words, expected, sizeof words);
}

Test(reference, permutation_is_one)
{
	static uint32_t p[1009];
	static int seen[1009];
	reference_permutation(1, REFERENCE_SHUFFLE, 0, p, 1009);
	for (size_t i = 0; i < 1009; i++) {
		cr_assert_lt(p[i], 1009);
		cr_assert_eq(seen[p[i]]++, 0);
	}
}

Test(reference, permutation_differs_by_epoch_purpose_and_seed)
{
	uint32_t a[64], b[64];
	reference_permutation(1, REFERENCE_SHUFFLE, 0, a, 64);
	reference_permutation(1, REFERENCE_SHUFFLE, 1, b, 64);
	cr_assert_arr_neq(a, b, sizeof a);
	reference_permutation(1, REFERENCE_SPLIT, 0, b, 64);
	cr_assert_arr_neq(a, b, sizeof a);
	reference_permutation(2, REFERENCE_SHUFFLE, 0, b, 64);
	cr_assert_arr_neq(a, b, sizeof a);
	reference_permutation(1, REFERENCE_SHUFFLE, 0, b, 64);
	cr_assert_arr_eq(a, b, sizeof a);
}

static void swap_with(uint32_t *p, size_t i, uint32_t first, uint32_t second)
{
	size_t j = (size_t)(((double)first * 0x1p-64 + (double)second * 0x1p-32) * (double)(i + 1));
	uint32_t old = p[i];
	p[i] = p[j];
	p[j] = old;
}

Test(reference, permutation_of_three_follows_its_draws)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		uint32_t p[3], expected[3] = {0, 1, 2}, words[4];
		reference_permutation(seed, REFERENCE_SHUFFLE, 3, p, 3);
		reference_philox(seed, 1, 0, 3, REFERENCE_SHUFFLE, 0, words);
		swap_with(expected, 2, words[0], words[1]);
		reference_philox(seed, 0, 0, 3, REFERENCE_SHUFFLE, 0, words);
		swap_with(expected, 1, words[2], words[3]);
		cr_assert_arr_eq(p, expected, sizeof p);
	}
}

Test(reference, dropout_draws_its_share)
{
	int n = 0;
	for (uint32_t row = 0; row < 1000; row++)
		for (uint32_t j = 0; j < 10; j++)
			n += reference_dropped(1, 0.25, j, row, 0, 0);
	/* Six standard deviations of 43. */
	cr_assert_lt(abs(n - 2500), 260);
}

/* ---- Functions -------------------------------------------------------- */

static double ulps(float y, double truth)
{
	int exponent = ilogb(truth);
	return fabs((double)y - truth) / ldexp(1.0, (exponent < -126 ? -126 : exponent) - 23);
}

Test(reference, functions_are_close_to_libm)
{
	for (double x = -80.0; x <= 80.0; x += 0x1.01p-8) {
		double f = (double)(float)x;
		cr_assert(ulps(reference_exp((float)x), exp(f)) <= 1.1);
		cr_assert(ulps(reference_sigmoid((float)x), 1.0 / (1.0 + exp(-f))) <= 2.5);
		cr_assert(ulps(reference_softplus((float)x), fmax(f, 0.0) + log1p(exp(-fabs(f)))) <= 2.5);
		cr_assert(ulps(reference_tanh((float)x), tanh(f)) <= 2.5 || f == 0.0);
	}
	for (double x = 0x1p-149; x < 0x1p127; x *= 1.0103)
		cr_assert(ulps(reference_log((float)x), log((double)(float)x)) <= 1.0);
}

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

Test(reference, functions_turn_any_nan_into_the_quiet_one)
{
	uint32_t bits = 0xffc12345;
	float nan;
	memcpy(&nan, &bits, sizeof nan);
	cr_assert_eq(bits_of(reference_exp(nan)), 0x7fc00000);
	cr_assert_eq(bits_of(reference_log(nan)), 0x7fc00000);
	cr_assert_eq(bits_of(reference_log(-1.0f)), 0x7fc00000);
	cr_assert_eq(bits_of(reference_tanh(nan)), 0x7fc00000);
	cr_assert_eq(bits_of(reference_sigmoid(nan)), 0x7fc00000);
	cr_assert_eq(bits_of(reference_softplus(nan)), 0x7fc00000);
}

Test(reference, functions_have_their_limits)
{
	cr_assert_eq(reference_exp(0.0f), 1.0f);
	cr_assert_eq(reference_exp(INFINITY), INFINITY);
	cr_assert_eq(bits_of(reference_exp(-INFINITY)), 0);
	cr_assert_eq(bits_of(reference_log(1.0f)), 0);
	cr_assert_eq(reference_log(-0.0f), -INFINITY);
	cr_assert_eq(reference_log(INFINITY), INFINITY);
	cr_assert_eq(reference_tanh(INFINITY), 1.0f);
	cr_assert_eq(reference_tanh(-20.0f), -1.0f);
	cr_assert_eq(bits_of(reference_tanh(-0.0f)), 0x80000000);
	cr_assert_eq(reference_sigmoid(0.0f), 0.5f);
	cr_assert_eq(reference_sigmoid(INFINITY), 1.0f);
	cr_assert_eq(bits_of(reference_sigmoid(-INFINITY)), 0);
	cr_assert_eq(reference_softplus(INFINITY), INFINITY);
	cr_assert_eq(bits_of(reference_softplus(-INFINITY)), 0);
}

Test(reference, functions_of_double_are_close_to_libm)
{
	for (double x = -700.0; x < 700.0; x += 0.377)
		cr_assert(fabs(reference_exp64(x) / exp(x) - 1.0) <= 5e-16);
	for (double x = 0x1p-1022; x < 0x1p1022; x *= 1.37)
		cr_assert(fabs(reference_log64(x) - log(x)) <= 3e-16 * fabs(log(x)));
	for (double t = 0.0; t <= 1.0; t += 0x1p-10)
		cr_assert(fabs(reference_cospi64(t) - cos(acos(-1.0) * t)) <= 5e-16);
	cr_assert_eq(reference_cospi64(0.0), 1.0);
	cr_assert_eq(reference_cospi64(0.5), 0.0);
	cr_assert_eq(reference_cospi64(1.0), -1.0);
	cr_assert_eq(reference_log64(1.0), 0.0);
}

Test(reference, normal_inverts_the_error_function)
{
	static const double known[][2] = {{0.5, 0.0},
	                                  {0.75, 0.67448975019608174},
	                                  {0.975, 1.9599639845400543},
	                                  {0.001, -3.0902323061678135},
	                                  {1e-9, -5.9978070150076869},
	                                  {0.01, -2.3263478740408412}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		cr_assert(fabs(reference_normal64(known[i][0]) - known[i][1]) <= 2e-15 * fabs(known[i][1]));
	for (double p = 0x1p-33; p < 1.0; p += 0x1.03p-9)
		cr_assert(fabs(0.5 * erfc(-reference_normal64(p) / sqrt(2.0)) / p - 1.0) <= 1e-13);
}

/* ---- Slices, rates, decisions ----------------------------------------- */

Test(reference, default_slices_follow_the_table)
{
	static const size_t table[][2] = {{1, 1},     {3, 1},     {4, 2},      {31, 2},      {32, 4},    {127, 4},
	                                  {128, 8},   {511, 8},   {512, 16},   {1023, 16},   {1024, 32}, {2047, 32},
	                                  {2048, 64}, {4095, 64}, {4096, 128}, {100000, 128}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		cr_assert_eq(reference_default_slices(table[i][0]), table[i][1]);
}

Test(reference, slices_shrink_for_a_short_mini_batch_and_the_first_are_longer)
{
	struct reference_job job = {.batch = 64, .slices = 16};
	cr_assert_eq(reference_slices(&job, 64), 16);
	cr_assert_eq(reference_slices(&job, 16), 16);
	cr_assert_eq(reference_slices(&job, 15), 8);
	cr_assert_eq(reference_slices(&job, 1), 1);
	cr_assert_eq(reference_slice_begin(11, 4, 1), 3);
	cr_assert_eq(reference_slice_begin(11, 4, 2), 6);
	cr_assert_eq(reference_slice_begin(11, 4, 3), 9);
	cr_assert_eq(reference_slice_begin(11, 4, 4), 11);
}

Test(reference, chunks_are_combined_by_the_tree)
{
	/* The tree is (((1 + -2^60) + (2^60 + 1)) + 1): the small ones are swamped. */
	const double totals[5] = {1.0, -0x1p60, 0x1p60, 1.0, 1.0};
	cr_assert_eq(reference_chunk_tree(totals, 5), 1.0);
	cr_assert_eq(reference_chunk_tree(totals + 1, 4), 2.0);
	cr_assert_eq(reference_chunk_tree(totals, 3), 0.0);
	cr_assert_eq(reference_chunk_tree(totals, 1), 1.0);
}

Test(reference, rates_follow_the_schedule)
{
	struct reference_job job = {.lr = 0.5, .epochs = 4, .gamma = 0.5};
	cr_assert_eq(reference_rate(&job, 1000, 10), 0.5f);
	job.schedule = REFERENCE_STEP;
	job.period = 2.0;
	cr_assert_eq(reference_rate(&job, 19, 10), 0.5f);
	cr_assert_eq(reference_rate(&job, 20, 10), 0.25f);
	cr_assert_eq(reference_rate(&job, 40, 10), 0.125f);
	job.schedule = REFERENCE_COSINE;
	job.period = 0.0;
	cr_assert_eq(reference_rate(&job, 0, 10), 0.5f);
	cr_assert_eq(reference_rate(&job, 20, 10), 0.25f);
	cr_assert_eq(reference_rate(&job, 10, 10), (float)(0.25 * (1.0 + sqrt(0.5))));
	cr_assert_eq(reference_rate(&job, 40, 10), 0.5f);
	job.schedule = REFERENCE_EXPONENTIAL;
	cr_assert_eq(reference_rate(&job, 10, 10), 0.25f);
	cr_assert_eq(reference_rate(&job, 5, 10), (float)(0.5 * sqrt(0.5)));
	job.schedule = REFERENCE_CONSTANT;
	job.warmup = 0.45;
	cr_assert_eq(reference_rate(&job, 0, 10), 0.125f);
	cr_assert_eq(reference_rate(&job, 3, 10), 0.5f);
}

Test(reference, split_is_a_partition_in_order)
{
	struct reference_split split;
	int seen[103] = {0};
	reference_split_make(&split, 103, 0.1, 9);
	cr_assert_eq(split.n_validation, 10);
	cr_assert_eq(split.n_train, 93);
	for (size_t i = 0; i < 93; i++)
		seen[split.train[i]]++;
	for (size_t i = 0; i < 10; i++)
		seen[split.validation[i]]++;
	for (size_t i = 0; i < 103; i++)
		cr_assert_eq(seen[i], 1);
	for (size_t i = 1; i < 93; i++)
		cr_assert_lt(split.train[i - 1], split.train[i]);
	reference_split_free(&split);
	reference_split_make(&split, 103, 7.0, 9);
	cr_assert_eq(split.n_validation, 7);
	reference_split_free(&split);
}

/* ---- Scaling ---------------------------------------------------------- */

static void expect_scaled(enum reference_scale scale, const struct reference_data *data, size_t row,
                          const float *expected)
{
	const uint32_t rows[] = {0, 1, 2, 3};
	struct reference_scaling scaling;
	float x[8];
	reference_scaling_fit(&scaling, scale, data, rows, 4);
	reference_scaling_apply(&scaling, data, row, x);
	for (size_t k = 0; k < data->n_features; k++)
		cr_assert_eq(x[k], expected[k], "scale %d, column %zu: %a", (int)scale, k, (double)x[k]);
	reference_scaling_free(&scaling);
}

Test(reference, bytes_are_scaled)
{
	/* Column 0: mean 3, deviation 2; column 1: constant. The fifth row is not fitted. */
	uint8_t bytes[] = {1, 9, 5, 9, 1, 9, 5, 9, 255, 13};
	struct reference_data data = {.n_rows = 5, .n_features = 2, .bytes = bytes};
	expect_scaled(REFERENCE_NONE, &data, 4, (const float[]){255.0f, 13.0f});
	expect_scaled(REFERENCE_UNIT, &data, 4, (const float[]){1.0f, 13.0f / 255.0f});
	expect_scaled(REFERENCE_SCALE_AUTO, &data, 1, (const float[]){5.0f / 255.0f, 9.0f / 255.0f});
	expect_scaled(REFERENCE_STANDARDISE, &data, 1, (const float[]){1.0f, 0.0f});
	expect_scaled(REFERENCE_STANDARDISE, &data, 4, (const float[]){126.0f, 0.0f});
}

Test(reference, floats_are_scaled)
{
	float floats[] = {-1.0f, 0.1f, 3.0f, 0.1f, -1.0f, 0.1f, 3.0f, 0.1f, 7.0f, 0.1f};
	struct reference_data data = {.n_rows = 5, .n_features = 2, .floats = floats};
	expect_scaled(REFERENCE_SCALE_AUTO, &data, 4, (const float[]){7.0f, 0.1f});
	expect_scaled(REFERENCE_UNIT, &data, 4, (const float[]){2.0f, 0.0f});
	expect_scaled(REFERENCE_STANDARDISE, &data, 4, (const float[]){3.0f, 0.0f});
}

/* ---- Cases worked by hand --------------------------------------------- */

Test(reference, parameters_lie_in_file_order)
{
	struct reference_job job = {.n_sizes = 3, .sizes = {3, 2, 4}};
	cr_assert_eq(reference_weight_at(&job, 0, 1, 2), 5);
	cr_assert_eq(reference_bias_at(&job, 0, 1), 7);
	cr_assert_eq(reference_weight_at(&job, 1, 0, 0), 8);
	cr_assert_eq(reference_bias_at(&job, 1, 0), 16);
	cr_assert_eq(reference_n_parameters(&job), 20);
}

Test(reference, softmax_gradient_by_hand)
{
	/* 2-2-2 with relu. x = (1, 2): z = (3, -1), a = (3, 0); the logits are equal, p = 1/2 each, so
	 * d = (-1/2, 1/2) for class 0. Back: c_0 = -1/2 * 1 + 1/2 * 3 = 1; unit 1 is off. */
	float floats[] = {1.0f, 2.0f};
	uint32_t classes[] = {0};
	const float parameters[] = {1, 1, 1, -1, 0, 0, 1, 5, 3, 7, 6, 0};
	const float expected[] = {1, 2, 0, 0, 1, 0, -1.5f, 0, 1.5f, 0, -0.5f, 0.5f};
	struct reference_data data = {1, 2, 2, NULL, floats, classes, NULL};
	struct reference_scaling scaling = {0};
	struct reference_job job = {.n_sizes = 3, .sizes = {2, 2, 2}, .hidden = REFERENCE_RELU, .batch = 1};
	struct reference_batch batch = {&data, &scaling, (const uint32_t[]){0}, 1, 0};
	float gradient[12];
	double loss = reference_gradient(&job, parameters, &batch, gradient);
	for (size_t i = 0; i < 12; i++)
		cr_assert_eq(gradient[i], expected[i], "element %zu is %a", i, (double)gradient[i]);
	cr_assert(fabs(loss - log(2.0)) <= 1e-7);
}

Test(reference, negative_zero_does_not_leave_a_product)
{
	struct reference_job job = {.n_sizes = 2, .sizes = {1, 1}};
	const float parameters[] = {-1.0f, -0.0f};
	struct reference_row row;
	reference_row_init(&row, &job);
	reference_forward(&job, parameters, 0, 0, 0, &row);
	cr_assert_eq(bits_of(row.z[0]), 0);
	reference_row_fini(&row, &job);
}

Test(reference, update_by_hand)
{
	/* One weight, one bias; two rows: g = G / 2, l2 for the weight only. */
	struct reference_job job = {.n_sizes = 2, .sizes = {1, 1}, .momentum = 0.5, .l2 = 0.25};
	float parameters[] = {4, 4}, velocity[] = {2, 2};
	const float gradient[] = {2, 2};
	reference_update(&job, 0.5f, 2, gradient, velocity, parameters);
	cr_assert_eq(velocity[0], 3.0f); /* 0.5 * 2 + (1 + 0.25 * 4) */
	cr_assert_eq(velocity[1], 2.0f);
	cr_assert_eq(parameters[0], 2.5f);
	cr_assert_eq(parameters[1], 3.0f);
	job.nesterov = 1;
	job.l2 = 0.0;
	reference_update(&job, 0.5f, 2, gradient, velocity, parameters);
	cr_assert_eq(velocity[0], 2.5f);
	cr_assert_eq(parameters[0], 2.5f - 0.5f * (0.5f * 2.5f + 1.0f));
	job.momentum = 0.0;
	parameters[1] = 1.0f;
	reference_update(&job, 0.5f, 2, gradient, velocity, parameters);
	cr_assert_eq(parameters[1], 0.5f);
}

/* ---- Properties of whole gradients and jobs --------------------------- */

#define FEATURES 6
#define ROWS 57

static void make_rows(struct reference_data *data)
{
	static float floats[ROWS * FEATURES];
	static uint32_t classes[ROWS];
	golden_rows_fill(ROWS, FEATURES, floats, classes);
	*data = (struct reference_data){ROWS, FEATURES, GOLDEN_ROWS_CLASSES, NULL, floats, classes, NULL};
}

static struct reference_job small_job(void)
{
	return (struct reference_job){.n_sizes = 4,
	                              .sizes = {FEATURES, 7, 5, GOLDEN_ROWS_CLASSES},
	                              .init = REFERENCE_NORMAL,
	                              .seed = 3,
	                              .epochs = 4,
	                              .batch = 8,
	                              .lr = 0.25,
	                              .slope = 0.125};
}

Test(reference, slices_are_combined_by_the_balanced_tree)
{
	struct reference_data data;
	struct reference_scaling scaling = {0};
	struct reference_job job = small_job();
	float parameters[128], whole[128], g[4][128];
	uint32_t rows[11];
	int differs = 0;
	make_rows(&data);
	reference_initialise(&job, parameters);
	reference_permutation(1, REFERENCE_SHUFFLE, 0, rows, 11);
	job.slices = 4;
	struct reference_batch batch = {&data, &scaling, rows, 11, 0};
	reference_gradient(&job, parameters, &batch, whole);
	job.slices = 1;
	for (size_t i = 0; i < 4; i++) {
		batch.rows = rows + reference_slice_begin(11, 4, i);
		batch.n_rows = reference_slice_begin(11, 4, i + 1) - reference_slice_begin(11, 4, i);
		reference_gradient(&job, parameters, &batch, g[i]);
	}
	for (size_t i = 0; i < reference_n_parameters(&job); i++) {
		cr_assert_eq(whole[i], (g[0][i] + g[1][i]) + (g[2][i] + g[3][i]));
		differs += whole[i] != ((g[0][i] + g[1][i]) + g[2][i]) + g[3][i];
	}
	cr_assert_gt(differs, 0);
}

/* The loss of some rows in double, from the formulas and libm. */
static double activation64(const struct reference_job *job, double z)
{
	switch (job->hidden) {
	case REFERENCE_TANH:
		return tanh(z);
	case REFERENCE_RELU:
		return fmax(z, 0.0);
	case REFERENCE_LEAKY_RELU:
		return z < 0.0 ? job->slope * z : z;
	default:
		return 1.0 / (1.0 + exp(-z));
	}
}

static double output_loss64(const struct reference_job *job, const double *z, uint32_t class)
{
	double sum = 0.0;
	for (uint32_t j = 0; j < GOLDEN_ROWS_CLASSES; j++) {
		double p = 1.0 / (1.0 + exp(-z[j]));
		if (job->loss == REFERENCE_SOFTMAX)
			sum += exp(z[j]);
		else if (job->loss == REFERENCE_MULTILABEL)
			sum -= j == class ? log(p) : log1p(-p);
		else
			sum += 0.5 * (p - (j == class)) * (p - (j == class));
	}
	return job->loss == REFERENCE_SOFTMAX ? log(sum) - z[class] : sum;
}

static double loss64(const struct reference_job *job, const struct reference_data *data, const double *parameters,
                     uint32_t n_rows)
{
	double total = 0.0, a[2][8];
	for (uint32_t r = 0; r < n_rows; r++) {
		for (size_t k = 0; k < FEATURES; k++)
			a[0][k] = (double)data->floats[r * FEATURES + k];
		for (size_t l = 0; l < 3; l++)
			for (size_t j = 0; j < job->sizes[l + 1]; j++) {
				double z = parameters[reference_bias_at(job, l, j)];
				for (size_t k = 0; k < job->sizes[l]; k++)
					z += parameters[reference_weight_at(job, l, j, k)] * a[l % 2][k];
				double scale = 1.0 / (1.0 - job->dropout);
				int dropped =
				    l < 2 && job->dropout > 0.0 &&
				    reference_dropped(job->seed, job->dropout, (uint32_t)j, r, 2, (uint32_t)l);
				a[(l + 1) % 2][j] = l == 2 ? z : dropped ? 0.0 : scale * activation64(job, z);
			}
		total += output_loss64(job, a[1], data->classes[r]);
	}
	return total;
}

static void expect_gradient_of_the_loss(const struct reference_job *job)
{
	const uint32_t rows[] = {0, 1, 2, 3, 4};
	const double h = 1e-6;
	struct reference_data data;
	struct reference_scaling scaling = {0};
	struct reference_batch batch = {&data, &scaling, rows, 5, 2};
	float parameters[128], gradient[128];
	double moved[128];
	make_rows(&data);
	reference_initialise(job, parameters);
	double total = reference_gradient(job, parameters, &batch, gradient);
	for (size_t i = 0; i < reference_n_parameters(job); i++)
		moved[i] = (double)parameters[i];
	cr_assert(fabs(total - loss64(job, &data, moved, 5)) <= 1e-5 * total);
	for (size_t i = 0; i < reference_n_parameters(job); i++) {
		moved[i] = (double)parameters[i] + h;
		double up = loss64(job, &data, moved, 5);
		moved[i] = (double)parameters[i] - h;
		double slope = (up - loss64(job, &data, moved, 5)) / (2.0 * h);
		moved[i] = (double)parameters[i];
		cr_assert(fabs(slope - (double)gradient[i]) <= 2e-5 * (1.0 + fabs(slope)),
		          "hidden %d, loss %d, element %zu: %g, not %g", (int)job->hidden, (int)job->loss, i,
		          (double)gradient[i], slope);
	}
}

Test(reference, gradients_agree_with_finite_differences)
{
	struct reference_job job = small_job();
	for (int hidden = REFERENCE_SIGMOID; hidden <= REFERENCE_LEAKY_RELU; hidden++)
		for (int loss = REFERENCE_SOFTMAX; loss <= REFERENCE_QUADRATIC; loss++)
			for (int dropping = 0; dropping < 2; dropping++) {
				job.hidden = (enum reference_hidden)hidden;
				job.loss = (enum reference_loss)loss;
				job.dropout = dropping ? 0.25 : 0.0;
				expect_gradient_of_the_loss(&job);
			}
}

static void train(const struct reference_job *job, struct reference_result *result)
{
	struct reference_data data;
	make_rows(&data);
	reference_train(job, &data, result);
}

Test(reference, leaving_out_zero_terms_changes_no_bit)
{
	struct reference_job job = small_job();
	for (int hidden = REFERENCE_SIGMOID; hidden <= REFERENCE_LEAKY_RELU; hidden++) {
		struct reference_result dense, sparse;
		job.hidden = (enum reference_hidden)hidden;
		job.dropout = hidden == REFERENCE_RELU ? 0.5 : 0.0;
		job.slope = 0.0;
		job.skip_zeros = 0;
		train(&job, &dense);
		job.skip_zeros = 1;
		train(&job, &sparse);
		cr_assert_str_eq(dense.fingerprint, sparse.fingerprint);
		cr_assert_arr_eq(dense.losses, sparse.losses, 4 * sizeof(double));
		reference_result_free(&dense);
		reference_result_free(&sparse);
	}
}

Test(reference, a_job_learns_and_evaluation_says_so)
{
	struct reference_job job = small_job();
	struct reference_result result;
	struct reference_data data;
	struct reference_metrics metrics;
	struct reference_scaling scaling = {0};
	uint32_t rows[ROWS];
	job.epochs = 60;
	train(&job, &result);
	make_rows(&data);
	for (uint32_t i = 0; i < ROWS; i++)
		rows[i] = i;
	reference_evaluate(&job, result.parameters, &data, &scaling, rows, ROWS, &metrics);
	cr_assert(metrics.loss < 0.5 * result.losses[0]);
	cr_assert_gt(metrics.n_exact, ROWS / 2);
	cr_assert_eq(result.n_steps, 60 * 8);
	reference_result_free(&result);
}

Test(reference, early_stopping_keeps_the_best_epoch)
{
	struct reference_job job = small_job();
	struct reference_result result, until_best;
	job.lr = 2.0;
	job.epochs = 200;
	job.validation = 20;
	job.patience = 3;
	train(&job, &result);
	cr_assert_eq(result.n_epochs, result.best_epoch + 3);
	for (uint32_t i = 0; i < result.n_epochs; i++)
		if (i + 1 != result.best_epoch)
			cr_assert(result.validation[i].loss >= result.validation[result.best_epoch - 1].loss);
	job.epochs = result.best_epoch;
	job.patience = 0;
	train(&job, &until_best);
	cr_assert_str_eq(result.fingerprint, until_best.fingerprint);
	reference_result_free(&until_best);
	reference_result_free(&result);
}

Test(reference, drop_last_leaves_out_the_short_mini_batch)
{
	struct reference_job job = small_job();
	cr_assert_eq(reference_steps_per_epoch(&job, ROWS), 8);
	job.drop_last = 1;
	cr_assert_eq(reference_steps_per_epoch(&job, ROWS), 7);
}

Test(reference, divergence_names_its_step_and_has_no_fingerprint)
{
	struct reference_job job = small_job();
	struct reference_result result;
	job.hidden = REFERENCE_RELU;
	job.lr = 1e38;
	train(&job, &result);
	cr_assert_neq(result.diverged_step, 0);
	cr_assert_eq(result.diverged_step, result.n_steps);
	cr_assert_str_empty(result.fingerprint);
	reference_result_free(&result);
}

Test(reference, digests_are_of_the_stated_bytes)
{
	/* SHA-256 of nothing, and of the line with its newline, two values and a class. */
	char hex[REFERENCE_HEX], expected[REFERENCE_HEX];
	float floats[] = {1.0f, -0.0f};
	uint32_t classes[] = {258};
	static const uint8_t tail[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0x80, 2, 1, 0, 0};
	static const char line[] = "lockstep-data-1 f32 1 2 class 300\n";
	struct reference_data data = {1, 2, 300, NULL, floats, classes, NULL};
	reference_fingerprint(NULL, 0, hex);
	cr_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	void *hash = reference_hash_begin();
	reference_hash_add(hash, line, strlen(line));
	reference_hash_add(hash, tail, sizeof tail);
	reference_hash_finish(hash, expected);
	reference_data_digest(&data, hex);
	cr_assert_str_eq(hex, expected);
}
