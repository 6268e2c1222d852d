// SPDX-License-Identifier: GPL-2.0
/*
 * Which congestion control algorithms there are.
 */
#include "cc_table.h"

/* The host puts algorithms of other modules behind those that are built in. */
const struct xtcp_cc_ops *xtcp_cc_table[XTCP_CC_MAX] = {
	[XTCP_CC_RENO]	= &xtcp_cc_reno,
	[XTCP_CC_CUBIC]	= &xtcp_cc_cubic,
	[XTCP_CC_DCTCP]	= &xtcp_cc_dctcp,
	[XTCP_CC_BBR]	= &xtcp_cc_bbr,
};

static_assert(XTCP_CC_RENO == 0);	/* a TCB of zeros is valid */

/**
 * xtcp_cc_choose - use an algorithm
 * @t: the connection; the one that it used was released
 * @cc: index into xtcp_cc_table
 * @mem: its mem_size bytes, zero, that the host frees when it chooses another one
 *	 and when the connection is gone; NULL when that is 0
 *
 * It begins with xtcp_cong_init(), or with xtcp_cong_start() where the
 * handshake is over.
 */
void xtcp_cc_choose(struct xtcp_tcb *t, unsigned int cc, void *mem)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_table[cc];

	t->cc = cc;
	memset(t->cc_priv, 0, sizeof(t->cc_priv));
	t->flags &= ~(XTCP_F_ECN_ALL | XTCP_F_ECN_EXACT);
	if (ops->flags & XTCP_CC_NEEDS_ECN)
		t->flags |= XTCP_F_ECN_ALL;
	if (ops->flags & XTCP_CC_CE_EXACT)
		t->flags |= XTCP_F_ECN_EXACT;
	if (mem)
		t->cc_mem = mem;
}
