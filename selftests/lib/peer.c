// SPDX-License-Identifier: GPL-2.0
/*
 * The hosts that a test plays: see wire.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "line.h"
#include "util.h"
#include "wire.h"

/* How often somebody looks who waits, milliseconds: so well is known when something came. */
#define LOOK_MS	5

/**
 * peer_init - a host on the wire
 * @p: the peer
 * @w: the wire
 */
void peer_init(struct peer *p, struct wire *w)
{
	memset(p, 0, sizeof(*p));
	p->w = w;
	inet_pton(AF_INET, WIRE_REMOTE, &p->addr);
	inet_pton(AF_INET, WIRE_LOCAL, &p->laddr);
	p->port = WIRE_PORT;
	p->iss = 1000000;
	p->tsval = 5000;
	p->win = 65535;
	p->ttl = 64;
}

/**
 * peer_clone - another connection of the same host
 * @p: the new one
 * @from: a peer
 * @port: its port
 */
void peer_clone(struct peer *p, const struct peer *from, uint16_t port)
{
	peer_init(p, from->w);
	p->addr = from->addr;
	p->laddr = from->laddr;
	p->lport = from->synced || from->lport ? from->lport : 0;
	p->port = port;
}

struct sockaddr_in peer_sockaddr(const struct peer *p)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(p->port),
		.sin_addr.s_addr = p->addr,
	};
}

/**
 * peer_state - the state of the peer's connection as /proc shows it
 * @p: the peer
 *
 * Return: TCP_* of <netinet/tcp.h>; TCP_CLOSE when there is no such row.
 */
int peer_state(const struct peer *p)
{
	struct sockaddr_in local = wire_sockaddr(p->lport), remote = peer_sockaddr(p);

	return conn_state(&local, &remote);
}

/* Write a segment down. @sent: by the peer. */
static void trace_segment(struct peer *p, const struct segment *s, bool sent,
			  const char *faults)
{
	char text[1024];

	if (sent)
		print_segment(text, s, p->iss, p->irs);
	else
		print_segment(text, s, p->irs, p->iss);
	wire_note(p->w, "%c %s%s   (peer port %u)", sent ? '<' : '>', text, faults,
		  p->port);
}

/* ---- time ---------------------------------------------------------------- */

/*
 * What comes later came after now, if nothing is there.  A test may be kept from the
 * processor at any place, so the hour at which it reads a segment says only when that was
 * sent at the latest.
 */
static void note_silence(struct wire *w)
{
	struct pollfd pfd = { .fd = w->tun, .events = POLLIN };
	uint64_t now = now_ns();

	if (!poll(&pfd, 1, 0))
		w->silent = now;
}

/* ---- sending ------------------------------------------------------------- */

/* @mss: it was merged of packets of so many bytes, 0: it was not */
static ssize_t write_packet(struct wire *w, void *ip, size_t len, unsigned int mss)
{
	struct virtio_net_hdr hdr = { .gso_size = mss };
	const struct iovec parts[] = { { &hdr, sizeof(hdr) }, { ip, len } };
	ssize_t n;

	if (!w->vnet)
		return write(w->tun, ip, len);
	if (mss)
		hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	n = writev(w->tun, parts, 2);
	return n < 0 ? n : n - (ssize_t)sizeof(hdr);
}

static ssize_t read_packet(struct wire *w, void *ip, size_t len)
{
	struct virtio_net_hdr hdr;
	const struct iovec parts[] = { { &hdr, sizeof(hdr) }, { ip, len } };
	ssize_t n;

	if (!w->vnet)
		return read(w->tun, ip, len);
	n = readv(w->tun, parts, 2);
	return n < 0 ? n : n - (ssize_t)sizeof(hdr);
}

/* @ip has IP_LEN bytes of room for a header and then the IP payload; @mss: see above. */
static void write_ip(struct peer *p, uint8_t *ip, size_t len, uint8_t protocol,
		     unsigned int mss)
{
	uint8_t longer[65536];
	static uint16_t id;
	size_t hdr = IP_LEN + p->ip_opts_len;

	if (p->ip_opts_len) {
		memcpy(longer + hdr, ip + IP_LEN, len - IP_LEN);
		memcpy(longer + IP_LEN, p->ip_opts, p->ip_opts_len);
		len += p->ip_opts_len;
		ip = longer;
	}
	memset(ip, 0, IP_LEN);
	ip[0] = 0x40 | hdr / 4;
	ip[1] = p->tos | p->ecn;
	put16(ip + 2, len);
	put16(ip + 4, ++id);
	ip[8] = p->ttl;
	ip[9] = protocol;
	memcpy(ip + 12, &p->addr, 4);
	memcpy(ip + 16, &p->laddr, 4);
	put16(ip + 10, ~sum_add(0, ip, hdr));
	note_silence(p->w);
	p->w->last_since = now_ns();
	if (write_packet(p->w, ip, len, mss) != (ssize_t)len)
		wire_fail(p->w, "write to the TUN device: %s", strerror(errno));
	p->w->last = now_ns();
}

