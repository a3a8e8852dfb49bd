/* SPDX-License-Identifier: MIT
 *
 * Databases for the tests of `lockstep report`: a search as it might have been, with all states, and names
 * that mean something to a page.
 *
 *	make_page_runs FILE N [E]    one study of N trials of up to E epochs, default 20
 *	make_page_runs FILE evil     two studies of 60, the first with names and texts that would
 *	                             be scripts if they were taken for markup
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/store/store.h"

#define CORES 8

struct page {
	const char *name, *description, *metric, *parameters[5], *choices[3], *message;
	size_t n_trials;
	uint32_t n_epochs;
	int maximize;
};

static const struct page plain = {"search",
                                  "a search as it might have been",
                                  "validation_loss",
                                  {"lr", "momentum", "hidden", "units", "decay"},
                                  {"sigmoid", "tanh", "relu"},
                                  "the loss is not finite at step 17",
                                  0,
                                  20,
                                  0};
static const struct page evil = {
    "</script><script>document.title='broken'</script>",
    "<!-- <script> \xe2\x80\xa8 & 'quoted' \"twice\" <img src=x onerror=alert(1)>",
    "<b>loss</b>",
    {"<img src=x onerror=\"document.title='broken'\">", "</style>", "a&amp;b", "__proto__", "con structor"},
    {"<i>x</i>", "]]>", "javascript:alert(1)"},
    "<svg onload=alert(1)> \\u003c",
    60,
    5,
    1};

static const char spec_format[] = "name: search\nmethod: random\nmetric: {name: loss}\nparameters:\n"
				  "  lr: {distribution: log_uniform_values, min: 0.0001, max: 1}\n"
				  "  momentum: {min: 0.0, max: 0.99}\n"
				  "  hidden: {values: [sigmoid, tanh, relu]}\n"
				  "  units: {min: 10, max: 200}\n"
				  "  decay: {min: 0.0, max: 1.0}\n"
				  "lockstep: {when: {decay: hidden == tanh}}\n";

static const uint64_t seed[] = {1};
static double next_start[CORES];

struct trial {
	uint64_t number;
	enum lockstep_trial_state state;
	uint32_t epochs;
	double lr, momentum, decay, objective;
	int choice, units;
};

/* splitmix64 */
static double draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double loss_at(const struct trial *trial, uint32_t epoch)
{
	const double distance = log10(trial->lr) + 1.5;
	const double floor = 0.2 + 0.12 * distance * distance +
	                     0.3 * (trial->momentum - 0.8) * (trial->momentum - 0.8) + (trial->choice == 2 ? 0 : 0.08) +
	                     3.0 / trial->units;
	return floor + 1.6 * exp(-(double)epoch * (0.08 + 0.25 * trial->momentum));
}

static struct trial make_trial(const struct page *page, uint64_t number)
{
	uint64_t state = number * 977 + 5;
	struct trial trial = {.number = number, .state = LOCKSTEP_TRIAL_DONE, .epochs = page->n_epochs};
	trial.lr = pow(10, -4 * draw(&state));
	trial.momentum = 0.99 * draw(&state);
	trial.choice = (int)(3 * draw(&state));
	trial.units = 10 + (int)(191 * draw(&state));
	trial.decay = draw(&state);
	const double luck = draw(&state);
	if (trial.lr > 0.6 && luck < 0.5)
		trial.state = LOCKSTEP_TRIAL_DIVERGED;
	else if (luck > 0.985)
		trial.state = LOCKSTEP_TRIAL_FAILED;
	else if (loss_at(&trial, 1 + page->n_epochs / 4) > 1.3)
		trial.state = LOCKSTEP_TRIAL_PRUNED;
	if (trial.state != LOCKSTEP_TRIAL_DONE)
		trial.epochs = 1 + (uint32_t)(luck * 7) * page->n_epochs / 14;
	trial.objective = loss_at(&trial, trial.epochs) + 0.02 * draw(&state);
	if (trial.state == LOCKSTEP_TRIAL_DIVERGED || trial.state == LOCKSTEP_TRIAL_FAILED)
		trial.objective = NAN;
	else if (page->maximize)
		trial.objective = -trial.objective;
	return trial;
}

