#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep scale: what is refused before anything is measured, small studies with all that they
# print and write, and interruptions. No speed is judged: it belongs to the machine. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

python=${PYTHON:-python3}
write_classes data.csv 240
job='--data data.csv --layers 4-6-3 --bind none'

# shows PATTERN: a line of the output is like this, as basic regular expression.
shows() {
	grep -qx -- "$1" "$out"
}

# scale ARGUMENT...: a short study of a small job, one series, without warnings of the environment.
scale() {
	# shellcheck disable=SC2086 # words
	run scale $job --split rows --steps 4 --quiet "$@"
}

# brief ARGUMENT...: the same with nothing but the blocks.
brief() {
	scale --workers 1,2 --batch 8 --blocks 1,1 --skip-limits --skip-phases "$@"
}

# document CONDITION: study.json, as the name d, is so.
document() {
	"$python" -c 'import json, sys
d = json.load(open("study.json"))
study, job, series = d["study"], d["job"], d["series"]
assert eval("(" + sys.argv[1] + ")"), {k: d[k] for k in ("study", "job", "name")}' "$1" 2>>"$err"
}

# refused STATUS MESSAGE ARGUMENT...: one line on stderr, MESSAGE, and nothing on stdout.
refused() {
	expected=$1 message=$2
	shift 2
	run scale "$@"
	test $status -eq "$expected" && test ! -s "$out" && test "$(head -n 1 "$err")" = "lockstep scale: $message" &&
		test "$(grep -cv '^Try ' "$err")" -eq 1
	report "$message"
}

# ---- A study -------------------------------------------------------------------------

scale --workers 1,2,5-6 --batch 8 --slices 4 --blocks 6,6 --json study.json --csv study.csv --extrap study.extrap \
	--name small
test $status -eq 0 && test ! -s "$err"
report "a study ends well, and says nothing else when it is to be quiet"
shows 'strong      every level has the same mini-batch: .*' && shows 'job         4-6-3 on data.csv, 240 rows, scale none'
report "what is measured, in words"
shows 'measured    6 blocks of 2 runs in random order (seed 1), in .*' &&
	shows 'series      bind none, pthreads, split rows; runs of 4 steps after 2 to warm.*' &&
	shows 'baseline    1 worker, mini-batches of 8 rows in 4 slices: .*'
report "how, and the baseline"
test "$(grep -cE '^ +[12] +[0-9.]+ +[0-9.]+-[0-9.]+ +[0-9]+ +[0-9.]+ +([0-9.]+-[0-9.]+ +)?[0-9]+% +(-|-?[0-9.]+) +6\*?$' "$out")" -eq 2 &&
	shows ' *1 .* 1.00  *100%  *-  *6\*\{0,1\}'
report "a line a level, and the baseline against itself"
shows '      5-6   not measured: more workers than slices, .*'
report "levels that are left out, with the reason"
shows '[0-9a-f]\{64\}' && grep -q 'ended with the same fingerprint' "$out"
report "the fingerprint"
print=$(grep -x '[0-9a-f]\{64\}' "$out")
grep -q '^workers  *gather  *forward  *backward  *gradient  *update  *wait  *balance$' "$out" &&
	grep -q '^workers  *GFLOP/s  *of peak ' "$out"
report "phases, and the roofs"
grep -q '^no curve  *.*it needs 6' "$out"
report "no curve through two levels"
grep -q '^limit  *2 workers are ' "$out" && grep -qE '^answer +[12] workers?, the fastest of all levels: [0-9]+ ' "$out"
report "the limit and the answer"
cp "$out" said
awk 'length > 79 { exit 1 }' "$out"
report "it fits 80 columns"
test -s study.csv && test -s study.extrap && test "$(find . -name '.lockstep*' | wc -l)" -eq 0
report "files are written"
if "$python" -c 'import json' 2>/dev/null; then
	"$python" - "$print" >"$out" 2>"$err" <<'END'
