// SPDX-License-Identifier: GPL-2.0
/*
 * socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP): the same sockets through the door of AF_INET.
 * doors.sh runs the tests of the other files through it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "lib/fixture.h"

FIXTURE(protosw) { };

FIXTURE_SETUP(protosw)
{
	const char *missing = xtcp_missing();

	if (missing || test_inet())
		SKIP(return, "%s", missing ? missing : "the kernel's TCP has no such thing");
	if (!xtcp_protocol())
		SKIP(return, "the module was loaded with protocol=0");
}

FIXTURE_TEARDOWN(protosw)
{
}

static int through_inet(int flags)
{
	return socket(AF_INET, SOCK_STREAM | flags, xtcp_protocol());
}

static int through_xtcp(int flags)
{
	return socket(xtcp_family(), SOCK_STREAM | flags, 0);
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	getsockopt(fd, SOL_SOCKET, name, &value, &len);
	return value;
}

TEST_F(protosw, socket__is_the_same)
{
	int a = through_inet(0), b = through_xtcp(0), name;

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	EXPECT_EQ(AF_INET, option(a, SO_DOMAIN));
	EXPECT_EQ(IPPROTO_TCP, option(a, SO_PROTOCOL) & 255);
	EXPECT_NE(IPPROTO_TCP, option(a, SO_PROTOCOL));
	for (name = 1; name < 100; name++)
		/* a number of its own */
		if (name != SO_COOKIE)
			EXPECT_EQ(option(b, name), option(a, name)) {
				TH_LOG("option %d", name);
			}
}

TEST_F(protosw, socket__flags)
{
	EXPECT_EQ(0, fcntl(through_inet(0), F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(through_inet(SOCK_CLOEXEC), F_GETFD));
	EXPECT_TRUE(fcntl(through_inet(SOCK_NONBLOCK), F_GETFL) & O_NONBLOCK);
}

TEST_F(protosw, socket__only_streams)
{
	EXPECT_EQ(-1, socket(AF_INET, SOCK_DGRAM, xtcp_protocol()));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	EXPECT_EQ(-1, socket(AF_INET, SOCK_SEQPACKET, xtcp_protocol()));
	EXPECT_EQ(ESOCKTNOSUPPORT, errno);
}

/* Who asks for any stream gets the kernel's. */
TEST_F(protosw, socket__default_is_tcp)
{
	EXPECT_EQ(IPPROTO_TCP, option(socket(AF_INET, SOCK_STREAM, 0), SO_PROTOCOL));
}

/* It has a struct proto of its own, which is nobody's business. */
TEST_F(protosw, protocols__is_one_row)
{
	FILE *f = fopen("/proc/net/protocols", "re");
	char line[256];
	int rows = 0;

	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f))
		rows += !strncmp(line, "XTCP ", 5);
	fclose(f);
	EXPECT_EQ(1, rows);
}

static bool listens_in(const char *path, uint16_t port)
{
	FILE *f = fopen(path, "re");
	unsigned int have, state;
	bool found = false;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x", &have, &state) == 2)
			found |= have == port && state == 10;
	if (f)
		fclose(f);
	return found;
}

/* A listener of one door, a client of the other. */
static void meet(struct __test_metadata *_metadata, int listener, int client)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	char buf[6] = "";
	int fd;

	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin, len));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&sin, &len));
	EXPECT_TRUE(listens_in("/proc/net/xtcp", ntohs(sin.sin_port)));
	EXPECT_FALSE(listens_in("/proc/net/tcp", ntohs(sin.sin_port)));
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&sin, len));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(option(listener, SO_PROTOCOL), option(fd, SO_PROTOCOL));
	EXPECT_EQ(5, send(client, "hello", 5, 0));
	EXPECT_EQ(5, recv(fd, buf, 5, MSG_WAITALL));
	EXPECT_STREQ("hello", buf);
	close(fd);
	close(client);
	close(listener);
}

TEST_F(protosw, connect__between_doors)
{
	meet(_metadata, through_inet(0), through_xtcp(0));
	meet(_metadata, through_xtcp(0), through_inet(0));
	meet(_metadata, through_inet(0), through_inet(0));
}

/* The door of AF_INET6: its sockets, and that their way out is theirs. */
TEST_F(protosw, socket__of_ipv6)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	socklen_t len = sizeof(sin6);
	int listener, client, fd, i;

	for (i = 0; i < 2; i++) {
		listener = socket(AF_INET6, SOCK_STREAM, xtcp_protocol());
		client = i ? socket(AF_INET6, SOCK_STREAM, xtcp_protocol()) :
			     socket(xtcp_family(), SOCK_STREAM, XTCPPROTO_IPV6);
		if (listener < 0 && errno == EAFNOSUPPORT)
			SKIP(return, "the kernel has no IPv6");
		ASSERT_LE(0, listener);
		ASSERT_LE(0, client);
		EXPECT_EQ(AF_INET6, option(listener, SO_DOMAIN));
		EXPECT_EQ(option(client, SO_PROTOCOL), option(listener, SO_PROTOCOL));
		sin6.sin6_port = 0;
		ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin6, len));
		ASSERT_EQ(0, listen(listener, 1));
		ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&sin6, &len));
		EXPECT_TRUE(listens_in("/proc/net/xtcp6", ntohs(sin6.sin6_port)));
		ASSERT_EQ(0, connect(client, (struct sockaddr *)&sin6, len));
		fd = accept(listener, NULL, NULL);
		ASSERT_LE(0, fd);
		close(client);
		close(fd);
		close(listener);
	}
}

TEST_HARNESS_MAIN
