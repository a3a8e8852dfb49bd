/* SPDX-License-Identifier: MIT
 *
 * The kernels compiled for: avx512.
 */
#define LS_ISA_AVX512
#define LS_TABLE ls_arith_avx512
#define LS_NAME "avx512"
#include "table.h"
