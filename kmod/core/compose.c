// SPDX-License-Identifier: GPL-2.0
/* What a segment of ours looks like: compose.h. */
#include "compose.h"
#include "ecn.h"
#include "output.h"
#include "urgent.h"
#include "window.h"

static void add_ts(struct xtcp_header *h, u32 tsval, u32 tsecr)
{
	xtcp_options_build_ts(h->opt, tsval, tsecr);
	h->optlen = XTCP_OPT_TS_ALIGNED;
}

static void add_urgent(struct xtcp_header *h, struct xtcp_tcb *t)
{
	h->urg = xtcp_urg_pointer(t, h->seq);
	if (h->urg)
		h->flags |= XTCP_URG;
}

/*
 * All but SYNs and RSTs.  @fresh: text that was not sent before is in it.  Inline, for
 * nearly every segment comes here.
 */
static __always_inline void compose(struct xtcp_header *h, struct xtcp_tcb *t, u32 seq,
				    u8 flags, bool fresh, struct xtcp_room room,
				    xtcp_usec_t now)
{
	h->seq = seq;
	h->ack = t->rcv_nxt;
	h->flags = flags | XTCP_ACK | xtcp_ecn_flags(t, fresh);
	h->ecn = xtcp_ecn_ip(t, fresh);
	h->urg = 0;
	if (unlikely(t->flags & XTCP_F_URG_OUT))
		add_urgent(h, t);
	h->window = xtcp_window_select(t, room.free, room.full);
	h->optlen = 0;
	if (t->flags & XTCP_F_TS_OK)
		add_ts(h, xtcp_tsval(t, now), t->ts_recent);
	if (unlikely(xtcp_sack_due(t)))
		h->optlen += xtcp_sack_build(t, h->opt + h->optlen);
	h->held = xtcp_ack_sent(t);
}

/**
 * xtcp_compose_queued - a buffer of the send queue, or one that is sent again
 * @h: out
 * @t: the connection
 * @seg: its record
 * @mss: size of the segments that it is cut into below, bytes
 * @room: of the receive buffer
 * @now: the time
 *
 * Where @seg is more than one segment, FIN and PSH belong to the last and CWR to the
 * first of them.
 */
void xtcp_compose_queued(struct xtcp_header *h, struct xtcp_tcb *t, struct xtcp_seg *seg,
			 u32 mss, struct xtcp_room room, xtcp_usec_t now)
{
	u32 len = xtcp_seg_len(seg);
	u8 flags;

	/* a probe asks for an answer */
	if (unlikely(t->flags & XTCP_F_FORCE))
		seg->flags |= XTCP_PSH;
	flags = seg->flags & (XTCP_FIN | XTCP_PSH);
	/* as Linux: GRO at the other end need not wait for more */
	if (len > mss)
		flags |= XTCP_PSH;
	compose(h, t, seg->seq, flags, len && !xtcp_before(seg->seq, t->snd_nxt), room, now);
}

/**
 * xtcp_compose_ack - a segment without text
 * @h: out
 * @t: the connection
 * @seq: SND.NXT; less, and not in the peer's window, asks it for an answer
 * @room: of the receive buffer
 * @now: the time
 */
void xtcp_compose_ack(struct xtcp_header *h, struct xtcp_tcb *t, u32 seq,
		      struct xtcp_room room, xtcp_usec_t now)
{
	compose(h, t, seq, 0, false, room, now);
	xtcp_dsack_sent(t);
	t->ack_gone = 1;
	t->info.segs_out++;
}

/**
 * xtcp_compose_ack_before - an ACK that was held back and is out of date now
 * @h: out
 * @t: the connection
 * @ack: what it acknowledges; the ECN echo is what it was then (RFC 8257 3.2)
 * @room: of the receive buffer
 * @now: the time
 */
void xtcp_compose_ack_before(struct xtcp_header *h, struct xtcp_tcb *t, u32 ack,
			     struct xtcp_room room, xtcp_usec_t now)
{
	u32 dsack = t->flags & XTCP_F_DSACK;

