// SPDX-License-Identifier: GPL-2.0
/*
 * What must be true of a TCB between two events: of its numbers, its queues and
 * its timers by themselves, and compared with what they were before.
 *
 * Tests, simulator and fuzzers ask after every event, and so does the module in a
 * kernel with CONFIG_DEBUG_NET (verify.c).  Costs a walk over both trees.
 */
#include "fastopen.h"
#include "internal.h"
#include "check.h"
#include "output.h"
#include "scoreboard.h"

/* The first condition that does not hold is the message. */
#define MUST(cond)	((void)((cond) || *wrong || (*wrong = #cond)))

static bool armed(const struct xtcp_tcb *t, enum xtcp_timer timer)
{
	return t->deadline[timer];
}

static bool syn_out(const struct xtcp_tcb *t)
{
	return t->flags & XTCP_F_SYN_OUT;
}

static u32 right_edge(const struct xtcp_tcb *t)
{
	return t->rcv_wup + t->rcv_wnd;
}

/* CLOSE and LISTEN own nothing. */
static void check_idle(const struct xtcp_tcb *t, const char **wrong)
{
	MUST(!armed(t, XTCP_TIMER_REXMIT));
	MUST(!armed(t, XTCP_TIMER_DELACK));
	MUST(!armed(t, XTCP_TIMER_KEEP));
	MUST(RB_EMPTY_ROOT(&t->rtx));
	MUST(RB_EMPTY_ROOT(&t->ooo));
	MUST(!t->ooo_last);
}

static void check_opening(const struct xtcp_tcb *t, const char **wrong)
{
	MUST(syn_out(t));
	MUST(t->snd_una == t->iss);
	MUST(t->snd_nxt == t->iss + 1);
	MUST(!xtcp_before(t->write_seq, t->snd_nxt));
	/* a SYN that waits for text has not left */
	MUST(armed(t, XTCP_TIMER_REXMIT) == !!t->retrans_stamp);
	MUST(!armed(t, XTCP_TIMER_DELACK));
	MUST(!armed(t, XTCP_TIMER_KEEP));
	MUST(RB_EMPTY_ROOT(&t->rtx));
	MUST(RB_EMPTY_ROOT(&t->ooo));
	MUST(!t->packets_out);
	if (t->state == XTCP_SYN_RECV) {
		MUST(t->rcv_nxt == t->irs + 1);
		MUST(t->rcv_wup == t->rcv_nxt);
	}
}

static void check_state(const struct xtcp_tcb *t, const char **wrong)
{
	bool fin_queued = t->flags & XTCP_F_FIN_QUEUED;
	bool fin_rcvd = t->flags & XTCP_F_FIN_RCVD;

	MUST(fin_queued == !!XTCP_IN(t->state, XTCPF(FIN_WAIT1) | XTCPF(FIN_WAIT2) |
				     XTCPF(CLOSING) | XTCPF(LAST_ACK)));
	MUST(fin_rcvd == !!XTCP_IN(t->state, XTCPF(CLOSE_WAIT) | XTCPF(CLOSING) |
				   XTCPF(LAST_ACK)));
	MUST(xtcp_fin_acked(t) == (t->state == XTCP_FIN_WAIT2));
}

static void check_sequence(const struct xtcp_tcb *t, const char **wrong)
{
	MUST(!xtcp_after(t->snd_una, t->snd_nxt));
	MUST(!xtcp_after(t->snd_nxt, t->write_seq));
	MUST(!syn_out(t) || t->snd_una == t->iss);
	MUST(t->snd_wnd <= t->max_window);
	MUST(!xtcp_after(t->rcv_wup, t->rcv_nxt));
	MUST(!xtcp_after(t->copied_seq, t->rcv_nxt));
	MUST(t->rcv_wnd <= XTCP_WND_MAX_UNSCALED << t->rcv_wscale);
	MUST(t->rcv_wscale <= XTCP_WSCALE_MAX && t->snd_wscale <= XTCP_WSCALE_MAX);
}

/* Packets that SND.UNA has passed. */
static u32 gone(const struct xtcp_tcb *t, const struct xtcp_seg *seg, u32 total)
{
	if (!xtcp_after(t->snd_una, seg->seq))
		return 0;
	return min_t(u32, (t->snd_una - seg->seq) / seg->mss, total - 1);
}

