# SPDX-License-Identifier: MIT
#
# The documents of a scaling study against each other and against what tests/support/make_scaling.c
# made up: read_scaling.py KIND JSON CSV EXTRAP
import csv
import json
import math
import statistics
import sys

PHASES = ["gather", "forward", "backward", "gradient", "update", "wait"]
MEMBERS = {
    "document": "schema kind version commit compiler arithmetic isa name command created study job data machine "
    "environment series time_to_loss answer",
    "study": "type scaled seed run_seconds blocks_min blocks_max precision seconds_limit blocks outcome seconds",
    "machine": "cpu packages numa_nodes cores pus cpu_quota topology",
    "environment": "before after warnings",
    "reading": "n_cpus n_cores n_online governor driver boost smt hypervisor kernel cpu_quota n_throttled "
    "throttled_seconds stolen_seconds load n_pinned pinned_is_partial pinned uptime",
    "series": "bind engine split batch slices warmup_steps steps baseline levels curves refusal limit predictions",
    "excluded": "workers batch slices excluded",
    "level": "workers batch slices excluded measured_in fingerprint cpus seconds step precise samples_per_second ratio speedup "
    "efficiency serial_fraction phases roofline predicted",
    "phases": " ".join(PHASES) + " balance compute_mean compute_max",
    "roofline": "flops bytes gflops peak_gflops gigabytes peak_gigabytes kept_bytes cache_bytes",
    "predicted": "seconds compute reduction meeting memory_bound error",
    "interval": "value low high",
    "curve": "model parameters residual_error r_squared degrees_of_freedom peak points",
    "parameter": "name value standard_error low high at_bound",
    "limit": "obstacle end lost share text",
    "prediction": "topology steps model",
    "model": "batch slices shards parameter_bytes read_bytes update_bytes row_bytes ring_bytes n_blocks update sum "
    "core_gigabytes node_gigabytes barrier_2 barrier_all n_all handover line cache_bytes far_cache far_node far_package",
    "times": "target part runs seconds",
    "answer": "series workers by text",
    "run": "batch slices learning_rate reached diverged beaten steps epochs loss fingerprint best",
}


def same(a, b, what):
    assert type(a) is type(b) and a == b, f"{what}: {a!r}, not {b!r}"


def close(a, b, what):
    assert math.isclose(a, b, rel_tol=1e-14), f"{what}: {a!r}, not {b!r}"


def members(value, kind):
    """No member is forgotten, none is new, none is there twice (see `pairs`)."""
    same(list(value), MEMBERS[kind].split(), kind)


def pairs(items):
    result = dict(items)
    same(len(result), len(items), f"members of {items!r}")
    return result


def interval(value, what):
    members(value, "interval")
    same(value["low"] is None, value["high"] is None, what)
    if value["low"] is not None:
        assert value["low"] <= value["value"] <= value["high"], what


def check_level(level, baseline, n_blocks, what):
    if level["excluded"] is not None:
        members(level, "excluded")
        return
    members(level, "level")
    same(len(level["seconds"]), n_blocks, what + " measurements")
    same(level["cpus"], [str(i) for i in range(level["workers"])], what + " places")
    same(len(level["fingerprint"]), 64, what + " fingerprint")
    close(level["step"]["value"], statistics.median(level["seconds"]), what + " median")
    close(level["samples_per_second"], level["batch"] / statistics.median(level["seconds"]), what + " rate")
    ratios = [b / t for b, t in zip(baseline["seconds"], level["seconds"])]
    close(level["ratio"]["value"], statistics.median(ratios), what + " ratio")
    for name in ("step", "ratio", "speedup", "efficiency", "serial_fraction"):
        interval(level[name], f"{what} {name}")
        same(level[name]["low"] is None, n_blocks < 6 or level[name]["value"] is None, f"{what} {name}'s interval")
    same(level["serial_fraction"]["value"] is None, level is baseline, what + " serial fraction")
    same(type(level["precise"]), bool, what + " precise")
    for name in ("phases", "roofline", "predicted"):
        if level[name] is not None:
            members(level[name], name)
    if level["predicted"]:
        close(level["predicted"]["error"], level["predicted"]["seconds"] / level["step"]["value"] - 1, what + " error")


