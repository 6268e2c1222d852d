// SPDX-License-Identifier: GPL-2.0
/*
 * Who may have which local address and port: sockets of the family among
 * themselves, and beside the kernel's TCP.
 *
 * Everything happens on the loopback device of a new namespace; "ours" are
 * sockets of the family under test, "theirs" the kernel's.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#include "util.h"

/* gcc inlines short tests into the harness's vfork() and then doubts it. */
#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		7777
#define ANY		INADDR_ANY
#define LO1		INADDR_LOOPBACK
#define LO2		(INADDR_LOOPBACK + 1)

/* Socket options, as bits. */
#define STRICT		0
#define REUSE		1	/* SO_REUSEADDR */
#define GROUP		2	/* SO_REUSEPORT */
#define ALL_OPTIONS	4

static int ours;

static const char *option_name(int options)
{
	static const char *const names[ALL_OPTIONS] = {
		"neither", "SO_REUSEADDR", "SO_REUSEPORT", "both"
	};

	return names[options];
}

static struct sockaddr_in addr4(uint32_t addr, int port)
{
	return (struct sockaddr_in) {
		.sin_family	 = AF_INET,
		.sin_addr.s_addr = htonl(addr),
		.sin_port	 = htons(port),
	};
}

static int make(int family, int options)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    ((options & REUSE) && set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1)) ||
	    ((options & GROUP) && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1)))
		abort();
	return fd;
}

/* All of these return 0 or an errno. */
static int bind4(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = addr4(addr, port);

	return bind(fd, (void *)&a, sizeof(a)) ? errno : 0;
}

static int bind6(int fd, const char *addr, int port)
{
	struct sockaddr_in6 a = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	inet_pton(AF_INET6, addr, &a.sin6_addr);
	return bind(fd, (void *)&a, sizeof(a)) ? errno : 0;
}

static int connect4(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = addr4(addr, port);

	return connect(fd, (void *)&a, sizeof(a)) ? errno : 0;
}

static int do_listen(int fd)
{
	return listen(fd, 8) ? errno : 0;
}

static int port_of(int fd)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);

	return getsockname(fd, (void *)&a, &len) ? -1 : ntohs(a.sin_port);
}

/* A bound socket, or death. */
static int bound(int family, int options, uint32_t addr, int port)
{
	int fd = make(family, options);

	errno = bind4(fd, addr, port);
	if (errno) {
		perror("bind");
		abort();
	}
	return fd;
}

static int listener(int family, int options, uint32_t addr, int port)
{
	int fd = bound(family, options, addr, port);

	errno = do_listen(fd);
	if (errno) {
		perror("listen");
		abort();
	}
	return fd;
}

/* What a new socket gets when it binds. */
static int try_bind(int family, int options, uint32_t addr, int port)
{
	int fd = make(family, options);
	int err = bind4(fd, addr, port);

	close(fd);
	return err;
}

static int try_bind6(int options, const char *addr, bool v6only, int port)
{
	int fd = make(AF_INET6, options);
	int err;

	set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
	err = bind6(fd, addr, port);
	close(fd);
	return err;
}

static bool set_range(int low, int high)
{
	char range[32];

	snprintf(range, sizeof(range), "%d %d", low, high);
	return proc_write("/proc/sys/net/ipv4/ip_local_port_range", range);
}

/* A connection of @family to a listener on @port; both ends. */
struct pair {
	int	client;
	int	server;
};

static struct pair connected(int family, int lfd, uint32_t addr, int port)
{
	struct pair p;

	p.client = make(family, STRICT);
	errno = connect4(p.client, addr, port);
	if (errno) {
		perror("connect");
		abort();
	}
	p.server = accept(lfd, NULL, NULL);
	if (p.server < 0) {
		perror("accept");
		abort();
	}
	return p;
}

/* Leave an entry in TIME_WAIT on the server's port. */
static void leave_timewait(int family, int lfd, uint32_t addr, int port)
{
	struct pair p = connected(family, lfd, addr, port);

	close(p.server);
	/* the client's end of file: our FIN is there, then goes its own */
	fd_poll(p.client, POLLIN, PATIENCE_MS);
	close(p.client);
	usleep(50000);
}

FIXTURE(port) {
};

