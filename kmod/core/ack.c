// SPDX-License-Identifier: GPL-2.0
/*
 * The acknowledgment of a segment: RFC 9293 3.10.7.4 fifth, RFC 5961 5; what it
 * means for the scoreboard, the RTT and the state of recovery.
 */
#include "chrono.h"
#include "ecn.h"
#include "internal.h"
#include "mtup.h"
#include "output.h"
#include "rate.h"
#include "scoreboard.h"

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

/*
 * RFC 6298 with Karn's rule: of what was sent once, by the ACK or, where that
 * leaves nothing, by SACK; RFC 7323 4.1 by timestamps otherwise.
 */
static void take_rtt(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	u32 stamp = xtcp_stamp(news->now), first, last;
	bool delayed = false;

	if ((news->what & (XTCP_NEWS_RTT | XTCP_NEWS_RETRANS_ACKED)) == XTCP_NEWS_RTT) {
		first = news->first_xmit;
		last = news->last_xmit;
		/* a single short segment: its ACK may have been held back */
		delayed = news->sample.acked == 1 && !t->sacked_out &&
			  t->snd_una - news->sample.prior_una < t->mss;
	} else if (news->what & XTCP_NEWS_SACK_RTT) {
		first = news->first_sack;
		last = first;
	} else {
		if (news->what & XTCP_NEWS_ACKED)
			xtcp_rtt_echo(t, news->seg, news->now);
		return;
	}
	if (news->what & XTCP_NEWS_SACK_RTT)
		last = news->last_sack;
	news->sample.rtt_us = max_t(u32, stamp - last, 1);
	news->sample.ack_delayed = delayed;
	xtcp_rtt_min(t, news->sample.rtt_us, delayed, news->now);
	xtcp_rtt_sample(t, max_t(u32, stamp - first, 1));
	/*
	 * Data that was sent after the first packet, for the last time, has
	 * arrived: that one is waited for anew.
	 */
	if (!(news->what & XTCP_NEWS_ACKED) && t->packets_out &&
	    (s32)(first - xtcp_rtx_first(t)->xmit_us) < 0)
		news->what |= XTCP_NEWS_SET_TIMER;
}

/*
 * RFC 9293 3.10.7.4: SND.WND is taken from the newest segment, so that an old
 * one that comes late does not change it.
 */
static void update_window(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			  struct xtcp_ack_news *news)
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
	news->what |= XTCP_NEWS_WINDOW;
	if (wnd <= t->max_window)
		return;
	t->max_window = wnd;
	/* half of it may be what limited our segments */
	if (t->mss < t->path_mss)
		xtcp_mss_update(t, t->path_mss);
}

/* Has anything happened that a good network does not do, or is it not over yet? */
static bool dubious(const struct xtcp_tcb *t, const struct xtcp_ack_news *news)
{
	return t->ca_state != XTCP_CA_OPEN || !(news->what & XTCP_NEWS_NOT_DUP) ||
	       news->what & (XTCP_NEWS_SACKED | XTCP_NEWS_DSACK | XTCP_NEWS_ECE);
}

/* The scoreboard is up to date: what follows from it? */
static void conclude(struct xtcp_tcb *t, struct xtcp_ack_news *news, u32 ack)
{
	if (news->what & XTCP_NEWS_ACKED)
		news->what |= XTCP_NEWS_SET_TIMER;
	if (unlikely(t->rec & (XTCP_R_RACK_DSACK | XTCP_R_TLP | XTCP_R_MTU_PROBE))) {
		if (t->rec & XTCP_R_MTU_PROBE)
			xtcp_mtup_acked(t, news);
		xtcp_rack_adapt(t, news);
		if (t->rec & XTCP_R_TLP)
			xtcp_tlp_acked(t, news, ack);
	}
	if (unlikely(dubious(t, news)))
		xtcp_recovery_ack(t, news);
	t->delivered += news->sample.delivered;
	if (news->sample.ece)
		t->delivered_ce += news->sample.delivered;
	if ((news->what & (XTCP_NEWS_SET_TIMER | XTCP_NEWS_REO_TIMER)) ==
	    XTCP_NEWS_SET_TIMER)
		xtcp_rexmit_rearm(t, news->now);
	xtcp_rate_done(t, &news->sample, news->now);
	if (news->sample.delivered || news->sample.lost)
		xtcp_cong_control(t, &news->sample, news->now);
}

