// SPDX-License-Identifier: GPL-2.0
/*
 * What ICMP tells, and what is made of it: RFC 1122 4.2.3.9, RFC 5927, path MTU
 * discovery (RFC 1191), and the errors that users get (ip(7), IP_RECVERR).
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <time.h>

#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <linux/in6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(icmp)

/* Is the DF bit set in the last segment?  In IPv6 it is nowhere, and always. */
static bool dont_fragment(const struct peer *p)
{
	return p->last[6] & 0x40;
}

/* ---- errors -------------------------------------------------------------- */

/* Every error ends an attempt to connect, as in Linux. */
TEST_F(icmp, error__of_a_syn)
{
	static const struct { uint8_t type, code; int err, err6; } errors[] = {
		{ 3, 0, ENETUNREACH, ENETUNREACH }, { 3, 1, EHOSTUNREACH, EHOSTUNREACH },
		{ 3, 2, ENOPROTOOPT, EPROTO }, { 3, 3, ECONNREFUSED, ECONNREFUSED },
		{ 3, 5, EOPNOTSUPP, ENETUNREACH }, { 3, 6, ENETUNREACH, ENETUNREACH },
		{ 3, 13, EHOSTUNREACH, EACCES }, { 11, 0, EHOSTUNREACH, EHOSTUNREACH },
		{ 12, 0, EPROTO, EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		struct peer p;
		int fd;

		peer_clone(&p, &self->p, 3000 + i);
		fd = start_connect(&p);
		packets(&p, "> S 0:0(0)");
		peer_icmp(&p, errors[i].type, errors[i].code, 0);
		ASSERT_STATE(fd, TCP_CLOSE);
		EXPECT_EQ(siit_either(errors[i].err, errors[i].err6), fd_error(fd));
		packets(&p, "quiet 5");
		close(fd);
	}
}

/* Codes that nobody assigned mean nothing; but of IPv6 that the destination is not reached. */
TEST_F(icmp, error__unknown)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)");
	if (siit_mode() != SIIT_6)
		peer_icmp(p, 3, 16, 0);
	peer_icmp(p, 4, 0, 0);
	peer_icmp(p, 42, 0, 0);
	packets(p, "quiet 20");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	if (siit_mode() != SIIT_6)
		return;
	peer_init(p, &self->w);
	p->port++;
	fd = start_connect(p);
	packets(p, "> S 0:0(0)");
	peer_icmp(p, 3, 16, 0);
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(EPROTO, fd_error(fd));
}

/* In a simultaneous open, too. */
TEST_F(icmp, error__of_our_syn_ack)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	peer_icmp(p, 3, 1, 0);
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(EHOSTUNREACH, fd_error(fd));
	packets(p, "quiet 5");
}

/* A connection goes on: but who set IP_RECVERR is told, whatever the error. */
TEST_F(icmp, error__with_ip_recverr)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, SOL_IP, IP_RECVERR, 1));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	peer_icmp(p, 11, 0, 0);
	EXPECT_EQ(POLLOUT | POLLERR, fd_poll(fd, POLLOUT, PATIENCE_MS));
	EXPECT_EQ(EHOSTUNREACH, fd_error(fd));
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	packets(p, "< . 1:1(0) ack 101");
}

static bool is_peer(const struct peer *p, const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *sin6 = (const void *)addr;
	const struct sockaddr_in *sin = (const void *)addr;

	if (siit_mode() == SIIT_4)
		return sin->sin_family == AF_INET && sin->sin_addr.s_addr == p->addr;
	return sin6->sin6_family == AF_INET6 && siit_address_back(&sin6->sin6_addr) == p->addr;
}

/* The error queue tells who said what. */
TEST_F(icmp, error__queue)
{
	char control[200];
	struct sockaddr_storage from;
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct peer *p = &self->p;
	struct sock_extended_err *ee;
	struct cmsghdr *c;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, set_int(fd, SOL_IP, IP_RECVERR, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(p, "> S 0:0(0)");
	peer_icmp(p, 3, 3, 0);
	ASSERT_STATE(fd, TCP_CLOSE);
	ASSERT_LE(0, recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT));
	c = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(NULL, c);
	/* the socket's family says how it is told, the packet's what */
	EXPECT_EQ(siit_mode() == SIIT_4 ? SOL_IP : SOL_IPV6, c->cmsg_level);
	EXPECT_EQ(siit_mode() == SIIT_4 ? IP_RECVERR : IPV6_RECVERR, c->cmsg_type);
	ee = (void *)CMSG_DATA(c);
	EXPECT_EQ(ECONNREFUSED, ee->ee_errno);
	EXPECT_EQ(siit_either(SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6), ee->ee_origin);
	EXPECT_EQ(siit_either(3, ICMPV6_DEST_UNREACH), ee->ee_type);
	EXPECT_EQ(siit_either(3, ICMPV6_PORT_UNREACH), ee->ee_code);
	EXPECT_TRUE(is_peer(p, &from));
	EXPECT_EQ(sin.sin_port, ((struct sockaddr_in *)&from)->sin_port);
	EXPECT_TRUE(is_peer(p, (struct sockaddr_storage *)SO_EE_OFFENDER(ee)));
}

