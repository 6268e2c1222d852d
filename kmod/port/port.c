// SPDX-License-Identifier: GPL-2.0
/*
 * Local addresses and ports: who holds what, and who may join.
 *
 * struct xtcp_port stands for a local address, device and port that sockets of
 * ours hold.  All that hold the same share one, and with it one reservation
 * that keeps the kernel's TCP away (reserve.c).  It exists exactly as long as
 * it has owners.
 *
 * An owner is one of
 * - a binder: a socket that called bind() or listen().  They are listed,
 *   listening ones apart, for what they may share depends on their options
 *   and on LISTEN;
 * - a connection: the child of a listener, a socket that has called connect(),
 *   or a TIME_WAIT entry.  There may be a hundred thousand, so they are only
 *   counted; what all owners since the first had in common (SO_REUSEADDR,
 *   SO_REUSEPORT, the user) is kept and stands for them.
 * So bind() does not take time with the number of connections.  Nor does it with
 * that of binders, where all had SO_REUSEADDR, or SO_REUSEPORT and one user, when
 * they asked for the port: that is kept as well and, as in Linux, is enough for the
 * next one, whatever became of their options since.
 *
 * The rules are those of Linux (inet_csk_bind_conflict), between sockets whose
 * addresses overlap and that no device or VRF keeps apart:
 * - both have SO_REUSEADDR, and the one that is there does not listen: fine;
 * - both have SO_REUSEPORT and the same user (of a TIME_WAIT entry the user
 *   does not matter), and who asks has no group yet: fine;
 * - otherwise EADDRINUSE.
 * Three things differ, each towards EADDRINUSE: connections of a wildcard
 * listener keep holding the wildcard; so does a socket that was bound to the
 * wildcard and then connected; and the options of connections are those that
 * they had when they began.
 *
 * Entered by bind() and listen() (port_bind.c), by connect() (port_connect.c)
 * and by the children of listeners.
 *
 * Table: ports, hashed by namespace and number; in a bucket a tree that is ordered
 * by address, too, so that those at one address of a port are found beside any number
 * of others.  Before the addresses come those that somebody bound, so that connect()
 * sees with one look whether there is one.  Each bucket has a lock for its tree, for
 * all fields of the ports in it but the two counters, and for sk_bind_node.  It is held
 * from the check against our own sockets to the end of the reservation, so that each
 * pair of conflicting bind() calls has one winner.
 *
 * References: owners are references, refs counts them.  The first one is taken
 * with the bucket locked, more can be taken by who has one, and the last one is
 * given up with the bucket locked again: what is in the table has owners.
 * xtcp_sock.port belongs to its socket's lock, xtcp_tw.port to the entry.
 *
 * Lock order: socket lock; bucket lock (BH off, one at a time); the kernel's
 * bind table locks, which inet_csk_get_port() and inet_put_port() take with
 * plain BH-off spinlocks.  Nothing sleeps inside the bucket lock: memory is
 * allocated before.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/netns/hash.h>
#include <net/sock_reuseport.h>

#include "ip/l3mdev.h"
#include "port/port_table.h"

/* Hash buckets: one for each port of a namespace. */
#define PORT_BUCKETS		65536
static_assert(PORT_BUCKETS > U16_MAX);

/* What all owners so far had, struct xtcp_port.common; all binders, its fast. */
#define COMMON_REUSE		0x1	/* SO_REUSEADDR */
#define COMMON_GROUP		0x2	/* SO_REUSEPORT, and the same user */

static struct xtcp_port_bucket *buckets __read_mostly;
static struct kmem_cache *port_cache __read_mostly;

/**
 * xtcp_port_bucket_of - where a port is in the table
 * @net: its namespace
 * @num: its number, host order
 *
 * Context: any.
 */
struct xtcp_port_bucket *xtcp_port_bucket_of(const struct net *net, u16 num)
{
	return &buckets[(num + net_hash_mix(net)) % PORT_BUCKETS];
}

/**
 * xtcp_port_bucket - where it is in the table
 * @p: a port
 *
 * Context: any.
 */
struct xtcp_port_bucket *xtcp_port_bucket(const struct xtcp_port *p)
{
	return xtcp_port_bucket_of(p->net, p->num);
}

