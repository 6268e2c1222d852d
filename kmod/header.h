/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP header on the wire (RFC 9293 3.1).
 */
#ifndef XTCP_HEADER_H
#define XTCP_HEADER_H

#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>

/**
 * xtcp_header_push - put a TCP header before a buffer's payload
 * @skb: the buffer, with headroom
 * @sport: source port
 * @dport: destination port
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 * @flags: control bits
 * @window: window field, host order
 * @opt: options, padded
 * @optlen: their length, a multiple of four
 */
static inline void xtcp_header_push(struct sk_buff *skb, __be16 sport, __be16 dport,
				    u32 seq, u32 ack, u8 flags, u16 window,
				    const u8 *opt, unsigned int optlen)
{
	unsigned int len = sizeof(struct tcphdr) + optlen;
	struct tcphdr *th = skb_push(skb, len);

	skb_reset_transport_header(skb);
	th->source = sport;
	th->dest = dport;
	th->seq = htonl(seq);
	th->ack_seq = htonl(ack);
	*((__be16 *)th + 6) = htons(len >> 2 << 12 | flags);
	th->window = htons(window);
	th->check = 0;
	th->urg_ptr = 0;
	memcpy(th + 1, opt, optlen);
}

/**
 * xtcp_header_csum4 - prepare the checksum for the device, over IPv4
 * @skb: the buffer, header and payload
 * @saddr: source address
 * @daddr: destination address
 */
static inline void xtcp_header_csum4(struct sk_buff *skb, __be32 saddr, __be32 daddr)
{
	tcp_hdr(skb)->check = ~tcp_v4_check(skb->len, saddr, daddr, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

#endif /* XTCP_HEADER_H */