/* About a SYN,ACK: its entry goes, and the listener does not hear of it. */
TEST_F(icmp, error__of_a_syn_recv_entry)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	/*
	 * A closed port: the SYN may not have been the peer's; it is told by RST.  In IPv6
	 * Linux has it the other way round, and takes a host that is not reached for a
	 * fault that passes.
	 */
	peer_icmp(p, 3, siit_either(3, 1), 0);
	EXPECT_EQ(TCP_SYN_RECV, peer_state(p));
	p->last[20 + 4] ^= 0x40;
	peer_icmp(p, 3, siit_either(1, 3), 0);
	EXPECT_EQ(TCP_SYN_RECV, peer_state(p));
	p->last[20 + 4] ^= 0x40;
	peer_icmp(p, 3, siit_either(1, 3), 0);
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	EXPECT_EQ(0, fd_error(listener));
	EXPECT_EQ(TCP_LISTEN, fd_state(listener));
}

/* ---- path MTU ------------------------------------------------------------ */

TEST_F(icmp, mtu__is_what_the_socket_says)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	EXPECT_EQ(1500, get_int(fd, SOL_IP, IP_MTU));
	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	EXPECT_TRUE(dont_fragment(p));
	/* with IPv6's longer header the least that there is: 1280 */
	peer_icmp(p, 3, 4, 1260);
	packets(p, ">  . 1:1221(1220) ack 1",
		   "> P. 1221:1401(180) ack 1",
		   "<  . 1:1(0) ack 1401");
	EXPECT_EQ(1260, get_int(fd, SOL_IP, IP_MTU));
	EXPECT_EQ(1220, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

/* It does not grow by ICMP. */
TEST_F(icmp, mtu__larger_is_not_believed)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	peer_icmp(p, 3, 4, 9000);
	packets(p, "quiet 20",
		   "< . 1:1(0) ack 1401");
	EXPECT_EQ(1500, get_int(fd, SOL_IP, IP_MTU));
	put_pattern(fd, 1400, 1460);
	packets(p, "> P. 1401:2861(1460) ack 1");
}

/* Below min_pmtu the path may fragment instead: the DF bit goes. */
TEST_F(icmp, mtu__below_the_least)
{
	struct peer *p = &self->p;
	int fd;

	IPV4_ONLY("no path of IPv6 takes less than 1280");
	fd = open_active(p);
	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	EXPECT_TRUE(dont_fragment(p));
	peer_icmp(p, 3, 4, 100);
	/* net.ipv4.route.min_pmtu is 552 */
	packets(p, ">  . 1:513(512) ack 1");
	EXPECT_FALSE(dont_fragment(p));
	packets(p, ">  * 513:1025(512) ack 1",
		   "> P. 1025:1401(376) ack 1",
		   "<  . 1:1(0) ack 1401");
	EXPECT_EQ(552, get_int(fd, SOL_IP, IP_MTU));
}

/* An old router does not say how much: RFC 1191 5. */
TEST_F(icmp, mtu__not_given)
{
	struct peer *p = &self->p;
	int fd;

	IPV4_ONLY("ICMPv6 always says how much");
	fd = open_active(p);
	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	peer_icmp(p, 3, 4, 0);
	packets(p, ">  . 1:513(512) ack 1",
		   /* PSH is at the end of a buffer, of two segments or of three */
		   ">  * 513:1025(512) ack 1",
		   "> P. 1025:1401(376) ack 1",
		   "<  . 1:1(0) ack 1401");
}

/* Before the handshake is over there are no segments to cut, but there will be. */
TEST_F(icmp, mtu__of_a_syn)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)");
	peer_icmp(p, 3, 4, 1260);
	packets(p, "quiet 20",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 1300);
	packets(p, ">  * 1:1221(1220) ack 1",
		   "> P. 1221:1301(80) ack 1",
		   "<  . 1:1(0) ack 1301");
}

/*
 * IP_PMTUDISC_DONT: no DF bit, and a router that complains is not heard.  But none
 * fragments IPv6's, so there it is.
 */
TEST_F(icmp, mtu__discovery_off)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT));
	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	EXPECT_EQ(siit_mode() == SIIT_6, dont_fragment(p));
	peer_icmp(p, 3, 4, 1260);
	if (siit_mode() == SIIT_6)
		packets(p, ">  . 1:1221(1220) ack 1",
			   "> P. 1221:1401(180) ack 1");
	packets(p, "quiet 50",
		   "< . 1:1(0) ack 1401");
}

/* IP_PMTUDISC_INTERFACE: the interface's MTU, whatever ICMP says (RFC 5927 7). */
TEST_F(icmp, mtu__of_the_interface)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE));
	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	peer_icmp(p, 3, 4, 1260);
	packets(p, "quiet 50",
		   "< . 1:1(0) ack 1401");
}

TEST_HARNESS_MAIN
