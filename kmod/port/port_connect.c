// SPDX-License-Identifier: GPL-2.0
/*
 * connect(): the local port of a connection.
 *
 * connect() without bind() picks a port the way of RFC 6056 3.3.4, as Linux
 * does.  Ports that such connections hold may be shared by more of them, since
 * what has to be unique is the pair of addresses and ports, in the connection
 * table; a port that somebody bound is left alone, whatever the address.  Ports
 * that are held already are not sought out, though that would save reservations:
 * a peer that sees one of our connections could then guess the port of the next
 * one to somebody else, and a loop of connections to one peer would come back to
 * a port while the peer still has it in TIME_WAIT.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <net/ip.h>
#include <net/l3mdev.h>
#include <net/netns/hash.h>

#include "flow.h"
#include "port/port_table.h"
#include "table.h"
#include "timewait.h"

/* RFC 6056 3.3.4: TABLE_LENGTH.  Small tables were shown to leak. */
#define PERTURB_SIZE		65536
/* How long the offset into the ephemeral ports stays the same for a peer. */
#define OFFSET_PERIOD		(10 * HZ)

/* Ports that are passed over in one RCU read side. */
#define SKIP_MOST		256U

static u32 *perturb __read_mostly;
static siphash_key_t offset_key __read_mostly;

/*
 * Whether somebody who is bound otherwise would get the segments of a connection that
 * is bound to a device: in the device's VRF, or to none.
 */
static bool taken_beside(const struct xtcp_key *key)
{
	struct xtcp_key other = *key;
	bool taken;

	rcu_read_lock();
	taken = xtcp_flow_find(&other, key->dev,
			       l3mdev_master_ifindex_by_index(key->xn->net, key->dev));
	rcu_read_unlock();
	return taken && other.dev != key->dev;
}

/* Make the pair of addresses and ports ours, if need be from a TIME_WAIT entry. */
static int claim_tuple(struct xtcp_sock *xs, bool bound)
{
	int err;

	if (unlikely(xs->flow.key.dev) && taken_beside(&xs->flow.key))
		return -EEXIST;
	err = xtcp_flow_insert(&xs->flow);
	return err == -EEXIST && xtcp_tw_take_over(xs, bound) ? 0 : err;
}

/* connect() after bind(): the socket becomes one of the port's connections. */
static int connect_bound(struct xtcp_sock *xs)
{
	struct xtcp_port_bucket *b = xtcp_port_bucket(xs->port);
	int err;

	err = claim_tuple(xs, true);
	if (err)
		return err == -EEXIST ? -EADDRNOTAVAIL : err;

	spin_lock_bh(&b->lock);
	xtcp_port_set_listed(xs, NULL);
	spin_unlock_bh(&b->lock);
	return 0;
}

/* Somebody bound the bucket's port, at whatever address, in our VRF. */
static bool is_bound(struct xtcp_port_bucket *b, const struct xtcp_port *fresh)
	__must_hold(&b->lock)
{
	return b->bound && xtcp_port_first(b, fresh, false, NULL, NULL);
}

/*
 * Connect from port @num, if that is possible.  Uses up *@fresh, or not: then
 * the caller may try another port with it.  -EEXIST: this port will not do.
 */
