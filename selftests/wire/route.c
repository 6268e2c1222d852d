// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator says about a path with its route ("ip route ... initcwnd 20"),
 * for both ways to open a connection, and for one that is open; and a route that is
 * replaced under a connection.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(route)

/* The way to the peer. */
static void way(struct peer *p, const char *metrics)
{
	const char *command = fmt("ip route replace %s dev wire %s", siit_text(WIRE_REMOTE),
				  metrics);

	wire_note(p->w, "%s", command);
	if (system(command))
		wire_fail(p->w, "%s fails", command);
}

/*
 * The same while a connection is open, which takes it at once: it has to answer text that
 * it knows already.  @next: its next sequence number.
 */
static void way_live(struct peer *p, const char *metrics, unsigned int next)
{
	way(p, metrics);
	packets(p, fmt("< P. 0:1(1) ack %u", next),
		   fmt("> . %u:%u(0) ack 1", next, next));
}

/* The SYN of a connection that nobody answers; the descriptor is left to the end. */
static int open_syn(struct peer *p, const char *syn)
{
	int fd = start_connect(p);

	packets(p, syn);
	return fd;
}

/* ---- congestion window --------------------------------------------------------- */

TEST_F(route, initcwnd__passive)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "initcwnd 20");
	fd = open_sender(p, SENDER_SACK);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	queue_segs(fd, 0, 30);
	segs_leave(p, 0, 20);
	packets(p, "quiet 20");
	EXPECT_INFO(fd, "open unacked 20 cwnd 20");
}

TEST_F(route, initcwnd__active)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "initcwnd 3");
	fd = open_active(p);
	EXPECT_INFO(fd, "open cwnd 3");
}

TEST_F(route, initcwnd__cookie)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "initcwnd 4");
	ASSERT_TRUE(conf_set("syncookies", "2"));
	fd = open_passive(p);
	EXPECT_INFO(fd, "open cwnd 4");
}

/* A locked "cwnd" is the greatest there is. */
TEST_F(route, cwnd__is_a_limit)
{
	struct peer *p = &self->p;
	int fd;

	/* the kernel's TCP learns it from its memory of hosts, which is made later */
	XTCP_ONLY();
	way(p, "cwnd lock 12");
	fd = open_sender(p, SENDER_SACK);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	queue_segs(fd, 0, 40);
	segs_leave(p, 0, 10);
	packets(p, "< . 1:1(0) ack 10001");
	segs_leave(p, 10, 12);
	packets(p, "quiet 20");
	EXPECT_INFO(fd, "open unacked 12 cwnd 12");
}

TEST_F(route, ssthresh__and_reordering)
{
	struct peer *p = &self->p;
	int fd;

	XTCP_ONLY();
	way(p, "ssthresh lock 7 reordering lock 30");
	fd = open_sender(p, SENDER_SACK);
	EXPECT_INFO(fd, "open cwnd 10 ssthresh 7 reordering 30");
}

/* ---- timeouts ------------------------------------------------------------------- */

/* An RTT of 20 ms, and the least RTO on top of it. */
TEST_F(route, rto_min__passive)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "rto_min 50ms");
	fd = open_sender_rtt(p, SENDER_SACK, 20);
	EXPECT_LE(70000, info_of(fd).tcpi_rto);
	/* a machine that is slow makes the RTT longer: by less than the usual 200 ms */
	EXPECT_GT(info_of(fd).tcpi_rtt + 200000, info_of(fd).tcpi_rto);
}

/* Longer than any pause of a slow machine, so that nothing is sent again meanwhile. */
TEST_F(route, rto_min__live)
{
	struct peer *p = &self->p;
	int fd;

	/* the kernel's TCP waits for RTTVAR to grow by itself */
	XTCP_ONLY();
	way(p, "rto_min 2s");
	fd = open_passive(p);
	EXPECT_LE(2000000, info_of(fd).tcpi_rto);
	way_live(p, "rto_min 5s", 1);
	send_segs(p, fd, 0, 1);
	packets(p, "< . 1:1(0) ack 1001");
	EXPECT_LE(5000000, info_of(fd).tcpi_rto);
	way_live(p, "rto_min 3s", 1001);
	send_segs(p, fd, 1, 1);
	packets(p, "< . 1:1(0) ack 2001");
	EXPECT_LE(3000000, info_of(fd).tcpi_rto);
	EXPECT_GT(5000000, info_of(fd).tcpi_rto);
}

