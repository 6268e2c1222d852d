// SPDX-License-Identifier: GPL-2.0
/*
 * The search for the path's MTU without ICMP (RFC 4821), as tcp_mtu_probing of
 * Linux: probes, what becomes of them, and black holes.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(mtu)

/* Payload of a packet of 1064 bytes, with which a search begins, and of a probe. */
#define BASE	1024
/* (1064 + 1500) / 2 - 40 */
#define PROBE	1242
#define CWND	10

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* A connection over a path of 1500 bytes whose peer takes SACK. */
static int open_search(struct peer *p, const char *probing)
{
	int fd, one = 1;

	/* a slow machine is no lost tail */
	conf_set("early_retrans", "0");
	conf_set("timestamps", "0");
	conf_set("mtu_probing", probing);
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK>",
		   "> .  1:1(0) ack 1");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Full segments, and one that is not, from sequence number @from to before @to. */
static void expect_segments(struct peer *p, int from, int to, int mss)
{
	for (; from < to; from += mss) {
		int end = from + mss < to ? from + mss : to;

		packets(p, fmt("> * %d:%d(%d) ack 1", from, end, end - from));
	}
}

/* Ten segments and their ACK: slow start doubles cwnd.  No probe is among them. */
static void first_flight(struct peer *p, int fd)
{
	put_pattern(fd, 0, CWND * BASE);
	expect_segments(p, 1, 1 + CWND * BASE, BASE);
	packets(p, fmt("< . 1:1(0) ack %d", 1 + CWND * BASE));
	if (!await(info_of(fd).tcpi_snd_cwnd > CWND))
		wire_fail(p->w, "cwnd does not grow");
}

/* Then a probe leaves, and ten segments and a half behind it. */
#define AT	(1 + CWND * BASE)
#define END	(AT + 12000)
static void send_probe(struct peer *p, int fd)
{
	first_flight(p, fd);
	put_pattern(fd, AT - 1, END - AT);
	packets(p, fmt("> . %d:%d(%d) ack 1", AT, AT + PROBE, PROBE));
	expect_segments(p, AT + PROBE, END, BASE);
}

/* ---- probes ---------------------------------------------------------------- */

