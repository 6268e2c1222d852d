/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's own TCP has beside us.
 */
#ifndef XTCP_KERNEL_TCP_H
#define XTCP_KERNEL_TCP_H

#include <net/inet_hashtables.h>

#include "flow.h"
#include "netns.h"

/**
 * xtcp_kernel_knows - does a connection belong to the kernel's TCP?
 * @key: the connection, IPv4
 * @dif: interface that its segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * Context: RCU read side.
 *
 * Return: whether it has it, in TIME_WAIT or in any other state.
 */
static inline bool xtcp_kernel_knows(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;
	struct sock *sk;

	sk = __inet_lookup_established(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
				       net->ipv4.tcp_death_row.hashinfo,
#endif
				       xtcp_addr_v4(&key->raddr), key->rport,
				       xtcp_addr_v4(&key->laddr), ntohs(key->lport),
				       dif, sdif);
	if (!sk)
		return false;
	sock_gen_put(sk);
	return true;
}

#endif /* XTCP_KERNEL_TCP_H */
