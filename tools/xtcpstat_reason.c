// SPDX-License-Identifier: GPL-2.0
/*
 * Why edges of the state machine were taken, RSTs and ACKs sent, and what was sent again; how
 * often.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "xtcpstat.h"

/**
 * struct listing - where reasons go
 * @opt: the command line
 * @json: an array, NULL: they are printed
 */
struct listing {
	const struct options *opt;
	json_t *json;
};

/**
 * struct asked - who reads reasons
 * @seen: is told of each
 * @arg: for @seen
 */
struct asked {
	reason_seen_t seen;
	void *arg;
};

static void print_reason(const struct reason *r)
{
	printf("%10llu %10llu %10llu  %-20s  %s%s%s%s\n", (unsigned long long)r->edges,
	       (unsigned long long)r->rsts, (unsigned long long)r->sent, r->name, r->text,
	       *r->clause ? " (" : "", r->clause, *r->clause ? ")" : "");
}

static json_t *json_reason(const struct reason *r)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "id", (json_int_t)r->id,
			 "name", r->name, "text", r->text, "clause", r->clause,
			 "edges", (json_int_t)r->edges, "rsts", (json_int_t)r->rsts,
			 "sent", (json_int_t)r->sent);
}

static int read_reason(const struct nlmsghdr *nlh, void *arg)
{
	struct reason r = { .name = "?", .text = "", .clause = "" };
	const struct asked *a = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case XTCP_A_REASON_ID:
			r.id = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_REASON_NAME:
			r.name = mnl_attr_get_str(attr);
			break;
		case XTCP_A_REASON_TEXT:
			r.text = mnl_attr_get_str(attr);
			break;
		case XTCP_A_REASON_CLAUSE:
			r.clause = mnl_attr_get_str(attr);
			break;
		case XTCP_A_REASON_EDGES:
			r.edges = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_REASON_RSTS:
			r.rsts = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_REASON_SENT:
			r.sent = mnl_attr_get_u64(attr);
			break;
		}
	}
	a->seen(&r, a->arg);
	return MNL_CB_OK;
}

/**
 * reasons_read - read all reasons with their counts
 * @g: the module's family
 * @seen: is told of each
 * @arg: for @seen
 */
void reasons_read(struct genl *g, reason_seen_t seen, void *arg)
{
	struct asked a = { seen, arg };

	genl_dump(g, XTCP_CMD_REASONS_GET, read_reason, &a);
}

static void show(const struct reason *r, void *arg)
{
	struct listing *l = arg;

	if (!r->edges && !r->rsts && !r->sent && !l->opt->all)
		return;
	if (l->json)
		json_array_append_new(l->json, json_reason(r));
	else
		print_reason(r);
}

/**
 * command_reasons - "xtcpstat reasons": why edges were taken and RSTs sent
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_reasons(const struct options *opt)
{
	struct listing l = { .opt = opt, .json = opt->json ? json_array() : NULL };
	struct genl genl;

	genl_open(&genl);
	if (!l.json)
		printf("%10s %10s %10s  %-20s  %s\n", "Edges", "RSTs", "Sent", "Reason",
		       "What happened");
	reasons_read(&genl, show, &l);
	if (l.json)
		print_json(l.json);
	genl_close(&genl);
	return EXIT_SUCCESS;
}
