/* SPDX-License-Identifier: MIT
 *
 * The chosen way first, then the others with their speeds.
 */
#include "choice.h"

#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"

#define LINE_MAX_LENGTH 512

void ls_choice_way(const struct lockstep_trial *trial, char text[LS_CHOICE_TEXT])
{
	if (trial->workers == 1)
		snprintf(text, LS_CHOICE_TEXT, "1 worker");
	else
		snprintf(text, LS_CHOICE_TEXT, "%u workers, split %s", trial->workers,
		         lockstep_split_name(trial->split));
}

void ls_choice_note(const char *command, const struct lockstep_trial *trials, size_t n, size_t i_chosen)
{
	char line[LINE_MAX_LENGTH] = "", way[LS_CHOICE_TEXT];
	size_t used = 0;
	for (size_t i = 0; i < n && used < sizeof line; i++) {
		if (i == i_chosen)
			continue;
		ls_choice_way(&trials[i], way);
		used += (size_t)snprintf(line + used, sizeof line - used, "%s%s: %.0f", used ? "; " : "", way,
		                         trials[i].samples_per_second);
	}
	ls_choice_way(&trials[i_chosen], way);
	ls_message_note(command, "fastest here: %s: %.0f samples/s (%s)", way, trials[i_chosen].samples_per_second,
	                line);
}
