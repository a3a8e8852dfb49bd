#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Checkpoints by the command: an interrupted job says how to go on, goes on
# without options from any folder and in any way, and refuses other options by
# name. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 120
job='train --data data.csv --layers 4-40-3 --hidden tanh --init glorot --lr 0.01 --momentum 0.9 --dropout 0.1
	--epochs 40 --validation 0.2 --batch 8'

run $job --quiet
whole=$(fingerprint)
same "$whole"
report "the whole job"

# ---- Files that come and go ----------------------------------------------------

run $job --quiet --checkpoint c.ckpt --checkpoint-every 100steps --log log
same "$whole" && test -f c.ckpt
report "checkpoints change no bit"
steps=$(grep '"event":"checkpoint"' log | grep -o '"step":[0-9]*' | cut -d : -f 2 | tr '\n' ' ')
test "$steps" = '100 200 300 400 480 '
report "one every 100 steps and one at the end"
test "$(grep -c '"event":"checkpoint","file":"c.ckpt".*"failure":null' log)" -eq 5
report "the log names the file"

# every TEXT COUNT: so many checkpoints with that interval.
every() {
	rm -f log
	run $job --quiet --checkpoint c.ckpt --checkpoint-every "$1" --log log
	same "$whole" && test "$(grep -c '"event":"checkpoint"' log)" -eq "$2"
	report "--checkpoint-every $1"
}
every 240steps 2
every 1step 480
every 10epochs 4
every 1epoch 40
every 600seconds 1
every 600s 1
for text in 0steps steps 10 10meters -1steps 1.5seconds 99999999999999999999steps '10 steps'; do
	run $job --quiet --checkpoint c.ckpt --checkpoint-every "$text"
	test $status -eq 2 && grep -q "^lockstep train: --checkpoint-every '$text': expected a number" "$err"
	report "--checkpoint-every '$text' is refused"
done
run $job --checkpoint-every 1epoch
test $status -eq 2 && grep -q -- '--checkpoint-every without --checkpoint' "$err"
report "an interval without a file is refused"
run $job --checkpoint no/such/c.ckpt
test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && grep -q 'no/such/c.ckpt' "$err"
report "a folder that is not there is an error before the first step"

# ---- Interrupted and resumed -----------------------------------------------------

# interrupted SIGNAL STATUS: an endless form of the job, stopped after some
# epochs; the checkpoint's job then has those endless epochs.
interrupted() {
	rm -f log
	interrupt "$1" $job --epochs 400000 --checkpoint c.ckpt --save model
	test $status -eq "$2"
	report "SIG$1 ends with $2"
	grep -qx 'lockstep train: interrupted after [1-9][0-9]* of 400000 epochs; model is not written' "$err" &&
		grep -qx 'lockstep train: c.ckpt is at step [1-9][0-9]*; to go on: lockstep train --resume c.ckpt --save model --log log' "$err"
	report "SIG$1: what is there, and how to go on"
	interrupt "$1" $(tail -n 1 "$err" | sed 's|.*to go on: lockstep||; s| --log log||')
	grep -q '^lockstep train: c.ckpt: going on after [1-9][0-9]* of 400000 epochs, at step [1-9]' "$err" &&
		grep -q '^lockstep train: interrupted after' "$err" && test $status -eq "$2"
	report "SIG$1: the line goes on, and can be interrupted again"
	test "$(grep -c '"event":"start"' log)" -eq 2 && test "$(grep -c '"status":"stopped"' log)" -eq 2 &&
		grep -q '"resumed":{"file":"c.ckpt","step":[1-9][0-9]*}' log
	report "SIG$1: the log has both runs"
}
if $with_signals true 2>/dev/null; then
	interrupted INT 130
	interrupted TERM 143
else
	skip "interruptions" "env does not know --default-signal"
fi

