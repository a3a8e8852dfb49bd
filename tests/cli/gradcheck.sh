#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The table of gradcheck, and that it can fail. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 40
write_flags flags.csv 40

# passes TENSORS NAME ARGUMENT...
passes() {
	n=$1 name=$2
	shift 2
	run gradcheck "$@"
	test $status -eq 0 && test "$(grep -cE '^layers\.[0-9]+\.(weight|bias) .* ok$' "$out")" -eq "$n"
	report "$name"
}

passes 4 "softmax" --data data.csv
passes 6 "three layers, tanh, quadratic" --data data.csv --layers 4-7-5-3 --hidden tanh --loss quadratic
passes 4 "relu, dropout" --data data.csv --hidden relu --init he --dropout 0.25
passes 4 "multi-label" --data flags.csv --label rain,wind
passes 4 "with two workers" --data data.csv --batch 16 --slices 2 --workers 2

run gradcheck --data data.csv --difference-bound 1e-300
test $status -eq 1 && grep -q 'FAILED$' "$out" && test "$(grep -c 'gradient is wrong' "$err")" -eq 1
report "a bound that cannot be met fails"

done_testing
