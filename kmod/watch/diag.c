// SPDX-License-Identifier: GPL-2.0
/*
 * sock_diag for AF_XTCP: the requests and answers of inet_diag, so that a
 * client which can ask about AF_INET sockets has to change the family only.
 *
 * A request's family is AF_XTCP and covers IPv4 and IPv6; an answer's is
 * AF_INET or AF_INET6, as its addresses are.
 */
#include <linux/cgroup.h>
#include <linux/inet_diag.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/xtcp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "clocks.h"
#include "compat.h"
#include "cong.h"
#include "destroy.h"
#include "family.h"
#include "ip/l3mdev.h"
#include "listen.h"
#include "sock.h"
#include "sockopt.h"
#include "table.h"
#include "watch/filter.h"
#include "watch/find.h"
#include "watch/observe.h"
#include "watch/observe_compat.h"
#include "watch/view.h"

/* Flows that a dump takes out of the table at a time. */
#define DUMP_BATCH	16

/* netlink_callback.seq of a dump that saw one table only; 0 would mean nothing. */
#define CONSISTENT	1U

/**
 * struct dump - a dump under way
 * @it: where it is
 * @filter: INET_DIAG_REQ_BYTECODE, in the request that netlink keeps; or NULL
 * @held: flows that are to be reported, with references
 * @nr_held: how many
 * @next: which of them comes next
 */
struct dump {
	struct xtcp_iter	it;
	const struct nlattr	*filter;
	const struct xtcp_flow	*held[DUMP_BATCH];
	unsigned int		nr_held;
	unsigned int		next;
};

/**
 * struct reply - what all messages of one answer share
 * @portid: who asked
 * @seq: his sequence number
 * @ext: INET_DIAG_* that he wants, as bits
 * @show: XTCP_DIAG_SHOW_* that he wants
 * @net_admin: he may see marks
 * @user_ns: in which he understands user ids
 */
struct reply {
	u32			portid;
	u32			seq;
	u8			ext;
	u32			show;
	bool			net_admin;
	struct user_namespace	*user_ns;
};

static void reply_init(struct reply *r, const struct sk_buff *skb,
		       const struct nlmsghdr *nlh)
{
	const struct inet_diag_req_v2 *req = nlmsg_data(nlh);
	const struct nlattr *show = nlmsg_find_attr(nlh, sizeof(*req), XTCP_DIAG_REQ_SHOW);

	r->portid = NETLINK_CB(skb).portid;
	r->seq = nlh->nlmsg_seq;
	r->ext = req->idiag_ext;
	r->show = show ? nla_get_u32(show) : 0;
	r->net_admin = netlink_net_capable(skb, CAP_NET_ADMIN);
	r->user_ns = sk_user_ns(NETLINK_CB(skb).sk);
}

static bool wants(const struct reply *r, int attr)
{
	return r->ext & (1 << (attr - 1));
}

/* ---- one message ---- */

static void fill_id(struct inet_diag_sockid *id, const struct xtcp_ends *e)
{
	id->idiag_sport = htons(e->lport);
	id->idiag_dport = htons(e->rport);
	if (e->family == AF_INET) {
		id->idiag_src[0] = xtcp_addr_v4(&e->laddr);
		id->idiag_dst[0] = xtcp_addr_v4(&e->raddr);
	} else {
		memcpy(id->idiag_src, &e->laddr, sizeof(e->laddr));
		memcpy(id->idiag_dst, &e->raddr, sizeof(e->raddr));
	}
}

static int put_sockopt(struct sk_buff *skb, const struct sock *sk)
{
	struct inet_diag_sockopt opt = {
		.recverr = xtcp_inet_bit(sk, RECVERR, recverr),
		.freebind = xtcp_inet_bit(sk, FREEBIND, freebind),
		.mc_loop = xtcp_inet_bit(sk, MC_LOOP, mc_loop),
		.mc_all = xtcp_inet_bit(sk, MC_ALL, mc_all),
		.transparent = xtcp_inet_bit(sk, TRANSPARENT, transparent),
		.bind_address_no_port =
			xtcp_inet_bit(sk, BIND_ADDRESS_NO_PORT, bind_address_no_port),
	};

	return nla_put(skb, INET_DIAG_SOCKOPT, sizeof(opt), &opt);
}

