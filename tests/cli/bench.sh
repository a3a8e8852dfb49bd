#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The benchmark gives every figure it promises, for what was selected. No speed
# is judged: it belongs to the machine. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

python=${PYTHON:-python3}
if ! "$python" -c 'import json' 2>/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi

# bench ARGUMENT...: a short run.
bench() {
	run bench --seconds 0.02 "$@"
}

# expect NAME EXPRESSION: true of the events of a --json run, of which `m` is the
# first, `last` the last and `rest` the list of the others. `has(event, names)` says that these
# are figures above 0, `ordered(event, name)` that low and high are around one.
expect() {
	test $status -eq 0 && "$python" -c '
import json, sys
e = [json.loads(line) for line in open(sys.argv[1])]
m, rest, last = e[0], e[1:-1], e[-1]
def has(event, names):
    return all(isinstance(event[n], (int, float)) and 0 < event[n] < 1e18 for n in names.split())
def ordered(event, name):
    return event["low"] <= event[name] <= event["high"]
def every(kind, n):
    return len(rest) == n and all(x["event"] == kind for x in rest)
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)' "$out" "$2" 2>>"$err"
	report "$1"
}

# refuse TEXT ARGUMENT...: wrong usage; TEXT is a part of the one line, and
# nothing was measured.
refuse() {
	text=$1
	shift
	run bench "$@"
	test $status -eq 2 && test ! -s "$out" && test "$(grep -cv '^Try ' "$err")" -eq 1 && grep -qF -- "$text" "$err"
	report "bench $*"
}

bench --json --machine --workers 1,2
expect "the first event is the machine" 'every("machine", 0) and m["event"] == "machine" and m["schema"] == 1 and
	has(m, "cores pus") and all(m[n] for n in ("version", "compiler", "isa", "engine", "bind")) and
	"cpu" in m and len(m["places"]) >= 1'
expect "its limits at every number of workers" '[x["workers"] for x in m["limits"]] == [1, 2] and
	all(has(x, "peak_gflops read_gb_per_second triad_gb_per_second worker_bytes") for x in m["limits"])'

expect "the commit that measures" '"commit" in m and (m["commit"] is None or len(m["commit"].split("-")[0]) == 40)'
expect "the last event is the environment" 'last["event"] == "environment" and len(last) == 4 and
	all(set(last[n]) == set(last["before"]) and len(last[n]) == 18 for n in ("before", "after")) and
	all(n in last["after"] for n in ("governor", "load", "smt", "boost", "kernel", "n_throttled", "cpu_quota")) and
	last["after"]["uptime"] >= last["before"]["uptime"] and all(len(x) > 9 for x in last["warnings"])'
"$lockstep" topology --format json >topology.json && "$python" -c '
import json, sys
last = json.loads(open(sys.argv[1]).readlines()[-1])
sys.exit(0 if set(json.load(open("topology.json"))["environment"]) == set(last["before"]) else 1)' "$out" 2>>"$err"
report "it has what topology shows"
"$python" -c '
import json, sys
first = json.loads(open(sys.argv[1]).readline())
sys.exit(0 if json.load(open("topology.json"))["machine"]["processor"] == first["processor"] else 1)' "$out" 2>>"$err"
report "and the machine has the processor"
guest=$(grep -c 'the machine is a guest' "$out")

bench --json --kernels --network 784-30-10,2 --workers 1
kernels='[x["kernel"] for x in rest if x["layers"] == "784-30-10" and x["layer"] == '
expect "three kernels a layer, and one more above the first" "every('kernel', 3 * (2 + 3) + 1 + 2) and
	$kernels 0] == ['product', 'gradient', 'update'] and
	$kernels 1] == ['product', 'backward', 'gradient', 'update']"
expect "their figures" 'm["limits"] == [] and
	all(has(x, "inputs outputs rows slices gflops peak_gflops") and ordered(x, "gflops") for x in rest)'
expect "of the selected networks" 'sorted({x["layers"] for x in rest}) == ["784-30-10", "784-512-512-10"] and
	[(x["inputs"], x["outputs"]) for x in rest if x["kernel"] == "product"] ==
	[(784, 30), (30, 10), (784, 512), (512, 512), (512, 10)] and {x["rows"] for x in rest} == {10, 128}'

bench --json --kernels --network 784-30-10,2 --workers 3,2,3,7,5,4,8,9
expect "and of one worker's rows for every number of workers, but no shape twice" "
	[(x['layers'], x['workers'], x['rows'], x['slices']) for x in rest if x['kernel'] == 'product' and x['layer'] == 0]
	== [('784-30-10', 1, 10, 2), ('784-30-10', 2, 5, 1)] + [('784-512-512-10', w, 16 * s, s)
		for w, s in ((1, 8), (3, 3), (2, 4), (7, 2), (8, 1))]"
