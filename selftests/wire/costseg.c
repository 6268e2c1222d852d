// SPDX-License-Identifier: GPL-2.0
/*
 * What a segment costs that was made to be expensive, beside the kernel's TCP.
 *
 * The same segments come for a socket of either, in one boot.  A machine whose clock
 * counts instructions (vm/run --icount) tells what each of them took, the same in each
 * run; elsewhere these tests skip.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cost.h"
#include "lib/dice.h"
#include "lib/fixture.h"
#include "lib/segment.h"

/* Most that a segment may cost, in percent of what it costs the kernel's TCP. */
#define BOUND		120
/* The default receive buffer, which grows to 6 MB, is full after some 6,500. */
#define FILL		8000
/* A clock that counts instructions leaps while all wait for the host. */
#define TIMEOUT		600
#define MEASURED	1000

/* ---- segments ------------------------------------------------------------ */

/**
 * struct packet - one that is sent again and again, with other numbers
 * @ip: the bytes
 * @len: how many
 */
struct packet {
	uint8_t	ip[IP_LEN + TCP_LEN + OPT_LEN_MAX + 8];
	size_t	len;
};

static void prepare(struct packet *k, const struct peer *p, size_t optlen, size_t len)
{
	uint8_t *tcp = k->ip + IP_LEN;

	memset(k, 0, sizeof(*k));
	k->len = IP_LEN + TCP_LEN + optlen + len;
	k->ip[0] = 0x45;
	put16(k->ip + 2, k->len);
	put16(k->ip + 6, 0x4000);
	k->ip[8] = 64;
	k->ip[9] = IPPROTO_TCP;
	memcpy(k->ip + 12, &p->addr, 4);
	memcpy(k->ip + 16, &p->laddr, 4);
	put16(k->ip + 10, ~sum_add(0, k->ip, IP_LEN));
	put16(tcp, p->port);
	put16(tcp + 2, p->lport);
	tcp[12] = (TCP_LEN + optlen) / 4 << 4;
	tcp[13] = F_ACK;
	put16(tcp + 14, 65535);
}

/* Numbers are relative, as in lib/wire.h. */
static void inject(struct packet *k, const struct peer *p, uint32_t seq, uint32_t ack)
{
	uint8_t *tcp = k->ip + IP_LEN;
	uint16_t csum;

	put32(tcp + 4, p->iss + seq);
	put32(tcp + 8, p->irs + ack);
	put16(tcp + 16, 0);
	csum = tcp_checksum(p->addr, p->laddr, tcp, k->len - IP_LEN);
	memcpy(tcp + 16, &csum, 2);
	if (write(p->w->tun, k->ip, k->len) != (ssize_t)k->len)
		wire_fail(p->w, "write: %s", strerror(errno));
}

/* Forget what the socket answered.  Return: how many segments. */
static unsigned int discard(struct wire *w)
{
	char buf[2048];
	unsigned int n = 0;

	set_nonblock(w->tun, true);
	while (read(w->tun, buf, sizeof(buf)) > 0)
		n++;
	set_nonblock(w->tun, false);
	return n;
}

/* ---- tiny segments behind gaps --------------------------------------------- */

#define CONNS_MAX	32
/* Of Linux before 7.x. */
#define SLACK_NS	"100000"

/**
 * struct order - which segments, in which order
 * @at: where the one with this number begins, relative
 * @len: text of each, bytes
 * @conns: over so many connections in turn
 */
struct order {
	uint32_t	(*at)(unsigned int n);
	unsigned int	len;
	unsigned int	conns;
};

static uint32_t ascending(unsigned int n)
{
	return 10 + 2 * n;
}

static uint32_t descending(unsigned int n)
{
	return 60000 - 2 * n;
}

static uint32_t interleaved(unsigned int n)
{
	return n % 2 ? 60000 - n : 10 + n;
}

static uint32_t at_random(unsigned int n)
{
	/* a permutation of all that the window has room for */
	return 10 + 2 * (n * 7919 % 30011);
}

/* With two bytes in common with the one before. */
static uint32_t overlapping(unsigned int n)
{
	return 10 + n;
}

static void send_some(struct peer *p, struct packet *k, const struct order *o,
		      unsigned int from, unsigned int n)
{
	unsigned int i, c;

	for (i = from; i < from + n; i++) {
		c = i % o->conns;
		inject(&k[c], &p[c], o->at(i / o->conns), 1);
	}
}

/*
 * How late an ACK behind a gap may be decides how many there are, and kernels have
 * another default than the module: the same for both.
 */
static void same_slack(void)
{
	proc_write("/proc/sys/net/ipv4/tcp_comp_sack_slack_ns", SLACK_NS);
	proc_write("/proc/sys/net/xtcp/comp_sack_slack_ns", SLACK_NS);
}

