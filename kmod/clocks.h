/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets that are watched: what they spend their time with.
 */
#ifndef XTCP_CLOCKS_H
#define XTCP_CLOCKS_H

#include <linux/jump_label.h>

#include "core/wait.h"
#include "extra.h"

DECLARE_STATIC_KEY_FALSE(xtcp_clocks_used);

void __xtcp_clocks_turn(struct sock *sk, struct xtcp_clocks *clocks);
void __xtcp_clocks_sample(struct sock *sk, const struct sock *listener);
int xtcp_clocks_watch(struct sock *sk, bool on);
void xtcp_clocks_may_be_used(void);
bool xtcp_clocks_info(const struct sock *sk, struct xtcp_clock_info *info);
void xtcp_wait_info(const struct sock *sk, struct xtcp_wait_info *info);

/* Those of a socket, NULL: it is not watched. */
static inline struct xtcp_clocks *xtcp_clocks(const struct sock *sk)
{
	const struct xtcp_extra *extra = xtcp_sk(sk)->extra;

	xtcp_assert_locked(sk);
	return unlikely(extra) ? extra->clocks : NULL;
}

/* An event of the socket is over.  While nobody is watched this costs nothing. */
static inline void xtcp_clocks_turn(struct sock *sk)
{
	struct xtcp_clocks *clocks;

	if (!static_branch_unlikely(&xtcp_clocks_used))
		return;
	clocks = xtcp_clocks(sk);
	if (clocks)
		__xtcp_clocks_turn(sk, clocks);
}

/* A connection begins; as __xtcp_clocks_sample(). */
static inline void xtcp_clocks_sample(struct sock *sk, const struct sock *listener)
{
	if (static_branch_unlikely(&xtcp_clocks_used))
		__xtcp_clocks_sample(sk, listener);
}

#endif /* XTCP_CLOCKS_H */
