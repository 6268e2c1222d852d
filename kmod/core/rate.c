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
#include "rate.h"

/* TCP_INFO shows the latest sample, but no lower bound that is less. */
static void show(struct xtcp_tcb *t, const struct xtcp_rate_sample *s)
{
	struct xtcp_rate *r = &t->rate;

	if (!s->app_limited)
		t->flags |= XTCP_F_RATE_FULL;
	else if ((u64)s->delivered * r->interval_us >= (u64)r->delivered * s->interval_us)
		t->flags &= ~XTCP_F_RATE_FULL;
	else
		return;
	r->delivered = s->delivered;
	r->interval_us = s->interval_us;
}

/**
 * xtcp_rate_done - the ACK was processed, loss detection included
 * @t: the connection; delivered counts what the ACK delivered
 * @sample: in and out: the ACK's
 * @now: the time
 */
void xtcp_rate_done(struct xtcp_tcb *t, struct xtcp_ack_sample *sample,
		    xtcp_usec_t now)
{
	struct xtcp_rate_sample *s = &sample->rate;
	struct xtcp_rate *r = &t->rate;

	if (r->app_limited && (s32)(t->delivered - r->app_limited) > 0)
		r->app_limited = 0;
	if (sample->delivered)
		r->delivered_us = xtcp_rate_stamp(now);
	if (!s->valid) {
		s->delivered = -1;
		s->interval_us = 0;
		return;
	}
	s->delivered = t->delivered - s->prior_delivered;
	s->interval_us = max_t(u32, s->interval_us, xtcp_rate_stamp(now) - s->prior_us);
	/*
	 * Less than the path can do a round trip in: ACKs were compressed, or a
	 * retransmission was taken for the original.  No rate comes out of that.
	 */
	if (!s->interval_us || s->interval_us < t->min_rtt_us)
		s->delivered = -1;
	else
		show(t, s);
}

/**
 * xtcp_rate_delivery - the rate that TCP_INFO shows
 * @t: the connection; without XTCP_F_RATE_FULL it is a lower bound
 *
 * Return: bytes per second; 0: not measured.
 */
u64 xtcp_rate_delivery(const struct xtcp_tcb *t)
{
	const struct xtcp_rate *r = &t->rate;
	/* who reads without the lock divides by what he looked at */
	u32 interval_us = READ_ONCE(r->interval_us);

	return interval_us ? (u64)READ_ONCE(r->delivered) * READ_ONCE(t->mss) *
			     XTCP_USEC_PER_SEC / interval_us : 0;
}
