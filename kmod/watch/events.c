// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "xtcp": edges and states with their counts, and a
 * multicast group in which every transition is reported as it happens.
 * uapi/xtcp.yaml specifies the messages.  What changes a socket (knob.c) is reached through
 * it, too.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/timekeeping.h>
#include <linux/xtcp.h>
#include <net/genetlink.h>
#include <net/tcp.h>

#include "core/fsm.h"
#include "clocks.h"
#include "edge.h"
#include "ended.h"
#include "ip/af.h"
#include "ip/l3mdev.h"
#include "knob.h"
#include "reset.h"
#include "watch/mib.h"
#include "watch/observe.h"
#include "watch/observe_compat.h"
#include "watch/view.h"

static struct genl_family family;

enum { GROUP_EVENTS };

static const struct genl_multicast_group groups[] = {
	/* every member costs every connection, so not anybody may be one */
	[GROUP_EVENTS] = { .name = XTCP_GENL_MCGRP_EVENTS, XTCP_MCGRP_ADMIN_ONLY },
};

/* ---- dumps ---- */

/*
 * struct cursor - a dump under way, in netlink_callback.ctx
 * @sum: counters as they were when it began
 * @next: edge, state or reason that comes next
 */
struct cursor {
	struct xtcp_mib	*sum;
	unsigned int	next;
};

static struct cursor *cursor(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct cursor) > sizeof(cb->ctx));
	return (struct cursor *)cb->ctx;
}

static int dump_start(struct netlink_callback *cb)
{
	struct cursor *c = cursor(cb);

	c->sum = kmalloc(sizeof(*c->sum), GFP_KERNEL);
	if (!c->sum)
		return -ENOMEM;
	xtcp_mib_sum(xtcp_net(sock_net(cb->skb->sk)), c->sum);
	return 0;
}

static int dump_done(struct netlink_callback *cb)
{
	kfree(cursor(cb)->sum);
	return 0;
}

static void *put_header(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &family, NLM_F_MULTI, cmd);
}