import json, sys
document = json.load(open("study.json"))
assert document["kind"] == "scaling" and document["name"] == "small" and document["study"]["type"] == "strong"
assert document["command"].startswith("lockstep scale --data data.csv")
assert document["study"]["blocks"] == 6 and document["time_to_loss"] is None
levels = document["series"][0]["levels"]
assert [level["workers"] for level in levels] == [1, 2, 5, 6]
assert [bool(level["excluded"]) for level in levels] == [False, False, True, True]
assert all(level["fingerprint"] == sys.argv[1] and len(level["seconds"]) == 6 for level in levels[:2])
answer, said = document["answer"], " ".join(open("said").read().split())
assert answer["by"] == "samples" and levels[answer["workers"] - 1]["excluded"] is None
assert said.endswith(" answer " + " ".join(answer["text"].split())), (answer, said)
json.load(open("study.extrap"))
END
	status=$?
	test $status -eq 0
	report "the document says the same"
else
	skip "the document says the same" "$python does not run"
fi

scale --workers 1,2 --batch 8 --slices 4 --blocks 7,7 --split rows,owners --skip-limits --skip-phases
test $status -eq 0 && test "$(grep -x '[0-9a-f]\{64\}' "$out" | sort -u)" = "$print" &&
	test "$(grep -c "^$print" "$out")" -eq 2
report "series of one job have one fingerprint, whatever the blocks"
shows 'series 1    bind none, pthreads, split rows; .*' && shows 'series 2    bind none, pthreads, split owners; .*' &&
	grep -q '^limit 2' "$out" && ! grep -q 'GFLOP/s\|gather' "$out"
report "two series, and what is to be left out is"
test "$(grep -c '^ *1 .* 7\*\{0,1\}=$' "$out")" -eq 1 && ! grep -q '^ *2 .*=$' "$out" &&
	shows ' *= the same run as in an earlier series, and measured once.' && shows 'measured    7 blocks of 3 runs .*'
report "one worker has nothing to split, and is measured once for both"

scale --workers 1,2 --batch 8 --blocks 2,2 --skip-limits --skip-phases
test $status -eq 0 && grep -q '^ *Fewer than 6 measurements have no 95 % interval.$' "$out" &&
	test "$(grep -cE '^ +[12] +[0-9.]+ +- .* 2$' "$out")" -eq 2
report "no interval of two measurements, and no star for it"

scale --workers 1,2 --batch 8,16 --blocks 2,2 --skip-limits --skip-phases
shows 'strong      within a series every level has the same mini-batch: .*' && grep -q '^answer .*(mini-batch [0-9]*)' "$out" &&
	shows ' *Mini-batches differ, and samples/s are not progress: .*'
report "the mini-batch is that of a series, and of several none is said to be better"

scale --workers 1,2 --batch 8 --blocks 2,2 --skip-limits --skip-phases --weak
test $status -eq 0 && grep -q '^weak  ' "$out" && test "$(grep -cE '^ +[12] [0-9a-f]{64}$' "$out")" -eq 2
report "a weak study has a fingerprint a level"

scale --workers 1,2 --batch 8 --blocks 2,2 --skip-limits --skip-phases --csv -
test $status -eq 0 && test "$(n_lines "$out")" -ge 5 && ! grep -q '^answer' "$out"
report "a document on standard output stands alone"

scale --blocks 1,1 --batch 8 --skip-limits --skip-phases --engine serial
test $status -eq 0 && grep -q '^ *1 ' "$out"
report "numbers of workers are found"

scale --workers 1,2 --batch 8 --blocks 6,6 --skip-limits --skip-phases --predict this --predict 'pack:2 core:4 pu:1'
test $status -eq 0 && grep -q '^The model of this machine beside the measurements' "$out" &&
	grep -q '^Predicted for pack:2 core:4 pu:1' "$out"
report "predictions"

scale --workers 1,2 --batch 8,16 --blocks 2,2 --skip-limits --skip-phases --target-loss 0.9 --rates 0.5,1 --max-epochs 3
test $status -eq 0 && grep -q '^To a loss of 0.9 on the training rows$' "$out" &&
	test "$(grep -cE '^ +(8|16) +[0-9]+ +(0.5|1) +[0-9]+ ' "$out")" -eq 4
