# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/find.c \
	%D%/folder.c \
	%D%/folder.h \
	%D%/lines.c \
	%D%/lines.h \
	%D%/point.c \
	%D%/point.h \
	%D%/process.c \
	%D%/process.h \
	%D%/supervisor.c \
	%D%/supervisor.h \
	%D%/tail.c \
	%D%/tail.h \
	%D%/text.c \
	%D%/text.h \
	%D%/words.c \
	%D%/words.h
