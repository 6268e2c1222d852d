// SPDX-License-Identifier: GPL-2.0
/*
 * libxtcprun.so - what xtcprun preloads: a program's TCP sockets become sockets
 * of AF_XTCP, and the program does not notice.
 *
 * Only two calls differ between the families, so only they are replaced:
 * socket(), which takes the family, and getsockopt(), which tells the protocol. Nothing
 * is remembered about a descriptor: it may be duplicated, inherited or passed
 * on, and the kernel knows best what it is.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>

/* <linux/tcp.h> and <netinet/tcp.h> do not go together. */
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP	43
#endif

/* Says xtcprun, to this library and to that of every child. */
#define ENV_FAMILY	"XTCPRUN_FAMILY"
#define ENV_DEBUG	"XTCPRUN_DEBUG"

#define PARAM_FAMILY	"/sys/module/xtcp/parameters/family"

typedef int socket_fn(int, int, int);
typedef int getsockopt_fn(int, int, int, void *, socklen_t *);

static void *next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn) {
		dprintf(STDERR_FILENO, "libxtcprun: no %s() in the C library\n", name);
		abort();
	}
	return fn;
}

/* The name of the program, from the kernel: argv[0] may be anything. */
static void debug(int type, int protocol, int fd, int err)
{
	char name[64] = "?";
	ssize_t n;
	int comm;

	if (!getenv(ENV_DEBUG))
		return;
	comm = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	if (comm >= 0) {
		n = read(comm, name, sizeof(name) - 1);
		name[n > 0 ? n - 1 : 0] = '\0';
		close(comm);
	}
	dprintf(STDERR_FILENO, "xtcprun: %s[%d]: socket(AF_INET, %#x, %d) in AF_XTCP: ",
		name, (int)getpid(), type, protocol);
	if (fd < 0)
		dprintf(STDERR_FILENO, "%s\n", strerror(err));
	else
		dprintf(STDERR_FILENO, "descriptor %d\n", fd);
}

/* The module's family number: told by xtcprun, by the module, or the default. */
static int find_family(void)
{
	const char *env = getenv(ENV_FAMILY);
	char buf[16] = "";
	int fd, family = 0;

	if (env)
		family = atoi(env);
	if (family > 0)
		return family;
	fd = open(PARAM_FAMILY, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, buf, sizeof(buf) - 1) > 0)
			family = atoi(buf);
		close(fd);
	}
	return family > 0 ? family : AF_XTCP;
}

/*
 * Found before the program begins: it may clear its environment, change its root or
 * give up open() before its first socket().
 */
__attribute__((constructor))
static int xtcp_family(void)
{
	static int family;

	if (!family)
		family = find_family();
	return family;
}

/**
 * socket - the C library's, in AF_XTCP if the kernel would make a TCP over IPv4
 * @domain: protocol family
 * @type: type and SOCK_* flags
 * @protocol: protocol
 *
 * Return: descriptor, -1 with errno.
 */
int socket(int domain, int type, int protocol)
{
	static socket_fn *real;
	int fd, err;

	if (!real)
		real = next("socket");
	if (domain != AF_INET ||
	    (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM ||
	    (protocol && protocol != IPPROTO_TCP))
		return real(domain, type, protocol);
	fd = real(xtcp_family(), type, protocol);
	err = errno;
	debug(type, protocol, fd, err);
	errno = err;
	return fd;
}

/*
 * Inside the kernel the protocol is not IPPROTO_TCP, but a number of which the
 * low byte is that: 518 or 262.
 */
static bool is_xtcp(int fd, int protocol, getsockopt_fn *real)
{
	int answer;
	socklen_t len = sizeof(answer);

	if (protocol <= 255 || (protocol & 255) != IPPROTO_TCP)
		return false;
	/* 262 is MPTCP's number, too, whose sockets say that they are */
	return protocol != IPPROTO_MPTCP ||
	       real(fd, IPPROTO_TCP, TCP_IS_MPTCP, &answer, &len) < 0 || !answer;
}

/**
 * getsockopt - the C library's, with IPPROTO_TCP for the number that the module's
 * sockets have
 * @fd: socket
 * @level: level
 * @name: option
 * @value: out
 * @len: in and out, size of @value, bytes
 *
 * Return: 0, -1 with errno.
 */
int getsockopt(int fd, int level, int name, void *restrict value,
	       socklen_t *restrict len)
{
	static getsockopt_fn *real;
	int rc, answer;

	if (!real)
		real = next("getsockopt");
	rc = real(fd, level, name, value, len);
	if (rc || level != SOL_SOCKET || name != SO_PROTOCOL || *len < sizeof(answer))
		return rc;
	memcpy(&answer, value, sizeof(answer));
	if (is_xtcp(fd, answer, real)) {
		answer = IPPROTO_TCP;
		memcpy(value, &answer, sizeof(answer));
	}
	return 0;
}
