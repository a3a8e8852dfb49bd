#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compile.sh COMPILER OPTION... FILE: one file, with the flags that common.sh
# exports, and warnings as errors. A file for another processor passes.

for file; do :; done
case $file in
*/isa_avx2.c) own_flags=$avx2_flags ;;
*/isa_avx512.c) own_flags=$avx512_flags ;;
*/isa_neon.c) exit 0 ;;
*) own_flags= ;;
esac
compiler=$1
shift
# shellcheck disable=SC2086 # flags are words
exec $compiler $all_flags $own_flags -Werror "$@"