FIXTURE_SETUP(port)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	const char *missing = xtcp_missing();
	int fd;

	if (missing)
		SKIP(return, "%s", missing);
	ours = test_family();
	if (unshare(CLONE_NEWNET))
		SKIP(return, "no permission to make a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

FIXTURE_TEARDOWN(port)
{
}

/* ---- beside the kernel's TCP ---------------------------------------------------- */

static const uint32_t addrs[] = { LO1, LO2, ANY };
#define NR_ADDRS	3

static bool overlap(uint32_t a, uint32_t b)
{
	return a == b || a == ANY || b == ANY;
}

/* Whatever options either side has set, the port has one owner. */
static void exclusion(struct __test_metadata *_metadata, int first, int second,
		      bool listening)
{
	for (int i = 0; i < NR_ADDRS * ALL_OPTIONS; i++) {
		uint32_t a = addrs[i / ALL_OPTIONS];
		int ao = i % ALL_OPTIONS;
		int fd = listening ? listener(first, ao, a, PORT) :
				     bound(first, ao, a, PORT);

		for (int k = 0; k < NR_ADDRS * ALL_OPTIONS; k++) {
			uint32_t b = addrs[k / ALL_OPTIONS];
			int bo = k % ALL_OPTIONS;

			EXPECT_EQ(overlap(a, b) ? EADDRINUSE : 0,
				  try_bind(second, bo, b, PORT)) {
				TH_LOG("%#x with %s is there, %#x with %s comes",
				       a, option_name(ao), b, option_name(bo));
			}
		}
		close(fd);
	}
}

#define NOT_INET()							\
	do {								\
		if (test_inet())					\
			SKIP(return, "one TCP cannot be beside itself"); \
	} while (0)

TEST_F(port, kernel__cannot_bind_what_we_bound)
{
	NOT_INET();
	exclusion(_metadata, ours, AF_INET, false);
}

TEST_F(port, kernel__cannot_bind_where_we_listen)
{
	NOT_INET();
	exclusion(_metadata, ours, AF_INET, true);
}

TEST_F(port, kernel__we_cannot_bind_what_it_bound)
{
	NOT_INET();
	exclusion(_metadata, AF_INET, ours, false);
}

TEST_F(port, kernel__we_cannot_bind_where_it_listens)
{
	NOT_INET();
	exclusion(_metadata, AF_INET, ours, true);
}

/*
 * A dual-stack socket of the kernel's overlaps with IPv4, IPV6_V6ONLY does not.
 * One after the other: after a bind of [::] with IPV6_V6ONLY and SO_REUSEPORT,
 * Linux lets a dual-stack one with SO_REUSEPORT pass anything on that port, also
 * sockets of its own (sk_reuseport_match() overlooks fast_ipv6_only).
 */
TEST_F(port, kernel__ipv6)
{
	NOT_INET();
	if (access("/proc/net/if_inet6", F_OK))
		SKIP(return, "the kernel has no IPv6");
	for (int i = 0; i < NR_ADDRS; i++) {
		int fd = bound(ours, REUSE, addrs[i], PORT);

		for (int o = 0; o < ALL_OPTIONS; o++) {
			EXPECT_EQ(EADDRINUSE, try_bind6(o, "::", false, PORT));
			EXPECT_EQ(overlap(addrs[i], LO1) ? EADDRINUSE : 0,
				  try_bind6(o, "::ffff:127.0.0.1", false, PORT));
			EXPECT_EQ(0, try_bind6(o, "::1", false, PORT));
		}
		for (int o = 0; o < ALL_OPTIONS; o++)
			EXPECT_EQ(0, try_bind6(o, "::", true, PORT));
		close(fd);
	}
}

TEST_F(port, kernel__ipv6_was_there)
{
	NOT_INET();
	if (access("/proc/net/if_inet6", F_OK))
		SKIP(return, "the kernel has no IPv6");
	for (int only = 0; only < 2; only++) {
		for (int o = 0; o < ALL_OPTIONS; o++) {
			int fd = make(AF_INET6, o);

			ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, only));
			ASSERT_EQ(0, bind6(fd, "::", PORT));
			for (int i = 0; i < NR_ADDRS; i++) {
				EXPECT_EQ(only ? 0 : EADDRINUSE,
					  try_bind(ours, o, addrs[i], PORT));
			}
			close(fd);
		}
	}
}

