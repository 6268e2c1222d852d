// SPDX-License-Identifier: GPL-2.0
/*
 * Every edge of the state machine, taken in the kernel, one test for each.
 *
 * The list in <linux/xtcp_fsm.h> makes the tests; an edge without a scenario
 * here does not compile. The kernel's own counter says that it was taken.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(edges)

/* A connection in each state, in which our next number and the peer's is 1. */

static int syn_sent(struct peer *p)
{
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)");
	return fd;
}

static int syn_recv(struct peer *p)
{
	int fd = syn_sent(p);

	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return fd;
}

/* SYN_RECV of a listener. Returns the listener. */
static int syn_recv_passive(struct peer *p)
{
	int listener = start_listen(p->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return listener;
}

static int established(struct peer *p)
{
	return open_active(p);
}

/* From here on our FIN is number 1, the peer's is 1, too. */

static int fin_wait1(struct peer *p)
{
	int fd = established(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1");
	return fd;
}

static int fin_wait2(struct peer *p)
{
	int fd = fin_wait1(p);

	packets(p, "< . 1:1(0) ack 2");
	return fd;
}

static int close_wait(struct peer *p)
{
	int fd = established(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	return fd;
}

static int closing(struct peer *p)
{
	int fd = fin_wait1(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 2:2(0) ack 2");
	return fd;
}

static int last_ack(struct peer *p)
{
	int fd = close_wait(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 2");
	return fd;
}

static void time_wait(struct peer *p)
{
	close(fin_wait2(p));
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

/* Patience of the user, in which nothing is ACKed. */
static void impatient(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 300);
}

static void abort_close(int fd)
{
	set_linger(fd, 0);
	close(fd);
}

#define EDGE(from, event) \
	static void from##__##event##_taken(struct peer *p)

/* ---- CLOSE --------------------------------------------------------------- */

EDGE(CLOSE, PASSIVE_OPEN)
{
	start_listen(p->w, 8);
}

EDGE(CLOSE, ACTIVE_OPEN)
{
	start_connect(p);
	packets(p, "> S 0:0(0)");
}

/* ---- LISTEN -------------------------------------------------------------- */

EDGE(LISTEN, RCV_SYN)
{
	syn_recv_passive(p);
}

EDGE(LISTEN, SEND)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = start_listen(p->w, 8);

	set_nonblock(fd, true);
	sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S 0:0(0)");
}

EDGE(LISTEN, CLOSE)
{
	close(start_listen(p->w, 8));
}

/* ---- SYN_SENT ------------------------------------------------------------ */

EDGE(SYN_SENT, RCV_SYN)
{
	syn_recv(p);
}

EDGE(SYN_SENT, RCV_SYN_ACK)
{
	syn_sent(p);
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
}

EDGE(SYN_SENT, CLOSE)
{
	close(syn_sent(p));
}

EDGE(SYN_SENT, ABORT)
{
	struct sockaddr_in local, remote = peer_sockaddr(p);

	syn_sent(p);
	local = wire_sockaddr(p->lport);
	if (diag_destroy(&local, &remote))
		wire_fail(p->w, "SOCK_DESTROY failed");
	packets(p, "quiet 10");
}

EDGE(SYN_SENT, RCV_RST)
{
	syn_sent(p);
	packets(p, "< R. 0:0(0) ack 1");
}

EDGE(SYN_SENT, TIMEOUT)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S 0:0(0)",
		   "+1 > S 0:0(0)");
	fd_poll(fd, POLLOUT, PATIENCE_MS);
}

/* ---- SYN_RECV ------------------------------------------------------------ */

EDGE(SYN_RECV, RCV_ACK_OF_SYN)
{
	syn_recv_passive(p);
	packets(p, "< . 1:1(0) ack 1");
}

EDGE(SYN_RECV, CLOSE)
{
	close(syn_recv(p));
	packets(p, "> F. 1:1(0) ack 1");
}

EDGE(SYN_RECV, RCV_RST_PASSIVE)
{
	syn_recv_passive(p);
	packets(p, "< R 1:1(0)");
}

EDGE(SYN_RECV, RCV_RST)
{
	syn_recv(p);
	packets(p, "< R 1:1(0)");
}

EDGE(SYN_RECV, ABORT)
{
	abort_close(syn_recv(p));
	packets(p, "> R. 1:1(0) ack 1");
}

EDGE(SYN_RECV, TIMEOUT)
{
	conf_set("synack_retries", "1");
	syn_recv_passive(p);
	packets(p, "> S. 0:0(0) ack 1");
}

/* ---- ESTABLISHED --------------------------------------------------------- */

EDGE(ESTABLISHED, CLOSE)
{
	close(established(p));
	packets(p, "> F. 1:1(0) ack 1");
}

EDGE(ESTABLISHED, RCV_FIN)
{
	close_wait(p);
}

EDGE(ESTABLISHED, ABORT)
{
	abort_close(established(p));
	packets(p, "> R. 1:1(0) ack 1");
}

EDGE(ESTABLISHED, RCV_RST)
{
	established(p);
	packets(p, "< R 1:1(0)");
}

EDGE(ESTABLISHED, TIMEOUT)
{
	int fd = established(p);

	impatient(fd);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1");
}

/* ---- FIN_WAIT1 ----------------------------------------------------------- */

EDGE(FIN_WAIT1, RCV_ACK_OF_FIN)
{
	fin_wait2(p);
}

EDGE(FIN_WAIT1, RCV_FIN)
{
	closing(p);
}

EDGE(FIN_WAIT1, RCV_FIN_ACK_OF_FIN)
{
	fin_wait1(p);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

EDGE(FIN_WAIT1, ABORT)
{
	abort_close(fin_wait1(p));
	packets(p, "> R. 2:2(0) ack 1");
}

EDGE(FIN_WAIT1, RCV_RST)
{
	fin_wait1(p);
	packets(p, "< R 1:1(0)");
}

EDGE(FIN_WAIT1, TIMEOUT)
{
	int fd = established(p);

	impatient(fd);
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "> F. 1:1(0) ack 1");
}

/* ---- FIN_WAIT2 ----------------------------------------------------------- */

EDGE(FIN_WAIT2, RCV_FIN)
{
	fin_wait2(p);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

EDGE(FIN_WAIT2, ABORT)
{
	abort_close(fin_wait2(p));
	packets(p, "> R. 2:2(0) ack 1");
}

EDGE(FIN_WAIT2, RCV_RST)
{
	fin_wait2(p);
	packets(p, "< R 1:1(0)");
}

EDGE(FIN_WAIT2, TIMEOUT)
{
	conf_set("fin_timeout", "1");
	close(fin_wait2(p));
}

/* ---- CLOSE_WAIT ---------------------------------------------------------- */

EDGE(CLOSE_WAIT, CLOSE)
{
	close(close_wait(p));
	packets(p, "> F. 1:1(0) ack 2");
}

EDGE(CLOSE_WAIT, ABORT)
{
	abort_close(close_wait(p));
	packets(p, "> R. 1:1(0) ack 2");
}

EDGE(CLOSE_WAIT, RCV_RST)
{
	close_wait(p);
	packets(p, "< R 2:2(0)");
}

EDGE(CLOSE_WAIT, TIMEOUT)
{
	int fd = close_wait(p);

	impatient(fd);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 2",
		   "> P. 1:101(100) ack 2");
}

/* ---- CLOSING ------------------------------------------------------------- */

EDGE(CLOSING, RCV_ACK_OF_FIN)
{
	closing(p);
	packets(p, "< . 2:2(0) ack 2");
}

EDGE(CLOSING, ABORT)
{
	abort_close(closing(p));
	/* 3.10.5: both have said goodbye, there is nothing to reset */
	packets(p, "quiet 10");
}

EDGE(CLOSING, RCV_RST)
{
	closing(p);
	packets(p, "< R 2:2(0)");
}

EDGE(CLOSING, TIMEOUT)
{
	int fd = fin_wait1(p);

	impatient(fd);
	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 2:2(0) ack 2",
		   "> F. 1:1(0) ack 2");
}

/* ---- LAST_ACK ------------------------------------------------------------ */

EDGE(LAST_ACK, RCV_ACK_OF_FIN)
{
	last_ack(p);
	packets(p, "< . 2:2(0) ack 2");
}

EDGE(LAST_ACK, ABORT)
{
	abort_close(last_ack(p));
	packets(p, "quiet 10");
}

EDGE(LAST_ACK, RCV_RST)
{
	last_ack(p);
	packets(p, "< R 2:2(0)");
}

EDGE(LAST_ACK, TIMEOUT)
{
	int fd = close_wait(p);

	impatient(fd);
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 2",
		   "> F. 1:1(0) ack 2");
}

