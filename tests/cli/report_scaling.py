#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks at reports of scaling studies in a browser: report_scaling.py FOLDER, with the documents of
scaling_documents.py, a page of each, and both.html, whose data are a search and two scaling studies.

Lines and exit status are those of report_page.py.
"""
import json
import re
import sys
import time

sys.dont_write_bytecode = True
import report_page as page  # noqa: E402
from report_page import ENTER, ESCAPE, RIGHT, check, same  # noqa: E402

PANELS = ["answer", "time", "speedup", "efficiency", "serial", "phases", "roofline", "predicted", "machines", "loss", "blocks",
          "table", "setting"]


def run(script, *arguments):
    return page.browser.run(script, *arguments)


def panels():
    return run("return [...document.querySelectorAll('.panel')].map(one => one.id.replace('scaling-', ''))")


def open_page(folder, name):
    with open(f"{folder}/{name}.json", encoding="utf-8") as file:
        document = json.load(file)
    start = time.monotonic()
    page.browser.open(f"{folder}/{name}.html")
    check(f"{name}: the page opens", page.browser.wait("document.querySelectorAll('#scaling-setting .facts').length > 3"))
    print(f"# {name}: open after {time.monotonic() - start:.2f} s")
    return document


def measured(series):
    return [level for level in series["levels"] if level["excluded"] is None]


def near(found, expected, slack):
    return found is not None and abs(found - expected) <= slack


def path(chart, selector):
    """The places of paths as numbers of the chart's scales: [[[x, y], ...], ...]."""
    return run("""const plot = R.model.charts[arguments[0]];
        return [...plot.node.querySelectorAll(arguments[1])].map(one => {
            const at = (one.getAttribute('d').match(/-?[0-9.]+(e-?[0-9]+)?/g) || []).map(Number), places = [];
            for (let i = 0; i + 1 < at.length; i += 2)
                places.push([plot.x.invert(at[i]), plot.y.invert(at[i + 1])]);
            return places;
        })""", chart, selector)


def is_like(found, expected, slack=0.005):
    return len(found) == len(expected) and all(near(a, b, slack * max(1, abs(b))) for one, other in zip(found, expected)
                                               for a, b in zip(one, other))


def differences(found, expected):
    return f"{len(found)} and {len(expected)} places; {[pair for pair in zip(found, expected)][:3]}"


def same_places(name, found, expected):
    check(name, is_like(found, expected), differences(found, expected))


# ---- Numbers -------------------------------------------------------------------------

def look_at_table(name, document):
    rows = run("""return [...document.querySelectorAll('#scaling-levels tr.row')].map(row => ({series: +row.dataset.series,
        values: [...row.querySelectorAll('td[data-value]')].map(cell => cell.dataset.value),
        texts: [...row.querySelectorAll('td')].map(cell => cell.textContent)}))""")
    head = run("return [...document.querySelectorAll('#scaling-levels th')].map(cell => cell.textContent)")
    levels = [(i, level) for i, series in enumerate(document["series"]) for level in measured(series)]
    same(f"{name}: a row a level", len(rows), len(levels))
    wrong = []
    for row, (i, level) in zip(rows, levels):
        expected = [level["workers"], level["batch"], level["slices"], level["step"]["value"], len(level["seconds"]),
                    level["samples_per_second"], level["speedup"]["value"], level["efficiency"]["value"]]
        if row["series"] != i or [float(value) for value in row["values"][:8]] != [float(value) for value in expected]:
            wrong.append((row, expected))
        if row["values"][-2:] != [", ".join(level["cpus"]), level["fingerprint"]]:
            wrong.append((row["values"][-2:], level["cpus"]))
        texts = dict(zip(head, row["texts"]))
        step = [float(text) for text in re.findall(r"[0-9.]+", next(value for key, value in texts.items() if key == "a step, ms"))]
        given = [level["step"][key] for key in ("value", "low", "high") if level["step"][key] is not None]
        if ("=" in texts["blocks"]) != (level.get("measured_in", i) < i):
            wrong.append((texts["blocks"], level["measured_in"]))
        if len(step) != len(given) or not all(near(a, 1000 * b, 1e-5 * 1000 * b) for a, b in zip(step, given)):
            wrong.append((step, given))
    same(f"{name}: the table has the document's numbers", wrong[:2], [])


