// SPDX-License-Identifier: GPL-2.0
/*
 * The connections that a filter means, kept to do something to each: a dump cannot do that
 * while it walks.
 */
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "xtcpstat.h"

static void keep(const struct sock_info *s, void *arg)
{
	struct matches *m = arg;

	if (!(m->count & (m->count - 1))) {	/* full at each power of two */
		m->list = reallocarray(m->list, m->count ? m->count * 2 : 1, sizeof(*m->list));
		if (!m->list)
			die("out of memory");
	}
	m->list[m->count++] = *s->msg;
}

/**
 * matches_read - find them
 * @m: out, for matches_free()
 * @nl: a socket to NETLINK_SOCK_DIAG
 * @opt: the command line
 */
void matches_read(struct matches *m, struct mnl_socket *nl, const struct options *opt)
{
	struct selection sel;

	memset(m, 0, sizeof(*m));
	selection_init(&sel, opt);
	sel.ext = 0;
	dump_sockets(nl, &sel, keep, m);
}

/**
 * matches_free - forget them
 * @m: what matches_read() found
 */
void matches_free(struct matches *m)
{
	free(m->list);
	memset(m, 0, sizeof(*m));
}

/**
 * matches_complain - why something could not be done to one
 * @one: the connection
 * @why: the kernel's reason
 */
void matches_complain(const struct inet_diag_msg *one, const char *why)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];

	end_text(local, sizeof(local), one->idiag_family, one->id.idiag_src,
		 ntohs(one->id.idiag_sport), true);
	end_text(remote, sizeof(remote), one->idiag_family, one->id.idiag_dst,
		 ntohs(one->id.idiag_dport), true);
	fprintf(stderr, "xtcpstat: %s %s %s: %s\n", local, remote,
		state_text(one->idiag_state), why);
}

/**
 * matches_report - say how it went
 * @m: the connections
 * @opt: the command line
 * @what: what was done to them, as a participle
 * @done: to how many
 * @gone: how many had ended meanwhile
 *
 * Return: exit status: it was done to one at least, and it was refused to none.
 */
int matches_report(const struct matches *m, const struct options *opt, const char *what,
		   size_t done, size_t gone)
{
	size_t refused = m->count - done - gone;

	if (opt->json)
		print_json(json_pack("{s:I, s:I, s:I, s:I}", "matched", (json_int_t)m->count,
				     what, (json_int_t)done, "gone", (json_int_t)gone,
				     "refused", (json_int_t)refused));
	else
		printf("%zu %s%s\n", done, what,
		       m->count ? "" : "; the filter means no connection");
	return done && !refused ? EXIT_SUCCESS : EXIT_FAILURE;
}
