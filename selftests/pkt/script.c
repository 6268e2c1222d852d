// SPDX-License-Identifier: GPL-2.0
/*
 * Scripts, taken apart: lines of "TIME WHAT", where WHAT is a call and its result, a
 * packet, a command between backticks, or assertions between %{ and }%.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt.h"

/* Where the reader is. */
static const char *at, *begin;

#define FIN	0x01
#define SYN	0x02
#define ACK	0x10

static int line_now(void)
{
	int n = 1;

	for (const char *p = begin; p < at; p++)
		n += *p == '\n';
	return n;
}

__attribute__((noreturn)) static void bad(const char *what)
{
	world.line = line_now();
	fail("cannot read %s at \"%.*s\"", what, (int)strcspn(at, "\n"), at);
}

static void *room(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		fail("no memory");
	return p;
}

static char *copy(const char *from, size_t n)
{
	char *to = room(n + 1);

	memcpy(to, from, n);
	return to;
}

/* Over white space and comments. */
static void skip(void)
{
	for (;;) {
		at += strspn(at, " \t\r\n");
		if (!strncmp(at, "//", 2)) {
			at += strcspn(at, "\n");
		} else if (!strncmp(at, "/*", 2)) {
			const char *end = strstr(at, "*/");

			if (!end)
				bad("a comment");
			at = end + 2;
		} else {
			return;
		}
	}
}

static bool take(const char *word)
{
	skip();
	if (strncmp(at, word, strlen(word)))
		return false;
	at += strlen(word);
	return true;
}

