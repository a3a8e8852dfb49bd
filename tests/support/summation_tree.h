/* SPDX-License-Identifier: MIT
 *
 * The order in which a floating-point sum is taken, found out from its results
 * alone (after FPRev: arXiv 2411.00442). A huge term swallows a unit added to
 * it, but not the sum of what has come together before. So results tell for
 * any two terms how many lie in the smallest subtree that holds both, and all
 * these numbers are the tree, up to the order of an addition's two operands.
 */
#ifndef SUMMATION_TREE_H
#define SUMMATION_TREE_H

#include <stddef.h>

#define SUMMATION_MAX 128 /* terms */
#define SUMMATION_TEXT 4096

/* What the prober puts in a term's place. One unit is lost when it is added to
 * HUGE; two units added together before are not. */
enum summation_term { TERM_ZERO, TERM_UNIT, TERM_HUGE, TERM_MINUS_HUGE };

/* A sum of n terms. It returns, for a signed one, how many units are left in
 * the result; for one that takes no negative terms (it is never given
 * MINUS_HUGE), whether any is. */
struct summation {
	size_t n;
	int is_signed;
	double (*sum)(void *context, const enum summation_term *terms);
	void *context;
};

struct summation_node {
	size_t left, right; /* nodes; a leaf has none */
	size_t first;       /* smallest term below it; of a leaf: the term */
	int is_leaf;
};

/* The root is the last node. */
struct summation_tree {
	size_t n_nodes;
	struct summation_node nodes[2 * SUMMATION_MAX];
};

/* Probes the sum; -1 when its results fit no tree of additions of two. */
int summation_tree_find(struct summation_tree *tree, const struct summation *summation);

/* For trees that are to be expected: each appends a node and returns it. */
size_t summation_tree_leaf(struct summation_tree *tree, size_t term);
size_t summation_tree_join(struct summation_tree *tree, size_t a, size_t b);
/* The chain from a node over terms first .. first + n - 1 in steps. */
size_t summation_tree_chain(struct summation_tree *tree, size_t from, size_t first, size_t n, size_t step);

/* The tree in one line: (a b) is a sum, (a b c) is ((a b) c), and 3..7 is
 * 3 4 5 6 7. Equal trees have equal texts. */
void summation_tree_text(const struct summation_tree *tree, char text[SUMMATION_TEXT]);

#endif
