/* SPDX-License-Identifier: MIT
 *
 * A series as tables. Times of a table have one unit, that of its longest.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lockstep/bench.h"
#include "scale_answer.h"
#include "scale_text.h"

#define ROWS_MAX 16    /* of predictions */
#define LEAST_BLOCKS 6 /* with fewer there is no interval, so none that is too wide */

struct unit {
	const char *name; /* "us" */
	double seconds;
};

static struct unit unit_of(double seconds)
{
	return seconds >= 1      ? (struct unit){"s", 1}
	       : seconds >= 1e-3 ? (struct unit){"ms", 1e-3}
	                         : (struct unit){"us", 1e-6};
}

static int has_same_runs(const struct lockstep_scaling_series *a, const struct lockstep_scaling_series *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->levels[i].excluded != !b->levels[i].excluded ||
		    a->levels[i].measured_in != b->levels[i].measured_in)
			return 0;
	return 1;
}

size_t ls_scale_original(const struct lockstep_scaling_study *study, size_t i_series)
{
	size_t i = 0;
	while (i < i_series && !has_same_runs(&study->series[i], &study->series[i_series]))
		i++;
	return i;
}

/* ---- Levels ----------------------------------------------------------------- */

/* Four digits, as far as they are behind the point. */
static int decimals(double value)
{
	return value < 10 ? 3 : value < 100 ? 2 : value < 1000 ? 1 : 0;
}

/* "345.1-358.8"; "-" without an interval. */
static void format_step(char *text, size_t size, const struct lockstep_scaling_summary *step, struct unit unit)
{
	double low = step->low / unit.seconds, high = step->high / unit.seconds;
	if (isnan(low) || isnan(high))
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.*f-%.*f", decimals(low), low, decimals(high), high);
}

static void format_speedup(char *text, size_t size, const struct lockstep_scaling_interval *speedup)
{
	int digits = speedup->high < 100 ? 2 : 0;
	if (isnan(speedup->low) || isnan(speedup->high))
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.*f-%.*f", digits, speedup->low, digits, speedup->high);
}

static void print_level(const struct lockstep_scaling_level *level, int is_baseline, int is_own, struct unit unit)
{
	char step[40], speedup[40] = "", serial[16] = "-";
	const struct lockstep_scaling_figures *figures = &level->figures;
	double median = level->step.median / unit.seconds;
	format_step(step, sizeof step, &level->step, unit);
	if (!is_baseline)
		format_speedup(speedup, sizeof speedup, &figures->speedup);
	double fraction = figures->serial_fraction.value;
	if (!isnan(fraction))
		snprintf(serial, sizeof serial, fabs(fraction) < 10 ? "%.3f" : "%.3g", fraction);
	printf("%7u %8.*f %13s %10.0f %7.2f %11s %4.0f%% %6s %3zu%s%s\n", level->workers, decimals(median), median,
	       step, level->samples_per_second, figures->speedup.value, speedup, 100 * figures->efficiency.value,
	       serial, level->n, level->n < LEAST_BLOCKS || level->is_precise ? "" : "*", is_own ? "" : "=");
}

/* Those from level i on that are left out for one reason; returns how many. */
static size_t print_excluded(const struct lockstep_scaling_series *series, size_t i)
{
	const struct lockstep_scaling_level *levels = series->levels;
	char label[32];
	size_t end = i + 1;
	while (end < series->n && levels[end].excluded && levels[end].workers == levels[end - 1].workers + 1 &&
	       strcmp(levels[end].excluded, levels[i].excluded) == 0)
		end++;
	int n = snprintf(label, sizeof label, "%7u", levels[i].workers);
	if (end - i > 1)
		snprintf(label + n, sizeof label - (size_t)n, "-%u", levels[end - 1].workers);
	ls_scale_print_line(label, "not measured: %s", levels[i].excluded);
	return end - i;
}

