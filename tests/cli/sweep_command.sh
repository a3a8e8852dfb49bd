#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lockstep sweep of other programs: what they are told, what becomes of what they print and of how
# they end, the same table for a program that gives the same numbers, and no process left. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

# program NAME: the script on stdin, executable.
program() {
	cat >"$1"
	chmod +x "$1"
}

# spec NAME PARAMETERS COMMAND LINE...: a grid over the parameters, and lines of the top level.
spec() {
	name=$1 parameters=$2 words=$3
	shift 3
	{
		printf 'name: %s\nmethod: grid\nmetric: {name: loss}\nparameters: {%s}\ncommand: [%s]\n' "$name" "$parameters" "$words"
		for line; do
			echo "$line"
		done
	} >"$name.yaml"
}

# sweep NAME DATABASE OPTION...
sweep() {
	name=$1 database=$2
	shift 2
	run sweep "$name.yaml" --db "$database" --quiet "$@"
}

# folder DATABASE NAME: of the study's trials.
folder() {
	echo "$1"-trials/*-"$2"
}

# column DATABASE: states, objectives and epochs, a line a trial.
column() {
	"$lockstep" runs export --db "$1" --format csv --no-times | cut -d, -f"$2" | sed 1d
}

MARK_OF_TEST=$test_folder
export MARK_OF_TEST
# alive: processes of this test that are there.
alive() {
	grep -lz "MARK_OF_TEST=$test_folder" /proc/[0-9]*/environ 2>/dev/null | while read -r file; do
		process=${file#/proc/}
		process=${process%/environ}
		case $(cat "/proc/$process/comm" 2>/dev/null) in
		sleep | awk | mawk | gawk | *.sh | lockstep | lt-lockstep) test "$process" = $$ || echo "$process" ;;
		esac
	done
}
# gone: none is, after a while.
gone() {
	tries=0
	until test -z "$(alive)" || test $tries -eq "${1:-20}"; do
		sleep 0.1
		tries=$((tries + 1))
	done
	test -z "$(alive)"
}

# ---- What a program is told ----------------------------------------------------------

# shellcheck disable=SC2016 # the program's own variables
program show.sh <<'END'
#!/bin/sh
for word; do echo "word $word"; done
env | grep -E '^(LOCKSTEP_[A-Z_]*|OMP_NUM_THREADS)=' | grep -v _DATA
read -r line || echo "nothing on stdin"
for word; do case $word in */args.json) echo "file $(cat "$word")" ;; esac; done
echo '{"loss": 1}'
END
values='x: {values: [0.5]}, n: {value: 3}, r: {value: 2.0}, flag: {values: [true]}, other: {value: false}, none: {value: null}, text: {value: "a b"}'
# shellcheck disable=SC2016 # macros of the command
spec words "$values" './show.sh, "${args}", "-", "${args_no_boolean_flags}", "-", "${args_no_hyphens}", "-", "${args_json}", "${args_json_file}", "pre${envvar:WORD}post"'
WORD=' mid ' LOCKSTEP_SEED=7
export WORD LOCKSTEP_SEED
sweep words words.db --cores 1
unset LOCKSTEP_SEED
shown=$(folder words.db words)/0/stdout
dir=$(cd "$(folder words.db words)/0" && pwd)
cat >"$test_folder/expected" <<END
word --x=0.5
word --n=3
word --r=2.0
word --flag=True
word --other=False
word --none=None
word --text=a b
word -
word --x=0.5
word --n=3
word --r=2.0
word --flag
word --none=None
word --text=a b
word -
word x=0.5
word n=3
word r=2.0
word flag=True
word other=False
word none=None
word text=a b
word -
word {"x":0.5,"n":3,"r":2.0,"flag":true,"other":false,"none":null,"text":"a b"}
word $dir/args.json
word pre mid post
nothing on stdin
file {"x":0.5,"n":3,"r":2.0,"flag":true,"other":false,"none":null,"text":"a b"}
{"loss": 1}
END
test $status -eq 0 && grep -vE '^(LOCKSTEP|OMP)' "$shown" | diff "$test_folder/expected" - >&2
report "macros become words"
{
	echo LOCKSTEP_CORES=1
	echo LOCKSTEP_POINTS=0
	echo LOCKSTEP_TRIAL=0
	echo "LOCKSTEP_TRIAL_DIR=$dir"
	echo OMP_NUM_THREADS=1
} >"$test_folder/expected"
grep -E '^(LOCKSTEP|OMP)' "$shown" | grep -vE '^LOCKSTEP_(SHORT|LONG)=' | sort | diff "$test_folder/expected" - >&2
report "the environment tells of trial, folder and cores, and nothing that is left of another"
grep -q '^same again  as far as the program does$' "$out"
report "the output says what is not promised"

