#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The walk over parameter blocks in all interleavings: tests/model/walk.pml says
# what is checked. Four workers: with LOCKSTEP_LONG. TAP.

. "${srcdir:-.}/tests/model/check.sh"

# The ring's length is that of the C code.
{
	grep -E '^#define LS_RING_(SLOTS|AHEAD) ' "$source_folder/tests/model/walk.pml" >model
	grep -E '^#define LS_RING_(SLOTS|AHEAD) ' "$source_folder/src/train/worker.h" | diff - model
} >found 2>&1 && test -s model
report 'the ring of the model is that of src/train/worker.h'

for blocks in 2 3 4 5; do
	holds "2 workers, $blocks blocks" walk.pml -DWORKERS=2 -DBLOCKS=$blocks
done
holds '2 workers, 1 block, 5 steps' walk.pml -DWORKERS=2 -DBLOCKS=1 -DSTEPS=5
holds '2 workers, 4 blocks, waiting in full' walk.pml -DWORKERS=2 -DBLOCKS=4 -DWAITING_IN_FULL
holds '3 workers, 1 block, 4 steps' walk.pml -DWORKERS=3 -DBLOCKS=1 -DSTEPS=4
holds '3 workers, 5 blocks' walk.pml -DWORKERS=3 -DBLOCKS=5
if test -n "$LOCKSTEP_LONG"; then
	for blocks in 2 3 4; do
		holds "3 workers, $blocks blocks" walk.pml -DWORKERS=3 -DBLOCKS=$blocks
	done
	for blocks in 2 3 5; do
		holds "4 workers, $blocks blocks" walk.pml -DWORKERS=4 -DBLOCKS=$blocks
	done
	holds '4 workers, 1 block, 4 steps' walk.pml -DWORKERS=4 -DBLOCKS=1 -DSTEPS=4
	holds '3 workers, 4 blocks, 1 step, waiting in full' \
		walk.pml -DWORKERS=3 -DBLOCKS=4 -DSTEPS=1 -DWAITING_IN_FULL
fi

refuted 'a slot written again before all consumed it' walk.pml -DNO_CONSUMED
refuted 'a ring shorter than its users think' walk.pml -DRING_SHORT
refuted 'owners who reduce so late that all wait in a circle' walk.pml -DAHEAD_TOO_FAR
refuted 'a block reduced before all produced it' walk.pml -DNO_PRODUCED
refuted 'a step without a barrier' walk.pml -DNO_BARRIER
refuted 'a waiter that does not look again, in the walk' walk.pml -DBLOCKS=2 -DWAITING_IN_FULL -DNO_SECOND_LOOK

done_testing
