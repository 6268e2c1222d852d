// SPDX-License-Identifier: GPL-2.0
/*
 * Two endpoints, and everything that can happen between them, as far as a few
 * steps go: calls of both users, segments that arrive, are overtaken, lost or
 * doubled, and timers.
 *
 * A scenario says how the world begins and what may happen in it, and how often.
 * The explorer tries every order, the short ones first; a world that it has seen
 * before is not entered again.  From each it then goes deeper at random.  In every
 * world the invariants hold (the endpoints see to that) and no event is missing in
 * the table; and once the network behaves and both users close, both ends come to
 * CLOSE, with every byte delivered unless somebody reset or gave up.  All
 * scenarios together take every edge of the table.
 *
 *	explore [WORLDS]	as tests; so many worlds per scenario at most
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint.h"
#include "rng.h"
#include "tap.h"

#define DEPTH_MAX	40
#define WIRE_MAX	64
#define EVENTS_MAX	2000	/* to come to an end */

/* What can happen.  Calls of A and of B; packets of either on the wire. */
enum step {
	A_CONNECT, A_SEND_FROM_LISTEN, A_WRITE, A_SHUTDOWN, A_CLOSE, A_ABORT, A_READ,
	B_CONNECT, B_LISTEN, B_UNLISTEN, B_WRITE, B_SHUTDOWN, B_CLOSE, B_ABORT, B_READ,
	B_DESTROY_TIMEWAIT, A_DESTROY_TIMEWAIT,
	TIMER,
	DELIVER_A, DELIVER_A_2ND, LOSE_A, DOUBLE_A,	/* what A sent */
	DELIVER_B, DELIVER_B_2ND, LOSE_B, DOUBLE_B,
	NR_STEPS
};

static const char *const step_names[NR_STEPS] = {
	"A connects", "A sends from LISTEN", "A writes", "A shuts down", "A closes",
	"A aborts", "A reads", "B connects", "B listens", "B's listener closes",
	"B writes", "B shuts down", "B closes", "B aborts", "B reads",
	"B's TIME_WAIT is destroyed", "A's TIME_WAIT is destroyed", "a timer fires",
	"a packet of A arrives", "a packet of A overtakes another",
	"a packet of A is lost", "a packet of A is doubled", "a packet of B arrives",
	"a packet of B overtakes another", "a packet of B is lost",
	"a packet of B is doubled",
};

/**
 * struct scenario - how a world begins, and what may happen in it
 * @name: what it is called
 * @prefix: steps that are taken first; a zero-terminated list of step + 1
 * @may: how often each step may be taken; bad_network comes on top, unless it
 *	 says itself how often packets arrive
 * @tune: what is different in the endpoints
 */
struct scenario {
	const char	*name;
	u8		prefix[32];
	u8		may[NR_STEPS];
	void		(*tune)(struct endpoint_conf conf[2]);
};

/* A network at its worst, twice. */
static const u8 bad_network[NR_STEPS] = {
	[DELIVER_A] = 20, [DELIVER_A_2ND] = 2, [LOSE_A] = 2, [DOUBLE_A] = 1,
	[DELIVER_B] = 20, [DELIVER_B_2ND] = 2, [LOSE_B] = 2, [DOUBLE_B] = 1,
};

struct wire {
	struct packet	*p[WIRE_MAX];
	unsigned int	nr;
};

static struct world {
	xtcp_usec_t	now;
	struct endpoint	ep[2];
	struct wire	wire[2];	/* what each has sent */
	u8		left[NR_STEPS];
	bool		lossless;	/* nobody reset or gave up */
} w;

static const struct scenario *scenario;
static u8 path[DEPTH_MAX];
static unsigned int path_len;
static struct rng whim;
static jmp_buf failed;
static char why[200];
static u32 edges[XTCP_EDGE_NR];

/* ---- worlds seen before: a set of hashes -------------------------------- */

static u64 *seen;
static u32 seen_size, seen_nr;

static bool seen_before(u64 h)
{
	u32 i;

	h |= !h;
	for (i = h % seen_size; seen[i]; i = (i + 1) % seen_size) {
		if (seen[i] == h)
			return true;
	}
	seen[i] = h;
	seen_nr++;
	return false;
}

static u64 mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ (h >> 29);
}

