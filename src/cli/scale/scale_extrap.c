/* SPDX-License-Identifier: MIT
 *
 * JSON for Extra-P (version 4), which looks for how times depend on parameters. It wants one or more numbers as
 * parameters and, of every callpath, the same points, each once; so what is no number (placement, engine, split) is a part
 * of the callpath's name where series differ in it, and only what every series has is written.
 *
 * The mini-batch is a parameter when a strong study has several. In a weak one it follows from the workers: two
 * parameters on one line could not be told apart. Of several weak series that of one worker is a part of the name.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/print/json.h"
#include "cli/print/message.h"
#include "lockstep/bench.h"
#include "scale_result.h"

#define WAY_MAX 512
#define STEP (-1) /* a whole step, among the phases */

struct extrap {
	const struct lockstep_scaling_study *study;
	struct ls_json *json;
	int is_weak;
	int has_batches; /* several: a parameter, or in a weak study a part of the name */
	int shows_bind, shows_engine, shows_split, shows_slices;
	int has_phases; /* every point */
	size_t n_points;
};

static const struct lockstep_scaling_setting *setting_of(const struct extrap *extrap, size_t series)
{
	return &extrap->study->series[series].setting;
}

/* ---- Which points, under which names ---------------------------------------------- */

/* All but the mini-batch, where it is a parameter. */
static int is_same_way(const struct extrap *extrap, size_t a, size_t b)
{
	const struct lockstep_scaling_setting *x = setting_of(extrap, a), *y = setting_of(extrap, b);
	return strcmp(x->bind, y->bind) == 0 && x->engine == y->engine && x->split == y->split &&
	       x->slices == y->slices && (!extrap->is_weak || x->batch == y->batch);
}

static int is_first_of_way(const struct extrap *extrap, size_t series)
{
	for (size_t i = 0; i < series; i++)
		if (is_same_way(extrap, i, series))
			return 0;
	return 1;
}

/* Of a way, at some workers and some mini-batch, where that is a parameter; NULL: not measured. */
static const struct lockstep_scaling_level *find_level(const struct extrap *extrap, size_t way, uint32_t batch,
                                                       uint32_t workers)
{
	for (size_t i = way; i < extrap->study->n; i++) {
		const struct lockstep_scaling_series *series = &extrap->study->series[i];
		if (!is_same_way(extrap, way, i) || (!extrap->is_weak && series->setting.batch != batch))
			continue;
		for (size_t k = 0; k < series->n; k++)
			if (series->levels[k].workers == workers && !series->levels[k].excluded)
				return &series->levels[k];
	}
	return NULL;
}

/* Has every way been measured there? */
static int is_everywhere(const struct extrap *extrap, uint32_t batch, uint32_t workers)
{
	for (size_t i = 0; i < extrap->study->n; i++)
		if (is_first_of_way(extrap, i) && !find_level(extrap, i, batch, workers))
			return 0;
	return 1;
}

static int is_first_of_batch(const struct extrap *extrap, size_t way, size_t series)
{
	for (size_t i = way; i < series; i++)
		if (is_same_way(extrap, i, series) && setting_of(extrap, i)->batch == setting_of(extrap, series)->batch)
			return 0;
	return 1;
}

typedef void visit_level(struct extrap *extrap, const struct lockstep_scaling_level *level, int phase);

/* The points of a way: the same ones of every way, in the same order. */
static void visit_points(struct extrap *extrap, size_t way, int phase, visit_level *visit)
{
	for (size_t i = way; i < extrap->study->n; i++) {
		const struct lockstep_scaling_series *series = &extrap->study->series[i];
		if (!is_same_way(extrap, way, i) || !is_first_of_batch(extrap, way, i))
			continue;
		for (size_t k = 0; k < series->n; k++)
			if (is_everywhere(extrap, series->setting.batch, series->levels[k].workers))
				visit(extrap, &series->levels[k], phase);
	}
}

static void survey_level(struct extrap *extrap, const struct lockstep_scaling_level *level, int phase)
{
	(void)phase;
	extrap->n_points++;
	extrap->has_phases &= level->has_phases;
}

/* What the series differ in, and what there is of all of them. */
static void survey(struct extrap *extrap)
{
	extrap->has_phases = 1;
	for (size_t i = 0; i < extrap->study->n; i++) {
		const struct lockstep_scaling_setting *first = setting_of(extrap, 0), *setting = setting_of(extrap, i);
		extrap->has_batches |= setting->batch != first->batch;
		extrap->shows_bind |= strcmp(setting->bind, first->bind) != 0;
		extrap->shows_engine |= setting->engine != first->engine;
		extrap->shows_split |= setting->split != first->split;
		extrap->shows_slices |= setting->slices != first->slices;
		if (is_first_of_way(extrap, i))
			visit_points(extrap, i, STEP, survey_level);
	}
}

