#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep report: what it writes and refuses; that data stay data in a page; and the pages in a browser
# (Debian: chromium, chromium-driver, node-d3), without which that part is skipped, as it is with
# LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_page_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
make_page_runs=$(cd "$(dirname "$make_page_runs")" && pwd)/make_page_runs
python=${PYTHON:-python3}

# A page needs d3 to be drawn, but not to be written.
echo '// https://d3js.org v5.0.0 in name only' >d3.js
page() {
	run report --d3 d3.js "$@"
}

# data FILE TEXT: the data of a page are JSON, and the Python expression of it, r, is true.
data() {
	"$python" -c 'import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
r = json.loads(re.search("<script type=\"application/json\" id=\"data\">\n(.*)\n</script>\n<script>\n//", page, re.S)[1])
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$@" 2>"$err"
}

# ---- What is written ------------------------------------------------------------------

"$make_page_runs" runs.db 50 8 && "$make_page_runs" evil.db evil && "$make_page_runs" few.db 12 4
report "databases"
page
test $status -eq 0 && test ! -s "$err" && test "$(cat "$out")" = 'report.html: 1 study, 50 trials'
report "a report of runs.db"
head -n 1 report.html | grep -q '^<!DOCTYPE html>$' && grep -q 'd3js.org v5' report.html && ! grep -q '^@[a-z0-9]*@$' report.html &&
	grep -q "default-src 'none'" report.html
report "is a whole page, whose policy allows no network"
! grep -oE '(src|href)="[^"]*"' report.html | grep -v '^href="#'
report "and which names no other file"
page
test $status -eq 0
report "a report is written again"
page -o other.html evil.db
test $status -eq 0 && test "$(cat "$out")" = 'other.html: 2 studies, 120 trials'
report "all studies of a database"
page evil.db --study search -o - >/dev/null
test $status -eq 0 && test ! -s "$err" && tail -n 1 "$out" | grep -q '^</html>$'
report "one study, to standard output"
cp "$out" search.html
cp report.html first.html
printf 'mine\n' >report.html
page
test $status -eq 1 && test ! -s "$out" && test "$(cat report.html)" = mine && test "$(n_lines "$err")" -eq 1 &&
	grep -q 'report.html: is there and is no report' "$err"
report "another file is not lost to the name that nobody gave"
page -o report.html
test $status -eq 0 && head -n 1 report.html | grep -q DOCTYPE
report "but to the one that somebody did"

if "$python" -c 'import json' 2>/dev/null; then
	data first.html 'r["kind"] == "studies" and len(r["studies"]) == 1 and r["studies"][0]["name"] == "search" and
len(r["studies"][0]["trials"]) == 50'
	report "its data are the study"
	data first.html 'all(len(t["values"]) == 5 and len(t["jobs"]) == 1 and t["jobs"][0]["cores"] and
len(t["jobs"][0]["at"]) == t["epochs"] for t in r["studies"][0]["trials"])'
	report "with all epochs of the jobs"
	data first.html '[p["scale"] for p in r["studies"][0]["parameters"]] == ["log", "linear", "listed", "linear", "linear"]'
	report "with the scales of the parameters"
	data first.html 'r["studies"][0]["ranked"] == sorted((i for i, t in enumerate(r["studies"][0]["trials"]) if
t["state"] == "done"), key=lambda i: r["studies"][0]["trials"][i]["objective"])'
	report "with their ranks"
	data search.html '[s["name"] for s in r["studies"]] == ["search"]'
	report "one study has no other's data"
	data other.html 'r["studies"][0]["name"] == "</script><script>document.title=\x27broken\x27</script>" and
"\u2028" in r["studies"][0]["description"] and r["studies"][0]["parameters"][3]["name"] == "__proto__"'
	report "names that mean something to a page are what they were"
	sed -n '/id="data"/,/^<\/script>/p' other.html | sed '1d;$d' >json
	test -s json && ! grep -q '[<>&]' json && ! grep -q "$(printf '\342\200\250')" json
	report "and do not stand in it as such"
else
	skip "data" "$python does not run"
fi

write_classes data.csv 60
"$lockstep" train --data data.csv --epochs 4 --validation 12 --quiet --log run.jsonl >/dev/null
page run.jsonl -o run.html
test $status -eq 0 && test "$(cat "$out")" = 'run.html: 4 epochs of a run'
report "a report of a run"
printf '{"event":"epo' >>run.jsonl
page run.jsonl -o cut.html
test $status -eq 0 && grep -q '"cut":true' cut.html
report "a log that was cut off"
page runs.db -o /dev/null
test $status -eq 0 && test -c /dev/null
report "a device stays one"

