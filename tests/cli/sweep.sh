#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep sweep --check: plans of specifications and of sets, and what is wrong,
# with its line and column. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

# spec: the specification on stdin becomes the file sweep.yaml.
spec() {
	cat >sweep.yaml
}

# shows LINE: stdout has this line.
shows() {
	grep -qxF -- "$1" "$out"
}

# refused STATUS MESSAGE ARGUMENT...: one line on stderr, MESSAGE (and one where help is, when
# STATUS is 2).
refused() {
	expected=$1 message=$2
	shift 2
	run sweep "$@"
	test $status -eq "$expected" && test ! -s "$out" && test "$(head -n 1 "$err")" = "lockstep sweep: $message" &&
		test "$(grep -cv '^Try ' "$err")" -eq 1
	report "$message"
}

# ---- Plans --------------------------------------------------------------------

spec <<'END'
# A study of the founding network.
name: founding
description: what the learning rate does
method: random
metric:
  name: validation_loss
  goal: minimize
parameters:
  lr:
    distribution: log_uniform_values
    min: 1e-3
    max: 1.0
  batch:
    values: [10, 16, 32]
  schedule: {values: [constant, step, cosine]}
  schedule_gamma: {min: 0.1, max: 0.9}
  nesterov: {values: [true, false], probabilities: [0.25, 0.75]}
  momentum: {value: 0.5}
  epochs: {value: 27}
run_cap: 40
lockstep:
  sampler: {type: sobol, seed: 7}
  scheduler: {type: successive-halving, min: 3}
  repeats: {seeds: [1, 2, 3], aggregate: mean}
  when:
    schedule_gamma: schedule == step
  constraints:
    - lr * batch < 16
  cores: {per_trial: 2, concurrent: auto}
  window: 4
  budget: {wall: 90m}
END
run sweep --check sweep.yaml
cat >"$test_folder/expected" <<'END'
name        founding
description what the learning rate does
trains      the built-in trainer
metric      validation_loss, to be minimised
sampler     sobol, seed 7
trials      40, each with the seeds 1, 2, 3 (mean)
scheduler   successive-halving, eta 3, from 3 to 27 epochs
window      4
cores       2 a trial, auto trials at once
time        5400 s at most
same again  as far as the time reaches, which depends on the machine

parameter       distribution                 values
lr              log_uniform_values           0.001 .. 1
batch           categorical                  10, 16, 32
schedule        categorical                  constant, step, cosine
schedule_gamma  uniform                      0.1 .. 0.9, when schedule == step
nesterov        categorical_w_probabilities  true (0.25), false (0.75)
momentum        constant                     0.5
epochs          constant                     27

constraints
  lr * batch < 16

bracket  epochs (trials)
      1  3 (40), 9 (13), 27 (4)
END
test $status -eq 0 && test ! -s "$err" && diff "$test_folder/expected" "$out" >"$err"
report "a plan"
python=${PYTHON:-python3}
run sweep --check --json sweep.yaml
test $status -eq 0 && test "$(n_lines "$out")" -eq 1 && test ! -s "$err"
report "the same as JSON, on one line"
if "$python" -c 'import json' 2>/dev/null; then
	cp "$out" "$test_folder/plan.json"
	"$python" - "$test_folder/plan.json" >"$out" 2>"$err" <<'END'
import json, sys
plan = json.load(open(sys.argv[1]))
by_name = {p["name"]: p for p in plan["parameters"]}
assert plan["file"] == "sweep.yaml" and plan["name"] == "founding" and plan["built_in"] is True
assert plan["metric"] == {"name": "validation_loss", "goal": "minimize", "target": None}
assert plan["sampler"] == {"type": "sobol", "seed": 7}
assert plan["trials"] == 40 and plan["points"] is None and plan["window"] == 4
assert plan["scheduler"]["brackets"] == [[{"epochs": 3, "trials": 40}, {"epochs": 9, "trials": 13},
                                          {"epochs": 27, "trials": 4}]]
