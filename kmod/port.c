// SPDX-License-Identifier: GPL-2.0
/*
 * Local addresses and ports: who may bind what.
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
 * So bind() takes time with the number of binders and of distinct addresses on
 * one port, and not with that of connections.
 *
 * The rules are those of Linux (inet_csk_bind_conflict), between sockets whose
 * addresses overlap and that no device or VRF keeps apart:
 * - both have SO_REUSEADDR, and the one that is there does not listen: fine;
 * - both have SO_REUSEPORT and the same user (of a TIME_WAIT entry the user
 *   does not matter): fine;
 * - otherwise EADDRINUSE.
 * Three things differ, each towards EADDRINUSE: connections of a wildcard
 * listener keep holding the wildcard; so does a socket that was bound to the
 * wildcard and then connected; and the options of connections are those that
 * they had when they began.
 *
 * connect() without bind() picks a port the way of RFC 6056 3.3.4, as Linux
 * does.  Ports that such connections hold may be shared by more of them, since
 * what has to be unique is the pair of addresses and ports, in the connection
 * table; a port that somebody bound is left alone.  Ports that are held already
 * are not sought out, though that would save reservations: a peer that sees
 * one of our connections could then guess the port of the next one to somebody
 * else, and a loop of connections to one peer would come back to a port while
 * the peer still has it in TIME_WAIT.
 *
 * Table: ports, hashed by namespace and number.  Each bucket has a lock for its
 * chain, for all fields of the ports in it but the two counters, and for
 * xtcp_sock.port_node.  It is held from the check against our own sockets to
 * the end of the reservation, so that each pair of conflicting bind() calls has
 * one winner.
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
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/ip.h>
#include <net/netns/hash.h>

#include "compat.h"
#include "flow.h"
#include "port.h"
#include "reserve.h"
#include "table.h"
#include "timewait.h"

/* Hash buckets; with every ephemeral port in use, four ports in each. */
#define PORT_BUCKETS		8192
/* RFC 6056 3.3.4: TABLE_LENGTH.  Small tables were shown to leak. */
#define PERTURB_SIZE		65536
/* How long the offset into the ephemeral ports stays the same for a peer. */
#define OFFSET_PERIOD		(10 * HZ)

/* What all owners so far had, struct xtcp_port.common. */
#define COMMON_REUSE		0x1	/* SO_REUSEADDR */
#define COMMON_GROUP		0x2	/* SO_REUSEPORT, and the same user */

/**
 * struct xtcp_port - a local address and port that is held
 * @node: link in the bucket
 * @net: namespace
 * @place: address, device, VRF
 * @num: port
 * @auto_only: connect() chose it and nobody bound it
 * @common: COMMON_*
 * @uid: user, while COMMON_GROUP
 * @refs: owners
 * @timewaits: owners that are TIME_WAIT entries
 * @listed: owners in @bound and @listening
 * @bound: sockets that are bound (xtcp_sock.port_node)
 * @listening: sockets that listen (xtcp_sock.port_node)
 * @rsv: keeps the kernel's TCP away
 */
struct xtcp_port {
	struct hlist_node	node;
	struct net		*net;
	struct xtcp_place	place;
	u16			num;
	bool			auto_only;
	u8			common;
	kuid_t			uid;
	refcount_t		refs;
	atomic_t		timewaits;
	unsigned int		listed;
	struct hlist_head	bound;
	struct hlist_head	listening;
	struct inet_timewait_sock rsv;
};

/**
 * struct claim - somebody who wants an address and port
 * @xs: the socket
 * @uid: its user
 * @reuse: it has SO_REUSEADDR
 * @group: it has SO_REUSEPORT
 * @share: SO_REUSEADDR counts: a certain port, or the second search for any
 * @join: SO_REUSEPORT counts: a certain port
 */
struct claim {
	struct xtcp_sock	*xs;
	kuid_t			uid;
	bool			reuse;
	bool			group;
	bool			share;
	bool			join;
};

/**
 * struct port_bucket - ports with the same hash
 * @lock: see the head of this file
 * @ports: them (xtcp_port.node)
 */
struct port_bucket {
	spinlock_t		lock;
	struct hlist_head	ports;
};

static struct port_bucket *port_buckets __read_mostly;
static struct kmem_cache *port_cache __read_mostly;
static u32 *perturb __read_mostly;
static siphash_key_t offset_key __read_mostly;

