/* SPDX-License-Identifier: MIT
 *
 * The kernels compiled for: avx2.
 */
#define LS_ISA_AVX2
#define LS_TABLE ls_arith_avx2
#define LS_NAME "avx2"
#include "table.h"
