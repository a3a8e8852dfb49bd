#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run_test.sh PROGRAM [ARGUMENT...]: runs one test and says TAP on stdout.
# NAME.sh says TAP itself, race_NAME has only an exit status, fuzz/NAME is a fuzz
# target that replays its files, any other is a Criterion program.
#
# A sanitizer's report fails the test even where its exit status is 0: a leak
# is found after the test has passed, in a process whose status and stderr the
# framework swallows. So the sanitizers write to files, and any such file is a
# failure.
#
# The OpenMP run-time has no instrumentation. ThreadSanitizer leaves out what
# it does inside, and hears of its regions and barriers by a tool that LLVM's
# run-time brings along (see `make check-race`). No report is suppressed.

reports=$(mktemp -d) || exit 99
trap 'rm -rf "$reports"' EXIT
trap 'exit 99' HUP INT TERM

export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$reports/asan"
export LSAN_OPTIONS="${LSAN_OPTIONS:+$LSAN_OPTIONS:}log_path=$reports/lsan"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$reports/ubsan:print_stacktrace=1"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$reports/tsan:ignore_noninstrumented_modules=1"

name=${1##*/}
case $1 in
*.sh)
	"$@"
	status=$?
	;;
*/race_*)
	echo 1..1
	"$@" >&2
	status=$?
	test $status -eq 0 && echo "ok 1 - $name" || echo "not ok 1 - $name"
	;;
*tests/fuzz/*)
	"${srcdir:-.}/tests/fuzz/replay.sh" "$1"
	status=$?
	;;
*)
	"$1" --tap=-
	status=$?
	;;
esac

for report in "$reports"/*; do
	test -s "$report" || continue
	cat "$report" >&2
	echo "Bail out! sanitizer report, see the log"
	status=1
done
exit $status
