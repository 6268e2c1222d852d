// SPDX-License-Identifier: GPL-2.0
/*
 * Control groups: whose memory a connection uses, and BPF programs that see the
 * addresses of connect(), bind() and their relatives.
 *
 * All of it is as the kernel's TCP does: WIRE_FAMILY=inet passes too.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fixture.h"

#define ROOT	"/sys/fs/cgroup"
#define GROUP	ROOT "/xtcp-test"

static void loopback_addr(struct sockaddr_in *sin, uint16_t port)
{
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin->sin_port = htons(port);
}

/* A line "name value" of a file of the group; -1: there is none. */
static long long group_stat(const char *file, const char *name)
{
	char path[128], key[64];
	long long value, found = -1;
	FILE *f;

	snprintf(path, sizeof(path), GROUP "/%s", file);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fscanf(f, "%63s %lld", key, &value) == 2)
		if (!strcmp(key, name))
			found = value;
	fclose(f);
	return found;
}

FIXTURE(cgroup) {
	int group;
};

FIXTURE_SETUP(cgroup)
{
	const char *missing = xtcp_missing();

	self->group = -1;
	if (missing)
		SKIP(return, "%s", missing);
	if (geteuid() || access(ROOT "/cgroup.procs", W_OK))
		SKIP(return, "no control groups of version 2 at " ROOT);
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		SKIP(return, "no control group can be made: %m");
	self->group = open(GROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->group);
}

FIXTURE_TEARDOWN(cgroup)
{
	close(self->group);
	/* processes that have just ended leave a little later */
	await(!rmdir(GROUP) || errno == ENOENT);
}

static int make_listener(uint16_t *port)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);

	loopback_addr(&sin, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 4) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		return -1;
	*port = ntohs(sin.sin_port);
	return fd;
}

static int dial(uint16_t port)
{
	struct sockaddr_in sin;
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);

	loopback_addr(&sin, port);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

/* ---- memory -------------------------------------------------------------- */

/*
 * The listener is this process's, and so is the sender. Who accepts is in the
 * group, so the group pays for what is queued before and after that.
 */
TEST_F(cgroup, memory__of_who_accepts)
{
	static char buf[65536];
	int listener, fd, child, status, go[2];
	uint16_t port;
	pid_t pid;
	char c = 0;

	proc_write(ROOT "/cgroup.subtree_control", "+memory");
	if (group_stat("memory.stat", "sock") < 0)
		SKIP(return, "the kernel does not account memory");
	ASSERT_EQ(0, group_stat("memory.stat", "sock"));
	listener = make_listener(&port);
	ASSERT_LE(0, listener);
	fd = dial(port);
	ASSERT_LE(0, fd);
	/* before anybody has accepted */
	ASSERT_EQ(sizeof(buf), send(fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = must_fork();
	if (!pid) {
		if (!proc_write(GROUP "/cgroup.procs", "0"))
			_exit(1);
		child = accept(listener, NULL, NULL);
		if (child < 0)
			_exit(2);
		close(listener);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	EXPECT_TRUE(await(group_stat("memory.stat", "sock") >= (long long)sizeof(buf))) {
		TH_LOG("sock %lld", group_stat("memory.stat", "sock"));
	}
	/* and after */
	set_nonblock(fd, true);
	while (send(fd, buf, sizeof(buf), 0) > 0)
		;
	EXPECT_TRUE(await(group_stat("memory.stat", "sock") >= 2 * (long long)sizeof(buf)));
	close(fd);
	ASSERT_EQ(1, write(go[1], &c, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(await(group_stat("memory.stat", "sock") == 0)) {
		TH_LOG("sock %lld", group_stat("memory.stat", "sock"));
	}
	close(listener);
	close(go[0]);
	close(go[1]);
}

/*
 * What waits to be read is more than the group may have: who accepts it gets it all
 * the same, and the group pays beyond its limit.
 */
TEST_F(cgroup, memory__beyond_the_limit)
{
	static char buf[1 << 20];
	int listener, fd, child, status, unsent = -1;
	uint16_t port;
	pid_t pid;

	proc_write(ROOT "/cgroup.subtree_control", "+memory");
	if (group_stat("memory.stat", "sock") < 0)
		SKIP(return, "the kernel does not account memory");
	listener = make_listener(&port);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, set_int(listener, SOL_SOCKET, SO_RCVBUFFORCE, 4 * sizeof(buf)));
	fd = dial(port);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(buf), send(fd, buf, sizeof(buf), 0));
	ASSERT_TRUE(await(!ioctl(fd, SIOCOUTQ, &unsent) && !unsent)) {
		TH_LOG("%d bytes are not in the queue", unsent);
	}
	ASSERT_TRUE(proc_write(GROUP "/memory.max", "262144"));
	/* which will be the child's */
	child = dup(listener);
	close(child);
	/* who accepts it may be killed for the group's want of memory: we have it, too */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		if (proc_write(GROUP "/cgroup.procs", "0"))
			accept(listener, NULL, NULL);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(await(group_stat("memory.stat", "sock") >= (long long)sizeof(buf))) {
		TH_LOG("sock %lld", group_stat("memory.stat", "sock"));
	}
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(child));
	close(child);
	close(fd);
	EXPECT_TRUE(await(group_stat("memory.stat", "sock") == 0)) {
		TH_LOG("sock %lld", group_stat("memory.stat", "sock"));
	}
	close(listener);
}

/* ---- BPF ----------------------------------------------------------------- */

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i })
#define MOV(dst, value)		INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define LOAD(dst, field) \
	INSN(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, offsetof(struct bpf_sock_addr, field), 0)
