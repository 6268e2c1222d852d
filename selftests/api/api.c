// SPDX-License-Identifier: GPL-2.0
/*
 * The socket interface: right and wrong arguments, and names, compared with
 * AF_INET call by call (lib/story.h).  Options are in options.c.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "lib/story.h"

STORIES(api)

#define SA(sin)	((struct sockaddr *)&(sin))

/* ---- socket() ------------------------------------------------------------ */

STORY(api, socket__wrong_arguments)
{
	int pair[2];

	tell(s, socket(s->family, SOCK_STREAM, IPPROTO_UDP));
	tell(s, socket(s->family, SOCK_STREAM, -1));
	tell(s, socket(s->family, SOCK_STREAM, 300));
	tell(s, socket(s->family, SOCK_SEQPACKET, 0));
	tell(s, socket(s->family, SOCK_RDM, 0));
	tell(s, socket(s->family, 11, 0));
	tell(s, socket(s->family, -1, 0));
	tell(s, socket(s->family, SOCK_STREAM | 0x100000, 0));
	tell(s, socketpair(s->family, SOCK_STREAM, 0, pair));
}

TEST_F(api, socket__only_streams)
{
	int family = test_family();

	XTCP_ONLY();
	EXPECT_EQ(-1, socket(family, SOCK_DGRAM, 0));
	EXPECT_EQ(ESOCKTNOSUPPORT, errno);
	EXPECT_EQ(-1, socket(family, SOCK_RAW, IPPROTO_TCP));
	EXPECT_EQ(ESOCKTNOSUPPORT, errno);
	EXPECT_LE(0, socket(family, SOCK_STREAM, IPPROTO_TCP));
	EXPECT_EQ(FD_CLOEXEC, fcntl(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0),
				    F_GETFD));
	EXPECT_TRUE(fcntl(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0),
			  F_GETFL) & O_NONBLOCK);
}

/* ---- bind() -------------------------------------------------------------- */

STORY(api, bind__wrong_arguments)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = loopback(5000);
	int fd = story_socket(s);

	tell(s, bind(fd, NULL, sizeof(sin)));
	tell(s, bind(fd, SA(sin), 2));
	tell(s, bind(fd, SA(sin), sizeof(sin) - 1));
	tell(s, bind(fd, SA(sin), -1));
	tell(s, bind(fd, SA(sin), 1000));
	tell(s, bind(fd, SA(in6), sizeof(in6)));
	sin.sin_family = AF_UNIX;
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	sin.sin_family = AF_UNSPEC;
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	sin = loopback(5000);
	sin.sin_addr.s_addr = inet_addr("198.51.100.1");
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	/* nothing of that has bound it */
	sin = loopback(5000);
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	sin.sin_port = htons(5001);
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	tell(s, bind(-1, SA(sin), sizeof(sin)));
	tell(s, bind(0, SA(sin), sizeof(sin)));
}

STORY(api, bind__unspec_any)
{
	struct sockaddr_in sin = { .sin_family = AF_UNSPEC, .sin_port = htons(5000) };
	int fd = story_socket(s);

	tell(s, bind(fd, SA(sin), sizeof(sin)));
	tell(s, listen(fd, 1));
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	return getsockname(fd, SA(sin), &len) ? 0 : ntohs(sin.sin_port);
}

STORY(api, bind__ephemeral)
{
	struct sockaddr_in sin = loopback(0);
	int a = story_socket(s), b = story_socket(s);

	tell(s, bind(a, SA(sin), sizeof(sin)));
	tell(s, bind(b, SA(sin), sizeof(sin)));
	tell(s, port_of(a) >= 32768 && port_of(a) < 61000);
	tell(s, port_of(a) != port_of(b));
}

STORY(api, bind__in_use)
{
	struct sockaddr_in sin = loopback(5000), any = loopback(5000);
	int a = story_socket(s), b = story_socket(s), c = story_socket(s);

	any.sin_addr.s_addr = INADDR_ANY;
	tell(s, bind(a, SA(sin), sizeof(sin)));
	tell(s, bind(b, SA(sin), sizeof(sin)));
	tell(s, bind(b, SA(any), sizeof(any)));
	sin.sin_addr.s_addr = inet_addr(WIRE_LOCAL);
	tell(s, bind(b, SA(sin), sizeof(sin)));
	tell(s, bind(c, SA(any), sizeof(any)));
	close(a);
	tell(s, bind(c, SA(any), sizeof(any)));
	close(b);
	tell(s, bind(c, SA(any), sizeof(any)));
}