/* ---- Writing ------------------------------------------------------------------------ */

/* Is the mini-batch one? */
static int is_parameter(const struct extrap *extrap)
{
	return extrap->has_batches && !extrap->is_weak;
}

static void write_level(struct extrap *extrap, const struct lockstep_scaling_level *level, int phase)
{
	struct ls_json *json = extrap->json;
	ls_json_open(json, '{');
	ls_json_key(json, "point");
	ls_json_open(json, '[');
	ls_json_integer(json, level->workers);
	if (is_parameter(extrap))
		ls_json_integer(json, level->batch);
	ls_json_close(json, ']');
	ls_json_key(json, "values");
	ls_json_open(json, '[');
	for (size_t i = 0; phase == STEP && i < level->n; i++)
		ls_json_real(json, level->seconds[i]);
	if (phase != STEP)
		ls_json_real(json, level->phases.mean[phase]);
	ls_json_close(json, ']');
	ls_json_close(json, '}');
}

/* "step", "step [spread owners]"; no arrow of a callpath in it but its own. */
static void name_way(const struct extrap *extrap, size_t way, char name[WAY_MAX])
{
	const struct lockstep_scaling_setting *setting = setting_of(extrap, way);
	char batch[24] = "", slices[24] = "";
	if (extrap->has_batches && extrap->is_weak)
		snprintf(batch, sizeof batch, "batch %lu", (unsigned long)setting->batch);
	if (extrap->shows_slices)
		snprintf(slices, sizeof slices, "slices %lu", (unsigned long)setting->slices);
	const char *const words[] = {extrap->shows_bind ? setting->bind : "",
	                             extrap->shows_engine ? lockstep_engine_name(setting->engine) : "",
	                             extrap->shows_split ? lockstep_split_name(setting->split) : "", batch, slices};
	int length = snprintf(name, WAY_MAX, "step"), is_open = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words && length < WAY_MAX - 2; i++)
		if (*words[i]) {
			length +=
			    snprintf(name + length, (size_t)(WAY_MAX - length), "%s%s", is_open ? " " : " [", words[i]);
			is_open = 1;
		}
	if (is_open && length < WAY_MAX - 1)
		snprintf(name + length, (size_t)(WAY_MAX - length), "]");
}

static void write_callpath(struct extrap *extrap, size_t way, int phase)
{
	char name[WAY_MAX], path[WAY_MAX + 32];
	name_way(extrap, way, name);
	snprintf(path, sizeof path, "%s%s%s", name, phase == STEP ? "" : "->",
	         phase == STEP ? "" : lockstep_bench_phase_name((enum lockstep_phase)phase));
	ls_json_key(extrap->json, path);
	ls_json_open(extrap->json, '{');
	ls_json_key(extrap->json, "time");
	ls_json_open(extrap->json, '[');
	visit_points(extrap, way, phase, write_level);
	ls_json_close(extrap->json, ']');
	ls_json_close(extrap->json, '}');
}

static void write_measurements(struct extrap *extrap)
{
	ls_json_key(extrap->json, "measurements");
	ls_json_open(extrap->json, '{');
	for (size_t i = 0; i < extrap->study->n; i++)
		if (is_first_of_way(extrap, i)) {
			write_callpath(extrap, i, STEP);
			for (int phase = 0; extrap->has_phases && phase < LOCKSTEP_N_PHASES; phase++)
				write_callpath(extrap, i, phase);
		}
	ls_json_close(extrap->json, '}');
}

int ls_scale_write_extrap(const struct ls_scale_result *result, FILE *file)
{
	struct ls_json json = {.file = file};
	struct extrap extrap = {
	    .study = result->study, .json = &json, .is_weak = result->study->kind == LOCKSTEP_SCALING_WEAK};
	survey(&extrap);
	if (extrap.n_points == 0)
		return ls_message_failed(LS_SCALE_COMMAND, "nothing for Extra-P: no level was measured in all series");
	ls_json_open(&json, '{');
	ls_json_key(&json, "parameters");
	ls_json_open(&json, '[');
	ls_json_text(&json, "workers");
	if (is_parameter(&extrap))
		ls_json_text(&json, "batch");
	ls_json_close(&json, ']');
	write_measurements(&extrap);
	ls_json_close(&json, '}');
	putc('\n', file);
	return LS_EXIT_DONE;
}
