// SPDX-License-Identifier: GPL-2.0
/*
 * How connections end: RFC 9293 3.6 and 3.10.4 to 3.10.8, RFC 1337, RFC 6191.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(teardown)

/* What recv() says now, without waiting: bytes, 0 or -errno. */
static ssize_t recv_now(int fd)
{
	char buf[2000];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

/* Where it matters how soon something is sent again: the usual RTO. */
static int open_soon(struct peer *p)
{
	conf_set("rto_min_us", "200000");
	return open_active(p);
}

/* ---- the ordinary ways --------------------------------------------------- */

/* RFC 9293 figure 12, TCP peer A. */
TEST_F(teardown, active__four_segments)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, close(fd));
	packets(p, "> F. 1:1(0) ack 1");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT1);
	packets(p, "<  . 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
	packets(p, "quiet 50");
}

/* Figure 12, TCP peer B. */
TEST_F(teardown, passive__four_segments)
{
	struct peer *p = &self->p;
	int fd = open_passive(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
	EXPECT_EQ(0, recv_now(fd));
	ASSERT_EQ(0, close(fd));
	packets(p, "> F. 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_LAST_ACK);
	packets(p, "<  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	/* Nothing is left, not even TIME_WAIT. */
	packets(p, "<  . 2:2(0) ack 2",
		   "> R  2:2(0)");
}

/* shutdown() takes the same edges with the descriptor still open. */
TEST_F(teardown, active__states_of_the_descriptor)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	packets(p, "> F. 1:1(0) ack 1");
	EXPECT_EQ(TCP_FIN_WAIT1, fd_state(fd));
	packets(p, "<  . 1:1(0) ack 2");
	EXPECT_EQ(TCP_FIN_WAIT2, fd_state(fd));
	EXPECT_EQ(-EAGAIN, recv_now(fd));
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	/* TIME_WAIT is the business of the connection, not of the socket. */
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
	EXPECT_EQ(0, recv_now(fd));
}

/* Figure 13: the FINs cross. */
TEST_F(teardown, simultaneous__closing)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 1",
		   ">  . 2:2(0) ack 2");
	EXPECT_EQ(TCP_CLOSING, fd_state(fd));
	packets(p, "<  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
	packets(p, "quiet 50");
}

TEST_F(teardown, simultaneous__after_close)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 1",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_CLOSING);
	packets(p, "<  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
}

/* The peer's FIN has the ACK of ours: FIN_WAIT2 is skipped. */
TEST_F(teardown, active__fin_with_ack_of_fin)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
}

TEST_F(teardown, passive__fin_with_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< FP. 1:501(500) ack 1",
		   ">   . 1:1(0) ack 502");
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
	get_pattern(fd, 0, 500);
	EXPECT_EQ(0, recv_now(fd));
}

/* A FIN behind a gap waits for what is missing. */
TEST_F(teardown, passive__fin_ahead_of_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< FP. 101:201(100) ack 1",
		   ">   . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_EQ(-EAGAIN, recv_now(fd));
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 202");
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
	get_pattern(fd, 0, 200);
	EXPECT_EQ(0, recv_now(fd));
}

/* A FIN that comes again is ACKed again and changes nothing. */
TEST_F(teardown, passive__fin_again)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2",
		   "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
}

/* RFC 9293 3.10.7.4, seventh: it cannot be, and is ignored. */
TEST_F(teardown, passive__text_behind_the_fin)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2",
		   "< P. 2:102(100) ack 1",
		   "< F. 2:2(0) ack 1",
		   "quiet 50");
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
	EXPECT_EQ(0, recv_now(fd));
}

/* ---- half-closed connections --------------------------------------------- */

TEST_F(teardown, half_close__we_still_receive)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "< P. 1:101(100) ack 2",
		   ">  . 2:2(0) ack 101");
	get_pattern(fd, 0, 100);
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	packets(p, "< FP. 101:201(100) ack 2",
		   ">   . 2:2(0) ack 202");
	get_pattern(fd, 100, 100);
	EXPECT_EQ(0, recv_now(fd));
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

/* Data between our FIN and its ACK. */
TEST_F(teardown, half_close__data_in_fin_wait1)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	packets(p, "> F. 1:1(0) ack 1",
		   "< P. 1:101(100) ack 1",
		   ">  . 2:2(0) ack 101");
	EXPECT_EQ(TCP_FIN_WAIT1, fd_state(fd));
	get_pattern(fd, 0, 100);
}

TEST_F(teardown, half_close__we_still_send)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 2",
		   "<  . 2:2(0) ack 101");
	put_pattern(fd, 100, 50);
	packets(p, "> P. 101:151(50) ack 2");
	close(fd);
	packets(p, "> F. 151:151(0) ack 2",
		   "<  . 2:2(0) ack 152");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
}

