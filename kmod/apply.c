// SPDX-License-Identifier: GPL-2.0
/* The orders of the core are carried out: here, and nowhere else. */
#include <linux/security.h>
#include <net/inet_sock.h>
#include <net/net_debug.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "apply.h"
#include "buffer.h"
#include "clocks.h"
#include "core/output.h"
#include "core/sender.h"
#include "core/window.h"
#include "defer.h"
#include "edge.h"
#include "fastopen.h"
#include "ip/af.h"
#include "ip/reply.h"
#include "output.h"
#include "pace.h"
#include "port/port.h"
#include "reset.h"
#include "table.h"
#include "timer.h"
#include "timewait.h"
#include "tstamp.h"
#include "watch/trace.h"
#include "watch/verify.h"

/* @ack: the segment that acknowledged them, NULL: none did */
static void free_acked(struct sock *sk, struct xtcp_seg *seg, const struct sk_buff *ack)
{
	while (seg) {
		struct xtcp_seg *next = xtcp_seg_next(seg);

		if (unlikely(seg->mark & XTCP_SEG_TSTAMP))
			xtcp_tstamp_acked(sk, xtcp_seg_skb(seg), ack);
		xtcp_wmem_free(sk, xtcp_seg_skb(seg));
		seg = next;
	}
}

/* What waited behind a gap, and came again in another segment. */
static void free_dropped(struct sock *sk, struct xtcp_seg *seg)
{
	while (seg) {
		struct xtcp_seg *next = xtcp_seg_next(seg);
		struct sk_buff *skb = xtcp_seg_skb(seg);

		xtcp_count(xtcp_sk_net(sk), OFO_MERGE);
		skb->next = NULL;
		kfree_skb(skb);
		seg = next;
	}
}

static void deliver_list(struct sock *sk, struct xtcp_seg *seg)
{
	while (seg) {
		struct xtcp_seg *next = xtcp_seg_next(seg);
		struct sk_buff *skb = xtcp_seg_skb(seg);

		skb->next = NULL;
		skb->prev = NULL;
		xtcp_rmem_append(sk, skb);
		seg = next;
	}
}

/* The handshake is complete: what it decided takes effect on the socket. */
static void connected(struct sock *sk, const struct xtcp_segment *seg,
		      const struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (unlikely(xs->tfo_pending))
		xtcp_tfo_complete(sk, false);
	if (unlikely(xs->tfo_sent || xs->tcb.syn_data) && skb)
		xtcp_tfo_synack(sk, seg, skb);
	xtcp_sync_mss(sk);
	xtcp_sndbuf_init(sk);
	xtcp_window_ready(&xtcp_sk(sk)->tcb, xtcp_full_space(sk));
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
}

static void wake_reader(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	if (t->flags & XTCP_F_FIN_RCVD && !sock_flag(sk, SOCK_DONE)) {
		sk->sk_shutdown |= RCV_SHUTDOWN;
		sock_set_flag(sk, SOCK_DONE);
		if (sock_flag(sk, SOCK_DEAD))
			return;
		sk->sk_state_change(sk);
		/* no POLL_HUP for a half that is closed */
		if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
		else
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
		return;
	}
	xtcp_data_ready(sk);
}

/**
 * xtcp_data_ready - wake who waits for data, if there is enough of it
 * @sk: the socket, locked
 */
void xtcp_data_ready(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	xtcp_assert_locked(sk);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	if ((s32)(t->rcv_nxt - t->copied_seq) < sk->sk_rcvlowat &&
	    sk->sk_rcvlowat > 1 && !sock_flag(sk, SOCK_DONE) &&
	    xtcp_receive_window(t) > t->rcv_mss && !xtcp_rmem_pressure(sk))
		return;
	sk->sk_data_ready(sk);
}

static void report_error(struct sock *sk, int error)
{
	WRITE_ONCE(sk->sk_err, error);
	/* what sk_err says must be seen by who sees the state */
	smp_wmb();
	if (!sock_flag(sk, SOCK_DEAD))
		sk_error_report(sk);
}

/* Nobody has the socket, and nothing waits in it to be sent or behind a gap. */
static void let_go(struct sock *sk)
{
	xtcp_assert_locked(sk);
	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE);
	WARN_ON_ONCE(!sock_flag(sk, SOCK_DEAD));
	WARN_ON_ONCE(xtcp_sk(sk)->flow.hashed);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	if (xtcp_sk(sk)->orphaned)
		atomic_dec(&xtcp_sk_net(sk)->orphans);
	sock_put(sk);
}

