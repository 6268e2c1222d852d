// SPDX-License-Identifier: GPL-2.0
/*
 * Whose memory a connection uses.
 *
 * socket() charges the caller's control group.  A child is made in softirq,
 * where nobody can be charged, so it belongs to nobody until somebody accepts
 * it; from then on to that one's group, whoever listens, as in Linux.
 *
 * What Linux calls for this is not exported.  But a socket's charge follows
 * sk_memcg, so: charge anew with the group set, and give the same amount back
 * with none set.
 *
 * What is charged is there already, and who accepts it cannot be refused: a group
 * at its limit goes beyond it, as in Linux.  The same code lets a sender do so whose
 * buffer is full, because to wait would help nobody; so that is what we are, for a
 * moment.
 */
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "compat.h"
#include "memcg.h"

#ifdef CONFIG_MEMCG

/* The caller's group, with a reference; the root's is not accounted. */
static struct mem_cgroup *current_memcg(void)
{
	struct mem_cgroup *memcg;

	/* the first version of control groups accounts sockets by other rules */
	if (!cgroup_subsys_on_dfl(memory_cgrp_subsys))
		return NULL;
	rcu_read_lock();
	memcg = mem_cgroup_from_task(current);
	if (memcg && (!memcg->css.parent || !css_tryget(&memcg->css)))
		memcg = NULL;
	rcu_read_unlock();
	return memcg;
}

/* Charge the socket's group, whatever its limit. */
static void charge(struct sock *sk, int pages)
{
	bool locked = sk->sk_userlocks & SOCK_SNDBUF_LOCK;
	int sndbuf = sk->sk_sndbuf;
	bool charged;

	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, 0);
	charged = __sk_mem_schedule(sk, pages << PAGE_SHIFT, SK_MEM_SEND);
	WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	if (!locked)
		sk->sk_userlocks &= ~SOCK_SNDBUF_LOCK;
	WARN_ON_ONCE(!charged);
}

/**
 * xtcp_memcg_accept - a child belongs to who accepts it
 * @sk: the child, locked by the user, with its socket's memory not charged
 *
 * Context: process, may sleep.
 */
void xtcp_memcg_accept(struct sock *sk)
{
	struct mem_cgroup *memcg;
	int pages;

	if (!mem_cgroup_sockets_enabled)
		return;
	sock_owned_by_me(sk);
	if (sk->sk_memcg)
		return;
	memcg = current_memcg();
	if (!memcg)
		return;
	pages = sk_mem_pages(sk->sk_forward_alloc + atomic_read(&sk->sk_rmem_alloc) +
			     sk->sk_wmem_queued);
	sk->sk_memcg = memcg;
	if (pages) {
		charge(sk, pages);
		sk->sk_memcg = NULL;
		__sk_mem_reclaim(sk, pages << PAGE_SHIFT);
		sk->sk_memcg = memcg;
	}
#ifdef XTCP_HAVE_KMEM_CACHE_CHARGE
	kmem_cache_charge(sk, GFP_KERNEL | __GFP_NOFAIL);
#endif
}

#endif /* CONFIG_MEMCG */
