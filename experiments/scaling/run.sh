#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All studies of this folder on this machine: run.sh FOLDER writes NAME.txt and NAME.json of each into FOLDER. The
# command is $LOCKSTEP, or lockstep as it is installed. It takes five to ten minutes in which nothing else should run.

set -e
if test $# -ne 1; then
	echo 'run.sh: one argument: the folder for the results' >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
for spec in "$here"/*.yaml; do
	name=$(basename "$spec" .yaml)
	${LOCKSTEP:-lockstep} scale "$spec" --json "$1/$name.json" >"$1/$name.txt.part"
	mv "$1/$name.txt.part" "$1/$name.txt"
done
