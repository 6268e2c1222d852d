// SPDX-License-Identifier: GPL-2.0
/*
 * The passive side.
 *
 * A SYN makes an entry in SYN_RECV (struct xtcp_req); the ACK that completes
 * the handshake makes a child socket, which waits in the listener's accept
 * queue.  All of it happens under the listener's lock: a segment for an entry
 * goes to the listener, or to its backlog, and finds the entry again there.
 *
 * References: the table and the listener's list hold an entry with one, its
 * timer with another, and an entry holds its listener.  A child in the accept
 * queue has the reference that its user will have.
 */
#include <linux/slab.h>
#include <net/ip.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "core/options.h"
#include "core/window.h"
#include "input.h"
#include "isn.h"
#include "listen.h"
#include "output.h"
#include "port.h"
#include "reply.h"
#include "route.h"
#include "table.h"
#include "timer.h"
#include "timewait.h"

/* The user has the listener: look again soon. */
#define REQ_RETRY	(HZ / 50)
/* RFC 6191: how far a new incarnation's ISS is ahead of the old SND.NXT. */
#define ISS_AFTER_TIMEWAIT	(65535 + 2)

static struct kmem_cache *cache;

static struct xtcp_net *req_net(const struct xtcp_req *req)
{
	return xtcp_net(sock_net(req->listener));
}

/**
 * xtcp_req_free - the last reference is gone
 * @req: the entry
 */
void xtcp_req_free(struct xtcp_req *req)
{
	sock_put(req->listener);
	kmem_cache_free(cache, req);
}

/* Off the listener's list; the list's reference is the caller's then. */
static void unlink_req(struct xtcp_req *req)
{
	struct xtcp_listener *l = xtcp_sk(req->listener)->listener;

	list_del_init(&req->node);
	WRITE_ONCE(l->nr_reqs, l->nr_reqs - 1);
	if (timer_delete(&req->timer))
		xtcp_flow_put(&req->flow);
}

/**
 * xtcp_req_kill - an entry ends without a connection
 * @req: the entry; its listener is locked
 * @event: why
 */
void xtcp_req_kill(struct xtcp_req *req, enum xtcp_event event)
{
	if (list_empty(&req->node))
		return;
	xtcp_take_edge(req_net(req), &req->flow, event);
	xtcp_flow_remove(&req->flow);
	unlink_req(req);
	xtcp_flow_put(&req->flow);
}

/* Our clock for the entry's peer. */
static u32 req_tsval(const struct xtcp_req *req)
{
	return (u32)(xtcp_now() / XTCP_USEC_PER_MSEC) + req->core.ts_offset;
}

static void send_synack(struct xtcp_req *req)
{
	const struct xtcp_synrcv *c = &req->core;
	struct xtcp_options opt = { .mss = c->advmss };
	struct xtcp_reply r = {
		.key	= &req->flow.key,
		.seq	= c->iss,
		.ack	= c->irs + 1,
		.window	= min_t(u32, c->rcv_wnd, XTCP_WND_MAX_UNSCALED),
		.flags	= XTCP_SYN | XTCP_ACK,
		.mark	= req->mark,
	};

	if (c->flags & XTCP_F_SACK_OK)
		opt.has |= XTCP_OPT_SACK_PERM;
	if (c->flags & XTCP_F_TS_OK) {
		opt.has |= XTCP_OPT_TS;
		opt.tsval = req_tsval(req);
		opt.tsecr = c->ts_recent;
	}
	if (c->flags & XTCP_F_WSCALE_OK) {
		opt.has |= XTCP_OPT_WSCALE;
		opt.wscale = c->rcv_wscale;
	}
	r.optlen = xtcp_options_build_syn(r.opt, &opt);
	xtcp_reply_send(req_net(req), req->listener, &r);
}

static void send_req_ack(struct xtcp_req *req)
{
	const struct xtcp_synrcv *c = &req->core;
	struct xtcp_reply r = {
		.key	= &req->flow.key,
		.seq	= c->iss + 1,
		.ack	= c->irs + 1,
		.window	= min_t(u32, c->rcv_wnd >> c->rcv_wscale, U16_MAX),
		.flags	= XTCP_ACK,
		.mark	= req->mark,
	};

	if (c->flags & XTCP_F_TS_OK) {
		xtcp_options_build_ts(r.opt, req_tsval(req), c->ts_recent);
		r.optlen = XTCP_OPT_TS_ALIGNED;
	}
	xtcp_reply_send(req_net(req), req->listener, &r);
}

