// SPDX-License-Identifier: GPL-2.0
/*
 * "xtcpstat why": a paragraph for each connection and each listener, or for those that ended.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>

#include "xtcpstat.h"
#include "xtcpstat_cause.h"

#define TEXT_MAX	600
/* Of those who hold a socket, so many are named to people; programs get all. */
#define HOLDERS		4

/**
 * struct asking - one pass over all sockets
 * @opt: the command line
 * @processes: who holds them
 * @json: array that takes the answers, NULL: they are printed
 */
struct asking {
	const struct options *opt;
	struct processes processes;
	json_t *json;
};

/* Whose descriptor it is: who has to act is one of them. */
static void print_holders(const struct processes *all, const struct process *p)
{
	const char *sep = "  ";
	unsigned int n;

	for (n = 0; p && n < HOLDERS; p = processes_next(all, p), n++) {
		printf("%sfd %d of %s[%d]", sep, p->fd, p->name, p->pid);
		sep = ", ";
	}
	if (p)
		printf(" and others");
}

static void print_ends(const struct asking *a, const struct inet_diag_msg *msg)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
	const struct process *p = processes_find(&a->processes, msg->idiag_inode);

	end_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src,
		 ntohs(msg->id.idiag_sport), a->opt->numeric);
	end_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst,
		 ntohs(msg->id.idiag_dport), a->opt->numeric);
	if (msg->idiag_state == XTCP_LISTEN)
		printf("%s  %s", state_text(msg->idiag_state), local);
	else
		printf("%s  %s - %s", state_text(msg->idiag_state), local, remote);
	print_holders(&a->processes, p);
	putchar('\n');
}

static json_t *json_ends(const struct asking *a, const struct inet_diag_msg *msg)
{
	const struct process *p = processes_find(&a->processes, msg->idiag_inode);
	char local[64], remote[64];
	json_t *o, *holders = json_array();

	addr_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src);
	addr_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst);
	o = json_pack("{s:s, s:s, s:i, s:s, s:i}", "state", state_text(msg->idiag_state),
		      "local_address", local, "local_port", ntohs(msg->id.idiag_sport),
		      "remote_address", remote, "remote_port", ntohs(msg->id.idiag_dport));
	for (; p; p = processes_next(&a->processes, p))
		json_array_append_new(holders, json_pack("{s:i, s:i, s:s}", "fd", p->fd,
							 "pid", p->pid, "program", p->name));
	json_object_set_new(o, "holders", holders);
	return o;
}

/* A cause in words, for people or for programs. */
static void tell(struct asking *a, const struct sock_info *s, const char *name,
		 const char *who, const char *what, const char *clause, const char *text)
{
	json_t *o;

	if (!a->json) {
		print_ends(a, s->msg);
		printf("    %s: %s\n", name, text);
		if (s->has_clocks)
			print_clocks(&s->clocks);
		return;
	}
	o = json_ends(a, s->msg);
	json_object_set_new(o, "cause", json_string(name));
	json_object_set_new(o, "text", json_string(text));
	json_object_set_new(o, "who", json_string(who));
	json_object_set_new(o, "action", json_string(what));
	json_object_set_new(o, "clause", json_string(clause));
	if (s->has_clocks)
		json_object_set_new(o, "clocks", json_clocks(&s->clocks));
	json_array_append_new(a->json, o);
}

static void see(const struct sock_info *s, void *arg)
{
	struct facts f = { .wait = s->wait, .clocks = s->has_clocks ? &s->clocks : NULL };
	struct asking *a = arg;
	const struct cause_desc *c;
	char text[TEXT_MAX];
	enum cause cause;

	if (s->has_listener) {
		cause = cause_of_listener(&s->listener);
		cause_of_listener_text(text, sizeof(text), cause, &s->listener);
	} else if (s->has_wait) {
		cause = cause_of(&f);
		cause_text(text, sizeof(text), cause, &f);
	} else {
		cause = cause_of_entry(s->msg->idiag_state);
		cause_of_entry_text(text, sizeof(text), cause, s->msg->idiag_expires,
				    s->msg->idiag_retrans);
	}
	c = &causes[cause];
	tell(a, s, c->name, c->who, c->what, c->clause, text);
}