static struct port_bucket *bucket_of(const struct net *net, u16 num)
{
	return &port_buckets[(num + net_hash_mix(net)) % PORT_BUCKETS];
}

static struct port_bucket *port_bucket(const struct xtcp_port *p)
{
	return bucket_of(p->net, p->num);
}

static u8 common_of(const struct sock *sk)
{
	return (sk->sk_reuse ? COMMON_REUSE : 0) |
	       (sk->sk_reuseport ? COMMON_GROUP : 0);
}

static struct claim claim_of(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);

	return (struct claim) {
		.xs	= xs,
		.uid	= sk_uid(sk),
		.reuse	= sk->sk_reuse,
		.group	= sk->sk_reuseport,
		.share	= true,
		.join	= true,
	};
}

/* A port that nobody owns and that is in no table. */
static struct xtcp_port *port_alloc(struct sock *sk, const struct in6_addr *addr)
{
	struct xtcp_port *p;

	p = kmem_cache_zalloc(port_cache, GFP_KERNEL);
	if (!p)
		return NULL;
	p->net = sock_net(sk);
	p->place.addr = *addr;
	p->place.dev = sk->sk_bound_dev_if;
	p->place.l3mdev = inet_sk_bound_l3mdev(sk);
	p->place.v6only = ipv6_only_sock(sk);
	return p;
}

static void port_free(struct xtcp_port *p)
{
	if (p)
		kmem_cache_free(port_cache, p);
}

/* Give up one reference; the last one gives the port back. */
static void port_release(struct xtcp_port *p)
{
	struct port_bucket *b = port_bucket(p);

	if (refcount_dec_not_one(&p->refs))
		return;
	spin_lock_bh(&b->lock);
	if (refcount_dec_and_test(&p->refs)) {
		hlist_del(&p->node);
		xtcp_reserve_drop(&p->rsv);
	} else {
		p = NULL;
	}
	spin_unlock_bh(&b->lock);
	port_free(p);
}

/* Whether @a and @b, on the same port number, may hold the same packets. */
static bool port_overlap(const struct xtcp_port *a, const struct xtcp_port *b)
{
	return a->net == b->net && xtcp_place_overlap(&a->place, &b->place);
}

static bool port_same(const struct xtcp_port *a, const struct xtcp_port *b)
{
	return a->place.dev == b->place.dev &&
	       a->place.v6only == b->place.v6only &&
	       ipv6_addr_equal(&a->place.addr, &b->place.addr);
}

/* Whether an owner with these properties stands in the way of @c. */
static bool owner_conflict(const struct claim *c, bool reuse, bool group,
			   bool listening, bool same_user)
{
	bool grouped = c->group && group && same_user;

	if (c->reuse && reuse && !listening)
		return !c->share || (grouped && !c->join);
	return !grouped || !c->join;
}

static bool binders_conflict(const struct claim *c, const struct hlist_head *list,
			     bool listening)
{
	struct xtcp_sock *other;

	hlist_for_each_entry(other, list, port_node) {
		struct sock *sk = xtcp_to_sk(other);

		if (other != c->xs &&
		    owner_conflict(c, sk->sk_reuse, sk->sk_reuseport, listening,
				   uid_eq(c->uid, sk_uid(sk))))
			return true;
	}
	return false;
}

/* Whether an owner of @p stands in the way of @c, whose place overlaps. */
static bool port_conflict(const struct xtcp_port *p, const struct claim *c)
{
	unsigned int timewaits = atomic_read(&p->timewaits);
	unsigned int counted = refcount_read(&p->refs) - p->listed;

	lockdep_assert_held(&port_bucket(p)->lock);

	if (c->xs->port == p && hlist_unhashed(&c->xs->port_node))
		counted--;
	if (counted &&
	    owner_conflict(c, p->common & COMMON_REUSE,
			   p->common & COMMON_GROUP, false,
			   counted == timewaits || uid_eq(c->uid, p->uid)))
		return true;
	return binders_conflict(c, &p->listening, true) ||
	       binders_conflict(c, &p->bound, false);
}

/* Remember what a new owner does not have in common with the others. */
static void port_account(struct xtcp_port *p, const struct claim *c)
{
	u8 common = common_of(xtcp_to_sk(c->xs));

	lockdep_assert_held(&port_bucket(p)->lock);

	if (!uid_eq(p->uid, c->uid))
		common &= ~COMMON_GROUP;
	p->common &= common;
}

