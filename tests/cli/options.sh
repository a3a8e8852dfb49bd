#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The texts agree: every option of --help is in the man page and in the
# completion, and the other way round. And options are read as documented. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

subcommands='train eval predict verify sweep runs report gradcheck bench scale topology'

# Options that the text on stdin begins a line with, one a line, sorted.
long_options() {
	grep -oE '^ *(-[a-z], )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | sort -u
}

run --help
for subcommand in $subcommands; do
	grep -q "^  $subcommand " "$out"
	report "--help lists $subcommand"
done
cp "$out" "$test_folder/help"
run help
cmp -s "$out" "$test_folder/help"
report "help is --help"

run train --help
cp "$out" "$test_folder/help"
run train --epochs 7 --layers 4-2 --help
cmp -s "$out" "$test_folder/help"
report "--help shows the defaults behind other options"

for subcommand in $subcommands; do
	run "$subcommand" --help
	! grep -q 4294967295 "$out"
	report "$subcommand --help shows no value that stands for none"
	test $status -eq 0 && test ! -s "$err" && grep -q "^Usage: lockstep $subcommand" "$out"
	report "$subcommand --help"
	awk 'length > 79 { exit 1 }' "$out"
	report "$subcommand --help fits 79 columns"
	cp "$out" "$test_folder/help"
	long_options <"$test_folder/help" >"$test_folder/options"
	run help "$subcommand"
	cmp -s "$out" "$test_folder/help"
	report "help $subcommand is $subcommand --help"

	grep -E '^\.It Fl ' "$source_folder/doc/man/lockstep-$subcommand.1" | tr -d '\\' |
		grep -oE 'Fl -[a-z0-9-]+' | sed 's/^Fl -/--/' | sort -u >"$out"
	diff "$test_folder/options" "$out" >"$err"
	report "the man page of $subcommand has the same options"

	if command -v bash >/dev/null 2>&1; then
		bash -c '. "$1"; _lockstep_options "$2"' - "$source_folder/completion/lockstep.bash" "$subcommand" |
			tr -s ' \t' '\n' | sort -u >"$out"
		diff "$test_folder/options" "$out" >"$err"
		report "the completion of $subcommand has the same options"
	else
		skip "the completion of $subcommand has the same options" 'no bash'
	fi
done

# Words of enumerations, from --help, against the completion's.
if command -v bash >/dev/null 2>&1; then
	run train --help
	grep -oE -- '--[a-z-]+ [a-z0-9-]+(\|[a-z0-9-]+)+( |$)' "$out" | sort -u >"$test_folder/words"
	while read -r option words; do
		completed=$(bash -c '. "$1"; _lockstep_words train "$2"' - \
			"$source_folder/completion/lockstep.bash" "$option")
		test "$(echo "$completed" | tr ' ' '|')" = "$words"
		report "the completion of $option offers $words"
	done <"$test_folder/words"
fi

run --version
head -n 1 "$out" | grep -qE '^lockstep [0-9]+\.[0-9]+\.[0-9]+$' && grep -q '^compiler' "$out" &&
	grep -q '^instruction set' "$out" && grep -q '^arithmetic' "$out" && grep -q '^OpenMP' "$out"
report "--version"
commit=$(sh "$source_folder/src/base/commit.sh" "$source_folder")
test "$(sed -n 's/^commit  *//p' "$out")" = "$commit"
report "--version has the commit, where it is known"

# The forms of an option, and numbers that are the same.
write_classes data.csv 40
run train --data data.csv --epochs 2 --lr 0.25 --quiet
expected=$(fingerprint)
report "a job"
for text in .25 0.250 2.5e-1 2.5E-1 25e-2 +0.25; do
	run train --quiet "--lr=$text" --epochs=2 --data=data.csv
	same "$expected"
	report "--lr=$text is --lr 0.25"
done
run train -q --epo 2 --dat data.csv --lr 0.25
same "$expected"
report "options may be shortened"
run train --lr 0.25 --data data.csv --quiet --epochs 7 --epochs 2
same "$expected"
report "the last of equal options counts"
run train --quiet --data data.csv --epochs 2 --lr 0.25 --layers 4-30-3 --loss softmax --hidden sigmoid --init normal \
	--seed 1 --batch 10 --scale none --schedule constant --momentum 0 --l2 0 --dropout 0 --warmup 0 --validation 0 \
	--monitor loss --patience 0 --leaky-slope 0.01 --label kind
same "$expected"
report "the documented defaults are the defaults"
run train --quiet --data data.csv --epochs 2 --lr 0.25 --seed 2
fingerprint >/dev/null && test "$(fingerprint)" != "$expected"
report "another seed, another fingerprint"
run train --quiet --data data.csv --epochs 2 --lr 0.25 --seed 18446744073709551615
fingerprint >/dev/null
report "the largest seed"

run train --quiet --data data.csv --epochs 2 --lr 0.25 --validation 10
ten=$(fingerprint)
run train --quiet --data data.csv --epochs 2 --lr 0.25 --validation 0.25
same "$ten" && test "$ten" != "$expected"
report "--validation takes rows or a fraction"

done_testing