/* What makes a difference for what can come: no absolute times, no statistics. */
static u64 hash_tcb(u64 h, const struct xtcp_tcb *t, xtcp_usec_t now)
{
	const struct rb_node *rb;
	unsigned int i;

	h = mix(h, t->state | t->flags << 8);
	if (t->state == XTCP_CLOSE)
		return h;
	h = mix(h, (u64)t->rcv_nxt << 32 | t->snd_una);
	h = mix(h, (u64)t->snd_nxt << 32 | t->write_seq);
	h = mix(h, (u64)t->rcv_wup << 32 | t->rcv_wnd);
	h = mix(h, (u64)t->snd_wnd << 32 | t->snd_wl1);
	h = mix(h, (u64)t->copied_seq << 32 | t->recovery.end_seq);
	h = mix(h, t->cwnd | t->packets_out << 8 | t->sacked_out << 16 | t->lost_out << 24);
	h = mix(h, t->retrans_out | t->ssthresh << 8);
	h = mix(h, t->quick | t->pingpong << 8 | t->backoff << 16 | t->retransmits << 24);
	h = mix(h, t->probes_out | (u64)t->ato_us << 8);
	h = mix(h, t->ca_state | t->rec << 8 | (u64)t->recovery.undo_retrans << 24);
	for (i = 0; i < XTCP_TIMER_NR; i++)
		h = mix(h, t->deadline[i] ? t->deadline[i] - now + 1 : 0);
	for (rb = rb_first(&t->rtx); rb; rb = rb_next(rb)) {
		const struct xtcp_seg *seg = xtcp_rb_seg(rb);

		h = mix(h, (u64)seg->seq << 8 | seg->mark);
		h = mix(h, seg->sacked << 24 | seg->gone << 16 | seg->lost << 8 | seg->again);
	}
	for (rb = rb_first(&t->ooo); rb; rb = rb_next(rb))
		h = mix(h, xtcp_rb_seg(rb)->seq);
	return h;
}

static u64 hash_world(void)
{
	u64 h = 1;
	unsigned int i, j, k;

	for (i = 0; i < 2; i++) {
		const struct endpoint *ep = &w.ep[i];

		h = hash_tcb(h, &ep->t, w.now);
		h = mix(h, ep->has_listener | ep->has_req << 1 | ep->has_tw << 2 |
			   ep->eof << 3 | ep->orphan << 4 | ep->error << 8);
		if (ep->has_req)
			h = mix(h, ep->req_due - w.now + ((u64)ep->req.retries << 56));
		if (ep->has_tw)
			h = mix(h, ep->tw_due - w.now);
		for (j = 0; j < w.wire[i].nr; j++) {
			const struct packet *p = w.wire[i].p[j];

			for (k = 4; k < p->len; k++)
				h = mix(h, p->bytes[k]);
			h = mix(h, p->len);
		}
		h = mix(h, w.wire[i].nr);
	}
	for (i = 0; i < NR_STEPS; i++)
		h = mix(h, w.left[i]);
	return h;
}

/* ---- the world ---------------------------------------------------------- */

static void wrong(struct endpoint *ep, const char *what)
{
	snprintf(why, sizeof(why), "%c in %s: %s", (int)('A' + (ep - w.ep)),
		 xtcp_state_name(ep->t.state), what);
	longjmp(failed, 1);
}

static void transmit(struct endpoint *ep, struct packet *p)
{
	struct wire *wire = &w.wire[ep - w.ep];

	if (packet_flags(p) & XTCP_RST)
		w.lossless = false;
	if (wire->nr == WIRE_MAX)
		wrong(ep, "too many packets");
	wire->p[wire->nr++] = p;
}

static struct packet *take(struct wire *wire, unsigned int i)
{
	struct packet *p = wire->p[i];

	memmove(&wire->p[i], &wire->p[i + 1], (--wire->nr - i) * sizeof(p));
	return p;
}

