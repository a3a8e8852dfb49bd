/* SPDX-License-Identifier: MIT
 *
 * One function table: LS_TABLE, named LS_NAME, from the bodies in kernels.h
 * and rows.h as compiled in the including file.
 */
#include "kernels.h"
#include "rows.h"

const struct ls_arith LS_TABLE = {
    .name = LS_NAME,
    .vector = VEC,
    .panel = 2 * VEC,
    .product = product,
    .gradient = gradient,
    .reduce = reduce,
    .exp = map_exp,
    .log = map_log,
    .tanh = map_tanh,
    .sigmoid = map_sigmoid,
    .softplus = map_softplus,
    .activate = activate,
    .derive = derive,
    .outputs = outputs,
    .deltas = deltas,
    .gather_bytes = gather_bytes,
    .gather_floats = gather_floats,
    .rescale = rescale,
    .peak = peak,
    .peak_flops = 2 * 2 * TILE * VEC,
};
