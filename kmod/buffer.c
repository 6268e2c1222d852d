// SPDX-License-Identifier: GPL-2.0
/* Send and receive buffers: their queues, and the memory that they are charged for. */
#include <net/tcp.h>

#include "buffer.h"
#include "core/chrono.h"
#include "core/fastopen.h"
#include "core/output.h"
#include "core/reasm.h"
#include "core/window.h"
#include "pace.h"
#include "tstamp.h"

/* A send buffer holds cwnd twice, for what is sent again while new data waits. */
#define SNDBUF_CWND_FACTOR	2
/* Least part of the receive buffer that one pruning gives back, as a shift. */
#define PRUNE_SHIFT		3

/* A receive buffer that may not grow holds up to so many times what it should. */
#define RCVBUF_OVERCOMMIT	2

static_assert(sizeof(struct xtcp_seg) <= sizeof_field(struct sk_buff, cb));

/**
 * xtcp_wmem_alloc - an empty buffer for the send queue
 * @sk: the socket, locked
 * @gfp: how to allocate
 *
 * Its payload goes into page fragments; the linear part is headroom only.
 *
 * Return: the buffer, not charged yet; NULL without memory.
 */
struct sk_buff *xtcp_wmem_alloc(struct sock *sk, gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb_fclone(MAX_TCP_HEADER, gfp);

	xtcp_assert_locked(sk);
	if (unlikely(!skb)) {
		sk->sk_prot->enter_memory_pressure(sk);
		sk_stream_moderate_sndbuf(sk);
		return NULL;
	}
	if (unlikely(!sk_wmem_schedule(sk, skb->truesize))) {
		__kfree_skb(skb);
		return NULL;
	}
	skb_reserve(skb, MAX_TCP_HEADER);
	skb->ip_summed = CHECKSUM_PARTIAL;
	memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

/**
 * xtcp_wmem_alloc_fin - a buffer for a FIN that has to leave whatever happens
 * @sk: the socket, locked by the user
 *
 * May sleep.  The memory limit is exceeded if need be, as the socket gives
 * more back by closing than this takes.
 *
 * Return: the buffer, never NULL.
 */
struct sk_buff *xtcp_wmem_alloc_fin(struct sock *sk)
{
	struct sk_buff *skb = alloc_skb_fclone(MAX_TCP_HEADER,
					       GFP_KERNEL | __GFP_NOFAIL);

	xtcp_assert_locked(sk);
	/* if this says no, the charge makes sk_forward_alloc negative for a while */
	(void)sk_wmem_schedule(sk, skb->truesize);
	skb_reserve(skb, MAX_TCP_HEADER);
	skb->ip_summed = CHECKSUM_PARTIAL;
	memset(skb->cb, 0, sizeof(skb->cb));
	return skb;
}

/**
 * xtcp_wmem_queue - append a buffer to the send queue, and charge it
 * @sk: the socket, locked
 * @skb: the buffer, its record filled in
 */
void xtcp_wmem_queue(struct sock *sk, struct sk_buff *skb)
{
	xtcp_assert_locked(sk);
	__skb_header_release(skb);
	__skb_queue_tail(&sk->sk_write_queue, skb);
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
}

/**
 * xtcp_wmem_free - free a buffer that is on no queue any more
 * @sk: the socket, locked
 * @skb: the buffer
 */
void xtcp_wmem_free(struct sock *sk, struct sk_buff *skb)
{
	xtcp_assert_locked(sk);
	skb->next = NULL;
	skb->prev = NULL;
	sk_wmem_queued_add(sk, -skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	__kfree_skb(skb);
}

/**
 * xtcp_wmem_purge - forget everything that was to be sent or sent again
 * @sk: the socket, locked, with no connection
 */
void xtcp_wmem_purge(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb;
	struct rb_node *rb;

	xtcp_assert_locked(sk);
	while ((skb = __skb_dequeue(&sk->sk_write_queue)))
		xtcp_wmem_free(sk, skb);
	while ((rb = rb_first(&t->rtx))) {
		xtcp_rtx_forget(t, xtcp_rb_seg(rb));
		xtcp_wmem_free(sk, xtcp_seg_skb(xtcp_rb_seg(rb)));
	}
	xtcp_rtx_forgotten(t);
}

/*
 * A peer that reports every other packet has each buffer cut into as many as it
 * has packets, and what a buffer costs besides its payload is not the user's to
 * pay.  Beyond twice the send buffer only the ends of the queue are cut, so
 * that something is always sent again.
 */
static bool too_many_pieces(const struct sock *sk, const struct sk_buff *skb)
{
	const struct rb_root *rtx = &xtcp_sk(sk)->tcb.rtx;
	u32 limit = sk->sk_sndbuf + 2 * SKB_TRUESIZE(GSO_LEGACY_MAX_SIZE);

	return (u32)READ_ONCE(sk->sk_wmem_queued) >> 1 > limit &&
	       rb_first(rtx) != &skb->rbnode && rb_last(rtx) != &skb->rbnode;
}

/**
 * xtcp_wmem_syn_acked - text that went with our SYN was acknowledged
 * @sk: the socket, locked; the text is at the head of the send queue
 *
 * A part of a buffer that cannot be cut off without memory is sent again: the
 * peer knows it already and says so.
 */
void xtcp_wmem_syn_acked(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);
	struct xtcp_seg *seg;

	xtcp_assert_locked(sk);
	if (WARN_ON_ONCE(!skb))
		return;
	seg = xtcp_skb_seg(skb);
	if (xtcp_before(t->snd_una, seg->end_seq) &&
	    xtcp_wmem_split(sk, skb, t->snd_una - seg->seq, false, GFP_ATOMIC)) {
		xtcp_fastopen_keep(t, seg->seq);
		return;
	}
	__skb_unlink(skb, &sk->sk_write_queue);
	xtcp_wmem_free(sk, skb);
}

/**
 * xtcp_wmem_split - cut a buffer in two
 * @sk: the socket, locked
 * @skb: on the send queue, or sent and on the retransmission queue
 * @len: payload bytes that it keeps
 * @sent: on which
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_wmem_split(struct sock *sk, struct sk_buff *skb, u32 len, bool sent,
		    gfp_t gfp)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	int truesize = skb->truesize;
	struct sk_buff *rest;

	xtcp_assert_locked(sk);
	if (sent && unlikely(too_many_pieces(sk, skb))) {
		xtcp_count(xtcp_sk_net(sk), WQUEUE_TOO_BIG);
		return -ENOMEM;
	}
	rest = xtcp_wmem_alloc(sk, gfp);
	if (!rest)
		return -ENOMEM;
	if (skb_unclone(skb, gfp)) {
		__kfree_skb(rest);
		return -ENOMEM;
	}
	skb_split(skb, rest, len);
	/* what moved is charged to the one that has it now */
	rest->truesize += rest->data_len;
	skb->truesize -= rest->data_len;
	if (skb->truesize != truesize) {
		int diff = truesize - skb->truesize;

		sk_wmem_queued_add(sk, -diff);
		sk_mem_uncharge(sk, diff);
	}
	__skb_header_release(rest);
	sk_wmem_queued_add(sk, rest->truesize);
	sk_mem_charge(sk, rest->truesize);
	xtcp_seg_split(t, xtcp_skb_seg(skb), xtcp_skb_seg(rest), len, sent);
	if (unlikely(xtcp_tstamp_asked(skb)))
		xtcp_tstamp_move(skb, rest);
	if (!sent)
		__skb_queue_after(&sk->sk_write_queue, skb, rest);
	return 0;
}

