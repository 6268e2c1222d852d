// SPDX-License-Identifier: GPL-2.0
/*
 * The congestion window on the wire: how much leaves at first (RFC 6928), how it
 * grows (5681, 3465) and when it does not (7661), and what a pause leaves of it
 * (2861); and what TCP_INFO says meanwhile.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(cwnd)

/* The connection, with Reno or another algorithm. */
static int open_with(struct peer *p, const char *algorithm, unsigned int rtt_ms)
{
	int fd;

	if (!conf_set("congestion_control", algorithm))
		wire_fail(p->w, "no %s", algorithm);
	/* however slow the machine: what may leave does so in one piece */
	conf_set("min_tso_segs", "10");
	fd = open_sender_rtt(p, SENDER_SACK, rtt_ms);
	/* a write that does not block takes all of it */
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	return fd;
}

/* ---- slow start ---------------------------------------------------------------- */

TEST_F(cwnd, initial__ten_segments)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "cubic", 0);

	queue_segs(fd, 0, 20);
	segs_leave(p, 0, 10);
	packets(p, "quiet 20");
	EXPECT_INFO(fd, "open unacked 10 cwnd 10 ssthresh 2147483647 notsent 10000 mss 1000");
}

/* No more than the peer has room for. */
TEST_F(cwnd, initial__the_peers_window_is_smaller)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "cubic", 0);

	send_segs(p, fd, 0, 1);
	packets(p, "< . 1:1(0) ack 1001 win 4000");
	queue_segs(fd, 1, 9);
	segs_leave(p, 1, 4);
	packets(p, "quiet 20",
		   "< . 1:1(0) ack 5001 win 5000");
	segs_leave(p, 5, 5);
	EXPECT_INFO(fd, "open unacked 5 total_retrans 0");
}

/* Each segment that is acknowledged lets two leave. */
TEST_F(cwnd, slow_start__two_for_one)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);

	queue_segs(fd, 0, 38);
	segs_leave(p, 0, 10);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 2001");
	segs_leave(p, 10, 4);
	EXPECT_INFO(fd, "open unacked 12 cwnd 12 delivered 3");
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 4001");
	segs_leave(p, 14, 4);
	EXPECT_INFO(fd, "open unacked 14 cwnd 14");
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 14001");
	segs_leave(p, 18, 20);
	EXPECT_INFO(fd, "open unacked 24 cwnd 24 total_retrans 0");
}

/* RFC 3465: by segments, not by ACKs: many small ACKs are not worth more. */
TEST_F(cwnd, slow_start__divided_acks)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	unsigned int i;

	send_segs(p, fd, 0, 10);
	for (i = 1; i <= 10; i++)
		packets(p, fmt("< . 1:1(0) ack %u", 1 + 100 * i));
	EXPECT_INFO(fd, "open unacked 9 cwnd 11");
}

/* ---- congestion avoidance --------------------------------------------------------- */

/* After a loss: one more for each window that is acknowledged. */
TEST_F(cwnd, avoidance__one_in_a_window)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	unsigned int at = 10, i;

	send_segs(p, fd, 0, 10);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5");
	for (i = 0; i < 3; i++) {
		send_segs(p, fd, at, 6 + i);
		at += 6 + i;
		packets(p, fmt("< . 1:1(0) ack %u", 1 + at * SEG));
	}
	EXPECT_INFO(fd, "open cwnd 9 ssthresh 5");
}

/* A window that the application does not fill does not grow. */
TEST_F(cwnd, avoidance__not_while_the_window_is_not_used)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	unsigned int i;

	send_segs(p, fd, 0, 10);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5");
	for (i = 10; i < 30; i += 2) {
		send_segs(p, fd, i, 2);
		packets(p, fmt("< . 1:1(0) ack %u", 1 + (i + 2) * SEG));
	}
	EXPECT_INFO(fd, "open cwnd 6 ssthresh 5");
}

/* In slow start half of it is use enough. */
TEST_F(cwnd, slow_start__not_while_less_than_half_is_used)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	unsigned int i;

	for (i = 0; i < 12; i += 4) {
		send_segs(p, fd, i, 4);
		packets(p, fmt("< . 1:1(0) ack %u", 1 + (i + 4) * SEG));
	}
	EXPECT_INFO(fd, "open cwnd 10");
	send_segs(p, fd, 12, 7);
	packets(p, "< . 1:1(0) ack 19001");
	EXPECT_INFO(fd, "open cwnd 17");
}

