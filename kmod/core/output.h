/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may be sent, asked by the host for the head of its send queue.
 *
 * The host keeps unsent data in order of sequence numbers, in buffers with a
 * struct xtcp_seg each.  When ordered to (XTCP_ACT_OUTPUT) it asks
 * xtcp_output_allow() about the head, sends so much of it and reports with
 * xtcp_output_sent(), which moves the record to the retransmission queue, until
 * the answer is no; then it calls xtcp_output_done().  A segment that this host's
 * own queue has no room for (xtcp_output_congested()) was not sent.
 */
#ifndef XTCP_CORE_OUTPUT_H
#define XTCP_CORE_OUTPUT_H

#include "mss.h"
#include "tcb.h"

/**
 * enum xtcp_resend - what xtcp_retransmit_next() wants
 * @XTCP_RESEND_NOTHING: nothing, or not now
 * @XTCP_RESEND_CUT: cut the buffer with xtcp_seg_split(), and ask again
 * @XTCP_RESEND_FREE: the record has left the queue: free its buffer, ask again
 * @XTCP_RESEND_SEND: send all of it, report with xtcp_retransmit_sent(), ask again
 */
enum xtcp_resend {
	XTCP_RESEND_NOTHING,
	XTCP_RESEND_CUT,
	XTCP_RESEND_FREE,
	XTCP_RESEND_SEND,
};

bool xtcp_output_allow(struct xtcp_tcb *t, const struct xtcp_seg *seg, bool last,
		       u32 gso_max, xtcp_usec_t now, u32 *bytes);
bool xtcp_nagle_holds(const struct xtcp_tcb *t);
void xtcp_output_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, u32 mss,
		      xtcp_usec_t now);
void xtcp_mtup_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now);
void xtcp_output_done(struct xtcp_tcb *t, bool pending, xtcp_usec_t now);
void xtcp_output_none(struct xtcp_tcb *t);
void xtcp_output_congested(struct xtcp_tcb *t, bool dropped);
enum xtcp_resend xtcp_retransmit_next(struct xtcp_tcb *t, u32 gso_max,
				      struct xtcp_seg **seg, u32 *len);
void xtcp_retransmit_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now);
void xtcp_retransmit_done(struct xtcp_tcb *t);
void xtcp_seg_split(struct xtcp_tcb *t, struct xtcp_seg *seg,
		    struct xtcp_seg *rest, u32 len, bool sent);
void xtcp_resegment(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a);
void xtcp_rtx_forget(struct xtcp_tcb *t, struct xtcp_seg *seg);
void xtcp_rtx_forgotten(struct xtcp_tcb *t);

unsigned int xtcp_sack_build(const struct xtcp_tcb *t, u8 *p);

/**
 * xtcp_dsack_sent - a segment that reports a duplicate has left
 * @t: the connection
 *
 * Once is enough (RFC 2883 4).  For data, the core does it when it is told that
 * the data was sent, as the report had its part in the size of the segment.
 */
static inline void xtcp_dsack_sent(struct xtcp_tcb *t)
{
	t->flags &= ~XTCP_F_DSACK;
}

void xtcp_ack_wait(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_ack_failed(struct xtcp_tcb *t, xtcp_usec_t now);

/**
 * xtcp_ack_sent - a segment with the ACK bit has left
 * @t: the connection
 *
 * Whatever was waiting to be acknowledged is.
 *
 * Return: how many ACKs were held back, which it replaces.
 */
static inline unsigned int xtcp_ack_sent(struct xtcp_tcb *t)
{
	unsigned int held;

	if (!(t->flags & XTCP_F_ACK_PENDING))
		return 0;
	t->flags &= ~(XTCP_F_ACK_PENDING | XTCP_F_ACK_PUSHED | XTCP_F_ACK_PUSHED2);
	if (t->quick)
		t->quick--;
	xtcp_timer_stop(t, XTCP_TIMER_DELACK);
	held = t->held_acks;
	if (unlikely(held))
		t->held_acks = 0;
	return held;
}

/**
 * xtcp_mss_limit - TCP_MAXSEG of a listener, for its child
 * @t: the child, before its path is known
 * @mss: most payload of a segment, bytes
 */
static inline void xtcp_mss_limit(struct xtcp_tcb *t, u16 mss)
{
	t->mss_clamp = mss;
}

/* Payload bytes of a queued segment. */
static inline u32 xtcp_seg_len(const struct xtcp_seg *seg)
{
	return seg->end_seq - seg->seq - !!(seg->flags & XTCP_FIN);
}

#endif /* XTCP_CORE_OUTPUT_H */