# ---- What is refused ------------------------------------------------------------------

# refuse STATUS TEXT ARGUMENT...: TEXT is a part of the one line, and no file was made.
refuse() {
	expected=$1 text=$2
	shift 2
	run report "$@"
	test $status -eq "$expected" && test ! -s "$out" && grep -qF -- "$text" "$err" &&
		test "$(grep -cv '^Try ' "$err")" -eq 1 && test ! -e none.html
	report "lockstep report $*: $text"
}
refuse 1 'absent.db: No such file or directory' absent.db -o none.html
refuse 1 'Is a directory' . -o none.html
refuse 1 '/dev/null: must be a regular file, since it is read more than once' /dev/null -o none.html
{ printf '\357\273\277' && cat run.jsonl; } >marked.jsonl
refuse 1 'marked.jsonl: begins with a byte order mark, which no JSON has' marked.jsonl -o none.html
mkfifo pipe
refuse 1 './pipe: must be a regular file' ./pipe -o none.html
printf 'a,b\n' >text.csv
refuse 1 'text.csv: is neither a database of studies nor the log of a run' text.csv -o none.html
: >empty
refuse 1 'empty: is empty' empty -o none.html
refuse 1 "runs.db: no study 'serch'; did you mean 'search'?" --study serch -o none.html
refuse 2 '--study belongs to a database; run.jsonl is the log of a run' run.jsonl --study x -o none.html
refuse 2 "unexpected argument 'b'" runs.db b -o none.html
refuse 2 'runs.db: is what the report is of' runs.db -o runs.db
refuse 2 './run.jsonl: is what the report is of' run.jsonl -o ./run.jsonl
refuse 2 './d3.js: is the file of --d3, which is read' --d3 d3.js run.jsonl -o ./d3.js
refuse 1 '--d3 absent.js: No such file or directory' --d3 absent.js -o none.html
refuse 1 'text.csv: is not d3 5' --d3 text.csv -o none.html
printf '// https://d3js.org v5.1\n"</SCRIPT>"\n' >bad.js
refuse 1 'bad.js: cannot be a part of a page' --d3 bad.js -o none.html
refuse 1 'cannot write to folder absent/' --d3 d3.js -o absent/none.html
printf '{"event":"epoch","epoch":1}\n[1]\n{"event":"end"}\n' >bad.jsonl
refuse 1 'bad.jsonl:2: is no event of a training run' bad.jsonl -o none.html
printf '{"event":"epoch","epoch":1}\n{"event":\n{"event":"end"}\n' >bad.jsonl
refuse 1 'bad.jsonl:2:' bad.jsonl -o none.html
printf '{"event":"epoch"}\n\0{}\n' >bad.jsonl
refuse 1 'bad.jsonl:2: is no text' bad.jsonl -o none.html
printf '{"epo' >bad.jsonl
refuse 1 'bad.jsonl: has no whole event' bad.jsonl -o none.html
cp runs.db damaged.db
dd if=/dev/zero of=damaged.db bs=4096 seek=2 count=4 conv=notrunc 2>/dev/null
run report --d3 d3.js damaged.db -o none.html
test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && test ! -e none.html && ! ls -A | grep -q '\.tmp$'
report "a damaged database leaves nothing behind"

# ---- In a browser ---------------------------------------------------------------------

"$make_page_runs" big.db 2000 && run report big.db -o big.html && test $status -eq 0
have=$?
if test $have -eq 0; then
	"$lockstep" report evil.db -o evil.html >"$out" 2>"$err" &&
		"$lockstep" report few.db -o few.html >"$out" 2>"$err" &&
		"$lockstep" report run.jsonl -o run.html >"$out" 2>"$err"
	test -n "$LOCKSTEP_SHORT" || "$python" "$source_folder/tests/cli/report_page.py" "$work/big.html" \
		"$work/evil.html" "$work/few.html" "$work/run.html" >page 2>"$err"
	have=$?
elif grep -q 'd3 5 is not there' "$err"; then
	have=77
fi
test -z "$LOCKSTEP_SHORT" || test $have -ne 0 || have=77
report_pages $have page
done_testing
