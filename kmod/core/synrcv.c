// SPDX-License-Identifier: GPL-2.0
/*
 * LISTEN and the passive SYN_RECV: RFC 9293 3.10.7.2 and 3.10.7.4.
 */
#include "internal.h"
#include "synrcv.h"
#include "window.h"

/**
 * xtcp_listen_segment - a segment arrived for a listener
 * @seg: the segment; @seg->verdict is what became of it, if the host does that
 *
 * Return: what to do, 3.10.7.2.
 */
enum xtcp_listen_verdict xtcp_listen_segment(struct xtcp_segment *seg)
{
	/* first: RST */
	if (seg->flags & XTCP_RST) {
		seg->verdict = XTCP_VERDICT_RST_REFUSED;
		return XTCP_LISTEN_DROP;
	}
	/* second: ACK */
	if (seg->flags & XTCP_ACK) {
		seg->verdict = XTCP_VERDICT_ACK_UNSENT;
		return XTCP_LISTEN_RST;
	}
	/* third: SYN; with FIN it is nonsense that Linux drops as well */
	if (!(seg->flags & XTCP_SYN) || seg->flags & XTCP_FIN) {
		seg->verdict = XTCP_VERDICT_FLAGS;
		return XTCP_LISTEN_DROP;
	}
	seg->verdict = XTCP_VERDICT_SYN;
	return XTCP_LISTEN_SYN;
}

/**
 * xtcp_synrcv_init - a SYN was accepted
 * @r: out
 * @seg: the SYN
 * @conf: the namespace's settings
 * @iss: our initial sequence number (RFC 6528)
 * @ts_offset: added to our clock to make TSval
 * @advmss: our MSS option
 * @space: window that the child's receive buffer has room for, bytes
 * @max_space: largest buffer that autotuning can reach, bytes
 */
void xtcp_synrcv_init(struct xtcp_synrcv *r, const struct xtcp_segment *seg,
		      const struct xtcp_conf *conf, u32 iss, u32 ts_offset,
		      u16 advmss, u32 space, u32 max_space)
{
	const struct xtcp_options *opt = &seg->opt;
	bool scaling = conf->window_scaling && opt->has & XTCP_OPT_WSCALE;
	u16 payload = advmss;
	u8 wscale;

	memset(r, 0, sizeof(*r));
	r->iss = iss;
	r->irs = seg->seq;
	r->ts_offset = ts_offset;
	r->mss = xtcp_peer_mss(seg);
	r->advmss = advmss;
	r->flags = XTCP_F_PASSIVE;
	/* as Linux: a whole number of segments with their options */
	if (conf->timestamps && opt->has & XTCP_OPT_TS)
		payload -= min_t(u16, payload, XTCP_OPT_TS_ALIGNED);
	xtcp_window_init(space, max_space, payload, scaling, &r->rcv_wnd, &wscale);
	if (conf->signed_windows)
		r->rcv_wnd = min(r->rcv_wnd, XTCP_WND_MAX_SIGNED);
	if (scaling) {
		r->flags |= XTCP_F_WSCALE_OK;
		r->rcv_wscale = wscale;
		r->snd_wscale = opt->wscale;
	}
	if (conf->sack && opt->has & XTCP_OPT_SACK_PERM)
		r->flags |= XTCP_F_SACK_OK;
	if (conf->timestamps && opt->has & XTCP_OPT_TS) {
		r->flags |= XTCP_F_TS_OK;
		r->ts_recent = opt->tsval;
	}
}

/**
 * xtcp_synrcv_limit_window - the route says how large the first window may be
 * @r: the entry, new
 * @segs: so many segments; 0: it says nothing
 */
void xtcp_synrcv_limit_window(struct xtcp_synrcv *r, u32 segs)
{
	u16 payload = r->advmss;

	if (r->flags & XTCP_F_TS_OK)
		payload -= min_t(u16, payload, XTCP_OPT_TS_ALIGNED);
	if (segs)
		r->rcv_wnd = min_t(u64, r->rcv_wnd, (u64)segs * payload);
}

/**
 * xtcp_synrcv_reserve - the host adds options to each segment of the connection
 * @r: the entry, new
 *
 * As Linux: there would be no room for SACK blocks, which do more than timestamps.
 */
void xtcp_synrcv_reserve(struct xtcp_synrcv *r)
{
	if (!(r->flags & XTCP_F_SACK_OK))
		return;
	r->flags &= ~XTCP_F_TS_OK;
	r->ts_recent = 0;
}

static u32 tsval(const struct xtcp_synrcv *r, xtcp_usec_t now)
{
	return (u32)(now / XTCP_USEC_PER_MSEC) + r->ts_offset;
}

/**
 * xtcp_synrcv_sent - the SYN,ACK is about to be sent for the first time
 * @r: the entry
 * @now: the time
 *
 * With timestamps the ACK tells which one it answers, otherwise the entry has to.
 */
