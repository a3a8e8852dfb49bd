/* SPDX-License-Identifier: MIT
 *
 * What the parts of the spec's reader share: a mapping taken apart by its known
 * keys, and scalars by their types. A reader fails once: the first error is kept,
 * and the calls after it do nothing. A node that is NULL, since its key is not
 * there, leaves *out as it is.
 */
#ifndef LS_STUDY_READER_H
#define LS_STUDY_READER_H

#include "document.h"
#include "spec.h"

struct ls_reader {
	const char *file;     /* what messages call it */
	struct ls_spec *spec; /* of a sweep, to which warnings go as well; NULL: of something else */
	lockstep_error *error;
	lockstep_status status;
};

/* Errors and warnings: one line with the place of the node. */
void ls_reader_refuse(struct ls_reader *reader, struct ls_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void ls_reader_warn(struct ls_reader *reader, struct ls_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "seed 'x': expected an integer". */
void ls_reader_expected(struct ls_reader *reader, const struct ls_node *node, const char *what);

/* Memory that is zeroed, or NULL and a failure. */
void *ls_reader_allocate(struct ls_reader *reader, size_t n, size_t size);
char *ls_reader_copy(struct ls_reader *reader, const char *text);

/* fields [n] become the nodes of the keys of these names, NULL where there is none;
 * another key is refused with the nearest known one. */
void ls_read_fields(struct ls_reader *reader, const struct ls_node *node, const char *const *names, size_t n,
                    const struct ls_node **fields);

/* A sequence with something in it? Refused otherwise; `what` says of what it should be. */
int ls_read_is_list(struct ls_reader *reader, const struct ls_node *node, const char *what);

void ls_read_text(struct ls_reader *reader, const struct ls_node *node, char **out);
void ls_read_flag(struct ls_reader *reader, const struct ls_node *node, int *out);
void ls_read_u32(struct ls_reader *reader, const struct ls_node *node, uint32_t least, uint32_t *out);
void ls_read_u64(struct ls_reader *reader, const struct ls_node *node, uint64_t least, uint64_t *out);
void ls_read_real(struct ls_reader *reader, const struct ls_node *node, double *out);
/* The place of the word among `words` [n]. */
void ls_read_choice(struct ls_reader *reader, const struct ls_node *node, const char *const *words, size_t n, int *out);
/* Any scalar. Caller owns out->text. */
void ls_read_value(struct ls_reader *reader, const struct ls_node *node, struct ls_value *out);

/* Is it a whole number that was written as one? */
int ls_read_is_integer(struct ls_reader *reader, const struct ls_node *node);

/* ---- Parts of the spec ----------------------------------------------------- */

void ls_read_parameters(struct ls_reader *reader, const struct ls_node *node);
void ls_read_command(struct ls_reader *reader, const struct ls_node *node);

/* Index of a parameter; of a name that there is not, a failure and the number of them. */
size_t ls_read_parameter_name(struct ls_reader *reader, const struct ls_node *node, const char *name);

/* One parameter with its places, which it takes over; a failure when there is one of that name. */
void ls_reader_add_parameter(struct ls_reader *reader, struct ls_parameter *parameter,
                             struct ls_parameter_places *places);

/* What holds among parameters, and their order. NULL: not there. */
void ls_read_conditions(struct ls_reader *reader, const struct ls_node *when, const struct ls_node *constraints,
                        const struct ls_node *zip);

/* The top level's nodes that decide together how a sweep runs; NULL: not there. */
struct ls_course {
	const struct ls_node *top, *method, *early_terminate, *run_cap;
};

extern const char *const ls_block_keys[];
extern const size_t ls_block_n_keys;

/* The block `lockstep:`, and what depends on it: conditions, sampler, scheduler, budget. */
void ls_read_block(struct ls_reader *reader, const struct ls_node *block, const struct ls_course *course);

#endif
