/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments come to a socket.
 */
#ifndef XTCP_RECEIVE_H
#define XTCP_RECEIVE_H

#include <linux/ip.h>

#include "sock.h"

/* RFC 5082: a segment comes from as near as the user knows the peer to be (IP_MINTTL). */
static inline bool xtcp_is_near(const struct sk_buff *skb, u8 min_ttl)
{
	return likely(ip_hdr(skb)->ttl >= min_ttl);
}

enum xtcp_drop xtcp_permit(struct sock *sk, struct sk_buff *skb);
bool xtcp_owns(const struct sock *sk, const struct xtcp_key *key, int dif, int sdif);
void xtcp_sock_rcv(struct sock *sk, struct sk_buff *skb, struct xtcp_segment *seg);

#endif /* XTCP_RECEIVE_H */
