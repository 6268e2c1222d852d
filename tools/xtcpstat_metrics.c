// SPDX-License-Identifier: GPL-2.0
/*
 * "xtcpstat metrics": all that is counted, for Prometheus.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

/**
 * struct reading - one pass over what is counted
 * @m: where it goes
 * @count: of reasons, which of their counts
 */
struct reading {
	struct metrics *m;
	enum { EDGES, RSTS, SENT } count;
};

/**
 * struct metrics_listener - a listener
 * @msg: which
 * @info: what came to it
 */
struct metrics_listener {
	struct inet_diag_msg msg;
	struct xtcp_listener_info info;
};

/**
 * struct listeners - all of them
 * @list: them
 * @count: how many
 */
struct listeners {
	struct metrics_listener *list;
	size_t count;
};

/* Every TCB begins and ends in CLOSE: that one has no count. */
static void put_states(struct metrics *m, const struct machine *machine)
{
	unsigned int i;

	metric_begin(m, "connections", "gauge",
		     "Sockets, SYN_RECV and TIME_WAIT entries in each state");
	for (i = 1; i < XTCP_STATE_NR; i++) {
		if (i != XTCP_CLOSE)
			metric_put(m, machine->now[i], "state", state_text(i), NULL);
	}
}

static void put_edges(struct metrics *m, const struct machine *machine)
{
	const struct edge *e;
	unsigned int i;

	metric_begin(m, "transitions_total", "counter", "Times that an edge was taken");
	for (i = 0; i < machine->nr_edges; i++) {
		e = &machine->edge[i];
		metric_put(m, e->count, "from", state_text(e->from), "to", state_text(e->to),
			   "event", event_text(e->event), NULL);
	}
}

static void put_reason(const struct reason *r, void *arg)
{
	const uint64_t counts[] = { [EDGES] = r->edges, [RSTS] = r->rsts, [SENT] = r->sent };
	const struct reading *reading = arg;

	metric_put(reading->m, counts[reading->count], "reason", r->name, NULL);
}

static void put_reasons(struct reading *r, struct genl *g)
{
	metric_begin(r->m, "reasons_total", "counter", "Why edges were taken");
	reasons_read(g, put_reason, r);
	r->count = RSTS;
	metric_begin(r->m, "resets_sent_total", "counter", "Why RSTs were sent");
	reasons_read(g, put_reason, r);
	r->count = SENT;
	metric_begin(r->m, "orders_sent_total", "counter",
		     "Why ACKs without text, and segments again, were sent");
	reasons_read(g, put_reason, r);
}

/* The edges are a metric of their own, and so is the book of segments. */
static void put_counter(const char *name, uint64_t value, void *arg)
{
	const struct reading *r = arg;

	if (!strncmp(name, "Edge", 4) || counter_is_verdict(name))
		return;
	metric_put(r->m, value, "counter", name, NULL);
}

static void put_counters(struct reading *r)
{
	metric_begin(r->m, "events_total", "counter", "The counters of xtcpstat counters");
	counters_read(put_counter, r);
}

/* What waits is counted when it is over. */
static void put_segments(const char *kind, const char *verdict, uint64_t n, void *arg)
{
	const struct reading *r = arg;

	if (strcmp(kind, "waits"))
		metric_put(r->m, n, "kind", kind, "verdict", verdict, NULL);
}

static void put_book(struct reading *r)
{
	metric_begin(r->m, "segments_total", "counter", "What became of segments that came");
	segments_read(put_segments, r);
}

/**
 * struct listener_metric - what is told of each listener
 * @name: of the metric
 * @type: of it
 * @help: of it
 * @at: where it is in struct xtcp_listener_info
 * @wide: it is a __u64 there, and no __u32
 * @cause: of drops, why; NULL: this is no drop
 * @per: so many of it are one of the metric's
 */
struct listener_metric {
	const char *name;
	const char *type;
	const char *help;
	size_t at;
	bool wide;
	const char *cause;
	double per;
};

#define NARROW(name, type, help, field)						\
	{ name, type, help, offsetof(struct xtcp_listener_info, field), false, NULL, 1 }
#define WIDE(name, help, field)							\
	{ name, "counter", help, offsetof(struct xtcp_listener_info, field), true, NULL, 1 }
#define SECONDS(name, type, help, field, wide)					\
	{ name, type, help, offsetof(struct xtcp_listener_info, field), wide, NULL, 1000 }
#define DROP(help, field, cause)						\
	{ "listener_drops_total", "counter", help,				\
	  offsetof(struct xtcp_listener_info, field), true, cause, 1 }

