// SPDX-License-Identifier: GPL-2.0
/*
 * A segment arrives: RFC 9293 3.10.7, in the order of its steps, with the
 * checks of RFC 5961 and 7323 where those put them.
 */
#include "ack.h"
#include "ecn.h"
#include "fastopen.h"
#include "internal.h"
#include "mtup.h"
#include "urgent.h"

/* Clock ticks that a timestamp may go back: CPUs overtake each other. */
#define PAWS_SLACK	1
/* A SYN that met another connection of the peer's is sent again after this. */
#define SYN_AGAIN_US	(10 * XTCP_USEC_PER_MSEC)

/* A segment is answered with a RST. */
static void order_rst(struct xtcp_actions *a, const struct xtcp_segment *seg,
		      enum xtcp_reason why)
{
	if (seg->flags & XTCP_ACK)
		xtcp_order_rst(a, seg->ack, 0, 0, why);
	else
		xtcp_order_rst(a, 0, seg->end_seq, XTCP_ACK, why);
}

/* An acceptable RST: ECONNREFUSED, EPIPE or ECONNRESET as in Linux. */
static enum xtcp_verdict reset_received(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	enum xtcp_reason why = XTCP_WHY_PEER_RESET;
	int error = ECONNRESET;

	if (t->state == XTCP_SYN_SENT) {
		why = XTCP_WHY_PEER_REFUSED;
		error = ECONNREFUSED;
	} else if (t->state == XTCP_CLOSE_WAIT) {
		error = EPIPE;
	}
	/* a child of a listener in this state is not a TCB but a SYN_RECV entry */
	xtcp_edge(t, XTCP_EV_RCV_RST, why, a);
	xtcp_dead(t, error, a);
	return XTCP_VERDICT_RST;
}

/* RFC 7323 4.3: the timestamp of the segment that RCV.NXT or the last ACK is in. */
static void take_ts(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		    xtcp_usec_t now)
{
	if (!(seg->opt.has & XTCP_OPT_TS) || !(t->flags & XTCP_F_TS_OK) ||
	    xtcp_after(seg->seq, t->rcv_wup))
		return;
	/* older, but by so much that it means nothing any more (5.5) */
	if (xtcp_before(seg->opt.tsval, t->ts_recent) && t->ts_recent &&
	    (u32)(now / XTCP_USEC_PER_SEC) - t->ts_recent_sec < XTCP_PAWS_DAYS_SEC)
		return;
	t->ts_recent = seg->opt.tsval;
	t->ts_recent_sec = (u32)(now / XTCP_USEC_PER_SEC);
}

/* How far a TSval may lie back in an ACK that was overtaken: an RTO at 1200 Hz. */
static u32 paws_replay(const struct xtcp_tcb *t)
{
	return (u32)((u64)t->rto_us * 6 / 5 / XTCP_USEC_PER_MSEC);
}

/*
 * RFC 7323 5.3 R1: older than TS.Recent.  A pure ACK that was overtaken is let
 * through, as it says nothing new and asks for nothing.
 */
static bool paws_rejects(const struct xtcp_tcb *t, const struct xtcp_segment *seg,
			 xtcp_usec_t now)
{
	if (!(t->flags & XTCP_F_TS_OK) || !(seg->opt.has & XTCP_OPT_TS))
		return false;
	if ((s32)(t->ts_recent - seg->opt.tsval) <= PAWS_SLACK || !t->ts_recent)
		return false;
	if ((u32)(now / XTCP_USEC_PER_SEC) - t->ts_recent_sec >= XTCP_PAWS_DAYS_SEC)
		return false;
	return !(seg->flags & XTCP_ACK) || seg->seq != seg->end_seq ||
	       seg->seq != t->rcv_nxt || seg->ack != t->snd_una ||
	       xtcp_after(seg->seq, t->snd_wl1) ||
	       (u32)(t->ts_recent - seg->opt.tsval) > paws_replay(t);
}

