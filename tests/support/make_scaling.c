/* SPDX-License-Identifier: MIT
 *
 * A scaling study that nobody measured, as the command's writers are given one: for the tests of its
 * documents. Times follow a formula with a little noise, the same ones on every machine; what is made of them is
 * lockstep/scaling.h's.
 *
 *	make_scaling strong|weak|weak-batches|minimal|uneven|words|hostile json|csv|extrap
 *	make_scaling strong|weak|weak-batches|minimal|uneven|words|hostile DATABASE    adds it there, under that name
 *	make_scaling add DATABASE NAME <DOCUMENT
 *
 * strong has two series of eight levels, two more that were excluded, predictions and times to a loss; weak-batches
 * two weak ones of one way, with a mini-batch each; minimal one level and five blocks, so no interval, no phases and
 * no roofs; words has texts of all kinds; hostile those, and
 * numbers that a document has no digits for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scale/scale_result.h"
#include "lockstep/scaling_store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SERIES = 2, LEVELS = 10, BLOCKS = 12, WORKERS = 32, STEPS = 8 };

struct made {
	struct ls_job_options job;
	struct lockstep_scaling_study_options options;
	struct lockstep_scaling_setting settings[SERIES];
	struct lockstep_scaling_study study;
	struct lockstep_scaling_series series[SERIES];
	struct lockstep_scaling_level levels[SERIES][LEVELS];
	double seconds[SERIES][LEVELS][BLOCKS];
	struct lockstep_place places[WORKERS];
	struct lockstep_machine_shard shards[2];
	struct lockstep_machine_model model;
	struct lockstep_machine_step steps[2][LEVELS];
	struct ls_scale_prediction predictions[2];
	struct lockstep_time_to_loss_options target;
	struct lockstep_time_to_loss_run runs[4];
	size_t best[2];
	struct lockstep_time_to_loss times;
	struct ls_scale_result result;
	uint32_t noise;
};

/* ---- Measurements ----------------------------------------------------------------- */

/* 0.99 .. 1.01 */
static double next_noise(struct made *made)
{
	made->noise = made->noise * 1664525u + 1013904223u;
	return 0.99 + 0.02 * (made->noise >> 8) / 0x1p24;
}

/* Of a step: work that is divided, work that is not, and what every worker costs. */
static double step_seconds(uint32_t workers, uint32_t batch, int series)
{
	return 1e-6 * batch / workers + 4e-6 + (series + 1) * 4e-7 * (workers - 1);
}

static lockstep_status judge(struct made *made, int i, int k, lockstep_error *error)
{
	struct lockstep_scaling_level *level = &made->levels[i][k];
	const struct lockstep_scaling_level *base = &made->levels[i][0];
	int is_weak = made->study.kind == LOCKSTEP_SCALING_WEAK;
	lockstep_status status = lockstep_scaling_summarise(level->seconds, level->n, &level->step, error);
	if (!status)
		status = lockstep_scaling_compare(base->seconds, level->seconds, level->n, &level->ratio, error);
	if (!status)
		status = (is_weak ? lockstep_scaling_weak : lockstep_scaling_strong)(
		    &level->ratio, base->workers, level->workers, &level->figures, error);
	if (status)
		return status;
	level->is_precise = lockstep_scaling_is_within(&level->step, made->options.precision);
	level->samples_per_second = level->batch / level->step.median;
	return LOCKSTEP_OK;
}

static void divide(struct lockstep_scaling_level *level)
{
	double seconds = level->step.median, peak = 80.0 * level->workers;
	struct lockstep_scaling_phases *phases = &level->phases;
	static const double parts[LOCKSTEP_N_PHASES] = {0.0625, 0.25, 0.1875, 0.25, 0.125, 0.125};
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		phases->mean[i] = parts[i] * seconds;
	phases->compute_mean = 0.875 * seconds;
	phases->compute_max = seconds;
	phases->balance = 0.875;
	level->has_phases = 1;
	level->roofline = (struct lockstep_scaling_roofline){.flops = 143000.0 * level->batch,
	                                                     .bytes = 9000.0 * level->batch,
	                                                     .peak_gflops = peak,
	                                                     .peak_gigabytes = 40};
	level->roofline.gflops = level->roofline.flops / seconds / 1e9;
	level->roofline.gigabytes = level->roofline.bytes / seconds / 1e9;
	level->has_roofline = 1;
}

