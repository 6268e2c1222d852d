// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "flow.h"

/* What the sender's user writes at once, bytes. */
#define WRITE		(64U << 10)
/* RTTs of less than this are not told apart, as a power of two, microseconds. */
#define TIMES_MIN_LOG	4

/* ---- distributions ------------------------------------------------------ */

static u32 times_index(u32 us)
{
	u32 log;

	if (us < 1 << TIMES_MIN_LOG)
		return us;
	log = 31 - __builtin_clz(us);
	return (log - TIMES_MIN_LOG + 1) * TIMES_SUB + (us >> (log - 4)) % TIMES_SUB;
}

/* The middle of a bucket. */
static u32 times_value(u32 index)
{
	u32 log, width;

	if (index < TIMES_SUB)
		return index;
	log = index / TIMES_SUB - 1 + TIMES_MIN_LOG;
	width = 1U << (log - 4);
	return (TIMES_SUB + index % TIMES_SUB) * width + width / 2;
}

static void times_add(struct times *t, u32 us)
{
	t->nr++;
	t->sum_us += us;
	t->bucket[times_index(us)]++;
}

/**
 * times_percentile - a quantile of a distribution
 * @t: the distribution
 * @percent: of the times are not longer
 *
 * Return: microseconds, to 3 %.
 */
u32 times_percentile(const struct times *t, u32 percent)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < TIMES_NR; i++) {
		sum += t->bucket[i];
		if (sum && sum * 100 >= t->nr * percent)
			return times_value(i);
	}
	return 0;
}

/* ---- what happens to an endpoint ---------------------------------------- */

static void wrong(struct endpoint *ep, const char *what)
{
	struct flow *f = ep->arg;
	struct world *w = f->world;

	snprintf(w->why, sizeof(w->why), "%s in %s at %.6f s: %s",
		 ep == &f->ep[SENDER] ? "sender" : "receiver",
		 xtcp_state_name(ep->t.state), (w->now_ns - WORLD_EPOCH) / 1e9, what);
	longjmp(w->failed, 1);
}

static void timer(const struct event *e);

/* An event for the timer that is due first; one that is too early does no harm. */
static void rearm(struct flow *f, unsigned int side)
{
	u64 due = endpoint_due(&f->ep[side]) * NSEC_PER_USEC;
	struct event e = { .fn = timer, .arg = f, .side = side };

	if (!due || (f->timer_at[side] && f->timer_at[side] <= due))
		return;
	f->timer_at[side] = due;
	e.when = max(due, f->world->now_ns);
	world_schedule(f->world, &e);
}

static void account_recovery(struct flow *f)
{
	bool now = xtcp_in_recovery(&f->ep[SENDER].t);

	if (now == f->recovering)
		return;
	if (!now)
		f->recovery_us += f->world->now - f->mark_us;
	f->mark_us = f->world->now;
	f->recovering = now;
}

/* The sender's user keeps its buffer filled, or answers requests. */
static void feed(struct flow *f)
{
	struct endpoint *ep = &f->ep[SENDER];

	while (ep->connected) {
		u64 len = f->conf.block ? min_t(u64, f->asked - f->written, WRITE) : WRITE;

		if (!len || endpoint_unacked(ep) + len > ep->conf.sndbuf)
			return;
		f->written += endpoint_write(ep, len);
	}
}

static void consume(struct flow *f)
{
	struct endpoint *ep = &f->ep[RECEIVER];

	if (!endpoint_readable(ep))
		return;
	endpoint_read(ep, U32_MAX);
	f->pause_us = max(f->pause_us, f->world->now - f->read_us);
	f->read_us = f->world->now;
}

static void after(struct flow *f, unsigned int side)
{
	if (side == SENDER) {
		feed(f);
		account_recovery(f);
	} else {
		consume(f);
	}
	rearm(f, side);
}

static void timer(const struct event *e)
{
	struct flow *f = e->arg;
	struct endpoint *ep = &f->ep[e->side];
	u8 retransmits = ep->t.retransmits;
	xtcp_usec_t due = endpoint_due(ep);

	/* the only one that is not in vain; and rearm() may have had a newer one */
	if (f->timer_at[e->side] > e->when)
		return;
	f->timer_at[e->side] = 0;
	if (due && due <= f->world->now)
		endpoint_timer(ep);
	if (e->side == SENDER && ep->t.retransmits > retransmits)
		f->timeouts++;
	after(f, e->side);
}

/* ---- packets ------------------------------------------------------------ */

static u32 data_end(const struct packet *p)
{
	return packet_seq(p) + p->len - p->hdr;
}

/* Does the receiver have all that is in it? */
static bool is_known(struct flow *f, const struct packet *p)
{
	struct xtcp_tcb *t = &f->ep[RECEIVER].t;
	u32 seq = packet_seq(p), end = data_end(p);
	struct rb_node *rb;

	if (xtcp_after(end, f->high)) {
		f->high = end;
		return false;
	}
	if (!xtcp_after(end, t->rcv_nxt))
		return true;
	for (rb = t->ooo.rb_node; rb;) {
		const struct xtcp_seg *seg = xtcp_rb_seg(rb);

		if (xtcp_before(seq, seg->seq))
			rb = rb->rb_left;
		else if (!xtcp_before(seq, seg->end_seq))
			rb = rb->rb_right;
		else
			return !xtcp_after(end, seg->end_seq);
	}
	return false;
}