static void need(const char *word)
{
	if (!take(word))
		bad(word);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* take() of a whole word */
static bool take_word(const char *word)
{
	skip();
	if (strncmp(at, word, strlen(word)) || is_word(at[strlen(word)]))
		return false;
	at += strlen(word);
	return true;
}

static char *word(void)
{
	const char *from;

	skip();
	from = at;
	while (is_word(*at))
		at++;
	if (at == from)
		bad("a word");
	return copy(from, at - from);
}

static long long number(void)
{
	long long n;
	char *end;

	skip();
	n = strtoll(at, &end, strncmp(at, "0x", 2) ? 10 : 16);
	if (end == at)
		bad("a number");
	at = end;
	return n;
}

/* ---- values -------------------------------------------------------------- */

static struct value *value(void);

static struct value *values(const char *end)
{
	struct value *first = NULL, **to = &first;

	if (take(end))
		return NULL;
	do {
		*to = value();
		to = &(*to)->next;
	} while (take(","));
	need(end);
	return first;
}

static void string(struct value *v)
{
	size_t n = 0;

	v->kind = V_STRING;
	v->s = room(strlen(at));
	for (at++; *at != '"'; n++) {
		if (!*at)
			bad("a string");
		if (at[0] == '\\' && at[1] == 'x') {
			v->s[n] = strtol((char[]){ at[2], at[3], 0 }, NULL, 16);
			at += 4;
		} else {
			v->s[n] = *at++;
		}
	}
	at++;
	v->i = n;
}

static struct value *value(void)
{
	struct value *v = room(sizeof(*v));
	const char *from;

	skip();
	if (take("...")) {
		v->kind = V_ANY;
	} else if (take("[")) {
		v->kind = V_LIST;
		v->first = values("]");
	} else if (take("{")) {
		v->kind = V_STRUCT;
		v->first = values("}");
	} else if (*at == '"') {
		string(v);
	} else if (isdigit((unsigned char)*at) || *at == '-') {
		v->kind = V_INT;
		v->i = number();
	} else {
		char *name = word();
		long long i;

		/* name(...)= is as good as name= */
		from = at;
		if (take("("))
			at += strcspn(at, ")") + 1;
		if (take("=")) {
			v = value();
			v->name = name;
			return v;
		}
		at = from;
		if (!name_value(name, &i))
			bad(name);
		v->kind = strcmp(name, "NULL") ? V_INT : V_STRING;
		v->i = i;
	}
	while (v->kind == V_INT && take("|"))
		v->i |= value()->i;
	return v;
}

struct value *value_at(struct value *first, int n)
{
	while (first && n--)
		first = first->next;
	if (!first)
		fail("too few arguments");
	return first;
}

struct value *value_field(const struct value *v, const char *name)
{
	struct value *f;

	if (v->kind != V_STRUCT)
		return NULL;
	for (f = v->first; f; f = f->next)
		if (f->name && !strcmp(f->name, name))
			return f;
	return NULL;
}

/* What is in parentheses behind a result is for people. */
static void remark(void)
{
	at += strspn(at, " \t");
	if (*at == '(')
		at += strcspn(at, ")\n") + 1;
}

static void read_call(struct call *c)
{
	const char *from;

	c->name = word();
	need("(");
	c->args = values(")");
	need("=");
	c->result = number();
	remark();
	from = at;
	at += strspn(at, " \t");
	if (c->result < 0 && *at == 'E') {
		long long e;

		if (!name_value(word(), &e))
			bad("an error");
		c->error = e;
		remark();
	} else {
		at = from;
	}
}

/* ---- packets ------------------------------------------------------------- */

static void put(struct packet *p, uint32_t v, int bytes)
{
	if (p->options_len + bytes > OPTIONS_MAX)
		bad("so many options");
	while (bytes--)
		p->options[p->options_len++] = v >> 8 * bytes;
}

/* Bytes in hexadecimal, or one of the names for some, behind a kind and its length. */
static void put_hex(struct packet *p, int kind, bool experiment)
{
	const char *hex = "";
	size_t n;

	at += strspn(at, " \t");
	if (is_word(*at))
		hex = word();
	if (!strcmp(hex, "TFO_COOKIE"))
		hex = world.form == IPV6 ? "c1d1e9742a47a9bc" : "3021b9d889017eeb";
	else if (!strcmp(hex, "TFO_COOKIE_ZERO"))
		hex = world.form == IPV6 ? "82af1a8f9a205c34" : "b7c12350a90dc8f5";
	n = strlen(hex) / 2;
	put(p, kind, 1);
	put(p, 2 + 2 * experiment + n, 1);
	if (experiment)
		put(p, 0xf989, 2);
	for (; n--; hex += 2)
		put(p, strtol((char[]){ hex[0], hex[1], 0 }, NULL, 16), 1);
}

static void read_accecn(struct packet *p)
{
	size_t start = p->options_len;
	bool first = true;

	put(p, 0, 2);
	do {
		char *name = word();

		/* the field that comes first tells the order */
		if (first)
			p->options[start] = strcmp(name, "e0b") ? 174 : 172;
		first = false;
		put(p, number(), 3);
		skip();
	} while (is_word(*at));
	p->options[start + 1] = p->options_len - start;
}

static void read_option(struct packet *p)
{
	if (take_word("nop")) {
		put(p, 1, 1);
	} else if (take_word("eol")) {
		put(p, 0, 1);
	} else if (take_word("mss")) {
		put(p, 0x0204, 2);
		put(p, number(), 2);
	} else if (take_word("wscale")) {
		put(p, 0x0303, 2);
		put(p, number(), 1);
	} else if (take_word("sackOK")) {
		put(p, 0x0402, 2);
	} else if (take_word("sack")) {
		size_t start = p->options_len;

		put(p, 0x0500, 2);
		p->sack = p->options_len;
		for (skip(); isdigit((unsigned char)*at); skip()) {
			put(p, number(), 4);
			need(":");
			put(p, number(), 4);
			p->sacks++;
		}
		p->options[start + 1] = p->options_len - start;
	} else if (take_word("TS")) {
		put(p, 0x080a, 2);
		p->ts = p->options_len;
		need("val");
		put(p, number(), 4);
		need("ecr");
		put(p, number(), 4);
	} else if (take_word("FOEXP")) {
		put_hex(p, 254, true);
	} else if (take_word("FO")) {
		put_hex(p, 34, false);
	} else if (take_word("md5")) {
		put_hex(p, 19, false);
	} else if (take_word("ECN")) {
		read_accecn(p);
	} else {
		bad("an option");
	}
}

static void read_flags(struct packet *p)
{
	static const char letters[] = "FSRP.UEWA";

	skip();
	for (; *at && !isspace((unsigned char)*at); at++) {
		const char *l = strchr(letters, *at);

		if (*at >= '0' && *at <= '7')	/* the counter of AccECN */
			p->flags |= (*at - '0') << 6;
		else if (l)
			p->flags |= 1 << (l - letters);
		else if (*at != '-')
			bad("flags");
	}
}

/* FROM:TO(LENGTH) */
static void read_range(struct packet *p)
{
	p->seq = number();
	need(":");
	number();
	need("(");
	p->len = number();
	need(")");
}

static void read_icmp(struct packet *p)
{
	static const struct { const char *name; int code; } codes[] = {
		{ "net_unreachable", 0 }, { "host_unreachable", 1 },
		{ "protocol_unreachable", 2 }, { "port_unreachable", 3 },
	};

	p->icmp = true;
	need("unreachable");
	for (int i = 0; i < 4; i++)
		if (take_word(codes[i].name))
			p->icmp_code = codes[i].code;
	need("[");
	read_range(p);
	need("]");
}

static void read_packet(struct packet *p)
{
	static const char *const ecn[] = { "[noecn]", "[ect1]", "[ect0]", "[ce]" };

	p->ecn = -1;
	for (int i = 0; i < 4; i++)
		if (take(ecn[i]))
			p->ecn = i;
	if (take_word("icmp")) {
		read_icmp(p);
		return;
	}
	read_flags(p);
	read_range(p);
	if (take_word("ack")) {
		p->has_ack = true;
		p->ack = number();
	}
	if (take_word("win")) {
		p->has_win = true;
		p->win = number();
	}
	if (take_word("urg"))
		p->urg = number();
	/* on the same line: the next could begin with a "<" only behind its time */
	if (!take("<"))
		return;
	if (take("...>")) {
		p->any_options = true;
		return;
	}
	do
		read_option(p);
	while (take(","));
	need(">");
}

/* ---- events -------------------------------------------------------------- */

/* Seconds, to microseconds; those of 1...2 have no point at their end. */
static long long seconds(void)
{
	long long us = 0, unit = 100000;

	skip();
	for (; isdigit((unsigned char)*at); at++)
		us = us * 10 + *at - '0';
	us *= 1000000;
	if (*at == '.' && isdigit((unsigned char)at[1]))
		for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
			us += (*at - '0') * unit;
	return us;
}

static void read_time(struct event *e)
{
	e->until = -1;
	skip();
	if (*at == '`' || !strncmp(at, "%{", 2)) {
		e->time = T_NONE;
		return;
	}
	if (take("*")) {
		e->time = T_ANY;
		return;
	}
	e->time = take("+") ? T_RELATIVE : T_ABSOLUTE;
	skip();
	if (!isdigit((unsigned char)*at) && *at != '.')
		bad("a time");
	e->at = seconds();
	if (take("...")) {
		take("+");
		e->blocks = true;
		e->until = seconds();
	} else if (take("~")) {
		take("+");
		e->until = seconds();
	}
}

static char *until(const char *end)
{
	const char *to = strstr(at, end);
	char *text;

	if (!to)
		bad(end);
	text = copy(at, to - at);
	at = to + strlen(end);
	return text;
}

static void read_option_line(struct script *s)
{
	static const struct { const char *name; size_t offset; } options[] = {
		{ "--tolerance_usecs=", offsetof(struct script, tolerance) },
		{ "--tcp_ts_tick_usecs=", offsetof(struct script, tick) },
	};

	for (int i = 0; i < 2; i++)
		if (take(options[i].name)) {
			*(long long *)((char *)s + options[i].offset) = number();
			return;
		}
	if (take("--mss="))
		s->mss = number();
	else	/* --ip_version= is read by who starts us, --send_omit_free is no matter */
		at += strcspn(at, "\n");
}

struct script *script_read(const char *path)
{
	struct script *s = room(sizeof(*s));
	struct event **to = &s->events;
	static char text[1 << 20];
	FILE *f = fopen(path, "re");

	if (!f)
		fail("cannot open %s", path);
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	s->tolerance = 4000;
	begin = text;
	at = text;
	for (skip(); *at; skip()) {
		struct event *e;

		/* the first line of a script may name who runs it */
		if (*at == '#') {
			at += strcspn(at, "\n");
			continue;
		}
		if (!strncmp(at, "--", 2)) {
			read_option_line(s);
			continue;
		}
		e = room(sizeof(*e));
		e->line = line_now();
		read_time(e);
		skip();
		if (take("`")) {
			e->kind = E_SHELL;
			e->text = until("`");
		} else if (take("%{")) {
			e->kind = E_CODE;
			e->text = until("}%");
		} else if (*at == '<' || *at == '>') {
			e->kind = E_PACKET;
			e->packet.inbound = *at++ == '<';
			read_packet(&e->packet);
		} else {
			e->kind = E_CALL;
			read_call(&e->call);
		}
		*to = e;
		to = &e->next;
	}
	return s;
}
