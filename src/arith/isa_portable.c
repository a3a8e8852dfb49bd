/* SPDX-License-Identifier: MIT
 *
 * The kernels compiled for: portable.
 */
#define LS_ISA_PORTABLE
#define LS_TABLE ls_arith_portable
#define LS_NAME "portable"
#include "table.h"
