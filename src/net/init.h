/* SPDX-License-Identifier: MIT
 *
 * Initial parameters, drawn as doc/numerics.md, section 7, says.
 */
#ifndef LS_NET_INIT_H
#define LS_NET_INIT_H

#include "network.h"

/* Draws every parameter from the network's own options and seed. */
void ls_network_init(struct lockstep_network *network);

#endif
