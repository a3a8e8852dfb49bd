# SPDX-License-Identifier: MIT
#
# The command: over the public API only, so it links the shared library. A folder a subject:
# options are what is read, print what is written; the others are the subcommands.

bin_PROGRAMS += lockstep
lockstep_SOURCES = \
	%D%/command.h \
	%D%/environment_text.c \
	%D%/environment_text.h \
	%D%/main.c \
	%D%/placement_text.c \
	%D%/placement_text.h \
	%D%/processor_text.c \
	%D%/processor_text.h \
	%D%/topology.c \
	%D%/bench/bench.c \
	%D%/bench/bench_json.c \
	%D%/bench/bench_machine.c \
	%D%/bench/bench_options.c \
	%D%/bench/bench_options.h \
	%D%/bench/bench_report.h \
	%D%/bench/bench_run.c \
	%D%/bench/bench_run.h \
	%D%/bench/bench_text.c \
	%D%/bench/bench_training.c \
	%D%/predict/eval.c \
	%D%/predict/predict.c \
	%D%/predict/prediction.c \
	%D%/predict/prediction.h \
	%D%/report/report.c \
	%D%/report/report.h \
	%D%/report/report_log.c \
	%D%/report/report_page.c \
	%D%/report/report_scaling.c \
	%D%/report/report_scaling.h \
	%D%/report/report_scaling_check.c \
	%D%/report/report_study.c \
	%D%/runs/export.h \
	%D%/runs/export_hparams.c \
	%D%/runs/export_hparams.h \
	%D%/runs/export_optuna.c \
	%D%/runs/export_rows.c \
	%D%/runs/export_space.c \
	%D%/runs/export_space.h \
	%D%/runs/export_tensorboard.c \
	%D%/runs/runs.c \
	%D%/runs/runs_best.c \
	%D%/runs/runs_columns.c \
	%D%/runs/runs_data.c \
	%D%/runs/runs_data.h \
	%D%/runs/runs_export.c \
	%D%/runs/runs_save.c \
	%D%/runs/runs_scaling.c \
	%D%/runs/runs_show.c \
	%D%/runs/runs_verbs.h \
	%D%/scale/scale.c \
	%D%/scale/scale_database.c \
	%D%/scale/scale_lists.c \
	%D%/scale/scale_lists.h \
	%D%/scale/scale_options.c \
	%D%/scale/scale_options.h \
	%D%/scale/scale_output.c \
	%D%/scale/scale_predict.c \
	%D%/scale/scale_prepare.c \
	%D%/scale/scale_result.h \
	%D%/scale/scale_run.h \
	%D%/scale/scale_spec.c \
	%D%/scale/scale_text.c \
	%D%/scale/scale_text.h \
	%D%/scale/scale_text_series.c \
	%D%/scale/scale_watch.c \
	%D%/scale/scale_watch.h \
	%D%/sweep/sweep.c \
	%D%/sweep/sweep_check.c \
	%D%/sweep/sweep_check.h \
	%D%/sweep/sweep_json.c \
	%D%/sweep/sweep_print.h \
	%D%/sweep/sweep_run.c \
	%D%/sweep/sweep_run.h \
	%D%/sweep/sweep_text.c \
	%D%/sweep/sweep_watch.c \
	%D%/sweep/sweep_watch.h \
	%D%/train/epoch_table.c \
	%D%/train/epoch_table.h \
	%D%/train/gradcheck.c \
	%D%/train/progress.c \
	%D%/train/progress.h \
	%D%/train/resume.c \
	%D%/train/resume.h \
	%D%/train/stop_signals.c \
	%D%/train/stop_signals.h \
	%D%/train/summary.c \
	%D%/train/summary.h \
	%D%/train/train.c \
	%D%/train/verify.c
lockstep_LDADD = libevents.la libcommand.la libnearest.la liblockstep.la $(JANSSON_LIBS)

