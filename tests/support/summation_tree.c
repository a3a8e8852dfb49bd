/* SPDX-License-Identifier: MIT
 *
 * Probing by one of two questions. A signed sum with HUGE at i, -HUGE at j and
 * units elsewhere returns the number of units outside the smallest subtree
 * with both. A sum without negative terms, with HUGE at k and units at i and
 * j, says whether i and j come together before k: counting such k gives the
 * same number.
 */
#include "summation_tree.h"

#include <stdio.h>
#include <string.h>

/* Terms in the smallest subtree that holds both. */
typedef size_t size_matrix[SUMMATION_MAX][SUMMATION_MAX];

/* ---- Probing --------------------------------------------------------- */

static size_t signed_size(const struct summation *summation, size_t i, size_t j)
{
	enum summation_term terms[SUMMATION_MAX];
	for (size_t k = 0; k < summation->n; k++)
		terms[k] = TERM_UNIT;
	terms[i] = TERM_HUGE;
	terms[j] = TERM_MINUS_HUGE;
	double outside = summation->sum(summation->context, terms);
	return outside >= 0 && outside <= (double)summation->n ? summation->n - (size_t)outside : 0;
}

static size_t unsigned_size(const struct summation *summation, size_t i, size_t j)
{
	enum summation_term terms[SUMMATION_MAX] = {TERM_ZERO};
	size_t size = summation->n;
	terms[i] = terms[j] = TERM_UNIT;
	for (size_t k = 0; k < summation->n; k++) {
		if (k == i || k == j)
			continue;
		terms[k] = TERM_HUGE;
		size -= summation->sum(summation->context, terms) != 0;
		terms[k] = TERM_ZERO;
	}
	return size;
}

static void probe(const struct summation *summation, size_matrix sizes)
{
	for (size_t i = 0; i < summation->n; i++)
		for (size_t j = i + 1; j < summation->n; j++)
			sizes[i][j] = sizes[j][i] =
			    summation->is_signed ? signed_size(summation, i, j) : unsigned_size(summation, i, j);
}

/* ---- Building -------------------------------------------------------- */

size_t summation_tree_leaf(struct summation_tree *tree, size_t term)
{
	tree->nodes[tree->n_nodes] = (struct summation_node){.first = term, .is_leaf = 1};
	return tree->n_nodes++;
}

size_t summation_tree_join(struct summation_tree *tree, size_t a, size_t b)
{
	int in_order = tree->nodes[a].first < tree->nodes[b].first;
	size_t left = in_order ? a : b, right = in_order ? b : a;
	tree->nodes[tree->n_nodes] = (struct summation_node){left, right, tree->nodes[left].first, 0};
	return tree->n_nodes++;
}

size_t summation_tree_chain(struct summation_tree *tree, size_t from, size_t first, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i++)
		from = summation_tree_join(tree, from, summation_tree_leaf(tree, first + i * step));
	return from;
}

/* Terms of a subtree, ascending. */
struct terms {
	size_t n, at[SUMMATION_MAX];
};

/* Those of `all` that meet `term` first in a subtree of `size` terms. */
static void terms_at_size(const struct terms *all, size_matrix sizes, size_t term, size_t size, struct terms *found)
{
	found->n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i] != term && sizes[term][all->at[i]] == size)
			found->at[found->n++] = all->at[i];
}

/* Builds the subtree of some terms by walking up from its first: what joins
 * when `size` terms are together is the sibling there. 0 on success. */
static int build(struct summation_tree *tree, size_matrix sizes, const struct terms *terms, size_t *node)
{
	struct terms sibling;
	size_t first = terms->at[0], done = 1;

	*node = summation_tree_leaf(tree, first);
	for (size_t size = 2; size <= terms->n; size++) {
		size_t other;
		terms_at_size(terms, sizes, first, size, &sibling);
		if (sibling.n == 0)
			continue;
		if (done + sibling.n != size || build(tree, sizes, &sibling, &other))
			return -1;
		*node = summation_tree_join(tree, *node, other);
		done = size;
	}
	return done == terms->n ? 0 : -1;
}