static lockstep_status measure(struct made *made, int i, int k, lockstep_error *error)
{
	struct lockstep_scaling_level *level = &made->levels[i][k];
	for (size_t block = 0; block < made->study.n_blocks; block++)
		made->seconds[i][k][block] = step_seconds(level->workers, level->batch, i) * next_noise(made);
	level->n = made->study.n_blocks;
	level->seconds = made->seconds[i][k];
	level->places = made->places;
	level->measured_in = (size_t)i;
	memset(level->fingerprint, 'a' + (level->batch / 64 + level->slices) % 6, 64);
	return judge(made, i, k, error);
}

/* The level of least time a row, and the first that is near it. */
static void rank(struct lockstep_scaling_series *series)
{
	const struct lockstep_scaling_level *levels = series->levels;
	for (size_t k = 0; k < series->n; k++)
		if (levels[k].samples_per_second > levels[series->fastest].samples_per_second)
			series->fastest = k;
	while (levels[series->enough].samples_per_second < 0.95 * levels[series->fastest].samples_per_second)
		series->enough++;
}

/* A series of n levels; a strong one leaves out those that have no slice for every worker. */
static lockstep_status make_series(struct made *made, int i, const uint32_t *workers, size_t n, lockstep_error *error)
{
	struct lockstep_scaling_series *series = &made->series[i];
	int is_weak = made->study.kind == LOCKSTEP_SCALING_WEAK;
	lockstep_status status = LOCKSTEP_OK;
	*series = (struct lockstep_scaling_series){
	    .setting = made->settings[i], .warmup_steps = 10, .steps = 100, .n = n, .levels = made->levels[i]};
	for (size_t k = 0; !status && k < n; k++) {
		struct lockstep_scaling_level *level = &made->levels[i][k];
		uint32_t factor = is_weak ? workers[k] : 1;
		*level = (struct lockstep_scaling_level){
		    .workers = workers[k], .batch = made->settings[i].batch * factor, .slices = 16};
		while (is_weak && level->slices < 16 * factor)
			level->slices *= 2;
		if (level->slices < level->workers)
			level->excluded = "16 slices are too few for so many workers";
		else
			status = measure(made, i, (int)k, error);
	}
	rank(series);
	return status;
}

static lockstep_status fit(struct made *made, int i, lockstep_error *error)
{
	struct lockstep_scaling_series *series = &made->series[i];
	const enum lockstep_scaling_model law =
	    made->study.kind == LOCKSTEP_SCALING_WEAK ? LOCKSTEP_SCALING_GUSTAFSON : LOCKSTEP_SCALING_AMDAHL;
	const enum lockstep_scaling_model models[] = {law, LOCKSTEP_SCALING_USL};
	double workers[LEVELS], throughput[LEVELS];
	size_t n = 0;
	for (size_t k = 0; k < series->n; k++)
		if (!series->levels[k].excluded) {
			workers[n] = series->levels[k].workers;
			throughput[n++] = series->levels[k].samples_per_second;
		}
	lockstep_status status = LOCKSTEP_OK;
	for (; !status && series->n_curves < COUNT(models); series->n_curves++)
		status = lockstep_scaling_fit(&series->curves[series->n_curves], models[series->n_curves], workers,
		                              throughput, n, error);
	return status;
}

/* ---- What surrounds them ------------------------------------------------------------ */

static void put_environment(struct made *made)
{
	struct lockstep_environment *before = &made->result.before;
	*before = (struct lockstep_environment){.governor = "performance",
	                                        .driver = "intel_pstate",
	                                        .boost = 1,
	                                        .smt = 0,
	                                        .kernel = "Linux 6.1.0",
	                                        .cpu_quota = 31.5,
	                                        .n_throttled = 3,
	                                        .throttled_seconds = 0.25,
	                                        .stolen_seconds = 1.5,
	                                        .load = {0.5, 0.25, 0.125},
	                                        .uptime = 86400.5};
	made->result.after = *before;
	made->result.after.n_throttled = 7;
	made->result.after.uptime = 86441.75;
	made->result.after.n_pinned = 1;
	snprintf(made->result.after.pinned, sizeof made->result.after.pinned, "4242 stress on 0-3");
}

