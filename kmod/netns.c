// SPDX-License-Identifier: GPL-2.0
/* What a namespace has, from its beginning to its end. */
#include <net/net_namespace.h>

#include "compat.h"
#include "netns.h"
#include "syncookie.h"

unsigned int xtcp_net_id;

/**
 * xtcp_netns_defaults - the settings of a new namespace
 * @xn: it, with its net
 *
 * Linux's; those of buffers it computes from the machine's memory.
 */
void __net_init xtcp_netns_defaults(struct xtcp_net *xn)
{
	int i;

	xtcp_conf_init(&xn->conf);
	xn->conf.rcvbuf_low_rtt_us = XTCP_RCVBUF_LOW_RTT_US;
	for (i = 0; i < 3; i++) {
		xn->rmem[i] = READ_ONCE(xn->net->ipv4.sysctl_tcp_rmem[i]);
		xn->wmem[i] = READ_ONCE(xn->net->ipv4.sysctl_tcp_wmem[i]);
	}
	xn->max_syn_backlog = 1024;
	xn->syncookies = XTCP_SYNCOOKIES_FLOOD;
	xn->autocorking = true;
	xn->backlog_ack_defer = true;
	xn->max_tw_buckets = 65536;
	xn->max_orphans = 65536;
	xn->challenge_ack_limit = INT_MAX;
	xn->comp_sack_slack_ns = 10 * NSEC_PER_USEC;
	xn->limit_output_bytes = READ_ONCE(xn->net->ipv4.sysctl_tcp_limit_output_bytes);
}
