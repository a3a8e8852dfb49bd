/* SPDX-License-Identifier: MIT
 *
 * A network at work on rows: evaluation and prediction, in the caller's thread
 * and with the input scaling that the network was trained with.
 */
#include "arith/fpcontrol.h"
#include "base/error.h"
#include "data/table.h"
#include "evaluate.h"

/* What either needs; made, used and freed in one call. */
struct inference {
	const struct ls_arith *arith;
	struct ls_packed *packed;
	struct ls_evaluator *evaluator;
	struct ls_scaling scaling;
	struct ls_source source;
};

static void inference_fini(struct inference *inference)
{
	ls_scaling_fini(&inference->scaling);
	ls_evaluator_destroy(inference->evaluator);
	ls_packed_destroy(inference->packed);
}

static lockstep_status check_rows(const lockstep_network *network, const struct ls_table *table, lockstep_error *error)
{
	if (table->n_rows == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "there are no rows in this part of the data");
	return ls_network_check_features(network, table, error);
}

/* An untrained network takes its scaling as `auto` resolves it on the data. */
static lockstep_status inference_init(struct inference *inference, const lockstep_network *network,
                                      const struct ls_table *table, const struct lockstep_run_options *options,
                                      lockstep_error *error)
{
	*inference = (struct inference){0};
	lockstep_status status = ls_arith_select(&inference->arith, options ? options->isa : NULL, error);
	if (!status)
		status = ls_packed_create(&inference->packed, network, inference->arith, 0, error);
	if (!status)
		status = ls_evaluator_create(&inference->evaluator, inference->packed, &network->options, table->n_rows,
		                             NULL, error);
	if (!status && network->scaling.kind == LOCKSTEP_SCALE_AUTO)
		status = ls_scaling_fit(&inference->scaling, LOCKSTEP_SCALE_AUTO, table, NULL, table->n_rows, error);
	else if (!status)
		status = ls_scaling_copy(&inference->scaling, &network->scaling, error);
	if (status) {
		inference_fini(inference);
		return status;
	}
	ls_packed_load(inference->packed, network);
	inference->source = (struct ls_source){table, &inference->scaling, inference->arith};
	return LOCKSTEP_OK;
}

lockstep_status lockstep_network_evaluate(const lockstep_network *network, const lockstep_dataset *dataset,
                                          enum lockstep_part part, const struct lockstep_run_options *options,
                                          struct lockstep_metrics *metrics, lockstep_error *error)
{
	const struct ls_table *table = &dataset->parts[part];
	struct inference inference;
	lockstep_status status = check_rows(network, table, error);
	if (!status)
		status = ls_network_check_labels(network, table, error);
	if (status)
		return status;
	uint64_t saved = ls_fpcontrol_enter();
	status = inference_init(&inference, network, table, options, error);
	if (!status) {
		struct ls_evaluation all = {.source = &inference.source, .list = {NULL, table->n_rows}};
		status = ls_evaluator_run(inference.evaluator, NULL, &all, metrics, error);
		inference_fini(&inference);
	}
	ls_fpcontrol_leave(saved);
	return status;
}

lockstep_status lockstep_network_predict(const lockstep_network *network, const lockstep_dataset *dataset,
                                         enum lockstep_part part, const struct lockstep_run_options *options,
                                         float *probabilities, lockstep_error *error)
{
	const struct ls_table *table = &dataset->parts[part];
	struct inference inference;
	lockstep_status status = check_rows(network, table, error);
	if (status)
		return status;
	uint64_t saved = ls_fpcontrol_enter();
	status = inference_init(&inference, network, table, options, error);
	if (!status) {
		ls_evaluator_predict(inference.evaluator, &inference.source, probabilities);
		inference_fini(&inference);
	}
	ls_fpcontrol_leave(saved);
	return status;
}
