/* SPDX-License-Identifier: MIT
 *
 * Checkpoints whose digest is right. One that loads is written again and read
 * back, and a trainer of its job takes it or refuses it with a line.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "job/checkpoint.h"
#include "job/options.h"
#include "lockstep/checkpoint.h"

#define TRAINED_MAX 4096 /* parameters of a network that is trained here */

/* ---- What a checkpoint promises ------------------------------------------- */

static void check_finite(const struct lockstep_network *network)
{
	for (size_t i = 0; network && i < network->n_parameters; i++)
		ls_fuzz_check(isfinite(network->parameters[i]), "tensors are finite");
}

static void check_record(const lockstep_record *record)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_record_get_train_options(record, &options);
	ls_fuzz_check(!ls_train_check_options(&options, NULL), "options are in their ranges");
	ls_fuzz_check(options.scale != LOCKSTEP_SCALE_AUTO && options.slices > 0, "nothing is left open");
	ls_fuzz_check(strlen(lockstep_record_data(record)) == 64, "the data have a digest");
	ls_fuzz_check_plain(lockstep_record_job(record));
	ls_fuzz_check_plain(lockstep_record_layers(record));
	ls_fuzz_check(lockstep_record_fingerprint(record, 0) != NULL, "the start is always kept");
	ls_fuzz_check(lockstep_record_last_epoch(record) <= options.epochs, "no epoch is after the last");
}

static void check_checkpoint(const lockstep_checkpoint *checkpoint)
{
	const struct ls_job *job = &checkpoint->record.job;
	check_record(lockstep_checkpoint_record(checkpoint));
	check_finite(checkpoint->parameters);
	check_finite(checkpoint->velocity);
	check_finite(checkpoint->best);
	ls_fuzz_check((checkpoint->velocity != NULL) == (job->train.momentum != 0), "momentum has its tensors");
	ls_fuzz_check(!isnan(checkpoint->standing.best.loss) && isfinite(checkpoint->standing.epoch_loss),
	              "losses are numbers");
}

static uint8_t *save(const lockstep_checkpoint *checkpoint, char path[LS_FUZZ_PATH], size_t *n)
{
	lockstep_error error = {0};
	struct ls_checkpoint_contents contents = {
	    .job = checkpoint->record.text,
	    .history = &checkpoint->record.history,
	    .origin = &checkpoint->origin,
	    .standing = checkpoint->standing,
	    .parameters = checkpoint->parameters,
	    .velocity = checkpoint->velocity,
	    .best = checkpoint->best,
	};
	ls_fuzz_path(path, "again.ckpt");
	ls_fuzz_check(!ls_checkpoint_save(&contents, path, &error), "what was loaded can be saved");
	return ls_fuzz_read(path, n);
}

/* A file that we saved is a fixed point of loading and saving. */
static void check_again(const lockstep_checkpoint *checkpoint)
{
	char path[LS_FUZZ_PATH];
	lockstep_checkpoint *again = NULL;
	lockstep_error error = {0};
	size_t n_first, n_second;
	uint8_t *first = save(checkpoint, path, &n_first);
	ls_fuzz_check(!lockstep_checkpoint_load(&again, path, &error), "what was saved can be loaded");
	uint8_t *second = save(again, path, &n_second);
	ls_fuzz_check(n_first == n_second && !memcmp(first, second, n_first), "a saved file is saved as it is");
	lockstep_checkpoint_destroy(again);
	free(second);
	free(first);
}

/* ---- A trainer that goes on from it ---------------------------------------- */

static lockstep_dataset *make_data(const struct lockstep_network *network)
{
	static const float floats[TRAINED_MAX];
	static const uint32_t classes[4] = {0, 0, 0, 0};
	struct lockstep_rows rows = {
	    .n_rows = 4, .n_features = network->layers[0].n_in, .n_labels = 1, .floats = floats, .classes = classes};
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {0};
	ls_fuzz_check(!lockstep_dataset_from_rows(&dataset, &rows, NULL, &error), "rows make a data set");
	return dataset;
}

/* What was resumed stands where the checkpoint does, and goes on. */
static void check_steps(lockstep_trainer *trainer, lockstep_network *network, const lockstep_checkpoint *checkpoint)
{
	lockstep_error error = {0};
	ls_fuzz_check(!lockstep_trainer_sync(trainer, &error), "a resumed trainer has parameters");
	ls_fuzz_check(!memcmp(network->parameters, checkpoint->parameters->parameters,
	                      network->n_parameters * sizeof *network->parameters),
	              "they are the checkpoint's");
	lockstep_status status = lockstep_trainer_step(trainer, 3, NULL, &error);
	if (status)
		ls_fuzz_check_failure(status, &error, NULL);
}

/* Inputs with the digest of make_data()'s rows are resumed when all of their job
 * fits: libFuzzer finds it in the comparison. All others are refused. */
static void check_resume(lockstep_trainer *trainer, lockstep_network *network, const lockstep_checkpoint *checkpoint)
{
	lockstep_error error = {0};
	lockstep_status status = lockstep_trainer_resume(trainer, checkpoint, &error);
	if (status) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_ARGUMENT || status == LOCKSTEP_ERROR_FORMAT,
		              "another job or standing is refused");
		ls_fuzz_check_line(error.message);
	} else {
		check_steps(trainer, network, checkpoint);
	}
}

static void check_trainer(const lockstep_checkpoint *checkpoint)
{
	const lockstep_record *record = lockstep_checkpoint_record(checkpoint);
	struct lockstep_network_options network_options;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	lockstep_error error = {0};
	if (checkpoint->parameters->n_parameters > TRAINED_MAX ||
	    4 * checkpoint->parameters->layers[0].n_in > TRAINED_MAX)
		return;
	lockstep_dataset *dataset = make_data(checkpoint->parameters);
	lockstep_record_get_network_options(record, &network_options);
	lockstep_record_get_train_options(record, &options);
	options.engine = LOCKSTEP_SERIAL;
	options.workers = 1;
	ls_fuzz_check(!lockstep_network_create(&network, lockstep_record_layers(record), &network_options, &error),
	              "a record makes a network");
	lockstep_status status = lockstep_trainer_create(&trainer, network, dataset, &options, &error);
	if (status)
		ls_fuzz_check_failure(status, &error, trainer);
	else
		check_resume(trainer, network, checkpoint);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	size_t n_file;
	lockstep_checkpoint *checkpoint = NULL;
	lockstep_error error = {0};

	uint8_t *file = ls_fuzz_frame((struct ls_fuzz_input){bytes, bytes + n}, &n_file);
	ls_fuzz_sign(file, n_file);
	ls_fuzz_path(path, "file.ckpt");
	ls_fuzz_write(path, file, n_file);
	free(file);

	lockstep_status status = lockstep_checkpoint_load(&checkpoint, path, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, checkpoint);
		return 0;
	}
	check_checkpoint(checkpoint);
	check_again(checkpoint);
	check_trainer(checkpoint);
	lockstep_checkpoint_destroy(checkpoint);
	return 0;
}
