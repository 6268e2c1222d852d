// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "ecn.h"
#include "endpoint.h"
#include "options.h"
#include "output.h"
#include "reasm.h"
#include "stream.h"
#include "urgent.h"
#include "window.h"

/* Linux's ISN of a connection that takes over a TIME_WAIT entry. */
#define TIMEWAIT_ISN_STEP	(65535 + 2)
/* A link that nobody may follow: the core sets those of its lists. */
#define POISON			((struct buf *)0x100)
/* Trees that are longer than this are not walked after every event. */
#define CHECK_OFTEN		64
#define CHECK_STRIDE		61
/* Linux's sk_pacing_shift: a burst is what leaves in about a millisecond. */
#define PACING_SHIFT		10

/* ---- platform.h's other half -------------------------------------------- */

struct rb_node *xtcp_seg_rb(struct xtcp_seg *seg)
{
	return &seg_buf(seg)->rb;
}

struct xtcp_seg *xtcp_rb_seg(const struct rb_node *rb)
{
	return &((struct buf *)((char *)rb - offsetof(struct buf, rb)))->seg;
}

struct xtcp_seg *xtcp_seg_next(const struct xtcp_seg *seg)
{
	struct buf *next = seg_buf(seg)->next;

	return next ? &next->seg : NULL;
}

void xtcp_seg_set_next(struct xtcp_seg *seg, struct xtcp_seg *next)
{
	seg_buf(seg)->next = next ? seg_buf(next) : NULL;
}

struct list_head *xtcp_seg_ring(struct xtcp_seg *seg)
{
	return &seg_buf(seg)->ring;
}

struct xtcp_seg *xtcp_ring_seg(const struct list_head *ring)
{
	return &((struct buf *)((char *)ring - offsetof(struct buf, ring)))->seg;
}

/* ---- helpers ------------------------------------------------------------ */

static void wrong(struct endpoint *ep, const char *what)
{
	if (ep->wrong) {
		ep->wrong(ep, what);
		return;
	}
	fprintf(stderr, "endpoint in %s: %s\n", xtcp_state_name(ep->t.state), what);
	abort();
}

static void verify(struct endpoint *ep, const struct xtcp_actions *a)
{
	const struct xtcp_tcb *t = &ep->t;
	const char *what;
	u32 from, to;

	if (t->packets_out > CHECK_OFTEN && (t->segs_in + t->segs_out) % CHECK_STRIDE &&
	    !(a && a->nr_edges) && ep->check.state == t->state)
		return;
	what = xtcp_check(&ep->check, t, a);
	if (what)
		wrong(ep, what);
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	from = ep->sendq ? ep->sendq->seg.seq : t->snd_nxt;
	to = ep->sendq ? ep->sendq_tail->seg.end_seq : t->snd_nxt;
	if (from != t->snd_nxt || to != t->write_seq)
		wrong(ep, "the send queue is what lies between SND.NXT and write_seq");
}

static struct buf *buf_new(u32 room)
{
	struct buf *b = calloc(1, sizeof(*b) + room);

	if (!b)
		abort();
	return b;
}

static void free_list(struct xtcp_seg *seg)
{
	while (seg) {
		struct xtcp_seg *next = xtcp_seg_next(seg);

		free(seg_buf(seg));
		seg = next;
	}
}

static void free_tree(struct rb_root *root)
{
	struct rb_node *rb;

	while ((rb = rb_first(root))) {
		rb_erase(rb, root);
		free(seg_buf(xtcp_rb_seg(rb)));
	}
}

static void ooo_purge(struct endpoint *ep)
{
	struct xtcp_seg *seg;

	while ((seg = xtcp_ooo_drop_last(&ep->t))) {
		ep->rmem -= seg_buf(seg)->truesize;
		free(seg_buf(seg));
	}
}

static void wmem_purge(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;

	while (ep->sendq) {
		struct buf *b = ep->sendq;

		ep->sendq = b->next;
		free(b);
	}
	ep->sendq_tail = NULL;
	free_tree(&t->rtx);
	t->retrans = NULL;
	t->packets_out = 0;
	t->sacked_out = 0;
	t->lost_out = 0;
	t->retrans_out = 0;
}

static void recvq_purge(struct endpoint *ep)
{
	while (ep->recvq) {
		struct buf *b = ep->recvq;

		ep->recvq = b->next;
		ep->rmem -= b->truesize;
		free(b);
	}
	ep->recvq_tail = NULL;
}

static void rcvbuf_set(struct endpoint *ep, u32 size);

static u32 full_space(const struct endpoint *ep)
{
	return (u64)ep->rcvbuf * ep->conf.ratio >> 8;
}

static u32 free_space(const struct endpoint *ep)
{
	u32 room = ep->rcvbuf > ep->rmem ? ep->rcvbuf - ep->rmem : 0;

	return (u64)room * ep->conf.ratio >> 8;
}

static void rcvbuf_set(struct endpoint *ep, u32 size)
{
	ep->rcvbuf = size;
	xtcp_window_clamp(&ep->t, full_space(ep));
}

static u32 max_space(const struct endpoint *ep)
{
	return (u64)max(ep->conf.rcvbuf_max, ep->conf.rcvbuf) * ep->conf.ratio >> 8;
}

/* ---- output ------------------------------------------------------------- */

