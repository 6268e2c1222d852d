// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when nobody answers: RFC 9293 3.8.3 and 3.8.4, RFC 6298, RFC 5482,
 * and the settings that Linux has for them.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(timers)

#define SECOND	1000000000LL

/* ---- SYN ----------------------------------------------------------------- */

/* As Linux since 6.5: the first ones a second apart. */
TEST_F(timers, syn__first_ones_at_an_even_pace)
{
	struct peer *p = &self->p;
	int fd;

	if (!conf_set("syn_linear_timeouts", "2"))
		SKIP(return, "an older kernel doubles at once");
	fd = start_connect(p);
	packets(p, "> S 0:0(0)",
		   "+1 > S 0:0(0)",
		   "+1 > S 0:0(0)",
		   "+1 > S 0:0(0)",
		   "+2 > S 0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* A number of retransmissions is a time, too: that of the doubling ones. */
TEST_F(timers, syn__even_pace_and_tcp_syncnt)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);
	uint64_t start = now_ns();

	if (!conf_set("syn_linear_timeouts", "4"))
		SKIP(return, "an older kernel doubles at once");
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(&self->p, "> S 0:0(0)",
			  "+1 > S 0:0(0)",
			  "+1 > S 0:0(0)");
	ASSERT_TRUE(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	EXPECT_LT(2 * SECOND + SECOND / 2, now_ns() - start);
	packets(&self->p, "quiet 10");
}

/* The user's patience ends with the next timeout, not with this one. */
TEST_F(timers, syn__user_timeout)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 300));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(&self->p, "> S 0:0(0)",
			  "+1 > S 0:0(0)");
	ASSERT_TRUE(fd_poll(fd, POLLOUT, 1500) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	packets(&self->p, "quiet 10");
}

/* ---- retransmission ------------------------------------------------------ */

/*
 * A connection whose RTO is the least, 200 ms, and little more, as its handshake was quick:
 * that of a busy machine is not each time.
 */
static int open_quick(struct peer *p)
{
	struct tcp_info info = { };
	uint16_t port;
	int fd;

	for (port = 3000; ; port++) {
		socklen_t len = sizeof(info);

		peer_init(p, p->w);
		p->port = port;
		fd = open_active(p);
		if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
		    (info.tcpi_rto <= 220000 || port == 3030))
			return fd;
		close(fd);
	}
}

/* R2 is a time: that of retries2 timeouts of which the first is 200 ms. */
TEST_F(timers, rexmit__retries2)
{
	struct peer *p = &self->p;
	int fd = open_quick(p);

	ASSERT_TRUE(conf_set("retries2", "2"));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.2 > P. 1:101(100) ack 1",
		   "+0.4 > P. 1:101(100) ack 1",
		   "+0.8 > P. 1:101(100) ack 1");
	/* 1.4 seconds after the first retransmission; a timeout finds out */
	ASSERT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	packets(p, "quiet 10");
}

/* What ICMP said meanwhile is the better reason. */
TEST_F(timers, rexmit__error_is_what_icmp_said)
{
	struct peer *p = &self->p;
	int fd = open_quick(p);

	ASSERT_TRUE(conf_set("retries2", "1"));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	peer_icmp(p, 3, 13, 0);
	packets(p, "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1");
	ASSERT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(siit_mode() == SIIT_6 ? EACCES : EHOSTUNREACH, fd_error(fd));
}

TEST_F(timers, rexmit__rto_min)
{
	struct peer *p = &self->p;
	int fd;

	if (!conf_set("rto_min_us", "600000"))
		SKIP(return, "an older kernel has no tcp_rto_min_us");
	fd = open_active(p);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.6 > P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
}

TEST_F(timers, rexmit__rto_max)
{
	struct peer *p = &self->p;
	int fd;

	if (!conf_set("rto_max_ms", "1000"))
		SKIP(return, "an older kernel has no tcp_rto_max_ms");
	fd = open_active(p);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.2 > P. 1:101(100) ack 1",
		   "+0.4 > P. 1:101(100) ack 1",
		   "+0.8 > P. 1:101(100) ack 1",
		   "+1 > P. 1:101(100) ack 1",
		   "+1 > P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
}

