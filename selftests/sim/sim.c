// SPDX-License-Identifier: GPL-2.0
/*
 * The simulator: two hosts of the core and a bad network, in virtual time.
 *
 *	sim			a table of scenarios
 *	sim --tap [SEEDS]	the same as tests, and as many random ones
 *	sim --seed N [--trace]	one random one again
 *	sim --run NAME [--trace] one of the table again
 *
 * Every run must end with both streams intact, byte by byte, and both ends in
 * CLOSE, within a limit of virtual time; and the invariants of core/check.c
 * hold after every event.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "network.h"
#include "tap.h"

#define MS		1000ULL
#define SEC		1000000ULL
#define MBIT(n)		((n) * 125000ULL)
#define KB		1024ULL
#define MB		(1024 * 1024ULL)
/* Nothing takes longer than this, whatever the network does. */
#define LIMIT		(100000 * SEC)
#define EVENTS_MAX	20000000ULL

/**
 * struct app - what uses a connection
 * @to_send: bytes
 * @write_max: bytes of one send() at most
 * @write_gap_us: pause between two
 * @read_max: bytes of one recv() at most
 * @read_gap_us: pause between two
 * @stall_at: after so many bytes it stops to read
 * @stall_us: for so long
 * @ask: request and response: it sends so much, then waits for as much
 * @answer: ... it is the one that answers
 * @close_at_once: close() behind the last byte, not shutdown()
 */
struct app {
	u64	to_send;
	u32	write_max, write_gap_us;
	u32	read_max, read_gap_us;
	u64	stall_at;
	u32	stall_us;
	u32	ask;
	bool	answer;
	bool	close_at_once;
};

struct running {
	const struct app *app;
	struct endpoint *ep;
	u64	sent, expected;
	xtcp_usec_t next_write, next_read, stalled_until;
	bool	shut, closed, stalled;
};

/**
 * struct scenario - a run
 * @name: what it is called
 * @link: the network
 * @app: who talks
 * @conf: the hosts
 * @gro_us: merge what arrives together
 * @simultaneous: both connect at once
 * @short_of_memory: now and then a buffer cannot be split
 * @least_mbit: goodput that it must reach, 0: any
 */
struct scenario {
	const char *name;
	struct link	link[2];
	struct app	app[2];
	struct endpoint_conf conf[2];
	u32		gro_us;
	bool		simultaneous;
	bool		short_of_memory;
	double		least_mbit;
};

/* What came of it. */
struct outcome {
	const char	*wrong;
	xtcp_usec_t	took, transfer;
	u64		events, segments, retransmitted, bytes;
	u32		edges[XTCP_EDGE_NR];
};

static jmp_buf failed;
static char why[300];

static void wrong(struct endpoint *ep, const char *what)
{
	struct network *n = ep->arg;

	snprintf(why, sizeof(why), "%c in %s at %.6f s, event %llu: %s",
		 (int)('A' + (ep - n->ep)), xtcp_state_name(ep->t.state),
		 n->now / 1e6 - 1000, (unsigned long long)n->events, what);
	longjmp(failed, 1);
}

/* ---- who talks ---------------------------------------------------------- */

static void app_write(struct running *r, struct rng *rng, xtcp_usec_t now)
{
	const struct app *app = r->app;
	u64 left = app->to_send - r->sent;

	while (left && now >= r->next_write) {
		u32 len = min_t(u64, left, rng_range(rng, 1, app->write_max)), n;

		if (app->ask) {
			/* a request for each answer, an answer for each request */
			if (r->sent + app->answer > r->ep->read)
				return;
			len = min_t(u64, left, app->ask);
		}
		n = endpoint_write(r->ep, len);
		if (!n)
			return;
		r->sent += n;
		left -= n;
		if (app->write_gap_us)
			r->next_write = now + rng_below(rng, 2 * app->write_gap_us);
	}
}

static void app_read(struct running *r, struct rng *rng, xtcp_usec_t now)
{
	const struct app *app = r->app;
	struct endpoint *ep = r->ep;

	if (app->stall_us && !r->stalled && ep->read >= app->stall_at) {
		r->stalled = true;
		r->stalled_until = now + app->stall_us;
	}
	while (now >= r->next_read && now >= r->stalled_until &&
	       (endpoint_readable(ep) || (ep->t.flags & XTCP_F_FIN_RCVD && !ep->eof) ||
		(ep->recvq && !ep->eof))) {
		endpoint_read(ep, app->read_max ? rng_range(rng, 1, app->read_max) : U32_MAX);
		if (app->read_gap_us)
			r->next_read = now + rng_below(rng, 2 * app->read_gap_us);
	}
}