static u8 common_of(const struct sock *sk)
{
	return (sk->sk_reuse ? COMMON_REUSE : 0) |
	       (sk->sk_reuseport ? COMMON_GROUP : 0);
}

/*
 * Whether SO_REUSEPORT counts for @sk.  Not if it has a group of its own, as from a
 * program that was attached before there were others: nobody can be in two, and those
 * who are there keep their program.  One that a closed listener has left does not count.
 */
static bool may_join(const struct sock *sk)
{
	const struct sock_reuseport *own;
	bool ok;

	if (!sk->sk_reuseport)
		return false;
	rcu_read_lock();
	own = rcu_dereference(sk->sk_reuseport_cb);
	ok = !own || READ_ONCE(own->num_closed_socks);
	rcu_read_unlock();
	return ok;
}

/**
 * xtcp_claim_of - what a socket brings with it when it asks for a port
 * @xs: the socket, locked
 */
struct xtcp_claim xtcp_claim_of(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);

	xtcp_assert_locked(xtcp_to_sk(xs));
	return (struct xtcp_claim) {
		.xs	= xs,
		.uid	= sk_uid(sk),
		.reuse	= sk->sk_reuse,
		.group	= may_join(sk),
		.share	= true,
		.join	= true,
	};
}

/**
 * xtcp_port_place - say where a socket's port would be
 * @p: out: its namespace and place
 * @sk: the socket
 * @addr: its address
 */
void xtcp_port_place(struct xtcp_port *p, struct sock *sk, const struct in6_addr *addr)
{
	p->net = sock_net(sk);
	p->place.addr = *addr;
	p->place.dev = sk->sk_bound_dev_if;
	p->place.l3mdev = xtcp_dev_l3mdev(xtcp_sk_net(sk), p->place.dev);
	p->place.v6only = ipv6_addr_any(addr) && ipv6_only_sock(sk);
	/* a search compares this a dozen times; the number of a namespace is its own */
	p->part = (u64)p->net->ns.inum << 32 | (u32)p->place.l3mdev << 1;
}

/**
 * xtcp_port_alloc - a port that nobody owns and that is in no table
 * @sk: for whom: its namespace and device
 * @addr: its address
 *
 * Context: process, may sleep.
 *
 * Return: it, for xtcp_port_insert() or xtcp_port_free(); NULL without memory.
 */
struct xtcp_port *xtcp_port_alloc(struct sock *sk, const struct in6_addr *addr)
{
	struct xtcp_port *p;

	p = kmem_cache_alloc(port_cache, GFP_KERNEL);
	if (p) {
		/* the reservation is made when it is taken */
		memset(p, 0, offsetof(struct xtcp_port, rsv));
		xtcp_port_place(p, sk, addr);
	}
	return p;
}

/**
 * xtcp_port_free - throw away what has not been entered
 * @p: from xtcp_port_alloc(), or NULL
 */
void xtcp_port_free(struct xtcp_port *p)
{
	if (p)
		kmem_cache_free(port_cache, p);
}

static void take_out(struct xtcp_port_bucket *b, struct xtcp_port *p)
	__must_hold(&b->lock)
{
	lockdep_assert_held(&b->lock);
	rb_erase(&p->node, &b->ports);
	if (!(p->part & XTCP_PORT_AUTO_ONLY))
		b->bound--;
	/* nobody is left of whom they tell */
	if (RB_EMPTY_ROOT(&b->ports)) {
		b->wildcard = 0;
		b->vrf = 0;
		b->unbound = 0;
	}
}

/*
 * An owner gives the port up.  Bottom halves are off.
 * Return: it was the last one: the port is not reserved any more, and nobody has it.
 */
static bool give_back(struct xtcp_port *p)
{
	struct xtcp_port_bucket *b = xtcp_port_bucket(p);
	bool last;

	if (refcount_dec_not_one(&p->refs))
		return false;
	spin_lock(&b->lock);
	last = refcount_dec_and_test(&p->refs);
	if (last) {
		take_out(b, p);
		xtcp_reserve_drop(&p->rsv);
	}
	spin_unlock(&b->lock);
	return last;
}

