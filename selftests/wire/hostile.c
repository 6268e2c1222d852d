// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts that lie, and users who do what they like.
 *
 * Every packet that the sockets send is read, so the other side knows what would
 * be right, and most of what it sends is: connections come to every state, with
 * data, gaps and timers. The rest is wrong in one way or another: a field, an
 * option, a length, a fragment, an ICMP error; and some is as large as a card may
 * make it (GRO). Nothing is expected of an answer. The kernel complains of what
 * breaks, in the rig's debug kernel the module asks itself after every event
 * (kmod/watch/verify.c), and here it is seen that nothing is left and that no event came
 * that the state machine does not know.
 *
 * XTCP_SOAK=seconds (or XTCP_ATTACK) and XTCP_SEED=number choose, as in soak.c.
 */
#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

#include "dice.h"
#include "segment.h"
#include "siit.h"
#include "user.h"
#include "util.h"
#include "wire.h"

#pragma GCC diagnostic ignored "-Wclobbered"

#define FDS	24	/* sockets at a time */
#define FOES	48	/* connections that the other side remembers */
#define MSS	1460
#define ENOUGH	100	/* connections, however slow the machine is */
#define PACKETS_MOST 300000	/* until there was one in each state */

/**
 * struct foe - the other side of a connection
 * @addr: its address, network order
 * @port: its port
 * @lport: the socket's port; 0: unused
 * @nxt: sequence number that the socket waits for
 * @una: oldest number that the socket was not told of yet
 * @end: number after the last one that the socket sent
 * @tsval: its next TSval
 * @ts_recent: the socket's newest TSval
 * @ts: it uses timestamps
 * @quote: the head of what the socket sent last
 */
struct foe {
	uint32_t	addr;
	uint16_t	port;
	uint16_t	lport;
	uint32_t	nxt;
	uint32_t	una;
	uint32_t	end;
	uint32_t	tsval;
	uint32_t	ts_recent;
	bool		ts;
	uint8_t		quote[IP_LEN + TCP_LEN];
};

/* Extension headers of IPv6 are in between, each of three times eight bytes at most. */
#define EXTHDRS_MAX	3
#define EXTHDR_MAX	24

/* A packet on its way to the sockets. */
struct lie {
	struct virtio_net_hdr	gso;
	uint8_t			ip[65536 + 2 * SIIT_GROWS + EXTHDRS_MAX * EXTHDR_MAX];
	size_t			len;
} __attribute__((packed));

/* What happened. */
struct tally {
	unsigned long	sent;
	unsigned long	heard;
	unsigned long	accepted;
};

static struct foe foes[FOES];
static struct tally tally;

static uint32_t local_addr(void)
{
	return inet_addr(WIRE_LOCAL);
}

/* ---- the socket's side, as the other one sees it ------------------------- */

static struct foe *foe_find(const struct segment *s)
{
	int i;

	for (i = 0; i < FOES; i++)
		if (foes[i].lport == s->sport && foes[i].port == s->dport &&
		    foes[i].addr == s->daddr)
			return &foes[i];
	return NULL;
}

/* One place is as good as another: old connections are forgotten, and time out. */
static struct foe *foe_new(uint32_t addr, uint16_t port, uint16_t lport)
{
	struct foe *f = &foes[roll(FOES)];

	memset(f, 0, sizeof(*f));
	f->addr = addr;
	f->port = port;
	f->lport = lport;
	f->nxt = roll(4) ? roll(1u << 31) : -roll(3000);	/* some wrap soon */
	f->tsval = roll(1u << 31);
	f->ts = roll(2);
	return f;
}

static void learn(const uint8_t *ip, size_t len)
{
	struct option list[MAX_OPTIONS];
	struct segment s;
	struct foe *f;
	uint32_t end;
	int i, nr;

	if (!parse_segment(ip, len, &s))
		return;
	tally.heard++;
	f = foe_find(&s);
	if (!f && (s.flags & (F_SYN | F_ACK)) == F_SYN)
		f = foe_new(s.daddr, s.dport, s.sport);
	if (!f)
		return;
	memcpy(f->quote, ip, sizeof(f->quote));
	nr = decode_options(s.opts, s.opts_len, list);
	for (i = 0; i < nr; i++)
		if (list[i].kind == OPT_TS)
			f->ts_recent = list[i].v[0];
	end = s.seq + s.len + !!(s.flags & F_SYN) + !!(s.flags & F_FIN);
	if (s.flags & F_SYN) {
		f->una = s.seq;
		f->end = end;
	}
	if ((int32_t)(end - f->end) > 0)
		f->end = end;
	if (s.flags & F_ACK)
		f->nxt = s.ack;
}

