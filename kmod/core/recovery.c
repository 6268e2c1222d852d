// SPDX-License-Identifier: GPL-2.0
/*
 * What the sender does about losses: the states of enum xtcp_ca_state.
 *
 *	OPEN	    nothing is missing
 *	DISORDER    something is reported out of order, or missing, or twice
 *	CWR	    cwnd is being reduced, for ECN or a loss that is repaired
 *	RECOVERY    lost packets are sent again, clocked by PRR
 *	LOSS	    the retransmission timer fired: slow start, and F-RTO (RFC
 *		    5682) finds out whether that was right
 *
 * With SACK, RACK marks what is lost.  Without, duplicate ACKs are counted as
 * if each had reported one packet, three of them mean that the first is lost
 * (RFC 5681 3.2), and each partial ACK that the next one is (RFC 6582).
 */
#include "internal.h"
#include "cc_table.h"
#include "mtup.h"
#include "output.h"
#include "scoreboard.h"

/* After reneging, the retransmission timer waits for so long at least. */
#define RENEGING_DELAY_US	10000

/* Without SACK: packets that are said to have arrived, and cannot be more. */
static bool reno_limit(struct xtcp_tcb *t)
{
	u32 holes = min(max_t(u32, t->lost_out, 1), t->packets_out);

	if (t->sacked_out + holes <= t->packets_out)
		return false;
	t->sacked_out = t->packets_out - holes;
	return true;
}

/* More duplicates than packets: the network reorders, or copies. */
static void reno_reordered(struct xtcp_tcb *t, u32 more, struct xtcp_ack_news *news)
{
	if (!reno_limit(t))
		return;
	t->reordering = min_t(u32, t->packets_out + more, t->conf->max_reordering);
	if (t->recovery.reord_seen < U16_MAX)
		t->recovery.reord_seen++;
	xtcp_note(news, XTCP_NOTE_RENO_REORDER);
}

static void reno_add(struct xtcp_tcb *t, u32 duplicates, struct xtcp_ack_news *news)
{
	u32 before = t->sacked_out;

	if (!duplicates)
		return;
	t->sacked_out += duplicates;
	reno_reordered(t, 0, news);
	if (t->sacked_out > before)
		news->sample.delivered += t->sacked_out - before;
}

/* An ACK advanced: one packet was the hole, the others had been counted. */
static void reno_remove(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	u32 acked = news->sample.acked;

	if (!acked || !t->sacked_out)
		return;
	news->sample.delivered = acked > t->sacked_out ? acked - t->sacked_out : 1;
	t->sacked_out -= min(t->sacked_out, acked - 1);
	reno_reordered(t, acked, news);
}

/* RFC 5681 3.2 step 2, RFC 6582 3.2 step 3: the first packet is lost. */
static void reno_detect(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	bool advanced = news->what & XTCP_NEWS_ADVANCED;
	struct xtcp_seg *first = xtcp_rtx_first(t);

	if ((t->ca_state < XTCP_CA_RECOVERY && t->sacked_out >= t->reordering) ||
	    (t->ca_state == XTCP_CA_RECOVERY && advanced)) {
		if (first->lost <= first->gone)
			xtcp_seg_lose(t, first, first->gone + 1, news);
		reno_limit(t);
	}
}

static void detect(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (!t->packets_out)
		return;
	if (xtcp_sack_ok(t))
		xtcp_rack_acked(t, news);
	else
		reno_detect(t, news);
}

/* cwnd goes down, by PRR, until what is in flight now is acknowledged. */
static void reduce(struct xtcp_tcb *t)
{
	t->recovery.end_seq = t->snd_nxt;
	t->rec &= ~XTCP_R_ECE;
	xtcp_cong_save(t);
	t->ssthresh = xtcp_cong_ssthresh(t);
	xtcp_prr_init(t);
}

/**
 * xtcp_recovery_cwr - there is congestion, but nothing to repair
 * @t: the connection
 */
