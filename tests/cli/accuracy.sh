#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Whole jobs learn what they should: 30 epochs on MNIST at rate 0.5 reach the
# test accuracy that plain trainers reach. The founding network always, the
# larger ones with LOCKSTEP_LONG; none with LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

# reaches PERCENT NAME ARGUMENT...
reaches() {
	percent=$1 name=$2
	shift 2
	run train --workers 1 "$@"
	test $status -eq 0 && awk -v least="$percent" '$1 == "test" { found = $2 } END { exit !(found >= least) }' "$out"
	report "$name reaches $percent %"
}

if test -n "$LOCKSTEP_SHORT"; then
	skip "accuracy" "a short run"
else
	reaches 95.0 "784-30-10"
fi
if test -n "$LOCKSTEP_LONG"; then
	reaches 96.0 "784-100-10, normal" --layers 784-100-10
	reaches 97.7 "784-100-10, glorot" --layers 784-100-10 --init glorot
	reaches 97.0 "784-128-10, relu" --layers 784-128-10 --hidden relu --init he --batch 32 --lr 0.1
fi

done_testing
