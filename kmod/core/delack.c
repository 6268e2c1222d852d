// SPDX-License-Identifier: GPL-2.0
/*
 * When to acknowledge: RFC 9293 3.8.6.3, with Linux's timing.
 *
 * A connection begins with immediate ACKs, so that the peer's slow start is not
 * held back, and turns to delayed ones when the user answers what it reads.
 */
#include "internal.h"
#include "output.h"

/* Least distance of a delayed ACK from the peer's least RTO. */
#define DELACK_BEFORE_RTO_US	XTCP_USEC_PER_MSEC
/* Payload from which on a segment may be a full one, and where it surely is. */
#define FULL_MIN	XTCP_MSS_MIN
#define FULL_LIKELY	XTCP_MSS_DEFAULT

/* At the start and after a pause: but a dialogue stays one. */
static void quick_again(struct xtcp_tcb *t)
{
	u32 segs = t->rcv_wnd / (2 * max_t(u32, t->rcv_mss, 1));

	segs = min_t(u32, segs ? segs : 2, XTCP_QUICKACK_MAX);
	t->quick = max_t(u32, t->quick, segs);
}

/**
 * xtcp_ack_quick - acknowledge the next segments at once
 * @t: the connection
 *
 * After a gap or a duplicate: the sender needs the ACKs then.
 */
void xtcp_ack_quick(struct xtcp_tcb *t)
{
	quick_again(t);
	t->pingpong = 0;
	t->ato_us = t->conf->delack_min_us;
}

/* The user answers what it reads. */
static bool in_dialogue(const struct xtcp_tcb *t)
{
	return t->pingpong >= t->conf->pingpong_thresh;
}

static bool quick_mode(const struct xtcp_tcb *t)
{
	return t->path.quickack || (t->quick && !in_dialogue(t));
}

/**
 * xtcp_ack_syn_ack - acknowledge a SYN,ACK
 * @t: the connection, which it has established
 * @seg: the SYN,ACK
 * @now: the time
 * @a: out
 *
 * As Linux: a user that began a dialogue before it connected (TCP_QUICKACK 0,
 * TCP_DEFER_ACCEPT) will speak soon, as will one whose write waits, and what it says
 * brings the ACK along.
 */
void xtcp_ack_syn_ack(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      xtcp_usec_t now, struct xtcp_actions *a)
{
	t->flags |= XTCP_F_ACK_PENDING;
	if (!(in_dialogue(t) || seg->write_waits) || seg->len || seg->flags & XTCP_FIN) {
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_SYN_ACK);
		return;
	}
	xtcp_ack_quick(t);
	xtcp_timer_arm(t, XTCP_TIMER_DELACK, now + XTCP_DELACK_MAX_US);
}

/**
 * xtcp_ack_measure - payload that we keep has come, in order or behind a gap
 * @t: the connection
 * @seg: the segment
 *
 * The size of a full segment of the peer: the largest that came, or what came
 * twice in a row and looks full.  One that is smaller, or says PSH, ends a write
 * of the peer, which may wait for an ACK before the next.
 */
void xtcp_ack_measure(struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	u32 len = xtcp_segment_size(seg), last = t->last_seg, total = len;

	t->last_seg = 0;
	if (len >= t->rcv_mss) {
		t->rcv_mss = min_t(u32, len, t->advmss);
		if (seg->flags & XTCP_PSH)
			t->flags |= XTCP_F_ACK_PUSHED;
		return;
	}
	total += xtcp_option_len(t);
	if (total >= FULL_LIKELY ||
	    (total >= FULL_MIN &&
	     !(seg->flags & (XTCP_FIN | XTCP_URG | XTCP_SYN | XTCP_PSH)))) {
		t->last_seg = len;
		if (len == last) {
			t->rcv_mss = len;
			return;
		}
	}
	if (t->flags & XTCP_F_ACK_PUSHED)
		t->flags |= XTCP_F_ACK_PUSHED2;
	t->flags |= XTCP_F_ACK_PUSHED;
}

