/* SPDX-License-Identifier: MIT
 *
 * A series in the document: its levels, and what was made of them.
 */
#include "cli/print/json.h"
#include "cli/print/message.h"
#include "lockstep/bench.h"
#include "scale_result.h"

#define POINTS_MAX 256 /* of a curve */

static void write_interval(struct ls_json *json, const char *key, const struct lockstep_scaling_interval *interval)
{
	ls_json_key(json, key);
	ls_json_open(json, '{');
	ls_json_put_real(json, "value", interval->value);
	ls_json_put_real(json, "low", interval->low);
	ls_json_put_real(json, "high", interval->high);
	ls_json_close(json, '}');
}

static void write_summary(struct ls_json *json, const char *key, const struct lockstep_scaling_summary *summary)
{
	const struct lockstep_scaling_interval interval = {summary->median, summary->low, summary->high};
	write_interval(json, key, &interval);
}

/* ---- Levels --------------------------------------------------------------------- */

static void write_phases(const struct lockstep_scaling_level *level, struct ls_json *json)
{
	const struct lockstep_scaling_phases *phases = &level->phases;
	ls_json_key(json, "phases");
	if (!level->has_phases) {
		ls_json_text(json, NULL);
		return;
	}
	ls_json_open(json, '{');
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		ls_json_put_real(json, lockstep_bench_phase_name((enum lockstep_phase)i), phases->mean[i]);
	ls_json_put_real(json, "balance", phases->balance);
	ls_json_put_real(json, "compute_mean", phases->compute_mean);
	ls_json_put_real(json, "compute_max", phases->compute_max);
	ls_json_close(json, '}');
}

static void write_roofline(const struct lockstep_scaling_level *level, struct ls_json *json)
{
	const struct lockstep_scaling_roofline *roofline = &level->roofline;
	ls_json_key(json, "roofline");
	if (!level->has_roofline) {
		ls_json_text(json, NULL);
		return;
	}
	ls_json_open(json, '{');
	ls_json_put_real(json, "flops", roofline->flops);
	ls_json_put_real(json, "bytes", roofline->bytes);
	ls_json_put_real(json, "gflops", roofline->gflops);
	ls_json_put_real(json, "peak_gflops", roofline->peak_gflops);
	ls_json_put_real(json, "gigabytes", roofline->gigabytes);
	ls_json_put_real(json, "peak_gigabytes", roofline->peak_gigabytes);
	ls_json_put_real(json, "kept_bytes", roofline->kept_bytes);
	ls_json_put_real(json, "cache_bytes", roofline->cache_bytes);
	ls_json_close(json, '}');
}

/* The members of a predicted step but its workers. */
static void put_step(const struct lockstep_machine_step *step, struct ls_json *json)
{
	ls_json_put_real(json, "seconds", step->seconds);
	ls_json_put_real(json, "compute", step->compute);
	ls_json_put_real(json, "reduction", step->reduction);
	ls_json_put_real(json, "meeting", step->meeting);
	ls_json_put_boolean(json, "memory_bound", step->is_memory_bound);
}

/* On this machine; NULL: there is no such prediction. */
static const struct lockstep_machine_step *find_step(const struct ls_scale_result *result, size_t series, size_t level)
{
	for (size_t i = 0; i < result->n_predictions; i++) {
		const struct ls_scale_prediction *prediction = &result->predictions[i];
		if (!prediction->topology && prediction->series == series && level < prediction->n)
			return prediction->steps[level].workers ? &prediction->steps[level] : NULL;
	}
	return NULL;
}

static void write_predicted(const struct lockstep_scaling_level *level, const struct lockstep_machine_step *step,
                            struct ls_json *json)
{
	ls_json_key(json, "predicted");
	if (!step) {
		ls_json_text(json, NULL);
		return;
	}
	ls_json_open(json, '{');
	put_step(step, json);
	ls_json_put_real(json, "error", step->seconds / level->step.median - 1);
	ls_json_close(json, '}');
}

static void write_measured(const struct lockstep_scaling_level *level, struct ls_json *json)
{
	ls_json_put_text(json, "fingerprint", level->fingerprint);
	ls_json_key(json, "cpus");
	ls_json_open(json, '[');
	for (uint32_t i = 0; i < level->workers; i++)
		ls_json_text(json, level->places[i].cpuset);
	ls_json_close(json, ']');
	ls_json_key(json, "seconds");
	ls_json_open(json, '[');
	for (size_t i = 0; i < level->n; i++)
		ls_json_real(json, level->seconds[i]);
	ls_json_close(json, ']');
	write_summary(json, "step", &level->step);
	ls_json_put_boolean(json, "precise", level->is_precise);
	ls_json_put_real(json, "samples_per_second", level->samples_per_second);
	write_summary(json, "ratio", &level->ratio);
	write_interval(json, "speedup", &level->figures.speedup);
	write_interval(json, "efficiency", &level->figures.efficiency);
	write_interval(json, "serial_fraction", &level->figures.serial_fraction);
	write_phases(level, json);
	write_roofline(level, json);
}

