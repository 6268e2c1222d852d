// SPDX-License-Identifier: GPL-2.0
/*
 * The listener table: who accepts connections to a local address and port.
 *
 * Its entries are spots, found by namespace, address and port, so that it does not
 * matter who else listens on other addresses of a port, or in other namespaces.  A
 * listener has a spot to itself, or shares it with those of its SO_REUSEPORT group:
 * one of them stands for all, and the group chooses among them.  So a look-up takes
 * as many steps as there are devices to which somebody bound a listener of just this
 * address and port.  A certain address is looked up first, then the wildcard.
 *
 * Beside that, xtcp_net.listeners counts the listeners of a namespace through, in the
 * order in which they began to listen: a walk goes by it and remembers a number.  Its
 * lock, BH off, is held by whoever changes one of the two.  Readers are in an RCU read
 * side: spots and sockets are freed after a grace period, and no link is in a socket.
 */
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/tcp.h>
#include <linux/xarray.h>
#include <net/sock_reuseport.h>

#include "compat.h"
#include "ip/l3mdev.h"
#include "listen_table.h"
#include "sock.h"

/* An IPv4 address is all in its last word; IPv6 differs in the others, too. */
static u32 key_hash(const void *data, u32 len, u32 seed)
{
	const struct xtcp_key *key = data;
	const __be32 *a = key->laddr.s6_addr32;

	return jhash_3words((__force u32)(a[0] ^ a[2]), (__force u32)(a[1] ^ a[3]),
			    (__force u32)key->lport, seed + key->xn->salt);
}

static u32 spot_hash(const void *data, u32 len, u32 seed)
{
	return key_hash(&((const struct xtcp_spot *)data)->key, len, seed);
}

static int spot_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct xtcp_key *a = arg->key, *b = &((const struct xtcp_spot *)obj)->key;

	return a->lport != b->lport || a->xn != b->xn ||
	       !ipv6_addr_equal(&a->laddr, &b->laddr);
}

static const struct rhashtable_params spot_params = {
	.head_offset	= offsetof(struct xtcp_spot, node),
	.key_offset	= offsetof(struct xtcp_spot, key),
	.key_len	= sizeof(struct xtcp_key),
	.hashfn		= key_hash,
	.obj_hashfn	= spot_hash,
	.obj_cmpfn	= spot_cmp,
	.automatic_shrinking = true,
};

static struct rhltable spots;

/* For the choice in a group. */
static u32 group_seed __read_mostly;

/* ---- look-up ---- */

/* How well a listener of the right address and port fits; negative: not at all. */
static int score(const struct sock *sk, const struct xtcp_net *xn, int dif, int sdif)
{
	int bound = READ_ONCE(sk->sk_bound_dev_if);

	if (!xtcp_dev_eq(xn, bound, dif, sdif))
		return -1;
	/* as Linux: a device counts as much as the processor that the user wants */
	return !!bound + (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id());
}

/*
 * @v4: for a segment of IPv4.  @best: score of what was found elsewhere, negative:
 * nothing; in and out.
 */
static struct sock *best_of(const struct xtcp_key *key, bool v4, int dif, int sdif, int *best)
{
	struct rhlist_head *pos, *list = rhltable_lookup(&spots, key, spot_params);
	struct sock *found = NULL;
	struct xtcp_spot *spot;

	rhl_for_each_entry_rcu(spot, pos, list, node) {
		struct sock *sk = rcu_dereference(spot->sk);
		int fits = score(sk, key->xn, dif, sdif);

		if (fits <= *best || (v4 && ipv6_only_sock(sk)))
			continue;
		found = sk;
		*best = fits;
	}
	return found;
}

/*
 * Who listens on all addresses: of IPv4 those of both families (RFC 3493 5.3), and of two
 * that fit equally well the one of AF_INET.
 */
static struct sock *best_of_all(const struct xtcp_key *key, int dif, int sdif)
{
	struct xtcp_key any = { .xn = key->xn, .lport = key->lport };
	bool v4 = ipv6_addr_v4mapped(&key->laddr);
	struct sock *sk = NULL, *both;
	int best = -1;

	if (v4) {
		xtcp_addr_set4(&any.laddr, 0);
		sk = best_of(&any, v4, dif, sdif, &best);
		if (!READ_ONCE(key->xn->dual))
			return sk;
		any.laddr = in6addr_any;
	}
	both = best_of(&any, v4, dif, sdif, &best);
	return both ? both : sk;
}

/* What tells connections apart, for the choice in a group. */
static u32 connection_hash(const struct xtcp_key *key)
{
	u32 ports = (__force u32)key->lport << 16 | (__force u32)key->rport;

	if (ipv6_addr_v4mapped(&key->laddr))
		return jhash_3words((__force u32)xtcp_addr_v4(&key->laddr),
				    (__force u32)xtcp_addr_v4(&key->raddr), ports,
				    group_seed);
	return jhash2((const u32 *)&key->laddr, 8, ports ^ group_seed);
}

