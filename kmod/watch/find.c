// SPDX-License-Identifier: GPL-2.0
/*
 * One flow by its identity, as inet_diag writes it down.
 */
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <net/ipv6.h>

#include "ip/l3mdev.h"
#include "listen_table.h"
#include "sock.h"
#include "table.h"
#include "watch/find.h"
#include "watch/view.h"

/* Entries have no cookie and report zero. */
static bool cookie_ok(const struct xtcp_flow *flow, const u32 *cookie)
{
	const struct sock *sk = xtcp_view_sk(flow);

	if (sk)
		return !sock_diag_check_cookie((struct sock *)sk, cookie);
	return (cookie[0] == INET_DIAG_NOCOOKIE && cookie[1] == INET_DIAG_NOCOOKIE) ||
	       (!cookie[0] && !cookie[1]);
}

static bool id_ok(const struct xtcp_flow *flow, const struct xtcp_ends *want,
		  const struct inet_diag_sockid *id)
{
	struct xtcp_ends ends;

	xtcp_view_ends(flow, &ends);
	if (ends.lport != want->lport || ends.rport != want->rport ||
	    !ipv6_addr_equal(&ends.laddr, &want->laddr) ||
	    !ipv6_addr_equal(&ends.raddr, &want->raddr))
		return false;
	if (id->idiag_if && xtcp_flow_dev(flow) != id->idiag_if)
		return false;
	return cookie_ok(flow, id->idiag_cookie);
}

/**
 * struct wanted - the listener that a request means
 * @net: its namespace
 * @ends: its address and port
 * @id: device and cookie
 */
struct wanted {
	const struct net		*net;
	const struct xtcp_ends		*ends;
	const struct inet_diag_sockid	*id;
};

/* It is held then. */
static bool is_wanted(const struct sock *sk, const void *arg)
{
	const struct xtcp_flow *flow = &xtcp_sk(sk)->flow;
	const struct wanted *w = arg;

	return id_ok(flow, w->ends, w->id) && xtcp_view_hold(flow, w->net);
}

/*
 * A listener may share address and port with others (SO_REUSEPORT), and only
 * the cookie tells them apart.
 */
static const struct xtcp_flow *find_listener(const struct net *net,
				       const struct xtcp_ends *want,
				       const struct inet_diag_sockid *id)
{
	const struct xtcp_key key = {
		.xn	= xtcp_net(net),
		.laddr	= want->laddr,
		.lport	= htons(want->lport),
	};
	const struct wanted w = { net, want, id };
	const struct sock *sk;

	rcu_read_lock();
	sk = xtcp_listener_find(&key, is_wanted, &w);
	rcu_read_unlock();
	return sk ? &xtcp_sk(sk)->flow : NULL;
}

static const struct xtcp_flow *find_connection(const struct net *net,
					 const struct xtcp_ends *want,
					 const struct inet_diag_sockid *id)
{
	struct xtcp_key key = {
		.xn	= xtcp_net(net),
		.laddr	= want->laddr,
		.raddr	= want->raddr,
		.lport	= htons(want->lport),
		.rport	= htons(want->rport),
	};
	const struct xtcp_flow *flow;

	rcu_read_lock();
	flow = xtcp_flow_find(&key, id->idiag_if, 0);
	if (flow && !xtcp_view_hold(flow, net))
		flow = NULL;
	rcu_read_unlock();
	if (flow && !id_ok(flow, want, id)) {
		xtcp_view_drop(flow);
		flow = NULL;
	}
	return flow;
}

static const struct xtcp_flow *find_ends(const struct net *net,
				   const struct xtcp_ends *want,
				   const struct inet_diag_sockid *id)
{
	if (want->rport)
		return find_connection(net, want, id);
	return find_listener(net, want, id);
}

/**
 * xtcp_watch_find - the flow that a request means
 * @net: its namespace
 * @id: addresses, ports, device and cookie, as inet_diag tells them
 * @family: AF_INET or AF_INET6: what the addresses are; AF_UNSPEC: that is not known
 *
 * The family of a sock_diag request does not say which IP version its addresses are of.
 * Read them as IPv4 where they can be that, then as IPv6: only :: and a few
 * prefixes with nothing behind them look like both, and the cookie decides.
 *
 * Context: process.
 *
 * Return: the flow, for xtcp_view_drop(); or NULL.
 */
const struct xtcp_flow *xtcp_watch_find(const struct net *net,
					const struct inet_diag_sockid *id, u8 family)
{
	struct xtcp_ends want = {
		.lport	= ntohs(id->idiag_sport),
		.rport	= ntohs(id->idiag_dport),
	};
	const struct xtcp_flow *flow = NULL;

	if (family != AF_INET6 && !id->idiag_src[1] && !id->idiag_src[2] && !id->idiag_src[3] &&
	    !id->idiag_dst[1] && !id->idiag_dst[2] && !id->idiag_dst[3]) {
		xtcp_addr_set4(&want.laddr, id->idiag_src[0]);
		xtcp_addr_set4(&want.raddr, id->idiag_dst[0]);
		flow = find_ends(net, &want, id);
	}
	if (!flow && family != AF_INET) {
		memcpy(&want.laddr, id->idiag_src, sizeof(want.laddr));
		memcpy(&want.raddr, id->idiag_dst, sizeof(want.raddr));
		flow = find_ends(net, &want, id);
	}
	return flow;
}
