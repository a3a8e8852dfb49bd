#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Scaling studies in a database, beside sweeps: runs list, show and export, what other verbs say, and what a report
# embeds. The studies were made up (make_scaling). TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_scaling=${MAKE_SCALING:-${lockstep%/*}/tests/support/make_scaling}
make_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
python=${PYTHON:-python3}
unset COLUMNS

# same_as_stdin: the output is what stands on stdin.
same_as_stdin() {
	cat >"$test_folder/expected"
	test $status -eq 0 && test ! -s "$err" && diff "$test_folder/expected" "$out" >"$err"
}

# taken TEXT ARGUMENT...: a program is refused with one line that has TEXT in it.
taken() {
	text=$1
	shift
	"$@" >"$out" 2>"$err"
	status=$?
	test $status -eq 1 && test ! -s "$out" && test "$(n_lines "$err")" -eq 1 && grep -qF -- "$text" "$err"
	report "$text"
}

"$make_runs" runs.db demo && "$make_scaling" strong ./runs.db && "$make_scaling" weak ./runs.db &&
	"$make_scaling" words ./one.db
report "databases"
for kind in strong weak words; do
	"$make_scaling" $kind json >$kind.json && "$make_scaling" $kind csv >$kind.csv
done

# ---- list -----------------------------------------------------------------------------

run runs list
same_as_stdin <<'END'
study    kind            trials  states              best  objective  metric        created
plain    sweep               12  9 done, 3 diverged     3   0.288961  test_loss     2026-11-20T10:00:00.000Z
seeds    sweep                8  6 done, 2 diverged     5   0.431818  test_loss     2026-11-20T10:00:00.000Z
foreign  sweep                4  3 done, 1 diverged     3   0.288961  score, final  2026-11-20T10:00:00.000Z
strong   strong scaling       -  -                      -          -  -             2026-01-31T12:00:00Z
weak     weak scaling         -  -                      -          -  -             2026-01-31T12:00:00Z
END
report "list has both kinds"
run runs list --format csv
test $status -eq 0 && grep -q '^plain,sweep,12,' "$out" &&
	grep -q '^strong,strong scaling,,,,,,,,,,,2026-01-31T12:00:00Z$' "$out"
report "list, CSV"

# ---- show -----------------------------------------------------------------------------

run runs show strong
test $status -eq 0 && test ! -s "$err" && grep -q '^kind  *strong scaling$' "$out" && grep -q '^blocks  *12$' "$out" &&
	test "$(grep -c ' pthreads  rows ' "$out")" -eq 20 && grep -q '16 slices are too few for so many workers$' "$out" &&
	grep -q '^series 1: Waiting takes most' "$out" && grep -q '^series 2: Waiting takes most' "$out" &&
	! grep -q '^series 0' "$out" && test "$(grep -c '^ *[12]  close ' "$out")" -eq 10 &&
	test "$(grep -c '^ *2  spread ' "$out")" -eq 10
report "show is a table of the levels"
run runs show weak --format csv
test $status -eq 0 && test "$(n_lines "$out")" -eq 11 &&
	test "$(head -n 1 "$out")" = \
		series,bind,engine,split,workers,batch,samples_per_second,speedup,low,high,efficiency,excluded
report "show, CSV: the levels"
run runs show strong --format csv
test $status -eq 0 && test "$(grep -c '^0,close,' "$out")" -eq 10 && test "$(grep -c '^1,spread,' "$out")" -eq 10
report "which counts series from 0"
run runs show weak --format json
test $status -eq 0 && cmp "$out" weak.json >&2
report "show, JSON: the document"
run runs show --db one.db
test $status -eq 0 && grep -q '^study  *a "study", </script>' "$out"
report "the only study need not be named"

# ---- export ---------------------------------------------------------------------------

for kind in strong weak; do
	run runs export $kind
	test $status -eq 0 && cmp "$out" $kind.csv >&2
	report "$kind: export gives the raw points, byte for byte"
	run runs export $kind --format json -o $kind.out
	test $status -eq 0 && test ! -s "$out" && cmp $kind.out $kind.json >&2
	report "$kind: export gives the document, byte for byte"
done
run runs export --db one.db
test $status -eq 0 && cmp "$out" words.csv >&2
report "export of the only study"
run runs export
test $status -eq 0 && test "$(n_lines "$out")" -eq 25 && ! grep -q strong "$out"
report "without a name export is of trials"

# ---- What is refused --------------------------------------------------------------------