# shellcheck disable=SC2016
spec seeds 'x: {values: [1, 2]}' './show.sh, "${args}"' 'lockstep: {repeats: {seeds: [11, 12]}}'
sweep seeds seeds.db
test $status -eq 0 && grep -qx 'word --seed=11' "$(folder seeds.db seeds)/1-11/stdout" &&
	grep -qx 'LOCKSTEP_SEED=12' "$(folder seeds.db seeds)/0-12/stdout"
report "seeds are an argument, and in the environment"

# shellcheck disable=SC2016
spec twice 'x: {values: [1, 2, 3]}' './count.sh, "${envvar:HOME}"'
program count.sh <<'END'
#!/bin/sh
echo once >>count
echo '{"loss": 4}'
END
sweep twice twice.db
test $status -eq 0 && test "$(n_lines count)" -eq 1 && test "$(column twice.db 5 | tr '\n' ' ')" = '4 4 4 '
report "trials with the same command have one process"
# shellcheck disable=SC2016
spec twins 'x: {values: [1, 2, 3]}' './legs.sh, "${envvar:HOME}"' \
	'lockstep: {window: 2, scheduler: {type: successive-halving, min: 1, max: 4, eta: 2}}'
program legs.sh <<'END'
#!/bin/sh
echo "$LOCKSTEP_POINTS to $LOCKSTEP_POINTS_UNTIL" >>legs
for i in 1 2 3 4; do echo "{\"loss\": $i}"; done
END
sed -i 's/\[1, 2, 3\]/[1, 2, 3, 4, 5, 6, 7, 8]/' twins.yaml
sweep twins twins.db
test $status -eq 0 && test "$(tr '\n' , <legs)" = '0 to 1,1 to 2,2 to 4,' &&
	test "$(column twins.db 6 | sort | tr '\n' ' ')" = '1 1 1 1 2 2 4 4 '
report "and from rung to rung one each"
sweep twice twice.db --name again
test $status -eq 0 && test "$(n_lines count)" -eq 2
report "another study asks again, since the program may be another"
sed '/^name:/d; s/^method: grid/method: random/' twice.yaml >wall.yaml
echo 'lockstep: {budget: {wall: 1}}' >>wall.yaml
status=0
timeout 20 "$lockstep" sweep wall.yaml --db wall.db --quiet >"$out" 2>"$err" || status=$?
test $status -eq 0 && grep -q 'the same command goes on' "$err"
report "trials that take no time end with the budget's"
sed 's/^lockstep:.*/run_cap: 3/; s/\[1, 2, 3\]/[1, 2]/' wall.yaml >nothing.yaml
echo 'lockstep: {constraints: [x > 2]}' >>nothing.yaml
run sweep nothing.yaml --db nothing.db --quiet
test $status -eq 1 && test "$(n_lines "$err")" -eq 1 &&
	grep -q '^lockstep sweep: nothing.yaml: trial 0: no point of [0-9]* met the constraints$' "$err"
report "constraints that leave no point"

# ---- What it prints ------------------------------------------------------------------

program odd.sh <<'END'
#!/bin/sh
printf '{"epoch": 1, "loss": 3, "val": {"acc": 0.25}, "text": "x"}\n'
printf 'progress 10%%\r\nnot json\n{"loss": "no number"}\n{"other": 1}\n[1]\n{"loss": 1\n'
printf 'a\0b{"loss": 7}\n'
printf '{"loss": 6, "text": "a\0b"}\n'
printf '\377\376\n'
head -c 3000000 /dev/zero | tr '\0' 'y'
printf '\n\t{"epoch":\t2, "loss": 2.5, "val": {"acc": NaN}, "learning_rate": 0.125}\r\n'
printf '{"epoch": 3, "loss": 2, "big": -Infinity, "word": "NaN"}'
case $1 in
closed) exec >&-; sleep 0.3 ;;
held) sleep 60 & ;;
esac
exit 0
END
# shellcheck disable=SC2016
spec odd 'x: {value: 1}' './odd.sh, "${envvar:KIND}"'
for KIND in plain closed held; do
	export KIND
	sed "s/^name:.*/name: $KIND/" odd.yaml >$KIND.yaml
	sweep $KIND odd.db
	test $status -eq 0 && "$lockstep" runs export --db odd.db $KIND --format csv --no-times | head -2 | tail -1 >row &&
		grep -q ',done,.*,2,3,0' row && gone
	report "odd output, stdout $KIND"
