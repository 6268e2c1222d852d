// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of IPv6: addresses that calls take and give, both families on one port, and
 * ports that are shared with the kernel's TCP.  Each test runs on AF_INET6 as well.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcp.h>
#include <linux/xtcp.h>

#include "harness.h"

#include "util.h"

FIXTURE(ipv6) {
	int family;
};

FIXTURE_VARIANT(ipv6) {
	bool inet;
};

FIXTURE_VARIANT_ADD(ipv6, inet6) { .inet = true };
FIXTURE_VARIANT_ADD(ipv6, xtcp) { .inet = false };

FIXTURE_SETUP(ipv6)
{
	const char *missing = variant->inet ? NULL : xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (unshare(CLONE_NEWNET))
		SKIP(return, "no permission to make a network namespace");
	self->family = variant->inet ? AF_INET6 : xtcp_family();
	bring_up_loopback();
	/* ::1 is there a moment later */
	ASSERT_TRUE(await(!system("ip -6 addr show dev lo | grep -q 'inet6 ::1/128'")));
}

FIXTURE_TEARDOWN(ipv6)
{
}

static int six(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC,
		      family == AF_INET6 ? 0 : XTCPPROTO_IPV6);
}

static int four(int family)
{
	return socket(family == AF_INET6 ? AF_INET : family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static struct sockaddr_in6 address6(const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, text, &sin6.sin6_addr) != 1)
		abort();
	return sin6;
}

/* Return: 0 or errno. */
static int bind6(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = address6(text, port);

	return bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) ? errno : 0;
}

static int bind4(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &sin.sin_addr);
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ? errno : 0;
}

static int connect6(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in6 sin6 = address6(text, port);

	return connect(fd, (struct sockaddr *)&sin6, sizeof(sin6)) ? errno : 0;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(sin6);

	return getsockname(fd, (struct sockaddr *)&sin6, &len) ? 0 : ntohs(sin6.sin6_port);
}

static const char *name_of(int fd, bool peer)
{
	static char text[2][INET6_ADDRSTRLEN];
	struct sockaddr_in6 sin6;
	socklen_t len = sizeof(sin6);
	int err;

	if (peer)
		err = getpeername(fd, (struct sockaddr *)&sin6, &len);
	else
		err = getsockname(fd, (struct sockaddr *)&sin6, &len);
	if (err || len != sizeof(sin6) || sin6.sin6_family != AF_INET6)
		return "none";
	return inet_ntop(AF_INET6, &sin6.sin6_addr, text[peer], sizeof(text[peer]));
}

