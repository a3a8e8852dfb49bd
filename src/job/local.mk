# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/checkpoint_load.c \
	%D%/history.c \
	%D%/history.h \
	%D%/job.c \
	%D%/job.h \
	%D%/options.c \
	%D%/options.h \
	%D%/record.c \
	%D%/record.h
