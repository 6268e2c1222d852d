// SPDX-License-Identifier: GPL-2.0
/*
 * What can be set of somebody else's connection: KNOB=VALUE.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

typedef bool (*knob_put_t)(struct nlmsghdr *nlh, uint16_t attr, const char *val);

static bool put_text(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	if (!*val || strlen(val) > 15)
		return false;
	mnl_attr_put_strz(nlh, attr, val);
	return true;
}

static bool put_switch(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	bool on = !strcmp(val, "on") || !strcmp(val, "1");

	if (!on && strcmp(val, "off") && strcmp(val, "0"))
		return false;
	mnl_attr_put_u8(nlh, attr, on);
	return true;
}

/* Digits, and behind them what the number is multiplied by. */
static bool scaled(const char *val, const char *const units[], const uint64_t factors[],
		   uint64_t *number)
{
	char *end;
	size_t i;

	if (!isdigit((unsigned char)*val))
		return false;
	*number = strtoull(val, &end, 10);
	for (i = 0; units[i]; i++) {
		if (!strcmp(end, units[i]))
			return !__builtin_mul_overflow(*number, factors[i], number);
	}
	return !*end;
}

static bool put_number(struct nlmsghdr *nlh, uint16_t attr, uint64_t number)
{
	if (number > UINT32_MAX)
		return false;
	mnl_attr_put_u32(nlh, attr, number);
	return true;
}

static bool put_count(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	static const char *const none[] = { NULL };
	uint64_t number;

	return scaled(val, none, NULL, &number) && put_number(nlh, attr, number);
}

static bool put_seconds(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	static const char *const units[] = { "s", "m", "h", NULL };
	static const uint64_t factors[] = { 1, 60, 3600 };
	uint64_t number;

	return scaled(val, units, factors, &number) && put_number(nlh, attr, number);
}

static bool put_milliseconds(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	static const char *const units[] = { "ms", "s", "m", "h", NULL };
	static const uint64_t factors[] = { 1, 1000, 60000, 3600000 };
	uint64_t number;

	return scaled(val, units, factors, &number) && put_number(nlh, attr, number);
}

/* Bytes per second; bits in the words of tc. */
static bool put_rate(struct nlmsghdr *nlh, uint16_t attr, const char *val)
{
	static const char *const units[] = { "k", "m", "g", NULL };
	static const char *const bits[] = { "kbit", "mbit", "gbit", NULL };
	static const uint64_t factors[] = { 1000, 1000000, 1000000000 };
	static const uint64_t eighths[] = { 125, 125000, 125000000 };
	uint64_t number;

	if (!strcmp(val, "max"))
		number = UINT64_MAX;
	else if (!scaled(val, units, factors, &number) && !scaled(val, bits, eighths, &number))
		return false;
	mnl_attr_put_u64(nlh, attr, number);
	return true;
}

static const struct {
	const char *name;
	uint16_t attr;
	knob_put_t put;
	const char *values;
} knobs[] = {
	{ "congestion",		XTCP_A_SOCK_CONGESTION,		put_text,
	  "the name of a congestion control" },
	{ "user-timeout",	XTCP_A_SOCK_USER_TIMEOUT,	put_milliseconds,
	  "milliseconds, or a number with ms, s, m, h" },
	{ "keepalive",		XTCP_A_SOCK_KEEPALIVE,		put_switch,
	  "on or off" },
	{ "keepidle",		XTCP_A_SOCK_KEEPIDLE,		put_seconds,
	  "seconds, or a number with s, m, h" },
	{ "keepintvl",		XTCP_A_SOCK_KEEPINTVL,		put_seconds,
	  "seconds, or a number with s, m, h" },
	{ "keepcnt",		XTCP_A_SOCK_KEEPCNT,		put_count,
	  "a number" },
	{ "pacing-rate",	XTCP_A_SOCK_MAX_PACING_RATE,	put_rate,
	  "bytes per second; a number with k, m, g, kbit, mbit, gbit; or max" },
	{ "watch",		XTCP_A_SOCK_WATCH,		put_switch,
	  "on or off" },
};

#define NR_KNOBS	(sizeof(knobs) / sizeof(knobs[0]))

/**
 * knob_word - the knobs' names
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const char *knob_word(unsigned int i)
{
	return i < NR_KNOBS ? knobs[i].name : NULL;
}

/**
 * knob_values - what may be behind the equals sign
 * @i: from 0, below the number of knobs
 *
 * Return: in words.
 */
const char *knob_values(unsigned int i)
{
	return knobs[i].values;
}

/**
 * knob_find - which knob an argument sets
 * @word: KNOB=VALUE
 *
 * Return: its number; -1: there is none of that name.
 */
int knob_find(const char *word)
{
	size_t len = strcspn(word, "="), i;

	for (i = 0; word[len] && i < NR_KNOBS; i++) {
		if (strlen(knobs[i].name) == len && !strncmp(word, knobs[i].name, len))
			return i;
	}
	return -1;
}

/**
 * knob_put - add a knob to a request
 * @nlh: the request
 * @word: KNOB=VALUE that knob_find() knows
 *
 * Return: false: its value is none.
 */
bool knob_put(struct nlmsghdr *nlh, const char *word)
{
	int knob = knob_find(word);

	return knob >= 0 && knobs[knob].put(nlh, knobs[knob].attr, strchr(word, '=') + 1);
}
