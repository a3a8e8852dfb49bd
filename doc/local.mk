# SPDX-License-Identifier: MIT

dist_man_MANS += \
	%D%/man/lockstep.1 \
	%D%/man/lockstep-eval.1 \
	%D%/man/lockstep-gradcheck.1 \
	%D%/man/lockstep-predict.1 \
	%D%/man/lockstep-topology.1 \
	%D%/man/lockstep-train.1

dist_doc_DATA = \
	README.md \
	NEWS \
	%D%/derivation.md \
	%D%/numerics.md
