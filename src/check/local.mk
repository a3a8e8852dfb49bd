# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/differences.c \
	%D%/differences.h \
	%D%/double_net.c \
	%D%/double_net.h \
	%D%/gradcheck.c \
	%D%/kernel_bound.c \
	%D%/kernel_bound.h