/* Two sockets bound with SO_REUSEADDR: the kernel could listen on its own. */
TEST_F(port, kernel__cannot_listen_over_us)
{
	int theirs, mine;

	NOT_INET();
	theirs = bound(AF_INET, REUSE, LO2, PORT);
	mine = bound(ours, REUSE, LO1, PORT);
	EXPECT_EQ(0, do_listen(theirs));
	EXPECT_EQ(0, do_listen(mine));
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE | GROUP, ANY, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, REUSE | GROUP, ANY, PORT));
}

/* The port is the kernel's the moment that we let go of it. */
TEST_F(port, kernel__gets_the_port_back)
{
	int fd;

	NOT_INET();
	for (int i = 0; i < 100; i++) {
		fd = listener(ours, STRICT, ANY, PORT);
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, STRICT, ANY, PORT));
		close(fd);
		fd = listener(AF_INET, STRICT, ANY, PORT);
		EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, ANY, PORT));
		close(fd);
	}
}

/* Both sides at once: never do both have the port. */
TEST_F(port, kernel__race)
{
	struct {
		int	held[2];	/* by the kernel's, by ours */
		int	wins[2];
		int	both;
	} *shared;
	uint64_t end = now_ns() + 2000000000ULL;
	pid_t child;
	int side, fd;

	NOT_INET();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	child = must_fork();
	ASSERT_LE(0, child);
	side = !child;
	srand(side);
	while (now_ns() < end) {
		fd = make(side ? ours : AF_INET, rand() % ALL_OPTIONS);
		if (!bind4(fd, rand() & 1 ? LO1 : ANY, PORT)) {
			__atomic_store_n(&shared->held[side], 1, __ATOMIC_SEQ_CST);
			if (__atomic_load_n(&shared->held[!side], __ATOMIC_SEQ_CST))
				shared->both++;
			shared->wins[side]++;
			__atomic_store_n(&shared->held[side], 0, __ATOMIC_SEQ_CST);
		}
		close(fd);
	}
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	EXPECT_EQ(0, shared->both);
	EXPECT_LT(0, shared->wins[0]);
	EXPECT_LT(0, shared->wins[1]);
}

/* The last of those who share a port counts. */
TEST_F(port, kernel__gets_the_port_back_after_the_last)
{
	int one, two;

	NOT_INET();
	one = bound(ours, REUSE, ANY, PORT);
	two = bound(ours, REUSE, LO1, PORT);
	close(one);
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE, LO1, PORT));
	EXPECT_EQ(0, try_bind(AF_INET, REUSE, LO2, PORT));
	close(two);
	EXPECT_EQ(0, try_bind(AF_INET, STRICT, ANY, PORT));

	one = bound(ours, REUSE, LO1, PORT);
	two = bound(ours, REUSE, ANY, PORT);
	close(two);
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE | GROUP, LO1, PORT));
	EXPECT_EQ(0, try_bind(AF_INET, REUSE, LO2, PORT));
	close(one);
	EXPECT_EQ(0, try_bind(AF_INET, STRICT, ANY, PORT));
}

/* Ours overlap, and the kernel has another address: the wildcard is taken. */
TEST_F(port, kernel__between_our_addresses)
{
	int mine, theirs;

	NOT_INET();
	mine = bound(ours, REUSE, LO1, PORT);
	theirs = bound(AF_INET, REUSE, LO2, PORT);
	EXPECT_EQ(EADDRINUSE, try_bind(ours, REUSE, ANY, PORT));
	EXPECT_EQ(0, try_bind(ours, REUSE, LO1, PORT));
	close(theirs);
	EXPECT_EQ(0, try_bind(ours, REUSE, ANY, PORT));
	close(mine);
}

/* Established connections of the kernel's hold the port, for SO_REUSEADDR, too. */
TEST_F(port, kernel__connections_hold_the_port)
{
	struct pair p;
	int lfd;

	NOT_INET();
	lfd = listener(AF_INET, REUSE | GROUP, LO1, PORT);
	p = connected(AF_INET, lfd, LO1, PORT);
	close(lfd);
	EXPECT_EQ(0, try_bind(AF_INET, REUSE, LO1, PORT));
	for (int o = 0; o < ALL_OPTIONS; o++) {
		EXPECT_EQ(EADDRINUSE, try_bind(ours, o, LO1, PORT));
		EXPECT_EQ(EADDRINUSE, try_bind(ours, o, ANY, PORT));
	}
	EXPECT_EQ(0, try_bind(ours, STRICT, LO2, PORT));
	close(p.client);
	close(p.server);
}

