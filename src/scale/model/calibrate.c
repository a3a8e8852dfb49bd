/* SPDX-License-Identifier: MIT
 *
 * What a job's steps are made of, on one core. The serial engine runs real steps of W workers, W = 1, 2, 4, ..., with
 * the job's own mini-batch, so that a shard finds the same columns in use as in a team; and the phases of each worker
 * are timed as if it never waited. With two and four workers they tell what the reduction takes.
 */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "bench/figure.h"
#include "bench/job.h"
#include "job/options.h"
#include "model.h"
#include "train/trainer.h"

/* The model is of a machine that does nothing else, so of many short blocks of steps the fastest one counts. */
#define N_BLOCKS_MIN 5
#define BLOCK_SECONDS 0.004
#define SHARD_SECONDS 0.25

struct calibration {
	const struct lockstep_scaling_job *job;
	struct lockstep_train_options train;
	struct lockstep_machine_model model;
};

/* Seconds of a step: of a worker in the mean, but the update of all together. */
struct timing {
	double phases[LOCKSTEP_N_PHASES];
	double total;
};

/* ---- Steps ----------------------------------------------------------- */

static void add_phases(const lockstep_trainer *trainer, double factor, struct timing *timing)
{
	double seconds[LOCKSTEP_N_PHASES];
	for (uint32_t worker = 0; worker < trainer->n_workers; worker++) {
		lockstep_trainer_phases(trainer, worker, seconds);
		for (int i = 0; i < LOCKSTEP_N_PHASES; i++) {
			double share = i == LOCKSTEP_PHASE_UPDATE ? 1 : 1.0 / trainer->n_workers;
			timing->phases[i] += factor * share * seconds[i];
			timing->total += factor * seconds[i];
		}
	}
}

/* Of some blocks of steps the one that was disturbed least. */
static lockstep_status time_steps(struct ls_bench_training *training, struct timing *timing, lockstep_error *error)
{
	struct timing best = {.total = INFINITY};
	double seconds, taken = 0;
	uint64_t n;
	lockstep_status status = ls_bench_calibrate(ls_bench_training_repeat, training, BLOCK_SECONDS, &n, error);
	for (int i = 0; !status && (i < N_BLOCKS_MIN || taken < SHARD_SECONDS); i++, taken += seconds) {
		struct timing block = {.total = 0};
		add_phases(training->trainer, -1 / (double)n, &block);
		status = ls_bench_training_repeat(training, n, &seconds, error);
		add_phases(training->trainer, 1 / (double)n, &block);
		best = block.total < best.total ? block : best;
	}
	if (!status)
		*timing = best;
	return status;
}

/* ---- Bytes ----------------------------------------------------------- */

static void count_layer(const struct ls_packed_layer *layer, int first, struct lockstep_machine_model *model)
{
	double weights = sizeof(float) * (double)layer->panels.n_k * (double)layer->panels.n_out;
	double biases = sizeof(float) * (double)layer->panels.n_out;
	double back = first ? 0 : weights;
	double passes = layer->weight_velocity ? 4 : 2;
	model->parameter_bytes += weights + biases;
	model->read_bytes += weights + biases + back;
	model->update_bytes += passes * (weights + biases);
	model->row_bytes += sizeof(float) * 2.0 * (double)layer->panels.n_out;
}

static void count_bytes(const struct lockstep_trainer *trainer, struct lockstep_machine_model *model)
{
	const struct ls_packed *packed = trainer->packed;
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(trainer->dataset, LOCKSTEP_TRAIN, &rows);
	model->row_bytes = (double)(rows.n_features * (sizeof(float) + (rows.bytes ? 1 : sizeof(float))));
	for (size_t i = 0; i < packed->n_layers; i++)
		count_layer(&packed->layers[i], i == 0, model);
	model->n_blocks = (uint32_t)trainer->blocks.n;
	model->ring_bytes = (double)LS_RING_SLOTS * sizeof(float) * (double)trainer->blocks.max_floats;
}

/* ---- Shards ---------------------------------------------------------- */

static lockstep_status begin(struct ls_bench_training *training, const struct calibration *calibration,
                             uint32_t n_workers, lockstep_error *error)
{
	struct lockstep_train_options train = calibration->train;
	const struct lockstep_scaling_job *job = calibration->job;
	train.workers = n_workers;
	*training = (struct ls_bench_training){NULL, NULL};
	lockstep_status status = lockstep_network_create(&training->network, job->layers, &job->network, error);
	if (!status)
		status = lockstep_trainer_create(&training->trainer, training->network, job->dataset, &train, error);
	if (!status)
		training->trainer->steps.times_shards = 1;
	return status;
}

/* Times the shards of n_workers, and counts bytes when there is one. */
static lockstep_status time_shard(struct calibration *calibration, uint32_t n_workers, struct timing *timing,
                                  lockstep_error *error)
{
	struct ls_bench_training training;
	lockstep_status status = begin(&training, calibration, n_workers, error);
	if (!status && n_workers == 1)
		count_bytes(training.trainer, &calibration->model);
	if (!status)
		status = time_steps(&training, timing, error);
	ls_bench_training_fini(&training);
	return status;
}

