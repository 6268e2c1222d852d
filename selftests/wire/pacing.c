// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that leave later than the windows allow: pacing by the socket's own
 * timer and by fq, buffers that are no larger than what leaves in about a
 * millisecond (TSO autosizing), and the limit on what a socket has in a queue.
 *
 * Both stacks play each test, over the loopback device.  A packet socket sees
 * when each buffer leaves for the device, and how large it is.  What is measured
 * can only be late on a slow machine: so times have a lower bound and no upper.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/sender.h"

#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE	47
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO		55
#endif

#define MTU		1500
#define MSS		1448		/* with timestamps */
#define UNPACED		(10 * MSS)	/* the initial window may leave at once */
#define RATE		1000000		/* bytes per second */

FIXTURE(pacing) {
	struct wire w;
	int tap;
	int fd[2];
};

FIXTURE_VARIANT(pacing) {
	const char *family;
};

FIXTURE_VARIANT_ADD(pacing, inet) { .family = "inet" };
FIXTURE_VARIANT_ADD(pacing, xtcp) { .family = "xtcp" };

/* Does a command of the shell succeed? */
static bool run(const char *command)
{
	return system(command) == 0;
}

/* What comes by the loopback device, with the time; not blocking. */
static int open_tap(void)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),	/* another sees no packet leave */
		.sll_ifindex = if_nametoindex("lo"),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
	set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	return bind(fd, (struct sockaddr *)&sll, sizeof(sll)) ? -1 : fd;
}

static bool set_mtu(const char *dev, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	strcpy(ifr.ifr_name, dev);
	rc = ioctl(fd, SIOCSIFMTU, &ifr);
	close(fd);
	return !rc;
}

FIXTURE_SETUP(pacing)
{
	const char *missing;

	setenv("WIRE_FAMILY", variant->family, 1);
	missing = wire_open(&self->w);
	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_TRUE(set_mtu("lo", MTU + siit_either(0, SIIT_GROWS)));
	self->tap = open_tap();
	ASSERT_LE(0, self->tap);
}

FIXTURE_TEARDOWN(pacing)
{
	wire_close(&self->w);
}

/* Two sockets that are connected to each other: the first one sends. */
static bool connect_pair(int fd[2])
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(WIRE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(test_family(), SOCK_STREAM, 0);

	set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	fd[0] = socket(test_family(), SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 1) ||
	    connect(fd[0], (struct sockaddr *)&sin, sizeof(sin)))
		return false;
	fd[1] = accept(listener, NULL, NULL);
	close(listener);
	set_nonblock(fd[0], true);
	set_nonblock(fd[1], true);
	return fd[1] >= 0;
}

/* Bytes of the socket's that wait in queues below it. */
static uint32_t in_queues(int fd)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(mem);

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len);
	return mem[SK_MEMINFO_WMEM_ALLOC];
}

/**
 * transfer - send and receive
 * @fd: the pair
 * @total: how much, bytes
 * @most: out: the largest in_queues() on the way, NULL: nobody asks
 *
 * Return: how long it took, microseconds; 0: it did not end.
 */
static uint64_t transfer(const int fd[2], size_t total, uint32_t *most)
{
	static char buf[65536];
	uint64_t began = now_ns(), end = began + 60000000000ULL;
	size_t sent = 0, received = 0;

	while (received < total) {
		ssize_t n = 0, m;

		if (sent < total)
			n = send(fd[0], buf, sizeof(buf) < total - sent ?
				 sizeof(buf) : total - sent, MSG_NOSIGNAL);
		if (n > 0)
			sent += n;
		if (most && in_queues(fd[0]) > *most)
			*most = in_queues(fd[0]);
		m = recv(fd[1], buf, sizeof(buf), 0);
		if (m > 0)
			received += m;
		if (now_ns() > end)
			return 0;
		if (n <= 0 && m <= 0)
			fd_poll(fd[1], POLLIN, 1);
	}
	return (now_ns() - began) / 1000;
}

