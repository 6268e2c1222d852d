// SPDX-License-Identifier: GPL-2.0
/*
 * What TCP takes from IP and gives to it: addresses, options, TTL and Diffserv
 * field, ICMP errors (RFC 9293 3.9.2).
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(ip)

#define SECOND_ADDR	"192.0.2.5"

/* Of the last packet that came. */
static unsigned int tos_of(const struct peer *p)
{
	return p->last[1];
}

static unsigned int ttl_of(const struct peer *p)
{
	return p->last[8];
}

static unsigned int header_len_of(const struct peer *p)
{
	return (p->last[0] & 15) * 4;
}

static int listen_anywhere(struct wire *w)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(WIRE_PORT) };
	int fd = wire_socket(w, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 8))
		wire_fail(w, "bind or listen: %s", strerror(errno));
	return fd;
}

/* ---- TTL, Diffserv field ------------------------------------------------- */

/* MUST-48, MUST-49: the user's, from the SYN on, until the user changes them. */
TEST_F(ip, field__ttl_and_tos_of_an_active_open)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	set_int(fd, IPPROTO_IP, IP_TTL, 77);
	set_int(fd, IPPROTO_IP, IP_TOS, 0x28);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S 0:0(0)");
	EXPECT_EQ(77, ttl_of(p));
	EXPECT_EQ(0x28, tos_of(p));
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	EXPECT_EQ(77, ttl_of(p));
	EXPECT_EQ(0x28, tos_of(p));
	set_int(fd, IPPROTO_IP, IP_TTL, 33);
	set_int(fd, IPPROTO_IP, IP_TOS, 0x50);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(33, ttl_of(p));
	EXPECT_EQ(0x50, tos_of(p));
}

#ifndef SCM_TIMESTAMPING_OPT_STATS
#define SCM_TIMESTAMPING_OPT_STATS	54
#endif
#define NLA_TTL		26	/* TCP_NLA_TTL of <linux/tcp.h>, which libc's does not go with */

/* The TTL of the ACK that a report is about; 0: it has none. */
static int reported_ttl(const struct cmsghdr *cmsg)
{
	const unsigned char *at = CMSG_DATA(cmsg), *end = at + cmsg->cmsg_len - CMSG_LEN(0);
	struct nlattr attr;

	for (; end - at >= NLA_HDRLEN; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_type == NLA_TTL)
			return at[NLA_HDRLEN];
		if (attr.nla_len < NLA_HDRLEN)
			break;
	}
	return 0;
}

/*
 * The ACK's header is read although its text is merged into what waits for the reader, by
 * which its buffer may go (KASAN sees it).
 */
TEST_F(ip, field__ttl_of_an_ack_that_brings_text)
{
	char control[2048];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct peer *p = &self->p;
	struct cmsghdr *cmsg;
	int fd = open_active(p), ttl = 0;

	if (set_int(fd, SOL_SOCKET, SO_TIMESTAMPING,
		    SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
		    SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY))
		SKIP(return, "no statistics beside timestamps");
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	packets(p, "< P. 1:11(10) ack 1",
		   "> . 1:1(0) ack 11");
	put_pattern(fd, 0, 10);
	p->ttl = 99;
	packets(p, "> P. 1:11(10) ack 11",
		   "< P. 11:21(10) ack 11",
		   "> . 11:11(0) ack 21");
	ASSERT_TRUE(await(recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0));
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_TIMESTAMPING_OPT_STATS)
			ttl = reported_ttl(cmsg);
	EXPECT_EQ(99, ttl);
	get_pattern(fd, 0, 20);
}

/*
 * A listener's TTL is for its SYN,ACKs, and not for an answer to who has not completed the
 * handshake: that has the route's, as one without a socket.
 */
TEST_F(ip, field__ttl_of_an_ack_in_syn_recv)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8);

	p->lport = WIRE_PORT;
	set_int(listener, IPPROTO_IP, IP_TTL, 77);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(77, ttl_of(p));
	packets(p, "< P. 900000:900010(10) ack 1",
		   ">  . 1:1(0) ack 1");
	EXPECT_EQ(64, ttl_of(p));
	packets(p, "< P. 1:11(10) ack 2",
		   "> R 2:2(0)");
	EXPECT_EQ(64, ttl_of(p));
}

/* A listener's hold for its SYN,ACKs and for what it accepts. */
TEST_F(ip, field__ttl_and_tos_of_a_passive_open)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8), fd;

	set_int(listener, IPPROTO_IP, IP_TTL, 77);
	set_int(listener, IPPROTO_IP, IP_TOS, 0x28);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(77, ttl_of(p));
	EXPECT_EQ(0x28, tos_of(p));
	packets(p, "< .  1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(77, ttl_of(p));
	EXPECT_EQ(0x28, tos_of(p));
}

/* ---- options ------------------------------------------------------------- */

