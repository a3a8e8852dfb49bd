#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep sweep, running: the same table on any cores and after any interruption, for
# every search and scheduler. 135 kills with LOCKSTEP_LONG, else 27; 9 with
# LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

n_kills=3
test -z "$LOCKSTEP_SHORT" || n_kills=1
test -z "$LOCKSTEP_LONG" || n_kills=15
write_classes data.csv 300
base='--data data.csv --epochs 18 --batch 16 --slices 4 --validation 0.2 --quiet'

parameters='  lr: {distribution: log_uniform_values, min: 0.01, max: 1e4}
  momentum: {min: 0.0, max: 0.9}
  hidden: {values: [sigmoid, relu, tanh]}
  layers: {values: [4-5-3, 4-10-3]}'
seed=5 window=4
spec random random 24
spec sobol random 12
sed -i 's/sampler: {/sampler: {type: sobol, /' sobol.yaml
spec tpe bayes 30
spec median random 24 'scheduler: {type: median}'
spec halving random 27 'scheduler: {type: successive-halving, min: 2, max: 18, eta: 3}'
spec hyperband bayes 30 'scheduler: {type: hyperband, min: 2, max: 18, eta: 3}'
spec repeats bayes 14 'scheduler: {type: median}' 'repeats: {seeds: [1, 2, 3], aggregate: mean}'
# Few points, so that trials share jobs, which early stopping ends.
for name in twins stopping; do
	spec $name random 24 'scheduler: {type: successive-halving, min: 1, max: 18, eta: 2}'
	sed -i '/momentum\|layers/d; s/  lr: .*/  lr: {values: [0.05, 0.5, 2, 1e4]}/' $name.yaml
done
sed -i 's/type: .*}/type: hyperband, min: 1, max: 18, eta: 3}/; s/  hidden:/  patience: {value: 2}\n&/' stopping.yaml
echo '  repeats: {seeds: [1, 2], aggregate: mean}' >>stopping.yaml
names='random sobol tpe median halving hyperband repeats twins stopping'

# table DATABASE FILE: all that has to be the same.
table() {
	"$lockstep" runs export --db "$1" --format csv --no-times >"$2"
}

# sweep NAME DATABASE OPTION...
sweep() {
	name=$1 database=$2
	shift 2
	run sweep "$name.yaml" --db "$database" $base "$@"
}

for name in $names; do
	sweep $name whole.db --cores 1
	test $status -eq 0 && grep -q '^best  *trial [0-9]*, validation_loss ' "$out"
	report "$name: a sweep on one core"
done
table whole.db whole.csv
for cores in 2 3; do
	for name in $names; do
		sweep $name cores.db --cores $cores --bind none
		test $status -eq 0
		report "$name: with $cores cores"
	done
	table cores.db cores.csv
	cmp whole.csv cores.csv >&2
	report "the same table with $cores cores"
	rm -f cores.db*
done
test -z "$(ls -d ./*-jobs 2>/dev/null)"
report "no checkpoint is left behind"

sed 's/{name: validation_loss}/{name: validation_loss, target: 0.01}/; s/^name: random/name: target/' random.yaml >target.yaml
for cores in 1 2; do
	rm -f target.db*
	sweep target target.db --cores $cores --bind none
	table target.db target$cores.csv
done
n=$(sed 1d target1.csv | wc -l)
test $status -eq 0 && test $n -lt 24 && cmp target1.csv target2.csv >&2
report "a target ends the sweep, at the same trial on any cores"

# ---- Watched ----------------------------------------------------------------------

run sweep --set lr=0.1,1 --set epochs=2 --db watched.db --data data.csv --validation 0.2
test $status -eq 0 && test "$(grep -cE '^trial +[01]  done      epoch    2  validation_loss [0-9.]+ +(best: )?lr=(0.1|1)' "$err")" -eq 2 &&
	grep -qE '^ +lr=(0.1|1) epochs=2$' "$out" && ! grep -q "$(printf '\033')" "$err"
