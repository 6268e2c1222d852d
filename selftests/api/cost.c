// SPDX-License-Identifier: GPL-2.0
/*
 * What a call costs among many sockets, beside the kernel's TCP in the same boot.
 *
 * A row makes the sockets in a new namespace and measures one kind of call, once over
 * each family in turn.  On a machine whose clock counts instructions (selftests/vm/run
 * --icount) xtcp may take 1.2 times what the kernel's TCP takes, in the mean.  Elsewhere
 * it is time, and the quickest call counts, which nothing interrupted, with a bound that
 * a busy machine keeps: what is linear where it should not be is over it, by far.
 *
 * "make cost" prints the table of instructions.
 *
 *	XTCP_ICOUNT=1	the clock counts instructions
 *	XTCP_COST=N	this many times as many sockets
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/xtcp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#include "cost.h"
#include "util.h"

#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		6000
#define OTHER_PORT	6001
#define LISTENERS	2000
#define MEMBERS		2000
#define ADDRESSES	4000
#define ENTRIES		2000
#define LOW		20000
#define PORTS		2000
#define NAMESPACES	48
#define OPS		32
#define DUMPS		8
#define TURNS		3
/*
 * A turn makes that many sockets, on a machine that has other work as well; and a clock
 * that counts instructions leaps while they all wait for the host.
 */
#define ROW_TIMEOUT	600
/* How long TIME_WAIT is by default; timers may be late. */
#define TIMEWAIT_S	60
#define LATE_S		5

/* Of a call; filled in by the child that a turn is. */
static uint64_t *cost;

static struct sockaddr_in at(uint32_t addr, int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(addr),
	};
}

static void give_up(const char *what)
{
	fprintf(stderr, "# %s: %s\n", what, strerror(errno));
	_exit(1);
}

#define must(call) ({							\
	__typeof__(call) __ret = (call);				\
									\
	if (__ret < 0)							\
		give_up(#call);						\
	__ret;								\
})

/* Sockets beside those that are measured: many, or next to none. */
static bool few;

static int scaled(int n)
{
	return few ? n / 100 : n * env_number("XTCP_COST", 1);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The calls of a row. */
static struct {
	uint64_t	began;
	uint64_t	sum;
	uint64_t	least;
	unsigned int	n;
} calls = { .least = UINT64_MAX };

static uint64_t cost_of_call(void)
{
	return counts_instructions() ? calls.sum / calls.n : calls.least;
}

/* Nobody's work but the row's is counted: not that of rows before, nor what it began. */
static void call_begins(void)
{
	if (!calls.n && counts_instructions() && !come_to_rest())
		give_up("come_to_rest");
	calls.began = now_ns();
}

static void call_ends(void)
{
	uint64_t took = now_ns() - calls.began;

	calls.sum += took;
	calls.n++;
	if (took < calls.least)
		calls.least = took;
}

#define count(call) ({							\
	__typeof__(call) __result;					\
									\
	call_begins();							\
	__result = (call);						\
	call_ends();							\
	__result;							\
})

