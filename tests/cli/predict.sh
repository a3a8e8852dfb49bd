#!/bin/sh
# SPDX-License-Identifier: MIT
#
# eval and predict: their results agree with each other, in every form. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes data.csv 60
cut -d , -f 1-4 data.csv >features.csv
run train --data data.csv --epochs 40 --lr 1 --scale standardise --quiet --save model
test -s model
report "a model"

run eval model --data data.csv
test $status -eq 0 && grep -q '^part  *train$' "$out" && grep -q '^rows  *60$' "$out"
report "eval over the only part"
right=$(sed -n 's/^accuracy .*(\([0-9]*\) of 60)$/\1/p' "$out")
test "${right:-0}" -gt 40
report "the model has learnt"
run eval model --data data.csv --test data.csv
grep -q '^part  *test$' "$out"
report "eval takes the test part where there is one"
run eval model --data data.csv --format json
grep -q "\"exact\":$right" "$out" && test "$(n_lines "$out")" -eq 1
report "eval --format json"
cp "$out" "$test_folder/before"
run eval model --data data.csv --format json --isa portable
cmp -s "$out" "$test_folder/before"
report "eval is the same on another instruction set"

run predict model features.csv
test $status -eq 0 && test "$(n_lines "$out")" -eq 61
report "predict has a line a row"
head -n 1 "$out" | grep -qE '^[a-z]{3},[a-z]{3},[a-z]{3},prediction$'
report "and a heading with the labels' names"
awk -F , 'NR > 1 { s = $1 + $2 + $3; if (!(s > 0.999 && s < 1.001)) exit 1 }' "$out"
report "probabilities add up to 1"
cp "$out" "$test_folder/csv"
cut -d , -f 5 data.csv | sed 1d >"$test_folder/labels"
cut -d , -f 4 "$test_folder/csv" | sed 1d | paste -d , - "$test_folder/labels" |
	awk -F , -v n="$right" '$1 == $2 { k++ } END { exit k != n }'
report "predictions are right as often as eval says"
run predict model data.csv --labelled
cmp -s "$out" "$test_folder/csv"
report "--labelled leaves the last column out"
run predict model data.csv --label kind
cmp -s "$out" "$test_folder/csv"
report "--label names the column to leave out"
run predict model features.csv --isa portable
cmp -s "$out" "$test_folder/csv"
report "predict is the same on another instruction set"
run predict model data.csv
test $status -ne 0 && test ! -s "$out" && test "$(grep -cv ^Try "$err")" -eq 1
report "a label column among the features is refused"

run predict model features.csv --output result.csv
test $status -eq 0 && test ! -s "$out" && cmp -s result.csv "$test_folder/csv"
report "--output"
test "$(ls | grep -c result)" -eq 1
report "no temporary file is left"
test "$(ls -l result.csv | cut -c 1-10)" = "$(: >"$test_folder/usual" && ls -l "$test_folder/usual" | cut -c 1-10)"
report "the file has the usual mode"
echo kept >kept.csv
run predict model absent.csv -o kept.csv
test $status -eq 1 && test "$(cat kept.csv)" = kept
report "an earlier file survives a failure"
if test -w /dev/full; then
	run predict model features.csv -o /dev/full
	test $status -eq 1 && grep -q '^lockstep predict: /dev/full: No space left on device$' "$err"
	report "a full device is noticed"
	"$lockstep" predict model features.csv >/dev/full 2>"$err"
	status=$?
	test $status -eq 1 && grep -q 'standard output: No space left on device' "$err"
	report "and a full stdout"
fi

run predict model features.csv --format json
if ${PYTHON:-python3} -c 'import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[2])))
objects = json.load(open(sys.argv[1]))
assert len(rows) == len(objects) == 60
for i, (row, o) in enumerate(zip(rows, objects)):
    assert o["row"] == i and o["prediction"] == row.pop("prediction")
    assert o["probabilities"] == {k: float(v) for k, v in row.items()}' "$out" "$test_folder/csv" 2>"$err"; then
	report "--format json says the same as csv"
elif ${PYTHON:-python3} -c pass 2>/dev/null; then
	false
	report "--format json says the same as csv"
else
	skip "--format json says the same as csv" 'no python3'
fi

# Names that CSV must quote.
printf 'x,y,what\n0,0,"a ""b"""\n1,1,"c,d"\n0,1,plain\n' >quoted.csv
run train --data quoted.csv --epochs 1 --quiet --save quoted
run predict quoted quoted.csv --labelled
head -n 1 "$out" | grep -qF '"a ""b"""' && head -n 1 "$out" | grep -qF '"c,d"' &&
	head -n 1 "$out" | grep -qE '(^|,)plain,'
report "labels are quoted where RFC 4180 asks for it"

write_flags flags.csv 60
cut -d , -f 1-2 flags.csv >cloud.csv
run train --data flags.csv --label rain,wind --epochs 200 --lr 1 --quiet --save several
run predict several cloud.csv
head -n 1 "$out" | grep -qx 'rain,wind,prediction'
report "multi-label heading"
awk -F , 'NR > 1 {
	names = ($1 > 0.5 ? "rain" : "") ($1 > 0.5 && $2 > 0.5 ? "+" : "") ($2 > 0.5 ? "wind" : "")
	if ($3 != "\"" names "\"") exit 1
	if (names == "rain+wind") both = 1
} END { exit !both }' "$out"
report "multi-label predictions are joined by +"
run eval several --data flags.csv --label rain,wind
grep -qE '^labels  *[0-9.]+ % \([0-9]+ right\)$' "$out"
report "eval tells the accuracy of labels"

done_testing