/**
 * xtcp_done - the connection is in CLOSE: take it out of every table
 * @sk: the socket, locked
 *
 * What was received stays readable.
 */
void xtcp_done(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_assert_locked(sk);
	if (unlikely(xs->tfo_pending))
		xtcp_tfo_complete(sk, READ_ONCE(sk->sk_err) == ECONNRESET);
	if (unlikely(xs->tfo_sent))
		xtcp_tfo_closing(sk);
	xtcp_timer_off(sk);
	xtcp_flow_remove(&xs->flow);
	xtcp_wmem_purge(sk);
	xtcp_ooo_purge(sk);
	if (sock_flag(sk, SOCK_DEAD) || !(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_unbind(xs);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	else
		let_go(sk);
}

/**
 * xtcp_destroy - an orphan, or a socket that is being closed, is in CLOSE
 * @sk: the socket, locked; the reference of its user goes
 */
void xtcp_destroy(struct sock *sk)
{
	xtcp_assert_locked(sk);
	xtcp_timer_off(sk);
	xtcp_port_unbind(xtcp_sk(sk));
	xtcp_wmem_purge(sk);
	xtcp_ooo_purge(sk);
	let_go(sk);
}

static void answer_ack_before(void *sk, u32 ack, enum xtcp_reason why)
{
	xtcp_send_ack_before(sk, ack, why);
}

static void answer_syn(void *sk, enum xtcp_reason why)
{
	xtcp_send_syn(sk, why);
}

static void answer_output(void *sk)
{
	xtcp_push(sk);
}

static void answer_retransmit(void *sk, enum xtcp_reason why)
{
	xtcp_retransmit(sk, why);
}

static void answer_probe(void *sk, u32 seq, enum xtcp_reason why)
{
	xtcp_send_probe(sk, seq, why);
}

static void answer_ack(void *sk, enum xtcp_reason why)
{
	xtcp_send_ack(sk, why);
}

/*
 * The segment comes from the backlog, and others may be behind it: one ACK is enough,
 * when the user gives the socket back.
 */
static bool answer_merge(void *host)
{
	struct sock *sk = host;

	if (likely(!sock_owned_by_user_nocheck(sk)) ||
	    !READ_ONCE(xtcp_sk_net(sk)->backlog_ack_defer))
		return false;
	xtcp_ack_wait(&xtcp_sk(sk)->tcb, xtcp_now());
	set_bit(XTCP_DO_ACK, &sk->sk_tsq_flags);
	return true;
}

static bool answer_challenge(void *sk)
{
	return xtcp_challenge_allowed(xtcp_sk_net(sk));
}

static void answer_rst(void *sk, const struct xtcp_actions *a)
{
	xtcp_send_rst(sk, a);
}

static const struct xtcp_answerer answerer = {
	.ack_before	= answer_ack_before,
	.syn		= answer_syn,
	.output		= answer_output,
	.retransmit	= answer_retransmit,
	.probe		= answer_probe,
	.ack		= answer_ack,
	.merge		= answer_merge,
	.challenge	= answer_challenge,
	.rst		= answer_rst,
};

/* Segments that the core ordered, and what else has to do with them. */
static void send_ordered(struct sock *sk, const struct xtcp_actions *a)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 orders = a->orders;

	DEBUG_NET_WARN_ON_ONCE(!xtcp_actions_reasoned(a));
	if (unlikely(orders & XTCP_ACT_ACK_SKIPPED))
		xtcp_count(xn, ACK_SKIPPED);
	/* before what is sent again, so that it takes another route */
	if (unlikely(orders & XTCP_ACT_ROUTE))
		dst_negative_advice(sk);
	if (unlikely(orders & XTCP_ACT_SEND_PROBE)) {
		if (t->flags & XTCP_F_PROBE)
			xtcp_count(xn, WIN_PROBE);
		else
			xtcp_count(xn, KEEPALIVE);
	}
	if (unlikely(orders & XTCP_ACT_DUPACK))
		xtcp_count(xn, DUP_ACK_SENT);
	xtcp_send_ordered(&answerer, sk, t, a);
}

/* The peer marked a byte as urgent, or the byte is in this segment. */
static void take_urgent(struct sock *sk, const struct xtcp_actions *a,
			struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (a->orders & XTCP_ACT_URGENT)
		sk_send_sigurg(sk);
	if (!(a->orders & XTCP_ACT_URG_BYTE))
		return;
	if (skb_copy_bits(skb, tcp_hdrlen(skb) + a->urg_off, &xs->urg_byte, 1))
		xs->urg_byte = 0;	/* cannot be: the length was checked */
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/* The payload of the segment that came: to the reader, or behind a gap. */
static bool take_payload(struct sock *sk, const struct xtcp_actions *a,
			 struct sk_buff *skb)
{
	if (!skb)
		return false;
	if (a->orders & XTCP_ACT_DELIVER) {
		__skb_pull(skb, tcp_hdrlen(skb));
		xtcp_rmem_charge(sk, skb);
		xtcp_rmem_append(sk, skb);
		return true;
	}
	if (a->orders & XTCP_ACT_QUEUED_OOO) {
		xtcp_count(xtcp_sk_net(sk), OFO_QUEUE);
		__skb_pull(skb, tcp_hdrlen(skb));
		xtcp_rmem_charge(sk, skb);
		xtcp_rmem_wait(sk, skb);
		return true;
	}
	return false;
}

/* What the core noted: enum xtcp_note and the counters are in the same order. */
static void count_notes(struct xtcp_net *xn, const struct xtcp_actions *a)
{
	unsigned long notes = a->notes;
	unsigned int i;

	for_each_set_bit(i, &notes, XTCP_NOTE_NR)
		this_cpu_inc(xn->mib->item[XTCP_MIB_RENO_RECOVERY + i]);
	if (a->lost_retrans)
		xtcp_count_add(xn, LOST_RETRANSMIT, a->lost_retrans);
	if (a->sack_discards)
		xtcp_count_add(xn, SACK_DISCARD, a->sack_discards);
	if (a->dsack_segs)
		xtcp_count_add(xn, DSACK_RECV_SEGS, a->dsack_segs);
}

#define PAYLOAD_ORDERS	(XTCP_ACT_URGENT | XTCP_ACT_URG_BYTE | XTCP_ACT_DELIVER | \
			 XTCP_ACT_QUEUED_OOO)
/* What do_rare() looks at. */
#define RARE_ORDERS	(XTCP_ACT_SYN_DATA | XTCP_ACT_PURGE_OOO | XTCP_ACT_CONNECTED | \
			 XTCP_ACT_ERROR | XTCP_ACT_QUEUE_FIN | XTCP_ACT_ACK_SOON)
