// SPDX-License-Identifier: GPL-2.0
/*
 * TIME_WAIT entries.
 *
 * All wait equally long, so they stand in queues, each with one timer for its first:
 * an entry needs no timer of its own, and a retransmitted FIN moves it to the end.
 * A namespace has a queue for each processor.  An entry stays in that of the processor
 * on which it began; the queue's lock protects it, and the queue's reference is the one
 * that keeps it alive.  Whoever takes an entry off its queue ends it.
 */
#include <linux/slab.h>
#include <net/inet_ecn.h>

#include "compat.h"
#include "edge.h"
#include "ip/ip.h"
#include "ip/reply.h"
#include "md5sig.h"
#include "pace.h"
#include "port/port.h"
#include "reset.h"
#include "sock.h"
#include "table.h"
#include "timewait.h"

/*
 * Entries that one run of a timer ends at most, and that it takes off the queue at
 * once.  To make one takes a hundred times the work, so a processor that does nothing
 * else cannot make as many in a tick.
 */
#define REAP_MOST	4096
#define REAP_BATCH	64

/**
 * struct xtcp_tw_queue - the TIME_WAIT entries that began on one processor
 * @lock: see the head of sock.h
 * @entries: them (xtcp_tw.node), by the time they end
 * @timer: fires when the first one ends
 * @xn: their namespace
 */
struct xtcp_tw_queue {
	spinlock_t		lock;
	struct list_head	entries;
	struct timer_list	timer;
	struct xtcp_net		*xn;
};

static struct kmem_cache *cache;
static struct kmem_cache *special_cache;

static struct xtcp_tw_queue *queue_of(const struct xtcp_net *xn, const struct xtcp_tw *tw)
{
	return per_cpu_ptr(xn->tw_queues, tw->cpu);
}

/* A time of the clock of xtcp_tw.due has come. */
static bool is_over(u32 due, u32 now)
{
	return (s32)(due - now) <= 0;
}

static u32 length_ms(const struct xtcp_net *xn)
{
	return READ_ONCE(xn->conf.timewait_us) / USEC_PER_MSEC;
}

/* Off its queue; the caller then has the queue's reference. */
static bool dequeue(struct xtcp_tw_queue *q, struct xtcp_tw *tw)
	__must_hold(&q->lock)
{
	lockdep_assert_held(&q->lock);
	if (!tw->queued)
		return false;
	tw->queued = false;
	list_del(&tw->node);
	return true;
}

/* With the queue's reference: out of the table, and gone. */
static void end(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event,
		const struct xtcp_cause *by)
{
	xtcp_take_edge(xn, &tw->flow, event, by);
	xtcp_flow_remove(&tw->flow);
	xtcp_flow_put(&tw->flow);
}

/**
 * xtcp_tw_kill - end an entry before its time
 * @xn: namespace
 * @tw: the entry; the caller has a reference, or is in an RCU read side and
 *	knows that it is still this entry
 * @event: what happened
 * @why: and why
 * @skb: the segment that did it, as in struct xtcp_cause
 *
 * Return: whether it was this call that ended it.
 */
bool xtcp_tw_kill(struct xtcp_net *xn, struct xtcp_tw *tw, enum xtcp_event event,
		  enum xtcp_reason why, const struct sk_buff *skb)
{
	const struct xtcp_cause by = { .why = why, .skb = skb };
	struct xtcp_tw_queue *q = queue_of(xn, tw);
	bool mine;

	spin_lock_bh(&q->lock);
	mine = dequeue(q, tw);
	spin_unlock_bh(&q->lock);
	if (!mine)
		return false;
	atomic_dec(&xn->tw_count);
	end(xn, tw, event, &by);
	return true;
}

#define special_of(entry)	container_of_const(entry, struct xtcp_tw_special, tw)

/* What its segments are signed with, NULL: they are not. */
static const struct xtcp_md5_key *md5_of(const struct xtcp_tw *tw)
{
	return unlikely(tw->is_special) ? special_of(tw)->md5 : NULL;
}

static struct xtcp_marks marks_of(const struct xtcp_tw *tw)
{
	return (struct xtcp_marks) {
		.mark	= tw->mark,
		.hash	= tw->hash,
		.label	= unlikely(tw->is_special) ? special_of(tw)->label : 0,
	};
}

