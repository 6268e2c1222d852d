// SPDX-License-Identifier: GPL-2.0
/*
 * The acknowledgement of a segment: RFC 9293 3.10.7.4 fifth, RFC 5961 5,
 * loss detection by duplicate ACKs and recovery of RFC 5681 and 6582.
 */
#include "ecn.h"
#include "internal.h"
#include "output.h"
#include "rate.h"

/* What an ACK told us, besides what congestion control wants to know. */
struct ack_news {
	struct xtcp_ack_sample sample;
	u32	prior_packets;
	u32	first_xmit;	/* when the oldest segment it acknowledges was sent */
	bool	rtt_valid;	/* none of them was sent twice */
	bool	window_changed;
};

/**
 * xtcp_fin_acked - the peer has acknowledged our FIN
 * @t: the connection
 *
 * Return: true when it has.
 */
bool xtcp_fin_acked(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_FIN_QUEUED && t->snd_una == t->write_seq;
}

/* @n packets of @seg are not outstanding any more. */
static void uncount(struct xtcp_tcb *t, struct xtcp_seg *seg, u32 n)
{
	t->packets_out -= n;
	if (seg->mark & XTCP_SEG_SACKED)
		t->sacked_out -= n;
	if (seg->mark & XTCP_SEG_LOST)
		t->lost_out -= n;
	if (seg->mark & XTCP_SEG_RETRANS)
		t->retrans_out -= n;
	seg->segs -= n;
}

/* Take what SND.UNA has passed off the retransmission queue. */
static void clean_rtx(struct xtcp_tcb *t, struct ack_news *news,
		      struct xtcp_actions *a)
{
	struct xtcp_seg *last = NULL;
	struct rb_node *rb;

	news->rtt_valid = true;
	while ((rb = rb_first(&t->rtx))) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);
		u32 n = seg->segs;
		bool whole = !xtcp_after(seg->end_seq, t->snd_una);

		if (!whole) {
			/* part of a GSO buffer: count whole packets only */
			if (!xtcp_after(t->snd_una, seg->seq) || !seg->mss)
				break;
			n = seg->end_seq - t->snd_una - !!(seg->flags & XTCP_FIN);
			n = n ? DIV_ROUND_UP(n, seg->mss) : 1;
			n = seg->segs > n ? seg->segs - n : 0;
		}
		if (seg->mark & XTCP_SEG_EVER_RETRANS)
			news->rtt_valid = false;
		else if (!news->sample.acked)
			news->first_xmit = seg->xmit_us;
		news->sample.acked += n;
		if (!(seg->mark & XTCP_SEG_SACKED)) {
			news->sample.delivered += n;
			if (whole)
				xtcp_rate_seg_delivered(t, seg, &news->sample);
		}
		uncount(t, seg, n);
		if (!whole)
			break;
		if (t->rtx_next == seg) {
			struct rb_node *next = rb_next(rb);

			t->rtx_next = next ? xtcp_rb_seg(next) : NULL;
		}
		rb_erase(rb, &t->rtx);
		xtcp_seg_set_next(seg, NULL);
		if (last)
			xtcp_seg_set_next(last, seg);
		else
			a->acked = seg;
		last = seg;
	}
}

/* RFC 6298 with Karn's rule; RFC 7323 4.1 by timestamps where that forbids it. */
static void take_rtt(struct xtcp_tcb *t, struct ack_news *news,
		     const struct xtcp_segment *seg, xtcp_usec_t now)
{
	if (!news->sample.acked)
		return;
	if (news->rtt_valid) {
		news->sample.rtt_us = max_t(u32, xtcp_stamp(now) - news->first_xmit, 1);
		xtcp_rtt_sample(t, news->sample.rtt_us);
	} else {
		xtcp_rtt_echo(t, seg, now);
	}
}

/*
 * RFC 9293 3.10.7.4: SND.WND is taken from the newest segment, so that an old
 * one that comes late does not change it.
 */
