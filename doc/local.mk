# SPDX-License-Identifier: MIT

dist_man_MANS += \
	%D%/man/lockstep.1 \
	%D%/man/lockstep-bench.1 \
	%D%/man/lockstep-eval.1 \
	%D%/man/lockstep-gradcheck.1 \
	%D%/man/lockstep-predict.1 \
	%D%/man/lockstep-report.1 \
	%D%/man/lockstep-runs.1 \
	%D%/man/lockstep-scale.1 \
	%D%/man/lockstep-sweep.1 \
	%D%/man/lockstep-topology.1 \
	%D%/man/lockstep-train.1 \
	%D%/man/lockstep-verify.1

dist_doc_DATA = \
	README.md \
	NEWS \
	%D%/derivation.md \
	%D%/guide.md \
	%D%/numerics.md \
	%D%/scaling.md \
	%D%/sweeps.md

EXTRA_DIST += %D%/examples/README.md %D%/images/report.png

# Programs of the library's users: the public headers and liblockstep.la only.
check_PROGRAMS += \
	%D%/examples/first \
	%D%/examples/memory \
	%D%/examples/resume \
	%D%/examples/steps
%C%_examples_first_LDADD = liblockstep.la
%C%_examples_memory_LDADD = liblockstep.la
%C%_examples_resume_LDADD = liblockstep.la
%C%_examples_steps_LDADD = liblockstep.la
