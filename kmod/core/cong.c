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
 * xtcp_cong_control - an ACK was processed
 * @t: the connection
 * @sample: what it said
 * @now: the time
 *
 * RFC 5681 3.1 with the byte counting of RFC 3465 in whole segments.  A window
 * that was not in use says nothing about the path and does not grow
 * (RFC 7661 in spirit).
 */
void xtcp_cong_control(struct xtcp_tcb *t, const struct xtcp_ack_sample *sample,
		       xtcp_usec_t now)
{
	u32 acked = sample->acked;

	if (t->ca_state == XTCP_CA_RECOVERY)
		return;
	if (t->cwnd < t->ssthresh) {
		u32 room = t->ssthresh - t->cwnd;
		u32 grow = min_t(u32, acked, room);

		if (t->cwnd >= 2 * sample->prior_in_flight)
			return;
		t->cwnd += grow;
		acked -= grow;
		if (!acked)
			return;
	}
	if (sample->prior_in_flight < t->cwnd)
		return;
	t->cwnd_cnt += acked;
	if (t->cwnd_cnt >= t->cwnd) {
		t->cwnd_cnt -= t->cwnd;
		t->cwnd++;
	}
}

/**
 * xtcp_cong_save - remember what xtcp_cong_undo() goes back to
 * @t: the connection, before a reduction; ca_state is the old one
 *
 * A reduction inside of another one is undone together with it.
 */
void xtcp_cong_save(struct xtcp_tcb *t)
{
	if (t->prior_cwnd && t->ca_state >= XTCP_CA_CWR)
		return;
	t->prior_cwnd = t->cwnd;
	t->prior_ssthresh = t->ssthresh;
}

/**
 * xtcp_cong_ssthresh - the threshold after congestion
 * @t: the connection, which is about to enter CWR, RECOVERY or LOSS
 *
 * RFC 5681 (4): half of FlightSize, which leaves out what limited transmit sent
 * beyond cwnd (RFC 3042).
 *
 * Return: segments, at least 2.
 */
u32 xtcp_cong_ssthresh(struct xtcp_tcb *t)
{
	return max_t(u32, min(t->packets_out, t->cwnd) / 2, 2);
}

/**
 * xtcp_cong_undo - the last reduction was for nothing: take it back
 * @t: the connection
 */
void xtcp_cong_undo(struct xtcp_tcb *t)
{
	if (!t->prior_cwnd)
		return;
	t->cwnd = max(t->cwnd, t->prior_cwnd);
	t->ssthresh = max(t->ssthresh, t->prior_ssthresh);
	t->prior_cwnd = 0;
	t->flags &= ~XTCP_F_ECN_CWR;
}

/**
 * xtcp_cong_event - something happened that an algorithm may want to know
 * @t: the connection
 * @event: what
 * @now: the time
 */
void xtcp_cong_event(struct xtcp_tcb *t, enum xtcp_cong_event event,
		     xtcp_usec_t now)
{
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
