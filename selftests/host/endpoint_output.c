// SPDX-License-Identifier: GPL-2.0
/* What leaves: segments of the send queue, retransmissions, bare ones. */
#include <stdio.h>
#include <stdlib.h>

#include "compose.h"
#include "endpoint_room.h"
#include "legal.h"
#include "output.h"
#include "sender.h"
#include "stream.h"

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

/*
 * Neither an acknowledgment nor the right edge nor a timestamp goes back (RFC 9293 3.4,
 * SHLD-14, RFC 7323 5.4).  An edge that is rounded may look like it, by less than a unit;
 * after a pause of days nobody knows how often timestamps have gone round (5.5).
 */
static void hear(struct endpoint *ep, const struct xtcp_header *h)
{
	struct endpoint_said *said = &ep->said, now;
	const struct xtcp_tcb *t = &ep->t;
	u32 unit = 1U << t->rcv_wscale;

	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED) || h->flags & (XTCP_SYN | XTCP_RST))
		return;
	now = (struct endpoint_said) {
		.iss	= t->iss,
		.irs	= t->irs,
		.ack	= h->ack,
		.edge	= h->ack + ((u32)h->window << t->rcv_wscale),
		.tsval	= t->flags & XTCP_F_TS_OK ? xtcp_get32(h->opt + 4) : 0,
		.at	= *ep->now,
	};
	if (said->iss == now.iss && said->irs == now.irs) {
		if (xtcp_before(now.ack, said->ack))
			ep_wrong(ep, "an acknowledgment is taken back");
		if (xtcp_before(now.edge + unit - 1, said->edge) &&
		    !ep->conf.core.shrink_window)
			ep_wrong(ep, "the right edge of the window moves back");
		if (xtcp_before(now.tsval, said->tsval) &&
		    now.at - said->at < (u64)XTCP_PAWS_DAYS_SEC * XTCP_USEC_PER_SEC)
			ep_wrong(ep, "timestamps go back");
	}
	*said = now;
}

