// SPDX-License-Identifier: GPL-2.0
/*
 * What softirq left to the user who owned the socket (defer.h): timers, segments that
 * were held back, a smaller MTU.
 */
#include <net/tcp.h>

#include "apply.h"
#include "clocks.h"
#include "compat.h"
#include "core/fastopen.h"
#include "core/output.h"
#include "defer.h"
#include "fastopen.h"
#include "ip/ip.h"
#include "ip/route.h"
#include "output.h"
#include "release.h"
#include "timer.h"
#include "watch/verify.h"

/* Where equal paths are chosen by a hash, another one may work. */
static void rehash(struct sock *sk)
{
	if (!sk_rethink_txhash(sk))
		return;
	if (xtcp_family_is6(xtcp_sk(sk)->flow.family))
		__sk_dst_reset(sk);
	xtcp_path_changed(&xtcp_sk(sk)->tcb);
	xtcp_count(xtcp_sk_net(sk), TIMEOUT_REHASH);
}

/* Tell the core what time it is.  @sk: locked. */
static void timer_run(struct sock *sk)
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

/* Go on with what was held back.  @sk: locked. */
static void pacer_run(struct sock *sk)
{
	xtcp_assert_locked(sk);
	if (!XTCP_IN(xtcp_sk(sk)->tcb.state, XTCP_SET_SYNCHRONISED))
		return;
	xtcp_retransmit(sk, XTCP_WHY_RESEND_PACED);
	xtcp_push(sk);
	xtcp_timer_sync(sk);
}

/*
 * ICMP says that the path takes less.  The route decides what to believe.  Segments in
 * flight are cut anew and sent again.
 * @sk: locked; @mtu: what the path takes, bytes; 0: the router did not say
 */
static void pmtu_changed(struct sock *sk, u32 mtu)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct xtcp_af *af = xtcp_sk_af(sk);
	struct xtcp_actions a;
	u32 path;

	xtcp_assert_locked(sk);
	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))
		return;
	/* as Linux: over IPv6 what takes our segments as they are is no news to the route */
	if (xtcp_family_is6(xtcp_sk(sk)->flow.family) &&
	    mtu >= af->header_len + af->option_len(sk) + sizeof(struct tcphdr) +
		   xtcp_option_len(t) + t->mss)
		return;
	xtcp_route_pmtu(sk, mtu);
	path = xtcp_route_mtu(sk);
	/* not believed: so it may be what this connection dies of */
	if (mtu < path && af->df(sk, __sk_dst_get(sk)))
		WRITE_ONCE(sk->sk_err_soft, EMSGSIZE);
	if (path >= xtcp_sk(sk)->mtu || !af->heeds_mtu(sk))
		return;
	xtcp_sync_mss(sk);
	xtcp_count(xtcp_sk_net(sk), PMTU_SHRUNK);
	/* a SYN of Fast Open: without its text it passes */
	if (t->state == XTCP_SYN_SENT && t->syn_data && !t->syn_again) {
		xtcp_fastopen_failed(t);
		xtcp_send_syn(sk, XTCP_WHY_RESEND_SMALLER);
	}
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	xtcp_actions_init(&a);
	xtcp_resegment(t, xtcp_now(), &a);
	xtcp_apply(sk, &a, NULL, NULL);
}

/* Nobody will accept a child any more.  @child: locked; the accept queue's reference goes. */
static void abandon(struct sock *child)
{
	xtcp_assert_locked(child);
	sock_orphan(child);
	if (child->sk_state == TCP_CLOSE)
		xtcp_destroy(child);
	else
		xtcp_user_call(child, XTCP_CALL_ABORT, XTCP_WHY_LISTENER_CLOSED);
}

/*
 * What softirq wants done.  @sk: locked, by its user or for its user.  A function of its
 * own, for most calls find nothing.
 */
static noinline void do_wanted(struct sock *sk)
{
	xtcp_assert_locked(sk);
	if (test_and_clear_bit(XTCP_DO_TIMER, &sk->sk_tsq_flags))
		timer_run(sk);
	if (test_and_clear_bit(XTCP_DO_PUSH, &sk->sk_tsq_flags))
		pacer_run(sk);
	if (test_and_clear_bit(XTCP_DO_ACK, &sk->sk_tsq_flags) &&
	    xtcp_sk(sk)->tcb.flags & XTCP_F_ACK_PENDING) {
		xtcp_send_ack(sk, XTCP_WHY_ACK_BACKLOG);
		xtcp_timer_sync(sk);
	}
	if (test_and_clear_bit(XTCP_DO_MTU, &sk->sk_tsq_flags))
		pmtu_changed(sk, READ_ONCE(xtcp_sk(sk)->pmtu));
	/* last, for the reference that goes may be the connection's own */
	if (test_and_clear_bit(XTCP_DO_ABANDON, &sk->sk_tsq_flags))
		abandon(sk);
}

/**
 * xtcp_release_cb - the user gives the socket back: do what softirq left
 * @sk: the socket, spinlock held
 */
void xtcp_release_cb(struct sock *sk)
{
	xtcp_verify(sk, NULL);
	if (unlikely(READ_ONCE(sk->sk_tsq_flags)))
		do_wanted(sk);
	xtcp_clocks_turn(sk);
}
