// SPDX-License-Identifier: GPL-2.0
/* What connections that are watched spent their time with, for people and for programs. */
#include <stdio.h>

#include "xtcpstat.h"

/* One kind of clocks, by the part of the time that each took; nothing of none. */
static void print_clock(const char *what, const __u64 *us, unsigned int nr, __u64 total,
			const char *(*name)(unsigned int i))
{
	const char *sep = "";
	unsigned int i;

	if (!total)
		return;
	printf("%s", what);
	for (i = 0; i < nr; i++) {
		if (us[i] * 200 < total)
			continue;
		printf("%s%s %.0f %%", sep, name(i), us[i] * 100.0 / total);
		sep = ", ";
	}
}

/**
 * print_clocks - a line for people
 * @c: the clocks
 */
void print_clocks(const struct xtcp_clock_info *c)
{
	printf("    in %.3f s: ", c->total_us / 1e6);
	print_clock("", c->state_us, XTCP_STATE_NR, c->total_us, state_text);
	print_clock("; sending: ", c->send_us, XTCP_SEND_WAIT_NR, c->total_us,
		    send_wait_name);
	print_clock("; receiving: ", c->recv_us, XTCP_RECV_WAIT_NR, c->total_us,
		    recv_wait_name);
	putchar('\n');
}

static json_t *json_clock(const __u64 *us, unsigned int nr, const char *(*name)(unsigned int i))
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (us[i])
			json_object_set_new(o, name(i), json_integer(us[i]));
	return o;
}

/**
 * json_clocks - an object for programs
 * @c: the clocks
 *
 * Return: it.
 */
json_t *json_clocks(const struct xtcp_clock_info *c)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "total_us", (json_int_t)c->total_us,
			 "states_us", json_clock(c->state_us, XTCP_STATE_NR, state_text),
			 "sending_us", json_clock(c->send_us, XTCP_SEND_WAIT_NR,
						  send_wait_name),
			 "receiving_us", json_clock(c->recv_us, XTCP_RECV_WAIT_NR,
						    recv_wait_name));
}