static void emit(struct endpoint *ep, const struct header *h, u64 pos, u32 len)
{
	struct packet *p;

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

static void header_init(struct endpoint *ep, struct header *h, u32 seq, u8 flags,
			bool fresh)
{
	struct xtcp_tcb *t = &ep->t;

	h->seq = seq;
	h->ack = t->rcv_nxt;
	h->flags = flags | XTCP_ACK | xtcp_ecn_flags(t, fresh);
	h->ecn = xtcp_ecn_ip(t, fresh);
	h->urg = t->flags & XTCP_F_URG_OUT ? xtcp_urg_pointer(t, seq) : 0;
	if (h->urg)
		h->flags |= XTCP_URG;
	h->window = xtcp_window_select(t, free_space(ep), full_space(ep));
	h->optlen = 0;
	if (t->flags & XTCP_F_TS_OK) {
		xtcp_options_build_ts(h->opt, xtcp_tsval(t, *ep->now), t->ts_recent);
		h->optlen = XTCP_OPT_TS_ALIGNED;
	}
	if (xtcp_sack_due(t))
		h->optlen += xtcp_sack_build(t, h->opt + h->optlen);
}

/* One buffer, cut into segments as TSO does. */
static void transmit_queued(struct endpoint *ep, const struct buf *b)
{
	const struct xtcp_tcb *t = &ep->t;
	u32 len = xtcp_seg_len(&b->seg), done = 0;
	u32 mss = xtcp_mss_now(t);
	struct header h;
	u8 flags = b->seg.flags & (XTCP_FIN | XTCP_PSH);

	header_init(ep, &h, b->seg.seq, flags,
		    len && !xtcp_before(b->seg.seq, t->snd_nxt));
	flags |= h.flags;
	do {
		u32 n = min_t(u32, len - done, mss);

		h.seq = b->seg.seq + done;
		/* FIN and PSH belong on the last packet, CWR on the first */
		h.flags = flags;
		if (done + n != len)
			h.flags &= ~(XTCP_FIN | XTCP_PSH);
		if (done)
			h.flags &= ~XTCP_CWR;
		emit(ep, &h, b->pos + done, n);
		done += n;
	} while (done < len);
	xtcp_ack_sent(&ep->t);
}

static bool split(struct endpoint *ep, struct buf *b, u32 len, bool sent)
{
	struct buf *rest;

	if (ep->fail_splits) {
		ep->fail_splits--;
		return false;
	}
	rest = buf_new(0);
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
	ep->pace_waits = paced(ep) && !xtcp_pace_allows(&ep->pace, *ep->now * 1000);
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

static void push(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;
	u32 gso_max = burst(ep);
	struct buf *b;
	u32 bytes;

	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	while ((b = ep->sendq)) {
		if (pace_holds(ep))
			break;
		if (!xtcp_output_allow(t, &b->seg, !b->next, gso_max,
				       *ep->now, &bytes))
			break;
		if (bytes > xtcp_seg_len(&b->seg))
			wrong(ep, "allowed more than there is");
		if (bytes < xtcp_seg_len(&b->seg) && !split(ep, b, bytes, false))
			break;
		transmit_queued(ep, b);
		pace(ep, xtcp_seg_len(&b->seg));
		ep->sendq = b->next;
		if (!ep->sendq)
			ep->sendq_tail = NULL;
		b->next = POISON;
		xtcp_output_sent(t, &b->seg, *ep->now);
		/* as in Linux, a FIN that rides on data may be the first beyond it */
		if (xtcp_after(t->snd_nxt, t->snd_una + t->snd_wnd +
			       !!(b->seg.flags & XTCP_FIN)))
			wrong(ep, "sent beyond the peer's window");
	}
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
				wrong(ep, "asked to cut off nothing");
			if (!split(ep, b, len, true))
				return;
			break;
		case XTCP_RESEND_FREE:
			free(b);
			break;
		default:
			transmit_queued(ep, b);
			pace(ep, xtcp_seg_len(&b->seg));
			xtcp_retransmit_sent(t, seg, *ep->now);
		}
	}
}

static void retransmit(struct endpoint *ep)
{
	retransmit_some(ep);
	xtcp_retransmit_done(&ep->t);
}

static void send_ack_from(struct endpoint *ep, u32 seq)
{
	struct header h;

	if (ep->t.state == XTCP_CLOSE)
		return;
	header_init(ep, &h, seq, 0, false);
	emit(ep, &h, 0, 0);
	ep->t.segs_out++;
	xtcp_ack_sent(&ep->t);
	xtcp_dsack_sent(&ep->t);
}

static void send_syn(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;
	bool syn_ack = t->state != XTCP_SYN_SENT;
	struct xtcp_options opt = { .mss = t->advmss };
	struct header h = {
		.seq	= t->iss,
		.ack	= syn_ack ? t->rcv_nxt : 0,
		.flags	= (syn_ack ? XTCP_SYN | XTCP_ACK : XTCP_SYN) | xtcp_ecn_syn(t),
		.ecn	= xtcp_ecn_ip(t, false),
		.window	= min_t(u32, t->rcv_wnd, XTCP_WND_MAX_UNSCALED),
	};

	if (t->flags & XTCP_F_SACK_OK)
		opt.has |= XTCP_OPT_SACK_PERM;
	if (t->flags & XTCP_F_TS_OK) {
		opt.has |= XTCP_OPT_TS;
		opt.tsval = xtcp_tsval(t, *ep->now);
		opt.tsecr = syn_ack ? t->ts_recent : 0;
	}
	if (t->flags & XTCP_F_WSCALE_OK) {
		opt.has |= XTCP_OPT_WSCALE;
		opt.wscale = t->rcv_wscale;
	}
	h.optlen = xtcp_options_build_syn(h.opt, &opt);
	emit(ep, &h, 0, 0);
	t->segs_out++;
	if (syn_ack)
		xtcp_ack_sent(t);
}