/* RFC 6069: without a route there is no congestion, so no backoff either. */
TEST_F(timers, rexmit__missing_route_takes_back_a_doubling)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.2 > P. 1:101(100) ack 1",
		   "+0.4 > P. 1:101(100) ack 1");
	peer_icmp(p, 3, 0, 0);
	packets(p, "+0.4 > P. 1:101(100) ack 1");
	peer_icmp(p, 3, 1, 0);
	packets(p, "+0.4 > P. 1:101(100) ack 1");
	/* a closed port is no such thing */
	peer_icmp(p, 3, 3, 0);
	packets(p, "+0.8 > P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
}

/* ---- persist ------------------------------------------------------------- */

/* The next probe is due one timeout after the answer to the last. */
TEST_F(timers, persist__counts_from_the_answer)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	packets(p, "+0.2 > . 100:100(0) ack 1",
		   "quiet 200",
		   "< . 1:1(0) ack 101 win 0",
		   "+0.4 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "+0.8 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "< . 1:1(0) ack 101 win 1000",
		   "> P. 101:201(100) ack 1");
}

/* 3.8.6.2.1: the peer's window is too small for the segment: it is cut. */
TEST_F(timers, persist__small_window)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 10");
	put_pattern(fd, 100, 100);
	packets(p, "+0.2 > P. 101:111(10) ack 1",
		   "< . 1:1(0) ack 111 win 1000",
		   "> P. 111:201(90) ack 1");
}

TEST_F(timers, persist__user_timeout)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	packets(p, "+0.2 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "+0.4 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	ASSERT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
}

/* An orphan does not wait for ever, though the peer answers. */
TEST_F(timers, persist__orphan)
{
	struct peer *p = &self->p;
	int fd;

	if (!conf_set("rto_max_ms", "1000"))
		SKIP(return, "an older kernel has no tcp_rto_max_ms");
	fd = open_quick(p);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	close(fd);
	packets(p, "> . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "> . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "> . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	packets(p, "quiet 10");
}

/* ---- keepalive ----------------------------------------------------------- */

static void keepalive(int fd, int idle, int intvl, int cnt)
{
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, intvl);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, cnt);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Whatever comes puts the next probe off. */
TEST_F(timers, keepalive__put_off_by_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	keepalive(fd, 2, 1, 3);
	packets(p, "quiet 1200",
		   "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 101",
		   "+2 > . 0:0(0) ack 101",
		   "< . 101:101(0) ack 1",
		   "+2 > . 0:0(0) ack 101");
}

/* While data is in flight the retransmission timer watches. */
TEST_F(timers, keepalive__not_with_data_in_flight)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	keepalive(fd, 1, 1, 3);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101",
		   "> . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101");
}

/* RFC 5482: with both, the user timeout decides when it is over. */
TEST_F(timers, keepalive__user_timeout)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	keepalive(fd, 1, 1, 9);
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
	packets(p, "+1 > . 0:0(0) ack 1",
		   "+1 > R. 1:1(0) ack 1");
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
}

/* TCP_KEEPIDLE counts the silence that has been already. */
TEST_F(timers, keepalive__idle_time_is_not_forgotten)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	packets(p, "quiet 1500");
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 2);
	/* two seconds after the handshake */
	packets(p, "+2 > . 0:0(0) ack 1");
}

/* What a listener was told, its children do. */
TEST_F(timers, keepalive__inherited)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8), fd;

	keepalive(listener, 1, 1, 3);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(1, get_int(fd, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(1, get_int(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	packets(p, "+1 > . 0:0(0) ack 1");
}

TEST_F(timers, keepalive__in_close_wait)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   "> . 1:1(0) ack 2");
	keepalive(fd, 1, 1, 1);
	packets(p, "+1 > . 0:0(0) ack 2",
		   "+1 > R. 1:1(0) ack 2");
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
}

/* ---- orphans ------------------------------------------------------------- */

/* TCP_LINGER2 < 0 and the peer has ACKed our FIN: close() is the end. */
TEST_F(timers, linger2__negative_in_fin_wait2)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_LINGER2, -1));
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2");
	ASSERT_STATE(fd, TCP_FIN_WAIT2);
	close(fd);
	packets(p, "> R. 2:2(0) ack 1");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
}

