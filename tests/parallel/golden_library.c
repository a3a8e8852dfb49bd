/* SPDX-License-Identifier: MIT
 *
 * The promise, tested: every golden job, run by the library on every worker
 * count, engine and instruction set, ends with the bits that the reference
 * trainer recorded in tests/golden.txt. A plain program that prints TAP, so
 * that it also runs under sanitizers and emulators.
 *
 *	golden_library [--long|--short] [--jobs LIST] [--isa LIST] [--workers LIST] --golden FILE --mnist FOLDER
 *	               [--overlay FOLDER]
 *
 * The short jobs run on the full product, by pthreads also with owners of
 * parameters on three workers and, where the first layer's units can be split,
 * that way, on as many as they can. With --long the jobs on all 60,000 rows run
 * instead, on one worker and on as many as there are slices. With --short three
 * workers run, or as many as there are slices, and the portable kernels, which
 * take nearly all of the time, by pthreads and rows alone.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"
#include "golden_jobs.h"
#include "golden_rows.h"
#include "lockstep.h"

#define MAX_WORKERS 16

struct settings {
	const char *golden, *mnist, *overlay;
	const char *jobs, *isas, *workers; /* comma-separated; NULL: the defaults */
	int is_long, is_short;
};

static lockstep_dataset *folders[2]; /* by GOLDEN_MNIST and GOLDEN_OVERLAY, once opened */
static int n_points, n_failed;

static _Noreturn void bail_out(const char *message)
{
	printf("Bail out! %s\n", message);
	exit(1);
}

/* Who runs a job, and what is split over the workers. */
struct way {
	enum lockstep_engine engine;
	enum lockstep_split split;
	const char *isa;
};

/* ---- Jobs ------------------------------------------------------------ */

static const lockstep_dataset *open_folder(const struct settings *settings, enum golden_data data)
{
	lockstep_error error;
	const char *path = data == GOLDEN_OVERLAY ? settings->overlay : settings->mnist;
	if (!folders[data] && lockstep_dataset_open(&folders[data], path, &error))
		bail_out(error.message);
	return folders[data];
}

static int is_made(const struct golden_job *job)
{
	return job->data == GOLDEN_FLOATS || job->data == GOLDEN_FLAGS;
}

/* Rows made for the job. */
static lockstep_dataset *make_data(const struct golden_job *job)
{
	lockstep_dataset *data = NULL;
	lockstep_error error;
	size_t n_features = strtoul(job->layers, NULL, 10), n_flags = strtoul(strrchr(job->layers, '-') + 1, NULL, 10);
	struct lockstep_rows rows = {.n_rows = job->rows, .n_features = n_features, .n_labels = GOLDEN_ROWS_CLASSES};
	float *values = calloc(rows.n_rows * n_features, sizeof *values);
	uint32_t *classes = calloc(rows.n_rows, sizeof *classes);
	uint8_t *flags = calloc(rows.n_rows, n_flags);
	if (!values || !classes || !flags)
		bail_out("out of memory");
	golden_rows_fill(rows.n_rows, n_features, values, classes);
	golden_rows_fill_flags(rows.n_rows, n_flags, classes, flags);
	rows.floats = values;
	if (job->data == GOLDEN_FLAGS) {
		rows.flags = flags;
		rows.n_labels = n_flags;
	} else {
		rows.classes = classes;
	}
	if (lockstep_dataset_from_rows(&data, &rows, NULL, &error))
		bail_out(error.message);
	free(flags);
	free(classes);
	free(values);
	return data;
}

/* Rows made for the job, or a view of a folder's first training rows; free with
 * close_data(). */
static lockstep_dataset *open_data(const struct settings *settings, const struct golden_job *job)
{
	if (is_made(job))
		return make_data(job);
	lockstep_dataset *data = malloc(sizeof *data);
	if (!data)
		bail_out("out of memory");
	*data = *open_folder(settings, job->data);
	if (job->rows)
		data->parts[LOCKSTEP_TRAIN].n_rows = job->rows;
	return data;
}

static void close_data(const struct golden_job *job, lockstep_dataset *data)
{
	if (is_made(job))
		lockstep_dataset_destroy(data);
	else
		free(data);
}

static struct lockstep_network_options network_options(const struct golden_job *job)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	if (job->hidden)
		options.hidden = (enum lockstep_activation)lockstep_activation_parse(job->hidden);
	options.leaky_slope = job->leaky_slope;
	options.loss = (enum lockstep_loss)lockstep_loss_parse(job->loss);
	options.init = (enum lockstep_init)lockstep_init_parse(job->init);
	options.seed = job->seed;
	return options;
}