def look_at_best(name, document, text):
    """The answer comes before all else, with the figures of its level where there are several series."""
    answer, several = document.get("answer"), len(document["series"]) > 1
    same(f"{name}: an answer of all series where the document has one",
         run("return document.querySelectorAll('#scaling-answer .best').length"), 1 if answer else 0)
    if not answer:
        return
    check(f"{name}: it is in words", all(line in text for line in answer["text"].splitlines()), text)
    check(f"{name}: it comes first", run("return document.querySelector('#scaling-answer .body').firstChild.className") == "best")
    level = next(level for level in measured(document["series"][answer["series"]]) if level["workers"] == answer["workers"])
    tiles = run("return [...document.querySelectorAll('.best .tile b')].map(b => b.innerText)")
    expected = [str(level["workers"]), f"{round(level['samples_per_second']):,}"] if several else []
    check(f"{name}: and has its level's figures", all(one in tiles for one in expected) and
          len(tiles) == (0 if not several else 6 if answer["by"] == "loss" else 5), tiles)


def look_at_answer(name, document):
    text = run("return document.getElementById('scaling-answer').innerText")
    for series in document["series"]:
        best = max(measured(series), key=lambda level: level["speedup"]["value"])
        tiles = run("return [...document.querySelectorAll(`.answer[data-series='${arguments[0]}'] .tile b`)].map(b => b.innerText)",
                    document["series"].index(series))
        check(f"{name}: the fastest level", tiles[0] == str(best["workers"]) and
              near(float(tiles[1].split()[0]), best["speedup"]["value"], 0.005 * best["speedup"]["value"]) and
              tiles[4] == f"{round(best['samples_per_second']):,}", tiles)
        base = next(level for level in measured(series) if level["workers"] == series["baseline"])
        check(f"{name}: the baseline in words", f"Baseline: {base['workers']} worker" in text and
              f"{round(base['samples_per_second']):,} samples a second" in text, text)
        broken = run("""return [...document.querySelectorAll('.tile')].filter(one => one.querySelector('b').getClientRects().length > 1 ||
            /[0-9] [µm%×]/.test(one.textContent)).map(one => one.innerText)""")
        same(f"{name}: a number and its unit are in one line", broken, [])
        check(f"{name}: what limits it", series["limit"] is None or series["limit"]["text"] in text, text)
        for level in series["levels"]:
            check(f"{name}: why a level was left out", level["excluded"] is None or level["excluded"] in text, text)
    look_at_best(name, document, text)
    for line in document["environment"]["warnings"]:
        check(f"{name}: a warning", line in text, text)
    check(f"{name}: fingerprints are equal", "same fingerprint in all" in text, text)


# ---- Places --------------------------------------------------------------------------

def look_at_speedup(name, document):
    (ideal,) = path("speedup", ".ideal")
    base = document["series"][0]["baseline"]
    check(f"{name}: the ideal line is the number of workers", len(ideal) == 2 and
          all(near(y, x / base, 0.003 * y) for x, y in ideal), ideal)
    for i, series in enumerate(document["series"]):
        rate = next(level for level in measured(series) if level["workers"] == base)["samples_per_second"]
        last = measured(series)[-1]["workers"]
        curve = next(curve for curve in series["curves"] if curve["model"] == "usl")
        points = curve["points"]
        select = f"[data-series='{i}'][data-model='usl']"
        (inside,), (beyond,) = path("speedup", f".curve:not(.beyond){select}"), path("speedup", f".curve.beyond{select}")
        same_places(f"{name}: the USL at the levels of series {i}", inside,
                    [[p["workers"], p["value"] / rate] for p in points if p["workers"] <= last])
        same_places(f"{name}: and beyond them", beyond, [[p["workers"], p["value"] / rate] for p in points if last <= p["workers"]])
        (band,) = path("speedup", f".band{select}")
        same_places(f"{name}: its band", band, [[p["workers"], p["high"] / rate] for p in points] +
                    [[p["workers"], p["low"] / rate] for p in reversed(points)])
    check(f"{name}: beyond is dashed, at the levels it is not", run("""const dash = selector =>
        getComputedStyle(document.querySelector(`[data-chart=speedup] ${selector}`)).strokeDasharray;
        return dash('.curve.beyond') !== 'none' && dash('.curve:not(.beyond)') === 'none'"""))
    look_at_marks(name, document, "speedup", "speedup", 1)
    look_at_marks(name, document, "efficiency", "efficiency", 100)
    look_at_marks(name, document, "serial", "serial_fraction", 1)


