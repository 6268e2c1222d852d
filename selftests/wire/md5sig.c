// SPDX-License-Identifier: GPL-2.0
/*
 * Signed segments (RFC 2385): TCP_MD5SIG and TCP_MD5SIG_EXT, on the wire with signatures
 * that are made apart from the kernel's, and against the kernel's own TCP.
 *
 * In the exchanges each segment is signed with the peer's secret unless its line has a
 * list of options; lib/wire.h explains the rest.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/dice.h"
#include "lib/fixture.h"
#include "lib/md5.h"
#include "lib/segment.h"
#include "lib/story.h"

WIRE_FIXTURE(md5sig)

#define SECRET		"password"
/* The options of a signed segment without others, not signed with SECRET. */
#define WRONG		"<nop,nop,hex 1312aabbccddeeff00112233445566778899>"
#define UNSIGNED	"<nop,nop,nop,nop>"

/* struct tcp_md5sig of <linux/tcp.h>: the C library's is older. */
struct command {
	struct sockaddr_storage	addr;
	uint8_t			flags;
	uint8_t			prefixlen;
	uint16_t		keylen;
	int			ifindex;
	uint8_t			key[TCP_MD5SIG_MAXKEYLEN];
};

#ifndef TCP_MD5SIG_FLAG_IFINDEX
#define TCP_MD5SIG_FLAG_IFINDEX	2
#endif

/* TCP_MD5SIG_EXT for a prefix; @bits negative: TCP_MD5SIG. @secret NULL: delete it. */
static int set_key(int fd, const char *addr, int bits, const char *secret)
{
	struct command cmd = { .keylen = secret ? strlen(secret) : 0 };
	struct sockaddr_in *sin = (struct sockaddr_in *)&cmd.addr;

	sin->sin_family = AF_INET;
	inet_pton(AF_INET, addr, &sin->sin_addr);
	if (bits >= 0) {
		cmd.flags = TCP_MD5SIG_FLAG_PREFIX;
		cmd.prefixlen = siit_prefix_len(bits);
	}
	if (secret)
		memcpy(cmd.key, secret, cmd.keylen);
	siit_sockaddr(fd, &cmd.addr);
	return setsockopt(fd, IPPROTO_TCP, bits < 0 ? TCP_MD5SIG : TCP_MD5SIG_EXT, &cmd,
			  sizeof(cmd));
}

/* A listener with a key for the peer. */
static int keyed_listener(struct peer *p)
{
	int fd = start_listen(p->w, 8);

	if (set_key(fd, WIRE_REMOTE, -1, SECRET))
		wire_fail(p->w, "TCP_MD5SIG: %s", strerror(errno));
	p->lport = WIRE_PORT;
	p->port = 40000;
	p->secret = SECRET;
	return fd;
}

/* A client that connects with a key. */
static int keyed_connect(struct peer *p)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_STREAM | SOCK_NONBLOCK);

	if (set_key(fd, WIRE_REMOTE, -1, SECRET))
		wire_fail(p->w, "TCP_MD5SIG: %s", strerror(errno));
	p->secret = SECRET;
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) || errno != EINPROGRESS)
		wire_fail(p->w, "connect: %s", strerror(errno));
	return fd;
}

static int open_keyed(struct peer *p)
{
	int fd = keyed_connect(p);

	packets(p, "> S  0:0(0) <nop,nop,md5,mss 1460,nop,nop,sackOK,nop,wscale *>",
		   "< S. 0:0(0) ack 1 <nop,nop,md5,mss 1460,nop,nop,sackOK,nop,wscale 7>",
		   "> .  1:1(0) ack 1 <nop,nop,md5>");
	set_nonblock(fd, false);
	return fd;
}

/* ---- how a segment is signed --------------------------------------------- */

/* RFC 1321 A.5 */
TEST(digest__rfc1321)
{
	static const struct { const char *text, *digest; } known[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a" },
	};
	uint8_t digest[MD5_LEN];
	char hex[2 * MD5_LEN + 1];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		md5(known[i].text, strlen(known[i].text), digest);
		for (j = 0; j < MD5_LEN; j++)
			sprintf(hex + 2 * j, "%02x", digest[j]);
		EXPECT_STREQ(known[i].digest, hex);
	}
}

/*
 * RFC 2385 2.0, for IPv6 with its pseudo-header: made with another program. The options and
 * the checksum do not count.
 */
