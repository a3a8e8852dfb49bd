# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/curve.c \
	%D%/curve.h \
	%D%/fit.c \
	%D%/levels.c \
	%D%/minimum.c \
	%D%/minimum.h \
	%D%/uncertainty.c \
	%D%/uncertainty.h
