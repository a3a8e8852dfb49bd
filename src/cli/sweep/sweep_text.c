/* SPDX-License-Identifier: MIT
 *
 * A plan as a text: a line for each thing that was decided, then a table of the
 * parameters, constraints and rungs. Texts of the specification may hold
 * anything; on a terminal they are one line.
 */
#include "sweep_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "%-12s"
#define VALUES_SHOWN 8

static void print_plain(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static void print_line(const char *label, const char *text)
{
	if (!text)
		return;
	printf(LABEL, label);
	print_plain(text);
	putchar('\n');
}

static void print_trained(const lockstep_sweep *sweep, const struct lockstep_sweep_plan *plan)
{
	if (plan->built_in) {
		print_line("trains", "the built-in trainer");
		return;
	}
	print_line("program", plan->program);
	if (!plan->n_command)
		return;
	printf(LABEL, "command");
	for (size_t i = 0; i < plan->n_command; i++) {
		if (i)
			putchar(' ');
		print_plain(lockstep_sweep_command(sweep, i));
	}
	putchar('\n');
}

static void print_metric(const struct lockstep_sweep_plan *plan)
{
	if (!plan->metric)
		return;
	printf(LABEL, "metric");
	print_plain(plan->metric);
	printf(", to be %s", plan->maximize ? "maximised" : "minimised");
	if (plan->has_target)
		printf(" until %g", plan->target);
	putchar('\n');
}

static void print_sampler(const struct lockstep_sweep_plan *plan)
{
	printf(LABEL "%s", "sampler", plan->sampler);
	if (plan->n_points != LOCKSTEP_SWEEP_UNLIMITED)
		printf(" of %llu point%s\n", (unsigned long long)plan->n_points, plan->n_points == 1 ? "" : "s");
	else if (plan->startup)
		printf(", seed %llu, at random for %u trials\n", (unsigned long long)plan->seed, plan->startup);
	else
		printf(", seed %llu\n", (unsigned long long)plan->seed);
}

static void print_trials(const struct lockstep_sweep_plan *plan)
{
	printf(LABEL, "trials");
	if (plan->n_trials == LOCKSTEP_SWEEP_UNLIMITED)
		printf("no limit");
	else
		printf("%llu", (unsigned long long)plan->n_trials);
	if (plan->n_repeat_seeds) {
		printf(", each with the seed%s", plan->n_repeat_seeds == 1 ? "" : "s");
		for (size_t i = 0; i < plan->n_repeat_seeds; i++)
			printf("%s%llu", i ? ", " : " ", (unsigned long long)plan->repeat_seeds[i]);
		printf(" (%s)", plan->aggregate);
	}
	putchar('\n');
}

static void print_resource(const struct lockstep_sweep_plan *plan)
{
	const char *unit = plan->built_in ? "epochs" : "points";
	printf(", eta %u, from %u ", plan->eta, plan->min_epochs);
	if (plan->max_epochs == UINT32_MAX)
		printf("%s to the program's end", unit);
	else
		printf("to %u %s", plan->max_epochs, unit);
}

static void print_scheduler(const struct lockstep_sweep_plan *plan)
{
	printf(LABEL "%s", "scheduler", plan->scheduler);
	if (plan->eta)
		print_resource(plan);
	else if (plan->max_epochs)
		printf(" of %u trials, after %s %u of %u", plan->median_startup, plan->built_in ? "epoch" : "point",
		       plan->median_warmup, plan->max_epochs);
	putchar('\n');
}

static void print_or_auto(uint32_t n, const char *what)
{
	if (n)
		printf("%u %s", n, what);
	else
		printf("auto %s", what);
}

static void print_limits(const struct lockstep_sweep_plan *plan)
{
	printf(LABEL "%u\n" LABEL, "window", plan->window, "cores");
	print_or_auto(plan->cores_per_trial, "a trial, ");
	print_or_auto(plan->concurrent, "trials at once\n");
	if (plan->wall_seconds > 0)
		printf(LABEL "%g s at most\n", "time", plan->wall_seconds);
}

/* What the promise of the same table on any machine does not reach. */
static void print_promise(const struct lockstep_sweep_plan *plan)
{
	if (!plan->built_in)
		print_line("same again", plan->wall_seconds > 0 ? "as far as the program does, and the time reaches"
		                                                : "as far as the program does");
	else
		print_line("same again", plan->wall_seconds > 0
		                             ? "as far as the time reaches, which depends on the machine"
		                             : "exactly, on any number of cores");
}

/* ---- Parameters ------------------------------------------------------------- */

static void print_values(const lockstep_sweep *sweep, size_t i, const struct lockstep_sweep_parameter *parameter)
{
	if (parameter->range)
		printf("%s", parameter->range);
	for (size_t k = 0; !parameter->range && k < parameter->n_values && k < VALUES_SHOWN; k++) {
		struct lockstep_sweep_value value;
		lockstep_sweep_get_value(sweep, i, k, &value);
		printf("%s", k ? ", " : "");
		print_plain(value.text);
		if (value.probability > 0)
			printf(" (%g)", value.probability);
	}
	if (!parameter->range && parameter->n_values > VALUES_SHOWN)
		printf(", ... (%zu values)", parameter->n_values);
}

struct widths {
	int name, distribution;
};

static void print_parameter(const lockstep_sweep *sweep, size_t i, const struct widths *widths)
{
	struct lockstep_sweep_parameter parameter;
	lockstep_sweep_get_parameter(sweep, i, &parameter);
	printf("%-*s  %-*s  ", widths->name, parameter.name, widths->distribution, parameter.distribution);
	print_values(sweep, i, &parameter);
	if (parameter.follows)
		printf(", zipped with %s", parameter.follows);
	if (parameter.when) {
		printf(", when ");
		print_plain(parameter.when);
	}
	putchar('\n');
}

static void widen(int *width, const char *text)
{
	int length = (int)strlen(text);
	*width = *width < length ? length : *width;
}

static void print_parameters(const lockstep_sweep *sweep, const struct lockstep_sweep_plan *plan)
{
	struct widths widths = {(int)strlen("parameter"), (int)strlen("distribution")};
	for (size_t i = 0; i < plan->n_parameters; i++) {
		struct lockstep_sweep_parameter parameter;
		lockstep_sweep_get_parameter(sweep, i, &parameter);
		widen(&widths.name, parameter.name);
		widen(&widths.distribution, parameter.distribution);
	}
	printf("\n%-*s  %-*s  values\n", widths.name, "parameter", widths.distribution, "distribution");
	for (size_t i = 0; i < plan->n_parameters; i++)
		print_parameter(sweep, i, &widths);
	if (plan->n_constraints)
		printf("\nconstraints\n");
	for (size_t i = 0; i < plan->n_constraints; i++) {
		printf("  ");
		print_plain(lockstep_sweep_constraint(sweep, i));
		putchar('\n');
	}
}

static void print_rungs(const lockstep_sweep *sweep, const struct lockstep_sweep_plan *plan)
{
	if (plan->n_brackets)
		printf("\nbracket  %s (trials)\n", plan->built_in ? "epochs" : "points");
	for (size_t bracket = 0; bracket < plan->n_brackets; bracket++) {
		printf("%7zu", bracket + 1);
		for (size_t i = 0; i < lockstep_sweep_n_rungs(sweep, bracket); i++) {
			struct lockstep_sweep_rung rung;
			lockstep_sweep_get_rung(sweep, bracket, i, &rung);
			if (rung.n_trials == 0 && plan->max_epochs == UINT32_MAX)
				break;
			if (rung.epochs == UINT32_MAX)
				printf("%send", i ? ", " : "  ");
			else
				printf("%s%u", i ? ", " : "  ", rung.epochs);
			if (rung.n_trials != LOCKSTEP_SWEEP_UNLIMITED)
				printf(" (%llu)", (unsigned long long)rung.n_trials);
		}
		putchar('\n');
	}
}

void ls_sweep_print(const lockstep_sweep *sweep)
{
	struct lockstep_sweep_plan plan;
	lockstep_sweep_describe(sweep, &plan);
	print_line("name", plan.name);
	print_line("description", plan.description);
	print_trained(sweep, &plan);
	print_metric(&plan);
	print_sampler(&plan);
	print_trials(&plan);
	print_scheduler(&plan);
	print_limits(&plan);
	print_promise(&plan);
	print_parameters(sweep, &plan);
	print_rungs(sweep, &plan);
}