/* As everybody has it, behind two NOPs. */
static void add_option(struct line *l, struct option o)
{
	l->options[l->nr_options++] = (struct option){ .kind = OPT_NOP };
	l->options[l->nr_options++] = (struct option){ .kind = OPT_NOP };
	l->options[l->nr_options++] = o;
}

static void inject(struct peer *p, struct line *l)
{
	uint8_t buf[65536] = { 0 }, *tcp = buf + IP_LEN;
	size_t opts, hdr, len, i;
	uint32_t seq, ack = 0;
	uint16_t csum;
	struct segment s;

	if (l->merged && !p->w->vnet)
		wire_fail(p->w, "\"%s\" on a device that merges nothing", l->text);
	if (!l->has_options && p->secret)
		add_option(l, (struct option){ .kind = OPT_MD5 });
	if (!l->has_options && p->ts && !(l->flags & F_RST))
		add_option(l, (struct option){ .kind = OPT_TS, .nr = 2,
					       .v = { p->tsval++, p->ts_recent } });
	seq = l->seq.absolute ? l->seq.v : p->iss + l->seq.v;
	if (l->ack.set)
		ack = l->ack.absolute ? l->ack.v : p->irs + l->ack.v;
	put16(tcp, p->port);
	put16(tcp + 2, p->lport);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	opts = build_options(l->options, l->nr_options, tcp + TCP_LEN);
	hdr = TCP_LEN + opts;
	tcp[12] = (l->offset >= 0 ? l->offset : (int)hdr / 4) << 4;
	tcp[13] = l->flags;
	put16(tcp + 14, l->win.set ? l->win.v : p->win);
	put16(tcp + 18, l->urg.v);
	/* the SYN takes one number, so the stream begins at 1 */
	for (i = 0; i < l->len.v; i++)
		tcp[hdr + i] = wire_pattern(seq - p->iss - !(l->flags & F_SYN) + i);
	len = hdr + l->len.v;
	if (l->truncate >= 0)
		len = l->truncate;
	for (i = 0; i < (size_t)l->nr_options; i++)
		if (l->options[i].kind == OPT_MD5 && l->truncate < 0 && l->offset < 0)
			sign_segment(p->addr, p->laddr, tcp, len, p->secret);
	if (len >= TCP_LEN) {
		csum = tcp_checksum(p->addr, p->laddr, tcp, len);
		if (l->bad_csum)
			csum ^= 0x5555;
		memcpy(tcp + 16, &csum, 2);
	}

	memset(&s, 0, sizeof(s));
	s.seq = seq;
	s.ack = ack;
	s.flags = l->flags;
	s.win = get16(tcp + 14);
	s.urg = l->urg.v;
	s.ecn = l->ecn < 0 ? 0 : l->ecn;
	p->ecn = s.ecn;
	s.opts = tcp + TCP_LEN;
	s.opts_len = opts;
	s.len = l->len.v;
	trace_segment(p, &s, true, strchr(l->text, '!') ? strchr(l->text, '!') - 1 : "");
	write_ip(p, buf, IP_LEN + len, IPPROTO_TCP, l->merged);
}

/**
 * peer_icmp - send an ICMP error about the last segment that came
 * @p: the peer
 * @type: ICMP type
 * @code: ICMP code
 * @info: second word of the header: the MTU of "fragmentation needed"
 */
void peer_icmp(struct peer *p, uint8_t type, uint8_t code, uint32_t info)
{
	uint8_t buf[IP_LEN + 8 + 60 + 8], *icmp = buf + IP_LEN;
	size_t quoted = (p->last[0] & 15) * 4 + 8;

	icmp[0] = type;
	icmp[1] = code;
	put16(icmp + 2, 0);
	put32(icmp + 4, info);
	memcpy(icmp + 8, p->last, quoted);
	put16(icmp + 2, ~sum_add(0, icmp, 8 + quoted));
	wire_note(p->w, "< ICMP type %u code %u info %u", type, code, info);
	write_ip(p, buf, IP_LEN + 8 + quoted, IPPROTO_ICMP, 0);
}

/* ---- receiving ----------------------------------------------------------- */