/* CUBIC: seven tenths remain, and it goes back up. */
TEST_F(cwnd, cubic__goes_back_up)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "cubic", 40);
	unsigned int at = 30, round;

	queue_segs(fd, 0, 30);
	segs_leave(p, 0, 10);
	packets(p, "quiet 40",
		   "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 20);
	EXPECT_INFO(fd, "open cwnd 20 ssthresh 2147483647");
	packets(p, "quiet 40",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 11001:14001>",
		   "> . 10001:11001(1000) ack 1");
	EXPECT_INFO(fd, "recovery ssthresh 14");
	packets(p, "quiet 40",
		   "< . 1:1(0) ack 30001");
	EXPECT_INFO(fd, "open unacked 0 cwnd 15 ssthresh 14");
	/*
	 * It grows with time: faster where the machine is slow, by half in a round trip
	 * at most, and what was left of the one before may make one more.
	 */
	for (round = 0; round < 8 && info_of(fd).tcpi_snd_cwnd < 20; round++) {
		unsigned int cwnd = info_of(fd).tcpi_snd_cwnd;

		send_segs(p, fd, at, cwnd);
		at += cwnd;
		packets(p, "quiet 40",
			   fmt("< . 1:1(0) ack %u", 1 + at * SEG));
		EXPECT_LE(cwnd, info_of(fd).tcpi_snd_cwnd);
		EXPECT_GE(cwnd * 3 / 2 + 1, info_of(fd).tcpi_snd_cwnd);
	}
	/* half a segment in a round trip, as NewReno would with such a factor, or more */
	EXPECT_LE(16, (int)info_of(fd).tcpi_snd_cwnd);
	EXPECT_INFO(fd, "open ssthresh 14");
}

/* ---- a pause -------------------------------------------------------------------------- */

/* What a pause leaves of @cwnd: it is halved for each RTO, but not below ten. */
static unsigned int halved(unsigned int cwnd, uint64_t pause_ns, uint64_t rto_ns)
{
	for (; pause_ns > rto_ns && cwnd > CWND; pause_ns -= rto_ns)
		cwnd /= 2;
	return cwnd < CWND ? CWND : cwnd;
}

/* Halved for each RTO, but not below the initial window. */
TEST_F(cwnd, idle__halves)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	uint64_t rto, since, seen;
	unsigned int cwnd;

	queue_segs(fd, 0, 70);
	segs_leave(p, 0, 10);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 20);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 30001");
	segs_leave(p, 30, 40);
	since = self->w.last_since;
	seen = self->w.last;
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 70001");
	EXPECT_INFO(fd, "open unacked 0 cwnd 80");
	rto = info_of(fd).tcpi_rto * 1000ULL;
	packets(p, fmt("quiet %u", (unsigned int)(rto / 1000000 * 3 / 2)));
	seen = now_ns() - seen;
	queue_segs(fd, 70, 60);
	since = now_ns() - since;
	cwnd = info_of(fd).tcpi_snd_cwnd;
	/* once, where the machine did not stand still meanwhile */
	EXPECT_GE(halved(80, seen, rto), cwnd);
	EXPECT_LE(halved(80, since, rto), cwnd);
	segs_leave(p, 70, cwnd < 30 ? cwnd : 30);
	/* where the writer was interrupted, the last ones wait to leave in one piece */
	peer_settle(p, 20);
	EXPECT_INFO(fd, fmt("open cwnd %u", cwnd));
	EXPECT_GE(cwnd, info_of(fd).tcpi_unacked);
}

TEST_F(cwnd, idle__not_below_the_initial_window)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);

	queue_segs(fd, 0, 30);
	segs_leave(p, 0, 10);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 20);
	packets(p, "< . 1:1(0) ack 30001");
	EXPECT_INFO(fd, "open unacked 0 cwnd 40");
	packets(p, "quiet 900");
	queue_segs(fd, 30, 30);
	segs_leave(p, 30, 10);
	packets(p, "quiet 20");
	EXPECT_INFO(fd, "open unacked 10 cwnd 10");
}

TEST_F(cwnd, idle__switched_off)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);

	ASSERT_TRUE(conf_set("slow_start_after_idle", "0"));
	queue_segs(fd, 0, 30);
	segs_leave(p, 0, 10);
	packets(p, "quiet 2",
		   "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 20);
	packets(p, "< . 1:1(0) ack 30001",
		   "quiet 500");
	EXPECT_INFO(fd, "open unacked 0 cwnd 40");
	send_segs(p, fd, 30, 30);
	EXPECT_INFO(fd, "open unacked 30 cwnd 40");
}

/* ---- what TCP_INFO says ------------------------------------------------------------- */

