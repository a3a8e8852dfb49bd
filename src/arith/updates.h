/* SPDX-License-Identifier: MIT
 *
 * What becomes of a summed gradient: its update of the weights, and the reduction
 * of the sums of several workers.
 */
#ifndef LS_ARITH_UPDATES_H
#define LS_ARITH_UPDATES_H

#include "arith.h"
#include "base/ranges.h"
#include "vec.h"

/* The options of an update, spread over vectors once. */
struct update {
	vec scale, minus_rate, momentum, l2;
	int plain; /* neither momentum nor l2, and not store_only */
	int has_momentum, has_l2, nesterov, store_only;
	vec not_finite; /* +-0 as long as every new weight was finite */
};

INLINE struct update update_begin(const struct ls_update *u)
{
	return (struct update){.scale = vec_all(u->scale),
	                       .minus_rate = vec_all(-u->rate),
	                       .momentum = vec_all(u->momentum),
	                       .l2 = vec_all(u->l2),
	                       .plain = u->momentum == 0 && u->l2 == 0 && !u->store_only,
	                       .has_momentum = u->momentum != 0,
	                       .has_l2 = u->l2 != 0,
	                       .nesterov = u->nesterov,
	                       .store_only = u->store_only,
	                       .not_finite = vec_all(0)};
}

/* Zero as long as every w was finite: w - w is 0 for a finite w and NaN else. */
INLINE vec note_finite(vec not_finite, vec w)
{
	return vec_or(not_finite, vec_subtract(w, w));
}

/* (sum + 0) * scale in one operation: what is added to a product that is not 0
 * changes no bit of it, and -0 becomes 0 here as there. */
INLINE vec mean_gradient(const struct update *u, vec sum)
{
	return vec_fma(sum, u->scale, vec_all(0));
}

INLINE vec update_plain(const struct update *u, vec sum, float *weight)
{
	vec w = vec_fma(u->minus_rate, mean_gradient(u, sum), vec_load(weight));
	vec_store(weight, w);
	return w;
}

static void update_vector(struct update *u, vec sum, float *weight, float *velocity)
{
	vec g = mean_gradient(u, sum);
	if (u->store_only) {
		vec_store(weight, g);
		return;
	}
	vec w = vec_load(weight);
	if (u->has_l2)
		g = vec_fma(u->l2, w, g);
	if (u->has_momentum) {
		vec v = vec_fma(u->momentum, vec_load(velocity), g);
		vec_store(velocity, v);
		g = u->nesterov ? vec_fma(u->momentum, v, g) : v;
	}
	w = vec_fma(u->minus_rate, g, w);
	vec_store(weight, w);
	u->not_finite = note_finite(u->not_finite, w);
}

INLINE int update_end(const struct update *u)
{
	float lanes[VEC];
	int found = 0;
	vec_store(lanes, u->not_finite);
	for (int i = 0; i < VEC; i++)
		found |= lanes[i] != 0; /* true for NaN */
	return found;
}

INLINE size_t target_offset(const struct ls_target *target, size_t k, size_t width)
{
	return (target->index ? target->index[k] : k) * width;
}

/* ---- Reduction ------------------------------------------------------- */

INLINE vec tree_sum(const struct ls_reduction *r, size_t at)
{
	vec waiting[LS_SUBTREES_MAX + 1];
	uint32_t top = 0;

	if (r->n_nodes == 2) /* of two workers, mostly */
		return vec_add(vec_load(r->nodes[0] + at), vec_load(r->nodes[1] + at));
	for (uint32_t i = 0; i < r->n_nodes; i++) {
		vec sum = vec_load(r->nodes[i] + at);
		for (uint8_t n = r->n_merges[i]; n > 0; n--)
			sum = vec_add(waiting[--top], sum);
		waiting[top++] = sum;
	}
	return r->n_nodes ? waiting[0] : vec_all(0);
}

static int reduce(const struct ls_reduction *r)
{
	struct update update = update_begin(r->update);
	for (size_t k = 0; k < r->n_k; k++) {
		size_t offset = target_offset(&r->target, k, r->width);
		for (size_t v = 0; v < r->width; v += VEC) {
			vec sum = tree_sum(r, k * r->width + v);
			if (update.plain)
				update.not_finite = note_finite(
				    update.not_finite, update_plain(&update, sum, r->target.weight + offset + v));
			else
				update_vector(&update, sum, r->target.weight + offset + v,
				              r->target.velocity ? r->target.velocity + offset + v : NULL);
		}
	}
	return update_end(&update);
}

#endif
