/* SPDX-License-Identifier: MIT
 *
 * What this build is.
 */
#ifndef LOCKSTEP_VERSION_H
#define LOCKSTEP_VERSION_H

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the arithmetic contract (doc/numerics.md) this header describes. */
#define LOCKSTEP_ARITHMETIC 1

/* "0.1.0"; static text. */
LOCKSTEP_API const char *lockstep_version(void);
/* The commit of Lockstep that was built, 40 hex digits, with "-changed" where the
 * sources were not as committed; static text. NULL: not known. */
LOCKSTEP_API const char *lockstep_commit(void);
/* Compiler that built the library, such as "gcc 12.2.0"; static text. */
LOCKSTEP_API const char *lockstep_compiler(void);
/* Instruction set that "auto" picks on this CPU; static text. */
LOCKSTEP_API const char *lockstep_isa(void);
/* Checks an instruction set's name: LOCKSTEP_OK when this build has it and
 * this CPU can run it. NULL means auto. */
LOCKSTEP_API lockstep_status lockstep_isa_check(const char *isa, lockstep_error *error);
/* Non-zero when the OpenMP engine was built in. */
LOCKSTEP_API int lockstep_has_openmp(void);

#ifdef __cplusplus
}
#endif

#endif