def look_at_marks(name, document, chart, figure, factor):
    found = run("""const plot = R.model.charts[arguments[0]];
        return [...plot.node.querySelectorAll('g.series')].map(group => [...group.querySelectorAll('.mark')].map(mark => {
            const [x, y] = mark.getAttribute('transform').match(/-?[0-9.]+(e-?[0-9]+)?/g).map(Number);
            return [plot.x.invert(x - group.dataset.shift), plot.y.invert(y)];
        }))""", chart)
    shifts, room = run("""const plot = R.model.charts[arguments[0]];
        return [[...plot.node.querySelectorAll('g.series')].map(group => +group.dataset.shift), R.levelRoom(R.model.points, plot.x)]""", chart)
    check(f"{name}: {chart}, series stand beside each other and near their level", len(set(shifts)) == len(document["series"]) and
          max(abs(shift) for shift in shifts) < room / 2, (shifts, room))
    for i, series in enumerate(document["series"]):
        same_places(f"{name}: {chart}, marks of series {i}", found[i], [[level["workers"], factor * level[figure]["value"]]
                    for level in measured(series) if level[figure]["value"] is not None])
        whiskers = run("""const plot = R.model.charts[arguments[0]];
            return [...plot.node.querySelectorAll(`g.series[data-series='${arguments[1]}'] .whisker`)].map(one => {
                const [, low, high] = /M[^M]*M[^,]*,([^V]*)V([^M]*)M/.exec(one.getAttribute('d')).map(Number);
                return [plot.y.invert(low), plot.y.invert(high)];
            })""", chart, i)
        expected = [[factor * level[figure]["low"], factor * level[figure]["high"]] for level in measured(series)
                    if level[figure]["low"] not in (None, level[figure]["high"])]
        same_places(f"{name}: {chart}, whiskers of series {i}", whiskers, expected)


def look_at_phases(name, document):
    for i, series in enumerate(document["series"]):
        found = run("""const plot = R.model.charts[`phases-time-${arguments[0]}`];
            return [...plot.node.querySelectorAll('rect.phase')].map(one =>
                plot.y.invert(+one.getAttribute('y')) - plot.y.invert(+one.getAttribute('y') + +one.getAttribute('height')))""", i)
        tops = run("return [...R.model.charts[`phases-time-${arguments[0]}`].node.querySelectorAll('rect.wait')].map(one => "
                   "R.model.charts[`phases-time-${arguments[0]}`].y.invert(+one.getAttribute('y')))", i)
        expected = [level["phases"][part] for level in measured(series)
                    for part in ("gather", "forward", "backward", "gradient", "update", "wait")]
        unit = sum(found) / sum(expected)
        check(f"{name}: heights of phases of series {i}", len(found) == len(expected) and
              all(near(a, unit * b, 0.01 * unit * b) for a, b in zip(found, expected)) and
              round(unit) in (1, 1000, 1000000), (unit, found[:6]))
        sums = [unit * sum(expected[k:k + 6]) for k in range(0, len(expected), 6)]
        check(f"{name}: which stand on each other", len(tops) == len(sums) and all(near(a, b, 0.01 * b) for a, b in zip(tops, sums)), tops)
    first = measured(document["series"][0])[0]
    (roof,) = path("roofline", ".roof[data-series='0'][data-workers='1']")
    check(f"{name}: a roof rises with the bandwidth to the peak", near(roof[1][1], first["roofline"]["peak_gflops"], 0.5) and
          near(roof[2][1], first["roofline"]["peak_gflops"], 0.5) and
          near(roof[0][1], roof[0][0] * first["roofline"]["peak_gigabytes"], 0.5), roof)
    (line,) = path("predicted", ".curve.predicted[data-series='0']")
    levels = measured(document["series"][0])
    unit = line[0][1] / levels[0]["predicted"]["seconds"]
    same_places(f"{name}: what was predicted", line, [[level["workers"], unit * level["predicted"]["seconds"]] for level in levels])