/* Enter @fresh into its bucket with its first owner. */
static void port_insert(struct xtcp_port *fresh, struct port_bucket *b,
			const struct claim *c)
{
	lockdep_assert_held(&b->lock);

	fresh->common = common_of(xtcp_to_sk(c->xs));
	fresh->uid = c->uid;
	refcount_set(&fresh->refs, 1);
	hlist_add_head(&fresh->node, &b->ports);
}

/*
 * Find what stands where @fresh wants to be, on port @num.  Returns the port
 * that is the very same, NULL if there is none, or an error if @c conflicts
 * with an owner.  @beside: there are others that overlap.
 */
static struct xtcp_port *port_find(struct port_bucket *b,
				   const struct xtcp_port *fresh, u16 num,
				   const struct claim *c, bool *beside)
{
	struct xtcp_port *same = NULL;
	struct xtcp_port *p;

	lockdep_assert_held(&b->lock);

	*beside = false;
	hlist_for_each_entry(p, &b->ports, node) {
		if (p->num != num || !port_overlap(p, fresh))
			continue;
		if (port_conflict(p, c))
			return ERR_PTR(-EADDRINUSE);
		if (port_same(p, fresh))
			same = p;
		else
			*beside = true;
	}
	return same;
}

/* What a reservation for @c may share the port with. */
static unsigned int reserve_beside(const struct claim *c, bool ours)
{
	return (ours ? XTCP_BESIDE_OURS : 0) |
	       (c->share && c->reuse ? XTCP_BESIDE_TW_REUSE : 0) |
	       (c->join && c->group ? XTCP_BESIDE_TW_GROUP : 0);
}

/*
 * Bind to port @num, if that is possible.  Uses up *@fresh, or not: then the
 * caller may try another port with it.
 */
static int bind_one(const struct claim *c, struct xtcp_port **fresh, u16 num)
{
	struct port_bucket *b = bucket_of((*fresh)->net, num);
	struct xtcp_sock *xs = c->xs;
	struct xtcp_port *p;
	bool beside;
	int err = 0;

	spin_lock_bh(&b->lock);
	p = port_find(b, *fresh, num, c, &beside);
	if (IS_ERR(p)) {
		err = PTR_ERR(p);
		goto unlock;
	}
	if (p) {
		refcount_inc(&p->refs);
		port_account(p, c);
		p->auto_only = false;
	} else {
		p = *fresh;
		err = xtcp_reserve_take(&p->rsv, p->net, &p->place, num,
					reserve_beside(c, beside));
		if (err)
			goto unlock;
		p->num = num;
		port_insert(p, b, c);
		*fresh = NULL;
	}
	hlist_add_head(&xs->port_node, &p->bound);
	p->listed++;
	xs->port = p;
unlock:
	spin_unlock_bh(&b->lock);
	return err;
}

/* Try the @n ports from @low in random order, those of @low's parity last:
 * connect() prefers them.
 */
static int bind_range(const struct claim *c, struct xtcp_port **fresh,
		      u32 low, u32 n)
{
	struct net *net = (*fresh)->net;
	u32 start, i;
	u16 num;
	int odd;

	if (n > 1)
		n &= ~1U;
	start = reciprocal_scale(get_random_u32(), n) & ~1U;
	for (odd = 1; odd >= 0; odd--) {
		for (i = odd; i < n + odd; i += 2) {
			num = low + (start + i) % n;
			if (inet_is_local_reserved_port(net, num))
				continue;
			if (!bind_one(c, fresh, num))
				return num;
			cond_resched();
		}
	}
	return -EADDRINUSE;
}

/* Bind to any port.  With SO_REUSEADDR the lower half of the range first, to
 * leave the upper half to those without.
 */
static int bind_any(struct claim *c, struct xtcp_port **fresh)
{
	struct sock *sk = xtcp_to_sk(c->xs);
	int low, high;
	int num;
	u32 n, lower;

	inet_sk_get_local_port_range(sk, &low, &high);
	n = high - low + 1;
	lower = sk->sk_reuse == SK_CAN_REUSE && n >= 4 ? n / 4 * 2 : 0;

	/* First a port to itself; then, if the administrator lets us, one that
	 * SO_REUSEADDR allows it to share.
	 */
	c->join = false;
	c->share = false;
	do {
		num = lower ? bind_range(c, fresh, low, lower) : -EADDRINUSE;
		if (num < 0)
			num = bind_range(c, fresh, low + lower, n - lower);
		if (num >= 0 || c->share)
			break;
		c->share = c->reuse &&
			   READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_autobind_reuse);
	} while (c->share);
	return num;
}

