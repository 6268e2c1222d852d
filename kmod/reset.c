// SPDX-License-Identifier: GPL-2.0
/*
 * A RST came, or is sent: who looks on is told for whom it is, why, and what became of it.
 */
#include <net/net_debug.h>
#include <net/tcp.h>

#include "ip/af.h"
#include "reset.h"
#include "watch/trace.h"

/* Who reports them to user space, NULL: nobody. */
static xtcp_reset_seen_t seen_by;

/**
 * xtcp_reset_watch - from now on, tell this function of every RST
 * @seen: called once for each that came to us or that we send, by the one who holds the
 *	  lock of whom it is for, in any context but hard interrupts; NULL: nobody
 *
 * Who was told before may still be told for a grace period.
 */
void xtcp_reset_watch(xtcp_reset_seen_t seen)
{
	WRITE_ONCE(seen_by, seen);
}

static void report(const struct xtcp_reset *rst)
{
	xtcp_reset_seen_t seen = READ_ONCE(seen_by);

	DEBUG_NET_WARN_ON_ONCE(rst->sent ? rst->why == XTCP_WHY_NONE :
					   rst->verdict == XTCP_RST_NONE);
	trace_xtcp_reset(rst);
	if (seen)
		seen(rst->key->xn, rst);
}

/**
 * xtcp_reset_sent - one is sent
 * @rst: for whom, why, and what is in it
 */
void xtcp_reset_sent(struct xtcp_reset *rst)
{
	rst->sent = true;
	report(rst);
}

/**
 * xtcp_reset_came - one came
 * @rst: for whom, what was awaited, and what becomes of it
 * @skb: the RST, its transport header set
 */
void xtcp_reset_came(struct xtcp_reset *rst, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	rst->seq = ntohl(th->seq);
	rst->ack = th->ack ? ntohl(th->ack_seq) : 0;
	rst->flags = tcp_flag_byte(th);
	rst->hop_limit = xtcp_skb_hop_limit(skb);
	report(rst);
}

/* What the core made of one that came for a connection. */
static enum xtcp_rst_verdict verdict_of(const struct xtcp_actions *a,
					const struct xtcp_segment *seg, u8 state)
{
	if (!xtcp_verdict_refuses(seg->verdict))
		return XTCP_RST_ACCEPTED;
	if (state == XTCP_SYN_SENT)
		return XTCP_RST_NOT_OF_SYN;
	if (seg->verdict != XTCP_VERDICT_RST_REFUSED)
		return XTCP_RST_OUT_OF_WINDOW;
	return a->orders & XTCP_ACT_CHALLENGE ? XTCP_RST_CHALLENGED : XTCP_RST_NOT_ASKED;
}

/**
 * xtcp_reset_for_sock - one came for a connection that has a socket
 * @sk: the socket, locked
 * @a: what the core ordered
 * @seg: the RST
 * @skb: its buffer, transport header set
 */
void xtcp_reset_for_sock(const struct sock *sk, const struct xtcp_actions *a,
			 const struct xtcp_segment *seg, const struct sk_buff *skb)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u8 state = a->nr_edges ? xtcp_edges[a->edges[0]].from : xs->tcb.state;
	struct xtcp_reset rst = {
		.key	= &xs->flow.key,
		.family	= sk->sk_family,
		.sk	= sk,
		.state	= state,
		.verdict = verdict_of(a, seg, state),
		.rcv_nxt = state == XTCP_SYN_SENT ? 0 : xs->tcb.rcv_nxt,
		.peer_hop_limit = xs->hop_limit,
	};

	xtcp_assert_locked(sk);
	xtcp_reset_came(&rst, skb);
}