/* ---- TIME_WAIT ----------------------------------------------------------- */

EDGE(TIME_WAIT, TIMEOUT_2MSL)
{
	conf_set("timewait_len", "1");
	time_wait(p);
}

/* A new connection to the same port, where a listener waits. */
EDGE(TIME_WAIT, RCV_SYN)
{
	struct peer again;
	int listener = syn_recv_passive(p);

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

EDGE(TIME_WAIT, RCV_FIN)
{
	time_wait(p);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

EDGE(TIME_WAIT, RCV_RST)
{
	time_wait(p);
	packets(p, "< R 2:2(0)");
}

EDGE(TIME_WAIT, ABORT)
{
	struct sockaddr_in local, remote = peer_sockaddr(p);

	time_wait(p);
	local = wire_sockaddr(p->lport);
	if (diag_destroy(&local, &remote))
		wire_fail(p->w, "SOCK_DESTROY failed");
}

/* ---- the table ----------------------------------------------------------- */

static void (*const scenarios[])(struct peer *p) = {
#define SCENARIO(from, to, event, action, clause) \
	[XTCP_EDGE_##from##__##event] = from##__##event##_taken,
	XTCP_EDGES(SCENARIO)
};

_Static_assert(ARRAY_SIZE(scenarios) == XTCP_EDGE_NR, "an edge lacks its scenario");

#define EDGE_TEST(from, to, event, action, clause)			\
TEST_F(edges, from##__##event)						\
{									\
	const enum xtcp_edge edge = XTCP_EDGE_##from##__##event;	\
	long long before = edge_count(edge);				\
									\
	XTCP_ONLY();							\
	ASSERT_LE(0, before);						\
	scenarios[edge](&self->p);					\
	/* some edges wait for a timer */				\
	EXPECT_TRUE(await_ms(edge_count(edge) > before, 60000));	\
	/* and nothing happened that the table does not know */	\
	EXPECT_EQ(0, counter("NoEdge"));				\
}
XTCP_EDGES(EDGE_TEST)

TEST_HARNESS_MAIN
