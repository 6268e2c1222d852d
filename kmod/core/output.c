// SPDX-License-Identifier: GPL-2.0
/*
 * What to send: the peer's window, the congestion window, Nagle (RFC 9293
 * 3.7.4) and the sender's side of silly-window avoidance (3.8.6.2.1).
 */
#include "internal.h"
#include "output.h"
#include "urgent.h"
#include "rate.h"

/* A burst is held back until it is at least this part of the window. */
#define DEFER_WINDOW_PART	3
/* ... but not when nothing was sent for so long. */
#define DEFER_PAUSE_US		1000

/*
 * 3.7.4, with Minshall's change as in Linux: a segment that is not full waits
 * only while another such is unacknowledged.
 */
static bool nagle_holds(const struct xtcp_tcb *t)
{
	/* Linux: urgent data does not wait */
	if (t->flags & XTCP_F_URG_OUT && xtcp_urg_out(t))
		return false;
	if (t->flags & XTCP_F_CORK)
		return true;
	return !(t->flags & XTCP_F_NODELAY) && t->packets_out &&
	       xtcp_after(t->snd_sml, t->snd_una) &&
	       !xtcp_after(t->snd_sml, t->snd_nxt);
}

/*
 * The windows allow a small burst now and a larger one with the next ACK: wait
 * for it, so that GSO has something to merge.  Only while ACKs are certain, and,
 * as in Linux, come soon: on a slow path, or with a small window, what waits is
 * not sent in time, and cwnd is never in use.
 */
static bool defer(const struct xtcp_tcb *t, u32 now_bytes, u32 want_bytes,
		  u32 gso_max, xtcp_usec_t now)
{
	u32 cwnd_bytes = t->cwnd * t->mss;
	u32 chunk = min_t(u32, min(t->snd_wnd, cwnd_bytes) / DEFER_WINDOW_PART,
			  gso_max - gso_max % t->mss);
	u32 stamp = xtcp_stamp(now);
	struct rb_node *head;

	if (t->packets_out <= 2 || now_bytes >= min(want_bytes, chunk) ||
	    xtcp_in_recovery(t) || stamp - t->lsndtime > DEFER_PAUSE_US)
		return false;
	/* the ACK of the oldest segment is due, not half an RTT away */
	head = rb_first(&t->rtx);
	return head && stamp - xtcp_rb_seg(head)->xmit_us >= t->srtt_us >> 4;
}

/**
 * xtcp_output_allow - may the head of the send queue leave?
 * @t: the connection
 * @seg: the head's record
 * @last: nothing is queued behind it
 * @gso_max: most payload that the host can send in one piece, bytes
 * @now: the time
 * @bytes: out: how much of its payload; all or a multiple of the MSS, but for
 *	   the persist timer's probe
 *
 * Return: whether to send.
 */
bool xtcp_output_allow(struct xtcp_tcb *t, const struct xtcp_seg *seg, bool last,
		       u32 gso_max, xtcp_usec_t now, u32 *bytes)
{
	u32 len = xtcp_seg_len(seg), in_flight = xtcp_in_flight(t);
	u32 end = t->snd_una + t->snd_wnd, mss = xtcp_mss_now(t), max, room;
	bool fin = seg->flags & XTCP_FIN;

	if (!t->packets_out)
		xtcp_cong_idle(t, now);
	if (t->flags & XTCP_F_FORCE && !t->packets_out) {
		/* persist timer: whatever fits (3.8.6.1) */
		if (!xtcp_before(seg->seq, end))
			return false;
		*bytes = min3(len, end - seg->seq, mss);
		return true;
	}
	if (in_flight >= t->cwnd) {
		xtcp_cong_limited(t);
		return false;
	}
	if (len <= mss) {
		*bytes = len;
		if (xtcp_after(seg->end_seq, end))
			return false;
		return len == mss || fin || !last || !nagle_holds(t);
	}
	if (!xtcp_before(seg->seq, end))
		return false;
	room = (t->cwnd - in_flight) * mss;
	max = min3(end - seg->seq, room, gso_max);
	if (max >= len) {
		/* the tail that does not fill a segment obeys Nagle by itself */
		if (last && !fin && len % mss && nagle_holds(t))
			len -= len % mss;
		*bytes = len;
		return true;
	}
	max -= max % mss;
	*bytes = max;
	if (max && !defer(t, max, len, gso_max, now))
		return true;
	if (room <= end - seg->seq)
		xtcp_cong_limited(t);
	return false;
}

