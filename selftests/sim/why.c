// SPDX-License-Identifier: GPL-2.0
/*
 * Are the causes right that "xtcpstat why" tells?  Each row of the list makes one cause, on
 * links of many delays and rates, and asks the rules at a random moment: the truth is known
 * here.
 *
 *	why		the table of confusions
 *	why --tap	the same as a test: 95 of 100 verdicts must be right, and 60 of
 *			100 of each row
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/xtcpstat_cause.h"
#include "network.h"
#include "tap.h"
#include "wait.h"

#define MS		1000ULL
#define SEC		1000000ULL
#define MBIT(n)		((n) * 125000ULL)
#define RUNS		40	/* of each row; a test makes half as many */
#define RIGHT_PERCENT	95
#define FLOOR_PERCENT	60	/* and of each row so many */

/**
 * struct app - who uses one end
 * @write: bytes of a write, 0: none
 * @every_us: time between two; 0: as fast as there is room
 * @until: it stops to write after so much
 * @reads: it reads what comes, as soon as it comes
 * @rpc: it writes when all that the last write asked for has come
 * @answers: bytes that it answers to each @rpc bytes
 * @think_us: after so long
 * @shut_at: it shuts down its direction then, since the beginning
 */
struct app {
	u32	write;
	u32	every_us;
	u64	until;
	bool	reads;
	u32	rpc;
	u32	answers;
	u32	think_us;
	xtcp_usec_t shut_at;
};

/**
 * struct row - one cause
 * @truth: it
 * @other: a cause that is as true; CAUSE_UNKNOWN: none
 * @judged: which end is asked
 * @from: the cause is there from then on, since the beginning
 * @to: and until then: asked in between
 * @make: how it is made: links, conf and apps
 * @at: what happens at @from, NULL: nothing
 */
struct row {
	enum cause	truth;
	enum cause	other;
	unsigned int	judged;
	xtcp_usec_t	from, to;
	void		(*make)(void);
	void		(*at)(struct network *n);
};

static struct endpoint_conf conf[2];
static struct link link_[2];
static struct app app[2];

/* The hosts are short of memory for buffers, as they say (XTCP_WAIT_MEMORY). */
static bool memory_short;

/* ---- rows ---- */

static void bulk(void)
{
	app[0] = (struct app) { .write = 65536, .until = ~0ULL, .reads = true };
	app[1] = (struct app) { .reads = true };
}

static void quiet(void)
{
	app[0] = (struct app) { .write = 1000, .until = 1000, .reads = true };
	app[1] = (struct app) { .write = 1000, .until = 1000, .reads = true };
}

static void cut(struct network *n)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		n->link[i].blackout_from = n->now;
		n->link[i].blackout_until = ~0ULL;
	}
}

static void cut_ours(struct network *n)
{
	cut(n);
	n->link[1].blackout_until = 0;
}

static void syn_lost(void)
{
	quiet();
	link_[0].blackout_until = ~0ULL;
}

static void both_talk(void)
{
	bulk();
	app[1] = (struct app) { .write = 500, .every_us = 200 * MS, .until = ~0ULL,
				.reads = true };
}

static void black_hole(void)
{
	both_talk();
	link_[0].mtu = 1200;
	link_[0].silent = true;
}

static void peer_does_not_read(void)
{
	bulk();
	app[1].reads = false;
}

static void small_peer_window(void)
{
	bulk();
	conf[1].rcvbuf = 16384;
	conf[1].rcvbuf_max = 16384;
	link_[0].delay_us = 50 * MS;
	link_[1].delay_us = 50 * MS;
}

static void we_do_not_read(void)
{
	app[0] = (struct app) { .reads = false };
	app[1] = (struct app) { .write = 65536, .until = ~0ULL, .reads = true };
}

static void we_read_late(void)
{
	app[0] = (struct app) { .reads = false };
	app[1] = (struct app) { .write = 2000, .until = 2000, .reads = true };
}

static void peer_closes(void)
{
	quiet();
	app[1].shut_at = 2 * SEC;
}

static void we_close(void)
{
	quiet();
	app[0].shut_at = 2 * SEC;
}

static void nagle(void)
{
	app[0] = (struct app) { .write = 100, .every_us = 5 * MS, .until = ~0ULL,
				.reads = true };
	app[1] = (struct app) { .reads = true };
	link_[0].delay_us += 20 * MS;
}

