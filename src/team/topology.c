/* SPDX-License-Identifier: MIT
 *
 * hwloc behind an opaque type. The machine itself is restricted to the PUs that
 * the process is bound to, so that taskset, cpusets and Slurm are honoured. A
 * machine that is only described gets neither that nor the control group's
 * quota: its placement must not depend on where it is computed.
 */
#include "topology.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "placement.h"
#include "processor.h"

/* More than any machine has. Bounds what a short description can take: hwloc's
 * time for objects side by side grows with the cube of their number, 2 s at
 * this one. */
#define SYNTHETIC_OBJECTS_MAX 4096
#define SYNTHETIC_INDEX_MAX 65535

/* ---- Loading --------------------------------------------------------- */

/* Length of an attribute such as "(indexes=2*4:1*2)", or 0. */
static size_t index_list(const char *text)
{
	static const char begin[] = "(indexes=";
	if (strncmp(text, begin, sizeof begin - 1) != 0)
		return 0;
	size_t n = sizeof begin - 1;
	n += strspn(text + n, "0123456789*:,");
	return text[n] == ')' ? n + 1 : 0;
}

/* Product of the arities in a synthetic description, saturated, and not below
 * what hwloc will make of it: all numbers ("pack:2", "2 8 2") but those in
 * words ("l3") and attributes ("size=8MB"). hwloc reads them with strtoul():
 * blanks and a sign may come first, they may be hexadecimal or octal, and what
 * is left of "018", the 8, is a level of its own. */
static uint64_t synthetic_objects(const char *text)
{
	uint64_t product = 1;
	for (char before = ' '; *text;) {
		size_t n_skipped = index_list(text);
		int in_word = isalnum((unsigned char)before) || strchr("=,*", before);
		if (n_skipped || in_word || !isdigit((unsigned char)*text)) {
			text += n_skipped ? n_skipped - 1 : 0;
			before = *text++;
			continue;
		}
		char *end;
		uint64_t arity = strtoull(text, &end, 0);
		if (arity && __builtin_mul_overflow(product, arity, &product))
			return UINT64_MAX;
		text = end;
		before = ' ';
	}
	return product;
}

/* hwloc ends the process over some lists of indexes that are no numbers, such as
 * "no_os1,0", and its sets are as long as the largest number. */
static const char *first_bad_index(const char *text)
{
	while ((text = strstr(text, "indexes="))) {
		text += strlen("indexes=");
		const char *end = text + strspn(text, "0123456789*:,");
		if (*end != ')')
			return text;
		for (char before = '='; text < end; before = *text++)
			if (isdigit((unsigned char)*text) && !isdigit((unsigned char)before) &&
			    strtoull(text, NULL, 10) > SYNTHETIC_INDEX_MAX)
				return text;
	}
	return NULL;
}

static lockstep_status choose_machine(hwloc_topology_t hwloc, lockstep_error *error)
{
	if (hwloc_topology_set_flags(hwloc,
	                             HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING))
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "hwloc cannot restrict itself to this process: %s",
		                    strerror(errno));
	return LOCKSTEP_OK;
}

static lockstep_status choose_synthetic(hwloc_topology_t hwloc, const char *text, lockstep_error *error)
{
	if (synthetic_objects(text) > SYNTHETIC_OBJECTS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "topology '%.64s' has more than %d hardware threads", text, SYNTHETIC_OBJECTS_MAX);
	const char *index = first_bad_index(text);
	if (index)
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "topology '%.64s': indexes are numbers up to %d, with ',', ':' and '*', not '%.16s'", text,
		    SYNTHETIC_INDEX_MAX, index);
	if (hwloc_topology_set_synthetic(hwloc, text))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "topology '%.64s' is no synthetic description such as 'pack:2 core:8 pu:2'", text);
	return LOCKSTEP_OK;
}

static lockstep_status choose_xml(hwloc_topology_t hwloc, const char *path, lockstep_error *error)
{
	if (access(path, R_OK))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(errno));
	if (hwloc_topology_set_xml(hwloc, path))
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: not a topology in hwloc's XML", path);
	return LOCKSTEP_OK;
}

static lockstep_status choose_source(hwloc_topology_t hwloc, const char *synthetic, lockstep_error *error)
{
	if (!synthetic)
		return choose_machine(hwloc, error);
	if (!strncmp(synthetic, "xml:", 4))
		return choose_xml(hwloc, synthetic + 4, error);
	return choose_synthetic(hwloc, synthetic, error);
}

