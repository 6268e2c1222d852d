// SPDX-License-Identifier: GPL-2.0
/*
 * Every verdict on a segment that comes, one test for each.
 *
 * The list in <linux/xtcp_verdict.h> makes the tests; a verdict without a scenario here
 * does not compile.  That the book balances is asked when each test of the wire ends
 * (wire_close()).
 */
#include <linux/filter.h>
#include <linux/xtcp_verdict.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/lsm.h"
#include "lib/queue.h"
#include "lib/reader.h"

WIRE_FIXTURE(book)

#define SIGNED		"<nop,nop,hex 1312aabbccddeeff00112233445566778899>"

/* A verdict that a scenario cannot make happen here, as the test is told. */
#define CANNOT(what)	return what

#define VERDICT(name)	static const char *name##_given(struct peer *p)

/* ---- where scenarios begin: our next number is 1, and the peer's is 1 ------------- */

static int listener_of(struct peer *p, int backlog)
{
	p->lport = WIRE_PORT;
	p->port = 40000;
	return start_listen(p->w, backlog);
}

static int syn_recv(struct peer *p)
{
	int listener = listener_of(p, 8);

	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return listener;
}

static void time_wait(struct peer *p)
{
	int fd = open_active(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "< .  1:1(0) ack 2");
	close(fd);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
}

/* Somebody reads, and owns the socket, with 100 bytes that came. */
static const char *reading(struct peer *p, struct reader *r)
{
	r->fd = open_active(p);
	if (!reader_init(r))
		CANNOT("no userfaultfd");
	set_nonblock(r->fd, false);
	/* a small backlog; not later, since the reader has the socket then */
	set_int(r->fd, SOL_SOCKET, SO_SNDBUF, 1);
	packets(p, "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 101");
	if (!reader_start(r))
		wire_fail(p->w, "nobody reads");
	return NULL;
}

/* ---- taken --------------------------------------------------------------------- */

VERDICT(WAITS)
{
	const char *missing;
	struct reader r;

	missing = reading(p, &r);
	if (missing)
		return missing;
	packets(p, "< P. 101:201(100) ack 1");
	if (!await(verdict_count("WAITS") == 1))
		wire_fail(p->w, "no segment waits in the backlog");
	/* it does no more when the socket is given back, and wire_close() asks */
	if (!reader_finish(&r))
		wire_fail(p->w, "the reader did not read");
	return NULL;
}

VERDICT(TEXT)
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	return NULL;
}

VERDICT(GAP)
{
	open_active(p);
	packets(p, "< P. 101:201(100) ack 1",
		   ">  . 1:1(0) ack 1");
	return NULL;
}

VERDICT(ACK)
{
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "<  . 1:1(0) ack 101");
	return NULL;
}

VERDICT(FIN)
{
	open_active(p);
	packets(p, "< F. 1:1(0) ack 1",
		   ">  . 1:1(0) ack 2");
	return NULL;
}

VERDICT(SYN)
{
	syn_recv(p);
	return NULL;
}

VERDICT(RST)
{
	open_active(p);
	packets(p, "< R 1:1(0)");
	return NULL;
}

/* ---- duplicates ---------------------------------------------------------------- */

VERDICT(DUP_DATA)
{
	TEXT_given(p);
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	return NULL;
}

VERDICT(DUP_SYN)
{
	syn_recv(p);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return NULL;
}

VERDICT(DUP_FIN)
{
	time_wait(p);
	packets(p, "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	return NULL;
}

/* ---- the segment is no good ------------------------------------------------------- */

VERDICT(HDR_SHORT)
{
	open_active(p);
	packets(p, "< . 1:1(0) ack 1 !short 19");
	return NULL;
}

VERDICT(HDR_OFFSET)
{
	open_active(p);
	packets(p, "< . 1:1(0) ack 1 !off 4");
	return NULL;
}

VERDICT(CSUM)
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack 1 !badcsum");
	return NULL;
}