/* RFC 6298, as Linux: SRTT and the greater of 200 ms and four times the variance. */
TEST_F(cwnd, info__rtt_and_rto)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "cubic", 60);
	struct tcp_info first = info_of(fd), second;

	EXPECT_LE(60000, first.tcpi_rtt);
	EXPECT_GE(1, (int)(first.tcpi_rtt / 2 - first.tcpi_rttvar));
	EXPECT_LE(60000, first.tcpi_min_rtt);
	EXPECT_GE(first.tcpi_rtt + 1, first.tcpi_min_rtt);
	EXPECT_LE(first.tcpi_rtt + 200000, first.tcpi_rto);
	/* and a tick or two */
	if (first.tcpi_rtt <= 100000)
		EXPECT_GE(first.tcpi_rtt + 220000, first.tcpi_rto);
	send_segs(p, fd, 0, 1);
	packets(p, fmt("quiet %u", first.tcpi_rtt / 1000 + 80),
		   "< . 1:1(0) ack 1001");
	second = info_of(fd);
	/* an eighth of the difference */
	EXPECT_LE(first.tcpi_rtt + 10000 - 500, second.tcpi_rtt);
	EXPECT_EQ(first.tcpi_min_rtt, second.tcpi_min_rtt);
	EXPECT_EQ(1000, second.tcpi_bytes_acked);
	EXPECT_EQ(0, second.tcpi_bytes_retrans);
}

/* What a retransmission adds to the counts. */
TEST_F(cwnd, info__counts)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	struct tcp_info info;

	send_segs(p, fd, 0, 10);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1");
	info = info_of(fd);
	EXPECT_INFO(fd, "recovery unacked 10 sacked 3 lost 1 retrans 1 total_retrans 1 "
			"retransmits 0 backoff 0 probes 0 reordering 3 reord_seen 0 delivered 4");
	EXPECT_EQ(10000 + SEG, (int)info.tcpi_bytes_sent);
	EXPECT_EQ(SEG, (int)info.tcpi_bytes_retrans);
	EXPECT_EQ(11, info.tcpi_segs_out);
	packets(p, "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	EXPECT_INFO(fd, "open unacked 0 dsack_dups 1 total_retrans 1 delivered 12");
	packets(p, "< P. 1:101(100) ack 10001",
		   "> . 10001:10001(0) ack 101");
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 10001:10001(0) ack 101");
	info = info_of(fd);
	EXPECT_EQ(10000 + SEG, (int)info.tcpi_bytes_sent);
	EXPECT_EQ(10000, (int)info.tcpi_bytes_acked);
	EXPECT_EQ(13, info.tcpi_segs_out);
	EXPECT_EQ(100, info.tcpi_bytes_received);
}

/* Segments with and without text, of both directions. */
TEST_F(cwnd, info__segments_with_text)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	struct tcp_info before = info_of(fd), info;

	EXPECT_EQ(0, before.tcpi_data_segs_out);
	EXPECT_EQ(0, before.tcpi_data_segs_in);
	send_segs(p, fd, 0, 10);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001",
		   "< P. 1:101(100) ack 10001",
		   "> . 10001:10001(0) ack 101",
		   "< P. 1:101(100) ack 10001",
		   "> . 10001:10001(0) ack 101");
	info = info_of(fd);
	EXPECT_EQ(11, info.tcpi_data_segs_out);
	EXPECT_EQ(2, info.tcpi_data_segs_in);
	EXPECT_EQ(13, (int)(info.tcpi_segs_out - before.tcpi_segs_out));
	EXPECT_EQ(4, (int)(info.tcpi_segs_in - before.tcpi_segs_in));
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 10001:10001(0) ack 101");
	EXPECT_EQ(11, info_of(fd).tcpi_data_segs_out);
}

/* Each segment ahead of a gap, also one that comes twice. */
TEST_F(cwnd, info__out_of_order)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);

	packets(p, "< P. 101:201(100) ack 1",
		   "> . 1:1(0) ack 1",
		   "< P. 301:401(100) ack 1",
		   "> . 1:1(0) ack 1",
		   "< P. 301:401(100) ack 1",
		   "> . 1:1(0) ack 1",
		   "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 201");
	EXPECT_EQ(3, (int)info_of(fd).tcpi_rcv_ooopack);
}

/* What TCP_INFO says about timeouts, behind what 6.1 has. */
struct timeouts {
	unsigned int	rcv_wnd;
	unsigned int	rehash;
	unsigned short	total;
	unsigned short	recoveries;
	unsigned int	time_ms;
};

