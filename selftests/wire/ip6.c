// SPDX-License-Identifier: GPL-2.0
/*
 * What only IPv6 has: extension headers, fragments, its own errors; labels and ways are in
 * ip6path.c.  Everything else runs over IPv6 from the texts of IPv4 (ipv6.list).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <linux/in6.h>

#include "segment.h"
#include "util.h"
#include "wire.h"

#include "fixture.h"

#define IP6_LEN	40

WIRE_FIXTURE_6(ip6)

static int open_child(struct peer *p, int *listener)
{
	*listener = start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1440>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	return do_accept(p->w, *listener);
}

/* Past the translation of lib/wrap.c. */
static void send_raw(struct peer *p, const uint8_t *packet, size_t len)
{
	if (syscall(SYS_write, p->w->tun, packet, len) != (long)len)
		wire_fail(p->w, "write to the TUN device: %s", strerror(errno));
}

/*
 * A segment of the peer as an IPv6 packet: with @flags, from @seq on, @len bytes of text.
 * Return: its length.
 */
static size_t segment(struct peer *p, uint8_t *packet, uint8_t flags, uint32_t seq, size_t len)
{
	uint8_t ip[IP_LEN + TCP_LEN + 1440] = { 0x45 }, *tcp = ip + IP_LEN;
	uint16_t csum;
	size_t i;

	put16(ip + 2, IP_LEN + TCP_LEN + len);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, &p->addr, 4);
	memcpy(ip + 16, &p->laddr, 4);
	put16(tcp, p->port);
	put16(tcp + 2, p->lport);
	put32(tcp + 4, p->iss + seq);
	put32(tcp + 8, flags & F_ACK ? p->irs + 1 : 0);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	for (i = 0; i < len; i++)
		tcp[TCP_LEN + i] = wire_pattern(seq - 1 + i);
	csum = tcp_checksum(p->addr, p->laddr, tcp, TCP_LEN + len);
	memcpy(tcp + 16, &csum, 2);
	wire_note(p->w, "< %zu bytes from %u on, by hand", len, seq);
	return siit_packet(packet, ip, IP_LEN + TCP_LEN + len);
}

static size_t text(struct peer *p, uint8_t *packet, uint32_t seq, size_t len)
{
	return segment(p, packet, F_ACK | F_PSH, seq, len);
}

/* The same with a header between IPv6's and TCP's. */
static void send_with(struct peer *p, uint32_t seq, size_t len, uint8_t kind,
		      const uint8_t *header, size_t size)
{
	uint8_t packet[2048], *rest = packet + IP6_LEN;
	size_t total = text(p, packet, seq, len);

	memmove(rest + size, rest, total - IP6_LEN);
	memcpy(rest, header, size);
	/* the last of them says what follows */
	rest[size > 16 ? size - 8 : 0] = packet[6];
	packet[6] = kind;
	put16(packet + 4, total - IP6_LEN + size);
	send_raw(p, packet, total + size);
}

/* The next ICMPv6 packet that is an error.  Return: its type, -1: none came. */
static int icmp_type(struct peer *p)
{
	uint64_t end = now_ns() + PATIENCE_MS * 1000000ULL;
	uint8_t packet[2048];

	while (now_ns() < end) {
		long n;

		if (!(fd_poll(p->w->tun, POLLIN, 100) & POLLIN))
			continue;
		n = syscall(SYS_read, p->w->tun, packet, sizeof(packet));
		if (n > IP6_LEN && packet[6] == IPPROTO_ICMPV6 && !(packet[IP6_LEN] & 0x80))
			return packet[IP6_LEN];
	}
	return -1;
}

