# SPDX-License-Identifier: MIT
#
# Sourced by the static checks, which run in a build folder: the flags of that
# build, the lists of sources, and TAP. Call `done_testing` at the end.

LC_ALL=C
export LC_ALL
source_folder=${srcdir:-..}
if ! test -x ./config.status; then
	echo 'Bail out! to be run in a build folder, with srcdir set'
	exit 99
fi
found=$(mktemp) || exit 99
trap 'rm -f "$found"' EXIT
trap 'exit 99' HUP INT TERM
. "$source_folder/tests/support/tap.sh"

details() {
	head -n 60 "$found"
}

# configured WORDS: with what configure found in the place of @NAME@.
configured() {
	echo "$1" | ./config.status -q --file=-
}

# sources FOLDER...: the C files in these folders of the tree, one a line.
sources() {
	for folder; do
		find "$source_folder/$folder" -name '*.c'
	done | sort
}

# in_parallel COMMAND...: runs it with each line of stdin as a last argument, as
# many at a time as there are processors; what they say comes in $found.
in_parallel() {
	xargs -P "$(nproc 2>/dev/null || echo 2)" -n 1 "$@" >"$found" 2>&1
}

# Of every file of the build, and of one file: isa_*.c have their own.
all_flags="-DHAVE_CONFIG_H -I. -I$source_folder/include -I$source_folder/src -I$source_folder/tests
	-I$source_folder/tests/support -DLS_DATADIR=\"/\" -DLS_D3=\"/\" $(configured '@CPPFLAGS@ @HWLOC_CFLAGS@ @JANSSON_CFLAGS@ @YAML_CFLAGS@
	@CRYPTO_CFLAGS@ @ZLIB_CFLAGS@ @CRITERION_CFLAGS@ @AM_CFLAGS@ @OPENMP_CFLAGS@')"
avx2_flags=$(configured @AVX2_CFLAGS@) avx512_flags=$(configured @AVX512_CFLAGS@)
export all_flags avx2_flags avx512_flags