static size_t make_point(const struct page *page, const struct trial *trial, struct ls_store_value values[5])
{
	static char text[64];
	snprintf(text, sizeof text, "%s", page->choices[trial->choice]);
	values[0] = (struct ls_store_value){0, {LS_VALUE_REAL, 0, trial->lr, NULL}, trial->lr};
	values[1] = (struct ls_store_value){1, {LS_VALUE_REAL, 0, trial->momentum, NULL}, trial->momentum};
	values[2] = (struct ls_store_value){2, {LS_VALUE_TEXT, 0, 0, text}, trial->choice};
	values[3] = (struct ls_store_value){3, {LS_VALUE_INTEGER, trial->units, trial->units, NULL}, trial->units};
	values[4] = (struct ls_store_value){4, {LS_VALUE_REAL, 0, trial->decay, NULL}, trial->decay};
	return trial->choice == 1 ? 5 : 4;
}

static void format_time(char text[LS_STORE_TIME_MAX], double seconds)
{
	const int s = (int)seconds;
	snprintf(text, LS_STORE_TIME_MAX, "2026-11-20T%02d:%02d:%02d.%03dZ", (10 + s / 3600) % 24, s / 60 % 60, s % 60,
	         (int)((seconds - s) * 1000));
}

static lockstep_status end_job(struct ls_store *store, const struct page *page, const struct trial *trial, int64_t job,
                               lockstep_error *error)
{
	static const enum lockstep_job_state states[] = {[LOCKSTEP_TRIAL_DONE] = LOCKSTEP_JOB_DONE,
	                                                 [LOCKSTEP_TRIAL_PRUNED] = LOCKSTEP_JOB_DONE,
	                                                 [LOCKSTEP_TRIAL_DIVERGED] = LOCKSTEP_JOB_DIVERGED,
	                                                 [LOCKSTEP_TRIAL_FAILED] = LOCKSTEP_JOB_FAILED};
	char started[LS_STORE_TIME_MAX], ended[LS_STORE_TIME_MAX], cores[32];
	int lane = 0;
	for (int i = 0; i < CORES; i += 2)
		if (next_start[i] < next_start[lane])
			lane = i;
	const double took = 0.05 + trial->epochs * (0.02 + trial->units * 0.001);
	format_time(started, next_start[lane]);
	format_time(ended, next_start[lane] + took);
	next_start[lane] += took + 0.03;
	snprintf(cores, sizeof cores, "%d-%d", lane, lane + 1);
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	progress.state = states[trial->state];
	progress.epoch = trial->epochs;
	progress.message = isnan(trial->objective) ? page->message : NULL;
	progress.fingerprint = "00112233";
	progress.workers = 2;
	progress.cores = cores;
	progress.started = started;
	progress.ended = ended;
	progress.seconds = took;
	return ls_store_update_job(store, job, &progress, error);
}

static lockstep_status train(struct ls_store *store, const struct page *page, const struct trial *trial, int64_t job,
                             lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (uint32_t epoch = 1; !status && epoch <= trial->epochs; epoch++) {
		const double loss = loss_at(trial, epoch);
		const struct ls_store_metric metrics[] = {{page->metric, page->maximize ? -loss : loss}};
		struct ls_store_epoch made = LS_STORE_EPOCH_INIT;
		made.epoch = epoch;
		made.loss = 0.9 * loss;
		made.validation_loss = loss;
		made.validation_accuracy = 1 / (1 + loss);
		made.learning_rate = trial->lr;
		made.train_seconds = 0.05;
		made.samples_per_second = 5000;
		made.metrics = metrics;
		made.n_metrics = page->maximize ? 1 : 0;
		status = ls_store_add_epoch(store, job, &made, error);
	}
	return status ? status : end_job(store, page, trial, job, error);
}

