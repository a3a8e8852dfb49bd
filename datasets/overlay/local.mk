# SPDX-License-Identifier: MIT
#
# The program that makes the multi-label set. `make check` builds it; `make
# overlay-data` makes the set from MNIST into datasets/overlay/data of the
# build folder.

check_PROGRAMS += %D%/overlay
%C%_overlay_SOURCES = %D%/overlay.c
%C%_overlay_LDADD = liblockstep.la

.PHONY: overlay-data
overlay-data: %D%/overlay$(EXEEXT)
	%D%/overlay$(EXEEXT) $(srcdir)/datasets/mnist %D%/data