/* FIN_WAIT2 is not shorter than three and a half RTOs: our ACK may be lost. */
TEST_F(timers, linger2__not_less_than_the_path_needs)
{
	struct peer *p = &self->p;
	int fd;
	uint64_t start;

	ASSERT_TRUE(conf_set("fin_timeout", "1"));
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "quiet 300",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1");
	start = now_ns();
	packets(p, "<  . 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_LT(SECOND + SECOND / 2, now_ns() - start);
}

TEST_F(timers, orphans__too_many)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	XTCP_ONLY();	/* the kernel's limit is one for all namespaces */
	ASSERT_TRUE(conf_set("max_orphans", "0"));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> R. 2:2(0) ack 1");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_EQ(1, counter("AbortOnMemory"));
}

TEST_F(timers, orphans__too_many_time_wait)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_TRUE(conf_set("max_tw_buckets", "0"));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	packets(p, "< F. 1:1(0) ack 2",
		   "> R 2:2(0)");
}

/* ---- SO_LINGER ----------------------------------------------------------- */

static void *close_it(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

/* close() returns as soon as the peer has the FIN. */
TEST_F(timers, linger__returns_with_the_ack)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	uint64_t start = now_ns();
	pthread_t thread;

	set_nonblock(fd, false);
	ASSERT_EQ(0, set_linger(fd, 9));
	put_pattern(fd, 0, 100);
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_it, &fd));
	packets(p, "> P. 1:101(100) ack 1",
		   "> F. 101:101(0) ack 1",
		   "< . 1:1(0) ack 102");
	pthread_join(thread, NULL);
	EXPECT_GT(5 * SECOND, now_ns() - start);
	EXPECT_EQ(TCP_FIN_WAIT2, peer_state(p));
}

/* ---- delayed ACKs -------------------------------------------------------- */

/* TCP_DELACK_MAX_US and its kin have bounds. */
TEST_F(timers, options__of_timers)
{
	int fd = wire_socket(&self->w, 0);

	EXPECT_EQ(0, set_int(fd, IPPROTO_TCP, 16, 1));	/* TCP_THIN_LINEAR_TIMEOUTS */
	EXPECT_EQ(1, get_int(fd, IPPROTO_TCP, 16));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 16, 2));
	EXPECT_EQ(0, set_int(fd, IPPROTO_TCP, 17, 1));	/* TCP_THIN_DUPACK */
	EXPECT_EQ(0, get_int(fd, IPPROTO_TCP, 17));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1));
	if (!conf_set("rto_max_ms", "120000"))
		return;
	EXPECT_EQ(120000, get_int(fd, IPPROTO_TCP, 44));	/* TCP_RTO_MAX_MS */
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 44, 999));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 44, 120001));
	EXPECT_EQ(0, set_int(fd, IPPROTO_TCP, 44, 1000));
	EXPECT_EQ(1000, get_int(fd, IPPROTO_TCP, 44));
	EXPECT_EQ(200000, get_int(fd, IPPROTO_TCP, 45));	/* TCP_RTO_MIN_US */
	EXPECT_EQ(0, set_int(fd, IPPROTO_TCP, 45, 100000));
	EXPECT_EQ(100000, get_int(fd, IPPROTO_TCP, 45));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 45, 200001));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 45, 0));
	EXPECT_EQ(200000, get_int(fd, IPPROTO_TCP, 46));	/* TCP_DELACK_MAX_US */
	EXPECT_EQ(0, set_int(fd, IPPROTO_TCP, 46, 100000));
	EXPECT_EQ(100000, get_int(fd, IPPROTO_TCP, 46));
	EXPECT_EQ(-1, set_int(fd, IPPROTO_TCP, 46, 200001));
}

/* A socket's own limits hold for it, and for what a listener accepts. */
TEST_F(timers, options__rto_of_a_socket)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8), fd;

	if (set_int(listener, IPPROTO_TCP, 44, 1000))
		SKIP(return, "an older kernel has no TCP_RTO_MAX_MS");
	ASSERT_EQ(0, set_int(listener, IPPROTO_TCP, 45, 100000));
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.1 > P. 1:101(100) ack 1",
		   "+0.2 > P. 1:101(100) ack 1",
		   "+0.4 > P. 1:101(100) ack 1",
		   "+0.8 > P. 1:101(100) ack 1",
		   "+1 > P. 1:101(100) ack 1",
		   "+1 > P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
}

TEST_HARNESS_MAIN
