// SPDX-License-Identifier: GPL-2.0
/*
 * Every kind of segment in every state, with a socket of the kernel's TCP and with
 * one of xtcp: both have to answer the same, and to go on the same way.
 *
 * The cases that kmod/differences.md names are left out, by accepted(), which says
 * which row it is; and a state, FIN_WAIT2 of an orphan, which Linux has none of: there
 * it is TIME_WAIT.
 */
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/segment.h"
#include "lib/story.h"
#include "lib/util.h"

FIXTURE(parity) { int unused; };

FIXTURE_SETUP(parity)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	/* the one that is compared with; older ones are different in some of this */
	if (kernel_before(7, 0))
		SKIP(return, "compares with the TCP of Linux 7");
}

FIXTURE_TEARDOWN(parity)
{
}

/* ---- segments ------------------------------------------------------------ */

/* Where a segment begins. */
enum where { AT, BEFORE, BEHIND, LATER, LAST, EDGE, BEYOND, LONG_AGO, WHERES };
/* What it acknowledges. */
enum what { ALL, UNA, OLD, UNSENT, FAR, WHATS };

static const char *const flags[] = {
	"-", ".", "F", "F.", "R", "R.", "S", "S.", "SF", "SF.", "PU", "PU.", "SR",
};

/**
 * struct kind - a kind of segment
 * @flags: as in wire.h
 * @where: where it begins
 * @what: what it acknowledges
 * @len: its text, bytes
 */
struct kind {
	const char	*flags;
	enum where	where;
	enum what	what;
	int		len;
};

static bool has(const struct kind *k, char flag)
{
	return strchr(k->flags, flag);
}

/* ---- one case ------------------------------------------------------------ */

/**
 * struct trial - a connection in the state
 * @s: whose story it is
 * @p: the peer
 * @listener: on WIRE_PORT
 * @fd: the socket, -1: none
 * @nxt: the peer's next sequence number, relative
 * @una: of ours the first that is not acknowledged, relative
 * @end: behind the last of ours
 */
struct trial {
	struct story	*s;
	struct peer	p;
	int		listener;
	int		fd;
	int		nxt, una, end;
};

static void plays(struct trial *t, const char *line)
{
	packets(&t->p, line);
}

static void listens(struct trial *t)
{
	t->p.lport = WIRE_PORT;
}

static void syn_recv(struct trial *t)
{
	listens(t);
	plays(t, "< S 0:0(0) <mss 1460>");
	plays(t, "> S. 0:0(0) ack 1");
	t->nxt = 1;
	t->end = 1;
	t->una = 1;
}

static void syn_sent(struct trial *t)
{
	t->fd = start_connect(&t->p);
	plays(t, "> S 0:0(0)");
	t->end = 1;
}

static void simultaneous(struct trial *t)
{
	syn_sent(t);
	plays(t, "< S 0:0(0) <mss 1460>");
	plays(t, "> S. 0:0(0) ack 1");
	t->nxt = 1;
}

static void established(struct trial *t)
{
	syn_recv(t);
	plays(t, "< . 1:1(0) ack 1");
	t->fd = do_accept(&t->s->w, t->listener);
}

static void fin_sent(struct trial *t, bool orphan)
{
	if (orphan) {
		close(t->fd);
		t->fd = -1;
	} else {
		shutdown(t->fd, SHUT_WR);
	}
	plays(t, fmt("> F. 1:1(0) ack %d", t->nxt));
	t->end = 2;
}

static void fin_acked(struct trial *t)
{
	plays(t, fmt("< . %d:%d(0) ack 2", t->nxt, t->nxt));
	t->una = 2;
}

static void fin_comes(struct trial *t)
{
	plays(t, fmt("< F. 1:1(0) ack %d", t->una));
	plays(t, "> . *:*(0) ack 2");
	t->nxt = 2;
}

static void fin_wait1(struct trial *t)
{
	established(t);
	fin_sent(t, false);
}

static void fin_wait2(struct trial *t)
{
	fin_wait1(t);
	fin_acked(t);
}

static void orphan_fin_wait1(struct trial *t)
{
	established(t);
	fin_sent(t, true);
}

static void closing(struct trial *t)
{
	fin_wait1(t);
	fin_comes(t);
}

static void time_wait(struct trial *t)
{
	fin_wait2(t);
	fin_comes(t);
	close(t->fd);
	t->fd = -1;
}

static void close_wait(struct trial *t)
{
	established(t);
	fin_comes(t);
}