static void app_run(struct running *r, struct rng *rng, xtcp_usec_t now)
{
	struct endpoint *ep = r->ep;

	if (r->closed || !ep->connected)
		return;
	app_read(r, rng, now);
	app_write(r, rng, now);
	if (r->sent == r->app->to_send && !r->shut) {
		r->shut = true;
		if (!r->app->close_at_once || ep->read != r->expected)
			endpoint_call(ep, XTCP_CALL_SHUT_WR);
	}
	if (r->shut && (ep->eof || (r->app->close_at_once && ep->read == r->expected &&
				    !ep->recvq))) {
		r->closed = true;
		endpoint_close(ep);
	}
}

/* When it will do something by itself. */
static xtcp_usec_t app_due(const struct running *r, xtcp_usec_t now)
{
	const struct endpoint *ep = r->ep;
	xtcp_usec_t due = 0, t;

	if (r->closed || !ep->connected)
		return 0;
	if (ep->recvq || (ep->t.flags & XTCP_F_FIN_RCVD && !ep->eof)) {
		t = max(r->next_read, r->stalled_until);
		due = t > now ? t : due;
	}
	if (r->sent < r->app->to_send && r->next_write > now)
		due = due ? min(due, r->next_write) : r->next_write;
	return due;
}

/* ---- a run -------------------------------------------------------------- */

static const char *verdict(const struct network *n, const struct running r[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct endpoint *ep = &n->ep[i];

		if (ep->error) {
			snprintf(why, sizeof(why), "%c got errno %d after %.1f s",
				 'A' + i, ep->error, n->now / 1e6 - 1000);
			return why;
		}
		if (ep->read != r[i].expected) {
			snprintf(why, sizeof(why), "%c read %llu of %llu bytes", 'A' + i,
				 (unsigned long long)ep->read,
				 (unsigned long long)r[i].expected);
			return why;
		}
		if (!r[i].closed || endpoint_state(ep) != XTCP_CLOSE) {
			snprintf(why, sizeof(why), "%c is in %s after %.1f s", 'A' + i,
				 xtcp_state_name(endpoint_state(ep)), n->now / 1e6 - 1000);
			return why;
		}
	}
	return NULL;
}

static bool over(const struct network *n, const struct running r[2])
{
	return r[0].closed && r[1].closed && !n->nr &&
	       endpoint_state(&n->ep[0]) == XTCP_CLOSE &&
	       endpoint_state(&n->ep[1]) == XTCP_CLOSE;
}

static void run(const struct scenario *s, u64 seed, bool trace, struct outcome *out)
{
	static struct network n;
	static struct running r[2];
	xtcp_usec_t began;
	unsigned int i, j;

	memset(out, 0, sizeof(*out));
	memset(r, 0, sizeof(r));
	network_init(&n, seed, s->conf);
	n.gro_us = s->gro_us;
	n.trace = trace;
	began = n.now;
	for (i = 0; i < 2; i++) {
		n.link[i] = s->link[i];
		if (n.link[i].blackout_until) {
			n.link[i].blackout_from += began;
			n.link[i].blackout_until += began;
		}
		n.ep[i].wrong = wrong;
		r[i].app = &s->app[i];
		r[i].ep = &n.ep[i];
		r[i].expected = s->app[!i].to_send;
	}
	if (setjmp(failed)) {
		/* what it had allocated is lost with it: the process is about to fail */
		out->wrong = why;
		return;
	}
	if (s->simultaneous)
		endpoint_connect(&n.ep[1]);
	else
		endpoint_listen(&n.ep[1]);
	endpoint_connect(&n.ep[0]);
	while (!over(&n, r) && n.now < began + LIMIT && n.events < EVENTS_MAX) {
		xtcp_usec_t until = began + LIMIT;

		for (i = 0; i < 2; i++) {
			xtcp_usec_t due;

			app_run(&r[i], &n.rng, n.now);
			if (s->short_of_memory && !rng_below(&n.rng, 30)) {
				n.ep[i].fail_splits = 1;
				n.ep[i].local_drops = 1;
			}
			due = app_due(&r[i], n.now);
			if (due)
				until = min(until, due);
			if (n.ep[i].error)
				goto end;
			/* one connection is what it waited for */
			if (n.ep[i].connected)
				endpoint_unlisten(&n.ep[i]);
		}
		if (!out->transfer && n.ep[0].read == r[0].expected &&
		    n.ep[1].read == r[1].expected)
			out->transfer = n.now - began;
		if (!network_step(&n, until) && until == began + LIMIT)
			break;
	}
end:
	out->took = n.now - began;
	out->wrong = verdict(&n, r);
	out->events = n.events;
	for (i = 0; i < 2; i++) {
		out->segments += n.link[i].sent;
		out->retransmitted += n.ep[i].t.info.total_retrans;
		out->bytes += n.ep[i].read;
		for (j = 0; j < XTCP_EDGE_NR; j++)
			out->edges[j] += n.ep[i].edges[j];
	}
	network_free(&n);
}

