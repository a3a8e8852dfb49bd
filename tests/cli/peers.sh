#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the comparison with other trainers runs, and under which settings. Compiler,
# library, NumPy, lscpu and Lockstep itself are stand-ins that note how they are
# called: nothing is measured. TAP.

. "${srcdir:-.}/tests/cli/tap.sh"

python=${PYTHON:-python3}
if ! "$python" -c 'import json, os; os.sched_getaffinity(0)' 2>/dev/null; then
	echo '1..0 # SKIP no python3'
	exit 0
fi
if test "$(uname -m)" != x86_64; then
	echo '1..0 # SKIP the limit is for x86-64'
	exit 0
fi

notes=$work/notes
export notes
mkdir "$notes" bin modules modules/numpy modules/numpy/_core
PATH=$work/bin:$PATH
PYTHONPATH=$work/modules
export PATH PYTHONPATH

cat >bin/gcc <<'END'
#!/bin/sh
test "$1" = --version && echo gcc 0 && exit
echo "$*" >>"$notes/gcc"
until test "$1" = -o; do shift; done
printf '#!/bin/sh\nenv >"$notes/plain_c"\necho 250\n' >"$2"
chmod +x "$2"
END
cat >bin/lscpu <<'END'
#!/bin/sh
printf 'Vendor ID:   %s\n  Model name:  Any\n    CPU family:  26\n    Stepping: -\nL2 cache:  2 MiB (2 instances)\n' "$VENDOR"
END
cat >bin/trainer <<'END'
#!/bin/sh
echo "$*" >>"$notes/lockstep"
echo '{"event": "step", "layers": "784-30-10", "split": "rows", "samples_per_second": 1000}'
END
chmod +x bin/*
cat >modules/scipy_openblas32.py <<'END'
import os
get_include_dir = get_lib_dir = get_library = lambda: "x"
get_openblas_config = lambda: "kernels of " + os.environ.get("OPENBLAS_CORETYPE", "any")
END
echo 'from . import _core' >modules/numpy/__init__.py
echo 'from . import _multiarray_umath' >modules/numpy/_core/__init__.py
cat >modules/numpy/_core/_multiarray_umath.py <<'END'
__cpu_dispatch__ = ["X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"]
__cpu_features__ = {"X86_V3": True, "X86_V4": True, "AVX512_ICL": True, "AVX512_SPR": False}
END

# compare ARGUMENT...: on a machine of $VENDOR, from a shell with settings of its own.
compare() {
	rm -f "$notes"/* figures.json
	OPENBLAS_CORETYPE=Prescott NPY_DISABLE_CPU_FEATURES=X86_V3 "$python" \
		"$source_folder/experiments/peers/compare.py" bin/trainer --peers plain_c --networks 0 --threads 1 \
		--rounds 1 --json figures.json "$@" >"$out" 2>"$err"
	status=$?
}

# has FILE LINE...: all of these lines are in the notes.
has() {
	file=$notes/$1
	shift
	for line; do
		grep -qxF -- "$line" "$file" || return 1
	done
}

# recorded EXPRESSION: true of the JSON, of which `m` is the machine.
recorded() {
	"$python" -c '
import json, sys
m = json.load(open("figures.json"))["machine"]
sys.exit(0 if eval(sys.argv[1]) else 1)' "$1" 2>>"$err"
}

VENDOR=AuthenticAMD
export VENDOR
compare
test $status -eq 0 && ! grep -q -e --isa "$notes/lockstep" && grep -q -e '^-O3 -march=native -ffast-math ' "$notes/gcc"
report "without a limit everything takes what it likes"
! grep -qE '^(OPENBLAS|ATEN|MKL|ONEDNN|NPY)_' "$notes/plain_c" && grep -q 'kernels of any$' "$out"
report "and settings of the shell are left out"
recorded '"isa" not in m and "settings" not in m' && ! grep -qi avx2 "$out"
report "which nothing speaks of"
recorded 'm["processor"] == {"vendor": "AuthenticAMD", "family": 26, "L2": "2 MiB (2 instances)"} and m["cpu"] == "Any"' &&
	grep -q '^processor  *vendor AuthenticAMD, family 26, L2 2 MiB (2 instances)$' "$out"
report "the processor, as far as it is known"

compare --isa avx2
test $status -eq 0 && test "$(grep -c -e '--isa avx2$' "$notes/lockstep")" -eq "$(grep -c '^bench' "$notes/lockstep")" &&
	grep -q -e '^-O3 -march=x86-64-v3 -mtune=native -ffast-math ' "$notes/gcc"
report "--isa is Lockstep's, and the compiler's"
has plain_c OPENBLAS_CORETYPE=ZEN ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 ONEDNN_MAX_CPU_ISA=AVX2 \
	'NPY_DISABLE_CPU_FEATURES=X86_V4 AVX512_ICL' && grep -q 'kernels of ZEN$' "$out"
report "the peers' settings"
recorded 'm["isa"] == "avx2" and m["settings"]["OPENBLAS_CORETYPE"] == "ZEN" and "-march=x86-64-v3" in m["compiler"]' &&
	grep -q '^isa  *avx2$' "$out" && grep -q '^Medians .* All kept to avx2' "$out"
report "heading and JSON say so"
VENDOR=GenuineIntel
compare --isa avx2
has plain_c OPENBLAS_CORETYPE=HASWELL && recorded 'm["settings"]["OPENBLAS_CORETYPE"] == "HASWELL"'
report "OpenBLAS has another name for it on Intel's"
compare --isa avx512
test $status -eq 2 && grep -q "avx512" "$err"
report "another instruction set is refused"

done_testing
