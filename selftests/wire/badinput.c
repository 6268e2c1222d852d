// SPDX-License-Identifier: GPL-2.0
/*
 * What nobody should send: malformed segments, segments out of place, and those
 * of an attacker who guesses (RFC 5961). Each is dropped, is counted under a
 * reason of its own, and harms nothing.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(badinput)

/* How often xtcp dropped something for this reason, and for no other one. */
#define EXPECT_DROPS(nr, name)						\
	do {								\
		if (!test_inet()) {					\
			EXPECT_EQ(nr, counter(name)) {			\
				TH_LOG("counter %s", name);		\
			}						\
			EXPECT_EQ(0, counter("NoEdge"));		\
		}							\
	} while (0)

/*
 * The connection is as it was: the peer's next number is 1 and so is ours, and
 * data goes both ways.
 */
static void still_works(struct peer *p, int fd)
{
	peer_settle(p, 50);
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	get_pattern(fd, 0, 100);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 101",
		   "<  . 101:101(0) ack 101",
		   "quiet 20");
}

/* ---- headers ------------------------------------------------------------- */

TEST_F(badinput, header__truncated)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< . 1:1(0) ack 1 !short 19",
		   "< R 1:1(0) !short 14",
		   "quiet 20");
	EXPECT_DROPS(2, "InHdrShort");
	still_works(p, fd);
}

/* Too short to tell whose it is. */
TEST_F(badinput, header__hardly_any)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< . 1:1(0) ack 1 !short 4",
		   "< . 1:1(0) ack 1 !short 3",
		   "< . 1:1(0) ack 1 !short 0",
		   "quiet 20");
	still_works(p, fd);
}

TEST_F(badinput, header__offset_too_small)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1 !off 4",
		   "< P. 1:101(100) ack 1 !off 0",
		   "quiet 20");
	EXPECT_DROPS(2, "InHdrOffset");
	still_works(p, fd);
}

TEST_F(badinput, header__offset_past_the_end)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "<  . 1:1(0) ack 1 !off 15",
		   "< P. 1:11(10) ack 1 !off 8",
		   "quiet 20");
	EXPECT_DROPS(2, "InHdrOffset");
	still_works(p, fd);
}

TEST_F(badinput, header__bad_checksum)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1 !badcsum",
		   "< R  1:1(0) !badcsum",
		   "< F. 1:1(0) ack 1 !badcsum",
		   "quiet 20");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(3, "InCsumErrors");
	still_works(p, fd);
}

TEST_F(badinput, header__bad_checksum_of_syn)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S 0:0(0) <mss 1460> !badcsum",
		   "quiet 20");
	EXPECT_DROPS(1, "InCsumErrors");
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
}

/* The urgent pointer is not obeyed; with SO_OOBINLINE all bytes come in order. */
TEST_F(badinput, header__urgent)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
	packets(p, "< PU. 1:101(100) ack 1 !urg 50",
		   ">  . 1:1(0) ack 101",
		   "< U. 101:101(0) ack 1 !urg 65535");
	peer_settle(p, 20);
	get_pattern(fd, 0, 50);
	get_pattern(fd, 50, 50);
}

/* ---- options ------------------------------------------------------------- */

/* Lengths that lead out of the header, RFC 9293 3.1 MUST-7. */
TEST_F(badinput, options__impossible_length)
{
	static const char *const bad[] = {
		"hex 0200",	/* too short for itself */
		"hex 0201",
		"hex 0205b405",	/* one byte too long */
		"hex 080a0102",	/* a timestamp that is cut off */
		"hex 01010108",	/* a kind without a length */
		"hex fe00",
		"hex feff",
	};
	struct peer *p = &self->p;
	int fd = open_active(p);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		packets(p, fmt("< . 1:1(0) ack 1 <%s>", bad[i]));
	EXPECT_DROPS(7, "InBadOption");
	still_works(p, fd);
}

/* Unknown kinds, and known ones of an unknown length: MUST-6. */
TEST_F(badinput, options__unknown_are_skipped)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <hex fd0611223344,mss 1460,hex fe02>",
		   ">  . 1:1(0) ack 1",
		   "< P. 1:101(100) ack 1 <hex 0803ff,hex 0503aa,hex 4203ff>",
		   ">  . 1:1(0) ack 101");
	get_pattern(fd, 0, 100);
}

