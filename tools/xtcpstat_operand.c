// SPDX-License-Identifier: GPL-2.0
/*
 * What a filter's words name: addresses, ports, states, users, devices.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/xtcp.h>

#include "xtcpstat_filter.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(state)	(1U << XTCP_##state)

/* States that have no socket, only an entry. */
#define ENTRIES		(BIT(SYN_RECV) | BIT(TIME_WAIT))
#define STATE_BIT(name, nr)	| 1U << (nr)
#define ALL		(0 XTCP_STATES(STATE_BIT))

/* The words of ss, which are also the module's when '-' and '_' do not count. */
static const struct {
	const char *name;
	uint32_t states;
} states[] = {
	{ "established",	BIT(ESTABLISHED) },
	{ "syn-sent",		BIT(SYN_SENT) },
	{ "syn-recv",		BIT(SYN_RECV) },
	{ "fin-wait-1",		BIT(FIN_WAIT1) },
	{ "fin-wait-2",		BIT(FIN_WAIT2) },
	{ "time-wait",		BIT(TIME_WAIT) },
	{ "closed",		BIT(CLOSE) },
	{ "close",		BIT(CLOSE) },
	{ "close-wait",		BIT(CLOSE_WAIT) },
	{ "last-ack",		BIT(LAST_ACK) },
	{ "listening",		BIT(LISTEN) },
	{ "listen",		BIT(LISTEN) },
	{ "closing",		BIT(CLOSING) },
	{ "all",		ALL },
	{ "connected",		ALL & ~(BIT(LISTEN) | BIT(CLOSE)) },
	{ "synchronized",	ALL & ~(BIT(LISTEN) | BIT(CLOSE) | BIT(SYN_SENT)) },
	{ "bucket",		ENTRIES },
	{ "big",		ALL & ~ENTRIES },
};

static bool same_state(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "-_");
		b += strspn(b, "-_");
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

/**
 * operand_states - states of a name
 * @text: as in ss, netstat or /proc; or a group, as in ss
 *
 * Return: bits, 1 << enum xtcp_state; 0 when there is no such name.
 */
uint32_t operand_states(const char *text)
{
	size_t i;

	for (i = 0; i < NR(states); i++) {
		if (same_state(states[i].name, text))
			return states[i].states;
	}
	return 0;
}

/**
 * operand_state_word - the names that operand_states() knows
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const char *operand_state_word(unsigned int i)
{
	return i < NR(states) ? states[i].name : NULL;
}

/* Decimal digits, and nothing else. */
static bool number(const char *text, unsigned long most, unsigned long *val)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	*val = strtoul(text, &end, 10);
	return !*end && *val <= most;
}

/**
 * operand_port - a port
 * @text: a number or a service, a colon before it or not
 *
 * Return: host order; -1 when there is none of that name.
 */
int operand_port(const char *text)
{
	const struct servent *service;
	unsigned long val;

	text += *text == ':';
	if (number(text, 65535, &val))
		return val;
	service = *text ? getservbyname(text, "tcp") : NULL;
	return service ? ntohs(service->s_port) : -1;
}

/**
 * operand_user - a user
 * @text: a name or a number
 * @uid: out
 *
 * Return: false when there is none of that name.
 */
bool operand_user(const char *text, uint32_t *uid)
{
	const struct passwd *pw;
	unsigned long val;

	if (number(text, UINT32_MAX, &val)) {
		*uid = val;
		return true;
	}
	pw = getpwnam(text);
	if (pw)
		*uid = pw->pw_uid;
	return pw;
}

/**
 * operand_device - a network device
 * @text: a name, or a number
 * @ifindex: out
 *
 * Return: false when there is none of that name.
 */
bool operand_device(const char *text, uint32_t *ifindex)
{
	unsigned long val;

	*ifindex = if_nametoindex(text);
	if (!*ifindex && number(text, INT32_MAX, &val))
		*ifindex = val;
	return *ifindex;
}

/* ---- addresses ---- */

/**
 * struct parts - an address as it is written
 * @addr: address or name, empty: any
 * @prefix: its length, empty: all
 * @port: the port, empty: any
 */
