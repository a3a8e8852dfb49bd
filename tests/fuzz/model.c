/* SPDX-License-Identifier: MIT
 *
 * Model files whose digest is right, and their fingerprint where the input has
 * a row of F in its place. A network that loads is saved, loaded and saved
 * again, and predicts a row.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "container.h"
#include "lockstep/network.h"
#include "net/network.h"

#define PREDICTED_MAX 4096 /* parameters of a network that predicts here */

static const char no_fingerprint[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";

/* Parameters of the shape that the header's text "layers" names, at most `max`. */
static size_t count_parameters(const char *header, size_t max)
{
	const char *at = strstr(header, "\"layers\":\"");
	size_t n = 0, before = 0;

	for (at = at ? at + 10 : ""; *at >= '0' && *at <= '9'; at++) {
		char *end;
		size_t size = strtoul(at, &end, 10);
		if (size > 1048576)
			return max;
		n += before ? size * (before + 1) : 0;
		before = size;
		at = end;
		if (*at != '-')
			break;
	}
	return n < max ? n : max;
}

/* Puts the digest of the parameters in the place that is left for it. */
static void put_fingerprint(uint8_t *file, size_t n)
{
	size_t begin = ls_fuzz_frame_data(file);
	char fingerprint[LS_SHA256_DIGITS + 1];
	char *header = strndup((const char *)file + 8, begin - 8);

	ls_fuzz_check(header != NULL, "a header can be copied");
	char *place = strstr(header, no_fingerprint);
	if (place) {
		ls_sha256(file + begin, 4 * count_parameters(header, (n - begin) / 4), fingerprint);
		memcpy(file + 8 + (place - header), fingerprint, LS_SHA256_DIGITS);
	}
	free(header);
}

/* ---- What a network promises ---------------------------------------------- */

static void check_network(const lockstep_network *network)
{
	size_t n = 0;
	lockstep_error error = {0};
	struct lockstep_network_options options;

	lockstep_network_get_options(network, &options);
	ls_fuzz_check(!ls_network_check_options(&options, &error), "options are in their ranges");
	for (size_t i = 0; i < lockstep_network_n_layers(network); i++)
		n += lockstep_network_size(network, i + 1) * (lockstep_network_size(network, i) + 1);
	ls_fuzz_check(n == lockstep_network_n_parameters(network), "parameters are those of the sizes");
	for (size_t i = 0; i < n; i++)
		ls_fuzz_check(isfinite(network->parameters[i]), "parameters are finite");
	for (size_t i = 0; network->scaling.shift && i < network->scaling.n; i++)
		ls_fuzz_check(isfinite(network->scaling.shift[i]) && isfinite(network->scaling.scale[i]),
		              "the input scaling is finite");
	if (lockstep_network_job(network))
		ls_fuzz_check_plain(lockstep_network_job(network));
}

static void check_prediction(const lockstep_network *network)
{
	size_t n_in = lockstep_network_size(network, 0);
	size_t n_out = lockstep_network_size(network, lockstep_network_n_layers(network));
	float inputs[PREDICTED_MAX] = {0}, outputs[PREDICTED_MAX];
	struct lockstep_rows rows = {.n_rows = 1, .n_features = n_in, .floats = inputs};
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {0};

	if (lockstep_network_n_parameters(network) > PREDICTED_MAX)
		return;
	ls_fuzz_check(!lockstep_dataset_from_rows(&dataset, &rows, NULL, &error), "a row makes a data set");
	lockstep_status status = lockstep_network_predict(network, dataset, LOCKSTEP_TRAIN, NULL, outputs, &error);
	if (status)
		ls_fuzz_check_failure(status, &error, NULL);
	for (size_t i = 0; !status && i < n_out; i++)
		ls_fuzz_check(!(outputs[i] < 0 || outputs[i] > 1), "outputs are probabilities, or no numbers");
	lockstep_dataset_destroy(dataset);
}

static uint8_t *save(const lockstep_network *network, char path[LS_FUZZ_PATH], size_t *n)
{
	lockstep_error error = {0};
	ls_fuzz_path(path, "again.safetensors");
	ls_fuzz_check(!lockstep_network_save(network, path, &error), "a network that was loaded can be saved");
	return ls_fuzz_read(path, n);
}

/* A file that we saved is a fixed point of loading and saving. */
static void check_again(const lockstep_network *network)
{
	char path[LS_FUZZ_PATH], before[65], after[65];
	lockstep_network *again = NULL;
	lockstep_error error = {0};
	size_t n_first, n_second;

	uint8_t *first = save(network, path, &n_first);
	ls_fuzz_check(!lockstep_network_load(&again, path, &error), "what was saved can be loaded");
	lockstep_network_fingerprint(network, before);
	lockstep_network_fingerprint(again, after);
	ls_fuzz_check(!strcmp(before, after), "the fingerprint is as before");
	uint8_t *second = save(again, path, &n_second);
	ls_fuzz_check(n_first == n_second && !memcmp(first, second, n_first), "a saved file is saved as it is");
	free(second);
	free(first);
	lockstep_network_destroy(again);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	size_t n_file;
	lockstep_network *network = NULL;
	lockstep_error error = {0};

	uint8_t *file = ls_fuzz_frame((struct ls_fuzz_input){bytes, bytes + n}, &n_file);
	put_fingerprint(file, n_file);
	ls_fuzz_sign(file, n_file);
	ls_fuzz_path(path, "file.safetensors");
	ls_fuzz_write(path, file, n_file);
	free(file);

	lockstep_status status = lockstep_network_load(&network, path, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, network);
		return 0;
	}
	check_network(network);
	check_prediction(network);
	check_again(network);
	lockstep_network_destroy(network);
	return 0;
}
