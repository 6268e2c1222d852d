// SPDX-License-Identifier: GPL-2.0
/* Explicit congestion notification: marks that came, and what is echoed (RFC 3168, RFC 8257). */
#include "ecn.h"
#include "internal.h"

/* Segments that are acknowledged at once after a mark. */
#define QUICK	2

/**
 * xtcp_ecn_answered - the peer's SYN, or SYN,ACK, came
 * @t: the connection, in SYN_SENT
 * @seg: the segment
 *
 * RFC 3168 6.1.1: a SYN,ACK agrees with ECE alone, as both bits may be a mirror's
 * work; a SYN that crosses ours asks with both.
 */
void xtcp_ecn_answered(struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	u8 want = seg->flags & XTCP_ACK ? XTCP_ECE : XTCP_ECE | XTCP_CWR;

	if ((seg->flags & (XTCP_ECE | XTCP_CWR)) != want)
		t->flags &= ~XTCP_F_ECN_OK;
}

/**
 * xtcp_ecn_synrcv - does a passive open agree to ECN?
 * @r: the entry in SYN_RECV
 * @seg: the SYN
 * @willing: namespace or route allow it
 * @wanted: congestion control needs it
 *
 * RFC 3168 6.1.1: a SYN is not ECN-capable itself, but DCTCP's is: who is not
 * prepared for that leaves it, as Linux does.
 */
void xtcp_ecn_synrcv(struct xtcp_synrcv *r, const struct xtcp_segment *seg,
		     bool willing, bool wanted)
{
	u8 both = XTCP_ECE | XTCP_CWR;

	if ((seg->flags & both) == both &&
	    (wanted || (willing && seg->ecn == XTCP_IP_NOT_ECT)))
		r->flags |= XTCP_F_ECN_OK;
}

/* A sender whose packets are marked may have a window of one: do not delay ACKs. */
static void quick(struct xtcp_tcb *t)
{
	t->quick = max_t(u8, t->quick, QUICK);
	t->pingpong = 0;
	t->ato_us = t->conf->delack_min_us;
}

/*
 * RFC 8257 3.2: every ACK tells whether the segments that it acknowledges were
 * marked, so one that was held back leaves before the first that was not like
 * them, and then that one is acknowledged at once.
 */
static void echo_exactly(struct xtcp_tcb *t, bool ce, u32 rcv_nxt,
			 struct xtcp_actions *a)
{
	if (ce == !!(t->flags & XTCP_F_ECN_ECHO))
		return;
	if (t->deadline[XTCP_TIMER_DELACK]) {
		xtcp_order_ack(a, XTCP_ACT_ACK_BEFORE, XTCP_WHY_ACK_ECN);
		a->ack_before = rcv_nxt;
	}
	t->flags ^= XTCP_F_ECN_ECHO;
	xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_ECN);
}

void __xtcp_ecn_data(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		     u32 rcv_nxt, xtcp_usec_t now, struct xtcp_actions *a)
{
	bool ce = seg->ecn == XTCP_IP_CE;

	if (seg->ecn == XTCP_IP_NOT_ECT) {
		/* a sender that marks does not mark this: it was sent again */
		if (t->flags & XTCP_F_ECN_SEEN)
			quick(t);
		return;
	}
	t->flags |= XTCP_F_ECN_SEEN;
	if (t->flags & XTCP_F_ECN_EXACT) {
		xtcp_cong_event(t, ce ? XTCP_CONG_ECN_CE : XTCP_CONG_ECN_NO_CE, now);
		echo_exactly(t, ce, rcv_nxt, a);
	} else if (ce && !(t->flags & XTCP_F_ECN_ECHO)) {
		/* RFC 3168 6.1.3: in every ACK from now on, until CWR comes */
		quick(t);
		t->flags |= XTCP_F_ECN_ECHO;
	}
}

/**
 * xtcp_ecn_cwr - the peer says that it has reduced its window
 * @t: the connection
 * @seg: the segment, with CWR
 * @a: out
 */
void xtcp_ecn_cwr(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		  struct xtcp_actions *a)
{
	if (!(t->flags & XTCP_F_ECN_OK))
		return;
	/* RFC 8257: the echo follows the marks */
	if (!(t->flags & XTCP_F_ECN_EXACT))
		t->flags &= ~XTCP_F_ECN_ECHO;
	/* its window may be one segment now: it waits for this ACK */
	if (seg->seq != seg->end_seq) {
		t->flags |= XTCP_F_ACK_PENDING;
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_ECN);
	}
}
