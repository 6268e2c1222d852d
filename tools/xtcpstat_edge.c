// SPDX-License-Identifier: GPL-2.0
/*
 * Edges and states with their counts, and the command that shows them.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "xtcpstat.h"

/**
 * machine_init - the edges that this program knows, with no counts
 * @m: out
 */
void machine_init(struct machine *m)
{
#define EDGE_INIT(f, t, ev, what, where)				\
	[XTCP_EDGE_##f##__##ev] = {					\
		.from = XTCP_##f, .to = XTCP_##t, .event = XTCP_EV_##ev, \
		.name = #f "__" #ev, .action = what, .clause = where,	\
	},
	static const struct edge known[XTCP_EDGE_NR] = { XTCP_EDGES(EDGE_INIT) };

	memset(m, 0, sizeof(*m));
	memcpy(m->edge, known, sizeof(known));
	m->nr_edges = XTCP_EDGE_NR;
}

static void copy_string(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
}

static int read_edge(const struct nlmsghdr *nlh, void *arg)
{
	struct machine *m = arg;
	const struct nlattr *attr;
	struct edge e = {};
	uint32_t id = EDGE_MAX;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case XTCP_A_EDGE_ID:
			id = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_EDGE_FROM:
			e.from = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_EDGE_TO:
			e.to = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_EDGE_EVENT:
			e.event = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_EDGE_NAME:
			copy_string(e.name, sizeof(e.name), attr);
			break;
		case XTCP_A_EDGE_ACTION:
			copy_string(e.action, sizeof(e.action), attr);
			break;
		case XTCP_A_EDGE_CLAUSE:
			copy_string(e.clause, sizeof(e.clause), attr);
			break;
		case XTCP_A_EDGE_COUNT:
			e.count = mnl_attr_get_u64(attr);
			break;
		}
	}
	if (id < EDGE_MAX) {
		m->edge[id] = e;
		if (m->nr_edges <= id)
			m->nr_edges = id + 1;
	}
	return MNL_CB_OK;
}

static int read_state(const struct nlmsghdr *nlh, void *arg)
{
	struct machine *m = arg;
	const struct nlattr *attr;
	uint32_t now = 0;
	uint8_t id = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == XTCP_A_STATE_ID)
			id = mnl_attr_get_u8(attr);
		else if (mnl_attr_get_type(attr) == XTCP_A_STATE_COUNT)
			now = mnl_attr_get_u32(attr);
	}
	if (id < XTCP_STATE_NR)
		m->now[id] = now;
	return MNL_CB_OK;
}

/**
 * machine_read - ask the module
 * @m: out
 * @g: where to ask
 */
void machine_read(struct machine *m, struct genl *g)
{
	machine_init(m);
	genl_dump(g, XTCP_CMD_EDGES_GET, read_edge, m);
	genl_dump(g, XTCP_CMD_STATES_GET, read_state, m);
}

/**
 * machine_json - all counts as JSON
 * @m: counts
 *
 * Return: a new reference.
 */
json_t *machine_json(const struct machine *m)
{
	json_t *states = json_object(), *edges = json_array();
	unsigned int i;

	for (i = 1; i < XTCP_STATE_NR; i++) {
		if (i != XTCP_CLOSE)
			json_object_set_new(states, state_text(i),
					    json_integer(m->now[i]));
	}
	for (i = 0; i < m->nr_edges; i++) {
		const struct edge *e = &m->edge[i];

		json_array_append_new(edges,
			json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I}",
				  "id", i, "name", e->name,
				  "from", state_text(e->from),
				  "to", state_text(e->to),
				  "event", event_text(e->event),
				  "action", e->action, "clause", e->clause,
				  "count", (json_int_t)e->count));
	}
	return json_pack("{s:o, s:o}", "states", states, "edges", edges);
}

static bool colour_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) &&
	       !(term && !strcmp(term, "dumb"));
}

