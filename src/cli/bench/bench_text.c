/* SPDX-License-Identifier: MIT
 *
 * The benchmark as tables; a heading says what one is about and in which unit.
 */
#include <stdio.h>

#include "bench_report.h"
#include "cli/print/wrapped.h"
#include "cli/processor_text.h"
#include "lockstep/version.h"

static int shown(void)
{
	fflush(stdout);
	return 0;
}

/* ---- The machine -------------------------------------------------------- */

static void print_places(const struct ls_bench_machine *machine)
{
	printf("workers    %s, bind %s", machine->engine, machine->bind);
	for (uint32_t i = 0; i < machine->n_places; i++)
		if (*machine->places[i].cpuset)
			printf("%s%s", i ? "," : ": PU ", machine->places[i].cpuset);
	putchar('\n');
}

static void print_limits(const struct ls_bench_machine *machine)
{
	printf("\nThe machine's limits\n%7s %16s %12s %13s %14s\n", "workers", "FMA peak GFLOP/s", "read GB/s",
	       "triad GB/s", "MiB a worker");
	for (size_t i = 0; i < machine->n_limits; i++) {
		const struct ls_bench_limit *limit = &machine->limits[i];
		const struct lockstep_bench_memory *memory = &limit->memory;
		printf("%7u %16.1f %12.1f %13.1f %14zu\n", limit->workers, limit->peak_gflops, memory->read.median,
		       memory->triad.median, memory->worker_bytes >> 20);
	}
}

static int print_machine(const struct ls_bench_machine *machine)
{
	const struct lockstep_topology_summary *topology = machine->topology;
	char processor[LS_PROCESSOR_TEXT];
	ls_processor_text(&topology->processor, processor);
	printf("machine    %s, %u cores, %u hardware threads\n",
	       *topology->cpu_model ? topology->cpu_model : "unknown CPU", topology->cores, topology->pus);
	if (*processor)
		printf("processor  %s\n", processor);
	printf("lockstep   %s, %s kernels, built by %s\n", lockstep_version(), machine->isa, lockstep_compiler());
	print_places(machine);
	if (machine->n_limits)
		print_limits(machine);
	return shown();
}

/* ---- Headings ----------------------------------------------------------- */

static void print_phase_heading(void)
{
	printf("\nWhere the time of a step goes, us a step: worker 0, below it the mean of all\n"
	       "%-16s %-11s %7s %-6s",
	       "network", "scale", "workers", "split");
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		printf(" %9s", lockstep_bench_phase_name((enum lockstep_phase)i));
	putchar('\n');
}

static int print_heading(enum ls_bench_table table)
{
	static const char *const text[] = {
	    [LS_BENCH_TABLE_KERNELS] =
		"Kernels on one core over one worker's rows, GFLOP/s and percent of the FMA peak\n"
		"network          workers inputs outputs rows slices      product     backward     "
		"gradient  with update\n",
	    [LS_BENCH_TABLE_BARRIER] = "Meeting, ns\n"
				       "           workers     median    fastest - slowest block\n",
	    [LS_BENCH_TABLE_STEPS] =
		"Training steps\n"
		"network          scale       workers split     samples/s    slowest - fastest block   "
		"us/step GFLOP/s of peak\n",
	    [LS_BENCH_TABLE_EPOCHS] = "Whole epochs, seconds\n"
				      "network          scale       workers split  epochs   training evaluation   "
				      "auto chose\n",
	    [LS_BENCH_TABLE_EXACTNESS] =
		"The cost of exactness: time of a step against one slice a worker\n"
		"network          scale       workers split      slices    samples/s         free  ratio  "
		"lowest - highest\n",
	};
	if (table == LS_BENCH_TABLE_PHASES)
		print_phase_heading();
	else
		printf("\n%s", text[table]);
	return shown();
}

/* ---- Lines -------------------------------------------------------------- */

static void print_case(const struct ls_bench_case *of)
{
	char workers[16] = "auto";
	if (of->workers)
		snprintf(workers, sizeof workers, "%u", of->workers);
	printf("%-16s %-11s %7s %-6s", of->network->layers, lockstep_scale_name(of->scale), workers,
	       lockstep_split_name(of->split));
}

