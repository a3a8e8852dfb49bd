#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every public header compiles alone, as C11 and as C++17, without a warning of
# the strict kind, from both compilers. TAP.

. "${srcdir:-..}/tests/static/common.sh"

# check COMPILER LANGUAGE STANDARD
check() {
	if ! command -v "$1" >/dev/null; then
		skip "$1, $3" "no $1"
		return
	fi
	for header in "$source_folder"/include/lockstep.h "$source_folder"/include/lockstep/*.h; do
		"$1" -x "$2" -std="$3" -Wall -Wextra -pedantic-errors -Werror -I"$source_folder/include" -fsyntax-only \
			"$header" || echo "$header"
	done >"$found" 2>&1
	test ! -s "$found"
	report "$1, $3: public headers compile alone"
}

check gcc c c11
check clang c c11
check g++ c++ c++17
check clang++ c++ c++17
done_testing
