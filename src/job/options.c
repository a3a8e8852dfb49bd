/* SPDX-License-Identifier: MIT
 *
 * Names and ranges of the train options.
 */
#include "options.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/ranges.h"

static const char *const scale_names[] = {"auto", "none", "unit", "standardise"};
static const char *const schedule_names[] = {"constant", "step", "exponential", "cosine"};
static const char *const monitor_names[] = {"loss", "accuracy"};
static const char *const split_names[] = {"auto", "rows", "owners", "units"};
static const char *const engine_names[] = {"pthreads", "openmp", "serial"};

#define COUNT(names) (sizeof(names) / sizeof *(names))
#define UNKNOWN (-2)

/* The enumeration's value, which counts from `first`. */
static int parse(const char *name, const char *const *names, size_t n, int first)
{
	int found = ls_name_find(name, names, n);
	return found < 0 ? UNKNOWN : found + first;
}

const char *lockstep_scale_name(enum lockstep_scale scale)
{
	return scale_names[scale - LOCKSTEP_SCALE_AUTO];
}

const char *lockstep_schedule_name(enum lockstep_schedule schedule)
{
	return schedule_names[schedule];
}

const char *lockstep_monitor_name(enum lockstep_monitor monitor)
{
	return monitor_names[monitor];
}

const char *lockstep_split_name(enum lockstep_split split)
{
	return split_names[split];
}

const char *lockstep_engine_name(enum lockstep_engine engine)
{
	return engine_names[engine];
}

int lockstep_scale_parse(const char *name)
{
	return parse(name, scale_names, COUNT(scale_names), LOCKSTEP_SCALE_AUTO);
}

int lockstep_schedule_parse(const char *name)
{
	return parse(name, schedule_names, COUNT(schedule_names), 0);
}

int lockstep_monitor_parse(const char *name)
{
	return parse(name, monitor_names, COUNT(monitor_names), 0);
}

int lockstep_split_parse(const char *name)
{
	return parse(name, split_names, COUNT(split_names), 0);
}

int lockstep_engine_parse(const char *name)
{
	return parse(name, engine_names, COUNT(engine_names), 0);
}

/* ---- Ranges ---------------------------------------------------------- */

static lockstep_status refuse(lockstep_error *error, const char *name, double value, const char *range)
{
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s %g: it must be %s", name, value, range);
}

static lockstep_status check_enums(const struct lockstep_train_options *o, lockstep_error *error)
{
	if (o->scale < LOCKSTEP_SCALE_AUTO || o->scale > LOCKSTEP_SCALE_STANDARDISE)
		return refuse(error, "scale", o->scale, "one of its names");
	if ((unsigned)o->schedule > LOCKSTEP_SCHEDULE_COSINE)
		return refuse(error, "schedule", o->schedule, "one of its names");
	if ((unsigned)o->monitor > LOCKSTEP_MONITOR_ACCURACY)
		return refuse(error, "monitor", o->monitor, "one of its names");
	if ((unsigned)o->split > LOCKSTEP_SPLIT_UNITS)
		return refuse(error, "split", o->split, "one of its names");
	if ((unsigned)o->engine > LOCKSTEP_SERIAL)
		return refuse(error, "engine", o->engine, "one of its names");
	if ((unsigned)o->checkpoint_every.unit > LOCKSTEP_SECONDS)
		return refuse(error, "unit of the checkpoint's interval", o->checkpoint_every.unit, "one of its names");
	return LOCKSTEP_OK;
}

static lockstep_status check_batch(const struct lockstep_train_options *o, lockstep_error *error)
{
	if (o->epochs < 1)
		return refuse(error, "epochs", o->epochs, "1 or more");
	if (o->batch < 1 || o->batch > 1u << 30)
		return refuse(error, "batch", o->batch, "from 1 to 1073741824");
	if (o->slices & (o->slices - 1) || o->slices > LS_SLICES_MAX)
		return refuse(error, "slices", o->slices, "a power of two, at most 65536");
	if (o->slices > o->batch)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "slices %u: more than the %u rows of a mini-batch",
		                    o->slices, o->batch);
	uint32_t slices = ls_train_slices(o);
	if (o->workers > slices)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%u workers, but a mini-batch of %u rows has only %u slices; "
		                    "a larger slices or batch option gives more",
		                    o->workers, o->batch, slices);
	return LOCKSTEP_OK;
}

static lockstep_status check_rates(const struct lockstep_train_options *o, lockstep_error *error)
{
	if (!(o->learning_rate > 0 && isfinite((float)o->learning_rate)))
		return refuse(error, "learning rate", o->learning_rate, "above 0 and finite");
	if (!(o->momentum >= 0 && (float)o->momentum < 1))
		return refuse(error, "momentum", o->momentum, "at least 0 and below 1");
	if (o->nesterov && o->momentum == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "nesterov needs a momentum above 0");
	if (!(o->l2 >= 0 && isfinite((float)o->l2)))
		return refuse(error, "l2", o->l2, "at least 0 and finite");
	if (!(o->dropout >= 0 && (float)o->dropout < 1))
		return refuse(error, "dropout", o->dropout, "at least 0 and below 1");
	return LOCKSTEP_OK;
}

static lockstep_status check_schedule(const struct lockstep_train_options *o, lockstep_error *error)
{
	if (!(o->schedule_gamma >= 0x1p-1022 && o->schedule_gamma <= 1))
		return refuse(error, "schedule gamma", o->schedule_gamma, "above 0 and at most 1");
	if (!(o->schedule_period >= 0 && isfinite(o->schedule_period)))
		return refuse(error, "schedule period", o->schedule_period, "a number of epochs");
	if (!(o->warmup >= 0 && o->warmup <= o->epochs))
		return refuse(error, "warm-up", o->warmup, "a number of epochs, not more than the job's");
	if (!(o->validation >= 0 && isfinite(o->validation)))
		return refuse(error, "validation", o->validation, "a fraction below 1 or a number of rows");
	if (o->patience && o->validation == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "patience needs validation rows to judge by");
	return LOCKSTEP_OK;
}

lockstep_status ls_train_check_options(const struct lockstep_train_options *options, lockstep_error *error)
{
	lockstep_status status = check_enums(options, error);
	if (!status)
		status = check_batch(options, error);
	if (!status)
		status = check_rates(options, error);
	if (!status)
		status = check_schedule(options, error);
	return status;
}

lockstep_status lockstep_train_check(const struct lockstep_train_options *options, lockstep_error *error)
{
	return ls_train_check_options(options, error);
}

uint32_t ls_train_slices(const struct lockstep_train_options *options)
{
	return options->slices ? options->slices : ls_default_slices(options->batch);
}

double ls_train_period(const struct lockstep_train_options *options)
{
	if (options->schedule_period > 0)
		return options->schedule_period;
	switch (options->schedule) {
	case LOCKSTEP_SCHEDULE_STEP:
		return 10;
	case LOCKSTEP_SCHEDULE_COSINE:
		return options->epochs;
	default:
		return 1;
	}
}

int ls_train_keeps_best(const struct lockstep_train_options *options)
{
	return options->patience && !options->keep_last;
}

/* Deciding members come first, from `scale` to `seed` (lockstep/train.h). */
void ls_train_copy_deciding(struct lockstep_train_options *to, const struct lockstep_train_options *from)
{
	size_t n_bytes = offsetof(struct lockstep_train_options, seed) + sizeof from->seed;
	memcpy(to, from, n_bytes);
}
