// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open (RFC 7413), the client: text in a SYN.  fastopen_server.c has the
 * other side.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

/* What SYNs of the socket have before the Fast Open option. */
#define USUAL	"mss 1460,sackOK,TS val * ecr 0,nop,wscale *"
/* A cookie that the peer hands out, as an option. */
#define COOKIE	"hex 220a0102030405060708,nop,nop"
#define REQUEST	"hex 2202,nop,nop"
#define EXP_REQUEST "hex fe04f989"
#define EXP_COOKIE "hex fe0cf9890102030405060708"

WIRE_FIXTURE_TIMERS(fastopen);

/* sendto() with MSG_FASTOPEN; -errno, or what was taken. */
static int fast_send(struct peer *p, int fd, size_t len)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	char *buf = malloc(len + 1);
	size_t i;
	int n;

	for (i = 0; i < len; i++)
		buf[i] = wire_pattern(i);
	n = sendto(fd, buf, len, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&sin,
		   sizeof(sin));
	if (n < 0)
		n = -errno;
	free(buf);
	return n;
}

/* The peer's next connection, its ports and numbers unknown. */
static void next(struct peer *p)
{
	p->synced = false;
	p->lport = 0;
	p->ts = false;
}

/* Make the socket's host know the peer's cookie. */
static void learn(struct peer *p, const char *synack)
{
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	if (fast_send(p, fd, 10) != -EINPROGRESS)
		wire_fail(p->w, "sendto() without a cookie did not say EINPROGRESS");
	packets(p, "> S  0:0(0) <" USUAL "," REQUEST ">",
		   synack,
		   ">  . 1:1(0) ack 1");
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 1");
	next(p);
}

#define WITH_COOKIE	"< S. 0:0(0) ack 1 <mss 1460," COOKIE ">"

TEST_F(fastopen, active__request_then_cookie)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100) <" USUAL "," COOKIE ">",
		   "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_TRUE(fd_syn_data_acked(fd));
	EXPECT_EQ(0, fd_fastopen_fail(fd));
	EXPECT_EQ(1, stat_counter("FastOpenActive"));
	/* and the stream goes on */
	put_pattern(fd, 100, 50);
	packets(p, "> P. 101:151(50) ack 1",
		   "< .  1:1(0) ack 151",
		   "quiet 50");
}

/*
 * Without a cookie nothing is lost: it goes when the handshake is complete, and brings
 * the ACK along.  That is the beginning of a dialogue, in which ACKs wait for answers.
 */
TEST_F(fastopen, active__blocking_without_cookie)
{
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, 0), status = -1;
	pid_t pid;

	pid = must_fork();
	if (!pid)
		_exit(fast_send(p, fd, 100) == 100 ? 0 : 1);
	packets(p, "> S  0:0(0) <" USUAL "," REQUEST ">",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
	EXPECT_EQ(0, get_int(fd, IPPROTO_TCP, TCP_QUICKACK));
	EXPECT_EQ(1, fd_fastopen_fail(fd));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* RFC 7413 4.1.3: acknowledged is the SYN only, so the text comes again. */
TEST_F(fastopen, active__text_not_acked)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> P. 1:101(100) ack 1");
	/* what is sent again is no small segment: Nagle lets the next one go */
	put_pattern(fd, 100, 50);
	packets(p, "> P. 101:151(50) ack 1",
		   "<  . 1:1(0) ack 151",
		   "quiet 50");
	EXPECT_FALSE(fd_syn_data_acked(fd));
	EXPECT_EQ(2, fd_fastopen_fail(fd));
	EXPECT_EQ(1, stat_counter("FastOpenActiveFail"));
}

TEST_F(fastopen, active__text_acked_in_part)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "< S. 0:0(0) ack 41 <mss 1460>",
		   "> P. 41:101(60) ack 1",
		   "<  . 1:1(0) ack 101",
		   "quiet 50");
	EXPECT_EQ(1, stat_counter("FastOpenActiveFail"));
}

/* More than was sent: it answers something else (RFC 9293 3.10.7.3). */
TEST_F(fastopen, active__too_much_acked)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "< S. 0:0(0) ack 102 <mss 1460>",
		   "> R  102:102(0)");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
}

/* A middlebox may have dropped it: the next SYN is a plain one. */
TEST_F(fastopen, active__syn_again_is_plain)
{
	struct peer *p = &self->p;
	int fd;

	conf_set("syn_linear_timeouts", "0");
	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "+1 > S 0:0(0) <" USUAL ">",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
	EXPECT_EQ(3, fd_fastopen_fail(fd));
}

