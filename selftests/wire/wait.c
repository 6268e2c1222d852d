// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket waits for (XTCP_WAIT), and what it spent its time with (XTCP_CLOCKS): each
 * wait is brought about on the wire.  Linux's TCP has neither.
 */
#include <linux/xtcp.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(wait)

static struct xtcp_wait_info wait_of(int fd)
{
	struct xtcp_wait_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_XTCP, XTCP_WAIT, &info, &len) || len != sizeof(info))
		abort();
	return info;
}

#define ASSERT_SEND(fd, wait)	ASSERT_EQ(XTCP_SEND_##wait, wait_of(fd).sending)
#define ASSERT_RECV(fd, wait)	ASSERT_EQ(XTCP_RECV_##wait, wait_of(fd).receiving)

static int watched_active(struct peer *p)
{
	int fd = open_active(p);

	set_int(fd, SOL_XTCP, XTCP_WATCH, 1);
	return fd;
}

static struct xtcp_clock_info clocks_of(int fd)
{
	struct xtcp_clock_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_XTCP, XTCP_CLOCKS, &info, &len) || len != sizeof(info))
		abort();
	return info;
}

static uint64_t sum(const __u64 *part, unsigned int nr)
{
	uint64_t all = 0;

	while (nr--)
		all += part[nr];
	return all;
}

#define ASSERT_SUMS(info)							\
	do {									\
		ASSERT_EQ((info)->total_us, sum((info)->state_us, (info)->states)); \
		ASSERT_EQ((info)->total_us, sum((info)->send_us, (info)->sends));	\
		ASSERT_EQ((info)->total_us, sum((info)->recv_us, (info)->recvs));	\
	} while (0)

TEST_F(wait, closed__none)
{
	int fd = wire_socket(&self->w, 0);

	XTCP_ONLY();
	ASSERT_SEND(fd, NONE);
	ASSERT_RECV(fd, NONE);
	ASSERT_EQ(XTCP_CLOSE, wait_of(fd).state);
}

TEST_F(wait, send__handshake)
{
	int fd = start_connect(&self->p);

	XTCP_ONLY();
	packets(&self->p, "> S 0:0(0)");
	ASSERT_SEND(fd, HANDSHAKE);
	ASSERT_EQ(XTCP_WAIT_ACTIVE, wait_of(fd).flags);
	packets(&self->p, "> S 0:0(0)");
	ASSERT_EQ(XTCP_WAIT_ACTIVE | XTCP_WAIT_SYN_AGAIN, wait_of(fd).flags);
	ASSERT_LE(1, wait_of(fd).attempts);
	ASSERT_LT(0, wait_of(fd).left_ms);
}

TEST_F(wait, send__nothing_and_network)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	ASSERT_SEND(fd, NOTHING);
	ASSERT_RECV(fd, PEER);
	put_pattern(fd, 0, 100);
	packets(&self->p, "> P. 1:101(100) ack 1");
	ASSERT_EQ(100, wait_of(fd).unacked);
	packets(&self->p, "< . 1:1(0) ack 101");
	ASSERT_SEND(fd, NOTHING);
	ASSERT_EQ(0, wait_of(fd).unacked);
}

TEST_F(wait, send__window)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	packets(&self->p, "< . 1:1(0) ack 1 win 0");
	put_pattern(fd, 0, 100);
	ASSERT_SEND(fd, WINDOW);
	ASSERT_EQ(100, wait_of(fd).unsent);
	ASSERT_EQ(0, wait_of(fd).peer_window);
	ASSERT_TRUE(wait_of(fd).flags & XTCP_WAIT_PERSIST);
	packets(&self->p, "> . 0:0(0) ack 1");
	ASSERT_LE(1, wait_of(fd).attempts);
	packets(&self->p, "< . 1:1(0) ack 1 win 1000",
			  "> P. 1:101(100) ack 1",
			  "< . 1:1(0) ack 101 win 1000");
	ASSERT_SEND(fd, NOTHING);
}

TEST_F(wait, send__cwnd)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	put_pattern(fd, 0, 20 * WIRE_MSS);
	ASSERT_EQ(10, wait_of(fd).cwnd);
	ASSERT_SEND(fd, CWND);
}