#ifdef CONFIG_SOCK_CGROUP_DATA
static u64 cgroup_of(const struct sock *sk)
{
	return cgroup_id(sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data));
}
#endif

static int put_cgroup(struct sk_buff *skb, const struct sock *sk, bool classid_too)
{
	u32 classid = 0;
	int err = 0;

#ifdef CONFIG_CGROUP_NET_CLASSID
	classid = sock_cgroup_classid(&sk->sk_cgrp_data);
#endif
#ifdef CONFIG_SOCK_CGROUP_DATA
	err = nla_put_u64_64bit(skb, INET_DIAG_CGROUP_ID, cgroup_of(sk), INET_DIAG_PAD);
#endif
	if (!err && classid_too)
		err = nla_put_u32(skb, INET_DIAG_CLASS_ID,
				  classid ?: READ_ONCE(sk->sk_priority));
	return err;
}

static int put_ipv6(struct sk_buff *skb, const struct reply *r,
		    const struct sock *sk, u8 state)
{
#if IS_ENABLED(CONFIG_IPV6)
	int err = 0;

	if (sk->sk_family != AF_INET6)
		return 0;
	if (wants(r, INET_DIAG_TCLASS))
		err = nla_put_u8(skb, INET_DIAG_TCLASS, inet6_sk(sk)->tclass);
	if (!err && state == XTCP_LISTEN)
		err = nla_put_u8(skb, INET_DIAG_SKV6ONLY, ipv6_only_sock(sk));
	return err;
#else
	return 0;
#endif
}

static int put_meminfo(struct sk_buff *skb, const struct sock *sk)
{
	struct inet_diag_meminfo mem = {
		.idiag_rmem = sk_rmem_alloc_get(sk),
		.idiag_wmem = READ_ONCE(sk->sk_wmem_queued),
		.idiag_fmem = READ_ONCE(sk->sk_forward_alloc),
		.idiag_tmem = sk_wmem_alloc_get(sk),
	};

	return nla_put(skb, INET_DIAG_MEMINFO, sizeof(mem), &mem);
}

static int put_tcp_info(struct sk_buff *skb, const struct sock *sk)
{
	struct nlattr *attr = nla_reserve_64bit(skb, INET_DIAG_INFO,
						sizeof(struct tcp_info),
						INET_DIAG_PAD);
	bool slow;

	if (!attr)
		return -EMSGSIZE;
	slow = lock_sock_fast((struct sock *)sk);
	xtcp_get_info(sk, nla_data(attr));
	unlock_sock_fast((struct sock *)sk, slow);
	return 0;
}

static int put_cong(struct sk_buff *skb, const struct sock *sk)
{
	char name[XTCP_CC_NAME_MAX];

	xtcp_cong_name(sk, name);
	return nla_put_string(skb, INET_DIAG_CONG, name);
}

/* What the algorithm tells of itself; ss shows it beside TCP_INFO. */
static int put_cong_info(struct sk_buff *skb, const struct sock *sk)
{
	union tcp_cc_info info;
	bool slow;
	int attr;
	u32 len;

	slow = lock_sock_fast((struct sock *)sk);
	len = xtcp_cong_info(sk, &attr, &info);
	unlock_sock_fast((struct sock *)sk, slow);
	return len ? nla_put(skb, attr, len, &info) : 0;
}

/* What came to a listener. */
static int put_listener(struct sk_buff *skb, const struct sock *sk)
{
	struct xtcp_listener_info info;
	bool listens, slow;

	slow = lock_sock_fast((struct sock *)sk);
	listens = xtcp_listener_info(sk, &info);
	unlock_sock_fast((struct sock *)sk, slow);
	return listens ? nla_put_64bit(skb, XTCP_DIAG_LISTENER, sizeof(info), &info,
				       INET_DIAG_PAD) : 0;
}