static void sndbuf(void)
{
	bulk();
	conf[0].sndbuf = 8 * 1448;
	link_[0].bandwidth = 0;
	link_[1].bandwidth = 0;
	link_[0].delay_us += 20 * MS;
}

/* A host that is short of memory shrinks send buffers. */
static void short_of_memory(void)
{
	sndbuf();
	memory_short = true;
}

static void slow_start(void)
{
	bulk();
	conf[0].sndbuf = 64 << 20;
	conf[1].rcvbuf_max = 64 << 20;
	link_[0].bandwidth = 0;
	link_[0].delay_us = 200 * MS;
	link_[1].delay_us = 200 * MS;
}

static void dialogue(void)
{
	app[0] = (struct app) { .write = 200, .rpc = 200, .until = ~0ULL, .reads = true };
	app[1] = (struct app) { .rpc = 200, .answers = 200, .reads = true };
	conf[0].nodelay = true;
	conf[1].nodelay = true;
	link_[0].delay_us += 10 * MS;
}

static void slow_server(void)
{
	dialogue();
	link_[0].delay_us = 1 * MS;
	link_[1].delay_us = 1 * MS;
	app[1].think_us = 400 * MS;
}

static void slow_client(void)
{
	app[0] = (struct app) { .write = 200, .every_us = 600 * MS, .until = ~0ULL,
				.reads = true };
	app[1] = (struct app) { .rpc = 200, .answers = 200, .reads = true };
	link_[0].delay_us = 1 * MS;
	link_[1].delay_us = 1 * MS;
}

static void lossy(void)
{
	bulk();
	link_[0].loss_ppm = 20000;
}

static void reordering(void)
{
	bulk();
	link_[0].reorder_ppm = 50000;
	link_[0].reorder_us = link_[0].delay_us / 2 + 5 * MS;
}

/* The way back is longer all at once: the RTO is over by then. */
static void delay_spike(struct network *n)
{
	n->link[1].delay_us += 1500 * MS;
}

static void spikes(void)
{
	app[0] = (struct app) { .write = 3000, .every_us = 500 * MS, .until = ~0ULL,
				.reads = true };
	app[1] = (struct app) { .reads = true };
	conf[0].nodelay = true;
}

static void keepalive(void)
{
	quiet();
	conf[0].keepalive = true;
	conf[0].core.keepalive_time_us = 5 * SEC;
	conf[0].core.keepalive_intvl_us = 5 * SEC;
}

static void far_close(void)
{
	quiet();
	link_[0].delay_us = 1 * SEC;
	link_[1].delay_us = 1 * SEC;
	app[0].shut_at = 10 * SEC;
}

/* The reader was late, long ago; all is read, and it rests. */
static void read_late_once(void)
{
	quiet();
	app[1].write = 2000;
	app[1].until = 2000;
	app[0].reads = false;
}

static void reads_now(struct network *n)
{
	app[0].reads = true;
}

/* A transfer with losses, long over. */
static void lossy_once(void)
{
	bulk();
	app[0].until = 3000000;
	link_[0].loss_ppm = 20000;
}

