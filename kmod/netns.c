// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include <net/net_namespace.h>

#include "compat.h"
#include "cong.h"
#include "destroy.h"
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
	xn->mib = alloc_percpu(struct xtcp_mib);
	if (!xn->mib)
		return err;
	err = xtcp_timewait_netns_init(xn);
	if (err)
		goto out_mib;
	err = xtcp_reply_netns_init(xn);
	if (err)
		goto out_timewait;
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
out_timewait:
	xtcp_timewait_netns_exit(xn);
out_mib:
	free_percpu(xn->mib);
	return err;
}

#define SWEEP_BATCH	64

/*
 * End the connections of namespaces that go, in one walk through the table.  What it
 * finds is taken out, so it may miss some that moved up.
 * Return: how many it ended.
 */
static unsigned int sweep(void)
{
	struct sock *found[SWEEP_BATCH];
	unsigned int n, i, ended = 0;
	struct xtcp_flow *flow;
	struct xtcp_iter it;

	xtcp_iter_enter(&it, NULL);
	do {
		n = 0;
		xtcp_iter_start(&it);
		while (n < SWEEP_BATCH && (flow = xtcp_iter_next(&it))) {
			struct sock *sk = xtcp_to_sk(xtcp_flow_sock(flow));

			if (flow->kind == XTCP_KIND_SOCK && READ_ONCE(flow->key.xn->dying) &&
			    refcount_inc_not_zero(&sk->sk_refcnt))
				found[n++] = sk;
		}
		xtcp_iter_stop(&it);
		for (i = 0; i < n; i++) {
			xtcp_sock_destroy(found[i], ECONNABORTED);
			sock_put(found[i]);
		}
		ended += n;
		cond_resched();
	} while (n == SWEEP_BATCH);
	xtcp_iter_exit(&it);
	return ended;
}

static bool any_orphan(const struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		if (atomic_read(&xtcp_net(net)->orphans))
			return true;
	return false;
}

/*
 * No segment comes in any more.  Connections that are left are orphans, when
 * the module goes; a namespace that goes has none, for they hold it.
 */
static void __net_exit netns_leave(struct list_head *nets)
{
	struct net *net;

	while (any_orphan(nets))
		if (!sweep())
			/* a timer of its own is ending it */
			schedule_timeout_uninterruptible(1);
	list_for_each_entry(net, nets, exit_list) {
		struct xtcp_net *xn = xtcp_net(net);

		xtcp_timewait_netns_exit(xn);
		xtcp_proc_netns_exit(net);
		xtcp_listen_table_netns_exit(xn);
		xtcp_sysctl_netns_exit(xn);
		xtcp_reply_netns_exit(xn);
		xtcp_tfo_netns_exit(xn);
		xtcp_cong_netns_exit(xn);
		free_percpu(xn->mib);
	}
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
	.exit_batch	= netns_leave,
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
