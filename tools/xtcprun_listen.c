// SPDX-License-Identifier: GPL-2.0
/*
 * --listen: sockets that listen already when the program begins, in the manner of systemd's
 * socket activation: sd_listen_fds(3).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "xtcprun.h"

#define FIRST	3	/* SD_LISTEN_FDS_START */

static int sockets[LISTEN_MAX];
static int nr;

/* ADDRESS:PORT, [ADDRESS]:PORT, or PORT alone, which is of any IPv4 address. */
static const char *parse(const char *text, struct sockaddr_in6 *sin6)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	struct sockaddr_in *sin = (struct sockaddr_in *)sin6;
	char address[INET6_ADDRSTRLEN + 2], *end;
	unsigned long value;

	memset(sin6, 0, sizeof(*sin6));
	sin->sin_family = AF_INET;
	value = strtoul(port, &end, 10);
	if (!*port || *end || !value || value > 65535)
		return "it ends with no port";
	sin->sin_port = htons(value);
	if (!colon || colon == text)
		return NULL;
	if ((size_t)(colon - text) >= sizeof(address))
		return "not an address";
	snprintf(address, sizeof(address), "%.*s", (int)(colon - text), text);
	if (*address != '[')
		return inet_pton(AF_INET, address, &sin->sin_addr) == 1 ? NULL : "not an address";
	end = address + strlen(address) - 1;
	if (*end != ']')
		return "not an address";
	*end = '\0';
	sin6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, address + 1, &sin6->sin6_addr) == 1 ? NULL : "not an address";
}

/**
 * listen_add - another socket that listens
 * @text: where
 * @family: number of AF_XTCP
 *
 * Return: NULL, or why not.
 */
const char *listen_add(const char *text, int family)
{
	struct sockaddr_in6 addr;
	const char *why = parse(text, &addr);
	int on = 1, fd, high;

	if (why)
		return why;
	if (nr == LISTEN_MAX)
		return "too many";
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC,
		    addr.sin6_family == AF_INET6 ? XTCPPROTO_IPV6 : XTCPPROTO_IPV4);
	if (fd < 0)
		return strerror(errno);
	/* out of the way of where they go in the end */
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST + LISTEN_MAX);
	close(fd);
	if (high < 0)
		return strerror(errno);
	if (setsockopt(high, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(high, (struct sockaddr *)&addr, sizeof(addr)) || listen(high, SOMAXCONN))
		return strerror(errno);
	sockets[nr++] = high;
	return NULL;
}

/**
 * listen_hand_over - put the sockets where the program looks for them
 *
 * What was there, as sockets of another super-server, is closed. The next thing is exec().
 */
void listen_hand_over(void)
{
	char text[16];
	int i;

	if (!nr)
		return;
	for (i = 0; i < nr; i++)
		dup2(sockets[i], FIRST + i);
	snprintf(text, sizeof(text), "%d", nr);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	unsetenv("LISTEN_FDNAMES");
}
