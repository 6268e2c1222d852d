// SPDX-License-Identifier: GPL-2.0
/*
 * Selective acknowledgment on the wire: RFC 2018 and 2883, the receiver's side.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(sack)

/* A connection whose peer takes SACK, with or without timestamps. */
static int open_sack(struct peer *p, bool ts)
{
	int listener = start_listen(p->w, 8), fd;

	/* the peer is slow: no tail of ours is lost */
	conf_set("early_retrans", "0");
	p->lport = WIRE_PORT;
	if (ts) {
		packets(p, "< S  0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0>",
			   "> S. 0:0(0) ack 1 <mss 1460,sackOK,TS val * ecr 100>");
		p->ts = true;
		p->tsval = 101;
	} else {
		packets(p, "< S  0:0(0) win 65535 <mss 1460,nop,nop,sackOK>",
			   "> S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK>");
	}
	packets(p, "<  . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	close(listener);
	return fd;
}

static unsigned int tcp_options(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_options;
}

/* ---- negotiation --------------------------------------------------------- */

TEST_F(sack, offer__switched_off)
{
	struct peer *p = &self->p, q;
	int listener;

	ASSERT_TRUE(conf_set("sack", "0"));
	start_connect(p);
	packets(p, "> S 0:0(0) <mss 1460,nop,nop,TS val * ecr 0,nop,wscale *>");
	listener = start_listen(&self->w, 8);
	peer_clone(&q, p, 40000);
	q.lport = WIRE_PORT;
	packets(&q, "< S  0:0(0) <mss 1460,nop,nop,sackOK>",
		    "> S. 0:0(0) ack 1 <mss 1460>");
	close(listener);
}

TEST_F(sack, offer__shown_in_tcp_info)
{
	struct peer *p = &self->p;
	int fd;

	fd = open_sack(p, false);
	EXPECT_TRUE(tcp_options(fd) & TCPI_OPT_SACK);
}

/* A peer that does not take the option is not sent it. */
TEST_F(sack, offer__refused)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	EXPECT_FALSE(tcp_options(fd) & TCPI_OPT_SACK);
	packets(p, "< . 101:201(100) ack 1",
		   "> . 1:1(0) ack 1 <>",
		   "< . 101:201(100) ack 1",
		   "> . 1:1(0) ack 1 <>");
}

/* ---- blocks -------------------------------------------------------------- */

TEST_F(sack, blocks__newest_first)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false);

	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 3001:4001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 3001:4001 1001:2001>",
		   "< . 5001:6001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 5001:6001 3001:4001 1001:2001>",
		   /* one that grows comes to the front */
		   "< . 2001:2501(500) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:2501 5001:6001 3001:4001>");
	packets(p, "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 2501 <nop,nop,sack 5001:6001 3001:4001>",
		   "< . 2501:3001(500) ack 1",
		   "> . 1:1(0) ack 4001 <nop,nop,sack 5001:6001>",
		   "< . 4001:5001(1000) ack 1",
		   "> . 1:1(0) ack 6001 <>");
	get_pattern(fd, 0, 6000);
}

/* 40 bytes of options have room for four blocks, or three beside timestamps. */
TEST_F(sack, blocks__as_many_as_fit)
{
	struct peer *p = &self->p;

	open_sack(p, false);
	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 3001:4001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 5001:6001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 7001:8001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 7001:8001 5001:6001 3001:4001 1001:2001>",
		   "< . 9001:9501(500) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 9001:9501 7001:8001 5001:6001 3001:4001>");
}

TEST_F(sack, blocks__three_beside_timestamps)
{
	struct peer *p = &self->p;

	open_sack(p, true);
	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,TS val * ecr *,nop,nop,sack 1001:2001>",
		   "< . 3001:4001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 5001:6001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 7001:8001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,TS val * ecr *,nop,nop,sack 7001:8001 5001:6001 3001:4001>");
}

