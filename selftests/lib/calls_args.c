// SPDX-License-Identifier: GPL-2.0
/* Arguments of random calls, and their text: see calls.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/xtcp.h>

#include "kselftest.h"

#include "calls.h"
#include "dice.h"
#include "util.h"
#include "wire.h"

/* ---- text ------------------------------------------------------------------ */

static void add(char *to, size_t room, const char *format, va_list ap)
{
	size_t len = strlen(to);

	vsnprintf(to + len, room - len, format, ap);
}

/**
 * call_text - write down the call, or a further part of it
 * @o: where to
 * @format: as printf()
 */
void call_text(struct outcome *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(o->call, sizeof(o->call), format, ap);
	va_end(ap);
}

/**
 * result_text - write down what came of it
 * @o: where to
 * @format: as printf()
 */
void result_text(struct outcome *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(o->result, sizeof(o->result), format, ap);
	va_end(ap);
}

/**
 * result_of - write down what a call returned, and why
 * @o: where to
 * @value: what it returned; errno as it left it
 *
 * Return: the value.
 */
long result_of(struct outcome *o, long value)
{
	int err = errno;

	if (value < 0)
		result_text(o, "%ld %s", value, strerrorname_np(err));
	else
		result_text(o, "%ld", value);
	return value;
}

/**
 * result_bytes - write down what was read
 * @o: where to
 * @bytes: where it is
 * @len: how much
 */
void result_bytes(struct outcome *o, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint32_t sum = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 16777619u;
	result_text(o, ", bytes %08x", sum);
	for (i = 0; i < len && i < 8; i++)
		result_text(o, " %02x", p[i]);
}

/**
 * tcp_state_name - a state
 * @state: TCP_*, or minus errno
 *
 * Return: its name.
 */
const char *tcp_state_name(int state)
{
	static const char *const name[] = {
		"0", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
		"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
		"NEW_SYN_RECV", "BOUND_INACTIVE",
	};

	return state < 0 ? strerrorname_np(-state) :
	       state < (int)ARRAY_SIZE(name) ? name[state] : "?";
}

struct name {
	int		bit;
	const char	*text;
};

/* "a|b|0x10" */
static void bits_text(char *to, size_t room, int bits, const struct name *names, size_t nr)
{
	size_t i, len = 0;

	to[0] = 0;
	for (i = 0; i < nr; i++)
		if (bits & names[i].bit) {
			len += snprintf(to + len, room - len, "%s%s", len ? "|" : "",
					names[i].text);
			bits &= ~names[i].bit;
		}
	if (bits || !len)
		snprintf(to + len, room - len, "%s%#x", len ? "|" : "", bits);
}

/**
 * poll_names - bits of poll()
 * @bits: POLL*
 *
 * Return: their names, until the next call but three.
 */
const char *poll_names(int bits)
{
	static const struct name names[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
		{ POLLHUP, "HUP" }, { POLLNVAL, "NVAL" }, { POLLRDNORM, "RDNORM" },
		{ POLLRDBAND, "RDBAND" }, { POLLWRNORM, "WRNORM" },
		{ POLLWRBAND, "WRBAND" }, { POLLMSG, "MSG" }, { POLLRDHUP, "RDHUP" },
	};
	static char ring[4][128];
	static unsigned int next;
	char *text = ring[next++ % ARRAY_SIZE(ring)];

	bits_text(text, sizeof(ring[0]), bits, names, ARRAY_SIZE(names));
	return text;
}

/* ---- numbers --------------------------------------------------------------- */

/**
 * draw_number - a number near to where something ends
 *
 * Return: it.
 */
int draw_number(void)
{
	switch (roll(8)) {
	case 0 ... 2:
		return roll(4);
	case 3:
		return -(int)roll(3);
	case 4:
		return (1u << roll(32)) - roll(2);
	case 5:
		return roll(2) ? INT_MAX : INT_MIN;
	case 6:
		return roll(65536);
	default:
		return roll(300);
	}
}

