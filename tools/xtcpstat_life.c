// SPDX-License-Identifier: GPL-2.0
/*
 * "xtcpstat life": a line for each connection that ended.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xtcpstat.h"

/**
 * struct watch - who watches
 * @opt: the command line
 * @lives: what is known
 */
struct watch {
	const struct options *opt;
	struct lives *lives;
};

static void print_life(const struct options *opt, const struct life *life,
		       const struct transition *t)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], clock[16], took[32] = "-", who[64] = "-";
	char cause[CAUSE_TEXT_MAX] = "";
	time_t seconds = t->time_ns / 1000000000;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	end_text(local, sizeof(local), t->family, t->local, t->lport, opt->numeric);
	end_text(remote, sizeof(remote), t->family, t->remote, t->rport, opt->numeric);
	if (life->lasted_us)
		snprintf(took, sizeof(took), "%.3f", life->lasted_us / 1e6);
	if (life->pid)
		snprintf(who, sizeof(who), "%s[%u]", life->comm, life->pid);
	else if (life->has_uid)
		user_text(who, sizeof(who), life->uid, opt->numeric);
	if (life->last_tells)
		transition_cause_text(cause, sizeof(cause), t);
	printf("%s %-22s %-22s %-16s %10s %12llu %12llu  %s%s\n", clock, local, remote, who, took,
	       (unsigned long long)life->acked, (unsigned long long)life->received,
	       reason_text(life->why), cause);
}

static json_t *json_life(const struct life *life, const struct transition *t)
{
	json_t *cause = json_object();
	json_t *o;

	o = json_pack("{s:I, s:I, s:s, s:s, s:s, s:i}",
		      "bytes_acked", (json_int_t)life->acked,
		      "bytes_received", (json_int_t)life->received,
		      "state", state_text(t->from), "reason", reason_name(life->why),
		      "because", reason_text(life->why), "error", t->error);
	o = transition_json(t, o);
	if (life->lasted_us)
		json_object_set_new(o, "duration_ns", json_integer(life->lasted_us * 1000));
	if (t->has_clocks)
		json_object_set_new(o, "clocks", json_clocks(&t->clocks));
	if (life->has_uid)
		json_object_set_new(o, "uid", json_integer(life->uid));
	if (life->last_tells) {
		transition_cause_json(cause, t);
		json_object_set(o, "cause", cause);
	}
	json_decref(cause);
	if (life->pid)
		json_object_set_new(o, "process",
				    json_pack("{s:I, s:s}", "pid", (json_int_t)life->pid,
					      "comm", life->comm));
	return o;
}

static void see(const struct transition *t, void *arg)
{
	const struct watch *w = arg;
	const struct life *life = lives_see(w->lives, t);

	if (!life || !transition_is_meant(w->opt, t))
		return;
	if (w->opt->json)
		print_json(json_life(life, t));
	else
		print_life(w->opt, life, t);
}

/**
 * command_life - "xtcpstat life": connections that end, until killed
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_life(const struct options *opt)
{
	struct watch w = { .opt = opt, .lives = lives_new() };
	struct genl g;

	genl_open(&g);
	if (!opt->json && !opt->no_header)
		printf("%-8s %-22s %-22s %-16s %10s %12s %12s  %s\n", "Ended", "Local Address",
		       "Foreign Address", "Who", "Seconds", "Bytes out", "Bytes in", "How");
	transitions_watch(&g, see, &w);
	genl_close(&g);
	free(w.lives);
	return EXIT_SUCCESS;
}
