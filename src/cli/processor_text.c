/* SPDX-License-Identifier: MIT
 *
 * In both forms the identity comes before the caches, from the core outwards.
 */
#include "processor_text.h"

#include <stdio.h>
#include <string.h>

static void append(char text[LS_PROCESSOR_TEXT], const char *part)
{
	size_t length = strlen(text);
	snprintf(text + length, LS_PROCESSOR_TEXT - length, "%s%s", length ? ", " : "", part);
}

static void append_number(char text[LS_PROCESSOR_TEXT], const char *name, int32_t value)
{
	char part[32];
	snprintf(part, sizeof part, "%s %d", name, value);
	if (value >= 0)
		append(text, part);
}

static void append_cache(char text[LS_PROCESSOR_TEXT], const char *name, uint64_t bytes)
{
	char part[32];
	double kib = (double)bytes / 1024;
	snprintf(part, sizeof part, "%s %.5g %s", name, kib < 1024 ? kib : kib / 1024, kib < 1024 ? "KiB" : "MiB");
	if (bytes)
		append(text, part);
}

void ls_processor_text(const struct lockstep_processor *processor, char text[LS_PROCESSOR_TEXT])
{
	*text = '\0';
	if (*processor->vendor)
		append(text, processor->vendor);
	append_number(text, "family", processor->family);
	append_number(text, "model", processor->model);
	append_number(text, "stepping", processor->stepping);
	append_cache(text, "L1d", processor->l1d_bytes);
	append_cache(text, "L2", processor->l2_bytes);
	append_cache(text, "L3", processor->l3_bytes);
}

static json_t *number(int32_t value)
{
	return value >= 0 ? json_integer(value) : NULL;
}

static json_t *size(uint64_t bytes)
{
	return bytes ? json_integer((json_int_t)bytes) : NULL;
}

json_t *ls_processor_object(const struct lockstep_processor *processor)
{
	return json_pack("{s:s*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "vendor",
	                 *processor->vendor ? processor->vendor : NULL, "family", number(processor->family), "model",
	                 number(processor->model), "stepping", number(processor->stepping), "l1d_bytes",
	                 size(processor->l1d_bytes), "l2_bytes", size(processor->l2_bytes), "l3_bytes",
	                 size(processor->l3_bytes));
}