void xtcp_recovery_cwr(struct xtcp_tcb *t)
{
	if (t->ca_state >= XTCP_CA_CWR)
		return;
	if (t->ca_state == XTCP_CA_OPEN)
		xtcp_rtx_from_start(t);
	t->rec &= ~XTCP_R_UNDO;
	reduce(t);
	t->rec |= XTCP_R_ECE;
	xtcp_cong_set_state(t, XTCP_CA_CWR);
}

static void enter_recovery(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	xtcp_note(news, xtcp_sack_ok(t) ? XTCP_NOTE_SACK_RECOVERY
					: XTCP_NOTE_RENO_RECOVERY);
	xtcp_undo_init(t);
	/* once in a window, but the repair goes on to the end of it */
	if (t->ca_state < XTCP_CA_CWR)
		reduce(t);
	t->recovery.end_seq = t->snd_nxt;
	if (news->what & XTCP_NEWS_ECE)
		t->rec |= XTCP_R_ECE;
	t->rec &= ~(XTCP_R_FRTO | XTCP_R_FRTO_NEW);
	xtcp_timeout_over(t, news->now);
	xtcp_cong_set_state(t, XTCP_CA_RECOVERY);
}

/**
 * xtcp_recovery_end - the reduction of cwnd is complete
 * @t: the connection, in CWR or RECOVERY
 * @now: the time
 */
void xtcp_recovery_end(struct xtcp_tcb *t, xtcp_usec_t now)
{
	t->rec &= ~XTCP_R_PRR;
	if (xtcp_cc_model(t))
		return;
	if (t->ca_state == XTCP_CA_CWR || t->rec & XTCP_R_UNDO) {
		if (t->ssthresh < U32_MAX)
			t->cwnd = t->ssthresh;
	}
	xtcp_cong_event(t, XTCP_CONG_COMPLETE_CWR, now);
}

/**
 * xtcp_recovery_keep_open - OPEN, or DISORDER while anything is out of order
 * @t: the connection
 */
void xtcp_recovery_keep_open(struct xtcp_tcb *t)
{
	u8 state = t->sacked_out || t->lost_out || t->retrans_out ? XTCP_CA_DISORDER
								  : XTCP_CA_OPEN;

	if (t->ca_state == state)
		return;
	xtcp_cong_set_state(t, state);
	t->recovery.end_seq = t->snd_nxt;
}

static void try_to_open(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (news->what & XTCP_NEWS_ECE)
		xtcp_recovery_cwr(t);
	if (t->ca_state != XTCP_CA_CWR)
		xtcp_recovery_keep_open(t);
}

/*
 * RFC 6582 4.1: without SACK, duplicates for what was sent before must not start
 * another recovery: it is not over before something behind it is acknowledged.
 */
static bool reno_holds(const struct xtcp_tcb *t)
{
	return t->snd_una == t->recovery.end_seq && !xtcp_sack_ok(t);
}

/*
 * Everything up to recover is acknowledged.
 * Return: the state stays as it is for now.
 */
static bool recovered(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (xtcp_undo_possible(t, news)) {
		xtcp_note(news, t->ca_state == XTCP_CA_LOSS ? XTCP_NOTE_LOSS_UNDO
							    : XTCP_NOTE_FULL_UNDO);
		xtcp_undo(t, false);
	} else if (t->rack.reo_persist && !--t->rack.reo_persist) {
		t->rack.reo_steps = 1;
	}
	t->rec &= ~(XTCP_R_FRTO | XTCP_R_FRTO_NEW);
	if (reno_holds(t))
		return true;
	xtcp_cong_set_state(t, XTCP_CA_OPEN);
	return false;
}

/* RFC 3708: all that was sent again had arrived. */
static bool undo_by_dsack(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (!(t->rec & XTCP_R_UNDO) || t->recovery.undo_retrans)
		return false;
	/* the recovery that ends with this is not one that went well */
	t->rack.reo_persist = min_t(u8, t->rack.reo_persist + 1, XTCP_REO_PERSIST);
	xtcp_note(news, XTCP_NOTE_DSACK_UNDO);
	xtcp_undo(t, false);
	return true;
}

/*
 * A partial ACK from before the first retransmission: what fills the hole was
 * late, not lost.
 * Return: wait for the retransmissions in flight before anything else.
 */