/**
 * xtcp_port_release - an owner gives the port up; the last one gives it back
 * @p: the port
 *
 * Context: process or softirq, bucket not locked.
 */
void xtcp_port_release(struct xtcp_port *p)
{
	bool last;

	if (refcount_dec_not_one(&p->refs))
		return;
	local_bh_disable();
	last = give_back(p);
	local_bh_enable();
	if (last)
		xtcp_port_free(p);
}

/**
 * xtcp_port_overlap - may two ports of the same number hold the same packets?
 * @a: one
 * @b: the other
 */
bool xtcp_port_overlap(const struct xtcp_port *a, const struct xtcp_port *b)
{
	return a->net == b->net && xtcp_place_overlap(&a->place, &b->place);
}

/**
 * xtcp_port_same - are two ports that overlap the very same place?
 * @a: one
 * @b: the other
 */
bool xtcp_port_same(const struct xtcp_port *a, const struct xtcp_port *b)
{
	return a->place.dev == b->place.dev &&
	       a->place.v6only == b->place.v6only &&
	       ipv6_addr_equal(&a->place.addr, &b->place.addr);
}

/* Whether an owner with these properties stands in the way of @c. */
static bool owner_conflict(const struct xtcp_claim *c, bool reuse, bool group,
			   bool listening, bool same_user)
{
	bool grouped = c->group && group && same_user;

	if (c->reuse && reuse && !listening)
		return !c->share || (grouped && !c->join);
	return !grouped || !c->join;
}

static bool binders_conflict(const struct xtcp_claim *c, const struct hlist_head *list,
			     bool listening)
{
	struct sock *sk;

	sk_for_each_bound(sk, list) {
		if (sk != xtcp_to_sk(c->xs) &&
		    owner_conflict(c, sk->sk_reuse, sk->sk_reuseport, listening,
				   uid_eq(c->uid, sk_uid(sk))))
			return true;
	}
	return false;
}

/*
 * What all binders of a port must have had for @c to join them, whatever they have now:
 * any of these (COMMON_*).
 */
static u8 enough_for(const struct xtcp_claim *c)
{
	u8 enough = c->join && c->group ? COMMON_GROUP : 0;

	/* a group gets no port that nobody asked for: owner_conflict() */
	if (c->share && c->reuse && !c->listen && (c->join || !c->group))
		enough |= COMMON_REUSE;
	return enough;
}

static bool joins_all(const struct xtcp_port *p, const struct xtcp_claim *c, u8 enough)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	u8 has = p->fast & enough;

	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	return has & COMMON_REUSE || (has && uid_eq(c->uid, p->uid));
}

/* Whether an owner of @p stands in the way of @c, whose place overlaps. */
static bool port_conflict(const struct xtcp_port *p, const struct xtcp_claim *c)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	unsigned int counted = refcount_read(&p->refs) - p->listed, timewaits;

	/* behind the owners: an entry that ends in between leaves one that is none */
	smp_rmb();
	timewaits = atomic_read(&p->timewaits);
	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	if (c->xs->port == p && hlist_unhashed(&xtcp_to_sk(c->xs)->sk_bind_node))
		counted--;
	if (counted &&
	    owner_conflict(c, p->common & COMMON_REUSE,
			   p->common & COMMON_GROUP, false,
			   counted == timewaits || uid_eq(c->uid, p->uid)))
		return true;
	return binders_conflict(c, &p->listening, true) ||
	       binders_conflict(c, &p->bound, false);
}

/*
 * It only ever loses bits, so who reads it without the lock (xtcp_port_inherit()) takes
 * the lock once too often, if anything.
 */
static void keep_common(struct xtcp_port *p, u8 common)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	lockdep_assert_held(&xtcp_port_bucket(p)->lock);
	WRITE_ONCE(p->common, p->common & common);
}

/**
 * xtcp_port_account - note what a new owner has not in common with the others
 * @p: the port, its bucket locked
 * @c: the new owner
 */
