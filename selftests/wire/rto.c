// SPDX-License-Identifier: GPL-2.0
/*
 * What follows a timeout, on the wire: what is sent again and what is not (RFC
 * 5681, 6298, 6675), receivers that renege (2018), and timeouts for nothing, found
 * out by F-RTO (5682) and by timestamps (3522), and undone (4015).
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(rto)

#define RTT_MS	20
#define RTT	"quiet 20"

/* Reno, since half of ten is easily said. */
static int open_reno(struct peer *p, unsigned int offers)
{
	if (!conf_set("congestion_control", "reno"))
		wire_fail(p->w, "no Reno");
	return open_sender_rtt(p, offers, RTT_MS);
}

/* ---- backing off ------------------------------------------------------------ */

/* Each doubles the time, only the first one halves the threshold. */
TEST_F(rto, backoff__and_what_ends_it)
{
	struct peer *p = &self->p;
	int fd = open_reno(p, SENDER_SACK);
	unsigned int rto;

	send_segs(p, fd, 0, CWND);
	rto = info_of(fd).tcpi_rto;
	packets(p, "+0.2 > * 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 10 lost 10 retrans 1 retransmits 1 backoff 1 "
			"cwnd 1 ssthresh 5");
	EXPECT_LE(2 * rto - 8000, info_of(fd).tcpi_rto);
	packets(p, "+0.4 > * 1:1001(1000) ack 1",
		   "+0.8 > * 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "loss lost 10 retrans 1 total_retrans 3 retransmits 3 backoff 3 "
			"cwnd 1 ssthresh 5");
	/* what was sent more than once measures nothing: it stays until one does */
	packets(p, "< . 1:1(0) ack 1001",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 9 retransmits 0 backoff 3 cwnd 2 ssthresh 5");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 lost 0 total_retrans 5");
	send_segs(p, fd, 10, 1);
	packets(p, "< . 1:1(0) ack 11001");
	EXPECT_INFO(fd, "open backoff 0 retransmits 0");
	EXPECT_GE(rto + 100000, info_of(fd).tcpi_rto);
}

/* Slow start after it: two for each that is acknowledged, to the threshold. */
TEST_F(rto, backoff__slow_start)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, 0);
	queue_segs(fd, 0, 20);
	segs_leave(p, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1001",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1",
		   "< . 1:1(0) ack 3001",
		   "> * 3001:4001(1000) ack 1",
		   "> * 4001:5001(1000) ack 1",
		   "> * 5001:6001(1000) ack 1",
		   "> * 6001:7001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 7 lost 7 retrans 4 cwnd 4 ssthresh 5");
}

/* ---- the scoreboard --------------------------------------------------------- */

/* What was reported is not sent again after a timeout. */
TEST_F(rto, scoreboard__is_respected)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, SENDER_SACK);
	send_segs(p, fd, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1001 <nop,nop,sack 2001:9001>",
		   "> * 1001:2001(1000) ack 1",
		   "> P. 9001:10001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 3");
}

/* Reported before it, too: everything in between goes again, in its order. */
TEST_F(rto, scoreboard__from_before)
{
	struct peer *p = &self->p;
	int fd = open_reno(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 8001:10001 2001:3001>",
		   "> * 1:1001(1000) ack 1",
		   "> * 1001:2001(1000) ack 1",
		   "> * 3001:4001(1000) ack 1",
		   "+0.2 > * 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 10 sacked 3 lost 7 retrans 1 cwnd 1");
	packets(p, "< . 1:1(0) ack 1001 <nop,nop,sack 8001:10001 2001:3001>",
		   "> * 1001:2001(1000) ack 1",
		   "> * 3001:4001(1000) ack 1",
		   "< . 1:1(0) ack 4001 <nop,nop,sack 8001:10001>",
		   "> * 4001:5001(1000) ack 1",
		   "> * 5001:6001(1000) ack 1",
		   "> * 6001:7001(1000) ack 1",
		   "> * 7001:8001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0");
}

/* ---- reneging ---------------------------------------------------------------- */

