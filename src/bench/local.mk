# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/barrier.c \
	%D%/epochs.c \
	%D%/exactness.c \
	%D%/figure.c \
	%D%/figure.h \
	%D%/job.c \
	%D%/job.h \
	%D%/kernels.c \
	%D%/machine.c \
	%D%/networks.c \
	%D%/steps.c \
	%D%/team.c \
	%D%/team.h
