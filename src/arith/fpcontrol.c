/* SPDX-License-Identifier: MIT
 *
 * MXCSR on x86-64, FPCR on AArch64.
 */
#include "fpcontrol.h"

#if defined __x86_64__

#include <immintrin.h>

#define MXCSR_DEFAULT 0x1f80u /* traps masked, nearest, no flush to zero, no zero denormals */

uint64_t ls_fpcontrol_enter(void)
{
	uint64_t saved = _mm_getcsr();
	_mm_setcsr(MXCSR_DEFAULT);
	return saved;
}

void ls_fpcontrol_leave(uint64_t saved)
{
	_mm_setcsr((unsigned)saved);
}

#elif defined __aarch64__

uint64_t ls_fpcontrol_enter(void)
{
	uint64_t saved;
	__asm__ volatile("mrs %0, fpcr" : "=r"(saved)::"memory");
	__asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)0) : "memory");
	return saved;
}

void ls_fpcontrol_leave(uint64_t saved)
{
	__asm__ volatile("msr fpcr, %0" ::"r"(saved) : "memory");
}

#else

#include <fenv.h>

uint64_t ls_fpcontrol_enter(void)
{
	uint64_t saved = (uint64_t)fegetround();
	fesetround(FE_TONEAREST);
	return saved;
}

void ls_fpcontrol_leave(uint64_t saved)
{
	fesetround((int)saved);
}

#endif
