// SPDX-License-Identifier: GPL-2.0
/*
 * libxtcprun.so - what xtcprun preloads: a program's TCP sockets become sockets
 * of AF_XTCP, and the program does not notice.
 *
 * Only two calls differ between the families, so only they are replaced:
 * socket(), which takes the family, and getsockopt(), which tells the protocol; and
 * listen(), to tell where a server listens. Nothing is remembered about a descriptor: it
 * may be duplicated, inherited or passed on, and the kernel knows best what it is.
 *
 * Sockets of the kernel's TCP that the program makes all the same are counted, and said.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "xtcprun.h"

#define PUBLIC __attribute__((visibility("default")))

/* <linux/tcp.h> and <netinet/tcp.h> do not go together. */
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP	43
#endif

typedef int socket_fn(int, int, int);
typedef int getsockopt_fn(int, int, int, void *, socklen_t *);
typedef int listen_fn(int, int);

/**
 * preload_next - the function that one of ours replaces
 * @name: of both
 *
 * Return: the C library's.
 */
void *preload_next(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn) {
		dprintf(STDERR_FILENO, "libxtcprun: no %s() in the C library\n", name);
		abort();
	}
	return fn;
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

/* Without the common ones, as in another root directory, a process counts for itself. */
static struct counts *find_counts(void)
{
	const char *path = getenv(ENV_COUNTS);
	static struct counts own;
	struct counts *c = NULL;
	int fd;

	if (path) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0) {
			c = counts_map(fd);
			close(fd);
		}
	}
	return c ? c : &own;
}

/**
 * preload_state - what there is to know
 *
 * Found before the program begins: it may clear its environment, change its root or
 * give up open() before its first socket().
 *
 * Return: it.
 */
__attribute__((constructor))
const struct preload *preload_state(void)
{
	static struct preload p;
	const char *mode = getenv(ENV_MODE);
	int saved = errno;
	Dl_info self;

	if (p.counts)
		return &p;
	if (mode) {
		p.debug = strchr(mode, MODE_DEBUG);
		p.strict = strchr(mode, MODE_STRICT);
		p.ipv4_only = strchr(mode, MODE_IPV4);
		p.quiet = strchr(mode, MODE_QUIET);
	}
	if (dladdr(preload_next, &self))
		snprintf(p.library, sizeof(p.library), "%s", self.dli_fname);
	p.family = find_family();
	p.counts = find_counts();
	errno = saved;
	return &p;
}

/* exit() of the program itself. Where a signal ends it, the watcher reports. */
__attribute__((destructor))
static void finish(void)
{
	const struct preload *p = preload_state();

	if (!p->quiet && p->counts->first == getpid())
		counts_report(p->counts);
}

/**
 * preload_say - a line on standard error, with the name of the program
 * @fmt: the line
 *
 * errno stays as it is.
 */
void preload_say(const char *fmt, ...)
{
	/* from the kernel: argv[0] may be anything */
	char name[64] = "?", text[REASON_MAX + 256];
	int comm, saved = errno;
	va_list ap;
	ssize_t n;

	if (preload_state()->quiet)
		return;
	comm = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	if (comm >= 0) {
		n = read(comm, name, sizeof(name) - 1);
		name[n > 0 ? n - 1 : 0] = '\0';
		close(comm);
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "xtcprun: %s[%d]: %s\n", name, (int)getpid(), text);
	errno = saved;
}

/* -d: what became of a call of socket(). */
static void debug(int domain, int type, int protocol, int fd, const char *where)
{
	char result[64];
	int err = errno;

	if (!preload_state()->debug)
		return;
	if (fd < 0)
		snprintf(result, sizeof(result), "%s", strerror(err));
	else
		snprintf(result, sizeof(result), "descriptor %d", fd);
	preload_say("socket(%s, %#x, %d) %s: %s", domain == AF_INET ? "AF_INET" : "AF_INET6",
		    type, protocol, where, result);
	errno = err;
}

static int refuse(int domain, int type, int protocol, int err)
{
	errno = err;
	debug(domain, type, protocol, -1, "is refused");
	return -1;
}