/**
 * draw_length - how many bytes to send or to read
 *
 * Return: 0 to 200,000, mostly few.
 */
size_t draw_length(void)
{
	switch (roll(8)) {
	case 0:
		return roll(2);
	case 1:
		return roll(20000);
	case 2:
		return roll(4) ? roll(3000) : roll(200000);
	default:
		return roll(200);
	}
}

/**
 * draw_flags - of send() or recv()
 * @o: told
 * @receives: recv()
 *
 * Return: MSG_*
 */
int draw_flags(struct outcome *o, bool receives)
{
	static const struct name sent[] = {
		{ MSG_DONTWAIT, "DONTWAIT" }, { MSG_MORE, "MORE" }, { MSG_OOB, "OOB" },
		{ MSG_EOR, "EOR" }, { MSG_NOSIGNAL, "NOSIGNAL" }, { MSG_DONTROUTE, "DONTROUTE" },
		{ MSG_CONFIRM, "CONFIRM" }, { MSG_ZEROCOPY, "ZEROCOPY" },
	}, received[] = {
		{ MSG_DONTWAIT, "DONTWAIT" }, { MSG_PEEK, "PEEK" }, { MSG_OOB, "OOB" },
		{ MSG_TRUNC, "TRUNC" }, { MSG_WAITALL, "WAITALL" },
		{ MSG_ERRQUEUE, "ERRQUEUE" }, { MSG_CMSG_CLOEXEC, "CMSG_CLOEXEC" },
	};
	const struct name *names = receives ? received : sent;
	size_t nr = receives ? ARRAY_SIZE(received) : ARRAY_SIZE(sent);
	unsigned int times = roll(4) ? roll(2) : roll(4);
	char text[128];
	int flags = 0;

	while (times--)
		flags |= names[roll(nr)].bit;
	bits_text(text, sizeof(text), flags, names, nr);
	call_text(o, "%s", text);
	return flags;
}

/**
 * draw_bytes - something to send
 * @len: how much of it
 *
 * Return: bytes by which one sees where they are from; valid until the next call.
 */
const void *draw_bytes(size_t len)
{
	static unsigned char room[200000];
	unsigned int at = roll(256);
	size_t i;

	for (i = 0; i < len && i < sizeof(room); i++)
		room[i] = at + i + (i >> 8);
	return room;
}

/* ---- addresses ------------------------------------------------------------- */

/* The first of each are what most calls should have. */
static const char *const four[] = {
	"127.0.0.1", "0.0.0.0", "127.0.0.2", WIRE_LOCAL, WIRE_REMOTE, "224.0.0.1",
	"255.255.255.255", "10.1.1.1", "192.0.2.255", "0.0.0.1",
}, *const six[] = {
	"::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::ffff:127.0.0.2",
	"2001:db8::1", "ff02::1", "fe80::1", "::127.0.0.1", "::ffff:192.0.2.2",
	"::ffff:255.255.255.255", "::ffff:224.0.0.1", "ff05::1234",
};

/* A port's name: of the sequence, chosen by the host, or its number. */
static const char *port_name(struct world *w, uint16_t port)
{
	static char text[16];
	unsigned int i;

	if (port >= w->port && port < w->port + CALLS_PORTS) {
		snprintf(text, sizeof(text), "P%u", port - w->port);
		return text;
	}
	if (port < 1024) {
		snprintf(text, sizeof(text), "%u", port);
		return text;
	}
	for (i = 0; i < w->nr_chosen && w->chosen[i] != port; i++)
		;
	if (i == w->nr_chosen && i < ARRAY_SIZE(w->chosen))
		w->chosen[w->nr_chosen++] = port;
	snprintf(text, sizeof(text), "E%u", i);
	return text;
}

