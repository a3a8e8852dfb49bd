#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a scaling study leaves behind: the document, the raw points as CSV and the input of Extra-P,
# all of studies that were made up, compared by name and value; with Extra-P itself, where $PYTHON has it. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

make_scaling=${MAKE_SCALING:-${lockstep%/*}/tests/support/make_scaling}
python=${PYTHON:-python3}
reader=$source_folder/tests/support
kinds='strong weak weak-batches minimal uneven hostile'

# check KIND: are its files what they should be?
check() {
	"$python" "$reader/read_scaling.py" "$1" "$1.json" "$1.csv" "$1.extrap" >"$out" 2>"$err"
	status=$?
	test $status -eq 0
}

for kind in $kinds; do
	status=0
	for form in json csv extrap; do
		"$make_scaling" $kind $form >$kind.$form 2>"$err" || status=1
	done
	test $status -eq 0
	report "$kind: all documents"
	check $kind
	report "$kind: names and values"
	for form in json csv extrap; do
		"$make_scaling" $kind $form | cmp - $kind.$form >&2 || status=1
	done
	test $status -eq 0
	report "$kind: the same again, byte for byte"
done

# spoil FORM EXPRESSION NAME: a change of the document of the strong study must be seen.
spoil() {
	cp strong.json spoilt.json && cp strong.csv spoilt.csv && cp strong.extrap spoilt.extrap
	sed "$2" strong.$1 >spoilt.$1
	! cmp -s strong.$1 spoilt.$1 &&
		! "$python" "$reader/read_scaling.py" strong spoilt.json spoilt.csv spoilt.extrap >"$out" 2>&1
	report "the comparison sees $3"
}
spoil json 's/"median"/"median"/; s/"rows"/"row"/' 'a name that is another'
spoil json 's/"balance":[^,]*,//' 'a member that is missing'
spoil json 's/"workers":1,/"workers":1,"workers":1,/' 'a member that is there twice'
spoil json 's/"best":true/"best":false/' 'another flag'
spoil json 's/"low":[0-9.e-]*/"low":null/' 'an interval without an end'
spoil csv '7d' 'a line that is missing'
spoil csv 's/,pthreads,/,openmp,/' 'another word'
spoil extrap 's/"point":\[2\]/"point":[5]/' 'another point'

if "$python" -c 'import extrap' 2>/dev/null; then
	for kind in $kinds; do
		"$python" "$reader/read_extrap.py" $kind.extrap >"$out" 2>"$err"
		status=$?
		test $status -eq 0
		report "$kind: $(cat "$out")"
	done
	# One callpath without one of the points.
	sed 's/\({"point":\[2\],[^}]*},\)\(.*\)/\2/' strong.extrap >fewer.extrap
	! "$python" "$reader/read_extrap.py" fewer.extrap >"$out" 2>&1
	report "Extra-P refuses callpaths with different points"
else
	skip "Extra-P" "$python does not have it (PyPI: extrap)"
fi

done_testing
