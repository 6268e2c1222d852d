// SPDX-License-Identifier: GPL-2.0
/*
 * Connections are ended: SOCK_DESTROY, as ss -K.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

/* The cookie makes it the one that was meant, and no later one of the same addresses. */
static int destroy(struct mnl_socket *nl, int family, const struct inet_diag_msg *one)
{
	char buf[256], why[128];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;
	int err;

	nlh->nlmsg_type = SOCK_DESTROY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = ~0U;
	req->id = one->id;
	err = link_ask(nl, nlh, why, sizeof(why));
	if (err == -EPERM)
		die("connections are ended by who has CAP_NET_ADMIN");
	if (err && err != -ENOENT)
		matches_complain(one, why);
	return err;
}

/**
 * command_kill - "xtcpstat kill FILTER": end the connections that it means
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_kill(const struct options *opt)
{
	struct mnl_socket *nl;
	size_t i, done = 0, gone = 0;
	int family, err, status;
	struct matches m;

	if (!opt->filter)
		usage_error("kill: which connections? 'state all' means all that there are");
	nl = link_open(NETLINK_SOCK_DIAG);
	family = family_number();
	matches_read(&m, nl, opt);
	for (i = 0; i < m.count; i++) {
		err = destroy(nl, family, &m.list[i]);
		done += !err;
		gone += err == -ENOENT;
	}
	status = matches_report(&m, opt, "ended", done, gone);
	matches_free(&m);
	mnl_socket_close(nl);
	return status;
}
