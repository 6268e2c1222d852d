// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions as they happen, from the module's multicast group.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "xtcpstat.h"

/* A burst of transitions has to wait somewhere while a slow terminal scrolls. */
#define RECEIVE_BUF	(4 << 20)

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
 * @from: enum xtcp_state
 * @to: enum xtcp_state
 * @event: enum xtcp_event
 * @family: AF_INET or AF_INET6
 * @local: our address, 4 or 16 bytes
 * @remote: the peer's
 * @lport: our port
 * @rport: the peer's
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
	uint8_t from;
	uint8_t to;
	uint8_t event;
	uint8_t family;
	uint8_t local[16];
	uint8_t remote[16];
	uint16_t lport;
	uint16_t rport;
};

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

static void copy_addr(uint8_t *to, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len > 16 ? 16 : len);
}

/* A process chooses its name, and a terminal may obey it. */
static void copy_printable(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

static void parse(struct transition *t, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	memset(t, 0, sizeof(*t));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case XTCP_A_TRANSITION_TIME_NS:
			t->time_ns = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_TRANSITION_EDGE:
			t->edge = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_FROM:
			t->from = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_TO:
			t->to = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_EVENT:
			t->event = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_FAMILY:
			t->family = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_SADDR:
			copy_addr(t->local, attr);
			break;
		case XTCP_A_TRANSITION_DADDR:
			copy_addr(t->remote, attr);
			break;
		case XTCP_A_TRANSITION_SPORT:
			t->lport = mnl_attr_get_u16(attr);
			break;
		case XTCP_A_TRANSITION_DPORT:
			t->rport = mnl_attr_get_u16(attr);
			break;
		case XTCP_A_TRANSITION_COOKIE:
			t->cookie = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_TRANSITION_ERROR:
			t->error = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_REASON:
			t->why = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_SEQ:
			t->by_segment = true;
			t->seq = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_ACK:
			t->ack = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_FLAGS:
			t->flags = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_LEN:
			t->len = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_WINDOW:
			t->window = mnl_attr_get_u16(attr);
			break;
		case XTCP_A_TRANSITION_HOP_LIMIT:
			t->hop_limit = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_PID:
			t->pid = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_COMM:
			copy_printable(t->comm, sizeof(t->comm), mnl_attr_get_str(attr));
			break;
		}
	}
}

static const char *action_of(const struct watch *w, const struct transition *t)
{
	return t->edge < w->machine.nr_edges ? w->machine.edge[t->edge].action : "";
}

/* As tcpdump: a letter for each control bit. */
static const char *flags_text(uint8_t flags)
{
	static const char letters[] = "FSRP.UEW";
	static char text[sizeof(letters)];
	size_t n = 0, i;

	for (i = 0; letters[i]; i++) {
		if (flags & 1 << i)
			text[n++] = letters[i];
	}
	text[n] = '\0';
	return text;
}

static void print_cause(const struct transition *t)
{
	if (t->by_segment)
		printf(" [%s seq %u ack %u len %u win %u ttl %u]", flags_text(t->flags), t->seq,
		       t->ack, t->len, t->window, t->hop_limit);
	if (t->pid)
		printf(" [%s, pid %u]", t->comm, t->pid);
}

static void print_transition(const struct watch *w, const struct transition *t)
{
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], clock[16];
	time_t seconds = t->time_ns / 1000000000;
	const char *action = action_of(w, t);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	end_text(local, sizeof(local), t->family, t->local, t->lport, true);
	end_text(remote, sizeof(remote), t->family, t->remote, t->rport, true);
	printf("%s.%06u %-21s %-21s %-11s -> %-11s  %s%s%s", clock,
	       (unsigned int)(t->time_ns % 1000000000 / 1000), local, remote,
	       state_text(t->from), state_text(t->to), event_text(t->event),
	       *action ? " / " : "", action);
	if (t->error)
		printf(" (%s)", strerror(t->error));
	if (t->why)
		printf("  because %s", reason_text(t->why));
	print_cause(t);
	putchar('\n');
}