static struct lockstep_train_options train_options(const struct golden_job *job)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	if (job->scale)
		options.scale = (enum lockstep_scale)lockstep_scale_parse(job->scale);
	options.epochs = job->epochs;
	options.batch = job->batch;
	options.slices = job->slices;
	options.learning_rate = job->lr;
	options.momentum = job->momentum;
	options.nesterov = job->nesterov;
	options.l2 = job->l2;
	options.dropout = job->dropout;
	options.schedule = (enum lockstep_schedule)lockstep_schedule_parse(job->schedule);
	if (job->schedule_gamma > 0)
		options.schedule_gamma = job->schedule_gamma;
	options.schedule_period = job->schedule_period;
	options.warmup = job->warmup;
	options.validation = job->validation;
	options.patience = job->patience;
	if (job->monitor)
		options.monitor = (enum lockstep_monitor)lockstep_monitor_parse(job->monitor);
	options.keep_last = job->keep_last;
	options.drop_last = job->drop_last;
	options.seed = job->seed;
	return options;
}

static int record_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct golden_result *result = context;
	result->losses[result->n_epochs] = epoch->loss;
	result->validation[result->n_epochs++] = epoch->validation.loss;
	return 0;
}

static struct golden_result run_job(const struct golden_job *job, const lockstep_dataset *data, uint32_t workers,
                                    const struct way *way)
{
	struct golden_result result = {.has_validation = job->validation > 0};
	struct lockstep_network_options shape = network_options(job);
	struct lockstep_train_options options = train_options(job);
	lockstep_network *network = NULL;
	lockstep_error error;

	options.workers = workers;
	options.engine = way->engine;
	options.split = way->split;
	options.isa = way->isa;
	options.on_epoch = record_epoch;
	options.context = &result;
	if (lockstep_network_create(&network, job->layers, &shape, &error))
		bail_out(error.message);
	lockstep_status status = lockstep_train(network, data, &options, &error);
	if (status == LOCKSTEP_DIVERGED)
		sscanf(error.message, "the job diverged at step %" SCNu64, &result.diverged_step);
	else if (status)
		bail_out(error.message);
	else
		lockstep_network_fingerprint(network, result.fingerprint);
	lockstep_network_destroy(network);
	return result;
}

/* ---- The product ----------------------------------------------------- */

static int is_listed(const char *list, const char *item)
{
	size_t length = strlen(item);
	for (const char *at = list; (at = strstr(at, item)); at += length)
		if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
			return 1;
	return 0;
}

static uint32_t job_slices(const struct golden_job *job, const lockstep_dataset *data)
{
	struct lockstep_train_options options = train_options(job);
	struct lockstep_network_options shape = network_options(job);
	struct lockstep_plan plan;
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	lockstep_error error;

	options.workers = 1;
	if (lockstep_network_create(&network, job->layers, &shape, &error) ||
	    lockstep_trainer_create(&trainer, network, data, &options, &error))
		bail_out(error.message);
	lockstep_trainer_plan(trainer, &plan);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	return plan.slices;
}

/* Is every number of the list above the limit? */
static int all_above(const char *list, uint32_t limit)
{
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strtoul(at, NULL, 10) <= limit)
			return 0;
	return 1;
}

/* The most workers that a job's units can be split over: 16 units each, the
 * last may have fewer, and no more than there are slices; 0: not at all. */
static uint32_t most_by_units(const struct golden_job *job, uint32_t slices)
{
	const char *first = strchr(job->layers, '-') + 1;
	uint32_t n_groups = strchr(first, '-') ? ((uint32_t)strtoul(first, NULL, 10) + 15) / 16 : 0;
	return n_groups < slices ? n_groups : slices;
}

/* A job with fewer slices than any listed number runs on as many as it has. */
static int runs_workers(const struct settings *settings, uint32_t workers, uint32_t slices)
{
	const char *usual = settings->is_short ? "3" : "1,2,3,4,5,7,8,16";
	const char *list = settings->workers ? settings->workers : usual;
	char text[12];
	if (workers > slices)
		return 0;
	if (settings->is_long)
		return workers == 1 || workers == slices;
	snprintf(text, sizeof text, "%u", workers);
	return is_listed(list, text) || (workers == slices && all_above(list, slices));
}

