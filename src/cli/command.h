/* SPDX-License-Identifier: MIT
 *
 * The subcommands. Each takes its own argv (argv[0] is the subcommand's name)
 * and returns the exit status.
 */
#ifndef LS_CLI_COMMAND_H
#define LS_CLI_COMMAND_H

int ls_command_train(int argc, char **argv);
int ls_command_eval(int argc, char **argv);
int ls_command_predict(int argc, char **argv);
int ls_command_gradcheck(int argc, char **argv);
int ls_command_sweep(int argc, char **argv);
int ls_command_bench(int argc, char **argv);
int ls_command_scale(int argc, char **argv);
int ls_command_topology(int argc, char **argv);
int ls_command_runs(int argc, char **argv);
int ls_command_report(int argc, char **argv);
int ls_command_verify(int argc, char **argv);

#endif