/* It is old in every way, and empty: nobody waits for an answer. */
static bool is_stale_ack(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	return seg->flags & XTCP_ACK && seg->seq == seg->end_seq &&
	       xtcp_before(seg->seq, t->rcv_nxt);
}

/*
 * 3.10.7.4 first: is it inside the receive window?  What begins inside and ends
 * beyond is taken, not cut, when all before it was read: so a window smaller
 * than a segment does not stop a peer that ignores it.  A FIN may stick out, and
 * so may the text of a RST, which nobody reads.
 */
static bool in_window(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	u32 edge = t->rcv_nxt + xtcp_receive_window(t);

	if (xtcp_before(seg->end_seq, t->rcv_wup))
		return false;
	if (!xtcp_after(seg->end_seq, edge))
		return true;
	if (!xtcp_after(seg->end_seq - !!(seg->flags & XTCP_FIN), edge))
		return true;
	return !xtcp_after(seg->seq, edge) &&
	       (t->copied_seq == t->rcv_nxt || seg->flags & XTCP_RST);
}

/*
 * RFC 5961 3.2: a RST has RCV.NXT exactly; or, when the peer's FIN came, the
 * FIN's number, as some systems send it behind their FIN (Linux accepts it).
 */
static bool rst_is_exact(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	return seg->seq == t->rcv_nxt ||
	       (seg->seq == t->rcv_nxt - 1 && t->flags & XTCP_F_FIN_RCVD);
}

/* The SYN that a pending Fast Open child was made for: our SYN,ACK was lost. */
static bool same_syn(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	return xtcp_fastopen_pending(t) && !(seg->flags & XTCP_ACK) &&
	       seg->seq == t->irs;
}

/* A SYN in a synchronised state: RFC 5961 4.2, whatever its sequence number. */
static enum xtcp_verdict syn_received(struct xtcp_tcb *t, const struct xtcp_segment *seg,
				      xtcp_usec_t now, struct xtcp_actions *a)
{
	if (same_syn(t, seg)) {
		xtcp_order_again(a, XTCP_ACT_SEND_SYN, XTCP_WHY_SYN_CAME_AGAIN);
		return XTCP_VERDICT_DUP_SYN;
	}
	xtcp_ack_challenge(t, now, a);
	return XTCP_VERDICT_SYN_REFUSED;
}

/*
 * 3.10.7.4 first to fourth: sequence number, RST, SYN.
 * Return: XTCP_VERDICT_NONE: the segment goes on to the ACK check.
 */
static __must_check enum xtcp_verdict acceptable(struct xtcp_tcb *t,
						 const struct xtcp_segment *seg,
						 xtcp_usec_t now,
						 struct xtcp_actions *a)
{
	if (paws_rejects(t, seg, now) && !(seg->flags & XTCP_RST)) {
		if (seg->flags & XTCP_SYN)
			xtcp_ack_challenge(t, now, a);
		else if (!is_stale_ack(t, seg))
			xtcp_ack_invalid(t, seg, XTCP_VERDICT_PAWS, now, a);
		return XTCP_VERDICT_PAWS;
	}
	if (!in_window(t, seg)) {
		enum xtcp_verdict verdict = XTCP_VERDICT_SEQ;

		if (seg->flags & XTCP_RST)
			return rst_is_exact(t, seg) ? reset_received(t, a) : XTCP_VERDICT_SEQ;
		if (seg->flags & XTCP_SYN)
			return syn_received(t, seg, now, a);
		if (seg->len && seg->seq == t->rcv_nxt && !xtcp_receive_window(t))
			verdict = XTCP_VERDICT_ZERO_WINDOW;
		if (!xtcp_before(seg->end_seq, t->rcv_wup))
			xtcp_actions_note(a, XTCP_NOTE_BEYOND_WINDOW);
		xtcp_ack_invalid(t, seg, verdict, now, a);
		return verdict;
	}
	if (seg->flags & XTCP_RST) {
		/* exactly at RCV.NXT it resets, elsewhere it is challenged */
		if (rst_is_exact(t, seg))
			return reset_received(t, a);
		xtcp_ack_challenge(t, now, a);
		return XTCP_VERDICT_RST_REFUSED;
	}
	if (seg->flags & XTCP_SYN) {
		/*
		 * The SYN,ACK of a simultaneous open arrives in SYN_RECV with
		 * the sequence number of the SYN: its ACK counts.  What it takes
		 * came before, so that receive_text() answers it: a peer that goes
		 * by 3.10.7.4 does not look at the ACK of ours, and waits for this.
		 */
		if (t->flags & XTCP_F_SYN_OUT && seg->flags & XTCP_ACK &&
		    seg->seq == t->irs && seg->end_seq == t->rcv_nxt &&
		    xtcp_after(seg->ack, t->iss) &&
		    !xtcp_after(seg->ack, xtcp_fastopen_limit(t)))
			return XTCP_VERDICT_NONE;
		return syn_received(t, seg, now, a);
	}
	return XTCP_VERDICT_NONE;
}

