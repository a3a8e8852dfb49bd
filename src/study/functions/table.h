/* SPDX-License-Identifier: MIT
 *
 * Functions by table, for loops over many observations, where ls_exp64() would be most of the time: some ns each,
 * from + - * and conversions alone. Filled from the functions themselves.
 */
#ifndef LS_STUDY_TABLE_H
#define LS_STUDY_TABLE_H

#define LS_TAIL_STEPS 64 /* to 1 */
#define LS_TAIL_MAX 9    /* beyond, a tail is 0 */
#define LS_TAIL_ENTRIES (LS_TAIL_STEPS * LS_TAIL_MAX + 1)
#define LS_POWER_STEPS 32 /* to 2 */

struct ls_table64 {
	double tail[LS_TAIL_ENTRIES], density[LS_TAIL_ENTRIES];
	double power[LS_POWER_STEPS]; /* 2^(i / 32) */
};

void ls_table64_fill(struct ls_table64 *table);
/* P(X > z) of the standard normal distribution, z >= 0; errors are below 2e-16, absolute. */
double ls_table64_tail(const struct ls_table64 *table, double z);
/* exp(x), -700 <= x <= 0; errors are below 4e-16, relative. */
double ls_table64_exp(const struct ls_table64 *table, double x);

#endif