/* MUST-50: what IP carries besides is no business of TCP's. */
TEST_F(ip, options__of_the_peer_are_skipped)
{
	/* a kind that nobody has defined, and padding */
	static const uint8_t unknown[] = { 0x9e, 4, 0xab, 0xcd, 1, 1, 1, 0 };
	struct peer *p = &self->p;
	int fd;

	memcpy(p->ip_opts, unknown, sizeof(unknown));
	p->ip_opts_len = sizeof(unknown);
	fd = open_active(p);
	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	EXPECT_EQ(20, header_len_of(p));
	get_pattern(fd, 0, 100);
}

/* MAY-11: the user's go along with every packet, and segments leave room. */
TEST_F(ip, options__of_the_user)
{
	/* record route with two slots */
	static const uint8_t route[] = { IPOPT_RR, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S 0:0(0)");
	EXPECT_EQ(32, header_len_of(p));
	EXPECT_EQ(IPOPT_RR, p->last[20]);
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   "> .  1:1(0) ack 1");
	put_pattern(fd, 0, 2000);
	packets(p, "> *  1:1449(1448) ack 1");
	EXPECT_EQ(32, header_len_of(p));
	EXPECT_EQ(1500, p->last_len);
	packets(p, "> P. 1449:2001(552) ack 1");
}

/* Those of a listener are not for who connects to it. */
TEST_F(ip, options__of_a_listener)
{
	static const uint8_t route[] = { IPOPT_RR, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct peer *p = &self->p;
	int fd, listener = start_listen(p->w, 1);

	ASSERT_EQ(0, setsockopt(listener, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(20, header_len_of(p));
	packets(p, "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(20, header_len_of(p));
}

/* MUST-51: by way of a host that the user names. */
TEST_F(ip, options__source_route)
{
	static const uint8_t route[] = { IPOPT_NOP, IPOPT_LSRR, 7, 4, 192, 0, 2, 9 };
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);
	uint8_t ip[WIRE_MTU] = { 0 };

	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IP, IP_OPTIONS, route, sizeof(route)));
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	do {
		ASSERT_TRUE(fd_poll(self->w.tun, POLLIN, 1000) & POLLIN);
		ASSERT_LT(0, read(self->w.tun, ip, sizeof(ip)));
	} while (ip[9] != IPPROTO_TCP);
	/* to the host, and from there to the peer */
	EXPECT_EQ(inet_addr("192.0.2.9"), *(uint32_t *)(ip + 16));
	EXPECT_EQ(0, memcmp(ip + 20, (uint8_t []){ IPOPT_NOP, IPOPT_LSRR, 7, 4 }, 4));
	EXPECT_EQ(p->addr, *(uint32_t *)(ip + 24));
}

/* ---- addresses ----------------------------------------------------------- */

/* MUST-45: a connection keeps the address that it began with. */
TEST_F(ip, address__second_of_ours)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct peer *p = &self->p, q;
	int listener, fd;

	ASSERT_EQ(0, system("ip address add " SECOND_ADDR "/24 dev wire"));
	listener = listen_anywhere(&self->w);
	p->laddr = inet_addr(SECOND_ADDR);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "< F. 1:1(0) ack 11",
		   "> .  11:11(0) ack 2");
	close(fd);
	packets(p, "> F. 11:11(0) ack 2");

	/* MUST-43: or the one that the user wants */
	peer_init(&q, &self->w);
	q.laddr = inet_addr(SECOND_ADDR);
	sin.sin_addr.s_addr = q.laddr;
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	sin = peer_sockaddr(&q);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(&q, "> S  0:0(0)",
		    "< S. 0:0(0) ack 1 <mss 1460>",
		    "> .  1:1(0) ack 1");
}

/* MUST-63: nobody can be there. */
TEST_F(ip, address__impossible_sources)
{
	static const char *const nobody[] = {
		"0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1",
		"255.255.255.255", "192.0.2.255",
	};
	struct peer *p = &self->p;
	unsigned int i;

	XTCP_ONLY();	/* Linux answers the last one */
	listen_anywhere(&self->w);
	p->lport = WIRE_PORT;
	p->port = 40000;
	for (i = 0; i < ARRAY_SIZE(nobody); i++) {
		p->addr = inet_addr(nobody[i]);
		packets(p, "< S 0:0(0) <mss 1460>");
	}
	packets(p, "quiet 50");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_RECV));
}

/* MUST-57: and nothing for everybody is for us. */
TEST_F(ip, address__broadcast_and_multicast)
{
	static const char *const everybody[] = {
		"192.0.2.255", "255.255.255.255", "224.0.0.1",
	};
	struct peer *p = &self->p;
	unsigned int i;

	listen_anywhere(&self->w);
	p->lport = WIRE_PORT;
	p->port = 40000;
	for (i = 0; i < ARRAY_SIZE(everybody); i++) {
		p->laddr = inet_addr(everybody[i]);
		packets(p, "< S 0:0(0) <mss 1460>",
			   "< . 1:1(0) ack 1");
	}
	packets(p, "quiet 50");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_RECV));
}

/* ---- ICMP ---------------------------------------------------------------- */

