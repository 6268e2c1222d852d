/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A runner for scripts in the notation of packetdrill: calls of a user, packets of a peer
 * that the script plays, and the time of each.
 *
 * script.c reads a script, call.c makes its calls, packet.c is the peer on a TUN device,
 * check.c evaluates what is asserted of a socket, and main.c keeps the time.
 */
#ifndef XTCP_SELFTESTS_PKT_H
#define XTCP_SELFTESTS_PKT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- what a script says -------------------------------------------------- */

enum value_kind {
	V_ANY,			/* ... */
	V_INT,
	V_STRING,
	V_LIST,			/* [a, b] */
	V_STRUCT,		/* {a, name=b} */
};

/* An argument of a call; those of a list are chained by @next. */
struct value {
	enum value_kind	kind;
	char		*name;		/* of a field */
	long long	i;
	char		*s;		/* with @i bytes */
	struct value	*first;
	struct value	*next;
};

struct call {
	char		*name;
	struct value	*args;
	long long	result;
	int		error;		/* 0: none, or not told */
};

#define OPTIONS_MAX	40

/* A TCP segment, or an ICMP error about one. */
struct packet {
	bool		inbound;
	bool		icmp;
	int		icmp_code;
	int		ecn;		/* -1: not told */
	unsigned int	flags;		/* FIN is bit 0, AE bit 8 */
	uint32_t	seq, len;
	bool		has_ack, has_win, any_options;
	uint32_t	ack;
	uint16_t	win, urg;
	uint8_t		options[OPTIONS_MAX];
	size_t		options_len;
	size_t		ts;		/* where the timestamps are, 0: nowhere */
	size_t		sack;		/* where the blocks are, and how many */
	int		sacks;
};

enum event_kind { E_CALL, E_PACKET, E_SHELL, E_CODE };
enum time_kind { T_NONE, T_ABSOLUTE, T_RELATIVE, T_ANY };

struct event {
	struct event	*next;
	int		line;
	enum event_kind	kind;
	enum time_kind	time;
	long long	at, until;	/* microseconds; @until is -1 without a range */
	bool		blocks;		/* at...until, of a call */
	struct call	call;
	struct packet	packet;
	char		*text;		/* of E_SHELL and E_CODE */
};

struct script {
	struct event	*events;
	long long	tolerance;	/* microseconds */
	long long	tick;		/* of timestamps, microseconds; 0: not looked at */
	int		mss;		/* how long the peer's segments are; 0: as written */
};

/* ---- where it runs ------------------------------------------------------- */

enum form { IPV4, IPV6, MAPPED };

struct world {
	enum form	form;
	bool		xtcp;
	const char	*name;		/* of the script's file */
	int		line;		/* of the event that is under way */
	int		tun;
	uint64_t	began, began_real;	/* nanoseconds */
	int		sock;		/* who is asked for tcp_info */
	struct script	*script;
};

extern struct world world;

__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...);

/* names.c */
bool name_value(const char *name, long long *value);
const char *error_name(int error);

/* script.c */
struct script *script_read(const char *path);
struct value *value_at(struct value *first, int n);
struct value *value_field(const struct value *v, const char *name);

/* call.c */
void call_make(const struct call *c, bool threaded, long long until);
void call_await(void);

/* packet.c */
void wire_open(void);
void wire_drain(void);
void wire_wait(uint64_t until);
void flow_new(bool active);
void packet_send(const struct packet *p);
uint64_t packet_expect(const struct packet *p, uint64_t until);
socklen_t local_address(struct sockaddr_in6 *a);
socklen_t remote_address(struct sockaddr_in6 *a);

/* check.c */
void check_code(const char *text);

/* main.c */
uint64_t now_ns(void);
long long script_time(uint64_t ns);

#endif /* XTCP_SELFTESTS_PKT_H */