/* Rows of one name are one metric, and stand together. */
static const struct listener_metric listener_metrics[] = {
	NARROW("accept_queue", "gauge", "Connections that wait for accept()", accept_now),
	NARROW("accept_queue_limit", "gauge", "How many may wait for accept()", accept_limit),
	NARROW("accept_queue_most", "gauge", "The most that ever waited for accept()", accept_max),
	NARROW("syn_queue", "gauge", "Peers that have not acknowledged our SYN,ACK", syn_now),
	NARROW("syn_queue_limit", "gauge", "With more, cookies are sent, or SYNs dropped",
	       syn_limit),
	NARROW("syn_queue_most", "gauge", "The most of them there ever were", syn_max),
	WIDE("accepted_total", "Connections that accept() took", accepted),
	SECONDS("accept_wait_seconds_total", "counter", "How long they had waited for it",
		waited_ms, true),
	SECONDS("accept_wait_seconds_most", "gauge", "The longest that one had waited for it",
		waited_max_ms, false),
	SECONDS("accept_wait_seconds", "gauge", "How long the oldest that waits has waited",
		waits_ms, false),
	DROP("What came to a listener and was dropped", overflows, "accept queue full"),
	DROP("", floods, "SYN queue full"),
	DROP("", no_memory, "no memory"),
	DROP("", cookies_bad, "no cookie"),
	WIDE("syn_cookies_sent_total", "SYN cookies that were sent", cookies_sent),
	WIDE("syn_cookies_good_total", "SYN cookies that came back", cookies_good),
};

static double listener_value(const struct listener_metric *row,
			     const struct xtcp_listener_info *info)
{
	const char *at = (const char *)info + row->at;
	uint64_t wide;
	uint32_t narrow;

	if (row->wide) {
		memcpy(&wide, at, sizeof(wide));
		return wide / row->per;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow / row->per;
}

static void put_listener(const struct metrics_listener *l, const struct listener_metric *row,
			 struct metrics *m)
{
	char addr[64], port[8], cookie[24];

	addr_text(addr, sizeof(addr), l->msg.idiag_family, l->msg.id.idiag_src);
	snprintf(port, sizeof(port), "%u", ntohs(l->msg.id.idiag_sport));
	/* listeners may share address and port */
	snprintf(cookie, sizeof(cookie), "%llx", (unsigned long long)sock_cookie(&l->msg));
	metric_put(m, listener_value(row, &l->info), "address", addr, "port", port,
		   "cookie", cookie, row->cause ? "cause" : NULL, row->cause, NULL);
}

static void keep_listener(const struct sock_info *s, void *arg)
{
	struct listeners *all = arg;

	if (!s->has_listener)
		return;
	if (!(all->count & (all->count - 1))) {	/* full at each power of two */
		all->list = reallocarray(all->list, all->count ? all->count * 2 : 1,
					 sizeof(*all->list));
		if (!all->list)
			die("out of memory");
	}
	all->list[all->count++] = (struct metrics_listener){ *s->msg, s->listener };
}

/* All of one moment: one dump. */
static void put_listeners(struct metrics *m)
{
	const struct selection sel = {
		.states = 1U << XTCP_LISTEN,
		.show = XTCP_DIAG_SHOW_LISTENER,
	};
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	const struct listener_metric *row;
	struct listeners all = {};
	const char *name = "";
	size_t i, j;

	dump_sockets(nl, &sel, keep_listener, &all);
	mnl_socket_close(nl);
	for (i = 0; i < sizeof(listener_metrics) / sizeof(listener_metrics[0]); i++) {
		row = &listener_metrics[i];
		if (strcmp(name, row->name))
			metric_begin(m, row->name, row->type, row->help);
		name = row->name;
		for (j = 0; j < all.count; j++)
			put_listener(&all.list[j], row, m);
	}
	free(all.list);
}

/**
 * command_metrics - "xtcpstat metrics": all that is counted, for Prometheus
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_metrics(const struct options *opt)
{
	static struct machine machine;
	struct reading r = {};
	struct genl g;

	genl_open(&g);
	machine_read(&machine, &g);
	r.m = metrics_begin(opt->json);
	put_states(r.m, &machine);
	put_edges(r.m, &machine);
	put_reasons(&r, &g);
	put_counters(&r);
	put_book(&r);
	put_listeners(r.m);
	metrics_end(r.m);
	genl_close(&g);
	return EXIT_SUCCESS;
}