/* The user wanted an end there, or to know what becomes of it. */
static bool kept_apart(struct sk_buff *to, struct sk_buff *from)
{
	return xtcp_skb_seg(to)->mark & XTCP_SEG_EOR || xtcp_tstamp_asked(to) ||
	       xtcp_tstamp_asked(from);
}

/* The payload of a buffer that was not sent yet moves to the one before it. */
static bool join(struct sock *sk, struct sk_buff *to, struct sk_buff *from)
{
	struct xtcp_seg *seg = xtcp_skb_seg(to);
	bool stolen;
	int moved;

	if (kept_apart(to, from) || !skb_try_coalesce(to, from, &stolen, &moved))
		return false;
	seg->mark |= xtcp_skb_seg(from)->mark;
	seg->end_seq = xtcp_skb_seg(from)->end_seq;
	seg->flags |= xtcp_skb_seg(from)->flags;
	__skb_unlink(from, &sk->sk_write_queue);
	xtcp_wmem_free(sk, from);
	/* what moved is charged to the one that has it now */
	sk_wmem_queued_add(sk, moved);
	sk_mem_charge(sk, moved);
	return true;
}

/**
 * xtcp_wmem_gather - make the first buffer of the send queue so large
 * @sk: the socket, locked; at least @len bytes are queued
 * @len: payload that it has to have, bytes
 *
 * Return: the buffer; NULL: its payload has too many pieces, or no memory.
 */
