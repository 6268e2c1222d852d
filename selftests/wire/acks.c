// SPDX-License-Identifier: GPL-2.0
/*
 * ACKs that wait: for the reader, and while there is a gap (Linux, tcp_comp_sack_*).
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/reader.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(acks)

/* How often an ACK was sent because its timer fired. */
static long long delayed_acks(void)
{
	char names[8192], values[8192], *n, *v, *ns, *vs;
	long long found = -1;
	FILE *f;

	if (!test_inet())
		return counter("DelayedACKs");
	f = fopen("/proc/net/netstat", "re");
	if (!f || !fgets(names, sizeof(names), f) || !fgets(values, sizeof(values), f))
		return -1;
	fclose(f);
	n = strtok_r(names, " \n", &ns);
	v = strtok_r(values, " \n", &vs);
	for (; n && v; n = strtok_r(NULL, " \n", &ns), v = strtok_r(NULL, " \n", &vs))
		if (!strcmp(n, "DelayedACKs"))
			found = strtoll(v, NULL, 10);
	return found;
}

/*
 * In a dialogue one write is acknowledged with the answer to it. The second has no
 * answer to wait for: it is acknowledged when it is read. The machine may be too
 * slow to read within 40 ms, but not always.
 */
TEST_F(acks, read__two_writes_of_the_peer)
{
	struct peer *p = &self->p;
	int fd = open_active(p), i, n = 0;

	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	ASSERT_LE(0, delayed_acks());
	for (i = 0; i < 10; i++) {
		long long before = delayed_acks();
		int at = 1 + 200 * i;

		packets(p, fmt("< P. %d:%d(100) ack 1", at, at + 100),
			   fmt("< P. %d:%d(100) ack 1", at + 100, at + 200));
		get_pattern(fd, at - 1, 200);
		/* one that the timer sent may come in two parts */
		while (delayed_acks() == before && !peer_hears(p, 0))
			poll_pause();
		n += delayed_acks() == before;
		peer_settle(p, 5);
		set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	}
	EXPECT_LT(0, n) {
		TH_LOG("each ACK waited for its timer");
	}
	close(fd);
}

/*
 * At the start ACKs leave at once, so that the peer's window grows; but not where
 * the reader is so late that they could not open it.
 */
TEST_F(acks, start__the_reader_is_late)
{
	struct peer *p = &self->p;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	set_int(fd, SOL_SOCKET, SO_RCVBUF, 20000);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1",
		   "<  . 1:4001(4000) ack 1",	/* as GRO merges them */
		   ">  . 1:1(0) ack 4001",
		   "<  . 4001:16001(12000) ack 1",
		   "quiet 15",
		   ">  . 1:1(0) ack 16001");
	close(fd);
}

/* ---- how large the peer's segments are ---------------------------------------- */

/* What waits behind a gap tells as well. */
TEST_F(acks, size__behind_a_gap)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	EXPECT_EQ(536, info_of(fd).tcpi_rcv_mss);
	packets(p, "< . 2001:2701(700) ack 1",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(700, info_of(fd).tcpi_rcv_mss);
	packets(p, "< . 2701:3301(600) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 3301:3901(600) ack 1",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(600, info_of(fd).tcpi_rcv_mss);
	close(fd);
}

FIXTURE(merged) {
	struct wire w;
	struct peer p;
};

FIXTURE_SETUP(merged)
{
	const char *missing;

	IPV4_ONLY("the translation knows nothing of merged packets");
	missing = wire_open_device(&self->w, IFF_VNET_HDR);
	if (missing)
		SKIP(return, "%s", missing);
	peer_init(&self->p, &self->w);
	wire_long_rto();
}

FIXTURE_TEARDOWN(merged)
{
	wire_close(&self->w);
}

/*
 * A device may tell of what it merged no more than the size (gso_size, and no gso_segs): the
 * last one may be short.  How many there were is in none of Linux's counters then.
 */
TEST_F(merged, size)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	unsigned int segs = info_of(fd).tcpi_data_segs_in;

	packets(p, "< . 1:1501(1500) ack 1 !merged 700",
		   "> . 1:1(0) ack 1501");
	EXPECT_EQ(700, info_of(fd).tcpi_rcv_mss);
	if (!test_inet())
		EXPECT_EQ(segs + 3, info_of(fd).tcpi_data_segs_in);
	close(fd);
}

