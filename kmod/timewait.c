// SPDX-License-Identifier: GPL-2.0
/*
 * TIME_WAIT entries.
 *
 * All wait equally long, so they stand in a queue per namespace with one timer
 * for the first: an entry needs no timer of its own, and a retransmitted FIN
 * moves it to the end.  tw_lock protects the queue and every entry in it; the
 * queue's reference is the one that keeps an entry alive.  Whoever takes an
 * entry off the queue ends it.
 */
#include <linux/slab.h>

#include "apply.h"
#include "compat.h"
#include "core/options.h"
#include "port.h"
#include "reply.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

/* Entries that one run of the timer ends before it lets others work. */
#define REAP_BATCH	512

static struct kmem_cache *cache;

/* Off the queue; the caller then has the queue's reference. */
static bool dequeue(struct xtcp_net *xn, struct xtcp_tw *tw)
{
	lockdep_assert_held(&xn->tw_lock);
	if (list_empty(&tw->node))
		return false;
	list_del_init(&tw->node);
	xn->tw_count--;
	return true;
}

/* With the queue's reference: out of the table, and gone. */
static void end(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event)
{
	xtcp_take_edge(xn, &tw->flow, event);
	xtcp_flow_remove(&tw->flow);
	xtcp_flow_put(&tw->flow);
}

/**
 * xtcp_tw_kill - end an entry before its time
 * @xn: namespace
 * @tw: the entry; the caller has a reference, or is in an RCU read side and
 *	knows that it is still this entry
 * @event: why
 *
 * Return: whether it was this call that ended it.
 */
bool xtcp_tw_kill(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event)
{
	bool mine;

	spin_lock_bh(&xn->tw_lock);
	mine = dequeue(xn, tw);
	spin_unlock_bh(&xn->tw_lock);
	if (mine)
		end(xn, tw, event);
	return mine;
}

/**
 * xtcp_tw_free - the last reference is gone
 * @tw: the entry
 */
void xtcp_tw_free(struct xtcp_tw *tw)
{
	xtcp_port_put(tw->port);
	kmem_cache_free(cache, tw);
}

static void arm(struct xtcp_net *xn)
{
	struct xtcp_tw *first;
	u64 now = xtcp_now();

	lockdep_assert_held(&xn->tw_lock);
	first = list_first_entry_or_null(&xn->tw_queue, struct xtcp_tw, node);
	if (!first || timer_pending(&xn->tw_timer) || xn->dying)
		return;
	mod_timer(&xn->tw_timer, jiffies + (first->due > now ?
		  usecs_to_jiffies(min_t(u64, first->due - now, U32_MAX)) : 1));
}

static void reap(struct timer_list *timer)
{
	struct xtcp_net *xn = timer_container_of(xn, timer, tw_timer);
	u64 now = xtcp_now();
	int left = REAP_BATCH;

	spin_lock(&xn->tw_lock);
	while (left--) {
		struct xtcp_tw *tw;

		tw = list_first_entry_or_null(&xn->tw_queue, struct xtcp_tw, node);
		if (!tw || tw->due > now)
			break;
		dequeue(xn, tw);
		spin_unlock(&xn->tw_lock);
		end(xn, tw, XTCP_EV_TIMEOUT_2MSL);
		spin_lock(&xn->tw_lock);
	}
	arm(xn);
	spin_unlock(&xn->tw_lock);
}

/**
 * xtcp_enter_timewait - a connection is in TIME_WAIT: an entry takes its place
 * @sk: its socket, locked; its TCB is in CLOSE after this
 *
 * Without memory, or with more entries than max_tw_buckets, the connection
 * ends at once, as in Linux.
 */