static void listen_to_sockets(struct wire *w)
{
	static uint8_t buf[sizeof(struct virtio_net_hdr) + 65536], back[65536];
	uint8_t *ip = buf + sizeof(struct virtio_net_hdr);
	ssize_t n;

	while ((n = read(w->tun, buf, sizeof(buf))) > (ssize_t)sizeof(struct virtio_net_hdr)) {
		n -= sizeof(struct virtio_net_hdr);
		if (siit_mode() == SIIT_6)
			learn(back, siit_packet_back(back, ip, n));
		else
			learn(ip, n);
	}
}

/* ---- segments that are right --------------------------------------------- */

/* A number of the socket's between what is acknowledged and what was sent. */
static uint32_t somewhere(const struct foe *f)
{
	uint32_t flight = f->end - f->una;

	return f->una + (flight ? roll(flight + 1) : 0);
}

static int add_sack(struct option *o, const struct foe *f)
{
	int i;

	*o = (struct option){ .kind = OPT_SACK, .nr = 2 * (1 + roll(f->ts ? 3 : 4)) };
	for (i = 0; i < o->nr; i += 2) {
		o->v[i] = somewhere(f);
		o->v[i + 1] = o->v[i] + (roll(2) ? MSS : roll(20000));
	}
	return 1;
}

/* The beginning: options as they come, in any combination. */
static int syn_options(struct option *o, struct foe *f)
{
	int n = 0;

	if (roll(8))
		o[n++] = (struct option){ .kind = OPT_MSS, .nr = 1,
					  .v = { roll(4) ? MSS : roll(65536) } };
	if (roll(4))
		o[n++] = (struct option){ .kind = OPT_WSCALE, .nr = 1, .v = { roll(17) } };
	if (roll(4))
		o[n++] = (struct option){ .kind = OPT_SACK_OK };
	if (f->ts)
		o[n++] = (struct option){ .kind = OPT_TS, .nr = 2,
					  .v = { f->tsval++, f->ts_recent } };
	return n;
}

/* Put the IP header before what is there. */
static void wrap(struct lie *l, const struct foe *f, uint8_t protocol, size_t len)
{
	uint32_t local = local_addr();
	static uint16_t id;
	uint8_t *ip = l->ip;

	memset(ip, 0, IP_LEN);
	l->len = IP_LEN + len;
	ip[0] = 0x45;
	ip[1] = roll(8) ? 0 : roll(4);
	put16(ip + 2, l->len);
	put16(ip + 4, ++id);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, &f->addr, 4);
	memcpy(ip + 16, &local, 4);
	put16(ip + 10, ~sum_add(0, ip, IP_LEN));
}

static void seal(struct lie *l, const struct foe *f, size_t len)
{
	uint8_t *tcp = l->ip + IP_LEN;
	uint16_t sum;

	put16(tcp + 16, 0);
	sum = tcp_checksum(f->addr, local_addr(), tcp, len);
	memcpy(tcp + 16, &sum, 2);
	wrap(l, f, IPPROTO_TCP, len);
}

/* Cards merge segments of one connection, and say how large they were. */
static void make_large(struct lie *l, size_t hdr)
{
	uint8_t *tcp = l->ip + IP_LEN;
	uint32_t local = local_addr(), sum;

	l->gso.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	l->gso.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	l->gso.hdr_len = IP_LEN + hdr;
	l->gso.gso_size = roll(4) ? MSS : 1 + roll(MSS);
	l->gso.csum_start = IP_LEN;
	l->gso.csum_offset = 16;
	sum = sum_add(IPPROTO_TCP + l->len - IP_LEN, l->ip + 12, 4);
	sum = sum_add(sum, &local, 4);
	put16(tcp + 16, sum);
}

