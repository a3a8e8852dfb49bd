#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks at reports in a browser: report_page.py BIG EVIL SEARCH RUN, four pages.

One line a check, "ok NAME" or "not ok NAME: why", and "# ..." for what was measured. Exit status 77: there is no
browser. It speaks the WebDriver protocol to Debian's chromedriver, with what Python has itself.
"""
import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request


class Browser:
    def __init__(self):
        driver, browser = shutil.which("chromedriver"), shutil.which("chromium")
        if not driver or not browser:
            sys.exit(77)
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = None
        for line in self.process.stdout:
            found = re.search(r"on port (\d+)", line)
            if found and int(found[1]):
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        if not self.base:
            raise RuntimeError("chromedriver says no port")
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000"]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"binary": browser, "args": arguments},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.base += "/session/" + self.call("/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def call(self, path, data=None, method=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.base + path, body, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def close(self):
        with contextlib.suppress(OSError):
            self.call("", method="DELETE")
        self.process.terminate()
        self.process.wait(10)

    def open(self, path):
        self.log("browser")
        self.log("performance")
        self.call("/url", {"url": "file://" + path})

    def run(self, script, *arguments):
        return self.call("/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        for _ in range(100):
            if self.run("return " + script, *arguments):
                return True
            time.sleep(0.05)
        return False

    def log(self, kind):
        return self.call("/se/log", {"type": kind})

    def emulate(self, command, **parameters):
        self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def pointer(self, *steps):
        """Steps are (x, y), "down" or "up"."""
        actions = []
        for step in steps:
            if step == "down" or step == "up":
                actions.append({"type": "pointer" + step.title(), "button": 0})
            else:
                actions.append({"type": "pointerMove", "duration": 16, "x": round(step[0]), "y": round(step[1])})
        self.call("/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                                            "actions": actions}]})

    def keys(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})


UP, DOWN, RIGHT, ENTER, ESCAPE = "\ue013", "\ue015", "\ue014", "\ue007", "\ue00c"
browser = None


def check(name, holds, why=""):
    print(f"ok {name}" if holds else f"not ok {name}: {why}", flush=True)


def same(name, found, expected):
    check(name, found == expected, f"{found!r}, not {expected!r}")


def quiet(name):
    """No error, and nothing asked for but the page itself."""
    # Reading pixels back, which only this test does, makes the browser say how that would be faster.
    lines = [entry["message"] for entry in browser.log("browser")
             if entry["level"] != "INFO" and "willReadFrequently" not in entry["message"]]
    asked = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"][:100])
    asked = [url for url in asked if not url.startswith("data:")]
    same(f"{name}: no line on the console", lines, [])
    check(f"{name}: no request", all(url.startswith("file://") for url in asked) and len(asked) <= 1, asked)


def box(selector, i=0):
    return browser.run("const all = document.querySelectorAll(arguments[0]); const one = all[arguments[1]];"
                       "one.scrollIntoView({block: 'center'}); const b = one.getBoundingClientRect();"
                       "return [b.left, b.top, b.width, b.height]", selector, i)


def rows():
    return browser.run("return [...document.querySelectorAll('#table tbody tr')].map(row => +row.dataset.trial)")


def selected():
    return browser.run("return R.model.nSelected")


def tip():
    return browser.run("const tip = document.getElementById('tip'); return tip.style.display === 'block' ? "
                       "tip.innerText : null")


def set_filter(text):
    browser.run("const field = document.getElementById('filter'); field.value = arguments[0];"
                "field.dispatchEvent(new Event('input'))", text)


def canvas_ink(panel, layer):
    """How many pixels of a layer are not empty."""
    return browser.run("const c = document.querySelectorAll(`#${arguments[0]} canvas`)[arguments[1]];"
                       "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
                       "for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n", panel, layer)


# ---- A study of 2,000 trials ------------------------------------------------------

def look_at_big(path):
    start = time.monotonic()
    browser.open(path)
    check("a page of 2,000 trials opens", browser.wait("document.querySelectorAll('.panel').length >= 10"))
    print(f"# open after {time.monotonic() - start:.2f} s")
    quiet("2,000 trials")
    for panel, layer in (("history", 1), ("parallel", 0), ("parallel", 1), ("slices", 0), ("curves", 0), ("timeline", 0)):
        check(f"{panel}, layer {layer}, is drawn", canvas_ink(panel, layer) > 1000)
    look_at_brush()
    look_at_keys()
    look_at_table()
    look_at_tips()
    quiet("2,000 trials, used")


def look_at_brush():
    left, top, width, height = box("#parallel .brush")
    x, ink = left + width / 2, canvas_ink("parallel", 1)
    browser.run("R.timing.brush = []; window.frames_ = []; let last = performance.now(); window.watching = true;"
                "requestAnimationFrame(function frame(now) { frames_.push(now - last); last = now;"
                "if (watching) requestAnimationFrame(frame); })")
    steps = [(x, top + height * (0.3 + 0.004 * i)) for i in range(100)]
    browser.pointer((x, top + height * 0.25), "down", *steps)
    same("the lines selected are those of the brush", browser.run(
        "return R.model.trials.filter(t => R.model.selected[t.index]).length"), selected())
    check("a brush selects some", 0 < selected() < 2000, selected())
    check("a brush draws fewer lines", canvas_ink("parallel", 1) < 0.9 * ink, "as many pixels")
    browser.pointer("up")
    moves, frames = browser.run("watching = false; return [R.timing.brush, frames_]")
    moves.sort()
    frames.sort()
    print(f"# a brush move over 2,000 trials: median {moves[len(moves) // 2]:.1f} ms, 95 of 100 in "
          f"{moves[len(moves) * 95 // 100]:.1f} ms; frames meanwhile: median {frames[len(frames) // 2]:.1f} ms, "
          f"95 of 100 in {frames[len(frames) * 95 // 100]:.1f} ms ({len(moves)} moves, {len(frames)} frames)")
    check("a brush move is drawn in a fraction of a second", len(moves) > 20 and moves[len(moves) // 2] < 100, moves[-5:])
    bounds = browser.run("return d3.extent(R.model.trials.filter(t => R.model.selected[t.index]), t => t.values[0])")
    check("the selection is a range of the parameter", browser.run(
        "return R.model.trials.every(t => (t.values[0] >= arguments[0] && t.values[0] <= arguments[1]) === "
        "Boolean(R.model.selected[t.index]))", *bounds))
    n = selected()
    check("the table follows", browser.wait("document.querySelector('#table .note').innerText.includes(arguments[0])",
                                            f"of {n:,} trial"))
    check("the head says how many", browser.run("return document.querySelector('.pill').innerText").startswith(f"{n:,} of 2,000"))
    # A second axis: both must hold.
    left, top, width, height = box("#parallel .brush", 3)
    x = left + width / 2
    browser.pointer((x, top + height * 0.1), "down", (x, top + height * 0.3), (x, top + height * 0.5), "up")
    check("two brushes select what passes both", 0 < selected() < n, selected())
    browser.run("document.querySelector('.pill button').click()")
    same("'all' clears the brushes", selected(), 2000)
    check("and their marks", browser.run("return [...document.querySelectorAll('.brush .selection')]"
                                         ".every(one => one.style.display === 'none')"))


def look_at_keys():
    browser.pointer((5, 5))
    browser.run("document.querySelectorAll('#parallel .brush')[1].focus()")
    browser.keys(UP)
    half = selected()
    check("an arrow key on an axis selects", 0 < half < 2000, half)
    browser.keys(DOWN, DOWN)
    check("and moves the selection", 0 < selected() != half, selected())
    browser.keys(ESCAPE)
    same("Escape takes it away", selected(), 2000)
    browser.run("document.querySelector('#history .plot').focus()")
    browser.keys(RIGHT, RIGHT)
    check("arrow keys go through a chart", (tip() or "").startswith("Trial 1,"), tip())
    browser.keys(ENTER)
    same("Enter pins the trial", browser.run("return R.model.pinned && R.model.pinned.number"), 1)
    check("which is shown beside the best", "Pinned" in browser.run("return document.getElementById('result').innerText"))
    browser.keys(ENTER, ESCAPE)
    same("and Escape hides the tooltip", tip(), None)


def look_at_table():
    best = browser.run("return R.model.ranked.slice(0, 20).map(t => t.number)")
    same("the table begins with the best", rows(), best)
    browser.run("document.querySelectorAll('#table th button')[1].click()")
    same("a click on a head sorts", rows(), list(range(20)))
    browser.run("document.querySelectorAll('#table th button')[1].click()")
    same("and another turns round", rows(), list(range(1999, 1979, -1)))
    same("the head says so", browser.run("return document.querySelectorAll('#table th')[1].getAttribute('aria-sort')"), "descending")
    browser.run("[...document.querySelectorAll('#table .toolbar button')].pop().click()")
    same("there is a next page", rows()[0], 1979)
    set_filter("state=diverged lr>0.7")
    expected = browser.run("return R.model.trials.filter(t => t.state === 'diverged' && t.values[0] > 0.7).length")
    check("a filter of two words", browser.wait("R.model.nSelected === arguments[0]", expected) and expected > 3, expected)
    set_filter("nothing<1")
    check("a column that is not there is said", "no column 'nothing'" in browser.run(
        "return document.querySelector('#table .note').innerText"))
    set_filter("relu hidden=tanh")
    same("words that exclude each other", selected(), 0)
    set_filter("")
    same("no filter", selected(), 2000)
    browser.run("document.querySelector('#table tbody tr').click()")
    check("a click on a row pins", browser.run("return document.querySelectorAll('#table tr.pinned').length === 1"))


def look_at_tips():
    for panel in ("history", "slices", "curves", "timeline", "parallel"):
        left, top, width, height = box(f"#{panel} .plot")
        found = None
        for i in range(40):
            browser.pointer((left + width * (0.3 + 0.011 * i), top + height * 0.55 + (i % 5) * 6))
            found = tip()
            if found:
                break
        check(f"{panel}: the pointer names a trial", (found or "").startswith("Trial "), found)
    check("which all charts mark", browser.run("return R.model.hovered !== null"))
    browser.pointer((5, 5))


# ---- Others ------------------------------------------------------------------------

def look_at_evil(path):
    browser.open(path)
    check("a page with names that are markup opens", browser.wait("document.querySelectorAll('.panel').length >= 8"))
    name = "</script><script>document.title='broken'</script>"
    same("the name is a text", browser.run("return document.querySelector('h1').firstChild.nodeValue"), name)
    same("and the title", browser.run("return document.title"), f"{name} – Lockstep report")
    same("nothing became an element", browser.run(
        "return document.querySelectorAll('main img, main i:not([class]):not([style]):empty, main script, main style').length"
        "+ document.querySelectorAll('img, iframe, script').length"), 3)
    check("a character that ends lines came through", "\u2028" in browser.run("return R.model.study.description"))
    columns = browser.run("return [...document.querySelectorAll('#table th button')].map(b => b.innerText)")
    check("parameters keep their names", "__proto__" in columns and "</style>" in columns, columns)
    browser.pointer(tuple(box("#history .plot")[i] + 150 for i in range(2)))
    browser.run("document.querySelector('#history .plot').focus()")
    browser.keys(RIGHT)
    check("a tooltip has them as text", "<img src=x" in (tip() or ""), tip())
    browser.run("const s = document.getElementById('study'); s.value = '1'; s.dispatchEvent(new Event('change'))")
    same("the other study", browser.run("return R.model.name"), "search")
    same("is shown", browser.run("return document.querySelector('h1').firstChild.nodeValue"), "search")
    quiet("names that are markup")


def look_at_schemes(path):
    colour = "return getComputedStyle(document.body).backgroundColor"
    browser.open(path)
    light = browser.run(colour)
    browser.emulate("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = browser.run(colour)
    check("the page follows the system's scheme", light != dark, f"{light}, {dark}")
    browser.run("document.getElementById('scheme').click()")
    same("and a scheme that was chosen", browser.run(colour), light)
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    same("paper is light", browser.run("return document.documentElement.dataset.theme"), "light")
    check("and has pictures of the charts", browser.wait(
        "document.querySelectorAll('img.picture').length === document.querySelectorAll('canvas').length && "
        "[...document.querySelectorAll('img.picture')].every(one => one.complete && one.naturalWidth > 0)"))
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    same("which go with it", browser.run("return document.querySelectorAll('img').length"), 0)
    for width in (360, 800, 2000):
        browser.emulate("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=2, mobile=False)
        check(f"{width} pixels are wide enough", browser.wait("document.documentElement.scrollWidth <= arguments[0]", width) and
              browser.wait("[...document.querySelectorAll('.plot canvas')].every(c => c.width > 0)"),
              browser.run("return document.documentElement.scrollWidth"))
    browser.emulate("Emulation.clearDeviceMetricsOverride")
    browser.emulate("Emulation.setEmulatedMedia", features=[])
    check("it says why there is no importance", "No importance: " in browser.run(
        "return document.getElementById('importance').innerText"))
    quiet("schemes and widths")


def look_at_run(path):
    browser.open(path)
    check("a page of a run opens", browser.wait("document.querySelectorAll('.panel').length >= 6"))
    same("all epochs are in its table", browser.run("return document.querySelectorAll('#epochs tbody tr').length"), 4)
    check("its curves are drawn", canvas_ink("loss", 0) > 200)
    left, top, width, height = box("#loss .plot")
    browser.pointer((left + width / 2, top + height / 2))
    check("the pointer reads an epoch", (tip() or "").startswith("epoch "), tip())
    text = browser.run("return document.body.innerText")
    check("its job is there", "--lr" in text and "fingerprint" in text)
    quiet("a run")


def main():
    global browser
    big, evil, search, run = sys.argv[1:]
    browser = Browser()
    try:
        look_at_big(big)
        look_at_evil(evil)
        look_at_schemes(search)
        look_at_run(run)
    finally:
        browser.close()


if __name__ == "__main__":
    main()
