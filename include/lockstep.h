/* SPDX-License-Identifier: MIT
 *
 * Lockstep: data-parallel training of neural networks on CPUs, with the same
 * bits on any number of workers. This header includes all public ones.
 */
#ifndef LOCKSTEP_H
#define LOCKSTEP_H

#include "lockstep/bench.h"
#include "lockstep/checkpoint.h"
#include "lockstep/dataset.h"
#include "lockstep/environment.h"
#include "lockstep/gradcheck.h"
#include "lockstep/importance.h"
#include "lockstep/machine_model.h"
#include "lockstep/network.h"
#include "lockstep/record.h"
#include "lockstep/runs.h"
#include "lockstep/scaling.h"
#include "lockstep/scaling_spec.h"
#include "lockstep/scaling_store.h"
#include "lockstep/scaling_study.h"
#include "lockstep/status.h"
#include "lockstep/study.h"
#include "lockstep/sweep.h"
#include "lockstep/time_to_loss.h"
#include "lockstep/topology.h"
#include "lockstep/train.h"
#include "lockstep/verify.h"
#include "lockstep/version.h"

#endif
