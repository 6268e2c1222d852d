/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What leaves, in which order: loops over queues that are the host's.
 *
 * The kernel and the tests run the same loops over queues of their own.  A host has one
 * constant struct xtcp_sender and calls each loop from one place: the loops are inlined
 * there, so the calls are direct ones and cost nothing.
 */
#ifndef XTCP_CORE_SENDER_H
#define XTCP_CORE_SENDER_H

#include "mtup.h"
#include "output.h"
#include "tcb.h"
#include "urgent.h"

/**
 * struct xtcp_sender - what a host does for these loops
 * @head: the first record of the send queue, NULL: it is empty; @last: whether nothing
 *	  is queued behind it
 * @fill: let the head take payload from those behind it, until it has @len bytes; it may
 *	  stay as it is
 * @gather: make the head so large, and no larger; NULL: it cannot be
 * @cut: cut a record with xtcp_seg_split(); false: no memory
 * @paced: is it too early for another segment?  The host goes on when it is not
 * @full: does enough wait in the queues below?  The host goes on when it does not;
 *	  @again: it is sent again, and twice as much may wait
 * @send: send the head, in segments of @mss bytes, and take it off the send queue;
 *	  false: it has not left
 * @resend: send a record again; false: it has not left
 * @free: free the buffer of a record
 *
 * All get what was given to the loop as @host.
 */
struct xtcp_sender {
	struct xtcp_seg *(*head)(void *host, bool *last);
	void (*fill)(void *host, u32 len);
	struct xtcp_seg *(*gather)(void *host, u32 len);
	bool (*cut)(void *host, struct xtcp_seg *seg, u32 len, bool sent);
	bool (*paced)(void *host);
	bool (*full)(void *host, struct xtcp_seg *seg, bool again);
	bool (*send)(void *host, struct xtcp_seg *seg, u32 mss);
	bool (*resend)(void *host, struct xtcp_seg *seg, u32 mss);
	void (*free)(void *host, struct xtcp_seg *seg);
};

/* A probe of the path's MTU (RFC 4821).  Return: whether anything else may follow. */
static __always_inline bool xtcp_send_mtu_probe(const struct xtcp_sender *s, void *host,
						struct xtcp_tcb *t, xtcp_usec_t now)
{
	struct xtcp_seg *seg;
	u32 len;

	switch (xtcp_mtup_next(t, now, &len)) {
	case XTCP_MTUP_NOTHING:
		return true;
	case XTCP_MTUP_WAIT:
		return false;
	case XTCP_MTUP_PROBE:
		break;
	}
	seg = s->gather(host, len);
	if (seg && s->send(host, seg, len))
		xtcp_mtup_sent(t, seg, now);
	return true;
}

/**
 * xtcp_send_queued - send what the windows allow of the send queue
 * @s: the host
 * @host: for it
 * @t: the connection, with something in its send queue
 * @burst: most payload that leaves in one piece, bytes
 * @most: bursts that may leave at most.  One is two records where it has more packets
 *	  than a record can stand for
 * @now: the time
 */
static __always_inline void xtcp_send_queued(const struct xtcp_sender *s, void *host,
					     struct xtcp_tcb *t, u32 burst,
					     unsigned int most, xtcp_usec_t now)
{
	bool may = true, last = false;
	struct xtcp_seg *seg;

	if (unlikely(t->rec & XTCP_R_MTUP) && !s->paced(host))
		may = xtcp_send_mtu_probe(s, host, t, now);
	while ((seg = s->head(host, &last)) && may && most) {
		u32 len = xtcp_seg_len(seg), mss = xtcp_mss_now(t), bytes;

		/* what ends inside of a segment is no small one where more is queued */
		if (unlikely(!last && len % mss)) {
			s->fill(host, burst > len ? burst : roundup(len, mss));
			seg = s->head(host, &last);
		}
		if (s->paced(host) ||
		    !xtcp_output_allow(t, seg, last, burst, now, &bytes) ||
		    s->full(host, seg, false))
			break;
		if (bytes < xtcp_seg_len(seg) && !s->cut(host, seg, bytes, false))
			break;
		if (!s->send(host, seg, mss))
			break;
		xtcp_output_sent(t, seg, mss, now);
		most -= bytes != XTCP_SEG_PACKETS_MAX * mss;
	}
	xtcp_output_done(t, seg, now);
}

