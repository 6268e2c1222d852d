// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "packet.h"

/* Offsets in the header, RFC 9293 3.1. */
#define OFF_SEQ		4
#define OFF_ACK		8
#define OFF_DOFF	12
#define OFF_FLAGS	13
#define OFF_WINDOW	14
#define OFF_CSUM	16
#define OFF_URG		18

/* Internet checksum, RFC 1071.  There is no pseudo header: no addresses. */
static u16 checksum(const u8 *p, u32 len)
{
	u64 sum = 0;
	u32 w;

	for (; len >= 4; len -= 4, p += 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (len) {
		w = 0;
		memcpy(&w, p, len);
		sum += w;
	}
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return ~sum;
}

/* Bytes that are there. */
static u32 solid(const struct packet *p)
{
	return p->len - p->hollow;
}

static struct packet *make(const struct xtcp_header *h, u32 payload, u32 hollow)
{
	u32 hdr = XTCP_HDR_MIN + h->optlen;
	struct packet *p = malloc(sizeof(*p) + hdr + payload - hollow);

	if (!p)
		abort();
	p->next = NULL;
	p->due = 0;
	p->hdr = hdr;
	p->segs = 1;
	p->mss = 0;
	p->ecn = 0;
	p->len = hdr + payload;
	p->hollow = hollow;
	xtcp_put16(p->bytes, 1000);
	xtcp_put16(p->bytes + 2, 2000);
	xtcp_put32(p->bytes + OFF_SEQ, h->seq);
	xtcp_put32(p->bytes + OFF_ACK, h->ack);
	p->bytes[OFF_DOFF] = hdr / 4 << 4;
	p->bytes[OFF_FLAGS] = h->flags;
	xtcp_put16(p->bytes + OFF_WINDOW, h->window);
	xtcp_put16(p->bytes + OFF_CSUM, 0);
	xtcp_put16(p->bytes + OFF_URG, h->urg);
	memcpy(p->bytes + XTCP_HDR_MIN, h->opt, h->optlen);
	return p;
}

/**
 * packet_make - a segment, its payload to be filled in and packet_seal()ed
 * @h: its header
 * @payload: bytes of payload
 *
 * Return: the packet, to be given to free().
 */
struct packet *packet_make(const struct xtcp_header *h, u32 payload)
{
	return make(h, payload, 0);
}

/**
 * packet_make_hollow - a segment whose payload has a length and no bytes
 * @h: its header
 * @payload: bytes of payload
 *
 * Return: the packet, to be packet_seal()ed, and given to free() at last.
 */
struct packet *packet_make_hollow(const struct xtcp_header *h, u32 payload)
{
	return make(h, payload, payload);
}

/**
 * packet_seal - put the checksum in
 * @p: the packet, complete
 */
void packet_seal(struct packet *p)
{
	u16 sum;

	xtcp_put16(p->bytes + OFF_CSUM, 0);
	sum = checksum(p->bytes, solid(p));
	memcpy(p->bytes + OFF_CSUM, &sum, 2);
}

/**
 * packet_copy - the network duplicates a packet
 * @p: the packet
 *
 * Return: another one with the same bytes.
 */
struct packet *packet_copy(const struct packet *p)
{
	struct packet *copy = malloc(sizeof(*p) + solid(p));

	if (!copy)
		abort();
	memcpy(copy, p, sizeof(*p) + solid(p));
	copy->next = NULL;
	return copy;
}

/**
 * packet_merge - what GRO does: two segments become one
 * @p: in and out, the first
 * @q: the one that came behind it
 *
 * Return: true when @q is part of @p now; the caller frees it.
 */
bool packet_merge(struct packet **p, const struct packet *q)
{
	struct packet *a = *p, *m;
	u32 alen = a->len - a->hdr, qlen = q->len - q->hdr;
	u8 flags = packet_flags(a) | packet_flags(q);
	u32 mss = a->mss ? a->mss : alen;

	if (!alen || !qlen || a->hdr != q->hdr || a->ecn != q->ecn ||
	    flags & ~(XTCP_ACK | XTCP_PSH) || packet_flags(a) & XTCP_PSH ||
	    qlen > mss || alen % mss ||
	    packet_seq(a) + alen != packet_seq(q) || alen + qlen > 65000 ||
	    memcmp(a->bytes + OFF_ACK, q->bytes + OFF_ACK, 4) ||
	    memcmp(a->bytes + OFF_WINDOW, q->bytes + OFF_WINDOW, 2) ||
	    memcmp(a->bytes + XTCP_HDR_MIN, q->bytes + XTCP_HDR_MIN,
		   a->hdr - XTCP_HDR_MIN) ||
	    !a->hollow != !q->hollow ||
	    checksum(a->bytes, solid(a)) || checksum(q->bytes, solid(q)))
		return false;
	m = a;
	if (a->hollow) {
		m->hollow += qlen;
	} else {
		m = realloc(a, sizeof(*a) + a->len + qlen);
		if (!m)
			abort();
		memcpy(m->bytes + m->len, q->bytes + q->hdr, qlen);
	}
	m->len += qlen;
	m->segs += q->segs;
	m->mss = mss;
	m->bytes[OFF_FLAGS] = flags;
	packet_seal(m);
	*p = m;
	return true;
}

/**
 * packet_parse - check and decode a segment that arrived
 * @p: the packet
 * @seg: out, but for what the receive buffer says
 *
 * Return: why it has to be dropped, or XTCP_VERDICT_NONE.
 */
enum xtcp_verdict packet_parse(const struct packet *p, struct xtcp_segment *seg)
{
	const u8 *b = p->bytes;
	u32 hdr, optlen;
	bool syn;

	memset(seg, 0, sizeof(*seg));
	if (p->len < XTCP_HDR_MIN)
		return XTCP_VERDICT_HDR_SHORT;
	hdr = (b[OFF_DOFF] >> 4) * 4;
	if (hdr < XTCP_HDR_MIN || hdr > p->len)
		return XTCP_VERDICT_HDR_OFFSET;
	if (checksum(b, solid(p)))
		return XTCP_VERDICT_CSUM;
	seg->seq = xtcp_get32(b + OFF_SEQ);
	seg->ack = xtcp_get32(b + OFF_ACK);
	seg->wnd = xtcp_get16(b + OFF_WINDOW);
	seg->flags = b[OFF_FLAGS];
	seg->urg = xtcp_get16(b + OFF_URG);
	seg->len = p->len - hdr;
	seg->end_seq = seg->seq + seg->len + !!(seg->flags & XTCP_SYN) +
		       !!(seg->flags & XTCP_FIN);
	seg->segs = p->segs;
	seg->mss = p->mss;
	seg->ecn = p->ecn;
	syn = seg->flags & XTCP_SYN;
	optlen = hdr - XTCP_HDR_MIN;
	if (!syn && xtcp_options_parse_ts(&seg->opt, b + XTCP_HDR_MIN, optlen))
		return XTCP_VERDICT_NONE;
	if (!xtcp_options_parse(&seg->opt, b + XTCP_HDR_MIN, optlen, syn))
		return XTCP_VERDICT_OPTION;
	seg->sacks = b + XTCP_HDR_MIN + seg->opt.sack_off;
	return XTCP_VERDICT_NONE;
}

/**
 * packet_format - a packet as tcpdump and packetdrill write it
 * @p: the packet
 * @seq0: what is subtracted from its sequence number
 * @ack0: what is subtracted from its acknowledgment
 * @text: out
 * @size: of @text
 */
void packet_format(const struct packet *p, u32 seq0, u32 ack0, char *text, size_t size)
{
	struct xtcp_segment seg;
	enum xtcp_verdict drop = packet_parse(p, &seg);
	char flags[10], *f = flags;
	size_t n;

	if (drop) {
		snprintf(text, size, "(drop %d)", drop);
		return;
	}
	if (seg.flags & XTCP_SYN)
		*f++ = 'S';
	if (seg.flags & XTCP_FIN)
		*f++ = 'F';
	if (seg.flags & XTCP_RST)
		*f++ = 'R';
	if (seg.flags & XTCP_PSH)
		*f++ = 'P';
	if (seg.flags & XTCP_ACK)
		*f++ = '.';
	if (seg.flags & XTCP_URG)
		*f++ = 'U';
	if (seg.flags & XTCP_ECE)
		*f++ = 'E';
	if (seg.flags & XTCP_CWR)
		*f++ = 'W';
	if (f == flags)
		*f++ = '-';
	*f = '\0';
	n = snprintf(text, size, "%s %u:%u(%u)", flags, seg.seq - seq0,
		     seg.seq - seq0 + seg.len, seg.len);
	if (seg.flags & XTCP_ACK && n < size)
		n += snprintf(text + n, size - n, " ack %u", seg.ack - ack0);
	if (n < size)
		n += snprintf(text + n, size - n, " win %u", seg.wnd);
	if (seg.flags & XTCP_URG && n < size)
		n += snprintf(text + n, size - n, " urg %u", seg.urg);
	if (seg.opt.has & XTCP_OPT_MSS && n < size)
		n += snprintf(text + n, size - n, " mss %u", seg.opt.mss);
	if (seg.opt.has & XTCP_OPT_WSCALE && n < size)
		n += snprintf(text + n, size - n, " wscale %u", seg.opt.wscale);
	if (seg.opt.has & XTCP_OPT_TS && n < size)
		n += snprintf(text + n, size - n, " TS val %u ecr %u", seg.opt.tsval,
			      seg.opt.tsecr);
	for (u8 i = 0; seg.opt.has & XTCP_OPT_SACK && i < seg.opt.nr_sacks && n < size; i++)
		n += snprintf(text + n, size - n, "%s%u:%u", i ? "," : " sack ",
			      xtcp_get32(seg.sacks + 8 * i) - ack0,
			      xtcp_get32(seg.sacks + 8 * i + 4) - ack0);
	if (seg.segs > 1 && n < size)
		snprintf(text + n, size - n, " (%u merged)", seg.segs);
}