/* Both ends know each other: set up what needs the handshake's result. */
static void established(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			xtcp_usec_t now, struct xtcp_actions *a)
{
	t->snd_wnd = seg->wnd;
	if (!(seg->flags & XTCP_SYN))
		t->snd_wnd <<= t->snd_wscale;
	t->max_window = max(t->max_window, t->snd_wnd);
	t->snd_wl1 = seg->seq;
	t->window_clamp = min_t(u32, t->window_clamp,
				XTCP_WND_MAX_UNSCALED << t->rcv_wscale);
	xtcp_timer_stop(t, XTCP_TIMER_REXMIT);
	/* what left behind the SYN has made @lsndtime its own */
	if (!t->retransmits && t->retrans_stamp && !t->packets_out)
		xtcp_rtt_measure(t, xtcp_stamp(now) - t->lsndtime, now);
	else
		xtcp_rtt_echo(t, seg, now);
	if (t->retransmits && !t->srtt_us)
		t->rto_us = XTCP_RTO_FALLBACK_US;
	xtcp_rtt_path(t);
	/* a Fast Open child may have sent before */
	if (!(t->flags & XTCP_F_CC_STARTED))
		xtcp_cong_init(t);
	else if (t->retransmits > 1)
		t->cwnd = 1;
	xtcp_timeout_over(t, now);
	t->delivered++;		/* the SYN */
	t->retrans_stamp = 0;
	t->retransmits = 0;
	t->backoff = 0;
	t->recovery.end_seq = t->iss;
	/* what our option said does not count the timestamps that now go along */
	if (t->flags & XTCP_F_TS_OK)
		t->advmss -= min_t(u16, t->advmss, XTCP_OPT_TS_ALIGNED);
	t->lsndtime = xtcp_stamp(now);
	t->lrcvtime = xtcp_stamp(now);
	t->heard = xtcp_coarse(now);
	t->tune.space_time = xtcp_stamp(now);
	t->tune.space_seq = t->copied_seq;
	if (t->conf->mtu_probing >= XTCP_MTUP_ALWAYS)
		xtcp_mtup_start(t, now);
	a->orders |= XTCP_ACT_CONNECTED | XTCP_ACT_WAKE_WRITER | XTCP_ACT_OUTPUT;
	xtcp_keep_rearm(t, now);
}

