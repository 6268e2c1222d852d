// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about our segments: observed, never taken (RFC 1122 4.2.3.9,
 * RFC 5927).
 */
#include <linux/icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "apply.h"
#include "compat.h"
#include "icmp.h"
#include "output.h"
#include "route.h"
#include "table.h"

/* Of the segment that the error quotes: ports and sequence number. */
#define QUOTED_BYTES	8

/* The path takes less than we send. */
static void path_mtu(struct sock *sk, u32 mtu)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	WRITE_ONCE(xs->pmtu, mtu);
	if (sock_owned_by_user(sk))
		set_bit(XTCP_DEFER_MTU, &xs->deferred);
	else
		xtcp_pmtu_shrunk(sk, mtu);
}

/* RFC 1122 4.2.3.9: hard errors end an attempt to connect, others are noted. */
static void not_delivered(struct sock *sk, int err, bool fatal)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (sock_owned_by_user(sk)) {
		WRITE_ONCE(sk->sk_err_soft, err);
		return;
	}
	if (sk->sk_state == TCP_SYN_SENT && fatal) {
		struct xtcp_actions a;

		xtcp_actions_init(&a);
		xtcp_on_user(&xs->tcb, XTCP_CALL_ABORT, xtcp_now(), &a);
		a.orders |= XTCP_ACT_ERROR;
		a.error = err;
		xtcp_apply(sk, &a, NULL, NULL);
		return;
	}
	if (inet_test_bit(RECVERR, sk) && fatal) {
		WRITE_ONCE(sk->sk_err, err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, err);
	}
}

static void error_for(struct sock *sk, struct xtcp_net *xn, const struct icmphdr *ih,
		      u32 seq)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	/* RFC 5927 4.1: about something that is in flight, or a stranger's guess */
	if (sk->sk_state != TCP_LISTEN && !xtcp_between(seq, t->snd_una, t->snd_nxt)) {
		xtcp_count(xn, ICMP_OUT_OF_WINDOW);
		return;
	}
	switch (ih->type) {
	case ICMP_DEST_UNREACH:
		if (ih->code > NR_ICMP_UNREACH)
			return;
		if (ih->code == ICMP_FRAG_NEEDED)
			path_mtu(sk, ntohs(ih->un.frag.mtu));
		else
			not_delivered(sk, icmp_err_convert[ih->code].errno,
				      icmp_err_convert[ih->code].fatal ||
				      sk->sk_state == TCP_SYN_SENT);
		return;
	case ICMP_PARAMETERPROB:
		not_delivered(sk, EPROTO, true);
		return;
	case ICMP_TIME_EXCEEDED:
		not_delivered(sk, EHOSTUNREACH, sk->sk_state == TCP_SYN_SENT);
		return;
	}
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
	struct {
		struct icmphdr	icmp;
		struct iphdr	ip;
	} buf, *h;
	struct xtcp_flow *flow;
	struct xtcp_key key;
	struct sock *sk;
	__be32 quoted[2], *q;
	int off = ip_hdrlen(skb);

	h = skb_header_pointer(skb, off, sizeof(buf), &buf);
	if (!h || h->ip.protocol != IPPROTO_TCP || h->ip.ihl < 5 ||
	    (h->icmp.type != ICMP_DEST_UNREACH && h->icmp.type != ICMP_TIME_EXCEEDED &&
	     h->icmp.type != ICMP_PARAMETERPROB))
		return;
	if (h != &buf)
		memcpy(&buf, h, sizeof(buf));
	q = skb_header_pointer(skb, off + sizeof(struct icmphdr) + buf.ip.ihl * 4,
			       QUOTED_BYTES, quoted);
	if (!q || nf_ip_checksum(skb, NF_INET_LOCAL_IN, off, IPPROTO_ICMP))
		return;
	key.net = net;
	xtcp_addr_set4(&key.laddr, buf.ip.saddr);
	xtcp_addr_set4(&key.raddr, buf.ip.daddr);
	key.lport = ((const __be16 *)q)[0];
	key.rport = ((const __be16 *)q)[1];
	flow = xtcp_flow_lookup(&key);
	if (!flow || flow->kind != XTCP_KIND_SOCK)
		return;
	xtcp_count(xn, ICMP_IN);
	sk = xtcp_to_sk(xtcp_flow_sock(flow));
	bh_lock_sock(sk);
	if (sk->sk_state != TCP_CLOSE)
		error_for(sk, xn, &buf.icmp, ntohl(q[1]));
	bh_unlock_sock(sk);
}