static void ask(struct mnl_socket *nl, const struct options *opt)
{
	struct asking a = { .opt = opt };
	struct selection sel;

	selection_init(&sel, opt);
	sel.show = XTCP_DIAG_SHOW_WAIT | XTCP_DIAG_SHOW_CLOCKS | XTCP_DIAG_SHOW_LISTENER;
	processes_read(&a.processes);
	if (opt->json)
		a.json = json_array();
	dump_sockets(nl, &sel, see, &a);
	if (opt->json)
		print_json(a.json);
	processes_free(&a.processes);
}

/**
 * struct following - connections that end between two passes
 * @opt: the command line
 * @genl: who tells of them
 * @lives: what is known
 * @now_ns: what time it is, CLOCK_REALTIME; 0: when they end
 * @json: array that takes them, NULL: each is printed
 */
struct following {
	const struct options *opt;
	struct genl genl;
	struct lives *lives;
	uint64_t now_ns;
	json_t *json;
};

/* How long ago, in the largest unit of which there is one. */
static void ago_text(char *buf, size_t size, uint64_t ns)
{
	double s = ns / 1e9;

	if (s < 60)
		snprintf(buf, size, "%.1f s", s);
	else if (s < 3600)
		snprintf(buf, size, "%.0f min", s / 60);
	else
		snprintf(buf, size, "%.1f h", s / 3600);
}

static void print_ended(const struct following *f, const struct transition *t,
			const struct life *life)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], cause[CAUSE_TEXT_MAX] = "", ago[32];
	const char *what, *who = end_actor(life, t, &what);

	end_text(local, sizeof(local), t->family, t->local, t->lport, f->opt->numeric);
	end_text(remote, sizeof(remote), t->family, t->remote, t->rport, f->opt->numeric);
	if (life->last_tells)
		transition_cause_text(cause, sizeof(cause), t);
	printf("ended  %s - %s", local, remote);
	if (life->pid)
		printf("  %s[%u]", life->comm, life->pid);
	if (f->now_ns) {
		ago_text(ago, sizeof(ago), f->now_ns > t->time_ns ? f->now_ns - t->time_ns : 0);
		printf("  %s ago", ago);
	}
	printf("\n    %s: in %s, %s%s", reason_name(life->why), state_text(t->from),
	       reason_text(life->why), cause);
	if (life->lasted_us)
		printf("; it had lasted %.3f s", life->lasted_us / 1e6);
	printf(", %llu bytes went and %llu came", (unsigned long long)life->acked,
	       (unsigned long long)life->received);
	if (*who)
		printf(". To act: %s (%s)", who, what);
	putchar('\n');
	if (t->has_clocks)
		print_clocks(&t->clocks);
}

static json_t *json_ended(const struct transition *t, const struct life *life)
{
	const char *what, *who = end_actor(life, t, &what);
	json_t *o, *by = json_object();
	char local[64], remote[64];

	addr_text(local, sizeof(local), t->family, t->local);
	addr_text(remote, sizeof(remote), t->family, t->remote);
	o = json_pack("{s:b, s:s, s:s, s:i, s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:I, s:I}",
		      "ended", 1, "state", state_text(t->from), "local_address", local,
		      "local_port", t->lport, "remote_address", remote, "remote_port", t->rport,
		      "time_ns", (json_int_t)t->time_ns, "cause", reason_name(life->why),
		      "text", reason_text(life->why), "who", who, "action", what,
		      "bytes_acked", (json_int_t)life->acked,
		      "bytes_received", (json_int_t)life->received);
	if (life->last_tells)
		transition_cause_json(by, t);
	json_object_set_new(o, "by", by);
	if (life->lasted_us)
		json_object_set_new(o, "duration_ns", json_integer(life->lasted_us * 1000));
	if (t->has_clocks)
		json_object_set_new(o, "clocks", json_clocks(&t->clocks));
	return o;
}

static void see_end(const struct transition *t, void *arg)
{
	const struct following *f = arg;
	const struct life *life = lives_see(f->lives, t);
	json_t *json;

	if (!life || !transition_is_meant(f->opt, t))
		return;
	if (f->json) {
		json_array_append_new(f->json, json_ended(t, life));
	} else if (f->opt->json) {
		json = json_array();
		json_array_append_new(json, json_ended(t, life));
		print_json(json);
	} else {
		print_ended(f, t, life);
	}
	fflush(stdout);
}