static u32 packets(u32 len, u32 mss)
{
	return len <= mss ? 1 : DIV_ROUND_UP(len, mss);
}

/* Sequence numbers only grow: a new record goes to the right end of the tree. */
static void rtx_append(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	struct rb_node *last = rb_last(&t->rtx);

	rb_link_node(xtcp_seg_rb(seg), last, last ? &last->rb_right : &t->rtx.rb_node);
	rb_insert_color(xtcp_seg_rb(seg), &t->rtx);
}

/**
 * xtcp_output_sent - the head of the send queue has left
 * @t: the connection
 * @seg: its record, off the host's queue: it goes to the retransmission queue
 * @now: the time
 */
void xtcp_output_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now)
{
	u32 len = xtcp_seg_len(seg), stamp = xtcp_stamp(now);

	seg->mss = xtcp_mss_now(t);
	seg->mark = 0;
	seg->segs = packets(len, seg->mss);
	seg->xmit_us = stamp;
	xtcp_rate_sent(t, seg, now);
	rtx_append(t, seg);
	t->snd_nxt = seg->end_seq;
	xtcp_dsack_sent(t);
	if (len && len < seg->segs * seg->mss)
		t->snd_sml = seg->end_seq;
	if (!t->packets_out && !(t->flags & XTCP_F_SYN_OUT)) {
		if (t->flags & (XTCP_F_PROBE | XTCP_F_FORCE))
			t->backoff = 0;		/* that of the probes */
		t->flags &= ~(XTCP_F_PROBE | XTCP_F_FORCE);
		t->retrans_stamp = 0;
		xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_backed_off(t));
	}
	t->packets_out += seg->segs;
	t->segs_out += seg->segs;
	xtcp_cong_used(t);
	t->lsndtime = stamp;
	/* we answer within the delay of an ACK: let ACKs ride on answers */
	if (stamp - t->lrcvtime < t->ato_us)
		t->pingpong = 1;
}

/**
 * xtcp_output_done - the host has sent what it could
 * @t: the connection
 * @pending: its send queue is not empty
 * @now: the time
 *
 * Data that waits with nothing in flight, for a window or for Nagle, has no
 * ACK to set it free: the persist timer does (RFC 9293 3.8.6.1, MUST-36).
 */
void xtcp_output_done(struct xtcp_tcb *t, bool pending, xtcp_usec_t now)
{
	t->flags &= ~XTCP_F_FORCE;
	if (t->packets_out || t->flags & XTCP_F_SYN_OUT ||
	    !XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	if (!pending) {
		if (t->flags & XTCP_F_PROBE) {
			t->flags &= ~XTCP_F_PROBE;
			t->backoff = 0;
			t->retrans_stamp = 0;
			xtcp_timer_stop(t, XTCP_TIMER_REXMIT);
		}
		return;
	}
	if (t->flags & XTCP_F_PROBE && t->deadline[XTCP_TIMER_REXMIT])
		return;
	t->flags |= XTCP_F_PROBE;
	t->backoff = 0;
	t->retrans_stamp = 0;
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT,
		       now + max(t->rto_us, t->conf->rto_min_us));
}

/**
 * xtcp_retransmit_next - what to send again
 * @t: the connection
 * @bytes: out: how much of it, from SND.UNA or its start, at most
 *
 * The host sends it, split with xtcp_seg_split() where it is longer, reports
 * with xtcp_retransmit_sent() and asks again.
 *
 * Return: the segment, NULL: nothing, or not now.
 */