/* The longest delay there can be. */
static u32 delay_max(const struct xtcp_tcb *t)
{
	return min(t->conf->delack_max_us,
		   max_t(u32, xtcp_rto_min(t), 2 * DELACK_BEFORE_RTO_US) -
		   DELACK_BEFORE_RTO_US);
}

/**
 * xtcp_ack_data_came - payload that we keep has come in order
 * @t: the connection
 * @seg: the segment
 * @now: the time
 *
 * Adapts the delay to the rhythm in which data comes.
 */
void xtcp_ack_data_came(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			xtcp_usec_t now)
{
	u32 min = t->conf->delack_min_us;
	u32 stamp = xtcp_stamp(now);

	t->flags |= XTCP_F_ACK_PENDING;
	xtcp_ack_measure(t, seg);
	if (!t->ato_us) {
		quick_again(t);
		t->ato_us = min;
	} else {
		u32 pause = stamp - t->lrcvtime;

		if (pause <= min / 2)
			t->ato_us = t->ato_us / 2 + min / 2;
		else if (pause < t->ato_us)
			t->ato_us = min3(t->ato_us / 2 + pause, t->rto_us,
					 XTCP_DELACK_MAX_US);
		else if (pause > t->rto_us)
			quick_again(t);
	}
	t->lrcvtime = stamp;
}

static void delay(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	u32 min = t->conf->delack_min_us, max = XTCP_DELACK_MAX_US;
	xtcp_usec_t running = t->deadline[XTCP_TIMER_DELACK];
	u32 ato = t->ato_us;

	if (ato > min) {
		if (!in_dialogue(t) && !(t->flags & XTCP_F_ACK_PUSHED))
			max = 500 * XTCP_USEC_PER_MSEC;	/* 3.8.6.3: MUST-40 */
		if (t->srtt_us)
			max = min(max, max(t->srtt_us >> 3, min));
		ato = min(ato, max);
	}
	ato = min(ato, delay_max(t));
	/* it is due so soon that it may as well be now */
	if (running && running <= now + ato / 4) {
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_DELAYED);
		return;
	}
	/* one that is running already may only be moved ahead */
	if (!running || now + ato < running)
		xtcp_timer_arm(t, XTCP_TIMER_DELACK, now + ato);
}

/*
 * More than a full segment waits to be acknowledged, and that would open the
 * window, or it is more than the user waits for.
 */
static bool second_segment(struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	return t->rcv_nxt - t->rcv_wup > t->rcv_mss &&
	       (t->rcv_nxt - t->copied_seq < seg->lowat ||
		xtcp_window_wanted(t, seg->free_space, seg->full_space) >= t->rcv_wnd);
}

/*
 * How long an ACK is held back behind a gap, microseconds: a part of the RTT.  0 while
 * that is not known: the host's timer has a slack, and what comes meanwhile is
 * acknowledged with it.
 */
static xtcp_usec_t hold_time(const struct xtcp_tcb *t)
{
	u32 rtt = t->tune.rtt_us;

	if (t->srtt_us && t->srtt_us < rtt)
		rtt = t->srtt_us;
	return min_t(u64, (u64)(rtt >> 3) * t->conf->comp_sack_rtt_percent / 100,
		     t->conf->comp_sack_delay_ns / 1000);
}

/**
 * xtcp_ack_gap - a segment came, and waits behind a gap
 * @t: the connection
 * @seg: the segment
 * @is_new: something of it had not come before
 * @now: the time
 * @a: out
 *
 * It is acknowledged at once (RFC 5681 4.2).  But when three such ACKs have told
 * the sender that something is missing, those that follow only make blocks grow:
 * they are held back for a moment, and one tells what all of them would have (as
 * Linux).  Not those that report a segment which came twice: the next one's report
 * would take its place (RFC 2883 4), and the sender learns from each of them that it
 * sent for nothing.  Segments that overlap in part have something new as well: where
 * they touch, their reports are joined.
 */
