// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about our segments: observed, never taken (RFC 1122 4.2.3.9,
 * RFC 5927).
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "apply.h"
#include "compat.h"
#include "defer.h"
#include "ip/icmp.h"
#include "output.h"
#include "req.h"
#include "table.h"
#include "timer.h"

/* The ICMP header, and what an error quotes of our packet (RFC 792). */
struct quoted {
	struct icmphdr	icmp;
	struct iphdr	ip;
	__be16		sport;
	__be16		dport;
	__be32		seq;
};

/* Of our segment: ports and sequence number. */
#define QUOTED_BYTES	8

static_assert(sizeof(struct quoted) ==
	      offsetof(struct quoted, sport) + QUOTED_BYTES);

/* Another MTU of the path; 0: the router did not say. */
static void path_mtu(struct sock *sk, const struct icmphdr *ih)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mtu = 0;

	/* host's setting, ip-sysctl.rst */
	switch (READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_no_pmtu_disc)) {
	case 2:
		return;
	case 0:
	case 3:
		mtu = ntohs(ih->un.frag.mtu);
		break;
	}
	WRITE_ONCE(xs->pmtu, mtu);
	xtcp_do(sk, XTCP_DO_MTU);
}

/* For recvmsg() with MSG_ERRQUEUE.  @skb: the ICMP packet, at its IP header. */
static void queue_error(struct sock *sk, const struct sk_buff *skb,
			const struct quoted *q, int err)
{
	unsigned int inner = ip_hdrlen(skb) + sizeof(struct icmphdr);
	unsigned int tcp = inner + q->ip.ihl * 4;
	struct sock_exterr_skb *serr;
	struct sk_buff *copy;

	copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
	if (!copy)
		return;
	skb_orphan(copy);
	if (!pskb_may_pull(copy, tcp + QUOTED_BYTES))
		goto fail;
	memset(copy->cb, 0, sizeof(copy->cb));
	serr = SKB_EXT_ERR(copy);
	serr->ee.ee_errno = err;
	serr->ee.ee_origin = SO_EE_ORIGIN_ICMP;
	serr->ee.ee_type = q->icmp.type;
	serr->ee.ee_code = q->icmp.code;
	serr->ee.ee_info = ntohl(q->icmp.un.gateway);
	serr->addr_offset = inner + offsetof(struct iphdr, daddr);
	serr->port = q->dport;
	__skb_pull(copy, tcp);
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
	xtcp_on_user(&xtcp_sk(sk)->tcb, XTCP_CALL_ABORT, xtcp_now(), &a);
	a.orders &= ~XTCP_ACT_SEND_RST;
	a.orders |= XTCP_ACT_ERROR;
	a.error = err;
	xtcp_apply(sk, &a, NULL, NULL);
}

/*
 * RFC 1122 4.2.3.9: an attempt to connect ends, whatever the error (as Linux).  A
 * connection goes on, and the error is what its user gets if it times out; one
 * who set IP_RECVERR gets it now.
 */
static void not_delivered(struct sock *sk, const struct sk_buff *skb,
			  const struct quoted *q, int err)
{
	bool owned = sock_owned_by_user(sk);

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV)) {
		queue_error(sk, skb, q, err);
		if (!owned) {
			give_up(sk, err);
			return;
		}
	} else if (!owned && xtcp_inet_bit(sk, RECVERR, recverr)) {
		WRITE_ONCE(sk->sk_err, err);
		sk_error_report(sk);
		return;
	}
	WRITE_ONCE(sk->sk_err_soft, err);
}

/* RFC 6069: that a route is missing says nothing about congestion. */
static void revert_backoff(struct sock *sk, u32 seq)
{
	if (sock_owned_by_user(sk))
		return;
	xtcp_rto_revert(&xtcp_sk(sk)->tcb, seq, xtcp_now());
	xtcp_timer_sync(sk);
}

/*
 * Another router.  The route wants to see the quoted header at the buffer's
 * data, and the ICMP packet's own at its marks.
 */
static void redirect(struct sock *sk, const struct sk_buff *skb)
{
	unsigned int inner = ip_hdrlen(skb) + sizeof(struct icmphdr);
	struct dst_entry *dst;
	struct sk_buff *copy;

	/* who owns the socket uses its route, and may be giving it up just now */
	if (sock_owned_by_user(sk))
		return;
	xtcp_assert_locked(sk);
	dst = __sk_dst_check(sk, 0);
	if (!dst)
		return;
	copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);
	if (!copy)
		return;
	if (pskb_may_pull(copy, inner + sizeof(struct iphdr))) {
		__skb_pull(copy, inner);
		dst->ops->redirect(dst, sk, copy);
	}
	kfree_skb(copy);
}

/* Of an ICMP error's types and codes, what connections listen to: an errno. */
static int to_errno(const struct icmphdr *ih)
{
	switch (ih->type) {
	case ICMP_DEST_UNREACH:
		return ih->code > NR_ICMP_UNREACH ? 0 : icmp_err_convert[ih->code].errno;
	case ICMP_PARAMETERPROB:
		return EPROTO;
	case ICMP_TIME_EXCEEDED:
		return EHOSTUNREACH;
	default:
		return 0;
	}
}

