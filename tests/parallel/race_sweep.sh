#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sweeps with several trials at once: pauses at rungs, moves of cores between
# trials, runs of one trial in turns, early ends, divergence, SIGINT, and readers
# of the database meanwhile. Every sweep ends well, without a report of
# ThreadSanitizer, and with the table of one core. Worth its name in a build with
# --enable-sanitizer=thread. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 900
base='--data data.csv --batch 16 --slices 4 --validation 0.2 --bind none'

parameters='  lr: {distribution: log_uniform_values, min: 0.01, max: 1e6}
  hidden: {values: [sigmoid, relu]}
  layers: {values: [4-5-3, 4-40-20-3]}'
seed=3 window=5
# Few and many cores a trial: the first moves as trials end, the second waits.
spec halving random 24 'scheduler: {type: successive-halving, min: 1, max: 27, eta: 3}'
spec shared random 10 'scheduler: {type: hyperband, min: 1, max: 27, eta: 3}' 'cores: {concurrent: 2}'
spec repeats bayes 8 'scheduler: {type: median, startup: 2}' 'repeats: {seeds: [1, 2, 3]}'
spec packed bayes 12 'cores: {per_trial: 1, concurrent: 4}'
# One job for all of them: one trains it, the others wait.
cat >same.yaml <<'END'
name: same
method: grid
parameters:
  lr: {values: [0.5]}
  momentum: {values: [0, 0.0, 0e0, 0.00]}
END

# table DATABASE STUDY
table() {
	"$lockstep" runs export --db "$1" "$2" --format csv --no-times
}

# sweep NAME DATABASE OPTION...
sweep() {
	name=$1 database=$2
	shift 2
	run sweep "$name.yaml" --db "$database" $base --epochs 27 --quiet "$@"
}

for name in halving shared repeats packed same; do
	sweep $name one.db --cores 1
	test $status -eq 0
	report "$name: on one core"
	sweep $name many.db --cores 4
	test $status -eq 0 && table one.db $name >one.csv && table many.db $name | cmp - one.csv >&2
	report "$name: on four at most, with the same table"
done

# With a reader that looks again and again.
"$lockstep" sweep halving.yaml --db read.db $base --epochs 27 --cores 4 --quiet >"$out" 2>"$err" &
pid=$!
n_reads=0
while kill -0 $pid 2>/dev/null; do
	"$lockstep" runs list --db read.db >/dev/null 2>&1 && n_reads=$((n_reads + 1))
done
wait $pid
status=$?
table one.db halving >one.csv
test $status -eq 0 && table read.db halving | cmp - one.csv >&2
report "beside a reader ($n_reads times)"

# SIGINT while several trials train, twice; then to the end.
if $with_signals true 2>/dev/null; then
	for seconds in 0.3 0.6; do
		$with_signals "$lockstep" sweep halving.yaml --db stopped.db $base --epochs 27 --cores 4 --quiet >"$out" 2>"$err" &
		pid=$!
		sleep $seconds
		kill -s INT $pid 2>/dev/null
		wait $pid
		status=$?
		test $status -eq 130 || test $status -eq 0
		report "SIGINT after $seconds s (status $status)"
	done
	sweep halving stopped.db --cores 4
	test $status -eq 0 && table stopped.db halving | cmp - one.csv >&2
	report "and it goes on, to the same table"
else
	skip "SIGINT" 'env does not know --default-signal'
fi

done_testing
