# SPDX-License-Identifier: MIT
#
# Fuzz targets. A target NAME is NAME.c with ls_fuzz_one(), a line in each of
# the two lists here, seeds in corpus/NAME, and, if it has words of its own,
# dictionaries/NAME. `make check` replays corpus and regressions in any build;
# `make fuzz`, after configure CC=clang --enable-fuzzing, looks for more:
#
#	make fuzz FUZZ_SECONDS=600 FUZZ_TARGETS='idx csv'

fuzz_programs = \
	%D%/bind \
	%D%/checkpoint \
	%D%/csv \
	%D%/database \
	%D%/dataset \
	%D%/gzip \
	%D%/idx \
	%D%/json \
	%D%/layers \
	%D%/model \
	%D%/npy \
	%D%/options \
	%D%/quota \
	%D%/safetensors \
	%D%/safetensors_signed \
	%D%/scaling_spec \
	%D%/slices \
	%D%/spec \
	%D%/topology

%C%_bind_LDADD = $(fuzz_libraries)
%C%_checkpoint_LDADD = $(fuzz_libraries)
%C%_csv_LDADD = $(fuzz_libraries)
%C%_database_LDADD = libfuzz.la libsupport.la libls.la $(LIB_FUZZING_ENGINE)
%C%_dataset_LDADD = $(fuzz_libraries)
%C%_gzip_LDADD = $(fuzz_libraries)
%C%_idx_LDADD = $(fuzz_libraries)
%C%_json_LDADD = $(fuzz_libraries)
%C%_layers_LDADD = $(fuzz_libraries)
%C%_model_LDADD = $(fuzz_libraries)
%C%_npy_LDADD = $(fuzz_libraries)
%C%_options_LDADD = libcommand.la libnearest.la $(fuzz_libraries)
%C%_quota_LDADD = $(fuzz_libraries)
%C%_safetensors_LDADD = $(fuzz_libraries)
%C%_safetensors_signed_LDADD = $(fuzz_libraries)
%C%_scaling_spec_LDADD = $(fuzz_libraries)
%C%_slices_LDADD = $(fuzz_libraries)
%C%_spec_LDADD = $(fuzz_libraries)
%C%_topology_LDADD = $(fuzz_libraries)

check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)

check_LTLIBRARIES += libfuzz.la
libfuzz_la_SOURCES = \
	%D%/container.c \
	%D%/container.h \
	%D%/fuzz.h \
	%D%/support.c
if FUZZING
libfuzz_la_SOURCES += %D%/libfuzzer.c
else
libfuzz_la_SOURCES += %D%/replay.c
endif
fuzz_libraries = libfuzz.la libls.la $(LIB_FUZZING_ENGINE)

EXTRA_DIST += \
	%D%/corpus \
	%D%/dictionaries \
	%D%/regressions
dist_check_SCRIPTS += \
	%D%/replay.sh \
	%D%/run.sh

.PHONY: fuzz
if FUZZING
fuzz: $(fuzz_programs)
	$(SHELL) $(srcdir)/%D%/run.sh $(srcdir)/%D% $(fuzz_programs)
else
fuzz:
	@echo 'make fuzz needs a build of: configure CC=clang --enable-fuzzing' >&2; exit 1
endif