void ep_emit(struct endpoint *ep, const struct xtcp_header *h, u64 pos, u32 len)
{
	const char *fault = legal_fault(h, len);
	struct packet *p;

	if (fault)
		ep_wrong(ep, fault);
	hear(ep, h);
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

static struct xtcp_seg *send_head(void *host, bool *last)
{
	struct endpoint *ep = host;

	if (!ep->sendq)
		return NULL;
	*last = !ep->sendq->next;
	return &ep->sendq->seg;
}

static bool send_cut(void *host, struct xtcp_seg *seg, u32 len, bool sent)
{
	struct endpoint *ep = host;
	struct buf *b = seg_buf(seg), *rest;

	if (!len || len >= xtcp_seg_len(seg) + !!(seg->flags & XTCP_FIN))
		ep_wrong(ep, "asked to cut off nothing");
	if (ep->fail_splits) {
		ep->fail_splits--;
		return false;
	}
	rest = ep_buf_new(0);
	xtcp_seg_split(&ep->t, seg, &rest->seg, len, sent);
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

/* The head of the send queue takes all of the next one. */
static void join(struct endpoint *ep)
{
	struct buf *b = ep->sendq, *next = b->next;

	b->seg.end_seq = next->seg.end_seq;
	b->seg.flags |= next->seg.flags;
	b->next = next->next;
	if (ep->sendq_tail == next)
		ep->sendq_tail = b;
	free(next);
}

static void send_fill(void *host, u32 len)
{
	struct endpoint *ep = host;

	while (ep->sendq->next && xtcp_seg_len(&ep->sendq->seg) < len) {
		struct xtcp_seg *next = &ep->sendq->next->seg;
		u32 lacks = len - xtcp_seg_len(&ep->sendq->seg);

		if (xtcp_seg_len(next) > lacks && !send_cut(ep, next, lacks, false))
			return;
		join(ep);
	}
}

static struct xtcp_seg *send_gather(void *host, u32 len)
{
	struct endpoint *ep = host;
	struct xtcp_seg *seg = &ep->sendq->seg;

	while (xtcp_seg_len(seg) < len)
		join(ep);
	return xtcp_seg_len(seg) == len || send_cut(ep, seg, len, false) ? seg : NULL;
}

static bool paced(const struct endpoint *ep)
{
	return ep->conf.paced || xtcp_cc_ops(&ep->t)->flags & XTCP_CC_PACING;
}

/* Not before the last segment has had its time; endpoint_timer() goes on. */
static bool send_paced(void *host)
{
	struct endpoint *ep = host;

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
	u32 mss = xtcp_mss_now(t), most = max(ep->conf.gso_max, mss);

	if (xtcp_urg_out(t))
		return mss;
	if (!paced(ep))
		return most;
	return xtcp_tso_segs(t, xtcp_pacing_rate(t), PACING_SHIFT, most) * t->mss;
}

/* No queue below ever fills: it drops (queue_drops()). */
static bool send_full(void *host, struct xtcp_seg *seg, bool again)
{
	return false;
}

static bool resend_one(void *host, struct xtcp_seg *seg, u32 mss)
{
	struct endpoint *ep = host;

	if (!transmit_queued(ep, seg_buf(seg), mss))
		return false;
	pace(ep, xtcp_seg_len(seg));
	return true;
}

static bool send_one(void *host, struct xtcp_seg *seg, u32 mss)
{
	struct endpoint *ep = host;
	struct buf *b = seg_buf(seg);

	if (!resend_one(ep, seg, mss))
		return false;
	/* as in Linux, a FIN that rides on data may be the first beyond it */
	if (xtcp_after(seg->end_seq,
		       ep->t.snd_una + ep->t.snd_wnd + !!(seg->flags & XTCP_FIN)))
		ep_wrong(ep, "sent beyond the peer's window");
	ep->sendq = b->next;
	if (!ep->sendq)
		ep->sendq_tail = NULL;
	b->next = POISON;
	return true;
}

static void send_free(void *host, struct xtcp_seg *seg)
{
	free(seg_buf(seg));
}

static const struct xtcp_sender sender = {
	.head	= send_head,
	.fill	= send_fill,
	.gather	= send_gather,
	.cut	= send_cut,
	.paced	= send_paced,
	.full	= send_full,
	.send	= send_one,
	.resend	= resend_one,
	.free	= send_free,
};

/* Take away what a wait is for. */
static void lift(struct xtcp_tcb *t, u32 *held, enum xtcp_send_wait wait)
{
	switch (wait) {
	case XTCP_SEND_PACING:
		*held &= ~XTCP_HELD_PACING;
		break;
	case XTCP_SEND_CWND:
		t->cwnd += t->packets_out + 10000;
		break;
	case XTCP_SEND_WINDOW:
		t->snd_wnd = XTCP_WND_MAX;
		break;
	case XTCP_SEND_NAGLE:
		t->flags |= XTCP_F_NODELAY;
		t->flags &= ~XTCP_F_CORK;
		break;
	default:
		break;
	}
}

static void blame_wait(struct endpoint *ep, const struct xtcp_tcb *t,
		       enum xtcp_send_wait wait, u32 size)
{
	static char what[200];

	snprintf(what, sizeof(what),
		 "the first %u of %u bytes do not wait for %s: mss %u of %u, burst %u, in flight %u of %u, window %d",
		 xtcp_seg_len(&ep->sendq->seg), t->write_seq - t->snd_nxt,
		 xtcp_send_waits[wait].name, xtcp_mss_now(t), t->mss, size,
		 xtcp_in_flight(t), t->cwnd, (int)(t->snd_una + t->snd_wnd - t->snd_nxt));
	ep_wrong(ep, what);
}

/*
 * Something is left: it waits for what xtcp_send_wait() says.  Without that it leaves, or
 * waits for another thing, and so on; and with it, it does not.
 */
static void check_wait(struct endpoint *ep, u32 size)
{
	enum xtcp_send_wait wait, before = XTCP_SEND_NONE;
	const struct xtcp_seg *seg = &ep->sendq->seg;
	struct xtcp_tcb t = ep->t;
	u32 held = ep_held(ep), bytes;
	bool last = !ep->sendq->next;
	int i;

	/* these are not told apart from what they are for; a CLOSE may come before the SYN's ACK */
	if (t.rec & XTCP_R_MTUP || xtcp_in_recovery(&t) || t.retransmits ||
	    t.flags & XTCP_F_SYN_OUT)
		return;
	for (i = 0; held || !xtcp_output_allow(&t, seg, last, size, *ep->now, &bytes); i++) {
		wait = xtcp_send_wait(&t, held);
		if (i > 4 || wait == before || wait == XTCP_SEND_QUEUE ||
		    wait == XTCP_SEND_NOTHING || wait == XTCP_SEND_NETWORK)
			blame_wait(ep, &t, wait, size);
		before = wait;
		lift(&t, &held, wait);
	}
	if (!i)
		ep_wrong(ep, "what is queued waits, and nothing holds it");
}

void ep_push(struct endpoint *ep)
{
	u32 drops = ep->local_drops, splits = ep->fail_splits, size;

	if (!XTCP_IN(ep->t.state, XTCP_SET_SYNCHRONISED))
		return;
	if (!ep->sendq) {
		xtcp_output_none(&ep->t);
		return;
	}
	size = burst(ep);
	xtcp_send_queued(&sender, ep, &ep->t, size, UINT_MAX, *ep->now);
	if (ep->sendq && drops == ep->local_drops && splits == ep->fail_splits)
		check_wait(ep, size);
}

void ep_retransmit(struct endpoint *ep)
{
	xtcp_send_again(&sender, ep, &ep->t, burst(ep), *ep->now);
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
void ep_send_rst_for(struct endpoint *ep, const struct xtcp_segment *seg,
		     enum xtcp_reason why)
{
	struct xtcp_header h;

	if (!xtcp_compose_refusal(&h, seg))
		return;
	ep_count_why(ep, ep->rsts, why);
	ep_send_bare(ep, &h);
}
