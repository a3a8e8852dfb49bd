#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Clocks that jump, stand still or fail: the same fingerprint, and no time or
# rate that cannot be. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"

data=$test_folder/data.csv
write_classes "$data" 300
job="train --data $data --test $data --layers 4-10-3 --batch 32 --slices 4 --epochs 40"
run $job --engine serial --quiet
good=$(fingerprint)
same "$good"
report "a job undisturbed"

engines='pthreads serial'
"$lockstep" --version | grep -q '^OpenMP *no' || engines='pthreads openmp serial'

# Every time and rate of the table and of the log is a number, and not below 0.
is_sane() {
	! grep -qiE '(^|[^a-z])(nan|inf)([^a-z]|$)' "$out" && ! grep -qE '[ (]-[0-9]' "$out" &&
		! grep -qE '"(train_seconds|seconds|samples_per_second)":(-|null)' log &&
		test "$(grep -c '"event":"epoch"' log)" -eq "$1" && grep -qE '"event":"end","status":"done"' log
}

# jumps RULES ARGUMENT...
jumps() {
	rule=$1
	shift
	fault "$rule" $job --log log "$@"
	same "$good" && test -s "$fired" && is_sane 40
	report "$* $rule"
}

# As a terminal sees it.
try_progress() {
	if ! script -qec true /dev/null >/dev/null 2>&1; then
		skip 'the progress line' 'there is no script to make a terminal with'
		return
	fi
	fault "$1" --version
	cat >"$test_folder/terminal" <<END
stty columns 150
LD_PRELOAD='$SHIM' LOCKSTEP_FAULT='$1' TERM=xterm exec '$lockstep' $job --workers 2 --epochs 4000 >/dev/null
END
	script -qec "sh '$test_folder/terminal'" "$test_folder/typescript" >/dev/null 2>&1 </dev/null
	status=$?
	tr '\r' '\n' <"$test_folder/typescript" >"$out"
	test $status -eq 0 && grep -q 'samples/s' "$out" &&
		! grep 'samples/s' "$out" | grep -qiE '(^|[^a-z])(nan|inf)([^a-z]|$)|[ -]-[0-9]|:-'
	report "the progress line, $1"
}

# saves_and_verifies RULES: with checkpoints by the clock, and the model's verification.
saves_and_verifies() {
	fault "$1" $job --log log --workers 2 --save model --checkpoint checkpoint --checkpoint-every 1seconds
	same "$good" && test -s "$fired" && is_sane 40
	report "checkpoints by the second $1"
	fault "$1" train --resume checkpoint --quiet
	same "$good"
	report "the last of them $1"
	fault "$1" verify model --data "$data" --workers 2
	test $status -eq 0 && test -s "$fired" && test "$(tail -n 1 "$out")" = "verified ${good#fingerprint }" &&
		test "$(grep -c ' equal$' "$out")" -eq 40
	report "verify $1"
}

try_injected() {
	for engine in $engines; do
		jumps 'clock_gettime:30:JUMP+100000' --engine $engine --workers 2
		jumps 'clock_gettime:30:JUMP-100000' --engine $engine --workers 2
	done
	for workers in 1 2 auto; do
		jumps 'clock_gettime:%3:JUMP-50;clock_gettime:%7:JUMP+500' --workers $workers
		jumps 'clock_gettime:%2:JUMP-1' --workers $workers
		jumps 'clock_gettime:*:STAND' --workers $workers
		jumps 'clock_gettime:%2:EINVAL' --workers $workers
		jumps 'clock_gettime:*:EINVAL' --workers $workers
	done
	saves_and_verifies 'clock_gettime:%3:JUMP-50;clock_gettime:%7:JUMP+500'
	saves_and_verifies 'clock_gettime:%5:JUMP+2'
	saves_and_verifies 'clock_gettime:*:STAND'
	saves_and_verifies 'clock_gettime:*:EINVAL'
	try_progress 'clock_gettime:%100:JUMP-10'
	try_progress 'clock_gettime:%100:JUMP+10'
}

reason=$(no_shim)
if test -z "$reason"; then
	try_injected
else
	skip 'injected clocks' "$reason"
fi

# ---- A clock set from outside, the calendar's too -------------------------------

set_clock() {
	echo "$1" >"$test_folder/clock.new"
	mv "$test_folder/clock.new" "$test_folder/clock"
}

# under_fake_time ARGUMENT...: a run of a second or so, with the clock set to and fro.
under_fake_time() {
	set_clock +0
	env LD_PRELOAD="$faketime" FAKETIME_TIMESTAMP_FILE="$test_folder/clock" FAKETIME_NO_CACHE=1 \
		FAKETIME_DONT_FAKE_MONOTONIC=0 "$lockstep" "$@" >"$out" 2>"$err" &
	pid=$!
	n_set=0
	for shift in +3600 -3600 +86400 -86400 +0 +10 -10; do
		sleep 0.1
		set_clock $shift
		! kill -0 $pid 2>/dev/null || n_set=$((n_set + 1))
	done
	wait $pid
	status=$?
}

faketime=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1 2>/dev/null | head -n 1)
if test -z "$faketime"; then
	skip 'libfaketime' 'it is not installed'
elif has_sanitizer; then
	skip 'libfaketime' 'it cannot be loaded before a sanitizer'
else
	long="train --data $data --layers 4-30-3 --batch 32 --slices 4 --epochs 2000"
	run $long --workers 2
	long_print=$(fingerprint)
	for workers in 2 auto; do
		under_fake_time $long --workers $workers --log log
		same "$long_print" && is_sane 2000 && test $n_set -gt 0
		report "libfaketime, --workers $workers"
	done
fi

done_testing