/*
 * What a segment costs before the buffer is full, and what it costs then.
 * Connections share what the family may use, so more of them fill none.
 */
static void smack(int family, const struct order *o, uint64_t cost[2])
{
	static struct peer p[CONNS_MAX];
	static struct packet k[CONNS_MAX];
	int fd[CONNS_MAX], listener;
	unsigned int i, sent = 0;
	const char *missing;
	struct wire w;
	uint64_t start;

	missing = wire_open(&w);
	if (missing)
		abort();
	w.family = family;
	same_slack();
	listener = start_listen(&w, CONNS_MAX);
	for (i = 0; i < o->conns; i++) {
		peer_init(&p[i], &w);
		p[i].port += i;
		p[i].lport = WIRE_PORT;
		packets(&p[i], "< S  0:0(0) win 65535 <mss 1460,nop,nop,sackOK,nop,wscale 10>",
			       "> S. 0:0(0) ack 1",
			       "< .  1:1(0) ack 1");
		fd[i] = do_accept(&w, listener);
		prepare(&k[i], &p[i], 0, o->len);
	}
	if (!come_to_rest())
		wire_fail(&w, "the machine does not come to rest");
	/* what it answers shows that it looks */
	send_some(p, k, o, 0, 1);
	if (!discard(&w))
		wire_fail(&w, "the socket does not answer");
	for (i = 0; i < 2; i++) {
		for (; sent < (i ? FILL : MEASURED); sent += MEASURED) {
			send_some(p, k, o, sent, MEASURED);
			discard(&w);
		}
		start = now_ns();
		send_some(p, k, o, sent, MEASURED);
		cost[i] = (now_ns() - start) / MEASURED;
		sent += MEASURED;
		discard(&w);
	}
	for (i = 0; i < o->conns; i++) {
		set_linger(fd[i], 0);
		close(fd[i]);
	}
	close(listener);
	wire_close(&w);
}

FIXTURE(costseg) { int unused; };

FIXTURE_SETUP(costseg)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (!counts_instructions())
		SKIP(return, "the clock does not count instructions (vm/run --icount)");
}

FIXTURE_TEARDOWN(costseg)
{
}

#define WITHIN_BOUND(what, inet, xtcp)						\
	do {									\
		TH_LOG("%s: AF_INET %llu, AF_XTCP %llu", what,			\
		       (unsigned long long)(inet), (unsigned long long)(xtcp));	\
		note_cost(_metadata->name, what, inet, xtcp, BOUND);		\
		EXPECT_LE((xtcp) * 100, (inet) * BOUND);			\
	} while (0)