report "time to a loss"

brief --batch 8,16 --target-loss 1e-9 --max-epochs 1
test $status -eq 0 && grep -q 'samples/s are not progress: none of them$' "$out" && grep -qx ' *reached the loss.' "$out" &&
	! grep -q -- --target-loss "$out"
report "a loss that none came to is not asked for again"
brief --batch 8,16
test $status -eq 0 && grep -q -- '--target-loss' "$out"
report "one that was not asked for is"
scale --workers 1 --batch 1 --steps 1 --blocks 1,1 --skip-limits --skip-phases
test $status -eq 0 && shows 'series .*; runs of 1 step after 2 .*' &&
	shows 'baseline    1 worker, mini-batches of 1 row in 1 slice: .*' && shows 'measured    1 block of 1 run .*'
report "one of a thing is one"

scale --workers 1 --batch 8 --blocks 2,2 --steps 200 --lr 1e38 --json absent.json
test $status -eq 3 && test ! -s "$out" && test "$(n_lines "$err")" -eq 1 && test ! -e absent.json
report "a job that diverges has status 3 and no document"

# ---- Signals ---------------------------------------------------------------------------

# begin ARGUMENT...: a study in the background, that listens to signals.
begin() {
	# shellcheck disable=SC2086 # words
	$with_signals "$lockstep" scale $job --split rows --quiet --skip-limits --skip-phases --workers 1,2 --batch 8 "$@" \
		>"$out" 2>"$err" &
	pid=$!
	tries=0
	until grep -qs '^SigCgt:.*[2367abef]$' /proc/$pid/status || ! test -d /proc/$pid || test $tries -eq 300; do
		sleep 0.1
		tries=$((tries + 1))
	done
	sleep 1
}

if test -r /proc/self/status && $with_signals true 2>/dev/null; then
	begin --steps 4 --blocks 10000,10000 --json stopped.json
	kill -s INT $pid
	wait $pid
	status=$?
	test $status -eq 130 && grep -qE '^lockstep scale: interrupted after [1-9][0-9]* blocks?$' "$err" &&
		grep -q '^answer' "$out" && test -s stopped.json
	report "an interrupted study ends with what there is"
	begin --steps 4 --blocks 10000,10000
	kill -s TERM $pid
	wait $pid
	status=$?
	test $status -eq 143 && grep -q '^answer' "$out"
	report "SIGTERM gives 143"
	begin --steps 1000000000 --json never.json
	kill -s INT $pid
	sleep 0.5
	kill -s INT $pid
	wait $pid
	status=$?
	test $status -eq 130 && test ! -s "$out" && test ! -e never.json
	report "a second signal ends it at once"
	begin --steps 1000000000 --db busy.db
	refuse 1 'busy.db: another process (' scale --data data.csv --layers 4-6-3 --db busy.db --name other --quiet
	kill -s INT $pid
	sleep 0.5
	kill -s INT $pid
	wait $pid
	run runs list --db busy.db
	test $status -eq 0 && ! grep -q scaling "$out"
	report "and adds nothing to a database, which others may not write to meanwhile"
else
	skip "interruptions" 'env does not know --default-signal'
fi

# ---- What is measured by default -----------------------------------------------------------

# splits ARGUMENT...: the splits of a study's series.
splits() {
	# shellcheck disable=SC2086 # words
	run scale $job --steps 4 --quiet --workers 1,2 --batch 8 --blocks 1,1 --skip-limits --skip-phases "$@"
	grep -o '^series .*split [a-z]*' "$out" | sed 's/.*split //' | tr '\n' ' '
}
test "$(splits)" = 'rows owners units ' && test "$(splits --layers 4-3)" = 'rows owners ' &&
	test "$(splits --engine serial --workers 1)" = 'rows ' && test "$(splits --split owners)" = 'owners '
report "without --split all that the engine and the network can"
test "$(splits --slices 8 --workers 4,8)" = 'rows owners ' && test "$(splits --workers 1,4)" = 'rows owners units ' &&
	test "$(splits --weak --workers 4,8)" = 'rows owners ' && test "$(splits --workers 4,8 --split rows,units)" = ''
