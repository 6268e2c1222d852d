/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What port.c and reserve.c need from kernels that differ.
 */
#ifndef XTCP_PORT_COMPAT_H
#define XTCP_PORT_COMPAT_H

#include <net/inet_hashtables.h>
#include <net/sock.h>

/*
 * Ask about every socket and TIME_WAIT entry of a bind bucket, under the lock
 * of its hash bucket, until one is not fine.
 */
static inline bool xtcp_bind_bucket_all(struct inet_bind_bucket *tb,
					bool (*fine)(const struct sock *sk,
						     const void *arg),
					const void *arg)
{
	struct sock *sk;
#ifdef XTCP_HAVE_BIND_BUCKET_BHASH2
	struct inet_bind2_bucket *tb2;

	hlist_for_each_entry(tb2, &tb->bhash2, bhash_node)
		sk_for_each_bound(sk, &tb2->owners)
			if (!fine(sk, arg))
				return false;
#else
	sk_for_each_bound(sk, &tb->owners)
		if (!fine(sk, arg))
			return false;
#endif
	return true;
}

/*
 * Make a bind bucket forget that it may be shared, so that whoever comes next
 * has to look at its owners.
 */
static inline void xtcp_bind_bucket_close(struct inet_bind_bucket *tb,
					  struct inet_bind2_bucket *tb2)
{
	tb->fastreuse = 0;
	tb->fastreuseport = 0;
#ifdef XTCP_HAVE_BIND2_FASTREUSE
	tb2->fastreuse = 0;
	tb2->fastreuseport = 0;
#endif
}

/* @tw takes the place of @sk in the bind table; change_places() holds both locks. */
static inline void xtcp_bind_leave_to(struct sock *sk, struct inet_timewait_sock *tw)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	tw->tw_tb = icsk->icsk_bind_hash;
	tw->tw_tb2 = icsk->icsk_bind2_hash;
	icsk->icsk_bind_hash = NULL;
	icsk->icsk_bind2_hash = NULL;
	inet_sk(sk)->inet_num = 0;
	__sk_del_bind_node(sk);
#ifdef XTCP_HAVE_BIND_BUCKET_BHASH2
	sk_add_bind_node((struct sock *)tw, &tw->tw_tb2->owners);
#else
	__sk_del_bind2_node(sk);
	sk_add_bind_node((struct sock *)tw, &tw->tw_tb->owners);
	hlist_add_head(&tw->tw_bind2_node, &tw->tw_tb2->deathrow);
#endif
}

/* @sk, which is bound nowhere, takes the place of @tw. */
static inline void xtcp_bind_take_from(struct sock *sk, struct inet_timewait_sock *tw)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	icsk->icsk_bind_hash = tw->tw_tb;
	icsk->icsk_bind2_hash = tw->tw_tb2;
	inet_sk(sk)->inet_num = tw->tw_num;
	__sk_del_bind_node((struct sock *)tw);
#ifdef XTCP_HAVE_BIND_BUCKET_BHASH2
	sk_add_bind_node(sk, &tw->tw_tb2->owners);
#else
	hlist_del(&tw->tw_bind2_node);
	sk_add_bind_node(sk, &tw->tw_tb->owners);
	sk_add_bind2_node(sk, &tw->tw_tb2->owners);
#endif
}

/*
 * @tw leaves the bind table, and with it goes what the kernel keeps of the port: as at the
 * end of its own last owner.  change_places() tells of the locks.  Return: false: others
 * have the port, or the kernel keeps more of it than we know.
 */
static inline bool xtcp_bind_leave_alone(struct inet_timewait_sock *tw,
					 const struct inet_hashinfo *hinfo)
{
#if defined(XTCP_HAVE_BIND_ENDS_DEATHROW)
	if (!hlist_is_singular_node(&tw->tw_bind_node, &tw->tw_tb->owners) ||
	    !hlist_is_singular_node(&tw->tw_bind2_node, &tw->tw_tb2->deathrow) ||
	    !hlist_empty(&tw->tw_tb2->owners))
		return false;
#elif defined(XTCP_HAVE_BIND_ENDS_OWNERS) || defined(XTCP_HAVE_BIND_ENDS_RCU)
	if (!hlist_is_singular_node(&tw->tw_bind_node, &tw->tw_tb2->owners) ||
	    !hlist_is_singular_node(&tw->tw_tb2->bhash_node, &tw->tw_tb->bhash2))
		return false;
#else
	return false;
#endif
	__hlist_del(&tw->tw_tb2->node);
	kmem_cache_free(hinfo->bind2_bucket_cachep, tw->tw_tb2);
#ifdef XTCP_HAVE_BIND_ENDS_RCU
	hlist_del_rcu(&tw->tw_tb->node);
	kfree_rcu(tw->tw_tb, rcu);
#else
	__hlist_del(&tw->tw_tb->node);
	kmem_cache_free(hinfo->bind_bucket_cachep, tw->tw_tb);
#endif
	return true;
}

#endif /* XTCP_PORT_COMPAT_H */