void xtcp_port_account(struct xtcp_port *p, const struct xtcp_claim *c)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	u8 common = common_of(xtcp_to_sk(c->xs));

	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	if (!uid_eq(p->uid, c->uid))
		common &= ~COMMON_GROUP;
	keep_common(p, common);
	p->fast &= common;
	if (c->listen)
		p->fast &= ~COMMON_REUSE;
}

/* Any order will do; IPv4 addresses differ in their last word. */
static int addr_cmp(const struct in6_addr *a, const struct in6_addr *b)
{
	int i;

	for (i = 3; i >= 0; i--) {
		u32 x = (__force u32)a->s6_addr32[i], y = (__force u32)b->s6_addr32[i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/*
 * Where a port is in its bucket, in which each namespace has one number.  @addr: NULL: it does
 * not matter.
 */
static inline int port_cmp(const struct xtcp_port *p, u64 part, const struct in6_addr *addr)
{
	if (p->part != part)
		return p->part < part ? -1 : 1;
	return addr ? addr_cmp(&p->place.addr, addr) : 0;
}

/**
 * xtcp_port_first - the first port of a namespace and VRF in a bucket
 * @b: the bucket, locked
 * @like: in its namespace and VRF
 * @auto_only: those that nobody bound, or those that somebody did
 * @addr: its address, NULL: any
 * @gap: out: where one more would be, for xtcp_port_insert(); NULL: nobody asks
 *
 * Return: it, for xtcp_port_next(); NULL: there is none.
 */
struct xtcp_port *xtcp_port_first(struct xtcp_port_bucket *b, const struct xtcp_port *like,
				  bool auto_only, const struct in6_addr *addr,
				  struct xtcp_port_gap *gap)
	__must_hold(&b->lock)
{
	u64 part = (like->part & ~XTCP_PORT_AUTO_ONLY) | (auto_only ? XTCP_PORT_AUTO_ONLY : 0);
	struct rb_node **link = &b->ports.rb_node, *parent = NULL;
	struct xtcp_port *found = NULL;

	lockdep_assert_held(&b->lock);

	while (*link) {
		struct xtcp_port *p = rb_entry(*link, struct xtcp_port, node);
		int cmp = port_cmp(p, part, addr);

		parent = *link;
		link = &parent->rb_left;
		if (cmp < 0)
			link = &parent->rb_right;
		else if (!cmp)
			found = p;
	}
	if (gap)
		*gap = (struct xtcp_port_gap){ .parent = parent, .link = link };
	return found;
}

/* The same as xtcp_port_next(), where a search has thousands of them. */
static __always_inline struct xtcp_port *next_of(const struct xtcp_port *p,
						 const struct in6_addr *addr)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	struct xtcp_port *next = rb_entry_safe(rb_next(&p->node), struct xtcp_port, node);

	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	return next && !port_cmp(next, p->part, addr) ? next : NULL;
}

/**
 * xtcp_port_next - the next port of what xtcp_port_first() found the first of
 * @p: a port, its bucket locked
 * @addr: as for xtcp_port_first()
 *
 * Return: it, NULL: there is none.
 */
struct xtcp_port *xtcp_port_next(const struct xtcp_port *p, const struct in6_addr *addr)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	lockdep_assert_held(&xtcp_port_bucket(p)->lock);
	return next_of(p, addr);
}

static void enter(struct xtcp_port_bucket *b, struct xtcp_port *fresh,
		  const struct xtcp_port_gap *gap)
	__must_hold(&b->lock)
{
	lockdep_assert_held(&b->lock);
	rb_link_node(&fresh->node, gap->parent, gap->link);
	rb_insert_color(&fresh->node, &b->ports);
}

/* Somebody has bound @p: it goes where those are. */
static noinline void move_to_bound(struct xtcp_port *p)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	struct xtcp_port_bucket *b = xtcp_port_bucket(p);
	struct xtcp_port_gap gap;

	lockdep_assert_held(&b->lock);
	rb_erase(&p->node, &b->ports);
	p->part &= ~XTCP_PORT_AUTO_ONLY;
	xtcp_port_first(b, p, false, &p->place.addr, &gap);
	enter(b, p, &gap);
	b->bound++;
}

/**
 * xtcp_port_is_bound - somebody asked for a port: connect() does not choose it any more
 * @p: the port, in its bucket, which is locked
 */