/* The first SYN did arrive, its SYN,ACK did not. */
TEST_F(fastopen, active__syn_again_and_text_acked)
{
	struct peer *p = &self->p;
	int fd;

	conf_set("syn_linear_timeouts", "0");
	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "+1 > S 0:0(0)",
		   "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1",
		   "quiet 50");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* A router says that it was too large: the plain SYN does not wait for the timer. */
TEST_F(fastopen, active__syn_is_too_large)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(1000, fast_send(p, fd, 1000));
	IPV4_ONLY("no path of IPv6 takes less than 1280 bytes");
	packets(p, "> S  0:1000(1000)");
	peer_icmp(p, 3, 4, 576);
	packets(p, "> S  0:0(0) <" USUAL ">");
	EXPECT_EQ(0, stat_counter("Timeouts"));
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:537(536) ack 1",
		   "> P. 537:1001(464) ack 1",
		   "<  . 1:1(0) ack 1001");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* As much as a segment takes, less room for options of middleboxes. */
TEST_F(fastopen, active__no_more_than_a_segment)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(1420, fast_send(p, fd, 3000));
	packets(p, "> S  0:1420(1420)",
		   "< S. 0:0(0) ack 1421 <mss 1460>",
		   ">  . 1421:1421(0) ack 1");
}

/* The server's last MSS limits it as well. */
TEST_F(fastopen, active__mss_is_remembered)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, "< S. 0:0(0) ack 1 <mss 540," COOKIE ">");
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(500, fast_send(p, fd, 3000));
	packets(p, "> S  0:500(500)");
}

/* RFC 7413 4.1.1: no answer to a request: try the experimental option. */
TEST_F(fastopen, active__experimental_option)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, "< S. 0:0(0) ack 1 <mss 1460>");
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(-EINPROGRESS, fast_send(p, fd, 10));
	packets(p, "> S  0:0(0) <" USUAL "," EXP_REQUEST ">",
		   "< S. 0:0(0) ack 1 <mss 1460," EXP_COOKIE ">",
		   ">  . 1:1(0) ack 1");
	next(p);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(10, fast_send(p, fd, 10));
	packets(p, "> S  0:10(10) <" USUAL "," EXP_COOKIE ">");
}

/* A cookie that nobody asked for is not kept. */
TEST_F(fastopen, active__unsolicited_cookie)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   WITH_COOKIE,
		   ">  . 1:1(0) ack 1");
	next(p);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(-EINPROGRESS, fast_send(p, fd, 10));
	packets(p, "> S 0:0(0) <" USUAL "," REQUEST ">");
}

TEST_F(fastopen, active__switched_off)
{
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_TRUE(conf_set("fastopen", "0"));
	EXPECT_EQ(-EOPNOTSUPP, fast_send(&self->p, fd, 10));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(fastopen, active__refused)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100)",
		   "< R. 0:0(0) ack 1");
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(ECONNREFUSED, fd_error(fd));
}

/* Closed before it was answered: nothing is left. */
TEST_F(fastopen, active__close_in_syn_sent)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S 0:100(100)");
	close(fd);
	EXPECT_TRUE(await(peer_state(p) == TCP_CLOSE));
}

TEST_F(fastopen, active__no_cookie_needed)
{
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1));
	EXPECT_EQ(100, fast_send(p, fd, 100));
	packets(p, "> S  0:100(100) <" USUAL ">",
		   "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1");
	EXPECT_EQ(1, stat_counter("FastOpenActive"));
}

TEST_F(fastopen, active__connected_already)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	/* the first one finds out that it is connected */
	EXPECT_EQ(10, fast_send(p, fd, 10));
	packets(p, "> P. 1:11(10) ack 1",
		   "<  . 1:1(0) ack 11");
	EXPECT_EQ(-EISCONN, fast_send(p, fd, 10));
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	next(p);
	fd = start_connect(p);
	EXPECT_EQ(-EALREADY, fast_send(p, fd, 10));
}

/* ---- TCP_FASTOPEN_CONNECT ------------------------------------------------ */

static int fast_connect(struct peer *p)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	if (set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1))
		wire_fail(p->w, "TCP_FASTOPEN_CONNECT: %s", strerror(errno));
	errno = 0;
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	return fd;
}

/* Without a cookie, connect() asks for one. */
TEST_F(fastopen, connect__request)
{
	struct peer *p = &self->p;

	fast_connect(p);
	EXPECT_EQ(EINPROGRESS, errno);
	packets(p, "> S  0:0(0) <" USUAL "," REQUEST ">",
		   WITH_COOKIE,
		   ">  . 1:1(0) ack 1");
}

/* With one, the SYN waits for the first write(). */
TEST_F(fastopen, connect__deferred)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = fast_connect(p);
	EXPECT_EQ(0, errno);
	packets(p, "quiet 50");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT | POLLIN, 0));
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EISCONN, errno);
	put_pattern(fd, 0, 100);
	packets(p, "> S  0:100(100) <" USUAL "," COOKIE ">",
		   "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 100, 100);
	packets(p, "> P. 101:201(100) ack 1");
}

