/* SPDX-License-Identifier: MIT
 *
 * Lists are read item by item; nothing in them may be left over.
 */
#include "bench_options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"

#define AT(field) offsetof(struct ls_bench_options, field)
#define WORKERS_MAX 65536 /* the most slices that a job can have */
#define SECONDS_MAX 3600

const struct ls_option ls_bench_part_table[] = {
    {0, "machine", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_MACHINE]), NULL,
     "multiply-adds and memory bandwidth of one core and of all"},
    {0, "kernels", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_KERNELS]), NULL,
     "products and gradients of the networks' layers, over a mini-batch and one worker's share of it, on one core"},
    {0, "barrier", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_BARRIER]), NULL,
     "a barrier of the workers, and a hand-over from one to another"},
    {0, "steps", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_STEPS]), NULL,
     "training steps at every number of workers, and where their time goes"},
    {0, "epochs", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_EPOCHS]), NULL,
     "whole epochs with their evaluation, at every number of workers and as --workers auto of train runs them; one of "
     "the largest network may take ten seconds"},
    {0, "exactness", NULL, LS_OPTION_FLAG, AT(parts[LS_BENCH_EXACTNESS]), NULL,
     "what the fixed order of sums costs, against one slice a worker"},
    {0},
};

const struct ls_option ls_bench_option_table[] = {
    {0, "network", "LIST", LS_OPTION_TEXT, AT(network), NULL,
     "networks by number, 0 to 3, or by layers, such as 0,784-128-10 (default: all)"},
    {0, "workers", "N[,N...]", LS_OPTION_TEXT, AT(workers), NULL,
     "numbers of workers (default: every one up to the cores, or of these the first and the last, where more would "
     "take long)"},
    {0, "seconds", "S", LS_OPTION_REAL, AT(measure.seconds), NULL, "time of one figure, without its warm-up"},
    {0, "scale", "unit|standardise", LS_OPTION_CHOICE, AT(scale), lockstep_scale_parse,
     "data with their zeros, which are skipped exactly, or without (default: both)"},
    {0, "data", "NAME|DIR|FILE", LS_OPTION_TEXT, AT(data.data), NULL, "rows of 784 features and 10 classes"},
    {0, "engine", "pthreads|openmp|serial", LS_OPTION_CHOICE, AT(measure.engine), lockstep_engine_parse,
     "what runs the workers; serial has no barrier"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(measure.isa), NULL,
     "instruction set of the kernels"},
    {0, "bind", "close|spread|none|list:CPUS", LS_OPTION_TEXT, AT(measure.bind), NULL,
     "where workers are pinned; CPUS such as 0,2,4-7"},
    {0},
};

const struct ls_option ls_bench_output_table[] = {
    {0, "json", NULL, LS_OPTION_FLAG, AT(json), NULL, "one JSON object a line"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(quiet), NULL, "no progress line"},
    {0},
};

void ls_bench_options_init(struct ls_bench_options *options)
{
	*options = (struct ls_bench_options){
	    .scale = -1, .data = LS_DATA_OPTIONS_INIT, .measure = LOCKSTEP_BENCH_OPTIONS_INIT};
	options->measure.isa = "auto";
	options->measure.bind = "close";
}

void ls_bench_options_fini(struct ls_bench_options *options)
{
	free(options->counts);
}

/* ---- Lists -------------------------------------------------------------- */

/* The next item's length; *next is what follows its comma, NULL after the last. */
static size_t cut(const char *item, const char **next)
{
	size_t length = strcspn(item, ",");
	*next = item[length] ? item + length + 1 : NULL;
	return length;
}

/* Number of the network that the item names; -1: none. */
static int find_network(const char *item, size_t length)
{
	for (int i = 0; i < LOCKSTEP_BENCH_N_NETWORKS; i++) {
		struct lockstep_bench_network network;
		lockstep_bench_network_get((size_t)i, &network);
		if ((length == 1 && *item == '0' + i) ||
		    (length == strlen(network.layers) && memcmp(item, network.layers, length) == 0))
			return i;
	}
	return -1;
}

