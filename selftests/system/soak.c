// SPDX-License-Identifier: GPL-2.0
/*
 * Many short connections between several processes that do what they like, are
 * killed while they do it, and vanish with their namespace.  The kernel complains
 * about a socket that is freed with memory, or with something armed; here it is
 * seen that nothing is left of the buffers, and no event came that the state
 * machine does not know.
 *
 * XTCP_SOAK=seconds (or XTCP_ATTACK) and XTCP_SEED=number choose.  Where the kernel has failslab
 * (the rig's debug kernel) allocations of every second process fail now and then.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#include "dice.h"
#include "user.h"
#include "util.h"

#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		7000
#define SERVERS		4
#define CLIENTS		6
#define FDS		16

static int family;
static struct sockaddr_in server_addr(int i)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(PORT + i),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Accept on one port, some with a descriptor that others have, too. */
static void serve(int listener)
{
	int fd[FDS], n = 0, i;

	for (;;) {
		fd_poll(listener, POLLIN, 5);
		if (n < FDS) {
			fd[n] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			n += fd[n] >= 0;
		}
		for (i = 0; i < n; i++) {
			if (roll(6)) {
				user_acts(fd[i]);
				continue;
			}
			if (!roll(3))
				user_blocks(fd[i]);
			close(fd[i]);
			fd[i--] = fd[--n];
		}
		if (!roll(200))
			listen(listener, roll(20));
		if (!roll(500))
			shutdown(listener, SHUT_RD), listen(listener, 5);
	}
}

static void visit(void)
{
	int fd[FDS], n = 0, i;

	for (;;) {
		if (n < FDS) {
			struct sockaddr_in to = server_addr(roll(SERVERS));
			int kind = roll(2) ? family : AF_INET;

			fd[n] = socket(kind, SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (fd[n] >= 0) {
				if (!roll(4))
					user_changes_options(fd[n]);
				set_nonblock(fd[n], roll(4));
				connect(fd[n], (struct sockaddr *)&to, sizeof(to));
				set_nonblock(fd[n], false);
				n++;
			}
		}
		for (i = 0; i < n; i++) {
			if (roll(6)) {
				user_acts(fd[i]);
				continue;
			}
			if (!roll(3))
				user_blocks(fd[i]);
			close(fd[i]);
			fd[i--] = fd[--n];
		}
	}
}

/* A namespace of one's own that ends in the middle of everything. */
static void elsewhere(void)
{
	struct sockaddr_in a = server_addr(0);
	int listener, fd, i;

	unshare(CLONE_NEWNET);
	bring_up_loopback();
	listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bind(listener, (struct sockaddr *)&a, sizeof(a));
	listen(listener, 8);
	for (i = 0; i < 8; i++) {
		fd = socket(roll(2) ? family : AF_INET,
			    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fd, (struct sockaddr *)&a, sizeof(a));
		user_acts(fd);
		if (roll(2))
			close(fd);
		if (roll(2))
			user_acts(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	}
	_exit(0);
}

static int start_listener(int i)
{
	struct sockaddr_in a = server_addr(i);
	int fd = socket(i ? family : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	/* a process that has just begun may have the one before for a moment */
	if (!await(!bind(fd, (struct sockaddr *)&a, sizeof(a))) || !await(!listen(fd, 16)))
		abort();
	return fd;
}

static pid_t start(int i, const int *listeners, uint64_t seed)
{
	pid_t parent = getpid(), pid = must_fork();
	int other;

	if (pid)
		return pid;
	for (other = 0; other < SERVERS; other++)
		if (other != i)
			close(listeners[other]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	signal(SIGPIPE, SIG_IGN);
	dice_seed(seed);
	user_is_unlucky(roll(2));
	if (i < SERVERS)
		serve(listeners[i]);
	if (!roll(5))
		elsewhere();
	visit();
	_exit(0);
}

FIXTURE(soak) {
};

FIXTURE_SETUP(soak)
{
}

FIXTURE_TEARDOWN(soak)
{
}

TEST_F_TIMEOUT(soak, nothing_is_left, RACE_TIMEOUT)
{
	const char *missing = xtcp_missing();
	int seconds = race_seconds(10), i;
	pid_t pid[SERVERS + CLIENTS];
	int listener[SERVERS];
	uint64_t end, n = 0;

	if (missing)
		SKIP(return, "%s", missing);
	family = xtcp_family();
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	bring_up_loopback();
	prepare_failslab();
	proc_write("/proc/sys/net/xtcp/timewait_len", "1");
	proc_write("/proc/sys/net/xtcp/tw_reuse_delay", "1");
	proc_write("/proc/sys/net/ipv4/ip_local_port_range", "30000 30999");
	dice_seed(env_number("XTCP_SEED", 1));
	for (i = 0; i < SERVERS; i++)
		listener[i] = start_listener(i);
	for (i = 0; i < SERVERS + CLIENTS; i++)
		pid[i] = start(i, listener, n++);

	end = now_ns() + seconds * 1000000000ULL;
	while (now_ns() < end) {
		usleep(1000 * roll(100));
		i = roll(SERVERS + CLIENTS);
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
		if (i && i < SERVERS && !roll(4)) {
			close(listener[i]);
			listener[i] = start_listener(i);
		}
		pid[i] = start(i, listener, dice_state() ^ n++);
		/* memory that is short for a while */
		if (!roll(20))
			proc_write("/proc/sys/net/xtcp/max_orphans", roll(2) ? "1" : "8192");
		if (!roll(20))
			proc_write("/proc/sys/net/xtcp/max_tw_buckets", roll(2) ? "4" : "8192");
	}
	for (i = 0; i < SERVERS + CLIENTS; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	for (i = 0; i < SERVERS; i++)
		close(listener[i]);
	EXPECT_EQ(0, counter("NoEdge"));
	TH_LOG("%llu processes, %lld connections", (unsigned long long)n,
	       counter("ActiveOpens") + counter("PassiveOpens"));
	/* the namespace goes with all that is left in it */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_TRUE(await(memory_pages() <= most_spare_pages())) {
		TH_LOG("%ld pages of buffers are left", memory_pages());
	}
}

TEST_HARNESS_MAIN
