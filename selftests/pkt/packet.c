// SPDX-License-Identifier: GPL-2.0
/*
 * The peer: packets that a script has it send, through a TUN device, and those that it
 * expects.
 *
 * A script counts from its own initial numbers, and so does its clock of timestamps;
 * struct flow has what they are on the wire.  What other connections of the script send
 * is not looked at.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pkt.h"

#define LOCAL4	"192.168.0.1"
#define REMOTE4	"192.0.2.1"
#define LOCAL6	"fd3d:0a0b:17d6::1"
#define REMOTE6	"fd3d:fa7b:d17d::1"
#define PORT	8080

#define SYN	0x02
#define PSH	0x08
#define ACK	0x10

/* A packet that came, and when. */
struct seen {
	struct seen	*next;
	uint64_t	when;
	size_t		len;
	uint8_t		data[];
};

static struct seen *queue, **queue_end = &queue;

static struct {
	uint16_t	lport, rport;		/* of the socket, of the peer */
	bool		lknown, rknown;		/* the numbers below */
	uint32_t	lisn, risn;		/* on the wire */
	uint32_t	slisn, srisn;		/* in the script */
	struct { uint32_t script, live; } ts[1024];
	int		nr_ts;
	uint64_t	ts_when;		/* of the first */
} flow;

/* ---- addresses ----------------------------------------------------------- */

static bool wire6(void)
{
	return world.form == IPV6;
}

static socklen_t address(struct sockaddr_in6 *a, const char *v4, const char *v6)
{
	char mapped[64];

	memset(a, 0, sizeof(*a));
	if (world.form == IPV4) {
		struct sockaddr_in *in = (void *)a;

		in->sin_family = AF_INET;
		in->sin_port = htons(PORT);
		inet_pton(AF_INET, v4, &in->sin_addr);
		return sizeof(*in);
	}
	snprintf(mapped, sizeof(mapped), "::ffff:%s", v4);
	a->sin6_family = AF_INET6;
	a->sin6_port = htons(PORT);
	inet_pton(AF_INET6, world.form == IPV6 ? v6 : mapped, &a->sin6_addr);
	return sizeof(*a);
}

socklen_t local_address(struct sockaddr_in6 *a)
{
	return address(a, LOCAL4, LOCAL6);
}

socklen_t remote_address(struct sockaddr_in6 *a)
{
	return address(a, REMOTE4, REMOTE6);
}

/* ---- the device ---------------------------------------------------------- */

/* No program is started for it: in a machine that is user-mode Linux that takes longest. */
static void bring_up(void)
{
	int fd = socket(wire6() ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	rc = ioctl(fd, SIOCSIFFLAGS, &ifr);
	strcpy(ifr.ifr_name, "tun0");
	ifr.ifr_mtu = wire6() ? 1520 : 1500;
	rc |= ioctl(fd, SIOCSIFMTU, &ifr);
	ifr.ifr_flags = IFF_UP;
	rc |= ioctl(fd, SIOCSIFFLAGS, &ifr);
	if (wire6()) {
		struct in6_ifreq in6 = { .ifr6_prefixlen = 48 };
		struct in6_rtmsg route = { .rtmsg_dst_len = 48, .rtmsg_metric = 1,
					   .rtmsg_flags = RTF_UP };

		ioctl(fd, SIOCGIFINDEX, &ifr);
		in6.ifr6_ifindex = ifr.ifr_ifindex;
		route.rtmsg_ifindex = ifr.ifr_ifindex;
		inet_pton(AF_INET6, LOCAL6, &in6.ifr6_addr);
		inet_pton(AF_INET6, "fd3d:fa7b:d17d::", &route.rtmsg_dst);
		rc |= ioctl(fd, SIOCSIFADDR, &in6);
		rc |= ioctl(fd, SIOCADDRT, &route);
		/* who makes an address of IPv6 usable is a worker */
		usleep(200000);
	} else {
		struct sockaddr_in *a = (void *)&ifr.ifr_addr;
		struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = "tun0" };

		memset(a, 0, sizeof(*a));
		a->sin_family = AF_INET;
		inet_pton(AF_INET, LOCAL4, &a->sin_addr);
		rc |= ioctl(fd, SIOCSIFADDR, &ifr);
		inet_pton(AF_INET, "255.255.0.0", &a->sin_addr);
		rc |= ioctl(fd, SIOCSIFNETMASK, &ifr);
		inet_pton(AF_INET, "192.0.2.0", &a->sin_addr);
		memcpy(&route.rt_dst, a, sizeof(*a));
		inet_pton(AF_INET, "255.255.255.0", &a->sin_addr);
		memcpy(&route.rt_genmask, a, sizeof(*a));
		rc |= ioctl(fd, SIOCADDRT, &route);
	}
	if (rc)
		fail("cannot set up tun0: %s", strerror(errno));
	close(fd);
}

