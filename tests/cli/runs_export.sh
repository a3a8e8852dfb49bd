#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `lockstep runs export` writes for other programs, opened by them and compared with
# the same export as JSON: Optuna's journal, by Debian's python3-optuna and by every other
# Optuna that a Python has ($PYTHON, and $OPTUNA_PYTHON for one more); TensorBoard's files, by
# the PyPI package of that name, where $PYTHON has it. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_runs=${MAKE_RUNS:-${lockstep%/*}/tests/support/make_runs}
reader=$source_folder/tests/support
pythons="${PYTHON:-python3} /usr/bin/python3 $OPTUNA_PYTHON"

# ---- Studies -----------------------------------------------------------------------------

write_classes data.csv 300
options='--data data.csv --slices 4 --validation 0.2 --quiet'
cat >kinds.yaml <<'END'
name: kinds
description: every kind of "distribution"
method: random
metric: {name: validation_loss}
parameters:
  lr: {distribution: log_uniform_values, min: 0.01, max: 1}
  momentum: {distribution: q_uniform, min: 0.0, max: 0.95, q: 0.1}
  nesterov: {values: [true, false]}
  hidden: {values: [sigmoid, relu, tanh], probabilities: [0.2, 0.5, 0.3]}
  schedule: {value: cosine}
  schedule-gamma: {min: 0.25, max: 0.75}
  l2: {distribution: log_normal, mu: -9, sigma: 1}
  dropout: {distribution: beta, a: 2, b: 8}
  warmup: {distribution: normal, mu: 1, sigma: 0.3}
  patience: {min: 2, max: 5}
  batch: {distribution: q_log_uniform_values, min: 5, max: 67, q: 8}
  layers: {values: ["4-5-3", "4-10-3"]}
lockstep:
  sampler: {seed: 5}
  budget: {trials: 20}
  window: 4
  when: {nesterov: momentum > 0.5}
  scheduler: {type: median}
END
cat >halving.yaml <<'END'
name: "a/study: half-way, ½"
method: random
metric: {name: validation_accuracy, goal: maximize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.01, max: 1e2}
  hidden: {values: [sigmoid, relu, tanh]}
lockstep:
  sampler: {seed: 3}
  budget: {trials: 9}
  scheduler: {type: successive-halving, min: 2, max: 18, eta: 3}
  repeats: {seeds: [1, 2, 3], aggregate: mean}
END
"$lockstep" sweep kinds.yaml $options --epochs 8 --db kinds.db >"$out" 2>"$err" &&
	"$lockstep" sweep halving.yaml $options --batch 16 --db several.db >"$out" 2>"$err" &&
	"$lockstep" sweep --name sets --set lr=0.1,1e30 --set hidden=relu --set batch=16,3 $options --epochs 2 --db several.db \
		>"$out" 2>"$err"
status=$?
test $status -eq 0
report "studies of every kind"
"$make_runs" demo.db demo && "$make_runs" running.db running
report "studies whose specification says nothing"

# tables NAME: the export that others are compared with.
tables() {
	"$lockstep" runs export --db "$1.db" --format json >"$1.json" &&
		"$lockstep" runs export --db "$1.db" --format json --epochs >"$1.epochs"
}

# ---- Optuna -------------------------------------------------------------------------------

distributions='{
	"lr": FloatDistribution(0.01, 1, log=True),
	"momentum": FloatDistribution(0, 0.9, step=0.1),
	"nesterov": CategoricalDistribution([True, False]),
	"hidden": CategoricalDistribution(["sigmoid", "relu", "tanh"]),
	"schedule": CategoricalDistribution(["cosine"]),
	"schedule-gamma": FloatDistribution(0.25, 0.75),
	"l2": found["l2"],
	"dropout": FloatDistribution(0, 1),
	"warmup": found["warmup"],
	"patience": IntDistribution(2, 5),
	"batch": FloatDistribution(8, 64, log=True),
	"layers": CategoricalDistribution(["4-5-3", "4-10-3"]),
}'
for name in kinds several demo running; do
	run runs export --db "$name.db" --format optuna-journal -o "$name.log"
	test $status -eq 0 && test ! -s "$out" && test ! -s "$err" && tables "$name"
	report "$name: a journal"
	"$lockstep" runs export --db "$name.db" --format optuna-journal | cmp - "$name.log" >&2
	report "$name: on standard output too"
done

versions=
for python in $pythons; do
	version=$("$python" -W ignore -c 'import optuna; print(optuna.__version__)' 2>/dev/null) || continue
	case " $versions " in *" $version "*) continue ;; esac
	versions="$versions $version"
	for name in kinds several demo running; do
		expected=
		test $name != kinds || expected=$distributions
		"$python" "$reader/read_optuna.py" $name.log $name.json $name.epochs ${expected:+"$expected"} >"$out" 2>"$err"
		status=$?
		test $status -eq 0
		report "$name: Optuna $version reads what the table has, and goes on"
		# A value, a state or a bound that is another must be seen.
		sed 's/"value":0\.\([0-9]\)/"value":1.\1/' $name.log >other.log
		"$python" "$reader/read_optuna.py" other.log $name.json $name.epochs >"$out" 2>&1
		test $? -ne 0
		report "$name: the comparison sees another value"
	done
