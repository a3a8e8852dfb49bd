#!/bin/sh
# SPDX-License-Identifier: MIT
#
# --split, and what a run says of the workers that it chose: the note on stderr,
# the summary, and the log's event. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

python=${PYTHON:-python3}
write_classes data.csv 90
# Some ten thousand steps of microseconds, of which a round of trials takes a few;
# with a sanitizer fewer take as long.
n_epochs=6000
! has_sanitizer || n_epochs=1200
job="--data data.csv --layers 4-40-3 --epochs $n_epochs --batch 8 --slices 4 --lr 0.01"
way='[1-9][0-9]* workers?(, split (rows|owners|units))?'
note="^lockstep train: fastest here: $way: [1-9][0-9]* samples/s \\(.*\\)\$"

run train $job --quiet --workers 1
expected=$(fingerprint)
report "a job on one worker"
test ! -s "$err"
report "--quiet says nothing of it"

for options in '--split rows --workers 2' '--split owners --workers 3' '--split units --workers 2' '--split auto --workers 2' \
	'--split units --workers 3' '--split rows --workers auto' '--split auto --workers auto' \
	'--split rows --engine serial --workers 2' '--split auto --engine serial'; do
	run train $job --quiet $options
	same "$expected" && test ! -s "$err"
	report "the same fingerprint with $options"
done
if "$lockstep" --version | grep -q '^OpenMP *yes'; then
	run train $job --quiet --split units --workers 3 --engine openmp
	same "$expected"
	report "the same fingerprint with units split by OpenMP"
fi

for options in '--workers 1' '--workers 2 --split rows' '--workers 2 --split units' '--engine serial'; do
	run train $job $options --epochs 600
	test $status -eq 0 && ! grep -q fastest "$err" "$out"
	report "nothing is chosen with $options"
done

# One core, or a quota of one, leaves nothing to choose.
run train --data data.csv --batch 8 --slices 4 --epochs 1 --workers auto --log log --quiet
if ! grep -q '"workers":[2-9]' log; then
	skip "the choice with automatic workers" "one core"
	done_testing
	exit 0
fi

run train $job --workers auto --log log
same "$expected"
report "the same fingerprint with the choice that is told"
n_notes=$(grep -cE "$note" "$err")
test "$n_notes" -ge 1 && test "$(n_lines "$err")" -eq "$n_notes"
report "the note on stderr is a line"
# Every way but the chosen one is in the brackets, with its speed.
grep -E "$note" "$err" | head -n 1 | sed 's/.*(\([^()]*\))$/\1/' | tr ';' '\n' |
	grep -cvE "^ *$way: [0-9]+\$" >"$test_folder/wrong"
test "$(cat "$test_folder/wrong")" -eq 0
report "it names the other ways with their speeds"
chosen=$(grep -E "$note" "$err" | tail -n 1 | sed -E 's/^.*fastest here: (.*): [0-9]+ samples.*$/\1/')
grep -qxF "workers     $chosen (the fastest here), pthreads, $("$lockstep" --version |
	sed -n 's/^instruction set *\([a-z0-9]*\).*/\1/p')" "$out"
report "the summary has the choice"

if "$python" -c 'import json' 2>/dev/null; then
	"$python" - >"$test_folder/choices" 2>"$err" <<-'END'
		import json
		events = [json.loads(line) for line in open("log")]
		start, choices = events[0], [e for e in events if e["event"] == "choice"]
		assert start["split"] == "auto" and choices
		for choice in choices:
		    tried, chosen = choice["tried"], choice["chosen"]
		    assert set(choice) == {"event", "chosen", "tried"} and chosen in tried and len(tried) >= 2
		    ways = {(t["workers"], t["split"]) for t in tried}
		    assert len(ways) == len(tried) and (start["workers"], "rows") in ways and (1, "rows") in ways and (start["workers"], "owners") in ways
		    assert all(1 <= t["workers"] <= start["workers"] for t in tried)
		    assert all(t["split"] in ("rows", "owners", "units") and t["samples_per_second"] >= 0 for t in tried)
		    assert chosen["samples_per_second"] == max(t["samples_per_second"] for t in tried) > 0
		last = choices[-1]["chosen"]
		workers, split = last["workers"], last["split"]
		print("1 worker" if workers == 1 else "%d workers, split %s" % (workers, split))
	END
	status=$?
	test $status -eq 0
	report "the log's events of the choice agree in themselves"
	test "$(cat "$test_folder/choices")" = "$chosen"
	report "and with the note"
else
	skip "the log's events of the choice agree in themselves" "no python3"
fi

run train $job --workers auto --split rows --log log
! grep '"event":"choice"' log | grep -q units
report "--split rows leaves units out of the choice"
run train $job --workers auto --quiet
same "$expected" && test ! -s "$err" && test "$(n_lines "$out")" -eq 1
report "--quiet says nothing of the choice"

done_testing
