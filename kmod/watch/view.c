// SPDX-License-Identifier: GPL-2.0
/*
 * Observers look without a lock: every field is read once, each is right for
 * itself, and two of them need not belong to the same moment.  That is how
 * /proc/net/tcp does it, and it costs the connections nothing.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "compat.h"
#include "conf.h"
#include "req.h"
#include "sock.h"
#include "table.h"
#include "timewait.h"
#include "watch/view.h"

/**
 * xtcp_view_sk - the socket of a flow
 * @flow: any kind
 *
 * Return: NULL for SYN_RECV and TIME_WAIT entries.
 */
const struct sock *xtcp_view_sk(const struct xtcp_flow *flow)
{
	if (flow->kind != XTCP_KIND_SOCK)
		return NULL;
	return xtcp_to_sk(xtcp_flow_sock(flow));
}

/**
 * xtcp_view_hold - keep a flow that was found without a lock
 * @flow: what a walk returned
 * @net: the namespace in which it was looked for
 *
 * Entries come from SLAB_TYPESAFE_BY_RCU caches: what was found may be
 * another namespace's by now, so that is looked at again once it is held.
 * Under rcu_read_lock().
 *
 * Return: false when it is gone; true: the caller owes xtcp_view_drop().
 */
bool xtcp_view_hold(const struct xtcp_flow *flow, const struct net *net)
{
	const struct sock *sk = xtcp_view_sk(flow);

	if (sk)
		return refcount_inc_not_zero((refcount_t *)&sk->sk_refcnt);
	if (!refcount_inc_not_zero((refcount_t *)&flow->refcnt))
		return false;
	if (flow->key.xn == xtcp_net(net))
		return true;
	xtcp_flow_put((struct xtcp_flow *)flow);
	return false;
}

/**
 * xtcp_view_drop - end what xtcp_view_hold() began
 * @flow: the flow; any context
 */
void xtcp_view_drop(const struct xtcp_flow *flow)
{
	const struct sock *sk = xtcp_view_sk(flow);

	if (sk)
		sock_put((struct sock *)sk);
	else
		xtcp_flow_put((struct xtcp_flow *)flow);
}

static void sock_ends(const struct sock *sk, struct xtcp_ends *ends)
{
	const struct inet_sock *inet = inet_sk(sk);

	ends->family = sk->sk_family;
	ends->lport = READ_ONCE(inet->inet_num);
	ends->rport = ntohs(READ_ONCE(inet->inet_dport));
#if IS_ENABLED(CONFIG_IPV6)
	if (ends->family == AF_INET6) {
		ends->laddr = sk->sk_v6_rcv_saddr;
		ends->raddr = sk->sk_v6_daddr;
		return;
	}
#endif
	xtcp_addr_set4(&ends->laddr, READ_ONCE(inet->inet_rcv_saddr));
	xtcp_addr_set4(&ends->raddr, READ_ONCE(inet->inet_daddr));
}

/**
 * xtcp_view_key - addresses and ports that a key says
 * @key: it
 * @family: AF_INET or AF_INET6: what its socket is
 * @ends: out
 */
void xtcp_view_key(const struct xtcp_key *key, u8 family, struct xtcp_ends *ends)
{
	ends->family = family;
	ends->laddr = key->laddr;
	ends->raddr = key->raddr;
	ends->lport = ntohs(key->lport);
	ends->rport = ntohs(key->rport);
}

/**
 * xtcp_view_ends - addresses and ports of a flow
 * @flow: any kind; held, or a socket under rcu_read_lock()
 * @ends: out
 *
 * A listener is in no connection table and has no key: a socket's ends come
 * from the socket.  Any context.
 */
void xtcp_view_ends(const struct xtcp_flow *flow, struct xtcp_ends *ends)
{
	const struct sock *sk = xtcp_view_sk(flow);

	if (sk) {
		sock_ends(sk, ends);
		return;
	}
	xtcp_view_key(&flow->key, flow->sock_family, ends);
}

static u64 us_until(u64 when)
{
	u64 now = xtcp_now();

	return when > now ? when - now : 0;
}

