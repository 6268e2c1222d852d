// SPDX-License-Identifier: GPL-2.0
/*
 * The passive side.
 *
 * A SYN makes an entry in SYN_RECV (req.c); the ACK that completes the handshake
 * makes a child socket, which waits in the listener's accept queue with the
 * reference that its user will have.  All of it happens under the listener's lock:
 * a segment for an entry goes to the listener, or to its backlog, and finds the
 * entry again there.
 *
 * When there are too many entries, a SYN makes none: the SYN,ACK's sequence number
 * is a cookie (syncookie.c), and the ACK that brings it back makes the child.
 */
#include <net/dst.h>
#include <net/inet_ecn.h>

#include "apply.h"
#include "buffer.h"
#include "clocks.h"
#include "compat.h"
#include "conf.h"
#include "cong.h"
#include "core/ecn.h"
#include "core/fastopen.h"
#include "core/options.h"
#include "core/output.h"
#include "core/user.h"
#include "core/window.h"
#include "defer.h"
#include "edge.h"
#include "fastopen.h"
#include "ip/ip.h"
#include "ip/l3mdev.h"
#include "ip/pinfo.h"
#include "ip/reply.h"
#include "ip/route.h"
#include "isn.h"
#include "lifetime.h"
#include "listen.h"
#include "listen_table.h"
#include "lsm.h"
#include "md5sig.h"
#include "output.h"
#include "pace.h"
#include "port/port.h"
#include "receive.h"
#include "req.h"
#include "reset.h"
#include "syncookie.h"
#include "table.h"
#include "timewait.h"
#include "watch/verify.h"

/* SYN_RECV entries that a listener which closes ends before it lets others work. */
#define STOP_BATCH	64

/* How connections that this segment opens are marked, for routing. */
static u32 mark_of(const struct sock *sk, const struct sk_buff *skb)
{
	u32 mark = READ_ONCE(sk->sk_mark);

	return mark || !READ_ONCE(xtcp_sk_net(sk)->fwmark_accept) ? mark : skb->mark;
}

/* Those of a connection that a segment asks for. */
static struct xtcp_marks marks_of(const struct sock *sk, const struct sk_buff *skb)
{
	return (struct xtcp_marks) {
		.mark	= mark_of(sk, skb),
		.hash	= net_tx_rndhash(),
		.label	= xtcp_sk_reflected(sk, skb),
	};
}

/* Their type of service: the listener's, or (reflect_tos) that of the segment. */
static u8 tos_of(const struct sock *sk, const struct sk_buff *skb)
{
	if (READ_ONCE(xtcp_sk_net(sk)->reflect_tos))
		return xtcp_skb_tos(skb) & ~INET_ECN_MASK;
	return xtcp_skb_af(skb)->tos(sk);
}

/* What an entry is that a SYN makes.  @skb: it, or what tells of it; @dst: the route back. */
static void init_core(struct xtcp_synrcv *core, struct sock *sk, const struct sk_buff *skb,
		      const struct xtcp_segment *syn, struct xtcp_numbers begin, u16 advmss,
		      const struct dst_entry *dst)
{
	u32 ecn = dst_feature(dst, DST_FEATURE_ECN_MASK);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 space = xtcp_full_space(sk), most = xtcp_largest_buffer(sk);
	u32 clamp = xtcp_sk(sk)->tcb.window_clamp;
	struct xtcp_route_windows route;

	xtcp_route_windows(dst, &route);
	if (!clamp)
		clamp = route.clamp;
	/* a buffer of a size that the user chose does not grow */
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		most = space;
	space = min_not_zero(space, clamp);
	most = min_not_zero(most, clamp);
	xtcp_synrcv_init(core, syn, &xn->conf, begin.iss, begin.ts_offset, advmss, space,
			 most);
	xtcp_synrcv_limit_window(core, route.initial);
	xtcp_ecn_synrcv(core, syn, READ_ONCE(xn->conf.ecn) || ecn,
			xtcp_sk(sk)->tcb.flags & XTCP_F_ECN_ALL ||
			ecn & DST_FEATURE_ECN_CA);
	core->tos = tos_of(sk, skb);
}

