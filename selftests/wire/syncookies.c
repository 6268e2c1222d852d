// SPDX-License-Identifier: GPL-2.0
/*
 * A listener with more SYNs than places: SYN cookies, what they remember, when
 * they count, and that genuine clients get through a flood.
 */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

/* One past the SYN queue of listen(fd, BACKLOG), as Linux counts it. */
#define BACKLOG		2
#define QUEUE		(BACKLOG + 1)

WIRE_FIXTURE(syncookies);

/* Fill the SYN queue with clients that never answer. */
static int crowded_listener(struct peer *p)
{
	int fd = start_listen(p->w, BACKLOG), i;

	p->lport = WIRE_PORT;
	for (i = 0; i < QUEUE; i++) {
		struct peer silent;

		peer_clone(&silent, p, 50000 + i);
		packets(&silent, "< S  0:0(0) <mss 1460>",
				 "> S. 0:0(0) ack 1");
	}
	return fd;
}

static int always(struct peer *p)
{
	if (!conf_set("syncookies", "2"))
		wire_fail(p->w, "no sysctl syncookies");
	p->lport = WIRE_PORT;
	return start_listen(p->w, 16);
}

TEST_F(syncookies, full_queue__cookie)
{
	struct peer *p = &self->p;
	int listener = crowded_listener(p), fd;

	EXPECT_EQ(0, stat_counter("SyncookiesSent"));
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 <mss 1460>");
	EXPECT_EQ(1, stat_counter("SyncookiesSent"));
	EXPECT_EQ(1, stat_counter("ReqQFullDoCookies"));
	/* nothing remembers it */
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	packets(p, "< . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_EQ(1, stat_counter("SyncookiesRecv"));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< P. 1:51(50) ack 101",
		   "> .  101:101(0) ack 51");
	get_pattern(fd, 0, 50);
}

/* The edges of the figure, although nothing was there to take the first. */
TEST_F(syncookies, edges)
{
	struct peer *p = &self->p;
	int listener;

	XTCP_ONLY();
	listener = always(p);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(0, edge_count(XTCP_EDGE_LISTEN__RCV_SYN));
	packets(p, "< .  1:1(0) ack 1");
	close(do_accept(&self->w, listener));
	EXPECT_EQ(1, edge_count(XTCP_EDGE_LISTEN__RCV_SYN));
	EXPECT_EQ(1, edge_count(XTCP_EDGE_SYN_RECV__RCV_ACK_OF_SYN));
}

/* The SYN,ACK has a clock whose low bits say what the SYN offered. */
TEST_F(syncookies, timestamps__remember_the_scale)
{
	struct peer *p = &self->p;
	int listener = always(p), fd;

	packets(p, "< S  0:0(0) win 1000 <mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 5>",
		   "> S. 0:0(0) ack 1");
	p->ts = true;
	p->tsval = 701;
	packets(p, "< .  1:1(0) ack 1 win 1000");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	/* 1000 << 5: more than the unscaled window takes */
	put_pattern(fd, 0, 4 * 1448);
	packets(p, "> *  1:1449(1448) ack 1",
		   "> *  1449:2897(1448) ack 1",
		   "> *  2897:4345(1448) ack 1",
		   "> *  4345:5793(1448) ack 1");
}

/* Without them the options are lost, and must not be offered. */
TEST_F(syncookies, no_timestamps__no_options)
{
	struct peer *p = &self->p;
	int listener = always(p), fd;

	packets(p, "< S  0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 5>",
		   "> S. 0:0(0) ack 1 <mss 1460>",
		   "< .  1:1(0) ack 1 win 1000");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 1460);
	packets(p, "> * 1:*(*) ack 1 <>");
}

/* The MSS is one of a few, never larger than what the peer said. */
TEST_F(syncookies, mss__536)
{
	struct peer *p = &self->p;
	int listener = always(p), fd;

	packets(p, "< S  0:0(0) <mss 540>",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 1000);
	packets(p, "> .  1:537(536) ack 1",
		   "> P. 537:1001(464) ack 1");
}

