# SPDX-License-Identifier: MIT
#
# Benchmarks: programs, not tests. `make bench` builds and runs them, beside
# PyTorch where PYTHON has it.

EXTRA_PROGRAMS += lockstep-bench
lockstep_bench_SOURCES = %D%/bench/bench.c
EXTRA_DIST += %D%/bench/README.md %D%/bench/compare.py %D%/bench/pytorch_steps.py
CLEANFILES += lockstep-bench$(EXEEXT)

.PHONY: bench
bench: lockstep-bench$(EXEEXT)
	./lockstep-bench$(EXEEXT) --data $(srcdir)/datasets/mnist $(BENCH_FLAGS)
	@echo
	-$(PYTHON) $(srcdir)/%D%/bench/compare.py ./lockstep-bench$(EXEEXT) --data $(srcdir)/datasets/mnist
