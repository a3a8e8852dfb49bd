#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep runs --save: the model of a trial is what `train` gives, byte for byte; it is
# verified and used; what the database has otherwise is not written. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
write_classes data.csv 300
write_classes other.csv 240
options='--batch 16 --slices 4 --validation 0.2'
sweep() {
	run sweep "$@" --data data.csv $options --db runs.db --quiet
	test $status -eq 0
}

# value NAME: what stands behind the name in the output.
value() {
	sed -n "s/^$1  *//p" "$out"
}

# saved MODEL: the run wrote the file and named its fingerprint, which verifies.
saved() {
	model=$1 printed=$(value fingerprint)
	test $status -eq 0 && test -s "$model" && test -n "$printed" || return 1
	"$lockstep" verify "$model" --data "${2:-data.csv}" --quiet >"$test_folder/verified" &&
		test "$(cat "$test_folder/verified")" = "verified $printed"
}

# refuse STATUS TEXT ARGUMENT...: TEXT is a part of the one line, and nothing is written.
refuse() {
	expected=$1 text=$2
	shift 2
	rm -f none.safetensors
	run "$@"
	test $status -eq "$expected" && test ! -s "$out" && grep -qF -- "$text" "$err" &&
		test "$(grep -cvE '^Try |is trained again' "$err")" -eq 1 && test ! -e none.safetensors
	report "lockstep $*: $text"
}

# ---- A whole job ------------------------------------------------------------------------

sweep --name grid --set lr=0.5,2 --set hidden=tanh,relu --epochs 6
report "a study"
run runs best grid --save best.safetensors
saved best.safetensors
report "best --save"
best=$(value trial)
"$lockstep" runs best grid -n 1 --format csv >"$test_folder/best"
test "$(sed -n '2s/,.*//p' "$test_folder/best")" = "$best" && test "$(value saved)" = best.safetensors
report "it is the best trial"
"$lockstep" runs export grid --format csv --no-times >"$test_folder/table"
grep -q "^grid,$best,done,.*,$(value fingerprint)," "$test_folder/table"
report "its fingerprint is the database's"
set -- $(sed -n '2p' "$test_folder/best" | tr , ' ')
"$lockstep" train --data data.csv $options --epochs 6 --lr "$5" --hidden "$6" --save trained.safetensors --quiet \
	>"$test_folder/trained" && cmp trained.safetensors best.safetensors >&2
report "the file is that of train, byte for byte"
run eval best.safetensors --data data.csv --part train
test $status -eq 0 && grep -q '^accuracy' "$out"
report "eval reads it"
run predict best.safetensors data.csv --labelled
test $status -eq 0 && test "$(n_lines "$out")" -eq 301
report "predict reads it"
for how in '--workers 1' '--workers 3 --bind none' '--engine openmp --bind none' '--isa portable' '--engine serial --workers 4'; do
	"$lockstep" runs best grid --save again.safetensors --quiet $how >"$out" 2>"$err" &&
		cmp again.safetensors best.safetensors >&2 && test "$(cat "$out")" = "$(cat "$test_folder/trained")" &&
		test ! -s "$err"
	report "the same with $how"
done
number=0
while test $number -lt 4; do
	run runs show grid $number --save "trial$number.safetensors"
	saved trial$number.safetensors && test "$(value trial)" -eq $number
	report "show $number --save"
	number=$((number + 1))
done

# ---- Early stopping ------------------------------------------------------------------------

sweep --name early --set lr=50 --set hidden=relu --epochs 40 --patience 3
run runs best early --save early.safetensors
saved early.safetensors && test "$(value epochs | cut -d , -f 1)" -lt 40 && grep -q '^kept  *epoch' "$out"
report "a job that stopped early"
"$lockstep" train --data data.csv $options --epochs 40 --patience 3 --lr 50 --hidden relu --quiet \
	--save trained.safetensors >"$test_folder/trained" && cmp trained.safetensors early.safetensors >&2
report "has the parameters that train keeps"
sweep --name last --set lr=50 --set hidden=relu --epochs 40 --patience 3 --keep-last
run runs best last --save last.safetensors
saved last.safetensors && ! grep -q '^kept' "$out" && ! cmp -s last.safetensors early.safetensors
report "and with --keep-last the last ones"

# ---- Trials that ended before their jobs -----------------------------------------------------

cat >halving.yaml <<'END'
name: halving
method: random
metric: {name: validation_loss}
parameters:
  lr: {distribution: log_uniform_values, min: 0.01, max: 1e2}
  hidden: {values: [sigmoid, relu, tanh]}
  schedule: {value: cosine}
  data: {values: [data.csv, other.csv]}
lockstep:
  sampler: {seed: 5}
  budget: {trials: 9}
  scheduler: {type: successive-halving, min: 2, max: 18, eta: 3}
  repeats: {seeds: [7, 9223372036854775807, 9]}
