// SPDX-License-Identifier: GPL-2.0
/*
 * What a random user does, and what has to be left of it: see user.h.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kselftest.h"

#include "dice.h"
#include "user.h"
#include "util.h"

/**
 * user_changes_options - set one that changes how a connection ends, waits or uses memory
 * @fd: a socket
 */
void user_changes_options(int fd)
{
	switch (roll(8)) {
	case 0:
		set_linger(fd, roll(2));
		break;
	case 1:
		set_int(fd, SOL_SOCKET, SO_RCVBUF, 1 << roll(18));
		break;
	case 2:
		set_int(fd, SOL_SOCKET, SO_SNDBUF, 1 << roll(18));
		break;
	case 3:
		set_int(fd, IPPROTO_TCP, TCP_CORK, roll(2));
		break;
	case 4:
		set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1 + roll(200));
		break;
	case 5:
		set_int(fd, IPPROTO_TCP, TCP_LINGER2, (int)roll(3) - 1);
		break;
	case 6:
		set_int(fd, SOL_SOCKET, SO_KEEPALIVE, roll(2));
		break;
	}
}

/**
 * user_acts - do something that one may do with a connected socket, without waiting
 * @fd: a socket
 */
void user_acts(int fd)
{
	static char buf[65536];
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	switch (roll(12)) {
	case 0 ... 3:
		send(fd, buf, 1 + roll(sizeof(buf)), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 4 ... 7:
		recv(fd, buf, 1 + roll(sizeof(buf)), MSG_DONTWAIT | (roll(4) ? 0 : MSG_PEEK));
		break;
	case 8:
		shutdown(fd, roll(3));
		break;
	case 9:
		send(fd, buf, 1, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB);
		break;
	case 10:
		if (!roll(8))
			connect(fd, &unspec, sizeof(unspec));
		break;
	default:
		user_changes_options(fd);
	}
}

/**
 * user_blocks - wait in a call, for up to 50 ms
 * @fd: a socket
 */
void user_blocks(int fd)
{
	struct timeval t = { .tv_usec = 1000 * (1 + roll(50)) };
	char c[4096];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (roll(2))
		recv(fd, c, sizeof(c), roll(2) ? MSG_WAITALL : 0);
	else
		send(fd, c, sizeof(c), MSG_NOSIGNAL);
}

/**
 * user_is_unlucky - allocations of this thread fail now and then, see prepare_failslab()
 * @unlucky: from now on, or no more
 *
 * Threads and processes that it makes are as lucky.
 */
void user_is_unlucky(bool unlucky)
{
	proc_write("/proc/thread-self/make-it-fail", unlucky ? "1" : "0");
}

/* What may fail, besides: each has a directory with the same files. */
static const char *const faults[] = { "failslab", "fail_page_alloc" };

#define FAULTS	ARRAY_SIZE(faults)

static void set_fault(const char *fault, const char *name, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", fault, name);
	proc_write(path, value);
}

/** prepare_failslab - let some allocations of unlucky processes fail, if the kernel can */
void prepare_failslab(void)
{
	static const char *const settings[][2] = {
		{ "probability", "3" }, { "interval", "7" }, { "times", "-1" },
		{ "task-filter", "Y" }, { "ignore-gfp-wait", "N" }, { "verbose", "0" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		set_fault("failslab", settings[i][0], settings[i][1]);
}

/**
 * prepare_fault_injection - for fail-nth and fail_below(): any allocation may fail, none does
 */
void prepare_fault_injection(void)
{
	static const char *const settings[][2] = {
		{ "probability", "0" }, { "interval", "1" }, { "space", "0" },
		{ "task-filter", "N" }, { "ignore-gfp-wait", "N" },
		{ "ignore-gfp-highmem", "N" }, { "min-order", "0" }, { "verbose", "0" },
		{ "stacktrace-depth", "32" },
	};
	size_t i, j;

	/* what fail-nth counts, too */
	set_fault("fail_usercopy", "verbose", "0");
	for (j = 0; j < FAULTS; j++)
		for (i = 0; i < ARRAY_SIZE(settings); i++)
			set_fault(faults[j], settings[i][0], settings[i][1]);
}

static int may_fail;

/**
 * fail_below - allocations that have a part of the kernel's code on their stack fail
 * @start: its address; 0: none does
 * @end: the address behind it
 * @times: how many
 */
void fail_below(unsigned long start, unsigned long end, int times)
{
	char from[32], to[32], count[32];
	size_t j;

	snprintf(from, sizeof(from), "%#lx", start);
	snprintf(to, sizeof(to), "%#lx", end);
	snprintf(count, sizeof(count), "%d", times);
	may_fail = times;
	for (j = 0; j < FAULTS; j++) {
		set_fault(faults[j], "probability", "0");
		set_fault(faults[j], "require-start", from);
		set_fault(faults[j], "require-end", start ? to : "0xffffffffffffffff");
		set_fault(faults[j], "times", count);
		if (start)
			set_fault(faults[j], "probability", "100");
	}
}

/* Return: how many allocations failed since fail_below(). */
int failures(void)
{
	int n = 0, left;
	char path[64];
	size_t j;
	FILE *f;

	for (j = 0; j < FAULTS; j++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/times", faults[j]);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%d", &left) == 1)
			n += may_fail - left;
		fclose(f);
	}
	return n;
}