static void set_num(struct xtcp_sock *xs, u16 num)
{
	xs->inet.inet_num = num;
	xs->inet.inet_sport = htons(num);
	xs->flow.key.lport = htons(num);
}

/**
 * xtcp_port_bind - bind a socket to a local address and port
 * @xs: socket, not bound
 * @addr: address, IPv4 mapped; a wildcard is ::ffff:0.0.0.0 for IPv4 and :: for
 *	  IPv6 (for both, unless the socket has IPV6_V6ONLY)
 * @port: port, host byte order; 0: any ephemeral one
 *
 * Sets inet_num, inet_sport and the port in the flow's key.  The addresses, and
 * whether the caller may have them, are the caller's affair.
 *
 * Context: process, socket locked; may sleep.
 *
 * Return: 0; -EADDRINUSE if one of our sockets or of the kernel's has it, or
 * there is no ephemeral port left; -ENOMEM.
 */
int xtcp_port_bind(struct xtcp_sock *xs, const struct in6_addr *addr, u16 port)
{
	struct sock *sk = xtcp_to_sk(xs);
	struct claim c = claim_of(xs);
	struct xtcp_port *fresh;
	int num;

	sock_owned_by_me(sk);
	if (WARN_ON_ONCE(xs->port))
		return -EINVAL;

	fresh = port_alloc(sk, addr);
	if (!fresh)
		return -ENOMEM;
	if (port)
		num = bind_one(&c, &fresh, port) ?: port;
	else
		num = bind_any(&c, &fresh);
	port_free(fresh);
	if (num < 0)
		return num;

	set_num(xs, num);
	return 0;
}

/* Where a socket is that has not been bound. */
static void local_addr(const struct sock *sk, struct in6_addr *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		*addr = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	xtcp_addr_set4(addr, sk->sk_rcv_saddr);
}

/* Turn a binder into a connection, or a connection into a binder. */
static void set_listed(struct xtcp_sock *xs, struct hlist_head *list)
{
	struct xtcp_port *p = xs->port;

	lockdep_assert_held(&port_bucket(p)->lock);

	if (!hlist_unhashed(&xs->port_node)) {
		hlist_del_init(&xs->port_node);
		p->listed--;
	}
	if (list) {
		hlist_add_head(&xs->port_node, list);
		p->listed++;
	}
}

/**
 * xtcp_port_listen - make sure that a socket may listen where it is bound
 * @xs: socket; bound to an ephemeral port if it is not bound yet
 *
 * Two sockets with SO_REUSEADDR may be bound to the same port, but only one of
 * them may listen.  Undone by xtcp_port_unlisten() or xtcp_port_unbind().
 *
 * Context: process, socket locked; may sleep.
 *
 * Return: 0, -EADDRINUSE, -ENOMEM.
 */
int xtcp_port_listen(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);
	struct claim c = claim_of(xs);
	struct in6_addr addr;
	struct xtcp_port *p;
	bool beside;
	int err;

	sock_owned_by_me(sk);
	if (!xs->port) {
		local_addr(sk, &addr);
		err = xtcp_port_bind(xs, &addr, 0);
		if (err)
			return err;
	}

	spin_lock_bh(&port_bucket(xs->port)->lock);
	p = port_find(port_bucket(xs->port), xs->port, xs->port->num, &c,
		      &beside);
	if (!IS_ERR(p)) {
		port_account(p, &c);
		p->auto_only = false;
		set_listed(xs, &p->listening);
	}
	spin_unlock_bh(&port_bucket(xs->port)->lock);
	return PTR_ERR_OR_ZERO(p);
}

/**
 * xtcp_port_unlisten - a socket stops listening, and stays bound
 * @xs: socket, after xtcp_port_listen(); nothing happens if it is not bound
 *	any more
 *
 * Context: process or softirq, socket locked.
 */
void xtcp_port_unlisten(struct xtcp_sock *xs)
{
	struct port_bucket *b;

	if (!xs->port)
		return;
	b = port_bucket(xs->port);
	spin_lock_bh(&b->lock);
	set_listed(xs, &xs->port->bound);
	spin_unlock_bh(&b->lock);
}