/* Return: this kernel has it. */
static bool timeouts_of(int fd, struct timeouts *out)
{
	size_t at = offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof(unsigned int);
	char info[512];
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
	memcpy(out, info + at, sizeof(*out));
	return len >= at + sizeof(*out);
}

/* A series of them is one recovery, which lasts until all is acknowledged. */
TEST_F(cwnd, info__timeouts)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	struct timeouts first, then;

	if (!timeouts_of(fd, &first))
		SKIP(return, "an older kernel has no tcpi_total_rto");
	send_segs(p, fd, 0, 1);
	packets(p, "+0.2 > * 1:1001(1000) ack 1",
		   "+0.4 > * 1:1001(1000) ack 1");
	timeouts_of(fd, &first);
	EXPECT_EQ(2, first.total);
	EXPECT_EQ(1, first.recoveries);
	EXPECT_EQ(2, first.rehash);
	EXPECT_LE(390, first.time_ms);
	packets(p, "quiet 50",
		   "< . 1:1(0) ack 1001");
	timeouts_of(fd, &first);
	EXPECT_LE(440, first.time_ms);
	EXPECT_GT(4000, first.time_ms);
	if (!test_inet())
		EXPECT_EQ(2, counter("TimeoutRehash"));
	packets(p, "quiet 50");
	timeouts_of(fd, &then);
	EXPECT_EQ(first.time_ms, then.time_ms);
	send_segs(p, fd, 1, 1);
	packets(p, "> * 1001:2001(1000) ack 1",
		   "quiet 50",
		   "< . 1:1(0) ack 2001");
	timeouts_of(fd, &then);
	EXPECT_EQ(3, then.total);
	EXPECT_EQ(2, then.recoveries);
	EXPECT_LE(first.time_ms + 40, then.time_ms);
}

TEST_F(cwnd, info__timeouts_of_a_syn)
{
	struct peer *p = &self->p;
	struct timeouts t;
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)",
		   "+1 > S 0:0(0)",
		   "quiet 50",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1",
		   "quiet 100");
	if (!timeouts_of(fd, &t))
		SKIP(return, "an older kernel has no tcpi_total_rto");
	EXPECT_EQ(1, t.total);
	EXPECT_EQ(1, t.recoveries);
	EXPECT_EQ(1, t.rehash);
	EXPECT_LE(40, t.time_ms);
	EXPECT_GT(1000, t.time_ms);
}

TEST_F(cwnd, info__timeouts_of_a_syn_ack)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8), fd;
	struct timeouts t;

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "+1 > S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	if (!timeouts_of(fd, &t))
		SKIP(return, "an older kernel has no tcpi_total_rto");
	EXPECT_EQ(1, t.total);
	EXPECT_EQ(1, t.recoveries);
	EXPECT_EQ(0, t.rehash);
	EXPECT_LE(990, t.time_ms);
}

/* net.core.txrehash: the path is kept. */
TEST_F(cwnd, info__timeouts_without_another_path)
{
	struct peer *p = &self->p;
	struct timeouts t;
	int fd;

	if (!proc_write("/proc/sys/net/core/txrehash", "0"))
		SKIP(return, "no net.core.txrehash");
	fd = open_with(p, "reno", 0);
	if (!timeouts_of(fd, &t))
		SKIP(return, "an older kernel has no tcpi_total_rto");
	send_segs(p, fd, 0, 1);
	packets(p, "> * 1:1001(1000) ack 1");
	timeouts_of(fd, &t);
	EXPECT_EQ(1, t.total);
	EXPECT_EQ(0, t.rehash);
}

/* A FIN counts as a byte, and so does the SYN of an active open. */
TEST_F(cwnd, info__bytes_of_syn_and_fin)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	struct tcp_info info = info_of(fd);

	EXPECT_EQ(1, (int)info.tcpi_bytes_acked);
	EXPECT_EQ(0, (int)info.tcpi_bytes_sent);
	EXPECT_EQ(0, (int)info.tcpi_bytes_received);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< P. 1:11(10) ack 101",
		   "> . 101:101(0) ack 11");
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 101:101(0) ack 11",
		   "< F. 11:11(0) ack 102",
		   "> . 102:102(0) ack 12");
	peer_clone(p, p, p->port + 1);
	close(fd);
	fd = open_with(p, "reno", 0);
	send_segs(p, fd, 0, 1);
	packets(p, "< . 1:1(0) ack 1001");
	EXPECT_EQ(1000, (int)info_of(fd).tcpi_bytes_acked);
	packets(p, "< F. 1:1(0) ack 1001",
		   "> . 1001:1001(0) ack 2");
	EXPECT_EQ(1, (int)info_of(fd).tcpi_bytes_received);
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1001:1001(0) ack 2");
	info = info_of(fd);
	EXPECT_EQ(1000, (int)info.tcpi_bytes_acked);
	EXPECT_EQ(1000, (int)info.tcpi_bytes_sent);
}