static const struct row rows[] = {
	{ CAUSE_SYN_LOST,	 0, 0, 2 * SEC, 100 * SEC, syn_lost, NULL },
	{ CAUSE_DEAD_PEER,	 0, 0, 3 * SEC, 600 * SEC, bulk, cut },
	{ CAUSE_DEAD_PEER,	 0, 0, 3 * SEC, 600 * SEC, both_talk, cut },
	{ CAUSE_ONE_WAY,	 0, 0, 3 * SEC, 300 * SEC, both_talk, cut_ours },
	{ CAUSE_BLACK_HOLE,	 0, 0, 4 * SEC, 300 * SEC, black_hole, NULL },
	{ CAUSE_PEER_WINDOW,	 0, 0, 3 * SEC, 300 * SEC, peer_does_not_read, NULL },
	{ CAUSE_SMALL_PEER_WINDOW, 0, 0, 3 * SEC, 10 * SEC, small_peer_window, NULL },
	{ CAUSE_OUR_WINDOW,	 0, 0, 3 * SEC, 300 * SEC, we_do_not_read, NULL },
	{ CAUSE_SLOW_READER,	 0, 0, 3 * SEC, 300 * SEC, we_read_late, NULL },
	{ CAUSE_NOT_CLOSED,	 0, 0, 3 * SEC, 7200 * SEC, peer_closes, NULL },
	{ CAUSE_PEER_OPEN,	 0, 0, 3 * SEC, 300 * SEC, we_close, NULL },
	{ CAUSE_FIN_UNACKED,	 0, 0, 10200 * MS, 11800 * MS, far_close, NULL },
	{ CAUSE_NAGLE,		 0, 0, 2 * SEC, 10 * SEC, nagle, NULL },
	{ CAUSE_SNDBUF,		 0, 0, 3 * SEC, 10 * SEC, sndbuf, NULL },
	{ CAUSE_MEMORY,		 0, 0, 3 * SEC, 10 * SEC, short_of_memory, NULL },
	{ CAUSE_CWND,		 0, 0, 1500 * MS, 3 * SEC, slow_start, NULL },
	{ CAUSE_ROUND_TRIPS,	 0, 0, 2 * SEC, 10 * SEC, dialogue, NULL },
	{ CAUSE_PEER_SLOW,	 0, 0, 2 * SEC, 10 * SEC, slow_server, NULL },
	{ CAUSE_WRITER_SLOW,	 0, 0, 2 * SEC, 10 * SEC, slow_client, NULL },
	{ CAUSE_LOSS,		 0, 0, 3 * SEC, 10 * SEC, lossy, NULL },
	{ CAUSE_REORDERING,	 CAUSE_SPURIOUS, 0, 3 * SEC, 10 * SEC, reordering, NULL },
	{ CAUSE_SPURIOUS,	 0, 0, 6 * SEC, 12 * SEC, spikes, delay_spike },
	{ CAUSE_KEEPALIVE,	 0, 0, 3 * SEC, 40 * SEC, keepalive, cut },
	{ CAUSE_IDLE,		 0, 0, 3 * SEC, 7200 * SEC, quiet, NULL },
	{ CAUSE_IDLE,		 0, 0, 60 * SEC, 600 * SEC, read_late_once, reads_now },
	{ CAUSE_IDLE,		 0, 0, 300 * SEC, 20000 * SEC, lossy_once, NULL },
};

#define ROWS	ARRAY_SIZE(rows)

/* ---- a run ---- */

/* One end's user does what there is to do.  Return: when he wants to be asked again, 0: never. */
static xtcp_usec_t run_app(struct network *n, unsigned int i, u64 *written,
			   xtcp_usec_t *next, xtcp_usec_t began)
{
	struct endpoint *ep = &n->ep[i];
	struct app *a = &app[i];

	if (!ep->connected)
		return 0;
	if (a->reads && (endpoint_readable(ep) || (ep->t.flags & XTCP_F_FIN_RCVD && !ep->eof)))
		endpoint_read(ep, U32_MAX);
	if (a->answers) {
		/* a request came as a whole: answer it, in time */
		if (ep->read / a->rpc * a->answers <= *written)
			return 0;
		if (!*next)
			*next = n->now + a->think_us;
		if (n->now < *next)
			return *next;
		*next = 0;
		*written += endpoint_write(ep, a->answers);
		return 0;
	}
	if (a->rpc && ep->read < *written)
		return 0;
	while (*written < a->until && a->write && n->now >= *next) {
		u32 len = endpoint_write(ep, a->write);

		*written += len;
		if (a->every_us)
			*next = n->now + a->every_us;
		if (!len || a->rpc)
			break;
	}
	if (a->shut_at && n->now >= began + a->shut_at) {
		a->shut_at = 0;
		endpoint_call(ep, XTCP_CALL_SHUT_WR);
	}
	if (a->shut_at)
		return began + a->shut_at;
	return a->every_us && *written < a->until ? *next : 0;
}

static enum cause judge(const struct network *n, unsigned int i, char *text, size_t size)
{
	const struct endpoint *ep = &n->ep[i];
	struct xtcp_clock_info clocks;
	struct facts f = { .clocks = &clocks };
	enum cause cause;