/* Make the pair of addresses and ports ours, if need be from a TIME_WAIT entry. */
static int claim_tuple(struct xtcp_sock *xs, bool bound)
{
	int err = xtcp_flow_insert(&xs->flow);

	return err == -EEXIST && xtcp_tw_take_over(xs, bound) ? 0 : err;
}

/* connect() after bind(): the socket becomes one of the port's connections. */
static int connect_bound(struct xtcp_sock *xs)
{
	struct port_bucket *b = port_bucket(xs->port);
	int err;

	err = claim_tuple(xs, true);
	if (err)
		return err == -EEXIST ? -EADDRNOTAVAIL : err;

	spin_lock_bh(&b->lock);
	set_listed(xs, NULL);
	spin_unlock_bh(&b->lock);
	return 0;
}

/*
 * Connect from port @num, if that is possible.  Uses up *@fresh, or not: then
 * the caller may try another port with it.  -EEXIST: this port will not do.
 */
static int connect_one(const struct claim *c, struct xtcp_port **fresh, u16 num)
{
	struct port_bucket *b = bucket_of((*fresh)->net, num);
	struct xtcp_sock *xs = c->xs;
	struct xtcp_port *same = NULL;
	struct xtcp_port *p;
	int err;

	spin_lock_bh(&b->lock);
	hlist_for_each_entry(p, &b->ports, node) {
		if (p->num != num || !port_overlap(p, *fresh))
			continue;
		if (!p->auto_only || !port_same(p, *fresh))
			goto unlock;
		same = p;
	}
	p = same;
	if (p) {
		refcount_inc(&p->refs);
		port_account(p, c);
	} else {
		p = *fresh;
		if (xtcp_reserve_take(&p->rsv, p->net, &p->place, num, 0))
			goto unlock;
		p->num = num;
		p->auto_only = true;
		port_insert(p, b, c);
		*fresh = NULL;
	}
	spin_unlock_bh(&b->lock);

	xs->port = p;
	set_num(xs, num);
	err = claim_tuple(xs, false);
	if (err) {
		xs->port = NULL;
		set_num(xs, 0);
		port_release(p);
	}
	return err;

unlock:
	spin_unlock_bh(&b->lock);
	return -EEXIST;
}

/* RFC 6056 3.3.4: F() and G() in one, from the connection's other three parts
 * and a secret.
 */
static u64 port_offset(const struct xtcp_key *key)
{
	const struct {
		struct in6_addr	laddr;
		struct in6_addr	raddr;
		u32		net;
		u32		period;
		u64		rport;
	} __aligned(SIPHASH_ALIGNMENT) in = {
		.laddr	= key->laddr,
		.raddr	= key->raddr,
		.net	= net_hash_mix(key->xn->net),
		.period	= jiffies / OFFSET_PERIOD,
		.rport	= (__force u16)key->rport,
	};

	return siphash(&in, sizeof(in), &offset_key);
}

/*
 * connect() without bind().  As Linux: ports of the low end's parity first,
 * since bind() prefers the others, unless the socket has a range of its own
 * (IP_LOCAL_PORT_RANGE).
 */
static int connect_any(const struct claim *c, struct xtcp_port **fresh)
{
	struct sock *sk = xtcp_to_sk(c->xs);
	u64 offset = port_offset(&c->xs->flow.key);
	u32 *shift = &perturb[offset % PERTURB_SIZE];
	int low, high, all_low, all_high;
	u32 n, start, step, first, i;
	u16 num;
	int err;

	inet_sk_get_local_port_range(sk, &low, &high);
	inet_get_local_port_range(sock_net(sk), &all_low, &all_high);
	step = low == all_low && high == all_high ? 2 : 1;
	n = high - low + 1;
	if (n == 1)
		step = 1;
	n -= n % step;
	start = ((offset >> 32) + READ_ONCE(*shift)) % n;
	start -= start % step;

	for (first = 0; first < step; first++) {
		for (i = 0; i < n; i += step) {
			num = low + (start + first + i) % n;
			if (inet_is_local_reserved_port(sock_net(sk), num))
				continue;
			err = connect_one(c, fresh, num);
			if (!err) {
				/* A little randomness while there are plenty. */
				i = max(i, (get_random_u32() & 7) * step);
				WRITE_ONCE(*shift, READ_ONCE(*shift) + i + step);
				return 0;
			}
			if (err != -EEXIST)
				return err;
			/* A port that was ours alone went with the attempt. */
			if (!*fresh)
				*fresh = port_alloc(sk, &c->xs->flow.key.laddr);
			if (!*fresh)
				return -ENOMEM;
			cond_resched();
		}
	}
	return -EADDRNOTAVAIL;
}