/*
 * The peer acknowledges up to what it had reported, and not that: it threw it
 * away. Nothing of what it said is worth anything; little time is lost.
 */
TEST_F(rto, reneging__forgets_the_scoreboard)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, SENDER_SACK);
	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:10001>",
		   "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1001",
		   "+0.01 > * 1001:2001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 9 sacked 0 lost 9 retrans 1 cwnd 1");
	EXPECT_EQ(1, stat_counter("SACKReneging"));
	packets(p, "< . 1:1(0) ack 2001",
		   "> * 2001:3001(1000) ack 1",
		   "> * 3001:4001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 sacked 0 lost 0");
}

/* After a timeout the same. */
TEST_F(rto, reneging__after_a_timeout)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, SENDER_SACK);
	send_segs(p, fd, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 2001:9001>");
	EXPECT_INFO(fd, "loss sacked 7 lost 3 retrans 1");
	packets(p, "< . 1:1(0) ack 2001",
		   "+0.01 > * 2001:3001(1000) ack 1");
	EXPECT_INFO(fd, "loss sacked 0 unacked 8");
	EXPECT_EQ(1, stat_counter("SACKReneging"));
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0");
}

/* The hole is filled, and the ACK covers what was reported: no reneging. */
TEST_F(rto, reneging__not_when_it_is_acknowledged)
{
	struct peer *p = &self->p;
	int fd = open_reno(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:5001>",
		   "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 5001 <nop,nop,sack 6001:10001>",
		   "> * 5001:6001(1000) ack 1",
		   "quiet 50",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(0, stat_counter("SACKReneging"));
	EXPECT_INFO(fd, "open unacked 0 total_retrans 2");
}

/* ---- F-RTO -------------------------------------------------------------------- */

/* The first segment times out; what else the window holds waits. */
static int timed_out(struct peer *p, unsigned int offers, unsigned int queued)
{
	int fd = open_reno(p, offers);

	queue_segs(fd, 0, queued);
	segs_leave(p, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1");
	return fd;
}

/* RFC 5682 2.1: new data goes first, and what was never sent again is acknowledged. */
TEST_F(rto, frto__new_data_spurious)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, SENDER_SACK, 15);

	packets(p, "< . 1:1(0) ack 1001",
		   "> * 10001:11001(1000) ack 1",
		   "> * 11001:12001(1000) ack 1");
	EXPECT_INFO(fd, "loss unacked 11 total_retrans 1");
	packets(p, "< . 1:1(0) ack 2001");
	EXPECT_INFO(fd, "open lost 0 retrans 0 total_retrans 1 cwnd 11");
	EXPECT_EQ(1, stat_counter("SpuriousRTOs"));
	packets(p, "< . 1:1(0) ack 12001");
	peer_settle(p, 20);
	EXPECT_INFO(fd, "open total_retrans 1");
}

TEST_F(rto, frto__new_data_spurious_without_sack)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, 0, 15);

	packets(p, "< . 1:1(0) ack 1001",
		   "> * 10001:11001(1000) ack 1",
		   "> * 11001:12001(1000) ack 1",
		   "< . 1:1(0) ack 2001");
	EXPECT_INFO(fd, "open lost 0 total_retrans 1 cwnd 11");
	EXPECT_EQ(1, stat_counter("SpuriousRTOs"));
}

/* The new data is all that arrives: the rest was lost. */
TEST_F(rto, frto__new_data_genuine)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, SENDER_SACK, 15);

	packets(p, "< . 1:1(0) ack 1001",
		   "> * 10001:11001(1000) ack 1",
		   "> * 11001:12001(1000) ack 1",
		   "< . 1:1(0) ack 1001 <nop,nop,sack 10001:11001>",
		   "> * 1001:2001(1000) ack 1");
	EXPECT_INFO(fd, "loss sacked 1 ssthresh 5");
	EXPECT_EQ(0, stat_counter("SpuriousRTOs"));
}

