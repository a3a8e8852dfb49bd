#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The fp32 functions against libm's in double over a sample of their inputs; with
# LOCKSTEP_EXHAUSTIVE over all 2^32, by the reference and by every instruction
# set of this CPU, whose results must have the recorded hashes. TAP.

log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
n_tests=0

# check NAME COMMAND...: the command's exit status is the test's outcome.
check() {
	name=$1
	shift
	n_tests=$((n_tests + 1))
	"$@" >"$log" 2>&1 || printf 'not '
	echo "ok $n_tests - $name"
	sed 's/^/#   /' "$log"
}

if test -n "$LOCKSTEP_EXHAUSTIVE"; then
	echo 1..2
	check "the reference's errors are small, over all inputs" ./tests/numeric/function_errors --all
	check "every instruction set gives the recorded results, over all inputs" \
		./tests/numeric/exhaustive_functions "${srcdir:-.}/tests/functions.sha256"
else
	echo 1..1
	check "the reference's errors are small" ./tests/numeric/function_errors
fi
