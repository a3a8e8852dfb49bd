#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The fp32 functions' errors over a sample of their inputs, or over all 2^32
# with LOCKSTEP_EXHAUSTIVE. TAP.

log=$(mktemp) || exit 99
trap 'rm -f "$log"' EXIT

set --
test -z "$LOCKSTEP_EXHAUSTIVE" || set -- --all
echo 1..1
if ./tests/numeric/function_errors "$@" >"$log" 2>&1; then
	echo "ok 1 - errors are within their bounds"
else
	echo "not ok 1 - errors are within their bounds"
fi
sed 's/^/#   /' "$log"
