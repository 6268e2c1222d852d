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

#include "input.h"
#include "ip/hook.h"
#include "ip/icmp.h"
#include "lifetime.h"
#include "port/port.h"

#if !IS_ENABLED(CONFIG_NETFILTER)
#error xtcp gets its packets from netfilter: build the kernel with CONFIG_NETFILTER
#endif

/*
 * Most segments of the kernel's TCP are told by their port, before anything is
 * looked up, pulled or written.
 */
static bool foreign(const struct xtcp_net *xn, const struct sk_buff *skb)
{
	unsigned int off = ip_hdrlen(skb);
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

static unsigned int claim4(struct xtcp_net *xn, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (likely(iph->protocol == IPPROTO_TCP)) {
		DEBUG_NET_WARN_ON_ONCE(carries_ours(skb));
		if (foreign(xn, skb) || skb->pkt_type != PACKET_HOST ||
		    !routed_here(xn, skb))
			return NF_ACCEPT;
		return xtcp_rcv(xn, skb) == XTCP_CLAIM_TAKEN ? NF_STOLEN : NF_ACCEPT;
	}
	if (iph->protocol == IPPROTO_ICMP)
		xtcp_icmp4_see(skb);
	return NF_ACCEPT;
}

/*
 * A packet that waited for a verdict of user space (NFQUEUE) goes on in the process
 * that gives it, and what is behind this belongs to softirq.
 */
static unsigned int local_in4(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	unsigned int verdict;

	if (likely(in_softirq()))
		return claim4(priv, skb);
	local_bh_disable();
	verdict = claim4(priv, skb);
	local_bh_enable();
	return verdict;
}

/*
 * Not for a fragment: its ports are not there.  Not for a frame of a bridge, which
 * runs this hook for what it only forwards.
 */
static unsigned int pre_routing4(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct xtcp_net *xn = priv;

	if (skb_dst(skb) || iph->protocol != IPPROTO_TCP || ip_is_fragment(iph) ||
	    foreign(xn, skb) || skb->pkt_type != PACKET_HOST || skb->sk ||
	    netif_is_l3_slave(skb->dev) || nf_bridge_in_prerouting(skb) ||
	    skb_headlen(skb) < ip_hdrlen(skb) + offsetofend(struct tcphdr, dest) ||
	    !READ_ONCE(xn->net->ipv4.sysctl_ip_early_demux) ||
	    !READ_ONCE(xn->net->ipv4.sysctl_tcp_early_demux))
		return NF_ACCEPT;
	xtcp_early_route(xn, skb);
	DEBUG_NET_WARN_ON_ONCE(carries_ours(skb));
	return NF_ACCEPT;
}

/*
 * Last but for conntrack's own last hook, which must not see what we take: equal
 * priorities would be ordered by who came first.
 */
static const struct nf_hook_ops ops = {
	.hook		= local_in4,
	.pf		= NFPROTO_IPV4,
	.hooknum	= NF_INET_LOCAL_IN,
	.priority	= INT_MAX - 1,
};

/* Behind destination NAT. */
static const struct nf_hook_ops demux_ops = {
	.hook		= pre_routing4,
	.pf		= NFPROTO_IPV4,
	.hooknum	= NF_INET_PRE_ROUTING,
	.priority	= INT_MAX - 1,
};

/**
 * xtcp_hook_need - a namespace is about to have a socket
 * @xn: the namespace
 *
 * Context: process, may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_hook_need(struct xtcp_net *xn)
{
	int err = 0;

	/* pairs with the release below: who sees it finds the hook registered */
	if (likely(smp_load_acquire(&xn->hooked)))
		return 0;
	mutex_lock(&xn->hook_lock);
	if (!xn->hooked) {
		xn->hook = ops;
		xn->hook.priv = xn;
		err = nf_register_net_hook(xn->net, &xn->hook);
		if (!err)
			/* pairs with the acquire above */
			smp_store_release(&xn->hooked, true);
	}
	mutex_unlock(&xn->hook_lock);
	return err;
}

/**
 * xtcp_hook_need_demux - a namespace is about to have a peer on another host
 * @xn: the namespace, with xtcp_hook_need() done
 *
 * Without memory it does without, which is only slower.
 *
 * Context: process, may sleep.
 */
void xtcp_hook_need_demux(struct xtcp_net *xn)
{
	/* pairs with the release below: who sees it finds the hook registered */
	if (likely(smp_load_acquire(&xn->demuxed)))
		return;
	mutex_lock(&xn->hook_lock);
	if (!xn->demuxed) {
		xn->demux_hook = demux_ops;
		xn->demux_hook.priv = xn;
		if (!nf_register_net_hook(xn->net, &xn->demux_hook))
			/* pairs with the acquire above */
			smp_store_release(&xn->demuxed, true);
	}
	mutex_unlock(&xn->hook_lock);
}

/* From pre_exit: running hooks end before the next stage begins. */
void xtcp_hook_netns_exit(struct xtcp_net *xn)
{
	if (xn->demuxed)
		nf_unregister_net_hook(xn->net, &xn->demux_hook);
	xn->demuxed = false;
	if (xn->hooked)
		nf_unregister_net_hook(xn->net, &xn->hook);
	xn->hooked = false;
}
