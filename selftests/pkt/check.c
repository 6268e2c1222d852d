// SPDX-License-Identifier: GPL-2.0
/*
 * Assertions about a socket: "assert EXPRESSION, REMARK", one a line or between
 * semicolons, as Python reads them.  Names are fields of tcp_info and constants.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pkt.h"

/* tcp_info may be longer than the headers that this is built with know. */
union answer {
	struct tcp_info	info;
	uint8_t		bytes[512];
};

static union answer answer;
static uint32_t memory[SK_MEMINFO_VARS];

#define F(field) { #field, offsetof(struct tcp_info, tcpi_##field), \
		   sizeof(((struct tcp_info *)0)->tcpi_##field) }

static const struct field {
	const char	*name;
	size_t		offset, size;
} fields[] = {
	F(state), F(ca_state), F(retransmits), F(probes), F(backoff), F(options), F(rto),
	F(ato), F(snd_mss), F(rcv_mss), F(unacked), F(sacked), F(lost), F(retrans),
	F(last_data_sent), F(last_data_recv), F(last_ack_recv), F(pmtu), F(rcv_ssthresh),
	F(rtt), F(rttvar), F(snd_ssthresh), F(snd_cwnd), F(advmss), F(reordering), F(rcv_rtt),
	F(rcv_space), F(total_retrans), F(pacing_rate), F(bytes_acked), F(bytes_received),
	F(segs_out), F(segs_in), F(notsent_bytes), F(min_rtt), F(data_segs_in),
	F(data_segs_out), F(delivery_rate), F(busy_time), F(rwnd_limited), F(sndbuf_limited),
	F(delivered), F(delivered_ce), F(bytes_sent), F(bytes_retrans), F(dsack_dups),
	F(reord_seen), F(rcv_ooopack), F(snd_wnd),
	{ "rcv_wnd", 232, 4 }, { "received_ce", 248, 4 }, { "delivered_e1_bytes", 252, 4 },
	{ "delivered_e0_bytes", 256, 4 }, { "delivered_ce_bytes", 260, 4 },
};

static const char *p, *stmt;
static char seen[256];

static long long either(void);

static void skip(void)
{
	while (isspace((unsigned char)*p) || *p == '\\')
		p++;
}

static bool take(const char *what)
{
	size_t n = strlen(what);

	skip();
	if (strncmp(p, what, n) || (isalpha((unsigned char)*what) &&
				    (isalnum((unsigned char)p[n]) || p[n] == '_')))
		return false;
	p += n;
	return true;
}

static long long field_value(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		uint64_t v = 0;

		if (strcmp(fields[i].name, name))
			continue;
		memcpy(&v, answer.bytes + fields[i].offset, fields[i].size);
		return v;
	}
	if (!strcmp(name, "snd_wscale"))
		return answer.info.tcpi_snd_wscale;
	if (!strcmp(name, "rcv_wscale"))
		return answer.info.tcpi_rcv_wscale;
	fail("tcp_info has no %s", name);
}

static long long atom(void)
{
	char name[64];
	size_t n = 0;
	long long v;

	skip();
	if (take("(")) {
		v = either();
		if (!take(")"))
			fail("cannot read \"%s\"", stmt);
		return v;
	}
	if (isdigit((unsigned char)*p))
		return strtoll(p, (char **)&p, 0);
	while ((isalnum((unsigned char)*p) || *p == '_') && n < sizeof(name) - 1)
		name[n++] = *p++;
	name[n] = 0;
	if (!strncmp(name, "tcpi_", 5)) {
		v = field_value(name + 5);
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), " %s=%lld", name, v);
		return v;
	}
	if (!strcmp(name, "SK_MEMINFO_RCVBUF")) {
		v = memory[SK_MEMINFO_RCVBUF];
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), " %s=%lld", name, v);
		return v;
	}
	if (!n || !name_value(name, &v))
		fail("cannot read \"%s\" at \"%s\"", stmt, p - n);
	return v;
}

static long long product(void)
{
	long long v = atom();

	while (take("*"))
		v *= atom();
	return v;
}

static long long sum(void)
{
	long long v = product();

	for (;;) {
		if (take("+"))
			v += product();
		else if (take("-"))
			v -= product();
		else
			return v;
	}
}

static long long bits(void)
{
	long long v = sum();

	for (;;) {
		if (take("&"))
			v &= sum();
		else if (take("|"))
			v |= sum();
		else
			return v;
	}
}

/* a <= b <= c is a <= b and b <= c */
static long long comparison(void)
{
	long long a = bits(), b;
	bool compared = false, ok = true;

	for (;; a = b) {
		if (take("==")) {
			b = bits();
			ok &= a == b;
		} else if (take("!=")) {
			b = bits();
			ok &= a != b;
		} else if (take("<=")) {
			b = bits();
			ok &= a <= b;
		} else if (take(">=")) {
			b = bits();
			ok &= a >= b;
		} else if (take("<")) {
			b = bits();
			ok &= a < b;
		} else if (take(">")) {
			b = bits();
			ok &= a > b;
		} else {
			return compared ? ok : a;
		}
		compared = true;
	}
}

static long long negation(void)
{
	return take("not") ? !negation() : comparison();
}

static long long both(void)
{
	long long v = negation(), w;

	while (take("and")) {
		w = negation();
		v = v && w;
	}
	return v;
}

static long long either(void)
{
	long long v = both(), w;

	while (take("or")) {
		w = both();
		v = v || w;
	}
	return v;
}

static void ask(void)
{
	socklen_t len = sizeof(answer), mlen = sizeof(memory);

	memset(&answer, 0, sizeof(answer));
	if (world.sock < 0)
		fail("no socket to ask");
	if (getsockopt(world.sock, IPPROTO_TCP, TCP_INFO, &answer, &len))
		fail("TCP_INFO: %s", strerror(errno));
	if (getsockopt(world.sock, SOL_SOCKET, SO_MEMINFO, memory, &mlen))
		memset(memory, 0, sizeof(memory));
}

/**
 * check_code - evaluate assertions, now
 * @text: what was between %{ and }%
 */
void check_code(const char *text)
{
	char *copy = strdup(text), *s, *save;

	ask();
	/* a comment ends with its line; a continued line is none */
	for (s = copy; (s = strchr(s, '#'));)
		memset(s, ' ', strcspn(s, "\n"));
	for (s = copy; (s = strstr(s, "\\\n"));)
		memset(s, ' ', 2);
	for (s = strtok_r(copy, ";\n", &save); s; s = strtok_r(NULL, ";\n", &save)) {
		stmt = s;
		p = s;
		seen[0] = 0;
		skip();
		if (!*p)
			continue;
		if (!take("assert"))
			fail("cannot read \"%s\"", s);
		if (!either())
			fail("%s:%s", s + strspn(s, " \t"), seen);
		skip();
		if (*p && *p != ',')
			fail("cannot read \"%s\" behind \"%s\"", s, p);
	}
	free(copy);
}
