#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A job that is killed at any moment, in the middle of writing its checkpoint
# too, and resumed in another way ends with the fingerprint of the unbroken one;
# and whatever lies on the disk opens. 200 kills with LOCKSTEP_LONG, else 40, or
# 16 with LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"
need_shim

n_kills=40
test -z "$LOCKSTEP_SHORT" || n_kills=16
test -z "$LOCKSTEP_LONG" || n_kills=200

# Parameters, momentum and the best epoch's are three tensors sets of 24 kB.
write_classes data.csv 240
job='train --data data.csv --layers 4-48-96-3 --hidden tanh --init glorot --lr 0.01 --momentum 0.9 --dropout 0.1
	--epochs 40 --validation 0.2 --patience 30 --batch 16 --quiet'
run $job --save whole
good=$(fingerprint)
same "$good"
report "the unbroken job"

# The same ways of running on any machine.
way() {
	case $(($1 % 6)) in
	0) echo --workers 1 ;;
	1) echo --workers 2 --split rows ;;
	2) echo --workers 2 --split units ;;
	3) echo --workers 2 --split owners --isa portable ;;
	4) echo --workers 2 --engine serial ;;
	5) "$lockstep" --version | grep -q '^OpenMP *yes' && echo --workers 2 --engine openmp || echo --workers 4 ;;
	esac
}

# A number from 1 to MAX that looks random, the same in every run: draw I MAX.
draw() {
	awk -v i="$1" -v max="$2" 'BEGIN { srand(20261125 + i); rand(); print 1 + int(rand() * max) }'
}

# The job writes some 80 checkpoints, each by some writes, syncs and renames.
# Two kills in three are at one of these calls, one at a moment of the clock.
start_and_kill() {
	interval='--checkpoint c.ckpt --checkpoint-every 6steps --save model'
	case $(($1 % 9)) in
	0) rule="write:$(draw "$1" 500):KILL-HALF" ;;
	1) rule="write:$(draw "$1" 500):KILL" ;;
	2) rule="write:$(draw "$1" 500):KILL-AFTER" ;;
	3) rule="fsync:$(draw "$1" 120):KILL" ;;
	4) rule="rename:$(draw "$1" 60):KILL" ;;
	5) rule="rename:$(draw "$1" 60):KILL-AFTER" ;;
	*) rule= ;;
	esac
	if test -n "$rule"; then
		fault "$rule" $job $interval $(way "$1")
		return
	fi
	rule="after $(draw "$1" 900) ms"
	"$lockstep" $job $interval $(way "$1") >"$out" 2>"$err" &
	pid=$!
	sleep "$(awk -v ms="$(draw "$1" 900)" 'BEGIN { print ms / 1000 }')"
	kill -s KILL $pid
	wait $pid
	status=$?
}

i=0 n_killed=0 n_done=0 n_early=0 n_resumed=0
while test $n_killed -lt $n_kills && test $i -lt $((4 * n_kills)); do
	i=$((i + 1))
	rm -f c.ckpt .lockstep-*.tmp
	cp whole model
	start_and_kill $i 2>/dev/null
	if test $status -eq 0; then
		n_done=$((n_done + 1)) # it was faster than the kill
		continue
	fi
	n_killed=$((n_killed + 1))
	problem=
	test $status -eq 137 || problem="status $status"
	"$lockstep" eval model --data data.csv --part train >/dev/null 2>&1 || problem="the model does not open"
	if test -e c.ckpt; then
		run train --resume c.ckpt $(way $((i / 6 + i + 1)))  --quiet
		n_resumed=$((n_resumed + 1))
		ls .lockstep-*.tmp >/dev/null 2>&1 && problem="$problem, a temporary is left"
	else
		run $job # killed before the first checkpoint: nothing was lost
		n_early=$((n_early + 1))
	fi
	same "$good" || problem="$problem, resumed: not the same"
	if test -n "$problem"; then
		false
		report "kill $n_killed ($rule): $problem"
	fi
done
test $n_killed -eq $n_kills && test $n_resumed -gt $((n_kills / 2))
report "$n_killed kills, $n_resumed resumed from a checkpoint, $n_early before the first, $n_done too late"

done_testing
