// SPDX-License-Identifier: GPL-2.0
/*
 * VRFs: devices that are enslaved to an L3 master, each with routes of its own.
 *
 *	 home						 far
 *	+------------------------------+		+-------------------+
 *	|	    near0  10.1.0.2/24 +----------------+ far  10.1.0.1/24  |
 *	|				|		+-------------------+
 *	| red ----- near1  10.1.0.2/24 +----------------+ far  10.1.0.1/24  |
 *	|				|		+-------------------+
 *	| blue ---- near2  10.1.0.2/24 +----------------+ far  10.1.0.1/24  |
 *	+------------------------------+		+-------------------+
 *
 * Sockets under test are at home; three other namespaces play the peers.  All have the
 * same addresses and most use the same ports, so that only the device tells connections
 * apart.  The kernel's own TCP plays the peers, and with WIRE_FAMILY=inet the sockets
 * under test, too.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness.h"

#include "segment.h"
#include "siit.h"
#include "util.h"

/* gcc inlines short tests into the harness's vfork() and then doubts it. */
#pragma GCC diagnostic ignored "-Wclobbered"

#define HOME_ADDR	"10.1.0.2"
#define FAR_ADDR	"10.1.0.1"
/* Behind the peers: who sends there gets no answer. */
#define SILENT_ADDR	"10.1.0.9"
/* Of nobody here. */
#define ELSEWHERE	"203.0.113.5"
#define PORT		7777
#define FAR_PORT	4444

enum place { PLAIN, RED, BLUE, PLACES };

static const char *const vrf_name[PLACES] = { NULL, "red", "blue" };

FIXTURE(vrf) {
	int	family;
	int	home;
	int	far[PLACES];
	int	client[PLACES];
};

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		abort();
}

static int new_namespace(void)
{
	int ns;

	if (unshare(CLONE_NEWNET))
		abort();
	ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		abort();
	return ns;
}

/*
 * Commands of ip(8), one a line; the words are as for printf(), and %s that are addresses are
 * siit_text()'s.
 */
static bool __attribute__((format(printf, 1, 2))) ip(const char *format, ...)
{
	FILE *batch = popen(siit_either("exec ip -batch - 2>/dev/null",
					"exec ip -6 -batch - 2>/dev/null"), "w");
	va_list args;

	if (!batch)
		abort();
	va_start(args, format);
	vfprintf(batch, format, args);
	va_end(args);
	return !pclose(batch);
}

static bool add_addr(const char *addr, const char *dev)
{
	return ip("addr add %s/%d dev %s%s\n", siit_text(addr), siit_prefix_len(24), dev,
		  siit_either("", " nodad"));
}

static bool build(FIXTURE_DATA(vrf) *self)
{
	static const char *const near[PLACES] = { "near0", "near1", "near2" };
	int pid = getpid(), i;

	enter(self->home);
	/* a route in a VRF goes before an address of the host outside */
	if (!ip("link set lo up\n"
		"link add red type vrf table 101\n"
		"link add blue type vrf table 102\n"
		"link set red up\n"
		"link set blue up\n"
		"rule add pref 32765 table local\n"
		"rule del pref 0\n"
		"link add near0 type veth peer name far netns /proc/%d/fd/%d\n"
		"link add near1 type veth peer name far netns /proc/%d/fd/%d\n"
		"link add near2 type veth peer name far netns /proc/%d/fd/%d\n"
		"link set near1 master red\n"
		"link set near2 master blue\n"
		"link set near0 up\n"
		"link set near1 up\n"
		"link set near2 up\n",
		pid, self->far[PLAIN], pid, self->far[RED], pid, self->far[BLUE]))
		return false;
	for (i = 0; i < PLACES; i++)
		if (!add_addr(HOME_ADDR, near[i]))
			return false;
	for (i = 0; i < PLACES; i++) {
		enter(self->far[i]);
		if (!ip("link set lo up\n"
			"link set far up\n") ||
		    !add_addr(FAR_ADDR, "far"))
			abort();
	}
	enter(self->home);
	return true;
}

FIXTURE_SETUP(vrf)
{
	const char *missing = test_inet() ? NULL : xtcp_missing();
	int i;

	if (missing)
		SKIP(return, "%s", missing);
	self->family = test_family();
	for (i = 0; i < PLACES; i++) {
		self->far[i] = new_namespace();
		self->client[i] = -1;
	}
	self->home = new_namespace();
	if (!build(self))
		SKIP(return, "no VRF devices");
}

