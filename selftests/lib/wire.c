// SPDX-License-Identifier: GPL-2.0
/*
 * The network that a test plays itself: see wire.h.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"
#include "wire.h"

#define IP_LEN		20
#define TCP_LEN		20
#define OPT_LEN_MAX	40

#define F_FIN	0x01
#define F_SYN	0x02
#define F_RST	0x04
#define F_PSH	0x08
#define F_ACK	0x10
#define F_URG	0x20
#define F_ECE	0x40
#define F_CWR	0x80

enum {
	OPT_EOL		= 0,
	OPT_NOP		= 1,
	OPT_MSS		= 2,
	OPT_WSCALE	= 3,
	OPT_SACK_OK	= 4,
	OPT_SACK	= 5,
	OPT_TS		= 8,
	OPT_HEX		= 256,	/* bytes, to send what no stack would */
};

/* An option; a bit of @any says that the value does not matter. */
struct option {
	int		kind;
	int		nr;
	uint32_t	v[8];
	unsigned int	any;
	uint8_t		hex[OPT_LEN_MAX];
};

#define MAX_OPTIONS	40

/* A number in a line. */
struct number {
	uint32_t	v;
	bool		any;
	bool		set;
	bool		absolute;
	bool		greater;
};

/* A line. */
struct line {
	const char	*text;
	const char	*file;
	int		nr;
	bool		inject;
	bool		any_flags;
	uint8_t		flags;
	double		after;		/* negative: at any time */
	struct number	seq, end, len, ack, win;
	struct number	urg;
	int		ecn;		/* negative: any */
	bool		has_options;
	int		nr_options;
	struct option	options[MAX_OPTIONS];
	bool		bad_csum;
	int		truncate;	/* -1: no */
	int		offset;		/* -1: right */
};

/* A segment that came. */
struct wire_packet {
	struct wire_packet *next;
	uint64_t	when;
	size_t		len;
	uint8_t		data[65536];
};

struct segment {
	uint32_t	saddr, daddr;
	uint16_t	sport, dport;
	uint32_t	seq, ack;
	uint8_t		flags;
	uint8_t		ecn;
	uint16_t	win, urg;
	const uint8_t	*opts;
	size_t		opts_len;
	const uint8_t	*data;
	size_t		len;
	bool		csum_ok;
};

/* ---- the trace and failing ----------------------------------------------- */

static void trace_add(struct wire *w, const char *format, va_list ap)
{
	va_list again;
	char *grown;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	grown = realloc(w->trace, w->trace_len + n + 32);
	if (!grown)
		abort();
	w->trace = grown;
	w->trace_len += sprintf(w->trace + w->trace_len, "%10.6f ",
				(now_ns() - w->start) / 1e9);
	w->trace_len += vsprintf(w->trace + w->trace_len, format, ap);
	strcpy(w->trace + w->trace_len, "\n");
	w->trace_len++;
}

/**
 * wire_note - write something into the trace
 * @w: the wire
 * @format: as printf()
 */
void wire_note(struct wire *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	trace_add(w, format, ap);
	va_end(ap);
}

/**
 * wire_fail - print why and the trace, and end the test
 * @w: the wire
 * @format: as printf()
 */
