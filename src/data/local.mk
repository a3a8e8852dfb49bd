# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/array.c \
	%D%/array.h \
	%D%/bytes.c \
	%D%/bytes.h \
	%D%/columns.c \
	%D%/columns.h \
	%D%/csv.c \
	%D%/csv.h \
	%D%/dataset.c \
	%D%/digest.c \
	%D%/find.c \
	%D%/find.h \
	%D%/idx.c \
	%D%/idx.h \
	%D%/input.c \
	%D%/input.h \
	%D%/names.c \
	%D%/names.h \
	%D%/npy.c \
	%D%/npy.h \
	%D%/number.c \
	%D%/number.h \
	%D%/order.c \
	%D%/order.h \
	%D%/origin.c \
	%D%/origin.h \
	%D%/records.c \
	%D%/records.h \
	%D%/rows.c \
	%D%/scaling.c \
	%D%/scaling.h \
	%D%/table.c \
	%D%/table.h
