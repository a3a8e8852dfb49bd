/* SPDX-License-Identifier: MIT
 *
 * Is this JSON a scaling study, as lockstep scale --json writes it? Its shape stands in tables, member by member, so
 * that the page may rely on all that it draws. Members that are not in them are nobody's concern.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"
#include "report_scaling.h"

#define COMMAND LS_REPORT_COMMAND
#define DIGITS "0123456789abcdef"

enum kind { ANY, TEXT, WORD, FINGERPRINT, BOOLEAN, NUMBER, POSITIVE, COUNT, NATURAL, OBJECT, ARRAY };
static const char *const kind_names[] = {
    [TEXT] = "text",
    [WORD] = "word that is known here",
    [FINGERPRINT] = "fingerprint of 64 digits",
    [BOOLEAN] = "true or false",
    [NUMBER] = "number",
    [POSITIVE] = "number above 0",
    [COUNT] = "whole number from 1 on",
    [NATURAL] = "whole number from 0 on",
    [OBJECT] = "object",
    [ARRAY] = "array",
};

#define OPTIONAL 2

/* A member, or what an array is of. */
struct shape {
	const char *name;
	enum kind kind;
	int may_be_null;            /* OPTIONAL: older documents do not even have it */
	const struct shape *inside; /* OBJECT: its members, up to one without name; ARRAY: one shape, for all */
	const char *words;          /* WORD: all of them, each with a space before and behind */
};

/* ---- The tables ----------------------------------------------------------------- */

static const struct shape a_text = {.kind = TEXT}, a_time = {.kind = POSITIVE},
			  a_number = {.kind = NUMBER, .may_be_null = 1};

static const struct shape interval[] = {
    {"value", NUMBER, 1, NULL, NULL}, {"low", NUMBER, 1, NULL, NULL}, {"high", NUMBER, 1, NULL, NULL}, {0}};
static const struct shape time_interval[] = {
    {"value", POSITIVE, 0, NULL, NULL}, {"low", POSITIVE, 1, NULL, NULL}, {"high", POSITIVE, 1, NULL, NULL}, {0}};

static const struct shape phases[] = {{"gather", NUMBER, 0, NULL, NULL},   {"forward", NUMBER, 0, NULL, NULL},
                                      {"backward", NUMBER, 0, NULL, NULL}, {"gradient", NUMBER, 0, NULL, NULL},
                                      {"update", NUMBER, 0, NULL, NULL},   {"wait", NUMBER, 0, NULL, NULL},
                                      {"balance", NUMBER, 1, NULL, NULL},  {0}};
static const struct shape roofline[] = {{"flops", NUMBER, 0, NULL, NULL},
                                        {"bytes", NUMBER, 0, NULL, NULL},
                                        {"gflops", NUMBER, 0, NULL, NULL},
                                        {"peak_gflops", NUMBER, 0, NULL, NULL},
                                        {"gigabytes", NUMBER, 0, NULL, NULL},
                                        {"peak_gigabytes", NUMBER, 0, NULL, NULL},
                                        {0}};
static const struct shape predicted[] = {{"seconds", POSITIVE, 0, NULL, NULL},
                                         {"compute", NUMBER, 0, NULL, NULL},
                                         {"reduction", NUMBER, 0, NULL, NULL},
                                         {"meeting", NUMBER, 0, NULL, NULL},
                                         {"memory_bound", BOOLEAN, 0, NULL, NULL},
                                         {"error", NUMBER, 1, NULL, NULL},
                                         {0}};

static const struct shape level_head[] = {{"workers", COUNT, 0, NULL, NULL},
                                          {"batch", COUNT, 0, NULL, NULL},
                                          {"slices", NATURAL, 0, NULL, NULL},
                                          {"excluded", TEXT, 1, NULL, NULL},
                                          {0}};
