/* SPDX-License-Identifier: MIT
 *
 * lockstep topology: the machine, where workers would go, and why.
 */
#include "lockstep/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"
#include "cli/print/message.h"
#include "command.h"
#include "placement_text.h"

#define COMMAND "topology"
#define WORKERS_MAX 65536 /* the most slices that a job can have */

enum { FORMAT_TEXT, FORMAT_JSON };

struct topology_options {
	const char *synthetic, *xml, *bind;
	uint32_t workers;
	int smt, format;
};

#define AT(field) offsetof(struct topology_options, field)

static const struct ls_option own_options[] = {
    {0, "synthetic", "DESCRIPTION", LS_OPTION_TEXT, AT(synthetic), NULL,
     "another machine, such as 'pack:2 numa:2 core:16 pu:2'"},
    {0, "xml", "FILE", LS_OPTION_TEXT, AT(xml), NULL, "another machine, as hwloc recorded it (lstopo FILE.xml)"},
    {0, "workers", "N|auto", LS_OPTION_WORKERS, AT(workers), NULL, "workers to place"},
    {0, "bind", "close|spread|none|list:CPUS", LS_OPTION_TEXT, AT(bind), NULL, "how they are placed"},
    {0, "smt", NULL, LS_OPTION_FLAG, AT(smt), NULL, "hardware threads count as places of their own"},
    {0, "format", "text|json", LS_OPTION_CHOICE, AT(format), NULL, "form of the result"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "",
    .summary = "Shows the machine as far as this process may use it, and where workers would be pinned.",
};

static int print_text(lockstep_topology *topology, const struct ls_placement *placement)
{
	const char *tree;
	lockstep_error error;
	if (lockstep_topology_text(topology, &tree, &error))
		return ls_message_error(COMMAND, &error);
	size_t length = strlen(tree);
	printf("%s%s\n", tree, length && tree[length - 1] == '\n' ? "" : "\n");
	ls_placement_print(placement);
	return LS_EXIT_DONE;
}

static int print_places(const struct topology_options *options, lockstep_topology *topology, uint32_t n_workers,
                        struct lockstep_place *places)
{
	struct lockstep_topology_summary machine;
	struct lockstep_environment environment;
	int is_this_machine = !options->synthetic && !options->xml;
	const struct ls_placement placement = {&machine,
	                                       is_this_machine ? &environment : NULL,
	                                       options->bind,
	                                       options->smt,
	                                       options->workers == 0,
	                                       n_workers,
	                                       places};
	lockstep_error error;
	if (lockstep_topology_place(topology, n_workers, options->bind, options->smt, places, &error))
		return ls_message_error(COMMAND, &error);
	lockstep_topology_describe(topology, &machine);
	if (is_this_machine)
		lockstep_environment_read(&environment);
	if (options->format == FORMAT_TEXT)
		return print_text(topology, &placement);
	if (ls_placement_print_json(&placement))
		return ls_message_failed(COMMAND, "out of memory for the result");
	return LS_EXIT_DONE;
}

static int place(const struct topology_options *options, lockstep_topology *topology)
{
	uint32_t n_workers = options->workers;
	lockstep_error error;
	if (n_workers == 0 && lockstep_topology_auto_workers(topology, options->bind, options->smt, &n_workers, &error))
		return ls_message_error(COMMAND, &error);
	if (n_workers > WORKERS_MAX)
		return ls_message_usage(COMMAND, "--workers %u: expected at most %d", n_workers, WORKERS_MAX);
	struct lockstep_place *places = calloc(n_workers, sizeof *places);
	if (!places)
		return ls_message_failed(COMMAND, "out of memory for %u places", n_workers);
	int status = print_places(options, topology, n_workers, places);
	free(places);
	return status;
}

static int topology(const struct topology_options *options)
{
	char from_file[4096];
	const char *description = options->synthetic;
	lockstep_topology *machine;
	lockstep_error error;
	if (options->synthetic && options->xml)
		return ls_message_usage(COMMAND, "--synthetic and --xml exclude each other");
	if (options->xml) {
		int n = snprintf(from_file, sizeof from_file, "xml:%s", options->xml);
		if (n < 0 || (size_t)n >= sizeof from_file)
			return ls_message_failed(COMMAND, "--xml: the path is too long");
		description = from_file;
	}
	if (lockstep_topology_create(&machine, description, &error))
		return ls_message_error(COMMAND, &error);
	int status = place(options, machine);
	lockstep_topology_destroy(machine);
	return status;
}

int ls_command_topology(int argc, char **argv)
{
	struct topology_options options = {.bind = "close"};
	const struct ls_option_group groups[] = {{"Options", own_options, &options}, {0}};
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	return status == LS_OPTIONS_PARSED ? topology(&options) : status;
}