static bool is_for(const struct peer *p, const struct segment *s)
{
	if (s->daddr != p->addr || s->saddr != p->laddr || s->dport != p->port)
		return false;
	if (s->sport == p->lport)
		return true;
	return !p->lport && (s->flags & F_SYN);
}

static struct wire_packet *take_pending(struct peer *p)
{
	struct wire_packet **at, *k;
	struct segment s;

	for (at = &p->w->pending; (k = *at); at = &k->next) {
		if (parse_segment(k->data, k->len, &s) && is_for(p, &s)) {
			*at = k->next;
			return k;
		}
	}
	return NULL;
}

/* It came too late for who asked: whoever asks next gets it. */
static void put_back(struct wire *w, struct wire_packet *k)
{
	k->next = w->pending;
	w->pending = k;
}

static void keep_pending(struct wire *w, struct wire_packet *k)
{
	struct wire_packet **at = &w->pending;

	while (*at)
		at = &(*at)->next;
	k->next = NULL;
	*at = k;
}

/* Is there something to read until @end? */
static bool await_packet(struct wire *w, uint64_t end)
{
	struct pollfd pfd = { .fd = w->tun, .events = POLLIN };

	for (;;) {
		uint64_t now = now_ns();
		int ms = now < end ? (end - now) / 1000000 + 1 : 0;
		int look = ms < LOOK_MS ? ms : LOOK_MS;
		int n = poll(&pfd, 1, look);
		uint64_t took = now_ns() - now;

		/* a clock of 100 Hz does not stand still */
		if (took > (look + 20) * 1000000ULL)
			w->stalled += took - look * 1000000ULL;
		if (n)
			return n > 0;
		w->silent = now;
		if (now >= end)
			return false;
	}
}

/* The next segment for this peer, NULL after @ms milliseconds. Free it. */
static struct wire_packet *receive(struct peer *p, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ULL;
	struct wire_packet *k = take_pending(p);
	struct segment s;

	while (!k) {
		struct wire_packet *fresh;
		ssize_t n;

		if (!await_packet(p->w, end))
			return NULL;
		fresh = malloc(sizeof(*fresh));
		if (!fresh)
			abort();
		fresh->since = p->w->silent;
		n = read_packet(p->w, fresh->data, sizeof(fresh->data));
		fresh->when = now_ns();
		note_silence(p->w);
		fresh->len = n > 0 ? n : 0;
		if (!parse_segment(fresh->data, fresh->len, &s))
			free(fresh);	/* neighbour chatter, ICMP */
		else if (is_for(p, &s))
			k = fresh;
		else
			keep_pending(p->w, fresh);
	}
	return k;
}

/* Learn from it what later lines are relative to, and write it down. */
static void note_received(struct peer *p, const struct wire_packet *k,
			  struct segment *s)
{
	struct option list[MAX_OPTIONS];
	int i, nr;

	parse_segment(k->data, k->len, s);
	if ((s->flags & F_SYN) && !p->synced) {
		p->irs = s->seq;
		p->lport = s->sport;
		p->synced = true;
	}
	nr = decode_options(s->opts, s->opts_len, list);
	for (i = 0; i < nr; i++)
		if (list[i].kind == OPT_TS)
			p->ts_recent = list[i].v[0];
	p->rcv_win = s->win;
	p->last_len = k->len < sizeof(p->last) ? k->len : sizeof(p->last);
	memcpy(p->last, k->data, p->last_len);
	trace_segment(p, s, false, "");
}

static bool number_matches(const struct number *n, uint32_t base, uint32_t seen)
{
	if (!n->set || n->any)
		return true;
	if (n->absolute)
		return n->v == seen;
	if (n->greater)
		return seen - base > n->v;
	return n->v == seen - base;
}

static const char *options_mismatch(const struct line *l, const struct segment *s)
{
	struct option list[MAX_OPTIONS];
	int nr = decode_options(s->opts, s->opts_len, list), i, j;

	if (nr != l->nr_options)
		return fmt("%d options instead of %d", nr, l->nr_options);
	for (i = 0; i < nr; i++) {
		const struct option *want = &l->options[i], *got = &list[i];

		if (want->kind != got->kind || want->nr != got->nr ||
		    memcmp(want->hex, got->hex, sizeof(got->hex)))
			return fmt("option %d is another one", i + 1);
		for (j = 0; j < want->nr; j++)
			if (want->v[j] != got->v[j] && !(want->any & 1 << j))
				return fmt("option %d has another value", i + 1);
	}
	return NULL;
}

/*
 * @seconds: since the previous line was read or written, without what the machine stood
 * still; @most: since it can have left
 */
