// SPDX-License-Identifier: GPL-2.0
/*
 * An example of a congestion control algorithm in a module of its own, which
 * selftests/wire/cong.c loads and uses: cwnd is always the same.
 *
 * No algorithm for a network that others use, too.
 */
#include <linux/module.h>

#include "xtcp_cc.h"

static unsigned int window = 7;
module_param(window, uint, 0444);
MODULE_PARM_DESC(window, "cwnd of every connection, segments");

/* Of a connection: ACKs that were seen, to have some state. */
struct fixed {
	u32	acks;
};

static_assert(sizeof(struct fixed) <= XTCP_CC_PRIV_SIZE);

static void fixed_init(struct xtcp_tcb *t)
{
	t->cwnd = window;
}

static u32 fixed_ssthresh(struct xtcp_tcb *t)
{
	return window;
}

/* Recovery included: that is what cong_control is for. */
static void fixed_cong_control(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			       xtcp_usec_t now)
{
	struct fixed *f = xtcp_cc_priv(t);

	f->acks++;
	t->cwnd = window;
}

static const struct xtcp_cc_ops fixed = {
	.name		= "fixed",
	.owner		= THIS_MODULE,
	.init		= fixed_init,
	.ssthresh	= fixed_ssthresh,
	.cong_control	= fixed_cong_control,
};

static int __init fixed_load(void)
{
	if (window < 2)
		return -EINVAL;
	return xtcp_register_congestion_control(&fixed);
}

static void __exit fixed_unload(void)
{
	xtcp_unregister_congestion_control(&fixed);
}

module_init(fixed_load);
module_exit(fixed_unload);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("xtcp: example of a congestion control algorithm");
MODULE_AUTHOR("The xtcp authors");