/* Forty bytes of them. */
TEST_F(badinput, options__longest_header)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1 <hex fd28"
		   "000102030405060708090a0b0c0d0e0f10111213141516171819"
		   "1a1b1c1d1e1f202122232425>",
		   ">  . 1:1(0) ack 101",
		   "< P. 101:201(100) ack 1 <hex 01010101010101010101"
		   "010101010101010101010101010101010101010101010101010101010101>",
		   ">  . 1:1(0) ack 201");
	get_pattern(fd, 0, 200);
}

/* RFC 7323 2.3: a shift beyond 14 is 14. */
TEST_F(badinput, options__window_scale_too_large)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,nop,wscale 200>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 1000);
	packets(p, "> P. 1:1001(1000) ack 1",
		   "<  . 1:1(0) ack 1001 win 65535");
	put_pattern(fd, 1000, 1000);
	packets(p, "> P. 1001:2001(1000) ack 1");
}

/* A peer cannot make us send a header for each byte. */
TEST_F(badinput, options__tiny_mss)
{
	static const unsigned int tiny[] = { 0, 1, 7, 40 };
	unsigned int i, segs;

	for (i = 0; i < ARRAY_SIZE(tiny); i++) {
		struct peer p;
		int fd;

		peer_clone(&p, &self->p, 1000 + i);
		fd = start_connect(&p);
		packets(&p, "> S  0:0(0)",
			    fmt("< S. 0:0(0) ack 1 <mss %u>", tiny[i]),
			    ">  . 1:1(0) ack 1");
		put_pattern(fd, 0, 300);
		for (segs = 0; peer_hears(&p, 20); segs++)
			;
		EXPECT_LE(1, segs);
		/* 48 bytes at least: net.ipv4.tcp_min_snd_mss */
		EXPECT_GE(7, segs);
		set_linger(fd, 0);
		close(fd);
	}
}

/* ---- control bits -------------------------------------------------------- */

/* RFC 9293 3.10.7.4, fifth: without the ACK bit, dropped. */
TEST_F(badinput, flags__no_ack)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P  1:101(100)",
		   "< F  1:1(0)",
		   "< -  1:101(100)",
		   "< FPU 1:101(100)",
		   "quiet 20");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(4, "InNoAck");
	still_works(p, fd);
}

/* A SYN with other things is a SYN. */
TEST_F(badinput, flags__syn_fin)
{
	struct peer *p = &self->p;
	int fd;

	conf_set("invalid_ratelimit", "0");
	fd = open_active(p);
	packets(p, "< SF  1:1(0)",
		   ">   . 1:1(0) ack 1",
		   "< SF. 1:1(0) ack 1",
		   ">   . 1:1(0) ack 1",
		   "< SFPU. 1:101(100) ack 1",
		   ">   . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(3, "SynChallenge");
	still_works(p, fd);
}

/* Nonsense for a listener. */
TEST_F(badinput, flags__listener)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< SF 0:0(0) <mss 1460>",
		   "< -  0:0(0)",
		   "< FPU 0:100(100)",
		   "< P  0:100(100)",
		   "quiet 20");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_RECV));
	EXPECT_DROPS(4, "InBadFlags");
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
}

/* ---- sequence numbers ---------------------------------------------------- */

/* Beyond the window: an ACK says where we are. */
TEST_F(badinput, window__data_beyond)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1000001:1000101(100) ack 1",
		   ">  . 1:1(0) ack 1");
	EXPECT_DROPS(1, "InOutOfWindow");
	still_works(p, fd);
}

/* Half the sequence space away, and just behind us. */
TEST_F(badinput, window__far_away)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 2147483649:2147483749(100) ack 1",
		   ">  . 1:1(0) ack 1",
		   "< P. -1000:-900(100) ack 1",
		   ">  . 1:1(0) ack 1");
	EXPECT_DROPS(2, "InOutOfWindow");
	still_works(p, fd);
}

/* The same data again: our ACK was lost. */
TEST_F(badinput, window__duplicate)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101",
		   "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	EXPECT_DROPS(1, "InDupData");
	get_pattern(fd, 0, 100);
	EXPECT_EQ(-1, recv(fd, &fd, 1, MSG_DONTWAIT));
}

/* Old and new in one segment: the new is taken. */
TEST_F(badinput, window__overlap)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101",
		   "< P. 51:151(100) ack 1",
		   ">  . 1:1(0) ack 151");
	get_pattern(fd, 0, 150);
	EXPECT_EQ(-1, recv(fd, &fd, 1, MSG_DONTWAIT));
}

