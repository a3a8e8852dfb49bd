/* SPDX-License-Identifier: MIT
 *
 * Lines out of bytes in any pieces, points out of lines, and the last line of a log.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data_files.h"
#include "study/command/lines.h"
#include "study/command/point.h"
#include "study/command/tail.h"

static struct ls_lines lines;
static struct ls_point point;
static char found[1024];

static void teardown(void)
{
	ls_lines_fini(&lines);
	ls_point_fini(&point);
}

TestSuite(points, .fini = teardown, .timeout = 60);

/* ---- Lines ------------------------------------------------------------------- */

static void collect(int at_end)
{
	const char *line;
	size_t n;
	while ((line = ls_lines_next(&lines, at_end, &n)))
		snprintf(found + strlen(found), sizeof found - strlen(found), "<%.*s>", (int)n, line);
}

static const char *in_pieces(const char *text, size_t size)
{
	size_t length = strlen(text);
	found[0] = '\0';
	ls_lines_fini(&lines);
	for (size_t at = 0; at < length; at += size) {
		ls_lines_add(&lines, text + at, at + size < length ? size : length - at);
		collect(0);
	}
	collect(1);
	return found;
}

Test(points, lines_are_the_same_in_any_pieces)
{
	for (size_t size = 1; size < 20; size++) {
		cr_assert_str_eq(in_pieces("one\ntwo\n\nthree\r\nlast", size), "<one><two><><three\r><last>");
		cr_assert_str_eq(in_pieces("one\n", size), "<one>");
		cr_assert_str_eq(in_pieces("\n\n", size), "<><>");
		cr_assert_str_eq(in_pieces("", size), "");
	}
}

/* A line of n bytes and another after it, in pieces. */
static const char *after_long(size_t n, size_t piece)
{
	static char bytes[70000];
	memset(bytes, 'x', sizeof bytes);
	found[0] = '\0';
	ls_lines_fini(&lines);
	for (size_t done = 0; done < n; done += piece) {
		ls_lines_add(&lines, bytes, n - done < piece ? n - done : piece);
		collect(0);
		cr_assert_leq(lines.text.room, 4 * LS_LINE_MAX);
	}
	ls_lines_add(&lines, "\nnext\n", 6);
	size_t length = 0;
	const char *line = ls_lines_next(&lines, 0, &length);
	if (line && length == n)
		line = ls_lines_next(&lines, 0, &length);
	else if (n <= LS_LINE_MAX)
		cr_assert_fail("a line of %zu bytes is lost", n);
	snprintf(found, sizeof found, "%.*s", line ? (int)length : 0, line ? line : "");
	return found;
}

Test(points, a_line_that_is_too_long_is_left_out)
{
	cr_assert_str_eq(after_long(LS_LINE_MAX, 65536), "next");
	cr_assert_str_eq(after_long(LS_LINE_MAX + 1, 65536), "next");
	cr_assert_str_eq(after_long(10 * LS_LINE_MAX, 65536), "next");
	cr_assert_str_eq(after_long(10 * LS_LINE_MAX + 5, 8191), "next");
}

/* ---- Points --------------------------------------------------------------------- */

static enum ls_point_kind read_line(const char *line)
{
	return ls_point_read(&point, line, strlen(line), "loss");
}

static const char *numbers(void)
{
	found[0] = '\0';
	for (size_t i = 0; i < point.n_numbers; i++)
		snprintf(found + strlen(found), sizeof found - strlen(found), "%s=%g ", ls_point_name(&point, i),
		         point.numbers[i].value);
	return found;
}

