# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/beta.c \
	%D%/beta.h \
	%D%/log1p.c \
	%D%/log1p.h \
	%D%/median.c \
	%D%/median.h \
	%D%/normal.c \
	%D%/normal.h \
	%D%/student.c \
	%D%/student.h \
	%D%/table.c \
	%D%/table.h
