/* SPDX-License-Identifier: MIT
 *
 * Section 9: loss and right answers over some rows, without dropout.
 */
#include "reference.h"

#include <stdlib.h>

#define CHUNK 256

double reference_chunk_tree(const double *totals, size_t n)
{
	if (n == 1)
		return totals[0];
	size_t left = 1;
	while (2 * left < n)
		left *= 2;
	return reference_chunk_tree(totals, left) + reference_chunk_tree(totals + left, n - left);
}

static size_t first_largest(const float *z, size_t n)
{
	size_t best = 0;
	for (size_t j = 1; j < n; j++)
		if (z[j] > z[best])
			best = j;
	return best;
}

static void count_right(const struct reference_data *data, uint32_t i_row, const float *z,
                        struct reference_metrics *metrics)
{
	if (data->classes) {
		metrics->n_exact += first_largest(z, data->n_labels) == data->classes[i_row];
		return;
	}
	const uint8_t *flags = &data->flags[(size_t)i_row * data->n_labels];
	size_t right = 0;
	for (size_t j = 0; j < data->n_labels; j++)
		right += (z[j] > 0.0f) == (flags[j] != 0);
	metrics->n_flags += right;
	metrics->n_exact += right == data->n_labels;
}

void reference_evaluate(const struct reference_job *job, const float *parameters, const struct reference_data *data,
                        const struct reference_scaling *scaling, const uint32_t *rows, size_t n_rows,
                        struct reference_metrics *metrics)
{
	size_t n_chunks = (n_rows + CHUNK - 1) / CHUNK;
	double *totals = reference_alloc(n_chunks, sizeof *totals);
	struct reference_row row;
	reference_row_init(&row, job);
	*metrics = (struct reference_metrics){.n_rows = n_rows};
	for (size_t i = 0; i < n_rows; i++) {
		reference_scaling_apply(scaling, data, rows[i], row.input[0]);
		reference_forward(job, parameters, rows[i], 0, 0, &row);
		reference_row_loss(job, data, rows[i], &row);
		totals[i / CHUNK] = totals[i / CHUNK] + (double)row.loss;
		count_right(data, rows[i], row.z, metrics);
	}
	metrics->loss = reference_chunk_tree(totals, n_chunks) / (double)n_rows;
	reference_row_fini(&row, job);
	free(totals);
}
