# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/commands.c \
	%D%/commands.h \
	%D%/cores.c \
	%D%/forecast.c \
	%D%/items.c \
	%D%/leg.c \
	%D%/leg.h \
	%D%/leg_command.c \
	%D%/leg_inside.h \
	%D%/leg_train.c \
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
