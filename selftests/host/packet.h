/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TCP segment as bytes on the wire.
 */
#ifndef XTCP_HOST_PACKET_H
#define XTCP_HOST_PACKET_H

#include "compose.h"

/**
 * struct packet - a segment on its way
 * @next: link in whatever list it is on
 * @due: when it arrives, microseconds
 * @hdr: length of its header, bytes
 * @len: length of header and payload, bytes
 * @segs: packets that were merged into it (GRO)
 * @mss: payload of each of those, of the last at most, bytes; 0: it came alone
 * @hollow: of @len, what is not in @bytes: the payload of a packet that carries none
 *	    (a long simulation does without), bytes
 * @ecn: the ECN field of the IP header that it would have
 * @bytes: header and payload
 */
struct packet {
	struct packet	*next;
	xtcp_usec_t	due;
	u16		hdr;
	u16		segs;
	u16		mss;
	u8		ecn;
	u32		len;
	u32		hollow;
	u8		bytes[];
};

struct packet *packet_make(const struct xtcp_header *h, u32 payload);
struct packet *packet_make_hollow(const struct xtcp_header *h, u32 payload);
void packet_seal(struct packet *p);
struct packet *packet_copy(const struct packet *p);
bool packet_merge(struct packet **p, const struct packet *q);
enum xtcp_verdict packet_parse(const struct packet *p, struct xtcp_segment *seg);
void packet_format(const struct packet *p, u32 seq0, u32 ack0, char *text, size_t size);

static inline u8 *packet_payload(struct packet *p)
{
	return p->bytes + p->hdr;
}

static inline u32 packet_seq(const struct packet *p)
{
	return (u32)p->bytes[4] << 24 | p->bytes[5] << 16 | p->bytes[6] << 8 | p->bytes[7];
}

static inline u8 packet_flags(const struct packet *p)
{
	return p->bytes[13];
}

#endif /* XTCP_HOST_PACKET_H */