	/* RFC 2883 4: what came twice is told once, by the ACK of what it came with */
	t->flags &= ~XTCP_F_DSACK;
	compose(h, t, t->snd_nxt, 0, false, room, now);
	t->flags |= dsack;
	h->ack = ack;
	/* the right edge is where it is (RFC 9293 3.8.6: SHLD-14) */
	h->window = min_t(u32, (t->rcv_wnd + t->rcv_nxt - ack) >> t->rcv_wscale, U16_MAX);
	h->flags ^= XTCP_ECE;
	t->info.segs_out++;
}

/* What SYNs say whose flags, scale and MSS are agreed on or offered. */
static void add_syn_options(struct xtcp_header *h, struct xtcp_options *opt, u32 flags,
			    unsigned int room, const struct xtcp_tfo_cookie *tfo)
{
	if (flags & XTCP_F_SACK_OK)
		opt->has |= XTCP_OPT_SACK_PERM;
	if (flags & XTCP_F_TS_OK)
		opt->has |= XTCP_OPT_TS;
	if (flags & XTCP_F_WSCALE_OK)
		opt->has |= XTCP_OPT_WSCALE;
	h->optlen = xtcp_options_build_syn(h->opt, opt);
	if (tfo)
		h->optlen = xtcp_options_add_tfo(h->opt, h->optlen, room, tfo);
}

/**
 * xtcp_compose_syn - a SYN; a SYN,ACK where the peer's SYN has come
 * @h: out
 * @t: the connection
 * @len: text that goes with it, bytes (RFC 7413)
 * @tfo: Fast Open option, NULL: none
 * @now: the time
 */
void xtcp_compose_syn(struct xtcp_header *h, struct xtcp_tcb *t, u32 len,
		      const struct xtcp_tfo_cookie *tfo, xtcp_usec_t now)
{
	/* a CLOSE in SYN_RECV leads to FIN_WAIT_1, and the SYN,ACK is still due */
	bool syn_ack = t->state != XTCP_SYN_SENT;
	struct xtcp_options opt = {
		.mss	= t->advmss,
		.wscale	= t->rcv_wscale,
		.tsval	= xtcp_tsval(t, now),
		.tsecr	= syn_ack ? t->ts_recent : 0,
	};

	h->seq = t->iss;
	h->ack = syn_ack ? t->rcv_nxt : 0;
	h->flags = (syn_ack ? XTCP_SYN | XTCP_ACK : XTCP_SYN) | xtcp_ecn_syn(t);
	h->ecn = xtcp_ecn_ip(t, false);
	h->window = min_t(u32, t->rcv_wnd, XTCP_WND_MAX_UNSCALED);
	h->urg = 0;
	add_syn_options(h, &opt, t->flags, XTCP_OPT_MAX - xtcp_host_option_len(t), tfo);
	h->held = syn_ack ? xtcp_ack_sent(t) : 0;
	t->ack_gone |= syn_ack;
	t->info.data_segs_out += !!len;
	t->info.segs_out++;
}

/**
 * xtcp_compose_rst - the RST that the core ordered (XTCP_ACT_SEND_RST)
 * @h: out
 * @t: the connection
 * @a: the order
 * @room: of the receive buffer
 * @now: the time
 *
 * As in Linux: one of our own has a window, an answer has none.
 */
void xtcp_compose_rst(struct xtcp_header *h, struct xtcp_tcb *t,
		      const struct xtcp_actions *a, struct xtcp_room room,
		      xtcp_usec_t now)
{
	*h = (struct xtcp_header) {
		.seq	= a->rst_seq,
		.flags	= XTCP_RST | a->rst_flags,
	};
	t->info.segs_out++;
	if (!(a->rst_flags & XTCP_ACK))
		return;
	h->ack = a->rst_ack;
	if (t->flags & XTCP_F_TS_OK)
		add_ts(h, xtcp_tsval(t, now), t->ts_recent);
	if (a->rst_seq == t->snd_nxt)
		h->window = xtcp_window_select(t, room.free, room.full);
	h->held = xtcp_ack_sent(t);
}