/**
 * xtcp_port_connect - give a connection its local port and enter it in the table
 * @xs: socket; in the key of its flow everything is set, but for the local port
 *	of one that is not bound
 *
 * If the socket was not bound, sets inet_num, inet_sport and the port in the
 * flow's key, and leaves them 0 on error.
 *
 * Context: process, socket locked; may sleep.
 *
 * Return: 0; -EADDRNOTAVAIL if no port is left, or the bound one has a
 * connection to that peer; -ENOMEM, or another error of xtcp_flow_insert().
 */
int xtcp_port_connect(struct xtcp_sock *xs)
{
	struct sock *sk = xtcp_to_sk(xs);
	struct claim c = claim_of(xs);
	struct xtcp_port *fresh;
	int err;

	sock_owned_by_me(sk);
	if (xs->port)
		return connect_bound(xs);

	fresh = port_alloc(sk, &xs->flow.key.laddr);
	if (!fresh)
		return -ENOMEM;
	err = connect_any(&c, &fresh);
	port_free(fresh);
	return err;
}

/**
 * xtcp_port_inherit - a new connection holds its listener's address and port
 * @child: connection; its xtcp_sock.port and port_node are garbage (a copy)
 * @listener: its listener, which is bound
 *
 * Context: softirq or process, both sockets locked.
 */
void xtcp_port_inherit(struct xtcp_sock *child, struct xtcp_sock *listener)
{
	struct xtcp_port *p = listener->port;
	u8 common = common_of(xtcp_to_sk(child));

	INIT_HLIST_NODE(&child->port_node);
	refcount_inc(&p->refs);
	child->port = p;
	if (unlikely(READ_ONCE(p->common) & ~common)) {
		spin_lock_bh(&port_bucket(p)->lock);
		p->common &= common;
		spin_unlock_bh(&port_bucket(p)->lock);
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
	if (!hlist_unhashed(&xs->port_node)) {
		spin_lock_bh(&port_bucket(p)->lock);
		set_listed(xs, NULL);
		spin_unlock_bh(&port_bucket(p)->lock);
	}
	xs->port = NULL;
	xs->inet.inet_num = 0;
	port_release(p);
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
	return !hlist_empty(&bucket_of(net, ntohs(port))->ports);
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
 * xtcp_port_put - a TIME_WAIT entry lets go of its address and port
 * @port: from xtcp_port_get()
 *
 * Context: process or softirq.
 */
void xtcp_port_put(struct xtcp_port *port)
{
	atomic_dec(&port->timewaits);
	port_release(port);
}

/**
 * xtcp_port_init - set up the table of ports
 *
 * To be called before xtcp_netns_init(): sockets need it.
 *
 * Return: 0 or a negative errno.
 */
int xtcp_port_init(void)
{
	int err = -ENOMEM;
	int i;

	port_buckets = kvmalloc_array(PORT_BUCKETS, sizeof(*port_buckets),
				      GFP_KERNEL);
	perturb = kvmalloc_array(PERTURB_SIZE, sizeof(*perturb), GFP_KERNEL);
	port_cache = KMEM_CACHE(xtcp_port, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	if (!port_buckets || !perturb || !port_cache)
		goto free;

	for (i = 0; i < PORT_BUCKETS; i++) {
		spin_lock_init(&port_buckets[i].lock);
		INIT_HLIST_HEAD(&port_buckets[i].ports);
	}
	get_random_bytes(perturb, PERTURB_SIZE * sizeof(*perturb));
	get_random_bytes(&offset_key, sizeof(offset_key));

	err = xtcp_reserve_init();
	if (err)
		goto free;
	return 0;

free:
	kmem_cache_destroy(port_cache);
	kvfree(perturb);
	kvfree(port_buckets);
	return err;
}

/**
 * xtcp_port_exit - take the table of ports down
 *
 * To be called after xtcp_netns_exit(): every owner is gone.
 */
void xtcp_port_exit(void)
{
	xtcp_reserve_exit();
	kmem_cache_destroy(port_cache);
	kvfree(perturb);
	kvfree(port_buckets);
}
