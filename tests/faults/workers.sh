#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Workers that cannot be created or bound, have half a core, are stopped,
# starved, or more than the machine has cores: the run ends with one line, or
# with the fingerprint of an undisturbed one. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"
. "$source_folder/tests/faults/faults.sh"
hog=${LOCKSTEP%/*}/tests/faults/hog

data=$test_folder/data.csv
write_classes "$data" 300
job="train --data $data --layers 4-40-3 --batch 128 --slices 64 --epochs 4 --quiet"
run $job --engine serial --workers 1
good=$(fingerprint)
same "$good"
report "a job undisturbed"

engines='pthreads serial'
"$lockstep" --version | grep -q '^OpenMP *no' || engines='pthreads openmp serial'

# ---- More workers than cores -------------------------------------------------

for engine in $engines; do
	for workers in 8 64; do
		run $job --engine $engine --workers $workers
		same "$good" && test ! -s "$err"
		report "$engine: $workers workers"
	done
done

# ---- Threads and bindings ----------------------------------------------------

# no_thread N TEXT ENGINE: the N-th thread cannot be created.
no_thread() {
	fault "pthread_create:$1:EAGAIN" $job --workers 4 --engine $3 --save model --log log
	test -s "$fired" && test $status -eq 1 && grep -qF "$2" "$err" && test "$(grep -c . "$err")" -eq 1 &&
		test ! -s "$out" && test -z "$(ls -A)"
	report "$3: thread $1 of 3 cannot be created"
}

unbound() {
	fault "sched_setaffinity:$1" $job --workers 3 --engine $2
	same "$good" && test -s "$fired" && one_line "could not be bound to PU"
	report "$2: sched_setaffinity:$1 gives one warning"
}

try_injected() {
	for n in 1 2 3; do
		no_thread $n "worker $n of 4: its thread could not be created: Resource temporarily unavailable" pthreads
	done
	fault 'pthread_create:4:EAGAIN' $job --workers 4
	same "$good" && test ! -s "$fired"
	report "pthreads: 4 workers are 3 threads"
	fault 'pthread_create:*:EAGAIN' $job --workers 4 --engine serial
	same "$good" && test ! -s "$fired"
	report "serial: 4 workers are no thread"
	for engine in $engines; do
		unbound '*:EPERM' $engine
		unbound '*:ENOSYS' $engine
	done
	unbound '%2:EPERM' pthreads
	fault 'sched_setaffinity:*:EPERM' $job --workers 3 --bind none
	same "$good" && test ! -s "$err"
	report "nothing is bound with --bind none, and nothing said"
	case $engines in *openmp*) try_injected_openmp ;; esac
}

# What the runtime does with a failure of its own, after those that were tried
# before it: it may end the process, but not by a signal and not as if done.
try_injected_openmp() {
	for n in 1 2 3; do
		no_thread $n "4 workers: OpenMP's threads could not be created: Resource temporarily unavailable" openmp
	done
	for n in 4 5 6; do
		fault "pthread_create:$n:EAGAIN" $job --workers 4 --engine openmp --save model
		if test -s "$fired"; then
			test $status -eq 1 && test ! -s "$out" && grep -q . "$err" && test -z "$(ls -A)"
		else
			same "$good"
		fi
		report "openmp: thread $n, the runtime's own"
		rm -f model
	done
}

reason=$(no_shim)
if test -z "$reason"; then
	try_injected
else
	skip 'threads and bindings' "$reason"
fi

# ---- Half a core ---------------------------------------------------------------

# A group of half a core: its folder, or nothing.
make_group() {
	if grep -qw cpu /sys/fs/cgroup/cgroup.subtree_control; then
		group=/sys/fs/cgroup/lockstep-test-$$
		mkdir $group && echo '50000 100000' >$group/cpu.max && echo $group
	elif test -w /sys/fs/cgroup/cpu/cpu.cfs_quota_us || test -d /sys/fs/cgroup/cpu; then
		group=/sys/fs/cgroup/cpu/lockstep-test-$$
		mkdir $group && echo 100000 >$group/cpu.cfs_period_us && echo 50000 >$group/cpu.cfs_quota_us && echo $group
	fi
}

# in_group ARGUMENT...
in_group() {
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$lockstep" "$@" >"$out" 2>"$err"
	status=$?
}

group=$(make_group 2>/dev/null)
if test -n "$group" && sh -c 'echo $$ >"$0/cgroup.procs"' "$group" 2>/dev/null; then
	in_group topology
	test $status -eq 0 && grep -qE '0\.5' "$out"
	report "half a core: the topology says so"
	in_group $job --log log
	same "$good" && grep -q '"workers":1,' log
	report "half a core: automatic workers are one"
	for engine in $engines; do
		in_group $job --workers 2 --engine $engine
		same "$good"
		report "half a core: two workers, $engine"
	done
	tries=0
	until rmdir "$group" 2>/dev/null || test $tries -eq 20; do
		sleep 0.1
		tries=$((tries + 1))
	done
else
	skip 'half a core' 'no control group can be made here'
fi

# ---- Stopped and starved ---------------------------------------------------------

# So many epochs that the job takes about so long here and now.
milliseconds=1000
test -z "$LOCKSTEP_LONG" || milliseconds=20000
job="train --data $data --layers 4-100-3 --batch 32 --slices 2 --quiet"
began=$(date +%s%N)
run $job --workers 1 --epochs 500 --log log
took=$((($(date +%s%N) - began) / 1000000 + 1))
epochs=$((500 * milliseconds / took + 500))
long="$job --epochs $epochs"
run $long --workers 1
long_print=$(fingerprint)
same "$long_print"
report "a longer job undisturbed"

# start ARGUMENT...: in the background, until its first epoch is done.
start() {
	rm -f log
	"$lockstep" $long --log log "$@" >"$out" 2>"$err" &
	pid=$!
	tries=0
	until grep -qs '"event":"epoch"' log || test $tries -eq 600; do
		sleep 0.05
		tries=$((tries + 1))
	done
}

finish() {
	wait $pid
	status=$?
}

is_stopped() {
	case $(sed 's/.*) //' /proc/$pid/stat 2>/dev/null) in T*) return 0 ;; esac
	return 1
}

# How often it was stopped while it trained.
stop_often() {
	n_stops=0
	for pause in 0.05 0.1 0.02 0.2 0.01; do
		kill -s STOP $pid 2>/dev/null || return
		sleep $pause
		! is_stopped || n_stops=$((n_stops + 1))
		kill -s CONT $pid
		sleep 0.03
	done
}

for engine in $engines; do
	start --workers 2 --engine $engine
	stop_often
	finish
	same "$long_print" && test $n_stops -gt 0
	report "$engine: stopped in the middle of training"
done

# The hog takes the second worker's processor.
starve() {
	start --workers 2 --engine $1 --report-bindings
	cpu=$(sed -n 's/.*worker 1: core [0-9]*, pu \([0-9]*\),.*/\1/p' "$err")
	before=$(n_lines log)
	kill -0 $pid && "$hog" "${cpu:-1}" 1 2>"$test_folder/hog"
	hogged=$?
	finish
	if test $hogged -eq 77; then
		skip "$1: a worker starved for a second" "$(cat "$test_folder/hog")"
	else
		same "$long_print" && test $hogged -eq 0 && test "$before" -gt 0
		report "$1: a worker starved for a second"
	fi
}

if test "$(nproc)" -gt 1 && test -x "$hog"; then
	starve pthreads
	case $engines in *openmp*) starve openmp ;; esac
else
	skip 'a worker starved for a second' 'that needs two processors'
fi

done_testing