static bool undo_partial(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (!(t->rec & XTCP_R_UNDO) || !xtcp_undo_delayed(t, news))
		return false;
	xtcp_reordered(t, news->sample.prior_una, XTCP_NOTE_TS_REORDER, news);
	if (t->retrans_out)
		return true;
	xtcp_note(news, XTCP_NOTE_PARTIAL_UNDO);
	xtcp_undo(t, true);
	xtcp_recovery_keep_open(t);
	return false;
}

/* The timeout was for nothing.  Return: the ACK is dealt with. */
static bool undo_loss(struct xtcp_tcb *t, bool frto, struct xtcp_ack_news *news)
{
	if (!frto && !xtcp_undo_possible(t, news))
		return false;
	xtcp_note(news, XTCP_NOTE_LOSS_UNDO);
	if (frto)
		xtcp_note(news, XTCP_NOTE_SPURIOUS_RTOS);
	xtcp_undo(t, true);
	t->rec &= ~(XTCP_R_FRTO | XTCP_R_FRTO_NEW);
	t->retransmits = 0;
	if (reno_holds(t))
		return true;
	if (frto || xtcp_sack_ok(t))
		xtcp_cong_set_state(t, XTCP_CA_OPEN);
	return true;
}

/* Is there new data, and room for it in the peer's window? */
static bool can_send_new(const struct xtcp_tcb *t)
{
	return t->write_seq != t->snd_nxt &&
	       xtcp_before(t->snd_nxt, t->snd_una + t->snd_wnd);
}

/* LOSS: RFC 5682 3.1, in the version with SACK where there is SACK. */
static void in_loss(struct xtcp_tcb *t, u32 duplicates, struct xtcp_ack_news *news)
{
	bool advanced = news->what & XTCP_NEWS_ADVANCED;
	bool all = !xtcp_before(t->snd_una, t->recovery.end_seq);
	struct xtcp_actions *a = news->a;

	if (advanced && undo_loss(t, false, news))
		return;
	if (t->rec & XTCP_R_FRTO) {
		/* step 3.b: something arrived that was never sent again */
		if (news->what & XTCP_NEWS_ORIG && undo_loss(t, true, news))
			return;
		if (xtcp_after(t->snd_nxt, t->recovery.end_seq)) {
			/* step 3.a: new data is reported, and nothing else */
			if (news->what & XTCP_NEWS_SACKED || duplicates)
				t->rec &= ~(XTCP_R_FRTO | XTCP_R_FRTO_NEW);
		} else if (advanced && !all) {
			/* step 2.b: two new segments, and see */
			t->recovery.end_seq = t->snd_nxt;
			if (can_send_new(t)) {
				t->rec |= XTCP_R_FRTO_NEW;
				xtcp_order_again(a, XTCP_ACT_OUTPUT_FIRST | XTCP_ACT_RETRANSMIT,
						 XTCP_WHY_RESEND_MORE);
				return;
			}
			t->rec &= ~(XTCP_R_FRTO | XTCP_R_FRTO_NEW);
		}
	}
	if (all) {
		recovered(t, news);
		return;
	}
	if (!xtcp_sack_ok(t)) {
		/* in step 2.b a duplicate means that the new data arrived */
		if (xtcp_after(t->snd_nxt, t->recovery.end_seq) && duplicates)
			reno_add(t, duplicates, news);
		else if (advanced)
			t->sacked_out = 0;
	}
	xtcp_order_again(a, XTCP_ACT_RETRANSMIT, XTCP_WHY_RESEND_MORE);
}

/* RECOVERY.  Return: the ACK is dealt with. */
static bool in_recovery(struct xtcp_tcb *t, u32 duplicates, struct xtcp_ack_news *news)
{
	if (!(news->what & XTCP_NEWS_ADVANCED)) {
		if (!xtcp_sack_ok(t))
			reno_add(t, duplicates, news);
	} else if (undo_partial(t, news)) {
		return true;
	}
	if (undo_by_dsack(t, news))
		try_to_open(t, news);
	detect(t, news);
	if (t->ca_state == XTCP_CA_RECOVERY)
		return false;
	/* what was undone leaves losses behind that are real */
	if (!t->lost_out)
		return true;
	enter_recovery(t, news);
	return false;
}

