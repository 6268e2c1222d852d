// SPDX-License-Identifier: GPL-2.0
/* Segments of a socket leave: from the send queue, again, or without text. */
#include <net/dst.h>
#include <net/tcp.h>

#include "buffer.h"
#include "core/chrono.h"
#include "core/compose.h"
#include "core/cong.h"
#include "core/ecn.h"
#include "core/fastopen.h"
#include "core/mtup.h"
#include "core/offer.h"
#include "core/options.h"
#include "core/output.h"
#include "core/sender.h"
#include "core/urgent.h"
#include "core/window.h"
#include "fastopen.h"
#include "ip/header.h"
#include "ip/ip.h"
#include "ip/route.h"
#include "md5sig.h"
#include "output.h"
#include "pace.h"
#include "reset.h"
#include "timer.h"
#include "watch/trace.h"

/*
 * A queue of this host had no room, for this segment or (NET_XMIT_CN) for another
 * one; or IP would not have it.  Return: 0: it has left after all.
 */
static int refused(struct sock *sk, int err)
{
	if (err < 0) {
		xtcp_count(xtcp_sk_net(sk), OUT_ERROR);
		return err;
	}
	xtcp_output_congested(&xtcp_sk(sk)->tcb, net_xmit_eval(err));
	return net_xmit_eval(err);
}

/*
 * Header, checksum, owner, and off to IP.  The buffer is consumed.  @why: it is sent, if it
 * is not new text.
 * Return: 0, or an error: it has not left.
 */
static int transmit(struct sock *sk, struct sk_buff *skb, struct xtcp_header *h,
		    enum xtcp_reason why)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct xtcp_md5_key *md5 = NULL;
	const void *route;
	int err;

	trace_xtcp_send(sk, h, skb->len, why);
	if (unlikely(xtcp_sk(sk)->tcb.host_option)) {
		md5 = xtcp_md5_lookup(sk, &xtcp_sk(sk)->flow.key);
		if (!md5) {
			/* its device has just left the VRF that the key is for */
			kfree_skb(skb);
			return refused(sk, -ENOKEY);
		}
		xtcp_md5_option(h);
	}
	xtcp_header_push(skb, inet->inet_sport, inet->inet_dport, h);
	if (unlikely(md5))
		xtcp_md5_sign(skb, &xtcp_sk(sk)->flow.key, md5);
	/* skb_set_owner_w() in place, which asks first whether this is a socket at all */
	skb_orphan(skb);
	skb->sk = sk;
	skb->destructor = sock_wfree;
	refcount_add(skb->truesize, &sk->sk_wmem_alloc);
	skb_set_hash_from_sk(skb, sk);
	skb_set_dst_pending_confirm(skb, READ_ONCE(sk->sk_dst_pending_confirm));
	if (unlikely(xtcp_tx_delay(sk)))
		xtcp_tx_delay_skb(skb, xtcp_tx_delay(sk));
	if (unlikely(h->held))
		xtcp_acks_held(sk, h->held);
	xtcp_count(xtcp_sk_net(sk), OUT_SEGS);
	/*
	 * Compared, not followed.  What replaces it is not at the same place: IP lets
	 * go of the one and finds the other in one RCU read side.
	 */
	route = rcu_access_pointer(sk->sk_dst_cache);
	err = xtcp_ip_transmit(sk, skb, h->ecn);
	if (unlikely(route != rcu_access_pointer(sk->sk_dst_cache)))
		xtcp_route_changed(sk);
	return likely(!err) ? 0 : refused(sk, err);
}

static struct xtcp_room room_of(const struct sock *sk)
{
	return (struct xtcp_room) { xtcp_free_space(sk), xtcp_full_space(sk) };
}

/* The next segment tells the peer of something that came twice. */
static void count_dsack(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	if (xtcp_before(t->dsack.seq, t->rcv_nxt))
		xtcp_count(xtcp_sk_net(sk), DSACK_OLD_SENT);
	else
		xtcp_count(xtcp_sk_net(sk), DSACK_OFO_SENT);
}

/* A buffer with room for headers and nothing else. */
static struct sk_buff *alloc_control(struct sock *sk)
{
	struct sk_buff *skb = alloc_skb(MAX_TCP_HEADER,
					sk_gfp_mask(sk, GFP_ATOMIC | __GFP_NOWARN));