/* One buffer that left. */
struct sighting {
	uint64_t	ns;
	uint32_t	payload;	/* bytes */
};

/* The next buffer with data that the tap saw leave; false: no more. */
static bool next_sighting(int tap, struct sighting *s)
{
	const size_t ip_len = sizeof(struct iphdr) + siit_either(0, SIIT_GROWS);
	uint8_t head[128], control[CMSG_SPACE(sizeof(struct timespec))];
	struct sockaddr_ll from;

	for (;;) {
		struct iovec iov = { head, sizeof(head) };
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(tap, &msg, MSG_TRUNC);
		const struct tcphdr *th = (const void *)(head + ip_len);
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
		struct timespec ts;

		if (n < 0)
			return false;
		if (from.sll_pkttype != PACKET_OUTGOING || !cmsg ||
		    n < ip_len + sizeof(*th) ||
		    ntohs(th->dest) != WIRE_PORT)
			continue;
		s->payload = n - ip_len - 4 * th->doff;
		memcpy(&ts, CMSG_DATA(cmsg), sizeof(ts));
		s->ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
		if (s->payload)
			return true;
	}
}

/* The largest buffer behind the initial window. */
static uint32_t largest(int tap)
{
	struct sighting s;
	uint32_t most = 0;
	size_t seen = 0;

	while (next_sighting(tap, &s)) {
		if (seen >= UNPACED && s.payload > most)
			most = s.payload;
		seen += s.payload;
	}
	return most;
}

/* A number that tc's statistics of the loopback device show. */
static long qdisc_counter(const char *name)
{
	FILE *f = popen("tc -s qdisc show dev lo", "r");
	char line[512], *at;
	long value = -1;

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, name);
		if (at)
			value = strtol(at + strlen(name), NULL, 10);
	}
	if (f)
		pclose(f);
	return value;
}

/* ---- pacing -------------------------------------------------------------- */

/* No more than the rate, once the initial window has left. */
static void expect_rate(struct __test_metadata *_metadata, const int fd[2])
{
	const size_t total = 400000;
	uint64_t took = transfer(fd, total, NULL);

	EXPECT_GE(took, (total - UNPACED) * 9 / 10 * 1000000ULL / RATE);
}

/*
 * Did they leave one by one, @percent of them at least?  What left late by the machine's
 * fault may make the next wait only half of its time, not less; but fq sends what is
 * overdue at once, so there a machine that stalls leaves fewer gaps.
 */
static bool are_spread(struct __test_metadata *_metadata, int tap, int percent)
{
	struct sighting s, last = { 0 };
	int gaps = 0, wide = 0;
	size_t seen = 0;

	while (next_sighting(tap, &s)) {
		if (seen > UNPACED) {
			gaps++;
			wide += s.ns - last.ns >= last.payload * 1000000000ULL / RATE / 4;
		}
		seen += s.payload;
		last = s;
	}
	EXPECT_GT(gaps, 50);
	TH_LOG("%d of %d gaps are wide", wide, gaps);
	return wide * 100 >= gaps * percent;
}

/* Never above the rate, and evenly: a machine that is busy stalls, but not each time. */
static void expect_paced(struct __test_metadata *_metadata, const int fd[2], int tap, int percent)
{
	bool spread = false;
	int tries;

	for (tries = 0; tries < 5 && !spread; tries++) {
		expect_rate(_metadata, fd);
		spread = are_spread(_metadata, tap, percent);
	}
	EXPECT_TRUE(spread);
}

TEST_F(pacing, own_timer__keeps_the_rate)
{
	ASSERT_TRUE(conf_set("tso_rtt_log", "0"));
	ASSERT_TRUE(connect_pair(self->fd));
	ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, RATE), 0);
	expect_paced(_metadata, self->fd, self->tap, 75);
}

