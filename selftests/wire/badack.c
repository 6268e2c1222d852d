// SPDX-License-Identifier: GPL-2.0
/*
 * Acknowledgements that cannot be: SACK blocks of what was never sent, of what is
 * long done, the wrong way round; windows and timestamps that nobody should
 * believe. Each is counted, and none of them moves anything.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(badack)

/* A quarter of it is RACK's patience, which a slow machine must not wear out. */
#define RTT_MS	100

/*
 * Three of ten segments are acknowledged, and an ACK comes that makes no sense.
 * After it everything is as it was, and the connection goes on.
 */
#define AS_IT_WAS	"open unacked 7 sacked 0 lost 0 retrans 0 total_retrans 0 " \
			"reordering 3 reord_seen 0"

static int flight(struct peer *p, unsigned int offers)
{
	int fd;

	if (!conf_set("congestion_control", "reno"))
		wire_fail(p->w, "no Reno");
	fd = open_sender_rtt(p, offers, RTT_MS);
	send_segs(p, fd, 0, CWND);
	packets(p, fmt("quiet %u", RTT_MS),
		   "< . 1:1(0) ack 3001");
	return fd;
}

static void goes_on(struct peer *p, int fd)
{
	packets(p, "quiet 20",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, 10, 2);
	packets(p, "< . 1:1(0) ack 12001");
}

/* ---- SACK blocks ----------------------------------------------------------- */

TEST_F(badack, sack__beyond_what_was_sent)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 20001:21001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 10001:10002>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 9001:10002>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_EQ(3, stat_counter("SACKDiscard"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

TEST_F(badack, sack__half_the_sequence_space_away)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 2147480000:2147490000>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 5001:2147488000>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_EQ(2, stat_counter("SACKDiscard"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

TEST_F(badack, sack__the_wrong_way_round)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 7001:6001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 6001:6001>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_EQ(2, stat_counter("SACKDiscard"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* From where the ACK is: that would have moved it. */
TEST_F(badack, sack__of_the_first_outstanding)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 3001:4001>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_EQ(1, stat_counter("SACKDiscard"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* What is long acknowledged, reported as arriving twice; nothing was sent twice. */
TEST_F(badack, dsack__of_what_was_sent_once)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 1:1001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 1001:3001>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_EQ(2, stat_counter("DSACKRecv"));
	EXPECT_EQ(2, stat_counter("DSACKIgnoredDubious"));
	/* so they are blocks like any other */
	EXPECT_EQ(0, stat_counter("DSACKIgnoredNoUndo"));
	EXPECT_EQ(2, stat_counter("SACKDiscard"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* ... more than any window held, or from before the connection began. */
TEST_F(badack, dsack__far_below)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack -200000:3001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack -1000000:-999000>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack -2147480000:-2147470000>");
	EXPECT_INFO(fd, AS_IT_WAS);
	EXPECT_LT(0, stat_counter("DSACKIgnoredDubious"));
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* A D-SACK may come in the middle of a recovery, but nothing that old counts. */
TEST_F(badack, dsack__older_than_the_recovery)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 4001:7001>",
		   "> . 3001:4001(1000) ack 1",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 1:1001 4001:7001>");
	EXPECT_INFO(fd, "recovery unacked 7 sacked 3 lost 1 retrans 1");
	EXPECT_EQ(1, stat_counter("DSACKIgnoredOld"));
	goes_on(p, fd);
	EXPECT_EQ(0, stat_counter("DSACKUndo"));
	EXPECT_INFO(fd, "total_retrans 1");
}

/* A tail loss probe that came twice: cwnd was not reduced for it. */
TEST_F(badack, dsack__with_nothing_to_undo)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	if (!conf_set("early_retrans", "3"))
		wire_fail(p->w, "no early_retrans");
	/* from the next ACK on */
	packets(p, "< . 1:1(0) ack 4001",
		   "> * 9001:10001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, 10, 2);
	packets(p, "< . 1:1(0) ack 10001 <nop,nop,sack 9001:10001>");
	EXPECT_INFO(fd, "open unacked 2 total_retrans 1 dsack_dups 1");
	EXPECT_EQ(1, stat_counter("DSACKRecv"));
	EXPECT_EQ(1, stat_counter("DSACKRecvSegs"));
	EXPECT_EQ(1, stat_counter("DSACKIgnoredNoUndo"));
	EXPECT_EQ(0, stat_counter("SACKDiscard"));
	packets(p, "< . 1:1(0) ack 12001");
}

/* One that makes sense among three that do not. */
TEST_F(badack, sack__one_good_block)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 20001:21001 9001:8001 5001:6001 "
		   "10001:11001>");
	EXPECT_INFO(fd, "disorder unacked 7 sacked 1 lost 0 retrans 0");
	EXPECT_EQ(3, stat_counter("SACKDiscard"));
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "unacked 0 sacked 0");
}

/* Behind a D-SACK that cannot be. */
TEST_F(badack, sack__one_good_block_behind_a_dsack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack -5000:-4000 20001:21001 9001:8001 "
		   "5001:6001>");
	EXPECT_INFO(fd, "disorder unacked 7 sacked 1 lost 0 retrans 0");
	EXPECT_EQ(3, stat_counter("SACKDiscard"));
	EXPECT_EQ(1, stat_counter("DSACKRecv"));
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "unacked 0 sacked 0");
}

/* Each segment counts once, however many blocks cover it. */
TEST_F(badack, sack__overlapping_blocks)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 3001 <nop,nop,sack 5001:9001 4001:7001 6001:8001 5001:9001>");
	EXPECT_INFO(fd, "unacked 7 sacked 5");
	packets(p, "> . 3001:4001(1000) ack 1");
	EXPECT_INFO(fd, "recovery lost 1 retrans 1");
	packets(p, "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0 sacked 0 lost 0 retrans 0");
}

/* Nothing is in flight, so nothing can be reported. */
TEST_F(badack, sack__nothing_in_flight)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 10002:10003>",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 20001:21001 30001:31001>");
	EXPECT_INFO(fd, "open unacked 0 sacked 0 reord_seen 0");
	send_segs(p, fd, 10, 2);
}

/* Nobody agreed on SACK. */
TEST_F(badack, sack__not_agreed_on)
{
	struct peer *p = &self->p;
	int fd = flight(p, 0);

	packets(p, "< . 1:1(0) ack 4001 <nop,nop,sack 5001:9001>");
	EXPECT_INFO(fd, "open unacked 6 sacked 0 lost 0");
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* ---- windows ----------------------------------------------------------------- */

/* A segment from before does not change what a later one said. */
TEST_F(badack, window__of_an_old_ack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 4001 win 20000",
		   "< . 1:1(0) ack 3001 win 60000",
		   "< . 1:1(0) ack 3001 win 0");
	EXPECT_EQ(20000, info_of(fd).tcpi_snd_wnd);
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* Nor does one that acknowledges what was never sent, or lies out of the window. */
TEST_F(badack, window__of_an_impossible_ack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 4001 win 20000",
		   "< . 1:1(0) ack 20001 win 60000");
	peer_settle(p, 20);
	packets(p, "< . 1000001:1000001(0) ack 4001 win 50000");
	peer_settle(p, 20);
	EXPECT_EQ(20000, info_of(fd).tcpi_snd_wnd);
	EXPECT_INFO(fd, "open unacked 6");
	if (!test_inet()) {
		EXPECT_EQ(1, counter("InUnsentAck"));
		EXPECT_EQ(1, counter("InOutOfWindow"));
	}
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* ---- timestamps -------------------------------------------------------------- */

/* An echo of what will be sent in a while, or never was, measures nothing. */
TEST_F(badack, timestamp__echo_of_the_future)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK | SENDER_TS);
	unsigned int rto = info_of(fd).tcpi_rto;

	p->tsval = 400;
	packets(p, fmt("< . 1:1(0) ack 4001 <nop,nop,TS val 300 ecr %u>", p->ts_recent + 100000),
		   fmt("< . 1:1(0) ack 5001 <nop,nop,TS val 300 ecr %u>", p->ts_recent + 0x80000000));
	EXPECT_GT(rto + 100000, info_of(fd).tcpi_rto);
	goes_on(p, fd);
	EXPECT_INFO(fd, "open unacked 0 total_retrans 0");
}

