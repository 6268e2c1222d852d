// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls that ask and set: options, ioctl() and fcntl(): see calls.h.
 *
 * Any number of an option is drawn, on each level that TCP knows; options_known has those
 * whose value is no number, or which have to stay alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/in6.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

#include "kselftest.h"

#include "calls.h"
#include "dice.h"
#include "util.h"

/* Beyond the last option that any kernel knows. */
#define OPTIONS_END	96

/* What a value looks like. */
enum shape {
	NUMBER,		/* as it is without a row */
	LINGER,		/* struct linger */
	WAIT,		/* struct timeval, which bounds what may wait */
	NAME,		/* of a congestion control */
	KEY,		/* random bytes */
	DEVICE,		/* the name of one */
	NEAR,		/* hops that a segment of this host has made, or no number of hops */
	ALONE,		/* not set: see the row's comment */
	CHANCE = 16,	/* a bit: what is read is chance, but for its length */
	ABSENT = 32,	/* a bit: not offered (kmod/differences.md) */
};

struct known {
	int		level, name;
	int		shape;
};

static const struct known options_known[] = {
	{ SOL_SOCKET, SO_SNDBUF, CHANCE },		/* grows by itself */
	{ SOL_SOCKET, SO_RCVBUF, CHANCE },
	{ SOL_SOCKET, SO_LINGER, LINGER },
	{ SOL_SOCKET, 20, WAIT },			/* SO_RCVTIMEO, SO_SNDTIMEO */
	{ SOL_SOCKET, 21, WAIT },
	{ SOL_SOCKET, 66, WAIT },
	{ SOL_SOCKET, 67, WAIT },
	{ SOL_SOCKET, SO_BINDTODEVICE, DEVICE },
	{ SOL_SOCKET, 28, CHANCE },			/* SO_PEERNAME: has a port */
	{ SOL_SOCKET, SO_PROTOCOL, CHANCE },		/* row SO_PROTOCOL */
	{ SOL_SOCKET, SO_PEERCRED, CHANCE },		/* a process */
	{ SOL_SOCKET, 49, CHANCE },			/* SO_INCOMING_CPU */
	{ SOL_SOCKET, 55, CHANCE },			/* SO_MEMINFO: what a buffer takes */
	{ SOL_SOCKET, 56, CHANCE },			/* SO_INCOMING_NAPI_ID */
	{ SOL_SOCKET, 57, CHANCE },			/* SO_COOKIE */
	{ SOL_SOCKET, 71, CHANCE },			/* SO_NETNS_COOKIE */
	{ SOL_SOCKET, 74, ABSENT },			/* SO_TXREHASH */
	{ SOL_SOCKET, 80, ABSENT },			/* SO_DEVMEM_DONTNEED */
	{ IPPROTO_TCP, TCP_INFO, CHANCE },		/* calls_world.c looks into it */
	{ IPPROTO_TCP, TCP_CONGESTION, NAME },
	{ IPPROTO_TCP, 19, ABSENT },			/* TCP_REPAIR and its companions */
	{ IPPROTO_TCP, 20, ABSENT },
	{ IPPROTO_TCP, 21, ABSENT },
	{ IPPROTO_TCP, 22, ABSENT },
	{ IPPROTO_TCP, 24, ABSENT },
	{ IPPROTO_TCP, 29, ABSENT },
	{ IPPROTO_TCP, 26, CHANCE },			/* TCP_CC_INFO */
	{ IPPROTO_TCP, 28, CHANCE },			/* TCP_SAVED_SYN: its numbers */
	{ IPPROTO_TCP, 31, ABSENT },			/* TCP_ULP */
	{ IPPROTO_TCP, 33, KEY | CHANCE },		/* TCP_FASTOPEN_KEY */
	{ IPPROTO_TCP, 35, ABSENT },			/* TCP_ZEROCOPY_RECEIVE */
	{ IPPROTO_TCP, 38, ABSENT },			/* TCP_AO */
	{ IPPROTO_TCP, 39, ABSENT },
	{ IPPROTO_TCP, 40, ABSENT },
	{ IPPROTO_TCP, 41, ABSENT },
	{ IPPROTO_TCP, 42, ABSENT },
	{ IPPROTO_IP, IP_OPTIONS, ALONE },		/* row "`TCP_MAXSEG` of a socket" */
	{ IPPROTO_IP, IP_MINTTL, NEAR },
	{ IPPROTO_IP, 52, CHANCE },			/* IP_PROTOCOL: row SO_PROTOCOL */
	{ IPPROTO_IPV6, IPV6_ADDRFORM, ABSENT },
	{ IPPROTO_IPV6, 6, ABSENT },			/* IPV6_2292PKTOPTIONS */
	{ IPPROTO_IPV6, IPV6_MINHOPCOUNT, NEAR },
};