def curve_at(curve, n):
    gamma, s, beta = [p["value"] for p in curve["parameters"]] + [0] * (3 - len(curve["parameters"]))
    if curve["model"] == "gustafson":
        return gamma * (n - s * (n - 1))
    return gamma * n / (1 + s * (n - 1) + beta * n * (n - 1))


def check_curve(curve, largest, what):
    members(curve, "curve")
    for parameter in curve["parameters"]:
        members(parameter, "parameter")
        same(type(parameter["at_bound"]), bool, what)
    names = {"amdahl": ["gamma", "s"], "gustafson": ["gamma", "s"], "usl": ["gamma", "alpha", "beta"]}
    same([p["name"] for p in curve["parameters"]], names[curve["model"]], what)
    same([p["workers"] for p in curve["points"]], list(range(1, 2 * largest + 1)), what + " points")
    for point in curve["points"]:
        assert math.isclose(point["value"], curve_at(curve, point["workers"]), rel_tol=1e-9), what
        assert point["low"] <= point["value"] <= point["high"], what


def check_series(series, n_blocks, kind, what):
    members(series, "series")
    members(series["limit"], "limit")
    levels = series["levels"]
    same(series["baseline"], levels[0]["workers"], what + " baseline")
    for i, level in enumerate(levels):
        check_level(level, levels[0], n_blocks, f"{what} level {i}")
        same(level["batch"], series["batch"] * (level["workers"] if kind == "weak" else 1), what + " batch")
    largest = max(l["workers"] for l in levels if l["excluded"] is None)
    for curve in series["curves"]:
        check_curve(curve, largest, what)
    for prediction in series["predictions"]:
        members(prediction, "prediction")
        members(prediction["model"], "model")


def check_answer(document):
    """The level of the least seconds to the loss, else of the most samples a second, and a sentence that names it."""
    answer, levels = document["answer"], {}
    members(answer, "answer")
    for i, series in enumerate(document["series"]):
        levels.update({(i, l["workers"]): l for l in series["levels"] if l["excluded"] is None})
    seconds = (document["time_to_loss"] or {"seconds": []})["seconds"]
    if seconds:
        best = min(seconds, key=lambda s: s["seconds"])
        same([answer["series"], answer["workers"], answer["by"]], [best["series"], best["workers"], "loss"], "answer")
    else:
        best = max(levels, key=lambda place: levels[place]["samples_per_second"])
        same([answer["series"], answer["workers"], answer["by"]], [*best, "samples"], "answer")
    level = levels[answer["series"], answer["workers"]]
    sentence = answer["text"].splitlines()[0]
    assert sentence.startswith(f"{answer['workers']} worker") and f" {level['samples_per_second']:.0f} samples/s" in sentence, sentence
    same("the soonest at the loss" in sentence, answer["by"] == "loss", "answer's reason")
    several = len({s["batch"] for s in document["series"]}) > 1
    same("Mini-batches differ" in answer["text"], several and not seconds, "what was not answered")


def check_document(document):
    members(document, "document")
    members(document["study"], "study")
    members(document["machine"], "machine")
    members(document["environment"], "environment")
    for when in ("before", "after"):
        members(document["environment"][when], "reading")
    for i, series in enumerate(document["series"]):
        check_series(series, document["study"]["blocks"], document["study"]["type"], f"series {i}")
    check_answer(document)
    same([document["schema"], document["kind"], document["isa"]], [1, "scaling", "avx512"], "head")
    same(document["created"], "2026-01-31T12:00:00Z", "created")
    same(document["job"]["layers"], "784-30-10", "job")
    same(document["data"]["train"]["rows"], 3, "rows")
    assert document["machine"]["topology"].startswith("<?xml"), "topology"
    same([document["machine"][n] for n in ("packages", "cores", "pus")], [2, 16, 32], "machine")