TEST_F(merged, size_behind_a_gap)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< . 2001:11001(9000) ack 1 !merged 1000",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(1000, info_of(fd).tcpi_rcv_mss);
	if (!test_inet())
		EXPECT_EQ(9, info_of(fd).tcpi_rcv_ooopack);
	packets(p, "< . 11001:21001(10000) ack 1 !merged 1000",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(1000, info_of(fd).tcpi_rcv_mss);
	close(fd);
}

/* ---- while the user owns the socket (net.xtcp.backlog_ack_defer) ------------- */

/*
 * At the start each segment has its ACK, but these come while somebody reads. Options
 * differ, or Linux would make one segment of the four.
 */
#define FOUR_WHILE_READING(p)							\
	do {									\
		struct reader r = { .fd = open_active(p) };			\
										\
		if (!reader_init(&r))						\
			SKIP(return, "no userfaultfd");				\
		set_nonblock(r.fd, false);					\
		packets(p, "< P. 1:101(100) ack 1",				\
			   "> . 1:1(0) ack 101");				\
		ASSERT_TRUE(reader_start(&r));					\
		packets(p, "< . 101:1101(1000) ack 1",				\
			   "< . 1101:2101(1000) ack 1 <nop,nop,nop,nop>",	\
			   "< . 2101:3101(1000) ack 1",				\
			   "< . 3101:4101(1000) ack 1 <nop,nop,nop,nop>",	\
			   "quiet 10");						\
		ASSERT_TRUE(reader_finish(&r));					\
	} while (0)

TEST_F(acks, backlog__one_for_all)
{
	struct peer *p = &self->p;

	if (!conf_set("backlog_ack_defer", "1"))
		SKIP(return, "this kernel has no backlog_ack_defer");
	FOUR_WHILE_READING(p);
	packets(p, "> . 1:1(0) ack 4101",
		   "quiet 50");
	if (!test_inet())
		EXPECT_EQ(1, reason_sent(XTCP_WHY_ACK_BACKLOG));
}

TEST_F(acks, backlog__one_for_each)
{
	struct peer *p = &self->p;

	if (!conf_set("backlog_ack_defer", "0"))
		SKIP(return, "this kernel has no backlog_ack_defer");
	FOUR_WHILE_READING(p);
	packets(p, "> . 1:1(0) ack 1101",
		   "> . 1:1(0) ack 2101",
		   "> . 1:1(0) ack 3101",
		   "> . 1:1(0) ack 4101",
		   "quiet 50");
}

/* ---- while there is a gap -------------------------------------------------- */

/* The socket's first TSval, which its peer echoes all the time: so it looks far. */
static uint32_t echo;

/*
 * A connection over a long path: an RTT of 600 ms to both ends' knowledge, so that
 * a third of it is time enough for the slowest machine.  Its first, immediate ACKs
 * are over.
 */
static int open_far(struct peer *p)
{
	int listener = start_listen(p->w, 8), fd;

	conf_set("comp_sack_delay_ns", "1000000000");
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0>",
		   "> S. 0:0(0) ack 1");
	p->ts = true;
	p->tsval = 101;
	echo = p->ts_recent;
	packets(p, "quiet 600",
		   "<  . 1:1(0) ack 1",
		   "quiet 600",
		   "< P. 1:1001(1000) ack 1",
		   ">  . 1:1(0) ack 1001");
	fd = do_accept(p->w, listener);
	close(listener);
	get_pattern(fd, 0, 1000);
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	return fd;
}

/* The peer sends 1,000 bytes. */
static void arrives(struct peer *p, int from)
{
	packets(p, fmt("< . %d:%d(1000) ack 1 <nop,nop,TS val %u ecr %u>", from,
		       from + 1000, p->tsval++, echo));
}

/* The socket reports what it has from 2001 on. */
static void reported(struct peer *p, int to)
{
	packets(p, fmt("> . 1:1(0) ack 1001 <nop,nop,TS val * ecr *,nop,nop,sack 2001:%d>",
		       to));
}

/* Three segments behind a gap, each with its ACK. */
static void three_behind_a_gap(struct peer *p)
{
	int from;

	for (from = 2001; from < 5001; from += 1000) {
		arrives(p, from);
		reported(p, from + 1000);
	}
}

/* One ACK for those that follow. */
TEST_F(acks, gap__the_fourth_is_held)
{
	struct peer *p = &self->p;

	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 5001);
	arrives(p, 6001);
	arrives(p, 7001);
	packets(p, "quiet 10");
	reported(p, 8001);
	packets(p, "quiet 50");
	EXPECT_EQ(2, stat_counter("AckCompressed"));
}

