/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What leaves later: a rate, or too much in the queues below.
 */
#ifndef XTCP_PACE_H
#define XTCP_PACE_H

#include <linux/hrtimer.h>
#include <linux/llist.h>

#include "core/pacing.h"
#include "sock.h"

/**
 * struct xtcp_pacer - what a socket has whose segments wait below TCP, or whose ACKs
 *		       are held back
 * @pace: when the next segment may leave
 * @timer: wakes it then, where no fq does; holds a reference to @sk
 * @ack_timer: XTCP_TIMER_DELACK is due too soon for sk_timer; holds a reference, too
 * @node: link in a processor's list of sockets that may go on
 * @sk: the socket
 * @flags: XTCP_PACER_*
 *
 * Allocated the first time that it is needed, freed with the socket.
 */
struct xtcp_pacer {
	struct xtcp_pace	pace;
	struct hrtimer		timer;
	struct hrtimer		ack_timer;
	struct llist_node	node;
	struct sock		*sk;
	unsigned long		flags;
};

#define XTCP_PACER_THROTTLED	0	/* too much of it waits in a device's queue */
#define XTCP_PACER_QUEUED	1	/* @node is linked; with a reference to @sk */

u64 xtcp_pace_rate(const struct sock *sk);
u32 xtcp_pace_burst(struct sock *sk, u32 gso_max);
bool xtcp_pace_holds(struct sock *sk, u64 now_ns);
bool xtcp_queue_holds(struct sock *sk, const struct sk_buff *skb, unsigned int factor);
bool xtcp_queue_corks(struct sock *sk, const struct sk_buff *skb);
void xtcp_pace_depart(struct sock *sk, struct sk_buff *skb, u64 now_ns);
void xtcp_ack_soon(struct sock *sk);
void xtcp_acks_held(struct sock *sk, unsigned int held);
void xtcp_pacer_stop(struct sock *sk);
void xtcp_pacer_free(struct sock *sk);
void xtcp_pacer_write_space(struct sock *sk);
void xtcp_pacer_init(void);
void xtcp_pacer_exit(void);

#endif /* XTCP_PACE_H */