static int settle_networks(struct ls_bench_options *options, const char *command)
{
	for (int i = 0; i < LOCKSTEP_BENCH_N_NETWORKS; i++)
		options->networks[i] = options->network == NULL;
	for (const char *item = options->network, *next; item; item = next) {
		size_t length = cut(item, &next);
		int i = find_network(item, length);
		if (i < 0)
			return ls_message_usage(command,
			                        "--network '%.*s': expected 0 to %d, or layers that --help lists",
			                        (int)length, item, LOCKSTEP_BENCH_N_NETWORKS - 1);
		options->networks[i] = 1;
	}
	return LS_EXIT_DONE;
}

/* A number of 1 and more; 0 when the item is none. */
static uint32_t parse_count(const char *item, size_t length)
{
	uint32_t count = 0;
	for (size_t i = 0; i < length; i++) {
		if (item[i] < '0' || item[i] > '9')
			return 0;
		count = 10 * count + (uint32_t)(item[i] - '0');
		if (count > WORKERS_MAX)
			return 0;
	}
	return count;
}

static int read_counts(struct ls_bench_options *options, const char *command)
{
	for (const char *item = options->workers, *next; item; item = next) {
		size_t length = cut(item, &next);
		uint32_t count = parse_count(item, length);
		if (!count)
			return ls_message_usage(command, "--workers '%.*s': expected integers from 1 to %d, or a list",
			                        (int)length, item, WORKERS_MAX);
		options->counts[options->n_counts++] = count;
	}
	return LS_EXIT_DONE;
}

static int settle_counts(struct ls_bench_options *options, uint32_t n_auto, const char *command)
{
	size_t room = options->workers ? strlen(options->workers) / 2 + 1 : n_auto;
	options->automatic = options->workers == NULL;
	options->counts = malloc(room * sizeof *options->counts);
	if (!options->counts)
		return ls_message_failed(command, "out of memory for %zu numbers of workers", room);
	if (!options->automatic)
		return read_counts(options, command);
	for (; options->n_counts < n_auto; options->n_counts++)
		options->counts[options->n_counts] = options->n_counts + 1;
	return LS_EXIT_DONE;
}

/* ---- What was left open --------------------------------------------------- */

static void settle_parts(struct ls_bench_options *options)
{
	for (int i = 0; i < LS_BENCH_N_PARTS; i++)
		if (options->parts[i])
			return;
	for (int i = 0; i < LS_BENCH_N_PARTS; i++)
		options->parts[i] = 1;
	options->parts[LS_BENCH_BARRIER] = options->measure.engine != LOCKSTEP_SERIAL;
}

/* Numbers above the slices of a network are passed over; all of them, for all
 * networks, would be a run that says nothing. */
static int check_counts(const struct ls_bench_options *options, const char *command)
{
	uint32_t most = 0;
	if (!options->parts[LS_BENCH_STEPS] && !options->parts[LS_BENCH_EPOCHS] && !options->parts[LS_BENCH_EXACTNESS])
		return LS_EXIT_DONE; /* kernels have the whole mini-batch in any case */
	for (size_t i = 0; i < LOCKSTEP_BENCH_N_NETWORKS; i++) {
		struct lockstep_bench_network network;
		lockstep_bench_network_get(i, &network);
		if (options->networks[i] && network.slices > most)
			most = network.slices;
	}
	for (uint32_t i = 0; i < options->n_counts; i++)
		if (options->counts[i] <= most)
			return LS_EXIT_DONE;
	return ls_message_usage(command, "--workers %s: the networks have %u slices at most", options->workers, most);
}

static int check_measure(const struct ls_bench_options *options, const char *command)
{
	double seconds = options->measure.seconds;
	if (!(seconds > 0 && seconds <= SECONDS_MAX))
		return ls_message_usage(command, "--seconds %g: expected a number above 0, at most %d", seconds,
		                        SECONDS_MAX);
	if (options->parts[LS_BENCH_BARRIER] && options->measure.engine == LOCKSTEP_SERIAL)
		return ls_message_usage(command, "--barrier: workers of the serial engine never meet");
	return LS_EXIT_DONE;
}

int ls_bench_options_settle(struct ls_bench_options *options, uint32_t n_auto, const char *command)
{
	int status = check_measure(options, command);
	settle_parts(options);
	if (status == LS_EXIT_DONE)
		status = settle_networks(options, command);
	if (status == LS_EXIT_DONE)
		status = settle_counts(options, n_auto, command);
	return status == LS_EXIT_DONE ? check_counts(options, command) : status;
}