/* RCV.NXT moves: the sender wants to know at once. */
TEST_F(acks, gap__progress_is_told)
{
	struct peer *p = &self->p;
	int fd = open_far(p);

	three_behind_a_gap(p);
	arrives(p, 5001);
	arrives(p, 1001);
	packets(p, "> . 1:1(0) ack 6001",
		   "quiet 400");
	get_pattern(fd, 1000, 5000);
	EXPECT_EQ(1, stat_counter("AckCompressed"));
}

TEST_F(acks, gap__data_carries_it)
{
	struct peer *p = &self->p;
	int fd = open_far(p);

	three_behind_a_gap(p);
	arrives(p, 5001);
	packets(p, "quiet 10");
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1001 <nop,nop,TS val * ecr *,nop,nop,sack 2001:6001>",
		   "<  . 6001:6001(0) ack 101",
		   "quiet 300");
	EXPECT_EQ(1, stat_counter("AckCompressed"));
}

TEST_F(acks, gap__not_more_than_so_many)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("comp_sack_nr", "2"));
	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 5001);
	arrives(p, 6001);
	packets(p, "quiet 10");
	arrives(p, 7001);
	reported(p, 8001);
	packets(p, "quiet 300");
	EXPECT_EQ(2, stat_counter("AckCompressed"));
}

TEST_F(acks, gap__none_is_held)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("comp_sack_nr", "0"));
	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 5001);
	reported(p, 6001);
	EXPECT_EQ(0, stat_counter("AckCompressed"));
}

/* The timer goes with the connection. */
TEST_F(acks, gap__held_at_the_end)
{
	struct peer *p = &self->p;

	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 5001);
	packets(p, "< R 1001:1001(0)",
		   "quiet 400");
}

/* What is reported once is not held back (RFC 2883 4). */
TEST_F(acks, gap__duplicates_are_told)
{
	struct peer *p = &self->p;

	XTCP_ONLY();
	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 5001);
	arrives(p, 3001);
	packets(p, "> . 1:1(0) ack 1001 <nop,nop,TS val * ecr *,nop,nop,sack 3001:4001 2001:6001>");
}

/* But segments that overlap in part have news as well: one report for all of it. */
TEST_F(acks, gap__overlaps_are_held)
{
	struct peer *p = &self->p;

	XTCP_ONLY();
	open_far(p);
	three_behind_a_gap(p);
	arrives(p, 4501);
	arrives(p, 5001);
	packets(p, "quiet 10",
		   "> . 1:1(0) ack 1001 <nop,nop,TS val * ecr *,nop,nop,sack 4501:5501 2001:6001>");
	EXPECT_EQ(1, stat_counter("AckCompressed"));
}

/*
 * A user that will speak first can say so before it connects: the ACK of the
 * SYN,ACK leaves with its first words, or 200 ms later.
 */
static const int speaks_first[][2] = { { TCP_QUICKACK, 0 }, { TCP_DEFER_ACCEPT, 1 } };

/* A new peer's connection up to its SYN,ACK, of a socket with one of these options. */
static int open_speaker(struct peer *p, const struct peer *first, unsigned int option)
{
	static uint16_t port = 5000;
	int fd = wire_socket(first->w, SOCK_NONBLOCK);
	struct sockaddr_in sin;

	peer_clone(p, first, port++);
	p->lport = 0;
	sin = peer_sockaddr(p);
	set_int(fd, IPPROTO_TCP, speaks_first[option][0], speaks_first[option][1]);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>");
	return fd;
}

static void end_speaker(struct peer *p, int fd)
{
	packets(p, "< P. 1:101(100) ack 1",
		   "> *  *:*(*) ack 101");
	close(fd);
}

TEST_F(acks, syn_ack__is_acked_in_the_end)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct peer p;
		int fd = open_speaker(&p, &self->p, i);

		packets(&p, "+.2 > . 1:1(0) ack 1");
		end_speaker(&p, fd);
	}
}

/* Where the machine let the user wait as well, so long that the timer was first, again. */
TEST_F(acks, syn_ack__waits_for_the_user)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		bool in_time = false;
		int tries;

		for (tries = 0; !in_time && tries < 100; tries++) {
			struct peer p;
			uint64_t began = now_ns();
			int fd = open_speaker(&p, &self->p, i);
			bool early = peer_hears(&p, 20);

			put_pattern(fd, 0, 100);
			in_time = now_ns() - began < 150000000;
			if (in_time) {
				EXPECT_FALSE(early);
				packets(&p, "> P. 1:101(100) ack 1");
			} else {
				peer_settle(&p, 300);
			}
			end_speaker(&p, fd);
		}
		EXPECT_TRUE(in_time);
	}
}

TEST_HARNESS_MAIN