void wire_open(void)
{
	struct ifreq ifr = { .ifr_name = "tun0",
			     .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int len = sizeof(struct virtio_net_hdr);

	world.tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (world.tun < 0)
		fail("/dev/net/tun: %s", strerror(errno));
	if (ioctl(world.tun, TUNSETIFF, &ifr) || ioctl(world.tun, TUNSETVNETHDRSZ, &len) ||
	    ioctl(world.tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
		  TUN_F_TSO_ECN))
		fail("the TUN device: %s", strerror(errno));
	bring_up();
}

/* Note what came, and when that was. */
void wire_drain(void)
{
	static uint8_t buf[1 << 17];
	uint64_t now = now_ns();
	ssize_t n;

	while ((n = read(world.tun, buf, sizeof(buf))) > 0) {
		size_t hdr = sizeof(struct virtio_net_hdr);
		struct seen *s = calloc(1, sizeof(*s) + n);

		s->when = now;
		s->len = n - hdr;
		memcpy(s->data, buf + hdr, n - hdr);
		*queue_end = s;
		queue_end = &s->next;
	}
}

/* Wait until @until, or for a packet, whatever comes first. */
static void doze(uint64_t until)
{
	struct pollfd pfd = { .fd = world.tun, .events = POLLIN };
	uint64_t now = now_ns(), left = until > now ? until - now : 0;
	struct timespec ts = { left / 1000000000, left % 1000000000 };

	ppoll(&pfd, 1, &ts, NULL);
	wire_drain();
}

void wire_wait(uint64_t until)
{
	wire_drain();
	while (now_ns() < until)
		doze(until);
}

/* ---- bytes --------------------------------------------------------------- */

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; len -= 2, p += 2)
		sum += get16(p);
	if (len)
		sum += *p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Two addresses, the length and the protocol. */
static uint32_t pseudo(const uint8_t *ip, size_t len, int protocol)
{
	uint32_t sum = wire6() ? add(0, ip + 8, 32) : add(0, ip + 12, 8);
	uint8_t more[4];

	put16(more, len);
	put16(more + 2, protocol);
	return add(sum, more, 4);
}

