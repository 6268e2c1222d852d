/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv6.
 */
#ifndef XTCP_IP6_H
#define XTCP_IP6_H

#include "ip/af.h"

extern const struct xtcp_af xtcp_ip6;

int xtcp_ip6_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn);
bool xtcp_ip6_policy(struct sock *sk, struct sk_buff *skb);

#endif /* XTCP_IP6_H */
