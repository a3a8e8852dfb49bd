/* SPDX-License-Identifier: MIT
 *
 * What was measured, and nothing that was made of it: a line a measurement.
 */
#include "scale_points.h"
#include "scale_result.h"

static void add_level(struct ls_rows *rows, const struct lockstep_scaling_study *study, size_t i_series,
                      const struct lockstep_scaling_level *level)
{
	const struct lockstep_scaling_setting *setting = &study->series[i_series].setting;
	const struct ls_scale_place place = {.type = lockstep_scaling_kind_name(study->kind),
	                                     .series = i_series,
	                                     .bind = setting->bind,
	                                     .engine = lockstep_engine_name(setting->engine),
	                                     .split = lockstep_split_name(setting->split),
	                                     .workers = level->workers,
	                                     .batch = level->batch,
	                                     .slices = level->slices,
	                                     .fingerprint = level->fingerprint};
	for (size_t i = 0; i < level->n; i++)
		ls_scale_point(rows, &place, i + 1, level->seconds[i]);
}

int ls_scale_write_csv(const struct ls_scale_result *result, FILE *file)
{
	const struct lockstep_scaling_study *study = result->study;
	struct ls_rows rows;
	ls_rows_begin(&rows, file, LS_FORMAT_CSV);
	ls_scale_point_columns(&rows);
	for (size_t i = 0; i < study->n; i++)
		for (size_t k = 0; k < study->series[i].n; k++)
			if (!study->series[i].levels[k].excluded)
				add_level(&rows, study, i, &study->series[i].levels[k]);
	return ls_rows_end(&rows, LS_SCALE_COMMAND);
}
