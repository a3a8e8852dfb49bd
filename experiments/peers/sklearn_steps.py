# SPDX-License-Identifier: MIT
"""Training steps per second of one network in scikit-learn.

usage: sklearn_steps.py LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER

MLPClassifier with plain SGD. partial_fit passes once over the rows it is given,
in an order of its own; each block gives it as many rows as its steps take, so
that a block need not be an epoch.
"""
import steps

ARGUMENTS = steps.read_arguments()

import numpy
import sklearn.neural_network


def build(sizes, batch, hidden, rate):
    return sklearn.neural_network.MLPClassifier(
        hidden_layer_sizes=sizes[1:-1], activation={"sigmoid": "logistic", "relu": "relu"}[hidden], solver="sgd",
        batch_size=batch, learning_rate_init=rate, momentum=0, nesterovs_momentum=False, alpha=0, random_state=1)


def main():
    rows, labels = steps.read_mnist(ARGUMENTS.folder, "train")
    model = build(ARGUMENTS.sizes, ARGUMENTS.batch, ARGUMENTS.hidden, ARGUMENTS.rate)
    classes = numpy.arange(ARGUMENTS.sizes[-1])
    steps_of_an_epoch = len(rows) // ARGUMENTS.batch
    position = 0

    def run(n_steps):
        """The next rows of the file, from the first again where they end."""
        nonlocal position
        while n_steps:
            n = min(n_steps, steps_of_an_epoch - position)
            part = slice(position * ARGUMENTS.batch, (position + n) * ARGUMENTS.batch)
            model.partial_fit(rows[part], labels[part], classes=classes)
            position = (position + n) % steps_of_an_epoch
            n_steps -= n

    speed = steps.measure(run, ARGUMENTS.batch, ARGUMENTS.seconds)
    steps.report(speed, model.score(*steps.read_mnist(ARGUMENTS.folder, "t10k")))


if __name__ == "__main__":
    main()