/* ---- our FIN ------------------------------------------------------------- */

/* close() does not take back what was sent before: 3.10.4. */
TEST_F(teardown, fin__behind_queued_data)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 1000 <mss 500>",
		   ">  . 1:1(0) ack 1");
	put_pattern(fd, 0, 1500);
	close(fd);
	packets(p, ">  . 1:501(500) ack 1",
		   "> * 501:1001(500) ack 1",
		   "quiet 50",
		   "<  . 1:1(0) ack 1001 win 1000",
		   "> FP. 1001:1501(500) ack 1",
		   "<  . 1:1(0) ack 1502");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
}

TEST_F(teardown, fin__is_retransmitted)
{
	struct peer *p = &self->p;
	int fd = open_soon(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> F. 1:1(0) ack 1",
		   "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
}

/* An ACK of the data alone is none of the FIN. */
TEST_F(teardown, fin__ack_of_data_only)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 101:101(0) ack 1",
		   "<  . 1:1(0) ack 101");
	EXPECT_EQ(TCP_FIN_WAIT1, fd_state(fd));
	packets(p, "<  . 1:1(0) ack 102");
	EXPECT_EQ(TCP_FIN_WAIT2, fd_state(fd));
}

/* 3.10.4: CLOSE in SYN_RECV. */
TEST_F(teardown, fin__in_syn_recv)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(TCP_SYN_RECV, fd_state(fd));
	close(fd);
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT1);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
}

/* The peer has not seen the SYN,ACK: without it the FIN is of no use (3.10.4). */
TEST_F(teardown, fin__in_syn_recv_syn_ack_again)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_FIN_WAIT2);
}

/* Before the peer has answered there is nothing to tell it: 3.10.4. */
TEST_F(teardown, close__in_syn_sent)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)");
	close(fd);
	packets(p, "quiet 50");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	/* Its answer finds nobody. */
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   "> R  1:1(0)");
}

/* ---- RST that we send ---------------------------------------------------- */

TEST_F(teardown, abort__linger_zero)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_linger(fd, 0));
	close(fd);
	packets(p, "> R. 1:1(0) ack 1",
		   "quiet 50");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* It takes unsent and unacknowledged data with it. */
TEST_F(teardown, abort__linger_zero_with_data)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 1000 <mss 500>",
		   ">  . 1:1(0) ack 1");
	put_pattern(fd, 0, 1500);
	packets(p, ">  . 1:501(500) ack 1",
		   "> * 501:1001(500) ack 1");
	ASSERT_EQ(0, set_linger(fd, 0));
	close(fd);
	packets(p, "> R. 1001:1001(0) ack 1");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* RFC 2525 2.17: the peer must learn that nobody read its data. */
TEST_F(teardown, abort__unread_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	close(fd);
	packets(p, "> R. 1:1(0) ack 101");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	if (!test_inet())
		EXPECT_EQ(1, counter("AbortOnClose"));
}

/* Even when both sides have closed: our FIN may have been lost. */
TEST_F(teardown, abort__unread_data_in_last_ack)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< FP. 1:101(100) ack 1",
		   ">  .  1:1(0) ack 102");
	shutdown(fd, SHUT_WR);
	packets(p, "> F.  1:1(0) ack 102");
	EXPECT_EQ(TCP_LAST_ACK, fd_state(fd));
	close(fd);
	packets(p, "> R.  2:2(0) ack 102");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* Our FIN has not left: what was to go before it never will. */
TEST_F(teardown, abort__unsent_data_in_last_ack)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1 win 0",
		   ">  . 1:1(0) ack 2");
	put_pattern(fd, 0, 100);
	shutdown(fd, SHUT_WR);
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 2");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

TEST_F(teardown, abort__data_after_close)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "< P. 1:101(100) ack 2",
		   "> R  2:2(0)");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	if (!test_inet())
		EXPECT_EQ(1, counter("AbortOnData"));
}

/* A FIN behind text that is still to come tells as much. */
TEST_F(teardown, abort__fin_ahead_of_data_after_close)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 101:101(0) ack 2",
		   "> R  2:2(0)");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* shutdown() of both directions is as final, while the descriptor is there. */
TEST_F(teardown, abort__data_after_shutdown)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, shutdown(fd, SHUT_RDWR));
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "< P. 1:101(100) ack 2",
		   "> R  2:2(0)");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
}

/* Aborting in CLOSE_WAIT, and with our FIN already out. */
TEST_F(teardown, abort__in_close_wait)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 2");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

