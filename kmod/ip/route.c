// SPDX-License-Identifier: GPL-2.0
/* Routes of sockets, and what an administrator says with them. */
#include <net/dst.h>
#include <net/tcp.h>

#include "compat.h"
#include "ip/ip.h"
#include "ip/route.h"

/* A route does not hold its device, which may go after a grace period. */
static const struct net_device *device_of(const struct dst_entry *dst)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "device of a route without RCU");
	return READ_ONCE(dst->dev);
}

/*
 * Software segments what the device cannot, and it pays: one trip through the
 * stack instead of forty.  sk_setup_caps() knows that of the kernel's TCP, and lets
 * others send one segment at a time when the device's GSO is off, and no more than
 * 64 KB at once, whatever the device takes.
 */
static void set_gso(struct sock *sk, const struct dst_entry *dst)
{
	const struct net_device *dev;

	sk->sk_route_caps |= NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_GSO;
	/* what IPsec encapsulates is segmented before */
	if (dst->header_len)
		return;
	rcu_read_lock();
	dev = device_of(dst);
	sk->sk_gso_max_size = xtcp_gso_max_size(dev, sk->sk_gso_type == SKB_GSO_TCPV6) -
			      (MAX_TCP_HEADER + 1);
	sk->sk_gso_max_segs = max_t(u32, READ_ONCE(dev->gso_max_segs), 1);
	rcu_read_unlock();
}

/**
 * xtcp_route_is_local - does a socket's route stay on this host?
 * @sk: the socket, locked
 *
 * Return: whether it has one, over a loopback device.
 */
bool xtcp_route_is_local(struct sock *sk)
{
	const struct dst_entry *dst;
	bool local;

	xtcp_assert_locked(sk);
	rcu_read_lock();
	dst = __sk_dst_get(sk);
	local = dst && READ_ONCE(device_of(dst)->flags) & IFF_LOOPBACK;
	rcu_read_unlock();
	return local;
}

/* The route's metrics that count as long as it is the socket's. */
static void take_metrics(struct xtcp_tcb *t, const struct dst_entry *dst)
{
	u32 rto_min_ms = 0, cwnd = 0;
	struct xtcp_path path;

	/* as Linux: these only where they are locked, as "ip route" does with the first */
	if (dst_metric_locked(dst, RTAX_RTO_MIN))
		rto_min_ms = dst_metric(dst, RTAX_RTO_MIN);
	if (dst_metric_locked(dst, RTAX_CWND))
		cwnd = dst_metric(dst, RTAX_CWND);
	path = (struct xtcp_path) {
		.rto_min_ms	= min_t(u32, rto_min_ms, XTCP_PATH_RTO_MIN_MAX_MS),
		.reordering	= min_t(u32, dst_metric(dst, RTAX_REORDERING),
					XTCP_PATH_REORDERING_MAX),
		.rtt		= min_t(u32, dst_metric(dst, RTAX_RTT), U16_MAX),
		.ssthresh	= min_t(u32, dst_metric(dst, RTAX_SSTHRESH), U16_MAX),
		.cwnd_max	= min_t(u32, cwnd, U16_MAX),
		.init_cwnd	= min_t(u32, dst_metric(dst, RTAX_INITCWND),
					XTCP_PATH_INIT_CWND_MAX),
		.quickack	= !!dst_metric(dst, RTAX_QUICKACK),
	};
	xtcp_path_known(t, &path);
}

/* The socket has a route that it did not have before. */
static void take_route(struct sock *sk, const struct dst_entry *dst)
{
	set_gso(sk, dst);
	take_metrics(&xtcp_sk(sk)->tcb, dst);
}

/**
 * xtcp_route_windows - what a route says about our windows
 * @dst: the route of a connection that is being opened
 * @w: out
 */
void xtcp_route_windows(const struct dst_entry *dst, struct xtcp_route_windows *w)
{
	w->clamp = dst_metric(dst, RTAX_WINDOW);
	w->initial = dst_metric(dst, RTAX_INITRWND);
}

/**
 * xtcp_route_cc - does the route say which congestion control to use?
 * @sk: the socket, with a route
 * @key: out: the kernel's number of its name, 0: it does not
 *
 * Return: whether the user may not choose another one.
 */
bool xtcp_route_cc(struct sock *sk, u32 *key)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	*key = dst ? dst_metric(dst, RTAX_CC_ALGO) : 0;
	return *key && dst_metric_locked(dst, RTAX_CC_ALGO);
}

/**
 * xtcp_route_no_cookie - do Fast Opens on this route do without a cookie?
 * @dst: the route, NULL: none
 *
 * Return: whether they do.
 */
bool xtcp_route_no_cookie(const struct dst_entry *dst)
{
	return dst && dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE);
}

