// SPDX-License-Identifier: GPL-2.0
/*
 * A connection in SYN_RECV that a listener made: a small object, not a socket.
 *
 * References: the table and the listener's list hold an entry with one, its timer
 * with another, and an entry holds its listener, whose lock protects it.  Until
 * xtcp_req_hash() nobody can get it, and whoever made it frees it.
 */
#include <linux/slab.h>
#include <net/inet_ecn.h>

#include "compat.h"
#include "core/ecn.h"
#include "edge.h"
#include "ip/ip.h"
#include "ip/reply.h"
#include "md5sig.h"
#include "output.h"
#include "pace.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

/* The user has the listener: look again soon. */
#define REQ_RETRY	(HZ / 50)

static struct kmem_cache *cache;
static struct kmem_cache *special_cache;

/* The last reference is gone, or it never had one. */
static void release(struct xtcp_flow *flow)
{
	struct xtcp_req *req = xtcp_flow_req(flow);
	struct xtcp_opening **opening = xtcp_req_opening(req);

	sock_put(req->listener);
	if (likely(!opening)) {
		kmem_cache_free(cache, req);
		return;
	}
	kfree(*opening);
	kmem_cache_free(special_cache, container_of(opening, struct xtcp_req_special, opening));
}

/**
 * xtcp_req_unlink - off the listener's list, and no timer any more
 * @req: the entry; its listener is locked
 *
 * The list's reference is the caller's then.
 */
void xtcp_req_unlink(struct xtcp_req *req)
{
	struct xtcp_listener *l = xtcp_listener(req->listener);

	xtcp_assert_locked(req->listener);
	list_del_init(&req->node);
	WRITE_ONCE(l->nr_reqs, l->nr_reqs - 1);
	if (!req->core.retries)
		l->nr_young--;
	if (timer_delete(&req->timer))
		xtcp_flow_put(&req->flow);
}

/* It ends without a connection. */
static void end(struct xtcp_req *req, enum xtcp_event event, const struct xtcp_cause *by)
{
	xtcp_assert_locked(req->listener);
	if (list_empty(&req->node))
		return;
	xtcp_take_edge(xtcp_req_net(req), &req->flow, event, by);
	xtcp_flow_remove(&req->flow);
	xtcp_req_unlink(req);
	xtcp_flow_put(&req->flow);
}

/**
 * xtcp_req_kill - an entry ends without a connection
 * @req: the entry; its listener is locked
 * @event: what happened
 * @why: and why
 * @skb: the segment that did it, as in struct xtcp_cause
 */
void xtcp_req_kill(struct xtcp_req *req, enum xtcp_event event, enum xtcp_reason why,
		   const struct sk_buff *skb)
{
	xtcp_assert_locked(req->listener);
	end(req, event, &(const struct xtcp_cause) { .why = why, .skb = skb });
}

/**
 * xtcp_send_synack - answer a SYN
 * @sk: the listener, locked
 * @key: the flow
 * @c: what the SYN made
 * @marks: those of its packets
 * @clock: what our TSval is made from, milliseconds
 * @dst: the route back, whose reference goes; NULL: look it up
 * @tfo: Fast Open cookie to hand out, NULL: none
 */
void xtcp_send_synack(struct sock *sk, const struct xtcp_key *key,
		      const struct xtcp_synrcv *c, const struct xtcp_marks *marks, u32 clock,
		      struct dst_entry *dst, const struct xtcp_tfo_cookie *tfo)
{
	struct xtcp_reply r = {
		.key	= key,
		.tos	= c->tos,
		.has_tos = true,
		.marks	= *marks,
		.dst	= dst,
		.md5	= xtcp_md5_lookup(sk, key),
		.delay_us = xtcp_tx_delay(sk),
	};

	xtcp_assert_locked(sk);
	/* there is no room for both */
	if (unlikely(r.md5))
		tfo = NULL;
	xtcp_compose_synack(&r.h, c, xtcp_ecn_synack_ip(&xtcp_sk(sk)->tcb, c), clock, tfo);
	xtcp_reply_send(xtcp_sk_net(sk), sk, &r);
}

/**
 * xtcp_req_send_synack - the entry's SYN,ACK
 * @req: the entry
 * @dst: the route back, whose reference goes; NULL: look it up
 * @tfo: Fast Open cookie to hand out, NULL: none
 */
void xtcp_req_send_synack(struct xtcp_req *req, struct dst_entry *dst,
			  const struct xtcp_tfo_cookie *tfo)
{
	xtcp_send_synack(req->listener, &req->flow.key, &req->core, &req->marks,
			 xtcp_clock_ms(), dst, tfo);
}

