# SPDX-License-Identifier: MIT
#
# Benchmarks: programs, not tests. `make bench` builds and runs them.

EXTRA_PROGRAMS += lockstep-bench
lockstep_bench_SOURCES = %D%/bench/bench.c
EXTRA_DIST += %D%/bench/compare.py %D%/bench/pytorch_steps.py
CLEANFILES += lockstep-bench$(EXEEXT)

.PHONY: bench
bench: lockstep-bench$(EXEEXT)
	./lockstep-bench$(EXEEXT) --data $(srcdir)/datasets/mnist $(BENCH_FLAGS)
