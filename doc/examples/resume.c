/* SPDX-License-Identifier: MIT
 *
 * A job in two halves: the first ends in the middle of an epoch and leaves a
 * checkpoint; the second knows nothing but that file and the data, and ends
 * with the bits of a job that was never stopped. Then the model is verified,
 * which trains it once more.
 *
 *	cc resume.c $(pkg-config --cflags --libs lockstep) -o resume
 *	./resume FOLDER CHECKPOINT
 */
#include <lockstep.h>
#include <stdio.h>
#include <string.h>

static lockstep_status first_half(const lockstep_dataset *mnist, const char *path, lockstep_error *error)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	options.epochs = 2;
	options.momentum = 0.5;
	lockstep_status status = lockstep_network_create(&network, "784-30-10", NULL, error);
	if (!status)
		status = lockstep_trainer_create(&trainer, network, mnist, &options, error);
	if (!status)
		status = lockstep_trainer_step(trainer, 7777, NULL, error);
	if (!status)
		status = lockstep_trainer_save(trainer, path, error);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	return status;
}

static lockstep_status second_half(lockstep_network **network, const lockstep_dataset *mnist,
                                   const lockstep_checkpoint *checkpoint, lockstep_error *error)
{
	const lockstep_record *record = lockstep_checkpoint_record(checkpoint);
	struct lockstep_network_options network_options;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_trainer *trainer = NULL;
	lockstep_record_get_network_options(record, &network_options);
	lockstep_record_get_train_options(record, &options);
	options.engine = LOCKSTEP_SERIAL; /* changes no bit */
	lockstep_status status =
	    lockstep_network_create(network, lockstep_record_layers(record), &network_options, error);
	if (!status)
		status = lockstep_trainer_create(&trainer, *network, mnist, &options, error);
	if (!status)
		status = lockstep_trainer_resume(trainer, checkpoint, error);
	if (!status)
		status = lockstep_trainer_run(trainer, error);
	lockstep_trainer_destroy(trainer);
	return status;
}

/* The second epoch of the model alone, from the checkpoint in its middle. */
static lockstep_status verify(const lockstep_network *network, const lockstep_dataset *mnist,
                              const lockstep_checkpoint *checkpoint, struct lockstep_verification *result,
                              lockstep_error *error)
{
	struct lockstep_verify_options options = LOCKSTEP_VERIFY_OPTIONS_INIT;
	options.from = checkpoint;
	return lockstep_verify(network, mnist, &options, result, error);
}

int main(int argc, char **argv)
{
	lockstep_dataset *mnist = NULL;
	lockstep_checkpoint *checkpoint = NULL;
	lockstep_network *network = NULL;
	struct lockstep_verification result = {.finding = LOCKSTEP_OTHER_JOB};
	lockstep_error error;
	char fingerprint[65] = "";

	if (argc != 3) {
		fprintf(stderr, "usage: resume FOLDER CHECKPOINT\n");
		return 2;
	}
	if (lockstep_dataset_open(&mnist, argv[1], &error) || first_half(mnist, argv[2], &error) ||
	    lockstep_checkpoint_load(&checkpoint, argv[2], &error) ||
	    second_half(&network, mnist, checkpoint, &error) || verify(network, mnist, checkpoint, &result, &error)) {
		fprintf(stderr, "resume: %s\n", error.message);
	} else {
		lockstep_network_fingerprint(network, fingerprint);
		printf("fingerprint %s\n%s\n", fingerprint,
		       result.finding == LOCKSTEP_VERIFIED ? "verified" : result.message);
	}
	lockstep_network_destroy(network);
	lockstep_checkpoint_destroy(checkpoint);
	lockstep_dataset_destroy(mnist);
	return result.finding != LOCKSTEP_VERIFIED;
}
