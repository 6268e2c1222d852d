// SPDX-License-Identifier: GPL-2.0
/*
 * What IPv6 chooses for a connection: its flow label, its way among equal ones, and its own
 * address.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "segment.h"
#include "util.h"
#include "wire.h"

#include "fixture.h"

#define IP6_LEN	40

WIRE_FIXTURE_6(ip6path)

/* Of the last packet that came, what there is room for (lib/siit.h). */
static uint16_t last_label(const struct peer *p)
{
	return get16(p->last + 4);
}

/* ---- labels that nobody chose, and those that somebody did (RFC 6437, 6438) ------------ */

#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL	70
#endif
#define STATELESS	0x80000		/* of the two halves, the hosts' own */

/* All of the label of the next segment, past the translation. */
static uint32_t next_label(struct peer *p)
{
	uint64_t end = now_ns() + PATIENCE_MS * 1000000ULL;
	uint8_t packet[2048];

	while (now_ns() < end) {
		if (!(fd_poll(p->w->tun, POLLIN, 100) & POLLIN))
			continue;
		if (syscall(SYS_read, p->w->tun, packet, sizeof(packet)) > IP6_LEN &&
		    packet[0] >> 4 == 6 && packet[6] == IPPROTO_TCP)
			return get32(packet) & 0xfffff;
	}
	wire_fail(p->w, "no segment came");
}

/* The label of a SYN to @port; @automatic: IPV6_AUTOFLOWLABEL, -1: as it is. */
static uint32_t label_of_a_syn(struct peer *p, uint16_t port, int automatic)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);
	uint32_t label;

	sin.sin_port = htons(port);
	if (automatic >= 0)
		set_int(fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, automatic);
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) || errno != EINPROGRESS)
		wire_fail(p->w, "connect: %s", strerror(errno));
	label = next_label(p);
	close(fd);
	return label;
}

static void auto_flowlabels(const char *how)
{
	if (!proc_write("/proc/sys/net/ipv6/auto_flowlabels", how))
		abort();
}

/* The user and the administrator say whether there are any. */
TEST_F(ip6path, label__automatic_or_none)
{
	struct peer *p = &self->p;
	int listener, fd;

	EXPECT_NE(0, label_of_a_syn(p, 3000, -1));
	EXPECT_EQ(0, label_of_a_syn(p, 3001, 0));
	auto_flowlabels("2");	/* off, unless the user asks for it */
	EXPECT_EQ(0, label_of_a_syn(p, 3002, -1));
	EXPECT_NE(0, label_of_a_syn(p, 3003, 1));
	auto_flowlabels("3");	/* on, whatever the user says */
	EXPECT_NE(0, label_of_a_syn(p, 3004, 0));
	auto_flowlabels("0");	/* off, whatever the user says */
	EXPECT_EQ(0, label_of_a_syn(p, 3005, 1));

	auto_flowlabels("1");
	listener = start_listen(p->w, 8);
	ASSERT_EQ(0, set_int(listener, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0));
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1440>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(0, last_label(p));
	packets(p, "< .  1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(0, last_label(p));
}

static int take_label(int fd, uint32_t label)
{
	struct in6_flowlabel_req req = {
		.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_CREATE,
		.flr_share = IPV6_FL_S_ANY, .flr_label = htonl(label),
	};

	siit_address(&req.flr_dst, inet_addr(WIRE_REMOTE));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)) ? errno : 0;
}

/* net.ipv6.flowlabel_state_ranges: one half of them is the hosts', the other the users'. */
TEST_F(ip6path, label__state_ranges)
{
	int fd = wire_socket(&self->w, 0), i, clear = 0;
	struct peer *p = &self->p;

	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/flowlabel_state_ranges", "1"));
	for (i = 0; i < 16; i++)
		EXPECT_TRUE(label_of_a_syn(p, 3000 + i, -1) & STATELESS);
	EXPECT_EQ(0, take_label(fd, 0x12345));
	EXPECT_EQ(ERANGE, take_label(fd, STATELESS | 0x12345));
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/flowlabel_state_ranges", "0"));
	for (i = 0; i < 64 && !clear; i++)
		clear += !(label_of_a_syn(p, 4000 + i, -1) & STATELESS);
	EXPECT_EQ(1, clear);
	EXPECT_EQ(0, take_label(fd, STATELESS | 0x12345));
}

