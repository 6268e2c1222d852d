// SPDX-License-Identifier: GPL-2.0
/* IPv4: see ip/af.h. */
#include <linux/random.h>
#include <linux/security.h>
#include <net/inet_hashtables.h>
#include <net/route.h>
#include <net/tcp.h>

#include "compat.h"
#include "ip/header.h"
#include "ip/ip4.h"

/* Describe a connection's packets to routing.  Without a device in the key it is @sk's. */
static void init_flow(struct flowi4 *fl4, const struct sock *sk, const struct xtcp_key *key,
		      u32 mark)
{
	memset(fl4, 0, sizeof(*fl4));
	fl4->flowi4_oif = key->dev ? key->dev : READ_ONCE(sk->sk_bound_dev_if);
	fl4->flowi4_mark = mark;
	fl4->flowi4_scope = RT_SCOPE_UNIVERSE;
	fl4->flowi4_proto = IPPROTO_TCP;
	fl4->flowi4_flags = inet_sk_flowi_flags(sk);
	fl4->flowi4_uid = sock_net_uid(sock_net(sk), sk);
	fl4->daddr = xtcp_addr_v4(&key->raddr);
	fl4->saddr = xtcp_addr_v4(&key->laddr);
	fl4->fl4_dport = key->rport;
	fl4->fl4_sport = key->lport;
	security_sk_classify_flow((struct sock *)sk, flowi4_to_flowi_common(fl4));
}

/* RFC 9293 MUST-63: nobody can be at a broadcast or multicast address. */
static struct dst_entry *to_one(struct rtable *rt)
{
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);
	}
	return &rt->dst;
}

static void set_laddr(struct sock *sk, __be32 addr)
{
	struct inet_sock *inet = inet_sk(sk);

	inet->inet_saddr = addr;
	inet->inet_rcv_saddr = addr;
#if IS_ENABLED(CONFIG_IPV6)
	if (!xtcp_sk_is6(sk))
		return;
	xtcp_addr_set4(&sk->sk_v6_rcv_saddr, addr);
	inet6_sk(sk)->saddr = sk->sk_v6_rcv_saddr;
#endif
}

static struct dst_entry *route(struct sock *sk, struct in6_addr *raddr, __be16 rport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	struct xtcp_key key = { .raddr = *raddr, .rport = rport, .lport = inet->inet_sport };
	struct ip_options_rcu *opt;
	struct dst_entry *dst;

	/* a child that nobody knows yet is not locked */
	opt = rcu_dereference_check(inet->inet_opt, lockdep_sock_is_held(sk));
	xtcp_addr_set4(&key.laddr, inet->inet_saddr);
	if (opt && opt->opt.srr)
		xtcp_addr_set4(&key.raddr, opt->opt.faddr);
	init_flow(fl4, sk, &key, READ_ONCE(sk->sk_mark));
	xtcp_flow4_set_tos(fl4, sk);
	dst = to_one(ip_route_output_flow(sock_net(sk), fl4, sk));
	if (IS_ERR(dst)) {
		if (PTR_ERR(dst) == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return dst;
	}
	/* as Linux: the any-address is this host */
	if (!xtcp_addr_v4(raddr))
		xtcp_addr_set4(raddr, fl4->daddr);
	if (!inet->inet_saddr)
		set_laddr(sk, fl4->saddr);
	return dst;
}

static struct dst_entry *route_back(struct sock *sk, const struct xtcp_key *key,
				    const struct xtcp_marks *marks, bool answer)
{
	struct flowi4 fl4;

	init_flow(&fl4, sk, key, marks->mark);
	/* the segment came for this address: to answer from it needs no device that has it */
	if (answer)
		fl4.flowi4_flags |= FLOWI_FLAG_ANYSRC;
	return to_one(ip_route_output_flow(sock_net(sk), &fl4, sk));
}

/*
 * As in Linux a small segment without a socket may not be fragmented, whatever its route
 * or socket says (RFC 791: nobody has to), and so needs no ID.  A listener's IP_OPTIONS
 * are not for those who connect to it.
 */
static int reply(struct sock *sk, struct sk_buff *skb, const struct xtcp_key *key, u8 tos,
		 __be32 label)
{
	const struct dst_entry *dst = skb_dst(skb);
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct iphdr *ip;
	bool whole;
	int err;

	xtcp_header_csum(skb, tcp_v4_check(skb->len, xtcp_addr_v4(&key->laddr),
					   xtcp_addr_v4(&key->raddr), 0));
	ip = skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	rcu_read_lock();
	whole = skb->len <= IPV4_MIN_MTU || ip_dont_fragment(sk, dst);
	*ip = (struct iphdr) {
		.version	= 4,
		.ihl		= sizeof(*ip) / 4,
		.tos		= tos,
		.id		= whole ? 0 : htons(get_random_u16()),
		.frag_off	= whole ? htons(IP_DF) : 0,
		.ttl		= ttl < 0 ? ip4_dst_hoplimit(dst) : ttl,
		.protocol	= IPPROTO_TCP,
		.saddr		= xtcp_addr_v4(&key->laddr),
		.daddr		= xtcp_addr_v4(&key->raddr),
	};
	err = ip_local_out(sock_net(sk), sk, skb);
	rcu_read_unlock();
	return err;
}

static u32 option_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt =
		rcu_dereference_protected(inet_sk(sk)->inet_opt, lockdep_sock_is_held(sk));

	return opt ? opt->opt.optlen : 0;
}