static void print_edge(FILE *out, const struct edge *e, bool utf8)
{
	fprintf(out, "%10llu  %-11s %s %-11s  %-18s / %s\n", (unsigned long long)e->count,
		state_text(e->from), utf8 ? "→" : "->", state_text(e->to),
		event_text(e->event), *e->action ? e->action : "x");
}

/* Edges that the figure leaves out, or does not know. */
static void print_others(const struct machine *m, bool all, bool utf8)
{
	unsigned int i, idle = 0;
	bool head = false;

	for (i = 0; i < m->nr_edges; i++) {
		const struct edge *e = &m->edge[i];

		if (figure_has(i))
			continue;
		if (!e->count && !all) {
			idle++;
			continue;
		}
		if (!head)
			puts("\nEdges that are not in the figure:");
		head = true;
		print_edge(stdout, e, utf8);
	}
	if (idle)
		printf("\n%u other edges%s (resets, aborts, timeouts) were not taken; -a lists them.\n",
		       idle, head ? "" : " that are not in the figure");
}

static int more_often(const void *a, const void *b)
{
	const struct edge *const *x = a, *const *y = b;

	if ((*x)->count != (*y)->count)
		return (*x)->count < (*y)->count ? 1 : -1;
	/* in the order of the table, so that rows do not jump about */
	return *x < *y ? -1 : 1;
}

/**
 * machine_print_list - the machine on a screen that is too low for the figure
 * @m: counts
 * @out: where to
 * @rows: of the screen; the last one stays empty, for the cursor
 * @utf8: with arrows
 *
 * States with what is in them, then the edges that were taken, the frequent ones first.
 */
void machine_print_list(const struct machine *m, FILE *out, int rows, bool utf8)
{
	const struct edge *taken[EDGE_MAX];
	unsigned int i, nr = 0, shown, column = 0;
	int left = rows - 1;

	fputs("TCP state machine of xtcp, as a list: the figure needs more rows\n", out);
	left--;
	for (i = 1; i < XTCP_STATE_NR; i++) {
		if (i == XTCP_CLOSE)
			continue;
		fprintf(out, "%-11s %7u%s", state_text(i), m->now[i],
			++column % 3 ? "      " : "\n");
		left -= column % 3 == 1;
	}
	if (column % 3)
		putc('\n', out);
	for (i = 0; i < m->nr_edges; i++) {
		if (m->edge[i].count)
			taken[nr++] = &m->edge[i];
	}
	qsort(taken, nr, sizeof(taken[0]), more_often);
	shown = left < 0 ? 0 : left;
	if (nr > shown && shown)
		shown--;		/* for the line that says so */
	for (i = 0; i < nr && i < shown; i++)
		print_edge(out, taken[i], utf8);
	if (nr > i && left > 0)
		fprintf(out, "%10s  %u more\n", "...", nr - i);
}

/* The rows of the terminal, 0: it has no end. */
static int terminal_rows(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_row;
}

static void print_machine(const struct machine *m, const struct options *opt, int rows)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	struct canvas *figure;

	if (opt->json) {
		print_json(machine_json(m));
		return;
	}
	if (rows && rows <= FIGURE_ROWS) {
		machine_print_list(m, stdout, rows, utf8);
		return;
	}
	figure = figure_draw(m);
	canvas_print(figure, stdout, utf8, colour_wanted());
	canvas_free(figure);
	print_others(m, opt->all, utf8);
}

/**
 * command_fsm - "xtcpstat fsm": draw the state machine
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_fsm(const struct options *opt)
{
	bool screen = opt->continuous && !opt->json && isatty(STDOUT_FILENO);
	struct machine m;
	struct genl g;

	genl_open(&g);
	for (;;) {
		machine_read(&m, &g);
		if (screen)
			fputs("\033[H\033[2J", stdout);
		print_machine(&m, opt, screen ? terminal_rows() : 0);
		fflush(stdout);
		if (!opt->continuous || ferror(stdout))
			break;
		sleep(1);
		if (!screen && !opt->json)
			putchar('\n');
	}
	genl_close(&g);
	return EXIT_SUCCESS;
}
