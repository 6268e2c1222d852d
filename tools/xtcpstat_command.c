// SPDX-License-Identifier: GPL-2.0
/*
 * The commands: one table.
 */
#include <string.h>

#include "xtcpstat.h"

static const struct command commands[] = {
	{ "events",	"[FILTER]",	"print transitions as they happen",
	  TAKES_FILTER, command_events },
	{ "life",	"[FILTER]",	"a line for each connection that ends",
	  TAKES_FILTER, command_life },
	{ "top",	"[FILTER]",	"who is busiest, again and again",
	  TAKES_FILTER, command_top },
	{ "why",	"[FILTER | ended [FILTER] | listener PORT | port PORT | dest ADDRESS]",
	  "why connections are as they are, and who has to act",
	  TAKES_WORDS, command_why },
	{ "kill",	"FILTER",	"end connections",
	  TAKES_FILTER, command_kill },
	{ "set",	"FILTER KNOB=VALUE...", "set something of connections of others",
	  TAKES_WORDS, command_set },
	{ "fsm",	"",		"draw the state machine with its counts",
	  TAKES_NOTHING, command_fsm },
	{ "counters",	"",		"counters that are not zero",
	  TAKES_NOTHING, command_counters },
	{ "stats",	"",		"the same",
	  TAKES_NOTHING, command_counters },
	{ "reasons",	"",		"why states changed and RSTs were sent, how often",
	  TAKES_NOTHING, command_reasons },
	{ "metrics",	"",		"states and counters for Prometheus",
	  TAKES_NOTHING, command_metrics },
};

/**
 * command_at - the commands
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const struct command *command_at(unsigned int i)
{
	return i < sizeof(commands) / sizeof(commands[0]) ? &commands[i] : NULL;
}

/**
 * command_find - a command
 * @name: its name
 *
 * Return: NULL when there is none of that name.
 */
const struct command *command_find(const char *name)
{
	const struct command *c;
	unsigned int i;

	for (i = 0; (c = command_at(i)); i++) {
		if (!strcmp(c->name, name))
			return c;
	}
	return NULL;
}
