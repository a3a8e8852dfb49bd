#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The Parzen estimator against that of Optuna 3.1 (Debian: python3-optuna 3.1.0-4) on the same histories:
# the same log densities to 1e-9. TAP.

. "${srcdir:-.}/tests/support/tap.sh"

script=${srcdir:-.}/tests/study/parzen_optuna.py
program=./tests/study/parzen_densities
found=$(mktemp) || exit 99
trap 'rm -f "$found"' EXIT

# The distribution's Python has its Optuna where another one comes first.
for python in "${PYTHON:-python3}" /usr/bin/python3; do
	version=$("$python" -W ignore -c 'import optuna; print(optuna.__version__)' 2>/dev/null) && break
done
case $version in
3.1.*) ;;
'') skip_all 'no Optuna (Debian: python3-optuna)' ;;
*) skip_all "Optuna $version, not 3.1" ;;
esac

details() {
	cat "$found"
}

# compare N_PARAMETERS N_OBSERVATIONS [--as-released]
compare() {
	"$python" -W ignore "$script" "$program" "$@" >"$found" 2>&1
}

# The ramp of weights begins after 25 observations.
for n in 0 1 7 25 26 27 200; do
	compare 6 $n
	report "six parameters, $n observations"
done
for n_parameters in 2 3 4 5; do
	compare $n_parameters 40
	report "the first $n_parameters parameters"
done

compare 1 40 --as-released
report 'choices, by Optuna as it was released'

# The comparison must be able to fail, and the difference that is known must be there.
! compare 6 40 --as-released
report "Optuna's density without the bandwidth would be seen"
done_testing