assert plan["repeats"] == {"seeds": [1, 2, 3], "aggregate": "mean"}
assert by_name["batch"]["values"] == [10, 16, 32] and by_name["lr"]["range"] == "0.001 .. 1"
assert by_name["nesterov"]["values"] == [True, False]
assert by_name["nesterov"]["probabilities"] == [0.25, 0.75]
assert by_name["schedule_gamma"]["when"] == "schedule == step"
assert plan["constraints"] == ["lr * batch < 16"] and plan["wall_seconds"] == 5400
assert plan["cores_per_trial"] == 2 and plan["concurrent"] is None and plan["warnings"] == []
assert plan["reproducible"] is False
END
	status=$?
	test $status -eq 0
	report "JSON has what the text has"
	# The same specification as JSON, with tabs.
	"$python" -c 'import json, sys
json.dump({"method": "grid", "parameters": {"lr": {"values": [1e-3, 0.1]}, "batch": {"min": 1, "max": 4},
           "hidden": {"value": "relu"}}}, open("sweep.json", "w"), indent="\t")'
	run sweep --check sweep.json
	test $status -eq 0 && shows 'sampler     grid of 8 points' && shows 'lr         categorical   0.001, 0.1' &&
		shows 'batch      int_uniform   1 .. 4'
	report "a specification as JSON"
else
	skip "JSON has what the text has" "$python does not run"
	skip "a specification as JSON" "$python does not run"
fi

run sweep --check --set lr=0.1,0.5,1 --set layers=784-30-10,784-100-10
test $status -eq 0 && test ! -s "$err" && shows 'sampler     grid of 6 points' && shows 'trials      6' &&
	shows 'same again  exactly, on any number of cores' && shows 'lr         categorical   0.1, 0.5, 1' && shows 'layers     categorical   784-30-10, 784-100-10'
report "a grid of sets"

spec <<'END'
method: grid
parameters:
  layers: {values: [784-30-10, 784-100-10]}
  lr: {values: [0.5, 0.25]}
  batch: {min: 8, max: 12}
  slices: {values: [1, 2, 4]}
  nesterov: {values: [true, false]}
  momentum: {values: [0.0, 0.9]}
lockstep:
  zip: [[layers, lr]]
  when: {nesterov: momentum > 0}
  constraints: [batch % slices == 0]
END
# 2 zipped; of batch and slices 5 + 3 + 2; of momentum and nesterov 1 + 2.
run sweep --check sweep.yaml
test $status -eq 0 && shows 'sampler     grid of 60 points' && shows 'trials      60' &&
	shows 'lr         categorical   0.5, 0.25, zipped with layers' &&
	shows 'nesterov   categorical   true, false, when momentum > 0'
report "points of a grid are counted with zip, conditions and constraints"

spec <<'END'
method: random
metric: {name: loss, goal: maximize, target: 0.98}
parameters: {seed: {min: 1, max: 9}}
lockstep: {scheduler: {type: hyperband, max: 81}}
END
run sweep --check sweep.yaml
test $status -eq 0 && shows 'metric      loss, to be maximised until 0.98' && shows 'trials      no limit' &&
	shows '      1  1 (81), 3 (27), 9 (9), 27 (3), 81 (1)' && shows '      2  3 (34), 9 (11), 27 (3), 81 (1)' &&
	shows '      3  9 (15), 27 (5), 81 (1)' && shows '      4  27 (8), 81 (2)' && shows '      5  81 (5)'
report "hyperband's brackets"

spec <<'END'
program: train.py
method: bayes
metric: {name: val_loss}
command:
  - ${env}
  - ${interpreter}
  - ${program}
  - --dir=${envvar:HOME}
  - ${args}
