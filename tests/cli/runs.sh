#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep runs, over databases that make_runs writes: every verb and form, every
# error, a study that runs or was killed. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
make_runs=$(cd "$(dirname "$make_runs")" && pwd)/${make_runs##*/}
python=${PYTHON:-python3}
unset COLUMNS

# same_as_stdin: the output is what stands on stdin.
same_as_stdin() {
	cat >"$test_folder/expected"
	test $status -eq 0 && test ! -s "$err" && diff "$test_folder/expected" "$out" >"$err"
}

# json TEXT: the output is JSON, and the Python expression of it, r, is true.
json() {
	"$python" -c 'import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$out" "$1" 2>"$err"
}
has_python() {
	"$python" -c 'import json' 2>/dev/null
}

"$make_runs" runs.db demo && "$make_runs" one.db running
report "databases"

# ---- Verbs ---------------------------------------------------------------------------

run runs list
same_as_stdin <<'END'
study    kind   trials  states              best  objective  metric        created
plain    sweep      12  9 done, 3 diverged     3   0.288961  test_loss     2026-11-20T10:00:00.000Z
seeds    sweep       8  6 done, 2 diverged     5   0.431818  test_loss     2026-11-20T10:00:00.000Z
foreign  sweep       4  3 done, 1 diverged     3   0.288961  score, final  2026-11-20T10:00:00.000Z
END
report "list"
run runs list --format csv
same_as_stdin <<'END'
study,kind,trials,running,paused,done,pruned,diverged,failed,best,objective,metric,created
plain,sweep,12,0,0,9,0,3,0,3,0.288961038961039,test_loss,2026-11-20T10:00:00.000Z
seeds,sweep,8,0,0,6,0,2,0,5,0.4318181818181818,test_loss,2026-11-20T10:00:00.000Z
foreign,sweep,4,0,0,3,0,1,0,3,0.288961038961039,"score, final",2026-11-20T10:00:00.000Z
END
report "list, CSV"

run runs best plain -n 0 --format csv
test $status -eq 0 && test "$(n_lines "$out")" -eq 10
report "best -n 0 has them all"
run runs best plain -n 3
same_as_stdin <<'END'
trial  state  objective  epochs          lr  batch  hidden  momentum
    3  done    0.288961       3       0.025     64  tanh           -
    0  done    0.314935       3         0.1      8  relu           0
   10  done    0.327922       3  0.00909091     32  relu           0
END
report "best"
run runs best plain
test $status -eq 0 && test "$(n_lines "$out")" -eq 10 && ! grep -q diverged "$out"
report "best shows what is done, ten of them at most"
run runs best seeds --trials 2
same_as_stdin <<'END'
trial  state  objective       low      high  runs  epochs         lr  batch  hidden  momentum
    5  done    0.431818  0.301948  0.535714     7       3  0.0166667     16  tanh           -
    2  done    0.392857  0.262987  0.522727     7       3  0.0333333     32  relu         0.2

median of test_loss over 7 seeds, with its 95 % interval from low to high
END
report "best of several seeds has an interval; the highest comes first where it is to be"
run runs best seeds --format csv -n 1
same_as_stdin <<'END'
trial,state,objective,low,high,runs,epochs,param.lr,param.batch,param.hidden,param.momentum
5,done,0.4318181818181818,0.30194805194805197,0.5357142857142857,7,3,0.016666666666666666,16,tanh,
END
report "best, CSV"

run runs compare plain:0 seeds:1
same_as_stdin <<'END'
name                  plain:0   seeds:1
state                 done      diverged
objective             0.314935  -
epochs                3         3
param.lr              0.1       0.05
param.batch           8         16
param.hidden          relu      tanh
param.momentum        0         -
metric.loss           0.362554  0.453463
metric.test_loss      0.120851  0.151154
metric.test_accuracy  0.948207  0.93522
metric.learning_rate  0.1       0.1
END
report "compare"
run runs compare plain:0 plain:4 plain:8 --format csv
test $status -eq 0 && grep -q '^name,plain:0,plain:4,plain:8$' "$out" && grep -q '^param.lr,0.1,0.02,' "$out" &&
	! grep -q '^param.batch' "$out" && ! grep -q '^param.hidden' "$out"
report "compare leaves out parameters that are the same"
run runs compare foreign:0 plain:0
grep -q '^metric.score, final   0.362554   -$' "$out" && grep -q '^metric.loss  *-  *0.362554$' "$out"
report "compare of studies with other metrics"

run runs show plain
test $status -eq 0 && grep -q '^study        plain$' "$out" && grep -q '^seed         18446744073709551615$' "$out" &&
	grep -q '^goal         minimize$' "$out" && grep -q '^trials       12$' "$out" &&
	grep -q '^    7  done  ' "$out" && grep -q 'lockstep sweep spec.yaml' "$out" && grep -q '^a set  test   bbbb$' "$out" &&
	grep -q ' 11 bytes of XML$' "$out"
report "show of a study"
run runs show plain 1
test $status -eq 0 && grep -q '^message        diverged at step 17$' "$out" && ! grep -q '^momentum' "$out" &&
	grep -q 'the loss is not finite at step 17' "$out" && test "$(grep -c '^   1      [123] ' "$out")" -eq 3
report "show of a trial"
run runs show plain 2 --format csv
same_as_stdin <<'END'
seed,epoch,metric.loss,metric.test_loss,metric.test_accuracy,metric.learning_rate,train_seconds,samples_per_second
1,1,0.6396103896103895,0.21320346320346317,0.9086270871985158,0.1,0.5,1000
1,2,0.5681818181818181,0.18939393939393936,0.9188311688311689,0.1,0.5,1000
1,3,0.5443722943722944,0.18145743145743146,0.9222325293753865,0.1,0.5,1000
END
report "show of a trial, CSV: its epochs"
run runs show plain --format csv
test "$(n_lines "$out")" -eq 13 && grep -q '^11,diverged,,3,0.008333333333333333,64,tanh,$' "$out"
report "show of a study, CSV: its trials"

if has_python; then
	run runs list --format json
	json 'r[1]["study"] == "seeds" and r[1]["objective"] == 0.4318181818181818 and r[2]["metric"] == "score, final"'
	report "list, JSON"
	run runs best plain -n 2 --format json
	json '[t["trial"] for t in r] == [3, 0] and r[0]["param"] == {"lr": 0.025, "batch": 64, "hidden": "tanh"}'
	report "best, JSON"
	run runs compare plain:0 plain:1 --format json
	json '{"name": "param.batch", "plain:0": 8, "plain:1": 16} in r'
	report "compare, JSON"
	run runs show foreign --format json
	json 'r["study"]["description"] == "of a command, \"quoted\"" and r["study"]["spec"] == "method: random\n" and
len(r["trials"]) == 4 and r["sessions"][0]["cores"] == 4'
	report "show of a study, JSON"
	run runs show seeds 0 --format json
	json 'r["trial"]["state"] == "done" and len(r["runs"]) == 7 and len(r["epochs"]) == 21 and
r["runs"][6]["seed"] == 2**64 - 1 and json.loads(r["runs"][0]["record"])["trial"] == 0'
	report "show of a trial, JSON"
	run runs export --format json
	json 'len(r) == 24 and r[12]["seeds"][:2] == [1, 2] and r[0]["fingerprints"] == ["%064x" % 1] and
r[20]["metric"] == {"a \"word\"": 3, "score, final": 0.3625541125541126} and r[1]["objective"] is None'
	report "export, JSON"
else
	skip "JSON" "$python does not run"
fi

# ---- Export ---------------------------------------------------------------------------

run runs export foreign
same_as_stdin <<'END'
study,trial,state,param.lr,param.batch,param.hidden,param.momentum,objective,epochs,seeds,fingerprints,"metric.a ""word""","metric.score, final",started,seconds,cores,workers,samples_per_second
foreign,0,done,0.1,8,relu,0,0.31493506493506496,3,1,,3,0.3625541125541126,2026-11-20T10:00:01.000Z,2.5,0-1,1,
foreign,1,diverged,0.05,16,tanh,,,3,1,,3,0.45346320346320346,2026-11-20T10:00:01.000Z,2.5,0-1,1,
foreign,2,done,0.03333333333333333,32,relu,0.2,0.4967532467532467,3,1,,3,0.5443722943722944,2026-11-20T10:00:01.000Z,2.5,0-1,1,
foreign,3,done,0.025,64,tanh,,0.288961038961039,3,1,,3,0.3365800865800866,2026-11-20T10:00:01.000Z,2.5,0-1,1,
END
report "export"
run runs export
test "$(n_lines "$out")" -eq 25 && test "$(cut -d , -f 1 "$out" | uniq | tr '\n' ' ')" = 'study plain seeds foreign '
report "export of all studies"
run runs export plain --epochs --no-times
test "$(n_lines "$out")" -eq 37 &&
	grep -q '^study,trial,seed,epoch,fingerprint,metric.loss,.*metric.learning_rate$' "$out" &&
	grep -q '^plain,2,1,3,,0.5443722943722944,' "$out"
report "export --epochs"

# The same results with other times: the same bytes.
"$make_runs" other.db demo 3
for options in '' --epochs '--format json' '--epochs --format json'; do
	run runs export --no-times $options
	cp "$out" "$test_folder/first"
	run runs export --no-times $options --db other.db
	test $status -eq 0 && test -s "$out" && cmp -s "$out" "$test_folder/first"
	report "export --no-times $options has the same bytes for the same results"
	run runs export $options --db other.db
	test $status -eq 0 && ! cmp -s "$out" "$test_folder/first"
	report "export $options has times as well"
done
run runs export --no-times
cp "$out" "$test_folder/first"
run runs export --no-times --output table.csv
test $status -eq 0 && test ! -s "$out" && cmp -s table.csv "$test_folder/first"
report "export --output"
if locale -a 2>/dev/null | grep -q '^de_DE'; then
	LC_ALL=de_DE.UTF-8 "$lockstep" runs export --no-times >"$out" 2>"$err"
	status=$?
	cmp -s "$out" "$test_folder/first"
	report "export in a locale with a decimal comma"
else
	skip "export in a locale with a decimal comma" 'no such locale'
fi

# ---- Widths ---------------------------------------------------------------------------

"$make_runs" wide.db wide
for width in 80 40 20; do
	COLUMNS=$width "$lockstep" runs show --db wide.db >"$out" 2>"$err"
	status=$?
	test $status -eq 0 && awk -v w=$width 'length > w && !/more columns/ { exit 1 }' "$out" &&
		grep -q '([0-9]* more columns: --format csv)' "$out" && tr -d '\n ' <"$out" | grep -q 'number.29'
	report "tables fit $width columns"
done
COLUMNS=75 "$lockstep" runs list >"$out" 2>"$err"
awk 'length > 75 && !/more column/ { exit 1 }' "$out" && grep -q '0.288961' "$out"
report "numbers are not cut"
run runs show --db wide.db
grep -q 'x\{199\}' "$out"
report "a file has no width"

# ---- While it runs ---------------------------------------------------------------------

run runs list --db one.db --format csv
grep -q '^half,sweep,5,2,0,' "$out"
report "a study that stopped in the middle"
run runs best --db one.db --format csv
test $status -eq 0 && test "$(n_lines "$out")" -eq 3
report "the only study needs no name"
mkfifo gate
"$make_runs" runs.db hold <gate >held &
holder=$!
exec 9>gate
tries=0
until grep -q open held || test $tries -eq 100; do
	sleep 0.1
	tries=$((tries + 1))
done
run runs list
test $status -eq 0 && test "$(n_lines "$out")" -eq 4
report "beside a process that writes"
"$make_runs" runs.db hold </dev/null >"$out" 2>"$err"
test $? -ne 0 && test "$(n_lines "$err")" -eq 1 &&
	grep -q "runs.db: another process ($holder) runs a study on it" "$err"
report "a second process that writes is refused in one line"
kill -KILL $holder
wait $holder 2>/dev/null
exec 9>&-
"$make_runs" runs.db hold </dev/null >"$out" 2>"$err"
report "the lock ends with a killed process"
test "$(echo runs.db*)" = runs.db
report "and its files are gone"

# Killed at any moment: all that was committed is there, and nothing by halves. Each
# process goes on where the last was killed.
kills=50 n=0 failed= last=0
test -z "$LOCKSTEP_LONG" || kills=200
test -z "$LOCKSTEP_SHORT" || kills=15
while test $n -lt $kills; do
	"$make_runs" killed.db write >progress 2>"$err" &
	writer=$!
	sleep "$(awk -v n=$n 'BEGIN { print 0.02 + (n * 37 % 50) / 300 }')"
	kill -KILL $writer
	wait $writer 2>/dev/null
	said=$(tail -n 1 progress)
	test -e killed.db || touch killed.db
	if ! test -s killed.db; then
		n=$((n + 1)) # before the first commit
		continue
	fi
	if "$lockstep" runs list --db killed.db 2>&1 | grep -q 'killed.db: is empty$'; then
		n=$((n + 1))
		continue
	fi
	found=$("$make_runs" killed.db check 2>>"$err") && test "$found" -ge "${said:-$last}" || failed="$failed $n:$found<$said"
	run runs list --db killed.db --format csv
	test $status -eq 0 || failed="$failed $n:list"
	last=${found:-0}
	n=$((n + 1))
done
test -z "$failed" && test "$last" -gt $kills
report "$kills kills, $last trials:$failed"

# ---- Errors -----------------------------------------------------------------------------

refuse 2 'VERB is missing' runs
refuse 2 "--output './runs.db': is the file of --db, which is read" runs export -o ./runs.db
refuse 2 "--save 'runs.db': is the file of --db, which is read" runs best --save runs.db
refuse 2 "unknown verb 'lst'; did you mean 'list'?" runs lst
refuse 2 "unknown verb 'xyzzy'" runs xyzzy
refuse 2 "unexpected argument 'extra'" runs list extra
refuse 2 "unexpected argument 'c'" runs show a b c
refuse 2 'compare needs TRIAL TRIAL...' runs compare plain:0
refuse 2 "'plain': expected a trial, NUMBER or STUDY:NUMBER" runs compare plain seeds:1
refuse 2 "'plain:-1': expected a trial" runs compare plain:-1 plain:1
refuse 2 'trial 1 of' runs compare plain:1 plain:1
refuse 2 "TRIAL 'x': expected a number" runs show plain x
refuse 2 'runs.db has 3 studies: say which' runs best
refuse 2 'runs.db has 3 studies: say which' runs compare 1 2
refuse 2 '--epochs belongs to export, not to list' runs list --epochs
refuse 2 '--trials belongs to best, not to export' runs export -n 3
refuse 2 "--format 'table': export has csv|json" runs export --format table
refuse 2 "--format 'xml': expected table|csv|json" runs list --format xml
refuse 1 "runs.db: no study 'plan'; did you mean 'plain'?" runs show plan
refuse 1 "runs.db: no study 'xyzzy'" runs export xyzzy
refuse 1 "study 'plain' has no trial 12: it has 12, from 0" runs show plain 12
refuse 1 'absent.db: No such file or directory' runs list --db absent.db
refuse 1 "Is a directory" runs list --db .
printf 'a,b\n1,2\n' >text.db
refuse 1 'text.db: is no database of Lockstep' runs list --db text.db
: >empty.db
refuse 1 'empty.db: is empty' runs list --db empty.db
refuse 1 'absent/x' runs export --output absent/x
test ! -e absent.db && test ! -s empty.db && test "$(cat text.db)" = "$(printf 'a,b\n1,2\n')"
report "refused files stay as they are"
"$make_runs" none.db empty
run runs list --db none.db
test $status -eq 0 && test "$(cat "$out")" = 'no study yet'
report "a database without a study"
run runs list --db none.db --format json
test $status -eq 0 && test "$(cat "$out")" = '[]'
report "and in JSON"
refuse 1 'no study yet' runs show --db none.db
run runs list --db none.db --format csv
test $status -eq 0 && test "$(n_lines "$out")" -eq 1
report "and in CSV"

# Damage of which SQLite knows nothing.
flip() {
	cp "$1" flipped.db
	byte=$(od -An -tu1 -j "$2" -N 1 flipped.db)
	printf "\\$(printf '%03o' $((byte ^ (1 << $2 % 8))))" | dd of=flipped.db bs=1 seek="$2" conv=notrunc 2>/dev/null
}
size=$(wc -c <runs.db)
run runs export
cp "$out" "$test_folder/good"
n=0 failed= errors=0
while test $n -lt 60; do
	flip runs.db $((n * (size - 1) / 59 + n * 7 % 100 - n * 7 % 100 * (n / 59)))
	run runs export --db flipped.db
	case $status in
	0) cmp -s "$out" "$test_folder/good" || failed="$failed $n:other" ;;
	1) errors=$((errors + 1))
		test "$(n_lines "$err")" -eq 1 && grep -q '^lockstep runs: flipped.db: ' "$err" || failed="$failed $n:$status" ;;
	*) failed="$failed $n:$status" ;;
	esac
	n=$((n + 1))
done
test -z "$failed" && test $errors -gt 5
report "a changed bit is an error in one line, or changes nothing ($errors errors)$failed"

done_testing
