# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/cores.c \
	%D%/forecast.c \
	%D%/items.c \
	%D%/leg.c \
	%D%/leg.h \
	%D%/objective.c \
	%D%/objective.h \
	%D%/packing.c \
	%D%/packing.h \
	%D%/replay.c \
	%D%/runner.c \
	%D%/runner.h \
	%D%/study.c \
	%D%/trial.c \
	%D%/trial.h