def check_csv(document, rows):
    """A row a measurement, in the document's order and with its digits."""
    header = "type series bind engine split workers batch slices block seconds samples_per_second fingerprint"
    same(rows[0], header.split(), "columns")
    expected = []
    for i, series in enumerate(document["series"]):
        for level in series["levels"]:
            for block, seconds in enumerate(level.get("seconds", [])):
                expected.append(
                    [document["study"]["type"], str(i), series["bind"], series["engine"], series["split"]]
                    + [str(level[n]) for n in ("workers", "batch", "slices")]
                    + [str(block + 1), seconds, level["batch"] / seconds, level["fingerprint"]]
                )
    for row in rows[1:]:
        row[9:11] = map(float, row[9:11])
    same(rows[1:], expected, "measurements")


def check_extrap(document, extrap):
    """Every callpath has the same points; a step's values are the measurements."""
    same(list(extrap), ["parameters", "measurements"], "Extra-P's members")
    batches = {s["batch"] for s in document["series"]}
    several = len(batches) > 1 and document["study"]["type"] == "strong"
    differs = [n for n in ("bind", "batch") if len({s[n] for s in document["series"]}) > 1]
    differs = [n for n in differs if n == "bind" or not several]
    same(extrap["parameters"], ["workers", "batch"] if several else ["workers"], "parameters")
    points = [[m["point"] for m in c["time"]] for c in extrap["measurements"].values()]
    assert all(p == points[0] for p in points) and len({str(p) for p in points[0]}) == len(points[0]), "points"
    measured = {}
    for series in document["series"]:
        words = [f"batch {series[n]}" if n == "batch" else series[n] for n in differs]
        way = f"step [{' '.join(words)}]" if words else "step"
        for level in series["levels"]:
            if level["excluded"] is None:
                point = [level["workers"], level["batch"]][: len(extrap["parameters"])]
                measured.setdefault(way, []).append({"point": point, "values": level["seconds"]})
                for phase in PHASES if level["phases"] else []:
                    values = [level["phases"][phase]]
                    measured.setdefault(f"{way}->{phase}", []).append({"point": point, "values": values})
    steps = [{str(m["point"]) for m in v} for k, v in measured.items() if "->" not in k]
    common = set.intersection(*steps)
    kept = {k: [m for m in v if str(m["point"]) in common] for k, v in measured.items()}
    has_phases = len(kept) == 7 * len(steps) and all(len(v) == len(common) for v in kept.values())
    expected = {k: {"time": v} for k, v in kept.items() if has_phases or "->" not in k}
    same(extrap["measurements"], expected, "callpaths")
    same(any("->" in k for k in expected), document["name"] in ("strong", "weak", "weak-batches", "uneven"), "phases")


def strong(d):
    same(len(d["series"]), 2, "series")
    for series in d["series"]:
        same([l["excluded"] is None for l in series["levels"]], [True] * 8 + [False] * 2, "excluded")
        same([c["model"] for c in series["curves"]], ["amdahl", "usl"], "curves")
    same(d["series"][0]["limit"]["obstacle"], "waiting", "obstacle")
    same(d["series"][0]["limit"]["end"], "slices", "end")
    level = d["series"][0]["levels"][3]
    close(level["speedup"]["value"], level["ratio"]["value"], "speed-up")
    close(level["efficiency"]["value"], level["ratio"]["value"] / 4, "efficiency")
    same(level["phases"]["balance"], 0.875, "balance")
    same(level["roofline"]["peak_gflops"], 320, "roof")
    assert abs(level["predicted"]["error"] - 0.125) < 0.02, "error"
    same(d["series"][1]["levels"][3]["predicted"], None, "no prediction")
    same([len(s["predictions"]) for s in d["series"]], [1, 0], "predictions")
    prediction = d["series"][0]["predictions"][0]
    same(prediction["topology"], "pack:2 numa:4 l3:2 core:8 pu:2", "topology")
    same([s["workers"] for s in prediction["steps"]], [1, 2, 3, 4, 6, 8, 12, 16, 24, 32], "predicted workers")
    same([s["memory_bound"] for s in prediction["steps"]], [False] * 8 + [True] * 2, "memory")
    same(prediction["model"]["shards"][1]["slices"], 16, "shards")
    same(prediction["model"]["handover"], 6e-8, "handover")
    members(d["time_to_loss"], "times")
    times = d["time_to_loss"]
    for run in times["runs"]:
        members(run, "run")
    same([times["target"], times["part"]], [0.1, "test"], "target")
    same([r["best"] for r in times["runs"]], [False, True, False, False], "best")
    same([r["loss"] for r in times["runs"]], [0.0995, 0.0999, 0.12, None], "losses")
    same([r["fingerprint"] for r in times["runs"]][1:], ["2" * 64, "3" * 64, None], "fingerprints")
    same([r["diverged"] for r in times["runs"]], [False, False, False, True], "diverged")
    expected = [(i, l["workers"], 1500 * l["step"]["value"]) for i in (0, 1) for l in d["series"][i]["levels"][:8]]
    same([(t["series"], t["workers"], t["seconds"]) for t in times["seconds"]], expected, "times")
    same(d["data"]["test"]["rows"], 2, "test rows")
    after = d["environment"]["after"]
    same([after["pinned"], after["n_throttled"], after["boost"]], ["4242 stress on 0-3", 7, True], "environment")
    same([after["hypervisor"], after["load"]], [None, [0.5, 0.25, 0.125]], "environment")
    same(len(d["environment"]["warnings"]), 2, "warnings")
    same(d["study"]["outcome"], "precise", "outcome")


