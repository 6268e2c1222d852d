// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control: what all algorithms share.
 */
#include "internal.h"
#include "cc_table.h"
#include "rate.h"

/**
 * xtcp_cong_start - the algorithm that was chosen begins
 * @t: the connection, synchronised
 */
void xtcp_cong_start(struct xtcp_tcb *t)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	t->recovery.prior_ssthresh = 0;
	t->flags |= XTCP_F_CC_STARTED;
	if (ops->init)
		ops->init(t);
}

/**
 * xtcp_cong_stop - the algorithm ends: the connection is gone or changes it
 * @t: the connection
 */
void xtcp_cong_stop(struct xtcp_tcb *t)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	if (t->flags & XTCP_F_CC_STARTED && ops->release)
		ops->release(t);
	t->flags &= ~XTCP_F_CC_STARTED;
}

/* No more than the route allows. */
static u32 within_path(const struct xtcp_tcb *t, u32 cwnd)
{
	return t->path.cwnd_max ? min_t(u32, cwnd, t->path.cwnd_max) : cwnd;
}

/* RFC 6928: ten segments, unless the route says otherwise. */
static u32 init_cwnd(const struct xtcp_tcb *t)
{
	return within_path(t, t->path.init_cwnd ? t->path.init_cwnd : XTCP_INIT_CWND);
}

/**
 * xtcp_cong_init - a new connection
 * @t: it
 *
 * After the SYN was lost cwnd is one segment (RFC 5681 3.1).
 */
void xtcp_cong_init(struct xtcp_tcb *t)
{
	t->cwnd = t->retransmits > 1 ? 1 : init_cwnd(t);
	t->ssthresh = t->path.ssthresh ? within_path(t, t->path.ssthresh) : U32_MAX;
	if (t->path.reordering)
		t->reordering = t->path.reordering;
	t->cwnd_cnt = 0;
	t->max_packets_out = 0;
	t->cwnd_usage_seq = t->snd_una;
	xtcp_cong_start(t);
}

/**
 * xtcp_cwnd_limited - was cwnd what limited the sender?
 * @t: the connection
 *
 * A window that was not in use says nothing about the path and does not grow (RFC
 * 7661 in spirit); in slow start half of it is use enough (as Linux).
 */
bool xtcp_cwnd_limited(const struct xtcp_tcb *t)
{
	if (t->flags & XTCP_F_CWND_LIMITED)
		return true;
	return xtcp_in_slow_start(t) && t->cwnd / 2 < t->max_packets_out;
}

/*
 * An ACK that moves SND.UNA may let cwnd grow; where it is usual that segments
 * overtake each other, one that only reports something as well (as Linux).
 */
static bool may_grow(const struct xtcp_tcb *t, const struct xtcp_ack_sample *sample)
{
	if (!sample->acked && t->reordering <= t->conf->reordering)
		return false;
	return xtcp_cwnd_limited(t);
}

/**
 * xtcp_cong_control - an ACK was processed
 * @t: the connection
 * @sample: what it said
 * @now: the time
 */
void xtcp_cong_control(struct xtcp_tcb *t, const struct xtcp_ack_sample *sample,
		       xtcp_usec_t now)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	if (sample->acked && ops->acked)
		ops->acked(t, sample, now);
	if (ops->cong_control)
		ops->cong_control(t, sample, now);
	else if (t->rec & XTCP_R_PRR)
		xtcp_prr(t, sample);
	else if (may_grow(t, sample))
		ops->cong_avoid(t, sample, now);
	t->cwnd = within_path(t, t->cwnd);
}

/**
 * xtcp_cong_used - a segment was sent: how much of cwnd is in use?
 * @t: the connection, the segment counted in packets_out
 *
 * The largest use of each flight is what counts: see xtcp_cwnd_limited().
 */