/* What a star, a dash or an equals sign in the table means. */
static void explain_levels(const struct ls_scale_result *result, size_t i_series)
{
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	int is_few = 0, is_wide = 0, is_shared = 0;
	for (size_t i = 0; i < series->n; i++) {
		const struct lockstep_scaling_level *level = &series->levels[i];
		if (level->excluded)
			continue;
		is_few |= level->n < LEAST_BLOCKS;
		is_wide |= level->n >= LEAST_BLOCKS && !level->is_precise;
		is_shared |= level->measured_in != i_series;
	}
	if (is_few)
		puts("        Fewer than 6 measurements have no 95 % interval.");
	if (is_wide)
		printf("        * the interval reaches further than %g %% from the median.\n",
		       100 * result->options->precision);
	if (is_shared)
		puts("        = the same run as in an earlier series, and measured once.");
}

static void print_levels(const struct ls_scale_result *result, size_t i_series)
{
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	const struct lockstep_scaling_level *baseline = ls_scale_baseline(series);
	struct unit unit = unit_of(baseline ? baseline->step.median : 1);
	printf("\n%7s %5s %2s %13s %10s %7s %11s %5s %6s %3s\n", "workers", "step", unit.name, "95 %", "samples/s",
	       "speedup", "95 %", "effi.", "serial", "n");
	for (size_t i = 0; i < series->n;)
		if (series->levels[i].excluded)
			i += print_excluded(series, i);
		else {
			print_level(&series->levels[i], &series->levels[i] == baseline,
			            series->levels[i].measured_in == i_series, unit);
			i++;
		}
	explain_levels(result, i_series);
}

/* ---- Fingerprints ------------------------------------------------------------- */

static void print_fingerprints(enum lockstep_scaling_kind kind, const struct lockstep_scaling_series *series)
{
	const struct lockstep_scaling_level *baseline = ls_scale_baseline(series);
	if (kind == LOCKSTEP_SCALING_STRONG && baseline) {
		printf("\nAll levels ended with the same fingerprint in every block:\n%s\n", baseline->fingerprint);
		return;
	}
	puts("\nEvery level ended with the same fingerprint in every block:");
	for (size_t i = 0; i < series->n; i++)
		if (!series->levels[i].excluded)
			printf("%7u %s\n", series->levels[i].workers, series->levels[i].fingerprint);
}

/* ---- Phases and roofs --------------------------------------------------------- */

static void print_phases_of(const struct lockstep_scaling_level *level)
{
	const struct lockstep_scaling_phases *phases = &level->phases;
	double sum = 0;
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		sum += phases->mean[i];
	printf("%7u", level->workers);
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
		printf(" %9.1f", sum > 0 ? 100 * phases->mean[i] / sum : 0);
	printf(" %9.2f\n", phases->balance);
}

static void print_phases(const struct lockstep_scaling_series *series)
{
	size_t n = 0;
	for (size_t i = 0; i < series->n; i++) {
		if (!series->levels[i].has_phases)
			continue;
		if (n++ == 0) {
			printf("\nWhere the time of a step goes, %% of it; balance: mean of the workers / busiest\n"
			       "%7s",
			       "workers");
			for (int phase = 0; phase < LOCKSTEP_N_PHASES; phase++)
				printf(" %9s", lockstep_bench_phase_name((enum lockstep_phase)phase));
			printf(" %9s\n", "balance");
		}
		print_phases_of(&series->levels[i]);
	}
}

static void print_roofline(const struct lockstep_scaling_series *series)
{
	size_t n = 0;
	for (size_t i = 0; i < series->n; i++) {
		const struct lockstep_scaling_roofline *roof = &series->levels[i].roofline;
		if (!series->levels[i].has_roofline)
			continue;
		if (n++ == 0)
			printf("\nUnder the machine's roofs with as many workers; skipped zeros count as done\n"
			       "%7s %9s %9s %9s %9s %9s %9s\n",
			       "workers", "GFLOP/s", "of peak", "GB/s", "of triad", "FLOP/byte", "ridge at");
		printf("%7u %9.1f %7.1f %% ", series->levels[i].workers, roof->gflops,
		       100 * roof->gflops / roof->peak_gflops);
		if (roof->cache_bytes > 0)
			printf("%9.2f %7.1f %% %9.1f", roof->gigabytes, 100 * roof->gigabytes / roof->peak_gigabytes,
			       roof->flops / roof->bytes);
		else
			printf("%9s %9s %9s", "-", "-", "-");
		printf(" %9.1f\n", roof->peak_gflops / roof->peak_gigabytes);
	}
}