	xtcp_wait_look(&ep->t, ep->pace_waits ? XTCP_HELD_PACING : 0, n->now, &f.wait);
	xtcp_clocks_look(&ep->clocks, n->now, &clocks);
	if (memory_short)
		f.wait.flags |= XTCP_WAIT_MEMORY;
	f.wait.state_ms = clocks.state_us[ep->t.state] / 1000;
	cause = cause_of(&f);
	cause_text(text, size, cause, &f);
	return cause;
}

static void world(struct rng *rng)
{
	unsigned int i;

	memset(app, 0, sizeof(app));
	memory_short = false;
	for (i = 0; i < 2; i++) {
		endpoint_conf_init(&conf[i]);
		conf[i].iss = 1000 * i;
		conf[i].tx_stream = i;
		conf[i].rx_stream = !i;
		conf[i].hollow = true;
		conf[i].sndbuf = 4 << 20;
		link_[i] = (struct link) {
			.bandwidth = MBIT(rng_range(rng, 10, 100)),
			.delay_us = rng_range(rng, 500, 40000),
		};
		link_[i].queue = 1000;
	}
}

static enum cause run(const struct row *row, u64 seed, char *text, size_t size)
{
	static struct network n;
	struct rng rng = { .state = seed };
	xtcp_usec_t began, ask, begun_at, next[2] = {}, due;
	u64 written[2] = {};
	bool happened = !row->at;
	enum cause cause;
	unsigned int i;

	world(&rng);
	row->make();
	network_init(&n, seed, conf);
	n.gro_us = 50;
	began = n.now;
	for (i = 0; i < 2; i++)
		n.link[i] = link_[i];
	begun_at = began + row->from;
	/* what happens takes a moment to show */
	ask = begun_at + (row->at ? 4 * SEC : 0);
	ask += rng_below(&rng, began + row->to - ask);
	endpoint_listen(&n.ep[1]);
	endpoint_connect(&n.ep[0]);
	while (n.now < ask) {
		xtcp_usec_t until = happened ? ask : min(ask, begun_at);

		for (i = 0; i < 2; i++) {
			due = run_app(&n, i, &written[i], &next[i], began);
			if (due)
				until = min(until, max(due, n.now));
			if (n.ep[i].connected)
				endpoint_unlisten(&n.ep[i]);
		}
		if (!happened && n.now >= begun_at) {
			happened = true;
			row->at(&n);
		}
		if (!network_step(&n, until))
			n.now = max(n.now, until);
	}
	cause = judge(&n, row->judged, text, size);
	network_free(&n);
	return cause;
}

/* ---- the table ---- */

static unsigned int confused[ROWS][CAUSE_NR], runs;

static unsigned int right_of(unsigned int i)
{
	return confused[i][rows[i].truth] + (rows[i].other ? confused[i][rows[i].other] : 0);
}

static unsigned int worst(void)
{
	unsigned int i, least = runs;

	for (i = 0; i < ROWS; i++)
		least = min(least, right_of(i));
	return least;
}

static void print_table(void)
{
	unsigned int i, c;

	for (i = 0; i < ROWS; i++) {
		tap_note("%-18s %3u of %u right", causes[rows[i].truth].name, right_of(i),
			 runs);
		for (c = 0; c < CAUSE_NR; c++)
			if (confused[i][c] && c != rows[i].truth && c != rows[i].other)
				tap_note("	taken for %s: %u", causes[c].name, confused[i][c]);
	}
}

int main(int argc, char **argv)
{
	bool verbose = argc < 2 || strcmp(argv[1], "--tap");
	unsigned int i, j, right = 0;
	char text[500];

	runs = verbose ? RUNS : RUNS / 2;
	for (i = 0; i < ROWS; i++) {
		for (j = 0; j < runs; j++) {
			enum cause cause = run(&rows[i], 1000 * i + j + 1, text, sizeof(text));

			confused[i][cause]++;
			if (cause == rows[i].truth || (cause && cause == rows[i].other))
				right++;
			else if (verbose)
				tap_note("seed %u of %s: %s", j, causes[rows[i].truth].name, text);
			if (!j && verbose)
				tap_note("%s: %s", causes[cause].name, text);
		}
	}
	tap_plan(2);
	print_table();
	tap_result(worst() * 100 >= FLOOR_PERCENT * runs, "why__each_cause_is_found");
	tap_result(100 * right >= RIGHT_PERCENT * runs * ROWS,
		   "why__verdicts_are_right # %u of %zu", right, runs * ROWS);
	return tap_done();
}