TEST_F(ipv6, socket__says_what_it_is)
{
	int fd = six(self->family);

	ASSERT_LE(0, fd);
	EXPECT_EQ(AF_INET6, get_int(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(SOCK_STREAM, get_int(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_EQ(0, get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	EXPECT_EQ(64, get_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
	EXPECT_EQ(1, get_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER));
	close(fd);
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/bindv6only", "1"));
	fd = six(self->family);
	EXPECT_EQ(1, get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY));
}

TEST_F(ipv6, bind__errors)
{
	int fd = six(self->family);

	EXPECT_EQ(EINVAL, bind6(fd, "ff02::1", 1000));
	EXPECT_EQ(EINVAL, bind6(fd, "fe80::1", 1000));
	EXPECT_EQ(EADDRNOTAVAIL, bind6(fd, "2001:db8::1", 1000));
	EXPECT_EQ(EADDRNOTAVAIL, bind6(fd, "::ffff:192.0.2.1", 1000));
	EXPECT_EQ(EINVAL, bind4(fd, "127.0.0.1", 1000));
	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	EXPECT_EQ(EINVAL, bind6(fd, "::ffff:127.0.0.1", 1000));
	EXPECT_EQ(0, bind6(fd, "::1", 1000));
	EXPECT_STREQ("::1", name_of(fd, false));
	/* too late */
	EXPECT_EQ(-1, set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
}

TEST_F(ipv6, connect__errors)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 sin6 = address6("::1", 9);
	int fd = six(self->family);

	EXPECT_EQ(ENETUNREACH, connect6(fd, "ff02::1", 9));
	EXPECT_EQ(EINVAL, connect6(fd, "fe80::1", 9));
	EXPECT_EQ(ENETUNREACH, connect6(fd, "2001:db8::1", 9));
	EXPECT_EQ(ECONNREFUSED, connect6(fd, "::1", 9));
	EXPECT_EQ(ECONNREFUSED, connect6(fd, "::", 9));
	EXPECT_EQ(ECONNREFUSED, connect6(fd, "::ffff:127.0.0.1", 9));
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin6, 20));
	EXPECT_EQ(EINVAL, errno);
	close(fd);
	fd = six(self->family);
	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	EXPECT_EQ(ENETUNREACH, connect6(fd, "::ffff:127.0.0.1", 9));
	close(fd);
	fd = six(self->family);
	ASSERT_EQ(0, bind6(fd, "::ffff:127.0.0.1", 0));
	EXPECT_EQ(EAFNOSUPPORT, connect6(fd, "::1", 9));
}

/* Clients of both kinds get to one listener, and are told apart by their names. */
TEST_F(ipv6, listener__takes_both)
{
	int listener = six(self->family), client, fd;
	struct sockaddr_in sin = { .sin_family = AF_INET };

	ASSERT_EQ(0, bind6(listener, "::", 0));
	ASSERT_EQ(0, listen(listener, 8));
	client = six(self->family);
	ASSERT_EQ(0, connect6(client, "::1", port_of(listener)));
	fd = accept(listener, NULL, NULL);
	EXPECT_STREQ("::1", name_of(fd, true));
	EXPECT_STREQ("::1", name_of(fd, false));
	EXPECT_STREQ("::1", name_of(client, false));
	close(fd);
	close(client);

	client = four(self->family);
	sin.sin_port = htons(port_of(listener));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&sin, sizeof(sin)));
	fd = accept(listener, NULL, NULL);
	EXPECT_EQ(AF_INET6, get_int(fd, SOL_SOCKET, SO_DOMAIN));
	EXPECT_STREQ("::ffff:127.0.0.1", name_of(fd, true));
	EXPECT_STREQ("::ffff:127.0.0.1", name_of(fd, false));
	EXPECT_EQ(3, write(client, "abc", 3));
	EXPECT_TRUE(fd_poll(fd, POLLIN, PATIENCE_MS) & POLLIN);
	close(fd);
	close(client);

	client = six(self->family);
	ASSERT_EQ(0, connect6(client, "::ffff:127.0.0.1", port_of(listener)));
	EXPECT_STREQ("::ffff:127.0.0.1", name_of(client, true));
	EXPECT_STREQ("::ffff:127.0.0.1", name_of(client, false));
	fd = accept(listener, NULL, NULL);
	EXPECT_STREQ("::ffff:127.0.0.1", name_of(fd, true));
}

