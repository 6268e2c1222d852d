// SPDX-License-Identifier: GPL-2.0
/*
 * Every reason for which an edge is taken or a RST is sent, one test for each.
 *
 * The list in <linux/xtcp_reason.h> makes the tests; a reason without a scenario here does
 * not compile.  The kernel's own counters say that it was the reason.  The reasons of ACKs
 * and of what is sent again are made to happen where the clock is a test's own (unit/):
 * unit/source looks that none is forgotten; here are those that only a kernel has.
 */
#include <sched.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "diag.h"
#include "event.h"
#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(reason)

/* ---- where scenarios begin: our next number is 1, and the peer's is 1 -------- */

static int syn_sent(struct peer *p)
{
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)");
	return fd;
}

/* An entry in SYN_RECV.  Returns its listener. */
static int syn_recv(struct peer *p)
{
	int listener = start_listen(p->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return listener;
}

static int fin_wait2(struct peer *p)
{
	int fd = open_active(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "< .  1:1(0) ack 2");
	return fd;
}

static void time_wait(struct peer *p)
{
	close(fin_wait2(p));
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

/* 100 bytes that the peer does not acknowledge. */
static int in_flight(struct peer *p)
{
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	return fd;
}

/*
 * Three connections fill an accept queue of two, as in Linux; then the ACK of a fourth
 * client comes, which sees @answer.
 */
static void overflow(struct peer *p, const char *answer)
{
	struct peer client[4];
	int i;

	proc_write("/proc/sys/net/ipv4/tcp_syncookies", "0");
	start_listen(p->w, 2);
	for (i = 0; i < 4; i++) {
		peer_clone(&client[i], p, 41000 + i);
		client[i].lport = WIRE_PORT;
		packets(&client[i], "< S  0:0(0) <mss 1460>",
				    "> S. 0:0(0) ack 1");
		if (i < 2)
			packets(&client[i], "< . 1:1(0) ack 1");
	}
	packets(&client[2], "< . 1:1(0) ack 1");
	packets(&client[3], "< . 1:1(0) ack 1", answer);
}

static void destroy(struct peer *p)
{
	struct sockaddr_in local = wire_sockaddr(p->lport), remote = peer_sockaddr(p);

	if (diag_destroy(&local, &remote))
		wire_fail(p->w, "SOCK_DESTROY failed");
}

#define REASON(name) \
	static void name##_given(struct peer *p)

/* ---- a connection is opened -------------------------------------------------- */

REASON(LISTEN)
{
	start_listen(p->w, 8);
}

REASON(CONNECT)
{
	syn_sent(p);
}

REASON(SYN_CAME)
{
	syn_recv(p);
}

REASON(SYN_COOKIE)
{
	conf_set("syncookies", "2");
	syn_recv(p);
	packets(p, "< . 1:1(0) ack 1");
}

REASON(SYN_DATA)
{
	int listener = start_listen(p->w, 8);

	/* without a cookie, for all listeners */
	conf_set("fastopen", "0x203");
	set_int(listener, IPPROTO_TCP, TCP_FASTOPEN, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
}

REASON(SYN_CROSSED)
{
	syn_sent(p);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
}

REASON(SYN_REPLACES)
{
	int listener = syn_recv(p);
	struct peer again;

	packets(p, "< . 1:1(0) ack 1");
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	peer_clone(&again, p, p->port);
	again.iss = p->iss + 100000;
	packets(&again, "< S  0:0(0) <mss 1460>",
			"> S. 0:0(0) ack 1");
}

REASON(PEER_ACCEPTED)
{
	open_active(p);
}

REASON(SYN_ACKED)
{
	syn_recv(p);
	packets(p, "< . 1:1(0) ack 1");
}

/* ---- it is closed in order ---------------------------------------------------- */

REASON(USER_CLOSE)
{
	close(open_active(p));
	packets(p, "> F. 1:1(0) ack 1");
}

REASON(USER_SHUTDOWN)
{
	shutdown(open_active(p), SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1");
}

/* The listener has a child with just this peer. */
REASON(CONNECT_FAILED)
{
	int listener = syn_recv(p);
	struct sockaddr_in sin;

	packets(p, "< . 1:1(0) ack 1");
	do_accept(p->w, listener);
	sin = peer_sockaddr(p);
	if (sendto(listener, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof(sin)) >= 0)
		wire_fail(p->w, "two connections between the same ends");
}

REASON(PEER_CLOSED)
{
	open_active(p);
	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
}

REASON(PEER_CLOSED_AGAIN)
{
	time_wait(p);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

REASON(FIN_ACKED)
{
	fin_wait2(p);
}

REASON(FIN_ANSWERED)
{
	shutdown(open_active(p), SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

REASON(TIME_WAIT_OVER)
{
	conf_set("timewait_len", "1");
	time_wait(p);
}

REASON(TIME_WAIT_REUSED)
{
	struct sockaddr_in to = peer_sockaddr(p);
	int fd;

	conf_set("tw_reuse", "1");
	proc_write("/proc/sys/net/ipv4/ip_local_port_range", "42000 42000");
	fd = start_connect(p);
	p->ts = true;
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 5000 ecr last>",
		   ">  . 1:1(0) ack 1");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	fd = wire_socket(p->w, SOCK_NONBLOCK);
	/* its timestamps must be larger (RFC 7323), so it takes a second */
	await(!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno == EINPROGRESS);
}

/* ---- the peer ended it ---------------------------------------------------------- */

REASON(PEER_REFUSED)
{
	syn_sent(p);
	packets(p, "< R. 0:0(0) ack 1");
}

REASON(PEER_RESET)
{
	open_active(p);
	packets(p, "< R 1:1(0)");
}

/* ---- nothing came for too long ---------------------------------------------------- */

REASON(SYN_UNANSWERED)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S 0:0(0)",
		   "+1 > S 0:0(0)");
}

REASON(SYN_ACK_UNANSWERED)
{
	conf_set("synack_retries", "1");
	syn_recv(p);
	packets(p, "> S. 0:0(0) ack 1");
}

REASON(DATA_UNANSWERED)
{
	conf_set("retries2", "1");
	in_flight(p);
	packets(p, "> P. 1:101(100) ack 1");
}

REASON(ORPHAN_UNANSWERED)
{
	int fd;

	conf_set("orphan_retries", "1");
	fd = in_flight(p);
	packets(p, "> P. 1:101(100) ack 1");
	close(fd);
}

REASON(PROBES_UNANSWERED)
{
	int fd;

	conf_set("retries2", "1");
	fd = open_active(p);
	packets(p, "< . 1:1(0) ack 1 win 0");
	put_pattern(fd, 0, 100);
	packets(p, "> . 0:0(0) ack 1");
}

REASON(KEEPALIVE_UNANSWERED)
{
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	packets(p, "> . 0:0(0) ack 1");
}

REASON(USER_TIMEOUT)
{
	set_int(in_flight(p), IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
	packets(p, "> P. 1:101(100) ack 1");
}

REASON(PEER_STAYS_OPEN)
{
	conf_set("fin_timeout", "1");
	close(fin_wait2(p));
}

/* ---- this host ended it -------------------------------------------------------------- */

REASON(UNREAD_DATA)
{
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	close(fd);
	packets(p, "> R. 1:1(0) ack 101");
}

REASON(LINGER_ZERO)
{
	int fd = open_active(p);

	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 1");
}

REASON(LINGER2_NONE)
{
	int fd = fin_wait2(p);

	set_int(fd, IPPROTO_TCP, TCP_LINGER2, -1);
	close(fd);
	packets(p, "> R. 2:2(0) ack 1");
}

REASON(DISCONNECT)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(open_active(p), &none, sizeof(none)))
		wire_fail(p->w, "connect: %s", strerror(errno));
	packets(p, "> R. 1:1(0) ack 1");
}

REASON(DATA_AFTER_CLOSE)
{
	close(open_active(p));
	packets(p, "> F. 1:1(0) ack 1",
		   "< P. 1:101(100) ack 1",
		   "> R  1:1(0)");
}

REASON(ICMP_ERROR)
{
	syn_sent(p);
	peer_icmp(p, 3, 1, 0);
}

REASON(LISTENER_CLOSED)
{
	close(syn_recv(p));
	packets(p, "> R. 1:1(0) ack 1");
}

REASON(ACCEPT_QUEUE_FULL)
{
	conf_set("abort_on_overflow", "1");
	overflow(p, "> R 1:1(0)");
}

REASON(TOO_MANY_ORPHANS)
{
	int fd = open_active(p);

	conf_set("max_orphans", "0");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> R. 2:2(0) ack 1");
}

REASON(TIME_WAIT_FULL)
{
	conf_set("max_tw_buckets", "0");
	time_wait(p);
}

REASON(KILLED)
{
	open_active(p);
	destroy(p);
	packets(p, "> R. 1:1(0) ack 1");
}

/* ---- only a RST is sent, or the peer has begun anew ------------------------------- */

REASON(ACK_UNSENT)
{
	syn_sent(p);
	packets(p, "< . 0:0(0) ack 5",
		   "> R 5:5(0)");
}

REASON(NO_CONNECTION)
{
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< . 1:1(0) ack 1",
		   "> R 1:1(0)");
}

REASON(OLD_ECHO)
{
	syn_sent(p);
	packets(p, "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 5000 ecr 1>",
		   "> R  1:1(0)");
}

REASON(SYN_IN_WINDOW)
{
	syn_recv(p);
	packets(p, "< S  100:100(0) <mss 1460>",
		   "> R. =0:=0(0) ack 101");
}

/* The accept queue is full until its SYN,ACK has been sent for the last time. */
REASON(NOT_ACCEPTED)
{
	conf_set("synack_retries", "1");
	overflow(p, "> S. 0:0(0) ack 1");
}

/* Its counters go with it: a test of its own. */
#define NAMESPACE_GONE_given	NULL

/* ---- the table --------------------------------------------------------------------- */

static void (*const scenarios[])(struct peer *p) = {
#define SCENARIO(name, text, clause) \
	[XTCP_WHY_##name] = name##_given,
	XTCP_EDGE_REASONS(SCENARIO)
};

_Static_assert(ARRAY_SIZE(scenarios) == XTCP_WHY_NOT_ACCEPTED + 1, "a reason lacks its scenario");

/*
 * What causes the edge of each, and which timer how often of how often; none where only a
 * RST is sent.
 */
struct wanted {
	enum event_cause	cause;
	enum xtcp_by_timer	timer;
	unsigned int		count;
	unsigned int		limit;
};

#define SEGMENT		{ .cause = BY_SEGMENT }
#define CALL		{ .cause = BY_CALL }
#define NOBODY		{ .cause = BY_NOTHING }
#define TIMER(name, nr, most)	{ BY_TIMER, XTCP_BY_##name, nr, most }

static const struct wanted wanted[] = {
	[XTCP_WHY_LISTEN]		= CALL,
	[XTCP_WHY_CONNECT]		= CALL,
	[XTCP_WHY_SYN_CAME]		= SEGMENT,
	[XTCP_WHY_SYN_COOKIE]		= SEGMENT,
	[XTCP_WHY_SYN_DATA]		= SEGMENT,
	[XTCP_WHY_SYN_CROSSED]		= SEGMENT,
	[XTCP_WHY_SYN_REPLACES]		= SEGMENT,
	[XTCP_WHY_PEER_ACCEPTED]	= SEGMENT,
	[XTCP_WHY_SYN_ACKED]		= SEGMENT,
	[XTCP_WHY_USER_CLOSE]		= CALL,
	[XTCP_WHY_USER_SHUTDOWN]	= CALL,
	[XTCP_WHY_CONNECT_FAILED]	= CALL,
	[XTCP_WHY_PEER_CLOSED]		= SEGMENT,
	[XTCP_WHY_PEER_CLOSED_AGAIN]	= SEGMENT,
	[XTCP_WHY_FIN_ACKED]		= SEGMENT,
	[XTCP_WHY_FIN_ANSWERED]		= SEGMENT,
	[XTCP_WHY_TIME_WAIT_OVER]	= TIMER(TIME_WAIT, 0, 0),
	[XTCP_WHY_TIME_WAIT_REUSED]	= CALL,
	[XTCP_WHY_PEER_REFUSED]		= SEGMENT,
	[XTCP_WHY_PEER_RESET]		= SEGMENT,
	/* TCP_SYNCNT 1, and tcp_syn_linear_timeouts is 4 */
	[XTCP_WHY_SYN_UNANSWERED]	= TIMER(SYN, 1, 5),
	[XTCP_WHY_SYN_ACK_UNANSWERED]	= TIMER(SYN_ACK, 1, 1),
	[XTCP_WHY_DATA_UNANSWERED]	= TIMER(RETRANSMISSION, 1, 1),
	[XTCP_WHY_ORPHAN_UNANSWERED]	= TIMER(RETRANSMISSION, 1, 1),
	[XTCP_WHY_PROBES_UNANSWERED]	= TIMER(PERSIST, 1, 1),
	[XTCP_WHY_KEEPALIVE_UNANSWERED]	= TIMER(KEEPALIVE, 1, 1),
	/* the time ends it, and not the number */
	[XTCP_WHY_USER_TIMEOUT]		= TIMER(RETRANSMISSION, 1, 0),
	[XTCP_WHY_PEER_STAYS_OPEN]	= TIMER(FIN_WAIT2, 0, 0),
	[XTCP_WHY_UNREAD_DATA]		= CALL,
	[XTCP_WHY_LINGER_ZERO]		= CALL,
	[XTCP_WHY_LINGER2_NONE]		= CALL,
	[XTCP_WHY_DISCONNECT]		= CALL,
	[XTCP_WHY_DATA_AFTER_CLOSE]	= SEGMENT,
	[XTCP_WHY_ICMP_ERROR]		= NOBODY,
	[XTCP_WHY_LISTENER_CLOSED]	= NOBODY,
	[XTCP_WHY_ACCEPT_QUEUE_FULL]	= SEGMENT,
	[XTCP_WHY_TOO_MANY_ORPHANS]	= CALL,
	[XTCP_WHY_TIME_WAIT_FULL]	= NOBODY,
	[XTCP_WHY_KILLED]		= CALL,
	[XTCP_WHY_SYN_IN_WINDOW]	= SEGMENT,
	[XTCP_WHY_NOT_ACCEPTED]		= TIMER(SYN_ACK, 1, 1),
};

/* The edge that a reason had was caused as it should. */
#define EXPECT_CAUSE(events, why)						\
	do {									\
		const struct wanted *w = &wanted[why];				\
		struct event e;							\
										\
		if (reason_count(why, NULL) <= 0)				\
			break;		/* only a RST was sent */		\
		ASSERT_TRUE(events_find(events, why, &e));			\
		EXPECT_EQ(w->cause, e.cause);					\
		EXPECT_EQ(w->timer, e.timer);					\
		EXPECT_LE(w->count, e.count);					\
		/* retries are a time, in which there may be more of them */	\
		EXPECT_EQ(e.count > w->limit ? 0 : w->limit, e.limit);		\
		if (e.cause == BY_CALL)						\
			EXPECT_EQ(getpid(), e.pid);				\
	} while (0)

static bool counts(enum xtcp_reason why)
{
	long long rsts = 0, edges = reason_count(why, &rsts);

	return edges > 0 || rsts > 0;
}

#define REASON_TEST(name, text, clause)					\
TEST_F(reason, name)							\
{									\
	const enum xtcp_reason why = XTCP_WHY_##name;			\
	struct events events;						\
									\
	XTCP_ONLY();							\
	if (!scenarios[why])						\
		SKIP(return, "see namespace_gone__is_traced");		\
	ASSERT_EQ(0, reason_count(why, NULL));				\
	ASSERT_TRUE(events_open(&events));				\
	scenarios[why](&self->p);					\
	/* some wait for a timer, which an RTO of a slow machine makes longer */ \
	EXPECT_TRUE(await_ms(counts(why), 60000));			\
	EXPECT_CAUSE(&events, why);					\
	events_close(&events);						\
	/* and who asks for them reads it */				\
	EXPECT_TRUE(xtcpstat_missing() || xtcpstat_is_slow() ||		\
		    strstr(xtcpstat("reasons"), #name)) {		\
		TH_LOG("%s", xtcpstat("reasons"));			\
	}								\
}
XTCP_EDGE_REASONS(REASON_TEST)

#define TRACE	"/sys/kernel/tracing/instances/xtcp-reason"

static bool traced(const char *what)
{
	FILE *f = fopen(TRACE "/trace", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = line[0] != '#' && strstr(line, what);
	if (f)
		fclose(f);
	return found;
}

/* In a namespace of its own that ends with it: a connection whose client waits for 2MSL. */
static int leave_time_wait(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int listener, client, server;
	char byte;

	if (unshare(CLONE_NEWNET))
		return 1;
	bring_up_loopback();
	listener = socket(test_family(), SOCK_STREAM, 0);
	client = socket(test_family(), SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&sin, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&sin, &len) ||
	    connect(client, (struct sockaddr *)&sin, len))
		return 1;
	server = accept(listener, NULL, NULL);
	return close(client) || recv(server, &byte, 1, 0) || close(server) || close(listener);
}

/* Its counters go with the namespace; who traces the whole host sees it. */
TEST(namespace_gone__is_traced)
{
	int status;
	pid_t pid;

	XTCP_ONLY();
	if ((mkdir(TRACE, 0700) && errno != EEXIST) ||
	    !proc_write(TRACE "/options/record-cmd", "0") || !proc_write(TRACE "/trace", "") ||
	    !proc_write(TRACE "/events/xtcp/xtcp_transition/enable", "1"))
		SKIP(return, "this kernel cannot trace");
	pid = must_fork();
	if (!pid)
		_exit(leave_time_wait());
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_TRUE(await(traced("why=NAMESPACE_GONE")));
	EXPECT_TRUE(traced("why=FIN_ANSWERED") || traced("why=FIN_ACKED"));
	proc_write(TRACE "/events/xtcp/xtcp_transition/enable", "0");
	rmdir(TRACE);
}

/* ---- what is sent ------------------------------------------------------------------- */

/* ACKs, probes and what is sent again: the kernel counts what the core gives as the reason. */
TEST_F(reason, sent__is_counted)
{
	struct peer *p = &self->p;
	int fd;

	XTCP_ONLY();
	fd = open_active(p);
	EXPECT_EQ(1, reason_sent(XTCP_WHY_CONNECT));
	EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_SYN_ACK));
	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101",
		   "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101",
		   "< R  501:501(0)",
		   "> .  1:1(0) ack 101");
	EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_QUICK));
	EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_DUPLICATE));
	EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_CHALLENGE));
	/* how often the text and the probe leave depends on the machine */
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 101");
	EXPECT_TRUE(await(reason_sent(XTCP_WHY_RESEND_TIMEOUT) > 0));
	packets(p, "< .  101:101(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	EXPECT_TRUE(await(reason_sent(XTCP_WHY_PROBE_WINDOW) > 0));
}