/* The ACK was lost: the client's first data is as good. */
TEST_F(syncookies, data__brings_it_back)
{
	struct peer *p = &self->p;
	int listener = always(p), fd;

	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 100);
}

TEST_F(syncookies, wrong_cookie__rst)
{
	struct peer *p = &self->p;

	always(p);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 2",
		   "> R  2:2(0)",
		   /* for another ISS of the peer it is wrong, too */
		   "< .  101:101(0) ack 1",
		   "> R  1:1(0)");
	EXPECT_EQ(2, stat_counter("SyncookiesFailed"));
	EXPECT_EQ(0, stat_counter("SyncookiesRecv"));
	/* the right one still counts */
	packets(p, "<  . 1:1(0) ack 1");
	EXPECT_EQ(1, stat_counter("SyncookiesRecv"));
}

/* Nobody has sent one: an ACK is not even looked at. */
TEST_F(syncookies, no_flood__not_recognised)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 16);
	p->lport = WIRE_PORT;
	packets(p, "< . 1:1(0) ack 77",
		   "> R 77:77(0)");
	EXPECT_EQ(0, stat_counter("SyncookiesFailed"));
}

/* A cookie is its listener's own. */
TEST_F(syncookies, other_listener__not_recognised)
{
	struct peer *p = &self->p;
	int listener = always(p);

	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	close(listener);
	start_listen(&self->w, 16);
	packets(p, "< . 1:1(0) ack 1",
		   "> R 1:1(0)");
}

TEST_F(syncookies, off__dropped)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("syncookies", "0"));
	crowded_listener(p);
	packets(p, "< S 0:0(0) <mss 1460>",
		   "quiet 50");
	EXPECT_EQ(1, stat_counter("ReqQFullDrop"));
	EXPECT_EQ(1, stat_counter("ListenDrops"));
	EXPECT_EQ(0, stat_counter("SyncookiesSent"));
}

/* The accept queue is full: no cookie helps then. */
TEST_F(syncookies, accept_queue_full__dropped)
{
	struct peer *p = &self->p, *last;
	struct peer clients[3];
	int i;

	ASSERT_TRUE(conf_set("syncookies", "2"));
	start_listen(&self->w, 1);
	for (i = 0; i < 3; i++) {
		peer_clone(&clients[i], p, 41000 + i);
		clients[i].lport = WIRE_PORT;
		packets(&clients[i], "< S  0:0(0) <mss 1460>",
				     "> S. 0:0(0) ack 1");
	}
	for (i = 0; i < 2; i++)
		packets(&clients[i], "< . 1:1(0) ack 1");
	last = &clients[2];
	packets(last, "< . 1:1(0) ack 1",
		      "quiet 50");
	EXPECT_EQ(TCP_CLOSE, peer_state(last));
	EXPECT_LT(0, stat_counter("ListenOverflows"));
	packets(last, "< S 0:0(0) <mss 1460>",
		      "quiet 50");
}

/* ---- the last quarter of max_syn_backlog -------------------------------- */

TEST_F(syncookies, off__last_quarter_is_kept)
{
	struct peer clients[4];
	int i;

	ASSERT_TRUE(conf_set("syncookies", "0"));
	ASSERT_TRUE(conf_set("max_syn_backlog", "4"));
	start_listen(&self->w, 128);
	for (i = 0; i < 4; i++) {
		peer_clone(&clients[i], &self->p, 42000 + i);
		clients[i].lport = WIRE_PORT;
		/* one of four places is a quarter, and not less */
		packets(&clients[i], "< S  0:0(0) <mss 1460>",
				     "> S. 0:0(0) ack 1");
	}
	peer_clone(&clients[0], &self->p, 43000);
	clients[0].lport = WIRE_PORT;
	packets(&clients[0], "< S 0:0(0) <mss 1460>",
			     "quiet 50");
}

