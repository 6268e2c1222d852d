// SPDX-License-Identifier: GPL-2.0
/*
 * Every small segment in every state, compared with RFC 9293 3.10.7 written down
 * a second time: oracle() below knows nothing of the core.
 *
 * A case is a state (reached the shortest way, with variations: data in flight,
 * data behind a gap, a closed window), and a segment: sequence and
 * acknowledgment numbers at and around every border, every combination of the
 * bits SYN, FIN, RST and ACK, with and without payload.  What must come is the
 * next state and what kind of segment answers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "script.h"

enum reply { NONE, ACK, SYN_ACK, RST, ANY };

static const char *const reply_names[] = { "nothing", "an ACK", "a SYN,ACK", "a RST",
					    "anything" };

/* What the oracle has to know of an endpoint. */
struct view {
	u8	state;
	bool	passive;	/* SYN_RECV of a listener */
	bool	fin_out;	/* our FIN is the last thing that was sent */
	bool	unread;		/* what came was not read yet */
	bool	fin_behind_gap;	/* the peer's FIN waits behind a gap */
	u32	gap_end;	/* first sequence number behind it */
	u32	ooo_end;	/* end of what waits there */
	u32	iss, una, nxt, max_window;
	u32	rcv_nxt, rcv_wup, rcv_wnd;
};

struct outcome {
	u8		state;
	enum reply	reply;
};

