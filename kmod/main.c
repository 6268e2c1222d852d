// SPDX-License-Identifier: GPL-2.0
/*
 * Start and stop.
 *
 * The doors come last, and of them the one that cannot fail: from then on user space can
 * reach everything.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <net/net_debug.h>
#include <net/net_namespace.h>

#include "cong.h"
#include "destroy.h"
#include "ended.h"
#include "family.h"
#include "fastopen.h"
#include "ip/frag6.h"
#include "ip/hook.h"
#include "ip/reply.h"
#include "isn.h"
#include "listen_table.h"
#include "netns.h"
#include "md5sig.h"
#include "pace.h"
#include "port/port.h"
#include "proto.h"
#include "protosw.h"
#include "req.h"
#include "sysctl.h"
#include "table.h"
#include "timewait.h"
#include "watch/observe.h"

static int __net_init netns_enter(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);
	int err = -ENOMEM;

	xn->net = net;
	xn->salt = get_random_u32();
	xtcp_listen_table_netns_init(xn);
	mutex_init(&xn->hook_lock);
	xtcp_netns_defaults(xn);
	xtcp_tfo_netns_init(xn);
	xn->mib = alloc_percpu(struct xtcp_mib);
	if (!xn->mib)
		return err;
	err = xtcp_ended_netns_init(xn);
	if (err)
		goto out_mib;
	err = xtcp_timewait_netns_init(xn);
	if (err)
		goto out_ended;
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
out_ended:
	xtcp_ended_netns_exit(xn);
out_mib:
	free_percpu(xn->mib);
	return err;
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
		if (!xtcp_destroy_dying())
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
		xtcp_ended_netns_exit(xn);
		DEBUG_NET_WARN_ON_ONCE(!xtcp_mib_balances(xn));
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

static int __init xtcp_init(void)
{
	int err;

	xtcp_isn_init();
	err = xtcp_table_init();
	if (err)
		return err;
	err = xtcp_listen_table_init();
	if (err)
		goto out_table;
	err = xtcp_req_init();
	if (err)
		goto out_listen_table;
	err = xtcp_timewait_init_cache();
	if (err)
		goto out_req;
	err = xtcp_port_init();
	if (err)
		goto out_timewait;
	err = xtcp_port_connect_init();
	if (err)
		goto out_port;
	xtcp_pacer_init();
	err = xtcp_proto_init();
	if (err)
		goto out_pacer;
	err = register_pernet_subsys(&netns_ops);
	if (err)
		goto out_proto;
	err = xtcp_events_init();
	if (err)
		goto out_netns;
	err = xtcp_diag_init();
	if (err)
		goto out_events;
	err = xtcp_family_init();
	if (err)
		goto out_diag;
	xtcp_protosw_register();
	return 0;

out_diag:
	xtcp_diag_exit();
out_events:
	xtcp_events_exit();
out_netns:
	unregister_pernet_subsys(&netns_ops);
out_proto:
	xtcp_proto_exit();
out_pacer:
	xtcp_pacer_exit();
	xtcp_port_connect_exit();
out_port:
	xtcp_port_exit();
out_timewait:
	xtcp_timewait_exit_cache();
out_req:
	xtcp_req_exit();
out_listen_table:
	xtcp_listen_table_exit();
out_table:
	xtcp_table_exit();
	return err;
}

/* No descriptor is open any more; orphans, SYN_RECV and TIME_WAIT may be left. */
static void __exit xtcp_exit(void)
{
	xtcp_protosw_unregister();
	xtcp_family_exit();
	xtcp_diag_exit();
	xtcp_events_exit();
	unregister_pernet_subsys(&netns_ops);
	xtcp_frag6_exit();
	xtcp_proto_exit();
	xtcp_md5_exit();
	xtcp_pacer_exit();
	xtcp_port_connect_exit();
	xtcp_port_exit();
	xtcp_timewait_exit_cache();
	xtcp_req_exit();
	xtcp_listen_table_exit();
	xtcp_table_exit();
}

module_init(xtcp_init);
module_exit(xtcp_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TCP as a loadable protocol family");
MODULE_AUTHOR("The xtcp authors");
