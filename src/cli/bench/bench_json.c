/* SPDX-License-Identifier: MIT
 *
 * The benchmark as JSON Lines: every object says what it is in `event`, and
 * `low` and `high` belong to the figure named before them. The last is the
 * environment, as in the document of a scaling study.
 */
#include <jansson.h>
#include <stdio.h>

#include "bench_report.h"
#include "cli/print/environment_json.h"
#include "cli/processor_text.h"
#include "lockstep/version.h"

/* Takes the reference; NULL: memory was short. */
static int write_event(json_t *event)
{
	if (!event)
		return -1;
	int status = json_dumpf(event, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(event);
	return status && !ferror(stdout);
}

/* The event with what its case says, and the fields of `rest`, whose reference
 * it takes. */
static int write_case(const char *name, const struct ls_bench_case *of, json_t *rest)
{
	json_t *event = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s}", "event", name, "layers", of->network->layers,
	                          "batch", (json_int_t)of->network->batch, "scale", lockstep_scale_name(of->scale),
	                          "workers", (json_int_t)of->workers, "split", lockstep_split_name(of->split));
	int failed = !event || !rest || json_object_update(event, rest);
	json_decref(rest);
	if (!failed)
		return write_event(event);
	json_decref(event);
	return -1;
}

static json_t *place_objects(const struct ls_bench_machine *machine)
{
	json_t *places = json_array();
	for (uint32_t i = 0; i < machine->n_places; i++)
		json_array_append_new(places, json_pack("{s:I, s:s}", "pu", (json_int_t)machine->places[i].pu, "cpuset",
		                                        machine->places[i].cpuset));
	return places;
}

static json_t *limit_object(const struct ls_bench_limit *limit)
{
	const struct lockstep_bench_memory *memory = &limit->memory;
	return json_pack("{s:I, s:f, s:f, s:f, s:I}", "workers", (json_int_t)limit->workers, "peak_gflops",
	                 limit->peak_gflops, "read_gb_per_second", memory->read.median, "triad_gb_per_second",
	                 memory->triad.median, "worker_bytes", (json_int_t)memory->worker_bytes);
}

static int write_machine(const struct ls_bench_machine *machine)
{
	json_t *limits = json_array();
	for (size_t i = 0; i < machine->n_limits; i++)
		json_array_append_new(limits, limit_object(&machine->limits[i]));
	return write_event(
	    json_pack("{s:s, s:i, s:s, s:s?, s:s, s:s, s:o, s:I, s:I, s:s, s:s, s:s, s:o, s:o}", "event", "machine",
	              "schema", LS_BENCH_SCHEMA, "version", lockstep_version(), "commit", lockstep_commit(), "compiler",
	              lockstep_compiler(), "cpu", machine->topology->cpu_model, "processor",
	              ls_processor_object(&machine->topology->processor), "cores", (json_int_t)machine->topology->cores,
	              "pus", (json_int_t)machine->topology->pus, "isa", machine->isa, "engine", machine->engine, "bind",
	              machine->bind, "places", place_objects(machine), "limits", limits));
}

static int write_no_heading(enum ls_bench_table table)
{
	(void)table;
	return 0;
}

static int write_one_kernel(const struct lockstep_bench_network *network, size_t i_layer,
                            const struct lockstep_bench_kernel *kernel, const char *name,
                            const struct lockstep_bench_figure *gflops, double peak_gflops)
{
	return write_event(
	    json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "event", "kernel", "kernel",
	              name, "layers", network->layers, "layer", (json_int_t)i_layer, "inputs", (json_int_t)kernel->n_in,
	              "outputs", (json_int_t)kernel->n_out, "workers", (json_int_t)kernel->shard.workers, "rows",
	              (json_int_t)kernel->shard.rows, "slices", (json_int_t)kernel->shard.slices, "gflops",
	              gflops->median, "low", gflops->low, "high", gflops->high, "peak_gflops", peak_gflops));
}

static int write_kernel(const struct lockstep_bench_network *network, size_t i_layer,
                        const struct lockstep_bench_kernel *kernel, double peak_gflops)
{
	return write_one_kernel(network, i_layer, kernel, "product", &kernel->product, peak_gflops) ||
	       (i_layer && write_one_kernel(network, i_layer, kernel, "backward", &kernel->backward, peak_gflops)) ||
	       write_one_kernel(network, i_layer, kernel, "gradient", &kernel->gradient, peak_gflops) ||
	       (kernel->shard.workers == 1 &&
	        write_one_kernel(network, i_layer, kernel, "update", &kernel->update, peak_gflops));
}

