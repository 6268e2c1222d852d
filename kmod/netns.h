/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What xtcp keeps for each network namespace.
 */
#ifndef XTCP_NETNS_H
#define XTCP_NETNS_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "core/tcb.h"
#include "watch/mib.h"

struct ctl_table_header;
struct xtcp_ended_ring;
struct xtcp_tfo_cache;
struct xtcp_tfo_keys;
struct xtcp_tw_queue;

/* Netfilter's hooks that a namespace has of ours. */
enum xtcp_hook {
	XTCP_HOOK_IN4,
	XTCP_HOOK_IN6,
	XTCP_HOOK_DEMUX4,
	XTCP_HOOK_DEMUX6,
	XTCP_HOOKS
};

/**
 * struct xtcp_hooked - a hook
 * @ops: what it is
 * @on: it is registered
 */
struct xtcp_hooked {
	struct nf_hook_ops	ops;
	bool			on;
};

/**
 * struct xtcp_net - a namespace
 * @net: it
 * @salt: makes the hashes of equal keys differ from namespace to namespace
 * @listeners: its listeners, numbered; its lock protects the listener table
 * @next_listener: number that the next one gets, under that lock
 * @mib: counters
 * @conf: settings that the core reads
 * @rmem: net.xtcp.rmem: least, default, greatest receive buffer, bytes
 * @wmem: net.xtcp.wmem: the same for send buffers
 * @max_syn_backlog: net.xtcp.max_syn_backlog
 * @max_tw_buckets: net.xtcp.max_tw_buckets
 * @max_orphans: net.xtcp.max_orphans
 * @limit_output_bytes: net.xtcp.limit_output_bytes
 * @comp_sack_slack_ns: net.xtcp.comp_sack_slack_ns
 * @cc: net.xtcp.congestion_control, index into xtcp_cc_table, with a reference
 * @challenge_ack_limit: net.xtcp.challenge_ack_limit, per second
 * @abort_on_overflow: net.xtcp.abort_on_overflow
 * @l3mdev_accept: net.xtcp.l3mdev_accept: unbound listeners serve VRFs, too
 * @syncookies: net.xtcp.syncookies, XTCP_SYNCOOKIES_*
 * @autocorking: net.xtcp.autocorking
 * @backlog_ack_defer: net.xtcp.backlog_ack_defer
 * @reflect_tos: net.xtcp.reflect_tos
 * @fwmark_accept: net.xtcp.fwmark_accept
 * @watch_ratio: net.xtcp.watch_ratio: one connection in so many has clocks; 0: none
 * @fastopen: net.xtcp.fastopen, XTCP_TFO_*
 * @tfo_blackhole_sec: net.xtcp.fastopen_blackhole_timeout_sec
 * @tfo_disabled: how often in a row active Fast Open looked harmful
 * @tfo_disabled_at: when it last did, jiffies
 * @tfo_keys: keys of Fast Open cookies, NULL: none yet
 * @tfo_cache: what is remembered of Fast Open servers, NULL: nothing yet
 * @challenge_stamp: second in which @challenge_left counts
 * @challenge_left: challenge ACKs left in that second (RFC 5961 7)
 * @ctl_sk: raw socket through which RSTs and TIME_WAIT ACKs leave
 * @ctl_sk6: the same of IPv6; NULL: the kernel has none
 * @hook_lock: serialises @hooks
 * @hooks: how packets get here (ip/hook.c)
 * @dual: a listener of IPv6 that takes IPv4, too, has been here
 * @bound: a connection bound to a device has been here
 * @dying: no new socket: the namespace is on its way out
 * @orphans: sockets without a file
 * @tw_queues: TIME_WAIT entries, one queue for each processor (timewait.c)
 * @tw_count: how many
 * @ended: the last connections that ended (ended.c)
 * @sysctl: net.xtcp
 */
struct xtcp_net {
	struct net		*net;
	u32			salt;
	unsigned long		next_listener;
	struct xarray		listeners;
	struct xtcp_mib __percpu *mib;
	struct xtcp_conf	conf;
	int			rmem[3];
	int			wmem[3];
	int			max_syn_backlog;
	int			max_tw_buckets;
	int			max_orphans;
	int			challenge_ack_limit;
	int			limit_output_bytes;
	unsigned long		comp_sack_slack_ns;
	u8			cc;
	u8			abort_on_overflow;
	u8			l3mdev_accept;
	u8			syncookies;
	u8			autocorking;
	u8			backlog_ack_defer;
	u8			reflect_tos;
	u8			fwmark_accept;
	u32			watch_ratio;
	int			fastopen;
	int			tfo_blackhole_sec;
	atomic_t		tfo_disabled;
	unsigned long		tfo_disabled_at;
	struct xtcp_tfo_keys __rcu *tfo_keys;
	struct xtcp_tfo_cache	*tfo_cache;
	u32			challenge_stamp;
	s32			challenge_left;
	struct sock		*ctl_sk;
	struct sock		*ctl_sk6;
	struct mutex		hook_lock;
	struct xtcp_hooked	hooks[XTCP_HOOKS];
	bool			dual;
	bool			bound;
	bool			dying;
	atomic_t		orphans;
	struct xtcp_tw_queue __percpu *tw_queues;
	atomic_t		tw_count;
	struct xtcp_ended_ring __percpu *ended;
	struct ctl_table_header	*sysctl;
};

extern unsigned int xtcp_net_id;

static inline struct xtcp_net *xtcp_net(const struct net *net)
{
	return net_generic(net, xtcp_net_id);
}

void xtcp_netns_defaults(struct xtcp_net *xn);

#endif /* XTCP_NETNS_H */
