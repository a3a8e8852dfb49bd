/* SPDX-License-Identifier: MIT
 *
 * Spaces for the tests of samplers, from a table of parameters.
 */
#ifndef LS_TESTS_SEARCH_SPACE_H
#define LS_TESTS_SEARCH_SPACE_H

#include "study/space/space.h"

struct test_parameter {
	const char *name;
	enum ls_distribution_kind kind;
	double min, max, q;  /* also mu and sigma, a and b */
	const char *values;  /* of listed ones, with blanks between: numbers, or texts */
	const char *when;    /* NULL: always */
	size_t follows_plus; /* 0: leads; 1 + the parameter that it follows */
};

/* Aborts on any failure. probabilities: even ones. */
struct ls_space test_space(const struct test_parameter *parameters, size_t n, const char *constraint);

#endif