refuse 1 "study 'strong' is a scaling study, which has no trials" runs best strong
refuse 1 "study 'strong' is a scaling study, which has no trials" runs show strong 3
refuse 1 "study 'strong' is a scaling study, which has no trials" runs compare strong:1 strong:2
refuse 1 "study 'strong' is a scaling study, which has no trials" runs show strong 1 --save x
refuse 2 "--epochs is of trials, and study 'strong' is a scaling study" runs export strong --epochs
refuse 2 "--no-times is of trials, and study 'strong' is a scaling study" runs export strong --no-times
refuse 2 "--format optuna-journal is of trials, and study 'strong'" runs export strong --format optuna-journal
refuse 2 "--format tensorboard is of trials, and study 'strong'" runs export strong --format tensorboard -o x
refuse 1 "no study 'stong'; did you mean 'strong'?" runs show stong
test ! -e x
report "nothing was written"
"$make_scaling" minimal ./one.db
refuse 2 'one.db has 2 studies: say which' runs show --db one.db
refuse 2 'one.db has 2 studies: say which' runs export --db one.db
taken "there is a scaling study 'weak' already" "$make_scaling" weak ./runs.db
write_classes data.csv 30
run sweep --name weak --set lr=0.1 --data data.csv --db runs.db --epochs 1 --quiet
test $status -ne 0 && test "$(grep -c "there is a scaling study 'weak' already" "$err")" -eq 1
report "a sweep does not take the name of a scaling study"

# ---- A report ---------------------------------------------------------------------------

echo '// https://d3js.org v5.0.0 in name only' >d3.js
run report --d3 d3.js runs.db
test $status -eq 0 && test "$(cat "$out")" = 'report.html: 5 studies, 24 trials, 2 of scaling'
report "a report of both kinds"
run report --d3 d3.js runs.db --study weak -o weak.html
test $status -eq 0 && test "$(cat "$out")" = 'weak.html: 1 study, 0 trials, 1 of scaling'
report "a report of one scaling study"
run report --d3 d3.js one.db --study 'a "study", </script>'"$(printf '\342\200\250')" -o hostile.html
report "a report of a study with a hostile name"
cat >embedded.py <<'END'
import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
data = re.search('<script type="application/json" id="data">\n(.*)\n</script>\n<script>\n//', page, re.S)[1]
assert not set("<>&\u2028") & set(data)
data = json.loads(data)
assert data["scalings"] == [json.load(open(name)) for name in sys.argv[3:]], "scalings"
assert [s["name"] for s in data["studies"]] == sys.argv[2].split(), "studies"
END
if "$python" -c 'import json' 2>/dev/null; then
	"$python" embedded.py report.html 'plain seeds foreign' strong.json weak.json 2>"$err"
	report "it has the documents, and the sweeps"
	"$python" embedded.py weak.html '' weak.json 2>"$err"
	report "or the one that was asked for"
	"$python" embedded.py hostile.html '' words.json 2>"$err"
	report "and no word of it leaves its place"
	! "$python" embedded.py weak.html '' strong.json 2>"$err"
	report "another document would be seen"
else
	skip "embedded documents" "$python does not run"
fi
# given NAME EXPRESSION: a study of that name in given.db, the strong one changed by sed.
given() {
	sed "s/\"name\":\"strong\"/\"name\":\"$1\"/; $2" strong.json >given.json
	! cmp -s given.json strong.json && "$make_scaling" add ./given.db "$1" <given.json
}
given seeded 's/"seed":1,/"seed":9007199254740993,/' && given cut 's/"balance":[^,]*,//' &&
	given timed 's/"seconds":\[[^,]*,/"seconds":["soon",/'
report "documents of others"
run report --d3 d3.js given.db --study seeded -o seeded.html
test $status -eq 0 && grep -q '"seed":"9007199254740993"' seeded.html
report "integers that scripts would round become texts"
refuse 1 "given.db: scaling study 'cut': series[0].levels[0].phases.balance: is not there" \
	report --d3 d3.js given.db --study cut -o cut.html
refuse 1 "given.db: scaling study 'cut': series[0].levels[0].phases.balance: is not there" \
	report --d3 d3.js given.db -o cut.html
"$make_scaling" hostile ./hostile.db
refuse 1 "': series[0].levels[1].phases.wait: is no number" report --d3 d3.js hostile.db -o cut.html
refuse 1 "scaling study 'timed': series[0].levels[0].seconds[0]: is no number" \
	runs export --db given.db timed -o cut.html
test ! -e cut.html
report "nothing is written of them"
sed 's/"schema":1,/"schema":2,/' strong.json >newer.json
taken "given.db: the document of a scaling study 'strong': schema: is 2, and this Lockstep reads 1" \
	"$make_scaling" add ./given.db strong <newer.json

refuse 1 "no study 'wek'; did you mean 'weak'?" report runs.db --study wek

done_testing
