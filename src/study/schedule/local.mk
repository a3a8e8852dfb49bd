# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/halving.c \
	%D%/hyperband.c \
	%D%/kind.h \
	%D%/median.c \
	%D%/none.c \
	%D%/plan.c \
	%D%/plan.h \
	%D%/rank.c \
	%D%/rank.h \
	%D%/scheduler.c \
	%D%/scheduler.h
