// SPDX-License-Identifier: GPL-2.0
/*
 * How packets get to us: the LOCAL_IN hook, behind routing, defragmentation and
 * the host's INPUT rules.
 *
 * It is registered with the first socket of a namespace and stays, so that
 * namespaces that never use xtcp pay nothing.
 *
 * And the PRE_ROUTING hook, which takes nothing: it spares the segments of our
 * connections the look-up of a route, as the kernel's early demultiplexing does
 * for its own TCP. Loopback needs none, so it comes with the first connection or
 * listener that may leave the host.
 *
 * A packet that neither of them takes leaves as it came, but for its route: never
 * with a socket of ours, which nobody else can tell from one of the kernel's TCP.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "input.h"
#include "ip/af.h"
#include "ip/exthdr.h"
#include "ip/frag6.h"
#include "ip/hook.h"
#include "ip/icmp.h"
#include "lifetime.h"
#include "port/port.h"

#if !IS_ENABLED(CONFIG_NETFILTER)
#error xtcp gets its packets from netfilter: build the kernel with CONFIG_NETFILTER
#endif

/*
 * Most segments of the kernel's TCP are told by their port, before anything is
 * looked up, pulled or written.  @off: where the TCP header is.
 */
static bool foreign(const struct xtcp_net *xn, const struct sk_buff *skb, unsigned int off)
{
	const struct tcphdr *th = (const void *)skb->data + off;

	return likely(skb_headlen(skb) >= off + offsetofend(struct tcphdr, dest)) &&
	       !xtcp_port_held(xn->net, th->dest);
}

/*
 * A device that serves another namespace may have routed the packet there, before
 * it leaves this one (IPVLAN in its mode L3S).
 */
static bool routed_here(const struct xtcp_net *xn, const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	return likely(dst) && net_eq(dev_net(dst->dev), xn->net);
}

/* It has a socket of ours, which must be so on the way out only. */
static inline bool carries_ours(const struct sk_buff *skb)
{
	return skb->sk && xtcp_is_ours(skb->sk);
}

/* A TCP segment. */
static __always_inline unsigned int claim(struct xtcp_net *xn, struct sk_buff *skb,
					  unsigned int off)
{
	DEBUG_NET_WARN_ON_ONCE(carries_ours(skb));
	if (foreign(xn, skb, off) || skb->pkt_type != PACKET_HOST || !routed_here(xn, skb))
		return NF_ACCEPT;
	return xtcp_rcv(xn, skb, off) == XTCP_CLAIM_TAKEN ? NF_STOLEN : NF_ACCEPT;
}

static unsigned int claim4(struct xtcp_net *xn, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (likely(iph->protocol == IPPROTO_TCP))
		return claim(xn, skb, ip_hdrlen(skb));
	if (iph->protocol == IPPROTO_ICMP)
		return xtcp_icmp4_see(skb);
	return NF_ACCEPT;
}

/*
 * A packet that waited for a verdict of user space (NFQUEUE) goes on in the process
 * that gives it, and what is behind this belongs to softirq.
 */
static unsigned int local_in4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	bool in_process = unlikely(!in_softirq());
	unsigned int verdict;

	if (in_process)
		local_bh_disable();
	verdict = claim4(priv, skb);
	if (in_process)
		local_bh_enable();
	return verdict;
}

/* A whole segment, to spare it the look-up of a route.  @off: where the TCP header is. */
static void demux(struct xtcp_net *xn, struct sk_buff *skb, unsigned int off)
{
	if (foreign(xn, skb, off) || skb->pkt_type != PACKET_HOST || skb->sk ||
	    netif_is_l3_slave(skb->dev) || nf_bridge_in_prerouting(skb) ||
	    skb_headlen(skb) < off + offsetofend(struct tcphdr, dest) ||
	    !READ_ONCE(xn->net->ipv4.sysctl_ip_early_demux) ||
	    !READ_ONCE(xn->net->ipv4.sysctl_tcp_early_demux))
		return;
	xtcp_early_route(xn, skb, (const void *)skb->data + off);
	DEBUG_NET_WARN_ON_ONCE(carries_ours(skb));
}

/*
 * Not for a fragment: its ports are not there.  Not for a frame of a bridge, which
 * runs this hook for what it only forwards.
 */
static unsigned int pre_routing4(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (!skb_dst(skb) && iph->protocol == IPPROTO_TCP && !ip_is_fragment(iph))
		demux(priv, skb, ip_hdrlen(skb));
	return NF_ACCEPT;
}

#if IS_ENABLED(CONFIG_IPV6)
/* A fragment, which claim() would not look at for what it is a part of. */
static unsigned int join6(struct xtcp_net *xn, struct sk_buff *skb, unsigned int off)
{
	if (skb->pkt_type != PACKET_HOST || !routed_here(xn, skb))
		return NF_ACCEPT;
	return xtcp_frag6_join(xn, skb, off);
}