END
run sweep halving.yaml $options --db runs.db --quiet
"$lockstep" runs show halving --format csv >"$test_folder/trials"
lengths=$(sed 1d "$test_folder/trials" | cut -d , -f 4 | sort -u | wc -l)
test $status -eq 0 && test "$lengths" -gt 2
report "trials of several lengths, seeds and data"
sed 1d "$test_folder/trials" | while IFS=, read -r number state objective epochs lr hidden schedule data; do
	run runs show halving "$number" --save cut.safetensors
	if saved cut.safetensors "$data" && test "$(value epochs)" = "$epochs, all as in the database"; then
		echo "$number"
	else
		details
		cat "$test_folder/verified"
	fi
done >"$test_folder/right" 2>&1
cp "$test_folder/right" "$out"
test "$(tr '\n' ' ' <"$out")" = '0 1 2 3 4 5 6 7 8 '
report "each trial has a model of its own epochs, which verifies"
"$lockstep" runs show halving 0 --format csv >"$test_folder/epochs"
epochs=$(sed -n 2p "$test_folder/trials" | cut -d , -f 4)
run runs show halving 0 --save seed.safetensors --seed 9223372036854775807
"$lockstep" runs export halving --epochs --format csv >"$test_folder/table"
saved seed.safetensors "$(sed -n 2p "$test_folder/trials" | cut -d , -f 8)" &&
	grep -q "^halving,0,9223372036854775807,$epochs,$(value fingerprint)," "$test_folder/table"
report "--seed chooses the run"
run runs best halving --save seed.safetensors
"$lockstep" runs best halving -n 1 --format csv >"$test_folder/best"
objective=$(sed -n 2p "$test_folder/best" | cut -d , -f 3)
test $status -eq 0 && awk -v a="$(value objective)" -v b="$objective" 'BEGIN { d = (a - b) / b; exit !(d < 1e-8 && d > -1e-8) }'
report "without it is the run of the median"

# ---- Data that moved ---------------------------------------------------------------------

mkdir moved && mv data.csv moved
refuse 1 '--data says where the data are now' runs best grid --save none.safetensors
run runs best grid --save again.safetensors --data moved/data.csv
saved again.safetensors moved/data.csv && cmp again.safetensors best.safetensors >&2
report "--data"
refuse 1 'the data have digest' runs best grid --save none.safetensors --data other.csv
mv moved/data.csv .

# ---- What the database has otherwise --------------------------------------------------------

cp runs.db forged.db
"$make_runs" forged.db forge 4
report "another fingerprint in the database"
refuse 1 'epoch 4: training again gives' runs show grid 0 --save none.safetensors --db forged.db --quiet
grep -qE 'gives [0-9a-f]{64}, the database has [0-9a-f]{64}: none.safetensors is not written$' "$err"
report "both are said"
echo precious >kept.safetensors
run runs show grid 0 --save kept.safetensors --db forged.db
test $status -eq 1 && test "$(cat kept.safetensors)" = precious
report "a file that was there stays"
"$make_runs" demo.db demo
refuse 1 'diverged: it has no model' runs show plain 1 --save none.safetensors --db demo.db
refuse 1 'only the built-in trainer has models' runs best foreign --save none.safetensors --db demo.db
refuse 1 "the record: metadata 'job'" runs best plain --save none.safetensors --db demo.db
sweep --name odd --set batch=3 --epochs 2
refuse 1 'has no trial with an objective' runs best odd --save none.safetensors
refuse 1 'failed: it has no model' runs show odd 0 --save none.safetensors

# ---- Wrong usage -------------------------------------------------------------------------

refuse 2 '--save belongs to best and show, not to list' runs list --save none.safetensors
refuse 2 'show --save needs STUDY TRIAL' runs show grid --save none.safetensors
refuse 2 '--format does not go with --save' runs best grid --save none.safetensors --format json
refuse 2 '--trials does not go with --save' runs best grid --save none.safetensors -n 2
refuse 2 '--seed without --save' runs best grid --seed 1
refuse 2 '--quiet without --save' runs best grid --quiet
refuse 2 'options of how to run without --save' runs best grid --workers 2
refuse 2 'options of data without --save' runs best grid --data data.csv
refuse 1 "--seed '2': trial 0 of 'grid' has no such run" runs show grid 0 --save none.safetensors --seed 2
refuse 1 'absent/x' runs best grid --save absent/x
refuse 2 'workers' runs best grid --save none.safetensors --workers 64

# ---- Interrupted -------------------------------------------------------------------------

sweep --name long --set lr=0.1 --set layers=4-300-3 --epochs 100
"$lockstep" runs best long --save whole.safetensors --quiet >"$out"
$with_signals "$lockstep" runs best long --save none.safetensors --engine serial --isa portable >"$out" 2>"$err" &
pid=$!
tries=0
until grep -q 'is trained again' "$err" || test $tries -eq 300; do
	sleep 0.1
	tries=$((tries + 1))
done
sleep 0.2
kill -s INT $pid
wait $pid
status=$?
if test -e none.safetensors; then
	test $status -eq 0 && cmp none.safetensors whole.safetensors >&2
else
	test $status -eq 130 && grep -q 'interrupted after [0-9]* epochs: none.safetensors is not written' "$err"
fi
report "SIGINT leaves no file, or comes too late"

done_testing