TEST_F(route, rto_min__active)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "rto_min 2500ms");
	fd = open_active(p);
	EXPECT_LE(2500000, info_of(fd).tcpi_rto);
	EXPECT_GT(10000000, info_of(fd).tcpi_rto);
}

/* Where the RTT is known to be longer than that of the SYN, it makes the first RTO. */
TEST_F(route, rtt__first_rto)
{
	struct peer *p = &self->p;
	int fd;

	XTCP_ONLY();
	way(p, "rtt 800ms");
	fd = open_passive(p);
	EXPECT_EQ(2400000, info_of(fd).tcpi_rto);
	send_segs(p, fd, 0, 1);
	packets(p, "< . 1:1(0) ack 1001");
	EXPECT_GT(2400000, info_of(fd).tcpi_rto);
}

/* ---- acknowledgements ------------------------------------------------------------ */

/* In a dialogue an ACK waits for the answer; where the route says so, none does. */
TEST_F(route, quickack__live)
{
	struct peer *p = &self->p;
	char byte;
	int fd;

	way(p, "quickack 1");
	fd = open_passive(p);
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	packets(p, "< P. 1:2(1) ack 1",
		   "< P. 2:3(1) ack 1",
		   "> . 1:1(0) ack 2",
		   "> . 1:1(0) ack 3");
	way(p, "");
	/* an answer, and the route is known */
	ASSERT_TRUE(await(recv(fd, &byte, 1, 0) == 1));
	put_pattern(fd, 0, 1);
	packets(p, "> P. 1:2(1) ack 3",
		   "< . 3:3(0) ack 2");
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	packets(p, "< P. 3:4(1) ack 2",
		   "< P. 4:5(1) ack 2",
		   "> . 2:2(0) ack 5");
}

/* ---- windows ---------------------------------------------------------------------- */

TEST_F(route, initrwnd__both_ways)
{
	struct peer *p = &self->p;

	way(p, "initrwnd 5");
	open_syn(p, "> S 0:0(0) win 7300");
	peer_init(p, &self->w);
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 win 7300 <mss 1460>");
}

/* Without the timestamps that go along with each segment. */
TEST_F(route, initrwnd__timestamps)
{
	struct peer *p = &self->p;

	way(p, "initrwnd 5");
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0>",
		   "> S. 0:0(0) ack 1 win 7240");
}

TEST_F(route, initrwnd__cookie)
{
	struct peer *p = &self->p;

	way(p, "initrwnd 5");
	ASSERT_TRUE(conf_set("syncookies", "2"));
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 win 7300 <mss 1460>");
}

TEST_F(route, window__both_ways)
{
	struct peer *p = &self->p;

	way(p, "window 4000");
	open_syn(p, "> S 0:0(0) win 2920 <mss 1460,sackOK,TS val * ecr 0,nop,wscale 0>");
	peer_init(p, &self->w);
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 win 2920 <mss 1460,nop,wscale 0>");
}

/* What the user wants counts more. */
TEST_F(route, window__user)
{
	struct peer *p = &self->p;
	int fd;

	way(p, "window 4000");
	fd = start_listen(p->w, 8);
	set_int(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 8000);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 win 7300");
}

/* ---- the size of segments ----------------------------------------------------------- */

/* The field with "don't fragment" in what came last. */
static unsigned int fragment_bits(const struct peer *p)
{
	return p->last[6] << 8 | p->last[7];
}

#define DONT_FRAGMENT	0x4000

TEST_F(route, mtu__is_locked)
{
	struct peer *p = &self->p;
	int fd;

	IPV4_ONLY("there is no DF bit");
	way(p, "mtu 1200");
	close(open_syn(p, "> S 0:0(0) <mss 1160,sackOK,TS val * ecr 0,nop,wscale *>"));
	EXPECT_EQ(DONT_FRAGMENT, fragment_bits(p));
	way(p, "mtu lock 1200");
	peer_init(p, &self->w);
	fd = open_passive(p);
	put_pattern(fd, 0, 1500);
	packets(p, "> . 1:1161(1160) ack 1");
	EXPECT_EQ(0, fragment_bits(p));
	packets(p, "> P. 1161:1501(340) ack 1");
}