static int put_edge(struct sk_buff *skb, struct netlink_callback *cb,
		    unsigned int edge)
{
	const struct xtcp_edge_desc *e = &xtcp_edges[edge];
	void *hdr = put_header(skb, cb, XTCP_CMD_EDGES_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, XTCP_A_EDGE_ID, edge) ||
	    nla_put_u8(skb, XTCP_A_EDGE_FROM, e->from) ||
	    nla_put_u8(skb, XTCP_A_EDGE_TO, e->to) ||
	    nla_put_u8(skb, XTCP_A_EDGE_EVENT, e->event) ||
	    nla_put_string(skb, XTCP_A_EDGE_NAME, e->name) ||
	    nla_put_string(skb, XTCP_A_EDGE_ACTION, e->action) ||
	    nla_put_string(skb, XTCP_A_EDGE_CLAUSE, e->clause) ||
	    nla_put_u64_64bit(skb, XTCP_A_EDGE_COUNT,
			      cursor(cb)->sum->edge[edge], XTCP_A_EDGE_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int edges_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *c = cursor(cb);

	for (; c->next < XTCP_EDGE_NR; c->next++) {
		if (put_edge(skb, cb, c->next))
			break;
	}
	return skb->len;
}

static int put_state(struct sk_buff *skb, struct netlink_callback *cb,
		     unsigned int state)
{
	void *hdr = put_header(skb, cb, XTCP_CMD_STATES_GET);

	if (!hdr)
		return -EMSGSIZE;
	/* Every TCB begins and ends in CLOSE: that one has no count. */
	if (nla_put_u8(skb, XTCP_A_STATE_ID, state) ||
	    nla_put_string(skb, XTCP_A_STATE_NAME, xtcp_state_name(state)) ||
	    (state != XTCP_CLOSE &&
	     nla_put_u32(skb, XTCP_A_STATE_COUNT,
			 xtcp_mib_in_state(cursor(cb)->sum, state)))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int states_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *c = cursor(cb);

	for (; c->next < XTCP_STATE_NR - 1; c->next++) {
		if (put_state(skb, cb, c->next + 1))
			break;
	}
	return skb->len;
}

static int put_reason(struct sk_buff *skb, struct netlink_callback *cb,
		      unsigned int why)
{
	const struct xtcp_reason_desc *r = &xtcp_reasons[why];
	void *hdr = put_header(skb, cb, XTCP_CMD_REASONS_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, XTCP_A_REASON_ID, why) ||
	    nla_put_string(skb, XTCP_A_REASON_NAME, r->name) ||
	    nla_put_string(skb, XTCP_A_REASON_TEXT, r->text) ||
	    nla_put_string(skb, XTCP_A_REASON_CLAUSE, r->clause) ||
	    nla_put_u64_64bit(skb, XTCP_A_REASON_EDGES, cursor(cb)->sum->why[why],
			      XTCP_A_REASON_PAD) ||
	    nla_put_u64_64bit(skb, XTCP_A_REASON_RSTS, cursor(cb)->sum->rst[why],
			      XTCP_A_REASON_PAD) ||
	    nla_put_u64_64bit(skb, XTCP_A_REASON_SENT, cursor(cb)->sum->sent[why],
			      XTCP_A_REASON_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int reasons_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *c = cursor(cb);

	for (; c->next < XTCP_WHY_NR - 1; c->next++) {
		if (put_reason(skb, cb, c->next + 1))
			break;
	}
	return skb->len;
}

static int ended_get_dump(struct sk_buff *skb, struct netlink_callback *cb);

static const struct genl_ops ops[] = {
	{
		.cmd	= XTCP_CMD_EDGES_GET,
		.start	= dump_start,
		.dumpit	= edges_get_dump,
		.done	= dump_done,
	}, {
		.cmd	= XTCP_CMD_STATES_GET,
		.start	= dump_start,
		.dumpit	= states_get_dump,
		.done	= dump_done,
	}, {
		.cmd	= XTCP_CMD_REASONS_GET,
		.start	= dump_start,
		.dumpit	= reasons_get_dump,
		.done	= dump_done,
	}, {
		.cmd	= XTCP_CMD_ENDED_GET,
		.dumpit	= ended_get_dump,
		.flags	= GENL_UNS_ADMIN_PERM,
	}, {
		.cmd	= XTCP_CMD_SOCK_SET,
		.doit	= xtcp_knob_set,
		.flags	= GENL_UNS_ADMIN_PERM,
		.policy	= xtcp_knob_policy,
		.maxattr = ARRAY_SIZE(xtcp_knob_policy) - 1,
	},
};

static int somebody_joins(int group);

static struct genl_family family __ro_after_init = {
	.name		= XTCP_GENL_NAME,
	.version	= XTCP_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= XTCP_NR_MCGRPS(groups),
	XTCP_GENL_BIND(somebody_joins)
};

/* ---- transitions ---- */

static size_t transition_size(void)
{
	return nla_total_size_64bit(sizeof(u64)) +	/* TIME_NS */
	       nla_total_size(sizeof(u32)) +		/* EDGE */
	       nla_total_size(sizeof(u8)) * 4 +		/* FROM TO EVENT FAMILY */
	       nla_total_size(sizeof(struct in6_addr)) * 2 +	/* SADDR DADDR */
	       nla_total_size(sizeof(u16)) * 2 +	/* SPORT DPORT */
	       nla_total_size_64bit(sizeof(u64)) +	/* COOKIE */
	       nla_total_size(sizeof(u32)) * 2 +	/* ERROR REASON */
	       nla_total_size(sizeof(u32)) * 3 +	/* SEQ ACK LEN */
	       nla_total_size(sizeof(u16)) +		/* WINDOW */
	       nla_total_size(sizeof(u8)) * 2 +		/* FLAGS HOP_LIMIT */
	       nla_total_size(sizeof(u32)) +		/* PID */
	       nla_total_size(TASK_COMM_LEN) +		/* COMM */
	       nla_total_size(sizeof(u32)) * 2 +	/* DEVICE UID */
	       nla_total_size_64bit(sizeof(u64)) * 2 +	/* BYTES_ACKED BYTES_RECEIVED */
	       nla_total_size(sizeof(u8)) +		/* TIMER */
	       nla_total_size(sizeof(u32)) * 2 +	/* TIMER_COUNT TIMER_LIMIT */
	       nla_total_size(sizeof(u8)) * 2 +		/* PEER_HOP_LIMIT VERDICT */
	       nla_total_size(sizeof(u32)) +		/* RCV_NXT */
	       nla_total_size_64bit(sizeof(struct xtcp_clock_info));	/* CLOCKS */
}

static int put_addr(struct sk_buff *skb, int attr, u8 af, const struct in6_addr *a)
{
	if (af == AF_INET)
		return nla_put_in_addr(skb, attr, xtcp_addr_v4(a));
	return nla_put_in6_addr(skb, attr, a);
}

static u64 cookie_of(const struct sock *sk)
{
	u32 cookie[2] = {};

	if (sk)
		sock_diag_save_cookie((struct sock *)sk, cookie);
	return (u64)cookie[1] << 32 | cookie[0];
}

/* The segment that did it. */
static int put_segment(struct sk_buff *skb, const struct xtcp_told_segment *seg)
{
	return nla_put_u32(skb, XTCP_A_TRANSITION_SEQ, seg->seq) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_ACK, seg->ack) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_FLAGS, seg->flags) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_LEN, seg->len) ||
	       nla_put_u16(skb, XTCP_A_TRANSITION_WINDOW, seg->window) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_HOP_LIMIT, seg->hop_limit);
}