static u32 delay_of(const struct xtcp_tw *tw)
{
	return unlikely(tw->is_special) ? special_of(tw)->delay_us : 0;
}

/*
 * Memory for the entry of a connection that is signed with @md5, NULL: that is not, and
 * whose segments leave @delay_us later, with a flow label that somebody has chosen, 0:
 * nobody has.
 */
static struct xtcp_tw *alloc_entry(const struct xtcp_md5_key *md5, u32 delay_us, __be32 label)
{
	struct xtcp_tw_special *s;
	struct xtcp_tw *tw;

	if (likely(!md5 && !delay_us && !label)) {
		tw = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
		if (tw)
			tw->is_special = false;
		return tw;
	}
	s = kmem_cache_alloc(special_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!s)
		return NULL;
	s->delay_us = delay_us;
	s->label = label;
	s->md5 = md5 ? xtcp_md5_dup(md5) : NULL;
	if (md5 && !s->md5) {
		kmem_cache_free(special_cache, s);
		return NULL;
	}
	s->tw.is_special = true;
	return &s->tw;
}

static void free_special(struct xtcp_tw *tw)
{
	struct xtcp_tw_special *s = special_of(tw);

	if (s->md5)
		xtcp_md5_free(s->md5);
	kmem_cache_free(special_cache, s);
}

/* The last reference is gone. */
static void release(struct xtcp_flow *flow)
{
	struct xtcp_tw *tw = xtcp_flow_tw(flow);

	xtcp_port_put(&tw->port, 1);
	if (unlikely(tw->is_special))
		free_special(tw);
	else
		kmem_cache_free(cache, tw);
}

/* The same for many, at less cost for each. */
static void free_all(struct xtcp_flow **flows, unsigned int n)
{
	struct xtcp_port *ports[REAP_BATCH];
	void *plain[REAP_BATCH];
	unsigned int i, plains = 0;

	for (i = 0; i < n; i++)
		ports[i] = xtcp_flow_tw(flows[i])->port;
	xtcp_port_put(ports, n);
	for (i = 0; i < n; i++) {
		struct xtcp_tw *tw = xtcp_flow_tw(flows[i]);

		if (unlikely(tw->is_special))
			free_special(tw);
		else
			plain[plains++] = tw;
	}
	if (plains)
		kmem_cache_free_bulk(cache, plains, plain);
}

static struct xtcp_tw *first_of(struct xtcp_tw_queue *q)
	__must_hold(&q->lock)
{
	lockdep_assert_held(&q->lock);
	return list_first_entry_or_null(&q->entries, struct xtcp_tw, node);
}

static void arm(struct xtcp_tw_queue *q)
	__must_hold(&q->lock)
{
	struct xtcp_tw *first = first_of(q);
	u32 now = xtcp_clock_ms();

	if (!first || timer_pending(&q->timer) || READ_ONCE(q->xn->dying))
		return;
	mod_timer(&q->timer, jiffies + (is_over(first->due, now) ? 1 :
					msecs_to_jiffies(first->due - now)));
}

/*
 * Take those off the queue that are over by @now, or all, but not more than REAP_BATCH.
 * Return: how many, to end them.
 */
static unsigned int dequeue_some(struct xtcp_tw_queue *q, bool all, u32 now,
				 struct xtcp_flow **flows)
	__must_hold(&q->lock)
{
	struct list_head *stay = &q->entries;
	unsigned int n = 0;
	struct xtcp_tw *tw;
	LIST_HEAD(gone);

	lockdep_assert_held(&q->lock);
	list_for_each_entry(tw, &q->entries, node) {
		if (n == REAP_BATCH || (!all && !is_over(tw->due, now))) {
			stay = &tw->node;
			break;
		}
		tw->queued = false;
		flows[n++] = &tw->flow;
	}
	/* at once: who finds one that is not queued leaves its link alone */
	list_cut_before(&gone, &q->entries, stay);
	return n;
}

/*
 * End those that are over by @now, or all, but not more than REAP_BATCH.
 * Return: how many, less than REAP_BATCH when no more are.
 */