/* One record: its packets, and its place in the ring. */
static void check_record(const struct xtcp_tcb *t, struct xtcp_seg *seg,
			 const char **wrong)
{
	u32 len = seg->end_seq - seg->seq - !!(seg->flags & XTCP_FIN);
	unsigned int total = len <= seg->mss || !seg->mss ? 1 : DIV_ROUND_UP(len, seg->mss);
	u64 open, in_flight_again;

	MUST(xtcp_before(seg->seq, seg->end_seq));
	MUST(xtcp_after(seg->end_seq, t->snd_una));
	MUST(seg->mss);
	MUST(total <= XTCP_SEG_PACKETS_MAX);
	MUST(xtcp_seg_total(seg) == total);
	MUST(seg->gone == gone(t, seg, total));
	MUST(seg->lost <= total);
	MUST(seg->again <= total);
	MUST(!(seg->sacked & ~xtcp_bits(seg->gone, total)));
	MUST(!xtcp_after(seg->sack_run, t->snd_nxt));
	open = xtcp_seg_open(seg);
	in_flight_again = open & xtcp_bits(seg->again, total);
	MUST(!!(seg->mark & XTCP_SEG_RETRANS) == !!in_flight_again);
	MUST(!(seg->mark & XTCP_SEG_RETRANS) || seg->mark & XTCP_SEG_EVER_RETRANS);
	/* what waits will be found */
	MUST(!xtcp_seg_waiting(seg) || xtcp_after(seg->end_seq, t->todo));
	MUST(xtcp_seg_judged(seg) || t->ca_state == XTCP_CA_OPEN ||
	     xtcp_after(seg->end_seq, t->judged));
}

/* The ring has those with retransmissions in flight. */
static void check_ring(const struct xtcp_tcb *t, u32 members, const char **wrong)
{
	struct xtcp_seg *seg = t->retrans;
	u32 nr = 0;

	while (seg && nr <= members) {
		struct xtcp_seg *next;

		MUST(seg->mark & XTCP_SEG_RETRANS);
		if (!(seg->mark & XTCP_SEG_RETRANS))
			return;
		next = xtcp_ring_seg(xtcp_seg_ring(seg)->next);
		nr++;
		seg = next == t->retrans ? NULL : next;
	}
	MUST(nr == members);
}

static void check_rtx(const struct xtcp_tcb *t, const char **wrong)
{
	u32 next = t->snd_una + syn_out(t), run = 0, members = 0;
	struct xtcp_tcb sum = {};
	bool first = true;
	struct rb_node *rb;

	for (rb = rb_first(&t->rtx); rb; rb = rb_next(rb)) {
		struct xtcp_seg *seg = xtcp_rb_seg(rb);

		check_record(t, seg, wrong);
		if (first)
			MUST(!xtcp_after(seg->seq, next));
		else
			MUST(seg->seq == next);
		MUST(!(seg->flags & XTCP_FIN) || !rb_next(rb));
		/* a run that another record told of has no holes */
		if (first)
			run = seg->seq;
		else if (xtcp_before(seg->seq, run))
			MUST(!xtcp_seg_open(seg));
		if (xtcp_after(seg->sack_run, seg->end_seq) &&
		    xtcp_after(seg->sack_run, run))
			run = seg->sack_run;
		xtcp_seg_count(&sum, seg);
		members += !!(seg->mark & XTCP_SEG_RETRANS);
		next = seg->end_seq;
		first = false;
	}
	MUST(next == t->snd_nxt);
	MUST(sum.packets_out == t->packets_out);
	/* without SACK it is a guess */
	MUST(sum.sacked_out == (xtcp_sack_ok(t) ? t->sacked_out : 0));
	MUST(sum.lost_out == t->lost_out);
	MUST(sum.retrans_out == t->retrans_out);
	check_ring(t, members, wrong);
}

/* The peer acknowledged less than it had reported: the timer puts that right. */
static bool reneged(const struct xtcp_tcb *t)
{
	const struct xtcp_seg *first = xtcp_rtx_first(t);

	return first && first->sacked & xtcp_bits(first->gone, first->gone + 1);
}

/* A Fast Open child whose SYN,ACK is out: both ends may have sent text. */
static void check_pending(const struct xtcp_tcb *t, const char **wrong)
{
	MUST(syn_out(t));
	MUST(t->snd_una == t->iss);
	MUST(!xtcp_before(t->write_seq, t->snd_nxt));
	MUST(armed(t, XTCP_TIMER_REXMIT));
	MUST(!armed(t, XTCP_TIMER_KEEP));
	MUST(RB_EMPTY_ROOT(&t->ooo));
	MUST(xtcp_after(t->rcv_nxt, t->irs));
	check_rtx(t, wrong);
}

