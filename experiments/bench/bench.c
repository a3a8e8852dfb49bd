/* SPDX-License-Identifier: MIT
 *
 * Training steps per second of the four benchmark networks, against the
 * machine's own limit; lockstep-bench --help lists the options.
 *
 * Each network is warmed up and then timed in blocks; the figure is the median
 * block. "dense" counts the operations of the products without any skipping of
 * zeros, so that it may pass the peak where data are sparse.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/arith.h"
#include "base/clock.h"
#include "base/ranges.h"
#include "lockstep.h"
#include "team/team.h"

#define N_BLOCKS 9

static const struct benchmark {
	const char *layers;
	enum lockstep_activation hidden;
	uint32_t batch;
	double rate;
} benchmarks[] = {
    {"784-30-10", LOCKSTEP_SIGMOID, 10, 0.5},
    {"784-128-10", LOCKSTEP_RELU, 32, 0.05},
    {"784-512-512-10", LOCKSTEP_RELU, 128, 0.05},
    {"784-2048-2048-10", LOCKSTEP_RELU, 512, 0.05},
};

#define N_BENCHMARKS (sizeof benchmarks / sizeof *benchmarks)

struct settings {
	uint32_t workers; /* 0: every count from 1 to the cores */
	double seconds;   /* of one figure */
	int network;      /* -1: all */
	enum lockstep_scale scale;
	const char *isa, *data;
	int json;
};

static _Noreturn void fail(const char *message)
{
	fprintf(stderr, "lockstep-bench: %s\n", message);
	exit(1);
}

/* ---- The machine's limit --------------------------------------------- */

static const struct ls_arith *arith_for(const char *isa)
{
	const struct ls_arith *arith;
	lockstep_error error;
	if (ls_arith_select(&arith, isa, &error))
		fail(error.message);
	return arith;
}

#define PEAK_ROUNDS 2000000

static void spin_body(void *context, uint32_t worker, uint32_t n_workers)
{
	const struct ls_arith *const *arith = context;
	(void)worker;
	(void)n_workers;
	if ((*arith)->peak(PEAK_ROUNDS, 0.5f) == 0)
		fail("the peak probe went wrong");
}

/* GFLOP/s of n_workers cores together: the best of a few runs. */
static double probe_peak(const struct ls_arith *arith, uint32_t n_workers)
{
	struct ls_team_options options = {.n_workers = n_workers, .bind = "close"};
	struct ls_team *team;
	lockstep_error error;
	double best = 0;

	if (ls_team_create(&team, &options, &error))
		fail(error.message);
	for (int i = 0; i < 7; i++) {
		double started = ls_clock_seconds();
		if (ls_team_run(team, spin_body, &arith, &error))
			fail(error.message);
		double seconds = ls_clock_seconds() - started;
		double rate = (double)PEAK_ROUNDS * (double)arith->peak_flops * n_workers / seconds * 1e-9;
		best = rate > best ? rate : best;
	}
	ls_team_destroy(team);
	return best;
}

/* ---- One network ----------------------------------------------------- */

/* Floating-point operations of the products of one row: forward and gradient
 * of every layer, the backward product of all but the first. */
