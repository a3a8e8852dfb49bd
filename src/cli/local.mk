# SPDX-License-Identifier: MIT
#
# The command: over the public API only, so it links the shared library.

bin_PROGRAMS += lockstep
lockstep_SOURCES = \
	%D%/bench.c \
	%D%/bench_json.c \
	%D%/bench_machine.c \
	%D%/bench_options.c \
	%D%/bench_options.h \
	%D%/bench_report.h \
	%D%/bench_run.c \
	%D%/bench_run.h \
	%D%/bench_text.c \
	%D%/bench_training.c \
	%D%/choice.c \
	%D%/choice.h \
	%D%/command.h \
	%D%/dataset_path.c \
	%D%/dataset_path.h \
	%D%/epoch_table.c \
	%D%/epoch_table.h \
	%D%/eval.c \
	%D%/export.h \
	%D%/export_hparams.c \
	%D%/export_hparams.h \
	%D%/export_optuna.c \
	%D%/export_rows.c \
	%D%/export_space.c \
	%D%/export_space.h \
	%D%/export_tensorboard.c \
	%D%/gradcheck.c \
	%D%/help.c \
	%D%/job_options.c \
	%D%/job_options.h \
	%D%/json.c \
	%D%/json.h \
	%D%/log.c \
	%D%/log.h \
	%D%/main.c \
	%D%/message.c \
	%D%/message.h \
	%D%/options.c \
	%D%/options.h \
	%D%/output.c \
	%D%/output.h \
	%D%/output_folder.c \
	%D%/output_folder.h \
	%D%/placement_text.c \
	%D%/placement_text.h \
	%D%/predict.c \
	%D%/prediction.c \
	%D%/prediction.h \
	%D%/progress.c \
	%D%/progress.h \
	%D%/report.c \
	%D%/report.h \
	%D%/report_log.c \
	%D%/report_page.c \
	%D%/report_study.c \
	%D%/resume.c \
	%D%/resume.h \
	%D%/rows.c \
	%D%/rows.h \
	%D%/rows_table.c \
	%D%/rows_text.c \
	%D%/runs.c \
	%D%/runs_best.c \
	%D%/runs_columns.c \
	%D%/runs_data.c \
	%D%/runs_data.h \
	%D%/runs_export.c \
	%D%/runs_save.c \
	%D%/runs_show.c \
	%D%/runs_verbs.h \
	%D%/stop_signals.c \
	%D%/stop_signals.h \
	%D%/stream.c \
	%D%/stream.h \
	%D%/summary.c \
	%D%/summary.h \
	%D%/sweep.c \
	%D%/sweep_check.c \
	%D%/sweep_check.h \
	%D%/sweep_json.c \
	%D%/sweep_print.h \
	%D%/sweep_run.c \
	%D%/sweep_run.h \
	%D%/sweep_text.c \
	%D%/sweep_watch.c \
	%D%/sweep_watch.h \
	%D%/terminal.c \
	%D%/terminal.h \
	%D%/topology.c \
	%D%/train.c \
	%D%/values.c \
	%D%/values.h \
	%D%/verify.c
lockstep_LDADD = libevents.la libnearest.la liblockstep.la $(JANSSON_LIBS)

# What has unit tests.
noinst_LTLIBRARIES += libevents.la
libevents_la_SOURCES = \
	%D%/event_file.c \
	%D%/event_file.h \
	%D%/protobuf.c \
	%D%/protobuf.h

# The page of reports: its files become C, so that the command needs none of them. Scripts
# in the order in which they stand in the page.
report_page = \
	%D%/page/report.html \
	%D%/page/report.css \
	%D%/page/base.js \
	%D%/page/marks.js \
	%D%/page/study.js \
	%D%/page/plot.js \
	%D%/page/summary.js \
	%D%/page/contenders.js \
	%D%/page/history.js \
	%D%/page/importance.js \
	%D%/page/parallel.js \
	%D%/page/slices.js \
	%D%/page/curves.js \
	%D%/page/timeline.js \
	%D%/page/table.js \
	%D%/page/environment.js \
	%D%/page/run.js \
	%D%/page/main.js
nodist_lockstep_SOURCES = %D%/report_files.c
EXTRA_DIST += $(report_page) %D%/page/embed.sh
CLEANFILES += %D%/report_files.c
%D%/report_files.c: $(report_page) %D%/page/embed.sh
	$(AM_V_GEN)$(MKDIR_P) %D% && cd $(srcdir) && \
		$(SHELL) %D%/page/embed.sh $(report_page) >$(abs_builddir)/$@-t && cd $(abs_builddir) && mv $@-t $@
