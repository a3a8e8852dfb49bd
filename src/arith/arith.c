/* SPDX-License-Identifier: MIT
 *
 * Which function table runs: by name, or the best that build and CPU have.
 */
#include <config.h>

#include "arith.h"

#include <string.h>

#include "base/error.h"
#include "lockstep/version.h"

static int always(void)
{
	return 1;
}

#ifdef HAVE_ISA_AVX2
static int cpu_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef HAVE_ISA_AVX512
static int cpu_has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && cpu_has_avx2();
}
#endif

/* Best first; table NULL: known, but not in this build. */
static const struct candidate {
	const char *name;
	const struct ls_arith *table;
	int (*runs_here)(void);
} candidates[] = {
#ifdef HAVE_ISA_AVX512
    {"avx512", &ls_arith_avx512, cpu_has_avx512},
#else
    {"avx512", NULL, always},
#endif
#ifdef HAVE_ISA_AVX2
    {"avx2", &ls_arith_avx2, cpu_has_avx2},
#else
    {"avx2", NULL, always},
#endif
#ifdef HAVE_ISA_NEON
    {"neon", &ls_arith_neon, always},
#else
    {"neon", NULL, always},
#endif
    {"portable", &ls_arith_portable, always},
};

#define N_CANDIDATES (sizeof candidates / sizeof *candidates)

static const struct ls_arith *best(void)
{
	size_t i = 0;
	while (!candidates[i].table || !candidates[i].runs_here())
		i++;
	return candidates[i].table;
}

lockstep_status ls_arith_select(const struct ls_arith **out, const char *isa, lockstep_error *error)
{
	if (!isa || strcmp(isa, "auto") == 0) {
		*out = best();
		return LOCKSTEP_OK;
	}
	for (size_t i = 0; i < N_CANDIDATES; i++) {
		if (strcmp(isa, candidates[i].name) != 0)
			continue;
		if (!candidates[i].table)
			return ls_error_set(error, LOCKSTEP_ERROR_UNSUPPORTED,
			                    "instruction set %s is not in this build of Lockstep", isa);
		if (!candidates[i].runs_here())
			return ls_error_set(error, LOCKSTEP_ERROR_UNSUPPORTED,
			                    "this CPU lacks the instruction set %s; it runs %s", isa, best()->name);
		*out = candidates[i].table;
		return LOCKSTEP_OK;
	}
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
	                    "unknown instruction set '%s': auto, portable, avx2, avx512 and neon are known", isa);
}

const char *lockstep_isa(void)
{
	return best()->name;
}

lockstep_status lockstep_isa_check(const char *isa, lockstep_error *error)
{
	const struct ls_arith *unused;
	return ls_arith_select(&unused, isa, error);
}