/* Of a level that was measured. */
static const struct shape level_figures[] = {{"measured_in", NATURAL, OPTIONAL, NULL, NULL},
                                             {"fingerprint", FINGERPRINT, 0, NULL, NULL},
                                             {"cpus", ARRAY, 0, &a_text, NULL},
                                             {"seconds", ARRAY, 0, &a_time, NULL},
                                             {"step", OBJECT, 0, time_interval, NULL},
                                             {"precise", BOOLEAN, 0, NULL, NULL},
                                             {"samples_per_second", POSITIVE, 0, NULL, NULL},
                                             {"ratio", OBJECT, 0, interval, NULL},
                                             {"speedup", OBJECT, 0, time_interval, NULL},
                                             {"efficiency", OBJECT, 0, time_interval, NULL},
                                             {"serial_fraction", OBJECT, 0, interval, NULL},
                                             {"phases", OBJECT, 1, phases, NULL},
                                             {"roofline", OBJECT, 1, roofline, NULL},
                                             {"predicted", OBJECT, 1, predicted, NULL},
                                             {0}};
static const struct shape a_level = {.kind = OBJECT, .inside = level_head};

static const struct shape parameter[] = {{"name", TEXT, 0, NULL, NULL},
                                         {"value", NUMBER, 0, NULL, NULL},
                                         {"standard_error", NUMBER, 1, NULL, NULL},
                                         {"low", NUMBER, 1, NULL, NULL},
                                         {"high", NUMBER, 1, NULL, NULL},
                                         {"at_bound", BOOLEAN, 0, NULL, NULL},
                                         {0}};
static const struct shape a_parameter = {.kind = OBJECT, .inside = parameter};
static const struct shape point[] = {{"workers", COUNT, 0, NULL, NULL},
                                     {"value", NUMBER, 0, NULL, NULL},
                                     {"low", NUMBER, 1, NULL, NULL},
                                     {"high", NUMBER, 1, NULL, NULL},
                                     {0}};
static const struct shape a_point = {.kind = OBJECT, .inside = point};
static const struct shape curve[] = {{"model", WORD, 0, NULL, " amdahl gustafson usl "},
                                     {"parameters", ARRAY, 0, &a_parameter, NULL},
                                     {"residual_error", NUMBER, 1, NULL, NULL},
                                     {"r_squared", NUMBER, 1, NULL, NULL},
                                     {"degrees_of_freedom", NATURAL, 0, NULL, NULL},
                                     {"peak", NUMBER, 1, NULL, NULL},
                                     {"points", ARRAY, 0, &a_point, NULL},
                                     {0}};
static const struct shape a_curve = {.kind = OBJECT, .inside = curve};

static const struct shape limit[] = {{"obstacle", TEXT, 0, NULL, NULL}, {"end", TEXT, 0, NULL, NULL},
                                     {"lost", NUMBER, 1, NULL, NULL},   {"share", NUMBER, 1, NULL, NULL},
                                     {"text", TEXT, 0, NULL, NULL},     {0}};
static const struct shape step[] = {{"workers", COUNT, 0, NULL, NULL},
                                    {"seconds", POSITIVE, 0, NULL, NULL},
                                    {"compute", NUMBER, 0, NULL, NULL},
                                    {"reduction", NUMBER, 0, NULL, NULL},
                                    {"meeting", NUMBER, 0, NULL, NULL},
                                    {"memory_bound", BOOLEAN, 0, NULL, NULL},
                                    {0}};
static const struct shape a_step = {.kind = OBJECT, .inside = step};
static const struct shape prediction[] = {{"topology", TEXT, 1, NULL, NULL}, {"steps", ARRAY, 0, &a_step, NULL}, {0}};
static const struct shape a_prediction = {.kind = OBJECT, .inside = prediction};

static const struct shape series[] = {{"bind", TEXT, 1, NULL, NULL},
                                      {"engine", TEXT, 0, NULL, NULL},
                                      {"split", TEXT, 0, NULL, NULL},
                                      {"batch", COUNT, 0, NULL, NULL},
                                      {"slices", NATURAL, 0, NULL, NULL},
                                      {"warmup_steps", NATURAL, 0, NULL, NULL},
                                      {"steps", NATURAL, 0, NULL, NULL},
                                      {"baseline", COUNT, 0, NULL, NULL},
                                      {"levels", ARRAY, 0, &a_level, NULL},
                                      {"curves", ARRAY, 0, &a_curve, NULL},
                                      {"refusal", TEXT, 1, NULL, NULL},
                                      {"limit", OBJECT, 1, limit, NULL},
                                      {"predictions", ARRAY, 0, &a_prediction, NULL},
                                      {0}};