/*
 * TCP_QUICKACK: what waits leaves now.  The machine may be so slow that the timer of the
 * ACK is first, but not always.
 */
TEST_F(reason, sent__ACK_ASKED)
{
	struct peer *p = &self->p;
	int fd, i;

	XTCP_ONLY();
	fd = open_active(p);
	for (i = 0; i < 100 && !reason_sent(XTCP_WHY_ACK_ASKED); i++) {
		int at = 1 + 100 * i;

		set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
		packets(p, fmt("< P. %d:%d(100) ack 1", at, at + 100));
		set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
		packets(p, fmt("> .  1:1(0) ack %d", at + 100));
	}
	EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_ASKED));
}

/* No edge and no RST without a reason, and none with two. */
TEST_F(reason, books__balance)
{
	long long edges = 0, whys = 0, rsts = 0, rst;
	struct peer *p = &self->p;
	int i;

	XTCP_ONLY();
	ACCEPT_QUEUE_FULL_given(p);
	LINGER_ZERO_given(p);
	for (i = 0; i < XTCP_EDGE_NR; i++)
		edges += edge_count(i);
	for (i = XTCP_WHY_NONE + 1; i < XTCP_WHY_NR; i++) {
		whys += reason_count(i, &rst);
		rsts += rst;
	}
	EXPECT_LT(0, edges);
	EXPECT_EQ(edges, whys);
	EXPECT_EQ(2, rsts);
	EXPECT_EQ(stat_counter("OutRsts"), rsts);
}

TEST_HARNESS_MAIN