Test(points, an_object_with_the_metric_is_one)
{
	cr_assert_eq(
	    read_line(
		"{\"epoch\": 3, \"loss\": 0.25, \"val\": {\"acc\": 1, \"deep\": {\"er\": -2e3}}, \"text\": \"x\", "
		"\"flag\": true, \"list\": [1], \"none\": null}"),
	    LS_POINT_READ);
	cr_assert_eq(point.value, 0.25);
	cr_assert_eq(point.key, 3);
	cr_assert_str_eq(numbers(), "epoch=3 loss=0.25 val.acc=1 val.deep.er=-2000 ");
	cr_assert_eq(read_line(" \t{\"loss\":\t-1}\t\r"), LS_POINT_READ);
	cr_assert_eq(point.value, -1);
	cr_assert(isnan(point.key));
	cr_assert_str_eq(numbers(), "loss=-1 ");
	cr_assert_eq(read_line("{\"loss\": 99999999999999999999}"), LS_POINT_READ, "beyond 64 bits");
	cr_assert_eq(point.value, 1e20);
	cr_assert_eq(read_line("{\"loss\": 3, \"hash\": 18446744073709551616}"), LS_POINT_READ);
	cr_assert_str_eq(numbers(), "loss=3 hash=1.84467e+19 ");
}

Test(points, a_step_counts_before_an_epoch)
{
	cr_assert_eq(read_line("{\"step\": 70, \"loss\": 1, \"epoch\": 2}"), LS_POINT_READ);
	cr_assert_eq(point.key, 70);
	cr_assert_eq(read_line("{\"epoch\": 2, \"loss\": 1, \"step\": 71}"), LS_POINT_READ);
	cr_assert_eq(point.key, 71);
}

Test(points, a_metric_within_an_object)
{
	const char *line = "{\"val\": {\"loss\": 7}}";
	cr_assert_eq(ls_point_read(&point, line, strlen(line), "val.loss"), LS_POINT_READ);
	cr_assert_eq(point.value, 7);
	line = "{\"val.loss\": 8}";
	cr_assert_eq(ls_point_read(&point, line, strlen(line), "val.loss"), LS_POINT_READ);
	cr_assert_eq(point.value, 8);
	line = "{\"val\": {\"loss\": 7}, \"val.loss\": 8}";
	cr_assert_eq(ls_point_read(&point, line, strlen(line), "val.loss"), LS_POINT_READ);
	cr_assert_eq(point.n_numbers, 1);
}

Test(points, numbers_that_json_does_not_know)
{
	cr_assert_eq(read_line("{\"loss\": NaN, \"a\": Infinity, \"b\":-Infinity, \"c\": \"NaN\", \"NaN\": 1}"),
	             LS_POINT_READ);
	cr_assert(isnan(point.value));
	cr_assert_eq(point.numbers[1].value, INFINITY);
	cr_assert_eq(point.numbers[2].value, -INFINITY);
	cr_assert_eq(point.n_numbers, 4);
	cr_assert_str_eq(ls_point_name(&point, 3), "NaN");
	cr_assert_eq(read_line("{\"text\": \"\\\"NaN, \\\\\", \"loss\": 2}"), LS_POINT_READ);
	cr_assert_eq(read_line("{\"loss\": NaNs}"), LS_POINT_NONE);
	cr_assert_eq(read_line("{\"loss\": -Inf}"), LS_POINT_NONE);
}

