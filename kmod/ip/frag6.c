// SPDX-License-Identifier: GPL-2.0
/*
 * Fragments of IPv6 packets (RFC 8200 4.5).
 *
 * IP joins them behind the LOCAL_IN hook and goes on to TCP from there: to the kernel's,
 * which would end our connections.  What conntrack joins comes whole; it lets fragments
 * pass that are not tracked, or that have an entry already (on loopback), and it may not be
 * there at all.  So the hook joins what is left, by the same reassembly but with a queue of
 * its own, and only what is for this host: who forwards packets sees no difference.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "ip/frag6.h"
#include "port/port.h"

/* Who does not find it does not look for it again so soon: a namespace costs nobody much. */
#define LOOK_AGAIN	(60 * HZ)

/* Serialises who looks for it. */
static DEFINE_MUTEX(lock);

/* When somebody looked last, jiffies; 0: never. */
static unsigned long looked;

/* The reassembly, with a reference to its module; NULL: there is none. */
static typeof(nf_ct_frag6_gather) *gather;

/**
 * xtcp_frag6_need - a namespace is about to get IPv6 packets
 *
 * The module that joins fragments is loaded if it is not there.  We do not depend on it, so
 * that insmod alone is enough for all else.
 *
 * Context: process, may sleep.
 */
void xtcp_frag6_need(void)
{
	mutex_lock(&lock);
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
	if (!gather && (!looked || time_after(jiffies, looked + LOOK_AGAIN))) {
		WRITE_ONCE(gather, symbol_request(nf_ct_frag6_gather));
		looked = jiffies ? : 1;
	}
#endif
	if (!gather)
		pr_warn_once("xtcp: IPv6 fragments are dropped: there is no nf_defrag_ipv6\n");
	mutex_unlock(&lock);
}

/**
 * xtcp_frag6_exit - the module goes
 *
 * No hook runs any more.
 */
void xtcp_frag6_exit(void)
{
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
	if (gather)
		symbol_put(nf_ct_frag6_gather);
#endif
	gather = NULL;
}

/* It may be of a packet that we look at.  Only the first tells; headers may follow. */
static bool may_concern_us(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_ICMPV6 || ipv6_ext_hdr(proto);
}

/*
 * The first fragment of a segment for a port of ours.  RFC 8200 4.5: it has all headers.
 */
static bool begins_segment(const struct xtcp_net *xn, const struct sk_buff *skb,
			   unsigned int at)
{
	u8 proto = NEXTHDR_FRAGMENT;
	__be16 frag, ports[2];
	int tcp;

	tcp = ipv6_skip_exthdr(skb, at, &proto, &frag);
	return tcp >= 0 && proto == IPPROTO_TCP && !(frag & htons(IP6_OFFSET)) &&
	       !skb_copy_bits(skb, tcp, ports, sizeof(ports)) &&
	       xtcp_port_held(xn->net, ports[1]);
}

/*
 * Which header of a joined packet IP looks at next: it is the first fragment's, not that of
 * the one that came last, and a sender may give them others.  IP tells by where it has found
 * the number of that header: in its own, or in the hop-by-hop options.
 * Return: its offset, negative: we do not know.
 */
static int where_ip_goes_on(const struct sk_buff *skb)
{
	struct ipv6_opt_hdr hop;

	if (IP6CB(skb)->nhoff == offsetof(struct ipv6hdr, nexthdr))
		return sizeof(struct ipv6hdr);
	if (IP6CB(skb)->nhoff != sizeof(struct ipv6hdr) ||
	    skb_copy_bits(skb, sizeof(struct ipv6hdr), &hop, sizeof(hop)))
		return -1;
	return sizeof(struct ipv6hdr) + ipv6_optlen(&hop);
}

/**
 * xtcp_frag6_join - join a fragment with the others of its packet
 * @xn: namespace
 * @skb: what the LOCAL_IN hook sees
 * @at: where its fragment header is, which is not that of a whole packet
 *
 * Without reassembly the first fragment of a segment of ours is dropped: then IP never has
 * all of it.
 *
 * Context: softirq, RCU read side.
 *
 * Return: NF_ACCEPT: it can be looked at again; what is still a fragment is IP's to join or
 * to refuse.  NF_STOLEN: it waits for the others.  NF_DROP.
 */
unsigned int xtcp_frag6_join(struct xtcp_net *xn, struct sk_buff *skb, unsigned int at)
{
	typeof(gather) join = READ_ONCE(gather);
	struct frag_hdr frag;
	int err, start;

	lockdep_assert_in_softirq();
	if (skb_copy_bits(skb, at, &frag, sizeof(frag)) || !may_concern_us(frag.nexthdr))
		return NF_ACCEPT;
	/* it keeps where the header before is in eight bits */
	if (unlikely(!join || at > U8_MAX))
		return begins_segment(xn, skb, at) ? NF_DROP : NF_ACCEPT;
	/*
	 * What waits for the others holds no entry of conntrack, for which a namespace that
	 * ends would wait; nobody behind us asks for it.
	 */
	nf_reset_ct(skb);
	err = join(xn->net, skb, IP6_DEFRAG_LOCAL_DELIVER);
	if (err)
		return err == -EINPROGRESS ? NF_STOLEN : NF_DROP;
	start = where_ip_goes_on(skb);
	if (start < 0)
		return NF_DROP;
	skb_set_transport_header(skb, start);
	return NF_ACCEPT;
}
