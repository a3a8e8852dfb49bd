/* SPDX-License-Identifier: MIT
 *
 * Only what series differ in is named.
 */
#include "scale_name.h"

#include <stdio.h>
#include <string.h>

static void add_part(char *text, const char *part)
{
	size_t used = strlen(text);
	snprintf(text + used, LS_SCALE_SERIES_NAME - used, "%s%s", used ? ", " : "", part);
}

const char *ls_scale_series_name(const struct lockstep_scaling_study_options *options, size_t series,
                                 char text[LS_SCALE_SERIES_NAME])
{
	const struct lockstep_scaling_setting *setting = &options->settings[series];
	int differs[4] = {0};
	char part[64];
	text[0] = '\0';
	for (size_t i = 0; i < options->n_settings; i++) {
		const struct lockstep_scaling_setting *other = &options->settings[i];
		differs[0] |= other->batch != setting->batch;
		differs[1] |= strcmp(other->bind, setting->bind) != 0;
		differs[2] |= other->engine != setting->engine;
		differs[3] |= other->split != setting->split;
	}
	snprintf(part, sizeof part, "mini-batch %u", setting->batch);
	if (differs[0])
		add_part(text, part);
	snprintf(part, sizeof part, "bind %s", setting->bind);
	if (differs[1])
		add_part(text, part);
	if (differs[2])
		add_part(text, lockstep_engine_name(setting->engine));
	snprintf(part, sizeof part, "split %s", lockstep_split_name(setting->split));
	if (differs[3])
		add_part(text, part);
	return text;
}