static int print_kernel(const struct lockstep_bench_network *network, size_t i_layer,
                        const struct lockstep_bench_kernel *kernel, double peak_gflops)
{
	const double rates[] = {kernel->product.median, kernel->backward.median, kernel->gradient.median,
	                        kernel->update.median};
	printf("%-16s %7u %6zu %7zu %4u %6u", i_layer ? "" : network->layers, kernel->shard.workers, kernel->n_in,
	       kernel->n_out, kernel->shard.rows, kernel->shard.slices);
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		if (rates[i] > 0)
			printf(" %6.1f %3.0f %%", rates[i], 100 * rates[i] / peak_gflops);
		else
			printf("%13s", "-");
	putchar('\n');
	return shown();
}

static int print_barrier(const struct lockstep_bench_barrier *barrier)
{
	printf("barrier    %7u %10.1f %10.1f - %.1f\n", barrier->workers, barrier->ns.median, barrier->ns.low,
	       barrier->ns.high);
	return shown();
}

static int print_handover(const struct lockstep_bench_figure *ns)
{
	printf("hand-over  %7s %10.1f %10.1f - %.1f\n", "0 to 1", ns->median, ns->low, ns->high);
	return shown();
}

static int print_step(const struct ls_bench_case *of, const struct lockstep_bench_step *step, double peak_gflops)
{
	const struct lockstep_bench_figure *rate = &step->samples_per_second;
	print_case(of);
	printf(" %12.0f %12.0f - %-12.0f %7.1f %7.1f %5.1f %%\n", rate->median, rate->low, rate->high, step->us,
	       step->gflops, 100 * step->gflops / peak_gflops);
	return shown();
}

static void print_us(const double us[LOCKSTEP_N_PHASES])
{
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		printf(" %9.2f", us[i]);
	putchar('\n');
}

static int print_phases(const struct ls_bench_case *of, const struct lockstep_bench_phases *phases)
{
	print_case(of);
	print_us(phases->us_first);
	if (of->workers > 1) {
		printf("%43s", "");
		print_us(phases->us_mean);
	}
	return shown();
}

static void print_choice(const struct lockstep_bench_epoch *epoch)
{
	if (epoch->workers)
		printf("   %u %s", epoch->workers, lockstep_split_name(epoch->split));
	else
		printf("   none yet");
}

static int print_epoch(const struct ls_bench_case *of, const struct lockstep_bench_epoch *epoch)
{
	print_case(of);
	printf(" %6u %10.4f %10.4f", epoch->n_epochs, epoch->train_seconds.median, epoch->evaluation_seconds.median);
	if (of->workers == 0)
		print_choice(epoch);
	putchar('\n');
	return shown();
}

static int print_exactness(const struct ls_bench_case *of, const struct lockstep_bench_exactness *exactness)
{
	const struct lockstep_bench_figure *ratio = &exactness->ratio;
	print_case(of);
	printf("   %3u / %-2u", exactness->slices, exactness->free_slices);
	if (exactness->free_slices < exactness->slices)
		printf(" %12.0f %12.0f %6.3f   %.3f - %.3f\n", exactness->samples_per_second,
		       exactness->free_samples_per_second, ratio->median, ratio->low, ratio->high);
	else
		printf("   no evidence: both are the same job\n");
	return shown();
}

/* In the columns of the machine's own lines, after a blank one. */
static void print_warning(const char *line, void *context)
{
	int *is_first = context;
	if (*is_first)
		putchar('\n');
	*is_first = 0;
	int column = printf("warning    ");
	ls_print_wrapped(line, column, column);
}

static int print_surroundings(const struct ls_bench_surroundings *surroundings)
{
	int is_first = 1;
	lockstep_environment_judge(&surroundings->before, &surroundings->after, &surroundings->use, print_warning,
	                           &is_first);
	return shown();
}

const struct ls_bench_report ls_bench_text = {
    .machine = print_machine,
    .heading = print_heading,
    .kernel = print_kernel,
    .barrier = print_barrier,
    .handover = print_handover,
    .step = print_step,
    .phases = print_phases,
    .epoch = print_epoch,
    .exactness = print_exactness,
    .surroundings = print_surroundings,
};
