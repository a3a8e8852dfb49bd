# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/blocks.c \
	%D%/blocks.h \
	%D%/differences.c \
	%D%/differences.h \
	%D%/double_net.c \
	%D%/double_net.h \
	%D%/evaluate.c \
	%D%/evaluate.h \
	%D%/frame.h \
	%D%/gradcheck.c \
	%D%/infer.c \
	%D%/job.c \
	%D%/job.h \
	%D%/json_text.c \
	%D%/json_text.h \
	%D%/kernel_bound.c \
	%D%/kernel_bound.h \
	%D%/model.c \
	%D%/model.h \
	%D%/model_load.c \
	%D%/options.c \
	%D%/options.h \
	%D%/partition.c \
	%D%/partition.h \
	%D%/run.c \
	%D%/safetensors.c \
	%D%/safetensors.h \
	%D%/safetensors_read.c \
	%D%/schedule.c \
	%D%/schedule.h \
	%D%/step.c \
	%D%/step.h \
	%D%/trainer.c \
	%D%/trainer.h \
	%D%/worker.c \
	%D%/worker.h
