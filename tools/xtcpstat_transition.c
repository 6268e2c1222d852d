// SPDX-License-Identifier: GPL-2.0
/*
 * Transitions as they are reported, from the module's multicast group.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "xtcpstat.h"

/* A burst of transitions has to wait somewhere while a slow terminal scrolls. */
#define RECEIVE_BUF	(4 << 20)
/* The control bit. */
#define FLAG_RST	0x04

/**
 * struct watch - who watches
 * @genl: the module's family
 * @seen: is told of each
 * @arg: for @seen
 */
struct watch {
	struct genl *genl;
	transition_seen_t seen;
	void *arg;
};

static void copy_addr(uint8_t *to, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len > 16 ? 16 : len);
}

static void parse(struct transition *t, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	memset(t, 0, sizeof(*t));
	t->is_reset = genl->cmd == XTCP_CMD_RESET_NTF;
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
		case XTCP_A_TRANSITION_DEVICE:
			t->ifindex = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_UID:
			t->has_uid = true;
			t->uid = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_BYTES_ACKED:
			t->acked = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_TRANSITION_BYTES_RECEIVED:
			t->received = mnl_attr_get_u64(attr);
			break;
		case XTCP_A_TRANSITION_TIMER:
			t->timer = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_TIMER_COUNT:
			t->timer_count = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_TIMER_LIMIT:
			t->timer_limit = mnl_attr_get_u32(attr);
			break;
		case XTCP_A_TRANSITION_PEER_HOP_LIMIT:
			t->peer_hop_limit = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_CLOCKS:
			t->has_clocks = copy_clocks(&t->clocks, attr);
			break;
		case XTCP_A_TRANSITION_VERDICT:
			t->verdict = mnl_attr_get_u8(attr);
			break;
		case XTCP_A_TRANSITION_RCV_NXT:
			t->rcv_nxt = mnl_attr_get_u32(attr);
			break;
		}
	}
}

/**
 * transition_is_meant - whether a command line means it
 * @opt: the command line
 * @t: the transition; both of its states count
 *
 * Return: that.
 */
bool transition_is_meant(const struct options *opt, const struct transition *t)
{
	const struct filter_subject s = {
		.states = 1U << t->from | 1U << t->to,
		.family = t->family,
		.local = t->local,
		.remote = t->remote,
		.lport = t->lport,
		.rport = t->rport,
		.ifindex = t->ifindex,
		.uid = t->uid,
		.has_uid = t->has_uid,
	};

	if (opt->family && opt->family != t->family)
		return false;
	return filter_match(opt->filter, &s);
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

/* What a RST that came has in common with the segments that the peer sent before. */
static int compare_text(char *buf, size_t size, const struct transition *t)
{
	int32_t ahead = t->verdict && t->rcv_nxt ? t->seq - t->rcv_nxt : 0;
	int len = 0;

	if (ahead)
		len = snprintf(buf, size, ", %d %s what was awaited", ahead < 0 ? -ahead : ahead,
			       ahead < 0 ? "before" : "behind");
	if (t->peer_hop_limit && t->peer_hop_limit != t->hop_limit)
		len += snprintf(buf + len, size - len,
				", the peer's segments had ttl %u: probably another host's",
				t->peer_hop_limit);
	return len;
}

static void segment_text(char *buf, size_t size, const struct transition *t)
{
	int len;

	if (t->is_reset)
		len = snprintf(buf, size, " [%s seq %u ack %u", flags_text(t->flags), t->seq,
			       t->ack);
	else
		len = snprintf(buf, size, " [%s seq %u ack %u len %u win %u",
			       flags_text(t->flags), t->seq, t->ack, t->len, t->window);
	if (t->hop_limit)
		len += snprintf(buf + len, size - len, " ttl %u", t->hop_limit);
	if (t->hop_limit && t->flags & FLAG_RST)
		len += compare_text(buf + len, size - len, t);
	snprintf(buf + len, size - len, "]");
}

static void timer_cause_text(char *buf, size_t size, const struct transition *t)
{
	if (t->timer_limit)
		snprintf(buf, size, " [%s %u of %u]", by_timer_text(t->timer), t->timer_count,
			 t->timer_limit);
	else if (t->timer_count)
		snprintf(buf, size, " [%s %u]", by_timer_text(t->timer), t->timer_count);
	else
		snprintf(buf, size, " [%s]", by_timer_text(t->timer));
}

/**
 * transition_cause_text - the segment, the process or the timer that did it
 * @buf: out: in brackets behind a space; empty: the kernel does not say
 * @size: of @buf, bytes
 * @t: the transition
 */
void transition_cause_text(char *buf, size_t size, const struct transition *t)
{
	*buf = '\0';
	if (t->by_segment)
		segment_text(buf, size, t);
	else if (t->timer)
		timer_cause_text(buf, size, t);
	else if (t->pid)
		snprintf(buf, size, " [%s, pid %u]", t->comm, t->pid);
}

static json_t *json_segment(const struct transition *t)
{
	json_t *json = json_pack("{s:I, s:I, s:s}", "seq", (json_int_t)t->seq,
				 "ack", (json_int_t)t->ack, "flags", flags_text(t->flags));

	if (!t->is_reset) {
		json_object_set_new(json, "len", json_integer(t->len));
		json_object_set_new(json, "window", json_integer(t->window));
	}
	if (t->hop_limit)
		json_object_set_new(json, "hop_limit", json_integer(t->hop_limit));
	if (t->peer_hop_limit)
		json_object_set_new(json, "peer_hop_limit", json_integer(t->peer_hop_limit));
	if (t->verdict && t->rcv_nxt)
		json_object_set_new(json, "awaited_seq", json_integer(t->rcv_nxt));
	return json;
}

/**
 * transition_json - when it was, and between whom
 * @t: it
 * @more: what else is told; given away
 *
 * Return: an object, with @more behind that.
 */
json_t *transition_json(const struct transition *t, json_t *more)
{
	char local[64], remote[64];
	json_t *json;

	addr_text(local, sizeof(local), t->family, t->local);
	addr_text(remote, sizeof(remote), t->family, t->remote);
	json = json_pack("{s:I, s:s, s:i, s:s, s:i}", "time_ns", (json_int_t)t->time_ns,
			 "local_address", local, "local_port", t->lport,
			 "remote_address", remote, "remote_port", t->rport);
	json_object_update(json, more);
	json_decref(more);
	return json;
}

/**
 * transition_cause_json - the same for programs
 * @json: object that gets it
 * @t: the transition
 */
void transition_cause_json(json_t *json, const struct transition *t)
{
	if (t->by_segment)
		json_object_set_new(json, "segment", json_segment(t));
	if (t->timer)
		json_object_set_new(json, "timer",
				    json_pack("{s:s, s:I, s:I}", "name", by_timer_name(t->timer),
					      "count", (json_int_t)t->timer_count,
					      "limit", (json_int_t)t->timer_limit));
	if (t->pid)
		json_object_set_new(json, "process",
				    json_pack("{s:I, s:s}", "pid", (json_int_t)t->pid,
					      "comm", t->comm));
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
			return mnl_attr_get_u16(attr) == w->genl->family;
	}
	return false;
}