Test(points, other_lines_are_none)
{
	static const char *const others[] = {"",
	                                     "   ",
	                                     "loss: 3",
	                                     "{\"loss\": 3",
	                                     "{\"loss\": 3} trailing",
	                                     "[{\"loss\": 3}]",
	                                     "{\"loss\": \"3\"}",
	                                     "{\"loss\": null}",
	                                     "{\"loss\": true}",
	                                     "{\"losses\": 3}",
	                                     "{\"loss\": 3, \"loss\": 4}",
	                                     "{\"loss\": 1e999}",
	                                     "{\"a\": \"\xff\", \"loss\": 3}",
	                                     "{}"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert_eq(read_line(others[i]), LS_POINT_NONE, "%s", others[i]);
	static const char nul[] = "{\"loss\": 3, \"a\": \"\0\"}";
	cr_assert_eq(ls_point_read(&point, nul, sizeof nul - 1, "loss"), LS_POINT_NONE);
}

Test(points, many_numbers_and_deep_objects_have_limits)
{
	struct ls_text text = {0};
	char part[64];
	ls_text_add(&text, "{\"loss\": 1");
	for (int i = 0; i < 1000; i++) {
		snprintf(part, sizeof part, ", \"m%d\": %d", i, i);
		ls_text_add(&text, part);
	}
	ls_text_add(&text, "}");
	cr_assert_eq(ls_point_read(&point, text.bytes, text.n, "loss"), LS_POINT_READ);
	cr_assert_eq(point.n_numbers, LS_POINT_NUMBERS_MAX);
	text.n = 0;
	ls_text_add(&text, "{\"loss\": 1, \"a\": ");
	for (int i = 0; i < 100; i++)
		ls_text_add(&text, "{\"a\": ");
	ls_text_add(&text, "1");
	for (int i = 0; i < 101; i++)
		ls_text_add(&text, "}");
	cr_assert_eq(ls_point_read(&point, text.bytes, text.n, "loss"), LS_POINT_READ);
	cr_assert_str_eq(numbers(), "loss=1 ");
	text.n = 0;
	ls_text_add(&text, "{\"loss\": 1, \"");
	for (int i = 0; i < 400; i++)
		ls_text_add(&text, "n");
	ls_text_add(&text, "\": 1}");
	cr_assert_eq(ls_point_read(&point, text.bytes, text.n, "loss"), LS_POINT_READ);
	cr_assert_str_eq(numbers(), "loss=1 ");
	ls_text_fini(&text);
}

Test(points, memory_that_is_short)
{
	enum ls_point_kind kind = LS_POINT_NO_MEMORY;
	for (long n = 1; kind != LS_POINT_READ; n++) {
		cr_assert(n < 100);
		ls_point_fini(&point);
		ls_memory_fail_at(n);
		kind = read_line("{\"loss\": NaN, \"b\": 2}");
		ls_memory_fail_at(0);
		cr_assert(kind == LS_POINT_READ || kind == LS_POINT_NO_MEMORY);
	}
}

/* ---- The last line ------------------------------------------------------------------ */

static const char *tail(const char *bytes, size_t n, int64_t from)
{
	static char line[LS_TAIL_MAX];
	const char *path = data_path("log");
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, n, file), n);
	fclose(file);
	cr_assert_eq(ls_tail_begin(path), (int64_t)n);
	ls_tail_read(path, from, line);
	return line;
}
#define TAIL(text) tail(text, sizeof(text) - 1, 0)

Test(points, the_last_line_of_a_log, .init = data_setup, .fini = data_teardown)
{
	char line[LS_TAIL_MAX], many[10000];
	cr_assert_str_eq(TAIL("one\ntwo\n"), "two");
	cr_assert_str_eq(TAIL("one\ntwo \n\n  \n"), "two");
	cr_assert_str_eq(TAIL("10%\r20%\rdone"), "done");
	cr_assert_str_eq(TAIL(""), "");
	cr_assert_str_eq(TAIL("\n\n"), "");
	cr_assert_str_eq(TAIL("a\tb\x1b[0m"), "a?b?[0m");
	cr_assert_str_eq(TAIL("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
	cr_assert_str_eq(TAIL("a\xff"
	                      "b"),
	                 "a?b");
	cr_assert_str_eq(tail("old\nnew\n", 8, 4), "new");
	cr_assert_str_eq(tail("old\n", 4, 4), "");
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = i % 2 ? '\xbc' : '\xc3';
	cr_assert_eq(strlen(tail(many, sizeof many, 0)), LS_TAIL_MAX - 2);
	ls_tail_read("/nowhere/at/all", 0, line);
	cr_assert_str_eq(line, "");
	cr_assert_eq(ls_tail_begin("/nowhere/at/all"), 0);
}