/* The accept queue is full. */
static enum xtcp_verdict overflow(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);

	xtcp_listener(sk)->seen.overflows++;
	xtcp_listener(sk)->seen.overflow_ms = (u32)jiffies;
	xtcp_count(xn, LISTEN_DROPS);
	return XTCP_VERDICT_LISTEN_OVERFLOW;
}

/* So is the SYN queue, and there is no cookie for this one. */
static enum xtcp_verdict flooded(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	xtcp_listener(sk)->seen.floods++;
	xtcp_listener(sk)->seen.flood_ms = (u32)jiffies;
	xtcp_count(xn, LISTEN_DROPS);
	return XTCP_VERDICT_SYN_QUEUE;
}

/*
 * Without cookies, the last quarter of the SYN queue is for hosts that are known
 * to exist (Linux knows them by its metrics, we know none).
 */
static bool last_quarter(const struct xtcp_net *xn, const struct xtcp_listener *l)
{
	int most = READ_ONCE(xn->max_syn_backlog);

	return !READ_ONCE(xn->syncookies) && most - (int)l->nr_reqs < most >> 2;
}

/*
 * Is there a place for one more SYN, as Linux counts?
 * Return: XTCP_VERDICT_NONE, or why not; @cookie: answer it and forget it.
 */
static enum xtcp_verdict admit_syn(struct sock *sk, bool timewait, bool *cookie)
{
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);

	*cookie = false;
	/* who was here before is no flood */
	if (!timewait && (READ_ONCE(xn->syncookies) == XTCP_SYNCOOKIES_ALWAYS ||
			  l->nr_reqs > READ_ONCE(sk->sk_max_ack_backlog))) {
		*cookie = xtcp_syncookie_flood(sk);
		if (!*cookie)
			return flooded(sk);
	}
	if (sk_acceptq_is_full(sk))
		return overflow(sk);
	if (!timewait && !*cookie && last_quarter(xn, l))
		return flooded(sk);
	return XTCP_VERDICT_NONE;
}

/* There is no memory for what a segment asks for. */
static enum xtcp_verdict no_memory(struct sock *sk)
{
	xtcp_listener(sk)->seen.no_memory++;
	return XTCP_VERDICT_MEMORY;
}

/* What was made did not get into the table: for want of memory, or somebody was faster. */
static enum xtcp_verdict not_hashed(struct sock *sk, int err)
{
	return err == -EEXIST || err == -ENOENT ? XTCP_VERDICT_NOT_OWNER : no_memory(sk);
}

/* Answer a SYN with a cookie, and forget it. */
static void send_cookie(struct sock *sk, const struct xtcp_key *key,
			const struct sk_buff *skb, struct xtcp_segment *syn,
			const struct xtcp_marks *marks, u16 advmss, struct dst_entry *dst)
{
	struct xtcp_numbers begin;
	struct xtcp_synrcv core;

	xtcp_cookie_strip(syn);
	begin.iss = xtcp_syncookie_make(sk, key, syn);
	begin.ts_offset = xtcp_ts_offset(key);
	init_core(&core, sk, skb, syn, begin, advmss, dst);
	xtcp_send_synack(sk, key, &core, marks,
			 xtcp_cookie_clock(&core, xtcp_clock_ms()), dst, NULL);
}

/* It was never seen. */
static void free_child(struct sock *child)
{
	if (xtcp_sk(child)->tfo_pending)
		xtcp_tfo_complete(child, false);
	child->sk_state = TCP_CLOSE;
	sock_orphan(child);
	sock_put(child);
	sock_put(child);
}

/* As Linux: what a child of IPv4 keeps of the packet that makes it. */
static void note_packet(struct inet_sock *inet, const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return;
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
}

/*
 * A child socket in SYN_RECV that nobody else knows yet.  @skb: the segment that makes it.
 * It has two references: its user's, and one for the caller.
 */