report "a line a trial, with its parameters"
if script -qec true /dev/null >/dev/null 2>&1; then
	TERM=xterm script -qec "'$lockstep' sweep halving.yaml --db watched.db ${base% --quiet} --epochs 18" /dev/null \
		>"$out" 2>&1 </dev/null
	grep -qE '^ +trial +epochs +cores  validation_loss  parameters' "$out" &&
		grep -qE '^ +[0-9]+ +[0-9]+/(2|6|18) +[0-9-]+  .* lr=' "$out" &&
		grep -qE ' of 27 trials: .*running \([0-9]+/[0-9]+ cores' "$out" && grep -q "$(printf '\033\\[A')" "$out"
	report "a table of those that run on a terminal"
	TERM=dumb script -qec "'$lockstep' sweep --set lr=2 --db watched.db --data data.csv --validation 0.2" /dev/null \
		>"$out" 2>&1 </dev/null
	grep -q '^trial    0  done' "$out" && ! grep -q "$(printf '\033')" "$out"
	report "none on a dumb one"
else
	skip "a table of those that run on a terminal" 'no script'
fi

# ---- Killed -----------------------------------------------------------------------

# Some time after it began, and so often that it also ends; the last time undisturbed. In the
# foreground, timeout is not killed itself, and waits.
i=0
for name in $names; do
	kills=0
	while test $kills -lt $n_kills; do
		i=$((i + 7))
		timeout --foreground -s KILL 0.$((100 + i % 10 * 30)) "$lockstep" sweep $name.yaml --db killed.db $base \
			--cores $((i % 2 + 1)) >"$out" 2>"$err"
		kills=$((kills + 1))
	done 2>/dev/null
	sweep $name killed.db
	test $status -eq 0 && grep -Eq '^trials +[1-9]' "$out"
	report "$name: after $kills kills"
done
table killed.db killed.csv
cmp whole.csv killed.csv >&2
report "the same table after $((9 * n_kills)) kills"
test ! -e killed.db-jobs
report "and no checkpoint is left behind"

# ---- Stopped ----------------------------------------------------------------------

$with_signals "$lockstep" sweep halving.yaml --db stopped.db $base --epochs 18 >"$out" 2>"$err" &
pid=$!
sleep 0.1
kill -s INT $pid
wait $pid
status=$?
test $status -eq 0 || { test $status -eq 130 && grep -q 'the same command goes on' "$err"; }
report "SIGINT ends it with 130, or comes too late"
sweep halving stopped.db
table stopped.db stopped.csv
test $status -eq 0 && "$lockstep" runs export --db whole.db halving --format csv --no-times | cmp - stopped.csv >&2
report "and it goes on, to the table that it has beside studies with the same jobs"

# ---- Trials that cannot be, and jobs that are there -------------------------------

run sweep --set lr=0.1,1e30 --set hidden=relu --set batch=16,3 --db odd.db $base --slices 4
test $status -eq 0 && "$lockstep" runs export --db odd.db --format csv --no-times >odd.csv &&
	test "$(grep -c ',failed,' odd.csv)" -eq 2 && test "$(grep -c ',diverged,' odd.csv)" -eq 1 &&
	test "$(grep -c ',done,' odd.csv)" -eq 1
report "trials that cannot be trained, and one that diverges, are results"

# reasons DATABASE STUDY: the messages of its trials.
reasons() {
	for k in 0 1 2 3; do
		"$lockstep" runs show --db "$1" "$2" $k | sed -n "s/^message  */$k: /p"
	done
}
first=$("$lockstep" runs list --db odd.db --format csv | sed '1d; s/,.*//')
reasons odd.db "$first" >reasons
test "$(wc -l <reasons)" -eq 3 && test "$(grep -c 'not finite' reasons)" -eq 1
report "each of them says why"
run sweep --set lr=0.1,1e30 --set hidden=relu --set batch=16,3 --db odd.db $base --slices 4 --name twin
reasons odd.db twin | cmp - reasons >&2
report "and so does a trial whose job failed in another study"
rm -f odd.db
run sweep --set lr=0.1,1e30 --set hidden=relu --set batch=16,3 --db odd.db ${base% --quiet} --slices 4
sed 's/^[0-9]*: //' reasons | sort >expected
sed -n '/diverged\|failed/s/^.* epoch  *[0-9]*  \(.*\)  lr=.*/\1/p' "$err" | sort | cmp - expected >&2
report "the line of a trial that failed says why as well"