TEST(digest__segment)
{
	uint8_t tcp[59] = {
		0, 179, 0x9c, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 0xa0, 0x18, 0x10, 0, 0xaa, 0xbb,
	};
	static const uint8_t want4[MD5_LEN] = {
		0x7e, 0x1a, 0x5a, 0xc3, 0x4c, 0x25, 0x36, 0x59,
		0xb7, 0xd7, 0x48, 0xab, 0x77, 0xe7, 0x67, 0x52,
	};
	static const uint8_t want6[MD5_LEN] = {
		0x25, 0xef, 0xd9, 0xce, 0x79, 0xe6, 0x89, 0x42,
		0x79, 0x29, 0xc4, 0x17, 0xbc, 0xe6, 0xdd, 0x07,
	};
	uint8_t digest[MD5_LEN];

	memset(tcp + 20, 1, 20);
	memset(tcp + 40, 0xff, 16);
	tcp[57] = 0x13;
	tcp[58] = 0x04;
	md5_segment(inet_addr("192.0.2.2"), inet_addr("192.0.2.1"), tcp, sizeof(tcp), SECRET,
		    digest);
	EXPECT_EQ(0, memcmp(siit_either(want4, want6), digest, MD5_LEN));
}

/* ---- active open --------------------------------------------------------- */

/* Without timestamps, for whose sake there were no SACK blocks. */
TEST_F(md5sig, active__every_segment)
{
	struct peer *p = &self->p;
	int fd = open_keyed(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 <nop,nop,md5>",
		   "< P. 1:51(50) ack 101",
		   "> .  101:101(0) ack 51 <nop,nop,md5>");
	get_pattern(fd, 0, 50);
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 101:101(0) ack 51 <nop,nop,md5>",
		   "< F. 51:51(0) ack 102",
		   "> .  102:102(0) ack 52 <nop,nop,md5>");
	EXPECT_EQ(0, stat_counter("MD5NotFound"));
	EXPECT_EQ(0, stat_counter("MD5Failure"));
}

TEST_F(md5sig, active__reset)
{
	struct peer *p = &self->p;
	int fd = open_keyed(p);

	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 1 <nop,nop,md5>");
}

TEST_F(md5sig, active__answer_of_a_stranger)
{
	struct peer *p = &self->p;
	int fd = keyed_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "< S. 0:0(0) ack 1 " WRONG,
		   "< R. 0:0(0) ack 1 " UNSIGNED,
		   "quiet 20");
	EXPECT_EQ(2, stat_counter("MD5NotFound"));
	EXPECT_EQ(1, stat_counter("MD5Failure"));
	packets(p, "< S. 0:0(0) ack 1",
		   "> .  1:1(0) ack 1");
	EXPECT_EQ(XTCP_ESTABLISHED, fd_state(fd));
}

TEST_F(md5sig, active__refused)
{
	struct peer *p = &self->p;
	int fd = keyed_connect(p);

	packets(p, "> S  0:0(0)",
		   "< R. 0:0(0) ack 1");
	ASSERT_TRUE(await(fd_error(fd) == ECONNREFUSED));
}

/* ---- passive open -------------------------------------------------------- */

TEST_F(md5sig, passive__every_segment)
{
	struct peer *p = &self->p;
	int listener = keyed_listener(p), fd;

	packets(p, "< S  0:0(0) <nop,nop,md5,mss 1460,nop,nop,sackOK,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 <nop,nop,md5,mss 1460,nop,nop,sackOK,nop,wscale *>",
		   "< .  1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 <nop,nop,md5>",
		   "< P. 1:51(50) ack 101",
		   "> .  101:101(0) ack 51 <nop,nop,md5>");
	get_pattern(fd, 0, 50);
	close(fd);
	packets(p, "> F. 101:101(0) ack 51 <nop,nop,md5>");
}