/*
 * Who called.  Its number is that of the initial namespace, and who has the capability in a
 * user namespace of its own need not learn what is outside: not for network namespaces of
 * others.
 */
static int put_caller(struct sk_buff *skb, const struct net *net,
		      const struct xtcp_told_call *call)
{
	if (net->user_ns != &init_user_ns)
		return 0;
	return nla_put_u32(skb, XTCP_A_TRANSITION_PID, call->pid) ||
	       nla_put_string(skb, XTCP_A_TRANSITION_COMM, call->comm);
}

/* The timer that did it. */
static int put_timer(struct sk_buff *skb, const struct xtcp_cause_timer *timer)
{
	return nla_put_u8(skb, XTCP_A_TRANSITION_TIMER, timer->timer) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_TIMER_COUNT, timer->count) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_TIMER_LIMIT, timer->limit);
}

/* That of the segments that came before it. */
static int put_peer(struct sk_buff *skb, u8 hop_limit)
{
	return hop_limit ? nla_put_u8(skb, XTCP_A_TRANSITION_PEER_HOP_LIMIT, hop_limit) : 0;
}

static int put_cause(struct sk_buff *skb, const struct net *net, const struct xtcp_told *told)
{
	switch ((enum xtcp_told_by)told->by) {
	case XTCP_TOLD_BY_SEGMENT:
		return put_segment(skb, &told->segment) ||
		       put_peer(skb, told->peer_hop_limit);
	case XTCP_TOLD_BY_TIMER:
		return put_timer(skb, &told->timer);
	case XTCP_TOLD_BY_CALL:
		return put_caller(skb, net, &told->call);
	case XTCP_TOLD_BY_NOTHING:
		break;
	}
	return 0;
}

/* Whose it was, and what went over it. */
static int put_owner(struct sk_buff *skb, const struct net *net, const struct xtcp_owner *owner)
{
	return nla_put_u32(skb, XTCP_A_TRANSITION_UID,
			   from_kuid_munged(net->user_ns, owner->uid)) ||
	       nla_put_u64_64bit(skb, XTCP_A_TRANSITION_BYTES_ACKED, owner->acked,
				 XTCP_A_TRANSITION_PAD) ||
	       nla_put_u64_64bit(skb, XTCP_A_TRANSITION_BYTES_RECEIVED, owner->received,
				 XTCP_A_TRANSITION_PAD);
}

/* When, between whom. */
static int put_ends(struct sk_buff *skb, const struct xtcp_ends *ends, u64 time_ns, u64 cookie)
{
	return nla_put_u64_64bit(skb, XTCP_A_TRANSITION_TIME_NS, time_ns,
				 XTCP_A_TRANSITION_PAD) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_FAMILY, ends->family) ||
	       put_addr(skb, XTCP_A_TRANSITION_SADDR, ends->family, &ends->laddr) ||
	       put_addr(skb, XTCP_A_TRANSITION_DADDR, ends->family, &ends->raddr) ||
	       nla_put_u16(skb, XTCP_A_TRANSITION_SPORT, ends->lport) ||
	       nla_put_u16(skb, XTCP_A_TRANSITION_DPORT, ends->rport) ||
	       nla_put_u64_64bit(skb, XTCP_A_TRANSITION_COOKIE, cookie,
				 XTCP_A_TRANSITION_PAD);
}