expect "whose update is of one worker alone" "
	$kernels 1 and x['workers'] == 2] == ['product', 'backward', 'gradient'] and
	all(has(x, 'inputs outputs rows slices gflops peak_gflops') and ordered(x, 'gflops') for x in rest)"

bench --json --barrier --workers 2,1,3
expect "barriers, and a hand-over" '[x["event"] for x in rest] == ["barrier"] * 3 + ["handover"] and
	[x["workers"] for x in rest[:3]] == [2, 1, 3] and all(has(x, "ns") and ordered(x, "ns") for x in rest)'
bench --json --barrier --workers 1
expect "one worker hands nothing over" 'every("barrier", 1)'

bench --json --steps --network 0,1 --workers 1,2,3
steps='[x for x in rest if x["event"] == "step"]'
phases='[x for x in rest if x["event"] == "phase"]'
scales='("unit", "standardise")'
cases="[('784-30-10', s, w, t) for s in $scales for w, t in ((1, 'rows'), (2, 'rows'), (2, 'owners'), (2, 'units'))] +
	[('784-128-10', s, w, t) for s in $scales
		for w, t in ((1, 'rows'), (2, 'rows'), (2, 'owners'), (2, 'units'), (3, 'rows'), (3, 'owners'), (3, 'units'))]"
expect "steps of every network, scale, number of workers and split" \
	"[(x['layers'], x['scale'], x['workers'], x['split']) for x in $steps] == $cases"
expect "their figures" "all(has(x, 'batch samples_per_second low high us_per_step gflops peak_gflops') and
	ordered(x, 'samples_per_second') and
	abs(x['us_per_step'] * x['samples_per_second'] / x['batch'] - 1e6) < 1 for x in $steps)"
expect "phases of the same" "[(x['layers'], x['scale'], x['workers'], x['split']) for x in $phases] == $cases"
names='gather forward backward gradient'
expect "their figures" "all(has(x[n], '$names') and x[n]['update'] >= 0 and x[n]['wait'] >= 0
	for x in $phases for n in ('worker_0_us', 'mean_us')) and
	all(x['mean_us']['update'] > 0 for x in $phases if x['workers'] > 1 and x['split'] == 'rows')"

bench --json --epochs --network 0 --scale unit --workers 1
expect "epochs" 'every("epoch", 1) and rest[0]["scale"] == "unit" and ordered(rest[0], "train_seconds") and
	has(rest[0], "epochs train_seconds low high evaluation_seconds") and rest[0]["auto"] is False'
bench --json --epochs --network 0 --scale unit --workers 1,2,3
expect "epochs of every number of workers and split" 'every("epoch", 4) and not any(x["auto"] for x in rest) and
	[(x["workers"], x["split"]) for x in rest] == [(1, "rows"), (2, "rows"), (2, "owners"), (2, "units")]'
bench --json --epochs --network 0 --seconds 0.3
ways='([(1, "rows")] + [(2, t) for t in ("rows", "owners", "units") if len(m["places"]) > 1])'
expect "at last what auto chooses, at every scale" "
	[(x['scale'], x['auto']) for x in rest] ==
		[(s, i == len($ways)) for s in $scales for i in range(len($ways) + 1)] and
	[(x['workers'], x['split']) for x in rest if not x['auto']] == 2 * $ways and
	all((x['workers'], x['split']) in $ways and has(x, 'train_seconds') for x in rest if x['auto'])"
"$python" -c '
for row in range(10):
    print(",".join(str((row + column) % 7) for column in range(784)), row, sep=",")' >few.csv
bench --json --epochs --network 0 --scale unit --seconds 0.00001 --data ./few.csv
expect "or that it has not chosen yet" 'rest[-1]["auto"] and rest[-1]["epochs"] == 1 and
	(rest[-1]["workers"], rest[-1]["split"]) == ((0, "auto") if len(m["places"]) > 1 else (1, "rows"))'

bench --json --exactness --network 1 --scale standardise --workers 1,2,3,4,5
expect "the cost of exactness" "every('exactness', 10) and
	[(x['workers'], x['split'], x['slices'], x['free_slices']) for x in rest] == [(1, 'rows', 4, 1)] +
		[(w, t, 4, f) for w, f in ((2, 2), (3, 4), (4, 4)) for t in ('rows', 'owners', 'units')]"