# ---- Use ------------------------------------------------------------------------------

def look_at_switches():
    count = ("return ['time', 'speedup', 'efficiency', 'serial', 'predicted', 'roofline'].map(chart => "
             "R.model.charts[chart].node.querySelectorAll(`g.series[data-series='1']`).length)")
    same("all charts have a series", run(count), [1] * 6)
    ink = run("const c = document.querySelector('[data-chart=time] canvas'); const d = c.getContext('2d').getImageData(0, 0, c.width, "
              "c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n")
    check("all measurements are drawn", ink > 300, ink)
    run("document.querySelector('#scaling-speedup .toggle[data-series=\"1\"]').click()")
    same("none has it when it is switched off in one", run(count), [0] * 6)
    same("all switches say so", run("return [...document.querySelectorAll('.toggle[data-series=\"1\"]')].every(one => "
                                    "one.getAttribute('aria-pressed') === 'false')"), True)
    same("nor has the table", run("return [...document.querySelectorAll('#scaling-levels tr[data-series=\"1\"]')].every(row => row.hidden)"), True)
    same("nor the phases", run("return R.model.charts['phases-time-1'].node.offsetParent === null"), True)
    run("document.querySelector('#scaling-time .toggle[data-series=\"1\"]').focus()")
    page.browser.keys(ENTER)
    same("the keyboard switches it on", run(count), [1] * 6)
    same("and the phases are back", run("return R.model.charts['phases-time-1'].node.offsetParent !== null"), True)
    run("[...document.querySelectorAll('.toggle[data-series]')].slice(0, 3).forEach(one => one.click())")
    same("all may be off", run("return document.querySelectorAll('[data-chart=speedup] g.series').length"), 0)
    run("[...document.querySelectorAll('.toggle[data-series]')].slice(0, 3).forEach(one => one.click())")
    for text, selector in (("USL", ".band"), ("beyond the levels", ".beyond")):
        press = ("[...document.querySelectorAll('#scaling-speedup .controls .toggle')].find(one => one.innerText === arguments[0]).click();"
                 "return document.querySelectorAll('[data-chart=speedup] ' + arguments[1]).length")
        same(f"{text} off", run(press, text, selector), 0)
        check(f"{text} on", run(press, text, selector) > 0)
    run("[...document.querySelectorAll('.toggle')].find(one => one.innerText === 'log axis').click()")
    same("the axis of workers becomes logarithmic", run("return R.model.charts.speedup.x.isLog"), True)


def look_at_pointer(document):
    left, top, _, _ = page.box("#scaling-speedup .plot")
    x, y = run("""const mark = document.querySelectorAll('[data-chart=speedup] g.series[data-series="0"] .mark')[3];
        return mark.getAttribute('transform').match(/[0-9.]+/g).map(Number)""")
    page.browser.pointer((left + x, top + y))
    level = measured(document["series"][0])[3]
    text = page.tip() or ""
    check("the pointer reads a level", text.startswith(f"{level['workers']} workers") and
          f"{round(level['samples_per_second']):,}" in text, text)
    same("which the table marks too", run("return [...document.querySelectorAll('#scaling-levels tr.hover')].map(row => "
                                          "+row.dataset.workers)"), [level["workers"]])
    page.browser.pointer((5, 5))
    run("document.querySelector('#scaling-efficiency .plot').focus()")
    page.browser.keys(RIGHT, RIGHT)
    check("arrow keys read levels", (page.tip() or "").startswith("2 workers"), page.tip())
    page.browser.keys(ENTER)
    same("Enter marks one", run("return document.querySelectorAll('#scaling-levels tr.pinned').length"), 1)
    page.browser.keys(ENTER, ESCAPE)
    same("and Escape hides the tooltip", page.tip(), None)
    for chart in ("time", "serial", "phases", "roofline", "predicted", "machines", "loss", "blocks"):
        run("document.querySelector(`#scaling-${arguments[0]} .plot`).focus()", chart)
        page.browser.keys(RIGHT)
        check(f"{chart} can be read with the keyboard", page.tip(), "no tooltip")
        page.browser.keys(ESCAPE)


