// SPDX-License-Identifier: GPL-2.0
/*
 * "xtcpstat why port" and "why dest": who holds a port, and which are left towards a host,
 * of AF_XTCP and of the kernel's TCP together, as they share them.
 */
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "xtcpstat.h"

#define RANGE_FILE	"/proc/sys/net/ipv4/ip_local_port_range"
#define PORTS		65536

/* Whose sockets are asked for. */
enum stack {
	OURS,
	KERNEL4,
	KERNEL6,
	STACKS,
};

/**
 * struct holders - one pass over the sockets of both stacks
 * @opt: the command line
 * @processes: who holds them
 * @stack: whose they are, enum stack
 * @json: array that takes them, NULL: they are printed, or counted alone
 * @print: they are printed
 * @nr: how many, by state
 * @total: how many in all
 * @last_ms: until the last in TIME_WAIT ends
 * @next_ms: until the first does
 * @used: ports that they have, as bits
 */
struct holders {
	const struct options *opt;
	struct processes processes;
	enum stack stack;
	json_t *json;
	bool print;
	unsigned int nr[XTCP_STATE_NR];
	unsigned int total;
	uint32_t last_ms;
	uint32_t next_ms;
	uint8_t used[PORTS / 8];
};

static const char *stack_name(enum stack stack)
{
	return stack == OURS ? "xtcp" : "kernel";
}

static void count(struct holders *h, const struct inet_diag_msg *msg)
{
	uint16_t port = ntohs(msg->id.idiag_sport);

	if (msg->idiag_state < XTCP_STATE_NR)
		h->nr[msg->idiag_state]++;
	h->total++;
	h->used[port / 8] |= 1 << port % 8;
	if (msg->idiag_state != XTCP_TIME_WAIT)
		return;
	if (msg->idiag_expires > h->last_ms)
		h->last_ms = msg->idiag_expires;
	if (!h->next_ms || msg->idiag_expires < h->next_ms)
		h->next_ms = msg->idiag_expires;
}

static void print_holder(const struct holders *h, const struct inet_diag_msg *msg,
			 const struct process *p)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX];

	end_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src,
		 ntohs(msg->id.idiag_sport), h->opt->numeric);
	end_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst,
		 ntohs(msg->id.idiag_dport), h->opt->numeric);
	printf("%-6s  %s  %s", stack_name(h->stack), state_text(msg->idiag_state), local);
	if (msg->idiag_state != XTCP_LISTEN)
		printf(" - %s", remote);
	if (p)
		printf("  %s[%d]", p->name, p->pid);
	if (msg->idiag_state == XTCP_TIME_WAIT)
		printf("  ends in %.0f s", msg->idiag_expires / 1000.0);
	putchar('\n');
}

static void json_holder(const struct holders *h, const struct inet_diag_msg *msg,
			const struct process *p)
{
	char local[64], remote[64];
	json_t *o;

	addr_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src);
	addr_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst);
	o = json_pack("{s:s, s:s, s:s, s:i, s:s, s:i}", "stack", stack_name(h->stack),
		      "state", state_text(msg->idiag_state),
		      "local_address", local, "local_port", ntohs(msg->id.idiag_sport),
		      "remote_address", remote, "remote_port", ntohs(msg->id.idiag_dport));
	if (p)
		json_object_set_new(o, "process", json_pack("{s:i, s:s}", "pid", p->pid,
							    "program", p->name));
	if (msg->idiag_state == XTCP_TIME_WAIT)
		json_object_set_new(o, "ends_ms", json_integer(msg->idiag_expires));
	json_array_append_new(h->json, o);
}

static void see(const struct sock_info *s, void *arg)
{
	const struct process *p;
	struct holders *h = arg;

	count(h, s->msg);
	p = processes_find(&h->processes, s->msg->idiag_inode);
	if (h->json)
		json_holder(h, s->msg, p);
	else if (h->print)
		print_holder(h, s->msg, p);
}

/* The words as a filter: they are ours, and right, but for the last. */
static void parse(struct options *who, char *const *words, int nr)
{
	struct tokens t;

	who->filter = filter_parse(&t, words, nr);
	if (who->filter)
		return;
	tokens_print_error(&t, stderr);
	exit(EXIT_USAGE);
}