done
"$lockstep" runs export --db odd.db plain --format csv --no-times | head -1 |
	grep -q 'metric.loss,metric.learning_rate,metric.big,metric.epoch,metric.val.acc'
report "all numbers of a point are metrics"

# ---- How it ends -----------------------------------------------------------------------

program end.sh <<'END'
#!/bin/sh
kind=${1#x=}
test "$kind" = none || echo '{"loss": 1}'
printf 'first line\nthe reason\n\n' >&2
case $kind in
exit) exit 3 ;;
signal) kill -s SEGV $$ ;;
nan) echo '{"loss": NaN}'; sleep 60 ;;
esac
exit 0
END
# shellcheck disable=SC2016
spec end 'x: {values: [exit, signal, none, nan, good]}' './end.sh, "${args_no_hyphens}"'
sweep end end.db
test $status -eq 0 && test "$(column end.db 3 | tr '\n' ' ')" = 'failed failed failed diverged done '
report "an exit status, a signal, no point and a NaN are results of trials"
for trial in 0 1 2 3; do
	"$lockstep" runs show --db end.db end $trial
done >shown 2>&1
grep -q 'exit status 3: the reason' shown && grep -q 'ended by signal 11 (.*): the reason' shown &&
	grep -q "no point: no line that it printed is a JSON object with a number 'loss'" shown &&
	grep -q 'point 2: loss is not finite' shown
report "with their reasons, the last line of stderr"
grep -qE '  3  exit status 3' shown && grep -qE ' 139  ended by' shown
report "and their exit status"

# ---- Before anything runs ----------------------------------------------------------------

# refused STATUS MESSAGE NAME OPTION...
refused() {
	expected=$1 message=$2
	shift 2
	sweep "$1" none.db ${2:+"$2"} ${3:+"$3"}
	test $status -eq "$expected" && test ! -s "$out" && test "$(head -n 1 "$err")" = "lockstep sweep: $message" &&
		test ! -e none.db && test ! -e none.db-trials
	report "$message"
}
spec gone 'x: {value: 1}' './gone.sh'
refused 1 "gone.yaml: './gone.sh': No such file or directory" gone
spec nowhere 'x: {value: 1}' 'no-such-program-anywhere'
refused 1 "nowhere.yaml: 'no-such-program-anywhere': no such program in PATH" nowhere
: >plain.txt
spec plainfile 'x: {value: 1}' './plain.txt'
refused 1 "plainfile.yaml: './plain.txt': Permission denied" plainfile
# shellcheck disable=SC2016
spec noenv 'x: {value: 1}' '"${env}", no-such-program-anywhere'
refused 1 "noenv.yaml: 'no-such-program-anywhere': no such program in PATH" noenv
# shellcheck disable=SC2016
spec variable 'x: {value: 1}' './show.sh, "${envvar:NO_SUCH_VARIABLE}"'
# shellcheck disable=SC2016
refused 2 'variable.yaml: ${envvar:NO_SUCH_VARIABLE}: the environment has no such variable' variable
spec seed 'seed: {value: 1}' './show.sh' 'lockstep: {repeats: {seeds: [1]}}'
refused 1 'seed.yaml:6:29: seed is a parameter as well: expected one of the two' seed
spec options 'x: {value: 1}' './show.sh'
refused 2 'options.yaml: options of train say nothing to another program: give them to its command' options --epochs 3
sed -i /metric/d options.yaml
refused 2 "options.yaml: metric is missing: the name of the number in the program's lines of JSON" options

# ---- Searches and schedules ----------------------------------------------------------------