#define STORE(field, src) \
	INSN(BPF_STX | BPF_MEM | BPF_W, BPF_REG_1, src, offsetof(struct bpf_sock_addr, field), 0)
#define UNLESS(reg, value, skip) \
	INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* A socket of IPv6 has IPv6's programs, whatever it speaks. */
#define OF_FAMILY(what)							\
	(siit_mode() == SIIT_4 ? BPF_CGROUP_INET4_##what : BPF_CGROUP_INET6_##what)

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* Attach a program to the group. Returns 0, or a negative errno. */
static int attach(int group, unsigned int prog_type, unsigned int attach_type,
		  const struct bpf_insn *insns, unsigned int n)
{
	union bpf_attr load = {
		.prog_type = prog_type, .expected_attach_type = attach_type,
		.insns = (uintptr_t)insns, .insn_cnt = n, .license = (uintptr_t)"GPL",
	};
	union bpf_attr at = { .target_fd = group, .attach_type = attach_type };
	int rc = 0;

	at.attach_bpf_fd = bpf(BPF_PROG_LOAD, &load);
	if ((int)at.attach_bpf_fd < 0)
		return -errno;
	if (bpf(BPF_PROG_ATTACH, &at))
		rc = -errno;
	close(at.attach_bpf_fd);
	return rc;
}

#define ATTACH(prog_type, attach_type, ...) ({				\
	const struct bpf_insn __i[] = { __VA_ARGS__ };			\
									\
	attach(self->group, prog_type, attach_type, __i, ARRAY_SIZE(__i)); \
})

static void enter_group(void)
{
	if (!proc_write(GROUP "/cgroup.procs", "0"))
		abort();
}

/* The group goes with the test, and a member cannot remove it. */
static void leave_group(void)
{
	proc_write(ROOT "/cgroup.procs", "0");
}

/* connect() to one port is sent to another, and to a third it is forbidden. */
TEST_F(cgroup, bpf__connect)
{
	uint16_t port, decoy = 7, forbidden = 9;
	int listener = make_listener(&port), fd, rc;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	ASSERT_LE(0, listener);
	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, OF_FAMILY(CONNECT),
		    MOV(BPF_REG_0, 1),
		    LOAD(BPF_REG_2, user_port),
		    UNLESS(BPF_REG_2, htons(decoy), 2),
		    MOV(BPF_REG_3, htons(port)),
		    STORE(user_port, BPF_REG_3),
		    UNLESS(BPF_REG_2, htons(forbidden), 1),
		    MOV(BPF_REG_0, 0),
		    EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	EXPECT_EQ(-1, dial(decoy));
	EXPECT_EQ(ECONNREFUSED, errno);
	enter_group();
	fd = dial(decoy);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, getpeername(fd, (struct sockaddr *)&sin, &len));
	EXPECT_EQ(port, ntohs(sin.sin_port));
	close(fd);
	EXPECT_EQ(-1, dial(forbidden));
	EXPECT_EQ(EPERM, errno);
	/* too short for a program to look at */
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	loopback_addr(&sin, forbidden);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin, 8));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	leave_group();
	close(listener);
}