done
test -n "$versions" || skip "Optuna" 'no Python has it (Debian: python3-optuna)'

# Every line is an object with an operation; there are as many trials as in the table.
trials=$(grep -c '^{"op_code":4,' kinds.log)
test "$trials" -eq 20 && test "$(grep -cv '^{"op_code":[024],"worker_id":"lockstep",.*}$' kinds.log)" -eq 0
report "a line an operation"
run runs export --db several.db sets --format optuna-journal
test "$(grep -c '^{"op_code":0,' "$out")" -eq 1 && test "$(grep -c '^{"op_code":4,.*"state":3,"value":null' "$out")" -eq 3
report "one study of several; trials that failed and diverged"

# ---- TensorBoard --------------------------------------------------------------------------

# board NAME SEVERAL: reads the folder NAME.board.
board() {
	"${PYTHON:-python3}" "$reader/read_tensorboard.py" "$1.board" "$1.json" "$1.epochs" "$2" >"$out" 2>"$err"
	status=$?
	test $status -eq 0
}
for name in kinds several demo running; do
	run runs export --db "$name.db" --format tensorboard -o "$name.board"
	test $status -eq 0 && test ! -s "$out" && test ! -s "$err" && test -d "$name.board"
	report "$name: event files"
done
test -z "$(ls -A | grep '^\.lockstep')" && test "$(stat -c %a kinds.board)" = "$(mkdir new && stat -c %a new)"
report "no other folder is left, and the mode is as of any new one"
test -d several.board/'a%2Fstudy: half-way, ½'/trial-8/seed-3 && test -d several.board/sets/trial-0 &&
	test -d kinds.board/trial-07 && test "$(ls kinds.board | wc -l)" -eq 21
report "a folder a run, under names that are none above"
if "${PYTHON:-python3}" -c 'import tensorboard' 2>/dev/null; then
	for name in kinds several demo running; do
		several=1
		case $name in kinds | running) several=0 ;; esac
		board $name $several
		report "$name: TensorBoard reads what the table has, and its HParams plugin all trials"
	done
	cp -r kinds.board changed.board && cp kinds.json changed.json && cp kinds.epochs changed.epochs
	file=$(echo changed.board/trial-07/events*)
	size=$(wc -c <"$file")
	printf '\377' | dd of="$file" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
	! board changed 0
	report "a changed byte is seen, by its checksum"
	sed 's/"validation_loss":0\.\([0-9]\)/"validation_loss":1.\1/' kinds.epochs >changed.epochs
	rm -r changed.board && cp -r kinds.board changed.board
	! board changed 0
	report "the comparison sees another value"
else
	skip "TensorBoard" "${PYTHON:-python3} does not have it (PyPI: tensorboard)"
fi
long=$(printf '%0240d' 0)
"$lockstep" sweep --name "$long" --set lr=0.1 $options --epochs 1 --db long.db >"$out" 2>"$err" &&
	"$lockstep" sweep --name "${long}1" --set lr=0.1 $options --epochs 1 --db long.db >"$out" 2>"$err" &&
	"$lockstep" sweep --name ".." --set lr=0.1 $options --epochs 1 --db long.db >"$out" 2>"$err" &&
	"$lockstep" sweep --name "a~0" --set lr=0.1 $options --epochs 1 --db long.db >"$out" 2>"$err"
run runs export --db long.db --format tensorboard -o long.board
test $status -eq 0 && test "$(ls long.board | grep -c '^0*~[01]$')" -eq 2 && test -d 'long.board/%2E.' &&
	test -d long.board/a%7E0
report "names that are too long, alike, or no names"
mkdir empty.board
run runs export --db long.db .. --format tensorboard -o empty.board/
test $status -eq 0 && test -d empty.board/trial-0
report "an empty folder is taken"

# ---- Errors -------------------------------------------------------------------------------

refuse 2 "--format 'optuna-journal' belongs to export, not to best" runs best --db kinds.db --format optuna-journal
refuse 2 '--epochs does not go with --format optuna-journal' runs export --db kinds.db --epochs --format optuna-journal
refuse 2 '--no-times does not go with' runs export --db kinds.db --no-times --format optuna-journal
refuse 1 'absent/x' runs export --db kinds.db --format optuna-journal -o absent/x
refuse 2 "--format 'tensorboard' belongs to export, not to show" runs show --db kinds.db --format tensorboard
refuse 2 '--format tensorboard needs --output' runs export --db kinds.db --format tensorboard
refuse 2 '--epochs does not go with --format tensorboard' runs export --db kinds.db --epochs --format tensorboard -o x
refuse 1 'absent/x' runs export --db kinds.db --format tensorboard -o absent/x
mkdir full && echo precious >full/file
refuse 1 'full: the folder has something in it' runs export --db kinds.db --format tensorboard -o full
refuse 1 'full/file: is there, and no folder' runs export --db kinds.db --format tensorboard -o full/file
test "$(cat full/file)" = precious && test "$(ls -A full)" = file && test ! -e x && test -z "$(ls -A | grep '^\.lockstep')"
report "refused folders stay as they are"

done_testing