static bool lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static bool le(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

static struct outcome is(u8 state, enum reply reply)
{
	return (struct outcome) { state, reply };
}

static struct outcome in_listen(const struct view *v, const struct xtcp_segment *s)
{
	if (s->flags & XTCP_RST)
		return is(v->state, NONE);
	if (s->flags & XTCP_ACK)
		return is(v->state, RST);
	if ((s->flags & (XTCP_SYN | XTCP_FIN)) == XTCP_SYN)
		return is(XTCP_SYN_RECV, SYN_ACK);
	return is(v->state, NONE);
}

static struct outcome in_syn_sent(const struct view *v, const struct xtcp_segment *s)
{
	bool ack_ok = s->flags & XTCP_ACK && lt(v->una, s->ack) && le(s->ack, v->nxt);

	if (s->flags & XTCP_ACK && !ack_ok)
		return is(v->state, s->flags & XTCP_RST ? NONE : RST);
	if (s->flags & XTCP_RST)
		return is(ack_ok ? XTCP_CLOSE : v->state, NONE);
	if (!(s->flags & XTCP_SYN))
		return is(v->state, NONE);
	if (!ack_ok)
		return is(XTCP_SYN_RECV, SYN_ACK);
	return is(s->flags & XTCP_FIN ? XTCP_CLOSE_WAIT : XTCP_ESTABLISHED, ACK);
}

static struct outcome in_time_wait(const struct view *v, const struct xtcp_segment *s)
{
	if (s->flags & XTCP_RST)
		return is(s->seq == v->rcv_nxt ? XTCP_CLOSE : v->state, NONE);
	/* nobody listens in these cases: RFC 6191 has a test of its own */
	if (s->flags & XTCP_SYN)
		return is(v->state, ACK);
	if (!(s->flags & XTCP_ACK) && le(v->rcv_nxt, s->seq) &&
	    le(s->seq, v->rcv_nxt + v->rcv_wnd))
		return is(v->state, NONE);
	if (s->seq == v->rcv_nxt && s->seq == s->end_seq)
		return is(v->state, NONE);
	return is(v->state, ACK);
}

static struct outcome after_fin(u8 state, bool fin_acked)
{
	switch (state) {
	case XTCP_ESTABLISHED:
		return is(XTCP_CLOSE_WAIT, ANY);
	case XTCP_FIN_WAIT1:
		return is(fin_acked ? XTCP_TIME_WAIT : XTCP_CLOSING, ACK);
	default:
		return is(XTCP_TIME_WAIT, ACK);
	}
}

/* Seventh and eighth, in a state that takes text. */
static struct outcome text(const struct view *v, const struct xtcp_segment *s, u8 state,
			   bool fin_acked)
{
	u8 quiet = state == XTCP_FIN_WAIT1 && fin_acked ? XTCP_FIN_WAIT2 : state;
	u32 wnd = v->rcv_wup + v->rcv_wnd - v->rcv_nxt;
	bool fin = s->flags & XTCP_FIN;

	if (!s->len && !fin)
		return is(quiet, ANY);
	if (le(s->end_seq, v->rcv_nxt))
		return is(quiet, ACK);
	if (s->len && ((s32)wnd <= 0))
		return is(quiet, ACK);
	if (lt(v->rcv_nxt, s->seq))
		return is(quiet, ACK);
	if (fin)
		return after_fin(state, fin_acked);
	/* the gap is filled, and what waited carries the FIN */
	if (v->fin_behind_gap && le(v->gap_end, s->end_seq) && lt(s->end_seq, v->ooo_end))
		return after_fin(quiet, fin_acked);
	return is(quiet, ANY);
}

/* SYN_RECV of a listener. */
static struct outcome in_syn_recv(const struct view *v, const struct xtcp_segment *s)
{
	u32 right = v->rcv_nxt + v->rcv_wnd;

	/* a SYN that comes again is answered as it was the first time */
	if (s->seq == v->rcv_nxt - 1 &&
	    (s->flags & (XTCP_SYN | XTCP_ACK | XTCP_RST)) == XTCP_SYN)
		return is(v->state, SYN_ACK);
	/* 3.5.2, 2 */
	if ((s->flags & (XTCP_ACK | XTCP_RST)) == XTCP_ACK && s->ack != v->nxt)
		return is(v->state, RST);
	/* first: the sequence number */
	if (s->seq == s->end_seq ? lt(s->seq, v->rcv_nxt) || lt(right, s->seq)
				 : le(s->end_seq, v->rcv_nxt) || le(right, s->seq))
		return is(v->state, s->flags & XTCP_RST ? NONE : ACK);
	/* second: RST, RFC 5961 3.2 */
	if (s->flags & XTCP_RST)
		return s->seq == v->rcv_nxt ? is(XTCP_LISTEN, NONE) : is(v->state, ACK);
	/* fourth: SYN */
	if (s->flags & XTCP_SYN)
		return s->seq == v->rcv_nxt - 1 ? is(v->state, ACK) : is(XTCP_LISTEN, RST);
	/* fifth: ACK */
	if (!(s->flags & XTCP_ACK))
		return is(v->state, NONE);
	return text(v, s, XTCP_ESTABLISHED, false);
}

static struct outcome oracle(const struct view *v, const struct xtcp_segment *s)
{
	u32 right = v->rcv_wup + v->rcv_wnd;
	bool fin_acked;

	if (lt(right, v->rcv_nxt))
		right = v->rcv_nxt;
	switch (v->state) {
	case XTCP_CLOSE:
		return is(v->state, s->flags & XTCP_RST ? NONE : RST);
	case XTCP_LISTEN:
		return in_listen(v, s);
	case XTCP_SYN_SENT:
		return in_syn_sent(v, s);
	case XTCP_TIME_WAIT:
		return in_time_wait(v, s);
	}
	if (v->state == XTCP_SYN_RECV && v->passive)
		return in_syn_recv(v, s);
	/* first: the sequence number */
	if (lt(s->end_seq, v->rcv_wup) || lt(right, s->seq) ||
	    (v->unread && !(s->flags & XTCP_RST) &&
	     lt(right, s->end_seq - !!(s->flags & XTCP_FIN)))) {
		/* Linux: a RST behind the peer's FIN has the FIN's number on some systems */
		if (s->flags & XTCP_RST && s->seq == v->rcv_nxt - 1 &&
		    (v->state == XTCP_CLOSE_WAIT || v->state == XTCP_CLOSING ||
		     v->state == XTCP_LAST_ACK))
			return is(XTCP_CLOSE, NONE);
		return is(v->state, s->flags & XTCP_RST ? NONE : ACK);
	}
	/* second: RST, RFC 5961 3.2 */
	if (s->flags & XTCP_RST) {
		if (s->seq == v->rcv_nxt)
			return is(XTCP_CLOSE, NONE);
		if (s->seq == v->rcv_nxt - 1 &&
		    (v->state == XTCP_CLOSE_WAIT || v->state == XTCP_CLOSING ||
		     v->state == XTCP_LAST_ACK))
			return is(XTCP_CLOSE, NONE);
		return is(v->state, ACK);
	}
	/* fourth: SYN, RFC 5961 4.2 */
	if (s->flags & XTCP_SYN) {
		if (v->state == XTCP_SYN_RECV && s->flags & XTCP_ACK &&
		    s->seq == v->rcv_nxt - 1 && s->end_seq == v->rcv_nxt &&
		    s->ack == v->iss + 1)
			return is(XTCP_ESTABLISHED, ANY);
		return is(v->state, ACK);
	}
	/* fifth: ACK */
	if (!(s->flags & XTCP_ACK))
		return is(v->state, NONE);
	if (v->state == XTCP_SYN_RECV) {
		if (!lt(v->una, s->ack) || lt(v->nxt, s->ack))
			return is(v->state, RST);
		return text(v, s, XTCP_ESTABLISHED, false);
	}
	if (lt(v->nxt, s->ack) || lt(s->ack, v->una - v->max_window))
		return is(v->state, ACK);
	fin_acked = v->fin_out && s->ack == v->nxt;
	switch (v->state) {
	case XTCP_CLOSING:
		if (fin_acked)
			return is(XTCP_TIME_WAIT, ANY);
		break;
	case XTCP_LAST_ACK:
		if (fin_acked)
			return is(XTCP_CLOSE, NONE);
		break;
	case XTCP_CLOSE_WAIT:
		break;
	default:
		return text(v, s, v->state, fin_acked);
	}
	if (!s->len && !(s->flags & XTCP_FIN))
		return is(v->state, ANY);
	/* behind the peer's FIN nothing can be */
	return is(v->state, lt(s->seq, v->rcv_nxt) ? ACK : NONE);
}

/* ---- cases -------------------------------------------------------------- */

/* Where a case begins. */
enum variation { PLAIN, DATA_OUT, GAP, GAP_FIN, SHUT, VARIATIONS };

static const struct start {
	u8	state;
	bool	active;
	u8	variations;	/* bits */
} starts[] = {
	{ XTCP_CLOSE,		false,	1 << PLAIN },
	{ XTCP_LISTEN,		false,	1 << PLAIN },
	{ XTCP_SYN_SENT,	true,	1 << PLAIN },
	{ XTCP_SYN_RECV,	true,	1 << PLAIN },
	{ XTCP_SYN_RECV,	false,	1 << PLAIN },
	{ XTCP_ESTABLISHED,	true,	1 << PLAIN | 1 << DATA_OUT | 1 << GAP |
					1 << GAP_FIN | 1 << SHUT },
	{ XTCP_ESTABLISHED,	false,	1 << PLAIN },
	{ XTCP_FIN_WAIT1,	false,	1 << PLAIN | 1 << GAP | 1 << GAP_FIN | 1 << SHUT },
	{ XTCP_FIN_WAIT2,	false,	1 << PLAIN | 1 << GAP | 1 << GAP_FIN | 1 << SHUT },
	{ XTCP_CLOSE_WAIT,	false,	1 << PLAIN | 1 << DATA_OUT },
	{ XTCP_CLOSING,		false,	1 << PLAIN },
	{ XTCP_LAST_ACK,	false,	1 << PLAIN },
	{ XTCP_TIME_WAIT,	false,	1 << PLAIN },
};

static const char *const variation_names[] = { "", "__with_data_in_flight", "__with_a_gap",
						"__with_a_fin_behind_a_gap",
						"__with_a_closed_window" };

static void vary(enum variation how)
{
	u32 rcv_nxt = ep.t.rcv_nxt - peers(0), una = ep.t.snd_una - our(0);

	switch (how) {
	case DATA_OUT:
		usr_write(1500);
		break;
	case GAP:
		rcvf("P. %u:%u(2) ack %u", rcv_nxt + 2, rcv_nxt + 4, una);
		break;
	case GAP_FIN:
		rcvf("FP. %u:%u(1) ack %u", rcv_nxt + 2, rcv_nxt + 3, una);
		break;
	case SHUT:
		rcvf(". %u:%u(65000) ack %u", rcv_nxt, rcv_nxt + 65000, una);
		break;
	default:
		break;
	}
	ignore_output();
}

static void look(struct view *v, const struct start *st, enum variation how)
{
	const struct xtcp_tcb *t = &ep.t;

	*v = (struct view) {
		.state		= endpoint_state(&ep),
		.passive	= !st->active,
		.fin_out	= t->flags & XTCP_F_FIN_QUEUED,
		.fin_behind_gap	= how == GAP_FIN,
		.gap_end	= t->rcv_nxt + 2,
		.ooo_end	= t->rcv_nxt + 4,
		.iss		= t->iss,
		.una		= t->snd_una,
		.nxt		= t->snd_nxt,
		.max_window	= min_t(u64, t->max_window, xtcp_acked(t)),
		.unread		= t->copied_seq != t->rcv_nxt,
		.rcv_nxt	= t->rcv_nxt,
		.rcv_wup	= t->rcv_wup,
		.rcv_wnd	= t->rcv_wnd,
	};
	if (ep.has_req) {
		v->iss = ep.req.iss;
		v->una = v->iss;
		v->nxt = v->iss + 1;
		v->rcv_nxt = ep.req.irs + 1;
		v->rcv_wup = v->rcv_nxt;
		v->rcv_wnd = ep.req.rcv_wnd;
	}
	if (ep.has_tw) {
		v->una = ep.tw.snd_nxt;
		v->nxt = ep.tw.snd_nxt;
		v->rcv_nxt = ep.tw.rcv_nxt;
		v->rcv_wup = ep.tw.rcv_nxt;
		v->rcv_wnd = (u32)ep.tw.rcv_wnd << ep.tw.rcv_wscale;
	}
}

static struct endpoint_conf base_conf;

static void begin(const struct start *st, enum variation how)
{
	conf = base_conf;
	now = 1000 * XTCP_USEC_PER_SEC;
	script_given(__FILE__, __LINE__, st->state, st->active);
	vary(how);
}

static enum reply kind(u8 flags)
{
	if (flags & XTCP_RST)
		return RST;
	return flags & XTCP_SYN ? SYN_ACK : ACK;
}

static void one(const struct start *st, enum variation how, const struct view *v,
		const struct xtcp_segment *s)
{
	struct outcome want = oracle(v, s);
	enum reply reply = NONE;
	char text[200];
	u8 flags;

	snprintf(text, sizeof(text), "%s%s%s%s%s %u(%u) win 5000",
		 s->flags & XTCP_SYN ? "S" : "", s->flags & XTCP_FIN ? "F" : "",
		 s->flags & XTCP_RST ? "R" : "", s->flags & XTCP_ACK ? "." : "",
		 s->flags ? "" : "-", s->seq - peers(0), s->len);
	if (s->flags & XTCP_ACK)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " ack %u",
			 s->ack - our(0));
	begin(st, how);
	rcv(text);
	while (script_pop_flags(&flags)) {
		enum reply k = kind(flags);

		/* one that was to come, or what the windows allow besides */
		if (reply == NONE || k == want.reply)
			reply = k;
		if (s->flags & XTCP_RST && k == RST)
			fail("model", 0, "%s in %s%s: a RST is answered by a RST", text,
			     xtcp_state_name(v->state), variation_names[how]);
	}
	if (endpoint_state(&ep) != want.state)
		fail("model", 0, "%s in %s%s: %s instead of %s", text,
		     xtcp_state_name(v->state), variation_names[how],
		     xtcp_state_name(endpoint_state(&ep)), xtcp_state_name(want.state));
	if (want.reply == ANY ? reply == RST : reply != want.reply)
		fail("model", 0, "%s in %s%s: answered by %s instead of %s", text,
		     xtcp_state_name(v->state), variation_names[how], reply_names[reply],
		     reply_names[want.reply]);
}