void xtcp_synrcv_sent(struct xtcp_synrcv *r, xtcp_usec_t now)
{
	r->sent = r->flags & XTCP_F_TS_OK ? tsval(r, now) : max_t(u32, xtcp_stamp(now), 1);
}

/* It echoes what no SYN,ACK has said.  As Linux: 0 is no echo. */
static bool wrong_echo(const struct xtcp_synrcv *r, const struct xtcp_segment *seg,
		       xtcp_usec_t now)
{
	return r->flags & XTCP_F_TS_OK && seg->opt.has & XTCP_OPT_TS && seg->opt.tsecr &&
	       seg->opt.tsecr - r->sent > tsval(r, now) - r->sent;
}

/* Karn: an answer to one of two SYN,ACKs measures nothing. */
static void forget_sent(struct xtcp_synrcv *r)
{
	if (!(r->flags & XTCP_F_TS_OK))
		r->sent = 0;
}

/* PAWS. */
static bool outdated(const struct xtcp_synrcv *r, const struct xtcp_segment *seg)
{
	return r->flags & XTCP_F_TS_OK && seg->opt.has & XTCP_OPT_TS &&
	       xtcp_before(seg->opt.tsval, r->ts_recent);
}

static bool in_window(const struct xtcp_synrcv *r, const struct xtcp_segment *seg)
{
	u32 rcv_nxt = r->irs + 1, edge = rcv_nxt + r->rcv_wnd;

	if (seg->seq == seg->end_seq)
		return xtcp_between(seg->seq, rcv_nxt, edge);
	return xtcp_after(seg->end_seq, rcv_nxt) && xtcp_before(seg->seq, edge);
}

/* Why a segment cannot be of this connection, or is of its past; 0: it can. */
static enum xtcp_verdict refusal(const struct xtcp_synrcv *r, const struct xtcp_segment *seg,
				 xtcp_usec_t now)
{
	if (outdated(r, seg))
		return XTCP_VERDICT_PAWS;
	if (wrong_echo(r, seg, now))
		return XTCP_VERDICT_TSECR;
	return in_window(r, seg) ? XTCP_VERDICT_NONE : XTCP_VERDICT_SEQ;
}

/**
 * xtcp_synrcv_segment - a segment arrived for an entry in SYN_RECV
 * @r: the entry
 * @seg: the segment; @seg->verdict is what became of it, if the host does that
 * @conf: the namespace's settings
 * @now: the time
 *
 * Return: what to do, 3.10.7.4.
 */
enum xtcp_synrcv_verdict xtcp_synrcv_segment(struct xtcp_synrcv *r,
					     struct xtcp_segment *seg,
					     const struct xtcp_conf *conf,
					     xtcp_usec_t now)
{
	/* the same SYN again: our SYN,ACK was lost */
	if ((seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) == XTCP_SYN &&
	    seg->seq == r->irs && !outdated(r, seg)) {
		seg->verdict = XTCP_VERDICT_DUP_SYN;
		if (xtcp_answered_lately(&r->last_oow_ack, now, conf))
			return XTCP_SYNRCV_SKIP;
		forget_sent(r);
		return XTCP_SYNRCV_SYNACK;
	}
	/* an ACK of what was not sent is reset before anything else (3.5.2, 2) */
	if ((seg->flags & (XTCP_ACK | XTCP_RST)) == XTCP_ACK && seg->ack != r->iss + 1) {
		seg->verdict = XTCP_VERDICT_ACK_UNSENT;
		return XTCP_SYNRCV_RST;
	}
	/* first: sequence number */
	seg->verdict = refusal(r, seg, now);
	if (seg->verdict) {
		if (seg->flags & XTCP_RST)
			return XTCP_SYNRCV_DROP;
		return xtcp_may_loop(seg) &&
		       xtcp_answered_lately(&r->last_oow_ack, now, conf) ?
		       XTCP_SYNRCV_SKIP : XTCP_SYNRCV_ACK;
	}
	/* second: RST; RFC 5961 3.2 */
	if (seg->flags & XTCP_RST) {
		seg->verdict = XTCP_VERDICT_RST;
		if (seg->seq == r->irs + 1)
			return XTCP_SYNRCV_RESET;
		seg->verdict = XTCP_VERDICT_RST_REFUSED;
		return XTCP_SYNRCV_CHALLENGE;
	}
	/* fourth: SYN; if the peer has begun anew, it will again with our RST */
	if (seg->flags & XTCP_SYN) {
		seg->verdict = XTCP_VERDICT_SYN_REFUSED;
		return seg->seq == r->irs ? XTCP_SYNRCV_CHALLENGE : XTCP_SYNRCV_ABORT;
	}
	/* fifth: ACK */
	if (!(seg->flags & XTCP_ACK)) {
		seg->verdict = XTCP_VERDICT_NO_ACK;
		return XTCP_SYNRCV_DROP;
	}
	seg->verdict = XTCP_VERDICT_NONE;	/* the child's */
	return XTCP_SYNRCV_ESTABLISH;
}