/* Take the options of the peer's SYN or SYN,ACK (RFC 7323 2.5, 3.2). */
static void take_syn_options(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			     xtcp_usec_t now)
{
	const struct xtcp_options *opt = &seg->opt;

	t->mss_clamp = min(t->mss_clamp, xtcp_peer_mss(seg));
	if (opt->has & XTCP_OPT_WSCALE && t->flags & XTCP_F_WSCALE_OK) {
		t->snd_wscale = opt->wscale;
	} else {
		t->flags &= ~XTCP_F_WSCALE_OK;
		t->rcv_wscale = 0;
		t->snd_wscale = 0;
		t->window_clamp = min(t->window_clamp, XTCP_WND_MAX_UNSCALED);
		t->rcv_wnd = min(t->rcv_wnd, XTCP_WND_MAX_UNSCALED);
	}
	if (opt->has & XTCP_OPT_TS && t->flags & XTCP_F_TS_OK) {
		t->ts_recent = opt->tsval;
		t->ts_recent_sec = (u32)(now / XTCP_USEC_PER_SEC);
	} else {
		t->flags &= ~XTCP_F_TS_OK;
	}
	if (!(opt->has & XTCP_OPT_SACK_PERM))
		t->flags &= ~XTCP_F_SACK_OK;
	xtcp_ecn_answered(t, seg);
	t->irs = seg->seq;
	t->rcv_nxt = seg->seq + 1;
	t->rcv_wup = t->rcv_nxt;
	t->copied_seq = t->rcv_nxt;
	t->rcv_ssthresh = min(t->rcv_ssthresh, t->window_clamp);
}

static enum xtcp_verdict receive_text(struct xtcp_tcb *t, struct xtcp_segment *seg,
				      xtcp_usec_t now, struct xtcp_actions *a);

/* 3.10.7.3 */
static __must_check enum xtcp_verdict in_syn_sent(struct xtcp_tcb *t,
						  struct xtcp_segment *seg,
						  xtcp_usec_t now,
						  struct xtcp_actions *a)
{
	/* our SYN waits for text: nothing can be an answer to it */
	if (!t->retrans_stamp)
		return XTCP_VERDICT_FLAGS;
	/* first: the ACK bit */
	if (seg->flags & XTCP_ACK) {
		if (!xtcp_after(seg->ack, t->iss) ||
		    xtcp_after(seg->ack, xtcp_fastopen_limit(t))) {
			if (!(seg->flags & XTCP_RST))
				order_rst(a, seg, XTCP_WHY_ACK_UNSENT);
			/*
			 * As Linux: an old connection of the peer's answered, which
			 * our RST has ended now (3.5.1, figure 9).
			 */
			if (!t->retransmits)
				xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + SYN_AGAIN_US);
			return XTCP_VERDICT_ACK_UNSENT;
		}
		/* RFC 7323 3.2: an echo of what we did not send is an old SYN,ACK */
		if (seg->opt.has & XTCP_OPT_TS && t->flags & XTCP_F_TS_OK &&
		    seg->opt.tsecr && !(seg->flags & XTCP_RST) &&
		    xtcp_tsval(t, now) - seg->opt.tsecr >
		    (xtcp_stamp(now) - t->lsndtime) / XTCP_USEC_PER_MSEC + 1) {
			order_rst(a, seg, XTCP_WHY_OLD_ECHO);
			return XTCP_VERDICT_TSECR;
		}
	}
	/* second: the RST bit */
	if (seg->flags & XTCP_RST)
		return seg->flags & XTCP_ACK ? reset_received(t, a) : XTCP_VERDICT_RST_REFUSED;
	/* fourth: the SYN bit */
	if (!(seg->flags & XTCP_SYN))
		return XTCP_VERDICT_FLAGS;
	/* of the connection whose TIME_WAIT made way for this one (RFC 7323 B.2) */
	if (!(seg->flags & XTCP_ACK) && paws_rejects(t, seg, now))
		return XTCP_VERDICT_PAWS;
	take_syn_options(t, seg, now);
	if (!(seg->flags & XTCP_ACK)) {
		/* simultaneous open */
		t->snd_wnd = seg->wnd;
		t->max_window = seg->wnd;
		t->snd_wl1 = seg->seq;
		xtcp_edge(t, XTCP_EV_RCV_SYN, XTCP_WHY_SYN_CROSSED, a);
		xtcp_order_again(a, XTCP_ACT_SEND_SYN, XTCP_WHY_SYN_CROSSED);
		return XTCP_VERDICT_SYN;
	}
	t->snd_una = t->iss + 1;
	xtcp_fastopen_acked(t, seg, a);
	t->flags &= ~XTCP_F_SYN_OUT;
	xtcp_edge(t, XTCP_EV_RCV_SYN_ACK, XTCP_WHY_PEER_ACCEPTED, a);
	established(t, seg, now, a);
	xtcp_ack_syn_ack(t, seg, now, a);
	/* sixth, seventh: data in a SYN,ACK is rare, and legal (3.4) */
	if (seg->len || seg->flags & XTCP_FIN) {
		seg->seq++;
		return receive_text(t, seg, now, a);
	}
	return XTCP_VERDICT_SYN;
}