static void check_congestion(const struct xtcp_tcb *t, const char **wrong)
{
	MUST(t->sacked_out + t->lost_out <= t->packets_out);
	MUST(xtcp_in_flight(t) <= t->packets_out + t->retrans_out);
	MUST(t->cwnd >= 1);
	MUST(t->ssthresh >= 2);
	MUST(t->mss);
	MUST(t->reordering && t->rack.reo_steps);
	MUST(t->ca_state <= XTCP_CA_LOSS);
	MUST(!(t->rec & XTCP_R_MTU_PROBE) ||
	     (t->rec & XTCP_R_MTUP && xtcp_after(t->mtup.end_seq, t->snd_una)));
	MUST(!(t->rec & XTCP_R_PRR) || t->recovery.prior_cwnd);
	MUST(!(t->rec & XTCP_R_TLP_RETRANS) || t->rec & XTCP_R_TLP);
	MUST(!(t->rec & XTCP_R_FRTO) || t->ca_state == XTCP_CA_LOSS);
	MUST(!(t->rec & XTCP_R_FRTO_NEW) || t->rec & XTCP_R_FRTO);
	MUST(!t->sacked_out || !xtcp_sack_ok(t) ||
	     (xtcp_after(t->sack_high, t->snd_una) && !xtcp_after(t->sack_high, t->snd_nxt)));
	MUST(t->ca_state == XTCP_CA_OPEN || !xtcp_after(t->recovery.end_seq, t->snd_nxt));
	if (xtcp_in_recovery(t) && !reneged(t)) {
		MUST(xtcp_sack_ok(t) ? xtcp_before(t->snd_una, t->recovery.end_seq)
				     : !xtcp_after(t->snd_una, t->recovery.end_seq));
	} else if (!xtcp_in_recovery(t)) {
		MUST(!t->lost_out);
		MUST(t->ca_state != XTCP_CA_OPEN || !t->sacked_out);
	}
}

static void check_timers(const struct xtcp_tcb *t, const char **wrong)
{
	bool out = t->packets_out || syn_out(t);

	MUST(t->rto_us);
	MUST(!(t->flags & (XTCP_F_FORCE | XTCP_F_TLP_SEND)));
	MUST(!(t->rec & XTCP_R_TLP_TIMER) || !(t->rec & XTCP_R_REO_TIMER));
	MUST(!(t->rec & (XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER)) || t->packets_out);
	/* what is not acknowledged is sent again */
	MUST(!out || armed(t, XTCP_TIMER_REXMIT));
	MUST(!out || !(t->flags & XTCP_F_PROBE));
	/* what waits for a window, or Nagle, with nothing to be acknowledged, moves */
	MUST(out || armed(t, XTCP_TIMER_REXMIT) == !!(t->flags & XTCP_F_PROBE));
	MUST(out || t->write_seq == t->snd_nxt || t->flags & XTCP_F_PROBE);
	MUST(!t->held_acks || t->flags & XTCP_F_ACK_PENDING);
	MUST(armed(t, XTCP_TIMER_DELACK) == !!(t->flags & XTCP_F_ACK_PENDING));
	if (t->state == XTCP_FIN_WAIT2 && t->flags & XTCP_F_ORPHAN)
		MUST(armed(t, XTCP_TIMER_KEEP));
	else if (!syn_out(t))	/* a CLOSE in SYN_RECV: it begins with the ACK */
		MUST(armed(t, XTCP_TIMER_KEEP) == !!(t->flags & XTCP_F_KEEPALIVE));
}

/* What is reported is there, or was read by now; and blocks do not touch. */
static void check_sacks(const struct xtcp_tcb *t, const char **wrong)
{
	const struct xtcp_seg *last = t->ooo_last;
	unsigned int i, j;

	MUST(!(t->flags & XTCP_F_SACKS) == !(last && last->nr_sacks));
	MUST(t->flags & XTCP_F_SACK_OK || !xtcp_sack_due(t));
	if (!last)
		return;
	MUST(last->nr_sacks <= XTCP_SACKS_MAX);
	for (i = 0; i < last->nr_sacks; i++) {
		const struct xtcp_range *r = &last->sacks[i];

		MUST(xtcp_before(r->seq, r->end_seq));
		MUST(xtcp_after(r->seq, t->rcv_nxt));
		MUST(!xtcp_after(r->end_seq, last->end_seq));
		for (j = 0; j < i; j++)
			MUST(xtcp_after(r->seq, last->sacks[j].end_seq) ||
			     xtcp_before(r->end_seq, last->sacks[j].seq));
	}
}