static const char *timing_mismatch(const struct line *l, double seconds, double most)
{
	if (l->after < 0)
		return NULL;
	/* what came before may itself have been late: the kernel's timers are, by an eighth */
	if (most < l->after * 0.85 - 0.01)
		return fmt("it came %.3f s after the previous one", most);
	if (seconds > l->after * 1.5 + 1)
		return fmt("it came only %.3f s after the previous one", seconds);
	return NULL;
}

static const char *mismatch(struct peer *p, const struct line *l,
			    const struct segment *s, double seconds, double most)
{
	size_t i;

	if (!s->csum_ok)
		return "the checksum is wrong";
	if (p->secret && !is_signed(s, p->secret))
		return "it is not signed, or not rightly";
	if (!l->any_flags && s->flags != l->flags)
		return "the flags differ";
	if (!number_matches(&l->seq, p->irs, s->seq))
		return "the sequence number differs";
	if (!number_matches(&l->len, 0, s->len))
		return "the length differs";
	if ((s->flags & F_ACK) && !number_matches(&l->ack, p->iss, s->ack))
		return "the acknowledgment differs";
	if (!number_matches(&l->win, 0, s->win))
		return "the window differs";
	if (!number_matches(&l->urg, 0, s->urg))
		return "the urgent pointer differs";
	if (l->ecn >= 0 && l->ecn != s->ecn)
		return "the ECN field differs";
	if (!p->no_verify && !(s->flags & F_RST))
		for (i = 0; i < s->len; i++)
			if (s->data[i] != wire_pattern(s->seq - p->irs -
						       !(s->flags & F_SYN) + i))
				return fmt("byte %zu of the payload is wrong", i);
	if (l->has_options) {
		const char *why = options_mismatch(l, s);

		if (why)
			return why;
	}
	return timing_mismatch(l, seconds, most);
}

static void note_last(struct wire *w, const struct wire_packet *k)
{
	w->last = k->when;
	w->last_since = k->since;
}

static void expect(struct peer *p, struct line *l)
{
	unsigned int ms = PATIENCE_MS + (l->after > 0 ? l->after * 1000 : 0);
	struct wire_packet *k;
	struct segment s;
	const char *why;

	p->w->stalled = 0;
	k = receive(p, ms);
	if (!k)
		wire_fail(p->w, "%s:%d: expected \"%s\", nothing came", l->file,
			  l->nr, l->text);
	note_received(p, k, &s);
	why = mismatch(p, l, &s, ((double)(k->when - p->w->last) - p->w->stalled) / 1e9,
		       (k->when - p->w->last_since) / 1e9);
	note_last(p->w, k);
	free(k);
	if (why)
		wire_fail(p->w, "%s:%d: expected \"%s\", got the last one below: %s",
			  l->file, l->nr, l->text, why);
}

/**
 * peer_hears - is there anything for the peer?
 * @p: the peer
 * @ms: how long to wait, milliseconds
 *
 * What comes is written down and thrown away.
 *
 * Return: whether a segment came.
 */
bool peer_hears(struct peer *p, unsigned int ms)
{
	struct wire_packet *k = receive(p, ms);
	struct segment s;

	if (!k)
		return false;
	note_received(p, k, &s);
	note_last(p->w, k);
	free(k);
	return true;
}

/**
 * peer_settle - let what is under way come, whatever it is
 * @p: the peer
 * @ms: for how long nothing comes when all has come, milliseconds
 */
void peer_settle(struct peer *p, unsigned int ms)
{
	while (peer_hears(p, ms))
		;
}

/*
 * Nothing comes for @ms milliseconds.  Who is kept from the processor finds what has come
 * since they were over: that is for the next line.
 */
static bool is_quiet(struct peer *p, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ULL;
	struct wire_packet *k = receive(p, ms);
	struct segment s;

	if (!k)
		return true;
	if (k->when >= end) {
		put_back(p->w, k);
		return true;
	}
	note_received(p, k, &s);
	free(k);
	return false;
}

void __packets(struct peer *p, const char *file, int line, const char *const *lines)
{
	for (; *lines; lines++) {
		struct line l = { .file = file, .nr = line };
		unsigned int ms;

		if (sscanf(*lines, "quiet %u", &ms) == 1) {
			if (!is_quiet(p, ms))
				wire_fail(p->w, "%s:%d: expected %u ms of silence",
					  file, line, ms);
			continue;
		}
		parse_line(p, &l, *lines);
		if (l.inject)
			inject(p, &l);
		else
			expect(p, &l);
	}
}
