/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that sockets are bound to, and the VRFs (L3 masters) that devices are in.
 *
 * A segment comes in through an interface, @dif.  If that is enslaved to a VRF, IP
 * shows the VRF in its place, and the interface itself as @sdif; 0: it is in no VRF.
 * A socket that is bound to neither belongs to the VRF-less part of the host, unless
 * net.xtcp.l3mdev_accept lets it serve all.
 */
#ifndef XTCP_L3MDEV_H
#define XTCP_L3MDEV_H

#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "sock.h"

/**
 * xtcp_dev_eq - may a segment be for who is bound to a device?
 * @xn: namespace
 * @bound: the device, 0: any
 * @dif: interface that the segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 */
static inline bool xtcp_dev_eq(const struct xtcp_net *xn, int bound, int dif, int sdif)
{
	return inet_bound_dev_eq(READ_ONCE(xn->l3mdev_accept), bound, dif, sdif);
}

/**
 * xtcp_flow_dev - the device that a flow is bound to now
 * @flow: it
 *
 * Return: its index, 0: none.  Of a socket it may be another than in its key, as the
 * user can bind it anew.
 */
static inline int xtcp_flow_dev(const struct xtcp_flow *flow)
{
	const struct xtcp_sock *xs = container_of(flow, const struct xtcp_sock, flow);

	return flow->kind == XTCP_KIND_SOCK ? READ_ONCE(xs->inet.sk.sk_bound_dev_if) :
					      flow->key.dev;
}

/**
 * xtcp_dev_of_child - what a connection is bound to that a listener accepts
 * @listener: the listener
 * @key: the connection
 * @dif: interface that a segment for it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * Return: what the listener is bound to, or the VRF that the segment came through:
 * the answer has to go the same way; or the link that a link-local peer is on (RFC 4007).
 */
static inline int xtcp_dev_of_child(const struct sock *listener, const struct xtcp_key *key,
				    int dif, int sdif)
{
	int bound = READ_ONCE(listener->sk_bound_dev_if);

	if ((!bound || sdif) && ipv6_addr_type(&key->raddr) & IPV6_ADDR_LINKLOCAL)
		return sdif ? sdif : dif;
	/* @dif is the VRF, or for a sender on this host what that is bound to */
	return bound || !sdif ? bound :
	       l3mdev_master_ifindex_by_index(sock_net(listener), dif);
}

/**
 * xtcp_dev_l3mdev - the VRF in which a bound socket has its port to itself
 * @xn: namespace
 * @dev: device that the socket is bound to, 0: any
 *
 * Return: its index; 0: it shares the ports of the VRF-less part of the host, or
 * of all, where l3mdev_accept lets unbound listeners serve VRFs.
 */
static inline int xtcp_dev_l3mdev(const struct xtcp_net *xn, int dev)
{
	return READ_ONCE(xn->l3mdev_accept) ? 0 :
	       l3mdev_master_ifindex_by_index(xn->net, dev);
}

#endif /* XTCP_L3MDEV_H */
