/* SPDX-License-Identifier: MIT
 *
 * The columns of the raw points stand here alone.
 */
#include "scale_points.h"

void ls_scale_point_columns(struct ls_rows *rows)
{
	static const char *const names[] = {"type",
	                                    "series",
	                                    "bind",
	                                    "engine",
	                                    "split",
	                                    "workers",
	                                    "batch",
	                                    "slices",
	                                    "block",
	                                    "seconds",
	                                    "samples_per_second",
	                                    "fingerprint"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ls_rows_column(rows, NULL, names[i]);
}

void ls_scale_point(struct ls_rows *rows, const struct ls_scale_place *place, size_t block, double seconds)
{
	ls_rows_text(rows, place->type);
	ls_rows_integer(rows, place->series);
	ls_rows_text(rows, place->bind);
	ls_rows_text(rows, place->engine);
	ls_rows_text(rows, place->split);
	ls_rows_integer(rows, place->workers);
	ls_rows_integer(rows, place->batch);
	ls_rows_integer(rows, place->slices);
	ls_rows_integer(rows, block);
	ls_rows_real(rows, seconds);
	ls_rows_real(rows, place->batch / seconds);
	ls_rows_text(rows, place->fingerprint);
}