static void fill_shard(const struct lockstep_machine_model *model, uint32_t n_workers, const struct timing *timing,
                       struct lockstep_machine_shard *shard)
{
	uint32_t slices = model->slices / n_workers;
	*shard = (struct lockstep_machine_shard){
	    .rows = ls_slice_rows(model->batch, model->slices, slices - 1).end,
	    .slices = slices,
	    .gather = timing->phases[LOCKSTEP_PHASE_GATHER],
	    .forward = timing->phases[LOCKSTEP_PHASE_FORWARD],
	    .backward = timing->phases[LOCKSTEP_PHASE_BACKWARD],
	    .gradient = timing->phases[LOCKSTEP_PHASE_GRADIENT],
	};
}

/* Two sums take `update`; two more, twice `sum`. */
static void learn_update(struct lockstep_machine_model *model, uint32_t n_workers, const struct timing *timing)
{
	double update = timing->phases[LOCKSTEP_PHASE_UPDATE];
	if (n_workers == 2)
		model->update = update;
	if (n_workers == 4)
		model->sum = update > model->update ? (update - model->update) / 2 : 0;
}

static lockstep_status time_shards(struct calibration *calibration, lockstep_error *error)
{
	struct lockstep_machine_model *model = &calibration->model;
	uint32_t n_workers = 1;
	while (2 * n_workers <= model->slices && 2 * n_workers <= LS_MODEL_WORKERS_MAX) {
		n_workers *= 2;
		model->n_shards++;
	}
	model->n_shards++;
	model->shards = ls_memory_allocate(model->n_shards, sizeof *model->shards);
	if (!model->shards)
		return ls_error_memory(error, "a model of shards");
	n_workers = 1;
	for (size_t i = model->n_shards; i-- > 0; n_workers *= 2) {
		struct timing timing;
		lockstep_status status = time_shard(calibration, n_workers, &timing, error);
		if (status)
			return status;
		fill_shard(model, n_workers, &timing, &model->shards[i]);
		learn_update(model, n_workers, &timing);
	}
	return LOCKSTEP_OK;
}

/* ---- All of it ------------------------------------------------------- */

static lockstep_status check_setting(const struct lockstep_scaling_setting *setting, lockstep_error *error)
{
	if (setting->engine == LOCKSTEP_SERIAL)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a machine model is of workers that run at the same time; those of the serial "
		                    "engine run one after the other");
	if (setting->split != LOCKSTEP_SPLIT_AUTO && setting->split != LOCKSTEP_SPLIT_ROWS)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "split %s: the machine model knows split rows alone",
		                    lockstep_split_name(setting->split));
	return LOCKSTEP_OK;
}

lockstep_status lockstep_machine_model_check(const struct lockstep_scaling_setting *setting,
                                             const lockstep_topology *topology, int smt, lockstep_error *error)
{
	struct ls_model_room room;
	lockstep_status status = check_setting(setting, error);
	return status ? status : ls_model_find_room(topology, smt, &room, error);
}

/* The job's options with the setting's, for steps that go on for as long as anybody measures them. */
static struct lockstep_train_options options_of(const struct lockstep_scaling_job *job,
                                                const struct lockstep_scaling_setting *setting)
{
	struct lockstep_train_options train = job->train;
	ls_bench_train_on(&train);
	train.batch = setting->batch;
	train.slices = setting->slices;
	train.split = LOCKSTEP_SPLIT_ROWS;
	train.engine = LOCKSTEP_SERIAL;
	train.bind = "close";
	train.smt = 0;
	train.time_phases = 1;
	train.on_warning = NULL; /* the meetings say the same */
	return train;
}

lockstep_status lockstep_machine_model_calibrate(struct lockstep_machine_model *model,
                                                 const struct lockstep_scaling_job *job,
                                                 const struct lockstep_scaling_setting *setting, lockstep_error *error)
{
	struct calibration calibration = {.job = job, .train = options_of(job, setting)};
	lockstep_status status = check_setting(setting, error);
	if (!status)
		status = ls_train_check_options(&calibration.train, error);
	if (status)
		return status;
	calibration.model.batch = setting->batch;
	calibration.model.smt = job->train.smt != 0;
	calibration.model.slices = ls_train_slices(&calibration.train);
	status = time_shards(&calibration, error);
	if (!status)
		status = ls_model_measure_machine(&calibration.model, setting, &job->train, error);
	if (status) {
		lockstep_machine_model_fini(&calibration.model);
		return status;
	}
	*model = calibration.model;
	return LOCKSTEP_OK;
}

void lockstep_machine_model_fini(struct lockstep_machine_model *model)
{
	ls_memory_free(model->shards);
	*model = (struct lockstep_machine_model){0};
}
