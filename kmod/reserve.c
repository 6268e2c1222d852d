// SPDX-License-Identifier: GPL-2.0
/*
 * Reservations: how xtcp and the kernel's TCP share the ports.
 *
 * Whatever address and port either side holds is EADDRINUSE on the other.  The
 * kernel's TCP knows what is held from its own bind table, so each address and
 * port of ours is held there, too, by a socket that the kernel bound and that
 * never does anything: a reservation.  It is also how we ask: binding it fails
 * when the kernel's TCP has the port.
 *
 * A reservation is a bare struct sock of tcp_prot (tcp_diag shows it as bound
 * and inactive, and reads a whole struct tcp_sock for that).  It is bound with
 * neither SO_REUSEADDR nor SO_REUSEPORT, so no kernel socket passes it whatever
 * that one sets, and connect() there skips the port.  Address rules are the
 * kernel's own: 0.0.0.0 also stops a dual-stack [::], a dual-stack [::] stops
 * all of IPv4, and a [::] with IPV6_V6ONLY and IPv4 do not meet.
 *
 * Strict as they are, two reservations of ours could not overlap, which our own
 * sockets may (SO_REUSEADDR, say).  Nor could one be had while the kernel has
 * connections in TIME_WAIT, over which SO_REUSEADDR must help.  SO_REUSEADDR on
 * the reservation would do both, and would also let it in beside live sockets
 * of the kernel and those in beside it.  So where the strict bind fails and one
 * of the two is called for, the reservation is forced in (SK_FORCE_REUSE), and
 * then, under the lock of the kernel's bind bucket, the neighbours are looked
 * at: if one is neither ours nor in TIME_WAIT, the reservation leaves again.
 * If it stays it is made strict and the bucket's memory of being shareable is
 * wiped under that same lock.  A kernel socket that slipped in before is seen,
 * one that comes later sees us.
 *
 * References: none are counted on the namespace (a kernel socket) or on this
 * module, so neither exit is held up; port.c gives every reservation back
 * before.  tcp_diag may hold one for longer than we do; it is a good struct
 * sock without us.
 *
 * Making one costs about 8,200 instructions and most of that is the struct
 * sock, not the binding.  So a namespace keeps some unbound ones to use again;
 * a delayed work item frees those that nobody wanted for a while.  What is not
 * kept is the port: the kernel may have it the moment that our last user is
 * gone.
 *
 * Locks: port.c's bucket lock may be held; then the kernel's bind table locks;
 * reserve_net.lock is inside none of those and around nothing.
 */
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/workqueue.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "flow.h"
#include "port_compat.h"
#include "reserve.h"

/* Unbound reservations that a namespace keeps, per family. */
#define RESERVE_SPARES		64
/* How long the ones that were not needed stay, at least. */
#define RESERVE_TRIM_PERIOD	(2 * HZ)

/**
 * struct reserve_spares - unbound reservations of a family
 * @nr: how many
 * @unused: the least @nr since the last trimming
 * @sk: them
 */
struct reserve_spares {
	unsigned int	nr;
	unsigned int	unused;
	struct sock	*sk[RESERVE_SPARES];
};

/**
 * struct reserve_net - reservations of a namespace
 * @lock: protects the rest; BH-safe
 * @nr_out: reservations that port.c has
 * @spares: IPv4 and IPv6
 * @trim: frees spares that have been idle
 */
struct reserve_net {
	spinlock_t		lock;
	unsigned int		nr_out;
	struct reserve_spares	spares[2];
	struct delayed_work	trim;
};

static unsigned int reserve_net_id __read_mostly;

/* Marks a reservation: sk_user_data points here.  Aligned, for the low bits
 * of sk_user_data are flags.
 */
static const long reserve_mark;

static struct reserve_spares *spares_of(struct reserve_net *rn, int family)
{
	return &rn->spares[family == AF_INET6];
}

/**
 * xtcp_place_overlap - whether two local addresses could get the same packet
 * @a: one
 * @b: the other
 *
 * The kernel's rules: addresses overlap if they are equal or one of them is
 * the wildcard of a family that the other's belongs to; different devices keep
 * sockets apart, and so do VRFs.
 *
 * Return: whether they do.  Context: any.
 */
bool xtcp_place_overlap(const struct xtcp_place *a, const struct xtcp_place *b)
{
	bool a4 = ipv6_addr_v4mapped(&a->addr);
	bool b4 = ipv6_addr_v4mapped(&b->addr);

	if (a->l3mdev != b->l3mdev)
		return false;
	if (a->dev && b->dev && a->dev != b->dev)
		return false;
	if (a4 == b4)
		return ipv6_addr_equal(&a->addr, &b->addr) ||
		       xtcp_addr_any(&a->addr) || xtcp_addr_any(&b->addr);
	if (a4)
		return ipv6_addr_any(&b->addr) && !b->v6only;
	return ipv6_addr_any(&a->addr) && !a->v6only;
}

