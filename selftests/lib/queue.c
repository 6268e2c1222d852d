// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <poll.h>
#include <stdlib.h>

#include "queue.h"
#include "util.h"

#define QUEUE	0

static void nfnl_header(char *buf, int type, struct nlmsghdr **nlh)
{
	struct nfgenmsg *nfg;

	*nlh = mnl_nlmsg_put_header(buf);
	(*nlh)->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	(*nlh)->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(*nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(QUEUE);
}

/**
 * queue_open - segments of IPv4 wait for user space at LOCAL_IN, in this namespace
 * @match: which: of a rule of nft's
 *
 * Return: NULL: the kernel has no such thing.
 */
struct mnl_socket *queue_open(const char *match)
{
	const struct nfqnl_msg_config_params params = { .copy_mode = NFQNL_COPY_META };
	const struct nfqnl_msg_config_cmd cmd = {
		.command = NFQNL_CFG_CMD_BIND, .pf = htons(AF_INET),
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	struct nlmsghdr *nlh;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		return NULL;
	nfnl_header(buf, NFQNL_MSG_CONFIG, &nlh);
	nlh->nlmsg_flags |= NLM_F_ACK;
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_cb_run(buf, mnl_socket_recvfrom(nl, buf, sizeof(buf)), 0,
		       mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return NULL;
	if (!command("nft 'table ip q { chain i { type filter hook input priority 0; "
		     "%s queue num %d; }; }'", match, QUEUE))
		return NULL;
	return nl;
}

/**
 * queue_next - the next packet, which waits for queue_accept()
 * @nl: from queue_open()
 */
uint32_t queue_next(struct mnl_socket *nl)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	const struct nlattr *attr;
	const struct nlmsghdr *nlh = (void *)buf;

	if (!(fd_poll(mnl_socket_get_fd(nl), POLLIN, PATIENCE_MS) & POLLIN) ||
	    mnl_socket_recvfrom(nl, buf, sizeof(buf)) <= 0 ||
	    nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		abort();
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFQA_PACKET_HDR)
			return ((struct nfqnl_msg_packet_hdr *)
				mnl_attr_get_payload(attr))->packet_id;
	abort();
}

/**
 * queue_accept - a packet goes on
 * @nl: from queue_open()
 * @id: from queue_next()
 */
void queue_accept(struct mnl_socket *nl, uint32_t id)
{
	const struct nfqnl_msg_verdict_hdr verdict = {
		.verdict = htonl(NF_ACCEPT), .id = id,
	};
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	nfnl_header(buf, NFQNL_MSG_VERDICT, &nlh);
	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		abort();
}