TEST_F(sack, blocks__a_filled_gap_joins)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false);

	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 3001:4001(1000) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 2001:3001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 4001 <>");
	get_pattern(fd, 0, 4000);
}

/* Data has room for fewer bytes while blocks ride on it, and so do GSO's packets. */
TEST_F(sack, blocks__ride_on_data)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false);

	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:2001>");
	put_pattern(fd, 0, 3000);
	packets(p, "> . 1:1449(1448) ack 1 <nop,nop,sack 1001:2001>",
		   "> * 1449:2897(1448) ack 1 <nop,nop,sack 1001:2001>",
		   "> P. 2897:3001(104) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1001(1000) ack 3001",
		   "> . 3001:3001(0) ack 2001 <>");
	put_pattern(fd, 3000, 1460);
	packets(p, "> P. 3001:4461(1460) ack 2001 <>");
}

/* ---- duplicates (RFC 2883) ----------------------------------------------- */

TEST_F(sack, dsack__old_text)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false);

	packets(p, "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 1001 <>",
		   "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 1001 <nop,nop,sack 1:1001>",
		   "< . 501:1001(500) ack 1",
		   "> . 1:1(0) ack 1001 <nop,nop,sack 501:1001>",
		   /* once for each */
		   "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 2001 <>");
	get_pattern(fd, 0, 2000);
	if (!test_inet())
		EXPECT_EQ(2, counter("DSACKOldSent"));
}

TEST_F(sack, dsack__before_the_blocks)
{
	struct peer *p = &self->p;

	open_sack(p, false);
	packets(p, "< . 1001:2001(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1501:2001(500) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1501:2001 1001:2001>",
		   /* half of it is new */
		   "< . 1501:2501(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1501:2001 1001:2501>",
		   "< . 501:1501(1000) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 1001:1501 501:2501>",
		   /* all that waits, and more */
		   "< . 401:2601(2200) ack 1",
		   "> . 1:1(0) ack 1 <nop,nop,sack 501:2501 401:2601>");
	if (!test_inet())
		EXPECT_EQ(4, counter("DSACKOfoSent"));
}

TEST_F(sack, dsack__out_of_window)
{
	struct peer *p = &self->p;

	open_sack(p, false);
	packets(p, "< . 1:1461(1460) ack 1",
		   "> . 1:1(0) ack 1461",
		   "< . 1461:2921(1460) ack 1",
		   "> . 1:1(0) ack 2921",
		   "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 2921 <nop,nop,sack 1:1001>");
}

TEST_F(sack, dsack__switched_off)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("dsack", "0"));
	open_sack(p, false);
	packets(p, "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 1001 <>",
		   "< . 1:1001(1000) ack 1",
		   "> . 1:1(0) ack 1001 <>");
}

/* ---- memory -------------------------------------------------------------- */

/* What comes in order behind a gap is one buffer, and one block. */
TEST_F(sack, memory__small_segments_are_merged)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false), i;

	for (i = 0; i < 8; i++)
		packets(p, fmt("< . %d:%d(10) ack 1", 101 + 10 * i, 111 + 10 * i),
			   fmt("> . 1:1(0) ack 1 <nop,nop,sack 101:%d>", 111 + 10 * i));
	packets(p, "< . 1:101(100) ack 1",
		   "> . 1:1(0) ack 181 <>");
	get_pattern(fd, 0, 180);
	if (!test_inet())
		EXPECT_LT(0, counter("RcvCoalesce"));
}

/* What came in another order is not merged: it is copied, before it is given up. */
TEST_F(sack, memory__small_segments_are_copied_together)
{
	struct peer *p = &self->p;
	int fd, i;

	/* of the kernel's TCP: each segment is answered */
	conf_set("comp_sack_nr", "0");
	fd = open_sack(p, false);
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_RCVBUF, 8192));
	for (i = 40; i; i--)
		packets(p, fmt("< . %d:%d(100) ack 1", 1 + 100 * i, 101 + 100 * i),
			   fmt("> . 1:1(0) ack 1 <nop,nop,sack %d:4101>", 1 + 100 * i));
	EXPECT_LT(0, stat_counter("PruneCalled"));
	EXPECT_LT(20, stat_counter("RcvCollapsed"));
	EXPECT_EQ(0, stat_counter("OfoPruned"));
	EXPECT_EQ(0, stat_counter("RcvPruned"));
	packets(p, "< . 1:101(100) ack 1",
		   "> . 1:1(0) ack 4101 <>");
	get_pattern(fd, 0, 4100);
}

