// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that a user gives to connect().  Those of bind() are the stack's affair
 * (inet_bind(), inet6_bind()).
 */
#include <linux/bpf-cgroup.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/transp_v6.h>

#include "ip/af.h"
#include "ip/sockaddr.h"

static int peer4(const struct sockaddr_in *sin, int len, struct in6_addr *raddr,
		 __be16 *rport)
{
	if (len < sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	xtcp_addr_set4(raddr, sin->sin_addr.s_addr);
	*rport = sin->sin_port;
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
/* The flow label that the user asks for, if it may be asked for (IPV6_FLOWINFO_SEND). */
static int take_label(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	__be32 info = 0;

	if (xtcp_inet6_bit(sk, SNDFLOW, sndflow)) {
		info = sin6->sin6_flowinfo & IPV6_FLOWINFO_MASK;
		IP6_ECN_flow_init(info);
		if (info & IPV6_FLOWLABEL_MASK) {
			struct ip6_flowlabel *label = fl6_sock_lookup(sk, info);

			if (IS_ERR(label))
				return -EINVAL;
			fl6_sock_release(label);
		}
	}
	inet6_sk(sk)->flow_label = info;
	return 0;
}

/* A link-local address means something on one link only (RFC 4007). */
static int take_scope(struct sock *sk, const struct sockaddr_in6 *sin6, int len)
{
	if (len >= sizeof(*sin6) && sin6->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, sin6->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = sin6->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

static int peer6(struct sock *sk, const struct sockaddr_in6 *sin6, int len,
		 struct in6_addr *raddr, __be16 *rport)
{
	int type, err;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	err = take_label(sk, sin6);
	if (err)
		return err;
	*raddr = sin6->sin6_addr;
	*rport = sin6->sin6_port;
	/* as Linux: the any-address is this host */
	if (ipv6_addr_any(raddr)) {
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			xtcp_addr_set4(raddr, htonl(INADDR_LOOPBACK));
		else
			*raddr = in6addr_loopback;
	}
	type = ipv6_addr_type(raddr);
	if (type & IPV6_ADDR_MULTICAST)
		return -ENETUNREACH;
	if (type & IPV6_ADDR_LINKLOCAL) {
		err = take_scope(sk, sin6, len);
		if (err)
			return err;
	}
	if (type & IPV6_ADDR_MAPPED)
		return ipv6_only_sock(sk) ? -ENETUNREACH : 0;
	/* what is bound to an address of IPv4 does not get to IPv6 */
	return ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr) ? -EAFNOSUPPORT : 0;
}
#endif

/**
 * xtcp_sockaddr_peer - whom does the user want to connect to?
 * @sk: the socket, locked
 * @addr: what the user says
 * @len: length of it, bytes
 * @raddr: out: the address, as in a key
 * @rport: out: the port
 *
 * What an address of IPv6 says of the way there (scope, flow label) becomes the socket's.
 *
 * Return: 0, or the errno of Linux's connect().
 */
int xtcp_sockaddr_peer(struct sock *sk, const XTCP_SOCKADDR *addr, int len,
		       struct in6_addr *raddr, __be16 *rport)
{
	xtcp_assert_locked(sk);
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_sk_is6(sk))
		return peer6(sk, (const struct sockaddr_in6 *)addr, len, raddr, rport);
#endif
	return peer4((const struct sockaddr_in *)addr, len, raddr, rport);
}

/**
 * xtcp_sockaddr_filter - programs of the control group see the address of connect()
 * @sk: the socket, locked
 * @addr: the peer; they may change it
 * @len: length of the address
 *
 * Return: 0, -EINVAL, -EPERM.
 */
int xtcp_sockaddr_filter(struct sock *sk, XTCP_SOCKADDR *addr, int len)
{
	sock_owned_by_me(sk);
	/* a program may look at all of it */
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_sk_is6(sk))
		return len < SIN6_LEN_RFC2133 ? -EINVAL : xtcp_bpf_connect6(sk, addr, &len);
#endif
	return len < sizeof(struct sockaddr_in) ? -EINVAL : xtcp_bpf_connect4(sk, addr, &len);
}

/**
 * xtcp_sockaddr_reset - forget the address that connect() chose, and the peer's
 * @sk: the socket, locked
 * @bound: its IPv4 address before that
 *
 * What bind() was told stays.
 */
void xtcp_sockaddr_reset(struct sock *sk, __be32 bound)
{
	xtcp_assert_locked(sk);
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	else
		inet_sk(sk)->inet_saddr = bound;
#if IS_ENABLED(CONFIG_IPV6)
	sk->sk_v6_daddr = in6addr_any;
#endif
	xtcp_sk(sk)->flow.family = sk->sk_family;
}