/* RFC 8200 4: headers that ask nothing of us are walked over. */
TEST_F(ip6, exthdr__is_walked_over)
{
	const uint8_t pad[8] = { 0, 0, 1, 4 };
	/* an option that nobody knows, and that may be skipped (RFC 8200 4.2) */
	const uint8_t option[16] = { 0, 1, 0x1e, 10, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0 };
	/* a route that has come to its end, of a type that nobody knows */
	const uint8_t route[8] = { 0, 0, 200, 0 };
	/* RFC 6946: a fragment that is the whole packet */
	const uint8_t atom[8] = { 0, 0, 0, 0, 1, 2, 3, 4 };
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);

	send_with(p, 1, 10, IPPROTO_DSTOPTS, pad, sizeof(pad));
	packets(p, "> . 1:1(0) ack 11");
	send_with(p, 11, 10, IPPROTO_DSTOPTS, option, sizeof(option));
	packets(p, "> . 1:1(0) ack 21");
	send_with(p, 21, 10, IPPROTO_ROUTING, route, sizeof(route));
	packets(p, "> . 1:1(0) ack 31");
	send_with(p, 31, 10, IPPROTO_FRAGMENT, atom, sizeof(atom));
	packets(p, "> . 1:1(0) ack 41");
	send_with(p, 41, 10, IPPROTO_HOPOPTS, pad, sizeof(pad));
	packets(p, "> . 1:1(0) ack 51");
	get_pattern(fd, 0, 50);
}

/* RFC 8200 4.2: what must be refused is, and whoever sent it is told. */
TEST_F(ip6, exthdr__is_refused)
{
	const uint8_t drop[8] = { 0, 0, 0x5e, 4 };
	/* RFC 4942 2.1.9.5: no padding is longer than seven bytes, or says something */
	const uint8_t long_pad[16] = { 0, 1, 1, 12 };
	const uint8_t loud_pad[8] = { 0, 0, 1, 4, 0, 0, 1, 0 };
	const uint8_t another[8] = { IPPROTO_DSTOPTS, 0, 1, 4 };
	uint8_t many[13 * 8];
	unsigned int i;
	const uint8_t tell[8] = { 0, 0, 0x9e, 4 };
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);

	send_with(p, 1, 10, IPPROTO_DSTOPTS, drop, sizeof(drop));
	/* more than anybody needs */
	for (i = 0; i < sizeof(many); i += 8)
		memcpy(many + i, another, sizeof(another));
	send_with(p, 1, 10, IPPROTO_DSTOPTS, many, sizeof(many));
	send_with(p, 1, 10, IPPROTO_DSTOPTS, long_pad, sizeof(long_pad));
	send_with(p, 1, 10, IPPROTO_DSTOPTS, loud_pad, sizeof(loud_pad));
	packets(p, "quiet 100");
	send_with(p, 1, 10, IPPROTO_DSTOPTS, tell, sizeof(tell));
	EXPECT_EQ(ICMPV6_PARAMPROB, icmp_type(p));
	EXPECT_EQ(0, fd_poll(fd, POLLIN, 0));
	packets(p, "< P. 1:11(10) ack 1",
		   "> .  1:1(0) ack 11");
}

/* A packet leaves in pieces of @size bytes; its first @whole bytes are in each of them. */
static void send_pieces(struct peer *p, const uint8_t *packet, size_t total, size_t whole,
			size_t size)
{
	size_t at, len, rest = total - whole;
	uint8_t part[2048];

	for (at = 0; at < rest; at += len) {
		uint8_t *fragment = part + whole, *next = part + 6;
		bool last = rest - at <= size;

		len = last ? rest - at : size;
		memcpy(part, packet, whole);
		if (whole > IP6_LEN)
			next = part + IP6_LEN;
		memset(fragment, 0, 8);
		fragment[0] = *next;
		*next = IPPROTO_FRAGMENT;
		put16(part + 4, whole - IP6_LEN + 8 + len);
		put16(fragment + 2, at | !last);
		put32(fragment + 4, 77);
		memcpy(fragment + 8, packet + whole + at, len);
		send_raw(p, part, whole + 8 + len);
	}
}

/* Each kind of segment in pieces, from the first on. */
static void fragmented_connection(struct peer *p)
{
	int listener = start_listen(p->w, 8), fd;
	uint8_t packet[2048];

	p->lport = WIRE_PORT;
	send_pieces(p, packet, segment(p, packet, F_SYN, 0, 400), IP6_LEN, 24);
	packets(p, "> S. 0:0(0) ack 1");
	send_pieces(p, packet, text(p, packet, 1, 1000), IP6_LEN, 400);
	packets(p, "> * 1:1(0) ack 1001");
	fd = do_accept(p->w, listener);
	get_pattern(fd, 0, 1000);
	send_pieces(p, packet, segment(p, packet, F_ACK | F_FIN, 1001, 9), IP6_LEN, 24);
	packets(p, "> . 1:1(0) ack 1011");
	get_pattern(fd, 1000, 9);
	close(fd);
	close(listener);
	packets(p, "> F. 1:1(0) ack 1011",
		   "< .  1011:1011(0) ack 2");
}

