/* SPDX-License-Identifier: MIT
 *
 * Learning rates: numbers worked by hand, and the reference's bits over whole
 * jobs.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "reference.h"
#include "train/schedule.h"

static struct lockstep_train_options options_of(enum lockstep_schedule schedule, double gamma, double period)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	options.epochs = 20;
	options.learning_rate = 0.5;
	options.schedule = schedule;
	options.schedule_gamma = gamma;
	options.schedule_period = period;
	return options;
}

static void expect_near(double value, double expected)
{
	cr_assert(fabs(value - expected) <= 0x1p-50 * fabs(expected), "%.17g instead of %.17g", value, expected);
}

/* ---- By hand: 100 steps an epoch, rate 0.5 ---------------------------- */

Test(schedule, constant_is_the_rate)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_CONSTANT, 0.1, 0);
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 1999, 100), 0.5);
}

Test(schedule, step_multiplies_after_every_period)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_STEP, 0.25, 0);
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 999, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 1000, 100), 0.125);
	cr_assert_eq(ls_schedule_rate(&options, 1999, 100), 0.125);
	cr_assert_eq(ls_schedule_rate(&options, 2000, 100), 0.03125);
	options.schedule_period = 0.5;
	cr_assert_eq(ls_schedule_rate(&options, 49, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 50, 100), 0.125);
	cr_assert_eq(ls_schedule_rate(&options, 100, 100), 0.03125);
}

/* 0.1 * 0.1 * 0.1 is not pow(0.1, 3) in every bit. */
Test(schedule, step_multiplies_one_by_one)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_STEP, 0.1, 1);
	cr_assert_eq(ls_schedule_rate(&options, 300, 100), 0.5 * (((1 * 0.1) * 0.1) * 0.1));
}

Test(schedule, step_ends_at_zero_without_counting_there)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_STEP, 0.1, 1e-9);
	cr_assert_eq(ls_schedule_rate(&options, UINT64_C(1) << 60, 1), 0);
}

Test(schedule, exponential_is_smooth_between_the_steps)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_EXPONENTIAL, 0.25, 0);
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.5);
	expect_near(ls_schedule_rate(&options, 50, 100), 0.25);
	expect_near(ls_schedule_rate(&options, 100, 100), 0.125);
	options.schedule_period = 2;
	expect_near(ls_schedule_rate(&options, 100, 100), 0.25);
	options.schedule_gamma = 1;
	cr_assert_eq(ls_schedule_rate(&options, 777, 100), 0.5);
}

Test(schedule, cosine_falls_over_all_epochs)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_COSINE, 0.1, 0);
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 1000, 100), 0.25);
	expect_near(ls_schedule_rate(&options, 500, 100), 0.25 * (1 + sqrt(0.5)));
	double last = ls_schedule_rate(&options, 1999, 100);
	cr_assert(0 < last && last < 1e-6);
}

Test(schedule, cosine_restarts_after_its_period)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_COSINE, 0.1, 5);
	for (uint64_t step = 0; step < 2000; step += 500) {
		cr_assert_eq(ls_schedule_rate(&options, step, 100), 0.5);
		cr_assert_eq(ls_schedule_rate(&options, step + 250, 100), 0.25);
		double last = ls_schedule_rate(&options, step + 499, 100);
		cr_assert(0 < last && last < 1e-5);
	}
}

Test(schedule, warmup_rises_to_the_rate)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_CONSTANT, 0.1, 0);
	options.warmup = 0.045; /* floor(4.5) = 4 steps */
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.125);
	cr_assert_eq(ls_schedule_rate(&options, 1, 100), 0.25);
	cr_assert_eq(ls_schedule_rate(&options, 2, 100), 0.375);
	cr_assert_eq(ls_schedule_rate(&options, 3, 100), 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 4, 100), 0.5);
	options.warmup = 0.009; /* less than one step: none */
	cr_assert_eq(ls_schedule_rate(&options, 0, 100), 0.5);
}

Test(schedule, warmup_does_not_delay_the_schedule)
{
	struct lockstep_train_options options = options_of(LOCKSTEP_SCHEDULE_STEP, 0.5, 1);
	options.warmup = 2;
	cr_assert_eq(ls_schedule_rate(&options, 99, 100), 0.5 * 0.5);
	cr_assert_eq(ls_schedule_rate(&options, 199, 100), 0.25);
	cr_assert_eq(ls_schedule_rate(&options, 200, 100), 0.125);
}

/* ---- Against the reference ------------------------------------------- */

static void expect_reference(const struct lockstep_train_options *options, uint64_t steps_per_epoch)
{
	struct reference_job job = {.lr = options->learning_rate,
	                            .schedule = (enum reference_schedule)options->schedule,
	                            .gamma = options->schedule_gamma,
	                            .period = options->schedule_period,
	                            .warmup = options->warmup,
	                            .epochs = options->epochs};
	for (uint64_t step = 0; step < options->epochs * steps_per_epoch; step++) {
		float rate = (float)ls_schedule_rate(options, step, steps_per_epoch);
		float expected = reference_rate(&job, step, steps_per_epoch);
		cr_assert_eq(rate, expected, "schedule %d, step %llu of %llu an epoch: %a instead of %a",
		             options->schedule, (unsigned long long)step, (unsigned long long)steps_per_epoch,
		             (double)rate, (double)expected);
	}
}

Test(schedule, every_rate_of_a_job_is_the_references)
{
	static const double periods[] = {0, 1, 3, 0.7, 1.0 / 3}, warmups[] = {0, 0.3, 2.5};
	static const uint64_t steps[] = {1, 7, 97};
	for (int schedule = LOCKSTEP_SCHEDULE_CONSTANT; schedule <= LOCKSTEP_SCHEDULE_COSINE; schedule++)
		for (size_t period = 0; period < 5; period++)
			for (size_t warmup = 0; warmup < 3; warmup++)
				for (size_t i = 0; i < 3; i++) {
					struct lockstep_train_options options =
					    options_of((enum lockstep_schedule)schedule, 0.37, periods[period]);
					options.learning_rate = 0.03;
					options.warmup = warmups[warmup];
					expect_reference(&options, steps[i]);
				}
}
