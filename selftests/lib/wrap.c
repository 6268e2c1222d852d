// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of a test, which speaks of IPv4, on sockets of IPv6: see siit.h.  The linker
 * gives us the calls of all objects (--wrap).
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "kselftest.h"
#include "siit.h"
#include "util.h"

#define REAL(type, name, ...)	type __real_##name(__VA_ARGS__); \
				type __wrap_##name(__VA_ARGS__)

/* In the same order as <linux/xtcp.h>. */
#define PROTO_IPV6	1

static int wire_tun = -1;

/**
 * siit_device - packets of this device are translated
 * @tun: the descriptor, -1: no more
 */
void siit_device(int tun)
{
	wire_tun = siit_mode() == SIIT_6 ? tun : -1;
}

static bool is_ours(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(domain);

	return siit_mode() != SIIT_4 &&
	       !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_INET6 &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_STREAM;
}

REAL(int, socket, int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (siit_mode() != SIIT_4 && kind == SOCK_STREAM) {
		if (domain == AF_INET)
			domain = AF_INET6;
		else if (domain == xtcp_family() && (!protocol || protocol == IPPROTO_TCP))
			protocol = PROTO_IPV6;
	}
	return __real_socket(domain, type, protocol);
}

/* Return: what to hand on. */
static const struct sockaddr *out(int fd, const struct sockaddr *addr, socklen_t *len,
				  struct sockaddr_in6 *sin6)
{
	const struct sockaddr_in *sin = (const void *)addr;

	if (!addr || *len < sizeof(*sin) || addr->sa_family != AF_INET || !is_ours(fd))
		return addr;
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = sin->sin_port;
	siit_address(&sin6->sin6_addr, sin->sin_addr.s_addr);
	*len = sizeof(*sin6);
	return (struct sockaddr *)sin6;
}

/* What the kernel says in @sin6 goes to @addr, which has room for @room bytes. */
static void in(const struct sockaddr_in6 *sin6, struct sockaddr *addr, socklen_t room,
	       socklen_t *len)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = sin6->sin6_port,
		.sin_addr.s_addr = siit_address_back(&sin6->sin6_addr),
	};

	memcpy(addr, &sin, room < sizeof(sin) ? room : sizeof(sin));
	*len = sizeof(sin);
}

/**
 * siit_sockaddr - the address of a command of setsockopt()
 * @fd: a socket
 * @addr: it, of any family; translated if the socket is of IPv6
 *
 * Return: its length, bytes.
 */
socklen_t siit_sockaddr(int fd, struct sockaddr_storage *addr)
{
	socklen_t len = sizeof(struct sockaddr_in);
	struct sockaddr_in6 sin6;

	if (out(fd, (struct sockaddr *)addr, &len, &sin6) == (struct sockaddr *)&sin6)
		memcpy(addr, &sin6, sizeof(sin6));
	return len;
}

REAL(int, bind, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_in6 sin6;

	addr = out(fd, addr, &len, &sin6);
	return __real_bind(fd, addr, len);
}

REAL(int, connect, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_in6 sin6;

	addr = out(fd, addr, &len, &sin6);
	return __real_connect(fd, addr, len);
}

REAL(ssize_t, sendto, int fd, const void *buf, size_t n, int flags,
		      const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_in6 sin6;

	addr = out(fd, addr, &len, &sin6);
	return __real_sendto(fd, buf, n, flags, addr, len);
}

#define NAMES(name)						\
REAL(int, name, int fd, struct sockaddr *addr, socklen_t *len)		\
{									\
	struct sockaddr_in6 sin6;					\
	socklen_t room = len ? *len : 0, got = sizeof(sin6);		\
	int rc;								\
									\
	if (!addr || !len || !is_ours(fd))				\
		return __real_##name(fd, addr, len);			\
	rc = __real_##name(fd, (struct sockaddr *)&sin6, &got);		\
	if (rc >= 0)							\
		in(&sin6, addr, room, len);				\
	return rc;							\
}

NAMES(getsockname)
NAMES(getpeername)
NAMES(accept)

REAL(int, accept4, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct sockaddr_in6 sin6;
	socklen_t room = len ? *len : 0, got = sizeof(sin6);
	int rc;

	if (!addr || !len || !is_ours(fd))
		return __real_accept4(fd, addr, len, flags);
	rc = __real_accept4(fd, (struct sockaddr *)&sin6, &got, flags);
	if (rc >= 0)
		in(&sin6, addr, room, len);
	return rc;
}

/* IPv4's options and those of IPv6 that mean the same. */
static bool same_option(int fd, int *level, int *name)
{
	static const int names[][2] = {
		{ IP_TOS, IPV6_TCLASS },
		{ IP_TTL, IPV6_UNICAST_HOPS },
		{ IP_MINTTL, IPV6_MINHOPCOUNT },
		{ IP_RECVERR, IPV6_RECVERR },
		{ IP_MTU, IPV6_MTU },
		{ IP_MTU_DISCOVER, IPV6_MTU_DISCOVER },
		{ IP_FREEBIND, IPV6_FREEBIND },
		{ IP_TRANSPARENT, IPV6_TRANSPARENT },
	};
	unsigned int i;

	if (*level != IPPROTO_IP || siit_mode() != SIIT_6 || !is_ours(fd))
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i][0] != *name)
			continue;
		*level = IPPROTO_IPV6;
		*name = names[i][1];
		return true;
	}
	return false;
}

REAL(int, setsockopt, int fd, int level, int name, const void *value, socklen_t len)
{
	same_option(fd, &level, &name);
	return __real_setsockopt(fd, level, name, value, len);
}

REAL(int, getsockopt, int fd, int level, int name, void *value, socklen_t *len)
{
	bool same = level != SOL_SOCKET && same_option(fd, &level, &name);
	int rc = __real_getsockopt(fd, level, name, value, len);

	if (!rc && same && name == IPV6_MTU)
		*(int *)value -= SIIT_GROWS;
	return rc;
}

REAL(ssize_t, write, int fd, const void *buf, size_t n)
{
	uint8_t packet[65536 + 2 * SIIT_GROWS];
	size_t len;

	if (fd != wire_tun || fd < 0)
		return __real_write(fd, buf, n);
	len = siit_packet(packet, buf, n);
	if (!len)
		return n;
	return __real_write(fd, packet, len) == (ssize_t)len ? (ssize_t)n : -1;
}

REAL(ssize_t, read, int fd, void *buf, size_t n)
{
	uint8_t packet[65536], back[65536];
	ssize_t len;

	if (fd != wire_tun || fd < 0)
		return __real_read(fd, buf, n);
	len = __real_read(fd, packet, sizeof(packet));
	if (len <= 0)
		return len;
	/* what is no TCP (neighbours, routers) is nothing that a test waits for */
	len = siit_packet_back(back, packet, len);
	if (!len)
		return n ? (memset(buf, 0, 1), 1) : 0;
	memcpy(buf, back, (size_t)len < n ? (size_t)len : n);
	return (size_t)len < n ? len : (ssize_t)n;
}
