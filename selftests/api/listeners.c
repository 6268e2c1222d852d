// SPDX-License-Identifier: GPL-2.0
/*
 * Many sockets on one port: who gets a connection, who may have the port as well, and
 * what observers see while listeners come and go.
 *
 * Everything happens on the loopback device of a new namespace.  With
 * WIRE_FAMILY=inet the kernel's own TCP plays.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/xtcp.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "diag.h"
#include "fixture.h"

#define PORT		7000
#define SERVER_PORT	7001
#define MEMBERS		3
/* No member of a group is left out by chance: 3 * (2/3)^50. */
#define CONNECTIONS	50
#define STEADY		300

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT	24
#endif

static struct sockaddr_in at(uint32_t addr, int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
}

/* 127.0.0.N */
static uint32_t lo(int n)
{
	return (INADDR_LOOPBACK & ~0xffU) + n;
}

static int tcp(void)
{
	return socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int try_bind(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	return bind(fd, (void *)&a, sizeof(a));
}

/* A connection that is there when this returns, unless nobody listens. */
static int try_connect(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	if (!connect(fd, (void *)&a, sizeof(a)))
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	fd_poll(fd, POLLOUT, PATIENCE_MS);
	errno = fd_error(fd);
	return errno ? -1 : 0;
}

/* A member of a group; @device: NULL: any. */
static int member(uint32_t addr, int port, const char *device)
{
	int fd = tcp();

	if (set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    (device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device))) ||
	    try_bind(fd, addr, port) || listen(fd, CONNECTIONS)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* How many connections wait for accept(). */
static int take_all(int listener)
{
	int fd, n = 0;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	return n;
}

static bool connect_many(uint32_t addr, int port, int n)
{
	bool ok = true;

	while (n--) {
		int fd = tcp();

		ok &= !try_connect(fd, addr, port);
		close(fd);
	}
	return ok;
}

FIXTURE(listeners) {
	int	unused;
};

FIXTURE_SETUP(listeners)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	const char *why = xtcp_missing();
	int fd;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

FIXTURE_TEARDOWN(listeners)
{
}

/* ---- who gets a connection -------------------------------------------------- */

TEST_F(listeners, lookup__address_before_wildcard)
{
	int any = member(INADDR_ANY, PORT, NULL);
	int one = member(lo(2), PORT, NULL);
	int later = member(lo(3), PORT, NULL);

	ASSERT_GE(any, 0);
	ASSERT_GE(one, 0);
	ASSERT_GE(later, 0);
	ASSERT_TRUE(connect_many(lo(2), PORT, 10));
	ASSERT_TRUE(connect_many(lo(4), PORT, 20));
	EXPECT_EQ(take_all(one), 10);
	EXPECT_EQ(take_all(any), 20);
	EXPECT_EQ(take_all(later), 0);

	/* without it the wildcard has them */
	close(one);
	ASSERT_TRUE(connect_many(lo(2), PORT, 5));
	EXPECT_EQ(take_all(any), 5);
}

TEST_F(listeners, lookup__device_before_none)
{
	int any = member(INADDR_ANY, PORT, NULL);
	int bound = member(INADDR_ANY, PORT, "lo");

	ASSERT_GE(any, 0);
	ASSERT_GE(bound, 0);
	ASSERT_TRUE(connect_many(lo(1), PORT, 10));
	EXPECT_EQ(take_all(bound), 10);
	close(bound);
	ASSERT_TRUE(connect_many(lo(1), PORT, 10));
	EXPECT_EQ(take_all(any), 10);
}

/* Linux gives a group that began to listen later all of them. */
TEST_F(listeners, lookup__device_before_a_later_group)
{
	int bound = member(INADDR_ANY, PORT, "lo");
	int any = member(INADDR_ANY, PORT, NULL);

	XTCP_ONLY();
	ASSERT_GE(bound, 0);
	ASSERT_GE(any, 0);
	ASSERT_TRUE(connect_many(lo(1), PORT, 10));
	EXPECT_EQ(take_all(bound), 10);
	EXPECT_EQ(take_all(any), 0);
}

/* Whoever leaves a group, the others go on, to the last. */
TEST_F(listeners, lookup__members_leave)
{
	int fd[MEMBERS], i, left;

	for (i = 0; i < MEMBERS; i++) {
		fd[i] = member(lo(1), PORT, NULL);
		ASSERT_GE(fd[i], 0);
	}
	for (left = MEMBERS; left; left--) {
		int sum = 0;

		ASSERT_TRUE(connect_many(lo(1), PORT, CONNECTIONS));
		for (i = 0; i < left; i++) {
			int got = take_all(fd[i]);

			EXPECT_GT(got, 0);
			sum += got;
		}
		EXPECT_EQ(sum, CONNECTIONS);
		/* the first, then the last of those that are left */
		i = left % 2 ? 0 : left - 1;
		close(fd[i]);
		fd[i] = fd[left - 1];
	}
	i = tcp();
	EXPECT_EQ(try_connect(i, lo(1), PORT), -1);
	EXPECT_EQ(errno, ECONNREFUSED);
}

/* One that was in a group, left it and listens again. */
TEST_F(listeners, lookup__member_returns)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int a = member(lo(1), PORT, NULL), b = member(lo(1), PORT, NULL);
	int got;

	ASSERT_GE(a, 0);
	ASSERT_GE(b, 0);
	ASSERT_EQ(connect(a, &unspec, sizeof(unspec)), 0);
	ASSERT_TRUE(connect_many(lo(1), PORT, 10));
	EXPECT_EQ(take_all(b), 10);
	ASSERT_EQ(listen(a, CONNECTIONS), 0);
	ASSERT_TRUE(connect_many(lo(1), PORT, CONNECTIONS));
	got = take_all(a);
	EXPECT_GT(got, 0);
	EXPECT_EQ(take_all(b) + got, CONNECTIONS);
}