/* Where somebody in the kernel's bind table is; TIME_WAIT entries have these
 * fields, too.  Everyone in one bucket is in the same VRF.
 */
static void place_of(const struct sock *sk, int l3mdev, struct xtcp_place *at)
{
	at->dev = READ_ONCE(sk->sk_bound_dev_if);
	at->l3mdev = l3mdev;
	at->v6only = ipv6_only_sock(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		at->addr = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	xtcp_addr_set4(&at->addr, sk->sk_rcv_saddr);
}

/**
 * struct neighbourhood - what a forced reservation looks for
 * @rsv: it
 * @at: where it is
 * @beside: XTCP_BESIDE_*
 */
struct neighbourhood {
	const struct sock	*rsv;
	const struct xtcp_place	*at;
	unsigned int		beside;
};

static bool tolerable(const struct sock *sk, const void *arg)
{
	const struct neighbourhood *n = arg;
	struct xtcp_place theirs;

	if (sk->sk_state == TCP_TIME_WAIT) {
		if ((n->beside & XTCP_BESIDE_TW_REUSE) && sk->sk_reuse)
			return true;
		if ((n->beside & XTCP_BESIDE_TW_GROUP) && sk->sk_reuseport)
			return true;
	} else if (sk == n->rsv || sk->sk_user_data == &reserve_mark) {
		return true;
	}
	place_of(sk, n->at->l3mdev, &theirs);
	return !xtcp_place_overlap(n->at, &theirs);
}

/* Take the port although the strict way failed, if only those are there whom
 * @beside allows.
 */
static int take_beside(struct sock *rsv, const struct xtcp_place *at, u16 port,
		       unsigned int beside)
{
	struct inet_hashinfo *hinfo = sock_net(rsv)->ipv4.tcp_death_row.hashinfo;
	struct inet_connection_sock *icsk = inet_csk(rsv);
	const struct neighbourhood n = { rsv, at, beside };
	struct inet_bind_hashbucket *head;
	bool stay;
	int err;

	rsv->sk_reuse = SK_FORCE_REUSE;
	err = rsv->sk_prot->get_port(rsv, port);
	if (err) {
		rsv->sk_reuse = SK_NO_REUSE;
		return err;
	}

	head = &hinfo->bhash[inet_bhashfn(sock_net(rsv), port,
					  hinfo->bhash_size)];
	spin_lock_bh(&head->lock);
	rsv->sk_reuse = SK_NO_REUSE;
	stay = xtcp_bind_bucket_all(icsk->icsk_bind_hash, tolerable, &n);
	if (stay)
		xtcp_bind_bucket_close(icsk->icsk_bind_hash,
				       icsk->icsk_bind2_hash);
	spin_unlock_bh(&head->lock);

	if (!stay) {
		xtcp_reserve_drop(rsv);
		return -EADDRINUSE;
	}
	return 0;
}

/**
 * xtcp_reserve_take - claim an address and port from the kernel's TCP
 * @rsv: reservation that holds nothing
 * @at: the address, of the family that @rsv was allocated for
 * @port: the port, host byte order, not 0
 * @beside: XTCP_BESIDE_*, whom it may share the port with
 *
 * Context: BH-safe; does not sleep.  The caller may hold a spinlock taken with
 * BH disabled.
 *
 * Return: 0, or -EADDRINUSE (also when the kernel has no memory for it).
 */
int xtcp_reserve_take(struct sock *rsv, const struct xtcp_place *at, u16 port,
		      unsigned int beside)
{
	int err;

	if (ipv6_addr_v4mapped(&at->addr))
		sk_rcv_saddr_set(rsv, xtcp_addr_v4(&at->addr));
#if IS_ENABLED(CONFIG_IPV6)
	else
		rsv->sk_v6_rcv_saddr = at->addr;
	rsv->sk_ipv6only = at->v6only;
#endif
	rsv->sk_bound_dev_if = at->dev;

	err = rsv->sk_prot->get_port(rsv, port);
	if (err && beside)
		err = take_beside(rsv, at, port, beside);
	return err ? -EADDRINUSE : 0;
}

/**
 * xtcp_reserve_drop - give an address and port back to the kernel's TCP
 * @rsv: reservation that holds it; it may be used again
 *
 * Context: BH-safe; does not sleep.  The caller may hold a spinlock taken with
 * BH disabled.
 */
void xtcp_reserve_drop(struct sock *rsv)
{
	/* Not every kernel exports inet_put_port() itself. */
	rsv->sk_prot->put_port(rsv);
}

static struct sock *reserve_new(struct net *net, int family)
{
	struct proto *prot = &tcp_prot;
	struct sock *rsv;

#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		prot = &tcpv6_prot;
#endif
	rsv = sk_alloc(net, family, GFP_KERNEL, prot, 1);
	if (!rsv)
		return NULL;
	sock_init_data(NULL, rsv);
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		inet_sk(rsv)->pinet6 = &((struct tcp6_sock *)rsv)->inet6;
#endif
	/* sk_type stays 0: so tcp_diag does not expect the state of a
	 * connection in it.
	 */
	rsv->sk_user_data = (void *)&reserve_mark;
	return rsv;
}

/**
 * xtcp_reserve_alloc - get a reservation that holds nothing
 * @net: namespace
 * @addr: what it is for: an IPv4 address (mapped) or an IPv6 one
 *
 * Context: process, may sleep.
 *
 * Return: a reservation, or NULL without memory.
 */
struct sock *xtcp_reserve_alloc(struct net *net, const struct in6_addr *addr)
{
	int family = ipv6_addr_v4mapped(addr) ? AF_INET : AF_INET6;
	struct reserve_net *rn = net_generic(net, reserve_net_id);
	struct reserve_spares *spares = spares_of(rn, family);
	struct sock *rsv = NULL;

	spin_lock_bh(&rn->lock);
	rn->nr_out++;
	if (spares->nr) {
		rsv = spares->sk[--spares->nr];
		spares->unused = min(spares->unused, spares->nr);
	}
	spin_unlock_bh(&rn->lock);
	if (rsv)
		return rsv;

	rsv = reserve_new(net, family);
	if (!rsv) {
		spin_lock_bh(&rn->lock);
		rn->nr_out--;
		spin_unlock_bh(&rn->lock);
	}
	return rsv;
}

/**
 * xtcp_reserve_free - put away a reservation that holds nothing
 * @rsv: it
 *
 * Context: process or softirq; no lock of the kernel's bind table held.
 */
void xtcp_reserve_free(struct sock *rsv)
{
	struct reserve_net *rn = net_generic(sock_net(rsv), reserve_net_id);
	struct reserve_spares *spares = spares_of(rn, rsv->sk_family);

	spin_lock_bh(&rn->lock);
	rn->nr_out--;
	if (spares->nr < RESERVE_SPARES) {
		/* while there are some, trimming goes on by itself */
		if (!spares->nr)
			schedule_delayed_work(&rn->trim, RESERVE_TRIM_PERIOD);
		spares->sk[spares->nr++] = rsv;
		rsv = NULL;
	}
	spin_unlock_bh(&rn->lock);
	if (rsv)
		sock_put(rsv);
}

/* Free what has not been needed since the last time. */
static void reserve_trim(struct work_struct *work)
{
	struct reserve_net *rn = container_of(to_delayed_work(work),
					      struct reserve_net, trim);
	struct reserve_spares *spares;
	bool again = false;
	struct sock *rsv;
	int i;

	for (i = 0; i < ARRAY_SIZE(rn->spares); i++) {
		spares = &rn->spares[i];
		spin_lock_bh(&rn->lock);
		while (spares->unused) {
			spares->unused--;
			rsv = spares->sk[--spares->nr];
			spin_unlock_bh(&rn->lock);
			sock_put(rsv);
			spin_lock_bh(&rn->lock);
		}
		spares->unused = spares->nr;
		again |= spares->nr;
		spin_unlock_bh(&rn->lock);
	}
	if (again)
		schedule_delayed_work(&rn->trim, RESERVE_TRIM_PERIOD);
}

static int __net_init reserve_net_init(struct net *net)
{
	struct reserve_net *rn = net_generic(net, reserve_net_id);

	spin_lock_init(&rn->lock);
	INIT_DELAYED_WORK(&rn->trim, reserve_trim);
	return 0;
}

static void __net_exit reserve_net_exit(struct net *net)
{
	struct reserve_net *rn = net_generic(net, reserve_net_id);
	int i;

	cancel_delayed_work_sync(&rn->trim);
	/* Whoever was bound here went before. */
	WARN_ON_ONCE(rn->nr_out);
	for (i = 0; i < ARRAY_SIZE(rn->spares); i++) {
		struct reserve_spares *spares = &rn->spares[i];

		while (spares->nr)
			sock_put(spares->sk[--spares->nr]);
	}
}

static struct pernet_operations reserve_net_ops = {
	.init	= reserve_net_init,
	.exit	= reserve_net_exit,
	.id	= &reserve_net_id,
	.size	= sizeof(struct reserve_net),
};

/**
 * xtcp_reserve_init - prepare every namespace for reservations
 *
 * Must come before the namespaces' other state (xtcp_netns_init()): exits run
 * in reverse, and reservations are given back while sockets are drained.
 *
 * Return: 0 or a negative errno.
 */
int xtcp_reserve_init(void)
{
	return register_pernet_subsys(&reserve_net_ops);
}

/**
 * xtcp_reserve_exit - free every spare reservation; none may be in use
 */
void xtcp_reserve_exit(void)
{
	unregister_pernet_subsys(&reserve_net_ops);
}
