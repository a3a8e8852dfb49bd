#!/bin/sh
# SPDX-License-Identifier: MIT
#
# embed.sh FILE...: writes C that holds the files, in this order.

echo '/* Made by embed.sh. */'
echo '#include "cli/report/report.h"'
n=0
for file; do
	echo "static const unsigned char file_$n[] = {"
	od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g' || exit 1
	echo '};'
	n=$((n + 1))
done
echo 'const struct ls_report_file ls_report_files[] = {'
n=0
for file; do
	echo "	{\"${file##*/}\", file_$n, sizeof file_$n},"
	n=$((n + 1))
done
echo '	{0, 0, 0}};'
