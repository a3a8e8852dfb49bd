/* SPDX-License-Identifier: MIT
 *
 * A study's document in a database: the same that --json writes.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream() */

#include <stdlib.h>

#include "cli/print/message.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND

int ls_scale_database_open(struct ls_scale_run *run)
{
	lockstep_error error;
	if (!run->options.database)
		return LS_EXIT_DONE;
	if (lockstep_scaling_store_open(&run->store, run->options.database, run->result.name, &error))
		return ls_message_failed(COMMAND, "%s", error.message);
	return LS_EXIT_DONE;
}

static int make_document(const struct ls_scale_result *result, char **document)
{
	size_t n;
	FILE *file = open_memstream(document, &n);
	int status = file ? ls_scale_write_json(result, file) : LS_EXIT_FAILED;
	int is_short = !file || ferror(file);
	if (file && fclose(file))
		is_short = 1;
	return is_short ? ls_message_failed(COMMAND, "out of memory for the study's document") : status;
}

int ls_scale_database_add(struct ls_scale_run *run)
{
	char *document = NULL;
	lockstep_error error;
	if (!run->store)
		return LS_EXIT_DONE;
	int status = make_document(&run->result, &document);
	if (status == LS_EXIT_DONE && lockstep_scaling_store_add(run->store, document, &error))
		status = ls_message_failed(COMMAND, "%s", error.message);
	free(document);
	return status;
}
