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

#endif /* XTCP_PORT_COMPAT_H */