/* One TAP point: a job in one way, on `least` to `most` workers. */
static void test_point(const struct settings *settings, const struct golden_job *job, const lockstep_dataset *data,
                       uint32_t least, uint32_t most, const struct way *way)
{
	struct golden_result expected;
	const char *engine = lockstep_engine_name(way->engine), *split = lockstep_split_name(way->split);
	int right = golden_result_read(settings->golden, job->name, &expected) == 0;
	if (!right)
		printf("# no golden value of %s in %s\n", job->name, settings->golden);

	printf("# %s, %s, %s, %s, workers", job->name, engine, way->isa, split);
	for (uint32_t workers = least; right && workers <= most && workers <= MAX_WORKERS; workers++) {
		if (least < most && !runs_workers(settings, workers, most))
			continue;
		struct golden_result result = run_job(job, data, workers, way);
		printf(" %u", workers);
		if (!golden_result_equal(&expected, &result)) {
			printf("\n# with %u workers instead: ", workers);
			golden_result_print(stdout, job->name, &result);
			right = 0;
		}
	}
	n_failed += !right;
	printf("\n%sok %d - %s %s %s %s\n", right ? "" : "not ", ++n_points, job->name, engine, way->isa, split);
	fflush(stdout);
}

/* All ways that an instruction set has. */
static void test_ways(const struct settings *settings, const struct golden_job *job, const lockstep_dataset *data,
                      const char *isa)
{
	static const enum lockstep_engine engines[] = {LOCKSTEP_PTHREADS, LOCKSTEP_SERIAL, LOCKSTEP_OPENMP};
	uint32_t slices = job_slices(job, data), most = most_by_units(job, slices);
	int only_one = settings->is_short && strcmp(isa, "portable") == 0;
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		if (engines[i] == LOCKSTEP_OPENMP && !lockstep_has_openmp())
			continue;
		if ((settings->is_long || only_one) && engines[i] != LOCKSTEP_PTHREADS)
			continue;
		struct way way = {engines[i], LOCKSTEP_SPLIT_ROWS, isa};
		test_point(settings, job, data, 1, slices, &way);
		if (engines[i] != LOCKSTEP_PTHREADS || slices == 1 || only_one)
			continue; /* test_split.c runs them by OpenMP too */
		way.split = LOCKSTEP_SPLIT_OWNERS;
		test_point(settings, job, data, slices < 3 ? slices : 3, slices < 3 ? slices : 3, &way);
		way.split = LOCKSTEP_SPLIT_UNITS;
		if (most > 1)
			test_point(settings, job, data, most, most, &way);
	}
}

static void test_job(const struct settings *settings, const struct golden_job *job)
{
	static const char *const isas[] = {"avx512", "avx2", "neon", "portable"};
	if (job->data == GOLDEN_OVERLAY && !settings->overlay) {
		printf("ok %d - %s # SKIP no overlay data\n", ++n_points, job->name);
		return;
	}
	lockstep_dataset *data = open_data(settings, job);
	for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
		if (lockstep_isa_check(isas[i], NULL) || (settings->isas && !is_listed(settings->isas, isas[i])))
			continue;
		test_ways(settings, job, data, isas[i]);
	}
	close_data(job, data);
}

/* ---- Command line ---------------------------------------------------- */

static int parse_arguments(struct settings *settings, int argc, char **argv)
{
	static const struct option options[] = {{"long", no_argument, NULL, 'l'},
	                                        {"short", no_argument, NULL, 's'},
	                                        {"isa", required_argument, NULL, 'i'},
	                                        {"workers", required_argument, NULL, 'w'},
	                                        {"jobs", required_argument, NULL, 'j'},
	                                        {"golden", required_argument, NULL, 'g'},
	                                        {"mnist", required_argument, NULL, 'm'},
	                                        {"overlay", required_argument, NULL, 'o'},
	                                        {NULL, 0, NULL, 0}};
	*settings = (struct settings){0};
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'l':
			settings->is_long = 1;
			break;
		case 's':
			settings->is_short = 1;
			break;
		case 'i':
			settings->isas = optarg;
			break;
		case 'j':
			settings->jobs = optarg;
			break;
		case 'w':
			settings->workers = optarg;
			break;
		case 'g':
			settings->golden = optarg;
			break;
		case 'm':
			settings->mnist = optarg;
			break;
		case 'o':
			settings->overlay = optarg;
			break;
		default:
			return -1;
		}
	}
	return settings->golden && settings->mnist ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct settings settings;
	if (parse_arguments(&settings, argc, argv)) {
		fputs(
		    "usage: golden_library [--long|--short] [--jobs LIST] [--isa LIST] [--workers LIST] --golden FILE "
		    "--mnist FOLDER [--overlay FOLDER]\n",
		    stderr);
		return 2;
	}
	for (size_t i = 0; i < n_golden_jobs; i++)
		if (!golden_jobs[i].slow == !settings.is_long &&
		    (!settings.jobs || is_listed(settings.jobs, golden_jobs[i].name)))
			test_job(&settings, &golden_jobs[i]);
	printf("1..%d\n", n_points);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		lockstep_dataset_destroy(folders[i]);
	return n_failed > 0;
}
