// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that leave later than the windows allow: pacing, and the limit on
 * what waits in a device's queue ("TCP small queues").
 *
 * Pacing: each segment gets a departure time.  Where the qdisc is fq it waits
 * there for it (sk_pacing_status is SK_PACING_FQ: fq itself sets it); otherwise
 * the socket waits, with a high-resolution timer.
 *
 * Small queues: a socket that has more in the queues below than leaves within a
 * millisecond stops.  It goes on when a buffer is freed: sock_wfree() then calls
 * sk_write_space, in whatever context that is, be it under the socket's own lock.
 * So that only puts the socket on a list, from which a tasklet takes it.
 *
 * TCP_TX_DELAY makes each segment depart that much later.  Who enforces it is fq: without
 * it a departure time is a wish (as in Linux).
 *
 * ACKs that are held back behind a gap wait for less than a tick, and so for a
 * high-resolution timer, too.
 *
 * Lifetime: buffers in flight do not hold the socket but sk_wmem_alloc, and
 * sock_wfree() gives up its part after sk_write_space has returned; a timer that
 * is set and a place on the list hold a reference.  Unloading waits until the
 * last socket is freed, so none of this runs after it.
 */
#include <linux/interrupt.h>

#include "compat.h"
#include "core/user.h"
#include "defer.h"
#include "pace.h"

/* Sockets of a processor that may go on. */
struct queue {
	struct llist_head	list;
	struct tasklet_struct	tasklet;
};

static DEFINE_PER_CPU(struct queue, queues);

/* A socket has had a TCP_TX_DELAY. */
DEFINE_STATIC_KEY_FALSE(xtcp_tx_delay_used);

static enum hrtimer_restart fired(struct hrtimer *timer)
{
	struct xtcp_pacer *p = container_of(timer, struct xtcp_pacer, timer);

	xtcp_do_put(p->sk, XTCP_DO_PUSH);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart ack_fired(struct hrtimer *timer)
{
	struct xtcp_pacer *p = container_of(timer, struct xtcp_pacer, ack_timer);

	xtcp_do_put(p->sk, XTCP_DO_TIMER);
	return HRTIMER_NORESTART;
}

/* NULL: the socket never needed one. */
static struct xtcp_pacer *pacer_of(const struct sock *sk)
{
	struct xtcp_extra *extra = xtcp_sk(sk)->extra;

	return unlikely(extra) && extra->pacer.sk ? &extra->pacer : NULL;
}

/* NULL without memory: then nothing is held back this time. */
static struct xtcp_pacer *pacer(struct sock *sk)
{
	struct xtcp_extra *extra = xtcp_extra_need(sk);
	struct xtcp_pacer *p;

	if (unlikely(!extra))
		return NULL;
	p = &extra->pacer;
	if (likely(p->sk))
		return p;
	xtcp_hrtimer_setup(&p->timer, fired, CLOCK_MONOTONIC,
			   HRTIMER_MODE_ABS_PINNED_SOFT);
	xtcp_hrtimer_setup(&p->ack_timer, ack_fired, CLOCK_MONOTONIC,
			   HRTIMER_MODE_ABS_PINNED_SOFT);
	p->sk = sk;
	return p;
}

/**
 * xtcp_pace_rate - how fast the socket may send
 * @sk: the socket, locked
 *
 * Return: bytes per second, XTCP_RATE_MAX: as fast as it can.
 */
u64 xtcp_pace_rate(const struct sock *sk)
{
	unsigned long most = READ_ONCE(sk->sk_max_pacing_rate);

	xtcp_assert_locked(sk);
	return min_t(u64, xtcp_pacing_rate(&xtcp_sk(sk)->tcb),
		     most == ULONG_MAX ? XTCP_RATE_MAX : most);
}

/**
 * xtcp_pace_burst - refresh the pacing rate; how much may leave in one piece?
 * @sk: the socket, locked
 * @gso_max: most payload that one buffer may carry, bytes
 *
 * Return: bytes, a multiple of the MSS.
 */
u32 xtcp_pace_burst(struct sock *sk, u32 gso_max)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u64 rate = xtcp_pace_rate(sk);

	xtcp_assert_locked(sk);
	WRITE_ONCE(sk->sk_pacing_rate, min_t(u64, rate, ULONG_MAX));
	/* beside a SACK option one segment has less than that */
	return min(xtcp_tso_segs(t, rate, READ_ONCE(sk->sk_pacing_shift), gso_max) * t->mss,
		   gso_max);
}

/**
 * xtcp_pace_holds - is it too early for the next segment?
 * @sk: the socket, locked
 * @now_ns: the time, nanoseconds
 *
 * Return: true: the timer will go on, unless it is not ours to wait.
 */
