// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP_CMD_SOCK_SET: an administrator sets what a user could, of a socket that is not his.
 *
 * Netlink has looked at all values (xtcp_knob_policy) before the first one is set. What a
 * knob does is setsockopt()'s, so it checks them once more, and knows more than ranges:
 * which congestion controls there are.  That one comes first, so that a request which is
 * refused has changed nothing.
 */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <net/genetlink.h>
#include <net/tcp.h>

#include "cong.h"
#include "knob.h"
#include "sockopt.h"
#include "watch/find.h"
#include "watch/view.h"

static struct netlink_range_validation timeout_range = { .max = INT_MAX };

const struct nla_policy xtcp_knob_policy[XTCP_A_SOCK_MAX + 1] = {
	[XTCP_A_SOCK_FAMILY]		= { .type = NLA_U8 },
	[XTCP_A_SOCK_SADDR]		= { .type = NLA_BINARY, .len = sizeof(struct in6_addr) },
	[XTCP_A_SOCK_DADDR]		= { .type = NLA_BINARY, .len = sizeof(struct in6_addr) },
	[XTCP_A_SOCK_SPORT]		= { .type = NLA_U16 },
	[XTCP_A_SOCK_DPORT]		= { .type = NLA_U16 },
	[XTCP_A_SOCK_DEVICE]		= { .type = NLA_U32 },
	[XTCP_A_SOCK_COOKIE]		= { .type = NLA_U64 },
	[XTCP_A_SOCK_CONGESTION]	= { .type = NLA_NUL_STRING, .len = TCP_CA_NAME_MAX - 1 },
	[XTCP_A_SOCK_USER_TIMEOUT]	= NLA_POLICY_FULL_RANGE(NLA_U32, &timeout_range),
	[XTCP_A_SOCK_KEEPALIVE]		= NLA_POLICY_MAX(NLA_U8, 1),
	[XTCP_A_SOCK_KEEPIDLE]		= NLA_POLICY_RANGE(NLA_U32, 1, MAX_TCP_KEEPIDLE),
	[XTCP_A_SOCK_KEEPINTVL]		= NLA_POLICY_RANGE(NLA_U32, 1, MAX_TCP_KEEPINTVL),
	[XTCP_A_SOCK_KEEPCNT]		= NLA_POLICY_RANGE(NLA_U32, 1, MAX_TCP_KEEPCNT),
	[XTCP_A_SOCK_MAX_PACING_RATE]	= NLA_POLICY_MIN(NLA_U64, 1),
	[XTCP_A_SOCK_WATCH]		= NLA_POLICY_MAX(NLA_U8, 1),
};

/* ---- which socket ---- */

static int get_addr(const struct genl_info *info, int which, size_t size, __be32 *addr)
{
	const struct nlattr *attr = info->attrs[which];

	if (!attr || nla_len(attr) != size) {
		if (attr)
			NL_SET_BAD_ATTR(info->extack, attr);
		NL_SET_ERR_MSG(info->extack, "an address is missing, or not of its family");
		return -EINVAL;
	}
	nla_memcpy(addr, attr, size);
	return 0;
}

static int get_id(const struct genl_info *info, struct inet_diag_sockid *id)
{
	struct nlattr *const *a = info->attrs;
	size_t size;
	u64 cookie;
	u8 family;

	if (!a[XTCP_A_SOCK_FAMILY] || !a[XTCP_A_SOCK_SPORT] || !a[XTCP_A_SOCK_DPORT] ||
	    !a[XTCP_A_SOCK_COOKIE]) {
		NL_SET_ERR_MSG(info->extack, "which socket: family, ports or cookie is missing");
		return -EINVAL;
	}
	family = nla_get_u8(a[XTCP_A_SOCK_FAMILY]);
	if (family != AF_INET && family != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[XTCP_A_SOCK_FAMILY],
				    "neither AF_INET nor AF_INET6");
		return -EAFNOSUPPORT;
	}
	size = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	cookie = nla_get_u64(a[XTCP_A_SOCK_COOKIE]);
	id->idiag_sport = htons(nla_get_u16(a[XTCP_A_SOCK_SPORT]));
	id->idiag_dport = htons(nla_get_u16(a[XTCP_A_SOCK_DPORT]));
	id->idiag_cookie[0] = (u32)cookie;
	id->idiag_cookie[1] = (u32)(cookie >> 32);
	if (a[XTCP_A_SOCK_DEVICE])
		id->idiag_if = nla_get_u32(a[XTCP_A_SOCK_DEVICE]);
	return get_addr(info, XTCP_A_SOCK_SADDR, size, id->idiag_src) ?:
	       get_addr(info, XTCP_A_SOCK_DADDR, size, id->idiag_dst);
}

/* ---- what to set ---- */