struct xtcp_seg *xtcp_retransmit_next(struct xtcp_tcb *t, u32 *bytes)
{
	struct xtcp_seg *seg = t->rtx_next;
	struct rb_node *rb;
	u32 in_flight;

	if (t->flags & XTCP_F_HEAD_LOST) {
		/* RFC 5681 3.2 step 3: whatever cwnd says */
		rb = rb_first(&t->rtx);
		*bytes = xtcp_mss_now(t);
		return rb ? xtcp_rb_seg(rb) : NULL;
	}
	while (seg && (seg->mark & (XTCP_SEG_LOST | XTCP_SEG_RETRANS)) != XTCP_SEG_LOST) {
		rb = rb_next(xtcp_seg_rb(seg));
		seg = rb ? xtcp_rb_seg(rb) : NULL;
	}
	t->rtx_next = seg;
	in_flight = xtcp_in_flight(t);
	if (!seg || in_flight >= t->cwnd)
		return NULL;
	/* a peer that shrank its window gets the first segment as a probe */
	if (!xtcp_before(seg->seq, t->snd_una + t->snd_wnd) &&
	    xtcp_after(seg->seq, t->snd_una))
		return NULL;
	*bytes = (t->cwnd - in_flight) * xtcp_mss_now(t);
	return seg;
}

/* Packets of a sent segment that SND.UNA has not passed. */
static u32 outstanding(const struct xtcp_tcb *t, const struct xtcp_seg *seg)
{
	u32 from = xtcp_after(t->snd_una, seg->seq) ? t->snd_una : seg->seq;

	if (!xtcp_after(seg->end_seq, from))
		return 0;
	return packets(seg->end_seq - from - !!(seg->flags & XTCP_FIN), seg->mss);
}

static void recount(struct xtcp_tcb *t, struct xtcp_seg *seg, u32 segs)
{
	u32 diff = segs - seg->segs;	/* modulo 2^32 */

	t->packets_out += diff;
	if (seg->mark & XTCP_SEG_SACKED)
		t->sacked_out += diff;
	if (seg->mark & XTCP_SEG_LOST)
		t->lost_out += diff;
	if (seg->mark & XTCP_SEG_RETRANS)
		t->retrans_out += diff;
	seg->segs = segs;
}

/**
 * xtcp_retransmit_sent - a segment was sent again
 * @t: the connection
 * @seg: its record
 * @now: the time
 */
void xtcp_retransmit_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now)
{
	bool head = rb_first(&t->rtx) == xtcp_seg_rb(seg);
	u32 mss = xtcp_mss_now(t);

	t->flags &= ~XTCP_F_HEAD_LOST;
	xtcp_dsack_sent(t);
	if (seg->mss != mss) {
		/* the path's MTU changed since, or SACK needs room: it is cut anew */
		seg->mss = mss;
		recount(t, seg, outstanding(t, seg));
	}
	if (!(seg->mark & XTCP_SEG_LOST))
		t->lost_out += seg->segs;
	if (!(seg->mark & XTCP_SEG_RETRANS))
		t->retrans_out += seg->segs;
	seg->mark |= XTCP_SEG_LOST | XTCP_SEG_RETRANS | XTCP_SEG_EVER_RETRANS;
	/* NewReno guesses how many left the network: never more than are out */
	t->sacked_out = min(t->sacked_out, t->packets_out - t->lost_out);
	seg->xmit_us = xtcp_stamp(now);
	xtcp_rate_sent(t, seg, now);
	if (!t->retrans_stamp)
		t->retrans_stamp = xtcp_coarse_stamp(now);
	t->total_retrans += seg->segs;
	t->segs_out += seg->segs;
	if (head)
		xtcp_rexmit_rearm(t, now);
}

/**
 * xtcp_seg_split - the host has cut a segment in two
 * @t: the connection
 * @seg: the record, which keeps the first @len bytes
 * @rest: a record for the rest
 * @len: payload bytes that stay, more than none and less than all
 * @sent: it is on the retransmission queue, where @rest then follows it
 */
