#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Disks that are full, folders and files that may not be written, calls that
# fail or are interrupted: a run ends with one line and status 1, what was there
# before is whole, and no temporary is left; or it goes on as if nothing had
# been. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"

data=$test_folder/data.csv rows=$test_folder/rows.csv
write_classes "$data" 60
cut -d , -f 1-4 "$data" >"$rows"
job="train --data $data --epochs 3 --workers 1 --quiet"
run $job --save "$test_folder/new" --log "$test_folder/log"
good=$(fingerprint)
same "$good"
report "a job without faults"
run train --data "$data" --epochs 1 --quiet --save "$test_folder/old"
run predict "$test_folder/old" "$rows" --output "$test_folder/predictions"
test -s "$test_folder/predictions" && ! cmp -s "$test_folder/old" "$test_folder/new"
report "an older model, and its predictions"

# begin FILE: in the working folder an older file, and nothing else.
begin() {
	rm -rf ./* ./.lockstep*
	cp "$1" result
}

# alone: there is the result, and nothing beside it.
alone() {
	test "$(ls -A | tr '\n' ' ')" = 'result '
}

# failed TEXT: one line with TEXT, the older file is as it was.
failed() {
	test $status -eq 1 && one_line "$1" && alone && cmp -s result "$old_result"
}

has_fingerprint() {
	test "$(fingerprint)" = "$good"
}

# ---- Every write in turn --------------------------------------------------

# every MINIMUM OLD ARGUMENT...: the n-th write fails, for n from 1 until there
# are no more. With --save the job's fingerprint is printed all the same.
every() {
	minimum=$1 old_result=$2
	shift 2
	n=1
	while begin "$old_result" && fault "write@lockstep-:$n:ENOSPC" "$@" && test -s "$fired"; do
		failed 'result: ' && grep -q 'No space left on device' "$err" || break
		test "$1" != train || has_fingerprint || break
		n=$((n + 1))
	done
	test ! -s "$fired" && test $status -eq 0 && test $n -gt "$minimum" && alone
	report "$1: each of $((n - 1)) writes finds a full disk"
}

# after FAULT TEXT OLD ARGUMENT...: as above with one fault.
after() {
	rule=$1 text=$2 old_result=$3
	shift 3
	begin "$old_result"
	fault "$rule" "$@"
	test -s "$fired" && failed "$text"
	report "$1: $rule"
}

# unharmed RULES NEW OLD ARGUMENT...: such faults do nothing.
unharmed() {
	rule=$1 new_result=$2 old_result=$3
	shift 3
	begin "$old_result"
	fault "$rule" "$@"
	test -s "$fired" && test $status -eq 0 && test ! -s "$err" && alone && cmp -s result "$new_result"
	report "$1: $rule"
}

# A file by --save or --output: its writes, its ways to the disk.
try_file() {
	new=$1 old=$2
	shift 2
	after 'fsync:1:EIO' 'Input/output error' "$old" "$@"
	after 'rename:1:EIO' 'Input/output error' "$old" "$@"
	after 'rename:1:EACCES' 'Permission denied' "$old" "$@"
	after 'close@.tmp:1:EIO' 'Input/output error' "$old" "$@"
	after 'open@.lockstep-:1+:EMFILE' 'Too many open files' "$old" "$@"
	after 'chmod:1:EPERM' 'Operation not permitted' "$old" "$@"
	after 'write@.tmp:1:SHORT;write@.tmp:2:EDQUOT' 'quota' "$old" "$@"
	unharmed 'write@.tmp:*:SHORT' "$new" "$old" "$@"
	unharmed 'write@.tmp:1:EINTR;write@.tmp:2:EINTR;write@.tmp:3:SHORT;write@.tmp:4:EINTR' "$new" "$old" "$@"
	unharmed 'fsync:1:EINTR;fsync:3:EINTR' "$new" "$old" "$@"
	unharmed 'close@.tmp:1:EINTR' "$new" "$old" "$@"

	begin "$old"
	fault 'fsync:2:EIO' "$@"
	test -s "$fired" && test $status -eq 1 && one_line 'written, but its folder cannot be synced' && alone &&
		cmp -s result "$new"
	report "$1: a folder that cannot be synced has the new file, whole"
}

try_injected() {
	every 2 "$test_folder/old" $job --save result
	try_file "$test_folder/new" "$test_folder/old" $job --save result
	every 0 "$test_folder/old" predict "$test_folder/old" "$rows" --output result
	try_file "$test_folder/predictions" "$test_folder/old" predict "$test_folder/old" "$rows" --output result
}

# ---- The log --------------------------------------------------------------

# Lines that are whole, and the number of them.
whole_lines() {
	test "$(grep -c '^{.*}$' log)" -eq "$1" && test "$(n_lines log)" -eq "$1" && test "$(tail -c 1 log)" = ""
}

try_log() {
	for n in 1 2 3 4 5; do
		fault "write@/log:$n:ENOSPC" $job --log log
		test -s "$fired" && test $status -eq 1 && one_line 'log: No space left on device' && has_fingerprint &&
			whole_lines 4
		report "train: write $n of the log finds a full disk"
	done
	fault 'write@/log:3:SHORT;write@/log:4:ENOSPC' $job --log log
	test $status -eq 1 && has_fingerprint && whole_lines 4
	report "train: half of a line is taken back"
	fault 'write@/log:2+:EIO' $job --log log
	test $status -eq 1 && one_line 'log: Input/output error' && has_fingerprint && whole_lines 1
	report "train: a log that fails for good"
	fault 'close@/log:1:EIO' $job --log log
	test $status -eq 1 && one_line 'log: Input/output error' && has_fingerprint && whole_lines 5
	report "train: a log that cannot be closed"
	fault 'open@log:1:EMFILE' $job --log log
	test -s "$fired" && test $status -eq 1 && one_line 'log: Too many open files' && ! has_fingerprint
	report "train: a log that cannot be opened is seen before the first step"
	fault 'write@/log:%2:EINTR;write@/log:3:SHORT' $job --log log
	test $(n_lines "$fired") -gt 3 && same "$good" && test ! -s "$err" && whole_lines 5
	report "train: a log whose writes are interrupted"
}

# ---- Standard output ------------------------------------------------------

# Its last line cannot be a part of what was asked for.
try_stdout() {
	n=1
	while fault "write@stdout:$n:ENOSPC" "$@" && test -s "$fired"; do
		test $status -eq 1 && one_line 'standard output: No space left on device' || break
		n=$((n + 1))
	done
	test ! -s "$fired" && test $status -eq 0 && test $n -gt 1
	report "$1: each of $((n - 1)) writes to standard output fails"
	"$lockstep" "$@" >"$out" 2>"$err"
	cp "$out" "$test_folder/whole"
	fault 'write@stdout:1:EINTR;write@stdout:2:SHORT;write@stdout:3:EINTR' "$@"
	test $status -eq 0 && test -s "$fired" && cmp -s "$out" "$test_folder/whole"
	report "$1: interrupted and short writes to standard output"
}

try_full_device() {
	"$lockstep" "$@" >/dev/full 2>"$err"
	status=$?
	test $status -eq 1 && one_line 'standard output: No space left on device'
	report "$1 > /dev/full"
}

if test -c /dev/full; then
	try_full_device $job
	try_full_device predict "$test_folder/old" "$rows"
	try_full_device eval "$test_folder/old" --data "$data"
	try_full_device topology
	try_full_device --version
	"$lockstep" train --data "$data" --epochs 3 --workers 1 >/dev/full 2>"$err"
	status=$?
	test $status -eq 1 && test "$(grep -c 'standard output: No space left on device' "$err")" -eq 1
	report "train, with its table, > /dev/full"
else
	skip '/dev/full' 'there is none'
fi

if (need_shim) >"$test_folder/skipped"; then
	grep '^1\.\.0' "$test_folder/skipped" >/dev/null || {
		try_injected
		begin "$test_folder/old"
		try_log
		try_stdout $job
		try_stdout predict "$test_folder/old" "$rows" --format json
	}
fi
! grep -q '^1\.\.0' "$test_folder/skipped" || skip 'injected faults' "$(sed 's/.*SKIP //' "$test_folder/skipped")"

# ---- Closed streams ---------------------------------------------------------

rm -rf ./* ./.lockstep*
"$lockstep" $job --save result --log log >&- 2>"$err"
status=$?
test $status -eq 1 && one_line 'standard output: Bad file descriptor' && cmp -s result "$test_folder/new" &&
	whole_lines 5
report "train with standard output closed"
"$lockstep" $job --save result --log log >"$out" 2>&- <&-
status=$?
same "$good" && cmp -s result "$test_folder/new" && whole_lines 5
report "train with standard input and error closed"

# ---- A small disk -----------------------------------------------------------

small=$test_folder/small
mkdir "$small"
unmount() {
	cd /
	umount "$small" "$test_folder/bound" 2>/dev/null
	chattr -i "$test_folder/work/fixed" 2>/dev/null
	rm -rf "$test_folder"
}
trap unmount EXIT

# Room for one page.
try_small_disk() {
	wide="train --data $data --layers 4-2000-3 --epochs 1 --workers 1 --quiet"
	cp "$test_folder/old" "$small/model"
	run $wide
	wide_print=$(fingerprint)
	run $wide --save "$small/model"
	test $status -eq 1 && one_line "$small/model: cannot write: No space left on device" &&
		test "$(fingerprint)" = "$wide_print" && cmp -s "$small/model" "$test_folder/old" &&
		test "$(ls -A "$small")" = model
	report "train --save on a disk that is too small"
	rm "$small/model"
	run $wide --save "$small/model"
	test $status -eq 1 && test -z "$(ls -A "$small")"
	report "and without an older model"
	awk 'NR == 1 || NR > 1 { for (i = 0; i < 100; i++) print }' "$rows" | grep -v length >"$test_folder/many"
	sed -i "1i$(head -n 1 "$rows")" "$test_folder/many"
	echo older >"$small/predictions"
	run predict "$test_folder/old" "$test_folder/many" -o "$small/predictions"
	test $status -eq 1 && one_line "$small/predictions: No space left on device" &&
		test "$(cat "$small/predictions")" = older && test "$(ls -A "$small")" = predictions
	report "predict --output on a disk that is too small"
	run train --data "$data" --epochs 400 --workers 1 --quiet --log "$small/log"
	test $status -eq 1 && one_line "$small/log: No space left on device" && fingerprint >/dev/null &&
		test "$(grep -c '^{.*}$' "$small/log")" -eq "$(n_lines "$small/log")" && test "$(n_lines "$small/log")" -gt 20 &&
		test -z "$(tail -c 1 "$small/log")"
	report "train --log on a disk that is too small keeps whole lines"
}

if mount -t tmpfs -o size=32k lockstep-test "$small" 2>/dev/null; then
	try_small_disk
	umount "$small"
else
	skip 'a small disk' 'no file system can be mounted here'
fi

# ---- Folders and files that may not be written ------------------------------

# refused TEXT FILE ARGUMENT...: before the first step; FILE is the same file.
refused() {
	text=$1 file=$2
	shift 2
	before=$(ls -i "$file")
	$as "$lockstep" "$@" >"$out" 2>"$err"
	status=$?
	test $status -eq 1 && one_line "$text" && test ! -s "$out" && cmp -s "$file" "$test_folder/old" &&
		test "$(ls -i "$file")" = "$before" && test -z "$(ls -A "$(dirname "$file")" | grep '\.tmp$')"
	report "$as $*"
}

try_permissions() {
	mkdir -p closed open
	cp "$test_folder/old" closed/model
	cp "$test_folder/old" open/model
	cp "$test_folder/old" open/writable
	chmod 444 open/model
	chmod 666 closed/model open/writable
	chmod 777 open
	chmod 555 closed
	for option in --save --log; do
		refused 'open/model: Permission denied' open/model $job $option open/model
	done
	refused 'cannot write to folder closed/: Permission denied' closed/model $job --save closed/model
	refused 'open/model: Permission denied' open/model predict "$test_folder/old" "$rows" -o open/model
	refused 'cannot write to folder closed/: Permission denied' closed/model \
		predict "$test_folder/old" "$rows" -o closed/model
	refused 'closed/new: Permission denied' closed/model $job --log closed/new
	ln -s model open/link
	refused 'open/link: Permission denied' open/model $job --save open/link
	$as "$lockstep" $job --save open/writable >"$out" 2>"$err"
	status=$?
	same "$good" && cmp -s open/writable "$test_folder/new" && test -z "$(ls -l open/writable | grep -v '^-rw-rw-rw-')"
	report "a file that may be written keeps its mode"
}

as=
begin "$test_folder/old"
chmod 755 "$test_folder" "$work"
test "$(id -u)" -ne 0 || as='setpriv --reuid=65534 --regid=65534 --clear-groups'
if $as "$lockstep" --version >/dev/null 2>&1 && $as test -r "$data"; then
	try_permissions
else
	skip 'permissions' 'the command cannot be run as another user here'
fi

as=
cp "$test_folder/old" fixed
if chattr +i fixed 2>/dev/null; then
	refused 'fixed: Operation not permitted' fixed $job --save fixed
	refused 'fixed: Operation not permitted' fixed predict "$test_folder/old" "$rows" -o fixed
	chattr -i fixed
else
	skip 'an immutable file' 'chattr cannot make one here'
fi

mkdir "$test_folder/bound"
cp "$test_folder/old" "$test_folder/bound/model"
if mount --bind "$test_folder/bound" "$test_folder/bound" 2>/dev/null &&
	mount -o remount,bind,ro "$test_folder/bound" 2>/dev/null; then
	for option in --save --log; do
		refused 'model: Read-only file system' "$test_folder/bound/model" $job $option "$test_folder/bound/model"
	done
	refused 'bound/: Read-only file system' "$test_folder/bound/model" $job --save "$test_folder/bound/new"
	refused 'Read-only file system' "$test_folder/bound/model" \
		predict "$test_folder/old" "$rows" -o "$test_folder/bound/model"
	umount "$test_folder/bound"
else
	skip 'a read-only file system' 'no folder can be mounted read-only here'
fi

done_testing
