// SPDX-License-Identifier: GPL-2.0
/*
 * bind() and listen(): a port that somebody asks for, or any.
 *
 * What is asked for is given if the rules at the head of port.c allow it beside
 * our own sockets, and the kernel's bind table beside those of the kernel's TCP.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <net/ip.h>

#include "flow.h"
#include "ip/af.h"
#include "port/port_table.h"

/* What a reservation for @c may share the port with. */
static unsigned int reserve_beside(const struct xtcp_claim *c, bool ours)
{
	return (ours ? XTCP_BESIDE_OURS : 0) |
	       (c->share && c->reuse ? XTCP_BESIDE_TW_REUSE : 0) |
	       (c->join && c->group ? XTCP_BESIDE_TW_GROUP : 0);
}

/* One more binder of a port, whose bucket is locked. */
static void add_binder(struct xtcp_port *p, struct xtcp_sock *xs)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	lockdep_assert_held(&xtcp_port_bucket(p)->lock);

	sk_add_bind_node(xtcp_to_sk(xs), &p->bound);
	p->listed++;
	xs->port = p;
}

static void join(struct xtcp_port *p, const struct xtcp_claim *c)
	__must_hold(&xtcp_port_bucket(p)->lock)
{
	refcount_inc(&p->refs);
	xtcp_port_account(p, c);
	xtcp_port_is_bound(p);
	add_binder(p, c->xs);
}

/*
 * Bind to port @num, if that is possible.  Uses up *@fresh, or not: then the
 * caller may try another port with it.
 */
static int bind_one(const struct xtcp_claim *c, struct xtcp_port **fresh, u16 num)
{
	struct xtcp_port_bucket *b = xtcp_port_bucket_of((*fresh)->net, num);
	struct xtcp_found found;
	struct xtcp_port *p;
	int err = 0;

	spin_lock_bh(&b->lock);
	p = xtcp_port_find(b, *fresh, c, &found);
	if (IS_ERR(p)) {
		err = PTR_ERR(p);
		goto unlock;
	}
	if (p) {
		join(p, c);
		goto unlock;
	}
	p = *fresh;
	err = xtcp_reserve_take(&p->rsv, p->net, &p->place, num, reserve_beside(c, found.beside));
	if (err)
		goto unlock;
	p->num = num;
	xtcp_port_insert(p, b, c, &found.gap);
	add_binder(p, c->xs);
	*fresh = NULL;
unlock:
	spin_unlock_bh(&b->lock);
	return err;
}

/*
 * Bind to port @num of a group that is there, which takes no memory.
 * Return: -ENOENT when there is none.
 */
static int bind_to_group(const struct xtcp_claim *c, const struct in6_addr *addr, u16 num)
{
	struct xtcp_port_bucket *b;
	struct xtcp_port at, *p;
	struct xtcp_found found;

	xtcp_port_place(&at, xtcp_to_sk(c->xs), addr);
	b = xtcp_port_bucket_of(at.net, num);
	spin_lock_bh(&b->lock);
	p = xtcp_port_find(b, &at, c, &found);
	if (!IS_ERR_OR_NULL(p))
		join(p, c);
	spin_unlock_bh(&b->lock);
	return p ? PTR_ERR_OR_ZERO(p) : -ENOENT;
}

/* Try the @n ports from @low in random order, those of @low's parity last:
 * connect() prefers them.
 */
static int bind_range(const struct xtcp_claim *c, struct xtcp_port **fresh,
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
static int bind_any(struct xtcp_claim *c, struct xtcp_port **fresh)
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
	struct xtcp_claim c = xtcp_claim_of(xs);
	struct xtcp_port *fresh;
	int num;

	sock_owned_by_me(sk);
	if (WARN_ON_ONCE(xs->port))
		return -EINVAL;

	if (port && c.group) {
		num = bind_to_group(&c, addr, port);
		if (num != -ENOENT)
			goto done;
	}
	fresh = xtcp_port_alloc(sk, addr);
	if (!fresh)
		return -ENOMEM;
	if (port)
		num = bind_one(&c, &fresh, port);
	else
		num = bind_any(&c, &fresh);
	xtcp_port_free(fresh);
done:
	if (num < 0)
		return num;
	xtcp_port_set_num(xs, xs->port->num);
	return 0;
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
	struct xtcp_claim c = xtcp_claim_of(xs);
	struct xtcp_port_bucket *b;
	struct xtcp_found found;
	struct in6_addr addr;
	struct xtcp_port *p;
	int err;

	sock_owned_by_me(sk);
	c.listen = true;
	if (!xs->port) {
		xtcp_sk_laddr(sk, &addr);
		err = xtcp_port_bind(xs, &addr, 0);
		if (err)
			return err;
	}

	b = xtcp_port_bucket(xs->port);
	spin_lock_bh(&b->lock);
	p = xtcp_port_is_alone(xs->port) ? xs->port :
	    xtcp_port_find(b, xs->port, &c, &found);
	if (!IS_ERR(p)) {
		xtcp_port_account(p, &c);
		xtcp_port_is_bound(p);
		xtcp_port_set_listed(xs, &p->listening);
	}
	spin_unlock_bh(&b->lock);
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
	struct xtcp_port_bucket *b;

	xtcp_assert_locked(xtcp_to_sk(xs));
	if (!xs->port)
		return;
	b = xtcp_port_bucket(xs->port);
	spin_lock_bh(&b->lock);
	xtcp_port_set_listed(xs, &xs->port->bound);
	spin_unlock_bh(&b->lock);
}
