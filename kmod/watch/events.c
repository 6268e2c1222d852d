// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "xtcp": edges and states with their counts, and a
 * multicast group in which every transition is reported as it happens.
 * uapi/xtcp.yaml specifies the messages.
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
#include "edge.h"
#include "ip/af.h"
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
	},
};

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
	       nla_total_size(TASK_COMM_LEN);		/* COMM */
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
static int put_segment(struct sk_buff *skb, const struct sk_buff *seg)
{
	const struct tcphdr *th = tcp_hdr(seg);

	return nla_put_u32(skb, XTCP_A_TRANSITION_SEQ, ntohl(th->seq)) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_ACK, ntohl(th->ack_seq)) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_FLAGS, tcp_flag_byte(th)) ||
	       nla_put_u32(skb, XTCP_A_TRANSITION_LEN, seg->len - th->doff * 4) ||
	       nla_put_u16(skb, XTCP_A_TRANSITION_WINDOW, ntohs(th->window)) ||
	       nla_put_u8(skb, XTCP_A_TRANSITION_HOP_LIMIT, xtcp_skb_hop_limit(seg));
}

/*
 * Who calls.  Its number is that of the initial namespace, and who has the capability in a
 * user namespace of its own need not learn what is outside: not for network namespaces of
 * others.
 */
static int put_caller(struct sk_buff *skb, const struct net *net)
{
	char comm[TASK_COMM_LEN];

	if (net->user_ns != &init_user_ns)
		return 0;
	/* without its lock, which is not for who holds a socket's */
	strscpy_pad(comm, current->comm, sizeof(comm));
	return nla_put_u32(skb, XTCP_A_TRANSITION_PID, task_tgid_nr(current)) ||
	       nla_put_string(skb, XTCP_A_TRANSITION_COMM, comm);
}

static int put_cause(struct sk_buff *skb, const struct xtcp_net *xn,
		     const struct xtcp_taken *taken)
{
	if (taken->by.skb)
		return put_segment(skb, taken->by.skb);
	return in_task() && xtcp_reason_is_call(taken->by.why) ? put_caller(skb, xn->net) : 0;
}

static int put_transition(struct sk_buff *skb, const struct xtcp_net *xn,
			  const struct xtcp_taken *taken)
{
	const struct xtcp_edge_desc *e = &xtcp_edges[taken->edge];
	struct xtcp_ends ends;
	void *hdr;

	hdr = genlmsg_put(skb, 0, 0, &family, 0, XTCP_CMD_TRANSITION_NTF);
	if (!hdr)
		return -EMSGSIZE;
	xtcp_view_ends(taken->flow, &ends);
	if (nla_put_u64_64bit(skb, XTCP_A_TRANSITION_TIME_NS,
			      ktime_get_real_ns(), XTCP_A_TRANSITION_PAD) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_EDGE, taken->edge) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_FROM, e->from) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_TO, e->to) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_EVENT, e->event) ||
	    nla_put_u8(skb, XTCP_A_TRANSITION_FAMILY, ends.family) ||
	    put_addr(skb, XTCP_A_TRANSITION_SADDR, ends.family, &ends.laddr) ||
	    put_addr(skb, XTCP_A_TRANSITION_DADDR, ends.family, &ends.raddr) ||
	    nla_put_u16(skb, XTCP_A_TRANSITION_SPORT, ends.lport) ||
	    nla_put_u16(skb, XTCP_A_TRANSITION_DPORT, ends.rport) ||
	    nla_put_u64_64bit(skb, XTCP_A_TRANSITION_COOKIE, cookie_of(taken->sk),
			      XTCP_A_TRANSITION_PAD) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_ERROR, taken->error) ||
	    nla_put_u32(skb, XTCP_A_TRANSITION_REASON, taken->by.why) ||
	    put_cause(skb, xn, taken))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

static int multicast_transition(const struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	struct sk_buff *skb = genlmsg_new(transition_size(), GFP_ATOMIC);
	int err;

	if (!skb)
		return -ENOMEM;
	err = put_transition(skb, xn, taken);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_multicast_netns(&family, xn->net, skb, 0, GROUP_EVENTS,
				       GFP_ATOMIC);
}

/* Apart from what each edge costs while nobody listens. */
static noinline void tell(const struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	int err = multicast_transition(xn, taken);

	/* -ESRCH: the last listener has just left. */
	if (err && err != -ESRCH)
		xtcp_count(xn, EVENT_LOST);
}

/* An edge was taken: see xtcp_edge_watch(). */
static void transition(const struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	if (genl_has_listeners(&family, xn->net, GROUP_EVENTS))
		tell(xn, taken);
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
	if (!err && family.n_mcgrps)
		xtcp_edge_watch(transition);
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
	xtcp_edge_watch(NULL);
	/* no user has a socket now: transitions come from softirq only */
	synchronize_rcu();
	genl_unregister_family(&family);
}
