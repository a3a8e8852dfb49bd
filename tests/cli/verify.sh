#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep verify: equal is 0, everything else is not, and a changed file is
# refused by every subcommand that reads it. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 90
write_classes other.csv 93
run train --data data.csv --epochs 6 --momentum 0.5 --save model --checkpoint model.ckpt --checkpoint-every 2epochs --quiet
good=$(fingerprint | cut -d ' ' -f 2)
test $status -eq 0 && test -n "$good"
report "a model"

run verify model --data data.csv
test $status -eq 0 && test "$(tail -n 1 "$out")" = "verified $good" && test "$(grep -c ' equal$' "$out")" -eq 6
report "is verified, epoch by epoch"
test "$(sed -n 6p "$out")" = "epoch     6  $good  equal"
report "the last epoch's fingerprint is the model's"
run verify --quiet model --data data.csv --workers 2 --engine serial --isa portable
test $status -eq 0 && test "$(cat "$out")" = "verified $good"
report "in another way, quietly"
run verify model --data data.csv --until 3
test $status -eq 0 && test "$(n_lines "$out")" -eq 4 && test "$(tail -n 1 "$out")" = 'verified until epoch 3'
report "--until"
run verify model --data data.csv --from model.ckpt
test $status -eq 0 && test "$(cat "$out")" = "verified $good"
report "--from the end"
run verify model --data data.csv --from model.ckpt --until 6
test $status -eq 2 && grep -q 'the checkpoint has 6 epochs behind it already' "$err"
report "--until before --from is refused"

run verify model --data other.csv
test $status -eq 1 && test "$(cat "$out")" = 'not verified' && grep -q '^lockstep verify: model: the data have digest' "$err"
report "other data"
run verify model
test $status -eq 1 && grep -q 'mnist\|data' "$err"
report "data of another kind"
run verify
test $status -eq 2 && grep -q 'MODEL is missing' "$err"
report "no model"
run verify model.ckpt --data data.csv
test $status -eq 1 && grep -q "expected 'lockstep-model-1'" "$err"
report "a checkpoint is no model"
run verify model --data data.csv --from model
test $status -eq 1 && grep -q "expected 'lockstep-checkpoint-1'" "$err"
report "a model is no checkpoint"
run train --data data.csv --epochs 6 --momentum 0.25 --checkpoint foreign.ckpt --quiet
run verify model --data data.csv --from foreign.ckpt
test $status -eq 2 && grep -q 'the checkpoint is of another job: momentum 0.25, not 0.5' "$err"
report "a checkpoint of another job"

# Changed files that are signed again, so that only training can tell.
python=${PYTHON:-python3}
edit=$source_folder/tests/support/edit_model.py
if "$python" -c 'import json' 2>/dev/null; then
	# forged NAME TEXT OPTION...: edited so, the model is not verified, and TEXT says why.
	forged() {
		name=$1 text=$2
		shift 2
		"$python" "$edit" model forged "$@" >"$out" 2>&1 && run verify forged --data data.csv
		test $status -eq 1 && test "$(tail -n 1 "$out")" = 'not verified' && grep -qF "$text" "$err"
		report "forged: $name"
	}
	forged 'a weight' 'a weight was changed' --weight layers.0.weight 17 0.001
	forged 'a bias by its last bit' 'a weight was changed' --flip layers.1.bias 2 0
	forged 'the learning rate' 'epoch 1: the job gives' --job lr 0.25
	forged 'the number of epochs' 'epoch 7: the record ends before it' --job epochs 7
	forged 'the start' 'start: init and seed give' --job init_seed '"2"' --text seed 2
	forged 'the activation' 'hidden or leaky_slope: the network has another than its job' --text hidden tanh
	forged "the data's digest" 'the data have digest' --job data "\"$good\""
	forged 'an epoch of the record' 'epoch 4: the job gives' --history 4 "$good"
	"$python" "$edit" model forged --weight layers.0.weight 17 0.001 --stale
	run verify forged --data data.csv
	test $status -eq 1 && grep -q "metadata 'fingerprint'" "$err"
	report "forged: a weight, without its fingerprint"
else
	skip "forged files" "$python does not run"
fi

# Any bit: refused by all, with one line that names the file.
# flip FILE BYTE: changes one bit of it into the file flipped.
flip() {
	cp "$1" flipped
	byte=$(od -An -tu1 -j "$2" -N 1 flipped)
	printf "\\$(printf '%03o' $((byte ^ (1 << $2 % 8))))" | dd of=flipped bs=1 seek="$2" conv=notrunc 2>/dev/null
	! cmp -s "$1" flipped
}
printf 'length,width,height,depth\n1,2,3,4\n' >new.csv
size=$(wc -c <model)
checkpoint_size=$(wc -c <model.ckpt)
n=0
failed=
while test $n -lt 20; do
	at=$((n * (size - 1) / 19))
	flip model $at || failed="$failed model:$at(same)"
	for arguments in 'eval flipped --data data.csv' 'predict flipped new.csv' 'verify flipped --data data.csv'; do
		run $arguments
		test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && grep -q '^lockstep [a-z]*: flipped: ' "$err" ||
			failed="$failed $at:$arguments"
	done
	at=$((n * (checkpoint_size - 1) / 19))
	flip model.ckpt $at || failed="$failed checkpoint:$at(same)"
	for arguments in 'train --resume flipped' 'verify model --data data.csv --from flipped'; do
		run $arguments
		test $status -eq 1 && test "$(n_lines "$err")" -eq 1 && grep -q '^lockstep [a-z]*: flipped: ' "$err" ||
			failed="$failed $at:$arguments"
	done
	n=$((n + 1))
done
test -z "$failed"
report "a changed bit is refused by eval, predict, verify and train --resume$failed"

done_testing
