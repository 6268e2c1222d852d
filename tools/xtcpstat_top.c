// SPDX-License-Identifier: GPL-2.0
/*
 * "xtcpstat top": connections by what they do, again and again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

/* To the upper left corner; and what is left on the screen is gone. */
#define HOME	"\033[H"
#define CLEAR	"\033[J"
#define CLEAR_LINE "\033[K"

/* What is around the rows: what is sorted by, and the heading. */
#define HEADING	2

/**
 * struct row - a connection
 * @msg: what sock_diag told of it
 * @cookie: which one it is
 * @out: bytes that the peer acknowledged, since it began
 * @in: bytes that the peer sent
 * @retrans: retransmissions
 * @rtt_us: its round trip
 * @memory: of its buffers, bytes
 * @out_rate: bytes per second, since the time before
 * @in_rate: the same
 * @retrans_rate: retransmissions per second
 */
struct row {
	struct inet_diag_msg msg;
	uint64_t cookie;
	uint64_t out;
	uint64_t in;
	uint64_t retrans;
	uint32_t rtt_us;
	uint64_t memory;
	double out_rate;
	double in_rate;
	double retrans_rate;
};

/**
 * struct rows - connections at a time
 * @list: the connections
 * @count: how many
 * @when: seconds, CLOCK_MONOTONIC
 */
struct rows {
	struct row *list;
	size_t count;
	double when;
};

static double value_rate(const struct row *r)
{
	return r->out_rate + r->in_rate;
}

static double value_retrans(const struct row *r)
{
	return r->retrans_rate;
}

static double value_rtt(const struct row *r)
{
	return r->rtt_us;
}

static double value_memory(const struct row *r)
{
	return r->memory;
}

static const struct key {
	const char *name;
	double (*value)(const struct row *r);
} keys[] = {
	{ "rate",	value_rate },
	{ "retrans",	value_retrans },
	{ "rtt",	value_rtt },
	{ "memory",	value_memory },
};

/* qsort() takes no argument for it. */
static const struct key *sort_key = &keys[0];

/**
 * top_word - what top can sort by
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const char *top_word(unsigned int i)
{
	return i < sizeof(keys) / sizeof(keys[0]) ? keys[i].name : NULL;
}

static void choose_key(const char *name)
{
	unsigned int i;

	for (i = 0; name && top_word(i); i++) {
		if (strcmp(name, top_word(i)))
			continue;
		sort_key = &keys[i];
		return;
	}
	if (name)
		usage_error("--sort=%s: there is rate, retrans, rtt and memory", name);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void add(const struct sock_info *s, void *arg)
{
	struct rows *rows = arg;
	struct row *r;

	if (!sock_cookie(s->msg))
		return;		/* an entry does nothing */
	if (!(rows->count & (rows->count - 1))) {	/* full at each power of two */
		rows->list = reallocarray(rows->list, rows->count ? rows->count * 2 : 1,
					  sizeof(*rows->list));
		if (!rows->list)
			die("out of memory");
	}
	r = &rows->list[rows->count++];
	memset(r, 0, sizeof(*r));
	r->msg = *s->msg;
	r->cookie = sock_cookie(s->msg);
	r->out = s->info.tcpi_bytes_acked;
	r->in = s->info.tcpi_bytes_received;
	r->retrans = s->info.tcpi_total_retrans;
	r->rtt_us = s->info.tcpi_rtt;
	r->memory = (uint64_t)s->mem[SK_MEMINFO_RMEM_ALLOC] + s->mem[SK_MEMINFO_WMEM_QUEUED];
}

static int by_cookie(const void *a, const void *b)
{
	const struct row *ra = a, *rb = b;

	return (ra->cookie > rb->cookie) - (ra->cookie < rb->cookie);
}

/* The largest first; equals in an order that does not change. */
static int by_key(const void *a, const void *b)
{
	double va = sort_key->value(a), vb = sort_key->value(b);

	if (va != vb)
		return va < vb ? 1 : -1;
	return by_cookie(a, b);
}

static struct rows look(struct mnl_socket *nl, const struct selection *sel)
{
	struct rows rows = {};

	dump_sockets(nl, sel, add, &rows);
	rows.when = now();
	if (rows.count)
		qsort(rows.list, rows.count, sizeof(*rows.list), by_cookie);
	return rows;
}

static double rate(uint64_t before, uint64_t after, double seconds)
{
	return after > before && seconds > 0 ? (after - before) / seconds : 0;
}

/* Who was not there before began from nothing. */
static void compare(struct rows *rows, const struct rows *before)
{
	static const struct row nothing;
	double seconds = rows->when - before->when;
	const struct row *old;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		struct row *r = &rows->list[i];

		old = before->count ? bsearch(r, before->list, before->count, sizeof(*r),
					      by_cookie) : NULL;
		old = old ? old : &nothing;
		r->out_rate = rate(old->out, r->out, seconds);
		r->in_rate = rate(old->in, r->in, seconds);
		r->retrans_rate = rate(old->retrans, r->retrans, seconds);
	}
}