TEST_F(rto, frto__new_data_genuine_without_sack)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, 0, 15);

	packets(p, "< . 1:1(0) ack 1001",
		   "> * 10001:11001(1000) ack 1",
		   "> * 11001:12001(1000) ack 1",
		   "< . 1:1(0) ack 1001",
		   "> * 1001:2001(1000) ack 1");
	EXPECT_INFO(fd, "loss ssthresh 5");
	EXPECT_EQ(0, stat_counter("SpuriousRTOs"));
}

/* Nothing new to send: retransmission goes on. */
TEST_F(rto, frto__no_new_data)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, SENDER_SACK, CWND);

	packets(p, "< . 1:1(0) ack 1001",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1");
	EXPECT_INFO(fd, "loss total_retrans 3 ssthresh 5");
	EXPECT_EQ(0, stat_counter("SpuriousRTOs"));
}

/* 3.1: a block of what was never sent again is as good. */
TEST_F(rto, frto__originals_are_reported)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, SENDER_SACK, CWND);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 2001:3001>");
	EXPECT_INFO(fd, "cwnd 10 total_retrans 1");
	EXPECT_EQ(1, stat_counter("SpuriousRTOs"));
}

/* All of it is acknowledged at once, much of which was sent once only. */
TEST_F(rto, frto__originals_are_acknowledged)
{
	struct peer *p = &self->p;
	int fd = timed_out(p, SENDER_SACK, CWND);

	packets(p, "< . 1:1(0) ack 5001");
	EXPECT_INFO(fd, "open cwnd 15 lost 0 total_retrans 1");
	EXPECT_EQ(1, stat_counter("SpuriousRTOs"));
}

TEST_F(rto, frto__switched_off)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = timed_out(p, SENDER_SACK, 15);
	packets(p, "< . 1:1(0) ack 1001",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1");
	EXPECT_INFO(fd, "loss ssthresh 5");
	EXPECT_EQ(0, stat_counter("SpuriousRTOs"));
}

/* ---- by timestamps -------------------------------------------------------------- */

/*
 * The ACK echoes a timestamp from before the retransmission: what it acknowledges
 * are the originals, and the timeout was for nothing.
 */
TEST_F(rto, undo__by_timestamp)
{
	struct peer *p = &self->p;
	int fd = open_reno(p, SENDER_SACK | SENDER_TS);
	uint32_t before;

	send_segs(p, fd, 0, CWND);
	before = p->ts_recent;
	packets(p, "> * 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 3001 <nop,nop,TS val 300 ecr %u>", before));
	EXPECT_INFO(fd, "open unacked 7 lost 0 total_retrans 1 cwnd 13");
}

/* That of the retransmission says nothing. */
TEST_F(rto, undo__not_by_the_timestamp_of_the_retransmission)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, SENDER_SACK | SENDER_TS);
	send_segs(p, fd, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 3001 <nop,nop,TS val 300 ecr last>",
		   "> * 3001:4001(1000) ack 1");
	EXPECT_INFO(fd, "loss ssthresh 5");
}

/* All that was sent again had arrived, as D-SACKs say later. */
TEST_F(rto, undo__by_dsack)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_reno(p, SENDER_SACK);
	send_segs(p, fd, 0, CWND);
	packets(p, "> * 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open unacked 0 cwnd 21 dsack_dups 1");
}

/* SO_TXREHASH: whether a timeout looks for another of several paths. */
TEST_F(rto, rehash__is_the_users_choice)
{
	struct peer *p = &self->p;
	int choice;

	for (choice = 0; choice < 2; choice++) {
		struct sockaddr_in sin = peer_sockaddr(p);
		int fd = wire_socket(p->w, SOCK_STREAM | SOCK_NONBLOCK);

		ASSERT_EQ(0, set_int(fd, SOL_SOCKET, 74 /* SO_TXREHASH */, choice));
		EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		packets(p, "> S 0:0(0)",
			   "+1 > S 0:0(0)",
			   "< R. 0:0(0) ack 1");
		EXPECT_EQ(choice, stat_counter("TimeoutRehash"));
		close(fd);
		p->synced = false;
		p->lport = 0;
	}
}

TEST_HARNESS_MAIN