static void set_ends(struct sock *sk, const struct xtcp_key *key)
{
	struct inet_sock *inet = inet_sk(sk);

	set_laddr(sk, xtcp_addr_v4(&key->laddr));
	inet->inet_daddr = xtcp_addr_v4(&key->raddr);
	inet->inet_dport = key->rport;
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_sk_is6(sk))
		sk->sk_v6_daddr = key->raddr;
#endif
}

static bool kernel_knows(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;
	struct sock *sk;

	sk = __inet_lookup_established(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
				       net->ipv4.tcp_death_row.hashinfo,
#endif
				       xtcp_addr_v4(&key->raddr), key->rport,
				       xtcp_addr_v4(&key->laddr), ntohs(key->lport),
				       dif, sdif);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

static const struct sock *kernel_listens(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;

	/* without the buffer: which one of a group it would be does not matter */
	return __inet_lookup_listener(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
				      net->ipv4.tcp_death_row.hashinfo,
#endif
				      NULL, 0, xtcp_addr_v4(&key->raddr), key->rport,
				      xtcp_addr_v4(&key->laddr), ntohs(key->lport), dif,
				      sdif);
}

static u32 reply_mark(struct net *net, u32 mark)
{
	return IP4_REPLY_MARK(net, mark);
}

static void request(struct inet_request_sock *ireq, const struct xtcp_key *key)
{
	static struct request_sock_ops ops = { .family = PF_INET };

	ireq->req.rsk_ops = &ops;
	ireq->ireq_family = AF_INET;
	ireq->ir_loc_addr = xtcp_addr_v4(&key->laddr);
	ireq->ir_rmt_addr = xtcp_addr_v4(&key->raddr);
}

/* Labelled networking would have it in the SYN,ACK. */
static void request_done(struct inet_request_sock *ireq, struct sock *sk)
{
	kfree(rcu_dereference_protected(ireq->ireq_opt, true));
}

/* The host's setting (ip_no_pmtu_disc) is asked when the error comes. */
static bool takes_mtu(const struct sock *sk)
{
	return true;
}

static bool heeds_mtu(const struct sock *sk)
{
	switch (READ_ONCE(inet_sk(sk)->pmtudisc)) {
	case IP_PMTUDISC_DONT:
	case IP_PMTUDISC_INTERFACE:
	case IP_PMTUDISC_OMIT:
		return false;
	default:
		return true;
	}
}

static bool df(const struct sock *sk, const struct dst_entry *dst)
{
	return ip_dont_fragment(sk, dst);
}

static bool recverr(const struct sock *sk)
{
	return xtcp_inet_bit(sk, RECVERR, recverr);
}

static u8 tos(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->tos);
}

static void set_tos(struct sock *sk, u8 value)
{
	inet_sk(sk)->tos = value;
}

const struct xtcp_af xtcp_ip4 = {
	.header_len	= sizeof(struct iphdr),
	.mtu_min	= IPV4_MIN_MTU,
	.mss_default	= TCP_MSS_DEFAULT,
	.gso_type	= SKB_GSO_TCPV4,
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