	if (!skb) {
		xtcp_count(xtcp_sk_net(sk), OUT_NO_MEMORY);
		return NULL;
	}
	skb_reserve(skb, MAX_TCP_HEADER);
	skb->ip_summed = CHECKSUM_PARTIAL;
	return skb;
}

/*
 * Send what a queued buffer holds, in segments of @mss bytes; the buffer stays.
 * Its payload is shared with the copy that leaves.
 * Return: 0, or an error: it has not left.
 */
static int transmit_queued(struct sock *sk, struct sk_buff *skb, u32 mss, u64 now_ns,
			   enum xtcp_reason why)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_header h __uninitialized;
	u32 len = skb->len;
	struct sk_buff *copy;

	/* a copy that still waits in a device's queue has the header's memory */
	copy = skb_cloned(skb) ? pskb_copy(skb, GFP_ATOMIC)
			       : skb_clone(skb, GFP_ATOMIC);
	if (unlikely(!copy)) {
		xtcp_count(xtcp_sk_net(sk), OUT_NO_MEMORY);
		return -ENOMEM;
	}
	if (len > mss) {
		skb_shinfo(copy)->gso_size = mss;
		skb_shinfo(copy)->gso_segs = DIV_ROUND_UP(len, mss);
		skb_shinfo(copy)->gso_type = sk->sk_gso_type;
	} else {
		skb_shinfo(copy)->gso_size = 0;
		skb_shinfo(copy)->gso_segs = 1;
		skb_shinfo(copy)->gso_type = 0;
	}
	if (unlikely(t->flags & XTCP_F_DSACK))
		count_dsack(sk);
	xtcp_compose_queued(&h, t, xtcp_skb_seg(skb), mss, room_of(sk),
			    now_ns / NSEC_PER_USEC);
	/* it belongs on the first packet only */
	if (h.flags & XTCP_CWR && len > mss)
		skb_shinfo(copy)->gso_type |= SKB_GSO_TCP_ECN;
	xtcp_pace_depart(sk, copy, now_ns);
	return transmit(sk, copy, &h, why);
}

/**
 * xtcp_gso_max - most payload that one buffer may carry
 * @sk: the socket, locked
 *
 * Return: bytes, at least one MSS and a multiple of it.
 */
u32 xtcp_gso_max(const struct sock *sk)
{
	u32 mss = xtcp_mss_now(&xtcp_sk(sk)->tcb);
	u32 max = READ_ONCE(sk->sk_gso_max_size);	/* headers taken off */

	xtcp_assert_locked(sk);
	/* each packet has an urgent pointer of its own, and a signature */
	if (unlikely(xtcp_urg_out(&xtcp_sk(sk)->tcb) ||
		     xtcp_sk(sk)->tcb.host_option))
		return mss;
	/* a device may take more than 64 KB (BIG TCP), but a record has so many packets */
	max = min(max, mss * clamp_t(u32, READ_ONCE(sk->sk_gso_max_segs), 1,
				     XTCP_SEG_PACKETS_MAX));
	return max > mss ? max - max % mss : mss;
}

/*
 * How much may leave in one piece.  What is one packet anyway, and is not paced,
 * needs no arithmetic with rates.
 */
static u32 burst_of(struct sock *sk, const struct sk_buff *skb)
{
	u32 mss = xtcp_mss_now(&xtcp_sk(sk)->tcb);

	if (skb->len <= mss && skb_queue_is_last(&sk->sk_write_queue, skb) &&
	    READ_ONCE(sk->sk_pacing_status) == SK_PACING_NONE)
		return mss;
	return xtcp_pace_burst(sk, xtcp_gso_max(sk));
}

/* All has left, cwnd has room, and a writer waits because SO_SNDBUF has none. */
static bool lacks_room(const struct sock *sk)
{
	return sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags) &&
	       !xtcp_cwnd_limited(&xtcp_sk(sk)->tcb) &&
	       (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT);
}

/* IPv6's routes change their MTU under us, and nobody tells who sends too much then. */
static bool mtu_changed(struct sock *sk)
{
	const struct dst_entry *dst;

	if (!xtcp_family_is6(xtcp_sk(sk)->flow.family))
		return false;
	dst = __sk_dst_get(sk);
	return dst && dst_mtu(dst) != xtcp_sk(sk)->mtu;
}

/*
 * Before segments are cut: while one is sent, what it was cut for must not change.
 */