/* As Linux: of timestamps and SACK only the latter; without it the former. */
TEST_F(md5sig, passive__timestamps)
{
	struct peer *p = &self->p, q;
	int listener = keyed_listener(p);

	peer_clone(&q, p, 40001);
	q.secret = SECRET;
	packets(p, "< S  0:0(0) <nop,nop,md5,mss 1460,sackOK,TS val 5000 ecr 0,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 <nop,nop,md5,mss 1460,nop,nop,sackOK,nop,wscale *>",
		   "< .  1:1(0) ack 1");
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1 <nop,nop,md5>");
	packets(&q, "< S  0:0(0) <nop,nop,md5,mss 1460,nop,nop,TS val 5000 ecr 0>",
		    "> S. 0:0(0) ack 1 <nop,nop,md5,mss 1460,nop,nop,TS val * ecr 5000>",
		    "< .  1:1(0) ack 1 <nop,nop,md5,nop,nop,TS val 5001 ecr last>");
	close(do_accept(p->w, listener));
	packets(&q, "> F. 1:1(0) ack 1 <nop,nop,md5,nop,nop,TS val * ecr *>");
}

TEST_F(md5sig, passive__strangers)
{
	struct peer *p = &self->p;
	int listener = keyed_listener(p);

	packets(p, "< S  0:0(0) <mss 1460>",
		   "< S  0:0(0) " WRONG,
		   "< .  1:1(0) ack 1 " UNSIGNED,
		   "quiet 20");
	EXPECT_EQ(2, stat_counter("MD5NotFound"));
	EXPECT_EQ(1, stat_counter("MD5Failure"));
	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1 " UNSIGNED,
		   "< R  1:1(0) " UNSIGNED,
		   "< S  0:0(0) " WRONG,
		   "quiet 20",
		   "< .  1:1(0) ack 1");
	close(do_accept(p->w, listener));
	EXPECT_EQ(4, stat_counter("MD5NotFound"));
	EXPECT_EQ(2, stat_counter("MD5Failure"));
}

/* Nobody wants a signature that cannot be checked. */
TEST_F(md5sig, passive__unexpected)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) " WRONG,
		   "quiet 20");
	EXPECT_EQ(1, stat_counter("MD5Unexpected"));
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 <mss 1460>",
		   "< .  1:1(0) ack 1 " WRONG,
		   "quiet 20");
	EXPECT_EQ(2, stat_counter("MD5Unexpected"));
	packets(p, "< .  1:1(0) ack 1",
		   "< P. 1:11(10) ack 1 " WRONG,
		   "quiet 20");
	EXPECT_EQ(3, stat_counter("MD5Unexpected"));
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1");
}

/* An option that is there twice, or has another length, signs nothing. */
TEST_F(md5sig, passive__malformed)
{
	struct peer *p = &self->p;

	if (test_inet() && kernel_before(6, 7))
		SKIP(return, "the kernel's TCP takes the first");
	keyed_listener(p);
	packets(p, "< S  0:0(0) <nop,nop,md5,nop,nop,md5>",
		   "< S  0:0(0) <nop,nop,hex 1311aabbccddeeff001122334455667788>",
		   "< S  0:0(0) <nop,nop,hex 1313aabbccddeeff00112233445566778899aa>",
		   "quiet 20",
		   "< S  0:0(0)",
		   "> S. 0:0(0) ack 1");
}

/* SYN_RECV signs with the listener's key, each time. */
TEST_F(md5sig, passive__syn_ack_again)
{
	struct peer *p = &self->p;

	keyed_listener(p);
	packets(p, "< S  0:0(0) <nop,nop,md5,mss 1460>",
		   "> S. 0:0(0) ack 1 <nop,nop,md5,mss 1460>",
		   "+1 > S. 0:0(0) ack 1 <nop,nop,md5,mss 1460>",
		   /* out of window */
		   "< .  100000:100000(0) ack 1",
		   "> .  1:1(0) ack 1 <nop,nop,md5>");
}

TEST_F(md5sig, passive__listener_closes)
{
	struct peer *p = &self->p;
	int listener;

	XTCP_ONLY();	/* differences.md: half-open connections are reset */
	listener = keyed_listener(p);
	packets(p, "< S  0:0(0) <nop,nop,md5,mss 1460>",
		   "> S. 0:0(0) ack 1");
	close(listener);
	packets(p, "> R. 1:1(0) ack 1 <nop,nop,md5>");
}

/* The answer to what belongs to no connection. */
TEST_F(md5sig, passive__refusal)
{
	struct peer *p = &self->p;

	keyed_listener(p);
	p->irs = 0;
	packets(p, "< .  1:1(0) ack =77",
		   "> R  =77:=77(0) <nop,nop,md5>",
		   "< .  1:1(0) ack =77 " UNSIGNED,
		   "quiet 20");
}