sed 's/^name: random/name: again/' random.yaml >again.yaml
sweep again whole.db
test $status -eq 0 && table whole.db again.csv && sed 's/^again,/random,/' again.csv | grep '^random,' | sort | uniq -d >twice &&
	test "$(wc -l <twice)" -eq 24
report "another study with the same jobs has their results"

# In a database that has the jobs of all points, whole.
sed 's/^name: twins/name: points/; /scheduler/d; s/^method: .*/method: grid/; /sampler/d' twins.yaml >points.yaml
for name in points twins; do
	sweep $name points.db
done
"$lockstep" runs export --db points.db twins --format csv --no-times >points.csv &&
	"$lockstep" runs export --db whole.db twins --format csv --no-times | cmp - points.csv >&2
report "a study whose jobs are all there, and further than it trains them, has its own table"

sed 's/trials: 24/trials: 25/' random.yaml >other.yaml
run sweep other.yaml --db whole.db $base
test $status -eq 2 && grep -q "another study of the name 'random'" "$err"
report "another specification under the same name is refused"
run sweep random.yaml --db whole.db $base --l2 0.1
test $status -eq 2 && grep -q "another study of the name 'random'" "$err"
report "so are other options"
run sweep halving.yaml --set lr=1
test $status -eq 2
report "a specification and sets exclude each other"
sed 's/^  lr:.*/  epochs: {values: [3, 5]}/' halving.yaml >epochs.yaml
run sweep epochs.yaml --db none.db $base
test $status -eq 1 && grep -q 'epochs.yaml:.*: epochs are what the scheduler gives out' "$err" && test ! -e none.db
report "epochs belong to the scheduler"
sed 's/type: median/type: median, max: 12/' median.yaml >given.yaml
run sweep given.yaml --db given.db --data data.csv --validation 0.2 --quiet
test $status -eq 0 && "$lockstep" runs export --db given.db --format csv | cut -d, -f3,9 | sort -u | grep -qx 'done,12'
report "a whole trial of the median rule has the epochs of its max"
run sweep given.yaml --db none.db --data data.csv --validation 0.2 --epochs 9
test $status -eq 2 && grep -q -e '--epochs 9: given.yaml says that a whole trial has 12 epochs' "$err" && test ! -e none.db
report "other epochs on the command line are refused"
run sweep median.yaml --check --data data.csv --validation 0.2 --epochs 9
test $status -eq 0 && grep -qx 'scheduler   median of 5 trials, after epoch 0 of 9' "$out"
report "where the specification leaves them open they hold"
sed 's/validation_loss/roc/' random.yaml >metric.yaml
run sweep metric.yaml --db none.db $base
test $status -eq 2 && grep -q "metric 'roc'" "$err" && test ! -e none.db
report "an unknown metric"
sed 's/validation_loss/validation_label_accuracy/' random.yaml >labels.yaml
run sweep labels.yaml --db labels.db $base
test $status -eq 2 && grep -q 'metric validation_label_accuracy: the data are not multi-label' "$err"
report "a metric of labels needs several"
run sweep random.yaml --db none.db --data data.csv --quiet
test $status -eq 2 && grep -q 'metric validation_loss: no rows are kept for validation' "$err"
report "a metric of validation rows needs some"

# ---- Multi-label -------------------------------------------------------------------

write_flags flags.csv 120
sed '/hidden\|layers\|momentum/d; s/^name:.*/name: flags/; s/{name: .*}/{name: validation_label_accuracy, goal: maximize}/' \
	random.yaml >flags.yaml