void xtcp_port_is_bound(struct xtcp_port *p)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	if (unlikely(p->part & XTCP_PORT_AUTO_ONLY))
		move_to_bound(p);
}

/**
 * xtcp_port_insert - enter a port into its bucket with its first owner
 * @fresh: from xtcp_port_alloc(), its number set, reserved
 * @b: the bucket, locked
 * @c: the owner
 * @gap: where it comes, from the search that found that it may: the bucket has been locked
 *	 since
 */
void xtcp_port_insert(struct xtcp_port *fresh, struct xtcp_port_bucket *b,
		      const struct xtcp_claim *c, const struct xtcp_port_gap *gap)
	__must_hold(&b->lock)
{
	bool auto_only = fresh->part & XTCP_PORT_AUTO_ONLY;

	lockdep_assert_held(&b->lock);

	fresh->common = common_of(xtcp_to_sk(c->xs));
	fresh->fast = auto_only ? 0 : fresh->common;
	fresh->uid = c->uid;
	refcount_set(&fresh->refs, 1);
	if (auto_only)
		b->unbound = 1;
	else
		b->bound++;
	if (xtcp_addr_any(&fresh->place.addr))
		b->wildcard = 1;
	if (fresh->place.l3mdev)
		b->vrf = 1;
	enter(b, fresh, gap);
}

/**
 * struct search - for what overlaps a place that is wanted
 * @fresh: it
 * @c: who wants it
 * @enough: see enough_for()
 * @same: the port that is the very same
 * @found: what else there is to say
 */
struct search {
	const struct xtcp_port	*fresh;
	const struct xtcp_claim	*c;
	u8			enough;
	struct xtcp_port	*same;
	struct xtcp_found	*found;
};

/* Those that nobody bound, or the others. */
static bool search_part(struct search *s, struct xtcp_port_bucket *b,
			const struct in6_addr *addr, bool auto_only)
	__must_hold(&b->lock)
{
	bool there = addr == &s->fresh->place.addr &&
		     auto_only == (s->fresh->part & XTCP_PORT_AUTO_ONLY);
	struct xtcp_port *p = xtcp_port_first(b, s->fresh, auto_only, addr,
					      there ? &s->found->gap : NULL);

	for (; p; p = next_of(p, addr)) {
		if (!xtcp_port_overlap(p, s->fresh))
			continue;
		if (!joins_all(p, s->c, s->enough) && port_conflict(p, s->c))
			return false;
		if (xtcp_port_same(p, s->fresh))
			s->same = p;
		else
			s->found->beside = true;
	}
	return true;
}

/* Return: false: an owner of a port at @addr stands in the way. */
static bool search_at(struct search *s, struct xtcp_port_bucket *b,
		      const struct in6_addr *addr)
	__must_hold(&b->lock)
{
	return search_part(s, b, addr, false) &&
	       (!b->unbound || search_part(s, b, addr, true));
}

static bool search_all_of(struct search *s, struct xtcp_port_bucket *b, bool auto_only)
	__must_hold(&b->lock)
{
	struct xtcp_port *p = xtcp_port_first(b, s->fresh, auto_only, NULL, NULL);

	/* to whom they are beside is looked at when the kernel is asked */
	s->found->beside |= !!p;
	for (; p; p = next_of(p, NULL)) {
		if (!joins_all(p, s->c, s->enough) && xtcp_port_overlap(p, s->fresh) &&
		    port_conflict(p, s->c))
			return false;
	}
	return true;
}

/*
 * The same at all addresses, with little work for each: a user chooses how many there
 * are.
 */
static bool search_wildcard(struct search *s, struct xtcp_port_bucket *b)
	__must_hold(&b->lock)
{
	return search_all_of(s, b, false) &&
	       (!b->unbound || search_all_of(s, b, true)) &&
	       search_at(s, b, &s->fresh->place.addr);
}