/* ---- scenarios ---------------------------------------------------------- */

static void both(struct scenario *s, struct link link)
{
	s->link[0] = link;
	s->link[1] = link;
}

static void defaults(struct scenario *s)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct endpoint_conf *c = &s->conf[i];

		endpoint_conf_init(c);
		c->iss = i ? 0xfffff000 : 0x7fffff00;
		c->ts_offset = i * 0x12345678;
		c->tx_stream = i;
		c->rx_stream = !i;
		s->app[i].write_max = 64 * KB;
		s->app[i].read_max = 256 * KB;
	}
	/* more buffer than the bandwidth-delay products below */
	s->conf[0].sndbuf = 8 * MB;
	s->conf[1].sndbuf = 8 * MB;
}

/* However bad the network, nobody gives up. */
static void patient(struct scenario *s)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct xtcp_conf *c = &s->conf[i].core;

		c->syn_retries = 100;
		c->synack_retries = 100;
		c->retries2 = 200;
		c->orphan_retries = 200;
		c->fin_timeout_us = 4000 * SEC;
		/* or the last FIN finds nobody, and is reset */
		c->timewait_us = 1000 * SEC;
		c->rto_max_us = 10 * SEC;
	}
}

#define LINK(...)	((struct link) { __VA_ARGS__ })

static void clean_lan(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(1000), .delay_us = 100));
	s->app[0].to_send = 64 * MB;
	s->gro_us = 50;
	s->least_mbit = 800;
}

static void clean_wan(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 20 * MS, .queue = 400));
	s->app[0].to_send = 64 * MB;
	s->gro_us = 50;
	/* slow start overshoots, and NewReno repairs one segment per RTT */
	s->least_mbit = 20;
}

static void both_ways(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .queue = 200));
	s->app[0].to_send = 16 * MB;
	s->app[1].to_send = 16 * MB;
	s->least_mbit = 80;
}

static void no_gso(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .queue = 200));
	s->app[0].to_send = 16 * MB;
	s->conf[0].gso_max = 1448;
	s->least_mbit = 30;
}

static void loss_1(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .queue = 200,
		     .loss_ppm = 10000));
	s->app[0].to_send = 16 * MB;
	s->least_mbit = 3;
}

static void loss_30(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 5 * MS, .loss_ppm = 300000));
	s->app[0].to_send = 256 * KB;
	patient(s);
}

static void bursts(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .loss_ppm = 2000,
		     .burst_us = 1 * MS));
	s->app[0].to_send = 8 * MB;
	patient(s);
}

static void reordering(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .reorder_ppm = 50000,
		     .reorder_us = 3 * MS));
	s->app[0].to_send = 16 * MB;
	s->least_mbit = 5;
}

static void duplicates(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .dup_ppm = 100000,
		     .jitter_us = 2 * MS));
	s->app[0].to_send = 8 * MB;
}

static void corruption(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .corrupt_ppm = 20000));
	s->app[0].to_send = 8 * MB;
}

static void acks_lost(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .queue = 200));
	s->link[1].loss_ppm = 300000;
	s->app[0].to_send = 16 * MB;
	patient(s);
	s->least_mbit = 10;
}

static void short_queue(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 10 * MS, .queue = 10));
	s->app[0].to_send = 8 * MB;
	s->least_mbit = 5;
}

