# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/distribution.c \
	%D%/distribution.h \
	%D%/expression.c \
	%D%/expression.h \
	%D%/expression_parse.c \
	%D%/expression_steps.h \
	%D%/multiple.c \
	%D%/multiple.h \
	%D%/quantile.c \
	%D%/space.c \
	%D%/space.h \
	%D%/value.c \
	%D%/value.h
