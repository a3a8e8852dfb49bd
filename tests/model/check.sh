# SPDX-License-Identifier: MIT
#
# Sourced by the tests of the models: spin makes a program of a model that
# visits every state it can come to, CC compiles it, and what it says becomes
# TAP. Call `done_testing` at the end.

CC=${CC:-cc}
source_folder=$(cd "${srcdir:-.}" && pwd)
. "$source_folder/tests/support/tap.sh"
test -z "$LOCKSTEP_SHORT" || skip_all 'a short run'
command -v spin >/dev/null || skip_all 'no spin (Debian: spin)'
$CC --version >/dev/null 2>&1 || skip_all "no compiler $CC"

test_folder=$(mktemp -d) || exit 99
trap 'rm -rf "$test_folder"' EXIT
trap 'exit 99' HUP INT TERM
cd "$test_folder" || exit 99

# explore MODEL DEFINITION...: visits all states; what was found is in `found`.
# All or nothing: a search that ends for lack of memory or depth is a failure.
explore() {
	model=$source_folder/tests/model/$1
	shift
	: >found
	spin -P"$CC -E -x c" -a "$@" "$model" >found 2>&1 &&
		$CC -O1 -w -DSAFETY -DNOFAIR -DCOLLAPSE -DMEMLIM=4096 -o explore pan.c >>found 2>&1 &&
		./explore -m1000000 -w20 >>found 2>&1
}

details() {
	cat found
}

# holds NAME MODEL DEFINITION...: no error in any state, and no line of the
# model is out of reach.
holds() {
	name=$1
	shift
	explore "$@" && grep -q 'errors: 0$' found && ! grep -q 'not completed' found &&
		grep -q '(0 of [0-9]* states)' found && ! grep -q '([1-9][0-9]* of [0-9]* states)' found
	report "$name ($(awk '/states, stored/ { print $1 }' found) states)"
}

# refuted NAME MODEL DEFINITION...: the model with a fault comes to a state in
# which an assertion is violated or somebody is stuck.
refuted() {
	name=$1
	shift
	explore "$@"
	grep -qE '^pan:1: (assertion violated|invalid end state)' found
	report "found: $name"
}
