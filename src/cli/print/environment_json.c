/* SPDX-License-Identifier: MIT
 *
 * What scaling studies and the benchmark record of the machine's state.
 */
#include "environment_json.h"

#include <math.h>

/* A flag of which -1 is not known. */
static void put_flag(struct ls_json *json, const char *key, int value)
{
	if (value < 0)
		ls_json_put_text(json, key, NULL);
	else
		ls_json_put_boolean(json, key, value);
}

static void put_load(struct ls_json *json, const double load[3])
{
	ls_json_key(json, "load");
	ls_json_open(json, '[');
	for (int i = 0; i < 3; i++)
		ls_json_real(json, load[i] >= 0 ? load[i] : (double)NAN);
	ls_json_close(json, ']');
}

void ls_json_put_environment(struct ls_json *json, const char *key, const struct lockstep_environment *environment)
{
	ls_json_key(json, key);
	ls_json_open(json, '{');
	ls_json_put_integer(json, "n_cpus", environment->n_cpus);
	ls_json_put_integer(json, "n_cores", environment->n_cores);
	ls_json_put_integer(json, "n_online", environment->n_online);
	ls_json_put_filled(json, "governor", environment->governor);
	ls_json_put_filled(json, "driver", environment->driver);
	put_flag(json, "boost", environment->boost);
	put_flag(json, "smt", environment->smt);
	ls_json_put_filled(json, "hypervisor", environment->hypervisor);
	ls_json_put_filled(json, "kernel", environment->kernel);
	ls_json_put_positive(json, "cpu_quota", environment->cpu_quota);
	ls_json_put_integer(json, "n_throttled", environment->n_throttled);
	ls_json_put_real(json, "throttled_seconds", environment->throttled_seconds);
	ls_json_put_real(json, "stolen_seconds", environment->stolen_seconds);
	put_load(json, environment->load);
	ls_json_put_integer(json, "n_pinned", environment->n_pinned);
	ls_json_put_boolean(json, "pinned_is_partial", environment->pinned_is_partial);
	ls_json_put_filled(json, "pinned", environment->pinned);
	ls_json_put_positive(json, "uptime", environment->uptime);
	ls_json_close(json, '}');
}
