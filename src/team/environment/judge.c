/* SPDX-License-Identifier: MIT
 *
 * What spoils a measurement, from two readings of its environment and nothing else. A function a line, in the order in
 * which they are told; each says what was found, what that means, and what to do.
 *
 * What may have changed between the readings is judged by the worse one.
 */
#include <stdio.h>
#include <string.h>

#include "lockstep/environment.h"

#define STOLEN_SHARE 0.01 /* of the workers' time */
#define LOAD_SHARE 0.5    /* of the CPUs that the workers leave free */
#define LOAD_LEAST 0.25   /* less may be what was started before the measurement, itself included */

struct judging {
	struct lockstep_environment worse; /* of both; loads as before, counts as they grew */
	double seconds;                    /* between the readings; 0: not known */
	struct lockstep_environment_use use;
	void (*tell)(const char *line, void *context);
	void *context;
};

/* A line is told when it has a text. */
#define LINE_SIZE 512
typedef void judge_one(const struct judging *judging, char line[LINE_SIZE]);

static const char *plural(double n)
{
	return n == 1 ? "" : "s";
}

static void judge_throttling(const struct judging *judging, char line[LINE_SIZE])
{
	const struct lockstep_environment *grown = &judging->worse;
	if (grown->n_throttled == 0 && !(grown->throttled_seconds > 0))
		return;
	snprintf(
	    line, LINE_SIZE,
	    "the control group was throttled in %llu period%s while this was measured, for %.3g s of CPU time: these "
	    "times are the quota's, not the machine's; use fewer workers, or raise the quota",
	    (unsigned long long)grown->n_throttled, plural((double)grown->n_throttled), grown->throttled_seconds);
}

static void judge_quota(const struct judging *judging, char line[LINE_SIZE])
{
	double quota = judging->worse.cpu_quota;
	uint32_t workers = judging->use.workers;
	if (!(quota > 0) || !(workers > quota))
		return;
	snprintf(
	    line, LINE_SIZE,
	    "up to %u worker%s, but the control group grants %.3g CPU%s: more workers than that are throttled; measure "
	    "no more than %u, or raise the quota",
	    workers, plural(workers), quota, plural(quota), quota < 1 ? 1 : (uint32_t)quota);
}

static void judge_stolen(const struct judging *judging, char line[LINE_SIZE])
{
	uint32_t n = judging->worse.n_cpus;
	if (judging->use.workers && judging->use.workers < n)
		n = judging->use.workers;
	double available = judging->seconds * n, stolen = judging->worse.stolen_seconds;
	if (!(available > 0) || !(stolen > STOLEN_SHARE * available))
		return;
	snprintf(line, LINE_SIZE,
	         "the hypervisor took %.3g s of the %.4g s that %u CPU%s had (%.1f %%): other guests compete for "
	         "them; measure at another time, or on a machine of your own",
	         stolen, available, n, plural(n), 100 * stolen / available);
}

static void judge_load(const struct judging *judging, char line[LINE_SIZE])
{
	const struct lockstep_environment *worse = &judging->worse;
	uint32_t n = worse->n_online ? worse->n_online : worse->n_cpus;
	uint32_t n_free = n > judging->use.workers ? n - judging->use.workers : 0;
	double limit = LOAD_SHARE * n_free > LOAD_LEAST ? LOAD_SHARE * n_free : LOAD_LEAST;
	if (n == 0 || !(worse->load[0] > limit))
		return;
	snprintf(
	    line, LINE_SIZE,
	    "the load average was %.2f before, and %u worker%s leave%s %u of %u CPU%s free: another program competes "
	    "for the workers' cores%s; end it, or wait until the load is below %.2f",
	    worse->load[0], judging->use.workers, plural(judging->use.workers), judging->use.workers == 1 ? "s" : "",
	    n_free, n, plural(n), judging->use.is_bound ? ", which they are bound to" : "", limit);
}

/* What the first governor of a list that lets the clock change does; NULL: there is none. */
static const char *moving_governor(const char *list, const char *driver)
{
	for (const char *at = list; *at;) {
		size_t n = strcspn(at, ",");
		if (n == 9 && !strncmp(at, "powersave", n))
			return strstr(driver, "pstate")
			           ? "which is dynamic with this driver: the clock follows the load"
			           : "which holds the lowest clock";
		if (n == 9 && !strncmp(at, "userspace", n))
			return "which leaves the clock to a program";
		if (n && !(n == 11 && !strncmp(at, "performance", n)))
			return "with which the clock follows the load";
		at += n + (at[n] == ',');
	}
	return NULL;
}

static void judge_governor(const struct judging *judging, char line[LINE_SIZE])
{
	const struct lockstep_environment *worse = &judging->worse;
	const char *effect = moving_governor(worse->governor, worse->driver);
	if (!effect)
		return;
	snprintf(line, LINE_SIZE,
	         "the CPUs' governor is %s%s%s%s, %s, so runs differ in it; set it to performance (cpupower "
	         "frequency-set -g performance)",
	         worse->governor, *worse->driver ? " (driver " : "", worse->driver, *worse->driver ? ")" : "", effect);
}

