// SPDX-License-Identifier: GPL-2.0
/*
 * Packets and addresses of IPv4 as IPv6's, and back: see siit.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include "segment.h"
#include "siit.h"

#define IP6_LEN		(IP_LEN + SIIT_GROWS)
#define FRAGMENT_LEN	8

/* 2001:db8::/96, RFC 3849. */
static const uint8_t prefix[12] = { 0x20, 0x01, 0x0d, 0xb8 };

enum siit_mode siit_mode(void)
{
	const char *ip = getenv("WIRE_IP");

	if (!ip || !strcmp(ip, "4"))
		return SIIT_4;
	if (!strcmp(ip, "6"))
		return SIIT_6;
	if (!strcmp(ip, "mapped"))
		return SIIT_MAPPED;
	abort();
}

/**
 * siit_address - an address of IPv4 as one of IPv6
 * @to: out
 * @from: it, network order
 */
void siit_address(struct in6_addr *to, uint32_t from)
{
	memset(to, 0, sizeof(*to));
	if (from == htonl(INADDR_ANY))
		return;
	if (siit_mode() == SIIT_MAPPED)
		memset(to->s6_addr + 10, 0xff, 2);
	else if (from == htonl(INADDR_LOOPBACK) || from == htonl(INADDR_LOOPBACK - 1))
		from = htonl(ntohl(from) & 1);
	else
		memcpy(to->s6_addr, prefix, sizeof(prefix));
	memcpy(to->s6_addr + 12, &from, 4);
}

/**
 * siit_address_back - the same, back
 * @from: the address
 *
 * Return: that of IPv4, network order.
 */
uint32_t siit_address_back(const struct in6_addr *from)
{
	uint32_t to;

	if (IN6_IS_ADDR_LOOPBACK(from))
		return htonl(INADDR_LOOPBACK);
	memcpy(&to, from->s6_addr + 12, 4);
	return to;
}

/**
 * siit_text - an address, as commands want it
 * @addr: IPv4
 *
 * Return: it, or that of IPv6; until the eighth call from now.
 */