TEST_F(md5sig, passive__cookie)
{
	struct peer *p = &self->p;
	int listener, fd;

	if (!conf_set("syncookies", "2"))
		SKIP(return, "no sysctl syncookies");
	listener = keyed_listener(p);
	packets(p, "< S  0:0(0) <nop,nop,md5,mss 1460,sackOK,TS val 5000 ecr 0,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 <nop,nop,md5,mss 1460,sackOK,TS val * ecr 5000,nop,wscale *>",
		   "< .  1:1(0) ack 1 <nop,nop,TS val 5001 ecr last>",
		   "quiet 20",
		   "< .  1:1(0) ack 1 <nop,nop,md5,nop,nop,TS val 5001 ecr last>");
	fd = do_accept(p->w, listener);
	/* the cookie remembers both, and there is no room for a block */
	packets(p, "< P. 11:21(10) ack 1 <nop,nop,md5,nop,nop,TS val 5002 ecr last>",
		   "> .  1:1(0) ack 1 <nop,nop,md5,nop,nop,TS val * ecr 5001>",
		   "< P. 1:11(10) ack 1 <nop,nop,md5,nop,nop,TS val 5003 ecr last>",
		   "> .  1:1(0) ack 21 <nop,nop,md5,nop,nop,TS val * ecr 5003>",
		   /* nor for a D-SACK */
		   "< P. 1:11(10) ack 1 <nop,nop,md5,nop,nop,TS val 5004 ecr last>",
		   "> .  1:1(0) ack 21 <nop,nop,md5,nop,nop,TS val * ecr *>");
	get_pattern(fd, 0, 20);
}

/* ---- which key ----------------------------------------------------------- */

TEST_F(md5sig, key__longest_prefix)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8);

	p->lport = WIRE_PORT;
	p->port = 40000;
	EXPECT_EQ(0, set_key(listener, "192.0.2.0", 24, "of the subnet"));
	EXPECT_EQ(0, set_key(listener, "0.0.0.0", 0, "of everybody"));
	EXPECT_EQ(0, set_key(listener, "192.0.2.0", 30, SECRET));
	EXPECT_EQ(0, set_key(listener, "192.0.2.4", 30, "of others"));
	p->secret = SECRET;
	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1");
	EXPECT_EQ(0, set_key(listener, "192.0.2.0", 30, NULL));
	p->port++;
	p->synced = false;
	p->secret = "of the subnet";
	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(0, set_key(listener, "192.0.2.0", 24, NULL));
	p->port++;
	p->synced = false;
	p->secret = "of everybody";
	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(0, set_key(listener, "0.0.0.0", 0, NULL));
	p->port++;
	p->synced = false;
	p->secret = NULL;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1 <mss 1460>");
}

/* A child's is its own: the listener gets another one, and none. */
TEST_F(md5sig, key__of_a_child)
{
	struct peer *p = &self->p;
	int listener = keyed_listener(p), fd;

	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	EXPECT_EQ(0, set_key(listener, WIRE_REMOTE, -1, "another"));
	packets(p, "< P. 1:11(10) ack 1",
		   "> .  1:1(0) ack 11");
	EXPECT_EQ(0, set_key(listener, WIRE_REMOTE, -1, NULL));
	packets(p, "< P. 11:21(10) ack 1",
		   "> .  1:1(0) ack 21");
	/* and only that: of the prefix that it came from there is none */
	EXPECT_EQ(-1, set_key(fd, "192.0.2.0", 24, NULL));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, set_key(fd, WIRE_REMOTE, -1, NULL));
	p->secret = NULL;
	packets(p, "< P. 21:31(10) ack 1",
		   "> .  1:1(0) ack 31 <>");
	get_pattern(fd, 0, 30);
}

/* The MSS follows. */
TEST_F(md5sig, key__while_connected)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	struct tcp_info info = { };
	socklen_t len = sizeof(info);
	int mss;

	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	mss = info.tcpi_snd_mss;
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "< .  1:1(0) ack 11");
	EXPECT_EQ(0, set_key(fd, WIRE_REMOTE, -1, SECRET));
	p->secret = SECRET;
	put_pattern(fd, 10, 10);
	packets(p, "> P. 11:21(10) ack 1",
		   "< .  1:1(0) ack 11 <>",
		   "< .  1:1(0) ack 21");
	len = sizeof(info);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	/* the kernel's TCP keeps to itself what it looks up for each segment */
	if (!test_inet())
		EXPECT_EQ(mss - 20, info.tcpi_snd_mss);
	EXPECT_EQ(0, set_key(fd, WIRE_REMOTE, -1, "another"));
	p->secret = "another";
	put_pattern(fd, 20, 10);
	packets(p, "> P. 21:31(10) ack 1",
		   "< .  1:1(0) ack 31");
	EXPECT_EQ(0, set_key(fd, WIRE_REMOTE, -1, NULL));
	p->secret = NULL;
	put_pattern(fd, 30, 10);
	packets(p, "> P. 31:41(10) ack 1",
		   "< .  1:1(0) ack 41");
	len = sizeof(info);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(mss, info.tcpi_snd_mss);
}

