// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timer: how long it runs (RFC 6298 5), and since when.
 *
 * The same deadline serves RACK and the probe timer of a tail (tlp.c), and the persist
 * timer.
 */
#include "internal.h"
#include "scoreboard.h"

/**
 * xtcp_unanswered - how long the peer has been silent to what was sent again
 * @t: the connection, with a first retransmission, or probe, that was not answered
 * @now: the time
 *
 * Return: microseconds since that.
 */
u64 xtcp_unanswered(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	return (u64)(xtcp_coarse(now) - t->retrans_stamp) << XTCP_COARSE_SHIFT;
}

/**
 * xtcp_patience - how long to wait for an answer
 * @t: the connection
 * @wait: how long it would be worth to wait, microseconds
 * @now: the time
 *
 * Return: that, but not beyond what the user allows (as Linux); microseconds.
 */
u64 xtcp_patience(const struct xtcp_tcb *t, u64 wait, xtcp_usec_t now)
{
	u64 limit, waited;

	if (!t->user.timeout_ms || !t->retrans_stamp)
		return wait;
	limit = (u64)t->user.timeout_ms * XTCP_USEC_PER_MSEC;
	waited = xtcp_unanswered(t, now);
	return limit > waited ? min(wait, limit - waited) : 1;
}

/**
 * xtcp_rto_patience - how long to wait for an answer, by the RTO
 * @t: the connection
 * @now: the time
 *
 * Return: as xtcp_patience().
 */
u64 xtcp_rto_patience(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	return xtcp_patience(t, xtcp_rto_backed_off(t), now);
}

/**
 * xtcp_rexmit_left - how long the retransmission timer has to run
 * @t: the connection, with packets outstanding
 * @now: the time
 *
 * Return: microseconds until the RTO since the first packet was last sent is
 * over, at least 1.
 */
u32 xtcp_rexmit_left(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	u32 age = xtcp_stamp(now) - xtcp_rtx_first(t)->xmit_us;
	u32 rto = xtcp_rto_backed_off(t);

	return rto > age ? rto - age : 1;
}

/**
 * xtcp_rexmit_restart - the retransmission timer runs from now on
 * @t: the connection, with packets outstanding
 * @now: the time
 */
void xtcp_rexmit_restart(struct xtcp_tcb *t, xtcp_usec_t now)
{
	t->rec &= ~(XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_patience(t, now));
}

/**
 * xtcp_rexmit_resume - the retransmission timer takes over
 * @t: the connection, with packets outstanding
 * @now: the time
 *
 * After another timer it has run since the first packet was sent.
 */
void xtcp_rexmit_resume(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (!(t->rec & (XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER))) {
		xtcp_rexmit_restart(t, now);
		return;
	}
	t->rec &= ~(XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rexmit_left(t, now));
}

/**
 * xtcp_rto_revert - a router had no route for what we retransmit (RFC 6069)
 * @t: the connection
 * @seq: sequence number of the segment
 * @now: the time
 *
 * The loss was not congestion: one doubling of the timeout is taken back, and
 * the timer runs from when the segment left.
 */
void xtcp_rto_revert(struct xtcp_tcb *t, u32 seq, xtcp_usec_t now)
{
	struct rb_node *head = rb_first(&t->rtx);
	xtcp_usec_t due;

	if (seq != t->snd_una || !t->retransmits || !t->backoff || !head)
		return;
	t->backoff--;
	due = now - (xtcp_stamp(now) - xtcp_rb_seg(head)->xmit_us) +
	      xtcp_rto_backed_off(t);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, max(due, now));
}

/**
 * xtcp_persist_answered - an ACK came while the persist timer runs
 * @t: the connection, with its window still too small
 * @now: the time
 *
 * The next probe is due one timeout after the answer, not after the last one.
 */
void xtcp_persist_answered(struct xtcp_tcb *t, xtcp_usec_t now)
{
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_patience(t, now));
}

/**
 * xtcp_timeout_over - what a timeout was for is repaired
 * @t: the connection
 * @now: the time
 */
void xtcp_timeout_over(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (!(t->rec & XTCP_R_TIMED_OUT))
		return;
	t->rec &= ~XTCP_R_TIMED_OUT;
	t->info.rto_time += xtcp_coarse(now);
}