static const struct shape a_series = {.kind = OBJECT, .inside = series};

static const struct shape run[] = {{"batch", COUNT, 0, NULL, NULL},          {"slices", NATURAL, 0, NULL, NULL},
                                   {"learning_rate", NUMBER, 0, NULL, NULL}, {"reached", BOOLEAN, 0, NULL, NULL},
                                   {"diverged", BOOLEAN, 0, NULL, NULL},     {"beaten", BOOLEAN, OPTIONAL, NULL, NULL},
                                   {"steps", NATURAL, 0, NULL, NULL},        {"epochs", NUMBER, 0, NULL, NULL},
                                   {"loss", NUMBER, 1, NULL, NULL},          {"fingerprint", TEXT, 1, NULL, NULL},
                                   {"best", BOOLEAN, 0, NULL, NULL},         {0}};
static const struct shape a_run = {.kind = OBJECT, .inside = run};
static const struct shape run_seconds[] = {{"batch", COUNT, 0, NULL, NULL},
                                           {"series", NATURAL, 0, NULL, NULL},
                                           {"workers", COUNT, 0, NULL, NULL},
                                           {"seconds", POSITIVE, 0, NULL, NULL},
                                           {0}};
static const struct shape a_run_seconds = {.kind = OBJECT, .inside = run_seconds};
static const struct shape time_to_loss[] = {{"target", POSITIVE, 0, NULL, NULL},
                                            {"part", TEXT, 0, NULL, NULL},
                                            {"runs", ARRAY, 0, &a_run, NULL},
                                            {"seconds", ARRAY, 0, &a_run_seconds, NULL},
                                            {0}};

static const struct shape answer[] = {{"series", NATURAL, 0, NULL, NULL},
                                      {"workers", COUNT, 0, NULL, NULL},
                                      {"by", WORD, 0, NULL, " samples loss "},
                                      {"text", TEXT, 0, NULL, NULL},
                                      {0}};

static const struct shape study[] = {{"type", WORD, 0, NULL, " strong weak "},
                                     {"scaled", TEXT, 0, NULL, NULL},
                                     {"seed", ANY, 0, NULL, NULL},
                                     {"run_seconds", NUMBER, 0, NULL, NULL},
                                     {"blocks_min", NATURAL, 0, NULL, NULL},
                                     {"blocks_max", NATURAL, 0, NULL, NULL},
                                     {"precision", NUMBER, 0, NULL, NULL},
                                     {"seconds_limit", NUMBER, 1, NULL, NULL},
                                     {"blocks", NATURAL, 0, NULL, NULL},
                                     {"outcome", TEXT, 0, NULL, NULL},
                                     {"seconds", NUMBER, 0, NULL, NULL},
                                     {0}};
static const struct shape rows[] = {{"rows", NATURAL, 0, NULL, NULL}, {"digest", TEXT, 0, NULL, NULL}, {0}};
static const struct shape data[] = {{"train", OBJECT, 0, rows, NULL}, {"test", OBJECT, 1, rows, NULL}, {0}};
static const struct shape machine[] = {
    {"cpu", TEXT, 1, NULL, NULL}, {"cores", NATURAL, 0, NULL, NULL}, {"topology", TEXT, 1, NULL, NULL}, {0}};
static const struct shape reading[] = {{"load", ARRAY, 1, &a_number, NULL}, {0}};
static const struct shape environment[] = {{"before", OBJECT, 0, reading, NULL},
                                           {"after", OBJECT, 1, reading, NULL},
                                           {"warnings", ARRAY, 0, &a_text, NULL},
                                           {0}};
static const struct shape document[] = {{"version", TEXT, 0, NULL, NULL},
                                        {"commit", TEXT, 1, NULL, NULL},
                                        {"compiler", TEXT, 1, NULL, NULL},
                                        {"isa", TEXT, 1, NULL, NULL},
                                        {"name", TEXT, 1, NULL, NULL},
                                        {"command", TEXT, 1, NULL, NULL},
                                        {"created", TEXT, 1, NULL, NULL},
                                        {"study", OBJECT, 0, study, NULL},
                                        {"job", OBJECT, 0, NULL, NULL},
                                        {"data", OBJECT, 0, data, NULL},
                                        {"machine", OBJECT, 0, machine, NULL},
                                        {"environment", OBJECT, 0, environment, NULL},
                                        {"series", ARRAY, 0, &a_series, NULL},
                                        {"time_to_loss", OBJECT, 1, time_to_loss, NULL},
                                        {"answer", OBJECT, OPTIONAL, answer, NULL},
                                        {0}};
