/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What few sockets have: allocated when the first of it is needed, freed with the socket.
 */
#ifndef XTCP_EXTRA_H
#define XTCP_EXTRA_H

#include <linux/hrtimer.h>
#include <linux/llist.h>

#include "core/pacing.h"
#include "core/wait.h"
#include "sock.h"

struct xtcp_clocks;

/**
 * struct xtcp_pacer - what a socket has whose segments wait below TCP, or whose ACKs
 *		       are held back
 * @pace: when the next segment may leave
 * @timer: wakes it then, where no fq does; holds a reference to @sk
 * @ack_timer: XTCP_TIMER_DELACK is due too soon for sk_timer; holds a reference, too
 * @node: link in a processor's list of sockets that may go on
 * @sk: the socket
 * @flags: XTCP_PACER_*
 * @delay_us: TCP_TX_DELAY, microseconds
 *
 * Set up the first time that it is needed: @sk is there from then on.
 */
struct xtcp_pacer {
	struct xtcp_pace	pace;
	struct hrtimer		timer;
	struct hrtimer		ack_timer;
	struct llist_node	node;
	struct sock		*sk;
	unsigned long		flags;
	u32			delay_us;
};

#define XTCP_PACER_THROTTLED	0	/* too much of it waits in a device's queue */
#define XTCP_PACER_QUEUED	1	/* @node is linked; with a reference to @sk */

/**
 * struct xtcp_extra - what few sockets have
 * @pacer: segments that wait below TCP, ACKs that wait behind a gap
 * @clocks: what it spends its time with, while it is watched; NULL: it is not; under the
 *	    socket's lock
 */
struct xtcp_extra {
	struct xtcp_pacer	pacer;
	struct xtcp_clocks	*clocks;
};

struct xtcp_extra *xtcp_extra_need(struct sock *sk);
u32 __xtcp_pacer_held(const struct xtcp_extra *extra);
void xtcp_extra_free(struct sock *sk);

/* Does its user wait for room in the send buffer, or for memory? */
static inline bool xtcp_wants_room(const struct sock *sk)
{
	return sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags) &&
	       (sk->sk_state == TCP_ESTABLISHED || sk->sk_state == TCP_CLOSE_WAIT);
}

/**
 * xtcp_extra_held - what of a socket waits below TCP, or above it?
 * @sk: the socket, locked
 *
 * Return: XTCP_HELD_*, for xtcp_send_wait().
 */
static inline u32 xtcp_extra_held(const struct sock *sk)
{
	const struct xtcp_extra *extra = xtcp_sk(sk)->extra;
	u32 held = unlikely(xtcp_wants_room(sk)) ? XTCP_HELD_ROOM : 0;

	xtcp_assert_locked(sk);
	if (unlikely(extra) && extra->pacer.sk)
		held |= __xtcp_pacer_held(extra);
	return held;
}

#endif /* XTCP_EXTRA_H */