VERDICT(OPTION)
{
	open_active(p);
	packets(p, "< . 1:1(0) ack 1 <hex feff>");
	return NULL;
}

VERDICT(ADDRESS)
{
	CANNOT("see ip6");
}

/* ---- it does not fit its connection ----------------------------------------------- */

VERDICT(SEQ)
{
	open_active(p);
	packets(p, "< P. 1000001:1000101(100) ack 1",
		   ">  . 1:1(0) ack 1");
	return NULL;
}

VERDICT(PAWS)
{
	start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100000 ecr last>",
		   ">  . 1:1(0) ack 1");
	p->ts = true;
	packets(p, "< P. 1:101(100) ack 1 <nop,nop,TS val 50000 ecr last>",
		   ">  . 1:1(0) ack 1");
	return NULL;
}

VERDICT(TSECR)
{
	start_connect(p);
	packets(p, "> S 0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 5000 ecr 1>",
		   "> R  1:1(0)");
	return NULL;
}

VERDICT(RST_REFUSED)
{
	open_active(p);
	packets(p, "< R 1001:1001(0)",
		   "> . 1:1(0) ack 1");
	return NULL;
}

VERDICT(SYN_REFUSED)
{
	open_active(p);
	packets(p, "< S 1:1(0)",
		   "> . 1:1(0) ack 1");
	return NULL;
}

VERDICT(NO_ACK)
{
	open_active(p);
	packets(p, "< P 1:101(100)");
	return NULL;
}

VERDICT(ACK_OLD)
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack -100000",
		   ">  . 1:1(0) ack 1");
	return NULL;
}

VERDICT(ACK_UNSENT)
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack 1000",
		   ">  . 1:1(0) ack 1");
	return NULL;
}

VERDICT(FLAGS)
{
	listener_of(p, 8);
	packets(p, "< P 0:100(100)");
	return NULL;
}

/* What came fills the window; the peer goes on. */
VERDICT(ZERO_WINDOW)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);
	unsigned int seq = 1, n;

	set_int(fd, SOL_SOCKET, SO_RCVBUF, 4096);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	while (p->rcv_win) {
		n = p->rcv_win < 1000 ? p->rcv_win : 1000;
		packets(p, fmt("< P. %u:%u(%u) ack 1", seq, seq + n, n),
			   "> . 1:1(0) ack *");
		seq += n;
		if (seq > 100000)
			wire_fail(p->w, "the window does not close");
	}
	packets(p, fmt("< P. %u:%u(100) ack 1", seq, seq + 100),
		   fmt("> . 1:1(0) ack %u win 0", seq));
	return NULL;
}

VERDICT(CLOSED_RCV)
{
	close(open_active(p));
	packets(p, "> F. 1:1(0) ack 1",
		   "< P. 1:101(100) ack 2",
		   "> R  2:2(0)");
	return NULL;
}

/* ---- there is no room for it ------------------------------------------------------ */

/* The buffer becomes smaller than what is in it, and the window was told before. */
VERDICT(RCVBUF)
{
	int fd = open_active(p);

	packets(p, "< P. 1:1001(1000) ack 1",
		   ">  . 1:1(0) ack 1001",
		   "< P. 1001:2001(1000) ack 1",
		   ">  . 1:1(0) ack *",
		   "< P. 2001:3001(1000) ack 1",
		   ">  . 1:1(0) ack *");
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 1);
	packets(p, "< P. 3001:4001(1000) ack 1",
		   ">  . 1:1(0) ack 3001");
	return NULL;
}

VERDICT(MEMORY)
{
	CANNOT("see nomem");
}

/* More than a backlog takes comes while somebody reads. */
VERDICT(BACKLOG)
{
	const char *missing;
	struct reader r;
	int i;

	missing = reading(p, &r);
	if (missing)
		return missing;
	for (i = 0; i < 1000 && verdict_count("BACKLOG") < 1; i++)
		packets(p, "< P. 101:1101(1000) ack 1");
	if (!reader_finish(&r))
		wire_fail(p->w, "the reader did not read");
	return NULL;
}

