/* SPDX-License-Identifier: MIT
 *
 * Central differences at steps h, h/2, h/4, ..., extrapolated to h = 0 as
 * polynomials in h^2, stopping at the accuracy asked for: no one step suits
 * both a curved loss and a nearly linear one. Steps shrink first until neither
 * side crosses a kink, where there is no derivative to find.
 */
#include "differences.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"

#define STEP_MAX 0x1p-4  /* by which the unit's pre-activation moves */
#define STEP_MIN 0x1p-20 /* below, rounding exceeds 1e-6 of a usual gradient */
#define LEVELS 10

/* ---- One coordinate --------------------------------------------------- */

/* The largest |input| that the parameter is multiplied by, 1 at least: large
 * inputs need small steps. */
static double input_scale(const struct ls_double_net *net, size_t tensor, size_t i)
{
	size_t l = tensor / 2, n_in = net->sizes[l];
	double largest = 1;
	if (tensor % 2)
		return largest;
	for (size_t row = 0; row < net->n_rows; row++)
		largest = fmax(largest, fabs(net->inputs[l][row * n_in + i % n_in]));
	return largest;
}

/* (loss(w + h) - loss(w - h)) / 2 h, with the 2 h that was really taken */
static double central_quotient(struct ls_double_net *net, size_t tensor, size_t i, double h, int *crossed)
{
	double w = net->parameters[net->tensor_at[tensor] + i], above = w + h, below = w - h;
	double rise = ls_double_net_loss_at(net, tensor, i, above, crossed) -
	              ls_double_net_loss_at(net, tensor, i, below, crossed);
	return rise / (above - below);
}

/* Fills row m of the extrapolation table from quotient row[0] and the row
 * before; lowers *error and sets *best where an entry agrees better with its
 * two neighbours. */
static void extrapolate(const double *before, double *row, int m, double *best, double *error)
{
	double power = 1;
	for (int q = 1; q <= m; q++) {
		power *= 4;
		row[q] = row[q - 1] + (row[q - 1] - before[q - 1]) / (power - 1);
		double disagreement = fmax(fabs(row[q] - row[q - 1]), fabs(row[q] - before[q - 1]));
		if (disagreement < *error) {
			*error = disagreement;
			*best = row[q];
		}
	}
}

int ls_difference(struct ls_double_net *net, size_t tensor, size_t i, double accuracy, double *derivative)
{
	double table[2][LEVELS], scale = input_scale(net, tensor, i), h = STEP_MAX;
	int crossed = 1;
	for (; h >= STEP_MIN && crossed; h /= 4) {
		crossed = 0;
		table[0][0] = central_quotient(net, tensor, i, h / scale, &crossed);
	}
	if (crossed)
		return 0;
	h *= 4;

	double best = table[0][0], error = INFINITY;
	for (int m = 1; m < LEVELS && !(error <= accuracy); m++) {
		h /= 2;
		table[m % 2][0] = central_quotient(net, tensor, i, h / scale, &crossed);
		extrapolate(table[(m - 1) % 2], table[m % 2], m, &best, &error);
	}
	if (crossed)
		return 0;
	*derivative = best;
	return 1;
}

/* ---- One tensor ------------------------------------------------------- */

struct comparison {
	struct ls_double_net *net;
	size_t tensor;
	unsigned char *visited; /* [elements] */
	struct lockstep_gradcheck_layer *layer;
};

static size_t wanted_samples(size_t n, size_t samples)
{
	return n > LS_DIFFERENCES_ALL_BELOW && samples < n ? samples : n;
}

static void compare_at(struct comparison *c, size_t i)
{
	double gradient = c->net->gradient[c->net->tensor_at[c->tensor] + i], derivative;
	struct lockstep_gradcheck_layer *layer = c->layer;

	c->visited[i] = 1;
	if (!ls_difference(c->net, c->tensor, i, 1e-8 * layer->gradient_max, &derivative)) {
		layer->n_replaced++;
		return;
	}
	double difference = fabs(derivative - gradient);
	double error = gradient == derivative ? 0 : difference / layer->gradient_max;
	layer->n_sampled++;
	layer->difference_error = isnan(error) ? INFINITY : fmax(layer->difference_error, error);
}

/* The unvisited element with the largest |gradient|; n when all are visited. */
static size_t steepest(const struct comparison *c)
{
	size_t n = c->net->tensor_n[c->tensor], found = n;
	const double *gradient = c->net->gradient + c->net->tensor_at[c->tensor];
	for (size_t i = 0; i < n; i++)
		if (!c->visited[i] && (found == n || fabs(gradient[i]) > fabs(gradient[found])))
			found = i;
	return found;
}

static size_t common_divisor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Steps of the golden section around n elements meet each once, and any run of
 * them is spread evenly. */
static size_t golden_stride(size_t n)
{
	size_t stride = (size_t)((double)n * 0.6180339887498949);
	while (stride < 2 || common_divisor(n, stride) != 1)
		stride++;
	return stride;
}

static void compare_sample(struct comparison *c, size_t wanted)
{
	size_t n = c->net->tensor_n[c->tensor];
	for (size_t visits = 0; visits < wanted / 4; visits++)
		compare_at(c, steepest(c));

	size_t stride = golden_stride(n), limit = 4 * wanted < n ? 4 * wanted : n;
	for (size_t step = 0, i = 0; step < limit && c->layer->n_sampled < wanted; step++, i = (i + stride) % n)
		if (!c->visited[i])
			compare_at(c, i);
}

lockstep_status ls_differences_compare(struct ls_double_net *net, size_t tensor, size_t samples,
                                       struct lockstep_gradcheck_layer *layer, lockstep_error *error)
{
	size_t n = net->tensor_n[tensor], wanted = wanted_samples(n, samples);
	struct comparison c = {net, tensor, ls_memory_allocate(n, 1), layer};
	if (!c.visited)
		return ls_error_memory(error, "the gradient check's sample");

	layer->n_sampled = layer->n_replaced = 0;
	layer->difference_error = 0;
	if (wanted < n)
		compare_sample(&c, wanted);
	else
		for (size_t i = 0; i < n; i++)
			compare_at(&c, i);
	ls_memory_free(c.visited);
	return LOCKSTEP_OK;
}

int ls_differences_passed(const struct lockstep_gradcheck_layer *layer, size_t samples, double bound)
{
	size_t wanted = wanted_samples(layer->n_parameters, samples);
	return layer->difference_error <= bound && 2 * layer->n_sampled >= wanted;
}
