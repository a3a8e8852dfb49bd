#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The golden jobs by the library, on every engine, instruction set and worker
# count. LOCKSTEP_LONG: the jobs on all rows; LOCKSTEP_SHORT: three workers only
# and less of the portable kernels; RUN: a program to run it under, such as an
# emulator. TAP.

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
mnist=${srcdir:-.}/datasets/mnist

$RUN "${OVERLAY:-./datasets/overlay/overlay}" "$mnist" "$folder/overlay" >&2 || exit 99
set -- --golden "${srcdir:-.}/tests/golden.txt" --mnist "$mnist" --overlay "$folder/overlay"
test -z "$LOCKSTEP_LONG" || set -- --long "$@"
test -z "$LOCKSTEP_SHORT" || set -- --short "$@"
$RUN ./tests/parallel/golden_library "$@"
