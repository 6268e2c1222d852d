// SPDX-License-Identifier: GPL-2.0
/*
 * A segment that has its socket: does it still belong there, may it come in, and what
 * the core must know of memory to judge it.
 */
#include <linux/filter.h>
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "core/window.h"
#include "ip/ip.h"
#include "ip/pinfo.h"
#include "listen_table.h"
#include "md5sig.h"
#include "receive.h"
#include "watch/trace.h"

/**
 * xtcp_permit - does a socket's policy let a segment in?
 * @sk: who will get it
 * @key: what the segment says
 * @dif: interface that it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 * @skb: the segment, well formed, data at its TCP header
 *
 * To be asked of everybody who gets it, and be it after another.
 *
 * Context: softirq, RCU read side.
 *
 * Return: XTCP_VERDICT_NONE, or why not.
 */
enum xtcp_verdict xtcp_permit(struct sock *sk, const struct xtcp_key *key, int dif, int sdif,
			      struct sk_buff *skb)
{
	enum xtcp_verdict forged;

	/* may have changed meanwhile, which is as good as a little later */
	if (!xtcp_sk_is_near(sk, skb))
		return XTCP_VERDICT_MIN_TTL;
	/* in a backlog it has no device any more, and the host's policy was asked */
	if (skb->dev && !xtcp_skb_policy(sk, skb))
		return XTCP_VERDICT_POLICY;
	forged = xtcp_md5_permit(sk, key, dif, sdif, skb);
	if (unlikely(forged))
		return forged;
	/* the socket's filter, the control group's and the security module */
	if (sk_filter_trim_cap(sk, skb, tcp_hdrlen(skb)))
		return XTCP_VERDICT_FILTER;
	return XTCP_VERDICT_NONE;
}

/* xtcp_owns(), of a socket that has no connection. */
bool __xtcp_owns(const struct sock *sk, const struct xtcp_key *key, int dif, int sdif)
{
	xtcp_assert_locked(sk);
	return sk->sk_state == TCP_LISTEN && xtcp_listener_fits(xtcp_sk(sk), key, dif, sdif);
}

/*
 * Memory that a segment holds, as the window should count it.  The head of one
 * whose payload is in pages is freed when it is merged into another.
 */
static u32 truesize(const struct sk_buff *skb)
{
	u32 pages = skb->truesize - SKB_TRUESIZE(skb_end_offset(skb));

	if (skb_headlen(skb) > tcp_hdrlen(skb) || (s32)pages < (s32)skb->len)
		return skb->truesize;
	return pages;
}

/* What the core has to know about memory. */
static void look_at_buffers(struct sock *sk, struct sk_buff *skb,
			    struct xtcp_segment *seg)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	/* larger than those before: they may hold memory in another proportion */
	if (unlikely(xtcp_segment_size(seg) > t->rcv_mss) && xtcp_window_has(t, seg))
		xtcp_rmem_measure(sk, skb, seg->len);
	seg->no_room = !xtcp_rmem_admit(sk, skb, seg);
	seg->free_space = xtcp_free_space_less(sk, skb->truesize);
	seg->full_space = xtcp_full_space(sk);
	seg->lowat = READ_ONCE(sk->sk_rcvlowat);
	if (!xtcp_window_may_grow(t, seg->len))
		return;
	seg->cost = xtcp_win_from_space(sk, truesize(skb));
	seg->max_space = xtcp_win_from_space(sk, READ_ONCE(xtcp_sk_net(sk)->rmem[2]));
	seg->pressure = sk_under_memory_pressure(sk);
}

/**
 * xtcp_sock_rcv - a segment for a connection
 * @sk: its socket, locked
 * @skb: the segment
 * @seg: the same, parsed
 *
 * Return: what became of it.
 */
enum xtcp_verdict xtcp_sock_rcv(struct sock *sk, struct sk_buff *skb,
				struct xtcp_segment *seg)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_actions a __uninitialized;
	enum xtcp_verdict verdict;

	xtcp_assert_locked(sk);
	trace_xtcp_receive(&xs->flow, seg);
	if (unlikely(seg->flags & XTCP_URG)) {
		seg->urg = ntohs(tcp_hdr(skb)->urg_ptr);
		seg->urg_inline = sock_flag(sk, SOCK_URGINLINE);
	}
	if (unlikely(sk->sk_state == TCP_SYN_SENT))
		seg->write_waits = sk->sk_write_pending;
	if (unlikely(seg->opt.has & XTCP_OPT_BAD))
		xtcp_count(xtcp_sk_net(sk), OPTION_IGNORED);
	if (seg->len)
		look_at_buffers(sk, skb, seg);
	xtcp_actions_init(&a);
	verdict = xtcp_on_segment(&xs->tcb, seg, xtcp_now(), &a);
	if (xtcp_pinfo_asks(sk) && seg->end_seq == xs->tcb.rcv_nxt)
		xtcp_pinfo_note(sk, skb);
	xtcp_apply(sk, &a, seg, skb);
	return verdict;
}