/* Nothing was sent, so nothing that comes is an answer. */
TEST_F(fastopen, connect__deferred_and_closed)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = fast_connect(p);
	close(fd);
	packets(p, "quiet 50");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_SENT));
}

TEST_F(fastopen, connect__deferred_and_disconnected)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	fd = fast_connect(p);
	EXPECT_EQ(0, connect(fd, &sa, sizeof(sa)));
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	packets(p, "quiet 50");
}

/* ---- black holes of the client (RFC 7413 4.1.3.1) ------------------------- */

/* A connection whose SYN has text, acknowledged or not; it goes without traces. */
static int fast_open(struct peer *p)
{
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	if (fast_send(p, fd, 100) != 100)
		wire_fail(p->w, "the SYN does not take text");
	packets(p, "> S 0:100(100) <" USUAL "," COOKIE ">");
	return fd;
}

static void leave(struct peer *p, int fd, const char *rst)
{
	set_linger(fd, 0);
	close(fd);
	packets(p, rst);
	next(p);
}

/* A connection that could not have text in its SYN: not even the option is there. */
static void plain_open(struct peer *p)
{
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	if (fast_send(p, fd, 100) != -EINPROGRESS)
		wire_fail(p->w, "the SYN takes text");
	packets(p, "> S  0:0(0) <" USUAL ">",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	leave(p, fd, "> R. 1:1(0) ack 1");
}

/*
 * A RST that fits nothing the server can have seen: what a middlebox sends that
 * did not understand the SYN.
 */
static void suspicious(struct peer *p)
{
	int fd = fast_open(p);

	packets(p, "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1",
		   "<  R 100:100(0)",
		   ">  . 101:101(0) ack 1");
	leave(p, fd, "> R. 101:101(0) ack 1");
}

/* A path that takes no text in SYNs: for a time there is none. */
TEST_F(fastopen, blackhole__of_syns)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("syn_linear_timeouts", "4"));
	ASSERT_TRUE(conf_set("fastopen_blackhole_timeout_sec", "2"));
	learn(p, WITH_COOKIE);
	fd = fast_open(p);
	packets(p, "+1 > S 0:0(0) <" USUAL ">",
		   "+1 > S 0:0(0) <" USUAL ">");
	EXPECT_EQ(0, stat_counter("FastOpenBlackhole"));
	packets(p, "+1 > S 0:0(0) <" USUAL ">",
		   "<  S. 0:0(0) ack 1 <mss 1460>",
		   ">  P. 1:101(100) ack 1",
		   "<   . 1:1(0) ack 101");
	EXPECT_EQ(1, stat_counter("FastOpenBlackhole"));
	leave(p, fd, "> R. 101:101(0) ack 1");

	plain_open(p);
	packets(p, "quiet 2100");
	/* the cookie is still known */
	fd = fast_open(p);
	packets(p, "<  S. 0:0(0) ack 101 <mss 1460>",
		   ">   . 101:101(0) ack 1");
	EXPECT_TRUE(fd_syn_data_acked(fd));
}

/* Each time in a row it is twice as long, until one goes well. */
TEST_F(fastopen, blackhole__again_and_again)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("fastopen_blackhole_timeout_sec", "1"));
	learn(p, WITH_COOKIE);
	suspicious(p);
	EXPECT_EQ(1, stat_counter("FastOpenBlackhole"));
	plain_open(p);
	packets(p, "quiet 1100");
	suspicious(p);
	EXPECT_EQ(2, stat_counter("FastOpenBlackhole"));
	packets(p, "quiet 1100");
	plain_open(p);
	packets(p, "quiet 1000");

	/* text gets through, both ways */
	fd = fast_open(p);
	packets(p, "< S. 0:0(0) ack 101 <mss 1460>",
		   ">  . 101:101(0) ack 1",
		   "< P. 1:101(100) ack 101",
		   ">  . 101:101(0) ack 101");
	get_pattern(fd, 0, 100);
	leave(p, fd, "> R. 101:101(0) ack 101");
	suspicious(p);
	plain_open(p);
	packets(p, "quiet 1100");
	fd = fast_open(p);
	leave(p, fd, "quiet 20");
}

TEST_F(fastopen, blackhole__not_by_default)
{
	struct peer *p = &self->p;
	int fd;

	learn(p, WITH_COOKIE);
	suspicious(p);
	EXPECT_EQ(0, stat_counter("FastOpenBlackhole"));
	fd = fast_open(p);
	leave(p, fd, "quiet 20");
}

TEST_HARNESS_MAIN