static unsigned int reap_some(struct xtcp_tw_queue *q, bool all, u32 now,
			      enum xtcp_event event, const struct xtcp_cause *by)
{
	struct xtcp_flow *over[REAP_BATCH];
	unsigned int n, last = 0, i;

	spin_lock_bh(&q->lock);
	n = dequeue_some(q, all, now, over);
	spin_unlock_bh(&q->lock);
	if (!n)
		return 0;
	atomic_sub(n, &q->xn->tw_count);
	xtcp_take_edges(q->xn, over, n, event, by);
	for (i = 0; i < n; i++) {
		xtcp_flow_remove(over[i]);
		/* who has another reference frees it */
		if (refcount_dec_and_test(&over[i]->refcnt))
			over[last++] = over[i];
	}
	if (last)
		free_all(over, last);
	return n;
}

static void reap(struct timer_list *timer)
{
	static const struct xtcp_cause by = {
		.why = XTCP_WHY_TIME_WAIT_OVER, .timer.timer = XTCP_BY_TIME_WAIT,
	};
	struct xtcp_tw_queue *q = timer_container_of(q, timer, timer);
	u32 now = xtcp_clock_ms();
	unsigned int i;

	for (i = 0; i < REAP_MOST / REAP_BATCH; i++)
		if (reap_some(q, false, now, XTCP_EV_TIMEOUT_2MSL, &by) < REAP_BATCH)
			break;
	spin_lock(&q->lock);
	arm(q);
	spin_unlock(&q->lock);
}

/**
 * xtcp_enter_timewait - a connection is in TIME_WAIT: an entry takes its place
 * @sk: its socket, locked; its TCB is in CLOSE after this, and it goes (xtcp_done())
 *
 * Without memory, or with more entries than max_tw_buckets, the connection
 * ends at once, as in Linux.
 */
void xtcp_enter_timewait(struct sock *sk)
{
	static const struct xtcp_cause full = { .why = XTCP_WHY_TIME_WAIT_FULL };
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	const struct xtcp_af *af = xtcp_sk_af(sk);
	struct xtcp_tw_queue *q;
	struct xtcp_timewait core;
	struct xtcp_tw *tw = NULL;

	xtcp_assert_locked(sk);
	xtcp_timewait_init(&core, &xs->tcb, xtcp_now());
	if (atomic_read(&xn->tw_count) < READ_ONCE(xn->max_tw_buckets))
		tw = alloc_entry(xtcp_md5_lookup(sk, &xs->flow.key), xtcp_tx_delay(sk),
				 xtcp_sk_label(sk));
	if (!tw) {
		/* the edge is taken by an entry that does not live to see it */
		xs->flow.state = XTCP_TIME_WAIT;
		xtcp_take_edge(xn, &xs->flow, XTCP_EV_ABORT, &full);
		xtcp_count(xn, TW_OVERFLOW);
		inet_sk_set_state(sk, TCP_CLOSE);
		return;
	}
	tw->core = core;
	tw->core.tos = af->tos(sk) & ~INET_ECN_MASK;
	tw->flow.key = xs->flow.key;
	tw->flow.kind = XTCP_KIND_TW;
	tw->flow.state = XTCP_TIME_WAIT;
	tw->flow.family = xs->flow.family;
	tw->flow.sock_family = sk->sk_family;
	tw->port = xtcp_port_get(xs->port);
	tw->mark = READ_ONCE(sk->sk_mark);
	tw->hash = sk->sk_txhash;
	tw->min_ttl = xtcp_sk_hop_limit_min(sk, xs->flow.family);
	tw->due = xtcp_clock_ms() + length_ms(xn);
	tw->cpu = raw_smp_processor_id();
	tw->queued = false;
	tw->flow.hashed = false;
	xtcp_flow_publish(&tw->flow, 1);
	xtcp_count(xn, TW);
	inet_sk_set_state(sk, TCP_CLOSE);
	q = queue_of(xn, tw);
	spin_lock_bh(&q->lock);
	if (xtcp_flow_replace(&xs->flow, &tw->flow)) {
		/* not in the table any more: the namespace is being emptied */
		spin_unlock_bh(&q->lock);
		xtcp_flow_put(&tw->flow);
		return;
	}
	tw->queued = true;
	list_add_tail(&tw->node, &q->entries);
	atomic_inc(&xn->tw_count);
	arm(q);
	spin_unlock_bh(&q->lock);
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
	static const struct xtcp_cause reused = { .why = XTCP_WHY_TIME_WAIT_REUSED };
	struct xtcp_net *xn = xs->flow.key.xn;
	enum xtcp_tw_claim claim = bound ? XTCP_TW_CLAIM_BOUND :
				   is_local(xs) ? XTCP_TW_CLAIM_LOCAL : XTCP_TW_CLAIM_ANY;
	struct xtcp_tw_queue *q;
	struct xtcp_flow *flow;
	struct xtcp_tw *tw;
	bool off = false, taken = false;
	s32 age;

	xtcp_assert_locked(xtcp_to_sk(xs));
	rcu_read_lock();
	flow = xtcp_flow_lookup(&xs->flow.key);
	if (!flow || flow->kind != XTCP_KIND_TW || !xtcp_flow_get(flow, &xs->flow.key)) {
		rcu_read_unlock();
		return false;
	}
	rcu_read_unlock();
	tw = xtcp_flow_tw(flow);
	q = queue_of(xn, tw);

	spin_lock_bh(&q->lock);
	/* it began to wait when it began, or when the FIN came again */
	age = xtcp_clock_ms() - (tw->due - length_ms(xn));
	if (xtcp_timewait_yields(&tw->core, claim, (u64)max(age, 0) * USEC_PER_MSEC,
				 &xn->conf) && dequeue(q, tw)) {
		off = true;
		xtcp_timewait_follow(&tw->core, &xs->tcb, xtcp_now());
		taken = !xtcp_flow_replace(flow, &xs->flow);
	}
	spin_unlock_bh(&q->lock);
	if (off) {
		atomic_dec(&xn->tw_count);
		end(xn, tw, XTCP_EV_ABORT, &reused);
	}
	if (taken)
		xtcp_count(xn, TW_RECYCLED);
	xtcp_flow_put(flow);
	return taken;
}

