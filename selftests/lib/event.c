// SPDX-License-Identifier: GPL-2.0
/* Transitions and RSTs as the module reports them. */
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "event.h"

/* Bursts wait here. */
#define RECEIVE_BUF	(1024 * 1024)

static void read_group(const struct nlattr *nest, struct events *e)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, nest) {
		const char *name = "";
		uint32_t id = 0;

		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = mnl_attr_get_u32(attr);
		}
		if (!strcmp(name, XTCP_GENL_MCGRP_EVENTS))
			e->group = id;
	}
}

static int read_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;
	struct events *e = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			e->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			read_group(attr, e);
	}
	return MNL_CB_OK;
}

static void ask_family(struct events *e)
{
	char buf[8192];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;
	ssize_t len;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	genl->version = 1;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, XTCP_GENL_NAME);
	mnl_socket_sendto(e->nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(e->nl, buf, sizeof(buf));
	if (len > 0)
		mnl_cb_run(buf, len, 1, 0, read_family, e);
}

/**
 * events_open - from now on, be told of each transition and RST in this namespace
 * @e: out, for events_close()
 *
 * Return: whether the module tells.
 */
bool events_open(struct events *e)
{
	int size = RECEIVE_BUF, group;

	memset(e, 0, sizeof(*e));
	e->nl = mnl_socket_open(NETLINK_GENERIC);
	if (!e->nl || mnl_socket_bind(e->nl, 0, MNL_SOCKET_AUTOPID))
		return false;
	setsockopt(mnl_socket_get_fd(e->nl), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	ask_family(e);
	group = e->group;
	return group && !mnl_socket_setsockopt(e->nl, NETLINK_ADD_MEMBERSHIP, &group,
					       sizeof(group));
}

static void read_attr(struct event *t, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case XTCP_A_TRANSITION_REASON:
		t->why = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_EDGE:
		t->edge = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_SEQ:
		t->cause = BY_SEGMENT;
		t->seq = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_FLAGS:
		t->flags = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_HOP_LIMIT:
		t->hop_limit = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_PEER_HOP_LIMIT:
		t->peer_hop_limit = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_RCV_NXT:
		t->rcv_nxt = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_VERDICT:
		t->verdict = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_FROM:
		t->from = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_TIMER:
		t->cause = BY_TIMER;
		t->timer = mnl_attr_get_u8(attr);
		break;
	case XTCP_A_TRANSITION_TIMER_COUNT:
		t->count = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_TIMER_LIMIT:
		t->limit = mnl_attr_get_u32(attr);
		break;
	case XTCP_A_TRANSITION_PID:
		t->cause = BY_CALL;
		t->pid = mnl_attr_get_u32(attr);
		break;
	}
}

/**
 * events_next - a transition or RST that was not seen yet
 * @e: who is told
 * @event: out
 *
 * Return: false: there is none now.
 */
bool events_next(struct events *e, struct event *event)
{
	char buf[8192];
	const struct nlmsghdr *nlh = (void *)buf;
	const struct genlmsghdr *genl;
	const struct nlattr *attr;
	ssize_t len;

	for (;;) {
		len = recv(mnl_socket_get_fd(e->nl), buf, sizeof(buf), MSG_DONTWAIT);
		if (len <= 0)
			return false;
		genl = mnl_nlmsg_get_payload(nlh);
		if (nlh->nlmsg_type == e->family && (genl->cmd == XTCP_CMD_TRANSITION_NTF ||
						     genl->cmd == XTCP_CMD_RESET_NTF))
			break;
	}
	memset(event, 0, sizeof(*event));
	event->is_reset = genl->cmd == XTCP_CMD_RESET_NTF;
	mnl_attr_for_each(attr, nlh, sizeof(*genl))
		read_attr(event, attr);
	return true;
}

/**
 * events_find - is there a transition with this reason among those that were not seen yet?
 * @e: who is told; has seen all before it then
 * @why: the reason
 * @event: out
 *
 * Return: whether there is.
 */
bool events_find(struct events *e, enum xtcp_reason why, struct event *event)
{
	while (events_next(e, event)) {
		if (!event->is_reset && event->why == why)
			return true;
	}
	return false;
}

/**
 * events_find_rst - is there a RST among those that were not seen yet?
 * @e: who is told; has seen all before it then
 * @event: out
 *
 * Return: whether there is.
 */
bool events_find_rst(struct events *e, struct event *event)
{
	while (events_next(e, event)) {
		if (event->is_reset)
			return true;
	}
	return false;
}

void events_close(struct events *e)
{
	if (e->nl)
		mnl_socket_close(e->nl);
}