report "and the baseline: units that are too few for it are an error where they are asked for alone"
run scale --data data.csv --layers 4-6-3 --bind none --engine serial,pthreads --steps 4 --workers 1 --batch 8 \
	--blocks 1,1 --skip-limits --skip-phases --quiet
test $status -eq 0 && test "$(grep -c '^series [1-4] ' "$out")" -eq 4 && test "$(grep -c ', serial, split' "$out")" -eq 1
report "of every engine its own"
# unpredicted MESSAGE ARGUMENT...: the model cannot be calibrated for any series, which is said before anything is measured.
unpredicted() {
	message=$1
	shift
	refused 2 "--predict is not possible: $message" --data data.csv --layers 4-6-3 --steps 1000000000 --predict this "$@"
}
unpredicted 'a machine model is of workers that run at the same time; those of the serial engine run one after the other' \
	--engine serial
unpredicted 'split units: the machine model knows split rows alone' --split units
HWLOC_SYNTHETIC='pack:1 core:1 pu:2' HWLOC_THISSYSTEM=0
export HWLOC_SYNTHETIC HWLOC_THISSYSTEM
unpredicted 'a machine model needs two cores, to measure what it costs to meet; this process has one'
brief --smt --bind close --predict this
test $status -eq 0 && grep -q '^The model of this machine beside the measurements' "$out"
report "with --smt two threads of a core can be predicted"
unset HWLOC_SYNTHETIC HWLOC_THISSYSTEM
brief --split rows,owners --predict this
test $status -eq 0 && test ! -s "$err" &&
	test "$(grep -c '^The model of this machine beside the measurements' "$out")" -eq 1
report "that one has none is not"
brief --validation 40 --target-loss 0.9 --max-epochs 1
test $status -eq 0 && grep -q '^To a loss of 0.9 on the validation rows$' "$out"
report "the loss is of the validation rows, where there are some"
brief --validation 40 --target-loss 0.9 --max-epochs 1 --target-part train
test $status -eq 0 && grep -q '^To a loss of 0.9 on the training rows$' "$out"
report "or of those that are named"

# ---- A specification -----------------------------------------------------------------------

cat >spec.yaml <<'END'
name: from a file
description: of every kind a field
parameters:
  data: data.csv
  layers: {value: 4-7-3}
  hidden: tanh
  lr: 0.25
  validation: 40
lockstep:
  scaling:
    type: strong
    workers: [1, 2]
    bind: none
    engine: [pthreads]
    split: [rows, owners]
    batch: [8, 16]
    slices: 2
    steps: 5
    warmup_steps: 3
    blocks: {min: 1, max: 2}
    precision: 0.9
    seconds: 50
    seed: 7
    target_loss: 0.9
    target_part: validation
    learning_rates: [0.25, 0.5]
    max_epochs: 1
    predict: [this, "pack:2 core:2 pu:1"]
END
cat >short.yaml <<'END'
parameters: {data: data.csv, layers: 4-6-3}
lockstep:
  scaling: {bind: none, split: rows, batch: 8, workers: [1, 2], run_seconds: 0.001, blocks: {max: 1}, predict: this}
END
cat >weak.yaml <<'END'
parameters: {data: data.csv, layers: 4-6-3, batch: 8}
lockstep:
  scaling: {type: weak, bind: none, split: rows, workers: all, steps: 4, blocks: {max: 1}}