STORY(api, bind__reuseaddr)
{
	struct sockaddr_in sin = loopback(5000);
	int a = story_socket(s), b = story_socket(s);

	set_int(a, SOL_SOCKET, SO_REUSEADDR, 1);
	tell(s, bind(a, SA(sin), sizeof(sin)));
	tell(s, bind(b, SA(sin), sizeof(sin)));
	set_int(b, SOL_SOCKET, SO_REUSEADDR, 1);
	tell(s, bind(b, SA(sin), sizeof(sin)));
	tell(s, listen(a, 1));
	tell(s, listen(b, 1));
	close(a);
	tell(s, listen(b, 1));
}

STORY(api, bind__reuseport)
{
	struct sockaddr_in sin = loopback(5000);
	int a = story_socket(s), b = story_socket(s), c = story_socket(s);

	tell(s, set_int(a, SOL_SOCKET, SO_REUSEPORT, 1));
	tell(s, set_int(b, SOL_SOCKET, SO_REUSEPORT, 1));
	tell(s, bind(a, SA(sin), sizeof(sin)));
	tell(s, bind(b, SA(sin), sizeof(sin)));
	tell(s, bind(c, SA(sin), sizeof(sin)));
	tell(s, listen(a, 1));
	tell(s, listen(b, 1));
}

/* ---- listen() and accept() ----------------------------------------------- */