static json_t *json_transition(const struct watch *w, const struct transition *t)
{
	char local[64], remote[64];
	json_t *json;

	addr_text(local, sizeof(local), t->family, t->local);
	addr_text(remote, sizeof(remote), t->family, t->remote);
	json = json_pack("{s:I, s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s}",
			 "time_ns", (json_int_t)t->time_ns,
			 "local_address", local, "local_port", t->lport,
			 "remote_address", remote, "remote_port", t->rport,
			 "from", state_text(t->from), "to", state_text(t->to),
			 "event", event_text(t->event), "action", action_of(w, t),
			 "edge", (json_int_t)t->edge,
			 "cookie", (json_int_t)t->cookie, "error", t->error,
			 "reason", reason_name(t->why), "because", reason_text(t->why));
	if (t->by_segment)
		json_object_set_new(json, "segment",
				    json_pack("{s:I, s:I, s:s, s:I, s:i, s:i}",
					      "seq", (json_int_t)t->seq,
					      "ack", (json_int_t)t->ack,
					      "flags", flags_text(t->flags),
					      "len", (json_int_t)t->len, "window", t->window,
					      "hop_limit", t->hop_limit));
	if (t->pid)
		json_object_set_new(json, "process",
				    json_pack("{s:I, s:s}", "pid", (json_int_t)t->pid,
					      "comm", t->comm));
	return json;
}

/* Return: whether the kernel tells that the module's family is gone. */
static bool is_farewell(const struct watch *w, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != GENL_ID_CTRL || genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			return mnl_attr_get_u16(attr) == w->genl.family;
	}
	return false;
}

static int read_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct watch *w = arg;
	struct transition t;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return MNL_CB_OK;
	if (is_farewell(w, nlh))
		return MNL_CB_STOP;
	if (nlh->nlmsg_type != w->genl.family || genl->cmd != XTCP_CMD_TRANSITION_NTF)
		return MNL_CB_OK;
	parse(&t, nlh);
	if (w->opt->json)
		print_json(json_transition(w, &t));
	else
		print_transition(w, &t);
	return MNL_CB_OK;
}

static void join(struct mnl_socket *nl, int group)
{
	if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		die("netlink: cannot join a group: %s%s", strerror(errno),
		    errno == EPERM ? " (that takes CAP_NET_ADMIN)" : "");
}

/**
 * command_events - "xtcpstat events": print transitions until killed
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_events(const struct options *opt)
{
	static char buf[32768];
	struct watch w = { .opt = opt };
	int size = RECEIVE_BUF, rc;
	ssize_t len;

	genl_open(&w.genl);
	machine_read(&w.machine, &w.genl);
	/* Only root may exceed net.core.rmem_max; others get what they may have. */
	if (setsockopt(mnl_socket_get_fd(w.genl.nl), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)) < 0)
		setsockopt(mnl_socket_get_fd(w.genl.nl), SOL_SOCKET, SO_RCVBUF,
			   &size, sizeof(size));
	join(w.genl.nl, w.genl.events);
	join(w.genl.nl, GENL_ID_CTRL);	/* who comes and goes */
	setvbuf(stdout, NULL, _IOLBF, 0);
	do {
		len = mnl_socket_recvfrom(w.genl.nl, buf, sizeof(buf));
		if (len < 0 && errno == ENOBUFS) {
			fputs("xtcpstat: some transitions were lost: they came faster than they could be printed\n",
			      stderr);
			rc = MNL_CB_OK;
			continue;
		}
		if (len < 0)
			die("netlink: %s", strerror(errno));
		rc = mnl_cb_run(buf, len, 0, 0, read_event, &w);
	} while (rc > MNL_CB_STOP && !ferror(stdout));
	genl_close(&w.genl);
	if (rc == MNL_CB_STOP)
		fputs("xtcpstat: the module was unloaded\n", stderr);
	return EXIT_SUCCESS;
}