static void write_level(const struct lockstep_scaling_level *level, const struct lockstep_machine_step *step,
                        struct ls_json *json)
{
	ls_json_open(json, '{');
	ls_json_put_integer(json, "workers", level->workers);
	ls_json_put_integer(json, "batch", level->batch);
	ls_json_put_integer(json, "slices", level->slices);
	ls_json_put_text(json, "excluded", level->excluded);
	if (!level->excluded) {
		ls_json_put_integer(json, "measured_in", level->measured_in);
		write_measured(level, json);
		write_predicted(level, step, json);
	}
	ls_json_close(json, '}');
}

/* ---- Curves --------------------------------------------------------------------- */

static void write_parameters(const struct lockstep_scaling_curve *curve, struct ls_json *json)
{
	ls_json_key(json, "parameters");
	ls_json_open(json, '[');
	for (size_t i = 0; i < curve->n_parameters; i++) {
		const struct lockstep_scaling_parameter *parameter = &curve->parameters[i];
		ls_json_open(json, '{');
		ls_json_put_text(json, "name", lockstep_scaling_parameter_name(curve->model, i));
		ls_json_put_real(json, "value", parameter->value);
		ls_json_put_real(json, "standard_error", parameter->standard_error);
		ls_json_put_real(json, "low", parameter->low);
		ls_json_put_real(json, "high", parameter->high);
		ls_json_put_boolean(json, "at_bound", parameter->is_at_bound);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
}

/* Twice the largest level that was measured. */
static uint64_t points_end(const struct lockstep_scaling_series *series)
{
	uint64_t largest = 1;
	for (size_t i = 0; i < series->n; i++)
		if (!series->levels[i].excluded && series->levels[i].workers > largest)
			largest = series->levels[i].workers;
	return 2 * largest;
}

static int write_points(const struct lockstep_scaling_series *series, const struct lockstep_scaling_curve *curve,
                        struct ls_json *json)
{
	uint64_t end = points_end(series), n = end < POINTS_MAX ? end : POINTS_MAX;
	ls_json_key(json, "points");
	ls_json_open(json, '[');
	for (uint64_t i = 0; i < n; i++) {
		struct lockstep_scaling_interval at;
		lockstep_error error;
		uint64_t workers = 1 + i * (end - 1) / (n - 1);
		if (lockstep_scaling_predict(curve, (double)workers, &at, &error))
			return ls_message_error(LS_SCALE_COMMAND, &error);
		ls_json_open(json, '{');
		ls_json_put_integer(json, "workers", workers);
		ls_json_put_real(json, "value", at.value);
		ls_json_put_real(json, "low", at.low);
		ls_json_put_real(json, "high", at.high);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
	return LS_EXIT_DONE;
}

static int write_curve(const struct lockstep_scaling_series *series, const struct lockstep_scaling_curve *curve,
                       struct ls_json *json)
{
	static const char *const models[LOCKSTEP_N_SCALING_MODELS] = {"amdahl", "gustafson", "usl"};
	ls_json_open(json, '{');
	ls_json_put_text(json, "model", models[curve->model]);
	write_parameters(curve, json);
	ls_json_put_real(json, "residual_error", curve->residual_error);
	ls_json_put_real(json, "r_squared", curve->r_squared);
	ls_json_put_integer(json, "degrees_of_freedom", curve->degrees_of_freedom);
	ls_json_put_real(json, "peak", curve->peak);
	int status = write_points(series, curve, json);
	ls_json_close(json, '}');
	return status;
}

/* ---- The rest ------------------------------------------------------------------- */

static void write_limit(const struct lockstep_scaling_limit *limit, struct ls_json *json)
{
	ls_json_key(json, "limit");
	ls_json_open(json, '{');
	ls_json_put_text(json, "obstacle", lockstep_scaling_obstacle_name(limit->obstacle));
	ls_json_put_text(json, "end", lockstep_scaling_end_name(limit->end));
	ls_json_put_real(json, "lost", limit->lost);
	ls_json_put_real(json, "share", limit->share);
	ls_json_put_text(json, "text", limit->text);
	ls_json_close(json, '}');
}

static void write_shards(const struct lockstep_machine_model *model, struct ls_json *json)
{
	ls_json_key(json, "shards");
	ls_json_open(json, '[');
	for (size_t i = 0; i < model->n_shards; i++) {
		const struct lockstep_machine_shard *shard = &model->shards[i];
		ls_json_open(json, '{');
		ls_json_put_integer(json, "rows", shard->rows);
		ls_json_put_integer(json, "slices", shard->slices);
		ls_json_put_real(json, "gather", shard->gather);
		ls_json_put_real(json, "forward", shard->forward);
		ls_json_put_real(json, "backward", shard->backward);
		ls_json_put_real(json, "gradient", shard->gradient);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
}

static void write_model(const struct lockstep_machine_model *model, struct ls_json *json)
{
	ls_json_key(json, "model");
	if (!model) {
		ls_json_text(json, NULL);
		return;
	}
	ls_json_open(json, '{');
	ls_json_put_integer(json, "batch", model->batch);
	ls_json_put_integer(json, "slices", model->slices);
	write_shards(model, json);
	ls_json_put_real(json, "parameter_bytes", model->parameter_bytes);
	ls_json_put_real(json, "read_bytes", model->read_bytes);
	ls_json_put_real(json, "update_bytes", model->update_bytes);
	ls_json_put_real(json, "row_bytes", model->row_bytes);
	ls_json_put_real(json, "ring_bytes", model->ring_bytes);
	ls_json_put_integer(json, "n_blocks", model->n_blocks);
	ls_json_put_real(json, "update", model->update);
	ls_json_put_real(json, "sum", model->sum);
	ls_json_put_real(json, "core_gigabytes", model->core_gigabytes);
	ls_json_put_real(json, "node_gigabytes", model->node_gigabytes);
	ls_json_put_real(json, "barrier_2", model->barrier_2);
	ls_json_put_real(json, "barrier_all", model->barrier_all);
	ls_json_put_integer(json, "n_all", model->n_all);
	ls_json_put_real(json, "handover", model->handover);
	ls_json_put_real(json, "line", model->line);
	ls_json_put_real(json, "cache_bytes", model->cache_bytes);
	ls_json_put_real(json, "far_cache", model->far_cache);
	ls_json_put_real(json, "far_node", model->far_node);
	ls_json_put_real(json, "far_package", model->far_package);
	ls_json_close(json, '}');
}

static void write_prediction(const struct ls_scale_prediction *prediction, struct ls_json *json)
{
	ls_json_open(json, '{');
	ls_json_put_text(json, "topology", prediction->topology);
	ls_json_key(json, "steps");
	ls_json_open(json, '[');
	for (size_t i = 0; i < prediction->n; i++) {
		ls_json_open(json, '{');
		ls_json_put_integer(json, "workers", prediction->steps[i].workers);
		put_step(&prediction->steps[i], json);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
	write_model(prediction->model, json);
	ls_json_close(json, '}');
}

/* Of other machines; those of this one are the levels'. */
static void write_predictions(const struct ls_scale_result *result, size_t series, struct ls_json *json)
{
	ls_json_key(json, "predictions");
	ls_json_open(json, '[');
	for (size_t i = 0; i < result->n_predictions; i++)
		if (result->predictions[i].topology && result->predictions[i].series == series)
			write_prediction(&result->predictions[i], json);
	ls_json_close(json, ']');
}

static void write_setting(const struct lockstep_scaling_series *series, struct ls_json *json)
{
	const struct lockstep_scaling_setting *setting = &series->setting;
	ls_json_put_text(json, "bind", setting->bind);
	ls_json_put_text(json, "engine", lockstep_engine_name(setting->engine));
	ls_json_put_text(json, "split", lockstep_split_name(setting->split));
	ls_json_put_integer(json, "batch", setting->batch);
	ls_json_put_integer(json, "slices", series->n ? series->levels[0].slices : setting->slices);
	ls_json_put_integer(json, "warmup_steps", series->warmup_steps);
	ls_json_put_integer(json, "steps", series->steps);
}

int ls_scale_write_series(const struct ls_scale_result *result, size_t i_series, struct ls_json *json)
{
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	int status = LS_EXIT_DONE;
	ls_json_open(json, '{');
	write_setting(series, json);
	ls_json_put_integer(json, "baseline", series->n ? series->levels[0].workers : 0);
	ls_json_key(json, "levels");
	ls_json_open(json, '[');
	for (size_t i = 0; i < series->n; i++)
		write_level(&series->levels[i], find_step(result, i_series, i), json);
	ls_json_close(json, ']');
	ls_json_key(json, "curves");
	ls_json_open(json, '[');
	for (size_t i = 0; !status && i < series->n_curves; i++)
		status = write_curve(series, &series->curves[i], json);
	ls_json_close(json, ']');
	ls_json_put_text(json, "refusal", series->refusal);
	write_limit(&series->limit, json);
	write_predictions(result, i_series, json);
	ls_json_close(json, '}');
	return status;
}
