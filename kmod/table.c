// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/tcp.h>
#include <net/sock_reuseport.h>

#include "compat.h"
#include "port.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

#define LISTEN_BITS	8

static u32 key_hash(const void *data, u32 len, u32 seed)
{
	const struct xtcp_key *key = data;
	u32 ports = (__force u32)key->lport << 16 | (__force u32)key->rport;

	/* an IPv4 address is all in its last word */
	if (likely(!key->laddr.s6_addr32[0] && !key->laddr.s6_addr32[1]))
		return jhash_3words((__force u32)key->laddr.s6_addr32[3],
				    (__force u32)key->raddr.s6_addr32[3], ports,
				    seed);
	return jhash2((const u32 *)&key->laddr, 8, ports ^ seed);
}

static u32 flow_hash(const void *data, u32 len, u32 seed)
{
	return key_hash(&((const struct xtcp_flow *)data)->key, len, seed);
}

static int flow_cmp(struct rhashtable_compare_arg *arg, const void *obj)
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
	.min_size	= 1024,
	.automatic_shrinking = true,
};

static struct rhashtable flows;

/* Listeners are few and found by port; their addresses may be wildcards. */
static struct {
	struct hlist_head	bucket[1 << LISTEN_BITS];
	spinlock_t		lock;	/* writers */
	u32			seed;
} listeners;

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
	int err = rhashtable_lookup_insert_key(&flows, &flow->key, &flow->rhash,
					       flow_params);

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
	if (!refcount_dec_and_test(&flow->refcnt))
		return;
	if (flow->kind == XTCP_KIND_REQ)
		xtcp_req_free(xtcp_flow_req(flow));
	else
		xtcp_tw_free(xtcp_flow_tw(flow));
}

static struct hlist_head *listen_bucket(const struct net *net, __be16 lport)
{
	u32 hash = jhash_2words((__force u32)lport, net_hash_mix(net),
				listeners.seed);

	return &listeners.bucket[hash >> (32 - LISTEN_BITS)];
}

/* How well a listener fits; negative: not at all. */
static int listen_score(const struct xtcp_sock *xs, const struct xtcp_key *key,
			int dif, int sdif)
{
	const struct sock *sk = &xs->inet.sk;
	int bound = READ_ONCE(sk->sk_bound_dev_if);
	int score = 0;

	if (xs->inet.inet_sport != key->lport || !net_eq(sock_net(sk), key->xn->net))
		return -1;
	if (!xtcp_addr_any(&xs->flow.key.laddr)) {
		if (!ipv6_addr_equal(&xs->flow.key.laddr, &key->laddr))
			return -1;
		score += 2;
	}
	if (bound) {
		if (bound != dif && (!sdif || bound != sdif))
			return -1;
		score += 1;
	}
	return score;
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
	member = reuseport_select_sock(sk, key_hash(key, sizeof(*key), listeners.seed),
				       skb, hdrlen);
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
	struct xtcp_sock *xs, *found = NULL;
	int best = -1;

	hlist_for_each_entry_rcu(xs, listen_bucket(key->xn->net, key->lport), listen_node) {
		int score = listen_score(xs, key, dif, sdif);

		if (score <= best)
			continue;
		found = xs;
		best = score;
	}
	return found ? choose_member(xtcp_to_sk(found), key, skb) : NULL;
}

/* Whether listeners that have SO_REUSEPORT are of one group. */
static bool same_group(const struct xtcp_sock *a, const struct xtcp_sock *b)
{
	const struct sock *x = &a->inet.sk, *y = &b->inet.sk;

	return net_eq(sock_net(x), sock_net(y)) && a->inet.inet_sport == b->inet.inet_sport &&
	       ipv6_addr_equal(&a->flow.key.laddr, &b->flow.key.laddr) &&
	       x->sk_bound_dev_if == y->sk_bound_dev_if &&
	       ipv6_only_sock(x) == ipv6_only_sock(y) && uid_eq(sk_uid(x), sk_uid(y));
}