/* ---- who may have a port as well --------------------------------------------- */

TEST_F(listeners, bind__after_a_member_unset_reuseport)
{
	int old = member(lo(1), PORT, NULL), fd;

	ASSERT_GE(old, 0);
	ASSERT_EQ(set_int(old, SOL_SOCKET, SO_REUSEPORT, 0), 0);
	fd = member(lo(1), PORT, NULL);
	EXPECT_GE(fd, 0);
	/* but not one without it */
	fd = tcp();
	EXPECT_EQ(try_bind(fd, lo(1), PORT), -1);
	EXPECT_EQ(errno, EADDRINUSE);
}

/* connect() leaves alone what somebody bound, and be it to another address. */
TEST_F(listeners, connect__port_is_bound_elsewhere)
{
	char range[32];
	int server, first, other, fd;

	snprintf(range, sizeof(range), "%d %d", PORT, PORT);
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv4/ip_local_port_range", range));
	server = tcp();
	ASSERT_EQ(try_bind(server, INADDR_ANY, SERVER_PORT), 0);
	ASSERT_EQ(listen(server, 10), 0);

	first = tcp();
	ASSERT_EQ(set_int(first, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1), 0);
	ASSERT_EQ(try_bind(first, lo(1), 0), 0);
	ASSERT_EQ(try_connect(first, lo(9), SERVER_PORT), 0);

	/* as long as nobody did, another address may have the port */
	fd = tcp();
	ASSERT_EQ(set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1), 0);
	ASSERT_EQ(try_bind(fd, lo(3), 0), 0);
	EXPECT_EQ(try_connect(fd, lo(9), SERVER_PORT), 0);
	ASSERT_EQ(set_linger(fd, 0), 0);
	close(fd);

	other = tcp();
	ASSERT_EQ(try_bind(other, lo(2), PORT), 0);
	fd = tcp();
	ASSERT_EQ(set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1), 0);
	ASSERT_EQ(try_bind(fd, lo(3), 0), 0);
	EXPECT_EQ(try_connect(fd, lo(9), SERVER_PORT), -1);
	EXPECT_EQ(errno, EADDRNOTAVAIL);
}

