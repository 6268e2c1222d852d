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
 * Binding takes a whole struct tcp_sock, 2.4 KB, and there may be as many ports
 * as connections and TIME_WAIT entries.  So a socket only does the binding, one
 * per processor, the agent.  Then, under the locks of the kernel's bind table, a
 * reservation takes its place in it.  It leaves by itself if it is alone on the port,
 * or gives its place back to an agent to unbind.
 * The reservation is what the kernel leaves on a port for a connection in
 * TIME_WAIT, a struct inet_timewait_sock of a tenth the size: so whoever looks at
 * the owners of a port expects one.  It is in no other table of the kernel's.
 *
 * It has neither SO_REUSEADDR nor SO_REUSEPORT, so no kernel socket passes it
 * whatever that one sets, and connect() there skips the port.  Address rules are
 * the kernel's own: 0.0.0.0 also stops a dual-stack [::], a dual-stack [::] stops
 * all of IPv4, and a [::] with IPV6_V6ONLY and IPv4 do not meet.
 *
 * Strict as they are, two reservations of ours could not overlap, which our own
 * sockets may (SO_REUSEADDR, say).  Nor could one be had while the kernel has
 * connections in TIME_WAIT, over which SO_REUSEADDR must help.  SO_REUSEADDR on
 * the reservation would do both, and would also let it in beside live sockets
 * of the kernel and those in beside it.  So where the strict bind fails and one
 * of the two is called for, the agent is forced in (SK_FORCE_REUSE), and then,
 * under the lock of the kernel's bind bucket, the neighbours are looked at: if
 * one is neither ours nor in TIME_WAIT, the agent leaves again.  If it stays it
 * is made strict and the bucket's memory of being shareable is wiped under that
 * same lock.  A kernel socket that slipped in before is seen, one that comes
 * later sees us.
 *
 * A port is given back with its last user, and the kernel may have it at once.
 *
 * References: none are counted on the namespace or on this module, so neither
 * exit is held up; port.c gives every reservation back before.  An agent is of
 * the first namespace, and of another one just while it is bound there; tcp_diag
 * may hold it for longer.
 *
 * Locks: port.c's bucket lock, BH off; an agent's; then the kernel's bind table
 * locks.
 */
#include <linux/ipv6.h>
#include <linux/percpu.h>
#include <linux/tcp.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "flow.h"
#include "lifetime.h"
#include "port/port_compat.h"
#include "port/reserve.h"
#include "sock.h"

/**
 * struct agents - sockets that bind for reservations
 * @lock: whoever holds it may use them
 * @sk: of IPv4 and IPv6, unbound
 */
struct agents {
	spinlock_t	lock;
	struct sock	*sk[2];
};

static DEFINE_PER_CPU(struct agents, agents);

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

static struct inet_hashinfo *hashinfo_of(const struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo;
}

static struct inet_bind_hashbucket *bind_bucket(const struct net *net, u16 port)
{
	struct inet_hashinfo *hinfo = hashinfo_of(net);

	return &hinfo->bhash[inet_bhashfn(net, port, hinfo->bhash_size)];
}

/* @agent leaves its place in the bind table to @rsv, or takes that of @rsv. */
static void change_places(struct sock *agent, struct inet_timewait_sock *rsv,
			  void (*how)(struct sock *, struct inet_timewait_sock *))
{
	struct net *net = sock_net(agent);
	struct inet_bind_hashbucket *head = bind_bucket(net, rsv->tw_num);
	struct inet_bind_hashbucket *head2;

	head2 = inet_bhashfn_portaddr(hashinfo_of(net), agent, net, rsv->tw_num);
	spin_lock(&head->lock);
	spin_lock(&head2->lock);
	how(agent, rsv);
	spin_unlock(&head2->lock);
	spin_unlock(&head->lock);
}

/**
 * struct neighbourhood - what a forced agent looks for
 * @agent: it
 * @at: where it is
 * @beside: XTCP_BESIDE_*
 */