/* SO_REUSEPORT: which of those that share @sk's port gets it; see <net/sock_reuseport.h>. */
static struct sock *choose_member(struct sock *sk, const struct xtcp_key *key,
				  struct sk_buff *skb)
{
	int off = skb_transport_offset(skb);
	struct sock *member;
	int hdrlen;

	if (!rcu_access_pointer(sk->sk_reuseport_cb))
		return sk;
	/* programs expect data to begin with the header; it is not checked yet */
	__skb_pull(skb, off);
	hdrlen = skb_headlen(skb) < sizeof(struct tcphdr) ? sizeof(struct tcphdr) :
							    tcp_hdrlen(skb);
	member = reuseport_select_sock(sk, connection_hash(key), skb, hdrlen);
	__skb_push(skb, off);
	return member ? member : sk;
}

/**
 * xtcp_listener_lookup - find who accepts a connection
 * @key: whose
 * @dif: interface that the segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 * @skb: the segment, transport header set; its header may move
 *
 * Context: RCU read side.
 *
 * Return: the socket, without a reference; NULL: nobody.
 */
struct sock *xtcp_listener_lookup(const struct xtcp_key *key, int dif, int sdif,
				  struct sk_buff *skb)
{
	int best = -1;
	struct sock *sk = best_of(key, false, dif, sdif, &best);

	if (!sk)
		sk = best_of_all(key, dif, sdif);
	return sk ? choose_member(sk, key, skb) : NULL;
}

/* Whether a listener at an address is one for what comes to another. */
static bool hears(const struct sock *sk, const struct in6_addr *own, const struct in6_addr *to)
{
	if (ipv6_addr_equal(own, to))
		return true;
	if (!ipv6_addr_v4mapped(to))
		return ipv6_addr_any(own);
	return xtcp_addr_any(own) && !ipv6_only_sock(sk);
}

/**
 * xtcp_listener_fits - would a listener accept a connection?
 * @xs: the listener, locked
 * @key: whose
 * @dif: interface that the segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * Return: whether it may; another may fit better.
 */
bool xtcp_listener_fits(const struct xtcp_sock *xs, const struct xtcp_key *key, int dif,
			int sdif)
{
	const struct xtcp_key *own = &xs->flow.key;

	xtcp_assert_locked(&xs->inet.sk);
	return own->lport == key->lport && own->xn == key->xn &&
	       hears(&xs->inet.sk, &own->laddr, &key->laddr) &&
	       score(&xs->inet.sk, key->xn, dif, sdif) >= 0;
}

/* The first of a spot's listeners that somebody wants. */
static struct sock *find_member(const struct xtcp_spot *spot,
				bool (*want)(const struct sock *sk, const void *arg),
				const void *arg)
{
	struct sock *sk = rcu_dereference(spot->sk);
	struct sock_reuseport *group = rcu_dereference(sk->sk_reuseport_cb);
	unsigned int i, n;

	if (want(sk, arg))
		return sk;
	if (!group)
		return NULL;
	n = READ_ONCE(group->num_socks);
	smp_rmb();	/* the kernel fills the array before it counts */
	for (i = 0; i < n; i++) {
		sk = READ_ONCE(group->socks[i]);
		if (sk && want(sk, arg))
			return sk;
	}
	return NULL;
}

/**
 * xtcp_listener_find - find a certain listener
 * @key: its address and port, and the namespace
 * @want: whether it is the one; more than one has the address and port if they are a
 *	  group, or bound to different devices
 * @arg: for @want
 *
 * Context: RCU read side.
 *
 * Return: the first that @want wants, NULL: none.
 */
struct sock *xtcp_listener_find(const struct xtcp_key *key,
				bool (*want)(const struct sock *sk, const void *arg),
				const void *arg)
{
	struct rhlist_head *pos, *list = rhltable_lookup(&spots, key, spot_params);
	struct xtcp_spot *spot;
	struct sock *sk;

	rhl_for_each_entry_rcu(spot, pos, list, node) {
		sk = find_member(spot, want, arg);
		if (sk)
			return sk;
	}
	return NULL;
}

/**
 * xtcp_listener_next - the next listener of a namespace
 * @xn: it
 * @at: how far the walk has come; 0 at first
 *
 * One that listens during the whole walk is seen once.
 *
 * Context: RCU read side.
 *
 * Return: the listener, without a reference; NULL at the end.
 */
struct sock *xtcp_listener_next(struct xtcp_net *xn, unsigned long *at)
{
	struct sock *sk = xa_find(&xn->listeners, at, ULONG_MAX, XA_PRESENT);

	if (sk)
		++*at;
	return sk;
}

/* ---- change ---- */

static void assert_locked(struct xtcp_net *xn)
{
	lockdep_assert_held(&xn->listeners.xa_lock);
}

/* Whether a listener that has SO_REUSEPORT is of the group whose key it shares. */
static bool same_group(const struct sock *sk, const struct sock *other)
{
	return rcu_access_pointer(other->sk_reuseport_cb) &&
	       sk->sk_family == other->sk_family &&
	       sk->sk_bound_dev_if == other->sk_bound_dev_if &&
	       ipv6_only_sock(sk) == ipv6_only_sock(other) &&
	       uid_eq(sk_uid(sk), sk_uid(other));
}