/* Every port has a connection to one peer: there are as many to another. */
TEST_F(listeners, connect__until_no_port_is_left)
{
	int server, i, fd, ports = 64;
	char range[32];

	snprintf(range, sizeof(range), "%d %d", PORT + 100, PORT + 100 + ports - 1);
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv4/ip_local_port_range", range));
	server = tcp();
	ASSERT_EQ(try_bind(server, INADDR_ANY, SERVER_PORT), 0);
	ASSERT_EQ(listen(server, 4 * ports), 0);
	for (i = 0; i < 2 * ports; i++) {
		fd = tcp();
		ASSERT_EQ(try_connect(fd, lo(1 + i / ports), SERVER_PORT), 0) {
			TH_LOG("connection %d: %s", i, strerror(errno));
		}
	}
	for (i = 0; i < 2; i++) {
		fd = tcp();
		EXPECT_EQ(try_connect(fd, lo(1 + i), SERVER_PORT), -1);
		EXPECT_EQ(errno, EADDRNOTAVAIL);
	}
}

/* ---- what observers see ------------------------------------------------------ */

static int diag_listener(uint32_t addr, int port, uint64_t cookie, struct inet_diag_msg *out)
{
	const struct sockaddr_in local = {
		.sin_port = htons(port), .sin_addr.s_addr = htonl(addr),
	};
	struct diag_request q = diag_request(SOCK_DIAG_BY_FAMILY, 0, &local, NULL);
	int fd = diag_open();
	char buf[8192];
	struct nlmsghdr *h = (void *)buf;
	int len = -1;

	q.req.id.idiag_cookie[0] = cookie;
	q.req.id.idiag_cookie[1] = cookie >> 32;
	if (send(fd, &q, sizeof(q), 0) == sizeof(q))
		len = recv(fd, buf, sizeof(buf), 0);
	close(fd);
	if (len < 0)
		return -errno;
	if (h->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(h))->error;
	*out = *(struct inet_diag_msg *)NLMSG_DATA(h);
	return 0;
}

TEST_F(listeners, diag__member_by_its_cookie)
{
	struct inet_diag_msg msg;
	uint64_t cookie[MEMBERS];
	socklen_t len;
	int i, fd[MEMBERS];

	XTCP_ONLY();
	for (i = 0; i < MEMBERS; i++) {
		fd[i] = member(lo(1), PORT, NULL);
		len = sizeof(cookie[i]);
		ASSERT_EQ(getsockopt(fd[i], SOL_SOCKET, SO_COOKIE, &cookie[i], &len), 0);
	}
	for (i = 0; i < MEMBERS; i++) {
		ASSERT_EQ(diag_listener(lo(1), PORT, cookie[i], &msg), 0);
		EXPECT_EQ(msg.id.idiag_cookie[0], (uint32_t)cookie[i]);
		EXPECT_EQ(msg.idiag_state, XTCP_LISTEN);
	}
	EXPECT_EQ(diag_listener(lo(1), PORT, ~cookie[0], &msg), -ENOENT);
	EXPECT_EQ(diag_listener(lo(2), PORT, ~0ULL, &msg), -ENOENT);
	EXPECT_EQ(diag_listener(lo(1), PORT, ~0ULL, &msg), 0);
}

static bool stop;

static void *come_and_go(void *arg)
{
	int i = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int fd = tcp();

		if (!try_bind(fd, lo(2), PORT + i++ % STEADY))
			listen(fd, 1);
		close(fd);
	}
	return arg;
}

/* Those that listen all the time are in a table once, however it is read. */
TEST_F(listeners, proc__each_once)
{
	unsigned int seen[STEADY];
	char line[256];
	pthread_t others;
	int i, turn;

	XTCP_ONLY();
	for (i = 0; i < STEADY; i++) {
		int fd = tcp();

		ASSERT_EQ(try_bind(fd, lo(1), PORT + i), 0);
		ASSERT_EQ(listen(fd, 1), 0);
	}
	ASSERT_EQ(pthread_create(&others, NULL, come_and_go, NULL), 0);
	for (turn = 0; turn < 10; turn++) {
		FILE *f = fopen("/proc/thread-self/net/xtcp", "re");

		ASSERT_NE(f, NULL);
		/* a few rows at a time */
		setvbuf(f, NULL, _IOFBF, 512);
		memset(seen, 0, sizeof(seen));
		while (fgets(line, sizeof(line), f)) {
			unsigned int addr, port;

			if (sscanf(line, " %*d: %x:%x", &addr, &port) == 2 &&
			    addr == htonl(lo(1)) && port >= PORT && port < PORT + STEADY)
				seen[port - PORT]++;
		}
		fclose(f);
		for (i = 0; i < STEADY; i++)
			EXPECT_EQ(seen[i], 1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(others, NULL);
}

/* ---- the group that tells events ---------------------------------------------- */

static int on_group(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
		*(uint32_t *)data = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_family(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, h, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(group, attr)
			mnl_attr_parse_nested(group, on_group, data);
	}
	return MNL_CB_OK;
}

static uint32_t events_group(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);
	char buf[8192];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;
	uint32_t id = 0;
	int len;

	h->nlmsg_type = GENL_ID_CTRL;
	h->nlmsg_flags = NLM_F_REQUEST;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->cmd = CTRL_CMD_GETFAMILY;
	g->version = 1;
	mnl_attr_put_strz(h, CTRL_ATTR_FAMILY_NAME, XTCP_GENL_NAME);
	mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID);
	mnl_socket_sendto(nl, h, h->nlmsg_len);
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	mnl_cb_run(buf, len, 0, 0, on_family, &id);
	mnl_socket_close(nl);
	return id;
}

