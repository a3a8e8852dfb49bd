/* SPDX-License-Identifier: MIT
 *
 * Machines that are described: by a text in hwloc's synthetic form, or, where
 * the first byte is 1, by a recorded topology, an XML file made from the input.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lockstep/topology.h"

#define WORKERS 5

const char *__lsan_default_suppressions(void);

/* hwloc 2.9 leaks what it had read of an XML file that it then refuses. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libhwloc.so";
}

static void check_places(const lockstep_topology *topology, const char *bind, int smt)
{
	struct lockstep_place places[WORKERS];
	lockstep_error error = {0};
	lockstep_status status = lockstep_topology_place(topology, WORKERS, bind, smt, places, &error);
	ls_fuzz_check(!status, "every machine has places");
	for (uint32_t i = 0; i < WORKERS; i++)
		ls_fuzz_check(places[i].worker == i && places[i].pu >= 0, "a worker has a place");
}

static void check_topology(lockstep_topology *topology)
{
	struct lockstep_topology_summary summary;
	const char *text = NULL;
	lockstep_error error = {0};

	lockstep_topology_describe(topology, &summary);
	ls_fuzz_check(summary.pus >= 1 && summary.cores >= 1 && summary.cores <= summary.pus, "a machine has cores");
	ls_fuzz_check(summary.kinds >= 1 && summary.preferred_cores >= 1 && summary.preferred_cores <= summary.cores,
	              "a machine has a fastest kind of core");
	ls_fuzz_check(summary.auto_workers == summary.preferred_cores, "auto is a worker a fast core");
	ls_fuzz_check(summary.cpu_quota == 0, "a machine that is described has no quota");
	check_places(topology, "close", 0);
	check_places(topology, "spread", 1);
	ls_fuzz_check(!lockstep_topology_text(topology, &text, &error) && *text, "a machine can be shown");
}

/* ---- A recorded machine ----------------------------------------------------- */

static void write_object(FILE *file, const char *type, unsigned index, unsigned mask, const char *end)
{
	fprintf(file,
	        "<object type=\"%s\" os_index=\"%u\" cpuset=\"0x%08x\" complete_cpuset=\"0x%08x\" "
	        "nodeset=\"0x00000001\" complete_nodeset=\"0x00000001\" gp_index=\"%u\"%s>\n",
	        type, index, mask, mask, (unsigned)*type * 1000 + index, end);
}

/* A group of PUs under one object, of which some may be missing. */
static void write_group(FILE *file, struct ls_fuzz_input *input, unsigned index, unsigned *used)
{
	static const char *const types[] = {"Core", "Package", "Die", "L3Cache"};
	const char *type = types[ls_fuzz_take_byte(input) & 3];
	unsigned mask = (unsigned)(ls_fuzz_take_byte(input) | ls_fuzz_take_byte(input) << 8) & ~*used;
	unsigned pus = mask & ~(unsigned)(ls_fuzz_take_byte(input) | ls_fuzz_take_byte(input) << 8);

	*used |= mask;
	write_object(file, type, index, mask, *type == 'L' ? " cache_size=\"1\" depth=\"3\" cache_type=\"0\"" : "");
	for (unsigned i = 0; i < 16; i++)
		if (pus >> i & 1)
			write_object(file, "PU", i, 1u << i, "/");
	fprintf(file, "</object>\n");
}

/* hwloc's own reader of XML is not what is looked at: the file is sound, what
 * it says need not be. */
static void write_machine(const char *path, struct ls_fuzz_input input)
{
	unsigned used = 0, n_groups = ls_fuzz_take_byte(&input) % 8;
	FILE *file = fopen(path, "w");

	ls_fuzz_check(file != NULL, "a scratch file can be written");
	fprintf(file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	              "<topology version=\"2.0\">\n");
	write_object(file, "Machine", 0, 0xffff, " allowed_cpuset=\"0x0000ffff\" allowed_nodeset=\"0x00000001\"");
	write_object(file, "NUMANode", 0, 0xffff, " local_memory=\"1\"/");
	for (unsigned i = 0; i < n_groups; i++)
		write_group(file, &input, i, &used);
	fprintf(file, "</object>\n");
	while (ls_fuzz_left(&input) >= 3) {
		unsigned mask = ls_fuzz_take_byte(&input), high = ls_fuzz_take_byte(&input);
		fprintf(file, "<cpukind cpuset=\"0x%08x\" forced_efficiency=\"%d\"/>\n", mask | high << 8,
		        (int)ls_fuzz_take_byte(&input) % 4 - 1);
	}
	fprintf(file, "</topology>\n");
	fclose(file);
}

/* Machines that are allowed, but take hwloc seconds. */
static int is_slow(const char *text)
{
	uint64_t product = 1;
	for (char before = ' '; *text; before = *text++) {
		uint64_t number =
		    isdigit((unsigned char)*text) && !isalnum((unsigned char)before) ? strtoull(text, NULL, 0) : 0;
		if (number && __builtin_mul_overflow(product, number, &product))
			return 0;
	}
	return product > 512 && product <= 4096;
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char source[LS_FUZZ_PATH + 4] = "xml:";
	lockstep_topology *topology = NULL;
	lockstep_error error = {0};
	int is_recorded = n && bytes[0] == 1;
	char *text = strndup((const char *)bytes, n);

	ls_fuzz_check(text != NULL, "a text can be copied");
	if (is_recorded) {
		ls_fuzz_path(source + 4, "machine.xml");
		write_machine(source + 4, (struct ls_fuzz_input){bytes + 1, bytes + n});
	}
	if (is_recorded || (strncmp(text, "xml:", 4) != 0 && !is_slow(text))) {
		lockstep_status status = lockstep_topology_create(&topology, is_recorded ? source : text, &error);
		if (status)
			ls_fuzz_check_failure(status, &error, topology);
		else
			check_topology(topology);
	}
	lockstep_topology_destroy(topology);
	free(text);
	return 0;
}