struct sk_buff *xtcp_wmem_gather(struct sock *sk, u32 len)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);

	xtcp_assert_locked(sk);
	while (skb->len < len) {
		if (skb_queue_is_last(&sk->sk_write_queue, skb) || !join(sk, skb, skb->next))
			return NULL;
	}
	if (skb->len > len && xtcp_wmem_split(sk, skb, len, false, GFP_ATOMIC))
		return NULL;
	return skb;
}

/**
 * xtcp_wmem_fill - let the first buffer of the send queue take from those behind it
 * @sk: the socket, locked; more than one buffer is queued
 * @len: payload that the first should have, bytes
 *
 * As Linux: what ends inside of a segment is no small segment where more is queued.
 * Where pages, memory or the user do not allow it, it stays as it is.
 */
void xtcp_wmem_fill(struct sock *sk, u32 len)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);

	xtcp_assert_locked(sk);
	while (skb->len < len && !skb_queue_is_last(&sk->sk_write_queue, skb)) {
		struct sk_buff *next = skb->next;

		/* cut only what can be joined */
		if (kept_apart(skb, next) || skb_zcopy(skb) || skb_zcopy(next) ||
		    skb_cloned(skb) || skb_cloned(next) ||
		    skb_shinfo(skb)->nr_frags + skb_shinfo(next)->nr_frags > MAX_SKB_FRAGS)
			return;
		if (next->len > len - skb->len &&
		    xtcp_wmem_split(sk, next, len - skb->len, false, GFP_ATOMIC))
			return;
		if (!join(sk, skb, next))
			return;
	}
}

/**
 * xtcp_sndbuf_init - let the send buffer grow with the congestion window
 * @sk: the socket, locked
 */
void xtcp_sndbuf_init(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 per_mss;
	u64 want;

	xtcp_assert_locked(sk);
	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK)
		return;
	/* the worst case: a buffer, of a power of two, for each segment */
	per_mss = max_t(u32, t->mss_clamp == U16_MAX ? 0 : t->mss_clamp, t->mss) +
		  MAX_TCP_HEADER + SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	per_mss = roundup_pow_of_two(per_mss) + SKB_DATA_ALIGN(sizeof(struct sk_buff));
	want = (u64)per_mss * max_t(u32, t->cwnd, XTCP_INIT_CWND) * SNDBUF_CWND_FACTOR;
	if (sk->sk_sndbuf < want)
		WRITE_ONCE(sk->sk_sndbuf, min_t(u64, want, READ_ONCE(xn->wmem[2])));
}

/**
 * xtcp_write_space - wake who waits for room to send
 * @sk: the socket
 */
void xtcp_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !sk_stream_is_writeable(sk))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM |
					   EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}

/**
 * xtcp_buffer_freed - sk_write_space: a buffer in flight was freed
 * @sk: the socket
 *
 * The socket layer calls it as well when the user makes the send buffer larger.
 * Those who wait for room usually wait for ACKs, and are woken by them.
 */
void xtcp_buffer_freed(struct sock *sk)
{
	struct socket *sock;

	xtcp_pacer_write_space(sk);
	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock && test_bit(SOCK_NOSPACE, &sock->flags))
		xtcp_write_space(sk);
	rcu_read_unlock();
}

/**
 * xtcp_write_space_check - ACKs freed send buffers: does somebody wait?
 * @sk: the socket, locked
 */
