/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place where the core's orders become effects.
 */
#ifndef XTCP_APPLY_H
#define XTCP_APPLY_H

#include "sock.h"

void xtcp_apply(struct sock *sk, struct xtcp_actions *a,
		struct xtcp_segment *seg, struct sk_buff *skb);
void xtcp_user_call(struct sock *sk, enum xtcp_call call, enum xtcp_reason why);
void xtcp_done(struct sock *sk);
void xtcp_destroy(struct sock *sk);
void xtcp_data_ready(struct sock *sk);

#endif /* XTCP_APPLY_H */