void wire_fail(struct wire *w, const char *format, ...)
{
	char *line, *save = NULL;
	va_list ap;

	fprintf(stderr, "# ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n# the exchange so far, \">\" is what the socket sent:\n");
	for (line = strtok_r(w->trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "#   %s\n", line);
	fflush(NULL);
	abort();
}

/**
 * fmt - sprintf() into a buffer that lives long enough for one packets()
 * @format: as printf()
 *
 * Return: the text; sixteen of them exist at a time.
 */
const char *fmt(const char *format, ...)
{
	static char ring[16][256];
	static unsigned int next;
	char *buf = ring[next++ % 16];
	va_list ap;

	va_start(ap, format);
	vsnprintf(buf, sizeof(ring[0]), format, ap);
	va_end(ap);
	return buf;
}

/* ---- bytes --------------------------------------------------------------- */

static uint32_t sum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint16_t tcp_checksum(uint32_t saddr, uint32_t daddr, const void *tcp,
			     size_t len)
{
	uint32_t sum = IPPROTO_TCP + len;

	sum = sum_add(sum, &saddr, 4);
	sum = sum_add(sum, &daddr, 4);
	return htons(~sum_add(sum, tcp, len));
}

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

/**
 * wire_pattern - the byte that a stream has at some place
 * @offset: bytes since the stream's beginning
 *
 * Both directions of a connection carry the same stream, so a byte in the
 * wrong place is noticed.
 *
 * Return: the byte.
 */
uint8_t wire_pattern(size_t offset)
{
	return offset * 31 + (offset >> 8) * 7 + 'a';
}

/* ---- lines --------------------------------------------------------------- */

/* The ECN field of the IP header, RFC 3168 5. */
static const char *const ecn_names[] = { "noect", "ect1", "ect0", "ce" };

struct cursor {
	struct peer	*p;
	struct line	*l;
	const char	*at;
};

static void __attribute__((noreturn, format(printf, 2, 3)))
bad_line(struct cursor *c, const char *format, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	wire_fail(c->p->w, "%s:%d: the line \"%s\" has %s at \"%s\"", c->l->file,
		  c->l->nr, c->l->text, why, c->at);
}

static void skip_space(struct cursor *c)
{
	while (isspace((unsigned char)*c->at))
		c->at++;
}

/* Is @word next? Then step over it. */
static bool take(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	skip_space(c);
	if (strncmp(c->at, word, n))
		return false;
	if (isalpha((unsigned char)word[n - 1]) && isalpha((unsigned char)c->at[n]))
		return false;
	c->at += n;
	return true;
}

static struct number parse_number(struct cursor *c)
{
	struct number n = { .set = true };
	char *end;

	skip_space(c);
	if (*c->at == '*') {
		c->at++;
		n.any = true;
		return n;
	}
	if (*c->at == '=') {
		c->at++;
		n.absolute = true;
	} else if (*c->at == '>') {
		c->at++;
		n.greater = true;
	}
	n.v = strtoll(c->at, &end, 0);
	if (end == c->at)
		bad_line(c, "no number");
	c->at = end;
	return n;
}

static void parse_flags(struct cursor *c)
{
	static const char letters[] = "FSRP.UEW";
	const char *letter;

	skip_space(c);
	if (*c->at == '*') {
		c->at++;
		c->l->any_flags = true;
		return;
	}
	if (*c->at == '-') {
		c->at++;
		return;
	}
	for (; *c->at && !isspace((unsigned char)*c->at); c->at++) {
		letter = strchr(letters, *c->at);
		if (!letter)
			bad_line(c, "an unknown flag");
		c->l->flags |= 1 << (letter - letters);
	}
}

static void parse_hex(struct cursor *c, struct option *o)
{
	unsigned int byte;
	int n;

	skip_space(c);
	for (; isxdigit((unsigned char)*c->at); c->at += 2) {
		if (sscanf(c->at, "%2x%n", &byte, &n) != 1 || n != 2 ||
		    o->nr >= OPT_LEN_MAX)
			bad_line(c, "bad hexadecimal digits");
		o->hex[o->nr++] = byte;
	}
}

static void option_value(struct cursor *c, struct option *o)
{
	struct number n;

	if (take(c, "last")) {
		o->v[o->nr++] = c->p->ts_recent;
		return;
	}
	n = parse_number(c);
	if (n.any)
		o->any |= 1 << o->nr;
	o->v[o->nr++] = n.v;
}

static void parse_option(struct cursor *c)
{
	struct option *o = &c->l->options[c->l->nr_options++];
	/* SACK blocks speak of what the other side sent. */
	uint32_t base = c->l->inject ? c->p->irs : c->p->iss;

	memset(o, 0, sizeof(*o));
	if (take(c, "mss")) {
		o->kind = OPT_MSS;
		option_value(c, o);
	} else if (take(c, "wscale")) {
		o->kind = OPT_WSCALE;
		option_value(c, o);
	} else if (take(c, "sackOK")) {
		o->kind = OPT_SACK_OK;
	} else if (take(c, "sack")) {
		o->kind = OPT_SACK;
		do {
			o->v[o->nr++] = base + parse_number(c).v;
			if (!take(c, ":"))
				bad_line(c, "half a SACK block");
			o->v[o->nr++] = base + parse_number(c).v;
			skip_space(c);
		} while (isdigit((unsigned char)*c->at) && o->nr < 8);
	} else if (take(c, "TS")) {
		o->kind = OPT_TS;
		if (take(c, "*")) {
			o->nr = 2;
			o->any = 3;
			return;
		}
		if (!take(c, "val"))
			bad_line(c, "no \"val\"");
		option_value(c, o);
		if (!take(c, "ecr"))
			bad_line(c, "no \"ecr\"");
		option_value(c, o);
	} else if (take(c, "nop")) {
		o->kind = OPT_NOP;
	} else if (take(c, "eol")) {
		o->kind = OPT_EOL;
	} else if (take(c, "hex")) {
		o->kind = OPT_HEX;
		parse_hex(c, o);
	} else {
		bad_line(c, "an unknown option");
	}
}

static void parse_options(struct cursor *c)
{
	c->l->has_options = true;
	while (!take(c, ">")) {
		if (c->l->nr_options == MAX_OPTIONS)
			bad_line(c, "too many options");
		parse_option(c);
		take(c, ",");
	}
}

static void parse_line(struct peer *p, struct line *l, const char *text)
{
	struct cursor cursor = { .p = p, .l = l, .at = text }, *c = &cursor;
	int i;

	l->text = text;
	l->after = -1;
	l->ecn = -1;
	l->truncate = -1;
	l->offset = -1;
	if (take(c, "+")) {
		char *end;

		l->after = strtod(c->at, &end);
		c->at = end;
	}
	if (take(c, "<"))
		l->inject = true;
	else if (!take(c, ">"))
		bad_line(c, "neither < nor >");
	parse_flags(c);
	l->seq = parse_number(c);
	if (!take(c, ":"))
		bad_line(c, "no \":\"");
	l->end = parse_number(c);
	if (!take(c, "("))
		bad_line(c, "no \"(\"");
	l->len = parse_number(c);
	if (!take(c, ")"))
		bad_line(c, "no \")\"");
	if (!l->seq.any && !l->end.any && !l->len.any &&
	    l->end.v - l->seq.v != l->len.v)
		bad_line(c, "a length that does not fit");
	if (take(c, "ack"))
		l->ack = parse_number(c);
	if (take(c, "win"))
		l->win = parse_number(c);
	if (take(c, "urg"))
		l->urg = parse_number(c);
	for (i = 0; i < 4; i++) {
		if (take(c, ecn_names[i]))
			l->ecn = i;
	}
	if (take(c, "<"))
		parse_options(c);
	while (take(c, "!")) {
		if (take(c, "badcsum"))
			l->bad_csum = true;
		else if (take(c, "short"))
			l->truncate = parse_number(c).v;
		else if (take(c, "off"))
			l->offset = parse_number(c).v;
		else if (take(c, "urg"))
			l->urg = parse_number(c);
		else
			bad_line(c, "an unknown fault");
	}
	skip_space(c);
	if (*c->at)
		bad_line(c, "something unexpected");
	if (l->inject && !l->ack.set && (l->flags & F_ACK))
		bad_line(c, "no \"ack\" for the flag");
}

/* ---- options on the wire ------------------------------------------------- */

static size_t build_options(const struct option *o, int nr, uint8_t *out)
{
	uint8_t *p = out;
	int i, j;

	for (i = 0; i < nr; i++, o++) {
		switch (o->kind) {
		case OPT_EOL:
		case OPT_NOP:
			*p++ = o->kind;
			break;
		case OPT_MSS:
			*p++ = OPT_MSS;
			*p++ = 4;
			put16(p, o->v[0]);
			p += 2;
			break;
		case OPT_WSCALE:
			*p++ = OPT_WSCALE;
			*p++ = 3;
			*p++ = o->v[0];
			break;
		case OPT_SACK_OK:
			*p++ = OPT_SACK_OK;
			*p++ = 2;
			break;
		case OPT_SACK:
		case OPT_TS:
			*p++ = o->kind;
			*p++ = 2 + 4 * o->nr;
			for (j = 0; j < o->nr; j++, p += 4)
				put32(p, o->v[j]);
			break;
		case OPT_HEX:
			memcpy(p, o->hex, o->nr);
			p += o->nr;
			break;
		}
	}
	while ((p - out) % 4)
		*p++ = OPT_NOP;
	return p - out;
}

/* Decode for comparison and for the trace; what is odd becomes OPT_HEX. */
static int decode_options(const uint8_t *p, size_t len, struct option *out)
{
	int nr = 0, i;

	while (len && nr < MAX_OPTIONS) {
		struct option *o = &out[nr++];
		size_t n = len > 1 ? p[1] : 0;

		memset(o, 0, sizeof(*o));
		o->kind = p[0];
		if (p[0] <= OPT_NOP) {
			n = 1;
		} else if (n < 2 || n > len) {
			n = len;
			o->kind = OPT_HEX;
		} else if (p[0] == OPT_MSS && n == 4) {
			o->v[o->nr++] = get16(p + 2);
		} else if (p[0] == OPT_WSCALE && n == 3) {
			o->v[o->nr++] = p[2];
		} else if ((p[0] == OPT_TS && n == 10) ||
			   (p[0] == OPT_SACK && n > 2 && n <= 34 && n % 8 == 2)) {
			for (i = 2; i < (int)n; i += 4)
				o->v[o->nr++] = get32(p + i);
		} else if (p[0] != OPT_SACK_OK || n != 2) {
			o->kind = OPT_HEX;
		}
		if (o->kind == OPT_HEX) {
			o->nr = n;
			memcpy(o->hex, p, n);
		}
		p += n;
		len -= n;
	}
	return nr;
}

static char *print_options(char *to, const uint8_t *opts, size_t len, uint32_t base)
{
	struct option list[MAX_OPTIONS];
	int nr = decode_options(opts, len, list), i, j;

	for (i = 0; i < nr; i++) {
		const struct option *o = &list[i];

		to += sprintf(to, "%s", i ? "," : " <");
		switch (o->kind) {
		case OPT_EOL:
			to += sprintf(to, "eol");
			break;
		case OPT_NOP:
			to += sprintf(to, "nop");
			break;
		case OPT_MSS:
			to += sprintf(to, "mss %u", o->v[0]);
			break;
		case OPT_WSCALE:
			to += sprintf(to, "wscale %u", o->v[0]);
			break;
		case OPT_SACK_OK:
			to += sprintf(to, "sackOK");
			break;
		case OPT_TS:
			to += sprintf(to, "TS val %u ecr %u", o->v[0], o->v[1]);
			break;
		case OPT_SACK:
			to += sprintf(to, "sack");
			for (j = 0; j + 1 < o->nr; j += 2)
				to += sprintf(to, " %u:%u", o->v[j] - base,
					      o->v[j + 1] - base);
			break;
		default:
			to += sprintf(to, "hex ");
			for (j = 0; j < o->nr; j++)
				to += sprintf(to, "%02x", o->hex[j]);
		}
	}
	if (nr)
		to += sprintf(to, ">");
	return to;
}

/* ---- segments ------------------------------------------------------------ */

static bool parse_segment(const uint8_t *ip, size_t len, struct segment *s)
{
	size_t ihl, total, doff;
	const uint8_t *tcp;

	if (len < IP_LEN || ip[0] >> 4 != 4 || ip[9] != IPPROTO_TCP)
		return false;
	ihl = (ip[0] & 15) * 4;
	total = get16(ip + 2);
	if (total > len || total < ihl + TCP_LEN)
		return false;
	memset(s, 0, sizeof(*s));
	memcpy(&s->saddr, ip + 12, 4);
	memcpy(&s->daddr, ip + 16, 4);
	tcp = ip + ihl;
	doff = (tcp[12] >> 4) * 4;
	s->sport = get16(tcp);
	s->dport = get16(tcp + 2);
	s->seq = get32(tcp + 4);
	s->ack = get32(tcp + 8);
	s->flags = tcp[13];
	s->win = get16(tcp + 14);
	s->urg = get16(tcp + 18);
	s->ecn = ip[1] & 3;
	if (doff >= TCP_LEN && doff <= total - ihl) {
		s->opts = tcp + TCP_LEN;
		s->opts_len = doff - TCP_LEN;
		s->data = tcp + doff;
		s->len = total - ihl - doff;
	}
	s->csum_ok = !tcp_checksum(s->saddr, s->daddr, tcp, total - ihl);
	return true;
}

/* One segment as a line. @sent: by the peer. */
static void trace_segment(struct peer *p, const struct segment *s, bool sent,
			  const char *faults)
{
	static const char letters[] = "FSRP.UEW";
	uint32_t seq0 = sent ? p->iss : p->irs;
	uint32_t ack0 = sent ? p->irs : p->iss;
	char buf[1024], *to = buf;
	unsigned int i;
	/* FIN and SYN first, "." last, as people write them */
	static const unsigned int order[] = { 1, 0, 2, 3, 5, 6, 7, 4 };

	to += sprintf(to, "%c ", sent ? '<' : '>');
	for (i = 0; i < 8; i++)
		if (s->flags & 1 << order[i])
			*to++ = letters[order[i]];
	if (!s->flags)
		*to++ = '-';
	to += sprintf(to, " %u:%u(%zu)", s->seq - seq0,
		      (uint32_t)(s->seq - seq0 + s->len), s->len);
	if (s->flags & F_ACK)
		to += sprintf(to, " ack %u", s->ack - ack0);
	to += sprintf(to, " win %u", s->win);
	if (s->urg)
		to += sprintf(to, " urg %u", s->urg);
	if (s->ecn)
		to += sprintf(to, " %s", ecn_names[s->ecn]);
	to = print_options(to, s->opts, s->opts_len, ack0);
	sprintf(to, "%s   (peer port %u)", faults, p->port);
	wire_note(p->w, "%s", buf);
}

/* ---- sending ------------------------------------------------------------- */

/* @ip has IP_LEN bytes of room for a header and then the IP payload. */
static void write_ip(struct peer *p, uint8_t *ip, size_t len, uint8_t protocol)
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
	ip[1] = p->ecn;
	put16(ip + 2, len);
	put16(ip + 4, ++id);
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, &p->addr, 4);
	memcpy(ip + 16, &p->laddr, 4);
	put16(ip + 10, ~sum_add(0, ip, hdr));
	if (write(p->w->tun, ip, len) != (ssize_t)len)
		wire_fail(p->w, "write to the TUN device: %s", strerror(errno));
}