static void blackout(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 10 * MS, .queue = 100,
		     .blackout_from = 1 * SEC, .blackout_until = 60 * SEC));
	s->app[0].to_send = 4 * MB;
	patient(s);
}

static void slow_reader(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 1 * MS));
	s->app[0].to_send = 2 * MB;
	s->app[1].read_max = 3000;
	s->app[1].read_gap_us = 2 * MS;
	s->conf[1].rcvbuf = 16 * KB;
	s->conf[1].rcvbuf_max = 16 * KB;
	s->least_mbit = 2;
}

static void zero_window(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 1 * MS, .loss_ppm = 100000));
	s->app[0].to_send = 2 * MB;
	s->app[1].stall_at = 100 * KB;
	s->app[1].stall_us = 1000 * SEC;
	patient(s);
}

static void tiny_buffer(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 1 * MS));
	s->app[0].to_send = 100 * KB;
	s->app[1].read_max = 700;
	s->app[1].read_gap_us = 1 * MS;
	s->conf[1].rcvbuf = 4 * KB;
	s->conf[1].rcvbuf_max = 4 * KB;
}

static void crumbs(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 1 * MS, .loss_ppm = 20000));
	s->app[0].to_send = 100 * KB;
	s->app[0].write_max = 20;
	s->app[0].write_gap_us = 100;
	s->conf[0].nodelay = true;
	s->conf[1].rcvbuf = 64 * KB;
	patient(s);
}

static void nagle(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 10 * MS));
	s->app[0].to_send = 100 * KB;
	s->app[0].write_max = 200;
	s->app[0].write_gap_us = 1 * MS;
}

static void dialogue(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 1 * MS));
	s->app[0].to_send = 100 * KB;
	s->app[1].to_send = 100 * KB;
	s->app[0].ask = 100;
	s->app[1].ask = 100;
	s->app[1].answer = true;
	s->least_mbit = 0.7;
}

static void mtu_shrinks(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .mtu = 576));
	s->app[0].to_send = 4 * MB;
	s->least_mbit = 20;
}

static void simultaneous_open(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 10 * MS, .loss_ppm = 100000));
	s->simultaneous = true;
	s->app[0].to_send = 200 * KB;
	s->app[1].to_send = 200 * KB;
	patient(s);
}

static void no_options(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(100), .delay_us = 5 * MS, .loss_ppm = 1000));
	s->app[0].to_send = 8 * MB;
	s->conf[0].core.timestamps = false;
	s->conf[0].core.window_scaling = false;
	s->least_mbit = 10;
}

static void jump_in_delay(struct scenario *s)
{
	/* the path is slower than the first RTO thinks: Karn's problem */
	both(s, LINK(.bandwidth = MBIT(10), .delay_us = 1500 * MS));
	s->app[0].to_send = 100 * KB;
	s->app[0].write_max = 1000;
	s->app[0].write_gap_us = 500 * MS;
	s->conf[0].core.timestamps = false;
}

static void satellite(struct scenario *s)
{
	both(s, LINK(.bandwidth = MBIT(20), .delay_us = 300 * MS, .queue = 2000));
	s->app[0].to_send = 32 * MB;
	s->least_mbit = 8;
}

static const struct {
	const char *name;
	void (*make)(struct scenario *s);
} table[] = {
#define S(name)	{ #name, name }
	S(clean_lan), S(clean_wan), S(both_ways), S(no_gso), S(loss_1), S(loss_30),
	S(bursts), S(reordering), S(duplicates), S(corruption), S(acks_lost),
	S(short_queue), S(blackout), S(slow_reader), S(zero_window), S(tiny_buffer),
	S(crumbs), S(nagle), S(dialogue), S(mtu_shrinks), S(simultaneous_open),
	S(no_options), S(jump_in_delay), S(satellite),
#undef S
};

#define NR_SCENARIOS	(ARRAY_SIZE(table))

static void make(struct scenario *s, unsigned int i)
{
	memset(s, 0, sizeof(*s));
	s->name = table[i].name;
	defaults(s);
	table[i].make(s);
}

static u32 often(struct rng *r, u32 max)
{
	/* none, a little, or a lot */
	switch (rng_below(r, 3)) {
	case 0: return 0;
	case 1: return rng_below(r, max / 20 + 1);
	default: return rng_below(r, max + 1);
	}
}

