/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors about our segments.
 */
#ifndef XTCP_ICMP_H
#define XTCP_ICMP_H

#include <linux/errqueue.h>

#include "flow.h"

struct sk_buff;

/* What an error quotes of our segment at least: ports and sequence number. */
#define XTCP_ICMP_QUOTED	8

/**
 * struct xtcp_icmp_error - what ICMP says of a segment of ours
 * @key: the connection, but for its device
 * @seq: the segment's sequence number
 * @err: an errno, 0: nothing that connections listen to
 * @no_route: a router has no route (RFC 6069)
 * @ends_entry: an entry in SYN_RECV ends
 * @too_big: the path takes less
 * @mtu: what it takes, bytes; 0: the router did not say
 * @redirect: there is a better router
 * @ee: what recvmsg() with MSG_ERRQUEUE shows of it
 * @off: where the ICMP header is in the packet
 * @inner: where the quoted IP header is
 * @tcp: where the quoted TCP header is
 * @daddr: where the destination is in the quoted IP header
 * @move: makes the packet what dst_ops.redirect() wants; false: without memory
 */
struct xtcp_icmp_error {
	struct xtcp_key			key;
	u32				seq;
	int				err;
	bool				no_route;
	bool				ends_entry;
	bool				too_big;
	u32				mtu;
	bool				redirect;
	struct sock_extended_err	ee;
	unsigned int			off;
	unsigned int			inner;
	unsigned int			tcp;
	unsigned int			daddr;
	bool				(*move)(struct sk_buff *skb,
						const struct xtcp_icmp_error *e);
};

unsigned int xtcp_icmp_error(struct sk_buff *skb, struct xtcp_icmp_error *e);
unsigned int xtcp_icmp4_see(struct sk_buff *skb);
unsigned int xtcp_icmp6_see(struct sk_buff *skb, unsigned int off);

#endif /* XTCP_ICMP_H */