static void send_req_rst(struct xtcp_req *req)
{
	struct xtcp_reply r = {
		.key	= &req->flow.key,
		.seq	= req->core.iss + 1,
		.ack	= req->core.irs + 1,
		.flags	= XTCP_RST | XTCP_ACK,
		.mark	= req->mark,
	};

	xtcp_reply_send(req_net(req), req->listener, &r);
}

/* The timer's reference is taken with it and goes when it is not set again. */
static void req_timer(struct timer_list *timer)
{
	struct xtcp_req *req = timer_container_of(req, timer, timer);
	struct sock *sk = req->listener;
	struct xtcp_net *xn = req_net(req);
	xtcp_usec_t wait;

	bh_lock_sock(sk);
	if (list_empty(&req->node))
		goto out;
	if (sock_owned_by_user(sk)) {
		mod_timer(timer, jiffies + REQ_RETRY);
		bh_unlock_sock(sk);
		return;
	}
	req->core.retries++;
	wait = xtcp_synrcv_timeout(&req->core, &xn->conf);
	if (!wait) {
		xtcp_req_kill(req, XTCP_EV_TIMEOUT);
		goto out;
	}
	xtcp_count(xn, RETRANS_SEGS);
	xtcp_count(xn, TIMEOUTS);
	send_synack(req);
	mod_timer(timer, jiffies + usecs_to_jiffies(wait));
	bh_unlock_sock(sk);
	return;
out:
	bh_unlock_sock(sk);
	xtcp_flow_put(&req->flow);
}

static u16 listen_advmss(struct sock *sk, const struct xtcp_key *key)
{
	u16 user = xtcp_sk(sk)->user_mss;
	struct flowi4 fl4;
	struct rtable *rt;
	u32 mss;

	xtcp_flow4_init(&fl4, sk, key, 0, READ_ONCE(sk->sk_mark));
	rt = ip_route_output_flow(sock_net(sk), &fl4, sk);
	if (IS_ERR(rt))
		return 0;
	mss = dst_metric_advmss(&rt->dst);
	ip_rt_put(rt);
	return user && user < mss ? user : mss;
}

/* A SYN: 3.10.7.2 third.  @tw: TIME_WAIT entry whose place it takes (RFC 6191). */
static void make_req(struct sock *sk, const struct xtcp_key *key,
		     const struct xtcp_segment *seg, struct xtcp_tw *tw)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct xtcp_req *req;
	u16 advmss;
	u32 iss;
	int err;

	if (l->nr_reqs >= max_t(u32, READ_ONCE(xn->max_syn_backlog),
				READ_ONCE(sk->sk_max_ack_backlog))) {
		xtcp_count_drop(xn, XTCP_DROP_LISTEN_DROP);
		return;
	}
	if (sk_acceptq_is_full(sk)) {
		xtcp_count_drop(xn, XTCP_DROP_LISTEN_OVERFLOW);
		return;
	}
	advmss = listen_advmss(sk, key);
	if (!advmss)	/* no way back to the peer */
		return;
	req = kmem_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!req) {
		xtcp_count_drop(xn, XTCP_DROP_MEMORY);
		return;
	}
	req->flow.key = *key;
	req->flow.kind = XTCP_KIND_REQ;
	req->flow.state = tw ? XTCP_SYN_RECV : XTCP_LISTEN;
	req->flow.family = AF_INET;
	req->flow.hashed = false;
	req->listener = sk;
	req->mark = READ_ONCE(sk->sk_mark);
	INIT_LIST_HEAD(&req->node);
	timer_setup(&req->timer, req_timer, TIMER_PINNED);
	iss = tw ? tw->core.snd_nxt + ISS_AFTER_TIMEWAIT : xtcp_isn(key);
	xtcp_synrcv_init(&req->core, seg, &xn->conf, iss, xtcp_ts_offset(key),
			 advmss, xtcp_full_space(sk),
			 READ_ONCE(xn->rmem[2]));
	sock_hold(sk);
	refcount_set(&req->flow.refcnt, 2);	/* table and list; timer */
	if (tw && !xtcp_tw_kill(xn, tw, XTCP_EV_RCV_SYN)) {
		err = -ENOENT;	/* it ended meanwhile: the peer sends again */
	} else {
		err = xtcp_flow_insert(&req->flow);
	}
	if (err) {
		refcount_set(&req->flow.refcnt, 1);
		xtcp_flow_put(&req->flow);
		xtcp_count_drop(xn, err == -EEXIST ? XTCP_DROP_DUP_DATA :
						    XTCP_DROP_MEMORY);
		return;
	}
	if (!tw)
		xtcp_take_edge(xn, &req->flow, XTCP_EV_RCV_SYN);
	else
		xtcp_count(xn, TW_RECYCLED);
	list_add(&req->node, &l->reqs);
	WRITE_ONCE(l->nr_reqs, l->nr_reqs + 1);
	mod_timer(&req->timer, jiffies +
		  usecs_to_jiffies(xtcp_synrcv_timeout(&req->core, &xn->conf)));
	send_synack(req);
}

