# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/block.c \
	%D%/command.c \
	%D%/conditions.c \
	%D%/document.c \
	%D%/document.h \
	%D%/parameters.c \
	%D%/reader.c \
	%D%/reader.h \
	%D%/sets.c \
	%D%/sets.h \
	%D%/spec.c \
	%D%/spec.h \
	%D%/sweep.c \
	%D%/sweep.h
