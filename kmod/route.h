/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Routes and path MTU.
 */
#ifndef XTCP_ROUTE_H
#define XTCP_ROUTE_H

#include <net/flow.h>

#include "sock.h"

void xtcp_flow4_init(struct flowi4 *fl4, const struct sock *sk,
		     const struct xtcp_key *key, int oif, u32 mark);
int xtcp_route_connect(struct sock *sk, __be32 daddr, __be16 dport);
u32 xtcp_route_mtu(struct sock *sk);
u16 xtcp_route_advmss(struct sock *sk);
void xtcp_route_pmtu(struct sock *sk, u32 mtu);

#endif /* XTCP_ROUTE_H */
