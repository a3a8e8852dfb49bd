/* SPDX-License-Identifier: MIT
 *
 * Evaluation: workers take chunks one after the other, totals are combined by the
 * tree afterwards. Without dropout, on the columns that hold data.
 *
 * It runs between epochs, on the whole team and at the kernels' full speed, beside
 * what one thread alone has to do then. Beside the steps of the next epoch, on a copy
 * of the weights, it would take the same time from them; and its metrics decide
 * whether there is a next epoch.
 */
#include "evaluate.h"

#include <stdatomic.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"

/* Rows go forward so many at a time; more where every panel of weights comes from far
 * away. Whole chunks take 1.07 times as long with 784-128-10, and 0.95 of the time with
 * 784-2048-2048-10, where they were three quarters of the memory of a worker. */
#define SEAT_ROWS 64
#define SEAT_ROWS_FAR 128

/* What one worker needs. */
struct seat {
	struct ls_shard *shard;
	struct ls_zeros *zeros; /* of the rows' inputs */
	struct ls_used_columns columns;
	uint32_t rows[SEAT_ROWS_FAR];
};

struct ls_evaluator {
	const struct ls_packed *packed;
	const struct lockstep_network_options *options;
	uint32_t n_workers;
	struct seat *seats;      /* [n_workers] */
	struct ls_chunk *chunks; /* [max_rows / LS_CHUNK_ROWS, rounded up] */

	struct ls_evaluation running;
	size_t n_chunks;
	_Atomic uint32_t next_chunk;
};

static size_t chunk_count(size_t n_rows)
{
	return (n_rows + LS_CHUNK_ROWS - 1) / LS_CHUNK_ROWS;
}

/* ---- Seats ----------------------------------------------------------- */

static size_t seat_rows(const struct ls_packed *packed)
{
	for (size_t i = 0; i < packed->n_layers; i++)
		if (packed->layers[i].far)
			return SEAT_ROWS_FAR;
	return SEAT_ROWS;
}

static lockstep_status seat_init(struct seat *seat, const struct ls_packed *packed, lockstep_error *error)
{
	struct ls_zeros_shape zeros = {.arith = packed->arith,
	                               .max_rows = seat_rows(packed),
	                               .max_columns = packed->layers[0].panels.n_k,
	                               .n_outputs = packed->layers[0].panels.n_out,
	                               .wanted = LS_ZEROS_FOR_PRODUCT};
	lockstep_status status = ls_shard_create(&seat->shard, packed, zeros.max_rows, 0, 0, error);
	if (!status)
		status = ls_zeros_create(&seat->zeros, &zeros, error);
	if (!status && !ls_used_columns_init(&seat->columns, packed->layers[0].panels.n_k))
		status = ls_error_memory(error, "the evaluation");
	return status;
}

static void seat_fini(struct seat *seat)
{
	ls_used_columns_fini(&seat->columns);
	ls_zeros_destroy(seat->zeros);
	ls_shard_destroy(seat->shard);
}

/* What the workers' threads share while each makes its own seat. */
struct making {
	struct ls_evaluator *evaluator;
	uint32_t n_delivered;
	_Atomic int failed;
};

static void make_seat(void *context, uint32_t i_worker, uint32_t n_workers)
{
	struct making *making = context;
	struct ls_evaluator *evaluator = making->evaluator;
	if (i_worker == 0)
		making->n_delivered = n_workers;
	if (i_worker < evaluator->n_workers && seat_init(&evaluator->seats[i_worker], evaluator->packed, NULL))
		atomic_store_explicit(&making->failed, 1, memory_order_relaxed);
}

/* The caller makes the seats of workers whom the team does not deliver now. */
static lockstep_status make_seats(struct ls_evaluator *evaluator, struct ls_team *team, lockstep_error *error)
{
	struct making making = {.evaluator = evaluator};
	lockstep_status status = team ? ls_team_run(team, make_seat, &making, error) : LOCKSTEP_OK;
	if (!status && making.failed)
		status = ls_error_memory(error, "the evaluation");
	for (uint32_t i = making.n_delivered; !status && i < evaluator->n_workers; i++)
		status = seat_init(&evaluator->seats[i], evaluator->packed, error);
	return status;
}

/* ---- The evaluator --------------------------------------------------- */

