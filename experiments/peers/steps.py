# SPDX-License-Identifier: MIT
"""What the Python peers share: their command line, MNIST, and the stopwatch.

usage: PEER LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER

Import this before NumPy or what loads NumPy: OpenBLAS and OpenMP read their
thread count from the environment, once, when they are loaded.
"""
import gzip
import os
import pathlib
import statistics
import sys
import time
import types

N_BLOCKS = 9


def read_arguments():
    if len(sys.argv) != 8:
        sys.exit(f"usage: {sys.argv[0]} LAYERS BATCH HIDDEN RATE THREADS SECONDS DATA_FOLDER")
    layers, batch, hidden, rate, threads, seconds, folder = sys.argv[1:]
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = threads
    return types.SimpleNamespace(sizes=[int(size) for size in layers.split("-")], batch=int(batch), hidden=hidden,
                                 rate=float(rate), threads=int(threads), seconds=float(seconds), folder=folder)


def read_idx(folder, name, header):
    import numpy
    file = pathlib.Path(folder) / f"{name}.gz"
    return numpy.frombuffer(gzip.decompress(file.read_bytes()), dtype=numpy.uint8, offset=header)


def read_mnist(folder, part):
    """(fp32 rows between 0 and 1, labels) of part "train" or "t10k"."""
    import numpy
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte", 8)
    pixels = read_idx(folder, f"{part}-images-idx3-ubyte", 16)
    return pixels.reshape(len(labels), -1) / numpy.float32(255), labels.astype(numpy.int64)


def measure(run, batch, seconds):
    """Samples/s of the median block; run(n) takes n steps.

    Blocks grow until one takes its share of the seconds twice, so that a single
    interruption misleads nobody: that is the warm-up. Nine blocks follow, fewer
    where nine single steps would take more than twice the time.
    """
    def timed(n_steps):
        started = time.perf_counter()
        run(n_steps)
        return time.perf_counter() - started

    share = seconds / N_BLOCKS
    n_steps = 1
    while (block := min(timed(n_steps), timed(n_steps))) < share:
        n_steps = int(n_steps * min(share / block, 1000)) + 1
    n_blocks = max(1, min(N_BLOCKS, int(2 * seconds / block)))
    return statistics.median(n_steps * batch / timed(n_steps) for _ in range(n_blocks))


def report(samples_per_second, accuracy):
    """The figure on stdout; on stderr whether the network has learnt."""
    print(f"{samples_per_second:.1f}")
    print(f"test accuracy {100 * accuracy:.2f} %", file=sys.stderr)