static void address_text(struct world *w, const struct sockaddr_storage *a, char *text,
			 size_t room)
{
	const struct sockaddr_in6 *sin6 = (const void *)a;
	const struct sockaddr_in *sin = (const void *)a;
	char ip[INET6_ADDRSTRLEN];

	switch (a->ss_family) {
	case AF_INET:
		snprintf(text, room, "%s:%s", inet_ntop(AF_INET, &sin->sin_addr, ip, sizeof(ip)),
			 port_name(w, ntohs(sin->sin_port)));
		break;
	case AF_INET6:
		snprintf(text, room, "[%s%%%u]:%s",
			 inet_ntop(AF_INET6, &sin6->sin6_addr, ip, sizeof(ip)),
			 sin6->sin6_scope_id, port_name(w, ntohs(sin6->sin6_port)));
		if (sin6->sin6_flowinfo)
			snprintf(text + strlen(text), room - strlen(text), " flow %#x",
				 ntohl(sin6->sin6_flowinfo));
		break;
	default:
		snprintf(text, room, "family %d", a->ss_family);
	}
}

/* Where the socket of another slot is. */
static bool address_of(struct world *w, int slot, struct sockaddr_storage *to)
{
	socklen_t len = sizeof(*to);
	int fd = world_fd(w, slot);

	return fd >= 0 && !getsockname(fd, (struct sockaddr *)to, &len);
}

static void draw_ip(struct world *w, const struct call *c, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *sin6 = (void *)to;
	struct sockaddr_in *sin = (void *)to;
	bool is_six = w->slot[c->slot].six;
	unsigned int which = roll(4) ? roll(2) : roll(16), odd = roll(24);
	in_port_t port = htons(w->port + roll(CALLS_PORTS));
	unsigned int rare = roll(64);

	/* an address of the other family, and what is none */
	if (odd == 0)
		is_six = !is_six;
	if (rare == 0)
		port = 0;
	else if (rare == 1)
		port = htons(1 + roll(1023));
	if (is_six) {
		/* as often mapped as not */
		if (which < 2 && odd & 1)
			which += 2;
		inet_pton(AF_INET6, six[which % ARRAY_SIZE(six)], &sin6->sin6_addr);
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = port;
		if (!roll(32))
			sin6->sin6_scope_id = roll(3);
		if (!roll(32))
			sin6->sin6_flowinfo = htonl(roll(1 << 28));
	} else {
		inet_pton(AF_INET, four[which % ARRAY_SIZE(four)], &sin->sin_addr);
		sin->sin_family = AF_INET;
		sin->sin_port = port;
	}
}

/**
 * draw_address - an address to bind or to connect to
 * @w: the world
 * @c: the call; that of the socket in its @other half of the time
 * @o: told
 * @to: out
 *
 * Return: its length, which may be wrong.
 */
socklen_t draw_address(struct world *w, const struct call *c, struct outcome *o,
		       struct sockaddr_storage *to)
{
	static const int families[] = { AF_UNSPEC, AF_UNSPEC, AF_UNIX, AF_XTCP, 99 };
	bool others = roll(2);
	unsigned int rare = roll(48);
	socklen_t len;
	char text[96];

	memset(to, 0, sizeof(*to));
	draw_ip(w, c, to);
	if (others) {
		struct sockaddr_storage other = { 0 };

		if (address_of(w, c->other, &other)) {
			*to = other;
			call_text(o, "slot %d's ", c->other);
		}
	}
	if (rare < 4)
		to->ss_family = families[roll(ARRAY_SIZE(families))];
	len = to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					  sizeof(struct sockaddr_in);
	if (rare == 4)
		len = roll(sizeof(*to) + 1);
	if (to->ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *)to)->sin6_addr))
		w->slot[c->slot].mapped = true;
	address_text(w, to, text, sizeof(text));
	call_text(o, "%s, %u", text, len);
	return len;
}

/**
 * result_address - write down an address that a call returned
 * @w: the world
 * @o: where to
 * @a: the address
 * @len: its length
 */
void result_address(struct world *w, struct outcome *o, const struct sockaddr_storage *a,
		    socklen_t len)
{
	char text[96] = "";

	if (len)
		address_text(w, a, text, sizeof(text));
	result_text(o, ", %s (%u)", text, len);
}
