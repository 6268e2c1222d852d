/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments come to a socket.
 */
#ifndef XTCP_RECEIVE_H
#define XTCP_RECEIVE_H

#include <net/tcp_states.h>

#include "ip/af.h"
#include "ip/l3mdev.h"
#include "sock.h"

enum xtcp_verdict __must_check xtcp_permit(struct sock *sk, const struct xtcp_key *key,
					   int dif, int sdif, struct sk_buff *skb);
bool __xtcp_owns(const struct sock *sk, const struct xtcp_key *key, int dif, int sdif);
enum xtcp_verdict __must_check xtcp_sock_rcv(struct sock *sk, struct sk_buff *skb,
					     struct xtcp_segment *seg);

/**
 * xtcp_owns - does a segment belong to a socket, still?
 * @sk: the socket, locked
 * @key: what the segment says
 * @dif: interface that it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * It was found without a lock, and the segment may have waited in its backlog: its
 * user may have made another connection of it meanwhile, or a listener.
 *
 * Return: whether it does.
 */
static inline bool xtcp_owns(const struct sock *sk, const struct xtcp_key *key, int dif,
			     int sdif)
{
	xtcp_assert_locked(sk);
	if (unlikely((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		return __xtcp_owns(sk, key, dif, sdif);
	/* the device in the key is where it was found */
	return xtcp_key_same_ends(&xtcp_sk(sk)->flow.key, key) &&
	       xtcp_dev_eq(key->xn, READ_ONCE(sk->sk_bound_dev_if), dif, sdif);
}

#endif /* XTCP_RECEIVE_H */
