/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that a user gives.
 */
#ifndef XTCP_SOCKADDR_H
#define XTCP_SOCKADDR_H

#include "compat.h"
#include "sock.h"

int xtcp_sockaddr_peer(struct sock *sk, const XTCP_SOCKADDR *addr, int len,
		       struct in6_addr *raddr, __be16 *rport);
int xtcp_sockaddr_filter(struct sock *sk, XTCP_SOCKADDR *addr, int len);
void xtcp_sockaddr_reset(struct sock *sk, __be32 bound);

#endif /* XTCP_SOCKADDR_H */