/* The one that the user took is in all of its segments. */
TEST_F(ip6path, label__of_the_user)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(WIRE_PORT),
				   .sin6_flowinfo = htonl(0x12345) };
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	siit_address(&to.sin6_addr, inet_addr(WIRE_REMOTE));
	ASSERT_EQ(0, take_label(fd, 0x12345));
	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_EQ(EINPROGRESS, errno);
	packets(p, "> S  0:0(0)");
	EXPECT_EQ(0x2345, last_label(p));
	packets(p, "< S. 0:0(0) ack 1 <mss 1440>",
		   "> .  1:1(0) ack 1");
	EXPECT_EQ(0x2345, last_label(p));
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(0x2345, last_label(p));
}

/* ---- which way, and from where ---------------------------------------------------------- */

#ifndef SO_TXREHASH
#define SO_TXREHASH	74
#endif
#define WAYS		2
#define CALLERS		128
#define BEYOND		"2001:db8:6::1"

/* Connect to a port beyond the two ways, which nobody answers. */
static void call_beyond(struct wire *w, uint16_t port, int rehash)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = wire_socket(w, SOCK_NONBLOCK);

	inet_pton(AF_INET6, BEYOND, &to.sin6_addr);
	if ((rehash >= 0 && set_int(fd, SOL_SOCKET, SO_TXREHASH, rehash)) ||
	    !connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno != EINPROGRESS)
		wire_fail(w, "connect: %s", strerror(errno));
}

/* It goes nowhere. */
static int new_device(const char *name)
{
	return system(fmt("ip link add %s type veth peer name p-%s && ip link set p-%s up && "
			  "ip link set %s up", name, name, name, name));
}

/* With a router that nobody has to look for: one that is not known yet is no way. */
static int new_way(const char *name)
{
	return new_device(name) ||
	       system(fmt("ip neigh add fe80::9 lladdr 02:00:00:00:00:09 dev %s nud permanent",
			  name));
}

/* Two ways to BEYOND, and who sees what goes on them.  Return: the descriptor, -1: none. */
static int two_ways(void)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int tap;

	if (new_way("way0") || new_way("way1") ||
	    system("ip -6 addr add 2001:db8:7::1/128 dev lo && "
		   "ip -6 route add 2001:db8:6::/64 src 2001:db8:7::1 "
		   "nexthop via fe80::9 dev way0 nexthop via fe80::9 dev way1"))
		return -1;
	tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	set_int(tap, SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20);
	return bind(tap, (struct sockaddr *)&all, sizeof(all)) ? -1 : tap;
}

/*
 * Which of the ways the SYNs to each port went, as bits, and how many there were.  Not from
 * each port: connections to two ports may have the same one here.
 */
static void see(int tap, uint8_t ways[65536], unsigned int syns[65536])
{
	const int first = if_nametoindex("way0"), second = if_nametoindex("way1");
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	uint8_t packet[256];
	ssize_t n;

	while ((n = recvfrom(tap, packet, sizeof(packet), 0, (struct sockaddr *)&from,
			     &len)) >= 0) {
		uint16_t port = get16(packet + IP6_LEN + 2);

		if (n < IP6_LEN + TCP_LEN || packet[6] != IPPROTO_TCP ||
		    (from.sll_ifindex != first && from.sll_ifindex != second))
			continue;
		ways[port] |= 1 << (from.sll_ifindex == second);
		syns[port]++;
	}
}