/*
 * 3.10.7.4 fifth, in SYN_RECV, or in FIN_WAIT1 after a CLOSE in SYN_RECV.
 * Return: XTCP_VERDICT_NONE: the connection is established now.
 */
static __must_check enum xtcp_verdict ack_of_syn(struct xtcp_tcb *t,
						 const struct xtcp_segment *seg,
						 xtcp_usec_t now,
						 struct xtcp_actions *a)
{
	if (!xtcp_after(seg->ack, t->snd_una) ||
	    xtcp_after(seg->ack, xtcp_fastopen_limit(t))) {
		order_rst(a, seg, XTCP_WHY_ACK_UNSENT);
		return XTCP_VERDICT_ACK_UNSENT;
	}
	t->snd_una++;	/* the SYN; xtcp_ack() does what follows it */
	xtcp_fastopen_acked(t, seg, a);
	t->flags &= ~XTCP_F_SYN_OUT;
	if (t->state == XTCP_SYN_RECV)
		xtcp_edge(t, XTCP_EV_RCV_ACK_OF_SYN, XTCP_WHY_SYN_ACKED, a);
	established(t, seg, now, a);
	xtcp_rexmit_rearm(t, now);	/* our FIN may be out */
	return XTCP_VERDICT_NONE;
}

/* The segment carries the peer's FIN, and it will be taken now. */
static bool fin_comes(const struct xtcp_tcb *t, const struct xtcp_segment *seg)
{
	return seg->flags & XTCP_FIN && !xtcp_after(seg->seq, t->rcv_nxt) &&
	       xtcp_after(seg->end_seq, t->rcv_nxt) &&
	       !(seg->len && (seg->no_room || !xtcp_receive_window(t) ||
			      t->flags & XTCP_F_RCV_SHUT));
}

/*
 * TCP_LINGER2 < 0: an orphan does not wait in FIN_WAIT2, and whatever the segment has
 * besides the ACK of our FIN is nobody's (as Linux).  The peer learns that nobody listens.
 */
static void no_fin_wait2(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			 struct xtcp_actions *a)
{
	xtcp_edge(t, XTCP_EV_RCV_ACK_OF_FIN, XTCP_WHY_FIN_ACKED, a);
	order_rst(a, seg, XTCP_WHY_LINGER2_NONE);
	xtcp_edge(t, XTCP_EV_ABORT, XTCP_WHY_LINGER2_NONE, a);
	xtcp_dead(t, 0, a);
}