/* A queue of two has three, as in Linux; @i: how many clients shake hands. */
static void crowd(struct peer *p, int n)
{
	struct peer client;
	int i;

	for (i = 0; i < n; i++) {
		peer_clone(&client, p, 41000 + i);
		client.lport = WIRE_PORT;
		packets(&client, "< S  0:0(0) <mss 1460>",
				 "> S. 0:0(0) ack 1",
				 "<  . 1:1(0) ack 1");
	}
}

VERDICT(LISTEN_OVERFLOW)
{
	listener_of(p, 0);
	crowd(p, 1);
	if (!await(verdict_count("ACK") == 1))
		wire_fail(p->w, "the first did not come in");
	packets(p, "< S 0:0(0) <mss 1460>");
	return NULL;
}

VERDICT(SYN_QUEUE)
{
	struct peer client;
	int i;

	conf_set("syncookies", "0");
	listener_of(p, 2);
	for (i = 0; i < 3; i++) {
		peer_clone(&client, p, 41000 + i);
		client.lport = WIRE_PORT;
		packets(&client, "< S  0:0(0) <mss 1460>",
				 "> S. 0:0(0) ack 1");
	}
	packets(p, "< S 0:0(0) <mss 1460>");
	return NULL;
}

VERDICT(DEFER_ACCEPT)
{
	int listener = listener_of(p, 8);

	set_int(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	return NULL;
}

/* ---- somebody does not want it ----------------------------------------------------- */

VERDICT(POLICY)
{
	open_active(p);
	if (system(siit_mode() == SIIT_6 ?
		   "ip xfrm policy add dir in src ::/0 dst ::/0 proto tcp action block" :
		   "ip xfrm policy add dir in src 0.0.0.0/0 dst 0.0.0.0/0 action block"))
		CANNOT("no IPsec");
	packets(p, "< P. 1:101(100) ack 1");
	return NULL;
}

VERDICT(FILTER)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = code };
	int fd = open_active(p);

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		wire_fail(p->w, "SO_ATTACH_FILTER failed");
	packets(p, "< P. 1:101(100) ack 1");
	return NULL;
}

VERDICT(LSM)
{
	int lsm = lsm_refuses("inet_conn_request");

	if (lsm < 0)
		CANNOT("no programs as security modules");
	listener_of(p, 8);
	packets(p, "< S 0:0(0) <mss 1460>");
	if (!await(verdict_count("LSM")))
		wire_fail(p->w, "nobody refused a SYN");
	close(lsm);
	/* and it may come again */
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	return NULL;
}

/* Two SYNs begin the same flow: they wait for user space, where each is new. */
VERDICT(CONNTRACK)
{
	struct mnl_socket *nl;
	uint32_t first, second;

	if (siit_mode() == SIIT_6)
		CANNOT("the rules are for IPv4");
	if (kernel_before(6, 12))
		CANNOT("an older kernel looks for the flow when a SYN comes back");
	if (!command("nft 'table ip c { chain i { type filter hook input priority 10; "
		     "ct state invalid counter; }; }'"))
		CANNOT("no connection tracking");
	nl = queue_open("tcp flags syn");
	if (!nl)
		CANNOT("no NFQUEUE");
	listener_of(p, 8);
	packets(p, "< S 0:0(0) <mss 1460>",
		   "< S 0:0(0) <mss 1460>");
	first = queue_next(nl);
	second = queue_next(nl);
	queue_accept(nl, first);
	packets(p, "> S. 0:0(0) ack 1");
	queue_accept(nl, second);
	return NULL;
}

VERDICT(MIN_TTL)
{
	int fd = open_active(p);

	set_int(fd, IPPROTO_IP, 21 /* IP_MINTTL */, 200);
	p->ttl = 64;
	packets(p, "< P. 1:101(100) ack 1");
	return NULL;
}

