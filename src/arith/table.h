/* SPDX-License-Identifier: MIT
 *
 * One function table: LS_TABLE, named LS_NAME, from the bodies in the
 * headers below as compiled in the including file.
 */
#include "gradients.h"
#include "inputs.h"
#include "layout.h"
#include "marks.h"
#include "products.h"
#include "rows.h"

const struct ls_arith LS_TABLE = {
    .name = LS_NAME,
    .vector = VEC,
    .panel = PANEL * VEC,
    .tile = TILE,
    .product = product,
    .back_product = back_product,
    .gradient = gradient,
    .reduce = reduce,
    .pack = pack,
    .transpose = transpose,
    .exp = map_exp,
    .log = map_log,
    .tanh = map_tanh,
    .sigmoid = map_sigmoid,
    .softplus = map_softplus,
    .activate = activate,
    .derive = derive,
    .outputs = outputs,
    .deltas = deltas,
    .mark_bytes = mark_bytes,
    .mark_floats = mark_floats,
    .mark = mark,
    .list_used = list_used,
    .list_rows = list_rows,
    .list_columns = list_columns,
    .gather_bytes = gather_bytes,
    .gather_floats = gather_floats,
    .peak = peak,
    .peak_flops = 2 * 2 * TILE_2 * VEC,
};