# Nothing but its parameters decides what it prints. It keeps no checkpoint.
program learn.sh <<'END'
#!/bin/sh
exec awk -v word="$1" -v pause="$PAUSE" 'BEGIN {
	x = substr(word, index(word, "=") + 1)
	for (e = 1; e <= 27; e++) {
		printf "{\"epoch\": %d, \"loss\": %.12f}\n", e, (x - 0.3) ^ 2 + x / e
		fflush()
		if (pause) system("sleep " pause)
	}
}'
END
# search NAME METHOD TRIALS LINE...
search() {
	name=$1 method=$2 trials=$3
	shift 3
	{
		cat <<-END
			name: $name
			method: $method
			metric: {name: loss}
			program: learn.sh
			command: [./learn.sh, "\${args}"]
			parameters:
			  x: {min: 0.0, max: 1.0}
			run_cap: $trials
		END
		for line; do
			echo "$line"
		done
		printf 'lockstep:\n  window: 4\n'
	} >"$name.yaml"
}
search tpe bayes 14
search median random 12
echo '  scheduler: {type: median, max: 20}' >>median.yaml
search halving random 12
echo '  scheduler: {type: successive-halving, min: 1, max: 9}' >>halving.yaml
search min_iter random 10 'early_terminate: {type: hyperband, min_iter: 2}'
search hyperband random 10
echo '  scheduler: {type: hyperband, min: 1, max: 9}' >>hyperband.yaml
search early random 10 'early_terminate: {type: hyperband, max_iter: 27, s: 2}'
search repeats random 6
printf '  scheduler: {type: median, max: 20}\n  repeats: {seeds: [1, 2]}\n' >>repeats.yaml
names='tpe median halving hyperband early min_iter repeats'
for cores in 1 2 3; do
	for name in $names; do
		sweep $name cores$cores.db --cores $cores --bind none
		test $status -eq 0 || break
	done
	test $status -eq 0
	report "searches and schedules on $cores cores"
	"$lockstep" runs export --db cores$cores.db --format csv --no-times >cores$cores.csv
done
cmp cores1.csv cores2.csv >&2 && cmp cores1.csv cores3.csv >&2
report "the same table, the program being the same"
grep -q '^median,.*,pruned,' cores1.csv && grep -q '^halving,.*,paused,' cores1.csv && grep '^halving,' cores1.csv | grep -q ',9,0,' &&
	grep '^early,' cores1.csv | grep -q ',27,0,' && grep '^min_iter,' cores1.csv | grep -q ',paused,.*,6,0,'
report "trials are pruned, paused and promoted"
trial=$(grep '^halving,' cores1.csv | grep ',done,' | head -1 | cut -d, -f2)
test "$(grep -c '"epoch": 1,' "$(folder cores1.db halving)/$trial/stdout")" -ge 3
report "a promoted trial is started again, and its points are counted once"

# One that goes on from a checkpoint of its own, and ends where it is told to.
program own.sh <<'END'
#!/bin/sh
file=$LOCKSTEP_TRIAL_DIR/checkpoint
test -e "$file" && e=$(cat "$file") || e=0
test "$e" -eq "$LOCKSTEP_POINTS" || exit 9
test "$LOCKSTEP_POINTS_MAX" -eq 9 || exit 8
while test $e -lt "$LOCKSTEP_POINTS_UNTIL"; do
	e=$((e + 1))
	echo $e >"$file"
	echo $e >>"$LOCKSTEP_TRIAL_DIR/trained"
	echo "{\"epoch\": $e, \"loss\": ${1#--x=}}"
done
END
# shellcheck disable=SC2016
sed 's/^name:.*/name: own/; s/learn\.sh/own.sh/g' halving.yaml >own.yaml
sweep own own.db
test $status -eq 0 && grep -q done "$out" && ! column own.db 3 | grep -q failed &&
	for file in "$(folder own.db own)"/*/trained; do
		sort "$file" | uniq -d
	done | wc -l | grep -qx 0 && cat "$(folder own.db own)"/*/trained | grep -qx 9
report "one with a checkpoint of its own goes on where it was"
rm -f own.db own.db-wal own.db-shm own.db-lock
sweep own own.db
test $status -eq 0 && ! column own.db 3 | grep -q failed && test -e "$(folder own.db own)/0.old1/checkpoint"
report "what another database's trial left is moved away"

# ---- Cores ----------------------------------------------------------------------------------

program where.sh <<'END'
#!/bin/sh
sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status >where.$$
tries=0
until test "$(ls where.[0-9]* | wc -l)" -ge "$1" || test $tries -eq 100; do
	sleep 0.05
	tries=$((tries + 1))
done
echo '{"loss": 1}'
END
n=$(nproc)
test "$n" -lt 2 || n=2
spec where 'x: {values: [1, 2]}' "./where.sh, '$n', \"\${args}\"" 'lockstep: {cores: {per_trial: 1}}'
sweep where where.db --cores "$n"
test $status -eq 0 && test "$(cat where.[0-9]* | wc -l)" -eq 2 && test "$(cat where.[0-9]* | sort -u | wc -l)" -eq "$n" &&
	! cat where.[0-9]* | grep -q '[,-]'
