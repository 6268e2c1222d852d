/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4.
 */
#ifndef XTCP_IP4_H
#define XTCP_IP4_H

#include "ip/af.h"

extern const struct xtcp_af xtcp_ip4;

int xtcp_ip4_transmit(struct sock *sk, struct sk_buff *skb, u8 ecn);
bool xtcp_ip4_policy(struct sock *sk, struct sk_buff *skb);

#endif /* XTCP_IP4_H */
