// SPDX-License-Identifier: GPL-2.0
/*
 * Why edges of the state machine were taken and RSTs sent, and how often.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "xtcpstat.h"

/**
 * struct reason - as the module describes it
 * @id: enum xtcp_reason
 * @name: of the list
 * @text: what happened
 * @clause: of an RFC; empty: none
 * @edges: edges taken for it
 * @rsts: RSTs sent for it
 */
struct reason {
	uint32_t id;
	const char *name;
	const char *text;
	const char *clause;
	uint64_t edges;
	uint64_t rsts;
};

/**
 * struct listing - where reasons go
 * @opt: the command line
 * @json: an array, NULL: they are printed
 */
struct listing {
	const struct options *opt;
	json_t *json;
};

static void print_reason(const struct reason *r)
{
	printf("%10llu %10llu  %-20s  %s%s%s%s\n", (unsigned long long)r->edges,
	       (unsigned long long)r->rsts, r->name, r->text, *r->clause ? " (" : "",
	       r->clause, *r->clause ? ")" : "");
}

static json_t *json_reason(const struct reason *r)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "id", (json_int_t)r->id,
			 "name", r->name, "text", r->text, "clause", r->clause,
			 "edges", (json_int_t)r->edges, "rsts", (json_int_t)r->rsts);
}

static int read_reason(const struct nlmsghdr *nlh, void *arg)
{
	struct reason r = { .name = "?", .text = "", .clause = "" };
	struct listing *l = arg;
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
		}
	}
	if (!r.edges && !r.rsts && !l->opt->all)
		return MNL_CB_OK;
	if (l->json)
		json_array_append_new(l->json, json_reason(&r));
	else
		print_reason(&r);
	return MNL_CB_OK;
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
		printf("%10s %10s  %-20s  %s\n", "Edges", "RSTs", "Reason", "What happened");
	genl_dump(&genl, XTCP_CMD_REASONS_GET, read_reason, &l);
	if (l.json)
		print_json(l.json);
	genl_close(&genl);
	return EXIT_SUCCESS;
}