# A checkpoint in the middle of an epoch, of the job above: a copy made when its
# step is written. A log names the steps; the file of step 100 is kept by a
# disk that is full from the second checkpoint on.
. "$source_folder/tests/faults/faults.sh"
if test -f "$SHIM"; then
	fault 'rename@middle.ckpt:2+:ENOSPC' $job --quiet --checkpoint middle.ckpt --checkpoint-every 100steps
else
	status=77
fi
if test -s "$fired"; then
	test $status -eq 1 && test "$(fingerprint)" = "$whole"
	report "checkpoints that cannot be written cost no result, but the exit status"
	test "$(n_lines "$err")" -eq 1 && grep -q 'no checkpoint at step 200: middle.ckpt: .*No space left on device' "$err"
	report "one line says so"
	run train --resume middle.ckpt --quiet --checkpoint other.ckpt
	same "$whole"
	report "the one before is whole"
else
	skip "full disk" "faults cannot be made here"
	run $job --quiet --checkpoint middle.ckpt --checkpoint-every 100steps
fi

# resumed NAME OPTION...
resumed() {
	name=$1
	shift
	run train --resume middle.ckpt --checkpoint other.ckpt --quiet "$@"
	same "$whole"
	report "resumed $name"
}
resumed 'without options'
resumed 'by one worker' --workers 1
resumed 'by two workers, units' --workers 2 --split units
resumed 'by two workers, owners' --workers 2 --split owners
resumed 'in the serial engine, portable kernels' --engine serial --isa portable
if "$lockstep" --version | grep -q '^OpenMP *yes'; then
	resumed 'with OpenMP' --engine openmp
fi
resumed 'with the same options said again' --data data.csv --layers 4-40-3 --lr 1e-2 --epochs 40 --validation 0.20

mkdir elsewhere
(
	cd elsewhere || exit 99
	run train --resume ../middle.ckpt --checkpoint c.ckpt --quiet
	same "$whole"
)
report "resumed in another folder"
mv data.csv moved.csv
run train --resume middle.ckpt --quiet
test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && grep -q 'data.csv' "$err"
report "data that are gone are named"
resumed 'with data in another place' --data moved.csv
sed '$d' moved.csv >data.csv
run train --resume middle.ckpt --quiet
test $status -eq 2 && grep -q "not the checkpoint's job: data " "$err"
report "other data are refused"
mv moved.csv data.csv

# contradicts TEXT OPTION...
contradicts() {
	text=$1
	shift
	cp middle.ckpt before
	run train --resume middle.ckpt --quiet "$@"
	test $status -eq 2 && grep -qF "this is not the checkpoint's job: $text" "$err" && cmp -s before middle.ckpt
	report "refused: $*"
}
contradicts 'lr 0.5, not 0.01' --lr 0.5
contradicts 'layers 4-41-3, not 4-40-3; hidden relu, not tanh' --layers 4-41-3 --hidden relu
contradicts 'epochs 41, not 40' --epochs 41
contradicts 'nesterov true, not false' --nesterov
contradicts 'init_seed 2, not 1; seed 2, not 1' --seed 2
contradicts 'validation 24' --validation 24

# ---- A finished job, and other files ---------------------------------------------

run $job --checkpoint done.ckpt --save first
run train --resume done.ckpt --save second
same "$whole" && cmp -s first second
report "a finished job ends at once, with the same model"
grep -qx 'resumed     done.ckpt, at step 480' "$out"
report "the summary names the checkpoint"
run train --resume first
test $status -eq 1 && grep -q "expected 'lockstep-checkpoint-1'" "$err"
report "a model is no checkpoint"
run train --resume nowhere
test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && grep -q 'nowhere' "$err"
report "a file that is not there"

# A log whose last line a crash cut off.
printf '{"event":"start"}\n{"event":"epo' >log
run train --resume middle.ckpt --checkpoint other.ckpt --quiet --log log
same "$whole" && test "$(sed -n 2p log)" = '{"event":"epo' && sed -n 3p log | grep -q '^{"event":"start".*"resumed":{'
report "a log goes on in a line of its own"

done_testing
