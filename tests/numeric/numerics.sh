#!/bin/sh
# SPDX-License-Identifier: MIT
#
# doc/numerics.md against the programs that its tables come from. Between the
# comments `NAME, by "make numerics"` and `end of NAME` the page has what the
# program for NAME prints, to the letter.
#
#	numerics.sh           TAP; samples in place of all inputs
#	numerics.sh --all     all inputs, which takes long; prints the tables
#	numerics.sh --write   the same, and writes them into the page
#
# RUN: a program to run them under, such as an emulator.

case $1 in
'' | --all | --write) mode=$1 ;;
*)
	echo "usage: numerics.sh [--all|--write]" >&2
	exit 2
	;;
esac
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 99' HUP INT TERM
source=${srcdir:-.}
page=$source/doc/numerics.md
programs=./tests/numeric
n_tests=0 n_failed=0 printed=

# on_page NAME: the page's table.
on_page() {
	awk -v first="<!-- $1, by \"make numerics\" -->" -v last="<!-- end of $1 -->" '
		$0 == last { inside = 0 }
		inside { print }
		$0 == first { inside = 1 }' "$page"
}

# write_table NAME: puts $folder/made there.
write_table() {
	awk -v first="<!-- $1, by \"make numerics\" -->" -v last="<!-- end of $1 -->" -v made="$folder/made" '
		$0 == last { inside = 0 }
		!inside { print }
		$0 == first { inside = 1; while ((getline line < made) > 0) print line }' "$page" >"$folder/page" &&
		cat "$folder/page" >"$page"
}

# outcome STATUS WHAT: of a test, whose log is $folder/log.
outcome() {
	n_tests=$((n_tests + 1))
	word=ok
	test "$1" -eq 0 || word='not ok' n_failed=$((n_failed + 1))
	if test -z "$mode"; then
		echo "$word $n_tests - $2"
		sed 's/^/#   /' "$folder/log"
	elif test "$1" -ne 0; then
		echo "FAILED: $2" >&2
		cat "$folder/log" >&2
	fi
}

skip() {
	n_tests=$((n_tests + 1))
	if test -z "$mode"; then
		echo "ok $n_tests - $1 # SKIP $2"
	else
		echo "left out: $1: $2" >&2
	fi
}

# table NAME WHAT PROGRAM ARGUMENT...: what it prints is the page's table. Of trees
# there is one a set of instructions; status 2 says that it is not here.
table() {
	name=$1 what=$2 program=$programs/$3
	shift 3
	if test -z "$mode"; then
		$RUN "$program" "$@" >"$folder/made" 2>"$folder/log"
	else
		: >"$folder/log"
		$RUN "$program" "$@" >"$folder/made"
	fi
	status=$?
	if test "$name" = trees && test $status -eq 2; then
		skip "$what" "not in this build or on this processor"
		return
	fi
	if test -n "$mode" && test "$name" != "$printed"; then
		cat "$folder/made"
		printed=$name
	fi
	test $status -ne 0 || test "$mode" != --write || write_table "$name"
	on_page "$name" >"$folder/page"
	test -s "$folder/page" && diff "$folder/page" "$folder/made" >>"$folder/log" || status=1
	outcome $status "$what"
}

# errors PROGRAM INPUTS NAME WHAT
errors() {
	if test -x "$programs/$1"; then
		table "$3" "$4" "$1" "$2"
	else
		skip "$4" "built without MPFR"
	fi
}

# The recorded values, which no page may change.
recorded() {
	on_page digests | awk -F '[|`]' 'NR > 2 { gsub(/ /, "", $2); print $4 "  " $2 }' | sort >"$folder/page"
	sort "$source/tests/functions.sha256" | diff "$folder/page" - >"$folder/log"
	outcome $? "the page's digests are the recorded ones"
}

inputs=sample
test -z "$mode" || inputs=all
for isa in portable avx2 avx512 neon; do
	table trees "the sums of $isa have the page's trees" print_trees "$isa"
done
table sample "functions give the page's results over the sample, in every way" function_digests sample
if test -n "$mode"; then
	table digests "functions give the page's results over all inputs, in every way" function_digests all
fi
recorded
errors function_errors $inputs errors "the largest errors of the fp32 functions are the page's"
errors function_errors64 $inputs errors64 "the largest errors of the functions of double are the page's"

if test -z "$mode"; then
	echo "1..$n_tests"
elif test $n_failed -eq 0; then
	echo "the page has all of this" >&2
else
	exit 1
fi