void xtcp_write_space_check(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	xtcp_assert_locked(sk);
	if (!sk->sk_socket || !test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		return;
	/* the buffer, not the network or the system, is what limits the sender */
	if (xtcp_in_flight(t) < t->cwnd && !sk_under_memory_pressure(sk) &&
	    sk_memory_allocated(sk) < sk_prot_mem_limits(sk, 0))
		xtcp_sndbuf_init(sk);
	xtcp_write_space(sk);
	if (!test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
		xtcp_chrono_stop(t, XTCP_CHRONO_SNDBUF, xtcp_now());
}

/* A received buffer that is in no tree any more, whose links have been used. */
static void free_received(struct xtcp_seg *seg)
{
	struct sk_buff *skb = xtcp_seg_skb(seg);

	skb->next = NULL;
	kfree_skb(skb);
}

/* More came than the buffer was meant for: it grows, unless it may not. */
static void grow_rcvbuf(struct sock *sk)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	int most = READ_ONCE(xn->rmem[2]);

	if (sk->sk_rcvbuf < most && !(sk->sk_userlocks & SOCK_RCVBUF_LOCK) &&
	    !sk_under_memory_pressure(sk) &&
	    sk_memory_allocated(sk) < sk_prot_mem_limits(sk, 0))
		WRITE_ONCE(sk->sk_rcvbuf, min(atomic_read(&sk->sk_rmem_alloc), most));
	xtcp_window_full(&xtcp_sk(sk)->tcb,
			 atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf);
}

/*
 * Make room for a segment, as Linux: copy small buffers together.  If that is not
 * enough give up what waits behind gaps, the furthest first, an eighth of the buffer
 * at least, so that a flood does not bring us here with every segment; but nothing
 * that the new one would wait behind.
 */
static bool prune(struct sock *sk, const struct sk_buff *skb)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_net *xn = xtcp_sk_net(sk);
	u32 seq = xtcp_skb_seg(skb)->seq;
	int goal = sk->sk_rcvbuf >> PRUNE_SHIFT;
	bool pruned = false;

	xtcp_count(xn, PRUNE_CALLED);
	grow_rcvbuf(sk);
	if (atomic_read(&sk->sk_rmem_alloc) <= sk->sk_rcvbuf)
		return true;
	xtcp_collapse(sk);
	if (atomic_read(&sk->sk_rmem_alloc) <= sk->sk_rcvbuf)
		return true;
	while (t->ooo_last && !xtcp_after(seq, t->ooo_last->seq) &&
	       (goal > 0 || atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf)) {
		struct xtcp_seg *last = xtcp_ooo_drop_last(t);

		goal -= xtcp_seg_skb(last)->truesize;
		free_received(last);
		pruned = true;
	}
	if (pruned)
		xtcp_count(xn, OFO_PRUNED);
	if (atomic_read(&sk->sk_rmem_alloc) <= sk->sk_rcvbuf)
		return true;
	/*
	 * Small segments cost more than the window that was offered for them.  The
	 * offer is kept, within reason, for what comes in order.
	 */
	if (!t->ooo_last && atomic_read(&sk->sk_rmem_alloc) / RCVBUF_OVERCOMMIT <=
			    sk->sk_rcvbuf)
		return true;
	xtcp_count(xn, RCV_PRUNED);
	return false;
}

/**
 * xtcp_rmem_admit - may a segment's payload be kept?
 * @sk: the socket, locked
 * @skb: the segment
 * @seg: the same, parsed
 *
 * Return: whether there is room in the receive buffer and memory for it.
 */
bool xtcp_rmem_admit(struct sock *sk, struct sk_buff *skb,
		     const struct xtcp_segment *seg)
{
	xtcp_assert_locked(sk);
	if (unlikely(atomic_read(&sk->sk_rmem_alloc) > sk->sk_rcvbuf) &&
	    (!xtcp_window_takes(&xtcp_sk(sk)->tcb, seg) || !prune(sk, skb)))
		return false;
	return sk_rmem_schedule(sk, skb, skb->truesize);
}

/**
 * xtcp_rmem_measure - the peer's segments have another size
 * @sk: the socket, locked
 * @skb: one of them
 * @len: its payload, bytes
 *
 * How much payload comes with how much memory decides what window a receive
 * buffer has room for.
 */
void xtcp_rmem_measure(struct sock *sk, const struct sk_buff *skb, u32 len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u8 ratio = clamp_t(u64, div_u64((u64)len << 8, skb->truesize), 1, U8_MAX);

	xtcp_assert_locked(sk);
	if (ratio == xs->scaling_ratio)
		return;
	xs->scaling_ratio = ratio;
	xtcp_window_clamp(&xs->tcb, xtcp_full_space(sk));
}

/**
 * xtcp_rmem_charge - a received buffer is kept
 * @sk: the socket, locked
 * @skb: the buffer; xtcp_rmem_admit() said yes
 */
