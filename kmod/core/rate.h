/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rate at which the network delivers (draft-cheng-iccrg-delivery-rate-
 * estimation).  Costs one test of a flag that is in the cache anyway where no
 * algorithm asked for it (XTCP_F_RATE).
 */
#ifndef XTCP_CORE_RATE_H
#define XTCP_CORE_RATE_H

#include "cong.h"

void __xtcp_rate_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now);
void __xtcp_rate_seg_delivered(struct xtcp_tcb *t, const struct xtcp_seg *seg,
			       struct xtcp_ack_sample *sample);
void __xtcp_rate_done(struct xtcp_tcb *t, struct xtcp_ack_sample *sample,
		      xtcp_usec_t now);
void __xtcp_rate_app_limited(struct xtcp_tcb *t);
u64 xtcp_rate_delivery(const struct xtcp_tcb *t, bool *app_limited);

/**
 * xtcp_rate_sent - a segment is sent, for the first time or again
 * @t: the connection, before the segment counts as in flight
 * @seg: the segment
 * @now: the time
 */
static inline void xtcp_rate_sent(struct xtcp_tcb *t, struct xtcp_seg *seg,
				  xtcp_usec_t now)
{
	if (unlikely(t->flags & XTCP_F_RATE))
		__xtcp_rate_sent(t, seg, now);
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
	if (unlikely(t->flags & XTCP_F_RATE))
		__xtcp_rate_seg_delivered(t, seg, sample);
}

/**
 * xtcp_rate_done - the ACK was processed, loss detection included
 * @t: the connection; delivered counts what the ACK delivered
 * @sample: in and out: the ACK's
 * @now: the time
 */
static inline void xtcp_rate_done(struct xtcp_tcb *t,
				  struct xtcp_ack_sample *sample,
				  xtcp_usec_t now)
{
	if (unlikely(t->flags & XTCP_F_RATE))
		__xtcp_rate_done(t, sample, now);
}

/**
 * xtcp_rate_app_limited - the user writes; until now there was too little to send
 * @t: the connection, with less than a segment to send and nothing that waits
 *     below TCP; the core finds out whether cwnd would have allowed more
 */
static inline void xtcp_rate_app_limited(struct xtcp_tcb *t)
{
	if (unlikely(t->flags & XTCP_F_RATE))
		__xtcp_rate_app_limited(t);
}

#endif /* XTCP_CORE_RATE_H */