/* A segment that belongs to no connection, or ends one. */
static void send_bare(struct endpoint *ep, u32 seq, u32 ack, u8 flags, u16 window)
{
	struct header h = { .seq = seq, .ack = ack, .flags = flags, .window = window };

	emit(ep, &h, 0, 0);
}

/* RFC 9293 3.10.7.1: the RST that answers a segment without a connection. */
static void send_rst_for(struct endpoint *ep, const struct xtcp_segment *seg)
{
	if (seg->flags & XTCP_RST)
		return;
	if (seg->flags & XTCP_ACK)
		send_bare(ep, seg->ack, 0, XTCP_RST, 0);
	else
		send_bare(ep, 0, seg->end_seq, XTCP_RST | XTCP_ACK, 0);
}

static void send_synack(struct endpoint *ep)
{
	const struct xtcp_synrcv *r = &ep->req;
	struct xtcp_options opt = { .mss = r->advmss };
	struct header h = {
		.seq	= r->iss,
		.ack	= r->irs + 1,
		.flags	= XTCP_SYN | XTCP_ACK |
			  (r->flags & XTCP_F_ECN_OK ? XTCP_ECE : 0),
		.window	= min_t(u32, r->rcv_wnd, XTCP_WND_MAX_UNSCALED),
	};

	if (r->flags & XTCP_F_SACK_OK)
		opt.has |= XTCP_OPT_SACK_PERM;
	if (r->flags & XTCP_F_TS_OK) {
		opt.has |= XTCP_OPT_TS;
		opt.tsval = (u32)(*ep->now / XTCP_USEC_PER_MSEC) + r->ts_offset;
		opt.tsecr = r->ts_recent;
	}
	if (r->flags & XTCP_F_WSCALE_OK) {
		opt.has |= XTCP_OPT_WSCALE;
		opt.wscale = r->rcv_wscale;
	}
	h.optlen = xtcp_options_build_syn(h.opt, &opt);
	emit(ep, &h, 0, 0);
}

/* ---- orders ------------------------------------------------------------- */

static void count_edges(struct endpoint *ep, const struct xtcp_actions *a)
{
	unsigned int i;

	for (i = 0; i < a->nr_edges; i++)
		ep->edges[a->edges[i]]++;
}

/* An entry, or the listener on behalf of one, takes an edge. */
static void take_edge(struct endpoint *ep, u8 *state, enum xtcp_event event)
{
	int edge = xtcp_fsm_step(state, event);

	if (edge == XTCP_EDGE_NONE)
		wrong(ep, "an entry took an edge that the table lacks");
	else
		ep->edges[edge]++;
}

static void recvq_append(struct endpoint *ep, struct buf *b)
{
	b->next = NULL;
	if (ep->recvq_tail)
		ep->recvq_tail->next = b;
	else
		ep->recvq = b;
	ep->recvq_tail = b;
}

static void queue_fin(struct endpoint *ep)
{
	struct buf *b = ep->sendq_tail;

	if (b) {
		b->seg.flags |= XTCP_FIN;
		b->seg.end_seq++;
		return;
	}
	b = buf_new(0);
	b->seg.seq = ep->t.write_seq - 1;
	b->seg.end_seq = ep->t.write_seq;
	b->seg.flags = XTCP_FIN;
	b->pos = ep->written;
	ep->sendq = b;
	ep->sendq_tail = b;
}

static void enter_timewait(struct endpoint *ep)
{
	xtcp_timewait_init(&ep->tw, &ep->t);
	ep->has_tw = true;
	ep->tw_state = XTCP_TIME_WAIT;
	ep->tw_due = *ep->now + ep->conf.core.timewait_us;
	ep->pace_waits = false;
	wmem_purge(ep);
	ooo_purge(ep);
}

static void done(struct endpoint *ep)
{
	ep->dead = true;
	ep->pace_waits = false;
	wmem_purge(ep);
	ooo_purge(ep);
}