void xtcp_rmem_charge(struct sock *sk, struct sk_buff *skb)
{
	xtcp_assert_locked(sk);
	skb_orphan(skb);
	skb_set_owner_r(skb, sk);
	xtcp_sk(sk)->rmem_fresh += skb->truesize;
}

/* Payload moves to the buffer that ends where it begins, if pages allow. */
static bool coalesce(struct sock *sk, struct sk_buff *to, struct sk_buff *from,
		     bool *stolen)
{
	int delta;

	if (xtcp_skb_seg(to)->end_seq != xtcp_skb_seg(from)->seq ||
	    xtcp_skb_seg(to)->flags & XTCP_FIN ||
	    !skb_try_coalesce(to, from, stolen, &delta))
		return false;
	atomic_add(delta, &sk->sk_rmem_alloc);
	sk_mem_charge(sk, delta);
	xtcp_tstamp_merge(to, from);
	xtcp_count(xtcp_sk_net(sk), RCV_COALESCE);
	return true;
}

/* The offered window should be able to grow to @wnd. */
static void fit_rcvbuf(struct sock *sk, u32 wnd)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 space;

	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK ||
	    !READ_ONCE(xs->tcb.conf->moderate_rcvbuf))
		return;
	space = min_t(u32, xtcp_space_from_win(sk, wnd),
		      READ_ONCE(xtcp_sk_net(sk)->rmem[2]));
	if (space <= sk->sk_rcvbuf)
		return;
	WRITE_ONCE(sk->sk_rcvbuf, (int)space);
	xtcp_window_clamp(&xs->tcb, xtcp_full_space(sk));
}

/**
 * xtcp_rmem_wait - a charged buffer waits behind a gap
 * @sk: the socket, locked
 * @skb: the buffer, in the core's tree
 *
 * Merged as in xtcp_rmem_append(): what comes in order behind one gap stays one
 * buffer for a while.
 */
void xtcp_rmem_wait(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_seg *seg = xtcp_skb_seg(skb), *before;
	struct rb_node *rb = rb_prev(xtcp_seg_rb(seg));
	bool stolen;

	xtcp_assert_locked(sk);
	/* one that nobody accepted yet, or an orphan, gets no more */
	if (sk->sk_socket)
		fit_rcvbuf(sk, xtcp_window_behind_gap(&xtcp_sk(sk)->tcb));
	if (!rb)
		return;
	before = xtcp_rb_seg(rb);
	if (!coalesce(sk, xtcp_seg_skb(before), skb, &stolen))
		return;
	xtcp_ooo_merge(&xtcp_sk(sk)->tcb, before, seg);
	skb->next = NULL;
	kfree_skb_partial(skb, stolen);
}

/**
 * xtcp_rmem_append - a charged buffer is in order: it can be read
 * @sk: the socket, locked
 * @skb: the buffer
 *
 * Merged into the last one where pages allow, so that small segments do not
 * fill the queue.
 */
void xtcp_rmem_append(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	struct xtcp_seg *seg = xtcp_skb_seg(skb), *last;
	bool stolen;

	xtcp_assert_locked(sk);
	if (tail) {
		last = xtcp_skb_seg(tail);
		if (coalesce(sk, tail, skb, &stolen)) {
			last->end_seq = seg->end_seq;
			last->flags |= seg->flags & (XTCP_FIN | XTCP_PSH);
			/* gives its own charge back: what stays was added */
			kfree_skb_partial(skb, stolen);
			return;
		}
	}
	__skb_queue_tail(&sk->sk_receive_queue, skb);
}

/**
 * xtcp_ooo_purge - forget what waits behind gaps
 * @sk: the socket, locked
 */
void xtcp_ooo_purge(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_seg *seg;

	xtcp_assert_locked(sk);
	while ((seg = xtcp_ooo_drop_last(t)))
		free_received(seg);
}

/**
 * xtcp_rcvbuf_autotune - the user read: grow the receive buffer if it limits
 * @sk: the socket, locked
 * @now: the time
 */
void xtcp_rcvbuf_autotune(struct sock *sk, xtcp_usec_t now)
{
	u32 wnd = xtcp_window_autotune(&xtcp_sk(sk)->tcb, now);

	xtcp_assert_locked(sk);
	if (wnd)
		fit_rcvbuf(sk, wnd);
}
