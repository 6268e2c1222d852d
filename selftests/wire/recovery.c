// SPDX-License-Identifier: GPL-2.0
/*
 * Fast retransmission on the wire, the sender's side: by SACK (RFC 2018, 6675) and
 * without (5681, 6582), limited transmit (3042), and how much may leave meanwhile (PRR,
 * 6937); each acting, and not acting where it must not.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE(recovery)

#define RTT_MS	100
#define RTT	"quiet 100"

/* ---- with SACK ----------------------------------------------------------- */

TEST_F(recovery, sack__three_segments_behind_a_hole)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:3001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "recovery unacked 10 sacked 3 lost 1 retrans 1 ssthresh 7");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 sacked 0 lost 0 retrans 0 total_retrans 1 cwnd 8");
}

/* Only what is missing travels again, out of the middle of a buffer as well. */
TEST_F(recovery, sack__two_holes)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 2001 <nop,nop,sack 3001:5001>",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 6001:9001 3001:5001>",
		   "> . 2001:3001(1000) ack 1",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 6001:10001 3001:5001>",
		   "> . 5001:6001(1000) ack 1");
	EXPECT_INFO(fd, "recovery unacked 8 sacked 6 lost 2 retrans 2");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 2");
}

/* A block in the middle of segments that it does not cover whole. */
TEST_F(recovery, sack__shifted_blocks)
{
	struct peer *p = &self->p;
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	send_segs(p, fd, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1501:2501>");
	EXPECT_INFO(fd, "open sacked 0 lost 0");
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1501:4501>");
	EXPECT_INFO(fd, "disorder sacked 2 lost 0");
	packets(p, "< . 1:1(0) ack 4501 <nop,nop,sack 5001:10001>",
		   "> . 4501:5001(500) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 1");
}

/* An ACK that was overtaken brings blocks all the same. */
TEST_F(recovery, sack__of_an_old_ack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 3001",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 4001:7001>",
		   "> . 3001:4001(1000) ack 1");
	EXPECT_INFO(fd, "recovery unacked 7 sacked 3 lost 1 retrans 1");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 total_retrans 1");
}

/* One reduction in a window, however much of it was lost. */
TEST_F(recovery, sack__second_loss_of_a_window_does_not_reduce_again)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("congestion_control", "reno"));
	fd = open_sender(p, SENDER_SACK);
	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 4001 <nop,nop,sack 5001:9001>",
		   "> . 4001:5001(1000) ack 1");
	EXPECT_INFO(fd, "recovery ssthresh 5");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open cwnd 5 ssthresh 5");
	if (!test_inet())
		EXPECT_EQ(1, counter("SackRecovery"));
}

/*
 * ---- limited transmit -----------------------------------------------------
 *
 * A millisecond after the last packet none is held back to make a larger buffer.
 */

TEST_F(recovery, limited__two_duplicates_send_two)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 1",
		   "> . 10001:11001(1000) ack 1",
		   "quiet 2",
		   "< . 1:1(0) ack 1",
		   "> . 11001:12001(1000) ack 1");
	EXPECT_INFO(fd, "disorder unacked 12 sacked 2 cwnd 10");
	packets(p, "< . 1:1(0) ack 1",
		   "> . 1:1001(1000) ack 1");
}

/* RFC 3042: with SACK, only duplicates that report something count. */
TEST_F(recovery, limited__with_sack)
{
	struct peer *p = &self->p;
	int fd = open_sender_rtt(p, SENDER_SACK, RTT_MS);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, RTT,
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "> . 10001:11001(1000) ack 1",
		   "quiet 2",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:3001>",
		   "> . 11001:12001(1000) ack 1");
	EXPECT_INFO(fd, "disorder unacked 12 sacked 2 cwnd 10");
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1");
}

/* The peer's window holds, whatever is out of order. */
TEST_F(recovery, limited__not_beyond_the_window)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	queue_segs(fd, 0, 15);
	segs_leave(p, 0, CWND);
	packets(p, "< . 1:1(0) ack 1001 win 9000",
		   "< . 1:1(0) ack 1001 win 9000",
		   "< . 1:1(0) ack 1001 win 9000",
		   "quiet 20");
	EXPECT_INFO(fd, "disorder unacked 9 sacked 2");
	packets(p, "< . 1:1(0) ack 1001 win 9000",
		   "> . 1001:2001(1000) ack 1");
}

/* ---- without SACK (RFC 6582) ---------------------------------------------- */

TEST_F(recovery, reno__three_duplicates)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> . 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "recovery unacked 10 sacked 3 lost 1 retrans 1 ssthresh 7");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "unacked 0 total_retrans 1");
}

/* What moves the window, brings data or is no repetition is no duplicate. */
TEST_F(recovery, reno__not_by_what_is_no_duplicate)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1001 win 60000",
		   "< . 1:1(0) ack 1001 win 60000",
		   "< . 1:1(0) ack 1001 win 61000",
		   "< . 1:1(0) ack 1001 win 62000",
		   "< . 1:1(0) ack 1001 win 62000",
		   "quiet 20");
	EXPECT_INFO(fd, "disorder sacked 2 lost 0 total_retrans 0");
}