/*
 * Packets were dropped for their size, not for congestion: they are sent again, and
 * cwnd stays (RFC 1191 6.5).
 */
static void resend(struct xtcp_tcb *t, enum xtcp_reason why, struct xtcp_ack_news *news)
{
	if (!xtcp_in_recovery(t)) {
		t->recovery.end_seq = t->snd_nxt;
		t->rec &= ~(XTCP_R_UNDO | XTCP_R_FRTO | XTCP_R_FRTO_NEW | XTCP_R_PRR |
			    XTCP_R_TLP | XTCP_R_TLP_RETRANS);
		xtcp_cong_set_state(t, XTCP_CA_LOSS);
	}
	xtcp_order_again(news->a, XTCP_ACT_RETRANSMIT, why);
}

/* What is lost is a probe of the path's MTU, and nothing else: it goes again in pieces. */
static bool only_probe_lost(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (likely(!(t->rec & XTCP_R_MTU_PROBE)) || !xtcp_mtup_lost(t, news))
		return false;
	resend(t, XTCP_WHY_RESEND_MTU_PROBE, news);
	return true;
}

/* OPEN, DISORDER, CWR; LOSS that came to an end.  Return: the ACK is dealt with. */
static bool in_order(struct xtcp_tcb *t, u32 duplicates, struct xtcp_ack_news *news)
{
	if (!xtcp_sack_ok(t)) {
		if (news->what & XTCP_NEWS_ADVANCED)
			t->sacked_out = 0;
		reno_add(t, duplicates, news);
	}
	if (t->ca_state <= XTCP_CA_DISORDER)
		undo_by_dsack(t, news);
	detect(t, news);
	if (!t->lost_out) {
		try_to_open(t, news);
		return true;
	}
	if (only_probe_lost(t, news))
		return true;
	enter_recovery(t, news);
	return false;
}

/* The peer forgot what it reported: do not wait long for what it has not. */
static bool reneging(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if ((news->what & (XTCP_NEWS_RENEGING | XTCP_NEWS_ADVANCED)) !=
	    (XTCP_NEWS_RENEGING | XTCP_NEWS_ADVANCED))
		return false;
	t->rec &= ~(XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, news->now +
		       max_t(u32, t->srtt_us >> 4, RENEGING_DELAY_US));
	news->what |= XTCP_NEWS_REO_TIMER;
	return true;
}

/* Why an ACK lets something leave again. */
static enum xtcp_reason ack_resends(const struct xtcp_tcb *t, const struct xtcp_ack_news *news)
{
	if (!news->sample.lost)
		return XTCP_WHY_RESEND_MORE;
	if (xtcp_sack_ok(t))
		return XTCP_WHY_RESEND_OVERTAKEN;
	return news->what & XTCP_NEWS_ADVANCED ? XTCP_WHY_RESEND_PARTIAL_ACK :
						 XTCP_WHY_RESEND_DUPLICATE_ACKS;
}

/**
 * xtcp_recovery_ack - an ACK is not what it would be on a good network
 * @t: the connection, its scoreboard up to date
 * @news: the ACK
 */