static struct xtcp_spot *group_of(struct sock *sk, const struct xtcp_key *key)
{
	struct rhlist_head *pos;
	struct xtcp_spot *spot;

	if (!sk->sk_reuseport)
		return NULL;
	rcu_read_lock();
	rhl_for_each_entry_rcu(spot, pos, rhltable_lookup(&spots, key, spot_params), node) {
		if (same_group(sk, rcu_dereference(spot->sk)))
			break;
	}
	rcu_read_unlock();
	return pos ? spot : NULL;
}

/* Into the group that is there, or to its own spot. */
static int enter(struct xtcp_sock *xs)
	__must_hold(&xtcp_sk_net(xtcp_to_sk(xs))->listeners.xa_lock)
{
	bool any = xtcp_addr_any(&xs->flow.key.laddr);
	struct sock *sk = xtcp_to_sk(xs);
	struct xtcp_spot *spot;
	int err = 0;

	assert_locked(xtcp_sk_net(sk));
	if (ipv6_addr_any(&xs->flow.key.laddr) && !ipv6_only_sock(sk))
		WRITE_ONCE(xtcp_sk_net(sk)->dual, true);

	spot = group_of(sk, &xs->flow.key);
	if (spot) {
		err = reuseport_add_sock(sk, rcu_access_pointer(spot->sk), any);
	} else {
		if (sk->sk_reuseport)
			err = reuseport_alloc(sk, any);
		spot = &xs->listener->own;
		spot->key = xs->flow.key;
		RCU_INIT_POINTER(spot->sk, sk);
		if (!err)
			err = rhltable_insert(&spots, &spot->node, spot_params);
	}
	if (err)
		return -ENOMEM;
	WRITE_ONCE(spot->members, spot->members + 1);
	xs->listener->spot = spot;
	return 0;
}

/**
 * xtcp_listener_insert - a socket accepts connections from now on
 * @xs: it, locked; its key is set
 *
 * Context: process, may sleep.
 *
 * Return: 0, or -ENOMEM.
 */
int xtcp_listener_insert(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_listener *l = xs->listener;
	int err;

	sock_owned_by_me(sk);
	if (WARN_ON_ONCE(l->spot))
		return -EINVAL;
	xa_lock_bh(&xn->listeners);
	/* no number is given twice: 2^64 do not end */
	l->id = xn->next_listener++;
	/* first, for it may unlock in between: a walk may see who does not accept yet */
	err = xa_err(__xa_store(&xn->listeners, l->id, sk, GFP_KERNEL_ACCOUNT));
	if (!err)
		err = enter(xs);
	if (err)
		__xa_erase(&xn->listeners, l->id);
	xa_unlock_bh(&xn->listeners);
	return err;
}

/* Somebody of @sk's group but @sk, which is not the only one. */
static struct sock *other_member(struct sock *sk)
{
	struct sock_reuseport *group;
	struct sock *other;

	rcu_read_lock();
	group = rcu_dereference(sk->sk_reuseport_cb);
	other = group->socks[group->socks[0] == sk];
	rcu_read_unlock();
	return other;
}

/**
 * xtcp_listener_remove - a socket does not accept connections any more
 * @xs: it, locked; nothing happens if it is not in the table
 */
void xtcp_listener_remove(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_listener *l = xs->listener;
	struct xtcp_spot *spot = l->spot;
	bool left = false;

	xtcp_assert_locked(xtcp_to_sk(xs));
	if (!spot)
		return;
	l->spot = NULL;
	xa_lock_bh(&xn->listeners);
	__xa_erase(&xn->listeners, l->id);
	if (spot->members == 1) {
		rhltable_remove(&spots, &spot->node, spot_params);
		left = spot->left;
	} else if (rcu_access_pointer(spot->sk) == sk) {
		rcu_assign_pointer(spot->sk, other_member(sk));
	}
	if (rcu_access_pointer(sk->sk_reuseport_cb))
		reuseport_stop_listen_sock(sk);
	/* pairs with xtcp_listener_free(), which frees what has no members */
	smp_store_release(&spot->members, spot->members - 1);
	xa_unlock_bh(&xn->listeners);
	if (left)
		kfree_rcu(container_of(spot, struct xtcp_listener, own), own.rcu);
}

void xtcp_listen_table_netns_init(struct xtcp_net *xn)
{
	xa_init_flags(&xn->listeners, XA_FLAGS_LOCK_BH | XA_FLAGS_ACCOUNT);
}

/* Listeners hold their namespace, and the module. */
void xtcp_listen_table_netns_exit(struct xtcp_net *xn)
{
	WARN_ON_ONCE(!xa_empty(&xn->listeners));
	xa_destroy(&xn->listeners);
}

int xtcp_listen_table_init(void)
{
	group_seed = get_random_u32();
	return rhltable_init(&spots, &spot_params);
}

void xtcp_listen_table_exit(void)
{
	WARN_ON_ONCE(atomic_read(&spots.ht.nelems));
	rhltable_destroy(&spots);
}