END
if "$python" -c 'import json' 2>/dev/null; then
	run scale spec.yaml --quiet --skip-limits --skip-phases --json study.json
	test $status -eq 0 && test ! -s "$err" && document 'd["name"] == "from a file"'
	report "a specification"
	document 'job["layers"] == "4-7-3" and job["hidden"] == "tanh" and job["lr"] == 0.25 and job["validation"] == 40'
	report "its parameters are the job's"
	document '[(s["split"], s["batch"], s["bind"], s["engine"], s["slices"]) for s in series] == [
		(split, batch, "none", "pthreads", 2) for batch in (8, 16) for split in ("rows", "owners")]'
	report "its lists are series"
	document 'all([l["workers"] for l in s["levels"]] == [1, 2] for s in series)'
	report "its workers are the levels"
	document 'all(s["steps"] == 5 and s["warmup_steps"] == 3 for s in series)'
	report "its steps"
	document 'study["type"] == "strong" and study["seed"] == 7 and study["precision"] == 0.9 and
		(study["blocks_min"], study["blocks_max"], study["seconds_limit"]) == (1, 2, 50)'
	report "how it is measured"
	document 'd["time_to_loss"]["target"] == 0.9 and d["time_to_loss"]["part"] == "validation" and
		{(r["batch"], r["learning_rate"]) for r in d["time_to_loss"]["runs"]} ==
			{(b, r) for b in (8, 16) for r in (0.25, 0.5)} and
		max(r["epochs"] for r in d["time_to_loss"]["runs"]) <= 1'
	report "its loss, rates and epochs"
	document '[p["topology"] for p in series[0]["predictions"]] == ["pack:2 core:2 pu:1"]'
	report "its machines"

	run scale spec.yaml --quiet --skip-limits --skip-phases --json study.json --name other --layers 4-5-3 --lr 0.5 \
		--workers 1 --split rows --batch 4 --slices 1 --run-seconds 0.001 --warmup-steps 1 --blocks 1,1 --precision 3 \
		--time-limit 20s --order-seed 8 --target-loss 0.8 --target-part train --rates 0.75 --predict 'pack:1 core:3 pu:1'
	test $status -eq 0 && document 'd["name"] == "other" and job["layers"] == "4-5-3" and job["lr"] == 0.5 and
		job["hidden"] == "tanh" and len(series) == 1 and len(series[0]["levels"]) == 1 and
		(series[0]["split"], series[0]["batch"], series[0]["slices"], series[0]["warmup_steps"]) == ("rows", 4, 1, 1) and
		study["run_seconds"] == 0.001 and study["blocks_max"] == 1 and study["precision"] == 0.03 and
		study["seconds_limit"] == 20 and study["seed"] == 8 and d["time_to_loss"]["target"] == 0.8 and
		d["time_to_loss"]["part"] == "train" and {r["learning_rate"] for r in d["time_to_loss"]["runs"]} == {0.75} and
		[p["topology"] for p in series[0]["predictions"]] == ["pack:1 core:3 pu:1"]'
	report "the command line wins"
	run scale --steps 0 --workers 2,1 spec.yaml --run-seconds 0.001 --skip-limits --skip-phases --quiet --json study.json
	test $status -eq 0 && document 'study["run_seconds"] == 0.001 and
		all([l["workers"] for l in s["levels"]] == [1, 2] for s in series)'
	report "--steps 0 is as if nobody said it, and numbers of workers are sorted"
	run scale --steps 6 short.yaml --quiet --skip-limits --skip-phases --json study.json
	test $status -eq 0 && document 'study["blocks_max"] == 1 and series[0]["steps"] == 6 and d["name"] == "4-6-3"'
	report "--steps wins over run_seconds; what is not said has its default"
	run scale --quiet --skip-limits --skip-phases --json study.json weak.yaml
	test $status -eq 0 && document 'study["type"] == "weak" and [l["workers"] for l in series[0]["levels"]][:1] == [1] and
		series[0]["batch"] == 8'
	report "a weak one, of all numbers of workers, and a mini-batch that is a parameter"
else
	skip "specifications" "$python does not run"
fi

