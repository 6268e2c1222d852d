// SPDX-License-Identifier: GPL-2.0
/* Why a connection is as it is. */
#include <stdbool.h>
#include <stdio.h>

#include "xtcpstat_cause.h"

#define DESC(n, whose, how, where)	\
	[CAUSE_##n] = { .name = #n, .who = whose, .what = how, .clause = where },
const struct cause_desc causes[CAUSE_NR] = { CAUSES(DESC) };

/* What came and was not read for so long is the reader's fault, milliseconds. */
#define UNREAD_MS	500
/* Who has said nothing for so long rests, milliseconds. */
#define IDLE_MS		1000
/* A queue that was full so long ago is no news, milliseconds. */
#define OLD_MS		600000
/* More of what was sent had to be sent again: one in so many. */
#define LOSSY		200
/* So many full segments have passed: the path takes their size. */
#define FULL_SEGMENTS	4
/* A wait counts when it took one part in so many of the time. */
#define WORTH		5

/*
 * What sending spent most of its time with, without what is nobody's fault: that there was
 * nothing to send.  XTCP_SEND_NONE: nothing stands out, or nobody watched.
 */
static unsigned int spent_most(const struct xtcp_clock_info *c)
{
	unsigned int i, most = XTCP_SEND_NONE;

	if (!c || !c->total_us)
		return XTCP_SEND_NONE;
	for (i = XTCP_SEND_NETWORK; i <= XTCP_SEND_TIMEOUT; i++)
		if (c->send_us[i] > c->send_us[most])
			most = i;
	return c->send_us[most] >= c->total_us / WORTH ? most : XTCP_SEND_NONE;
}

/* Receiving waited for our user, most of the time. */
static bool reader_is_slow(const struct xtcp_clock_info *c)
{
	return c && c->recv_us[XTCP_RECV_READER] + c->recv_us[XTCP_RECV_WINDOW] >=
		    c->total_us / 2;
}

/* Nobody answers: what is heard tells which direction fails. */
static enum cause unanswered(const struct xtcp_wait_info *w)
{
	/* nothing new came since the first attempt, but what was on its way by then */
	if (w->heard_ms + 2 * (w->rtt_us / 1000) >= w->silent_ms)
		return w->flags & XTCP_WAIT_TEXT_TWICE ? CAUSE_ONE_WAY : CAUSE_DEAD_PEER;
	if (w->unacked >= w->mss && w->acked < (__u64)FULL_SEGMENTS * w->mss)
		return CAUSE_BLACK_HOLE;
	return CAUSE_ONE_WAY;
}

/* What is sent again costs time, or makes the window small: what was it for? */
static enum cause lost(const struct xtcp_wait_info *w)
{
	if (!w->segs_again || (__u64)w->segs_again * LOSSY < w->segs_out)
		return w->reordered ? CAUSE_REORDERING : CAUSE_UNKNOWN;
	if (8ULL * w->reordered >= w->segs_again)
		return CAUSE_REORDERING;
	if (2ULL * w->segs_twice >= w->segs_again)
		return CAUSE_SPURIOUS;
	return CAUSE_LOSS;
}

static enum cause lost_or(const struct xtcp_wait_info *w, enum cause otherwise)
{
	enum cause cause = lost(w);

	return cause == CAUSE_UNKNOWN ? otherwise : cause;
}

/* It waits for one thing, now or most of the time. */
static enum cause of_wait(unsigned int sending, const struct xtcp_wait_info *w)
{
	switch (sending) {
	case XTCP_SEND_NETWORK:
		return lost_or(w, CAUSE_ROUND_TRIPS);
	case XTCP_SEND_SNDBUF:
		return w->flags & XTCP_WAIT_MEMORY ? CAUSE_MEMORY : CAUSE_SNDBUF;
	case XTCP_SEND_CWND:
		return lost_or(w, CAUSE_CWND);
	case XTCP_SEND_WINDOW:
		return w->attempts || !w->unacked ? CAUSE_PEER_WINDOW :
						    CAUSE_SMALL_PEER_WINDOW;
	case XTCP_SEND_NAGLE:
		return w->flags & XTCP_WAIT_CORKED ? CAUSE_CORK : CAUSE_NAGLE;
	case XTCP_SEND_PACING:
		return CAUSE_PACING;
	case XTCP_SEND_QUEUE:
		return CAUSE_QUEUE;
	case XTCP_SEND_RECOVERY:
		return lost_or(w, CAUSE_LOSS);
	case XTCP_SEND_TIMEOUT:
		return w->attempts > 1 ? unanswered(w) : lost_or(w, CAUSE_LOSS);
	default:
		return CAUSE_UNKNOWN;
	}
}

/* The end of a connection, where somebody has to close. */
static enum cause of_end(const struct xtcp_wait_info *w)
{
	switch (w->state) {
	case XTCP_CLOSE_WAIT:
		if (w->unread)
			return CAUSE_SLOW_READER;
		return w->sending == XTCP_SEND_NOTHING ? CAUSE_NOT_CLOSED : CAUSE_UNKNOWN;
	case XTCP_FIN_WAIT2:
		return w->receiving == XTCP_RECV_READER || w->receiving == XTCP_RECV_WINDOW ?
		       CAUSE_UNKNOWN : CAUSE_PEER_OPEN;
	case XTCP_FIN_WAIT1:
	case XTCP_CLOSING:
	case XTCP_LAST_ACK:
		return w->unsent || w->attempts ? CAUSE_UNKNOWN : CAUSE_FIN_UNACKED;
	default:
		return CAUSE_UNKNOWN;
	}
}

/* What is so now and will not change by itself. */
static enum cause of_now(const struct xtcp_wait_info *w)
{
	if (w->sending == XTCP_SEND_TIMEOUT && w->attempts > 1)
		return unanswered(w);
	if (w->flags & XTCP_WAIT_KEEPALIVE && w->attempts)
		return CAUSE_KEEPALIVE;
	if (w->sending == XTCP_SEND_WINDOW && w->flags & XTCP_WAIT_PERSIST)
		return of_wait(w->sending, w);
	if (w->receiving == XTCP_RECV_WINDOW)
		return CAUSE_OUR_WINDOW;
	if (w->receiving == XTCP_RECV_READER && w->got_ms >= UNREAD_MS)
		return CAUSE_SLOW_READER;
	return of_end(w);
}

/* Nobody has said anything for a while, and nothing waits. */
static bool rests(const struct xtcp_wait_info *w)
{
	return w->sending == XTCP_SEND_NOTHING && w->receiving == XTCP_RECV_PEER &&
	       w->sent_ms >= IDLE_MS && w->got_ms >= IDLE_MS;
}

/* Nothing waits to be sent: who has nothing to say? */
static enum cause of_rest(const struct facts *f)
{
	const struct xtcp_wait_info *w = &f->wait;

	/* what came out of order was the first to go */
	if (w->receiving == XTCP_RECV_GAP)
		return w->flags & XTCP_WAIT_MEMORY ? CAUSE_MEMORY : CAUSE_GAP;
	if (w->receiving == XTCP_RECV_READER)
		return CAUSE_SLOW_READER;
	/* who spoke last waits for the other */
	return w->sent_ms <= w->got_ms ? CAUSE_PEER_SLOW : CAUSE_WRITER_SLOW;
}

/**
 * cause_of - why is the connection as it is?
 * @f: what is known of it
 *
 * Return: the cause; CAUSE_UNKNOWN: there is no connection.
 */
enum cause cause_of(const struct facts *f)
{
	const struct xtcp_wait_info *w = &f->wait;
	enum cause cause;

	if (w->sending == XTCP_SEND_NONE)
		return CAUSE_UNKNOWN;
	if (w->sending == XTCP_SEND_HANDSHAKE) {
		if (w->state != XTCP_SYN_SENT)
			return CAUSE_ACCEPTOR;
		return w->attempts ? CAUSE_SYN_LOST : CAUSE_OPENING;
	}
	cause = of_now(w);
	/* what was so before is no reason to blame anybody now */
	if (cause == CAUSE_UNKNOWN && rests(w))
		return CAUSE_IDLE;
	if (cause == CAUSE_UNKNOWN && reader_is_slow(f->clocks))
		cause = CAUSE_SLOW_READER;
	if (cause == CAUSE_UNKNOWN)
		cause = of_wait(spent_most(f->clocks), w);
	if (cause == CAUSE_UNKNOWN)
		cause = of_wait(w->sending, w);
	return cause == CAUSE_UNKNOWN ? of_rest(f) : cause;
}

/**
 * cause_of_listener - how does a listener do?
 * @l: what came to it
 *
 * Return: the cause.
 */
enum cause cause_of_listener(const struct xtcp_listener_info *l)
{
	if (l->accept_now > l->accept_limit)
		return CAUSE_ACCEPT_QUEUE_FULL;
	if (l->overflow_ms && l->overflow_ms < OLD_MS &&
	    !(l->flood_ms && l->flood_ms < l->overflow_ms))
		return CAUSE_ACCEPT_QUEUE_WAS_FULL;
	return l->flood_ms && l->flood_ms < OLD_MS ? CAUSE_SYN_FLOOD : CAUSE_SERVES;
}

/**
 * cause_of_entry - what is an entry, which is no socket, there for?
 * @state: enum xtcp_state
 *
 * Return: the cause.
 */
enum cause cause_of_entry(unsigned int state)
{
	switch (state) {
	case XTCP_TIME_WAIT:
		return CAUSE_TIME_WAIT;
	case XTCP_SYN_RECV:
		return CAUSE_SYN_ACK_LOST;
	default:
		return CAUSE_UNKNOWN;
	}
}

/* ---- in words ---- */

/* As a person says it: "42 s", "3 h 7 min". */
static const char *span(char *buf, size_t size, unsigned int ms)
{
	unsigned int s = ms / 1000;

	if (s < 1)
		snprintf(buf, size, "%u ms", ms);
	else if (s < 120)
		snprintf(buf, size, "%u s", s);
	else if (s < 7200)
		snprintf(buf, size, "%u min %u s", s / 60, s % 60);
	else
		snprintf(buf, size, "%u h %u min", s / 3600, s / 60 % 60);
	return buf;
}

static int attempts_text(char *buf, size_t size, const char *what,
			 const struct xtcp_wait_info *w)
{
	char left[32];
	int n;

	n = snprintf(buf, size, "%s %u", what, w->attempts);
	if (w->limit)
		n += snprintf(buf + n, size - n, " of %u", w->limit);
	if (w->left_ms)
		n += snprintf(buf + n, size - n, ", gives up in %s",
			      span(left, sizeof(left), w->left_ms));
	return n;
}

/* When the program was last there. */
static int call_text(char *buf, size_t size, const char *what, unsigned int ms)
{
	char a[32];

	if (ms == ~0U)
		return snprintf(buf, size, "; the program never %s", what);
	return snprintf(buf, size, "; the program last %s %s ago", what,
			span(a, sizeof(a), ms));
}

static int calls_text(char *buf, size_t size, const struct xtcp_wait_info *w)
{
	int n = call_text(buf, size, "read", w->read_ms);

	return n + call_text(buf + n, size - n, "wrote", w->write_ms);
}

/* The evidence. */
static int evidence(char *buf, size_t size, enum cause cause, const struct xtcp_wait_info *w)
{
	char a[32], b[32];
	int n;

	switch (cause) {
	case CAUSE_IDLE:
	case CAUSE_PEER_SLOW:
	case CAUSE_WRITER_SLOW:
		return snprintf(buf, size,
				"all that was sent is acknowledged, all that came is read; "
				"last sent %s ago, last received %s ago",
				span(a, sizeof(a), w->sent_ms), span(b, sizeof(b), w->got_ms));
	case CAUSE_OPENING:
		return snprintf(buf, size, "a SYN was sent %s ago",
				span(a, sizeof(a), w->state_ms));
	case CAUSE_SYN_LOST:
		n = snprintf(buf, size, "the SYN was not answered for %s: ",
			     span(a, sizeof(a), w->state_ms));
		return n + attempts_text(buf + n, size - n, "retransmission", w);
	case CAUSE_ACCEPTOR:
		return snprintf(buf, size, "our SYN,ACK was sent %s ago",
				span(a, sizeof(a), w->state_ms));
	case CAUSE_DEAD_PEER:
		n = snprintf(buf, size, "%u bytes are not acknowledged: ", w->unacked);
		n += attempts_text(buf + n, size - n, "retransmission", w);
		return n + snprintf(buf + n, size - n, "; nothing new came for %s",
				    span(a, sizeof(a), w->heard_ms));
	case CAUSE_ONE_WAY:
	case CAUSE_BLACK_HOLE:
		n = snprintf(buf, size, "%u bytes in segments of %u are not acknowledged: ",
			     w->unacked, w->mss);
		n += attempts_text(buf + n, size - n, "retransmission", w);
		if (w->flags & XTCP_WAIT_TEXT_TWICE)
			return n + snprintf(buf + n, size - n,
					    "; and what the peer sends comes again and again");
		return n + snprintf(buf + n, size - n, "; but the peer was heard %s ago",
				    span(a, sizeof(a), w->heard_ms));
	case CAUSE_PEER_WINDOW:
		n = snprintf(buf, size, "the peer's window has %u bytes, and %u wait; ",
			     w->peer_window, w->unsent);
		return n + attempts_text(buf + n, size - n, "probe", w);
	case CAUSE_SMALL_PEER_WINDOW:
		return snprintf(buf, size,
				"the peer's window has %u bytes left with %u in flight, and %u wait",
				w->peer_window, w->unacked, w->unsent);
	case CAUSE_OUR_WINDOW:
	case CAUSE_SLOW_READER:
		n = snprintf(buf, size,
			     "%u bytes were not read, and came %s ago; our window has %u left",
			     w->unread, span(a, sizeof(a), w->got_ms), w->window);
		return n + calls_text(buf + n, size - n, w);
	case CAUSE_NOT_CLOSED:
		n = snprintf(buf, size,
			     "closed by the peer %s ago, all that came is read, and our side is open",
			     span(a, sizeof(a), w->state_ms));
		return n + calls_text(buf + n, size - n, w);
	case CAUSE_PEER_OPEN:
		n = snprintf(buf, size, "we closed, the peer acknowledged that %s ago and has not closed",
			     span(a, sizeof(a), w->state_ms));
		if (w->left_ms)
			n += snprintf(buf + n, size - n, "; it ends in %s anyway",
				      span(b, sizeof(b), w->left_ms));
		return n;
	case CAUSE_FIN_UNACKED:
		return snprintf(buf, size, "our FIN was sent %s ago",
				span(a, sizeof(a), w->sent_ms));
	case CAUSE_NAGLE:
		return snprintf(buf, size,
				"%u bytes do not fill a segment of %u, and %u before them are not "
				"acknowledged yet", w->unsent, w->mss, w->unacked);
	case CAUSE_CORK:
		return snprintf(buf, size, "%u bytes do not fill a segment of %u", w->unsent,
				w->mss);
	case CAUSE_SNDBUF:
		return snprintf(buf, size,
				"all that the send buffer has, %u bytes, is in flight; the round "
				"trip takes %.3f ms", w->unacked, w->rtt_us / 1000.0);
	case CAUSE_MEMORY:
		return snprintf(buf, size,
				"%u bytes are in flight, %u wait, %u were not read, and buffers get no more memory",
				w->unacked, w->unsent, w->unread);
	case CAUSE_CWND:
		return snprintf(buf, size, "%u of %u segments are in flight, and %u bytes wait",
				w->in_flight, w->cwnd, w->unsent);
	case CAUSE_PACING:
	case CAUSE_QUEUE:
		return snprintf(buf, size, "%u bytes wait, and %u of %u segments are in flight",
				w->unsent, w->in_flight, w->cwnd);
	case CAUSE_ROUND_TRIPS:
		return snprintf(buf, size, "%u bytes are in flight, and a round trip takes %.3f ms",
				w->unacked, w->rtt_us / 1000.0);
	case CAUSE_LOSS:
	case CAUSE_REORDERING:
	case CAUSE_SPURIOUS:
		return snprintf(buf, size,
				"%u of %u segments were sent again, of which the peer had %u; "
				"reordering was seen %u times; %u timeouts",
				w->segs_again, w->segs_out, w->segs_twice, w->reordered,
				w->timeouts);
	case CAUSE_GAP:
		return snprintf(buf, size, "%u bytes are missing; others came behind them", w->gap);
	case CAUSE_KEEPALIVE:
		n = snprintf(buf, size, "nothing came for %s; ", span(a, sizeof(a), w->heard_ms));
		return n + attempts_text(buf + n, size - n, "probe", w);
	default:
		break;
	}
	return snprintf(buf, size, "there is no connection");
}

/* Who has to act, how, and the clause. */
static void advice(char *buf, size_t size, enum cause cause)
{
	const struct cause_desc *c = &causes[cause];
	int n = 0;

	if (*c->what)
		n = snprintf(buf, size, *c->who ? ". To act: %s (%s)" : ". Nobody has to act%s: %s",
			     c->who, c->what);
	if (*c->clause)
		snprintf(buf + n, size - n, " (%s%s)", c->clause[0] == 'R' ? "" : "RFC 9293 ",
			 c->clause);
}

/**
 * cause_text - the cause as a sentence or two
 * @buf: out
 * @size: room there, bytes; 500 are enough
 * @cause: the cause
 * @f: what is known of the connection
 *
 * The evidence, who has to act and how, and the clause.
 */
void cause_text(char *buf, size_t size, enum cause cause, const struct facts *f)
{
	int n = evidence(buf, size, cause, &f->wait);

	advice(buf + n, size - n, cause);
}

/**
 * cause_of_listener_text - the same of a listener
 * @buf: out
 * @size: room there, bytes; 500 are enough
 * @cause: the cause
 * @l: what came to it
 */
void cause_of_listener_text(char *buf, size_t size, enum cause cause,
			    const struct xtcp_listener_info *l)
{
	char a[32], b[32];
	int n;

	n = snprintf(buf, size,
		     "%u of %u wait for accept(), %u at most; %llu were accepted, after %s at most; ",
		     l->accept_now, l->accept_limit, l->accept_max,
		     (unsigned long long)l->accepted, span(a, sizeof(a), l->waited_max_ms));
	if (l->accept_now)
		n += snprintf(buf + n, size - n, "the oldest waits for %s; ",
			      span(b, sizeof(b), l->waits_ms));
	n += snprintf(buf + n, size - n, "%llu were dropped as that queue was full, %llu as that of SYNs was",
		      (unsigned long long)l->overflows, (unsigned long long)l->floods);
	if (l->cookies_sent)
		n += snprintf(buf + n, size - n, "; %llu cookies were sent, %llu came back",
			      (unsigned long long)l->cookies_sent,
			      (unsigned long long)l->cookies_good);
	advice(buf + n, size - n, cause);
}

/**
 * cause_of_entry_text - the same of an entry, which is no socket
 * @buf: out
 * @size: room there, bytes; 500 are enough
 * @cause: the cause
 * @left_ms: until its timer
 * @attempts: SYN,ACKs that were sent again
 */
void cause_of_entry_text(char *buf, size_t size, enum cause cause, unsigned int left_ms,
			 unsigned int attempts)
{
	char a[32];
	int n;

	if (cause == CAUSE_SYN_ACK_LOST)
		n = snprintf(buf, size, "our SYN,ACK was sent again %u times, the next in %s",
			     attempts, span(a, sizeof(a), left_ms));
	else
		n = snprintf(buf, size, "both sides have closed; it ends in %s",
			     span(a, sizeof(a), left_ms));
	advice(buf + n, size - n, cause);
}