/* Not of a module that is not there: genetlink holds a lock that it may want to register. */
static int set_congestion(struct sock *sk, int optname, const struct nlattr *attr)
{
	return xtcp_cong_set(sk, nla_data(attr),
			     ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN), false);
}

static int set_number(struct sock *sk, int optname, const struct nlattr *attr)
{
	int val = nla_get_u32(attr);

	return xtcp_setsockopt(sk, SOL_TCP, optname, KERNEL_SOCKPTR(&val), sizeof(val));
}

/* What the generic code does for SO_KEEPALIVE, which wants a struct socket. */
static int set_keepalive(struct sock *sk, int optname, const struct nlattr *attr)
{
	int on = nla_get_u8(attr);

	lock_sock(sk);
	xtcp_keepalive(sk, on);
	sock_valbool_flag(sk, SOCK_KEEPOPEN, on);
	release_sock(sk);
	return 0;
}

/* The same for SO_MAX_PACING_RATE; all ones are no limit. */
static int set_max_pacing_rate(struct sock *sk, int optname, const struct nlattr *attr)
{
	u64 rate = nla_get_u64(attr);
	unsigned long most = min_t(u64, rate, ULONG_MAX);

	lock_sock(sk);
	if (most != ULONG_MAX)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
	WRITE_ONCE(sk->sk_max_pacing_rate, most);
	WRITE_ONCE(sk->sk_pacing_rate, min(sk->sk_pacing_rate, most));
	release_sock(sk);
	return 0;
}

static int set_watch(struct sock *sk, int optname, const struct nlattr *attr)
{
	int on = nla_get_u8(attr);

	return xtcp_setsockopt(sk, SOL_XTCP, optname, KERNEL_SOCKPTR(&on), sizeof(on));
}

/* In this order. */
static const struct {
	int attr;
	int optname;
	int (*set)(struct sock *sk, int optname, const struct nlattr *attr);
	const char *refused;
} knobs[] = {
	{ XTCP_A_SOCK_CONGESTION, TCP_CONGESTION, set_congestion,
	  "there is no such congestion control, or it cannot be chosen" },
	{ XTCP_A_SOCK_USER_TIMEOUT, TCP_USER_TIMEOUT, set_number, "no such timeout" },
	{ XTCP_A_SOCK_KEEPIDLE, TCP_KEEPIDLE, set_number, "no such time" },
	{ XTCP_A_SOCK_KEEPINTVL, TCP_KEEPINTVL, set_number, "no such time" },
	{ XTCP_A_SOCK_KEEPCNT, TCP_KEEPCNT, set_number, "no such number" },
	{ XTCP_A_SOCK_KEEPALIVE, SO_KEEPALIVE, set_keepalive, "" },
	{ XTCP_A_SOCK_MAX_PACING_RATE, SO_MAX_PACING_RATE, set_max_pacing_rate, "" },
	{ XTCP_A_SOCK_WATCH, XTCP_WATCH, set_watch, "there is no memory for its clocks" },
};

static int set_all(struct sock *sk, const struct genl_info *info)
{
	const struct nlattr *attr;
	bool none = true;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		attr = info->attrs[knobs[i].attr];
		if (!attr)
			continue;
		none = false;
		err = knobs[i].set(sk, knobs[i].optname, attr);
		if (err) {
			NL_SET_BAD_ATTR(info->extack, attr);
			if (info->extack)
				info->extack->_msg = knobs[i].refused;
			return err;
		}
	}
	if (none) {
		NL_SET_ERR_MSG(info->extack, "nothing is to be set");
		return -EINVAL;
	}
	return 0;
}

/**
 * xtcp_knob_set - XTCP_CMD_SOCK_SET
 * @skb: the request, of who has CAP_NET_ADMIN in the user namespace of the network namespace
 * @info: its attributes
 *
 * Context: process.
 *
 * Return: 0; -ESRCH, that socket is gone; -EOPNOTSUPP, it is an entry in SYN_RECV or
 * TIME_WAIT; or what a knob says.
 */
int xtcp_knob_set(struct sk_buff *skb, struct genl_info *info)
{
	struct inet_diag_sockid id = {};
	const struct xtcp_flow *flow;
	const struct sock *sk;
	int err = get_id(info, &id);

	if (err)
		return err;
	flow = xtcp_watch_find(genl_info_net(info), &id,
			       nla_get_u8(info->attrs[XTCP_A_SOCK_FAMILY]));
	if (!flow) {
		NL_SET_ERR_MSG(info->extack, "there is no such socket any more");
		return -ESRCH;
	}
	sk = xtcp_view_sk(flow);
	if (sk) {
		err = set_all((struct sock *)sk, info);
	} else {
		NL_SET_ERR_MSG(info->extack, "in SYN_RECV or TIME_WAIT there is no socket");
		err = -EOPNOTSUPP;
	}
	xtcp_view_drop(flow);
	return err;
}