struct neighbourhood {
	const struct sock	*agent;
	const struct xtcp_place	*at;
	unsigned int		beside;
};

static bool tolerable(const struct sock *sk, const void *arg)
{
	const struct neighbourhood *n = arg;
	struct xtcp_place theirs;

	if (sk == n->agent || xtcp_is_ours(sk))
		return true;
	if (sk->sk_state == TCP_TIME_WAIT) {
		if ((n->beside & XTCP_BESIDE_TW_REUSE) && sk->sk_reuse)
			return true;
		if ((n->beside & XTCP_BESIDE_TW_GROUP) && sk->sk_reuseport)
			return true;
	}
	place_of(sk, n->at->l3mdev, &theirs);
	return !xtcp_place_overlap(n->at, &theirs);
}

/* Take the port although the strict way failed, if only those are there whom
 * @beside allows.
 */
static noinline int bind_beside(struct sock *agent, const struct xtcp_place *at, u16 port,
				unsigned int beside)
{
	struct inet_connection_sock *icsk = inet_csk(agent);
	const struct neighbourhood n = { agent, at, beside };
	struct inet_bind_hashbucket *head = bind_bucket(sock_net(agent), port);
	bool stay;
	int err;

	agent->sk_reuse = SK_FORCE_REUSE;
	err = agent->sk_prot->get_port(agent, port);
	if (err) {
		agent->sk_reuse = SK_NO_REUSE;
		return err;
	}

	spin_lock(&head->lock);
	agent->sk_reuse = SK_NO_REUSE;
	stay = xtcp_bind_bucket_all(icsk->icsk_bind_hash, tolerable, &n);
	if (stay)
		xtcp_bind_bucket_close(icsk->icsk_bind_hash,
				       icsk->icsk_bind2_hash);
	spin_unlock(&head->lock);

	if (!stay) {
		/* not every kernel exports inet_put_port() itself */
		agent->sk_prot->put_port(agent);
		return -EADDRINUSE;
	}
	return 0;
}

/* What the kernel reads of an owner in TIME_WAIT. */
static void reservation_init(struct inet_timewait_sock *tw, const struct sock *agent,
			     u16 port)
{
	memset(tw, 0, sizeof(*tw));
	tw->tw_state = TCP_TIME_WAIT;
	tw->tw_substate = TCP_TIME_WAIT;
	tw->tw_prot = xtcp_proto[0];
	write_pnet(&tw->tw_net, sock_net(agent));
	tw->tw_family = agent->sk_family;
	tw->tw_bound_dev_if = agent->sk_bound_dev_if;
	tw->tw_rcv_saddr = agent->sk_rcv_saddr;
#if IS_ENABLED(CONFIG_IPV6)
	tw->tw_v6_rcv_saddr = agent->sk_v6_rcv_saddr;
	tw->tw_ipv6only = agent->sk_ipv6only;
#endif
	tw->tw_num = port;
}

/**
 * xtcp_reserve_take - claim an address and port from the kernel's TCP
 * @rsv: reservation that holds nothing
 * @net: namespace
 * @at: the address
 * @port: the port, host byte order, not 0
 * @beside: XTCP_BESIDE_*, whom it may share the port with
 *
 * Context: BH off; does not sleep.
 *
 * Return: 0, or -EADDRINUSE (also when the kernel has no memory for it).
 */
int xtcp_reserve_take(struct inet_timewait_sock *rsv, struct net *net,
		      const struct xtcp_place *at, u16 port, unsigned int beside)
{
	bool v4 = ipv6_addr_v4mapped(&at->addr);
	struct agents *a = raw_cpu_ptr(&agents);
	struct sock *agent = a->sk[!v4];
	int err;

	spin_lock(&a->lock);
	sock_net_set(agent, net);
	if (v4)
		sk_rcv_saddr_set(agent, xtcp_addr_v4(&at->addr));
#if IS_ENABLED(CONFIG_IPV6)
	else
		agent->sk_v6_rcv_saddr = at->addr;
	agent->sk_ipv6only = at->v6only;
#endif
	agent->sk_bound_dev_if = at->dev;

	err = agent->sk_prot->get_port(agent, port);
	if (err && beside)
		err = bind_beside(agent, at, port, beside);
	if (!err) {
		reservation_init(rsv, agent, port);
		change_places(agent, rsv, xtcp_bind_leave_to);
	}
	sock_net_set(agent, &init_net);
	spin_unlock(&a->lock);
	return err ? -EADDRINUSE : 0;
}

