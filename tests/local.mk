# SPDX-License-Identifier: MIT
#
# Tests in groups: unit, study, numeric, parallel, cli, faults, model. A Criterion
# program is one line in its group; a program's source is its name with .c. All
# run through run_test.sh and automake's TAP driver.
#
#	make check              everything that takes a minute or two
#	make numerics           all tables of functions and sums in doc/numerics.md,
#	                        made and compared; takes most of an hour
#	make numerics-page      the same, and writes them there
#	make check-long         the golden jobs on all rows too, 200 kills, the
#	                        models with four workers, 10,000 flips of bits
#	make check-static       warnings, clang-tidy, format, headers, symbols
#	make update-symbols     records what the shared library exports
#	make check-race         the parallel programs and the command, for a build
#	                        with --enable-sanitizer=thread

unit_programs = \
	%D%/unit/test_atomic_file \
	%D%/unit/test_base \
	%D%/unit/test_csv \
	%D%/unit/test_dataset \
	%D%/unit/test_distribution \
	%D%/unit/test_document \
	%D%/unit/test_environment \
	%D%/unit/test_event_file \
	%D%/unit/test_expression \
	%D%/unit/test_halving \
	%D%/unit/test_hyperband \
	%D%/unit/test_idx \
	%D%/unit/test_importance \
	%D%/unit/test_leg \
	%D%/unit/test_leg_command \
	%D%/unit/test_machine_model \
	%D%/unit/test_mailbox \
	%D%/unit/test_median \
	%D%/unit/test_model \
	%D%/unit/test_npy \
	%D%/unit/test_packed \
	%D%/unit/test_packing \
	%D%/unit/test_partition \
	%D%/unit/test_placement \
	%D%/unit/test_points \
	%D%/unit/test_quota \
	%D%/unit/test_random \
	%D%/unit/test_record \
	%D%/unit/test_reference \
	%D%/unit/test_safetensors \
	%D%/unit/test_sampler \
	%D%/unit/test_scaling \
	%D%/unit/test_scaling_blocks \
	%D%/unit/test_scaling_fit \
	%D%/unit/test_scaling_levels \
	%D%/unit/test_scaling_properties \
	%D%/unit/test_scaling_spec \
	%D%/unit/test_scaling_study \
	%D%/unit/test_schedule \
	%D%/unit/test_scheduler \
	%D%/unit/test_space \
	%D%/unit/test_spec \
	%D%/unit/test_spec_errors \
	%D%/unit/test_special \
	%D%/unit/test_store \
	%D%/unit/test_sweep \
	%D%/unit/test_time_to_loss \
	%D%/unit/test_tpe \
	%D%/unit/test_tuning \
	%D%/unit/test_value \
	%D%/unit/test_words

study_programs = \
	%D%/study/test_delays \
	%D%/study/test_quality

numeric_programs = \
	%D%/numeric/test_backward \
	%D%/numeric/test_differences \
	%D%/numeric/test_double_net \
	%D%/numeric/test_functions \
	%D%/numeric/test_gradcheck \
	%D%/numeric/test_kernel_bound \
	%D%/numeric/test_kernels \
	%D%/numeric/test_summation_order \
	%D%/numeric/test_zero_skipping

parallel_programs = \
	%D%/parallel/test_gradients \
	%D%/parallel/test_memory \
	%D%/parallel/test_split \
	%D%/parallel/test_team \
	%D%/parallel/test_ways

faults_programs = \
	%D%/faults/test_allocations \
	%D%/faults/test_checkpoint \
	%D%/faults/test_control_word \
	%D%/faults/test_fork \
	%D%/faults/test_trainer \
	%D%/faults/test_verify

criterion_programs = $(unit_programs) $(study_programs) $(numeric_programs) $(parallel_programs) $(faults_programs)

# No Criterion: only an exit status (race_*), or run by a script below.
race_programs = \
	%D%/parallel/race_team

plain_programs = \
	%D%/faults/hog \
	%D%/support/golden \
	%D%/support/make_page_runs \
	%D%/support/make_runs \
	%D%/support/make_scaling \
	%D%/numeric/function_digests \
	%D%/numeric/print_trees \
	%D%/parallel/golden_library \
	%D%/parallel/race_planted \
	%D%/study/parzen_densities

# Against MPFR, where there is one.
mpfr_programs = \
	%D%/numeric/function_errors \
	%D%/numeric/function_errors64

