// SPDX-License-Identifier: GPL-2.0
/*
 * The last connections that ended: how, and by whom.
 *
 * Who asks why a connection is gone asks too late to have listened.  Each processor has a
 * ring for each namespace, so that to remember one shares no line with others.
 */
#include <linux/percpu.h>
#include <linux/ktime.h>
#include <net/tcp.h>

#include "ended.h"
#include "ip/af.h"

/**
 * struct xtcp_ended_ring - what one processor remembers of a namespace
 * @lock: for all of it; taken from others' processors only by who reads
 * @n: how many were noted; the next one takes the place of the oldest
 * @at: them
 */
struct xtcp_ended_ring {
	spinlock_t		lock;
	unsigned long		n;
	struct xtcp_ended	at[XTCP_ENDED_KEPT];
};

/* SYN and FIN are numbers of the sequence, and no payload. */
static u64 payload_acked(const struct xtcp_tcb *t)
{
	u64 acked = xtcp_acked(t);

	if (acked)
		acked--;
	if (acked && t->flags & XTCP_F_FIN_QUEUED && t->snd_una == t->write_seq)
		acked--;
	return acked;
}

static u64 payload_received(const struct xtcp_tcb *t)
{
	u64 received = xtcp_received(t);

	if (received)
		received--;
	if (received && t->flags & XTCP_F_FIN_RCVD)
		received--;
	return received;
}

/**
 * xtcp_tell_owner - whose a socket is, and what went over it
 * @sk: the socket, locked, or NULL
 * @owner: out
 *
 * Return: whether there is a socket.
 */
bool xtcp_tell_owner(const struct sock *sk, struct xtcp_owner *owner)
{
	if (!sk)
		return false;
	xtcp_assert_locked(sk);
	owner->uid = sk_uid(sk);
	owner->acked = payload_acked(&xtcp_sk(sk)->tcb);
	owner->received = payload_received(&xtcp_sk(sk)->tcb);
	return true;
}

/**
 * xtcp_tell_call - who calls
 * @why: the reason of what is done
 * @call: out
 *
 * Return: whether the reason is a call, and somebody does.
 */
bool xtcp_tell_call(enum xtcp_reason why, struct xtcp_told_call *call)
{
	if (!in_task() || !xtcp_reason_is_call(why))
		return false;
	call->pid = task_tgid_nr(current);
	/* without its lock, which is not for who holds a socket's */
	strscpy_pad(call->comm, current->comm, sizeof(call->comm));
	return true;
}

static void tell_cause(const struct xtcp_cause *by, struct xtcp_told *told)
{
	if (by->skb) {
		const struct tcphdr *th = tcp_hdr(by->skb);

		told->by = XTCP_TOLD_BY_SEGMENT;
		told->segment = (struct xtcp_told_segment) {
			.seq = ntohl(th->seq),
			.ack = ntohl(th->ack_seq),
			.len = by->skb->len - th->doff * 4,
			.window = ntohs(th->window),
			.flags = tcp_flag_byte(th),
			.hop_limit = xtcp_skb_hop_limit(by->skb),
		};
	} else if (by->timer.timer) {
		told->by = XTCP_TOLD_BY_TIMER;
		told->timer = by->timer;
	} else {
		told->by = xtcp_tell_call(by->why, &told->call) ? XTCP_TOLD_BY_CALL :
								  XTCP_TOLD_BY_NOTHING;
	}
}

/**
 * xtcp_tell - what is to be known of an edge
 * @taken: it; its owner's lock is held
 * @told: out
 */
void xtcp_tell(const struct xtcp_taken *taken, struct xtcp_told *told)
{
	told->time_ns = ktime_get_real_ns();
	told->edge = taken->edge;
	told->why = taken->by.why;
	told->error = taken->error;
	told->has_sock = xtcp_tell_owner(taken->sk, &told->owner);
	told->peer_hop_limit = taken->sk ? xtcp_sk(taken->sk)->hop_limit : 0;
	tell_cause(&taken->by, told);
}

/**
 * xtcp_ended_note - a connection ended: remember it
 * @xn: its namespace
 * @taken: its last edge, with its socket, locked; an entry in TIME_WAIT that takes its place
 *	   is not told of again when its time is over
 */
void xtcp_ended_note(struct xtcp_net *xn, const struct xtcp_taken *taken)
{
	struct xtcp_ended_ring *ring;
	struct xtcp_ended *e;

	xtcp_assert_locked(taken->sk);
	/* another processor's does as well */
	ring = raw_cpu_ptr(xn->ended);
	spin_lock_bh(&ring->lock);
	e = &ring->at[ring->n++ % XTCP_ENDED_KEPT];
	xtcp_tell(taken, &e->told);
	e->key = taken->flow->key;
	e->family = taken->sk->sk_family;
	spin_unlock_bh(&ring->lock);
}

/**
 * xtcp_ended_get - one that is remembered
 * @xn: namespace
 * @cpu: by which processor
 * @i: which one, 0 is the last
 * @ended: out
 *
 * Return: whether there is one.
 */
bool xtcp_ended_get(const struct xtcp_net *xn, int cpu, unsigned int i, struct xtcp_ended *ended)
{
	struct xtcp_ended_ring *ring = per_cpu_ptr(xn->ended, cpu);
	bool is_there;

	spin_lock_bh(&ring->lock);
	is_there = i < min_t(unsigned long, ring->n, XTCP_ENDED_KEPT);
	if (is_there)
		*ended = ring->at[(ring->n - 1 - i) % XTCP_ENDED_KEPT];
	spin_unlock_bh(&ring->lock);
	return is_there;
}

/**
 * xtcp_ended_netns_init - nothing has ended yet
 * @xn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_ended_netns_init(struct xtcp_net *xn)
{
	int cpu;

	xn->ended = alloc_percpu(struct xtcp_ended_ring);
	if (!xn->ended)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(xn->ended, cpu)->lock);
	return 0;
}

/**
 * xtcp_ended_netns_exit - forget them
 * @xn: namespace, without sockets
 */
void xtcp_ended_netns_exit(struct xtcp_net *xn)
{
	free_percpu(xn->ended);
}