/* What send_ordered() looks at. */
#define SEND_ORDERS	(XTCP_ACT_ACK_SKIPPED | XTCP_ACT_ROUTE | XTCP_ACT_ACK_BEFORE | \
			 XTCP_ACT_SEND_SYN | XTCP_ACT_OUTPUT_FIRST | \
			 XTCP_ACT_RETRANSMIT | XTCP_ACT_OUTPUT | XTCP_ACT_SEND_PROBE | \
			 XTCP_ACT_DUPACK | XTCP_ACT_SEND_ACK | XTCP_ACT_CHALLENGE | \
			 XTCP_ACT_SEND_RST)
#define END_ORDERS	(XTCP_ACT_WAKE_READER | XTCP_ACT_WAKE_WRITER | \
			 XTCP_ACT_TIME_WAIT | XTCP_ACT_DEAD)

/* One group after the other: core/tcb.h promises the order of the bits. */
#define BEHIND(group, before)	(((group) & -(group)) > (before))
static_assert(BEHIND(RARE_ORDERS, PAYLOAD_ORDERS));
static_assert(BEHIND(SEND_ORDERS, RARE_ORDERS));
static_assert(BEHIND(END_ORDERS, SEND_ORDERS));

/* The beginning and the end of a connection, and gaps. */
static void do_rare(struct sock *sk, const struct xtcp_actions *a,
		    const struct xtcp_segment *seg, const struct sk_buff *skb)
{
	u32 orders = a->orders;

	if (orders & XTCP_ACT_SYN_DATA)
		xtcp_wmem_syn_acked(sk);
	if (orders & XTCP_ACT_PURGE_OOO)
		xtcp_ooo_purge(sk);
	if (orders & XTCP_ACT_CONNECTED)
		connected(sk, seg, skb);
	if (orders & XTCP_ACT_ERROR)
		report_error(sk, a->error);
	if (orders & XTCP_ACT_QUEUE_FIN)
		xtcp_queue_fin(sk);
	if (orders & XTCP_ACT_ACK_SOON)
		xtcp_ack_soon(sk);
}

