/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xtcpstat: what its parts offer one another.
 */
#ifndef XTCPSTAT_H
#define XTCPSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>
#include <libmnl/libmnl.h>
#include <linux/xtcp.h>

/**
 * struct options - the command line
 * @all: -a: listening sockets, too; with stats, counters that are zero, too
 * @listening: -l: listening sockets only
 * @numeric: -n: do not resolve addresses, ports and users
 * @programs: -p: who holds the socket
 * @extend: -e: owner and inode
 * @timers: -o: the timer that runs
 * @info: -i: the inside of the connection
 * @continuous: -c: again and again, each second
 * @json: --json
 */
struct options {
	bool all;
	bool listening;
	bool numeric;
	bool programs;
	bool extend;
	bool timers;
	bool info;
	bool continuous;
	bool json;
};

/* ---- xtcpstat_output.c: that a command cannot go on, and JSON ---- */

#define EXIT_USAGE	2

void die(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
_Noreturn void die_not_loaded(void);
void print_json(json_t *root);

/* ---- xtcpstat_link.c: netlink ---- */

/**
 * struct genl - a socket to the module's generic netlink family
 * @nl: the socket
 * @family: number of the family
 * @events: number of its multicast group
 */
struct genl {
	struct mnl_socket *nl;
	uint16_t family;
	uint32_t events;
};

struct mnl_socket *link_open(int bus);
int link_dump(struct mnl_socket *nl, struct nlmsghdr *req, mnl_cb_t cb, void *arg);
void genl_open(struct genl *g);
void genl_close(struct genl *g);
void genl_dump(struct genl *g, uint8_t cmd, mnl_cb_t cb, void *arg);

/* ---- xtcpstat_name.c: texts for addresses, ports, users, states ---- */

#define ADDR_TEXT_MAX	320	/* a host name, brackets, a port */

const char *state_text(unsigned int state);
const char *event_text(unsigned int event);
const char *reason_name(unsigned int why);
const char *reason_text(unsigned int why);
void end_text(char *buf, size_t size, uint8_t family, const void *addr,
	      uint16_t port, bool numeric);
void addr_text(char *buf, size_t size, uint8_t family, const void *addr);
void user_text(char *buf, size_t size, uid_t uid, bool numeric);

/* ---- xtcpstat_process.c: who holds which socket ---- */

struct process {
	unsigned long inode;
	pid_t pid;
	char name[32];
};

/**
 * struct processes - the holders of all sockets on the machine
 * @list: by inode
 * @count: how many
 * @hidden: some processes could not be looked into
 */
struct processes {
	struct process *list;
	size_t count;
	bool hidden;
};

void processes_read(struct processes *p);
const struct process *processes_find(const struct processes *p,
				     unsigned long inode);
void processes_free(struct processes *p);

/* ---- xtcpstat_edge.c: the state machine's counts ---- */

/**
 * struct edge - an edge as the module describes it
 * @from: enum xtcp_state
 * @to: enum xtcp_state
 * @event: enum xtcp_event
 * @name: FROM__EVENT
 * @action: what is sent or done, may be empty
 * @clause: of RFC 9293, or of the RFC that it names
 * @count: times taken
 */
struct edge {
	uint8_t from;
	uint8_t to;
	uint8_t event;
	char name[48];
	char action[32];
	char clause[32];
	uint64_t count;
};

/* Room for edges that a newer module has more than this program knows. */
#define EDGE_MAX	(XTCP_EDGE_NR + 64)

/**
 * struct machine - all counts
 * @edge: by enum xtcp_edge
 * @nr_edges: how many the module has
 * @now: how many are in each state, by enum xtcp_state
 */
struct machine {
	struct edge edge[EDGE_MAX];
	unsigned int nr_edges;
	uint32_t now[XTCP_STATE_NR];
};

void machine_init(struct machine *m);
void machine_read(struct machine *m, struct genl *g);
json_t *machine_json(const struct machine *m);
void machine_print_list(const struct machine *m, FILE *out, int rows, bool utf8);

/* ---- xtcpstat_canvas.c: boxes and lines on a grid of characters ---- */

enum paint {
	PAINT_PLAIN,
	PAINT_DIM,	/* nothing happened here */
	PAINT_TAKEN,	/* an edge that was taken */
	PAINT_LIVE,	/* a state that something is in */
	PAINT_TITLE,
	PAINT_NR
};

enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

struct point {
	int x;
	int y;
};

struct canvas;

struct canvas *canvas_new(int width, int height);
void canvas_free(struct canvas *c);
void canvas_text(struct canvas *c, int x, int y, enum align align,
		 enum paint paint, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void canvas_box(struct canvas *c, int x, int y, int w, int h, enum paint paint);
void canvas_arrow(struct canvas *c, const struct point *points, int nr,
		  enum paint paint);
void canvas_rule(struct canvas *c, int x, int y, int w, enum paint paint);
int canvas_clashes(const struct canvas *c);
void canvas_print(const struct canvas *c, FILE *out, bool utf8, bool colour);

/* ---- xtcpstat_figure.c: the figure of RFC 793 ---- */

#define FIGURE_ROWS	49

struct canvas *figure_draw(const struct machine *m);
bool figure_has(unsigned int edge);

/* ---- xtcpstat_counter.c: what the counters mean ---- */

bool counter_is_verdict(const char *name);
bool counter_meaning(char *buf, size_t size, const char *name);

/* ---- the commands ---- */

int command_sockets(const struct options *opt);
int command_events(const struct options *opt);
int command_fsm(const struct options *opt);
int command_stats(const struct options *opt, bool sentences);
int command_reasons(const struct options *opt);

#endif /* XTCPSTAT_H */
