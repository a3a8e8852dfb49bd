/* SPDX-License-Identifier: MIT
 *
 * Texts of layer sizes, "784-30-10". Where the shape is right but large, the
 * allocation is made to fail: it would be as large as was asked for.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "lockstep/network.h"
#include "net/network.h"

#define SIZE_LIMIT 1048576
#define CREATED_MAX 2000 /* parameters that are drawn here */

struct shape {
	size_t n, sizes[LS_LAYERS_MAX + 1];
	uint64_t n_parameters;
};

/* A second reader; 0 when the text is no shape. */
static int parse(struct shape *shape, const char *text)
{
	shape->n = 0;
	shape->n_parameters = 0;
	for (;; text++) {
		uint64_t size = 0;
		if (!isdigit((unsigned char)*text) || shape->n > LS_LAYERS_MAX)
			return 0;
		for (; isdigit((unsigned char)*text); text++)
			size = size > SIZE_LIMIT ? size : size * 10 + (uint64_t)(*text - '0');
		if (size < 1 || size > SIZE_LIMIT)
			return 0;
		shape->n_parameters += shape->n ? size * (shape->sizes[shape->n - 1] + 1) : 0;
		shape->sizes[shape->n++] = (size_t)size;
		if (*text != '-')
			return !*text && shape->n >= 2;
	}
}

static void check_network(const lockstep_network *network, const struct shape *shape)
{
	ls_fuzz_check(lockstep_network_n_layers(network) == shape->n - 1, "a layer less than sizes");
	for (size_t i = 0; i < shape->n; i++)
		ls_fuzz_check(lockstep_network_size(network, i) == shape->sizes[i], "sizes are those of the text");
	ls_fuzz_check(lockstep_network_n_parameters(network) == shape->n_parameters, "parameters are counted");
	for (size_t i = 0; i < shape->n_parameters; i++)
		ls_fuzz_check(isfinite(network->parameters[i]), "parameters are finite");
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_error error = {0};
	struct shape shape;

	options.init = (enum lockstep_init)(ls_fuzz_take_byte(&input) % 3);
	char *text = ls_fuzz_take_text(&input);
	int is_shape = parse(&shape, text), is_large = is_shape && shape.n_parameters > CREATED_MAX;
	ls_memory_fail_at(is_large ? 2 : 0); /* the network, then its parameters */
	lockstep_status status = lockstep_network_create(&network, text, &options, &error);
	ls_memory_fail_at(0);

	ls_fuzz_check(!status == (is_shape && !is_large), "the texts taken are those that are right");
	if (is_large) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_MEMORY && error.status == status && !network,
		              "a shortage of memory is told as one");
		ls_fuzz_check_line(error.message);
	} else if (status) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_ARGUMENT, "a bad text is a bad argument");
		ls_fuzz_check_failure(status, &error, network);
	} else {
		check_network(network, &shape);
	}
	lockstep_network_destroy(network);
	free(text);
	return 0;
}
