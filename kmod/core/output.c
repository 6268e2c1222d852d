// SPDX-License-Identifier: GPL-2.0
/*
 * What to send: the peer's window, the congestion window, Nagle (RFC 9293
 * 3.7.4) and the sender's side of silly-window avoidance (3.8.6.2.1).
 */
#include "internal.h"
#include "chrono.h"
#include "mtup.h"
#include "output.h"
#include "urgent.h"
#include "rate.h"
#include "scoreboard.h"

/* Without tso_win_divisor a burst is held back until it has more segments than this. */
#define DEFER_SEGS	3U
/* ... but not when nothing was sent for so long, or the next ACK is further away. */
#define DEFER_PAUSE_US		1000

/**
 * xtcp_nagle_holds - does what does not fill a segment wait?
 * @t: the connection
 *
 * 3.7.4, with Minshall's change as in Linux: a segment that is not full waits
 * only while another such is unacknowledged.
 *
 * Return: whether it does, or TCP_CORK holds it.
 */
bool xtcp_nagle_holds(const struct xtcp_tcb *t)
{
	/* Linux: urgent data does not wait */
	if (t->flags & XTCP_F_URG_OUT && xtcp_urg_out(t))
		return false;
	if (t->rec & XTCP_R_FRTO_NEW)
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
static bool defer(const struct xtcp_tcb *t, u32 now_bytes, u32 want_bytes, u32 mss,
		  u32 gso_max, xtcp_usec_t now)
{
	u32 cwnd_bytes = t->cwnd * mss, divisor = t->conf->tso_win_divisor;
	u32 part = divisor ? min(t->snd_wnd, cwnd_bytes) / divisor
			   : DEFER_SEGS * mss + 1;
	u32 chunk = min(part, gso_max - gso_max % mss);
	s32 rtt = t->srtt_us >> 3;
	u32 stamp = xtcp_stamp(now);
	struct rb_node *head;

	if (t->packets_out <= 2 || now_bytes >= min(want_bytes, chunk) ||
	    xtcp_in_recovery(t) || stamp - t->lsndtime > DEFER_PAUSE_US)
		return false;
	/* the ACK of the oldest segment is due, not half an RTT or a millisecond away */
	head = rb_first(&t->rtx);
	return head && (s32)(stamp - xtcp_rb_seg(head)->xmit_us) >=
		       max(rtt / 2, rtt - DEFER_PAUSE_US);
}

/* Why the head of the send queue stays, if it does. */
enum verdict {
	LEAVES,
	WAITS,		/* for ACKs, or for more */
	NO_WINDOW,
};

/* See xtcp_output_allow(). */
static enum verdict judge(struct xtcp_tcb *t, const struct xtcp_seg *seg, bool last,
			  u32 gso_max, xtcp_usec_t now, u32 *bytes)
{
	u32 len = xtcp_seg_len(seg), in_flight = xtcp_in_flight(t);
	u32 end = t->snd_una + t->snd_wnd, mss = xtcp_mss_now(t), max, room, window;
	bool fin = seg->flags & XTCP_FIN;

	if (!t->packets_out)
		xtcp_cong_idle(t, now);
	if (unlikely(t->flags & (XTCP_F_FORCE | XTCP_F_TLP_SEND))) {
		/* a probe: one packet of what fits (3.8.6.1, RFC 8985 7.3) */
		if (!xtcp_before(seg->seq, end))
			return NO_WINDOW;
		*bytes = min3(len, end - seg->seq, mss);
		return t->flags & XTCP_F_TLP_SEND || !t->packets_out ? LEAVES : WAITS;
	}
	if (in_flight >= t->cwnd) {
		xtcp_cong_limited(t);
		return WAITS;
	}
	if (len <= mss) {
		*bytes = len;
		if (xtcp_after(seg->end_seq, end))
			return NO_WINDOW;
		return len == mss || fin || !last || !xtcp_nagle_holds(t) ? LEAVES : WAITS;
	}
	if (!xtcp_before(seg->seq, end))
		return NO_WINDOW;
	/* a segment may be larger than before, when what was to SACK has left */
	gso_max = clamp_t(u32, gso_max, mss, XTCP_SEG_PACKETS_MAX * mss);
	room = (t->cwnd - in_flight) * mss;
	window = end - seg->seq;
	/* as Linux: at least two bursts a window, or it has one ACK for a clock */
	max = min3(room, gso_max, max(t->cwnd / 2, 1U) * mss);
	if (min(window, max) >= len) {
		/*
		 * The tail that does not fill a segment obeys Nagle by itself; one that
		 * more is queued behind only where the window is what limits us.
		 */
		if ((last || max > window) && !fin && len % mss && xtcp_nagle_holds(t))
			len -= len % mss;
		*bytes = len;
		return LEAVES;
	}
	max = min(window, max);
	max -= max % mss;
	*bytes = max;
	if (max && !defer(t, max, len, mss, gso_max, now))
		return LEAVES;
	if (room > window)
		return NO_WINDOW;
	xtcp_cong_limited(t);
	return WAITS;
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
	enum verdict verdict = judge(t, seg, last, gso_max, now, bytes);

	if (unlikely(verdict == NO_WINDOW))
		xtcp_chrono_start(t, XTCP_CHRONO_RWND, now);
	else
		xtcp_chrono_stop(t, XTCP_CHRONO_RWND, now);
	xtcp_chrono_start(t, XTCP_CHRONO_BUSY, now);
	return verdict == LEAVES;
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

/*
 * Is it text that our SYN brought already, in vain?  As in Linux it is sent again
 * then, and is not what Nagle means by a small segment.
 */
static bool syn_text(const struct xtcp_tcb *t, u32 end_seq)
{
	return t->syn_data && !t->acked_wraps && end_seq - t->iss <= 1U + t->syn_data;
}

/**
 * xtcp_output_sent - the head of the send queue has left
 * @t: the connection
 * @seg: its record, off the host's queue: it goes to the retransmission queue
 * @mss: segment size that it was cut for, bytes
 * @now: the time
 */
void xtcp_output_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, u32 mss,
		      xtcp_usec_t now)
{
	u32 len = xtcp_seg_len(seg), stamp = xtcp_stamp(now);

	seg->mss = mss;
	seg->mark &= XTCP_SEG_HOST;
	seg->segs = packets(len, seg->mss);
	seg->gone = 0;
	seg->lost = 0;
	seg->again = seg->segs;
	seg->sacked = 0;
	seg->sack_run = seg->end_seq;
	seg->xmit_us = stamp;
	xtcp_rate_sent(t, seg, now);
	rtx_append(t, seg);
	t->snd_nxt = seg->end_seq;
	xtcp_dsack_sent(t);
	if (len && len < seg->segs * seg->mss && likely(!syn_text(t, seg->end_seq)))
		t->snd_sml = seg->end_seq;
	if (!t->packets_out && !(t->flags & XTCP_F_SYN_OUT)) {
		/* the clock of RACK may have gone round since the last flight */
		t->rack.us = stamp;
		t->rack.end_seq = seg->seq;
		if (t->flags & (XTCP_F_PROBE | XTCP_F_FORCE)) {
			t->backoff = 0;		/* those of the probes */
			t->probes_out = 0;
		}
		t->flags &= ~(XTCP_F_PROBE | XTCP_F_FORCE);
		t->retrans_stamp = 0;
		t->rec &= ~(XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER);
		xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_backed_off(t));
	}
	t->packets_out += seg->segs;
	t->ack_gone = 1;
	t->info.segs_out += seg->segs;
	if (likely(len))
		t->info.data_segs_out += seg->segs;
	xtcp_cong_used(t);
	if (unlikely(t->rec & XTCP_R_PRR))
		t->recovery.prr_out += seg->segs;
	if (unlikely(t->flags & XTCP_F_TLP_SEND)) {
		t->flags &= ~XTCP_F_TLP_SEND;
		t->rec |= XTCP_R_TLP;
		t->recovery.tlp_high_seq = t->snd_nxt;
	}
	t->lsndtime = stamp;
	/* we answer within the delay of an ACK: let ACKs ride on answers */
	if (stamp - t->lrcvtime < t->ato_us && t->pingpong < U8_MAX)
		t->pingpong++;
}

