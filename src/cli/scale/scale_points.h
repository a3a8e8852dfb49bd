/* SPDX-License-Identifier: MIT
 *
 * The raw points of a scaling study as CSV, of a study that was just measured or of one in a database.
 */
#ifndef LS_CLI_SCALE_POINTS_H
#define LS_CLI_SCALE_POINTS_H

#include "cli/print/rows.h"

/* Of the columns "type" to "fingerprint" those that a level's points share. */
struct ls_scale_place {
	const char *type;
	size_t series; /* from 0 */
	const char *bind, *engine, *split;
	uint32_t workers, batch, slices;
	const char *fingerprint;
};

void ls_scale_point_columns(struct ls_rows *rows);
/* A measurement: seconds of a step in a block, from 1. */
void ls_scale_point(struct ls_rows *rows, const struct ls_scale_place *place, size_t block, double seconds);

#endif
