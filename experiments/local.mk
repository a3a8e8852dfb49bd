# SPDX-License-Identifier: MIT
#
# Sweeps that run as they are, with what they gave; tests/cli/experiments.sh compares. Scaling
# studies, whose times nobody can compare: all of their folder is distributed.
#
# Benchmarks are programs, not tests: `make bench` runs `lockstep bench`, then
# Lockstep in turns with those of its peers that PYTHON and the system have. Both
# take options; --json of peers/compare.py names the file for their figures. `make
# bench-sweep` times the coordinator of sweeps, and Optuna, where there is one:
#
#	make bench BENCH_FLAGS='--steps --network 2' COMPARE_FLAGS='--rounds 5 --json figures.json'
#	make bench-sweep BENCH_SWEEP_TRIALS=200 PYTHON=/usr/bin/python3

EXTRA_DIST += \
	%D%/mnist/README.md \
	%D%/mnist/initialisation.yaml \
	%D%/mnist/results/initialisation.csv \
	%D%/mnist/results/search.csv \
	%D%/mnist/results/slow_down.csv \
	%D%/mnist/search.yaml \
	%D%/mnist/slow_down.yaml \
	%D%/peers/README.md \
	%D%/peers/compare.py \
	%D%/peers/fann_steps.c \
	%D%/peers/numpy_steps.py \
	%D%/peers/optuna_sweep.py \
	%D%/peers/plain_c.c \
	%D%/peers/pytorch_accuracy.py \
	%D%/peers/pytorch_steps.py \
	%D%/peers/results/2026-11-29-avx2.json \
	%D%/peers/results/2026-11-29-avx512.json \
	%D%/peers/sklearn_steps.py \
	%D%/peers/steps.h \
	%D%/peers/steps.py \
	%D%/peers/time_to_accuracy.py \
	%D%/scaling

EXTRA_PROGRAMS += %D%/sweeps/bench_sweep
CLEANFILES += %D%/sweeps/bench_sweep$(EXEEXT)
%C%_sweeps_bench_sweep_LDADD = libls.la

.PHONY: bench bench-sweep
bench-sweep: %D%/sweeps/bench_sweep$(EXEEXT)
	%D%/sweeps/bench_sweep$(EXEEXT) $(BENCH_SWEEP_TRIALS)
	@echo
	@if $(PYTHON) -W ignore -c 'import optuna' 2>/dev/null; then \
		$(PYTHON) -W ignore $(srcdir)/%D%/peers/optuna_sweep.py $(BENCH_SWEEP_TRIALS); \
	else \
		echo 'no Optuna for $(PYTHON) (Debian: python3-optuna)'; \
	fi

bench: lockstep$(EXEEXT)
	./lockstep$(EXEEXT) bench --data $(srcdir)/datasets/mnist $(BENCH_FLAGS)
	@echo
	$(PYTHON) $(srcdir)/%D%/peers/compare.py ./lockstep$(EXEEXT) --data $(srcdir)/datasets/mnist \
		$(COMPARE_FLAGS)
