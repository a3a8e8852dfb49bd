/* SPDX-License-Identifier: MIT
 *
 * golden: runs the golden jobs with the reference trainer and prints their
 * lines, or checks them against those of a file.
 *
 *	golden [--quick] [--check FILE] [--overlay FOLDER] --mnist FOLDER [JOB...]
 *
 * --quick leaves out the jobs on all 60,000 rows. Without --overlay the
 * multi-label jobs are left out, with a line that says so. Exit status: 0 when
 * every job ran (and was right), 1 when not, 2 for a wrong usage.
 */
#include "golden_jobs.h"
#include "golden_rows.h"
#include "reference.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
	const char *mnist, *overlay, *check;
	int quick;
	char **names; /* jobs to run; none: all */
	int n_names;
};

/* ---- From the table's words to a reference job ------------------------ */

/* Place of a name in a list that ends with NULL; the first one for NULL. */
static int choose(const char *name, const char *const *names)
{
	if (!name)
		return 0;
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "golden: '%s' is not a known name\n", name);
	exit(1);
}

static void parse_layers(const char *text, struct reference_job *job)
{
	char *end = NULL;
	job->n_sizes = 0;
	do {
		job->sizes[job->n_sizes++] = strtoul(end ? end + 1 : text, &end, 10);
	} while (*end == '-' && job->n_sizes < REFERENCE_MAX_SIZES);
}

static void job_from_golden(const struct golden_job *golden, struct reference_job *job)
{
	static const char *const hidden[] = {"sigmoid", "tanh", "relu", "leaky-relu", NULL};
	static const char *const loss[] = {"softmax", "multilabel", "quadratic", NULL};
	static const char *const init[] = {"normal", "glorot", "he", NULL};
	static const char *const scale[] = {"auto", "none", "unit", "standardise", NULL};
	static const char *const schedule[] = {"constant", "step", "exponential", "cosine", NULL};
	static const char *const monitor[] = {"loss", "accuracy", NULL};

	*job = (struct reference_job){
	    .hidden = (enum reference_hidden)choose(golden->hidden, hidden),
	    .slope = golden->leaky_slope,
	    .loss = (enum reference_loss)choose(golden->loss, loss),
	    .init = (enum reference_init)choose(golden->init, init),
	    .seed = golden->seed,
	    .scale = (enum reference_scale)choose(golden->scale, scale),
	    .epochs = golden->epochs,
	    .batch = golden->batch,
	    .slices = golden->slices,
	    .lr = golden->lr,
	    .momentum = golden->momentum,
	    .nesterov = golden->nesterov,
	    .l2 = golden->l2,
	    .dropout = golden->dropout,
	    .schedule = (enum reference_schedule)choose(golden->schedule, schedule),
	    .gamma = golden->schedule_gamma,
	    .period = golden->schedule_period,
	    .warmup = golden->warmup,
	    .validation = golden->validation,
	    .patience = golden->patience,
	    .monitor = (enum reference_monitor)choose(golden->monitor, monitor),
	    .keep_last = golden->keep_last,
	    .drop_last = golden->drop_last,
	};
	parse_layers(golden->layers, job);
}

/* ---- Running ---------------------------------------------------------- */

/* With n_flags not 0, flags take the classes' place. */
static void make_floats(struct reference_data *data, size_t n_rows, size_t n_features, size_t n_flags)
{
	memset(data, 0, sizeof *data);
	data->n_rows = n_rows;
	data->n_features = n_features;
	data->n_labels = GOLDEN_ROWS_CLASSES;
	data->floats = reference_alloc(n_rows * n_features, sizeof(float));
	data->classes = reference_alloc(n_rows, sizeof(uint32_t));
	golden_rows_fill(n_rows, n_features, data->floats, data->classes);
	if (!n_flags)
		return;
	data->n_labels = n_flags;
	data->flags = reference_alloc(n_rows * n_flags, 1);
	golden_rows_fill_flags(n_rows, n_flags, data->classes, data->flags);
	free(data->classes);
	data->classes = NULL;
}

