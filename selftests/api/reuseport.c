// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners that share a port (SO_REUSEPORT): which one gets a connection.
 *
 * Everything happens on the loopback device of a new namespace.  With
 * WIRE_FAMILY=inet the kernel's own TCP plays.
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

#include "siit.h"
#include "util.h"

/* gcc inlines short tests into the harness's vfork() and then doubts it. */
#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		7777
#define MEMBERS		4
/* Enough that no member of a fair group is left out by chance: 0.75^200. */
#define CONNECTIONS	200

#define LOAD(offset)	{ BPF_LD | BPF_H | BPF_ABS, 0, 0, (offset) }
#define AND(mask)	{ BPF_ALU | BPF_AND | BPF_K, 0, 0, (mask) }
#define RETURN(value)	{ BPF_RET | BPF_K, 0, 0, (value) }
#define RETURN_A	{ BPF_RET | BPF_A, 0, 0, 0 }

FIXTURE(reuseport) {
	int	family;
	int	fd[MEMBERS];
	int	got[MEMBERS];
};

static struct sockaddr_in here(int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int make(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		abort();
	return fd;
}

static int bind_to_port(int fd)
{
	struct sockaddr_in a = here(PORT);

	return bind(fd, (struct sockaddr *)&a, sizeof(a)) ? errno : 0;
}

static void do_bind(int fd)
{
	if (bind_to_port(fd))
		abort();
}

/* All of them bind and listen, in their order. */
static void start(FIXTURE_DATA(reuseport) *self)
{
	int i;

	for (i = 0; i < MEMBERS; i++) {
		do_bind(self->fd[i]);
		if (listen(self->fd[i], CONNECTIONS))
			abort();
	}
}

FIXTURE_SETUP(reuseport)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	const char *missing = test_inet() ? NULL : xtcp_missing();
	int fd, i;

	if (missing)
		SKIP(return, "%s", missing);
	if (unshare(CLONE_NEWNET))
		abort();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		abort();
	close(fd);
	self->family = test_family();
	for (i = 0; i < MEMBERS; i++)
		self->fd[i] = make(self->family);
}

FIXTURE_TEARDOWN(reuseport)
{
}

/* Take what a member has; how many that were. */
static int take(int fd)
{
	int n = 0, conn;

	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		/* no TIME_WAIT on either side */
		set_linger(conn, 0);
		close(conn);
		n++;
	}
	return n;
}

static int in_send_queue(int fd)
{
	int bytes = -1;

	ioctl(fd, SIOCOUTQ, &bytes);
	return bytes;
}

/* Connect once, from @port or, 0, from anywhere. */
static void connect_from(int family, int port)
{
	struct sockaddr_in from = here(port), to = here(PORT);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (port && bind(fd, (struct sockaddr *)&from, sizeof(from)))
		abort();
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		abort();
	/* a byte is acknowledged by a socket that accept() may take */
	if (send(fd, "", 1, 0) != 1 || !await(in_send_queue(fd) == 0))
		abort();
	/* and the port is free again at once */
	set_linger(fd, 0);
	close(fd);
}

/* @n connections: who got how many?  Returns how many nobody got. */
static int spread(FIXTURE_DATA(reuseport) *self, int n)
{
	int left = n, i;

	for (i = 0; i < n; i++)
		connect_from(self->family, 0);
	for (i = 0; i < MEMBERS; i++) {
		self->got[i] = self->fd[i] < 0 ? 0 : take(self->fd[i]);
		left -= self->got[i];
	}
	return left;
}

static int attach(int fd, struct sock_filter *code, int len)
{
	struct sock_fprog prog = { .len = len, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
			  sizeof(prog)) ? errno : 0;
}

#define ATTACH(fd, ...) ({						\
	struct sock_filter __code[] = { __VA_ARGS__ };			\
	attach(fd, __code, ARRAY_SIZE(__code));				\
})

/* Without a program chance decides, and everybody gets some. */
TEST_F(reuseport, hash__spreads)
{
	int i;

	start(self);
	EXPECT_EQ(0, spread(self, CONNECTIONS));
	for (i = 0; i < MEMBERS; i++)
		EXPECT_LT(0, self->got[i]);
}

/* The same addresses and ports meet the same listener: so a SYN,ACK's answer does. */
TEST_F(reuseport, hash__is_of_addresses_and_ports)
{
	int port, i, who[2], n;

	start(self);
	for (port = 20000; port < 20016; port++) {
		for (n = 0; n < 2; n++) {
			who[n] = MEMBERS;
			connect_from(self->family, port);
			for (i = 0; i < MEMBERS; i++)
				if (take(self->fd[i]))
					who[n] = i;
		}
		EXPECT_GT(MEMBERS, who[0]);
		EXPECT_EQ(who[0], who[1]);
	}
}

/* Who does not listen any more gets none. */
TEST_F(reuseport, hash__one_leaves)
{
	start(self);
	close(self->fd[1]);
	self->fd[1] = -1;
	shutdown(self->fd[2], SHUT_RD);
	EXPECT_EQ(0, spread(self, CONNECTIONS));
	EXPECT_EQ(0, self->got[2]);
	EXPECT_LT(0, self->got[0]);
	EXPECT_LT(0, self->got[3]);
	ASSERT_EQ(0, listen(self->fd[2], CONNECTIONS));
	EXPECT_EQ(0, spread(self, CONNECTIONS));
	EXPECT_LT(0, self->got[2]);
}