static void sock_timer(const struct xtcp_tcb *t, struct xtcp_view *view)
{
	u64 when = READ_ONCE(t->deadline[XTCP_TIMER_REXMIT]);

	if (when) {
		view->timer = READ_ONCE(t->flags) & XTCP_F_PROBE ?
			      XTCP_VIEW_TIMER_PROBE : XTCP_VIEW_TIMER_REXMIT;
	} else {
		when = READ_ONCE(t->deadline[XTCP_TIMER_KEEP]);
		if (when)
			view->timer = XTCP_VIEW_TIMER_KEEP;
	}
	if (when)
		view->expires_us = us_until(when);
}

static void fill_sock(const struct xtcp_sock *xs, struct xtcp_view *view)
{
	const struct xtcp_tcb *t = &xs->tcb;
	const struct sock *sk = xtcp_to_sk(xs);
	u32 ssthresh = READ_ONCE(t->ssthresh);

	view->state = READ_ONCE(t->state);
	sock_timer(t, view);
	view->retransmits = READ_ONCE(t->retransmits);
	view->probes = READ_ONCE(t->probes_out);
	if (view->state == XTCP_LISTEN) {
		view->rx_queue = READ_ONCE(sk->sk_ack_backlog);
	} else {
		/* Read one after the other: the difference may be negative. */
		view->rx_queue = max_t(int, READ_ONCE(t->rcv_nxt) -
					    READ_ONCE(t->copied_seq), 0);
		view->tx_queue = READ_ONCE(t->write_seq) - READ_ONCE(t->snd_una);
	}
	view->uid = sk_uid(sk);
	view->inode = sock_i_ino((struct sock *)sk);
	view->refs = refcount_read(&sk->sk_refcnt);
	rcu_read_lock();
	view->rto_us = min_t(u64, (u64)READ_ONCE(t->rto_us) <<
				  min_t(u8, READ_ONCE(t->backoff), 31),
			     READ_ONCE(xtcp_conf_peek(sk)->rto_max_us));
	rcu_read_unlock();
	view->ato_us = READ_ONCE(t->ato_us);
	view->cwnd = READ_ONCE(t->cwnd);
	if (view->state != XTCP_LISTEN)
		view->ssthresh = ssthresh >= S32_MAX ? -1 : ssthresh;
	view->quick = READ_ONCE(t->quick);
	view->pingpong = READ_ONCE(t->pingpong);
	view->mark = READ_ONCE(sk->sk_mark);
}

static void fill_req(const struct xtcp_req *req, struct xtcp_view *view)
{
	long left = READ_ONCE(req->timer.expires) - jiffies;

	view->state = XTCP_SYN_RECV;
	view->timer = XTCP_VIEW_TIMER_REXMIT;
	view->expires_us = jiffies_to_usecs(max(left, 0L));
	view->retransmits = req->core.retries;
	view->uid = sk_uid(req->listener);
	view->mark = req->marks.mark;
}

static void fill_tw(const struct xtcp_tw *tw, struct xtcp_view *view)
{
	s32 left;

	view->state = XTCP_TIME_WAIT;
	view->timer = XTCP_VIEW_TIMER_TW;
	left = READ_ONCE(tw->due) - xtcp_clock_ms();
	view->expires_us = (u64)max(left, 0) * USEC_PER_MSEC;
	view->refs = refcount_read(&tw->flow.refcnt) - 1;	/* the viewer's own */
	view->mark = tw->mark;
}

/**
 * xtcp_view_fill - look at a flow
 * @flow: any kind; held, or a socket under rcu_read_lock()
 * @view: out
 *
 * Any context, no lock.
 */
void xtcp_view_fill(const struct xtcp_flow *flow, struct xtcp_view *view)
{
	memset(view, 0, sizeof(*view));
	xtcp_view_ends(flow, &view->ends);
	switch (flow->kind) {
	case XTCP_KIND_SOCK:
		fill_sock(xtcp_flow_sock(flow), view);
		break;
	case XTCP_KIND_REQ:
		fill_req(xtcp_flow_req(flow), view);
		break;
	case XTCP_KIND_TW:
		fill_tw(xtcp_flow_tw(flow), view);
		break;
	}
}