static void update_window(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			  struct ack_news *news)
{
	u32 wnd = seg->wnd;

	if (!(seg->flags & XTCP_SYN))
		wnd <<= t->snd_wscale;
	if (!xtcp_after(seg->ack, news->sample.prior_una) &&
	    !xtcp_after(seg->seq, t->snd_wl1) &&
	    (seg->seq != t->snd_wl1 || (wnd && wnd <= t->snd_wnd)))
		return;
	t->snd_wl1 = seg->seq;
	if (wnd == t->snd_wnd)
		return;
	t->snd_wnd = wnd;
	news->window_changed = true;
	if (wnd <= t->max_window)
		return;
	t->max_window = wnd;
	/* half of it may be what limited our segments */
	if (t->mss < t->path_mss)
		xtcp_mss_update(t, t->path_mss);
}

/* RFC 6582 has no SACK: a duplicate ACK says that one segment left the network. */
static void count_dupack(struct xtcp_tcb *t, u32 n)
{
	t->sacked_out = min(t->sacked_out + n,
			    t->packets_out - min(t->lost_out, t->packets_out));
}

static void enter_recovery(struct xtcp_tcb *t)
{
	t->recover = t->snd_nxt;
	xtcp_cong_save(t);
	/* RFC 5681 3.2 step 2; step 3, by counting duplicates as sacked_out */
	t->ssthresh = xtcp_cong_ssthresh(t);
	t->cwnd = t->ssthresh;
	t->cwnd_cnt = 0;
	xtcp_cong_set_state(t, XTCP_CA_RECOVERY);
	t->flags |= XTCP_F_HEAD_LOST;
}

/* Nothing that was sent before the loss is missing any more. */
static void leave_recovery(struct xtcp_tcb *t, xtcp_usec_t now)
{
	t->sacked_out = 0;
	if (t->ca_state == XTCP_CA_RECOVERY) {
		/* RFC 6582 3.2 step 3, the choice that does not send a burst */
		t->cwnd = min_t(u32, t->ssthresh,
				max_t(u32, xtcp_in_flight(t), 1) + 1);
		t->cwnd_cnt = 0;
		xtcp_cong_event(t, XTCP_CONG_COMPLETE_CWR, now);
	}
	xtcp_cong_set_state(t, XTCP_CA_OPEN);
	t->flags &= ~XTCP_F_HEAD_LOST;
	t->retrans_stamp = 0;
}

/* RFC 3168 6.1.2: as after a loss, but nothing is missing; once per window. */
static void enter_cwr(struct xtcp_tcb *t)
{
	t->recover = t->snd_nxt;
	xtcp_cong_save(t);
	t->ssthresh = xtcp_cong_ssthresh(t);
	t->cwnd = t->ssthresh;
	t->cwnd_cnt = 0;
	xtcp_cong_set_state(t, XTCP_CA_CWR);
}

static void dupack(struct xtcp_tcb *t, struct xtcp_actions *a)
{
	count_dupack(t, 1);
	if (t->ca_state == XTCP_CA_LOSS)
		return;
	if (t->ca_state != XTCP_CA_RECOVERY) {
		if (t->ca_state != XTCP_CA_CWR)
			xtcp_cong_set_state(t, XTCP_CA_DISORDER);
		/* RFC 3042: new data for the first two, if the windows allow */
		a->orders |= XTCP_ACT_OUTPUT;
		if (t->sacked_out < XTCP_DUPACK_THRESH)
			return;
		/* RFC 6582 3.2 step 2: not again for a loss before the last RTO */
		if (!xtcp_after(t->snd_una, t->recover))
			return;
		enter_recovery(t);
		a->orders |= XTCP_ACT_RETRANSMIT;
	}
	a->orders |= XTCP_ACT_OUTPUT;
}

