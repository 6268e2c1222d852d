// SPDX-License-Identifier: GPL-2.0
/*
 * The core keeps deadlines; sk_timer is set to the earliest.
 *
 * When a deadline moves away, sk_timer is left alone: it fires early, finds
 * nothing due and is set again.  So a connection that exchanges data re-arms
 * it once in an RTO, not with every segment, and an idle one is left with no
 * timer at all once the last has fired.
 */
#include "apply.h"
#include "compat.h"
#include "fastopen.h"
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

/* Where equal paths are chosen by a hash, another one may work. */
static void rehash(struct sock *sk)
{
	if (!sk_rethink_txhash(sk))
		return;
	xtcp_path_changed(&xtcp_sk(sk)->tcb);
	xtcp_count(xtcp_sk_net(sk), TIMEOUT_REHASH);
}

/**
 * xtcp_timer_run - tell the core what time it is
 * @sk: the socket, locked
 */
void xtcp_timer_run(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	bool delack = xs->tcb.flags & XTCP_F_ACK_PENDING && !xs->tcb.held_acks;
	struct xtcp_actions a;

	xtcp_assert_locked(sk);
	if (sk->sk_state == TCP_CLOSE || sk->sk_state == TCP_LISTEN)
		return;
	if (!timer_pending(&sk->sk_timer))
		xs->timer_due = 0;
	xtcp_actions_init(&a);
	xtcp_on_timer(&xs->tcb, xtcp_now(), &a);
	if (a.orders & XTCP_ACT_SEND_ACK && delack)
		xtcp_count(xn, DELAYED_ACKS);
	if (a.orders & (XTCP_ACT_TIMEOUT | XTCP_ACT_SEND_SYN)) {
		xtcp_count(xn, TIMEOUTS);
		rehash(sk);
	}
	if (a.orders & XTCP_ACT_DEAD && a.error) {
		xtcp_count(xn, ABORT_ON_TIMEOUT);
		/* what ICMP said meanwhile tells more */
		a.error = READ_ONCE(sk->sk_err_soft) ? : a.error;
	}
	if (unlikely(xs->tfo_sent || xs->tcb.syn_data || xs->tcb.syn_data_acked) &&
	    (a.orders & (XTCP_ACT_RETRANSMIT | XTCP_ACT_SEND_SYN) ||
	     /* not the end of keepalive, which sends a RST */
	     (a.error && !(a.orders & XTCP_ACT_SEND_RST))))
		xtcp_tfo_timeout(sk, a.error);
	xtcp_apply(sk, &a, NULL, NULL);
	if (unlikely(xs->tcb.rec & XTCP_R_DROPPED) && sk->sk_state != TCP_CLOSE) {
		xtcp_timer_dropped(&xs->tcb, a.orders, xtcp_now());
		xtcp_timer_sync(sk);
	}
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