static const struct shape the_document = {.kind = OBJECT, .inside = document};

/* ---- The walk --------------------------------------------------------------------- */

struct check {
	const char *path;
	char place[160]; /* "series[0].levels[2]" */
	size_t n;
};

/* Goes to a member, or an element where `name` is NULL; returns where to come back to. */
static size_t enter(struct check *check, const char *name, size_t i)
{
	size_t back = check->n, room = sizeof check->place - back;
	int n = name ? snprintf(check->place + back, room, "%s%s", back ? "." : "", name)
	             : snprintf(check->place + back, room, "[%zu]", i);
	check->n += n > 0 && (size_t)n < room ? (size_t)n : 0;
	return back;
}

static void leave(struct check *check, size_t back)
{
	check->n = back;
	check->place[back] = '\0';
}

static int failed(const struct check *check, const char *cause)
{
	return ls_message_failed(COMMAND, "%s: %s%s%s", check->path, check->place, check->n ? ": " : "", cause);
}

static int is_whole(const json_t *value, json_int_t least)
{
	return json_is_integer(value) && json_integer_value(value) >= least;
}

static int is_known(const json_t *value, const char *words)
{
	char word[32];
	if (!json_is_string(value))
		return 0;
	snprintf(word, sizeof word, " %s ", json_string_value(value));
	return !strchr(json_string_value(value), ' ') && strstr(words, word) != NULL;
}

static int is_fingerprint(const json_t *value)
{
	const char *text = json_string_value(value);
	return text && strlen(text) == 64 && strspn(text, DIGITS) == 64;
}

static int is_of_kind(const struct shape *shape, const json_t *value)
{
	switch (shape->kind) {
	case TEXT:
		return json_is_string(value);
	case WORD:
		return is_known(value, shape->words);
	case FINGERPRINT:
		return is_fingerprint(value);
	case BOOLEAN:
		return json_is_boolean(value);
	case NUMBER:
		return json_is_number(value);
	case POSITIVE:
		return json_number_value(value) > 0;
	case COUNT:
		return is_whole(value, 1);
	case NATURAL:
		return is_whole(value, 0);
	case OBJECT:
		return json_is_object(value);
	case ARRAY:
		return json_is_array(value);
	case ANY:
		break;
	}
	return 1;
}

static int check_value(struct check *check, const struct shape *shape, const json_t *value);

static int check_members(struct check *check, const struct shape *members, const json_t *object)
{
	int status = LS_EXIT_DONE;
	for (; !status && members && members->name; members++) {
		size_t back = enter(check, members->name, 0);
		status = check_value(check, members, json_object_get(object, members->name));
		leave(check, back);
	}
	return status;
}

static int check_elements(struct check *check, const struct shape *element, const json_t *array)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; !status && i < json_array_size(array); i++) {
		size_t back = enter(check, NULL, i);
		status = check_value(check, element, json_array_get(array, i));
		leave(check, back);
	}
	return status;
}

/* A level that was measured has figures, another has none. */
static int check_figures(struct check *check, const json_t *level)
{
	if (json_is_string(json_object_get(level, "excluded")))
		return LS_EXIT_DONE;
	int status = check_members(check, level_figures, level);
	if (!status && json_array_size(json_object_get(level, "seconds")) == 0)
		return failed(check, "has no measurement and no reason for that");
	return status;
}

