// SPDX-License-Identifier: GPL-2.0
/* The table of connections: sockets, entries in SYN_RECV and in TIME_WAIT. */
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "listen_table.h"
#include "table.h"

/*
 * The table's size while there are few: a chain for each 256 KB of memory, half as many as
 * Linux's own has, but within these.  It grows and shrinks only where there are more: to
 * shrink takes 180 instructions for each entry that goes, where all else takes 1,100.
 */
#define SIZE_LEAST	1024UL
#define SIZE_MOST	32768UL
#define SIZE_PER	(256 * 1024)

/* Steps of a walk in one RCU read side. */
#define ITER_BATCH	1024

/* The hash of a key whose addresses are IPv6's, or that has a device. */
static noinline u32 peer_hash_long(const struct xtcp_key *key, u32 seed)
{
	u32 rport = (__force u32)key->rport;
	u32 hash;

	/* an IPv4 address is all in its last word */
	if (!key->laddr.s6_addr32[0] && !key->laddr.s6_addr32[1])
		hash = jhash_3words((__force u32)key->laddr.s6_addr32[3],
				    (__force u32)key->raddr.s6_addr32[3], rport, seed);
	else
		hash = jhash2((const u32 *)&key->laddr, 8, rport ^ seed);
	/* not added to the rest: then a peer's port could make up for another device */
	return likely(!key->dev) ? hash : jhash_2words(hash, key->dev, seed);
}

/*
 * All of a key but our port, so that the ports of one range follow each other.  Of most
 * segments that is a few words, for which it pays to have no call.
 */
static __always_inline u32 peer_hash(const struct xtcp_key *key, u32 seed)
{
	seed += key->xn->salt;
	if (unlikely(key->laddr.s6_addr32[0] || key->laddr.s6_addr32[1] || key->dev))
		return peer_hash_long(key, seed);
	return jhash_3words((__force u32)key->laddr.s6_addr32[3],
			    (__force u32)key->raddr.s6_addr32[3],
			    (__force u32)key->rport, seed);
}

static __always_inline u32 key_hash(const void *data, u32 len, u32 seed)
{
	const struct xtcp_key *key = data;

	return peer_hash(key, seed) + ntohs(key->lport);
}

static __always_inline u32 flow_hash(const void *data, u32 len, u32 seed)
{
	return key_hash(&((const struct xtcp_flow *)data)->key, len, seed);
}

static __always_inline int flow_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	return !xtcp_key_equal(arg->key, &((const struct xtcp_flow *)obj)->key);
}

static const struct rhashtable_params flow_params = {
	.head_offset	= offsetof(struct xtcp_flow, rhash),
	.key_offset	= offsetof(struct xtcp_flow, key),
	.key_len	= sizeof(struct xtcp_key),
	.hashfn		= key_hash,
	.obj_hashfn	= flow_hash,
	.obj_cmpfn	= flow_cmp,
	.min_size	= SIZE_LEAST,
	.automatic_shrinking = true,
};

static struct rhashtable flows;

/* By enum xtcp_kind; the references of a socket are not counted in its flow. */
static void (*release_entry[XTCP_KIND_NR])(struct xtcp_flow *flow) __ro_after_init;

/**
 * xtcp_flow_lookup - find the owner of a segment
 * @key: its key
 *
 * Context: RCU read side.
 *
 * Return: the flow, without a reference.  A socket can be locked as it is; for
 * an entry the caller takes a reference with xtcp_flow_get().
 */
struct xtcp_flow *xtcp_flow_lookup(const struct xtcp_key *key)
{
	return rhashtable_lookup(&flows, key, flow_params);
}

/**
 * xtcp_flow_find_bound - find the owner of a segment among what is bound to a device
 * @key: addresses and ports; out: the device of the flow
 * @dif: interface that the segment came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 *
 * Context: RCU read side.
 *
 * Return: as xtcp_flow_lookup().
 */
struct xtcp_flow *xtcp_flow_find_bound(struct xtcp_key *key, int dif, int sdif)
{
	struct xtcp_flow *flow = xtcp_flow_find_at(key, dif, dif, sdif);