TEST_F(wait, send__nagle)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	set_int(fd, SOL_TCP, TCP_CORK, 1);
	put_pattern(fd, 0, 100);
	ASSERT_SEND(fd, NAGLE);
	ASSERT_TRUE(wait_of(fd).flags & XTCP_WAIT_CORKED);
	set_int(fd, SOL_TCP, TCP_CORK, 0);
	packets(&self->p, "> P. 1:101(100) ack 1");
	ASSERT_FALSE(wait_of(fd).flags & XTCP_WAIT_CORKED);
}

TEST_F(wait, send__timeout)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	put_pattern(fd, 0, 100);
	/* the last one is a timeout's, whatever a tail loss probe did before */
	packets(&self->p, "> P. 1:101(100) ack 1",
			  "> P. 1:101(100) ack 1",
			  "> P. 1:101(100) ack 1");
	ASSERT_SEND(fd, TIMEOUT);
	ASSERT_LE(1, wait_of(fd).attempts);
	ASSERT_EQ(15, wait_of(fd).limit);
	ASSERT_LT(0, wait_of(fd).left_ms);
	packets(&self->p, "< . 1:1(0) ack 101");
	ASSERT_SEND(fd, NOTHING);
}

TEST_F(wait, send__pacing)
{
	int fd = open_active(&self->p);
	unsigned int acked = 0;

	XTCP_ONLY();
	/* a segment in four seconds, but for the first, which may leave at once */
	set_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE, WIRE_MSS / 4);
	put_pattern(fd, 0, 30 * WIRE_MSS);
	while (wait_of(fd).sending == XTCP_SEND_CWND) {
		acked += wait_of(fd).unacked;
		packets(&self->p, fmt("< . 1:1(0) ack %u", 1 + acked));
	}
	ASSERT_SEND(fd, PACING);
}

TEST_F(wait, recv__reader_gap_and_closed)
{
	int fd = open_active(&self->p);

	XTCP_ONLY();
	packets(&self->p, "< P. 101:201(100) ack 1");
	ASSERT_RECV(fd, GAP);
	ASSERT_EQ(100, wait_of(fd).gap);
	packets(&self->p, "< P. 1:101(100) ack 1");
	ASSERT_RECV(fd, READER);
	ASSERT_EQ(200, wait_of(fd).unread);
	get_pattern(fd, 0, 200);
	ASSERT_RECV(fd, PEER);
	packets(&self->p, "< F. 201:201(0) ack 1");
	ASSERT_RECV(fd, CLOSED);
	ASSERT_EQ(XTCP_CLOSE_WAIT, wait_of(fd).state);
	ASSERT_TRUE(wait_of(fd).flags & XTCP_WAIT_PEER_CLOSED);
}

/* All is on its way, and there is no room for more: what is awaited is that room. */
TEST_F(wait, send__room)
{
	static const char text[1000];
	int fd;

	XTCP_ONLY();
	wire_long_rto();
	fd = open_active(&self->p);
	set_int(fd, SOL_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 1);
	while (send(fd, text, sizeof(text), MSG_NOSIGNAL) > 0)
		;
	ASSERT_EQ(0, wait_of(fd).unsent);
	ASSERT_SEND(fd, SNDBUF);
}

/* Calls to read and to write, whatever comes of them, of this connection. */
TEST_F(wait, calls__when)
{
	int fd = open_active(&self->p);
	char byte;

	XTCP_ONLY();
	ASSERT_EQ(UINT32_MAX, wait_of(fd).read_ms);
	ASSERT_EQ(UINT32_MAX, wait_of(fd).write_ms);
	ASSERT_EQ(-1, recv(fd, &byte, 1, MSG_DONTWAIT));
	ASSERT_GT(UINT32_MAX, wait_of(fd).read_ms);
	ASSERT_EQ(UINT32_MAX, wait_of(fd).write_ms);
	ASSERT_TRUE(await(wait_of(fd).read_ms >= 50));
	put_pattern(fd, 0, 100);
	ASSERT_GT(UINT32_MAX, wait_of(fd).write_ms);
	ASSERT_LE(50, wait_of(fd).read_ms);
}