/* 1.2M, in four or five characters. */
static void short_text(char *buf, size_t size, double val)
{
	static const char units[] = "kMGTPE";
	size_t i = 0;

	if (val < 1000) {
		snprintf(buf, size, "%.0f", val);
		return;
	}
	for (val /= 1000; val >= 999.5 && units[i + 1]; i++)
		val /= 1000;
	snprintf(buf, size, val < 9.95 ? "%.1f%c" : "%.0f%c", val, units[i]);
}

static void print_row(const struct options *opt, const struct processes *p, const struct row *r)
{
	char out[16], in[16], memory[16], local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];
	const struct inet_diag_msg *msg = &r->msg;
	const struct process *one;

	short_text(out, sizeof(out), r->out_rate);
	short_text(in, sizeof(in), r->in_rate);
	short_text(memory, sizeof(memory), r->memory);
	end_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src,
		 ntohs(msg->id.idiag_sport), opt->numeric);
	end_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst,
		 ntohs(msg->id.idiag_dport), opt->numeric);
	printf("%7s %7s %9.1f %9.3f %7s  %-11s %-22s %-22s", out, in, r->retrans_rate,
	       r->rtt_us / 1000.0, memory, state_text(msg->idiag_state), local, remote);
	one = opt->programs ? processes_find(p, msg->idiag_inode) : NULL;
	if (one)
		printf(" %d/%s", one->pid, one->name);
}

static json_t *json_row(const struct row *r)
{
	const struct inet_diag_msg *msg = &r->msg;
	char local[64], remote[64];

	addr_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src);
	addr_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst);
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:I, s:I, s:f, s:f, s:f, s:I, s:I}",
			 "local_address", local, "local_port", ntohs(msg->id.idiag_sport),
			 "remote_address", remote, "remote_port", ntohs(msg->id.idiag_dport),
			 "state", state_text(msg->idiag_state),
			 "inode", (json_int_t)msg->idiag_inode, "cookie", (json_int_t)r->cookie,
			 "bytes_out_per_s", r->out_rate, "bytes_in_per_s", r->in_rate,
			 "retrans_per_s", r->retrans_rate, "rtt_us", (json_int_t)r->rtt_us,
			 "memory", (json_int_t)r->memory);
}

static void show_json(const struct rows *rows)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < rows->count; i++)
		json_array_append_new(array, json_row(&rows->list[i]));
	print_json(array);
}

/* As many as the terminal has room for; all of them if it is none. */
static size_t room(const struct options *opt)
{
	struct winsize size;

	if (opt->batch || !isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    size.ws_row <= HEADING + 1)
		return SIZE_MAX;
	return size.ws_row - HEADING - 1;
}

static void show_text(const struct options *opt, const struct rows *rows)
{
	size_t fits = room(opt), i;
	bool draw = fits != SIZE_MAX;
	const char *eol = draw ? CLEAR_LINE "\n" : "\n";
	struct processes p = {};

	if (opt->programs)
		processes_read(&p);
	if (draw)
		fputs(HOME, stdout);
	if (!opt->no_header)
		printf("%zu connections, by %s%s%7s %7s %9s %9s %7s  %-11s %-22s %-22s%s%s",
		       rows->count, sort_key->name, eol, "Out/s", "In/s", "Retrans/s", "RTT ms",
		       "Memory", "State", "Local Address", "Foreign Address",
		       opt->programs ? " PID/Program" : "", eol);
	for (i = 0; i < rows->count && i < fits; i++) {
		print_row(opt, &p, &rows->list[i]);
		fputs(eol, stdout);
	}
	if (draw)
		fputs(CLEAR, stdout);
	processes_free(&p);
}

/**
 * command_top - "xtcpstat top": who is busiest, until killed or --count is reached
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_top(const struct options *opt)
{
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	struct rows before, after;
	unsigned int times = 0;
	struct selection sel;

	choose_key(opt->sort);
	selection_init(&sel, opt);
	sel.ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1);
	before = look(nl, &sel);
	do {
		pause_for(opt->delay);
		after = look(nl, &sel);
		compare(&after, &before);
		free(before.list);
		before = after;
		/* what is shown is sorted otherwise than what is compared */
		if (after.count)
			qsort(after.list, after.count, sizeof(*after.list), by_key);
		if (opt->json)
			show_json(&after);
		else
			show_text(opt, &after);
		if (before.count)
			qsort(before.list, before.count, sizeof(*before.list), by_cookie);
		fflush(stdout);
	} while (++times != opt->count && !ferror(stdout));
	free(before.list);
	mnl_socket_close(nl);
	return EXIT_SUCCESS;
}