/* What the kernel's TCP has, or has as it is now, since a version; xtcp has it everywhere. */
static const struct younger {
	int		level, name;
	unsigned int	major, minor;
} options_younger[] = {
	{ SOL_SOCKET, SO_PEEK_OFF, 6, 9 },
	{ IPPROTO_TCP, TCP_TX_DELAY, 7, 0 },		/* its bounds */
	{ IPPROTO_TCP, 43, 6, 7 },			/* TCP_IS_MPTCP */
	{ IPPROTO_TCP, 44, 6, 15 },			/* TCP_RTO_MAX_MS */
	{ IPPROTO_TCP, 45, 6, 15 },			/* TCP_RTO_MIN_US */
	{ IPPROTO_TCP, 46, 6, 15 },			/* TCP_DELACK_MAX_US */
};

/* What most programs use. */
static const struct known options_usual[] = {
	{ SOL_SOCKET, SO_ERROR, 0 }, { SOL_SOCKET, SO_REUSEADDR, 0 },
	{ SOL_SOCKET, SO_REUSEPORT, 0 }, { SOL_SOCKET, SO_KEEPALIVE, 0 },
	{ SOL_SOCKET, SO_OOBINLINE, 0 }, { SOL_SOCKET, SO_RCVLOWAT, 0 },
	{ SOL_SOCKET, SO_LINGER, 0 }, { SOL_SOCKET, SO_PEEK_OFF, 0 },
	{ SOL_SOCKET, SO_TIMESTAMP, 0 }, { SOL_SOCKET, SO_TIMESTAMPING, 0 },
	{ SOL_SOCKET, SO_ZEROCOPY, 0 }, { IPPROTO_TCP, TCP_TX_DELAY, 0 },
	{ IPPROTO_TCP, TCP_CONGESTION, 0 }, { IPPROTO_IP, IP_MINTTL, 0 },
	{ IPPROTO_IPV6, IPV6_MINHOPCOUNT, 0 },
	{ IPPROTO_TCP, TCP_NODELAY, 0 }, { IPPROTO_TCP, TCP_CORK, 0 },
	{ IPPROTO_TCP, TCP_MAXSEG, 0 }, { IPPROTO_TCP, TCP_DEFER_ACCEPT, 0 },
	{ IPPROTO_TCP, TCP_FASTOPEN, 0 }, { IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0 },
	{ IPPROTO_TCP, TCP_LINGER2, 0 }, { IPPROTO_TCP, TCP_INQ, 0 },
	{ IPPROTO_IP, IP_TOS, 0 }, { IPPROTO_IP, IP_RECVERR, 0 },
	{ IPPROTO_IP, IP_FREEBIND, 0 }, { IPPROTO_IP, IP_TRANSPARENT, 0 },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0 },
	{ IPPROTO_IPV6, IPV6_V6ONLY, 0 }, { IPPROTO_IPV6, IPV6_TCLASS, 0 },
};

static struct known draw_option(void)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6 };
	unsigned int usual = roll(2), which = roll(ARRAY_SIZE(options_usual));
	int level = levels[roll(ARRAY_SIZE(levels))];
	struct known opt = { level, 1 + roll(OPTIONS_END), NUMBER };
	size_t i;

	if (usual)
		opt = options_usual[which];
	if (!roll(64))
		opt.level = roll(300);
	for (i = 0; i < ARRAY_SIZE(options_known); i++)
		if (options_known[i].level == opt.level && options_known[i].name == opt.name)
			opt = options_known[i];
	for (i = 0; i < ARRAY_SIZE(options_younger); i++) {
		const struct younger *y = &options_younger[i];

		if (y->level == opt.level && y->name == opt.name &&
		    kernel_before(y->major, y->minor))
			opt.shape |= ABSENT;
	}
	return opt;
}

