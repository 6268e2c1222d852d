/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_BENCH_H
#define XTCP_BENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLIENT_ADDR	"198.51.100.1"
#define SERVER_ADDR	"198.51.100.2"
#define CLIENT_ADDR6	"2001:db8::1"
#define SERVER_ADDR6	"2001:db8::2"
#define PATH_SERVER_ADDR "203.0.113.2"
#define PORT		5001

/* The two implementations, in the order of the columns. */
enum { KERNEL, XTCP, NR_FAMILIES };

extern const int families[NR_FAMILIES];
extern const char *const family_names[NR_FAMILIES];

/* What is spoken. */
enum ip {
	IP4,
	IP6,
	MAPPED,		/* IPv4, by sockets of IPv6 */
};

/**
 * struct place - where a measurement happens
 * @server: address that the server listens on, of IPv4
 * @server6: the same, of IPv6 or mapped
 * @client_ns: namespace of the client, a descriptor
 * @server_ns: that of the server; the same over loopback
 */
struct place {
	union {
		struct sockaddr_in server;
		struct sockaddr_in6 server6;
	};
	int	client_ns;
	int	server_ns;
};

/* What joins client and server. */
enum wire {
	LOOPBACK,
	VETH,		/* the driver's defaults: a GSO buffer crosses as it is */
	VETH_NO_TSO,	/* the stack cuts segments behind IP, as for a plain device */
	VETH_NO_GSO,	/* every segment is to cross alone, and is received alone */
};

/**
 * struct path - a bad network
 * @rate: of the bottleneck, bits per second
 * @rtt_ns: round-trip time without a queue
 * @queue: packets that wait for the bottleneck at most
 * @loss_ppm: packets in a million that vanish
 * @ge_bad_ppm: Gilbert-Elliott: chance per packet that a time begins in which all
 *		vanish
 * @ge_good_ppm: chance per packet that it ends
 * @dup_ppm: packets in a million that arrive twice
 * @late_ns: delay of all packets but ...
 * @early_ppm: ... so many in a million, which overtake the others, as they have not
 *	       even @rtt_ns's part
 * @jitter_ns: every packet is late by this, more or less this
 * @ecn: hosts negotiate ECN, and what would vanish by @loss_ppm is marked instead
 */
struct path {
	uint64_t	rate;
	uint64_t	rtt_ns;
	uint32_t	queue;
	uint32_t	loss_ppm;
	uint32_t	ge_bad_ppm;
	uint32_t	ge_good_ppm;
	uint32_t	dup_ppm;
	uint64_t	late_ns;
	uint32_t	early_ppm;
	uint64_t	jitter_ns;
	bool		ecn;
};

/* net.c */
bool write_file(const char *path, const char *text);
void net_make(struct place *at, enum ip ip, enum wire wire);
int net_new_namespace(void);
void net_make_veth(const char *dev, int peer_ns, const char *peer_dev);
void net_set_up(const char *dev, const char *addr, enum wire wire);
void net_enter(int ns);
int net_listen(const struct place *at, int family);
int net_connect(const struct place *at, int family);
int net_accept(int listener);

/* path.c */
void net_make_path(struct place *at, const struct path *path, uint64_t seed);

/* memory.c */
bool memory_report(FILE *tsv);

/* child.c */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);
bool in_child(void (*work)(void *arg, void *out), void *arg, void *out, size_t len);

#endif /* XTCP_BENCH_H */