# wrong MESSAGE LINE...: a specification of these lines is refused. MESSAGE follows the file's name.
wrong() {
	message=wrong.yaml:$1
	shift
	{
		echo 'parameters: {data: data.csv, layers: 4-6-3}'
		printf '%s\n' "$@"
	} >wrong.yaml
	refused 1 "$message" wrong.yaml
}
wrong "2:22: unknown key 'worker': did you mean 'workers'?" 'lockstep: {scaling: {worker: 2}}'
wrong "3:26: target_part 'all': expected train, test or validation" 'lockstep:' '  scaling: {target_part: all}'
wrong '2:44: max 2: expected at least the min, 5' 'lockstep: {scaling: {blocks: {min: 5, max: 2}}}'
wrong "2:36: min '20000': expected an integer from 1 to 10000" 'lockstep: {scaling: {blocks: {min: 20000}}}'
wrong '2:22: target_part needs target_loss' 'lockstep: {scaling: {target_part: test}}'

# What only topology and data tell.
wrong "2:31: predict 'foo': topology 'foo' is no synthetic description such as 'pack:2 core:8 pu:2'" \
	'lockstep: {scaling: {predict: foo}}'
wrong '2:30: slices 65536: more than the 10 rows of a mini-batch' 'lockstep: {scaling: {slices: 65536}}'
wrong '2:51: target-part test: the data have no test part' 'lockstep: {scaling: {target_loss: 1, target_part: test}}'
echo 'lockstep: {scaling: {engine: serial, split: units}}' >wrong.yaml
refused 1 'wrong.yaml: 1 worker: split units: the serial engine splits rows only' wrong.yaml --quiet
echo 'lockstep: {scaling: {bind: "list:99999"}}' >wrong.yaml
refuse 1 'wrong.yaml:1:28: ' scale wrong.yaml
refuse 2 list scale wrong.yaml --bind list:99998
echo 'parameters: {data: data.csv, layers: 3-3}' >wrong.yaml
refused 1 'wrong.yaml: the network has 3 inputs, but the data have 4 features a row' wrong.yaml
refused 2 'the network has 5 inputs, but the data have 4 features a row' wrong.yaml --layers 5-3
echo 'parameters: {data: nowhere}' >wrong.yaml
refused 1 "wrong.yaml:1:20: data 'nowhere': no such data set; looked at $LOCKSTEP_DATA/nowhere, ./nowhere" wrong.yaml --lr 1
cat >job.yaml <<'END'
parameters:
  data: data.csv
  engine: serial
END
refused 1 "job.yaml:3:3: 'engine' is no parameter: it belongs into lockstep.scaling" job.yaml
cat >job.yaml <<'END'
parameters:
  learning: 0.1
END
refused 1 "job.yaml:2:13: learning '0.1': expected an option of train that decides the result" job.yaml

# parameter LINE MESSAGE: a specification with this parameter is refused; MESSAGE follows "job.yaml:".
parameter() {
	printf 'parameters:\n  %s\n' "$1" >job.yaml
	refused 1 "job.yaml:$2" job.yaml
}
parameter 'lr: fast' "2:7: lr 'fast': expected a decimal number"
parameter 'nesterov: foo' "2:13: nesterov 'foo': expected true or false"
parameter 'nesterov: 7' "2:13: nesterov '7': expected true or false"
parameter 'drop-last: no' "2:14: drop-last 'no': expected true or false"
parameter "keep_last: ''" "2:14: keep_last '': expected true or false"
parameter 'lr: 0' "2:7: lr '0': learning rate 0: it must be above 0 and finite"
parameter 'epochs: 0' "2:11: epochs '0': epochs 0: it must be 1 or more"
parameter 'batch: 0' "2:10: batch '0': batch 0: it must be from 1 to 1073741824"
parameter 'layers: 784' "2:11: layers '784': a network has at least two sizes, inputs and outputs"
parameter 'save: x' "2:9: save 'x': expected an option of train that decides the result"
parameter 'quiet: true' "2:10: quiet 'true': expected an option of train that decides the result"
cat >job.yaml <<'END'
parameters: {batch: 8}
lockstep:
  scaling: {batch: 16}
END
refused 1 'job.yaml:3:13: batch is a parameter as well: expected one of the two' job.yaml
echo 'a: [' >job.yaml
refuse 1 'job.yaml:2:1: not YAML: ' scale job.yaml
echo '{"parameters": {}}}' >job.json
refused 1 'job.json:1:19: not JSON: something stands behind the end' job.json
refused 1 'nowhere.yaml: No such file or directory' nowhere.yaml
refused 2 "unexpected argument 'weak.yaml'" spec.yaml weak.yaml