static void last_ack(struct trial *t)
{
	close_wait(t);
	fin_sent(t, false);
}

/* Nobody is there. */
static void closed(struct trial *t)
{
	t->p.lport = 9;
}

/* What is played now: a story has no arguments. */
static const char *with_flags;
static void (*in_state)(struct trial *t);

/* What came, but for numbers that are random. */
static void tell_answers(struct trial *t)
{
	struct segment g;
	char text[256];

	while (peer_hears(&t->p, 0)) {
		parse_segment(t->p.last, t->p.last_len, &g);
		/* by a timer: a bad acknowledgment brings it forward, to two ticks hence */
		if (in_state == syn_sent && g.flags == F_SYN)
			continue;
		g.opts_len = 0;
		if (g.flags == (F_RST | F_ACK) && !g.seq)
			g.seq = t->p.irs;	/* no number of ours */
		print_segment(text, &g, t->p.irs, t->p.iss);
		tell_text(t->s, " [%s]", text);
	}
}

static void tell_state(struct trial *t)
{
	if (fd_poll(t->listener, POLLIN, 0) & POLLIN) {
		int fd = do_accept(&t->s->w, t->listener);

		tell_text(t->s, " accepted");
		if (t->fd < 0)
			t->fd = fd;
		else
			close(fd);
	}
	if (t->fd >= 0)
		tell_text(t->s, " state %d error %d poll %x", fd_state(t->fd),
			  get_int(t->fd, SOL_SOCKET, SO_ERROR), fd_poll(t->fd, ~0, 0));
}

static int begins_at(const struct trial *t, enum where where)
{
	switch (where) {
	case BEFORE:	return t->nxt - 1;
	case BEHIND:	return t->nxt + 1;
	case LATER:	return t->nxt + 100;
	case LAST:	return t->nxt + t->p.rcv_win - 1;
	case EDGE:	return t->nxt + t->p.rcv_win;
	case BEYOND:	return t->nxt + 200000;
	case LONG_AGO:	return t->nxt - 200000;
	default:	return t->nxt;
	}
}

static int acknowledges(const struct trial *t, enum what what)
{
	switch (what) {
	case UNA:	return t->una;
	case OLD:	return t->una - 5;
	case UNSENT:	return t->end + 1;
	case FAR:	return t->end + 100000;
	default:	return t->end;
	}
}

static void sends(struct trial *t, const struct kind *k)
{
	int seq = begins_at(t, k->where);

	plays(t, fmt("< %s %d:%d(%d)%s%s %s", k->flags, seq, seq + k->len, k->len,
		     has(k, '.') ? fmt(" ack %d", acknowledges(t, k->what)) : "",
		     has(k, 'U') ? " urg 1" : "",
		     has(k, 'S') ? "<mss 1460>" : ""));
}

/* Does the connection go on as if nothing had happened? */
static void goes_on(struct trial *t)
{
	plays(t, fmt("< . %d:%d(0) ack %d", t->nxt, t->nxt, t->end));
	tell_answers(t);
	plays(t, fmt("< P. %d:%d(1) ack %d", t->nxt, t->nxt + 1, t->end));
	tell_answers(t);
}

static void play(struct trial *t, const struct kind *k)
{
	in_state(t);
	tell_text(t->s, "%s at %d ack %d len %d:", k->flags, k->where, k->what, k->len);
	sends(t, k);
	tell_answers(t);
	tell_state(t);
	tell_text(t->s, " then");
	goes_on(t);
	tell_state(t);
	tell_text(t->s, "\n");
	if (t->fd >= 0) {
		set_linger(t->fd, 0);
		close(t->fd);
	}
	plays(t, fmt("< R %d:%d(0)", t->nxt, t->nxt));
	peer_settle(&t->p, 0);
}

/* ---- all of a state ------------------------------------------------------ */

static bool peer_is_done(void)
{
	return in_state == closing || in_state == close_wait || in_state == last_ack;
}

/* It begins in the window, or has text there, and ends behind it. */
static bool crosses_the_edge(const struct kind *k)
{
	return (k->where == LAST && k->len) ||
	       (k->where == EDGE && (k->len || has(k, 'S') || has(k, 'F')));
}