bool xtcp_pace_holds(struct sock *sk, u64 now_ns)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_pacer *p = pacer_of(sk);

	xtcp_assert_locked(sk);
	/* pairs with who sets it, SO_MAX_PACING_RATE or a qdisc */
	if (likely(!p) || smp_load_acquire(&sk->sk_pacing_status) != SK_PACING_NEEDED ||
	    xtcp_pace_allows(&p->pace, t, now_ns))
		return false;
	if (!hrtimer_is_queued(&p->timer)) {
		sock_hold(sk);	/* before it can fire */
		hrtimer_start(&p->timer, ns_to_ktime(p->pace.next_ns),
			      HRTIMER_MODE_ABS_PINNED_SOFT);
	}
	return true;
}

/**
 * xtcp_pace_depart - a segment is about to leave: when?
 * @sk: the socket, locked
 * @skb: the segment, without headers
 * @now_ns: the time, nanoseconds
 */
void xtcp_pace_depart(struct sock *sk, struct sk_buff *skb, u64 now_ns)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	unsigned long rate = READ_ONCE(sk->sk_pacing_rate);
	struct xtcp_pacer *p;

	xtcp_assert_locked(sk);
	/* pairs with who sets it, SO_MAX_PACING_RATE or a qdisc */
	if (likely(smp_load_acquire(&sk->sk_pacing_status) == SK_PACING_NONE))
		return;
	p = pacer(sk);
	if (p)
		xtcp_skb_set_departure(skb, xtcp_pace_sent(&p->pace, t, skb->len,
				       rate == ULONG_MAX ? XTCP_RATE_MAX : rate, now_ns));
}

/**
 * xtcp_tx_delay_skb - a segment leaves later than it would have
 * @skb: the segment; its departure time, if it has one
 * @us: by so much, microseconds
 */
void xtcp_tx_delay_skb(struct sk_buff *skb, u32 us)
{
	u64 depart = ktime_to_ns(skb->tstamp) ? : ktime_get_ns();

	xtcp_skb_set_departure(skb, depart + (u64)us * NSEC_PER_USEC);
}

/**
 * xtcp_set_tx_delay - TCP_TX_DELAY
 * @sk: the socket
 * @us: microseconds, 0: none
 *
 * The delay is part of the RTT, and what a connection has measured changes with it.
 *
 * Context: process.
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_set_tx_delay(struct sock *sk, u32 us)
{
	struct xtcp_pacer *p;
	int err = 0;

	if (us && !static_key_enabled(&xtcp_tx_delay_used))
		static_branch_enable(&xtcp_tx_delay_used);
	lock_sock(sk);
	p = us ? pacer(sk) : pacer_of(sk);
	if (!p) {
		err = us ? -ENOMEM : 0;
		goto out;
	}
	xtcp_user_delay(&xtcp_sk(sk)->tcb, (s32)(us - p->delay_us));
	p->delay_us = us;
out:
	release_sock(sk);
	return err;
}

/**
 * xtcp_tx_delay_inherit - a child delays as its listener does
 * @child: it, which nobody else knows
 * @sk: the listener, locked
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_tx_delay_inherit(struct sock *child, const struct sock *sk)
{
	u32 us = xtcp_tx_delay(sk);
	struct xtcp_pacer *p;

	xtcp_assert_locked(sk);
	if (likely(!us))
		return 0;
	p = pacer(child);
	if (!p)
		return -ENOMEM;
	p->delay_us = us;
	return 0;
}

/* What a delay adds to what is on its way, with what buffers cost besides (as Linux). */
static u64 delayed_bytes(const struct sock *sk)
{
	return (u64)READ_ONCE(sk->sk_pacing_rate) * xtcp_tx_delay(sk) * 2 >> 20;
}

/**
 * xtcp_queue_holds - does enough of the socket wait in the queues below?
 * @sk: the socket, locked
 * @skb: what would be sent next
 * @factor: the limit is doubled so often
 *
 * Two buffers, or what leaves in a millisecond, and net.xtcp.limit_output_bytes
 * at most (as Linux).
 *
 * Return: true: it goes on when some of it has left.
 */
bool xtcp_queue_holds(struct sock *sk, const struct sk_buff *skb, unsigned int factor)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	unsigned long limit;
	struct xtcp_pacer *p;

	xtcp_assert_locked(sk);
	limit = max_t(unsigned long, 2 * skb->truesize,
		      READ_ONCE(sk->sk_pacing_rate) >> READ_ONCE(sk->sk_pacing_shift));
	if (sk->sk_pacing_status == SK_PACING_NONE)
		limit = min_t(unsigned long, limit, READ_ONCE(xn->limit_output_bytes));
	limit <<= factor;
	limit += delayed_bytes(sk);
	if (likely(refcount_read(&sk->sk_wmem_alloc) <= limit))
		return false;
	/* what is freed late must not stop a connection with one buffer out */
	if (RB_EMPTY_ROOT(&t->rtx) || rb_first(&t->rtx) == rb_last(&t->rtx))
		return false;
	p = pacer(sk);
	if (!p)
		return false;
	/* who sees the bit sees what pacer() set up */
	smp_mb__before_atomic();
	set_bit(XTCP_PACER_THROTTLED, &p->flags);
	/* a buffer may have been freed before the bit was seen: look again, after it */
	smp_mb__after_atomic();
	return refcount_read(&sk->sk_wmem_alloc) > limit;
}

