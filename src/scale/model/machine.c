/* SPDX-License-Identifier: MIT
 *
 * The part of a calibration that is the same for all jobs. Workers that meet sit side by side ("close"), so that what
 * is measured is the way to a neighbour; longer ways are multiples of it. Of every figure the best block counts, as for
 * the job's shards; of a cache line's rounds, which are short, the median.
 */
#include <math.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "bench/figure.h"
#include "bench/team.h"
#include "lockstep/bench.h"
#include "model.h"
#include "team/neighbours.h"

#define MEETING_SECONDS 0.05
#define MEMORY_SECONDS 0.2

/* Assumed: see doc/scaling.md. */
#define FAR_CACHE 3
#define FAR_NODE 3
#define FAR_PACKAGE 6

/* ---- What a line costs ----------------------------------------------- */

/* 256 KiB, as long as a parameter block: it stays in a core's own cache. */
#define N_LINES ((size_t)4096)
#define LINE_BYTES 64

typedef uint64_t line_words __attribute__((vector_size(LINE_BYTES), aligned(LINE_BYTES), may_alias));

/* Two workers write a buffer each, meet, read one and meet: for so many rounds the other's, then for as many their own.
 * The meetings do not count. */
#define N_ROUNDS 500
struct exchange {
	struct ls_team *team;
	line_words *buffers[2]; /* [N_LINES], each written by its worker before the first meeting of a round */
	uint64_t sums[2];       /* keep the reads from being left out; by the workers at the end */
	double own, foreign;    /* seconds of writing and reading, the median; by worker 0 */
	uint32_t n_delivered;   /* by worker 0 */
};

static void write_lines(line_words *to, uint64_t value)
{
	for (size_t i = 0; i < N_LINES; i++)
		to[i] = (line_words){value};
}

static uint64_t read_lines(const line_words *from)
{
	line_words sum = {0};
	for (size_t i = 0; i < N_LINES; i++)
		sum += from[i];
	return sum[0];
}

static double exchange_lines(struct exchange *exchange, uint32_t worker, const line_words *from)
{
	double seconds[N_ROUNDS];
	for (size_t round = 0; round < N_ROUNDS; round++) {
		double started = ls_clock_seconds();
		write_lines(exchange->buffers[worker], round);
		seconds[round] = ls_clock_seconds() - started;
		ls_team_barrier(exchange->team, worker);
		started = ls_clock_seconds();
		exchange->sums[worker] += read_lines(from);
		seconds[round] += ls_clock_seconds() - started;
		ls_team_barrier(exchange->team, worker);
	}
	return ls_bench_figure(seconds, N_ROUNDS).median;
}

static void exchange_body(void *context, uint32_t worker, uint32_t n_workers)
{
	struct exchange *exchange = context;
	if (worker == 0)
		exchange->n_delivered = n_workers;
	if (n_workers != 2)
		return;
	double foreign = exchange_lines(exchange, worker, exchange->buffers[1 - worker]);
	double own = exchange_lines(exchange, worker, exchange->buffers[worker]);
	if (worker == 0) {
		exchange->foreign = foreign;
		exchange->own = own;
	}
}

static lockstep_status run_exchange(struct exchange *exchange, const struct lockstep_bench_options *options,
                                    lockstep_error *error)
{
	lockstep_status status = ls_bench_team(&exchange->team, 2, options, error);
	if (status)
		return status;
	status = ls_team_run(exchange->team, exchange_body, exchange, error);
	ls_team_destroy(exchange->team);
	if (!status && exchange->n_delivered != 2)
		status = ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "the team has %u workers instead of two",
		                      exchange->n_delivered);
	return status;
}

static lockstep_status measure_line(const struct lockstep_bench_options *options, double *line, lockstep_error *error)
{
	struct exchange exchange = {.n_delivered = 0};
	line_words *both = ls_memory_allocate(2 * N_LINES, LINE_BYTES);
	if (!both)
		return ls_error_memory(error, "buffers to exchange");
	exchange.buffers[0] = both;
	exchange.buffers[1] = both + N_LINES;
	lockstep_status status = run_exchange(&exchange, options, error);
	if (!status)
		*line = fmax(0, (exchange.foreign - exchange.own) / (double)N_LINES);
	ls_memory_free(both);
	return status;
}

/* ---- Meetings, memory ------------------------------------------------ */

static lockstep_status measure_barrier(uint32_t n, const struct lockstep_bench_options *options, double *seconds,
                                       lockstep_error *error)
{
	struct lockstep_bench_barrier barrier;
	lockstep_status status = lockstep_bench_barrier(n, options, &barrier, error);
	if (!status && barrier.workers != n)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "the team has %u workers instead of %u",
		                    barrier.workers, n);
	if (!status)
		*seconds = 1e-9 * barrier.ns.low;
	return status;
}

