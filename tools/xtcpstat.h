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
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/xtcp.h>

#include "xtcpstat_filter.h"

/**
 * struct options - the command line
 * @all: -a: listening sockets, too; with counters, those that are zero, too
 * @listening: -l: listening sockets only
 * @numeric: -n: do not resolve addresses, ports and users
 * @programs: -p: who holds the socket
 * @extend: -e: owner and inode
 * @timers: -o: the timer that runs
 * @info: -i: the inside of the connection
 * @memory: -m: memory of its buffers
 * @continuous: -c: again and again
 * @statistics: -s: counters in words
 * @no_header: -H: rows only
 * @batch: -b: top does not draw on the screen
 * @json: --json
 * @family: -4, -6: AF_INET or AF_INET6; 0: both
 * @delay: seconds from one time to the next
 * @count: how many times; 0: until interrupted
 * @sort: what top sorts by
 * @netns: -N: the network namespace, NULL: ours
 * @words: what is behind the command
 * @nr_words: how many
 * @filter: who is meant, NULL: all
 */
struct options {
	bool all;
	bool listening;
	bool numeric;
	bool programs;
	bool extend;
	bool timers;
	bool info;
	bool memory;
	bool continuous;
	bool statistics;
	bool no_header;
	bool batch;
	bool json;
	uint8_t family;
	double delay;
	unsigned int count;
	const char *sort;
	const char *netns;
	char *const *words;
	int nr_words;
	struct filter_node *filter;
};

/* ---- xtcpstat_option.c: the command line ---- */

#define EXIT_USAGE	2

