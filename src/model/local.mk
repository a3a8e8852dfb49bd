# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/frame.h \
	%D%/json_text.c \
	%D%/json_text.h \
	%D%/model.c \
	%D%/model.h \
	%D%/model_load.c \
	%D%/safetensors.c \
	%D%/safetensors.h \
	%D%/safetensors_read.c \
	%D%/texts.c \
	%D%/texts.h
