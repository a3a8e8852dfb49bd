# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/cells.c \
	%D%/cells.h \
	%D%/density.c \
	%D%/density.h \
	%D%/importance.c