/* An ACK that was overtaken: what it reports may still be new. */
static void old_ack(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	const struct xtcp_segment *seg = news->seg;

	if (!(seg->opt.has & XTCP_OPT_SACK) || !xtcp_sack_ok(t))
		return;
	xtcp_sacks(t, news);
	if (!(news->what & (XTCP_NEWS_SACKED | XTCP_NEWS_DSACK)))
		return;
	/* it is none of the duplicates that count */
	news->what |= XTCP_NEWS_TEXT;
	conclude(t, news, seg->ack);
	news->a->orders |= XTCP_ACT_OUTPUT;
}

/**
 * xtcp_ack - process the acknowledgment of an acceptable segment
 * @t: the connection, in a synchronised state
 * @seg: the segment, with the ACK bit set
 * @now: the time
 * @a: out
 *
 * Return: XTCP_VERDICT_NONE: the segment goes on; or why it has to be dropped for its
 * acknowledgment.
 */
enum xtcp_verdict xtcp_ack(struct xtcp_tcb *t, const struct xtcp_segment *seg,
			   xtcp_usec_t now, struct xtcp_actions *a)
{
	struct xtcp_ack_news news = {
		.sample.prior_una = t->snd_una,
		.sample.prior_in_flight = xtcp_in_flight(t),
		.sample.ece = xtcp_ecn_echoed(t, seg),
		.seg = seg,
		.a = a,
		.now = now,
		.prior_packets = t->packets_out,
		.prior_high = t->sacked_out ? t->sack_high : t->snd_una,
		.reord = t->snd_nxt,
	};

	if (xtcp_after(seg->ack, t->snd_nxt)) {
		/* 3.10.7.4: acknowledges what was not sent: ACK and drop */
		xtcp_ack_challenge(t, now, a);
		return XTCP_VERDICT_ACK_UNSENT;
	}
	if (xtcp_before(seg->ack, t->snd_una)) {
		/* RFC 5961 5.2: older than any window, or our first byte */
		if (xtcp_before(seg->ack, t->snd_una -
				(u32)min_t(u64, t->max_window, xtcp_acked(t)))) {
			xtcp_ack_challenge(t, now, a);
			return XTCP_VERDICT_ACK_OLD;
		}
		old_ack(t, &news);
		return XTCP_VERDICT_NONE;
	}

	xtcp_una_advance(t, seg->ack);
	t->probes_out = 0;
	t->heard = xtcp_coarse(now);
	if (news.sample.ece)
		news.what |= XTCP_NEWS_ECE;
	if (seg->len || seg->flags & (XTCP_SYN | XTCP_FIN))
		news.what |= XTCP_NEWS_TEXT;
	update_window(t, seg, &news);
	if (seg->ack != news.sample.prior_una) {
		news.what |= XTCP_NEWS_ADVANCED;
		xtcp_rtx_clean(t, &news);
		/* filled late: what was missing had not been sent again */
		if (unlikely(xtcp_before(news.reord, news.prior_high)) &&
		    xtcp_sack_ok(t))
			xtcp_reordered(t, news.reord, XTCP_NOTE_SACK_REORDER, &news);
		t->retransmits = 0;
		t->retrans_stamp = 0;
		if (t->snd_una == t->write_seq)
			xtcp_chrono_set(t, XTCP_CHRONO_IDLE, now);
		a->orders |= XTCP_ACT_WAKE_WRITER;
	}
	if (unlikely(seg->opt.has & XTCP_OPT_SACK) && xtcp_sack_ok(t))
		xtcp_sacks(t, &news);
	if (news.what & (XTCP_NEWS_ACKED | XTCP_NEWS_SACK_RTT))
		take_rtt(t, &news);
	/* what is lost may have waited for it */
	if (news.what & XTCP_NEWS_WINDOW && t->ca_state != XTCP_CA_OPEN)
		xtcp_order_again(a, XTCP_ACT_RETRANSMIT, XTCP_WHY_RESEND_WINDOW);
	if (news.prior_packets || news.what & XTCP_NEWS_DSACK)
		conclude(t, &news, seg->ack);
	if (news.what & (XTCP_NEWS_ADVANCED | XTCP_NEWS_WINDOW | XTCP_NEWS_SACKED) ||
	    t->ca_state != XTCP_CA_OPEN)
		a->orders |= XTCP_ACT_OUTPUT;
	if (t->flags & XTCP_F_PROBE) {
		if (t->snd_wnd)
			a->orders |= XTCP_ACT_OUTPUT;
		else
			xtcp_persist_answered(t, now);
	}
	return XTCP_VERDICT_NONE;
}
