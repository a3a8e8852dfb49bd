/* SPDX-License-Identifier: MIT
 *
 * Documents: trees of YAML and JSON texts with their places, and hostile ones.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "study/spec/document.h"

static struct ls_node *parse(const char *text)
{
	struct ls_node *root = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_document_parse(&root, text, strlen(text), "doc", &error), LOCKSTEP_OK, "%s: %s", text,
	             error.message);
	return root;
}

/* The tree as a text: kinds, places and texts. */
static void describe(const struct ls_node *node, char *out)
{
	char *at = out + strlen(out);
	if (node->key)
		at += sprintf(at, "%s=", node->key->text);
	at += sprintf(at, "%u:%u", node->place.line, node->place.column);
	if (node->kind == LS_NODE_SCALAR) {
		sprintf(at, node->is_plain ? "<%s>" : "<'%s'>", node->text);
		return;
	}
	size_t n = 0;
	strcat(out, node->kind == LS_NODE_MAPPING ? "{" : "[");
	for (const struct ls_node *child = node->first; child; child = child->next, n++) {
		strcat(out, child == node->first ? "" : " ");
		describe(child, out);
	}
	strcat(out, node->kind == LS_NODE_MAPPING ? "}" : "]");
	cr_expect_eq(n, node->n);
}

static void expect_tree(const char *text, const char *expected)
{
	static char found[4096];
	struct ls_node *root = parse(text);
	found[0] = '\0';
	describe(root, found);
	cr_expect_str_eq(found, expected, "%s:\n%s\nnot\n%s", text, found, expected);
	ls_document_destroy(root);
}

Test(document, trees_have_kinds_texts_and_places)
{
	expect_tree("a: 1\nb:\n  - x\n  - 'y z'\n  - \"q\"\n", "1:1{a=1:4<1> b=3:3[3:5<x> 4:5<'y z'> 5:5<'q'>]}");
	expect_tree("{\"a\": [1, 2.5], \"b\": {\"c\": null}}", "1:1{a=1:7[1:8<1> 1:11<2.5>] b=1:22{c=1:28<null>}}");
	expect_tree("{\"a\":1}", "1:1{a=1:6<1>}");
	expect_tree("{\n\t\"a\":\t[1,\n\t2]\n}\n", "1:1{a=2:7[2:8<1> 3:2<2>]}");
	expect_tree("a: |\n  two\n  lines\n", "1:1{a=1:4<'two\nlines\n'>}");
	expect_tree("a:\nb:", "1:1{a=1:3<> b=2:3<>}");
	expect_tree("# remark\n---\na: x # remark\n...\n", "3:1{a=3:4<x>}");
	expect_tree("\xef\xbb\xbf"
	            "a: 1",
	            "1:1{a=1:4<1>}");
	expect_tree("a: \xc3\xa9\xc3\xa9 \nbb: \"\\u00e9\"", "1:1{a=1:4<\xc3\xa9\xc3\xa9> bb=2:5<'\xc3\xa9'>}");
	expect_tree("{\xc3\xa9\xc3\xa9: 1, b: 2}", "1:1{\xc3\xa9\xc3\xa9=1:6<1> b=1:12<2>}");
	expect_tree("a: {}\nb: []", "1:1{a=1:4{} b=2:4[]}");
	expect_tree("a:\r\n  b: 1\r\n", "1:1{a=2:3{b=2:6<1>}}");
	expect_tree("word", "1:1<word>");
}

static void expect_refusal(const char *text, size_t n, const char *message)
{
	struct ls_node *const untouched = (struct ls_node *)(void *)&(char[1]){0}, *root = untouched;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_document_parse(&root, text, n, "doc", &error), LOCKSTEP_ERROR_FORMAT, "%.40s", text);
	cr_expect_str_eq(error.message, message, "%.60s: %s", text, error.message);
	cr_expect_eq(root, untouched);
}

Test(document, what_is_no_document_is_refused_with_its_place)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"", "doc:1:1: there is nothing in it"},
	    {"# remark\n", "doc:2:1: there is nothing in it"},
	    {"a: 1\na: 2", "doc:2:1: the key 'a' is there already, in line 1"},
	    {"{\"b\": 1,\n \"a\": 2, \"a\": 3}", "doc:2:10: the key 'a' is there already, in line 2"},
	    {"a: 1\n---\nb: 2\n", "doc:2:1: expected one document, and here begins another"},
	    {"a: &x 1\n", "doc:1:4: anchors and tags are not taken"},
	    {"a: &x [1]\n", "doc:1:4: anchors and tags are not taken"},
	    {"a: &x {b: 1}\n", "doc:1:4: anchors and tags are not taken"},
	    {"a: *x\n", "doc:1:4: aliases are not taken: write the value out"},
	    {"*x : 1\n", "doc:1:1: aliases are not taken: write the value out"},
	    {"a: !!str 1\n", "doc:1:4: anchors and tags are not taken"},
	    {"a: !!python/object:os.system [x]\n", "doc:1:4: anchors and tags are not taken"},
	    {"? [a, b]\n: 1\n", "doc:1:3: expected a key"},
	    {"{a: 1", "doc:2:1: not YAML: did not find expected ',' or '}' while parsing a flow mapping"},
	    {"a: 1\n b: 2\n", "doc:2:3: not YAML: mapping values are not allowed in this context"},
	    {"a:\n\tb: 1\n",
	     "doc:2:1: not YAML: found character that cannot start any token while scanning for the next token"},
	    {"a: \"x\\0y\"\n", "doc:1:4: the text has a NUL in it"},
	    {"a: \"\\ud83d\\ude00\"\n",
	     "doc:1:7: not YAML: found invalid Unicode character escape code while parsing a quoted scalar"},
	    {"a: \xff\n", "doc:1:4: not UTF-8, here or in what follows"},
	    {"a: b\nb: \xc3\xa9 \xed\xa0\x80\n", "doc:2:4: not UTF-8, here or in what follows"},
	    {"\xff\xfe"
	     "a\0",
	     "doc:1:1: not UTF-8, here or in what follows"},
	    {"a: b\nc: \x01\n", "doc:2:4: not YAML: control characters are not allowed"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_refusal(cases[i].text, strlen(cases[i].text), cases[i].message);
	expect_refusal("a: \0 b", 6, "doc:1:4: not YAML: control characters are not allowed");
}

