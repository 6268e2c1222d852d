// SPDX-License-Identifier: GPL-2.0
/*
 * NewReno: RFC 5681 3.1 with the byte counting of RFC 3465, in segments.
 */
#include "cc.h"

/*
 * Half of cwnd, which does not grow beyond what was in flight lately; RFC 5681 (4)
 * has FlightSize, as Linux has not: at the end of a flight that is next to nothing.
 */
static u32 reno_ssthresh(struct xtcp_tcb *t)
{
	return max_t(u32, t->cwnd / 2, 2);
}

static void reno_cong_avoid(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			    xtcp_usec_t now)
{
	u32 acked = s->delivered;

	if (xtcp_in_slow_start(t))
		acked = xtcp_cc_slow_start(t, acked);
	if (acked)
		xtcp_cc_grow(t, t->cwnd, acked);
}

const struct xtcp_cc_ops xtcp_cc_reno = {
	.name		= "reno",
	.flags		= XTCP_CC_UNRESTRICTED,
	.ssthresh	= reno_ssthresh,
	.cong_avoid	= reno_cong_avoid,
};