/* What is too small to be fragmented may not be, there as well. */
TEST_F(route, mtu__is_locked_small)
{
	struct peer *p = &self->p;

	IPV4_ONLY("there is no DF bit");
	way(p, "mtu lock 1200");
	p->lport = WIRE_PORT;
	p->port = 40000;
	start_listen(p->w, 8);
	packets(p, "< S 0:0(0) <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(DONT_FRAGMENT, fragment_bits(p));
	packets(p, "< . 1:1(0) ack 900 <nop,nop,TS val 6 ecr 0>",
		   "> R 900:900(0)");
	EXPECT_EQ(DONT_FRAGMENT, fragment_bits(p));
	packets(p, "< . 70000:70000(0) ack 1 <nop,nop,TS val 6 ecr 0>",
		   "> . 1:1(0) ack 1");
	EXPECT_EQ(DONT_FRAGMENT, fragment_bits(p));
}

/* A new route takes smaller segments, and then larger ones. */
TEST_F(route, mtu__live)
{
	struct peer *p = &self->p;
	int fd = open_passive(p);

	put_pattern(fd, 0, 1460);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "< . 1:1(0) ack 1461");
	way_live(p, siit_either("mtu 1300", "mtu 1320"), 1461);
	put_pattern(fd, 1460, 1500);
	packets(p, "> * 1461:2721(1260) ack 1",
		   "> * 2721:2961(240) ack 1",
		   "< . 1:1(0) ack 2961");
	way_live(p, "", 2961);
	put_pattern(fd, 2960, 1460);
	packets(p, "> P. 2961:4421(1460) ack 1");
}

/* ---- algorithms ------------------------------------------------------------------------ */

static const char *algorithm(int fd)
{
	static char name[16];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len);
	return name;
}

TEST_F(route, congctl__both_ways)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("congestion_control", "cubic"));
	way(p, "congctl reno");
	fd = open_active(p);
	EXPECT_STREQ("reno", algorithm(fd));
	EXPECT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
	EXPECT_STREQ("cubic", algorithm(fd));
	peer_init(p, &self->w);
	EXPECT_STREQ("reno", algorithm(open_passive(p)));
}

TEST_F(route, congctl__is_locked)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("congestion_control", "cubic"));
	way(p, "congctl lock reno");
	fd = open_passive(p);
	EXPECT_STREQ("reno", algorithm(fd));
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
	EXPECT_EQ(EPERM, errno);
	EXPECT_STREQ("reno", algorithm(fd));
}

/* ---- Fast Open -------------------------------------------------------------------------- */

TEST_F(route, fastopen__no_cookie)
{
	struct peer *p = &self->p;
	int listener;

	ASSERT_TRUE(conf_set("fastopen", "3"));
	way(p, "fastopen_no_cookie 1 initcwnd 4");
	listener = start_listen(p->w, 8);
	set_int(listener, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:10(10) <mss 1000>",
		   "> S. 0:0(0) ack 11");
	/* and its child knows the rest */
	EXPECT_INFO(do_accept(p->w, listener), "cwnd 4");
}

/* ---- what a SYN brings along (net.xtcp.reflect_tos, fwmark_accept) ---------------------- */

static unsigned int type_of_service(const struct peer *p)
{
	return p->last[1];
}

/* Its type of service is that of the answers, without the ECN bits. */
TEST_F(route, tos__of_the_syn)
{
	struct peer *p = &self->p;
	int listener, fd, i;

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(conf_set("reflect_tos", i ? "1" : "0"));
		ASSERT_TRUE(conf_set("syncookies", i == 2 ? "2" : "1"));
		peer_init(p, &self->w);
		p->tos = 0x28;
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		listener = start_listen(p->w, 8);
		set_int(listener, IPPROTO_IP, 1 /* IP_TOS */, 0x10);
		packets(p, "< S 0:0(0) <mss 1460>",
			   "> S. 0:0(0) ack 1");
		EXPECT_EQ(i ? 0x28 : 0x10, type_of_service(p));
		packets(p, "< . 1:1(0) ack 1");
		fd = do_accept(p->w, listener);
		put_pattern(fd, 0, 10);
		packets(p, "> P. 1:11(10) ack 1");
		EXPECT_EQ(i ? 0x28 : 0x10, type_of_service(p));
		EXPECT_EQ(i ? 0x28 : 0x10, get_int(fd, IPPROTO_IP, 1));
		close(listener);
		set_linger(fd, 0);
		close(fd);
	}
}

