/* SPDX-License-Identifier: MIT
 *
 * Logarithm next to 1, from the contract's log.
 */
#ifndef LS_STUDY_LOG1P_H
#define LS_STUDY_LOG1P_H

/* log(1 + x), x > -1 and finite. */
double ls_log1p64(double x);

#endif
