// SPDX-License-Identifier: GPL-2.0
/*
 * The conditions of core/check.c, asked of each socket after each event, and that
 * its queues are what its sequence numbers say.
 */
#include "clocks.h"
#include "watch/verify.h"

/* Trees that are longer than this, in packets, are not walked after every event. */
#define OFTEN		64
#define STRIDE		61

static bool long_trees(const struct xtcp_tcb *t)
{
	return t->packets_out > OFTEN ||
	       (t->ooo_last && t->ooo_last->end_seq - t->rcv_nxt > OFTEN * t->rcv_mss);
}

/* What the user queued and is not sent yet follows what is in flight. */
static const char *verify_queue(const struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct sk_buff *skb;
	u32 next = t->snd_nxt;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		if (xtcp_skb_seg(skb)->seq != next)
			return "what is queued has no gap";
		next = xtcp_skb_seg(skb)->end_seq;
	}
	return next == t->write_seq ? NULL : "the queue ends at write_seq";
}

/**
 * xtcp_verify_begin - watch a socket, whose TCB is new
 * @sk: the socket
 */
void xtcp_verify_begin(const struct sock *sk)
{
	xtcp_check_init((struct xtcp_check *)&xtcp_sk(sk)->check, &xtcp_sk(sk)->tcb);
}

/**
 * xtcp_verify - an event is over: is everything as it must be?
 * @sk: the socket, locked
 * @a: the core's orders, carried out; NULL: the user queued data, or a segment was sent
 */
void xtcp_verify(const struct sock *sk, const struct xtcp_actions *a)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_clocks *clocks = xtcp_clocks(sk);
	const struct xtcp_tcb *t = &xs->tcb;
	const char *what;

	xtcp_assert_locked(sk);
	WARN_ONCE(!sk_fullsock(sk), "xtcp: a socket shows state %u\n", sk->sk_state);
	if (long_trees(t) && (t->info.segs_in + t->info.segs_out) % STRIDE &&
	    xs->check.state == t->state && !(a && a->nr_edges))
		return;
	what = xtcp_check((struct xtcp_check *)&xs->check, t, a);
	if (!what && XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		what = verify_queue(sk);
	if (!what && clocks)
		what = xtcp_clocks_check_sums(clocks);
	WARN_ONCE(what, "xtcp: must be true in %s: %s\n", xtcp_state_name(t->state), what);
}