STORY(api, listen__states)
{
	int fd = story_socket(s), pair[2];

	tell(s, listen(-1, 1));
	tell(s, listen(fd, -1));
	tell(s, port_of(fd) != 0);
	tell(s, listen(fd, 0));
	tell(s, listen(fd, 1000000));
	tell(s, get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
	story_pair(s, pair);
	tell(s, listen(pair[0], 1));
	tell(s, get_int(pair[0], SOL_SOCKET, SO_ACCEPTCONN));
	tell(s, shutdown(pair[0], SHUT_RDWR));
	tell(s, listen(pair[0], 1));
}

STORY(api, accept__wrong_arguments)
{
	struct sockaddr_in sin = loopback(5000), peer;
	int fd = story_socket(s), listener = story_listener(s, 5000), client;
	socklen_t len = sizeof(peer);

	tell(s, accept(-1, NULL, NULL));
	tell(s, accept(fd, NULL, NULL));
	tell(s, accept4(listener, NULL, NULL, 12345));
	set_nonblock(listener, true);
	tell(s, accept(listener, NULL, NULL));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	/* the connection is taken from the queue and lost */
	tell(s, accept(listener, SA(peer), NULL));
	tell(s, accept(listener, NULL, NULL));
	client = story_socket(s);
	tell(s, connect(client, SA(sin), sizeof(sin)));
	tell_fd(s, fd = accept(listener, SA(peer), &len));
	tell(s, len);
	tell(s, peer.sin_family);
	tell(s, ntohl(peer.sin_addr.s_addr));
	tell(s, ntohs(peer.sin_port) == port_of(client));
	/* a child has none of the listener's flags */
	tell(s, fcntl(fd, F_GETFL) & O_NONBLOCK);
	tell(s, fcntl(fd, F_GETFD));
	len = 4;
	client = story_socket(s);
	tell(s, connect(client, SA(sin), sizeof(sin)));
	tell_fd(s, accept4(listener, SA(peer), &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
	tell(s, len);
	len = -1;
	client = story_socket(s);
	tell(s, connect(client, SA(sin), sizeof(sin)));
	tell(s, accept(listener, SA(peer), &len));
}

/* What accept() hands out has the listener's options. */
STORY(api, accept__inherits_options)
{
	struct sockaddr_in sin = loopback(5000);
	int listener, client = story_socket(s), fd;

	listener = story_listener(s, 5000);
	set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set_int(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 7777);
	set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(listener, SOL_SOCKET, SO_RCVBUF, 30000);
	set_int(listener, SOL_SOCKET, SO_SNDBUF, 40000);
	set_int(listener, IPPROTO_IP, IP_TOS, 0x10);
	set_int(listener, IPPROTO_IP, IP_TTL, 33);
	set_linger(listener, 5);
	tell(s, connect(client, SA(sin), sizeof(sin)));
	tell_fd(s, fd = accept(listener, NULL, NULL));
	tell(s, get_int(fd, IPPROTO_TCP, TCP_NODELAY));
	tell(s, get_int(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	tell(s, get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	tell(s, get_int(fd, SOL_SOCKET, SO_KEEPALIVE));
	tell(s, get_int(fd, SOL_SOCKET, SO_RCVBUF));
	tell(s, get_int(fd, SOL_SOCKET, SO_SNDBUF));
	tell(s, get_int(fd, IPPROTO_IP, IP_TOS));
	tell(s, get_int(fd, IPPROTO_IP, IP_TTL));
	tell(s, get_int(fd, SOL_SOCKET, SO_LINGER));
	tell(s, get_int(fd, SOL_SOCKET, SO_REUSEADDR));
	tell(s, get_int(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

/* ---- connect() ----------------------------------------------------------- */

STORY(api, connect__wrong_arguments)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = loopback(5000);
	int fd = story_socket(s);

	tell(s, connect(-1, SA(sin), sizeof(sin)));
	tell(s, connect(fd, NULL, sizeof(sin)));
	tell(s, connect(fd, SA(sin), 1));
	tell(s, connect(fd, SA(sin), sizeof(sin) - 1));
	tell(s, connect(fd, SA(sin), -1));
	tell(s, connect(fd, SA(in6), sizeof(in6)));
	sin.sin_family = AF_UNSPEC;
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	sin = loopback(5000);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, fd_error(fd));
}

STORY(api, connect__nowhere)
{
	static const char *const nowhere[] = {
		"127.0.0.1", "0.0.0.0", "198.51.100.1", "255.255.255.255",
		"224.0.0.1", "192.0.2.255", "240.0.0.1",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct sockaddr_in sin = loopback(5000);
		int fd = story_socket(s);

		tell_text(s, "%s:\n", nowhere[i]);
		inet_pton(AF_INET, nowhere[i], &sin.sin_addr);
		tell(s, connect(fd, SA(sin), sizeof(sin)));
		tell(s, fd_error(fd));
		close(fd);
	}
}

STORY(api, connect__port_zero)
{
	struct sockaddr_in sin = loopback(0);

	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
}

/* The phases of a connect() that does not wait; on the wire nobody answers. */
STORY(api, connect__in_progress)
{
	struct sockaddr_in sin = wire_sockaddr(5000);
	struct peer p;
	int fd = story_socket(s);

	peer_init(&p, &s->w);
	sin = peer_sockaddr(&p);
	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, fd_state(fd));
	tell(s, revents(fd));
	tell(s, recv(fd, &fd, 1, 0));
	tell(s, send(fd, "x", 1, MSG_NOSIGNAL));
	tell(s, listen(fd, 1));
	tell(s, getpeername(fd, SA(sin), &(socklen_t){ sizeof(sin) }));
	sin = peer_sockaddr(&p);
	packets(&p, "> S  0:0(0)",
		    "< S. 0:0(0) ack 1 <mss 1460>",
		    ">  . 1:1(0) ack 1");
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, revents(fd));
	tell(s, getpeername(fd, SA(sin), &(socklen_t){ sizeof(sin) }));
}

STORY(api, connect__blocking_with_timeout)
{
	struct timeval tv = { .tv_usec = 100000 };
	struct peer p;
	struct sockaddr_in sin;
	int fd = story_socket(s);

	peer_init(&p, &s->w);
	sin = peer_sockaddr(&p);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, fd_state(fd));
}

STORY(api, connect__bound)
{
	struct sockaddr_in sin = loopback(5000), local = loopback(6000);
	int listener = story_listener(s, 5000), fd = story_socket(s);
	int other = story_socket(s);

	(void)listener;
	tell(s, bind(fd, SA(local), sizeof(local)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, port_of(fd));
	/* the same four-tuple again */
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	tell(s, bind(other, SA(local), sizeof(local)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
}

/* ---- names --------------------------------------------------------------- */

STORY(api, names)
{
	struct sockaddr_in sin;
	socklen_t len;
	int fd = story_socket(s), pair[2];

	len = sizeof(sin);
	tell(s, getsockname(fd, SA(sin), &len));
	tell(s, len);
	tell(s, sin.sin_family);
	tell(s, sin.sin_port);
	tell(s, sin.sin_addr.s_addr);
	tell(s, getpeername(fd, SA(sin), &len));
	tell(s, getsockname(fd, NULL, &len));
	tell(s, getsockname(fd, SA(sin), NULL));
	len = -1;
	tell(s, getsockname(fd, SA(sin), &len));
	len = 3;
	tell(s, getsockname(fd, SA(sin), &len));
	tell(s, len);
	story_pair(s, pair);
	len = sizeof(sin);
	tell(s, getsockname(pair[0], SA(sin), &len));
	tell(s, ntohl(sin.sin_addr.s_addr));
	tell(s, getpeername(pair[0], SA(sin), &len));
	tell(s, ntohl(sin.sin_addr.s_addr));
	tell(s, ntohs(sin.sin_port) == port_of(pair[1]));
	/* after the peer's FIN there is still a peer, after a RST there is none */
	close(pair[1]);
	tell(s, revents(pair[0]));
	tell(s, getpeername(pair[0], SA(sin), &len));
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, revents(pair[0]));
	tell(s, getpeername(pair[0], SA(sin), &len));
	tell(s, port_of(pair[0]) != 0);
}

/* ---- shutdown() ---------------------------------------------------------- */

STORY(api, shutdown__wrong_arguments)
{
	int fd = story_socket(s), pair[2];

	tell(s, shutdown(-1, SHUT_RD));
	tell(s, shutdown(fd, SHUT_RD));
	tell(s, shutdown(fd, SHUT_WR));
	tell(s, shutdown(fd, 3));
	story_pair(s, pair);
	tell(s, shutdown(pair[0], 3));
	tell(s, shutdown(pair[0], -1));
	tell(s, fd_state(pair[0]));
}

STORY(api, shutdown__combinations)
{
	static const int hows[][2] = {
		{ SHUT_RD, SHUT_RD }, { SHUT_RD, SHUT_WR }, { SHUT_WR, SHUT_RD },
		{ SHUT_WR, SHUT_WR }, { SHUT_RDWR, SHUT_RDWR },
		{ SHUT_WR, SHUT_RDWR }, { SHUT_RD, SHUT_RDWR },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(hows); i++) {
		int pair[2];

		story_pair(s, pair);
		tell_text(s, "%d then %d\n", hows[i][0], hows[i][1]);
		for (j = 0; j < 2; j++) {
			tell(s, shutdown(pair[0], hows[i][j]));
			tell(s, revents(pair[0]));
			tell(s, revents(pair[1]));
			tell(s, recv(pair[0], &j, 0, MSG_DONTWAIT));
			tell(s, drain(pair[0]));
			tell(s, drain(pair[1]));
			tell(s, settled_state(pair[0]));
			tell(s, settled_state(pair[1]));
			tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
		}
		close(pair[0]);
		close(pair[1]);
	}
}

/* Data that comes after SHUT_RD. */
STORY(api, shutdown__rd_then_data)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, shutdown(pair[0], SHUT_RD));
	tell(s, send(pair[1], "late", 4, MSG_NOSIGNAL));
	tell(s, revents(pair[0]));
	tell(s, drain(pair[0]));
	tell(s, drain(pair[0]));
}

STORY(api, shutdown__listener)
{
	struct sockaddr_in sin = loopback(5000);
	int fd = story_listener(s, 5000);

	tell(s, shutdown(fd, SHUT_WR));
	tell(s, fd_state(fd));
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	tell(s, shutdown(fd, SHUT_RD));
	tell(s, fd_state(fd));
	tell(s, accept(fd, NULL, NULL));
	tell(s, revents(fd));
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	tell(s, listen(fd, 1));
}

/* ---- ioctl() ------------------------------------------------------------- */

STORY(api, ioctl__queues)
{
	int pair[2], n = -1, listener = story_listener(s, 5000);

	story_pair(s, pair);
	tell(s, ioctl(pair[1], FIONREAD, &n));
	tell(s, n);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, revents(pair[1]));
	tell(s, ioctl(pair[1], FIONREAD, &n));
	tell(s, n);
	tell(s, ioctl(pair[0], SIOCOUTQ, &n));
	tell(s, await((ioctl(pair[0], SIOCOUTQ, &n), n == 0)));
	tell(s, ioctl(pair[0], SIOCOUTQNSD, &n));
	tell(s, n);
	tell(s, ioctl(listener, FIONREAD, &n));
	tell(s, ioctl(listener, SIOCOUTQ, &n));
	tell(s, ioctl(pair[0], SIOCATMARK, &n));
	tell(s, n);
	tell(s, ioctl(pair[0], FIONREAD, NULL));
	tell(s, ioctl(pair[0], 0x1234, &n));
	close(pair[0]);
	tell(s, revents(pair[1]));
	/* a FIN is no byte */
	tell(s, ioctl(pair[1], FIONREAD, &n));
	tell(s, n);
	n = 1;
	tell(s, ioctl(pair[1], FIONBIO, &n));
	tell(s, fcntl(pair[1], F_GETFL) & O_NONBLOCK);
}

TEST_HARNESS_MAIN
