#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Models are readable without Lockstep: the safetensors package opens them, and
# NumPy computes from them what `lockstep predict` prints. TAP.

lockstep=${LOCKSTEP:-./lockstep}
python=${PYTHON:-python3}
reader=${srcdir:-.}/tests/support/read_model.py

if ! "$python" -c 'import numpy, safetensors' 2>/dev/null; then
	echo "1..0 # SKIP $python lacks numpy or safetensors"
	exit 0
fi

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
number=0

# Reports the last command's outcome; the name follows.
report() {
	outcome=$?
	number=$((number + 1))
	test $outcome -eq 0 || printf 'not '
	echo "ok $number - $*"
}

# compare NAME FEATURES OPTIONS...: trains, predicts, and compares.
compare() {
	name=$1 features=$2
	shift 2
	"$lockstep" train --quiet --epochs 3 --batch 16 --workers 1 --save "$folder/$name.safetensors" "$@" \
		>"$folder/out" 2>&1 &&
		"$lockstep" predict "$folder/$name.safetensors" "$folder/$features" >"$folder/$name.csv" 2>"$folder/out" ||
		sed 's/^/# /' "$folder/out"
	"$python" "$reader" digest "$folder/$name.safetensors" >&2
	report "$name: the package opens the file, and the digest is right"
	"$python" "$reader" check "$folder/$name.safetensors" "$folder/$features" "$folder/$name.csv" >&2
	report "$name: NumPy predicts the same"
}

echo 1..9
"$python" "$reader" data "$folder" || exit 99

compare bytes pixels.npy --data "$folder/pixels.npy" --labels "$folder/classes.npy" \
	--layers 7-9-3 --hidden relu --init he
compare standardised floats.npy --data "$folder/floats.npy" --labels "$folder/classes.npy" \
	--layers 7-8-5-3 --hidden tanh --scale standardise
compare quadratic floats.npy --data "$folder/floats.npy" --labels "$folder/classes.npy" \
	--layers 7-6-3 --hidden sigmoid --loss quadratic --scale none
compare multilabel floats.npy --data "$folder/flags.csv" --label first,second \
	--layers 7-6-2 --hidden leaky-relu --leaky-slope 0.1 --loss multilabel --scale unit

"$python" "$reader" resave "$folder/bytes.safetensors" "$folder/other.safetensors" &&
	! "$lockstep" predict "$folder/other.safetensors" "$folder/pixels.npy" >/dev/null 2>"$folder/out" &&
	grep -q 'no digest' "$folder/out"
report "a file that the package saved is refused, since it has no digest"
