// SPDX-License-Identifier: GPL-2.0
/*
 * A socket begins, and its memory goes: see the head of sock.h.
 */
#include <linux/wait.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/tcp_states.h>

#include "conf.h"
#include "cong.h"
#include "extra.h"
#include "lifetime.h"
#include "md5sig.h"
#include "opening.h"
#include "timer.h"
#include "watch/verify.h"

struct proto *xtcp_proto[2] __ro_after_init;

static atomic_t live;
static DECLARE_WAIT_QUEUE_HEAD(live_wait);

/* After the last reference and a grace period; the memory goes next. */
static void destruct(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	/* or inet_sock_destruct() would leave what is the socket's */
	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE || !sock_flag(sk, SOCK_DEAD));
	WARN_ON_ONCE(xs->flow.hashed);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&xs->tcb.rtx));
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&xs->tcb.ooo));
	WARN_ON_ONCE(xs->tfo_pending);
	if (xs->has_opening)
		xtcp_opening_free(sk);
	else
		xtcp_listener_free(sk);
	xtcp_cong_release(sk);
	xtcp_extra_free(sk);
	xtcp_md5_clear(sk);
	xtcp_conf_put(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		inet6_sock_destruct(sk);
	else
#endif
		inet_sock_destruct(sk);
	sk_sockets_allocated_dec(sk);
	if (atomic_dec_and_test(&live))
		wake_up_all(&live_wait);
}

/**
 * xtcp_init_fields - what is ours in a socket that was made or cloned
 * @sk: it
 */
void xtcp_init_fields(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	/* all behind inet; the TCB sees to itself */
	static_assert(offsetofend(struct xtcp_sock, flow) == offsetof(struct xtcp_sock, tcb));
	memset(&xs->flow, 0, sizeof(xs->flow));
	memset_after(xs, 0, tcb);
	sk->sk_tsq_flags = 0;
	xs->flow.kind = XTCP_KIND_SOCK;
	xs->flow.family = sk->sk_family;
	xs->flow.sock_family = sk->sk_family;
	xs->flow.key.xn = xn;
	INIT_HLIST_NODE(&sk->sk_bind_node);
	xs->scaling_ratio = XTCP_SCALING_RATIO_INIT;
	xs->state_since = (u32)jiffies;
	xtcp_tcb_init(&xs->tcb, &xn->conf);
	xtcp_verify_begin(sk);
	xtcp_timer_setup(sk);
	skb_queue_head_init(&sk->sk_write_queue);
	sk->sk_destruct = destruct;
	atomic_inc(&live);
}

/**
 * xtcp_lifetime_wait - until the last socket is freed
 *
 * No table knows one any more.  Context: process.
 */
void xtcp_lifetime_wait(void)
{
	while (!wait_event_timeout(live_wait, !atomic_read(&live), 10 * HZ))
		pr_info("xtcp: waiting for buffers of %d sockets that devices still hold\n",
			atomic_read(&live));
}
