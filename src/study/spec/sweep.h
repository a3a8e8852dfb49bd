/* SPDX-License-Identifier: MIT
 *
 * The specification inside of a lockstep_sweep.
 */
#ifndef LS_STUDY_SWEEP_H
#define LS_STUDY_SWEEP_H

#include "lockstep/sweep.h"
#include "spec.h"

const struct ls_spec *ls_sweep_spec(const lockstep_sweep *sweep);

#endif
