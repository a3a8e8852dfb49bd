#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The log of a training run is JSON Lines with the documented fields. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

python=${PYTHON:-python3}
if ! "$python" -c 'import json' 2>/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi

# check EXPRESSION: true of the log's events, a list `e`.
check() {
	"$python" -c '
import json, sys
e = [json.loads(line) for line in open("log")]
start, epochs, end = e[0], e[1:-1], e[-1]
sys.exit(0 if eval("(" + sys.argv[1] + ")") else 1)' "$1" 2>>"$err"
}

# expect NAME EXPRESSION
expect() {
	check "$2"
	report "$1"
}

write_classes data.csv 60
write_classes test.csv 30
run train --data data.csv --test test.csv --epochs 3 --validation 12 --seed 18446744073709551615 --lr 0.1 \
	--workers 2 --log log
digits=$(fingerprint | cut -d ' ' -f 2)
report "a run with a log"
expect "the first event is start, with the schema" 'start["event"] == "start" and start["schema"] == 1'
expect "the version and the arithmetic" 'start["arithmetic"] == 1 and start["version"].count(".") == 2'
expect "the job as given" 'start["job"]["lr"] == 0.1 and start["job"]["epochs"] == 3 and
	start["job"]["seed"] == "18446744073709551615" and start["job"]["data"] == "data.csv"'
expect "the job as settled" 'start["job"]["layers"] == "4-30-3" and start["job"]["loss"] == "softmax" and
	start["job"]["slices"] == 2 and start["job"]["scale"] == "none"'
run train --help
sed -n '/decide the result (/,/never do/p' "$out" | grep -oE '^ +--[a-z0-9-]+' | tr -d ' ' | sed 's/^--//' |
	tr '\n' ' ' >"$test_folder/names"
expect "every option that decides the result" "set(start['job']) == set('$(cat "$test_folder/names")'.split())"
expect "the data's digests" 'len(start["data"]["train"]["digest"]) == 64 and start["data"]["test"]["rows"] == 30 and
	start["train_rows"] == 48 and start["validation_rows"] == 12'
expect "the machine" 'start["machine"]["cores"] >= 1 and "cpu" in start["machine"]'
expect "workers, engine, instruction set" 'start["workers"] == 2 and start["engine"] == "pthreads" and start["isa"]'
expect "an event an epoch" '[x["epoch"] for x in epochs] == [1, 2, 3] and all(x["event"] == "epoch" for x in epochs)'
expect "the fields of an epoch" 'all(x["loss"] > 0 and x["train_seconds"] >= 0 and x["samples_per_second"] > 0 and
	x["learning_rate"] == epochs[0]["learning_rate"] for x in epochs)'
expect "accuracy is that of the test part" 'all(x["accuracy"] == x["test"]["accuracy"] and x["test"]["rows"] == 30 and
	x["validation"]["rows"] == 12 for x in epochs)'
expect "the end" "end['event'] == 'end' and end['status'] == 'done' and end['fingerprint'] == '$digits'"

run train --data data.csv --epochs 1 --log log
expect "without a test part there is no accuracy" 'epochs[0]["accuracy"] is None and epochs[0]["test"] is None and
	start["data"]["test"] is None'
run train --data data.csv --epochs 1 --validation 10 --log log
expect "or that of the validation rows" 'epochs[0]["accuracy"] == epochs[0]["validation"]["accuracy"]'

write_flags flags.csv 40
run train --data flags.csv --label rain,wind --test flags.csv --epochs 1 --log log
expect "multi-label data have the accuracy of labels" '0 <= epochs[0]["test"]["label_accuracy"] <= 1 and
	start["job"]["loss"] == "multilabel"'

run train --data data.csv --epochs 50 --hidden relu --lr 1e30 --log log
expect "a diverged job ends so" 'end["status"] == "diverged" and end["fingerprint"] is None and end["message"]'

run train --data data.csv --epochs 0 --log log.none
test ! -e log.none
report "a job that is refused writes no log"

done_testing
