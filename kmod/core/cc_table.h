/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which congestion control algorithms there are, and which one a connection has.
 */
#ifndef XTCP_CORE_CC_TABLE_H
#define XTCP_CORE_CC_TABLE_H

#include "cc.h"

/* By xtcp_tcb.cc; the first is NewReno, which every connection can use. */
extern const struct xtcp_cc_ops *xtcp_cc_table[XTCP_CC_MAX];

static inline const struct xtcp_cc_ops *xtcp_cc_ops(const struct xtcp_tcb *t)
{
	return xtcp_cc_table[t->cc];
}

/* The numbers of those that are always there. */
enum {
	XTCP_CC_RENO,
	XTCP_CC_CUBIC,
	XTCP_CC_DCTCP,
	XTCP_CC_BBR,
	XTCP_CC_BUILTIN_NR
};

void xtcp_cc_choose(struct xtcp_tcb *t, unsigned int cc, void *mem);

/**
 * xtcp_cc_model - does the algorithm set cwnd by itself, whatever happens?
 * @t: the connection
 *
 * Then PRR and idle times leave cwnd alone.
 */
static inline bool xtcp_cc_model(const struct xtcp_tcb *t)
{
	return xtcp_cc_ops(t)->cong_control;
}

#endif /* XTCP_CORE_CC_TABLE_H */