static lockstep_status measure_meetings(struct lockstep_machine_model *model,
                                        const struct lockstep_bench_options *options, lockstep_error *error)
{
	struct lockstep_bench_figure ns = {0};
	lockstep_status status = measure_barrier(2, options, &model->barrier_2, error);
	model->barrier_all = model->barrier_2;
	if (!status && model->n_all > 2)
		status = measure_barrier(model->n_all, options, &model->barrier_all, error);
	if (!status)
		status = lockstep_bench_handover(options, &ns, error);
	if (!status)
		status = measure_line(options, &model->line, error);
	model->handover = 1e-9 * ns.low;
	return status;
}

static lockstep_status measure_memory(struct lockstep_machine_model *model,
                                      const struct lockstep_bench_options *options, lockstep_error *error)
{
	struct lockstep_bench_memory one, all;
	lockstep_status status = lockstep_bench_memory(1, options, &one, error);
	if (!status)
		status = lockstep_bench_memory(model->n_all, options, &all, error);
	if (!status) {
		model->core_gigabytes = one.triad.high;
		model->node_gigabytes = fmax(all.triad.high, one.triad.high);
	}
	return status;
}

/* ---- The machine ----------------------------------------------------- */

/* Places of the first NUMA node that workers come to, 2 at least, and their cache. */
static lockstep_status look_around(struct lockstep_machine_model *model, const lockstep_topology *topology,
                                   struct ls_model_room room, lockstep_error *error)
{
	struct ls_neighbour neighbour;
	struct lockstep_place *places = ls_memory_allocate(room.n, sizeof *places);
	if (!places)
		return ls_error_memory(error, "the machine's cores");
	lockstep_status status = lockstep_topology_place(topology, room.n, "close", room.smt, places, error);
	if (!status) {
		uint32_t n_all = 1;
		while (n_all < room.n && places[n_all].numa_node == places[0].numa_node)
			n_all++;
		ls_neighbours_find(topology, places, 1, &neighbour);
		model->cache_bytes = neighbour.cache_bytes;
		model->n_all = n_all < 2 ? 2 : n_all;
	}
	ls_memory_free(places);
	return status;
}

/* One place: of the machine, or of the quota. */
static lockstep_status refuse_room(const lockstep_topology *topology, int smt, lockstep_error *error)
{
	static const char needs[] = "a machine model needs two cores, to measure what it costs to meet";
	struct lockstep_topology_summary summary;
	lockstep_topology_describe(topology, &summary);
	if (summary.cpu_quota > 0 && summary.cpu_quota < 2 && (smt ? summary.pus : summary.cores) > 1)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s; the control group grants %.3g CPU%s", needs,
		                    summary.cpu_quota, summary.cpu_quota == 1 ? "" : "s");
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s; this process has one", needs);
}

/* A neighbour is another core, for those that share one tell nothing of the way to others: only where there is no other
 * core, and hardware threads are to be places, they are the neighbours. */
lockstep_status ls_model_find_room(const lockstep_topology *topology, int smt, struct ls_model_room *room,
                                   lockstep_error *error)
{
	*room = (struct ls_model_room){.smt = 0};
	lockstep_status status = lockstep_topology_auto_workers(topology, "close", 0, &room->n, error);
	if (!status && room->n < 2 && smt) {
		room->smt = 1;
		status = lockstep_topology_auto_workers(topology, "close", 1, &room->n, error);
	}
	if (!status && room->n < 2)
		status = refuse_room(topology, smt, error);
	return status;
}

static lockstep_status find_cores(struct lockstep_machine_model *model, int *smt, lockstep_error *error)
{
	lockstep_topology *topology = NULL;
	struct ls_model_room room;
	lockstep_status status = lockstep_topology_create(&topology, NULL, error);
	if (!status)
		status = ls_model_find_room(topology, model->smt, &room, error);
	if (!status)
		status = look_around(model, topology, room, error);
	if (!status)
		*smt = room.smt;
	lockstep_topology_destroy(topology);
	return status;
}

lockstep_status ls_model_measure_machine(struct lockstep_machine_model *model,
                                         const struct lockstep_scaling_setting *setting,
                                         const struct lockstep_train_options *train, lockstep_error *error)
{
	struct lockstep_bench_options options = {.seconds = MEETING_SECONDS,
	                                         .engine = setting->engine,
	                                         .isa = train->isa,
	                                         .bind = "close",
	                                         .on_warning = train->on_warning,
	                                         .context = train->context};
	model->far_cache = FAR_CACHE;
	model->far_node = FAR_NODE;
	model->far_package = FAR_PACKAGE;
	lockstep_status status = find_cores(model, &options.smt, error);
	if (!status)
		status = measure_meetings(model, &options, error);
	options.seconds = MEMORY_SECONDS;
	return status ? status : measure_memory(model, &options, error);
}
