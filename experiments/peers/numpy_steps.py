# SPDX-License-Identifier: MIT
"""Training steps per second of one network in NumPy.

usage: numpy_steps.py LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER

The textbook's loop without its temporaries: every array is allocated once and
written by out=. The output's delta is multiplied by rate / batch, so that the
products give the weights' changes and no pass over them is needed to scale.
"""
import steps

ARGUMENTS = steps.read_arguments()

import numpy as np


class Network:
    def __init__(self, sizes, batch, hidden, rate):
        random = np.random.default_rng(1)
        pairs = list(zip(sizes, sizes[1:]))
        self.weights = [glorot(random, *pair) for pair in pairs]
        self.biases = [np.zeros(n, np.float32) for n in sizes[1:]]
        self.d_weights = [np.empty_like(w) for w in self.weights]
        self.d_biases = [np.empty_like(b) for b in self.biases]
        self.activations = [np.empty((batch, n), np.float32) for n in sizes]
        self.deltas = [np.empty((batch, n), np.float32) for n in sizes[1:]]
        self.slopes = [np.empty((batch, n), np.float32) for n in sizes[1:-1]]
        self.activate, self.slope = {"sigmoid": (sigmoid, sigmoid_slope), "relu": (relu, relu_slope)}[hidden]
        self.each_row = np.arange(batch)
        self.change = np.float32(-rate / batch)

    def forward(self, activations):
        last = len(self.weights) - 1
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            a = np.matmul(activations[i], w, out=activations[i + 1])
            a += b
            if i < last:
                self.activate(a)

    def backward(self, labels):
        delta = softmax(self.activations[-1], self.deltas[-1])
        delta[self.each_row, labels] -= 1
        delta *= self.change
        for i in reversed(range(len(self.weights))):
            np.matmul(self.activations[i].T, delta, out=self.d_weights[i])
            np.sum(delta, axis=0, out=self.d_biases[i])
            if i:
                delta = np.matmul(delta, self.weights[i].T, out=self.deltas[i - 1])
                delta *= self.slope(self.activations[i], self.slopes[i - 1])

    def step(self, rows, labels, index):
        # "raise", the default, would copy the result once more.
        np.take(rows, index, axis=0, out=self.activations[0], mode="clip")
        self.forward(self.activations)
        self.backward(labels[index])
        for values, changes in zip(self.weights + self.biases, self.d_weights + self.d_biases):
            values += changes

    def accuracy(self, rows, labels):
        activations = [rows] + [np.empty((len(rows), len(b)), np.float32) for b in self.biases]
        self.forward(activations)
        return np.mean(activations[-1].argmax(axis=1) == labels)


def glorot(random, n_inputs, n_outputs):
    limit = (6 / (n_inputs + n_outputs)) ** 0.5
    return random.uniform(-limit, limit, (n_inputs, n_outputs)).astype(np.float32)


def sigmoid(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def sigmoid_slope(a, out):
    np.subtract(1, a, out=out)
    out *= a
    return out


def relu(z):
    np.maximum(z, 0, out=z)


def relu_slope(a, out):
    return np.greater(a, 0, out=out)


def softmax(z, out):
    np.subtract(z, z.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


def endless_batches(n_rows, batch):
    """Indices of one mini-batch after the other, in a new order each epoch."""
    random = np.random.default_rng(2)
    while True:
        order = random.permutation(n_rows)
        for at in range(0, n_rows - batch + 1, batch):
            yield order[at:at + batch]


def main():
    rows, labels = steps.read_mnist(ARGUMENTS.folder, "train")
    network = Network(ARGUMENTS.sizes, ARGUMENTS.batch, ARGUMENTS.hidden, ARGUMENTS.rate)
    batches = endless_batches(len(rows), ARGUMENTS.batch)

    def run(n_steps):
        for _ in range(n_steps):
            network.step(rows, labels, next(batches))

    speed = steps.measure(run, ARGUMENTS.batch, ARGUMENTS.seconds)
    steps.report(speed, network.accuracy(*steps.read_mnist(ARGUMENTS.folder, "t10k")))


if __name__ == "__main__":
    main()