/* What was sent in one piece before it had to be signed is sent again in small ones. */
TEST_F(md5sig, key__while_in_flight)
{
	struct peer *p = &self->p;
	int fd;

	XTCP_ONLY();	/* there the device cuts it, and each part has the whole's signature */
	fd = open_active(p);
	put_pattern(fd, 0, 4 * WIRE_MSS);
	packets(p, "> .  1:1461(1460) ack 1",
		   "> *  1461:2921(1460) ack 1",
		   "> *  2921:4381(1460) ack 1",
		   "> P. 4381:5841(1460) ack 1");
	EXPECT_EQ(0, set_key(fd, WIRE_REMOTE, -1, SECRET));
	p->secret = SECRET;
	peer_hears(p, 2000);
	packets(p, "< .  1:1(0) ack 1461",
		   "> *  1461:2901(1440) ack 1");
}

/* ---- sizes --------------------------------------------------------------- */

TEST_F(md5sig, size__full_segments)
{
	struct peer *p = &self->p;
	int fd = open_keyed(p);

	put_pattern(fd, 0, 3000);
	packets(p, "> .  1:1441(1440) ack 1 <nop,nop,md5>",
		   "> *  1441:2881(1440) ack 1 <nop,nop,md5>",
		   "> P. 2881:3001(120) ack 1 <nop,nop,md5>",
		   "< .  1:1(0) ack 3001");
}

/* Room for two blocks where there would be four. */
TEST_F(md5sig, size__sack)
{
	struct peer *p = &self->p;
	int fd = open_keyed(p);

	packets(p, "< .  101:201(100) ack 1",
		   "> .  1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 101:201>",
		   "< .  301:401(100) ack 1",
		   "> .  1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 301:401 101:201>",
		   "< .  501:601(100) ack 1",
		   "> .  1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 501:601 301:401>",
		   "< .  301:401(100) ack 1",
		   "> .  1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 301:401 301:401>");
	close(fd);
}

/* What was queued as one segment does not leave as two with one signature. */
TEST_F(md5sig, size__queued_before_there_was_a_block)
{
	struct peer *p = &self->p;
	int fd = open_keyed(p), i;

	put_pattern(fd, 0, 12 * 1440);
	for (i = 0; i < 10; i++)
		packets(p, fmt("> * %d:%d(1440) ack 1 <nop,nop,md5>", 1 + i * 1440,
			       1 + (i + 1) * 1440));
	packets(p, "< .  101:201(100) ack 1",
		   "> .  14401:14401(0) ack 1 <nop,nop,md5,nop,nop,sack 101:201>",
		   "< .  1:1(0) ack 2881",
		   "> *  14401:15829(1428) ack 1 <nop,nop,md5,nop,nop,sack 101:201>");
}

/* ---- TIME_WAIT ----------------------------------------------------------- */

static int enter_timewait(struct peer *p)
{
	int listener = keyed_listener(p);

	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	close(do_accept(p->w, listener));
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> .  2:2(0) ack 2 <nop,nop,md5>");
	if (!await(peer_state(p) == XTCP_TIME_WAIT))
		wire_fail(p->w, "no TIME_WAIT");
	return listener;
}

TEST_F(md5sig, timewait__answers)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p);

	/* the listener's key is not asked any more */
	EXPECT_EQ(0, set_key(listener, WIRE_REMOTE, -1, NULL));
	packets(p, "< F. 1:1(0) ack 2",
		   "> .  2:2(0) ack 2 <nop,nop,md5>");
}