static void inject(struct peer *p, struct line *l)
{
	uint8_t buf[65536] = { 0 }, *tcp = buf + IP_LEN;
	size_t opts, hdr, len, i;
	uint32_t seq, ack = 0;
	uint16_t csum;
	struct segment s;

	if (!l->has_options && p->ts && !(l->flags & F_RST)) {
		l->options[0] = (struct option){ .kind = OPT_NOP };
		l->options[1] = (struct option){ .kind = OPT_NOP };
		l->options[2] = (struct option){ .kind = OPT_TS, .nr = 2,
						 .v = { p->tsval++, p->ts_recent } };
		l->nr_options = 3;
	}
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
	write_ip(p, buf, IP_LEN + len, IPPROTO_TCP);
	p->w->last = now_ns();
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
	write_ip(p, buf, IP_LEN + 8 + quoted, IPPROTO_ICMP);
	p->w->last = now_ns();
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

static void keep_pending(struct wire *w, struct wire_packet *k)
{
	struct wire_packet **at = &w->pending;

	while (*at)
		at = &(*at)->next;
	k->next = NULL;
	*at = k;
}

/* The next segment for this peer, NULL after @ms milliseconds. Free it. */
static struct wire_packet *receive(struct peer *p, unsigned int ms)
{
	uint64_t end = now_ns() + ms * 1000000ULL, now;
	struct wire_packet *k = take_pending(p);
	struct segment s;

	while (!k) {
		struct pollfd pfd = { .fd = p->w->tun, .events = POLLIN };
		struct wire_packet *fresh;
		ssize_t n;

		now = now_ns();
		if (poll(&pfd, 1, now < end ? (end - now) / 1000000 + 1 : 0) <= 0)
			return NULL;
		fresh = malloc(sizeof(*fresh));
		if (!fresh)
			abort();
		n = read(p->w->tun, fresh->data, sizeof(fresh->data));
		fresh->when = now_ns();
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

static const char *timing_mismatch(const struct line *l, double seconds)
{
	if (l->after < 0)
		return NULL;
	/* A line is timed when it is read, which may have been late. */
	if (seconds < l->after * 0.85 - 0.01)
		return fmt("it came %.3f s after the previous one", seconds);
	if (seconds > l->after * 1.5 + 1)
		return fmt("it came only %.3f s after the previous one", seconds);
	return NULL;
}

static const char *mismatch(struct peer *p, const struct line *l,
			    const struct segment *s, double seconds)
{
	size_t i;

	if (!s->csum_ok)
		return "the checksum is wrong";
	if (!l->any_flags && s->flags != l->flags)
		return "the flags differ";
	if (!number_matches(&l->seq, p->irs, s->seq))
		return "the sequence number differs";
	if (!number_matches(&l->len, 0, s->len))
		return "the length differs";
	if ((s->flags & F_ACK) && !number_matches(&l->ack, p->iss, s->ack))
		return "the acknowledgement differs";
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
	return timing_mismatch(l, seconds);
}

static void expect(struct peer *p, struct line *l)
{
	unsigned int ms = PATIENCE_MS + (l->after > 0 ? l->after * 1000 : 0);
	struct wire_packet *k = receive(p, ms);
	struct segment s;
	const char *why;

	if (!k)
		wire_fail(p->w, "%s:%d: expected \"%s\", nothing came", l->file,
			  l->nr, l->text);
	note_received(p, k, &s);
	why = mismatch(p, l, &s, (k->when - p->w->last) / 1e9);
	p->w->last = k->when;
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
	p->w->last = k->when;
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

void __packets(struct peer *p, const char *file, int line, const char *const *lines)
{
	for (; *lines; lines++) {
		struct line l = { .file = file, .nr = line };
		unsigned int ms;

		if (sscanf(*lines, "quiet %u", &ms) == 1) {
			if (peer_hears(p, ms))
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

/* ---- the wire ------------------------------------------------------------ */

static int configure(int tun)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr.ifr_addr;
	int ctl, rc = -1;

	strcpy(ifr.ifr_name, "wire");
	if (ioctl(tun, TUNSETIFF, &ifr))
		return -1;
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ctl < 0)
		return -1;
	/* IPv6 would speak up by itself. */
	proc_write("/proc/sys/net/ipv6/conf/wire/disable_ipv6", "1");
	memset(&ifr.ifr_addr, 0, sizeof(ifr.ifr_addr));
	sin->sin_family = AF_INET;
	inet_pton(AF_INET, WIRE_LOCAL, &sin->sin_addr);
	if (ioctl(ctl, SIOCSIFADDR, &ifr))
		goto out;
	inet_pton(AF_INET, "255.255.255.0", &sin->sin_addr);
	if (ioctl(ctl, SIOCSIFNETMASK, &ifr))
		goto out;
	ifr.ifr_mtu = WIRE_MTU;
	if (ioctl(ctl, SIOCSIFMTU, &ifr))
		goto out;
	ifr.ifr_flags = IFF_UP;
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		goto out;
	strcpy(ifr.ifr_name, "lo");
	rc = ioctl(ctl, SIOCSIFFLAGS, &ifr);
out:
	close(ctl);
	return rc;
}

static int open_tun(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	/* without udev nobody has made the node that loads the driver */
	if (fd < 0 && !system("modprobe -q tun"))
		fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

/**
 * wire_open - enter a new namespace with a TUN device
 * @w: the wire
 *
 * The calling process stays in the namespace, and all its counters begin at
 * zero.
 *
 * Return: NULL, or why the test has to be skipped.
 */
const char *wire_open(struct wire *w)
{
	const struct rlimit none = { 0, 0 };
	const char *missing = xtcp_missing();

	memset(w, 0, sizeof(*w));
	w->tun = -1;
	if (missing)
		return missing;
	w->family = test_family();
	w->start = now_ns();
	w->last = w->start;
	setrlimit(RLIMIT_CORE, &none);
	if (unshare(CLONE_NEWNET))
		return "no permission to make a network namespace";
	w->tun = open_tun();
	if (w->tun < 0)
		return "no /dev/net/tun";
	if (configure(w->tun))
		return fmt("the TUN device cannot be set up: %s", strerror(errno));
	wire_note(w, "a namespace with %s, family %d", WIRE_LOCAL, w->family);
	return NULL;
}

/**
 * wire_close - let the device go
 * @w: the wire
 */
void wire_close(struct wire *w)
{
	struct wire_packet *k;

	while ((k = w->pending)) {
		w->pending = k->next;
		free(k);
	}
	free(w->trace);
	if (w->tun >= 0)
		close(w->tun);
}

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
 * wire_sockaddr - an address of the local end
 * @port: port, host order
 *
 * Return: 192.0.2.1 with it.
 */
struct sockaddr_in wire_sockaddr(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(WIRE_LOCAL),
	};
}

/* ---- sockets under test -------------------------------------------------- */

/**
 * wire_socket - a socket of the family under test
 * @w: the wire
 * @type: more flags for socket(), as SOCK_NONBLOCK
 *
 * Return: the descriptor.
 */
int wire_socket(struct wire *w, int type)
{
	int fd = socket(w->family, SOCK_STREAM | SOCK_CLOEXEC | type, 0);

	if (fd < 0)
		wire_fail(w, "socket(%d): %s", w->family, strerror(errno));
	return fd;
}

/**
 * start_listen - a listening socket on WIRE_PORT
 * @w: the wire
 * @backlog: for listen()
 *
 * Return: the descriptor.
 */
int start_listen(struct wire *w, int backlog)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	int fd = wire_socket(w, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		wire_fail(w, "bind: %s", strerror(errno));
	if (listen(fd, backlog))
		wire_fail(w, "listen: %s", strerror(errno));
	wire_note(w, "listen() on port %u", WIRE_PORT);
	return fd;
}

/**
 * start_connect - connect() to the peer without waiting
 * @p: the peer
 *
 * Return: the descriptor, of a socket that does not block.
 */
int start_connect(struct peer *p)
{
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	wire_note(p->w, "connect() to port %u", p->port);
	if (!connect(fd, (struct sockaddr *)&sin, sizeof(sin)) || errno != EINPROGRESS)
		wire_fail(p->w, "connect: %s instead of EINPROGRESS", strerror(errno));
	return fd;
}

/**
 * do_accept - accept() what must be there at once or soon
 * @w: the wire
 * @listener: listening socket
 *
 * Return: the descriptor, of a socket that does not block.
 */
int do_accept(struct wire *w, int listener)
{
	int fd;

	if (!(fd_poll(listener, POLLIN, PATIENCE_MS) & POLLIN))
		wire_fail(w, "nothing to accept()");
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		wire_fail(w, "accept: %s", strerror(errno));
	wire_note(w, "accept()");
	return fd;
}

/**
 * open_active - a connection that the socket opened
 * @p: the peer, the server
 *
 * No option but the MSS, 1460, is agreed on. Both sides' next sequence number
 * is 1.
 *
 * Return: the descriptor.
 */
int open_active(struct peer *p)
{
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
	if (!(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLOUT) || fd_error(fd))
		wire_fail(p->w, "connect() did not succeed");
	return fd;
}

/**
 * open_passive - a connection that the peer opened, and its listener is closed
 * @p: the peer, the client; its port becomes another one
 *
 * As open_active().
 *
 * Return: the descriptor.
 */
int open_passive(struct peer *p)
{
	int listener = start_listen(p->w, 8), fd;

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	close(listener);
	return fd;
}

/**
 * put_pattern - send() a part of the stream
 * @fd: socket
 * @offset: where it begins, bytes
 * @len: bytes
 */
void put_pattern(int fd, size_t offset, size_t len)
{
	char *buf = malloc(len);
	size_t i;
	ssize_t n;

	for (i = 0; i < len; i++)
		buf[i] = wire_pattern(offset + i);
	n = send(fd, buf, len, MSG_NOSIGNAL);
	if (n != (ssize_t)len) {
		fprintf(stderr, "# send of %zu bytes: %zd, %s\n", len, n,
			n < 0 ? strerror(errno) : "short");
		abort();
	}
	free(buf);
}

/**
 * get_pattern - receive a part of the stream and look at it
 * @fd: socket
 * @offset: where it begins, bytes
 * @len: bytes, all of which must come
 */
void get_pattern(int fd, size_t offset, size_t len)
{
	char *buf = malloc(len);
	size_t got = 0, i;

	while (got < len) {
		ssize_t n = -1;

		if (fd_poll(fd, POLLIN, PATIENCE_MS))
			n = recv(fd, buf + got, len - got, MSG_DONTWAIT);
		if (n <= 0) {
			fprintf(stderr, "# recv after %zu of %zu bytes: %zd, %s\n",
				got, len, n, strerror(errno));
			abort();
		}
		got += n;
	}
	for (i = 0; i < len; i++) {
		if ((uint8_t)buf[i] != wire_pattern(offset + i)) {
			fprintf(stderr, "# byte %zu of the stream is wrong\n",
				offset + i);
			abort();
		}
	}
	free(buf);
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
