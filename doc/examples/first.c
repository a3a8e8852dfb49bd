/* SPDX-License-Identifier: MIT
 *
 * A first program: trains the default network on MNIST and saves it.
 *
 *	cc first.c $(pkg-config --cflags --libs lockstep) -o first
 *	./first FOLDER [EPOCHS [MODEL]]
 */
#include <lockstep.h>
#include <stdio.h>
#include <stdlib.h>

/* Called after every epoch; anything but 0 would end the job. */
static int print_epoch(const struct lockstep_epoch *epoch, void *context)
{
	(void)context;
	printf("epoch %u of %u: loss %.4f, test accuracy %.2f %%\n", epoch->epoch, epoch->n_epochs, epoch->loss,
	       100 * epoch->test.accuracy);
	return 0;
}

int main(int argc, char **argv)
{
	lockstep_dataset *mnist = NULL;
	lockstep_network *net = NULL;
	lockstep_error error;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	char fingerprint[65];
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: first FOLDER [EPOCHS [MODEL]]\n");
		return 2;
	}
	if (argc > 2)
		options.epochs = (uint32_t)strtoul(argv[2], NULL, 10);
	options.workers = 2;
	options.on_epoch = print_epoch;

	if (lockstep_dataset_open(&mnist, argv[1], &error) ||
	    lockstep_network_create(&net, "784-30-10", NULL, &error) || lockstep_train(net, mnist, &options, &error) ||
	    lockstep_network_save(net, argc > 3 ? argv[3] : "model.safetensors", &error)) {
		fprintf(stderr, "first: %s\n", error.message);
		failed = 1;
	} else {
		lockstep_network_fingerprint(net, fingerprint);
		printf("fingerprint %s\n", fingerprint);
	}
	lockstep_network_destroy(net);
	lockstep_dataset_destroy(mnist);
	return failed;
}