/* How long there was something to send, and the peer's window was too small for it. */
TEST_F(cwnd, info__time_without_a_window)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	struct tcp_info info;

	EXPECT_EQ(0, (int)info_of(fd).tcpi_busy_time);
	send_segs(p, fd, 0, 2);
	packets(p, "quiet 50",
		   "< . 1:1(0) ack 2001 win 3000",	/* nothing is left to do */
		   "quiet 50");
	queue_segs(fd, 2, 5);
	segs_leave(p, 2, 3);
	packets(p, "quiet 100");
	info = info_of(fd);
	EXPECT_LE(95000, (int)info.tcpi_rwnd_limited);
	EXPECT_LE(140000 + info.tcpi_rwnd_limited - 95000, info.tcpi_busy_time + 2000);
	packets(p, "< . 1:1(0) ack 5001 win 3000");
	segs_leave(p, 5, 2);
	info = info_of(fd);
	EXPECT_LE(95000, (int)info.tcpi_rwnd_limited);
	packets(p, "quiet 50");
	/* only the network is waited for now */
	EXPECT_EQ(info.tcpi_rwnd_limited, info_of(fd).tcpi_rwnd_limited);
	EXPECT_LE(info.tcpi_busy_time + 45000, info_of(fd).tcpi_busy_time);
	packets(p, "< . 1:1(0) ack 7001 win 3000");
	info = info_of(fd);
	packets(p, "quiet 20");
	EXPECT_EQ(info.tcpi_busy_time, info_of(fd).tcpi_busy_time);
	EXPECT_EQ(0, (int)info.tcpi_sndbuf_limited);
}

/* How long a user who had more waited for a send buffer that is too small. */
TEST_F(cwnd, info__time_without_a_buffer)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	static char text[400000];
	struct tcp_info info;

	set_int(fd, SOL_SOCKET, SO_SNDBUF, 4000);
	p->no_verify = true;
	/* half the window is one buffer, and already more than may be kept */
	ASSERT_EQ(42000, send(fd, text, sizeof(text), MSG_DONTWAIT));
	segs_leave(p, 0, 10);
	packets(p, "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 20);
	EXPECT_EQ(0, (int)info_of(fd).tcpi_sndbuf_limited);
	packets(p, "< . 1:1(0) ack 30001");
	/* cwnd is 40: there could be more */
	segs_leave(p, 30, 12);
	packets(p, "quiet 100");
	info = info_of(fd);
	EXPECT_EQ(0, info.tcpi_notsent_bytes);
	EXPECT_LE(95000, (int)info.tcpi_sndbuf_limited);
	EXPECT_LE(info.tcpi_sndbuf_limited, info.tcpi_busy_time);
	packets(p, "< . 1:1(0) ack 42001");
	info = info_of(fd);
	packets(p, "quiet 20");
	EXPECT_EQ(info.tcpi_sndbuf_limited, info_of(fd).tcpi_sndbuf_limited);
	EXPECT_EQ(0, (int)info.tcpi_rwnd_limited);
}

/* A pure ACK is no data, but a sign of life. */
TEST_F(cwnd, info__last_heard)
{
	struct peer *p = &self->p;
	int fd = open_with(p, "reno", 0);
	struct tcp_info info;

	send_segs(p, fd, 0, 1);
	packets(p, "quiet 60",
		   "< . 1:1(0) ack 1001");
	info = info_of(fd);
	EXPECT_LE(58, info.tcpi_last_data_recv);
	EXPECT_LE(58, info.tcpi_last_data_sent);
	EXPECT_GE(info.tcpi_last_data_recv - 50, info.tcpi_last_ack_recv);
}

/* A listener tells how its connections will begin. */
TEST_F(cwnd, info__listener)
{
	struct tcp_info info = info_of(start_listen(&self->w, 7));

	EXPECT_EQ(0, info.tcpi_unacked);
	EXPECT_EQ(7, info.tcpi_sacked);
	EXPECT_EQ(10, info.tcpi_snd_cwnd);
	EXPECT_EQ(3, info.tcpi_reordering);
	EXPECT_EQ(~0ULL, info.tcpi_pacing_rate);
	EXPECT_EQ(~0ULL, info.tcpi_max_pacing_rate);
}

TEST_HARNESS_MAIN
