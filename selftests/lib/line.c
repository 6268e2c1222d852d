// SPDX-License-Identifier: GPL-2.0
/*
 * The notation of wire.h.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "wire.h"

struct cursor {
	struct peer	*p;
	struct line	*l;
	const char	*at;
};

static void __attribute__((noreturn, format(printf, 2, 3)))
bad_line(struct cursor *c, const char *format, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	wire_fail(c->p->w, "%s:%d: the line \"%s\" has %s at \"%s\"", c->l->file,
		  c->l->nr, c->l->text, why, c->at);
}

static void skip_space(struct cursor *c)
{
	while (isspace((unsigned char)*c->at))
		c->at++;
}

/* Is @word next? Then step over it. */
static bool take(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	skip_space(c);
	if (strncmp(c->at, word, n))
		return false;
	if (isalpha((unsigned char)word[n - 1]) && isalpha((unsigned char)c->at[n]))
		return false;
	c->at += n;
	return true;
}

static struct number parse_number(struct cursor *c)
{
	struct number n = { .set = true };
	char *end;

	skip_space(c);
	if (*c->at == '*') {
		c->at++;
		n.any = true;
		return n;
	}
	if (*c->at == '=') {
		c->at++;
		n.absolute = true;
	} else if (*c->at == '>') {
		c->at++;
		n.greater = true;
	}
	n.v = strtoll(c->at, &end, 0);
	if (end == c->at)
		bad_line(c, "no number");
	c->at = end;
	return n;
}

static void parse_flags(struct cursor *c)
{
	static const char letters[] = "FSRP.UEW";
	const char *letter;

	skip_space(c);
	if (*c->at == '*') {
		c->at++;
		c->l->any_flags = true;
		return;
	}
	if (*c->at == '-') {
		c->at++;
		return;
	}
	for (; *c->at && !isspace((unsigned char)*c->at); c->at++) {
		letter = strchr(letters, *c->at);
		if (!letter)
			bad_line(c, "an unknown flag");
		c->l->flags |= 1 << (letter - letters);
	}
}

static void parse_hex(struct cursor *c, struct option *o)
{
	unsigned int byte;
	int n;

	skip_space(c);
	for (; isxdigit((unsigned char)*c->at); c->at += 2) {
		if (sscanf(c->at, "%2x%n", &byte, &n) != 1 || n != 2 ||
		    o->nr >= OPT_LEN_MAX)
			bad_line(c, "bad hexadecimal digits");
		o->hex[o->nr++] = byte;
	}
}

static void option_value(struct cursor *c, struct option *o)
{
	struct number n;

	if (take(c, "last")) {
		o->v[o->nr++] = c->p->ts_recent;
		return;
	}
	n = parse_number(c);
	if (n.any)
		o->any |= 1 << o->nr;
	o->v[o->nr++] = n.v;
}

static void parse_option(struct cursor *c)
{
	struct option *o = &c->l->options[c->l->nr_options++];
	/* SACK blocks speak of what the other side sent. */
	uint32_t base = c->l->inject ? c->p->irs : c->p->iss;

	memset(o, 0, sizeof(*o));
	if (take(c, "mss")) {
		o->kind = OPT_MSS;
		option_value(c, o);
	} else if (take(c, "wscale")) {
		o->kind = OPT_WSCALE;
		option_value(c, o);
	} else if (take(c, "sackOK")) {
		o->kind = OPT_SACK_OK;
	} else if (take(c, "sack")) {
		o->kind = OPT_SACK;
		do {
			o->v[o->nr++] = base + parse_number(c).v;
			if (!take(c, ":"))
				bad_line(c, "half a SACK block");
			o->v[o->nr++] = base + parse_number(c).v;
			skip_space(c);
		} while (isdigit((unsigned char)*c->at) && o->nr < 8);
	} else if (take(c, "TS")) {
		o->kind = OPT_TS;
		if (take(c, "*")) {
			o->nr = 2;
			o->any = 3;
			return;
		}
		if (!take(c, "val"))
			bad_line(c, "no \"val\"");
		option_value(c, o);
		if (!take(c, "ecr"))
			bad_line(c, "no \"ecr\"");
		option_value(c, o);
	} else if (take(c, "md5")) {
		o->kind = OPT_MD5;
	} else if (take(c, "nop")) {
		o->kind = OPT_NOP;
	} else if (take(c, "eol")) {
		o->kind = OPT_EOL;
	} else if (take(c, "hex")) {
		o->kind = OPT_HEX;
		parse_hex(c, o);
	} else {
		bad_line(c, "an unknown option");
	}
}

static void parse_options(struct cursor *c)
{
	c->l->has_options = true;
	while (!take(c, ">")) {
		if (c->l->nr_options == MAX_OPTIONS)
			bad_line(c, "too many options");
		parse_option(c);
		take(c, ",");
	}
}

/**
 * parse_line - take a line apart
 * @p: the peer that it speaks of
 * @l: @file and @nr say where it stands
 * @text: the line
 *
 * A line that is none ends the test.
 */
void parse_line(struct peer *p, struct line *l, const char *text)
{
	struct cursor cursor = { .p = p, .l = l, .at = text }, *c = &cursor;
	int i;

	l->text = text;
	l->after = -1;
	l->ecn = -1;
	l->truncate = -1;
	l->offset = -1;
	if (take(c, "+")) {
		char *end;

		l->after = strtod(c->at, &end);
		c->at = end;
	}
	if (take(c, "<"))
		l->inject = true;
	else if (!take(c, ">"))
		bad_line(c, "neither < nor >");
	parse_flags(c);
	l->seq = parse_number(c);
	if (!take(c, ":"))
		bad_line(c, "no \":\"");
	l->end = parse_number(c);
	if (!take(c, "("))
		bad_line(c, "no \"(\"");
	l->len = parse_number(c);
	if (!take(c, ")"))
		bad_line(c, "no \")\"");
	if (!l->seq.any && !l->end.any && !l->len.any &&
	    l->end.v - l->seq.v != l->len.v)
		bad_line(c, "a length that does not fit");
	if (take(c, "ack"))
		l->ack = parse_number(c);
	if (take(c, "win"))
		l->win = parse_number(c);
	if (take(c, "urg"))
		l->urg = parse_number(c);
	for (i = 0; i < 4; i++) {
		if (take(c, ecn_names[i]))
			l->ecn = i;
	}
	if (take(c, "<"))
		parse_options(c);
	while (take(c, "!")) {
		if (take(c, "merged"))
			l->merged = parse_number(c).v;
		else if (take(c, "badcsum"))
			l->bad_csum = true;
		else if (take(c, "short"))
			l->truncate = parse_number(c).v;
		else if (take(c, "off"))
			l->offset = parse_number(c).v;
		else if (take(c, "urg"))
			l->urg = parse_number(c);
		else
			bad_line(c, "an unknown fault");
	}
	skip_space(c);
	if (*c->at)
		bad_line(c, "something unexpected");
	if (l->inject && !l->ack.set && (l->flags & F_ACK))
		bad_line(c, "no \"ack\" for the flag");
}