/**
 * xtcp_route_connect - find the route to a peer, and our address on it
 * @sk: the socket, locked, or a child that nobody else has yet
 * @raddr: the peer's address; out: which one the any-address means
 * @rport: its port
 *
 * Called again with the ports known, so that rules that match them apply.
 * Sets the socket's own address when it is not bound.
 *
 * Return: 0, -ENETUNREACH and whatever routing says.
 */
int xtcp_route_connect(struct sock *sk, struct in6_addr *raddr, __be16 rport)
{
	const struct xtcp_af *af = xtcp_sk_af(sk);
	struct dst_entry *dst = af->route(sk, raddr, rport);

	if (IS_ERR(dst))
		return PTR_ERR(dst);
	sk->sk_gso_type = af->gso_type;
	sk_setup_caps(sk, dst);
	take_route(sk, dst);
	return 0;
}

/* What our MSS option says on a route, bytes. */
static u16 advmss_of(const struct sock *sk, const struct dst_entry *dst)
{
	u16 user = xtcp_sk(sk)->user_mss;
	u32 mss = dst_metric_advmss(dst);

	return user && user < mss ? user : mss;
}

/**
 * xtcp_route_back - find the way back to who wants to connect
 * @sk: the listener, locked
 * @key: the connection that it would be
 * @marks: those of its packets
 * @advmss: out: what our MSS option says, bytes
 *
 * Return: the route with a reference, NULL: there is none.
 */
struct dst_entry *xtcp_route_back(struct sock *sk, const struct xtcp_key *key,
				  const struct xtcp_marks *marks, u16 *advmss)
{
	struct dst_entry *dst;

	xtcp_assert_locked(sk);
	dst = xtcp_key_af(key)->route_back(sk, key, marks, false);
	if (IS_ERR(dst))
		return NULL;
	*advmss = advmss_of(sk, dst);
	return dst;
}

/**
 * xtcp_route_changed - IP found another route for a socket, while it sent a segment
 * @sk: the socket, locked
 *
 * __ip_queue_xmit() looks a route up anew that is stale, and gives the socket what
 * the device can do, as it would to a protocol that it does not know.
 */
void xtcp_route_changed(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	xtcp_assert_locked(sk);
	if (!dst)
		return;
	take_route(sk, dst);
	/* the path may take more or less than the one before */
	xtcp_sk(sk)->rerouted = 1;
}

/**
 * xtcp_route_mtu - MTU of the path, with the route looked up anew if it is stale
 * @sk: the socket, locked
 *
 * Return: bytes.
 */
u32 xtcp_route_mtu(struct sock *sk)
{
	struct dst_entry *dst = xtcp_sk_dst(sk);
	struct xtcp_key key = xtcp_sk(sk)->flow.key;

	xtcp_assert_locked(sk);
	if (!dst) {
		if (xtcp_route_connect(sk, &key.raddr, key.rport))
			return xtcp_sk_af(sk)->mtu_min;
		dst = __sk_dst_get(sk);
	}
	return dst_mtu(dst);
}

/**
 * xtcp_route_advmss - what our MSS option should say
 * @sk: the socket, with a route
 *
 * Return: bytes.
 */
u16 xtcp_route_advmss(struct sock *sk)
{
	return advmss_of(sk, __sk_dst_get(sk));
}

/**
 * xtcp_route_pmtu - ICMP says that the path takes less
 * @sk: the socket, locked
 * @mtu: what it takes, bytes
 */
void xtcp_route_pmtu(struct sock *sk, u32 mtu)
{
	struct dst_entry *dst = xtcp_sk_dst(sk);

	xtcp_assert_locked(sk);
	if (dst)
		dst->ops->update_pmtu(dst, sk, NULL, mtu, true);
}

/* The slow part of xtcp_route_came(). */
void __xtcp_route_came(struct sock *sk, struct dst_entry *dst, int iif)
{
	struct dst_entry *old;

	if (!dst_hold_safe(dst))
		return;
	old = rcu_replace_pointer(sk->sk_rx_dst, dst, lockdep_sock_is_held(sk));
	WRITE_ONCE(sk->sk_rx_dst_ifindex, iif);
	WRITE_ONCE(sk->sk_rx_dst_cookie,
		   xtcp_af_dst_cookie(dst, xtcp_sk(sk)->flow.family));
	dst_release(old);
}

/**
 * xtcp_route_in - spare a segment the look-up of its route
 * @sk: the connection that it is for, not locked
 * @skb: the segment, before IP looks for a route
 *
 * It came the way of the one before, and that route is still good: what the
 * kernel's TCP calls early demultiplexing.
 *
 * Context: softirq, RCU read side.
 */
void xtcp_route_in(const struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst = rcu_dereference(sk->sk_rx_dst);

	/* a route of the one is none of the other */
	if (xtcp_sk(sk)->flow.family != xtcp_skb_family(skb))
		return;
	if (dst && READ_ONCE(sk->sk_rx_dst_ifindex) == skb->skb_iif &&
	    dst_check(dst, READ_ONCE(sk->sk_rx_dst_cookie)))
		skb_dst_set_noref(skb, dst);
}