void xtcp_ack_gap(struct xtcp_tcb *t, const struct xtcp_segment *seg, bool is_new,
		  xtcp_usec_t now, struct xtcp_actions *a)
{
	xtcp_usec_t running = t->deadline[XTCP_TIMER_DELACK], due;
	bool twice = !is_new || a->dropped, hold = false;

	t->flags |= XTCP_F_ACK_PENDING;
	if (t->flags & XTCP_F_SACK_OK && !twice &&
	    !(a->orders & XTCP_ACT_SEND_ACK) && !second_segment(t, seg) &&
	    !quick_mode(t) && t->held_acks < t->conf->comp_sack_nr) {
		if (t->gap_acks < XTCP_DUPACK_THRESH)
			t->gap_acks++;
		else
			hold = true;
	}
	if (!hold) {
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_DUPACK,
			       twice ? XTCP_WHY_ACK_DUPLICATE : XTCP_WHY_ACK_GAP);
		return;
	}
	due = now + hold_time(t);
	if (!running || due < running)
		xtcp_timer_arm(t, XTCP_TIMER_DELACK, due);
	t->held_acks++;
	a->orders |= XTCP_ACT_ACK_SOON;
}

/**
 * xtcp_ack_decide - acknowledge now, or later
 * @t: the connection
 * @seg: the segment that came
 * @now: the time
 * @a: out
 *
 * 3.8.6.3: every second full segment is acknowledged at once (SHLD-19), unless
 * the user reads so slowly that the ACK could not open the window: then the
 * ACK leaves when it reads, if it has enough to read.  While there is a gap none is
 * delayed, but what xtcp_ack_gap() holds back.
 */
void xtcp_ack_decide(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		     xtcp_usec_t now, struct xtcp_actions *a)
{
	if (!(t->flags & XTCP_F_ACK_PENDING) || a->orders & XTCP_ACT_SEND_ACK)
		return;
	/* the window comes first: where the reader is late, there is no hurry */
	if (second_segment(t, seg))
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_ACK_MERGE, XTCP_WHY_ACK_SECOND);
	else if (quick_mode(t))
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_ACK_MERGE, XTCP_WHY_ACK_QUICK);
	else if (RB_EMPTY_ROOT(&t->ooo))
		delay(t, now, a);
	else if (!t->held_acks)
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_FILLED);
}

/**
 * xtcp_ack_wait - the host merges an ACK with that of the segments it has next
 * @t: the connection; XTCP_ACT_ACK_MERGE was among the orders
 * @now: the time
 */
void xtcp_ack_wait(struct xtcp_tcb *t, xtcp_usec_t now)
{
	/* whatever becomes of those segments */
	if (!t->deadline[XTCP_TIMER_DELACK])
		xtcp_timer_arm(t, XTCP_TIMER_DELACK, now + t->conf->delack_max_us);
}

/**
 * xtcp_ack_failed - there was no memory for an ACK that was ordered
 * @t: the connection
 * @now: the time
 *
 * It is tried again when a delayed one would be due at the latest.
 */
void xtcp_ack_failed(struct xtcp_tcb *t, xtcp_usec_t now)
{
	t->flags |= XTCP_F_ACK_PENDING;
	xtcp_timer_arm(t, XTCP_TIMER_DELACK, now + t->conf->delack_max_us);
}

/**
 * xtcp_ack_timer - the delayed ACK is due
 * @t: the connection
 * @a: out
 */
void xtcp_ack_timer(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	if (!(t->flags & XTCP_F_ACK_PENDING))
		return;
	if (t->held_acks) {
		t->held_acks--;		/* this one is sent */
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_HELD);
		return;
	}
	if (in_dialogue(t)) {
		/* the answer it was to ride on did not come: no dialogue */
		t->pingpong = 0;
		t->ato_us = t->conf->delack_min_us;
	} else {
		t->ato_us = min3(t->ato_us << 1, t->rto_us, XTCP_DELACK_MAX_US);
	}
	xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_DELAYED);
}

/*
 * The peer may wait for an ACK.  In a dialogue ours can ride on the answer, unless
 * the peer wrote twice for one.
 */
static bool write_ended(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_ACK_PUSHED2 ||
	       (t->flags & XTCP_F_ACK_PUSHED && !in_dialogue(t));
}

