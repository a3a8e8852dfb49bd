#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The reference trainer still gives the recorded values. LOCKSTEP_LONG: those
# of the jobs on all rows too. TAP.

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
mnist=${srcdir:-.}/datasets/mnist

"${OVERLAY:-./datasets/overlay/overlay}" "$mnist" "$folder/overlay" >&2 || exit 99
set -- --check "${srcdir:-.}/tests/golden.txt" --mnist "$mnist" --overlay "$folder/overlay"
test -n "$LOCKSTEP_LONG" || set -- --quick "$@"
echo 1..1
if ./tests/support/golden "$@" >"$folder/log" 2>&1; then
	echo "ok 1 - the reference trainer gives the golden values"
else
	echo "not ok 1 - the reference trainer gives the golden values"
fi
sed 's/^/#   /' "$folder/log"
