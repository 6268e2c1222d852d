/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What leaves later: a rate, or too much in the queues below.
 */
#ifndef XTCP_PACE_H
#define XTCP_PACE_H

#include <linux/jump_label.h>

#include "core/pacing.h"
#include "extra.h"
#include "sock.h"

DECLARE_STATIC_KEY_FALSE(xtcp_tx_delay_used);

/* TCP_TX_DELAY, microseconds; @sk: locked. */
static inline u32 xtcp_tx_delay(const struct sock *sk)
{
	const struct xtcp_extra *extra;

	if (!static_branch_unlikely(&xtcp_tx_delay_used))
		return 0;
	xtcp_assert_locked(sk);
	extra = xtcp_sk(sk)->extra;
	return extra ? extra->pacer.delay_us : 0;
}

u64 xtcp_pace_rate(const struct sock *sk);
u32 xtcp_pace_burst(struct sock *sk, u32 gso_max);
bool xtcp_pace_holds(struct sock *sk, u64 now_ns);
bool xtcp_queue_holds(struct sock *sk, const struct sk_buff *skb, unsigned int factor);
bool xtcp_queue_corks(struct sock *sk, const struct sk_buff *skb);
void xtcp_pace_depart(struct sock *sk, struct sk_buff *skb, u64 now_ns);
int xtcp_set_tx_delay(struct sock *sk, u32 us);
int xtcp_tx_delay_inherit(struct sock *child, const struct sock *sk);
void xtcp_tx_delay_skb(struct sk_buff *skb, u32 us);
void xtcp_ack_soon(struct sock *sk);
void xtcp_acks_held(struct sock *sk, unsigned int held);
void xtcp_pacer_stop(struct sock *sk);
void xtcp_pacer_write_space(struct sock *sk);
void xtcp_pacer_init(void);
void xtcp_pacer_exit(void);

#endif /* XTCP_PACE_H */