/* Segments that overlap in every way, out of order. */
TEST_F(badinput, window__overlaps_out_of_order)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 201:301(100) ack 1",
		   "< P. 251:351(100) ack 1",
		   "< P. 151:401(250) ack 1",
		   "< P. 221:231(10) ack 1",
		   "< P. 501:601(100) ack 1",
		   "< P. 401:501(100) ack 1");
	peer_settle(p, 20);
	packets(p, "< P. 1:161(160) ack 1",
		   ">  . 1:1(0) ack 601");
	get_pattern(fd, 0, 600);
	EXPECT_EQ(-1, recv(fd, &fd, 1, MSG_DONTWAIT));
}

/* RFC 9293 3.10.7.4, first: no more than one such ACK in 500 ms. */
TEST_F(badinput, window__ack_rate_is_limited)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< . 1000001:1000001(0) ack 1",
		   "> . 1:1(0) ack 1",
		   "< . 1000001:1000001(0) ack 1",
		   "< . 1000001:1000001(0) ack 1",
		   "quiet 100");
	still_works(p, fd);
}

/* The receive buffer is full and the peer goes on. */
TEST_F(badinput, window__zero)
{
	struct peer *p = &self->p;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);
	unsigned int seq = 1, n;

	set_int(fd, SOL_SOCKET, SO_RCVBUF, 4096);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	while (p->rcv_win) {
		n = p->rcv_win < 1000 ? p->rcv_win : 1000;
		packets(p, fmt("< P. %u:%u(%u) ack 1", seq, seq + n, n),
			   "> . 1:1(0) ack *");
		ASSERT_GT(100000, seq += n);
	}
	packets(p, fmt("< P. %u:%u(100) ack 1", seq, seq + 100),
		   fmt("> . 1:1(0) ack %u win 0", seq));
	EXPECT_DROPS(1, "InZeroWindow");
	get_pattern(fd, 0, seq - 1);
	/* and it opens again */
	packets(p, fmt("> . 1:1(0) ack %u win >0", seq));
}

/* RFC 7323 5.3: a segment from before the sequence numbers wrapped. */
TEST_F(badinput, window__paws)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100000 ecr last>",
		   ">  . 1:1(0) ack 1");
	p->ts = true;
	p->tsval = 100001;
	packets(p, "< P. 1:101(100) ack 1 <nop,nop,TS val 50000 ecr last>",
		   ">  . 1:1(0) ack 1");
	EXPECT_DROPS(1, "PAWSEstab");
	still_works(p, fd);
}

/* ---- the window ---------------------------------------------------------- */

/* A connection whose window is small, with 4,000 bytes in it. Return: its right edge. */
static int small_window(struct peer *p, int *fd)
{
	struct sockaddr_in sin = peer_sockaddr(p);

	*fd = wire_socket(p->w, SOCK_NONBLOCK);
	set_int(*fd, SOL_SOCKET, SO_RCVBUF, 10000);
	connect(*fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1",
		   "< P. 1:4001(4000) ack 1",
		   ">  . 1:1(0) ack 4001");
	return 4001 + p->rcv_win;
}

/*
 * As Linux 7: what ends behind the window is dropped while something waits to be read,
 * and taken whole otherwise.
 */
TEST_F(badinput, window__end_behind_it)
{
	struct peer *p = &self->p;
	int fd, edge;

	if (test_inet() && stat_counter("BeyondWindow") < 0)
		SKIP(return, "Linux before 7 takes it");
	edge = small_window(p, &fd);
	packets(p, fmt("< P. 4001:%d(%d) ack 1", edge + 1, edge + 1 - 4001),
		   "> . 1:1(0) ack 4001");
	/* what is dropped says nothing about what the buffer has room for */
	EXPECT_EQ(edge, 4001 + p->rcv_win);
	packets(p, fmt("< P. 5001:%d(%d) ack 1", edge + 1, edge + 1 - 5001),
		   "> . 1:1(0) ack 4001");
	EXPECT_EQ(edge, 4001 + p->rcv_win);
	packets(p, fmt("< P. %d:%d(100) ack 1", edge + 1, edge + 101),
		   "> . 1:1(0) ack 4001");
	EXPECT_EQ(3, stat_counter("BeyondWindow"));
	get_pattern(fd, 0, 4000);
	peer_settle(p, 20);
	packets(p, "< P. 4001:54001(50000) ack 1",
		   "> . 1:1(0) ack 54001 win 0");
	EXPECT_EQ(3, stat_counter("BeyondWindow"));
	get_pattern(fd, 4000, 50000);
	close(fd);
}

