// SPDX-License-Identifier: GPL-2.0
/*
 * RACK, RFC 8985 6: a packet is lost when one that was sent later has arrived,
 * and the reordering that is to be expected has had its time.
 *
 * Differences from the RFC are Linux's: the reordering window is nothing until
 * reordering was seen once three segments were SACKed, and it is adapted by
 * D-SACKs once in a round trip.
 */
#include "internal.h"
#include "scoreboard.h"

/* The timer is this much later than computed: clocks have ticks. */
#define REO_SLACK_US	2000

static bool sent_before_newest(const struct xtcp_tcb *t, u32 xmit_us, u32 end_seq)
{
	return xtcp_sent_after(t->rack.us, t->rack.end_seq, xmit_us, end_seq);
}

/**
 * xtcp_rack_adapt - let the reordering window follow D-SACKs (6.2 step 4)
 * @t: the connection
 * @news: the ACK
 *
 * A D-SACK means that the window was too short: it grows by a quarter of the
 * least RTT, at most once in a round trip.
 */
void xtcp_rack_adapt(struct xtcp_tcb *t, const struct xtcp_ack_news *news)
{
	u16 ms = xtcp_coarse(news->now);

	if (!(t->rec & XTCP_R_RACK_DSACK))
		return;
	t->rec &= ~XTCP_R_RACK_DSACK;
	if (t->conf->recovery & XTCP_RACK_STATIC_REO_WND)
		return;
	if (t->rack.reo_steps > 1 &&
	    (u16)(ms - t->rack.reo_stamp) < t->srtt_us >> (3 + XTCP_COARSE_SHIFT))
		return;
	if (t->rack.reo_steps < U8_MAX)
		t->rack.reo_steps++;
	t->rack.reo_stamp = ms;
	t->rack.reo_persist = XTCP_REO_PERSIST;
}

/* 6.2 step 4: RACK.reo_wnd, microseconds. */
static u32 reo_wnd(const struct xtcp_tcb *t)
{
	u64 wnd;

	if (!t->recovery.reord_seen) {
		if (t->ca_state >= XTCP_CA_RECOVERY)
			return 0;
		if (t->sacked_out >= t->reordering &&
		    !(t->conf->recovery & XTCP_RACK_NO_DUPTHRESH))
			return 0;
	}
	wnd = (u64)(t->min_rtt_us >> 2) * t->rack.reo_steps;
	return min_t(u64, wnd, t->srtt_us >> 3);
}

/**
 * xtcp_rack_remaining - how long until a record counts as lost
 * @t: the connection
 * @seg: the record
 * @reo_wnd: how much longer than the newest RTT to wait, microseconds
 * @now: the time
 *
 * Return: microseconds, not positive when the time is over.
 */
s32 xtcp_rack_remaining(const struct xtcp_tcb *t, const struct xtcp_seg *seg,
			u32 reo_wnd, xtcp_usec_t now)
{
	return t->rack.rtt_us + reo_wnd - (xtcp_stamp(now) - seg->xmit_us);
}

/* Packets of a record that left before the newest that was delivered: how many? */
static unsigned int sent_before(const struct xtcp_tcb *t, const struct xtcp_seg *seg)
{
	if (sent_before_newest(t, seg->xmit_us, seg->end_seq))
		return xtcp_seg_total(seg);
	if (seg->xmit_us != t->rack.us || !xtcp_after(t->rack.end_seq, seg->seq))
		return 0;
	return min_t(u32, (t->rack.end_seq - seg->seq) / seg->mss,
		     xtcp_seg_total(seg) - 1);
}

/*
 * The packets of a record before @to are lost if their time is over.
 * Return: whether it is.
 */
static bool judge(struct xtcp_tcb *t, struct xtcp_seg *seg, unsigned int to,
		  u32 wnd, u32 *timeout, struct xtcp_ack_news *news)
{
	s32 remaining = xtcp_rack_remaining(t, seg, wnd, news->now);

	if (remaining > 0) {
		*timeout = max_t(u32, *timeout, remaining);
		return false;
	}
	xtcp_seg_lose(t, seg, to, news);
	return true;
}

/* Retransmissions, in the order in which they were sent. */
static void detect_retrans(struct xtcp_tcb *t, u32 wnd, u32 *timeout,
			   struct xtcp_ack_news *news)
{
	struct xtcp_seg *seg = t->retrans;

	while (seg) {
		struct xtcp_seg *next = xtcp_ring_seg(xtcp_seg_ring(seg)->next);
		bool last = next == t->retrans;
		unsigned int to = sent_before(t, seg);

		if (!to)
			return;
		if (to > seg->again)
			judge(t, seg, to, wnd, timeout, news);
		seg = last ? NULL : next;
	}
}

/*
 * Everything else, in the order of sequence numbers, which is the same.  Each record
 * is passed once, however long what was lost waits for cwnd.
 */
static void detect_originals(struct xtcp_tcb *t, u32 wnd, u32 *timeout,
			     struct xtcp_ack_news *news)
{
	struct xtcp_seg *seg;

	if (xtcp_before(t->judged, t->snd_una))
		t->judged = t->snd_una;
	seg = xtcp_rtx_find(t, t->judged);
	while (seg && xtcp_seg_judged(seg))
		seg = xtcp_rtx_skip(t, seg);
	t->judged = seg ? seg->seq : t->snd_nxt;
	for (; seg; seg = xtcp_rtx_skip(t, seg)) {
		unsigned int to = sent_before(t, seg);

		if (!to) {
			/* nobody behind it left earlier, unless sent again */
			if (!(seg->mark & XTCP_SEG_EVER_RETRANS))
				return;
			continue;
		}
		if (seg->mark & XTCP_SEG_RETRANS || seg->lost >= to ||
		    !(xtcp_seg_open(seg) & xtcp_bits(0, to)))
			continue;
		judge(t, seg, to, wnd, timeout, news);
	}
}

/**
 * xtcp_rack_detect - which packets are lost? (6.2 step 5)
 * @t: the connection
 * @news: what to find it out from; out: XTCP_NEWS_LOST_RETRANS, what was lost
 *
 * Where some may still come the REXMIT timer waits for them.
 */
void xtcp_rack_detect(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	u32 wnd = reo_wnd(t), timeout = 0;

	detect_retrans(t, wnd, &timeout, news);
	detect_originals(t, wnd, &timeout, news);
	if (!timeout)
		return;
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, news->now + timeout + REO_SLACK_US);
	t->rec &= ~XTCP_R_TLP_TIMER;
	t->rec |= XTCP_R_REO_TIMER;
	news->what |= XTCP_NEWS_REO_TIMER;
}

/**
 * xtcp_rack_acked - look for losses after an ACK
 * @t: the connection
 * @news: the ACK
 *
 * Only when something was delivered that was sent later than all before.
 */
void xtcp_rack_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (!(t->rec & XTCP_R_RACK_ADVANCED) || !t->packets_out)
		return;
	t->rec &= ~XTCP_R_RACK_ADVANCED;
	xtcp_rack_detect(t, news);
}