static void observe(struct flow *f, const struct packet *p, u64 sent_ns, bool copy)
{
	const struct link *back = &f->world->link[BACKWARD];
	u64 rtt;

	if (p->len == p->hdr || packet_flags(p) & XTCP_SYN)
		return;
	if (!f->ep[RECEIVER].connected)
		f->high = packet_seq(p);
	if (is_known(f, p) && !copy)
		f->spurious++;
	rtt = f->world->now_ns - sent_ns + back->conf.delay_ns + f->conf.extra_ns;
	times_add(&f->rtt, rtt / NSEC_PER_USEC);
}

static void receive(struct flow *f, unsigned int side, struct packet *p)
{
	endpoint_receive(&f->ep[side], p);
	free(p);
	after(f, side);
}

static void poll(const struct event *e)
{
	struct flow *f = e->arg;
	struct packet *p = f->rx[e->side];

	f->rx[e->side] = NULL;
	while (p) {
		struct packet *next = p->next;

		p->next = NULL;
		while (next && packet_merge(&p, next)) {
			struct packet *merged = next;

			next = merged->next;
			free(merged);
		}
		receive(f, e->side, p);
		p = next;
	}
}

static void arrive(const struct event *e)
{
	struct flow *f = e->arg;
	struct packet *p = e->packet;

	if (e->side == RECEIVER)
		observe(f, p, e->extra, e->flag);
	if (!f->conf.coalesce_ns) {
		receive(f, e->side, p);
		return;
	}
	p->next = NULL;
	if (f->rx[e->side]) {
		f->rx_tail[e->side]->next = p;
	} else {
		struct event later = { .fn = poll, .arg = f, .side = e->side };

		later.when = f->world->now_ns + f->conf.coalesce_ns;
		world_schedule(f->world, &later);
		f->rx[e->side] = p;
	}
	f->rx_tail[e->side] = p;
}

static void xmit(struct endpoint *ep, struct packet *p)
{
	struct flow *f = ep->arg;
	struct world *w = f->world;
	unsigned int side = ep == &f->ep[SENDER] ? SENDER : RECEIVER;
	struct link_fate fate = link_send(&w->link[side], p, &w->rng, w->now_ns);
	struct event e = {
		.fn = arrive, .arg = f, .packet = p, .side = !side, .extra = w->now_ns,
	};

	if (fate.lost) {
		free(p);
		return;
	}
	e.when = fate.arrives + f->conf.extra_ns;
	if (fate.twice) {
		struct event twin = e;

		twin.packet = packet_copy(p);
		twin.flag = true;
		world_schedule(w, &e);
		world_schedule(w, &twin);
		return;
	}
	world_schedule(w, &e);
}

/* ---- life --------------------------------------------------------------- */

static void start(const struct event *e)
{
	struct flow *f = e->arg;

	f->read_us = f->world->now;
	endpoint_listen(&f->ep[RECEIVER]);
	endpoint_connect(&f->ep[SENDER]);
	rearm(f, SENDER);
}

/**
 * flow_init - a flow that is going to start
 * @f: out
 * @w: where; it must not end before the flow
 * @conf: what it is like
 */
void flow_init(struct flow *f, struct world *w, const struct flow_conf *conf)
{
	struct event e = { .when = WORLD_EPOCH + conf->start_ns, .fn = start, .arg = f };
	unsigned int i;

	memset(f, 0, sizeof(*f));
	f->conf = *conf;
	f->world = w;
	for (i = 0; i < 2; i++) {
		endpoint_init(&f->ep[i], &conf->ep[i], &w->now, xmit, f);
		f->ep[i].wrong = wrong;
	}
	world_schedule(w, &e);
}

/**
 * flow_ask - the receiver wants the next block
 * @f: the flow
 */
void flow_ask(struct flow *f)
{
	f->asked += f->conf.block;
	feed(f);
	rearm(f, SENDER);
}

/**
 * flow_sample - note what it is like now
 * @f: the flow
 * @max: samples that there will be
 */
void flow_sample(struct flow *f, u32 max)
{
	const struct xtcp_tcb *t = &f->ep[SENDER].t;

	if (!f->samples) {
		f->samples = calloc(max, sizeof(*f->samples));
		if (!f->samples)
			abort();
	}
	f->samples[f->nr_samples++] = (struct sample) {
		.cwnd = t->cwnd,
		.in_flight = xtcp_in_flight(t),
		.read = f->ep[RECEIVER].read,
		.rtt_nr = f->rtt.nr,
		.rtt_sum_us = f->rtt.sum_us,
	};
}

/**
 * flow_finish - the world stops: close the books
 * @f: the flow
 */
void flow_finish(struct flow *f)
{
	if (f->recovering)
		f->recovery_us += f->world->now - f->mark_us;
	f->mark_us = f->world->now;
	f->pause_us = max(f->pause_us, f->world->now - f->read_us);
}

/**
 * flow_free - give its memory back
 * @f: the flow, at any time
 */
void flow_free(struct flow *f)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		while (f->rx[i]) {
			struct packet *p = f->rx[i];

			f->rx[i] = p->next;
			free(p);
		}
		endpoint_free(&f->ep[i]);
	}
	free(f->samples);
}