/* New data is acknowledged: RFC 6582 3.2 steps 3 to 5, RFC 5681 3.1. */
static void advanced(struct xtcp_tcb *t, struct ack_news *news,
		     xtcp_usec_t now, struct xtcp_actions *a)
{
	if (!xtcp_in_recovery(t)) {
		t->sacked_out = 0;
		if (t->ca_state == XTCP_CA_CWR) {
			/* until the first data is ACKed that tells of it by CWR */
			if (!xtcp_after(t->snd_una, t->recover))
				return;
			xtcp_cong_event(t, XTCP_CONG_COMPLETE_CWR, now);
		} else if (news->sample.ece) {
			enter_cwr(t);
			return;
		}
		xtcp_cong_set_state(t, XTCP_CA_OPEN);
		xtcp_cong_control(t, &news->sample, now);
		return;
	}
	if (!xtcp_before(t->snd_una, t->recover)) {
		leave_recovery(t, now);
		return;
	}
	if (t->ca_state == XTCP_CA_RECOVERY) {
		/* partial ACK: the next segment is missing too */
		t->sacked_out -= min(t->sacked_out,
				     news->sample.acked ? news->sample.acked - 1 : 0);
		t->flags |= XTCP_F_HEAD_LOST;
	} else {
		xtcp_cong_control(t, &news->sample, now);
	}
	count_dupack(t, 0);
	a->orders |= XTCP_ACT_RETRANSMIT;
}

/**
 * xtcp_ack - process the acknowledgement of an acceptable segment
 * @t: the connection, in a synchronised state
 * @seg: the segment, with the ACK bit set
 * @now: the time
 * @a: out
 *
 * Return: false when the segment has to be dropped for its acknowledgement.
 */
bool xtcp_ack(struct xtcp_tcb *t, struct xtcp_segment *seg, xtcp_usec_t now,
	      struct xtcp_actions *a)
{
	struct ack_news news = {
		.sample.prior_una = t->snd_una,
		.sample.prior_in_flight = xtcp_in_flight(t),
		.sample.ece = xtcp_ecn_echoed(t, seg),
		.prior_packets = t->packets_out,
	};

	if (xtcp_after(seg->ack, t->snd_nxt)) {
		/* 3.10.7.4: acknowledges what was not sent: ACK and drop */
		seg->drop = XTCP_DROP_ACK_UNSENT;
		xtcp_ack_challenge(t, now, a);
		return false;
	}
	if (xtcp_before(seg->ack, t->snd_una)) {
		/* RFC 5961 5.2: older than any window, or our first byte */
		if (xtcp_before(seg->ack, t->snd_una -
				(u32)min_t(u64, t->max_window, t->bytes_acked + 1))) {
			seg->drop = XTCP_DROP_ACK_OLD;
			xtcp_ack_challenge(t, now, a);
			return false;
		}
		return true;	/* old: nothing in it, its text may be new */
	}

	t->snd_una = seg->ack;
	t->probes_out = 0;
	t->heard = xtcp_coarse(now);
	update_window(t, seg, &news);
	if (seg->ack != news.sample.prior_una) {
		u32 len = seg->ack - news.sample.prior_una;

		clean_rtx(t, &news, a);
		take_rtt(t, &news, seg, now);
		t->delivered += news.sample.delivered;
		if (news.sample.ece)
			t->delivered_ce += news.sample.delivered;
		xtcp_rate_done(t, &news.sample, now);
		t->bytes_acked += len - xtcp_fin_acked(t);
		t->retransmits = 0;
		t->retrans_stamp = 0;
		advanced(t, &news, now, a);
		xtcp_rexmit_rearm(t, now);
		a->orders |= XTCP_ACT_WAKE_WRITER | XTCP_ACT_OUTPUT;
		return true;
	}
	if (news.window_changed) {
		a->orders |= XTCP_ACT_OUTPUT | XTCP_ACT_RETRANSMIT;
	} else if (!seg->len && news.prior_packets &&
		   !(seg->flags & (XTCP_SYN | XTCP_FIN))) {
		/* RFC 5681 2: a duplicate ACK in the strict sense */
		dupack(t, a);
	}
	if (t->flags & XTCP_F_PROBE) {
		if (t->snd_wnd)
			a->orders |= XTCP_ACT_OUTPUT;
		else
			xtcp_persist_answered(t, now);
	}
	return true;
}
