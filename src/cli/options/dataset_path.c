/* SPDX-License-Identifier: MIT
 *
 * Places are tried in order and remembered, so that the error can list them.
 */
#include "dataset_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(field) offsetof(struct ls_data_options, field)

const struct ls_option ls_data_option_table[] = {
    {0, "data", "NAME|DIR|FILE", LS_OPTION_TEXT, AT(data), NULL,
     "a data set's name; a folder with MNIST's four IDX files; or one IDX, CSV or NPY file"},
    {0, "test", "FILE", LS_OPTION_TEXT, AT(files.test), NULL, "rows to test on; a folder brings its own"},
    {0, "label", "COLUMN[,COLUMN...]", LS_OPTION_TEXT, AT(files.label), NULL,
     "label columns of a CSV file, by name or number from 1; several make the data multi-label"
     " (default: the last column)"},
    {0, "labels", "FILE", LS_OPTION_TEXT, AT(files.labels), NULL,
     "labels of an IDX or NPY file (default: found by name beside it)"},
    {0, "test-labels", "FILE", LS_OPTION_TEXT, AT(files.test_labels), NULL, "the same for the file of --test"},
    {0},
};

struct places {
	const char *name;
	char path[PATH_MAX]; /* the latest */
	char tried[384];     /* all, as text */
};

/* Makes `folder`/`file` the latest place; non-zero when it exists. */
static int try_place(struct places *places, const char *folder, const char *file)
{
	int n = snprintf(places->path, sizeof places->path, "%s/%s", folder, file);
	if (n < 0 || (size_t)n >= sizeof places->path)
		return 0;
	if (access(places->path, F_OK) == 0)
		return 1;
	size_t used = strlen(places->tried);
	snprintf(places->tried + used, sizeof places->tried - used, "%s%.350s", used ? ", " : "", places->path);
	return 0;
}

/* LOCKSTEP_DATA may also be the folder of MNIST's files itself. */
static int holds_mnist(const char *folder)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", folder);
	if (n < 0 || (size_t)n >= sizeof path - 3)
		return 0;
	if (access(path, F_OK) == 0)
		return 1;
	memcpy(path + n, ".gz", 4);
	return access(path, F_OK) == 0;
}

static int find_name(struct places *places)
{
	const char *folder = getenv("LOCKSTEP_DATA");
	if (!folder || !*folder)
		return try_place(places, LS_DATADIR, places->name) || try_place(places, "datasets", places->name) ||
		       try_place(places, ".", places->name);
	if (strcmp(places->name, "mnist") == 0 && holds_mnist(folder)) {
		snprintf(places->path, sizeof places->path, "%s", folder);
		return 1;
	}
	return try_place(places, folder, places->name) || try_place(places, ".", places->name);
}

const char *ls_data_file(const struct ls_data_options *options)
{
	return options->data && strpbrk(options->data, "/.") ? options->data : NULL;
}

lockstep_status ls_dataset_path(const char *data, char path[PATH_MAX], lockstep_error *error)
{
	struct places places = {.name = data};
	if (strlen(data) >= PATH_MAX) {
		error->status = LOCKSTEP_ERROR_IO;
		snprintf(error->message, sizeof error->message, "--data: the path is too long");
		return error->status;
	}
	if (strpbrk(data, "/.")) {
		strcpy(path, data);
		return LOCKSTEP_OK;
	}
	if (find_name(&places)) {
		strcpy(path, places.path);
		return LOCKSTEP_OK;
	}
	error->status = LOCKSTEP_ERROR_IO;
	snprintf(error->message, sizeof error->message, "--data '%.64s': no such data set; looked at %s", data,
	         places.tried);
	return error->status;
}

lockstep_status ls_dataset_open(lockstep_dataset **out, const struct ls_data_options *options, lockstep_error *error)
{
	char path[PATH_MAX];
	lockstep_status status = ls_dataset_path(options->data, path, error);
	return status ? status : lockstep_dataset_open_with(out, path, &options->files, error);
}

lockstep_status ls_dataset_open_for(lockstep_dataset **out, const struct ls_data_options *options,
                                    const lockstep_network *network, lockstep_error *error)
{
	struct ls_data_options data = *options;
	size_t n = lockstep_network_size(network, lockstep_network_n_layers(network));
	if (!lockstep_network_label_name(network, 0))
		return ls_dataset_open(out, &data, error);

	const char **names = calloc(n, sizeof *names);
	if (!names) {
		snprintf(error->message, sizeof error->message, "out of memory for %zu labels", n);
		return error->status = LOCKSTEP_ERROR_MEMORY;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = lockstep_network_label_name(network, i);
	data.files.label_names = names;
	data.files.n_label_names = n;
	lockstep_status status = ls_dataset_open(out, &data, error);
	free(names);
	return status;
}
