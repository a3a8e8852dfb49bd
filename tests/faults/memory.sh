#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Address space in steps from too little to enough: each run ends with one line
# and status 1 and leaves the older model whole, or is as good as any. What the
# loader and the OpenMP run-time need before the command begins is not its own.
# TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"

if has_sanitizer; then
	skip_all 'sanitizers need more address space than there may be'
fi
# Not the shell that libtool wraps it in.
program=${lockstep%/*}/.libs/lockstep
test -x "$program" || program=$lockstep
LD_LIBRARY_PATH=${lockstep%/*}/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# limited KIB ARGUMENT...
limited() {
	limit=$1
	shift
	(ulimit -v "$limit" && exec "$program" "$@") >"$out" 2>"$err"
	status=$?
}

start=4096
until limited $start --version && test $status -eq 0; do
	start=$((start + 256))
	if test $start -gt 1000000; then
		skip_all 'the address space cannot be limited here'
	fi
done

step=512
test -n "$LOCKSTEP_SHORT" || step=128
test -z "$LOCKSTEP_LONG" || step=16
data=$test_folder/data.csv
write_classes "$data" 120
cut -d , -f 1-4 "$data" >"$test_folder/rows.csv"
job="train --data $data --layers 4-30-3 --batch 32 --epochs 2 --quiet"
run train --data "$data" --epochs 1 --quiet --save "$test_folder/old"
run $job --workers 1 --save "$test_folder/new"
good=$(fingerprint)
same "$good"
report "a job with all the memory it wants"

# One line, or one for each of the two files that a finished job could not
# write; and maybe the warning of a worker that could not be bound, before it.
ends_clean() {
	grep -v 'could not be bound to PU' "$err" >"$test_folder/errors"
	test $status -eq 1 && test -s "$test_folder/errors" && test "$(n_lines "$test_folder/errors")" -le 2 &&
		! grep -qvE 'out of memory|Cannot allocate memory|could not be created: Resource temporarily' \
			"$test_folder/errors" &&
		{ test "$(n_lines "$test_folder/errors")" -eq 1 || fingerprint >/dev/null; }
}

began_not() {
	test $status -eq 127 || grep -q '^libgomp: ' "$err"
}

# stepwise NAME EXPECTED ARGUMENT...: until it has been done four times in a row.
# EXPECTED is the whole of standard output.
stepwise() {
	name=$1 expected=$2
	shift 2
	limit_now=$start n_failed=0 n_done=0
	while test $n_done -lt 4 && test $limit_now -lt 200000; do
		rm -f ./* ./.lockstep*
		cp "$test_folder/old" result
		limited $limit_now "$@"
		limit_now=$((limit_now + step))
		if test $status -eq 0; then
			cmp -s "$out" "$expected" || break
			n_done=$((n_done + 1))
			continue
		fi
		began_not || ends_clean || break
		cmp -s result "$test_folder/old" || break
		test -z "$(ls -A | grep -v '^result$' | grep -v '^log$')" || break
		n_failed=$((n_failed + 1)) n_done=0
	done
	test $n_done -eq 4 && test $n_failed -gt 0
	report "$name: $n_failed limits are too low, $((limit_now - step)) KiB are enough"
}

echo "$good" >"$test_folder/expected"
stepwise 'two workers' "$test_folder/expected" $job --workers 2 --save result --log log
stepwise 'automatic workers' "$test_folder/expected" $job
stepwise 'serial' "$test_folder/expected" $job --engine serial --workers 3 --save result
if ! "$lockstep" --version | grep -q '^OpenMP *no'; then
	stepwise 'openmp' "$test_folder/expected" $job --engine openmp --workers 2
fi
write_classes "$data" 20000
cut -d , -f 1-4 "$data" >"$test_folder/rows.csv"
run predict "$test_folder/old" "$test_folder/rows.csv"
cp "$out" "$test_folder/expected"
stepwise 'predict' "$test_folder/expected" predict "$test_folder/old" "$test_folder/rows.csv"
run eval "$test_folder/old" --data "$data"
cp "$out" "$test_folder/expected"
stepwise 'eval' "$test_folder/expected" eval "$test_folder/old" --data "$data"

done_testing