lockstep_status ls_evaluator_create(struct ls_evaluator **out, const struct ls_packed *packed,
                                    const struct lockstep_network_options *options, size_t max_rows,
                                    struct ls_team *team, lockstep_error *error)
{
	struct ls_evaluator *evaluator = ls_memory_allocate(1, sizeof *evaluator);
	if (!evaluator)
		return ls_error_memory(error, "the evaluation");

	uint32_t n_workers = team ? ls_team_size(team) : 1;
	*evaluator = (struct ls_evaluator){.packed = packed, .options = options, .n_workers = n_workers};
	evaluator->seats = ls_memory_allocate(n_workers, sizeof *evaluator->seats);
	evaluator->chunks = ls_memory_allocate(chunk_count(max_rows), sizeof *evaluator->chunks);
	lockstep_status status = evaluator->seats && evaluator->chunks ? make_seats(evaluator, team, error)
	                                                               : ls_error_memory(error, "the evaluation");
	if (status) {
		ls_evaluator_destroy(evaluator);
		return status;
	}
	*out = evaluator;
	return LOCKSTEP_OK;
}

void ls_evaluator_destroy(struct ls_evaluator *evaluator)
{
	if (!evaluator)
		return;
	for (uint32_t i = 0; evaluator->seats && i < evaluator->n_workers; i++)
		seat_fini(&evaluator->seats[i]);
	ls_memory_free(evaluator->chunks);
	ls_memory_free(evaluator->seats);
	ls_memory_free(evaluator);
}

/* ---- One chunk ------------------------------------------------------- */

static size_t first_largest(size_t n, const float *z)
{
	size_t best = 0;
	for (size_t j = 1; j < n; j++)
		best = z[j] > z[best] ? j : best;
	return best;
}

/* Counts right answers from the pre-activations. */
static void count_right(const struct ls_pass *pass, const float *z, size_t n, size_t ld, struct ls_chunk *chunk)
{
	for (size_t r = 0; r < pass->n_rows; r++, z += ld) {
		size_t row = pass->rows[r];
		if (pass->targets.classes) {
			chunk->n_exact += first_largest(n, z) == pass->targets.classes[row];
			continue;
		}
		size_t right = 0;
		for (size_t j = 0; j < n; j++)
			right += (z[j] > 0) == pass->targets.flags[row * n + j];
		chunk->n_flags += right;
		chunk->n_exact += right == n;
	}
}

/* Forward over rows first .. end - 1 of the running evaluation, a seat's rows at most:
 * its last layer then holds their pre-activations. */
static struct ls_pass forward_rows(const struct ls_evaluator *evaluator, struct seat *seat, size_t first, size_t end)
{
	const struct ls_source *source = evaluator->running.source;
	const uint32_t *rows = evaluator->running.list.rows;
	size_t n_in = evaluator->packed->layers[0].panels.n_k;
	struct ls_pass pass = {
	    .packed = evaluator->packed,
	    .options = evaluator->options,
	    .n_rows = end - first < seat->shard->max_rows ? end - first : seat->shard->max_rows,
	    .rows = seat->rows,
	    .targets = {.rows = seat->rows, .classes = source->table->classes, .flags = source->table->flags},
	};
	for (size_t r = 0; r < pass.n_rows; r++)
		seat->rows[r] = rows ? rows[first + r] : (uint32_t)(first + r);
	ls_source_columns(source, seat->rows, pass.n_rows, &seat->columns);
	pass.columns = seat->columns.n == n_in ? NULL : &seat->columns;
	ls_source_gather(source, (struct ls_row_list){seat->rows, pass.n_rows}, NULL, pass.columns, seat->shard->inputs,
	                 seat->shard->ld_inputs);
	ls_shard_find_zeros(seat->shard, &pass, source->scaling->shift ? NULL : seat->zeros, NULL, 0);
	ls_forward(seat->shard, &pass);
	return pass;
}

static void evaluate_chunk(struct ls_evaluator *evaluator, struct seat *seat, size_t i_chunk)
{
	struct ls_chunk chunk = {0};
	const struct ls_shard_layer *last = &seat->shard->layers[seat->shard->n_layers - 1];
	size_t n_out = evaluator->packed->layers[seat->shard->n_layers - 1].panels.n_out;
	size_t first = i_chunk * LS_CHUNK_ROWS;
	size_t n_rows = evaluator->running.list.n;
	size_t end = n_rows - first < LS_CHUNK_ROWS ? n_rows : first + LS_CHUNK_ROWS;

	while (first < end) {
		struct ls_pass pass = forward_rows(evaluator, seat, first, end);
		count_right(&pass, last->a, n_out, last->ld, &chunk);
		ls_loss(seat->shard, &pass);
		for (size_t r = 0; r < pass.n_rows; r++)
			chunk.loss += (double)seat->shard->losses[r];
		first += pass.n_rows;
	}
	evaluator->chunks[i_chunk] = chunk;
}

