/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4.
 */
#ifndef XTCP_IP4_H
#define XTCP_IP4_H

#include <net/tcp.h>
#include <net/xfrm.h>

#include "ip/af.h"
#include "ip/header.h"

extern const struct xtcp_af xtcp_ip4;

/* Here, as they are called for every segment; those of IPv6 are in ip6.c. */

static inline int xtcp_ip4_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	struct inet_sock *inet = inet_sk(sk);

	xtcp_header_csum(skb, tcp_v4_check(skb->len, inet->inet_saddr, inet->inet_daddr, 0));
	memset(skb->cb, 0, sizeof(struct inet_skb_parm));
	/* the socket's own type of service has no ECN bits */
	return __ip_queue_xmit(sk, skb, &inet->cork.fl, READ_ONCE(inet->tos) | ecn);
}

static inline bool xtcp_ip4_policy(struct sock *sk, struct sk_buff *skb)
{
	return xfrm4_policy_check(sk, XFRM_POLICY_IN, skb);
}

#endif /* XTCP_IP4_H */