/* Each member costs every connection, so not anybody may be one. */
TEST_F(listeners, events__for_the_administrator)
{
	uint32_t group = events_group();
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	XTCP_ONLY();
	ASSERT_NE(group, 0);
	EXPECT_EQ(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
	close(fd);
	ASSERT_EQ(syscall(SYS_setresuid, 65534, 65534, 65534), 0);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	EXPECT_EQ(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), -1);
	EXPECT_EQ(errno, EPERM);
}

/* ---- races --------------------------------------------------------------------- */

static void *race_listen(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int a = member(lo(1), PORT, NULL), b = member(INADDR_ANY, PORT, NULL);

		close(a);
		close(b);
	}
	return arg;
}

static void *race_connect(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct sockaddr_in a = at(lo(1), PORT);
		int fd = tcp();

		set_linger(fd, 0);
		connect(fd, (void *)&a, sizeof(a));
		close(fd);
	}
	return arg;
}

static void *race_look(void *arg)
{
	struct inet_diag_msg msg;
	char buf[512];

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int fd = open("/proc/thread-self/net/xtcp", O_RDONLY | O_CLOEXEC);

		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
		diag_listener(lo(1), PORT, ~1ULL, &msg);
	}
	return arg;
}

static unsigned long heard;

/* Somebody watches the events of all, as "xtcpstat events" does. */
static void *race_watch(void *arg)
{
	uint32_t group = events_group();
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	char buf[8192];

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		abort();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		if (recv(fd, buf, sizeof(buf), 0) > 0)
			heard++;
	close(fd);
	return arg;
}

#define ACTORS	4

static void act(void *(*const actors[ACTORS])(void *))
{
	struct timespec pause = { .tv_sec = race_seconds(2) };
	pthread_t thread[ACTORS];
	int i;

	for (i = 0; i < ACTORS; i++)
		if (pthread_create(&thread[i], NULL, actors[i], NULL))
			abort();
	nanosleep(&pause, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ACTORS; i++)
		pthread_join(thread[i], NULL);
}

/* Nobody is left, and the port is free. */
static bool port_is_free(void)
{
	int fd = tcp();

	if (try_connect(fd, lo(1), PORT) != -1)
		return false;
	fd = tcp();
	return !try_bind(fd, INADDR_ANY, PORT) && !listen(fd, 1);
}

/* Groups form and dissolve while connections and observers look for them. */
TEST_F_TIMEOUT(listeners, race__groups, RACE_TIMEOUT)
{
	act((void *(*[])(void *)) { race_listen, race_listen, race_connect, race_look });
	EXPECT_TRUE(port_is_free());
}

/*
 * Listeners close, and with them children that nobody accepted, while each edge is told: by
 * whom, or by which segment.  Lockdep sees what is held then (check-debug).
 */
TEST_F_TIMEOUT(listeners, race__watched, RACE_TIMEOUT)
{
	XTCP_ONLY();
	act((void *(*[])(void *)) { race_listen, race_connect, race_connect, race_watch });
	EXPECT_TRUE(port_is_free());
	EXPECT_NE(heard, 0);
}

TEST_HARNESS_MAIN
