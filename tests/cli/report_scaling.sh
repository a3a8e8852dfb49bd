#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep report of a scaling study: what it takes for one and refuses, that the document is in the page as it is,
# and the page in a browser (Debian: chromium, chromium-driver, node-d3), without which that part is skipped, as it is with
# LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_page_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
make_page_runs=$(cd "$(dirname "$make_page_runs")" && pwd)/make_page_runs
python=${PYTHON:-python3}
"$python" -c 'import json' 2>/dev/null || skip_all "$python does not run"

# A page needs d3 to be drawn, but not to be written.
echo '// https://d3js.org v5.0.0 in name only' >d3.js
"$python" "$source_folder/tests/cli/scaling_documents.py" .
report "documents"

# data FILE DOCUMENT TEXT: the data of a page are JSON, and the Python expression of them, r, and the document, d,
# is true.
data() {
	"$python" -c 'import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
r = json.loads(re.search("<script type=\"application/json\" id=\"data\">\n(.*)\n</script>\n<script>\n//", page, re.S)[1])
d = json.load(open(sys.argv[2], encoding="utf-8"))
sys.exit(not eval("(" + sys.argv[3] + ")"))' "$@" 2>"$err"
}

# ---- What is written ------------------------------------------------------------------

for name in strong weak eight minimal big evil; do
	run report --d3 d3.js $name.json -o $name.html
	test $status -eq 0 && test ! -s "$err" && grep -qE "^$name.html: a scaling study of [1238] series\$" "$out"
	report "a report of $name.json"
done
data strong.html strong.json 'r["kind"] == "scaling" and r["file"] == "strong.json" and
r["scalings"][0]["series"] == d["series"] and r["scalings"][0]["time_to_loss"] == d["time_to_loss"]'
report "its data are the document, to the last digit"
data strong.html strong.json 'r["scalings"][0]["study"]["seed"] == str(d["study"]["seed"]) and
r["scalings"][0]["job"]["seed"] == str(d["job"]["seed"]) and r["scalings"][0]["study"]["blocks"] == d["study"]["blocks"]'
report "but for integers that scripts would round"
data evil.html evil.json 'r["scalings"][0]["name"] == d["name"] and r["scalings"][0]["series"][0]["bind"] == d["series"][0]["bind"]'
report "texts that mean something to a page are what they were"
sed -n '/id="data"/,/^<\/script>/p' evil.html | sed '1d;$d' >json
test -s json && ! grep -q '[<>&]' json && ! grep -q "$(printf '\342\200\250')" json
report "and do not stand in it as such"
"$python" -m json.tool --sort-keys strong.json sorted.json
run report --d3 d3.js sorted.json -o sorted.html
test $status -eq 0
report "members may come in another order, over many lines"

# ---- What is refused ------------------------------------------------------------------

