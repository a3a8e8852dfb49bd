#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The tests for races would find one: a program with a race on purpose fails
# under run_test.sh, and the same program without it does not. The latter tells
# also that ThreadSanitizer knows what the OpenMP run-time does. TAP.

program=./tests/parallel/race_planted
run_test=${srcdir:-.}/tests/support/run_test.sh
if ! grep -q __tsan_func_entry $program; then
	echo '1..0 # SKIP not built with --enable-sanitizer=thread'
	exit 0
fi
log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT
n_tests=0

report() {
	outcome=$?
	n_tests=$((n_tests + 1))
	test $outcome -eq 0 || sed 's/^/# /' "$log"
	test $outcome -eq 0 && echo "ok $n_tests - $1" || echo "not ok $n_tests - $1"
}

run() {
	sh "$run_test" $program "$@" >"$log" 2>&1
	status=$?
}

# clang has no calls for accesses of more than 16 bytes.
set -- ''
case $($CC --version) in
*clang*) ;;
*) set -- '' -vectors ;;
esac
engines=pthreads
"${LOCKSTEP:-./lockstep}" --version | grep -q '^OpenMP *yes' && engines="$engines openmp"
for engine in $engines; do
	for kind in "$@"; do
		run "$engine" "ordered$kind"
		test $status -eq 0 && ! grep -q 'WARNING' "$log"
		report "$engine, ordered$kind: no race where there is none"
		run "$engine" "racy$kind"
		test $status -ne 0 && grep -q 'WARNING: ThreadSanitizer: data race' "$log" && grep -q '^Bail out!' "$log"
		report "$engine, racy$kind: the race is seen"
	done
done
echo "1..$n_tests"
