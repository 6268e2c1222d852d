// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "xtcpstat.h"

/* A dump's messages come in buffers of up to this many bytes. */
#define DUMP_BUF	32768

/**
 * link_open - open a netlink socket
 * @bus: NETLINK_GENERIC or NETLINK_SOCK_DIAG
 *
 * Return: the socket.  Ends the program when there is none.
 */
struct mnl_socket *link_open(int bus)
{
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink: %s", strerror(errno));
	/* the kernel says why it refuses */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	return nl;
}

/* The rest is read all the same: the next request would meet it. */
static bool take_interrupted(void *buf, int len)
{
	struct nlmsghdr *nlh;
	bool was = false;

	for (nlh = buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		was |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		nlh->nlmsg_flags &= ~NLM_F_DUMP_INTR;
	}
	return was;
}

/**
 * link_dump - send a request and hand all answers to a function
 * @nl: the socket
 * @req: the request; flags, sequence number and port are set here
 * @cb: called for each message
 * @arg: for @cb
 *
 * Return: 0 or a negative errno, which may be the kernel's; -EINTR: all was read, and what is
 * listed changed so much meanwhile that something may be missing, or there twice.
 */
int link_dump(struct mnl_socket *nl, struct nlmsghdr *req, mnl_cb_t cb, void *arg)
{
	static char buf[DUMP_BUF];
	unsigned int port = mnl_socket_get_portid(nl);
	bool interrupted = false;
	ssize_t len;
	int rc;

	req->nlmsg_seq = time(NULL);
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		interrupted |= take_interrupted(buf, len);
		rc = mnl_cb_run(buf, len, req->nlmsg_seq, port, cb, arg);
		if (rc < 0)
			return -errno;
	} while (rc > MNL_CB_STOP);
	return interrupted ? -EINTR : 0;
}

/**
 * struct refusal - an answer that is no data
 * @err: 0 or a negative errno
 * @text: why, in the kernel's words; empty: it said nothing
 * @size: of @text, bytes
 */
struct refusal {
	int err;
	char *text;
	size_t size;
};

/* The answer repeats the request, unless it says that it does not; then come attributes. */
static int read_refusal(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*err), len = mnl_nlmsg_get_payload_len(nlh);
	struct refusal *r = arg;
	const struct nlattr *attr;

	if (len < sizeof(*err)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	r->err = err->error;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || offset > len)
		return MNL_CB_STOP;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			snprintf(r->text, r->size, "%s", mnl_attr_get_str(attr));
	}
	return MNL_CB_STOP;
}

/**
 * link_ask - send a request that is done or refused
 * @nl: the socket
 * @req: the request, with NLM_F_ACK; the sequence number is set here
 * @why: out, why it was refused
 * @size: of @why, bytes
 *
 * Return: 0 or a negative errno, which may be the kernel's.
 */
int link_ask(struct mnl_socket *nl, struct nlmsghdr *req, char *why, size_t size)
{
	static mnl_cb_t on_control[] = { [NLMSG_ERROR] = read_refusal };
	static unsigned int seq;
	unsigned int port = mnl_socket_get_portid(nl);
	struct refusal r = { .text = why, .size = size };
	char buf[8192];
	ssize_t len;
	int rc;

	*why = '\0';
	req->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		return -errno;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return -errno;
		rc = mnl_cb_run2(buf, len, seq, port, NULL, &r, on_control,
				 sizeof(on_control) / sizeof(on_control[0]));
		if (rc < 0)
			return -errno;
	} while (rc > MNL_CB_STOP);
	if (r.err && !*why)
		snprintf(why, size, "%s", strerror(-r.err));
	return r.err;
}

static struct nlmsghdr *put_request(char *buf, uint16_t type, uint16_t flags,
				    uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static void read_group(struct genl *g, const struct nlattr *group)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (!strcmp(name, XTCP_GENL_MCGRP_EVENTS))
		g->events = id;
}

static int read_family(const struct nlmsghdr *nlh, void *arg)
{
	struct genl *g = arg;
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			g->family = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			mnl_attr_for_each_nested(group, attr)
				read_group(g, group);
			break;
		}
	}
	return MNL_CB_OK;
}

/**
 * genl_open - find the module's generic netlink family
 * @g: out, for genl_close()
 *
 * Ends the program when the module is not loaded.
 */
void genl_open(struct genl *g)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *req;
	int err;

	memset(g, 0, sizeof(*g));
	g->nl = link_open(NETLINK_GENERIC);
	req = put_request(buf, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(req, CTRL_ATTR_FAMILY_NAME, XTCP_GENL_NAME);
	err = link_dump(g->nl, req, read_family, g);
	if (err == -ENOENT)
		die_not_loaded();
	if (err || !g->family)
		die("generic netlink: %s", strerror(err ? -err : EPROTO));
}

/**
 * genl_close - close it
 * @g: what genl_open() opened
 */
void genl_close(struct genl *g)
{
	mnl_socket_close(g->nl);
}

/**
 * genl_dump - ask for a list
 * @g: the family
 * @cmd: enum xtcp_genl_cmd
 * @cb: called for each message
 * @arg: for @cb
 *
 * Ends the program when the kernel refuses.
 */
void genl_dump(struct genl *g, uint8_t cmd, mnl_cb_t cb, void *arg)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int err;

	err = link_dump(g->nl, put_request(buf, g->family, NLM_F_DUMP, cmd,
					   XTCP_GENL_VERSION), cb, arg);
	/* The number of a family that is gone. */
	if (err == -ENOENT)
		die_not_loaded();
	if (err)
		die("generic netlink: %s%s", strerror(-err),
		    err == -EPERM ? " (that takes CAP_NET_ADMIN)" : "");
}

/**
 * genl_request - begin a request for link_ask()
 * @g: the family
 * @buf: room for it
 * @cmd: enum xtcp_genl_cmd
 *
 * Return: the request, to which attributes can be added.
 */
struct nlmsghdr *genl_request(const struct genl *g, char *buf, uint8_t cmd)
{
	return put_request(buf, g->family, NLM_F_ACK, cmd, XTCP_GENL_VERSION);
}
