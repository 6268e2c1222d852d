// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that end: what is known of each, and who has to act.
 *
 * The last transition tells how it ended and what went over it. When it began, who began it
 * and who closed it first are told by earlier ones, so those are remembered. What began
 * before the program did has the duration that its clocks tell, if it was watched.
 */
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

/* Connections that are remembered; the oldest of a row makes room. */
#define ROWS		8192
#define ROW_LEN		8

/**
 * struct ends - which connection
 * @local: our address
 * @remote: the peer's
 * @lport: our port
 * @rport: the peer's
 */
struct ends {
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t lport;
	uint16_t rport;
};

/**
 * struct place - one that is remembered
 * @ends: which
 * @life: what is known of it
 */
struct place {
	struct ends ends;
	struct life life;
};

/**
 * struct lives - all that is known
 * @row: by a hash of their ends
 * @ended: the last that ended
 */
struct lives {
	struct place row[ROWS][ROW_LEN];
	struct life ended;
};

/**
 * lives_new - nothing is known yet
 *
 * Return: memory for it, for free().
 */
struct lives *lives_new(void)
{
	struct lives *l = calloc(1, sizeof(*l));

	if (!l)
		die("out of memory");
	return l;
}

/* FNV-1a */
static uint32_t hash(const struct ends *e)
{
	const uint8_t *p = (const uint8_t *)e;
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < sizeof(*e); i++)
		h = (h ^ p[i]) * 16777619u;
	return h % ROWS;
}

static void set_ends(struct ends *e, const struct transition *t)
{
	memset(e, 0, sizeof(*e));
	memcpy(e->local, t->local, sizeof(e->local));
	memcpy(e->remote, t->remote, sizeof(e->remote));
	e->lport = t->lport;
	e->rport = t->rport;
}

/* Its place, which may have been another's. */
static struct life *find(struct lives *l, const struct ends *ends)
{
	struct place *row = l->row[hash(ends)], *oldest = row;
	size_t i;

