# SPDX-License-Identifier: MIT
"""Trains a network in PyTorch until its test accuracy reaches a target.

usage: pytorch_accuracy.py LAYERS HIDDEN INIT BATCH RATE MOMENTUM GAMMA SEED THREADS TARGET MOST_EPOCHS DATA_FOLDER

The recipe is Lockstep's: INIT glorot or he with biases 0, the rate multiplied
by GAMMA after each epoch, the last mini-batch of an epoch kept. Evaluates after
every epoch. Prints one JSON object: epochs, accuracy, seconds of training with
its evaluations.
"""
import json
import os
import sys
import time

import steps

if len(sys.argv) != 13:
    sys.exit(__doc__)
LAYERS, HIDDEN, INIT, BATCH, RATE, MOMENTUM, GAMMA, SEED, THREADS, TARGET, MOST_EPOCHS, FOLDER = sys.argv[1:]
os.environ["OMP_NUM_THREADS"] = THREADS

import torch


def load(part):
    rows, labels = steps.read_mnist(FOLDER, part)
    return torch.from_numpy(rows), torch.from_numpy(labels)


def build():
    sizes = [int(size) for size in LAYERS.split("-")]
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[HIDDEN]
    parts = []
    for n_inputs, n_outputs in zip(sizes, sizes[1:]):
        linear = torch.nn.Linear(n_inputs, n_outputs)
        initialise(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        parts += [linear, activation()]
    return torch.nn.Sequential(*parts[:-1])


def initialise(weight):
    if INIT == "glorot":
        torch.nn.init.xavier_uniform_(weight)
    else:
        torch.nn.init.kaiming_normal_(weight, nonlinearity="relu")


def train_epoch(model, optimizer, rows, labels):
    for index in torch.randperm(len(rows)).split(int(BATCH)):
        loss = torch.nn.functional.cross_entropy(model(rows.index_select(0, index)), labels.index_select(0, index))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def accuracy(model, rows, labels):
    with torch.no_grad():
        return (model(rows).argmax(1) == labels).double().mean().item()


def main():
    torch.set_num_threads(int(THREADS))
    torch.manual_seed(int(SEED))
    train, test = load("train"), load("t10k")
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=float(RATE), momentum=float(MOMENTUM), foreach=False)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, float(GAMMA))
    started, epochs, reached = time.perf_counter(), 0, 0.0
    while reached < float(TARGET) and epochs < int(MOST_EPOCHS):
        train_epoch(model, optimizer, *train)
        schedule.step()
        reached = accuracy(model, *test)
        epochs += 1
    print(json.dumps({"epochs": epochs, "accuracy": reached, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