/* ---- a flood ------------------------------------------------------------- */

/* SYNs; on a kernel whose every access is checked, a tenth takes as long. */
static unsigned int flood_size(void)
{
	const char *slow = getenv("XTCP_SLOW");

	return slow && atoi(slow) > 1 ? 20000 : 200000;
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return sum;
}

static void put_sum(uint8_t *to, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	to[0] = ~sum >> 8;
	to[1] = ~sum;
}

static uint32_t rand32(unsigned int *seed)
{
	return (uint32_t)rand_r(seed) << 16 ^ rand_r(seed);
}

/* A SYN from a random host of 10.0.0.0/8, which is routed to the wire. */
static void flood_syn(struct peer *p, unsigned int *seed)
{
	uint8_t ip[44] = {
		0x45, 0, 0, sizeof(ip), 0, 0, 0, 0, 64, IPPROTO_TCP,
		[12] = 10,
		/* data offset, SYN, window, MSS 1460 */
		[32] = 6 << 4, 0x02, 0xff, 0xff, [40] = 2, 4, 1460 >> 8, 1460 & 0xff,
	};
	uint32_t addr = rand32(seed), iss = rand32(seed);
	uint16_t port = htons(1024 + rand_r(seed) % 60000), to = htons(WIRE_PORT);

	memcpy(ip + 13, &addr, 3);
	memcpy(ip + 16, &p->laddr, 4);
	memcpy(ip + 20, &port, 2);
	memcpy(ip + 22, &to, 2);
	memcpy(ip + 24, &iss, 4);
	put_sum(ip + 10, sum16(0, ip, 20));
	put_sum(ip + 36, sum16(IPPROTO_TCP + 24, ip + 12, 32));
	if (write(p->w->tun, ip, sizeof(ip)) != sizeof(ip))
		wire_fail(p->w, "write to the TUN device: %s", strerror(errno));
}

/* Whatever comes for strangers is thrown away unread. */
static void drain_wire(struct wire *w)
{
	char buf[2048];

	while (read(w->tun, buf, sizeof(buf)) > 0)
		;
}

/*
 * SYNs by the hundred thousand from everywhere.  After each ten thousand a genuine
 * client opens a connection, exchanges a byte and closes.
 */
TEST_F(syncookies, flood__genuine_clients_get_through)
{
	unsigned int seed = 1, i, served = 0, flood = flood_size();
	struct peer *p = &self->p;
	uint64_t began;
	int listener;

	if (system(siit_mode() == SIIT_6 ? "ip -6 route add 2001:db8::10.0.0.0/104 dev wire" :
					   "ip route add 10.0.0.0/8 dev wire"))
		SKIP(return, "no ip(8)");
	listener = start_listen(&self->w, 128);
	p->lport = WIRE_PORT;
	began = now_ns();
	for (i = 1; i <= flood; i++) {
		flood_syn(p, &seed);
		if (i % 64 == 0)
			drain_wire(&self->w);
		if (i % 10000 == 0) {
			struct peer client;
			int fd;

			drain_wire(&self->w);
			peer_clone(&client, p, 20000 + i / 10000);
			packets(&client, "< S  0:0(0) <mss 1460>",
					 "> S. 0:0(0) ack 1",
					 "< P. 1:2(1) ack 1",
					 "> .  1:1(0) ack 2");
			fd = do_accept(&self->w, listener);
			get_pattern(fd, 0, 1);
			close(fd);
			served++;
		}
	}
	EXPECT_EQ(flood / 10000, served);
	TH_LOG("%u SYNs in %.1f s", flood, (now_ns() - began) / 1e9);
	/* what is remembered is bounded by the backlog */
	EXPECT_GE(129 + 1, conns_in_state(TCP_SYN_RECV));
	EXPECT_LT(flood / 2, stat_counter("SyncookiesSent"));
}

TEST_HARNESS_MAIN