/* Nothing falls to the kernel's TCP, which would answer with a RST. */
TEST_F(ip6, fragments__are_joined)
{
	fragmented_connection(&self->p);
}

/*
 * Where nothing joins them: what comes in pieces is lost, as on a bad path, and the kernel's
 * TCP does not get it either.  What comes whole is served.
 */
TEST_F(ip6, fragments__without_reassembly)
{
	struct peer *p = &self->p;
	uint8_t packet[2048];
	int listener, fd;

	if (!getenv("XTCP_NO_DEFRAG"))
		SKIP(return, "defrag.sh runs it, where there is no nf_defrag_ipv6");
	listener = start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	send_pieces(p, packet, segment(p, packet, F_SYN, 0, 0), IP6_LEN, 8);
	send_pieces(p, packet, segment(p, packet, F_SYN, 0, 400), IP6_LEN, 24);
	packets(p, "quiet 100",
		   "< S  0:0(0) <mss 1440>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	send_pieces(p, packet, text(p, packet, 1, 1000), IP6_LEN, 400);
	packets(p, "quiet 100",
		   "< P. 1:1001(1000) ack 1",
		   "> * 1:1(0) ack 1001");
	get_pattern(fd, 0, 1000);
	close(fd);
	close(listener);
	packets(p, "> F. 1:1(0) ack 1001",
		   "< .  1001:1001(0) ack 2");
}

#define CONNTRACK "table inet c { chain i { type filter hook input priority 0; " \
		  "ct state invalid drop; }; };"

/* With conntrack, which joins them itself. */
TEST_F(ip6, fragments__tracked)
{
	if (system("nft '" CONNTRACK "'"))
		SKIP(return, "no nft, or no conntrack");
	fragmented_connection(&self->p);
}

/* What conntrack shall not see it does not join. */
TEST_F(ip6, fragments__not_tracked)
{
	if (system("nft '" CONNTRACK "table ip6 r { chain p { "
		   "type filter hook prerouting priority -500; notrack; }; }'"))
		SKIP(return, "no nft, or no conntrack");
	fragmented_connection(&self->p);
}

/* The kernel's TCP gets its own beside us, behind headers, too. */
TEST_F(ip6, fragments__of_the_kernels)
{
	uint8_t packet[2048], pad[8] = { IPPROTO_TCP, 0, 1, 4 };
	int ours = wire_socket(&self->w, 0);
	struct peer again, *p = &self->p;
	size_t total;

	p->w->family = AF_INET;
	fragmented_connection(p);
	peer_clone(&again, p, 3000);
	p = &again;
	p->lport = WIRE_PORT;
	start_listen(p->w, 8);
	total = segment(p, packet, F_SYN, 0, 400);
	memmove(packet + IP6_LEN + sizeof(pad), packet + IP6_LEN, total - IP6_LEN);
	memcpy(packet + IP6_LEN, pad, sizeof(pad));
	packet[6] = IPPROTO_DSTOPTS;
	send_pieces(p, packet, total + sizeof(pad), IP6_LEN + sizeof(pad), 24);
	packets(p, "> S. 0:0(0) ack 1");
	p->w->family = test_family();
	close(ours);
}

/* One piece of a packet, with hop-by-hop options of its own or without. */
static void send_piece(struct peer *p, const uint8_t *packet, size_t at, size_t len, bool last,
		       bool hop)
{
	static const uint8_t pad[8] = { 0, 0, 1, 4 };
	uint8_t part[2048], *next = part + 6, *fragment = part + IP6_LEN;

	memcpy(part, packet, IP6_LEN);
	if (hop) {
		*next = IPPROTO_HOPOPTS;
		next = memcpy(fragment, pad, sizeof(pad));
		fragment += sizeof(pad);
	}
	*next = IPPROTO_FRAGMENT;
	memset(fragment, 0, 8);
	fragment[0] = packet[6];
	put16(fragment + 2, at | !last);
	put32(fragment + 4, 78 + p->port);
	memcpy(fragment + 8, packet + IP6_LEN + at, len);
	put16(part + 4, fragment + 8 + len - part - IP6_LEN);
	send_raw(p, part, fragment + 8 + len - part);
}

/* A packet has the headers of its first piece, whoever reads it behind us (RFC 8200 4.5). */
TEST_F(ip6, fragments__headers_differ)
{
	int ours = wire_socket(&self->w, 0), hop;
	uint8_t packet[2048];
	struct peer p;

	self->w.family = AF_INET;
	start_listen(&self->w, 8);
	for (hop = 0; hop < 2; hop++) {
		size_t total;

		peer_clone(&p, &self->p, 3001 + hop);
		p.lport = WIRE_PORT;
		total = segment(&p, packet, F_SYN, 0, 400) - IP6_LEN;
		send_piece(&p, packet, 0, 24, false, hop);
		send_piece(&p, packet, 24, total - 24, true, !hop);
		packets(&p, "> S. 0:0(0) ack 1");
	}
	self->w.family = test_family();
	close(ours);
}

/* RFC 8201: the path takes less; what says less than 1280 is not believed (RFC 8200 5). */
TEST_F(ip6, too_big__segments_shrink)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);

	put_pattern(fd, 0, 1440);
	packets(p, "> P. 1:1441(1440) ack 1");
	peer_icmp(p, 3, 4, 1000);
	packets(p, "quiet 50");
	peer_icmp(p, 3, 4, 1280);
	packets(p, ">  . 1:1241(1240) ack 1",
		   "> P. 1241:1441(200) ack 1",
		   "<  . 1:1(0) ack 1441");
}