	for (i = 0; i < ROW_LEN; i++) {
		if (row[i].life.seen_ns && !memcmp(&row[i].ends, ends, sizeof(*ends)))
			return &row[i].life;
		if (row[i].life.seen_ns < oldest->life.seen_ns)
			oldest = &row[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->ends = *ends;
	return &oldest->life;
}

static bool begins(const struct transition *t)
{
	return t->from == XTCP_LISTEN || (t->from == XTCP_CLOSE && t->to == XTCP_SYN_SENT);
}

static bool ends(const struct transition *t)
{
	if (t->from == XTCP_LISTEN || t->from == XTCP_CLOSE || t->from == XTCP_TIME_WAIT)
		return false;
	return t->to == XTCP_CLOSE || t->to == XTCP_TIME_WAIT || t->to == XTCP_LISTEN;
}

static void remember(struct life *life, const struct transition *t)
{
	life->seen_ns = t->time_ns;
	if (begins(t))
		life->begun_ns = t->time_ns;
	if (t->from == XTCP_ESTABLISHED)
		life->closed = t->why;
	if (t->has_uid) {
		life->has_uid = true;
		life->uid = t->uid;
		life->acked = t->acked;
		life->received = t->received;
	}
	if (t->pid && !life->pid) {	/* whose it is, not who ends it */
		life->pid = t->pid;
		memcpy(life->comm, t->comm, sizeof(life->comm));
	}
}

/* Who closed in order is told by who closed first; all else by what came last. */
static void judge(struct life *life, const struct transition *t)
{
	bool abrupt = t->event == XTCP_EV_ABORT || t->event == XTCP_EV_TIMEOUT ||
		      t->event == XTCP_EV_RCV_RST || t->event == XTCP_EV_RCV_RST_PASSIVE;

	life->last_tells = abrupt || !life->closed;
	life->why = life->last_tells ? t->why : life->closed;
	if (life->begun_ns)
		life->lasted_us = (t->time_ns - life->begun_ns) / 1000;
	else if (t->has_clocks)
		life->lasted_us = t->clocks.total_us;
}

/**
 * lives_see - a transition, or a RST
 * @l: what is known
 * @t: it
 *
 * Return: what is known of the connection that ended with it, until the next call; NULL:
 * none did.
 */
const struct life *lives_see(struct lives *l, const struct transition *t)
{
	struct ends where;
	struct life *life;

	if (t->is_reset || (t->from == XTCP_TIME_WAIT && !begins(t)))
		return NULL;	/* a transition tells, or it has ended before */
	set_ends(&where, t);
	life = find(l, &where);
	remember(life, t);
	if (!ends(t))
		return NULL;
	judge(life, t);
	l->ended = *life;
	memset(life, 0, sizeof(*life));
	return &l->ended;
}

/* Who has to act when a connection has ended for a reason, and how; nobody for all others. */
struct advice {
	const char *who;
	const char *what;
};

#define NETWORK	"the network or the peer"

static const struct advice advices[XTCP_WHY_NR] = {
	[XTCP_WHY_CONNECT_FAILED] = { "our program", "two connections cannot have the same ends" },
	[XTCP_WHY_PEER_REFUSED] = { "the peer",
		"is the port right, does a server listen on it, and does a firewall let it through?" },
	[XTCP_WHY_PEER_RESET] = { "the program at the peer",
		"it crashed, or closed and had not read all, or does not know the connection" },
	[XTCP_WHY_SYN_UNANSWERED] = { NETWORK,
		"is the address right, the host up, and does a firewall drop SYNs?" },
	[XTCP_WHY_SYN_ACK_UNANSWERED] = { NETWORK, "it has to acknowledge our SYN,ACK" },
	[XTCP_WHY_DATA_UNANSWERED] = { NETWORK, "nothing came from there" },
	[XTCP_WHY_ORPHAN_UNANSWERED] = { NETWORK, "nothing came from there" },
	[XTCP_WHY_PROBES_UNANSWERED] = { NETWORK,
		"it had closed its window, and then said nothing" },
	[XTCP_WHY_KEEPALIVE_UNANSWERED] = { NETWORK, "probes are not answered" },
	[XTCP_WHY_USER_TIMEOUT] = { NETWORK,
		"nothing came from there for as long as our program waits" },
	[XTCP_WHY_PEER_STAYS_OPEN] = { "the program at the peer", "it has to close its side" },
	[XTCP_WHY_UNREAD_DATA] = { "our program", "it has to read all before it closes" },
	[XTCP_WHY_DATA_AFTER_CLOSE] = { "our program",
		"it closed while the peer had more to say: shutdown() and read to the end" },
	[XTCP_WHY_ICMP_ERROR] = { "the network", "a host or router has no way to the peer" },
	[XTCP_WHY_LISTENER_CLOSED] = { "our program", "it closed its listener before accept()" },
	[XTCP_WHY_ACCEPT_QUEUE_FULL] = { "our program",
		"it has to call accept() more often, or listen() with more" },
	[XTCP_WHY_NOT_ACCEPTED] = { "our program",
		"it has to call accept() more often, or listen() with more" },
	[XTCP_WHY_TOO_MANY_ORPHANS] = { "this host",
		"net.xtcp.max_orphans or its memory is too small" },
	[XTCP_WHY_TIME_WAIT_FULL] = { "this host",
		"net.xtcp.max_tw_buckets or its memory is too small" },
};

/**
 * end_actor - who has to act because a connection has ended
 * @life: the connection
 * @t: its last transition
 * @what: out: what he can do; empty: nothing
 *
 * Return: who; empty: nobody.
 */
const char *end_actor(const struct life *life, const struct transition *t, const char **what)
{
	const struct advice *a = life->why < XTCP_WHY_NR ? &advices[life->why] : &advices[0];

	if (life->why == XTCP_WHY_PEER_RESET && t->peer_hop_limit &&
	    t->peer_hop_limit != t->hop_limit) {
		*what = "the RST came from another distance than the peer's segments: a firewall or proxy in between?";
		return "the network";
	}
	*what = a->what ? a->what : "";
	return a->who ? a->who : "";
}