FIXTURE_TEARDOWN(vrf)
{
}

static struct sockaddr_in at(const char *addr, int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(addr),
	};
}

/* l3mdev_accept of the TCP under test. */
static void accept_all(bool on)
{
	if (!proc_write(test_inet() ? "/proc/sys/net/ipv4/tcp_l3mdev_accept" :
				      "/proc/sys/net/xtcp/l3mdev_accept", on ? "1" : "0"))
		abort();
}

/* A setting of the TCP under test, without its prefix. */
static void setting(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), test_inet() ? "/proc/sys/net/ipv4/tcp_%s" :
						   "/proc/sys/net/xtcp/%s", name);
	if (!proc_write(path, value))
		abort();
}

/* A socket at home, bound to a device or not. */
static int make(int family, const char *dev)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev))) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		abort();
	return fd;
}

static int do_bind(int fd, const char *addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

static int do_connect(int fd, const char *addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

static int listener(int family, const char *dev)
{
	int fd = make(family, dev);

	if (do_bind(fd, "0.0.0.0", PORT) || listen(fd, 8))
		abort();
	return fd;
}

/* A peer connects from FAR_PORT; what it got: 0 or an errno. */
static int reach(FIXTURE_DATA(vrf) *self, enum place from)
{
	int fd, err;

	if (self->client[from] >= 0)
		close(self->client[from]);
	enter(self->far[from]);
	fd = make(AF_INET, NULL);
	if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) || do_bind(fd, FAR_ADDR, FAR_PORT))
		abort();
	err = do_connect(fd, HOME_ADDR, PORT);
	enter(self->home);
	self->client[from] = fd;
	return err;
}

/* The device that a socket is bound to, "" for none. */
static const char *device(int fd)
{
	static char name[IFNAMSIZ];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len))
		abort();
	return name;
}

/* A byte each way. */
static bool talk(int a, int b, char byte)
{
	char got[2] = {};

	return send(a, &byte, 1, MSG_NOSIGNAL) == 1 && recv(b, &got[0], 1, 0) == 1 &&
	       send(b, &byte, 1, MSG_NOSIGNAL) == 1 && recv(a, &got[1], 1, 0) == 1 &&
	       got[0] == byte && got[1] == byte;
}

/* The peer at @from is served, by a socket that is bound to @dev. */
#define EXPECT_SERVED(listener, from, dev)				\
	do {								\
		int __conn;						\
									\
		ASSERT_EQ(0, reach(self, from));			\
		__conn = accept(listener, NULL, NULL);			\
		ASSERT_LE(0, __conn);					\
		EXPECT_STREQ(dev, device(__conn));			\
		EXPECT_TRUE(talk(self->client[from], __conn, 'a' + from)); \
		EXPECT_TRUE(talk(__conn, self->client[from], 'A' + from)); \
		/* nothing is left of it, so that its ports can be used again */ \
		set_linger(self->client[from], 0);			\
		close(self->client[from]);				\
		self->client[from] = -1;				\
		EXPECT_TRUE(fd_poll(__conn, POLLIN, PATIENCE_MS) & POLLERR); \
		close(__conn);						\
	} while (0)

#define EXPECT_REFUSED(from)	EXPECT_EQ(ECONNREFUSED, reach(self, from))

/* Most of a test's time is that of ip(8) on a busy machine. */
#define VRF_TEST(name)		TEST_F_TIMEOUT(vrf, name, 60)

/* ---- who is served ------------------------------------------------------- */

VRF_TEST(listen__bound_to_a_vrf)
{
	int fd = listener(self->family, "red");

	EXPECT_SERVED(fd, RED, "red");
	EXPECT_REFUSED(BLUE);
	EXPECT_REFUSED(PLAIN);
}

VRF_TEST(listen__bound_to_a_slave)
{
	int fd = listener(self->family, "near1");

	EXPECT_SERVED(fd, RED, "near1");
	EXPECT_REFUSED(BLUE);
	EXPECT_REFUSED(PLAIN);
}

/* By default a listener without a device is for who comes through no VRF. */
VRF_TEST(listen__unbound)
{
	int fd = listener(self->family, NULL);

	EXPECT_REFUSED(RED);
	EXPECT_SERVED(fd, PLAIN, "");
	EXPECT_REFUSED(BLUE);
}

