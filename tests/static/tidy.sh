#!/bin/sh
# SPDX-License-Identifier: MIT
#
# clang-tidy over src/, with the checks of .clang-tidy. The kernels' bodies are
# read once, in their portable form: the others take long and say the same. TAP.

. "${srcdir:-..}/tests/static/common.sh"

command -v clang-tidy >/dev/null || skip_all 'no clang-tidy'

config=$source_folder/.clang-tidy
export config

# As arguments of a shell, since the file's name comes before the flags.
in_tidy() {
	# shellcheck disable=SC2016,SC2086 # the inner shell expands; flags are words
	in_parallel sh -c 'file=$1 && exec clang-tidy --quiet --config-file="$config" "$file" -- $all_flags' sh
}

sources src | grep -vE '/isa_(avx2|avx512|neon)\.c$' | in_tidy
outcome=$?
grep -E '(warning|error): ' "$found" >"$found.lines"
mv "$found.lines" "$found"
test $outcome -eq 0
report 'clang-tidy has nothing to say'

# The check must be able to fail.
printf '#include <string.h>\nint f(int a)\n{\n\tchar b[4];\n\tmemset(b, 0, sizeof &b);\n\treturn a / (a - a);\n}\n' >"$found.c"
echo "$found.c" | in_tidy
test $? -ne 0
report 'an error would be seen'
rm -f "$found.c"
done_testing