	return flow || !sdif || sdif == dif ? flow : xtcp_flow_find_at(key, sdif, dif, sdif);
}

static bool is_taken(const struct bucket_table *tbl, const struct xtcp_key *key, u32 hash)
{
	const struct rhash_head *pos;

	rht_for_each_rcu(pos, tbl, rht_bucket_index(tbl, hash)) {
		const struct xtcp_flow *flow = container_of(pos, struct xtcp_flow, rhash);

		if (xtcp_key_equal(&flow->key, key))
			return flow->kind != XTCP_KIND_TW;
	}
	return false;
}

/**
 * xtcp_flow_taken - how many local ports in a row have a connection to a peer already
 * @like: a connection to the peer; its local port does not matter
 * @lport: the first port, host order
 * @step: from one port to the next
 * @most: how many to look at; there are no more
 *
 * For connect(), to pass over them at little cost: equal keys but for the local port
 * follow each other in the table.  TIME_WAIT entries may give way and do not count.  It
 * is a hint: only xtcp_flow_insert() knows.
 *
 * Context: any but hardirq.
 *
 * Return: how many there are before the first that has none.
 */
unsigned int xtcp_flow_taken(const struct xtcp_key *like, u16 lport, unsigned int step,
			     unsigned int most)
{
	const struct bucket_table *tbl;
	struct xtcp_key key = *like;
	unsigned int n;
	u32 peer;

	rcu_read_lock();
	tbl = rht_dereference_rcu(flows.tbl, &flows);
	peer = peer_hash(&key, tbl->hash_rnd);
	for (n = 0; n < most; n++, lport += step) {
		key.lport = htons(lport);
		if (!is_taken(tbl, &key, peer + lport))
			break;
	}
	rcu_read_unlock();
	return n;
}

/**
 * xtcp_flow_get - take a reference to an entry that a lookup found
 * @flow: a SYN_RECV or TIME_WAIT entry
 * @key: what was looked up
 *
 * Context: RCU read side.
 *
 * Return: false when it has gone or was reused for another connection.
 */
bool xtcp_flow_get(struct xtcp_flow *flow, const struct xtcp_key *key)
{
	if (!refcount_inc_not_zero(&flow->refcnt))
		return false;
	/* with xtcp_flow_publish() */
	smp_acquire__after_ctrl_dep();
	if (likely(xtcp_key_equal(&flow->key, key)))
		return true;
	xtcp_flow_put(flow);
	return false;
}

/**
 * xtcp_flow_insert - put a flow into the table
 * @flow: it; the caller owns it
 *
 * Return: 0, -EEXIST when its key is taken, -ENOMEM, or another error of the
 * table being resized.  Any context.
 */
int xtcp_flow_insert(struct xtcp_flow *flow)
{
	int err;

	/* before a segment for it can come */
	if (unlikely(flow->key.dev && !READ_ONCE(flow->key.xn->bound)))
		WRITE_ONCE(flow->key.xn->bound, true);
	/*
	 * KCSAN tells of a race with itself: the word that has a chain's head has its
	 * lock, too, and who holds that reads the word plainly while others try to set
	 * the bit.  They change nothing by it.
	 */
	err = rhashtable_lookup_insert_key(&flows, &flow->key, &flow->rhash, flow_params);
	if (!err)
		flow->hashed = true;
	return err;
}

/**
 * xtcp_flow_replace - put a flow in the place of another with the same key
 * @old: in the table
 * @new: not in the table
 *
 * A reader finds the one or the other.
 *
 * Return: 0, or -ENOENT when @old is not in the table any more.  Any context.
 */
int xtcp_flow_replace(struct xtcp_flow *old, struct xtcp_flow *new)
{
	int err = rhashtable_replace_fast(&flows, &old->rhash, &new->rhash,
					  flow_params);

	if (!err) {
		new->hashed = true;
		old->hashed = false;
	}
	return err;
}

/**
 * xtcp_flow_remove - take a flow out of the table, if it is in it
 * @flow: it; the caller owns it
 *
 * Any context.
 *
 * Return: whether it was in the table.
 */