/* A segment that the other side might well send now. */
static void tell_truth(struct lie *l, struct foe *f)
{
	uint8_t *tcp = l->ip + IP_LEN, flags = F_ACK;
	uint32_t seq = f->nxt, ack = f->end;
	struct option o[8];
	size_t hdr, len = 0;
	int n = 0;

	switch (roll(20)) {
	case 0 ... 4:	/* data */
		len = 1 + roll(MSS);
		break;
	case 5 ... 6:	/* data behind a gap */
		seq += 1 + roll(10 * MSS);
		len = 1 + roll(MSS);
		break;
	case 7:		/* data that came before, in part */
		seq -= roll(3 * MSS);
		len = 1 + roll(3 * MSS);
		break;
	case 8:		/* much of it */
		len = MSS + roll(40000);
		break;
	case 9:
		flags |= F_FIN;
		len = roll(2) ? roll(MSS) : 0;
		break;
	case 10:
		flags |= roll(4) ? F_PSH : roll(2) ? F_URG : F_RST;
		len = roll(100);
		break;
	case 11:
		flags |= roll(3) ? F_ECE : F_CWR;
		break;
	case 12:
		flags = roll(2) ? F_SYN : F_SYN | F_ACK;
		n = syn_options(o, f);
		break;
	case 13 ... 15:	/* losses on the way here */
		ack = somewhere(f);
		n = add_sack(o, f);
		break;
	case 16:
		ack = somewhere(f);
		break;
	}
	/* a connection begins with a SYN, and a SYN is answered by one */
	if (!f->end || ((f->quote[IP_LEN + 13] & (F_SYN | F_ACK)) == F_SYN && roll(8))) {
		flags = f->end ? F_SYN | F_ACK : F_SYN;
		ack = f->end;
		n = syn_options(o, f);
		len = roll(16) ? 0 : roll(MSS);
	}
	if (f->ts && !(flags & F_SYN))
		o[n++] = (struct option){ .kind = OPT_TS, .nr = 2,
					  .v = { f->tsval += roll(3), f->ts_recent } };
	if ((flags & F_ACK) && (int32_t)(ack - f->una) > 0)
		f->una = ack;

	memset(tcp, 0, TCP_LEN);
	put16(tcp, f->port);
	put16(tcp + 2, f->lport);
	put32(tcp + 4, seq);
	put32(tcp + 8, flags & F_ACK ? ack : 0);
	hdr = TCP_LEN + build_options(o, n, tcp + TCP_LEN);
	tcp[12] = hdr / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, roll(8) ? 65535 : roll(2) ? roll(65536) : 0);
	put16(tcp + 18, flags & F_URG ? roll(200) : 0);
	memset(tcp + hdr, roll(256), len);
	seal(l, f, hdr + len);
	if (len > MSS)
		make_large(l, hdr);
}

/* ---- and those that are not ---------------------------------------------- */

static uint32_t near(uint32_t v)
{
	static const uint32_t far[] = { 1, 2, 0x7fff, 0xffff, 0x10000, 0x3fffffff,
					0x7fffffff, 0x80000000, 0xfffffffe };

	switch (roll(4)) {
	case 0:
		return v + far[roll(9)];
	case 1:
		return v - far[roll(9)];
	case 2:
		return v + roll(70000);
	default:
		return v - roll(70000);
	}
}

/* One or two bytes of the TCP header, one number of it, or what the options hold. */
static void change_header(struct lie *l, const struct foe *f)
{
	uint8_t *tcp = l->ip + IP_LEN;
	size_t tcp_len = l->len - IP_LEN, opts = (tcp[12] >> 4) * 4 - TCP_LEN, i;

	switch (roll(6)) {
	case 0:
		put32(tcp + 4, near(get32(tcp + 4)));
		break;
	case 1:
		put32(tcp + 8, near(get32(tcp + 8)));
		break;
	case 2:
		tcp[13] = roll(256);
		break;
	case 3:
		for (i = 0; i < opts; i++)
			if (!roll(3))
				tcp[TCP_LEN + i] = roll(2) ? roll(12) : roll(256);
		break;
	case 4:
		tcp[4 + roll(TCP_LEN + opts - 4)] = roll(256);
		break;
	default:
		tcp[12] = roll(16) << 4 | roll(16);
		put16(tcp + 18, roll(65536));
	}
	seal(l, f, tcp_len);
}

/* The packet around it: cut short, a fragment, a wrong sum, a small segment size. */
static void change_packet(struct lie *l)
{
	switch (roll(5)) {
	case 0:
		l->len = IP_LEN + roll(l->len - IP_LEN);
		put16(l->ip + 2, l->len);
		break;
	case 1:
		put16(l->ip + 6, roll(2) ? 0x2000 : roll(64));
		break;
	case 2:
		l->ip[IP_LEN + roll(l->len - IP_LEN)] ^= 1 << roll(8);
		return;
	case 3:
		l->ip[8] = roll(2);
		break;
	default:
		if (l->gso.gso_type)
			l->gso.gso_size = 1 + roll(8);
	}
	put16(l->ip + 10, 0);
	put16(l->ip + 10, ~sum_add(0, l->ip, IP_LEN));
}