/* Nobody tells the socket: IP drops what is too large without a word. */
TEST_F(ip6, mtu__set_by_hand)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);

	put_pattern(fd, 0, 1440);
	packets(p, "> P. 1:1441(1440) ack 1",
		   "< .  1:1(0) ack 1441");
	if (system("ip link set wire mtu 1400"))
		SKIP(return, "no ip(8)");
	put_pattern(fd, 1440, 1440);
	packets(p, "> * 1441:2781(1340) ack 1",
		   "> * 2781:2881(100) ack 1",
		   "< . 1:1(0) ack 2881");
}

/* The error queue tells who said what; who did not ask has nothing in it (as Linux). */
TEST_F(ip6, error__queue)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int ask;

	for (ask = 0; ask < 2; ask++) {
		char control[200], text[INET6_ADDRSTRLEN];
		struct sockaddr_in6 from;
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		struct sock_extended_err *ee;
		struct cmsghdr *c;
		struct peer p;
		int fd;

		peer_clone(&p, &self->p, 3000 + ask);
		sin.sin_port = htons(3000 + ask);
		fd = wire_socket(&self->w, SOCK_NONBLOCK);
		ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, ask));
		ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		packets(&p, "> S 0:0(0)");
		peer_icmp(&p, 3, 3, 0);
		ASSERT_STATE(fd, TCP_CLOSE);
		if (!ask) {
			EXPECT_EQ(-1, recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT));
			EXPECT_EQ(EAGAIN, errno);
			continue;
		}
		ASSERT_LE(0, recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT));
		c = CMSG_FIRSTHDR(&msg);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(IPPROTO_IPV6, c->cmsg_level);
		EXPECT_EQ(IPV6_RECVERR, c->cmsg_type);
		ee = (void *)CMSG_DATA(c);
		EXPECT_EQ(ECONNREFUSED, ee->ee_errno);
		EXPECT_EQ(SO_EE_ORIGIN_ICMP6, ee->ee_origin);
		EXPECT_EQ(ICMPV6_DEST_UNREACH, ee->ee_type);
		EXPECT_EQ(ICMPV6_PORT_UNREACH, ee->ee_code);
		EXPECT_EQ(sin.sin_port, from.sin6_port);
		EXPECT_STREQ("2001:db8::c000:202",
			     inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text)));
	}
}