/* Write an IP header from @from to @to. Return: its length. */
static size_t ip_header(uint8_t *ip, bool inbound, size_t len, int protocol, int ecn)
{
	const char *from = inbound ? REMOTE4 : LOCAL4, *to = inbound ? LOCAL4 : REMOTE4;

	if (wire6()) {
		memset(ip, 0, 40);
		ip[0] = 0x60;
		ip[1] = ecn << 4;
		put16(ip + 4, len);
		ip[6] = protocol;
		ip[7] = 255;
		inet_pton(AF_INET6, inbound ? REMOTE6 : LOCAL6, ip + 8);
		inet_pton(AF_INET6, inbound ? LOCAL6 : REMOTE6, ip + 24);
		return 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = ecn;
	put16(ip + 2, 20 + len);
	ip[6] = 0x40;	/* may not be fragmented */
	ip[8] = 255;
	ip[9] = protocol;
	inet_pton(AF_INET, from, ip + 12);
	inet_pton(AF_INET, to, ip + 16);
	put16(ip + 10, ~add(0, ip, 20));
	return 20;
}

/* ---- a script's numbers -------------------------------------------------- */

/**
 * flow_new - packets from here on are about another connection
 * @active: the socket opens it
 */
void flow_new(bool active)
{
	static uint16_t port = 40000;

	memset(&flow, 0, sizeof(flow));
	flow.lport = active ? 0 : PORT;
	flow.rport = active ? PORT : port++;
}

/* With SYN a script's numbers are absolute, behind it they begin at 0. */
static uint32_t live_local(uint32_t n, unsigned int flags)
{
	return flow.lisn + n - (flags & SYN ? flow.slisn : 0);
}

static uint32_t live_remote(uint32_t n, unsigned int flags)
{
	return flow.risn + n - (flags & SYN ? flow.srisn : 0);
}

static uint32_t script_local(uint32_t n, unsigned int flags)
{
	return n - flow.lisn + (flags & SYN ? flow.slisn : 0);
}

static uint32_t script_remote(uint32_t n, unsigned int flags)
{
	return n - flow.risn + (flags & SYN ? flow.srisn : 0);
}

/* The timestamp on the wire that a script calls @n. */
static uint32_t live_ts(uint32_t n)
{
	for (int i = flow.nr_ts - 1; i >= 0; i--)
		if (flow.ts[i].script == n)
			return flow.ts[i].live;
	if (!flow.nr_ts)
		return n;
	return flow.ts[0].live + (n - flow.ts[0].script);
}

static void note_ts(uint32_t script, uint32_t live)
{
	if (flow.nr_ts == 1024)
		flow.nr_ts--;
	flow.ts[flow.nr_ts].script = script;
	flow.ts[flow.nr_ts++].live = live;
}

/* ---- sending ------------------------------------------------------------- */

static void send_bytes(const struct virtio_net_hdr *h, const uint8_t *ip, size_t len)
{
	static uint8_t buf[1 << 17];

	memcpy(buf, h, sizeof(*h));
	memcpy(buf + sizeof(*h), ip, len);
	if (write(world.tun, buf, sizeof(*h) + len) < 0)
		fail("cannot send: %s", strerror(errno));
}

static void send_icmp(const struct packet *p)
{
	static const uint8_t codes6[] = { 0, 3, 4, 4 };
	uint8_t buf[200] = { 0 }, *icmp, *tcp;
	struct virtio_net_hdr h = { 0 };
	int protocol = wire6() ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	size_t hdr = wire6() ? 40 : 20, len = 8 + hdr + 20;

	icmp = buf + hdr;
	icmp[0] = wire6() ? 1 : 3;
	icmp[1] = wire6() ? codes6[p->icmp_code] : p->icmp_code;
	ip_header(icmp + 8, false, 20 + p->len, IPPROTO_TCP, 0);
	tcp = icmp + 8 + hdr;
	put16(tcp, flow.lport);
	put16(tcp + 2, flow.rport);
	put32(tcp + 4, live_local(p->seq, 0));
	tcp[12] = 0x50;
	ip_header(buf, true, len, protocol, 0);
	put16(icmp + 2, ~add(wire6() ? pseudo(buf, len, protocol) : 0, icmp, len));
	send_bytes(&h, buf, hdr + len);
}

void packet_send(const struct packet *p)
{
	static uint8_t buf[1 << 17];
	struct virtio_net_hdr h = { 0 };
	uint8_t *tcp, *opts;
	size_t hdr, len, opts_len = (p->options_len + 3) / 4 * 4;
	uint32_t sum;

	if (p->icmp) {
		send_icmp(p);
		return;
	}
	if ((p->flags & SYN) && !flow.rknown) {
		flow.rknown = true;
		flow.risn = p->seq;
		flow.srisn = p->seq;
	}
	len = 20 + opts_len + p->len;
	hdr = ip_header(buf, true, len, IPPROTO_TCP, p->ecn < 0 ? 0 : p->ecn);
	tcp = buf + hdr;
	memset(tcp, 0, len);
	put16(tcp, flow.rport);
	put16(tcp + 2, flow.lport);
	put32(tcp + 4, live_remote(p->seq, p->flags));
	if (p->has_ack)
		put32(tcp + 8, live_local(p->ack, p->flags));
	tcp[12] = (20 + opts_len) / 4 << 4 | p->flags >> 8;
	tcp[13] = p->flags;
	put16(tcp + 14, p->win);
	put16(tcp + 18, p->urg);
	opts = tcp + 20;
	memcpy(opts, p->options, p->options_len);
	for (int i = 0; i < 2 * p->sacks; i++)
		put32(opts + p->sack + 4 * i,
		      live_local(get32(p->options + p->sack + 4 * i), p->flags));
	if (p->ts && p->has_ack)
		put32(opts + p->ts + 4, live_ts(get32(p->options + p->ts + 4)));

	sum = pseudo(buf, len, IPPROTO_TCP);
	if (world.script->mss && p->len > (uint32_t)world.script->mss) {
		/* many segments of a real device come as one */
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		h.gso_type = wire6() ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		/* all of it, or the kernel keeps the data in pages, and counts them otherwise */
		h.hdr_len = hdr + len;
		h.gso_size = world.script->mss;
		h.csum_start = hdr;
		h.csum_offset = 16;
		put16(tcp + 16, sum);
	} else {
		put16(tcp + 16, ~add(sum, tcp, len));
	}
	send_bytes(&h, buf, hdr + len);
}

/* ---- what comes ---------------------------------------------------------- */

/* Where TCP begins in a packet of this connection, NULL when it is none. */
static const uint8_t *tcp_of(const struct seen *s, size_t *len, int *ecn)
{
	const uint8_t *tcp;

	if (s->len >= 60 && s->data[0] >> 4 == 6 && wire6() && s->data[6] == IPPROTO_TCP) {
		tcp = s->data + 40;
		*ecn = s->data[1] >> 4 & 3;
	} else if (s->len >= 40 && s->data[0] >> 4 == 4 && !wire6() &&
		   s->data[9] == IPPROTO_TCP) {
		tcp = s->data + (s->data[0] & 15) * 4;
		*ecn = s->data[1] & 3;
	} else {
		return NULL;
	}
	*len = s->len - (tcp - s->data);
	if (get16(tcp + 2) != flow.rport)
		return NULL;
	if (!flow.lport && (tcp[13] & (SYN | ACK)) == SYN)
		flow.lport = get16(tcp);
	return get16(tcp) == flow.lport ? tcp : NULL;
}

static char *flags_text(unsigned int flags)
{
	static char text[16];
	char *t = text;

	for (int i = 0; i < 9; i++)
		if (flags & 1 << i)
			*t++ = "FSRP.UEWA"[i];
	*t = 0;
	return text;
}

/* The next segment of this connection until @until, NULL when there is none. */
static struct seen *next_seen(uint64_t until)
{
	size_t len;
	int ecn;

	wire_drain();
	for (;;) {
		while (queue) {
			struct seen *s = queue;

			queue = s->next;
			if (!queue)
				queue_end = &queue;
			if (tcp_of(s, &len, &ecn))
				return s;
			free(s);
		}
		if (now_ns() >= until)
			return NULL;
		doze(until);
	}
}

static void compare_ts(const struct packet *p, const uint8_t *opts, uint64_t when)
{
	uint32_t script = get32(p->options + p->ts), live = get32(opts + p->ts);
	uint32_t ecr = get32(p->options + p->ts + 4);

	if (world.script->tick && flow.nr_ts) {
		long long went = (int32_t)(live - flow.ts[0].live) * world.script->tick;
		long long meant = (int32_t)(script - flow.ts[0].script) * world.script->tick;

		if (llabs(went - meant) > world.script->tolerance)
			fail("timestamp %u, not %u", flow.ts[0].script +
			     (live - flow.ts[0].live), script);
	}
	if (!flow.nr_ts)
		flow.ts_when = when;
	note_ts(script, live);
	if (get32(opts + p->ts + 4) != ecr)
		fail("echoed timestamp %u, not %u", get32(opts + p->ts + 4), ecr);
}

static void compare_options(const struct packet *p, const uint8_t *opts, size_t len,
			    uint64_t when)
{
	uint8_t wanted[OPTIONS_MAX], came[OPTIONS_MAX];
	char text[3 * OPTIONS_MAX + 1] = "";
	size_t i;

	if (p->any_options)
		return;
	memcpy(wanted, p->options, p->options_len);
	memcpy(came, opts, len);
	if (p->ts && p->ts + 8 <= len && len == p->options_len)
		memcpy(wanted + p->ts, came + p->ts, 8);
	for (int k = 0; k < 2 * p->sacks; k++)
		put32(wanted + p->sack + 4 * k,
		      live_remote(get32(p->options + p->sack + 4 * k), p->flags));
	if (len != p->options_len || memcmp(wanted, came, len)) {
		for (i = 0; i < len; i++)
			sprintf(text + 3 * i, " %02x", came[i]);
		fail("other options:%s", text);
	}
	if (p->ts)
		compare_ts(p, opts, when);
}

/**
 * packet_expect - the next packet has to be this one
 * @p: as the script has it
 * @until: nanoseconds; when it has to have come
 *
 * Return: when it came.
 */
uint64_t packet_expect(const struct packet *p, uint64_t until)
{
	struct seen *s = next_seen(until);
	uint32_t seq, ack, len, had = 0;
	unsigned int flags;
	const uint8_t *tcp;
	uint64_t when;
	size_t left, hdr;
	int ecn;

again:
	if (!s)
		fail("no packet came");
	tcp = tcp_of(s, &left, &ecn);
	when = s->when;
	flags = tcp[13] | (tcp[12] & 1) << 8;
	hdr = (tcp[12] >> 4) * 4;
	if ((flags & SYN) && (p->flags & SYN)) {
		flow.lknown = true;
		flow.lisn = get32(tcp + 4);
		flow.slisn = p->seq;
	}
	seq = script_local(get32(tcp + 4), flags);
	ack = flags & ACK ? script_remote(get32(tcp + 8), flags) : 0;
	len = left - hdr;
	/* how many segments the stack hands down at once is not what a script is about */
	if (seq == p->seq + had && len && had + len < p->len && (flags | PSH) == (p->flags | PSH)) {
		had += len;
		free(s);
		s = next_seen(until);
		goto again;
	}
	if (flags != p->flags || seq != p->seq + had || had + len != p->len ||
	    ((flags & ACK) && p->has_ack && ack != p->ack))
		fail("%s %u:%u(%u) ack %u came at %lld us", flags_text(flags), seq, seq + len,
		     len, ack, script_time(when));
	if (p->has_win && get16(tcp + 14) != p->win)
		fail("window %u, not %u", get16(tcp + 14), p->win);
	if (p->ecn >= 0 && ecn != p->ecn)
		fail("ECN field %d, not %d", ecn, p->ecn);
	compare_options(p, tcp + 20, hdr - 20, when);
	free(s);
	return when;
}
