// SPDX-License-Identifier: GPL-2.0
/*
 * What an ICMP error does: it is observed, and not taken (RFC 1122 4.2.3.9, RFC 5927).
 */
#include <linux/errqueue.h>
#include <linux/netfilter.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "apply.h"
#include "compat.h"
#include "defer.h"
#include "ip/icmp.h"
#include "ip/ip.h"
#include "output.h"
#include "req.h"
#include "table.h"
#include "timer.h"

static void path_mtu(struct sock *sk, const struct xtcp_icmp_error *e)
{
	if (!xtcp_sk_af(sk)->takes_mtu(sk))
		return;
	WRITE_ONCE(xtcp_sk(sk)->pmtu, min_t(u32, e->mtu, U16_MAX));
	xtcp_do(sk, XTCP_DO_MTU);
}

/* For recvmsg() with MSG_ERRQUEUE.  @skb: the ICMP packet, at its IP header. */
static void queue_error(struct sock *sk, const struct sk_buff *skb,
			const struct xtcp_icmp_error *e)
{
	struct sock_exterr_skb *serr;
	struct sk_buff *copy;

	copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
	if (!copy)
		return;
	skb_orphan(copy);
	if (!pskb_may_pull(copy, e->tcp + XTCP_ICMP_QUOTED))
		goto fail;
	/* what IP noted of the packet stays: it tells the link of a link-local address */
	serr = SKB_EXT_ERR(copy);
	memset_after(serr, 0, header);
	serr->ee = e->ee;
	serr->ee.ee_errno = e->err;
	serr->addr_offset = e->inner + e->daddr;
	serr->port = e->key.rport;
	__skb_pull(copy, e->tcp);
	skb_reset_transport_header(copy);
	if (!sock_queue_err_skb(sk, copy))
		return;
fail:
	kfree_skb(copy);
}

/* An attempt to connect ends.  There is nobody to send a RST to. */
static void give_up(struct sock *sk, int err)
{
	struct xtcp_actions a;

	xtcp_actions_init(&a);
	xtcp_on_user(&xtcp_sk(sk)->tcb, XTCP_CALL_ABORT, XTCP_WHY_ICMP_ERROR,
		     xtcp_now(), &a);
	a.orders &= ~XTCP_ACT_SEND_RST;
	a.orders |= XTCP_ACT_ERROR;
	a.error = err;
	xtcp_apply(sk, &a, NULL, NULL);
}

/*
 * RFC 1122 4.2.3.9: an attempt to connect ends, whatever the error (as Linux).  A
 * connection goes on, and the error is what its user gets if it times out; one who asked
 * for errors (IP_RECVERR) gets it now.
 */
static void not_delivered(struct sock *sk, const struct sk_buff *skb,
			  const struct xtcp_icmp_error *e)
{
	bool owned = sock_owned_by_user(sk);

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV)) {
		/* as Linux: over IPv4 whether it was asked for or not */
		if (e->ee.ee_origin == SO_EE_ORIGIN_ICMP || xtcp_sk_af(sk)->recverr(sk))
			queue_error(sk, skb, e);
		if (!owned) {
			give_up(sk, e->err);
			return;
		}
	} else if (!owned && xtcp_sk_af(sk)->recverr(sk)) {
		WRITE_ONCE(sk->sk_err, e->err);
		sk_error_report(sk);
		return;
	}
	WRITE_ONCE(sk->sk_err_soft, e->err);
}

/* RFC 6069: that a route is missing says nothing about congestion. */
static void revert_backoff(struct sock *sk, u32 seq)
{
	if (sock_owned_by_user(sk))
		return;
	xtcp_rto_revert(&xtcp_sk(sk)->tcb, seq, xtcp_now());
	xtcp_timer_sync(sk);
}

/* Another router. */
static void redirect(struct sock *sk, const struct sk_buff *skb,
		     const struct xtcp_icmp_error *e)
{
	struct dst_entry *dst;
	struct sk_buff *copy;

	/* who owns the socket uses its route, and may be giving it up just now */
	if (sock_owned_by_user(sk))
		return;
	xtcp_assert_locked(sk);
	dst = xtcp_sk_dst(sk);
	if (!dst)
		return;
	copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
	if (!copy)
		return;
	if (e->move(copy, e))
		dst->ops->redirect(dst, sk, copy);
	kfree_skb(copy);
}