# What has unit tests.
noinst_LTLIBRARIES += libevents.la
libevents_la_SOURCES = \
	%D%/runs/event_file.c \
	%D%/runs/event_file.h \
	%D%/runs/protobuf.c \
	%D%/runs/protobuf.h

# What a fuzz target reads options with, and a test has the documents of scaling studies written with.
noinst_LTLIBRARIES += libcommand.la
libcommand_la_SOURCES = \
	%D%/options/choice.c \
	%D%/options/choice.h \
	%D%/options/dataset_path.c \
	%D%/options/dataset_path.h \
	%D%/options/help.c \
	%D%/options/job_options.c \
	%D%/options/job_options.h \
	%D%/options/options.c \
	%D%/options/options.h \
	%D%/options/values.c \
	%D%/options/values.h \
	%D%/print/environment_json.c \
	%D%/print/environment_json.h \
	%D%/print/json.c \
	%D%/print/json.h \
	%D%/print/message.c \
	%D%/print/message.h \
	%D%/print/output.c \
	%D%/print/output.h \
	%D%/print/output_folder.c \
	%D%/print/output_folder.h \
	%D%/print/paths.c \
	%D%/print/paths.h \
	%D%/print/rows.c \
	%D%/print/rows.h \
	%D%/print/rows_table.c \
	%D%/print/rows_text.c \
	%D%/print/stream.c \
	%D%/print/stream.h \
	%D%/print/terminal.c \
	%D%/print/terminal.h \
	%D%/print/wrapped.c \
	%D%/print/wrapped.h \
	%D%/scale/scale_answer.c \
	%D%/scale/scale_answer.h \
	%D%/scale/scale_csv.c \
	%D%/scale/scale_extrap.c \
	%D%/scale/scale_json.c \
	%D%/scale/scale_name.c \
	%D%/scale/scale_name.h \
	%D%/scale/scale_points.c \
	%D%/scale/scale_points.h \
	%D%/scale/scale_result.h \
	%D%/scale/scale_series.c \
	%D%/train/log.c \
	%D%/train/log.h

# The page of reports: its files become C, so that the command needs none of them. Scripts
# in the order in which they stand in the page.
report_page = \
	%D%/report/page/report.html \
	%D%/report/page/report.css \
	%D%/report/page/base.js \
	%D%/report/page/marks.js \
	%D%/report/page/study.js \
	%D%/report/page/plot.js \
	%D%/report/page/summary.js \
	%D%/report/page/contenders.js \
	%D%/report/page/history.js \
	%D%/report/page/importance.js \
	%D%/report/page/parallel.js \
	%D%/report/page/slices.js \
	%D%/report/page/curves.js \
	%D%/report/page/timeline.js \
	%D%/report/page/table.js \
	%D%/report/page/environment.js \
	%D%/report/page/run.js \
	%D%/report/page/scaling.js \
	%D%/report/page/scaling_chart.js \
	%D%/report/page/scaling_answer.js \
	%D%/report/page/scaling_time.js \
	%D%/report/page/scaling_speedup.js \
	%D%/report/page/scaling_phases.js \
	%D%/report/page/scaling_roofline.js \
	%D%/report/page/scaling_predicted.js \
	%D%/report/page/scaling_loss.js \
	%D%/report/page/scaling_blocks.js \
	%D%/report/page/scaling_table.js \
	%D%/report/page/main.js
nodist_lockstep_SOURCES = %D%/report/report_files.c
EXTRA_DIST += $(report_page) %D%/report/page/embed.sh
CLEANFILES += %D%/report/report_files.c
%D%/report/report_files.c: $(report_page) %D%/report/page/embed.sh
	$(AM_V_GEN)$(MKDIR_P) %D%/report && cd $(srcdir) && \
		$(SHELL) %D%/report/page/embed.sh $(report_page) >$(abs_builddir)/$@-t && cd $(abs_builddir) && mv $@-t $@
