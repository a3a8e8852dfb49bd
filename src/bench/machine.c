/* SPDX-License-Identifier: MIT
 *
 * The machine's limits: multiply-adds on registers, and memory.
 *
 * The streams are written with vectors of a fixed width, so that they do not
 * depend on what a compiler vectorises; a core comes to the speed of its memory
 * with any of them. Sums of integers, since those may be taken in any order.
 */
#include <unistd.h>

#include "arith/arith.h"
#include "base/error.h"
#include "base/memory.h"
#include "figure.h"
#include "lockstep/topology.h"
#include "team.h"
#include "team/neighbours.h"

/* ---- Multiply-adds ---------------------------------------------------- */

#define PEAK_SECONDS 0.2

struct peak {
	struct ls_team *team;
	const struct ls_arith *arith;
	uint64_t n_rounds;
	uint32_t n_delivered;
	float result; /* keeps the work from being left out */
};

static void peak_body(void *context, uint32_t worker, uint32_t n_workers)
{
	struct peak *peak = context;
	float result = peak->arith->peak(peak->n_rounds, 0.5f);
	if (worker)
		return;
	peak->n_delivered = n_workers;
	peak->result = result;
}

static lockstep_status repeat_peak(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct peak *peak = context;
	peak->n_rounds = n;
	return ls_bench_run(peak->team, peak_body, peak, seconds, error);
}

lockstep_status lockstep_bench_peak(uint32_t n_workers, const struct lockstep_bench_options *options, double *gflops,
                                    lockstep_error *error)
{
	struct peak peak = {.n_delivered = 0};
	struct lockstep_bench_figure seconds;
	lockstep_status status = ls_arith_select(&peak.arith, options->isa, error);
	if (!status)
		status = ls_bench_team(&peak.team, n_workers, options, error);
	if (status)
		return status;
	status = ls_bench_measure(repeat_peak, &peak, options->seconds < PEAK_SECONDS ? options->seconds : PEAK_SECONDS,
	                          &seconds, error);
	if (!status)
		*gflops = ls_bench_rate(seconds, (double)peak.arith->peak_flops * peak.n_delivered * 1e-9).high;
	ls_team_destroy(peak.team);
	return status;
}

/* ---- Memory ----------------------------------------------------------- */

#define STREAM_BYTES 64
#define CACHE_BYTES_MIN ((size_t)32 << 20) /* where the system does not know, or knows too little */

typedef uint64_t words __attribute__((vector_size(STREAM_BYTES), aligned(STREAM_BYTES), may_alias));
typedef float floats __attribute__((vector_size(STREAM_BYTES), aligned(STREAM_BYTES), may_alias));

/* One worker's array, made by itself, in three equal parts. */
struct stream {
	float *values;
	uint64_t sum; /* keeps the reads from being left out */
	char padding[64 - sizeof(float *) - sizeof(uint64_t)];
};

struct memory {
	struct ls_team *team;
	struct stream *streams; /* [team size] */
	size_t n;               /* vectors of STREAM_BYTES in a part, an even number */
	uint64_t n_passes;
	uint32_t n_delivered;
};

/* All values are 1: a page that is only read may else be one page of zeros for
 * all, and subnormal numbers are slow. */
static void create_stream(void *context, uint32_t worker, uint32_t n_workers)
{
	struct memory *memory = context;
	size_t n_floats = 3 * memory->n * (STREAM_BYTES / sizeof(float));
	float *values = ls_memory_allocate(n_floats, sizeof *values);
	memory->streams[worker].values = values;
	for (size_t i = 0; values && i < n_floats; i++)
		values[i] = 1;
	if (worker == 0)
		memory->n_delivered = n_workers;
}

static void read_body(void *context, uint32_t worker, uint32_t n_workers)
{
	const struct memory *memory = context;
	struct stream *stream = &memory->streams[worker];
	const words *in = (const void *)stream->values;
	words even = {0}, odd = {0};
	(void)n_workers;
	for (uint64_t pass = 0; pass < memory->n_passes; pass++)
		for (size_t i = 0; i < 3 * memory->n; i += 2) {
			even += in[i];
			odd += in[i + 1];
		}
	even += odd;
	for (size_t lane = 0; lane < STREAM_BYTES / sizeof(uint64_t); lane++)
		stream->sum += even[lane];
}

