/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routes and path MTU.
 */
#ifndef XTCP_ROUTE_H
#define XTCP_ROUTE_H

#include <net/flow.h>

#include "sock.h"

/**
 * struct xtcp_route_windows - what a route says about the windows that we offer
 * @clamp: the largest, bytes; 0: nothing
 * @initial: the first, segments; 0: nothing
 */
struct xtcp_route_windows {
	u32	clamp;
	u32	initial;
};

void xtcp_route_windows(const struct dst_entry *dst, struct xtcp_route_windows *w);
bool xtcp_route_cc(struct sock *sk, u32 *key);
bool xtcp_route_no_cookie(const struct dst_entry *dst);
bool xtcp_route_is_local(struct sock *sk);
int xtcp_route_connect(struct sock *sk, struct in6_addr *raddr, __be16 rport);
struct dst_entry *xtcp_route_back(struct sock *sk, const struct xtcp_key *key,
				  const struct xtcp_marks *marks, u16 *advmss);
void xtcp_route_changed(struct sock *sk);
u32 xtcp_route_mtu(struct sock *sk);
u16 xtcp_route_advmss(struct sock *sk);
void xtcp_route_pmtu(struct sock *sk, u32 mtu);
void xtcp_route_in(const struct sock *sk, struct sk_buff *skb);
void __xtcp_route_came(struct sock *sk, struct dst_entry *dst, int iif);

/**
 * xtcp_route_came - a segment of a connection was routed to us: remember how
 * @sk: the socket, locked
 * @dst: what routing found, from a table that it shares with others; NULL: nothing
 * @iif: the interface that it came in on
 *
 * Context: RCU read side.
 */
static inline void xtcp_route_came(struct sock *sk, struct dst_entry *dst, int iif)
{
	xtcp_assert_locked(sk);
	if (dst && sk->sk_state == TCP_ESTABLISHED &&
	    (unlikely(dst != rcu_access_pointer(sk->sk_rx_dst)) ||
	     unlikely(iif != sk->sk_rx_dst_ifindex)))
		__xtcp_route_came(sk, dst, iif);
}

#endif /* XTCP_ROUTE_H */
