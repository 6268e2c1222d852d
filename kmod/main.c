// SPDX-License-Identifier: GPL-2.0
/*
 * Start and stop.
 *
 * sock_register() comes last: from then on user space can reach everything.
 */
#include <linux/module.h>

#include "family.h"
#include "isn.h"
#include "listen_table.h"
#include "netns.h"
#include "observe.h"
#include "pace.h"
#include "port.h"
#include "proto.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

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
	err = xtcp_netns_init();
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
	return 0;

out_diag:
	xtcp_diag_exit();
out_events:
	xtcp_events_exit();
out_netns:
	xtcp_netns_exit();
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
	xtcp_family_exit();
	xtcp_diag_exit();
	xtcp_events_exit();
	xtcp_netns_exit();
	xtcp_proto_exit();
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