TEST_F(port, kernel__our_connections_hold_the_port)
{
	struct pair p;
	int lfd;

	NOT_INET();
	lfd = listener(ours, REUSE | GROUP, LO1, PORT);
	p = connected(ours, lfd, LO1, PORT);
	close(lfd);
	EXPECT_EQ(0, try_bind(ours, REUSE, LO1, PORT));
	for (int o = 0; o < ALL_OPTIONS; o++) {
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, LO1, PORT));
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, ANY, PORT));
	}
	EXPECT_EQ(0, try_bind(AF_INET, STRICT, LO2, PORT));
	close(p.client);
	close(p.server);
}

/*
 * TIME_WAIT of the kernel's: SO_REUSEADDR helps, if the server had it, too;
 * and while we have the port nobody of the kernel's comes in.
 */
TEST_F(port, kernel__timewait)
{
	int lfd, fd;

	NOT_INET();
	lfd = listener(AF_INET, REUSE, LO1, PORT);
	leave_timewait(AF_INET, lfd, LO1, PORT);
	close(lfd);
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, STRICT, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, GROUP, ANY, PORT));
	EXPECT_EQ(0, try_bind(ours, STRICT, LO2, PORT));

	fd = listener(ours, REUSE, ANY, PORT);
	for (int o = 0; o < ALL_OPTIONS; o++) {
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, LO1, PORT));
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, LO2, PORT));
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, ANY, PORT));
	}
	close(fd);
	EXPECT_EQ(0, try_bind(AF_INET, REUSE, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, STRICT, LO1, PORT));
}

TEST_F(port, kernel__timewait_of_a_strict_server)
{
	int lfd;

	NOT_INET();
	lfd = listener(AF_INET, STRICT, LO1, PORT);
	leave_timewait(AF_INET, lfd, LO1, PORT);
	close(lfd);
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, REUSE, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, REUSE, ANY, PORT));
}

TEST_F(port, kernel__our_timewait)
{
	int lfd;

	NOT_INET();
	lfd = listener(ours, REUSE, LO1, PORT);
	leave_timewait(ours, lfd, LO1, PORT);
	close(lfd);
	for (int o = 0; o < ALL_OPTIONS; o++)
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, o, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, LO1, PORT));
	EXPECT_EQ(0, try_bind(ours, REUSE, LO1, PORT));
}

/* ---- ephemeral ports ------------------------------------------------------------- */

#define RANGE_LOW	40000
#define RANGE		8

/* Each side takes what the other one left, and no more. */
TEST_F(port, ephemeral__bind_shares_the_range)
{
	int taken[RANGE] = { 0 };
	int fd[RANGE];

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE; i++) {
		fd[i] = bound(i & 1 ? AF_INET : ours, STRICT, LO1, 0);
		ASSERT_LE(RANGE_LOW, port_of(fd[i]));
		ASSERT_GT(RANGE_LOW + RANGE, port_of(fd[i]));
		taken[port_of(fd[i]) - RANGE_LOW]++;
	}
	for (int i = 0; i < RANGE; i++)
		EXPECT_EQ(1, taken[i]);
	EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, LO1, 0));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, ANY, 0));
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, STRICT, ANY, 0));
	/* another address has ports of its own, one given back is free */
	EXPECT_EQ(0, try_bind(ours, STRICT, LO2, 0));
	close(fd[3]);
	EXPECT_EQ(0, try_bind(ours, STRICT, LO1, 0));
	close(bound(AF_INET, STRICT, LO1, 0));
}

/* listen() binds a socket that is not bound. */
TEST_F(port, ephemeral__listen)
{
	int fd[RANGE], extra;

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE; i++) {
		fd[i] = make(ours, STRICT);
		ASSERT_EQ(0, do_listen(fd[i]));
		ASSERT_LE(RANGE_LOW, port_of(fd[i]));
	}
	extra = make(ours, STRICT);
	EXPECT_EQ(EADDRINUSE, do_listen(extra));
	close(fd[0]);
	EXPECT_EQ(0, do_listen(extra));
}