/* RFC 2992 5 with the socket's own hash: connections to one host take all ways to it. */
TEST_F(ip6path, ecmp__spreads_connections)
{
	static unsigned int syns[65536];
	static uint8_t ways[65536];
	unsigned int went[1 << WAYS] = { 0 };
	int tap, i;

	if (test_inet() && kernel_before(7, 2))
		SKIP(return, "the kernel's TCP goes by the addresses");
	tap = two_ways();
	if (tap < 0)
		SKIP(return, "no veth devices");
	for (i = 0; i < CALLERS; i++) {
		uint16_t port = 1000 + i;

		call_beyond(&self->w, port, 0);
		see(tap, ways, syns);
		EXPECT_NE(0, ways[port]);
		went[ways[port]]++;
		ways[port] = 0;
	}
	/* one chance in a thousand million that fewer went there */
	EXPECT_LT(CALLERS / 4 - 8, went[1]);
	EXPECT_LT(CALLERS / 4 - 8, went[2]);
}

/* Who gets no answer tries another way, unless the user wants it to stay. */
TEST_F(ip6path, ecmp__a_timeout_finds_another)
{
	static unsigned int syns[65536];
	static uint8_t ways[65536];
	uint16_t stay[16], move[16];
	int tap, i, moved = 0;
	uint64_t end;

	if (test_inet() && kernel_before(7, 2))
		SKIP(return, "the kernel's TCP goes by the addresses");
	tap = two_ways();
	if (tap < 0)
		SKIP(return, "no veth devices");
	for (i = 0; i < 16; i++) {
		stay[i] = 1000 + i;
		move[i] = 2000 + i;
		call_beyond(&self->w, stay[i], 0);
		call_beyond(&self->w, move[i], 1);
	}
	end = now_ns() + PATIENCE_MS * 1000000ULL;
	for (i = 0; i < 16 && now_ns() < end;) {
		fd_poll(tap, POLLIN, 100);
		see(tap, ways, syns);
		/* each one twice at least */
		while (i < 16 && syns[stay[i]] > 1 && syns[move[i]] > 1)
			i++;
	}
	EXPECT_EQ(16, i);
	for (i = 0; i < 16; i++) {
		EXPECT_NE(3, ways[stay[i]]);
		moved += ways[move[i]] == 3;
	}
	EXPECT_LT(0, moved);
}

/* RFC 5014: which of this host's addresses it is. */
#ifndef IPV6_ADDR_PREFERENCES
#define IPV6_ADDR_PREFERENCES	72
#define IPV6_PREFER_SRC_TMP	1
#define IPV6_PREFER_SRC_PUBLIC	2
#endif

/* The address that a socket with @preference (0: none) gets. */
static const char *source_of(struct wire *w, int preference)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	int fd = wire_socket(w, SOCK_NONBLOCK);
	static char text[INET6_ADDRSTRLEN];
	socklen_t len = sizeof(name);

	inet_pton(AF_INET6, "2001:db8:5::99", &name.sin6_addr);
	if ((preference && set_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, preference)) ||
	    !connect(fd, (struct sockaddr *)&name, sizeof(name)) || errno != EINPROGRESS ||
	    syscall(SYS_getsockname, fd, &name, &len))
		wire_fail(w, "connect: %s", strerror(errno));
	close(fd);
	return inet_ntop(AF_INET6, &name.sin6_addr, text, sizeof(text));
}

TEST_F(ip6path, source__as_preferred)
{
	if (new_device("priv0") || system("ip link set priv0 arp off") ||
	    !proc_write("/proc/sys/net/ipv6/conf/priv0/use_tempaddr", "1") ||
	    system("ip -6 addr add 2001:db8:5::1/64 dev priv0 mngtmpaddr"))
		SKIP(return, "no temporary addresses");
	EXPECT_STREQ("2001:db8:5::1", source_of(&self->w, IPV6_PREFER_SRC_PUBLIC));
	EXPECT_STREQ("2001:db8:5::1", source_of(&self->w, 0));
	EXPECT_TRUE(await(strcmp("2001:db8:5::1", source_of(&self->w, IPV6_PREFER_SRC_TMP))));
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/conf/priv0/use_tempaddr", "2"));
	EXPECT_STRNE("2001:db8:5::1", source_of(&self->w, 0));
	EXPECT_STREQ("2001:db8:5::1", source_of(&self->w, IPV6_PREFER_SRC_PUBLIC));
}

TEST_HARNESS_MAIN