/* 3.10.7.4 fifth, what the ACK of our FIN does. */
static void ack_of_fin(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		       xtcp_usec_t now, struct xtcp_actions *a)
{
	switch (t->state) {
	case XTCP_FIN_WAIT1:
		if (t->flags & XTCP_F_ORPHAN && t->user.linger2_s == XTCP_LINGER2_NONE) {
			no_fin_wait2(t, seg, a);
			return;
		}
		/* a FIN in the same segment takes the edge to TIME_WAIT at once */
		if (fin_comes(t, seg))
			return;
		xtcp_edge(t, XTCP_EV_RCV_ACK_OF_FIN, XTCP_WHY_FIN_ACKED, a);
		xtcp_keep_rearm(t, now);
		a->orders |= XTCP_ACT_WAKE_WRITER;
		return;
	case XTCP_CLOSING:
		xtcp_edge(t, XTCP_EV_RCV_ACK_OF_FIN, XTCP_WHY_FIN_ACKED, a);
		a->orders |= XTCP_ACT_TIME_WAIT;
		return;
	case XTCP_LAST_ACK:
		xtcp_edge(t, XTCP_EV_RCV_ACK_OF_FIN, XTCP_WHY_FIN_ACKED, a);
		xtcp_dead(t, 0, a);
		return;
	}
}

/* 3.10.7.4 eighth: the peer's FIN is in order. */
static void fin_received(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	t->flags |= XTCP_F_FIN_RCVD | XTCP_F_ACK_PENDING;
	/* as Linux: the ACK of a FIN reports nothing else */
	t->flags &= ~XTCP_F_DSACK;
	a->orders |= XTCP_ACT_WAKE_READER;
	if (!RB_EMPTY_ROOT(&t->ooo))
		a->orders |= XTCP_ACT_PURGE_OOO;

	switch (t->state) {
	case XTCP_ESTABLISHED:
		xtcp_edge(t, XTCP_EV_RCV_FIN, XTCP_WHY_PEER_CLOSED, a);
		/* the user is likely to close soon: the ACK can ride on our FIN */
		t->pingpong = t->conf->pingpong_thresh;
		/* ... but a peer whose window is shut may repeat it at once */
		if (xtcp_receive_window(t))
			return;
		break;
	case XTCP_FIN_WAIT1:
		if (xtcp_fin_acked(t)) {
			xtcp_edge(t, XTCP_EV_RCV_FIN_ACK_OF_FIN, XTCP_WHY_FIN_ANSWERED, a);
			a->orders |= XTCP_ACT_TIME_WAIT;
		} else {
			xtcp_edge(t, XTCP_EV_RCV_FIN, XTCP_WHY_PEER_CLOSED, a);
		}
		break;
	case XTCP_FIN_WAIT2:
		xtcp_edge(t, XTCP_EV_RCV_FIN, XTCP_WHY_PEER_CLOSED, a);
		a->orders |= XTCP_ACT_TIME_WAIT;
		break;
	}
	xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_FIN);
}

