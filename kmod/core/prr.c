// SPDX-License-Identifier: GPL-2.0
/*
 * Proportional rate reduction: RFC 6937, with the choice between its two bounds
 * that Linux makes, by whether SND.UNA moves and nothing else gets lost.
 */
#include "internal.h"
#include "cc_table.h"
#include "scoreboard.h"

/**
 * xtcp_prr_init - cwnd is to be reduced
 * @t: the connection; ssthresh is the goal, prior_cwnd what it comes from
 */
void xtcp_prr_init(struct xtcp_tcb *t)
{
	t->rec &= ~(XTCP_R_TLP | XTCP_R_TLP_RETRANS);
	t->rec |= XTCP_R_PRR;
	t->cwnd_cnt = 0;
	t->recovery.prr_delivered = 0;
	t->recovery.prr_out = 0;
}

/**
 * xtcp_prr - an ACK in CWR or RECOVERY sets cwnd
 * @t: the connection, after loss detection
 * @sample: what the ACK said
 *
 * While more than ssthresh is in flight, sending is to delivery as ssthresh is
 * to the old cwnd.  Below it, as much may leave as was delivered, and one more
 * while SND.UNA moves and nothing else gets lost (slow start reduction bound),
 * but never beyond ssthresh.
 */
void xtcp_prr(struct xtcp_tcb *t, const struct xtcp_ack_sample *sample)
{
	struct xtcp_recovery *r = &t->recovery;
	u32 in_flight = xtcp_in_flight(t);
	s32 may, room = t->ssthresh - in_flight;

	if (!sample->delivered || !(t->rec & XTCP_R_PRR) || xtcp_cc_model(t))
		return;
	r->prr_delivered += sample->delivered;
	if (room < 0) {
		u64 part = (u64)t->ssthresh * r->prr_delivered + r->prior_cwnd - 1;

		may = (s32)(part / r->prior_cwnd - r->prr_out);
	} else {
		may = max_t(s32, r->prr_delivered - r->prr_out, sample->delivered);
		if (t->snd_una != sample->prior_una && !sample->lost)
			may++;
		may = min(may, room);
	}
	/* the first retransmission leaves whatever else is in flight */
	may = max_t(s32, may, r->prr_out ? 0 : 1);
	t->cwnd = max_t(u32, in_flight + may, 1);
}