TEST_F(mtu, probe__arrives)
{
	struct peer *p = &self->p;
	int fd = open_search(p, "2");

	EXPECT_EQ(BASE, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
	send_probe(p, fd);
	packets(p, fmt("< . 1:1(0) ack %d", END));
	ASSERT_TRUE(await(get_int(fd, IPPROTO_TCP, TCP_MAXSEG) == PROBE));
	EXPECT_EQ(1, stat_counter("MTUPSuccess"));
	EXPECT_EQ(0, stat_counter("MTUPFail"));
	/* it is used, and the next one is larger: (1282 + 1500) / 2 */
	put_pattern(fd, END - 1, 12000);
	packets(p, fmt("> . %d:%d(1351) ack 1", END, END + 1351));
	expect_segments(p, END + 1351, END + 12000, PROBE);
}

/* RFC 4821 7.6.2: what was too large travels again in pieces; cwnd stays. */
TEST_F(mtu, probe__is_lost_alone)
{
	struct peer *p = &self->p;
	int fd = open_search(p, "2");
	unsigned int cwnd;

	send_probe(p, fd);
	cwnd = info_of(fd).tcpi_snd_cwnd;
	packets(p, fmt("< . 1:1(0) ack %d <nop,nop,sack %d:%d>", AT, AT + PROBE,
		       AT + PROBE + 3 * BASE),
		   fmt("> . %d:%d(%d) ack 1", AT, AT + BASE, BASE),
		   fmt("> * %d:%d(%d) ack 1", AT + BASE, AT + PROBE, PROBE - BASE));
	EXPECT_EQ(1, stat_counter("MTUPFail"));
	EXPECT_EQ(0, stat_counter("SackRecovery"));
	EXPECT_EQ(cwnd + 1, info_of(fd).tcpi_snd_cwnd);
	packets(p, fmt("< . 1:1(0) ack %d", END));
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	EXPECT_LE(cwnd, info_of(fd).tcpi_snd_cwnd);
	EXPECT_EQ(BASE, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_EQ(0, stat_counter("MTUPSuccess"));
	/* the next one is smaller: (1064 + 1281) / 2 */
	put_pattern(fd, END - 1, 12000);
	packets(p, fmt("> . %d:%d(1132) ack 1", END, END + 1132));
	expect_segments(p, END + 1132, END + 12000, BASE);
}

/* 7.6.4: with another loss it is congestion, and nothing is known about the path. */
TEST_F(mtu, probe__is_lost_with_another)
{
	struct peer *p = &self->p;
	unsigned int cwnd;
	int fd;

	XTCP_ONLY();
	fd = open_search(p, "2");
	send_probe(p, fd);
	cwnd = info_of(fd).tcpi_snd_cwnd;
	packets(p, fmt("< . 1:1(0) ack %d <nop,nop,sack %d:%d>", AT, AT + PROBE + BASE,
		       END),
		   fmt("> . %d:%d(%d) ack 1", AT, AT + BASE, BASE));
	ASSERT_TRUE(await(info_of(fd).tcpi_ca_state == 3 /* Recovery */));
	EXPECT_EQ(0, stat_counter("MTUPFail"));
	EXPECT_GT(cwnd, info_of(fd).tcpi_snd_ssthresh);
}

/* A connection that was accepted begins where one that was opened does. */
TEST_F(mtu, always__passive)
{
	struct peer *p = &self->p;
	int listener, fd;

	conf_set("timestamps", "0");
	conf_set("mtu_probing", "2");
	listener = start_listen(&self->w, 1);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) win 65535 <mss 1460,nop,nop,sackOK>",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(test_inet() ? 1460 : BASE, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

TEST_F(mtu, probe__not_by_default)
{
	struct peer *p = &self->p;
	int fd = open_search(p, "0");

	put_pattern(fd, 0, CWND * WIRE_MSS);
	expect_segments(p, 1, 1 + CWND * WIRE_MSS, WIRE_MSS);
	packets(p, fmt("< . 1:1(0) ack %d", 1 + CWND * WIRE_MSS));
	EXPECT_EQ(WIRE_MSS, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_EQ(0, stat_counter("MTUPSuccess"));
}

/* So many must follow that its loss would show. */
TEST_F(mtu, probe__not_without_enough_data)
{
	struct peer *p = &self->p;
	int fd = open_search(p, "2");

	first_flight(p, fd);
	put_pattern(fd, AT - 1, PROBE + 4 * BASE - 1);
	expect_segments(p, AT, AT + PROBE + 4 * BASE - 1, BASE);
}

/* The distance that is not worth a probe. */
TEST_F(mtu, probe__not_below_the_threshold)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("probe_threshold", "437"));
	fd = open_search(p, "2");
	first_flight(p, fd);
	put_pattern(fd, AT - 1, 12000);
	expect_segments(p, AT, AT + 12000, BASE);
}

/* A search that is over begins anew when the path may have changed. */
TEST_F(mtu, probe__again_after_an_interval)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("probe_threshold", "300"));
	ASSERT_TRUE(conf_set("probe_interval", "1"));
	ASSERT_TRUE(conf_set("slow_start_after_idle", "0"));
	fd = open_search(p, "2");
	send_probe(p, fd);
	packets(p, fmt("< . 1:1(0) ack %d <nop,nop,sack %d:%d>", AT, AT + PROBE,
		       AT + PROBE + 3 * BASE),
		   fmt("> . %d:%d(%d) ack 1", AT, AT + BASE, BASE),
		   fmt("> * %d:%d(%d) ack 1", AT + BASE, AT + PROBE, PROBE - BASE),
		   fmt("< . 1:1(0) ack %d", END));
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	/* what is left, 217 bytes, is less than the threshold */
	put_pattern(fd, END - 1, 6 * BASE);
	expect_segments(p, END, END + 6 * BASE, BASE);
	packets(p, fmt("< . 1:1(0) ack %d", END + 6 * BASE),
		   "quiet 1100");
	/* that one finds out that it is time; the next is the probe */
	put_pattern(fd, END - 1 + 6 * BASE, 100);
	packets(p, fmt("> * %d:%d(100) ack 1", END + 6 * BASE, END + 6 * BASE + 100));
	put_pattern(fd, END - 1 + 6 * BASE + 100, 8000);
	packets(p, fmt("> . %d:%d(%d) ack 1", END + 6 * BASE + 100,
		       END + 6 * BASE + 100 + PROBE, PROBE));
}