# The first takes longest, and is best begun first where tests run side by side.
shell_tests = \
	%D%/parallel/golden.sh \
	%D%/cli/accuracy.sh \
	%D%/cli/bench.sh \
	%D%/cli/build.sh \
	%D%/cli/choice.sh \
	%D%/cli/errors.sh \
	%D%/cli/examples.sh \
	%D%/cli/experiments.sh \
	%D%/cli/gradcheck.sh \
	%D%/cli/layers.sh \
	%D%/cli/log.sh \
	%D%/cli/options.sh \
	%D%/cli/overlay.sh \
	%D%/cli/peers.sh \
	%D%/cli/predict.sh \
	%D%/cli/report.sh \
	%D%/cli/report_scaling.sh \
	%D%/cli/resume.sh \
	%D%/cli/runs.sh \
	%D%/cli/runs_export.sh \
	%D%/cli/runs_save.sh \
	%D%/cli/safetensors_python.sh \
	%D%/cli/scale.sh \
	%D%/cli/scale_database.sh \
	%D%/cli/scale_documents.sh \
	%D%/cli/signals.sh \
	%D%/cli/sweep.sh \
	%D%/cli/sweep_command.sh \
	%D%/cli/sweep_run.sh \
	%D%/cli/topology.sh \
	%D%/cli/train.sh \
	%D%/cli/verify.sh \
	%D%/faults/clock.sh \
	%D%/faults/disk.sh \
	%D%/faults/kill.sh \
	%D%/faults/memory.sh \
	%D%/faults/shim.sh \
	%D%/faults/workers.sh \
	%D%/model/team.sh \
	%D%/model/walk.sh \
	%D%/numeric/golden_reference.sh \
	%D%/numeric/numerics.sh \
	%D%/parallel/race_command.sh \
	%D%/parallel/race_harness.sh \
	%D%/parallel/race_sweep.sh \
	%D%/study/parzen.sh

# Looks at the sources alone, or at what was built; on request.
static_tests = \
	%D%/static/format.sh \
	%D%/static/headers.sh \
	%D%/static/symbols.sh \
	%D%/static/tidy.sh \
	%D%/static/warnings.sh

# ---- Programs ------------------------------------------------------------------

check_PROGRAMS += $(plain_programs) $(race_programs)
if HAVE_CRITERION
check_PROGRAMS += $(criterion_programs)
endif
numerics_programs = %D%/numeric/function_digests$(EXEEXT) %D%/numeric/print_trees$(EXEEXT)
if HAVE_MPFR
check_PROGRAMS += $(mpfr_programs)
numerics_programs += %D%/numeric/function_errors$(EXEEXT) %D%/numeric/function_errors64$(EXEEXT)
endif

# What tests share, and the reference trainer, which has no code of src/.
check_LTLIBRARIES += libsupport.la libreference.la
libsupport_la_SOURCES = \
	%D%/support/arith_tables.c \
	%D%/support/arith_tables.h \
	%D%/support/double_case.c \
	%D%/support/double_case.h \
	%D%/support/fp32_functions.c \
	%D%/support/fp32_functions.h \
	%D%/support/function_inputs.c \
	%D%/support/function_inputs.h \
	%D%/support/kernel_sums.c \
	%D%/support/kernel_sums.h \
	%D%/support/made_study.c \
	%D%/support/made_study.h \
	%D%/support/pieces.c \
	%D%/support/pieces.h \
	%D%/support/search_space.c \
	%D%/support/search_space.h \
	%D%/support/shadow.h \
	%D%/support/split_jobs.c \
	%D%/support/split_jobs.h \
	%D%/support/summation_tree.c \
	%D%/support/summation_tree.h
if HAVE_CRITERION
libsupport_la_SOURCES += \
	%D%/faults/small_job.c \
	%D%/faults/small_job.h \
	%D%/support/data_files.c \
	%D%/support/data_files.h \
	%D%/support/scaling_curves.c \
	%D%/support/scaling_curves.h \
	%D%/support/signed_file.c \
	%D%/support/signed_file.h \
	%D%/support/simulated_sweep.c \
	%D%/support/simulated_sweep.h
endif
libreference_la_SOURCES = \
	%D%/support/golden_jobs.c \
	%D%/support/golden_jobs.h \
	%D%/support/golden_rows.c \
	%D%/support/golden_rows.h \
	%D%/support/reference.h \
	%D%/support/reference_data.c \
	%D%/support/reference_evaluate.c \
	%D%/support/reference_files.c \
	%D%/support/reference_functions.c \
	%D%/support/reference_functions64.c \
	%D%/support/reference_network.c \
	%D%/support/reference_philox.c \
	%D%/support/reference_train.c
libreference_la_LIBADD = $(CRYPTO_LIBS) $(ZLIB_LIBS)

# Makes calls of the command fail. No sanitizer in it, since the shells that
# start the command load it as well.
if HAVE_SHIM
check_LTLIBRARIES += %D%/faults/shim.la
%C%_faults_shim_la_SOURCES = %D%/faults/shim.c
%C%_faults_shim_la_CFLAGS = -std=gnu11 -fPIC -Wall -Wextra
%C%_faults_shim_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
%C%_faults_shim_la_LIBADD = -ldl
endif

