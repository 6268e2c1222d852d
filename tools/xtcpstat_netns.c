// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces: what is shown is of one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "xtcpstat.h"

/* Where "ip netns" keeps them. */
#define FOLDER	"/run/netns/"

/**
 * netns_enter - look at another network namespace from now on
 * @name: as "ip netns" names it; or a path, as /proc/PID/ns/net
 *
 * Ends the program when that cannot be.
 */
void netns_enter(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : FOLDER, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("network namespace %s: %s", name, strerror(errno));
	if (setns(fd, CLONE_NEWNET) < 0)
		die("network namespace %s: %s", name, strerror(errno));
	close(fd);
}
