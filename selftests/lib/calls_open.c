// SPDX-License-Identifier: GPL-2.0
/* Random calls, from socket() to close(): see calls.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"

#include <linux/xtcp.h>

#include "calls.h"
#include "dice.h"
#include "util.h"

/* How long a call may wait, on a socket that waits. */
#define WAIT_US		20000

/* What a blocking call is bounded by. */
static void bound_waits(int fd)
{
	const struct timeval t = { .tv_usec = WAIT_US };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* A socket of the world's TCP; AF_XTCP has two doors. */
static int stream_socket(const struct world *w, bool six, int flags, bool door)
{
	int fd;

	world_enter(w);
	if (w->side == KERNEL)
		fd = syscall(SYS_socket, six ? AF_INET6 : AF_INET, SOCK_STREAM | flags, 0);
	else if (door)
		fd = syscall(SYS_socket, six ? AF_INET6 : AF_INET, SOCK_STREAM | flags,
			     xtcp_protocol());
	else
		fd = syscall(SYS_socket, xtcp_family(), SOCK_STREAM | flags,
			     six ? XTCPPROTO_IPV6 : XTCPPROTO_IPV4);
	if (fd >= 0)
		bound_waits(fd);
	return fd;
}

static void make_socket_of(struct world *w, const struct call *c, struct outcome *o, bool six,
			   int flags)
{
	bool door = roll(2);
	int fd = stream_socket(w, six, flags, door);

	call_text(o, "slot %d = socket(IPv%d%s)%s", c->other, six ? 6 : 4,
		  flags & SOCK_NONBLOCK ? ", NONBLOCK" : "",
		  door ? " (xtcp: by AF_INET)" : "");
	result_of(o, fd < 0 ? fd : 0);
	world_put(w, c->other, fd, six);
}

static void make_socket(struct world *w, const struct call *c, struct outcome *o)
{
	make_socket_of(w, c, o, roll(2), SOCK_CLOEXEC | (roll(4) ? SOCK_NONBLOCK : 0));
}

static void make_socket4(struct world *w, const struct call *c, struct outcome *o)
{
	make_socket_of(w, c, o, false, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void make_socket6(struct world *w, const struct call *c, struct outcome *o)
{
	make_socket_of(w, c, o, true, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static void make_bind(struct world *w, const struct call *c, struct outcome *o)
{
	struct sockaddr_storage a;
	socklen_t len;

	call_text(o, "bind(%d, ", c->slot);
	len = draw_address(w, c, o, &a);
	call_text(o, ")");
	result_of(o, bind(world_fd(w, c->slot), (struct sockaddr *)&a, len));
}

/* As most servers do: any address, or that of the loopback device. */
static void make_plain_bind(struct world *w, const struct call *c, struct outcome *o)
{
	bool six = w->slot[c->slot].six, any = roll(2);
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(w->port),
		.sin6_addr = any ? in6addr_any : in6addr_loopback,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(w->port),
		.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK),
	};

	call_text(o, "bind(%d, %s, P0)", c->slot, any ? "any" : "loopback");
	result_of(o, bind(world_fd(w, c->slot), six ? (void *)&sin6 : (void *)&sin,
			  six ? sizeof(sin6) : sizeof(sin)));
}

static void make_listen(struct world *w, const struct call *c, struct outcome *o)
{
	int backlog = roll(2) ? (int)roll(4) : draw_number();

	call_text(o, "listen(%d, %d)", c->slot, backlog);
	if (w->slot[c->slot].shut) {
		result_text(o, "not made");
		return;
	}
	result_of(o, listen(world_fd(w, c->slot), backlog));
}

static void make_connect(struct world *w, const struct call *c, struct outcome *o)
{
	struct sockaddr_storage a;
	socklen_t len;

	call_text(o, "connect(%d, ", c->slot);
	len = draw_address(w, c, o, &a);
	call_text(o, ")");
	result_of(o, connect(world_fd(w, c->slot), (struct sockaddr *)&a, len));
}

/* To where the other slot listens, or to where it would. */
static void make_plain_connect(struct world *w, const struct call *c, struct outcome *o)
{
	bool six = w->slot[c->slot].six, listens_six = w->slot[c->other].six;
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(w->port),
		.sin6_addr = in6addr_loopback,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(w->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	bool mapped = !listens_six || !roll(3);

	if (six && mapped) {
		w->slot[c->slot].mapped = true;
		sin6.sin6_addr.s6_addr32[0] = 0;
		sin6.sin6_addr.s6_addr32[1] = 0;
		sin6.sin6_addr.s6_addr32[2] = htonl(0xffff);
		sin6.sin6_addr.s6_addr32[3] = htonl(INADDR_LOOPBACK);
	}
	call_text(o, "connect(%d, %sloopback, P0)", c->slot, six && mapped ? "mapped " : "");
	result_of(o, connect(world_fd(w, c->slot), six ? (void *)&sin6 : (void *)&sin,
			     six ? sizeof(sin6) : sizeof(sin)));
}

static void make_disconnect(struct world *w, const struct call *c, struct outcome *o)
{
	struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
	socklen_t len = roll(4) ? sizeof(struct sockaddr_in6) : roll(sizeof(a));

	call_text(o, "connect(%d, AF_UNSPEC, %u)", c->slot, len);
	result_of(o, connect(world_fd(w, c->slot), (struct sockaddr *)&a, len));
}

static void make_accept(struct world *w, const struct call *c, struct outcome *o)
{
	static const int sets[] = { SOCK_CLOEXEC | SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK, 1 };
	struct sockaddr_storage a = { 0 };
	int flags = sets[roll(8) ? 0 : roll(ARRAY_SIZE(sets))];
	socklen_t len = roll(8) ? sizeof(a) : roll(sizeof(a));
	bool six = w->slot[c->slot].six;
	bool null = !roll(4);
	int fd;

	call_text(o, "slot %d = accept4(%d, %s, %u, %#x)", c->other, c->slot,
		  null ? "NULL" : "&address", len, flags);
	fd = accept4(world_fd(w, c->slot), null ? NULL : (struct sockaddr *)&a,
		     null ? NULL : &len, flags);
	if (result_of(o, fd < 0 ? fd : 0) < 0)
		return;
	if (!null)
		result_address(w, o, &a, len);
	world_put(w, c->other, fd, six);
	/* who accepts both speaks one; the address may not tell which */
	w->slot[c->other].mapped = true;
	w->slot[c->other].shrunk = w->slot[c->slot].shrunk;
}

static void make_shutdown(struct world *w, const struct call *c, struct outcome *o)
{
	int how = roll(16) ? roll(3) : draw_number();

	call_text(o, "shutdown(%d, %d)", c->slot, how);
	if (result_of(o, shutdown(world_fd(w, c->slot), how)) && errno == ENOTCONN)
		w->slot[c->slot].shut = true;
}

static void make_close(struct world *w, const struct call *c, struct outcome *o)
{
	call_text(o, "close(%d)", c->slot);
	result_of(o, close(world_fd(w, c->slot)));
	w->slot[c->slot].fd = -1;
}

static void make_dup(struct world *w, const struct call *c, struct outcome *o)
{
	int fd = fcntl(world_fd(w, c->slot), F_DUPFD_CLOEXEC, 3);

	call_text(o, "slot %d = dup(%d)", c->other, c->slot);
	if (result_of(o, fd < 0 ? fd : 0) < 0)
		return;
	world_put(w, c->other, fd, w->slot[c->slot].six);
	/* what becomes of the socket by one, the other does not know */
	w->slot[c->slot].shut = true;
	w->slot[c->slot].mapped = true;
	w->slot[c->other].shut = true;
	w->slot[c->other].mapped = true;
}

/* getsockname(), getpeername() */
static void make_names(struct world *w, const struct call *c, struct outcome *o)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = roll(8) ? sizeof(a) : roll(2) ? roll(sizeof(a)) : draw_number();
	bool peer = roll(2);
	int fd = world_fd(w, c->slot);

	call_text(o, "get%sname(%d, %d)", peer ? "peer" : "sock", c->slot, (int)len);
	if (!result_of(o, peer ? getpeername(fd, (struct sockaddr *)&a, &len) :
				 getsockname(fd, (struct sockaddr *)&a, &len)))
		result_address(w, o, &a, len);
}

const struct call_kind calls_open[] = {
	CALL_KIND(socket, 4, .opens = true),
	CALL_KIND(bind, 6),
	CALL_KIND(listen, 4),
	CALL_KIND(connect, 8),
	CALL_KIND(disconnect, 2),
	CALL_KIND(accept, 8, .opens = true),
	CALL_KIND(shutdown, 5),
	CALL_KIND(close, 4, .closes = true),
	CALL_KIND(dup, 1, .opens = true),
	CALL_KIND(names, 5),
	CALL_KIND(socket4, 0, .opens = true),
	CALL_KIND(socket6, 0, .opens = true),
	CALL_KIND(plain_bind, 2),
	CALL_KIND(plain_connect, 2),
	{ }
};