/* A connection was reset because of what came for it, or of its TCP_LINGER2. */
static void count_abort(struct xtcp_net *xn, const struct xtcp_actions *a,
			const struct xtcp_segment *seg)
{
	if (!(a->orders & XTCP_ACT_SEND_RST))
		return;
	if (a->rst_why == XTCP_WHY_DATA_AFTER_CLOSE ||
	    (a->rst_why == XTCP_WHY_LINGER2_NONE && seg))
		xtcp_count(xn, ABORT_ON_DATA);
	else if (a->rst_why == XTCP_WHY_LINGER2_NONE)
		xtcp_count(xn, ABORT_ON_LINGER);
}

/**
 * xtcp_apply - carry out what the core ordered
 * @sk: the socket, locked
 * @a: the orders
 * @seg: the segment that they answer, NULL: a timer or a user call
 * @skb: its buffer, transport header set and data pointing at it
 *
 * @skb is kept where xtcp_verdict_keeps() says so of @seg's verdict; the caller frees it
 * otherwise.  The socket may be on its way out after this; the caller holds a reference
 * or is in an RCU read side.
 */
void xtcp_apply(struct sock *sk, struct xtcp_actions *a,
		struct xtcp_segment *seg, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 orders = a->orders;
	bool kept;

	xtcp_assert_locked(sk);
	if (unlikely(a->notes | a->lost_retrans | a->sack_discards))
		count_notes(xn, a);
	if (a->nr_edges || a->bad_event) {
		count_abort(xn, a, seg);
		if (seg && seg->verdict == XTCP_VERDICT_RST)
			xtcp_reset_for_sock(sk, a, seg, skb);
		xtcp_count_edges(xn, sk, a, skb);
	}
	if (seg && unlikely(xtcp_verdict_refuses(seg->verdict))) {
		trace_xtcp_drop(&xs->flow, seg, seg->verdict);
		if (seg->flags & XTCP_RST)
			xtcp_reset_for_sock(sk, a, seg, skb);
		if (unlikely(xs->tfo_sent))
			xtcp_tfo_suspect(sk, seg);
	} else if (seg) {
		/* a RST from elsewhere is known by it; the header is in the cache now */
		xs->hop_limit = xtcp_skb_hop_limit(skb);
	}
	/* before the payload goes to a reader: the label is that of the packet */
	if (orders & XTCP_ACT_CONNECTED && skb)
		security_inet_conn_established(sk, skb);
	if (unlikely(orders & (XTCP_ACT_URGENT | XTCP_ACT_URG_BYTE)))
		take_urgent(sk, a, skb);
	/* before the payload: a reader's buffer may swallow the segment, whose header tells */
	if (a->acked) {
		trace_xtcp_cwnd(sk);
		free_acked(sk, a->acked, skb);
		/* RFC 4861 7.3.1: progress tells that the neighbour is there */
		sk_dst_confirm(sk);
	}
	kept = take_payload(sk, a, skb);
	DEBUG_NET_WARN_ON_ONCE(seg && kept != xtcp_verdict_keeps(seg->verdict));
	if (a->ready)
		deliver_list(sk, a->ready);
	if (a->dropped)
		free_dropped(sk, a->dropped);
	if (unlikely(orders & RARE_ORDERS))
		do_rare(sk, a, seg, skb);
	if (orders & SEND_ORDERS)
		send_ordered(sk, a);
	/* our FIN is acknowledged: close() may wait for that (SO_LINGER) */
	if (unlikely(a->nr_edges) && xs->tcb.state == XTCP_FIN_WAIT2 &&
	    !sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	if (orders & XTCP_ACT_WAKE_READER)
		wake_reader(sk);
	if (orders & XTCP_ACT_WAKE_WRITER)
		xtcp_write_space_check(sk);
	if (orders & XTCP_ACT_TIME_WAIT)
		xtcp_enter_timewait(sk);
	if (orders & (XTCP_ACT_TIME_WAIT | XTCP_ACT_DEAD))
		xtcp_done(sk);
	else
		xtcp_timer_sync(sk);
	xtcp_clocks_turn(sk);
	xtcp_verify(sk, a);
}

/**
 * xtcp_user_call - tell the core what the user did, and do what follows
 * @sk: the socket, locked by the user
 * @call: what
 * @why: as in xtcp_on_user()
 */
void xtcp_user_call(struct sock *sk, enum xtcp_call call, enum xtcp_reason why)
{
	struct xtcp_actions a __uninitialized;

	xtcp_assert_locked(sk);
	xtcp_actions_init(&a);
	xtcp_on_user(&xtcp_sk(sk)->tcb, call, why, xtcp_now(), &a);
	xtcp_apply(sk, &a, NULL, NULL);
}
