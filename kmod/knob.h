/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An administrator sets what a user could, of a socket that is not his.
 */
#ifndef XTCP_KNOB_H
#define XTCP_KNOB_H

#include <linux/xtcp.h>
#include <net/netlink.h>

struct genl_info;
struct sk_buff;

extern const struct nla_policy xtcp_knob_policy[XTCP_A_SOCK_MAX + 1];

int xtcp_knob_set(struct sk_buff *skb, struct genl_info *info);

#endif /* XTCP_KNOB_H */