/* 3.10.7.4 seventh and eighth: text and FIN. */
static enum xtcp_verdict receive_text(struct xtcp_tcb *t, struct xtcp_segment *seg,
				      xtcp_usec_t now, struct xtcp_actions *a)
{
	bool fin = seg->flags & XTCP_FIN;

	if (seg->seq == seg->end_seq)
		return XTCP_VERDICT_ACK;
	if (!XTCP_IN(t->state, XTCP_SET_CAN_RECEIVE)) {
		/* behind the peer's FIN: ignored */
		if (!xtcp_before(seg->seq, t->rcv_nxt))
			return XTCP_VERDICT_SEQ;
		/* a retransmission of what the peer sent before its FIN */
		if (!xtcp_after(seg->end_seq, t->rcv_nxt))
			xtcp_dsack(t, seg->seq, seg->end_seq);
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_DUPACK, XTCP_WHY_ACK_DUPLICATE);
		return XTCP_VERDICT_DUP_DATA;
	}
	if (!xtcp_after(seg->end_seq, t->rcv_nxt)) {
		xtcp_dsack(t, seg->seq, seg->end_seq);
		xtcp_ack_quick(t);
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK | XTCP_ACT_DUPACK, XTCP_WHY_ACK_DUPLICATE);
		return XTCP_VERDICT_DUP_DATA;
	}
	if (xtcp_before(seg->seq, t->rcv_nxt))
		xtcp_dsack(t, seg->seq, t->rcv_nxt);
	if (seg->len && !xtcp_receive_window(t)) {
		xtcp_actions_note(a, xtcp_after(seg->seq, t->rcv_nxt) ? XTCP_NOTE_BEYOND_WINDOW
							 : XTCP_NOTE_ZERO_WINDOW_DROP);
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_NO_WINDOW);
		return XTCP_VERDICT_ZERO_WINDOW;
	}
	if (xtcp_after(seg->seq, t->rcv_nxt) &&
	    !xtcp_before(seg->seq, t->rcv_nxt + xtcp_receive_window(t))) {
		/* at the right edge: none of it fits */
		xtcp_actions_note(a, XTCP_NOTE_BEYOND_WINDOW);
		xtcp_ack_quick(t);
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_NO_WINDOW);
		return XTCP_VERDICT_SEQ;
	}
	if (seg->len && seg->no_room) {
		xtcp_actions_note(a, xtcp_after(seg->seq, t->rcv_nxt) ? XTCP_NOTE_OFO_DROP
							 : XTCP_NOTE_RCVQ_DROP);
		/* as Linux: behind a gap there is nothing to say that was not said before */
		if (!xtcp_after(seg->seq, t->rcv_nxt))
			xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_NO_ROOM);
		return XTCP_VERDICT_RCVBUF;
	}
	if (xtcp_after(seg->seq, t->rcv_nxt)) {
		bool is_new;

		xtcp_ecn_data(t, seg, t->rcv_nxt, now, a);
		if (seg->len)
			xtcp_ack_measure(t, seg);
		t->info.rcv_ooopack += max_t(u32, seg->segs, 1);
		is_new = xtcp_ooo_insert(t, seg->node, a);
		if (is_new)
			a->orders |= XTCP_ACT_QUEUED_OOO;
		/* without SACK all duplicates must look alike */
		if (t->flags & XTCP_F_SACK_OK && seg->len)
			xtcp_window_grow(t, seg);
		xtcp_ack_gap(t, seg, is_new, now, a);
		return is_new ? XTCP_VERDICT_GAP : XTCP_VERDICT_DUP_DATA;
	}
	if (seg->len) {
		xtcp_ack_data_came(t, seg, now);
		xtcp_ecn_data(t, seg, t->rcv_nxt, now, a);
		a->orders |= XTCP_ACT_DELIVER | XTCP_ACT_WAKE_READER;
	}
	xtcp_rcv_advance(t, seg->end_seq);
	if (!fin && !RB_EMPTY_ROOT(&t->ooo)) {
		/* the sender waits for this: acknowledge what it closed */
		xtcp_order_ack(a, XTCP_ACT_SEND_ACK, XTCP_WHY_ACK_FILLED);
		fin = xtcp_ooo_advance(t, a);
	}
	if (seg->len)
		xtcp_window_data(t, seg, now);
	if (fin)
		fin_received(t, now, a);
	return seg->len ? XTCP_VERDICT_TEXT : XTCP_VERDICT_FIN;
}

/*
 * 3.10.7.4 with the user gone: nobody will read what comes, or what a FIN that ran
 * ahead announces (RFC 2525 2.17).
 */
static bool text_after_close(const struct xtcp_tcb *t,
			     const struct xtcp_segment *seg)
{
	return t->flags & XTCP_F_RCV_SHUT &&
	       XTCP_IN(t->state, XTCPF(FIN_WAIT1) | XTCPF(FIN_WAIT2)) &&
	       seg->seq != seg->end_seq && xtcp_after(seg->seq + seg->len, t->rcv_nxt);
}

static __must_check enum xtcp_verdict in_synchronised(struct xtcp_tcb *t,
						      struct xtcp_segment *seg,
						      xtcp_usec_t now,
						      struct xtcp_actions *a)
{
	enum xtcp_verdict verdict = acceptable(t, seg, now, a);

