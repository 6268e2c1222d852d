/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a socket of AF_INET6 has besides.
 */
#ifndef XTCP_PINFO_H
#define XTCP_PINFO_H

#include <linux/ipv6.h>

#include "sock.h"

/**
 * struct xtcp6_sock - a socket of AF_INET6
 * @xs: must be first
 * @inet6: where inet6_sk() points
 */
struct xtcp6_sock {
	struct xtcp_sock	xs;
	struct ipv6_pinfo	inet6;
};

#if IS_ENABLED(CONFIG_IPV6)
void xtcp_pinfo_init(struct sock *sk);
void xtcp_pinfo_inherit(struct sock *child, const struct sock *listener,
			const struct sk_buff *skb);
#else
static inline void xtcp_pinfo_init(struct sock *sk) { }
static inline void xtcp_pinfo_inherit(struct sock *child, const struct sock *listener,
				      const struct sk_buff *skb) { }
#endif

#if IS_ENABLED(CONFIG_IPV6)
void xtcp_pinfo_note(struct sock *sk, const struct sk_buff *skb);

/* The user wants to know of what comes (IPV6_RECVHOPLIMIT, ...). */
static inline bool xtcp_pinfo_asks(const struct sock *sk)
{
	return unlikely(xtcp_sk(sk)->flow.family == AF_INET6) &&
	       unlikely(READ_ONCE(inet6_sk(sk)->rxopt.all));
}
#else
static inline bool xtcp_pinfo_asks(const struct sock *sk)
{
	return false;
}

static inline void xtcp_pinfo_note(struct sock *sk, const struct sk_buff *skb) { }
#endif

#endif /* XTCP_PINFO_H */
