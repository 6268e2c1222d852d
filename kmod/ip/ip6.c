// SPDX-License-Identifier: GPL-2.0
/* IPv6: see ip/af.h. */
#include <linux/security.h>
#include <net/flow.h>
#include <net/inet6_hashtables.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include <net/xfrm.h>

#include "compat.h"
#include "ip/header.h"
#include "ip/ip6.h"

/*
 * Describe a connection's packets to routing.  Without a device in the key it is @sk's.
 * Where equal ways are chosen by the addresses alone, the hash chooses one, as in Linux 7.2:
 * then a timeout may find another (SO_TXREHASH).
 */
static void init_flow(struct flowi6 *fl6, const struct sock *sk, const struct xtcp_key *key,
		      u32 mark, u32 hash)
{
	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_oif = key->dev ? key->dev : READ_ONCE(sk->sk_bound_dev_if);
	fl6->flowi6_mark = mark;
	if (hash && !ip6_multipath_hash_policy(sock_net(sk)))
		/* 31 bits, and 0 stands for none */
		fl6->mp_hash = hash >> 1 ? : 1;
	fl6->flowi6_proto = IPPROTO_TCP;
	fl6->flowi6_uid = sock_net_uid(sock_net(sk), sk);
	fl6->daddr = key->raddr;
	fl6->saddr = key->laddr;
	fl6->fl6_dport = key->rport;
	fl6->fl6_sport = key->lport;
	security_sk_classify_flow((struct sock *)sk, flowi6_to_flowi_common(fl6));
}

/* With a routing header the first of its stations is where the packets go at first. */
static struct dst_entry *look_up(struct sock *sk, struct flowi6 *fl6,
				 const struct ipv6_txoptions *opt)
{
	struct in6_addr final;

	return ip6_dst_lookup_flow(sock_net(sk), sk, fl6,
				   fl6_update_dst(fl6, opt, &final));
}

/* What IPv4 would see of such a socket is an address that nobody has. */
static void hide_from_ip4(struct inet_sock *inet)
{
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
}

static void set_laddr(struct sock *sk, const struct in6_addr *addr)
{
	sk->sk_v6_rcv_saddr = *addr;
	inet6_sk(sk)->saddr = *addr;
	hide_from_ip4(inet_sk(sk));
}

static struct dst_entry *route(struct sock *sk, struct in6_addr *raddr, __be16 rport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np = inet6_sk(sk);
	struct flowi6 *fl6 = &inet->cork.fl.u.ip6;
	struct xtcp_key key = {
		.laddr = sk->sk_v6_rcv_saddr, .raddr = *raddr,
		.lport = inet->inet_sport, .rport = rport,
	};
	struct dst_entry *dst;

	init_flow(fl6, sk, &key, READ_ONCE(sk->sk_mark), READ_ONCE(sk->sk_txhash));
	fl6->flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label);
	/* a child that nobody knows yet is not locked */
	dst = look_up(sk, fl6, rcu_dereference_check(np->opt, lockdep_sock_is_held(sk)));
	if (IS_ERR(dst))
		return dst;
	if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		set_laddr(sk, &fl6->saddr);
	np->dst_cookie = rt6_get_cookie(dst_rt6_info(dst));
	return dst;
}

static struct dst_entry *route_back(struct sock *sk, const struct xtcp_key *key,
				    const struct xtcp_marks *marks, bool answer)
{
	struct dst_entry *dst;
	struct flowi6 fl6;

	/* RFC 9293 MUST-63 */
	if (ipv6_addr_is_multicast(&key->raddr))
		return ERR_PTR(-ENETUNREACH);
	init_flow(&fl6, sk, key, marks->mark, marks->hash);
	rcu_read_lock();
	dst = look_up(sk, &fl6, rcu_dereference(inet6_sk(sk)->opt));
	rcu_read_unlock();
	return dst;
}

/* Its route was there at the last segment, and is not good any more. */
static struct dst_entry *route_again(struct sock *sk)
{
	struct in6_addr raddr = sk->sk_v6_daddr;
	struct dst_entry *dst = route(sk, &raddr, inet_sk(sk)->inet_dport);

	if (!IS_ERR(dst))
		sk_setup_caps(sk, dst);
	return dst;
}

int xtcp_ip6_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct flowi6 *fl6 = &inet_sk(sk)->cork.fl.u.ip6;
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct dst_entry *dst = xtcp_sk_dst(sk);
	int err;

	if (unlikely(!dst)) {
		dst = route_again(sk);
		if (IS_ERR(dst)) {
			WRITE_ONCE(sk->sk_err_soft, -PTR_ERR(dst));
			kfree_skb(skb);
			return PTR_ERR(dst);
		}
	}
	xtcp_header_csum(skb, tcp_v6_check(skb->len, &np->saddr, &sk->sk_v6_daddr, 0));
	memset(skb->cb, 0, sizeof(struct inet6_skb_parm));
	rcu_read_lock();
	skb_dst_set_noref(skb, dst);
	/* it may have changed since the route was found: IPV6_FLOWLABEL_MGR, reflection */
	fl6->flowlabel = READ_ONCE(np->flow_label);
	/* the socket's own traffic class has no ECN bits */
	err = ip6_xmit(sk, skb, fl6, READ_ONCE(sk->sk_mark),
		       rcu_dereference(np->opt), READ_ONCE(np->tclass) | ecn,
		       READ_ONCE(sk->sk_priority));
	rcu_read_unlock();
	return err;
}