/* A program says which, in the order in which they began to listen. */
TEST_F(reuseport, cbpf__chooses)
{
	int i;

	start(self);
	for (i = 0; i < MEMBERS; i++) {
		ASSERT_EQ(0, ATTACH(self->fd[3], RETURN(i)));
		EXPECT_EQ(0, spread(self, 10));
		EXPECT_EQ(10, self->got[i]);
	}
}

/* It may be there before there is a group. */
TEST_F(reuseport, cbpf__before_bind)
{
	ASSERT_EQ(0, ATTACH(self->fd[0], RETURN(2)));
	start(self);
	EXPECT_EQ(0, spread(self, 10));
	EXPECT_EQ(10, self->got[2]);
}

/* Who has a program of its own is a group of its own, and gets into no other. */
TEST_F(reuseport, cbpf__two_groups)
{
	int *fd = self->fd;

	ASSERT_EQ(0, ATTACH(fd[0], RETURN(0)));
	ASSERT_EQ(0, ATTACH(fd[1], RETURN(0)));
	ASSERT_EQ(0, bind_to_port(fd[0]));
	EXPECT_EQ(EADDRINUSE, bind_to_port(fd[1]));
	ASSERT_EQ(0, listen(fd[0], CONNECTIONS));
	EXPECT_EQ(EADDRINUSE, bind_to_port(fd[1]));

	/* the same if it is there already, and did not listen when it got the program */
	ASSERT_EQ(0, bind_to_port(fd[2]));
	ASSERT_EQ(0, ATTACH(fd[2], RETURN(0)));
	EXPECT_EQ(-1, listen(fd[2], CONNECTIONS));
	EXPECT_EQ(EADDRINUSE, errno);

	/* who has none gets in, and may then give the group another one */
	ASSERT_EQ(0, bind_to_port(fd[3]));
	ASSERT_EQ(0, listen(fd[3], CONNECTIONS));
	ASSERT_EQ(0, ATTACH(fd[3], RETURN(1)));
	EXPECT_EQ(0, spread(self, 10));
	EXPECT_EQ(10, self->got[3]);
}

/* Nobody has that number: as without a program. */
TEST_F(reuseport, cbpf__out_of_range)
{
	start(self);
	ASSERT_EQ(0, ATTACH(self->fd[0], RETURN(MEMBERS)));
	EXPECT_EQ(0, spread(self, CONNECTIONS));
	EXPECT_GT(CONNECTIONS, self->got[0]);
}

/* When one leaves, the last takes its number. */
TEST_F(reuseport, cbpf__one_leaves)
{
	start(self);
	ASSERT_EQ(0, ATTACH(self->fd[0], RETURN(1)));
	close(self->fd[1]);
	self->fd[1] = -1;
	EXPECT_EQ(0, spread(self, 10));
	EXPECT_EQ(10, self->got[3]);
}

/* It sees the segment: behind the IP header is the source port. */
TEST_F(reuseport, cbpf__sees_the_segment)
{
	int port, i;

	start(self);
	ASSERT_EQ(0, ATTACH(self->fd[0], LOAD(SKF_NET_OFF + siit_either(20, 40)), AND(MEMBERS - 1),
			    RETURN_A));
	for (port = 20000; port < 20008; port++) {
		connect_from(self->family, port);
		for (i = 0; i < MEMBERS; i++)
			EXPECT_EQ(port % MEMBERS == i, take(self->fd[i]));
	}
}

TEST_F(reuseport, cbpf__detach)
{
	int none = 0;

	start(self);
	EXPECT_EQ(-1, setsockopt(self->fd[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				 &none, sizeof(none)));
	EXPECT_EQ(ENOENT, errno);
	ASSERT_EQ(0, ATTACH(self->fd[0], RETURN(1)));
	ASSERT_EQ(0, setsockopt(self->fd[3], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF,
				&none, sizeof(none)));
	EXPECT_EQ(0, spread(self, CONNECTIONS));
	EXPECT_LT(0, self->got[0]);
}

TEST_F(reuseport, cbpf__without_the_option)
{
	int fd = socket(self->family, SOCK_STREAM, 0);

	EXPECT_EQ(EINVAL, ATTACH(fd, RETURN(0)));
}

/* The other kind of program. */
TEST_F(reuseport, ebpf__chooses)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 3 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = ARRAY_SIZE(code),
		.insns = (uintptr_t)code,
		.license = (uintptr_t)"GPL",
	};
	int prog = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (prog < 0)
		SKIP(return, "no bpf(): %s", strerror(errno));
	start(self);
	ASSERT_EQ(0, set_int(self->fd[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, prog));
	EXPECT_EQ(0, spread(self, 10));
	EXPECT_EQ(10, self->got[3]);
}

/* Whose processor the segment is on goes first. */
TEST_F(reuseport, incoming_cpu)
{
	cpu_set_t set;
	int i;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		SKIP(return, "no processor 0");
	for (i = 0; i < MEMBERS; i++)
		set_int(self->fd[i], SOL_SOCKET, SO_INCOMING_CPU, i == 2 ? 0 : 1);
	start(self);
	EXPECT_EQ(0, spread(self, 20));
	EXPECT_EQ(20, self->got[2]);
}

TEST_HARNESS_MAIN
