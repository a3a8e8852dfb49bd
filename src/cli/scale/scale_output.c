/* SPDX-License-Identifier: MIT
 *
 * The files of a study. At its end one that fails leaves the others be.
 */
#include <string.h>

#include "cli/print/message.h"
#include "cli/print/output.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND
#define N_FILES 3

struct file {
	const char *path; /* NULL: not asked for */
	int (*write)(const struct ls_scale_result *result, FILE *file);
};

static void list(const struct ls_scale_options *options, struct file files[N_FILES])
{
	files[0] = (struct file){options->json, ls_scale_write_json};
	files[1] = (struct file){options->csv, ls_scale_write_csv};
	files[2] = (struct file){options->extrap, ls_scale_write_extrap};
}

static int is_stdout(const char *path)
{
	return strcmp(path, "-") == 0;
}

int ls_scale_output_check(const struct ls_scale_options *options)
{
	struct file files[N_FILES];
	int status = LS_EXIT_DONE;
	list(options, files);
	for (size_t i = 0; i < N_FILES && status == LS_EXIT_DONE; i++)
		if (files[i].path && !is_stdout(files[i].path))
			status = ls_output_check(files[i].path, COMMAND);
	return status;
}

static int write_file(const struct file *file, const struct ls_scale_result *result)
{
	struct ls_output output;
	int status = ls_output_open(&output, is_stdout(file->path) ? NULL : file->path, COMMAND);
	if (status != LS_EXIT_DONE)
		return status;
	status = file->write(result, output.file);
	if (status == LS_EXIT_DONE)
		return ls_output_commit(&output, COMMAND);
	ls_output_abandon(&output);
	return status;
}

int ls_scale_output_write(const struct ls_scale_options *options, const struct ls_scale_result *result)
{
	struct file files[N_FILES];
	int status = LS_EXIT_DONE, has_stdout = 0;
	list(options, files);
	for (size_t i = 0; i < N_FILES; i++) {
		if (!files[i].path)
			continue;
		has_stdout |= is_stdout(files[i].path);
		int result_of = write_file(&files[i], result);
		status = result_of == LS_EXIT_DONE ? status : result_of;
	}
	if (!has_stdout)
		ls_scale_print(result);
	return status;
}
