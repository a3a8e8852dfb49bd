#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SIGINT and SIGTERM end a training run after the step in progress: status 130
# or 143, one line, no model, a log that says so. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

# A background job of a script ignores SIGINT unless told otherwise.
default='env --default-signal=INT,TERM'
if ! $default true 2>/dev/null; then
	echo '1..0 # SKIP env does not know --default-signal'
	exit 0
fi
write_classes data.csv 90

# interrupt SIGNAL OPTION...: sends the signal once an epoch is done.
interrupt() {
	signal=$1
	shift
	rm -f log
	$default "$lockstep" train --data data.csv --epochs 4000000 --log log --save model "$@" >"$out" 2>"$err" &
	pid=$!
	tries=0
	until grep -q '"event":"epoch"' log 2>/dev/null || test $tries -eq 300; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -s "$signal" $pid
	wait $pid
	status=$?
}

# stopped STATUS NAME
stopped() {
	test $status -eq "$1"
	report "$2 gives $1"
	grep -qx 'lockstep train: interrupted after [1-9][0-9]* of 4000000 epochs; model is not written' "$err"
	report "$2: one line says so"
	! fingerprint >/dev/null && test ! -e model
	report "$2: neither a fingerprint nor a model"
	tail -n 1 log | grep -q '"event":"end","status":"stopped","fingerprint":null'
	report "$2: the log says so"
}

interrupt INT
stopped 130 SIGINT
interrupt TERM
stopped 143 SIGTERM
interrupt TERM --workers 2 --slices 2
stopped 143 'SIGTERM with two workers'
interrupt INT --engine serial
stopped 130 'SIGINT in the serial engine'
if "$lockstep" --version | grep -q '^OpenMP *yes'; then
	interrupt INT --engine openmp --workers 2
	stopped 130 'SIGINT with OpenMP'
fi

done_testing
