/* SPDX-License-Identifier: MIT
 *
 * In the columns of the machine's own lines (placement_text.c), which these follow. The quota is among those.
 */
#include "environment_text.h"

#include <stdio.h>

static void print_text(const char *name, const char *text)
{
	if (*text)
		printf("%-12s%s\n", name, text);
}

static void print_switch(const char *name, int value)
{
	if (value >= 0)
		print_text(name, value ? "on" : "off");
}

static void print_taken(const struct lockstep_environment *environment)
{
	if (environment->n_throttled)
		printf("throttled   %llu periods, %.1f s of CPU time, since the control group began\n",
		       (unsigned long long)environment->n_throttled, environment->throttled_seconds);
	if (environment->stolen_seconds > 0)
		printf("stolen      %.1f s of CPU time, since the machine began\n", environment->stolen_seconds);
	if (environment->n_pinned)
		printf("bound here  %s%u thread%s of other processes: %s%s\n",
		       environment->pinned_is_partial ? "at least " : "", environment->n_pinned,
		       environment->n_pinned == 1 ? "" : "s", environment->pinned,
		       environment->n_pinned == 1 ? "" : ", ...");
}

void ls_environment_print(const struct lockstep_environment *environment)
{
	print_text("governor", environment->governor);
	print_text("driver", environment->driver);
	print_switch("boost", environment->boost);
	print_switch("SMT", environment->smt);
	print_text("guest of", environment->hypervisor);
	print_text("kernel", environment->kernel);
	if (environment->load[0] >= 0)
		printf("load        %.2f, %.2f, %.2f (1, 5, 15 minutes)\n", environment->load[0], environment->load[1],
		       environment->load[2]);
	print_taken(environment);
}

json_t *ls_environment_object(const struct lockstep_environment *environment)
{
	return json_pack(
	    "{s:I, s:I, s:I, s:s, s:s, s:i, s:i, s:s, s:s, s:f, s:I, s:f, s:f, s:[f, f, f], s:I, s:b, s:s, "
	    "s:f}",
	    "n_cpus", (json_int_t)environment->n_cpus, "n_cores", (json_int_t)environment->n_cores, "n_online",
	    (json_int_t)environment->n_online, "governor", environment->governor, "driver", environment->driver,
	    "boost", environment->boost, "smt", environment->smt, "hypervisor", environment->hypervisor, "kernel",
	    environment->kernel, "cpu_quota", environment->cpu_quota, "n_throttled",
	    (json_int_t)environment->n_throttled, "throttled_seconds", environment->throttled_seconds, "stolen_seconds",
	    environment->stolen_seconds, "load", environment->load[0], environment->load[1], environment->load[2],
	    "n_pinned", (json_int_t)environment->n_pinned, "pinned_is_partial", environment->pinned_is_partial,
	    "pinned", environment->pinned, "uptime", environment->uptime);
}
