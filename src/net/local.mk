# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/backward.c \
	%D%/forward.c \
	%D%/init.c \
	%D%/init.h \
	%D%/network.c \
	%D%/network.h \
	%D%/packed.c \
	%D%/packed.h \
	%D%/shard.c \
	%D%/shard.h \
	%D%/zeros.c \
	%D%/zeros.h
