/* SPDX-License-Identifier: MIT
 *
 * The inputs at which the functions of doc/numerics.md, sections 4 and 5, are
 * looked at. Integer arithmetic and single operations of double only: the same
 * inputs on every machine.
 */
#ifndef FUNCTION_INPUTS_H
#define FUNCTION_INPUTS_H

#include <stddef.h>
#include <stdint.h>

/* ---- fp32: a sample of the 2^32 bit patterns ------------------------- */

#define FP32_SAMPLE_MAX 1500000

/* First the inputs of the largest errors, then 64 bit patterns around each place
 * where a function changes (an exponent begins, log's or exp's reduction goes to
 * the next integer, a clamp sets in, a result leaves the normal numbers), last
 * every 4099th. Fills bits and returns their number; it is the same every time. */
size_t fp32_sample(uint32_t bits[FP32_SAMPLE_MAX]);

/* ---- double: ten million and some ------------------------------------ */

enum function64 { FUNCTION_EXP64, FUNCTION_LOG64, FUNCTION_COSPI64, FUNCTION_NORMAL64, N_FUNCTIONS64 };

#define FUNCTION64_POINTS 10000000

/* Point i of FUNCTION64_POINTS: spread over the function's domain evenly by
 * value or by exponent, in turns; of normal64 every 429th of the 2^32 arguments
 * that there are. */
double function64_point(enum function64 function, uint64_t i);

/* Special points, those of the largest errors among them; at most
 * FUNCTION64_SPECIAL_MAX. */
#define FUNCTION64_SPECIAL_MAX 16384
size_t function64_special(enum function64 function, double points[FUNCTION64_SPECIAL_MAX]);

#endif
