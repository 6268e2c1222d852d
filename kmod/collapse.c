// SPDX-License-Identifier: GPL-2.0
/*
 * A receive buffer that is full of small segments: before anything that came is
 * given up, what costs much more than it holds is copied together.
 *
 * A segment comes in a buffer of its device's making, which may be a page for a
 * few bytes.  Those that follow each other are merged as they come, but merging
 * frees no memory, and what comes in another order is not merged at all.  So a
 * run of them is copied into one buffer that is as large as the run, a page at
 * most.  What was copied is worth its memory then and is not copied again.
 *
 * The peer decides how many buffers there are to look at, and whether that gives
 * anything back: bytes with gaps between them do not.  So they are looked through
 * again only when enough has come meanwhile that was not there the last time: the
 * segments that brought it pay for the search, a few dozen buffers each, and those
 * that find the receive buffer full and are dropped pay nothing.
 */
#include <net/tcp.h>

#include "buffer.h"
#include "core/output.h"
#include "core/reasm.h"

/* Copying pays when it gives back so much of the memory: 1 - 1 / this. */
#define GAIN	2
/* Part of the receive buffer that has to be new before it is searched, as a shift. */
#define FRESH_SHIFT	5
/* Behind gaps a search ends when so much of it, as a shift, gave nothing back. */
#define VAIN_SHIFT	3

/**
 * struct run - buffers that follow each other without a gap or an overlap
 * @first: the first
 * @end: the first behind them; NULL: none
 * @len: what they hold, bytes; a page has room for it
 * @cost: what they cost, bytes
 */
struct run {
	struct sk_buff	*first;
	struct sk_buff	*end;
	u32		len;
	u32		cost;
};

static struct sk_buff *next_of(const struct sock *sk, struct sk_buff *skb, bool gap)
{
	struct rb_node *rb;

	if (!gap)
		return skb_queue_is_last(&sk->sk_receive_queue, skb) ? NULL : skb->next;
	rb = rb_next(&skb->rbnode);
	return rb ? rb_to_skb(rb) : NULL;
}

/* A FIN stays where it is, and so does what is large already. */
static bool fits(const struct run *run, const struct sk_buff *skb, u32 seq)
{
	const struct xtcp_seg *seg = xtcp_skb_seg(skb);

	return seg->seq == seq && !(seg->flags & XTCP_FIN) &&
	       skb->len == seg->end_seq - seg->seq &&
	       run->len + skb->len <= SKB_MAX_ORDER(0, 0);
}

static void find_run(const struct sock *sk, struct sk_buff *skb, bool gap, struct run *run)
{
	u32 seq = xtcp_skb_seg(skb)->seq;

	*run = (struct run){ .first = skb };
	for (; skb && fits(run, skb, seq); skb = next_of(sk, skb, gap)) {
		run->len += skb->len;
		run->cost += skb->truesize;
		seq = xtcp_skb_seg(skb)->end_seq;
	}
	run->end = skb;
}

/* The first buffer of a run gives its place to one that has room for all of it. */
static void replace_first(struct sock *sk, struct sk_buff *copy, struct sk_buff *first,
			  bool gap)
{
	struct xtcp_seg *seg = xtcp_skb_seg(copy);

	memset(copy->cb, 0, sizeof(copy->cb));
	if (gap) {
		xtcp_ooo_replace(&xtcp_sk(sk)->tcb, xtcp_skb_seg(first), seg);
		return;
	}
	seg->seq = xtcp_skb_seg(first)->seq;
	__skb_queue_before(&sk->sk_receive_queue, first, copy);
	__skb_unlink(first, &sk->sk_receive_queue);
}

static void copy_run(struct sock *sk, const struct run *run, struct sk_buff *copy, bool gap)
{
	struct sk_buff *skb = run->first, *next = next_of(sk, skb, gap);
	struct xtcp_seg *to = xtcp_skb_seg(copy);

	replace_first(sk, copy, skb, gap);
	for (;;) {
		struct xtcp_seg *seg = xtcp_skb_seg(skb);

		/* cannot fail: the length is the buffer's own */
		WARN_ON_ONCE(skb_copy_bits(skb, 0, skb_put(copy, skb->len), skb->len));
		to->end_seq = seg->end_seq;
		to->flags |= seg->flags & XTCP_PSH;
		skb->next = NULL;
		consume_skb(skb);
		xtcp_count(xtcp_net(sock_net(sk)), RCV_COLLAPSED);
		skb = next;
		if (skb == run->end)
			break;
		next = next_of(sk, skb, gap);
		if (gap)
			xtcp_ooo_merge(&xtcp_sk(sk)->tcb, to, xtcp_skb_seg(skb));
		else
			__skb_unlink(skb, &sk->sk_receive_queue);
	}
	skb_set_owner_r(copy, sk);
}

/*
 * @vain: in and out: memory of what was not worth it
 * Return: where to go on; NULL: at the end, or no memory.
 */
static struct sk_buff *collapse_from(struct sock *sk, struct sk_buff *skb, bool gap,
				     int *vain)
{
	struct sk_buff *copy;
	struct run run;

	find_run(sk, skb, gap, &run);
	if (run.end == skb) {
		*vain += skb->truesize;
		return next_of(sk, skb, gap);
	}
	if (run.cost < GAIN * SKB_TRUESIZE(run.len)) {
		*vain += run.cost;
		return run.end;
	}
	copy = alloc_skb(run.len, GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return NULL;
	copy_run(sk, &run, copy, gap);
	return run.end;
}

/**
 * xtcp_collapse - copy received buffers together that cost more than they hold
 * @sk: the socket, locked
 *
 * What waits behind gaps, as far as that is promising, and what waits for the
 * reader.  One pass over both, if enough has come since the last.
 */
void xtcp_collapse(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct rb_node *rb = rb_first(&xs->tcb.ooo);
	struct sk_buff *skb = rb ? rb_to_skb(rb) : NULL;
	int vain = 0;

	xtcp_assert_locked(sk);
	if (xs->rmem_fresh < (u32)sk->sk_rcvbuf >> FRESH_SHIFT)
		return;
	xs->rmem_fresh = 0;
	while (skb && vain <= sk->sk_rcvbuf >> VAIN_SHIFT)
		skb = collapse_from(sk, skb, true, &vain);
	skb = skb_peek(&sk->sk_receive_queue);
	while (skb)
		skb = collapse_from(sk, skb, false, &vain);
}