static void send_ordered(struct endpoint *ep, const struct xtcp_actions *a)
{
	u32 orders = a->orders, sent;

	if (orders & XTCP_ACT_ACK_BEFORE) {
		struct header h;

		header_init(ep, &h, ep->t.snd_nxt, 0, false);
		h.ack = a->ack_before;
		h.flags ^= XTCP_ECE;
		emit(ep, &h, 0, 0);
		ep->t.segs_out++;
		xtcp_ack_sent(&ep->t);
	}
	sent = ep->t.segs_out;
	if (orders & XTCP_ACT_SEND_SYN)
		send_syn(ep);
	if (orders & XTCP_ACT_OUTPUT_FIRST)
		push(ep);
	if (orders & XTCP_ACT_RETRANSMIT)
		retransmit(ep);
	if (orders & XTCP_ACT_OUTPUT)
		push(ep);
	if (orders & XTCP_ACT_SEND_PROBE)
		send_ack_from(ep, ep->t.snd_una - 1);
	if (orders & XTCP_ACT_DUPACK) {
		send_ack_from(ep, ep->t.snd_nxt);
	} else if (orders & XTCP_ACT_SEND_ACK) {
		if (ep->t.segs_out == sent)
			send_ack_from(ep, ep->t.snd_nxt);
	} else if (orders & XTCP_ACT_CHALLENGE && ep->challenges) {
		ep->challenges--;
		send_ack_from(ep, ep->t.snd_nxt);
	}
	if (orders & XTCP_ACT_SEND_RST)
		send_bare(ep, a->rst_seq, a->rst_flags & XTCP_ACK ? a->rst_ack : 0,
			  XTCP_RST | a->rst_flags, 0);
}

/* Return: the payload's buffer was kept. */
static bool apply(struct endpoint *ep, struct xtcp_actions *a, struct xtcp_segment *seg)
{
	struct xtcp_tcb *t = &ep->t;
	u32 orders = a->orders;
	bool kept = false;

	count_edges(ep, a);
	for (unsigned int i = 0; i < XTCP_NOTE_NR; i++)
		ep->notes[i] += a->notes >> i & 1;
	ep->last = *a;
	ep->last_drop = seg ? seg->drop : XTCP_DROP_NONE;
	if (seg)
		ep->drops[seg->drop]++;
	if (orders & (XTCP_ACT_DELIVER | XTCP_ACT_QUEUED_OOO)) {
		struct buf *b = seg_buf(seg->node);

		b->next = POISON;
		if (orders & XTCP_ACT_DELIVER)
			recvq_append(ep, b);
		ep->rmem += b->truesize;
		kept = true;
	}
	free_list(a->acked);
	while (a->ready) {
		struct xtcp_seg *next = xtcp_seg_next(a->ready);

		recvq_append(ep, seg_buf(a->ready));
		a->ready = next;
	}
	for (struct xtcp_seg *s = a->dropped; s; s = xtcp_seg_next(s))
		ep->rmem -= seg_buf(s)->truesize;
	free_list(a->dropped);
	if (orders & XTCP_ACT_PURGE_OOO)
		ooo_purge(ep);
	if (orders & XTCP_ACT_CONNECTED) {
		ep->connected = true;
		xtcp_mss_update(t, ep->conf.path_mss);
	}
	if (orders & XTCP_ACT_ERROR)
		ep->error = a->error;
	if (orders & XTCP_ACT_QUEUE_FIN)
		queue_fin(ep);
	send_ordered(ep, a);
	if (orders & XTCP_ACT_TIME_WAIT)
		enter_timewait(ep);
	else if (orders & XTCP_ACT_DEAD)
		done(ep);
	if (a->bad_event)
		wrong(ep, "an event that the table lacks");
	verify(ep, a);
	return kept;
}

/* ---- the user ----------------------------------------------------------- */

static void choose_cc(struct endpoint *ep)
{
	u32 size = xtcp_cc_mem_size(xtcp_cc_table[ep->conf.cc]);

	free(ep->cc_mem);
	ep->cc_mem = size ? calloc(1, size) : NULL;
	xtcp_cc_choose(&ep->t, ep->conf.cc, ep->cc_mem);
}

static void tcb_new(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;

	xtcp_tcb_init(t, &ep->conf.core);
	choose_cc(ep);
	memset(&ep->pace, 0, sizeof(ep->pace));
	ep->pace_waits = false;
	t->advmss = ep->conf.advmss;
	if (ep->conf.nodelay)
		t->flags |= XTCP_F_NODELAY;
	if (ep->conf.dctcp)
		t->flags |= XTCP_F_ECN_ALL | XTCP_F_ECN_EXACT;
	if (ep->conf.keepalive)
		t->flags |= XTCP_F_KEEPALIVE;
	recvq_purge(ep);
	ep->rmem = 0;
	ep->written = 0;
	ep->read = 0;
	ep->eof = false;
	ep->dead = false;
	ep->orphan = false;
	ep->connected = false;
	ep->error = 0;
	ep->rcvbuf = ep->conf.rcvbuf;
	t->window_clamp = full_space(ep);
	t->rcv_ssthresh = full_space(ep);
	xtcp_check_init(&ep->check, t);
}

static void user(struct endpoint *ep, enum xtcp_call call)
{
	struct xtcp_actions a;

	xtcp_actions_init(&a);
	xtcp_on_user(&ep->t, call, *ep->now, &a);
	apply(ep, &a, NULL);
}

/**
 * endpoint_call - shutdown(), SO_LINGER with 0, or the like
 * @ep: the endpoint, with a connection
 * @call: what
 */
void endpoint_call(struct endpoint *ep, enum xtcp_call call)
{
	user(ep, call);
}

/**
 * endpoint_close - close(): a RST when there is unread data, as in Linux
 * @ep: the endpoint
 */
void endpoint_close(struct endpoint *ep)
{
	ep->orphan = true;
	user(ep, ep->recvq ? XTCP_CALL_ABORT : XTCP_CALL_CLOSE);
	recvq_purge(ep);
}

