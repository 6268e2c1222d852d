/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rate at which the network delivers (draft-cheng-iccrg-delivery-rate-
 * estimation).
 */
#ifndef XTCP_CORE_RATE_H
#define XTCP_CORE_RATE_H

#include "cong.h"

void xtcp_rate_done(struct xtcp_tcb *t, struct xtcp_ack_sample *sample,
		    xtcp_usec_t now);
u64 xtcp_rate_delivery(const struct xtcp_tcb *t);

/* Zero means never. */
static inline u32 xtcp_rate_stamp(xtcp_usec_t now)
{
	u32 us = xtcp_stamp(now);

	return us ? us : 1;
}

/**
 * xtcp_rate_sent - a segment is sent, for the first time or again
 * @t: the connection, before the segment counts as in flight
 * @seg: the segment
 * @now: the time
 */
static inline void xtcp_rate_sent(struct xtcp_tcb *t, struct xtcp_seg *seg,
				  xtcp_usec_t now)
{
	struct xtcp_rate *r = &t->rate;

	/* after a pause the clocks begin anew: idle time is no transmission time */
	if (!t->packets_out) {
		r->first_tx_us = xtcp_rate_stamp(now);
		r->delivered_us = r->first_tx_us;
	}
	seg->first_tx_us = r->first_tx_us;
	seg->delivered_us = r->delivered_us;
	seg->delivered = t->delivered;
	seg->app_limited = r->app_limited;
}

/**
 * xtcp_rate_seg_delivered - an ACK says, for the first time, that all or a part of a
 *			     segment arrived
 * @t: the connection
 * @seg: the segment, still on the retransmission queue
 * @sample: in and out: the ACK's
 */
static inline void xtcp_rate_seg_delivered(struct xtcp_tcb *t,
					   const struct xtcp_seg *seg,
					   struct xtcp_ack_sample *sample)
{
	struct xtcp_rate_sample *s = &sample->rate;
	struct xtcp_rate *r = &t->rate;
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

/**
 * xtcp_rate_limit - what is in flight, and comes next, is no measure of the path
 * @t: the connection
 */
static inline void xtcp_rate_limit(struct xtcp_tcb *t)
{
	t->rate.app_limited = t->delivered + xtcp_in_flight(t) ? : 1;
}

/**
 * xtcp_rate_app_limited - the user writes; until now there was too little to send
 * @t: the connection, with less than a segment to send and nothing that waits
 *     below TCP; this finds out whether cwnd would have allowed more
 */
static inline void xtcp_rate_app_limited(struct xtcp_tcb *t)
{
	if (xtcp_in_flight(t) < t->cwnd && t->lost_out <= t->retrans_out)
		xtcp_rate_limit(t);
}

#endif /* XTCP_CORE_RATE_H */