/* What overlaps an address is at it or at a wildcard, and with a wildcard all may. */
static bool search_all(struct search *s, struct xtcp_port_bucket *b)
	__must_hold(&b->lock)
{
	const struct in6_addr *addr = &s->fresh->place.addr;
	struct in6_addr any4;

	if (xtcp_addr_any(addr))
		return search_wildcard(s, b);
	if (!search_at(s, b, addr))
		return false;
	if (!b->wildcard)
		return true;
	xtcp_addr_set4(&any4, 0);
	return search_at(s, b, &any4) && search_at(s, b, &in6addr_any);
}

/**
 * xtcp_port_find - find what stands where somebody wants to be
 * @b: bucket of the number that is wanted, locked
 * @fresh: the place that is wanted
 * @c: who wants it
 * @found: out
 *
 * Return: the port that is the very same, NULL if there is none, or
 * ERR_PTR(-EADDRINUSE) if @c conflicts with an owner of what overlaps.
 */
struct xtcp_port *xtcp_port_find(struct xtcp_port_bucket *b, const struct xtcp_port *fresh,
				 const struct xtcp_claim *c, struct xtcp_found *found)
	__must_hold(&b->lock)
{
	struct search s = {
		.fresh = fresh, .c = c, .enough = enough_for(c), .found = found,
	};

	lockdep_assert_held(&b->lock);
	/* the kernel's l3mdev_accept may be another than ours */
	found->beside = b->vrf;
	if (!search_all(&s, b))
		return ERR_PTR(-EADDRINUSE);
	return s.same;
}

static bool is_at(const struct rb_node *node, const struct in6_addr *addr)
{
	const struct xtcp_port *p = rb_entry_safe(node, struct xtcp_port, node);

	return p && ipv6_addr_equal(&p->place.addr, addr);
}

/**
 * xtcp_port_is_alone - has a port's owner nobody beside it?
 * @p: the port, in its bucket, which is locked
 *
 * Return: true: no search would find another owner; false: it might.
 */
bool xtcp_port_is_alone(const struct xtcp_port *p)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	const struct xtcp_port_bucket *b = xtcp_port_bucket(p);
	const struct rb_node *node = &p->node;

	lockdep_assert_held(&b->lock);
	if (refcount_read(&p->refs) != 1)
		return false;
	if (b->ports.rb_node == node && !node->rb_left && !node->rb_right)
		return true;
	return !b->wildcard && !b->unbound && !is_at(rb_prev(node), &p->place.addr) &&
	       !is_at(rb_next(node), &p->place.addr);
}

/**
 * xtcp_port_set_num - a socket has a port number, or none any more
 * @xs: the socket, locked
 * @num: the number, host order; 0: none
 */
void xtcp_port_set_num(struct xtcp_sock *xs, u16 num)
{
	xtcp_assert_locked(xtcp_to_sk(xs));
	xs->inet.inet_num = num;
	xs->inet.inet_sport = htons(num);
	xs->flow.key.lport = htons(num);
}

/**
 * xtcp_port_set_listed - turn a binder into a connection, or the other way
 * @xs: the socket, locked; it owns its port
 * @list: one of the port's lists of binders; NULL for a connection
 *
 * Context: bucket locked.
 */
void xtcp_port_set_listed(struct xtcp_sock *xs, struct hlist_head *list)
	__must_hold(&xtcp_port_bucket(xs->port)->lock)
{
	struct hlist_node *node = &xtcp_to_sk(xs)->sk_bind_node;
	struct xtcp_port *p = xs->port;

	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	if (!hlist_unhashed(node)) {
		hlist_del_init(node);
		p->listed--;
	}
	if (list) {
		hlist_add_head(node, list);
		p->listed++;
	}
}

/**
 * xtcp_port_inherit - a new connection holds its listener's address and port
 * @child: connection; its xtcp_sock.port and sk_bind_node are garbage (a copy)
 * @listener: its listener, which is bound
 *
 * Context: softirq or process, both sockets locked.
 */
void xtcp_port_inherit(struct xtcp_sock *child, struct xtcp_sock *listener)
{
	struct xtcp_port *p = listener->port;
	u8 common = common_of(xtcp_to_sk(child));

	xtcp_assert_locked(xtcp_to_sk(child));
	INIT_HLIST_NODE(&xtcp_to_sk(child)->sk_bind_node);
	refcount_inc(&p->refs);
	child->port = p;
	if (unlikely(READ_ONCE(p->common) & ~common)) {
		spin_lock_bh(&xtcp_port_bucket(p)->lock);
		keep_common(p, common);
		spin_unlock_bh(&xtcp_port_bucket(p)->lock);
	}
}

