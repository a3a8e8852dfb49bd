# SPDX-License-Identifier: MIT
#
# read_optuna.py JOURNAL TRIALS EPOCHS [EXPECTED]: opens the journal with the Optuna that is
# here and compares all of it with `runs export --format json` and the same with --epochs.
# EXPECTED is a Python dictionary of distributions by parameter, of the first study.
# Then the study is gone on with, by every sampler that the journal's trials must suit.

import datetime
import json
import math
import shutil
import statistics
import sys
import warnings

warnings.simplefilter("ignore")
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)

STATES = {
    "running": TrialState.RUNNING,
    "done": TrialState.COMPLETE,
    "paused": TrialState.PRUNED,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.FAIL,
    "failed": TrialState.FAIL,
}
AGGREGATES = {"median": statistics.median, "mean": statistics.fmean, "min": min, "max": max}


def storage_of(path):
    try:
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        from optuna.storages import JournalFileStorage as JournalFileBackend
    return optuna.storages.JournalStorage(JournalFileBackend(path))


def same(a, b, what):
    assert a == b, f"{what}: {a!r}, not {b!r}"


def close(a, b, what):
    assert a == b or math.isclose(a, b, rel_tol=1e-14), f"{what}: {a!r}, not {b!r}"


def instant(time):
    """In seconds; one without a zone is local, as newer versions give it."""
    return None if time is None else time.timestamp()


def compare_trial(trial, row, epochs, metric, aggregate):
    what = f"{row['study']}:{row['trial']}"
    trial._validate()
    same(trial.state, STATES[row["state"]], what + " state")
    same(trial.params, row["param"], what + " parameters")
    for name, value in trial.params.items():
        if not isinstance(trial.distributions[name], FloatDistribution):
            same(type(value), type(row["param"][name]), f"{what} type of {name}")
    if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
        same(trial.value, row["objective"], what + " objective")
    else:
        same(trial.value, None, what + " objective")
    attributes = trial.user_attrs
    same(attributes["state"], row["state"], what + " word of state")
    same(attributes["epochs"], row["epochs"], what + " epochs")
    same(attributes["seeds"], row["seeds"], what + " seeds")
    same([f or "-" for f in attributes["fingerprints"]], row["fingerprints"] or ["-"] * len(row["seeds"]), what)
    same(attributes["seconds"], row["seconds"], what + " seconds")
    same([c for c in attributes["cores"] if c], row["cores"], what + " cores")
    same([len(j) for j in attributes["jobs"]], [64] * len(row["seeds"]), what + " jobs")
    same(trial.system_attrs, {}, what + " system attributes")
    if row["started"]:
        started = datetime.datetime.strptime(row["started"], "%Y-%m-%dT%H:%M:%S.%f%z")
        same(instant(trial.datetime_start), started.timestamp(), what + " start")
    if trial.state.is_finished():
        assert instant(trial.datetime_complete) >= instant(trial.datetime_start), what + " end"

    runs = [[e["metric"][metric] for e in epochs if e["seed"] == seed] for seed in row["seeds"]]
    n = min(map(len, runs), default=0) if row["state"] == "running" else max(map(len, runs), default=0)
    expected = {}
    for epoch in range(1, n + 1):
        values = [run[min(epoch, len(run)) - 1] if run else None for run in runs]
        if None not in values and (row["state"] != "diverged" or all(len(run) >= epoch for run in runs)):
            expected[epoch] = AGGREGATES[aggregate](values)
    same(list(trial.intermediate_values), list(expected), what + " epochs with values")
    for epoch, value in expected.items():
        close(trial.intermediate_values[epoch], value, f"{what} epoch {epoch}")
    return len(expected)


def compare_study(study, rows, epochs, aggregate):
    trials = study.get_trials()
    same([t.number for t in trials], [r["trial"] for r in rows], "numbers")
    n = 0
    for trial, row in zip(trials, rows):
        own = [e for e in epochs if e["trial"] == row["trial"]]
        n += compare_trial(trial, row, own, study.user_attrs["metric"], aggregate)
    for trial in trials[1:]:
        for name, distribution in trial.distributions.items():
            for other in trials:
                if name in other.distributions:
                    same(distribution, other.distributions[name], f"distribution of {name}")
    return n


def go_on(study):
    """The next trials of Optuna's samplers take part in the same space."""
    distributions = {}
    for trial in study.get_trials():
        distributions.update(trial.distributions)
    for sampler in (
        optuna.samplers.RandomSampler(seed=1),
        optuna.samplers.TPESampler(seed=1, n_startup_trials=1, multivariate=True),
    ):
        study.sampler = sampler
        trial = study.ask(distributions)
        same(set(trial.params), set(distributions), "parameters that are asked for")
        study.tell(trial, 1.0)


journal, trials, epochs = sys.argv[1:4]
rows, epoch_rows = json.load(open(trials)), json.load(open(epochs))
storage = storage_of(journal)
names = [s.study_name for s in storage.get_all_studies()]
same(names, list(dict.fromkeys(r["study"] for r in rows)), "studies")
n_values = 0
for name in names:
    study = optuna.load_study(study_name=name, storage=storage)
    own = [r for r in rows if r["study"] == name]
    aggregate = "mean" if "aggregate: mean" in study.user_attrs["spec"] else "median"
    n_values += compare_study(study, own, [e for e in epoch_rows if e["study"] == name], aggregate)
    done = [r["objective"] for r in own if r["state"] == "done"]
    if done:
        best = max(done) if study.direction == optuna.study.StudyDirection.MAXIMIZE else min(done)
        same(study.best_value, best, "best value")
if len(sys.argv) > 4:
    study = optuna.load_study(study_name=names[0], storage=storage)
    found = {}
    for trial in study.get_trials():
        found.update(trial.distributions)
    expected = eval(sys.argv[4])
    same(set(found), set(expected), "parameters")
    for name, distribution in expected.items():
        same(found[name], distribution, f"distribution of {name}")
shutil.copy(journal, journal + ".more")
storage = storage_of(journal + ".more")
for name in names:
    go_on(optuna.load_study(study_name=name, storage=storage))
print(f"Optuna {optuna.__version__}: {len(rows)} trials, {n_values} values on the way")