run sweep flags.yaml --db flags.db --data flags.csv --label rain,wind --epochs 4 --validation 0.25 --quiet
"$lockstep" runs best --db flags.db flags -n 1 --format csv >best.csv
# field NAME: of the best trial.
field() {
	awk -F , -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) n = i } NR == 2 { print $n }' best.csv
}
"$lockstep" runs show --db flags.db flags "$(field trial)" --format csv >epochs.csv
"$lockstep" train --data flags.csv --label rain,wind --epochs 4 --validation 0.25 --quiet --log log \
	--lr "$(field param.lr)" >"$out" 2>"$err"
head -n 1 epochs.csv | grep -q ',metric.validation_label_accuracy,' && ! grep -q 'metric.test_label' epochs.csv &&
	grep -o '"label_accuracy": *[0-9.]*' log | tail -n 1 |
	awk -F : -v found="$(field objective)" '{ exit !(found != "" && found - $2 < 1e-12 && $2 - found < 1e-12) }'
report "multi-label data have the accuracy of labels, which is a metric"

# ---- What it ran on, and with ------------------------------------------------------

write_classes data2.csv 200
cat data.csv >'an other.csv'
run sweep --set data=data.csv,data2.csv,'an other.csv' --db sets.db --epochs 1 --cores 1 --quiet --label kind \
	--validation 0.2
run runs show --db sets.db
test $status -eq 0 && grep -q '^data.csv --label kind  *train  *[0-9a-f]\{64\}$' "$out" &&
	grep -q '^data2.csv --label kind  *train ' "$out" && grep -q '^an other.csv --label kind  *train ' "$out" &&
	test "$(sed -n 's/.* train  *\([0-9a-f]*\)$/\1/p' "$out" | sort -u | wc -l)" -eq 2
report "the data that each trial used"
if "${PYTHON:-python3}" -c pass 2>/dev/null; then
	run runs show --db sets.db --format json
	"${PYTHON:-python3}" -c 'import json, sys
r = json.load(open(sys.argv[1]))
assert [d["data"] for d in r["data"]] == [n + " --label kind" for n in ("data.csv", "data2.csv", "an other.csv")]
s = r["sessions"][0]
assert (s["commit"] or "") == sys.argv[2], s["commit"]
open("machine.xml", "w").write(s["topology"])' "$out" "$("$lockstep" --version | sed -n 's/^commit  *//p')" 2>"$err" &&
		"$lockstep" topology >own && "$lockstep" topology --xml machine.xml >recorded &&
		grep '^ *Core' own >cores && grep '^ *Core' recorded | cmp - cores >&2
	report "the commit, and the machine as hwloc reads it back"
fi

rm -rf odd.db odd.db-jobs
: >odd.db-jobs
sweep halving odd.db
test $status -eq 1 && grep -q 'odd.db-jobs/.*: ' "$err" && test "$(n_lines "$err")" -eq 1 &&
	rm odd.db-jobs && sweep halving odd.db && table odd.db odd.csv && ! grep -q ',failed,' odd.csv &&
	"$lockstep" runs export --db whole.db halving --format csv --no-times | cmp - odd.csv >&2
report "checkpoints that cannot be written are no result of a trial"
mkdir away
$with_signals "$lockstep" sweep random.yaml --db away/gone.db --data data.csv --epochs 1000 --validation 0.2 >"$out" 2>"$err" &
pid=$!
tries=0
until test -s away/gone.db || test $tries -eq 100; do
	sleep 0.1
	tries=$((tries + 1))
done
rm away/gone.db
wait $pid
status=$?
test $status -eq 1 && grep -q '^lockstep sweep: away/gone.db: was removed' "$err"
report "a database that is removed while it runs ends it"

run sweep random.yaml --db none2.db --data missing.csv --quiet
test $status -eq 1 && grep -q 'missing.csv' "$err" && test ! -e none2.db
report "data that are not there are no result of a trial"

done_testing
