// SPDX-License-Identifier: GPL-2.0
/* Orders of the core are carried out here and nowhere else. */
#include <stdio.h>
#include <stdlib.h>

#include "chrono.h"
#include "endpoint_room.h"
#include "output.h"
#include "sender.h"
#include "window.h"

/* A link that nobody may follow: the core sets those of its lists. */
#define POISON			((struct buf *)0x100)
/* Trees that are longer than this are not walked after every event. */
#define CHECK_OFTEN		64
#define CHECK_STRIDE		61

void ep_wrong(struct endpoint *ep, const char *what)
{
	if (ep->wrong) {
		ep->wrong(ep, what);
		return;
	}
	fprintf(stderr, "endpoint in %s: %s\n", xtcp_state_name(ep->t.state), what);
	abort();
}

/* What the host holds back. */
u32 ep_held(const struct endpoint *ep)
{
	return ep->pace_waits ? XTCP_HELD_PACING : 0;
}

/* An event begins: the clocks tell of what is so since the last one. */
void ep_clocks_current(struct endpoint *ep)
{
	const char *what = xtcp_clocks_check(&ep->clocks, &ep->t, ep_held(ep));

	if (what)
		ep_wrong(ep, what);
}

void ep_verify(struct endpoint *ep, const struct xtcp_actions *a)
{
	const struct xtcp_tcb *t = &ep->t;
	const char *what;
	u32 from, to;

	xtcp_clocks_turn_to(&ep->clocks, xtcp_waits(t, ep_held(ep)), *ep->now);
	if (t->packets_out > CHECK_OFTEN && (t->info.segs_in + t->info.segs_out) % CHECK_STRIDE &&
	    !(a && a->nr_edges) && ep->check.state == t->state)
		return;
	what = xtcp_check(&ep->check, t, a);
	if (what)
		ep_wrong(ep, what);
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	from = ep->sendq ? ep->sendq->seg.seq : t->snd_nxt;
	to = ep->sendq ? ep->sendq_tail->seg.end_seq : t->snd_nxt;
	if (from != t->snd_nxt || to != t->write_seq)
		ep_wrong(ep, "the send queue is what lies between SND.NXT and write_seq");
}

/* No edge is taken and no RST leaves without a reason. */
void ep_count_why(struct endpoint *ep, u32 *count, unsigned int why)
{
	if (why == XTCP_WHY_NONE || why >= XTCP_WHY_NR)
		ep_wrong(ep, "an edge or a RST has no reason");
	else
		count[why]++;
}

void ep_count_edges(struct endpoint *ep, const struct xtcp_actions *a)
{
	unsigned int i;

	for (i = 0; i < a->nr_edges; i++) {
		ep->edges[a->edges[i]]++;
		ep_count_why(ep, ep->whys, a->why[i]);
	}
	if (a->orders & XTCP_ACT_SEND_RST)
		ep_count_why(ep, ep->rsts, a->rst_why);
}

static void done(struct endpoint *ep)
{
	ep->dead = true;
	ep->pace_waits = false;
	ep_wmem_purge(ep);
	ep_ooo_purge(ep);
}

/* No order without a reason. */
static void sent(struct endpoint *ep, enum xtcp_reason why)
{
	ep_count_why(ep, ep->sent, why);
}

static void answer_ack_before(void *host, u32 ack, enum xtcp_reason why)
{
	struct endpoint *ep = host;
	struct xtcp_header h;

	sent(ep, why);
	xtcp_compose_ack_before(&h, &ep->t, ack, ep_room(ep), *ep->now);
	ep_send_bare(ep, &h);
}

static void answer_syn(void *host, enum xtcp_reason why)
{
	sent(host, why);
	ep_send_syn(host);
}

static void answer_output(void *host)
{
	ep_push(host);
}

static void answer_retransmit(void *host, enum xtcp_reason why)
{
	sent(host, why);
	ep_retransmit(host);
}

static void answer_probe(void *host, u32 seq, enum xtcp_reason why)
{
	sent(host, why);
	ep_send_ack_from(host, seq);
}

static void answer_ack(void *host, enum xtcp_reason why)
{
	struct endpoint *ep = host;

	sent(ep, why);
	ep_send_ack_from(ep, ep->t.snd_nxt);
}

/* There is no backlog whose ACKs could come together. */
static bool answer_merge(void *host)
{
	return false;
}

static bool answer_challenge(void *host)
{
	struct endpoint *ep = host;

	if (!ep->challenges)
		return false;
	ep->challenges--;
	return true;
}

static void answer_rst(void *host, const struct xtcp_actions *a)
{
	struct endpoint *ep = host;
	struct xtcp_header h;

	xtcp_compose_rst(&h, &ep->t, a, ep_room(ep), *ep->now);
	ep_send_bare(ep, &h);
}

static const struct xtcp_answerer answerer = {
	.ack_before	= answer_ack_before,
	.syn		= answer_syn,
	.output		= answer_output,
	.retransmit	= answer_retransmit,
	.probe		= answer_probe,
	.ack		= answer_ack,
	.merge		= answer_merge,
	.challenge	= answer_challenge,
	.rst		= answer_rst,
};

/* Return: the payload's buffer was kept. */
bool ep_apply(struct endpoint *ep, struct xtcp_actions *a, struct xtcp_segment *seg)
{
	struct xtcp_tcb *t = &ep->t;
	u32 orders = a->orders;
	bool kept = false;

	ep_count_edges(ep, a);
	for (unsigned int i = 0; i < XTCP_NOTE_NR; i++)
		ep->notes[i] += a->notes >> i & 1;
	ep->sack_discards += a->sack_discards;
	ep->last = *a;
	if (orders & (XTCP_ACT_DELIVER | XTCP_ACT_QUEUED_OOO)) {
		struct buf *b = seg_buf(seg->node);

		b->next = POISON;
		if (orders & XTCP_ACT_DELIVER)
			ep_recvq_append(ep, b);
		else
			ep_rcvbuf_grow(ep, xtcp_window_behind_gap(t));
		ep->rmem += b->truesize;
		kept = true;
	}
	if (a->acked)
		xtcp_chrono_stop(t, XTCP_CHRONO_SNDBUF, *ep->now);
	ep_free_list(a->acked);
	while (a->ready) {
		struct xtcp_seg *next = xtcp_seg_next(a->ready);

		ep_recvq_append(ep, seg_buf(a->ready));
		a->ready = next;
	}
	for (struct xtcp_seg *s = a->dropped; s; s = xtcp_seg_next(s))
		ep->rmem -= seg_buf(s)->truesize;
	ep_free_list(a->dropped);
	if (orders & XTCP_ACT_PURGE_OOO)
		ep_ooo_purge(ep);
	if (orders & XTCP_ACT_CONNECTED) {
		ep->connected = true;
		xtcp_mss_update(t, ep->conf.path_mss);
	}
	if (orders & XTCP_ACT_ERROR)
		ep->error = a->error;
	if (orders & XTCP_ACT_QUEUE_FIN)
		ep_queue_fin(ep);
	xtcp_send_ordered(&answerer, ep, t, a);
	if (orders & XTCP_ACT_TIME_WAIT)
		ep_enter_timewait(ep);
	else if (orders & XTCP_ACT_DEAD)
		done(ep);
	if (!xtcp_actions_reasoned(a))
		ep_wrong(ep, "an order without a reason");
	if (a->bad_event)
		ep_wrong(ep, "an event that the table lacks");
	ep_verify(ep, a);
	return kept;
}
