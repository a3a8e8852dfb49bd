# SPDX-License-Identifier: MIT
"""What Optuna takes of a trial when there is nothing to train.

usage: optuna_sweep.py [TRIALS [FOLDER]]    (1000, $TMPDIR or /tmp)

The space and the objective are those of ../sweeps/bench_sweep.c, and so are the columns: eight trials at once, of
which the oldest ends first; timed are ask, the eight suggestions, and tell. Random search and TPE (multivariate,
constant liar) on SQLite and on a journal file. Made for Optuna 3.1 (Debian: python3-optuna).
"""
import collections
import math
import os
import pathlib
import sys
import tempfile
import time

import optuna

WINDOW = 8
LAST = 21


def suggest(trial):
    return (
        trial.suggest_float("lr", 1e-4, 1, log=True),
        trial.suggest_float("momentum", 0, 0.99),
        trial.suggest_float("l2", 1e-6, 0.01, log=True),
        trial.suggest_float("dropout", 0, 0.5, step=0.1),
        trial.suggest_int("batch", 8, 128),
        trial.suggest_int("layers", 1, 4),
        trial.suggest_categorical("hidden", ["sigmoid", "tanh", "relu", "leaky-relu"]),
        trial.suggest_categorical("init", ["normal", "glorot", "he"]),
    )


def objective(lr, momentum, l2, dropout, batch, layers, hidden, init):
    total = (math.log10(lr) + 1) ** 2 + 4 * (momentum - 0.9) ** 2 + (math.log10(l2) + 4) ** 2 / 4
    total += 10 * (dropout - 0.2) ** 2 + ((batch - 32) / 64) ** 2 + (layers - 2) ** 2 / 4
    return total + (0 if hidden == "relu" else 0.3) + (0 if init == "he" else 0.2)


def run(study, n_trials):
    """Seconds that each trial took of the study."""
    seconds, running = [0.0] * n_trials, collections.deque()
    n_started = n_reported = 0
    while n_reported < n_trials:
        if n_started < n_trials and len(running) < WINDOW:
            begin = time.perf_counter()
            trial = study.ask()
            point = suggest(trial)
            seconds[n_started] = time.perf_counter() - begin
            n_started += 1
            running.append((trial, point))
            continue
        trial, point = running.popleft()
        value = objective(*point)
        begin = time.perf_counter()
        study.tell(trial, value)
        seconds[n_reported] += time.perf_counter() - begin
        n_reported += 1
    return seconds


def quantile(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def samplers():
    yield "random", optuna.samplers.RandomSampler(seed=1)
    yield "tpe", optuna.samplers.TPESampler(multivariate=True, constant_liar=True, n_startup_trials=10, seed=1)


def storages(folder):
    """(name, storage, file) of new ones."""
    file = folder / "study.db"
    yield "sqlite", optuna.storages.RDBStorage(f"sqlite:///{file}"), file
    file = folder / "study.log"
    yield "journal", optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(str(file))), file


def main():
    n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    parent = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("TMPDIR", "/tmp")
    if n_trials < 1 or len(sys.argv) > 3:
        sys.exit(f"usage: {sys.argv[0]} [TRIALS [FOLDER]]")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"ms a trial               {'trials':>8} {'median':>10} {'p99':>10} {'at the end':>10} {'best':>10} {'KiB':>8}")
    for sampler_name, _ in samplers():
        for storage_name in ("sqlite", "journal"):
            with tempfile.TemporaryDirectory(dir=parent) as folder:
                sampler = dict(samplers())[sampler_name]
                storage, file = next((s, f) for name, s, f in storages(pathlib.Path(folder)) if name == storage_name)
                study = optuna.create_study(storage=storage, sampler=sampler)
                seconds = run(study, n_trials)
                name = f"optuna {sampler_name} {storage_name}"
                print(f"{name:<24} {n_trials:8} {1e3 * quantile(seconds, 0.5):10.3f} "
                      f"{1e3 * quantile(seconds, 0.99):10.3f} {1e3 * quantile(seconds[-LAST:], 0.5):10.3f} "
                      f"{study.best_value:10.4f} {file.stat().st_size / 1024:8.0f}", flush=True)


if __name__ == "__main__":
    import warnings
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    main()