/* So is what waits for the reader: a window that was offered is kept. */
TEST_F(sack, memory__of_what_is_in_order)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false), i;

	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_RCVBUF, 8192));
	for (i = 0; i < 80; i++) {
		packets(p, fmt("< P. %d:%d(100) ack 1", 1 + 100 * i, 101 + 100 * i));
		peer_settle(p, 0);
	}
	EXPECT_LT(0, stat_counter("RcvCollapsed"));
	EXPECT_EQ(0, stat_counter("RcvPruned"));
	get_pattern(fd, 0, 8000);
}

/* Crumbs with gaps between them fill the buffer: the furthest have to go. */
TEST_F(sack, memory__pruned_when_it_is_full)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false), i;

	XTCP_ONLY();
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_RCVBUF, 4096));
	for (i = 0; i < 100; i++)
		packets(p, fmt("< . %d:%d(1) ack 1", 1001 - 2 * i, 1002 - 2 * i),
			   "> . 1:1(0) ack 1");
	EXPECT_LT(0, counter("PruneCalled"));
	EXPECT_LT(0, counter("OfoPruned"));
	EXPECT_EQ(0, counter("RcvPruned"));
	/* what is left of it, and the rest, is the stream that it was */
	packets(p, "< . 1:1101(1100) ack 1",
		   "> . 1:1(0) ack 1101");
	get_pattern(fd, 0, 1100);
}

static bool is_full(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	return info[SK_MEMINFO_RMEM_ALLOC] > info[SK_MEMINFO_RCVBUF];
}

/* What is not kept anyway, old or beyond the window, drives nothing out. */
TEST_F(sack, memory__nothing_goes_for_what_is_not_kept)
{
	struct peer *p = &self->p;
	int fd = open_sack(p, false), i;

	XTCP_ONLY();
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_RCVBUF, 4096));
	for (i = 0; !is_full(fd); i++) {
		ASSERT_GT(1000, i);
		packets(p, fmt("< . %d:%d(1) ack 1", 2001 - 2 * i, 2002 - 2 * i),
			   "> . 1:1(0) ack 1");
	}
	ASSERT_EQ(0, counter("PruneCalled"));
	packets(p, "< . -99:1(100) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 900001:900101(100) ack 1",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(0, counter("PruneCalled"));
	EXPECT_EQ(0, counter("OfoPruned"));
	/* and what finds no room behind a gap is not answered: the old segment is */
	packets(p, "< . 2003:2004(1) ack 1",
		   "< . -99:1(100) ack 1",
		   "> . 1:1(0) ack 1",
		   "quiet 50");
	EXPECT_EQ(1, counter("PruneCalled"));
	EXPECT_EQ(1, counter("RcvPruned"));
}

/* ---- what comes in ------------------------------------------------------- */

/* An option that cannot be is skipped, the segment counts. */
TEST_F(sack, bad_option__is_skipped)
{
	static const char *const bad[] = {
		"hex 0502,nop,nop", "hex 0509000000010000,eol", "hex 050600000001,nop,nop",
	};
	struct peer *p = &self->p;
	int fd = open_sack(p, false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		put_pattern(fd, i * 100, 100);
		packets(p, fmt("> P. %u:%u(100) ack 1", i * 100 + 1, i * 100 + 101),
			   fmt("< . 1:1(0) ack %u <%s>", i * 100 + 101, bad[i]));
	}
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	if (!test_inet())
		EXPECT_EQ(3, counter("OptionIgnored"));
}

TEST_HARNESS_MAIN