/* With l3mdev_accept it serves all, and what it accepts is bound to the VRF. */
VRF_TEST(listen__unbound_accepts_all)
{
	int fd;

	accept_all(true);
	fd = listener(self->family, NULL);
	EXPECT_SERVED(fd, RED, "red");
	EXPECT_SERVED(fd, BLUE, "blue");
	EXPECT_SERVED(fd, PLAIN, "");
	/* and as soon as it is off again it does not */
	accept_all(false);
	EXPECT_REFUSED(RED);
}

/* Each VRF has its own ports. */
VRF_TEST(listen__beside_each_other)
{
	int plain = listener(self->family, NULL);
	int red = listener(self->family, "red");
	int blue = listener(self->family, "near2");

	EXPECT_SERVED(plain, PLAIN, "");
	EXPECT_SERVED(blue, BLUE, "near2");
	EXPECT_SERVED(red, RED, "red");
}

/* Who is bound to the VRF goes before who serves all. */
VRF_TEST(listen__the_bound_one_first)
{
	int red = listener(self->family, "red");
	int all = listener(self->family, NULL);

	accept_all(true);
	EXPECT_SERVED(red, RED, "red");
	EXPECT_SERVED(all, BLUE, "blue");
	EXPECT_SERVED(all, PLAIN, "");
}

/* Two with the same addresses and ports: the VRF's segments are for who is bound to it. */
VRF_TEST(listen__same_addresses_at_once)
{
	int fd, red, plain;

	if (test_inet())
		SKIP(return, "the kernel's TCP takes the newest");
	accept_all(true);
	fd = listener(self->family, NULL);
	ASSERT_EQ(0, reach(self, RED));
	red = accept(fd, NULL, NULL);
	ASSERT_LE(0, red);
	ASSERT_EQ(0, reach(self, PLAIN));
	plain = accept(fd, NULL, NULL);
	ASSERT_LE(0, plain);
	EXPECT_TRUE(talk(self->client[RED], red, 'r'));
	EXPECT_TRUE(talk(self->client[PLAIN], plain, 'p'));
	EXPECT_TRUE(talk(red, self->client[RED], 'R'));
	EXPECT_TRUE(talk(plain, self->client[PLAIN], 'P'));
}

/* ---- the kernel's TCP beside it ------------------------------------------ */

/* A server of the kernel's TCP in a VRF keeps its clients. */
VRF_TEST(kernel__bound_beside_ours)
{
	int red = listener(AF_INET, "red"), plain;

	if (test_inet())
		SKIP(return, "there is nobody beside it");
	EXPECT_SERVED(red, RED, "red");
	plain = listener(self->family, NULL);
	EXPECT_SERVED(red, RED, "red");
	EXPECT_SERVED(plain, PLAIN, "");
	EXPECT_REFUSED(BLUE);
}

/* Even when ours serves all other VRFs. */
VRF_TEST(kernel__bound_beside_ours_for_all)
{
	int red = listener(AF_INET, "red"), all;

	if (test_inet())
		SKIP(return, "there is nobody beside it");
	accept_all(true);
	all = listener(self->family, NULL);
	EXPECT_SERVED(red, RED, "red");
	EXPECT_SERVED(all, PLAIN, "");
	EXPECT_SERVED(all, BLUE, "blue");
}

/* And ours in a VRF has its own beside an unbound one of the kernel's TCP. */
VRF_TEST(kernel__unbound_beside_ours)
{
	int plain = listener(AF_INET, NULL), red;

	if (test_inet())
		SKIP(return, "there is nobody beside it");
	red = listener(self->family, "red");
	EXPECT_SERVED(red, RED, "red");
	EXPECT_SERVED(plain, PLAIN, "");
	EXPECT_REFUSED(BLUE);
}

/* ---- connections out of a VRF -------------------------------------------- */

static int far_listener(FIXTURE_DATA(vrf) *self, enum place where)
{
	int fd;

	enter(self->far[where]);
	fd = listener(AF_INET, NULL);
	enter(self->home);
	return fd;
}

