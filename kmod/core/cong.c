// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control: NewReno (RFC 5681, 6582), counted in segments.
 */
#include "internal.h"

/**
 * xtcp_cong_init - a new connection
 * @t: it
 *
 * RFC 6928: ten segments.  After the SYN was lost it is one (RFC 5681 3.1).
 */
void xtcp_cong_init(struct xtcp_tcb *t)
{
	t->cwnd = t->retransmits > 1 ? 1 : XTCP_INIT_CWND;
	t->ssthresh = U32_MAX;
	t->cwnd_cnt = 0;
}

/**
 * xtcp_cong_acked - new data was acknowledged outside of fast recovery
 * @t: the connection
 * @acked: segments
 * @prior_in_flight: segments in the network before this ACK
 *
 * RFC 5681 3.1 with the byte counting of RFC 3465 in whole segments.  A window
 * that was not in use says nothing about the path and does not grow
 * (RFC 7661 in spirit).
 */
void xtcp_cong_acked(struct xtcp_tcb *t, u32 acked, u32 prior_in_flight)
{
	if (t->cwnd < t->ssthresh) {
		u32 room = t->ssthresh - t->cwnd;
		u32 grow = min_t(u32, acked, room);

		if (t->cwnd >= 2 * prior_in_flight)
			return;
		t->cwnd += grow;
		acked -= grow;
		if (!acked)
			return;
	}
	if (prior_in_flight < t->cwnd)
		return;
	t->cwnd_cnt += acked;
	if (t->cwnd_cnt >= t->cwnd) {
		t->cwnd_cnt -= t->cwnd;
		t->cwnd++;
	}
}

/*
 * RFC 5681 (4): half of FlightSize, which leaves out what limited transmit sent
 * beyond cwnd (RFC 3042).
 */
static u32 half_of_flight(const struct xtcp_tcb *t)
{
	return max_t(u32, min(t->packets_out, t->cwnd) / 2, 2);
}

/**
 * xtcp_cong_loss - fast retransmit: a segment was lost, others arrive
 * @t: the connection
 *
 * RFC 5681 3.2 step 2.  The inflation of step 3 is done by counting duplicate
 * ACKs as segments that left the network (sacked_out).
 */
void xtcp_cong_loss(struct xtcp_tcb *t)
{
	t->ssthresh = half_of_flight(t);
	t->cwnd = t->ssthresh;
	t->cwnd_cnt = 0;
}

/**
 * xtcp_cong_recovered - the loss is repaired
 * @t: the connection
 *
 * RFC 6582 3.2 step 3, the choice that does not send a burst.
 */
void xtcp_cong_recovered(struct xtcp_tcb *t)
{
	t->cwnd = min_t(u32, t->ssthresh, max_t(u32, xtcp_in_flight(t), 1) + 1);
	t->cwnd_cnt = 0;
}

/**
 * xtcp_cong_rto - the retransmission timer fired
 * @t: the connection
 *
 * RFC 5681 3.1: only the first timeout for a segment halves ssthresh.
 */
void xtcp_cong_rto(struct xtcp_tcb *t)
{
	if (!t->retransmits)
		t->ssthresh = half_of_flight(t);
	t->cwnd = 1;
	t->cwnd_cnt = 0;
}

/**
 * xtcp_cong_idle - data is about to be sent after a pause
 * @t: the connection, with nothing in flight
 * @now: the time
 *
 * RFC 2861: halve cwnd for each RTO that passed, remember it in ssthresh.
 */
void xtcp_cong_idle(struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 idle = xtcp_stamp(now) - t->lsndtime;

	if (!t->conf->slow_start_after_idle || idle <= t->rto_us)
		return;
	t->ssthresh = max_t(u32, t->ssthresh, (t->cwnd >> 1) + (t->cwnd >> 2));
	while (idle > t->rto_us && t->cwnd > XTCP_INIT_CWND) {
		idle -= t->rto_us;
		t->cwnd = max_t(u32, t->cwnd >> 1, XTCP_INIT_CWND);
	}
	t->cwnd_cnt = 0;
}