static int read_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct watch *w = arg;
	struct transition t;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return MNL_CB_OK;
	if (is_farewell(w, nlh))
		return MNL_CB_STOP;
	if (nlh->nlmsg_type != w->genl->family || (genl->cmd != XTCP_CMD_TRANSITION_NTF &&
						   genl->cmd != XTCP_CMD_RESET_NTF))
		return MNL_CB_OK;
	parse(&t, nlh);
	w->seen(&t, w->arg);
	return MNL_CB_OK;
}

static int read_ended(const struct nlmsghdr *nlh, void *arg)
{
	const struct watch *w = arg;
	struct transition t;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct genlmsghdr)) {
		parse(&t, nlh);
		w->seen(&t, w->arg);
	}
	return MNL_CB_OK;
}

/**
 * transitions_ended - the last transitions of connections that ended
 * @g: the module's family
 * @seen: is told of each
 * @arg: for @seen
 *
 * Those of one processor after those of another, of each the last one first.
 */
void transitions_ended(struct genl *g, transition_seen_t seen, void *arg)
{
	struct watch w = { g, seen, arg };

	genl_dump(g, XTCP_CMD_ENDED_GET, read_ended, &w);
}

static bool join(struct mnl_socket *nl, int group)
{
	return mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) >= 0;
}

/**
 * transitions_join - from now on, be told of transitions
 * @g: the module's family
 *
 * Return: false: errno says why not.
 */
bool transitions_join(struct genl *g)
{
	int size = RECEIVE_BUF, fd = mnl_socket_get_fd(g->nl);

	/* Only root may exceed net.core.rmem_max; others get what they may have. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return join(g->nl, g->events) && join(g->nl, GENL_ID_CTRL);	/* who comes and goes */
}

/* What has come.  Return: false: the module is gone. */
static bool receive(struct watch *w)
{
	static char buf[32768];
	ssize_t len = mnl_socket_recvfrom(w->genl->nl, buf, sizeof(buf));

	if (len < 0 && errno == ENOBUFS) {
		fputs("xtcpstat: some transitions were lost: they came faster than they could be printed\n",
		      stderr);
		return true;
	}
	if (len < 0)
		die("netlink: %s", strerror(errno));
	return mnl_cb_run(buf, len, 0, 0, read_event, w) > MNL_CB_STOP;
}

/**
 * transitions_watch - wait for transitions, until the module or standard output is gone
 * @g: the module's family
 * @seen: is told of each
 * @arg: for @seen
 */
void transitions_watch(struct genl *g, transition_seen_t seen, void *arg)
{
	struct watch w = { g, seen, arg };

	if (!transitions_join(g))
		die("netlink: cannot join a group: %s%s", strerror(errno),
		    errno == EPERM ? " (that takes CAP_NET_ADMIN)" : "");
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (receive(&w)) {
		if (ferror(stdout))
			return;
	}
	fputs("xtcpstat: the module was unloaded\n", stderr);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/**
 * transitions_wait - wait for some time, and be told of transitions meanwhile
 * @g: the module's family, after transitions_join()
 * @seconds: how long
 * @seen: is told of each
 * @arg: for @seen
 */
void transitions_wait(struct genl *g, double seconds, transition_seen_t seen, void *arg)
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(g->nl), .events = POLLIN };
	int64_t end = now_ms() + seconds * 1000, left;
	struct watch w = { g, seen, arg };

	while ((left = end - now_ms()) > 0) {
		if (poll(&fd, 1, left) > 0 && !receive(&w)) {
			pause_for(left / 1000.);
			return;
		}
	}
}