static void put_predictions(struct made *made)
{
	made->shards[0] = (struct lockstep_machine_shard){8, 1, 5e-7, 2e-6, 1.5e-6, 2e-6};
	made->shards[1] = (struct lockstep_machine_shard){128, 16, 8e-6, 3.2e-5, 2.4e-5, 3.2e-5};
	made->model = (struct lockstep_machine_model){.batch = 128,
	                                              .slices = 16,
	                                              .n_shards = 2,
	                                              .shards = made->shards,
	                                              .update = 3e-6,
	                                              .sum = 1e-6,
	                                              .parameter_bytes = 95440,
	                                              .read_bytes = 190000,
	                                              .update_bytes = 286320,
	                                              .row_bytes = 3584,
	                                              .ring_bytes = 381760,
	                                              .n_blocks = 12,
	                                              .core_gigabytes = 12.5,
	                                              .node_gigabytes = 40,
	                                              .cache_bytes = 33554432,
	                                              .n_all = 16,
	                                              .barrier_2 = 1e-7,
	                                              .barrier_all = 9e-7,
	                                              .handover = 6e-8,
	                                              .line = 2e-8,
	                                              .far_cache = 3,
	                                              .far_node = 3,
	                                              .far_package = 6};
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < LEVELS; k++) {
			const struct lockstep_scaling_level *level = &made->levels[0][k];
			double seconds = step_seconds(level->workers, level->batch, 0) * (i ? 0.75 : 1.125);
			if (i == 0 && level->excluded)
				continue;
			made->steps[i][k] = (struct lockstep_machine_step){
			    level->workers, seconds, 0.5 * seconds, 0.375 * seconds, 0.125 * seconds, i == 1 && k > 7};
		}
	made->predictions[0] = (struct ls_scale_prediction){NULL, 0, LEVELS, made->steps[0], &made->model};
	made->predictions[1] =
	    (struct ls_scale_prediction){"pack:2 numa:4 l3:2 core:8 pu:2", 0, LEVELS, made->steps[1], &made->model};
	made->result.predictions = made->predictions;
	made->result.n_predictions = 2;
}

static void put_times(struct made *made)
{
	static const uint32_t batches[] = {128, 256};
	static const double rates[] = {0.1, 0.5};
	made->target = (struct lockstep_time_to_loss_options){.target = 0.1,
	                                                      .part = LOCKSTEP_TARGET_TEST,
	                                                      .batches = batches,
	                                                      .n_batches = 2,
	                                                      .learning_rates = rates,
	                                                      .n_rates = 2};
	made->runs[0] = (struct lockstep_time_to_loss_run){128, 16, 0.1, 1, 0, 0, 2000, 4.25, 0.0995, ""};
	made->runs[1] = (struct lockstep_time_to_loss_run){128, 16, 0.5, 1, 0, 0, 1500, 3.1875, 0.0999, ""};
	made->runs[2] = (struct lockstep_time_to_loss_run){256, 32, 0.1, 0, 0, 1, 2350, 10, 0.12, ""};
	made->runs[3] = (struct lockstep_time_to_loss_run){256, 32, 0.5, 0, 1, 0, 40, 0.17, (double)NAN, ""};
	for (int i = 0; i < 3; i++)
		memset(made->runs[i].fingerprint, '1' + i, 64);
	made->best[0] = 1;
	made->best[1] = 4;
	made->times = (struct lockstep_time_to_loss){4, 4, made->runs, made->best, 2};
	made->result.time_to_loss = &made->times;
	made->result.time_to_loss_options = &made->target;
}

static void put_limits(struct made *made)
{
	for (int i = 0; i < (int)made->study.n; i++) {
		struct lockstep_scaling_limit *limit = &made->series[i].limit;
		*limit = (struct lockstep_scaling_limit){LOCKSTEP_SCALING_WAITING, LOCKSTEP_SCALING_SLICES, 0.375,
		                                         0.625, ""};
		snprintf(limit->text, sizeof limit->text,
		         "Waiting takes most of what is lost; 16 slices forbid more "
		         "workers.");
	}
}

/* ---- The kinds ---------------------------------------------------------------------- */