/* From the same port to the same address, through three routing tables. */
VRF_TEST(connect__same_addresses)
{
	static const char *const dev[PLACES] = { NULL, "red", "near2" };
	int fd[PLACES], peer[PLACES], i;

	for (i = 0; i < PLACES; i++) {
		int server = far_listener(self, i);

		fd[i] = make(self->family, dev[i]);
		ASSERT_EQ(0, do_bind(fd[i], "0.0.0.0", PORT));
		ASSERT_EQ(0, do_connect(fd[i], FAR_ADDR, PORT));
		peer[i] = accept(server, NULL, NULL);
		ASSERT_LE(0, peer[i]);
	}
	for (i = 0; i < PLACES; i++) {
		EXPECT_TRUE(talk(fd[i], peer[i], 'a' + i));
		EXPECT_TRUE(talk(peer[i], fd[i], 'A' + i));
	}
	/* one of them ends, and the others do not notice */
	set_linger(peer[RED], 0);
	close(peer[RED]);
	EXPECT_TRUE(fd_poll(fd[RED], POLLIN, PATIENCE_MS) & POLLERR);
	EXPECT_TRUE(talk(fd[PLAIN], peer[PLAIN], 'x'));
	EXPECT_TRUE(talk(fd[BLUE], peer[BLUE], 'y'));
}

/* Client and server are both in the VRF, on this host. */
VRF_TEST(connect__within)
{
	int server = listener(self->family, "red"), fd = make(self->family, "red"), conn;

	ASSERT_EQ(0, do_connect(fd, HOME_ADDR, PORT));
	conn = accept(server, NULL, NULL);
	ASSERT_LE(0, conn);
	EXPECT_STREQ("red", device(conn));
	EXPECT_TRUE(talk(fd, conn, 'w'));
	close(fd);
	fd = make(self->family, "blue");
	EXPECT_EQ(ECONNREFUSED, do_connect(fd, HOME_ADDR, PORT));
}

/* Bound to the VRF and to its device, the two would get the same segments. */
VRF_TEST(connect__vrf_and_slave_collide)
{
	int server = far_listener(self, RED);
	int red = make(self->family, "red"), slave = make(self->family, "near1");

	ASSERT_EQ(0, do_bind(red, "0.0.0.0", FAR_PORT));
	ASSERT_EQ(0, do_bind(slave, "0.0.0.0", FAR_PORT));
	ASSERT_EQ(0, do_connect(red, FAR_ADDR, PORT));
	EXPECT_EQ(EADDRNOTAVAIL, do_connect(slave, FAR_ADDR, PORT));
	close(server);
}

/* A socket that is bound to another device later hears that one alone. */
VRF_TEST(connect__bound_later)
{
	int server = far_listener(self, PLAIN), fd = make(self->family, NULL), peer;
	char byte;

	ASSERT_EQ(0, do_connect(fd, FAR_ADDR, PORT));
	peer = accept(server, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "near0", 5));
	EXPECT_TRUE(talk(peer, fd, 'l'));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "red", 3));
	ASSERT_EQ(1, send(peer, "x", 1, MSG_NOSIGNAL));
	/* to whom it does not belong any more resets it, as for the kernel's TCP */
	EXPECT_EQ(-1, recv(peer, &byte, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
}

/* ---- all ways into the accept queue -------------------------------------- */

VRF_TEST(syncookie__finds_its_way)
{
	int fd;

	accept_all(true);
	setting("syncookies", "2");
	fd = listener(self->family, NULL);
	EXPECT_SERVED(fd, RED, "red");
	EXPECT_SERVED(fd, BLUE, "blue");
	EXPECT_SERVED(fd, PLAIN, "");
}

/* Data comes with the SYN, and no cookie is asked for. */
VRF_TEST(fastopen__finds_its_way)
{
	static const enum place order[] = { RED, PLAIN, BLUE };
	struct sockaddr_in to = at(HOME_ADDR, PORT);
	int fd, conn, i;
	char byte;

	accept_all(true);
	setting("fastopen", "0x203");
	fd = make(self->family, NULL);
	ASSERT_EQ(0, do_bind(fd, "0.0.0.0", PORT));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 8));
	ASSERT_EQ(0, listen(fd, 8));
	for (i = 0; i < PLACES; i++) {
		int client;

		enter(self->far[order[i]]);
		if (!proc_write("/proc/sys/net/ipv4/tcp_fastopen", "5"))
			abort();
		client = make(AF_INET, NULL);
		ASSERT_EQ(0, do_bind(client, FAR_ADDR, FAR_PORT));
		ASSERT_EQ(1, sendto(client, "f", 1, MSG_FASTOPEN, (struct sockaddr *)&to,
				    sizeof(to)));
		enter(self->home);
		conn = accept(fd, NULL, NULL);
		ASSERT_LE(0, conn);
		EXPECT_STREQ(vrf_name[order[i]] ?: "", device(conn));
		EXPECT_EQ(1, recv(conn, &byte, 1, 0));
		EXPECT_TRUE(talk(conn, client, 'F'));
		set_linger(client, 0);
		close(client);
		EXPECT_TRUE(fd_poll(conn, POLLIN, PATIENCE_MS) & POLLERR);
		close(conn);
	}
}

