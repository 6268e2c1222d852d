// SPDX-License-Identifier: GPL-2.0
/*
 * Segments as bytes and as text: see segment.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "md5.h"
#include "segment.h"

/* The ECN field of the IP header, RFC 3168 5. */
const char *const ecn_names[] = { "noect", "ect1", "ect0", "ce" };

/**
 * sum_add - add to a sum in one's complement, RFC 1071
 * @sum: so far
 * @data: bytes
 * @len: how many
 *
 * Return: the sum, folded to 16 bits.
 */
uint32_t sum_add(uint32_t sum, const void *data, size_t len)
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

/**
 * tcp_checksum - the checksum of a segment with its pseudo header
 * @saddr: IPv4 address it comes from, network order
 * @daddr: IPv4 address it goes to, network order
 * @tcp: the segment, from its TCP header on
 * @len: its length, bytes
 *
 * Return: what belongs into the checksum field, network order; zero for a segment that
 * has the right one already.
 */
uint16_t tcp_checksum(uint32_t saddr, uint32_t daddr, const void *tcp, size_t len)
{
	uint32_t sum = IPPROTO_TCP + len;

	sum = sum_add(sum, &saddr, 4);
	sum = sum_add(sum, &daddr, 4);
	return htons(~sum_add(sum, tcp, len));
}

/**
 * build_options - options as bytes
 * @o: options
 * @nr: how many
 * @out: room for them
 *
 * Return: their length with padding, bytes.
 */
size_t build_options(const struct option *o, int nr, uint8_t *out)
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
		case OPT_MD5:
			*p++ = OPT_MD5;
			*p++ = OPT_MD5_LEN;
			memset(p, 0, OPT_MD5_LEN - 2);
			p += OPT_MD5_LEN - 2;
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

/**
 * decode_options - bytes as options, for comparison and for the trace
 * @p: bytes
 * @len: how many
 * @out: MAX_OPTIONS options; what is odd becomes OPT_HEX
 *
 * Return: how many there are.
 */
int decode_options(const uint8_t *p, size_t len, struct option *out)
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
		} else if ((p[0] != OPT_SACK_OK || n != 2) &&
			   (p[0] != OPT_MD5 || n != OPT_MD5_LEN)) {
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
		case OPT_MD5:
			to += sprintf(to, "md5");
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

/* Where the digest is among options; NULL: nowhere. */
static const uint8_t *find_digest(const uint8_t *p, size_t len)
{
	while (len > 1) {
		size_t n = p[0] <= OPT_NOP ? 1 : p[1];

		if (!n || n > len)
			return NULL;
		if (p[0] == OPT_MD5 && n == OPT_MD5_LEN)
			return p + 2;
		p += n;
		len -= n;
	}
	return NULL;
}

/**
 * sign_segment - fill in the signature of RFC 2385
 * @saddr: IPv4 address it comes from, network order
 * @daddr: IPv4 address it goes to, network order
 * @tcp: the segment, from its TCP header on; without the option it stays as it is
 * @len: its length, bytes
 * @secret: the key
 */
void sign_segment(uint32_t saddr, uint32_t daddr, uint8_t *tcp, size_t len,
		  const char *secret)
{
	const uint8_t *digest = find_digest(tcp + TCP_LEN, (tcp[12] >> 4) * 4 - TCP_LEN);

	if (digest)
		md5_segment(saddr, daddr, tcp, len, secret, tcp + (digest - tcp));
}

/**
 * is_signed - has a segment the right signature?
 * @s: the segment
 * @secret: the key
 */
bool is_signed(const struct segment *s, const char *secret)
{
	const uint8_t *digest = find_digest(s->opts, s->opts_len);
	const uint8_t *tcp = s->opts - TCP_LEN;
	uint8_t want[MD5_LEN];

	if (!digest)
		return false;
	md5_segment(s->saddr, s->daddr, tcp, s->data + s->len - tcp, secret, want);
	return !memcmp(digest, want, MD5_LEN);
}

/**
 * parse_segment - take a packet apart
 * @ip: the packet
 * @len: its length, bytes
 * @s: the segment
 *
 * Return: whether it is one.
 */
bool parse_segment(const uint8_t *ip, size_t len, struct segment *s)
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

/**
 * print_segment - a segment as a line of the trace, from its flags on
 * @to: room for 1,024 bytes
 * @s: the segment
 * @seq0: what sequence numbers are relative to
 * @ack0: what acknowledgements and SACK blocks are relative to
 */
void print_segment(char *to, const struct segment *s, uint32_t seq0, uint32_t ack0)
{
	static const char letters[] = "FSRP.UEW";
	/* FIN and SYN first, "." last, as people write them */
	static const unsigned int order[] = { 1, 0, 2, 3, 5, 6, 7, 4 };
	unsigned int i;

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
	*print_options(to, s->opts, s->opts_len, ack0) = 0;
}
