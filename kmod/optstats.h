/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Statistics of the connection beside timestamps: SOF_TIMESTAMPING_OPT_STATS.
 */
#ifndef XTCP_OPTSTATS_H
#define XTCP_OPTSTATS_H

#include "buffer.h"
#include "sock.h"

u64 xtcp_bytes_sent(const struct xtcp_tcb *t);
void xtcp_optstats_want(struct sock *sk);
void xtcp_optstats_read(const struct sock *sk, struct sk_buff *skb)
	__must_hold(&sk->sk_error_queue.lock);
bool xtcp_optstats_acked(struct sock *sk, struct xtcp_seg *seg, const struct sk_buff *ack);

#endif /* XTCP_OPTSTATS_H */