static void world_init(void)
{
	struct endpoint_conf conf[2];
	unsigned int i;

	memset(&w, 0, sizeof(w));
	w.now = 1000 * XTCP_USEC_PER_SEC;
	w.lossless = true;
	for (i = 0; i < 2; i++) {
		endpoint_conf_init(&conf[i]);
		conf[i].iss = i ? 0xfffffffe : 0x7ffffffe;
		conf[i].path_mss = 100;
		conf[i].advmss = 100;
		conf[i].gso_max = 300;
		conf[i].rcvbuf = 1000;
		conf[i].rcvbuf_max = 1000;
		conf[i].ratio = 256;
		conf[i].overhead = 0;
		conf[i].tx_stream = i;
		conf[i].rx_stream = !i;
		/* few retries: giving up must be within reach */
		conf[i].core.timestamps = false;
		conf[i].core.window_scaling = false;
		conf[i].core.syn_retries = 1;
		conf[i].core.synack_retries = 1;
		conf[i].core.retries2 = 2;
		conf[i].core.orphan_retries = 2;
	}
	if (scenario->tune)
		scenario->tune(conf);
	for (i = 0; i < 2; i++) {
		endpoint_init(&w.ep[i], &conf[i], &w.now, transmit, NULL);
		w.ep[i].wrong = wrong;
	}
	for (i = 0; i < NR_STEPS; i++) {
		w.left[i] = scenario->may[i];
		if (!scenario->may[DELIVER_A])
			w.left[i] += bad_network[i];
	}
}

static void world_free(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		while (w.wire[i].nr)
			free(take(&w.wire[i], 0));
		endpoint_free(&w.ep[i]);
	}
}

static xtcp_usec_t next_timer(void)
{
	xtcp_usec_t a = endpoint_due(&w.ep[0]), b = endpoint_due(&w.ep[1]);

	return !a || (b && b < a) ? b : a;
}

static void fire(void)
{
	unsigned int i;

	w.now = max(w.now, next_timer());
	for (i = 0; i < 2; i++) {
		xtcp_usec_t due = endpoint_due(&w.ep[i]);
		int error = w.ep[i].error;

		if (!due || due > w.now)
			continue;
		endpoint_timer(&w.ep[i]);
		if (w.ep[i].error != error || w.ep[i].dead)
			w.lossless = false;
		return;
	}
}

static bool possible(enum step s)
{
	const struct endpoint *a = &w.ep[0], *b = &w.ep[1];

	switch (s) {
	case A_CONNECT:
		return a->t.state == XTCP_CLOSE && !a->has_tw && !a->has_listener;
	case A_SEND_FROM_LISTEN:
		return a->t.state == XTCP_CLOSE;
	case A_WRITE:
		return XTCP_IN(a->t.state, XTCP_SET_CAN_SEND) && !a->orphan;
	case A_SHUTDOWN:
	case A_ABORT:
		return a->t.state != XTCP_CLOSE && !a->orphan;
	case A_CLOSE:
		return a->t.state != XTCP_CLOSE && !a->orphan;
	case A_READ:
		return endpoint_readable(a);
	case B_CONNECT:
		return b->t.state == XTCP_CLOSE && !b->has_tw && !b->has_listener;
	case B_LISTEN:
		return !b->has_listener;
	case B_UNLISTEN:
		return b->has_listener;
	case B_WRITE:
		return XTCP_IN(b->t.state, XTCP_SET_CAN_SEND) && !b->orphan;
	case B_SHUTDOWN:
	case B_ABORT:
	case B_CLOSE:
		return b->t.state != XTCP_CLOSE && !b->orphan;
	case B_READ:
		return endpoint_readable(b);
	case A_DESTROY_TIMEWAIT:
		return a->has_tw;
	case B_DESTROY_TIMEWAIT:
		return b->has_tw;
	case TIMER:
		return next_timer();
	case DELIVER_A:
	case LOSE_A:
	case DOUBLE_A:
		return w.wire[0].nr;
	case DELIVER_A_2ND:
		return w.wire[0].nr > 1;
	case DELIVER_B:
	case LOSE_B:
	case DOUBLE_B:
		return w.wire[1].nr;
	case DELIVER_B_2ND:
		return w.wire[1].nr > 1;
	case NR_STEPS:
		break;
	}
	return false;
}

static void deliver(unsigned int from, unsigned int i)
{
	struct packet *p = take(&w.wire[from], i);

	endpoint_receive(&w.ep[!from], p);
	free(p);
}