static unsigned long req_timeout(struct xtcp_req *req)
{
	return usecs_to_jiffies(xtcp_synrcv_timeout(&req->core,
						    &xtcp_req_net(req)->conf));
}

/**
 * xtcp_req_syn_again - the peer did not get the SYN,ACK: repeat it
 * @req: the entry
 *
 * The timer starts again, so that it does not repeat it as well.
 */
void xtcp_req_syn_again(struct xtcp_req *req)
{
	xtcp_count(xtcp_req_net(req), RETRANS_SEGS);
	xtcp_req_send_synack(req, NULL, NULL);
	mod_timer_pending(&req->timer, jiffies + req_timeout(req));
}

/**
 * xtcp_req_send_ack - an ACK before the child is there
 * @req: the entry
 * @skb: the segment that it answers
 */
void xtcp_req_send_ack(struct xtcp_req *req, const struct sk_buff *skb)
{
	struct xtcp_reply r = {
		.key	= &req->flow.key,
		.tos	= xtcp_skb_tos(skb) & ~INET_ECN_MASK,
		.has_tos = true,
		.plain	= true,
		.to	= skb,
		.marks	= req->marks,
		.md5	= xtcp_md5_lookup(req->listener, &req->flow.key),
		.delay_us = xtcp_tx_delay(req->listener),
	};

	xtcp_compose_synrcv_ack(&r.h, &req->core, xtcp_clock_ms());
	xtcp_reply_send(xtcp_req_net(req), req->listener, &r);
}

/**
 * xtcp_req_send_rst - tell the peer that there will be no connection
 * @req: the entry
 * @why: the reason
 */
void xtcp_req_send_rst(struct xtcp_req *req, enum xtcp_reason why)
{
	struct xtcp_reply r = {
		.key	= &req->flow.key,
		.plain	= true,
		.marks	= req->marks,
		.md5	= xtcp_md5_lookup(req->listener, &req->flow.key),
		.delay_us = xtcp_tx_delay(req->listener),
		.rst_why = why,
		.rst_of	= req->listener,
		.rst_state = XTCP_SYN_RECV,
	};

	xtcp_compose_synrcv_rst(&r.h, &req->core);
	xtcp_reply_send(xtcp_req_net(req), req->listener, &r);
}

/* SYN,ACKs that it may send again when there is room. */
static u8 retries_most(const struct xtcp_req *req)
{
	return xtcp_sk(req->listener)->tcb.user.syn_retries ? :
	       READ_ONCE(xtcp_req_net(req)->conf.synack_retries);
}

/* What the entry's timer decides: give up, ask again, or wait. */
static enum xtcp_synrcv_due req_due(struct xtcp_req *req)
{
	const struct xtcp_sock *xs = xtcp_sk(req->listener);
	struct xtcp_listener *l = xtcp_listener(req->listener);
	const struct xtcp_synrcv_queue q = {
		.len	 = l->nr_reqs,
		.young	 = l->nr_young,
		.backlog = READ_ONCE(req->listener->sk_max_ack_backlog),
		.retries = retries_most(req),
		.defer	 = xs->defer_accept,
	};
	bool young = !req->core.retries;
	enum xtcp_synrcv_due due = xtcp_synrcv_timer(&req->core, &q);

	if (young && req->core.retries)
		l->nr_young--;
	return due;
}

/* Nobody acknowledged the SYN,ACK, or it could not be accepted. */
static void expire(struct xtcp_req *req)
{
	const struct xtcp_cause by = {
		.why = req->core.acked ? XTCP_WHY_NOT_ACCEPTED : XTCP_WHY_SYN_ACK_UNANSWERED,
		.timer = {
			.timer	= XTCP_BY_SYN_ACK,
			.count	= req->core.retries,
			.limit	= retries_most(req),
		},
	};

	end(req, XTCP_EV_TIMEOUT, &by);
}