/* What it waits for, and has. */
static int put_wait(struct sk_buff *skb, const struct reply *r, const struct sock *sk)
{
	struct xtcp_clock_info clocks;
	struct xtcp_wait_info wait;
	bool watched, slow;

	if (!(r->show & (XTCP_DIAG_SHOW_WAIT | XTCP_DIAG_SHOW_CLOCKS)))
		return 0;
	slow = lock_sock_fast((struct sock *)sk);
	xtcp_wait_info(sk, &wait);
	watched = xtcp_clocks_info(sk, &clocks);
	unlock_sock_fast((struct sock *)sk, slow);
	if (r->show & XTCP_DIAG_SHOW_WAIT &&
	    nla_put_64bit(skb, XTCP_DIAG_WAIT, sizeof(wait), &wait, INET_DIAG_PAD))
		return -EMSGSIZE;
	if (r->show & XTCP_DIAG_SHOW_CLOCKS && watched &&
	    nla_put_64bit(skb, XTCP_DIAG_CLOCKS, sizeof(clocks), &clocks, INET_DIAG_PAD))
		return -EMSGSIZE;
	return 0;
}

/* Attributes that only a socket has.  Return: 0 or -EMSGSIZE. */
static int put_sock(struct sk_buff *skb, const struct reply *r,
		    const struct sock *sk, u8 state)
{
	/* a bit of its own it has none: the request's field is too narrow */
	bool classid = wants(r, INET_DIAG_TCLASS);

	if (nla_put_u8(skb, INET_DIAG_SHUTDOWN, READ_ONCE(sk->sk_shutdown)) ||
	    put_ipv6(skb, r, sk, state) ||
	    put_cgroup(skb, sk, classid) ||
	    put_sockopt(skb, sk))
		return -EMSGSIZE;
	if (wants(r, INET_DIAG_TOS) &&
	    nla_put_u8(skb, INET_DIAG_TOS, READ_ONCE(inet_sk(sk)->tos)))
		return -EMSGSIZE;
	if (wants(r, INET_DIAG_MEMINFO) && put_meminfo(skb, sk))
		return -EMSGSIZE;
	if (wants(r, INET_DIAG_SKMEMINFO) &&
	    sock_diag_put_meminfo((struct sock *)sk, skb, INET_DIAG_SKMEMINFO))
		return -EMSGSIZE;
	if (wants(r, INET_DIAG_CONG) && put_cong(skb, sk))
		return -EMSGSIZE;
	if (wants(r, INET_DIAG_INFO) && put_tcp_info(skb, sk))
		return -EMSGSIZE;
	/* as Linux: the first of its kind asks for any, the request has no more bits */
	if (wants(r, INET_DIAG_VEGASINFO) && put_cong_info(skb, sk))
		return -EMSGSIZE;
	if (r->show & XTCP_DIAG_SHOW_LISTENER && put_listener(skb, sk))
		return -EMSGSIZE;
	return put_wait(skb, r, sk);
}

/*
 * One flow's message.  The flow is held, and no lock: to fill in struct tcp_info waits
 * for the socket's owner.
 * Return: 0, or -EMSGSIZE and nothing was added.
 */