static int write_barrier(const struct lockstep_bench_barrier *barrier)
{
	return write_event(json_pack("{s:s, s:I, s:f, s:f, s:f}", "event", "barrier", "workers",
	                             (json_int_t)barrier->workers, "ns", barrier->ns.median, "low", barrier->ns.low,
	                             "high", barrier->ns.high));
}

static int write_handover(const struct lockstep_bench_figure *ns)
{
	return write_event(
	    json_pack("{s:s, s:f, s:f, s:f}", "event", "handover", "ns", ns->median, "low", ns->low, "high", ns->high));
}

static int write_step(const struct ls_bench_case *of, const struct lockstep_bench_step *step, double peak_gflops)
{
	const struct lockstep_bench_figure *rate = &step->samples_per_second;
	return write_case("step", of,
	                  json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "samples_per_second", rate->median, "low",
	                            rate->low, "high", rate->high, "us_per_step", step->us, "gflops", step->gflops,
	                            "peak_gflops", peak_gflops));
}

static json_t *us_object(const double us[LOCKSTEP_N_PHASES])
{
	json_t *object = json_object();
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		json_object_set_new(object, lockstep_bench_phase_name((enum lockstep_phase)i), json_real(us[i]));
	return object;
}

static int write_phases(const struct ls_bench_case *of, const struct lockstep_bench_phases *phases)
{
	return write_case(
	    "phase", of,
	    json_pack("{s:o, s:o}", "worker_0_us", us_object(phases->us_first), "mean_us", us_object(phases->us_mean)));
}

static int write_epoch(const struct ls_bench_case *of, const struct lockstep_bench_epoch *epoch)
{
	const struct lockstep_bench_figure *train = &epoch->train_seconds;
	int is_auto = of->workers == 0;
	struct ls_bench_case ran = *of;
	ran.workers = is_auto ? epoch->workers : of->workers;
	ran.split = is_auto ? epoch->split : of->split;
	return write_case("epoch", &ran,
	                  json_pack("{s:b, s:I, s:f, s:f, s:f, s:f}", "auto", is_auto, "epochs",
	                            (json_int_t)epoch->n_epochs, "train_seconds", train->median, "low", train->low,
	                            "high", train->high, "evaluation_seconds", epoch->evaluation_seconds.median));
}

/* Figures are above 0. */
static json_t *figure(double value)
{
	return value > 0 ? json_real(value) : json_null();
}

static int write_exactness(const struct ls_bench_case *of, const struct lockstep_bench_exactness *exactness)
{
	const struct lockstep_bench_figure *ratio = &exactness->ratio;
	return write_case("exactness", of,
	                  json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "slices", (json_int_t)exactness->slices,
	                            "free_slices", (json_int_t)exactness->free_slices, "ratio", figure(ratio->median),
	                            "low", figure(ratio->low), "high", figure(ratio->high), "samples_per_second",
	                            figure(exactness->samples_per_second), "free_samples_per_second",
	                            figure(exactness->free_samples_per_second)));
}

static void put_line(const char *line, void *context)
{
	ls_json_text(context, line);
}

static int write_surroundings(const struct ls_bench_surroundings *surroundings)
{
	struct ls_json json = {.file = stdout};
	ls_json_open(&json, '{');
	ls_json_put_text(&json, "event", "environment");
	ls_json_put_environment(&json, "before", &surroundings->before);
	ls_json_put_environment(&json, "after", &surroundings->after);
	ls_json_key(&json, "warnings");
	ls_json_open(&json, '[');
	lockstep_environment_judge(&surroundings->before, &surroundings->after, &surroundings->use, put_line, &json);
	ls_json_close(&json, ']');
	ls_json_close(&json, '}');
	putchar('\n');
	return 0;
}

const struct ls_bench_report ls_bench_json = {
    .machine = write_machine,
    .heading = write_no_heading,
    .kernel = write_kernel,
    .barrier = write_barrier,
    .handover = write_handover,
    .step = write_step,
    .phases = write_phases,
    .epoch = write_epoch,
    .exactness = write_exactness,
    .surroundings = write_surroundings,
};