/* ---- All chunks ------------------------------------------------------ */

/* Whoever is free takes the next chunk: which it was shows in no total. Relaxed: the
 * counter hands out numbers alone, and a run of the team begins and ends for all. */
static void evaluate_body(void *context, uint32_t i_worker, uint32_t n_workers)
{
	struct ls_evaluator *evaluator = context;
	const struct ls_evaluation *running = &evaluator->running;
	(void)n_workers;

	uint64_t saved = ls_fpcontrol_enter();
	if (i_worker == 0 && running->meanwhile)
		running->meanwhile(running->context);
	for (;;) {
		uint32_t i = atomic_fetch_add_explicit(&evaluator->next_chunk, 1, memory_order_relaxed);
		if (i >= evaluator->n_chunks)
			break;
		evaluate_chunk(evaluator, &evaluator->seats[i_worker], i);
	}
	ls_fpcontrol_leave(saved);
}

static double tree_loss(const struct ls_chunk *chunks, size_t n)
{
	if (n == 1)
		return chunks[0].loss;
	size_t half = 1;
	while (half * 2 < n)
		half *= 2;
	return tree_loss(chunks, half) + tree_loss(chunks + half, n - half);
}

static struct lockstep_metrics summarise(const struct ls_evaluator *evaluator)
{
	struct lockstep_metrics metrics = {.n_rows = evaluator->running.list.n};
	const struct ls_table *table = evaluator->running.source->table;
	for (size_t i = 0; i < evaluator->n_chunks; i++) {
		metrics.n_exact += evaluator->chunks[i].n_exact;
		metrics.n_flags += evaluator->chunks[i].n_flags;
	}
	metrics.loss = tree_loss(evaluator->chunks, evaluator->n_chunks) / (double)metrics.n_rows;
	metrics.accuracy = (double)metrics.n_exact / (double)metrics.n_rows;
	if (table->flags)
		metrics.label_accuracy = (double)metrics.n_flags / ((double)metrics.n_rows * (double)table->n_labels);
	return metrics;
}

lockstep_status ls_evaluator_run(struct ls_evaluator *evaluator, struct ls_team *team,
                                 const struct ls_evaluation *evaluation, struct lockstep_metrics *metrics,
                                 lockstep_error *error)
{
	if (evaluation->list.n == 0) {
		*metrics = (struct lockstep_metrics){0};
		return LOCKSTEP_OK;
	}
	evaluator->running = *evaluation;
	evaluator->n_chunks = chunk_count(evaluation->list.n);
	atomic_store_explicit(&evaluator->next_chunk, 0, memory_order_relaxed);
	if (team) {
		lockstep_status status = ls_team_run(team, evaluate_body, evaluator, error);
		if (status)
			return status;
	} else {
		evaluate_body(evaluator, 0, 1);
	}
	*metrics = summarise(evaluator);
	return LOCKSTEP_OK;
}

void ls_evaluator_predict(struct ls_evaluator *evaluator, const struct ls_source *source, float *probabilities)
{
	struct seat *seat = &evaluator->seats[0];
	const struct ls_shard_layer *last = &seat->shard->layers[seat->shard->n_layers - 1];
	size_t n = evaluator->packed->layers[seat->shard->n_layers - 1].panels.n_out, n_all = source->table->n_rows;

	evaluator->running = (struct ls_evaluation){.source = source, .list = {NULL, n_all}};
	uint64_t saved = ls_fpcontrol_enter();
	for (size_t first = 0, n_rows; first < n_all; first += n_rows) {
		struct ls_pass pass = forward_rows(evaluator, seat, first, n_all);
		n_rows = pass.n_rows;
		ls_outputs(seat->shard, &pass);
		for (size_t r = 0; r < pass.n_rows; r++)
			for (size_t j = 0; j < n; j++)
				*probabilities++ = last->a[r * last->ld + j];
	}
	ls_fpcontrol_leave(saved);
}