int options_parse(struct options *opt, int argc, char **argv);
const char *option_word(unsigned int i);
void options_print(FILE *out);
_Noreturn void usage_error(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* ---- xtcpstat_output.c: that a command cannot go on, and JSON ---- */

void die(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
_Noreturn void die_not_loaded(void);
void print_json(json_t *root);
void copy_printable(char *to, size_t size, const char *from);
void pause_for(double seconds);

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
int link_ask(struct mnl_socket *nl, struct nlmsghdr *req, char *why, size_t size);
void genl_open(struct genl *g);
void genl_close(struct genl *g);
void genl_dump(struct genl *g, uint8_t cmd, mnl_cb_t cb, void *arg);
struct nlmsghdr *genl_request(const struct genl *g, char *buf, uint8_t cmd);

/* ---- xtcpstat_dump.c: sockets, asked for by sock_diag ---- */

/**
 * struct selection - which sockets, and what of them
 * @family: AF_INET or AF_INET6; 0: both
 * @states: bits, 1 << enum xtcp_state
 * @ext: INET_DIAG_* that are wanted, bits from 0
 * @show: XTCP_DIAG_SHOW_* that are wanted
 * @kernel: those of the kernel's own TCP over AF_INET or AF_INET6; 0: ours
 * @filter: who is meant, NULL: all
 */
struct selection {
	uint8_t family;
	uint32_t states;
	uint8_t ext;
	uint32_t show;
	uint8_t kernel;
	const struct filter_node *filter;
};

/**
 * struct sock_info - an answer
 * @msg: its fixed part
 * @cong: name of the congestion control, NULL: not told
 * @info: struct tcp_info, as much of it as the kernel has
 * @has_info: it was told
 * @mem: SK_MEMINFO_*, as much of it as the kernel has
 * @has_mem: it was told
 * @wait: what it waits for
 * @has_wait: it was told
 * @clocks: what it spent its time with
 * @has_clocks: it was told
 * @listener: what came to it
 * @has_listener: it was told
 */
struct sock_info {
	const struct inet_diag_msg *msg;
	const char *cong;
	struct tcp_info info;
	bool has_info;
	uint32_t mem[SK_MEMINFO_VARS];
	bool has_mem;
	struct xtcp_wait_info wait;
	bool has_wait;
	struct xtcp_clock_info clocks;
	bool has_clocks;
	struct xtcp_listener_info listener;
	bool has_listener;
};

typedef void (*sock_seen_t)(const struct sock_info *s, void *arg);

int family_number(void);
uint64_t sock_cookie(const struct inet_diag_msg *msg);
void selection_init(struct selection *sel, const struct options *opt);
bool copy_clocks(struct xtcp_clock_info *c, const struct nlattr *attr);
void dump_sockets(struct mnl_socket *nl, const struct selection *sel, sock_seen_t seen,
		  void *arg);

/* ---- xtcpstat_name.c: texts for addresses, ports, users, states ---- */

#define ADDR_TEXT_MAX	320	/* a host name, brackets, a port */

const char *state_text(unsigned int state);
const char *event_text(unsigned int event);
const char *send_wait_name(unsigned int wait);
const char *recv_wait_name(unsigned int wait);
const char *reason_name(unsigned int why);
const char *verdict_name(unsigned int verdict);
const char *verdict_text(unsigned int verdict);
const char *by_timer_name(unsigned int timer);
const char *by_timer_text(unsigned int timer);
const char *reason_text(unsigned int why);
void end_text(char *buf, size_t size, uint8_t family, const void *addr,
	      uint16_t port, bool numeric);
void addr_text(char *buf, size_t size, uint8_t family, const void *addr);
void user_text(char *buf, size_t size, uid_t uid, bool numeric);

/* ---- xtcpstat_match.c: connections to do something to ---- */

/**
 * struct matches - the connections that a filter means
 * @list: what sock_diag told of them
 * @count: how many
 */
struct matches {
	struct inet_diag_msg *list;
	size_t count;
};

void matches_read(struct matches *m, struct mnl_socket *nl, const struct options *opt);
void matches_free(struct matches *m);
void matches_complain(const struct inet_diag_msg *one, const char *why);
int matches_report(const struct matches *m, const struct options *opt, const char *what,
		   size_t done, size_t gone);

/* ---- xtcpstat_knob.c: what can be set of a connection ---- */

const char *knob_word(unsigned int i);
const char *knob_values(unsigned int i);
int knob_find(const char *word);
bool knob_put(struct nlmsghdr *nlh, const char *word);

/* ---- xtcpstat_process.c: who holds which socket ---- */

struct process {
	unsigned long inode;
	pid_t pid;
	int fd;
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
const struct process *processes_next(const struct processes *p, const struct process *one);
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

/* ---- xtcpstat_segment.c: what became of segments ---- */

typedef void (*segment_seen_t)(const char *kind, const char *verdict, uint64_t n, void *arg);

uint64_t segments_read(segment_seen_t seen, void *arg);
void segments_show(const struct options *opt, json_t *json);

/* ---- xtcpstat_counter.c: what the counters mean ---- */

typedef void (*counter_seen_t)(const char *name, uint64_t value, void *arg);

void counters_read(counter_seen_t seen, void *arg);
bool counter_is_verdict(const char *name);
bool counter_meaning(char *buf, size_t size, const char *name);

/* ---- xtcpstat_netns.c: network namespaces ---- */

void netns_enter(const char *name);

/* ---- xtcpstat_reason.c: why, and how often ---- */

/**
 * struct reason - as the module describes it
 * @id: enum xtcp_reason
 * @name: of the list
 * @text: what happened
 * @clause: of an RFC; empty: none
 * @edges: edges taken for it
 * @sent: ACKs without text, and what was sent again
 * @rsts: RSTs sent for it
 */
struct reason {
	uint32_t id;
	const char *name;
	const char *text;
	const char *clause;
	uint64_t edges;
	uint64_t rsts;
	uint64_t sent;
};

typedef void (*reason_seen_t)(const struct reason *r, void *arg);

void reasons_read(struct genl *g, reason_seen_t seen, void *arg);

/* ---- xtcpstat_transition.c: what happens ---- */

/**
 * struct transition - a report
 * @time_ns: when, CLOCK_REALTIME
 * @cookie: of the socket; 0: no socket
 * @edge: enum xtcp_edge
 * @error: errno that the user will see; 0: none
 * @why: enum xtcp_reason
 * @by_segment: a segment did it, and the next six are its own
 * @seq: its sequence number
 * @ack: its acknowledgment number
 * @len: its payload, bytes
 * @window: its window field
 * @flags: its control bits
 * @hop_limit: hop limit or TTL
 * @pid: the process whose call did it; 0: none
 * @comm: its name
 * @timer: enum xtcp_by_timer, the timer that did it
 * @timer_count: how often it has come to nothing, one after another
 * @timer_limit: it may so often; 0: something else ends it
 * @peer_hop_limit: that of the peer's segments before; 0: not known
 * @has_clocks: @clocks is known
 * @clocks: what it spent its time with, if it was watched and ends
 * @is_reset: no transition, but a RST that came or was sent
 * @verdict: enum xtcp_rst_verdict of one that came; XTCP_RST_NONE: it was sent
 * @rcv_nxt: the sequence number that was awaited
 * @from: enum xtcp_state
 * @to: enum xtcp_state
 * @event: enum xtcp_event
 * @family: AF_INET or AF_INET6
 * @local: our address, 4 or 16 bytes
 * @remote: the peer's
 * @lport: our port
 * @rport: the peer's
 * @ifindex: device that it is bound to, 0: none
 * @has_uid: it is a socket, and the next three are its own
 * @uid: its owner
 * @acked: payload that the peer acknowledged, bytes
 * @received: payload that the peer sent, bytes
 */
struct transition {
	uint64_t time_ns;
	uint64_t cookie;
	uint32_t edge;
	uint32_t error;
	uint32_t why;
	uint32_t seq;
	uint32_t ack;
	uint32_t len;
	uint32_t pid;
	uint16_t window;
	uint8_t flags;
	uint8_t hop_limit;
	bool by_segment;
	char comm[16];
	uint8_t timer;
	uint32_t timer_count;
	uint32_t timer_limit;
	uint8_t peer_hop_limit;
	bool has_clocks;
	struct xtcp_clock_info clocks;
	bool is_reset;
	uint8_t verdict;
	uint32_t rcv_nxt;
	uint8_t from;
	uint8_t to;
	uint8_t event;
	uint8_t family;
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t lport;
	uint16_t rport;
	uint32_t ifindex;
	uint32_t uid;
	bool has_uid;
	uint64_t acked;
	uint64_t received;
};

/* Room for what transition_cause_text() says. */
#define CAUSE_TEXT_MAX	240

typedef void (*transition_seen_t)(const struct transition *t, void *arg);

bool transition_is_meant(const struct options *opt, const struct transition *t);
void transition_cause_text(char *buf, size_t size, const struct transition *t);
void transition_cause_json(json_t *json, const struct transition *t);
json_t *transition_json(const struct transition *t, json_t *more);
void transitions_ended(struct genl *g, transition_seen_t seen, void *arg);
bool transitions_join(struct genl *g);
void transitions_watch(struct genl *g, transition_seen_t seen, void *arg);
void transitions_wait(struct genl *g, double seconds, transition_seen_t seen, void *arg);

/* ---- xtcpstat_clock.c: what connections spent their time with ---- */

void print_clocks(const struct xtcp_clock_info *c);
json_t *json_clocks(const struct xtcp_clock_info *c);

/* ---- xtcpstat_end.c: connections that end ---- */

/**
 * struct life - what is known of a connection
 * @begun_ns: when it began, CLOCK_REALTIME; 0: before we did
 * @seen_ns: when it was last heard of; 0: there is none
 * @closed: why it left ESTABLISHED, enum xtcp_reason
 * @why: why it ended
 * @last_tells: the last transition says so
 * @has_uid: it has been a socket
 * @uid: its owner
 * @acked: payload that the peer acknowledged, bytes
 * @received: payload that the peer sent, bytes
 * @pid: the process that was seen to act on it, 0: none
 * @comm: its name
 * @lasted_us: how long it was there, microseconds; 0: not known
 */
struct life {
	uint64_t begun_ns;
	uint64_t seen_ns;
	uint32_t closed;
	uint32_t why;
	bool last_tells;
	bool has_uid;
	uint32_t uid;
	uint64_t acked;
	uint64_t received;
	uint32_t pid;
	char comm[16];
	uint64_t lasted_us;
};

struct lives;

struct lives *lives_new(void);
const struct life *lives_see(struct lives *l, const struct transition *t);
const char *end_actor(const struct life *life, const struct transition *t, const char **what);

/* ---- xtcpstat_metric.c: numbers for Prometheus ---- */

struct metrics;

struct metrics *metrics_begin(bool json);
void metric_begin(struct metrics *m, const char *name, const char *type, const char *help);
void metric_put(struct metrics *m, double value, ...)
	__attribute__((sentinel));
void metrics_end(struct metrics *m);

/* ---- xtcpstat_port.c: ports of both stacks ---- */

int why_port(const struct options *opt, char *port);
int why_dest(const struct options *opt, char *dest);

/* ---- xtcpstat_top.c ---- */

const char *top_word(unsigned int i);

/* ---- the commands ---- */

int command_sockets(const struct options *opt);
int command_events(const struct options *opt);
int command_kill(const struct options *opt);
int command_set(const struct options *opt);
int command_fsm(const struct options *opt);
int command_counters(const struct options *opt);
int command_reasons(const struct options *opt);
int command_life(const struct options *opt);
int command_metrics(const struct options *opt);
int command_why(const struct options *opt);
int command_top(const struct options *opt);

/* ---- xtcpstat_command.c: their table ---- */

enum takes {
	TAKES_NOTHING,
	TAKES_FILTER,	/* all that is behind the command */
	TAKES_WORDS,	/* the command reads them itself */
};

/**
 * struct command - a command
 * @name: its name
 * @args: what may be behind it, for --help
 * @help: what it does, for --help
 * @takes: who reads what is behind it
 * @run: does it; returns the exit status
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	enum takes takes;
	int (*run)(const struct options *opt);
};

const struct command *command_at(unsigned int i);
const struct command *command_find(const char *name);

#endif /* XTCPSTAT_H */