static struct sock *make_child(struct sock *sk, const struct xtcp_key *key,
			       const struct xtcp_synrcv *core,
			       const struct xtcp_marks *marks, const struct sk_buff *skb)
{
	const struct xtcp_tcb *lt = &xtcp_sk(sk)->tcb;
	struct in6_addr raddr = key->raddr;
	struct xtcp_route_windows route;
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
	note_packet(inet, skb);
	if (xtcp_sk_is6(child))
		xtcp_pinfo_inherit(child, sk, skb);
	xs->flow.family = xtcp_key_family(key);
	xtcp_sk_af(child)->set_tos(child, core->tos);
	child->sk_mark = marks->mark;
	child->sk_txhash = marks->hash;
	/* a shutdown() of before listen() has failed, whatever it left behind */
	WRITE_ONCE(child->sk_shutdown, 0);
	xs->user_mss = xtcp_sk(sk)->user_mss;
	xs->save_syn = xtcp_sk(sk)->save_syn;
	xs->inq = xtcp_sk(sk)->inq;
	xs->tfo_connect = xtcp_sk(sk)->tfo_connect;
	xs->tfo_no_cookie = xtcp_sk(sk)->tfo_no_cookie;
	xs->flow.key = *key;
	child->sk_bound_dev_if = key->dev;
	xtcp_sk_af(child)->set_ends(child, key);
	xtcp_inet_new_id(inet);
	xtcp_user_keep(&xs->tcb, lt);
	if (xs->user_mss)
		xtcp_mss_limit(&xs->tcb, xs->user_mss);
	xtcp_cong_inherit(child, sk);
	xtcp_synrcv_child(core, &xs->tcb, xtcp_conf_get(sk), xtcp_now());
	child->sk_state = TCP_SYN_RECV;
	if (xtcp_md5_inherit(child, sk, key) || xtcp_tx_delay_inherit(child, sk) ||
	    xtcp_route_connect(child, &raddr, key->rport)) {
		free_child(child);
		return NULL;
	}
	xtcp_cong_route(child);
	xtcp_route_windows(__sk_dst_get(child), &route);
	xtcp_window_clamp(&xs->tcb,
			  min_not_zero(lt->window_clamp ? lt->window_clamp : route.clamp,
				       xtcp_full_space(child)));
	xtcp_verify_begin(child);
	return child;
}

/* A child has the edge that no entry took when the SYN came.  @skb: what makes it */
static void count_syn(struct sock *child, enum xtcp_reason why, const struct sk_buff *skb)
{
	const struct xtcp_cause by = { .why = why, .skb = skb };
	struct xtcp_flow *flow = &xtcp_sk(child)->flow;

	flow->state = XTCP_LISTEN;
	xtcp_take_edge(xtcp_sk_net(child), flow, XTCP_EV_RCV_SYN, &by);
}

/* The SYN that a Fast Open child was made for. */
static enum xtcp_verdict fastopen_open(struct sock *child, struct sk_buff *skb,
				       struct xtcp_segment *seg)
{
	struct xtcp_tcb *t = &xtcp_sk(child)->tcb;
	enum xtcp_verdict verdict;
	struct xtcp_actions a;

	xtcp_sync_mss(child);
	xtcp_sndbuf_init(child);
	if (seg->len)
		seg->no_room = !xtcp_rmem_admit(child, skb, seg);
	xtcp_actions_init(&a);
	verdict = xtcp_fastopen_child(t, seg, xtcp_now(), &a);
	xtcp_apply(child, &a, seg, skb);
	return verdict;
}

/* ---- accept queue ---- */

/* Since a moment, low 32 bits of jiffies: at least a millisecond. */
static u32 ms_since(u32 when)
{
	return max(jiffies_to_msecs((u32)jiffies - when), 1U);
}

/* How long a child has waited for accept(). */
static u32 ms_queued(const struct xtcp_sock *child)
{
	return ms_since(child->epoch);
}

static void accept_push(struct sock *sk, struct xtcp_sock *child)
{
	struct xtcp_listener *l = xtcp_listener(sk);

	xtcp_assert_locked(sk);
	child->accept_next = NULL;
	child->epoch = (u32)jiffies;
	*l->accept_end = child;
	l->accept_end = &child->accept_next;
	sk_acceptq_added(sk);
	l->seen.accept_max = max(l->seen.accept_max, sk->sk_ack_backlog);
}

/* The oldest child, which nobody has then; NULL: none. */
static struct xtcp_sock *accept_shift(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_sock *child = l->accept_first;

	xtcp_assert_locked(sk);
	if (!child)
		return NULL;
	l->accept_first = child->accept_next;
	if (!l->accept_first)
		l->accept_end = &l->accept_first;
	sk_acceptq_removed(sk);
	return child;
}

