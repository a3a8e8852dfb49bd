/* SPDX-License-Identifier: MIT
 *
 * The command `lockstep`: finds the subcommand and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/print/message.h"
#include "cli/print/stream.h"
#include "command.h"
#include "lockstep/version.h"

static const struct {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
    {"train", "train a network", ls_command_train},
    {"eval", "loss and accuracy of a model on a data set", ls_command_eval},
    {"predict", "probabilities and predicted labels of new rows", ls_command_predict},
    {"verify", "train a model again from its record and compare", ls_command_verify},
    {"sweep", "run a hyperparameter sweep, or check its specification", ls_command_sweep},
    {"runs", "what studies found: list, show, best, compare, export", ls_command_runs},
    {"report", "a page that shows studies, one run, or a scaling study", ls_command_report},
    {"gradcheck", "compare the gradients of a job with finite differences", ls_command_gradcheck},
    {"bench", "speed of the machine, the kernels and training steps", ls_command_bench},
    {"scale", "how many cores a job should have, and why not more", ls_command_scale},
    {"topology", "the machine, and where workers would go", ls_command_topology},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static int print_help(void)
{
	printf("Usage: lockstep SUBCOMMAND [OPTION]...\n\n"
	       "Trains neural networks on the CPUs of this machine, in data parallel; the same\n"
	       "job gives the same bits on any number of workers.\n\nSubcommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-12s%s\n", commands[i].name, commands[i].summary);
	printf("\n  %-12s%s\n  %-12s%s\n  %-12s%s\n", "help NAME", "options of a subcommand", "--help",
	       "print this text", "--version", "print version, commit, compiler and instruction set");
	printf("\n'lockstep train' with no option trains 784-30-10 on MNIST.\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage, 3 diverged, 130 or 143\n"
	       "interrupted.\n");
	return LS_EXIT_DONE;
}

static int print_version(void)
{
	static const char *const sets[] = {"portable", "avx2", "avx512", "neon"};

	printf("lockstep %s\n\n", lockstep_version());
	if (lockstep_commit())
		printf("commit            %s\n", lockstep_commit());
	printf("compiler          %s\n", lockstep_compiler());
	printf("instruction set   %s (this machine runs", lockstep_isa());
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		if (lockstep_isa_check(sets[i], NULL) == LOCKSTEP_OK)
			printf(" %s", sets[i]);
	printf(")\narithmetic        version %d\n", LOCKSTEP_ARITHMETIC);
	printf("OpenMP            %s\n", lockstep_has_openmp() ? "yes" : "no");
	printf("licence           MIT; there is no warranty\n");
	return LS_EXIT_DONE;
}

static int unknown(const char *name)
{
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, name);
	for (size_t i = 0; i < N_COMMANDS; i++)
		ls_nearest_consider(&nearest, commands[i].name);
	ls_nearest_consider(&nearest, "--help");
	ls_nearest_consider(&nearest, "--version");
	const char *kind = name[0] == '-' ? "option" : "subcommand";
	if (nearest.name)
		return ls_message_usage(NULL, "unknown %s '%s'; did you mean '%s'?", kind, name, nearest.name);
	return ls_message_usage(NULL, "unknown %s '%s'", kind, name);
}

static int run(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			return ls_message_finish(commands[i].name, commands[i].run(argc, argv));
	return unknown(argv[0]);
}

static int is_either(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv)
{
	ls_stream_take_stdout();
	if (argc < 2)
		return ls_message_usage(NULL, "a subcommand is missing");
	if (is_either(argv[1], "--version", "-V"))
		return ls_message_finish(NULL, print_version());
	if (is_either(argv[1], "--help", "-h") || (argc == 2 && strcmp(argv[1], "help") == 0))
		return ls_message_finish(NULL, print_help());
	if (strcmp(argv[1], "help") == 0) {
		char help[] = "--help";
		return run(2, (char *[]){argv[2], help, NULL});
	}
	return run(argc - 1, argv + 1);
}
