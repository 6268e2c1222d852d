// SPDX-License-Identifier: GPL-2.0
/*
 * IPv6 packets whose TCP header does not follow at once: extension headers (RFC 8200 4).
 *
 * At the LOCAL_IN hook IP has looked at hop-by-hop options only.  What is between them and
 * TCP we walk over here, as far as IP would have got without doing anything.  Where it has
 * something to do (an option that it must refuse, a routing header with stations left, a
 * security header), the packet is left to it: it either ends there or comes back here.
 */
#include <linux/skbuff.h>
#include <net/ipv6.h>

#include "ip/exthdr.h"

/* Extension headers of a packet. */
#define HEADERS_MOST	12

/* What an option says that somebody does not know (RFC 8200 4.2): 0: skip it. */
#define OPTION_ACTION(type)	((type) & 0xc0)

/* RFC 4942 2.1.9.5: more is not for alignment, and neither is what is not zero. */
#define PADDING_MOST	7

/* Padding of @len bytes. */
static bool is_padding(const struct sk_buff *skb, unsigned int at, unsigned int len)
{
	static const u8 zeros[PADDING_MOST];
	u8 pad[PADDING_MOST];

	return len <= PADDING_MOST &&
	       (len <= 2 || (!skb_copy_bits(skb, at + 2, pad, len - 2) &&
			     !memcmp(pad, zeros, len - 2)));
}

/*
 * All options can be skipped by one who knows none, as IP would, with the bounds that the
 * administrator sets (ip-sysctl.rst, max_dst_opts_*).
 */
static bool may_skip_options(const struct sk_buff *skb, unsigned int at, unsigned int len)
{
	const struct net *net = dev_net(skb->dev);
	int left = READ_ONCE(net->ipv6.sysctl.max_dst_opts_cnt);
	unsigned int end = at + len, size, padding = 0;
	u8 option[2];

	if (len > READ_ONCE(net->ipv6.sysctl.max_dst_opts_len))
		return false;
	for (at += sizeof(struct ipv6_opt_hdr); at < end; at += size) {
		if (skb_copy_bits(skb, at, option, 1))
			return false;
		size = 1;
		if (option[0] != IPV6_TLV_PAD1) {
			if (skb_copy_bits(skb, at, option, 2))
				return false;
			size = 2 + option[1];
		}
		if (option[0] == IPV6_TLV_PAD1 || option[0] == IPV6_TLV_PADN) {
			padding += size;
			if (padding > PADDING_MOST || !is_padding(skb, at, size))
				return false;
			continue;
		}
		padding = 0;
		if (OPTION_ACTION(option[0]) || --left < 0)
			return false;
	}
	return at == end;
}

/*
 * A route that has come to its end says nothing any more, but where the host has a policy
 * for its kind: segment routing, RPL, mobility (RFC 8754, 6554, 6275).
 */
static bool has_arrived(const struct ipv6_rt_hdr *h)
{
	switch (h->type) {
	case IPV6_SRCRT_TYPE_2:
	case IPV6_SRCRT_TYPE_3:
	case IPV6_SRCRT_TYPE_4:
		return false;
	default:
		return !h->segments_left;
	}
}

/* Return: length of the header that can be skipped, 0: this one cannot. */
static unsigned int skippable(const struct sk_buff *skb, unsigned int at, u8 proto, u8 *next)
{
	struct ipv6_rt_hdr h;		/* its beginning is that of all */
	struct frag_hdr frag;
	unsigned int len;

	switch (proto) {
	case NEXTHDR_HOP:
		/* RFC 8200 4.1: the first, or none */
		if (at != sizeof(struct ipv6hdr))
			return 0;
		fallthrough;
	case NEXTHDR_DEST:
	case NEXTHDR_ROUTING:
		if (skb_copy_bits(skb, at, &h, sizeof(h)))
			return 0;
		len = (h.hdrlen + 1) * 8;
		if ((proto == NEXTHDR_DEST && !may_skip_options(skb, at, len)) ||
		    (proto == NEXTHDR_ROUTING && !has_arrived(&h)))
			return 0;
		*next = h.nexthdr;
		return len;
	case NEXTHDR_FRAGMENT:
		/* RFC 6946: one that is the whole packet */
		if (skb_copy_bits(skb, at, &frag, sizeof(frag)) ||
		    frag.frag_off & htons(IP6_OFFSET | IP6_MF))
			return 0;
		*next = frag.nexthdr;
		return sizeof(frag);
	default:
		return 0;
	}
}

/**
 * xtcp_exthdr_skip - walk over extension headers
 * @skb: an IPv6 packet, data at the IP header
 * @proto: out: what the first header is that cannot be skipped
 *
 * Return: its offset; 0: the packet is to be dropped, because it has more of them than
 * anybody needs (as in Linux 7.2), or they reach further than a buffer's marks.
 */
unsigned int xtcp_exthdr_skip(const struct sk_buff *skb, u8 *proto)
{
	unsigned int at = sizeof(struct ipv6hdr), len, nr = 0;
	u8 next;

	*proto = ipv6_hdr(skb)->nexthdr;
	while ((len = skippable(skb, at, *proto, &next))) {
		at += len;
		if (++nr > HEADERS_MOST || skb_headroom(skb) + at > U16_MAX)
			return 0;
		*proto = next;
	}
	if (at >= skb->len)
		*proto = NEXTHDR_NONE;
	return at;
}