static int join_group(struct xtcp_sock *xs, const struct hlist_head *bucket)
{
	bool any = xtcp_addr_any(&xs->flow.key.laddr);
	struct sock *sk = xtcp_to_sk(xs);
	struct xtcp_sock *other;

	lockdep_assert_held(&listeners.lock);

	if (!sk->sk_reuseport)
		return 0;
	hlist_for_each_entry(other, bucket, listen_node)
		if (other->inet.sk.sk_reuseport && same_group(xs, other))
			return reuseport_add_sock(sk, xtcp_to_sk(other), any);
	return reuseport_alloc(sk, any);
}

/**
 * xtcp_listener_insert - a socket accepts connections from now on
 * @xs: it, locked
 *
 * Return: 0, or -ENOMEM.
 */
int xtcp_listener_insert(struct xtcp_sock *xs)
{
	struct hlist_head *bucket = listen_bucket(sock_net(&xs->inet.sk),
						  xs->inet.inet_sport);
	int err;

	spin_lock_bh(&listeners.lock);
	err = join_group(xs, bucket);
	if (!err)
		hlist_add_head_rcu(&xs->listen_node, bucket);
	spin_unlock_bh(&listeners.lock);
	return err;
}

/**
 * xtcp_listener_remove - a socket does not accept connections any more
 * @xs: it, locked
 */
void xtcp_listener_remove(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);

	spin_lock_bh(&listeners.lock);
	if (!hlist_unhashed(&xs->listen_node)) {
		hlist_del_init_rcu(&xs->listen_node);
		if (rcu_access_pointer(sk->sk_reuseport_cb))
			reuseport_stop_listen_sock(sk);
	}
	spin_unlock_bh(&listeners.lock);
}

/**
 * xtcp_iter_enter - begin a walk
 * @it: the walk
 * @net: namespace whose flows are wanted
 */
void xtcp_iter_enter(struct xtcp_iter *it, const struct net *net)
{
	memset(it, 0, sizeof(*it));
	it->xn = xtcp_net(net);
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
	rhashtable_walk_start(&it->walk);
}

/**
 * xtcp_iter_stop - leave the RCU read side for a while
 * @it: the walk
 */
void xtcp_iter_stop(struct xtcp_iter *it) __releases(RCU)
{
	rhashtable_walk_stop(&it->walk);
}

static struct xtcp_flow *next_listener(struct xtcp_iter *it)
{
	for (; it->bucket < 1 << LISTEN_BITS; it->bucket++, it->skip = 0) {
		struct xtcp_sock *xs;
		unsigned int n = 0;

		hlist_for_each_entry_rcu(xs, &listeners.bucket[it->bucket], listen_node) {
			if (n++ < it->skip)
				continue;
			it->skip = n;
			if (net_eq(sock_net(&xs->inet.sk), it->xn->net))
				return &xs->flow;
		}
	}
	return NULL;
}

/**
 * xtcp_iter_next - the next flow of a walk
 * @it: the walk, started
 *
 * Return: the flow, valid until xtcp_iter_stop(); NULL at the end.  An entry
 * may be reused for another connection at any moment: it shows that one then.
 */
struct xtcp_flow *xtcp_iter_next(struct xtcp_iter *it)
{
	struct xtcp_flow *flow;

	if (!it->flows) {
		flow = next_listener(it);
		if (flow)
			return flow;
		it->flows = true;
	}
	while ((flow = rhashtable_walk_next(&it->walk))) {
		if (IS_ERR(flow))	/* resized under way: goes on from the start */
			continue;
		if (flow->key.xn == it->xn)
			return flow;
	}
	return NULL;
}

int xtcp_table_init(void)
{
	spin_lock_init(&listeners.lock);
	listeners.seed = get_random_u32();
	return rhashtable_init(&flows, &flow_params);
}

void xtcp_table_exit(void)
{
	WARN_ON_ONCE(atomic_read(&flows.nelems));
	rhashtable_destroy(&flows);
}