def weak(d):
    same([c["model"] for c in d["series"][0]["curves"]], ["gustafson", "usl"], "curves")
    levels = d["series"][0]["levels"]
    same([l["slices"] for l in levels], [16, 32, 64, 64, 128, 128, 256, 256, 512, 512], "slices")
    close(levels[5]["efficiency"]["value"], levels[5]["ratio"]["value"], "scaled efficiency")
    same(d["time_to_loss"], None, "time to a loss")
    same(d["data"]["test"], None, "test part")


def weak_batches(d):
    same([(s["batch"], len(s["levels"])) for s in d["series"]], [(128, 6), (256, 5)], "series")


def minimal(d):
    level = d["series"][0]["levels"][0]
    same([level[n] for n in ("phases", "roofline", "predicted")], [None] * 3, "what was not measured")
    same([d["series"][0]["curves"], d["series"][0]["limit"]["obstacle"]], [[], "unknown"], "curves")
    same(d["study"]["outcome"], "blocks", "outcome")
    for name, value in d["environment"]["before"].items():
        empty = 0 if name.startswith("n_") or name.endswith("_seconds") else [None] * 3 if name == "load" else None
        same(value, False if name == "pinned_is_partial" else empty, name)


def uneven(d):
    same([l["excluded"] is None for l in d["series"][1]["levels"]], [True] * 3 + [False] + [True] * 2, "excluded")


def hostile(d):
    same(d["name"], 'a "study", </script>\u2028', "name")
    same(d["command"], "lockstep scale --name '</script>'", "command")
    same(d["job"]["data"], '</script>/"data"', "data")
    same(d["study"]["seed"], "18446744073709551615", "seed")
    same(d["study"]["seconds_limit"], 90, "limit of time")
    signs = 'tab\there, "quotes", \\, line\nend'
    same(d["environment"]["warnings"], ["</script><script>alert(1)</script>", signs, "\ufffd\ufffd"], "warnings")
    levels = d["series"][0]["levels"]
    same(levels[5]["excluded"], "<b>no core of its own</b>", "excluded")
    same(levels[1]["phases"]["wait"], None, "NaN")
    same(levels[1]["roofline"]["peak_gigabytes"], None, "infinity")
    same(levels[2]["phases"], None, "no phases")
    same(d["series"][0]["refusal"], "</script>", "refusal")


name, paths = sys.argv[1], sys.argv[2:]
text = open(paths[0], encoding="utf-8").read()
assert text.endswith("}\n") and not set("<>&\u2028") & set(text), "characters that a page would read"
document = json.loads(text, object_pairs_hook=pairs)
check_document(document)
checks = {"strong": strong, "weak": weak, "weak-batches": weak_batches, "minimal": minimal, "uneven": uneven}
checks["hostile"] = hostile
checks[name](document)
check_csv(document, list(csv.reader(open(paths[1], newline=""), strict=True)))
check_extrap(document, json.load(open(paths[2]), object_pairs_hook=pairs))
