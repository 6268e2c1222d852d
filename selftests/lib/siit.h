/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of one text over IPv4 and IPv6.
 *
 * A test speaks of IPv4 addresses and sees IPv4 packets.  WIRE_IP in the environment says
 * what is under it:
 *
 *	4	nothing else (so without it)
 *	6	sockets of IPv6: each call's addresses and IP options are translated, and so
 *		is each packet at the TUN device (RFC 7915); a.b.c.d is 2001:db8::a.b.c.d,
 *		but for 127.0.0.1 (::1), 127.0.0.0 (its network, ::) and 0.0.0.0 (::)
 *	mapped	sockets of IPv6 that speak IPv4: a.b.c.d is ::ffff:a.b.c.d; 0.0.0.0 is ::
 *
 * The device's MTU is twenty bytes larger with 6, so that the MSS is the same.
 */
#ifndef XTCP_SELFTESTS_SIIT_H
#define XTCP_SELFTESTS_SIIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* How much longer the header is (RFC 7915 1.2). */
#define SIIT_GROWS	20

enum siit_mode {
	SIIT_4,
	SIIT_6,
	SIIT_MAPPED,
};

enum siit_mode siit_mode(void);

/* What is of IPv4 where there is IPv4 on the wire, and otherwise of IPv6. */
#define siit_either(of4, of6)	(siit_mode() == SIIT_6 ? (of6) : (of4))

const char *siit_text(const char *addr);
int siit_prefix_len(int bits);
socklen_t siit_sockaddr(int fd, struct sockaddr_storage *addr);
void siit_device(int tun);
void siit_address(struct in6_addr *to, uint32_t from);
uint32_t siit_address_back(const struct in6_addr *from);
size_t siit_packet(uint8_t *to, const uint8_t *from, size_t len);
size_t siit_packet_back(uint8_t *to, const uint8_t *from, size_t len);

#endif /* XTCP_SELFTESTS_SIIT_H */