/* The row of kmod/differences.md that a case belongs to, NULL: none. */
static const char *accepted(const struct kind *k)
{
	bool plain = !has(k, 'S') && !has(k, 'R');

	if (in_state == closed || in_state == listens)
		return NULL;
	if (in_state != syn_sent && in_state != syn_recv && plain && !has(k, '.'))
		return "a segment without the ACK bit";
	if (in_state == syn_sent && has(k, 'S') && has(k, '.') && k->what == ALL &&
	    (k->len || has(k, 'F')))
		return "text, or a FIN, in a SYN,ACK";
	if (in_state == syn_recv && has(k, 'S') && has(k, '.') && k->where == BEFORE &&
	    (k->len || has(k, 'F')))
		return "a SYN,ACK with text, or a FIN, in SYN_RECV";
	if (in_state == simultaneous && k->what == UNA && !has(k, 'S') && !has(k, 'R'))
		return "an acknowledgment of nothing in SYN_RECV, after a simultaneous open";
	if (in_state == time_wait && has(k, 'S') && has(k, 'F'))
		return "a SYN with a FIN, in TIME_WAIT";
	if (peer_is_done() && crosses_the_edge(k))
		return "a segment that begins in the window and ends behind it";
	if (peer_is_done() && plain && k->where == BEFORE && k->len)
		return "text behind a FIN";
	if (peer_is_done() && plain && has(k, 'U'))
		return "an urgent pointer behind a FIN";
	return NULL;
}

/*
 * Whatever is limited is not, so that each case stands alone; and no scale, which
 * the SYN of a simultaneous open agrees on in Linux.
 */
static void set_up(void)
{
	static const char *const stacks[] = { "net/ipv4/tcp_", "net/xtcp/" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stacks); i++) {
		proc_write(fmt("/proc/sys/%sinvalid_ratelimit", stacks[i]), "0");
		proc_write(fmt("/proc/sys/%schallenge_ack_limit", stacks[i]), "2147483647");
		proc_write(fmt("/proc/sys/%swindow_scaling", stacks[i]), "0");
	}
}

/* In less than this no timer of either has its say: the first is a RTO of 200 ms. */
#define TRIAL_MS	150
#define TRIAL_TRIES	20

/*
 * Play a case, each time with another of the peer's ports, until the machine was not
 * too busy to do it before a timer fires.
 */
static void play_in_time(struct trial *t, const struct kind *k, const struct peer *base,
			 uint16_t *port)
{
	size_t len = t->s->len;
	uint64_t began;
	int tries = 0;

	do {
		t->s->len = len;
		t->s->text[len] = '\0';
		t->fd = -1;
		t->nxt = 0;
		t->una = 0;
		t->end = 0;
		peer_clone(&t->p, base, (*port)++);
		began = now_ns();
		play(t, k);
	} while (now_ns() - began > TRIAL_MS * 1000000ULL && ++tries < TRIAL_TRIES);
}

static void every_kind(struct story *s)
{
	struct kind k = { .flags = with_flags };
	struct trial t = { .s = s };
	uint16_t port = 10000;
	struct peer base;

	peer_init(&base, &s->w);
	set_up();
	t.listener = start_listen(&s->w, 64);
	for (k.where = 0; k.where < WHERES; k.where++)
		for (k.what = 0; k.what < (has(&k, '.') ? WHATS : 1); k.what++)
			for (k.len = 0; k.len <= 10; k.len += 10) {
				if (!accepted(&k))
					play_in_time(&t, &k, &base, &port);
			}
	close(t.listener);
}

/*
 * All kinds with some flags.  A machine that is busy may keep an answer for later, of
 * either: what differs is told once more, and is a difference when it does so again.
 */
static const char *differences(void)
{
	const char *difference;
	int tries = 0;

	do
		difference = compare_stories(every_kind);
	while (difference && ++tries < 4);
	return difference;
}

#define SAME_IN(state)							\
	TEST_F(parity, state)						\
	{								\
		unsigned int i;						\
									\
		in_state = state;					\
		for (i = 0; i < ARRAY_SIZE(flags); i++) {		\
			const char *difference;				\
									\
			with_flags = flags[i];				\
			difference = differences();			\
			EXPECT_NULL(difference) {			\
				TH_LOG("the answers differ:%s", difference); \
			}						\
		}							\
	}

SAME_IN(closed)
SAME_IN(listens)
SAME_IN(syn_sent)
SAME_IN(syn_recv)
SAME_IN(simultaneous)
SAME_IN(established)
SAME_IN(fin_wait1)
SAME_IN(fin_wait2)
SAME_IN(orphan_fin_wait1)
SAME_IN(closing)
SAME_IN(time_wait)
SAME_IN(close_wait)
SAME_IN(last_ack)

TEST_HARNESS_MAIN
