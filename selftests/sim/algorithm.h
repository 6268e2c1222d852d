/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The congestion controls that the core has.
 */
#ifndef XTCP_SIM_ALGORITHM_H
#define XTCP_SIM_ALGORITHM_H

#include "tcb.h"

/**
 * struct algorithm - a congestion control
 * @name: as in net.xtcp.congestion_control
 */
struct algorithm {
	const char *name;
};

extern const struct algorithm algorithms[];
extern const unsigned int nr_algorithms;

#endif /* XTCP_SIM_ALGORITHM_H */