/* The timer's reference is taken with it and goes when it is not set again. */
static void req_timer(struct timer_list *timer)
{
	struct xtcp_req *req = timer_container_of(req, timer, timer);
	struct sock *sk = req->listener;
	struct xtcp_net *xn = xtcp_req_net(req);

	bh_lock_sock(sk);
	if (list_empty(&req->node))
		goto out;
	if (sock_owned_by_user(sk)) {
		mod_timer(timer, jiffies + REQ_RETRY);
		bh_unlock_sock(sk);
		return;
	}
	xtcp_count(xn, TIMEOUTS);
	switch (req_due(req)) {
	case XTCP_SYNRCV_EXPIRE:
		expire(req);
		goto out;
	case XTCP_SYNRCV_RESEND:
		xtcp_count(xn, RETRANS_SEGS);
		xtcp_req_send_synack(req, NULL, NULL);
		break;
	case XTCP_SYNRCV_WAIT:
		break;
	}
	mod_timer(timer, jiffies + req_timeout(req));
	bh_unlock_sock(sk);
	return;
out:
	bh_unlock_sock(sk);
	xtcp_flow_put(&req->flow);
}

/**
 * xtcp_req_alloc - an entry that nobody else knows
 * @sk: its listener, locked
 * @key: the flow
 * @core: what the SYN made
 * @marks: those of its packets
 * @state: XTCP_LISTEN, or XTCP_SYN_RECV when a TIME_WAIT entry takes the edge there
 *
 * Return: the entry, for xtcp_req_hash(); NULL without memory.
 */
struct xtcp_req *xtcp_req_alloc(struct sock *sk, const struct xtcp_key *key,
				const struct xtcp_synrcv *core,
				const struct xtcp_marks *marks, u8 state)
{
	bool special = xtcp_sk(sk)->save_syn;
	struct xtcp_req *req;

	xtcp_assert_locked(sk);
	req = kmem_cache_alloc(unlikely(special) ? special_cache : cache,
			       GFP_ATOMIC | __GFP_NOWARN);
	if (!req)
		return NULL;
	req->flow.is_special = special;
	if (unlikely(special))
		*xtcp_req_opening(req) = NULL;
	req->flow.key = *key;
	req->flow.kind = XTCP_KIND_REQ;
	req->flow.state = state;
	req->flow.family = xtcp_key_family(key);
	req->flow.sock_family = sk->sk_family;
	req->flow.hashed = false;
	req->listener = sk;
	req->marks = *marks;
	req->core = *core;
	INIT_LIST_HEAD(&req->node);
	timer_setup(&req->timer, req_timer, TIMER_PINNED);
	sock_hold(sk);
	return req;
}

/**
 * xtcp_req_hash - the entry lives: in the table, on its listener's list, with a timer
 * @req: the entry, whose listener is locked; gone if this fails
 * @tw: TIME_WAIT entry whose place it takes, NULL: none
 * @syn: the SYN that made it
 *
 * Return: 0; -ENOENT when @tw ended meanwhile, so that the peer sends again; what
 * xtcp_flow_insert() says.
 */
int xtcp_req_hash(struct xtcp_req *req, struct xtcp_tw *tw, const struct sk_buff *syn)
{
	const struct xtcp_cause came = { .why = XTCP_WHY_SYN_CAME, .skb = syn };
	struct xtcp_listener *l = xtcp_listener(req->listener);
	struct xtcp_net *xn = xtcp_req_net(req);
	int err;

	xtcp_assert_locked(req->listener);
	if (tw && !xtcp_tw_kill(xn, tw, XTCP_EV_RCV_SYN, XTCP_WHY_SYN_REPLACES, syn)) {
		release(&req->flow);
		return -ENOENT;
	}
	xtcp_flow_publish(&req->flow, 2);	/* table and list; timer */
	err = xtcp_flow_insert(&req->flow);
	if (err) {
		xtcp_flow_put(&req->flow);
		xtcp_flow_put(&req->flow);
		return err;
	}
	if (!tw)
		xtcp_take_edge(xn, &req->flow, XTCP_EV_RCV_SYN, &came);
	else
		xtcp_count(xn, TW_RECYCLED);
	list_add(&req->node, &l->reqs);
	WRITE_ONCE(l->nr_reqs, l->nr_reqs + 1);
	l->seen.syn_max = max(l->seen.syn_max, l->nr_reqs);
	l->nr_young++;
	mod_timer(&req->timer, jiffies + req_timeout(req));
	return 0;
}

int __init xtcp_req_init(void)
{
	xtcp_flow_set_release(XTCP_KIND_REQ, release);
	cache = xtcp_entry_cache("xtcp_req", struct xtcp_req, listener);
	if (!cache)
		return -ENOMEM;
	special_cache = xtcp_entry_cache("xtcp_req_special", struct xtcp_req_special, opening);
	if (!special_cache) {
		kmem_cache_destroy(cache);
		return -ENOMEM;
	}
	return 0;
}

void xtcp_req_exit(void)
{
	kmem_cache_destroy(special_cache);
	kmem_cache_destroy(cache);
}
