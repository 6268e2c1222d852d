// SPDX-License-Identifier: GPL-2.0
/* ICMPv6 errors (RFC 4443) and redirects (RFC 4861 4.5). */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "ip/af.h"
#include "ip/icmp.h"
#include "netns.h"

/* What an error quotes of our packet, but for its extension headers. */
struct quoted {
	struct ipv6hdr	ip;
	__be16		sport;
	__be16		dport;
	__be32		seq;
};

/* A redirect is at what routes take for the transport header. */
static bool move(struct sk_buff *skb, const struct xtcp_icmp_error *e)
{
	if (skb_linearize(skb))
		return false;
	skb_set_transport_header(skb, e->off);
	return true;
}

/*
 * RFC 6980 5: such a packet is no redirect.  It is joined by now, or was whole from the
 * beginning with a fragment header.
 */
static bool was_fragmented(const struct sk_buff *skb)
{
	unsigned int at = 0;

	return IP6CB(skb)->flags & IP6SKB_FRAGMENTED ||
	       ipv6_find_hdr(skb, &at, NEXTHDR_FRAGMENT, NULL, NULL) == NEXTHDR_FRAGMENT;
}

/*
 * Where a redirect quotes our packet: in an option.
 * Return: its offset, 0: nowhere.
 */
static unsigned int redirected(const struct sk_buff *skb, unsigned int off)
{
	unsigned int at = off + sizeof(struct rd_msg);
	struct nd_opt_hdr opt;

	/* RFC 4861 8.1: from the router next to us, or it is none */
	if (ipv6_hdr(skb)->hop_limit != 255 ||
	    !(ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_LINKLOCAL) ||
	    was_fragmented(skb))
		return 0;
	while (!skb_copy_bits(skb, at, &opt, sizeof(opt)) && opt.nd_opt_len) {
		/* the header of the option is eight bytes long */
		if (opt.nd_opt_type == ND_OPT_REDIRECT_HDR)
			return at + 8;
		at += opt.nd_opt_len * 8;
	}
	return 0;
}

static unsigned int quoted_at(const struct sk_buff *skb, unsigned int off, u8 type, u8 code)
{
	switch (type) {
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PKT_TOOBIG:
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
		return off + sizeof(struct icmp6hdr);
	case NDISC_REDIRECT:
		return code ? 0 : redirected(skb, off);
	default:
		return 0;
	}
}

/* The quoted packet is one of TCP.  Return: where its ports are, negative: it is not. */
static int quoted_tcp(const struct sk_buff *skb, unsigned int inner, struct quoted *q)
{
	__be16 frag = 0;
	u8 proto;
	int at;

	if (skb_copy_bits(skb, inner, &q->ip, sizeof(q->ip)))
		return -EINVAL;
	proto = q->ip.nexthdr;
	at = ipv6_skip_exthdr(skb, inner + sizeof(q->ip), &proto, &frag);
	if (at < 0 || proto != IPPROTO_TCP || frag & htons(IP6_OFFSET) ||
	    skb_copy_bits(skb, at, &q->sport, XTCP_ICMP_QUOTED))
		return -EINVAL;
	return at;
}

/**
 * xtcp_icmp6_see - an ICMPv6 packet came for this host
 * @skb: it, as the LOCAL_IN hook sees it; not changed
 * @off: where its ICMPv6 header is
 *
 * Context: softirq, RCU read side.
 *
 * Return: as xtcp_icmp_error().
 */
unsigned int xtcp_icmp6_see(struct sk_buff *skb, unsigned int off)
{
	struct xtcp_icmp_error e = {
		.off	= off,
		.daddr	= offsetof(struct ipv6hdr, daddr),
		.move	= move,
	};
	struct icmp6hdr ih;
	struct quoted q;
	int tcp;

	lockdep_assert_in_softirq();
	if (skb_copy_bits(skb, off, &ih, sizeof(ih)))
		return NF_ACCEPT;
	e.inner = quoted_at(skb, off, ih.icmp6_type, ih.icmp6_code);
	if (!e.inner)
		return NF_ACCEPT;
	tcp = quoted_tcp(skb, e.inner, &q);
	if (tcp < 0 || tcp > S16_MAX || xtcp_ip6_mapped(&q.ip) ||
	    nf_ip6_checksum(skb, NF_INET_LOCAL_IN, off, IPPROTO_ICMPV6))
		return NF_ACCEPT;
	e.tcp = tcp;
	e.key.xn = xtcp_net(dev_net(skb->dev));
	e.key.laddr = q.ip.saddr;
	e.key.raddr = q.ip.daddr;
	e.key.lport = q.sport;
	e.key.rport = q.dport;
	e.seq = ntohl(q.seq);
	e.redirect = ih.icmp6_type == NDISC_REDIRECT;
	e.ee = (struct sock_extended_err) {
		.ee_origin	= SO_EE_ORIGIN_ICMP6,
		.ee_type	= ih.icmp6_type,
		.ee_code	= ih.icmp6_code,
		.ee_info	= ntohl(ih.icmp6_mtu),
	};
	if (!e.redirect)
		e.ends_entry = icmpv6_err_convert(ih.icmp6_type, ih.icmp6_code, &e.err);
	e.no_route = ih.icmp6_type == ICMPV6_DEST_UNREACH && ih.icmp6_code == ICMPV6_NOROUTE;
	if (ih.icmp6_type == ICMPV6_PKT_TOOBIG) {
		e.mtu = ntohl(ih.icmp6_mtu);
		/* RFC 8200 5: no path takes less */
		e.too_big = e.mtu >= IPV6_MIN_MTU;
		e.err = 0;
	}
	return xtcp_icmp_error(skb, &e);
}