TEST_F(md5sig, timewait__strangers)
{
	struct peer *p = &self->p;

	XTCP_ONLY();	/* differences.md: there they are heard */
	enter_timewait(p);
	packets(p, "< F. 1:1(0) ack 2 " UNSIGNED,
		   "< F. 1:1(0) ack 2 " WRONG,
		   "< R  2:2(0) " UNSIGNED,
		   "quiet 20");
	EXPECT_EQ(XTCP_TIME_WAIT, peer_state(p));
	EXPECT_EQ(2, counter("MD5NotFound"));
	EXPECT_EQ(1, counter("MD5Failure"));
	packets(p, "< R  2:2(0)");
	EXPECT_TRUE(await(peer_state(p) == TCP_CLOSE));
}

/* RFC 6191: the listener's key opens the next connection. */
TEST_F(md5sig, timewait__new_connection)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p);

	EXPECT_EQ(0, set_key(listener, WIRE_REMOTE, -1, "another"));
	p->iss += 100000;
	packets(p, "< S  0:0(0)",	/* with what was the secret */
		   "quiet 20");
	p->secret = "another";
	p->synced = false;
	packets(p, "< S  0:0(0)",
		   "> S. 0:0(0) ack 1",
		   "< .  1:1(0) ack 1");
	close(do_accept(p->w, listener));
}

/* ---- the calls ----------------------------------------------------------- */

STORIES(md5sig_calls)

static int try_key(struct story *s, int name, socklen_t len, int family, int flags, int bits,
		   int ifindex, int secret)
{
	struct command cmd = {
		.flags = flags, .prefixlen = bits, .keylen = secret,
		.ifindex = ifindex, .key = "secret",
	};
	struct sockaddr_in *sin = (struct sockaddr_in *)&cmd.addr;
	int fd = story_socket(s), err;

	sin->sin_family = family;
	inet_pton(AF_INET, "127.0.0.1", &sin->sin_addr);
	siit_sockaddr(fd, &cmd.addr);
	err = setsockopt(fd, IPPROTO_TCP, name, &cmd, len);
	close(fd);
	return err;
}

STORY(md5sig_calls, call__errno)
{
	const socklen_t len = sizeof(struct command);
	const int prefix = TCP_MD5SIG_FLAG_PREFIX, dev = TCP_MD5SIG_FLAG_IFINDEX;
	int fd = story_socket(s), name;
	char buf[512] = "";

	for (name = TCP_MD5SIG; name; name = name == TCP_MD5SIG ? TCP_MD5SIG_EXT : 0) {
		tell(s, try_key(s, name, len, AF_INET, 0, 0, 0, 6));
		tell(s, try_key(s, name, len + 10, AF_INET, 0, 0, 0, 6));
		tell(s, try_key(s, name, len - 1, AF_INET, 0, 0, 0, 6));
		tell(s, try_key(s, name, 0, AF_INET, 0, 0, 0, 6));
		tell(s, try_key(s, name, len, AF_INET6, 0, 0, 0, 6));
		tell(s, try_key(s, name, len, AF_UNSPEC, 0, 0, 0, 6));
		tell(s, try_key(s, name, len, AF_INET, 0, 0, 0, 0));
		tell(s, try_key(s, name, len, AF_INET, 0, 0, 0, TCP_MD5SIG_MAXKEYLEN));
		tell(s, try_key(s, name, len, AF_INET, 0, 0, 0, TCP_MD5SIG_MAXKEYLEN + 1));
		tell(s, try_key(s, name, len, AF_INET, prefix, 0, 0, 6));
		tell(s, try_key(s, name, len, AF_INET, prefix, 32, 0, 6));
		tell(s, try_key(s, name, len, AF_INET, prefix, 33, 0, 6));
		tell(s, try_key(s, name, len, AF_INET, dev, 0, 0, 6));
		tell(s, try_key(s, name, len, AF_INET, dev, 0, 1, 6));
		tell(s, try_key(s, name, len, AF_INET, dev, 0, 99, 6));
		tell(s, try_key(s, name, len, AF_INET, 0, 0, 99, 6));
		tell(s, try_key(s, name, len, AF_INET, 0xf0, 0, 0, 6));
		tell(s, setsockopt(fd, IPPROTO_TCP, name, (void *)8, len));
		tell(s, getsockopt(fd, IPPROTO_TCP, name, buf, &(socklen_t){ sizeof(buf) }));
	}
	close(fd);
}

