/* SPDX-License-Identifier: MIT
 *
 * Paths are made absolute, since a job may be resumed from another folder. One
 * that is not UTF-8 cannot be written into a file: it stays unknown.
 */
#include "origin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

/* False when memory is short. */
static int copy_text(char **out, const char *text)
{
	if (!text || !ls_utf8_check(text, strlen(text)))
		return 1;
	*out = ls_memory_copy_text(text);
	return *out != NULL;
}

lockstep_status ls_origin_copy(struct ls_origin *origin, const char *path,
                               const struct lockstep_dataset_options *options, lockstep_error *error)
{
	if (copy_text(&origin->data, path) && copy_text(&origin->test, options->test) &&
	    copy_text(&origin->label, options->label) && copy_text(&origin->labels, options->labels) &&
	    copy_text(&origin->test_labels, options->test_labels))
		return LOCKSTEP_OK;
	return ls_error_memory(error, "the data set's origin");
}

/* A path that cannot be resolved stays as it is. */
static const char *resolve(const char *path, char absolute[PATH_MAX])
{
	return path && realpath(path, absolute) ? absolute : path;
}

lockstep_status ls_origin_init(struct ls_origin *origin, const char *path,
                               const struct lockstep_dataset_options *options, lockstep_error *error)
{
	char data[PATH_MAX], test[PATH_MAX], labels[PATH_MAX], test_labels[PATH_MAX];
	struct lockstep_dataset_options resolved = *options;
	resolved.test = resolve(options->test, test);
	resolved.labels = resolve(options->labels, labels);
	resolved.test_labels = resolve(options->test_labels, test_labels);
	return ls_origin_copy(origin, resolve(path, data), &resolved, error);
}

void ls_origin_fini(struct ls_origin *origin)
{
	ls_memory_free(origin->test_labels);
	ls_memory_free(origin->labels);
	ls_memory_free(origin->label);
	ls_memory_free(origin->test);
	ls_memory_free(origin->data);
	*origin = (struct ls_origin){0};
}