parameters:
  any.name: {distribution: normal}
  model: {parameters: {width: {values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}}
lockstep: {scheduler: {type: median, max: 9, warmup: 2}}
END
run sweep --check sweep.yaml
test $status -eq 0 && shows 'program     train.py' && shows 'sampler     tpe, seed 1, at random for 10 trials' &&
	# shellcheck disable=SC2016 # macros of the command, not of the shell
	shows 'command     ${env} ${interpreter} ${program} --dir=${envvar:HOME} ${args}' &&
	shows 'scheduler   median of 5 trials, after point 2 of 9' &&
	shows 'same again  as far as the program does' &&
	shows 'model.width  categorical   1, 2, 3, 4, 5, 6, 7, 8, ... (10 values)' &&
	shows 'any.name     normal        mu 0, sigma 1'
report "another program has parameters of its own"

spec <<'END'
program: train.py
method: random
run_cap: 9
metric: {name: loss}
parameters: {x: {min: 0.0, max: 1.0}}
early_terminate: {type: hyperband, min_iter: 3}
END
run sweep --check sweep.yaml
test $status -eq 0 && shows "scheduler   successive-halving, eta 3, from 3 points to the program's end" && shows '      1  3 (9), 9 (3), 27 (1)' &&
	grep -qx 'lockstep sweep: sweep.yaml:6:1: early_terminate: trials are paused, not ended, and the best of a rung go on' "$err" &&
	run sweep --check --json sweep.yaml && grep -q '"max":null' "$out"
report "min_iter is in points of the program, to its end"

# ---- Traps ---------------------------------------------------------------------

spec <<'END'
method: random
project: demo
metric: {name: loss}
parameters:
  lr: {distribution: log_uniform, min: 0.001, max: 0.1}
  dropout: {min: 0.0, max: 0.5}
  batch: {values: [10, 010]}
early_terminate: {type: hyperband, min_iter: 3, strict: false}
END
run sweep --check sweep.yaml
cat >"$test_folder/expected" <<'END'
lockstep sweep: sweep.yaml:5:40: lr: the bounds of log_uniform are exponents of e: exp(0.001) to exp(0.1); for values take log_uniform_values
lockstep sweep: sweep.yaml:7:24: '010' is decimal here, and octal to parsers of YAML 1.1
lockstep sweep: sweep.yaml:7:24: batch: the value 10 is there already
lockstep sweep: sweep.yaml:8:57: strict: of a rung the best 1 / eta go on, in any case
lockstep sweep: sweep.yaml:8:1: early_terminate: iterations are epochs here, and logged points to W&B; trials are paused, not ended, and the best of a rung go on
lockstep sweep: sweep.yaml:2:1: project says nothing here
END
test $status -eq 0 && diff "$test_folder/expected" "$err" >"$test_folder/difference"
report "traps are warned of, with their places"
test -s "$out" && run sweep --check --json sweep.yaml && grep -q '"warnings":\["sweep.yaml:5:40: lr: ' "$out"
report "warnings are in the JSON too"

# ---- Options of train -----------------------------------------------------------

# parameter LINE MESSAGE: a parameter of the built-in trainer, and what is wrong with it.
parameter() {
	printf 'method: random\nparameters:\n  %s\n' "$1" >sweep.yaml
	refused 1 "sweep.yaml:$2" --check sweep.yaml
}
# accepted LINE
accepted() {
	printf 'method: random\nparameters:\n  %s\n' "$1" >sweep.yaml
	run sweep --check sweep.yaml
	test $status -eq 0 && test ! -s "$err"
	report "$1"
}

parameter 'learning_rate: {value: 0.1}' "3:3: the parameter 'learning_rate' is no option of train: see lockstep train --help; a sweep over another program names it with the key program"
parameter 'momentun: {value: 0.1}' "3:3: the parameter 'momentun' is no option of train: did you mean 'momentum'?"
parameter 'workers: {values: [1, 2]}' "3:3: the parameter 'workers' never changes a result: there is nothing to search"
parameter 'lr: {values: [0.1, fast]}' "3:22: lr 'fast': expected a decimal number"
parameter 'lr: {values: [0.1, -1]}' "3:22: lr '-1': learning rate -1: it must be above 0 and finite"
parameter 'lr: {value: null}' "3:15: lr 'null': expected a value"
parameter 'batch: {min: 8.5, max: 8.5}' "3:16: batch '8.5', which is drawn from uniform: expected an integer from 0 to 4294967295"
parameter 'batch: {values: [8, 0]}' "3:23: batch '0': batch 0: it must be from 1 to 1073741824"
parameter 'batch: {min: 0, max: 64}' "3:16: batch '0', which is drawn from int_uniform: batch 0: it must be from 1 to 1073741824"
parameter 'batch: {values: ["8", eight]}' "3:25: batch 'eight': expected an integer from 0 to 4294967295"
parameter 'slices: {values: [2, 3]}' "3:24: slices '3': slices 3: it must be a power of two, at most 65536"
parameter 'momentum: {values: [0.9, 1]}' "3:28: momentum '1': momentum 1: it must be at least 0 and below 1"
parameter 'hidden: {values: [relu, gelu]}' "3:27: hidden 'gelu': expected sigmoid|tanh|relu|leaky-relu"
parameter 'nesterov: {values: [true, 1]}' "3:29: nesterov '1': expected true or false"
parameter 'nesterov: {value: foo}' "3:21: nesterov 'foo': expected true or false"
parameter 'drop-last: {value: 0}' "3:22: drop-last '0': expected true or false"
parameter "keep_last: {value: ''}" "3:22: keep_last '': expected true or false"
parameter 'layers: {values: [784-30-10, 784--10]}' "3:32: layers '784--10': size 2 is not a whole number from 1 to 1048576"
parameter 'data: {values: [mnist, imagenet]}' "3:26: data 'imagenet': no such data set; looked at $LOCKSTEP_DATA/imagenet, ./imagenet"
accepted 'leaky_slope: {value: 0.1}'
accepted 'leaky-slope: {value: 0.1}'
accepted 'nesterov: {values: [true, false]}'
accepted 'slices: {values: [1, 2, 4]}'
accepted 'patience: {values: [0, 3]}'
accepted 'validation: {values: [0.1, 5000]}'
accepted 'batch: {distribution: q_log_uniform_values, min: 8, max: 512, q: 8}'
accepted 'data: {value: mnist}'

# ---- What is wrong ----------------------------------------------------------------

refused 2 'SPEC is missing, or --set' --check
refused 2 'SPEC and --set exclude each other' --check sweep.yaml --set lr=1
refused 2 "unexpected argument 'b.yaml'" --check a.yaml b.yaml
refused 2 "--set: 'lr': expected NAME=VALUE,VALUE,..." --check --set lr
refused 2 "--set: lr 'x': expected a decimal number" --check --set lr=1,x
refused 2 "--set: the parameter 'lrr' is no option of train: did you mean 'lr'?" --check --set lrr=1
refused 1 'absent.yaml: No such file or directory' --check absent.yaml
mkdir folder
refused 1 'folder: Is a directory' --check folder
: >empty.yaml
refused 1 'empty.yaml:1:1: there is nothing in it' --check empty.yaml
dd if=/dev/zero bs=1024 count=1025 2>/dev/null | tr '\0' '#' >large.yaml
refused 1 'large.yaml: more than 1048576 bytes' --check large.yaml
spec <<'END'
method: random
parameters:
  lr: {value: 0.1}
	batch: {value: 8}
END
refused 1 'sweep.yaml:4:1: not YAML: found character that cannot start any token while scanning for the next token' --check sweep.yaml
spec <<'END'
method: random
parameters:
  lr: {vaule: 0.1}
END
refused 1 "sweep.yaml:3:8: unknown key 'vaule': did you mean 'value'?" --check sweep.yaml
spec <<'END'
method: grid
parameters:
  lr:
    min: 0.1
    max: 1
END
refused 1 'sweep.yaml:3:3: lr is uniform, which a grid cannot take: expected value, values, int_uniform or q_uniform' --check sweep.yaml
spec <<'END'
method: random
parameters:
  schedule: {values: [constant, step]}
  schedule_gamma: {value: 0.5}
lockstep:
  when:
    schedule_gamma: schedul == step
END
refused 1 "sweep.yaml:7:21: 'schedul == step', column 1: 'schedul' is no parameter; did you mean 'schedule'?" --check sweep.yaml
spec <<'END'
method: grid
parameters:
  batch: {values: [8, 16]}
lockstep:
  constraints: [batch > 16]
END
refused 1 "sweep.yaml: no point of the grid's 2 meets the constraints" --check sweep.yaml
spec <<'END'
method: grid
parameters:
  seed: {min: 1, max: 2000}
  batch: {min: 1, max: 2000}
END
refused 1 'sweep.yaml: the product of the values of all parameters up to batch is 4000000, and a grid has up to 1000000 points' --check sweep.yaml
refuse 2 "--db '-': a database is a file" sweep --set lr=0.1 --db -
test ! -e ./-
report "nor is there one"

done_testing