STORY(md5sig_calls, call__delete)
{
	int fd = story_socket(s);

	tell(s, set_key(fd, "127.0.0.1", -1, NULL));
	tell(s, set_key(fd, "127.0.0.1", -1, SECRET));
	tell(s, set_key(fd, "127.0.0.1", 31, NULL));
	tell(s, set_key(fd, "127.0.0.2", -1, NULL));
	tell(s, set_key(fd, "127.0.0.1", 32, NULL));
	tell(s, set_key(fd, "127.0.0.1", -1, NULL));
	tell(s, set_key(fd, "127.0.0.0", 8, SECRET));
	tell(s, set_key(fd, "127.0.0.0", 8, "another"));
	tell(s, set_key(fd, "127.0.0.0", 8, NULL));
	tell(s, set_key(fd, "127.0.0.0", 8, NULL));
	close(fd);
}

/* They take memory of the socket's options, of which there is so much. */
TEST_F(md5sig, call__memory)
{
	int fd = wire_socket(&self->w, SOCK_STREAM), i, n, again;
	char addr[32];

	for (n = 0; n < 100000; n++) {
		snprintf(addr, sizeof(addr), "10.%d.%d.1", n >> 8, n & 255);
		if (set_key(fd, addr, -1, SECRET))
			break;
	}
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_GT(n, 10);
	EXPECT_LT(n, 2000);
	for (again = 0; again < 3; again++) {
		for (i = 0; i < n / 2; i++) {
			snprintf(addr, sizeof(addr), "10.%d.%d.1", i >> 8, i & 255);
			EXPECT_EQ(0, set_key(fd, addr, -1, NULL));
		}
		for (i = 0; i < n / 2; i++) {
			snprintf(addr, sizeof(addr), "10.%d.%d.1", i >> 8, i & 255);
			EXPECT_EQ(0, set_key(fd, addr, -1, "another"));
		}
	}
	close(fd);
}

/* ---- against the kernel's own TCP ---------------------------------------- */

/* A machine that KASAN watches is slow, and no buffer here has room for many of 64 KB. */
static void pour(int fd, size_t bytes)
{
	put_pattern(fd, 0, bytes);
	shutdown(fd, SHUT_WR);
}

/* So many segments, both ways at once, over loopback with @mtu. */
static void talk(struct wire *w, int client_family, int server_family, unsigned int mtu)
{
	static uint16_t port = 1790;
	struct sockaddr_in sin = loopback(++port);
	size_t bytes = 40 * mtu;
	int listener, fd, child, status;
	char c;

	bring_up_loopback();
	if (system(fmt("ip link set lo mtu %u", mtu)))
		wire_fail(w, "no MTU");
	listener = socket(server_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (set_key(listener, "127.0.0.0", 8, SECRET) ||
	    bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 1))
		wire_fail(w, "no listener: %s", strerror(errno));
	fd = socket(client_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (set_key(fd, "127.0.0.1", -1, SECRET) ||
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		wire_fail(w, "connect: %s", strerror(errno));
	child = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (!must_fork()) {
		pour(fd, bytes);
		_exit(0);
	}
	if (!must_fork()) {
		pour(child, bytes);
		_exit(0);
	}
	if (!must_fork()) {
		get_pattern(fd, 0, bytes);
		_exit(read(fd, &c, 1));
	}
	get_pattern(child, 0, bytes);
	if (read(child, &c, 1))
		wire_fail(w, "more than was sent");
	while (wait(&status) > 0)
		if (status)
			wire_fail(w, "the other end: status %d", status);
	close(fd);
	close(child);
	close(listener);
}

static void talk_all(struct wire *w, unsigned int mtu)
{
	talk(w, AF_INET, xtcp_family(), mtu);
	talk(w, xtcp_family(), AF_INET, mtu);
	talk(w, xtcp_family(), xtcp_family(), mtu);
}

TEST_F(md5sig, kernel__bulk)
{
	XTCP_ONLY();
	talk_all(&self->w, 65536);
	EXPECT_EQ(0, counter("MD5Failure"));
	EXPECT_EQ(0, counter("MD5NotFound"));
}

TEST_F(md5sig, kernel__bulk_of_ethernet)
{
	XTCP_ONLY();
	talk_all(&self->w, 1500);
	EXPECT_EQ(0, counter("MD5Failure"));
	EXPECT_EQ(0, counter("MD5NotFound"));
}

/* Another secret: neither stack lets the other in. */
TEST_F(md5sig, kernel__another_secret)
{
	int families[2] = { AF_INET, xtcp_family() }, i;

	XTCP_ONLY();
	bring_up_loopback();
	for (i = 0; i < 2; i++) {
		struct sockaddr_in sin = loopback(2000 + i);
		int listener = socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);
		int fd = socket(families[!i], SOCK_STREAM | SOCK_CLOEXEC, 0);

		ASSERT_EQ(0, set_key(listener, "127.0.0.1", -1, SECRET));
		ASSERT_EQ(0, set_key(fd, "127.0.0.1", -1, "another"));
		ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin, sizeof(sin)));
		ASSERT_EQ(0, listen(listener, 1));
		ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
		EXPECT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		EXPECT_EQ(ETIMEDOUT, errno);
		close(fd);
		close(listener);
	}
	EXPECT_GT(counter("MD5Failure"), 0);
}