/* A rate that is lowered while data waits applies to what has not left. */
TEST_F(pacing, own_timer__rate_set_later)
{
	/* what leaves in one piece does not depend on the RTT */
	ASSERT_TRUE(conf_set("tso_rtt_log", "0"));
	ASSERT_TRUE(connect_pair(self->fd));
	ASSERT_LT(0, transfer(self->fd, 200000, NULL));
	ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, RATE), 0);
	expect_rate(_metadata, self->fd);
}

/*
 * fq waits for the socket: it gets buffers ahead of their time and throttles the
 * flow.  If the socket waited itself, fq would have nothing to throttle.
 */
TEST_F(pacing, fq__waits_for_the_socket)
{
	long throttled;
	int tries;

	run("modprobe -q sch_fq 2>/dev/null");
	if (!run("tc qdisc replace dev lo root fq 2>/dev/null"))
		SKIP(return, "this kernel has no fq");
	ASSERT_TRUE(conf_set("tso_rtt_log", "0"));
	ASSERT_TRUE(connect_pair(self->fd));
	ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, RATE), 0);
	expect_paced(_metadata, self->fd, self->tap, 50);
	/* what a slow machine makes overdue is not throttled, but not all is */
	throttled = qdisc_counter("throttled ");
	for (tries = 0; throttled <= 20 && tries < 20; tries++) {
		ASSERT_LT(0, transfer(self->fd, 100000, NULL));
		throttled = qdisc_counter("throttled ");
	}
	EXPECT_GT(throttled, 20) {
		TH_LOG("throttled %ld times", throttled);
	}
}

/* ---- TSO autosizing ------------------------------------------------------ */

/* What leaves in a millisecond is less than a segment: two, the least. */
TEST_F(pacing, autosize__small_at_a_low_rate)
{
	ASSERT_TRUE(conf_set("tso_rtt_log", "0"));
	ASSERT_TRUE(connect_pair(self->fd));
	ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, RATE), 0);
	ASSERT_LT(0, transfer(self->fd, 200000, NULL));
	EXPECT_EQ(largest(self->tap), 2 * MSS);
}

TEST_F(pacing, autosize__min_tso_segs)
{
	ASSERT_TRUE(conf_set("tso_rtt_log", "0"));
	ASSERT_TRUE(conf_set("min_tso_segs", "5"));
	ASSERT_TRUE(connect_pair(self->fd));
	ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, RATE), 0);
	ASSERT_LT(0, transfer(self->fd, 200000, NULL));
	EXPECT_EQ(largest(self->tap), 5 * MSS);
}

/* The rate is what the machine reaches, and of a slow one that may be too little. */
TEST_F(pacing, autosize__large_at_a_high_rate)
{
	uint32_t most = 0;
	bool high = false;
	int tries;

	for (tries = 0; tries < 5 && most <= 20 * MSS && !high; tries++) {
		ASSERT_TRUE(connect_pair(self->fd));
		ASSERT_LT(0, transfer(self->fd, 4000000, NULL));
		high = info_of(self->fd[0]).tcpi_pacing_rate >> 10 > 40 * MSS;
		most = largest(self->tap);
		close(self->fd[0]);
		close(self->fd[1]);
	}
	if (most <= 20 * MSS && !high)
		SKIP(return, "a slow machine: no rate is high");
	EXPECT_GT(most, 20 * MSS);
}

/* ---- small writes behind a queue (net.xtcp.autocorking) --------------------- */

#define WRITES	6		/* with the first three segments less than cwnd */

/*
 * Small writes at once, while more is in the queue than leaves soon.
 * Return: in how many buffers they left; 0: something failed.
 */
