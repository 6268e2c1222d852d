// SPDX-License-Identifier: GPL-2.0
/*
 * Recoveries for nothing, on the wire: found out by D-SACK (RFC 3708) and by
 * timestamps (Eifel, RFC 3522), and taken back (4015). Those by timeout are in
 * rto.c.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(undo)

/* What comes back sooner cannot be the answer to a retransmission (RFC 8985 6.2). */
#define RTT_MS	50

/* Ten segments are in flight for an RTT; Reno makes five of ten. */
static int flight(struct peer *p, unsigned int offers)
{
	int fd;

	if (!conf_set("congestion_control", "reno"))
		wire_fail(p->w, "no Reno");
	fd = open_sender_rtt(p, offers, RTT_MS);
	send_segs(p, fd, 0, CWND);
	packets(p, fmt("quiet %u", RTT_MS));
	return fd;
}

/* ---- D-SACK ----------------------------------------------------------------- */

TEST_F(undo, dsack__after_recovery)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5 reordering 3");
	packets(p, "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open cwnd 10 ssthresh 2147483647 dsack_dups 1");
	EXPECT_EQ(1, stat_counter("DSACKUndo"));
}

TEST_F(undo, dsack__in_recovery)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 4001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open unacked 6 cwnd 12 dsack_dups 1");
	EXPECT_EQ(1, stat_counter("DSACKUndo"));
}

/* With the last ACK of the recovery. */
TEST_F(undo, dsack__ends_recovery)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open unacked 0 cwnd 18 dsack_dups 1");
}

/* RFC 3708 2: there has to be one for each. */
TEST_F(undo, dsack__not_by_half_of_them)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 2001:6001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 2001:7001>",
		   "> . 1001:2001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5 dsack_dups 1");
	packets(p, "< . 1:1(0) ack 10001 <nop,nop,sack 1001:2001>");
	EXPECT_INFO(fd, "open cwnd 10 dsack_dups 2");
}

/* Two segments in one report. */
TEST_F(undo, dsack__of_two_segments)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 2001:6001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1 <nop,nop,sack 2001:7001>",
		   "> . 1001:2001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 1:2001>");
	EXPECT_INFO(fd, "open cwnd 10 dsack_dups 2");
}

TEST_F(undo, dsack__not_without_one)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001",
		   "quiet 20");
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5 dsack_dups 0");
}

/* Of what was not sent again: the network copied it. */
TEST_F(undo, dsack__not_of_what_was_sent_once)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK);

	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, 10, 5);
	packets(p, "< . 1:1(0) ack 15001 <nop,nop,sack 10001:15001>");
	EXPECT_EQ(5, info_of(fd).tcpi_snd_ssthresh);
	EXPECT_INFO(fd, "open total_retrans 1");
	EXPECT_EQ(1, stat_counter("DSACKIgnoredDubious"));
}

/* ---- timestamps -------------------------------------------------------------- */

/* The ACK of everything echoes the original. */
TEST_F(undo, timestamp__full_ack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK | SENDER_TS);
	uint32_t before = p->ts_recent;

	packets(p, "quiet 5",
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u,nop,nop,sack 1001:4001>", before),
		   "> . 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 10001 <nop,nop,TS val 301 ecr %u>", before));
	EXPECT_INFO(fd, "open unacked 0 cwnd 17 ssthresh 2147483647");
	EXPECT_EQ(1, stat_counter("FullUndo"));
}

/* A part of it is acknowledged, and shows that the hole was late, not lost. */
TEST_F(undo, timestamp__partial_ack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK | SENDER_TS);
	uint32_t before = p->ts_recent;

	packets(p, "quiet 5",
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u,nop,nop,sack 1001:4001>", before),
		   "> . 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 4001 <nop,nop,TS val 301 ecr %u>", before));
	EXPECT_INFO(fd, "open unacked 6 cwnd 11 lost 0");
	EXPECT_EQ(1, stat_counter("PartialUndo"));
	EXPECT_EQ(1, info_of(fd).tcpi_reord_seen > 0);
}

/* The retransmission's own timestamp: it was needed. */
TEST_F(undo, timestamp__not_of_the_retransmission)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_SACK | SENDER_TS);
	uint32_t before = p->ts_recent;

	packets(p, "quiet 5",
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u,nop,nop,sack 1001:4001>", before),
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001 <nop,nop,TS val 301 ecr last>");
	EXPECT_INFO(fd, "open unacked 0 cwnd 6 ssthresh 5");
	EXPECT_EQ(0, stat_counter("FullUndo"));
}

/* Without SACK as well. */
TEST_F(undo, timestamp__without_sack)
{
	struct peer *p = &self->p;
	int fd = flight(p, SENDER_TS);
	uint32_t before = p->ts_recent;

	packets(p, "quiet 5",
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u>", before),
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u>", before),
		   fmt("< . 1:1(0) ack 1 <nop,nop,TS val 300 ecr %u>", before),
		   "> . 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 4001 <nop,nop,TS val 301 ecr %u>", before));
	EXPECT_INFO(fd, "unacked 6 cwnd 11 lost 0");
	EXPECT_EQ(1, stat_counter("PartialUndo"));
}

TEST_HARNESS_MAIN