/* A SYN to an address that others have, too, opens nothing. */
TEST_F(ip6, anycast__is_not_answered)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(WIRE_PORT) };
	int listener = wire_socket(&self->w, 0);
	struct peer *p = &self->p;

	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&any, sizeof(any)));
	ASSERT_EQ(0, listen(listener, 8));
	if (!proc_write("/proc/sys/net/ipv6/conf/wire/forwarding", "1"))
		SKIP(return, "no forwarding");
	/* the subnet's routers have 2001:db8::192.0.2.0 (RFC 4291 2.6.1) */
	p->laddr = htonl(0xc0000200);
	p->lport = WIRE_PORT;
	packets(p, "< S 0:0(0) <mss 1440>",
		   "quiet 50");
	if (!test_inet())
		EXPECT_EQ(1, counter("InAddrErrors"));
}

/* With another address at @offset of the header: 8 or 24. */
static void send_readdressed(struct peer *p, uint8_t *packet, size_t len, size_t offset,
			     const char *addr)
{
	uint8_t *tcp = packet + IP6_LEN;

	inet_pton(AF_INET6, addr, packet + offset);
	put16(tcp + 16, 0);
	put16(tcp + 16, ~sum_add(sum_add(IPPROTO_TCP + len - IP6_LEN, packet + 8, 32), tcp,
				 len - IP6_LEN));
	send_raw(p, packet, len);
}

/* RFC 9293 MUST-57: neither to many nor from many. */
TEST_F(ip6, multicast__is_not_answered)
{
	static const char *const many[] = { "ff02::1", "ff01::1", "ff0e::1" };
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(WIRE_PORT) };
	int listener = wire_socket(&self->w, 0);
	struct peer *p = &self->p;
	uint8_t packet[128];
	unsigned int i;
	size_t len;

	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&any, sizeof(any)));
	ASSERT_EQ(0, listen(listener, 8));
	p->lport = WIRE_PORT;
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		len = segment(p, packet, F_SYN, 0, 0);
		send_readdressed(p, packet, len, 24, many[i]);
		len = segment(p, packet, F_SYN, 0, 0);
		send_readdressed(p, packet, len, 8, many[i]);
	}
	packets(p, "quiet 50");
	EXPECT_EQ(0, conns_in_state(TCP_SYN_RECV));
}

/* On the wire a mapped address would make a packet look like one of IPv4. */
TEST_F(ip6, mapped__is_not_answered)
{
	uint8_t packet[128];
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);
	size_t len = text(p, packet, 1, 10);

	send_readdressed(p, packet, len, 8, "::ffff:192.0.2.2");
	packets(p, "quiet 50");
	EXPECT_EQ(0, fd_poll(fd, POLLIN, 0));
	if (!test_inet())
		EXPECT_EQ(1, counter("InAddrErrors"));
}

/* What the user says of the header is in it, and in that of the SYN,ACK. */
TEST_F(ip6, header__as_the_user_says)
{
	struct peer *p = &self->p;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);
	struct sockaddr_in sin = peer_sockaddr(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 33));
	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, 0x28));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(p, "> S 0:0(0)");
	EXPECT_EQ(33, p->last[8]);
	EXPECT_EQ(0x28, p->last[1]);
}

/* ---- flow labels (RFC 6437) ------------------------------------------------------------- */

/* Of the last packet that came, what there is room for (lib/siit.h). */
static uint16_t last_label(const struct peer *p)
{
	return get16(p->last + 4);
}

/* A segment without text, with a label. */
static void send_labelled(struct peer *p, uint8_t flags, uint32_t seq, uint16_t label)
{
	uint8_t packet[128];
	size_t len = segment(p, packet, flags, seq, 0);

	put16(packet + 2, label);
	send_raw(p, packet, len);
}

/* The label of each kind of segment, until TIME_WAIT answers. */
static void labels_of_a_connection(struct peer *p, struct __test_metadata *_metadata,
				   uint16_t theirs, bool reflected)
{
	int listener = start_listen(p->w, 8), fd;
	uint16_t label;

	p->lport = WIRE_PORT;
	send_labelled(p, F_SYN, 0, theirs);
	packets(p, "> S. 0:0(0) ack 1");
	label = last_label(p);
	if (reflected)
		EXPECT_EQ(theirs, label);
	send_labelled(p, F_ACK, 1, theirs);
	fd = do_accept(p->w, listener);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	EXPECT_EQ(label, last_label(p));
	packets(p, "< .  1:1(0) ack 11");
	close(fd);
	packets(p, "> F. 11:11(0) ack 1");
	EXPECT_EQ(label, last_label(p));
	packets(p, "< F. 1:1(0) ack 12",
		   "> .  12:12(0) ack 2");
	EXPECT_EQ(label, last_label(p));
	packets(p, "< F. 1:1(0) ack 12",
		   "> .  12:12(0) ack 2");
	EXPECT_EQ(label, last_label(p));
	close(listener);
}

