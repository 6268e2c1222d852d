// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest.h"
#include "util.h"
#include "wire.h"

/* Only the types of story.h: the harness belongs to the tests. */
#define XTCP_SELFTESTS_FIXTURE_H
#include "story.h"

/**
 * tell_value - write down what came of a call
 * @s: the story
 * @what: the call
 * @value: what it returned
 * @err: errno
 */
void tell_value(struct story *s, const char *what, long value, int err)
{
	if (err)
		tell_text(s, "%s = %ld %s\n", what, value, strerrorname_np(err));
	else
		tell_text(s, "%s = %ld\n", what, value);
}

static void run(void (*teller)(struct story *s), struct story *s, int family)
{
	const char *why = wire_open(&s->w);

	if (why) {
		fprintf(stderr, "# %s\n", why);
		abort();
	}
	s->family = family;
	s->w.family = family;
	teller(s);
	wire_close(&s->w);
}

static const char *next_line(const char **at, char *buf, size_t size)
{
	size_t n = strcspn(*at, "\n");

	snprintf(buf, size, "%.*s", (int)n, *at);
	*at += n;
	if (**at)
		(*at)++;
	return buf;
}

/**
 * compare_stories - let both families tell, and compare
 * @teller: the story
 *
 * Return: NULL, or the first lines that differ.
 */
const char *compare_stories(void (*teller)(struct story *s))
{
	struct story *inet = calloc(1, sizeof(*inet));
	struct story *xtcp = calloc(1, sizeof(*xtcp));
	static char differences[8192];
	const char *a = inet->text, *b = xtcp->text;
	char la[512], lb[512];
	int line = 0, found = 0;
	size_t len = 0;

	run(teller, inet, AF_INET);
	run(teller, xtcp, test_family());
	while ((*a || *b) && found < 8) {
		next_line(&a, la, sizeof(la));
		next_line(&b, lb, sizeof(lb));
		line++;
		if (!strcmp(la, lb))
			continue;
		found++;
		len += snprintf(differences + len, sizeof(differences) - len,
				"\n#   line %d, AF_INET: %s\n#   line %d, AF_XTCP: %s",
				line, la, line, lb);
	}
	free(inet);
	free(xtcp);
	return found ? differences : NULL;
}

/**
 * story_socket - a stream socket of the story's family
 * @s: the story
 *
 * Return: the descriptor.
 */
int story_socket(struct story *s)
{
	int fd = socket(s->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		wire_fail(&s->w, "socket(%d): %s", s->family, strerror(errno));
	return fd;
}

/**
 * loopback - an address of this host
 * @port: port, host order
 *
 * Return: 127.0.0.1 with it.
 */
struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/**
 * story_listener - a listening socket on the loopback address
 * @s: the story
 * @port: its port
 *
 * Return: the descriptor.
 */
int story_listener(struct story *s, uint16_t port)
{
	struct sockaddr_in sin = loopback(port);
	int fd = story_socket(s);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 16))
		wire_fail(&s->w, "bind or listen on port %u: %s", port, strerror(errno));
	return fd;
}

/**
 * story_pair - two sockets that are connected to each other
 * @s: the story
 * @fd: out: the client and the server
 */
void story_pair(struct story *s, int fd[2])
{
	static uint16_t port = 7000;
	struct sockaddr_in sin = loopback(++port);
	int listener = story_listener(s, port);

	fd[0] = story_socket(s);
	if (connect(fd[0], (struct sockaddr *)&sin, sizeof(sin)))
		wire_fail(&s->w, "connect: %s", strerror(errno));
	fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd[1] < 0)
		wire_fail(&s->w, "accept: %s", strerror(errno));
	close(listener);
}

/**
 * revents - what poll() says of a descriptor once nothing changes any more
 * @fd: the descriptor
 *
 * Return: every POLL* bit that is set.
 */
int revents(int fd)
{
	const int all = POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM |
			POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLMSG;
	int seen = fd_poll(fd, all, 0), same;

	for (same = 0; same < 20; same++) {
		int now;

		poll_pause();
		now = fd_poll(fd, all, 0);
		if (now != seen) {
			seen = now;
			same = 0;
		}
	}
	return seen;
}

/**
 * settled_state - the state once a FIN had the time to be ACKed
 * @fd: socket
 *
 * Return: TCP_*.
 */
int settled_state(int fd)
{
	int state;

	revents(fd);
	await_ms((state = fd_state(fd)) != TCP_FIN_WAIT1 && state != TCP_CLOSING &&
		 state != TCP_LAST_ACK, 1000);
	return state;
}

/**
 * drain - read all that is there
 * @fd: socket
 *
 * Return: bytes, until a call would block or the end of the stream; negative
 * errno when it ends with another error.
 */
int drain(int fd)
{
	char buf[65536];
	int total = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += n;
	return n < 0 && errno != EAGAIN ? -errno : total;
}