bool xtcp_flow_remove(struct xtcp_flow *flow)
{
	if (!flow->hashed)
		return false;
	flow->hashed = false;
	return !rhashtable_remove_fast(&flows, &flow->rhash, flow_params);
}

/**
 * xtcp_flow_put - drop a reference to an entry
 * @flow: a SYN_RECV or TIME_WAIT entry
 */
void xtcp_flow_put(struct xtcp_flow *flow)
{
	if (refcount_dec_and_test(&flow->refcnt))
		release_entry[flow->kind](flow);
}

/**
 * xtcp_flow_set_release - what becomes of entries of a kind
 * @kind: SYN_RECV or TIME_WAIT
 * @release: the last reference is gone; in any context that a reference is put in
 *
 * Context: process, before there are any.
 */
void __init xtcp_flow_set_release(enum xtcp_kind kind, void (*release)(struct xtcp_flow *flow))
{
	release_entry[kind] = release;
}

/**
 * xtcp_iter_enter - begin a walk
 * @it: the walk
 * @net: namespace whose flows are wanted; NULL: flows of all, no listeners
 */
void xtcp_iter_enter(struct xtcp_iter *it, const struct net *net)
{
	memset(it, 0, sizeof(*it));
	it->xn = net ? xtcp_net(net) : NULL;
	it->flows = !net;
	rhashtable_walk_enter(&flows, &it->walk);
}

/**
 * xtcp_iter_exit - end a walk
 * @it: the walk, stopped
 */
void xtcp_iter_exit(struct xtcp_iter *it)
{
	rhashtable_walk_exit(&it->walk);
}

/**
 * xtcp_iter_start - go on with a walk; RCU read side until xtcp_iter_stop()
 * @it: the walk
 */
void xtcp_iter_start(struct xtcp_iter *it) __acquires(RCU)
{
	const struct rhash_head *last = it->walk.p;

	if (rhashtable_walk_start_check(&it->walk))
		it->rewound++;
	else if (last && !it->walk.p)
		/*
		 * It goes on behind as many as there were before, one too many now: the
		 * whole chain once more, rather than one that nobody sees.
		 */
		it->walk.skip = 0;
}

/**
 * xtcp_iter_stop - leave the RCU read side for a while
 * @it: the walk
 */
void xtcp_iter_stop(struct xtcp_iter *it) __releases(RCU)
{
	rhashtable_walk_stop(&it->walk);
}

/* Let others work when this walk has taken many steps.  Where it is stays. */
static void iter_pause(struct xtcp_iter *it) __must_hold(RCU)
{
	if (++it->steps % ITER_BATCH)
		return;
	xtcp_iter_stop(it);
	cond_resched();
	xtcp_iter_start(it);
}

/**
 * xtcp_iter_next - the next flow of a walk
 * @it: the walk, started
 *
 * Context: process.  What was returned before is not valid any more: from time to time
 * another RCU read side begins.
 *
 * Return: the flow, valid until the next call or xtcp_iter_stop(); NULL at the end.  An
 * entry may be reused for another connection at any moment: it shows that one then.
 */
struct xtcp_flow *xtcp_iter_next(struct xtcp_iter *it) __must_hold(RCU)
{
	struct xtcp_flow *flow;

	iter_pause(it);
	if (!it->flows) {
		struct sock *sk = xtcp_listener_next(it->xn, &it->listener);

		if (sk)
			return &xtcp_sk(sk)->flow;
		it->flows = true;
	}
	while ((flow = rhashtable_walk_next(&it->walk))) {
		if (IS_ERR(flow))	/* it goes on from the start */
			it->rewound++;
		else if (!it->xn || flow->key.xn == it->xn)
			return flow;
		iter_pause(it);
	}
	return NULL;
}

int xtcp_table_init(void)
{
	unsigned long size = totalram_pages() / (SIZE_PER / PAGE_SIZE);
	struct rhashtable_params params = flow_params;

	params.min_size = clamp(roundup_pow_of_two(size), SIZE_LEAST, SIZE_MOST);
	return rhashtable_init(&flows, &params);
}

void xtcp_table_exit(void)
{
	WARN_ON_ONCE(atomic_read(&flows.nelems));
	rhashtable_destroy(&flows);
}