/* 3.2 step 3: each partial ACK tells of another hole, and repairs it. */
TEST_F(recovery, reno__partial_ack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 4001",
		   "> . 4001:5001(1000) ack 1",
		   "< . 1:1(0) ack 8001",
		   "> . 8001:9001(1000) ack 1");
	EXPECT_INFO(fd, "recovery unacked 2 lost 1 retrans 1");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "unacked 0 total_retrans 3");
}

/* 3.2 step 2: duplicates of what was sent before recovery start no other one. */
TEST_F(recovery, reno__duplicates_of_recover)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, 0);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, 10, 5);
	packets(p, "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001",
		   "quiet 20");
	EXPECT_INFO(fd, "total_retrans 1");
	/* beyond it they do */
	packets(p, "< . 1:1(0) ack 12001");
	EXPECT_INFO(fd, "open unacked 3");
	send_segs(p, fd, 15, 3);
	packets(p, "< . 1:1(0) ack 12001",
		   "< . 1:1(0) ack 12001",
		   "< . 1:1(0) ack 12001",
		   "> . 12001:13001(1000) ack 1");
	EXPECT_INFO(fd, "recovery total_retrans 2");
}

/* ---- proportional rate reduction (RFC 6937) -------------------------------- */

/* Ten segments are in flight, ten more wait; Reno makes five of ten. */
static int open_prr(struct peer *p, unsigned int offers)
{
	int fd;

	if (!conf_set("congestion_control", "reno"))
		wire_fail(p->w, "no Reno");
	fd = open_sender(p, offers);
	queue_segs(fd, 0, 20);
	segs_leave(p, 0, CWND);
	return fd;
}

/* While more than ssthresh is in flight: one for two that arrive. */
TEST_F(recovery, prr__in_proportion)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> * 1:1001(1000) ack 1",
		   "> * 10001:11001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 3 lost 1 retrans 1 cwnd 8 ssthresh 5");
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:5001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:6001>",
		   "> * 11001:12001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:7001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:8001>",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 7 lost 1 retrans 1 cwnd 5");
	/* five are in flight: from now on one for one */
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:9001>",
		   "> * 12001:13001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:10001>",
		   "> * 13001:14001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 9 lost 1 retrans 1 cwnd 5");
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 10001",
		   "> * 14001:15001(1000) ack 1");
	EXPECT_INFO(fd, "open unacked 5 cwnd 5 ssthresh 5 total_retrans 1");
}

/* Below ssthresh: as much as arrives, and one more while SND.UNA moves. */
TEST_F(recovery, prr__slow_start_bound)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 6001:10001>",
		   "> * 1:1001(1000) ack 1",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1",
		   "> * 3001:4001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 4 lost 6 retrans 4 cwnd 4 ssthresh 5");
	packets(p, "< . 1:1(0) ack 1001 <nop,nop,sack 6001:10001>",
		   "> * 4001:5001(1000) ack 1",
		   "> * 5001:6001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery unacked 9 lost 5 retrans 5 cwnd 5");
}

/* ... but no more than arrives when the same ACK tells of another loss. */
TEST_F(recovery, prr__conservation_while_more_is_lost)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 3001:6001>",
		   "> * 1:1001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 3 lost 3 retrans 1 cwnd 5 ssthresh 5");
	packets(p, "< . 1:1(0) ack 1001 <nop,nop,sack 9001:10001 3001:6001>",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1",
		   "> * 6001:7001(1000) ack 1",
		   "> * 7001:8001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 4 lost 5 retrans 4 cwnd 4");
}

/* No room for anything, but for the first retransmission. */
TEST_F(recovery, prr__first_retransmission_at_once)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 2001:5001>",
		   "> * 1:1001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 3 lost 2 retrans 1 cwnd 6 ssthresh 5");
	/* the second waits for its turn */
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 2001:6001>",
		   "quiet 10",
		   "< . 1:1(0) ack 1 <nop,nop,sack 2001:7001>",
		   "> * 1001:2001(1000) ack 1",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 5 lost 2 retrans 2 cwnd 5");
}

/* Nothing leaves but by ACKs that report something. */
TEST_F(recovery, prr__not_by_empty_acks)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> * 1:1001(1000) ack 1",
		   "> * 10001:11001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "quiet 10");
	EXPECT_INFO(fd, "recovery sacked 3 cwnd 8");
}

/* Without SACK each duplicate is a segment that arrived. */
TEST_F(recovery, prr__without_sack)
{
	struct peer *p = &self->p;
	int fd = open_prr(p, 0);

	packets(p, "quiet 2",
		   "< . 1:1(0) ack 1",
		   "> * 10001:11001(1000) ack 1",
		   "quiet 2",
		   "< . 1:1(0) ack 1",
		   "> * 11001:12001(1000) ack 1",
		   "< . 1:1(0) ack 1",
		   "> * 1:1001(1000) ack 1");
	EXPECT_INFO(fd, "recovery sacked 3 lost 1 retrans 1 ssthresh 5");
	packets(p, "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> * 12001:13001(1000) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> * 13001:14001(1000) ack 1");
}

TEST_HARNESS_MAIN
