/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The passive side: from a SYN to the accept queue.
 */
#ifndef XTCP_LISTEN_H
#define XTCP_LISTEN_H

#include "sock.h"

int xtcp_listen_start(struct sock *sk, int backlog);
void xtcp_listen_stop(struct sock *sk);
enum xtcp_verdict __must_check
xtcp_listen_rcv(struct sock *sk, const struct xtcp_key *key, int dif, int sdif,
		struct sk_buff *skb, struct xtcp_segment *seg);
struct sock *xtcp_accept_pop(struct sock *sk);
bool xtcp_listener_info(const struct sock *sk, struct xtcp_listener_info *info);

#endif /* XTCP_LISTEN_H */
