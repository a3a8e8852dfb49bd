#!/bin/sh
# SPDX-License-Identifier: MIT
#
#	symbols.sh            the shared library exports what symbols.txt lists (TAP)
#	symbols.sh --update   writes that list anew (`make update-symbols`)

. "${srcdir:-..}/tests/static/common.sh"

library=.libs/liblockstep.so
list=$source_folder/tests/static/symbols.txt
command -v nm >/dev/null || skip_all 'no nm'
test -e $library || skip_all 'no shared library was built'
case $all_flags in *-fsanitize=*) skip_all 'sanitizers add symbols of their own' ;; esac

symbols() {
	nm -D --defined-only $library | awk '{ print $3 }' | sort
}

if test "$1" = --update; then
	symbols >"$list"
	exit
fi
symbols | diff "$list" - >"$found" 2>&1
report 'exported symbols are those of tests/static/symbols.txt (make update-symbols)'
symbols | grep -v '^lockstep_' >"$found"
test ! -s "$found"
report 'exported symbols begin with lockstep_'
# A declaration that is marked, but defined nowhere, would be found by nobody.
cat "$source_folder"/include/lockstep.h "$source_folder"/include/lockstep/*.h |
	sed -n 's/^LOCKSTEP_API .*[ *]\(lockstep_[a-z0-9_]*\)(.*/\1/p' | sort | diff - "$list" >"$found" 2>&1
report 'they are what the public headers declare'
done_testing