static bool no_route(const struct icmphdr *ih)
{
	return ih->type == ICMP_DEST_UNREACH &&
	       (ih->code == ICMP_NET_UNREACH || ih->code == ICMP_HOST_UNREACH);
}

static void error_for(struct sock *sk, struct xtcp_net *xn, const struct sk_buff *skb,
		      const struct quoted *q)
{
	const struct icmphdr *ih = &q->icmp;
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 seq = ntohl(q->seq);
	int err = to_errno(ih);

	/* RFC 5927 4.1: about something that is in flight, or a stranger's guess */
	if (!xtcp_between(seq, t->snd_una, t->snd_nxt)) {
		xtcp_count(xn, ICMP_OUT_OF_WINDOW);
		return;
	}
	if (ih->type == ICMP_REDIRECT) {
		redirect(sk, skb);
		return;
	}
	if (ih->type == ICMP_DEST_UNREACH && ih->code == ICMP_FRAG_NEEDED) {
		path_mtu(sk, ih);
		return;
	}
	if (!err)
		return;
	if (no_route(ih))
		revert_backoff(sk, seq);
	not_delivered(sk, skb, q, err);
}

/*
 * About a SYN,ACK.  Its entry goes without a word, as nobody has a socket yet to
 * be told through.
 */
static void error_for_req(struct xtcp_flow *flow, const struct xtcp_key *key,
			  struct xtcp_net *xn, const struct quoted *q)
{
	struct xtcp_req *req;
	struct sock *sk;

	if (!xtcp_flow_get(flow, key))
		return;
	req = xtcp_flow_req(flow);
	sk = req->listener;
	bh_lock_sock(sk);
	if (list_empty(&req->node) || sock_owned_by_user(sk)) {
		/* it ends by itself, or may be told again */
	} else if (ntohl(q->seq) != req->core.iss) {
		xtcp_count(xn, ICMP_OUT_OF_WINDOW);
	} else if (no_route(&q->icmp) || q->icmp.type == ICMP_PARAMETERPROB ||
		   q->icmp.type == ICMP_TIME_EXCEEDED) {
		xtcp_count_drop(xn, XTCP_DROP_LISTEN_DROP);
		xtcp_req_kill(req, XTCP_EV_ABORT);
	}
	bh_unlock_sock(sk);
	xtcp_flow_put(flow);
}

/**
 * xtcp_icmp4_see - an ICMP packet came for this host
 * @skb: it, as the LOCAL_IN hook sees it; not changed
 *
 * Context: softirq, RCU read side.
 */
void xtcp_icmp4_see(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	struct xtcp_net *xn = xtcp_net(net);
	unsigned int off = ip_hdrlen(skb);
	struct quoted q;
	struct xtcp_flow *flow;
	struct xtcp_key key;
	struct sock *sk;

	lockdep_assert_in_softirq();
	/* ICMP header and IP header first: the latter tells where TCP's is */
	if (skb_copy_bits(skb, off, &q, offsetof(struct quoted, sport)) ||
	    q.ip.protocol != IPPROTO_TCP || q.ip.ihl < 5 ||
	    (q.icmp.type != ICMP_DEST_UNREACH && q.icmp.type != ICMP_TIME_EXCEEDED &&
	     q.icmp.type != ICMP_PARAMETERPROB && q.icmp.type != ICMP_REDIRECT))
		return;
	if (skb_copy_bits(skb, off + sizeof(struct icmphdr) + q.ip.ihl * 4, &q.sport,
			  QUOTED_BYTES) ||
	    nf_ip_checksum(skb, NF_INET_LOCAL_IN, off, IPPROTO_ICMP))
		return;
	key.xn = xn;
	xtcp_addr_set4(&key.laddr, q.ip.saddr);
	xtcp_addr_set4(&key.raddr, q.ip.daddr);
	key.lport = q.sport;
	key.rport = q.dport;
	/* unlike the kernel's TCP not for those of no VRF, too, which a VRF could end then */
	flow = xtcp_flow_find(&key, inet_iif(skb), inet_sdif(skb));
	if (!flow || flow->kind == XTCP_KIND_TW)
		return;
	xtcp_count(xn, ICMP_IN);
	if (flow->kind == XTCP_KIND_REQ) {
		error_for_req(flow, &key, xn, &q);
		return;
	}
	sk = xtcp_to_sk(xtcp_flow_sock(flow));
	bh_lock_sock(sk);
	/* found without a lock: it may have become another */
	if (sk->sk_state != TCP_LISTEN && sk->sk_state != TCP_CLOSE &&
	    xtcp_key_equal(&xtcp_sk(sk)->flow.key, &key))
		error_for(sk, xn, skb, &q);
	bh_unlock_sock(sk);
}