/* It was never seen. */
static void free_child(struct sock *child)
{
	child->sk_state = TCP_CLOSE;
	sock_put(child);
	sock_put(child);
}

/*
 * A child socket in SYN_RECV that nobody else knows yet.  It has two references:
 * its user's, and one for the caller.
 */
static struct sock *make_child(struct sock *sk, struct xtcp_req *req)
{
	const struct xtcp_tcb *lt = &xtcp_sk(sk)->tcb;
	const struct xtcp_key *key = &req->flow.key;
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	struct xtcp_sock *xs;
	struct inet_sock *inet;
	struct sock *child;

	child = xtcp_sk_clone(sk, GFP_ATOMIC | __GFP_NOWARN);
	if (!child)
		return NULL;
	xs = xtcp_sk(child);
	inet = inet_sk(child);
	xtcp_init_fields(child);
	RCU_INIT_POINTER(child->sk_dst_cache, NULL);
	atomic64_set(&child->sk_cookie, 0);
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	RCU_INIT_POINTER(inet->mc_list, NULL);
	memset(&inet->cork, 0, sizeof(inet->cork));
	xs->user_mss = xtcp_sk(sk)->user_mss;
	xs->notsent_lowat = xtcp_sk(sk)->notsent_lowat;
	xs->flow.key = *key;
	xs->flow.family = AF_INET;
	inet->inet_daddr = xtcp_addr_v4(&key->raddr);
	inet->inet_saddr = xtcp_addr_v4(&key->laddr);
	inet->inet_rcv_saddr = inet->inet_saddr;
	inet->inet_dport = key->rport;
	xtcp_inet_new_id(inet);
	xs->tcb.keep_probes = lt->keep_probes;
	xs->tcb.keep_idle_s = lt->keep_idle_s;
	xs->tcb.keep_intvl_s = lt->keep_intvl_s;
	xs->tcb.user_timeout_ms = lt->user_timeout_ms;
	xs->tcb.linger2_us = lt->linger2_us;
	xs->tcb.flags = lt->flags & (XTCP_F_NODELAY | XTCP_F_CORK | XTCP_F_KEEPALIVE);
	if (xs->user_mss)
		xs->tcb.mss_clamp = xs->user_mss;
	xtcp_synrcv_child(&req->core, &xs->tcb, &xn->conf, xtcp_now());
	xtcp_window_clamp(&xs->tcb, xtcp_full_space(child));
	xs->tcb.rcv_ssthresh = req->core.rcv_wnd;
	child->sk_state = TCP_SYN_RECV;
	if (xtcp_route_connect(child, inet->inet_daddr, inet->inet_dport)) {
		free_child(child);
		return NULL;
	}
	return child;
}

/* The handshake is complete. */
static void establish(struct sock *sk, struct xtcp_req *req, struct sk_buff *skb,
		      struct xtcp_segment *seg)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	struct xtcp_net *xn = req_net(req);
	struct sock *child;

	/* TCP_DEFER_ACCEPT: the client speaks first, so a bare ACK says nothing */
	if (!seg->len && !(seg->flags & XTCP_FIN) &&
	    req->core.retries < xtcp_sk(sk)->defer_accept) {
		req->core.acked = 1;
		kfree_skb(skb);
		return;
	}
	if (sk_acceptq_is_full(sk)) {
		xtcp_count_drop(xn, XTCP_DROP_LISTEN_OVERFLOW);
		if (READ_ONCE(xn->abort_on_overflow)) {
			xtcp_reply_rst(xn, &req->flow.key, seg);
			xtcp_req_kill(req, XTCP_EV_ABORT);
		} else {
			/* the SYN,ACK's timer asks the peer again */
			req->core.acked = 1;
		}
		kfree_skb(skb);
		return;
	}
	child = make_child(sk, req);
	if (!child) {
		xtcp_count_drop(xn, XTCP_DROP_MEMORY);
		kfree_skb(skb);
		return;
	}
	bh_lock_sock(child);
	if (xtcp_flow_replace(&req->flow, &xtcp_sk(child)->flow)) {
		bh_unlock_sock(child);
		free_child(child);
		kfree_skb(skb);
		return;
	}
	xtcp_port_inherit(xtcp_sk(child), xtcp_sk(sk));
	unlink_req(req);
	xtcp_flow_put(&req->flow);
	list_add_tail(&xtcp_sk(child)->accept_node, &l->accept_queue);
	sk_acceptq_added(sk);
	xtcp_sock_rcv(child, skb, seg);
	bh_unlock_sock(child);
	sock_put(child);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/* A segment for an entry in SYN_RECV: 3.10.7.4. */