/*
 * A child, locked and in the table, goes to the accept queue and gets the segment
 * that it was made for.  The caller's lock and reference go.
 * Return: what became of the segment.
 */
static enum xtcp_verdict adopt(struct sock *sk, struct sock *child, struct sk_buff *skb,
			       struct xtcp_segment *seg)
	__releases(&child->sk_lock.slock)
{
	enum xtcp_verdict verdict;

	xtcp_assert_locked(sk);
	xtcp_clocks_sample(child, sk);
	xtcp_port_inherit(xtcp_sk(child), xtcp_sk(sk));
	accept_push(sk, xtcp_sk(child));
	if (unlikely(xtcp_sk(child)->tfo_pending))
		verdict = fastopen_open(child, skb, seg);
	else
		verdict = xtcp_sock_rcv(child, skb, seg);
	bh_unlock_sock(child);
	sock_put(child);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return verdict;
}

/*
 * A SYN that Fast Open allows: the child is made now, and its text can be read
 * before the handshake is complete (RFC 7413 4.2.2).
 * Return: what became of it; XTCP_VERDICT_NONE: the child could not be made, so do without.
 */
static enum xtcp_verdict fastopen_rcv(struct sock *sk, const struct xtcp_key *key,
				      const struct xtcp_synrcv *core,
				      const struct xtcp_marks *marks, struct sk_buff *skb,
				      struct xtcp_segment *seg, struct xtcp_tw *tw,
				      struct xtcp_tfo_cookie *tfo)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct sock *child = make_child(sk, key, core, marks, skb);

	if (!child)
		goto fail;
	if (xtcp_tfo_adopt(child, sk, skb, tfo))
		goto fail_child;
	bh_lock_sock(child);
	if ((tw && !xtcp_tw_kill(xn, tw, XTCP_EV_RCV_SYN, XTCP_WHY_SYN_REPLACES, skb)) ||
	    xtcp_flow_insert(&xtcp_sk(child)->flow)) {
		bh_unlock_sock(child);
		goto fail_child;
	}
	xtcp_count(xn, TFO_PASSIVE);
	if (tw)
		xtcp_count(xn, TW_RECYCLED);
	else
		count_syn(child, XTCP_WHY_SYN_DATA, skb);
	return adopt(sk, child, skb, seg);

fail_child:
	free_child(child);
fail:
	xtcp_count(xn, TFO_PASSIVE_FAIL);
	return XTCP_VERDICT_NONE;
}

/*
 * A SYN: 3.10.7.2 third.  @tw: TIME_WAIT entry whose place it takes (RFC 6191).
 * Return: what became of it.
 */
static __must_check enum xtcp_verdict syn_rcv(struct sock *sk, const struct xtcp_key *key,
					      struct sk_buff *skb, struct xtcp_segment *seg,
					      struct xtcp_tw *tw)
{
	struct xtcp_tfo_cookie tfo = { .len = -1 };
	struct xtcp_opening **opening;
	enum xtcp_verdict verdict;
	struct xtcp_synrcv core;
	struct xtcp_marks marks;
	struct xtcp_req *req;
	struct xtcp_numbers begin;
	struct dst_entry *dst;
	bool cookie;
	u16 advmss;
	int err;

	verdict = admit_syn(sk, tw, &cookie);
	if (verdict)
		return verdict;
	marks = marks_of(sk, skb);
	if (!xtcp_lsm_syn(sk, key, skb, marks.mark))
		return XTCP_VERDICT_LSM;
	dst = xtcp_route_back(sk, key, &marks, &advmss);
	if (!dst)
		return XTCP_VERDICT_NO_ROUTE;
	if (cookie) {
		send_cookie(sk, key, skb, seg, &marks, advmss, dst);
		return XTCP_VERDICT_SYN;
	}
	begin = xtcp_numbers_of(key);
	if (tw)
		begin.iss = tw->core.snd_nxt + XTCP_ISS_AFTER_TIMEWAIT;
	init_core(&core, sk, skb, seg, begin, advmss, dst);
	if (unlikely(xtcp_md5_lookup(sk, key)))
		xtcp_synrcv_reserve(&core);
	xtcp_synrcv_sent(&core, xtcp_now());
	if (unlikely(seg->len || seg->opt.has & XTCP_OPT_TFO) &&
	    xtcp_tfo_try(sk, key, skb, seg, dst, &tfo)) {
		verdict = fastopen_rcv(sk, key, &core, &marks, skb, seg, tw, &tfo);
		if (verdict) {
			dst_release(dst);
			return verdict;
		}
	}
	req = xtcp_req_alloc(sk, key, &core, &marks,
			     tw ? XTCP_SYN_RECV : XTCP_LISTEN);
	if (!req) {
		dst_release(dst);
		return no_memory(sk);
	}
	err = xtcp_req_hash(req, tw, skb);
	if (err) {
		dst_release(dst);
		return not_hashed(sk, err);
	}
	opening = xtcp_req_opening(req);
	if (unlikely(opening))
		*opening = xtcp_opening_alloc(sk, skb);
	xtcp_req_send_synack(req, dst, &tfo);
	return XTCP_VERDICT_SYN;
}

