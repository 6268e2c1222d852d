// SPDX-License-Identifier: GPL-2.0
/* What few sockets have. */
#include <linux/slab.h>

#include "core/wait.h"
#include "extra.h"

/**
 * xtcp_extra_need - something of it is needed
 * @sk: the socket: its owner's, or new and known to nobody else
 *
 * Return: it, or NULL: no memory.
 */
struct xtcp_extra *xtcp_extra_need(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_extra *extra = xs->extra;

	if (likely(extra))
		return extra;
	extra = kzalloc(sizeof(*extra), GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!extra)
		return NULL;
	/* pairs with xtcp_pacer_write_space(), which holds no lock */
	smp_store_release(&xs->extra, extra);
	return extra;
}

/* What waits below TCP: see xtcp_extra_held(). */
u32 __xtcp_pacer_held(const struct xtcp_extra *extra)
{
	u32 held = 0;

	if (hrtimer_is_queued((struct hrtimer *)&extra->pacer.timer))
		held |= XTCP_HELD_PACING;
	if (test_bit(XTCP_PACER_THROTTLED, &extra->pacer.flags))
		held |= XTCP_HELD_QUEUE;
	return held;
}

/**
 * xtcp_extra_free - the socket goes
 * @sk: the socket, without a reference
 */
void xtcp_extra_free(struct sock *sk)
{
	struct xtcp_extra *extra = xtcp_sk(sk)->extra;

	if (!extra)
		return;
	kfree(extra->clocks);
	kfree(extra);
}