/**
 * xtcp_tw_send_ack - say where the connection stands
 * @xn: namespace
 * @tw: the entry; the caller has a reference
 * @skb: the segment that it answers
 */
void xtcp_tw_send_ack(struct xtcp_net *xn, struct xtcp_tw *tw, const struct sk_buff *skb)
{
	struct xtcp_tw_queue *q = queue_of(xn, tw);
	struct xtcp_reply r = {
		.key	= &tw->flow.key,
		.tos	= tw->core.tos,
		.has_tos = true,
		.to	= skb,
		.marks	= marks_of(tw),
		.md5	= md5_of(tw),
		.delay_us = delay_of(tw),
	};

	/* as it is between two segments */
	spin_lock_bh(&q->lock);
	xtcp_compose_timewait_ack(&r.h, &tw->core, xtcp_clock_ms());
	spin_unlock_bh(&q->lock);
	xtcp_reply_send(xn, NULL, &r);
}

/*
 * Is it signed as the connection's segments are?  A SYN may open another connection, for
 * which the listener's keys count; if it does not, it is answered, no more.
 * Return: XTCP_VERDICT_NONE, or why not.
 */
static enum xtcp_verdict verify(const struct xtcp_tw *tw, struct sk_buff *skb,
				const struct xtcp_segment *seg)
{
	const struct xtcp_md5_key *md5 = md5_of(tw);

	if (likely(!md5) || (seg->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) == XTCP_SYN)
		return XTCP_VERDICT_NONE;
	return xtcp_md5_verify(md5, &tw->flow.key, skb);
}

/**
 * xtcp_tw_rcv - a segment arrived for an entry
 * @xn: namespace
 * @tw: the entry; the caller has a reference
 * @skb: the segment
 * @seg: what is in it
 *
 * Return: what became of it; XTCP_VERDICT_NONE when it is a SYN that opens a new
 * incarnation (RFC 6191): the caller gives it to a listener, which ends the entry; without
 * one it answers with xtcp_tw_send_ack().
 */