/**
 * endpoint_listen - listen()
 * @ep: the endpoint
 */
void endpoint_listen(struct endpoint *ep)
{
	struct xtcp_actions a;

	xtcp_actions_init(&a);
	xtcp_tcb_init(&ep->listener, &ep->conf.core);
	xtcp_on_user(&ep->listener, XTCP_CALL_LISTEN, *ep->now, &a);
	count_edges(ep, &a);
	ep->has_listener = true;
}

static void req_drop(struct endpoint *ep, enum xtcp_event event)
{
	take_edge(ep, &ep->req_state, event);
	ep->has_req = false;
}

/**
 * endpoint_unlisten - close() of the listener, which resets what is in SYN_RECV
 * @ep: the endpoint
 */
void endpoint_unlisten(struct endpoint *ep)
{
	struct xtcp_actions a;

	if (!ep->has_listener)
		return;
	if (ep->has_req) {
		send_bare(ep, ep->req.iss + 1, ep->req.irs + 1, XTCP_RST | XTCP_ACK, 0);
		req_drop(ep, XTCP_EV_ABORT);
	}
	xtcp_actions_init(&a);
	xtcp_on_user(&ep->listener, XTCP_CALL_CLOSE, *ep->now, &a);
	count_edges(ep, &a);
	ep->has_listener = false;
}

static void prepare_connect(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;
	u8 wscale;

	t->iss = ep->iss;
	ep->iss += TIMEWAIT_ISN_STEP;
	t->ts_offset = ep->conf.ts_offset;
	t->rcv_mss = min_t(u16, XTCP_MSS_DEFAULT, t->advmss);
	if (ep->conf.core.sack)
		t->flags |= XTCP_F_SACK_OK;
	if (ep->conf.core.ecn == XTCP_ECN_ON || ep->conf.dctcp)
		t->flags |= XTCP_F_ECN_OK;
	if (ep->conf.core.timestamps)
		t->flags |= XTCP_F_TS_OK;
	if (ep->conf.core.window_scaling)
		t->flags |= XTCP_F_WSCALE_OK;
	xtcp_window_init(full_space(ep), max_space(ep), ep->conf.advmss,
			 ep->conf.core.window_scaling, &t->rcv_wnd, &wscale);
	t->rcv_wscale = wscale;
	t->rcv_ssthresh = t->rcv_wnd;
}

/**
 * endpoint_connect - connect()
 * @ep: the endpoint, without a connection
 */
void endpoint_connect(struct endpoint *ep)
{
	tcb_new(ep);
	prepare_connect(ep);
	user(ep, XTCP_CALL_CONNECT);
}

/**
 * endpoint_send_from_listen - sendto() with an address on a listening socket
 * @ep: the endpoint, listening, without a connection
 */
void endpoint_send_from_listen(struct endpoint *ep)
{
	tcb_new(ep);
	ep->t.state = ep->listener.state;
	ep->check.state = ep->t.state;
	ep->has_listener = false;
	prepare_connect(ep);
	user(ep, XTCP_CALL_CONNECT);
}

/**
 * endpoint_unacked - what the send buffer holds
 * @ep: the endpoint
 *
 * Return: bytes.
 */
u32 endpoint_unacked(const struct endpoint *ep)
{
	return ep->t.write_seq - ep->t.snd_una;
}

/**
 * endpoint_write - send()
 * @ep: the endpoint
 * @len: bytes
 *
 * Return: bytes that found room.
 */
u32 endpoint_write(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	u32 used = endpoint_unacked(ep), left;

	if (!XTCP_IN(t->state, XTCP_SET_CAN_SEND) || t->flags & XTCP_F_FIN_QUEUED)
		return 0;
	len = min(len, ep->conf.sndbuf > used ? ep->conf.sndbuf - used : 0);
	for (left = len; left;) {
		struct buf *b = ep->sendq_tail;
		u32 n;

		if (!b || xtcp_seg_len(&b->seg) >= ep->conf.gso_max) {
			b = buf_new(0);
			b->seg.seq = t->write_seq;
			b->seg.end_seq = t->write_seq;
			b->pos = ep->written;
			if (ep->sendq_tail)
				ep->sendq_tail->next = b;
			else
				ep->sendq = b;
			ep->sendq_tail = b;
		}
		n = min(left, ep->conf.gso_max - xtcp_seg_len(&b->seg));
		b->seg.end_seq += n;
		t->write_seq += n;
		ep->written += n;
		left -= n;
		if (!left)
			b->seg.flags |= XTCP_PSH;
	}
	if (len) {
		push(ep);
		verify(ep, NULL);
	}
	return len;
}

/**
 * endpoint_readable - what recv() would return
 * @ep: the endpoint
 *
 * Return: bytes.
 */
u32 endpoint_readable(const struct endpoint *ep)
{
	const struct xtcp_tcb *t = &ep->t;

	return ep->recvq ? t->rcv_nxt - t->copied_seq - !!(t->flags & XTCP_F_FIN_RCVD) : 0;
}

