#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The fault library itself: every kind of rule does what its description says,
# and counts what it says. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"
need_shim

write_classes "$test_folder/data.csv" 60
job="train --data $test_folder/data.csv --epochs 2 --quiet"
run $job --save plain
good=$(fingerprint)
same "$good"
report "a job without faults"

# expect STATUS NUMBERS RULES: the job ends so, after faults at these calls.
expect() {
	rm -f model
	fault "$3" $job --save model
	test $status -eq "$1" && test "$(cut -d ' ' -f 2 "$fired" 2>/dev/null | tr '\n' ' ')" = "$2"
	report "$3"
}

expect 1 '2 ' 'write:2:ENOSPC'
expect 1 '2 ' 'write:2+:ENOSPC'
expect 0 '1 3 5 ' 'write:1:EINTR;write:3:EINTR;write:5:EINTR'
expect 0 '2 4 6 8 ' 'write@.tmp:%2:EINTR'
expect 1 '1 ' 'fsync:1:EIO;rename:1:EIO'
expect 0 '' 'write:1000:EIO'
expect 0 '' 'write@nowhere:*:EIO'
expect 1 '1 ' 'rename@model:*:EIO'
expect 1 '1 ' 'open@.tmp:1:EMFILE'
expect 1 '1 ' 'close@.tmp:1:EIO'
expect 99 '' 'write:1'
expect 99 '' 'writes:1:EIO'
expect 99 '' 'write:x:EIO'
expect 99 '' 'write:1:EWHAT'

fault 'write:*:SHORT' $job --save model
same "$good" && cmp -s model plain && test "$(n_lines "$fired")" -gt 10
report "SHORT makes many small writes of few large ones"

# dies RULE SIZE: killed, with so many bytes in the temporary file.
dies() {
	rm -f .lockstep-*.tmp model
	fault "$1" $job --save model
	test $status -eq 137 && test "$(cat .lockstep-*.tmp model 2>/dev/null | wc -c)" -eq "$2"
	report "$1"
}

total=$(wc -c <plain)
dies 'write:1:KILL' 0
dies 'rename:1:KILL' "$total"
test ! -e model
report "before the rename"
dies 'rename:1:KILL-AFTER' "$total"
test -e model
report "after the rename"
dies 'write:1:KILL-AFTER' "$(($(od -An -tu4 -N4 plain) + 8))"
header=$(($(od -An -tu4 -N4 plain) + 8))
dies 'write:1:KILL-HALF' $(((header + 1) / 2))

done_testing
