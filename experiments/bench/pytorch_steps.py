# SPDX-License-Identifier: MIT
"""Training steps per second of one network in PyTorch.

usage: pytorch_steps.py LAYERS BATCH HIDDEN RATE THREADS SECONDS

Plain eager PyTorch as its tutorials write it: nn.Linear, cross_entropy, SGD.
The data are random rows in memory, already fp32: no loading is timed. Prints
samples/s of the median of nine blocks.
"""
import statistics
import sys
import time

import torch


def build(layers, hidden):
    sizes = [int(size) for size in layers.split("-")]
    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[hidden]
    parts = []
    for i in range(len(sizes) - 1):
        parts.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
        if i + 2 < len(sizes):
            parts.append(activation())
    return torch.nn.Sequential(*parts)


def main():
    layers, batch, hidden, rate, threads, seconds = sys.argv[1:]
    batch, seconds = int(batch), float(seconds)
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    model = build(layers, hidden)
    optimizer = torch.optim.SGD(model.parameters(), lr=float(rate))
    rows = torch.rand(16 * batch, int(layers.split("-")[0]))
    labels = torch.randint(0, int(layers.split("-")[-1]), (16 * batch,))

    def run(n_steps):
        started = time.perf_counter()
        for step in range(n_steps):
            at = step % 16 * batch
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(rows[at:at + batch]), labels[at:at + batch])
            loss.backward()
            optimizer.step()
        return time.perf_counter() - started

    run(4)
    n_steps = max(1, int(seconds / 9 / (run(4) / 4)))
    print(f"{statistics.median(n_steps * batch / run(n_steps) for _ in range(9)):.1f}")


if __name__ == "__main__":
    main()
