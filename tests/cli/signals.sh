#!/bin/sh
# SPDX-License-Identifier: MIT
#
# SIGINT, SIGTERM and SIGHUP end a training run after the step in progress: status 130,
# 143 or 129, one line, no model, a log that says so. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

$with_signals true 2>/dev/null || skip_all 'env does not know --default-signal'
write_classes data.csv 90

job='train --data data.csv --epochs 4000000 --save model'

# stopped STATUS NAME: what was said, and what is there.
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

interrupt INT $job
stopped 130 SIGINT
interrupt TERM $job
stopped 143 SIGTERM
interrupt HUP $job
stopped 129 SIGHUP
interrupt TERM $job --workers 2 --slices 2
stopped 143 'SIGTERM with two workers'
interrupt INT $job --engine serial
stopped 130 'SIGINT in the serial engine'
if "$lockstep" --version | grep -q '^OpenMP *yes'; then
	interrupt INT $job --engine openmp --workers 2
	stopped 130 'SIGINT with OpenMP'
fi

done_testing
