/* SPDX-License-Identifier: MIT
 *
 * The floating-point control word of the calling thread. The contract needs
 * round to nearest, subnormals kept and no traps; a host program may have set
 * something else.
 */
#ifndef LS_ARITH_FPCONTROL_H
#define LS_ARITH_FPCONTROL_H

#include <stdint.h>

/* Sets the contract's control word and returns the one found. */
uint64_t ls_fpcontrol_enter(void);

/* Puts back what enter returned. */
void ls_fpcontrol_leave(uint64_t saved);

#endif
