// SPDX-License-Identifier: GPL-2.0
/* ICMP errors (RFC 792). */
#include <linux/icmp.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/icmp.h>
#include <net/ip.h>

#include "ip/icmp.h"
#include "netns.h"

/* The ICMP header, and what an error quotes of our packet. */
struct quoted {
	struct icmphdr	icmp;
	struct iphdr	ip;
	__be16		sport;
	__be16		dport;
	__be32		seq;
};

static_assert(sizeof(struct quoted) == offsetof(struct quoted, sport) + XTCP_ICMP_QUOTED);

/* What connections listen to: an errno. */
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

/* The host's setting is asked first (ip-sysctl.rst). */
static void too_big(struct xtcp_icmp_error *e, const struct icmphdr *ih)
{
	switch (READ_ONCE(e->key.xn->net->ipv4.sysctl_ip_no_pmtu_disc)) {
	case 2:
		e->err = 0;
		return;
	case 0:
	case 3:
		e->mtu = ntohs(ih->un.frag.mtu);
		break;
	}
	e->too_big = true;
}

/* Routes want to see the quoted header at the data, and the packet's own at its marks. */
static bool move(struct sk_buff *skb, const struct xtcp_icmp_error *e)
{
	if (!pskb_may_pull(skb, e->inner + sizeof(struct iphdr)))
		return false;
	__skb_pull(skb, e->inner);
	return true;
}

/**
 * xtcp_icmp4_see - an ICMP packet came for this host
 * @skb: it, as the LOCAL_IN hook sees it; not changed
 *
 * Context: softirq, RCU read side.
 *
 * Return: as xtcp_icmp_error().
 */
unsigned int xtcp_icmp4_see(struct sk_buff *skb)
{
	unsigned int off = ip_hdrlen(skb);
	struct quoted q;
	struct xtcp_icmp_error e = {
		.off	= off,
		.inner	= off + sizeof(struct icmphdr),
		.daddr	= offsetof(struct iphdr, daddr),
		.move	= move,
	};

	lockdep_assert_in_softirq();
	/* ICMP header and IP header first: the latter tells where TCP's is */
	if (skb_copy_bits(skb, off, &q, offsetof(struct quoted, sport)) ||
	    q.ip.protocol != IPPROTO_TCP || q.ip.ihl < 5 ||
	    (q.icmp.type != ICMP_DEST_UNREACH && q.icmp.type != ICMP_TIME_EXCEEDED &&
	     q.icmp.type != ICMP_PARAMETERPROB && q.icmp.type != ICMP_REDIRECT))
		return NF_ACCEPT;
	e.tcp = e.inner + q.ip.ihl * 4;
	if (skb_copy_bits(skb, e.tcp, &q.sport, XTCP_ICMP_QUOTED) ||
	    nf_ip_checksum(skb, NF_INET_LOCAL_IN, off, IPPROTO_ICMP))
		return NF_ACCEPT;
	e.key.xn = xtcp_net(dev_net(skb->dev));
	xtcp_addr_set4(&e.key.laddr, q.ip.saddr);
	xtcp_addr_set4(&e.key.raddr, q.ip.daddr);
	e.key.lport = q.sport;
	e.key.rport = q.dport;
	e.seq = ntohl(q.seq);
	e.err = to_errno(&q.icmp);
	e.no_route = no_route(&q.icmp);
	e.ends_entry = e.no_route || q.icmp.type == ICMP_PARAMETERPROB ||
		       q.icmp.type == ICMP_TIME_EXCEEDED;
	e.redirect = q.icmp.type == ICMP_REDIRECT;
	e.ee = (struct sock_extended_err) {
		.ee_origin	= SO_EE_ORIGIN_ICMP,
		.ee_type	= q.icmp.type,
		.ee_code	= q.icmp.code,
		.ee_info	= ntohl(q.icmp.un.gateway),
	};
	if (q.icmp.type == ICMP_DEST_UNREACH && q.icmp.code == ICMP_FRAG_NEEDED)
		too_big(&e, &q.icmp);
	return xtcp_icmp_error(skb, &e);
}
