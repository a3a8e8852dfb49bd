/* SPDX-License-Identifier: MIT
 *
 * replay FILE...: hands each file to the target, in builds without libFuzzer.
 * The name comes first, so that the last one on stderr is the one that failed.
 *
 * The process gets little memory, as under libFuzzer: a reader that believes a
 * header's numbers finds none. Sanitizers need theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "fuzz.h"
#include "shadow.h"

#define MEMORY_MAX ((rlim_t)128 << 20)

int main(int argc, char **argv)
{
	const struct rlimit limit = {MEMORY_MAX, MEMORY_MAX};

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	if (!HAS_SHADOW)
		setrlimit(RLIMIT_DATA, &limit);
	for (int i = 1; i < argc; i++) {
		size_t n;
		fprintf(stderr, "%s\n", argv[i]);
		uint8_t *bytes = ls_fuzz_read(argv[i], &n);
		/* Not one byte more, so that reading beyond the end is seen. */
		uint8_t *exact = realloc(bytes, n ? n : 1);
		ls_fuzz_check(exact != NULL, "an input fits into memory");
		ls_fuzz_one(exact, n);
		free(exact);
	}
	fprintf(stderr, "%d inputs\n", argc - 1);
	return 0;
}