TEST_F(teardown, abort__in_fin_wait2)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2");
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 2:2(0) ack 1");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* connect(AF_UNSPEC) ends a connection and keeps the socket: tcp_disconnect(). */
TEST_F(teardown, abort__disconnect)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct peer *p = &self->p, again;
	int fd = open_active(p);

	ASSERT_EQ(0, connect(fd, &none, sizeof(none)));
	/* a RST of one's own accord has a window */
	packets(p, "> R. 1:1(0) ack 1 win >0");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	peer_clone(&again, p, 9090);
	again.lport = 0;
	sin.sin_port = htons(9090);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EINPROGRESS, errno);
	packets(&again, "> S 0:0(0)");
}

/* ---- RST that we receive ------------------------------------------------- */

TEST_F(teardown, reset__established)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< R. 1:1(0) ack 1",
		   "quiet 50");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	EXPECT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR,
		  fd_poll(fd, POLLIN | POLLOUT | POLLRDHUP, 0));
	EXPECT_EQ(-ECONNRESET, recv_now(fd));
	EXPECT_EQ(0, recv_now(fd));
	EXPECT_EQ(-1, send(fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
}

/* What came before the RST can still be read, as in Linux. */
TEST_F(teardown, reset__unread_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101",
		   "< R  101:101(0)");
	EXPECT_EQ(100, recv_now(fd));
	EXPECT_EQ(-ECONNRESET, recv_now(fd));
	EXPECT_EQ(0, recv_now(fd));
}

TEST_F(teardown, reset__close_wait)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2",
		   "< R  2:2(0)");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	EXPECT_EQ(EPIPE, fd_error(fd));
}

TEST_F(teardown, reset__last_ack)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	close(fd);
	packets(p, "> F. 1:1(0) ack 2",
		   "< R  2:2(0)");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* ---- timeouts ------------------------------------------------------------ */

/* The peer never closes: an orphan waits for fin_timeout. */
TEST_F(teardown, orphan__fin_wait2_ends)
{
	struct peer *p = &self->p;
	int fd = open_soon(p);
	uint64_t start;

	ASSERT_TRUE(conf_set("fin_timeout", "1"));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1");
	start = now_ns();
	packets(p, "<  . 1:1(0) ack 2");
	EXPECT_EQ(TCP_FIN_WAIT2, peer_state(p));
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_LT(800000000, now_ns() - start);
	packets(p, "< F. 1:1(0) ack 2",
		   "> R  2:2(0)");
}

/* TCP_LINGER2 < 0: no FIN_WAIT2 for orphans at all. */
TEST_F(teardown, orphan__linger2_negative)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_LINGER2, -1));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "> R  2:2(0)");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	if (!test_inet())
		EXPECT_EQ(1, counter("AbortOnData"));
}

/* ... and so the peer's FIN with the ACK of ours is answered as well. */
TEST_F(teardown, orphan__linger2_negative_fin)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_LINGER2, -1));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> R  2:2(0)",
		   "quiet 50");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
}

/* With a descriptor FIN_WAIT2 lasts as long as the peer likes. */
TEST_F(teardown, half_close__fin_wait2_stays)
{
	struct peer *p = &self->p;
	int fd = open_soon(p);

	ASSERT_TRUE(conf_set("fin_timeout", "1"));
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "quiet 1500");
	EXPECT_EQ(TCP_FIN_WAIT2, fd_state(fd));
}

TEST_F(teardown, orphan__gives_up)
{
	struct peer *p = &self->p;
	int fd = open_soon(p);

	ASSERT_TRUE(conf_set("orphan_retries", "2"));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> F. 1:1(0) ack 1");
	peer_settle(p, 1000);
	ASSERT_PEER_STATE(p, TCP_CLOSE);
}

/* RFC 5482: the user's patience counts from the first data that is not ACKed. */
TEST_F(teardown, user_timeout__data)
{
	struct peer *p = &self->p;
	int fd = open_soon(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 500));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1");
	ASSERT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
}

/* SO_LINGER: close() waits until the peer has ACKed the FIN, and no longer. */
TEST_F(teardown, linger__close_waits)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	uint64_t start;

	set_nonblock(fd, false);
	ASSERT_EQ(0, set_linger(fd, 1));
	start = now_ns();
	close(fd);
	EXPECT_LT(900000000, now_ns() - start);
	packets(p, "> F. 1:1(0) ack 1");
}

/* ---- TIME_WAIT ----------------------------------------------------------- */