/* An error about the last segment that came, or about one that never did. */
static void tell_of_error(struct lie *l, const struct foe *f)
{
	static const uint8_t types[] = { 3, 3, 3, 3, 4, 5, 11, 12 };
	uint8_t *icmp = l->ip + IP_LEN;
	size_t quoted = roll(8) ? IP_LEN + 8 : roll(sizeof(f->quote));

	memset(icmp, 0, 8);
	icmp[0] = types[roll(8)];
	icmp[1] = roll(4) ? 4 : roll(16);
	put32(icmp + 4, roll(4) ? 60 + roll(1500) : roll(65536));
	memcpy(icmp + 8, f->quote, quoted);
	if (!roll(3))
		icmp[8 + roll(sizeof(f->quote))] ^= 1 << roll(8);
	put16(icmp + 2, ~sum_add(0, icmp, 8 + quoted));
	wrap(l, f, IPPROTO_ICMP, 8 + quoted);
}

/* ---- and what only IPv6 has ------------------------------------------------ */

/* A header between IPv6's and what follows it, of a kind that there is or not. */
static void add_exthdr(struct lie *l)
{
	static const uint8_t kinds[] = { 0, 43, 44, 50, 51, 59, 60, 135, 139, 140, 253 };
	uint8_t *header = l->ip + IP_LEN + SIIT_GROWS;
	size_t len = 8 * (1 + roll(EXTHDR_MAX / 8)), i;

	memmove(header + len, header, l->len - IP_LEN - SIIT_GROWS);
	memset(header, 0, len);
	for (i = 2; i < len; i++)
		header[i] = roll(3) ? 0 : roll(2) ? roll(8) : roll(256);
	header[0] = l->ip[6];
	header[1] = roll(16) ? len / 8 - 1 : roll(256);
	/* padding that is right, as often as not */
	if (roll(2)) {
		header[2] = 1;
		header[3] = len - 4;
	}
	l->ip[6] = kinds[roll(sizeof(kinds))];
	l->len += len;
	put16(l->ip + 4, l->len - IP_LEN - SIIT_GROWS);
	if (l->gso.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		l->gso.hdr_len += len;
		l->gso.csum_start += len;
	}
}

/* A field of the IPv6 header, or an address that nobody has. */
static void change_ip6(struct lie *l)
{
	static const uint8_t nobodys[][16] = {
		{}, { [15] = 1 }, { 0xff, 2, [15] = 1 }, { 0xfe, 0x80, [15] = 1 },
		{ [10] = 0xff, 0xff, 192, 0, 2, 2 },
	};

	switch (roll(4)) {
	case 0:
		l->ip[1 + roll(3)] = roll(256);	/* traffic class, flow label */
		break;
	case 1:
		put16(l->ip + 4, roll(2) ? roll(l->len) : near(l->len));
		break;
	case 2:
		memcpy(l->ip + 8 + 16 * roll(2), nobodys[roll(ARRAY_SIZE(nobodys))], 16);
		break;
	default:
		l->ip[roll(8)] ^= 1 << roll(8);
	}
}

/* Where the pseudo-header's sum is, and not the checksum: the one is the other's complement. */
static void flip_partial(struct lie *l, size_t header)
{
	uint8_t *csum = l->ip + header + 16;

	if (l->gso.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && l->len >= header + TCP_LEN)
		put16(csum, ~get16(csum));
}

/* Return: whether there is such a packet of IPv6. */
static bool make_six(struct lie *l)
{
	static uint8_t ip[65536];
	size_t was = l->len, i;

	flip_partial(l, IP_LEN);
	memcpy(ip, l->ip, was);
	l->len = siit_packet(l->ip, ip, was);
	if (!l->len)
		return false;
	if (l->gso.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		flip_partial(l, IP_LEN + l->len - was);
		l->gso.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
		l->gso.hdr_len += l->len - was;
		l->gso.csum_start += l->len - was;
	}
	for (i = 0; i < EXTHDRS_MAX && !roll(12); i++)
		add_exthdr(l);
	if (!roll(24))
		change_ip6(l);
	return true;
}

static void attack(struct wire *w, struct foe *f)
{
	static struct lie l;

	memset(&l.gso, 0, sizeof(l.gso));
	if (f->quote[0] && !roll(50)) {
		tell_of_error(&l, f);
	} else {
		tell_truth(&l, f);
		if (!roll(4))
			change_header(&l, f);
		if (!roll(16))
			change_packet(&l);
	}
	if (siit_mode() == SIIT_6 && !make_six(&l))
		return;
	/* what the device itself refuses does not count */
	if (write(w->tun, &l, sizeof(l.gso) + l.len) > 0)
		tally.sent++;
}