/* To one peer each connection has a port of its own ... */
TEST_F(port, ephemeral__connect_until_none_is_left)
{
	int lfd = listener(ours, STRICT, LO1, PORT);
	struct pair p[RANGE];
	int fd;

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE; i++) {
		p[i] = connected(ours, lfd, LO1, PORT);
		ASSERT_LE(RANGE_LOW, port_of(p[i].client));
		ASSERT_GT(RANGE_LOW + RANGE, port_of(p[i].client));
		for (int k = 0; k < i; k++)
			EXPECT_NE(port_of(p[k].client), port_of(p[i].client));
	}
	fd = make(ours, STRICT);
	EXPECT_EQ(EADDRNOTAVAIL, connect4(fd, LO1, PORT));
	close(fd);
}

/* ... and to another peer the same ones can be used. */
TEST_F(port, ephemeral__connections_to_two_peers_share)
{
	int one = listener(ours, STRICT, LO1, PORT);
	int two = listener(ours, STRICT, LO1, PORT + 1);

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE; i++)
		connected(ours, one, LO1, PORT);
	for (int i = 0; i < RANGE; i++)
		connected(ours, two, LO1, PORT + 1);
	EXPECT_EQ(EADDRNOTAVAIL, connect4(make(ours, STRICT), LO1, PORT + 1));
}

/* A port that somebody bound is not chosen, and one that was chosen is held. */
TEST_F(port, ephemeral__connect_avoids_bound_ports)
{
	int lfd = listener(ours, STRICT, LO1, PORT);
	struct pair p[RANGE / 2];
	int fd;

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE / 4; i++) {
		bound(ours, REUSE, LO1, RANGE_LOW + i);
		bound(AF_INET, REUSE, ANY, RANGE_LOW + RANGE / 4 + i);
	}
	for (int i = 0; i < RANGE / 2; i++) {
		p[i] = connected(ours, lfd, LO1, PORT);
		EXPECT_LE(RANGE_LOW + RANGE / 2, port_of(p[i].client));
		EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE | GROUP, LO1,
					       port_of(p[i].client)));
		EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, ANY,
					       port_of(p[i].client)));
	}
	fd = make(ours, STRICT);
	EXPECT_EQ(EADDRNOTAVAIL, connect4(fd, LO1, PORT));
}

/* The kernel's connect() leaves our ports alone, and ours its. */
TEST_F(port, ephemeral__both_sides_connect)
{
	int mine = listener(ours, STRICT, LO1, PORT);
	int theirs, fd;

	NOT_INET();
	theirs = listener(AF_INET, STRICT, LO1, PORT + 1);
	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	for (int i = 0; i < RANGE / 2; i++) {
		connected(ours, mine, LO1, PORT);
		connected(AF_INET, theirs, LO1, PORT + 1);
	}
	fd = make(AF_INET, STRICT);
	EXPECT_EQ(EADDRNOTAVAIL, connect4(fd, LO1, PORT + 1));
	fd = make(ours, STRICT);
	EXPECT_EQ(EADDRNOTAVAIL, connect4(fd, LO1, PORT));
}

/* connect() after bind() has the one port. */
TEST_F(port, ephemeral__bound_connect)
{
	int lfd = listener(ours, STRICT, LO1, PORT);
	int one = bound(ours, REUSE, LO1, PORT + 1);
	int two = bound(ours, REUSE, LO1, PORT + 1);

	EXPECT_EQ(0, connect4(one, LO1, PORT));
	EXPECT_EQ(PORT + 1, port_of(one));
	EXPECT_EQ(EADDRNOTAVAIL, connect4(two, LO1, PORT));
	close(lfd);
}

TEST_F(port, ephemeral__reserved_ports)
{
	int lfd = listener(ours, STRICT, LO1, PORT);
	struct pair p;

	ASSERT_TRUE(set_range(RANGE_LOW, RANGE_LOW + RANGE - 1));
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv4/ip_local_reserved_ports",
			       "40000-40004,40006-40007"));
	p = connected(ours, lfd, LO1, PORT);
	EXPECT_EQ(40005, port_of(p.client));
	close(p.server);
	EXPECT_EQ(EADDRINUSE, try_bind(ours, STRICT, LO1, 0));
	EXPECT_EQ(0, try_bind(ours, STRICT, LO1, 40006));
	EXPECT_EQ(40005, port_of(bound(ours, STRICT, LO2, 0)));
}

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif

