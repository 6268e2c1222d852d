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

/**
 * xtcp_kernel_listens_bound - does a server of the kernel's TCP listen in a VRF?
 * @key: a connection to it, IPv4
 * @dif: interface that its segment came in on
 * @sdif: interface that is enslaved to a VRF
 *
 * The two sysctls l3mdev_accept need not agree.  Where ours lets an unbound listener
 * serve every VRF and the kernel's keeps the ports of VRFs apart, both may have the
 * port, and who is bound to the VRF goes first, as between two of either kind.
 *
 * Context: RCU read side.
 *
 * Return: whether one is bound to the VRF, or to its interface.
 */
static inline bool xtcp_kernel_listens_bound(const struct xtcp_key *key, int dif, int sdif)
{
	struct net *net = key->xn->net;
	const struct sock *sk;

	/* without the buffer: which one of a group it would be does not matter */
	sk = __inet_lookup_listener(net,
#ifdef XTCP_HAVE_LOOKUP_HASHINFO
				    net->ipv4.tcp_death_row.hashinfo,
#endif
				    NULL, 0, xtcp_addr_v4(&key->raddr), key->rport,
				    xtcp_addr_v4(&key->laddr), ntohs(key->lport), dif, sdif);
	return !IS_ERR_OR_NULL(sk) && READ_ONCE(sk->sk_bound_dev_if);
}

#endif /* XTCP_KERNEL_TCP_H */
