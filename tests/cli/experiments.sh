#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The ready experiments: their specifications are in order, and give the results that are
# recorded beside them, byte for byte, on any machine. The search alone, all of
# them with LOCKSTEP_LONG, and none with LOCKSTEP_SHORT. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

mnist=$source_folder/experiments/mnist
names='initialisation slow_down search'
for name in $names; do
	run sweep --check "$mnist/$name.yaml"
	test $status -eq 0 && grep -q '^same again  exactly' "$out"
	report "$name: what it would do"
done

# Scaling studies have no check alone. What each asks for is read in full before anything is
# measured, an option that excludes another among it.
for spec in "$source_folder"/experiments/scaling/*.yaml; do
	run scale "$spec" --steps 1 --run-seconds 1
	test $status -eq 2 && grep -qx 'lockstep scale: --steps and --run-seconds exclude each other' "$err"
	report "$(basename "$spec" .yaml): a scaling study"
done

repeated=search
test -z "$LOCKSTEP_LONG" || repeated=$names
test -z "$LOCKSTEP_SHORT" || repeated=
for name in $repeated; do
	run sweep "$mnist/$name.yaml" --db $name.db --quiet
	test $status -eq 0 && "$lockstep" runs export --db $name.db --no-times | cmp - "$mnist/results/$name.csv" >&2
	report "$name: the recorded results"
done

done_testing