# refuse TEXT FILE: status 1, the one line has TEXT in it, and no file was made.
refuse() {
	text=$1
	run report --d3 d3.js "$2" -o none.html
	test $status -eq 1 && test ! -s "$out" && grep -qF -- "$text" "$err" && test "$(n_lines "$err")" -eq 1 && test ! -e none.html
	report "lockstep report $2: $text"
}
# change TEXT STATEMENT: the strong document, d, after a Python statement is refused.
change() {
	"$python" -c 'import json, sys
d = json.load(open("strong.json"))
s = d["series"]
exec(sys.argv[1])
json.dump(d, open("changed.json", "w"))' "$2"
	refuse "changed.json: $1" changed.json
}
change "kind: is not 'scaling'" 'd["kind"] = "sweep"'
change 'schema: is 2, and this Lockstep reads 1' 'd["schema"] = 2'
change 'schema: is no whole number' 'd["schema"] = "1"'
change 'series: is not there' 'del d["series"]'
change 'has no series' 'd["series"] = []'
change 'series: is no array' 'd["series"] = {}'
change 'series[1]: is no object' 's[1] = 5'
change 'series[2].levels[3].step.value: is no number above 0' 's[2]["levels"][3]["step"]["value"] = 0'
change 'series[0].levels[0].seconds[11]: is no number above 0' 's[0]["levels"][0]["seconds"][11] = -1'
change 'series[0].levels[1]: has no measurement' 's[0]["levels"][1]["seconds"] = []'
change 'series[0].levels[1].speedup: is not there' 'del s[0]["levels"][1]["speedup"]'
change 'series[0].levels[1].fingerprint: is no fingerprint' 's[0]["levels"][1]["fingerprint"] = "ab"'
change 'series[0].levels[1].precise: is not true or false' 's[0]["levels"][1]["precise"] = 1'
change 'series[0].levels[1].workers: is no whole number from 1 on' 's[0]["levels"][1]["workers"] = 1.5'
change 'series[0].levels[1].phases.wait: is not there' 'del s[0]["levels"][1]["phases"]["wait"]'
change 'series[0]: levels do not rise in workers' 's[0]["levels"].reverse()'
change 'series[0]: no level was measured that is the baseline' 's[0]["baseline"] = 9'
change 'series[0].curves[1].model: is no word that is known here' 's[0]["curves"][1]["model"] = "us"'
change 'series[0].curves[1].points[2].value: is no number' 's[0]["curves"][1]["points"][2]["value"] = "1"'
change 'study.type: is no word that is known here' 'd["study"]["type"] = "strong weak"'
change 'environment.warnings[0]: is no text' 'd["environment"]["warnings"] = [1]'
change 'time_to_loss.seconds[4]: there is no such series' 'd["time_to_loss"]["seconds"][4]["series"] = 3'
change 'time_to_loss.runs[1].beaten: is not true or false' 'd["time_to_loss"]["runs"][1]["beaten"] = 1'
change 'series[1]: a level was measured in a later series' 's[1]["levels"][2]["measured_in"] = 2'
change 'answer.by: is no word that is known here' 'd["answer"]["by"] = "luck"'
change 'answer: no such level was measured' 'd["answer"]["workers"] = 9'
change 'answer: no such level was measured' 'd["answer"]["series"] = 3'
change 'name: is no text' 'd["name"] = 7'
head -c 5000 strong.json >cut.json
refuse 'cut.json:1:' cut.json
sed 's/"kind"/"schema": 1, "kind"/' strong.json >twice.json
refuse 'duplicate object key' twice.json
{ cat strong.json && echo '{}'; } >behind.json
refuse 'behind.json:' behind.json
printf '{"a": 1}\n' >foreign.json
refuse 'foreign.json:1: is no event of a training run' foreign.json
run report --d3 d3.js strong.json --study mnist -o none.html
test $status -eq 2 && grep -qF -- '--study belongs to a database; strong.json is one scaling study' "$err" && test ! -e none.html
report "a document has no studies to choose from"

# ---- In a browser ---------------------------------------------------------------------

mkdir pages && mv strong.json weak.json eight.json minimal.json big.json evil.json pages
run report pages/strong.json -o pages/strong.html
have=$status
if test $have -eq 0; then
	for name in weak eight minimal big evil; do
		"$lockstep" report pages/$name.json -o pages/$name.html >"$out" 2>"$err" || have=1
	done
	# As a database would have it that has studies of both kinds.
	"$make_page_runs" few.db 12 4 && "$lockstep" report few.db -o few.html >"$out" 2>"$err" &&
		"$python" -c 'import json
page = open("few.html", encoding="utf-8").read()
documents = [open(f"pages/{name}.json", encoding="utf-8").read() for name in ("strong", "weak")]
nothing = "\"scalings\":[]"
assert page.count(nothing) == 1
open("pages/both.html", "w", encoding="utf-8").write(page.replace(nothing, nothing[:-1] + ",".join(documents) + "]"))' 2>"$err" &&
		{ test -n "$LOCKSTEP_SHORT" || "$python" "$source_folder/tests/cli/report_scaling.py" "$work/pages" >page 2>"$err"; }
	have=$?
elif grep -q 'd3 5 is not there' "$err"; then
	have=77
fi
test -z "$LOCKSTEP_SHORT" || test $have -ne 0 || have=77
report_pages $have page
done_testing