static void take_step(enum step s)
{
	struct endpoint *a = &w.ep[0], *b = &w.ep[1];
	struct packet *p;

	switch (s) {
	case A_CONNECT:
		endpoint_connect(a);
		break;
	case A_SEND_FROM_LISTEN:
		endpoint_listen(a);
		endpoint_send_from_listen(a);
		break;
	case A_WRITE:
		endpoint_write(a, 150);
		break;
	case A_SHUTDOWN:
		endpoint_call(a, XTCP_CALL_SHUT_WR);
		break;
	case A_CLOSE:
		w.lossless &= !a->recvq;
		endpoint_close(a);
		break;
	case A_ABORT:
		w.lossless = false;
		a->orphan = true;
		endpoint_call(a, XTCP_CALL_ABORT);
		break;
	case A_READ:
		endpoint_read(a, U32_MAX);
		break;
	case B_CONNECT:
		endpoint_connect(b);
		break;
	case B_LISTEN:
		endpoint_listen(b);
		break;
	case B_UNLISTEN:
		endpoint_unlisten(b);
		break;
	case B_WRITE:
		endpoint_write(b, 150);
		break;
	case B_SHUTDOWN:
		endpoint_call(b, XTCP_CALL_SHUT_WR);
		break;
	case B_CLOSE:
		w.lossless &= !b->recvq;
		endpoint_close(b);
		break;
	case B_ABORT:
		w.lossless = false;
		b->orphan = true;
		endpoint_call(b, XTCP_CALL_ABORT);
		break;
	case B_READ:
		endpoint_read(b, U32_MAX);
		break;
	case A_DESTROY_TIMEWAIT:
		endpoint_abort_timewait(a);
		break;
	case B_DESTROY_TIMEWAIT:
		endpoint_abort_timewait(b);
		break;
	case TIMER:
		fire();
		break;
	case DELIVER_A:
		deliver(0, 0);
		break;
	case DELIVER_A_2ND:
		deliver(0, 1);
		break;
	case LOSE_A:
		free(take(&w.wire[0], 0));
		break;
	case DOUBLE_A:
		p = packet_copy(w.wire[0].p[0]);
		endpoint_receive(b, p);
		free(p);
		break;
	case DELIVER_B:
		deliver(1, 0);
		break;
	case DELIVER_B_2ND:
		deliver(1, 1);
		break;
	case LOSE_B:
		free(take(&w.wire[1], 0));
		break;
	case DOUBLE_B:
		p = packet_copy(w.wire[1].p[0]);
		endpoint_receive(a, p);
		free(p);
		break;
	case NR_STEPS:
		break;
	}
}

/* ---- from here on the network behaves: does it come to an end? ---------- */

static bool quiet(void)
{
	return endpoint_state(&w.ep[0]) == XTCP_CLOSE &&
	       endpoint_state(&w.ep[1]) == XTCP_CLOSE && !w.wire[0].nr && !w.wire[1].nr;
}

/* Nothing more will come: a user who waits for the peer's FIN gives up. */
static void hang_up(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (w.ep[i].t.state != XTCP_CLOSE && !w.ep[i].orphan)
			endpoint_close(&w.ep[i]);
	}
}

static void settle(void)
{
	xtcp_usec_t limit = w.now + 7200ULL * XTCP_USEC_PER_SEC;
	unsigned int events, i;

	for (events = 0; !quiet(); events++) {
		if (events == EVENTS_MAX || w.now > limit) {
			snprintf(why, sizeof(why), "A stays in %s, B in %s",
				 xtcp_state_name(endpoint_state(&w.ep[0])),
				 xtcp_state_name(endpoint_state(&w.ep[1])));
			longjmp(failed, 1);
		}
		for (i = 0; i < 2; i++) {
			struct endpoint *ep = &w.ep[i];

			endpoint_unlisten(ep);
			if (!ep->orphan)
				endpoint_read(ep, U32_MAX);
			/* first the FIN, then the socket: nothing unread is lost */
			if (ep->t.state != XTCP_CLOSE && !ep->orphan)
				endpoint_call(ep, XTCP_CALL_SHUT_WR);
			if (ep->eof && !ep->orphan)
				endpoint_close(ep);
		}
		if (w.wire[0].nr)
			deliver(0, 0);
		else if (w.wire[1].nr)
			deliver(1, 0);
		else if (next_timer())
			fire();
		else
			hang_up();
	}
	for (i = 0; i < 2 && w.lossless; i++) {
		const struct endpoint *ep = &w.ep[i];

		if (w.ep[!i].written != ep->read && !ep->orphan) {
			snprintf(why, sizeof(why), "%c read %llu of %llu bytes", 'A' + i,
				 (unsigned long long)ep->read,
				 (unsigned long long)w.ep[!i].written);
			longjmp(failed, 1);
		}
	}
}