static const uint32_t many[LEVELS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

static void set_up(struct made *made, enum lockstep_scaling_kind kind, size_t n_series, uint32_t n_blocks)
{
	made->options = (struct lockstep_scaling_study_options)LOCKSTEP_SCALING_STUDY_OPTIONS_INIT;
	made->options.kind = kind;
	made->settings[0] = (struct lockstep_scaling_setting){
	    .bind = "close", .engine = LOCKSTEP_PTHREADS, .split = LOCKSTEP_SPLIT_ROWS, .batch = 128};
	made->settings[1] = made->settings[0];
	made->settings[1].bind = "spread";
	made->options.settings = made->settings;
	made->options.n_settings = n_series;
	made->study = (struct lockstep_scaling_study){.kind = kind,
	                                              .outcome = LOCKSTEP_SCALING_PRECISE,
	                                              .n_blocks = n_blocks,
	                                              .seconds = 41.25,
	                                              .isa = "avx512",
	                                              .n = n_series,
	                                              .series = made->series};
	made->result.command = "lockstep scale --workers 1,2,3,4,6,8,12,16,24,32";
	snprintf(made->result.created, sizeof made->result.created, "2026-01-31T12:00:00Z");
	for (uint32_t i = 0; i < WORKERS; i++)
		snprintf(made->places[i].cpuset, sizeof made->places[i].cpuset, "%u", i);
}

/* Both kinds of study with all that they may have. */
static lockstep_status make_full(struct made *made, enum lockstep_scaling_kind kind, lockstep_error *error)
{
	static char governor[] = "the governor is 'performance' on some CPUs only";
	static char quota[] = "4 periods were held up by the control group";
	static char *warnings[] = {governor, quota};
	lockstep_status status = LOCKSTEP_OK;
	set_up(made, kind, kind == LOCKSTEP_SCALING_STRONG ? 2 : 1, BLOCKS);
	for (int i = 0; !status && i < (int)made->study.n; i++) {
		status = make_series(made, i, many, LEVELS, error);
		for (int k = 0; k < LEVELS; k++)
			if (!made->levels[i][k].excluded)
				divide(&made->levels[i][k]);
		if (!status)
			status = fit(made, i, error);
	}
	put_environment(made);
	put_limits(made);
	if (kind == LOCKSTEP_SCALING_STRONG) {
		put_predictions(made);
		put_times(made);
	}
	made->result.warnings = warnings;
	made->result.n_warnings = COUNT(warnings);
	return status;
}

static lockstep_status make_minimal(struct made *made, lockstep_error *error)
{
	static const uint32_t one[] = {1};
	set_up(made, LOCKSTEP_SCALING_STRONG, 1, 5);
	made->options.blocks_min = 5;
	made->options.blocks_max = 5;
	made->study.outcome = LOCKSTEP_SCALING_BLOCKS_UP;
	lockstep_status status = make_series(made, 0, one, 1, error);
	made->series[0].refusal = "a curve needs 6 levels, and there is 1";
	made->series[0].limit = (struct lockstep_scaling_limit){.obstacle = LOCKSTEP_SCALING_UNKNOWN};
	made->result.before = (struct lockstep_environment){.boost = -1, .smt = -1, .load = {-1, -1, -1}};
	made->result.after = made->result.before;
	return status;
}

/* Two mini-batches, phases at some levels only, and words that want out of a page. */
static lockstep_status make_words(struct made *made, lockstep_error *error)
{
	static char script[] = "</script><script>alert(1)</script>";
	static char signs[] = "tab\there, \"quotes\", \\, line\nend";
	static char bytes[] = "\xff\xfe";
	static char *warnings[] = {script, signs, bytes};
	set_up(made, LOCKSTEP_SCALING_STRONG, 2, 7);
	made->settings[0].bind = "list:0,2-5";
	made->settings[1].bind = "list:0,2-5";
	made->settings[1].batch = 256;
	made->options.seed = UINT64_MAX;
	made->options.seconds = 90;
	made->job.data.data = "</script>/\"data\"";
	made->result.name = "a \"study\", </script>\xe2\x80\xa8";
	made->result.command = "lockstep scale --name '</script>'";
	made->result.warnings = warnings;
	made->result.n_warnings = COUNT(warnings);
	lockstep_status status = make_series(made, 0, many, 6, error);
	if (!status)
		status = make_series(made, 1, many, 6, error);
	if (status)
		return status;
	made->levels[0][5] = (struct lockstep_scaling_level){8, 128, 16, "<b>no core of its own</b>", .n = 0};
	divide(&made->levels[0][1]);
	made->series[0].refusal = "</script>";
	put_environment(made);
	snprintf(made->result.before.governor, sizeof made->result.before.governor, "</script>");
	return LOCKSTEP_OK;
}

static lockstep_status make_hostile(struct made *made, lockstep_error *error)
{
	lockstep_status status = make_words(made, error);
	made->levels[0][1].phases.mean[LOCKSTEP_PHASE_WAIT] = (double)NAN;
	made->levels[0][1].roofline.peak_gigabytes = (double)INFINITY;
	return status;
}

/* Two placements, of which one lacks a level. */
static lockstep_status make_uneven(struct made *made, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	set_up(made, LOCKSTEP_SCALING_STRONG, 2, 6);
	for (int i = 0; !status && i < 2; i++) {
		status = make_series(made, i, many, 6, error);
		for (int k = 0; k < 6; k++)
			divide(&made->levels[i][k]);
	}
	made->levels[1][3] = (struct lockstep_scaling_level){4, 128, 16, "no place", .n = 0};
	return status;
}

/* Two mini-batches; at half as many workers the larger one has the smaller one's rows. */
static lockstep_status make_weak_batches(struct made *made, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	set_up(made, LOCKSTEP_SCALING_WEAK, 2, 6);
	made->settings[1] = made->settings[0];
	made->settings[1].batch = 256;
	for (int i = 0; !status && i < 2; i++) {
		status = make_series(made, i, many, 6 - (size_t)i, error);
		for (size_t k = 0; k < made->series[i].n; k++)
			divide(&made->levels[i][k]);
	}
	return status;
}

static lockstep_status make(struct made *made, const char *name, lockstep_error *error)
{
	made->result.name = name;
	if (strcmp(name, "minimal") == 0)
		return make_minimal(made, error);
	if (strcmp(name, "words") == 0)
		return make_words(made, error);
	if (strcmp(name, "hostile") == 0)
		return make_hostile(made, error);
	if (strcmp(name, "uneven") == 0)
		return make_uneven(made, error);
	if (strcmp(name, "weak-batches") == 0)
		return make_weak_batches(made, error);
	return make_full(made, strcmp(name, "weak") == 0 ? LOCKSTEP_SCALING_WEAK : LOCKSTEP_SCALING_STRONG, error);
}

/* ---- The whole ----------------------------------------------------------------------- */

static lockstep_status open_all(struct made *made, lockstep_dataset **dataset, lockstep_error *error)
{
	static const uint8_t bytes[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	static const uint32_t classes[3] = {0, 1, 2};
	const struct lockstep_rows train = {3, 4, 3, bytes, NULL, classes, NULL};
	const struct lockstep_rows test = {2, 4, 3, bytes, NULL, classes, NULL};
	lockstep_status status =
	    lockstep_dataset_from_rows(dataset, &train, made->result.time_to_loss ? &test : NULL, error);
	if (!status)
		status = lockstep_topology_create(&made->result.topology, "pack:2 numa:1 l3:1 core:8 pu:2", error);
	made->result.job = &made->job;
	made->result.dataset = *dataset;
	made->result.options = &made->options;
	made->result.study = &made->study;
	return status;
}

static int add(const char *path, const char *name, const char *document)
{
	lockstep_scaling_store *store = NULL;
	lockstep_error error;
	lockstep_status status = lockstep_scaling_store_open(&store, path, name, &error);
	if (!status)
		status = lockstep_scaling_store_add(store, document, &error);
	if (status)
		fprintf(stderr, "make_scaling: %s\n", error.message);
	lockstep_scaling_store_close(store);
	return status != LOCKSTEP_OK;
}

static int write_database(const struct ls_scale_result *result, const char *path)
{
	char *document = NULL;
	size_t n;
	FILE *file = open_memstream(&document, &n);
	int status = file ? ls_scale_write_json(result, file) : 1;
	if (file && fclose(file))
		status = 1;
	if (!status)
		status = add(path, result->name, document);
	free(document);
	return status;
}

static int add_stdin(const char *path, const char *name)
{
	static char document[1 << 20];
	size_t n = fread(document, 1, sizeof document - 1, stdin);
	document[n] = '\0';
	return add(path, name, document);
}

static int write(const struct ls_scale_result *result, const char *format)
{
	if (strchr(format, '.'))
		return write_database(result, format);
	int status = strcmp(format, "json") == 0  ? ls_scale_write_json(result, stdout)
	             : strcmp(format, "csv") == 0 ? ls_scale_write_csv(result, stdout)
	                                          : ls_scale_write_extrap(result, stdout);
	return fflush(stdout) ? 1 : status;
}

int main(int argc, char **argv)
{
	static struct made made = {.noise = 1};
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	int status = 1;
	if (argc == 4 && strcmp(argv[1], "add") == 0)
		return add_stdin(argv[2], argv[3]);
	if (argc != 3)
		return 2;
	ls_job_options_init(&made.job);
	made.job.layers = "784-30-10";
	made.job.loss = 0;
	if (make(&made, argv[1], &error) || open_all(&made, &dataset, &error))
		fprintf(stderr, "make_scaling: %s\n", error.message);
	else
		status = write(&made.result, argv[2]);
	lockstep_topology_destroy(made.result.topology);
	lockstep_dataset_destroy(dataset);
	return status;
}
