# SPDX-License-Identifier: MIT
#
# Sourced by the tests of faults after cli/tap.sh: runs the command with the
# faults that shim.c makes (its head comment has the rules).

fired=$test_folder/fired # a line for every fault that happened

# The shim comes before the sanitizer's library, which has to be told.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
export ASAN_OPTIONS

# fault RULES ARGUMENT...: as run, with these faults.
fault() {
	rules=$1
	shift
	rm -f "$fired"
	# The leak check's own thread opens files and would die of it.
	leaks=
	case ";$rules" in
	*\;open* | *\;close* | *\;read*) leaks=:detect_leaks=0 ;;
	esac
	env ASAN_OPTIONS="$ASAN_OPTIONS$leaks" LD_PRELOAD="$SHIM" LOCKSTEP_FAULT="$rules" LOCKSTEP_FAULT_REPORT="$fired" \
		"$lockstep" "$@" >"$out" 2>"$err"
	status=$?
}

# need_shim: ends the test, skipped, where faults cannot be made.
need_shim() {
	if ! test -f "$SHIM"; then
		skip_all 'this build has no shared objects, so nothing can be preloaded'
	fi
	fault 'write@stdout:1:EIO' --version
	if test ! -s "$fired"; then
		skip_all "faults cannot be made here: $(head -n 1 "$err")"
	fi
}

# no_shim: prints why faults cannot be made; nothing where they can.
no_shim() {
	(need_shim) | sed -n 's/^1\.\.0 # SKIP //p'
}

# one_line TEXT: one line on stderr, which has TEXT.
one_line() {
	test "$(n_lines "$err")" -eq 1 && grep -qF -- "$1" "$err"
}
