/* SPDX-License-Identifier: MIT
 *
 * Predictions as text. Columns are named by the labels of the network's
 * training data, or by their numbers from 0.
 */
#ifndef LS_CLI_PREDICTION_H
#define LS_CLI_PREDICTION_H

#include <stdio.h>

#include "lockstep/network.h"

struct ls_prediction {
	const lockstep_network *network;
	size_t n_rows, n_labels;
	const float *probabilities; /* [n_rows][n_labels] */
};

/* RFC 4180: a heading, then a line a row; the last column is the predicted
 * label, or, of a multi-label network, all above 0.5 joined by '+'. */
int ls_prediction_write_csv(const struct ls_prediction *prediction, FILE *file);

/* An array of objects, one a line: row (from 0), probabilities by label, and
 * prediction: a label, or of a multi-label network an array of labels.
 * Non-zero when memory is short. */
int ls_prediction_write_json(const struct ls_prediction *prediction, FILE *file);

#endif