/* ---- Limits ----------------------------------------------------------------- */

static char *repeat(const char *part, size_t n)
{
	size_t length = strlen(part);
	char *text = malloc(n * length + 1);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * length, part, length);
	text[n * length] = '\0';
	return text;
}

static void expect_limit(const char *part, size_t n, const char *message)
{
	char *text = repeat(part, n);
	expect_refusal(text, strlen(text), message);
	free(text);
}

Test(document, size_depth_nodes_and_keys_are_limited, .timeout = 60)
{
	expect_limit("a", LS_DOCUMENT_MAX + 1, "doc: more than 1048576 bytes");
	expect_limit("[", 33, "doc:1:33: too much is nested here");
	expect_limit("[", LS_DOCUMENT_MAX, "doc:1:33: too much is nested here");
	expect_limit("{a: ", LS_DOCUMENT_DEPTH + 1, "doc:1:129: too much is nested here");
	expect_limit("- ", LS_DOCUMENT_DEPTH + 1, "doc:1:65: too much is nested here");
	expect_limit("- a\n", LS_DOCUMENT_NODES, "doc:65536:3: too many values and keys");
	char *text = malloc(16 * (LS_DOCUMENT_KEYS + 1) + 1), *at = text;
	for (int i = 0; i <= LS_DOCUMENT_KEYS; i++)
		at += sprintf(at, "k%d: 1\n", i);
	expect_refusal(text, strlen(text), "doc:1025:1: too many keys in one mapping");
	free(text);
}

Test(document, the_limits_themselves_are_taken, .timeout = 60)
{
	char text[2 * LS_DOCUMENT_DEPTH + 1] = "";
	for (int i = 0; i < LS_DOCUMENT_DEPTH; i++)
		strcat(text, "[");
	for (int i = 0; i < LS_DOCUMENT_DEPTH; i++)
		strcat(text, "]");
	ls_document_destroy(parse(text));
	char *many = repeat("- a\n", LS_DOCUMENT_NODES - 1);
	ls_document_destroy(parse(many));
	free(many);
	char *large = repeat("a", LS_DOCUMENT_MAX);
	ls_document_destroy(parse(large));
	free(large);
}

/* A billion laughs end at the first one. */
Test(document, aliases_do_not_multiply)
{
	const char *text = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
	expect_refusal(text, strlen(text), "doc:1:4: anchors and tags are not taken");
}

/* ---- Files and memory ------------------------------------------------------- */

/* A file, read and parsed. */
static lockstep_status load(struct ls_node **out, const char *path, lockstep_error *error)
{
	char *bytes = NULL;
	size_t n_bytes;
	lockstep_status status = ls_document_read(&bytes, &n_bytes, path, error);
	if (!status)
		status = ls_document_parse(out, bytes, n_bytes, path, error);
	ls_memory_free(bytes);
	return status;
}

Test(document, files_are_read)
{
	char path[] = "/tmp/lockstep-document-XXXXXX", expected[128];
	int descriptor = mkstemp(path);
	struct ls_node *root = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(write(descriptor, "a: [1\n", 6), 6);
	close(descriptor);
	cr_expect_eq(load(&root, path, &error), LOCKSTEP_ERROR_FORMAT);
	snprintf(expected, sizeof expected, "%s:2:1: not YAML: ", path);
	cr_expect_eq(strncmp(error.message, expected, strlen(expected)), 0, "%s", error.message);
	unlink(path);
	cr_expect_eq(load(&root, path, &error), LOCKSTEP_ERROR_IO);
	snprintf(expected, sizeof expected, "%s: No such file or directory", path);
	cr_expect_str_eq(error.message, expected);
	cr_expect_eq(load(&root, "/tmp", &error), LOCKSTEP_ERROR_IO);
	cr_expect_str_eq(error.message, "/tmp: Is a directory");
	cr_expect_null(root);
}

Test(document, every_allocation_can_fail)
{
	static const char text[] = "a: [1, {b: c}]\nd: {e: f}\n";
	for (long n = 1;; n++) {
		struct ls_node *root = NULL;
		lockstep_error error = {LOCKSTEP_OK, ""};
		ls_memory_fail_at(n);
		lockstep_status status = ls_document_parse(&root, text, sizeof text - 1, "doc", &error);
		long count = ls_memory_fail_at(0);
		if (count < n) {
			cr_assert_eq(status, LOCKSTEP_OK);
			cr_assert_gt(n, 15);
			ls_document_destroy(root);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "allocation %ld", n);
		cr_assert_null(root);
	}
}
