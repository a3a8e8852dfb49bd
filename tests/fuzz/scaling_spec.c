/* SPDX-License-Identifier: MIT
 *
 * Specifications of scaling studies.
 */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "lockstep/scaling_spec.h"

static void check_lists(const struct lockstep_scaling_spec *spec)
{
	for (size_t i = 0; i < spec->n_workers; i++)
		ls_fuzz_check(spec->workers[i] > (i ? spec->workers[i - 1] : 0), "numbers of workers rise");
	for (size_t i = 0; i < spec->n_batches; i++)
		ls_fuzz_check(spec->batches[i] >= 1, "mini-batches have rows");
	for (size_t i = 0; i < spec->n_binds; i++)
		ls_fuzz_check(spec->binds[i] && *spec->binds[i], "a placement is a text");
	for (size_t i = 0; i < spec->n_engines; i++)
		ls_fuzz_check((unsigned)spec->engines[i] <= LOCKSTEP_SERIAL, "an engine is one of its list");
	for (size_t i = 0; i < spec->n_splits; i++)
		ls_fuzz_check(spec->splits[i] >= LOCKSTEP_SPLIT_ROWS && spec->splits[i] <= LOCKSTEP_SPLIT_UNITS,
		              "a split is one of its list");
	for (size_t i = 0; i < spec->n_learning_rates; i++)
		ls_fuzz_check(spec->learning_rates[i] > 0 && isfinite(spec->learning_rates[i]), "rates are above 0");
	for (size_t i = 0; i < spec->n_predict; i++)
		ls_fuzz_check(spec->predict[i] && *spec->predict[i], "a machine is a text");
}

static void check_spec(const struct lockstep_scaling_spec *spec)
{
	check_lists(spec);
	ls_fuzz_check(spec->kind >= -1 && spec->kind <= LOCKSTEP_SCALING_WEAK, "a kind is one of its list");
	ls_fuzz_check(spec->target_part >= -1 && spec->target_part < LOCKSTEP_N_TARGET_PARTS, "a part is one");
	ls_fuzz_check(!spec->all_workers || spec->n_workers == 0, "all workers or some");
	ls_fuzz_check(!spec->blocks_max || spec->blocks_min <= spec->blocks_max, "blocks are in order");
	ls_fuzz_check(!(spec->slices & (spec->slices - 1)), "slices are a power of two");
	ls_fuzz_check(isfinite(spec->seconds) && isfinite(spec->target_loss), "numbers are finite");
	for (size_t i = 0; i < spec->n_options; i++) {
		ls_fuzz_check_line(spec->options[i].name);
		ls_fuzz_check(spec->options[i].text != NULL, "an option has a text");
		ls_fuzz_check(spec->options[i].line && spec->options[i].value_line, "and a place");
	}
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct lockstep_scaling_spec *spec = NULL;
	lockstep_error error = {0};
	lockstep_status status = lockstep_scaling_spec_parse(&spec, (const char *)bytes, n, "spec", &error);
	if (status) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_FORMAT, "a bad text is a bad format");
		ls_fuzz_check(strncmp(error.message, "spec:", 5) == 0, "an error names the file");
		ls_fuzz_check_failure(status, &error, spec);
	} else {
		check_spec(spec);
	}
	lockstep_scaling_spec_destroy(spec);
	return 0;
}
