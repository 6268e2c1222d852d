// SPDX-License-Identifier: GPL-2.0
/*
 * The core keeps deadlines; sk_timer is set to the earliest.
 *
 * When a deadline moves away, sk_timer is left alone: it fires early, finds
 * nothing due and is set again.  So a connection that exchanges data re-arms
 * it once in an RTO, not with every segment, and an idle one is left with no
 * timer at all once the last has fired.
 */
#include "compat.h"
#include "defer.h"
#include "pace.h"
#include "timer.h"

/**
 * xtcp_timer_sync - the core's deadlines may have changed
 * @sk: the socket, locked
 */
void xtcp_timer_sync(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	xtcp_usec_t due = xtcp_timer_next(&xs->tcb), now;
	unsigned long delay;

	xtcp_assert_locked(sk);
	if (!due || (xs->timer_due && (s32)(xs->timer_due - xtcp_coarse(due)) <= 0))
		return;
	now = xtcp_now();
	delay = due > now ? usecs_to_jiffies(min_t(u64, due - now, U32_MAX)) : 0;
	xs->timer_due = xtcp_coarse_stamp(due);
	/*
	 * The timer's reference is taken before it can fire: a user's lock does not
	 * keep it waiting, and a user may be preempted.
	 */
	sock_hold(sk);
	if (mod_timer(&sk->sk_timer, jiffies + delay))
		__sock_put(sk);
}

/**
 * xtcp_timer_off - the connection is over
 * @sk: the socket, locked
 */
void xtcp_timer_off(struct sock *sk)
{
	xtcp_assert_locked(sk);
	xtcp_sk(sk)->timer_due = 0;
	sk_stop_timer(sk, &sk->sk_timer);
	xtcp_pacer_stop(sk);
}

static void fired(struct timer_list *timer)
{
	struct sock *sk = timer_container_of(sk, timer, sk_timer);

	xtcp_do_put(sk, XTCP_DO_TIMER);
}

/**
 * xtcp_timer_setup - a new socket
 * @sk: it
 */
void xtcp_timer_setup(struct sock *sk)
{
	timer_setup(&sk->sk_timer, fired, 0);
}