/* The clocks of a dialogue, and that each moment is in one of each kind. */
TEST_F(wait, clocks__sum_to_the_time)
{
	int fd = watched_active(&self->p);
	struct xtcp_clock_info info;

	XTCP_ONLY();
	packets(&self->p, "< . 1:1(0) ack 1 win 0");
	put_pattern(fd, 0, 100);
	/* the persist timer: a wait of 200 ms at least */
	packets(&self->p, "> . 0:0(0) ack 1",
			  "< P. 1:101(100) ack 1 win 1000",
			  "> P. 1:101(100) ack 101",
			  "< . 101:101(0) ack 101 win 1000");
	info = clocks_of(fd);
	ASSERT_SUMS(&info);
	ASSERT_LE(150000, info.send_us[XTCP_SEND_WINDOW]);
	ASSERT_LT(0, info.recv_us[XTCP_RECV_READER]);
	ASSERT_EQ(info.total_us, info.state_us[XTCP_ESTABLISHED]);
	get_pattern(fd, 0, 100);
	shutdown(fd, SHUT_WR);
	packets(&self->p, "> F. 101:101(0) ack 101",
			  "< . 101:101(0) ack 102",
			  "quiet 30");
	info = clocks_of(fd);
	ASSERT_SUMS(&info);
	ASSERT_LE(30000, info.state_us[XTCP_FIN_WAIT2]);
	ASSERT_LE(30000, info.send_us[XTCP_SEND_CLOSED]);
}

/* A listener's children are watched if it is; others have no clocks. */
TEST_F(wait, clocks__of_children)
{
	int listener = start_listen(&self->w, 5), fd;
	struct xtcp_clock_info info;
	socklen_t len = sizeof(info);

	XTCP_ONLY();
	self->p.lport = WIRE_PORT;
	set_int(listener, SOL_XTCP, XTCP_WATCH, 1);
	packets(&self->p, "< S 0:0(0) <mss 1460>",
			  "> S. 0:0(0) ack 1",
			  "< . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	info = clocks_of(fd);
	ASSERT_SUMS(&info);
	set_int(fd, SOL_XTCP, XTCP_WATCH, 0);
	ASSERT_EQ(-1, getsockopt(fd, SOL_XTCP, XTCP_CLOCKS, &info, &len));
	ASSERT_EQ(ENODATA, errno);
}

TEST_F(wait, clocks__one_in_so_many)
{
	int fd;

	XTCP_ONLY();
	ASSERT_TRUE(conf_set("watch_ratio", "1"));
	fd = open_active(&self->p);
	ASSERT_EQ(1, get_int(fd, SOL_XTCP, XTCP_WATCH));
}

/* What came to a listener, and what became of it. */
TEST_F(wait, listener__counts)
{
	int listener = start_listen(&self->w, 0), fd;
	struct xtcp_listener_info info = {};
	socklen_t len = sizeof(info);
	struct peer other;

	XTCP_ONLY();
	self->p.lport = WIRE_PORT;
	peer_clone(&other, &self->p, 40001);
	packets(&self->p, "< S 0:0(0) <mss 1460>",
			  "> S. 0:0(0) ack 1",
			  "< . 1:1(0) ack 1",
			  "quiet 20");
	/* a backlog of 0 takes one: the next SYN is dropped */
	packets(&other, "< S 0:0(0) <mss 1460>",
			"quiet 20");
	ASSERT_EQ(0, getsockopt(listener, SOL_XTCP, XTCP_LISTENER, &info, &len));
	ASSERT_EQ(1, info.accept_now);
	ASSERT_EQ(1, info.accept_max);
	ASSERT_EQ(1, info.syn_max);
	ASSERT_EQ(1, info.overflows);
	ASSERT_LE(10, info.waits_ms);
	fd = do_accept(&self->w, listener);
	ASSERT_EQ(0, getsockopt(listener, SOL_XTCP, XTCP_LISTENER, &info, &len));
	ASSERT_EQ(0, info.accept_now);
	ASSERT_EQ(1, info.accepted);
	ASSERT_LE(10, info.waited_max_ms);
	ASSERT_EQ(info.waited_max_ms, info.waited_ms);
	ASSERT_EQ(-1, getsockopt(fd, SOL_XTCP, XTCP_LISTENER, &info, &len));
	ASSERT_EQ(EINVAL, errno);
}

TEST_F(wait, options__refuse)
{
	int fd = wire_socket(&self->w, 0), val = 1;
	socklen_t len = sizeof(val);

	XTCP_ONLY();
	ASSERT_EQ(-1, setsockopt(fd, SOL_XTCP, XTCP_WAIT, &val, sizeof(val)));
	ASSERT_EQ(ENOPROTOOPT, errno);
	ASSERT_EQ(-1, setsockopt(fd, SOL_XTCP, XTCP_WATCH, &val, 1));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, getsockopt(fd, SOL_XTCP, 77, &val, &len));
	ASSERT_EQ(ENOPROTOOPT, errno);
}

TEST_HARNESS_MAIN