static void req_rcv(struct sock *sk, struct xtcp_req *req, struct sk_buff *skb,
		    struct xtcp_segment *seg)
{
	struct xtcp_net *xn = req_net(req);

	switch (xtcp_synrcv_segment(&req->core, seg)) {
	case XTCP_SYNRCV_DROP:
		break;
	case XTCP_SYNRCV_SYNACK:
		xtcp_count(xn, RETRANS_SEGS);
		send_synack(req);
		break;
	case XTCP_SYNRCV_ACK:
		send_req_ack(req);
		break;
	case XTCP_SYNRCV_CHALLENGE:
		if (xtcp_challenge_allowed(xn))
			send_req_ack(req);
		break;
	case XTCP_SYNRCV_RST:
		xtcp_reply_rst(xn, &req->flow.key, seg);
		break;
	case XTCP_SYNRCV_RESET:
		xtcp_req_kill(req, XTCP_EV_RCV_RST_PASSIVE);
		break;
	case XTCP_SYNRCV_ESTABLISH:
		establish(sk, req, skb, seg);
		return;
	}
	if (seg->drop)
		xtcp_count_drop(xn, seg->drop);
	kfree_skb(skb);
}

/* A segment that belongs to no connection yet: 3.10.7.2. */
static void listen_rcv(struct sock *sk, const struct xtcp_key *key,
		       struct sk_buff *skb, struct xtcp_segment *seg,
		       struct xtcp_tw *tw)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	switch (xtcp_listen_segment(seg)) {
	case XTCP_LISTEN_DROP:
		break;
	case XTCP_LISTEN_RST:
		xtcp_reply_rst(xn, key, seg);
		break;
	case XTCP_LISTEN_SYN:
		make_req(sk, key, seg, tw);
		break;
	}
	if (seg->drop)
		xtcp_count_drop(xn, seg->drop);
	kfree_skb(skb);
}

/* A connection that was made since the segment was put into the backlog. */
static void child_rcv(struct sock *child, struct sk_buff *skb,
		      struct xtcp_segment *seg)
{
	bh_lock_sock(child);
	if (child->sk_state == TCP_CLOSE)
		kfree_skb(skb);
	else if (!sock_owned_by_user(child))
		xtcp_sock_rcv(child, skb, seg);
	else if (sk_add_backlog(child, skb, READ_ONCE(child->sk_rcvbuf)))
		kfree_skb(skb);
	bh_unlock_sock(child);
}

/**
 * xtcp_listen_rcv - a segment for a listener, or for what it has made
 * @sk: the listener, locked
 * @skb: the segment; consumed
 * @seg: the same, parsed
 *
 * Context: bottom halves off, RCU read side.
 */
void xtcp_listen_rcv(struct sock *sk, struct sk_buff *skb, struct xtcp_segment *seg)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	const struct iphdr *iph = ip_hdr(skb);
	const struct tcphdr *th = tcp_hdr(skb);
	struct xtcp_key key = {
		.net = sock_net(sk), .lport = th->dest, .rport = th->source,
	};
	struct xtcp_flow *flow;

	xtcp_addr_set4(&key.laddr, iph->daddr);
	xtcp_addr_set4(&key.raddr, iph->saddr);
	flow = xtcp_flow_lookup(&key);
	if (!flow) {
		listen_rcv(sk, &key, skb, seg, NULL);
		return;
	}
	if (flow->kind == XTCP_KIND_SOCK) {
		child_rcv(xtcp_to_sk(xtcp_flow_sock(flow)), skb, seg);
		return;
	}
	if (!xtcp_flow_get(flow, &key)) {
		kfree_skb(skb);
		return;
	}
	if (flow->kind == XTCP_KIND_TW) {
		if (xtcp_tw_rcv(xn, xtcp_flow_tw(flow), seg))
			listen_rcv(sk, &key, skb, seg, xtcp_flow_tw(flow));
		else
			kfree_skb(skb);
	} else if (xtcp_flow_req(flow)->listener == sk &&
		   !list_empty(&xtcp_flow_req(flow)->node)) {
		req_rcv(sk, xtcp_flow_req(flow), skb, seg);
	} else {
		kfree_skb(skb);
	}
	xtcp_flow_put(flow);
}

