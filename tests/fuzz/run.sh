#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh SOURCE PROGRAM...: fuzzes each program (a build with libFuzzer) from
# SOURCE/corpus/NAME, as many at once as there are processors, and says a line
# for each. Fails when one fails; what it failed on stays in fuzz/NAME.
#
#	FUZZ_SECONDS   for each target (30)
#	FUZZ_TARGETS   names of those to run (all)
#	FUZZ_JOBS      at once (the number of processors)

seconds=${FUZZ_SECONDS:-30}

# field LOG NAME: a figure of libFuzzer's closing statistics.
field() {
	awk -v name="stat::$2:" '$1 == name { value = $2 } END { print value == "" ? "?" : value }' "$1"
}

# coverage LOG: edges seen, and files of the corpus that it came to.
coverage() {
	awk '{ for (i = 1; i < NF; i++) {
			if ($i == "cov:") cov = $(i + 1)
			if ($i == "corp:") corp = $(i + 1)
		} }
		END { sub("/.*", "", corp); print cov == "" ? "?" : cov, corp == "" ? "?" : corp }' "$1"
}

# one SOURCE PROGRAM: fuzzes one target in fuzz/NAME.
one() {
	name=${2##*/} folder=fuzz/${2##*/}
	rm -rf "$folder"
	mkdir -p "$folder/corpus" "$folder/scratch" || exit 1
	cp "$1/corpus/$name"/* "$folder/corpus/" || exit 1
	set -- "$1" "$2" "$folder/corpus"
	test ! -d "$1/regressions/$name" || set -- "$@" "$1/regressions/$name"
	test ! -f "$1/dictionaries/$name" || set -- "$@" "-dict=$1/dictionaries/$name"
	program=$2
	shift 2
	# A limit of 64 MB on one block: no short file makes a reader ask for more.
	FUZZ_SCRATCH=$folder/scratch
	test ! -d /dev/shm || FUZZ_SCRATCH=$(mktemp -d /dev/shm/lockstep-fuzz-XXXXXX) || exit 1
	export FUZZ_SCRATCH
	"$program" "$@" -max_total_time="$seconds" -max_len=6144 -timeout=25 -malloc_limit_mb=64 -rss_limit_mb=512 \
		-artifact_prefix="$folder/" -print_final_stats=1 >"$folder/log" 2>&1
	status=$?
	rm -rf "$FUZZ_SCRATCH"
	edges=$(coverage "$folder/log")
	line="$name: $(field "$folder/log" number_of_executed_units) executions"
	line="$line ($(field "$folder/log" average_exec_per_sec) a second), coverage ${edges% *}, corpus ${edges#* }"
	line="$line, $(field "$folder/log" new_units_added) new units, $(field "$folder/log" peak_rss_mb) MB"
	if test $status -eq 0; then
		echo "ok - $line"
	else
		found=$(ls "$folder" | grep -E '^(crash|leak|oom|slow-unit|timeout)-' | head -1)
		echo "not ok - $line: $(grep -m 1 -E '^This does not hold|ERROR: |runtime error' "$folder/log")"
		echo "    input $PWD/$folder/${found:-?}, log $PWD/$folder/log"
	fi
	test $status -eq 0
}

if test "$1" = --one; then
	one "$2" "$3"
	exit
fi

source=$1
shift
chosen=
for program; do
	case " ${FUZZ_TARGETS:-${program##*/}} " in
	*" ${program##*/} "*) chosen="$chosen $program" ;;
	esac
done
for name in ${FUZZ_TARGETS-}; do
	case " $chosen " in
	*/"$name "*) ;;
	*) echo "no fuzz target $name" >&2 && exit 1 ;;
	esac
done

n=$(echo $chosen | wc -w)
mkdir -p fuzz || exit 1
echo "$n targets, $seconds s each"
printf '%s\n' $chosen | xargs -n 1 -P "${FUZZ_JOBS:-$(nproc)}" "$0" --one "$source" | tee fuzz/lines
failed=$((n - $(grep -c '^ok' fuzz/lines)))
# As automake's harness sums up.
echo "# PASS: $((n - failed))"
echo "# FAIL: $failed"
test "$failed" -eq 0
