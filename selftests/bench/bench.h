/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_BENCH_H
#define XTCP_BENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLIENT_ADDR	"198.51.100.1"
#define SERVER_ADDR	"198.51.100.2"
#define PORT		5001

/* The two implementations, in the order of the columns. */
enum { KERNEL, XTCP, NR_FAMILIES };

extern const int families[NR_FAMILIES];
extern const char *const family_names[NR_FAMILIES];

/**
 * struct place - where a measurement happens
 * @server: address that the server listens on
 * @client_ns: namespace of the client, a descriptor
 * @server_ns: that of the server; the same over loopback
 */
struct place {
	struct sockaddr_in server;
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

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);

/* net.c */
void net_make(struct place *at, enum wire wire);
void net_enter(int ns);
int net_listen(const struct place *at, int family);
int net_connect(const struct place *at, int family);
int net_accept(int listener);

/* memory.c */
bool memory_report(FILE *tsv);

/* bench.c */
bool in_child(void (*work)(void *arg, void *out), void *arg, void *out, size_t len);

#endif /* XTCP_BENCH_H */
