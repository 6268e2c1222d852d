// SPDX-License-Identifier: GPL-2.0
/*
 * MD5 as RFC 1321 3 describes it, written to be read: see md5.h.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "md5.h"
#include "segment.h"
#include "siit.h"

#define BLOCK	64

/* The integer part of 2^32 times |sin(i + 1)|. */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
	0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
	0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* How far step i of a round turns its sum. */
static const unsigned int turns[4][4] = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
};

static uint32_t turn(uint32_t v, unsigned int n)
{
	return v << n | v >> (32 - n);
}

static uint32_t get32_little(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32_little(uint8_t *p, uint32_t v)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		p[i] = v >> 8 * i;
}

static void add_block(uint32_t sum[4], const uint8_t *block)
{
	uint32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];
	unsigned int i;

	for (i = 0; i < 64; i++) {
		uint32_t f, was = d;
		unsigned int word;

		switch (i / 16) {
		case 0:
			f = (b & c) | (~b & d);
			word = i;
			break;
		case 1:
			f = (b & d) | (c & ~d);
			word = 5 * i + 1;
			break;
		case 2:
			f = b ^ c ^ d;
			word = 3 * i + 5;
			break;
		default:
			f = c ^ (b | ~d);
			word = 7 * i;
		}
		f += a + sines[i] + get32_little(block + word % 16 * 4);
		d = c;
		c = b;
		b += turn(f, turns[i / 16][i % 4]);
		a = was;
	}
	sum[0] += a;
	sum[1] += b;
	sum[2] += c;
	sum[3] += d;
}

/**
 * md5 - the digest of a message
 * @data: it
 * @len: its length, bytes
 * @digest: out
 */
void md5(const void *data, size_t len, uint8_t digest[MD5_LEN])
{
	uint32_t sum[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	size_t padded = (len + 8) / BLOCK * BLOCK + BLOCK, i;
	uint8_t *text = calloc(1, padded);

	if (!text)
		abort();
	if (len)
		memcpy(text, data, len);
	text[len] = 0x80;
	put32_little(text + padded - 8, len << 3);
	put32_little(text + padded - 4, (uint64_t)len >> 29);
	for (i = 0; i < padded; i += BLOCK)
		add_block(sum, text + i);
	for (i = 0; i < 4; i++)
		put32_little(digest + 4 * i, sum[i]);
	free(text);
}

/**
 * md5_segment - how a segment has to be signed (RFC 2385 2.0)
 * @saddr: IPv4 address it comes from, network order
 * @daddr: IPv4 address it goes to, network order
 * @tcp: the segment, from its TCP header on
 * @len: its length, bytes
 * @secret: the key
 * @digest: out
 */
void md5_segment(uint32_t saddr, uint32_t daddr, const uint8_t *tcp, size_t len,
		 const char *secret, uint8_t digest[MD5_LEN])
{
	size_t head = (tcp[12] >> 4) * 4, n = strlen(secret);
	uint8_t *text = calloc(1, 40 + len + n), *at = text;

	if (!text)
		abort();
	/* 1. the pseudo-header */
	if (siit_mode() == SIIT_6) {
		/* RFC 8200 8.1 */
		siit_address((struct in6_addr *)at, saddr);
		siit_address((struct in6_addr *)(at + 16), daddr);
		put32(at + 32, len);
		at[39] = 6;
		at += 40;
	} else {
		memcpy(at, &saddr, 4);
		memcpy(at + 4, &daddr, 4);
		at[9] = 6;
		put16(at + 10, len);
		at += 12;
	}
	/* 2. the header, without options, its checksum zero */
	memcpy(at, tcp, TCP_LEN);
	put16(at + 16, 0);
	at += TCP_LEN;
	/* 3. the text, 4. the key */
	memcpy(at, tcp + head, len - head);
	at += len - head;
	memcpy(at, secret, n);
	md5(text, at + n - text, digest);
	free(text);
}