/* A recorded machine may say anything; workers are placed on PUs of cores. */
static int has_empty_core(hwloc_topology_t hwloc)
{
	hwloc_obj_t core = NULL;
	while ((core = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_CORE, core)))
		if (hwloc_get_nbobjs_inside_cpuset_by_type(hwloc, core->cpuset, HWLOC_OBJ_PU) < 1)
			return 1;
	return hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU) < 1;
}

/* hwloc 2.9 dies where memory runs out inside of a load, which takes 0.4 MiB for 256
 * hardware threads. */
#define LOAD_BYTES ((size_t)2 << 20)

static lockstep_status load_hwloc(hwloc_topology_t *out, const char *synthetic, lockstep_error *error)
{
	hwloc_topology_t hwloc;
	if (!ls_memory_has_room(LOAD_BYTES) || hwloc_topology_init(&hwloc))
		return ls_error_memory(error, "the topology");
	lockstep_status status = choose_source(hwloc, synthetic, error);
	if (!status && hwloc_topology_load(hwloc))
		status = ls_error_set(error, synthetic ? LOCKSTEP_ERROR_FORMAT : LOCKSTEP_ERROR_SYSTEM,
		                      "%.128s: hwloc cannot load it: %s", synthetic ? synthetic : "this machine",
		                      strerror(errno));
	if (!status && has_empty_core(hwloc))
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%.128s: a core has no hardware threads",
		                      synthetic ? synthetic : "this machine");
	if (status)
		hwloc_topology_destroy(hwloc);
	else
		*out = hwloc;
	return status;
}

lockstep_status lockstep_topology_create(lockstep_topology **out, const char *synthetic, lockstep_error *error)
{
	lockstep_topology *topology = ls_memory_allocate(1, sizeof *topology);
	if (!topology)
		return ls_error_memory(error, "the topology");
	lockstep_status status = load_hwloc(&topology->hwloc, synthetic, error);
	if (status) {
		ls_memory_free(topology);
		return status;
	}
	if (!synthetic)
		ls_quota_read("", &topology->quota);
	*out = topology;
	return LOCKSTEP_OK;
}

void lockstep_topology_destroy(lockstep_topology *topology)
{
	if (!topology)
		return;
	hwloc_topology_destroy(topology->hwloc);
	ls_memory_free(topology->text);
	ls_memory_free(topology->xml);
	ls_memory_free(topology);
}

/* ---- Description ----------------------------------------------------- */

static uint32_t count(const lockstep_topology *topology, hwloc_obj_type_t type)
{
	int n = hwloc_get_nbobjs_by_type(topology->hwloc, type);
	return n > 0 ? (uint32_t)n : 0;
}

lockstep_status lockstep_topology_auto_workers(const lockstep_topology *topology, const char *bind, int smt,
                                               uint32_t *n_workers, lockstep_error *error)
{
	return ls_placement_auto(topology->hwloc, bind, smt, topology->quota.cpus, n_workers, error);
}

void lockstep_topology_describe(const lockstep_topology *topology, struct lockstep_topology_summary *summary)
{
	*summary = (struct lockstep_topology_summary){
	    .packages = count(topology, HWLOC_OBJ_PACKAGE),
	    .numa_nodes = count(topology, HWLOC_OBJ_NUMANODE),
	    .cores = ls_placement_homes(topology->hwloc, 0),
	    .pus = count(topology, HWLOC_OBJ_PU),
	    .kinds = ls_placement_kinds(topology->hwloc),
	    .preferred_cores = ls_placement_preferred(topology->hwloc, 0),
	    .cpu_quota = topology->quota.cpus,
	    .quota_file = topology->quota.cpus > 0 ? topology->quota.file : NULL,
	};
	lockstep_topology_auto_workers(topology, "close", 0, &summary->auto_workers, NULL);
	snprintf(summary->cpu_model, sizeof summary->cpu_model, "%s", ls_processor_name(topology));
	ls_processor_describe(topology, &summary->processor);
}

lockstep_status lockstep_topology_place(const lockstep_topology *topology, uint32_t n_workers, const char *bind,
                                        int smt, struct lockstep_place *places, lockstep_error *error)
{
	if (!n_workers) {
		lockstep_status status = lockstep_topology_auto_workers(topology, bind, smt, &n_workers, error);
		if (status)
			return status;
	}
	return ls_placement_fill(topology->hwloc, n_workers, bind, smt, places, error);
}

