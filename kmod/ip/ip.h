/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4 or IPv6: which of the two it is, of a flow, a key, a socket or a packet.
 */
#ifndef XTCP_IP_H
#define XTCP_IP_H

#include "ip/ip4.h"
#include "ip/ip6.h"

/**
 * xtcp_af - IPv4 or IPv6
 * @family: AF_INET or AF_INET6: xtcp_flow.family
 */
static inline const struct xtcp_af *xtcp_af(u8 family)
{
	return xtcp_family_is6(family) ? &xtcp_ip6 : &xtcp_ip4;
}

static inline const struct xtcp_af *xtcp_key_af(const struct xtcp_key *key)
{
	return xtcp_af(xtcp_key_family(key));
}

static inline const struct xtcp_af *xtcp_sk_af(const struct sock *sk)
{
	return xtcp_af(xtcp_sk(sk)->flow.family);
}

static inline const struct xtcp_af *xtcp_skb_af(const struct sk_buff *skb)
{
	return xtcp_af(xtcp_skb_family(skb));
}

/*
 * Calls of every segment: a branch that is foreseen costs less than a call through the
 * table, with or without a retpoline.
 */

/* A socket's segment, from its TCP header on, goes to IP.  @ecn: of the IP header. */
static inline int xtcp_ip_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	if (xtcp_family_is6(xtcp_sk(sk)->flow.family))
		return xtcp_ip6_transmit(sk, skb, ecn);
	return xtcp_ip4_transmit(sk, skb, ecn);
}

/* IPsec lets it in.  @sk: NULL: the host's policy alone. */
static inline bool xtcp_skb_policy(struct sock *sk, struct sk_buff *skb)
{
	return xtcp_skb_is6(skb) ? xtcp_ip6_policy(sk, skb) : xtcp_ip4_policy(sk, skb);
}

#endif /* XTCP_IP_H */
