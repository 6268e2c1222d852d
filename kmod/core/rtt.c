// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip time and retransmission timeout, RFC 6298.
 */
#include "internal.h"

/* The age of the least RTT is known in steps of 2^21 us. */
#define MIN_RTT_SHIFT	21

/* An echo of a timestamp that is older than this was never ours. */
#define RTT_ECHO_MAX_MS	120000

/**
 * xtcp_rtt_min - keep the least RTT
 * @t: the connection
 * @rtt_us: a measurement, microseconds
 * @delayed: the peer may have held its ACK back: it is not what the path takes
 * @now: the time
 */
void xtcp_rtt_min(struct xtcp_tcb *t, u32 rtt_us, bool delayed, xtcp_usec_t now)
{
	u64 most = (u64)t->conf->min_rtt_wlen_s * XTCP_USEC_PER_SEC >> MIN_RTT_SHIFT;
	u16 stamp = now >> MIN_RTT_SHIFT;

	rtt_us = max_t(u32, rtt_us, 1);
	if (t->min_rtt_us && rtt_us > t->min_rtt_us &&
	    (delayed || (u16)(stamp - t->min_rtt_stamp) < most))
		return;
	t->min_rtt_us = rtt_us;
	t->min_rtt_stamp = stamp;
}

/*
 * The variance part of the RTO is at least rto_min, so on a steady path the
 * RTO stays that far above the RTT: Linux's reading of RFC 6298 2.4.
 */
static void set_rto(struct xtcp_tcb *t)
{
	t->rto_us = min_t(u32, (t->srtt_us >> 3) +
			  max_t(u32, t->mdev_us, xtcp_rto_min(t)),
			  t->conf->rto_max_us);
}

/**
 * xtcp_rtt_sample - take a measurement of the round-trip time
 * @t: the connection
 * @rtt_us: it, microseconds; never of a segment that was sent twice (Karn)
 */
void xtcp_rtt_sample(struct xtcp_tcb *t, u32 rtt_us)
{
	/* eight of them fit */
	u32 m = clamp_t(u32, rtt_us, 1, U32_MAX >> 3);
	u32 err;

	if (!t->srtt_us) {
		/* 2.2: SRTT <- R, RTTVAR <- R/2 */
		t->srtt_us = m << 3;
		t->mdev_us = m << 1;
	} else {
		/* 2.3: alpha = 1/8, beta = 1/4 */
		u32 srtt = t->srtt_us >> 3;

		err = m > srtt ? m - srtt : srtt - m;
		t->mdev_us += err - (t->mdev_us >> 2);
		t->srtt_us += m - srtt;
	}
	set_rto(t);
	/* Karn: until now the doubled RTO was the better guess */
	t->backoff = 0;
}

/**
 * xtcp_rtt_shift - this host holds segments back for another time than before
 * @t: the connection, in ESTABLISHED
 * @us: by so much longer, microseconds
 *
 * The estimate moves with it, so that the first segments that wait are not taken for lost;
 * the least RTT begins anew (as Linux).
 */
void xtcp_rtt_shift(struct xtcp_tcb *t, s32 us)
{
	t->srtt_us = clamp_t(s64, (s64)t->srtt_us + (s64)us * 8, 1, U32_MAX);
	set_rto(t);
	t->min_rtt_us = 0;
}

/**
 * xtcp_rtt_measure - one measurement is all there is: of the least RTT, too
 * @t: the connection
 * @rtt_us: it, microseconds
 * @now: the time
 */
void xtcp_rtt_measure(struct xtcp_tcb *t, u32 rtt_us, xtcp_usec_t now)
{
	xtcp_rtt_min(t, rtt_us, false, now);
	xtcp_rtt_sample(t, rtt_us);
}

/**
 * xtcp_rtt_path - the handshake is over: is its RTT that of the path?
 * @t: the connection
 *
 * Where the route says that the RTT is longer than a SYN, which is short, has found,
 * the first RTO is made from that (as Linux).
 */
void xtcp_rtt_path(struct xtcp_tcb *t)
{
	u32 rtt_us = t->path.rtt * (XTCP_USEC_PER_MSEC / 8);

	if (rtt_us > t->srtt_us >> 3)
		t->rto_us = min_t(u64, (u64)rtt_us + max(2 * rtt_us, xtcp_rto_min(t)),
				  t->conf->rto_max_us);
}

/**
 * xtcp_rtt_echo - measure by the timestamp that a segment echoes (RFC 7323 4.1)
 * @t: the connection
 * @seg: the segment, which acknowledges something new
 * @now: the time
 *
 * An echo of what we cannot have sent lately is not one of ours.
 */
void xtcp_rtt_echo(struct xtcp_tcb *t, const struct xtcp_segment *seg,
		   xtcp_usec_t now)
{
	u32 ms;

	if (!(t->flags & XTCP_F_TS_OK) || !(seg->opt.has & XTCP_OPT_TS) ||
	    !seg->opt.tsecr)
		return;
	ms = xtcp_tsval(t, now) - seg->opt.tsecr;
	if (ms < RTT_ECHO_MAX_MS)
		xtcp_rtt_measure(t, max_t(u32, ms, 1) * XTCP_USEC_PER_MSEC, now);
}

/**
 * xtcp_rto_backed_off - the RTO after the doublings of RFC 6298 5.5
 * @t: the connection
 *
 * Return: microseconds, at most rto_max.
 */
u32 xtcp_rto_backed_off(const struct xtcp_tcb *t)
{
	u64 rto = (u64)t->rto_us << min_t(u8, t->backoff, 16);

	return min_t(u64, rto, t->conf->rto_max_us);
}