void xtcp_enter_timewait(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct xtcp_timewait core;
	struct xtcp_tw *tw = NULL;

	xtcp_timewait_init(&core, &xs->tcb);
	if (READ_ONCE(xn->tw_count) < READ_ONCE(xn->max_tw_buckets))
		tw = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!tw) {
		/* the edge is taken by an entry that does not live to see it */
		xs->flow.state = XTCP_TIME_WAIT;
		xtcp_take_edge(xn, &xs->flow, XTCP_EV_ABORT);
		xtcp_count(xn, TW_OVERFLOW);
		inet_sk_set_state(sk, TCP_CLOSE);
		xtcp_done(sk);
		return;
	}
	tw->core = core;
	tw->flow.key = xs->flow.key;
	tw->flow.kind = XTCP_KIND_TW;
	tw->flow.state = XTCP_TIME_WAIT;
	tw->flow.family = xs->flow.family;
	tw->port = xtcp_port_get(xs->port);
	tw->mark = READ_ONCE(sk->sk_mark);
	tw->min_ttl = READ_ONCE(inet_sk(sk)->min_ttl);
	tw->due = xtcp_now() + READ_ONCE(xn->conf.timewait_us);
	tw->flow.hashed = false;
	INIT_LIST_HEAD(&tw->node);
	xtcp_flow_publish(&tw->flow, 1);
	xtcp_count(xn, TW);
	inet_sk_set_state(sk, TCP_CLOSE);
	spin_lock_bh(&xn->tw_lock);
	if (xtcp_flow_replace(&xs->flow, &tw->flow)) {
		/* not in the table any more: the namespace is being emptied */
		spin_unlock_bh(&xn->tw_lock);
		xtcp_flow_put(&tw->flow);
		xtcp_done(sk);
		return;
	}
	list_add_tail(&tw->node, &xn->tw_queue);
	xn->tw_count++;
	arm(xn);
	spin_unlock_bh(&xn->tw_lock);
	xtcp_done(sk);
}

/* Both ends are on this host, as far as an address or a device tells. */
static bool is_local(const struct xtcp_sock *xs)
{
	return xs->inet.sk.sk_bound_dev_if == LOOPBACK_IFINDEX ||
	       xtcp_addr_loopback(&xs->flow.key.laddr) ||
	       xtcp_addr_loopback(&xs->flow.key.raddr);
}

/**
 * xtcp_tw_take_over - connect() takes the place of an entry, if there is one
 * @xs: the socket, locked; its flow has its key and is in no table
 * @bound: its user bound it to the port
 *
 * The new connection is in the table before anybody can miss the old one.
 *
 * Return: whether it did; the TCB follows the entry then.
 */
bool xtcp_tw_take_over(struct xtcp_sock *xs, bool bound)
{
	struct xtcp_net *xn = xtcp_net(sock_net(xtcp_to_sk(xs)));
	enum xtcp_tw_claim claim = bound ? XTCP_TW_CLAIM_BOUND :
				   is_local(xs) ? XTCP_TW_CLAIM_LOCAL : XTCP_TW_CLAIM_ANY;
	u64 now = xtcp_now();
	struct xtcp_flow *flow;
	struct xtcp_tw *tw;
	bool taken = false;
	s64 age;

	rcu_read_lock();
	flow = xtcp_flow_lookup(&xs->flow.key);
	if (!flow || flow->kind != XTCP_KIND_TW || !xtcp_flow_get(flow, &xs->flow.key)) {
		rcu_read_unlock();
		return false;
	}
	rcu_read_unlock();
	tw = xtcp_flow_tw(flow);

	spin_lock_bh(&xn->tw_lock);
	/* it began to wait when it began, or when the FIN came again */
	age = now - (tw->due - READ_ONCE(xn->conf.timewait_us));
	if (xtcp_timewait_yields(&tw->core, claim, max(age, 0), &xn->conf) &&
	    dequeue(xn, tw)) {
		xtcp_timewait_follow(&tw->core, &xs->tcb);
		taken = !xtcp_flow_replace(flow, &xs->flow);
	}
	spin_unlock_bh(&xn->tw_lock);
	if (taken) {
		xtcp_count(xn, TW_RECYCLED);
		end(xn, tw, XTCP_EV_ABORT);
	}
	xtcp_flow_put(flow);
	return taken;
}

