// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "cong.h"
#include "fastopen.h"
#include "hook.h"
#include "listen_table.h"
#include "netns.h"
#include "observe.h"
#include "reply.h"
#include "sendmsg.h"
#include "sock.h"
#include "syncookie.h"
#include "sysctl.h"
#include "table.h"
#include "timewait.h"

unsigned int xtcp_net_id;

/* Linux's defaults; those of buffers it computes from the machine's memory. */
static void set_defaults(struct xtcp_net *xn)
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

static int __net_init netns_enter(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);
	int err = -ENOMEM;

	xn->net = net;
	xn->salt = get_random_u32();
	xtcp_listen_table_netns_init(xn);
	mutex_init(&xn->hook_lock);
	set_defaults(xn);
	xtcp_tfo_netns_init(xn);
	xtcp_timewait_netns_init(xn);
	xn->mib = alloc_percpu(struct xtcp_mib);
	if (!xn->mib)
		return err;
	err = xtcp_reply_netns_init(xn);
	if (err)
		goto out_mib;
	err = xtcp_sysctl_netns_init(xn);
	if (err)
		goto out_reply;
	err = xtcp_proc_netns_init(net);
	if (err)
		goto out_sysctl;
	xtcp_cong_netns_init(xn);
	return 0;

out_sysctl:
	xtcp_sysctl_netns_exit(xn);
out_reply:
	xtcp_reply_netns_exit(xn);
out_mib:
	free_percpu(xn->mib);
	return err;
}

/*
 * The next connection of a namespace that is still in the table, with a
 * reference.  Every walk begins anew: what it finds is taken out.
 */
static struct sock *next_sock(struct net *net)
{
	struct xtcp_iter it;
	struct xtcp_flow *flow;
	struct sock *sk = NULL;

	xtcp_iter_enter(&it, net);
	xtcp_iter_start(&it);
	while (!sk && (flow = xtcp_iter_next(&it))) {
		if (flow->kind != XTCP_KIND_SOCK)
			continue;
		sk = xtcp_to_sk(xtcp_flow_sock(flow));
		if (!refcount_inc_not_zero(&sk->sk_refcnt))
			sk = NULL;
	}
	xtcp_iter_stop(&it);
	xtcp_iter_exit(&it);
	return sk;
}

/*
 * No segment comes in any more.  Connections that are left are orphans, when
 * the module goes; a namespace that goes has none, for they hold it.
 */
static void __net_exit netns_leave(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);
	struct sock *sk;

	while ((sk = next_sock(net))) {
		xtcp_sock_destroy(sk, ECONNABORTED);
		sock_put(sk);
	}
	xtcp_timewait_netns_exit(xn);
	xtcp_proc_netns_exit(net);
	xtcp_listen_table_netns_exit(xn);
	xtcp_sysctl_netns_exit(xn);
	xtcp_reply_netns_exit(xn);
	xtcp_tfo_netns_exit(xn);
	xtcp_cong_netns_exit(xn);
	free_percpu(xn->mib);
}

static void __net_exit netns_pre_leave(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);

	WRITE_ONCE(xn->dying, true);
	xtcp_hook_netns_exit(xn);
}

static struct pernet_operations netns_ops = {
	.init		= netns_enter,
	.pre_exit	= netns_pre_leave,
	.exit		= netns_leave,
	.id		= &xtcp_net_id,
	.size		= sizeof(struct xtcp_net),
};

int xtcp_netns_init(void)
{
	return register_pernet_subsys(&netns_ops);
}

void xtcp_netns_exit(void)
{
	unregister_pernet_subsys(&netns_ops);
}