struct parts {
	char addr[256];
	char prefix[8];
	char port[64];
};

static bool copy(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* [ADDR], [ADDR]:PORT, [ADDR]/LEN:PORT; ADDR, ADDR/LEN, ADDR:PORT, and ADDR of IPv6. */
static bool split(const char *text, struct parts *p)
{
	const char *rest, *colon;
	size_t len;

	memset(p, 0, sizeof(*p));
	if (*text == '[') {
		rest = strchr(++text, ']');
		if (!rest || !copy(p->addr, sizeof(p->addr), text, rest - text))
			return false;
		rest++;
	} else {
		colon = strchr(text, ':');
		/* two colons are an address of IPv6, which has no port then */
		len = strcspn(text, colon && strchr(colon + 1, ':') ? "/" : "/:");
		if (!copy(p->addr, sizeof(p->addr), text, len))
			return false;
		rest = text + len;
	}
	if (*rest == '/') {
		len = strcspn(++rest, ":");
		if (!len || !copy(p->prefix, sizeof(p->prefix), rest, len))
			return false;
		rest += len;
	}
	if (*rest == ':')
		return rest[1] && copy(p->port, sizeof(p->port), rest + 1, strlen(rest + 1));
	return !*rest;
}

static bool set_prefix(struct filter_host *h, const char *text)
{
	unsigned long most = h->family == AF_INET ? 32 : 128, val;

	if (!*text)
		val = most;
	else if (!number(text, most, &val))
		return false;
	h->prefix = val;
	return true;
}

static int resolve(const char *name, struct filter_host *hosts)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *one;
	int nr = 0;

	if (getaddrinfo(name, NULL, &hints, &list))
		return 0;
	for (one = list; one && nr < FILTER_HOSTS_MAX; one = one->ai_next) {
		struct filter_host *h = &hosts[nr];

		h->family = one->ai_family;
		if (h->family == AF_INET)
			memcpy(h->addr, &((struct sockaddr_in *)one->ai_addr)->sin_addr, 4);
		else if (h->family == AF_INET6)
			memcpy(h->addr, &((struct sockaddr_in6 *)one->ai_addr)->sin6_addr, 16);
		else
			continue;
		nr++;
	}
	freeaddrinfo(list);
	return nr;
}

static int addresses(const char *text, struct filter_host *hosts)
{
	if (inet_pton(AF_INET, text, hosts->addr) == 1) {
		hosts->family = AF_INET;
		return 1;
	}
	if (inet_pton(AF_INET6, text, hosts->addr) == 1) {
		hosts->family = AF_INET6;
		return 1;
	}
	return resolve(text, hosts);
}

static int parse_hosts(const struct parts *p, struct filter_host *hosts, const char **error)
{
	int nr = 1, i;

	if (*p->addr && strcmp(p->addr, "*")) {
		nr = addresses(p->addr, hosts);
		*error = "is no address, and no host has that name";
		for (i = 0; i < nr; i++) {
			if (set_prefix(&hosts[i], p->prefix))
				continue;
			*error = "has a prefix that its address cannot have";
			return 0;
		}
	} else if (*p->prefix) {
		*error = "has a prefix, but no address";
		return 0;
	}
	return nr;
}

/**
 * operand_hosts - an address, its prefix and its port
 * @text: as in ss
 * @hosts: out, room for FILTER_HOSTS_MAX; more than one if a name has them
 * @error: out, what is wrong, to be read behind the word
 *
 * Return: how many; 0: it is wrong.
 */
int operand_hosts(const char *text, struct filter_host *hosts, const char **error)
{
	int nr, i, port = -1;
	struct parts p;

	*error = "is no address";
	if (!*text || !split(text, &p))
		return 0;
	if (*p.port && strcmp(p.port, "*")) {
		port = operand_port(p.port);
		*error = "has a port that there is not";
		if (port < 0)
			return 0;
	}
	memset(hosts, 0, FILTER_HOSTS_MAX * sizeof(*hosts));
	nr = parse_hosts(&p, hosts, error);
	for (i = 0; i < nr; i++)
		hosts[i].port = port;
	return nr;
}