/* Fewer than this, and entries never have to go early. */
#define QUEUE_SMALL	8
/* SYN,ACKs that every entry may send again, however full the queue is. */
#define RETRIES_LEAST	2

/*
 * As Linux: half of the queue is for young entries.  Where old ones take more,
 * they have to go the earlier the more of them there are.
 */
static u8 retry_limit(const struct xtcp_synrcv_queue *q)
{
	u64 young = (u64)q->young * 2;
	u8 limit = q->retries;

	if (q->len <= max_t(u32, QUEUE_SMALL, q->backlog) / 2)
		return limit;
	while (limit > RETRIES_LEAST && q->len >= young) {
		limit--;
		young *= 2;
	}
	return limit;
}

/**
 * xtcp_synrcv_timer - the SYN,ACK was not answered, or the answer did not count
 * @r: the entry
 * @q: its listener's queue, the entry included
 *
 * With TCP_DEFER_ACCEPT an entry whose peer has ACKed waits for data, asks once
 * more at the end of the time and gives up then.
 *
 * Return: what to do; when it lives on, @r counts the run.
 */
enum xtcp_synrcv_due xtcp_synrcv_timer(struct xtcp_synrcv *r,
				       const struct xtcp_synrcv_queue *q)
{
	bool expired = r->retries >= retry_limit(q), resend = true;

	if (q->defer) {
		expired = expired && (!r->acked || r->retries >= q->defer);
		resend = !r->acked || r->retries + 1 >= q->defer;
	}
	if (expired || r->retries == XTCP_SYNRCV_RETRIES_MAX)
		return XTCP_SYNRCV_EXPIRE;
	r->retries++;
	return resend ? XTCP_SYNRCV_RESEND : XTCP_SYNRCV_WAIT;
}

/* The time that one run of the timer takes, after @retries others; microseconds. */
static u64 timeout_after(u8 retries, const struct xtcp_conf *conf)
{
	return min_t(u64, (u64)XTCP_RTO_INIT_US << min_t(u8, retries, 16),
		     conf->rto_max_us);
}

/**
 * xtcp_synrcv_timeout - how long to wait before the timer fires
 * @r: the entry
 * @conf: the namespace's settings
 *
 * Return: microseconds.
 */
xtcp_usec_t xtcp_synrcv_timeout(const struct xtcp_synrcv *r,
				const struct xtcp_conf *conf)
{
	return timeout_after(r->retries, conf);
}

/* For TCP_INFO; how long it took is as long as the timer ran, or a little more. */
static void inherit_timeouts(const struct xtcp_synrcv *r, struct xtcp_tcb *t,
			     const struct xtcp_conf *conf)
{
	u64 time = 0;
	u8 i;

	for (i = 0; i < r->retries; i++)
		time += timeout_after(i, conf);
	t->retransmits = r->retries;
	t->info.total_rto = r->retries;
	t->info.rto_recoveries = !!r->retries;
	t->info.rto_time = time >> XTCP_COARSE_SHIFT;
}

/**
 * xtcp_synrcv_child - the TCB that goes on where the entry ends
 * @r: the entry
 * @t: out, in SYN_RECV: give it the segment that completed the handshake
 * @conf: the namespace's settings
 * @now: the time
 */
void xtcp_synrcv_child(const struct xtcp_synrcv *r, struct xtcp_tcb *t,
		       const struct xtcp_conf *conf, xtcp_usec_t now)
{
	t->state = XTCP_SYN_RECV;	/* the entry has counted the edge */
	t->conf = conf;
	t->flags |= r->flags | XTCP_F_SYN_OUT;
	t->iss = r->iss;
	t->irs = r->irs;
	t->snd_una = r->iss;
	t->snd_nxt = r->iss + 1;
	t->write_seq = t->snd_nxt;
	t->snd_sml = t->snd_nxt;
	t->recovery.end_seq = r->iss;
	t->rcv_nxt = r->irs + 1;
	t->rcv_wup = t->rcv_nxt;
	t->copied_seq = t->rcv_nxt;
	t->rcv_wnd = r->rcv_wnd;
	t->rcv_ssthresh = r->rcv_wnd;
	t->snd_wscale = r->snd_wscale;
	t->rcv_wscale = r->rcv_wscale;
	if (r->flags & XTCP_F_TS_OK)
		t->ts_recent = r->ts_recent;
	t->ts_recent_sec = (u32)(now / XTCP_USEC_PER_SEC);
	t->ts_offset = r->ts_offset;
	t->mss_clamp = min(t->mss_clamp, r->mss);
	t->advmss = r->advmss;
	t->rcv_mss = min_t(u16, XTCP_MSS_DEFAULT, r->advmss);
	inherit_timeouts(r, t, conf);
	t->retrans_stamp = 0;
	if (!(r->flags & XTCP_F_TS_OK) && r->sent) {
		/* as after a SYN of ours: what comes now is a measurement */
		t->retrans_stamp = xtcp_coarse_stamp(now);
		t->lsndtime = r->sent;
	}
	t->rto_us = XTCP_RTO_INIT_US;
}