/*
 * Most are alone on their port: then no agent is needed, and each lock is taken once.
 * Return: it was, and the kernel has the port.
 */
static bool drop_alone(struct inet_timewait_sock *rsv)
{
	const struct net *net = read_pnet(&rsv->tw_net);
	struct inet_bind_hashbucket *head = bind_bucket(net, rsv->tw_num);
	struct inet_hashinfo *hinfo = hashinfo_of(net);
	struct inet_bind_hashbucket *head2;
	bool alone;

	head2 = inet_bhashfn_portaddr(hinfo, (struct sock *)rsv, net, rsv->tw_num);
	spin_lock(&head->lock);
	spin_lock(&head2->lock);
	alone = xtcp_bind_leave_alone(rsv, hinfo);
	spin_unlock(&head2->lock);
	spin_unlock(&head->lock);
	return alone;
}

/* An agent takes its place, and lets the kernel do the rest. */
static void drop_by_agent(struct inet_timewait_sock *rsv)
{
	struct agents *a = raw_cpu_ptr(&agents);
	struct sock *agent = a->sk[rsv->tw_family == AF_INET6];

	spin_lock(&a->lock);
	sock_net_set(agent, read_pnet(&rsv->tw_net));
	agent->sk_rcv_saddr = rsv->tw_rcv_saddr;
#if IS_ENABLED(CONFIG_IPV6)
	agent->sk_v6_rcv_saddr = rsv->tw_v6_rcv_saddr;
	agent->sk_ipv6only = rsv->tw_ipv6only;
#endif
	agent->sk_bound_dev_if = rsv->tw_bound_dev_if;

	change_places(agent, rsv, xtcp_bind_take_from);
	agent->sk_prot->put_port(agent);
	sock_net_set(agent, &init_net);
	spin_unlock(&a->lock);
}

/**
 * xtcp_reserve_drop - give an address and port back to the kernel's TCP
 * @rsv: reservation that holds it; it may be used again
 *
 * Context: BH off; does not sleep.
 */
void xtcp_reserve_drop(struct inet_timewait_sock *rsv)
{
	if (!drop_alone(rsv))
		drop_by_agent(rsv);
}

static struct sock *agent_new(int family)
{
	struct proto *prot = &tcp_prot;
	struct sock *sk;

#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		prot = &tcpv6_prot;
#endif
	sk = sk_alloc(&init_net, family, GFP_KERNEL, prot, 1);
	if (!sk)
		return NULL;
	/* sk_type stays 0: so tcp_diag does not expect the state of a
	 * connection in it
	 */
	sock_init_data(NULL, sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		inet_sk(sk)->pinet6 = &((struct tcp6_sock *)sk)->inet6;
#endif
	return sk;
}

/**
 * xtcp_reserve_init - make the agents
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_reserve_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct agents *a = per_cpu_ptr(&agents, cpu);

		spin_lock_init(&a->lock);
		a->sk[0] = agent_new(AF_INET);
		a->sk[1] = agent_new(AF_INET6);
		if (!a->sk[0] || !a->sk[1]) {
			xtcp_reserve_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * xtcp_reserve_exit - free the agents; no reservation may be held
 */
void xtcp_reserve_exit(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct agents *a = per_cpu_ptr(&agents, cpu);

		for (i = 0; i < ARRAY_SIZE(a->sk); i++) {
			if (a->sk[i])
				sock_put(a->sk[i]);
			a->sk[i] = NULL;
		}
	}
}