/**
 * xtcp_port_unbind - a socket lets go of its address and port
 * @xs: socket; nothing happens if it is not bound
 *
 * Clears inet_num, like inet_put_port().  The port in the flow's key stays.
 *
 * Context: process or softirq, socket locked or not to be found any more.
 */
void xtcp_port_unbind(struct xtcp_sock *xs)
{
	struct xtcp_port *p = xs->port;

	if (!p)
		return;
	if (!hlist_unhashed(&xtcp_to_sk(xs)->sk_bind_node)) {
		spin_lock_bh(&xtcp_port_bucket(p)->lock);
		xtcp_port_set_listed(xs, NULL);
		spin_unlock_bh(&xtcp_port_bucket(p)->lock);
	}
	xs->port = NULL;
	xs->inet.inet_num = 0;
	xtcp_port_release(p);
}

/**
 * xtcp_port_held - may a segment to this port be for one of ours?
 * @net: its namespace
 * @port: the port, network order
 *
 * Whatever can own a segment, a listener, connection, SYN_RECV or TIME_WAIT
 * entry, has a port in the table for as long as it can be found. So one load
 * spares the segments of the kernel's TCP the two look-ups that would miss.
 *
 * Context: any.
 *
 * Return: false when none can; true when one may.
 */
bool xtcp_port_held(const struct net *net, __be16 port)
{
	return READ_ONCE(xtcp_port_bucket_of(net, ntohs(port))->ports.rb_node);
}

/**
 * xtcp_port_get - hold an address and port for a TIME_WAIT entry
 * @port: what the connection holds that the entry comes from
 *
 * Context: any but hardirq; the connection still holds it.
 *
 * Return: @port, for xtcp_port_put().
 */
struct xtcp_port *xtcp_port_get(struct xtcp_port *port)
{
	refcount_inc(&port->refs);
	atomic_inc(&port->timewaits);
	return port;
}

/**
 * xtcp_port_put - TIME_WAIT entries let go of their addresses and ports
 * @ports: of each, from xtcp_port_get(); garbage after this
 * @n: how many
 *
 * Context: process or softirq.
 */
void xtcp_port_put(struct xtcp_port **ports, unsigned int n)
{
	unsigned int i, gone = 0;

	local_bh_disable();
	for (i = 0; i < n; i++) {
		atomic_dec(&ports[i]->timewaits);
		if (give_back(ports[i]))
			ports[gone++] = ports[i];
	}
	local_bh_enable();
	if (gone)
		kmem_cache_free_bulk(port_cache, gone, (void **)ports);
}

/**
 * xtcp_port_init - set up the table of ports
 *
 * To be called before namespaces begin: sockets need it.
 *
 * Return: 0 or a negative errno.
 */
int xtcp_port_init(void)
{
	int err = -ENOMEM;
	int i;

	buckets = kvmalloc_array(PORT_BUCKETS, sizeof(*buckets), GFP_KERNEL);
	port_cache = KMEM_CACHE(xtcp_port, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	if (!buckets || !port_cache)
		goto free;
	for (i = 0; i < PORT_BUCKETS; i++) {
		spin_lock_init(&buckets[i].lock);
		buckets[i].bound = 0;
		buckets[i].wildcard = 0;
		buckets[i].vrf = 0;
		buckets[i].unbound = 0;
		buckets[i].ports = RB_ROOT;
	}

	err = xtcp_reserve_init();
	if (err)
		goto free;
	return 0;

free:
	kmem_cache_destroy(port_cache);
	kvfree(buckets);
	return err;
}

/**
 * xtcp_port_exit - take the table of ports down
 *
 * To be called when namespaces have ended: every owner is gone.
 */
void xtcp_port_exit(void)
{
	xtcp_reserve_exit();
	kmem_cache_destroy(port_cache);
	kvfree(buckets);
}
