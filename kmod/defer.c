// SPDX-License-Identifier: GPL-2.0
/*
 * What softirq wants done to a socket that a user may own: at once, or when the user
 * gives it back.  release.c does it.
 */
#include "defer.h"

/**
 * xtcp_do - softirq wants something done, now or when the user gives the socket back
 * @sk: the socket, spinlock held; the caller has a reference or is in an RCU read side
 * @what: XTCP_DO_*
 */
void xtcp_do(struct sock *sk, unsigned int what)
{
	set_bit(what, &sk->sk_tsq_flags);
	/* as the user does who gives it back */
	if (!sock_owned_by_user(sk))
		sk->sk_prot->release_cb(sk);
}

/**
 * xtcp_do_put - the same, for what has a reference, and gives it up
 * @sk: the socket, not locked
 * @what: XTCP_DO_*
 *
 * Context: softirq.
 */
void xtcp_do_put(struct sock *sk, unsigned int what)
{
	bh_lock_sock(sk);
	xtcp_do(sk, what);
	bh_unlock_sock(sk);
	sock_put(sk);
}
