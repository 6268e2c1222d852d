/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet that we take never gets to conntrack's last hook; do its work.
 */
#ifndef XTCP_CONNTRACK_H
#define XTCP_CONNTRACK_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/skbuff.h>

#if IS_ENABLED(CONFIG_NF_CONNTRACK)
#include <net/netfilter/nf_conntrack.h>
#endif

/**
 * xtcp_conntrack_confirm - put a new flow into conntrack's table
 * @skb: its first packet, or any other
 *
 * Then `ct state established` and NAT know the connection.  A flow that is
 * confirmed already must not be confirmed again.
 *
 * Context: RCU read side.
 *
 * Return: false when conntrack wants the packet dropped.
 */
static inline bool xtcp_conntrack_confirm(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	const struct nf_ct_hook *hook;
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);

	if (ct && !nf_ct_is_confirmed(ct)) {
		hook = rcu_dereference(nf_ct_hook);
		if (hook && hook->confirm(skb) != NF_ACCEPT)
			return false;
	}
	nf_reset_ct(skb);
#endif
	return true;
}

#endif /* XTCP_CONNTRACK_H */