/* The handshake is complete, and the accept queue is full. */
static enum xtcp_verdict req_overflow(struct xtcp_req *req, const struct sk_buff *skb,
				      const struct xtcp_segment *seg)
{
	enum xtcp_verdict verdict = overflow(req->listener);
	struct xtcp_net *xn = xtcp_req_net(req);

	if (READ_ONCE(xn->abort_on_overflow)) {
		xtcp_reply_rst(req->listener, &req->flow.key, skb, seg,
			       XTCP_WHY_ACCEPT_QUEUE_FULL);
		xtcp_req_kill(req, XTCP_EV_ABORT, XTCP_WHY_ACCEPT_QUEUE_FULL, skb);
	} else {
		/* the SYN,ACK's timer asks the peer again */
		req->core.acked = 1;
	}
	return verdict;
}

/* TCP_DEFER_ACCEPT: the client speaks first, so a bare ACK says nothing. */
static bool deferred(const struct sock *sk, const struct xtcp_req *req,
		     const struct xtcp_segment *seg)
{
	return req->core.retries < xtcp_sk(sk)->defer_accept &&
	       seg->end_seq == req->core.irs + 1;
}

/* The handshake is complete. */
static __must_check enum xtcp_verdict establish(struct sock *sk, struct xtcp_req *req,
						struct sk_buff *skb,
						struct xtcp_segment *seg)
{
	struct xtcp_opening **opening;
	struct sock *child;

	if (deferred(sk, req, seg)) {
		req->core.acked = 1;
		return XTCP_VERDICT_DEFER_ACCEPT;
	}
	if (sk_acceptq_is_full(sk))
		return req_overflow(req, skb, seg);
	child = make_child(sk, &req->flow.key, &req->core, &req->marks, skb);
	if (!child)
		return no_memory(sk);
	bh_lock_sock(child);
	if (xtcp_flow_replace(&req->flow, &xtcp_sk(child)->flow)) {
		bh_unlock_sock(child);
		free_child(child);
		return XTCP_VERDICT_NOT_OWNER;
	}
	opening = xtcp_req_opening(req);
	if (unlikely(opening && *opening)) {
		xtcp_sk(child)->opening = *opening;
		xtcp_sk(child)->has_opening = 1;
		*opening = NULL;
	}
	xtcp_req_unlink(req);
	xtcp_flow_put(&req->flow);
	return adopt(sk, child, skb, seg);
}

/*
 * An ACK that brings a cookie back: make what the SYN would have made, and what
 * the ACK makes of that.
 * Return: what became of it; XTCP_VERDICT_NONE: it is none.
 */
static __must_check enum xtcp_verdict cookie_rcv(struct sock *sk, const struct xtcp_key *key,
						 struct sk_buff *skb,
						 struct xtcp_segment *seg)
{
	struct xtcp_synrcv core;
	struct xtcp_marks marks;
	struct xtcp_segment syn;
	struct sock *child;
	struct xtcp_numbers begin;
	struct dst_entry *dst;
	u16 advmss;
	int err;