/* ---- The tree as text ------------------------------------------------ */

struct text {
	char *bytes;
	size_t length, capacity;
};

/* Appends one line; 0 when memory is short. */
static int append(struct text *text, int indent, const char *line)
{
	size_t length = (size_t)indent + strlen(line) + 1;
	if (text->length + length >= text->capacity) {
		size_t capacity = 2 * text->capacity + length + 1;
		char *larger = ls_memory_grow(text->bytes, text->length, capacity, 1);
		if (!larger)
			return 0;
		text->bytes = larger;
		text->capacity = capacity;
	}
	sprintf(text->bytes + text->length, "%*s%s\n", indent, "", line);
	text->length += length;
	return 1;
}

/* "Core L#3" or "PU L#6 P#12", with hwloc's attributes: sizes and the like. */
static void describe_object(hwloc_obj_t object, char line[320])
{
	char type[64], os_index[16] = "", attributes[128];
	hwloc_obj_type_snprintf(type, sizeof type, object, 0);
	hwloc_obj_attr_snprintf(attributes, sizeof attributes, object, " ", 0);
	if ((object->type == HWLOC_OBJ_PU || object->type == HWLOC_OBJ_NUMANODE || object->type == HWLOC_OBJ_PACKAGE) &&
	    object->os_index != HWLOC_UNKNOWN_INDEX)
		snprintf(os_index, sizeof os_index, " P#%u", object->os_index);
	snprintf(line, 320, "%s L#%u%s%s%s%s", type, object->logical_index, os_index, *attributes ? " (" : "",
	         attributes, *attributes ? ")" : "");
}

/* The object, its memory, and what is below it. */
static int append_tree(struct text *text, int indent, hwloc_obj_t object)
{
	char line[320];
	describe_object(object, line);
	int done = append(text, indent, line);
	for (hwloc_obj_t child = object->memory_first_child; done && child; child = child->next_sibling)
		done = append_tree(text, indent + 2, child);
	for (hwloc_obj_t child = object->first_child; done && child; child = child->next_sibling)
		done = append_tree(text, indent + 2, child);
	return done;
}

lockstep_status lockstep_topology_text(lockstep_topology *topology, const char **text, lockstep_error *error)
{
	if (!topology->text) {
		struct text tree = {NULL, 0, 0};
		if (!append_tree(&tree, 0, hwloc_get_root_obj(topology->hwloc))) {
			ls_memory_free(tree.bytes);
			return ls_error_memory(error, "the topology's text");
		}
		topology->text = tree.bytes;
	}
	*text = topology->text;
	return LOCKSTEP_OK;
}

/* ---- The machine as XML ---------------------------------------------- */

/* Takes away what tells one process of a machine from another: in both of hwloc's
 * writers an <info> is a line of its own, and no value has a '>'. */
static void remove_info(char *xml, const char *name)
{
	char start[48];
	snprintf(start, sizeof start, "<info name=\"%s\"", name);
	for (char *at = xml; (at = strstr(at, start));) {
		char *end = strchr(at, '>');
		if (!end)
			return;
		end++;
		while (at > xml && (at[-1] == ' ' || at[-1] == '\n'))
			at--;
		memmove(at, end, strlen(end) + 1);
	}
}

static char *export_xml(hwloc_topology_t hwloc)
{
	char *buffer;
	int size;
	if (hwloc_topology_export_xmlbuffer(hwloc, &buffer, &size, 0))
		return NULL;
	char *copy = ls_memory_copy_text(buffer);
	hwloc_free_xmlbuffer(hwloc, buffer);
	return copy;
}

lockstep_status lockstep_topology_xml(lockstep_topology *topology, const char **xml, lockstep_error *error)
{
	static const char *const own[] = {"HostName", "ProcessName", "LinuxCgroup"};
	if (!topology->xml) {
		topology->xml = export_xml(topology->hwloc);
		if (!topology->xml)
			return ls_error_memory(error, "the topology's XML");
		for (size_t i = 0; i < sizeof own / sizeof *own; i++)
			remove_info(topology->xml, own[i]);
	}
	*xml = topology->xml;
	return LOCKSTEP_OK;
}
