# SPDX-License-Identifier: MIT
#
# One body, compiled once per instruction set; each isa_*.c is a library of its
# own, because only its objects may contain that set's instructions.

libls_la_SOURCES += \
	%D%/arith.c \
	%D%/arith.h \
	%D%/fpcontrol.c \
	%D%/fpcontrol.h \
	%D%/functions64.c \
	%D%/functions64.h \
	%D%/philox.c \
	%D%/philox.h

isa_headers = \
	%D%/functions.h \
	%D%/gradients.h \
	%D%/inputs.h \
	%D%/layout.h \
	%D%/marks.h \
	%D%/products.h \
	%D%/rows.h \
	%D%/table.h \
	%D%/tiles.h \
	%D%/updates.h \
	%D%/vec.h

noinst_LTLIBRARIES += libls_portable.la
libls_portable_la_SOURCES = %D%/isa_portable.c $(isa_headers)
libls_portable_la_CFLAGS = $(AM_CFLAGS) $(KERNEL_CFLAGS)
libls_la_LIBADD += libls_portable.la

if ISA_AVX2
noinst_LTLIBRARIES += libls_avx2.la
libls_avx2_la_SOURCES = %D%/isa_avx2.c $(isa_headers)
libls_avx2_la_CFLAGS = $(AM_CFLAGS) $(KERNEL_CFLAGS) $(AVX2_CFLAGS)
libls_la_LIBADD += libls_avx2.la
endif

if ISA_AVX512
noinst_LTLIBRARIES += libls_avx512.la
libls_avx512_la_SOURCES = %D%/isa_avx512.c $(isa_headers)
libls_avx512_la_CFLAGS = $(AM_CFLAGS) $(KERNEL_CFLAGS) $(AVX512_CFLAGS)
libls_la_LIBADD += libls_avx512.la
endif

if ISA_NEON
noinst_LTLIBRARIES += libls_neon.la
libls_neon_la_SOURCES = %D%/isa_neon.c $(isa_headers)
libls_neon_la_CFLAGS = $(AM_CFLAGS) $(KERNEL_CFLAGS)
libls_la_LIBADD += libls_neon.la
endif