TEST_F(port, ephemeral__range_of_a_socket)
{
	int range = (RANGE_LOW + 1) << 16 | RANGE_LOW;
	int fd;

	listener(ours, STRICT, LO1, PORT);
	for (int i = 0; i < 3; i++) {
		fd = make(ours, STRICT);
		if (set_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, range) && !i)
			SKIP(return, "the kernel has no IP_LOCAL_PORT_RANGE");
		EXPECT_EQ(i < 2 ? 0 : EADDRNOTAVAIL, connect4(fd, LO1, PORT));
	}
	fd = make(ours, STRICT);
	ASSERT_EQ(0, set_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, range));
	EXPECT_EQ(EADDRINUSE, bind4(fd, LO1, 0));
	EXPECT_EQ(0, bind4(fd, LO2, 0));
}

/* RFC 6056: ports do not come in order, and a freed one does not come next. */
TEST_F(port, ephemeral__ports_are_not_predictable)
{
	int lfd = listener(ours, STRICT, LO1, PORT);
	int last = 0, same = 0;
	struct pair p;

	for (int i = 0; i < 50; i++) {
		p = connected(ours, lfd, LO1, PORT);
		same += port_of(p.client) == last;
		last = port_of(p.client);
		close(p.server);
		fd_poll(p.client, POLLIN, PATIENCE_MS);
		close(p.client);
	}
	EXPECT_EQ(0, same);
}

/* ---- among our own: as the kernel does among its own ---------------------------- */

/* What one socket does to hold the port. */
enum hold {
	BOUND,
	LISTENING,
	CONNECTION,	/* a listener's child, the listener is gone */
	TIMEWAIT,	/* a listener's child in TIME_WAIT, the listener is gone */
	NR_HOLDS
};

static const char *const hold_names[NR_HOLDS] = {
	"bound", "listening", "a connection", "in TIME_WAIT"
};

/* One socket holds the port, another one binds and listens. */
static int scenario(int family, enum hold hold, int aopt, uint32_t a, int bopt,
		    uint32_t b, int port)
{
	struct pair p = { -1, -1 };
	int first, second, err;

	first = hold == BOUND ? bound(family, aopt, a, port) :
				listener(family, aopt, a, port);
	if (hold == CONNECTION)
		p = connected(family, first, a == ANY ? LO1 : a, port);
	if (hold == TIMEWAIT)
		leave_timewait(family, first, a == ANY ? LO1 : a, port);
	if (hold >= CONNECTION)
		close(first);

	second = make(family, bopt);
	err = bind4(second, b, port);
	if (!err)
		err = do_listen(second) ? -EADDRINUSE : 0;
	close(second);

	if (hold < CONNECTION)
		close(first);
	if (hold == CONNECTION) {
		close(p.client);
		close(p.server);
	}
	return err;
}

static void as_the_kernel(struct __test_metadata *_metadata, enum hold hold)
{
	int port = 10000;

	NOT_INET();
	for (int i = 0; i < NR_ADDRS * ALL_OPTIONS; i++) {
		for (int k = 0; k < NR_ADDRS * ALL_OPTIONS; k++) {
			uint32_t a = addrs[i / ALL_OPTIONS];
			uint32_t b = addrs[k / ALL_OPTIONS];
			int ao = i % ALL_OPTIONS;
			int bo = k % ALL_OPTIONS;
			int theirs, mine;

			/* Connections of a wildcard listener hold all of it. */
			if (hold >= CONNECTION && a == ANY && b == LO2)
				continue;
			theirs = scenario(AF_INET, hold, ao, a, bo, b, port++);
			mine = scenario(ours, hold, ao, a, bo, b, port++);
			EXPECT_EQ(theirs, mine) {
				TH_LOG("%#x with %s is %s, %#x with %s comes", a,
				       option_name(ao), hold_names[hold], b,
				       option_name(bo));
			}
		}
	}
}

