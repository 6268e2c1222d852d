// SPDX-License-Identifier: GPL-2.0
/*
 * Explicit congestion notification on the wire: RFC 3168.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * "ect0", "ce" and "noect" are the field in the IP header.  lib/wire.h explains
 * the rest.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(ecn)

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

/* tcpi_delivered_ce, which the C library's structure does not have yet. */
static uint32_t delivered_ce(int fd)
{
	uint32_t info[64] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
	return info[196 / 4];
}

static int open_ecn(struct peer *p)
{
	int listener = start_listen(p->w, 8), fd;

	p->lport = WIRE_PORT;
	packets(p, "< SEW 0:0(0) win 65535 <mss 1460>",
		   "> SE. 0:0(0) ack 1 noect <mss 1460>",
		   "< .  1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	close(listener);
	return fd;
}

static bool choose(int fd, const char *algorithm)
{
	return !setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, strlen(algorithm));
}

/* ---- negotiation: 6.1.1 -------------------------------------------------- */

TEST_F(ecn, offer__not_by_default)
{
	struct peer *p = &self->p;

	start_connect(p);
	packets(p, "> S 0:0(0) noect");
}

TEST_F(ecn, offer__active)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("ecn", "1"));
	fd = start_connect(p);
	packets(p, "> SEW 0:0(0) noect",
		   "< SE. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1 noect");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_TRUE(tcp_info(fd).tcpi_options & TCPI_OPT_ECN);
	EXPECT_FALSE(tcp_info(fd).tcpi_options & TCPI_OPT_ECN_SEEN);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 ect0");
}

TEST_F(ecn, offer__answer_that_is_none)
{
	static const char *const answers[] = { "S.", "SEW.", "SW." };
	unsigned int i;

	ASSERT_TRUE(conf_set("ecn", "1"));
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		struct peer p;
		int fd;

		/* a kernel that knows Accurate ECN reads these as that */
		if (test_inet() && strchr(answers[i], 'W'))
			continue;
		peer_clone(&p, &self->p, 1000 + i);
		fd = start_connect(&p);
		packets(&p, "> SEW 0:0(0)",
			    fmt("< %s 0:0(0) ack 1 <mss 1460>", answers[i]),
			    "> . 1:1(0) ack 1");
		ASSERT_STATE(fd, TCP_ESTABLISHED);
		EXPECT_FALSE(tcp_info(fd).tcpi_options & TCPI_OPT_ECN);
		put_pattern(fd, 0, 100);
		packets(&p, "> P. 1:101(100) ack 1 noect");
	}
}

TEST_F(ecn, offer__falls_back)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("ecn", "1"));
	conf_set("syn_linear_timeouts", "0");
	start_connect(p);
	packets(p, "> SEW 0:0(0)",
		   "+1 > S 0:0(0)",
		   "< SE. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
}

TEST_F(ecn, offer__does_not_fall_back)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("ecn", "1"));
	ASSERT_TRUE(conf_set("ecn_fallback", "0"));
	conf_set("syn_linear_timeouts", "0");
	start_connect(p);
	packets(p, "> SEW 0:0(0)",
		   "+1 > SEW 0:0(0)");
}

TEST_F(ecn, offer__simultaneous)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("ecn", "1"));
	fd = start_connect(p);
	packets(p, "> SEW 0:0(0)",
		   "< SEW 0:0(0) <mss 1460>",
		   "> SE. 0:0(0) ack 1 noect",
		   "< SE. 0:0(0) ack 1 <mss 1460>");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_TRUE(tcp_info(fd).tcpi_options & TCPI_OPT_ECN);
}

TEST_F(ecn, offer__passive)
{
	static const char *const syns[][2] = {
		{ "< SEW 0:0(0) <mss 1460>", "> SE. 0:0(0) ack 1 noect" },
		{ "< SE 0:0(0) <mss 1460>", "> S. 0:0(0) ack 1" },
		{ "< SW 0:0(0) <mss 1460>", "> S. 0:0(0) ack 1" },
		/* RFC 3168: a SYN that is ECN-capable itself is no TCP of 3168 */
		{ "< SEW 0:0(0) ect0 <mss 1460>", "> S. 0:0(0) ack 1" },
	};
	unsigned int i;

	start_listen(&self->w, 8);
	for (i = 0; i < ARRAY_SIZE(syns); i++) {
		struct peer p;

		peer_clone(&p, &self->p, 40000 + i);
		p.lport = WIRE_PORT;
		packets(&p, syns[i][0], syns[i][1], "< R 1:1(0)");
	}
}

TEST_F(ecn, offer__passive_switched_off)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("ecn", "0"));
	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< SEW 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
}

/* ---- the sender: 6.1.2 --------------------------------------------------- */

TEST_F(ecn, sender__new_data_only)
{
	struct peer *p = &self->p;
	int fd = open_ecn(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 ect0",
		   /* the same again: by a tail loss probe or the timer */
		   "> P. 1:101(100) ack 1 noect",
		   "< . 1:1(0) ack 101",
		   "< P. 1:101(100) ack 101",
		   "> . 101:101(0) ack 101 noect");
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 101:101(0) ack 101 noect");
}

