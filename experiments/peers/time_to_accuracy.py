# SPDX-License-Identifier: MIT
"""Seconds to 97 % and 98 % test accuracy on MNIST: Lockstep beside PyTorch.

usage: time_to_accuracy.py LOCKSTEP [--data FOLDER] [--rounds N] [--targets 97,98]
                           [--recipes 0,3] [--threads 1,2] [--epochs MOST] [--search-seeds N]

Wall clock of the whole process: start, reading the data, training, and a test
after every epoch up to the first one that reaches the target. First a search:
each side tries every recipe at every thread count with a few seeds, the median
of which counts. Then, with a new seed each round and in turns, both sides run
the best recipe of each side, so that one table holds each at its best and both
with the same recipe; each at the thread count that was its best for that recipe.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import sys
import tempfile
import time

from compare import numbers, output_of

# Layers, activation, initialisation, mini-batch, rate, momentum, factor of the rate after each epoch.
RECIPES = [
    ("784-128-10", "relu", "glorot", 32, 0.1, 0, 1),
    ("784-128-10", "relu", "he", 32, 0.2, 0, 0.8),
    ("784-128-10", "relu", "he", 64, 0.3, 0, 0.8),
    ("784-128-10", "relu", "glorot", 64, 0.1, 0.9, 0.7),
    ("784-128-10", "relu", "he", 32, 0.05, 0.9, 0.6),
    ("784-300-10", "relu", "glorot", 32, 0.2, 0, 0.8),
    ("784-300-10", "relu", "he", 64, 0.3, 0, 0.8),
    ("784-300-10", "relu", "he", 64, 0.1, 0.9, 0.6),
    ("784-300-10", "relu", "glorot", 128, 0.1, 0.9, 0.7),
]
NOT_REACHED = (math.inf, math.inf, math.inf)


def timed(command):
    started = time.perf_counter()
    output = output_of(command)
    return time.perf_counter() - started, output


class Lockstep:
    """Its bits depend on no thread count, so that one run tells the epochs that a recipe and seed need."""

    name = "Lockstep"

    def __init__(self, arguments, folder):
        self.arguments, self.log, self.accuracies = arguments, pathlib.Path(folder) / "log", {}

    def train(self, recipe, threads, seed, epochs):
        """(seconds of the process, events of its log)"""
        layers, hidden, init, batch, rate, momentum, gamma = map(str, recipe)
        schedule = [] if gamma == "1" else ["--schedule", "step", "--schedule-period", "1", "--schedule-gamma", gamma]
        seconds, _ = timed([self.arguments.lockstep, "train", "--quiet", "--data", self.arguments.data, "--layers",
                            layers, "--hidden", hidden, "--init", init, "--batch", batch, "--lr", rate, "--momentum",
                            momentum, "--seed", str(seed), "--epochs", str(epochs), "--workers", str(threads),
                            "--log", str(self.log)] + schedule)
        return seconds, [json.loads(line) for line in self.log.read_text().splitlines()]

    def epochs_needed(self, recipe, seed, target):
        key = recipe, seed
        if key not in self.accuracies:
            _, events = self.train(recipe, "auto", seed, self.arguments.epochs)
            self.accuracies[key] = [event["test"]["accuracy"] for event in events if event["event"] == "epoch"]
        return next((i + 1 for i, reached in enumerate(self.accuracies[key]) if reached >= target), None)

    def time_to(self, recipe, threads, seed, target):
        epochs = self.epochs_needed(recipe, seed, target)
        if not epochs:
            return NOT_REACHED
        seconds, events = self.train(recipe, threads, seed, epochs)
        if [event["test"]["accuracy"] for event in events if event["event"] == "epoch"][-1] < target:
            sys.exit("time_to_accuracy.py: the same job came out differently")
        return seconds, events[-1]["seconds"], epochs


class PyTorch:
    name = "PyTorch"

    def __init__(self, arguments):
        self.arguments = arguments

    def time_to(self, recipe, threads, seed, target):
        program = pathlib.Path(__file__).with_name("pytorch_accuracy.py")
        seconds, output = timed([sys.executable, str(program), *map(str, recipe), str(seed), str(threads),
                                 str(target), str(self.arguments.epochs), self.arguments.data])
        result = json.loads(output)
        return (seconds, result["seconds"], result["epochs"]) if result["accuracy"] >= target else NOT_REACHED


def describe(recipe):
    layers, hidden, init, batch, rate, momentum, gamma = recipe
    return (f"{layers} {hidden} {init}, {batch} rows, rate {rate:g}" + (f", momentum {momentum:g}" if momentum else "")
            + (f", times {gamma:g} an epoch" if gamma != 1 else ""))


def search(side, recipes, arguments, target):
    """{recipe: (the median of its seeds at the best thread count, that count)}"""
    found = {}
    for recipe in recipes:
        found[recipe] = min((sorted(side.time_to(recipe, t, seed + 1, target) for seed in range(arguments.search_seeds))
                             [arguments.search_seeds // 2], t) for t in arguments.threads)
        (seconds, _, epochs), t = found[recipe]
        result = "not reached" if seconds == math.inf else f"{seconds:.2f} s, {epochs} epochs, {t} threads"
        print(f"search, {100 * target:g} %: {side.name}, {describe(recipe)}: {result}", file=sys.stderr, flush=True)
    if min(found.values())[0] == NOT_REACHED:
        sys.exit(f"time_to_accuracy.py: no recipe of {side.name} reached {100 * target:g} %; more --epochs may help")
    return found


def measure(sides, runs, arguments, target):
    """{(side, recipe): the results of each round}, from runs {(side, recipe): threads}"""
    results = {run: [] for run in runs}
    for i_round in range(arguments.rounds):
        for (i_side, recipe), threads in runs.items():
            result = sides[i_side].time_to(recipe, threads, arguments.search_seeds + 1 + i_round, target)
            results[i_side, recipe].append(result)
    return results


def shown(number):
    return f"{number:.3g}" if math.isfinite(number) else "not reached"


def table_rows(sides, arguments, target):
    """Searches and measures one target."""
    recipes = [RECIPES[i] for i in arguments.recipes]
    found = [search(side, recipes, arguments, target) for side in sides]
    best = [min(results, key=results.get) for results in found]
    runs = {(i, recipe): found[i][recipe][1] for recipe in dict.fromkeys(best) for i in range(len(sides))}
    rows = []
    for (i, recipe), results in measure(sides, runs, arguments, target).items():
        medians = [shown(statistics.median(column)) for column in zip(*results)]
        name = sides[i].name + (" (its best)" if best[i] == recipe else "")
        rows.append([f"{100 * target:g} %", describe(recipe), name, str(runs[i, recipe]), *medians])
    return rows


def print_table(rows):
    lines = [["target", "recipe", "program", "threads", "seconds", "of it training", "epochs"]] + rows
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |")


def percents(text):
    return [float(part) / 100 for part in text.split(",")]


def read_arguments():
    n_cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lockstep", help="the lockstep command")
    parser.add_argument("--data", default="datasets/mnist", help="folder with MNIST's four gzip IDX files")
    parser.add_argument("--rounds", type=int, default=5, help="seeds after the search (default 5)")
    parser.add_argument("--targets", type=percents, default=[0.97, 0.98], help="in percent (default 97,98)")
    parser.add_argument("--recipes", type=numbers(0, len(RECIPES) - 1), default=list(range(len(RECIPES))))
    parser.add_argument("--threads", type=numbers(1, n_cores), default=sorted({1, min(2, n_cores), min(4, n_cores)}),
                        help="thread counts to search (default: 1, 2, 4 as far as there are cores)")
    parser.add_argument("--epochs", type=int, default=20, help="give a run up after these (default 20)")
    parser.add_argument("--search-seeds", type=int, default=3, help="seeds of the search (default 3)")
    arguments = parser.parse_args()
    if min(arguments.rounds, arguments.epochs, arguments.search_seeds) < 1:
        parser.error("--rounds, --epochs and --search-seeds are 1 or more")
    return arguments


def main():
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        sides = [Lockstep(arguments, folder), PyTorch(arguments)]
        rows = [row for target in arguments.targets for row in table_rows(sides, arguments, target)]
    print(f"Seconds from the start of the process to a test accuracy, median of {arguments.rounds} seeds:\n")
    print_table(rows)


if __name__ == "__main__":
    main()
