# SPDX-License-Identifier: MIT

libls_la_SOURCES += \
	%D%/arena.c \
	%D%/arena.h \
	%D%/database.c \
	%D%/database.h \
	%D%/interval.c \
	%D%/interval.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/reader.h \
	%D%/reader_epochs.c \
	%D%/reader_study.c \
	%D%/reader_trial.c \
	%D%/records.c \
	%D%/records.h \
	%D%/row.c \
	%D%/row.h \
	%D%/runs.c \
	%D%/scaling.c \
	%D%/scaling.h \
	%D%/schema.c \
	%D%/schema.h \
	%D%/snapshot.c \
	%D%/snapshot.h \
	%D%/store.c \
	%D%/store.h \
	%D%/store_item.c \
	%D%/store_job.c \
	%D%/store_scaling.c \
	%D%/store_study.c \
	%D%/table.c \
	%D%/table.h \
	%D%/writer.h