/* A new connection takes the place of one in TIME_WAIT, in its own VRF. */
VRF_TEST(timewait__is_of_a_vrf)
{
	int fd, conn, i;
	char byte;

	accept_all(true);
	fd = listener(self->family, NULL);
	for (i = 0; i < 3; i++) {
		/* the one who closes first waits */
		ASSERT_EQ(0, reach(self, RED));
		conn = accept(fd, NULL, NULL);
		ASSERT_LE(0, conn);
		EXPECT_STREQ("red", device(conn));
		EXPECT_TRUE(talk(self->client[RED], conn, 't'));
		close(conn);
		EXPECT_EQ(0, recv(self->client[RED], &byte, 1, 0));
		close(self->client[RED]);
		self->client[RED] = -1;
		/* others are not held up by it */
		EXPECT_SERVED(fd, BLUE, "blue");
	}
}

/* ---- what strangers send ------------------------------------------------- */

/* Packets of TCP that a peer's host sees. */
static int sniffer(FIXTURE_DATA(vrf) *self, enum place where)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
				 .sll_protocol = htons(siit_either(ETH_P_IP, ETH_P_IPV6)) };
	int fd;

	enter(self->far[where]);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	a.sll_ifindex = if_nametoindex("far");
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		abort();
	enter(self->home);
	return fd;
}

/* The next one of @flags, as one of IPv4; its length, 0: none came. */
static ssize_t sniff(int fd, uint8_t *packet, size_t size, uint8_t flags)
{
	uint8_t seen[2048];
	struct segment s;
	ssize_t len;

	while ((len = recv(fd, seen, size, 0)) > 0) {
		if (siit_mode() == SIIT_6)
			len = siit_packet_back(packet, seen, len);
		else
			memcpy(packet, seen, len);
		if (parse_segment(packet, len, &s) && s.flags == flags)
			return len;
	}
	return 0;
}

/* It sends whole packets. */
static int raw_socket(FIXTURE_DATA(vrf) *self, enum place where)
{
	int fd;

	enter(self->far[where]);
	fd = socket(siit_either(AF_INET, AF_INET6), SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		abort();
	enter(self->home);
	return fd;
}

/* From the peer to @addr. */
static void send_raw(int raw, const char *addr, uint8_t protocol, const void *data, size_t len)
{
	uint8_t packet[256] = { 0x45 }, packet6[sizeof(packet) + 2 * SIIT_GROWS];
	struct sockaddr_storage to = {};
	uint32_t from = inet_addr(FAR_ADDR), dst = inet_addr(addr);
	size_t size = IP_LEN + len;

	put16(packet + 2, size);
	packet[8] = 64;
	packet[9] = protocol;
	memcpy(packet + 12, &from, 4);
	memcpy(packet + 16, &dst, 4);
	memcpy(packet + IP_LEN, data, len);
	memcpy(&to, &(struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = dst },
	       sizeof(struct sockaddr_in));
	if (siit_mode() == SIIT_6) {
		struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };

		size = siit_packet(packet6, packet, size);
		siit_address(&to6.sin6_addr, dst);
		memcpy(&to, &to6, sizeof(to6));
	}
	if (sendto(raw, siit_either(packet, packet6), size, 0, (struct sockaddr *)&to,
		   siit_either(sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6))) !=
	    (ssize_t)size)
		abort();
}