static void look_at_route(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_assert_locked(sk);
	if (likely(!xs->rerouted && !mtu_changed(sk)))
		return;
	/* while there is no route there is no MTU either */
	if (!xtcp_sk_dst(sk))
		return;
	xs->rerouted = 0;
	xtcp_sync_mss(sk);
}

/*
 * What the core's loops (core/sender.h) get from here: a socket, locked, the time, and why
 * something is sent again.
 */
struct sending {
	struct sock		*sk;
	u64			now_ns;
	enum xtcp_reason	why;
};

static struct sock *sender_of(void *host)
{
	return ((struct sending *)host)->sk;
}

static struct xtcp_seg *send_head(void *host, bool *last)
{
	struct sk_buff_head *queue = &sender_of(host)->sk_write_queue;
	struct sk_buff *skb = skb_peek(queue);

	if (!skb)
		return NULL;
	*last = skb_queue_is_last(queue, skb);
	return xtcp_skb_seg(skb);
}

static void send_fill(void *host, u32 len)
{
	xtcp_wmem_fill(sender_of(host), len);
}

static struct xtcp_seg *send_gather(void *host, u32 len)
{
	struct sk_buff *skb = xtcp_wmem_gather(sender_of(host), len);

	return skb ? xtcp_skb_seg(skb) : NULL;
}

static bool send_cut(void *host, struct xtcp_seg *seg, u32 len, bool sent)
{
	return !xtcp_wmem_split(sender_of(host), xtcp_seg_skb(seg), len, sent, GFP_ATOMIC);
}

static bool send_paced(void *host)
{
	struct sending *s = host;

	return xtcp_pace_holds(s->sk, s->now_ns);
}

static bool send_full(void *host, struct xtcp_seg *seg, bool again)
{
	return xtcp_queue_holds(sender_of(host), xtcp_seg_skb(seg), again);
}

static bool send_one(void *host, struct xtcp_seg *seg, u32 mss)
{
	struct sending *s = host;
	struct sk_buff *skb = xtcp_seg_skb(seg);

	if (transmit_queued(s->sk, skb, mss, s->now_ns, XTCP_WHY_NONE))
		return false;
	__skb_unlink(skb, &s->sk->sk_write_queue);
	return true;
}

static bool resend_one(void *host, struct xtcp_seg *seg, u32 mss)
{
	struct sending *s = host;
	struct sock *sk = s->sk;
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct sk_buff *skb = xtcp_seg_skb(seg);

	/* not lost on the way: it has not left this host */
	if (unlikely(skb_fclone_busy(sk, skb))) {
		xtcp_count(xn, SPURIOUS_RTX_HOST_QUEUES);
		return false;
	}
	if (transmit_queued(sk, skb, mss, s->now_ns, s->why)) {
		xtcp_count_add(xn, RETRANS_FAIL, seg->segs);
		return false;
	}
	if (t->ca_state == XTCP_CA_LOSS)
		xtcp_count_add(xn, SLOW_START_RETRANS, seg->segs);
	else if (!(t->flags & XTCP_F_TLP_SEND))
		xtcp_count_add(xn, FAST_RETRANS, seg->segs);
	xtcp_count_add(xn, RETRANS_SEGS, seg->segs);
	xtcp_count_sent(xn, s->why, seg->segs);
	trace_xtcp_retransmit(sk, seg->seq, seg->end_seq, seg->segs, s->why);
	return true;
}

static void send_free(void *host, struct xtcp_seg *seg)
{
	xtcp_wmem_free(sender_of(host), xtcp_seg_skb(seg));
}

static const struct xtcp_sender sender = {
	.head	= send_head,
	.fill	= send_fill,
	.gather	= send_gather,
	.cut	= send_cut,
	.paced	= send_paced,
	.full	= send_full,
	.send	= send_one,
	.resend	= resend_one,
	.free	= send_free,
};

/* @most: as xtcp_send_queued() has it. */
static void push(struct sock *sk, unsigned int most)
{
	struct sk_buff *skb = skb_peek(&sk->sk_write_queue);
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sending s = { .sk = sk };
	xtcp_usec_t now;
	u32 burst;

	xtcp_assert_locked(sk);
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED) && !xtcp_fastopen_pending(t))
		return;
	/* as most ACKs of a dialogue */
	if (!skb) {
		xtcp_output_none(t);
		return;
	}
	look_at_route(sk);
	burst = burst_of(sk, skb);
	s.now_ns = ktime_get_ns();
	now = s.now_ns / NSEC_PER_USEC;
	xtcp_send_queued(&sender, &s, t, burst, most, now);
	if (skb_queue_empty(&sk->sk_write_queue) && unlikely(lacks_room(sk)))
		xtcp_chrono_start(t, XTCP_CHRONO_SNDBUF, now);
}