void xtcp_recovery_ack(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	u32 duplicates = 0;

	if (!(news->what & XTCP_NEWS_NOT_DUP) && news->prior_packets)
		duplicates = news->seg->segs ? news->seg->segs : 1;
	if (t->ca_state == XTCP_CA_OPEN)
		xtcp_rtx_from_start(t);
	if (!xtcp_sack_ok(t)) {
		reno_remove(t, news);
		if (!t->packets_out)
			t->sacked_out = 0;
		/* nobody can tell what the ACK is for */
		if (news->what & XTCP_NEWS_RETRANS_ACKED)
			news->what &= ~XTCP_NEWS_ORIG;
	}
	if (news->what & XTCP_NEWS_ECE)
		t->rec |= XTCP_R_ECE;
	if (reneging(t, news))
		return;
	/* does the state end with this? */
	if (t->ca_state > XTCP_CA_DISORDER && t->ca_state != XTCP_CA_LOSS &&
	    !xtcp_before(t->snd_una, t->recovery.end_seq)) {
		if (t->ca_state == XTCP_CA_CWR) {
			if (t->snd_una != t->recovery.end_seq) {
				xtcp_recovery_end(t, news->now);
				xtcp_cong_set_state(t, XTCP_CA_OPEN);
			}
		} else {
			if (!xtcp_sack_ok(t))
				t->sacked_out = 0;
			if (recovered(t, news))
				return;
			xtcp_recovery_end(t, news->now);
		}
	}
	switch (t->ca_state) {
	case XTCP_CA_RECOVERY:
		if (in_recovery(t, duplicates, news))
			return;
		break;
	case XTCP_CA_LOSS:
		in_loss(t, duplicates, news);
		if (t->ca_state != XTCP_CA_LOSS)
			xtcp_timeout_over(t, news->now);
		detect(t, news);
		if (t->ca_state != XTCP_CA_OPEN &&
		    !(news->what & XTCP_NEWS_LOST_RETRANS))
			return;
		fallthrough;
	default:
		if (in_order(t, duplicates, news))
			return;
		break;
	}
	xtcp_order_again(news->a, XTCP_ACT_RETRANSMIT, ack_resends(t, news));
}

/* Why did recovery not do without a timeout? */
static void note_failure(const struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	bool sack = xtcp_sack_ok(t);

	if (t->ca_state == XTCP_CA_RECOVERY)
		xtcp_note(news, sack ? XTCP_NOTE_SACK_RECOVERY_FAIL
				     : XTCP_NOTE_RENO_RECOVERY_FAIL);
	else if (t->ca_state == XTCP_CA_LOSS)
		xtcp_note(news, XTCP_NOTE_LOSS_FAILURES);
	else if (t->ca_state == XTCP_CA_DISORDER || t->sacked_out)
		xtcp_note(news, sack ? XTCP_NOTE_SACK_FAILURES
				     : XTCP_NOTE_RENO_FAILURES);
}

/*
 * RFC 6675 5.1: what the peer reported stays, unless it turned out not to have
 * the first packet that it reported.  What left so lately that an ACK cannot be
 * here yet is not lost either.
 * Return: why it is lost.
 */
static enum xtcp_reason lose_all(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	struct xtcp_seg *first = xtcp_rtx_first(t), *seg;
	bool forgot = first->sacked & xtcp_bits(first->gone, first->gone + 1);

	if (forgot)
		xtcp_note(news, XTCP_NOTE_SACK_RENEGING);
	if (!xtcp_sack_ok(t))
		t->sacked_out = 0;
	xtcp_rtx_from_start(t);
	for (seg = first; seg; seg = xtcp_rtx_after(seg)) {
		if (forgot) {
			xtcp_seg_uncount(t, seg);
			seg->sacked = 0;
			seg->sack_run = seg->end_seq;
			xtcp_seg_count(t, seg);
		} else if (xtcp_sack_ok(t) && seg != first && t->rack.rtt_us &&
			   xtcp_rack_remaining(t, seg, 0, news->now) > 0) {
			continue;
		}
		if (xtcp_seg_open(seg))
			xtcp_seg_lose(t, seg, xtcp_seg_total(seg), news);
	}
	return forgot ? XTCP_WHY_RESEND_RENEGED : XTCP_WHY_RESEND_TIMEOUT;
}

/**
 * xtcp_recovery_timeout - the retransmission timer fired
 * @t: the connection, with packets outstanding
 * @news: out; no segment
 *
 * RFC 6298 5.4, RFC 5681 3.1: slow start from one segment; only the first
 * timeout of a flight lowers ssthresh.
 */