/**
 * xtcp_on_read - the user took data out of the receive queue
 * @t: the connection; copied_seq has moved
 * @copied: how much, bytes
 * @free_space: window that the receive buffer has room for now, bytes
 * @full_space: window that it would have if it were empty, bytes
 * @now: the time
 * @a: out
 *
 * Sends an ACK that waited for the reader: of a full segment and more, or of
 * what the peer wrote when all of it is read.  Or a window update when the window
 * has at least doubled (RFC 9293 3.8.6.2.2).
 */
void xtcp_on_read(struct xtcp_tcb *t, u32 copied, u32 free_space, u32 full_space,
		  xtcp_usec_t now, struct xtcp_actions *a)
{
	u32 left, wnd;

	if (t->flags & XTCP_F_ACK_PENDING &&
	    (t->rcv_nxt - t->rcv_wup > t->rcv_mss ||
	     (copied && write_ended(t) && t->rcv_nxt == t->copied_seq &&
	      RB_EMPTY_ROOT(&t->ooo)))) {
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_READ);
		return;
	}
	if (!copied || t->flags & (XTCP_F_RCV_SHUT | XTCP_F_FIN_RCVD))
		return;
	left = xtcp_receive_window(t);
	if (2 * left > t->window_clamp)
		return;
	wnd = xtcp_window_wanted(t, free_space, full_space);
	if (wnd && wnd >= 2 * left)
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_WINDOW);
}

/**
 * xtcp_answered_lately - was an invalid segment answered less than invalid_ratelimit ago?
 * @last: when one was, low 32 bits of the clock, 0: never; in and out
 * @now: the time
 * @conf: the namespace's settings
 *
 * Return: if not, this one will be.
 */
bool xtcp_answered_lately(u32 *last, xtcp_usec_t now, const struct xtcp_conf *conf)
{
	u32 stamp = xtcp_stamp(now);

	if (*last && stamp - *last < conf->invalid_ratelimit_us)
		return true;
	*last = stamp ? stamp : 1;
	return false;
}

/* The same for a connection, which counts it. */
static bool answered_lately(struct xtcp_tcb *t, xtcp_usec_t now,
			    struct xtcp_actions *a)
{
	if (!xtcp_answered_lately(&t->last_oow_ack, now, t->conf))
		return false;
	a->orders |= XTCP_ACT_ACK_SKIPPED;
	return true;
}

/**
 * xtcp_ack_invalid - answer a segment that is out of window or otherwise wrong
 * @t: the connection
 * @seg: the segment
 * @verdict: what is wrong with it
 * @now: the time
 * @a: out
 *
 * RFC 9293 3.10.7.4 wants an ACK.  Two confused peers must not answer each
 * other for ever, so what is empty, or a SYN, gets one in invalid_ratelimit.
 * What has text came twice: our ACK was lost, or was late (RFC 2883 4.1).
 */
void xtcp_ack_invalid(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		      enum xtcp_verdict verdict, xtcp_usec_t now, struct xtcp_actions *a)
{
	enum xtcp_reason why = XTCP_WHY_ACK_UNACCEPTABLE;

	if (xtcp_may_loop(seg)) {
		if (answered_lately(t, now, a))
			return;
	} else if (xtcp_before(seg->seq, t->rcv_nxt)) {
		why = XTCP_WHY_ACK_DUPLICATE;
		xtcp_ack_quick(t);
		xtcp_dsack(t, seg->seq, xtcp_after(seg->end_seq, t->rcv_nxt) ?
					t->rcv_nxt : seg->end_seq);
	} else if (verdict == XTCP_VERDICT_ZERO_WINDOW) {
		why = XTCP_WHY_ACK_NO_WINDOW;
	}
	xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_DUPACK, why);
}

/**
 * xtcp_ack_challenge - answer what may be a stranger's guess (RFC 5961)
 * @t: the connection
 * @now: the time
 * @a: out
 *
 * One in invalid_ratelimit, whatever the segment holds; the host has a limit
 * for all connections besides (RFC 5961 7).
 */
void xtcp_ack_challenge(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	if (!answered_lately(t, now, a))
		xtcp_order_ack(a, XTCP_ACT_CHALLENGE, XTCP_WHY_ACK_CHALLENGE);
}