/**
 * xtcp_push - send what the windows allow of the send queue
 * @sk: the socket, locked
 */
void xtcp_push(struct sock *sk)
{
	xtcp_assert_locked(sk);
	push(sk, UINT_MAX);
}

/**
 * xtcp_push_one - send one burst of it, as more is about to be queued
 * @sk: the socket, locked
 */
void xtcp_push_one(struct sock *sk)
{
	xtcp_assert_locked(sk);
	push(sk, 1);
}

/**
 * xtcp_retransmit - send again what the core wants
 * @sk: the socket, locked
 * @why: the reason
 */
void xtcp_retransmit(struct sock *sk, enum xtcp_reason why)
{
	struct sending s = { .sk = sk, .now_ns = ktime_get_ns(), .why = why };
	u32 burst;

	xtcp_assert_locked(sk);
	look_at_route(sk);
	burst = xtcp_pace_burst(sk, xtcp_gso_max(sk));
	xtcp_send_again(&sender, &s, &xtcp_sk(sk)->tcb, burst, s.now_ns / NSEC_PER_USEC);
}

/* A segment without text.  Return: whether there was memory for it. */
static bool send_empty(struct sock *sk, u32 seq, enum xtcp_reason why)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb = alloc_control(sk);
	struct xtcp_header h __uninitialized;

	if (unlikely(!skb))
		return false;
	if (unlikely(t->flags & XTCP_F_DSACK))
		count_dsack(sk);
	xtcp_count_sent(xtcp_sk_net(sk), why, 1);
	xtcp_compose_ack(&h, t, seq, room_of(sk), xtcp_now());
	transmit(sk, skb, &h, why);
	return true;
}

/**
 * xtcp_send_ack - send an ACK without data
 * @sk: the socket, locked
 * @why: the reason
 */
void xtcp_send_ack(struct sock *sk, enum xtcp_reason why)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	xtcp_assert_locked(sk);
	if (sk->sk_state != TCP_CLOSE && !send_empty(sk, t->snd_nxt, why))
		xtcp_ack_failed(t, xtcp_now());
}

/**
 * xtcp_send_ack_before - send an ACK that was held back and is out of date now
 * @sk: the socket, locked
 * @ack: what it acknowledges
 * @why: the reason
 */
void xtcp_send_ack_before(struct sock *sk, u32 ack, enum xtcp_reason why)
{
	struct sk_buff *skb = alloc_control(sk);
	struct xtcp_header h __uninitialized;

	xtcp_assert_locked(sk);
	/* the one that follows says it all, only less exactly */
	if (unlikely(!skb))
		return;
	xtcp_count_sent(xtcp_sk_net(sk), why, 1);
	xtcp_compose_ack_before(&h, &xtcp_sk(sk)->tcb, ack, room_of(sk), xtcp_now());
	transmit(sk, skb, &h, why);
}

/*
 * The first SYN of an active Fast Open: its option, and a buffer with the text
 * that goes along.
 */
static struct sk_buff *fastopen_syn(struct sock *sk, struct xtcp_tfo_cookie *cookie)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb = NULL;

	if (xtcp_sk(sk)->tfo_mode != XTCP_TFO_PLAIN)
		xtcp_tfo_syn_option(sk, cookie);
	if (t->syn_data)
		skb = skb_clone(skb_peek(&sk->sk_write_queue), GFP_ATOMIC);
	if (skb)
		return skb;
	xtcp_fastopen_without(t);
	return alloc_control(sk);
}

/**
 * xtcp_send_probe - ask the peer for a sign of life
 * @sk: the socket, locked
 * @seq: a sequence number that it must answer
 * @why: the reason
 */
void xtcp_send_probe(struct sock *sk, u32 seq, enum xtcp_reason why)
{
	xtcp_assert_locked(sk);
	send_empty(sk, seq, why);
}

/**
 * xtcp_send_syn - send a SYN, in SYN_RECV a SYN,ACK
 * @sk: the socket, locked
 * @why: the reason
 */
