// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: a departure time for each segment, and bursts (TSO) that are no
 * larger than what leaves in about a millisecond.
 */
#include "internal.h"
#include "cc_table.h"
#include "pacing.h"

/* What is sent first is not paced: the initial window is meant as a burst. */
#define UNPACED_SEGS	XTCP_INIT_CWND
#define PERCENT		100U

/**
 * xtcp_pacing_rate - how fast the connection should send
 * @t: it
 *
 * Without a rate of the algorithm's own a bit more than cwnd per SRTT, as Linux:
 * twice that in slow start, where cwnd doubles within the RTT.
 *
 * Return: bytes per second, XTCP_RATE_MAX before the first RTT sample.
 */
u64 xtcp_pacing_rate(const struct xtcp_tcb *t)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);
	u64 rate;

	if (ops->pacing_rate && t->flags & XTCP_F_CC_STARTED)
		return ops->pacing_rate(t);
	if (!t->srtt_us)
		return XTCP_RATE_MAX;
	/* srtt_us is in eighths */
	rate = (u64)t->mss * max(t->cwnd, t->packets_out) *
	       (8ULL * XTCP_USEC_PER_SEC / PERCENT);
	rate *= t->cwnd < t->ssthresh / 2 ? t->conf->pacing_ss_ratio
					  : t->conf->pacing_ca_ratio;
	return rate / t->srtt_us;
}

/**
 * xtcp_tso_segs - the largest burst
 * @t: the connection
 * @rate: pacing rate, bytes per second
 * @shift: a burst is what leaves in 2^-shift seconds (sk_pacing_shift)
 * @gso_max: most payload that can be sent in one piece, bytes
 *
 * On a short path more: what a burst adds to an RTT that is close to 0 harms
 * nobody, and it costs less (net.xtcp.tso_rtt_log).
 *
 * Return: segments, at least 1.
 */
u32 xtcp_tso_segs(const struct xtcp_tcb *t, u64 rate, u8 shift, u32 gso_max)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);
	u64 bytes = min_t(u64, rate >> shift, gso_max);
	u32 least = t->conf->min_tso_segs, segs;
	u8 log = t->conf->tso_rtt_log;

	if (log) {
		u32 r = log < 32 ? t->srtt_us >> 3 >> log : 0;

		if (r < 32)
			bytes = min_t(u64, bytes + (gso_max >> r), gso_max);
	}
	if (ops->min_tso_segs && t->flags & XTCP_F_CC_STARTED)
		least = ops->min_tso_segs(t);
	segs = max_t(u32, (u32)bytes / t->mss, max_t(u32, least, 1));
	return min_t(u32, segs, max_t(u32, gso_max / t->mss, 1));
}

/* Is what leaves part of the first UNPACED_SEGS segments? */
static bool unpaced(const struct xtcp_tcb *t)
{
	return t->delivered + t->packets_out - t->sacked_out < UNPACED_SEGS;
}

/**
 * xtcp_pace_sent - a segment leaves: when may the next one?
 * @p: the connection's clock
 * @t: the connection
 * @len: bytes of the segment
 * @rate: pacing rate, bytes per second
 * @now_ns: the time, nanoseconds
 *
 * When the last one left late by the host's fault, that time is given back, up
 * to half of what this one costs.
 *
 * Return: when the segment itself departs: now, or later where the caller lets
 * somebody else wait (fq).
 */
u64 xtcp_pace_sent(struct xtcp_pace *p, const struct xtcp_tcb *t, u32 len,
		   u64 rate, u64 now_ns)
{
	u64 due = p->next_ns, depart = max(due, now_ns), cost;

	p->next_ns = depart;
	if (rate == XTCP_RATE_MAX || !rate || unpaced(t))
		return depart;
	cost = len * XTCP_NSEC_PER_SEC / rate;
	if (due)
		cost -= min(cost / 2, depart - due);
	p->next_ns += cost;
	return depart;
}
