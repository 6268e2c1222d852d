// SPDX-License-Identifier: GPL-2.0
/*
 * The user calls: RFC 9293 3.10.1 to 3.10.5.
 */
#include "internal.h"
#include "user.h"

/**
 * xtcp_user_keep - a child has the settings of its listener; a socket that is
 * disconnected keeps its own
 * @t: a TCB without a connection
 * @from: whose they are
 */
void xtcp_user_keep(struct xtcp_tcb *t, const struct xtcp_tcb *from)
{
	t->flags = from->flags & XTCP_USER_FLAGS;
	t->user = from->user;
}

static void open_active(struct xtcp_tcb *t, enum xtcp_event event,
			enum xtcp_reason why, struct xtcp_actions *a)
{
	t->flags |= XTCP_F_SYN_OUT;
	t->snd_una = t->iss;
	t->snd_nxt = t->iss + 1;
	t->write_seq = t->snd_nxt;
	t->snd_sml = t->snd_nxt;
	t->rcv_nxt = 0;
	t->copied_seq = 0;
	t->rto_us = XTCP_RTO_INIT_US;
	t->retrans_stamp = 0;
	t->syn_again = 0;
	xtcp_edge(t, event, why, a);
}

/* The SYN leaves, if it has not yet. */
static void send_syn(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	if (t->state != XTCP_SYN_SENT || t->retrans_stamp)
		return;
	t->lsndtime = xtcp_stamp(now);
	t->retrans_stamp = xtcp_coarse_stamp(now);
	xtcp_order_again(a, XTCP_ACT_SEND_SYN, XTCP_WHY_CONNECT);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + t->rto_us);
}

/* CLOSE sends a FIN behind what is queued (3.10.4). */
static void close_write(struct xtcp_tcb *t, enum xtcp_reason why, xtcp_usec_t now,
			struct xtcp_actions *a)
{
	if (t->flags & XTCP_F_FIN_QUEUED)
		return;
	switch (t->state) {
	case XTCP_SYN_RECV:
	case XTCP_ESTABLISHED:
	case XTCP_CLOSE_WAIT:
		xtcp_edge(t, XTCP_EV_CLOSE, why, a);
		t->write_seq++;
		t->flags |= XTCP_F_FIN_QUEUED;
		a->orders |= XTCP_ACT_QUEUE_FIN | XTCP_ACT_OUTPUT;
		return;
	case XTCP_LISTEN:
	case XTCP_SYN_SENT:
		xtcp_edge(t, XTCP_EV_CLOSE, why, a);
		xtcp_dead(t, 0, a);
		return;
	}
}

/*
 * 3.10.5: CLOSING and LAST_ACK have nothing left to reset; but the peer may wait for
 * what has not left yet, our FIN at least, or its text was not read (RFC 2525 2.17).
 */
static bool resets(const struct xtcp_tcb *t)
{
	if (XTCP_IN(t->state, XTCPF(CLOSING) | XTCPF(LAST_ACK)))
		return t->snd_nxt != t->write_seq ||
		       xtcp_before(t->copied_seq, t->rcv_nxt - 1);
	return XTCP_IN(t->state, XTCPF(SYN_RECV) | XTCPF(ESTABLISHED) |
		       XTCPF(FIN_WAIT1) | XTCPF(FIN_WAIT2) | XTCPF(CLOSE_WAIT));
}

static void abort_connection(struct xtcp_tcb *t, enum xtcp_reason why,
			     struct xtcp_actions *a)
{
	if (t->state == XTCP_CLOSE)
		return;
	if (t->state == XTCP_LISTEN) {
		xtcp_edge(t, XTCP_EV_CLOSE, why, a);
		xtcp_dead(t, 0, a);
		return;
	}
	if (resets(t))
		xtcp_order_rst(a, t->snd_nxt, t->rcv_nxt, XTCP_ACK, why);
	xtcp_edge(t, XTCP_EV_ABORT, why, a);
	xtcp_dead(t, 0, a);
}

/**
 * xtcp_on_user - the user calls
 * @t: the connection
 * @call: what
 * @why: the reason of the edge that this takes, and of a RST; XTCP_WHY_NONE: of a call
 *	 that takes none
 * @now: the time
 * @a: out
 *
 * Whether the call is allowed in the state is the host's to say, as the errno
 * is part of the socket interface; here a call that means nothing does nothing.
 */
void xtcp_on_user(struct xtcp_tcb *t, enum xtcp_call call, enum xtcp_reason why,
		  xtcp_usec_t now, struct xtcp_actions *a)
{
	switch (call) {
	case XTCP_CALL_LISTEN:
		xtcp_edge(t, XTCP_EV_PASSIVE_OPEN, why, a);
		return;
	case XTCP_CALL_CONNECT:
		open_active(t, t->state == XTCP_LISTEN ? XTCP_EV_SEND
						       : XTCP_EV_ACTIVE_OPEN, why, a);
		send_syn(t, now, a);
		return;
	case XTCP_CALL_OPEN:
		open_active(t, XTCP_EV_ACTIVE_OPEN, why, a);
		return;
	case XTCP_CALL_SYN:
		send_syn(t, now, a);
		return;
	case XTCP_CALL_SHUT_RD:
		t->flags |= XTCP_F_RCV_SHUT;
		return;
	case XTCP_CALL_CLOSE:
		/* TCP_LINGER2 < 0: an orphan does not wait for the peer's FIN */
		if (t->state == XTCP_FIN_WAIT2 &&
		    t->user.linger2_s == XTCP_LINGER2_NONE) {
			abort_connection(t, XTCP_WHY_LINGER2_NONE, a);
			return;
		}
		t->flags |= XTCP_F_RCV_SHUT | XTCP_F_ORPHAN;
		close_write(t, why, now, a);
		if (t->state != XTCP_CLOSE)
			xtcp_keep_rearm(t, now);
		return;
	case XTCP_CALL_SHUT_WR:
		close_write(t, why, now, a);
		return;
	case XTCP_CALL_ABORT:
		abort_connection(t, why, a);
		return;
	case XTCP_CALL_KEEPALIVE:
		xtcp_keep_rearm(t, now);
		return;
	}
}

/**
 * xtcp_user_delay - TCP_TX_DELAY changed
 * @t: the connection, in any state
 * @us: by so much, microseconds
 */
void xtcp_user_delay(struct xtcp_tcb *t, s32 us)
{
	if (us && t->state == XTCP_ESTABLISHED)
		xtcp_rtt_shift(t, us);
}
