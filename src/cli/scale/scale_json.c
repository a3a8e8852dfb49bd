/* SPDX-License-Identifier: MIT
 *
 * The document of a scaling study: one object, in which nothing stands that the study does not know. What a number is
 * missing for is null.
 */
#include <stdlib.h>

#include "cli/print/environment_json.h"
#include "cli/print/json.h"
#include "cli/print/message.h"
#include "cli/train/log.h"
#include "lockstep/version.h"
#include "scale_answer.h"
#include "scale_result.h"

#define COMMAND LS_SCALE_COMMAND
#define INTEGER_MAX (UINT64_C(1) << 53) /* of JavaScript's numbers */

static void put_seed(struct ls_json *json, uint64_t seed)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
	if (seed <= INTEGER_MAX)
		ls_json_put_integer(json, "seed", seed);
	else
		ls_json_put_text(json, "seed", digits);
}

/* ---- What was run -------------------------------------------------------------- */

static void write_build(const struct ls_scale_result *result, struct ls_json *json)
{
	ls_json_put_integer(json, "schema", LS_SCALE_SCHEMA);
	ls_json_put_text(json, "kind", "scaling");
	ls_json_put_text(json, "version", lockstep_version());
	ls_json_put_text(json, "commit", lockstep_commit());
	ls_json_put_text(json, "compiler", lockstep_compiler());
	ls_json_put_integer(json, "arithmetic", LOCKSTEP_ARITHMETIC);
	ls_json_put_filled(json, "isa", result->study->isa);
	ls_json_put_filled(json, "name", result->name);
	ls_json_put_filled(json, "command", result->command);
	ls_json_put_filled(json, "created", result->created);
}

static void write_study(const struct ls_scale_result *result, struct ls_json *json)
{
	const struct lockstep_scaling_study *study = result->study;
	const struct lockstep_scaling_study_options *options = result->options;
	int is_weak = study->kind == LOCKSTEP_SCALING_WEAK;
	ls_json_key(json, "study");
	ls_json_open(json, '{');
	ls_json_put_text(json, "type", lockstep_scaling_kind_name(study->kind));
	ls_json_put_text(json, "scaled",
	                 is_weak ? "the rows of a mini-batch grow with the workers, and the slices as they have to"
	                         : "within a series every level has the same mini-batch, slices and steps");
	put_seed(json, options->seed);
	ls_json_put_real(json, "run_seconds", options->run_seconds);
	ls_json_put_integer(json, "blocks_min", options->blocks_min);
	ls_json_put_integer(json, "blocks_max", options->blocks_max);
	ls_json_put_real(json, "precision", options->precision);
	ls_json_put_positive(json, "seconds_limit", options->seconds);
	ls_json_put_integer(json, "blocks", study->n_blocks);
	ls_json_put_text(json, "outcome", lockstep_scaling_outcome_name(study->outcome));
	ls_json_put_real(json, "seconds", study->seconds);
	ls_json_close(json, '}');
}

static int write_job(const struct ls_scale_result *result, struct ls_json *json)
{
	char *text = ls_log_job_text(result->job);
	if (!text)
		return ls_message_failed(COMMAND, "out of memory for the result");
	ls_json_key(json, "job");
	ls_json_value(json, text);
	free(text);
	return LS_EXIT_DONE;
}

static void write_part(const struct ls_scale_result *result, enum lockstep_part part, struct ls_json *json)
{
	char digest[65];
	size_t rows = lockstep_dataset_rows(result->dataset, part);
	ls_json_key(json, part == LOCKSTEP_TRAIN ? "train" : "test");
	if (rows == 0) {
		ls_json_text(json, NULL);
		return;
	}
	lockstep_dataset_digest(result->dataset, part, digest);
	ls_json_open(json, '{');
	ls_json_put_integer(json, "rows", rows);
	ls_json_put_text(json, "digest", digest);
	ls_json_close(json, '}');
}

static void write_data(const struct ls_scale_result *result, struct ls_json *json)
{
	ls_json_key(json, "data");
	ls_json_open(json, '{');
	write_part(result, LOCKSTEP_TRAIN, json);
	write_part(result, LOCKSTEP_TEST, json);
	ls_json_close(json, '}');
}

/* ---- Where --------------------------------------------------------------------- */

static int write_machine(const struct ls_scale_result *result, struct ls_json *json)
{
	struct lockstep_topology_summary machine;
	lockstep_error error;
	const char *xml;
	if (lockstep_topology_xml(result->topology, &xml, &error))
		return ls_message_error(COMMAND, &error);
	lockstep_topology_describe(result->topology, &machine);
	ls_json_key(json, "machine");
	ls_json_open(json, '{');
	ls_json_put_filled(json, "cpu", machine.cpu_model);
	ls_json_put_integer(json, "packages", machine.packages);
	ls_json_put_integer(json, "numa_nodes", machine.numa_nodes);
	ls_json_put_integer(json, "cores", machine.cores);
	ls_json_put_integer(json, "pus", machine.pus);
	ls_json_put_positive(json, "cpu_quota", machine.cpu_quota);
	ls_json_put_text(json, "topology", xml);
	ls_json_close(json, '}');
	return LS_EXIT_DONE;
}

static void write_environment(const struct ls_scale_result *result, struct ls_json *json)
{
	ls_json_key(json, "environment");
	ls_json_open(json, '{');
	ls_json_put_environment(json, "before", &result->before);
	ls_json_put_environment(json, "after", &result->after);
	ls_json_key(json, "warnings");
	ls_json_open(json, '[');
	for (size_t i = 0; i < result->n_warnings; i++)
		ls_json_text(json, result->warnings[i]);
	ls_json_close(json, ']');
	ls_json_close(json, '}');
}