	if (!xtcp_syncookie_check(sk, key, seg, &syn))
		return XTCP_VERDICT_NONE;
	if (sk_acceptq_is_full(sk))
		return overflow(sk);
	marks = marks_of(sk, skb);
	if (!xtcp_lsm_syn(sk, key, skb, marks.mark))
		return XTCP_VERDICT_LSM;
	dst = xtcp_route_back(sk, key, &marks, &advmss);
	if (!dst)
		return XTCP_VERDICT_NO_ROUTE;
	begin.iss = seg->ack - 1;
	begin.ts_offset = xtcp_ts_offset(key);
	init_core(&core, sk, skb, &syn, begin, advmss, dst);
	dst_release(dst);
	child = make_child(sk, key, &core, &marks, skb);
	if (!child)
		return no_memory(sk);
	bh_lock_sock(child);
	err = xtcp_flow_insert(&xtcp_sk(child)->flow);
	if (err) {
		bh_unlock_sock(child);
		free_child(child);
		return not_hashed(sk, err);
	}
	count_syn(child, XTCP_WHY_SYN_COOKIE, skb);
	return adopt(sk, child, skb, seg);
}

/* A RST came for a listener, or what it has made.  @rcv_nxt: awaited, 0: nothing was */
static void reset_came(const struct sock *sk, const struct xtcp_key *key, u8 state,
		       u32 rcv_nxt, enum xtcp_rst_verdict verdict, const struct sk_buff *skb)
{
	struct xtcp_reset rst = {
		.key	= key,
		.family	= sk->sk_family,
		.sk	= sk,
		.state	= state,
		.rcv_nxt = rcv_nxt,
		.verdict = verdict,
	};

	xtcp_reset_came(&rst, skb);
}

/* What becomes of a RST that came for an entry in SYN_RECV. */
static enum xtcp_rst_verdict rst_verdict(enum xtcp_synrcv_verdict verdict)
{
	switch (verdict) {
	case XTCP_SYNRCV_RESET:
		return XTCP_RST_ACCEPTED;
	case XTCP_SYNRCV_CHALLENGE:
		return XTCP_RST_CHALLENGED;
	default:
		return XTCP_RST_OUT_OF_WINDOW;
	}
}

/* A segment for an entry in SYN_RECV: 3.10.7.4. */
static __must_check enum xtcp_verdict req_rcv(struct sock *sk, struct xtcp_req *req,
					      struct sk_buff *skb, struct xtcp_segment *seg)
{
	struct xtcp_net *xn = xtcp_req_net(req);
	enum xtcp_synrcv_verdict verdict;

	verdict = xtcp_synrcv_segment(&req->core, seg, &xn->conf, xtcp_now());
	if (seg->flags & XTCP_RST)
		reset_came(sk, &req->flow.key, XTCP_SYN_RECV, req->core.irs + 1,
			   rst_verdict(verdict), skb);
	switch (verdict) {
	case XTCP_SYNRCV_DROP:
		break;
	case XTCP_SYNRCV_SKIP:
		xtcp_count(xn, ACK_SKIPPED);
		break;
	case XTCP_SYNRCV_SYNACK:
		xtcp_req_syn_again(req);
		break;
	case XTCP_SYNRCV_ACK:
		xtcp_req_send_ack(req, skb);
		break;
	case XTCP_SYNRCV_CHALLENGE:
		if (xtcp_challenge_allowed(xn))
			xtcp_req_send_ack(req, skb);
		break;
	case XTCP_SYNRCV_RST:
		xtcp_reply_rst(sk, &req->flow.key, skb, seg, XTCP_WHY_ACK_UNSENT);
		break;
	case XTCP_SYNRCV_ABORT:
		xtcp_reply_rst(sk, &req->flow.key, skb, seg, XTCP_WHY_SYN_IN_WINDOW);
		xtcp_req_kill(req, XTCP_EV_ABORT, XTCP_WHY_SYN_IN_WINDOW, skb);
		break;
	case XTCP_SYNRCV_RESET:
		xtcp_req_kill(req, XTCP_EV_RCV_RST_PASSIVE, XTCP_WHY_PEER_RESET, skb);
		break;
	case XTCP_SYNRCV_ESTABLISH:
		return establish(sk, req, skb, seg);
	}
	return seg->verdict;
}

/* A segment that belongs to no connection yet: 3.10.7.2. */
static __must_check enum xtcp_verdict listen_rcv(struct sock *sk, const struct xtcp_key *key,
						 struct sk_buff *skb,
						 struct xtcp_segment *seg,
						 struct xtcp_tw *tw)
{
	enum xtcp_verdict verdict;

