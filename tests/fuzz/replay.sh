#!/bin/sh
# SPDX-License-Identifier: MIT
#
# replay.sh PROGRAM: a fuzz target over all files of its corpus and regressions,
# as one TAP test. Works for either main(), replay.c or libFuzzer.

name=${1##*/}
folder=${srcdir:-.}/tests/fuzz
echo 1..1
set -- "$1"
for file in "$folder/corpus/$name"/* "$folder/regressions/$name"/*; do
	test ! -f "$file" || set -- "$@" "$file"
done
if test $# -lt 2; then
	echo "not ok 1 - $name: no inputs in $folder/corpus/$name"
	exit 1
fi
if "$@" >&2; then
	echo "ok 1 - $name: $(($# - 1)) inputs"
else
	echo "not ok 1 - $name: $(($# - 1)) inputs; the last that the log names failed"
	exit 1
fi
