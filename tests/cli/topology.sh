#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Placement as the command shows it, on machines that are only described. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

machine='pack:2 numa:2 core:4 pu:2'

# column N: column N of the table of workers, on one line.
column() {
	awk -v n="$1" '
		/^worker/ { table = 1; next }
		table && NF == 0 { exit }
		table { printf "%s%s", s, $n; s = " " }' "$out"
}

run topology
test $status -eq 0 && grep -q '^Machine' "$out" && test "$(column 1 | cut -d ' ' -f 1)" = 0
report "this machine"
grep -q '^kernel  *[^ ]' "$out" && ! grep -q -- ' -1\.00' "$out"
report "its environment, what is not known left out"

run topology --synthetic "$machine"
grep -q '^packages  *2$' "$out" && grep -q '^NUMA nodes  *4$' "$out" && grep -q '^cores  *16$' "$out" &&
	grep -q '^PUs  *32$' "$out" && grep -q '^CPU quota  *none$' "$out"
report "the summary of a synthetic machine"
test "$(column 1)" = '0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15'
report "auto takes a worker a core"
test "$(column 5)" = '0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30'
report "and the first hardware thread of each"
grep -q -- '--smt' "$out" && grep -q 'slices' "$out"
report "the reasons are told"
! grep -qE '^(kernel|load|governor)' "$out"
report "another machine has no environment"

run topology --synthetic "$machine" --workers 4
test "$(column 4)" = '0 1 2 3'
report "close takes neighbours"
run topology --synthetic "$machine" --workers 4 --bind spread
test "$(column 3)" = '0 1 2 3'
report "spread takes one a NUMA node"
run topology --synthetic "$machine" --workers 3 --bind none
test "$(column 5)" = '- - -' && grep -q 'not bound' "$out"
report "none binds nobody"
run topology --synthetic "$machine" --bind list:5,1,8-9
test "$(column 5)" = '5 1 8 9'
report "a list is taken in its order"
run topology --synthetic "$machine" --smt
test "$(column 1 | wc -w)" -eq 32
report "with --smt auto takes a worker a hardware thread"
run topology --synthetic 'core:2 pu:1' --workers 3
grep -q 'more workers than places: 2 of them' "$out" && test "$(grep -c ' shared$' "$out")" -eq 2
report "sharing is told"

run topology --xml "$source_folder/tests/support/topology/hybrid.xml"
grep -q 'of 2 kinds, 4 of the fastest' "$out" && test "$(column 1)" = '0 1 2 3' && grep -q '4 slower cores' "$out"
report "auto takes the fastest kind of core"
grep -q '^processor   GenuineIntel, family 6, model 151$' "$out"
report "the processor as far as it is known"

# Caches of other sizes above the first core of each kind.
awk '
	function cache(set, size, depth) {
		printf "<object type=\"L%dCache\" cpuset=\"%s\" complete_cpuset=\"%s\" ", depth, set, set
		printf "nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"%d\" cache_size=\"%d\" ", ++n + 100, size
		printf "depth=\"%d\" cache_linesize=\"64\" cache_associativity=\"8\" ", depth
		printf "cache_type=\"%d\">\n", (depth == 1)
		open++
	}
	/type="Core" os_index="0"/ { cache("0x00000001", 4194304, 2) }
	/type="Core" os_index="4"/ { cache("0x00000300", 2097152, 2); cache("0x00000300", 49152, 1) }
	{ print }
	/^      <\/object>/ { for (; open > 0; open--) print "</object>" }' \
	"$source_folder/tests/support/topology/hybrid.xml" >caches.xml
run topology --xml caches.xml
grep -q '^processor   GenuineIntel, family 6, model 151, L1d 48 KiB, L2 2 MiB$' "$out"
report "with the caches of the fastest kind of core"

# is_json PROGRAM NAME: whether it agrees with the JSON t.
is_json() {
	if ${PYTHON:-python3} -c "import json, sys
t = json.load(open(sys.argv[1]))
$1" "$out" 2>"$err"; then
		report "$2"
	elif ${PYTHON:-python3} -c pass 2>/dev/null; then
		false
		report "$2"
	else
		skip "$2" 'no python3'
	fi
}

run topology --synthetic "$machine" --workers 2 --format json
is_json 'assert t["machine"]["cores"] == 16 and t["machine"]["pus"] == 32 and not t["auto"]
assert t["machine"]["processor"] == {}
assert [w["pu"] for w in t["workers"]] == [0, 2] and t["environment"] is None' "--format json"

run topology --xml caches.xml --format json
is_json 'assert t["machine"]["processor"] == {"vendor": "GenuineIntel", "family": 6, "model": 151,
	"l1d_bytes": 49152, "l2_bytes": 2097152}' "--format json has the processor"

run topology --workers 1 --format json
is_json 'e = t["environment"]
assert e["kernel"] and len(e["load"]) == 3
assert e["n_cores"] <= e["n_cpus"] == t["machine"]["pus"]
assert e["cpu_quota"] == t["machine"]["cpu_quota"] and e["boost"] in (-1, 0, 1) and e["smt"] in (-1, 0, 1)' \
	"--format json has the environment"

done_testing