void xtcp_recovery_timeout(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	bool fresh = t->ca_state < XTCP_CA_RECOVERY;
	enum xtcp_reason why;

	if (!t->retransmits)
		note_failure(t, news);
	why = lose_all(t, news);
	if (t->ca_state <= XTCP_CA_DISORDER || !xtcp_after(t->recovery.end_seq, t->snd_una) ||
	    (t->ca_state == XTCP_CA_LOSS && !t->retransmits)) {
		/* a new flight: what was to be undone before is history */
		xtcp_cong_set_state(t, XTCP_CA_OPEN);
		xtcp_cong_save(t);
		t->ssthresh = xtcp_cong_ssthresh(t);
		t->rec &= ~XTCP_R_ECE;
		xtcp_undo_init(t);
	}
	if (fresh && t->sacked_out >= (u32)t->conf->reordering)
		t->reordering = min_t(u16, t->reordering, t->conf->reordering);
	xtcp_cong_event(t, XTCP_CONG_LOSS, news->now);
	t->cwnd = xtcp_in_flight(t) + 1;
	t->cwnd_cnt = 0;
	xtcp_cong_set_state(t, XTCP_CA_LOSS);
	t->recovery.end_seq = t->snd_nxt;
	t->rec &= ~(XTCP_R_TLP | XTCP_R_TLP_RETRANS | XTCP_R_PRR | XTCP_R_FRTO |
		    XTCP_R_FRTO_NEW);
	/* RFC 5682 3.1 step 1; but what was too large is no sign of anything */
	if (t->conf->frto && (fresh || t->retransmits) && !(t->rec & XTCP_R_MTU_PROBE))
		t->rec |= XTCP_R_FRTO;
	xtcp_order_again(news->a, XTCP_ACT_RETRANSMIT, why);
}

/**
 * xtcp_recovery_reo_timer - what may have been reordered did not come
 * @t: the connection, with packets outstanding
 * @news: out; no segment
 *
 * RFC 8985 6.3.
 */
void xtcp_recovery_reo_timer(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	u32 in_flight = xtcp_in_flight(t);

	if (t->ca_state == XTCP_CA_OPEN)
		xtcp_rtx_from_start(t);
	t->rec &= ~XTCP_R_REO_TIMER;
	xtcp_rack_detect(t, news);
	if (in_flight != xtcp_in_flight(t)) {
		if (t->ca_state != XTCP_CA_RECOVERY && t->lost_out &&
		    !only_probe_lost(t, news)) {
			enter_recovery(t, news);
			news->sample.delivered = 1;
			news->sample.prior_una = t->snd_una;
			xtcp_prr(t, &news->sample);
		}
		xtcp_order_again(news->a, XTCP_ACT_RETRANSMIT | XTCP_ACT_OUTPUT,
				 XTCP_WHY_RESEND_OVERTAKEN);
	}
	if (!(t->rec & XTCP_R_REO_TIMER))
		xtcp_rexmit_resume(t, news->now);
}

/**
 * xtcp_output_congested - this host's own queue is full
 * @t: the connection
 * @dropped: a segment of it was dropped: it did not leave
 *
 * That is congestion, but nothing has to be repaired (as Linux).
 */
void xtcp_output_congested(struct xtcp_tcb *t, bool dropped)
{
	if (dropped)
		t->rec |= XTCP_R_DROPPED;
	if (XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		xtcp_recovery_cwr(t);
}

/**
 * xtcp_resegment - the path takes less than some segments in flight were cut for
 * @t: the connection; its mss is the new one
 * @now: the time
 * @a: out
 *
 * They were dropped on the way, which says nothing about congestion: they are
 * sent again, and cwnd stays (RFC 1191 6.5).
 */
void xtcp_resegment(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	struct xtcp_ack_news news = { .a = a, .now = now };
	struct xtcp_seg *seg;

	xtcp_rtx_from_start(t);
	for (seg = xtcp_rtx_first(t); seg; seg = xtcp_rtx_after(seg)) {
		if (seg->mss > t->mss && seg->end_seq - seg->seq > t->mss &&
		    xtcp_seg_open(seg))
			xtcp_seg_lose(t, seg, xtcp_seg_total(seg), &news);
	}
	if (!news.sample.lost)
		return;
	if (!xtcp_sack_ok(t))
		t->sacked_out = min(t->sacked_out, t->packets_out - t->lost_out);
	resend(t, XTCP_WHY_RESEND_SMALLER, &news);
}