/**
 * xtcp_compose_synack - a listener's SYN,ACK
 * @h: out
 * @r: what the SYN made
 * @ecn: XTCP_IP_*, see xtcp_ecn_synack_ip()
 * @clock: what TSval is made from, milliseconds
 * @tfo: Fast Open cookie to hand out, NULL: none
 */
void xtcp_compose_synack(struct xtcp_header *h, const struct xtcp_synrcv *r, u8 ecn,
			 u32 clock, const struct xtcp_tfo_cookie *tfo)
{
	struct xtcp_options opt = {
		.mss	= r->advmss,
		.wscale	= r->rcv_wscale,
		.tsval	= clock + r->ts_offset,
		.tsecr	= r->ts_recent,
	};

	h->seq = r->iss;
	h->ack = r->irs + 1;
	h->flags = XTCP_SYN | XTCP_ACK | (r->flags & XTCP_F_ECN_OK ? XTCP_ECE : 0);
	h->ecn = ecn;
	h->window = min_t(u32, r->rcv_wnd, XTCP_WND_MAX_UNSCALED);
	h->urg = 0;
	h->held = 0;
	add_syn_options(h, &opt, r->flags, XTCP_OPT_MAX, tfo);
}

/**
 * xtcp_compose_synrcv_ack - an ACK before there is a TCB
 * @h: out
 * @r: the entry
 * @clock: what TSval is made from, milliseconds
 */
void xtcp_compose_synrcv_ack(struct xtcp_header *h, const struct xtcp_synrcv *r,
			     u32 clock)
{
	*h = (struct xtcp_header) {
		.seq	= r->iss + 1,
		.ack	= r->irs + 1,
		.window	= min_t(u32, r->rcv_wnd >> r->rcv_wscale, U16_MAX),
		.flags	= XTCP_ACK,
	};
	if (r->flags & XTCP_F_TS_OK)
		add_ts(h, clock + r->ts_offset, r->ts_recent);
}

/**
 * xtcp_compose_synrcv_rst - there will be no connection
 * @h: out
 * @r: the entry
 */
void xtcp_compose_synrcv_rst(struct xtcp_header *h, const struct xtcp_synrcv *r)
{
	*h = (struct xtcp_header) {
		.seq	= r->iss + 1,
		.ack	= r->irs + 1,
		.flags	= XTCP_RST | XTCP_ACK,
	};
}

/**
 * xtcp_compose_timewait_ack - where a connection in TIME_WAIT stands
 * @h: out
 * @w: the entry
 * @clock: what TSval is made from, milliseconds
 */
void xtcp_compose_timewait_ack(struct xtcp_header *h, const struct xtcp_timewait *w,
			       u32 clock)
{
	*h = (struct xtcp_header) {
		.seq	= w->snd_nxt,
		.ack	= w->rcv_nxt,
		.window	= w->rcv_wnd,
		.flags	= XTCP_ACK,
	};
	if (w->ts_ok)
		add_ts(h, clock + w->ts_offset, w->ts_recent);
}

/**
 * xtcp_compose_refusal - the RST that answers a segment without a connection
 * @h: out
 * @seg: the segment
 *
 * RFC 9293 3.10.7.1.
 *
 * Return: false when there is no answer, as @seg is a RST itself.
 */
bool xtcp_compose_refusal(struct xtcp_header *h, const struct xtcp_segment *seg)
{
	if (seg->flags & XTCP_RST)
		return false;
	*h = (struct xtcp_header) { .flags = XTCP_RST };
	if (seg->flags & XTCP_ACK) {
		h->seq = seg->ack;
	} else {
		h->ack = seg->end_seq;
		h->flags |= XTCP_ACK;
	}
	return true;
}