static void option_text(struct outcome *o, const struct known *opt)
{
	static const struct { int level, name; const char *text; } names[] = {
#define OPTION(level, name)	{ level, name, #name }
		OPTION(SOL_SOCKET, SO_ERROR), OPTION(SOL_SOCKET, SO_REUSEADDR),
		OPTION(SOL_SOCKET, SO_REUSEPORT), OPTION(SOL_SOCKET, SO_KEEPALIVE),
		OPTION(SOL_SOCKET, SO_OOBINLINE), OPTION(SOL_SOCKET, SO_RCVLOWAT),
		OPTION(SOL_SOCKET, SO_LINGER), OPTION(SOL_SOCKET, SO_PEEK_OFF),
		OPTION(SOL_SOCKET, SO_TIMESTAMPING), OPTION(SOL_SOCKET, SO_SNDBUF),
		OPTION(SOL_SOCKET, SO_RCVBUF), OPTION(IPPROTO_TCP, TCP_NODELAY),
		OPTION(IPPROTO_TCP, TCP_CORK), OPTION(IPPROTO_TCP, TCP_MAXSEG),
		OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT), OPTION(IPPROTO_TCP, TCP_FASTOPEN),
		OPTION(IPPROTO_TCP, TCP_FASTOPEN_CONNECT), OPTION(IPPROTO_TCP, TCP_LINGER2),
		OPTION(IPPROTO_TCP, TCP_INQ), OPTION(IPPROTO_IP, IP_TOS),
		OPTION(IPPROTO_IP, IP_RECVERR), OPTION(IPPROTO_IPV6, IPV6_V6ONLY),
		OPTION(IPPROTO_IPV6, IPV6_TCLASS), OPTION(IPPROTO_TCP, TCP_CONGESTION),
		OPTION(IPPROTO_TCP, TCP_WINDOW_CLAMP), OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].level == opt->level && names[i].name == opt->name) {
			call_text(o, "%s", names[i].text);
			return;
		}
	call_text(o, "%s %d", opt->level == SOL_SOCKET ? "SOL_SOCKET" :
			      opt->level == IPPROTO_TCP ? "IPPROTO_TCP" :
			      opt->level == IPPROTO_IP ? "IPPROTO_IP" :
			      opt->level == IPPROTO_IPV6 ? "IPPROTO_IPV6" : "level ?",
		  opt->name);
}

/* Return: its length. */
static socklen_t draw_value(const struct known *opt, void *value, struct outcome *o)
{
	static const char *const names[] = {
		"reno", "cubic", "dctcp", "bbr", "none", "", "cubicle",
	};
	static const int hops[] = { 0, 1, -1, 256, INT_MAX, INT_MIN };
	static const char *const devices[] = { "lo", "wire", "none", "" };
	struct timeval t = { .tv_usec = 1000 * (1 + roll(20)) };
	struct linger linger = { roll(3), roll(8) ? 0 : roll(2) };
	int number = draw_number();
	const char *text;
	unsigned int i;

	switch (opt->shape & ~(CHANCE | ABSENT)) {
	case LINGER:
		memcpy(value, &linger, sizeof(linger));
		call_text(o, "{%d, %d}", linger.l_onoff, linger.l_linger);
		return sizeof(linger);
	case WAIT:
		if (!roll(4))
			t.tv_usec = roll(2) ? -1 : 1000000;
		memcpy(value, &t, sizeof(t));
		call_text(o, "%ld us", (long)t.tv_usec);
		return sizeof(t);
	case NAME:
	case DEVICE:
		text = opt->shape == NAME ? names[roll(ARRAY_SIZE(names))] :
					    devices[roll(ARRAY_SIZE(devices))];
		strcpy(value, text);
		call_text(o, "\"%s\"", text);
		return strlen(text) + roll(2);
	case NEAR:
		number = hops[roll(ARRAY_SIZE(hops))];
		memcpy(value, &number, sizeof(number));
		call_text(o, "%d", number);
		return sizeof(number);
	case KEY:
		for (i = 0; i < 32; i++)
			((unsigned char *)value)[i] = roll(256);
		call_text(o, "random");
		return roll(4) ? 16 * (1 + roll(2)) : roll(48);
	default:
		memcpy(value, &number, sizeof(number));
		call_text(o, "%d", number);
		return sizeof(number);
	}
}

static void make_setsockopt(struct world *w, const struct call *c, struct outcome *o)
{
	struct known opt = draw_option();
	unsigned char value[64] = { 0 };
	bool bad = !roll(32), odd = !roll(16);
	socklen_t len;
	int fd = world_fd(w, c->slot);

	call_text(o, "setsockopt(%d, ", c->slot);
	option_text(o, &opt);
	call_text(o, ", ");
	len = draw_value(&opt, value, o);
	if (odd)
		len = roll(2) ? roll(40) : draw_number();
	call_text(o, ", %d%s)", (int)len, bad ? ", at 8" : "");
	if (opt.shape & ABSENT || opt.shape == ALONE) {
		result_text(o, "not made");
		return;
	}
	if (!result_of(o, setsockopt(fd, opt.level, opt.name, bad ? (void *)8 : value, len)) &&
	    opt.level == SOL_SOCKET && (opt.name == SO_RCVBUF || opt.name == SO_RCVBUFFORCE))
		w->slot[c->slot].shrunk = true;
}