def look_at_widths(name):
    for scheme in ("light", "dark"):
        page.browser.emulate("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for width in (360, 390, 800, 2000):
            page.browser.emulate("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=2, mobile=False)
            check(f"{name}, {scheme}: {width} pixels are wide enough",
                  page.browser.wait("document.documentElement.scrollWidth <= arguments[0]", width),
                  run("return document.documentElement.scrollWidth"))
    page.browser.emulate("Emulation.clearDeviceMetricsOverride")
    page.browser.emulate("Emulation.setEmulatedMedia", features=[])


# ---- The documents ----------------------------------------------------------------------

def look_at_strong(folder):
    document = open_page(folder, "strong")
    same("strong: every panel is there", panels(), PANELS)
    look_at_answer("strong", document)
    look_at_table("strong", document)
    look_at_speedup("strong", document)
    look_at_phases("strong", document)
    steps = run("return [...document.querySelectorAll('[data-chart=loss-steps] .mark')].map(one => +one.dataset.value)")
    outcomes = run("return [...document.querySelectorAll('[data-chart=loss-steps] .mark')].map(one => one.dataset.outcome)")
    same("strong: what became of them", outcomes, ["diverged" if one["diverged"] else "beaten" if one["beaten"] else
         "reached, the best" if one["best"] else "reached" for one in document["time_to_loss"]["runs"]])
    check("strong: one was beaten, and none fell short", "beaten" in outcomes and "not reached" not in
          run("return document.getElementById('scaling-loss').textContent"))
    same("strong: steps to the loss", steps, [one["steps"] for one in document["time_to_loss"]["runs"]])
    seconds = run("return [...document.querySelectorAll('[data-chart=loss-seconds] .mark')].map(one => +one.dataset.value)")
    same("strong: seconds to the loss", sorted(seconds), sorted(one["seconds"] for one in document["time_to_loss"]["seconds"]))
    text = run("return document.getElementById('scaling-setting').innerText")
    check("strong: a seed keeps all its digits", "9007199254740993" in text and "9223372036854775807" in text, text)
    check("strong: command, processor and environment", document["command"] in text and document["machine"]["cpu"] in text and
          "powersave" in text and "3 → 9" in text, text)
    look_at_pointer(document)
    look_at_switches()
    look_at_widths("strong")
    page.quiet("strong")


def look_at_weak(folder):
    document = open_page(folder, "weak")
    same("weak: every panel but the loss", panels(), [one for one in PANELS if one != "loss"])
    look_at_answer("weak", document)
    look_at_table("weak", document)
    look_at_speedup("weak", document)
    check("weak: speed-ups are scaled ones, with Gustafson's line", run(
        "return document.querySelectorAll('[data-chart=speedup] [data-model=gustafson]').length") == 2 and
        "scaled speed-up" in run("return document.body.innerText"))
    same("weak: many workers have a logarithmic axis", run("return R.model.charts.speedup.x.isLog"), True)
    page.quiet("weak")


def look_at_eight(folder):
    document = open_page(folder, "eight")
    look_at_answer("eight", document)
    same("eight: the same runs are said to be", run("return [...document.querySelectorAll('#scaling-answer .shared')].map(one => "
         "one.closest('.answer').dataset.series)"), ["3"])
    texts = run("return [...document.querySelectorAll('#scaling-speedup .toggle[data-series]')].map(one => one.innerText.trim())")
    same("eight: switches of many series are numbers", texts, ["1", "2", "3", "4 = 3", "5", "6", "7", "8"])
    titles = run("return [...document.querySelectorAll('#scaling-speedup .toggle[data-series]')].map(one => one.title)")
    check("eight: with names", "owners, batch 32" in titles[3] and titles[3].endswith("the same runs as in series 3"), titles)
    places = run("""return [...document.querySelectorAll('[data-chart=serial] .mark')].map(mark =>
        Number(mark.getAttribute('transform').match(/[0-9.]+/)[0]))""")
    check("eight: serial fractions at one number of workers stand apart", len(places) == 8 and
          min(b - a for a, b in zip(places, places[1:])) > 16, places)
    for width in (1200, 1500):
        page.browser.emulate("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        check(f"eight: all sections can be reached at {width} pixels", page.browser.wait("document.documentElement.clientWidth > 1100") and
              run("const n = document.getElementById('sections'); return n.scrollWidth <= n.clientWidth"))
    page.browser.emulate("Emulation.clearDeviceMetricsOverride")
    look_at_widths("eight")
    page.quiet("eight")


def look_at_minimal(folder):
    document = open_page(folder, "minimal")
    same("minimal: what can be told is there", panels(), ["answer", "time", "speedup", "efficiency", "serial", "blocks", "table", "setting"])
    look_at_answer("minimal", document)
    look_at_table("minimal", document)
    same("minimal: no interval, no whisker", run("return document.querySelectorAll('.whisker').length"), 0)
    check("minimal: and a note", "6 are needed" in run("return document.querySelector('#scaling-time .no-interval').innerText"))
    check("minimal: why there is no curve", f"No curve: {document['series'][0]['refusal']}" in
          run("return document.getElementById('scaling-speedup').innerText"))
    look_at_widths("minimal")
    page.quiet("minimal")


def look_at_big(folder):
    document = open_page(folder, "big")
    look_at_table("big", document)
    same("big: a mark a level", run("return document.querySelectorAll('[data-chart=speedup] .mark').length"), 256)
    spent = run("const start = performance.now(); R.redraw(); return performance.now() - start")
    print(f"# 128 levels of two series, 50 blocks: all charts are drawn in {spent:.0f} ms")
    check("big: is drawn at once", spent < 2500, spent)
    look_at_widths("big")
    page.quiet("big")


def look_at_evil(folder):
    document = open_page(folder, "evil")
    same("evil: every panel but the loss", panels(), [one for one in PANELS if one != "loss"])
    same("evil: the name is a text", run("return document.querySelector('h1').firstChild.nodeValue"), document["name"])
    same("evil: and the title", run("return document.title"), f"{document['name']} – Lockstep report")
    same("evil: nothing became an element", run("return document.querySelectorAll('main script, main style, img, iframe').length"), 0)
    text = run("return document.body.textContent")
    image = document["environment"]["warnings"][0]
    check("evil: texts are what they were", all(one in text for one in (image, "__proto__", "</style>", document["command"])))
    shown = run("return document.getElementById('main').innerText")
    check("evil: what is as large as numbers can be is a number", "1e310\u00a0%" in shown and "1e308" in shown and
          not re.search("Infinity|NaN|undefined %", shown))
    run("document.querySelector('#scaling-speedup .plot').focus()")
    page.browser.keys(RIGHT)
    check("evil: a tooltip has them as text", "<img src=x" in (page.tip() or ""), page.tip())
    run("[...document.querySelectorAll('details')].forEach(one => { one.open = true; })")
    look_at_widths("evil")
    for _ in range(2):
        run("[...document.querySelectorAll('.toggle')].find(one => one.innerText === 'log axis').click()")
    page.quiet("evil")


def look_at_both(folder):
    page.browser.open(f"{folder}/both.html")
    choose = "const s = document.getElementById('study'); s.value = arguments[0]; s.dispatchEvent(new Event('change'));"
    same("one list has searches and scaling studies", run("return [...document.getElementById('study').options].map(one => one.innerText)"),
         ["search", "mnist, 784-512-10 (scaling)", "weak (scaling)"])
    same("the search is shown first", run("return document.querySelector('h1').firstChild.nodeValue"), "search")
    run(choose, "1")
    same("then the first scaling study", panels(), PANELS)
    run(choose, "2")
    same("the second", run("return document.querySelector('h1').firstChild.nodeValue"), "weak")
    run(choose, "0")
    check("and the search again", "history" in panels() and "answer" not in panels(), panels())
    page.quiet("both")


def main():
    folder = sys.argv[1]
    page.browser = page.Browser()
    try:
        for look in (look_at_strong, look_at_weak, look_at_eight, look_at_minimal, look_at_big, look_at_evil, look_at_both):
            look(folder)
    finally:
        page.browser.close()


main()
