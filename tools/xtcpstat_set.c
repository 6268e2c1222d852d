// SPDX-License-Identifier: GPL-2.0
/*
 * Settings of connections of others: "xtcpstat set FILTER KNOB=VALUE...".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

/**
 * struct setting - what is set
 * @words: KNOB=VALUE
 * @nr: how many
 */
struct setting {
	char *const *words;
	int nr;
};

static _Noreturn void wrong(struct tokens *t, const struct token *at, const char *fmt,
			    const char *arg)
{
	tokens_wrong(t, at, fmt, arg);
	tokens_print_error(t, stderr);
	exit(EXIT_USAGE);
}

/* Where an argument is in the text of all. */
static struct token place(char *const *words, int i)
{
	struct token at = { .len = strlen(words[i]) };
	int k;

	for (k = 0; k < i; k++)
		at.at += strlen(words[k]) + 1;
	return at;
}

/* A knob and its value; or what is wrong with it. */
static void check_knob(const struct options *opt, int i)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct token at = place(opt->words, i);
	struct tokens t;
	int knob = knob_find(opt->words[i]);

	if (knob >= 0 && knob_put(nlh, opt->words[i]))
		return;
	if (!tokens_begin(&t, opt->words, opt->nr_words))
		wrong(&t, &at, "%s", "");
	if (knob < 0)
		wrong(&t, &at, "'%s' sets nothing that there is", opt->words[i]);
	wrong(&t, &at, "that takes %s", knob_values(knob));
}

/* name=value, in one argument, and not of a filter. */
static bool sets_something(const char *word)
{
	return knob_find(word) >= 0 || (!filter_begins(word) && strchr(word, '=') > word &&
					strspn(word, "abcdefghijklmnopqrstuvwxyz-") ==
					strcspn(word, "="));
}

/* Knobs are at the end, and what is before them is the filter. */
static void read_setting(const struct options *opt, struct options *who, struct setting *s)
{
	int first = opt->nr_words;
	struct tokens t;
	int i;

	while (first && sets_something(opt->words[first - 1]))
		first--;
	if (first == opt->nr_words)
		usage_error("set: what? KNOB=VALUE is missing");
	if (!first)
		usage_error("set: which connections? 'state all' means all that there are");
	for (i = first; i < opt->nr_words; i++)
		check_knob(opt, i);
	s->words = opt->words + first;
	s->nr = opt->nr_words - first;
	who->filter = filter_parse(&t, opt->words, first);
	if (who->filter)
		return;
	tokens_print_error(&t, stderr);
	exit(EXIT_USAGE);
}

static int set(struct genl *g, const struct inet_diag_msg *one, const struct setting *s)
{
	size_t size = one->idiag_family == AF_INET ? 4 : 16;
	char buf[1024], why[128];
	struct nlmsghdr *nlh = genl_request(g, buf, XTCP_CMD_SOCK_SET);
	int err, i;

	mnl_attr_put_u8(nlh, XTCP_A_SOCK_FAMILY, one->idiag_family);
	mnl_attr_put(nlh, XTCP_A_SOCK_SADDR, size, one->id.idiag_src);
	mnl_attr_put(nlh, XTCP_A_SOCK_DADDR, size, one->id.idiag_dst);
	mnl_attr_put_u16(nlh, XTCP_A_SOCK_SPORT, ntohs(one->id.idiag_sport));
	mnl_attr_put_u16(nlh, XTCP_A_SOCK_DPORT, ntohs(one->id.idiag_dport));
	mnl_attr_put_u32(nlh, XTCP_A_SOCK_DEVICE, one->id.idiag_if);
	mnl_attr_put_u64(nlh, XTCP_A_SOCK_COOKIE, sock_cookie(one));
	for (i = 0; i < s->nr; i++)
		knob_put(nlh, s->words[i]);
	err = link_ask(g->nl, nlh, why, sizeof(why));
	/* one that a knob refuses says more */
	if (err == -EPERM && !strcmp(why, strerror(EPERM)))
		die("connections are set by who has CAP_NET_ADMIN");
	if (err && err != -ESRCH)
		matches_complain(one, why);
	return err;
}

static int set_all(const struct options *opt, const struct setting *s)
{
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	size_t i, done = 0, gone = 0;
	struct matches m;
	struct genl g;
	int err, status;

	genl_open(&g);
	matches_read(&m, nl, opt);
	for (i = 0; i < m.count; i++) {
		err = set(&g, &m.list[i], s);
		done += !err;
		gone += err == -ESRCH;
	}
	status = matches_report(&m, opt, "set", done, gone);
	matches_free(&m);
	genl_close(&g);
	mnl_socket_close(nl);
	return status;
}

/**
 * command_set - "xtcpstat set FILTER KNOB=VALUE...": set something of connections
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_set(const struct options *opt)
{
	struct options who = *opt;
	struct setting s;
	int status;

	read_setting(opt, &who, &s);
	status = set_all(&who, &s);
	filter_free(who.filter);
	return status;
}
