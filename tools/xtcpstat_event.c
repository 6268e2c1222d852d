// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions as they happen.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xtcpstat.h"

/**
 * struct watch - who watches
 * @opt: the command line
 * @genl: the module's family
 * @machine: what edges do
 */
struct watch {
	const struct options *opt;
	struct genl genl;
	struct machine machine;
};

static const char *action_of(const struct watch *w, const struct transition *t)
{
	return t->edge < w->machine.nr_edges ? w->machine.edge[t->edge].action : "";
}

/* When, and between whom. */
static void print_head(const struct transition *t)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], clock[16];
	time_t seconds = t->time_ns / 1000000000;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	end_text(local, sizeof(local), t->family, t->local, t->lport, true);
	end_text(remote, sizeof(remote), t->family, t->remote, t->rport, true);
	printf("%s.%06u %-21s %-21s ", clock, (unsigned int)(t->time_ns % 1000000000 / 1000),
	       local, remote);
}

static void print_reset(const struct transition *t)
{
	char cause[CAUSE_TEXT_MAX];

	print_head(t);
	transition_cause_text(cause, sizeof(cause), t);
	printf("%-11s RST %s", state_text(t->from), t->verdict ? "came: " : "sent  because ");
	printf("%s%s", t->verdict ? verdict_text(t->verdict) : reason_text(t->why), cause);
	if (t->pid)
		printf(" [%s, pid %u]", t->comm, t->pid);
	putchar('\n');
}

static void print_transition(const struct watch *w, const struct transition *t)
{
	const char *action = action_of(w, t);
	char cause[CAUSE_TEXT_MAX];

	print_head(t);
	printf("%-11s -> %-11s  %s%s%s", state_text(t->from), state_text(t->to),
	       event_text(t->event), *action ? " / " : "", action);
	if (t->error)
		printf(" (%s)", strerror(t->error));
	if (t->why)
		printf("  because %s", reason_text(t->why));
	transition_cause_text(cause, sizeof(cause), t);
	puts(cause);
}

static json_t *json_reset(const struct transition *t)
{
	json_t *json;

	json = transition_json(t, json_pack("{s:s, s:I, s:s}", "state", state_text(t->from),
					    "cookie", (json_int_t)t->cookie,
					    "rst", t->verdict ? "came" : "sent"));
	json_object_set_new(json, t->verdict ? "verdict" : "reason",
			    json_string(t->verdict ? verdict_name(t->verdict) :
						     reason_name(t->why)));
	json_object_set_new(json, "because", json_string(t->verdict ? verdict_text(t->verdict) :
								    reason_text(t->why)));
	transition_cause_json(json, t);
	return json;
}

static json_t *json_transition(const struct watch *w, const struct transition *t)
{
	json_t *json;

	json = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s}",
			 "from", state_text(t->from), "to", state_text(t->to),
			 "event", event_text(t->event), "action", action_of(w, t),
			 "edge", (json_int_t)t->edge,
			 "cookie", (json_int_t)t->cookie, "error", t->error,
			 "reason", reason_name(t->why), "because", reason_text(t->why));
	json = transition_json(t, json);
	if (t->has_uid)
		json_object_set_new(json, "socket",
				    json_pack("{s:I, s:I, s:I}", "uid", (json_int_t)t->uid,
					      "bytes_acked", (json_int_t)t->acked,
					      "bytes_received", (json_int_t)t->received));
	transition_cause_json(json, t);
	return json;
}

static void show(const struct transition *t, void *arg)
{
	const struct watch *w = arg;

	if (!transition_is_meant(w->opt, t))
		return;
	if (w->opt->json)
		print_json(t->is_reset ? json_reset(t) : json_transition(w, t));
	else if (t->is_reset)
		print_reset(t);
	else
		print_transition(w, t);
}

/**
 * command_events - "xtcpstat events": print transitions until killed
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_events(const struct options *opt)
{
	struct watch w = { .opt = opt };

	genl_open(&w.genl);
	machine_read(&w.machine, &w.genl);
	transitions_watch(&w.genl, show, &w);
	genl_close(&w.genl);
	return EXIT_SUCCESS;
}