# ---- A database ------------------------------------------------------------------------------

brief --db scale.db --name first --json first.json
test $status -eq 0 && test ! -s "$err" && grep -q '^answer' "$out"
report "a study goes into a database"
run runs list --db scale.db
test $status -eq 0 && grep -q '^first  *strong scaling ' "$out"
report "runs list has it"
run runs show first --db scale.db --format json
test $status -eq 0 && cmp "$out" first.json >&2
report "runs show has the document, that of --json"
run runs export first --db scale.db
test $status -eq 0 && test "$(n_lines "$out")" -eq 3 && grep -q '^strong,0,none,pthreads,rows,1,8,' "$out"
report "runs export has the raw points"
refuse 1 "scale.db: there is a scaling study 'first' already" scale --data data.csv --layers 4-6-3 --db scale.db --name first \
	--steps 1000000000 --quiet
brief --weak --db scale.db --name second
run runs list --db scale.db
test $status -eq 0 && grep -q '^first  *strong scaling ' "$out" && grep -q '^second  *weak scaling ' "$out"
report "a second one goes beside it"
echo '// https://d3js.org v5.0.0 in name only' >d3.js
run report --d3 d3.js scale.db -o scale.html
test $status -eq 0 && test "$(cat "$out")" = 'scale.html: 2 studies, 0 trials, 2 of scaling' && test -s scale.html
report "a report is made of them"
cp data.csv foreign.db
refuse 1 'foreign.db: is no database of Lockstep' scale --data data.csv --layers 4-6-3 --db foreign.db --steps 1000000000 --quiet
cmp -s data.csv foreign.db
report "a file of others is left alone"
brief --hidden relu --lr 1e30 --db empty.db
test $status -ne 0 && test -s "$err" && test -z "$(find . -name 'empty.db*')"
report "a study that fails leaves no database behind that was not there"
brief --hidden relu --lr 1e30 --db scale.db --name third
test $status -ne 0 && "$lockstep" runs list --db scale.db >"$out" && grep -q '^second ' "$out" && ! grep -q third "$out"
report "and one that was as it was"
refuse 1 'no/scale.db: cannot write to folder no/: No such file or directory' \
	scale --data data.csv --layers 4-6-3 --db no/scale.db --steps 1000000000 --quiet
refused 2 "--json and --db both go to 'scale.db'" --json scale.db --db scale.db

# ---- Files that would be lost -------------------------------------------------------------

cp scale.db kept.db
ln -s scale.db link.db
ln -s . here
cp spec.yaml kept.yaml
for name in ./scale.db "$PWD/scale.db" link.db here//scale.db; do
	refused 2 "--csv and --db both go to '$name'" --csv "$name" --db scale.db
done
refused 2 "--json and --csv both go to 'new.json'" --json new.json --csv ./here/new.json
refused 2 "--csv and --extrap both go to 'no/x'" --csv no/x --extrap no/x
refused 2 "--csv './data.csv': is the file of --data, which is read" --data data.csv --csv ./data.csv
refused 2 "--json 'here/data.csv': is the file of --test, which is read" --test ./data.csv --json here/data.csv
refused 2 "--json './spec.yaml': is the file of SPEC, which is read" spec.yaml --json ./spec.yaml
refused 2 "--db '-': a database is a file, and never standard output; ./- is one" --db -
cmp -s scale.db kept.db && cmp -s spec.yaml kept.yaml && test ! -e new.json && test ! -e ./-
report "they are left alone"

# ---- What is wrong -----------------------------------------------------------------------