	if (seg->flags & XTCP_RST)
		reset_came(sk, key, XTCP_LISTEN, 0, XTCP_RST_OF_LISTENER, skb);
	switch (xtcp_listen_segment(seg)) {
	case XTCP_LISTEN_DROP:
		break;
	case XTCP_LISTEN_RST:
		verdict = cookie_rcv(sk, key, skb, seg);
		if (verdict)
			return verdict;
		xtcp_reply_rst(sk, key, skb, seg, XTCP_WHY_NO_CONNECTION);
		break;
	case XTCP_LISTEN_SYN:
		return syn_rcv(sk, key, skb, seg, tw);
	}
	return seg->verdict;
}

/* A connection that was made since the segment was put into the backlog. */
static __must_check enum xtcp_verdict child_rcv(struct sock *child,
						const struct xtcp_key *key, int dif,
						int sdif, struct sk_buff *skb,
						struct xtcp_segment *seg)
{
	unsigned int len = skb->len;
	enum xtcp_verdict verdict;

	verdict = xtcp_permit(child, key, dif, sdif, skb);
	if (unlikely(verdict))
		return verdict;
	/* it was let in for the listener, and parsed: a filter must not cut it now */
	if (unlikely(skb->len != len))
		return XTCP_VERDICT_FILTER;
	bh_lock_sock(child);
	if (sock_owned_by_user(child)) {
		/* parsed once; a backlog's segment is as IP left it */
		xtcp_skb_set_dif(skb, dif, sdif);
		verdict = sk_add_backlog(child, skb, READ_ONCE(child->sk_rcvbuf)) ?
			  XTCP_VERDICT_BACKLOG : XTCP_VERDICT_WAITS;
	} else if (child->sk_state == TCP_LISTEN || !xtcp_owns(child, key, dif, sdif)) {
		verdict = XTCP_VERDICT_NOT_OWNER;
	} else {
		verdict = xtcp_sock_rcv(child, skb, seg);
	}
	bh_unlock_sock(child);
	return verdict;
}

/**
 * xtcp_listen_rcv - a segment for a listener, or for what it has made
 * @sk: the listener, locked
 * @key: what the segment says; the listener fits it
 * @dif: interface that it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 * @skb: the segment
 * @seg: the same, parsed
 *
 * Context: bottom halves off, RCU read side.
 *
 * Return: what became of it.
 */
enum xtcp_verdict xtcp_listen_rcv(struct sock *sk, const struct xtcp_key *key, int dif,
				  int sdif, struct sk_buff *skb, struct xtcp_segment *seg)
{
	struct xtcp_net *xn = key->xn;
	struct xtcp_key own = *key;
	struct xtcp_flow *flow = xtcp_flow_find(&own, dif, sdif);
	enum xtcp_verdict verdict;

	xtcp_assert_locked(sk);
	if (!flow) {
		own.dev = xtcp_dev_of_child(sk, &own, dif, sdif);
		return listen_rcv(sk, &own, skb, seg, NULL);
	}
	if (flow->kind == XTCP_KIND_SOCK)
		return child_rcv(xtcp_to_sk(xtcp_flow_sock(flow)), &own, dif, sdif, skb, seg);
	if (!xtcp_flow_get(flow, &own))
		return XTCP_VERDICT_NOT_OWNER;
	if (flow->kind == XTCP_KIND_TW) {
		verdict = xtcp_tw_rcv(xn, xtcp_flow_tw(flow), skb, seg);
		if (!verdict) {
			own.dev = xtcp_dev_of_child(sk, &own, dif, sdif);
			verdict = listen_rcv(sk, &own, skb, seg, xtcp_flow_tw(flow));
		}
	} else if (xtcp_flow_req(flow)->listener == sk &&
		   !list_empty(&xtcp_flow_req(flow)->node)) {
		verdict = req_rcv(sk, xtcp_flow_req(flow), skb, seg);
	} else {
		verdict = XTCP_VERDICT_NOT_OWNER;
	}
	xtcp_flow_put(flow);
	return verdict;
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
	int err;

	xtcp_assert_locked(sk);
	if (!xtcp_listener_need(sk))
		return -ENOMEM;
	xtcp_tfo_listen(sk, backlog);
	err = xtcp_port_listen(xs);
	if (err)
		return err;
	inet_sk(sk)->inet_sport = htons(inet_sk(sk)->inet_num);
	xs->flow.key.lport = inet_sk(sk)->inet_sport;
	xs->flow.key.rport = 0;
	xtcp_sk_laddr(sk, &xs->flow.key.laddr);
	memset(&xs->flow.key.raddr, 0, sizeof(xs->flow.key.raddr));
	sk->sk_ack_backlog = 0;
	sk_dst_reset(sk);
	/* segments that come before LISTEN wait in the backlog */
	err = xtcp_listener_insert(xs);
	if (err) {
		xtcp_port_unlisten(xs);
		return err;
	}
	xs->epoch++;
	xtcp_user_call(sk, XTCP_CALL_LISTEN, XTCP_WHY_LISTEN);
	return 0;
}

