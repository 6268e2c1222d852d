// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that are watched: what they spend their time with.
 *
 * The clocks are turned when an event is over: when the core's orders were carried out
 * (xtcp_apply()), and when the user gives the socket back (xtcp_release_cb()).  Between
 * two of these nothing changes.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "clocks.h"
#include "compat.h"

DEFINE_STATIC_KEY_FALSE(xtcp_clocks_used);

/* See xtcp_clocks_turn(). */
void __xtcp_clocks_turn(struct sock *sk, struct xtcp_clocks *clocks)
{
	u32 waits = xtcp_waits(&xtcp_sk(sk)->tcb, xtcp_extra_held(sk));

	/* to read the clock costs more than to compare */
	if (waits != clocks->waits)
		xtcp_clocks_turn_to(clocks, waits, xtcp_now());
}

static int watch(struct sock *sk)
{
	struct xtcp_extra *extra = xtcp_extra_need(sk);

	if (!extra)
		return -ENOMEM;
	if (extra->clocks)
		return 0;
	extra->clocks = kmalloc(sizeof(*extra->clocks),
				GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!extra->clocks)
		return -ENOMEM;
	xtcp_clocks_begin(extra->clocks, &xtcp_sk(sk)->tcb, xtcp_extra_held(sk), xtcp_now());
	return 0;
}

/**
 * xtcp_clocks_watch - watch a socket, or no longer
 * @sk: the socket, locked by a user
 * @on: whether; xtcp_clocks_may_be_used() was called
 *
 * Return: 0, or -ENOMEM.
 */
int xtcp_clocks_watch(struct sock *sk, bool on)
{
	struct xtcp_extra *extra = xtcp_sk(sk)->extra;

	sock_owned_by_me(sk);
	if (on)
		return watch(sk);
	if (extra) {
		kfree(extra->clocks);
		extra->clocks = NULL;
	}
	return 0;
}

/**
 * xtcp_clocks_may_be_used - somebody may want to watch sockets from now on
 *
 * Context: process.
 */
void xtcp_clocks_may_be_used(void)
{
	if (!static_key_enabled(&xtcp_clocks_used))
		static_branch_enable(&xtcp_clocks_used);
}

/**
 * __xtcp_clocks_sample - a connection begins: is it to be watched?
 * @sk: its socket, locked
 * @listener: out of which it comes, locked, or NULL: the user connects
 *
 * A child is if its listener is.  Of all others one in net.xtcp.watch_ratio is; without
 * memory it is not.
 */
void __xtcp_clocks_sample(struct sock *sk, const struct sock *listener)
{
	u32 ratio = READ_ONCE(xtcp_sk_net(sk)->watch_ratio);
	struct xtcp_clocks *clocks = xtcp_clocks(sk);

	xtcp_assert_locked(sk);
	/* those of the connection before are read by now, or never will be */
	if (clocks)
		xtcp_clocks_begin(clocks, &xtcp_sk(sk)->tcb, xtcp_extra_held(sk), xtcp_now());
	else if ((listener && xtcp_clocks(listener)) || (ratio && !(get_random_u32() % ratio)))
		watch(sk);
}

/* @when: jiffies with the lowest bit set; 0: there was no such call. */
static u32 ms_since_call(u32 when)
{
	/* the bit may be ahead of the clock */
	return when ? jiffies_to_msecs(((u32)jiffies | 1) - when) : U32_MAX;
}

/**
 * xtcp_wait_info - what does a socket wait for?
 * @sk: the socket, locked
 * @info: out
 */
void xtcp_wait_info(const struct sock *sk, struct xtcp_wait_info *info)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_assert_locked(sk);
	xtcp_wait_look(&xs->tcb, xtcp_extra_held(sk), xtcp_now(), info);
	info->state_ms = jiffies_to_msecs((u32)jiffies - xs->state_since);
	info->read_ms = ms_since_call(sk->sk_socket ? xs->read_at : 0);
	info->write_ms = ms_since_call(sk->sk_socket ? xs->write_at : 0);
	/* who allocates next finds out that it is over */
	if (sk_under_memory_pressure(sk) && sk_memory_allocated(sk) > sk_prot_mem_limits(sk, 0))
		info->flags |= XTCP_WAIT_MEMORY;
}

/**
 * xtcp_clocks_info - what did a socket spend its time with?
 * @sk: the socket, locked
 * @info: out
 *
 * Return: false: it is not watched, and @info is as it was.
 */
bool xtcp_clocks_info(const struct sock *sk, struct xtcp_clock_info *info)
{
	const struct xtcp_clocks *clocks = xtcp_clocks(sk);

	xtcp_assert_locked(sk);
	if (!clocks)
		return false;
	xtcp_clocks_look(clocks, xtcp_now(), info);
	return true;
}