/* ---- races ---------------------------------------------------------------- */

static bool over;
static unsigned long opened, let_in;

static struct sockaddr_in race_sin(void)
{
	return loopback(2179);
}

/* Clients that sign, and stay for a moment or not even that. */
static void *connect_often(void *unused)
{
	struct sockaddr_in sin = race_sin();

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		int fd = socket(test_family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		set_key(fd, "127.0.0.1", -1, SECRET);
		connect(fd, (struct sockaddr *)&sin, sizeof(sin));
		if (fd_poll(fd, POLLOUT, 5) == POLLOUT && write(fd, "?", 1) == 1)
			opened++;
		set_linger(fd, 0);
		close(fd);
	}
	return NULL;
}

static void *accept_often(void *listener)
{
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		int fd = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			fd_poll(*(int *)listener, POLLIN, 5);
			continue;
		}
		let_in++;
		close(fd);
	}
	return NULL;
}

static void change_a_key(const int fds[3])
{
	static const char *const secrets[] = { SECRET, SECRET, "another", NULL };
	int fd = fds[roll(3)];

	if (roll(2))
		set_key(fd, "127.0.0.1", -1, secrets[roll(4)]);
	else
		set_key(fd, "127.0.0.0", 8 + roll(3), secrets[roll(4)]);
}

/* Each of the three has one key, the same. */
static void settle_keys(const int fds[3])
{
	int i, bits;

	for (i = 0; i < 3; i++) {
		for (bits = 8; bits < 11; bits++)
			set_key(fds[i], "127.0.0.0", bits, NULL);
		set_key(fds[i], "127.0.0.1", -1, SECRET);
	}
}

/*
 * Keys of a listener and of a connection change while segments come for both.  In the
 * end the two ends agree, and what was sent meanwhile comes.
 */
TEST_F_TIMEOUT(md5sig, keys__change_in_traffic, RACE_TIMEOUT)
{
	struct sockaddr_in sin = race_sin();
	int listener, fds[3], i;
	pthread_t helpers[2];
	unsigned long rounds = 0;
	char buf[4096];
	uint64_t end;

	bring_up_loopback();
	dice_seed(env_number("XTCP_SEED", 1));
	listener = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[0] = listener;
	fds[1] = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, connect(fds[1], (struct sockaddr *)&sin, sizeof(sin)));
	fds[2] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_GE(fds[2], 0);
	set_nonblock(listener, true);
	set_nonblock(fds[1], true);
	over = false;
	ASSERT_EQ(0, pthread_create(&helpers[0], NULL, connect_often, NULL));
	ASSERT_EQ(0, pthread_create(&helpers[1], NULL, accept_often, &listener));
	end = now_ns() + race_seconds(3) * 1000000000ULL;
	for (; now_ns() < end || !rounds; rounds++) {
		size_t sent = 0;

		for (i = 0; i < 100; i++) {
			ssize_t n = write(fds[1], buf, 1 + roll(sizeof(buf)));

			change_a_key(fds);
			sent += n > 0 ? n : 0;
		}
		settle_keys(fds);
		while (sent) {
			ASSERT_TRUE(fd_poll(fds[2], POLLIN, PATIENCE_MS) & POLLIN);
			sent -= read(fds[2], buf, sizeof(buf));
		}
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(helpers[i], NULL);
	EXPECT_GT(opened + let_in, 0);
	TH_LOG("%lu rounds, %lu clients, %lu accepted", rounds, opened, let_in);
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

TEST_HARNESS_MAIN