/* ---- Curves --------------------------------------------------------------------- */

static void print_parameter(const struct lockstep_scaling_curve *curve, size_t i)
{
	const struct lockstep_scaling_parameter *parameter = &curve->parameters[i];
	const char *name = lockstep_scaling_parameter_name(curve->model, i);
	if (parameter->is_at_bound)
		printf("%10s %-6s %12.5g   at its bound: the data say no more of it\n", "", name, parameter->value);
	else
		printf("%10s %-6s %12.5g   %.5g to %.5g\n", "", name, parameter->value, parameter->low,
		       parameter->high);
}

static void print_curve(const struct lockstep_scaling_curve *curve)
{
	static const char *const names[LOCKSTEP_N_SCALING_MODELS] = {"Amdahl", "Gustafson", "USL"};
	printf("%-10s R^2 %.4f, residual error %.4g samples/s, %zu degree%s of freedom", names[curve->model],
	       curve->r_squared, curve->residual_error, curve->degrees_of_freedom,
	       curve->degrees_of_freedom == 1 ? "" : "s");
	if (curve->model != LOCKSTEP_SCALING_USL)
		putchar('\n');
	else if (isnan(curve->peak))
		printf("\n%10s peak undefined: no level shows one\n", "");
	else
		printf("\n%10s peak at %.4g workers\n", "", curve->peak);
	for (size_t i = 0; i < curve->n_parameters; i++)
		print_parameter(curve, i);
}

static void print_curves(const struct lockstep_scaling_series *series)
{
	if (series->n_curves)
		puts("\nCurves through samples/s, parameters with 95 % intervals");
	for (size_t i = 0; i < series->n_curves; i++)
		print_curve(&series->curves[i]);
	if (series->n_curves == 0 && series->refusal) {
		putchar('\n');
		ls_scale_print_line("no curve", "%s", series->refusal);
	}
}

/* ---- Predictions ------------------------------------------------------------------ */

static void print_parts(const struct lockstep_machine_step *step, double seconds)
{
	printf(" %8.1f %9.1f %7.1f%s\n", 100 * step->compute / seconds, 100 * step->reduction / seconds,
	       100 * step->meeting / seconds, step->is_memory_bound ? "  by memory" : "");
}

/* Beside what was measured. */
static void print_compared(const struct ls_scale_prediction *prediction, const struct lockstep_scaling_series *series)
{
	const struct lockstep_scaling_level *baseline = ls_scale_baseline(series);
	struct unit unit = unit_of(baseline ? baseline->step.median : 1);
	printf("\nThe model of this machine beside the measurements, steps in %s, parts in %%\n"
	       "%7s %9s %9s %8s %8s %9s %7s\n",
	       unit.name, "workers", "measured", "predicted", "error", "compute", "reduction", "meeting");
	for (size_t i = 0; i < prediction->n; i++) {
		const struct lockstep_machine_step *step = &prediction->steps[i];
		if (step->workers == 0)
			continue;
		double measured = series->levels[i].step.median;
		printf("%7u %9.4g %9.4g %+6.1f %%", step->workers, measured / unit.seconds,
		       step->seconds / unit.seconds, 100 * (step->seconds / measured - 1));
		print_parts(step, step->seconds);
	}
}

/* All of them; where they are many, powers of two, the fastest and the last. */
static int is_shown(const struct ls_scale_prediction *prediction, size_t i, size_t i_best)
{
	uint32_t workers = prediction->steps[i].workers;
	return prediction->n <= ROWS_MAX || (workers & (workers - 1)) == 0 || i == i_best || i + 1 == prediction->n;
}