/**
 * xtcp_tw_send_ack - say where the connection stands
 * @xn: namespace
 * @tw: the entry; the caller has a reference
 */
void xtcp_tw_send_ack(struct xtcp_net *xn, struct xtcp_tw *tw)
{
	struct xtcp_timewait *w = &tw->core;
	struct xtcp_reply r = {
		.key	= &tw->flow.key,
		.seq	= w->snd_nxt,
		.ack	= w->rcv_nxt,
		.window	= w->rcv_wnd,
		.flags	= XTCP_ACK,
		.mark	= tw->mark,
	};

	if (w->ts_ok) {
		xtcp_options_build_ts(r.opt, xtcp_clock_ms() + w->ts_offset, w->ts_recent);
		r.optlen = XTCP_OPT_TS_ALIGNED;
	}
	xtcp_reply_send(xn, NULL, &r);
}

/**
 * xtcp_tw_rcv - a segment arrived for an entry
 * @xn: namespace
 * @tw: the entry; the caller has a reference
 * @seg: the segment
 *
 * Return: true when it is a SYN that opens a new incarnation (RFC 6191): the
 * caller gives it to a listener, which ends the entry; without one it answers with
 * xtcp_tw_send_ack().
 */
bool xtcp_tw_rcv(struct xtcp_net *xn, struct xtcp_tw *tw, struct xtcp_segment *seg)
{
	enum xtcp_timewait_verdict verdict;
	xtcp_usec_t now = xtcp_now();

	spin_lock_bh(&xn->tw_lock);
	if (list_empty(&tw->node)) {
		spin_unlock_bh(&xn->tw_lock);
		return false;
	}
	verdict = xtcp_timewait_segment(&tw->core, seg, &xn->conf, now);
	if (verdict == XTCP_TW_ACK_RESTART)
		xtcp_take_edge(xn, &tw->flow, XTCP_EV_RCV_FIN);
	if (verdict == XTCP_TW_ACK_RESTART || verdict == XTCP_TW_RESTART) {
		tw->due = now + READ_ONCE(xn->conf.timewait_us);
		list_move_tail(&tw->node, &xn->tw_queue);
	}
	spin_unlock_bh(&xn->tw_lock);

	if (seg->drop)
		xtcp_count_drop(xn, seg->drop);
	switch (verdict) {
	case XTCP_TW_DROP:
	case XTCP_TW_RESTART:
		break;
	case XTCP_TW_ACK:
	case XTCP_TW_ACK_RESTART:
		xtcp_tw_send_ack(xn, tw);
		break;
	case XTCP_TW_RESET:
		xtcp_tw_kill(xn, tw, XTCP_EV_RCV_RST);
		break;
	case XTCP_TW_NEW_SYN:
		return true;
	}
	return false;
}

void xtcp_timewait_netns_init(struct xtcp_net *xn)
{
	spin_lock_init(&xn->tw_lock);
	INIT_LIST_HEAD(&xn->tw_queue);
	timer_setup(&xn->tw_timer, reap, 0);
}

/* The namespace goes, or the module: nobody waits for 2MSL. */
void xtcp_timewait_netns_exit(struct xtcp_net *xn)
{
	struct xtcp_tw *tw;

	timer_shutdown_sync(&xn->tw_timer);
	spin_lock_bh(&xn->tw_lock);
	while ((tw = list_first_entry_or_null(&xn->tw_queue, struct xtcp_tw, node))) {
		dequeue(xn, tw);
		spin_unlock_bh(&xn->tw_lock);
		end(xn, tw, XTCP_EV_ABORT);
		cond_resched();
		spin_lock_bh(&xn->tw_lock);
	}
	spin_unlock_bh(&xn->tw_lock);
}

int xtcp_timewait_init_cache(void)
{
	cache = xtcp_entry_cache("xtcp_tw", struct xtcp_tw, due);
	return cache ? 0 : -ENOMEM;
}

void xtcp_timewait_exit_cache(void)
{
	kmem_cache_destroy(cache);
}