static unsigned int claim6(struct xtcp_net *xn, struct sk_buff *skb)
{
	unsigned int off = sizeof(struct ipv6hdr), verdict;
	u8 proto = ipv6_hdr(skb)->nexthdr;

	if (unlikely(proto != IPPROTO_TCP)) {
		off = xtcp_exthdr_skip(skb, &proto);
		if (off && proto == NEXTHDR_FRAGMENT) {
			verdict = join6(xn, skb, off);
			if (verdict != NF_ACCEPT)
				return verdict;
			off = xtcp_exthdr_skip(skb, &proto);
		}
		if (!off)
			return NF_DROP;
	}
	if (likely(proto == IPPROTO_TCP)) {
		u16 marked = skb->transport_header;

		verdict = claim(xn, skb, off);
		/* IP goes on where it was, and that may be at an extension header */
		if (verdict == NF_ACCEPT)
			skb->transport_header = marked;
		return verdict;
	}
	if (proto == IPPROTO_ICMPV6)
		return xtcp_icmp6_see(skb, off);
	return NF_ACCEPT;
}

static unsigned int local_in6(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	bool in_process = unlikely(!in_softirq());
	unsigned int verdict;

	if (in_process)
		local_bh_disable();
	verdict = claim6(priv, skb);
	if (in_process)
		local_bh_enable();
	return verdict;
}

static unsigned int pre_routing6(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	if (!skb_dst(skb) && ip->nexthdr == IPPROTO_TCP && !xtcp_ip6_mapped(ip))
		demux(priv, skb, sizeof(struct ipv6hdr));
	return NF_ACCEPT;
}
#endif

/*
 * LOCAL_IN: last but for conntrack's own last hook, which must not see what we take:
 * equal priorities would be ordered by who came first.  PRE_ROUTING: behind
 * destination NAT.
 */
static const struct nf_hook_ops ops[XTCP_HOOKS] = {
	[XTCP_HOOK_IN4] = {
		.hook		= local_in4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX - 1,
	},
	[XTCP_HOOK_DEMUX4] = {
		.hook		= pre_routing4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= INT_MAX - 1,
	},
#if IS_ENABLED(CONFIG_IPV6)
	[XTCP_HOOK_IN6] = {
		.hook		= local_in6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX - 1,
	},
	[XTCP_HOOK_DEMUX6] = {
		.hook		= pre_routing6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_PRE_ROUTING,
		.priority	= INT_MAX - 1,
	},
#endif
};

static int need(struct xtcp_net *xn, enum xtcp_hook which)
{
	struct xtcp_hooked *h = &xn->hooks[which];
	int err = 0;

	/* pairs with the release below: who sees it finds the hook registered */
	if (likely(smp_load_acquire(&h->on)))
		return 0;
	mutex_lock(&xn->hook_lock);
	if (!h->on) {
		h->ops = ops[which];
		h->ops.priv = xn;
		err = nf_register_net_hook(xn->net, &h->ops);
		if (!err)
			/* pairs with the acquire above */
			smp_store_release(&h->on, true);
	}
	mutex_unlock(&xn->hook_lock);
	return err;
}

/**
 * xtcp_hook_need - a namespace is about to have a socket
 * @xn: the namespace
 * @family: AF_INET, or AF_INET6, which may speak IPv4 as well
 *
 * Context: process, may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_hook_need(struct xtcp_net *xn, u8 family)
{
	int err = need(xn, XTCP_HOOK_IN4);

	if (err || !xtcp_family_is6(family))
		return err;
	if (unlikely(!READ_ONCE(xn->hooks[XTCP_HOOK_IN6].on)))
		xtcp_frag6_need();
	return need(xn, XTCP_HOOK_IN6);
}

/**
 * xtcp_hook_need_demux - a namespace is about to have a peer on another host
 * @xn: the namespace, with xtcp_hook_need() done
 * @family: of its packets
 *
 * Without memory it does without, which is only slower.
 *
 * Context: process, may sleep.
 */
void xtcp_hook_need_demux(struct xtcp_net *xn, u8 family)
{
	need(xn, xtcp_family_is6(family) ? XTCP_HOOK_DEMUX6 : XTCP_HOOK_DEMUX4);
}

/* From pre_exit: running hooks end before the next stage begins. */
void xtcp_hook_netns_exit(struct xtcp_net *xn)
{
	int i;

	for (i = XTCP_HOOKS - 1; i >= 0; i--) {
		if (xn->hooks[i].on)
			nf_unregister_net_hook(xn->net, &xn->hooks[i].ops);
		xn->hooks[i].on = false;
	}
}
