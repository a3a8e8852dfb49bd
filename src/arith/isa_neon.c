/* SPDX-License-Identifier: MIT
 *
 * The kernels compiled for: neon.
 */
#define LS_ISA_NEON
#define LS_TABLE ls_arith_neon
#define LS_NAME "neon"
#include "table.h"
