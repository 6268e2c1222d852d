// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of more than 64 KB ("BIG TCP"), where the device takes them: sent and received
 * by either stack, over the loopback device.  A packet socket sees how large they are.
 */
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

#ifndef IFLA_GRO_MAX_SIZE
#define IFLA_GRO_MAX_SIZE	58
#endif
/* of Linux 6.3 */
#define GSO_IPV4_MAX_SIZE	63
#define GRO_IPV4_MAX_SIZE	64

#define LEGACY		65536
#define BIG		400000
#define TOTAL		(8 << 20)
#define WRITE		(512 << 10)
#define PORT		6400

FIXTURE(bigtcp) {
	int tap;
};

FIXTURE_VARIANT(bigtcp) {
	bool ours_sends;
	bool ours_receives;
};

FIXTURE_VARIANT_ADD(bigtcp, both) { .ours_sends = true, .ours_receives = true };
FIXTURE_VARIANT_ADD(bigtcp, sender) { .ours_sends = true };
FIXTURE_VARIANT_ADD(bigtcp, receiver) { .ours_receives = true };

/* The largest buffer that the loopback device takes, of both families. */
static bool set_largest(uint32_t bytes)
{
	static const int attrs[] = { IFLA_GSO_MAX_SIZE, IFLA_GRO_MAX_SIZE, GSO_IPV4_MAX_SIZE,
				     GRO_IPV4_MAX_SIZE };
	char buf[1024] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct ifinfomsg *ifi;
	unsigned int i;
	bool ok = false;
	ssize_t n;

	if (!nl)
		return false;
	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = if_nametoindex("lo");
	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		mnl_attr_put_u32(nlh, attrs[i], bytes);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) > 0) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		ok = n > 0 && mnl_cb_run(buf, n, 0, 0, NULL, NULL) >= 0;
	}
	mnl_socket_close(nl);
	return ok;
}

FIXTURE_SETUP(bigtcp)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (siit_mode() != SIIT_6 && kernel_before(6, 3))
		SKIP(return, "IPv4's are newer than this kernel");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	bring_up_loopback();
	/* a burst may be as large as the window lets it, however long the path is */
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv4/tcp_tso_rtt_log", "30"));
	close(socket(xtcp_family(), SOCK_STREAM, 0));
	ASSERT_TRUE(proc_write("/proc/sys/net/xtcp/tso_rtt_log", "30"));
	sll.sll_ifindex = if_nametoindex("lo");
	self->tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->tap);
	set_int(self->tap, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
	ASSERT_EQ(0, bind(self->tap, (struct sockaddr *)&sll, sizeof(sll)));
}

FIXTURE_TEARDOWN(bigtcp)
{
}

static int make(bool ours)
{
	int fd = socket(ours ? xtcp_family() : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20);
	set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	return fd;
}

/* Two that are connected, the first one sends. */
static bool make_pair(const struct _fixture_variant_bigtcp *variant, int fd[2])
{
	static uint16_t port = PORT;
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(port++),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = make(variant->ours_receives);

	fd[0] = make(variant->ours_sends);
	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 1) ||
	    connect(fd[0], (struct sockaddr *)&sin, sizeof(sin)))
		return false;
	fd[1] = accept(listener, NULL, NULL);
	close(listener);
	set_nonblock(fd[0], true);
	set_nonblock(fd[1], true);
	return fd[1] >= 0;
}

/* Largest packet that left since it was asked last, with its headers. */
static size_t largest(int tap)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	size_t most = 0;
	ssize_t n;
	char c;

	while ((n = recvfrom(tap, &c, 1, MSG_TRUNC, (struct sockaddr *)&from, &len)) >= 0)
		if (from.sll_pkttype == PACKET_OUTGOING && (size_t)n > most)
			most = n;
	return most;
}

/*
 * What is sent comes, and nothing else.
 * Return: the largest packet on the way, 0: it did not.
 */
static size_t carry(int tap, const int fd[2])
{
	uint64_t end = now_ns() + 30000000000ULL;
	size_t sent = 0, got = 0, most = 0, i;
	static uint8_t text[TOTAL], copy[TOTAL];

	for (i = 0; i < TOTAL; i++)
		text[i] = wire_pattern(i);
	while (got < TOTAL && now_ns() < end) {
		/* a buffer is no larger than half of the window, as it was at the write */
		ssize_t n = send(fd[0], text + sent, TOTAL - sent < WRITE ? TOTAL - sent : WRITE,
				 MSG_NOSIGNAL);
		size_t seen = largest(tap);

		most = seen > most ? seen : most;
		sent += n > 0 ? n : 0;
		n = recv(fd[1], copy + got, TOTAL - got, 0);
		if (n > 0)
			got += n;
		else
			fd_poll(fd[1], POLLIN, 10);
	}
	return got == TOTAL && !memcmp(text, copy, TOTAL) ? most : 0;
}

/* More than 64 KB once the device is said to take them, and not before. */
static void sizes(struct __test_metadata *_metadata, const struct _fixture_variant_bigtcp *variant,
		  int tap, int mtu, size_t least)
{
	size_t most;
	int fd[2];

	ASSERT_EQ(0, system(fmt("ip link set lo mtu %d", mtu)));
	ASSERT_TRUE(set_largest(LEGACY));
	ASSERT_TRUE(make_pair(variant, fd));
	most = carry(tap, fd);
	TH_LOG("%zu bytes at most", most);
	EXPECT_GT(most, mtu);
	EXPECT_LE(most, LEGACY);
	close(fd[0]);
	close(fd[1]);
	ASSERT_TRUE(set_largest(BIG));
	ASSERT_TRUE(make_pair(variant, fd));
	most = carry(tap, fd);
	TH_LOG("%zu bytes at most", most);
	EXPECT_GT(most, least);
	EXPECT_LE(most, BIG);
	close(fd[0]);
	close(fd[1]);
}

/* Sixty-four segments of Ethernet's size are hardly more. */
TEST_F(bigtcp, size__ethernet)
{
	sizes(_metadata, variant, self->tap, 1500, LEGACY);
}

TEST_F(bigtcp, size__jumbo_frames)
{
	sizes(_metadata, variant, self->tap, 9000, 3 * LEGACY);
}

TEST_HARNESS_MAIN