/* What it spent its time with, where it ends and was watched. */
static int put_clocks(struct sk_buff *skb, const struct xtcp_taken *taken)
{
	u8 to = xtcp_edges[taken->edge].to;
	struct xtcp_clock_info info;

	if (!taken->sk || (to != XTCP_CLOSE && to != XTCP_TIME_WAIT) ||
	    !xtcp_clocks_info(taken->sk, &info))
		return 0;
	return nla_put_64bit(skb, XTCP_A_TRANSITION_CLOCKS, sizeof(info), &info,
			     XTCP_A_TRANSITION_PAD);
}

/* What is the same whether it is told at once or later. */
static int put_told(struct sk_buff *skb, const struct net *net, const struct xtcp_told *told)
{
	const struct xtcp_edge_desc *e = &xtcp_edges[told->edge];

	return nla_put_u32(skb, XTCP_A_TRANSITION_EDGE, told->edge) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_FROM, e->from) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_TO, e->to) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_EVENT, e->event) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_ERROR, told->error) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_REASON, told->why) ||
	       put_cause(skb, net, told) ||
	       (told->has_sock && put_owner(skb, net, &told->owner));
}

static int put_transition(struct sk_buff *skb, const struct xtcp_net *xn,
			  const struct xtcp_taken *taken)
{
	struct xtcp_told told;
	struct xtcp_ends ends;
	void *hdr;

	hdr = genlmsg_put(skb, 0, 0, &family, 0, XTCP_CMD_TRANSITION_NTF);
	if (!hdr)
		return -EMSGSIZE;
	xtcp_tell(taken, &told);
	xtcp_view_ends(taken->flow, &ends);
	if (put_ends(skb, &ends, told.time_ns, cookie_of(taken->sk)) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_DEVICE, xtcp_flow_dev(taken->flow)) ||
	    put_told(skb, xn->net, &told) ||
	    put_clocks(skb, taken))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* ---- connections that ended ---- */

static int put_ended(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct xtcp_ended *ended)
{
	void *hdr = put_header(skb, cb, XTCP_CMD_ENDED_GET);
	struct xtcp_ends ends;

	if (!hdr)
		return -EMSGSIZE;
	xtcp_view_key(&ended->key, ended->family, &ends);
	if (put_ends(skb, &ends, ended->told.time_ns, 0) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_DEVICE, ended->key.dev) ||
	    put_told(skb, ended->key.xn->net, &ended->told)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* A processor after the other, of each the last one first. */
static int ended_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct xtcp_net *xn = xtcp_net(sock_net(cb->skb->sk));
	unsigned long *cpu = &cb->args[0], *i = &cb->args[1];
	struct xtcp_ended ended;

	for (; *cpu < nr_cpu_ids; ++*cpu, *i = 0) {
		if (!cpu_possible(*cpu))
			continue;
		for (; xtcp_ended_get(xn, *cpu, *i, &ended); ++*i) {
			if (put_ended(skb, cb, &ended))
				return skb->len;
		}
	}
	return skb->len;
}

/* ---- RSTs ---- */

/* What was awaited, what came, and what becomes of it. */
static int put_came(struct sk_buff *skb, const struct xtcp_reset *rst)
{
	return nla_put_u8(skb, XTCP_A_TRANSITION_VERDICT, rst->verdict) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_RCV_NXT, rst->rcv_nxt) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_HOP_LIMIT, rst->hop_limit);
}

/* The reason, and whose call it was if it was one. */
static int put_sent(struct sk_buff *skb, const struct xtcp_net *xn,
		    const struct xtcp_reset *rst)
{
	struct xtcp_told_call call;

	if (nla_put_u32(skb, XTCP_A_TRANSITION_REASON, rst->why))
		return -EMSGSIZE;
	return xtcp_tell_call(rst->why, &call) ? put_caller(skb, xn->net, &call) : 0;
}

