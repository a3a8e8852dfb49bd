#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The examples of doc/examples run, and succeed. TAP.

mnist=${srcdir:-.}/datasets/mnist
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
n_tests=0

# check NAME ARGUMENT...: runs an example.
check() {
	name=$1
	shift
	n_tests=$((n_tests + 1))
	"./doc/examples/$name" "$@" >"$folder/log" 2>&1 || printf 'not '
	echo "ok $n_tests - $name"
	sed 's/^/#   /' "$folder/log"
}

echo 1..4
check first "$mnist" 1 "$folder/model.safetensors"
check memory
check resume "$mnist" "$folder/job.ckpt"
check steps "$mnist"