TEST_F(port, own__bound)
{
	as_the_kernel(_metadata, BOUND);
}

TEST_F(port, own__listening)
{
	as_the_kernel(_metadata, LISTENING);
}

TEST_F(port, own__connection)
{
	as_the_kernel(_metadata, CONNECTION);
}

TEST_F(port, own__timewait)
{
	as_the_kernel(_metadata, TIMEWAIT);
}

/* SO_REUSEPORT is for sockets of one user. */
TEST_F(port, own__another_user)
{
	listener(ours, GROUP, LO1, PORT);
	EXPECT_EQ(0, try_bind(ours, GROUP, LO1, PORT));
	if (setreuid(12345, 12345))
		SKIP(return, "no permission to become another user");
	EXPECT_EQ(EADDRINUSE, try_bind(ours, GROUP, LO1, PORT));
	EXPECT_EQ(EADDRINUSE, try_bind(ours, GROUP | REUSE, LO1, PORT));
}

TEST_F(port, own__devices_keep_apart)
{
	int lo = make(ours, STRICT);
	int other = make(ours, STRICT);
	int any = make(ours, STRICT);

	ASSERT_EQ(0, setsockopt(lo, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, bind4(lo, ANY, PORT));
	EXPECT_EQ(EADDRINUSE, bind4(any, ANY, PORT));
	if (system("ip link add d0 type dummy 2>/dev/null"))
		SKIP(return, "no dummy device");
	ASSERT_EQ(0, setsockopt(other, SOL_SOCKET, SO_BINDTODEVICE, "d0", 3));
	EXPECT_EQ(0, bind4(other, ANY, PORT));
	EXPECT_EQ(0, do_listen(lo));
	EXPECT_EQ(0, do_listen(other));
	/* nor is the kernel kept from other devices */
	EXPECT_EQ(EADDRINUSE, try_bind(AF_INET, REUSE, ANY, PORT));
}

/* Of two that SO_REUSEADDR let bind the same port, one may listen. */
TEST_F(port, own__one_may_listen)
{
	int one = bound(ours, REUSE, LO1, PORT);
	int two = bound(ours, REUSE, ANY, PORT);

	EXPECT_EQ(0, do_listen(one));
	EXPECT_EQ(EADDRINUSE, do_listen(two));
	close(one);
	EXPECT_EQ(0, do_listen(two));
}

/* A listener that stops listening is as good as bound. */
TEST_F(port, own__stop_listening)
{
	int one = listener(ours, REUSE, LO1, PORT);
	int two = make(ours, REUSE);

	EXPECT_EQ(EADDRINUSE, bind4(two, LO1, PORT));
	ASSERT_EQ(0, shutdown(one, SHUT_RDWR));
	EXPECT_EQ(0, bind4(two, LO1, PORT));
	EXPECT_EQ(0, do_listen(two));
	EXPECT_EQ(EADDRINUSE, do_listen(one));
}

/* The least time that some calls of bind() for @port took, of several tries. */
static uint64_t bind_time(int port)
{
	uint64_t began, sum, least = UINT64_MAX;
	int fd, err;

	for (int try = 0; try < 20; try++) {
		sum = 0;
		for (int i = 0; i < 20; i++) {
			fd = make(ours, REUSE);
			began = now_ns();
			err = bind4(fd, LO1, port);
			sum += now_ns() - began;
			close(fd);
			if (err)
				abort();
		}
		if (sum < least)
			least = sum;
	}
	return least;
}

/* Connections and TIME_WAIT entries do not make bind() slow. */
TEST_F(port, own__bind_beside_many)
{
	int lfd = listener(ours, REUSE, LO1, PORT);
	uint64_t alone, beside;
	struct pair p;

	if (test_inet())
		SKIP(return, "the kernel's TCP walks over them");
	for (int i = 0; i < 200; i++)
		connected(ours, lfd, LO1, PORT);
	for (int i = 0; i < 1000; i++) {
		p = connected(ours, lfd, LO1, PORT);
		close(p.server);
		fd_poll(p.client, POLLIN, PATIENCE_MS);
		close(p.client);
	}
	close(lfd);
	alone = bind_time(PORT + 1);
	beside = bind_time(PORT);
	EXPECT_GT(3 * alone, beside);
}

TEST_HARNESS_MAIN
