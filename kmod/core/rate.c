// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate estimation (draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Each segment remembers how much had been delivered when it was sent.  When it
 * is delivered itself, what was delivered meanwhile over the time that took is
 * a sample of the path's rate.  Of the two ways to measure that time, by the
 * sending and by the arrival of ACKs, the longer one is right: bursts make
 * either too short.
 */
#include "internal.h"
#include "cc.h"
#include "rate.h"

/* Zero means never. */
static u32 stamp(xtcp_usec_t now)
{
	u32 us = xtcp_stamp(now);

	return us ? us : 1;
}

void __xtcp_rate_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now)
{
	struct xtcp_rate *r = t->cc_mem;

	/* after a pause the clocks begin anew: idle time is no transmission time */
	if (!t->packets_out) {
		r->first_tx_us = stamp(now);
		r->delivered_us = stamp(now);
	}
	seg->first_tx_us = r->first_tx_us;
	seg->delivered_us = r->delivered_us;
	seg->delivered = t->delivered;
	seg->app_limited = r->app_limited;
}

void __xtcp_rate_seg_delivered(struct xtcp_tcb *t, const struct xtcp_seg *seg,
			       struct xtcp_ack_sample *sample)
{
	struct xtcp_rate_sample *s = &sample->rate;
	struct xtcp_rate *r = t->cc_mem;
	u32 sent = seg->xmit_us ? seg->xmit_us : 1;

	if (!seg->delivered_us)
		return;
	/* the segment that was sent last is the one that counts */
	if (!s->valid || (s32)(sent - r->first_tx_us) >= 0) {
		s->valid = true;
		s->prior_delivered = seg->delivered;
		s->prior_us = seg->delivered_us;
		s->app_limited = seg->app_limited;
		s->retrans = seg->mark & XTCP_SEG_EVER_RETRANS;
		s->interval_us = sent - seg->first_tx_us;
		r->first_tx_us = sent;
	}
}

void __xtcp_rate_done(struct xtcp_tcb *t, struct xtcp_ack_sample *sample,
		      xtcp_usec_t now)
{
	struct xtcp_rate_sample *s = &sample->rate;
	struct xtcp_rate *r = t->cc_mem;

	if (r->app_limited && (s32)(t->delivered - r->app_limited) > 0)
		r->app_limited = 0;
	if (sample->delivered)
		r->delivered_us = stamp(now);
	if (sample->rtt_us)
		r->min_rtt_us = r->min_rtt_us ? min(r->min_rtt_us, sample->rtt_us)
					      : sample->rtt_us;
	if (!s->valid) {
		s->delivered = -1;
		s->interval_us = 0;
		return;
	}
	s->delivered = t->delivered - s->prior_delivered;
	s->interval_us = max_t(u32, s->interval_us, stamp(now) - s->prior_us);
	/*
	 * Less than the path can do a round trip in: ACKs were compressed, or a
	 * retransmission was taken for the original.  No rate comes out of that.
	 */
	if (!s->interval_us || s->interval_us < r->min_rtt_us) {
		s->delivered = -1;
		return;
	}
	if (!s->app_limited ||
	    (u64)s->delivered * r->rate_interval_us >=
	    (u64)r->rate_delivered * s->interval_us) {
		r->rate_delivered = s->delivered;
		r->rate_interval_us = s->interval_us;
		r->rate_app_limited = s->app_limited;
	}
}

void __xtcp_rate_app_limited(struct xtcp_tcb *t)
{
	u32 in_flight = xtcp_in_flight(t);

	if (in_flight >= t->cwnd || t->lost_out > t->retrans_out)
		return;
	t->cc_mem->app_limited = t->delivered + in_flight ? : 1;
}

/**
 * xtcp_rate_delivery - the rate that TCP_INFO shows
 * @t: the connection
 * @app_limited: out: it is a lower bound only
 *
 * Return: bytes per second; 0: not measured.
 */
u64 xtcp_rate_delivery(const struct xtcp_tcb *t, bool *app_limited)
{
	const struct xtcp_rate *r = t->cc_mem;

	*app_limited = false;
	if (!(t->flags & XTCP_F_RATE) || !r->rate_interval_us)
		return 0;
	*app_limited = r->rate_app_limited;
	return (u64)r->rate_delivered * t->mss * XTCP_USEC_PER_SEC /
	       r->rate_interval_us;
}