/* What a router says in the meantime is heard. */
TEST_F(mtu, probe__icmp)
{
	struct peer *p = &self->p;
	unsigned int cwnd;
	int fd = open_search(p, "2");

	IPV4_ONLY("no path of IPv6 takes less than 1280 bytes");
	first_flight(p, fd);
	put_pattern(fd, AT - 1, END - AT);
	packets(p, fmt("> . %d:%d(%d) ack 1", AT, AT + PROBE, PROBE));
	peer_icmp(p, 3, 4, 1200);
	expect_segments(p, AT + PROBE, END, BASE);
	packets(p, fmt("> . %d:%d(%d) ack 1", AT, AT + BASE, BASE),
		   fmt("> * %d:%d(%d) ack 1", AT + BASE, AT + PROBE, PROBE - BASE));
	cwnd = info_of(fd).tcpi_snd_cwnd;
	packets(p, fmt("< . 1:1(0) ack %d", END));
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	EXPECT_LE(cwnd, info_of(fd).tcpi_snd_cwnd);
	EXPECT_EQ(0, stat_counter("MTUPSuccess"));
	/* (1064 + 1200) / 2 */
	put_pattern(fd, END - 1, 12000);
	packets(p, fmt("> . %d:%d(1092) ack 1", END, END + 1092));
}

/* ---- black holes -------------------------------------------------------------- */

/* Timeouts that repeat: smaller segments, down to a floor. */
TEST_F(mtu, black_hole__is_suspected)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("retries1", "0"));
	ASSERT_TRUE(conf_set("mtu_probe_floor", "400"));
	fd = open_search(p, "1");
	put_pattern(fd, 0, WIRE_MSS);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> .  1:1025(1024) ack 1",
		   "> .  1:513(512) ack 1",
		   "> .  1:401(400) ack 1",
		   "< .  1:1(0) ack 1461");
	EXPECT_EQ(400, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

/* The search goes on from there. */
TEST_F(mtu, black_hole__then_larger_again)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("retries1", "0"));
	fd = open_search(p, "1");
	put_pattern(fd, 0, WIRE_MSS);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> .  1:1025(1024) ack 1",
		   "< .  1:1(0) ack 1461");
	ASSERT_TRUE(await(!info_of(fd).tcpi_ca_state));
	EXPECT_EQ(BASE, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

TEST_F(mtu, black_hole__not_by_default)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("retries1", "0"));
	fd = open_search(p, "0");
	put_pattern(fd, 0, WIRE_MSS);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "< .  1:1(0) ack 1461");
	EXPECT_EQ(WIRE_MSS, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

/* Not with the first timeouts: R1 of RFC 9293, three retransmissions. */
TEST_F(mtu, black_hole__not_too_soon)
{
	struct peer *p = &self->p;
	int fd = open_search(p, "1");

	put_pattern(fd, 0, WIRE_MSS);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "< .  1:1(0) ack 1461");
	EXPECT_EQ(WIRE_MSS, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

/* ---- the least size ------------------------------------------------------------ */

/* A peer, or a router, cannot make us send segments that are hardly but headers. */
TEST_F(mtu, min_snd_mss__against_the_peer)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("min_snd_mss", "600"));
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 65535 <mss 300>",
		   "> .  1:1(0) ack 1");
	put_pattern(fd, 0, 700);
	packets(p, "> .  1:601(600) ack 1",
		   "> P. 601:701(100) ack 1");
}

/* By default a peer may have as little as it likes, down to 48 bytes. */
TEST_F(mtu, min_snd_mss__small_peer)
{
	struct peer *p = &self->p;
	int fd;

	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 65535 <mss 60>",
		   "> .  1:1(0) ack 1");
	put_pattern(fd, 0, 120);
	packets(p, "> .  1:61(60) ack 1",
		   "> P. 61:121(60) ack 1");
}

TEST_HARNESS_MAIN
