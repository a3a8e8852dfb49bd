# SPDX-License-Identifier: MIT
"""Training steps per second of one network in PyTorch.

usage: pytorch_steps.py LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER

Eager PyTorch as its tutorials write it: nn.Linear, cross_entropy, SGD; without
the DataLoader, whose cost per row would hide everything else. The rows are one
fp32 tensor in memory, and each step gathers its own by a part of the epoch's
permutation.
"""
import steps

ARGUMENTS = steps.read_arguments()

import torch


def build(sizes, hidden):
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[hidden]
    parts = []
    for n_inputs, n_outputs in zip(sizes, sizes[1:]):
        linear = torch.nn.Linear(n_inputs, n_outputs)
        torch.nn.init.xavier_uniform_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        parts += [linear, activation()]
    return torch.nn.Sequential(*parts[:-1])


def load(folder, part):
    rows, labels = steps.read_mnist(folder, part)
    return torch.from_numpy(rows), torch.from_numpy(labels)


def endless_batches(n_rows, batch):
    """Indices of one mini-batch after the other, in a new order each epoch."""
    while True:
        yield from torch.randperm(n_rows)[:n_rows - n_rows % batch].split(batch)


def accuracy(model, rows, labels):
    with torch.no_grad():
        return (model(rows).argmax(1) == labels).float().mean().item()


def main():
    torch.set_num_threads(ARGUMENTS.threads)
    torch.manual_seed(1)
    rows, labels = load(ARGUMENTS.folder, "train")
    model = build(ARGUMENTS.sizes, ARGUMENTS.hidden)
    # Of SGD's three forms the plain loop was the fastest one on small networks (by 5 % before fused and foreach)
    # and within 2 % of fused on the largest.
    optimizer = torch.optim.SGD(model.parameters(), lr=ARGUMENTS.rate, foreach=False)
    batches = endless_batches(len(rows), ARGUMENTS.batch)

    def run(n_steps):
        for _ in range(n_steps):
            index = next(batches)
            loss = torch.nn.functional.cross_entropy(model(rows.index_select(0, index)), labels.index_select(0, index))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    speed = steps.measure(run, ARGUMENTS.batch, ARGUMENTS.seconds)
    steps.report(speed, accuracy(model, *load(ARGUMENTS.folder, "t10k")))


if __name__ == "__main__":
    main()