/* MUST-56, RFC 5927 5: whatever it says, a connection that works goes on. */
TEST_F(ip, icmp__never_ends_a_connection)
{
	static const uint8_t errors[][2] = {
		{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 5 }, { 3, 6 }, { 3, 9 },
		{ 3, 13 }, { 11, 0 }, { 11, 1 }, { 12, 0 },
	};
	struct peer *p = &self->p;
	int fd = open_active(p);
	unsigned int i;

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	for (i = 0; i < ARRAY_SIZE(errors); i++)
		peer_icmp(p, errors[i][0], errors[i][1], 0);
	packets(p, "< . 1:1(0) ack 101");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	put_pattern(fd, 100, 100);
	packets(p, "> P. 101:201(100) ack 1");
}

/* MUST-55: source quench is history (RFC 6633). */
TEST_F(ip, icmp__source_quench)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	peer_icmp(p, 4, 0, 0);
	packets(p, "quiet 20",
		   "< . 1:1(0) ack 101");
	EXPECT_EQ(0, fd_error(fd));
	/* and it slows nothing down: ten segments leave at once */
	put_pattern(fd, 100, 14600);
	packets(p, "> *  101:1561(1460) ack 1",
		   "> *  1561:3021(1460) ack 1",
		   "> *  3021:4481(1460) ack 1",
		   "> *  4481:5941(1460) ack 1",
		   "> *  5941:7401(1460) ack 1",
		   "> *  7401:8861(1460) ack 1",
		   "> *  8861:10321(1460) ack 1",
		   "> *  10321:11781(1460) ack 1",
		   "> *  11781:13241(1460) ack 1",
		   "> P. 13241:14701(1460) ack 1");
}

/* ---- path MTU (RFC 1191) ------------------------------------------------- */

static bool dont_fragment(const struct peer *p)
{
	return p->last[6] & 0x40;
}

TEST_F(ip, path_mtu__packets_are_not_fragmented)
{
	struct sockaddr_in sin;
	struct peer *p = &self->p, q;
	int fd = open_passive(p);

	EXPECT_TRUE(dont_fragment(p));	/* the SYN,ACK */
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	EXPECT_TRUE(dont_fragment(p));

	peer_init(&q, &self->w);
	fd = start_connect(&q);
	packets(&q, "> S 0:0(0)");
	EXPECT_TRUE(dont_fragment(&q));
	packets(&q, "< S. 0:0(0) ack 1 <mss 1460>",
		    "> .  1:1(0) ack 1");
	EXPECT_TRUE(dont_fragment(&q));

	/* unless the user prefers that */
	peer_init(&q, &self->w);
	q.port = 7000;
	sin = peer_sockaddr(&q);
	fd = wire_socket(&self->w, SOCK_NONBLOCK);
	set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(&q, "> S 0:0(0)");
	EXPECT_FALSE(dont_fragment(&q));
}

/* Nobody makes us send crumbs: net.ipv4.route.min_pmtu. */
TEST_F(ip, path_mtu__absurdly_small)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1024);
	packets(p, "> P. 1:1025(1024) ack 1");
	peer_icmp(p, 3, 4, 68);
	packets(p, "> *  1:513(512) ack 1",
		   "> P. 513:1025(512) ack 1",
		   "< .  1:1(0) ack 1025");
}

/* A router that does not tell what it can take (RFC 1191 5). */
TEST_F(ip, path_mtu__of_an_old_router)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1024);
	packets(p, "> P. 1:1025(1024) ack 1");
	peer_icmp(p, 3, 4, 0);
	packets(p, "> *  1:513(512) ack 1",
		   "> P. 513:1025(512) ack 1",
		   "< .  1:1(0) ack 1025");
}

TEST_F(ip, path_mtu__never_grows_by_icmp)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1400);
	packets(p, "> P. 1:1401(1400) ack 1");
	peer_icmp(p, 3, 4, 1000);
	packets(p, "> *  1:961(960) ack 1",
		   "> P. 961:1401(440) ack 1");
	peer_icmp(p, 3, 4, 1300);
	packets(p, "quiet 20",
		   "<  . 1:1(0) ack 1401");
	put_pattern(fd, 1400, 960);
	packets(p, "> P. 1401:2361(960) ack 1");
}

/* ---- routes -------------------------------------------------------------- */

/*
 * A connection remembers how its segments are routed (early demultiplexing), and
 * what is remembered ends with the route.
 */
TEST_F(ip, route__that_went_is_not_remembered)
{
	struct peer *p = &self->p;

	open_active(p);
	packets(p, "< P. 1:11(10) ack 1",
		   "> .  1:1(0) ack 11",
		   "< P. 11:21(10) ack 1",
		   "> .  1:1(0) ack 21");
	ASSERT_EQ(0, system("ip address del " WIRE_LOCAL "/24 dev wire"));
	packets(p, "< P. 21:31(10) ack 1",
		   "quiet 20");
	ASSERT_EQ(0, system("ip address add " WIRE_LOCAL "/24 dev wire"));
	packets(p, "< P. 21:31(10) ack 1",
		   "> .  1:1(0) ack 31",
		   "< P. 31:41(10) ack 1",
		   "> .  1:1(0) ack 41");
}

TEST_HARNESS_MAIN
