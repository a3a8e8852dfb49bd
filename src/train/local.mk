# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/blocks.c \
	%D%/blocks.h \
	%D%/evaluate.c \
	%D%/evaluate.h \
	%D%/infer.c \
	%D%/owners.c \
	%D%/owners.h \
	%D%/panel.c \
	%D%/panel.h \
	%D%/partition.c \
	%D%/partition.h \
	%D%/resume.c \
	%D%/run.c \
	%D%/saving.c \
	%D%/saving.h \
	%D%/schedule.c \
	%D%/schedule.h \
	%D%/step.c \
	%D%/step.h \
	%D%/trainer.c \
	%D%/trainer.h \
	%D%/tuning.c \
	%D%/tuning.h \
	%D%/units.c \
	%D%/units.h \
	%D%/verify.c \
	%D%/walk.c \
	%D%/walk.h \
	%D%/worker.c \
	%D%/worker.h \
	%D%/workers.c \
	%D%/workers.h