/**
 * xtcp_queue_corks - may a write wait for more, as something is on its way anyway?
 * @sk: the socket, locked
 * @skb: the send queue's last buffer, which has room for more
 *
 * Until what is in the queues below has left, small writes are merged (as Linux,
 * net.xtcp.autocorking).
 *
 * Return: true: it goes on when some of it has left.
 */
bool xtcp_queue_corks(struct sock *sk, const struct sk_buff *skb)
{
	struct xtcp_pacer *p;

	xtcp_assert_locked(sk);
	/* a buffer in flight is a segment with text, not only an ACK */
	if (refcount_read(&sk->sk_wmem_alloc) <= skb->truesize ||
	    RB_EMPTY_ROOT(&xtcp_sk(sk)->tcb.rtx))
		return false;
	p = pacer(sk);
	if (!p)
		return false;
	/* who sees the bit sees what pacer() set up */
	smp_mb__before_atomic();
	set_bit(XTCP_PACER_THROTTLED, &p->flags);
	/* it may have been freed before the bit was seen: look again, after it */
	smp_mb__after_atomic();
	return refcount_read(&sk->sk_wmem_alloc) > skb->truesize;
}

/**
 * xtcp_ack_soon - an ACK is held back, for less than a tick
 * @sk: the socket, locked
 *
 * Without memory sk_timer sends it, some ticks later.
 */
void xtcp_ack_soon(struct sock *sk)
{
	u64 due_us = xtcp_sk(sk)->tcb.deadline[XTCP_TIMER_DELACK];
	struct xtcp_pacer *p = pacer(sk);

	xtcp_assert_locked(sk);
	if (!p || hrtimer_is_queued(&p->ack_timer))
		return;
	sock_hold(sk);	/* before it can fire */
	hrtimer_start_range_ns(&p->ack_timer, ns_to_ktime(due_us * NSEC_PER_USEC),
			       READ_ONCE(xtcp_sk_net(sk)->comp_sack_slack_ns),
			       HRTIMER_MODE_ABS_PINNED_SOFT);
}

/**
 * xtcp_acks_held - an ACK leaves, and replaces some that were held back
 * @sk: the socket, locked
 * @held: how many
 */
void xtcp_acks_held(struct sock *sk, unsigned int held)
{
	struct xtcp_pacer *p = pacer_of(sk);

	xtcp_assert_locked(sk);
	xtcp_count_add(xtcp_sk_net(sk), ACK_COMPRESSED, held);
	if (p && hrtimer_try_to_cancel(&p->ack_timer) == 1)
		__sock_put(sk);
}

/**
 * xtcp_pacer_write_space - a buffer in flight was freed (sk_write_space)
 * @sk: the socket; maybe nobody holds a reference any more
 *
 * Context: any; the socket may be locked, by this very context too.
 */
void xtcp_pacer_write_space(struct sock *sk)
{
	/* pairs with xtcp_extra_need() */
	struct xtcp_extra *extra = smp_load_acquire(&xtcp_sk(sk)->extra);
	struct xtcp_pacer *p;
	struct queue *q;

	if (likely(!extra))
		return;
	p = &extra->pacer;
	if (!test_bit(XTCP_PACER_THROTTLED, &p->flags) ||
	    !test_and_clear_bit(XTCP_PACER_THROTTLED, &p->flags) ||
	    test_and_set_bit(XTCP_PACER_QUEUED, &p->flags))
		return;
	if (!refcount_inc_not_zero(&sk->sk_refcnt)) {
		clear_bit(XTCP_PACER_QUEUED, &p->flags);
		return;
	}
	q = get_cpu_ptr(&queues);
	if (llist_add(&p->node, &q->list))
		tasklet_schedule(&q->tasklet);
	put_cpu_ptr(&queues);
}

static void go_on(struct tasklet_struct *tasklet)
{
	struct queue *q = container_of(tasklet, struct queue, tasklet);
	struct xtcp_pacer *p, *next;

	llist_for_each_entry_safe(p, next, llist_del_all(&q->list), node) {
		clear_bit(XTCP_PACER_QUEUED, &p->flags);
		xtcp_do_put(p->sk, XTCP_DO_PUSH);
	}
}

/**
 * xtcp_pacer_stop - the connection is over
 * @sk: the socket, locked
 */
void xtcp_pacer_stop(struct sock *sk)
{
	struct xtcp_pacer *p = pacer_of(sk);

	xtcp_assert_locked(sk);
	if (!p)
		return;
	if (hrtimer_try_to_cancel(&p->timer) == 1)
		__sock_put(sk);
	if (hrtimer_try_to_cancel(&p->ack_timer) == 1)
		__sock_put(sk);
}

void xtcp_pacer_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu_ptr(&queues, cpu)->tasklet, go_on);
}

/* No socket is left. */
void xtcp_pacer_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&queues, cpu)->tasklet);
}