/* The buffer became so small that nothing more fits. */
TEST_F(badinput, window__no_room)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:20001(20000) ack 1",
		   ">  . 1:1(0) ack 20001",
		   "< P. 20001:40001(20000) ack 1",
		   ">  . 1:1(0) ack 40001");
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 2000);
	packets(p, "< P. 42001:42101(100) ack 1",
		   "quiet 20");
	EXPECT_EQ(1, stat_counter("OFODrop"));
	EXPECT_EQ(0, stat_counter("RcvQDrop"));
	packets(p, "< P. 40001:40101(100) ack 1",
		   ">  . 1:1(0) ack 40001");
	EXPECT_EQ(1, stat_counter("OFODrop"));
	EXPECT_EQ(1, stat_counter("RcvQDrop"));
	close(fd);
}

/*
 * The window was taken back until nothing of it was left. Linux 7 goes by the largest edge
 * that it ever offered, which we do not remember: differences.md.
 */
TEST_F(badinput, window__is_shut)
{
	struct peer *p = &self->p;
	int fd, at = 1;

	if (!conf_set("shrink_window", "1"))
		SKIP(return, "this kernel has no shrink_window");
	ASSERT_TRUE(conf_set("rmem", "4096 32768 33554432"));
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>",
		   ">  . 1:1(0) ack 1");
	do {
		packets(p, fmt("< P. %d:%d(500) ack 1", at, at + 500),
			   fmt("> . 1:1(0) ack %d", at + 500));
		at += 500;
	} while (p->rcv_win && at < 100000);
	ASSERT_EQ(0, p->rcv_win);
	packets(p, fmt("< P. %d:%d(1) ack 1", at, at + 1),
		   fmt("> . 1:1(0) ack %d win 0", at));
	EXPECT_EQ(1, stat_counter(test_inet() ? "ZeroWindowDrop" : "BeyondWindow"));
	close(fd);
}

/* ---- acknowledgements ---------------------------------------------------- */

/* RFC 9293 3.10.7.4, fifth. RFC 5961 5.2 wants an ACK, Linux is silent. */
TEST_F(badinput, ack__of_unsent_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 100000");
	peer_settle(p, 20);
	EXPECT_EQ(-1, recv(fd, &fd, 1, MSG_DONTWAIT));
	EXPECT_DROPS(1, "InUnsentAck");
	still_works(p, fd);
}

/* RFC 5961 5.2: an ACK from before any window. */
TEST_F(badinput, ack__too_old)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack -100000",
		   ">  . 1:1(0) ack 1");
	EXPECT_EQ(-1, recv(fd, &fd, 1, MSG_DONTWAIT));
	EXPECT_DROPS(1, "InOldAck");
	still_works(p, fd);
}

/* One that is merely late still brings its data. */
TEST_F(badinput, ack__late)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101",
		   "< P. 1:101(100) ack 1",
		   ">  . 101:101(0) ack 101");
	get_pattern(fd, 0, 100);
}

/* ---- attackers: RFC 5961 ------------------------------------------------- */

TEST_F(badinput, blind__rst_in_window)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< R 1001:1001(0)",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(1, "InBadRst");
	if (!test_inet())
		EXPECT_EQ(1, counter("ChallengeACK"));
	/* The true peer answers the challenge with the right number. */
	packets(p, "< R 1:1(0)");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
}

TEST_F(badinput, blind__rst_out_of_window)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< R 1000001:1000001(0)",
		   "< R 0:0(0)",
		   "quiet 20");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(2, "InOutOfWindow");
	still_works(p, fd);
}

