// SPDX-License-Identifier: GPL-2.0
/* What a connection waits for, and clocks of that. */
#include "chrono.h"
#include "internal.h"
#include "output.h"
#include "timer.h"
#include "wait.h"

#define WAIT_DESC(what, n, sentence)	[XTCP_##what##_##n] = { .name = #n, .text = sentence },
#define SEND_DESC(n, sentence)		WAIT_DESC(SEND, n, sentence)
#define RECV_DESC(n, sentence)		WAIT_DESC(RECV, n, sentence)

const struct xtcp_wait_desc xtcp_send_waits[XTCP_SEND_WAIT_NR] = {
	XTCP_SEND_WAITS(SEND_DESC)
};

const struct xtcp_wait_desc xtcp_recv_waits[XTCP_RECV_WAIT_NR] = {
	XTCP_RECV_WAITS(RECV_DESC)
};

/*
 * Why does what is queued stay?  The order is that in which xtcp_send_queued() asks, and
 * each answer is that of xtcp_output_allow() to the next segment.
 */
static enum xtcp_send_wait unsent_wait(const struct xtcp_tcb *t, u32 held)
{
	u32 unsent = t->write_seq - t->snd_nxt, mss = xtcp_mss_now(t);
	u32 text = unsent - !!(t->flags & XTCP_F_FIN_QUEUED);
	s32 window = t->snd_una + t->snd_wnd - t->snd_nxt;
	u32 in_flight = xtcp_in_flight(t);

	if (held & XTCP_HELD_PACING)
		return XTCP_SEND_PACING;
	if (in_flight >= t->cwnd)
		return XTCP_SEND_CWND;
	/* a FIN needs room where it is part of a single segment */
	if (window < (s32)(text <= mss ? unsent : mss))
		return XTCP_SEND_WINDOW;
	if (held & XTCP_HELD_QUEUE)
		return XTCP_SEND_QUEUE;
	if (text < mss)
		return xtcp_nagle_holds(t) ? XTCP_SEND_NAGLE : XTCP_SEND_QUEUE;
	if (!t->packets_out)
		return XTCP_SEND_QUEUE;
	/* there is room for a burst: it becomes a larger one with the next ACK */
	return (t->cwnd - in_flight) * t->mss > (u32)window ? XTCP_SEND_WINDOW :
							      XTCP_SEND_CWND;
}

/**
 * xtcp_send_wait - what does sending wait for?
 * @t: the connection
 * @held: XTCP_HELD_*, of the host
 *
 * Return: the one thing that has to change before more is sent.
 */
enum xtcp_send_wait xtcp_send_wait(const struct xtcp_tcb *t, u32 held)
{
	if (XTCP_IN(t->state, XTCPF(CLOSE) | XTCPF(LISTEN)))
		return XTCP_SEND_NONE;
	if (t->flags & XTCP_F_SYN_OUT)
		return XTCP_SEND_HANDSHAKE;
	if (t->state == XTCP_FIN_WAIT2)
		return XTCP_SEND_CLOSED;
	if (t->write_seq == t->snd_una)
		return held & XTCP_HELD_ROOM ? XTCP_SEND_SNDBUF : XTCP_SEND_NOTHING;
	if (t->retransmits || t->ca_state == XTCP_CA_LOSS)
		return XTCP_SEND_TIMEOUT;
	if (t->ca_state == XTCP_CA_RECOVERY)
		return XTCP_SEND_RECOVERY;
	if (t->write_seq != t->snd_nxt)
		return unsent_wait(t, held);
	return t->chrono == XTCP_CHRONO_SNDBUF || held & XTCP_HELD_ROOM ? XTCP_SEND_SNDBUF :
									   XTCP_SEND_NETWORK;
}

/* What came in order and the user has not read, bytes; a FIN is none. */
static u32 unread(const struct xtcp_tcb *t)
{
	s32 n = t->rcv_nxt - t->copied_seq - !!(t->flags & XTCP_F_FIN_RCVD);

	return max(n, 0);
}

/**
 * xtcp_recv_wait - what does receiving wait for?
 * @t: the connection
 *
 * Return: the one thing that has to change before the user reads more.
 */
enum xtcp_recv_wait xtcp_recv_wait(const struct xtcp_tcb *t)
{
	if (XTCP_IN(t->state, XTCPF(CLOSE) | XTCPF(LISTEN)))
		return XTCP_RECV_NONE;
	if (t->flags & (XTCP_F_RCV_SHUT | XTCP_F_ORPHAN))
		return XTCP_RECV_CLOSED;
	if (t->flags & XTCP_F_FIN_RCVD)
		return unread(t) ? XTCP_RECV_READER : XTCP_RECV_CLOSED;
	if (unread(t) && xtcp_receive_window(t) < t->rcv_mss)
		return XTCP_RECV_WINDOW;
	if (t->ooo_last)
		return XTCP_RECV_GAP;
	return unread(t) ? XTCP_RECV_READER : XTCP_RECV_PEER;
}