const char *siit_text(const char *addr)
{
	static char ring[8][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *text = ring[next++ % 8];
	struct in6_addr to;

	if (siit_mode() != SIIT_6)
		return addr;
	siit_address(&to, inet_addr(addr));
	inet_ntop(AF_INET6, &to, text, sizeof(ring[0]));
	return text;
}

/**
 * siit_prefix_len - the length of a prefix
 * @bits: of IPv4; 0: of all addresses
 *
 * Return: bits
 */
int siit_prefix_len(int bits)
{
	return bits ? siit_either(bits, bits + 96) : 0;
}

/* The checksum of what is behind an IPv6 header, with its pseudo header. */
static uint16_t checksum6(const uint8_t *ip6, const void *data, size_t len, uint8_t proto)
{
	uint32_t sum = sum_add(proto + len, ip6 + 8, 32);

	return ~sum_add(sum, data, len);
}

static uint16_t checksum4(const uint8_t *ip4, const void *data, size_t len, uint8_t proto)
{
	uint32_t sum = sum_add(proto + len, ip4 + 12, 8);

	return ~sum_add(sum, data, len);
}

/*
 * Where the checksum of a TCP segment is: it stays as right or wrong as it was, by as much
 * as the pseudo headers differ (RFC 1624).
 */
static void move_checksum(uint8_t *tcp, size_t len, uint16_t was, uint16_t is)
{
	if (len >= TCP_LEN)
		put16(tcp + 16, ~sum_add(sum_add(0, (uint8_t[]){
			(uint16_t)~get16(tcp + 16) >> 8, (uint16_t)~get16(tcp + 16),
			was >> 8, was, (uint16_t)~is >> 8, (uint16_t)~is }, 6), "", 0));
}

static void header6(uint8_t *to, const uint8_t *from, size_t len, uint8_t proto)
{
	uint32_t addr;

	memset(to, 0, IP6_LEN);
	to[0] = 0x60 | from[1] >> 4;
	to[1] = from[1] << 4;
	put16(to + 4, len);
	to[6] = proto;
	to[7] = from[8];
	memcpy(&addr, from + 12, 4);
	siit_address((struct in6_addr *)(to + 8), addr);
	memcpy(&addr, from + 16, 4);
	siit_address((struct in6_addr *)(to + 24), addr);
}

/* What an ICMP error is in ICMPv6.  Return: false: it has none of this kind. */
static bool error6(uint8_t *to, const uint8_t *from)
{
	static const uint8_t unreachable[NR_ICMP_UNREACH + 1] = {
		[ICMP_NET_UNREACH]	= ICMPV6_NOROUTE,
		[ICMP_HOST_UNREACH]	= ICMPV6_ADDR_UNREACH,
		[ICMP_PORT_UNREACH]	= ICMPV6_PORT_UNREACH,
		[ICMP_NET_ANO]		= ICMPV6_ADM_PROHIBITED,
		[ICMP_HOST_ANO]		= ICMPV6_ADM_PROHIBITED,
		[ICMP_PKT_FILTERED]	= ICMPV6_ADM_PROHIBITED,
	};

	memset(to, 0, 8);
	switch (from[0]) {
	case ICMP_DEST_UNREACH:
		if (from[1] == ICMP_FRAG_NEEDED) {
			to[0] = ICMPV6_PKT_TOOBIG;
			put32(to + 4, get16(from + 6) ? get16(from + 6) + SIIT_GROWS : 0);
			return true;
		}
		if (from[1] == ICMP_PROT_UNREACH) {
			to[0] = ICMPV6_PARAMPROB;
			to[1] = ICMPV6_UNK_NEXTHDR;
			put32(to + 4, 6);
			return true;
		}
		to[0] = ICMPV6_DEST_UNREACH;
		/* what nobody assigned there, nobody did here */
		to[1] = from[1] < sizeof(unreachable) ? unreachable[from[1]] : from[1];
		return true;
	case ICMP_TIME_EXCEEDED:
		to[0] = ICMPV6_TIME_EXCEED;
		to[1] = from[1];
		return true;
	case ICMP_PARAMETERPROB:
		to[0] = ICMPV6_PARAMPROB;
		return true;
	default:
		return false;
	}
}

/* A fragment has a header of its own (RFC 7915 4.1).  Return: its length. */
static size_t fragment6(uint8_t *ip6, const uint8_t *from)
{
	uint8_t *header = ip6 + IP6_LEN;
	uint16_t place = get16(from + 6);

	if (!(place & 0x3fff))
		return 0;
	header[0] = ip6[6];
	header[1] = 0;
	put16(header + 2, place << 3 | !!(place & 0x2000));
	put32(header + 4, get16(from + 4));
	ip6[6] = IPPROTO_FRAGMENT;
	put16(ip6 + 4, get16(ip6 + 4) + FRAGMENT_LEN);
	return FRAGMENT_LEN;
}

/**
 * siit_packet - a packet of IPv4 as one of IPv6
 * @to: room for @len + 2 * SIIT_GROWS bytes
 * @from: TCP, or an ICMP error about TCP
 * @len: its length, bytes
 *
 * Return: the length of the new one, 0: there is none.
 */
size_t siit_packet(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t hdr = (from[0] & 15) * 4, rest = len - hdr;
	uint8_t *data = to + IP6_LEN;
	size_t inner, quoted, more;
	uint16_t csum;

	if (len < IP_LEN || hdr < IP_LEN || len < hdr)
		return 0;
	if (from[9] == IPPROTO_TCP) {
		header6(to, from, rest, IPPROTO_TCP);
		more = fragment6(to, from);
		data += more;
		memcpy(data, from + hdr, rest);
		if (!(get16(from + 6) & 0x1fff))
			move_checksum(data, rest, checksum4(from, "", 0, 0),
				      checksum6(to, "", 0, 0));
		return IP6_LEN + more + rest;
	}
	if (from[9] != IPPROTO_ICMP || rest < 8 + IP_LEN || !error6(data, from + hdr))
		return 0;
	quoted = (from[hdr + 8] & 15) * 4;
	if (quoted < IP_LEN || rest < 8 + quoted)
		return 0;
	/* what it quotes is cut off, so its checksum does not matter */
	inner = rest - 8 - quoted;
	header6(data + 8, from + hdr + 8, get16(from + hdr + 8 + 2) - quoted, from[hdr + 8 + 9]);
	memcpy(data + 8 + IP6_LEN, from + len - inner, inner);
	rest = 8 + IP6_LEN + inner;
	header6(to, from, rest, IPPROTO_ICMPV6);
	csum = checksum6(to, data, rest, IPPROTO_ICMPV6);
	put16(data + 2, csum);
	return IP6_LEN + rest;
}

/**
 * siit_packet_back - a packet of IPv6 as one of IPv4
 * @to: room for @len bytes
 * @from: the packet
 * @len: its length, bytes
 *
 * The identification is what there is room for of the flow label: its last 16 bits.
 *
 * Return: the length of the new one, 0: there is none.
 */
size_t siit_packet_back(uint8_t *to, const uint8_t *from, size_t len)
{
	uint32_t addr;
	size_t rest;

	if (len < IP6_LEN || from[0] >> 4 != 6 || from[6] != IPPROTO_TCP)
		return 0;
	rest = len - IP6_LEN;
	memset(to, 0, IP_LEN);
	to[0] = 0x45;
	to[1] = from[0] << 4 | from[1] >> 4;
	put16(to + 2, IP_LEN + rest);
	memcpy(to + 4, from + 2, 2);
	put16(to + 6, 0x4000);
	to[8] = from[7];
	to[9] = IPPROTO_TCP;
	addr = siit_address_back((const struct in6_addr *)(from + 8));
	memcpy(to + 12, &addr, 4);
	addr = siit_address_back((const struct in6_addr *)(from + 24));
	memcpy(to + 16, &addr, 4);
	put16(to + 10, ~sum_add(0, to, IP_LEN));
	memcpy(to + IP_LEN, from + IP6_LEN, rest);
	move_checksum(to + IP_LEN, rest, checksum6(from, "", 0, 0), checksum4(to, "", 0, 0));
	return IP_LEN + rest;
}
