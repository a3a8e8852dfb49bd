# SPDX-License-Identifier: MIT
#
# The machine and the team. Only the OpenMP launcher is compiled with OpenMP.

libls_la_SOURCES += \
	%D%/control_group.c \
	%D%/control_group.h \
	%D%/counter.c \
	%D%/counter.h \
	%D%/environment/cpu_set.c \
	%D%/environment/cpu_set.h \
	%D%/environment/judge.c \
	%D%/environment/read.c \
	%D%/environment/read.h \
	%D%/environment/system_file.c \
	%D%/environment/system_file.h \
	%D%/environment/threads.c \
	%D%/launch.h \
	%D%/launch_pthreads.c \
	%D%/launch_serial.c \
	%D%/mailbox.c \
	%D%/mailbox.h \
	%D%/neighbours.c \
	%D%/neighbours.h \
	%D%/placement.c \
	%D%/placement.h \
	%D%/processor.c \
	%D%/processor.h \
	%D%/quota.c \
	%D%/quota.h \
	%D%/team.c \
	%D%/team.h \
	%D%/thread.c \
	%D%/thread.h \
	%D%/topology.c \
	%D%/topology.h

noinst_LTLIBRARIES += libls_openmp.la
libls_openmp_la_SOURCES = %D%/launch_openmp.c
libls_openmp_la_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
libls_la_LIBADD += libls_openmp.la