static void triad_body(void *context, uint32_t worker, uint32_t n_workers)
{
	const struct memory *memory = context;
	floats *a = (void *)memory->streams[worker].values;
	const floats *b = a + memory->n, *c = b + memory->n;
	(void)n_workers;
	for (uint64_t pass = 0; pass < memory->n_passes; pass++)
		for (size_t i = 0; i < memory->n; i++)
			a[i] = b[i] + 0.5f * c[i];
}

static lockstep_status repeat_read(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct memory *memory = context;
	memory->n_passes = n;
	return ls_bench_run(memory->team, read_body, memory, seconds, error);
}

static lockstep_status repeat_triad(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct memory *memory = context;
	memory->n_passes = n;
	return ls_bench_run(memory->team, triad_body, memory, seconds, error);
}

static size_t cache_bytes(void)
{
#ifdef _SC_LEVEL3_CACHE_SIZE
	long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
	if (bytes > (long)CACHE_BYTES_MIN)
		return (size_t)bytes;
#endif
	return CACHE_BYTES_MIN;
}

/* The last-level caches of the workers together, as far as the machine tells; else each is taken to have half of one. */
static double shared_bytes(const struct lockstep_bench_options *options, uint32_t n_workers)
{
	double bytes = 0;
	lockstep_topology *topology;
	struct lockstep_place *places = ls_memory_allocate(n_workers, sizeof *places);
	if (places && lockstep_topology_create(&topology, NULL, NULL) == LOCKSTEP_OK) {
		if (!lockstep_topology_place(topology, n_workers, options->bind ? options->bind : "none", options->smt,
		                             places, NULL))
			bytes = ls_neighbours_cache_bytes(topology, places, n_workers);
		lockstep_topology_destroy(topology);
	}
	ls_memory_free(places);
	return bytes > 0 ? bytes : (double)cache_bytes() * (n_workers + 1) / 2;
}

/* Four times those caches over all workers, and more than a core's own caches hold; all together no more than a quarter
 * of the machine's memory. */
static size_t worker_bytes(const struct lockstep_bench_options *options, uint32_t n_workers)
{
	size_t wanted = (size_t)(4 * shared_bytes(options, n_workers) / n_workers);
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	if (wanted < CACHE_BYTES_MIN)
		wanted = CACHE_BYTES_MIN;
	size_t quarter = pages > 0 && page > 0 ? (size_t)pages / 4 * (size_t)page : wanted * n_workers;
	return quarter / n_workers < wanted ? quarter / n_workers : wanted;
}

static lockstep_status create_streams(struct memory *memory, const struct lockstep_bench_options *options,
                                      uint32_t n_workers, lockstep_error *error)
{
	memory->n = worker_bytes(options, n_workers) / (3 * 2 * STREAM_BYTES) * 2;
	memory->streams = ls_memory_allocate(n_workers, sizeof *memory->streams);
	if (!memory->streams)
		return ls_error_memory(error, "streams through memory");
	lockstep_status status = ls_team_run(memory->team, create_stream, memory, error);
	for (uint32_t i = 0; i < memory->n_delivered && !status; i++)
		if (!memory->streams[i].values)
			status = ls_error_memory(error, "streams through memory");
	return status;
}

static void destroy_streams(struct memory *memory, uint32_t n_workers)
{
	for (uint32_t i = 0; memory->streams && i < n_workers; i++)
		ls_memory_free(memory->streams[i].values);
	ls_memory_free(memory->streams);
}

lockstep_status lockstep_bench_memory(uint32_t n_workers, const struct lockstep_bench_options *options,
                                      struct lockstep_bench_memory *memory, lockstep_error *error)
{
	struct memory run = {.n_delivered = 0};
	struct lockstep_bench_figure read, triad;
	lockstep_status status = ls_bench_team(&run.team, n_workers, options, error);
	if (status)
		return status;
	status = create_streams(&run, options, n_workers, error);
	if (!status)
		status = ls_bench_measure(repeat_read, &run, options->seconds, &read, error);
	if (!status)
		status = ls_bench_measure(repeat_triad, &run, options->seconds, &triad, error);
	if (!status) {
		double gigabytes = 3e-9 * (double)run.n * STREAM_BYTES * run.n_delivered;
		*memory = (struct lockstep_bench_memory){.workers = run.n_delivered,
		                                         .worker_bytes = 3 * run.n * STREAM_BYTES,
		                                         .read = ls_bench_rate(read, gigabytes),
		                                         .triad = ls_bench_rate(triad, gigabytes)};
	}
	destroy_streams(&run, n_workers);
	ls_team_destroy(run.team);
	return status;
}