/* ---- the sockets --------------------------------------------------------- */

static int connect_somewhere(struct wire *w)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(1 + roll(50)),
		.sin_addr.s_addr = htonl(ntohl(inet_addr(WIRE_REMOTE)) + roll(4)),
	};
	int fd = socket(w->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!roll(4))
		user_changes_options(fd);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

static int be_server(struct wire *w)
{
	struct sockaddr_in a = wire_sockaddr(WIRE_PORT);
	int fd = socket(w->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, roll(2) * 8);
	bind(fd, (struct sockaddr *)&a, sizeof(a));
	listen(fd, roll(16));
	return fd;
}

/* Close, one way or the other; nobody waits, for the other side is this process. */
static void leave(int fd)
{
	struct linger l = { .l_onoff = !roll(4) };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

#define EDGE_TO(from, to, event, action, clause)	XTCP_##to,
#define ALL_STATES	((1u << XTCP_STATE_NR) - 2)

/* States that connections have come to, as bits. */
static unsigned int states_seen(void)
{
	static const enum xtcp_state to[] = { XTCP_EDGES(EDGE_TO) };
	unsigned int seen = 0;
	int i;

	for (i = 0; i < XTCP_EDGE_NR; i++)
		if (edge_count(i) > 0)
			seen |= 1u << to[i];
	return seen;
}

static void live(struct wire *w, uint64_t end)
{
	int fd[FDS], n = 0, server = be_server(w), i;

	while (now_ns() < end || tally.accepted < ENOUGH) {
		listen_to_sockets(w);
		if (!roll(60) && n < FDS)
			fd[n++] = connect_somewhere(w);
		if (!roll(20))
			attack(w, foe_new(inet_addr(WIRE_REMOTE), 1 + roll(65535), WIRE_PORT));
		if (n < FDS) {
			fd[n] = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			tally.accepted += fd[n] >= 0;
			n += fd[n] >= 0;
		}
		for (i = 0; i < 8; i++) {
			struct foe *f = &foes[roll(FOES)];

			if (f->lport)
				attack(w, f);
		}
		if (n) {
			i = roll(n);
			user_acts(fd[i]);
			if (!roll(n < FDS ? 40 : 4)) {
				leave(fd[i]);
				fd[i] = fd[--n];
			}
		}
		if (!roll(2000)) {
			close(server);
			server = be_server(w);
		}
		/* timers run, too */
		if (!roll(300))
			poll_pause();
	}
	while (n)
		leave(fd[--n]);
	close(server);
}

FIXTURE(hostile) {
	struct wire w;
};

FIXTURE_SETUP(hostile)
{
	const char *missing = wire_open_device(&self->w, IFF_VNET_HDR);

	if (missing)
		SKIP(return, "%s", missing);
	/* what the device says of a packet comes first, which lib/wrap.c does not know */
	siit_device(-1);
}

FIXTURE_TEARDOWN(hostile)
{
	wire_close(&self->w);
}

TEST_F_TIMEOUT(hostile, nothing_is_left, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(10) * 1000000000ULL;

	ASSERT_EQ(0, ioctl(self->w.tun, TUNSETOFFLOAD, TUN_F_CSUM |
			   siit_either(TUN_F_TSO4, TUN_F_TSO6)));
	prepare_failslab();
	conf_set("timewait_len", "1");
	conf_set("fin_timeout", "1");
	conf_set("rto_min_us", "2000");
	conf_set("syn_retries", "1");
	conf_set("synack_retries", "1");
	conf_set("orphan_retries", "1");
	conf_set("fastopen", "1027");
	dice_seed(env_number("XTCP_SEED", 1));
	live(&self->w, (now_ns() + end) / 2);
	user_is_unlucky(true);
	live(&self->w, end);
	user_is_unlucky(false);
	/* how many packets a second has depends on who else has work */
	while (!test_inet() && states_seen() != ALL_STATES && tally.sent < PACKETS_MOST)
		live(&self->w, now_ns() + 1000000000ULL);

	TH_LOG("%lu packets there and %lu back, %lu accepted", tally.sent, tally.heard,
	       tally.accepted);
	if (!test_inet()) {
		EXPECT_EQ(0, counter("NoEdge"));
		/* each was there to be attacked */
		EXPECT_EQ(ALL_STATES, states_seen());
	}
	wire_close(&self->w);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	EXPECT_TRUE(await(memory_pages() <= most_spare_pages())) {
		TH_LOG("%ld pages of buffers are left", memory_pages());
	}
}

TEST_HARNESS_MAIN
