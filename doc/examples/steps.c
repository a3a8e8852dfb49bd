/* SPDX-License-Identifier: MIT
 *
 * Drives a job step by step, and looks at a layer's gradient and weights in
 * between. At the end the network is, bit for bit, what one call of
 * lockstep_train() makes of the same job.
 *
 *	cc steps.c $(pkg-config --cflags --libs lockstep) -lm -o steps
 *	./steps FOLDER
 */
#include <lockstep.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LAYER "layers.1.weight" /* [10][30] */
#define N_WEIGHTS 300

static double norm(const float *values, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)values[i] * (double)values[i];
	return sqrt(sum);
}

/* An epoch in tenths, with a line after each. */
static lockstep_status drive(lockstep_network *net, const lockstep_dataset *mnist,
                             const struct lockstep_train_options *options, lockstep_error *error)
{
	static float gradient[N_WEIGHTS], weights[N_WEIGHTS];
	lockstep_trainer *trainer = NULL;
	struct lockstep_plan plan;
	lockstep_status status = lockstep_trainer_create(&trainer, net, mnist, options, error);
	if (status)
		return status;

	lockstep_trainer_plan(trainer, &plan);
	printf("%u workers, %u slices, %s, %llu steps\n", plan.workers, plan.slices, plan.isa,
	       (unsigned long long)plan.steps_per_epoch);
	for (uint64_t done = 0, n; done < plan.steps_per_epoch && !status; done += n) {
		double loss = 0;
		n = (plan.steps_per_epoch + 9) / 10;
		if (n > plan.steps_per_epoch - done)
			n = plan.steps_per_epoch - done;
		status = lockstep_trainer_gradient(trainer, LAYER, gradient, N_WEIGHTS, error);
		if (!status)
			status = lockstep_trainer_step(trainer, n, &loss, error);
		if (!status)
			status = lockstep_trainer_sync(trainer, error);
		if (!status)
			status = lockstep_network_get(net, LAYER, weights, N_WEIGHTS, error);
		if (!status)
			printf("step %5llu: loss %.4f, |weights| %.3f, |gradient| %.4f before\n",
			       (unsigned long long)(done + n), loss, norm(weights, N_WEIGHTS),
			       norm(gradient, N_WEIGHTS));
	}
	lockstep_trainer_destroy(trainer);
	return status;
}

int main(int argc, char **argv)
{
	lockstep_dataset *mnist = NULL;
	lockstep_network *stepped = NULL, *whole = NULL;
	lockstep_error error;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	char fingerprints[2][65] = {"", ""};
	int failed = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: steps FOLDER\n");
		return 2;
	}
	options.epochs = 1;
	if (lockstep_dataset_open(&mnist, argv[1], &error) ||
	    lockstep_network_create(&stepped, "784-30-10", NULL, &error) ||
	    lockstep_network_create(&whole, "784-30-10", NULL, &error) || drive(stepped, mnist, &options, &error) ||
	    lockstep_train(whole, mnist, &options, &error)) {
		fprintf(stderr, "steps: %s\n", error.message);
	} else {
		lockstep_network_fingerprint(stepped, fingerprints[0]);
		lockstep_network_fingerprint(whole, fingerprints[1]);
		failed = strcmp(fingerprints[0], fingerprints[1]) != 0;
		printf("fingerprint %s\n%s\n", fingerprints[0],
		       failed ? "not the bits of lockstep_train()" : "the same bits as lockstep_train()");
	}
	lockstep_network_destroy(whole);
	lockstep_network_destroy(stepped);
	lockstep_dataset_destroy(mnist);
	return failed;
}