static int open_data(const struct arguments *arguments, const struct golden_job *golden,
                     const struct reference_job *job, struct reference_data *data)
{
	const char *folder = golden->data == GOLDEN_OVERLAY ? arguments->overlay : arguments->mnist;
	if (golden->data == GOLDEN_FLOATS || golden->data == GOLDEN_FLAGS) {
		size_t n_flags = golden->data == GOLDEN_FLAGS ? job->sizes[job->n_sizes - 1] : 0;
		make_floats(data, golden->rows, job->sizes[0], n_flags);
		return 0;
	}
	if (reference_data_open(data, folder, "train", 10))
		return -1;
	if (golden->rows)
		data->n_rows = golden->rows;
	return 0;
}

static int run_job(const struct arguments *arguments, const struct golden_job *golden, struct golden_result *out)
{
	struct reference_job job;
	struct reference_data data;
	struct reference_result result;
	job_from_golden(golden, &job);
	if (open_data(arguments, golden, &job, &data))
		return -1;
	reference_train(&job, &data, &result);
	memset(out, 0, sizeof *out);
	memcpy(out->fingerprint, result.fingerprint, sizeof out->fingerprint);
	out->diverged_step = result.diverged_step;
	out->n_epochs = result.n_epochs;
	out->has_validation = job.validation > 0.0;
	for (uint32_t i = 0; i < result.n_epochs; i++) {
		out->losses[i] = result.losses[i];
		out->validation[i] = result.validation[i].loss;
	}
	reference_result_free(&result);
	reference_data_free(&data);
	return 0;
}

/* 0 when the job ran and, with --check, came out as the file says. */
static int do_job(const struct arguments *arguments, const struct golden_job *golden)
{
	struct golden_result expected, result;
	if (golden->data == GOLDEN_OVERLAY && !arguments->overlay) {
		fprintf(stderr, "golden: %s left out: no --overlay\n", golden->name);
		return 0;
	}
	if (run_job(arguments, golden, &result))
		return -1;
	if (!arguments->check) {
		golden_result_print(stdout, golden->name, &result);
		return fflush(stdout);
	}
	int right = golden_result_read(arguments->check, golden->name, &expected) == 0 &&
	            golden_result_equal(&expected, &result);
	printf("%s %s\n", right ? "ok" : "WRONG", golden->name);
	if (!right)
		golden_result_print(stdout, golden->name, &result);
	fflush(stdout);
	return right ? 0 : -1;
}

static int is_chosen(const struct arguments *arguments, const struct golden_job *golden)
{
	if (arguments->quick && golden->slow)
		return 0;
	for (int i = 0; i < arguments->n_names; i++)
		if (strcmp(arguments->names[i], golden->name) == 0)
			return 1;
	return arguments->n_names == 0;
}

/* ---- Command line ----------------------------------------------------- */

static int parse_arguments(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {{"mnist", required_argument, NULL, 'm'},
	                                        {"overlay", required_argument, NULL, 'o'},
	                                        {"check", required_argument, NULL, 'c'},
	                                        {"quick", no_argument, NULL, 'q'},
	                                        {0}};
	memset(arguments, 0, sizeof *arguments);
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'm':
			arguments->mnist = optarg;
			break;
		case 'o':
			arguments->overlay = optarg;
			break;
		case 'c':
			arguments->check = optarg;
			break;
		case 'q':
			arguments->quick = 1;
			break;
		default:
			return -1;
		}
	}
	arguments->names = argv + optind;
	arguments->n_names = argc - optind;
	return arguments->mnist ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	int failed = 0;
	if (parse_arguments(&arguments, argc, argv)) {
		fputs("usage: golden [--quick] [--check FILE] [--overlay FOLDER] --mnist FOLDER [JOB...]\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < n_golden_jobs; i++)
		if (is_chosen(&arguments, &golden_jobs[i]) && do_job(&arguments, &golden_jobs[i]))
			failed = 1;
	return failed;
}
