#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The program that makes the multi-label set: the recorded bytes with its
# defaults, others with another seed, and an error for what it cannot do.
# OVERLAY names the program, srcdir the top of the sources.

overlay=${OVERLAY:-./datasets/overlay/overlay}
source=${srcdir:-.}/datasets/mnist
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
n=0
failed=0

check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
}

status_is() {
	expected=$1
	shift
	"$@" 2>"$folder/stderr"
	[ $? -eq "$expected" ]
}

recorded_bytes() {
	sed -n 's/^| `\([a-z0-9-]*-ubyte\)` *| `\([0-9a-f]\{64\}\)` |$/\2  \1/p' "${srcdir:-.}/datasets/README.md" \
		>"$folder/sums"
	[ "$(wc -l <"$folder/sums")" -eq 4 ] && (cd "$folder/set" && sha256sum --quiet -c ../sums)
}

another_set() {
	"$overlay" --seed 2 --train 10 --test 5 "$source" "$folder/small" &&
		[ "$(wc -c <"$folder/small/train-images-idx3-ubyte")" -eq $((16 + 10 * 784)) ] &&
		[ "$(wc -c <"$folder/small/t10k-labels-idx2-ubyte")" -eq $((12 + 5 * 10)) ] &&
		! cmp -s -n $((12 + 10 * 10)) -i 12:12 "$folder/small/train-labels-idx2-ubyte" \
			"$folder/set/train-labels-idx2-ubyte"
}

nothing_left() {
	! ls "$folder"/set/*.tmp "$folder"/small/*.tmp 2>/dev/null
}

check "makes the set with its defaults" "$overlay" "$source" "$folder/set"
check "writes the recorded bytes" recorded_bytes
check "makes another set from another seed" another_set
check "leaves no temporary files" nothing_left
check "refuses a source that is no data set" status_is 1 "$overlay" "$folder" "$folder/none"
check "refuses a set of flags as its source" status_is 1 "$overlay" "$folder/small" "$folder/none"
check "refuses more rows than the source has" status_is 1 "$overlay" --test 10001 "$source" "$folder/none"
check "refuses a number that is none" status_is 2 "$overlay" --seed -1 "$source" "$folder/none"
check "refuses missing arguments" status_is 2 "$overlay" "$source"
echo "1..$n"
exit $failed