/* A listener with a key for the peer. */
static void keyed_listener(struct peer *p)
{
	struct tcp_md5sig cmd = { .tcpm_keylen = 6, .tcpm_key = "secret" };
	struct sockaddr_in sin = peer_sockaddr(p);
	int listener = listener_of(p, 8);

	memcpy(&cmd.tcpm_addr, &sin, sizeof(sin));
	siit_sockaddr(listener, &cmd.tcpm_addr);
	if (setsockopt(listener, IPPROTO_TCP, TCP_MD5SIG, &cmd, sizeof(cmd)))
		wire_fail(p->w, "TCP_MD5SIG failed");
}

VERDICT(MD5_NOT_FOUND)
{
	keyed_listener(p);
	packets(p, "< S 0:0(0) <mss 1460>");
	return NULL;
}

VERDICT(MD5_UNEXPECTED)
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack 1 " SIGNED);
	return NULL;
}

VERDICT(MD5_FAILURE)
{
	keyed_listener(p);
	packets(p, "< S 0:0(0) " SIGNED);
	return NULL;
}

/* ---- there is nobody ---------------------------------------------------------------- */

VERDICT(NO_ROUTE)
{
	listener_of(p, 8);
	p->addr = htonl(0xcb007109);
	packets(p, "< S 0:0(0) <mss 1460>");
	return NULL;
}

/* A RST waits in the backlog, and something behind it. */
VERDICT(NOT_OWNER)
{
	const char *missing;
	struct reader r;

	missing = reading(p, &r);
	if (missing)
		return missing;
	packets(p, "< R  101:101(0)",
		   "< P. 101:201(100) ack 1");
	if (!await(verdict_count("WAITS") == 2))
		wire_fail(p->w, "no segment waits in the backlog");
	if (!reader_finish(&r))
		wire_fail(p->w, "the reader did not read");
	return NULL;
}

/* ---- the table --------------------------------------------------------------------- */

#define VERDICT_TEST(name, kind, counter, text, clause)			\
TEST_F(book, name)							\
{									\
	const char *missing;						\
									\
	XTCP_ONLY();							\
	ASSERT_EQ(0, verdict_count(#name));				\
	missing = name##_given(&self->p);				\
	if (missing)							\
		SKIP(return, "%s", missing);				\
	/* that one is over when the socket was given back */		\
	if (XTCP_VERDICT_##name != XTCP_VERDICT_WAITS)			\
		EXPECT_TRUE(await(verdict_count(#name) > 0));		\
}
XTCP_VERDICTS(VERDICT_TEST)

/* Of one exchange all is known: each segment is in the book once, where it belongs. */
TEST_F(book, exchange__is_in_it_once)
{
	static const struct { const char *name; int nr; } book[] = {
		{ "SYN", 1 }, { "ACK", 2 }, { "TEXT", 2 }, { "GAP", 1 }, { "DUP_DATA", 1 },
		{ "CSUM", 1 }, { "FIN", 1 },
	};
	struct peer *p = &self->p;
	unsigned int i, sum = 0;
	int listener, fd;

	XTCP_ONLY();
	listener = syn_recv(p);
	packets(p, "<  . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101",
		   "< P. 201:301(100) ack 1",
		   ">  . 1:1(0) ack 101",
		   "< P. 101:201(100) ack 1 !badcsum",
		   "< P. 101:201(100) ack 1",
		   ">  . 1:1(0) ack 301",
		   "< P. 201:301(100) ack 1",
		   ">  . 1:1(0) ack 301");
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 301",
		   "<  . 301:301(0) ack 101",
		   "< F. 301:301(0) ack 101",
		   ">  . 101:101(0) ack 302");
	/* an answer leaves before its segment is in the book */
	EXPECT_TRUE(await(book_balances()));
	for (i = 0; i < ARRAY_SIZE(book); i++) {
		EXPECT_EQ(book[i].nr, verdict_count(book[i].name)) {
			TH_LOG("%s", book[i].name);
		}
		sum += book[i].nr;
	}
	EXPECT_EQ(sum, counter("InSegs"));
}

TEST_HARNESS_MAIN
