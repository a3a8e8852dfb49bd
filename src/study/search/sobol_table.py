#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Prints sobol_table.c from the direction numbers "new-joe-kuo-6.21201" (S. Joe and F. Y. Kuo,
# "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30,
# 2008) as scipy keeps them; made with scipy 1.10.1 (Debian: python3-scipy).

import os

import numpy
import scipy.stats

DIMENSIONS = 128

data = numpy.load(os.path.join(os.path.dirname(scipy.stats.__file__), "_sobol_direction_numbers.npz"))
print('''/* SPDX-License-Identifier: MIT
 *
 * Direction numbers "new-joe-kuo-6.21201" (S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
 * two-dimensional projections", SIAM J. Sci. Comput. 30, 2008). Made by sobol_table.py; not to be edited.
 */
#include "sobol.h"

/* clang-format off */
const struct ls_sobol_dimension ls_sobol_dimensions[LS_SOBOL_DIMENSIONS - 1] = {''')
for i in range(1, DIMENSIONS):
    polynomial = int(data["poly"][i])
    degree = polynomial.bit_length() - 1
    first = ", ".join(str(m) for m in data["vinit"][i][:degree])
    print("\t{%d, %d, {%s}}," % (degree, polynomial >> 1 & ((1 << (degree - 1)) - 1), first))
print('''};
/* clang-format on */''')