static void note_edges(void)
{
	unsigned int i;

	for (i = 0; i < XTCP_EDGE_NR; i++)
		edges[i] += w.ep[0].edges[i] + w.ep[1].edges[i];
}

/* ---- every order, the short ones first ---------------------------------- */

/* A world is the steps that lead to it: the last one, and the world before. */
struct node {
	u32	parent;
	u8	step;
	u8	depth;
};

static struct node *nodes;
static u32 nodes_nr, nodes_size;

static void node_add(u32 parent, u8 step, u8 depth)
{
	if (nodes_nr == nodes_size) {
		nodes_size = nodes_size ? 2 * nodes_size : 1024;
		nodes = realloc(nodes, nodes_size * sizeof(*nodes));
		if (!nodes)
			abort();
	}
	nodes[nodes_nr++] = (struct node) { parent, step, depth };
}

static void replay(u32 node)
{
	unsigned int i;

	path_len = nodes[node].depth;
	for (i = path_len; i; node = nodes[node].parent)
		path[--i] = nodes[node].step;
	world_init();
	for (i = 0; scenario->prefix[i]; i++) {
		enum step s = scenario->prefix[i] - 1;

		if (!possible(s)) {
			snprintf(why, sizeof(why), "the prefix cannot go on: %s", step_names[s]);
			longjmp(failed, 1);
		}
		take_step(s);
	}
	for (i = 0; i < path_len; i++) {
		w.left[path[i]]--;
		take_step(path[i]);
	}
}

/* Any steps that are possible, as long as there are some. */
static void wander(void)
{
	while (path_len < DEPTH_MAX) {
		u8 can[NR_STEPS];
		unsigned int n = 0;
		enum step s;

		for (s = 0; s < NR_STEPS; s++) {
			if (w.left[s] && possible(s))
				can[n++] = s;
		}
		if (!n)
			return;
		s = can[rng_below(&whim, n)];
		path[path_len++] = s;
		w.left[s]--;
		take_step(s);
	}
}

static void end_world(void)
{
	settle();
	note_edges();
	world_free();
}

static void explore(u32 max)
{
	u32 i;

	node_add(0, 0, 0);
	for (i = 0; i < nodes_nr && seen_nr < max; i++) {
		enum step s;

		replay(i);
		if (seen_before(hash_world())) {
			world_free();
			continue;
		}
		for (s = 0; s < NR_STEPS; s++) {
			if (w.left[s] && possible(s))
				node_add(i, s, nodes[i].depth + 1);
		}
		end_world();
		replay(i);
		wander();
		end_world();
	}
}

static void print_path(void)
{
	unsigned int i;

	for (i = 0; scenario->prefix[i]; i++)
		tap_note("    %s", step_names[scenario->prefix[i] - 1]);
	for (i = 0; i < path_len; i++)
		tap_note("  * %s", step_names[path[i]]);
}

static bool run(const struct scenario *s, u32 max)
{
	scenario = s;
	whim.state = 1;
	nodes_nr = 0;
	seen_size = 2 * max + 1;
	seen_nr = 0;
	seen = calloc(seen_size, sizeof(*seen));
	if (!seen)
		abort();
	if (setjmp(failed)) {
		tap_note("%s", why);
		print_path();
		free(seen);
		return false;
	}
	explore(max);
	tap_note("%s: %u worlds, every order of %u steps%s", s->name, seen_nr,
		 nodes[nodes_nr - 1].depth - 1,
		 seen_nr >= max ? ", and there are more" : "");
	free(seen);
	return true;
}

/* ---- scenarios ---------------------------------------------------------- */

#define P(step)		((step) + 1)
#define HANDSHAKE	P(B_LISTEN), P(A_CONNECT), P(DELIVER_A), P(DELIVER_B), P(DELIVER_A)

static void timestamps(struct endpoint_conf conf[2])
{
	conf[0].core.timestamps = true;
	conf[1].core.timestamps = true;
}

static void small_window(struct endpoint_conf conf[2])
{
	conf[1].rcvbuf = 200;
	conf[1].rcvbuf_max = 200;
}

