# SPDX-License-Identifier: MIT
#
# read_tensorboard.py FOLDER TRIALS EPOCHS SEVERAL: opens the folder with TensorBoard's own
# readers and compares all of it with `runs export --format json` and the same with
# --epochs; SEVERAL is 1 when the export is of several studies. Then asks the HParams
# plugin for what its tab shows.

import datetime
import json
import math
import os
import re
import struct
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from google.protobuf import json_format
from tensorboard.backend.event_processing import data_provider, event_accumulator
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment
from tensorboard.plugins.hparams import list_session_groups, metadata

STATUS = {
    "running": api_pb2.STATUS_RUNNING,
    "done": api_pb2.STATUS_SUCCESS,
    "pruned": api_pb2.STATUS_SUCCESS,
    "paused": api_pb2.STATUS_UNKNOWN,
    "diverged": api_pb2.STATUS_FAILURE,
    "failed": api_pb2.STATUS_FAILURE,
}


def same(a, b, what):
    assert a == b, f"{what}: {a!r}, not {b!r}"


def single(x):
    """The float of 32 bits next to x."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


def safe(name):
    name = re.sub(r"[\x00-\x1f\x7f/\\%~]", lambda m: "%%%02X" % ord(m.group()), name)
    return "%2E" + name[1:] if name.startswith(".") else name


def types_of(rows):
    """By parameter: the type that all its values have."""
    types = {}
    for row in rows:
        for name, value in row["param"].items():
            own = bool if isinstance(value, bool) else float if isinstance(value, (int, float)) else str
            types[name] = own if types.get(name, own) is own else str
    return types


def as_type(value, own):
    """As a session has it; texts are as the table has them."""
    if own is not str:
        return own(value)
    return value if isinstance(value, str) else json.dumps(value)


class Run:
    """A folder, read by the accumulator."""

    def __init__(self, path):
        self.events = event_accumulator.EventAccumulator(path, size_guidance={event_accumulator.SCALARS: 0})
        self.events.Reload()
        self.tags = self.events.Tags()

    def plugin(self, tag):
        data = self.events.SummaryMetadata(tag).plugin_data
        same(data.plugin_name, "hparams", tag)
        return data.content

    def start(self):
        return metadata.parse_session_start_info_plugin_data(self.plugin(metadata.SESSION_START_INFO_TAG))

    def end(self):
        if metadata.SESSION_END_INFO_TAG not in self.tags["tensors"]:
            return None
        return metadata.parse_session_end_info_plugin_data(self.plugin(metadata.SESSION_END_INFO_TAG))


def compare_scalars(run, epochs, what):
    """Every value of the table, and no other."""
    n, expected = 0, {}
    for epoch in epochs:
        values = dict(epoch["metric"], train_seconds=epoch["train_seconds"])
        values["samples_per_second"] = epoch["samples_per_second"]
        for tag, value in values.items():
            if value is not None:
                expected.setdefault(tag, []).append((epoch["epoch"], single(value)))
    same(set(run.tags["scalars"]) - {"objective"}, set(expected) - {"objective"}, what + " tags")
    for tag, values in expected.items():
        found = run.events.Scalars(tag)
        same([(e.step, e.value) for e in found], values, f"{what} {tag}")
        n += len(values)
    return n


def compare_times(run, epochs, started, what):
    tags = [t for t in run.tags["scalars"] if t != "objective"]
    now = started
    times = {}
    for epoch in epochs:
        now += epoch["train_seconds"] or 0
        times[epoch["epoch"]] = now
    for tag in tags:
        for event in run.events.Scalars(tag):
            assert abs(event.wall_time - times[event.step]) < 1e-3, f"{what} {tag}: time of epoch {event.step}"


def compare_session(run, row, types, what):
    start, end = run.start(), run.end()
    same(start.group_name, f"{row['study']}:{row['trial']}", what + " group")
    found = {name: json_format.MessageToDict(value) for name, value in start.hparams.items()}
    same(found, {n: as_type(v, types[n]) for n, v in row["param"].items()}, what + " parameters")
    for name in found:
        same(type(found[name]), types[name], f"{what} type of {name}")
    if row["state"] == "running":
        same(end, None, what + " end")
        return start
    same(end.status, STATUS[row["state"]], what + " status")
    assert end.end_time_secs >= start.start_time_secs, what + " end"
    return start


def compare_trial(folder, row, epochs, types, repeats):
    what = f"{row['study']}:{row['trial']}"
    names = [f for f in os.listdir(os.path.dirname(folder)) if f.startswith("trial-")]
    own = [n for n in names if int(n[6:]) == row["trial"]]
    same(len(own), 1, what + " folders")
    path = os.path.join(os.path.dirname(folder), own[0])
    if not row["seeds"]:
        compare_session(Run(path), row, types, what)
        return 0
    n = 0
    for seed in row["seeds"]:
        run = Run(os.path.join(path, f"seed-{seed}") if repeats else path)
        known = [e for e in epochs if e["seed"] == seed]
        start = compare_session(run, row, types, what)
        n += compare_scalars(run, known, what)
        compare_times(run, known, start.start_time_secs, what)
        if not repeats:
            if row["started"]:
                assert abs(start.start_time_secs - seconds(row["started"])) < 1e-3, what + " start"
            events = run.events.Scalars("objective") if "objective" in run.tags["scalars"] else []
            objective = [(e.step, e.value) for e in events]
            known = row["objective"]
            same(objective, [] if known is None else [(row["epochs"], single(known))], what + " objective")
    return n


def compare_experiment(run, rows, epochs, types):
    experiment = metadata.parse_experiment_plugin_data(run.plugin(metadata.EXPERIMENT_TAG))
    kinds = {float: api_pb2.DATA_TYPE_FLOAT64, bool: api_pb2.DATA_TYPE_BOOL, str: api_pb2.DATA_TYPE_STRING}
    same({i.name: i.type for i in experiment.hparam_infos}, {n: kinds[t] for n, t in types.items()}, "types")
    for info in experiment.hparam_infos:
        values = [as_type(r["param"][info.name], types[info.name]) for r in rows if info.name in r["param"]]
        if types[info.name] is float:
            interval = info.domain_interval
            same((interval.min_value, interval.max_value), (min(values), max(values)), info.name + " interval")
        else:
            found = json_format.MessageToDict(info.domain_discrete)
            same(found, list(dict.fromkeys(values)), info.name + " values")
    metrics = list(dict.fromkeys(["objective"] + [m for e in epochs for m in e["metric"]]))
    same({i.name.tag for i in experiment.metric_infos} - set(metrics), set(), "metrics")


def ask_plugin(folder, rows, types):
    """What the HPARAMS tab gets."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(folder)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, folder)
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.GetExperimentRequest(experiment_name="")
    experiment = get_experiment.Handler(RequestContext(), context, "", request).run()
    same({i.name for i in experiment.hparam_infos}, set(types), "parameters of the tab")
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=10000,
        allowed_statuses=[0, 1, 2, 3],
        aggregation_type=api_pb2.AGGREGATION_AVG,
        col_params=[api_pb2.ColParams(hparam=i.name, include_in_result=True) for i in experiment.hparam_infos],
    )
    answer = list_session_groups.Handler(RequestContext(), context, "", request).run()
    same(answer.total_size, len(rows), "groups of the tab")
    groups = {g.name: g for g in answer.session_groups}
    for row in rows:
        group = groups[f"{row['study']}:{row['trial']}"]
        same(len(group.sessions), max(1, len(row["seeds"])), "sessions of " + group.name)
        found = {n: json_format.MessageToDict(v) for n, v in group.hparams.items()}
        same(found, {n: as_type(v, types[n]) for n, v in row["param"].items()}, "the tab's " + group.name)
        objective = [m.value for m in group.metric_values if m.name.tag == "objective"]
        if row["objective"] is not None and len(row["seeds"]) == 1:
            same(objective, [single(row["objective"])], "the tab's objective of " + group.name)


folder, trials, epochs, several = sys.argv[1:5]
rows, epoch_rows = json.load(open(trials)), json.load(open(epochs))
types = types_of(rows)
compare_experiment(Run(folder), rows, epoch_rows, types)
n_values = n_runs = 0
for row in rows:
    top = os.path.join(folder, safe(row["study"])) if several == "1" else folder
    own = [e for e in epoch_rows if (e["study"], e["trial"]) == (row["study"], row["trial"])]
    repeats = any(len(r["seeds"]) > 1 for r in rows if r["study"] == row["study"])
    n_values += compare_trial(os.path.join(top, ""), row, own, types, repeats)
    n_runs += max(1, len(row["seeds"]))
files = [f for _, _, names in os.walk(folder) for f in names]
same(len(files), n_runs + 1, "files")
same({f.startswith("events.out.tfevents.") for f in files}, {True}, "names of files")
ask_plugin(folder, rows, types)
print(f"{n_runs} runs, {n_values} values")