/* ---- Time to a loss ------------------------------------------------------------ */

static int is_best(const struct lockstep_time_to_loss *times, size_t run)
{
	for (size_t i = 0; i < times->n_batches; i++)
		if (times->best[i] == run)
			return 1;
	return 0;
}

static void write_run(const struct lockstep_time_to_loss *times, size_t i, struct ls_json *json)
{
	const struct lockstep_time_to_loss_run *run = &times->runs[i];
	ls_json_open(json, '{');
	ls_json_put_integer(json, "batch", run->batch);
	ls_json_put_integer(json, "slices", run->slices);
	ls_json_put_real(json, "learning_rate", run->learning_rate);
	ls_json_put_boolean(json, "reached", run->is_reached);
	ls_json_put_boolean(json, "diverged", run->is_diverged);
	ls_json_put_boolean(json, "beaten", run->is_beaten);
	ls_json_put_integer(json, "steps", run->steps);
	ls_json_put_real(json, "epochs", run->epochs);
	ls_json_put_real(json, "loss", run->loss);
	ls_json_put_filled(json, "fingerprint", run->fingerprint);
	ls_json_put_boolean(json, "best", is_best(times, i));
	ls_json_close(json, '}');
}

/* What an interruption left out; no member where there is nothing. */
static void write_unfinished(const struct lockstep_time_to_loss *times, struct ls_json *json)
{
	if (times->n_finished == times->n)
		return;
	ls_json_key(json, "not_run");
	ls_json_open(json, '[');
	for (size_t i = times->n_finished; i < times->n; i++) {
		ls_json_open(json, '{');
		ls_json_put_integer(json, "batch", times->runs[i].batch);
		ls_json_put_real(json, "learning_rate", times->runs[i].learning_rate);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
}

/* Other slices than the run's are another computation, which may need other steps. */
static void write_seconds(const struct ls_scale_result *result, const struct lockstep_time_to_loss_run *run,
                          struct ls_json *json)
{
	const struct lockstep_scaling_study *study = result->study;
	for (size_t i = 0; i < study->n; i++)
		for (size_t k = 0; k < study->series[i].n; k++) {
			const struct lockstep_scaling_level *level = &study->series[i].levels[k];
			if (level->excluded || level->batch != run->batch || level->slices != run->slices)
				continue;
			ls_json_open(json, '{');
			ls_json_put_integer(json, "batch", run->batch);
			ls_json_put_integer(json, "series", i);
			ls_json_put_integer(json, "workers", level->workers);
			ls_json_put_real(json, "seconds", (double)run->steps * level->step.median);
			ls_json_close(json, '}');
		}
}

static void write_times(const struct ls_scale_result *result, struct ls_json *json)
{
	const struct lockstep_time_to_loss *times = result->time_to_loss;
	ls_json_open(json, '{');
	ls_json_put_real(json, "target", result->time_to_loss_options->target);
	ls_json_put_text(json, "part", lockstep_target_part_name(result->time_to_loss_options->part));
	ls_json_key(json, "runs");
	ls_json_open(json, '[');
	for (size_t i = 0; i < times->n_finished; i++)
		write_run(times, i, json);
	ls_json_close(json, ']');
	write_unfinished(times, json);
	ls_json_key(json, "seconds");
	ls_json_open(json, '[');
	for (size_t i = 0; i < times->n_batches && result->study->kind == LOCKSTEP_SCALING_STRONG; i++)
		if (times->best[i] < times->n)
			write_seconds(result, &times->runs[times->best[i]], json);
	ls_json_close(json, ']');
	ls_json_close(json, '}');
}

/* ---- The whole ------------------------------------------------------------------ */

static int write_all_series(const struct ls_scale_result *result, struct ls_json *json)
{
	int status = LS_EXIT_DONE;
	ls_json_key(json, "series");
	ls_json_open(json, '[');
	for (size_t i = 0; !status && i < result->study->n; i++)
		status = ls_scale_write_series(result, i, json);
	ls_json_close(json, ']');
	return status;
}

/* Null where nothing was measured. */
static void write_answer(const struct ls_scale_result *result, struct ls_json *json)
{
	struct ls_scale_answer answer;
	ls_scale_answer(result, &answer);
	ls_json_key(json, "answer");
	if (!answer.level) {
		ls_json_text(json, NULL);
		return;
	}
	ls_json_open(json, '{');
	ls_json_put_integer(json, "series", answer.series);
	ls_json_put_integer(json, "workers", answer.level->workers);
	ls_json_put_text(json, "by", answer.by);
	ls_json_put_text(json, "text", answer.text);
	ls_json_close(json, '}');
}

int ls_scale_write_json(const struct ls_scale_result *result, FILE *file)
{
	struct ls_json json = {.file = file};
	ls_json_open(&json, '{');
	write_build(result, &json);
	write_study(result, &json);
	int status = write_job(result, &json);
	write_data(result, &json);
	if (!status)
		status = write_machine(result, &json);
	write_environment(result, &json);
	if (!status)
		status = write_all_series(result, &json);
	ls_json_key(&json, "time_to_loss");
	if (result->time_to_loss)
		write_times(result, &json);
	else
		ls_json_text(&json, NULL);
	write_answer(result, &json);
	ls_json_close(&json, '}');
	putc('\n', file);
	return status;
}