/* Copy from the head of the receive queue, skipping what was read already. */
static u32 read_head(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	struct buf *b = ep->recvq;
	u32 offset = t->copied_seq - b->seg.seq, have = xtcp_seg_len(&b->seg), n = 0;

	if (offset < have) {
		n = min(len, have - offset);
		if (!ep->conf.mute && !ep->conf.hollow &&
		    !stream_matches(b->data + offset, ep->conf.rx_stream, ep->read, n))
			wrong(ep, "the stream is not intact");
		ep->read += n;
		t->copied_seq += n;
		offset += n;
	} else if (xtcp_before(b->seg.end_seq, t->copied_seq)) {
		wrong(ep, "a buffer is in the receive queue that was read long ago");
	}
	if (offset == have) {
		if (b->seg.flags & XTCP_FIN) {
			ep->eof = true;
			t->copied_seq++;
		}
		ep->recvq = b->next;
		if (!ep->recvq)
			ep->recvq_tail = NULL;
		ep->rmem -= b->truesize;
		free(b);
	}
	return n;
}

/**
 * endpoint_read - recv()
 * @ep: the endpoint
 * @len: bytes at most
 *
 * The bytes are compared with what the peer's stream must be.
 *
 * Return: bytes that were read.
 */
u32 endpoint_read(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	struct xtcp_actions a;
	u32 copied = 0, wnd;

	while (ep->recvq && copied < len)
		copied += read_head(ep, len - copied);
	if (t->flags & XTCP_F_URG)
		xtcp_urg_read(t);
	/* a FIN without payload has no buffer */
	if (!ep->recvq && t->flags & XTCP_F_FIN_RCVD && !ep->eof) {
		ep->eof = true;
		t->copied_seq = t->rcv_nxt;
	}
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return copied;
	wnd = xtcp_window_autotune(t, *ep->now);
	if (wnd) {
		u64 space = min_t(u64, ((u64)wnd << 8) / ep->conf.ratio,
				  ep->conf.rcvbuf_max);

		if (space > ep->rcvbuf)
			rcvbuf_set(ep, space);
	}
	xtcp_actions_init(&a);
	xtcp_on_read(t, copied, free_space(ep), full_space(ep), *ep->now, &a);
	apply(ep, &a, NULL);
	return copied;
}

/**
 * endpoint_set - change a socket option
 * @ep: the endpoint
 * @set: XTCP_F_* to set
 * @clear: XTCP_F_* to clear
 *
 * Data that the option held back may leave.
 */
void endpoint_set(struct endpoint *ep, u32 set, u32 clear)
{
	ep->t.flags = (ep->t.flags & ~clear) | set;
	if ((set | clear) & XTCP_F_KEEPALIVE) {
		user(ep, XTCP_CALL_KEEPALIVE);
		return;
	}
	push(ep);
	verify(ep, NULL);
}

/**
 * endpoint_path - the path's MTU is another one
 * @ep: the endpoint
 * @path_mss: what it leaves, bytes without options
 */
void endpoint_path(struct endpoint *ep, u16 path_mss)
{
	u16 mss = ep->t.mss;

	ep->conf.path_mss = path_mss;
	if (!XTCP_IN(ep->t.state, XTCP_SET_SYNCHRONISED))
		return;
	xtcp_mss_update(&ep->t, path_mss);
	if (ep->t.mss < mss) {
		struct xtcp_actions a;

		xtcp_actions_init(&a);
		xtcp_resegment(&ep->t, *ep->now, &a);
		apply(ep, &a, NULL);
	}
}

/* ---- segments ----------------------------------------------------------- */

static void prune(struct endpoint *ep)
{
	struct xtcp_seg *seg;

	while (ep->rmem > ep->rcvbuf && (seg = xtcp_ooo_drop_last(&ep->t))) {
		ep->rmem -= seg_buf(seg)->truesize;
		free(seg_buf(seg));
	}
}

static void tcb_segment(struct endpoint *ep, struct xtcp_segment *seg, const u8 *payload)
{
	struct xtcp_actions a;
	struct buf *b = NULL;

	if (seg->len && ep->rmem > ep->rcvbuf) {
		prune(ep);
		seg->no_room = ep->rmem > ep->rcvbuf;
	}
	seg->free_space = free_space(ep);
	seg->full_space = full_space(ep);
	if (seg->len || seg->flags & XTCP_FIN) {
		b = buf_new(payload ? seg->len : 0);
		b->seg.seq = seg->seq + !!(seg->flags & XTCP_SYN);
		b->seg.end_seq = seg->end_seq;
		b->seg.flags = seg->flags;
		b->truesize = seg->len + ep->conf.overhead * max_t(u32, seg->segs, 1);
		if (payload)
			memcpy(b->data, payload, seg->len);
		seg->node = &b->seg;
	}
	xtcp_actions_init(&a);
	xtcp_on_segment(&ep->t, seg, *ep->now, &a);
	if (!apply(ep, &a, seg))
		free(b);
}

