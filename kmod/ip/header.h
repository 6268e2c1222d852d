/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP header on the wire (RFC 9293 3.1).
 */
#ifndef XTCP_HEADER_H
#define XTCP_HEADER_H

#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "core/compose.h"

/**
 * xtcp_header_push - put a TCP header before a buffer's payload
 * @skb: the buffer, with headroom
 * @sport: source port
 * @dport: destination port
 * @h: what the core composed
 */
static inline void xtcp_header_push(struct sk_buff *skb, __be16 sport, __be16 dport,
				    const struct xtcp_header *h)
{
	unsigned int len = sizeof(struct tcphdr) + h->optlen;
	struct tcphdr *th = skb_push(skb, len);

	skb_reset_transport_header(skb);
	th->source = sport;
	th->dest = dport;
	th->seq = htonl(h->seq);
	th->ack_seq = htonl(h->ack);
	*((__be16 *)th + 6) = htons(len >> 2 << 12 | h->flags);
	th->window = htons(h->window);
	th->check = 0;
	th->urg_ptr = htons(h->urg);
	/* most segments have timestamps and nothing else: no call for twelve bytes */
	if (likely(h->optlen == XTCP_OPT_TS_ALIGNED))
		memcpy(th + 1, h->opt, XTCP_OPT_TS_ALIGNED);
	else
		memcpy(th + 1, h->opt, h->optlen);
}

/**
 * xtcp_header_csum - prepare the checksum for the device
 * @skb: the buffer, header and payload
 * @pseudo: checksum of the pseudo-header alone
 */
static inline void xtcp_header_csum(struct sk_buff *skb, __sum16 pseudo)
{
	tcp_hdr(skb)->check = ~pseudo;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

#endif /* XTCP_HEADER_H */