static lockstep_status add_trial(struct ls_store *store, int64_t id, const struct page *page, uint64_t number,
                                 lockstep_error *error)
{
	struct ls_store_value values[5];
	struct ls_store_claim claim;
	char record[128];
	const struct trial trial = make_trial(page, number);
	const struct ls_item item = {
	    .number = number, .action = LS_ACTION_START, .trial = number, .until = page->n_epochs};
	const struct ls_store_job job = {record, NULL, 1};
	const double told = page->maximize ? -trial.objective : trial.objective;
	const struct ls_store_told tells[] = {{trial.epochs, told}};
	const struct ls_store_report report = {.item = number,
	                                       .told = told,
	                                       .ended = trial.state != LOCKSTEP_TRIAL_DONE,
	                                       .epochs = tells,
	                                       .n_epochs = 0,
	                                       .state = trial.state,
	                                       .objective = trial.objective,
	                                       .epochs_done = trial.epochs,
	                                       .message = isnan(trial.objective) ? page->message : NULL,
	                                       .runs = &trial.objective,
	                                       .n_runs = 1};
	snprintf(record, sizeof record, "{\"maximize\":%d,\"trial\":%llu,\"n\":%zu}", page->maximize,
	         (unsigned long long)number, page->n_trials);
	lockstep_status status = ls_store_begin(store, error);
	if (!status)
		status = ls_store_add_item(store, id, &item, values, make_point(page, &trial, values), error);
	if (!status)
		status = ls_store_claim_job(store, id, number, 0, &job, &claim, error);
	if (!status)
		status = train(store, page, &trial, claim.job, error);
	if (!status)
		status = ls_store_report(store, id, &report, error);
	return status ? status : ls_store_commit(store, error);
}

static lockstep_status add_study(struct ls_store *store, const struct page *page, lockstep_error *error)
{
	const struct lockstep_runs_data data[] = {{page->description, "train", "aaaa"},
	                                          {page->description, "test", "bbbb"}};
	const struct ls_store_study study = {.name = page->name,
	                                     .description = page->description,
	                                     .spec = page->maximize ? page->description : spec_format,
	                                     .method = "random",
	                                     .sampler = "random",
	                                     .scheduler = "median",
	                                     .metric = page->metric,
	                                     .aggregate = "median",
	                                     .created = "2026-11-20T10:00:00.000Z",
	                                     .maximize = page->maximize,
	                                     .seed = UINT64_MAX,
	                                     .seeds = seed,
	                                     .n_seeds = 1,
	                                     .parameters = page->parameters,
	                                     .n_parameters = 5};
	const struct lockstep_runs_session session = {.started = "2026-11-20T10:00:00.000Z",
	                                              .version = "0.1.0",
	                                              .compiler = "gcc 12.2.0",
	                                              .isa = "avx2",
	                                              .command = page->name,
	                                              .cpu = "A CPU",
	                                              .cores = CORES,
	                                              .cpu_quota = 2.5,
	                                              .topology = ""};
	int64_t id;
	lockstep_status status = ls_store_add_study(store, &study, &id, error);
	if (!status)
		status = ls_store_add_session(store, id, &session, error);
	for (size_t i = 0; !status && i < sizeof data / sizeof *data; i++)
		status = ls_store_add_data(store, id, &data[i], error);
	for (uint64_t number = 0; !status && number < page->n_trials; number++)
		status = add_trial(store, id, page, number, error);
	return status ? status : ls_store_end_session(store, "done", error);
}

int main(int argc, char **argv)
{
	struct ls_store *store;
	lockstep_error error;
	struct page page = plain;
	if (argc < 3)
		return 2;
	const int is_evil = strcmp(argv[2], "evil") == 0;
	page.n_trials = is_evil ? 60 : strtoul(argv[2], NULL, 10);
	page.n_epochs = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 20;
	lockstep_status status = ls_store_open(&store, argv[1], &error);
	if (!status && is_evil)
		status = add_study(store, &evil, &error);
	if (!status)
		status = add_study(store, &page, &error);
	if (status)
		fprintf(stderr, "make_page_runs: %s\n", error.message);
	ls_store_close(store);
	return status != LOCKSTEP_OK;
}