LDADD = libsupport.la libreference.la libls.la $(CRITERION_LIBS)
%C%_faults_hog_LDADD =
%C%_unit_test_event_file_LDADD = libevents.la $(LDADD)
%C%_support_golden_LDADD = libreference.la
%C%_support_make_page_runs_LDADD = libls.la
%C%_support_make_runs_LDADD = libsupport.la libls.la
%C%_support_make_scaling_LDADD = libcommand.la libnearest.la libls.la $(JANSSON_LIBS)
%C%_numeric_function_digests_LDADD = libsupport.la libreference.la libls.la
if HAVE_MPFR
exact_sources = %D%/support/exact.c %D%/support/exact.h
%C%_numeric_function_errors_SOURCES = %D%/numeric/function_errors.c $(exact_sources)
%C%_numeric_function_errors_LDADD = libsupport.la libreference.la libls.la $(MPFR_LIBS)
%C%_numeric_function_errors64_SOURCES = %D%/numeric/function_errors64.c $(exact_sources)
%C%_numeric_function_errors64_LDADD = libsupport.la libreference.la libls.la $(MPFR_LIBS)
endif
%C%_numeric_print_trees_LDADD = libsupport.la libls.la
%C%_parallel_golden_library_LDADD = libreference.la libls.la
%C%_parallel_race_planted_LDADD = libls.la
%C%_parallel_race_team_LDADD = libls.la
# Letters of jobs go through the test.
%C%_study_test_delays_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ls_mailbox_put
%C%_study_parzen_densities_LDADD = libsupport.la libls.la

# ---- Running them --------------------------------------------------------------

dist_check_SCRIPTS += $(shell_tests) $(static_tests) %D%/static/compile.sh %D%/support/run_test.sh
EXTRA_DIST += \
	%D%/cli/report_page.py \
	%D%/cli/report_scaling.py \
	%D%/cli/scaling_documents.py \
	%D%/cli/tap.sh \
	%D%/faults/faults.sh \
	%D%/functions.sha256 \
	%D%/golden.txt \
	%D%/support/edit_model.py \
	%D%/model/check.sh \
	%D%/model/team.pml \
	%D%/model/waiting.pml \
	%D%/model/walk.pml \
	%D%/static/common.sh \
	%D%/static/symbols.txt \
	%D%/study/parzen_optuna.py \
	%D%/support/installcheck.sh \
	%D%/support/openmp_with_tool.sh \
	%D%/support/read_extrap.py \
	%D%/support/read_model.py \
	%D%/support/read_optuna.py \
	%D%/support/read_scaling.py \
	%D%/support/read_tensorboard.py \
	%D%/support/tap.sh \
	%D%/support/topology/hybrid.xml

TESTS = $(shell_tests) $(race_programs)
if HAVE_CRITERION
TESTS += $(criterion_programs)
endif

TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(SHELL) $(srcdir)/%D%/support/run_test.sh
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(LOG_COMPILER)
AM_TESTS_ENVIRONMENT = \
	LOCKSTEP='$(abs_top_builddir)/lockstep'; export LOCKSTEP; \
	OVERLAY='$(abs_top_builddir)/datasets/overlay/overlay'; export OVERLAY; \
	SHIM='$(abs_top_builddir)/%D%/faults/.libs/shim.so'; export SHIM; \
	MAKE_RUNS='$(abs_top_builddir)/%D%/support/make_runs'; export MAKE_RUNS; \
	MAKE_SCALING='$(abs_top_builddir)/%D%/support/make_scaling'; export MAKE_SCALING; \
	PYTHON='$(PYTHON)'; export PYTHON; \
	CC='$(CC)'; export CC;

.PHONY: check-long check-race check-static numerics numerics-page update-symbols
check-long:
	LOCKSTEP_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check

numerics numerics-page: $(numerics_programs)
	srcdir='$(srcdir)' $(SHELL) $(srcdir)/%D%/numeric/numerics.sh \
		$$(test $@ = numerics && echo --all || echo --write)

# A run-time of OpenMP that tells ThreadSanitizer what it does takes the place of
# gcc's, so that this compiler, which instruments vectors of all widths, and
# both engines come together.
race_tests = $(race_programs) %D%/parallel/race_harness.sh %D%/parallel/race_command.sh %D%/parallel/race_sweep.sh \
	%D%/parallel/golden.sh
check-race:
	folder=`CC='$(CC)' $(SHELL) $(srcdir)/%D%/support/openmp_with_tool.sh openmp-with-tool` && \
	LD_LIBRARY_PATH="$$folder$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}" \
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(race_tests)'

# Not by `check`, which would build all tests first.
check-static: all
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(static_tests) %D%/cli/layers.sh'

update-symbols: liblockstep.la
	srcdir='$(srcdir)' $(SHELL) $(srcdir)/%D%/static/symbols.sh --update

clean-local:
	rm -rf openmp-with-tool

installcheck-local:
	CC='$(CC) $(SANITIZER_FLAGS)' PKG_CONFIG='$(PKG_CONFIG)' $(SHELL) $(srcdir)/%D%/support/installcheck.sh \
		'$(DESTDIR)$(bindir)/lockstep' '$(DESTDIR)$(libdir)' '$(DESTDIR)$(pkgdatadir)' \
		$(srcdir)/doc/examples/first.c
