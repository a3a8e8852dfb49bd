/* SPDX-License-Identifier: MIT
 *
 * Kernel calls for one panel.
 */
#include "panel.h"

#include <string.h>

struct ls_panel_view ls_panel_view(struct ls_packed *target, const struct ls_worker *worker, size_t i_layer,
                                   size_t i_panel)
{
	struct ls_packed_layer *layer = &target->layers[i_layer];
	struct ls_panel_view view = {.i_layer = i_layer,
	                             .layer = layer,
	                             .i_panel = i_panel,
	                             .panel = ls_panels_get(&layer->panels, i_panel),
	                             .n_k = layer->panels.n_k};
	if (i_layer == 0 && worker->pass.columns) {
		view.n_k = worker->columns.n;
		view.columns = worker->columns.index;
	}
	return view;
}

/* Rows of the panel's weights: those of index, or from `first` on. */
static struct ls_target weight_rows(const struct ls_panel_view *view, const uint32_t *index, size_t first)
{
	size_t at = view->panel.offset + (index ? 0 : first * view->panel.width);
	return (struct ls_target){.weight = view->layer->weight + at,
	                          .velocity = view->layer->weight_velocity ? view->layer->weight_velocity + at : NULL,
	                          .index = index ? index + first : NULL};
}

struct ls_target ls_panel_weights(const struct ls_panel_view *view, size_t first)
{
	return weight_rows(view, view->columns, first);
}

struct ls_target ls_panel_biases(const struct ls_panel_view *view)
{
	float *velocity = view->layer->bias_velocity;
	return (struct ls_target){.weight = view->layer->bias + view->panel.column,
	                          .velocity = velocity ? velocity + view->panel.column : NULL};
}

struct ls_update ls_panel_bias_update(const struct ls_worker *worker)
{
	struct ls_update update = worker->update;
	update.l2 = 0;
	return update;
}

/* What the gradients of weights and biases have in common. */
static struct ls_gradient gradient_over(const struct ls_panel_view *view, const struct ls_panel_rows *rows, float *out)
{
	return (struct ls_gradient){
	    .delta = rows->deltas,
	    .ld_delta = view->panel.width,
	    .width = view->panel.width,
	    .slices = rows->slices,
	    .n_slices = rows->n_slices,
	    .out = out,
	};
}

void ls_panel_pack_inputs(struct ls_worker *worker, const struct ls_panel_view *view, struct ls_range inputs,
                          const struct ls_panel_rows *rows, size_t n_rows)
{
	const struct ls_arith *arith = worker->pass.packed->arith;
	int has_next = view->i_panel + 1 < ls_panels_count(&view->layer->panels);
	if (view->i_panel > 0 && view->panel.width == arith->panel)
		return;
	worker->packed_rows = 0;
	if (!worker->packed || n_rows < LS_PACKED_ROWS_MIN || !has_next)
		return;
	arith->pack(&(struct ls_packing){.n_rows = n_rows,
	                                 .n_columns = inputs.end - inputs.begin,
	                                 .width = view->panel.width,
	                                 .in = rows->in,
	                                 .ld_in = rows->ld_in,
	                                 .out = worker->packed});
	worker->packed_rows = n_rows;
}

int ls_panel_weight_gradient(const struct ls_worker *worker, const struct ls_panel_view *view, struct ls_range inputs,
                             const struct ls_panel_rows *rows, float *out)
{
	const struct ls_arith *arith = worker->pass.packed->arith;
	size_t skipped = inputs.begin - rows->first_input;
	struct ls_gradient gradient = gradient_over(view, rows, out);
	gradient.n_k = inputs.end - inputs.begin;
	gradient.in = rows->in + skipped;
	gradient.ld_in = rows->ld_in;
	gradient.target = ls_panel_weights(view, inputs.begin);
	gradient.update = &worker->update;
	gradient.far = view->layer->far;
	if (worker->packed_rows) {
		gradient.in = worker->packed + skipped * worker->packed_rows;
		gradient.packed_rows = worker->packed_rows;
	}
	if (rows->zeros && rows->zeros->for_gradient && view->panel.width == arith->panel) {
		gradient.rows = rows->zeros->rows;
		gradient.slices =
		    rows->zeros->slices + rows->first_slice + skipped / arith->tile * rows->zeros->tile_stride;
		gradient.tile_stride = rows->zeros->tile_stride;
	}
	return arith->gradient(&gradient);
}

int ls_panel_bias_gradient(const struct ls_worker *worker, const struct ls_panel_view *view,
                           const struct ls_panel_rows *rows, float *out)
{
	static const float one = 1;
	struct ls_update update = ls_panel_bias_update(worker);
	struct ls_gradient gradient = gradient_over(view, rows, out);
	gradient.n_k = 1;
	gradient.in = &one;
	gradient.target = ls_panel_biases(view);
	gradient.update = &update;
	return worker->pass.packed->arith->gradient(&gradient);
}

int ls_panel_update_rest(const struct ls_worker *worker, const struct ls_panel_view *view, uint32_t n_parts,
                         uint32_t i_part)
{
	struct ls_range part = ls_part(worker->n_rest, n_parts, i_part);
	if (view->i_layer > 0 || part.begin == part.end)
		return 0;
	struct ls_reduction reduction = {.n_k = part.end - part.begin,
	                                 .width = view->panel.width,
	                                 .target = weight_rows(view, worker->rest, part.begin),
	                                 .update = &worker->update};
	return worker->pass.packed->arith->reduce(&reduction);
}

void ls_panel_collect_deltas(const struct ls_panel_view *view, const struct ls_shard *shard, size_t n_rows, float *out)
{
	const struct ls_shard_layer *layer = &shard->layers[view->i_layer];
	size_t width = view->panel.width;
	for (size_t r = 0; r < n_rows; r++)
		memcpy(out + r * width, layer->delta + view->panel.column + r * layer->ld, width * sizeof *out);
}