/* RFC 3493 5.3 */
TEST_F(ipv6, listener__v6only)
{
	int listener = six(self->family), other = four(self->family), client, fd;
	uint16_t port;

	ASSERT_EQ(0, set_int(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	ASSERT_EQ(0, bind6(listener, "::", 0));
	ASSERT_EQ(0, listen(listener, 8));
	port = port_of(listener);
	client = six(self->family);
	EXPECT_EQ(ECONNREFUSED, connect6(client, "::ffff:127.0.0.1", port));
	/* nor does it keep the port from IPv4 */
	ASSERT_EQ(0, bind4(other, "0.0.0.0", port));
	ASSERT_EQ(0, listen(other, 8));
	EXPECT_EQ(0, connect6(client, "::ffff:127.0.0.1", port));
	fd = accept(other, NULL, NULL);
	EXPECT_LE(0, fd);
	set_nonblock(listener, true);
	EXPECT_EQ(-1, accept(listener, NULL, NULL));
	EXPECT_EQ(EAGAIN, errno);
}

/* Who has a port has it, whoever asks next: the kernel's TCP or xtcp. */
TEST_F(ipv6, port__is_shared_by_all)
{
	int kernel6 = six(AF_INET6), kernel4 = four(AF_INET6), fd = six(self->family), more;
	uint16_t port;

	ASSERT_EQ(0, bind6(fd, "::", 0));
	ASSERT_EQ(0, listen(fd, 1));
	port = port_of(fd);
	EXPECT_EQ(EADDRINUSE, bind6(kernel6, "::", port));
	EXPECT_EQ(EADDRINUSE, bind6(kernel6, "::1", port));
	EXPECT_EQ(EADDRINUSE, bind4(kernel4, "0.0.0.0", port));
	EXPECT_EQ(EADDRINUSE, bind4(kernel4, "127.0.0.1", port));
	close(fd);

	ASSERT_EQ(0, bind4(kernel4, "127.0.0.1", 0));
	ASSERT_EQ(0, listen(kernel4, 1));
	port = port_of(kernel4);
	fd = six(self->family);
	EXPECT_EQ(EADDRINUSE, bind6(fd, "::", port));
	EXPECT_EQ(EADDRINUSE, bind6(fd, "::ffff:127.0.0.1", port));
	EXPECT_EQ(0, bind6(fd, "::1", port));
	more = six(self->family);
	ASSERT_EQ(0, set_int(more, IPPROTO_IPV6, IPV6_V6ONLY, 1));
	EXPECT_EQ(EADDRINUSE, bind6(more, "::", port));
	close(fd);
	EXPECT_EQ(0, bind6(more, "::", port));
}

/* RFC 4007: a link-local address is one of a link, and a connection stays there. */
TEST_F(ipv6, link_local)
{
	int listener = six(self->family), client = six(self->family), fd, lo;
	struct sockaddr_in6 sin6 = address6("fe80::1", 0), name;
	socklen_t len = sizeof(sin6);

	if (system("ip -6 addr add fe80::1/64 dev lo nodad"))
		SKIP(return, "no ip(8)");
	lo = if_nametoindex("lo");
	ASSERT_EQ(0, bind6(listener, "::", 0));
	ASSERT_EQ(0, listen(listener, 8));
	sin6.sin6_port = htons(port_of(listener));
	sin6.sin6_scope_id = lo;
	ASSERT_EQ(0, connect(client, (struct sockaddr *)&sin6, sizeof(sin6)));
	fd = accept(listener, (struct sockaddr *)&name, &len);
	ASSERT_LE(0, fd);
	EXPECT_EQ(lo, name.sin6_scope_id);
	EXPECT_STREQ("fe80::1", name_of(fd, true));
	EXPECT_EQ(3, write(fd, "abc", 3));
	EXPECT_TRUE(fd_poll(client, POLLIN, PATIENCE_MS) & POLLIN);
}

/* The key of ::1 (RFC 2385).  Return: 0 or errno. */
static int set_key(int fd, const char *secret)
{
	struct sockaddr_in6 sin6 = address6("::1", 0);
	struct tcp_md5sig cmd = { .tcpm_keylen = strlen(secret) };

	memcpy(&cmd.tcpm_addr, &sin6, sizeof(sin6));
	memcpy(cmd.tcpm_key, secret, cmd.tcpm_keylen);
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &cmd, sizeof(cmd)) ? errno : 0;
}

/* Signed segments, understood by the kernel's TCP and by ours, whoever began. */
TEST_F(ipv6, signed__with_the_kernel)
{
	const int families[2][2] = { { self->family, AF_INET6 }, { AF_INET6, self->family } };
	unsigned int i;
	char buf[4];

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		int listener = six(families[i][0]), client = six(families[i][1]), fd, err;

		err = set_key(listener, "secret");
		if (err == ENOPROTOOPT)
			SKIP(return, "the kernel has no TCP_MD5SIG");
		ASSERT_EQ(0, err);
		ASSERT_EQ(0, set_key(client, "secret"));
		ASSERT_EQ(0, bind6(listener, "::", 0));
		ASSERT_EQ(0, listen(listener, 8));
		ASSERT_EQ(0, connect6(client, "::1", port_of(listener)));
		fd = accept(listener, NULL, NULL);
		ASSERT_EQ(4, write(client, "sign", 4));
		ASSERT_EQ(4, read(fd, buf, 4));
		ASSERT_EQ(4, write(fd, "here", 4));
		ASSERT_EQ(4, read(client, buf, 4));
		close(client);
		close(fd);
		close(listener);
	}
}

/* What a disconnected socket was is forgotten, what it was told is not. */
TEST_F(ipv6, disconnect__both_families_again)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	int listener = six(self->family), client = six(self->family), i;

	if (variant->inet)
		SKIP(return, "once it spoke IPv4 the kernel's sends no more over IPv6");
	ASSERT_EQ(0, bind6(listener, "::", 0));
	ASSERT_EQ(0, listen(listener, 8));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, connect6(client, i & 1 ? "::1" : "::ffff:127.0.0.1",
				      port_of(listener)));
		EXPECT_STREQ(i & 1 ? "::1" : "::ffff:127.0.0.1", name_of(client, false));
		close(accept(listener, NULL, NULL));
		ASSERT_EQ(0, connect(client, &unspec, sizeof(unspec)));
		EXPECT_STREQ("::", name_of(client, false));
	}
}

/* A stream hears no multicast; what is asked for wrongly is said first. */
TEST_F(ipv6, membership__order_of_errors)
{
	struct ipv6_mreq mreq = { 0 };
	static const int names[] = { IPV6_ADD_MEMBERSHIP, IPV6_DROP_MEMBERSHIP };
	int fd = six(self->family), i;

	ASSERT_GE(fd, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(setsockopt(fd, IPPROTO_IPV6, names[i], &mreq, 4), -1);
		ASSERT_EQ(errno, EINVAL);
		ASSERT_EQ(setsockopt(fd, IPPROTO_IPV6, names[i], (void *)8, sizeof(mreq)), -1);
		ASSERT_EQ(errno, EFAULT);
		ASSERT_EQ(setsockopt(fd, IPPROTO_IPV6, names[i], &mreq, sizeof(mreq)), -1);
		ASSERT_EQ(errno, EPROTO);
	}
}

