// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery on the wire, the sender's side: SACK (RFC 2018), RACK-TLP (8985),
 * timeouts, undo by D-SACK (3708) and by timestamps (4015); each acting, and not
 * acting where it must not.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <linux/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(recovery)

/* Segments of 1,000 bytes, ten of which may leave at first. */
#define SEG	1000
#define CWND	10

/* A connection whose peer takes SACK, with or without timestamps. */
static int open_sender(struct peer *p, bool sack, bool ts)
{
	int listener = start_listen(p->w, 8), fd, one = 1;

	/* a slow machine is no lost tail */
	conf_set("early_retrans", "0");
	p->lport = WIRE_PORT;
	if (ts) {
		packets(p, "< S  0:0(0) win 65535 <mss 1012,sackOK,TS val 100 ecr 0>",
			   "> S. 0:0(0) ack 1");
		p->ts = true;
		p->tsval = 101;
	} else if (sack) {
		packets(p, "< S  0:0(0) win 65535 <mss 1000,nop,nop,sackOK>",
			   "> S. 0:0(0) ack 1");
	} else {
		packets(p, "< S  0:0(0) win 65535 <mss 1000>",
			   "> S. 0:0(0) ack 1");
	}
	packets(p, "<  . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
	return fd;
}

/* Ten segments leave. */
static void send_flight(struct peer *p, int fd)
{
	int i;

	put_pattern(fd, 0, CWND * SEG);
	for (i = 0; i < CWND; i++)
		packets(p, fmt("> * %d:%d(1000) ack 1", 1 + i * SEG, 1 + (i + 1) * SEG));
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* ---- fast retransmission ------------------------------------------------- */

TEST_F(recovery, sack__three_segments_behind_a_hole)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:3001>",
		   "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1");
	EXPECT_EQ(3, info_of(fd).tcpi_sacked);
	EXPECT_EQ(1, info_of(fd).tcpi_lost);
	EXPECT_EQ(1, info_of(fd).tcpi_retrans);
	EXPECT_EQ(3 /* Recovery */, info_of(fd).tcpi_ca_state);
	packets(p, "< . 1:1(0) ack 10001");
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	EXPECT_EQ(0, info_of(fd).tcpi_unacked);
}

/* Only what is missing travels again, out of the middle of a buffer as well. */
TEST_F(recovery, sack__two_holes)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 2001 <nop,nop,sack 3001:5001>",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 6001:9001 3001:5001>",
		   "> . 2001:3001(1000) ack 1",
		   "< . 1:1(0) ack 2001 <nop,nop,sack 6001:10001 3001:5001>",
		   "> . 5001:6001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(2, info_of(fd).tcpi_total_retrans);
}

TEST_F(recovery, reno__three_duplicates)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, false, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(1, info_of(fd).tcpi_total_retrans);
}

/* Blocks that cannot be are no reason to do anything. */
TEST_F(recovery, sack__impossible_blocks)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 3001",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 20001:21001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 7001:6001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 9001:11001>",
		   "< . 1:1(0) ack 3001 <nop,nop,sack 3001:4001>",
		   "< . 1:1(0) ack 10001");
	ASSERT_TRUE(await(!info_of(fd).tcpi_unacked));
	EXPECT_EQ(0, info_of(fd).tcpi_sacked);
	EXPECT_EQ(0, info_of(fd).tcpi_total_retrans);
}

/* What comes late, but comes, is reordering: RACK waits, and remembers. */
TEST_F(recovery, rack__reordering)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 2001");
	ASSERT_TRUE(await(info_of(fd).tcpi_unacked == 8));
	EXPECT_EQ(1, info_of(fd).tcpi_reord_seen);
	packets(p, "< . 1:1(0) ack 10001");
	ASSERT_TRUE(await(!info_of(fd).tcpi_unacked));
	EXPECT_EQ(0, info_of(fd).tcpi_total_retrans);
}

/* ---- tail loss probe ------------------------------------------------------ */

TEST_F(recovery, tlp__last_segment)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	ASSERT_TRUE(conf_set("early_retrans", "3"));
	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 8001",
		   "> P. 9001:10001(1000) ack 1",
		   /* and with it RACK knows about the one before it */
		   "< . 1:1(0) ack 8001 <nop,nop,sack 9001:10001>",
		   "> . 8001:9001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(2, info_of(fd).tcpi_total_retrans);
}

TEST_F(recovery, tlp__not_without_sack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, false, false);

	ASSERT_TRUE(conf_set("early_retrans", "3"));
	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 8001",
		   /* the retransmission timer, from the front */
		   "> . 8001:9001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(1, info_of(fd).tcpi_total_retrans);
}

/* ---- timeouts -------------------------------------------------------------- */

/*
 * The ACK echoes a timestamp from before the retransmission: what it acknowledges
 * are the originals, and the timeout was for nothing.
 */
TEST_F(recovery, rto__undone_by_timestamp)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, true);
	uint32_t before;

	send_flight(p, fd);
	before = p->ts_recent;
	packets(p, "> . 1:1001(1000) ack 1",
		   fmt("< . 1:1(0) ack 3001 <nop,nop,TS val 300 ecr %u>", before));
	ASSERT_TRUE(await(info_of(fd).tcpi_unacked == 7));
	EXPECT_EQ(0, info_of(fd).tcpi_ca_state);
	EXPECT_LE(CWND, info_of(fd).tcpi_snd_cwnd);
	EXPECT_EQ(1, info_of(fd).tcpi_total_retrans);
}

/* What was reported is not sent again after a timeout. */
TEST_F(recovery, rto__respects_the_scoreboard)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("frto", "0"));
	fd = open_sender(p, true, false);
	send_flight(p, fd);
	packets(p, "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 1001 <nop,nop,sack 2001:9001>",
		   "> . 1001:2001(1000) ack 1",
		   "> P. 9001:10001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_EQ(3, info_of(fd).tcpi_total_retrans);
}

/* ---- undo ------------------------------------------------------------------ */

TEST_F(recovery, undo__by_dsack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	EXPECT_GT(CWND, info_of(fd).tcpi_snd_cwnd);
	packets(p, "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	ASSERT_TRUE(await(info_of(fd).tcpi_snd_cwnd >= CWND));
	EXPECT_EQ(1, info_of(fd).tcpi_dsack_dups);
}

TEST_F(recovery, undo__not_without_dsack)
{
	struct peer *p = &self->p;
	int fd = open_sender(p, true, false);

	send_flight(p, fd);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< . 1:1(0) ack 10001",
		   "quiet 20");
	EXPECT_GT(CWND, info_of(fd).tcpi_snd_cwnd);
	EXPECT_EQ(0, info_of(fd).tcpi_dsack_dups);
}

TEST_HARNESS_MAIN