/* xtcp_waits() of whoever has something that is rare. */
u32 __xtcp_waits(const struct xtcp_tcb *t, u32 held)
{
	return t->state | xtcp_send_wait(t, held) << 8 | xtcp_recv_wait(t) << 16;
}

/* ---- the evidence ---- */

/* Since a moment on the coarse clock, or since one on the fine one: milliseconds. */
static u32 ms_since_coarse(u32 when, xtcp_usec_t now)
{
	return ((u64)(xtcp_coarse(now) - when) << XTCP_COARSE_SHIFT) / XTCP_USEC_PER_MSEC;
}

static u32 ms_of(u64 us)
{
	return min_t(u64, us / XTCP_USEC_PER_MSEC, U32_MAX);
}

/*
 * The fine clock goes round in 71 minutes: what was no later than another moment, known by
 * the coarse clock, is so many turns older that it agrees with that.
 */
static u32 ms_since_at_least(u32 when, u32 least_ms, xtcp_usec_t now)
{
	u64 us = (u32)(xtcp_stamp(now) - when), least = (u64)least_ms * XTCP_USEC_PER_MSEC;

	/* what the coarse clock rounds is no turn */
	if (us + XTCP_USEC_PER_SEC < least)
		us += (least - us - XTCP_USEC_PER_SEC + U32_MAX) >> 32 << 32;
	return ms_of(us);
}

/*
 * What the peer sent last came again, and we told it (RFC 2883): it does not hear our ACKs,
 * or not all of them.
 */
static bool text_came_twice(const struct xtcp_tcb *t)
{
	return t->dsack.end_seq != t->dsack.seq && !xtcp_after(t->dsack.end_seq, t->rcv_nxt) &&
	       xtcp_after(t->dsack.end_seq + XTCP_INIT_CWND * t->rcv_mss, t->rcv_nxt);
}

static u32 flags_of(const struct xtcp_tcb *t)
{
	u32 flags = 0;

	if (t->flags & XTCP_F_ORPHAN)
		flags |= XTCP_WAIT_ORPHAN;
	if (t->flags & XTCP_F_CORK)
		flags |= XTCP_WAIT_CORKED;
	if (t->flags & XTCP_F_FIN_RCVD)
		flags |= XTCP_WAIT_PEER_CLOSED;
	if (!(t->flags & XTCP_F_PASSIVE))
		flags |= XTCP_WAIT_ACTIVE;
	if (t->syn_again)
		flags |= XTCP_WAIT_SYN_AGAIN;
	if (t->user.timeout_ms)
		flags |= XTCP_WAIT_USER_LIMIT;
	if (text_came_twice(t))
		flags |= XTCP_WAIT_TEXT_TWICE;
	return flags;
}

/* The timer that waits for the peer, and how long its patience lasts. */
static void look_at_timer(const struct xtcp_tcb *t, xtcp_usec_t now,
			  struct xtcp_wait_info *info)
{
	struct xtcp_end end;
	xtcp_usec_t due = t->deadline[XTCP_TIMER_REXMIT];

	if (due) {
		if (t->flags & XTCP_F_PROBE && !t->packets_out)
			info->flags |= XTCP_WAIT_PERSIST;
	} else {
		due = t->deadline[XTCP_TIMER_KEEP];
		if (due)
			info->flags |= XTCP_WAIT_KEEPALIVE;
	}
	info->timer_ms = due > now ? ms_of(due - now) : 0;
	xtcp_timer_end(t, now, &end);
	info->attempts = end.attempts;
	info->limit = end.limit;
	info->silent_ms = ms_of(end.silent_us);
	info->left_ms = ms_of(end.left_us);
}

/**
 * xtcp_wait_look - what does a connection wait for, and how does that show?
 * @t: the connection
 * @held: XTCP_HELD_*, of the host
 * @now: the time
 * @info: out; the host adds state_ms
 */
void xtcp_wait_look(const struct xtcp_tcb *t, u32 held, xtcp_usec_t now,
		    struct xtcp_wait_info *info)
{
	const struct rb_node *gap = rb_first(&t->ooo);
	u32 heard_ms = 0;
	s32 window = t->snd_una + t->snd_wnd - t->snd_nxt;

