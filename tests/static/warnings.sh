#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No file of the tree gives a warning, with gcc and with clang; gcc optimises,
# because some of its warnings come from there. TAP.

. "${srcdir:-..}/tests/static/common.sh"

folders='src tests doc datasets'
# Without Criterion its tests have no header to include.
left_out='^$'
echo '#include <criterion/criterion.h>' >"$found.c"
sh "$source_folder/tests/static/compile.sh" cc -fsyntax-only "$found.c" 2>/dev/null || left_out='/test_|/faults/|support/(data_files|scaling_curves|signed_file)'
rm -f "$found.c"

# check COMPILER OPTION...
check() {
	if ! command -v "$1" >/dev/null; then
		skip "$1: no warnings" "no $1"
		return
	fi
	sources $folders | grep -vE "$left_out" | in_parallel sh "$source_folder/tests/static/compile.sh" "$@"
	report "$1: no warnings"

	# The check must be able to fail.
	echo 'int f(void) { int unused; return 1; }' >"$found.c"
	echo "$found.c" | in_parallel sh "$source_folder/tests/static/compile.sh" "$@"
	test $? -ne 0
	report "$1: a warning would be seen"
	rm -f "$found.c"
}

check gcc -O2 -c -o /dev/null
check clang -fsyntax-only
done_testing