/* Anything goes: up to 30 % loss, and everything else at once. */
static void make_random(struct scenario *s, u64 seed)
{
	struct rng r = { .state = seed * 2 + 1 };
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->name = "random";
	defaults(s);
	patient(s);
	s->simultaneous = !rng_below(&r, 8);
	s->short_of_memory = !rng_below(&r, 4);
	s->gro_us = rng_below(&r, 2) ? rng_below(&r, 200) : 0;
	for (i = 0; i < 2; i++) {
		struct link *l = &s->link[i];
		struct app *app = &s->app[i];
		struct endpoint_conf *c = &s->conf[i];

		l->bandwidth = MBIT(1ULL << rng_below(&r, 10));
		l->delay_us = 1 << rng_below(&r, 20);
		l->jitter_us = rng_below(&r, 2) ? rng_below(&r, l->delay_us) : 0;
		l->queue = rng_below(&r, 2) ? rng_range(&r, 3, 300) : 0;
		l->loss_ppm = often(&r, 300000);
		l->burst_us = rng_below(&r, 4) ? 0 : rng_below(&r, 5 * MS);
		l->dup_ppm = often(&r, 200000);
		l->reorder_ppm = often(&r, 300000);
		l->reorder_us = 1 << rng_below(&r, 20);
		l->corrupt_ppm = often(&r, 50000);
		if (!rng_below(&r, 10))
			l->mtu = rng_range(&r, 100, 1460);
		app->to_send = rng_below(&r, 4) ? rng_below(&r, 1 << rng_range(&r, 1, 21)) : 0;
		app->write_max = 1 << rng_below(&r, 17);
		app->write_gap_us = rng_below(&r, 3) ? 0 : rng_below(&r, 20000);
		/* not a byte at a time for minutes */
		app->to_send = min_t(u64, app->to_send, 300ULL * app->write_max);
		app->read_max = 1 << rng_range(&r, 8, 18);
		app->read_gap_us = rng_below(&r, 3) ? 0 : rng_below(&r, 20000);
		if (!rng_below(&r, 5)) {
			app->stall_at = rng_below(&r, 50000);
			app->stall_us = rng_below(&r, 100) * SEC;
		}
		app->close_at_once = rng_below(&r, 2);
		c->iss = rng_below(&r, 2) ? rng_next(&r) : 0u - rng_below(&r, 100000);
		c->ts_offset = rng_next(&r);
		c->path_mss = rng_below(&r, 4) ? 1460 : rng_range(&r, 100, 9000);
		c->advmss = rng_below(&r, 4) ? c->path_mss : rng_range(&r, 100, 9000);
		c->gso_max = rng_below(&r, 2) ? 65000 : c->path_mss;
		c->sndbuf = 1 << rng_range(&r, 11, 21);
		c->rcvbuf = 1 << rng_range(&r, 12, 20);
		c->rcvbuf_max = c->rcvbuf << rng_below(&r, 4);
		c->overhead = rng_below(&r, 2) ? 300 : rng_below(&r, 1000);
		c->ratio = rng_range(&r, 60, 250);
		c->nodelay = rng_below(&r, 2);
		c->keepalive = rng_below(&r, 2);
		c->core.timestamps = rng_below(&r, 3);
		c->core.window_scaling = rng_below(&r, 3);
		c->core.slow_start_after_idle = rng_below(&r, 2);
	}
}

/* ---- what it prints ----------------------------------------------------- */

static double mbit(const struct outcome *o)
{
	return o->transfer ? o->bytes * 8.0 / o->transfer : 0;
}

static void row(const struct scenario *s, struct outcome *o, double cpu)
{
	if (!o->wrong && s->least_mbit && mbit(o) < s->least_mbit)
		o->wrong = "slower than it has to be";
	printf("%-18s %9.2f %9.3f %8.2f %8llu %7llu %7.2f  %s\n", s->name,
	       o->bytes / 1e6, o->transfer / 1e6, mbit(o),
	       (unsigned long long)o->segments, (unsigned long long)o->retransmitted,
	       cpu, o->wrong ? o->wrong : "ok");
}

static double cpu_seconds(void)
{
	return clock() / (double)CLOCKS_PER_SEC;
}