#define SMACK(name, ...)							\
	TEST_F_TIMEOUT(costseg, behind_gaps__##name, TIMEOUT)			\
	{									\
		static const struct order o = { __VA_ARGS__ };			\
		uint64_t inet[2], xtcp[2];					\
										\
		smack(AF_INET, &o, inet);					\
		smack(xtcp_family(), &o, xtcp);					\
		WITHIN_BOUND("while there is room", inet[0], xtcp[0]);		\
		WITHIN_BOUND("when it is full", inet[1], xtcp[1]);		\
	}

SMACK(ascending, ascending, 1, 1)
SMACK(descending, descending, 1, 1)
SMACK(interleaved, interleaved, 1, 1)
SMACK(at_random, at_random, 1, 1)
SMACK(overlapping, overlapping, 3, 1)
SMACK(many_connections, ascending, 1, CONNS_MAX)

/* ---- SACK blocks all over the queue ---------------------------------------- */

#define SNDBUF		0x100000
#define ROUNDS		40
#define BLOCKS		4
#define ACKS		1000

/* Which packet the next block reports, of those that it may: every other one. */
enum scatter { UPWARDS, DOWNWARDS, ANYWHERE };

/* End of what the socket has sent, relative, as far as it was read here. */
static uint32_t read_all(struct peer *p, uint32_t end)
{
	uint8_t buf[2048];
	ssize_t n;

	set_nonblock(p->w->tun, true);
	while ((n = read(p->w->tun, buf, sizeof(buf))) > 0) {
		struct segment s;

		if (parse_segment(buf, n, &s) && s.len &&
		    (int32_t)(s.seq + s.len - p->irs - end) > 0)
			end = s.seq + s.len - p->irs;
	}
	set_nonblock(p->w->tun, false);
	return end;
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

static void write_all(int fd)
{
	static char text[65536];

	while (write(fd, text, sizeof(text)) > 0)
		;
}

/* A sender whose window is as large as its buffer.  Return: SND.UNA, relative. */
static uint32_t grow(struct peer *p, int fd)
{
	struct packet ack;
	uint32_t end = 1;
	int i;

	set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SNDBUF);
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_nonblock(fd, true);
	prepare(&ack, p, 0, 0);
	for (i = 0; i < ROUNDS; i++) {
		write_all(fd);
		usleep(1000);
		end = read_all(p, end);
		inject(&ack, p, 1, end);
	}
	write_all(fd);
	usleep(2000);
	discard(p->w);
	return end;
}

/**
 * struct work - what ACKs bring about
 * @ns: what all of it took
 * @sacked: packets that the socket knows to have arrived
 * @again: segments that it sent again
 */
struct work {
	uint64_t	ns;
	uint64_t	sacked;
	uint64_t	again;
};

/* Work for each segment that came or left. */
static uint64_t cost_of(const struct work *k)
{
	return k->ns / (ACKS + k->again);
}

/*
 * ACKs whose four blocks report a packet each, and leave out as many.
 * @room: how many times as large the send buffer becomes before they come.
 */
static struct work scattered(int family, unsigned int mss, enum scatter how,
			     unsigned int room)
{
	struct work k;
	struct tcp_info info;
	struct packet ack;
	const char *missing;
	struct peer p;
	struct wire w;
	uint64_t start;
	uint32_t una;
	unsigned int i, b, half;
	int fd, listener;

	dice_seed(1);
	missing = wire_open(&w);
	if (missing)
		abort();
	w.family = family;
	listener = start_listen(&w, 1);
	peer_init(&p, &w);
	p.lport = WIRE_PORT;
	packets(&p, fmt("< S  0:0(0) win 65535 <mss %u,nop,nop,sackOK,nop,wscale 10>", mss),
		    "> S. 0:0(0) ack 1",
		    "< .  1:1(0) ack 1");
	fd = do_accept(&w, listener);
	una = grow(&p, fd);
	set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, room * SNDBUF);
	info = info_of(fd);
	half = info.tcpi_unacked / 2;
	if (half < 16)
		wire_fail(&w, "only %u are in flight", info.tcpi_unacked);
	prepare(&ack, &p, 4 + 8 * BLOCKS, 0);
	if (!come_to_rest())
		wire_fail(&w, "the machine does not come to rest");
	start = now_ns();
	for (i = 0; i < ACKS; i++) {
		uint8_t *opt = ack.ip + IP_LEN + TCP_LEN;
		unsigned int first = how == UPWARDS ? i : half - 1 - i % half;

		put32(opt, OPT_NOP << 24 | OPT_NOP << 16 | OPT_SACK << 8 | (2 + 8 * BLOCKS));
		for (b = 0; b < BLOCKS; b++) {
			uint32_t at = how == ANYWHERE ? roll(half)
						      : (first + b * (half / BLOCKS)) % half;

			at = p.irs + una + (2 * at + 1) * info.tcpi_snd_mss;
			put32(opt + 4 + 8 * b, at);
			put32(opt + 8 + 8 * b, at + info.tcpi_snd_mss);
		}
		inject(&ack, &p, 1, una);
		if (i % 100 == 99)
			discard(&w);
	}
	k.ns = now_ns() - start;
	info = info_of(fd);
	k.sacked = info.tcpi_sacked;
	k.again = info.tcpi_total_retrans;
	printf("# family %d: SACKed %u, lost %u, sent again %u; %llu for an ACK\n", family,
	       info.tcpi_sacked, info.tcpi_lost, info.tcpi_total_retrans,
	       (unsigned long long)k.ns / ACKS);
	set_linger(fd, 0);
	close(fd);
	close(listener);
	wire_close(&w);
	return k;
}

/*
 * What is sent again is bounded by packet conservation (RFC 6937): a packet for each
 * that is known to have arrived.  The kernel cuts its buffers at each block, and when
 * that has taken its memory it forgets what is reported, and sends less; here a block
 * cuts nothing.  So it is the cost of a segment that is compared.
 */
#define SCATTERED(name, mss, how, room)						\
	TEST_F_TIMEOUT(costseg, name, TIMEOUT)					\
	{									\
		struct work inet = scattered(AF_INET, mss, how, room);		\
		struct work xtcp = scattered(xtcp_family(), mss, how, room);	\
										\
		EXPECT_LE(xtcp.again, xtcp.sacked);				\
		WITHIN_BOUND("an ACK, or what it brings about", cost_of(&inet),	\
			     cost_of(&xtcp));					\
	}

SCATTERED(sack__large_segments, 1460, UPWARDS, 1)
SCATTERED(sack__upwards, 48, UPWARDS, 1)
SCATTERED(sack__downwards, 48, DOWNWARDS, 1)
SCATTERED(sack__anywhere, 48, ANYWHERE, 1)
/* Where nobody runs out of memory for buffers that are cut. */
SCATTERED(sack__upwards_with_room, 48, UPWARDS, 16)
SCATTERED(sack__downwards_with_room, 48, DOWNWARDS, 16)
SCATTERED(sack__anywhere_with_room, 48, ANYWHERE, 16)

TEST_HARNESS_MAIN
