// SPDX-License-Identifier: GPL-2.0
/*
 * What a random user does, and what has to be left of it: see user.h.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

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

/** user_is_unlucky - allocations of this process fail now and then, see prepare_failslab() */
void user_is_unlucky(void)
{
	proc_write("/proc/self/make-it-fail", "1");
}

/** prepare_failslab - let some allocations of unlucky processes fail, if the kernel can */
void prepare_failslab(void)
{
	static const char *const settings[][2] = {
		{ "probability", "3" }, { "interval", "7" }, { "times", "-1" },
		{ "task-filter", "Y" }, { "ignore-gfp-wait", "N" }, { "verbose", "0" },
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/failslab/%s", settings[i][0]);
		proc_write(path, settings[i][1]);
	}
}
