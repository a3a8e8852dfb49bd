/* SPDX-License-Identifier: MIT
 *
 * MXCSR and the x87 unit's control word on x86-64, FPCR on AArch64. No kernel
 * uses the x87 unit, but glibc's strtod() and printf() ask it which way to round.
 */
#include "fpcontrol.h"

#if defined __x86_64__

#include <immintrin.h>

#define MXCSR_DEFAULT 0x1f80u /* traps masked, nearest, no flush to zero, no zero denormals */
#define X87_DEFAULT 0x037fu   /* traps masked, nearest, 64 bits of precision */
#define X87_CONTROL 0x1f3fu   /* the bits that mean something */

static uint16_t x87_word(void)
{
	uint16_t word;
	__asm__ volatile("fnstcw %0" : "=m"(word));
	return word;
}

/* Written only where it differs: that takes longer than to look. Exceptions
 * still pending are cleared first, or loading would raise them. */
static void set_x87_word(uint16_t word)
{
	if ((x87_word() & X87_CONTROL) == (word & X87_CONTROL))
		return;
	__asm__ volatile("fnclex\n\tfldcw %0" ::"m"(word));
}

uint64_t ls_fpcontrol_enter(void)
{
	uint64_t saved = (uint64_t)x87_word() << 32 | _mm_getcsr();
	_mm_setcsr(MXCSR_DEFAULT);
	set_x87_word(X87_DEFAULT);
	return saved;
}

void ls_fpcontrol_leave(uint64_t saved)
{
	set_x87_word((uint16_t)(saved >> 32));
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