static void ask(struct holders *h, const struct options *who)
{
	static const uint8_t family[STACKS] = { 0, AF_INET, AF_INET6 };
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	struct selection sel;
	unsigned int i;

	processes_read(&h->processes);
	selection_init(&sel, who);
	sel.states = ~0U;
	for (i = 0; i < STACKS; i++) {
		h->stack = i;
		sel.kernel = family[i];
		dump_sockets(nl, &sel, see, h);
	}
	processes_free(&h->processes);
	mnl_socket_close(nl);
}

/* What a bind() to the port would meet. */
static void port_text(char *buf, size_t size, const struct holders *h)
{
	unsigned int others = h->total - h->nr[XTCP_TIME_WAIT];

	if (!h->total)
		snprintf(buf, size, "nobody has it: bind() succeeds");
	else if (h->nr[XTCP_LISTEN])
		snprintf(buf, size, "a listener has it: bind() says EADDRINUSE, but with "
			 "SO_REUSEPORT on both, or on another address");
	else if (others)
		snprintf(buf, size, "connections have it: bind() says EADDRINUSE without "
			 "SO_REUSEADDR");
	else
		snprintf(buf, size, "only TIME_WAIT has it, the last for %u s: bind() says "
			 "EADDRINUSE without SO_REUSEADDR", (h->last_ms + 999) / 1000);
}

/**
 * why_port - "xtcpstat why port N": who holds it, of both stacks
 * @opt: the command line
 * @port: the word for it
 *
 * Return: exit status.
 */
int why_port(const struct options *opt, char *port)
{
	char *words[3] = { "sport", "=" };
	struct holders h = { .opt = opt, .print = true };
	struct options who = *opt;
	char text[200], end[32];

	snprintf(end, sizeof(end), ":%s", port);
	words[2] = end;
	parse(&who, words, 3);
	if (opt->json)
		h.json = json_array();
	ask(&h, &who);
	filter_free(who.filter);
	port_text(text, sizeof(text), &h);
	if (opt->json)
		print_json(json_pack("{s:o, s:s}", "holders", h.json, "text", text));
	else
		printf("port %s: %s\n", port, text);
	return EXIT_SUCCESS;
}

static void read_range(unsigned int *first, unsigned int *last)
{
	FILE *f = fopen(RANGE_FILE, "re");

	*first = 32768;
	*last = 60999;
	if (!f)
		return;
	if (fscanf(f, "%u %u", first, last) != 2 || *first > *last || *last >= PORTS)
		die("%s: two ports are expected", RANGE_FILE);
	fclose(f);
}

/* What a connect() there would meet. */
static void dest_text(char *buf, size_t size, const struct holders *h, unsigned int used,
		      unsigned int ports)
{
	int n;

	n = snprintf(buf, size, "%u of %u local ports are in use, by %u connections, %u of them in TIME_WAIT",
		     used, ports, h->total, h->nr[XTCP_TIME_WAIT]);
	if (h->next_ms)
		n += snprintf(buf + n, size - n, "; the next of those ends in %u s",
			      (h->next_ms + 999) / 1000);
	if (used == ports)
		snprintf(buf + n, size - n, ". connect() says EADDRNOTAVAIL: widen "
			 "net.ipv4.ip_local_port_range, use more addresses, or keep connections");
}

/**
 * why_dest - "xtcpstat why dest ADDRESS": how many ports are left for connect()
 * @opt: the command line
 * @dest: the word for the peer: an address, or an address and a port
 *
 * Return: exit status.
 */
int why_dest(const struct options *opt, char *dest)
{
	char *words[2] = { "dst", dest };
	struct holders h = { .opt = opt };
	unsigned int first, last, used = 0, port;
	struct options who = *opt;
	char text[300];

	parse(&who, words, 2);
	ask(&h, &who);
	filter_free(who.filter);
	read_range(&first, &last);
	for (port = first; port <= last; port++)
		used += h.used[port / 8] >> port % 8 & 1;
	dest_text(text, sizeof(text), &h, used, last - first + 1);
	if (opt->json)
		print_json(json_pack("{s:i, s:i, s:i, s:i, s:i, s:s}", "ports", last - first + 1,
				     "used", used, "connections", h.total,
				     "time_wait", h.nr[XTCP_TIME_WAIT],
				     "next_ends_ms", h.next_ms, "text", text));
	else
		printf("to %s: %s\n", dest, text);
	return EXIT_SUCCESS;
}
