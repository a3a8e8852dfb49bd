/* SPDX-License-Identifier: MIT
 *
 * Which options of a resumed job were given does not matter here: the library
 * compares the whole job with the checkpoint's.
 */
#include "resume.h"

#include <string.h>
#include <unistd.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

void ls_resume_options(struct ls_job_options *job, const lockstep_checkpoint *checkpoint)
{
	const lockstep_record *record = lockstep_checkpoint_record(checkpoint);
	const char *data = lockstep_checkpoint_data(checkpoint, &job->data.files);
	if (data)
		job->data.data = access(data, F_OK) == 0 ? data : last_part(data);
	job->layers = lockstep_record_layers(record);
	lockstep_record_get_network_options(record, &job->network);
	lockstep_record_get_train_options(record, &job->train);
	job->loss = (int)job->network.loss;
	job->own_init_seed = job->network.seed != job->train.seed;
}

void ls_resume_settle_data(struct ls_job_options *job, const lockstep_checkpoint *checkpoint)
{
	struct lockstep_dataset_options before = LOCKSTEP_DATASET_OPTIONS_INIT, *now = &job->data.files;
	const char *data = lockstep_checkpoint_data(checkpoint, &before);
	if (!data || job->data.data == data || job->data.data == last_part(data))
		return;
	if (now->test == before.test)
		now->test = NULL;
	if (now->labels == before.labels)
		now->labels = NULL;
	if (now->test_labels == before.test_labels)
		now->test_labels = NULL;
}
