# SPDX-License-Identifier: MIT
#
# Scaling studies as they are measured: the study itself, a model that predicts steps, the steps to a
# loss, and the specification. Above bench, which knows the machine's limits, and study, whose
# mathematics they use.

libls_la_SOURCES += \
	%D%/model/calibrate.c \
	%D%/model/machine.c \
	%D%/model/model.h \
	%D%/model/predict.c \
	%D%/scaling_spec.c \
	%D%/study/blocks.c \
	%D%/study/figures.c \
	%D%/study/limit.c \
	%D%/study/limit.h \
	%D%/study/limit_text.c \
	%D%/study/names.c \
	%D%/study/phases.c \
	%D%/study/plan.c \
	%D%/study/roofline.c \
	%D%/study/run.c \
	%D%/study/scale.h \
	%D%/study/study.c \
	%D%/time_to_loss.c