/* sendto() on a listener opens a connection like connect() does. */
TEST_F(cgroup, bpf__connect_by_sendto)
{
	struct sockaddr_in sin;
	uint16_t port;
	int fd, rc;

	XTCP_ONLY();
	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, OF_FAMILY(CONNECT),
		    MOV(BPF_REG_0, 0), EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	enter_group();
	fd = make_listener(&port);
	ASSERT_LE(0, fd);
	loopback_addr(&sin, 9);
	EXPECT_EQ(-1, sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(TCP_LISTEN, fd_state(fd));
	close(fd);
	leave_group();
}

/* bind() is moved to another port, or refused before or after it has the port. */
TEST_F(cgroup, bpf__bind)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd, rc;

	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, OF_FAMILY(BIND),
		    MOV(BPF_REG_0, 1),
		    LOAD(BPF_REG_2, user_port),
		    UNLESS(BPF_REG_2, htons(6001), 2),
		    MOV(BPF_REG_3, htons(6002)),
		    STORE(user_port, BPF_REG_3),
		    UNLESS(BPF_REG_2, htons(6003), 1),
		    MOV(BPF_REG_0, 0),
		    EXIT);
	if (!rc)
		rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK, OF_FAMILY(POST_BIND),
			    MOV(BPF_REG_0, 1),
			    INSN(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
				 offsetof(struct bpf_sock, src_port), 0),
			    UNLESS(BPF_REG_2, 6004, 1),
			    MOV(BPF_REG_0, 0),
			    EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	enter_group();
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	loopback_addr(&sin, 6003);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EPERM, errno);
	loopback_addr(&sin, 6004);
	EXPECT_EQ(-1, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EPERM, errno);
	/* it did not keep the port that it was refused */
	loopback_addr(&sin, 6001);
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	EXPECT_EQ(6002, ntohs(sin.sin_port));
	close(fd);
	leave_group();
}

/* getsockname() and getpeername() say what a program wants them to. */
TEST_F(cgroup, bpf__names)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	uint16_t port;
	int listener = make_listener(&port), fd, rc;

	ASSERT_LE(0, listener);
	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, OF_FAMILY(GETPEERNAME),
		    MOV(BPF_REG_3, htons(6005)), STORE(user_port, BPF_REG_3),
		    MOV(BPF_REG_0, 1), EXIT);
	if (!rc)
		rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, OF_FAMILY(GETSOCKNAME),
			    MOV(BPF_REG_3, htons(6006)), STORE(user_port, BPF_REG_3),
			    MOV(BPF_REG_0, 1), EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	enter_group();
	fd = dial(port);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, getpeername(fd, (struct sockaddr *)&sin, &len));
	EXPECT_EQ(6005, ntohs(sin.sin_port));
	EXPECT_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	EXPECT_EQ(6006, ntohs(sin.sin_port));
	close(fd);
	leave_group();
	close(listener);
}

/* A socket may not be made at all. */
TEST_F(cgroup, bpf__socket)
{
	int fd, rc;

	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE,
		    MOV(BPF_REG_0, 0), EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	enter_group();
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EPERM, errno);
	leave_group();
}

/* What comes in for a socket is dropped by its group's filter. */
TEST_F(cgroup, bpf__ingress)
{
	int listener, fd, rc, err;
	struct sockaddr_in sin;
	uint16_t port;

	rc = ATTACH(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS,
		    MOV(BPF_REG_0, 0), EXIT);
	if (rc)
		SKIP(return, "no such BPF programs: %s", strerror(-rc));
	enter_group();
	listener = make_listener(&port);
	leave_group();
	ASSERT_LE(0, listener);
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	loopback_addr(&sin, port);
	err = connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ? errno : 0;
	EXPECT_EQ(EINPROGRESS, err);
	EXPECT_EQ(0, fd_poll(fd, POLLOUT, 100) & POLLOUT);
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
	close(fd);
	close(listener);
}

TEST_HARNESS_MAIN
