// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that this very host drops before they leave: a queue of it is full, or a
 * firewall rule forbids them.  They were not sent: nothing is lost, nobody is slow to
 * answer, and they are tried again.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(localdrop)

/* So that timeouts leave a slow machine some time. */
#define RTT_MS	700

/* The device's queue has no room from now on. */
static void fill_queue(void)
{
	wire_queue(0);
}

static void empty_queue(void)
{
	wire_queue(1000);
}

/* ---- nothing is in flight ------------------------------------------------ */

/* Each attempt is half a second after the last, and that is congestion. */
TEST_F(localdrop, data__is_tried_again)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	fill_queue();
	put_pattern(fd, 0, 100);
	EXPECT_INFO(fd, "cwr unacked 0 notsent 100 probes 0");
	ASSERT_TRUE(await(info_of(fd).tcpi_probes == 3));
	EXPECT_INFO(fd, "cwr unacked 0 notsent 100 backoff 0 retransmits 0 total_retrans 0");
	empty_queue();
	packets(p, "> P. 1:101(100) ack 1");
	EXPECT_INFO(fd, "cwr unacked 1 notsent 0 backoff 0 probes 0");
	packets(p, "< . 1:1(0) ack 101");
	EXPECT_INFO(fd, "open unacked 0 cwnd 7 ssthresh 7");
}

/* More to send is another attempt. */
TEST_F(localdrop, data__more_is_tried_at_once)
{
	struct peer *p = &self->p;
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	fill_queue();
	put_pattern(fd, 0, 100);
	empty_queue();
	put_pattern(fd, 100, 100);
	packets(p, "> P. 1:201(200) ack 1",
		   "< . 1:1(0) ack 201");
	EXPECT_INFO(fd, "open unacked 0 notsent 0");
}

TEST_F(localdrop, data__user_timeout)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 2000));
	fill_queue();
	put_pattern(fd, 0, 100);
	ASSERT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLERR);
	/* the first after 200 ms, the last 1.5 s later */
	EXPECT_INFO(fd, "probes 4 backoff 0");
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	packets(p, "quiet 10");
}

TEST_F(localdrop, fin__is_tried_again)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	fill_queue();
	shutdown(fd, SHUT_WR);
	ASSERT_TRUE(await(info_of(fd).tcpi_probes == 1));
	EXPECT_EQ(XTCP_FIN_WAIT1, fd_state(fd));
	empty_queue();
	packets(p, "> FP. 1:1(0) ack 1",
		   "< . 1:1(0) ack 2");
	ASSERT_STATE(fd, XTCP_FIN_WAIT2);
}

/* ---- something is -------------------------------------------------------- */

/* The next ACK is the next attempt. */
TEST_F(localdrop, data__leaves_with_the_next_ack)
{
	struct peer *p = &self->p;
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	send_segs(p, fd, 0, 2);
	fill_queue();
	queue_segs(fd, 2, 1);
	EXPECT_INFO(fd, "cwr unacked 2 notsent 1000 cwnd 10 ssthresh 7");
	empty_queue();
	packets(p, "< . 1:1(0) ack 1001");
	segs_leave(p, 2, 1);
	EXPECT_INFO(fd, "cwr unacked 2 notsent 0");
	packets(p, "< . 1:1(0) ack 3001");
	EXPECT_INFO(fd, "open unacked 0 cwnd 7 ssthresh 7");
}

/* ---- what timers send ---------------------------------------------------- */

/* A retransmission: the timeout is not doubled. */
TEST_F(localdrop, retransmission__does_not_back_off)
{
	struct peer *p = &self->p;
	long long failed = stat_counter("RetransFail");
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	fill_queue();
	ASSERT_TRUE(await(info_of(fd).tcpi_retransmits == 3));
	EXPECT_INFO(fd, "loss unacked 1 lost 1 retrans 0 backoff 0");
	EXPECT_EQ(failed + 3, stat_counter("RetransFail"));
	empty_queue();
	packets(p, "> P. 1:101(100) ack 1");
	EXPECT_INFO(fd, "loss unacked 1 lost 1 retrans 1 backoff 1");
	packets(p, "< . 1:1(0) ack 101");
	EXPECT_INFO(fd, "open unacked 0 lost 0 retrans 0");
}

TEST_F(localdrop, syn__does_not_back_off)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	/* where there are none, the first timeout doubles anyway */
	conf_set("syn_linear_timeouts", "0");
	fill_queue();
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_TRUE(await(info_of(fd).tcpi_retransmits == 3));
	EXPECT_INFO(fd, "backoff 0");
	empty_queue();
	packets(&self->p, "> S 0:0(0)",
			  "< S. 0:0(0) ack 1 <mss 1460>",
			  "> . 1:1(0) ack 1");
	ASSERT_STATE(fd, XTCP_ESTABLISHED);
}

TEST_F(localdrop, zero_window_probe__does_not_back_off)
{
	struct peer *p = &self->p;
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	fill_queue();
	ASSERT_TRUE(await(info_of(fd).tcpi_probes == 3));
	EXPECT_INFO(fd, "cwr unacked 0 notsent 100 backoff 0");
	empty_queue();
	packets(p, "> . 100:100(0) ack 1");
	EXPECT_INFO(fd, "backoff 1");
	packets(p, "< . 1:1(0) ack 101 win 1000",
		   "> P. 101:201(100) ack 1");
}

/* It is not one of those that nobody answered, and the next comes soon. */
TEST_F(localdrop, keepalive_probe__does_not_count)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 100));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 1));
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	fill_queue();
	/* the first attempt shows, the second follows */
	ASSERT_TRUE(await(info_of(fd).tcpi_ca_state));
	packets(p, "quiet 600");
	EXPECT_INFO(fd, "cwr probes 0");
	empty_queue();
	packets(p, "> . 0:0(0) ack 1");
	EXPECT_INFO(fd, "probes 1");
}

/* ---- other segments ------------------------------------------------------ */

/* An ACK is not tried again, but its fate says the same. */
TEST_F(localdrop, ack__is_congestion)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	fill_queue();
	packets(p, "< P. 1:101(100) ack 1",
		   "quiet 50");
	EXPECT_INFO(fd, "cwr cwnd 10 ssthresh 7");
	empty_queue();
	packets(p, "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 101");
}

/* ---- a firewall ---------------------------------------------------------- */

/* What is forbidden was not sent, but may be for ever: attempts become rare. */
TEST_F(localdrop, forbidden__backs_off)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	if (system("nft 'table inet t { chain o { type filter hook output priority 0; policy drop; }; }'"))
		SKIP(return, "no nft");
	put_pattern(fd, 0, 100);
	ASSERT_TRUE(await(info_of(fd).tcpi_probes == 2));
	EXPECT_INFO(fd, "open unacked 0 notsent 100 backoff 2 retransmits 0 cwnd 10");
	if (system("nft delete table inet t"))
		abort();
	packets(p, "> P. 1:101(100) ack 1");
	EXPECT_INFO(fd, "open unacked 1 notsent 0 backoff 0 probes 0");
	packets(p, "< . 1:1(0) ack 101");
}

TEST_HARNESS_MAIN
