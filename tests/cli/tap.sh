# SPDX-License-Identifier: MIT
#
# Sourced by the tests of the command: a folder of their own, a run of the
# command that keeps status, stdout and stderr, and TAP. Call `done_testing` at
# the end. LOCKSTEP names the command (default: ./lockstep).

LC_ALL=C
export LC_ALL
lockstep=${LOCKSTEP:-./lockstep}
lockstep=$(cd "$(dirname "$lockstep")" && pwd)/${lockstep##*/}
if ! test -x "$lockstep"; then
	echo "Bail out! no command $lockstep"
	exit 99
fi
source_folder=$(cd "${srcdir:-.}" && pwd)
LOCKSTEP_DATA=$source_folder/datasets
export LOCKSTEP_DATA

test_folder=$(mktemp -d) || exit 99
trap 'rm -rf "$test_folder"' EXIT
trap 'exit 99' HUP INT TERM
work=$test_folder/work # where the command runs
out=$test_folder/out err=$test_folder/err
mkdir "$work" && cd "$work" || exit 99
. "$source_folder/tests/support/tap.sh"

# run ARGUMENT...: runs the command in $work.
run() {
	"$lockstep" "$@" >"$out" 2>"$err"
	status=$?
}

# refuse STATUS TEXT ARGUMENT...: the command ends with this status, no output and one
# line that has TEXT in it; a test point.
refuse() {
	expected=$1 text=$2
	shift 2
	run "$@"
	test $status -eq "$expected" && test ! -s "$out" && grep -qF -- "$text" "$err" &&
		test "$(grep -cv '^Try ' "$err")" -eq 1
	report "lockstep $*: $text"
}

details() {
	{
		echo "status $status"
		cat "$out" "$err"
	} | head -30
}

n_lines() {
	wc -l <"$1" | tr -d ' '
}

# interrupt SIGNAL ARGUMENT...: runs the command until its log, which is `log`,
# has an epoch more, and sends it the signal. A background job of a script
# ignores SIGINT unless told otherwise.
with_signals='env --default-signal=INT,TERM,HUP'
n_epochs() {
	grep -s '"event":"epoch"' log | wc -l
}
interrupt() {
	signal=$1 before=$(n_epochs)
	shift
	$with_signals "$lockstep" "$@" --log log >"$out" 2>"$err" &
	pid=$!
	tries=0
	until test "$(n_epochs)" -gt "$before" || test $tries -eq 300; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill -s "$signal" $pid
	wait $pid
	status=$?
}

# The last line of $out when it is a fingerprint; fails otherwise.
fingerprint() {
	tail -n 1 "$out" | grep -E '^fingerprint [0-9a-f]{64}$'
}

# same LINE: the run ended well, with this fingerprint.
same() {
	test $status -eq 0 && test -n "$1" && test "$(fingerprint)" = "$1"
}

# write_classes FILE ROWS: four features and one of three classes, by name.
write_classes() {
	awk -v n="$2" 'BEGIN {
		print "length,width,height,depth,kind"
		for (i = 0; i < n; i++) {
			c = i % 3
			x = (i * 7 % 11) / 11; y = (i * 5 % 13) / 13
			kind = substr("redtanblu", 3 * c + 1, 3)
			printf "%.3f,%.3f,%.3f,%.3f,%s\n", c + x, 2 - c + y, x * y, c * x - y, kind
		}
	}' >"$1"
}

# write_flags FILE ROWS: two features and the labels rain and wind.
write_flags() {
	awk -v n="$2" 'BEGIN {
		print "cloud,pressure,rain,wind"
		for (i = 0; i < n; i++) {
			x = (i * 7 % 11) / 11; y = (i * 5 % 13) / 13
			printf "%.3f,%.3f,%d,%d\n", x, y, (x > 0.5), (y < 0.4)
		}
	}' >"$1"
}

# has_sanitizer: whether the command is built with one.
has_sanitizer() {
	program=${lockstep%/*}/.libs/lockstep
	test -f "$program" || program=$lockstep
	grep -qE '__(a|t)san_' "$program"
}

# spec NAME METHOD TRIALS LINE...: NAME.yaml, with `parameters`, `seed` and `window` and with the
# lines in its block lockstep.
spec() {
	name=$1 method=$2 trials=$3
	shift 3
	{
		cat <<-END
			name: $name
			method: $method
			metric: {name: validation_loss}
			parameters:
			$parameters
			lockstep:
			  sampler: {seed: $seed}
			  budget: {trials: $trials}
			  window: $window
		END
		for line; do
			echo "  $line"
		done
	} >"$name.yaml"
}

# report_pages STATUS FILE: what a look at pages in a browser came to, a point of its own, and one for each line "ok ..."
# and "not ok ..." of the file. Status 77: there is no browser; with LOCKSTEP_SHORT none was asked.
report_pages() {
	if test "$1" -eq 77; then
		skip "the pages in a browser" 'no chromium, chromium-driver or node-d3, or LOCKSTEP_SHORT'
		return
	fi
	test "$1" -eq 0 && grep -q '^ok ' "$2"
	report "the pages in a browser"
	while IFS= read -r line; do
		case $line in
		'ok '*)
			true
			report "${line#ok }"
			;;
		'not ok '*)
			false
			report "${line#not ok }"
			;;
		*) echo "$line" ;;
		esac
	done <"$2"
}