void xtcp_send_syn(struct sock *sk, enum xtcp_reason why)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_tfo_cookie tfo = { .len = -1 };
	struct xtcp_header h __uninitialized;
	struct xtcp_tcb *t = &xs->tcb;
	struct sk_buff *skb;

	xtcp_assert_locked(sk);
	if (unlikely(!t->syn_again && (xs->tfo_mode || t->syn_data) &&
		     t->state == XTCP_SYN_SENT)) {
		skb = fastopen_syn(sk, &tfo);
	} else {
		skb = alloc_control(sk);
		if (unlikely(xs->tfo_pending && !t->syn_again))
			tfo = xs->opening->answer;
	}
	if (unlikely(!skb))
		return;
	xtcp_compose_syn(&h, t, skb->len, &tfo, xtcp_now());
	if (t->syn_again)
		xtcp_count(xtcp_sk_net(sk), RETRANS_SEGS);
	xtcp_count_sent(xtcp_sk_net(sk), why, 1);
	transmit(sk, skb, &h, why);
}

/**
 * xtcp_send_rst - reset the connection, or answer a segment that is wrong
 * @sk: the socket, locked
 * @a: what the core wants in it
 */
void xtcp_send_rst(struct sock *sk, const struct xtcp_actions *a)
{
	struct sk_buff *skb = alloc_control(sk);
	struct xtcp_header h __uninitialized;
	struct xtcp_reset rst;

	xtcp_assert_locked(sk);
	xtcp_count_rst(xtcp_sk_net(sk), a->rst_why);
	if (unlikely(!skb))
		return;
	xtcp_compose_rst(&h, &xtcp_sk(sk)->tcb, a, room_of(sk), xtcp_now());
	rst = (struct xtcp_reset) {
		.key	= &xtcp_sk(sk)->flow.key,
		.family	= sk->sk_family,
		.sk	= sk,
		.state	= a->nr_edges ? xtcp_edges[a->edges[0]].from : xtcp_sk(sk)->tcb.state,
		.why	= a->rst_why,
		.seq	= h.seq,
		.ack	= h.ack,
		.flags	= h.flags,
		.peer_hop_limit = xtcp_sk(sk)->hop_limit,
	};
	xtcp_reset_sent(&rst);
	transmit(sk, skb, &h, a->rst_why);
}

/**
 * xtcp_queue_fin - append our FIN to the send queue
 * @sk: the socket, locked; write_seq counts it already
 */
void xtcp_queue_fin(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct xtcp_seg *seg;

	xtcp_assert_locked(sk);
	if (skb) {
		seg = xtcp_skb_seg(skb);
		seg->flags |= XTCP_FIN;
		seg->end_seq++;
		return;
	}
	skb = xtcp_wmem_alloc_fin(sk);
	seg = xtcp_skb_seg(skb);
	seg->seq = t->write_seq - 1;
	seg->end_seq = t->write_seq;
	seg->flags = XTCP_FIN;
	xtcp_wmem_queue(sk, skb);
}

/**
 * xtcp_sync_mss - the path's MTU, or what limits segments, may have changed
 * @sk: the socket, locked
 */
void xtcp_sync_mss(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct xtcp_af *af = xtcp_sk_af(sk);
	u32 mtu, headers;

	xtcp_assert_locked(sk);
	mtu = xtcp_route_mtu(sk);
	xtcp_sk(sk)->mtu = mtu;
	headers = af->header_len + af->option_len(sk) + sizeof(struct tcphdr);
	xtcp_mss_of_ip6(t, xtcp_family_is6(xtcp_sk(sk)->flow.family));
	xtcp_mss_update(t, mtu > headers ? mtu - headers : 0);
}

/**
 * xtcp_mss_told - what a user is told of how large a segment is
 * @sk: the socket, locked
 *
 * RFC 9293 MUST-15: what a peer takes that has not said so is the default MSS.
 *
 * Return: bytes, the options of every segment already taken off.
 */
u16 xtcp_mss_told(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_tcb *t = &xs->tcb;
	u16 mss;

	xtcp_assert_locked(sk);
	if (!xtcp_syn_unanswered(t))
		return t->mss;
	/* TCP_MAXSEG of when the SYN left */
	mss = t->mss_clamp != U16_MAX ? t->mss_clamp : xtcp_af(xs->flow.family)->mss_default;
	if (t->flags & XTCP_F_TS_OK)
		mss -= XTCP_OPT_TS_ALIGNED;
	return min(mss, t->mss);
}
