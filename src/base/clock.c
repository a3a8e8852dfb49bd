/* SPDX-License-Identifier: MIT
 *
 * The monotonic clock, which some virtual machines and test tools set back all
 * the same. Such a jump counts as no time: differences are never negative. One
 * offset a thread, since each takes the difference of its own readings.
 */
#include "clock.h"

#include <time.h>

double ls_clock_seconds(void)
{
	static _Thread_local double offset, last;
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return last;
	double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec + offset;
	if (seconds < last) {
		offset += last - seconds;
		return last;
	}
	return last = seconds;
}