static const struct scenario scenarios[] = {
	{
		.name	= "handshake",
		.may	= { [TIMER] = 3, [B_LISTEN] = 1, [B_UNLISTEN] = 1, [A_CONNECT] = 1,
			    [A_CLOSE] = 1, [A_ABORT] = 1 },
	}, {
		.name	= "simultaneous_open",
		.prefix	= { P(A_CONNECT), P(B_CONNECT) },
		.may	= { [TIMER] = 3, [A_CLOSE] = 1, [B_SHUTDOWN] = 1, [A_ABORT] = 1 },
	}, {
		.name	= "simultaneous_open_given_up",
		.prefix	= { P(A_CONNECT), P(B_CONNECT) },
		.may	= { [DELIVER_A] = 2, [DELIVER_B] = 2, [LOSE_A] = 9, [LOSE_B] = 9,
			    [TIMER] = 6, [A_SHUTDOWN] = 1, [B_ABORT] = 1 },
	}, {
		.name	= "send_from_listen",
		.prefix	= { P(B_LISTEN), P(A_SEND_FROM_LISTEN) },
		.may	= { [TIMER] = 3, [A_WRITE] = 1, [B_WRITE] = 1, [A_SHUTDOWN] = 1 },
	}, {
		.name	= "data_both_ways",
		.prefix	= { HANDSHAKE },
		.may	= { [TIMER] = 3, [A_WRITE] = 2, [B_WRITE] = 2, [A_READ] = 2, [B_READ] = 2 },
	}, {
		.name	= "closed_window",
		.prefix	= { HANDSHAKE, P(A_WRITE), P(DELIVER_A), P(DELIVER_A) },
		.may	= { [A_WRITE] = 2, [B_READ] = 1, [A_CLOSE] = 1, [TIMER] = 6 },
		.tune	= small_window,
	}, {
		.name	= "close_both",
		.prefix	= { HANDSHAKE },
		.may	= { [TIMER] = 3, [A_CLOSE] = 1, [B_CLOSE] = 1, [A_SHUTDOWN] = 1,
			    [B_SHUTDOWN] = 1 },
	}, {
		.name	= "close_with_data",
		.prefix	= { HANDSHAKE },
		.may	= { [TIMER] = 3, [A_WRITE] = 1, [B_WRITE] = 1, [A_CLOSE] = 1,
			    [B_CLOSE] = 1, [B_READ] = 1 },
	}, {
		.name	= "abort",
		.prefix	= { HANDSHAKE },
		.may	= { [TIMER] = 3, [A_ABORT] = 1, [B_ABORT] = 1, [A_SHUTDOWN] = 1,
			    [B_SHUTDOWN] = 1, [A_DESTROY_TIMEWAIT] = 1,
			    [B_DESTROY_TIMEWAIT] = 1 },
	}, {
		.name	= "giving_up",
		.prefix	= { HANDSHAKE },
		.may	= { [DELIVER_A] = 4, [DELIVER_B] = 4, [LOSE_A] = 9, [LOSE_B] = 9,
			    [TIMER] = 9, [A_WRITE] = 1, [A_CLOSE] = 1, [B_SHUTDOWN] = 1 },
	}, {
		.name	= "another_incarnation",
		.prefix	= { HANDSHAKE, P(B_SHUTDOWN), P(DELIVER_B), P(A_CLOSE),
			    P(DELIVER_A), P(DELIVER_B) },
		.may	= { [A_CONNECT] = 1, [B_LISTEN] = 1, [A_WRITE] = 1,
			    [TIMER] = 4 },
		.tune	= timestamps,
	},
};

#define NR_SCENARIOS	(ARRAY_SIZE(scenarios))

int main(int argc, char **argv)
{
	u32 max = argc > 1 ? strtoul(argv[1], NULL, 0) : 16000;
	unsigned int i;

	tap_plan(NR_SCENARIOS + XTCP_EDGE_NR);
	for (i = 0; i < NR_SCENARIOS; i++) {
		bool ok = run(&scenarios[i], max);

		tap_result(ok, "explore__%s", scenarios[i].name);
	}
	for (i = 0; i < XTCP_EDGE_NR; i++)
		tap_result(edges[i], "edge__%s", xtcp_edges[i].name);
	free(nodes);
	return tap_done();
}