/* Connections and listeners, by a filter. */
static int why_sockets(const struct options *opt)
{
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	struct following f = { .opt = opt };
	unsigned int times = 0;
	bool told = false;

	if (opt->continuous) {
		genl_open(&f.genl);
		/* who may not be told of ends is told of what is there */
		told = transitions_join(&f.genl);
		f.lives = lives_new();
	}
	for (;;) {
		ask(nl, opt);
		fflush(stdout);
		if (!opt->continuous || ++times == opt->count || ferror(stdout))
			break;
		if (told)
			transitions_wait(&f.genl, opt->delay, see_end, &f);
		else
			pause_for(opt->delay);
	}
	mnl_socket_close(nl);
	if (opt->continuous)
		genl_close(&f.genl);
	free(f.lives);
	return EXIT_SUCCESS;
}

/**
 * struct ends - transitions that ended connections
 * @at: them
 * @nr: how many
 */
struct ends {
	struct transition *at;
	size_t nr;
};

static void keep(const struct transition *t, void *arg)
{
	struct ends *e = arg;

	e->at = realloc(e->at, (e->nr + 1) * sizeof(*t));
	if (!e->at)
		die("out of memory");
	e->at[e->nr++] = *t;
}

static int by_time(const void *a, const void *b)
{
	const struct transition *x = a, *y = b;

	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* Connections that are gone, by a filter: the last one is the last. */
static int why_ended(const struct options *opt)
{
	struct following f = { .opt = opt, .lives = lives_new() };
	struct ends ends = { 0 };
	struct timespec ts;
	size_t i;

	genl_open(&f.genl);
	transitions_ended(&f.genl, keep, &ends);
	clock_gettime(CLOCK_REALTIME, &ts);
	f.now_ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	if (opt->json)
		f.json = json_array();
	if (ends.nr)
		qsort(ends.at, ends.nr, sizeof(*ends.at), by_time);
	for (i = 0; i < ends.nr; i++)
		see_end(&ends.at[i], &f);
	if (opt->json)
		print_json(f.json);
	genl_close(&f.genl);
	free(f.lives);
	free(ends.at);
	return EXIT_SUCCESS;
}

/* "listener PORT" is short for a filter. */
static int why_filtered(const struct options *opt, char *const *words, int nr,
			int (*ask_why)(const struct options *who))
{
	struct options who = *opt;
	struct tokens t;
	int status;

	if (nr) {
		who.filter = filter_parse(&t, words, nr);
		if (!who.filter) {
			tokens_print_error(&t, stderr);
			exit(EXIT_USAGE);
		}
	}
	status = ask_why(&who);
	filter_free(who.filter);
	return status;
}

/**
 * command_why - "xtcpstat why": why connections are as they are
 * @opt: the command line; with -a or -l listeners, too; with -c again and again
 *
 * "why [FILTER]", "why listener PORT", "why port PORT", "why dest ADDRESS", "why ended
 * [FILTER]".
 *
 * Return: exit status.
 */
int command_why(const struct options *opt)
{
	const char *what = opt->nr_words ? opt->words[0] : "";
	char *listener[6] = { "state", "listening", "and", "sport", "=" };
	char end[64];

	if (!strcmp(what, "ended"))
		return why_filtered(opt, opt->words + 1, opt->nr_words - 1, why_ended);
	if (strcmp(what, "port") && strcmp(what, "dest") && strcmp(what, "listener"))
		return why_filtered(opt, opt->words, opt->nr_words, why_sockets);
	if (opt->nr_words != 2)
		usage_error("why %s: one %s", what, strcmp(what, "dest") ? "port" : "address");
	if (!strcmp(what, "port"))
		return why_port(opt, opt->words[1]);
	if (!strcmp(what, "dest"))
		return why_dest(opt, opt->words[1]);
	snprintf(end, sizeof(end), ":%s", opt->words[1]);
	listener[5] = end;
	return why_filtered(opt, listener, 6, why_sockets);
}
