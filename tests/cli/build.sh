#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the build gives to its users: public headers that compile alone as C11
# and as C++17, a shared library that exports lockstep_ names only, and the commit
# that it is of. TAP.

compiler=${CC:-cc}
cxx=${CXX:-c++}
source_folder=${srcdir:-.}
library=.libs/liblockstep.so
test_folder=$(mktemp -d) || exit 99
trap 'rm -rf "$test_folder"' EXIT
n_tests=0

report() {
	outcome=$?
	n_tests=$((n_tests + 1))
	test $outcome -eq 0 || printf 'not '
	echo "ok $n_tests - $1"
	sed 's/^/#   /' "$test_folder/log"
}

skip() {
	n_tests=$((n_tests + 1))
	echo "ok $n_tests - $1 # SKIP $2"
}

for header in "$source_folder"/include/lockstep.h "$source_folder"/include/lockstep/*.h; do
	name=${header#"$source_folder"/include/}
	echo "#include <$name>" >"$test_folder/alone.c"
	cp "$test_folder/alone.c" "$test_folder/alone.cc"
	$compiler -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$source_folder/include" \
		"$test_folder/alone.c" >"$test_folder/log" 2>&1
	report "$name compiles alone as C11"
	if $cxx --version >/dev/null 2>&1; then
		$cxx -std=c++17 -pedantic -Wall -Wextra -Werror -fsyntax-only -I "$source_folder/include" \
			"$test_folder/alone.cc" >"$test_folder/log" 2>&1
		report "$name compiles alone as C++17"
	else
		skip "$name compiles alone as C++17" "no C++ compiler"
	fi
done

if test -f $library && nm --version >/dev/null 2>&1; then
	nm -D --defined-only $library | awk '{print $NF}' >"$test_folder/symbols"
	# A sanitizer's run-time adds names of its own.
	grep -vE '^(lockstep_|__(asan|odr_asan|ubsan|tsan|lsan))' "$test_folder/symbols" >"$test_folder/log"
	test -s "$test_folder/symbols" && ! test -s "$test_folder/log"
	report "exported names begin with lockstep_"
	sed -n '/LOCKSTEP_API/,/;/p' "$source_folder"/include/lockstep/*.h | grep -oE 'lockstep_[a-z0-9_]+\(' |
		tr -d '(' | sort -u | while read -r name; do
		grep -qx "$name" "$test_folder/symbols" || echo "$name is declared and not there"
	done >"$test_folder/log"
	! test -s "$test_folder/log"
	report "every declared function is exported"
else
	skip "exported names begin with lockstep_" "no shared library, or no nm"
	skip "every declared function is exported" "no shared library, or no nm"
fi

# ---- The commit ------------------------------------------------------------------

# commit FOLDER EXPECTED: what commit.sh says of it.
commit() {
	sh "$source_folder/src/base/commit.sh" "$1" >"$test_folder/said" 2>"$test_folder/log"
	test "$(cat "$test_folder/said")" = "$2" || cat "$test_folder/said" >>"$test_folder/log"
	! test -s "$test_folder/log"
}

tree=$test_folder/tree
mkdir -p "$tree/below"
echo 0123abc >"$tree/below/.commit"
commit "$tree/below" 0123abc
report "an archive has its commit in a file"
echo '"; exit' >"$tree/below/.commit"
commit "$tree/below" ''
report "which may hold anything"
if git --version >/dev/null 2>&1; then
	in_tree() {
		git -C "$tree" -c user.name=t -c user.email=t@example.org "$@" >/dev/null 2>&1
	}
	rm "$tree/below/.commit"
	: >"$tree/a"
	: >"$tree/below/b"
	in_tree init && in_tree add . && in_tree commit -m one
	id=$(git -C "$tree" rev-parse HEAD)
	commit "$tree" "$id"
	report "a checkout has its HEAD"
	GIT_DIR=/nowhere commit "$tree" "$id"
	report "whatever repository the environment names"
	touch -d '2001-01-01' "$tree/a"
	commit "$tree" "$id"
	report "a file's time is no change"
	echo change >"$tree/a"
	commit "$tree" "$id-changed"
	report "a change is told"
	commit "$tree/below" ''
	report "a folder in a checkout of something else has none"
	sh "$source_folder/src/base/commit.sh" "$tree" "$tree/commit.c" 2>"$test_folder/log"
	touch -d '2001-01-01' "$tree/commit.c"
	sh "$source_folder/src/base/commit.sh" "$tree" "$tree/commit.c" 2>>"$test_folder/log"
	grep -q "\"$id-changed\"" "$tree/commit.c" && test "$tree/commit.c" -ot "$tree/a" &&
		in_tree commit -a -m two && sh "$source_folder/src/base/commit.sh" "$tree" "$tree/commit.c" &&
		! grep -q "$id" "$tree/commit.c" && ! test "$tree/commit.c" -ot "$tree/a"
	report "the source is made anew with the commit, and only then"
else
	skip "a checkout has its HEAD" "no git"
fi
echo "1..$n_tests"
