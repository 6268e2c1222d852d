// SPDX-License-Identifier: GPL-2.0
/* What leaves: segments of the send queue, retransmissions, bare ones. */
#include <stdlib.h>

#include "compose.h"
#include "endpoint_room.h"
#include "mtup.h"
#include "output.h"
#include "stream.h"
#include "urgent.h"

/* A link that nobody may follow: the core sets those of its lists. */
#define POISON			((struct buf *)0x100)
/* Linux's sk_pacing_shift: a burst is what leaves in about a millisecond. */
#define PACING_SHIFT		10

/* A queue of this host has no room. */
static bool queue_drops(struct endpoint *ep)
{
	if (!ep->local_drops)
		return false;
	ep->local_drops--;
	xtcp_output_congested(&ep->t, true);
	return true;
}

void ep_emit(struct endpoint *ep, const struct xtcp_header *h, u64 pos, u32 len)
{
	struct packet *p;

	if (queue_drops(ep))
		return;
	if (ep->conf.hollow) {
		p = packet_make_hollow(h, len);
	} else {
		p = packet_make(h, len);
		stream_fill(packet_payload(p), ep->conf.tx_stream, pos, len);
	}
	packet_seal(p);
	p->ecn = h->ecn;
	ep->tx_segs++;
	ep->xmit(ep, p);
}

/* What the receive buffer has room for. */
struct xtcp_room ep_room(const struct endpoint *ep)
{
	return (struct xtcp_room) { ep_free_space(ep), ep_full_space(ep) };
}

/* One buffer, cut into segments as TSO does.  Return: it has left. */
static bool transmit_queued(struct endpoint *ep, struct buf *b, u32 mss)
{
	u32 len = xtcp_seg_len(&b->seg), done = 0;
	struct xtcp_header h;
	u8 flags;

	xtcp_compose_queued(&h, &ep->t, &b->seg, mss, ep_room(ep), *ep->now);
	if (queue_drops(ep))
		return false;
	flags = h.flags;
	do {
		u32 n = min_t(u32, len - done, mss);

		h.seq = b->seg.seq + done;
		/* FIN and PSH belong on the last packet, CWR on the first */
		h.flags = flags;
		if (done + n != len)
			h.flags &= ~(XTCP_FIN | XTCP_PSH);
		if (done)
			h.flags &= ~XTCP_CWR;
		ep_emit(ep, &h, b->pos + done, n);
		done += n;
	} while (done < len);
	return true;
}

static bool split(struct endpoint *ep, struct buf *b, u32 len, bool sent)
{
	struct buf *rest;

	if (ep->fail_splits) {
		ep->fail_splits--;
		return false;
	}
	rest = ep_buf_new(0);
	xtcp_seg_split(&ep->t, &b->seg, &rest->seg, len, sent);
	rest->pos = b->pos + len;
	rest->next = POISON;
	if (!sent) {
		rest->next = b->next;
		b->next = rest;
		if (ep->sendq_tail == b)
			ep->sendq_tail = rest;
	}
	return true;
}

static bool paced(const struct endpoint *ep)
{
	return ep->conf.paced || xtcp_cc_ops(&ep->t)->flags & XTCP_CC_PACING;
}

/* Not before the last segment has had its time; endpoint_timer() goes on. */
static bool pace_holds(struct endpoint *ep)
{
	ep->pace_waits = paced(ep) && !xtcp_pace_allows(&ep->pace, &ep->t, *ep->now * 1000);
	return ep->pace_waits;
}

static void pace(struct endpoint *ep, u32 len)
{
	if (paced(ep))
		xtcp_pace_sent(&ep->pace, &ep->t, len, xtcp_pacing_rate(&ep->t),
			       *ep->now * 1000);
}

/* Most payload of one buffer: that of a burst, where it is paced; of a packet that is urgent. */
static u32 burst(const struct endpoint *ep)
{
	const struct xtcp_tcb *t = &ep->t;

	if (xtcp_urg_out(t))
		return xtcp_mss_now(t);
	if (!paced(ep))
		return ep->conf.gso_max;
	return xtcp_tso_segs(t, xtcp_pacing_rate(t), PACING_SHIFT,
			     ep->conf.gso_max) * t->mss;
}

/* The first buffer of the send queue gets a size.  Return: it has it. */
static bool gather(struct endpoint *ep, u32 len)
{
	struct buf *b = ep->sendq, *next;

	while (xtcp_seg_len(&b->seg) < len) {
		next = b->next;
		b->seg.end_seq = next->seg.end_seq;
		b->seg.flags |= next->seg.flags;
		b->next = next->next;
		if (ep->sendq_tail == next)
			ep->sendq_tail = b;
		free(next);
	}
	return xtcp_seg_len(&b->seg) == len || split(ep, b, len, false);
}

