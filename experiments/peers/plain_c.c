/* SPDX-License-Identifier: MIT
 *
 * Training steps per second of one network in plain C over a BLAS: the trainer
 * that one writes by hand. Products are cblas_sgemm of OpenBLAS and everything
 * else is loops for the compiler to vectorise; bias and update cost no pass of
 * their own over the weights, since the products add to what is there.
 *
 * usage: plain_c LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER
 */
#include <cblas.h>
#include <math.h>

#include "steps.h"

/* Matrices are row-major: weights [inputs][outputs], the others [batch][units]. */
struct trainer {
	struct job job;
	struct rows rows;
	struct shuffle shuffle;
	float *weights[MAX_LAYERS], *biases[MAX_LAYERS];
	float *activations[MAX_LAYERS + 1], *deltas[MAX_LAYERS + 1]; /* [i]: before layer i */
};

/* c [m][n] = alpha a b + beta c; a has m rows and b has n columns once transposed as said. */
static void product(CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b, int m, int n, int k, float alpha, const float *a,
                    const float *b, float beta, float *c)
{
	scipy_cblas_sgemm(CblasRowMajor, trans_a, trans_b, m, n, k, alpha, a, trans_a == CblasTrans ? m : k, b,
	                  trans_b == CblasTrans ? k : n, beta, c, n);
}

static void gather(const struct trainer *t, const struct rows *rows, const int *order)
{
	for (int i = 0; i < t->job.batch; i++)
		for (int j = 0; j < N_PIXELS; j++)
			t->activations[0][i * N_PIXELS + j] =
			    rows->pixels[(size_t)order[i] * N_PIXELS + j] * (1 / 255.0f);
}

static void activate(float *z, int n, int relu)
{
	for (int i = 0; i < n && relu; i++)
		z[i] = z[i] > 0 ? z[i] : 0;
	/* The bound: with -ffast-math the quotient is a product with an approximate
	 * inverse, which makes NaN of an infinite exponential. */
	for (int i = 0; i < n && !relu; i++)
		z[i] = 1 / (1 + expf(z[i] > -80 ? -z[i] : 80));
}

static void forward(const struct trainer *t)
{
	for (int l = 0; l < t->job.n_layers; l++) {
		int n_in = t->job.sizes[l], n_out = t->job.sizes[l + 1];
		float *z = t->activations[l + 1];
		for (int i = 0; i < t->job.batch; i++)
			memcpy(z + i * n_out, t->biases[l], sizeof *z * n_out);
		product(CblasNoTrans, CblasNoTrans, t->job.batch, n_out, n_in, 1, t->activations[l], t->weights[l], 1,
		        z);
		if (l + 1 < t->job.n_layers)
			activate(z, t->job.batch * n_out, t->job.relu);
	}
}

/* d = softmax(z) - one-hot label, of one row. */
static void softmax_delta(const float *z, int label, float *d)
{
	float most = z[largest(z, N_CLASSES)], sum = 0;
	for (int j = 0; j < N_CLASSES; j++)
		sum += d[j] = expf(z[j] - most);
	for (int j = 0; j < N_CLASSES; j++)
		d[j] /= sum;
	d[label] -= 1;
}

/* Through the activation whose value is a. */
static void multiply_by_slope(float *d, const float *a, int n, int relu)
{
	for (int i = 0; i < n && relu; i++)
		d[i] = a[i] > 0 ? d[i] : 0;
	for (int i = 0; i < n && !relu; i++)
		d[i] *= a[i] * (1 - a[i]);
}

/* Deltas of the layer below first: they need the weights of before the step. */
static void backward(const struct trainer *t)
{
	float rate = -(float)t->job.rate / t->job.batch;
	for (int l = t->job.n_layers - 1; l >= 0; l--) {
		int n_in = t->job.sizes[l], n_out = t->job.sizes[l + 1];
		float *d = t->deltas[l + 1];
		if (l) {
			product(CblasNoTrans, CblasTrans, t->job.batch, n_in, n_out, 1, d, t->weights[l], 0,
			        t->deltas[l]);
			multiply_by_slope(t->deltas[l], t->activations[l], t->job.batch * n_in, t->job.relu);
		}
		product(CblasTrans, CblasNoTrans, n_in, n_out, t->job.batch, rate, t->activations[l], d, 1,
		        t->weights[l]);
		for (int i = 0; i < t->job.batch; i++)
			for (int j = 0; j < n_out; j++)
				t->biases[l][j] += rate * d[i * n_out + j];
	}
}

static void run(void *trainer, long n_steps)
{
	struct trainer *t = trainer;
	for (long step = 0; step < n_steps; step++) {
		const int *order = next_batch(&t->shuffle, t->job.batch);
		gather(t, &t->rows, order);
		forward(t);
		for (int i = 0; i < t->job.batch; i++)
			softmax_delta(t->activations[t->job.n_layers] + i * N_CLASSES, t->rows.labels[order[i]],
			              t->deltas[t->job.n_layers] + i * N_CLASSES);
		backward(t);
	}
}

static double accuracy(struct trainer *t)
{
	struct rows test = read_test(t->job.folder);
	struct shuffle order = start_shuffle(test.n);
	int right = 0, n_batches = test.n / t->job.batch;
	for (int b = 0; b < n_batches; b++) {
		const int *batch = next_batch(&order, t->job.batch);
		gather(t, &test, batch);
		forward(t);
		for (int i = 0; i < t->job.batch; i++)
			right += largest(t->activations[t->job.n_layers] + i * N_CLASSES, N_CLASSES) ==
			         test.labels[batch[i]];
	}
	return (double)right / (n_batches * t->job.batch);
}

int main(int argc, char **argv)
{
	struct trainer t = {.job = read_job(argc, argv)};
	scipy_openblas_set_num_threads(t.job.threads);
	t.rows = read_train(t.job.folder);
	t.shuffle = start_shuffle(t.rows.n);
	for (int l = 0; l <= t.job.n_layers; l++) {
		t.activations[l] = allocate((size_t)t.job.batch * t.job.sizes[l], sizeof(float));
		t.deltas[l] = allocate((size_t)t.job.batch * t.job.sizes[l], sizeof(float));
	}
	for (int l = 0; l < t.job.n_layers; l++) {
		size_t n = (size_t)t.job.sizes[l] * t.job.sizes[l + 1];
		t.weights[l] = allocate(n, sizeof(float));
		t.biases[l] = allocate((size_t)t.job.sizes[l + 1], sizeof(float));
		for (size_t i = 0; i < n; i++)
			t.weights[l][i] = (float)((2 * draw() - 1) * sqrt(6.0 / (t.job.sizes[l] + t.job.sizes[l + 1])));
	}
	double speed = measure(run, &t, &t.job);
	report(speed, accuracy(&t));
	return 0;
}