	memset(info, 0, sizeof(*info));
	info->state = t->state;
	info->sending = xtcp_send_wait(t, held);
	info->receiving = xtcp_recv_wait(t);
	if (!info->sending)
		return;
	info->ca_state = t->ca_state;
	info->flags = flags_of(t);
	look_at_timer(t, now, info);
	if (t->state != XTCP_SYN_SENT)
		heard_ms = ms_since_coarse(t->heard, now);
	info->heard_ms = t->state != XTCP_SYN_SENT ? heard_ms : U32_MAX;
	info->unacked = t->snd_nxt - t->snd_una;
	info->unsent = t->write_seq - t->snd_nxt;
	info->peer_window = max(window, 0);
	info->cwnd = t->cwnd;
	info->in_flight = xtcp_in_flight(t);
	info->mss = t->mss;
	info->unread = unread(t);
	info->window = xtcp_receive_window(t);
	if (gap)
		info->gap = xtcp_rb_seg(gap)->seq - t->rcv_nxt;
	info->rtt_us = t->srtt_us >> 3;
	info->min_rtt_us = t->min_rtt_us;
	info->rto_us = xtcp_rto_backed_off(t);
	info->segs_out = t->info.segs_out;
	info->segs_again = t->info.total_retrans;
	info->segs_twice = t->info.dsack_dups;
	info->reordered = t->recovery.reord_seen;
	info->segs_in = t->info.segs_in;
	info->segs_early = t->info.rcv_ooopack;
	info->timeouts = t->info.total_rto;
	/* what is acknowledged was sent before that, and nothing came after we heard last */
	info->sent_ms = ms_since_at_least(t->lsndtime, t->packets_out ? 0 : heard_ms, now);
	info->got_ms = ms_since_at_least(t->lrcvtime, heard_ms, now);
	info->acked = xtcp_acked(t);
}

/* ---- clocks ---- */

/**
 * xtcp_clocks_begin - from now on, a connection is watched
 * @c: out
 * @t: the connection
 * @held: XTCP_HELD_*, of the host
 * @now: the time
 */
void xtcp_clocks_begin(struct xtcp_clocks *c, const struct xtcp_tcb *t, u32 held,
		       xtcp_usec_t now)
{
	memset(c, 0, sizeof(*c));
	c->begun = now;
	c->turned = now;
	c->waits = xtcp_waits(t, held);
}

/**
 * xtcp_clocks_look - what was the time spent with?
 * @c: the clocks
 * @now: the time
 * @info: out
 */
void xtcp_clocks_look(const struct xtcp_clocks *c, xtcp_usec_t now,
		      struct xtcp_clock_info *info)
{
	u64 spent = now - c->turned;

	memset(info, 0, sizeof(*info));
	info->states = XTCP_STATE_NR;
	info->sends = XTCP_SEND_WAIT_NR;
	info->recvs = XTCP_RECV_WAIT_NR;
	info->total_us = now - c->begun;
	memcpy(info->state_us, c->in_state, sizeof(info->state_us));
	memcpy(info->send_us, c->send, sizeof(info->send_us));
	memcpy(info->recv_us, c->recv, sizeof(info->recv_us));
	info->state_us[XTCP_STATE_OF(c->waits)] += spent;
	info->send_us[XTCP_SENDING_OF(c->waits)] += spent;
	info->recv_us[XTCP_RECEIVING_OF(c->waits)] += spent;
}

static u64 sum(const u64 *part, unsigned int nr)
{
	u64 all = 0;

	while (nr--)
		all += part[nr];
	return all;
}

/**
 * xtcp_clocks_check_sums - is no moment lost, and none counted twice?
 * @c: the clocks
 *
 * Return: NULL, or what should have been true.
 */
const char *xtcp_clocks_check_sums(const struct xtcp_clocks *c)
{
	u64 all = c->turned - c->begun;

	if (sum(c->in_state, XTCP_STATE_NR) != all)
		return "times in states sum to the time watched";
	if (sum(c->send, XTCP_SEND_WAIT_NR) != all)
		return "times that sending waited sum to the time watched";
	if (sum(c->recv, XTCP_RECV_WAIT_NR) != all)
		return "times that receiving waited sum to the time watched";
	return NULL;
}

/**
 * xtcp_clocks_check - are the clocks as they must be between two events?
 * @c: the clocks
 * @t: the connection
 * @held: XTCP_HELD_*, of the host
 *
 * Return: NULL, or what should have been true.
 */
const char *xtcp_clocks_check(const struct xtcp_clocks *c, const struct xtcp_tcb *t,
			      u32 held)
{
	const char *what = xtcp_clocks_check_sums(c);

	if (what)
		return what;
	if (XTCP_STATE_OF(c->waits) != t->state)
		return "clocks were turned after the last change of state";
	if (XTCP_SENDING_OF(c->waits) != xtcp_send_wait(t, held))
		return "clocks were turned after what sending waits for changed";
	if (XTCP_RECEIVING_OF(c->waits) != xtcp_recv_wait(t))
		return "clocks were turned after what receiving waits for changed";
	return NULL;
}
