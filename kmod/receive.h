/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments come to a socket.
 */
#ifndef XTCP_RECEIVE_H
#define XTCP_RECEIVE_H

#include "sock.h"

enum xtcp_drop xtcp_permit(struct sock *sk, struct sk_buff *skb);
bool xtcp_owns(const struct sock *sk, const struct xtcp_key *key, int dif, int sdif);
void xtcp_sock_rcv(struct sock *sk, struct sk_buff *skb, struct xtcp_segment *seg);

#endif /* XTCP_RECEIVE_H */