static void all(const struct start *st, enum variation how)
{
	static const u32 lens[] = { 0, 1, 2, 3, 1000 };
	struct view v;
	u32 seqs[16], acks[16];
	unsigned int i, j, k, flags, nr_seqs = 0, nr_acks = 0;

	begin(st, how);
	look(&v, st, how);
	for (i = 0; i < 5; i++)
		seqs[nr_seqs++] = v.rcv_nxt - 3 + i;
	seqs[nr_seqs++] = v.rcv_nxt - 1001;
	seqs[nr_seqs++] = v.rcv_nxt + 100;
	for (i = 0; i < 3; i++)
		seqs[nr_seqs++] = v.rcv_wup + v.rcv_wnd - 1 + i;
	seqs[nr_seqs++] = v.rcv_nxt + (1U << 30);
	for (i = 0; i < 3; i++) {
		acks[nr_acks++] = v.una - 1 + i;
		acks[nr_acks++] = v.nxt - 1 + i;
	}
	acks[nr_acks++] = v.una - v.max_window;
	acks[nr_acks++] = v.una - v.max_window - 1;
	acks[nr_acks++] = v.una + (1U << 30);
	for (flags = 0; flags < 32; flags++) {
		if (flags & XTCP_PSH)
			continue;
		for (i = 0; i < nr_seqs; i++) {
			for (j = 0; j < (flags & XTCP_ACK ? nr_acks : 1); j++) {
				for (k = 0; k < ARRAY_SIZE(lens); k++) {
					struct xtcp_segment s = {
						.seq	= seqs[i],
						.ack	= acks[j],
						.len	= lens[k],
						.flags	= flags,
					};

					s.end_seq = s.seq + s.len +
						    !!(flags & XTCP_SYN) +
						    !!(flags & XTCP_FIN);
					one(st, how, &v, &s);
				}
			}
		}
	}
}

#define NR_STARTS	(ARRAY_SIZE(starts))

static void run_case(void)
{
	base_conf = conf;
	/* the rate limits would hide answers; unit tests have them */
	base_conf.core.invalid_ratelimit_us = 0;
	all(&starts[script_arg / VARIATIONS], script_arg % VARIATIONS);
}

/* One test per state and variation. */
int main(void)
{
	static char names[NR_STARTS * VARIATIONS][80];
	unsigned int i, how;

	script_bases = 2;
	for (i = 0; i < NR_STARTS; i++) {
		for (how = 0; how < VARIATIONS; how++) {
			char *name = names[i * VARIATIONS + how];

			if (!(starts[i].variations & 1 << how))
				continue;
			snprintf(name, sizeof(names[0]), "segments__%s%s%s",
				 xtcp_state_name(starts[i].state),
				 starts[i].active ? "__active" : "", variation_names[how]);
			script_add_arg(name, run_case, i * VARIATIONS + how);
		}
	}
	return script_main();
}
