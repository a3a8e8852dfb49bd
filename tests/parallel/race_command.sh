#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The command over a matrix of engines, splits and options, with few rows: each
# run ends well, without a report of ThreadSanitizer, and with the fingerprint
# of one worker. Worth its name in a build with --enable-sanitizer=thread; in
# any other a small test of the promise. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

engines=pthreads
"$lockstep" --version | grep -q '^OpenMP *yes' && engines="$engines openmp"
write_classes data.csv 300
write_classes test.csv 70

# write_bytes IMAGES LABELS: the first 500 of MNIST's training rows.
write_bytes() {
	{
		printf '\000\000\010\003\000\000\001\364\000\000\000\034\000\000\000\034'
		gzip -dc "$LOCKSTEP_DATA/mnist/train-images-idx3-ubyte.gz" | tail -c +17 | head -c 392000
	} >"$1"
	{
		printf '\000\000\010\001\000\000\001\364'
		gzip -dc "$LOCKSTEP_DATA/mnist/train-labels-idx1-ubyte.gz" | tail -c +9 | head -c 500
	} >"$2"
}
write_bytes images labels

# everywhere NAME OPTION...: the job on all engines and splits.
everywhere() {
	name=$1
	shift
	run train "$@" --quiet --workers 1
	expected=$(fingerprint)
	for engine in $engines; do
		for way in '2 rows' '3 rows' '3 owners' '2 units'; do
			run train "$@" --quiet --engine "$engine" --workers "${way% *}" --split "${way#* }" --log log
			same "$expected"
			report "$name: $engine, ${way% *} workers, ${way#* }"
		done
	done
}

everywhere 'momentum and weight decay' --data data.csv --layers 4-40-20-3 --batch 64 --slices 4 --epochs 3 \
	--momentum 0.9 --nesterov --l2 0.001
everywhere 'dropout, short mini-batches' --data data.csv --layers 4-40-3 --batch 41 --slices 8 --epochs 3 --dropout 0.3
everywhere 'evaluation after each epoch' --data data.csv --test test.csv --layers 4-40-3 --batch 32 --slices 4 --epochs 3
everywhere 'early stopping' --data data.csv --layers 4-40-3 --batch 32 --slices 4 --epochs 30 --lr 5 \
	--validation 60 --patience 2 --monitor accuracy
everywhere 'bytes' --data images --labels labels --layers 784-48-10 --batch 100 --slices 4 --epochs 1 --validation 100
everywhere 'floats made of bytes' --data images --labels labels --scale standardise --layers 784-48-10 --batch 100 \
	--slices 4 --epochs 1
everywhere 'portable kernels' --data images --labels labels --layers 784-48-10 --batch 100 --slices 4 --epochs 1 \
	--isa portable

# The fastest way is found by steps of all teams and ways.
for engine in $engines; do
	run train --data images --labels labels --layers 784-48-10 --batch 100 --slices 4 --epochs 1 --isa portable \
		--quiet --engine "$engine" --workers auto --split auto
	same "$expected"
	report "the way chosen by measuring: $engine"
done

# A study has a team of its own in each run, and clocks around the phases of some.
for engine in $engines; do
	run scale --data data.csv --layers 4-40-3 --batch 32 --slices 4 --steps 4 --blocks 2,2 --workers 1-3 --bind none --skip-limits \
		--split rows,owners,units --engine "$engine" --quiet
	test $status -eq 0 && test "$(grep -xE '[0-9a-f]{64}' "$out" | sort -u | wc -l)" -eq 1
	report "a scaling study: $engine"
done

# A loss that leaves the finite numbers ends all workers' steps.
for engine in $engines; do
	for split in rows owners units; do
		run train --data data.csv --layers 4-40-3 --hidden relu --batch 32 --slices 4 --epochs 9 --lr 1e30 \
			--quiet --engine "$engine" --workers 2 --split $split
		test $status -eq 3
		report "divergence: $engine, $split"
	done
done

# stop ENGINE SPLIT: SIGTERM once an epoch is done.
stop() {
	rm -f log
	"$lockstep" train --data data.csv --layers 4-40-3 --batch 32 --slices 4 --epochs 4000000 --log log --quiet \
		--engine "$1" --workers 2 --split "$2" >"$out" 2>"$err" &
	pid=$!
	tries=0
	until grep -q '"event":"epoch"' log 2>/dev/null || test $tries -eq 300; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -s TERM $pid
	wait $pid
	status=$?
	test $status -eq 143
	report "stopped by SIGTERM: $1, $2"
}
for engine in $engines; do
	for split in rows owners units; do
		stop "$engine" $split
	done
done

done_testing