/* The first segment that comes back to a raw socket from a port.  Return: its flags. */
static int answer_from(int raw, uint16_t port)
{
	struct tcphdr th;

	while (fd_poll(raw, POLLIN, PATIENCE_MS) & POLLIN)
		if (recv(raw, &th, sizeof(th), 0) == sizeof(th) && ntohs(th.source) == port)
			return th.syn ? th.rst ? -1 : 'S' : th.rst ? 'R' : -1;
	return -1;
}

/*
 * A SYN from port 4001 with so much text that it leaves loopback in pieces.
 * Return: the socket that gets what comes back, -1: it could not be sent.
 */
static int send_large_syn(uint16_t port)
{
	static struct { struct tcphdr th; uint8_t data[2000]; } syn = {
		.th = { .doff = 5, .syn = 1 },
	};
	struct sockaddr_in6 to = address6("::1", 0);
	int raw, at = offsetof(struct tcphdr, check);

	syn.th.source = htons(4001);
	syn.th.dest = htons(port);
	raw = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	if (!setsockopt(raw, IPPROTO_IPV6, IPV6_CHECKSUM, &at, sizeof(at)) &&
	    sendto(raw, &syn, sizeof(syn), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(syn))
		return raw;
	close(raw);
	return -1;
}

/* Return: what came back, -1: nothing. */
static int answer_to_large_syn(uint16_t port)
{
	int raw = send_large_syn(port), flags;

	if (raw < 0)
		return -1;
	flags = answer_from(raw, port);
	close(raw);
	return flags;
}

/*
 * On loopback a packet that is fragmented on its way has been seen by conntrack as a whole:
 * it does not look at the fragments, and joins none.
 */
TEST_F(ipv6, fragments__seen_by_conntrack)
{
	int listener = six(self->family);

	if (system("ip link set lo mtu 1280 && nft 'table inet c { chain i { "
		   "type filter hook input priority 0; ct state invalid drop; }; }'"))
		SKIP(return, "no nft, or no conntrack");
	ASSERT_EQ(0, bind6(listener, "::1", 4000));
	ASSERT_EQ(0, listen(listener, 1));
	EXPECT_EQ('S', answer_to_large_syn(4000));
}

/* Entries of conntrack, once those whose time is over have gone; -1: it does not say. */
static long entries(void)
{
	char line[512];
	FILE *f;
	long n;

	/* who reads them throws away what is over */
	f = fopen("/proc/net/nf_conntrack", "re");
	while (f && fgets(line, sizeof(line), f))
		;
	if (f)
		fclose(f);
	f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "re");
	if (!f || fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

/* The first of some fragments comes. Return: the entry of conntrack goes before it. */
static bool entry_goes(int listener)
{
	bool gone;
	int raw;

	if (bind6(listener, "::1", 4000) || listen(listener, 1))
		return false;
	raw = send_large_syn(4000);
	gone = raw >= 0 && await(!entries());
	close(raw);
	return gone;
}

/* A fragment that waits for the others holds no entry: a namespace that ends waits for it. */
TEST_F(ipv6, fragments__hold_no_entry)
{
	if (variant->inet)
		SKIP(return, "IP joins them, not we");
	if (system("ip link set lo mtu 1280 && nft 'table inet c { chain i { "
		   "type filter hook input priority 0; ct state invalid drop; "
		   "frag frag-off > 0 drop; }; }'") || entries() < 0 ||
	    !proc_write("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_syn_sent", "1"))
		SKIP(return, "no nft, or no conntrack");
	EXPECT_TRUE(entry_goes(six(self->family)));
}

/* Without a connection there is nothing to disconnect: who is bound stays so. */
TEST_F(ipv6, disconnect__bound)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	socklen_t len = sizeof(any);
	int fd = six(self->family);
	in_port_t port;

	ASSERT_EQ(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	ASSERT_EQ(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	port = any.sin6_port;
	ASSERT_NE(port, 0);
	ASSERT_EQ(connect(fd, &unspec, sizeof(unspec)), 0);
	ASSERT_EQ(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	ASSERT_EQ(any.sin6_port, port);
	/* too late for one that is bound */
	ASSERT_EQ(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), -1);
	ASSERT_EQ(errno, EINVAL);
}

/* What IPv4 has set by default, a socket of IPv6 has not. */
TEST_F(ipv6, multicast_all__default)
{
	ASSERT_EQ(get_int(four(self->family), IPPROTO_IP, 49 /* IP_MULTICAST_ALL */), 1);
	ASSERT_EQ(get_int(six(self->family), IPPROTO_IP, 49), 0);
}

TEST_HARNESS_MAIN