TEST_F(badinput, blind__syn)
{
	struct peer *p = &self->p;
	int fd;

	conf_set("invalid_ratelimit", "0");
	fd = open_active(p);
	packets(p, "< S 1:1(0) <mss 1460>",
		   "> . 1:1(0) ack 1",
		   "< S 5000000:5000000(0) <mss 1460>",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_DROPS(2, "SynChallenge");
	still_works(p, fd);
}

/* RFC 5961 7: challenges are limited for the whole host. */
TEST_F(badinput, blind__challenges_are_limited)
{
	struct peer *p = &self->p;
	int fd, i, answers = 0;
	uint64_t began, seconds;

	ASSERT_TRUE(conf_set("challenge_ack_limit", "10"));
	conf_set("invalid_ratelimit", "0");
	fd = open_active(p);
	began = now_ns();
	for (i = 0; i < 100; i++)
		packets(p, fmt("< R %u:%u(0)", 100 + i, 100 + i));
	while (peer_hears(p, 20))
		answers++;
	EXPECT_LT(0, answers);
	/* each second's limit is a random one, from a half of 10 to 10 more than that */
	seconds = (now_ns() - began) / 1000000000 + 2;
	EXPECT_GE(15 * seconds, (uint64_t)answers);
	EXPECT_DROPS(100, "InBadRst");
	if (!test_inet()) {
		EXPECT_EQ(answers, counter("ChallengeACK"));
		EXPECT_EQ(100 - answers, counter("ChallengeLimited"));
	}
	still_works(p, fd);
}

/* RST with data behind it is a RST all the same; RFC 9293 3.10.7.4. */
TEST_F(badinput, blind__rst_with_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< RP. 1:101(100) ack 1");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	EXPECT_EQ(ECONNRESET, fd_error(fd));
}

/*
 * LAND: a SYN from a listener to itself. The machine stays calm, and the
 * listener serves others.
 */
TEST_F(badinput, land__syn_from_oneself)
{
	struct peer *p = &self->p, land;

	proc_write("/proc/sys/net/ipv4/conf/all/accept_local", "1");
	proc_write("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	proc_write("/proc/sys/net/ipv4/conf/wire/rp_filter", "0");
	start_listen(&self->w, 8);
	peer_clone(&land, p, WIRE_PORT);
	land.addr = land.laddr;
	land.lport = WIRE_PORT;
	packets(&land, "< S 0:0(0) <mss 1460>",
		       "quiet 100");
	EXPECT_EQ(0, conns_in_state(TCP_ESTABLISHED));
	p->port = 40000;
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	EXPECT_EQ(1, conns_in_state(TCP_ESTABLISHED));
	if (!test_inet())
		EXPECT_EQ(0, counter("NoEdge"));
}

/* A segment to a broadcast address is nobody's. */
TEST_F(badinput, land__broadcast)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(WIRE_PORT) };
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, 0);

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&any, sizeof(any)));
	ASSERT_EQ(0, listen(fd, 8));
	p->lport = WIRE_PORT;
	p->laddr = htonl(0xc00002ff);	/* 192.0.2.255 */
	packets(p, "< S 0:0(0) <mss 1460>",
		   "quiet 20");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_RECV));
}

/* ---- ICMP ---------------------------------------------------------------- */

/* RFC 5927: an error about something we did not send is not believed. */
TEST_F(badinput, icmp__out_of_window)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	p->last[20 + 4] ^= 0x40;	/* the quoted sequence number */
	peer_icmp(p, 3, 3, 0);
	peer_icmp(p, 3, 4, 600);
	EXPECT_EQ(0, fd_error(fd));
	if (!test_inet())
		EXPECT_EQ(2, counter("OutOfWindowIcmps"));
	packets(p, "< . 1:1(0) ack 101");
	put_pattern(fd, 100, 1000);
	packets(p, "> P. 101:1101(1000) ack 1");
}

/* RFC 1122 4.2.3.9: a connection that works is not ended by ICMP. */
TEST_F(badinput, icmp__soft_error)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	peer_icmp(p, 3, 3, 0);
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	/* it is there for those who ask, and troubles nobody else */
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLIN | POLLOUT, 0));
	EXPECT_EQ(ECONNREFUSED, fd_error(fd));
	EXPECT_EQ(0, fd_error(fd));
	packets(p, "< . 1:1(0) ack 101");
}

/* connect() learns of it. */
TEST_F(badinput, icmp__connect_is_refused)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)");
	peer_icmp(p, 3, 3, 0);
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(ECONNREFUSED, fd_error(fd));
}

/* RFC 1191: what was too large comes again in smaller pieces. */
TEST_F(badinput, icmp__fragmentation_needed)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	peer_icmp(p, 3, 4, 1300);
	packets(p, ">  . 1:1261(1260) ack 1",
		   "> P. 1261:1401(140) ack 1",
		   "<  . 1:1(0) ack 1401");
	put_pattern(fd, 1400, 1260);
	packets(p, "> P. 1401:2661(1260) ack 1");
}

/* ---- noise --------------------------------------------------------------- */

static uint32_t noise_state;

static uint32_t noise(uint32_t below)
{
	/* xorshift: the same noise on every machine */
	noise_state ^= noise_state << 13;
	noise_state ^= noise_state >> 17;
	noise_state ^= noise_state << 5;
	return noise_state % below;
}