static int check_value(struct check *check, const struct shape *shape, const json_t *value)
{
	char cause[64];
	if (!value)
		return shape->may_be_null == OPTIONAL ? LS_EXIT_DONE : failed(check, "is not there");
	if (json_is_null(value) && shape->may_be_null)
		return LS_EXIT_DONE;
	if (!is_of_kind(shape, value)) {
		snprintf(cause, sizeof cause, "is %s %s", shape->kind == BOOLEAN ? "not" : "no",
		         kind_names[shape->kind]);
		return failed(check, cause);
	}
	if (shape->kind == ARRAY)
		return check_elements(check, shape->inside, value);
	int status = shape->kind == OBJECT ? check_members(check, shape->inside, value) : LS_EXIT_DONE;
	return !status && shape == &a_level ? check_figures(check, value) : status;
}

/* ---- What members have to do with each other ---------------------------------------- */

static json_int_t workers_of(const json_t *level)
{
	return json_integer_value(json_object_get(level, "workers"));
}

static int is_measured(const json_t *level)
{
	return json_is_null(json_object_get(level, "excluded"));
}

static int check_levels(struct check *check, const json_t *one, size_t i_series)
{
	const json_t *levels = json_object_get(one, "levels");
	json_int_t before = 0, baseline = json_integer_value(json_object_get(one, "baseline"));
	int has_baseline = 0;
	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *level = json_array_get(levels, i);
		json_int_t workers = workers_of(level);
		if (workers <= before)
			return failed(check, "levels do not rise in workers");
		before = workers;
		has_baseline |= workers == baseline && is_measured(level);
		if ((size_t)json_integer_value(json_object_get(level, "measured_in")) > i_series)
			return failed(check, "a level was measured in a later series");
	}
	return has_baseline ? LS_EXIT_DONE : failed(check, "no level was measured that is the baseline");
}

static int check_all_series(struct check *check, const json_t *all)
{
	int status = json_array_size(all) ? LS_EXIT_DONE : failed(check, "has no series");
	size_t back = enter(check, "series", 0);
	for (size_t i = 0; !status && i < json_array_size(all); i++) {
		size_t here = enter(check, NULL, i);
		status = check_levels(check, json_array_get(all, i), i);
		leave(check, here);
	}
	leave(check, back);
	return status;
}

static int check_seconds(struct check *check, const json_t *root)
{
	size_t n = json_array_size(json_object_get(root, "series"));
	const json_t *seconds = json_object_get(json_object_get(root, "time_to_loss"), "seconds");
	for (size_t i = 0; i < json_array_size(seconds); i++) {
		json_int_t own = json_integer_value(json_object_get(json_array_get(seconds, i), "series"));
		if ((size_t)own >= n) {
			enter(check, "time_to_loss.seconds", 0);
			enter(check, NULL, i);
			return failed(check, "there is no such series");
		}
	}
	return LS_EXIT_DONE;
}

static int check_answer(struct check *check, const json_t *root)
{
	const json_t *own = json_object_get(root, "answer");
	const json_t *one =
	    json_array_get(json_object_get(root, "series"), (size_t)json_integer_value(json_object_get(own, "series")));
	const json_t *levels = json_object_get(one, "levels");
	if (!json_is_object(own))
		return LS_EXIT_DONE;
	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *level = json_array_get(levels, i);
		if (is_measured(level) && workers_of(level) == workers_of(own))
			return LS_EXIT_DONE;
	}
	enter(check, "answer", 0);
	return failed(check, "no such level was measured");
}

int ls_report_scaling_check(const json_t *root, const char *path)
{
	struct check check = {.path = path};
	const char *kind = json_string_value(json_object_get(root, "kind"));
	const json_t *schema = json_object_get(root, "schema");
	if (!kind || strcmp(kind, "scaling") != 0)
		return ls_message_failed(COMMAND, "%s: kind: is not 'scaling'", path);
	if (!json_is_integer(schema))
		return ls_message_failed(COMMAND, "%s: schema: is no whole number", path);
	if (json_integer_value(schema) != LS_REPORT_SCALING_SCHEMA)
		return ls_message_failed(COMMAND, "%s: schema: is %" JSON_INTEGER_FORMAT ", and this Lockstep reads %d",
		                         path, json_integer_value(schema), LS_REPORT_SCALING_SCHEMA);
	int status = check_value(&check, &the_document, root);
	if (!status)
		status = check_all_series(&check, json_object_get(root, "series"));
	if (!status)
		status = check_seconds(&check, root);
	return status ? status : check_answer(&check, root);
}