static void make_getsockopt(struct world *w, const struct call *c, struct outcome *o)
{
	struct known opt = draw_option();
	socklen_t len = roll(4) ? sizeof(int) : roll(4) ? 256 : draw_number(), room;
	unsigned char value[512];
	bool bad = !roll(32);
	int fd = world_fd(w, c->slot), number;
	socklen_t i;

	memset(value, 0x55, sizeof(value));
	call_text(o, "getsockopt(%d, ", c->slot);
	option_text(o, &opt);
	call_text(o, ", %d%s)", (int)len, bad ? ", at 8" : "");
	if (opt.shape & ABSENT) {
		result_text(o, "not made");
		return;
	}
	/* more room than there is */
	if ((int)len > (int)sizeof(value))
		len = sizeof(value);
	room = len;
	errno = 0;
	if (result_of(o, getsockopt(fd, opt.level, opt.name, bad ? (void *)8 : value, &len))) {
		result_text(o, " (%d)", (int)len);
		return;
	}
	result_text(o, " (%d)", (int)len);
	memcpy(&number, value, sizeof(number));
	if (opt.shape & CHANCE || bad ||
	    (opt.level == IPPROTO_TCP && opt.name == TCP_MAXSEG && len == sizeof(number) &&
	     number > CALLS_HALF_WINDOW))
		return;
	for (i = 0; i < len && i < room && i < 32; i++)
		result_text(o, "%s%02x", i % 4 ? "" : " ", value[i]);
}

static void make_ioctl(struct world *w, const struct call *c, struct outcome *o)
{
	static const struct { unsigned long request; const char *text; } requests[] = {
		{ SIOCINQ, "SIOCINQ" }, { SIOCOUTQ, "SIOCOUTQ" },
		{ SIOCOUTQNSD, "SIOCOUTQNSD" }, { SIOCATMARK, "SIOCATMARK" }, { 0x1234, "0x1234" },
		{ FIOASYNC, "FIOASYNC" }, { FIONBIO, "FIONBIO" }, { SIOCGPGRP, "SIOCGPGRP" },
		{ FIOGETOWN, "FIOGETOWN" },
	};
	unsigned int i = roll(ARRAY_SIZE(requests));
	bool bad = !roll(32);
	int n = roll(2);

	call_text(o, "ioctl(%d, %s, %d%s)", c->slot, requests[i].text, n, bad ? " at 8" : "");
	if (!result_of(o, ioctl(world_fd(w, c->slot), requests[i].request, bad ? (int *)8 : &n)))
		result_text(o, ", %d", n);
}

/* Who gets SIGURG and SIGIO: us, who ignore them, nobody, or who is not there. */
static void make_owner(struct world *w, const struct call *c, struct outcome *o)
{
	const struct { int pid; const char *text; } owners[] = {
		{ getpid(), "us" }, { 0, "nobody" },
		{ INT_MAX, "INT_MAX" }, { INT_MIN, "INT_MIN" }, { -INT_MAX, "-INT_MAX" },
	};
	unsigned int i, which = roll(ARRAY_SIZE(owners));
	int fd = world_fd(w, c->slot), owner;

	if (roll(2)) {
		call_text(o, "fcntl(%d, F_SETOWN, %s)", c->slot, owners[which].text);
		result_of(o, fcntl(fd, F_SETOWN, owners[which].pid));
		return;
	}
	call_text(o, "fcntl(%d, F_GETOWN)", c->slot);
	owner = fcntl(fd, F_GETOWN);
	for (i = 0; i < ARRAY_SIZE(owners); i++)
		if (owners[i].pid == owner) {
			result_text(o, "%s", owners[i].text);
			return;
		}
	result_of(o, owner);
}

static void make_fcntl(struct world *w, const struct call *c, struct outcome *o)
{
	int fd = world_fd(w, c->slot);
	bool wait = !roll(4);

	if (roll(2)) {
		call_text(o, "fcntl(%d, F_SETFL, %s)", c->slot, wait ? "0" : "O_NONBLOCK");
		result_of(o, fcntl(fd, F_SETFL, wait ? 0 : O_NONBLOCK));
	} else {
		call_text(o, "fcntl(%d, F_GETFL)", c->slot);
		result_of(o, fcntl(fd, F_GETFL));
	}
}

const struct call_kind calls_option[] = {
	CALL_KIND(setsockopt, 16),
	CALL_KIND(getsockopt, 12),
	CALL_KIND(ioctl, 4),
	CALL_KIND(fcntl, 2),
	CALL_KIND(owner, 2),
	{ }
};