integers='expected integers from 1 to 65536, or ranges that rise such as 1-4, with commas between'
blocks='expected MIN or MIN,MAX, integers from 1 to 10000, MAX not below MIN'
refused 2 "--workers '0': $integers" --workers 0
refused 2 "--workers '1,,2': $integers" --workers 1,,2
refused 2 "--workers '1,65537': $integers" --workers 1,65537
refused 2 "--workers '4-1': $integers" --workers 4-1
refused 2 "--workers '1-': $integers" --workers 1-
refused 2 "--workers '1-3,2': expected each of them once" --workers 1-3,2
refused 2 "--workers '1-2000': expected 1024 of them at most" --workers 1-2000
refused 2 "--workers 'auto': $integers" --workers auto
refused 2 "--bind 'close,list:1': expected close, spread and none, or list:CPUS alone" --bind close,list:1
refused 2 "--bind 'close,close': expected each of them once" --bind close,close
refused 2 "--engine 'pthread': expected pthreads, openmp and serial" --engine pthread
refused 2 "--split 'auto': expected rows, owners and units" --split auto
refuse 2 "--target-part 'all'" scale --target-loss 1 --target-part all
refused 2 "--batch '1073741825': expected integers from 1 to 1073741824, or ranges that rise such as 1-4, with commas between" --batch 1073741825
refused 2 "--batch '0': expected integers from 1 to 1073741824, or ranges that rise such as 1-4, with commas between" --batch 0
refused 2 "--batch '8,8': expected each of them once" --batch 8,8
refused 2 "--blocks '0': $blocks" --blocks 0
refused 2 "--blocks '7,6': $blocks" --blocks 7,6
refused 2 "--blocks '6,7,8': $blocks" --blocks 6,7,8
refused 2 "--blocks '1-4': $blocks" --blocks 1-4
refused 2 "--precision 0: expected a number above 0 and below 100" --precision 0
refused 2 "--time-limit '5d': expected a number above 0 with its unit: 90s, 15m or 1.5h" --time-limit 5d
refused 2 "--time-limit '5': expected a number above 0 with its unit: 90s, 15m or 1.5h" --time-limit 5
refused 2 "--time-limit 's': expected a number above 0 with its unit: 90s, 15m or 1.5h" --time-limit s
refused 2 "--time-limit '0s': expected a number above 0 with its unit: 90s, 15m or 1.5h" --time-limit 0s
refused 2 '--run-seconds 0: expected a number above 0, at most 3600' --run-seconds 0
refused 2 '--steps and --run-seconds exclude each other' --steps 3 --run-seconds 1
refused 2 '--rates needs --target-loss' --rates 0.1
refused 2 '--max-epochs needs --target-loss' --max-epochs 3
refused 2 '--target-part needs --target-loss' --target-part train
refused 2 '--target-loss 0: expected a number above 0' --target-loss 0
refused 2 '--max-epochs 0: expected a number above 0, at most 1000000' --target-loss 1 --max-epochs 0
refused 2 '--max-epochs 1e+07: expected a number above 0, at most 1000000' --target-loss 1 --max-epochs 1e7
refused 2 '--steps 4294967296: expected an integer up to 4294967295' --steps 4294967296
refused 2 "--rates '0.1,-1': expected numbers above 0, with commas between" --target-loss 1 --rates 0.1,-1
refused 2 '--predict and --weak exclude each other: a model is of one mini-batch' --weak --predict this
refused 2 '--target-loss and --weak exclude each other: a weak level is a job of its own' --weak --target-loss 1
refused 2 "--json and --csv both go to '-'" --json - --csv -
refused 1 'no/study.json: cannot write to folder no/: No such file or directory' --json no/study.json
refused 1 "--data 'nowhere': no such data set; looked at $LOCKSTEP_DATA/nowhere, ./nowhere" --data nowhere
refused 2 'learning rate -1: it must be above 0 and finite' --lr -1
refused 2 'slices 16: more than the 8 rows of a mini-batch' --data data.csv --batch 8 --slices 16
refused 2 '--target-part test: the data have no test part' --data data.csv --layers 4-6-3 --target-loss 1 --target-part test
refuse 2 "--predict 'core:x': " scale --predict core:x
refuse 2 list scale --bind list:99999
refuse 2 "unknown instruction set 'sse'" scale --isa sse
refused 2 'the network has 3 inputs, but the data have 4 features a row' --data data.csv --layers 3-3

done_testing