static int put_flow(struct sk_buff *skb, const struct reply *r,
		    const struct xtcp_flow *flow, u16 nlmsg_flags)
{
	const struct sock *sk = xtcp_view_sk(flow);
	struct inet_diag_msg *msg;
	struct xtcp_view view;
	struct nlmsghdr *nlh;

	nlh = nlmsg_put(skb, r->portid, r->seq, SOCK_DIAG_BY_FAMILY,
			sizeof(*msg), nlmsg_flags);
	if (!nlh)
		return -EMSGSIZE;
	xtcp_view_fill(flow, &view);
	msg = nlmsg_data(nlh);
	memset(msg, 0, sizeof(*msg));
	msg->idiag_family = view.ends.family;
	msg->idiag_state = view.state;
	msg->idiag_timer = view.timer;
	msg->idiag_retrans = view.timer == XTCP_VIEW_TIMER_REXMIT ?
			     view.retransmits : view.probes;
	msg->idiag_expires = min_t(u64, div_u64(view.expires_us, USEC_PER_MSEC), U32_MAX);
	msg->idiag_rqueue = view.rx_queue;
	msg->idiag_wqueue = view.tx_queue;
	fill_id(&msg->id, &view.ends);
	msg->id.idiag_if = xtcp_flow_dev(flow);
	if (sk) {
		sock_diag_save_cookie((struct sock *)sk, msg->id.idiag_cookie);
		msg->idiag_uid = from_kuid_munged(r->user_ns, view.uid);
		msg->idiag_inode = view.inode;
		if (view.state == XTCP_LISTEN)
			msg->idiag_wqueue = READ_ONCE(sk->sk_max_ack_backlog);
	}
	if ((r->net_admin && nla_put_u32(skb, INET_DIAG_MARK, view.mark)) ||
	    (sk && put_sock(skb, r, sk, view.state))) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/* ---- dump ---- */

static bool selected(const struct xtcp_flow *flow,
		     const struct inet_diag_req_v2 *req,
		     const struct nlattr *filter)
{
	const struct sock *sk = xtcp_view_sk(flow);
	struct xtcp_filter_subject subject = {};
	struct xtcp_view view;

	xtcp_view_fill(flow, &view);
	if (!(req->idiag_states & (1U << view.state)))
		return false;
	if (req->id.idiag_sport && req->id.idiag_sport != htons(view.ends.lport))
		return false;
	if (req->id.idiag_dport && req->id.idiag_dport != htons(view.ends.rport))
		return false;
	subject.ends = &view.ends;
	subject.ifindex = xtcp_flow_dev(flow);
	subject.mark = view.mark;
	if (sk) {
		subject.autobound = !(sk->sk_userlocks & SOCK_BINDPORT_LOCK);
#ifdef CONFIG_SOCK_CGROUP_DATA
		subject.cgroup_id = cgroup_of(sk);
#endif
	} else {
		subject.autobound = true;	/* as inet_diag says of them */
	}
	return xtcp_filter_match(filter, &subject);
}

/*
 * Messages are made outside of the walk, which is an RCU read side: put_flow() may
 * sleep, for a socket's lock.
 */
static void dump_collect(struct dump *d, const struct inet_diag_req_v2 *req)
{
	const struct xtcp_flow *flow;

	d->next = 0;
	d->nr_held = 0;
	xtcp_iter_start(&d->it);
	while (d->nr_held < DUMP_BATCH && (flow = xtcp_iter_next(&d->it))) {
		if (!xtcp_view_hold(flow, d->it.xn->net))
			continue;
		if (selected(flow, req, d->filter))
			d->held[d->nr_held++] = flow;
		else
			xtcp_view_drop(flow);
	}
	xtcp_iter_stop(&d->it);
}

static int dump_start(struct netlink_callback *cb)
{
	const struct nlattr *filter;
	struct dump *d;
	int err;

	filter = nlmsg_find_attr(cb->nlh, sizeof(struct inet_diag_req_v2),
				 INET_DIAG_REQ_BYTECODE);
	if (filter) {
		err = xtcp_filter_check(filter,
					netlink_net_capable(cb->skb, CAP_NET_ADMIN));
		if (err)
			return err;
	}
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->filter = filter;
	xtcp_iter_enter(&d->it, sock_net(cb->skb->sk));
	cb->data = d;
	cb->prev_seq = CONSISTENT;
	return 0;
}

static int dump_some(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *d = cb->data;
	struct reply r;
	int err;

	reply_init(&r, cb->skb, cb->nlh);
	for (;;) {
		for (; d->next < d->nr_held; d->next++) {
			err = put_flow(skb, &r, d->held[d->next], NLM_F_MULTI);
			if (err)
				return skb->len ?: err;
			xtcp_view_drop(d->held[d->next]);
		}
		dump_collect(d, nlmsg_data(cb->nlh));
		/* netlink tells it with the last message: NLM_F_DUMP_INTR */
		cb->seq = CONSISTENT + d->it.rewound;
		if (!d->nr_held)
			return skb->len;
		cond_resched();
	}
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *d = cb->data;

	for (; d->next < d->nr_held; d->next++)
		xtcp_view_drop(d->held[d->next]);
	xtcp_iter_exit(&d->it);
	kfree(d);
	return 0;
}

/* ---- one flow ---- */

static int get_one(struct sk_buff *in, const struct nlmsghdr *nlh)
{
	const struct inet_diag_req_v2 *req = nlmsg_data(nlh);
	struct net *net = sock_net(in->sk);
	const struct xtcp_flow *flow;
	struct sk_buff *skb;
	struct reply r;
	int err;

	flow = xtcp_watch_find(net, &req->id, AF_UNSPEC);
	if (!flow)
		return -ENOENT;
	err = -ENOMEM;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto out;
	reply_init(&r, in, nlh);
	err = put_flow(skb, &r, flow, 0);
	if (err)
		nlmsg_free(skb);
	else
		err = nlmsg_unicast(net->diag_nlsk, skb, r.portid);
out:
	xtcp_view_drop(flow);
	return err;
}

/* ---- requests ---- */

static int check_request(const struct nlmsghdr *nlh)
{
	const struct inet_diag_req_v2 *req = nlmsg_data(nlh);
	const struct nlattr *attr;
	u32 protocol;

	if (nlmsg_len(nlh) < sizeof(*req))
		return -EINVAL;
	protocol = req->sdiag_protocol;
	attr = nlmsg_find_attr(nlh, sizeof(*req), INET_DIAG_REQ_PROTOCOL);
	if (attr) {
		if (nla_len(attr) != sizeof(u32))
			return -EINVAL;
		protocol = nla_get_u32(attr);
	}
	/* inet_diag's errno for a protocol that it does not have */
	if (protocol && protocol != IPPROTO_TCP)
		return -ENOENT;
	attr = nlmsg_find_attr(nlh, sizeof(*req), XTCP_DIAG_REQ_SHOW);
	return attr && nla_len(attr) != sizeof(u32) ? -EINVAL : 0;
}

static int handle_get(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	struct netlink_dump_control control = {
		.start	= dump_start,
		.dump	= dump_some,
		.done	= dump_done,
	};
	int err = check_request(nlh);

	if (err)
		return err;
	if (nlh->nlmsg_flags & NLM_F_DUMP)
		return netlink_dump_start(sock_net(skb->sk)->diag_nlsk, skb, nlh,
					  &control);
	return get_one(skb, nlh);
}

static int handle_destroy(struct sk_buff *skb, struct nlmsghdr *nlh)
{
	const struct inet_diag_req_v2 *req = nlmsg_data(nlh);
	const struct xtcp_flow *flow;
	const struct sock *sk;
	int err = check_request(nlh);

	if (err)
		return err;
	if (!netlink_net_capable(skb, CAP_NET_ADMIN))
		return -EPERM;
	flow = xtcp_watch_find(sock_net(skb->sk), &req->id, AF_UNSPEC);
	if (!flow)
		return -ENOENT;
	sk = xtcp_view_sk(flow);
	err = sk ? xtcp_sock_destroy((struct sock *)sk, ECONNABORTED, XTCP_WHY_KILLED) :
		   xtcp_flow_destroy((struct xtcp_flow *)flow);
	xtcp_view_drop(flow);
	return err;
}

/* Not const: the family is a module parameter. */
static struct sock_diag_handler handler = {
	XTCP_SOCK_DIAG_OWNER
	.dump		= handle_get,
	.destroy	= handle_destroy,
};

/**
 * xtcp_diag_init - answer sock_diag requests for the family number in use
 *
 * Return: 0, or what xtcp_family_refused() says.  Process context.
 */
int xtcp_diag_init(void)
{
	int err;

	handler.family = xtcp_family_nr;
	err = sock_diag_register(&handler);
	return err ? xtcp_family_refused(err) : 0;
}

/**
 * xtcp_diag_exit - answer no more
 *
 * A request or dump under way holds a reference to the module, so there is
 * none.  Process context.
 */
void xtcp_diag_exit(void)
{
	sock_diag_unregister(&handler);
}