/* Send the head of the send queue.  Return: it has left, and is off the queue. */
static bool dequeue(struct endpoint *ep, u32 mss)
{
	struct buf *b = ep->sendq;

	if (!transmit_queued(ep, b, mss))
		return false;
	pace(ep, xtcp_seg_len(&b->seg));
	ep->sendq = b->next;
	if (!ep->sendq)
		ep->sendq_tail = NULL;
	b->next = POISON;
	return true;
}

/* A probe of the path's MTU.  Return: whether anything else may follow. */
static bool push_probe(struct endpoint *ep)
{
	struct buf *b = ep->sendq;
	u32 len;

	switch (xtcp_mtup_next(&ep->t, *ep->now, &len)) {
	case XTCP_MTUP_WAIT:
		return false;
	case XTCP_MTUP_PROBE:
		if (gather(ep, len) && dequeue(ep, len))
			xtcp_mtup_sent(&ep->t, &b->seg, *ep->now);
		return true;
	default:
		return true;
	}
}

void ep_push(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;
	u32 gso_max = burst(ep);
	struct buf *b;
	u32 bytes, mss;

	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	if (t->rec & XTCP_R_MTUP && ep->sendq && !pace_holds(ep) && !push_probe(ep))
		goto done;
	while ((b = ep->sendq)) {
		if (pace_holds(ep))
			break;
		if (!xtcp_output_allow(t, &b->seg, !b->next, gso_max,
				       *ep->now, &bytes))
			break;
		if (bytes > xtcp_seg_len(&b->seg))
			ep_wrong(ep, "allowed more than there is");
		if (bytes < xtcp_seg_len(&b->seg) && !split(ep, b, bytes, false))
			break;
		mss = xtcp_mss_now(t);
		if (!dequeue(ep, mss))
			break;
		xtcp_output_sent(t, &b->seg, mss, *ep->now);
		/* as in Linux, a FIN that rides on data may be the first beyond it */
		if (xtcp_after(t->snd_nxt, t->snd_una + t->snd_wnd +
			       !!(b->seg.flags & XTCP_FIN)))
			ep_wrong(ep, "sent beyond the peer's window");
	}
done:
	xtcp_output_done(t, ep->sendq, *ep->now);
}

static void retransmit_some(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;
	u32 gso_max = burst(ep);
	enum xtcp_resend what;
	struct xtcp_seg *seg;
	u32 len = 0;

	while (!pace_holds(ep) && (what = xtcp_retransmit_next(t, gso_max, &seg, &len))) {
		struct buf *b = seg_buf(seg);

		switch (what) {
		case XTCP_RESEND_CUT:
			if (!len || len >= xtcp_seg_len(seg) + !!(seg->flags & XTCP_FIN))
				ep_wrong(ep, "asked to cut off nothing");
			if (!split(ep, b, len, true))
				return;
			break;
		case XTCP_RESEND_FREE:
			free(b);
			break;
		default:
			if (!transmit_queued(ep, b, xtcp_mss_now(t)))
				return;
			pace(ep, xtcp_seg_len(&b->seg));
			xtcp_retransmit_sent(t, seg, *ep->now);
		}
	}
}

void ep_retransmit(struct endpoint *ep)
{
	retransmit_some(ep);
	xtcp_retransmit_done(&ep->t);
}

void ep_send_ack_from(struct endpoint *ep, u32 seq)
{
	struct xtcp_header h;

	if (ep->t.state == XTCP_CLOSE)
		return;
	xtcp_compose_ack(&h, &ep->t, seq, ep_room(ep), *ep->now);
	ep_send_bare(ep, &h);
}

void ep_send_syn(struct endpoint *ep)
{
	struct xtcp_header h;

	xtcp_compose_syn(&h, &ep->t, 0, NULL, *ep->now);
	ep_send_bare(ep, &h);
}

/* A segment without text. */
void ep_send_bare(struct endpoint *ep, const struct xtcp_header *h)
{
	ep_emit(ep, h, 0, 0);
}

/* What answers a segment without a connection. */
void ep_send_rst_for(struct endpoint *ep, const struct xtcp_segment *seg)
{
	struct xtcp_header h;

	if (xtcp_compose_refusal(&h, seg))
		ep_send_bare(ep, &h);
}