void xtcp_seg_split(struct xtcp_tcb *t, struct xtcp_seg *seg,
		    struct xtcp_seg *rest, u32 len, bool sent)
{
	struct rb_node *parent, **link;

	*rest = *seg;
	rest->seq = seg->seq + len;
	seg->end_seq = rest->seq;
	seg->flags &= ~(XTCP_FIN | XTCP_PSH);
	if (!sent)
		return;
	rest->segs = 0;
	recount(t, rest, outstanding(t, rest));
	recount(t, seg, outstanding(t, seg));

	/* in order: the rest is the successor */
	parent = xtcp_seg_rb(seg);
	link = &parent->rb_right;
	while (*link) {
		parent = *link;
		link = &parent->rb_left;
	}
	rb_link_node(xtcp_seg_rb(rest), parent, link);
	rb_insert_color(xtcp_seg_rb(rest), &t->rtx);
}

/**
 * xtcp_resegment - the path takes less than some segments in flight were cut for
 * @t: the connection; its mss is the new one
 * @a: out
 *
 * They were dropped on the way, which says nothing about congestion: they are
 * sent again, and cwnd stays (RFC 1191 6.5).
 */
void xtcp_resegment(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	struct rb_node *rb;
	bool any = false;

	for (rb = rb_first(&t->rtx); rb; rb = rb_next(rb)) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (seg->mss <= t->mss || seg->end_seq - seg->seq <= t->mss)
			continue;
		if (!(seg->mark & XTCP_SEG_LOST))
			t->lost_out += seg->segs;
		if (seg->mark & XTCP_SEG_RETRANS)
			t->retrans_out -= seg->segs;
		seg->mark |= XTCP_SEG_LOST;
		seg->mark &= ~XTCP_SEG_RETRANS;
		any = true;
	}
	if (!any)
		return;
	t->sacked_out = min(t->sacked_out, t->packets_out - t->lost_out);
	t->rtx_next = xtcp_rb_seg(rb_first(&t->rtx));
	t->recover = t->snd_nxt;
	if (!xtcp_in_recovery(t))
		xtcp_cong_set_state(t, XTCP_CA_LOSS);
	a->orders |= XTCP_ACT_RETRANSMIT;
}

/**
 * xtcp_rtx_drop - take a segment that is acknowledged whole off the queue
 * @t: the connection
 * @seg: its record, on the retransmission queue, with no packet outstanding
 */
void xtcp_rtx_drop(struct xtcp_tcb *t, struct xtcp_seg *seg)
{
	struct rb_node *next = rb_next(xtcp_seg_rb(seg));

	if (t->rtx_next == seg)
		t->rtx_next = next ? xtcp_rb_seg(next) : NULL;
	rb_erase(xtcp_seg_rb(seg), &t->rtx);
}

/**
 * xtcp_mss_update - compute the payload of a full segment
 * @t: the connection
 * @path_mss: what the path's MTU leaves behind IP and TCP headers, no options
 *
 * RFC 9293 3.7.1: min of what the peer accepts and the path takes, less the
 * options that every segment carries; and no more than half the largest
 * window the peer ever offered (3.8.6.2.1), or it could never be filled.
 */
void xtcp_mss_update(struct xtcp_tcb *t, u32 path_mss)
{
	u32 mss = min_t(u32, t->mss_clamp, path_mss);
	u32 half = t->max_window > XTCP_MSS_DEFAULT ? t->max_window / 2
						    : t->max_window;

	t->path_mss = min_t(u32, path_mss, U16_MAX);
	if (t->flags & XTCP_F_TS_OK)
		mss -= min_t(u32, mss, XTCP_OPT_TS_ALIGNED);
	if (half && mss > half)
		mss = half;
	t->mss = max_t(u32, mss, XTCP_MSS_MIN - XTCP_OPT_MAX);
}