void xtcp_cong_used(struct xtcp_tcb *t)
{
	if (xtcp_in_flight(t) >= t->cwnd) {
		xtcp_cong_limited(t);
	} else if (!xtcp_before(t->snd_una, t->cwnd_usage_seq)) {
		t->flags &= ~XTCP_F_CWND_LIMITED;
		t->max_packets_out = t->packets_out;
		t->cwnd_usage_seq = t->snd_nxt;
	} else if (!(t->flags & XTCP_F_CWND_LIMITED) &&
		   t->packets_out > t->max_packets_out) {
		t->max_packets_out = t->packets_out;
		t->cwnd_usage_seq = t->snd_nxt;
	}
}

/**
 * xtcp_cong_limited - cwnd is full: it, and nothing else, limits what is sent
 * @t: the connection
 */
void xtcp_cong_limited(struct xtcp_tcb *t)
{
	t->flags |= XTCP_F_CWND_LIMITED;
	t->max_packets_out = t->packets_out;
	t->cwnd_usage_seq = t->snd_nxt;
}

/* The rest of xtcp_cong_set_state(), where somebody wants to know. */
void xtcp_cong_tell_state(struct xtcp_tcb *t, enum xtcp_ca_state state)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	if (ops->set_state)
		ops->set_state(t, state);
	/* RFC 3168 6.1.2: the peer is told of a reduction, whatever it was for */
	if (state >= XTCP_CA_CWR && t->flags & XTCP_F_ECN_OK)
		t->flags |= XTCP_F_ECN_CWR;
	t->ca_state = state;
}

/**
 * xtcp_cong_save - remember what xtcp_cong_undo() goes back to
 * @t: the connection, before a reduction; ca_state is the old one
 *
 * A reduction inside of another one is undone together with it.
 */
void xtcp_cong_save(struct xtcp_tcb *t)
{
	if (t->recovery.prior_cwnd && t->ca_state >= XTCP_CA_CWR)
		return;
	t->recovery.prior_cwnd = t->cwnd;
	t->recovery.prior_ssthresh = t->ssthresh;
}

/**
 * xtcp_cong_ssthresh - the threshold after congestion
 * @t: the connection, which is about to enter CWR, RECOVERY or LOSS
 *
 * Return: segments, at least 2.
 */
u32 xtcp_cong_ssthresh(struct xtcp_tcb *t)
{
	return max_t(u32, xtcp_cc_ops(t)->ssthresh(t), 2);
}

/**
 * xtcp_cong_undo - the last reduction was for nothing: take it back
 * @t: the connection
 */
void xtcp_cong_undo(struct xtcp_tcb *t)
{
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	if (!t->recovery.prior_cwnd)
		return;
	t->cwnd = ops->undo_cwnd ? ops->undo_cwnd(t) : max(t->cwnd, t->recovery.prior_cwnd);
	t->ssthresh = max(t->ssthresh, t->recovery.prior_ssthresh);
	t->recovery.prior_cwnd = 0;
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
	const struct xtcp_cc_ops *ops = xtcp_cc_ops(t);

	if (ops->event)
		ops->event(t, event, now);
}

/**
 * xtcp_cong_idle - data is about to be sent, and nothing is in flight
 * @t: the connection
 * @now: the time
 *
 * RFC 2861: halve cwnd for each RTO that passed, remember it in ssthresh.  A
 * model does not grow old like that.
 */
void xtcp_cong_idle(struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 idle = xtcp_stamp(now) - t->lsndtime, restart = init_cwnd(t);

	xtcp_cong_event(t, XTCP_CONG_TX_START, now);
	if (!t->conf->slow_start_after_idle || idle <= t->rto_us || xtcp_cc_model(t))
		return;
	xtcp_cong_event(t, XTCP_CONG_CWND_RESTART, now);
	t->ssthresh = max_t(u32, t->ssthresh, (t->cwnd >> 1) + (t->cwnd >> 2));
	while (idle > t->rto_us && t->cwnd > restart) {
		idle -= t->rto_us;
		t->cwnd = max_t(u32, t->cwnd >> 1, restart);
	}
	t->cwnd_cnt = 0;
}