/* A TCP that AF_XTCP has not got. */
static int multipath_socket(int domain, int type, int protocol, socket_fn *real)
{
	const struct preload *p = preload_state();
	int fd;

	if (counts_first_to_say(p->counts, SAID_MPTCP))
		preload_say("Multipath TCP %s", p->strict ? "is refused (--strict)" :
			    "stays with the kernel's TCP");
	if (p->strict)
		return refuse(domain, type, protocol, EPROTONOSUPPORT);
	fd = real(domain, type, protocol);
	debug(domain, type, protocol, fd, "on the kernel's TCP");
	if (fd >= 0)
		atomic_fetch_add(&p->counts->kernel, 1);
	return fd;
}

/**
 * socket - the C library's, in AF_XTCP if the kernel would make a TCP
 * @domain: protocol family
 * @type: type and SOCK_* flags
 * @protocol: protocol
 *
 * Return: descriptor, -1 with errno.
 */
PUBLIC int socket(int domain, int type, int protocol)
{
	const struct preload *p = preload_state();
	static socket_fn *real;
	int fd;

	if (!real)
		real = preload_next("socket");
	if ((domain != AF_INET && domain != AF_INET6) ||
	    (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM ||
	    (protocol && protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP))
		return real(domain, type, protocol);
	if (domain == AF_INET6 && p->ipv4_only)
		return refuse(domain, type, protocol, EAFNOSUPPORT);
	if (protocol == IPPROTO_MPTCP)
		return multipath_socket(domain, type, protocol, real);
	fd = real(p->family, type, domain == AF_INET6 ? XTCPPROTO_IPV6 : XTCPPROTO_IPV4);
	debug(domain, type, protocol, fd, "in AF_XTCP");
	if (fd >= 0)
		atomic_fetch_add(&p->counts->xtcp, 1);
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

static getsockopt_fn *real_getsockopt(void)
{
	static getsockopt_fn *real;

	if (!real)
		real = preload_next("getsockopt");
	return real;
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
PUBLIC int getsockopt(int fd, int level, int name, void *restrict value,
		      socklen_t *restrict len)
{
	getsockopt_fn *real = real_getsockopt();
	socklen_t whole = sizeof(int);
	int rc, answer;

	rc = real(fd, level, name, value, len);
	/* who asked for a part of the number has a part of ours */
	if (rc || level != SOL_SOCKET || name != SO_PROTOCOL ||
	    real(fd, level, name, &answer, &whole) || !is_xtcp(fd, answer, real))
		return rc;
	answer = IPPROTO_TCP;
	memcpy(value, &answer, *len < sizeof(answer) ? *len : sizeof(answer));
	return 0;
}

/* -d: a listener, and whose it is. Others than TCP's are nobody's business. */
static void debug_listener(int fd)
{
	union {
		struct sockaddr_in6 v6;
		struct sockaddr_in v4;
	} addr;
	getsockopt_fn *real = real_getsockopt();
	char text[INET6_ADDRSTRLEN] = "?";
	socklen_t len = sizeof(addr);
	socklen_t int_len = sizeof(int);
	bool v4, xtcp;
	int protocol;

	if (getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    (addr.v4.sin_family != AF_INET && addr.v4.sin_family != AF_INET6) ||
	    real(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &int_len) ||
	    (protocol & 255) != IPPROTO_TCP)
		return;
	v4 = addr.v4.sin_family == AF_INET;
	xtcp = is_xtcp(fd, protocol, real);
	if (v4)
		inet_ntop(AF_INET, &addr.v4.sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &addr.v6.sin6_addr, text, sizeof(text));
	preload_say("listen(%d) at %s%s%s:%u %s", fd, v4 ? "" : "[", text, v4 ? "" : "]",
		    ntohs(v4 ? addr.v4.sin_port : addr.v6.sin6_port),
		    xtcp ? "in AF_XTCP" : "on the kernel's TCP");
}

/**
 * listen - the C library's; -d tells on which TCP
 * @fd: socket
 * @backlog: backlog
 *
 * Return: 0, -1 with errno.
 */
PUBLIC int listen(int fd, int backlog)
{
	static listen_fn *real;
	int rc;

	if (!real)
		real = preload_next("listen");
	rc = real(fd, backlog);
	if (!rc && preload_state()->debug)
		debug_listener(fd);
	return rc;
}