report "a trial's process is on its own core"

# shellcheck disable=SC2016
spec pair 'x: {values: [1, 2]}' './show.sh, "${args}"' 'lockstep: {cores: {per_trial: 2}}'
if test "$n" -ge 2; then
	sweep pair pair.db --cores 2
	test $status -eq 0 && grep -qx 'LOCKSTEP_CORES=2' "$(folder pair.db pair)/0/stdout" && grep -qx 'OMP_NUM_THREADS=2' "$(folder pair.db pair)/1/stdout"
	report "or on as many as it shall have"
else
	skip "or on as many as it shall have" "one core"
fi

# ---- Ended, and taken up again ----------------------------------------------------------------

# begun DATABASE: waits for points of the study.
begun() {
	tries=0
	until grep -qs epoch "$1"-trials/*/*/stdout || test $tries -eq 100; do
		sleep 0.1
		tries=$((tries + 1))
	done
}
PAUSE=0.05
export PAUSE
for signal in INT TERM KILL; do
	rm -rf ended.db*
	$with_signals "$lockstep" sweep halving.yaml --db ended.db --quiet --cores 2 --bind none >"$out" 2>"$err" &
	pid=$!
	begun ended.db
	test -n "$(alive)"
	report "processes are found"
	kill -s $signal $pid
	wait $pid 2>/dev/null
	status=$?
	case $signal in INT) test $status -eq 130 ;; TERM) test $status -eq 143 ;; KILL) test $status -eq 137 ;; esac
	report "SIG$signal ends the sweep"
	gone
	report "and leaves no process"
	PAUSE='' sweep halving ended.db --cores 2 --bind none
	test $status -eq 0 && "$lockstep" runs export --db ended.db --format csv --no-times >ended.csv &&
		grep -E '^(study|halving),' cores1.csv | sed 's/metric\.[^,]*//g' | cut -d, -f1-8 >a && cut -d, -f1-8 ended.csv >b && sed 1d a >c && sed 1d b | cmp c - >&2
	report "the same command goes on, to the same table"
done

program stubborn.sh <<'END'
#!/bin/sh
trap '' TERM INT HUP
(sleep 61 & sleep 61) &
while :; do
	echo '{"loss": 1}'
	sleep 0.1
done
END
spec stubborn 'x: {value: 1}' './stubborn.sh'
$with_signals "$lockstep" sweep stubborn.yaml --db stubborn.db --quiet >"$out" 2>"$err" &
pid=$!
tries=0
until test -s "$(folder stubborn.db stubborn)/0/stdout" || test $tries -eq 100; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -s INT $pid
wait $pid
status=$?
test $status -eq 130 && gone
report "what does not hear SIGTERM is killed, with all that it started"
$with_signals "$lockstep" sweep stubborn.yaml --db stubborn.db --quiet >"$out" 2>"$err" &
pid=$!
tries=0
until test -n "$(alive)" || test $tries -eq 100; do
	sleep 0.1
	tries=$((tries + 1))
done
sleep 0.2
kill -s KILL $pid
wait $pid 2>/dev/null
gone
report "also when the sweep is killed"

# ---- Python ---------------------------------------------------------------------------------------

python=${PYTHON:-python3}
if "$python" -c 'import json' 2>/dev/null; then
	cat >train.py <<'END'
import argparse, json, time
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--deep.er", type=int)
args = parser.parse_args()
for step in range(1, 4):
    print(json.dumps({"step": step, "val": {"loss": (args.x - 2) ** 2 + 1 / step}}))
END
	cat >train.yaml <<'END'
program: train.py
method: grid
metric: {name: val.loss}
parameters:
  x: {values: [1.0, 2.0]}
  deep: {parameters: {er: {value: 3}}}
END
	sweep train train.db
	test $status -eq 0 && grep -q '^best  *trial 1, val.loss 0.333333333$' "$out"
	report "a program of Python, by the default command"
	cat >bad.py <<'END'
raise ValueError("not today")
END
	sed 's/train.py/bad.py/' train.yaml >bad.yaml
	sweep bad bad.db
	"$lockstep" runs show --db bad.db sweep-"$(sha256sum bad.yaml | cut -c1-8)" 0 >"$out" 2>>"$err"
	grep -q 'exit status 1: ValueError: not today' "$out"
	report "an exception is the trial's message"
else
	skip "a program of Python, by the default command" "$python does not run"
	skip "an exception is the trial's message" "$python does not run"
fi

done_testing
