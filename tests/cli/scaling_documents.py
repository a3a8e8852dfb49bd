#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scaling studies as they might have been, as documents for lockstep report: scaling_documents.py FOLDER.

strong.json    three series on 8 cores, with all that there is
weak.json      one series
eight.json     eight series of two levels, one of them the same runs as the one before it
minimal.json   one series of two levels and three blocks: no interval, phase, roof or curve
big.json       two series of 128 levels and 50 blocks
evil.json      texts that would be markup
"""
import json
import math
import random
import sys


def median(values):
    values = sorted(values)
    n = len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def summary(values):
    """The median and its interval by binomial ranks."""
    n, rank, below = len(values), 0, 0.0
    for r in range(n):
        below += math.comb(n, r) / 2 ** n
        if 2 * below > 0.05:
            break
        rank = r + 1
    ordered = sorted(values)
    if rank == 0:
        return {"value": median(values), "low": None, "high": None}
    return {"value": median(values), "low": ordered[rank - 1], "high": ordered[n - rank]}


def scaled(interval, function, turns=False):
    one = {name: None if value is None else function(value) for name, value in interval.items()}
    if turns:
        one["low"], one["high"] = one["high"], one["low"]
    return one


class Maker:
    def __init__(self, weak=False, seed=1):
        self.weak = weak
        self.random = random.Random(seed)

    def throughput(self, n, alpha, beta, gamma):
        return gamma * n / (1 + alpha * (n - 1) + beta * n * (n - 1))

    def level(self, workers, blocks, batch, slices, law, base, full):
        rows = batch * workers if self.weak else batch
        true = rows / self.throughput(workers, *law)
        seconds = [true * self.slow[b] * (1 + 0.012 * abs(self.random.gauss(0, 1)) + 0.001 * self.random.random())
                   * (1.15 if self.random.random() < 0.03 else 1) for b in range(blocks)]
        step = summary(seconds)
        ratio = summary([a / b for a, b in zip(base or seconds, seconds)])
        speedup = scaled(ratio, lambda r: r * workers if self.weak else r)
        if workers == 1:
            serial = {"value": None, "low": None, "high": None}
        elif self.weak:
            serial = scaled(speedup, lambda s: (workers - s) / (workers - 1), True)
        else:
            serial = scaled(speedup, lambda s: (1 / s - 1 / workers) / (1 - 1 / workers), True)
        level = {"workers": workers, "batch": rows, "slices": slices * workers if self.weak else slices, "excluded": None,
                 "fingerprint": f"{rows * 2654435761:064x}"[-64:], "cpus": [str(i) for i in range(workers)], "seconds": seconds,
                 "step": step, "precise": step["low"] is not None and max(step["high"] / step["value"] - 1, 1 - step["low"] / step["value"]) < 0.02,
                 "samples_per_second": rows / step["value"], "ratio": ratio, "speedup": speedup,
                 "efficiency": scaled(speedup, lambda s: s / workers), "serial_fraction": serial,
                 "phases": None, "roofline": None, "predicted": None}
        if full:
            self.add(level, true, rows, workers)
        return level

    def add(self, level, seconds, rows, workers):
        wait = seconds * 0.25 * (1 - 1 / workers)
        busy = seconds - wait
        shares = {"gather": 0.04, "forward": 0.30, "backward": 0.22, "gradient": 0.34, "update": 0.10}
        level["phases"] = {name: busy * share for name, share in shares.items()}
        level["phases"].update(wait=wait, compute_mean=busy, compute_max=busy * (1 + 0.03 * (workers - 1) / workers),
                               balance=1 / (1 + 0.03 * (workers - 1) / workers))
        flops, size = rows * 6 * 784 * 512, 4 * (rows * 4000 + 6 * 784 * 512)
        level["roofline"] = {"flops": flops, "bytes": size, "gflops": flops / seconds / 1e9, "peak_gflops": 95 * workers * (0.99 ** workers),
                             "gigabytes": size / seconds / 1e9, "peak_gigabytes": min(12 * workers, 40 + workers)}
        guess = seconds * (1 + 0.04 * math.sin(workers))
        level["predicted"] = {"seconds": guess, "compute": 0.8 * guess, "reduction": 0.15 * guess, "meeting": 0.05 * guess,
                              "memory_bound": workers > 6, "error": guess / level["step"]["value"] - 1}

    def curves(self, law, top):
        alpha, beta, gamma = law
        result = []
        for model in ("gustafson" if self.weak else "amdahl", "usl"):
            points = []
            for n in range(1, min(256, 2 * top) + 1):
                if model == "amdahl":
                    x = gamma * n / (1 + 1.6 * alpha * (n - 1))
                elif model == "gustafson":
                    x = gamma * (n - 0.15 * (n - 1))
                else:
                    x = self.throughput(n, alpha, beta, gamma)
                width = 0.01 + 0.05 * max(0, n / top - 0.5)
                points.append({"workers": n, "value": x, "low": x * (1 - width), "high": x * (1 + width)})
            names = [("gamma", gamma)] + ([("alpha", alpha), ("beta", beta)] if model == "usl" else [("s", 1.6 * alpha)])
            parameters = [{"name": name, "value": value, "standard_error": value * 0.1, "low": value * 0.75, "high": value * 1.25,
                           "at_bound": False} for name, value in names]
            result.append({"model": model, "parameters": parameters, "residual_error": 0.01 * gamma, "r_squared": 0.998,
                           "degrees_of_freedom": top - len(names), "points": points,
                           "peak": math.sqrt((1 - alpha) / beta) if model == "usl" and beta > 0 else None})
        return result

    def series(self, workers, blocks, law, bind="close", engine="pthreads", batch=128, slices=8, full=True, excluded=()):
        self.slow = [1 + (0.03 if b > 0.7 * blocks else 0) + 0.01 * self.random.random() for b in range(blocks)]
        base = self.level(workers[0], blocks, batch, slices, law, None, full)
        levels = [base] + [self.level(n, blocks, batch, slices, law, base["seconds"], full) for n in workers[1:]]
        levels += [{"workers": n, "batch": batch, "slices": slices, "excluded": why} for n, why in excluded]
        predictions = []
        if full:
            for topology, top in (("pack:2 numa:4 l3:2 core:8 pu:2", 128), ("pack:1 core:16 pu:1", 16)):
                steps = []
                for n in [2 ** i for i in range(8) if 2 ** i <= top]:
                    t = batch / self.throughput(n, law[0], law[1] / 3, law[2])
                    steps.append({"workers": n, "seconds": t, "compute": 0.8 * t, "reduction": 0.15 * t, "meeting": 0.05 * t,
                                  "memory_bound": n > 32})
                predictions.append({"topology": topology, "steps": steps, "model": {}})
        is_few = len(workers) < 6
        return {"bind": bind, "engine": engine, "split": "rows", "batch": batch, "slices": slices, "warmup_steps": 10, "steps": 100,
                "baseline": workers[0], "levels": levels, "curves": [] if is_few else self.curves(law, max(workers)),
                "refusal": "2 different numbers of workers are too few: 6 are needed" if is_few else None,
                "limit": {"obstacle": "waiting", "end": "slices", "lost": 0.3, "share": 0.6,
                          "text": f"{workers[-1]} workers lose 30 % of their time, 60 % of it to waiting for each other. "
                                  f"More than {slices} workers would have no rows: the mini-batch has {slices} slices."},
                "predictions": predictions}

    def document(self, name, series, blocks, outcome="precise", warnings=(), time_to_loss=None):
        reading = {"governor": "powersave", "driver": "intel_pstate", "boost": 1, "smt": 1, "hypervisor": "", "kernel": "Linux 6.1.0",
                   "cpu_quota": 0, "n_throttled": 3, "throttled_seconds": 0.2, "stolen_seconds": 0, "load": [0.4, 0.5, 0.3],
                   "n_pinned": 0, "pinned": "", "uptime": 86400}
        kind = "weak" if self.weak else "strong"
        scaled_ = ("k workers have k times the rows of a mini-batch" if self.weak else "every level has the same mini-batch")
        return {"schema": 1, "kind": "scaling", "version": "0.1.0", "commit": "0123456789abcdef", "compiler": "gcc 12.2.0",
                "arithmetic": 1, "isa": "avx512", "name": name, "command": f"lockstep scale --json {kind}.json --workers 1-8",
                "created": "2026-01-31T12:00:00Z",
                "study": {"type": kind, "scaled": scaled_, "seed": 9007199254740993, "run_seconds": 1, "blocks_min": 10, "blocks_max": 50,
                          "precision": 0.02, "seconds_limit": None, "blocks": blocks, "outcome": outcome, "seconds": 41.2},
                "job": {"data": "mnist", "layers": "784-512-10", "seed": 9223372036854775807, "batch": 128, "slices": None, "lr": 0.1},
                "data": {"train": {"rows": 60000, "digest": "ab" * 32}, "test": {"rows": 10000, "digest": "cd" * 32}},
                "machine": {"cpu": "A processor of 8 cores", "packages": 1, "numa_nodes": 1, "cores": 8, "pus": 16, "cpu_quota": None,
                            "topology": "<?xml version=\"1.0\"?><topology/>"},
                "environment": {"before": reading, "after": {**reading, "load": [7.9, 4.2, 1.6], "n_throttled": 9}, "warnings": list(warnings)},
                "series": series, "time_to_loss": time_to_loss}


def make_strong():
    maker = Maker()
    blocks, workers = 12, list(range(1, 9))
    series = [maker.series(workers, blocks, (0.02, 0.003, 90000), excluded=[(9, "it would have no rows: 8 slices"), (10, "it would have no rows: 8 slices")]),
              maker.series(workers, blocks, (0.03, 0.006, 88000), bind="spread"),
              maker.series(workers, blocks, (0.012, 0.001, 110000), batch=512, slices=16)]
    for index, one in enumerate(series):  # one worker is the same run in the first two; the others have no such member
        for level in one["levels"]:
            level["measured_in"] = 0 if level["workers"] == 1 and index < 2 else index
    runs, seconds = [], []
    for batch, steps in ((32, 6200), (128, 1800), (512, 800), (2048, 640)):
        for rate, factor in ((0.03, 1.9), (0.1, 1), (3, 0)):
            beaten = batch == 512 and rate == 0.03
            runs.append({"batch": batch, "slices": 8, "learning_rate": rate, "reached": factor > 0 and not beaten, "diverged": factor == 0,
                         "beaten": beaten,
                         "steps": round(steps * factor) or 17, "epochs": steps * factor * batch / 60000, "loss": 0.0995 if factor else None,
                         "fingerprint": "ef" * 32 if factor else None, "best": factor == 1})
    for index, batch, steps in ((0, 128, 1800), (1, 128, 1800), (2, 512, 800)):
        for level in series[index]["levels"]:
            if level["excluded"] is None:
                seconds.append({"batch": batch, "series": index, "workers": level["workers"], "seconds": steps * level["step"]["value"]})
    document = maker.document("mnist, 784-512-10", series, blocks,
                          warnings=["the control group was held up in 6 periods: fewer workers, or a larger quota",
                                    "the load was 7.9 at the end: something else ran"],
                          time_to_loss={"target": 0.1, "part": "test", "runs": runs, "seconds": seconds})
    best = min(seconds, key=lambda one: one["seconds"])
    return answer(document, best["series"], best["workers"], "loss")


def answer(document, series, workers, by):
    document["answer"] = {"series": series, "workers": workers, "by": by,
                          "text": f"{workers} workers, the best of all series: so many samples/s.\nOne worker comes to within 4 %."}
    return document


def make_eight():
    maker, blocks = Maker(seed=6), 8
    series = [maker.series([1, 2], blocks, (0.02, 0.003, 90000), batch=batch, slices=batch // 8, full=False) for batch in (16, 32, 64, 128)
              for _ in ("rows", "owners")]
    for index, one in enumerate(series):
        one["split"] = "owners" if index % 2 else "rows"
        for level in one["levels"]:
            level["measured_in"] = index
    series[3]["levels"] = series[2]["levels"]
    fastest = max(range(8), key=lambda index: series[index]["levels"][1]["samples_per_second"])
    return answer(maker.document("eight", series, blocks), fastest, 2, "samples")


def make_weak():
    maker = Maker(weak=True, seed=2)
    return maker.document("weak", [maker.series([1, 2, 4, 8, 16, 32], 10, (0.01, 0.0002, 90000), slices=1)], 10)


def make_minimal():
    maker = Maker(seed=3)
    document = maker.document("minimal", [maker.series([1, 2], 3, (0.02, 0.003, 90000), bind=None, full=False)], 3, outcome="blocks")
    document["series"][0]["limit"] = None
    for name in ("commit", "compiler", "name", "command", "created"):
        document[name] = None
    document["data"]["test"] = document["environment"]["after"] = document["machine"]["topology"] = None
    return document


def make_big():
    maker = Maker(seed=4)
    workers = list(range(1, 129))
    return maker.document("big", [maker.series(workers, 50, (0.004, 0.00003, 90000), batch=4096, slices=128, bind=bind)
                                  for bind in ("close", "spread")], 50, outcome="blocks")


def make_evil():
    maker = Maker(seed=5)
    evil = "</script><script>document.title='broken'</script>"
    image = "<img src=x onerror=\"document.title='broken'\"> \u2028 & <!--"
    series = [maker.series([1, 2, 3, 4, 5, 6], 6, (0.02, 0.003, 90000), bind=image, engine="__proto__",
                           excluded=[(7, image)]), maker.series([1, 2, 3, 4, 5, 6], 6, (0.02, 0.003, 90000), bind="</style>")]
    document = maker.document(evil, series, 6, warnings=[image])
    series[0]["limit"]["text"] = image
    series[0]["curves"][1]["points"][-1]["low"] = 0  # no place on a logarithmic axis
    series[0]["levels"][0]["phases"] = dict.fromkeys(series[0]["levels"][0]["phases"], 0)
    series[0]["levels"][0]["roofline"]["gflops"] = 0
    series[0]["predictions"][0]["topology"] = image
    large = series[1]["levels"][2]  # finite, and not so when it becomes a part of a hundred
    for figure in ("speedup", "efficiency", "serial_fraction"):
        large[figure] = {"value": 1e308, "low": 1e307, "high": 1.5e308}
    large["samples_per_second"] = large["predicted"]["error"] = 1e308
    answer(document, 1, 3, "samples")["answer"]["text"] = f"{image}\n{evil}"
    document.update(command=evil, job={"__proto__": image, "constructor": evil}, compiler=image)
    document["study"]["scaled"] = image
    document["machine"].update(cpu=image, topology=evil)
    document["environment"]["before"]["pinned"] = image
    return document


def main():
    folder = sys.argv[1]
    for name, make in (("strong", make_strong), ("weak", make_weak), ("eight", make_eight), ("minimal", make_minimal), ("big", make_big), ("evil", make_evil)):
        with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
            json.dump(make(), file)


main()
