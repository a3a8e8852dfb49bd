#!/bin/sh
# SPDX-License-Identifier: MIT
#
# installcheck.sh COMMAND LIBDIR DATADIR FIRST.C: the installed command trains
# 20 steps from a folder of no importance; the first example, built with
# pkg-config, saves the model that the command saves.

set -e
command=$1 libdir=$2 datadir=$3
first=$(cd "$(dirname "$4")" && pwd)/first.c
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset LOCKSTEP_DATA
export LD_LIBRARY_PATH="$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export PKG_CONFIG_PATH="$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

"$command" --version
"$command" train --epochs 1 --batch 3000 --quiet

# shellcheck disable=SC2046
${CC:-cc} -std=c11 $("${PKG_CONFIG:-pkg-config}" --cflags lockstep) "$first" -o first \
	$("${PKG_CONFIG:-pkg-config}" --libs lockstep)
./first "$datadir/mnist" 1 of_library.safetensors
"$command" train --epochs 1 --quiet --save of_command.safetensors
cmp of_library.safetensors of_command.safetensors
echo "installcheck: command and library save the same model"