/* One that nobody has chosen is the connection's from its SYN,ACK to its end. */
TEST_F(ip6, label__one_of_its_own)
{
	labels_of_a_connection(&self->p, _metadata, 0x1234, false);
}

/* net.ipv6.flowlabel_reflect: the peer's. */
TEST_F(ip6, label__reflected)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/flowlabel_reflect", "1"));
	labels_of_a_connection(p, _metadata, 0x1234, true);
}

/* A RST of a listener, too. */
TEST_F(ip6, label__of_a_rst)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/flowlabel_reflect", "1"));
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->irs = 76;
	send_labelled(p, F_ACK, 1, 0x4321);
	p->irs = 0;
	packets(p, "> R 77:77(0)");
	EXPECT_EQ(0x4321, last_label(p));
}

/* A user may ask for that where labels need not be consistent, and take it back. */
TEST_F(ip6, label__asked_for)
{
	struct in6_flowlabel_req req = {
		.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_REFLECT,
	};
	struct peer *p = &self->p;
	int fd = start_listen(p->w, 8);

	ASSERT_EQ(-1, setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)));
	EXPECT_EQ(EPERM, errno);
	ASSERT_TRUE(proc_write("/proc/sys/net/ipv6/flowlabel_consistency", "0"));
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)));
	p->lport = WIRE_PORT;
	send_labelled(p, F_SYN, 0, 0x1234);
	packets(p, "> S. 0:0(0) ack 1");
	EXPECT_EQ(0x1234, last_label(p));
	req.flr_action = IPV6_FL_A_PUT;
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)));
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)));
	EXPECT_EQ(ESRCH, errno);
}

/* ---- what a segment says besides -------------------------------------------------------- */

/* Who asks learns the hop limit of the last segment that came in its turn. */
TEST_F(ip6, received__hop_limit)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);
	char control[200] __attribute__((aligned(8)));
	struct msghdr msg = { .msg_control = control };
	socklen_t len = sizeof(control);
	struct cmsghdr *c;

	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
	p->ttl = 77;
	packets(p, "< P. 1:11(10) ack 1",
		   "> .  1:1(0) ack 11");
	/* not in its turn */
	p->ttl = 78;
	packets(p, "< P. 21:31(10) ack 1",
		   "> .  1:1(0) ack 11");
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, control, &len));
	msg.msg_controllen = len;
	c = CMSG_FIRSTHDR(&msg);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(IPPROTO_IPV6, c->cmsg_level);
	EXPECT_EQ(IPV6_HOPLIMIT, c->cmsg_type);
	EXPECT_EQ(77, *(int *)CMSG_DATA(c));
}

static uint32_t path_mtu(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		abort();
	return info.tcpi_pmtu;
}

/* What segments fit into as they are is no news, to nobody else either. */
TEST_F(ip6, too_big__not_for_segments)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8), fd;
	uint32_t mtu;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 536>",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	mtu = path_mtu(fd);
	put_pattern(fd, 0, 536);
	packets(p, "> P. 1:537(536) ack 1");
	peer_icmp(p, 3, 4, 1400);
	packets(p, "< .  1:1(0) ack 537");
	EXPECT_EQ(mtu, path_mtu(fd));
}

/* Packets that a policy of IPsec has kept out; -1: the kernel does not count. */
static long kept_out(void)
{
	FILE *f = fopen("/proc/net/xfrm_stat", "re");
	long n = -1, value;
	char name[64];

	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "XfrmInPolBlock"))
			n = value;
	if (f)
		fclose(f);
	return n;
}