static int small_buffers(int tap, const int fd[2])
{
	static char text[4000];
	struct iovec iov = { text, 10 };
	struct mmsghdr writes[WRITES];
	struct sighting sighting;
	size_t got = 0, i;
	int n = 0;

	for (i = 0; i < WRITES; i++)
		writes[i] = (struct mmsghdr) {
			.msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 },
		};
	set_int(fd[0], IPPROTO_TCP, TCP_NODELAY, 1);
	if (send(fd[0], text, sizeof(text), MSG_NOSIGNAL) != sizeof(text) ||
	    sendmmsg(fd[0], writes, WRITES, MSG_NOSIGNAL) != WRITES)
		return 0;
	while (got < sizeof(text) + 10 * WRITES) {
		ssize_t m;

		if (fd_poll(fd[1], POLLIN, PATIENCE_MS) <= 0)
			return 0;
		m = recv(fd[1], text, sizeof(text), 0);
		if (m <= 0)
			return 0;
		got += m;
	}
	while (next_sighting(tap, &sighting))
		n += sighting.payload <= 10 * WRITES;
	return n;
}

TEST_F(pacing, autocork__merges_small_writes)
{
	run("modprobe -q sch_tbf 2>/dev/null");
	if (!run("tc qdisc replace dev lo root tbf rate 40kbit burst 2kb limit 1mb 2>/dev/null"))
		SKIP(return, "this kernel has no tbf");
	ASSERT_TRUE(connect_pair(self->fd));
	/* the first one may have found the queue empty, the rest are one or two */
	EXPECT_GT(WRITES / 2, small_buffers(self->tap, self->fd));
	EXPECT_LT(0, stat_counter("AutoCorking"));
}

TEST_F(pacing, autocork__is_off)
{
	run("modprobe -q sch_tbf 2>/dev/null");
	if (!run("tc qdisc replace dev lo root tbf rate 40kbit burst 2kb limit 1mb 2>/dev/null"))
		SKIP(return, "this kernel has no tbf");
	ASSERT_TRUE(conf_set("autocorking", "0"));
	ASSERT_TRUE(connect_pair(self->fd));
	/* small queues take what leaves in a millisecond, as the handshake lets expect */
	if (info_of(self->fd[0]).tcpi_pacing_rate >> 10 < 16 * 1024)
		SKIP(return, "a slow machine: small queues hold the writes");
	EXPECT_EQ(WRITES, small_buffers(self->tap, self->fd));
	EXPECT_EQ(0, stat_counter("AutoCorking"));
}

/* ---- small queues -------------------------------------------------------- */

/*
 * Two buffers may always be there, each of 64 KiB of payload and the memory that
 * its packets take when the qdisc cuts it up.
 */
#define QUEUE_MAX	(4 * 65536)

TEST_F(pacing, small_queues__on_a_slow_device)
{
	/* the first one that is slower than the machine */
	static const struct { const char *rate; size_t bytes; } devices[] = {
		{ "20mbit", 2000000 }, { "4mbit", 1000000 }, { "1mbit", 400000 },
	};
	uint32_t most = 0;
	unsigned int i;

	run("modprobe -q sch_tbf 2>/dev/null");
	ASSERT_TRUE(conf_set("limit_output_bytes", "65536"));
	for (i = 0; i < ARRAY_SIZE(devices) && most <= 2 * MSS; i++) {
		if (!run(fmt("tc qdisc replace dev lo root tbf rate %s burst 32kb limit 8mb 2>/dev/null",
			     devices[i].rate)))
			SKIP(return, "this kernel has no tbf");
		ASSERT_TRUE(connect_pair(self->fd));
		/* neither the buffer nor the congestion window is what stops it */
		ASSERT_EQ(setsockopt(self->fd[0], IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
		ASSERT_EQ(set_int(self->fd[0], SOL_SOCKET, SO_SNDBUFFORCE, 2 << 20), 0);
		ASSERT_EQ(set_int(self->fd[1], SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20), 0);
		/* it goes on whenever the device has taken something */
		ASSERT_LT(0, transfer(self->fd, devices[i].bytes, &most));
		TH_LOG("%s: %u bytes at most in the queue", devices[i].rate, most);
		EXPECT_LE(most, QUEUE_MAX);
		EXPECT_EQ(qdisc_counter("dropped "), 0);
		close(self->fd[0]);
		close(self->fd[1]);
	}
	EXPECT_GT(most, 2 * MSS);
}

TEST_HARNESS_MAIN
