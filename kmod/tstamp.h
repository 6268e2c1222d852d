/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timestamps that user space asked for: SO_TIMESTAMP, SO_TIMESTAMPING.
 */
#ifndef XTCP_TSTAMP_H
#define XTCP_TSTAMP_H

#include <linux/skbuff.h>
#include <linux/sockptr.h>

#include "sock.h"

int xtcp_tstamp_set(struct socket *sock, int optname, sockptr_t optval,
		    unsigned int optlen);
void xtcp_tstamp_sent(struct sk_buff *skb, u32 tsflags);
void xtcp_tstamp_move(struct sk_buff *skb, struct sk_buff *rest);
void xtcp_tstamp_acked(struct sock *sk, struct sk_buff *skb, const struct sk_buff *ack);
int xtcp_tstamp_read(struct sock *sk, struct msghdr *msg, size_t len);

/* Does somebody wait for the fate of a byte in it? */
static inline bool xtcp_tstamp_asked(struct sk_buff *skb)
{
	return skb_shinfo(skb)->tx_flags & SKBTX_ANY_TSTAMP ||
	       ((const struct xtcp_seg *)skb->cb)->mark & XTCP_SEG_TSTAMP;
}

/* Does recvmsg() tell when data came? */
static inline bool xtcp_tstamp_wanted(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) ||
	       READ_ONCE(sk->sk_tsflags) & (SOF_TIMESTAMPING_SOFTWARE |
					    SOF_TIMESTAMPING_RAW_HARDWARE);
}

/* Is it known when a buffer came? */
static inline bool xtcp_tstamp_has(const struct sk_buff *skb)
{
	return skb->tstamp || skb_hwtstamps((struct sk_buff *)skb)->hwtstamp;
}

/* A buffer's data is appended to another: the later one counts. */
static inline void xtcp_tstamp_merge(struct sk_buff *to, struct sk_buff *from)
{
	if (!xtcp_tstamp_has(from))
		return;
	to->tstamp = from->tstamp;
	skb_hwtstamps(to)->hwtstamp = skb_hwtstamps(from)->hwtstamp;
}

#endif /* XTCP_TSTAMP_H */
