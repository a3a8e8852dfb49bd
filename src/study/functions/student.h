/* SPDX-License-Identifier: MIT
 *
 * Student's t distribution: its quantiles. The same bits everywhere; relative errors are below
 * 1e-12, of many degrees of freedom below 1e-16 times their number.
 */
#ifndef LS_STUDY_STUDENT_H
#define LS_STUDY_STUDENT_H

/* t with P(T < t) = p, 1/2 <= p < 1, of n >= 1 degrees of freedom. */
double ls_student_quantile(double p, double n);

#endif