/**
 * xtcp_mtup_sent - the head of the send queue has left, and was the probe
 * @t: the connection
 * @seg: its record, as for xtcp_output_sent()
 * @now: the time
 *
 * One packet that is large, and takes the place of two.
 */
void xtcp_mtup_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now)
{
	t->cwnd--;
	t->rec |= XTCP_R_MTU_PROBE;
	t->mtup.end_seq = seg->end_seq;
	xtcp_output_sent(t, seg, xtcp_seg_len(seg), now);
}

/**
 * xtcp_output_none - the host's send queue is empty
 * @t: the connection
 *
 * Nothing is left to ask for.
 */
void xtcp_output_none(struct xtcp_tcb *t)
{
	t->flags &= ~(XTCP_F_FORCE | XTCP_F_TLP_SEND);
	if (likely(!(t->flags & XTCP_F_PROBE)) || t->packets_out)
		return;
	t->flags &= ~XTCP_F_PROBE;
	t->backoff = 0;
	t->retrans_stamp = 0;
	xtcp_timer_stop(t, XTCP_TIMER_REXMIT);
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
	t->flags &= ~(XTCP_F_FORCE | XTCP_F_TLP_SEND);
	/* the probe timer runs from the last packet that was sent */
	if (t->packets_out && t->lsndtime == xtcp_stamp(now) && !(t->rec & XTCP_R_TLP))
		xtcp_tlp_schedule(t, false, now);
	if (t->packets_out || t->flags & XTCP_F_SYN_OUT ||
	    !XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	if (!pending) {
		xtcp_output_none(t);
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

/* Nothing in it is to be sent again, nor will loss detection want to look at it. */
static bool settled(const struct xtcp_seg *seg)
{
	return !xtcp_seg_open(seg) ||
	       (seg->mark & XTCP_SEG_RETRANS && !xtcp_seg_waiting(seg));
}

/* The first record with packets that were lost and wait to be sent again. */
static struct xtcp_seg *first_waiting(struct xtcp_tcb *t)
{
	struct xtcp_seg *seg;

	if (xtcp_before(t->todo, t->snd_una))
		t->todo = t->snd_una;
	seg = xtcp_rtx_find(t, t->todo);
	while (seg && settled(seg))
		seg = xtcp_rtx_skip(t, seg);
	t->todo = seg ? seg->seq : t->snd_nxt;
	while (seg && !xtcp_seg_waiting(seg))
		seg = xtcp_rtx_skip(t, seg);
	return seg;
}

/* A tail loss probe is the last packet (RFC 8985 7.3). */
static enum xtcp_resend probe_next(struct xtcp_tcb *t, struct xtcp_seg **next,
				   u32 *len)
{
	struct rb_node *rb = rb_last(&t->rtx);
	struct xtcp_seg *seg = rb ? xtcp_rb_seg(rb) : NULL;
	unsigned int last;

	/* the last one may be in flight again already, from an earlier recovery */
	if (!seg || seg->mark & XTCP_SEG_RETRANS)
		return XTCP_RESEND_NOTHING;
	*next = seg;
	last = xtcp_seg_total(seg) - 1;
	if (!last)
		return XTCP_RESEND_SEND;
	*len = last * seg->mss;
	return XTCP_RESEND_CUT;
}

/**
 * xtcp_retransmit_next - what to send again
 * @t: the connection
 * @gso_max: most payload that the host can send in one piece, bytes
 * @next: out: the record that it is about
 * @len: out: where to cut it, bytes from its start; behind all payload when
 *	  only the FIN is left
 *
 * The host does what it is told and asks again, until the answer is
 * XTCP_RESEND_NOTHING or it cannot do it, for lack of memory: then the next ACK
 * or the timer tries again.  In the end it calls xtcp_retransmit_done().  A
 * buffer is cut so that exactly what was lost, and cwnd has room for, travels
 * again.
 *
 * Return: enum xtcp_resend.
 */
enum xtcp_resend xtcp_retransmit_next(struct xtcp_tcb *t, u32 gso_max,
				      struct xtcp_seg **next, u32 *len)
{
	u32 in_flight = xtcp_in_flight(t), from, max;
	struct xtcp_seg *seg = xtcp_rtx_first(t);
	unsigned int first, n, total;
	u32 mss = xtcp_mss_now(t);
	u64 waiting;

	*next = seg;
	if (seg && !xtcp_after(seg->end_seq, t->snd_una)) {
		xtcp_rtx_forget(t, seg);
		return XTCP_RESEND_FREE;
	}
	if (t->flags & XTCP_F_TLP_SEND)
		return probe_next(t, next, len);
	if (t->rec & XTCP_R_FRTO_NEW) {
		/* RFC 5682 3.1 step 2.b: new data is out instead, if any could leave */
		t->rec &= ~XTCP_R_FRTO_NEW;
		if (xtcp_after(t->snd_nxt, t->recovery.end_seq))
			return XTCP_RESEND_NOTHING;
		t->rec &= ~XTCP_R_FRTO;
	}
	if (t->lost_out <= t->retrans_out || in_flight >= t->cwnd)
		return XTCP_RESEND_NOTHING;
	seg = first_waiting(t);
	if (!seg)
		return XTCP_RESEND_NOTHING;
	*next = seg;
	waiting = xtcp_seg_waiting(seg);
	first = __ffs64(waiting);
	waiting >>= first;
	n = ~waiting ? __ffs64(~waiting) : XTCP_SEG_PACKETS_MAX;
	total = xtcp_seg_total(seg);
	from = xtcp_packet_seq(seg, first);
	/* a peer that shrank its window gets the first segment as a probe */
	if (!xtcp_before(from, t->snd_una + t->snd_wnd) && xtcp_after(from, t->snd_una))
		return XTCP_RESEND_NOTHING;

	if (xtcp_after(t->snd_una, from)) {
		/* inside of a packet: cut it anew from there, or that one alone */
		*len = t->snd_una - seg->seq;
		if (seg->sacked && first + 1 < total)
			*len = (first + 1) * seg->mss;
		return XTCP_RESEND_CUT;
	}
	if (first) {
		*len = first * seg->mss;
		return XTCP_RESEND_CUT;
	}
	max = min_t(u32, max_t(u32, gso_max / mss, 1), XTCP_SEG_PACKETS_MAX);
	max = min(max, t->cwnd - in_flight);
	if (seg->mss == mss)
		n = min(n, max);
	if (n < total) {
		*len = n * seg->mss;
		return XTCP_RESEND_CUT;
	}
	/* all of it is lost; the path may take smaller packets now */
	if (seg->mss != mss && xtcp_seg_len(seg) > max * mss) {
		*len = max * mss;
		return XTCP_RESEND_CUT;
	}
	return XTCP_RESEND_SEND;
}

/**
 * xtcp_retransmit_sent - a record was sent again
 * @t: the connection
 * @seg: the record
 * @now: the time
 */
void xtcp_retransmit_sent(struct xtcp_tcb *t, struct xtcp_seg *seg, xtcp_usec_t now)
{
	u32 mss = xtcp_mss_now(t);

	xtcp_dsack_sent(t);
	xtcp_mtup_inconclusive(t, now);
	xtcp_rate_sent(t, seg, now);
	seg->xmit_us = xtcp_stamp(now);
	if (t->flags & XTCP_F_TLP_SEND) {
		t->flags &= ~XTCP_F_TLP_SEND;
		t->rec |= XTCP_R_TLP | XTCP_R_TLP_RETRANS;
		t->recovery.tlp_high_seq = t->snd_nxt;
		seg->mark |= XTCP_SEG_EVER_RETRANS;
	} else {
		if (seg->mss != mss) {
			/* the path takes less, or SACK needs room: it was cut anew */
			xtcp_seg_uncount(t, seg);
			seg->mss = mss;
			seg->segs = packets(xtcp_seg_len(seg), mss);
			seg->lost = seg->segs;
			seg->again = seg->segs;
			xtcp_seg_count(t, seg);
			/* NewReno guesses what left the network: never more than is out */
			t->sacked_out = min(t->sacked_out, t->packets_out - t->lost_out);
		}
		xtcp_undo_sent_again(t, seg->segs, now);
		xtcp_seg_again(t, seg);
		if (t->rec & XTCP_R_PRR)
			t->recovery.prr_out += seg->segs;
		if (seg == xtcp_rtx_first(t) && !(t->rec & XTCP_R_REO_TIMER))
			xtcp_rexmit_restart(t, now);
	}
	if (!t->retrans_stamp)
		t->retrans_stamp = xtcp_coarse_stamp(now);
	t->ack_gone = 1;
	xtcp_count_retrans(t, seg->segs);
	t->info.segs_out += seg->segs;
	if (likely(xtcp_seg_len(seg)))
		t->info.data_segs_out += seg->segs;
	t->info.bytes_retrans += xtcp_seg_len(seg);
	t->lsndtime = seg->xmit_us;
}

/**
 * xtcp_retransmit_done - the host has sent again what it could
 * @t: the connection
 *
 * A probe that could not leave, for lack of memory, is not tried again: the
 * retransmission timer runs.
 */
void xtcp_retransmit_done(struct xtcp_tcb *t)
{
	t->flags &= ~XTCP_F_TLP_SEND;
}

/* What a record that was sent keeps of itself, and what the rest gets. */
static void split_marks(struct xtcp_tcb *t, struct xtcp_seg *seg,
			struct xtcp_seg *rest, u32 len)
{
	unsigned int total = xtcp_seg_total(seg);
	unsigned int keep = DIV_ROUND_UP(len, seg->mss), first = len / seg->mss;
	/* a cut inside of a packet, and the packets behind begin elsewhere */
	unsigned int left = packets(xtcp_seg_len(rest), rest->mss);

	rest->gone = max_t(u8, seg->gone, first) - first;
	rest->sacked = first >= total || (left > 1 && first != keep) ? 0
								     : seg->sacked >> first;
	rest->lost = seg->lost >= total ? left
					: min_t(u8, max_t(u8, seg->lost, first) - first, left);
	rest->again = seg->again >= total ? left
					  : min_t(u8, max_t(u8, seg->again, first) - first, left);
	rest->segs = left - rest->gone;

	seg->gone = xtcp_after(seg->end_seq, t->snd_una) ? min_t(u8, seg->gone, keep)
							 : keep;
	seg->sacked &= xtcp_bits(0, keep) & ~xtcp_bits(0, seg->gone);
	seg->lost = min_t(u8, seg->lost, keep);
	seg->again = min_t(u8, seg->again, keep);
	seg->segs = keep - seg->gone;
	seg->sack_run = seg->end_seq;
}

/**
 * xtcp_seg_split - the host has cut a segment in two
 * @t: the connection
 * @seg: the record, which keeps the first @len bytes
 * @rest: a record for the rest
 * @len: payload bytes that stay, more than none; all when only a FIN is left
 * @sent: it is on the retransmission queue, where @rest then follows it
 */
void xtcp_seg_split(struct xtcp_tcb *t, struct xtcp_seg *seg,
		    struct xtcp_seg *rest, u32 len, bool sent)
{
	struct rb_node *parent, **link;

	if (sent)
		xtcp_seg_uncount(t, seg);
	*rest = *seg;
	rest->seq = seg->seq + len;
	seg->end_seq = rest->seq;
	seg->flags &= ~(XTCP_FIN | XTCP_PSH);
	if (!sent)
		return;
	split_marks(t, seg, rest, len);
	xtcp_seg_split_ring(t, seg, rest);
	xtcp_seg_count(t, seg);
	xtcp_seg_count(t, rest);

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
