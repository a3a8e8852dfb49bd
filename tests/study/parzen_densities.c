/* SPDX-License-Identifier: MIT
 *
 * Prints the log densities that the Parzen estimator gives to points, for parzen_optuna.py. Reads from
 * stdin: how many observations, how many points, and then their draws, a line each. The space is that of the
 * Python side, with its first N parameters when called with N.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/functions/table.h"
#include "study/search/parzen.h"
#include "search_space.h"

static const struct test_parameter parameters[] = {
    {.name = "act", .kind = LS_CATEGORICAL, .values = "relu tanh sigmoid leaky"},
    {.name = "x", .kind = LS_UNIFORM, .min = -5, .max = 10},
    {.name = "lr", .kind = LS_LOG_UNIFORM_VALUES, .min = 1e-5, .max = 0.1},
    {.name = "layers", .kind = LS_INT_UNIFORM, .min = 1, .max = 6},
    {.name = "hidden", .kind = LS_INT_UNIFORM, .min = 16, .max = 6000},
    {.name = "dropout", .kind = LS_Q_UNIFORM, .min = 0, .max = 0.5, .q = 0.05},
};
#define N_PARAMETERS (sizeof parameters / sizeof *parameters)

static void read_point(struct ls_cell *cells, const struct ls_axis *axes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double draw;
		if (scanf("%lf", &draw) != 1)
			exit(2);
		cells[i].middle = draw;
		if (axes[i].kind != LS_AXIS_CHOICE)
			cells[i] = ls_axis_cell(&axes[i], draw);
	}
}

static int print_densities(const struct ls_axis *axes, size_t n_axes, size_t n, size_t n_points)
{
	static struct ls_table64 table;
	struct ls_parzen parzen;
	struct ls_cell cells[N_PARAMETERS];
	double *scratch = calloc(n + 1, sizeof *scratch);
	ls_table64_fill(&table);
	if (!scratch || ls_parzen_init(&parzen, axes, n_axes, n, NULL))
		return 1;
	for (size_t k = 0; k < n; k++) {
		read_point(cells, axes, n_axes);
		for (size_t i = 0; i < n_axes; i++)
			parzen.coordinates[i * n + k] = cells[i].middle;
	}
	if (ls_parzen_fit(&parzen, &table, NULL))
		return 1;
	for (size_t k = 0; k < n_points; k++) {
		read_point(cells, axes, n_axes);
		printf("%.17g\n", ls_parzen_log_density(&parzen, cells, scratch));
	}
	ls_parzen_fini(&parzen);
	free(scratch);
	return 0;
}

int main(int argc, char **argv)
{
	struct ls_axis axes[N_PARAMETERS];
	size_t n_axes = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, n = 0, n_points = 0;
	if (n_axes < 1 || n_axes > N_PARAMETERS || scanf("%zu %zu", &n, &n_points) != 2)
		return 2;
	struct ls_space space = test_space(parameters, N_PARAMETERS, NULL);
	for (size_t i = 0; i < n_axes; i++)
		axes[i] = ls_axis(&space.parameters[i].distribution);
	int status = print_densities(axes, n_axes, n, n_points);
	ls_space_fini(&space);
	return status;
}