static int reply(struct sock *sk, struct sk_buff *skb, const struct xtcp_key *key, u8 tos,
		 __be32 label)
{
	struct flowi6 fl6 = {
		.flowlabel	= label,
		.flowi6_proto	= IPPROTO_TCP,
		.saddr		= key->laddr,
		.daddr		= key->raddr,
		.fl6_sport	= key->lport,
		.fl6_dport	= key->rport,
	};
	int err;

	xtcp_header_csum(skb, tcp_v6_check(skb->len, &key->laddr, &key->raddr, 0));
	rcu_read_lock();
	err = ip6_xmit(sk, skb, &fl6, skb->mark, rcu_dereference(inet6_sk(sk)->opt), tos,
		       skb->priority);
	rcu_read_unlock();
	return err;
}

static u32 option_len(const struct sock *sk)
{
	const struct ipv6_txoptions *opt =
		rcu_dereference_protected(inet6_sk(sk)->opt, lockdep_sock_is_held(sk));

	return opt ? opt->opt_flen + opt->opt_nflen : 0;
}

bool xtcp_ip6_policy(struct sock *sk, struct sk_buff *skb)
{
	return xfrm6_policy_check(sk, XFRM_POLICY_IN, skb);
}

static void set_ends(struct sock *sk, const struct xtcp_key *key)
{
	set_laddr(sk, &key->laddr);
	sk->sk_v6_daddr = key->raddr;
	inet_sk(sk)->inet_daddr = LOOPBACK4_IPV6;
	inet_sk(sk)->inet_dport = key->rport;
}

static bool kernel_knows(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;
	struct sock *sk;

	sk = __inet6_lookup_established(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
					net->ipv4.tcp_death_row.hashinfo,
#endif
					&key->raddr, key->rport, &key->laddr,
					ntohs(key->lport), dif, sdif);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

static const struct sock *kernel_listens(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;

	/* without the buffer: which one of a group it would be does not matter */
	return inet6_lookup_listener(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
				     net->ipv4.tcp_death_row.hashinfo,
#endif
				     NULL, 0, &key->raddr, key->rport, &key->laddr,
				     ntohs(key->lport), dif, sdif);
}

static u32 reply_mark(struct net *net, u32 mark)
{
	return IP6_REPLY_MARK(net, mark);
}

static void request(struct inet_request_sock *ireq, const struct xtcp_key *key)
{
	static struct request_sock_ops ops = { .family = PF_INET6 };

	ireq->req.rsk_ops = &ops;
	ireq->ireq_family = AF_INET6;
	ireq->ir_v6_loc_addr = key->laddr;
	ireq->ir_v6_rmt_addr = key->raddr;
}

/* Labelled networking would have it in the SYN,ACK; it is charged to the listener. */
static void request_done(struct inet_request_sock *ireq, struct sock *sk)
{
	struct ipv6_txoptions *opt = ireq->ipv6_opt;

	if (opt)
		sock_kfree_s(sk, opt, opt->tot_len);
}

static bool takes_mtu(const struct sock *sk)
{
	return ip6_sk_accept_pmtu(sk);
}

static bool heeds_mtu(const struct sock *sk)
{
	return true;
}

/* Routers never fragment (RFC 8200 5): nothing depends on the socket. */
static bool df(const struct sock *sk, const struct dst_entry *dst)
{
	return false;
}

static bool recverr(const struct sock *sk)
{
	return xtcp_inet6_bit(sk, RECVERR6, recverr);
}

static u8 tos(const struct sock *sk)
{
	return READ_ONCE(inet6_sk(sk)->tclass);
}

static void set_tos(struct sock *sk, u8 value)
{
	inet6_sk(sk)->tclass = value;
}

const struct xtcp_af xtcp_ip6 = {
	.header_len	= sizeof(struct ipv6hdr),
	.mtu_min	= IPV6_MIN_MTU,
	.mss_default	= IPV6_MIN_MTU - sizeof(struct ipv6hdr) - sizeof(struct tcphdr),
	.gso_type	= SKB_GSO_TCPV6,
	.route		= route,
	.route_back	= route_back,
	.reply		= reply,
	.option_len	= option_len,
	.set_ends	= set_ends,
	.kernel_knows	= kernel_knows,
	.kernel_listens	= kernel_listens,
	.reply_mark	= reply_mark,
	.request	= request,
	.request_done	= request_done,
	.takes_mtu	= takes_mtu,
	.heeds_mtu	= heeds_mtu,
	.df		= df,
	.recverr	= recverr,
	.tos		= tos,
	.set_tos	= set_tos,
};
