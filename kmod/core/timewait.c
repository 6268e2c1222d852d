// SPDX-License-Identifier: GPL-2.0
/* What an entry in TIME_WAIT does with a segment: timewait.h. */
#include "internal.h"
#include "timewait.h"

static u32 seconds(xtcp_usec_t now)
{
	return (u32)(now / XTCP_USEC_PER_SEC);
}

/**
 * xtcp_timewait_init - hand a connection in TIME_WAIT over to an entry
 * @w: out
 * @t: the connection; it is in CLOSE after this, without an edge: the entry
 *     goes on with the state
 * @now: the time
 */
void xtcp_timewait_init(struct xtcp_timewait *w, struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 wnd = xtcp_receive_window(t) >> t->rcv_wscale;
	unsigned int i;

	*w = (struct xtcp_timewait) {
		.rcv_nxt	= t->rcv_nxt,
		.snd_nxt	= t->snd_nxt,
		.rcv_wnd	= min_t(u32, wnd, U16_MAX),
		.rcv_wscale	= t->rcv_wscale,
		.ts_ok		= !!(t->flags & XTCP_F_TS_OK),
		.ts_recent	= t->ts_recent,
		.ts_stale	= seconds(now) - t->ts_recent_sec >= XTCP_PAWS_DAYS_SEC,
		.ts_offset	= t->ts_offset,
	};
	t->state = XTCP_CLOSE;
	for (i = 0; i < XTCP_TIMER_NR; i++)
		xtcp_timer_stop(t, i);
}

/* Answer, within the limit. */
static enum xtcp_timewait_verdict answer(struct xtcp_timewait *w,
					 const struct xtcp_segment *seg,
					 const struct xtcp_conf *conf,
					 xtcp_usec_t now)
{
	return xtcp_may_loop(seg) && xtcp_answered_lately(&w->last_oow_ack, now, conf) ?
	       XTCP_TW_DROP : XTCP_TW_ACK;
}

/**
 * xtcp_timewait_segment - a segment arrived for an entry in TIME_WAIT
 * @w: the entry
 * @seg: the segment; @seg->verdict is what became of it, if the host does that
 * @conf: the namespace's settings
 * @now: the time
 *
 * RFC 9293 3.10.7.4 as RFC 1337 and RFC 6191 amend it.
 *
 * Return: what to do.
 */
enum xtcp_timewait_verdict xtcp_timewait_segment(struct xtcp_timewait *w,
						 struct xtcp_segment *seg,
						 const struct xtcp_conf *conf,
						 xtcp_usec_t now)
{
	bool ts = w->ts_ok && seg->opt.has & XTCP_OPT_TS;
	bool paws = ts && !w->ts_stale && xtcp_before(seg->opt.tsval, w->ts_recent);
	u32 wnd = (u32)w->rcv_wnd << w->rcv_wscale;
	bool in_window = xtcp_between(seg->seq, w->rcv_nxt, w->rcv_nxt + wnd);

	if (seg->flags & XTCP_RST) {
		/* RFC 1337: a RST may be as old as the rest (a sysctl, as in Linux) */
		seg->verdict = XTCP_VERDICT_RST_REFUSED;
		if (conf->rfc1337 || paws || seg->seq != w->rcv_nxt)
			return XTCP_TW_DROP;
		seg->verdict = XTCP_VERDICT_RST;
		return XTCP_TW_RESET;
	}
	if (seg->flags & XTCP_SYN) {
		/*
		 * RFC 6191 2: a SYN that cannot be a duplicate, by timestamp or by
		 * sequence number, opens a new incarnation.
		 */
		seg->verdict = XTCP_VERDICT_NONE;	/* the listener's */
		if (!(seg->flags & XTCP_ACK) && !paws &&
		    (xtcp_after(seg->seq, w->rcv_nxt) ||
		     (ts && xtcp_before(w->ts_recent, seg->opt.tsval))))
			return XTCP_TW_NEW_SYN;
		seg->verdict = paws ? XTCP_VERDICT_PAWS : XTCP_VERDICT_SYN_REFUSED;
		return answer(w, seg, conf, now);
	}
	if (!(seg->flags & XTCP_ACK) && in_window) {
		seg->verdict = XTCP_VERDICT_NO_ACK;
		return XTCP_TW_DROP;
	}
	/* the only thing that can come is the FIN again: our ACK was lost */
	if (seg->flags & XTCP_FIN && seg->end_seq == w->rcv_nxt && !paws) {
		if (ts) {
			w->ts_recent = seg->opt.tsval;
			w->ts_stale = false;
		}
		seg->verdict = XTCP_VERDICT_DUP_FIN;
		return XTCP_TW_ACK_RESTART;
	}
	if (!paws && seg->seq == seg->end_seq && seg->seq == w->rcv_nxt) {
		/* a plain ACK with nothing wrong in it: the peer is still there */
		if (ts && xtcp_after(seg->opt.tsval, w->ts_recent)) {
			w->ts_recent = seg->opt.tsval;
			w->ts_stale = false;
		}
		seg->verdict = XTCP_VERDICT_ACK;
		return XTCP_TW_RESTART;
	}
	seg->verdict = paws ? XTCP_VERDICT_PAWS : XTCP_VERDICT_SEQ;
	return answer(w, seg, conf, now);
}

/**
 * xtcp_timewait_yields - may connect() open a new incarnation in its place?
 * @w: the entry
 * @claim: who asks
 * @age: how long it has been in TIME_WAIT, microseconds
 * @conf: the namespace's settings
 *
 * With timestamps the peer's PAWS keeps old duplicates of ours out of the new
 * connection, and ours those of the peer (RFC 7323 B.2).  As Linux: who bound the
 * port means it, and for others tw_reuse decides.
 *
 * Return: whether it may.
 */
bool xtcp_timewait_yields(const struct xtcp_timewait *w, enum xtcp_tw_claim claim,
			  xtcp_usec_t age, const struct xtcp_conf *conf)
{
	if (!w->ts_ok)
		return false;
	if (claim == XTCP_TW_CLAIM_BOUND)
		return true;
	if (conf->timewait_reuse == XTCP_TW_REUSE_NEVER ||
	    (conf->timewait_reuse == XTCP_TW_REUSE_LOCAL && claim != XTCP_TW_CLAIM_LOCAL))
		return false;
	return age > conf->timewait_reuse_delay_us;
}

/**
 * xtcp_timewait_follow - a connection in CLOSE takes the place of an entry
 * @w: the entry
 * @t: the connection
 * @now: the time
 *
 * Its ISS is beyond what the peer may still expect (RFC 1122 4.2.2.13) and not 0,
 * which stands for none; timestamps go on where they were, in both directions.
 */
void xtcp_timewait_follow(const struct xtcp_timewait *w, struct xtcp_tcb *t,
			  xtcp_usec_t now)
{
	t->iss = w->snd_nxt + XTCP_ISS_AFTER_TIMEWAIT;
	if (!t->iss)
		t->iss = 1;
	t->ts_offset = w->ts_offset;
	t->ts_recent = w->ts_recent;
	t->ts_recent_sec = seconds(now) - (w->ts_stale ? XTCP_PAWS_DAYS_SEC : 0);
}