static void check_ooo(const struct xtcp_tcb *t, const char **wrong)
{
	const struct xtcp_seg *last = NULL;
	struct rb_node *rb;

	for (rb = rb_first(&t->ooo); rb; rb = rb_next(rb)) {
		const struct xtcp_seg *seg = xtcp_rb_seg(rb);

		MUST(xtcp_before(seg->seq, seg->end_seq));
		MUST(xtcp_after(seg->seq, t->rcv_nxt));
		MUST(!xtcp_after(seg->seq, right_edge(t)));
		MUST(!last || xtcp_after(seg->seq, last->seq));
		MUST(!last || xtcp_after(seg->end_seq, last->end_seq));
		last = seg;
	}
	MUST(t->ooo_last == last);
	if (t->ooo_last == last)
		check_sacks(t, wrong);
	MUST(!last || XTCP_IN(t->state, XTCP_SET_CAN_RECEIVE));
}

/* Numbers go one way only, and a window that was offered is not taken back. */
static void check_progress(const struct xtcp_check *c, const struct xtcp_tcb *t,
			   const char **wrong)
{
	MUST(!xtcp_before(t->snd_una, c->snd_una));
	MUST(!xtcp_before(t->snd_nxt, c->snd_nxt));
	MUST(!xtcp_before(t->write_seq, c->write_seq));
	MUST(!xtcp_before(t->rcv_nxt, c->rcv_nxt));
	MUST(!xtcp_before(t->copied_seq, c->copied_seq));
	MUST(!xtcp_before(right_edge(t), c->edge) || t->conf->shrink_window);
}

/* The state is where the edges that were reported lead. */
static void check_edges(const struct xtcp_check *c, const struct xtcp_tcb *t,
			const struct xtcp_actions *a, const char **wrong)
{
	u8 state = c->state;
	unsigned int i;

	MUST(!a || !a->bad_event);
	for (i = 0; a && i < a->nr_edges; i++) {
		MUST(xtcp_edges[a->edges[i]].from == state);
		state = xtcp_edges[a->edges[i]].to;
	}
	/* TIME_WAIT goes on in an entry of its own */
	if (state == XTCP_TIME_WAIT)
		state = XTCP_CLOSE;
	MUST(state == t->state);
}

static void check_all(const struct xtcp_check *c, const struct xtcp_tcb *t,
		      const struct xtcp_actions *a, const char **wrong)
{
	check_edges(c, t, a, wrong);
	switch (t->state) {
	case XTCP_CLOSE:
	case XTCP_LISTEN:
		check_idle(t, wrong);
		return;
	case XTCP_SYN_SENT:
	case XTCP_SYN_RECV:
		if (xtcp_fastopen_pending(t))
			check_pending(t, wrong);
		else
			check_opening(t, wrong);
		return;
	}
	check_state(t, wrong);
	check_sequence(t, wrong);
	check_rtx(t, wrong);
	check_congestion(t, wrong);
	check_timers(t, wrong);
	check_ooo(t, wrong);
	if (c->synchronised)
		check_progress(c, t, wrong);
}

/**
 * xtcp_check_init - begin to watch a TCB
 * @c: out
 * @t: the TCB, in any state
 */
void xtcp_check_init(struct xtcp_check *c, const struct xtcp_tcb *t)
{
	memset(c, 0, sizeof(*c));
	c->state = t->state;
}

/**
 * xtcp_check - is everything as it must be?
 * @c: what it was like after the last event; updated
 * @t: the TCB, between two events: every order was carried out, and none of
 *     them failed for lack of memory
 * @a: the orders of the event, NULL when it was not the core's: user data was
 *     queued, a segment was sent
 *
 * Return: NULL, or what should have been true.
 */
const char *xtcp_check(struct xtcp_check *c, const struct xtcp_tcb *t,
		       const struct xtcp_actions *a)
{
	const char *wrong = NULL;

	check_all(c, t, a, &wrong);
	c->state = t->state;
	c->synchronised = XTCP_IN(t->state, XTCP_SET_SYNCHRONISED);
	c->snd_una = t->snd_una;
	c->snd_nxt = t->snd_nxt;
	c->write_seq = t->write_seq;
	c->rcv_nxt = t->rcv_nxt;
	c->copied_seq = t->copied_seq;
	c->edge = right_edge(t);
	return wrong;
}
