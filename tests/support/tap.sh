# SPDX-License-Identifier: MIT
#
# Sourced by shell tests: counts their points and says them in TAP. What is
# known of a failed point comes from a function `details` of the test. Call
# `done_testing` at the end.

n_tests=0

# report NAME: the outcome of the command before is that of a point.
report() {
	outcome=$?
	n_tests=$((n_tests + 1))
	if test $outcome -eq 0; then
		echo "ok $n_tests - $1"
	else
		echo "not ok $n_tests - $1"
		details | sed 's/^/#   /'
	fi
}

# skip NAME REASON
skip() {
	n_tests=$((n_tests + 1))
	echo "ok $n_tests - $1 # SKIP $2"
}

# skip_all REASON: before the first point.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$n_tests"
}
