/* SPDX-License-Identifier: MIT
 *
 * Rows from memory: two interleaved spirals, a class each, learned from points
 * that the program makes, and predicted at points that it has not seen.
 *
 *	cc memory.c $(pkg-config --cflags --libs lockstep) -lm -o memory
 *	./memory
 */
#include <lockstep.h>
#include <math.h>
#include <stdio.h>

#define N_TRAIN 400
#define N_TEST 8

/* Point i of n: classes alternate, and both spirals make a turn and a half. */
static void make_points(float (*points)[2], uint32_t *classes, size_t n, double shift)
{
	for (size_t i = 0; i < n; i++) {
		double t = 0.15 + 0.85 * ((double)(i / 2) + shift) / (double)(n / 2);
		double angle = 9.42 * t + (i % 2 ? 3.14159265 : 0);
		points[i][0] = (float)(t * cos(angle));
		points[i][1] = (float)(t * sin(angle));
		classes[i] = i % 2;
	}
}

static lockstep_status make_dataset(lockstep_dataset **out, lockstep_error *error)
{
	static float train[N_TRAIN][2], test[N_TEST][2];
	static uint32_t train_classes[N_TRAIN], test_classes[N_TEST];
	struct lockstep_rows train_rows = {
	    .n_rows = N_TRAIN, .n_features = 2, .n_labels = 2, .floats = train[0], .classes = train_classes};
	struct lockstep_rows test_rows = {
	    .n_rows = N_TEST, .n_features = 2, .n_labels = 2, .floats = test[0], .classes = test_classes};

	make_points(train, train_classes, N_TRAIN, 0);
	make_points(test, test_classes, N_TEST, 0.5);
	return lockstep_dataset_from_rows(out, &train_rows, &test_rows, error);
}

/* Returns how many test points got the wrong spiral. */
static int print_predictions(const lockstep_dataset *spirals, float (*probabilities)[2])
{
	struct lockstep_rows rows;
	int n_wrong = 0;
	lockstep_dataset_get_rows(spirals, LOCKSTEP_TEST, &rows);
	for (size_t i = 0; i < rows.n_rows; i++) {
		uint32_t predicted = probabilities[i][1] > probabilities[i][0];
		printf("(%6.3f, %6.3f) is on spiral %u: predicted %u, probability %.3f\n", (double)rows.floats[2 * i],
		       (double)rows.floats[2 * i + 1], rows.classes[i], predicted, (double)probabilities[i][predicted]);
		n_wrong += predicted != rows.classes[i];
	}
	return n_wrong;
}

int main(void)
{
	lockstep_dataset *spirals = NULL;
	lockstep_network *net = NULL;
	lockstep_error error;
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	static float probabilities[N_TEST][2];
	int n_wrong = -1;

	shape.hidden = LOCKSTEP_RELU;
	shape.init = LOCKSTEP_INIT_HE;
	options.epochs = 300;
	options.scale = LOCKSTEP_SCALE_STANDARDISE; /* kept with the network, for prediction */
	options.batch = 16;
	options.learning_rate = 0.02;
	options.momentum = 0.9;
	if (make_dataset(&spirals, &error) || lockstep_network_create(&net, "2-32-32-2", &shape, &error) ||
	    lockstep_train(net, spirals, &options, &error) ||
	    lockstep_network_predict(net, spirals, LOCKSTEP_TEST, NULL, probabilities[0], &error))
		fprintf(stderr, "memory: %s\n", error.message);
	else
		n_wrong = print_predictions(spirals, probabilities);
	lockstep_network_destroy(net);
	lockstep_dataset_destroy(spirals);
	return n_wrong != 0;
}