/* "There is no such port", about a packet that was seen. */
static void send_unreachable(int raw, const uint8_t *packet)
{
	uint8_t msg[sizeof(struct icmphdr) + IP_LEN + 8] = {
		ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
	};

	memcpy(msg + sizeof(struct icmphdr), packet, IP_LEN + 8);
	put16(msg + 2, ~sum_add(0, msg, sizeof(msg)));
	send_raw(raw, HOME_ADDR, IPPROTO_ICMP, msg, sizeof(msg));
}

/* The address of a peer's device, as ip(8) wants it. */
static const char *far_mac(FIXTURE_DATA(vrf) *self, enum place where)
{
	static char text[sizeof("00:00:00:00:00:00")];
	struct ifreq req = { .ifr_name = "far" };
	const uint8_t *mac = (const uint8_t *)req.ifr_hwaddr.sa_data;
	int fd;

	enter(self->far[where]);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(fd, SIOCGIFHWADDR, &req))
		abort();
	close(fd);
	enter(self->home);
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}

/* An error is about a connection in the VRF that it comes through. */
VRF_TEST(icmp__is_of_a_vrf)
{
	int seen, red, blue, fd = make(self->family, "red");
	struct sockaddr_in a = at(SILENT_ADDR, PORT);
	uint8_t packet[2048];
	const char *mac;

	mac = far_mac(self, RED);
	ASSERT_TRUE(ip("neigh add %s lladdr %s dev near1\n", siit_text(SILENT_ADDR), mac));
	seen = sniffer(self, RED);
	red = raw_socket(self, RED);
	blue = raw_socket(self, BLUE);
	set_nonblock(fd, true);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&a, sizeof(a)));
	ASSERT_EQ(EINPROGRESS, errno);
	ASSERT_LT(0, sniff(seen, packet, sizeof(packet), F_SYN));
	send_unreachable(blue, packet);
	EXPECT_EQ(0, fd_poll(fd, POLLOUT, 100));
	send_unreachable(red, packet);
	EXPECT_TRUE(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ECONNREFUSED, fd_error(fd));
}

/* A bare ACK from nowhere for PORT at an address of this host. */
static void send_stray(int raw, const char *addr)
{
	uint8_t ack[TCP_LEN] = {};
	uint16_t sum;

	put16(ack, FAR_PORT);
	put16(ack + 2, PORT);
	put32(ack + 4, 1000);
	put32(ack + 8, 2000);
	ack[12] = TCP_LEN / 4 << 4;
	ack[13] = F_ACK;
	put16(ack + 14, 1000);
	sum = tcp_checksum(inet_addr(FAR_ADDR), inet_addr(addr), ack, sizeof(ack));
	memcpy(ack + 16, &sum, sizeof(sum));
	send_raw(raw, addr, IPPROTO_TCP, ack, sizeof(ack));
}

/* A RST that answers it was seen. */
static bool stray_is_reset(int seen, const char *addr)
{
	uint8_t packet[2048];
	struct segment s;
	ssize_t len = sniff(seen, packet, sizeof(packet), F_RST);

	return len && parse_segment(packet, len, &s) && s.seq == 2000 && s.sport == PORT &&
	       s.saddr == inet_addr(addr);
}

/* A bare ACK for a listener: the RST goes back where it came from. */
VRF_TEST(reset__finds_its_way)
{
	static const char *const dev[] = { "red", "near1", NULL };
	int seen = sniffer(self, RED), raw = raw_socket(self, RED), fd, i;

	for (i = 0; i < 3; i++) {
		accept_all(!dev[i]);
		fd = listener(self->family, dev[i]);
		send_stray(raw, HOME_ADDR);
		EXPECT_TRUE(stray_is_reset(seen, HOME_ADDR));
		close(fd);
	}
}

/* ---- addresses of others ------------------------------------------------- */

/*
 * A transparent proxy without nftables' tproxy, which looks for listeners of the kernel's
 * TCP alone: a rule has what passes through delivered here, to a listener that is bound
 * to any address and may answer from all (IP_TRANSPARENT).
 */
