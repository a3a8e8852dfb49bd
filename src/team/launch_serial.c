/* SPDX-License-Identifier: MIT
 *
 * The plain loop that the other engines must agree with.
 */
#include "launch.h"

static lockstep_status start(struct ls_team *team, lockstep_error *error)
{
	(void)error;
	ls_team_bind(team, 0);
	return LOCKSTEP_OK;
}

static void run(struct ls_team *team)
{
	ls_team_begin(team, team->size);
	for (uint32_t i = 0; i < team->size; i++)
		ls_team_work(team, i);
}

static void stop(struct ls_team *team)
{
	(void)team;
}

const struct ls_launcher ls_launcher_serial = {start, run, stop};