/* A connection has the mark of its SYN, unless its listener has one. */
TEST_F(route, fwmark__of_the_syn)
{
	struct peer *p = &self->p;
	int listener, fd, i;

	if (system(fmt("nft 'table %s t { chain i { type filter hook prerouting priority 0; "
		       "meta mark set 7; }; }'", siit_either("ip", "ip6"))))
		SKIP(return, "no nftables");
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(conf_set("fwmark_accept", i ? "1" : "0"));
		peer_init(p, &self->w);
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		listener = start_listen(p->w, 8);
		if (i == 2)
			set_int(listener, SOL_SOCKET, SO_MARK, 9);
		packets(p, "< S 0:0(0) <mss 1460>",
			   "> S. 0:0(0) ack 1",
			   "< . 1:1(0) ack 1");
		fd = do_accept(p->w, listener);
		EXPECT_EQ(i ? (i == 2 ? 9 : 7) : 0, get_int(fd, SOL_SOCKET, SO_MARK));
		close(listener);
		set_linger(fd, 0);
		close(fd);
	}
}

/*
 * Segments that no socket sends have a mark as well: it chooses their route, and rules see
 * it.  It is that of the listener or connection, or (net.ipv4.fwmark_reflect) that of what
 * is answered.  A rule turns it into a type of service, which a peer sees.
 */
#define MARK_RULES(ip)							\
	"nft 'table " ip " t { "					\
	"chain i { type filter hook prerouting priority 0; meta mark set 7; }; " \
	"chain o { type filter hook output priority 0; "		\
	"meta mark 7 " ip " dscp set 7; meta mark 9 " ip " dscp set 9; }; }'"
#define TOS(mark)	((mark) << 2)

TEST_F(route, fwmark__of_answers)
{
	struct peer *p = &self->p;
	int listener, fd, i;

	if (system(siit_either(MARK_RULES("ip"), MARK_RULES("ip6"))))
		SKIP(return, "no nftables");
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(proc_write(siit_either("/proc/sys/net/ipv4/fwmark_reflect",
						   "/proc/sys/net/ipv6/fwmark_reflect"),
				       i ? "1" : "0"));
		peer_init(p, &self->w);
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		listener = start_listen(p->w, 8);
		set_int(listener, SOL_SOCKET, SO_MARK, 9);

		packets(p, "< S 0:0(0) <mss 1460>",
			   "> S. 0:0(0) ack 1");
		EXPECT_EQ(TOS(9), type_of_service(p));
		packets(p, "< . 1:1(0) ack 900",
			   "> R 900:900(0)");
		EXPECT_EQ(TOS(i ? 7 : 9), type_of_service(p));
		packets(p, "< . 70000:70000(0) ack 1",
			   "> . 1:1(0) ack 1");
		EXPECT_EQ(TOS(i ? 7 : 9), type_of_service(p));

		packets(p, "< . 1:1(0) ack 1");
		fd = do_accept(p->w, listener);
		close(fd);
		packets(p, "> F. 1:1(0) ack 1");
		EXPECT_EQ(TOS(9), type_of_service(p));
		packets(p, "< F. 1:1(0) ack 2",
			   "> . 2:2(0) ack 2");
		packets(p, "< F. 1:1(0) ack 2",
			   "> . 2:2(0) ack 2");
		EXPECT_EQ(TOS(i ? 7 : 9), type_of_service(p));
		close(listener);
	}
}

/* The SYN's mark, with fwmark_accept, is that of its answer. */
TEST_F(route, fwmark__of_the_syn_ack)
{
	struct peer *p = &self->p;
	int i;

	if (system(siit_either(MARK_RULES("ip"), MARK_RULES("ip6"))))
		SKIP(return, "no nftables");
	start_listen(p->w, 8);
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(conf_set("fwmark_accept", i ? "1" : "0"));
		ASSERT_TRUE(conf_set("syncookies", i == 2 ? "2" : "1"));
		peer_init(p, &self->w);
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		packets(p, "< S 0:0(0) <mss 1460>",
			   "> S. 0:0(0) ack 1");
		EXPECT_EQ(i ? TOS(7) : 0, type_of_service(p));
	}
}

/* The type of service of what no socket sends: of the segment that a RST answers; of the
 * connection, in TIME_WAIT.
 */
TEST_F(route, tos__of_answers)
{
	struct peer *p = &self->p;
	int listener, fd;

	p->tos = 0x28;
	p->lport = WIRE_PORT;
	p->port = 40000;
	listener = start_listen(p->w, 8);
	set_int(listener, IPPROTO_IP, 1 /* IP_TOS */, 0x10);
	packets(p, "< . 1:1(0) ack 900",
		   "> R 900:900(0)");
	EXPECT_EQ(0x28, type_of_service(p));

	peer_init(p, &self->w);
	p->tos = 0x28;
	p->lport = WIRE_PORT;
	p->port = 40001;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> . 2:2(0) ack 2",
		   "< F. 1:1(0) ack 2",
		   "> . 2:2(0) ack 2");
	EXPECT_EQ(0x10, type_of_service(p));
}