/* Return: how many failed. */
static unsigned int sweep(u64 from, unsigned int seeds, struct outcome *sum)
{
	unsigned int i, bad = 0;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < seeds; i++) {
		struct scenario s;
		struct outcome o;

		make_random(&s, from + i);
		run(&s, from + i, false, &o);
		sum->bytes += o.bytes;
		sum->segments += o.segments;
		sum->retransmitted += o.retransmitted;
		sum->transfer += o.transfer;
		if (o.wrong) {
			bad++;
			tap_note("seed %llu: %s", (unsigned long long)(from + i), o.wrong);
		}
	}
	return bad;
}

static int print_table(unsigned int seeds)
{
	unsigned int i, bad = 0;

	printf("%-18s %9s %9s %8s %8s %7s %7s\n", "scenario", "MB", "seconds",
	       "Mbit/s", "segments", "resent", "CPU s");
	for (i = 0; i < NR_SCENARIOS; i++) {
		double t = cpu_seconds();
		struct scenario s;
		struct outcome o;

		make(&s, i);
		run(&s, i + 1, false, &o);
		row(&s, &o, cpu_seconds() - t);
		bad += !!o.wrong;
	}
	for (i = 0; i < 10; i++) {
		double t = cpu_seconds();
		struct scenario s = { 0 };
		struct outcome o;
		char name[40];

		snprintf(name, sizeof(name), "%u random", seeds / 10);
		s.name = name;
		if (sweep(1 + i * (seeds / 10), seeds / 10, &o)) {
			o.wrong = "some failed";
			bad++;
		}
		row(&s, &o, cpu_seconds() - t);
	}
	printf("%u of %zu rows failed\n", bad, NR_SCENARIOS + 10);
	return !!bad;
}

static int print_tap(unsigned int seeds)
{
	unsigned int i, groups = 20;

	tap_plan(NR_SCENARIOS + groups);
	for (i = 0; i < NR_SCENARIOS; i++) {
		struct scenario s;
		struct outcome o;

		make(&s, i);
		/* sanitizers are slow: a part is enough */
		s.app[0].to_send = min_t(u64, s.app[0].to_send, 4 * MB);
		s.app[1].to_send = min_t(u64, s.app[1].to_send, 4 * MB);
		run(&s, i + 1, false, &o);
		/* ... and shorter ones spend more of their time in recovery */
		if (!o.wrong && mbit(&o) < s.least_mbit / 10)
			o.wrong = "much slower than it has to be";
		if (o.wrong)
			tap_note("%s", o.wrong);
		tap_result(!o.wrong, "sim__%s", s.name);
	}
	for (i = 0; i < groups; i++) {
		unsigned int n = seeds / groups;
		struct outcome o;

		tap_result(!sweep(1 + i * n, n, &o), "sim__random_%u_to_%u", 1 + i * n,
			   (i + 1) * n);
	}
	return tap_done();
}

static int once(const struct scenario *s, u64 seed, bool trace)
{
	struct outcome o;

	run(s, seed, trace, &o);
	printf("%s, seed %llu: %.2f MB in %.3f s, %llu segments, %llu resent: %s\n",
	       s->name, (unsigned long long)seed, o.bytes / 1e6, o.transfer / 1e6,
	       (unsigned long long)o.segments, (unsigned long long)o.retransmitted,
	       o.wrong ? o.wrong : "ok");
	return !!o.wrong;
}

int main(int argc, char **argv)
{
	bool trace = argc > 3 && !strcmp(argv[3], "--trace");
	struct scenario s;
	unsigned int i;

	if (argc > 1 && !strcmp(argv[1], "--tap"))
		return print_tap(argc > 2 ? atoi(argv[2]) : 4000);
	if (argc > 2 && !strcmp(argv[1], "--seed")) {
		u64 seed = strtoull(argv[2], NULL, 0);

		make_random(&s, seed);
		return once(&s, seed, trace);
	}
	if (argc > 2 && !strcmp(argv[1], "--run")) {
		for (i = 0; i < NR_SCENARIOS; i++) {
			if (strcmp(table[i].name, argv[2]))
				continue;
			make(&s, i);
			return once(&s, i + 1, trace);
		}
		fprintf(stderr, "there is no scenario %s\n", argv[2]);
		return 2;
	}
	return print_table(argc > 1 ? atoi(argv[1]) : 2000);
}
