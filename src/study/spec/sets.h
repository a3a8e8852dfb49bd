/* SPDX-License-Identifier: MIT
 *
 * Sets of values, as the command line has them, as a document.
 */
#ifndef LS_STUDY_SETS_H
#define LS_STUDY_SETS_H

#include "document.h"
#include "reader.h"

/* A grid over sets [n], each "NAME=V1,V2,..."; owned by the caller, also on the
 * reader's failure, when it may be NULL or not whole. */
struct ls_node *ls_sets_document(struct ls_reader *reader, const char *const *sets, size_t n);

#endif