static const char *noise_flags(void)
{
	static const char letters[] = "FSRP.UEW";
	static char flags[9];
	unsigned int i, n = 0;

	/* a RST that fits would end it too soon */
	for (i = 0; i < 8; i++)
		if (noise(100) < (letters[i] == '.' ? 70 : letters[i] == 'R' ? 1 : 12))
			flags[n++] = letters[i];
	flags[n] = 0;
	return n ? flags : "-";
}

static const char *noise_options(void)
{
	char hex[81];
	unsigned int i, n = noise(3) ? 0 : 4 * noise(11);

	for (i = 0; i < n; i++)
		sprintf(hex + 2 * i, "%02x", noise(4) ? noise(9) : noise(256));
	return n ? fmt("<hex %s>", hex) : "<>";
}

static uint32_t noise_near(uint32_t at)
{
	switch (noise(4)) {
	case 0:
		return at;
	case 1:
		return at + noise(3) - 1;
	case 2:
		return at + noise(200000) - 100000;
	default:
		return noise_state;
	}
}

/*
 * Two thousand segments that are nearly right. Whatever the connection becomes,
 * its states follow the table and the next connection works.
 */
static void make_noise(struct peer *p, uint32_t seed)
{
	unsigned int i;

	noise_state = seed;
	for (i = 0; i < 2000; i++) {
		uint32_t seq = noise_near(1), len = noise(3) ? 0 : noise(1460);

		packets(p, fmt("< %s %u:%u(%u) ack %u win %u %s%s", noise_flags(),
			       seq, seq + len, len, noise_near(1), noise(65536),
			       noise_options(), noise(50) ? "" : " !badcsum"));
	}
	peer_settle(p, 20);
}

TEST_F(badinput, noise__established)
{
	struct peer p;
	uint32_t i;

	conf_set("invalid_ratelimit", "0");
	for (i = 1; i <= 5; i++) {
		peer_clone(&p, &self->p, 1000 + i);
		p.no_verify = true;
		open_active(&p);
		make_noise(&p, i * 2654435761U);
	}
	if (!test_inet())
		EXPECT_EQ(0, counter("NoEdge"));
	peer_init(&p, &self->w);
	still_works(&p, open_active(&p));
}

TEST_F(badinput, noise__listen)
{
	struct peer *p = &self->p;
	uint32_t i;

	proc_write("/proc/sys/net/ipv4/tcp_syncookies", "0");
	start_listen(&self->w, 1000);
	p->lport = WIRE_PORT;
	for (i = 1; i <= 3; i++) {
		p->port = 1000 + i;
		make_noise(p, i * 2654435761U);
	}
	if (!test_inet())
		EXPECT_EQ(0, counter("NoEdge"));
}

TEST_F(badinput, noise__closing)
{
	struct peer p;
	uint32_t i;

	conf_set("invalid_ratelimit", "0");
	for (i = 1; i <= 5; i++) {
		int fd;

		peer_clone(&p, &self->p, 1000 + i);
		p.no_verify = true;
		fd = open_active(&p);
		if (i % 2)
			close(fd);
		else
			shutdown(fd, SHUT_WR);
		make_noise(&p, i * 2654435761U);
	}
	if (!test_inet())
		EXPECT_EQ(0, counter("NoEdge"));
}

/* ---- SYN_RECV ------------------------------------------------------------- */

/* Neither SYNs nor strangers make it talk: one answer in invalid_ratelimit. */
TEST_F(badinput, syn_recv__answers_are_limited)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("invalid_ratelimit", "60000"));
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 100000:100000(0) ack 1",
		   ">  . 1:1(0) ack 1",
		   "<  . 100000:100000(0) ack 1",
		   "< S  0:0(0) <mss 1460>",
		   "quiet 50",
		   "<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* As Linux 7: an ACK that echoes what no SYN,ACK said does not end the handshake. */
TEST_F(badinput, syn_recv__wrong_echo)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;
	uint32_t tsval;

	if (stat_counter("TSEcrRejected") < 0)
		SKIP(return, "Linux before 7 takes it");
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460,nop,nop,TS val 10 ecr 0>",
		   "> S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val * ecr 10>");
	tsval = p->ts_recent;
	packets(p, "<  . 1:1(0) ack 1 <nop,nop,TS val 11 ecr 1>",
		   ">  . 1:1(0) ack 1");
	EXPECT_EQ(1, stat_counter("TSEcrRejected"));
	packets(p, fmt("< . 1:1(0) ack 1 <nop,nop,TS val 11 ecr %u>", tsval));
	close(do_accept(&self->w, listener));
}

TEST_HARNESS_MAIN