/**
 * xtcp_listen_start - passive OPEN (3.10.1)
 * @sk: the socket, locked, in CLOSE and bound
 * @backlog: accept queue that the user wants
 *
 * Return: 0, -ENOMEM, -EADDRINUSE.
 */
int xtcp_listen_start(struct sock *sk, int backlog)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_listener *l;
	int err;

	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	INIT_LIST_HEAD(&l->accept_queue);
	INIT_LIST_HEAD(&l->reqs);
	err = xtcp_port_listen(xs);
	if (err) {
		kfree(l);
		return err;
	}
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	xs->flow.key.net = sock_net(sk);
	xs->flow.key.lport = inet_sk(sk)->inet_sport;
	xs->flow.key.rport = 0;
	xtcp_addr_set4(&xs->flow.key.laddr, inet_sk(sk)->inet_rcv_saddr);
	xtcp_addr_set4(&xs->flow.key.raddr, 0);
	xs->listener = l;
	sk->sk_ack_backlog = 0;
	sk_dst_reset(sk);
	xtcp_user_call(sk, XTCP_CALL_LISTEN);
	xtcp_listener_insert(xs);
	return 0;
}

/* Nobody will accept it any more. */
static void abort_child(struct sock *child)
{
	local_bh_disable();
	bh_lock_sock(child);
	WARN_ON_ONCE(sock_owned_by_user(child));
	sock_orphan(child);
	if (child->sk_state == TCP_CLOSE)
		xtcp_destroy(child);
	else
		xtcp_user_call(child, XTCP_CALL_ABORT);
	bh_unlock_sock(child);
	local_bh_enable();
}

/**
 * xtcp_listen_stop - the listener is out of LISTEN: reset what it made
 * @sk: the socket, locked by the user
 */
void xtcp_listen_stop(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_listener *l = xs->listener;
	struct xtcp_req *req;
	struct xtcp_sock *child;

	if (!l)
		return;
	xtcp_listener_remove(xs);
	xtcp_port_unlisten(xs);
	/* the timers of entries look at the list under the spinlock */
	spin_lock_bh(&sk->sk_lock.slock);
	while ((req = list_first_entry_or_null(&l->reqs, struct xtcp_req, node))) {
		send_req_rst(req);
		xtcp_req_kill(req, XTCP_EV_ABORT);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	while ((child = list_first_entry_or_null(&l->accept_queue, struct xtcp_sock,
						 accept_node))) {
		list_del(&child->accept_node);
		INIT_HLIST_NODE(&child->listen_node);
		sk_acceptq_removed(sk);
		rcu_read_lock();
		abort_child(xtcp_to_sk(child));
		rcu_read_unlock();
		cond_resched();
	}
	xs->listener = NULL;
	kfree(l);
}

/**
 * xtcp_accept_pop - take the next child off the accept queue
 * @sk: the listener, locked by the user
 *
 * Return: the child with its user's reference, NULL: none.
 */
struct sock *xtcp_accept_pop(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	struct xtcp_sock *child;

	child = list_first_entry_or_null(&l->accept_queue, struct xtcp_sock, accept_node);
	if (!child)
		return NULL;
	list_del(&child->accept_node);
	INIT_HLIST_NODE(&child->listen_node);
	sk_acceptq_removed(sk);
	return xtcp_to_sk(child);
}

int xtcp_listen_init(void)
{
	cache = kmem_cache_create("xtcp_req", sizeof(struct xtcp_req), 0,
				  SLAB_TYPESAFE_BY_RCU | SLAB_ACCOUNT, NULL);
	return cache ? 0 : -ENOMEM;
}

void xtcp_listen_exit(void)
{
	kmem_cache_destroy(cache);
}