static void error_for(struct sock *sk, struct xtcp_net *xn, const struct sk_buff *skb,
		      const struct xtcp_icmp_error *e)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	/* RFC 5927 4.1: about something that is in flight, or a stranger's guess */
	if (!xtcp_between(e->seq, t->snd_una, t->snd_nxt)) {
		xtcp_count(xn, ICMP_OUT_OF_WINDOW);
		return;
	}
	if (e->redirect) {
		redirect(sk, skb, e);
		return;
	}
	if (e->too_big) {
		path_mtu(sk, e);
		return;
	}
	if (!e->err)
		return;
	if (e->no_route)
		revert_backoff(sk, e->seq);
	not_delivered(sk, skb, e);
}

/*
 * About a SYN,ACK.  Its entry goes without a word, as nobody has a socket yet to
 * be told through.
 */
static void error_for_req(struct xtcp_flow *flow, struct xtcp_net *xn,
			  const struct xtcp_icmp_error *e)
{
	struct xtcp_req *req;
	struct sock *sk;

	if (!xtcp_flow_get(flow, &e->key))
		return;
	req = xtcp_flow_req(flow);
	sk = req->listener;
	bh_lock_sock(sk);
	if (list_empty(&req->node) || sock_owned_by_user(sk)) {
		/* it ends by itself, or may be told again */
	} else if (e->seq != req->core.iss) {
		xtcp_count(xn, ICMP_OUT_OF_WINDOW);
	} else if (e->ends_entry) {
		xtcp_count(xn, LISTEN_DROPS);
		xtcp_req_kill(req, XTCP_EV_ABORT, XTCP_WHY_ICMP_ERROR, NULL);
	}
	bh_unlock_sock(sk);
	xtcp_flow_put(flow);
}

/*
 * RFC 4301 6: what IPsec does not let in is not heard.  Nor does IP hear it behind us, but
 * that would ask, and count (XfrmIn*), once more; unless it came by an association that lets
 * errors in about packets that it knows.
 */
static unsigned int refused(const struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	if (secpath_exists(skb) && xfrm_input_state((struct sk_buff *)skb)->props.flags &
				   XFRM_STATE_ICMP)
		return NF_ACCEPT;
#endif
	return NF_DROP;
}

/**
 * xtcp_icmp_error - an error came about a TCP segment from this host
 * @skb: the ICMP packet, at its IP header; not changed
 * @e: what it says
 *
 * Context: softirq, RCU read side.
 *
 * Return: NF_ACCEPT: IP goes on with it.  NF_DROP: it need not look at it.
 */
unsigned int xtcp_icmp_error(struct sk_buff *skb, struct xtcp_icmp_error *e)
{
	struct xtcp_net *xn = e->key.xn;
	struct xtcp_flow *flow;
	struct sock *sk;

	/* unlike the kernel's TCP not for those of no VRF, too, which a VRF could end then */
	flow = xtcp_flow_find(&e->key, xtcp_skb_dif(skb), xtcp_skb_sdif(skb));
	if (!flow || flow->kind == XTCP_KIND_TW)
		return NF_ACCEPT;
	if (!xtcp_skb_policy(NULL, skb))
		return refused(skb);
	xtcp_count(xn, ICMP_IN);
	if (flow->kind == XTCP_KIND_REQ) {
		error_for_req(flow, xn, e);
		return NF_ACCEPT;
	}
	sk = xtcp_to_sk(xtcp_flow_sock(flow));
	bh_lock_sock(sk);
	/* found without a lock: it may have become another */
	if (sk->sk_state != TCP_LISTEN && sk->sk_state != TCP_CLOSE &&
	    xtcp_key_equal(&xtcp_sk(sk)->flow.key, &e->key))
		error_for(sk, xn, skb, e);
	bh_unlock_sock(sk);
	return NF_ACCEPT;
}