static void print_predicted(const struct ls_scale_prediction *prediction)
{
	const struct lockstep_machine_step *steps = prediction->steps;
	struct unit unit = unit_of(steps[0].seconds);
	char title[96];
	size_t i_best = 0;
	for (size_t i = 1; i < prediction->n; i++)
		i_best = steps[i].seconds < steps[i_best].seconds ? i : i_best;
	snprintf(title, sizeof title, "Predicted for %.60s", prediction->topology);
	printf("\n%s, parts in %%\n%7s %5s %2s %10s %7s %8s %9s %7s\n", title, "workers", "step", unit.name,
	       "samples/s", "speedup", "compute", "reduction", "meeting");
	for (size_t i = 0; i < prediction->n; i++) {
		if (!is_shown(prediction, i, i_best))
			continue;
		printf("%7u %8.4g %10.0f %7.2f", steps[i].workers, steps[i].seconds / unit.seconds,
		       prediction->model->batch / steps[i].seconds, steps[0].seconds / steps[i].seconds);
		print_parts(&steps[i], steps[i].seconds);
	}
	printf("        The fastest is predicted at %u worker%s. A model is no measurement.\n", steps[i_best].workers,
	       steps[i_best].workers == 1 ? "" : "s");
}

static void print_predictions(const struct ls_scale_result *result, size_t i_series)
{
	for (size_t i = 0; i < result->n_predictions; i++) {
		const struct ls_scale_prediction *prediction = &result->predictions[i];
		if (prediction->series != i_series || prediction->n == 0)
			continue;
		if (prediction->topology)
			print_predicted(prediction);
		else
			print_compared(prediction, &result->study->series[i_series]);
	}
}

/* ---- The whole --------------------------------------------------------------------- */

static void print_heading(const struct ls_scale_result *result, size_t i_series)
{
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	const struct lockstep_scaling_level *baseline = ls_scale_baseline(series);
	char label[32] = "series", time[LS_SCALE_TIME], range[LS_SCALE_INTERVAL];
	if (result->study->n > 1)
		snprintf(label, sizeof label, "series %zu", i_series + 1);
	putchar('\n');
	ls_scale_print_line(label, "bind %s, %s, split %s; runs of %llu step%s after %llu to warm up",
	                    series->setting.bind, lockstep_engine_name(series->setting.engine),
	                    lockstep_split_name(series->setting.split), (unsigned long long)series->steps,
	                    series->steps == 1 ? "" : "s", (unsigned long long)series->warmup_steps);
	if (!baseline)
		return;
	struct unit unit = unit_of(baseline->step.median);
	const struct lockstep_scaling_interval step = {baseline->step.median, baseline->step.low, baseline->step.high};
	ls_scale_print_line(
	    "baseline", "%u worker%s, mini-batches of %u row%s in %u slice%s: %s %s a step, %.0f samples/s (%s a run)",
	    baseline->workers, baseline->workers == 1 ? "" : "s", baseline->batch, baseline->batch == 1 ? "" : "s",
	    baseline->slices, baseline->slices == 1 ? "" : "s", ls_scale_interval(&step, unit.seconds, range),
	    unit.name, baseline->samples_per_second,
	    ls_scale_time((double)series->steps * baseline->step.median, time));
}

void ls_scale_print_series(const struct ls_scale_result *result, size_t i_series)
{
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	size_t original = ls_scale_original(result->study, i_series);
	print_heading(result, i_series);
	if (original != i_series) {
		ls_scale_print_line("", "All its levels are the same runs as in series %zu, and were measured once.",
		                    original + 1);
		return;
	}
	print_levels(result, i_series);
	print_fingerprints(result->study->kind, series);
	print_phases(series);
	print_roofline(series);
	print_curves(series);
	print_predictions(result, i_series);
}