/**
 * xtcp_send_again - retransmit what the core wants
 * @s: the host
 * @host: for it
 * @t: the connection
 * @burst: most payload that leaves in one piece, bytes
 * @now: the time
 */
static __always_inline void xtcp_send_again(const struct xtcp_sender *s, void *host,
					    struct xtcp_tcb *t, u32 burst, xtcp_usec_t now)
{
	enum xtcp_resend what;
	struct xtcp_seg *seg;
	bool more = true;
	u32 len;

	while (more && !s->paced(host) &&
	       (what = xtcp_retransmit_next(t, burst, &seg, &len))) {
		if (what == XTCP_RESEND_CUT) {
			more = s->cut(host, seg, len, true);
		} else if (what == XTCP_RESEND_FREE) {
			s->free(host, seg);
		} else {
			more = !s->full(host, seg, true) &&
			       s->resend(host, seg, xtcp_mss_now(t));
			if (more)
				xtcp_retransmit_sent(t, seg, now);
		}
	}
	xtcp_retransmit_done(t);
}

/**
 * struct xtcp_answerer - what a host does for xtcp_send_ordered()
 * @ack_before: send an ACK of less than there is
 * @syn: send a SYN or SYN,ACK
 * @output: xtcp_send_queued()
 * @retransmit: xtcp_send_again()
 * @probe: send an ACK with a sequence number that the peer must answer
 * @ack: send an ACK
 * @merge: may the ACK wait for those of segments that the host has already?
 * @challenge: does the global limit allow a challenge ACK (RFC 5961 7)?
 * @rst: send a RST
 */
struct xtcp_answerer {
	void (*ack_before)(void *host, u32 ack, enum xtcp_reason why);
	void (*syn)(void *host, enum xtcp_reason why);
	void (*output)(void *host);
	void (*retransmit)(void *host, enum xtcp_reason why);
	void (*probe)(void *host, u32 seq, enum xtcp_reason why);
	void (*ack)(void *host, enum xtcp_reason why);
	bool (*merge)(void *host);
	bool (*challenge)(void *host);
	void (*rst)(void *host, const struct xtcp_actions *a);
};

/**
 * xtcp_send_ordered - send the segments that the core ordered
 * @s: the host
 * @host: for it
 * @t: the connection
 * @a: the orders
 *
 * Data carries an ACK, so that comes first.
 */
static __always_inline void xtcp_send_ordered(const struct xtcp_answerer *s, void *host,
					      struct xtcp_tcb *t,
					      const struct xtcp_actions *a)
{
	u32 orders = a->orders;

	if (unlikely(orders & XTCP_ACT_ACK_BEFORE))
		s->ack_before(host, a->ack_before, a->ack_why);
	t->ack_gone = 0;
	if (orders & XTCP_ACT_SEND_SYN)
		s->syn(host, a->again_why);
	if (orders & XTCP_ACT_OUTPUT_FIRST)
		s->output(host);
	if (orders & XTCP_ACT_RETRANSMIT)
		s->retransmit(host, a->again_why);
	if (orders & XTCP_ACT_OUTPUT)
		s->output(host);
	if (orders & XTCP_ACT_SEND_PROBE) {
		/*
		 * One before SND.UNA is out of the peer's window, so it must answer; it
		 * may not look at the rest, so urgent data is announced by another, as
		 * in Linux.
		 */
		if (unlikely(xtcp_urg_out(t)))
			s->probe(host, t->snd_una, a->ack_why);
		s->probe(host, t->snd_una - 1, a->ack_why);
	}
	if (orders & XTCP_ACT_DUPACK) {
		s->ack(host, a->ack_why);
	} else if (orders & XTCP_ACT_SEND_ACK) {
		if (!t->ack_gone &&
		    !(orders & XTCP_ACT_ACK_MERGE && s->merge(host)))
			s->ack(host, a->ack_why);
	} else if (orders & XTCP_ACT_CHALLENGE && s->challenge(host)) {
		s->ack(host, a->ack_why);
	}
	if (orders & XTCP_ACT_SEND_RST)
		s->rst(host, a);
}

#endif /* XTCP_CORE_SENDER_H */
