// SPDX-License-Identifier: GPL-2.0
#include <linux/rtnetlink.h>

#include "bench.h"
#include "rtnl.h"

/**
 * rtnl_new - begin a request
 * @r: out
 * @type: RTM_*
 * @flags: NLM_F_*, beside those of every request
 * @extra: length of the header behind netlink's
 *
 * Return: that header, all zero.
 */
void *rtnl_new(struct rtnl *r, uint16_t type, uint16_t flags, size_t extra)
{
	r->nlh = mnl_nlmsg_put_header(r->room);
	r->nlh->nlmsg_type = type;
	r->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	return mnl_nlmsg_put_extra_header(r->nlh, extra);
}

/**
 * rtnl_begin - begin an attribute that others are in
 * @r: the request
 * @type: of the attribute
 * @head: what it begins with, before the others
 * @len: length of @head, bytes
 *
 * Return: the attribute, for rtnl_end().
 */
struct nlattr *rtnl_begin(struct rtnl *r, uint16_t type, const void *head, size_t len)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(r->nlh);

	mnl_attr_put(r->nlh, type, len, head);
	return attr;
}

/**
 * rtnl_end - what came since is in the attribute
 * @r: the request
 * @attr: from rtnl_begin()
 */
void rtnl_end(struct rtnl *r, struct nlattr *attr)
{
	mnl_attr_nest_end(r->nlh, attr);
}

/**
 * rtnl_ask - send a request; one that fails ends the program
 * @r: the request
 * @what: it is about, for people
 */
void rtnl_ask(struct rtnl *r, const char *what)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	ssize_t len;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(nl, r->nlh, r->nlh->nlmsg_len) < 0)
		die("%s: netlink: %m", what);
	len = mnl_socket_recvfrom(nl, r->room, sizeof(r->room));
	if (len < 0 || mnl_cb_run(r->room, len, 0, 0, NULL, NULL) < 0)
		die("%s: %m", what);
	mnl_socket_close(nl);
}