/* ---- ECN --------------------------------------------------------------------------------- */

static int agreed_on_ecn(int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_options & TCPI_OPT_ECN ? 1 : 0;
}

/* A route may ask for it where it is only answered (2), and allow it where it is off. */
TEST_F(route, ecn__active)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("ecn", "2"));
	close(open_syn(p, "> S 0:0(0) noect"));
	way(p, "features ecn");
	peer_init(p, &self->w);
	fd = open_syn(p, "> SEW 0:0(0) noect");
	packets(p, "< SE. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1 noect");
	EXPECT_EQ(1, agreed_on_ecn(fd));
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 ect0");
}

TEST_F(route, ecn__passive)
{
	struct peer *p = &self->p;
	int listener, i;

	ASSERT_TRUE(conf_set("ecn", "0"));
	listener = start_listen(p->w, 8);
	for (i = 0; i < 2; i++) {
		if (i)
			way(p, "features ecn");
		peer_init(p, &self->w);
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		packets(p, "< SEW 0:0(0) <mss 1460>",
			   i ? "> SE. 0:0(0) ack 1 noect" : "> S. 0:0(0) ack 1 noect",
			   "< . 1:1(0) ack 1");
		EXPECT_EQ(i, agreed_on_ecn(do_accept(p->w, listener)));
	}
}

/* ---- a route that is replaced -------------------------------------------------------------- */

/* Packets that IP was given to send, of whatever size. */
static long long packets_sent(void)
{
	char line[1024];
	long long n = -1;
	FILE *f = fopen(siit_either("/proc/net/snmp", "/proc/net/snmp6"), "r");
	bool names = true;

	while (siit_mode() == SIIT_6 && n < 0 && f && fgets(line, sizeof(line), f))
		sscanf(line, "Ip6OutRequests %lld", &n);
	while (siit_mode() != SIIT_6 && f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Ip: ", 4))
			continue;
		if (!names)
			sscanf(line, "Ip: %*d %*d %*d %*d %*d %*d %*d %*d %*d %lld", &n);
		names = false;
	}
	if (f)
		fclose(f);
	return n;
}

/* Segmentation, hard and soft, is off at the loopback device. */
static int segmentation_off(void)
{
	static const unsigned int what[] = { ETHTOOL_STSO, ETHTOOL_SGSO };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct ethtool_value value = { .cmd = what[i] };
		struct ifreq ifr = { .ifr_name = "lo", .ifr_data = (void *)&value };

		rc |= ioctl(fd, SIOCETHTOOL, &ifr);
	}
	close(fd);
	return rc;
}

#define LOAD	(2 << 20)
#define MTU	1500

static void carry(int from, int to)
{
	static char buf[LOAD];
	size_t sent = 0, got = 0;

	while (got < LOAD) {
		ssize_t n = send(from, buf, LOAD - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			sent += n;
		n = recv(to, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			got += n;
		if (n < 0 && !fd_poll(to, POLLIN, PATIENCE_MS))
			break;
	}
}

/* Segments leave in bursts, whatever the device can do, and go on to do so. */
TEST_F(route, gso__stays)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(5000),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = wire_socket(&self->w, 0), a = wire_socket(&self->w, 0), b;
	long long before, first, second;

	ASSERT_EQ(0, system(siit_either("ip link set lo mtu 1500", "ip link set lo mtu 1520")));
	if (segmentation_off())
		SKIP(return, "the loopback device does not listen to ethtool");
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, connect(a, (struct sockaddr *)&sin, sizeof(sin)));
	b = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	carry(a, b);	/* slow start */
	before = packets_sent();
	carry(a, b);
	first = packets_sent() - before;
	/* every route is looked up anew */
	ASSERT_TRUE(proc_write(siit_either("/proc/sys/net/ipv4/route/flush",
					   "/proc/sys/net/ipv6/route/flush"), "1"));
	carry(a, b);
	before = packets_sent();
	carry(a, b);
	second = packets_sent() - before;
	TH_LOG("%lld packets, and %lld by the new route", first, second);
	/* segment by segment it would be as many, and their ACKs besides */
	EXPECT_GT(LOAD / MTU, second);
}

TEST_HARNESS_MAIN