figures='ratio low high samples_per_second free_samples_per_second'
expect "its figures" "all(has(x, '$figures') and ordered(x, 'ratio') for x in rest if x['workers'] < 3)"
expect "no evidence where the free job is the same" \
	"all(x[n] is None for x in rest if x['workers'] > 2 for n in '$figures'.split())"

for engine in openmp serial; do
	bench --json --steps --exactness --network 0 --scale unit --workers 1,2 --engine $engine
	if grep -q 'no OpenMP' "$err"; then
		skip "engine $engine" 'this build has none'
		continue
	fi
	expect "engine $engine" "m['engine'] == '$engine' and 
		[len([x for x in rest if x['event'] == n]) for n in ('step', 'exactness')] ==
		2 * [2 if '$engine' == 'serial' else 4]"
done
bench --json --kernels --network 0 --workers 1 --isa portable --bind none
expect "another instruction set" 'm["isa"] == "portable" and m["bind"] == "none" and every("kernel", 7)'

# table NAME COLUMN...: a line of the output has these words at its beginning.
table() {
	name=$1
	shift
	test $status -eq 0 && tr -s ' ' <"$out" | grep -q "^$*"
	report "$name"
}

bench --epochs --network 0 --scale unit --seconds 0.00001 --data ./few.csv
table "a choice that auto has not made yet" '784-30-10 unit auto auto 1 [0-9.]* [0-9.]* \(none yet\|1 rows\)$'

bench --network 0 --scale unit --workers 1,2
table "the machine is told" 'machine .* cores'
processor=$("$lockstep" topology | grep '^processor' | tr -s ' ')
test -z "$processor" || grep -q '^processor ' "$out" && tr -s ' ' <"$out" | grep -qF "$processor"
report "and its processor as topology tells it"
table "a table of limits" 'workers FMA peak GFLOP/s read GB/s triad GB/s'
table "a table of kernels" '784-30-10 1 784 30 10 2 [0-9.]* [0-9]* % - [0-9]'
table "with a backward product above the first layer" ' 1 30 10 10 2 [0-9.]* [0-9]* % [0-9.]* [0-9]* % [0-9]'
table "and one worker's rows" ' 2 30 10 5 1 [0-9.]* [0-9]* % [0-9.]* [0-9]* % [0-9.]* [0-9]* % -$'
table "a table of barriers" 'barrier 2 [0-9]'
table "and the hand-over" 'hand-over 0 to 1 [0-9]'
table "a table of steps" '784-30-10 unit 2 units [0-9]* [0-9]* - [0-9]*'
table "a table of phases" 'network scale workers split gather forward backward gradient update wait'
table "a table of epochs" 'network scale workers split epochs training evaluation auto chose'
table "with every split" '784-30-10 unit 2 owners [1-9][0-9]* [0-9.]* [0-9.]*$'
table "a table of the cost of exactness" '784-30-10 unit 1 rows 2 / 1 [0-9]'
table "with what is no evidence" '784-30-10 unit 2 units 2 / 2 no evidence: both are the same job$'
test "$(tr -s '\n ' ' ' <"$out" | grep -c 'warning .*the machine is a guest')" -eq "$guest"
report "at the end, what spoils figures"
test ! -s "$err"
report "no progress line without a terminal"

refuse "unknown option '--stesp'; did you mean '--steps'?" --stesp
refuse "unexpected argument 'steps'" steps
refuse "--network '4': expected 0 to 3" --network 4
refuse "--network '784-30-1'" --network 0,784-30-1
refuse "--network ''" --network 0,
refuse "--workers '0': expected integers from 1" --workers 0
refuse "--workers 'auto'" --workers auto
refuse "--workers '99999999999'" --workers 1,99999999999
refuse 'have 2 slices at most' --steps --network 0 --workers 3
refuse '--seconds 0: expected a number above 0' --seconds 0
refuse '--seconds 3601: expected' --seconds 3601
refuse "--scale 'none': expected unit|standardise" --scale none
refuse '--barrier' --barrier --engine serial
refuse 'instruction set' --isa sse2
refuse nowhere --bind nowhere

run bench --steps --data absent
test $status -eq 1 && test ! -s "$out" && test "$(n_lines "$err")" -eq 1 && grep -q absent "$err"
report "data that are not there"
write_classes data.csv 40
run bench --steps --network 0 --data ./data.csv
test $status -ne 0 && test "$(grep -cv '^Try ' "$err")" -eq 1
report "data that do not fit the networks"

done_testing