VRF_TEST(transparent__by_policy_routing)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int seen = sniffer(self, PLAIN), fd = make(self->family, NULL), client, conn;
	char byte;

	ASSERT_TRUE(ip("rule add iif near0 ipproto tcp dport %d lookup 100\n"
		       "route add local default dev lo table 100\n", PORT));
	enter(self->far[PLAIN]);
	ASSERT_TRUE(ip("route add default via %s\n", siit_text(HOME_ADDR)));
	enter(self->home);
	ASSERT_EQ(0, set_int(fd, SOL_IP, IP_TRANSPARENT, 1));
	ASSERT_EQ(0, do_bind(fd, "0.0.0.0", PORT));
	ASSERT_EQ(0, listen(fd, 8));
	enter(self->far[PLAIN]);
	client = make(AF_INET, NULL);
	ASSERT_EQ(0, do_connect(client, ELSEWHERE, PORT));
	enter(self->home);
	conn = accept(fd, NULL, NULL);
	ASSERT_LE(0, conn);
	ASSERT_EQ(0, getsockname(conn, (struct sockaddr *)&name, &len));
	EXPECT_EQ(inet_addr(ELSEWHERE), name.sin_addr.s_addr);
	EXPECT_TRUE(talk(client, conn, 't'));
	EXPECT_TRUE(talk(conn, client, 'T'));
	/* what leaves without a socket comes from there, too */
	send_stray(raw_socket(self, PLAIN), ELSEWHERE);
	EXPECT_TRUE(stray_is_reset(seen, ELSEWHERE));
	close(conn);
	EXPECT_EQ(0, recv(client, &byte, 1, 0));
	ASSERT_EQ(0, shutdown(client, SHUT_WR));
	EXPECT_TRUE(await(fd_state(client) == XTCP_CLOSE));
}

/* ---- ports --------------------------------------------------------------- */

static int try_bind(int family, const char *dev)
{
	int fd = make(family, dev);
	int err = do_bind(fd, "0.0.0.0", FAR_PORT);

	close(fd);
	return err;
}

static int hold(int family, const char *dev)
{
	int fd = make(family, dev);

	return do_bind(fd, "0.0.0.0", FAR_PORT) ? -1 : fd;
}

static void apart(struct __test_metadata *_metadata, int ours, int theirs)
{
	EXPECT_LE(0, hold(ours, "red"));
	EXPECT_EQ(EADDRINUSE, try_bind(theirs, "red"));
	EXPECT_EQ(0, try_bind(theirs, "blue"));
	EXPECT_EQ(0, try_bind(theirs, "near2"));
	EXPECT_EQ(0, try_bind(theirs, NULL));
	EXPECT_EQ(0, try_bind(theirs, "near0"));
	/* another device of the same VRF, as outside of any */
	EXPECT_EQ(0, try_bind(theirs, "near1"));
	EXPECT_LE(0, hold(theirs, NULL));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, NULL));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, "near0"));
	EXPECT_EQ(0, try_bind(ours, "blue"));
}

VRF_TEST(port__each_vrf_has_its_own)
{
	apart(_metadata, self->family, self->family);
}

VRF_TEST(port__of_the_kernel)
{
	if (test_inet())
		SKIP(return, "there is nobody beside it");
	apart(_metadata, self->family, AF_INET);
}

VRF_TEST(port__of_the_kernel_first)
{
	if (test_inet())
		SKIP(return, "there is nobody beside it");
	apart(_metadata, AF_INET, self->family);
}

/* Who serves all has the port in all. */
VRF_TEST(port__one_for_all)
{
	int all;

	accept_all(true);
	all = hold(self->family, NULL);
	ASSERT_LE(0, all);
	EXPECT_EQ(EADDRINUSE, try_bind(self->family, "red"));
	EXPECT_EQ(EADDRINUSE, try_bind(self->family, "near2"));
	EXPECT_EQ(EADDRINUSE, try_bind(self->family, "near0"));
	close(all);
	ASSERT_LE(0, hold(self->family, "red"));
	EXPECT_EQ(EADDRINUSE, try_bind(self->family, NULL));
	EXPECT_EQ(0, try_bind(self->family, "blue"));
}

/* The kernel's setting is for the kernel's sockets. */
VRF_TEST(port__settings_differ)
{
	if (test_inet())
		SKIP(return, "there is one setting");
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv4/tcp_l3mdev_accept", "1"));
	ASSERT_LE(0, hold(self->family, "red"));
	EXPECT_LE(0, hold(self->family, NULL));
	EXPECT_LE(0, hold(self->family, "blue"));
	EXPECT_EQ(EADDRINUSE, try_bind(self->family, "red"));
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, NULL));
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, "red"));
}

TEST_HARNESS_MAIN