enum xtcp_verdict xtcp_tw_rcv(struct xtcp_net *xn, struct xtcp_tw *tw, struct sk_buff *skb,
			      struct xtcp_segment *seg)
{
	const struct xtcp_cause again = { .why = XTCP_WHY_PEER_CLOSED_AGAIN, .skb = skb };
	struct xtcp_tw_queue *q = queue_of(xn, tw);
	enum xtcp_timewait_verdict answer;
	enum xtcp_verdict forged;

	forged = verify(tw, skb, seg);
	if (unlikely(forged))
		return forged;
	spin_lock_bh(&q->lock);
	if (!tw->queued) {
		spin_unlock_bh(&q->lock);
		return XTCP_VERDICT_NOT_OWNER;
	}
	answer = xtcp_timewait_segment(&tw->core, seg, &xn->conf, xtcp_now());
	if (answer == XTCP_TW_ACK_RESTART)
		xtcp_take_edge(xn, &tw->flow, XTCP_EV_RCV_FIN, &again);
	if (answer == XTCP_TW_ACK_RESTART || answer == XTCP_TW_RESTART) {
		WRITE_ONCE(tw->due, xtcp_clock_ms() + length_ms(xn));
		list_move_tail(&tw->node, &q->entries);
	}
	spin_unlock_bh(&q->lock);

	if (seg->flags & XTCP_RST) {
		struct xtcp_reset rst = {
			.key	= &tw->flow.key,
			.family	= tw->flow.sock_family,
			.state	= XTCP_TIME_WAIT,
			.rcv_nxt = READ_ONCE(tw->core.rcv_nxt),
			.verdict = answer == XTCP_TW_RESET ? XTCP_RST_ACCEPTED :
							      XTCP_RST_OF_TIME_WAIT,
		};

		xtcp_reset_came(&rst, skb);
	}
	switch (answer) {
	case XTCP_TW_DROP:
	case XTCP_TW_RESTART:
	case XTCP_TW_NEW_SYN:
		break;
	case XTCP_TW_ACK:
	case XTCP_TW_ACK_RESTART:
		xtcp_tw_send_ack(xn, tw, skb);
		break;
	case XTCP_TW_RESET:
		xtcp_tw_kill(xn, tw, XTCP_EV_RCV_RST, XTCP_WHY_PEER_RESET, skb);
		break;
	}
	return seg->verdict;
}

/**
 * xtcp_timewait_netns_init - a namespace begins
 * @xn: it
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_timewait_netns_init(struct xtcp_net *xn)
{
	int cpu;

	xn->tw_queues = alloc_percpu(struct xtcp_tw_queue);
	if (!xn->tw_queues)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct xtcp_tw_queue *q = per_cpu_ptr(xn->tw_queues, cpu);

		spin_lock_init(&q->lock);
		INIT_LIST_HEAD(&q->entries);
		timer_setup(&q->timer, reap, TIMER_PINNED);
		q->xn = xn;
	}
	return 0;
}

/**
 * xtcp_timewait_netns_exit - the namespace goes, or the module: nobody waits for 2MSL
 * @xn: it, without sockets
 */
void xtcp_timewait_netns_exit(struct xtcp_net *xn)
{
	static const struct xtcp_cause gone = { .why = XTCP_WHY_NAMESPACE_GONE };
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xtcp_tw_queue *q = per_cpu_ptr(xn->tw_queues, cpu);

		timer_shutdown_sync(&q->timer);
		while (reap_some(q, true, 0, XTCP_EV_ABORT, &gone) == REAP_BATCH)
			cond_resched();
	}
	WARN_ON_ONCE(atomic_read(&xn->tw_count));
	free_percpu(xn->tw_queues);
}

int __init xtcp_timewait_init_cache(void)
{
	xtcp_flow_set_release(XTCP_KIND_TW, release);
	cache = xtcp_entry_cache("xtcp_tw", struct xtcp_tw, port);
	if (!cache)
		return -ENOMEM;
	special_cache = xtcp_entry_cache("xtcp_tw_special", struct xtcp_tw_special, md5);
	if (!special_cache) {
		kmem_cache_destroy(cache);
		return -ENOMEM;
	}
	return 0;
}

void xtcp_timewait_exit_cache(void)
{
	kmem_cache_destroy(special_cache);
	kmem_cache_destroy(cache);
}
