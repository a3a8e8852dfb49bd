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
	%D%/progress.c \
	%D%/replay.c \
	%D%/report.c \
	%D%/runner.c \
	%D%/runner.h \
	%D%/study.c \
	%D%/trial.c \
	%D%/trial.h
