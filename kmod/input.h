/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments arrive.
 */
#ifndef XTCP_INPUT_H
#define XTCP_INPUT_H

#include "sock.h"

struct tcphdr;

enum xtcp_claim {
	XTCP_CLAIM_NOT_OURS,	/* nobody here: the kernel's TCP may know */
	XTCP_CLAIM_TAKEN,	/* ours; the buffer is consumed */
};

enum xtcp_claim xtcp_rcv(struct xtcp_net *xn, struct sk_buff *skb, unsigned int off);
void xtcp_early_route(struct xtcp_net *xn, struct sk_buff *skb, const struct tcphdr *th);
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* XTCP_INPUT_H */
