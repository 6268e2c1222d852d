// SPDX-License-Identifier: GPL-2.0
/* What a socket of AF_INET6 has besides: it begins, and a child gets its own. */
#include <net/ipv6.h>

#include "compat.h"
#include "ip/af.h"
#include "ip/pinfo.h"

static struct ipv6_pinfo *attach(struct sock *sk)
{
	struct ipv6_pinfo *np = &((struct xtcp6_sock *)sk)->inet6;

	inet_sk(sk)->pinet6 = np;
	return np;
}

/**
 * xtcp_pinfo_init - a socket begins
 * @sk: it, all zero but for what sock_init_data() has set
 */
void xtcp_pinfo_init(struct sock *sk)
{
	struct ipv6_pinfo *np = attach(sk);
	const struct net *net = sock_net(sk);

	np->hop_limit = -1;
	np->mcast_hops = IPV6_DEFAULT_MCASTHOPS;
	np->pmtudisc = IPV6_PMTUDISC_WANT;
	xtcp_inet6_assign(sk, MC6_LOOP, mc_loop, 1);
	xtcp_inet6_assign(sk, MC6_ALL, mc_all, 1);
	xtcp_inet6_assign(sk, REPFLOW, repflow,
			  !!(READ_ONCE(net->ipv6.sysctl.flowlabel_reflect) &
			     FLOWLABEL_REFLECT_ESTABLISHED));
	sk->sk_ipv6only = READ_ONCE(net->ipv6.sysctl.bindv6only);
}

/**
 * xtcp_pinfo_inherit - a child gets its own from its listener
 * @child: a copy of the listener that nobody else knows
 * @listener: the listener, locked
 * @skb: the segment that makes the child
 *
 * Memberships are its listener's alone, and so is what it has allocated.
 */
void xtcp_pinfo_inherit(struct sock *child, const struct sock *listener,
			const struct sk_buff *skb)
{
	struct ipv6_pinfo *np = attach(child);
	struct ipv6_txoptions *opt;

	xtcp_assert_locked(listener);
	*np = *inet6_sk(listener);
	RCU_INIT_POINTER(np->ipv6_mc_list, NULL);
	np->ipv6_ac_list = NULL;
	xtcp_inet6_no_labels(child);
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	RCU_INIT_POINTER(np->opt, NULL);
	np->mcast_oif = skb->skb_iif;
	if (!xtcp_skb_is6(skb)) {
		np->mcast_hops = ip_hdr(skb)->ttl;
		return;
	}
	np->mcast_hops = ipv6_hdr(skb)->hop_limit;
	np->rcv_flowinfo = ip6_flowinfo(ipv6_hdr(skb));
	if (xtcp_inet6_bit(listener, REPFLOW, repflow))
		np->flow_label = ip6_flowlabel(ipv6_hdr(skb));
	opt = rcu_dereference_protected(inet6_sk(listener)->opt,
					lockdep_sock_is_held(listener));
	if (opt)
		RCU_INIT_POINTER(np->opt, ipv6_dup_options(child, opt));
}

/**
 * xtcp_pinfo_note - a segment came in its turn, to a socket whose user asks about such
 * @sk: the socket, locked
 * @skb: the segment
 *
 * The newest counts: getsockopt() with IPV6_2292PKTOPTIONS tells (RFC 2292 4.1).
 */
void xtcp_pinfo_note(struct sock *sk, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	struct ipv6_pinfo *np = inet6_sk(sk);

	xtcp_assert_locked(sk);
	if (np->rxopt.bits.rxinfo || np->rxopt.bits.rxoinfo)
		np->mcast_oif = skb->skb_iif;
	if (np->rxopt.bits.rxhlim || np->rxopt.bits.rxohlim)
		np->mcast_hops = ip->hop_limit;
	if (np->rxopt.bits.rxflow || np->rxopt.bits.rxtclass)
		np->rcv_flowinfo = ip6_flowinfo(ip);
	if (xtcp_inet6_bit(sk, REPFLOW, repflow))
		WRITE_ONCE(np->flow_label, ip6_flowlabel(ip));
}