static void listen_segment(struct endpoint *ep, struct xtcp_segment *seg, u32 iss)
{
	switch (xtcp_listen_segment(seg)) {
	case XTCP_LISTEN_RST:
		send_rst_for(ep, seg);
		break;
	case XTCP_LISTEN_SYN:
		tcb_new(ep);	/* its buffer's size is the child's */
		xtcp_synrcv_init(&ep->req, seg, &ep->conf.core, iss, ep->conf.ts_offset,
				 ep->conf.advmss, full_space(ep), max_space(ep));
		xtcp_ecn_synrcv(&ep->req, seg, ep->conf.core.ecn, ep->conf.dctcp);
		if (!ep->conf.untimed)
			xtcp_synrcv_sent(&ep->req, *ep->now);
		ep->has_req = true;
		ep->req_due = *ep->now + xtcp_synrcv_timeout(&ep->req, &ep->conf.core);
		send_synack(ep);
		break;
	case XTCP_LISTEN_DROP:
		break;
	}
	ep->last_drop = seg->drop;
	ep->drops[seg->drop]++;
}

static void make_child(struct endpoint *ep, struct xtcp_segment *seg, const u8 *payload)
{
	tcb_new(ep);
	xtcp_synrcv_child(&ep->req, &ep->t, &ep->conf.core, *ep->now);
	ep->check.state = ep->t.state;
	xtcp_mss_update(&ep->t, ep->conf.path_mss);
	ep->has_req = false;
	tcb_segment(ep, seg, payload);
	if (!ep->connected)
		wrong(ep, "a child did not get established");
}

static void req_segment(struct endpoint *ep, struct xtcp_segment *seg, const u8 *payload)
{
	enum xtcp_synrcv_verdict v = xtcp_synrcv_segment(&ep->req, seg);

	ep->last_drop = seg->drop;
	ep->drops[seg->drop]++;
	switch (v) {
	case XTCP_SYNRCV_DROP:
		break;
	case XTCP_SYNRCV_SYNACK:
		send_synack(ep);
		break;
	case XTCP_SYNRCV_ACK:
	case XTCP_SYNRCV_CHALLENGE:
		send_bare(ep, ep->req.iss + 1, ep->req.irs + 1, XTCP_ACK,
			  ep->req.rcv_wnd >> ep->req.rcv_wscale);
		break;
	case XTCP_SYNRCV_RST:
		send_rst_for(ep, seg);
		break;
	case XTCP_SYNRCV_RESET:
		req_drop(ep, XTCP_EV_RCV_RST_PASSIVE);
		break;
	case XTCP_SYNRCV_ESTABLISH:
		make_child(ep, seg, payload);
		break;
	}
}

static void tw_ack(struct endpoint *ep)
{
	struct header h = {
		.seq	= ep->tw.snd_nxt,
		.ack	= ep->tw.rcv_nxt,
		.flags	= XTCP_ACK,
		.window	= ep->tw.rcv_wnd,
	};

	if (ep->tw.ts_ok) {
		xtcp_options_build_ts(h.opt, (u32)(*ep->now / XTCP_USEC_PER_MSEC) +
				      ep->tw.ts_offset, ep->tw.ts_recent);
		h.optlen = XTCP_OPT_TS_ALIGNED;
	}
	emit(ep, &h, 0, 0);
}

static void tw_end(struct endpoint *ep, enum xtcp_event event)
{
	take_edge(ep, &ep->tw_state, event);
	ep->has_tw = false;
}

static void tw_segment(struct endpoint *ep, struct xtcp_segment *seg)
{
	enum xtcp_timewait_verdict v = xtcp_timewait_segment(&ep->tw, seg,
							     &ep->conf.core, *ep->now);

	ep->last_drop = seg->drop;
	ep->drops[seg->drop]++;
	switch (v) {
	case XTCP_TW_DROP:
		break;
	case XTCP_TW_ACK:
		tw_ack(ep);
		break;
	case XTCP_TW_ACK_RESTART:
		take_edge(ep, &ep->tw_state, XTCP_EV_RCV_FIN);
		ep->tw_due = *ep->now + ep->conf.core.timewait_us;
		tw_ack(ep);
		break;
	case XTCP_TW_RESET:
		tw_end(ep, XTCP_EV_RCV_RST);
		break;
	case XTCP_TW_NEW_SYN:
		if (!ep->has_listener) {
			/* nobody would take it: as any other segment */
			tw_ack(ep);
			break;
		}
		ep->has_tw = false;
		take_edge(ep, &ep->tw_state, XTCP_EV_RCV_SYN);
		ep->req_state = ep->tw_state;
		listen_segment(ep, seg, ep->tw.snd_nxt + TIMEWAIT_ISN_STEP);
		break;
	}
}

/**
 * endpoint_receive - a packet arrives
 * @ep: the endpoint
 * @p: the packet; stays the caller's
 */
void endpoint_receive(struct endpoint *ep, const struct packet *p)
{
	struct xtcp_segment seg;
	enum xtcp_drop drop = packet_parse(p, &seg);
	/* where the header says that it begins, not where it did */
	const u8 *payload = p->hollow ? NULL : p->bytes + p->len - seg.len;

	ep->rx_segs += p->segs;
	if (drop) {
		ep->last_drop = drop;
		ep->drops[drop]++;
		return;
	}
	if (ep->t.state != XTCP_CLOSE) {
		tcb_segment(ep, &seg, payload);
	} else if (ep->has_tw) {
		tw_segment(ep, &seg);
	} else if (ep->has_req) {
		req_segment(ep, &seg, payload);
	} else if (ep->has_listener) {
		ep->req_state = ep->listener.state;
		listen_segment(ep, &seg, ep->iss);
		if (ep->has_req) {
			ep->iss += TIMEWAIT_ISN_STEP;
			take_edge(ep, &ep->req_state, XTCP_EV_RCV_SYN);
		}
	} else {
		send_rst_for(ep, &seg);
	}
}

