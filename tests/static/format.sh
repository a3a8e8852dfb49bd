#!/bin/sh
# SPDX-License-Identifier: MIT
#
# clang-format changes no C file. Versions differ, so that only one of them has
# a say. TAP.

. "${srcdir:-..}/tests/static/common.sh"

for program in clang-format-14 clang-format; do
	command -v $program >/dev/null && break
done
$program --version 2>/dev/null | grep -q 'version 14\.' || skip_all 'no clang-format 14 (Debian 12: clang-format)'
cd "$source_folder" || exit 99
find src include tests doc datasets experiments -name '*.[ch]' -exec $program --dry-run -Werror {} + >"$found" 2>&1
report 'all C files are formatted'

# The check must be able to fail.
printf 'int  two( void );\n' | $program --dry-run -Werror --assume-filename=src/bad.c >"$found" 2>&1
test $? -ne 0
report 'a file that is not would be seen'
done_testing
