/* SPDX-License-Identifier: MIT
 *
 * What this build is.
 */
#include <config.h>

#include "lockstep/version.h"

#if defined __clang__
#define COMPILER "clang " __clang_version__
#elif defined __GNUC__
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown compiler"
#endif

const char *lockstep_version(void)
{
	return PACKAGE_VERSION;
}

const char *lockstep_compiler(void)
{
	return COMPILER;
}
