#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The commit that the sources are of: that of the file .commit, which an archive
# has, or of the checkout whose top this folder is; "-changed" follows it where
# a file differs from what was committed.
#
#	commit.sh FOLDER          prints it, and nothing when it is not known
#	commit.sh FOLDER FILE     writes FILE, the source of lockstep_commit(), unless
#	                          it says so already

LC_ALL=C
export LC_ALL
# Of another repository, when a hook of it runs make.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_COMMON_DIR GIT_PREFIX
folder=$(cd "$1" && pwd -P) || exit 1

# `make install` as root asks about a checkout that is another user's.
in_git() {
	GIT_OPTIONAL_LOCKS=0 git -C "$folder" -c "safe.directory=$folder" -c core.fsmonitor=false "$@" 2>/dev/null
}

# A folder may well lie in a checkout of something else.
from_git() {
	test "$(in_git rev-parse --show-toplevel)" = "$folder" || return
	id=$(in_git rev-parse --verify HEAD) || return
	in_git diff --quiet --ignore-submodules HEAD -- || id=$id-changed
	echo "$id"
}

if test -f "$folder/.commit"; then
	id=$(head -n 1 "$folder/.commit")
else
	id=$(from_git)
fi
# Anything else would be no text of C.
case $id in
*[!0-9a-z-]*) id= ;;
esac
if test -z "$2"; then
	test -z "$id" || echo "$id"
	exit 0
fi

trap 'rm -f "$2.new"' EXIT
trap 'exit 1' HUP INT TERM
{
	echo '/* Made by src/base/commit.sh. */'
	echo '#include "lockstep/version.h"'
	echo
	echo 'const char *lockstep_commit(void)'
	echo '{'
	test -z "$id" && echo '	return 0;' || echo "	return \"$id\";"
	echo '}'
} >"$2.new" || exit 1
cmp -s "$2.new" "$2" || mv "$2.new" "$2"
