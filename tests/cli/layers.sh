#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Arrows point down only: cli -> {check, scale -> {bench, study}} -> train -> job -> model -> net -> data -> arith
# -> base, and train -> team -> base; the command sees the public headers alone; libraries stay in the
# files they are confined to. TAP.

source_folder=$(cd "${srcdir:-.}" && pwd)
test_folder=$(mktemp -d) || exit 99
trap 'rm -rf "$test_folder"' EXIT
n_tests=0

# report NAME: fails when the list has lines. Not in a pipe: it counts.
report() {
	n_tests=$((n_tests + 1))
	if test -s "$test_folder/list"; then
		echo "not ok $n_tests - $1"
		sed 's/^/#   /' "$test_folder/list"
	else
		echo "ok $n_tests - $1"
	fi
}

# includes FOLDER: "FILE HEADER" of every include in the sources of src/FOLDER.
includes() {
	find "src/$1" -name '*.[ch]' -exec grep -HE '^[[:space:]]*#[[:space:]]*include' {} + |
		sed 's/:.*[<"]\([^>"]*\)[>"].*/ \1/'
}

# allow FOLDER OTHER...: FOLDER includes no folder of src/ but itself and OTHERs.
allow() {
	folder=$1
	allowed=" $* "
	for other in base arith team net data model job train check bench study scale cli; do
		case $allowed in *" $other "*) continue ;; esac
		includes "$folder" | grep -E " (\.\./|src/)*$other/"
	done >"$test_folder/list"
	report "$folder includes what is below it only"
}

# confine HEADER PATTERN: only files that match PATTERN include HEADER.
confine() {
	find src include -name '*.[ch]' -exec grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<$1>" {} + |
		grep -vE "$2" >"$test_folder/list"
	report "<$1> stays in its place"
}

check() {
	cd "$1" || exit 99
	allow base
	allow arith base
	allow team base
	allow net base arith data
	allow data base arith
	allow model base arith net data
	allow job base arith net data model
	allow train base arith net data team model job
	allow check base arith net data train
	allow bench base arith team net data train
	allow study base arith net data model job train team
	allow scale base arith net data model job train team bench study
	allow cli base
	includes cli | grep -E ' base/' | grep -vE ' base/nearest\.h$' >"$test_folder/list"
	report "cli has nothing of base but what it has a copy of"
	includes cli | grep ' \.\./' >"$test_folder/list"
	report "cli includes nothing by a way round"
	confine 'pthread\.h' '^src/team/'
	confine 'hwloc(/.*)?\.h' '^src/team/'
	confine 'omp\.h' '^src/team/'
	confine 'jansson\.h' '^src/(job/(job|history|checkpoint|checkpoint_load)\.c|model/(json_text\.h|safetensors\.c)|cli/((environment|processor)_text\.h|report/report_scaling\.h|(bench/bench_json|placement_text|predict/(eval|prediction)|report/report_(log|scaling|scaling_check)|runs/runs_(data|scaling)|sweep/sweep_json|train/log)\.c))$'
	confine 'yaml\.h' '^src/study/spec/document\.c$'
	confine 'sqlite3\.h' '^src/study/store/'
	confine 'openssl/.*' '^src/base/sha256\.c$'
	confine 'zlib\.h' '^src/data/(bytes|input)\.c$'
	grep -rlE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](config|hwloc|omp|pthread)\.h' include >"$test_folder/list"
	report "public headers show no configuration, hwloc, OpenMP or threads"
}

check "$source_folder"

# The check itself must be able to fail: every sin is found in a tree of sins.
mkdir -p "$test_folder/tree/include"
for folder in base arith team net data model job train check bench study scale cli; do
	mkdir -p "$test_folder/tree/src/$folder"
	printf '#include "check/double_net.h"\n# include <pthread.h>\n' >"$test_folder/tree/src/$folder/sin.c"
done
# Twelve folders include check, and <pthread.h> is out of its place.
n_found=$(check "$test_folder/tree" | grep -c '^not ok')
test "$n_found" -eq 13 && : >"$test_folder/list" || echo "$n_found of 13 found" >"$test_folder/list"
report "the check finds what it looks for"
echo "1..$n_tests"
