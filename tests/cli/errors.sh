#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Everything that can be wrong before the first step: the exit status, one line
# on stderr that says what (and for wrong usage a line that says where to look),
# nothing on stdout, and no file written. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

write_classes "$test_folder/data.csv" 30
printf 'not a model\n' >"$test_folder/broken.safetensors"
printf 'a,b\n1,x\n1\n' >"$test_folder/ragged.csv"
"$lockstep" train --data "$test_folder/data.csv" --epochs 1 --quiet --save "$test_folder/model" >"$out" 2>"$err"
status=$?
test -s "$test_folder/model"
report "a model to make mistakes with"

# refuse STATUS TEXT ARGUMENT...: TEXT is a part of the one line.
refuse() {
	expected=$1 text=$2
	shift 2
	run "$@"
	test $status -eq "$expected" && test ! -s "$out" && grep -qF -- "$text" "$err" &&
		test "$(grep -cv '^Try ' "$err")" -eq 1 && test -z "$(ls -A .)"
	report "lockstep $*"
}

# usage TEXT ARGUMENT...: wrong usage; the second line says where help is.
usage() {
	refuse 2 "$@"
	test "$(n_lines "$err")" -eq 2 && grep -q "^Try 'lockstep .*--help'$" "$err"
	report "  and where to look"
}

data=$test_folder/data.csv model=$test_folder/model

usage 'a subcommand is missing'
usage "unknown subcommand 'trian'; did you mean 'train'?" trian
usage "unknown subcommand 'xyzzy'" xyzzy
usage "unknown subcommand 'xyzzy'" help xyzzy
usage "unknown option '--versoin'; did you mean '--version'?" --versoin
usage "unknown option '--labl'; did you mean '--label'?" train --labl x
usage "unknown option '-z'" train -z
usage "option '--sch' is ambiguous" train --sch step
usage '--nesterov takes no value' train --nesterov=1
usage '--epochs needs a value' train --epochs
usage '--output needs a value' predict "$model" "$data" -o
usage "unexpected argument 'extra'" train extra
usage 'MODEL is missing' eval
usage 'FILE is missing' predict "$model"
usage "unexpected argument 'extra'" predict "$model" "$data" extra

for text in x '' -1 +1 ' 1' 1.0 1e3 0x10 4294967296 99999999999999999999; do
	usage "--epochs '$text': expected an integer" train --epochs "$text"
done
usage "--seed '18446744073709551616': expected an integer" train --seed 18446744073709551616
for text in x '' nan inf -inf 0x1p-1 ' 1' '1 ' 1,5 1e 1e+ . e1 1e999 --; do
	usage "--lr '$text': expected a decimal number" train --lr "$text"
done
for text in 0 -1 2x AUTO; do
	usage "--workers '$text': expected auto, or an integer" train --workers "$text"
done
for text in x 1.5 1. -0.1 1e3 nan; do
	usage "--validation '$text': expected a number of rows, or a fraction" train --validation "$text"
done
usage "--loss 'softma': expected softmax|multilabel|quadratic" train --loss softma
usage "--hidden '': expected sigmoid|tanh|relu|leaky-relu" train --hidden ''
usage "--scale 'unit|none': expected none|unit|standardise" train --scale 'unit|none'
usage "--format 'xml': expected text|json" eval "$model" --format xml
usage "--format 'text': expected csv|json" predict "$model" "$data" --format text
usage "--part 'both': expected train|test" eval "$model" --part both
usage "--data '': expected" train --data ''

usage momentum train --data "$data" --momentum 1
usage batch train --data "$data" --batch 0
usage epochs train --data "$data" --epochs 0
usage slices train --data "$data" --slices 3
usage rate train --data "$data" --lr 0
usage rate train --data "$data" --lr -1
usage workers train --data "$data" --batch 8 --workers 64
usage "--split 'columns': expected auto|rows|owners|units" train --split columns
usage 'expected auto|rows|owners|units' train --split ''
usage serial train --data "$data" --split units --engine serial
usage 'two layers' train --data "$data" --split units --layers 4-3
usage '2 workers need 17 units or more' train --data "$data" --split units --layers 4-16-3 --batch 8 --workers 2
usage '1 worker needs 1 unit or more' train --data "$data" --split units --layers 4-3 --batch 8 --workers 1
usage x-30-3 train --data "$data" --layers x-30-3
usage 5 train --data "$data" --layers 5-30-3
usage 'instruction set' train --data "$data" --isa sse2
usage nowhere train --data "$data" --bind nowhere
usage list:4095 train --data "$data" --bind list:4095
usage '--synthetic and --xml exclude each other' topology --synthetic pack:1 --xml f
usage 'expected at most 65536' topology --workers 100000

refuse 1 "$LOCKSTEP_DATA/absent" train --data absent
refuse 1 ./absent.csv train --data ./absent.csv
refuse 1 "$test_folder/ragged.csv" train --data "$test_folder/ragged.csv"
refuse 1 absent.csv train --data "$data" --test absent.csv
refuse 1 absent/model train --data "$data" --save absent/model
refuse 1 "$test_folder: Is a directory" train --data "$data" --save "$test_folder"
refuse 2 '--save and --log both go to' train --data "$data" --save both --log ./both
refuse 2 'is the file of --data, which is read' train --data "$data" --log "$test_folder/./data.csv"
refuse 1 absent/log train --data "$data" --log absent/log
refuse 1 absent.safetensors eval absent.safetensors --data "$data"
refuse 1 broken.safetensors eval "$test_folder/broken.safetensors" --data "$data"
refuse 1 'no test part' eval "$model" --data "$data" --part test
refuse 1 broken.safetensors predict "$test_folder/broken.safetensors" "$data"
refuse 1 absent.csv predict "$model" absent.csv
refuse 1 absent/out predict "$model" "$data" --labelled --output absent/out
refuse 1 absent.xml topology --xml absent.xml

done_testing