/* Whether the tree gives all sizes that were probed, not only those that it
 * was built from. */
static int explains(const struct summation_tree *tree, size_t n, size_matrix sizes)
{
	static unsigned char below[2 * SUMMATION_MAX][SUMMATION_MAX];
	memset(below, 0, sizeof below);
	for (size_t node = 0; node < tree->n_nodes; node++) {
		const struct summation_node *at = &tree->nodes[node];
		size_t size = 0;
		if (at->is_leaf) {
			below[node][at->first] = 1;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			size += below[node][i] = below[at->left][i] | below[at->right][i];
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				if (below[at->left][i] && below[at->right][j] && sizes[i][j] != size)
					return 0;
	}
	return 1;
}

int summation_tree_find(struct summation_tree *tree, const struct summation *summation)
{
	static size_matrix sizes;
	struct terms all = {.n = summation->n};
	size_t root;

	tree->n_nodes = 0;
	for (size_t i = 0; i < summation->n; i++)
		all.at[i] = i;
	probe(summation, sizes);
	return build(tree, sizes, &all, &root) || !explains(tree, summation->n, sizes) ? -1 : 0;
}

/* ---- Text ------------------------------------------------------------ */

struct writer {
	const struct summation_tree *tree;
	char *text;
	size_t used;
};

static void write_text(struct writer *writer, const char *text)
{
	size_t room = SUMMATION_TEXT - writer->used;
	int n = snprintf(writer->text + writer->used, room, "%s", text);
	writer->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void write_run(struct writer *writer, size_t first, size_t last)
{
	char text[64];
	if (last - first < 3)
		for (size_t term = first; term <= last; term++) {
			snprintf(text, sizeof text, term == first ? "%zu" : " %zu", term);
			write_text(writer, text);
		}
	else {
		snprintf(text, sizeof text, "%zu..%zu", first, last);
		write_text(writer, text);
	}
}

/* Leaves added to a node one after the other, innermost first; returns the
 * node that the chain starts from. */
static size_t chain_of(const struct summation_tree *tree, size_t node, size_t *leaves, size_t *n)
{
	size_t start = node;
	*n = 0;
	for (; !tree->nodes[start].is_leaf && tree->nodes[tree->nodes[start].right].is_leaf;
	     start = tree->nodes[start].left)
		(*n)++;
	for (size_t i = *n, at = node; i-- > 0; at = tree->nodes[at].left)
		leaves[i] = tree->nodes[tree->nodes[at].right].first;
	return start;
}

static void write_node(struct writer *writer, size_t node)
{
	const struct summation_node *at = &writer->tree->nodes[node];
	size_t leaves[SUMMATION_MAX + 1], n, i = 0;

	if (at->is_leaf) {
		write_run(writer, at->first, at->first);
		return;
	}
	write_text(writer, "(");
	size_t start = chain_of(writer->tree, node, leaves + 1, &n);
	if (n == 0) {
		write_node(writer, at->left);
		write_text(writer, " ");
		write_node(writer, at->right);
	} else if (writer->tree->nodes[start].is_leaf) {
		leaves[0] = writer->tree->nodes[start].first;
	} else {
		write_node(writer, start);
		i = 1;
	}
	for (; n && i <= n;) {
		size_t last = i;
		while (last < n && leaves[last + 1] == leaves[last] + 1)
			last++;
		if (i > 0)
			write_text(writer, " ");
		write_run(writer, leaves[i], leaves[last]);
		i = last + 1;
	}
	write_text(writer, ")");
}

void summation_tree_text(const struct summation_tree *tree, char text[SUMMATION_TEXT])
{
	struct writer writer = {tree, text, 0};
	text[0] = 0;
	write_node(&writer, tree->n_nodes - 1);
}
