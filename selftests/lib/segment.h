/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP segments as bytes: what wire tests send and see.
 */
#ifndef XTCP_SELFTESTS_SEGMENT_H
#define XTCP_SELFTESTS_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	OPT_MD5		= 19,	/* RFC 2385 */
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

#define OPT_MD5_LEN	18

/* A segment, taken apart; @opts and @data point into the packet. */
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

/* A packet that came: after @since, for the device was empty then, and before @when. */
struct wire_packet {
	struct wire_packet *next;
	uint64_t	since;
	uint64_t	when;
	size_t		len;
	uint8_t		data[65536];
};

/* Names of the values of the IP header's ECN field, RFC 3168 5. */
extern const char *const ecn_names[4];

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

uint32_t sum_add(uint32_t sum, const void *data, size_t len);
uint16_t tcp_checksum(uint32_t saddr, uint32_t daddr, const void *tcp, size_t len);

size_t build_options(const struct option *o, int nr, uint8_t *out);
int decode_options(const uint8_t *p, size_t len, struct option *out);

void sign_segment(uint32_t saddr, uint32_t daddr, uint8_t *tcp, size_t len,
		  const char *secret);
bool is_signed(const struct segment *s, const char *secret);

bool parse_segment(const uint8_t *ip, size_t len, struct segment *s);
void print_segment(char *to, const struct segment *s, uint32_t seq0, uint32_t ack0);

#endif /* XTCP_SELFTESTS_SEGMENT_H */
