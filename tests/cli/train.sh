#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Training runs: what is printed and saved, and that nothing of the machine
# shows in the fingerprint. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 90
write_classes test.csv 30
write_flags flags.csv 60
job='--data data.csv --test test.csv --epochs 3 --batch 16 --slices 4 --seed 7'

run train $job
expected=$(fingerprint)
report "the last line is the fingerprint"
test $status -eq 0 && test "$(grep -cE '^ +[0-9]+ ' "$out")" -eq 3
report "a line an epoch"
for name in network data batch workers time speed test; do
	grep -q "^$name  *[^ ]" "$out"
	report "the summary has $name"
done
grep -q 'layers 4-30-3' "$err" && test "$(n_lines "$err")" -eq 1
report "layers that come from the data are said"
grep -q "$(printf '\r')" "$out" "$err"
test $? -eq 1
report "no progress line where there is no terminal"

run train $job --quiet
test "$(cat "$out")" = "$expected"
report "--quiet prints the fingerprint only"

for options in '--workers 1' '--workers 2' '--workers 3' '--workers 4' '--workers auto' '--engine serial' \
	'--engine serial --workers 3' '--isa portable' '--bind none' '--bind spread --workers 2' '--smt' \
	'--bind list:0'; do
	run train $job --quiet $options
	same "$expected"
	report "the same fingerprint with $options"
done
if "$lockstep" --version | grep -q '^OpenMP *yes'; then
	run train $job --quiet --engine openmp --workers 2
	same "$expected"
	report "the same fingerprint with --engine openmp"
else
	run train $job --quiet --engine openmp
	test $status -eq 1 && grep -qi openmp "$err"
	report "a build without OpenMP says so"
fi

run train $job --save model.safetensors
test $status -eq 0 && test -s model.safetensors && grep -q '^saved  *model.safetensors$' "$out" &&
	same "$expected"
report "--save"
test "$(ls | grep -c model)" -eq 1
report "no temporary file is left"
cp model.safetensors before
run train $job --quiet --workers 3 --save model.safetensors
cmp -s model.safetensors before
report "the model file is the same, too, with another number of workers"

run train $job --report-bindings --workers 2
test "$(grep -c 'worker [01]: ' "$err")" -eq 2
report "--report-bindings has a line a worker"
run train $job --quiet --report-bindings --workers 2 --bind none
test "$(grep -c 'not bound' "$err")" -eq 2
report "--report-bindings with --bind none"

run train $job --validation 0.2 --patience 1 --monitor accuracy
test $status -eq 0 && grep -q 'validation' "$out"
report "a validation part has its columns"

run train --data flags.csv --label rain,wind --epochs 2
test $status -eq 0 && grep -q 'loss multilabel' "$err" && head -n 1 "$out" | grep -q samples
report "multi-label data choose their loss, and it is said"
multilabel=$(fingerprint)
run train --data flags.csv --label 3,4 --epochs 2 --loss multilabel --quiet
same "$multilabel"
report "label columns by number"
run train --data flags.csv --label rain,wind --test flags.csv --epochs 2
grep -q '^test .*exact.*of labels' "$out"
report "multi-label accuracy is told both ways"

run train $job --hidden relu --lr 1e30 --save diverged.safetensors
test $status -eq 3 && ! fingerprint >/dev/null && test ! -e diverged.safetensors
report "a diverged job has status 3, no fingerprint and no model"
test "$(grep -c diverged "$err")" -eq 1
report "and one line says so"

run train --data mnist --epochs 1 --batch 1000 --quiet
test $status -eq 0 && fingerprint >/dev/null
report "MNIST by its name"
mnist=$(fingerprint)
run train --data "$LOCKSTEP_DATA/mnist" --epochs 1 --batch 1000 --quiet
same "$mnist"
report "MNIST as a folder"
LOCKSTEP_DATA=$LOCKSTEP_DATA/mnist "$lockstep" train --epochs 1 --batch 1000 --quiet >"$out" 2>"$err"
status=$?
same "$mnist"
report "MNIST where LOCKSTEP_DATA is its folder"
(unset LOCKSTEP_DATA && cd "$source_folder" && "$lockstep" train --epochs 1 --batch 1000 --quiet) >"$out" 2>"$err"
status=$?
same "$mnist"
report "MNIST without LOCKSTEP_DATA"

if test -w /dev/full; then
	"$lockstep" train $job >/dev/full 2>"$err"
	status=$?
	test $status -eq 1 && grep -q 'standard output: No space left on device' "$err"
	report "a full stdout is noticed"
	"$lockstep" --help >/dev/full 2>"$err"
	test $? -eq 1
	report "also by --help"
	run train $job --quiet --log /dev/full
	test $status -eq 1 && grep -q '/dev/full: No space left on device' "$err"
	report "a full log is noticed"
else
	skip "a full stdout is noticed" 'no /dev/full'
fi

# A terminal, from util-linux's script.
if script -qec true /dev/null >/dev/null 2>&1; then
	layers=784-300-10
	! has_sanitizer || layers=784-30-10
	TERM=xterm script -qec "'$lockstep' train --epochs 1 --layers $layers --workers 1" /dev/null \
		>"$out" 2>&1 </dev/null
	grep -q "$(printf '\r\033\\[K') *epoch 1/1 " "$out"
	report "a progress line on a terminal"
	TERM=dumb script -qec "'$lockstep' train $job --epochs 100" /dev/null >"$out" 2>&1 </dev/null
	! grep -q "$(printf '\033')" "$out"
	report "none on a dumb one"
else
	skip "a progress line on a terminal" 'no script'
fi

done_testing