static void new_namespace(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	must(unshare(CLONE_NEWNET));
	fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	must(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

static int tcp(int family)
{
	return must(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void bind_to(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	must(bind(fd, (void *)&a, sizeof(a)));
}

static int listener(int family, uint32_t addr, int port)
{
	int fd = tcp(family);

	bind_to(fd, addr, port);
	must(listen(fd, 4096));
	return fd;
}

static int try_connect(int fd, uint32_t addr, int port)
{
	struct sockaddr_in a = at(addr, port);

	return connect(fd, (void *)&a, sizeof(a));
}

/* Many listeners on different addresses of one port. */
static void many_listeners(int family)
{
	int i, n = scaled(LISTENERS);

	for (i = 0; i < n; i++)
		listener(family, INADDR_LOOPBACK + 1 + i, PORT);
}

/* ---- rows ------------------------------------------------------------------------ */

/* A SYN to an address of the port where nobody listens. */
static void syn_among_listeners(int family)
{
	int i;

	many_listeners(family);
	for (i = 0; i < OPS; i++) {
		int fd = tcp(family);

		count(try_connect(fd, INADDR_LOOPBACK, PORT));
	}
}

/* One more listener.  Enough of them for the pages that they take to be in the mean. */
static void listen_among_listeners(int family)
{
	int i, n = scaled(LISTENERS);

	many_listeners(family);
	for (i = 0; i < 16 * OPS; i++)
		count(listener(family, INADDR_LOOPBACK + 1 + n + i, PORT));
}

static int diag_socket(void)
{
	return must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
}

struct diag_request {
	struct nlmsghdr		h;
	struct inet_diag_req_v2	r;
};

static struct diag_request diag_request(int family, int flags)
{
	return (struct diag_request) {
		.h = { sizeof(struct diag_request), SOCK_DIAG_BY_FAMILY,
		       NLM_F_REQUEST | flags, 1, 0 },
		.r = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
		       .idiag_states = ~0U },
	};
}

static char answer[65536];

/* sock_diag: a listener by its address, which is not there. */
static void diag_among_listeners(int family)
{
	struct diag_request q = diag_request(family, 0);
	int fd = diag_socket(), i;

	many_listeners(family);
	q.r.id.idiag_sport = htons(PORT);
	q.r.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
	q.r.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	q.r.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	/* the first request may load a module */
	must(send(fd, &q, sizeof(q), 0));
	must(recv(fd, answer, sizeof(answer), 0));
	for (i = 0; i < OPS; i++) {
		count(must(send(fd, &q, sizeof(q), 0)));
		must(recv(fd, answer, sizeof(answer), 0));
	}
}

static int dump(int fd, struct diag_request *q)
{
	int rows = 0;

	must(send(fd, q, sizeof(*q), 0));
	for (;;) {
		int len = must(recv(fd, answer, sizeof(answer), 0));
		struct nlmsghdr *h;

		for (h = (void *)answer; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return rows;
			rows++;
		}
	}
}

/* sock_diag: all of them. */
static void dump_of_listeners(int family)
{
	struct diag_request q = diag_request(family, NLM_F_DUMP);
	int fd = diag_socket(), i;

	many_listeners(family);
	dump(fd, &q);
	for (i = 0; i < DUMPS; i++)
		if (count(dump(fd, &q)) != scaled(LISTENERS))
			give_up("rows are missing");
}

static int read_all(int fd)
{
	int len, bytes = 0;

	while ((len = must(read(fd, answer, sizeof(answer)))))
		bytes += len;
	return bytes;
}

/* /proc/net/tcp. */
static void proc_of_listeners(int family)
{
	int fd = must(open(family == AF_INET ? "/proc/thread-self/net/tcp" :
					       "/proc/thread-self/net/xtcp", O_RDONLY));
	int i;

	many_listeners(family);
	for (i = 0; i < DUMPS; i++) {
		must(lseek(fd, 0, SEEK_SET));
		if (count(read_all(fd)) != 150 * (scaled(LISTENERS) + 1))
			give_up("rows are missing");
	}
}

static int new_member(int family)
{
	int fd = tcp(family);

	must(set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	return fd;
}

/* One more bind() to the address and port of a group. */
static void bind_to_group(int family)
{
	int i, n = scaled(MEMBERS);

	for (i = 0; i < n; i++)
		bind_to(new_member(family), INADDR_LOOPBACK, PORT);
	for (i = 0; i < OPS; i++) {
		int fd = new_member(family);

		call_begins();
		bind_to(fd, INADDR_LOOPBACK, PORT);
		call_ends();
	}
}

/* A SYN to a group of listeners. */
static void syn_to_group(int family)
{
	int i, n = scaled(MEMBERS);

	for (i = 0; i < n; i++) {
		int fd = new_member(family);

		bind_to(fd, INADDR_LOOPBACK, PORT);
		must(listen(fd, OPS));
	}
	for (i = 0; i < OPS; i++) {
		int fd = tcp(family);

		must(count(try_connect(fd, INADDR_LOOPBACK, PORT)));
	}
}

/* Ports that connect() chooses from. */
static void only_ports(int low, int high)
{
	char range[32];

	snprintf(range, sizeof(range), "%d %d", low, high);
	if (!proc_write("/proc/sys/net/ipv4/ip_local_port_range", range))
		give_up("sysctl");
}

static void listener_for_many(int family)
{
	if (!proc_write("/proc/sys/net/core/somaxconn", "65535"))
		give_up("sysctl");
	must(listen(listener(family, INADDR_LOOPBACK, PORT), 65535));
}

/* Connections to one peer from some of the ephemeral ports. */
static void connections(int family, int ports, int n)
{
	int i;

	only_ports(LOW, LOW + ports - 1);
	listener_for_many(family);
	for (i = 0; i < n; i++)
		must(try_connect(tcp(family), INADDR_LOOPBACK, PORT));
}

/* One more connection when half of the ports have one to the same peer. */
static void connect_half_taken(int family)
{
	int ports = scaled(PORTS) + 4 * OPS, i;

	connections(family, ports, ports / 2);
	for (i = 0; i < OPS; i++) {
		int fd = tcp(family);

		must(count(try_connect(fd, INADDR_LOOPBACK, PORT)));
	}
}

/* No port is left. */
static void connect_all_taken(int family)
{
	int fd = tcp(family), i, ports = scaled(PORTS);

	connections(family, ports, ports);
	for (i = 0; i < OPS; i++) {
		if (!count(try_connect(fd, INADDR_LOOPBACK, PORT)) || errno != EADDRNOTAVAIL)
			give_up("a port was left");
	}
}

/* A socket that will connect from an address, and from any port. */
static int from(int family, uint32_t addr)
{
	int fd = tcp(family);

	must(set_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	bind_to(fd, addr, 0);
	return fd;
}

/*
 * connect() when somebody has bound one of two ports, which connections from many other
 * addresses have as well.
 */
static void connect_beside_bound(int family)
{
	int i, n = scaled(PORTS), fd;

	listener_for_many(family);
	only_ports(LOW, LOW);
	for (i = 0; i < n; i++)
		must(try_connect(from(family, INADDR_LOOPBACK + 2 + i), INADDR_LOOPBACK, PORT));
	/* 127.255.254.255: behind them all, from whichever end addresses are compared */
	bind_to(tcp(family), INADDR_LOOPBACK + 0xfffefe, LOW);
	only_ports(LOW, LOW + 1);
	for (i = 0; i < 4 * OPS; i++) {
		fd = from(family, INADDR_LOOPBACK + 2 + n + i);
		must(count(try_connect(fd, INADDR_LOOPBACK, PORT)));
	}
}

/*
 * The same addresses and ports in many namespaces: the last ones have the most beside.
 * The namespaces are made before anything is counted, since each leaves work to others.
 */
static void connect_in_namespaces(int family)
{
	int i, n = scaled(NAMESPACES);
	int *fds = calloc(n, sizeof(*fds));

	if (!fds)
		give_up("calloc");
	for (i = 0; i < n; i++) {
		if (i)
			new_namespace();
		listener(family, INADDR_LOOPBACK, PORT);
		fds[i] = tcp(family);
		bind_to(fds[i], INADDR_LOOPBACK, OTHER_PORT);
	}
	for (i = 0; i < n - n / 4; i++)
		must(try_connect(fds[i], INADDR_LOOPBACK, PORT));
	for (; i < n; i++)
		must(count(try_connect(fds[i], INADDR_LOOPBACK, PORT)));
}

/* bind() to all addresses of a port, where others have many of them. */
static void bind_wildcard(int family)
{
	int i, n = scaled(ADDRESSES);

	for (i = 0; i < n; i++) {
		int fd = tcp(family);

		must(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1));
		bind_to(fd, INADDR_LOOPBACK + i, PORT);
	}
	for (i = 0; i < OPS; i++) {
		int fd = tcp(family);

		must(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1));
		call_begins();
		bind_to(fd, INADDR_ANY, PORT);
		call_ends();
		close(fd);
	}
}

/* The end of a TIME_WAIT entry, which has its port for itself. */
static void timewait_ends(int family)
{
	uint64_t began = now_ns(), busy;
	int i, server, fd;
	char byte;

	if (!proc_write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "100000") ||
	    !proc_write("/proc/sys/net/xtcp/max_tw_buckets", "100000"))
		give_up("sysctl");
	server = listener(family, INADDR_LOOPBACK, PORT);
	for (i = 0; i < ENTRIES; i++) {
		int peer;

		fd = tcp(family);
		must(try_connect(fd, INADDR_LOOPBACK, PORT));
		peer = must(accept4(server, NULL, NULL, SOCK_CLOEXEC));
		close(fd);
		must(recv(peer, &byte, 1, 0));
		close(peer);
	}
	began += (TIMEWAIT_S - 1) * 1000000000ULL;
	if (now_ns() >= began)
		give_up("TIME_WAIT is over");
	busy_until(began);
	busy = busy_until(began + 2 * LATE_S * 1000000000ULL);
	calls.sum = busy - least(busy, busy_until(began + 4 * LATE_S * 1000000000ULL));
	calls.n = ENTRIES;
}

/* ---- comparison ------------------------------------------------------------------- */

static uint64_t turn(void (*row)(int family), int family)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 0;
	if (!pid) {
		struct rlimit files = { 200000, 200000 };

		setrlimit(RLIMIT_NOFILE, &files);
		new_namespace();
		row(family);
		*cost = cost_of_call();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return 0;
	return *cost;
}

FIXTURE(cost) {
	int	percent;	/* of the kernel's cost, at most */
};

FIXTURE_SETUP(cost)
{
	const char *why = xtcp_missing();

	if (why)
		SKIP(return, "%s", why);
	if (test_inet())
		SKIP(return, "both families are compared anyway");
	self->percent = counts_instructions() ? 120 : 300;
	cost = mmap(NULL, sizeof(*cost), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(cost, MAP_FAILED);
}

FIXTURE_TEARDOWN(cost)
{
}

#define compare(row) do {						\
	uint64_t ours = UINT64_MAX, theirs = UINT64_MAX;		\
	int i, turns = counts_instructions() ? 1 : TURNS;		\
									\
	for (i = 0; i < turns; i++) {					\
		theirs = least(theirs, turn(row, AF_INET));		\
		ours = least(ours, turn(row, xtcp_family()));		\
		ASSERT_NE(theirs, 0) {					\
			TH_LOG("the kernel's TCP failed");		\
		}							\
		ASSERT_NE(ours, 0);					\
	}								\
	TH_LOG("kernel %llu, xtcp %llu: %llu %%", (unsigned long long)theirs, \
	       (unsigned long long)ours, (unsigned long long)(ours * 100 / theirs)); \
	note_cost(_metadata->name, "a call", theirs, ours, self->percent); \
	EXPECT_LE(ours * 100, theirs * self->percent);			\
} while (0)

/* It does not matter how many others there are. */
#define compare_flat(row) do {						\
	uint64_t alone = UINT64_MAX, among = UINT64_MAX;		\
	int i, turns = counts_instructions() ? 1 : TURNS;		\
									\
	for (i = 0; i < turns; i++) {					\
		few = true;						\
		alone = least(alone, turn(row, xtcp_family()));		\
		few = false;						\
		among = least(among, turn(row, xtcp_family()));		\
		ASSERT_NE(alone, 0);					\
		ASSERT_NE(among, 0);					\
	}								\
	TH_LOG("few %llu, many %llu", (unsigned long long)alone,	\
	       (unsigned long long)among);				\
	EXPECT_LE(among * 100, alone * self->percent);			\
} while (0)

TEST_F_TIMEOUT(cost, syn__among_listeners, ROW_TIMEOUT) { compare(syn_among_listeners); }
TEST_F_TIMEOUT(cost, syn__to_group, ROW_TIMEOUT) { compare(syn_to_group); }
/* A bind() of ours has one of the kernel's in it, so that its TCP knows. */
TEST_F_TIMEOUT(cost, listen__among_listeners, ROW_TIMEOUT) { compare(listen_among_listeners); }
TEST_F_TIMEOUT(cost, bind__to_group, ROW_TIMEOUT) { compare(bind_to_group); }
TEST_F_TIMEOUT(cost, diag__among_listeners, ROW_TIMEOUT) { compare(diag_among_listeners); }
TEST_F_TIMEOUT(cost, diag__dump, ROW_TIMEOUT) { compare(dump_of_listeners); }
TEST_F_TIMEOUT(cost, proc__read, ROW_TIMEOUT) { compare(proc_of_listeners); }
TEST_F_TIMEOUT(cost, connect__half_taken, ROW_TIMEOUT) { compare(connect_half_taken); }
TEST_F_TIMEOUT(cost, connect__all_taken, ROW_TIMEOUT) { compare(connect_all_taken); }
TEST_F_TIMEOUT(cost, connect__beside_bound, ROW_TIMEOUT) { compare(connect_beside_bound); }
TEST_F_TIMEOUT(cost, connect__in_namespaces, ROW_TIMEOUT) { compare(connect_in_namespaces); }

TEST_F_TIMEOUT(cost, bind__wildcard, ROW_TIMEOUT)
{
	if (kernel_before(6, 12))
		SKIP(return, "an older kernel asks a flag of the port, and no address");
	compare(bind_wildcard);
}

TEST_F_TIMEOUT(cost, timewait__end, ROW_TIMEOUT)
{
	if (!counts_instructions())
		SKIP(return, "a minute, and nobody but the clock sees what it costs");
	compare(timewait_ends);
}

TEST_F_TIMEOUT(cost, flat__syn_among_listeners, ROW_TIMEOUT) { compare_flat(syn_among_listeners); }
TEST_F_TIMEOUT(cost, flat__syn_to_group, ROW_TIMEOUT) { compare_flat(syn_to_group); }
TEST_F_TIMEOUT(cost, flat__listen, ROW_TIMEOUT) { compare_flat(listen_among_listeners); }
TEST_F_TIMEOUT(cost, flat__connect_beside_bound, ROW_TIMEOUT)
{
	compare_flat(connect_beside_bound);
}

TEST_F_TIMEOUT(cost, flat__bind_to_group, ROW_TIMEOUT) { compare_flat(bind_to_group); }
TEST_F_TIMEOUT(cost, flat__diag, ROW_TIMEOUT) { compare_flat(diag_among_listeners); }

TEST_HARNESS_MAIN