static int put_reset(struct sk_buff *skb, const struct xtcp_net *xn,
		     const struct xtcp_reset *rst)
{
	struct xtcp_owner owner;
	struct xtcp_ends ends;
	void *hdr;

	hdr = genlmsg_put(skb, 0, 0, &family, 0, XTCP_CMD_RESET_NTF);
	if (!hdr)
		return -EMSGSIZE;
	xtcp_view_key(rst->key, rst->family, &ends);
	if (put_ends(skb, &ends, ktime_get_real_ns(), cookie_of(rst->sk)) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_FROM, rst->state) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_TO, rst->state) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_SEQ, rst->seq) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_ACK, rst->ack) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_FLAGS, rst->flags) ||
	    (rst->sent ? put_sent(skb, xn, rst) : put_came(skb, rst)) ||
	    put_peer(skb, rst->peer_hop_limit) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_DEVICE, rst->key->dev) ||
	    (xtcp_tell_owner(rst->sk, &owner) && put_owner(skb, xn->net, &owner)))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* A message has been made; @err: or was too long.  It is sent, and gone. */
static void multicast(const struct xtcp_net *xn, struct sk_buff *skb, int err)
{
	if (!err)
		err = genlmsg_multicast_netns(&family, xn->net, skb, 0, GROUP_EVENTS,
					      GFP_ATOMIC);
	else
		nlmsg_free(skb);
	/* -ESRCH: the last listener has just left. */
	if (err && err != -ESRCH)
		xtcp_count(xn, EVENT_LOST);
}

/* Apart from what each edge costs while nobody listens. */
static noinline void tell(const struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	struct sk_buff *skb = genlmsg_new(transition_size(), GFP_ATOMIC);

	if (skb)
		multicast(xn, skb, put_transition(skb, xn, taken));
	else
		xtcp_count(xn, EVENT_LOST);
}

/* A RST came or is sent: see xtcp_reset_watch(). */
static void reset(const struct xtcp_net *xn, const struct xtcp_reset *rst)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&family, xn->net, GROUP_EVENTS))
		return;
	skb = genlmsg_new(transition_size(), GFP_ATOMIC);
	if (skb)
		multicast(xn, skb, put_reset(skb, xn, rst));
	else
		xtcp_count(xn, EVENT_LOST);
}

/* An edge was taken: see xtcp_edge_watch(). */
static void transition(const struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	if (genl_has_listeners(&family, xn->net, GROUP_EVENTS))
		tell(xn, taken);
}

/* Whether edges are told of any more, when somebody joins. */
static DEFINE_SPINLOCK(joins_lock);
static bool closing;

/*
 * Somebody will listen, or may: from now on each edge and each RST asks whether anybody
 * does.  Until then none has to, and on most machines nobody ever listens.
 */
static int somebody_joins(int group)
{
	spin_lock(&joins_lock);
	if (!closing) {
		xtcp_edge_watch(transition);
		xtcp_reset_watch(reset);
	}
	spin_unlock(&joins_lock);
	return 0;
}

/**
 * xtcp_events_init - register the generic netlink family
 *
 * To be called when namespaces are set up, and before the first transition.
 *
 * Return: 0 or a negative errno.  Process context.
 */
int xtcp_events_init(void)
{
	int err = genl_register_family(&family);

	/* the group's number is ours */
	if (!err && family.n_mcgrps && !XTCP_GENL_TELLS_WHO_JOINS)
		somebody_joins(GROUP_EVENTS);
	return err;
}

/**
 * xtcp_events_exit - unregister it
 *
 * To be called while namespaces are still there: requests read their counters.
 * The edges that are taken while they are drained are counted but not sent,
 * for the group's number is free for others from here on.  Process context.
 */
void xtcp_events_exit(void)
{
	spin_lock(&joins_lock);
	closing = true;
	xtcp_edge_watch(NULL);
	xtcp_reset_watch(NULL);
	spin_unlock(&joins_lock);
	/* no user has a socket now: transitions come from softirq only */
	synchronize_rcu();
	genl_unregister_family(&family);
}