	if (unlikely(verdict))
		return verdict;
	/* fifth: the ACK bit */
	if (!(seg->flags & XTCP_ACK))
		return XTCP_VERDICT_NO_ACK;
	if (t->flags & XTCP_F_SYN_OUT) {
		verdict = ack_of_syn(t, seg, now, a);
		if (verdict)
			return verdict;
	}
	if (!xtcp_ack_repeats(t, seg, now)) {
		verdict = xtcp_ack(t, seg, now, a);
		if (unlikely(verdict))
			return verdict;
	}
	if (seg->flags & XTCP_CWR)
		xtcp_ecn_cwr(t, seg, a);
	/* sixth: the URG bit */
	if ((seg->flags & XTCP_URG || t->flags & XTCP_F_URG) &&
	    XTCP_IN(t->state, XTCP_SET_CAN_RECEIVE))
		xtcp_urg_received(t, seg, a);
	take_ts(t, seg, now);
	if (xtcp_fin_acked(t) && XTCP_IN(t->state, XTCPF(FIN_WAIT1) |
					 XTCPF(CLOSING) | XTCPF(LAST_ACK)))
		ack_of_fin(t, seg, now, a);
	/* nobody takes what it has besides */
	if (t->state == XTCP_CLOSE || t->state == XTCP_TIME_WAIT)
		return !seg->len ? XTCP_VERDICT_ACK :
		       xtcp_after(seg->end_seq, t->rcv_nxt) ? XTCP_VERDICT_CLOSED_RCV :
							      XTCP_VERDICT_DUP_DATA;
	if (text_after_close(t, seg)) {
		order_rst(a, seg, XTCP_WHY_DATA_AFTER_CLOSE);
		xtcp_edge(t, XTCP_EV_ABORT, XTCP_WHY_DATA_AFTER_CLOSE, a);
		/* who only shut it down learns that something is lost (as Linux) */
		xtcp_dead(t, t->flags & XTCP_F_ORPHAN ? 0 : ECONNRESET, a);
		return XTCP_VERDICT_CLOSED_RCV;
	}
	verdict = receive_text(t, seg, now, a);
	if (t->state != XTCP_CLOSE && t->state != XTCP_TIME_WAIT)
		xtcp_ack_decide(t, seg, now, a);
	return verdict;
}

static __always_inline enum xtcp_verdict on_segment(struct xtcp_tcb *t,
						    struct xtcp_segment *seg,
						    xtcp_usec_t now,
						    struct xtcp_actions *a)
{
	switch (t->state) {
	case XTCP_CLOSE:
		/* 3.10.7.1 */
		if (!(seg->flags & XTCP_RST))
			order_rst(a, seg, XTCP_WHY_NO_CONNECTION);
		return XTCP_VERDICT_FLAGS;
	case XTCP_SYN_SENT:
		return in_syn_sent(t, seg, now, a);
	default:
		return in_synchronised(t, seg, now, a);
	}
}

/**
 * xtcp_on_segment - a segment arrived for a connection
 * @t: the connection, in any state but LISTEN and TIME_WAIT
 * @seg: the segment, checksum verified; @seg->verdict is what this returns
 * @now: the time
 * @a: out, initialised by the caller: what the host has to do
 *
 * RFC 9293 3.10.7.  Bounded work: O(log n) in queued segments, but for the
 * queued segments that it acknowledges or puts in order, each once.
 *
 * Return: what became of the segment, never XTCP_VERDICT_NONE.
 */
enum xtcp_verdict xtcp_on_segment(struct xtcp_tcb *t, struct xtcp_segment *seg,
				  xtcp_usec_t now, struct xtcp_actions *a)
{
	t->info.segs_in += max_t(u16, seg->segs, 1);
	if (seg->len)
		t->info.data_segs_in += max_t(u16, seg->segs, 1);
	seg->verdict = on_segment(t, seg, now, a);
	return seg->verdict;
}
