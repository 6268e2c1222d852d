// SPDX-License-Identifier: GPL-2.0
/*
 * The sockets under test, and the stream that they carry: see wire.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"
#include "wire.h"

/**
 * wire_pattern - the byte that a stream has at some place
 * @offset: bytes since the stream's beginning
 *
 * Both directions of a connection carry the same stream, so a byte in the
 * wrong place is noticed.
 *
 * Return: the byte.
 */
uint8_t wire_pattern(size_t offset)
{
	return offset * 31 + (offset >> 8) * 7 + 'a';
}

/**
 * wire_socket - a socket of the family under test
 * @w: the wire
 * @type: more flags for socket(), as SOCK_NONBLOCK
 *
 * Return: the descriptor.
 */
int wire_socket(struct wire *w, int type)
{
	int fd = socket(w->family, SOCK_STREAM | SOCK_CLOEXEC | type, 0);

	if (fd < 0)
		wire_fail(w, "socket(%d): %s", w->family, strerror(errno));
	return fd;
}

/**
 * start_listen - a listening socket on WIRE_PORT
 * @w: the wire
 * @backlog: for listen()
 *
 * Return: the descriptor.
 */
int start_listen(struct wire *w, int backlog)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	int fd = wire_socket(w, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		wire_fail(w, "bind: %s", strerror(errno));
	if (listen(fd, backlog))
		wire_fail(w, "listen: %s", strerror(errno));
	wire_note(w, "listen() on port %u", WIRE_PORT);
	return fd;
}

/**
 * start_connect - connect() to the peer without waiting
 * @p: the peer
 *
 * Return: the descriptor, of a socket that does not block.
 */
int start_connect(struct peer *p)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	wire_note(p->w, "connect() to port %u", p->port);
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) || errno != EINPROGRESS)
		wire_fail(p->w, "connect: %s instead of EINPROGRESS", strerror(errno));
	return fd;
}

/**
 * do_accept - accept() what must be there at once or soon
 * @w: the wire
 * @listener: listening socket
 *
 * Return: the descriptor, of a socket that does not block.
 */
int do_accept(struct wire *w, int listener)
{
	int fd;

	if (!(fd_poll(listener, POLLIN, PATIENCE_MS) & POLLIN))
		wire_fail(w, "nothing to accept()");
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		wire_fail(w, "accept: %s", strerror(errno));
	wire_note(w, "accept()");
	return fd;
}

/**
 * open_active - a connection that the socket opened
 * @p: the peer, the server
 *
 * No option but the MSS, 1460, is agreed on. Both sides' next sequence number
 * is 1.
 *
 * Return: the descriptor.
 */
int open_active(struct peer *p)
{
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
	if (!(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLOUT) || fd_error(fd))
		wire_fail(p->w, "connect() did not succeed");
	return fd;
}

/**
 * open_passive - a connection that the peer opened, and its listener is closed
 * @p: the peer, the client; its port becomes another one
 *
 * As open_active().
 *
 * Return: the descriptor.
 */
int open_passive(struct peer *p)
{
	int listener = start_listen(p->w, 8), fd;

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	close(listener);
	return fd;
}

/**
 * put_pattern - send() a part of the stream
 * @fd: socket
 * @offset: where it begins, bytes
 * @len: bytes
 */
void put_pattern(int fd, size_t offset, size_t len)
{
	char *buf = malloc(len);
	size_t i;
	ssize_t n;

	for (i = 0; i < len; i++)
		buf[i] = wire_pattern(offset + i);
	n = send(fd, buf, len, MSG_NOSIGNAL);
	if (n != (ssize_t)len) {
		fprintf(stderr, "# send of %zu bytes: %zd, %s\n", len, n,
			n < 0 ? strerror(errno) : "short");
		abort();
	}
	free(buf);
}

/**
 * get_pattern - receive a part of the stream and look at it
 * @fd: socket
 * @offset: where it begins, bytes
 * @len: bytes, all of which must come
 */
void get_pattern(int fd, size_t offset, size_t len)
{
	char *buf = malloc(len);
	size_t got = 0, i;

	while (got < len) {
		ssize_t n = -1;

		if (fd_poll(fd, POLLIN, PATIENCE_MS))
			n = recv(fd, buf + got, len - got, MSG_DONTWAIT);
		if (n <= 0) {
			fprintf(stderr, "# recv after %zu of %zu bytes: %zd, %s\n",
				got, len, n, strerror(errno));
			abort();
		}
		got += n;
	}
	for (i = 0; i < len; i++) {
		if ((uint8_t)buf[i] != wire_pattern(offset + i)) {
			fprintf(stderr, "# byte %zu of the stream is wrong\n",
				offset + i);
			abort();
		}
	}
	free(buf);
}
