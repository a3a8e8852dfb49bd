/* SPDX-License-Identifier: MIT
 *
 * Training steps per second of one network in FANN, in fp32.
 *
 * FANN has neither softmax nor ReLU: the outputs are sigmoids with the mean
 * squared error, and so are the hidden units, whatever HIDDEN says. A step is
 * fann_train_epoch with FANN_TRAIN_BATCH over a window of the shuffled rows,
 * which computes the mean gradient of its rows and then updates once. FANN
 * has no threads, so THREADS changes nothing.
 *
 * usage: fann_steps LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER
 */
#include <floatfann.h>
#include <math.h>

#include "steps.h"

/* The large networks take milliseconds a row. */
#define N_TEST_ROWS 1000

struct trainer {
	struct job job;
	struct rows rows;
	struct shuffle shuffle;
	struct fann *net;
	struct fann_train_data *window; /* its rows point into inputs and targets */
	float *inputs, *targets;
};

static float *scaled(const struct rows *rows)
{
	float *inputs = allocate((size_t)rows->n * N_PIXELS, sizeof *inputs);
	for (size_t i = 0; i < (size_t)rows->n * N_PIXELS; i++)
		inputs[i] = rows->pixels[i] / 255.0f;
	return inputs;
}

/* Glorot's limits, over FANN's order: per unit its inputs, then its bias. */
static void initialise(struct fann *net, const struct job *job)
{
	float *weight = net->weights;
	for (int l = 0; l < job->n_layers; l++)
		for (int unit = 0; unit < job->sizes[l + 1]; unit++) {
			for (int i = 0; i < job->sizes[l]; i++)
				*weight++ = (float)((2 * draw() - 1) * sqrt(6.0 / (job->sizes[l] + job->sizes[l + 1])));
			*weight++ = 0;
		}
}

static struct fann *create(const struct job *job)
{
	unsigned sizes[MAX_LAYERS + 1];
	for (int l = 0; l <= job->n_layers; l++)
		sizes[l] = (unsigned)job->sizes[l];
	struct fann *net = fann_create_standard_array((unsigned)job->n_layers + 1, sizes);
	if (!net)
		fail("FANN could not create the network");
	fann_set_activation_function_hidden(net, FANN_SIGMOID);
	fann_set_activation_function_output(net, FANN_SIGMOID);
	fann_set_train_error_function(net, FANN_ERRORFUNC_LINEAR);
	fann_set_training_algorithm(net, FANN_TRAIN_BATCH);
	fann_set_learning_rate(net, (float)job->rate);
	initialise(net, job);
	return net;
}

static void run(void *trainer, long n_steps)
{
	struct trainer *t = trainer;
	for (long step = 0; step < n_steps; step++) {
		const int *order = next_batch(&t->shuffle, t->job.batch);
		for (int i = 0; i < t->job.batch; i++) {
			t->window->input[i] = t->inputs + (size_t)order[i] * N_PIXELS;
			t->window->output[i] = t->targets + (size_t)order[i] * N_CLASSES;
		}
		fann_train_epoch(t->net, t->window);
	}
}

static double accuracy(const struct trainer *t)
{
	struct rows test = read_test(t->job.folder);
	float *inputs = scaled(&test);
	int right = 0;
	for (int i = 0; i < N_TEST_ROWS; i++)
		right += largest(fann_run(t->net, inputs + (size_t)i * N_PIXELS), N_CLASSES) == test.labels[i];
	return (double)right / N_TEST_ROWS;
}

int main(int argc, char **argv)
{
	struct trainer t = {.job = read_job(argc, argv)};
	t.rows = read_train(t.job.folder);
	t.shuffle = start_shuffle(t.rows.n);
	t.inputs = scaled(&t.rows);
	t.targets = allocate((size_t)t.rows.n * N_CLASSES, sizeof *t.targets);
	for (int i = 0; i < t.rows.n; i++)
		t.targets[i * N_CLASSES + t.rows.labels[i]] = 1;
	t.net = create(&t.job);
	t.window = fann_create_train((unsigned)t.job.batch, N_PIXELS, N_CLASSES);
	if (!t.window)
		fail("FANN could not create its training rows");
	double speed = measure(run, &t, &t.job);
	report(speed, accuracy(&t));
	return 0;
}