/**
 * endpoint_abort_timewait - SOCK_DESTROY of a TIME_WAIT entry, the namespace goes
 * @ep: the endpoint
 */
void endpoint_abort_timewait(struct endpoint *ep)
{
	if (ep->has_tw)
		tw_end(ep, XTCP_EV_ABORT);
}

/* ---- time --------------------------------------------------------------- */

static xtcp_usec_t earlier(xtcp_usec_t a, xtcp_usec_t b)
{
	return !a || (b && b < a) ? b : a;
}

/**
 * endpoint_due - when endpoint_timer() has to be called
 * @ep: the endpoint
 *
 * Return: the time, 0: no timer runs.
 */
xtcp_usec_t endpoint_due(const struct endpoint *ep)
{
	xtcp_usec_t due = xtcp_timer_next(&ep->t);

	if (ep->pace_waits)
		due = earlier(due, DIV_ROUND_UP(ep->pace.next_ns, 1000));
	if (ep->has_req)
		due = earlier(due, ep->req_due);
	if (ep->has_tw)
		due = earlier(due, ep->tw_due);
	return due;
}

static void req_timer(struct endpoint *ep)
{
	const struct xtcp_synrcv_queue q = {
		.len = 1, .young = 1, .backlog = 1,
		.retries = ep->conf.core.synack_retries,
	};

	switch (xtcp_synrcv_timer(&ep->req, &q)) {
	case XTCP_SYNRCV_EXPIRE:
		req_drop(ep, XTCP_EV_TIMEOUT);
		return;
	case XTCP_SYNRCV_RESEND:
		send_synack(ep);
		break;
	case XTCP_SYNRCV_WAIT:
		break;
	}
	ep->req_due = *ep->now + xtcp_synrcv_timeout(&ep->req, &ep->conf.core);
}

/**
 * endpoint_timer - time has passed
 * @ep: the endpoint
 */
void endpoint_timer(struct endpoint *ep)
{
	xtcp_usec_t due = xtcp_timer_next(&ep->t), now = *ep->now;
	struct xtcp_actions a;

	if (due && due <= now) {
		xtcp_actions_init(&a);
		xtcp_on_timer(&ep->t, now, &a);
		apply(ep, &a, NULL);
		due = xtcp_timer_next(&ep->t);
		if (due && due <= now)
			wrong(ep, "a timer that was due is still due");
	}
	if (ep->pace_waits && xtcp_pace_allows(&ep->pace, now * 1000)) {
		ep->pace_waits = false;
		xtcp_actions_init(&a);
		a.orders = XTCP_ACT_RETRANSMIT | XTCP_ACT_OUTPUT;
		apply(ep, &a, NULL);
	}
	if (ep->has_req && ep->req_due <= now)
		req_timer(ep);
	if (ep->has_tw && ep->tw_due <= now)
		tw_end(ep, XTCP_EV_TIMEOUT_2MSL);
}

/* ---- life --------------------------------------------------------------- */

/**
 * endpoint_conf_init - Linux's defaults, over Ethernet
 * @conf: out
 */
void endpoint_conf_init(struct endpoint_conf *conf)
{
	*conf = (struct endpoint_conf) {
		.path_mss	= 1460,
		.advmss		= 1460,
		.gso_max	= 44 * 1448,
		.sndbuf		= 256 << 10,
		.rcvbuf		= 128 << 10,
		.rcvbuf_max	= 6 << 20,
		.overhead	= 300,
		.ratio		= 128,
		.challenges	= 1000,
		.tx_stream	= 1,
		.rx_stream	= 2,
	};
	xtcp_conf_init(&conf->core);
}

/**
 * endpoint_init - an endpoint without a connection
 * @ep: out
 * @conf: what it is like
 * @now: the clock
 * @xmit: where packets go
 * @arg: for @xmit
 */
void endpoint_init(struct endpoint *ep, const struct endpoint_conf *conf,
		   const xtcp_usec_t *now,
		   void (*xmit)(struct endpoint *ep, struct packet *p), void *arg)
{
	memset(ep, 0, sizeof(*ep));
	ep->conf = *conf;
	ep->now = now;
	ep->iss = conf->iss;
	ep->challenges = conf->challenges;
	ep->xmit = xmit;
	ep->arg = arg;
	tcb_new(ep);
}

/**
 * endpoint_free - give its memory back
 * @ep: the endpoint, in any state
 */
void endpoint_free(struct endpoint *ep)
{
	wmem_purge(ep);
	ooo_purge(ep);
	recvq_purge(ep);
	free(ep->cc_mem);
	ep->cc_mem = NULL;
}

/**
 * endpoint_state - what /proc would show
 * @ep: the endpoint
 *
 * Return: enum xtcp_state of the connection, or of the entry that stands for it.
 */
u8 endpoint_state(const struct endpoint *ep)
{
	if (ep->t.state != XTCP_CLOSE)
		return ep->t.state;
	if (ep->has_tw)
		return ep->tw_state;
	if (ep->has_req)
		return ep->req_state;
	return ep->has_listener ? ep->listener.state : XTCP_CLOSE;
}
