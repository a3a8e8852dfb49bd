#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The team's runs and barriers in all interleavings: tests/model/team.pml says
# what is checked. Four workers have 7 million states: with LOCKSTEP_LONG. TAP.

. "${srcdir:-.}/tests/model/check.sh"

holds '2 workers' team.pml -DWORKERS=2
holds '2 workers, three runs of three barriers, more sleepers that wake without a reason' \
	team.pml -DWORKERS=2 -DRUNS=3 -DBARRIERS=3 -DSPURIOUS=3
holds '3 workers' team.pml -DWORKERS=3
test -z "$LOCKSTEP_LONG" || holds '4 workers' team.pml -DWORKERS=4

refuted 'a waiter that does not look again once it counts as a sleeper' team.pml -DNO_SECOND_LOOK
refuted 'a publisher that looks for sleepers before it stores' team.pml -DLOOK_BEFORE_STORE
refuted 'a broadcast without the mutex' team.pml -DNO_MUTEX
refuted 'a wake-up of one sleeper for all' team.pml -DWORKERS=3 -DWAKE_ONE
refuted 'a barrier that counts one too few' team.pml -DONE_TOO_FEW
refuted 'a run that begins with the counts of the one before' team.pml -DNO_RESET
refuted 'a run that returns before its workers' team.pml -DNO_DONE

done_testing