TEST_F(ecn, sender__halves_and_says_so)
{
	struct peer *p = &self->p;
	int fd = open_ecn(p);
	struct tcp_info info;

	put_pattern(fd, 0, 10 * WIRE_MSS);
	p->no_verify = true;
	for (int i = 0; i < 10; i++)
		packets(p, "> * *:*(1460) ack 1 ect0");
	packets(p, "< E. 1:1(0) ack 1461",
		   "< E. 1:1(0) ack 14601");
	ASSERT_TRUE(await(tcp_info(fd).tcpi_unacked == 0));
	info = tcp_info(fd);
	EXPECT_LT(info.tcpi_snd_ssthresh, 10);
	EXPECT_GE(info.tcpi_snd_ssthresh, 4);
	EXPECT_LE(info.tcpi_snd_cwnd, info.tcpi_snd_ssthresh);
	EXPECT_EQ(0, info.tcpi_total_retrans);
	EXPECT_EQ(10, delivered_ce(fd));
	put_pattern(fd, 14600, 2 * WIRE_MSS);
	packets(p, "> W. 14601:16061(1460) ack 1 ect0",
		   "> P. 16061:17521(1460) ack 1 ect0");
}

/* What did not agree on ECN does not obey it. */
TEST_F(ecn, sender__not_agreed)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	unsigned int cwnd;

	put_pattern(fd, 0, 2 * WIRE_MSS);
	packets(p, "> * 1:1461(1460) ack 1 noect",
		   "> * 1461:2921(1460) ack 1 noect");
	cwnd = tcp_info(fd).tcpi_snd_cwnd;
	packets(p, "< E. 1:1(0) ack 1461",
		   "< W. 1:101(100) ack 2921 ce",
		   "> . 2921:2921(0) ack 101");
	EXPECT_GE(tcp_info(fd).tcpi_snd_cwnd, cwnd);
}

/* ---- the receiver: 6.1.3 ------------------------------------------------- */

TEST_F(ecn, receiver__echoes_until_cwr)
{
	struct peer *p = &self->p;
	int fd = open_ecn(p);

	packets(p, "< . 1:101(100) ack 1 ect0",
		   "> . 1:1(0) ack 101 noect");
	EXPECT_TRUE(tcp_info(fd).tcpi_options & TCPI_OPT_ECN_SEEN);
	packets(p, "< . 101:201(100) ack 1 ce",
		   "> E. 1:1(0) ack 201",
		   "< . 201:301(100) ack 1 ect0",
		   "> E. 1:1(0) ack 301");
	put_pattern(fd, 0, 100);
	packets(p, "> EP. 1:101(100) ack 301 ect0",
		   "< W. 301:401(100) ack 101 ect0",
		   "> . 101:101(0) ack 401",
		   "< . 401:501(100) ack 101 ce",
		   "> E. 101:101(0) ack 501");
}

TEST_F(ecn, receiver__mark_behind_a_gap)
{
	struct peer *p = &self->p;

	open_ecn(p);
	packets(p, "< . 101:201(100) ack 1 ce",
		   "> E. 1:1(0) ack 1");
}

/* A mark on what has no text means nothing. */
TEST_F(ecn, receiver__mark_without_text)
{
	struct peer *p = &self->p;

	open_ecn(p);
	packets(p, "< . 1:1(0) ack 1 ce",
		   "quiet 50",
		   "< . 1:101(100) ack 1 ect0",
		   "> . 1:1(0) ack 101");
}

/* ---- DCTCP: RFC 8257 ------------------------------------------------------- */

/* 3.1: ECN without being told to, and on every segment; 3.2: the echo is exact. */
TEST_F(ecn, dctcp__passive)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8), fd;

	if (!choose(listener, "dctcp"))
		SKIP(return, "no DCTCP here");
	ASSERT_TRUE(conf_set("ecn", "0"));
	p->lport = WIRE_PORT;
	packets(p, "< SEW 0:0(0) win 65535 <mss 1460>",
		   "> SE. 0:0(0) ack 1 ect0 <mss 1460>",
		   "< .  1:1(0) ack 1 ect0");
	fd = do_accept(p->w, listener);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 ect0",
		   "< . 1:1(0) ack 101 ect0",
		   "< P. 1:1001(1000) ack 101 ce",
		   "> E. 101:101(0) ack 1001 ect0",
		   "< P. 1001:2001(1000) ack 101 ect0",
		   "> . 101:101(0) ack 2001 ect0");
}

TEST_F(ecn, dctcp__active)
{
	struct peer *p = &self->p;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	if (!choose(fd, "dctcp"))
		SKIP(return, "no DCTCP here");
	ASSERT_TRUE(conf_set("ecn", "0"));
	ASSERT_EQ(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), -1);
	ASSERT_EQ(errno, EINPROGRESS);
	packets(p, "> SEW 0:0(0) ect0",
		   "< SE. 0:0(0) ack 1 ect0 <mss 1460>",
		   "> . 1:1(0) ack 1 ect0");
	put_pattern(fd, 0, 1460);
	packets(p, "> P. 1:1461(1460) ack 1 ect0",
		   "< E. 1:1(0) ack 1461 ect0");
	/* a window in which all was marked: half */
	EXPECT_EQ(tcp_info(fd).tcpi_snd_ssthresh, 5);
}

TEST_HARNESS_MAIN