/* Now, or when who looks at it just now, or ends it, gives it back. */
static void abandon(struct sock *child)
{
	rcu_read_lock();
	local_bh_disable();
	bh_lock_sock(child);
	xtcp_do(child, XTCP_DO_ABANDON);
	bh_unlock_sock(child);
	local_bh_enable();
	rcu_read_unlock();
}

/**
 * xtcp_listen_stop - the listener is out of LISTEN: reset what it made
 * @sk: the socket, locked by the user
 */
void xtcp_listen_stop(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_req *req;
	struct xtcp_sock *child;
	unsigned int n = 0;

	xtcp_assert_locked(sk);
	if (!l)
		return;
	xtcp_listener_remove(xs);
	xtcp_port_unlisten(xs);
	/* the timers of entries look at the list under the spinlock */
	spin_lock_bh(&sk->sk_lock.slock);
	while ((req = list_first_entry_or_null(&l->reqs, struct xtcp_req, node))) {
		xtcp_req_send_rst(req, XTCP_WHY_LISTENER_CLOSED);
		xtcp_req_kill(req, XTCP_EV_ABORT, XTCP_WHY_LISTENER_CLOSED, NULL);
		if (++n % STOP_BATCH)
			continue;
		/* the socket is ours: nobody adds one, and their timers come again */
		spin_unlock_bh(&sk->sk_lock.slock);
		cond_resched();
		spin_lock_bh(&sk->sk_lock.slock);
	}
	spin_unlock_bh(&sk->sk_lock.slock);
	while ((child = accept_shift(sk))) {
		abandon(xtcp_to_sk(child));
		cond_resched();
	}
	xtcp_listener_free(sk);
}

/**
 * xtcp_accept_pop - take the next child off the accept queue
 * @sk: the listener, locked by the user
 *
 * Return: the child with its user's reference, NULL: none.
 */
struct sock *xtcp_accept_pop(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_sock *child;
	u32 waited;

	xtcp_assert_locked(sk);
	child = accept_shift(sk);
	if (!child)
		return NULL;
	xtcp_uncalled(child);
	waited = ms_queued(child);
	l->seen.accepted++;
	l->seen.waited_ms += waited;
	l->seen.waited_max_ms = max(l->seen.waited_max_ms, waited);
	return xtcp_to_sk(child);
}

/**
 * xtcp_listener_info - what came to a listener, and what became of it
 * @sk: the socket, locked
 * @info: out
 *
 * Return: false: it does not listen.
 */
bool xtcp_listener_info(const struct sock *sk, struct xtcp_listener_info *info)
{
	struct xtcp_listener *l = xtcp_listener(sk);

	xtcp_assert_locked(sk);
	if (sk->sk_state != TCP_LISTEN || !l)
		return false;
	*info = l->seen;
	info->accept_now = READ_ONCE(sk->sk_ack_backlog);
	info->accept_limit = READ_ONCE(sk->sk_max_ack_backlog);
	info->syn_now = l->nr_reqs;
	info->syn_limit = info->accept_limit;
	if (l->accept_first)
		info->waits_ms = ms_queued(l->accept_first);
	/* they are kept as jiffies */
	if (l->seen.overflows)
		info->overflow_ms = ms_since(l->seen.overflow_ms);
	if (l->seen.floods || l->seen.cookies_sent)
		info->flood_ms = ms_since(l->seen.flood_ms);
	return true;
}