static double flops_per_row(const lockstep_network *network)
{
	double flops = 0;
	for (size_t i = 0; i < lockstep_network_n_layers(network); i++)
		flops += (i ? 6.0 : 4.0) * (double)lockstep_network_size(network, i) *
		         (double)lockstep_network_size(network, i + 1);
	return flops;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct figure {
	double median, low, high; /* samples/s */
	double flops;             /* per sample */
};

static double time_steps(lockstep_trainer *trainer, uint64_t n_steps)
{
	lockstep_error error;
	double started = ls_clock_seconds();
	if (lockstep_trainer_step(trainer, n_steps, NULL, &error))
		fail(error.message);
	return ls_clock_seconds() - started;
}

static struct figure measure(const struct benchmark *benchmark, const lockstep_dataset *data,
                             const struct settings *settings, uint32_t workers)
{
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	lockstep_error error;
	double rates[N_BLOCKS];

	shape.hidden = benchmark->hidden;
	shape.init = LOCKSTEP_INIT_GLOROT;
	options.batch = benchmark->batch;
	options.learning_rate = benchmark->rate;
	options.epochs = 1000000;
	options.scale = settings->scale;
	options.workers = workers;
	options.isa = settings->isa;
	options.bind = "close";
	if (lockstep_network_create(&network, benchmark->layers, &shape, &error) ||
	    lockstep_trainer_create(&trainer, network, data, &options, &error))
		fail(error.message);

	uint64_t n_steps = 4;
	double seconds = time_steps(trainer, n_steps);
	while (seconds < settings->seconds / N_BLOCKS) {
		n_steps = (uint64_t)((double)n_steps * (seconds > 0 ? settings->seconds / N_BLOCKS / seconds : 2)) + 1;
		seconds = time_steps(trainer, n_steps);
	}
	for (int i = 0; i < N_BLOCKS; i++)
		rates[i] = (double)n_steps * benchmark->batch / time_steps(trainer, n_steps);
	qsort(rates, N_BLOCKS, sizeof *rates, compare_doubles);

	struct figure figure = {rates[N_BLOCKS / 2], rates[0], rates[N_BLOCKS - 1], flops_per_row(network)};
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	return figure;
}

static void print_figure(const struct settings *settings, const struct benchmark *benchmark, uint32_t workers,
                         struct figure figure, double peak)
{
	double step = benchmark->batch / figure.median * 1e6;
	double dense = figure.median * figure.flops * 1e-9;
	if (settings->json)
		printf("{\"layers\":\"%s\",\"batch\":%u,\"workers\":%u,\"samples_per_second\":%.1f,\"low\":%.1f,"
		       "\"high\":%.1f,\"us_per_step\":%.3f,\"gflops\":%.2f,\"peak_gflops\":%.2f}\n",
		       benchmark->layers, benchmark->batch, workers, figure.median, figure.low, figure.high, step,
		       dense, peak);
	else
		printf("%-18s %5u %8u %12.0f %12.0f - %-12.0f %10.2f %9.1f %6.1f %%\n", benchmark->layers,
		       benchmark->batch, workers, figure.median, figure.low, figure.high, step, dense,
		       100 * dense / peak);
	fflush(stdout);
}

/* ---- Command line ---------------------------------------------------- */

static const char usage[] =
    "usage: lockstep-bench [--network 0..3] [--workers N] [--seconds S] [--scale unit|standardise]\n"
    "                      [--isa NAME] [--data FOLDER] [--json]\n";

static double positive_number(const char *text)
{
	char *end;
	double number = strtod(text, &end);
	if (end == text || *end || !(number > 0 && number < 1e6)) {
		fprintf(stderr, "lockstep-bench: '%s' is not a number above 0\n%s", text, usage);
		exit(2);
	}
	return number;
}

static enum lockstep_scale known_scale(const char *name)
{
	int scale = lockstep_scale_parse(name);
	if (scale != LOCKSTEP_SCALE_UNIT && scale != LOCKSTEP_SCALE_STANDARDISE) {
		fprintf(stderr, "lockstep-bench: --scale is unit or standardise, not '%s'\n", name);
		exit(2);
	}
	return (enum lockstep_scale)scale;
}

static struct settings read_settings(int argc, char **argv)
{
	static const struct option options[] = {{"workers", required_argument, NULL, 'w'},
	                                        {"seconds", required_argument, NULL, 's'},
	                                        {"network", required_argument, NULL, 'n'},
	                                        {"scale", required_argument, NULL, 'x'},
	                                        {"isa", required_argument, NULL, 'i'},
	                                        {"data", required_argument, NULL, 'd'},
	                                        {"json", no_argument, NULL, 'j'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {NULL, 0, NULL, 0}};
	struct settings settings = {
	    .seconds = 2, .network = -1, .scale = LOCKSTEP_SCALE_UNIT, .data = "datasets/mnist"};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'w':
			settings.workers = (uint32_t)positive_number(optarg);
			break;
		case 's':
			settings.seconds = positive_number(optarg);
			break;
		case 'n':
			settings.network = *optarg - '0';
			break;
		case 'x':
			settings.scale = known_scale(optarg);
			break;
		case 'i':
			settings.isa = optarg;
			break;
		case 'd':
			settings.data = optarg;
			break;
		case 'j':
			settings.json = 1;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (settings.network < -1 || settings.network >= (int)N_BENCHMARKS) {
		fprintf(stderr, "lockstep-bench: --network takes 0 to %zu\n", N_BENCHMARKS - 1);
		exit(2);
	}
	return settings;
}

static void print_machine(const struct settings *settings, const struct lockstep_topology_summary *machine,
                          const struct ls_arith *arith)
{
	if (settings->json)
		return;
	printf("machine   %s, %u cores, %s kernels, built by %s\n", machine->cpu_model, machine->cores, arith->name,
	       lockstep_compiler());
	printf("FMA peak  %.1f GFLOP/s on one core, %.1f on %u\n", probe_peak(arith, 1),
	       probe_peak(arith, machine->auto_workers), machine->auto_workers);
	printf("inputs    MNIST, scale %s\n\n", lockstep_scale_name(settings->scale));
	printf("%-18s %5s %8s %12s %27s %10s %9s %8s\n", "network", "batch", "workers", "samples/s",
	       "slowest - fastest block", "us/step", "GFLOP/s", "of peak");
}

int main(int argc, char **argv)
{
	struct settings settings = read_settings(argc, argv);
	const struct ls_arith *arith = arith_for(settings.isa);
	struct lockstep_topology_summary machine;
	lockstep_topology *topology = NULL;
	lockstep_dataset *data = NULL;
	lockstep_error error;

	if (lockstep_topology_create(&topology, NULL, &error) || lockstep_dataset_open(&data, settings.data, &error))
		fail(error.message);
	lockstep_topology_describe(topology, &machine);
	print_machine(&settings, &machine, arith);
	uint32_t first = settings.workers ? settings.workers : 1;
	uint32_t last = settings.workers ? settings.workers : machine.auto_workers;
	for (uint32_t workers = first; workers <= last; workers++) {
		double peak = probe_peak(arith, workers);
		for (int i = 0; i < (int)N_BENCHMARKS; i++)
			if ((settings.network < 0 || settings.network == i) &&
			    workers <= ls_default_slices(benchmarks[i].batch))
				print_figure(&settings, &benchmarks[i], workers,
				             measure(&benchmarks[i], data, &settings, workers), peak);
	}
	lockstep_dataset_destroy(data);
	lockstep_topology_destroy(topology);
	return 0;
}