static int connect_one(const struct xtcp_claim *c, struct xtcp_port **fresh, u16 num)
{
	struct xtcp_port_bucket *b = xtcp_port_bucket_of((*fresh)->net, num);
	const struct in6_addr *addr = &(*fresh)->place.addr;
	struct xtcp_sock *xs = c->xs;
	struct xtcp_port *same = NULL;
	struct xtcp_port_gap gap;
	struct xtcp_port *p;
	int err;

	spin_lock_bh(&b->lock);
	if (is_bound(b, *fresh))
		goto unlock;
	p = xtcp_port_first(b, *fresh, true, addr, &gap);
	for (; p; p = xtcp_port_next(p, addr)) {
		if (!xtcp_port_overlap(p, *fresh))
			continue;
		if (!xtcp_port_same(p, *fresh))
			goto unlock;
		same = p;
	}
	p = same;
	if (p) {
		refcount_inc(&p->refs);
		xtcp_port_account(p, c);
	} else {
		p = *fresh;
		if (xtcp_reserve_take(&p->rsv, p->net, &p->place, num, 0))
			goto unlock;
		p->num = num;
		p->part |= XTCP_PORT_AUTO_ONLY;
		xtcp_port_insert(p, b, c, &gap);
		*fresh = NULL;
	}
	spin_unlock_bh(&b->lock);

	xs->port = p;
	xtcp_port_set_num(xs, num);
	err = claim_tuple(xs, false);
	if (err) {
		xs->port = NULL;
		xtcp_port_set_num(xs, 0);
		xtcp_port_release(p);
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
	u32 net = net_hash_mix(key->xn->net), period = jiffies / OFFSET_PERIOD;
	const struct {
		struct in6_addr	laddr;
		struct in6_addr	raddr;
		u32		net;
		u32		period;
		u64		rport;
	} __aligned(SIPHASH_ALIGNMENT) in = {
		.laddr	= key->laddr,
		.raddr	= key->raddr,
		.net	= net,
		.period	= period,
		.rport	= (__force u16)key->rport,
	};

	/* half the work, for most */
	if (likely(ipv6_addr_v4mapped(&key->laddr)))
		return siphash_3u64((u64)(__force u32)xtcp_addr_v4(&key->laddr) << 32 |
				    (__force u32)xtcp_addr_v4(&key->raddr),
				    (u64)net << 32 | period, in.rport, &offset_key);
	return siphash(&in, sizeof(in), &offset_key);
}

/**
 * struct candidates - the ports that connect() tries, in this order
 * @low: the first of the range
 * @n: how many there are in it
 * @step: to the next one
 * @start: where in the range it begins
 */
struct candidates {
	u32	low;
	u32	n;
	u32	step;
	u32	start;
};

/*
 * How many candidates from the one at offset @i on have a connection to the peer: no
 * more than SKIP_MOST.  That costs a tenth of what a try costs.
 */
static u32 skip_taken(const struct xtcp_key *key, const struct candidates *c, u32 i)
{
	u32 at = (c->start + i) % c->n;
	u32 most = min3(c->n - at, c->n - i, SKIP_MOST * c->step);

	return xtcp_flow_taken(key, c->low + at, c->step, DIV_ROUND_UP(most, c->step));
}

/*
 * connect() without bind().  As Linux: ports of the low end's parity first,
 * since bind() prefers the others, unless the socket has a range of its own
 * (IP_LOCAL_PORT_RANGE).
 */
static int connect_any(const struct xtcp_claim *c, struct xtcp_port **fresh)
{
	struct sock *sk = xtcp_to_sk(c->xs);
	u64 offset = port_offset(&c->xs->flow.key);
	u32 *shift = &perturb[offset % PERTURB_SIZE];
	int low, high, all_low, all_high;
	struct candidates pool;
	bool hard = false;
	u32 turn, skip, i;
	u16 num;
	int err;

	inet_sk_get_local_port_range(sk, &low, &high);
	inet_get_local_port_range(sock_net(sk), &all_low, &all_high);
	pool.low = low;
	pool.n = high - low + 1;
	pool.step = low == all_low && high == all_high && pool.n > 1 ? 2 : 1;
	pool.n -= pool.n % pool.step;
	pool.start = ((offset >> 32) + READ_ONCE(*shift)) % pool.n;
	pool.start -= pool.start % pool.step;

	for (turn = 0; turn < pool.step; turn++, pool.start++) {
		for (i = 0; i < pool.n; i += pool.step) {
			/* the first one is free, as a rule */
			skip = hard ? skip_taken(&c->xs->flow.key, &pool, i) : 0;
			if (skip) {
				i += (skip - 1) * pool.step;
				cond_resched();
				continue;
			}
			num = pool.low + (pool.start + i) % pool.n;
			if (inet_is_local_reserved_port(sock_net(sk), num))
				continue;
			err = connect_one(c, fresh, num);
			if (!err) {
				/* A little randomness while there are plenty. */
				i = max(i, (get_random_u32() & 7) * pool.step);
				WRITE_ONCE(*shift, READ_ONCE(*shift) + i + pool.step);
				return 0;
			}
			if (err != -EEXIST)
				return err;
			hard = true;
			/* A port that was ours alone went with the attempt. */
			if (!*fresh)
				*fresh = xtcp_port_alloc(sk, &c->xs->flow.key.laddr);
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
	struct xtcp_claim c = xtcp_claim_of(xs);
	struct xtcp_port *fresh;
	int err;

	sock_owned_by_me(sk);
	if (xs->port)
		return connect_bound(xs);

	fresh = xtcp_port_alloc(sk, &xs->flow.key.laddr);
	if (!fresh)
		return -ENOMEM;
	err = connect_any(&c, &fresh);
	xtcp_port_free(fresh);
	return err;
}

/**
 * xtcp_port_connect_init - draw the secrets that ports are chosen by
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_port_connect_init(void)
{
	perturb = kvmalloc_array(PERTURB_SIZE, sizeof(*perturb), GFP_KERNEL);
	if (!perturb)
		return -ENOMEM;
	get_random_bytes(perturb, PERTURB_SIZE * sizeof(*perturb));
	get_random_bytes(&offset_key, sizeof(offset_key));
	return 0;
}

/** xtcp_port_connect_exit - forget them */
void xtcp_port_connect_exit(void)
{
	kvfree(perturb);
}