/* Through FIN_WAIT2 into TIME_WAIT; a listener on the port stays. */
static int into_time_wait(struct peer *p, const char *options)
{
	int listener = start_listen(p->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, fmt("< S  0:0(0) %s", options),
		   "> S. 0:0(0) ack 1");
	packets(p, "<  . 1:1(0) ack 1");
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	if (!await(peer_state(p) == TCP_TIME_WAIT))
		wire_fail(p->w, "state %d instead of TIME_WAIT", peer_state(p));
	return listener;
}

/* 3.10.7.4, eighth: our last ACK was lost. */
TEST_F(teardown, time_wait__fin_again)
{
	struct peer *p = &self->p;

	into_time_wait(p, "<mss 1460>");
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

TEST_F(teardown, time_wait__plain_ack_is_ignored)
{
	struct peer *p = &self->p;

	into_time_wait(p, "<mss 1460>");
	packets(p, "< . 2:2(0) ack 2",
		   "quiet 50");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

/* A segment out of the old window is answered, that is all. */
TEST_F(teardown, time_wait__old_segment)
{
	struct peer *p = &self->p;

	into_time_wait(p, "<mss 1460>");
	packets(p, "< P. 100000:100010(10) ack 2",
		   ">  . 2:2(0) ack 2");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

TEST_F(teardown, time_wait__ends)
{
	struct peer *p = &self->p;
	uint64_t start;

	XTCP_ONLY();
	ASSERT_TRUE(conf_set("timewait_len", "1"));
	start = now_ns();
	into_time_wait(p, "<mss 1460>");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_LT(800000000, now_ns() - start);
}

/* A FIN that comes again starts 2MSL again. */
TEST_F(teardown, time_wait__fin_again_restarts)
{
	struct peer *p = &self->p;
	uint64_t start;

	XTCP_ONLY();
	ASSERT_TRUE(conf_set("timewait_len", "2"));
	into_time_wait(p, "<mss 1460>");
	packets(p, "quiet 1000");
	start = now_ns();
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_LT(1800000000, now_ns() - start);
}

/* RFC 9293: a RST ends it. */
TEST_F(teardown, time_wait__rst)
{
	struct peer *p = &self->p;

	into_time_wait(p, "<mss 1460>");
	packets(p, "< R 2:2(0)",
		   "quiet 10");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
}

/* RFC 1337: unless one fears old RSTs. */
TEST_F(teardown, time_wait__rfc1337)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("rfc1337", "1"));
	into_time_wait(p, "<mss 1460>");
	packets(p, "< R 2:2(0)",
		   "quiet 10");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

/* RFC 9293 3.6.1: a SYN beyond the old sequence numbers is a new connection. */
TEST_F(teardown, time_wait__new_syn)
{
	struct peer *p = &self->p, again;
	int listener = into_time_wait(p, "<mss 1460>");

	peer_clone(&again, p, p->port);
	again.iss = p->iss + 100000;
	packets(&again, "< S  0:0(0) <mss 1460>",
			"> S. 0:0(0) ack 1");
	/* ours goes up, too */
	EXPECT_LT(0, (int32_t)(again.irs - p->irs));
	packets(&again, "<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* RFC 6191: with a newer timestamp its sequence number may be anything. */
TEST_F(teardown, time_wait__new_syn_by_timestamp)
{
	struct peer *p = &self->p, again;
	int listener;

	p->ts = true;
	listener = into_time_wait(p, "<mss 1460,sackOK,TS val 4999 ecr 0>");
	peer_clone(&again, p, p->port);
	again.iss = p->iss - 100000;
	again.ts = true;
	again.tsval = p->tsval + 2001;
	packets(&again, fmt("< S  0:0(0) <mss 1460,sackOK,TS val %u ecr 0>",
			    p->tsval + 2000),
			"> S. 0:0(0) ack 1",
			"<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* An old duplicate SYN is no new connection. */
TEST_F(teardown, time_wait__old_syn)
{
	struct peer *p = &self->p;

	into_time_wait(p, "<mss 1460>");
	packets(p, "< S -1000:-1000(0) <mss 1460>",
		   ">  . 2:2(0) ack 2");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(p));
}

/* The port is taken for other sockets, unless they say SO_REUSEADDR. */
TEST_F(teardown, time_wait__holds_the_port)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	struct peer *p = &self->p;
	int fd;

	close(into_time_wait(p, "<mss 1460>"));
	fd = wire_socket(&self->w, 0);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EADDRINUSE, errno);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
}

/* CLOSING ends in TIME_WAIT like the rest. */
TEST_F(teardown, time_wait__after_closing)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 1",
		   ">  . 2:2(0) ack 2",
		   "<  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, TCP_TIME_WAIT);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

TEST_HARNESS_MAIN
