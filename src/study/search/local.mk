# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/axis.c \
	%D%/axis.h \
	%D%/draw.c \
	%D%/draw.h \
	%D%/grid.c \
	%D%/method.h \
	%D%/parzen.c \
	%D%/parzen.h \
	%D%/random.c \
	%D%/sampler.c \
	%D%/sampler.h \
	%D%/sobol.c \
	%D%/sobol.h \
	%D%/sobol_table.c \
	%D%/tpe.c
EXTRA_DIST += %D%/sobol_table.py
