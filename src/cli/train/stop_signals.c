/* SPDX-License-Identifier: MIT
 *
 * A handler has no argument of its own, hence the one global: written before
 * the handlers are installed and after they are gone. Both are lock-free
 * atomics, which a handler may use.
 */
#include "stop_signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(lockstep_trainer *) running;
static atomic_int caught;

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
#define N_SIGNALS (sizeof numbers / sizeof *numbers)

static void on_signal(int number)
{
	for (size_t i = 0; i < N_SIGNALS; i++)
		signal(numbers[i], SIG_DFL);
	atomic_store(&caught, number);
	lockstep_trainer *trainer = atomic_load(&running);
	if (trainer)
		lockstep_trainer_stop(trainer);
}

static void install(int number)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaddset(&action.sa_mask, numbers[i]);
	if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

static void remove_handler(int number)
{
	struct sigaction now;
	if (sigaction(number, NULL, &now) == 0 && now.sa_handler == on_signal)
		signal(number, SIG_DFL);
}

void ls_stop_signals_begin(lockstep_trainer *trainer)
{
	atomic_store(&caught, 0);
	atomic_store(&running, trainer);
	for (size_t i = 0; i < N_SIGNALS; i++)
		install(numbers[i]);
}

int ls_stop_signals_caught(void)
{
	return atomic_load(&caught);
}

int ls_stop_signals_end(void)
{
	for (size_t i = 0; i < N_SIGNALS; i++)
		remove_handler(numbers[i]);
	atomic_store(&running, NULL);
	return atomic_load(&caught);
}