/* Nor after a retransmission, where the echo is all there is to measure by. */
TEST_F(badack, timestamp__echo_after_a_retransmission)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_sender(p, SENDER_SACK | SENDER_TS);
	send_segs(p, fd, 0, 1);
	p->tsval = 400;
	packets(p, "+0.2 > P. 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 1001 <nop,nop,TS val 300 ecr %u>",
		       p->ts_recent + 1000000));
	EXPECT_GT(100000, info_of(fd).tcpi_rtt);
	EXPECT_INFO(fd, "unacked 0 total_retrans 1");
	send_segs(p, fd, 1, 1);
	packets(p, "< . 1:1(0) ack 2001");
	EXPECT_INFO(fd, "open unacked 0");
}

/* RFC 7323 5.3: an ACK that is older than what came acknowledges nothing. */
TEST_F(badack, timestamp__of_an_old_ack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK | SENDER_TS);

	p->tsval = 100000;
	packets(p, "< P. 1:101(100) ack 3001",
		   "> . 10001:10001(0) ack 101",
		   "< . 101:101(0) ack 9001 <nop,nop,TS val 500 ecr last>");
	peer_settle(p, 20);
	EXPECT_INFO(fd, "open unacked 7");
	if (!test_inet())
		EXPECT_EQ(1, counter("PAWSEstab"));
	packets(p, "< . 101:101(0) ack 10001");
	EXPECT_INFO(fd, "open unacked 0");
}

TEST_HARNESS_MAIN