static void judge_pinned(const struct judging *judging, char line[LINE_SIZE])
{
	const struct lockstep_environment *worse = &judging->worse;
	if (worse->n_pinned == 0)
		return;
	snprintf(line, LINE_SIZE,
	         "%s%u thread%s of other processes %s bound to CPUs that workers may use (%s): when one runs%s; end "
	         "them, or keep workers off these CPUs (--bind list:CPUS)",
	         worse->pinned_is_partial ? "at least " : "", worse->n_pinned, plural(worse->n_pinned),
	         worse->n_pinned == 1 ? "is" : "are", worse->pinned,
	         judging->use.is_bound ? ", a worker bound there waits" : ", a worker there waits or moves");
}

static void judge_smt(const struct judging *judging, char line[LINE_SIZE])
{
	const struct lockstep_environment *worse = &judging->worse;
	if (worse->smt != 1 || worse->n_cores == 0 || judging->use.workers < worse->n_cores)
		return;
	snprintf(
	    line, LINE_SIZE,
	    "hardware threads share cores (SMT), and %u worker%s take%s all %u core%s: whatever else runs does so on a "
	    "worker's core; leave a core free, or turn SMT off (/sys/devices/system/cpu/smt/control)",
	    judging->use.workers, plural(judging->use.workers), judging->use.workers == 1 ? "s" : "", worse->n_cores,
	    plural(worse->n_cores));
}

static void judge_boost(const struct judging *judging, char line[LINE_SIZE])
{
	const char *driver = judging->worse.driver;
	int is_intel = strstr(driver, "intel_pstate") || strstr(driver, "intel_cpufreq");
	if (judging->worse.boost != 1)
		return;
	snprintf(
	    line, LINE_SIZE,
	    "boost is on: few busy cores have a higher clock than many, so a speed-up holds less clock as well; turn it "
	    "off to compare at one clock (echo %s >/sys/devices/system/cpu/%s)",
	    is_intel ? "1" : "0", is_intel ? "intel_pstate/no_turbo" : "cpufreq/boost");
}

static void judge_hypervisor(const struct judging *judging, char line[LINE_SIZE])
{
	if (!*judging->worse.hypervisor)
		return;
	snprintf(
	    line, LINE_SIZE,
	    "the machine is a guest (hypervisor %s): its neighbours on the host share caches, memory and clock, and "
	    "are not seen; measure again at another time before you believe a small difference",
	    judging->worse.hypervisor);
}

static judge_one *const judges[] = {judge_throttling, judge_quota, judge_stolen, judge_load,      judge_governor,
                                    judge_pinned,     judge_smt,   judge_boost,  judge_hypervisor};

static void take_worse(struct lockstep_environment *worse, const struct lockstep_environment *after)
{
	if (!moving_governor(worse->governor, worse->driver) && moving_governor(after->governor, after->driver)) {
		memcpy(worse->governor, after->governor, sizeof worse->governor);
		memcpy(worse->driver, after->driver, sizeof worse->driver);
	}
	if (after->boost > worse->boost)
		worse->boost = after->boost;
	if (after->smt > worse->smt)
		worse->smt = after->smt;
	if (after->cpu_quota > 0 && (!(worse->cpu_quota > 0) || after->cpu_quota < worse->cpu_quota))
		worse->cpu_quota = after->cpu_quota;
	if (after->n_pinned > worse->n_pinned) {
		worse->n_pinned = after->n_pinned;
		worse->pinned_is_partial = after->pinned_is_partial;
		memcpy(worse->pinned, after->pinned, sizeof worse->pinned);
	}
}

/* A count that went back is not known: the group was changed, or the kernel corrected itself. */
static void take_growth(struct lockstep_environment *worse, const struct lockstep_environment *before,
                        const struct lockstep_environment *after)
{
	int is_grown =
	    after && after->n_throttled >= before->n_throttled && after->throttled_seconds >= before->throttled_seconds;
	worse->n_throttled = is_grown ? after->n_throttled - before->n_throttled : 0;
	worse->throttled_seconds = is_grown ? after->throttled_seconds - before->throttled_seconds : 0;
	worse->stolen_seconds = after ? after->stolen_seconds - before->stolen_seconds : 0;
}

size_t lockstep_environment_judge(const struct lockstep_environment *before, const struct lockstep_environment *after,
                                  const struct lockstep_environment_use *use,
                                  void (*tell)(const char *line, void *context), void *context)
{
	struct judging judging = {*before, 0, *use, tell, context};
	size_t n = 0;
	take_growth(&judging.worse, before, after);
	if (after)
		take_worse(&judging.worse, after);
	if (after && before->uptime > 0 && after->uptime > before->uptime)
		judging.seconds = after->uptime - before->uptime;
	for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
		char line[LINE_SIZE] = "";
		judges[i](&judging, line);
		if (!*line)
			continue;
		n++;
		if (tell)
			tell(line, context);
	}
	return n;
}
