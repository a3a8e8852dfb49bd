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

/* Likewise; a path that cannot be resolved stays as it is. */
static int copy_path(char **out, const char *path)
{
	char absolute[PATH_MAX];
	return copy_text(out, path && realpath(path, absolute) ? absolute : path);
}

lockstep_status ls_origin_init(struct ls_origin *origin, const char *path,
                               const struct lockstep_dataset_options *options, lockstep_error *error)
{
	if (copy_path(&origin->data, path) && copy_path(&origin->test, options->test) &&
	    copy_text(&origin->label, options->label) && copy_path(&origin->labels, options->labels) &&
	    copy_path(&origin->test_labels, options->test_labels))
		return LOCKSTEP_OK;
	return ls_error_memory(error, "the data set's origin");
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