/* IPsec's policy counts for errors, too, and each of them once. */
TEST_F(ip6, error__ipsec_policy)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);
	uint32_t mtu = path_mtu(fd);
	long blocked;

	if (system("ip xfrm policy add dir in src ::/0 dst ::/0 proto ipv6-icmp action block"))
		SKIP(return, "no IPsec");
	put_pattern(fd, 0, 1440);
	packets(p, "> P. 1:1441(1440) ack 1");
	blocked = kept_out();
	peer_icmp(p, 3, 4, 1280);
	packets(p, "<  . 1:1(0) ack 1441");
	EXPECT_EQ(mtu, path_mtu(fd));
	if (blocked >= 0)
		EXPECT_EQ(blocked + 1, kept_out());
	put_pattern(fd, 1440, 1440);
	packets(p, "> P. 1441:2881(1440) ack 1",
		   "<  . 1:1(0) ack 2881");
}

#define REDIRECT_LEN	40	/* RFC 4861 4.5, without options */
#define QUOTED_LEN	(IP6_LEN + TCP_LEN + 4)

/*
 * A router next to us redirects a segment of ours, the one from @seq on.
 * Return: the length of its packet.
 */
static size_t redirect(struct peer *p, uint8_t *packet, uint32_t seq)
{
	uint8_t *icmp = packet + IP6_LEN, *option = icmp + REDIRECT_LEN, *quoted = option + 8;
	size_t len = REDIRECT_LEN + 8 + QUOTED_LEN;
	uint8_t theirs[IP6_LEN + TCP_LEN];

	text(p, theirs, 1, 0);
	memset(packet, 0, IP6_LEN + len);
	memcpy(quoted, theirs, IP6_LEN);
	memcpy(quoted + 8, theirs + 24, 16);
	memcpy(quoted + 24, theirs + 8, 16);
	put16(quoted + IP6_LEN, p->lport);
	put16(quoted + IP6_LEN + 2, p->port);
	put32(quoted + IP6_LEN + 4, p->irs + seq);
	quoted[IP6_LEN + 12] = TCP_LEN / 4 << 4;

	packet[0] = 0x60;
	put16(packet + 4, len);
	packet[6] = IPPROTO_ICMPV6;
	packet[7] = 255;
	inet_pton(AF_INET6, "fe80::1", packet + 8);
	memcpy(packet + 24, theirs + 24, 16);
	icmp[0] = 137;
	inet_pton(AF_INET6, "fe80::2", icmp + 8);
	memcpy(icmp + 24, theirs + 8, 16);
	option[0] = 4;
	option[1] = (8 + QUOTED_LEN) / 8;
	put16(icmp + 2, ~sum_add(sum_add(IPPROTO_ICMPV6 + len, packet + 8, 32), icmp, len));
	return IP6_LEN + len;
}

/* RFC 6980 5: what came in fragments, or in one alone, is no redirect. */
TEST_F(ip6, redirect__in_fragments)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);
	uint8_t packet[512];
	size_t len;

	XTCP_ONLY();
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	len = redirect(p, packet, 1);
	send_pieces(p, packet, len, IP6_LEN, 64);
	send_pieces(p, packet, len, IP6_LEN, 512);
	/* behind them: whatever was to come of them is over */
	send_raw(p, packet, len);
	ASSERT_TRUE(await(counter("IcmpIn")));
	EXPECT_EQ(1, counter("IcmpIn"));
	packets(p, "<  . 1:1(0) ack 101");
}

/* RFC 5082: what comes from further away than the user knows the peer to be is dropped. */
TEST_F(ip6, min_hop_count)
{
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener);

	ASSERT_EQ(0, set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 200));
	packets(p, "< P. 1:11(10) ack 1",
		   "quiet 50");
	p->ttl = 255;
	packets(p, "< P. 1:11(10) ack 1",
		   "> .  1:1(0) ack 11");
}

/* Extension headers that the user wants take room in every segment. */
TEST_F(ip6, options_of_the_user__take_room)
{
	const uint8_t pad[16] = { 0, 1, 0x1e, 10, [14] = 1 };
	struct peer *p = &self->p;
	int listener, fd = open_child(p, &listener), mss;

	if (test_inet())
		SKIP(return, "Linux forgets it of connections that a listener made");
	mss = get_int(fd, IPPROTO_TCP, TCP_MAXSEG);
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, pad, sizeof(pad)));
	EXPECT_EQ(mss, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
	/* the peer takes 1440, the path 1460 without them */
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS, pad, sizeof(pad)));
	EXPECT_EQ(1460 - 32, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
}

TEST_HARNESS_MAIN
