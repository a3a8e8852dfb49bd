#!/bin/sh
# SPDX-License-Identifier: MIT
#
# openmp_with_tool.sh FOLDER: makes a folder for LD_LIBRARY_PATH with LLVM's
# OpenMP run-time under the names of both compilers' own (it has the entry
# points of gcc's too), and beside it the tool that tells ThreadSanitizer of
# regions and barriers. Without that every hand-over by OpenMP looks like a
# race. Prints the folder's full name.

runtime=$(readlink -f "$($CC -print-file-name=libomp.so.5)")
tool=${runtime%/*}/libarcher.so
if ! test -e "$tool"; then
	echo "no OpenMP run-time with libarcher.so (Debian: libomp-dev); or configure with --disable-openmp" >&2
	exit 1
fi
mkdir -p "$1" && cd "$1" || exit 1
ln -sf "$runtime" libgomp.so.1
ln -sf "$runtime" libomp.so.5
ln -sf "$tool" libarcher.so
pwd
